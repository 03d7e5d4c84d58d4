//! PostgreSQL: one connection per instance, shared by its requests, reopened after a loss.
//!
//! Statements run in autocommit; nothing here ever begins a transaction.

use std::{cell::RefCell, rc::Rc};

use spin_sdk::pg::{self, Connection, ParameterValue, PgError, QueryError};

use crate::{Failure, Row, failure, settings};

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// How a statement failed.
pub(crate) enum Trouble {
    /// The database cannot be reached; whether the statement took effect is not known.
    Away(String),
    /// The database took the statement back by itself (deadlock, serialisation): it had no effect and may be repeated.
    Undone(String),
    /// A constraint said no.
    Violated { constraint: String },
    /// Our bug: a statement or a parameter the database does not understand.
    Fault(String),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Away(text) | Trouble::Undone(text) => Failure::unavailable(text),
            Trouble::Violated { constraint } => {
                Failure::fault(format!("constraint {constraint} is not expected here"))
            }
            Trouble::Fault(text) => Failure::fault(text),
        }
    }
}

/// Runs a statement on the instance's connection and returns its rows. A connection that turns out to be lost is
/// forgotten, so that the next statement opens another.
pub(crate) async fn query(sql: &'static str, params: Vec<ParameterValue>) -> Result<Vec<Row>, Trouble> {
    let connection = connection().await?;
    let rows = async {
        let mut result = connection.query(sql, params).await?;
        let mut rows = Vec::new();
        while let Some(row) = result.rows().next().await {
            rows.push(Row(row));
        }
        result.result().await?;
        failure::recovered();
        Ok(rows)
    };
    rows.await.map_err(|error| {
        let trouble = classify(error);
        if matches!(trouble, Trouble::Away(_)) {
            forget(&connection);
        }
        trouble
    })
}

async fn connection() -> Result<Rc<Connection>, Trouble> {
    if let Some(connection) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(connection);
    }
    let url =
        settings::variable("database_url").await.map_err(|_| Trouble::Fault("no database_url".into()))?;
    let opened = Connection::open(&*url).await.map_err(|error| match error {
        // The text names the host and the reason, never the password.
        pg::Error::PgError(PgError::ConnectionFailed(text)) => Trouble::Away(text),
        other => classify(other),
    })?;
    let connection = Rc::new(opened);
    CONNECTION.set(Some(connection.clone()));
    Ok(connection)
}

fn forget(lost: &Rc<Connection>) {
    CONNECTION.with_borrow_mut(|slot| {
        if slot.as_ref().is_some_and(|kept| Rc::ptr_eq(kept, lost)) {
            *slot = None;
        }
    });
}

fn classify(error: pg::Error) -> Trouble {
    match error {
        pg::Error::Decode(text) => Trouble::Fault(text),
        pg::Error::PgError(PgError::ConnectionFailed(text)) => Trouble::Away(text),
        pg::Error::PgError(PgError::BadParameter(_) | PgError::ValueConversionFailed(_)) => {
            Trouble::Fault("a parameter or a column has a type that does not fit".into())
        }
        pg::Error::PgError(PgError::Other(text)) => Trouble::Away(text),
        pg::Error::PgError(PgError::QueryFailed(QueryError::Text(text))) => {
            // Without a SQLSTATE the server did not speak: the connection is gone, or the driver refused our types.
            let ours = ["ToSql", "FromSql", "Parameters(", "Column("].iter().any(|kind| text.contains(kind));
            if ours {
                Trouble::Fault("the driver refused a parameter or a column".into())
            } else {
                Trouble::Away(text)
            }
        }
        pg::Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => by_sqlstate(&error),
    }
}

/// Sorts by SQLSTATE (PostgreSQL, appendix A). The server's detail holds values of rows and goes nowhere.
fn by_sqlstate(error: &pg::DbError) -> Trouble {
    let constraint =
        error.extras.iter().find(|(name, _)| name == "constraint").map(|(_, value)| value.clone());
    let text = || format!("{}: {}", error.code, error.message);
    match (error.code.get(..2).unwrap_or_default(), error.code.as_str(), constraint) {
        ("23", _, Some(constraint)) => Trouble::Violated { constraint },
        ("40", _, _) => Trouble::Undone(text()),
        ("08" | "53" | "58", _, _) | (_, "25006" | "57014" | "57P01" | "57P02" | "57P03" | "57P05", _) => {
            Trouble::Away(text())
        }
        // Messages of class 22 quote the value they do not like.
        ("22", _, _) => Trouble::Fault(error.code.clone()),
        _ => Trouble::Fault(text()),
    }
}
