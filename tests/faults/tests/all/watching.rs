//! `moalog up --watch`: a changed component is in use within a second of its build, and nothing else notices.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::json;
use tests_faults::{Host, Launch, Line, Whole, ask, run};

const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "watched"
[variables]
database_url = { required = true, secret = true }
database_origin = { required = true }
[[trigger.http]]
route = "/changing/..."
component = "changing"
[[trigger.http]]
route = "/postgres/..."
component = "steady"
[component.changing]
source = "changing.wasm"
[component.changing.build]
command = "sh build.sh"
watch = ["src/**/*.rs"]
[component.steady]
source = "steady.wasm"
allowed_outbound_hosts = ["{{ database_origin }}"]
variables = { database_url = "{{ database_url }}" }
"#;
/// What stands beside the app, and over it.
const OTHER: &str = r#"
spin_manifest_version = 2
[application]
name = "other"
[[trigger.http]]
route = "/other/..."
component = "other"
[component.other]
source = "steady.wasm"
"#;
const VARIABLES: &str =
    "[variables]\ndatabase_url = \"{database_url}\"\ndatabase_origin = \"{database_origin}\"\n";

fn built(component: &str) -> PathBuf {
    tests_checkout::top().join(format!("target/wasm32-wasip2/release/tests_components_{component}.wasm"))
}

/// An app in a folder of its own; a change below `src/` puts `next.wasm` in place.
fn lay_out(folder: &Path) {
    fs::create_dir(folder.join("src")).unwrap();
    for (name, text) in [
        ("spin.toml", MANIFEST),
        ("overlay.toml", OTHER),
        ("sandbox.toml", OTHER),
        ("variables.toml", VARIABLES),
        ("sandbox-variables.toml", "[variables]\n"),
        ("build.sh", "cp next.wasm changing.wasm\n"),
        ("src/lib.rs", "// one\n"),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    fs::copy(built("echo"), folder.join("changing.wasm")).unwrap();
    fs::copy(built("misbehaving"), folder.join("next.wasm")).unwrap();
    fs::copy(built("capability_postgres"), folder.join("steady.wasm")).unwrap();
}

async fn watched(folder: &Path, whole: &Whole) -> Host {
    let launch = Launch::up_from(folder.join("spin.toml"))
        .flag("--database-url", &whole.database.database_url)
        .flag("--migration-url", &whole.database.owner_url)
        .flag("--redis-url", whole.stack.redis_url())
        .flag("--sandbox", folder.join("sandbox.toml").display())
        .flag("--sandbox-variables", folder.join("sandbox-variables.toml").display())
        .flag("--dev-routes", folder.join("overlay.toml").display())
        .flag("--dev-variables", folder.join("variables.toml").display())
        .switch("--watch");
    let host = launch.start().await.unwrap();
    while !host.told().contains("watching") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    host
}

async fn database_connection(host: &Host) -> String {
    let order = json!({ "steps": [{ "query": "SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_activity WHERE usename = 'moalog_app'" }] });
    let said = ask(Method::POST, &host.at("/postgres/run"), None, Some(&order)).await;
    said.body["ok"][0]["ok"]["rows"][0][0]["value"].as_str().unwrap_or_else(|| panic!("{said:?}")).to_owned()
}

async fn fine(line: &mut Line) -> String {
    assert!(line.say("GET /changing/fine HTTP/1.1\r\nhost: x\r\n\r\n").await);
    line.hear(true).await.text()
}

#[test]
fn a_changed_component_is_swapped_within_a_second_while_port_and_pools_stay() {
    run(async {
        // Compiled before, as the second build of a component with one changed line nearly is.
        drop(Launch::components().start().await.unwrap());
        let whole = Whole::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        lay_out(folder.path());
        let host = watched(folder.path(), &whole).await;
        let mut kept = Line::to(host.address()).await;
        assert!(fine(&mut kept).await.contains("\"path\""), "the first is the echo");
        let before = database_connection(&host).await;
        let slow = tokio::spawn(reqwest::get(host.at("/changing/wait?ms=3000")));
        host.until_metric_is("moalog_http_requests_inside", 1, Duration::from_secs(5)).await;

        let began = Instant::now();
        fs::write(folder.path().join("src/lib.rs"), "// two\n").unwrap();
        while fine(&mut kept).await != "fine" {
            assert!(began.elapsed() < Duration::from_secs(5), "{}\n{}", host.told(), host.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = began.elapsed();
        assert!(took < Duration::from_millis(1_000), "{took:?}\n{}", host.told());
        assert_eq!(slow.await.unwrap().unwrap().status(), 200, "a request under way ends where it began");
        assert_eq!(database_connection(&host).await, before, "the pool stays");
    });
}

#[test]
fn a_change_that_does_not_build_or_load_leaves_the_old_one_in_place() {
    run(async {
        let whole = Whole::start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        lay_out(folder.path());
        fs::write(folder.path().join("build.sh"), "echo 'error: planted in the build' >&2; exit 1\n")
            .unwrap();
        let host = watched(folder.path(), &whole).await;
        let mut kept = Line::to(host.address()).await;
        for (build, change, told) in [
            (None, "// two\n", "planted in the build"),
            (Some("echo nonsense > changing.wasm\n"), "// three\n", "component \"changing\""),
        ] {
            if let Some(build) = build {
                fs::write(folder.path().join("build.sh"), build).unwrap();
            }
            fs::write(folder.path().join("src/lib.rs"), change).unwrap();
            let began = Instant::now();
            while !host.told().contains(told) {
                assert!(began.elapsed() < Duration::from_secs(10), "{told:?} is not told: {}", host.told());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert!(fine(&mut kept).await.contains("\"path\""), "the old one goes on");
        }
    });
}
