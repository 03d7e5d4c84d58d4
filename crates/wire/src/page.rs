//! Paging by the last seen key. A cursor is opaque to clients: base64url of `sort|id`, bounded, refused when it was
//! not made here.

use std::fmt;

use crate::{Code, Problem, PublicFace};

/// Entries per page when the client does not say.
pub const PAGE_SIZE_DEFAULT: u32 = 20;
/// Entries per page at most.
pub const PAGE_SIZE_MAX: u32 = 100;
/// Characters of a cursor at most.
const CURSOR_CHARS_MAX: usize = 64;

/// The last key a client saw: a sort value (microseconds, an order index, a random place) and the id that breaks ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Value the list is ordered by.
    pub sort: i64,
    /// Id that makes the order total.
    pub id: i64,
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Entries after this key; the first ones when absent.
    pub after: Option<Cursor>,
    /// Entries at most, 1 to [`PAGE_SIZE_MAX`].
    pub size: u32,
}

/// A cursor that was not made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor was not made here")]
pub struct CursorError;

/// A page size out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page size is out of range")]
pub struct PageError;

impl PublicFace for CursorError {
    fn problem(&self) -> Problem {
        let english = "Use the nextCursor of the page before.";
        Problem::from(Code::Common400).field(
            "cursor",
            "이전 페이지의 nextCursor 값을 사용해 주세요.",
            english,
        )
    }
}

impl PublicFace for PageError {
    fn problem(&self) -> Problem {
        let korean = format!("1 이상 {PAGE_SIZE_MAX} 이하여야 합니다.");
        Problem::from(Code::Common400).field("size", korean, format!("Must be 1 to {PAGE_SIZE_MAX}."))
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0_u8; 18];
        bytes[..8].copy_from_slice(&self.sort.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.id.to_be_bytes());
        let check = checksum(&bytes[..16]);
        bytes[16..].copy_from_slice(&check.to_be_bytes());
        for group in bytes.chunks_exact(3) {
            let word = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
            for shift in [18, 12, 6, 0] {
                write!(f, "{}", char::from(ALPHABET[(word >> shift & 63) as usize]))?;
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        if text.len() != 24 || text.len() > CURSOR_CHARS_MAX {
            return Err(CursorError);
        }
        let mut bytes = Vec::with_capacity(18);
        for group in text.as_bytes().chunks_exact(4) {
            let mut word = 0_u32;
            for letter in group {
                let digit = ALPHABET.iter().position(|a| a == letter).ok_or(CursorError)?;
                word = word << 6 | u32::try_from(digit).map_err(|_| CursorError)?;
            }
            bytes.extend_from_slice(&word.to_be_bytes()[1..]);
        }
        let (key, check) = bytes.split_at(16);
        if check != checksum(key).to_be_bytes() {
            return Err(CursorError);
        }
        let number = |part: &[u8]| part.try_into().map(i64::from_be_bytes).map_err(|_| CursorError);
        Ok(Self { sort: number(&key[..8])?, id: number(&key[8..])? })
    }
}

/// Sixteen bits that a hand-made cursor will miss. No secret: a cursor grants nothing, the statement still checks who asks.
fn checksum(bytes: &[u8]) -> u16 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    u16::try_from((hash ^ hash >> 32) & 0xffff).unwrap_or_default()
}

impl Page {
    /// Reads the query parameters `cursor` and `size`.
    ///
    /// # Errors
    /// A `size` that is no number of 1 to [`PAGE_SIZE_MAX`], a cursor that was not made here.
    pub fn parse(cursor: Option<&str>, size: Option<&str>) -> Result<Self, Problem> {
        let after = cursor.filter(|c| !c.is_empty()).map(str::parse).transpose();
        let size = size.filter(|s| !s.is_empty()).map_or(Ok(PAGE_SIZE_DEFAULT), |text| {
            text.parse().ok().filter(|size| (1..=PAGE_SIZE_MAX).contains(size)).ok_or(PageError)
        });
        Ok(Self { after: after.map_err(|e: CursorError| e.problem())?, size: size.map_err(|e| e.problem())? })
    }

    /// Rows to ask the database for: one more than the page, so that `hasNext` needs no second statement.
    #[must_use]
    pub fn rows_to_read(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Cuts the surplus row off and says what follows: the entries, and the cursor of the next page if there is one.
    #[must_use]
    pub fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> Cursor) -> (Vec<T>, Option<String>) {
        let size = self.size as usize;
        let more = rows.len() > size;
        rows.truncate(size);
        let next = if more { rows.last().map(|row| key(row).to_string()) } else { None };
        (rows, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        for (sort, id) in [(0, 1), (i64::MAX, i64::MIN), (-5, 9_007_199_254_740_991)] {
            let cursor = Cursor { sort, id };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn a_cursor_with_one_letter_changed_is_refused() {
        let text = Cursor { sort: 1_700_000_000_000_000, id: 42 }.to_string();
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(String::from_utf8(other).unwrap().parse::<Cursor>(), Err(CursorError), "letter {at}");
        }
        assert_eq!("".parse::<Cursor>(), Err(CursorError));
        assert_eq!("한글한글한글한글".parse::<Cursor>(), Err(CursorError));
    }

    #[test]
    fn a_page_has_one_to_one_hundred_entries() {
        for size in ["0", "101", "-1", "x", "99999999999"] {
            assert!(Page::parse(None, Some(size)).is_err(), "{size}");
        }
        let page = Page::parse(None, Some("2")).unwrap();
        let (rows, next) = page.cut(vec![1, 2, 3], |id| Cursor { sort: 0, id: *id });
        assert_eq!(rows, [1, 2]);
        assert_eq!(next.unwrap().parse(), Ok(Cursor { sort: 0, id: 2 }));
        assert_eq!(page.cut(vec![1, 2], |id| Cursor { sort: 0, id: *id }).1, None);
    }
}
