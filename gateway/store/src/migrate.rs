//! The schema, step by step, and whether this database is ours to open.
//!
//! All in one transaction under a lock, so that of two processes that start at once one migrates and the other finds it
//! done. Steps only add; what an older process still reads is removed a release later.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use doorward_api::keys::{KeyId, SealedBy};
use doorward_api::{AuditEvent, EventContext, EventKind, Timestamp, VirtualServerId};

use crate::audit;
use crate::db::{Backend, Db, Tx, change_in, rows, rows_in};
use crate::error::Failure;
use crate::open::OpenError;
use crate::restore::{self, Opening};
use crate::seal::{Place, Sealer};
use crate::{retain, tallies, trail};

/// One step. Both texts make the same tables and columns.
pub(crate) struct Migration {
    pub(crate) number: i64,
    pub(crate) sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($number:literal, $file:literal) => {
        Migration {
            number: $number,
            sqlite: include_str!(concat!("../migrations/sqlite/", $file)),
            postgres: include_str!(concat!("../migrations/postgres/", $file)),
        }
    };
}

/// Every step, in order, without gaps.
pub(crate) const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_base.sql"),
    migration!(2, "0002_self_provisioning.sql"),
    migration!(3, "0003_proved_flows.sql"),
    migration!(4, "0004_token_management.sql"),
    migration!(5, "0005_enrolment_grants.sql"),
    migration!(6, "0006_recovery_codes.sql"),
    migration!(7, "0007_push_requests.sql"),
    migration!(8, "0008_several_tokens.sql"),
    migration!(9, "0009_roles_and_keys.sql"),
    migration!(10, "0010_reports.sql"),
    migration!(11, "0011_provisioning.sql"),
    migration!(12, "0012_outlets.sql"),
    migration!(13, "0013_retention.sql"),
    migration!(14, "0014_approvals.sql"),
    migration!(15, "0015_decision_records.sql"),
    migration!(16, "0016_provisioning_rules.sql"),
    migration!(17, "0017_scale.sql"),
    migration!(18, "0018_import_jobs.sql"),
    migration!(19, "0019_members_by_name.sql"),
    migration!(20, "0020_counted_anew.sql"),
];

/// The number of the step that brought the self-provisioning settings.
const SELF_PROVISIONING: i64 = 2;

/// The number of the step that set the token template where nobody had.
const TOKEN_TEMPLATE: i64 = 7;

/// The number of the step that brought the entries by which operators look through the trail.
const REPORTS: i64 = 10;

/// The last step known here.
const KNOWN: i64 = 20;

/// The one table that is there before any step: which steps were made, when, and a value sealed with the key.
pub(crate) const META: &str = "CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)";

/// Any number will do, as long as every process takes the same.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8246391071)";

/// What is sealed to tell the right key from a wrong one.
const KEY_CHECK: &[u8] = b"doorward";

/// Where that stands.
const KEY_CHECK_PLACE: Place<'static> = Place { table: "meta", column: "value", row: "key_check", vs: "" };

/// The name of the key that is in use, once there has been another.
pub(crate) const SEALING_KEY: &str = "sealing_key";

/// Brings the schema up to date and checks the key.
pub(crate) async fn migrate(db: &Db, sealer: &Sealer, opening: Opening, now: Timestamp) -> Result<(), OpenError> {
    let mut tx = db.begin().await?;
    if let Backend::Postgres(tx) = &mut tx {
        // A step may take longer than a request's statement, and so may waiting for another process to make it.
        sqlx::raw_sql("SET LOCAL statement_timeout = '10min'").execute(&mut **tx).await?;
        sqlx::raw_sql(LOCK).execute(&mut **tx).await?;
    }
    change_in!(&mut tx, META)?;
    let found = schema(&mut tx).await?;
    if found > KNOWN {
        return Err(OpenError::NewerSchema { found, known: KNOWN });
    }
    check_key(&mut tx, sealer, found).await?;
    restore::admit(&mut tx, opening, found).await?;
    for step in MIGRATIONS.iter().filter(|step| step.number > found) {
        run(&mut tx, step)
            .await
            .map_err(|error| OpenError::Migration { number: step.number, reason: error.to_string() })?;
    }
    retain::begin(&mut tx, now).await?;
    if found == 0 {
        put(&mut tx, "created_at", &now.millis().to_string()).await?;
    }
    if found < REPORTS {
        enter_all(&mut tx).await?;
    }
    count_all(&mut tx).await?;
    if found < KNOWN {
        put(&mut tx, "schema", &KNOWN.to_string()).await?;
        put(&mut tx, "migrated_at", &now.millis().to_string()).await?;
        record(&mut tx, found, now).await?;
    }
    Ok(tx.commit().await?)
}

/// Which schema a database has that is only looked at, and whether a start would take it; nothing where no step was made yet.
pub(crate) async fn look(db: &Db, sealer: &Sealer) -> Result<Option<i64>, OpenError> {
    let there = tables_of(db).await?;
    let ours = tables(KNOWN).into_iter().find(|table| table != "meta" && there.contains(table));
    let meta: BTreeMap<String, String> = match there.contains("meta") {
        true => rows!(db.reader(), (String, String), "SELECT name, value FROM meta")?.into_iter().collect(),
        false => BTreeMap::new(),
    };
    let say = |name: &str| meta.get(name).map(String::as_str);
    let found = schema_of(say("schema"))?;
    match ours {
        // All of it is made at once.
        Some(table) if found == 0 => {
            return Err(OpenError::Damaged(format!(
                "table {table} is there, and `meta` does not say which schema it is"
            )));
        }
        None if found == 0 => return Ok(None),
        _ => {}
    }
    if found > KNOWN {
        return Err(OpenError::NewerSchema { found, known: KNOWN });
    }
    take_key(sealer, say(SEALING_KEY))?;
    if !fits(sealer, say("key_check"))? {
        return Err(key_check_lost());
    }
    match say(restore::RESTORING) {
        Some(_) => Err(OpenError::RestoreUnfinished),
        None => Ok(Some(found)),
    }
}

/// The tables that are there.
async fn tables_of(db: &Db) -> Result<BTreeSet<String>, sqlx::Error> {
    let sql = match db.reader() {
        Backend::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE type = 'table'",
        Backend::Postgres(_) => {
            "SELECT CAST(relname AS TEXT) FROM pg_class WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid)"
        }
    };
    Ok(rows!(db.reader(), (String,), sql)?.into_iter().map(|(name,)| name).collect())
}

/// The time of the newest record, of which the clock must not fall short.
pub(crate) async fn newest_record(db: &Db) -> Result<Timestamp, Failure> {
    const SQL: &str = "SELECT COALESCE(MAX(appended_at), 0) FROM audit_head";
    let newest = rows!(db.reader(), (i64,), SQL)?;
    Ok(Timestamp::from_millis(newest.first().map_or(0, |(at,)| *at)))
}

/// Every table that the steps up to this one leave behind.
fn tables(schema: i64) -> BTreeSet<String> {
    let mut tables = BTreeSet::from(["meta".to_owned()]);
    for step in MIGRATIONS.iter().filter(|step| step.number <= schema) {
        let lines = step.postgres.lines().filter(|line| !line.trim_start().starts_with("--"));
        for statement in lines.collect::<Vec<_>>().join("\n").split(';') {
            let mut words = statement.split_whitespace();
            match (words.next(), words.next(), words.next(), words.next(), words.next(), words.next()) {
                (Some("CREATE"), Some("TABLE"), Some(name), ..) => drop(tables.insert(name.to_owned())),
                (Some("DROP"), Some("TABLE"), Some(name), ..) => drop(tables.remove(name)),
                (Some("ALTER"), Some("TABLE"), Some(from), Some("RENAME"), Some("TO"), Some(to)) => {
                    tables.remove(from);
                    tables.insert(to.to_owned());
                }
                _ => {}
            }
        }
    }
    tables
}

/// The tables of a schema that are not there, or of which nothing can be read.
pub(crate) async fn missing_tables(db: &Db, schema: i64) -> Vec<String> {
    let mut missing = Vec::new();
    for table in tables(schema) {
        // A name of our own steps.
        let sql =
            || sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM (SELECT 1 AS one FROM {table} LIMIT 1) AS found"));
        let read = rows!(db.reader(), (i64,), sql());
        if read.is_err() {
            missing.push(table);
        }
    }
    missing
}

/// The last step of the schema that this release knows.
pub(crate) const fn known() -> i64 {
    KNOWN
}

async fn schema(tx: &mut Tx) -> Result<i64, OpenError> {
    schema_of(get(tx, "schema").await?.as_deref())
}

fn schema_of(text: Option<&str>) -> Result<i64, OpenError> {
    let damaged = |text| OpenError::Damaged(format!("`meta` says that the schema is {text:?}"));
    text.map_or(Ok(0), |text| text.parse().map_err(|_| damaged(text)))
}

async fn run(tx: &mut Tx, step: &Migration) -> Result<(), sqlx::Error> {
    match tx {
        Backend::Sqlite(tx) => sqlx::raw_sql(step.sqlite).execute(&mut **tx).await.map(drop),
        Backend::Postgres(tx) => sqlx::raw_sql(step.postgres).execute(&mut **tx).await.map(drop),
    }
}

/// Seals a value in a new database; opens it in one that was there before. The key that seals there is in use from then on.
async fn check_key(tx: &mut Tx, sealer: &Sealer, found: i64) -> Result<(), OpenError> {
    take_key(sealer, get(tx, SEALING_KEY).await?.as_deref())?;
    match fits(sealer, get(tx, "key_check").await?.as_deref())? {
        true => Ok(()),
        false if found == 0 => Ok(seal_check(tx, sealer).await?),
        false => Err(key_check_lost()),
    }
}

/// Takes the key into use that the database names.
fn take_key(sealer: &Sealer, text: Option<&str>) -> Result<(), OpenError> {
    let Some(text) = text else { return Ok(()) };
    let id = KeyId::parse(text).ok_or_else(|| OpenError::Damaged(format!("`meta` says that the key is {text:?}")))?;
    if sealer.master().take_into_use(id) { Ok(()) } else { Err(OpenError::MissingKey { id }) }
}

/// Whether the value is there by which the right key is told. One that the key does not open is an error.
fn fits(sealer: &Sealer, text: Option<&str>) -> Result<bool, OpenError> {
    let Some(text) = text else { return Ok(false) };
    let sealed = HEXLOWER.decode(text.as_bytes()).map_err(|_| OpenError::WrongKey)?;
    sealer.open(KEY_CHECK_PLACE, &sealed).map(|_| true).map_err(|_| OpenError::WrongKey)
}

fn key_check_lost() -> OpenError {
    OpenError::Damaged("`meta` has lost the value that tells which key belongs to it".into())
}

/// Seals the value by which the right key is told, with the key in use, and says which that is where keys have names.
pub(crate) async fn seal_check(tx: &mut Tx, sealer: &Sealer) -> Result<(), Failure> {
    let sealed = sealer.seal(KEY_CHECK_PLACE, KEY_CHECK)?;
    if let SealedBy::Key(id) = SealedBy::of(&sealed) {
        put(tx, SEALING_KEY, &id.to_string()).await?;
    }
    Ok(put(tx, "key_check", &HEXLOWER.encode(&sealed)).await?)
}

/// Goes through the records that are there already, a part of them at a time: a chain may be longer than fits into memory.
async fn enter_all(tx: &mut Tx) -> Result<(), Failure> {
    for (vs,) in rows_in!(&mut *tx, (String,), "SELECT id FROM virtual_server ORDER BY id")? {
        trail::catch_up_all(tx, &VirtualServerId::new(vs)).await?;
    }
    Ok(())
}

/// Counts the enrolments that are there already, or that a process of the release before has left.
async fn count_all(tx: &mut Tx) -> Result<(), Failure> {
    for (vs,) in rows_in!(&mut *tx, (String,), "SELECT id FROM virtual_server ORDER BY id")? {
        tallies::catch_up_all(tx, &VirtualServerId::new(vs)).await?;
    }
    Ok(())
}

/// Records in each chain that its virtual server was migrated, and what that meant for it (self-provisioning.md 5.1).
async fn record(tx: &mut Tx, from: i64, now: Timestamp) -> Result<(), Failure> {
    // What an operator has set stands in the Change Log; what a step has set does not.
    const SQL: &str = "SELECT v.id, EXISTS (SELECT 1 FROM setting s WHERE s.virtual_server = v.id \
                           AND s.kind = 'token_template' AND NOT EXISTS (SELECT 1 FROM setting_change c \
                               WHERE c.virtual_server = s.virtual_server AND c.kind = s.kind)) \
                       FROM virtual_server v ORDER BY v.id";
    for (vs, template_by_step) in rows_in!(&mut *tx, (String, bool), SQL)? {
        let mut event = AuditEvent::new(EventKind::TenantMigrated, EventContext::default())
            .with("fromSchema", from)
            .with("toSchema", KNOWN);
        if from < SELF_PROVISIONING {
            event = event.with("selfProvisioning", "none");
        }
        if from < TOKEN_TEMPLATE && template_by_step {
            event = event.with("tokenTemplate", "standard");
        }
        audit::append(tx, &VirtualServerId::new(vs), &[event], now).await?;
    }
    Ok(())
}

pub(crate) async fn get(tx: &mut Tx, name: &str) -> Result<Option<String>, sqlx::Error> {
    let found = rows_in!(tx, (String,), "SELECT value FROM meta WHERE name = $1", name)?;
    Ok(found.into_iter().next().map(|(value,)| value))
}

pub(crate) async fn put(tx: &mut Tx, name: &str, value: &str) -> Result<(), sqlx::Error> {
    const SQL: &str = "INSERT INTO meta (name, value) VALUES ($1, $2) \
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    change_in!(tx, SQL, name, value).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_came_and_went_are_told_from_those_that_stay() {
        let tables = tables(KNOWN);
        for there in ["meta", "credential", "audit_head", "setting", "push_request", "self_provisioning"] {
            assert!(tables.contains(there), "{there}: {tables:?}");
        }
        assert!(!tables.contains("new_credential"));
    }

    #[test]
    fn the_steps_are_numbered_without_gaps() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|step| step.number).collect();
        assert_eq!(numbers, (1..=KNOWN).collect::<Vec<_>>());
    }
}
