//! Who may depend on whom: components → guest, wire, rules · guest → wire, rules · wire → rules · rules → nothing.
//!
//! The host knows no business word, and nothing outside of tests knows the host.

use crate::{Broken, Crate, Tree};

/// A layer of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Rules,
    Wire,
    Guest,
    Component,
    Host,
    Sandbox,
    TestComponent,
    Tests,
}

/// What rules may use from outside: pure, without clock, randomness or I/O.
const PURE: [&str; 10] = [
    "base64",
    "chrono",
    "chrono-tz",
    "hmac",
    "serde",
    "sha2",
    "thiserror",
    "unicode-normalization",
    "url",
    "uuid",
];

impl Layer {
    /// By folder first; inside `crates/` by the first word of the name.
    fn of(one: &Crate<'_>) -> Option<Self> {
        let (top, rest) = one.folder.split_once('/')?;
        match top {
            "components" => Some(Self::Component),
            "sandbox" => Some(Self::Sandbox),
            "runtime-host" => Some(Self::Host),
            "tests" if rest.starts_with("components/") => Some(Self::TestComponent),
            "tests" => Some(Self::Tests),
            "crates" => match one.name.split('-').next()? {
                "rules" => Some(Self::Rules),
                "wire" => Some(Self::Wire),
                "guest" => Some(Self::Guest),
                _ => None,
            },
            _ => None,
        }
    }

    fn may_use(self, other: Self) -> bool {
        match self {
            Self::Rules => other == Self::Rules,
            Self::Wire => matches!(other, Self::Wire | Self::Rules),
            Self::Guest => matches!(other, Self::Guest | Self::Wire | Self::Rules),
            Self::Component => matches!(other, Self::Guest | Self::Wire | Self::Rules),
            Self::Host => other == Self::Host,
            Self::Sandbox => other == Self::Sandbox,
            Self::TestComponent => other == Self::TestComponent,
            Self::Tests => true,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Rules => {
                "rules decide and nothing else: no layer below them, and only pure crates from outside"
            }
            Self::Wire => "wire speaks JSON: it knows the rules' types and nothing of how it is called",
            Self::Guest => "guest is what components stand on: it cannot stand on them, nor on the host",
            Self::Component => {
                "a component parses, asks a rule, stores, answers: what it shares with another one belongs \
                                in crates/"
            }
            Self::Host => "the host lends capabilities and knows no business word, so that it can be swapped",
            Self::Sandbox => "the sandbox stands for the outside world, which shares no code with the app",
            Self::TestComponent => {
                "test components try the host alone: the app's crates would hide its faults"
            }
            Self::Tests => "tests may use everything",
        }
    }
}

/// Dependencies that the table forbids, in every kind of dependency table.
pub fn broken(tree: &Tree) -> Vec<Broken> {
    let crates = tree.crates();
    let mut found = Vec::new();
    for one in &crates {
        let place = format!("{}/Cargo.toml", one.folder);
        let Some(layer) = Layer::of(one) else {
            found.push(Broken {
                place,
                what: format!("{} belongs to no layer", one.name),
                reason: "a new layer is a decision: add it to the table in tests/house-rules/src/layers.rs",
            });
            continue;
        };
        for (used, kind) in dependencies(&one.manifest) {
            let allowed = match crates.iter().find(|other| other.name == used) {
                Some(other) => Layer::of(other).is_some_and(|other| layer.may_use(other)),
                None => layer != Layer::Rules || kind == "dev-dependencies" || PURE.contains(&used.as_str()),
            };
            if !allowed {
                let what = format!("{} may not use {used} ({kind})", one.name);
                found.push(Broken { place: place.clone(), what, reason: layer.reason() });
            }
        }
    }
    found
}

/// Names of all dependencies with the table that they stand in, those of single targets included.
fn dependencies(manifest: &toml::Table) -> Vec<(String, &'static str)> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let tables = std::iter::once(manifest)
        .chain(targets.into_iter().flat_map(|all| all.values()).filter_map(toml::Value::as_table));
    let mut found = Vec::new();
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let names = table.get(kind).and_then(toml::Value::as_table);
            for (name, value) in names.into_iter().flatten() {
                let renamed = value.get("package").and_then(toml::Value::as_str);
                found.push((renamed.unwrap_or(name).to_owned(), kind));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(user: (&str, &str), used: (&str, &str), kind: &str) -> Tree {
        let user_text =
            format!("[package]\nname = \"{}\"\n[{kind}]\n{} = {{ path = \"x\" }}", user.1, used.1);
        let used_text = format!("[package]\nname = \"{}\"", used.1);
        Tree::of(&[
            (&format!("{}/Cargo.toml", user.0), &user_text),
            (&format!("{}/Cargo.toml", used.0), &used_text),
        ])
    }

    #[test]
    fn a_host_crate_that_uses_a_rule_is_found_in_every_table() {
        let (host, rule) = (("runtime-host/http", "host-http"), ("crates/rules-pay", "rules-pay"));
        for kind in
            ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"]
        {
            let found = broken(&tree(host, rule, kind));
            assert_eq!(found.len(), 1, "{kind}");
            assert!(found[0].what.starts_with("host-http may not use rules-pay"), "{}", found[0]);
        }
    }

    #[test]
    fn dependencies_point_one_way() {
        let (guest, wire) = (("crates/guest", "guest"), ("crates/wire", "wire"));
        assert!(broken(&tree(guest, wire, "dependencies")).is_empty());
        assert_eq!(broken(&tree(wire, guest, "dependencies")).len(), 1);
        let (one, other) = (("components/pay/refund", "pay-refund"), ("components/pay/order", "pay-order"));
        assert_eq!(
            broken(&tree(one, other, "dependencies")).len(),
            1,
            "components share no code with each other"
        );
    }

    #[test]
    fn rules_use_pure_crates_only_but_their_tests_may_use_more() {
        let rules = |kind: &str, used: &str| {
            let text = format!("[package]\nname = \"rules-pay\"\n[{kind}]\n{used} = \"1\"");
            broken(&Tree::of(&[("crates/rules-pay/Cargo.toml", &text)])).len()
        };
        assert_eq!((rules("dependencies", "tokio"), rules("dependencies", "chrono")), (1, 0));
        assert_eq!(rules("dev-dependencies", "proptest"), 0);
    }

    #[test]
    fn a_crate_outside_of_all_layers_is_found() {
        let found = broken(&Tree::of(&[("crates/shared/Cargo.toml", "[package]\nname = \"shared\"")]));
        assert_eq!(found[0].what, "shared belongs to no layer");
    }
}
