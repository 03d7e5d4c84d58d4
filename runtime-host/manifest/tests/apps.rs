//! What comes out of a sound manifest.

#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

use host_manifest::{App, Capability, FILES_PER_COMPONENT_MAX, Inputs, Problems, load};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"demo\"\n";

fn load_in(folder: &Path, manifest: &str, values: &[(&str, &str)], check: bool) -> Result<App, Problems> {
    let path = folder.join("spin.toml");
    std::fs::write(&path, format!("{HEAD}{manifest}")).unwrap();
    let values: BTreeMap<String, String> =
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(&path, &Inputs { values: &values, check_values: check, check_sources: check })
}

fn load_text(manifest: &str, values: &[(&str, &str)]) -> App {
    let folder = tempfile::tempdir().unwrap();
    load_in(folder.path(), manifest, values, false).expect("a sound manifest")
}

const SECRETIVE: &str = r#"
[variables]
token = { required = true, secret = true }
zone = { default = "eu" }
[[trigger.http]]
route = "/..."
component = "hello"
[component.hello]
source = "hello.wasm"
allowed_outbound_hosts = ["https://{{ token }}.example.com", "https://{{ zone }}.example.com"]
variables = { auth = "Bearer {{ token }}", zone = "{{ zone }}" }
"#;

#[test]
fn templates_are_filled_in_and_values_from_secrets_are_marked() {
    let app = load_text(SECRETIVE, &[("token", "hunter2"), ("zone", "us")]);
    let hello = &app.components["hello"];
    assert_eq!(hello.variables["auth"], "Bearer hunter2");
    assert_eq!(hello.variables["zone"], "us");
    assert_eq!(hello.secrets, BTreeSet::from(["auth".to_owned()]));
    assert!(hello.grants.check("https", "hunter2.example.com", 443).is_ok());
    assert!(hello.grants.check("https", "eu.example.com", 443).is_err());
}

#[test]
fn debug_output_holds_no_secret() {
    let app = load_text(SECRETIVE, &[("token", "hunter2")]);
    let debug = format!("{app:?} {:?} {:?}", app.components["hello"], app.variables["token"]);
    assert!(!debug.contains("hunter2"), "{debug}");
    assert!(debug.contains("(secret)") && debug.contains("eu.example.com"), "{debug}");
}

#[test]
fn without_its_value_a_grant_is_shown_as_written_and_grants_nothing() {
    let app = load_text(SECRETIVE, &[]);
    let hello = &app.components["hello"];
    assert_eq!(hello.grants_shown, ["https://{{ token }}.example.com", "https://eu.example.com"]);
    assert_eq!(hello.grants.entries().collect::<Vec<_>>(), ["https://eu.example.com"]);
    assert!(!hello.variables.contains_key("auth"));
}

#[test]
fn a_refusal_names_the_component_as_the_manifest_does() {
    let app = load_text(SECRETIVE, &[("token", "t")]);
    let refused = app.components["hello"].grants.check("redis", "db", 6379).unwrap_err();
    assert!(refused.to_string().ends_with(r#"of component "hello""#), "{refused}");
}

#[test]
fn middleware_keeps_its_order_and_inherits_only_what_is_listed() {
    let app = load_text(
        r#"
[[trigger.http]]
route = "/..."
component = "hello"
dependencies.middleware = [
  { component = "outer", inherit_configuration = true },
  { path = "inner.wasm", inherit_configuration = ["key_value_stores"] },
  { component = "bare" },
]
[component]
hello.source = "hello.wasm"
outer = { source = "outer.wasm", build.command = "make outer" }
bare.source = "bare.wasm"
"#,
        &[],
    );
    assert_eq!(app.components.keys().collect::<Vec<_>>(), ["hello"], "middleware alone answers nothing");
    let middleware = &app.components["hello"].middleware;
    assert_eq!(
        middleware.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(),
        ["outer", "inner.wasm", "bare"]
    );
    assert_eq!(middleware[0].inherits, BTreeSet::from(Capability::ALL));
    assert_eq!(middleware[1].inherits, BTreeSet::from([Capability::KeyValueStores]));
    assert!(middleware[2].inherits.is_empty());
    assert_eq!(middleware[0].build.as_ref().unwrap().commands, ["make outer"]);
}

#[test]
fn a_component_is_split_when_only_some_of_its_routes_have_middleware() {
    let app = load_text(
        r#"
[[trigger.http]]
route = "/open"
component = "hello"
[[trigger.http]]
id = "gated"
route = "/gated"
component = "hello"
dependencies.middleware = [{ component = "gate" }]
[[trigger.http]]
route = "/gated-too"
component = "hello"
dependencies.middleware = [{ component = "gate" }]
[component]
hello.source = "hello.wasm"
gate.source = "gate.wasm"
"#,
        &[],
    );
    let reached: Vec<&str> = app.routes.iter().map(|route| route.component.as_str()).collect();
    assert_eq!(reached, ["hello", "hello-for-gated", "hello-for-http-trigger1"]);
    assert!(app.components["hello"].middleware.is_empty());
    let gated = &app.components["hello-for-gated"];
    assert_eq!((gated.declared_id.as_str(), gated.middleware.len()), ("hello", 1));
}

#[test]
fn a_build_runs_in_its_workdir_below_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = r#"
[[trigger.http]]
route = "/..."
component = "hello"
[component.hello]
source = "hello.wasm"
build = { command = ["a", "b"], workdir = "web", watch = ["src/**"] }
"#;
    let app = load_in(folder.path(), manifest, &[], false).unwrap();
    let build = app.components["hello"].build.as_ref().unwrap();
    assert_eq!(build.commands, ["a", "b"]);
    assert_eq!(build.folder, folder.path().join("web"));
    assert_eq!(app.components["hello"].source, folder.path().join("hello.wasm"));
}

fn with_files(files: &str) -> String {
    format!(
        "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"hello\"\n[component.hello]\nsource = \"spin.toml\"\n{files}\n"
    )
}

fn guest_paths(app: &App) -> Vec<&str> {
    app.components["hello"].files.iter().map(|file| file.guest.as_str()).collect()
}

#[test]
fn granted_files_are_listed_one_by_one_with_their_path_in_the_guest() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["static/index.html", "static/css/site.css", "static/index.bak", "notes/a.txt", "data.json"] {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file).unwrap();
    }
    let files = r#"
files = ["notes/*.txt", { source = "static", destination = "/www" }, { source = "data.json", destination = "d/x.json" }]
exclude_files = ["**/*.bak"]"#;
    let app = load_in(folder.path(), &with_files(files), &[], true).unwrap();
    assert_eq!(guest_paths(&app), ["d/x.json", "notes/a.txt", "www/css/site.css", "www/index.html"]);
    assert_eq!(
        std::fs::read_to_string(&app.components["hello"].files[2].source).unwrap(),
        "static/css/site.css"
    );
    let whole = load_in(folder.path(), &with_files("files = [\"static\"]"), &[], true).unwrap();
    assert_eq!(guest_paths(&whole), ["static/css/site.css", "static/index.bak", "static/index.html"]);
}

#[test]
fn a_symbolic_link_out_of_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("innocent.txt")).unwrap();
    for files in ["files = [\"innocent.txt\"]", "files = [\"*.txt\"]"] {
        let problems = load_in(folder.path(), &with_files(files), &[], true).unwrap_err();
        assert!(problems.to_string().contains("leads out of the manifest's folder"), "{problems}");
    }
}

#[test]
fn more_files_than_the_bound_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..=FILES_PER_COMPONENT_MAX {
        std::fs::File::create(folder.path().join(format!("{number}.txt"))).unwrap();
    }
    let problems = load_in(folder.path(), &with_files("files = [\"*.txt\"]"), &[], true).unwrap_err();
    assert!(problems.to_string().contains("grants more than 10000 files"), "{problems}");
}

#[test]
fn a_manifest_that_is_not_there_is_one_clear_sentence() {
    let values = BTreeMap::new();
    let inputs = Inputs { values: &values, check_values: true, check_sources: true };
    let problems = load(Path::new("/nowhere/spin.toml"), &inputs).unwrap_err();
    assert!(problems.to_string().starts_with("/nowhere/spin.toml cannot be read: "), "{problems}");
}

#[test]
fn an_overlay_adds_components_and_routes() {
    let folder = tempfile::tempdir().unwrap();
    let main = "[[trigger.http]]\nroute = \"/a\"\ncomponent = \"a\"\n[component.a]\nsource = \"a.wasm\"";
    let more = "[variables]\nx = { default = \"1\" }\n[[trigger.http]]\nroute = \"/b\"\ncomponent = \"b\"\n[component.b]\nsource = \"b.wasm\"";
    let app = load_in(folder.path(), main, &[], false).unwrap();
    let app = app.with_overlay(load_in(folder.path(), more, &[], false).unwrap()).unwrap();
    assert_eq!(app.components.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(app.routes.len(), 2);
    assert!(app.variables.contains_key("x"));
}

#[test]
fn the_projects_own_manifests_are_sound_and_need_no_remark() {
    let root = Path::new("../..");
    let values = BTreeMap::new();
    let inputs = Inputs { values: &values, check_values: false, check_sources: false };
    let app = load(&root.join("spin.toml"), &inputs).unwrap_or_else(|problems| panic!("{problems}"));
    let sandbox =
        load(&root.join("sandbox/spin.toml"), &inputs).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(!app.routes.is_empty() && !sandbox.routes.is_empty());
    for app in [&app, &sandbox] {
        assert_eq!(app.notes, [], "{:?}", app.manifest);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(manifest in "([a-z.\\[\\]{}=\" \n0-9]|\\[component\\.a\\]\n|source = |files = |route = ){0,40}") {
        let folder = tempfile::tempdir().unwrap();
        let _either = load_in(folder.path(), &manifest, &[], true);
    }
}
