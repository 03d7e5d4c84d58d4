//! Bodies both ways: streamed back while they arrive, counted, with trailers.

use futures::StreamExt;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::json;
use spin_sdk::http::HeaderValue;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::wasip3::http_compat::IncomingRequestBody;
use tests_components_probe::{Answer, Call, Malformed, json, streamed};

/// Each piece goes back as it comes; nothing is kept.
pub(crate) fn back_and_forth(body: IncomingRequestBody) -> Answer {
    // Mapped so that the pieces pass through this component: an untouched body would be handed back as it is.
    let body = body.map_frame(|frame| frame).map_err(anyhow::Error::from);
    streamed("application/octet-stream", body.boxed_unsync())
}

/// How many bytes and pieces arrived, and their sum (wrapping), so that a lost piece shows.
pub(crate) async fn count(body: IncomingRequestBody) -> Result<Answer, Malformed> {
    let (mut bytes, mut pieces, mut sum) = (0_u64, 0_u64, 0_u64);
    let mut arriving = body.stream();
    while let Some(piece) = arriving.next().await {
        let piece = piece.map_err(|_| Malformed("the body broke off"))?;
        bytes += piece.len() as u64;
        pieces += 1;
        sum = piece.iter().fold(sum, |sum, byte| sum.wrapping_add(u64::from(*byte)));
    }
    Ok(json(&json!({ "bytes": bytes, "pieces": pieces, "sum": sum })))
}

/// The request's body and its trailers, and one trailer of our own.
pub(crate) async fn with_trailers(call: Call) -> Answer {
    let Ok(collected) = call.body.collect().await else {
        return Malformed("the body broke off").answer();
    };
    let mut trailers = collected.trailers().cloned().unwrap_or_default();
    trailers.insert("x-echo-trailer", HeaderValue::from_static("sent after the body"));
    let frames = [Ok::<_, anyhow::Error>(Frame::data(collected.to_bytes())), Ok(Frame::trailers(trailers))];
    streamed("application/octet-stream", StreamBody::new(futures::stream::iter(frames)).boxed_unsync())
}
