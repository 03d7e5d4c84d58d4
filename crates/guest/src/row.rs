//! Values on their way into a statement and out of a row.

use spin_sdk::pg::{DbValue, Decode, ParameterValue};

use crate::Failure;

/// A row of a result, read by position: cheaper than by name, and the statement stands next to its reader.
pub struct Row(pub(crate) Vec<DbValue>);

/// A value that a column can be read as.
pub trait Decoded: Decode {}
impl<T: Decode> Decoded for T {}

impl Row {
    /// The value of a column.
    ///
    /// # Errors
    /// A fault when there is no such column or its type is another.
    pub fn get<T: Decoded>(&self, column: usize) -> Result<T, Failure> {
        let value = self.0.get(column).ok_or_else(|| Failure::fault(format!("no column {column}")))?;
        // The decoder's own text holds the value; the log gets the position only.
        T::decode(value).map_err(|_| Failure::fault(format!("column {column} has another type")))
    }
}

/// A value that a statement can take.
pub trait Parameter {
    /// Converts it.
    fn parameter(self) -> ParameterValue;
}

macro_rules! parameters {
    ($($type:ty)+) => { $(impl Parameter for $type {
        fn parameter(self) -> ParameterValue { self.into() }
    })+ };
}

parameters!(bool i16 i32 i64 f64 String Vec<u8> Vec<i32> Vec<i64> Vec<String> chrono::NaiveDate chrono::NaiveTime);

impl Parameter for &str {
    fn parameter(self) -> ParameterValue {
        self.to_owned().into()
    }
}

impl Parameter for chrono::DateTime<chrono::Utc> {
    /// A `timestamp` in UTC: the statement says `$n::timestamp AT TIME ZONE 'UTC'` where it needs an instant.
    fn parameter(self) -> ParameterValue {
        self.naive_utc().into()
    }
}

impl Parameter for uuid::Uuid {
    fn parameter(self) -> ParameterValue {
        ParameterValue::Uuid(self.to_string())
    }
}

impl<T: Parameter> Parameter for Option<T> {
    fn parameter(self) -> ParameterValue {
        self.map_or(ParameterValue::DbNull, T::parameter)
    }
}

impl Parameter for serde_json::Value {
    fn parameter(self) -> ParameterValue {
        ParameterValue::Jsonb(self.to_string().into_bytes())
    }
}
