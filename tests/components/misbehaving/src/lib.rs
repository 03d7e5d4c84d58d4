//! Does, on request, what a bad component does: loops, eats memory, traps, never answers, floods.
//!
//! Tests call it while neighbours are served, and assert on the one answer, the one log line and the neighbours. It must
//! never be named in the application's manifest. Its companions: `tests/components/spin.toml`, `tests/capabilities`.
#![expect(clippy::print_stdout, reason = "one of the misdeeds is to flood standard output")]

mod answers;
mod crimes;
mod transaction;

use spin_sdk::http::Request;
use spin_sdk::http_service;
use tests_components_probe::{Answer, Call, Malformed, whole};

#[http_service]
async fn misbehave(request: Request) -> Answer {
    let call = Call::new(request);
    match route(&call).await {
        Ok(answer) => answer,
        Err(malformed) => malformed.answer(),
    }
}

async fn route(call: &Call) -> Result<Answer, Malformed> {
    match call.path.as_str() {
        "fine" => Ok(whole(200, "text/plain", "fine")),
        "loop" => crimes::endless_loop(),
        "memory" => Ok(crimes::eat_memory(call.number("mib", u64::MAX)?)),
        "trap" => crimes::trap(),
        "panic" => crimes::panic_with_reason(),
        "overflow" => Ok(crimes::overflow_stack()),
        "exit" => crimes::exit(),
        "sleep" => crimes::sleep_forever().await,
        "never" => crimes::never_answer().await,
        "log" => Ok(crimes::flood_log(call.number("bytes", 1 << 20)?, call.number("lines", 1)?)),
        "loop-after-answer" => Ok(crimes::loop_after_answer()),
        "huge" => Ok(answers::huge(call.number("mib", 64)?)),
        "drip" => Ok(answers::drip(call.number("pieces", 10)?, call.number("ms", 100)?)),
        "trap-midway" => Ok(answers::trap_midway(call.number("pieces", 3)?)),
        "stall-midway" => Ok(answers::stall_midway(call.number("pieces", 3)?)),
        "short" => Ok(answers::shorter_than_promised()),
        "headers" => answers::too_many_headers(call.number("count", 1000)?, call.number("bytes", 1000)?),
        "transaction" => transaction::leave_open(call).await,
        _ => Err(Malformed("no such misdeed")),
    }
}
