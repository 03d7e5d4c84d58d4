//! A parameter, encoded for the type that the server expects in its place.

use super::numeric::Numeric;
use super::range;
use crate::interface::ParameterValue;
use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use postgres_types::{IsNull, Kind, ToSql, Type, WrongType, to_sql_checked};
use std::error::Error;

type Encoded = Result<IsNull, Box<dyn Error + Sync + Send>>;

/// A value that says nothing in its own type: an impossible date, a UUID that is none.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadParameter(String);

/// A parameter on its way to the server. Its `Debug` shows no value: the driver logs parameters.
pub(crate) struct Parameter<'a>(pub(crate) &'a ParameterValue);

impl std::fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Encoded {
        encode(self.0, ty, out)
    }

    /// Which values fit is decided per value.
    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Encoded {
        encode(self.0, ty, out)
    }
}

fn encode(value: &ParameterValue, ty: &Type, out: &mut BytesMut) -> Encoded {
    let ty = without_domain(ty);
    match value {
        ParameterValue::Boolean(value) => value.to_sql_checked(ty, out),
        ParameterValue::Int8(value) => value.to_sql_checked(ty, out),
        ParameterValue::Int16(value) => value.to_sql_checked(ty, out),
        ParameterValue::Int32(value) => value.to_sql_checked(ty, out),
        ParameterValue::Int64(value) => value.to_sql_checked(ty, out),
        ParameterValue::Floating32(value) => value.to_sql_checked(ty, out),
        ParameterValue::Floating64(value) => value.to_sql_checked(ty, out),
        ParameterValue::Str(value) => encode_text(value, ty, out),
        ParameterValue::Binary(value) => value.as_slice().to_sql_checked(ty, out),
        ParameterValue::Date(value) => date(*value)?.to_sql_checked(ty, out),
        ParameterValue::Time(value) => time(*value)?.to_sql_checked(ty, out),
        ParameterValue::Datetime(value) => instant(datetime(*value)?, ty, out),
        ParameterValue::Timestamp(seconds) => {
            let at = DateTime::from_timestamp(*seconds, 0)
                .ok_or_else(|| bad(format!("invalid epoch timestamp {seconds}")))?;
            instant(at.naive_utc(), ty, out)
        }
        ParameterValue::Uuid(value) => uuid::Uuid::parse_str(value)
            .map_err(|error| bad(format!("invalid UUID {value}: {error}")))?
            .to_sql_checked(ty, out),
        ParameterValue::Jsonb(value) => encode_json(value, ty, out),
        ParameterValue::Decimal(value) => Decimal(value).to_sql_checked(ty, out),
        ParameterValue::RangeInt32(value) => range::encode(*value, i32::cmp, ty, out),
        ParameterValue::RangeInt64(value) => range::encode(*value, i64::cmp, ty, out),
        ParameterValue::RangeDecimal((lower, upper)) => {
            let bound = |bound: &Option<(String, _)>| {
                bound.as_ref().map(|(text, kind)| Ok::<_, BadParameter>((decimal(text)?, *kind))).transpose()
            };
            range::encode((bound(lower)?, bound(upper)?), Numeric::order, ty, out)
        }
        ParameterValue::ArrayInt32(values) => values.to_sql_checked(ty, out),
        ParameterValue::ArrayInt64(values) => values.to_sql_checked(ty, out),
        ParameterValue::ArrayDecimal(values) => {
            let values: Vec<_> = values.iter().map(|value| value.as_deref().map(Decimal)).collect();
            values.to_sql_checked(ty, out)
        }
        ParameterValue::ArrayStr(values) => values.to_sql_checked(ty, out),
        ParameterValue::Interval(interval) => {
            fits::<IntervalSlot>(*ty == Type::INTERVAL, ty)?;
            out.put_i64(interval.micros);
            out.put_i32(interval.days);
            out.put_i32(interval.months);
            Ok(IsNull::No)
        }
        ParameterValue::DbNull => Ok(IsNull::Yes),
    }
}

/// Named in the error for an interval given where none fits.
struct IntervalSlot;
/// Named in the error for JSON given where none fits.
struct JsonSlot;
/// Named in the error for a date and time given where none fits.
struct DatetimeSlot;

fn fits<Given>(fits: bool, ty: &Type) -> Result<(), WrongType> {
    if fits { Ok(()) } else { Err(WrongType::new::<Given>(ty.clone())) }
}

fn bad(reason: String) -> BadParameter {
    BadParameter(reason)
}

/// A domain's values travel as those of the type under it.
fn without_domain(mut ty: &Type) -> &Type {
    while let Kind::Domain(base) = ty.kind() {
        ty = base;
    }
    ty
}

fn encode_text(value: &str, ty: &Type, out: &mut BytesMut) -> Encoded {
    if let Kind::Enum(_) = ty.kind() {
        out.put_slice(value.as_bytes());
        return Ok(IsNull::No);
    }
    value.to_sql_checked(ty, out)
}

/// The document travels as it is: the server parses it anyway, and numbers keep all their digits.
fn encode_json(value: &[u8], ty: &Type, out: &mut BytesMut) -> Encoded {
    serde_json::from_slice::<serde::de::IgnoredAny>(value)
        .map_err(|error| bad(format!("invalid JSON: {error}")))?;
    fits::<JsonSlot>(matches!(*ty, Type::JSONB | Type::JSON), ty)?;
    if *ty == Type::JSONB {
        // The version of jsonb's binary form.
        out.put_u8(1);
    }
    out.put_slice(value);
    Ok(IsNull::No)
}

/// Both kinds of PostgreSQL timestamp are microseconds of UTC on the wire.
fn instant(at: NaiveDateTime, ty: &Type, out: &mut BytesMut) -> Encoded {
    fits::<DatetimeSlot>(matches!(*ty, Type::TIMESTAMP | Type::TIMESTAMPTZ), ty)?;
    at.to_sql(ty, out)
}

fn date((year, month, day): (i32, u8, u8)) -> Result<NaiveDate, BadParameter> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into())
        .ok_or_else(|| bad(format!("invalid date y={year}, m={month}, d={day}")))
}

fn time((hour, minute, second, nanosecond): (u8, u8, u8, u32)) -> Result<NaiveTime, BadParameter> {
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nanosecond)
        .ok_or_else(|| bad(format!("invalid time {hour}:{minute}:{second}:{nanosecond}")))
}

fn datetime(
    (year, month, day, hour, minute, second, nanosecond): (i32, u8, u8, u8, u8, u8, u32),
) -> Result<NaiveDateTime, BadParameter> {
    Ok(date((year, month, day))?.and_time(time((hour, minute, second, nanosecond))?))
}

fn decimal(text: &str) -> Result<Numeric, BadParameter> {
    Numeric::parse(text).ok_or_else(|| bad(format!("invalid decimal {text:?}")))
}

#[derive(Debug)]
struct Decimal<'a>(&'a str);

impl ToSql for Decimal<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Encoded {
        decimal(self.0)?.write(out);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::NUMERIC
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_in_a_log_shows_nothing() {
        let secret = ParameterValue::Str("hunter2".to_owned());
        assert!(!format!("{:?}", Parameter(&secret)).contains("hunter2"));
    }
}
