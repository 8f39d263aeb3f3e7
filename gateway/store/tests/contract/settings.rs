//! What operators set at run time.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::ports::*;
use doorward_api::settings::{FieldChange, Lockout, Seen, StoredDocument};
use doorward_api::*;

use crate::fixtures::*;
use crate::world::World;

both!(
    a_document_is_the_one_that_was_last_set,
    who_has_not_seen_the_newest_document_changes_nothing,
    the_change_log_tells_who_changed_what_newest_first,
    what_is_done_by_a_document_is_done_before_it_is_changed,
    the_documents_of_one_virtual_server_are_not_those_of_another,
);

const KIND: SettingKind = SettingKind::Lockout;

async fn a_document_is_the_one_that_was_last_set(world: Arc<World>) {
    let store = inhabited(&world).await;
    for kind in SettingKind::ALL {
        let never = StoredDocument { body: None, version: 0 };
        assert_eq!(store.document(&vs(), kind).await.unwrap(), never, "{kind:?}");
    }
    let chosen = Lockout { account_failures: 5, account_minutes: 60, token_failures: 4, token_minutes: 30 };
    let Act::SettingSet { operator, changes, .. } = set(KIND, 0) else { panic!("no document") };
    let body = serde_json::to_string(&chosen).unwrap();
    done(commit(&store, Act::SettingSet { kind: KIND, seen: 0, body, operator, changes }).await);
    let stored = store.document(&vs(), KIND).await.unwrap();
    assert_eq!(Seen::read(&stored), Some(Seen { document: chosen, version: 1 }));
    done(commit(&store, set(KIND, 1)).await);
    let stored = store.document(&vs(), KIND).await.unwrap();
    assert_eq!(stored, StoredDocument { body: Some("{\"number\":2}".into()), version: 2 });
    assert_eq!(store.document(&vs(), SettingKind::Targets).await.unwrap().version, 0, "another kind");
    assert!(store.document(&VirtualServerId::new("none"), KIND).await.is_err());
}

async fn who_has_not_seen_the_newest_document_changes_nothing(world: Arc<World>) {
    let store = inhabited(&world).await;
    lost(commit(&store, set(KIND, 1)).await, 0);
    done(commit(&store, set(KIND, 0)).await);
    lost(commit(&store, set(KIND, 0)).await, 0);
    lost(commit(&store, set(KIND, 2)).await, 0);
    done(commit(&store, set(KIND, 1)).await);
    assert_eq!(store.document(&vs(), KIND).await.unwrap().version, 2);
    assert_eq!(store.changes(&vs(), KIND, 10).await.unwrap().len(), 2, "and what was not changed is not told");
}

async fn the_change_log_tells_who_changed_what_newest_first(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert!(store.changes(&vs(), KIND, 10).await.unwrap().is_empty());
    for seen in 0..5 {
        done(commit_at(&store, set(KIND, seen), NOW + secs(seen.unsigned_abs())).await);
    }
    done(commit(&store, set(SettingKind::Targets, 0)).await);
    let newest = store.changes(&vs(), KIND, 2).await.unwrap();
    assert_eq!(newest.iter().map(|change| change.version).collect::<Vec<_>>(), [5, 4]);
    assert_eq!((newest[0].at, newest[0].operator.as_str()), (NOW + secs(4), "olga"));
    let told = FieldChange { field: "number".into(), old: 4.into(), new: 5.into() };
    assert_eq!(newest[0].changes, [told]);
    assert_eq!(store.changes(&vs(), KIND, 100).await.unwrap().len(), 5);
}

/// An activation that was allowed and a change that forbids it, at once: where both are made, the activation came first. With a
/// document that is there, and with one that was never set.
async fn what_is_done_by_a_document_is_done_before_it_is_changed(world: Arc<World>) {
    let (store, second) = (world.open(), world.open());
    for round in 0..8 {
        let vs = VirtualServerId::new(format!("server {round}"));
        inhabit(&store, &vs).await;
        let user = Box::new(store.user_by_id(&vs, &alice()).await.unwrap().unwrap());
        for seen in 0..3 {
            let allowed = Act::EnrolmentStillAllowed { user: user.clone(), settings: vec![(KIND, seen)] };
            // What lies between gives the change the time to come in between.
            let puts = (0..20).map(|n| Act::OneTimePut(ticket(&format!("{seen} {n}"))));
            let acts = std::iter::once(allowed).chain(puts).collect();
            let activation = Change { acts, events: vec![event(EventKind::TokenActivated)] };
            let change = Change::of(set(KIND, seen)).record(event(EventKind::LockoutPolicyChanged));
            let pause = Duration::from_millis(u64::try_from(round).unwrap());
            let late = async {
                tokio::time::sleep(pause).await;
                second.commit(&vs, change, NOW).await
            };
            let (activated, changed) = tokio::join!(store.commit(&vs, activation, NOW), late);
            done(changed);
            let records = store.records(&vs, 0, 100).await.unwrap();
            let last = of_kind(&records[records.len() - 1..], EventKind::TokenActivated);
            assert!(last.is_empty(), "round {round}, {seen}: {activated:?}");
        }
    }
}

async fn the_documents_of_one_virtual_server_are_not_those_of_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    done(commit(&store, set(KIND, 0)).await);
    assert_eq!(store.document(&other, KIND).await.unwrap().version, 0);
    assert!(store.changes(&other, KIND, 10).await.unwrap().is_empty());
    lost(store.commit(&other, Change::of(set(KIND, 1)), NOW).await, 0);
    done(store.commit(&other, Change::of(set(KIND, 0)), NOW).await);
    done(store.commit(&other, Change::of(set(KIND, 1)), NOW).await);
    assert_eq!(store.document(&vs(), KIND).await.unwrap().version, 1);
}
