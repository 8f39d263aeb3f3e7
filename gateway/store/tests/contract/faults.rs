//! When the database does not do what it should: refused, never admitted, and in time.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use doorward_api::credential::{NewStock, ServerPin};
use doorward_api::operator::{NewOperator, Role};
use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::{OpenError, Store};
use doorward_tests::world::{RelayManner, postgres_address_of};
use sqlx::Connection;

use crate::fixtures::*;
use crate::pushes;
use crate::relay::through_a_relay;
use crate::world::{Kind, World, block_on, open};

/// The statement timeout as it is shipped (SEC 5.17).
const SHIPPED: Duration = Duration::from_secs(2);

/// How long anybody waits for an answer at most: a little longer, and what a busy machine takes.
const PATIENCE: Duration = Duration::from_millis(2800);

fn opened(url: &str, key: u8) -> Result<Store, OpenError> {
    open(url, key, SHIPPED)
}

/// Reading and writing are both answered with `Unavailable`, in time.
async fn does_not_answer(store: &Store, reads_fail: bool) {
    let begun = Instant::now();
    let written = commit(store, Act::SessionStart(portal_session("never"))).await;
    assert!(matches!(written, Err(CommitError::Store(StoreError::Unavailable(_)))), "{written:?}");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());

    let begun = Instant::now();
    let key = MeterKey { scope: MeterScope::Password, key: "alice".into() };
    unavailable(store.count(&vs(), &key, secs(60), NOW).await);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());

    let begun = Instant::now();
    let read = store.user_by_id(&vs(), &alice()).await;
    assert_eq!(read.is_err(), reads_fail, "{read:?}");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

async fn works_again(store: &Store) {
    let begun = Instant::now();
    while store.user_by_id(&vs(), &alice()).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the store does not come back");
    }
    assert!(store.session(&vs(), &hash("never"), secs(60), NOW).await.unwrap().is_none(), "nothing was changed");
    done(commit(store, Act::SessionStart(portal_session("at last"))).await);
    store.ping().await.unwrap();
}

#[test]
fn a_locked_sqlite_is_waited_for_and_then_unavailable() {
    let world = World::new(Kind::Sqlite);
    block_on(async {
        inhabited(&world).await.close();
        let store = opened(&world.url, 1).unwrap();
        let mut other = sqlx::SqliteConnection::connect(&world.url).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        does_not_answer(&store, false).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        works_again(&store).await;
    });
}

#[test]
fn a_postgres_that_is_gone_or_silent_is_unavailable() {
    let world = World::new(Kind::Postgres);
    let (relay, url) = through_a_relay(&world.url);
    block_on(async {
        inhabited(&world).await.close();
        let store = opened(&url, 1).unwrap();
        works_again(&store).await;
        for manner in [RelayManner::Cut, RelayManner::Dead] {
            relay.set(manner);
            does_not_answer(&store, true).await;
            unavailable(store.ping().await);
            relay.set(RelayManner::Whole);
            done(commit_when_it_answers(&store).await);
        }
    });
}

async fn commit_when_it_answers(store: &Store) -> Result<(), CommitError> {
    let begun = Instant::now();
    loop {
        let written = commit(store, Act::SessionEnd { id: SessionId::new("at last") }).await;
        if written.is_ok() || begun.elapsed() > Duration::from_secs(10) {
            return written;
        }
    }
}

#[test]
fn a_closed_store_is_unavailable() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::new(kind);
        block_on(async {
            let store = inhabited(&world).await;
            store.close();
            unavailable(store.user_by_id(&vs(), &alice()).await);
            unavailable(store.ping().await);
            let written = commit(&store, Act::Nothing).await;
            assert!(matches!(written, Err(CommitError::Store(StoreError::Unavailable(_)))), "{written:?}");
        });
    }
}

#[test]
fn an_unreachable_database_is_named_when_the_store_is_opened() {
    let begun = Instant::now();
    let error = opened("postgres://nobody@127.0.0.1:1/none", 1).unwrap_err();
    assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    let error = opened(&postgres_address_of("no_such_database"), 1).unwrap_err();
    assert!(matches!(error, OpenError::Refused(_)), "{error}");
    let error = opened("sqlite:///no/such/folder/doorward.db", 1).unwrap_err();
    assert!(matches!(&error, OpenError::File { .. }) && error.to_string().contains("/no/such/folder"), "{error}");
}

#[test]
fn another_key_and_a_newer_schema_are_refused_by_name() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::new(kind);
        block_on(async {
            inhabited(&world).await.close();
            assert!(matches!(opened(&world.url, 2).unwrap_err(), OpenError::WrongKey));
            opened(&world.url, 1).unwrap().close();
            world.sql("UPDATE meta SET value = '99' WHERE name = 'schema'").await;
            let error = opened(&world.url, 1).unwrap_err();
            assert!(matches!(error, OpenError::NewerSchema { found: 99, known: 20 }), "{error}");
            world.sql("UPDATE meta SET value = '20' WHERE name = 'schema'").await;
            world.sql("DELETE FROM meta WHERE name = 'key_check'").await;
            assert!(matches!(opened(&world.url, 1).unwrap_err(), OpenError::Damaged(_)));
        });
    }
}

#[test]
fn a_damaged_file_is_refused_and_never_replaced() {
    let world = World::new(Kind::Sqlite);
    block_on(async { inhabited(&world).await.close() });
    let mut bytes = std::fs::read(world.file()).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 16].fill(0xa5);
    std::fs::write(world.file(), &bytes).unwrap();
    let error = opened(&world.url, 1).unwrap_err();
    assert!(matches!(error, OpenError::Damaged(_)), "{error}");

    std::fs::write(world.file(), "this was never a database, however long it may be".repeat(100)).unwrap();
    let error = opened(&world.url, 1).unwrap_err();
    assert!(matches!(error, OpenError::Damaged(_)), "{error}");
    assert!(std::fs::read(world.file()).unwrap().starts_with(b"this was never"));
}

/// The value of one row, copied into another by somebody who may write to the database, opens nothing.
#[test]
fn sealed_values_cannot_be_swapped() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::new(kind);
        block_on(async {
            let store = inhabited(&world).await;
            for id in ["mine", "theirs"] {
                done(commit(&store, Act::CredentialIssue(token(id))).await);
            }
            let swap = "UPDATE credential SET sealed = (SELECT c.sealed FROM credential c WHERE c.id = 'mine') \
                        WHERE id = 'theirs'";
            world.sql(swap).await;
            let read = store.credential(&vs(), &CredentialId::new("theirs")).await;
            assert!(matches!(read, Err(StoreError::Damaged(_))), "{read:?}");
            assert!(store.credential(&vs(), &CredentialId::new("mine")).await.unwrap().is_some());
            // In a list it hides no other, and says what it is.
            let all = store.credentials_of(&vs(), &alice()).await.unwrap();
            let found: Vec<_> =
                all.iter().map(|one| (one.id.as_str(), one.damaged, one.opened.expose().is_empty())).collect();
            assert_eq!(found, [("mine", false, false), ("theirs", true, true)]);
        });
    }
}

/// Whoever may write to the database cannot put a PIN that they know in the place of one that they do not, nor a temporary
/// passcode, nor their own second factor in that of an operator.
#[test]
fn what_an_operator_has_set_cannot_be_swapped_either() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::new(kind);
        block_on(async {
            let store = inhabited(&world).await;
            let mallory = UserId::new("mallory-row");
            let change = Change::of(add_user("mallory", mallory.clone(), &[]))
                .and(Act::CredentialIssue(token("t")))
                .and(Act::CredentialIssue(doorward_api::credential::NewCredential {
                    user: mallory.clone(),
                    ..token("of mallory")
                }))
                .and(set_pin("t", 0, Some(pin("alice's"))))
                .and(set_pin("of mallory", 0, Some(pin("mallory's"))))
                .and(give_passcode(&mallory, Some(temporary_passcode("mallory's"))))
                .and(set_grant(grant(&mallory, GrantState::CodeGiven), None))
                .and(set_grant(grant(&alice(), GrantState::CodeGiven), None))
                .and(Act::OperatorAdd(Box::new(operator("olga", Role::Administrator))))
                .and(Act::OperatorAdd(Box::new(operator("mallory", Role::Auditor))));
            done(store.commit(&vs(), change, NOW).await);
            for swap in [
                "UPDATE credential SET pin = (SELECT c.pin FROM credential c WHERE c.id = 'of mallory') WHERE id = 't'",
                "UPDATE user_account SET temporary_passcode = \
                 (SELECT u.temporary_passcode FROM user_account u WHERE u.id = 'mallory-row') WHERE id = 'alice-row'",
                "UPDATE enrolment_grant SET details = \
                 (SELECT g.details FROM enrolment_grant g WHERE g.user_id = 'mallory-row') WHERE user_id = 'alice-row'",
                "UPDATE operator SET sealed = (SELECT o.sealed FROM operator o WHERE o.id = 'mallory') WHERE id = 'olga'",
            ] {
                world.sql(swap).await;
            }
            let token = store.credential(&vs(), &CredentialId::new("t")).await;
            assert!(matches!(token, Err(StoreError::Damaged(_))), "{token:?}");
            let listed = store.credentials_of(&vs(), &alice()).await.unwrap();
            assert!(listed[0].damaged && listed[0].pin.is_none() && listed[0].opened.expose().is_empty());
            let passcode = store.temporary_passcode(&vs(), &alice()).await;
            assert!(matches!(passcode, Err(StoreError::Damaged(_))), "{passcode:?}");
            let record = store.user_record(&vs(), &alice()).await.unwrap().unwrap();
            assert_eq!(record.temporary_passcode, None, "and the user is there all the same");
            let given = store.grant(&vs(), &alice(), NOW).await;
            assert!(matches!(given, Err(StoreError::Damaged(_))), "{given:?}");
            let listed = store.grants(&vs(), GrantState::CodeGiven, &first(10), NOW).await.unwrap().items;
            assert_eq!(listed.iter().map(|record| record.name.as_str()).collect::<Vec<_>>(), ["mallory"]);
            let olga = store.operator_by_name(&vs(), &FoldedName::assume("olga")).await;
            assert!(matches!(olga, Err(StoreError::Damaged(_))), "{olga:?}");
            let all = store.operators(&vs()).await.unwrap();
            assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["mallory"]);
        });
    }
}

#[test]
fn no_secret_stands_in_the_file_and_nobody_else_may_read_it() {
    const SECRETS: [&str; 14] = [
        "MARKER-SEED-1f",
        "MARKER-CODE-2f",
        "MARKER-TICKET-3f",
        "MARKER-FLOW-4f",
        "MARKER-PIN-5f",
        "MARKER-OLD-PIN-6f",
        "MARKER-TEMPORARY-7f",
        "MARKER-OPERATOR-8f",
        "MARKER-STOCK-9f",
        "MARKER-HELP-DESK-10f",
        "MARKER-REASON-11f",
        "MARKER-NUMBER-12f",
        "MARKER-ADDRESS-13f",
        "MARKER-ACT-14f",
    ];
    let world = World::new(Kind::Sqlite);
    block_on(async {
        let store = inhabited(&world).await;
        let mut begun = flow("f", Step::CodeSent);
        begun.data.typed_name = SECRETS[3].into();
        let mut letter = mail("m");
        letter.fields.insert("code".into(), Secret::new(SECRETS[1]));
        let issued = doorward_api::credential::NewCredential { opened: bytes(SECRETS[0]), ..token("t") };
        let change = Change::of(Act::FlowStart(Box::new(begun)))
            .and(Act::MailQueue(letter))
            .and(Act::CredentialIssue(issued))
            .and(Act::OneTimePut(OneTime { data: SECRETS[2].into(), ..ticket("o") }))
            .and(set_pin("t", 0, Some(ServerPin { history: vec![SECRETS[5].into()], ..pin(SECRETS[4]) })))
            .and(give_passcode(&alice(), Some(temporary_passcode(SECRETS[6]))))
            .and(Act::OperatorAdd(Box::new(NewOperator {
                opened: bytes(SECRETS[7]),
                ..operator("olga", Role::Administrator)
            })))
            .and(Act::CredentialStock(NewStock { opened: bytes(SECRETS[8]), ..stock("thing") }));
        let mut given = grant(&alice(), GrantState::CodeGiven);
        (given.details.code_hash, given.details.reason) = (Some(SECRETS[9].into()), SECRETS[10].into());
        let mut asked = pushes::push("p", NOW);
        asked.data = pushes::data(SECRETS[11]);
        asked.data.context.address = SECRETS[12].into();
        let kept = NewPendingAct {
            id: ApprovalId::new("a"),
            operator: OperatorId::new("olga"),
            operator_name: "olga".into(),
            api_key: None,
            act: HeldAct::RoleAdd { name: SECRETS[13].into(), permissions: Permissions::NONE },
            about: String::new(),
            expires_at: NOW + secs(60),
            most: 10,
            most_of_one: 10,
        };
        let change =
            change.and(set_grant(given, None)).and(pushes::start(asked)).and(Act::PendingActAdd(Box::new(kept)));
        done(store.commit(&vs(), change, NOW).await);
        search(&world, &SECRETS);
        store.close();
        search(&world, &SECRETS);
    });
}

/// Looks through every file of the store.
fn search(world: &World, secrets: &[&str]) {
    let mut found_a_name = false;
    for entry in std::fs::read_dir(world.folder()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        for secret in secrets {
            assert!(!holds(secret), "{secret} stands in {}", path.display());
        }
        found_a_name |= holds("alice@example.test");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    assert!(found_a_name, "what is no secret is found, so the search works");
}
