//! The whole app for tests: spin.toml with the development routes and the sandbox on the native host in this process,
//! on real PostgreSQL and Redis; or, with `MOALOG_TEST_URL` set, whatever runs there.
//!
//! One [`App`] is shared by all tests of a program ([`app`]); a test that breaks something starts its own
//! ([`App::start`]). It holds no test itself: journeys are in `tests/journeys`, faults in `tests/faults`.

mod app;
mod person;

use std::future::Future;
use std::sync::LazyLock;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

pub use app::{App, Own, SANDBOX_VARIABLE, URL_VARIABLE};
pub use person::{Answer, Person};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("a test program can have a runtime"));
static SHARED: OnceCell<App> = OnceCell::const_new();

/// Runs a test on the runtime that outlives all tests: servers that one test started serve the next.
pub fn run<F: Future>(test: F) -> F::Output {
    RUNTIME.block_on(test)
}

/// The app that all tests of this program share.
///
/// # Panics
/// When it does not start.
pub async fn app() -> &'static App {
    SHARED.get_or_init(|| async { App::anywhere().await.expect("the app starts") }).await
}
