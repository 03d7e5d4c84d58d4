//! Roles and databases inside the private PostgreSQL, as a careful operator would set them up on a real one.
//!
//! `moalog_owner` owns the schema and runs migrations; `moalog_app` owns nothing and is subject to row-level security.
//! `moalog_sandbox` has a database of its own for what stands in for the outside world, and no way into the other one.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use crate::StackError;
use crate::secrets::{Password, Passwords};

pub(crate) const SUPERUSER: &str = "postgres";
pub(crate) const OWNER: &str = "moalog_owner";
pub(crate) const APP: &str = "moalog_app";
pub(crate) const DATABASE: &str = "moalog";
/// Role and database of the sandbox.
pub(crate) const SANDBOX: &str = "moalog_sandbox";
pub(crate) const SANDBOX_DATABASE: &str = "sandbox";

const CONNECT_MS_MAX: u64 = 2_000;
/// A closed connection leaves its database a moment after the client has gone.
const TEMPLATE_TRIES_MAX: u32 = 100;
const TEMPLATE_RETRY_MS: u64 = 50;

/// A connection for a few statements; its driver task ends when the client is dropped.
pub(crate) async fn connect(
    port: u16,
    user: &str,
    password: &Password,
    database: &str,
) -> Result<Client, tokio_postgres::Error> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user(user).password(password.reveal()).dbname(database);
    config
        .application_name("moalog-dev-stack")
        .connect_timeout(std::time::Duration::from_millis(CONNECT_MS_MAX));
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection of the dev stack ended");
        }
    });
    Ok(client)
}

/// Makes the roles and the database, or sets them right if they are there.
pub(crate) async fn set_up(port: u16, passwords: &Passwords) -> Result<(), StackError> {
    let failed = |error: tokio_postgres::Error| {
        StackError::new(format!("PostgreSQL's roles could not be made: {}", plain(&error)))
    };
    let client = connect(port, SUPERUSER, &passwords.superuser, "postgres").await.map_err(failed)?;
    for (role, password) in [(OWNER, &passwords.owner), (APP, &passwords.app), (SANDBOX, &passwords.sandbox)]
    {
        let verb =
            if exists(&client, "SELECT 1 FROM pg_roles WHERE rolname = $1", role).await.map_err(failed)? {
                "ALTER"
            } else {
                "CREATE"
            };
        client
            .batch_execute(&format!(
                "{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS \
                 PASSWORD '{}'",
                password.reveal()
            ))
            .await
            .map_err(failed)?;
    }
    const BY_NAME: &str = "SELECT 1 FROM pg_database WHERE datname = $1";
    if !exists(&client, BY_NAME, DATABASE).await.map_err(failed)? {
        make_database(&client, DATABASE, "template1").await?;
    }
    if !exists(&client, BY_NAME, SANDBOX_DATABASE).await.map_err(failed)? {
        make_sandbox_database(&client).await.map_err(failed)?;
    }
    let inside = connect(port, SUPERUSER, &passwords.superuser, DATABASE).await.map_err(failed)?;
    set_public_schema(&inside).await.map_err(failed)
}

async fn exists(client: &Client, statement: &str, name: &str) -> Result<bool, tokio_postgres::Error> {
    Ok(client.query_opt(statement, &[&name]).await?.is_some())
}

/// The sandbox makes its own tables on first use, so its role owns its database; nobody else may enter.
async fn make_sandbox_database(client: &Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(&format!("CREATE DATABASE {SANDBOX_DATABASE} OWNER {SANDBOX}")).await?;
    client.batch_execute(&format!("REVOKE ALL ON DATABASE {SANDBOX_DATABASE} FROM PUBLIC")).await
}

/// Makes a database that the owner owns and the application may enter, as a copy of `template`.
pub(crate) async fn make_database(client: &Client, name: &str, template: &str) -> Result<(), StackError> {
    check_name(name)?;
    check_name(template)?;
    let statement = format!("CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}");
    let mut tries = 0;
    loop {
        tries += 1;
        match client.batch_execute(&statement).await {
            Ok(()) => break,
            Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) && tries < TEMPLATE_TRIES_MAX => {
                tokio::time::sleep(std::time::Duration::from_millis(TEMPLATE_RETRY_MS)).await;
            }
            Err(error) => {
                return Err(StackError::new(format!(
                    "the database {name} could not be made from {template}: {}",
                    plain(&error)
                )));
            }
        }
    }
    client
        .batch_execute(&format!(
            "REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {APP}"
        ))
        .await
        .map_err(|error| StackError::new(format!("rights on the database {name}: {}", plain(&error))))
}

/// Versions before 15 let everyone create tables in `public`, and give it to the superuser.
pub(crate) async fn set_public_schema(inside: &Client) -> Result<(), tokio_postgres::Error> {
    inside
        .batch_execute(&format!(
            "ALTER SCHEMA public OWNER TO {OWNER}; REVOKE ALL ON SCHEMA public FROM PUBLIC; \
             GRANT USAGE ON SCHEMA public TO {APP}"
        ))
        .await
}

/// Names are put into statements as they are, so they are lower-case identifiers and nothing else.
fn check_name(name: &str) -> Result<(), StackError> {
    let sane = name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if sane {
        return Ok(());
    }
    Err(StackError::new(format!(
        "{name:?} is not a database name: a lower-case letter, then up to 62 lower-case letters, digits or `_`"
    )))
}

/// The server's own sentence; the library's text for a server error is only `db error`.
pub(crate) fn plain(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(server) => format!("{} ({})", server.message(), server.code().code()),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_name_that_is_not_a_plain_identifier_is_refused() {
        for bad in ["", "1a", "A", "a b", "a;drop", "a\"b", &"a".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_name("test_1").is_ok());
    }
}
