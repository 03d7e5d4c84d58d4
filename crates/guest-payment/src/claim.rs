//! A claim on an idempotency key: which operation, which key, which request.

use guest::{Call, Failure};
use rules_payment::{
    IdempotencyKey,
    idempotency::{NoKey, request_sha256},
};

/// What a statement needs to run once per key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Names the operation, e.g. `payments-authorize`.
    pub endpoint: &'static str,
    /// The key; without one every request is a new one.
    pub key: Option<String>,
    /// Hash of method, path and what the body says: nothing that a signature or a proxy adds.
    pub request_sha256: [u8; 32],
}

impl Claim {
    /// The claim of a request. `fields` is what its body says, in an order of our own, so that neither the order nor
    /// the spaces of the JSON count; `in_body` a key that stands there.
    ///
    /// # Errors
    /// `COMMON400` for a key that is none, and for two keys that differ.
    pub fn of(
        call: &Call,
        endpoint: &'static str,
        in_body: Option<&str>,
        fields: &[(&str, Option<&str>)],
    ) -> Result<Self, Failure> {
        let in_header = call.idempotency_key()?;
        if let (Some(header), Some(body)) = (in_header.as_deref(), in_body)
            && header != body
        {
            return Err(NoKey.into());
        }
        let key = in_header.as_deref().or(in_body).map(IdempotencyKey::parse).transpose();
        let key = key?.map(|key| key.as_str().to_owned());
        let path = call.path_and_query().split('?').next().unwrap_or_default();
        let request_sha256 = request_sha256(call.method().as_str(), path, fields);
        Ok(Self { endpoint, key, request_sha256 })
    }

    /// For operations that may not run without a key.
    ///
    /// # Errors
    /// `COMMON400` without one.
    pub fn keyed(self) -> Result<Self, Failure> {
        if self.key.is_some() { Ok(self) } else { Err(NoKey.into()) }
    }
}
