//! Ranges between the interface's pair of optional bounds and PostgreSQL's binary form.
//!
//! The interface cannot say "empty": an empty range reads as unbounded on both sides, as on Spin.

use super::numeric::Numeric;
use crate::interface::RangeBoundKind;
use bytes::BytesMut;
use postgres_protocol::types::{Range, RangeBound, empty_range_to_sql, range_from_sql, range_to_sql};
use postgres_types::{IsNull, Kind, ToSql, Type, WrongType};
use std::cmp::Ordering;
use std::error::Error;

type Fault = Box<dyn Error + Sync + Send>;

/// A bound and whether it belongs to the range.
pub(crate) type Bound<T> = Option<(T, RangeBoundKind)>;

/// A type that a range can be made of.
pub(crate) trait Element {
    /// PostgreSQL's type of it.
    const TYPE: Type;
    fn write(&self, out: &mut BytesMut) -> Result<(), Fault>;
}

impl Element for i32 {
    const TYPE: Type = Type::INT4;
    fn write(&self, out: &mut BytesMut) -> Result<(), Fault> {
        self.to_sql(&Self::TYPE, out).map(drop)
    }
}

impl Element for i64 {
    const TYPE: Type = Type::INT8;
    fn write(&self, out: &mut BytesMut) -> Result<(), Fault> {
        self.to_sql(&Self::TYPE, out).map(drop)
    }
}

impl Element for Numeric {
    const TYPE: Type = Type::NUMERIC;
    fn write(&self, out: &mut BytesMut) -> Result<(), Fault> {
        Numeric::write(self, out);
        Ok(())
    }
}

/// Appends the range's binary form. A lower bound above the upper one makes the empty range, as on Spin.
pub(crate) fn encode<T: Element>(
    (lower, upper): (Bound<T>, Bound<T>),
    order: impl Fn(&T, &T) -> Ordering,
    ty: &Type,
    out: &mut BytesMut,
) -> Result<IsNull, Fault> {
    match ty.kind() {
        Kind::Range(element) if *element == T::TYPE => {}
        _ => return Err(WrongType::new::<(Bound<T>, Bound<T>)>(ty.clone()).into()),
    }
    let empty = match (&lower, &upper) {
        (Some((low, low_kind)), Some((high, high_kind))) => match order(low, high) {
            Ordering::Less => false,
            Ordering::Equal => !(is_inclusive(*low_kind) && is_inclusive(*high_kind)),
            Ordering::Greater => true,
        },
        (None, _) | (_, None) => false,
    };
    if empty {
        empty_range_to_sql(out);
    } else {
        range_to_sql(|out| write_bound(lower, out), |out| write_bound(upper, out), out)?;
    }
    Ok(IsNull::No)
}

fn write_bound<T: Element>(
    bound: Bound<T>,
    out: &mut BytesMut,
) -> Result<RangeBound<postgres_protocol::IsNull>, Fault> {
    let Some((value, kind)) = bound else { return Ok(RangeBound::Unbounded) };
    value.write(out)?;
    Ok(match kind {
        RangeBoundKind::Inclusive => RangeBound::Inclusive(postgres_protocol::IsNull::No),
        RangeBoundKind::Exclusive => RangeBound::Exclusive(postgres_protocol::IsNull::No),
    })
}

fn is_inclusive(kind: RangeBoundKind) -> bool {
    match kind {
        RangeBoundKind::Inclusive => true,
        RangeBoundKind::Exclusive => false,
    }
}

/// Reads a range whose elements `read` understands.
pub(crate) fn decode<T>(
    raw: &[u8],
    read: impl Fn(&[u8]) -> Result<T, Fault>,
) -> Result<(Bound<T>, Bound<T>), Fault> {
    match range_from_sql(raw)? {
        Range::Empty => Ok((None, None)),
        Range::Nonempty(lower, upper) => Ok((read_bound(lower, &read)?, read_bound(upper, &read)?)),
    }
}

fn read_bound<T>(
    bound: RangeBound<Option<&[u8]>>,
    read: impl Fn(&[u8]) -> Result<T, Fault>,
) -> Result<Bound<T>, Fault> {
    let (raw, kind) = match bound {
        RangeBound::Unbounded => return Ok(None),
        RangeBound::Inclusive(raw) => (raw, RangeBoundKind::Inclusive),
        RangeBound::Exclusive(raw) => (raw, RangeBoundKind::Exclusive),
    };
    let raw = raw.ok_or("a range bound without a value")?;
    Ok(Some((read(raw)?, kind)))
}
