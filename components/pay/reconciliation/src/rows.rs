//! Reading a settlement file: CSV with a header, row by row; a row that cannot be read is named by its line, and the
//! others are taken.

use chrono::NaiveDate;
use csv::{ByteRecord, Reader, ReaderBuilder, Trim};
use guest::calendar;
use rules_payment::{Currency, Money, money::MINOR_UNITS_MAX};
use std::collections::HashMap;

/// Columns that every file has; further ones are passed over.
const COLUMNS: [&str; 6] = ["reference", "kind", "currency", "amount", "fee", "settledOn"];
/// A column that a file may have.
const PAYMENT_KEY: &str = "paymentKey";
/// Rows of a file at most.
pub(crate) const ROWS_MAX: usize = 100_000;
/// Longest reference and payment key.
const TEXT_CHARS_MAX: usize = 200;
/// What is kept of a row that cannot be read.
const BAD_CHARS_MAX: usize = 400;

/// A row that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Good {
    pub(crate) line: i64,
    pub(crate) reference: String,
    /// Empty when the file names none.
    pub(crate) payment_key: String,
    pub(crate) kind: &'static str,
    pub(crate) money: Money,
    pub(crate) fee: Money,
    pub(crate) settled_on: NaiveDate,
}

/// A row that cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) line: i64,
    pub(crate) reason: &'static str,
    pub(crate) text: String,
}

/// Why a file is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoFile;

/// The rows of a file, one after the other.
pub(crate) struct Rows<'a> {
    file: &'a [u8],
    /// How far lines were counted: a place in the file, and the line it is on.
    lines: (usize, i64),
    reader: Reader<&'a [u8]>,
    places: [usize; COLUMNS.len()],
    payment_key: Option<usize>,
    read: usize,
    /// Sums of amounts and fees so far, by kind and currency.
    sums: HashMap<(&'static str, Currency), (i64, i64)>,
}

impl<'a> Rows<'a> {
    /// Reads the header.
    pub(crate) fn of(file: &'a [u8]) -> Result<Self, NoFile> {
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(file);
        let header = reader.headers().map_err(|_| NoFile)?.clone();
        let place = |name: &str| header.iter().position(|column| column == name);
        let mut places = [0; COLUMNS.len()];
        for (found, name) in places.iter_mut().zip(COLUMNS) {
            *found = place(name).ok_or(NoFile)?;
        }
        Ok(Self {
            file,
            lines: (0, 1),
            reader,
            places,
            payment_key: place(PAYMENT_KEY),
            read: 0,
            sums: HashMap::new(),
        })
    }

    /// The line on which the record that was read from `from` on begins. The reader counts from the end of the record
    /// before it, on which empty lines, and the second half of a line break, may follow.
    fn line(&mut self, from: usize) -> i64 {
        let is_break = |byte: &&u8| matches!(**byte, b'\r' | b'\n');
        let breaks = self.file.iter().skip(from).take_while(is_break).count();
        let (place, line) = self.lines;
        let begin = from + breaks;
        let passed = self.file.get(place..begin).unwrap_or_default();
        let lines = passed.iter().filter(|byte| **byte == b'\n').count();
        self.lines = (begin, line.saturating_add(i64::try_from(lines).unwrap_or(i64::MAX)));
        self.lines.1
    }

    fn row(&self, line: i64, record: &ByteRecord) -> Result<Good, Bad> {
        let bad = |reason| Bad { line, reason, text: shown(record) };
        let text = |place: usize| match record.get(place).map(std::str::from_utf8) {
            Some(Ok(text)) if !text.contains('\0') => Ok(text),
            Some(_) => Err(bad("NOT_UTF8")),
            None => Err(bad("FIELD_MISSING")),
        };
        let [reference, kind, currency, amount, fee, settled_on] = self.places;
        let reference = text(reference)?;
        let payment_key = self.payment_key.map_or(Ok(""), text)?;
        if !(1..=TEXT_CHARS_MAX).contains(&reference.chars().count())
            || payment_key.chars().count() > TEXT_CHARS_MAX
        {
            return Err(bad("REFERENCE"));
        }
        let kind = match text(kind)? {
            "PAYMENT" => "PAYMENT",
            "CANCEL" => "CANCEL",
            _ => return Err(bad("KIND")),
        };
        let currency = Currency::parse(text(currency)?).map_err(|_| bad("CURRENCY"))?;
        let money = Money::from_decimal(text(amount)?, currency).map_err(|_| bad("AMOUNT"))?;
        let fee = Money::from_decimal(text(fee)?, currency).map_err(|_| bad("FEE"))?;
        if money.minor() < 0 {
            return Err(bad("AMOUNT"));
        }
        let settled_on = calendar::day(text(settled_on)?).ok_or_else(|| bad("SETTLED_ON"))?;
        Ok(Good {
            line,
            reference: reference.to_owned(),
            payment_key: payment_key.to_owned(),
            kind,
            money,
            fee,
            settled_on,
        })
    }
}

impl Rows<'_> {
    /// Adds a row to the sums; refused is the one that would make a sum no amount any more.
    fn counted(&mut self, good: Good, record: &ByteRecord) -> Result<Good, Bad> {
        let sums = self.sums.entry((good.kind, good.money.currency())).or_default();
        let held = |sum: i64, more: Money| {
            sum.checked_add(more.minor()).filter(|sum| (-MINOR_UNITS_MAX..=MINOR_UNITS_MAX).contains(sum))
        };
        match (held(sums.0, good.money), held(sums.1, good.fee)) {
            (Some(amount), Some(fee)) => {
                *sums = (amount, fee);
                Ok(good)
            }
            (_, _) => Err(Bad { line: good.line, reason: "SUM_TOO_LARGE", text: shown(record) }),
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Good, Bad>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = ByteRecord::new();
        let from = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        match self.reader.read_byte_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                self.read += 1;
                let line = self.line(from);
                if self.read > ROWS_MAX {
                    let bad = || Err(Bad { line, reason: "TOO_MANY_ROWS", text: String::new() });
                    return (self.read == ROWS_MAX + 1).then(bad);
                }
                Some(self.row(line, &record).and_then(|good| self.counted(good, &record)))
            }
            // A slice of bytes has no reading errors, and a flexible record of bytes no others.
            Err(_) => None,
        }
    }
}

/// The row as people know it, cut.
fn shown(record: &ByteRecord) -> String {
    let fields: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
    fields.join(",").replace('\0', "").chars().take(BAD_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "reference,paymentKey,kind,currency,amount,fee,settledOn\n";

    fn read(rows: &str) -> Vec<Result<Good, Bad>> {
        let file = format!("{HEADER}{rows}");
        Rows::of(file.as_bytes()).unwrap().collect()
    }

    fn reason(row: &str) -> &'static str {
        match read(row).remove(0) {
            Ok(good) => panic!("{good:?}"),
            Err(bad) => bad.reason,
        }
    }

    #[test]
    fn a_row_that_makes_a_sum_no_amount_any_more_is_named_and_the_others_are_taken() {
        let max = MINOR_UNITS_MAX;
        let row = |amount: i64, fee: i64| format!("mo-1-2,,PAYMENT,KRW,{amount},{fee},2026-01-02\n");
        let rows = read(&[row(max - 1, 0), row(2, 0), row(1, -1), row(1, 0)].concat());
        let reasons: Vec<_> = rows.iter().map(|row| row.as_ref().err().map(|bad| bad.reason)).collect();
        assert_eq!(reasons, [None, Some("SUM_TOO_LARGE"), None, Some("SUM_TOO_LARGE")]);
    }

    #[test]
    fn a_day_that_no_calendar_of_ours_has_is_named() {
        for day in ["0000-01-01", "-0001-01-01", "+99999-01-01"] {
            assert_eq!(reason(&format!("mo-1-2,,PAYMENT,KRW,1,0,{day}\n")), "SETTLED_ON");
        }
    }

    #[test]
    fn a_row_is_read_with_its_line() {
        let rows =
            read("mo-7-1,tgen_1,PAYMENT,KRW,1000,25,2026-01-02\n\nmo-7-2,,CANCEL,USD,10.50,0,2026-01-02\n");
        let good: Vec<Good> = rows.into_iter().map(Result::unwrap).collect();
        assert_eq!((good[0].line, good[0].money.minor(), good[0].fee.minor()), (2, 1000, 25));
        assert_eq!((good[1].line, good[1].money.minor(), good[1].payment_key.as_str()), (4, 1050, ""));
    }

    #[test]
    fn a_row_has_its_line_whatever_ends_the_lines() {
        for (between, lines) in [("\n", [2, 3]), ("\r\n", [2, 3]), ("\n\n", [3, 5]), ("\r\n\r\n", [3, 5])] {
            let row = "mo-7-1,\"a\nb\",PAYMENT,KRW,1,0,2026-01-02";
            let file =
                format!("{}{between}mo-7-1,,PAYMENT,KRW,1,0,2026-01-02{between}{row}", HEADER.trim_end());
            let read: Vec<i64> = Rows::of(file.as_bytes()).unwrap().map(|row| row.unwrap().line).collect();
            assert_eq!(read, lines, "{between:?}");
        }
    }

    #[test]
    fn a_bad_row_has_its_reason_and_the_others_are_taken() {
        assert_eq!(reason("mo-7-1,,PAYMENT,KRW,0.5,0,2026-01-02"), "AMOUNT");
        assert_eq!(reason("mo-7-1,,PAYMENT,KRW,-5,0,2026-01-02"), "AMOUNT");
        assert_eq!(reason("mo-7-1,,PAYMENT,XXX,5,0,2026-01-02"), "CURRENCY");
        assert_eq!(reason("mo-7-1,,OTHER,KRW,5,0,2026-01-02"), "KIND");
        assert_eq!(reason("mo-7-1,,PAYMENT,KRW,5,x,2026-01-02"), "FEE");
        assert_eq!(reason("mo-7-1,,PAYMENT,KRW,5,0,2026-13-02"), "SETTLED_ON");
        assert_eq!(reason(",,PAYMENT,KRW,5,0,2026-01-02"), "REFERENCE");
        assert_eq!(reason("mo-7-1,,PAYMENT"), "FIELD_MISSING");
        let rows = read("mo-7-1,,NO,KRW,1,0,2026-01-02\nmo-7-2,,PAYMENT,KRW,1,0,2026-01-02\n");
        assert!(matches!(rows.as_slice(), [Err(Bad { line: 2, .. }), Ok(Good { line: 3, .. })]));
    }

    #[test]
    fn bytes_that_are_no_text_are_a_bad_row() {
        let mut file = HEADER.as_bytes().to_vec();
        file.extend(b"mo-\xff,,PAYMENT,KRW,1,0,2026-01-02\n");
        let rows: Vec<_> = Rows::of(&file).unwrap().collect();
        assert!(matches!(&rows[0], Err(bad) if bad.reason == "NOT_UTF8"));
    }

    #[test]
    fn a_file_without_the_columns_is_none() {
        assert!(Rows::of(b"a,b\n1,2\n").is_err());
        assert!(Rows::of(b"").is_err());
        assert!(Rows::of(b"\xef\xbb\xbfreference,kind,currency,amount,fee,settledOn\n").is_ok());
    }
}
