//! Callbacks to the application, in Toss's shape: an event, a payment, no signature.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use sandbox_kit::{hex_token, now_ms};
use serde_json::{Value, json};
use spin_sdk::http::{Request, send};
use spin_sdk::variables;

use crate::call::Refused;
use crate::charge::Charge;
use crate::render::{self, Moment, time};

/// One callback.
pub(crate) struct Callback {
    /// Toss's payment object, or what a test wants it to be.
    pub(crate) data: Value,
    /// Which sending of the same event this is.
    pub(crate) id: String,
    pub(crate) try_number: u32,
    pub(crate) sent_ms: i64,
}

/// The payment as it is, sent once. Whether the application takes it does not change what happened to the money.
pub(crate) async fn send_status(charge: &Charge) -> Result<(), Refused> {
    let callback = Callback {
        data: render::payment(charge, Moment::Now).await?,
        id: hex_token(),
        try_number: 0,
        sent_ms: i64::try_from(now_ms()).unwrap_or(i64::MAX),
    };
    if let Err(why) = post(&callback).await {
        eprintln!("level=info diagnosis=\"a callback was not taken: {}\"", why.replace('"', "'"));
    }
    Ok(())
}

/// Sends it and tells the application's status.
pub(crate) async fn post(callback: &Callback) -> Result<u16, String> {
    let url =
        variables::get("webhook_url").await.map_err(|error| format!("variable webhook_url: {error:?}"))?;
    let body = json!({
        "eventType": "PAYMENT_STATUS_CHANGED",
        "createdAt": time(callback.sent_ms),
        "data": callback.data,
    });
    let request = Request::post(&url)
        .header("content-type", "application/json")
        .header("tosspayments-webhook-transmission-id", &callback.id)
        .header("tosspayments-webhook-transmission-retried-count", callback.try_number)
        .header("tosspayments-webhook-transmission-time", time(callback.sent_ms).unwrap_or_default())
        .body(Full::new(Bytes::from(body.to_string())))
        .map_err(|error| error.to_string())?;
    let answer = send(request).await.map_err(|error| error.to_string())?;
    Ok(answer.status().as_u16())
}

/// Waits, for callbacks that come late.
pub(crate) async fn wait(ms: u64) {
    spin_sdk::time::sleep(Duration::from_millis(ms)).await;
}
