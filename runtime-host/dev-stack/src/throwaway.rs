//! Stacks for tests: fast, in a folder of their own that is gone when the program ends.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::OnceCell;

use crate::StackError;
use crate::account::Account;
use crate::locate::Search;
use crate::plan::Plan;
use crate::postgres::Postgres;
use crate::redis_server::Redis;
use crate::roles::{self, SUPERUSER, plain};
use crate::secrets::{Passwords, write_private};
use crate::settings::Lifetime;
use crate::stack::{DevStack, blocking};

static SHARED: OnceCell<DevStack> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(1);

/// A database made for one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its name, which another database can be copied from.
    pub name: String,
    /// Address for the application's role.
    pub database_url: String,
    /// Address for the role that owns the schema.
    pub owner_url: String,
}

impl DevStack {
    /// Starts a stack of one's own, to break it: nothing is synced to disk, and its folder goes with it.
    ///
    /// # Errors
    /// As [`DevStack::start`].
    pub async fn throwaway() -> Result<Self, StackError> {
        let plan = blocking(|| {
            let plan = Plan::throwaway()?;
            plan.postgres.prepare()?;
            plan.redis.prepare()?;
            Ok(plan)
        })
        .await?;
        Self::run(plan, &|_: &crate::Step| {}).await
    }

    /// Lets PostgreSQL offer TLS with this certificate and key (both PEM) beside plain connections, by a restart.
    ///
    /// # Errors
    /// When the server does not start with them.
    pub async fn encrypt_database(&self, certificate: &str, key: &str) -> Result<(), StackError> {
        let data = self.postgres.data();
        for (name, text) in
            [("server.crt", certificate), ("server.key", key), ("postgresql.auto.conf", "ssl = on")]
        {
            let path = data.join(name);
            write_private(&path, text)
                .and_then(|()| self.postgres.account.own(&path))
                .map_err(|error| StackError::new(format!("{}: {error}", path.display())))?;
        }
        self.restart_database().await
    }

    /// The stack that all tests of this program share: one server, one [`Self::create_database`] per test.
    ///
    /// It ends with the program, so a test that kills or pauses servers takes one of its own.
    ///
    /// # Errors
    /// As [`DevStack::start`]; the next caller tries again.
    pub async fn shared() -> Result<&'static Self, StackError> {
        SHARED.get_or_try_init(Self::throwaway).await
    }

    /// Makes a database for one test, empty or as a copy of another one (a migrated one, say).
    ///
    /// # Errors
    /// When the template does not exist or stays in use.
    pub async fn create_database(&self, template: Option<&str>) -> Result<Database, StackError> {
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let failed = |error: tokio_postgres::Error| {
            StackError::new(format!("the database {name} could not be made: {}", plain(&error)))
        };
        let (port, superuser) = (self.postgres_port, &self.passwords.superuser);
        let client = roles::connect(port, SUPERUSER, superuser, "postgres").await.map_err(failed)?;
        roles::make_database(&client, &name, template.unwrap_or("template1")).await?;
        let inside = roles::connect(port, SUPERUSER, superuser, &name).await.map_err(failed)?;
        roles::set_public_schema(&inside).await.map_err(failed)?;
        Ok(Database { database_url: self.database_url_of(&name), owner_url: self.owner_url_of(&name), name })
    }
}

impl Plan {
    /// Folders, account, programs and passwords of a stack that goes with its program.
    fn throwaway() -> Result<Self, StackError> {
        let search = Search::default();
        let programs = search.postgres(None)?;
        let program = search.redis()?;
        let account = Account::choose(&PathBuf::new())?;
        let folder = temporary_folder(&account)?;
        let passwords = Passwords::random();
        Ok(Self {
            postgres: Postgres {
                programs,
                account: account.clone(),
                folder: folder.join("postgres"),
                port_file: None,
                lifetime: Lifetime::Throwaway,
                superuser: passwords.superuser.clone(),
            },
            redis: Redis {
                program,
                account,
                folder: folder.join("redis"),
                port_file: None,
                lifetime: Lifetime::Throwaway,
                password: passwords.redis.clone(),
            },
            passwords,
            lock: None,
        })
    }
}

/// A new folder that belongs to the servers' account: its guards remove it after the servers.
fn temporary_folder(account: &Account) -> Result<PathBuf, StackError> {
    let mut complaint = String::new();
    for base in [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")] {
        let made =
            tempfile::Builder::new().prefix("moalog-throwaway-").tempdir_in(&base).and_then(|folder| {
                std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711))?;
                account.own(folder.path())?;
                Ok(folder)
            });
        match made {
            Ok(folder) if account.can_enter(folder.path()) => return Ok(folder.keep()),
            Ok(_private) => complaint = format!("{} cannot be entered by the servers", base.display()),
            Err(error) => complaint = format!("{}: {error}", base.display()),
        }
    }
    Err(StackError::new(format!("no temporary folder is to be had: {complaint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_throwaway_folder_is_gone_after_the_stop() {
        let stack = DevStack::throwaway().await.unwrap();
        let folder = stack.postgres.folder.parent().unwrap().to_owned();
        assert!(folder.exists());
        stack.stop().await.unwrap();
        assert!(!folder.exists(), "{} is left", folder.display());
    }

    #[tokio::test]
    async fn a_folder_outlives_the_kill_of_its_servers_and_is_gone_after_the_stop() {
        let stack = DevStack::throwaway().await.unwrap();
        let folder = stack.postgres.folder.parent().unwrap().to_owned();
        stack.kill_redis().await.unwrap();
        stack.restart_redis().await.unwrap();
        stack.kill_database().await.unwrap();
        assert!(folder.join("postgres/data").exists(), "a killed server finds its data again");
        stack.stop().await.unwrap();
        assert!(!folder.exists(), "{} is left", folder.display());
    }
}
