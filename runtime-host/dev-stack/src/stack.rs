//! The stack: both servers, their addresses, their end.

use tokio::sync::Mutex;

use crate::guard::Guarded;
use crate::lock::FolderLock;
use crate::plan::Plan;
use crate::postgres::{self, Postgres};
use crate::redis_server::{self, Redis};
use crate::roles::{self, APP, DATABASE, OWNER, SANDBOX, SANDBOX_DATABASE};
use crate::secrets::{Password, Passwords};
use crate::settings::{Lifetime, Settings, Step};
use crate::{StackError, faults};

/// Private PostgreSQL and Redis servers on loopback ports, which end with the program that started them.
///
/// Dropping it stops the servers in the background; [`DevStack::stop`] waits for their end.
pub struct DevStack {
    pub(crate) passwords: Passwords,
    pub(crate) postgres: Postgres,
    pub(crate) postgres_port: u16,
    pub(crate) postgres_server: Mutex<Option<Guarded>>,
    pub(crate) paused_backends: Mutex<Vec<rustix::process::Pid>>,
    redis: Redis,
    redis_port: u16,
    pub(crate) redis_server: Mutex<Option<Guarded>>,
    _lock: Option<FolderLock>,
}

impl DevStack {
    /// Starts both servers on data that lasts, and makes the roles and the database if they are not there.
    ///
    /// `progress` is called once for each thing done or ready.
    ///
    /// # Errors
    /// A sentence for the person at the terminal: a server is not installed, the folder is in use, ….
    pub async fn start(
        settings: Settings,
        progress: impl Fn(&Step) + Send + Sync + 'static,
    ) -> Result<Self, StackError> {
        let (plan, progress) = blocking(move || {
            let plan = Plan::lasting(&settings, &progress)?;
            plan.postgres.prepare()?;
            plan.redis.prepare()?;
            Ok((plan, progress))
        })
        .await?;
        Self::run(plan, &progress).await
    }

    /// Starts the servers of a prepared plan, both at once.
    pub(crate) async fn run(plan: Plan, progress: &(impl Fn(&Step) + Sync)) -> Result<Self, StackError> {
        let Plan { passwords, postgres, redis, lock } = plan;
        let database = async {
            let (server, port) = postgres.start().await?;
            roles::set_up(port, &passwords).await?;
            progress(&Step::PostgresReady { port, major: postgres.programs.major });
            Ok((server, port))
        };
        let cache = async {
            let (server, port) = redis.start().await?;
            progress(&Step::RedisReady { port });
            Ok((server, port))
        };
        let ((postgres_server, postgres_port), (redis_server, redis_port)) =
            tokio::try_join!(database, cache)?;
        Ok(Self {
            passwords,
            postgres,
            postgres_port,
            postgres_server: Mutex::new(Some(postgres_server)),
            paused_backends: Mutex::new(Vec::new()),
            redis,
            redis_port,
            redis_server: Mutex::new(Some(redis_server)),
            _lock: lock,
        })
    }

    /// Address for the application's role, which owns nothing and cannot bypass row-level security.
    pub fn database_url(&self) -> String {
        self.database_url_of(DATABASE)
    }

    /// Address for the role that owns the schema: migrations use it.
    pub fn owner_url(&self) -> String {
        self.owner_url_of(DATABASE)
    }

    /// Address of the sandbox's own database, for the role that owns it and reaches nothing else.
    pub fn sandbox_database_url(&self) -> String {
        self.url(SANDBOX, &self.passwords.sandbox, SANDBOX_DATABASE)
    }

    /// Redis's address, password included.
    pub fn redis_url(&self) -> String {
        redis_server::url(self.redis_port, &self.passwords.redis)
    }

    /// As [`Self::database_url`], for another database of the same server.
    pub fn database_url_of(&self, database: &str) -> String {
        self.url(APP, &self.passwords.app, database)
    }

    /// As [`Self::owner_url`], for another database of the same server.
    pub fn owner_url_of(&self, database: &str) -> String {
        self.url(OWNER, &self.passwords.owner, database)
    }

    fn url(&self, role: &str, password: &Password, database: &str) -> String {
        let (port, password) = (self.postgres_port, password.reveal());
        format!("postgres://{role}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    /// Waits until a server ends that nobody asked to end, and says which one and how.
    ///
    /// Servers that were stopped or killed through this type do not count.
    pub async fn server_lost(&self) -> String {
        let database = async {
            let log = self.postgres.log();
            format!(
                "PostgreSQL is gone: {}; its log is {}",
                faults::lost(&self.postgres_server).await,
                log.display()
            )
        };
        let cache = async { format!("Redis is gone: {}", faults::lost(&self.redis_server).await) };
        tokio::select! {
            lost = database => lost,
            lost = cache => lost,
        }
    }

    /// Stops both servers and returns when they are gone.
    ///
    /// # Errors
    /// When one of them is still there after its hardest signal.
    pub async fn stop(self) -> Result<(), StackError> {
        self.resume_database().await?;
        self.resume_redis().await?;
        let database = async {
            match self.postgres_server.lock().await.take() {
                Some(server) => server.stop().await,
                None => Ok(()),
            }
        };
        let cache = async {
            match self.redis_server.lock().await.take() {
                Some(server) => server.stop().await,
                None => Ok(()),
            }
        };
        let (database, cache) = tokio::join!(database, cache);
        database.and(cache)
    }

    pub(crate) fn redis_parts(&self) -> (&Redis, u16) {
        (&self.redis, self.redis_port)
    }
}

/// A guard removes a throwaway server's folder; a server that was killed and not started again has no guard.
impl Drop for DevStack {
    fn drop(&mut self) {
        let postgres = (self.postgres_server.get_mut().is_none(), &self.postgres.folder);
        let redis = (self.redis_server.get_mut().is_none(), &self.redis.folder);
        for (unguarded, folder) in [postgres, redis] {
            if !unguarded || self.postgres.lifetime == Lifetime::Lasting {
                continue;
            }
            if let Err(error) = postgres::remove_folder(folder) {
                tracing::warn!(%error, folder = %folder.display(), "a throwaway folder is left");
            }
            if let Some(parent) = folder.parent()
                && let Err(error) = std::fs::remove_dir(parent)
            {
                tracing::debug!(%error, "the other server's folder is still there, or both are gone");
            }
        }
    }
}

/// Runs blocking work off the event loop; a panic in it is passed on.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StackError> + Send + 'static,
) -> Result<T, StackError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(broken) => Err(StackError::new(format!("the dev stack broke: {broken}"))),
    }
}
