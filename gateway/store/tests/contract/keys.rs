//! Another key, and a database that comes from a backup (F-09, F-34): what is sealed stays readable, and what was good when the
//! backup was made is not good again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use doorward_api::credential::{NewCredential, NewStock};
use doorward_api::keys::{KeySet, MasterKey, SealedBy};
use doorward_api::operator::Role;
use doorward_api::plugin::Restored;
use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::{AgedToken, OpenError, Resealed, RestoreOutcome, RestorePlan, Store, StoreOptions, SystemEntropy};

use crate::approvals::{act, keep};
use crate::fixtures::*;
use crate::pushes::push;
use crate::second_process::{SecondProcess, say};
use crate::world::{Kind, PATIENT, World};

both!(
    whatever_is_sealed_is_read_with_either_key_and_sealed_anew,
    what_is_written_meanwhile_is_not_written_over,
    a_change_that_is_killed_is_gone_on_with,
    processes_say_which_keys_they_hold_and_follow,
    whoever_lacks_the_key_in_use_seals_nothing_until_it_is_there,
    whatever_was_good_when_the_backup_was_made_is_not_good_again,
    what_a_restore_cannot_read_is_suspended,
    a_restore_that_was_broken_off_keeps_everybody_out_until_it_is_done,
    a_restore_waits_for_who_is_leaving,
    a_table_that_is_gone_is_named,
);

/// The errand of [`seal_anew`].
pub(crate) const SEAL_ANEW: &str = "seal-anew";

fn keys(bytes: &[u8]) -> MasterKey {
    let keys = bytes.iter().map(|byte| SecretBytes::new(vec![*byte; 32])).collect();
    MasterKey::of(KeySet { keys, named: true, ..KeySet::default() }).unwrap()
}

fn options(url: &str, key: &MasterKey) -> StoreOptions {
    StoreOptions { url: url.to_owned(), key: key.clone(), statement_timeout: PATIENT, max_connections: 6 }
}

fn opened(url: &str, key: &MasterKey) -> Result<Store, OpenError> {
    Store::open(options(url, key), Arc::new(SystemEntropy))
}

/// One of everything that is sealed, with times that lie ahead of the real clock.
async fn furnished(store: &Store) {
    done(commit(store, Act::CredentialIssue(token("one"))).await);
    done(commit(store, activate("one", 1)).await);
    done(commit(store, set_pin("one", 0, Some(pin("h")))).await);
    done(commit(store, Act::OperatorAdd(Box::new(operator("olga", Role::Administrator)))).await);
    done(commit(store, Act::OperatorSessionStart(operator_session("o", "olga"))).await);
    let codes = RecoveryCodes { made_at: NOW, macs: vec!["a".into()] };
    done(commit(store, Act::RecoveryCodesSet { user: alice(), seen: 0, codes: Some(codes) }).await);
    done(commit(store, give_passcode(&alice(), Some(temporary_passcode("t")))).await);
    done(commit(store, set_grant(grant(&alice(), GrantState::Asked), None)).await);
    done(commit(store, Act::FlowStart(Box::new(flow("f", Step::Password)))).await);
    let start = Act::PushStart { push: Box::new(push("p", NOW)), not_since: NOW - secs(60) };
    done(commit(store, start).await);
    done(commit(store, Act::OneTimePut(ticket("t"))).await);
    done(commit(store, Act::MailQueue(mail("m"))).await);
    done(commit(store, Act::SessionStart(portal_session("s"))).await);
    done(commit(store, keep(act("a", "olga"))).await);
}

/// That all of it can be read.
async fn is_whole(store: &Store) {
    let one = store.credential(&vs(), &CredentialId::new("one")).await.unwrap().unwrap();
    assert_eq!((one.opened.expose(), one.pin), (&b"activated"[..], Some(pin("h"))));
    let olga = store.operator(&vs(), &OperatorId::new("olga")).await.unwrap().unwrap();
    assert_eq!(olga.opened.expose(), b"second factor");
    assert!(store.recovery_codes(&vs(), &alice()).await.unwrap().is_some());
    assert!(store.user_record(&vs(), &alice()).await.unwrap().unwrap().temporary_passcode.is_some());
    assert!(store.one_time(&vs(), OneTimePurpose::Ticket, &hash("t"), NOW).await.unwrap().is_some());
    assert!(store.push(&vs(), &PushId::new("p")).await.unwrap().is_some());
    let pending = store.pending_act(&vs(), &ApprovalId::new("a")).await.unwrap().unwrap();
    assert_eq!(pending.act, HeldAct::UserDelete { user: alice() });
}

async fn whatever_is_sealed_is_read_with_either_key_and_sealed_anew(world: Arc<World>) {
    let store = inhabited(&world).await;
    furnished(&store).await;
    store.close();
    let both = keys(&[1, 2]);
    let [old, new] = both.ids()[..] else { panic!("two keys") };
    let store = opened(&world.url, &both).unwrap();
    assert_eq!(both.in_use(), old);
    is_whole(&store).await;
    store.take_key_into_use(new).await.unwrap();
    is_whole(&store).await;
    done(commit(&store, set_pin("one", 1, Some(pin("h")))).await);
    let resealed = store.reseal(|_| {}).await.unwrap();
    assert_eq!(resealed, Resealed { done: 10, unreadable: 0, left: 0 });
    is_whole(&store).await;
    for one in store.key_uses().await.unwrap() {
        assert_eq!(one.values.into_iter().collect::<Vec<_>>(), [(SealedBy::Key(new), 1)], "{}", one.column);
    }
    store.end_key_change(Some(old), new).await.unwrap();
    let told = of_kind(&whole_chain(&store).await, EventKind::KeyRotated);
    assert_eq!(told[0]["details"]["newKey"], new.to_string());
    store.close();

    let alone = opened(&world.url, &keys(&[2])).unwrap();
    is_whole(&alone).await;
    alone.close();
    let error = opened(&world.url, &MasterKey::new(vec![1; 32]).unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::MissingKey { id } if id == new), "{error}");
}

async fn what_is_written_meanwhile_is_not_written_over(world: Arc<World>) {
    const ROUNDS: i64 = 60;
    inhabited(&world).await.close();
    let both = keys(&[1, 2]);
    let store = opened(&world.url, &both).unwrap();
    done(commit(&store, Act::CredentialIssue(token("one"))).await);
    done(commit(&store, activate("one", 1)).await);
    let over = Arc::new(AtomicBool::new(false));
    let sealing = tokio::spawn({
        let (store, over, ids) = (store.clone(), over.clone(), both.ids());
        async move {
            let mut turns = ids.iter().cycle();
            while !over.load(Ordering::SeqCst) {
                store.take_key_into_use(*turns.next().unwrap()).await.unwrap();
                store.reseal(|_| {}).await.unwrap();
            }
        }
    });
    for version in 2..2 + ROUNDS {
        let opened = bytes(&format!("version {version}"));
        done(commit(&store, Act::CredentialUse { id: CredentialId::new("one"), version, opened }).await);
        let one = store.credential(&vs(), &CredentialId::new("one")).await.unwrap().unwrap();
        assert_eq!((one.version, one.opened.expose()), (version + 1, format!("version {version}").as_bytes()));
    }
    over.store(true, Ordering::SeqCst);
    sealing.await.unwrap();
}

/// Seals anew with one key after the other until it is killed, and says whenever it has begun.
pub(crate) async fn seal_anew(url: &str) {
    let both = keys(&[1, 2]);
    let store = opened(url, &both).unwrap();
    for id in both.ids().iter().rev().cycle() {
        store.take_key_into_use(*id).await.unwrap();
        say("begun");
        store.reseal(|_| {}).await.unwrap();
    }
}

async fn a_change_that_is_killed_is_gone_on_with(world: Arc<World>) {
    const MANY: usize = 250;
    let store = inhabited(&world).await;
    for number in 0..MANY {
        done(commit(&store, Act::CredentialStock(stock(&format!("{number:04}")))).await);
    }
    furnished(&store).await;
    store.close();
    for round in 0..6 {
        let mut second = SecondProcess::start(&world.url, SEAL_ANEW);
        second.go();
        assert_eq!(second.next().as_deref(), Some("begun"));
        std::thread::sleep(std::time::Duration::from_millis(5 + round * 17));
        second.kill();
        let both = keys(&[1, 2]);
        let store = opened(&world.url, &both).unwrap();
        is_whole(&store).await;
        let resealed = store.reseal(|_| {}).await.unwrap();
        assert_eq!((resealed.unreadable, resealed.left), (0, 0), "round {round}");
        let in_use = both.in_use();
        store.close();
        let alone = if in_use == both.ids()[0] { keys(&[1]) } else { keys(&[2]) };
        let store = opened(&world.url, &alone).unwrap();
        assert_eq!(store.unsealed().await.unwrap(), Resealed::default(), "none is left on the other key");
        store.close();
    }
}

async fn processes_say_which_keys_they_hold_and_follow(world: Arc<World>) {
    inhabited(&world).await.close();
    let (mine, theirs) = (keys(&[1, 2]), keys(&[1]));
    let new = mine.ids()[1];
    let (store, other) = (opened(&world.url, &mine).unwrap(), opened(&world.url, &theirs).unwrap());
    store.propose_key(new).await.unwrap();
    let holding = async |wanted: usize| {
        for _ in 0..100 {
            let answers = store.key_answers(secs(5)).await.unwrap();
            let hold = answers.iter().filter(|answer| answer.keys.contains(&new.to_string())).count();
            if answers.len() == 2 && hold == wanted {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{wanted} do not answer");
    };
    holding(1).await;
    assert!(theirs.adopt(&mine));
    holding(2).await;
    store.take_key_into_use(new).await.unwrap();
    for _ in 0..100 {
        if theirs.in_use() == new {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(theirs.in_use(), new);
    store.end_key_change(None, new).await.unwrap();
    let state = store.key_state().await.unwrap();
    assert_eq!((state.in_use, state.next), (Some(new), None));
    other.close();
    store.close();
}

/// It was stopped while all others were asked, and goes on after the change.
async fn whoever_lacks_the_key_in_use_seals_nothing_until_it_is_there(world: Arc<World>) {
    inhabited(&world).await.close();
    let (mine, theirs) = (keys(&[1, 2]), keys(&[1]));
    let new = mine.ids()[1];
    let (store, other) = (opened(&world.url, &mine).unwrap(), opened(&world.url, &theirs).unwrap());
    let mut queued = 0;
    let mut queue = async || {
        queued += 1;
        commit(&other, Act::MailQueue(mail(&format!("m{queued}")))).await
    };
    done(queue().await);
    assert_eq!(other.missing_key(), None);
    store.take_key_into_use(new).await.unwrap();
    let patience = std::time::Instant::now();
    while other.missing_key().is_none() {
        assert!(patience.elapsed() < secs(20));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(other.missing_key(), Some(new));
    let refused = queue().await;
    assert!(
        matches!(&refused, Err(CommitError::Store(StoreError::Unavailable(why))) if why.contains("is sealed with key"))
    );
    store.reseal(|_| {}).await.unwrap();
    assert_eq!(store.unsealed().await.unwrap().left, 0, "nothing comes after");
    assert!(theirs.adopt(&mine));
    done(queue().await);
    assert_eq!((other.missing_key(), store.unsealed().await.unwrap().left), (None, 0));
    store.propose_key(new).await.unwrap();
    store.withdraw_key(mine.ids()[0]).await.unwrap();
    assert_eq!(store.key_state().await.unwrap().next, Some(new), "another's stands");
    store.withdraw_key(new).await.unwrap();
    assert_eq!(store.key_state().await.unwrap().next, None);
    other.close();
    store.close();
}

fn plan() -> RestorePlan {
    let age = |token: &AgedToken<'_>| match token.opened.expose() {
        b"imported" => Restored::Unchanged,
        b"clicked" => Restored::Unknown,
        _ => Restored::Updated(bytes("aged")),
    };
    RestorePlan {
        taken_at: Some("2026-11-28T08:00:00Z".into()),
        age: Arc::new(age),
        vouch: Arc::new(|vs, (seq, _), _| format!("{vs} ended at {seq}")),
    }
}

async fn whatever_was_good_when_the_backup_was_made_is_not_good_again(world: Arc<World>) {
    let store = inhabited(&world).await;
    furnished(&store).await;
    let clicked = NewCredential { opened: bytes("clicked"), ..token("two") };
    done(commit(&store, Act::CredentialIssue(NewCredential { additional: true, most: 2, ..clicked })).await);
    let opened_as = bytes("clicked");
    let activated = Act::CredentialActivate { id: CredentialId::new("two"), version: 1, opened: opened_as, most: 2 };
    done(commit(&store, activated).await);
    done(commit(&store, Act::CredentialStock(stock("three"))).await);
    let handed_out = NewStock { opened: bytes("clicked"), ..stock("four") };
    done(commit(&store, Act::CredentialStock(handed_out)).await);
    done(commit(&store, Act::CredentialAssign { id: CredentialId::new("four"), user: alice(), most: 3 }).await);
    let head = store.head(&vs()).await.unwrap();
    let key = MasterKey::new(vec![1; 32]).unwrap();
    let error = Store::open_restored(options(&world.url, &key), Arc::new(SystemEntropy)).unwrap_err();
    assert!(matches!(error, OpenError::InUse), "{error}");
    store.close();

    let restoring = Store::open_restored(options(&world.url, &key), Arc::new(SystemEntropy)).unwrap();
    let outcome = restoring.restore(plan()).await.unwrap();
    assert_eq!(outcome, RestoreOutcome { epoch: 1, aged: 2, suspended: 2, unreadable: 0 });
    restoring.close();

    let store = world.open();
    assert!(store.session(&vs(), &hash("s"), secs(60), NOW).await.unwrap().is_none());
    assert!(store.operator_session(&vs(), &hash("o"), secs(60), NOW).await.unwrap().is_none());
    assert!(store.one_time(&vs(), OneTimePurpose::Ticket, &hash("t"), NOW).await.unwrap().is_none());
    assert!(store.push(&vs(), &PushId::new("p")).await.unwrap().is_none());
    assert!(store.pending_act(&vs(), &ApprovalId::new("a")).await.unwrap().is_none());
    assert!(store.recovery_codes(&vs(), &alice()).await.unwrap().is_none());
    assert!(store.user_record(&vs(), &alice()).await.unwrap().unwrap().temporary_passcode.is_none());
    lost(commit(&store, take_grant(&alice(), GrantState::Asked)).await, 0);
    lost(commit(&store, go(&flow("f", Step::Password), Step::Passcode)).await, 0);
    assert!(store.waiting_mails().await.unwrap().is_empty());
    let mine = store.credentials_of(&vs(), &alice()).await.unwrap();
    let told: Vec<_> = mine.iter().map(|t| (t.id.as_str(), t.state, t.version, t.opened.expose())).collect();
    assert_eq!(
        told,
        [
            ("four", TokenState::Suspended, 1, &b"clicked"[..]),
            ("one", TokenState::Active, 3, &b"aged"[..]),
            ("two", TokenState::Suspended, 2, &b"clicked"[..]),
        ]
    );
    let records = whole_chain(&store).await;
    let told = &of_kind(&records, EventKind::DatabaseRestored)[0]["details"];
    assert_eq!((&told["backupSeq"], &told["backupHash"]), (&head.seq.into(), &head.hash.as_str().into()));
    assert_eq!(told["signature"], format!("default ended at {}", head.seq));
    assert_eq!((&told["epoch"], &told["backupTakenAt"]), (&1.into(), &"2026-11-28T08:00:00Z".into()));
}

/// Its key may be put back in place later.
async fn what_a_restore_cannot_read_is_suspended(world: Arc<World>) {
    let store = inhabited(&world).await;
    furnished(&store).await;
    store.close();
    // What was sealed in another place opens nowhere else.
    world.sql("UPDATE credential SET sealed = (SELECT sealed FROM operator LIMIT 1) WHERE id = 'one'").await;
    let key = MasterKey::new(vec![1; 32]).unwrap();
    let restoring = Store::open_restored(options(&world.url, &key), Arc::new(SystemEntropy)).unwrap();
    let outcome = restoring.restore(plan()).await.unwrap();
    assert_eq!((outcome.unreadable, outcome.suspended), (1, 0));
    restoring.close();
    let store = world.open();
    let token = store.token(&vs(), &CredentialId::new("one")).await.unwrap().unwrap();
    assert_eq!(token.state, TokenState::Suspended);
}

async fn a_restore_that_was_broken_off_keeps_everybody_out_until_it_is_done(world: Arc<World>) {
    let store = inhabited(&world).await;
    furnished(&store).await;
    let head = store.head(&vs()).await.unwrap();
    store.close();
    let key = MasterKey::new(vec![1; 32]).unwrap();
    let restoring = || Store::open_restored(options(&world.url, &key), Arc::new(SystemEntropy)).unwrap();
    restoring().close();
    let error = opened(&world.url, &key).unwrap_err();
    assert!(matches!(error, OpenError::RestoreUnfinished), "{error}");
    let again = restoring();
    assert_eq!(again.restore(plan()).await.unwrap().epoch, 1);
    assert!(again.restore(plan()).await.is_err(), "it is done");
    again.close();
    let store = world.open();
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::DatabaseRestored).len(), 1);
    assert_eq!(store.head(&vs()).await.unwrap().seq, head.seq + 1);
    store.close();
    let second = restoring();
    assert_eq!(second.restore(plan()).await.unwrap().epoch, 2);
    second.close();
}

/// A gateway that was stopped a moment ago has left its connections to a database that is busy.
async fn a_restore_waits_for_who_is_leaving(world: Arc<World>) {
    let store = inhabited(&world).await;
    let leaving = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(250));
        store.close();
    });
    let key = MasterKey::new(vec![1; 32]).unwrap();
    let restoring = Store::open_restored(options(&world.url, &key), Arc::new(SystemEntropy)).unwrap();
    leaving.join().unwrap();
    assert_eq!(restoring.restore(plan()).await.unwrap().epoch, 1);
    restoring.close();
}

async fn a_table_that_is_gone_is_named(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert!(store.missing_tables().await.unwrap().is_empty());
    world.sql("DROP TABLE recovery_codes; DROP TABLE meter").await;
    assert_eq!(store.missing_tables().await.unwrap(), ["meter", "recovery_codes"]);
}

/// SQLite only: PostgreSQL has its own.
#[test]
fn a_copy_that_is_made_while_others_write_is_whole_and_of_one_moment() {
    crate::world::tell(Kind::Sqlite, |world| async move {
        let store = inhabited(&world).await;
        furnished(&store).await;
        let over = Arc::new(AtomicBool::new(false));
        let writing = tokio::spawn({
            let (store, over) = (store.clone(), over.clone());
            async move {
                while !over.load(Ordering::SeqCst) {
                    let change = Change::of(Act::SessionStart(portal_session(&SystemEntropy.id())))
                        .record(event(EventKind::SessionStarted));
                    done(store.commit(&vs(), change, NOW).await);
                }
            }
        });
        for round in 0..5 {
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
            let copy = world.folder().join(format!("a 'copy' {round}.db"));
            let (url, to) = (world.url.clone(), copy.clone());
            let taken =
                tokio::task::spawn_blocking(move || doorward_store::snapshot(&url, &to)).await.unwrap().unwrap();
            assert_eq!((taken.schema, taken.key), (doorward_store::known_schema(), None));
            let twin = opened(&format!("sqlite://{}", copy.display()), &keys(&[1])).unwrap();
            let records = whole_chain(&twin).await;
            assert_eq!(taken.heads[0].1, i64::try_from(records.len()).unwrap());
            let sessions = twin.live_sessions(&vs(), NOW).await.unwrap();
            assert_eq!(of_kind(&records, EventKind::SessionStarted).len() as u64 + 1, sessions);
            is_whole(&twin).await;
            twin.close();
        }
        over.store(true, Ordering::SeqCst);
        writing.await.unwrap();
        assert!(
            doorward_store::snapshot(&world.url, &world.folder().join("a 'copy' 0.db")).is_err(),
            "never over another"
        );
        store.close();
    });
}
