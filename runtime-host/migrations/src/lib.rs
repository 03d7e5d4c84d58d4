//! `moalog migrate`: brings a database's schema up to date with numbered SQL files, once each, in order.
//!
//! Runs as the role that owns the database, which is no superuser. Several hosts may start at once: one migrates, the
//! others wait and find nothing to do. It never changes or skips a migration that was applied, never goes back, and
//! knows nothing of what the files say.
//!
//! Where to look next: files.rs for which files count, run.rs for the run itself, refusal.rs for what is said when it
//! is refused, `infra/postgres/migrations/` for the SQL.

mod files;
mod refusal;
mod run;
mod tls;

pub use files::Migrations;
pub use refusal::MigrateError;
pub use run::{Database, LOCK_WAIT_MS_MAX, Report, migrate};
