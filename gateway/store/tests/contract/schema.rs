//! The two schemas, and the way from an older one.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_api::enrolment::Wanted;
use doorward_api::operator::{NewApiKey, Role};
use doorward_api::ports::*;
use doorward_api::provisioning::{NewEntry, NewTask};
use doorward_api::settings::{Document, Seen};
use doorward_api::*;
use doorward_store::Store;
use sqlx::Connection;

use crate::fixtures::*;
use crate::world::{Kind, World, block_on};

both!(
    a_virtual_server_older_than_self_provisioning_has_it_for_nobody,
    what_was_set_and_issued_before_token_management_goes_on,
    a_database_of_before_the_grants_gets_room_for_them,
    a_virtual_server_older_than_the_authenticator_keeps_its_token_template,
    whatever_kind_of_document_there_is_has_room,
    what_was_counted_wrongly_before_is_counted_anew,
    opening_again_changes_nothing,
    many_may_open_a_new_database_at_once,
);

/// R39, B17: the database of the release before the feature.
async fn a_virtual_server_older_than_self_provisioning_has_it_for_nobody(world: Arc<World>) {
    inhabited(&world).await.close();
    take_back_to(&world, 1).await;

    let store = world.open();
    assert_eq!(self_provisioning(&store, &vs()).await, SelfProvisioning::for_existing_virtual_server());
    assert_eq!(targets(&store, &vs()).await, TargetSettings::of_new());
    let records = whole_chain(&store).await;
    let migrated = of_kind(&records, EventKind::TenantMigrated);
    assert_eq!(migrated.len(), 1);
    assert_eq!((&migrated[0]["details"]["fromSchema"], &migrated[0]["details"]["toSchema"]), (&1.into(), &20.into()));
    assert_eq!(migrated[0]["details"]["selfProvisioning"], "none");

    store.ensure_virtual_server(&vs(), NOW).await.unwrap();
    let later = VirtualServerId::new("later");
    store.ensure_virtual_server(&later, NOW).await.unwrap();
    assert_eq!(self_provisioning(&store, &vs()).await.target_users, TargetUsers::None);
    assert_eq!(self_provisioning(&store, &later).await, SelfProvisioning::for_new_virtual_server());
}

/// What was chosen before there was a console goes on as it was, and so do tokens.
async fn what_was_set_and_issued_before_token_management_goes_on(world: Arc<World>) {
    let store = inhabited(&world).await;
    for (name, user) in [("one", alice()), ("two", alice()), ("three", alice())] {
        let issued = doorward_api::credential::NewCredential { user, ..token(name) };
        done(commit(&store, Act::CredentialIssue(issued)).await);
    }
    done(commit(&store, activate("one", 1)).await);
    done(commit(&store, state("two", &[TokenState::Assigned], TokenState::Revoked)).await);
    done(commit(&store, Act::SessionStart(portal_session("p"))).await);
    let other = VirtualServerId::new("other");
    store.ensure_virtual_server(&other, NOW).await.unwrap();
    store.close();
    take_back_to(&world, 3).await;
    world
        .sql(
            "UPDATE self_provisioning SET target_users = '{\"mode\":\"only_groups\",\"groups\":[\"g1\"]}', \
             targets = '[\"windows-mobile\",\"android\"]', version = 7 WHERE virtual_server = 'default'; \
             UPDATE self_provisioning SET target_users = '{\"mode\":\"all\"}', version = 2 WHERE virtual_server = 'other'",
        )
        .await;

    let store = world.open();
    let only = TargetUsers::OnlyGroups(vec![GroupId::new("g1")]);
    let chosen = SelfProvisioning { target_users: only, ..SelfProvisioning::for_new_virtual_server() };
    assert_eq!(self_provisioning(&store, &vs()).await, chosen);
    assert_eq!(store.document(&vs(), SettingKind::SelfProvisioning).await.unwrap().version, 7);
    assert_eq!(self_provisioning(&store, &other).await, SelfProvisioning::for_new_virtual_server());
    let targets_now = targets(&store, &vs()).await;
    assert_eq!(targets_now.allowed().collect::<Vec<_>>(), [Target::Android, Target::WindowsMobile]);
    assert!(targets_now.android.push && !targets_now.windows_mobile.push && targets_now.windows_mobile.app);
    assert_eq!(targets(&store, &other).await, TargetSettings::of_new());
    assert!(store.changes(&vs(), SettingKind::SelfProvisioning, 10).await.unwrap().is_empty());
    done(commit(&store, set(SettingKind::SelfProvisioning, 7)).await);

    let mine = store.credentials_of(&vs(), &alice()).await.unwrap();
    let told: Vec<_> = mine.iter().map(|t| (t.id.as_str(), t.state, t.opened.expose())).collect();
    assert_eq!(
        told,
        [("one", TokenState::Active, &b"activated"[..]), ("three", TokenState::Assigned, &b"first bytes"[..])]
    );
    for one in &mine {
        assert_eq!((one.form, one.label.as_str(), one.target), (TokenForm::Software, "", Some(Target::Ios)));
        assert_eq!((one.pin.clone(), one.pin_version), (None, 0));
    }
    let revoked = store.token(&vs(), &CredentialId::new("two")).await.unwrap().unwrap();
    assert_eq!((revoked.state, revoked.owner), (TokenState::Revoked, Some((alice(), "alice".to_owned()))));
    lost(commit(&store, activate("three", 1)).await, 0);
    done(commit(&store, spend("one", 2)).await);
    let record = store.user_record(&vs(), &alice()).await.unwrap().unwrap();
    assert_eq!((record.version, record.temporary_passcode), (1, None));
    assert!(store.session(&vs(), &hash("p"), secs(60), NOW).await.unwrap().is_some());
    assert_eq!(
        of_kind(&whole_chain(&store).await, EventKind::TenantMigrated)[0]["details"].get("selfProvisioning"),
        None
    );
}

/// Undoes the steps since, and the one that gave room for several tokens of one user.
const WITHOUT_SEVERAL: &str = "DROP TABLE import_job; DROP TABLE pending_act; \
     DROP TABLE provisioning_due; DROP TABLE provisioning_pass; \
     DROP TABLE decision_record; DROP TABLE decision_day; DROP TABLE shadow_tally; \
     DROP TABLE audit_outlet; DROP TABLE api_key; DROP TABLE operator_role; \
     DROP TABLE audit_entry; DROP TABLE enrolment; ALTER TABLE audit_head DROP COLUMN entered; \
     ALTER TABLE audit_head DROP COLUMN trimmed; ALTER TABLE audit_head DROP COLUMN trimmed_hash; \
     ALTER TABLE audit_head DROP COLUMN trimmed_by; \
     ALTER TABLE credential DROP COLUMN additional; \
     ALTER TABLE session DROP COLUMN token_shown_at; ALTER TABLE flow DROP COLUMN token_shown_at; \
     CREATE UNIQUE INDEX credential_one_token ON credential (virtual_server, user_id) \
     WHERE state IN ('active', 'suspended', 'locked_pin'); ";

async fn a_database_of_before_the_grants_gets_room_for_them(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, set(SettingKind::Lockout, 0)).await);
    store.close();
    let grants = "DROP TABLE enrolment_grant; DROP TABLE recovery_codes; DROP TABLE provisioning_entry; DROP TABLE provisioning_task; DROP TABLE push_request;";
    world.without_sums().await;
    world.sql(&format!("{WITHOUT_SEVERAL}{grants}UPDATE meta SET value = '4' WHERE name = 'schema'")).await;

    let store = world.open();
    assert_eq!(store.document(&vs(), SettingKind::Lockout).await.unwrap().version, 1);
    done(commit(&store, set_grant(grant(&alice(), GrantState::Asked), None)).await);
    let migrated = &of_kind(&whole_chain(&store).await, EventKind::TenantMigrated)[0]["details"];
    assert_eq!((&migrated["fromSchema"], &migrated["toSchema"]), (&4.into(), &20.into()));
}

/// What a new one begins with may change with the authenticator. One that is there goes on as it was, and so does what
/// an operator has set.
async fn a_virtual_server_older_than_the_authenticator_keeps_its_token_template(world: Arc<World>) {
    let store = inhabited(&world).await;
    let chosen = VirtualServerId::new("chosen");
    store.ensure_virtual_server(&chosen, NOW).await.unwrap();
    done(store.commit(&chosen, Change::of(set(SettingKind::TokenTemplate, 0)), NOW).await);
    store.close();
    let before = "DROP TABLE provisioning_entry; DROP TABLE provisioning_task; DROP TABLE push_request; UPDATE meta SET value = '6' WHERE name = 'schema'";
    world.without_sums().await;
    world.sql(&format!("{WITHOUT_SEVERAL}{before}")).await;

    let store = world.open();
    let stored = store.document(&vs(), SettingKind::TokenTemplate).await.unwrap();
    assert_eq!(stored.version, 1);
    let template = Seen::<TokenTemplate>::read(&stored).unwrap().document;
    assert_eq!(Template { version: 1, ..template.freeze(stored.version) }, Template::STANDARD_APP);
    assert!(store.changes(&vs(), SettingKind::TokenTemplate, 10).await.unwrap().is_empty(), "nobody has changed it");
    let left = store.document(&chosen, SettingKind::TokenTemplate).await.unwrap();
    assert_eq!((left.version, left.body.as_deref()), (1, Some("{\"number\":1}")));
    let migrated = async |vs: &VirtualServerId| -> serde_json::Value {
        let records = store.records(vs, 0, 500).await.unwrap();
        of_kind(&records, EventKind::TenantMigrated)[0]["details"].clone()
    };
    assert_eq!(migrated(&vs()).await["tokenTemplate"], "standard");
    assert_eq!(migrated(&chosen).await.get("tokenTemplate"), None);

    done(commit(&store, set(SettingKind::TokenTemplate, 1)).await);
    done(commit(&store, crate::pushes::start(crate::pushes::push("p", NOW))).await);
    let later = VirtualServerId::new("later");
    store.ensure_virtual_server(&later, NOW).await.unwrap();
    assert_eq!(store.document(&later, SettingKind::TokenTemplate).await.unwrap().version, 0);
}

/// A process of the release before has written while the counts were made, and users were deleted and keys revoked under it.
async fn what_was_counted_wrongly_before_is_counted_anew(world: Arc<World>) {
    let store = inhabited(&world).await;
    let bob = UserId::new("bob-row");
    let (year, task) = (NOW + secs(365 * 24 * 3600), || {
        let (operator, note, stops_at) = (String::new(), String::new(), NOW + secs(86_400));
        Act::ProvisioningTaskAdd(Box::new(NewTask { number: 1, operator, stops_at, note, group: None, rule: None }))
    });
    let entries = [alice(), bob.clone()].map(|user| NewEntry { user, skipped: None, rule: None }).to_vec();
    let change = Change::of(add_user("bob", bob.clone(), &["staff"]))
        .and(Act::CredentialIssue(token("one")))
        .and(activate("one", 1))
        .and(task())
        .and(Act::ProvisioningFill { task: 1, seen: None, next: None, entries })
        .and(Act::OperatorAdd(Box::new(operator("olga", Role::Administrator))));
    done(store.commit(&vs(), change, NOW).await);
    for name in ["revoked", "live"] {
        done(commit(&store, Act::ApiKeyAdd(Box::new(key(name, year)))).await);
    }
    let group = store.groups(&vs(), "staff", &first(1)).await.unwrap().items[0].id.clone();
    store.close();
    world
        .sql(
            "UPDATE user_account SET tokens = 1 - tokens; UPDATE group_member SET name = NULL; \
             UPDATE provisioning_task SET users = 3; UPDATE api_key SET disabled = TRUE WHERE name = 'revoked'; \
             DROP INDEX provisioning_entry_never_written; DROP INDEX user_group_going; ALTER TABLE user_group DROP COLUMN going; \
             UPDATE meta SET value = '19' WHERE name = 'schema'",
        )
        .await;

    let store = world.open();
    let everybody = Wanted { within: vec![], without: vec![], everybody: true, targets: None };
    let missing = store.missing(&vs(), &everybody, &first(10)).await.unwrap().items;
    assert_eq!(missing.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["bob"], "alice has a token");
    assert_eq!(store.count_missing(&vs(), &everybody).await.unwrap().missing, 1);
    let members = store.members(&vs(), &group, &first(10)).await.unwrap().items;
    assert_eq!(members.iter().map(|one| one.user.name.as_str()).collect::<Vec<_>>(), ["alice", "bob"]);
    assert_eq!(store.provisioning_task(&vs(), 1).await.unwrap().unwrap().count, 2);
    let ends = store.api_keys(&vs()).await.unwrap().into_iter().map(|key| (key.name, key.expires_at));
    assert_eq!(BTreeSet::from_iter(ends), [("live".to_owned(), year), ("revoked".to_owned(), NOW)].into());
    // And from there on they go on.
    done(commit(&store, state("one", &[TokenState::Active], TokenState::Revoked)).await);
    assert_eq!(store.count_missing(&vs(), &everybody).await.unwrap().missing, 2);
}

fn key(name: &str, expires_at: Timestamp) -> NewApiKey {
    NewApiKey {
        id: ApiKeyId::new(name),
        token: hash(name),
        name: name.into(),
        permissions: Module::Users.view().into(),
        created_by: OperatorId::new("olga"),
        expires_at,
    }
}

/// A new kind of settings needs no step of the schema.
async fn whatever_kind_of_document_there_is_has_room(world: Arc<World>) {
    let store = inhabited(&world).await;
    for kind in SettingKind::ALL {
        assert_eq!(store.document(&vs(), kind).await.unwrap().version, 0);
        done(commit(&store, set(kind, 0)).await);
        assert_eq!(store.document(&vs(), kind).await.unwrap().version, 1);
        assert_eq!(store.changes(&vs(), kind, 10).await.unwrap().len(), 1);
    }
}

async fn self_provisioning(store: &Store, vs: &VirtualServerId) -> SelfProvisioning {
    let stored = store.document(vs, SettingKind::SelfProvisioning).await.unwrap();
    Seen::read(&stored).unwrap().document
}

async fn targets(store: &Store, vs: &VirtualServerId) -> TargetSettings {
    Seen::read(&store.document(vs, SettingKind::Targets).await.unwrap()).unwrap().document
}

/// Each table of the first release, those that others refer to first, with its columns.
const BASE: [(&str, &str); 11] = [
    ("virtual_server", "id, created_at"),
    ("user_account", "virtual_server, id, name, folded_name, display_name, email, password_hash, disabled, created_at"),
    ("user_group", "virtual_server, id, name"),
    ("group_member", "virtual_server, user_id, group_id"),
    ("flow", "virtual_server, id, browser, user_id, step, nonce, data, created_at, expires_at, ended_at"),
    (
        "credential",
        "virtual_server, id, user_id, plugin, serial, state, target, template, sealed, version, fails, locked_until, \
         created_at, activated_at, last_used_at, revoked_at",
    ),
    ("session", "virtual_server, id, token, user_id, portal, host, proofs, created_at, last_seen_at, expires_at"),
    ("one_time", "virtual_server, purpose, hash, data, expires_at"),
    ("meter", "virtual_server, scope, subject, counted, ends_at"),
    ("audit_head", "virtual_server, seq, hash, appended_at"),
    ("audit_record", "virtual_server, seq, appended_at, prev, hash, record"),
];

/// Tables of later releases, and of the first one that hold nothing in these stories; those that refer to others first.
const OTHERS: [&str; 25] = [
    "import_job",
    "pending_act",
    "provisioning_due",
    "provisioning_pass",
    "decision_record",
    "decision_day",
    "shadow_tally",
    "enrolment_count",
    "audit_outlet",
    "provisioning_entry",
    "provisioning_task",
    "audit_entry",
    "enrolment",
    "push_request",
    "recovery_codes",
    "enrolment_grant",
    "setting_change",
    "setting",
    "self_provisioning",
    "group_nest",
    "operator_session",
    "api_key",
    "operator_role",
    "operator",
    "mail",
];

/// Makes of a database the one that an earlier release has left: its own steps, and the rows as they were under it.
pub(crate) async fn take_back_to(world: &World, schema: usize) {
    macro_rules! steps {
        ($folder:literal) => {
            [
                include_str!(concat!("../../migrations/", $folder, "/0001_base.sql")),
                include_str!(concat!("../../migrations/", $folder, "/0002_self_provisioning.sql")),
                include_str!(concat!("../../migrations/", $folder, "/0003_proved_flows.sql")),
            ]
        };
    }
    let steps = match world.kind {
        Kind::Sqlite => steps!("sqlite"),
        Kind::Postgres => steps!("postgres"),
    };
    let mut script = String::new();
    for (table, columns) in BASE {
        script += &format!("CREATE TABLE kept_{table} AS SELECT {columns} FROM {table};\n");
    }
    let of_base = BASE.iter().rev().map(|(table, _)| *table);
    for table in OTHERS.into_iter().chain(of_base) {
        script += &format!("DROP TABLE {table};\n");
    }
    for (number, step) in steps.iter().take(schema).enumerate() {
        script += step;
        if number == 0 {
            for (table, columns) in BASE {
                script += &format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM kept_{table};\n");
            }
        }
    }
    for (table, _) in BASE {
        script += &format!("DROP TABLE kept_{table};\n");
    }
    world.sql(&format!("{script}UPDATE meta SET value = '{schema}' WHERE name = 'schema'")).await;
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
pub(crate) type Column = (String, String, String, bool);

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (World::new(Kind::Sqlite), World::new(Kind::Postgres));
    sqlite.open().close();
    postgres.open().close();
    let (of_sqlite, of_postgres) =
        block_on(async { (sqlite_columns(&sqlite).await, postgres_columns(&postgres).await) });
    assert_eq!(of_sqlite, of_postgres);
    assert!(of_sqlite.contains(&("credential".into(), "sealed".into(), "bytes".into(), true)));
    for (table, columns) in [
        ("meta", false),
        ("virtual_server", false),
        ("flow", true),
        ("audit_record", true),
        ("setting", true),
        ("setting_change", true),
        ("group_nest", true),
        ("operator", true),
        ("operator_session", true),
        ("operator_role", true),
        ("api_key", true),
        ("enrolment_grant", true),
        ("recovery_codes", true),
        ("push_request", true),
        ("provisioning_task", true),
        ("provisioning_entry", true),
        ("audit_outlet", true),
        ("audit_entry", true),
        ("enrolment", true),
        ("decision_record", true),
        ("decision_day", true),
        ("shadow_tally", true),
        ("enrolment_count", true),
    ] {
        let bears_it = of_sqlite.iter().any(|(t, c, ..)| t == table && c == "virtual_server");
        assert_eq!(bears_it, columns, "{table}");
    }
}

/// Every column there is.
pub(crate) async fn columns(world: &World) -> BTreeSet<Column> {
    match world.kind {
        Kind::Sqlite => sqlite_columns(world).await,
        Kind::Postgres => postgres_columns(world).await,
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
