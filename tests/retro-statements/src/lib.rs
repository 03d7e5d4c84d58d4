//! The statements of rooms and retrospects against a real PostgreSQL: what must hold when many arrive at once.
//!
//! Runs the very `.sql` files of the components, as the application's role, on a database of its own per test. Knows
//! no HTTP (that is `tests/journeys`). Next: `statements` for the list, `stage` for setting a scene, `tests/` for what
//! is held.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

pub mod stage;
pub mod statements;

use serde_json::Value;
use std::ops::Deref;
use tokio_postgres::{Client, types::ToSql};

/// A parameter of a statement.
pub type Parameter<'a> = &'a (dyn ToSql + Sync);

/// A migrated database of one's own.
pub struct Base(tests_database::Base);

impl Deref for Base {
    type Target = tests_database::Base;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A member with a sign-in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The member's id.
    pub id: i64,
    /// The sign-in's id.
    pub session: i64,
    /// The member's nickname.
    pub nickname: String,
}

/// What a write answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    /// No row.
    Nothing,
    /// A word and what came with it.
    Word(String, Value),
    /// A constraint said no.
    Violated(String),
    /// Taken back by the database to end a deadlock or a serialisation failure.
    Undone,
}

impl Got {
    /// The result of `DONE` or `REPLAY`; anything else fails the test.
    pub fn done(&self) -> &Value {
        match self {
            Self::Word(word, result) if word == "DONE" || word == "REPLAY" => result,
            other => panic!("expected DONE, got {other:?}"),
        }
    }

    /// The word.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Word(word, _) => word,
            Self::Nothing => "nothing",
            Self::Violated(constraint) => constraint,
            Self::Undone => "undone",
        }
    }
}

impl Base {
    /// A copy of the migrated schema.
    pub async fn new() -> Self {
        Self(tests_database::Base::new().await)
    }

    /// A member who is signed in.
    pub async fn person(&self, nickname: &str) -> Person {
        let made = "WITH m AS (INSERT INTO retro.member (nickname) VALUES ($1) RETURNING id)
                    INSERT INTO retro.session (id, member_id, device, current_sha256, expires_at)
                    SELECT retro.next_id(), m.id, 'test', sha256('x'), now() + interval '1 day' FROM m
                    RETURNING member_id, id";
        let row = self.owner.query_one(made, &[&nickname]).await.unwrap();
        Person { id: row.get(0), session: row.get(1), nickname: nickname.to_owned() }
    }

    /// One number of the owner's asking.
    pub async fn number(&self, sql: &str, params: &[Parameter<'_>]) -> i64 {
        self.owner.query_one(sql, params).await.unwrap().get(0)
    }
}

impl Person {
    /// Runs a read.
    pub async fn read(&self, app: &Client, sql: &str, own: &[Parameter<'_>]) -> Option<Value> {
        let mut all: Vec<Parameter<'_>> = vec![&self.id, &self.session];
        all.extend_from_slice(own);
        let row = app.query_opt(sql, &all).await.unwrap()?;
        Some(serde_json::from_str(row.get(0)).unwrap())
    }

    /// Runs a write without an idempotency key.
    pub async fn write(&self, app: &Client, sql: &str, own: &[Parameter<'_>]) -> Got {
        self.write_keyed(app, sql, None, own).await
    }

    /// Runs a write.
    pub async fn write_keyed(
        &self,
        app: &Client,
        sql: &str,
        key: Option<&str>,
        own: &[Parameter<'_>],
    ) -> Got {
        let (endpoint, hash) = (statements::endpoint(sql), vec![7_u8; 32]);
        let mut all: Vec<Parameter<'_>> = vec![&self.id, &self.session, &endpoint, &key, &hash];
        all.extend_from_slice(own);
        match app.query_opt(sql, &all).await {
            Ok(None) => Got::Nothing,
            Ok(Some(row)) => {
                let result: Option<&str> = row.get(1);
                let result = result.map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
                Got::Word(row.get(0), result)
            }
            Err(error) => {
                let server = error.as_db_error().unwrap_or_else(|| panic!("{error}"));
                match (server.code().code().get(..2), server.constraint()) {
                    (Some("23"), Some(constraint)) => Got::Violated(constraint.to_owned()),
                    (Some("40"), _) => Got::Undone,
                    _ => panic!("{server:?}"),
                }
            }
        }
    }
}
