//! The whole app for tests: spin.toml with the development routes and the sandbox on the native host in this process,
//! on real PostgreSQL and Redis; or, with `MOALOG_TEST_URL` set, whatever runs there.
//!
//! One [`App`] is shared by all tests of a program ([`app`]); a test that breaks something starts its own
//! ([`App::start`]). It holds no test itself: journeys are in `tests/journeys`, faults in `tests/faults`.

mod app;
mod person;

use host_telemetry::{Guard, Settings};
use std::future::Future;
use std::sync::LazyLock;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

pub use app::{App, Own, SANDBOX_VARIABLE, URL_VARIABLE};
pub use person::{Answer, Person};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("a test program can have a runtime"));
/// What the hosts in this process log as errors goes to standard error: why an answer was 500 stands nowhere else.
static LOGS: LazyLock<Guard> = LazyLock::new(|| {
    let settings = Settings { filter: Some("error,guest=off".to_owned()), ..Settings::default() };
    host_telemetry::init(settings).expect("nothing else in a test program starts logs")
});
static SHARED: OnceCell<App> = OnceCell::const_new();

/// Runs a test on the runtime that outlives all tests: servers that one test started serve the next.
pub fn run<F: Future>(test: F) -> F::Output {
    LazyLock::force(&LOGS);
    RUNTIME.block_on(test)
}

/// The app that all tests of this program share.
///
/// # Panics
/// When it does not start.
pub async fn app() -> &'static App {
    SHARED.get_or_init(|| async { App::anywhere().await.expect("the app starts") }).await
}
