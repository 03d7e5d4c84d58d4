//! Which instance answers, how many requests it has seen, what an earlier request left in it.

use std::cell::{Cell, RefCell};

use serde_json::{Value, json};

thread_local! {
    static NAME: Cell<u64> = Cell::new(spin_sdk::wasip3::random::random::get_random_u64());
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
    static WORD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Counts one request and says the how-manieth it is in this instance, from 1.
pub(crate) fn count() -> u64 {
    REQUESTS.set(REQUESTS.get() + 1);
    REQUESTS.get()
}

/// The instance's random name and the request's number in it.
pub(crate) fn report(ordinal: u64) -> Value {
    json!({ "instance": format!("{:016x}", NAME.get()), "request": ordinal })
}

/// What the request before left here; leaves `word` for the next one.
pub(crate) fn remember(word: Option<&str>) -> Value {
    let before = WORD.replace(word.map(str::to_owned));
    json!({ "before": before, "instance": format!("{:016x}", NAME.get()) })
}
