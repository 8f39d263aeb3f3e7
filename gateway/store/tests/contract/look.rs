//! A look at a database leaves it as it is, whatever it finds, and finds what a start would stumble over and what it would not.

use std::path::Path;
use std::sync::Arc;

use doorward_api::keys::{MasterKey, SealedBy};
use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::{Found, OpenError, Store, StoreOptions, SystemEntropy};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::fixtures::*;
use crate::schema::take_back_to;
use crate::world::{Kind, PATIENT, World, tell};

both!(
    an_older_schema_is_looked_at_and_left_alone,
    what_is_looked_at_cannot_be_written,
    nothing_is_made_where_nothing_is,
    what_a_start_refuses_is_named,
    a_table_of_its_own_schema_that_is_gone_is_named,
    a_value_that_is_no_sealed_value_or_stands_elsewhere_is_counted,
);

fn look_with(url: &str, key: u8) -> Result<Found, OpenError> {
    let key = MasterKey::new(vec![key; 32]).unwrap();
    let options = StoreOptions { url: url.to_owned(), key, statement_timeout: PATIENT, max_connections: 6 };
    Store::look(options, Arc::new(SystemEntropy))
}

#[track_caller]
fn look(url: &str) -> Store {
    match look_with(url, 1).unwrap() {
        Found::Database(store) => store,
        other => panic!("{other:?}"),
    }
}

/// What a query says, past the store.
async fn ask(world: &World, sql: &str) -> i64 {
    let sql = AssertSqlSafe(sql.to_owned());
    match world.kind {
        Kind::Sqlite => {
            let mut connection = SqliteConnection::connect(&world.url).await.unwrap();
            let said = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            said
        }
        Kind::Postgres => {
            let mut connection = PgConnection::connect(&world.url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        }
    }
}

/// The names of what is in a folder, with all that is in them.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap())
        .map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap()))
        .collect();
    files.sort();
    files
}

async fn an_older_schema_is_looked_at_and_left_alone(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("one"))).await);
    done(commit(&store, activate("one", 1)).await);
    store.close();
    take_back_to(&world, 3).await;
    // What the editing has left.
    ask(&world, "SELECT COUNT(*) FROM meta").await;
    let before = contents(world.folder());

    let looked = look(&world.url);
    assert_eq!(looked.schema(), 3);
    assert_eq!(looked.virtual_servers().await.unwrap(), [vs()]);
    assert_eq!(looked.missing_tables().await.unwrap(), [""; 0]);
    assert_eq!(looked.damage().await.unwrap(), [""; 0]);
    let uses = looked.key_uses().await.unwrap();
    let columns: Vec<&str> = uses.iter().map(|one| one.column.as_str()).collect();
    assert_eq!(columns, ["credential.sealed", "flow.data", "one_time.data", "mail.fields"]);
    assert_eq!(uses[0].values.iter().collect::<Vec<_>>(), [(&SealedBy::Unnamed, &1)]);
    assert!(looked.unopened().await.unwrap().is_empty());
    assert_eq!(looked.key_state().await.unwrap().in_use, None);
    looked.close();

    assert!(contents(world.folder()) == before, "not a byte, and no file beside it");
    assert_eq!(ask(&world, "SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'schema'").await, 3);
    assert_eq!(ask(&world, "SELECT COUNT(*) FROM audit_record WHERE record LIKE '%TENANT_MIGRATED%'").await, 0);
    let store = world.open();
    assert_eq!(store.schema(), doorward_store::known_schema());
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::TenantMigrated)[0]["details"]["fromSchema"], 3);
}

/// By the store, and by the database itself.
async fn what_is_looked_at_cannot_be_written(world: Arc<World>) {
    let store = inhabited(&world).await;
    let looked = look(&world.url);
    unavailable(looked.propose_key(MasterKey::new(vec![1; 32]).unwrap().in_use()).await);
    let written = commit(&looked, Act::SessionStart(portal_session("never"))).await;
    assert!(matches!(written, Err(CommitError::Store(StoreError::Unavailable(_)))), "{written:?}");
    // Whoever serves goes on, and is seen.
    done(commit(&store, add_user_bob()).await);
    assert_eq!(looked.user_count(&vs()).await.unwrap(), 2);
    looked.close();
    done(commit(&store, Act::SessionStart(portal_session("s"))).await);
    store.close();
}

fn add_user_bob() -> Act {
    add_user("bob", UserId::new("bob-row"), &[])
}

async fn nothing_is_made_where_nothing_is(world: Arc<World>) {
    if world.kind == Kind::Postgres {
        assert!(matches!(look_with(&world.url, 1).unwrap(), Found::Empty));
        assert_eq!(ask(&world, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").await, 0);
        return;
    }
    let file = world.file();
    match look_with(&world.url, 1).unwrap() {
        Found::NoFile(named) => assert_eq!(named, file),
        other => panic!("{other:?}"),
    }
    assert!(contents(world.folder()).is_empty());
    std::fs::write(&file, "").unwrap();
    assert!(matches!(look_with(&world.url, 1).unwrap(), Found::Empty));
    assert_eq!(contents(world.folder()), [("doorward.db".to_owned(), Vec::new())]);

    // A log without its database is what is left of one.
    let log = world.folder().join("doorward.db-wal");
    for gone in [false, true] {
        std::fs::write(&log, "what was written last").unwrap();
        if gone {
            std::fs::remove_file(&file).unwrap();
        }
        let error = look_with(&world.url, 1).unwrap_err();
        assert!(matches!(&error, OpenError::Damaged(why) if why.contains("doorward.db-wal is there")), "{error}");
        assert_eq!(std::fs::read(&log).unwrap(), b"what was written last");
    }
    let error = look_with("sqlite:///no/such/folder/doorward.db", 1).unwrap_err();
    assert!(matches!(&error, OpenError::File { .. }) && error.to_string().contains("/no/such/folder"), "{error}");
}

async fn what_a_start_refuses_is_named(world: Arc<World>) {
    inhabited(&world).await.close();
    assert!(matches!(look_with(&world.url, 2).unwrap_err(), OpenError::WrongKey));
    let beside = |world: &World| world.kind == Kind::Postgres || contents(world.folder()).len() == 1;
    assert!(beside(&world), "nothing stays beside it");
    let newer = doorward_store::known_schema() + 1;
    world.sql(&format!("UPDATE meta SET value = '{newer}' WHERE name = 'schema'")).await;
    let error = look_with(&world.url, 1).unwrap_err();
    assert!(
        matches!(error, OpenError::NewerSchema { found, known } if found == newer && known == newer - 1),
        "{error}"
    );
    let known = newer - 1;
    world.sql(&format!("UPDATE meta SET value = '{known}' WHERE name = 'schema'")).await;
    world.sql("INSERT INTO meta (name, value) VALUES ('sealing_key', '01020304')").await;
    assert!(matches!(look_with(&world.url, 1).unwrap_err(), OpenError::MissingKey { .. }));
    world.sql("DELETE FROM meta WHERE name = 'sealing_key'").await;
    world.sql("INSERT INTO meta (name, value) VALUES ('restoring', '{}')").await;
    assert!(matches!(look_with(&world.url, 1).unwrap_err(), OpenError::RestoreUnfinished));
    world.sql("DELETE FROM meta WHERE name = 'restoring'").await;
    look(&world.url).close();
    for lost in ["DELETE FROM meta WHERE name = 'key_check'", "DELETE FROM meta", "DROP TABLE meta"] {
        world.sql(lost).await;
        let error = look_with(&world.url, 1).unwrap_err();
        assert!(matches!(error, OpenError::Damaged(_)), "{lost}: {error}");
        assert!(beside(&world), "{lost}: nothing stays beside it");
    }
}

async fn a_table_of_its_own_schema_that_is_gone_is_named(world: Arc<World>) {
    inhabited(&world).await.close();
    take_back_to(&world, 3).await;
    world.sql("DROP TABLE one_time").await;
    let looked = look(&world.url);
    assert_eq!(looked.missing_tables().await.unwrap(), ["one_time"]);
    looked.close();
}

async fn a_value_that_is_no_sealed_value_or_stands_elsewhere_is_counted(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["one", "two", "three", "four"] {
        done(commit(&store, Act::CredentialStock(stock(name))).await);
    }
    for name in ["a", "b"] {
        done(commit(&store, Act::OneTimePut(ticket(name))).await);
    }
    store.close();
    let looked = look(&world.url);
    assert!(looked.unopened().await.unwrap().is_empty());
    looked.close();

    let (none, empty) = match world.kind {
        Kind::Sqlite => ("x'ff01'", "x''"),
        Kind::Postgres => ("'\\xff01'", "''"),
    };
    let of_four = "(SELECT sealed FROM credential WHERE id = 'four')";
    for (name, value) in [("one", none), ("two", empty), ("three", of_four)] {
        world.sql(&format!("UPDATE credential SET sealed = {value} WHERE id = '{name}'")).await;
    }
    world.sql("UPDATE one_time SET purpose = 'another'").await;
    let looked = look(&world.url);
    let uses = looked.key_uses().await.unwrap();
    let of = |column: &str| uses.iter().find(|one| one.column == column).unwrap().values.clone();
    assert_eq!(of("credential.sealed"), [(SealedBy::Unnamed, 2), (SealedBy::Nothing, 2)].into());
    assert_eq!(of("one_time.data"), [(SealedBy::Unnamed, 2)].into());
    let unopened = looked.unopened().await.unwrap();
    assert_eq!(unopened, [("credential.sealed".to_owned(), 1), ("one_time.data".to_owned(), 2)].into());
    looked.close();
}

/// SQLite only: what a process that was killed has left in its log counts, and stays there.
#[test]
fn a_log_that_was_left_behind_is_read_and_stays() {
    tell(Kind::Sqlite, |world| async move {
        let store = inhabited(&world).await;
        done(commit(&store, add_user_bob()).await);
        let left = tempfile::tempdir().unwrap();
        for name in ["doorward.db", "doorward.db-wal"] {
            std::fs::copy(world.folder().join(name), left.path().join(name)).unwrap();
        }
        store.close();
        let before = contents(left.path());
        assert!(before[1].1.len() > 1000, "there is something in the log");
        let looked = look(&format!("sqlite://{}", left.path().join("doorward.db").display()));
        assert_eq!(looked.user_count(&vs()).await.unwrap(), 2);
        looked.close();
        let after = contents(left.path());
        assert!(after[0] == before[0] && after.last() == before.last(), "not a byte of either");
    });
}

/// SQLite only.
#[test]
fn an_index_that_disagrees_with_its_table_is_named() {
    const INDEX: &str = "CREATE INDEX session_by_end ON session (virtual_server, expires_at)";
    tell(Kind::Sqlite, |world| async move {
        let store = inhabited(&world).await;
        done(commit(&store, Act::SessionStart(portal_session("one"))).await);
        store.close();
        let indexed = async |sql: &str| {
            let changed = format!("UPDATE sqlite_schema SET sql = '{sql}' WHERE name = 'session_by_end'");
            world.sql(&format!("PRAGMA writable_schema = ON; {changed}")).await;
        };
        assert_eq!(ask(&world, &format!("SELECT COUNT(*) FROM sqlite_schema WHERE sql = '{INDEX}'")).await, 1);
        // Nothing that is written meanwhile is in the index. It has as many entries as before: SQLite counts them at each start.
        indexed(&format!("{INDEX} WHERE 0")).await;
        world.sql("UPDATE session SET expires_at = expires_at + 1").await;
        indexed(INDEX).await;

        // A start looks at less.
        world.open().close();
        let looked = look(&world.url);
        let damage = looked.damage().await.unwrap();
        assert!(damage.iter().any(|line| line.contains("index session_by_end")), "{damage:?}");
        looked.close();
    });
}

/// SQLite only.
#[test]
fn rows_whose_other_half_is_missing_are_named() {
    tell(Kind::Sqlite, |world| async move {
        let store = inhabited(&world).await;
        for number in 0..30 {
            done(commit(&store, Act::SessionStart(portal_session(&format!("s{number}")))).await);
        }
        store.close();
        world.sql("PRAGMA foreign_keys = OFF; DELETE FROM user_account").await;
        let looked = look(&world.url);
        let damage = looked.damage().await.unwrap();
        let sessions = "30 rows of session hang on rows of user_account that are not there".to_owned();
        assert!(damage.contains(&sessions), "{damage:?}");
        looked.close();
    });
}
