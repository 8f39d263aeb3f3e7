//! A PostgreSQL of our own: a private cluster on a Unix socket that lives as long as this process. `DOORWARD_TEST_POSTGRES` may
//! hold the address of a server to use instead, as a user who may create databases.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
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
    let name = format!("doorward_journey_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let server = server();
    let made = sql_on(server, "postgres", &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"));
    made.unwrap_or_else(|error| panic!("{error}"));
    format!("{}{name}{}", server.before, server.after)
}

/// Runs SQL on a database past the gateway, and returns the rows as `psql` prints them.
pub fn sql(url: &str, sql: &str) -> String {
    run(&server().psql, url, sql).unwrap_or_else(|error| panic!("{error}"))
}

fn sql_on(server: &Server, database: &str, sql: &str) -> Result<String, String> {
    run(&server.psql, &format!("{}{database}{}", server.before, server.after), sql)
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

/// Makes a cluster, serves it until standard input closes, and takes everything away again. `$1` is its folder.
const KEEPER: &str = r#"
"$2/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --no-locale -N >"$1/log" 2>&1 || exit 1
"$2/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c max_connections=300 >>"$1/log" 2>&1 &
server=$!
read -r _
kill -QUIT $server
wait $server
rm -rf "$1"
"#;

fn private_cluster() -> Result<Server, String> {
    let programs = programs().ok_or(
        "PostgreSQL was not found (initdb in PATH, /usr/local/bin or /usr/lib/postgresql/*/bin): install it, or set \
         DOORWARD_TEST_POSTGRES to the address of a server",
    )?;
    let folder = tempfile::Builder::new().prefix("doorward-pg-").tempdir_in("/tmp").unwrap().keep();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).arg(&folder).arg(&programs).stdin(Stdio::piped()).current_dir("/");
    if let Some((user, group)) = unprivileged() {
        chown(&folder, Some(user), Some(group)).unwrap();
        keeper.uid(user).gid(group);
    }
    let mut keeper = keeper.spawn().unwrap();
    let before = "postgres://postgres@localhost/".to_owned();
    let after = format!("?host={}", folder.display());
    let psql = psql();
    let begun = Instant::now();
    while let Err(error) = run(&psql, &format!("{before}postgres{after}"), "SELECT 1") {
        let ended = keeper.try_wait().unwrap().is_some();
        if ended || begun.elapsed() > Duration::from_secs(120) {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            return Err(format!("the private PostgreSQL did not start: {error}\n{log}"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(Server { before, after, psql, _keeper: Mutex::new(Some(keeper)) })
}

/// Beside the server's programs, or, where those were built without it, in the path.
fn psql() -> PathBuf {
    programs().map(|folder| folder.join("psql")).filter(|psql| psql.exists()).unwrap_or_else(|| "psql".into())
}

/// The folder of PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
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
fn unprivileged() -> Option<(u32, u32)> {
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
