//! Every statement of the components, and the schema under them, against a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod accounts;
mod every_statement;
mod schema;
