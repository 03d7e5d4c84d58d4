//! A stack that lasts: what it keeps, how it recovers, and that nothing outlives the program that started it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use host_dev_stack::{Data, DevStack, Search, Settings};
use tokio_postgres::{Client, NoTls};

/// A folder that every account can enter: the servers run under another account when the tests run as root.
fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn settings(folder: &Path, data: Data) -> Settings {
    Settings { folder: folder.to_owned(), data, ..Settings::default() }
}

async fn start(folder: &Path, data: Data) -> DevStack {
    DevStack::start(settings(folder, data), |_| {}).await.unwrap()
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn redis_command(url: &str, words: &[&str]) -> String {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_stop_and_a_start_keep_data_ports_and_passwords() {
    let folder = folder();
    let first = start(folder.path(), Data::Kept).await;
    let (database_url, redis_url) = (first.database_url(), first.redis_url());
    let owner = connect(&first.owner_url()).await;
    owner.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").await.unwrap();
    drop(owner);
    redis_command(&redis_url, &["SET", "kept", "yes"]).await;
    first.stop().await.unwrap();

    let second = start(folder.path(), Data::Kept).await;
    assert_eq!((second.database_url(), second.redis_url()), (database_url, redis_url.clone()));
    let owner = connect(&second.owner_url()).await;
    let n: i32 = owner.query_one("SELECT n FROM kept", &[]).await.unwrap().get(0);
    assert_eq!(n, 7);
    assert_eq!(redis_command(&redis_url, &["GET", "kept"]).await, "yes");
    drop(owner);
    second.stop().await.unwrap();

    let fresh = start(folder.path(), Data::Cleared).await;
    let owner = connect(&fresh.owner_url()).await;
    assert!(owner.query_one("SELECT n FROM kept", &[]).await.is_err(), "--fresh clears the data");
    fresh.stop().await.unwrap();
}

#[tokio::test]
async fn the_application_role_owns_nothing_and_data_is_durable() {
    let folder = folder();
    let stack = start(folder.path(), Data::Kept).await;
    let app = connect(&stack.database_url()).await;
    let role = app
        .query_one(
            "SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole, \
             (SELECT count(*) FROM pg_class WHERE relowner = r.oid), current_setting('fsync'), \
             current_setting('full_page_writes') FROM pg_roles r WHERE rolname = current_user",
            &[],
        )
        .await
        .unwrap();
    assert!(!role.get::<_, bool>(0));
    assert_eq!(role.get::<_, i64>(1), 0);
    assert_eq!((role.get::<_, &str>(2), role.get::<_, &str>(3)), ("on", "on"));
    assert!(app.batch_execute("CREATE TABLE public.mine (n int)").await.is_err());
    let owner = connect(&stack.owner_url()).await;
    let sane = owner
        .query_one("SELECT lower('ÄÖ') = 'äö' AND current_setting('server_encoding') = 'UTF8'", &[])
        .await
        .unwrap();
    assert!(sane.get::<_, bool>(0), "letters beyond ASCII have their lower case");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_in_the_same_folder_is_refused_while_the_first_runs() {
    let folder = folder();
    let first = start(folder.path(), Data::Kept).await;
    let refused =
        DevStack::start(settings(folder.path(), Data::Kept), |_| {}).await.err().unwrap().to_string();
    assert!(refused.contains("in use by process"), "{refused}");
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_given_up_for_a_free_one() {
    let folder = folder();
    let first = start(folder.path(), Data::Kept).await;
    first.stop().await.unwrap();
    let port_of = |name: &str| -> u16 {
        std::fs::read_to_string(folder.path().join(name)).unwrap().trim().parse().unwrap()
    };
    let taken = ["postgres.port", "redis.port"].map(port_of);
    let _listeners = taken.map(|port| std::net::TcpListener::bind(("127.0.0.1", port)).unwrap());
    let second = start(folder.path(), Data::Kept).await;
    connect(&second.database_url()).await;
    assert_ne!(["postgres.port", "redis.port"].map(port_of), taken);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn the_sandbox_owns_its_database_and_reaches_no_other() {
    let folder = folder();
    let stack = start(folder.path(), Data::Kept).await;
    let sandbox = connect(&stack.sandbox_database_url()).await;
    sandbox.batch_execute("CREATE SCHEMA own; CREATE TABLE own.charge (n int)").await.unwrap();
    drop(sandbox);
    let elsewhere = stack.sandbox_database_url().replace("/sandbox?", "/moalog?");
    let refused = tokio_postgres::connect(&elsewhere, NoTls).await.err().unwrap();
    assert_eq!(refused.code().map(tokio_postgres::error::SqlState::code), Some("42501"));
    let intruder = stack.database_url().replace("/moalog?", "/sandbox?");
    let refused = tokio_postgres::connect(&intruder, NoTls).await.err().unwrap();
    assert_eq!(refused.code().map(tokio_postgres::error::SqlState::code), Some("42501"));
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_machine_without_postgres_is_told_the_command_that_mends_it() {
    let folder = folder();
    let mut settings = settings(folder.path(), Data::Kept);
    settings.search = Search::only_in([folder.path().to_owned()]);
    let refused = DevStack::start(settings, |_| {}).await.err().unwrap().to_string();
    assert!(refused.contains("PostgreSQL was not found") && refused.contains("scripts/setup"), "{refused}");
}

/// Lines that the program prints: a reader that leaves earlier would end it.
const ADDRESSES: usize = 4;

/// The stack in a program of its own, in a process group of its own, with the addresses that it printed.
fn program(folder: &Path) -> (Child, BTreeMap<String, String>) {
    // Asked for at run time: another checkout may have compiled this test.
    let binary = std::env::var_os("CARGO_BIN_EXE_moalog-dev-stack").expect("cargo says where the program is");
    let mut child = Command::new(binary)
        .arg("--folder")
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(ADDRESSES);
    let addresses = lines
        .map(|line| {
            let line = line.unwrap();
            let (name, value) = line.split_once('=').unwrap();
            (name.to_owned(), value.trim_matches('\'').to_owned())
        })
        .collect();
    (child, addresses)
}

/// Process ids whose command line or working folder lies in `folder`.
fn processes_in(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().unwrap();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let is_process = entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit());
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        let there = std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder));
        if is_process && (there || line.contains(&folder.display().to_string())) {
            found.push(format!("{} {}", entry.file_name().to_string_lossy(), line.replace('\0', " ")));
        }
    }
    found
}

fn wait_until_nothing_runs_in(folder: &Path) {
    let since = Instant::now();
    while !processes_in(folder).is_empty() {
        assert!(since.elapsed() < Duration::from_secs(15), "left behind: {:#?}", processes_in(folder));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_kill_of_the_program_leaves_no_server_and_the_next_start_recovers() {
    let folder = folder();
    let (mut child, addresses) = program(folder.path());
    let owner = connect(&addresses["MOALOG_MIGRATION_URL"]).await;
    owner.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").await.unwrap();
    assert!(processes_in(folder.path()).len() >= 4, "servers and guards are seen by this test");
    child.kill().unwrap();
    child.wait().unwrap();
    // At once, while the guards are still stopping the servers.
    let stack = start(folder.path(), Data::Kept).await;
    let again = connect(&stack.owner_url()).await;
    let n: i32 = again.query_one("SELECT n FROM kept", &[]).await.unwrap().get(0);
    assert_eq!(n, 7);
    drop(again);
    stack.stop().await.unwrap();
    wait_until_nothing_runs_in(folder.path());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_kill_of_program_and_guards_is_recovered_from_by_the_next_start() {
    let folder = folder();
    let (mut child, addresses) = program(folder.path());
    let owner = connect(&addresses["MOALOG_MIGRATION_URL"]).await;
    owner.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").await.unwrap();
    // The guards first, by their ids, both shells of each.
    for process in processes_in(folder.path()).iter().filter(|line| line.contains("moalog-guard")) {
        let pid: i32 = process.split(' ').next().unwrap().parse().unwrap();
        let _already_gone = rustix::process::kill_process(
            rustix::process::Pid::from_raw(pid).unwrap(),
            rustix::process::Signal::KILL,
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let stack = start(folder.path(), Data::Kept).await;
    let again = connect(&stack.owner_url()).await;
    let n: i32 = again.query_one("SELECT n FROM kept", &[]).await.unwrap().get(0);
    assert_eq!(n, 7);
    drop(again);
    stack.stop().await.unwrap();
    wait_until_nothing_runs_in(folder.path());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn ctrl_c_reaches_the_program_alone_and_it_stops_the_servers() {
    let folder = folder();
    let (mut child, _addresses) = program(folder.path());
    let group = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process_group(group, rustix::process::Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(processes_in(folder.path()), Vec::<String>::new());
    let log = std::fs::read_to_string(folder.path().join("postgres/server.log")).unwrap();
    assert!(log.contains("database system is shut down"), "a clean stop: {log}");
}
