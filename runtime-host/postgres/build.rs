//! Asks wasmtime for bindings to Spin's PostgreSQL interface.
//!
//! The interface's `async func`s get an accessor instead of the store, so that other requests of the same instance run
//! while one waits for the server. Its plain functions that reach a server are `async` here: the guest waits in them
//! anyway.

fn main() -> anyhow::Result<()> {
    host_wit::write_bindings(
        "spin-sdk-pg",
        r#"
        imports: {
            "spin:postgres/postgres@4.2.0.[static]connection.open": async | trappable,
            "spin:postgres/postgres@4.2.0.[method]connection.query": async | trappable,
            "spin:postgres/postgres@4.2.0.[method]connection.execute": async | trappable,
            "spin:postgres/postgres@4.2.0.[method]connection-builder.build": async | trappable,
            default: trappable,
        },
        with: {
            "spin:postgres/postgres.connection": crate::connection::Connection,
            "spin:postgres/postgres.connection-builder": crate::host::ConnectionBuilder,
        },
        "#,
    )
}
