//! Under which account the servers run, and where that account can keep data.
//!
//! PostgreSQL refuses to run as root, so root lends both servers an unprivileged account. A checkout below a private
//! home (that of root is one on most machines) cannot be entered by that account: data then goes elsewhere.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use crate::StackError;

/// Accounts that packages of PostgreSQL make, in the order in which they are tried when started by root.
const ACCOUNTS: [&str; 2] = ["postgres", "_postgres"];

/// Whom the servers run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// The account that started us.
    Own,
    /// Another one: we are root.
    Lent { uid: u32, gid: u32 },
}

impl Account {
    /// Chooses the account: our own, or, for root, the owner of data that exists already, or the package's account.
    pub(crate) fn choose(existing_data: &Path) -> Result<Self, StackError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        if let Ok(data) = std::fs::metadata(existing_data)
            && data.uid() != 0
        {
            return Ok(Self::Lent { uid: data.uid(), gid: data.gid() });
        }
        for name in ACCOUNTS {
            if let (Some(uid), Some(gid)) = (account_number(name, "-u"), account_number(name, "-g")) {
                return Ok(Self::Lent { uid, gid });
            }
        }
        Err(StackError::new(
            "PostgreSQL refuses to run as root and this machine has no account `postgres` to lend it: run \
             `useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin postgres`, or start as an ordinary \
             user",
        ))
    }

    /// Lets a command run under this account.
    pub(crate) fn apply(&self, command: &mut Command) {
        match self {
            Self::Own => {}
            Self::Lent { uid, gid } => {
                command.uid(*uid).gid(*gid);
            }
        }
    }

    /// Gives a file or folder to this account.
    pub(crate) fn own(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Lent { uid, gid } => chown(path, Some(*uid), Some(*gid)),
        }
    }

    /// Makes a folder that only this account can enter; parents are made enterable for all.
    pub(crate) fn make_folder(&self, path: &Path) -> Result<(), StackError> {
        let made = std::fs::create_dir_all(path)
            .and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)))
            .and_then(|()| self.own(path));
        made.map_err(|error| {
            StackError::new(format!("the folder {} cannot be used: {error}", path.display()))
        })
    }

    /// Whether the account can enter `folder`, asked by entering it.
    pub(crate) fn can_enter(&self, folder: &Path) -> bool {
        if *self == Self::Own {
            return true;
        }
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg("cd \"$1\"").arg("sh").arg(folder).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.apply(&mut command);
        command.status().is_ok_and(|status| status.success())
    }

    /// The folder for the servers' data: `wanted` itself, or a folder elsewhere that stands for it when this
    /// account cannot enter `wanted`.
    pub(crate) fn data_folder(&self, wanted: &Path) -> Result<PathBuf, StackError> {
        if self.can_enter(wanted) {
            return Ok(wanted.to_owned());
        }
        for base in ["/var/lib/moalog", "/var/tmp/moalog"] {
            let folder = Path::new(base).join(stand_in_name(wanted));
            if std::fs::create_dir_all(&folder).is_ok() && self.can_enter(&folder) {
                return Ok(folder);
            }
        }
        Err(StackError::new(format!(
            "the account that runs PostgreSQL cannot enter {} and no folder under /var/lib/moalog or /var/tmp/moalog \
             can be made instead: use a folder that every account can enter",
            wanted.display()
        )))
    }
}

/// Refuses data of another account with a sentence instead of PostgreSQL's own complaint about permissions.
pub(crate) fn check_owner(data: &Path, account: &Account) -> Result<(), StackError> {
    let Ok(found) = std::fs::metadata(data) else { return Ok(()) };
    let own = rustix::process::geteuid().as_raw();
    if *account == Account::Own && found.uid() != own {
        return Err(StackError::new(format!(
            "{} belongs to account {} and this is account {own}: start as that account (or as root), or remove the \
             folder",
            data.display(),
            found.uid()
        )));
    }
    Ok(())
}

/// The wanted path as one name: `/srv/a/.moalog` becomes `srv-a-.moalog`.
fn stand_in_name(wanted: &Path) -> String {
    let parts: Vec<String> = wanted
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().replace('-', "--")),
            Component::RootDir | Component::CurDir | Component::ParentDir | Component::Prefix(_) => None,
        })
        .collect();
    parts.join("-")
}

fn account_number(name: &str, what: &str) -> Option<u32> {
    let answer = Command::new("id").arg(what).arg(name).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_checkouts_never_share_a_stand_in_folder() {
        assert_eq!(stand_in_name(Path::new("/srv/a/.moalog")), "srv-a-.moalog");
        assert_ne!(stand_in_name(Path::new("/srv/a-b")), stand_in_name(Path::new("/srv/a/b")));
    }
}
