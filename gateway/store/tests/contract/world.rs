//! A database of one's own for each story.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use doorward_api::keys::MasterKey;
use doorward_store::{OpenError, Store, StoreOptions, SystemEntropy};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A fresh, empty database. Gone when dropped.
pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    folder: TempDir,
    database: Option<String>,
}

/// Runs a story in a world of its own.
pub(crate) fn tell<F: Future<Output = ()>>(kind: Kind, story: impl FnOnce(Arc<World>) -> F) {
    let world = Arc::new(World::new(kind));
    block_on(story(world));
}

/// Runs a future to its end on a runtime of its own, as a service of the gateway would.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

impl World {
    pub(crate) fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        match kind {
            Kind::Sqlite => {
                let url = format!("sqlite://{}", folder.path().join("doorward.db").display());
                Self { kind, url, folder, database: None }
            }
            Kind::Postgres => {
                static COUNT: AtomicU32 = AtomicU32::new(0);
                let number = COUNT.fetch_add(1, Ordering::Relaxed);
                let name = format!("doorward_test_{}_{number}", std::process::id());
                administer(format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")).unwrap();
                Self { kind, url: server().database(&name), folder, database: Some(name) }
            }
        }
    }

    /// The SQLite file.
    pub(crate) fn file(&self) -> PathBuf {
        assert_eq!(self.kind, Kind::Sqlite);
        self.folder.path().join("doorward.db")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn open(&self) -> Store {
        open(&self.url, 1, PATIENT).unwrap()
    }

    /// Runs SQL past the store, as an administrator with too much power would.
    pub(crate) async fn sql(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.kind {
            Kind::Sqlite => {
                let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(name) = self.database.take()
            && let Err(error) = administer(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        {
            // Not a panic: one may be under way.
            let _ = writeln!(std::io::stderr(), "{name} stays behind: {error}");
        }
    }
}

/// The statement timeout of most stories: a slow disk or a busy machine shall make them slow, not fail.
pub(crate) const PATIENT: Duration = Duration::from_secs(30);

/// Opens a store with a key of 32 equal bytes.
pub(crate) fn open(url: &str, key: u8, statement_timeout: Duration) -> Result<Store, OpenError> {
    let options = StoreOptions {
        url: url.to_owned(),
        key: MasterKey::new(vec![key; 32]).unwrap(),
        statement_timeout,
        max_connections: 6,
    };
    Store::open(options, Arc::new(SystemEntropy))
}

/// A PostgreSQL server that stories make their databases on.
pub(crate) struct Server {
    /// The address up to the database's name, and what follows it.
    before: String,
    after: String,
    /// Held open while the tests run; when it closes, whatever the reason, the private cluster is taken down.
    _keeper: Mutex<Option<Child>>,
}

impl Server {
    pub(crate) fn database(&self, name: &str) -> String {
        format!("{}{name}{}", self.before, self.after)
    }
}

/// The one server of this process. Every story fails that needs one where there is none, and says what to do.
pub(crate) fn server() -> &'static Server {
    static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(|| match std::env::var("DOORWARD_TEST_POSTGRES") {
        Ok(url) => Ok(given(&url)),
        Err(_) => private_cluster(),
    });
    SERVER.as_ref().unwrap_or_else(|reason| panic!("{reason}"))
}

fn given(url: &str) -> Server {
    let (path, query) = url.split_once('?').map_or((url, String::new()), |(path, query)| (path, format!("?{query}")));
    let slash = path.rfind('/').filter(|at| !path[..*at].ends_with('/')).expect("an address with a database's name");
    Server { before: path[..=slash].to_owned(), after: query, _keeper: Mutex::new(None) }
}

/// Makes a cluster, serves it until standard input closes, and takes everything away again. `$1` is its folder.
const KEEPER: &str = r#"
"$2/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --no-locale -N >"$1/log" 2>&1 || exit 1
"$2/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c max_connections=200 >>"$1/log" 2>&1 &
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
        std::os::unix::fs::chown(&folder, Some(user), Some(group)).unwrap();
        keeper.uid(user).gid(group);
    }
    let mut keeper = keeper.spawn().unwrap();
    let before = "postgres://postgres@localhost/".to_owned();
    let after = format!("?host={}", folder.display());
    wait_until_it_answers(&format!("{before}postgres{after}"), &folder, &mut keeper)?;
    Ok(Server { before, after, _keeper: Mutex::new(Some(keeper)) })
}

fn wait_until_it_answers(url: &str, folder: &Path, keeper: &mut Child) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let answer = block_on(PgConnection::connect(url));
        let Err(error) = answer else { return Ok(()) };
        let ended = keeper.try_wait().unwrap().is_some();
        if ended || begun.elapsed() > Duration::from_secs(60) {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            return Err(format!("the private PostgreSQL did not start: {error}\n{log}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
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

/// Runs a statement on the server, from a thread of its own since it may be called anywhere.
fn administer(sql: String) -> Result<(), sqlx::Error> {
    let url = server().database("postgres");
    let done = std::thread::spawn(move || {
        block_on(async {
            let mut connection = PgConnection::connect(&url).await?;
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.map(drop)
        })
    });
    done.join().unwrap()
}
