//! Reads the application's manifest, so that the page can never tell of routes that are not there.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    // From the package's folder, as checkouts share what cargo built.
    const MANIFEST: &str = "../../../spin.toml";
    println!("cargo::rerun-if-changed={MANIFEST}");
    let text = fs::read_to_string(MANIFEST).expect("spin.toml is at the root of the repository");
    let table: toml::Table = toml::from_str(&text).expect("spin.toml is TOML");
    let out = Path::new(&env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("manifest.rs");
    fs::write(out, generated(&table)).expect("OUT_DIR is writable");
}

fn generated(table: &toml::Table) -> String {
    let application = &table["application"];
    let text = |key: &str| application.get(key).and_then(toml::Value::as_str).unwrap_or_default();
    let mut rust = format!(
        "pub(crate) const NAME: &str = {:?};\npub(crate) const VERSION: &str = {:?};\npub(crate) const ROUTES: &[Route] = &[\n",
        text("name"),
        text("version")
    );
    let triggers =
        table.get("trigger").and_then(|trigger| trigger.get("http")).and_then(toml::Value::as_array);
    let mut routes: Vec<(&str, &str)> = triggers.into_iter().flatten().filter_map(public_route).collect();
    routes.sort_by_key(|(route, component)| (area(component), *route));
    for (route, component) in routes {
        let area = area(component);
        writeln!(rust, "    Route {{ area: {area:?}, component: {component:?}, path: {route:?} }},")
            .expect("writing to a string never fails");
    }
    rust + "];\n"
}

/// A private route is nobody's business, and the one for what is not there leads nowhere.
fn public_route(trigger: &toml::Value) -> Option<(&str, &str)> {
    let route = trigger.get("route")?.as_str()?;
    (route != "/...").then_some((route, trigger.get("component")?.as_str()?))
}

/// The first word of a component's name is the folder it is in.
fn area(component: &str) -> &str {
    component.split('-').next().unwrap_or(component)
}
