//! The types that each earlier version has.

use super::Version;
use crate::interface::{DbDataType, DbValue, Error, ParameterValue};
use wasmtime::component::{ComponentType, Lift, Lower};

/// Makes a [`Version`] of the interface's name and its cases in their order. PostgreSQL has those before and after, and
/// none of those in the middle.
macro_rules! version {
    (
        $version:ident $interface:literal
        before { $($before:ident $before_name:literal $before_type:ty,)* }
        foreign { $($foreign:ident $foreign_name:literal $foreign_type:ty,)* }
        after { $($after:ident $after_name:literal $after_type:ty,)* }
    ) => {
        pub(in super::super) struct $version;

        impl Version for $version {
            const INTERFACE: &str = $interface;
            type Parameter = Parameter;
            type DataType = DataType;
            type Value = Value;
        }

        #[derive(Clone, Copy, ComponentType, Lower)]
        #[component(enum)]
        #[repr(u8)]
        pub(in super::super) enum DataType {
            $(#[component(name = $before_name)] $before,)*
            $(#[component(name = $foreign_name)] #[expect(dead_code, reason = "PostgreSQL has none")] $foreign,)*
            $(#[component(name = $after_name)] $after,)*
            #[component(name = "other")]
            Other,
        }

        impl From<&DbDataType> for DataType {
            fn from(told: &DbDataType) -> Self {
                match told {
                    $(DbDataType::$before => Self::$before,)*
                    $(DbDataType::$after => Self::$after,)*
                    _ => Self::Other,
                }
            }
        }

        #[derive(ComponentType, Lower)]
        #[component(variant)]
        pub(in super::super) enum Value {
            $(#[component(name = $before_name)] $before($before_type),)*
            $(#[component(name = $foreign_name)] #[expect(dead_code, reason = "PostgreSQL has none")] $foreign($foreign_type),)*
            $(#[component(name = $after_name)] $after($after_type),)*
            #[component(name = "db-null")]
            DbNull,
            #[component(name = "unsupported")]
            Unsupported,
        }

        impl From<DbValue> for Value {
            fn from(told: DbValue) -> Self {
                match told {
                    $(DbValue::$before(value) => Self::$before(value),)*
                    $(DbValue::$after(value) => Self::$after(value),)*
                    DbValue::DbNull => Self::DbNull,
                    _ => Self::Unsupported,
                }
            }
        }

        #[derive(ComponentType, Lift)]
        #[component(variant)]
        pub(in super::super) enum Parameter {
            $(#[component(name = $before_name)] $before($before_type),)*
            $(#[component(name = $foreign_name)] #[expect(dead_code, reason = "refused, whatever it is")] $foreign($foreign_type),)*
            $(#[component(name = $after_name)] $after($after_type),)*
            #[component(name = "db-null")]
            DbNull,
        }

        impl TryFrom<Parameter> for ParameterValue {
            type Error = Error;

            fn try_from(given: Parameter) -> Result<Self, Error> {
                Ok(match given {
                    $(Parameter::$before(value) => Self::$before(value),)*
                    $(Parameter::$foreign(_) => {
                        let text = concat!("PostgreSQL has no ", $foreign_name);
                        return Err(Error::ValueConversionFailed(text.to_owned()));
                    })*
                    $(Parameter::$after(value) => Self::$after(value),)*
                    Parameter::DbNull => Self::DbNull,
                })
            }
        }
    };
}

/// The types that every database of Spin 2 shared: no times, and integers that PostgreSQL does not have.
pub(super) mod version_2 {
    use super::*;

    version! {
        Version2 "fermyon:spin/postgres@2.0.0"
        before {
            Boolean "boolean" bool,
            Int8 "int8" i8,
            Int16 "int16" i16,
            Int32 "int32" i32,
            Int64 "int64" i64,
        }
        foreign {
            Uint8 "uint8" u8,
            Uint16 "uint16" u16,
            Uint32 "uint32" u32,
            Uint64 "uint64" u64,
        }
        after {
            Floating32 "floating32" f32,
            Floating64 "floating64" f64,
            Str "str" String,
            Binary "binary" Vec<u8>,
        }
    }
}

/// The types of version 4 before UUIDs, JSON, decimals, ranges, arrays and intervals.
pub(super) mod version_3 {
    use super::*;

    version! {
        Version3 "spin:postgres/postgres@3.0.0"
        before {
            Boolean "boolean" bool,
            Int8 "int8" i8,
            Int16 "int16" i16,
            Int32 "int32" i32,
            Int64 "int64" i64,
            Floating32 "floating32" f32,
            Floating64 "floating64" f64,
            Str "str" String,
            Binary "binary" Vec<u8>,
            Date "date" (i32, u8, u8),
            Time "time" (u8, u8, u8, u32),
            Datetime "datetime" (i32, u8, u8, u8, u8, u8, u32),
            Timestamp "timestamp" i64,
        }
        foreign {}
        after {}
    }
}
