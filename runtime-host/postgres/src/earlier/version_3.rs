//! The types of version 3: those of version 4 before UUIDs, JSON, decimals, ranges, arrays and intervals.

use super::Version;
use crate::interface::{DbDataType, DbValue, Error, ParameterValue};
use wasmtime::component::{ComponentType, Lift, Lower};

pub(super) struct Version3;

impl Version for Version3 {
    const INTERFACE: &str = "spin:postgres/postgres@3.0.0";
    type Parameter = Parameter;
    type DataType = DataType;
    type Value = Value;
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
pub(super) enum DataType {
    #[component(name = "boolean")]
    Boolean,
    #[component(name = "int8")]
    Int8,
    #[component(name = "int16")]
    Int16,
    #[component(name = "int32")]
    Int32,
    #[component(name = "int64")]
    Int64,
    #[component(name = "floating32")]
    Floating32,
    #[component(name = "floating64")]
    Floating64,
    #[component(name = "str")]
    Str,
    #[component(name = "binary")]
    Binary,
    #[component(name = "date")]
    Date,
    #[component(name = "time")]
    Time,
    #[component(name = "datetime")]
    Datetime,
    #[component(name = "timestamp")]
    Timestamp,
    #[component(name = "other")]
    Other,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(super) enum Value {
    #[component(name = "boolean")]
    Boolean(bool),
    #[component(name = "int8")]
    Int8(i8),
    #[component(name = "int16")]
    Int16(i16),
    #[component(name = "int32")]
    Int32(i32),
    #[component(name = "int64")]
    Int64(i64),
    #[component(name = "floating32")]
    Floating32(f32),
    #[component(name = "floating64")]
    Floating64(f64),
    #[component(name = "str")]
    Str(String),
    #[component(name = "binary")]
    Binary(Vec<u8>),
    #[component(name = "date")]
    Date((i32, u8, u8)),
    #[component(name = "time")]
    Time((u8, u8, u8, u32)),
    #[component(name = "datetime")]
    Datetime((i32, u8, u8, u8, u8, u8, u32)),
    #[component(name = "timestamp")]
    Timestamp(i64),
    #[component(name = "db-null")]
    DbNull,
    #[component(name = "unsupported")]
    Unsupported,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(super) enum Parameter {
    #[component(name = "boolean")]
    Boolean(bool),
    #[component(name = "int8")]
    Int8(i8),
    #[component(name = "int16")]
    Int16(i16),
    #[component(name = "int32")]
    Int32(i32),
    #[component(name = "int64")]
    Int64(i64),
    #[component(name = "floating32")]
    Floating32(f32),
    #[component(name = "floating64")]
    Floating64(f64),
    #[component(name = "str")]
    Str(String),
    #[component(name = "binary")]
    Binary(Vec<u8>),
    #[component(name = "date")]
    Date((i32, u8, u8)),
    #[component(name = "time")]
    Time((u8, u8, u8, u32)),
    #[component(name = "datetime")]
    Datetime((i32, u8, u8, u8, u8, u8, u32)),
    #[component(name = "timestamp")]
    Timestamp(i64),
    #[component(name = "db-null")]
    DbNull,
}

impl From<&DbDataType> for DataType {
    fn from(told: &DbDataType) -> Self {
        match told {
            DbDataType::Boolean => Self::Boolean,
            DbDataType::Int8 => Self::Int8,
            DbDataType::Int16 => Self::Int16,
            DbDataType::Int32 => Self::Int32,
            DbDataType::Int64 => Self::Int64,
            DbDataType::Floating32 => Self::Floating32,
            DbDataType::Floating64 => Self::Floating64,
            DbDataType::Str => Self::Str,
            DbDataType::Binary => Self::Binary,
            DbDataType::Date => Self::Date,
            DbDataType::Time => Self::Time,
            DbDataType::Datetime => Self::Datetime,
            DbDataType::Timestamp => Self::Timestamp,
            _ => Self::Other,
        }
    }
}

impl From<DbValue> for Value {
    fn from(told: DbValue) -> Self {
        match told {
            DbValue::Boolean(value) => Self::Boolean(value),
            DbValue::Int8(value) => Self::Int8(value),
            DbValue::Int16(value) => Self::Int16(value),
            DbValue::Int32(value) => Self::Int32(value),
            DbValue::Int64(value) => Self::Int64(value),
            DbValue::Floating32(value) => Self::Floating32(value),
            DbValue::Floating64(value) => Self::Floating64(value),
            DbValue::Str(value) => Self::Str(value),
            DbValue::Binary(value) => Self::Binary(value),
            DbValue::Date(value) => Self::Date(value),
            DbValue::Time(value) => Self::Time(value),
            DbValue::Datetime(value) => Self::Datetime(value),
            DbValue::Timestamp(value) => Self::Timestamp(value),
            DbValue::DbNull => Self::DbNull,
            _ => Self::Unsupported,
        }
    }
}

impl TryFrom<Parameter> for ParameterValue {
    type Error = Error;

    fn try_from(given: Parameter) -> Result<Self, Error> {
        Ok(match given {
            Parameter::Boolean(value) => Self::Boolean(value),
            Parameter::Int8(value) => Self::Int8(value),
            Parameter::Int16(value) => Self::Int16(value),
            Parameter::Int32(value) => Self::Int32(value),
            Parameter::Int64(value) => Self::Int64(value),
            Parameter::Floating32(value) => Self::Floating32(value),
            Parameter::Floating64(value) => Self::Floating64(value),
            Parameter::Str(value) => Self::Str(value),
            Parameter::Binary(value) => Self::Binary(value),
            Parameter::Date(value) => Self::Date(value),
            Parameter::Time(value) => Self::Time(value),
            Parameter::Datetime(value) => Self::Datetime(value),
            Parameter::Timestamp(value) => Self::Timestamp(value),
            Parameter::DbNull => Self::DbNull,
        })
    }
}
