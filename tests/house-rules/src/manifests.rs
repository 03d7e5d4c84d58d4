//! What every crate's manifest carries, and what the production manifest must never name.

use crate::{Broken, Tree};

/// Words of the development machine that the production manifest may not hold.
const DEVELOPMENT_WORDS: [&str; 2] = ["sandbox", "dev-login"];

/// Crates that do not take lints, edition and the rest from the workspace.
pub fn of_crates(tree: &Tree) -> Vec<Broken> {
    let mut found = Vec::new();
    for one in tree.crates() {
        let place = format!("{}/Cargo.toml", one.folder);
        let inherits = |path: [&str; 2]| {
            let value = one.manifest.get(path[0]).and_then(|table| match path[1] {
                "" => table.get("workspace"),
                key => table.get(key).and_then(|value| value.get("workspace")),
            });
            value.and_then(toml::Value::as_bool) == Some(true)
        };
        let wanted =
            [["lints", ""], ["package", "edition"], ["package", "publish"], ["package", "rust-version"]];
        for path in wanted.into_iter().filter(|path| !inherits(*path)) {
            found.push(Broken {
                place: place.clone(),
                what: format!("`{}` is not the workspace's", path.join(".").trim_end_matches('.')),
                reason: "one list of lints and one edition hold everywhere, and nothing is published by accident",
            });
        }
    }
    found
}

/// Lines of the production manifest that name what only a development machine has.
pub fn of_production(tree: &Tree) -> Vec<Broken> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(tree.text("spin.toml").unwrap_or_default().lines()) {
        let code = line.split('#').next().unwrap_or(line);
        for word in DEVELOPMENT_WORDS.into_iter().filter(|word| code.contains(word)) {
            found.push(Broken {
                place: format!("spin.toml:{number}"),
                what: format!("names `{word}`"),
                reason: "production must not be able to reach what stands in for the outside world: use an overlay",
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_with_settings_of_its_own_is_found() {
        let inherited = "[package]\nname = \"wire\"\nedition.workspace = true\npublish.workspace = true\n\
                         rust-version.workspace = true\n[lints]\nworkspace = true";
        assert!(of_crates(&Tree::of(&[("crates/wire/Cargo.toml", inherited)])).is_empty());
        let own = inherited
            .replace("publish.workspace = true", "publish = true")
            .replace("[lints]\nworkspace = true", "");
        let found: Vec<String> = of_crates(&Tree::of(&[("crates/wire/Cargo.toml", &own)]))
            .into_iter()
            .map(|one| one.what)
            .collect();
        assert_eq!(found, ["`lints` is not the workspace's", "`package.publish` is not the workspace's"]);
    }

    #[test]
    fn the_production_manifest_names_nothing_of_the_development_machine() {
        for line in ["source = \"target/sandbox_home.wasm\"", "[component.accounts-dev-login]"] {
            assert_eq!(of_production(&Tree::of(&[("spin.toml", line)])).len(), 1, "{line}");
        }
        assert!(of_production(&Tree::of(&[("spin.toml", "# the sandbox has its own manifest")])).is_empty());
    }
}
