//! `kill -9` in the middle of writing (F-01, F-35): what was acknowledged is there, and nothing is there by halves.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::second_process::{SecondProcess, say};
use crate::world::World;

both!(
    an_acknowledged_change_outlives_a_kill,
    a_kill_while_old_records_go_leaves_the_rest_of_the_chain,
    a_migration_that_is_killed_is_made_again,
);

/// The errand of [`write_on`].
pub(crate) const WRITE_ON: &str = "write-on";

/// The errand of [`shed_on`].
pub(crate) const SHED_ON: &str = "shed-on";

/// The errand of [`migrate`].
pub(crate) const MIGRATE: &str = "migrate";

const ROUNDS: u64 = 10;

/// Writes until it is killed: a session and its record each time, and says so when it is acknowledged.
pub(crate) async fn write_on(store: &Store) {
    loop {
        let name = doorward_store::SystemEntropy.id();
        let change = Change::of(Act::SessionStart(portal_session(&name)))
            .record(event(EventKind::SessionStarted).with("name", name.as_str()));
        done(store.commit(&vs(), change, NOW).await);
        say(name);
    }
}

/// Takes away what is to go, until it is killed.
pub(crate) async fn shed_on(store: &Store) {
    while store.shed_trail(&vs(), 3).await.unwrap() > 0 {
        say("some");
    }
    say("all");
    std::future::pending::<()>().await;
}

/// Opens a database that an older release has left.
pub(crate) fn migrate(url: &str) {
    crate::world::open(url, 1, crate::world::PATIENT).unwrap().close();
    say("done");
}

async fn an_acknowledged_change_outlives_a_kill(world: Arc<World>) {
    inhabited(&world).await.close();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut second = SecondProcess::start(&world.url, WRITE_ON);
        second.go();
        acknowledged.push(second.next().expect("a first acknowledgement"));
        std::thread::sleep(Duration::from_millis(20 + round * 13));
        acknowledged.extend(second.kill());

        let store = world.open();
        let recorded = of_kind(&whole_chain(&store).await, EventKind::SessionStarted);
        let sessions = store.live_sessions(&vs(), NOW).await.unwrap();
        assert_eq!(recorded.len() as u64, sessions, "a session and its record are there together or not at all");
        for name in &acknowledged {
            let found = store.session(&vs(), &hash(name), secs(60), NOW).await.unwrap();
            assert!(found.is_some(), "round {round}: {name} was acknowledged and is gone");
        }
        store.close();
    }
    assert!(acknowledged.len() as u64 > ROUNDS, "it wrote more than once a round");
}

async fn a_kill_while_old_records_go_leaves_the_rest_of_the_chain(world: Arc<World>) {
    let store = inhabited(&world).await;
    let many = Change { acts: Vec::new(), events: vec![event(EventKind::AuthFailure); 2_000] };
    done(store.commit(&vs(), many, NOW).await);
    let hash = store.records(&vs(), 1_899, 1).await.unwrap().remove(0).hash;
    let cut = doorward_api::audit::Cut { upto: 1_900, hash, event: event(EventKind::AuditTrimmed) };
    assert!(store.cut_trail(&vs(), cut, NOW).await.unwrap());
    let end = store.head(&vs()).await.unwrap().seq;
    store.close();
    let mut begins = 1;
    for round in 0..ROUNDS {
        let mut second = SecondProcess::start(&world.url, SHED_ON);
        second.go();
        second.next().expect("a first part is gone");
        std::thread::sleep(Duration::from_millis(5 + round * 7));
        second.kill();

        let store = world.open();
        let left = store.records(&vs(), 0, 5_000).await.unwrap();
        let first = left[0].seq;
        assert!(first > begins && first <= 1_901, "round {round}: {first} after {begins}");
        assert!(left.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq && pair[0].hash == pair[1].prev));
        assert_eq!(left.last().unwrap().seq, end);
        store.close();
        if first == 1_901 {
            break;
        }
        begins = first;
    }
    let store = world.open();
    while store.shed_trail(&vs(), 500).await.unwrap() > 0 {}
    assert_eq!(store.records(&vs(), 0, 1).await.unwrap()[0].seq, 1_901);
}

/// F-33. All steps are one transaction: whoever is killed has made none of them, and whoever comes next makes all.
async fn a_migration_that_is_killed_is_made_again(world: Arc<World>) {
    let store = inhabited(&world).await;
    let many = Change { acts: Vec::new(), events: vec![event(EventKind::AuthFailure); 3_000] };
    done(store.commit(&vs(), many, NOW).await);
    store.close();
    let new = crate::schema::columns(&world).await;
    crate::schema::take_back_to(&world, 1).await;
    let old = crate::schema::columns(&world).await;
    assert_ne!(old, new);
    let mut killed = 0;
    for round in 0..40_u64 {
        let second = SecondProcess::start(&world.url, MIGRATE);
        std::thread::sleep(Duration::from_millis(round * round));
        let said = second.kill();
        let found = crate::schema::columns(&world).await;
        assert!(found == old || found == new, "round {round}: some steps of all were made");
        if found == new {
            break;
        }
        assert!(said.is_empty());
        killed += 1;
    }
    assert!(killed > 1, "it was killed before it was done");
    let store = world.open();
    assert_eq!(crate::schema::columns(&world).await, new);
    let migrated = store.records(&vs(), 3_000, 100).await.unwrap();
    assert_eq!(of_kind(&migrated, EventKind::TenantMigrated).len(), 1, "and it is told once");
    let page = Page { after: String::new(), limit: 1 };
    assert_eq!(store.trail(&vs(), &Default::default(), &page).await.unwrap().items.len(), 1);
}
