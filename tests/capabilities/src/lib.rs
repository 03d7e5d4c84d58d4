//! The test components on the native host in this process, with real PostgreSQL and Redis and servers to call.
//!
//! One [`Bed`] with default bounds is shared by all tests of a program ([`bed`]); a test that changes a bound or breaks
//! something starts its own ([`Bed::start`]). The tests are in `tests/all`, one file per capability; the components they
//! drive are in `tests/components`.

mod bed;
mod target;

use std::future::Future;
use std::sync::LazyLock;

use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

pub use bed::Bed;
pub use target::Target;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("a test program can have a runtime"));
static SHARED: OnceCell<Bed> = OnceCell::const_new();

/// Runs a test on the runtime that outlives all tests: servers that one test started serve the next.
pub fn run<F: Future>(test: F) -> F::Output {
    RUNTIME.block_on(test)
}

/// The bed that all tests of this program share.
pub async fn bed() -> &'static Bed {
    SHARED.get_or_init(|| async { Bed::start(|_| {}).await.expect("the shared host starts") }).await
}

/// What a test component answered when the host granted it: the value under `ok`.
///
/// # Panics
/// When the answer is an error.
#[track_caller]
pub fn ok(answer: &Value) -> &Value {
    assert!(answer.get("ok").is_some(), "not granted: {answer}");
    &answer["ok"]
}

/// What a test component answered when the host refused it: the value under `err`.
///
/// # Panics
/// When the answer is no error.
#[track_caller]
pub fn err(answer: &Value) -> &Value {
    assert!(answer.get("err").is_some(), "granted: {answer}");
    &answer["err"]
}
