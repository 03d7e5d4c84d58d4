//! Who calls: HTTP Basic of the secret key with an empty password, as Toss has it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sandbox_kit::Call;
use spin_sdk::variables;
use subtle::ConstantTimeEq;

use crate::call::Refused;
use crate::toss_error::TossError;

/// Lets through who knows the key.
pub(crate) async fn check(call: &Call) -> Result<(), Refused> {
    let key = variables::get("toss_secret_key")
        .await
        .map_err(|error| Refused::Database(format!("variable toss_secret_key: {error:?}")))?;
    let sent = secret(call.header("authorization")).ok_or(TossError::IncorrectBasicAuthFormat)?;
    if bool::from(sent.as_bytes().ct_eq(key.as_bytes())) {
        Ok(())
    } else {
        Err(TossError::UnauthorizedKey.into())
    }
}

/// The user of `Basic base64(user:)`.
fn secret(authorization: &str) -> Option<String> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    let pair = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    (scheme.eq_ignore_ascii_case("basic") && password.is_empty()).then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_empty() {
        let basic = |pair: &str| format!("Basic {}", BASE64_STANDARD.encode(pair));
        assert_eq!(secret(&basic("test_sk_a:")), Some("test_sk_a".to_owned()));
        assert_eq!(secret(&basic("test_sk_a:b")), None);
        assert_eq!(secret(&basic("test_sk_a")), None);
        assert_eq!(secret("Bearer test_sk_a"), None);
    }
}
