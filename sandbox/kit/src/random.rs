//! Random texts that nobody can guess: 32 bytes from the host's secure source.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use spin_sdk::wasip3::random::random::get_random_bytes;

const TOKEN_BYTES: u64 = 32;
const SHORT_BYTES: u64 = 4;

/// 43 characters of base64url.
pub fn url_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(get_random_bytes(TOKEN_BYTES))
}

/// 8 hexadecimal digits: tells apart what was made in the same millisecond.
pub fn hex_token() -> String {
    get_random_bytes(SHORT_BYTES).iter().map(|byte| format!("{byte:02x}")).collect()
}
