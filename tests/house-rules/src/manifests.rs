//! What every crate's manifest carries, and what the production manifest must never name.

use crate::{Broken, Tree};

/// Words of the development machine that the production manifest may not hold.
const DEVELOPMENT_WORDS: [&str; 2] = ["sandbox", "dev-login"];

/// Manifests whose components people change while they run.
const MANIFESTS: [&str; 3] = ["spin.toml", "sandbox/spin.toml", "sandbox/dev-routes.toml"];

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

/// Components of an application's manifest that `--watch` would not build again: no pattern, or one of a folder without
/// sources.
pub fn of_watched(tree: &Tree) -> Vec<Broken> {
    let mut found = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| MANIFESTS.contains(path)) {
        let manifest: toml::Table = text.parse().unwrap_or_default();
        let components = manifest.get("component").and_then(toml::Value::as_table);
        for (id, component) in components.into_iter().flatten() {
            let watched =
                component.get("build").and_then(|build| build.get("watch")?.as_array()?.first()?.as_str());
            if watched.is_none_or(|pattern| !has_sources(tree, path, pattern)) {
                found.push(Broken {
                    place: path.to_owned(),
                    what: format!("`component.{id}.build` watches no sources: {watched:?}"),
                    reason: "`moalog up --watch` builds a component again only when it knows where its sources lie",
                });
            }
        }
    }
    found
}

/// Whether there are files where a pattern like `../components/pay/authorize/src/**/*` leads from a manifest's folder.
fn has_sources(tree: &Tree, manifest: &str, pattern: &str) -> bool {
    let mut folder: Vec<&str> = manifest.split('/').collect();
    folder.pop();
    for part in pattern.split('/').take_while(|part| !part.contains('*')) {
        match part {
            ".." => drop(folder.pop()),
            part => folder.push(part),
        }
    }
    let prefix = format!("{}/", folder.join("/"));
    prefix.ends_with("/src/") && tree.files().any(|(path, _)| path.starts_with(&prefix))
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

    #[test]
    fn a_component_that_watches_nothing_or_no_sources_is_found() {
        let manifest = |watch: &str| format!("[component.a.build]\ncommand = \"make\"\n{watch}");
        let found = |watch: &str| {
            let sources = ("components/pay/a/src/lib.rs", "");
            of_watched(&Tree::of(&[("sandbox/dev-routes.toml", &manifest(watch)), sources])).len()
        };
        assert_eq!(found("watch = [\"../components/pay/a/src/**/*\"]"), 0);
        for wrong in ["", "watch = []", "watch = [\"../components/pay/b/src/**/*\"]", "watch = [\"**/*\"]"] {
            assert_eq!(found(wrong), 1, "{wrong}");
        }
    }
}
