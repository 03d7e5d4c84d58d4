//! The `moalog` program as operators have it: real processes, real servers, real signals, and what breaks them.
//!
//! Tests in other crates run the host inside themselves; here each host is a process of its own ([`Host`]) that is
//! killed, stopped, starved of file descriptors and talked to badly ([`Line`]), alone or two behind a [`Balancer`], with
//! the whole app ([`Whole`]) or with the test components. The tests are in `tests/all`, one file per kind of trouble.
//! They run one after another: most of them measure time.

mod balancer;
mod collector;
mod host;
mod launch;
mod line;
mod load;
mod whole;

use std::future::Future;
use std::sync::LazyLock;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

pub use balancer::Balancer;
pub use collector::Collector;
pub use host::{Ended, Host};
pub use launch::{Launch, free_address};
pub use line::{Heard, Line};
pub use load::{Clients, Load, Tally};
pub use whole::{Said, Whole, ask, token};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("a test program can have a runtime"));
static TURN: Mutex<()> = Mutex::const_new(());

/// Runs a test when it is its turn.
pub fn run<F: Future>(test: F) -> F::Output {
    RUNTIME.block_on(async {
        let _turn = TURN.lock().await;
        test.await
    })
}
