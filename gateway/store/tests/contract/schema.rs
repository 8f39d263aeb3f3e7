//! The two schemas, and the way from an older one.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_api::ports::*;
use doorward_api::*;
use sqlx::Connection;

use crate::fixtures::*;
use crate::world::{Kind, World, block_on};

both!(
    a_virtual_server_older_than_self_provisioning_has_it_for_nobody,
    opening_again_changes_nothing,
    many_may_open_a_new_database_at_once,
);

/// R39, B17: the database of the release before the feature.
async fn a_virtual_server_older_than_self_provisioning_has_it_for_nobody(world: Arc<World>) {
    inhabited(&world).await.close();
    world.sql("ALTER TABLE flow DROP COLUMN proved_at").await;
    world.sql("DROP TABLE self_provisioning").await;
    world.sql("UPDATE meta SET value = '1' WHERE name = 'schema'").await;

    let store = world.open();
    assert_eq!(store.self_provisioning(&vs()).await.unwrap(), SelfProvisioning::for_existing_virtual_server());
    let records = whole_chain(&store).await;
    let migrated = of_kind(&records, EventKind::TenantMigrated);
    assert_eq!(migrated.len(), 1);
    assert_eq!(migrated[0]["details"]["selfProvisioning"], "none");

    store.ensure_virtual_server(&vs(), NOW).await.unwrap();
    let later = VirtualServerId::new("later");
    store.ensure_virtual_server(&later, NOW).await.unwrap();
    assert_eq!(store.self_provisioning(&vs()).await.unwrap().target_users, TargetUsers::None);
    assert_eq!(store.self_provisioning(&later).await.unwrap(), SelfProvisioning::for_new_virtual_server());
}

async fn opening_again_changes_nothing(world: Arc<World>) {
    let store = inhabited(&world).await;
    let before = store.head(&vs()).await.unwrap();
    let second = world.open();
    assert_eq!(second.head(&vs()).await.unwrap(), before);
    assert_eq!(second.user_count(&vs()).await.unwrap(), 1);
    store.close();
    assert_eq!(second.user_count(&vs()).await.unwrap(), 1);
}

/// Of processes that start at the same moment, one makes the schema and the others find it.
async fn many_may_open_a_new_database_at_once(world: Arc<World>) {
    let openers: Vec<_> = (0..16)
        .map(|_| {
            let world = Arc::clone(&world);
            std::thread::spawn(move || world.open())
        })
        .collect();
    let stores: Vec<_> = openers.into_iter().map(|opener| opener.join().unwrap()).collect();
    for store in &stores {
        store.ensure_virtual_server(&vs(), NOW).await.unwrap();
    }
    assert_eq!(whole_chain(&stores[0]).await.len(), 1);
}

/// Table, column, type, and whether it may be empty.
type Column = (String, String, String, bool);

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (World::new(Kind::Sqlite), World::new(Kind::Postgres));
    sqlite.open().close();
    postgres.open().close();
    let (of_sqlite, of_postgres) =
        block_on(async { (sqlite_columns(&sqlite).await, postgres_columns(&postgres).await) });
    assert_eq!(of_sqlite, of_postgres);
    assert!(of_sqlite.contains(&("credential".into(), "sealed".into(), "bytes".into(), true)));
    for (table, columns) in [("meta", false), ("virtual_server", false), ("flow", true), ("audit_record", true)] {
        let bears_it = of_sqlite.iter().any(|(t, c, ..)| t == table && c == "virtual_server");
        assert_eq!(bears_it, columns, "{table}");
    }
}

async fn sqlite_columns(world: &World) -> BTreeSet<Column> {
    const SQL: &str = "SELECT t.name, c.name, LOWER(c.type), NOT c.\"notnull\" FROM sqlite_schema t \
                       JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'";
    let mut connection = sqlx::SqliteConnection::connect(&world.url).await.unwrap();
    let found: Vec<Column> = sqlx::query_as(SQL).fetch_all(&mut connection).await.unwrap();
    found.into_iter().map(alike).collect()
}

async fn postgres_columns(world: &World) -> BTreeSet<Column> {
    const SQL: &str = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES' \
                       FROM information_schema.columns WHERE table_schema = 'public'";
    let mut connection = sqlx::PgConnection::connect(&world.url).await.unwrap();
    let found: Vec<Column> = sqlx::query_as(SQL).fetch_all(&mut connection).await.unwrap();
    found.into_iter().map(alike).collect()
}

fn alike((table, column, kind, empty): Column) -> Column {
    let kind = if matches!(kind.as_str(), "blob" | "bytea") { "bytes".to_owned() } else { kind };
    (table, column, kind, empty)
}
