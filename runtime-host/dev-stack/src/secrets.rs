//! Passwords of the private servers: made once, kept in files that only their owner can read.

use std::fmt;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::StackError;

/// A password of 32 hexadecimal digits: safe in URLs, SQL literals and configuration files without quoting.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(String);

impl Password {
    fn random() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()))
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        (text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// All passwords of a stack.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    pub(crate) superuser: Password,
    pub(crate) owner: Password,
    pub(crate) app: Password,
    pub(crate) sandbox: Password,
    pub(crate) redis: Password,
}

impl Passwords {
    /// Passwords that exist in memory only.
    pub(crate) fn random() -> Self {
        let [superuser, owner, app, sandbox, redis] = std::array::from_fn(|_| Password::random());
        Self { superuser, owner, app, sandbox, redis }
    }

    /// The passwords kept in `folder`; those that are missing are made.
    pub(crate) fn kept_in(folder: &Path) -> Result<Self, StackError> {
        let made = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)));
        made.map_err(|error| StackError::new(format!("{}: {error}", folder.display())))?;
        Ok(Self {
            superuser: kept(&folder.join("postgres-superuser"))?,
            owner: kept(&folder.join("postgres-owner"))?,
            app: kept(&folder.join("postgres-app"))?,
            sandbox: kept(&folder.join("postgres-sandbox"))?,
            redis: kept(&folder.join("redis"))?,
        })
    }
}

fn kept(path: &Path) -> Result<Password, StackError> {
    if let Some(password) = std::fs::read_to_string(path).ok().and_then(|text| Password::parse(&text)) {
        return Ok(password);
    }
    let password = Password::random();
    write_private(path, password.reveal())
        .map_err(|error| StackError::new(format!("{}: {error}", path.display())))?;
    Ok(password)
}

/// Writes a file that only its owner can read, whatever was there before.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = std::fs::File::options().create_new(true).write(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_kept_between_starts_in_files_only_the_owner_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let first = Passwords::kept_in(folder.path()).unwrap();
        let again = Passwords::kept_in(folder.path()).unwrap();
        assert_eq!(first.app, again.app);
        assert_ne!(first.app, first.owner);
        let mode = std::fs::metadata(folder.path().join("redis")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_password_never_shows_in_debug_output() {
        let passwords = Passwords::random();
        assert!(!format!("{passwords:?}").contains(passwords.app.reveal()));
    }
}
