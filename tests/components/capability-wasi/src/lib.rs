//! What WASI lends: environment, arguments, clocks, random numbers, standard output, granted files, granted sockets.
//!
//! Files and standard output go through Rust's library (WASI 0.2), clocks, random numbers and sockets through WASI 0.3 as well.
//! One of the test components: see `tests/components/probe` and `tests/components/spin.toml` for what is granted.
#![expect(clippy::print_stdout, reason = "standard output is one of the things under test")]

mod files;
mod sockets;

use std::time::{Instant, SystemTime};

use serde_json::{Value, json};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use spin_sdk::wasip3::clocks::{monotonic_clock, system_clock};
use spin_sdk::wasip3::random::{insecure, insecure_seed, random};
use tests_components_probe::{Answer, Call, Malformed, hex, json, outcome};

#[http_service]
async fn wasi(request: Request) -> Answer {
    match route(&Call::new(request)).await {
        Ok(answer) => answer,
        Err(malformed) => malformed.answer(),
    }
}

async fn route(call: &Call) -> Result<Answer, Malformed> {
    Ok(match call.path.as_str() {
        "environment" => json(&environment()),
        "clocks" => json(&clocks(call.number("waitMs", 0)?).await),
        "random" => json(&random_numbers(call.number("bytes", 16)?)),
        "print" => print(call),
        "read" => outcome(files::read(call.text("path").ok_or(Malformed("path is missing"))?)),
        "list" => outcome(files::list(call.text("path").unwrap_or("/"))),
        "write" => outcome(files::write(call.text("path").ok_or(Malformed("path is missing"))?)),
        "connect" => outcome(sockets::connect(call.text("to").ok_or(Malformed("to is missing"))?).await),
        "connect-p2" => outcome(sockets::connect_p2(call.text("to").ok_or(Malformed("to is missing"))?)),
        "listen" => outcome(sockets::listen()),
        "resolve" => outcome(sockets::resolve(call.text("name").ok_or(Malformed("name is missing"))?).await),
        _ => return Err(Malformed("no such route of capability-wasi")),
    })
}

fn environment() -> Value {
    let variables: serde_json::Map<String, Value> =
        std::env::vars().map(|(name, value)| (name, Value::from(value))).collect();
    let arguments: Vec<String> = std::env::args().collect();
    json!({ "variables": variables, "arguments": arguments })
}

/// Both clocks through both versions of WASI; the waits are measured by the component itself.
async fn clocks(wait_ms: u64) -> Value {
    let (before, before_p3) = (Instant::now(), monotonic_clock::now());
    spin_sdk::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
    let waited_p3_ns = monotonic_clock::now() - before_p3;
    let unix_s = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs());
    json!({
        "unixSeconds": unix_s.unwrap_or_default(),
        "unixSecondsP3": system_clock::now().seconds,
        "waitedUs": u64::try_from(before.elapsed().as_micros()).unwrap_or(u64::MAX),
        "waitedP3Us": waited_p3_ns / 1000,
        "resolutionNs": monotonic_clock::get_resolution(),
    })
}

fn random_numbers(bytes: u64) -> Value {
    json!({
        "secure": hex(&random::get_random_bytes(bytes)),
        "secureU64": random::get_random_u64(),
        "insecure": hex(&insecure::get_insecure_random_bytes(bytes)),
        "insecureU64": insecure::get_insecure_random_u64(),
        "seed": insecure_seed::get_insecure_seed(),
    })
}

/// One line each on standard output and standard error, and one without an end.
fn print(call: &Call) -> Answer {
    let word = call.text("word").unwrap_or("nothing");
    println!("out {word}");
    eprintln!("err {word}");
    print!("unfinished {word}");
    json(&json!("printed"))
}
