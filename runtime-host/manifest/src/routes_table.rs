//! The table that `moalog routes` prints.

use crate::app::{App, Component, Exposure, Route};

const HEADINGS: [&str; 4] = ["ROUTE", "COMPONENT", "MIDDLEWARE", "GRANTS"];

/// One line per route, in the order of the manifest: pattern, component, what stands in front of it, what it was
/// granted. Every line ends with a line feed; entries that hold a secret are shown as the manifest writes them.
pub fn routes_table(app: &App) -> String {
    let rows: Vec<[String; 4]> = std::iter::once(HEADINGS.map(str::to_owned))
        .chain(app.routes.iter().filter_map(|route| Some(row(route, app.components.get(&route.component)?))))
        .collect();
    let mut widths = [0; 4];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut table = String::new();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        table.push_str(cells.join("  ").trim_end());
        table.push('\n');
    }
    table
}

fn row(route: &Route, component: &Component) -> [String; 4] {
    let pattern = match &route.exposure {
        Exposure::Public(pattern) => pattern.raw().to_owned(),
        Exposure::Private => "(private)".to_owned(),
    };
    let middleware: Vec<&str> = component.middleware.iter().map(|one| one.name.as_str()).collect();
    [pattern, component.declared_id.clone(), joined(&middleware), joined(&grants(component))]
}

fn grants(component: &Component) -> Vec<String> {
    let mut grants = component.grants_shown.clone();
    grants.extend(component.key_value_stores.iter().map(|label| format!("key-value:{label}")));
    grants.extend(component.sqlite_databases.iter().map(|label| format!("sqlite:{label}")));
    match component.files.len() {
        0 => {}
        1 => grants.push("1 file".to_owned()),
        count => grants.push(format!("{count} files")),
    }
    grants
}

fn joined(parts: &[impl AsRef<str>]) -> String {
    if parts.is_empty() {
        return "-".to_owned();
    }
    parts.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
