//! The start: what is told before anything runs, what a signal does meanwhile, and what a first byte may hold.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests_faults::{Host, Launch, Line, free_address, run};
use tokio::net::TcpStream;

const HEAD_MS_MAX: u64 = 600;
const STOP_BOUND: Duration = Duration::from_secs(8);

/// `moalog up` on a folder of its own and these addresses (app, admin, sandbox), until it ends.
fn up(addresses: [SocketAddr; 3], flags: &[&str]) -> Output {
    up_on(tempfile::tempdir().unwrap().path(), addresses, flags)
}

fn up_on(state: &Path, addresses: [SocketAddr; 3], flags: &[&str]) -> Output {
    let mut command = Command::new(tests_checkout::top().join("target/release/moalog"));
    command.current_dir(tests_checkout::top()).arg("up").arg("--state").arg(state).args(flags);
    for (flag, address) in ["--listen", "--admin-listen", "--sandbox-listen"].iter().zip(addresses) {
        command.arg(flag).arg(address.to_string());
    }
    command.output().unwrap()
}

/// Checks that it ended with one sentence, before any server.
#[track_caller]
fn refused(output: &Output, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// The addresses in lines such as `PostgreSQL 17 ready on 127.0.0.1:5432`.
fn servers(host: &Host) -> Vec<SocketAddr> {
    let told = host.told();
    told.lines().filter_map(|line| line.rsplit_once(" ready on ")?.1.trim().parse().ok()).collect()
}

async fn until_servers_are_up(host: &Host) -> Vec<SocketAddr> {
    let began = Instant::now();
    loop {
        let servers = servers(host);
        if servers.len() == 2 {
            return servers;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{}{}", host.told(), host.log());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[test]
fn a_signal_during_the_start_stops_its_servers_and_opens_no_port() {
    run(async {
        let mut host = Launch::up().spawn().unwrap();
        let servers = until_servers_are_up(&host).await;
        host.signal(Signal::INT);
        assert_eq!(host.ended(STOP_BOUND).await.code, Some(0), "{}", host.log());
        for server in servers {
            assert!(TcpStream::connect(server).await.is_err(), "{server} is still there");
        }
        let told = host.told();
        assert!(told.contains("the start is given up") && !told.contains("components ready"), "{told}");
    });
}

#[test]
fn a_port_of_a_host_that_is_still_starting_is_refused_before_any_server_is_started() {
    run(async {
        let mut first = Launch::up().spawn().unwrap();
        // Its ports are taken before its first server.
        while first.told().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(TcpStream::connect(first.address()).await.is_err(), "it is not open yet");
        let second = up([first.address(), free_address(), free_address()], &[]);
        refused(&second, &["is in use by another program", "--listen"]);
        first.signal(Signal::TERM);
        first.ended(STOP_BOUND).await;
    });
}

#[test]
fn one_address_for_two_flags_is_one_sentence() {
    let [one, other] = [free_address(), free_address()];
    refused(&up([one, one, other], &[]), &["--listen", "--admin-listen", "one address"]);
    refused(&up([one, other, one], &[]), &["--listen", "--sandbox-listen", "one address"]);
}

#[test]
fn a_missing_file_is_told_before_any_server_is_started() {
    let addresses = || [free_address(), free_address(), free_address()];
    for flag in ["--overlay", "--dev-routes", "--sandbox", "--dev-variables", "--sandbox-variables"] {
        refused(&up(addresses(), &[flag, "/nowhere/at-all.toml"]), &["/nowhere/at-all.toml"]);
    }
}

#[test]
fn a_fresh_start_forgets_every_store_and_keeps_secrets() {
    const GONE: [&str; 4] =
        ["key-value.redb", "sqlite/default.db", "sandbox/key-value.redb", "sandbox/sqlite/default.db"];
    let state = tempfile::tempdir().unwrap();
    fs::create_dir_all(state.path().join("sandbox/sqlite")).unwrap();
    fs::create_dir(state.path().join("sqlite")).unwrap();
    for file in GONE {
        fs::write(state.path().join(file), "of an earlier run").unwrap();
    }
    fs::write(state.path().join("secrets.json"), "{}").unwrap();
    // No server is there, and so the start ends after it has forgotten.
    let (database, redis) = ("postgres://nobody:none@127.0.0.1:1/none", "redis://127.0.0.1:1");
    let flags = ["--fresh", "--database-url", database, "--redis-url", redis];
    let output = up_on(state.path(), [free_address(), free_address(), free_address()], &flags);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let left = GONE.map(|file| state.path().join(file).exists());
    assert_eq!(left, [false; 4], "{said}");
    assert!(state.path().join("secrets.json").exists());
}

#[test]
fn a_connection_that_might_become_http2_is_held_no_longer_than_a_head() {
    run(async {
        let host = Launch::components().flag("--header-read-ms-max", HEAD_MS_MAX).start().await.unwrap();
        for opening in ["P", "PR", "PRI"] {
            let mut line = Line::to(host.address()).await;
            line.say(opening).await;
            let heard = line.hear(true).await;
            heard.refused(408, "COMMON408");
            let bound = Duration::from_millis(HEAD_MS_MAX * 2);
            assert!(heard.after < bound, "{opening}: {:?}", heard.after);
            line.until_closed().await;
        }
        let mut slow = Line::to(host.address()).await;
        slow.say("P").await;
        tokio::time::sleep(Duration::from_millis(HEAD_MS_MAX / 3)).await;
        slow.say("OST /echo/count HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nok").await;
        assert!(slow.hear(true).await.text().contains("\"bytes\":2"));

        // What follows the first bytes does not begin the time anew.
        let mut late = Line::to(host.address()).await;
        late.say("P").await;
        let began = Instant::now();
        tokio::time::sleep(Duration::from_millis(HEAD_MS_MAX * 3 / 4)).await;
        late.say("OST ").await;
        late.hear(true).await.refused(408, "COMMON408");
        assert!(began.elapsed() < Duration::from_millis(HEAD_MS_MAX * 3 / 2), "{:?}", began.elapsed());
    });
}

#[test]
fn two_hosts_are_malformed_even_when_they_are_equal() {
    run(async {
        let host = Launch::components().start().await.unwrap();
        for second in ["x", "other"] {
            let mut line = Line::to(host.address()).await;
            line.say(format!("GET /echo/info HTTP/1.1\r\nhost: x\r\nhost: {second}\r\n\r\n")).await;
            line.hear(true).await.refused(400, "COMMON400");
        }
    });
}

#[test]
fn a_refusal_of_the_host_speaks_the_language_of_the_highest_quality_and_varies_by_it() {
    run(async {
        let host = Launch::components().start().await.unwrap();
        for (languages, english) in [("en;q=0.3, KO;q=0.4", false), ("ko;q=0.3, EN-us;q=0.4", true)] {
            let mut line = Line::to(host.address()).await;
            line.say(format!("GET /nowhere HTTP/1.1\r\nhost: x\r\naccept-language: {languages}\r\n\r\n"))
                .await;
            let heard = line.hear(true).await;
            heard.refused(404, "COMMON404");
            assert_eq!(heard.text().contains("There is nothing"), english, "{languages}: {}", heard.text());
            assert_eq!(heard.header("vary"), Some("accept-language"));
        }
    });
}
