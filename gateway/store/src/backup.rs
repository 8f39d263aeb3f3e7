//! A copy of a SQLite database while gateways use it (F-09): whole, as of one moment, and looked at before it is called a backup.

use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward_api::keys::{KeyId, SealedBy};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};

use crate::migrate;
use crate::open::{Address, OpenError, others_on_sqlite};

/// How long another's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no backup. What was begun of it is to be thrown away.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It is PostgreSQL, which has its own.
    #[error(
        "this is PostgreSQL: make the backup with `pg_dump --format=custom`, restore it with `pg_restore`, and end with \
             `doorward restore --adopt`"
    )]
    NotSqlite,
    /// The database cannot be opened, or the copy is damaged.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file cannot be written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// The end of each chain: virtual server, number and hash of the last record.
pub type Heads = Vec<(String, i64, String)>;

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its schema.
    pub schema: i64,
    /// The key that seals in it, where keys have names.
    pub key: Option<KeyId>,
    /// Where its chains end.
    pub heads: Heads,
}

/// Copies the database at `url` into the file `to`, which must not exist, and says what the copy holds. Blocks. Writers are not
/// held up meanwhile.
///
/// # Errors
/// [`BackupError`].
pub fn snapshot(url: &str, to: &Path) -> Result<Snapshot, BackupError> {
    let Address::Sqlite(from) = Address::parse(url)? else { return Err(BackupError::NotSqlite) };
    let to = to.to_owned();
    block_on(async move {
        make_private(&to)?;
        copy(&from, &to).await?;
        sync(&to)?;
        Ok(look(&to).await?)
    })?
}

/// The last step of the schema that this release knows.
pub const fn known_schema() -> i64 {
    migrate::known()
}

/// Whether another process uses the database file.
///
/// # Errors
/// When it cannot be opened at all.
pub fn is_in_use(file: &Path) -> Result<bool, OpenError> {
    let file = file.to_owned();
    block_on(async move { others_on_sqlite(&file).await })?
}

/// How many times a backup was restored, as the database file says by itself: what its log holds does not count.
///
/// # Errors
/// When it cannot be read.
pub fn epoch_of(file: &Path) -> Result<u64, OpenError> {
    const SQL: &str = "SELECT value FROM meta WHERE name = 'epoch'";
    let options =
        SqliteConnectOptions::new().filename(file).read_only(true).immutable(true).disable_statement_logging();
    block_on(async move {
        let mut connection = options.connect().await?;
        let found = sqlx::query_scalar::<_, String>(SQL).fetch_optional(&mut connection).await;
        connection.close().await?;
        Ok(found?.and_then(|text| text.parse().ok()).unwrap_or_default())
    })?
}

/// On a thread of its own, so that it works inside another runtime.
fn block_on<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, OpenError> {
    let failed = |error: String| OpenError::Threads(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(error.to_string()))?;
    let thread = std::thread::Builder::new().spawn(move || runtime.block_on(work));
    let done = thread.map_err(|error| failed(error.to_string()))?.join();
    done.map_err(|_| failed("work on the database broke off".to_owned()))
}

async fn connect(file: &Path) -> Result<SqliteConnection, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .busy_timeout(PATIENCE)
        .disable_statement_logging();
    Ok(options.connect().await?)
}

async fn copy(from: &Path, to: &Path) -> Result<(), OpenError> {
    let mut connection = connect(from).await?;
    // A path is a text like any other there: only its own quotation mark has to be doubled.
    let name = to.display().to_string().replace('\'', "''");
    let copied = sqlx::raw_sql(AssertSqlSafe(format!("VACUUM INTO '{name}'"))).execute(&mut connection).await;
    connection.close().await?;
    copied?;
    Ok(())
}

/// Reads the copy and not the database: what it says is as old as the rest.
async fn look(file: &Path) -> Result<Snapshot, OpenError> {
    let mut connection = connect(file).await?;
    let told = look_at(&mut connection).await;
    connection.close().await?;
    told
}

async fn look_at(connection: &mut SqliteConnection) -> Result<Snapshot, OpenError> {
    let health: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *connection).await?;
    if health != "ok" {
        return Err(OpenError::Damaged(health));
    }
    let meta: Vec<(String, String)> =
        sqlx::query_as("SELECT name, value FROM meta").fetch_all(&mut *connection).await?;
    let of = |wanted: &str| meta.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let schema = of("schema").and_then(|text| text.parse().ok());
    let schema = schema.ok_or_else(|| OpenError::Damaged("`meta` does not say which schema it is".into()))?;
    let heads = sqlx::query_as("SELECT virtual_server, seq, hash FROM audit_head ORDER BY virtual_server");
    let check = of("key_check").and_then(|text| data_encoding::HEXLOWER.decode(text.as_bytes()).ok());
    let key = match check.as_deref().map(SealedBy::of) {
        Some(SealedBy::Key(id)) => Some(id),
        _ => None,
    };
    Ok(Snapshot { schema, key, heads: heads.fetch_all(&mut *connection).await? })
}

fn make_private(file: &Path) -> Result<(), BackupError> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    made.map(drop).map_err(|error| BackupError::File { path: file.to_owned(), reason: error.to_string() })
}

fn sync(file: &Path) -> Result<(), BackupError> {
    let synced = std::fs::File::open(file).and_then(|file| file.sync_all());
    synced.map_err(|error| BackupError::File { path: file.to_owned(), reason: error.to_string() })
}
