//! Everything that is settled before a server runs: whose account, which folders, programs and passwords.

use std::path::{Path, PathBuf};

use crate::StackError;
use crate::account::Account;
use crate::lock::FolderLock;
use crate::postgres::{self, Postgres};
use crate::redis_server::Redis;
use crate::secrets::Passwords;
use crate::settings::{Data, Lifetime, Settings, Step};

/// Folders and facts of a stack before its servers run.
pub(crate) struct Plan {
    pub(crate) passwords: Passwords,
    pub(crate) postgres: Postgres,
    pub(crate) redis: Redis,
    pub(crate) lock: Option<FolderLock>,
}

impl Plan {
    /// Folders, account, programs and passwords of a stack that lasts.
    pub(crate) fn lasting(settings: &Settings, progress: &impl Fn(&Step)) -> Result<Self, StackError> {
        let folder = absolute(&settings.folder)?;
        let lock = FolderLock::take(&folder)?;
        // Where data may be: beside the passwords, or in the stand-in folder of an account that cannot enter there.
        let account = Account::choose(&folder.join("postgres"))?;
        let data = account.data_folder(&folder)?;
        if data != folder {
            progress(&Step::DataElsewhere { wanted: folder.clone(), used: data.clone() });
        }
        let (postgres_folder, redis_folder) = (data.join("postgres"), data.join("redis"));
        let secrets_folder = folder.join("secrets");
        let programs = match settings.data {
            Data::Kept => settings.search.postgres(postgres::data_major(&postgres_folder))?,
            Data::Cleared => settings.search.postgres(None)?,
        };
        let redis_program = settings.search.redis()?;
        let passwords = Passwords::kept_in(&secrets_folder)?;
        let mut plan = Self {
            postgres: Postgres {
                programs,
                account: account.clone(),
                folder: postgres_folder,
                port_file: Some(folder.join("postgres.port")),
                lifetime: Lifetime::Lasting,
                superuser: passwords.superuser.clone(),
            },
            redis: Redis {
                program: redis_program,
                account,
                folder: redis_folder,
                port_file: Some(folder.join("redis.port")),
                lifetime: Lifetime::Lasting,
                password: passwords.redis.clone(),
            },
            passwords,
            lock: Some(lock),
        };
        if settings.data == Data::Cleared {
            clear(&mut plan, &secrets_folder)?;
            progress(&Step::DataCleared);
        }
        if !plan.postgres.data().exists() {
            progress(&Step::MakingDatabase { major: plan.postgres.programs.major });
        }
        Ok(plan)
    }
}

/// Throws away the servers' data and their passwords; nothing else in the folder is touched.
fn clear(plan: &mut Plan, secrets_folder: &Path) -> Result<(), StackError> {
    plan.postgres.end_left_behind()?;
    plan.redis.end_left_behind()?;
    for folder in [&plan.postgres.folder, &plan.redis.folder, &secrets_folder.to_owned()] {
        postgres::remove_folder(folder)
            .map_err(|error| StackError::new(format!("{} cannot be cleared: {error}", folder.display())))?;
    }
    plan.passwords = Passwords::kept_in(secrets_folder)?;
    plan.postgres.superuser = plan.passwords.superuser.clone();
    plan.redis.password = plan.passwords.redis.clone();
    Ok(())
}

/// Makes the folder and gives its full path, links resolved.
fn absolute(folder: &Path) -> Result<PathBuf, StackError> {
    std::fs::create_dir_all(folder)
        .and_then(|()| folder.canonicalize())
        .map_err(|error| StackError::new(format!("the folder {} cannot be used: {error}", folder.display())))
}
