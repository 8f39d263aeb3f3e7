//! What can go wrong inside, and what is said of it outside.

use doorward_api::keys::KeyId;
use sqlx::error::ErrorKind;
use sqlx::sqlite::SqliteError;

/// Why something was not done. Becomes a [`doorward_api::StoreError`] or [`doorward_api::CommitError`] at the ports.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The condition of the statement did not hold.
    Refused,
    /// The database said so, or said nothing.
    Sql(sqlx::Error),
    /// What was read cannot be.
    Damaged(String),
    /// It took too long.
    TooSlow,
    /// Time has gone back since it was asked for (F-13).
    ClockSetRight,
    /// A mistake of ours ended it.
    BrokenOff,
    /// An earlier write could not be brought to the disk; see [`Verdict::SyncFailed`].
    Unsound,
    /// The database is sealed with a key that is not in the key file.
    KeyMissing(KeyId),
    /// Something was to be written by a process that only looks.
    OnlyLooks,
}

/// No more is said: the words of a panic could hold a value.
pub(crate) const BROKEN_OFF: &str = "work on the store broke off";

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Failure::Sql(error)
    }
}

impl Failure {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Failure::Damaged(what.into())
    }

    /// What it means for who asked.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Failure::Refused => Verdict::Refused,
            Failure::Damaged(_) => Verdict::Damaged,
            Failure::TooSlow
            | Failure::ClockSetRight
            | Failure::BrokenOff
            | Failure::Unsound
            | Failure::KeyMissing(_)
            | Failure::OnlyLooks => Verdict::Unavailable,
            Failure::Sql(error) => of_sql(error),
        }
    }

    /// For the log. Never a value: the messages of both databases name tables and constraints only.
    pub(crate) fn message(&self) -> String {
        match self {
            Failure::Refused => "a condition of the schema does not hold".into(),
            Failure::Damaged(what) => what.clone(),
            Failure::TooSlow => "no answer in time".into(),
            Failure::ClockSetRight => "the clock was set right meanwhile".into(),
            Failure::BrokenOff => BROKEN_OFF.into(),
            Failure::Unsound => "an earlier write did not reach the disk; restart after checking the disk".into(),
            Failure::KeyMissing(id) => format!("the database is sealed with key {id}, which is not in the key file"),
            Failure::OnlyLooks => "the database was opened to be looked at only".into(),
            Failure::Sql(sqlx::Error::Database(error)) => error.message().to_owned(),
            Failure::Sql(error) => error.to_string(),
        }
    }
}

/// The kinds of failure that are answered differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Somebody was faster, or a row that it hangs on is gone.
    Refused,
    /// Two changes stood in each other's way: worth another try.
    Retry,
    /// `fsync` failed. The kernel may have dropped what was not yet written, and a later success would mean nothing:
    /// this process writes no more (F-03).
    SyncFailed,
    /// The data cannot be trusted.
    Damaged,
    /// Not reachable, too slow, full.
    Unavailable,
}

fn of_sql(error: &sqlx::Error) -> Verdict {
    match error {
        sqlx::Error::Database(error) => match (error.kind(), error.try_downcast_ref::<SqliteError>()) {
            (
                ErrorKind::UniqueViolation
                | ErrorKind::ForeignKeyViolation
                | ErrorKind::CheckViolation
                | ErrorKind::NotNullViolation,
                _,
            ) => Verdict::Refused,
            (_, Some(_)) => of_sqlite(error.code().as_deref()),
            (_, None) => of_postgres(error.code().as_deref()),
        },
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::TypeNotFound { .. }
        | sqlx::Error::RowNotFound => Verdict::Damaged,
        _ => Verdict::Unavailable,
    }
}

/// By the extended result code; its low byte is the primary one.
fn of_sqlite(code: Option<&str>) -> Verdict {
    const CORRUPT: i32 = 11;
    const NOT_A_DATABASE: i32 = 26;
    const IOERR_FSYNC: i32 = 10 | (4 << 8);
    const IOERR_DIR_FSYNC: i32 = 10 | (5 << 8);
    match code.and_then(|code| code.parse::<i32>().ok()) {
        Some(IOERR_FSYNC | IOERR_DIR_FSYNC) => Verdict::SyncFailed,
        Some(code) if matches!(code & 0xff, CORRUPT | NOT_A_DATABASE) => Verdict::Damaged,
        _ => Verdict::Unavailable,
    }
}

/// By SQLSTATE.
fn of_postgres(code: Option<&str>) -> Verdict {
    match code {
        // serialization_failure, deadlock_detected
        Some("40001" | "40P01") => Verdict::Retry,
        // data_corrupted, index_corrupted
        Some("XX001" | "XX002") => Verdict::Damaged,
        _ => Verdict::Unavailable,
    }
}

/// Whether a statement that must change something did.
pub(crate) fn some(rows: u64) -> Result<(), Failure> {
    if rows == 0 { Err(Failure::Refused) } else { Ok(()) }
}

/// Whether a condition that was asked for by a statement of its own holds.
pub(crate) fn holds(condition: bool) -> Result<(), Failure> {
    if condition { Ok(()) } else { Err(Failure::Refused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_meaning() {
        assert_eq!(of_sqlite(Some("1034")), Verdict::SyncFailed);
        assert_eq!(of_sqlite(Some("267")), Verdict::Damaged, "SQLITE_CORRUPT_VTAB is corruption too");
        assert_eq!(of_sqlite(Some("5")), Verdict::Unavailable, "busy");
        assert_eq!(of_sqlite(Some("13")), Verdict::Unavailable, "a full disk gets room again");
        assert_eq!(of_postgres(Some("40P01")), Verdict::Retry);
        assert_eq!(of_postgres(Some("57014")), Verdict::Unavailable, "statement timeout");
        assert_eq!(of_sql(&sqlx::Error::PoolTimedOut), Verdict::Unavailable);
    }
}
