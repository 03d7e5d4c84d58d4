//! Parameters from JSON: `{"type": "int32", "value": 1}`; the names of the types are those of the interface.

use serde_json::Value as Json;
use spin_sdk::pg::{Interval, ParameterValue, RangeBoundKind};
use tests_components_probe::{Malformed, from_payload};

pub(crate) type Parameters = Vec<ParameterValue>;

/// The parameters of one step.
pub(crate) fn parameters(step: &Json) -> Result<Parameters, Malformed> {
    step["params"].as_array().into_iter().flatten().map(parameter).collect()
}

fn parameter(json: &Json) -> Result<ParameterValue, Malformed> {
    let value = &json["value"];
    Ok(match json["type"].as_str().unwrap_or_default() {
        "boolean" => ParameterValue::Boolean(value.as_bool().ok_or(Malformed("a boolean"))?),
        "int8" => ParameterValue::Int8(whole(value)?),
        "int16" => ParameterValue::Int16(whole(value)?),
        "int32" => ParameterValue::Int32(whole(value)?),
        "int64" => ParameterValue::Int64(whole(value)?),
        "floating32" => ParameterValue::Floating32(floating32(value)?),
        "floating64" => ParameterValue::Floating64(floating(value)?),
        "str" => ParameterValue::Str(text(value)?),
        "binary" => ParameterValue::Binary(from_payload(value)?),
        "date" => ParameterValue::Date((at(value, 0)?, at(value, 1)?, at(value, 2)?)),
        "time" => ParameterValue::Time((at(value, 0)?, at(value, 1)?, at(value, 2)?, at(value, 3)?)),
        "datetime" => ParameterValue::Datetime(datetime(value)?),
        "timestamp" => ParameterValue::Timestamp(whole(value)?),
        "uuid" => ParameterValue::Uuid(text(value)?),
        "jsonb" => ParameterValue::Jsonb(from_payload(value)?),
        "decimal" => ParameterValue::Decimal(text(value)?),
        "range-int32" => {
            ParameterValue::RangeInt32((bound(value, "lower", whole)?, bound(value, "upper", whole)?))
        }
        "range-int64" => {
            ParameterValue::RangeInt64((bound(value, "lower", whole)?, bound(value, "upper", whole)?))
        }
        "range-decimal" => {
            ParameterValue::RangeDecimal((bound(value, "lower", text)?, bound(value, "upper", text)?))
        }
        "array-int32" => ParameterValue::ArrayInt32(each(value, whole)?),
        "array-int64" => ParameterValue::ArrayInt64(each(value, whole)?),
        "array-decimal" => ParameterValue::ArrayDecimal(each(value, text)?),
        "array-str" => ParameterValue::ArrayStr(each(value, text)?),
        "interval" => ParameterValue::Interval(interval(value)?),
        "null" => ParameterValue::DbNull,
        _ => return Err(Malformed("an unknown parameter type")),
    })
}

fn whole<T: TryFrom<i64>>(value: &Json) -> Result<T, Malformed> {
    let number = value.as_i64().ok_or(Malformed("a whole number"))?;
    T::try_from(number).map_err(|_| Malformed("a number out of range for its type"))
}

fn at<T: TryFrom<i64>>(value: &Json, place: usize) -> Result<T, Malformed> {
    whole(&value[place])
}

/// JSON has no NaN and no infinities: these come as text.
fn floating(value: &Json) -> Result<f64, Malformed> {
    match value.as_str() {
        Some(name) => name.parse().map_err(|_| Malformed("NaN, inf or -inf")),
        None => value.as_f64().ok_or(Malformed("a number")),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a 32-bit parameter is rounded to 32 bits")]
fn floating32(value: &Json) -> Result<f32, Malformed> {
    floating(value).map(|wide| wide as f32)
}

fn text(value: &Json) -> Result<String, Malformed> {
    value.as_str().map(str::to_owned).ok_or(Malformed("text"))
}

type Datetime = (i32, u8, u8, u8, u8, u8, u32);

fn datetime(value: &Json) -> Result<Datetime, Malformed> {
    Ok((
        at(value, 0)?,
        at(value, 1)?,
        at(value, 2)?,
        at(value, 3)?,
        at(value, 4)?,
        at(value, 5)?,
        at(value, 6)?,
    ))
}

fn interval(value: &Json) -> Result<Interval, Malformed> {
    Ok(Interval {
        micros: whole(&value["micros"])?,
        days: whole(&value["days"])?,
        months: whole(&value["months"])?,
    })
}

fn each<T>(value: &Json, one: fn(&Json) -> Result<T, Malformed>) -> Result<Vec<Option<T>>, Malformed> {
    let items = value.as_array().ok_or(Malformed("an array"))?;
    items.iter().map(|item| if item.is_null() { Ok(None) } else { one(item).map(Some) }).collect()
}

/// `null` = no bound; else `{"value": …, "kind": "inclusive" | "exclusive"}`.
fn bound<T>(
    range: &Json,
    side: &str,
    one: fn(&Json) -> Result<T, Malformed>,
) -> Result<Option<(T, RangeBoundKind)>, Malformed> {
    let bound = &range[side];
    if bound.is_null() {
        return Ok(None);
    }
    let kind = match bound["kind"].as_str() {
        Some("inclusive") => RangeBoundKind::Inclusive,
        Some("exclusive") => RangeBoundKind::Exclusive,
        Some(_) | None => return Err(Malformed("a bound is inclusive or exclusive")),
    };
    Ok(Some((one(&bound["value"])?, kind)))
}
