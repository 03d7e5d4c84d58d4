//! What a test wants fetched.

use serde_json::Value;
use tests_components_probe::{Malformed, from_payload};

/// Which version of `wasi:http` carries the call.
#[derive(Clone, Copy)]
pub(crate) enum Via {
    P3,
    P2,
}

/// One call to make.
#[derive(Clone)]
pub(crate) struct Fetch {
    pub(crate) via: Via,
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// How much of the answer's body is read; what is beyond is dropped unread.
    pub(crate) read_bytes_max: u64,
    /// How often, for `together`.
    pub(crate) times: u64,
    pub(crate) connect_ms: Option<u64>,
    pub(crate) first_byte_ms: Option<u64>,
    pub(crate) between_bytes_ms: Option<u64>,
}

impl Fetch {
    pub(crate) fn read(order: &Value) -> Result<Self, Malformed> {
        let via = match order["via"].as_str().unwrap_or("p3") {
            "p3" => Via::P3,
            "p2" => Via::P2,
            _ => return Err(Malformed("via is p3 or p2")),
        };
        let timeout_ms = |name: &str| order["timeoutMs"][name].as_u64();
        Ok(Self {
            via,
            url: order["url"].as_str().ok_or(Malformed("url is missing"))?.to_owned(),
            method: order["method"].as_str().unwrap_or("GET").to_owned(),
            headers: order["headers"]
                .as_array()
                .into_iter()
                .flatten()
                .map(header)
                .collect::<Result<_, _>>()?,
            body: body(order)?,
            read_bytes_max: order["readBytesMax"].as_u64().unwrap_or(u64::MAX),
            times: order["times"].as_u64().unwrap_or(1),
            connect_ms: timeout_ms("connect"),
            first_byte_ms: timeout_ms("firstByte"),
            between_bytes_ms: timeout_ms("betweenBytes"),
        })
    }
}

fn header(pair: &Value) -> Result<(String, String), Malformed> {
    match (pair[0].as_str(), pair[1].as_str()) {
        (Some(name), Some(value)) => Ok((name.to_owned(), value.to_owned())),
        (_, None) | (None, _) => Err(Malformed("a header is [name, value]")),
    }
}

fn body(order: &Value) -> Result<Vec<u8>, Malformed> {
    if let Some(bytes) = order["bodyBytes"].as_u64() {
        let bytes = usize::try_from(bytes).map_err(|_| Malformed("bodyBytes is too big"))?;
        return Ok(vec![b'b'; bytes]);
    }
    if order["body"].is_null() { Ok(Vec::new()) } else { from_payload(&order["body"]) }
}
