//! A look at a database that may be of another release, or that somebody else serves from (`doorward check`): nothing is made or
//! written, no step of the schema is made, and no process is answered that asks for keys.
//!
//! SQLite's log needs an index, and whoever reads makes both files where they are not there. They are put away again where nobody
//! else has come meanwhile. What a process has left in a log that was killed is read, and stays there for the next start.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorward_api::ports::Entropy;
use doorward_api::{StoreError, Timestamp};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqlitePool};

use crate::clock::StoreClock;
use crate::db::{Backend, Db, Look, SqlitePools};
use crate::error::Failure;
use crate::migrate;
use crate::open::{
    Address, Inner, MARGIN, OPEN_LIMIT, OpenError, Store, StoreOptions, check_sqlite, open_postgres, sqlite_code,
    sqlite_pool,
};
use crate::runtime::StoreRuntime;
use crate::seal::Sealer;

/// How many findings of one kind are told.
const MOST: usize = 20;

const NOTHING_WRONG: &str = "ok";

/// What there is where a database should be.
#[derive(Debug)]
pub enum Found {
    /// No file. The next start makes it.
    NoFile(PathBuf),
    /// A database without anything of ours. The next start makes its tables.
    Empty,
    /// One that a start would take. Whatever is to be written in it fails.
    Database(Store),
}

enum Seen {
    NoFile(PathBuf),
    Empty,
    Database(Db, i64),
}

impl Store {
    /// Looks at a database and leaves it as it is. [`Store::schema`] says which schema it has; that of an earlier release is none
    /// of the errors. The store's time is that of this machine. Close it, so that what SQLite has put beside the file is put away.
    /// Blocks; may be called anywhere.
    ///
    /// # Errors
    /// [`OpenError`] names why a start would not take it.
    pub fn look(options: StoreOptions, entropy: Arc<dyn Entropy>) -> Result<Found, OpenError> {
        let address = Address::parse(&options.url)?;
        let runtime = StoreRuntime::new().map_err(|error| OpenError::Threads(error.to_string()))?;
        let sealer = Sealer::new(&options.key, Arc::clone(&entropy));
        let limit = options.statement_timeout + MARGIN;
        let looked = runtime.wait(OPEN_LIMIT, async move {
            let seen = match address {
                Address::Sqlite(file) => sqlite(&file, &options, &sealer).await?,
                Address::Postgres(connect) => postgres(*connect, &options, &sealer).await?,
            };
            Ok::<_, OpenError>((seen, sealer))
        });
        let (seen, sealer) = looked.ok_or_else(|| OpenError::Unreachable("it takes too long".into()))??;
        let (db, schema) = match seen {
            Seen::NoFile(file) => return Ok(Found::NoFile(file)),
            Seen::Empty => return Ok(Found::Empty),
            Seen::Database(db, schema) => (db, schema),
        };
        let clock = Arc::new(StoreClock::of_machine(Timestamp::default()));
        Ok(Found::Database(Store { inner: Arc::new(Inner { db, sealer, entropy, limit, clock, schema, runtime }) }))
    }

    /// What in SQLite's file does not fit together, in SQLite's words: an index that says otherwise than its table, a row whose
    /// other half is missing. Reads all of it. PostgreSQL is not asked: what it has for this needs its superuser.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn damage(&self) -> Result<Vec<String>, StoreError> {
        let found = self.spawn(|inner| async move {
            match inner.db.reader() {
                Backend::Sqlite(pool) => damage(pool).await,
                Backend::Postgres(_) => Ok(Vec::new()),
            }
        });
        found.await?.map_err(|failure| self.inner.db.explain(&failure))
    }
}

/// What a start looks at is a part of it only, without the indexes: this takes longer.
async fn damage(pool: &SqlitePool) -> Result<Vec<String>, Failure> {
    const ROWS: &str = "SELECT \"table\", parent, COUNT(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2";
    // One more than are told.
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(21)").fetch_all(pool).await?;
    let more = found.len() > MOST;
    let mut told: Vec<String> = found.into_iter().filter(|line| line != NOTHING_WRONG).take(MOST).collect();
    if more {
        told.push("and more".into());
    }
    match sqlx::query_as::<_, (String, String, i64)>(ROWS).fetch_all(pool).await {
        Ok(rows) => told.extend(
            rows.iter()
                .map(|(table, of, count)| format!("{count} rows of {table} hang on rows of {of} that are not there")),
        ),
        // Where a table is gone, it cannot be told.
        Err(error) => told.push(Failure::from(error).message()),
    }
    Ok(told)
}

async fn sqlite(file: &Path, options: &StoreOptions, sealer: &Sealer) -> Result<Seen, OpenError> {
    let cannot = |reason: String| OpenError::File { path: file.to_owned(), reason };
    // Not by opening it: closing it again would end the locks that SQLite holds on it in this process.
    let found = match std::fs::metadata(file) {
        Ok(found) => Some(found.len()),
        Err(error) if error.kind() == ErrorKind::NotFound && has_folder(file) => None,
        Err(error) => return Err(cannot(error.to_string())),
    };
    let log = std::fs::metadata(log_of(file)).ok().map(|log| log.len());
    match found {
        // SQLite would throw the log away, and a start begin anew.
        None | Some(0) if log.is_some_and(|length| length > 0) => {
            let why = format!("{} is there, and nothing of what it belongs to", log_of(file).display());
            return Err(OpenError::Damaged(why));
        }
        None => return Ok(Seen::NoFile(file.to_owned())),
        Some(0) => return Ok(Seen::Empty),
        Some(_) => {}
    }
    let unlogged = log.is_none().then(|| file.to_owned());
    let connect = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(options.statement_timeout)
        .disable_statement_logging();
    let opened = async {
        let pool = sqlite_pool(options).max_connections(1).connect_with(connect).await?;
        // The files beside it are made here.
        sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM sqlite_schema").fetch_one(&pool).await?;
        Ok::<_, sqlx::Error>(pool)
    };
    let pool = opened.await.map_err(|error| match sqlite_code(&error) {
        // `SQLITE_CANTOPEN`
        Some(14) => cannot(
            "it, or what SQLite keeps beside it, cannot be opened: run this as the user that the gateway runs as"
                .into(),
        ),
        _ => OpenError::from(error),
    })?;
    let looks = SqlitePools { writer: pool.clone(), readers: pool.clone() };
    let db = Db::looking(Backend::Sqlite(looks), Look { unlogged });
    let seen = match check_sqlite(&pool).await {
        Ok(()) => migrate::look(&db, sealer).await,
        Err(error) => Err(error),
    };
    seen_in(db, seen).await
}

async fn postgres(connect: PgConnectOptions, options: &StoreOptions, sealer: &Sealer) -> Result<Seen, OpenError> {
    let lock = options.statement_timeout.as_millis().to_string();
    // Whole tables are gone through; but nobody's migration is waited for.
    let manner =
        [("default_transaction_read_only", "on"), ("statement_timeout", "10min"), ("lock_timeout", lock.as_str())];
    let pool = open_postgres(connect, options, &manner).await?;
    let db = Db::looking(Backend::Postgres(pool), Look { unlogged: None });
    let seen = migrate::look(&db, sealer).await;
    seen_in(db, seen).await
}

/// Lets go of a database that is not looked at any further.
async fn seen_in(db: Db, seen: Result<Option<i64>, OpenError>) -> Result<Seen, OpenError> {
    if let Ok(Some(schema)) = seen {
        return Ok(Seen::Database(db, schema));
    }
    if let Err(failure) = db.close().await {
        tracing::debug!(error = failure.message(), "the connections end with the process");
    }
    seen.map(|_| Seen::Empty)
}

fn has_folder(file: &Path) -> bool {
    file.parent().is_some_and(Path::is_dir)
}

/// The log of a SQLite file, which lies where the file itself does.
fn log_of(file: &Path) -> PathBuf {
    let mut name: OsString = file.canonicalize().unwrap_or_else(|_| file.to_owned()).into();
    name.push("-wal");
    name.into()
}

/// Puts away an empty log and its index. SQLite lets nobody do that but the last who may write and closes, so somebody opens the
/// file like that; it is not done by hand, since another process may have begun to write in the log. There is nothing in it that
/// could come into the file.
pub(crate) async fn tidy(file: &Path) {
    if !std::fs::metadata(log_of(file)).is_ok_and(|log| log.len() == 0) {
        return;
    }
    let connect = SqliteConnectOptions::new().filename(file).create_if_missing(false).disable_statement_logging();
    let closed = async {
        let mut connection = connect.connect().await?;
        let read = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM sqlite_schema").fetch_one(&mut connection).await;
        connection.close().await?;
        read.map(drop)
    };
    if let Err(error) = closed.await {
        tracing::debug!(%error, "an empty log stays beside the database");
    }
}
