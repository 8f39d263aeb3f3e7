//! Sealing anew what is sealed with another key than the one in use: in portions, each of which is whole by itself, so that it
//! may end anywhere and be begun again.
//!
//! A row is written only while it still holds the bytes that were read: what somebody else writes meanwhile is newer.

use std::collections::BTreeMap;

use doorward_api::StoreError;
use doorward_api::keys::SealedBy;

use crate::db::{Tx, change_in, rows, rows_in};
use crate::error::Failure;
use crate::migrate;
use crate::open::{Inner, Store};
use crate::seal::Place;

/// Rows that one transaction seals anew: others wait no longer for it than for a sign-in.
const PORTION: i64 = 100;

/// Rows that are looked at together. Nobody waits for them.
const LOOKED_AT: i64 = 500;

/// How often all is gone through, when others go on writing with the key of before.
const ROUNDS: u32 = 3;

/// A column that is sealed.
struct Sealed {
    /// The step of the schema that it came with.
    since: i64,
    table: &'static str,
    column: &'static str,
    /// Its rows by what their values begin with.
    count: &'static str,
    /// The next rows whose value begins otherwise than `$1`, after the row `$2`, `$3`, `$4`; at most `$5`.
    next: &'static str,
    /// Puts `$4` in place of `$5`.
    put: &'static str,
}

macro_rules! counted {
    ($table:literal, $column:literal) => {
        concat!(
            "SELECT CASE WHEN substr(",
            $column,
            ", 1, 1) = $1 THEN substr(",
            $column,
            ", 1, 5) \
             ELSE substr(",
            $column,
            ", 1, 1) END AS beginning, COUNT(*) FROM ",
            $table,
            " WHERE ",
            $column,
            " IS NOT NULL GROUP BY 1"
        )
    };
}

macro_rules! sealed {
    ($since:literal, $table:literal, $column:literal, $key:literal) => {
        Sealed {
            since: $since,
            table: $table,
            column: $column,
            count: counted!($table, $column),
            next: concat!(
                "SELECT virtual_server, ",
                $key,
                ", '', ",
                $column,
                " FROM ",
                $table,
                " WHERE ",
                $column,
                " IS NOT NULL AND substr(",
                $column,
                ", 1, 5) <> $1 \
                 AND (virtual_server, ",
                $key,
                ") > ($2, $3) AND CAST($4 AS TEXT) IS NOT NULL \
                 ORDER BY virtual_server, ",
                $key,
                " LIMIT $5"
            ),
            put: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $4 WHERE virtual_server = $1 AND ",
                $key,
                " = $2 \
                 AND CAST($3 AS TEXT) IS NOT NULL AND ",
                $column,
                " = $5"
            ),
        }
    };
    ($since:literal, $table:literal, $column:literal, $key:literal, $second:literal) => {
        Sealed {
            since: $since,
            table: $table,
            column: $column,
            count: counted!($table, $column),
            next: concat!(
                "SELECT virtual_server, ",
                $key,
                ", ",
                $second,
                ", ",
                $column,
                " FROM ",
                $table,
                " WHERE ",
                $column,
                " IS NOT NULL AND substr(",
                $column,
                ", 1, 5) <> $1 \
                 AND (virtual_server, ",
                $key,
                ", ",
                $second,
                ") > ($2, $3, $4) \
                 ORDER BY virtual_server, ",
                $key,
                ", ",
                $second,
                " LIMIT $5"
            ),
            put: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $4 WHERE virtual_server = $1 AND ",
                $key,
                " = $2 \
                 AND ",
                $second,
                " = $3 AND ",
                $column,
                " = $5"
            ),
        }
    };
}

/// Every column that is sealed. A test looks whether one is missing.
const SEALED: &[Sealed] = &[
    sealed!(1, "credential", "sealed", "id"),
    sealed!(4, "credential", "pin", "id"),
    sealed!(4, "operator", "sealed", "id"),
    sealed!(6, "recovery_codes", "codes", "user_id"),
    sealed!(4, "user_account", "temporary_passcode", "id"),
    sealed!(5, "enrolment_grant", "details", "user_id"),
    sealed!(14, "pending_act", "act", "id"),
    sealed!(1, "flow", "data", "id"),
    sealed!(7, "push_request", "data", "id"),
    sealed!(1, "one_time", "data", "purpose", "hash"),
    sealed!(1, "mail", "fields", "id"),
];

/// How many values of a column are sealed with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// `table.column`.
    pub column: String,
    /// Values by what they say of their key.
    pub values: BTreeMap<SealedBy, u64>,
}

/// What sealing anew has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values that were sealed anew.
    pub done: u64,
    /// Values that no key here opens: they are damaged, and stay.
    pub unreadable: u64,
    /// Values that a key of before still opens: somebody goes on writing with it.
    pub left: u64,
}

type Row = (String, String, String, Vec<u8>);

/// A place in a table.
#[derive(Default)]
struct After {
    vs: String,
    key: String,
    second: String,
}

impl Sealed {
    async fn next(&self, tx: &mut Tx, current: &[u8], after: &After) -> Result<Vec<Row>, Failure> {
        let After { vs, key, second } = after;
        Ok(rows_in!(tx, Row, self.next, current, vs.as_str(), key.as_str(), second.as_str(), PORTION)?)
    }

    fn place<'a>(&self, name: &'a str, vs: &'a str) -> Place<'a> {
        Place { table: self.table, column: self.column, row: name, vs }
    }

    fn name(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    /// How many values say that a key here has sealed them, and are not opened by it.
    async fn unopened(&self, inner: &Inner) -> Result<u64, Failure> {
        let held = inner.sealer.master().ids();
        let (mut after, mut count) = (After::default(), 0);
        loop {
            let After { vs, key, second } = &after;
            // Whatever they begin with.
            let found = rows!(inner.db.reader(), Row, self.next, Vec::<u8>::new(), vs, key, second, LOOKED_AT)?;
            let Some((vs, key, second, _)) = found.last() else { return Ok(count) };
            let last = After { vs: vs.clone(), key: key.clone(), second: second.clone() };
            for (vs, key, second, sealed) in &found {
                let here = match SealedBy::of(sealed) {
                    SealedBy::Key(id) => held.contains(&id),
                    SealedBy::Unnamed => true,
                    SealedBy::Nothing => false,
                };
                let name = row_name(key, second);
                count += u64::from(here && inner.sealer.open(self.place(&name, vs), sealed).is_err());
            }
            after = last;
        }
    }

    /// Seals a portion anew. Says after which row the next begins, or nothing at the end.
    async fn portion(
        &self,
        inner: &Inner,
        after: &After,
        keep: bool,
        told: &mut Resealed,
    ) -> Result<Option<After>, Failure> {
        let current = beginning(inner);
        let mut tx = inner.db.begin().await?;
        let found = self.next(&mut tx, &current, after).await?;
        let mut last = None;
        for (vs, key, second, old) in found {
            let name = row_name(&key, &second);
            match inner.sealer.open(self.place(&name, &vs), &old) {
                Err(_) => told.unreadable += 1,
                Ok(_) if keep => told.left += 1,
                Ok(plain) => {
                    let new = inner.sealer.seal(self.place(&name, &vs), plain.expose())?;
                    told.done += change_in!(&mut tx, self.put, &vs, &key, &second, new, old)?;
                }
            }
            last = Some(After { vs, key, second });
        }
        tx.commit().await?;
        Ok(last)
    }
}

fn row_name(key: &str, second: &str) -> String {
    if second.is_empty() { key.to_owned() } else { format!("{key}/{second}") }
}

/// Those that are in the database: one that is only looked at may be of an earlier release.
fn sealed_in(inner: &Inner) -> impl Iterator<Item = &'static Sealed> {
    let schema = inner.schema;
    SEALED.iter().filter(move |sealed| sealed.since <= schema)
}

/// What a value of the key in use begins with.
fn beginning(inner: &Inner) -> Vec<u8> {
    let id = inner.sealer.master().in_use().bytes();
    let mut bytes = vec![2];
    bytes.extend_from_slice(&id);
    bytes
}

impl Store {
    /// How many values are sealed with which key. Reads every row; for an operator who asks.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn key_uses(&self) -> Result<Vec<KeyUse>, StoreError> {
        let told = self.spawn(|inner| async move {
            let mut uses = Vec::new();
            for sealed in sealed_in(&inner) {
                let found = rows!(inner.db.reader(), (Vec<u8>, i64), sealed.count, vec![2_u8])?;
                let mut values = BTreeMap::new();
                for (beginning, count) in found {
                    *values.entry(SealedBy::of(&beginning)).or_default() += u64::try_from(count).unwrap_or_default();
                }
                uses.push(KeyUse { column: sealed.name(), values });
            }
            Ok::<_, Failure>(uses)
        });
        told.await?.map_err(|failure| self.inner.db.explain(&failure))
    }

    /// How many values of each column (`table.column`) say that a key here has sealed them, and are not opened by it: they were changed,
    /// or stand where they do not belong. Opens every value; for an operator who asks.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn unopened(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let told = self.spawn(|inner| async move {
            let mut told = BTreeMap::new();
            for sealed in sealed_in(&inner) {
                let count = sealed.unopened(&inner).await?;
                if count > 0 {
                    told.insert(sealed.name(), count);
                }
            }
            Ok::<_, Failure>(told)
        });
        told.await?.map_err(|failure| self.inner.db.explain(&failure))
    }

    /// The tables that are not there, or of which nothing can be read.
    ///
    /// # Errors
    /// When the store is closed.
    pub async fn missing_tables(&self) -> Result<Vec<String>, StoreError> {
        self.spawn(|inner| async move { migrate::missing_tables(&inner.db, inner.schema).await }).await
    }

    /// Seals anew with the key in use whatever another has sealed. `progress` is told how many are done.
    ///
    /// # Errors
    /// When the store does not answer; what was sealed anew by then is.
    pub async fn reseal(&self, progress: impl Fn(u64) + Send + Sync + 'static) -> Result<Resealed, StoreError> {
        let mut all = Resealed::default();
        let progress = std::sync::Arc::new(progress);
        for _ in 0..ROUNDS {
            let (before, progress) = (all.done, progress.clone());
            let round = self.go_through(false, move |done| progress(before + done)).await?;
            all.done += round.done;
            if round.done == 0 {
                break;
            }
        }
        let rest = self.unsealed().await?;
        Ok(Resealed { unreadable: rest.unreadable, left: rest.left, ..all })
    }

    /// What is sealed with another key than the one in use, and changes nothing.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn unsealed(&self) -> Result<Resealed, StoreError> {
        self.go_through(true, |_| {}).await
    }

    async fn go_through(
        &self,
        keep: bool,
        progress: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<Resealed, StoreError> {
        let work = self.spawn(move |inner| async move {
            let mut told = Resealed::default();
            for sealed in sealed_in(&inner) {
                let mut after = After::default();
                while let Some(last) = sealed.portion(&inner, &after, keep, &mut told).await? {
                    progress(told.done);
                    after = last;
                }
            }
            Ok::<_, Failure>(told)
        });
        work.await?.map_err(|failure| self.inner.db.explain(&failure))
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, SqliteConnection};

    use super::*;

    #[test]
    fn each_place_is_as_old_as_the_list_says() {
        const COLUMNS: &str = "SELECT COUNT(*) FROM pragma_table_info($1) WHERE name = $2";
        let story = async {
            let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
            sqlx::raw_sql(migrate::META).execute(&mut connection).await.unwrap();
            for step in migrate::MIGRATIONS {
                sqlx::raw_sql(step.sqlite).execute(&mut connection).await.unwrap();
                for sealed in SEALED {
                    let asked = sqlx::query_scalar::<_, i64>(COLUMNS).bind(sealed.table).bind(sealed.column);
                    let there = asked.fetch_one(&mut connection).await.unwrap() > 0;
                    assert_eq!(there, sealed.since <= step.number, "{} after step {}", sealed.name(), step.number);
                }
            }
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story);
    }

    #[test]
    fn every_place_that_is_sealed_is_in_the_list() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.file_name().is_some_and(|name| name == "seal.rs") || path.extension().is_none() {
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            for after in text.split("Place::new(\"").skip(1) {
                let mut words = after.split('"');
                let (table, column) = (words.next().unwrap(), words.nth(1).unwrap());
                found.push((table.to_owned(), column.to_owned()));
            }
        }
        found.sort();
        found.dedup();
        // This test's own text is no place.
        found.retain(|(table, _)| table.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        let mut listed: Vec<_> = SEALED.iter().map(|s| (s.table.to_owned(), s.column.to_owned())).collect();
        listed.sort();
        assert_eq!(found, listed);
    }
}
