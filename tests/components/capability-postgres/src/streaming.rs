//! Rows out as they come: no more than a few of them are ever in this component's memory.

use bytes::Bytes;
use futures::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use spin_sdk::http::box_body;
use spin_sdk::pg::wit::postgres::Connection;
use tests_components_probe::{Answer, Call, Malformed, outcome, streamed};

use crate::{connection, errors, show};

const STATEMENT: &str = "SELECT n, repeat('x', $2::int) AS filler FROM generate_series(1, $1::bigint) AS n";

/// `rows` lines of JSON, each with `bytes` bytes of filler; `stop` = read so many rows, then drop the stream unread.
/// The last line is `end` when the query ended well, else the error.
pub(crate) async fn rows(call: &Call) -> Result<Answer, Malformed> {
    let address = connection::address(call.text("address")).await?;
    let rows = i64::try_from(call.number("rows", 1000)?).map_err(|_| Malformed("too many rows"))?;
    let bytes = i32::try_from(call.number("bytes", 100)?).map_err(|_| Malformed("too many bytes"))?;
    let stop = call.number("stop", u64::MAX)?;
    let opened = match Connection::open_async(address).await {
        Ok(connection) => connection,
        Err(error) => return Ok(outcome(Err(errors::described(error)))),
    };
    let parameters = [spin_sdk::pg::ParameterValue::Int64(rows), spin_sdk::pg::ParameterValue::Int32(bytes)];
    let (_, arriving, end) = match opened.query_async(STATEMENT.to_owned(), parameters.to_vec()).await {
        Ok(answer) => answer,
        Err(error) => return Ok(outcome(Err(errors::described(error)))),
    };
    // The connection stays alive inside the stream: dropping it would end the query.
    let lines = stream::unfold(Some((opened, arriving, end, 0_u64)), move |state| async move {
        let (opened, mut arriving, end, sent) = state?;
        if sent == stop {
            return Some((line("stopped"), None));
        }
        match arriving.next().await {
            Some(row) => {
                let row: serde_json::Value = row.iter().map(show::value).collect();
                Some((line(&row.to_string()), Some((opened, arriving, end, sent + 1))))
            }
            None => {
                let last = end
                    .await
                    .map_or_else(|error| errors::described(error).to_string(), |()| "end".to_owned());
                Some((line(&last), None))
            }
        }
    });
    Ok(streamed("application/x-ndjson", box_body(StreamBody::new(lines))))
}

fn line(text: &str) -> Result<Frame<Bytes>, anyhow::Error> {
    Ok(Frame::data(Bytes::from(format!("{text}\n"))))
}
