//! Two databases, one text of SQL: the pools, the transaction, and the macro that runs one body on either.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use doorward_api::StoreError;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use crate::error::{Failure, Verdict};
use crate::look;

/// Something of the one or of the other database.
pub(crate) enum Backend<S, P> {
    Sqlite(S),
    Postgres(P),
}

/// A transaction that may write. Dropped without a commit, it is rolled back.
pub(crate) type Tx = Backend<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>;

/// Runs the body on whichever database it is; `$c` is the pool or the transaction.
macro_rules! on {
    ($target:expr, |$c:ident| $body:expr) => {
        match $target {
            $crate::db::Backend::Sqlite($c) => $body,
            $crate::db::Backend::Postgres($c) => $body,
        }
    };
}

/// Rows of type `$row` from a pool. Reads every row even where one is enough: with SQLite a statement that also writes
/// (`… RETURNING`) is on the disk only once it has run to its end.
macro_rules! rows {
    ($pool:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($pool, |c| sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(c).await)
    };
}

/// Rows of type `$row` within a transaction.
macro_rules! rows_in {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($tx, |c| sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(&mut **c).await)
    };
}

/// How many rows a statement changed, on a pool.
macro_rules! change {
    ($pool:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($pool, |c| sqlx::query($sql)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()))
    };
}

/// How many rows a statement changed, within a transaction.
macro_rules! change_in {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($tx, |c| {
            sqlx::query($sql)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected())
        })
    };
}

/// Locks rows until the transaction ends: `SELECT … FOR …`, which PostgreSQL alone knows. With SQLite whoever has begun to
/// write is alone anyway.
macro_rules! lock_in {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $tx {
            $crate::db::Backend::Sqlite(_) => Ok(()),
            $crate::db::Backend::Postgres(c) => {
                sqlx::query($sql)$(.bind($bind))*.execute(&mut **c).await.map(drop)
            }
        }
    };
}

pub(crate) use {change, change_in, lock_in, on, rows, rows_in};

/// SQLite's two pools. With one writer, writers of this process queue here in order instead of fighting for the file.
pub(crate) struct SqlitePools {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

/// The database.
pub(crate) struct Db {
    pools: Backend<SqlitePools, PgPool>,
    /// Set for good by a failed `fsync` (F-03).
    unsound: AtomicBool,
    /// Where nothing may be written.
    look: Option<Look>,
}

/// What a process keeps in mind that only looks.
pub(crate) struct Look {
    /// The SQLite file, where it had no log beside it before.
    pub(crate) unlogged: Option<PathBuf>,
}

impl Db {
    pub(crate) fn new(pools: Backend<SqlitePools, PgPool>) -> Self {
        Self { pools, unsound: AtomicBool::new(false), look: None }
    }

    /// One that is read only. SQLite's writer is a reader as well.
    pub(crate) fn looking(pools: Backend<SqlitePools, PgPool>, look: Look) -> Self {
        Self { look: Some(look), ..Self::new(pools) }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self.pools {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgresql",
        }
    }

    /// For reading.
    pub(crate) fn reader(&self) -> Backend<&SqlitePool, &PgPool> {
        match &self.pools {
            Backend::Sqlite(pools) => Backend::Sqlite(&pools.readers),
            Backend::Postgres(pool) => Backend::Postgres(pool),
        }
    }

    /// For single statements that write.
    pub(crate) fn writer(&self) -> Result<Backend<&SqlitePool, &PgPool>, Failure> {
        if self.unsound.load(Ordering::SeqCst) {
            return Err(Failure::Unsound);
        }
        if self.look.is_some() {
            return Err(Failure::OnlyLooks);
        }
        Ok(match &self.pools {
            Backend::Sqlite(pools) => Backend::Sqlite(&pools.writer),
            Backend::Postgres(pool) => Backend::Postgres(pool),
        })
    }

    /// For several statements. SQLite takes its lock at once: a lock taken later, at the first write, could find that
    /// what was read before is no longer so.
    pub(crate) async fn begin(&self) -> Result<Tx, Failure> {
        Ok(match self.writer()? {
            Backend::Sqlite(pool) => Backend::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Backend::Postgres(pool) => Backend::Postgres(pool.begin().await?),
        })
    }

    /// Remembers a failed `fsync`, and says so once.
    pub(crate) fn note(&self, failure: &Failure) {
        if failure.verdict() == Verdict::SyncFailed && !self.unsound.swap(true, Ordering::SeqCst) {
            let message = failure.message();
            tracing::error!(%message, "a write could not be brought to the disk; this process writes no more");
        }
    }

    /// What is said outside of a failure; and a failed `fsync` is remembered.
    pub(crate) fn explain(&self, failure: &Failure) -> StoreError {
        self.note(failure);
        let message = failure.message();
        match failure.verdict() {
            Verdict::Damaged | Verdict::Refused => StoreError::Damaged(message),
            Verdict::Retry | Verdict::Unavailable | Verdict::SyncFailed => StoreError::Unavailable(message),
        }
    }

    /// Lets go of every connection; what SQLite's log holds is moved into the file first. Says whether all of it is there: while
    /// another process reads, some may stay.
    pub(crate) async fn close(&self) -> Result<bool, Failure> {
        match (&self.pools, &self.look) {
            (Backend::Sqlite(pools), Some(look)) => {
                pools.readers.close().await;
                if let Some(file) = &look.unlogged {
                    look::tidy(file).await;
                }
                Ok(true)
            }
            (Backend::Sqlite(pools), None) => {
                pools.readers.close().await;
                let moved = sqlx::query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(TRUNCATE)");
                let moved = moved.fetch_one(&pools.writer).await;
                pools.writer.close().await;
                Ok(moved?.0 == 0)
            }
            (Backend::Postgres(pool), _) => {
                pool.close().await;
                Ok(true)
            }
        }
    }
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), Failure> {
        on!(self, |tx| tx.commit().await).map_err(Failure::from)
    }

    /// Gives the locks back now; without it they would stay until the connection is next looked at.
    pub(crate) async fn rollback(self) {
        if let Err(error) = on!(self, |tx| tx.rollback().await) {
            tracing::debug!(%error, "a transaction ends with its connection");
        }
    }
}
