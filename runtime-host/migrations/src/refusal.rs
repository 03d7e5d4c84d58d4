//! Why a run was refused or stopped, in words that say what to do.

use refinery::error::Kind;

use crate::files::File;

/// Why the schema is not up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The files themselves are wrong.
    #[error("{0}")]
    Files(String),
    /// The address cannot be read. Its text is not repeated, as it holds a password.
    #[error("the database address cannot be read: {0}")]
    Address(String),
    /// The database cannot be reached, or refuses this role.
    #[error("the database cannot be used for migrating: {0}")]
    Connect(String),
    /// Another host has been migrating for longer than this one waits.
    #[error(
        "another host has been migrating this database for more than {waited_ms} ms: try again when it is done"
    )]
    Locked {
        /// How long this one waited.
        waited_ms: u64,
    },
    /// What was applied and what should be applied do not fit together. Nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// A statement failed. Migrations before it are applied, its own file is not.
    #[error("{0}")]
    Failed(String),
}

impl MigrateError {
    pub(crate) fn of(error: &refinery::Error, files: &[File]) -> Self {
        match error.kind() {
            Kind::DivergentVersion(applied, found) => Self::Refused(format!(
                "{} differs from what was applied as {applied}: an applied migration never changes, so put its old \
                 text back and make the change in a new file (on a database that may be lost: start with --fresh)",
                file_name(files, &found.to_string())
            )),
            Kind::MissingVersion(migration) if migration.applied_on().is_some() => Self::Refused(format!(
                "the database has the migration {migration}, which is not among the files: a newer version of the \
                 program migrated it, so use that version (on a database that may be lost: start with --fresh)"
            )),
            Kind::MissingVersion(migration) => Self::Refused(format!(
                "{} comes before a migration that was applied already: give it the next free number",
                file_name(files, &migration.to_string())
            )),
            Kind::RepeatedVersion(migration) => Self::Refused(format!(
                "the number of {} is used twice",
                file_name(files, &migration.to_string())
            )),
            Kind::Connection(what, cause) => Self::Failed(failed(what, cause.as_ref(), files)),
            Kind::InvalidName | Kind::InvalidVersion => Self::Files(error.to_string()),
            Kind::InvalidMigrationPath(..) | Kind::InvalidMigrationFile(..) | Kind::ConfigError(_) => {
                Self::Files(error.to_string())
            }
        }
    }
}

/// The file behind the library's short form (`V1__name`) of a migration.
fn file_name(files: &[File], short: &str) -> String {
    let file = files.iter().find(|file| file.migration.to_string() == short);
    file.map_or_else(|| short.to_owned(), |file| file.name.clone())
}

/// File, line and the server's own words.
fn failed(what: &str, cause: &(dyn std::error::Error + 'static), files: &[File]) -> String {
    let file = files.iter().find(|file| what.ends_with(&format!("migration {}", file.migration)));
    let Some(error) = cause.downcast_ref::<tokio_postgres::Error>() else {
        return format!("{what}: {cause}");
    };
    let Some(server) = error.as_db_error() else { return format!("{what}: {error}") };
    let place = match (file, server.position()) {
        (Some(file), Some(tokio_postgres::error::ErrorPosition::Original(character))) => {
            let sql = file.migration.sql().unwrap_or_default();
            let before = usize::try_from(*character).unwrap_or(usize::MAX).saturating_sub(1);
            let line = 1 + sql.chars().take(before).filter(|character| *character == '\n').count();
            format!("{}:{line}", file.name)
        }
        (Some(file), _) => file.name.clone(),
        (None, _) => what.to_owned(),
    };
    let hint = server.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!(
        "{place}: {} [{}]{hint}; nothing of this file was applied",
        server.message(),
        server.code().code()
    )
}
