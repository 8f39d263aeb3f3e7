//! What has become too old goes, at the place that was said and nowhere else.

use std::sync::Arc;

use doorward_api::audit::{Cut, Trimmed};
use doorward_api::enrolment::{EnrolmentFilter, Totals};
use doorward_api::ports::*;
use doorward_api::trail::TrailFilter;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    records_go_the_oldest_first_and_with_them_what_was_made_of_them,
    a_chain_is_cut_forwards_only_and_at_a_record_that_is_there,
    of_many_that_cut_at_once_one_does,
    what_many_take_away_at_once_goes_once,
    another_virtual_server_keeps_its_own,
    sums_stay_when_their_rows_go,
    time_that_has_passed_is_known_to_all_and_does_not_go_back,
    a_database_of_before_knows_time_up_to_its_newest_record,
);

fn told(kind: EventKind, flow: &str) -> AuditEvent {
    AuditEvent::new(
        kind,
        EventContext { flow: Some(FlowId::new(flow)), user: Some(alice()), ..EventContext::default() },
    )
}

async fn record(store: &Store, event: AuditEvent, now: Timestamp) {
    done(store.commit(&vs(), Change::only(event), now).await);
}

async fn cut_after(store: &Store, upto: i64) -> Cut {
    let hash = store.records(&vs(), upto - 1, 1).await.unwrap().remove(0).hash;
    Cut { upto, hash, event: event(EventKind::AuditTrimmed).with("firstKept", upto + 1) }
}

async fn first(store: &Store) -> i64 {
    store.records(&vs(), 0, 1).await.unwrap()[0].seq
}

async fn looked_through(store: &Store) -> usize {
    let page = Page { after: String::new(), limit: 200 };
    store.trail(&vs(), &TrailFilter::default(), &page).await.unwrap().items.len()
}

async fn transactions(store: &Store) -> Vec<String> {
    let page = Page { after: String::new(), limit: 200 };
    let found = store.enrolments(&vs(), &EnrolmentFilter::default(), &page).await.unwrap();
    found.items.into_iter().map(|row| row.enrolment.id).collect()
}

async fn records_go_the_oldest_first_and_with_them_what_was_made_of_them(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert_eq!((store.trimmed(&vs()).await.unwrap(), store.begins(&vs()).await.unwrap()), (None, None));
    // Records 2 to 21: two enrolments, of which one goes on after the place.
    for _ in 0..8 {
        record(&store, event(EventKind::AuthFailure), NOW).await;
    }
    record(&store, told(EventKind::AddAuthenticatorSelected, "over"), NOW).await;
    record(&store, told(EventKind::EnrollmentCancelled, "over"), NOW).await;
    record(&store, told(EventKind::AddAuthenticatorSelected, "goes-on"), NOW).await;
    let later = NOW + secs(3600);
    record(&store, told(EventKind::EnrollmentCancelled, "goes-on"), later).await;
    for _ in 0..8 {
        record(&store, event(EventKind::AuthFailure), later).await;
    }
    let last = store.head(&vs()).await.unwrap().seq;
    assert_eq!(last, 21);

    let cut = cut_after(&store, 12).await;
    let hash = cut.hash.clone();
    assert!(store.cut_trail(&vs(), cut, later).await.unwrap());
    let trimmed = store.trimmed(&vs()).await.unwrap();
    assert_eq!(trimmed, Some(Trimmed { upto: 12, hash, told_by: last + 1 }));
    assert_eq!(first(&store).await, 1, "nothing is gone yet");
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::AuditTrimmed).len(), 1);

    for (gone, begins) in [(5, 6), (5, 11), (2, 13), (0, 13)] {
        assert_eq!(store.shed_trail(&vs(), 5).await.unwrap(), gone);
        assert_eq!(first(&store).await, begins);
        assert_eq!(looked_through(&store).await, usize::try_from(last + 2 - begins).unwrap());
    }
    assert_eq!(transactions(&store).await, ["goes-on"], "a row stays as long as one of its records");
    assert_eq!(store.begins(&vs()).await.unwrap(), Some(later));
    record(&store, event(EventKind::AuthFailure), later).await;
    assert_eq!(store.head(&vs()).await.unwrap().seq, last + 2, "the chain goes on");
}

async fn a_chain_is_cut_forwards_only_and_at_a_record_that_is_there(world: Arc<World>) {
    let store = inhabited(&world).await;
    for _ in 0..10 {
        record(&store, event(EventKind::AuthFailure), NOW).await;
    }
    let before = whole_chain(&store).await.len();
    let good = cut_after(&store, 6).await;
    let newest = cut_after(&store, 11).await;
    for wrong in [
        Cut { hash: "another".into(), ..good.clone() },
        Cut { upto: 99, ..good.clone() },
        Cut { upto: 0, ..good.clone() },
        newest,
    ] {
        assert!(!store.cut_trail(&vs(), wrong, NOW).await.unwrap());
    }
    assert_eq!(whole_chain(&store).await.len(), before, "and nothing is said of it");
    assert_eq!(store.shed_trail(&vs(), 100).await.unwrap(), 0);
    assert!(store.cut_trail(&vs(), good.clone(), NOW).await.unwrap());
    let back = cut_after(&store, 4).await;
    for wrong in [good, back] {
        assert!(!store.cut_trail(&vs(), wrong, NOW).await.unwrap());
    }
    // Operators can look through the chain as far as record 7 only: what is beyond has to be gone through first.
    world.sql("UPDATE audit_head SET entered = 7").await;
    let beyond = cut_after(&store, 8).await;
    assert!(!store.cut_trail(&vs(), beyond, NOW).await.unwrap());
}

async fn of_many_that_cut_at_once_one_does(world: Arc<World>) {
    let store = inhabited(&world).await;
    for _ in 0..10 {
        record(&store, event(EventKind::AuthFailure), NOW).await;
    }
    let cut = cut_after(&store, 6).await;
    let others: Vec<Store> = (0..3).map(|_| world.open()).collect();
    let cuts = others.iter().map(|other| {
        let (other, cut) = (other.clone(), cut.clone());
        tokio::spawn(async move { other.cut_trail(&vs(), cut, NOW).await.unwrap() })
    });
    let mut made = 0;
    for cut in cuts.collect::<Vec<_>>() {
        made += usize::from(cut.await.unwrap());
    }
    assert_eq!(made, 1);
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::AuditTrimmed).len(), 1);
}

async fn what_many_take_away_at_once_goes_once(world: Arc<World>) {
    let store = inhabited(&world).await;
    let many = Change { acts: Vec::new(), events: vec![event(EventKind::AuthFailure); 200] };
    done(store.commit(&vs(), many, NOW).await);
    let cut = cut_after(&store, 150).await;
    assert!(store.cut_trail(&vs(), cut, NOW).await.unwrap());
    let others: Vec<Store> = (0..3).map(|_| world.open()).collect();
    let sheds = others.iter().map(|other| {
        let other = other.clone();
        tokio::spawn(async move { while other.shed_trail(&vs(), 7).await.unwrap() > 0 {} })
    });
    for shed in sheds.collect::<Vec<_>>() {
        shed.await.unwrap();
    }
    let left = store.records(&vs(), 0, 500).await.unwrap();
    assert_eq!((left[0].seq, left.len()), (151, 52), "what is to stay stays");
}

async fn another_virtual_server_keeps_its_own(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    for _ in 0..5 {
        record(&store, event(EventKind::AuthFailure), NOW).await;
    }
    let cut = cut_after(&store, 2).await;
    assert!(store.cut_trail(&vs(), cut, NOW).await.unwrap());
    assert_eq!(store.shed_trail(&vs(), 100).await.unwrap(), 2);
    assert_eq!(store.shed_trail(&other, 100).await.unwrap(), 0);
    assert_eq!(store.records(&other, 0, 1).await.unwrap()[0].seq, 1);
    assert_eq!(store.trimmed(&other).await.unwrap(), None);
}

/// However few there are.
async fn sums_stay_when_their_rows_go(world: Arc<World>) {
    let store = inhabited(&world).await;
    for flow in ["one", "two"] {
        record(&store, told(EventKind::AddAuthenticatorSelected, flow), NOW).await;
        record(&store, told(EventKind::EnrollmentCancelled, flow), NOW + secs(60)).await;
    }
    let last = store.head(&vs()).await.unwrap().seq;
    let later = NOW + secs(7200);
    record(&store, told(EventKind::AddAuthenticatorSelected, "stays"), later).await;
    let all = EnrolmentFilter::default();
    let before = store.enrolment_totals(&vs(), &all).await.unwrap();
    assert_eq!(before.counted, 3);

    let cut = cut_after(&store, last).await;
    assert!(store.cut_trail(&vs(), cut, later).await.unwrap());
    assert_eq!(store.shed_trail(&vs(), 100).await.unwrap(), last);
    assert_eq!(transactions(&store).await, ["stays"]);
    let after = store.enrolment_totals(&vs(), &all).await.unwrap();
    assert_eq!((after.counted, &after.results, &after.top_reason), (3, &before.results, &before.top_reason));
    let reached = |totals: &Totals| totals.funnel.iter().map(|step| step.reached).collect::<Vec<_>>();
    assert_eq!(reached(&after), reached(&before));
    // Where sums know nothing of what is asked, there is what is left.
    let of_alice = EnrolmentFilter { user: Some(alice()), ..all };
    assert_eq!(store.enrolment_totals(&vs(), &of_alice).await.unwrap().counted, 1);
}

async fn time_that_has_passed_is_known_to_all_and_does_not_go_back(world: Arc<World>) {
    let (one, other) = (world.open(), world.open());
    let begin = one.confirmed_time().await.unwrap();
    let now = one.clock().now();
    assert!(begin <= now && now.since(begin) < secs(3600), "a new database begins now");
    assert_eq!(one.confirm_time(begin + secs(50)).await.unwrap(), begin + secs(50));
    assert_eq!(other.confirmed_time().await.unwrap(), begin + secs(50));
    assert_eq!(other.confirm_time(begin + secs(40)).await.unwrap(), begin + secs(50), "it does not go back");
    assert_eq!(other.confirm_time(begin + secs(60)).await.unwrap(), begin + secs(60));
    one.close();
    other.close();
    assert_eq!(world.open().confirmed_time().await.unwrap(), begin + secs(60), "nor at a start");
}

/// Whatever the clock says at the first start of this release.
async fn a_database_of_before_knows_time_up_to_its_newest_record(world: Arc<World>) {
    let store = inhabited(&world).await;
    record(&store, event(EventKind::AuthFailure), NOW + secs(30)).await;
    store.close();
    world.sql("DELETE FROM meta WHERE name = 'confirmed_time'").await;
    assert_eq!(world.open().confirmed_time().await.unwrap(), NOW + secs(30));
}
