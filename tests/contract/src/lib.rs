//! What the application serves, read from its manifest and its sources: routes and the methods behind them.
//!
//! `tests/all/openapi.rs` holds the OpenAPI document against it, both ways. It never starts anything.

use std::{collections::BTreeSet, fs};

/// Method (small letters) and route, as in the manifest.
pub type Served = BTreeSet<(String, String)>;

/// Routes that are no part of an API: the page for people, and what no other route takes.
const NO_API: [&str; 2] = ["/", "/..."];

/// Everything that `spin.toml` routes to a component, with the methods that the component's own table has for it.
///
/// # Errors
/// When the manifest or a component's source cannot be read.
pub fn served() -> Result<Served, String> {
    let text =
        fs::read_to_string(tests_checkout::top().join("spin.toml")).map_err(|error| error.to_string())?;
    let manifest: toml::Table = text.parse().map_err(|error| format!("spin.toml: {error}"))?;
    let triggers =
        manifest.get("trigger").and_then(|trigger| trigger.get("http")).and_then(toml::Value::as_array);
    let mut all = Served::new();
    for trigger in triggers.into_iter().flatten() {
        let text = |key: &str| trigger.get(key).and_then(toml::Value::as_str);
        let (Some(route), Some(component)) = (text("route"), text("component")) else { continue };
        if NO_API.contains(&route) {
            continue;
        }
        let methods = methods(component, route)?;
        if methods.is_empty() {
            return Err(format!("{component} has no handler for {route}"));
        }
        all.extend(methods.into_iter().map(|method| (method, route.to_owned())));
    }
    Ok(all)
}

/// The methods of a component's `routes!` table for a route; one without paths serves them all alike.
fn methods(component: &str, route: &str) -> Result<BTreeSet<String>, String> {
    let (domain, endpoint) = component.split_once('-').ok_or_else(|| format!("{component}: no domain"))?;
    let folder = tests_checkout::top().join("components").join(domain).join(endpoint).join("src");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).map_err(|error| error.to_string())?;
            found.extend(methods_in(&source, route));
        }
    }
    Ok(found)
}

fn methods_in(source: &str, route: &str) -> BTreeSet<String> {
    let Some((_, table)) = source.split_once("routes![") else { return BTreeSet::new() };
    let table = table.split(']').next().unwrap_or_default();
    let rows = table.split(',').map(str::split_whitespace).filter_map(|mut words| {
        let (method, path) = (words.next()?, words.next()?);
        let here = path.strip_prefix('"').is_none_or(|path| path.trim_end_matches('"') == route);
        here.then(|| method.to_ascii_lowercase())
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_paths_parts_them_and_one_without_serves_all() {
        let source = "serve(request, routes![GET \"/a\" a, POST \"/a\" b,\n PUT \"/b/:id\" c::d,]).await";
        assert_eq!(methods_in(source, "/a").into_iter().collect::<Vec<_>>(), ["get", "post"]);
        assert_eq!(methods_in(source, "/b/:id").into_iter().collect::<Vec<_>>(), ["put"]);
        assert_eq!(methods_in("routes![POST make, GET list]", "/x").len(), 2);
    }
}
