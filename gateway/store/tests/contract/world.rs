//! A database of one's own for each story.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use doorward_api::keys::MasterKey;
use doorward_store::{OpenError, Store, StoreOptions, SystemEntropy};
use doorward_tests::world::{drop_database, new_database};
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
                Self { kind, url, folder }
            }
            Kind::Postgres => Self { kind, url: new_database(), folder },
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
                connection.close().await.unwrap();
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }
}

impl World {
    /// Undoes the steps for what is large: sums and counts, names beside members, and groups that are going. What they added to `enrolment` goes with that
    /// table.
    pub(crate) async fn without_sums(&self) {
        let triggers = match self.kind {
            Kind::Sqlite => {
                "DROP TRIGGER credential_counted_new; DROP TRIGGER credential_counted_gone; \
                 DROP TRIGGER credential_counted_less; DROP TRIGGER credential_counted_more; \
                 DROP TRIGGER group_member_named; "
            }
            Kind::Postgres => {
                "DROP TRIGGER credential_counted ON credential; DROP TRIGGER group_member_named ON group_member; "
            }
        };
        self.sql(&format!(
            "{triggers}DROP TABLE enrolment_count; DROP INDEX user_missing; DROP INDEX user_enabled; \
             ALTER TABLE user_account DROP COLUMN tokens; DROP INDEX enrolment_uncounted; \
             ALTER TABLE enrolment DROP COLUMN counted; ALTER TABLE enrolment DROP COLUMN counted_seq; \
             DROP INDEX group_member_by_name; ALTER TABLE group_member DROP COLUMN name; \
             DROP INDEX provisioning_entry_never_written; DROP INDEX user_group_going; ALTER TABLE user_group DROP COLUMN going"
        ))
        .await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.kind == Kind::Postgres
            && let Err(error) = drop_database(&self.url)
        {
            // Not a panic: one may be under way.
            let _ = writeln!(std::io::stderr(), "a database stays behind: {error}");
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
