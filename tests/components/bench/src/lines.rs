//! The instance's connections to PostgreSQL and Redis: opened once, shared by all requests of the instance.

use std::cell::RefCell;
use std::fmt::Display;
use std::rc::Rc;

use spin_sdk::pg::{DbValue, ParameterValue};
use spin_sdk::{pg, redis, variables};

thread_local! {
    static DATABASE: RefCell<Option<Rc<pg::Connection>>> = const { RefCell::new(None) };
    static CACHE: RefCell<Option<Rc<redis::Connection>>> = const { RefCell::new(None) };
}

/// Why a request of the benchmark failed; it ends as a 500 and is counted as an error.
pub(crate) struct Failed(pub(crate) String);

impl<E: Display> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Adds one.
pub(crate) async fn incr(key: &str) -> Result<i64, Failed> {
    let count = cache().await?.incr(key).await;
    count.map_err(|error| {
        CACHE.take();
        error.into()
    })
}

/// The first row of a statement that gives exactly one.
pub(crate) async fn one_row(
    statement: &str,
    parameters: Vec<ParameterValue>,
) -> Result<Vec<DbValue>, Failed> {
    let answered = query(&*database().await?, statement, parameters).await;
    answered.inspect_err(|_| drop(DATABASE.take()))
}

async fn query(
    connection: &pg::Connection,
    statement: &str,
    parameters: Vec<ParameterValue>,
) -> Result<Vec<DbValue>, Failed> {
    let (_, mut rows, end) = connection.query(statement, parameters).await?.into_inner();
    let row = rows.next().await;
    end.await?;
    row.ok_or_else(|| Failed("no row".to_owned()))
}

async fn database() -> Result<Rc<pg::Connection>, Failed> {
    if let Some(open) = DATABASE.with_borrow(Clone::clone) {
        return Ok(open);
    }
    let opened = Rc::new(pg::Connection::open(variables::get("database_url").await?).await?);
    DATABASE.set(Some(Rc::clone(&opened)));
    Ok(opened)
}

async fn cache() -> Result<Rc<redis::Connection>, Failed> {
    if let Some(open) = CACHE.with_borrow(Clone::clone) {
        return Ok(open);
    }
    let opened = Rc::new(redis::Connection::open(variables::get("redis_url").await?).await?);
    CACHE.set(Some(Rc::clone(&opened)));
    Ok(opened)
}
