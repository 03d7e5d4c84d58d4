//! The component that `make bench` loads: an empty answer, a Redis INCR, one row, one write.
//!
//! The least that a real endpoint does and nothing else, so that the figures are the host's. The native program of the same
//! benchmark runs the very same SQL files. Connections live in the instance and are opened anew after an error.

mod lines;

use spin_sdk::http::{FullBody, HeaderValue, Request, Response, StatusCode};
use spin_sdk::http_service;
use spin_sdk::pg::{DbValue, ParameterValue};
use spin_sdk::wasip3::random::random::get_random_u64;

use lines::Failed;

const ROW: &str = include_str!("../sql/row.sql");
const WRITE: &str = include_str!("../sql/write.sql");
const ITEMS: u64 = 10_000;

type Answer = Response<FullBody<bytes::Bytes>>;

#[http_service]
async fn bench(request: Request) -> Answer {
    let answered = match request.uri().path().rsplit('/').next().unwrap_or_default() {
        "empty" => Ok(Response::new(FullBody::default())),
        "redis" => incremented().await,
        "row" => row().await,
        "write" => written().await,
        _ => return with_status(StatusCode::NOT_FOUND, "the routes are empty, redis, row and write"),
    };
    answered.unwrap_or_else(|Failed(text)| with_status(StatusCode::INTERNAL_SERVER_ERROR, text))
}

async fn incremented() -> Result<Answer, Failed> {
    let count = lines::incr("bench:counter").await?;
    Ok(json(format!("{{\"count\":{count}}}")))
}

async fn row() -> Result<Answer, Failed> {
    let id = get_random_u64() % ITEMS + 1;
    let found = lines::one_row(ROW, vec![ParameterValue::Int64(id.cast_signed())]).await?;
    let [DbValue::Int64(id), DbValue::Str(name), DbValue::Int64(price)] = found.as_slice() else {
        return Err(Failed("the row has not the expected columns".to_owned()));
    };
    // The names of the benchmark's rows need no escaping.
    Ok(json(format!("{{\"id\":{id},\"name\":\"{name}\",\"price\":{price}}}")))
}

async fn written() -> Result<Answer, Failed> {
    let order = format!("{:016x}{:016x}", get_random_u64(), get_random_u64());
    let found = lines::one_row(WRITE, vec![ParameterValue::Str(order), ParameterValue::Int64(9_900)]).await?;
    let [DbValue::Int64(id)] = found.as_slice() else {
        return Err(Failed("the write gave no id".to_owned()));
    };
    Ok(json(format!("{{\"id\":{id}}}")))
}

fn json(text: String) -> Answer {
    let mut answer = Response::new(FullBody::new(text.into()));
    answer.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    answer
}

fn with_status(status: StatusCode, text: impl Into<String>) -> Answer {
    let mut answer = Response::new(FullBody::new(text.into().into()));
    *answer.status_mut() = status;
    answer
}
