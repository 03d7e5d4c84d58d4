//! A PostgreSQL of the tests' own: initdb, loopback, a free port, no durability; it ends with the test process however
//! that ends.

use anyhow::{Context, Result, ensure};
use host_postgres::interface::{DbValue, Error, ParameterValue, QueryError, Row};
use host_postgres::{Connection, Postgres, PostgresInstance, Rows, Settings};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

const START_MS_MAX: u64 = 60_000;
const PATTERN: &str = "moalog-test-postgres-";

pub(crate) struct TestServer {
    folder: tempfile::TempDir,
    port: u16,
    options: Vec<String>,
    postmaster: Option<Child>,
}

/// One server for all tests that do no harm to it. It is never dropped: the kernel ends it with the test process, and
/// the next run removes its files.
pub(crate) fn shared() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        remove_leftovers();
        TestServer::start(&[]).unwrap()
    })
}

impl TestServer {
    /// A new server; `options` are settings, `name=value`.
    pub(crate) fn start(options: &[&str]) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix(&format!("{PATTERN}{}-", std::process::id())).tempdir()?;
        if is_root()? {
            run(Command::new("chown").arg("postgres:").arg(folder.path()))?;
        }
        run(as_unprivileged(&program("initdb"))?
            .args(["-U", "moalog", "-A", "trust", "-E", "UTF8"])
            .args(["--locale=C", "--no-sync", "--no-instructions", "-D"])
            .arg(folder.path().join("data")))?;
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut server = Self { folder, port: free_port()?, options, postmaster: None };
        server.restart()?;
        Ok(server)
    }

    /// Starts the server again after [`Self::kill`], on the same port.
    pub(crate) fn restart(&mut self) -> Result<()> {
        let mut command = as_unprivileged(&program("postgres"))?;
        command.arg("-D").arg(self.folder.path().join("data")).arg("-p").arg(self.port.to_string());
        let folder = self.folder.path().display();
        for option in
            ["listen_addresses=127.0.0.1", "fsync=off", &format!("unix_socket_directories={folder}")]
        {
            command.arg("-c").arg(option);
        }
        for option in &self.options {
            command.arg("-c").arg(option);
        }
        command.stdout(Stdio::null()).stderr(std::fs::File::create(self.folder.path().join("log"))?);
        self.postmaster = Some(spawn_for_good(command)?);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(START_MS_MAX) {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() && self.answers() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        anyhow::bail!("no server: {}", std::fs::read_to_string(self.folder.path().join("log"))?)
    }

    fn answers(&self) -> bool {
        Command::new(program("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-U", "moalog", "-p", &self.port.to_string()])
            .status()
            .is_ok_and(|status| status.success())
    }

    /// kill -9 of the postmaster, and of its backends.
    pub(crate) fn kill(&mut self) {
        if let Some(mut postmaster) = self.postmaster.take() {
            let _ = Command::new("pkill").args(["-9", "-P", &postmaster.id().to_string()]).status();
            let _ = postmaster.kill();
            let _ = postmaster.wait();
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn address(&self) -> String {
        format!("postgres://moalog@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    /// A host of its own on this server, with these settings.
    pub(crate) fn host(&self, settings: Settings) -> Host {
        let postgres = Postgres::new(settings);
        let grants =
            host_egress::Grants::parse(["postgres://127.0.0.1:*", "postgres://localhost:*"]).unwrap();
        let instance = postgres.instance(grants);
        Host { postgres, instance, address: self.address() }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The capability, and one component's instance.
pub(crate) struct Host {
    pub(crate) postgres: Postgres,
    pub(crate) instance: PostgresInstance,
    pub(crate) address: String,
}

impl Host {
    pub(crate) async fn open(&self) -> Connection {
        self.instance.open(&self.address, None).await.unwrap()
    }

    /// One pool's gauges.
    pub(crate) fn fill(&self) -> host_postgres::Fill {
        self.postgres.fill().first().map(|(_, fill)| *fill).unwrap_or_default()
    }

    /// A counter as the metrics page shows it.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let mut registry = prometheus_client::registry::Registry::default();
        self.postgres.register_metrics(&mut registry);
        let mut page = String::new();
        prometheus_client::encoding::text::encode(&mut page, &registry).unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix(&format!("postgres_{name}_total ")));
        line.unwrap_or_else(|| panic!("no counter {name} in\n{page}")).parse().unwrap()
    }
}

/// All rows of a query, however they come.
pub(crate) async fn rows(
    connection: &Connection,
    sql: &str,
    parameters: &[ParameterValue],
) -> Result<Vec<Row>, Error> {
    match connection.query(sql, parameters).await?.rows {
        Rows::Whole(rows, end) => end.map(|()| rows),
        Rows::Streaming(mut reader, end) => {
            let mut all = Vec::new();
            while let Some(mut rows) = reader.take().await {
                all.append(&mut rows);
            }
            end.await.unwrap().map(|()| all)
        }
    }
}

pub(crate) async fn one(connection: &Connection, sql: &str, parameters: &[ParameterValue]) -> DbValue {
    let mut rows = rows(connection, sql, parameters).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    assert_eq!(rows.len(), 1, "{sql}");
    rows.remove(0).remove(0)
}

pub(crate) async fn number(connection: &Connection, sql: &str) -> i64 {
    match one(connection, sql, &[]).await {
        DbValue::Int64(number) => number,
        DbValue::Int32(number) => number.into(),
        other => panic!("{sql}: {other:?}"),
    }
}

pub(crate) async fn run_all(connection: &Connection, statements: &[&str]) {
    for sql in statements {
        connection.execute(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

/// A table of the test's own, empty.
pub(crate) async fn table(host: &Host, name: &str) {
    let connection = host.open().await;
    run_all(&connection, &[&format!("DROP TABLE IF EXISTS {name}"), &format!("CREATE TABLE {name} (a int)")])
        .await;
}

pub(crate) fn connection_failure(error: Error) -> String {
    match error {
        Error::ConnectionFailed(reason) => reason,
        other => panic!("not a connection failure: {other:?}"),
    }
}

pub(crate) fn sql_state(error: Error) -> String {
    match error {
        Error::QueryFailed(QueryError::DbError(error)) => error.code,
        other => panic!("not the database's own error: {other:?}"),
    }
}

/// Waits until it is so, for at most ten seconds.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(10), "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn is_root() -> Result<bool> {
    Ok(Command::new("id").arg("-u").output()?.stdout == b"0\n")
}

fn program(name: &str) -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        debian.map(|version| version.path().join("bin").join(name)).filter(|path| path.is_file()).max();
    newest.unwrap_or_else(|| name.into())
}

/// PostgreSQL refuses to run as root. The process gets the signal for an immediate end when the thread that started it
/// ends.
fn as_unprivileged(program: &Path) -> Result<Command> {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root()? {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.arg(program);
    Ok(command)
}

/// Starts a process from a thread that lasts as long as this process.
fn spawn_for_good(mut command: Command) -> Result<Child> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(command.spawn());
        loop {
            std::thread::park();
        }
    });
    receiver.recv()?.context("starting postgres")
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Removes the folders of test processes that are gone.
fn remove_leftovers() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PATTERN)?.split('-').next());
        if owner.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
