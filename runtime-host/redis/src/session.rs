//! One opened connection as its user sees it, with every function of the interface.
//!
//! Calls travel over a connection that the whole app shares, until one needs connection state (`MULTI`, `SUBSCRIBE`,
//! `SELECT`, …) or would block others (`BLPOP`, …): from that call on the session has a connection of its own, which
//! is closed with the session and never comes back once lost, since its state is lost too.

use crate::commands::{Route, route};
use crate::link::Link;
use crate::metrics::Counted;
use crate::server::Lease;
use crate::{CallError, Parameter, RedisResult, Shared, reply};
use redis::{Cmd, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{OnceCell, OwnedSemaphorePermit};

/// An opened connection. Clones are the same connection.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    lease: Lease,
    pinned: AtomicBool,
    own: OnceCell<Own>,
}

struct Own {
    link: Link,
    _permit: OwnedSemaphorePermit,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, lease: Lease) -> Self {
        Self(Arc::new(Inner { shared, lease, pinned: AtomicBool::new(false), own: OnceCell::new() }))
    }

    /// `PUBLISH`.
    pub async fn publish(&self, channel: &str, payload: &[u8]) -> Result<(), CallError> {
        let reply = self.run(Route::Shared, redis::cmd("PUBLISH").arg(channel).arg(payload)).await?;
        reply::integer(&reply).map(|_| ())
    }

    /// `GET`; `None` when there is no such key.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CallError> {
        let reply = self.run(Route::Shared, redis::cmd("GET").arg(key)).await?;
        reply::optional_bytes(reply, self.0.shared.settings.reply_bytes_max)
    }

    /// `SET`, overwriting and without an expiry.
    pub async fn set(&self, key: &str, value: &[u8]) -> Result<(), CallError> {
        self.run(Route::Shared, redis::cmd("SET").arg(key).arg(value)).await.map(|_| ())
    }

    /// `INCR`; [`CallError::WrongType`] also when the value is no integer.
    pub async fn incr(&self, key: &str) -> Result<i64, CallError> {
        match self.run(Route::Shared, redis::cmd("INCR").arg(key)).await {
            Ok(reply) => reply::integer(&reply),
            // Redis has no code of its own for this, only the text.
            Err(CallError::Server(text)) if text.contains("is not an integer") => Err(CallError::WrongType),
            Err(error) => Err(error),
        }
    }

    /// `DEL`; how many of `keys` there were.
    pub async fn del(&self, keys: &[String]) -> Result<u32, CallError> {
        self.counted(redis::cmd("DEL").arg(keys)).await
    }

    /// `SADD`; how many of `values` are new in the set.
    pub async fn sadd(&self, key: &str, values: &[String]) -> Result<u32, CallError> {
        self.counted(redis::cmd("SADD").arg(key).arg(values)).await
    }

    /// `SREM`; how many of `values` were in the set.
    pub async fn srem(&self, key: &str, values: &[String]) -> Result<u32, CallError> {
        self.counted(redis::cmd("SREM").arg(key).arg(values)).await
    }

    /// `SMEMBERS`; [`CallError::WrongType`] when a member is not UTF-8.
    pub async fn smembers(&self, key: &str) -> Result<Vec<String>, CallError> {
        let reply = self.run(Route::Shared, redis::cmd("SMEMBERS").arg(key)).await?;
        reply::strings(reply, self.0.shared.settings.reply_bytes_max)
    }

    /// Any command; the reply flattened into one list, as Spin does.
    pub async fn execute(
        &self,
        command: &str,
        arguments: &[Parameter],
    ) -> Result<Vec<RedisResult>, CallError> {
        let blobs = arguments.iter().filter_map(|argument| match argument {
            Parameter::Int64(_) => None,
            Parameter::Binary(bytes) => Some(bytes.as_slice()),
        });
        let route = route(command, blobs);
        let mut packed = redis::cmd(command);
        for argument in arguments {
            match argument {
                Parameter::Int64(number) => packed.arg(*number),
                Parameter::Binary(bytes) => packed.arg(bytes),
            };
        }
        let reply = self.run(route, &packed).await?;
        reply::flatten(reply, self.0.shared.settings.reply_bytes_max)
    }

    /// True once the session has a connection of its own.
    pub fn is_pinned(&self) -> bool {
        self.0.pinned.load(Ordering::Relaxed)
    }

    async fn counted(&self, command: &Cmd) -> Result<u32, CallError> {
        let reply = self.run(Route::Shared, command).await?;
        u32::try_from(reply::integer(&reply)?).map_err(|_| CallError::WrongType)
    }

    async fn run(&self, route: Route, command: &Cmd) -> Result<Value, CallError> {
        let shared = &self.0.shared;
        shared.metrics.calls.inc();
        let reply = self.dispatch(route, command).await;
        if let Err(error) = &reply {
            shared.metrics.failed(error);
        }
        reply
    }

    async fn dispatch(&self, route: Route, command: &Cmd) -> Result<Value, CallError> {
        let settings = &self.0.shared.settings;
        let bytes: usize = command.args_iter().map(argument_bytes).sum();
        if bytes > settings.request_bytes_max {
            return Err(CallError::TooLarge { what: "request", bytes_max: settings.request_bytes_max });
        }
        self.0.shared.pass_faults().await?;
        match route {
            Route::Shared if !self.is_pinned() => return self.0.lease.call(command).await,
            Route::Shared => {}
            Route::Dedicated => self.0.pinned.store(true, Ordering::Relaxed),
        }
        let own = self.0.own.get_or_try_init(|| self.own_connection()).await?;
        if !own.link.is_live() {
            return Err(CallError::Unavailable(
                "the connection and its state are lost: open a new one".to_owned(),
            ));
        }
        let _in_flight = Counted::new(&self.0.shared.metrics.calls_in_flight);
        own.link.call(command, settings.dedicated_call_ms).await
    }

    async fn own_connection(&self) -> Result<Own, CallError> {
        let permit = self.0.shared.dedicated.clone().try_acquire_owned();
        let permit = permit.map_err(|_| CallError::TooMany("dedicated connections"))?;
        let link = self.0.lease.server().dedicated_link().await?;
        Ok(Own { link, _permit: permit })
    }
}

fn argument_bytes(argument: redis::Arg<&[u8]>) -> usize {
    match argument {
        redis::Arg::Simple(bytes) => bytes.len(),
        // Only the library's own SCAN iterators have another kind.
        _ => 0,
    }
}
