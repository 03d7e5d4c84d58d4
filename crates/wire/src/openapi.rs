//! The OpenAPI 3.1 document of all public routes, made from the wire types themselves and one table of operations per
//! domain. Built into `components/ops/openapi` when that is compiled; no other component carries it.
//!
//! It says what is there and never what is only planned: a test holds its paths against the routes of `spin.toml`, both
//! ways. Next: `operation.rs` (what a row of a table says), `document.rs` (how it is written), then the tables.

mod accounts;
mod document;
mod operation;
mod payments;
mod reconciliation;
mod retro;
mod services;

use operation::Operation;

/// Every operation, domain by domain.
fn operations() -> Vec<Operation> {
    let tables = [
        accounts::operations(),
        retro::operations(),
        payments::operations(),
        reconciliation::operations(),
        services::operations(),
    ];
    tables.into_iter().flatten().collect()
}

/// The document.
#[must_use]
pub fn document() -> serde_json::Value {
    document::write(&operations())
}

/// Method and route of every operation, routes as in `spin.toml` (`:name` for a named part).
#[must_use]
pub fn routes() -> Vec<(&'static str, &'static str)> {
    operations().iter().map(|operation| (operation.method, operation.route)).collect()
}

#[cfg(test)]
mod tests;
