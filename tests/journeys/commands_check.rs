//! `doorward check` and the database: what it finds, and that it leaves all as it is.

use std::path::Path;
use std::process::Output;

use crate::world::{Database, Installation, words};

#[track_caller]
fn ends(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", words(output));
    words(output)
}

fn check(installation: &Installation) -> Output {
    installation.command(&["check"], &[], "")
}

/// Commands that only ask, but for this one.
const ASKING: [&[&str]; 2] = [&["audit", "verify"], &["key", "status"]];

/// Whatever in the folder is the database's, with all that is in it.
fn database_files(installation: &Installation) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(installation.path("."))
        .unwrap()
        .map(|file| file.unwrap())
        .map(|file| (file.file_name().into_string().unwrap(), file.path()))
        .filter(|(name, _)| name.starts_with("doorward.db"))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn where_there_is_no_database_check_makes_none() {
    let mut installation = Installation::new(Database::Sqlite);
    let said = ends(&check(&installation), 0);
    let file = installation.path("doorward.db");
    assert!(said.contains(&format!("there is no database yet; the first start makes {}", file.display())), "{said}");
    for command in ASKING {
        assert!(ends(&installation.command(command, &[], ""), 2).contains("there is no database yet"), "{command:?}");
    }
    assert!(database_files(&installation).is_empty() && !installation.path("checkpoints").exists());

    // A folder that is not there is no place for one.
    installation.store = format!("sqlite://{}", installation.path("no-folder/doorward.db").display());
    std::fs::remove_file(installation.path("doorward.toml")).unwrap();
    let said = ends(&check(&installation), 2);
    assert!(said.contains("no-folder/doorward.db does not exist"), "{said}");
    assert!(!Path::new(&installation.path("no-folder")).exists());

    let installation = Installation::new(Database::Postgres);
    let said = ends(&check(&installation), 0);
    assert!(said.contains("there is nothing in the database yet; the first start makes its tables"), "{said}");
    assert_eq!(installation.sql("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").trim(), "0");
}

#[test]
fn a_database_of_the_release_before_is_left_to_it() {
    // The last step of the schema when this was written, undone.
    for database in [Database::Sqlite, Database::Postgres] {
        let installation = Installation::with_users(database);
        let schema = || installation.sql("SELECT value FROM meta WHERE name = 'schema'").trim().to_owned();
        let known: i64 = schema().parse().unwrap();
        installation.sql(
            "DROP INDEX provisioning_entry_never_written; DROP INDEX user_group_going; ALTER TABLE user_group DROP COLUMN going; \
             UPDATE meta SET value = '19' WHERE name = 'schema'",
        );
        let before = database_files(&installation);
        let said = ends(&check(&installation), 0);
        assert!(said.contains(&format!("schema 19; the next start migrates it to {known}")), "{said}");
        for part in ["every table is there", "every sealed value opens", "in use"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        for command in ASKING {
            let said = ends(&installation.command(command, &[], ""), 2);
            assert!(said.contains(&format!("its schema is 19, and this release reads {known}")), "{said}");
        }
        assert!(database_files(&installation) == before, "not a byte, and no file beside it");
        assert_eq!(schema(), "19");
        let migrated = installation.sql("SELECT COUNT(*) FROM audit_record WHERE record LIKE '%TENANT_MIGRATED%'");
        assert_eq!(migrated.trim(), "0");
    }
}

#[test]
fn what_fails_while_it_asks_leaves_nothing_beside_the_database() {
    let installation = Installation::with_users(Database::Sqlite);
    let before = database_files(&installation);
    let asked = installation.command(&["audit", "verify", "--access-log", "no-such-file.log"], &[], "");
    let said = ends(&asked, 2);
    assert!(said.contains("no-such-file.log: No such file"), "{said}");
    assert!(database_files(&installation) == before, "not a byte, and no file beside it");
}

#[test]
fn check_looks_while_a_gateway_serves() {
    for database in [Database::Sqlite, Database::Postgres] {
        let installation = Installation::with_users(database);
        let served = installation.serve();
        let said = ends(&check(&installation), 0);
        assert!(said.contains("every sealed value opens"), "{said}");
        installation.add_user("dora", None, &["staff"]);
        ends(&check(&installation), 0);
        drop(served);
        // It was killed: what it has written last is in its log.
        ends(&check(&installation), 0);
    }
}

#[test]
fn values_that_no_key_opens_are_named_by_check_and_by_key_status() {
    for (database, none) in [(Database::Sqlite, "x'ff01'"), (Database::Postgres, "'\\xff01'")] {
        let installation = Installation::with_users(database);
        ends(&installation.command(&["key", "status"], &[], ""), 0);
        installation.sql(&format!(
            "INSERT INTO one_time (virtual_server, purpose, hash, data, expires_at) VALUES ('default', 'ticket', 'a', {none}, 0)"
        ));
        let said = ends(&check(&installation), 1);
        assert!(said.contains("no  store: 1 values of one_time.data are no sealed values"), "{said}");
        let said = ends(&installation.command(&["key", "status"], &[], ""), 1);
        assert!(said.contains("1 values are damaged"), "{said}");
    }
}

#[test]
fn an_index_that_disagrees_with_its_table_is_named_by_check() {
    const INDEX: &str = "CREATE INDEX user_group_test ON user_group (virtual_server, name, id)";
    let installation = Installation::with_users(Database::Sqlite);
    installation.sql(INDEX);
    ends(&check(&installation), 0);
    let indexed = |sql: &str| {
        let changed = format!("UPDATE sqlite_schema SET sql = '{sql}' WHERE name = 'user_group_test'");
        installation.sql(&format!("PRAGMA writable_schema = ON; {changed}"));
    };
    // What is written meanwhile is in the table only. The index has as many entries as before: SQLite counts them at each start.
    indexed(&format!("{INDEX} WHERE 0"));
    installation.sql("UPDATE user_group SET name = 'others' WHERE name = 'staff'");
    indexed(INDEX);
    let said = ends(&check(&installation), 1);
    assert!(said.contains("missing from index user_group_test") && said.contains("from a backup"), "{said}");
}
