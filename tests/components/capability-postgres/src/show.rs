//! Columns and values as JSON, in the same shape as the parameters that would send them.

use serde_json::{Value as Json, json};
use spin_sdk::pg::{Column, DbDataType, DbValue, RangeBoundKind};
use tests_components_probe::{hex, payload};

/// `{"columns": [{"name", "type"}], "rows": [[{"type", "value"}]]}`.
pub(crate) fn row_set(columns: &[Column], rows: &[Vec<DbValue>]) -> Json {
    let columns: Vec<Json> = columns.iter().map(column).collect();
    let rows: Vec<Json> = rows.iter().map(|row| row.iter().map(value).collect()).collect();
    json!({ "columns": columns, "rows": rows })
}

fn column(column: &Column) -> Json {
    json!({ "name": column.name, "type": data_type(&column.data_type) })
}

fn data_type(data_type: &DbDataType) -> String {
    let name = match data_type {
        DbDataType::Boolean => "boolean",
        DbDataType::Int8 => "int8",
        DbDataType::Int16 => "int16",
        DbDataType::Int32 => "int32",
        DbDataType::Int64 => "int64",
        DbDataType::Floating32 => "floating32",
        DbDataType::Floating64 => "floating64",
        DbDataType::Str => "str",
        DbDataType::Binary => "binary",
        DbDataType::Date => "date",
        DbDataType::Time => "time",
        DbDataType::Datetime => "datetime",
        DbDataType::Timestamp => "timestamp",
        DbDataType::Uuid => "uuid",
        DbDataType::Jsonb => "jsonb",
        DbDataType::Decimal => "decimal",
        DbDataType::RangeInt32 => "range-int32",
        DbDataType::RangeInt64 => "range-int64",
        DbDataType::RangeDecimal => "range-decimal",
        DbDataType::ArrayInt32 => "array-int32",
        DbDataType::ArrayInt64 => "array-int64",
        DbDataType::ArrayDecimal => "array-decimal",
        DbDataType::ArrayStr => "array-str",
        DbDataType::Interval => "interval",
        DbDataType::Other(name) => return format!("other {name}"),
    };
    name.to_owned()
}

/// One value with the name of its kind.
pub(crate) fn value(value: &DbValue) -> Json {
    let (name, value) = match value {
        DbValue::Boolean(flag) => ("boolean", json!(flag)),
        DbValue::Int8(number) => ("int8", json!(number)),
        DbValue::Int16(number) => ("int16", json!(number)),
        DbValue::Int32(number) => ("int32", json!(number)),
        DbValue::Int64(number) => ("int64", json!(number)),
        DbValue::Floating32(number) => ("floating32", floating(f64::from(*number))),
        DbValue::Floating64(number) => ("floating64", floating(*number)),
        DbValue::Str(text) => ("str", json!(text)),
        DbValue::Binary(bytes) => ("binary", payload(bytes)),
        DbValue::Date(parts) => ("date", json!(parts)),
        DbValue::Time(parts) => ("time", json!(parts)),
        DbValue::Datetime(parts) => ("datetime", json!(parts)),
        DbValue::Timestamp(seconds) => ("timestamp", json!(seconds)),
        DbValue::Uuid(text) => ("uuid", json!(text)),
        DbValue::Jsonb(bytes) => ("jsonb", payload(bytes)),
        DbValue::Decimal(text) => ("decimal", json!(text)),
        DbValue::RangeInt32((lower, upper)) => ("range-int32", range(lower.as_ref(), upper.as_ref())),
        DbValue::RangeInt64((lower, upper)) => ("range-int64", range(lower.as_ref(), upper.as_ref())),
        DbValue::RangeDecimal((lower, upper)) => ("range-decimal", range(lower.as_ref(), upper.as_ref())),
        DbValue::ArrayInt32(items) => ("array-int32", json!(items)),
        DbValue::ArrayInt64(items) => ("array-int64", json!(items)),
        DbValue::ArrayDecimal(items) => ("array-decimal", json!(items)),
        DbValue::ArrayStr(items) => ("array-str", json!(items)),
        DbValue::Interval(span) => {
            ("interval", json!({ "micros": span.micros, "days": span.days, "months": span.months }))
        }
        DbValue::DbNull => ("null", Json::Null),
        DbValue::Unsupported(bytes) => ("unsupported", json!({ "hex": hex(bytes) })),
    };
    json!({ "type": name, "value": value })
}

fn floating(number: f64) -> Json {
    if number.is_finite() { json!(number) } else { json!(number.to_string()) }
}

fn range<T: serde::Serialize>(
    lower: Option<&(T, RangeBoundKind)>,
    upper: Option<&(T, RangeBoundKind)>,
) -> Json {
    json!({ "lower": lower.map(bound), "upper": upper.map(bound) })
}

fn bound<T: serde::Serialize>((value, kind): &(T, RangeBoundKind)) -> Json {
    let kind = match kind {
        RangeBoundKind::Inclusive => "inclusive",
        RangeBoundKind::Exclusive => "exclusive",
    };
    json!({ "value": value, "kind": kind })
}
