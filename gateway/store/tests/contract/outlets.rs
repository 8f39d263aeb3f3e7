//! Outlets of the audit trail: how far each has come, and who of several has it.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::audit::Cut;
use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    an_outlet_begins_with_the_first_record_or_with_the_next,
    a_new_outlet_of_a_trail_that_was_cut_begins_where_the_trail_does,
    one_process_has_an_outlet_until_it_says_nothing_more,
    a_lease_of_a_clock_that_was_ahead_is_waited_for_by_nobody,
    of_many_who_want_it_at_once_one_gets_it,
    what_was_written_is_what_is_read,
    who_lost_an_outlet_writes_nothing,
    records_are_needed_for_as_long_as_an_outlet_has_not_sent_them,
    outlets_of_one_virtual_server_are_not_those_of_another,
);

const LEASE: Duration = Duration::from_secs(15);

fn siem() -> OutletId {
    OutletId::new("syslog.siem")
}

async fn want(store: &Store, outlet: &OutletId, whole_trail: bool, now: Timestamp) {
    store.want_outlet(&vs(), outlet, whole_trail, now).await.unwrap();
}

async fn take(store: &Store, holder: &str, now: Timestamp) -> Option<OutletState> {
    store.take_outlet(&vs(), &siem(), holder, LEASE, now).await.unwrap()
}

async fn note(store: &Store, outlet: &OutletId, holder: &str, state: &OutletState) -> bool {
    store.note_outlet(&vs(), outlet, holder, state).await.unwrap()
}

/// So many records more.
async fn append(store: &Store, records: usize) {
    for _ in 0..records {
        done(store.commit(&vs(), Change::only(event(EventKind::AuthFailure)), NOW).await);
    }
}

async fn an_outlet_begins_with_the_first_record_or_with_the_next(world: Arc<World>) {
    let store = inhabited(&world).await;
    append(&store, 3).await;
    let late = OutletId::new("webhook.late");
    want(&store, &siem(), true, NOW).await;
    want(&store, &late, false, NOW).await;
    let head = store.head(&vs()).await.unwrap().seq;
    append(&store, 2).await;
    for whole_trail in [true, false] {
        // It is begun once, whatever is wanted later.
        want(&store, &siem(), whole_trail, NOW).await;
        want(&store, &late, whole_trail, NOW).await;
        assert_eq!(store.outlet(&vs(), &siem()).await.unwrap().unwrap(), OutletState::default());
        assert_eq!(store.outlet(&vs(), &late).await.unwrap().unwrap().sent, head);
    }
    assert_eq!(store.outlet(&vs(), &OutletId::new("syslog.other")).await.unwrap(), None);
}

async fn a_new_outlet_of_a_trail_that_was_cut_begins_where_the_trail_does(world: Arc<World>) {
    let store = inhabited(&world).await;
    append(&store, 9).await;
    let (old, new) = (OutletId::new("syslog.old"), siem());
    want(&store, &old, true, NOW).await;
    let hash = store.records(&vs(), 5, 1).await.unwrap().remove(0).hash;
    let cut = Cut { upto: 6, hash, event: event(EventKind::AuditTrimmed) };
    assert!(store.cut_trail(&vs(), cut, NOW).await.unwrap());
    want(&store, &new, true, NOW).await;
    let sent = async |outlet: &OutletId| store.outlet(&vs(), outlet).await.unwrap().unwrap().sent;
    assert_eq!((sent(&old).await, sent(&new).await), (0, 6), "what is about to go is not begun with either");
    store.shed_trail(&vs(), 100).await.unwrap();
    assert_eq!(store.records(&vs(), sent(&new).await, 1).await.unwrap()[0].seq, 7, "none is missing between");
}

async fn one_process_has_an_outlet_until_it_says_nothing_more(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!(take(&store, "one", NOW).await, None, "nobody wants it");
    want(&store, &siem(), true, NOW).await;
    assert!(take(&store, "one", NOW).await.is_some());
    assert!(take(&store, "one", NOW + secs(1)).await.is_some(), "it may begin anew");
    assert!(take(&store, "two", NOW + secs(15)).await.is_none());
    assert!(store.keep_outlet(&vs(), &siem(), "one", LEASE, NOW + secs(14)).await.unwrap());
    assert!(take(&store, "two", NOW + secs(28)).await.is_none());
    assert!(take(&store, "two", NOW + secs(29)).await.is_some());
    assert!(!store.keep_outlet(&vs(), &siem(), "one", LEASE, NOW + secs(30)).await.unwrap());
    assert!(store.keep_outlet(&vs(), &siem(), "two", LEASE, NOW + secs(30)).await.unwrap());
}

async fn a_lease_of_a_clock_that_was_ahead_is_waited_for_by_nobody(world: Arc<World>) {
    let store = inhabited(&world).await;
    want(&store, &siem(), true, NOW).await;
    let (day, near) = (secs(86_400), secs(60));
    assert!(take(&store, "near", NOW + near).await.is_some());
    assert!(take(&store, "two", NOW).await.is_none(), "clocks are never quite the same");
    assert!(take(&store, "ahead", NOW + day).await.is_some());
    assert!(take(&store, "two", NOW + secs(1)).await.is_some());
    assert!(!store.keep_outlet(&vs(), &siem(), "ahead", LEASE, NOW + day + secs(4)).await.unwrap());
    assert!(take(&store, "three", NOW + secs(2)).await.is_none(), "its lease is one as any other");
}

async fn of_many_who_want_it_at_once_one_gets_it(world: Arc<World>) {
    let store = inhabited(&world).await;
    want(&store, &siem(), true, NOW).await;
    let takers: Vec<_> = (0..16)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { take(&store, &format!("process {number}"), NOW).await })
        })
        .collect();
    let mut took = 0;
    for taker in takers {
        took += usize::from(taker.await.unwrap().is_some());
    }
    assert_eq!(took, 1);
}

async fn what_was_written_is_what_is_read(world: Arc<World>) {
    let store = inhabited(&world).await;
    want(&store, &siem(), true, NOW).await;
    assert!(take(&store, "one", NOW).await.is_some());
    let failing = OutletState {
        sent: 7,
        skipped: 2,
        attempts: 3,
        failing_since: Some(NOW),
        last_error: Some("away “for good”".to_owned()),
        due_at: NOW + secs(4),
        disabled_at: None,
    };
    assert!(note(&store, &siem(), "one", &failing).await);
    assert_eq!(store.outlet(&vs(), &siem()).await.unwrap(), Some(failing.clone()));
    assert_eq!(take(&store, "two", NOW + secs(15)).await, Some(failing.clone()));

    let gone = OutletState { disabled_at: Some(NOW), ..failing };
    assert!(note(&store, &siem(), "two", &gone).await);
    assert_eq!(take(&store, "two", NOW + secs(60)).await, None, "it wants nothing any more");
    want(&store, &siem(), true, NOW + secs(61)).await;
    assert_eq!(take(&store, "two", NOW + secs(61)).await, Some(OutletState { disabled_at: None, ..gone }));
}

async fn who_lost_an_outlet_writes_nothing(world: Arc<World>) {
    let store = inhabited(&world).await;
    want(&store, &siem(), true, NOW).await;
    let slept = take(&store, "one", NOW).await.unwrap();
    let state = take(&store, "two", NOW + secs(20)).await.unwrap();
    assert!(note(&store, &siem(), "two", &OutletState { sent: 9, ..state }).await);
    assert!(!note(&store, &siem(), "one", &OutletState { sent: 3, ..slept }).await);
    assert_eq!(store.outlet(&vs(), &siem()).await.unwrap().unwrap().sent, 9);
}

async fn records_are_needed_for_as_long_as_an_outlet_has_not_sent_them(world: Arc<World>) {
    let store = inhabited(&world).await;
    let sent = async |now| store.outlets_sent(&vs(), now).await.unwrap();
    assert_eq!(sent(NOW).await, None, "nobody is told");
    let hook = OutletId::new("webhook.chat");
    want(&store, &siem(), true, NOW).await;
    want(&store, &hook, true, NOW).await;
    assert_eq!(sent(NOW).await, Some(0));
    for (outlet, sent) in [(siem(), 40), (hook.clone(), 30)] {
        store.take_outlet(&vs(), &outlet, "one", LEASE, NOW).await.unwrap().unwrap();
        assert!(note(&store, &outlet, "one", &OutletState { sent, ..OutletState::default() }).await);
    }
    assert_eq!(sent(NOW).await, Some(30));
    let gone = OutletState { sent: 30, disabled_at: Some(NOW), ..OutletState::default() };
    assert!(note(&store, &hook, "one", &gone).await);
    assert_eq!(sent(NOW).await, Some(40), "one that wants nothing holds nothing back");
    let week = secs(7 * 86_400);
    assert_eq!(sent(NOW + week - secs(1)).await, Some(40));
    assert_eq!(sent(NOW + week).await, None, "no process has had it in its configuration for a week");
}

async fn outlets_of_one_virtual_server_are_not_those_of_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    store.ensure_virtual_server(&other, NOW).await.unwrap();
    want(&store, &siem(), true, NOW).await;
    assert_eq!(store.outlet(&other, &siem()).await.unwrap(), None);
    assert_eq!(store.take_outlet(&other, &siem(), "one", LEASE, NOW).await.unwrap(), None);
    assert_eq!(store.outlets_sent(&other, NOW).await.unwrap(), None);
    store.want_outlet(&other, &siem(), false, NOW).await.unwrap();
    assert!(take(&store, "one", NOW).await.is_some());
    assert!(store.take_outlet(&other, &siem(), "two", LEASE, NOW).await.unwrap().is_some());
}
