//! Which component answers a path, and what its `spin-*` headers will say. The expectations are Spin's behaviour.

#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

use host_manifest::{App, Inputs, Problems, RouteMatch, RouteTable, load};
use std::collections::BTreeMap;
use std::fmt::Write as _;

fn read(routes: &[&str]) -> Result<App, Problems> {
    let mut manifest = String::from("spin_manifest_version = 2\n[application]\nname = \"demo\"\n");
    for (number, route) in routes.iter().enumerate() {
        let route = if route.starts_with('{') { (*route).to_owned() } else { format!("{route:?}") };
        write!(manifest, "[[trigger.http]]\nroute = {route}\ncomponent = \"c{number}\"\n").unwrap();
        write!(manifest, "[component.c{number}]\nsource = \"c.wasm\"\n").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spin.toml");
    std::fs::write(&path, manifest).unwrap();
    let values = BTreeMap::new();
    load(&path, &Inputs { values: &values, check_values: true, check_sources: false })
}

fn app(routes: &[&str]) -> App {
    read(routes).expect("a sound manifest")
}

fn table(routes: &[&str]) -> RouteTable {
    RouteTable::new(&app(routes))
}

fn raw<'r>(table: &'r RouteTable, path: &str) -> Option<&'r str> {
    table.find(path).map(|found| found.raw_route)
}

#[test]
fn an_exact_route_fits_its_path_with_or_without_a_slash_at_the_end() {
    let table = table(&["/rooms"]);
    for fits in ["/rooms", "/rooms/"] {
        assert_eq!(raw(&table, fits), Some("/rooms"), "{fits}");
    }
    for other in ["/", "/room", "/rooms2", "/rooms/1", "/Rooms"] {
        assert_eq!(raw(&table, other), None, "{other}");
    }
}

#[test]
fn the_most_specific_route_wins_whatever_its_place_in_the_manifest() {
    let table = table(&["/...", "/rooms/...", "/rooms/:id", "/rooms/mine", "/rooms/:id/members", "/"]);
    for (path, expected) in [
        ("/", "/"),
        ("/x", "/..."),
        ("/x/y", "/..."),
        ("/rooms", "/rooms/..."),
        ("/rooms/mine", "/rooms/mine"),
        ("/rooms/7", "/rooms/:id"),
        ("/rooms/7/members", "/rooms/:id/members"),
        ("/rooms/7/other", "/rooms/..."),
        ("/rooms/mine/members", "/rooms/:id/members"),
    ] {
        assert_eq!(raw(&table, path), Some(expected), "{path}");
    }
}

#[test]
fn the_longest_prefix_wins_among_wildcards() {
    let table = table(&["/a/...", "/a/b/...", "/a/b/c/..."]);
    assert_eq!(raw(&table, "/a/x"), Some("/a/..."));
    assert_eq!(raw(&table, "/a/b/x"), Some("/a/b/..."));
    assert_eq!(raw(&table, "/a/b/c/x/y"), Some("/a/b/c/..."));
}

#[test]
fn what_a_wildcard_stands_for_keeps_its_slashes() {
    let table = table(&["/test/...", "/..."]);
    for (path, trailing) in [
        ("/test", ""),
        ("/test/", "/"),
        ("/test/hello", "/hello"),
        ("/test/hello/", "/hello/"),
        ("/test/a/b%20c", "/a/b%20c"),
        ("/1/2/3", "/1/2/3"),
        ("/", "/"),
    ] {
        assert_eq!(table.find(path).unwrap().trailing, trailing, "{path}");
    }
    assert_eq!(table.find("*").unwrap().trailing, "/*", "the path of OPTIONS *");
}

#[test]
fn named_segments_are_captured_by_name() {
    let table = table(&["/rooms/:room/members/:member", "/users/:userid/..."]);
    let found = table.find("/rooms/7/members/ann").unwrap();
    assert_eq!(found.named, [("room", "7"), ("member", "ann")]);
    assert_eq!(found.trailing, "");
    let found = table.find("/users/alice/x").unwrap();
    assert_eq!((found.named.as_slice(), found.trailing.as_ref()), ([("userid", "alice")].as_slice(), "/x"));
    assert_eq!(raw(&table, "/rooms//members/ann"), None, "a named segment is never empty");
}

#[test]
fn a_match_tells_all_that_the_headers_need() {
    let table = table(&["/api/:v/...", "/", "bare"]);
    let found = table.find("/api/1/x").unwrap();
    assert_eq!(
        (found.component, found.raw_route, found.based_route, found.raw_route_or_prefix()),
        ("c0", "/api/:v/...", "/api/:v/...", "/api/:v")
    );
    let root = table.find("/").unwrap();
    assert_eq!((root.raw_route, root.based_route), ("/", ""), "Spin's own spin-matched-route is empty for /");
    let bare = table.find("/bare").unwrap();
    assert_eq!((bare.raw_route, bare.based_route), ("bare", "/bare"));
}

#[test]
fn private_routes_have_no_path() {
    let table = table(&["{ private = true }", "/open"]);
    assert_eq!(raw(&table, "/"), None);
    assert_eq!(table.find("/open").unwrap().component, "c1");
}

#[test]
fn a_chained_call_matches_as_if_its_component_answered_everything() {
    let chained = RouteMatch::chained("shop", "/cart");
    assert_eq!((chained.component, chained.raw_route, chained.trailing.as_ref()), ("shop", "/...", "/cart"));
    assert_eq!(chained.raw_route_or_prefix(), "");
}

proptest::proptest! {
    #[test]
    fn no_path_makes_the_router_panic(path in ".*", route in "(/[a-z:.]{1,6}){1,3}(/\\.\\.\\.)?") {
        // Refused are routes that are none, and one that fits the same paths as the two others.
        if let Ok(app) = read(&[&route, "/:a.:b/...", "/x.:y"]) {
            let table = RouteTable::new(&app);
            let _either = (table.find(&path), table.find(&format!("/{path}")));
        }
    }
}
