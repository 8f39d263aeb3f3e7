//! Opening and closing a store.

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use doorward_api::keys::{KeyId, MasterKey};
use doorward_api::ports::{Clock, Entropy};
use doorward_api::{AuditEvent, CommitError, EventContext, EventKind, StoreError, Timestamp, VirtualServerId};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, SqlitePool};

use crate::clock::{Drift, SAMPLE_EVERY, Sample, StoreClock};
use crate::db::{Backend, Db, SqlitePools};
use crate::error::{BROKEN_OFF, Failure, Verdict};
use crate::ledger::{Deed, transact};
use crate::migrate;
use crate::restore::Opening;
use crate::rewind;
use crate::rotate;
use crate::runtime::StoreRuntime;
use crate::seal::Sealer;

/// The oldest SQLite without the bug that can damage a database whose write-ahead log is reset (F-08).
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// The database gives up first, by its own statement timeout; only then do we.
pub(crate) const MARGIN: Duration = Duration::from_millis(300);

/// Migrating may take its time.
pub(crate) const OPEN_LIMIT: Duration = Duration::from_secs(900);

/// Between two attempts to open a database that others are opening or leaving.
const LOCKED_WAIT: Duration = Duration::from_millis(20);

/// Whoever was stopped a moment ago may be there for as long still: PostgreSQL needs time to see that a connection has
/// ended, and a shutdown to put the write-ahead log of SQLite away.
const LEAVING: Duration = Duration::from_secs(2);

/// How long a shutdown waits for the database.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// How to open a store.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite:///absolute/path.db` or `postgres://user@host/database`.
    pub url: String,
    /// The master key; the store derives its own from it.
    pub key: MasterKey,
    /// How long one statement may take: 2 s (SEC 5.17).
    pub statement_timeout: Duration,
    /// Connections to PostgreSQL, or readers of SQLite.
    pub max_connections: u32,
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("StoreOptions").field("url", &format_args!("{scheme}:…")).finish_non_exhaustive()
    }
}

/// Why a store was not opened. Nothing was changed in it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one that can be meant.
    #[error("the database address must be sqlite:///absolute/path.db or postgres://user@host/database: {0}")]
    Address(String),
    /// The file cannot be made or read.
    #[error("the database file {} cannot be used: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Nobody answers there.
    #[error("the database does not answer: {0}")]
    Unreachable(String),
    /// It answers, and says no: a wrong password, no such database, locked by another process, a missing right.
    #[error("the database refuses: {0}")]
    Refused(String),
    /// It answers, and is a standby: what it shows may be old.
    #[error("the database is a standby, and decisions are made on the primary only: give the address of the primary")]
    Standby,
    /// What answers is broken. An empty database in its place would be worse, so none is made.
    #[error("the database is damaged, restore it from a backup: {0}")]
    Damaged(String),
    /// The SQLite that this was built with can damage its database.
    #[error("SQLite {found} can damage a database; 3.51.3 or newer is needed")]
    SqliteTooOld {
        /// Its version.
        found: String,
    },
    /// The key is not the one that this database was made with.
    #[error("the key is not the one this database was made with; give it the key file that belongs to it")]
    WrongKey,
    /// The key that this database is sealed with now is not in the key file.
    #[error(
        "the database is sealed with key {id}, and that is not in the key file; give it the key file that holds it"
    )]
    MissingKey {
        /// Which.
        id: KeyId,
    },
    /// A restore was begun and did not come to its end: what was used since the backup could be used again.
    #[error("a restore of this database is unfinished; end it with `doorward restore --adopt`")]
    RestoreUnfinished,
    /// There is nothing to restore in it.
    #[error("the database is empty: restore a backup into it first")]
    Empty,
    /// Somebody else has it open who must not.
    #[error("the database is in use by another process; stop every gateway on it")]
    InUse,
    /// A newer release has migrated this database.
    #[error("the database has schema {found}, and this release knows schema {known}: run the newer release")]
    NewerSchema {
        /// The database's.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A step of the schema could not be made.
    #[error("migration {number} of the database failed, nothing was changed: {reason}")]
    Migration {
        /// The step.
        number: i64,
        /// What the database says.
        reason: String,
    },
    /// The process cannot start the store's threads.
    #[error("the store's threads cannot be started: {0}")]
    Threads(String),
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        let message = failure.message();
        match (failure.verdict(), failure) {
            (Verdict::Damaged | Verdict::Refused, _) => OpenError::Damaged(message),
            (_, Failure::Sql(sqlx::Error::Database(_))) => OpenError::Refused(message),
            _ => OpenError::Unreachable(message),
        }
    }
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Failure::from(error).into()
    }
}

/// A store: every port of `doorward_api::ports` that keeps something. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

/// What the clones share.
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) sealer: Sealer,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// How long anything may take, from asking for a connection to the answer.
    pub(crate) limit: Duration,
    pub(crate) clock: Arc<StoreClock>,
    /// The last step of the schema that was made in it.
    pub(crate) schema: i64,
    /// The last field: dropped after all that lives on it.
    pub(crate) runtime: StoreRuntime,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("database", &self.database()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store and brings its schema up to date. Blocks; may be called anywhere.
    ///
    /// # Errors
    /// [`OpenError`] names the cause; the database is as it was.
    pub fn open(options: StoreOptions, entropy: Arc<dyn Entropy>) -> Result<Store, OpenError> {
        Self::open_for(options, entropy, Opening::Use)
    }

    pub(crate) fn open_for(
        options: StoreOptions,
        entropy: Arc<dyn Entropy>,
        opening: Opening,
    ) -> Result<Store, OpenError> {
        let address = Address::parse(&options.url)?;
        let runtime = StoreRuntime::new().map_err(|error| OpenError::Threads(error.to_string()))?;
        let sealer = Sealer::new(&options.key, Arc::clone(&entropy));
        let limit = options.statement_timeout + MARGIN;
        let opened = runtime.wait(OPEN_LIMIT, async move {
            let (db, clock) = prepare(address, &options, &sealer, opening).await?;
            Ok::<_, OpenError>((db, clock, sealer))
        });
        let (db, clock, sealer) = opened.ok_or_else(|| OpenError::Unreachable("it takes too long".into()))??;
        let schema = migrate::known();
        let inner = Arc::new(Inner { db, sealer, entropy, limit, clock: Arc::new(clock), schema, runtime });
        // Holds the store only while it looks, so that dropping the last clone ends it.
        inner.runtime.spawn(keep_time(Arc::downgrade(&inner)));
        inner.runtime.spawn(rotate::watch(Arc::downgrade(&inner)));
        Ok(Store { inner })
    }

    /// The store's time.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.inner.clock.clone()
    }

    /// How far this machine's clock and the store's are apart.
    pub fn drift(&self) -> Drift {
        self.inner.clock.drift()
    }

    /// The last step of the schema that was made in the database: an earlier one than [`known_schema`](crate::known_schema) only
    /// where it was opened by [`Store::look`].
    pub fn schema(&self) -> i64 {
        self.inner.schema
    }

    /// `sqlite` or `postgresql`.
    pub fn database(&self) -> &'static str {
        self.inner.db.name()
    }

    /// Makes the virtual server when it is missing: self-provisioning for all users (R29), an empty chain, and its first
    /// record, `TENANT_CREATED`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn ensure_virtual_server(&self, vs: &VirtualServerId, now: Timestamp) -> Result<(), StoreError> {
        let vs = vs.clone();
        let event = AuditEvent::new(EventKind::TenantCreated, EventContext::default()).with("selfProvisioning", "all");
        let made = self
            .spawn(move |inner| async move {
                transact(&inner, &vs, &[Deed::VirtualServerAdd], &[event], &move || now).await
            })
            .await?;
        match made {
            Ok(()) | Err(CommitError::Lost { .. }) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// Ends what is under way, moves SQLite's log into its file, and lets go of every connection. Blocks, for at most a few
    /// seconds. Whatever is asked afterwards is answered with [`StoreError::Unavailable`].
    pub fn close(&self) {
        if let Err(failure) = self.close_within(CLOSE_LIMIT) {
            let error = failure.message();
            tracing::warn!(%error, "the write-ahead log stays where it is; the next start reads it");
        }
    }

    /// The same for a file that is about to be moved: all of it is in that one file then.
    ///
    /// # Errors
    /// When it is not.
    pub fn close_whole(&self) -> Result<(), StoreError> {
        match self.close_within(OPEN_LIMIT) {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::Unavailable("somebody reads in the database".into())),
            Err(failure) => Err(StoreError::Unavailable(failure.message())),
        }
    }

    fn close_within(&self, limit: Duration) -> Result<bool, Failure> {
        let inner = Arc::clone(&self.inner);
        self.inner.runtime.wait(limit, async move { inner.db.close().await }).unwrap_or(Err(Failure::TooSlow))
    }

    /// Runs `work` on the store's runtime, for at most as long as a statement may take.
    pub(crate) async fn run<T, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Failure>> + Send + 'static,
        T: Send + 'static,
    {
        let done = self
            .spawn(|inner| {
                let work = work(Arc::clone(&inner));
                async move { inner.in_time(work).await }
            })
            .await?;
        done.map_err(|failure| self.inner.db.explain(&failure))
    }

    /// Runs `work` on the store's runtime to its end, even when who asked goes away: a change is not torn by a browser
    /// that hangs up.
    pub(crate) async fn spawn<T, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let gone = || StoreError::Unavailable("the store is closed".into());
        let task = self.inner.runtime.spawn(work(Arc::clone(&self.inner))).ok_or_else(gone)?;
        task.await.map_err(|ended| if ended.is_panic() { broken_off() } else { gone() })
    }
}

impl Inner {
    /// Waits for `work` no longer than a statement may take. With SQLite it goes on nevertheless, since a disk that hangs
    /// cannot be called off, and is looked at when it ends: a write that fails late fails all the same (F-03).
    pub(crate) async fn in_time<T, F>(self: &Arc<Self>, work: F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>> + Send + 'static,
        T: Send + 'static,
    {
        if matches!(self.db.reader(), Backend::Postgres(_)) {
            return tokio::time::timeout(self.limit, work).await.unwrap_or(Err(Failure::TooSlow));
        }
        let inner = Arc::clone(self);
        let seen_through = tokio::spawn(async move { work.await.inspect_err(|failure| inner.db.note(failure)) });
        match tokio::time::timeout(self.limit, seen_through).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(Failure::BrokenOff),
            Err(_) => Err(Failure::TooSlow),
        }
    }
}

/// A mistake of ours ends the work that it is in, and nothing else: what was not committed is rolled back (F-30).
fn broken_off() -> StoreError {
    tracing::error!("{BROKEN_OFF}");
    StoreError::Unavailable(BROKEN_OFF.into())
}

/// A database address, understood.
#[derive(Debug)]
pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return match path {
                path if !path.starts_with('/') => Err(OpenError::Address("the path must be absolute".into())),
                path if path.contains(['?', '#', '%']) => {
                    Err(OpenError::Address("the path is taken as it is; ?, # and % are not understood".into()))
                }
                path => Ok(Address::Sqlite(PathBuf::from(path))),
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            // The parser's own message could repeat a part of the address, and so a password.
            let options = PgConnectOptions::from_str(url)
                .map_err(|_| OpenError::Address("what follows postgres:// is not understood".into()))?;
            return Ok(Address::Postgres(Box::new(options)));
        }
        Err(OpenError::Address("it begins with neither".into()))
    }
}

/// Connects, checks, migrates, and finds out the time.
async fn prepare(
    address: Address,
    options: &StoreOptions,
    sealer: &Sealer,
    opening: Opening,
) -> Result<(Db, StoreClock), OpenError> {
    match address {
        Address::Sqlite(path) => {
            if opening == Opening::Restore && others_on_sqlite(&path).await? {
                return Err(OpenError::InUse);
            }
            let db = Db::new(Backend::Sqlite(open_sqlite(&path, options).await?));
            // The time of a migration's own records: the machine's, since the newest record cannot be asked for yet.
            migrate::migrate(&db, sealer, opening, StoreClock::of_machine(Timestamp::default()).now()).await?;
            let newest = migrate::newest_record(&db).await?;
            Ok((db, StoreClock::of_machine(newest)))
        }
        Address::Postgres(connect) => {
            if opening == Opening::Restore && others_on_postgres(&connect).await? {
                return Err(OpenError::InUse);
            }
            let pool = open_postgres(*connect, options, &[]).await?;
            let sample = sample(&pool).await?;
            warn_of_loss(&pool).await?;
            let db = Db::new(Backend::Postgres(pool));
            migrate::migrate(&db, sealer, opening, sample.said).await?;
            let newest = migrate::newest_record(&db).await?;
            Ok((db, StoreClock::sampled(sample, newest)))
        }
    }
}

async fn open_sqlite(path: &Path, options: &StoreOptions) -> Result<SqlitePools, OpenError> {
    make_private(path).map_err(|error| OpenError::File { path: path.to_owned(), reason: error.to_string() })?;
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(options.statement_timeout)
        // What is destroyed is overwritten, not only forgotten.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    let writer = first_connection(options, &connect).await?;
    check_sqlite(&writer).await?;
    // Each connection is a thread. All of them begin now: later there may be none to be had (F-30).
    let many = options.max_connections.max(1);
    let readers = sqlite_pool(options).min_connections(many).max_connections(many);
    Ok(SqlitePools { writer, readers: readers.connect_with(connect.read_only(true)).await? })
}

/// Whether another process has the file open, and stays: each of its connections holds a lock on it, however idle.
pub(crate) async fn others_on_sqlite(path: &Path) -> Result<bool, OpenError> {
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(LEAVING)
        .pragma("locking_mode", "EXCLUSIVE")
        .disable_statement_logging();
    let alone = async {
        let mut connection = connect.connect().await?;
        let begun = sqlx::raw_sql("BEGIN EXCLUSIVE; ROLLBACK").execute(&mut connection).await;
        connection.close().await?;
        begun
    };
    match alone.await {
        Ok(_) => Ok(false),
        Err(error) if is_locked(&error) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Whether a gateway or a command is connected, and stays.
async fn others_on_postgres(connect: &PgConnectOptions) -> Result<bool, OpenError> {
    const SQL: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND application_name = 'doorward' AND pid <> pg_backend_pid()";
    let mut connection = connect.clone().disable_statement_logging().connect().await?;
    let began = Instant::now();
    let alone = loop {
        let others: i64 = sqlx::query_scalar(SQL).fetch_one(&mut connection).await?;
        match others {
            0 => break true,
            _ if began.elapsed() >= LEAVING => break false,
            _ => tokio::time::sleep(LOCKED_WAIT).await,
        }
    };
    connection.close().await?;
    Ok(!alone)
}

pub(crate) fn sqlite_pool(options: &StoreOptions) -> SqlitePoolOptions {
    SqlitePoolOptions::new().acquire_timeout(options.statement_timeout).idle_timeout(None).max_lifetime(None)
}

/// The writer. Of several processes that open a new database at once, each turns its write-ahead log on; to all but one
/// SQLite says that it is locked, at once and whatever the busy time-out is, since each waiting for the other would be for
/// ever. Whoever is told so asks again.
async fn first_connection(options: &StoreOptions, connect: &SqliteConnectOptions) -> Result<SqlitePool, OpenError> {
    let began = Instant::now();
    loop {
        let writer = sqlite_pool(options)
            .max_connections(1)
            // When the disk is full or fails, SQLite ends the transaction by itself. The connection believes it to be open
            // still, and would refuse every other: a new one takes its place (F-04).
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(connect.clone())
            .await;
        match writer {
            Err(error) if is_locked(&error) && began.elapsed() < options.statement_timeout => {
                tokio::time::sleep(LOCKED_WAIT).await;
            }
            opened => return Ok(opened?),
        }
    }
}

/// `SQLITE_BUSY`, in any of its forms.
fn is_locked(error: &sqlx::Error) -> bool {
    sqlite_code(error) == Some(5)
}

/// What SQLite says, in plain: the lowest byte of an extended code.
pub(crate) fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.map(|code| code & 0xff)
}

/// Nobody else may read the file. SQLite gives the files beside it the same permissions.
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file =
        std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

pub(crate) async fn check_sqlite(pool: &SqlitePool) -> Result<(), OpenError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
    is_new_enough(&found)?;
    tracing::info!(version = found, "SQLite");
    let health: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(pool).await?;
    if health == "ok" { Ok(()) } else { Err(OpenError::Damaged(health)) }
}

fn is_new_enough(found: &str) -> Result<(), OpenError> {
    match version(found).is_some_and(|version| version >= OLDEST_SQLITE) {
        true => Ok(()),
        false => Err(OpenError::SqliteTooOld { found: found.to_owned() }),
    }
}

/// `3.51.3` as numbers.
fn version(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

/// `more` are settings of each connection, which count more than ours.
pub(crate) async fn open_postgres(
    connect: PgConnectOptions,
    options: &StoreOptions,
    more: &[(&str, &str)],
) -> Result<PgPool, OpenError> {
    let timeout = options.statement_timeout.as_millis().to_string();
    let connect = connect
        .application_name("doorward")
        .options([
            ("statement_timeout", timeout.as_str()),
            // A process that died in the middle of a change must not hold the chain's head for long.
            ("idle_in_transaction_session_timeout", "10000"),
            // Acknowledged means on the disk, whatever the cluster's default is.
            ("synchronous_commit", "on"),
        ])
        .options(more.iter().copied())
        .disable_statement_logging();
    // The pool would only say that it waited in vain.
    let first = tokio::time::timeout(options.statement_timeout, connect.connect()).await;
    let mut first = first.map_err(|_| OpenError::Unreachable("it takes too long".into()))??;
    if is_standby(&mut first).await? {
        return Err(OpenError::Standby);
    }
    first.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections.max(1))
        .acquire_timeout(options.statement_timeout)
        // After a failover the address may lead elsewhere for a while.
        .after_connect(|connection, _| {
            Box::pin(async move {
                match is_standby(connection).await? {
                    true => Err(sqlx::Error::Configuration(OpenError::Standby.into())),
                    false => Ok(()),
                }
            })
        })
        .connect_with(connect)
        .await?;
    Ok(pool)
}

/// What a standby shows may be old, or may never have been so on the primary: no decision is made from it (F-16).
async fn is_standby(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await
}

/// Says so when a failover could lose what was acknowledged: there are standbys, and none is waited for.
async fn warn_of_loss(pool: &PgPool) -> Result<(), sqlx::Error> {
    const SQL: &str = "SELECT (SELECT COUNT(*) FROM pg_stat_replication), current_setting('synchronous_standby_names')";
    let (standbys, waited_for): (i64, String) = sqlx::query_as(SQL).fetch_one(pool).await?;
    if standbys > 0 && waited_for.is_empty() {
        tracing::warn!(
            standbys,
            "no standby of this PostgreSQL is synchronous: when one takes over, what was acknowledged last is lost, used \
             passcodes and revoked tokens among it; set synchronous_standby_names"
        );
    }
    Ok(())
}

/// Asks PostgreSQL for the time. The answer is taken as of the middle between question and answer.
async fn sample(pool: &PgPool) -> Result<Sample, sqlx::Error> {
    const SQL: &str = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";
    let mut connection = pool.acquire().await?;
    let asked = Instant::now();
    let said: i64 = sqlx::query_scalar(SQL).fetch_one(&mut *connection).await?;
    Ok(Sample { said: Timestamp::from_millis(said), at: asked + asked.elapsed() / 2 })
}

/// Looks after the store's time for as long as there is a store.
async fn keep_time(store: Weak<Inner>) {
    loop {
        let pause = match store.upgrade().map(|inner| inner.db.name()) {
            Some("sqlite") => rewind::LOOK_EVERY,
            Some(_) => SAMPLE_EVERY,
            None => return,
        };
        tokio::time::sleep(pause).await;
        let Some(inner) = store.upgrade() else { return };
        match inner.db.reader() {
            Backend::Sqlite(_) => rewind::look(&inner).await,
            Backend::Postgres(pool) => sample_again(&inner, pool).await,
        }
    }
}

async fn sample_again(inner: &Inner, pool: &PgPool) {
    match tokio::time::timeout(inner.limit, sample(pool)).await {
        Ok(Ok(sample)) => inner.clock.set(sample),
        // The monotonic clock goes on from the last sample; it errs by milliseconds a minute at most.
        Ok(Err(_)) | Err(_) => tracing::warn!("PostgreSQL did not tell the time"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use doorward_api::ports::{AuditLog, Change, Ledger};

    use super::*;
    use crate::db::{change, change_in};

    #[test]
    fn a_sqlite_that_can_damage_its_database_is_refused_by_name() {
        for new in ["3.51.3", "3.51.10", "3.54.1", "4.0.0"] {
            assert!(is_new_enough(new).is_ok(), "{new}");
        }
        for old in ["3.51.2", "3.40.1", "3.9.10", "2.99.99", "3.51", "", "new"] {
            let error = is_new_enough(old).unwrap_err();
            assert!(matches!(&error, OpenError::SqliteTooOld { found } if found == old), "{error}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_meant_is_refused_without_repeating_it() {
        for wrong in
            ["sqlite://relative.db", "sqlite:///a?mode=memory", "mysql://x", "/a.db", "postgres://u:hunter2@h:port/"]
        {
            let error = Address::parse(wrong).unwrap_err();
            assert!(matches!(error, OpenError::Address(_)), "{wrong}");
            assert!(!error.to_string().contains("hunter2"));
        }
        assert!(matches!(Address::parse("sqlite:///var/lib/doorward.db"), Ok(Address::Sqlite(_))));
    }

    #[test]
    fn options_print_no_password() {
        let options = StoreOptions {
            url: "postgres://u:hunter2@h/d".into(),
            key: MasterKey::new(vec![1; 32]).unwrap(),
            statement_timeout: Duration::from_secs(2),
            max_connections: 2,
        };
        assert_eq!(format!("{options:?}"), r#"StoreOptions { url: postgres:…, .. }"#);
    }

    /// F-30: a mistake of ours, met with the only writer's lock in hand.
    #[test]
    fn work_that_panics_is_rolled_back_and_holds_up_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let store = open_in(folder.path());
        let vs = VirtualServerId::new("default");
        let story = async {
            store.ensure_virtual_server(&vs, Timestamp::from_secs(1)).await.unwrap();
            for _ in 0..100 {
                let broken: Result<(), _> = store.run(panicking).await;
                assert!(matches!(&broken, Err(StoreError::Unavailable(words)) if words == BROKEN_OFF));
                let broken: Result<Result<(), Failure>, _> = store.spawn(panicking).await;
                assert!(matches!(&broken, Err(StoreError::Unavailable(words)) if words == BROKEN_OFF));
            }
            store.ping().await.unwrap();
            assert_eq!(store.virtual_servers().await.unwrap(), std::slice::from_ref(&vs), "what it had done is undone");
            let change = Change::only(AuditEvent::new(EventKind::AuthSuccess, EventContext::default()));
            store.commit(&vs, change, Timestamp::from_secs(2)).await.unwrap();
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story);
        store.close();
    }

    /// F-04: SQLite has rolled back by itself then, and whoever rolls back after it is told that there is nothing to.
    #[test]
    fn a_database_that_was_full_in_the_middle_of_a_change_takes_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = open_in(folder.path());
        let vs = VirtualServerId::new("default");
        let story = async {
            store.ensure_virtual_server(&vs, Timestamp::from_secs(1)).await.unwrap();
            let change = |count| {
                let event =
                    AuditEvent::new(EventKind::AuthSuccess, EventContext::default()).with("x", "x".repeat(5000));
                Change { acts: Vec::new(), events: vec![event; count] }
            };
            for _ in 0..3 {
                // As many pages as it has, and no more.
                let full =
                    store.run(|inner| async move { Ok(change!(inner.db.writer()?, "PRAGMA max_page_count = 1")?) });
                full.await.unwrap();
                let refused = store.commit(&vs, change(50), Timestamp::from_secs(2)).await;
                assert!(matches!(refused, Err(CommitError::Store(StoreError::Unavailable(_)))), "{refused:?}");
                let room = store
                    .run(|inner| async move { Ok(change!(inner.db.writer()?, "PRAGMA max_page_count = 1000000")?) });
                room.await.unwrap();
                store.commit(&vs, change(1), Timestamp::from_secs(3)).await.unwrap();
            }
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story);
        store.close();
    }

    pub(crate) fn open_in(folder: &Path) -> Store {
        let options = StoreOptions {
            url: format!("sqlite://{}", folder.join("doorward.db").display()),
            key: MasterKey::new(vec![1; 32]).unwrap(),
            statement_timeout: Duration::from_secs(30),
            max_connections: 2,
        };
        Store::open(options, Arc::new(crate::SystemEntropy)).unwrap()
    }

    async fn panicking(inner: Arc<Inner>) -> Result<(), Failure> {
        let mut tx = inner.db.begin().await?;
        change_in!(&mut tx, "INSERT INTO virtual_server (id, created_at) VALUES ('half', 0)")?;
        std::panic::panic_any("a mistake of ours");
    }
}
