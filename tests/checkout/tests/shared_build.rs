//! `scripts/cargo`, with real cargo and checkouts of one small crate: what one compiled serves another, and only that.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Checkouts that share a build folder, and nothing else on the machine.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A checkout whose only program prints `text`.
    fn checkout(&self, name: &str, text: &str) -> Checkout<'_> {
        let top = self.folder.path().join(name);
        for folder in [
            ".cargo",
            "components",
            "crates/says/src",
            "infra",
            "runtime-host",
            "sandbox",
            "scripts",
            "tests",
        ] {
            fs::create_dir_all(top.join(folder)).unwrap();
        }
        let own = tests_checkout::top();
        for file in [".cargo/config.toml", "rust-toolchain.toml", "scripts/cargo"] {
            fs::copy(own.join(file), top.join(file)).unwrap();
        }
        let workspace = "[workspace]\nmembers = [\"crates/says\"]\nresolver = \"3\"\n";
        let package = "[package]\nname = \"says\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        let lock = "version = 4\n\n[[package]]\nname = \"says\"\nversion = \"0.1.0\"\n";
        for (file, text) in [
            ("Cargo.toml", workspace),
            ("Cargo.lock", lock),
            ("spin.toml", ""),
            ("clippy.toml", ""),
            ("crates/says/Cargo.toml", package),
        ] {
            fs::write(top.join(file), text).unwrap();
        }
        let checkout = Checkout { machine: self, top };
        checkout.write(text);
        checkout
    }
}

struct Checkout<'m> {
    machine: &'m Machine,
    top: PathBuf,
}

impl Checkout<'_> {
    fn write(&self, text: &str) {
        let main = format!("fn main() {{ print!(\"{text}\"); }}\n");
        fs::write(self.top.join("crates/says/src/main.rs"), main).unwrap();
    }

    /// Builds by a command; whether anything was compiled.
    fn compiles_by(&self, cargo: &Path) -> bool {
        let built = self.run(cargo, &["build", "--release"]);
        let said = String::from_utf8_lossy(&built.stderr).into_owned();
        assert!(built.status.success(), "{said}");
        said.contains("Compiling")
    }

    fn compiles(&self) -> bool {
        self.compiles_by(&self.top.join("scripts/cargo"))
    }

    fn says(&self) -> String {
        let said = self.run(&self.top.join("target/release/says"), &[]);
        String::from_utf8(said.stdout).unwrap()
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.top).env("CARGO_HOME", self.machine.folder.path());
        // What the test's own build set.
        command
            .env_remove("MOALOG_BUILD_LOCK")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("CARGO_BUILD_BUILD_DIR");
        command.output().unwrap()
    }
}

#[test]
fn a_fresh_checkout_of_the_same_sources_compiles_nothing() {
    let machine = Machine::new();
    assert!(machine.checkout("first", "same").compiles());
    let second = machine.checkout("second", "same");
    assert!(!second.compiles());
    assert_eq!(second.says(), "same");
}

#[test]
fn what_differs_from_what_another_checkout_built_is_compiled() {
    let machine = Machine::new();
    let first = machine.checkout("first", "one");
    assert!(first.compiles());
    let second = machine.checkout("second", "two");
    assert!(second.compiles());
    assert_eq!(second.says(), "two");
    assert!(first.compiles());
    assert_eq!(first.says(), "one");
    assert!(!first.compiles());
}

#[test]
fn what_was_built_past_the_script_is_not_taken_for_another_checkouts() {
    let machine = Machine::new();
    let first = machine.checkout("first", "one");
    let second = machine.checkout("second", "one");
    assert!(first.compiles());
    assert!(!second.compiles());
    second.write("two");
    assert!(second.compiles_by(Path::new("cargo")));
    assert!(first.compiles());
    assert_eq!(first.says(), "one");
}

#[test]
fn an_edit_is_compiled_and_taking_it_back_too() {
    let machine = Machine::new();
    let checkout = machine.checkout("only", "one");
    assert!(checkout.compiles());
    checkout.write("two");
    assert!(checkout.compiles());
    assert_eq!(checkout.says(), "two");
    checkout.write("one");
    assert!(checkout.compiles());
    assert_eq!(checkout.says(), "one");
}
