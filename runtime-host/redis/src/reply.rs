//! From Redis' reply types to the interface's.

use crate::{CallError, RedisResult};
use redis::Value;

/// An integer reply.
pub(crate) fn integer(reply: &Value) -> Result<i64, CallError> {
    match reply {
        Value::Int(number) => Ok(*number),
        other => Err(unexpected(other)),
    }
}

/// A bulk string, or nothing, of at most `bytes_max`.
pub(crate) fn optional_bytes(reply: Value, bytes_max: usize) -> Result<Option<Vec<u8>>, CallError> {
    match reply {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) if bytes.len() <= bytes_max => Ok(Some(bytes)),
        Value::BulkString(_) => Err(CallError::TooLarge { what: "reply", bytes_max }),
        // What a transaction answers to a command that it queues.
        Value::SimpleString(text) => Ok(Some(text.into_bytes())),
        other => Err(unexpected(&other)),
    }
}

/// A list of UTF-8 strings of at most `bytes_max` together.
pub(crate) fn strings(reply: Value, bytes_max: usize) -> Result<Vec<String>, CallError> {
    let (Value::Array(items) | Value::Set(items)) = reply else { return Err(unexpected(&reply)) };
    let mut bytes_left = bytes_max;
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        let Value::BulkString(bytes) = item else { return Err(unexpected(&item)) };
        take(&mut bytes_left, size_of::<String>() + bytes.len(), bytes_max)?;
        texts.push(String::from_utf8(bytes).map_err(|_| CallError::WrongType)?);
    }
    Ok(texts)
}

/// Any reply as one flat list of at most `bytes_max`: arrays and sets at any depth become their items, in order; an
/// empty array becomes nothing. Maps, verbatim strings, pushed messages and errors inside are not representable.
pub(crate) fn flatten(reply: Value, bytes_max: usize) -> Result<Vec<RedisResult>, CallError> {
    let mut results = Vec::new();
    let mut bytes_left = bytes_max;
    append(&mut results, &mut bytes_left, bytes_max, reply)?;
    Ok(results)
}

fn append(
    results: &mut Vec<RedisResult>,
    bytes_left: &mut usize,
    bytes_max: usize,
    reply: Value,
) -> Result<(), CallError> {
    let result = match reply {
        Value::Nil => RedisResult::Nil,
        Value::Int(number) => RedisResult::Int64(number),
        Value::Boolean(truth) => RedisResult::Int64(i64::from(truth)),
        Value::BulkString(bytes) | Value::BigNumber(bytes) => RedisResult::Binary(bytes),
        Value::Double(number) => RedisResult::Binary(number.to_string().into_bytes()),
        Value::SimpleString(text) => RedisResult::Status(text),
        Value::Okay => RedisResult::Status("OK".to_owned()),
        Value::Array(items) | Value::Set(items) => {
            return items.into_iter().try_for_each(|item| append(results, bytes_left, bytes_max, item));
        }
        other => return Err(unexpected(&other)),
    };
    let bytes = match &result {
        RedisResult::Nil | RedisResult::Int64(_) => 0,
        RedisResult::Status(text) => text.len(),
        RedisResult::Binary(bytes) => bytes.len(),
    };
    take(bytes_left, size_of::<RedisResult>() + bytes, bytes_max)?;
    results.push(result);
    Ok(())
}

fn take(bytes_left: &mut usize, bytes: usize, bytes_max: usize) -> Result<(), CallError> {
    *bytes_left = bytes_left.checked_sub(bytes).ok_or(CallError::TooLarge { what: "reply", bytes_max })?;
    Ok(())
}

fn unexpected(reply: &Value) -> CallError {
    CallError::Unsupported(match reply {
        Value::Nil => "nil",
        Value::Int(_) => "integer",
        Value::BulkString(_) => "bulk string",
        Value::Array(_) => "array",
        Value::SimpleString(_) | Value::Okay => "simple string",
        Value::Map(_) => "map",
        Value::Attribute { .. } => "attribute",
        Value::Set(_) => "set",
        Value::Double(_) => "double",
        Value::Boolean(_) => "boolean",
        Value::VerbatimString { .. } => "verbatim string",
        Value::BigNumber(_) => "big number",
        Value::Push { .. } => "push",
        Value::ServerError(_) => "error inside a reply",
        _ => "unknown",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: usize = 1 << 20;

    #[test]
    fn nested_lists_become_one_flat_list_in_order() {
        let reply = Value::Array(vec![
            Value::Int(1),
            Value::Array(vec![Value::Nil, Value::BulkString(vec![0, 255])]),
            Value::Set(vec![Value::Okay, Value::SimpleString("QUEUED".to_owned())]),
            Value::Boolean(true),
            Value::Double(1.5),
            Value::Array(vec![]),
        ]);
        let shown = format!("{:?}", flatten(reply, PLENTY).unwrap());
        let expected = "[RedisResult::Int64(1), RedisResult::Nil, RedisResult::Binary([0, 255]), \
             RedisResult::Status(\"OK\"), RedisResult::Status(\"QUEUED\"), RedisResult::Int64(1), \
             RedisResult::Binary([49, 46, 53])]";
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_the_interface_cannot_say_is_an_error_that_names_it() {
        let map = Value::Array(vec![Value::Map(vec![(Value::Nil, Value::Nil)])]);
        assert!(matches!(flatten(map, PLENTY), Err(CallError::Unsupported("map"))));
        assert!(matches!(integer(&Value::Nil), Err(CallError::Unsupported("nil"))));
    }

    #[test]
    fn a_reply_beyond_its_bound_is_refused_also_when_it_is_many_small_items() {
        assert!(matches!(
            optional_bytes(Value::BulkString(vec![0; 11]), 10),
            Err(CallError::TooLarge { what: "reply", bytes_max: 10 })
        ));
        let many = || Value::Array(vec![Value::Nil; 100]);
        assert!(flatten(many(), 100 * size_of::<RedisResult>()).is_ok());
        assert!(flatten(many(), 100 * size_of::<RedisResult>() - 1).is_err());
        assert!(strings(Value::Array(vec![Value::BulkString(vec![b'a'; 9])]), 9).is_err());
    }

    #[test]
    fn a_member_that_is_not_utf8_is_of_the_wrong_type() {
        let reply = Value::Array(vec![Value::BulkString(vec![0xff])]);
        assert!(matches!(strings(reply, PLENTY), Err(CallError::WrongType)));
    }
}
