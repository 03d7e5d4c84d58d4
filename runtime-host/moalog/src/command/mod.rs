//! One file per subcommand.

mod addresses;
pub(crate) mod doctor;
pub(crate) mod migrate;
pub(crate) mod routes;
pub(crate) mod serve;
pub(crate) mod up;
mod watch;
