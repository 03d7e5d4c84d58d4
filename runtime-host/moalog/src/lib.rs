//! The native host as a library: start it in this process, on free ports, with a fault switch per capability.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let mut start = moalog::Start::new("spin.toml", ".moalog");
//! start.http.listen.set_port(0);
//! start.http.admin_listen.set_port(0);
//! let running = start.run().await?;
//! println!("{}", running.url());
//! running.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! The `moalog` binary (`main.rs`, `command/`) is this and a command line. Neither knows what an app's routes mean.

pub mod dev_values;
mod preparation;
pub mod private_file;
mod running;
pub mod values;

pub use host_engine::Reuse;
pub use host_faults::{Fault, FaultSwitch};
pub use host_http::Ports;
pub use running::{Running, Start};
