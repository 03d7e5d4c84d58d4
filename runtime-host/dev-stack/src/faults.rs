//! Breaking the servers on purpose: what tests of outages do, as a real outage would.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::Mutex;

use crate::StackError;
use crate::guard::Guarded;
use crate::roles::{self, SUPERUSER, plain};
use crate::stack::DevStack;

/// How often a slot whose server was taken out is looked at again.
const EMPTY_POLL_MS: u64 = 200;

impl DevStack {
    /// Kills PostgreSQL without warning, as a crash of its machine would. Its port refuses connections then.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub async fn kill_database(&self) -> Result<(), StackError> {
        self.paused_backends.lock().await.clear();
        kill(&self.postgres_server).await
    }

    /// Starts PostgreSQL again on the same port and data, stopping it first if it runs.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart_database(&self) -> Result<(), StackError> {
        self.resume_database().await?;
        let mut slot = self.postgres_server.lock().await;
        if let Some(server) = slot.take() {
            server.keep_folder();
            server.stop().await?;
        }
        *slot = Some(self.postgres.restart_on(self.postgres_port).await?);
        Ok(())
    }

    /// Kills Redis without warning.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub async fn kill_redis(&self) -> Result<(), StackError> {
        kill(&self.redis_server).await
    }

    /// Starts Redis again on the same port, stopping it first if it runs. A throwaway Redis comes back empty.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart_redis(&self) -> Result<(), StackError> {
        self.resume_redis().await?;
        let mut slot = self.redis_server.lock().await;
        if let Some(server) = slot.take() {
            server.keep_folder();
            server.stop().await?;
        }
        let (redis, port) = self.redis_parts();
        *slot = Some(redis.restart_on(port).await?);
        Ok(())
    }

    /// Freezes PostgreSQL with all its sessions: connections are neither refused nor answered.
    ///
    /// # Errors
    /// When it is not running.
    pub async fn pause_database(&self) -> Result<(), StackError> {
        let slot = self.postgres_server.lock().await;
        let Some(server) = slot.as_ref() else {
            return Err(StackError::new("PostgreSQL is not running, so it cannot be paused"));
        };
        let failed = |error: tokio_postgres::Error| {
            StackError::new(format!("PostgreSQL could not be paused: {}", plain(&error)))
        };
        let client = roles::connect(self.postgres_port, SUPERUSER, &self.passwords.superuser, "postgres")
            .await
            .map_err(failed)?;
        // The postmaster first, so that no session is born between the list and the signals.
        server.signal(Signal::STOP)?;
        let sessions = client
            .query("SELECT pid FROM pg_stat_activity ORDER BY pid = pg_backend_pid()", &[])
            .await
            .map_err(failed)?;
        let mut paused = self.paused_backends.lock().await;
        for pid in sessions.iter().filter_map(|row| Pid::from_raw(row.get(0))) {
            if kill_process(pid, Signal::STOP).is_ok() {
                paused.push(pid);
            }
        }
        Ok(())
    }

    /// Lets a frozen PostgreSQL go on; nothing happens when it was not frozen.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub async fn resume_database(&self) -> Result<(), StackError> {
        for pid in self.paused_backends.lock().await.drain(..) {
            if let Err(error) = kill_process(pid, Signal::CONT) {
                tracing::debug!(%error, "a paused session had ended");
            }
        }
        resume(&self.postgres_server).await
    }

    /// Freezes Redis: connections are neither refused nor answered.
    ///
    /// # Errors
    /// When it is not running.
    pub async fn pause_redis(&self) -> Result<(), StackError> {
        match self.redis_server.lock().await.as_ref() {
            Some(server) => server.signal(Signal::STOP),
            None => Err(StackError::new("Redis is not running, so it cannot be paused")),
        }
    }

    /// Lets a frozen Redis go on; nothing happens when it was not frozen.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub async fn resume_redis(&self) -> Result<(), StackError> {
        resume(&self.redis_server).await
    }
}

/// Waits for the end of a server that nobody took out of its slot.
pub(crate) async fn lost(slot: &Mutex<Option<Guarded>>) -> String {
    loop {
        if let Some(server) = slot.lock().await.as_ref()
            && let Some(how) = server.ending()
        {
            return how;
        }
        tokio::time::sleep(Duration::from_millis(EMPTY_POLL_MS)).await;
    }
}

async fn kill(slot: &Mutex<Option<Guarded>>) -> Result<(), StackError> {
    let Some(server) = slot.lock().await.take() else { return Ok(()) };
    server.keep_folder();
    server.signal(Signal::KILL)?;
    server.ended().await;
    server.stop().await
}

async fn resume(slot: &Mutex<Option<Guarded>>) -> Result<(), StackError> {
    match slot.lock().await.as_ref() {
        Some(server) => server.signal(Signal::CONT),
        None => Ok(()),
    }
}
