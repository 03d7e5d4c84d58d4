//! Where the checkout lies that a test is run from.

use std::env;
use std::path::PathBuf;

/// The top of the checkout: the nearest folder at or above the working folder that holds `spin.toml` and `Cargo.lock`.
///
/// Asked for at run time: checkouts share what cargo built (`scripts/cargo`), so a program may have been compiled in
/// another one.
///
/// # Panics
/// When the program is run outside of a checkout.
#[must_use]
pub fn top() -> PathBuf {
    let here = env::current_dir().expect("a program has a working folder");
    let top = here
        .ancestors()
        .find(|folder| folder.join("spin.toml").is_file() && folder.join("Cargo.lock").is_file());
    top.unwrap_or_else(|| panic!("{} is in no checkout of the project", here.display())).to_owned()
}
