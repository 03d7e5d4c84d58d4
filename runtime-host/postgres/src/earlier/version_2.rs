//! The types of version 2, which every database shared: no times, and integers that PostgreSQL does not have.

use super::Version;
use crate::interface::{DbDataType, DbValue, Error, ParameterValue};
use wasmtime::component::{ComponentType, Lift, Lower};

pub(super) struct Version2;

impl Version for Version2 {
    const INTERFACE: &str = "fermyon:spin/postgres@2.0.0";
    type Parameter = Parameter;
    type DataType = DataType;
    type Value = Value;
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "a server of PostgreSQL gives none of the unsigned ones")]
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
    #[component(name = "uint8")]
    Uint8,
    #[component(name = "uint16")]
    Uint16,
    #[component(name = "uint32")]
    Uint32,
    #[component(name = "uint64")]
    Uint64,
    #[component(name = "floating32")]
    Floating32,
    #[component(name = "floating64")]
    Floating64,
    #[component(name = "str")]
    Str,
    #[component(name = "binary")]
    Binary,
    #[component(name = "other")]
    Other,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
#[expect(dead_code, reason = "a server of PostgreSQL gives none of the unsigned ones")]
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
    #[component(name = "uint8")]
    Uint8(u8),
    #[component(name = "uint16")]
    Uint16(u16),
    #[component(name = "uint32")]
    Uint32(u32),
    #[component(name = "uint64")]
    Uint64(u64),
    #[component(name = "floating32")]
    Floating32(f32),
    #[component(name = "floating64")]
    Floating64(f64),
    #[component(name = "str")]
    Str(String),
    #[component(name = "binary")]
    Binary(Vec<u8>),
    #[component(name = "db-null")]
    DbNull,
    #[component(name = "unsupported")]
    Unsupported,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
#[expect(dead_code, reason = "an unsigned integer is refused, whatever its value")]
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
    #[component(name = "uint8")]
    Uint8(u8),
    #[component(name = "uint16")]
    Uint16(u16),
    #[component(name = "uint32")]
    Uint32(u32),
    #[component(name = "uint64")]
    Uint64(u64),
    #[component(name = "floating32")]
    Floating32(f32),
    #[component(name = "floating64")]
    Floating64(f64),
    #[component(name = "str")]
    Str(String),
    #[component(name = "binary")]
    Binary(Vec<u8>),
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
            Parameter::Uint8(_) | Parameter::Uint16(_) | Parameter::Uint32(_) | Parameter::Uint64(_) => {
                return Err(Error::ValueConversionFailed("PostgreSQL has no unsigned integers".to_owned()));
            }
            Parameter::DbNull => Self::DbNull,
        })
    }
}
