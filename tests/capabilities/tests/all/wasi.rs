//! WASI: environment, clocks, random numbers, standard output, granted files and sockets.

use serde_json::{Value, json};
use tests_capabilities::{Target, bed, err, ok, run};

async fn target() -> &'static Target {
    &bed().await.target
}

#[test]
fn the_environment_is_what_the_manifest_says() {
    run(async {
        let bed = bed().await;
        let seen = bed.get_json("/wasi/environment").await;
        assert_eq!(seen["variables"]["GREETING"], "hello");
        assert_eq!(seen["variables"]["EMPTY"], "");
        assert_eq!(seen["variables"].get("PATH"), None);
        let seen = bed.get_json("/ungranted/wasi/environment").await;
        assert_eq!(seen["variables"], json!({}));
    });
}

#[test]
fn clocks_go_forward_by_what_was_waited() {
    run(async {
        let seen = bed().await.get_json("/wasi/clocks?waitMs=50").await;
        for clock in ["waitedUs", "waitedP3Us"] {
            let us = seen[clock].as_u64().unwrap();
            assert!((50_000..5_000_000).contains(&us), "{clock}: {us}");
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        for clock in ["unixSeconds", "unixSecondsP3"] {
            assert!(seen[clock].as_u64().unwrap().abs_diff(now) < 10, "{clock}");
        }
    });
}

#[test]
fn random_numbers_differ() {
    run(async {
        let bed = bed().await;
        let (one, two) = (bed.get_json("/wasi/random").await, bed.get_json("/wasi/random").await);
        for kind in ["secure", "secureU64"] {
            assert_ne!(one[kind], two[kind], "{kind}");
        }
        assert_eq!(one["secure"].as_str().map(str::len), Some(32));
    });
}

#[test]
fn printing_never_disturbs_the_answer() {
    run(async {
        assert_eq!(bed().await.get_json("/wasi/print?word=here").await, "printed");
    });
}

#[test]
fn granted_files_are_read_and_listed() {
    run(async {
        let bed = bed().await;
        let read = bed.get_json("/wasi/read?path=/granted/note.txt").await;
        assert_eq!(ok(&read)["utf8"], "a granted file\n");
        let read = bed.get_json("/wasi/read?path=/granted/deeper/note.txt").await;
        assert_eq!(ok(&read)["utf8"], "deeper\n");
        let listed = bed.get_json("/wasi/list?path=/granted").await;
        let listed: Vec<&str> =
            ok(&listed).as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(listed.contains(&"note.txt") && listed.contains(&"deeper"), "{listed:?}");
    });
}

#[test]
fn nothing_else_of_the_machine_can_be_read() {
    run(async {
        let bed = bed().await;
        for path in [
            "/etc/passwd",
            "/granted/../../etc/passwd",
            "/granted/secret.txt",
            "Cargo.toml",
            "/proc/self/environ",
        ] {
            err(&bed.get_json(&format!("/wasi/read?path={path}")).await);
        }
        err(&bed.get_json("/ungranted/wasi/read?path=/granted/note.txt").await);
    });
}

#[test]
fn granted_files_cannot_be_written() {
    run(async {
        let bed = bed().await;
        for path in ["/granted/note.txt", "/granted/new.txt", "/new.txt"] {
            err(&bed.get_json(&format!("/wasi/write?path={path}")).await);
        }
        let read = bed.get_json("/wasi/read?path=/granted/note.txt").await;
        assert_eq!(ok(&read)["utf8"], "a granted file\n");
    });
}

#[test]
fn a_granted_socket_connects_through_both_versions() {
    run(async {
        let (bed, socket) = (bed().await, target().await.socket());
        for route in ["connect", "connect-p2"] {
            let answer = bed.get_json(&format!("/wasi/{route}?to={socket}")).await;
            assert_eq!(ok(&answer)["utf8"], "hello from a socket\n", "{route}");
        }
    });
}

#[test]
fn other_sockets_are_refused() {
    run(async {
        let (bed, target) = (bed().await, target().await);
        let elsewhere = target.origin().trim_start_matches("http://").to_owned();
        for route in ["connect", "connect-p2"] {
            err(&bed.get_json(&format!("/wasi/{route}?to={elsewhere}")).await);
            err(&bed.get_json(&format!("/ungranted/wasi/{route}?to={}", target.socket())).await);
        }
    });
}

#[test]
fn listening_is_refused() {
    run(async {
        let bed = bed().await;
        for path in ["/wasi/listen", "/ungranted/wasi/listen"] {
            let answer: Value = bed.get_json(path).await;
            err(&answer);
        }
    });
}
