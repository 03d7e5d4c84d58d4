//! Columns of a result, decoded from PostgreSQL's binary forms.

use super::{numeric, range};
use crate::interface::{Column, DbDataType, DbValue, Interval, Row};
use bytes::Buf;
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use postgres_types::{FromSql, Type};
use std::error::Error;

type Fault = Box<dyn Error + Sync + Send>;

/// How one column's values are read: decided once per prepared statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Boolean,
    Int16,
    Int32,
    Int64,
    Floating32,
    Floating64,
    Text,
    Binary,
    Date,
    Time,
    Datetime,
    Uuid,
    Jsonb,
    Json,
    Decimal,
    RangeInt32,
    RangeInt64,
    RangeDecimal,
    ArrayInt32,
    ArrayInt64,
    ArrayDecimal,
    ArrayText,
    Interval,
    /// The bytes as they are.
    Unsupported,
}

impl Reading {
    pub(crate) fn of(ty: &Type) -> Self {
        match *ty {
            Type::BOOL => Self::Boolean,
            Type::INT2 => Self::Int16,
            Type::INT4 => Self::Int32,
            Type::INT8 => Self::Int64,
            Type::FLOAT4 => Self::Floating32,
            Type::FLOAT8 => Self::Floating64,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR => Self::Text,
            Type::BYTEA => Self::Binary,
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::TIMESTAMP | Type::TIMESTAMPTZ => Self::Datetime,
            Type::UUID => Self::Uuid,
            Type::JSONB => Self::Jsonb,
            Type::JSON => Self::Json,
            Type::NUMERIC => Self::Decimal,
            Type::INT4_RANGE => Self::RangeInt32,
            Type::INT8_RANGE => Self::RangeInt64,
            Type::NUM_RANGE => Self::RangeDecimal,
            Type::INT4_ARRAY => Self::ArrayInt32,
            Type::INT8_ARRAY => Self::ArrayInt64,
            Type::NUMERIC_ARRAY => Self::ArrayDecimal,
            Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => Self::ArrayText,
            Type::INTERVAL => Self::Interval,
            _ => Self::Unsupported,
        }
    }

    fn data_type(self, ty: &Type) -> DbDataType {
        match self {
            Self::Boolean => DbDataType::Boolean,
            Self::Int16 => DbDataType::Int16,
            Self::Int32 => DbDataType::Int32,
            Self::Int64 => DbDataType::Int64,
            Self::Floating32 => DbDataType::Floating32,
            Self::Floating64 => DbDataType::Floating64,
            Self::Text => DbDataType::Str,
            Self::Binary => DbDataType::Binary,
            Self::Date => DbDataType::Date,
            Self::Time => DbDataType::Time,
            Self::Datetime => DbDataType::Datetime,
            Self::Uuid => DbDataType::Uuid,
            Self::Jsonb | Self::Json => DbDataType::Jsonb,
            Self::Decimal => DbDataType::Decimal,
            Self::RangeInt32 => DbDataType::RangeInt32,
            Self::RangeInt64 => DbDataType::RangeInt64,
            Self::RangeDecimal => DbDataType::RangeDecimal,
            Self::ArrayInt32 => DbDataType::ArrayInt32,
            Self::ArrayInt64 => DbDataType::ArrayInt64,
            Self::ArrayDecimal => DbDataType::ArrayDecimal,
            Self::ArrayText => DbDataType::ArrayStr,
            Self::Interval => DbDataType::Interval,
            Self::Unsupported => DbDataType::Other(ty.name().to_owned()),
        }
    }

    fn read(self, raw: &[u8]) -> Result<DbValue, Fault> {
        Ok(match self {
            Self::Boolean => DbValue::Boolean(bool::from_sql(&Type::BOOL, raw)?),
            Self::Int16 => DbValue::Int16(i16::from_sql(&Type::INT2, raw)?),
            Self::Int32 => DbValue::Int32(i32::from_sql(&Type::INT4, raw)?),
            Self::Int64 => DbValue::Int64(i64::from_sql(&Type::INT8, raw)?),
            Self::Floating32 => DbValue::Floating32(f32::from_sql(&Type::FLOAT4, raw)?),
            Self::Floating64 => DbValue::Floating64(f64::from_sql(&Type::FLOAT8, raw)?),
            Self::Text => DbValue::Str(std::str::from_utf8(raw)?.to_owned()),
            Self::Binary => DbValue::Binary(raw.to_owned()),
            Self::Date => DbValue::Date(date(NaiveDate::from_sql(&Type::DATE, raw)?)?),
            Self::Time => DbValue::Time(time(NaiveTime::from_sql(&Type::TIME, raw)?)?),
            Self::Datetime => DbValue::Datetime(datetime(raw)?),
            Self::Uuid => DbValue::Uuid(uuid::Uuid::from_slice(raw)?.to_string()),
            Self::Jsonb => DbValue::Jsonb(jsonb(raw)?.to_owned()),
            Self::Json => DbValue::Jsonb(raw.to_owned()),
            Self::Decimal => DbValue::Decimal(decimal(raw)?),
            Self::RangeInt32 => {
                DbValue::RangeInt32(range::decode(raw, |raw| i32::from_sql(&Type::INT4, raw))?)
            }
            Self::RangeInt64 => {
                DbValue::RangeInt64(range::decode(raw, |raw| i64::from_sql(&Type::INT8, raw))?)
            }
            Self::RangeDecimal => DbValue::RangeDecimal(range::decode(raw, decimal)?),
            Self::ArrayInt32 => DbValue::ArrayInt32(Vec::from_sql(&Type::INT4_ARRAY, raw)?),
            Self::ArrayInt64 => DbValue::ArrayInt64(Vec::from_sql(&Type::INT8_ARRAY, raw)?),
            Self::ArrayDecimal => {
                let values = Vec::<Option<DecimalText>>::from_sql(&Type::NUMERIC_ARRAY, raw)?;
                DbValue::ArrayDecimal(values.into_iter().map(|value| value.map(|text| text.0)).collect())
            }
            Self::ArrayText => DbValue::ArrayStr(Vec::from_sql(&Type::TEXT_ARRAY, raw)?),
            Self::Interval => DbValue::Interval(interval(raw)?),
            Self::Unsupported => DbValue::Unsupported(raw.to_owned()),
        })
    }
}

/// The interface's description of a statement's columns.
pub(crate) fn describe(columns: &[tokio_postgres::Column], readings: &[Reading]) -> Vec<Column> {
    columns
        .iter()
        .zip(readings)
        .map(|(column, reading)| Column {
            name: column.name().to_owned(),
            data_type: reading.data_type(column.type_()),
        })
        .collect()
}

/// Bytes of a value as the driver holds it, whatever its type.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// One row in the interface's types; errors name the column.
pub(crate) fn decode(row: &tokio_postgres::Row, readings: &[Reading]) -> Result<Row, Undecodable> {
    let mut values = Vec::with_capacity(readings.len());
    for (index, reading) in readings.iter().enumerate() {
        let fault = |source| Undecodable { column: row.columns()[index].name().to_owned(), source };
        let raw: Option<Raw<'_>> = row.try_get(index).map_err(|error| fault(error.into()))?;
        values.push(match raw {
            Some(Raw(raw)) => reading.read(raw).map_err(fault)?,
            None => DbValue::DbNull,
        });
    }
    Ok(values)
}

/// A value that the interface cannot carry, e.g. the date `infinity`.
#[derive(Debug, thiserror::Error)]
#[error("column {column:?}: {source}")]
pub(crate) struct Undecodable {
    column: String,
    source: Fault,
}

struct DecimalText(String);

impl<'a> FromSql<'a> for DecimalText {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        decimal(raw).map(Self)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::NUMERIC
    }
}

fn decimal(raw: &[u8]) -> Result<String, Fault> {
    numeric::text_of(raw).ok_or_else(|| "not a binary numeric".into())
}

fn jsonb(raw: &[u8]) -> Result<&[u8], Fault> {
    match raw.split_first() {
        Some((1, document)) => Ok(document),
        _ => Err("unknown version of jsonb's binary form".into()),
    }
}

fn date(value: NaiveDate) -> Result<(i32, u8, u8), Fault> {
    Ok((value.year(), value.month().try_into()?, value.day().try_into()?))
}

fn time(value: NaiveTime) -> Result<(u8, u8, u8, u32), Fault> {
    Ok((value.hour().try_into()?, value.minute().try_into()?, value.second().try_into()?, value.nanosecond()))
}

/// Year, month, day, hour, minute, second, nanosecond.
type Instant = (i32, u8, u8, u8, u8, u8, u32);

fn datetime(raw: &[u8]) -> Result<Instant, Fault> {
    let value = NaiveDateTime::from_sql(&Type::TIMESTAMP, raw)?;
    let ((year, month, day), (hour, minute, second, nanosecond)) = (date(value.date())?, time(value.time())?);
    Ok((year, month, day, hour, minute, second, nanosecond))
}

fn interval(mut raw: &[u8]) -> Result<Interval, Fault> {
    if raw.len() != size_of::<i64>() + 2 * size_of::<i32>() {
        return Err("not a binary interval".into());
    }
    Ok(Interval { micros: raw.get_i64(), days: raw.get_i32(), months: raw.get_i32() })
}
