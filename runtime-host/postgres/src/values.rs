//! Values between the interface and PostgreSQL's binary formats: [`parameter`] into, [`column`] out of the server.
//!
//! The conversions are Spin's (same errors, same texts), and more where Spin refuses: enums and domains as parameters,
//! decimals of any length, `timestamptz` and `json` columns.

pub(crate) mod column;
mod numeric;
pub(crate) mod parameter;
mod range;
