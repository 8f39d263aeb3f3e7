//! A PostgreSQL of our own: a private cluster on a Unix socket that lives as long as this process. `DOORWARD_TEST_POSTGRES` may
//! hold the address of a server to use instead, as a user who may create databases.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

/// A server on which databases are made.
struct Server {
    /// The address up to the database's name, and what follows it.
    before: String,
    after: String,
    psql: PathBuf,
    /// Held open while the tests run; when it closes, whatever the reason, the private cluster is taken down.
    _keeper: Mutex<Option<Child>>,
}

/// A new, empty database's address.
pub fn new_database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("doorward_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    sql(&address_of("postgres"), &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
    address_of(&name)
}

/// Takes a database away, whoever is connected to it.
///
/// # Errors
/// What the server says.
pub fn drop_database(url: &str) -> Result<(), String> {
    let path = url.split_once('?').map_or(url, |(path, _)| path);
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    run_sql(&address_of("postgres"), &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).map(drop)
}

/// The address of a database on the one server of this process, whether there is such a database or not.
pub fn address_of(database: &str) -> String {
    let server = server();
    format!("{}{database}{}", server.before, server.after)
}

/// One of PostgreSQL's own programs, such as `pg_dump`.
pub fn tool(name: &str) -> PathBuf {
    programs().map(|folder| folder.join(name)).filter(|tool| tool.exists()).unwrap_or_else(|| name.into())
}

/// Every row of every table, as a backup writes it.
pub fn dump(url: &str) -> String {
    let tables = sql(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename");
    tables.lines().map(|table| format!("{table}\n{}", sql(url, &format!("COPY {table} TO STDOUT")))).collect()
}

/// Runs SQL on a database past the gateway, and returns the rows as `psql` prints them.
pub fn sql(url: &str, sql: &str) -> String {
    run(&server().psql, url, sql).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs SQL on any server.
pub(super) fn run_sql(url: &str, sql: &str) -> Result<String, String> {
    run(&psql(), url, sql)
}

fn run(psql: &Path, url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new(psql)
        .args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set",
            "ON_ERROR_STOP=1",
            "--command",
            sql,
            url,
        ])
        .output()
        .map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// The one server of this process. Every story fails that needs one where there is none, and says what to do.
fn server() -> &'static Server {
    static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(|| match std::env::var("DOORWARD_TEST_POSTGRES") {
        Ok(url) => Ok(given(&url)),
        Err(_) => private_cluster(),
    });
    SERVER.as_ref().unwrap_or_else(|reason| panic!("{reason}"))
}

fn given(url: &str) -> Server {
    let (path, query) = url.split_once('?').map_or((url, String::new()), |(path, query)| (path, format!("?{query}")));
    let slash = path.rfind('/').filter(|at| !path[..*at].ends_with('/')).expect("an address with a database's name");
    Server { before: path[..=slash].to_owned(), after: query, psql: psql(), _keeper: Mutex::new(None) }
}

/// A server of its own that is reached over TCP, with this certificate: its port. It lives as long as what is returned.
pub fn over_tls(certificate: &Path, key: &Path) -> (u16, impl Drop + use<>) {
    let port = super::free_port();
    let folder = tempfile::Builder::new().prefix("doorward-pg-").tempdir_in("/tmp").unwrap().keep();
    for (from, to) in [(certificate, "server.crt"), (key, "server.key")] {
        std::fs::copy(from, folder.join(to)).unwrap();
        std::fs::set_permissions(folder.join(to), Permissions::from_mode(0o600)).unwrap();
        if let Some((user, group)) = unprivileged() {
            chown(folder.join(to), Some(user), Some(group)).unwrap();
        }
    }
    let options = format!(
        "-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on -c ssl_cert_file={0}/server.crt -c ssl_key_file={0}/server.key",
        folder.display()
    );
    let keeper = keep(&folder, &programs().expect(NONE), &options);
    let url = format!("postgres://postgres@localhost:{port}/postgres?host={}", folder.display());
    let mut running = Running(keeper);
    wait_for(&psql(), &url, &folder, &mut running.0).unwrap_or_else(|error| panic!("{error}"));
    (port, running)
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // With its standard input at an end, the server is taken down.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Makes a cluster, serves it until standard input closes, and takes everything away again. `$1` is its folder, `$3` are
/// further words for the server.
const KEEPER: &str = r#"
"$2/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --no-locale -N >"$1/log" 2>&1 || exit 1
"$2/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c max_connections=300 $3 >>"$1/log" 2>&1 &
server=$!
read -r _
kill -QUIT $server
wait $server
rm -rf "$1"
"#;

const NONE: &str = "PostgreSQL was not found (initdb in PATH, /usr/local/bin or /usr/lib/postgresql/*/bin): install it, or set \
                    DOORWARD_TEST_POSTGRES to the address of a server";

fn private_cluster() -> Result<Server, String> {
    let programs = programs().ok_or(NONE)?;
    let folder = tempfile::Builder::new().prefix("doorward-pg-").tempdir_in("/tmp").unwrap().keep();
    let mut keeper = keep(&folder, &programs, "");
    let before = "postgres://postgres@localhost/".to_owned();
    let after = format!("?host={}", folder.display());
    let psql = psql();
    wait_for(&psql, &format!("{before}postgres{after}"), &folder, &mut keeper)?;
    Ok(Server { before, after, psql, _keeper: Mutex::new(Some(keeper)) })
}

fn keep(folder: &Path, programs: &Path, options: &str) -> Child {
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap();
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).args([folder, programs]).arg(options).stdin(Stdio::piped()).current_dir("/");
    if let Some((user, group)) = unprivileged() {
        chown(folder, Some(user), Some(group)).unwrap();
        keeper.uid(user).gid(group);
    }
    keeper.spawn().unwrap()
}

fn wait_for(psql: &Path, url: &str, folder: &Path, keeper: &mut Child) -> Result<(), String> {
    let begun = Instant::now();
    while let Err(error) = run(psql, url, "SELECT 1") {
        let ended = keeper.try_wait().unwrap().is_some();
        if ended || begun.elapsed() > Duration::from_secs(120) {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            return Err(format!("the private PostgreSQL did not start: {error}\n{log}"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Beside the server's programs, or, where those were built without it, in the path.
fn psql() -> PathBuf {
    programs().map(|folder| folder.join("psql")).filter(|psql| psql.exists()).unwrap_or_else(|| "psql".into())
}

/// The folder of PostgreSQL's programs.
pub(super) fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push("/usr/local/bin".into());
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort();
    folders.extend(debian.into_iter().rev());
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// PostgreSQL does not run as root: the user `postgres` for it, or `nobody`. `None` when we are not root ourselves.
pub(super) fn unprivileged() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("a user to run PostgreSQL as"))
}

/// Another client of a database, which may keep a transaction open: `psql`, a statement at a time.
pub struct Client {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Client {
    pub fn of(url: &str) -> Self {
        let mut process = Command::new(&server().psql)
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("psql starts");
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// Runs SQL to its end, whatever becomes of it.
    pub fn run(&mut self, sql: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{sql};\n\\echo done").unwrap();
        let mut line = String::new();
        while line.trim() != "done" {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "psql went away: {sql}");
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // With its input at an end it leaves, and what it had not committed is rolled back.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
