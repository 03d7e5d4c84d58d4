//! The dev stack: private PostgreSQL and Redis servers for one machine, and throwaway ones for tests.
//!
//! They are the real servers, found where the system installed them, on loopback ports of their own, with data in a
//! folder of their own. They end with the program that started them, in whatever way it ends, and the next start
//! recovers by itself. It never touches a server that the system runs, never listens beyond loopback, and never
//! installs anything.
//!
//! Where to look next: [`DevStack`] (stack.rs) for the whole, plan.rs for what is settled before a start, guard.rs for
//! how no server is left behind, account.rs for starts by root, throwaway.rs and faults.rs for what tests use.

mod account;
mod error;
mod faults;
mod guard;
mod locate;
mod lock;
mod plan;
mod port;
mod postgres;
mod redis_server;
mod roles;
mod secrets;
mod settings;
mod stack;
mod throwaway;

pub use error::StackError;
pub use locate::{PostgresPrograms, Search};
pub use port::reserve as reserve_port;
pub use settings::{Data, Settings, Step};
pub use stack::DevStack;
pub use throwaway::Database;
