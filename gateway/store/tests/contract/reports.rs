//! What operators look through of the past: the trail, the enrolment history, and who has no token yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_api::credential::NewCredential;
use doorward_api::enrolment::*;
use doorward_api::ports::*;
use doorward_api::trail::*;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    the_report_says_what_its_records_say,
    the_first_sign_in_confirms_an_enrolment_wherever_it_is,
    records_are_looked_for_by_what_they_say,
    a_long_trail_is_looked_through_in_parts,
    a_search_that_finds_little_says_how_far_it_has_come,
    a_search_finds_each_record_once_while_others_come,
    a_search_leaves_out_none_that_stays_while_others_go,
    what_another_process_has_left_is_gone_through,
    a_database_of_before_the_reports_has_its_past_in_them,
    transactions_are_found_by_each_condition,
    totals_and_the_funnel_are_counted,
    the_sums_say_what_the_rows_say,
    many_durations_have_a_middle_one_that_is_near,
    rows_that_another_process_has_folded_are_counted,
    all_of_very_many_are_counted_whatever_is_asked_of_them,
    who_has_no_token_is_counted_group_by_group,
);

/// A moment of the story: hours after its begin.
fn at(hours: u64) -> Timestamp {
    NOW + secs(hours * 3600)
}

fn told(kind: EventKind, flow: &str) -> AuditEvent {
    let context = EventContext {
        flow: Some(FlowId::new(flow)),
        user: Some(alice()),
        used_name: Some("alice".into()),
        address: Some([192, 0, 2, 7].into()),
        application: Some("wiki".into()),
        ..EventContext::default()
    };
    AuditEvent::new(kind, context)
}

async fn record(store: &Store, event: AuditEvent, now: Timestamp) {
    done(store.commit(&vs(), Change::only(event), now).await);
}

/// Four transactions: one confirmed, one that its device completed, one cancelled, one that failed.
async fn enrolments(store: &Store) {
    use EventKind as E;
    for (n, flow) in (0..).zip(["confirmed", "completed", "cancelled", "failed"]) {
        let now = at(10 * n);
        record(store, told(E::SelfProvisioningOffered, flow), now).await;
        record(store, told(E::AddAuthenticatorSelected, flow).with("language", "fr"), now + secs(10)).await;
        record(store, told(E::VerificationCodeSent, flow), now + secs(12)).await;
        if flow == "cancelled" {
            record(store, told(E::EnrollmentCancelled, flow).with("lastStep", "code_sent"), now + secs(20)).await;
            continue;
        }
        record(store, told(E::VerificationCodeRejected, flow).with("triesLeft", 0), now + secs(30)).await;
        if flow == "failed" {
            record(store, told(E::EnrollmentExpired, flow).with("lastStep", "code_sent"), now + secs(3600)).await;
            continue;
        }
        record(store, told(E::VerificationCodeAccepted, flow), now + secs(40)).await;
        record(store, told(E::TargetSelected, flow).with("os", "iOS"), now + secs(50)).await;
        let serial = format!("DW-{flow}");
        let issued = told(E::ActivationCodeIssued, flow).with("serial", serial.as_str()).with("kind", "otp");
        record(store, issued, now + secs(50)).await;
        let of_device = |kind| AuditEvent::new(kind, EventContext::default()).with("serial", serial.as_str());
        if flow == "completed" {
            record(store, of_device(E::ActivationCompleted).with("os", "Android"), now + secs(90)).await;
        } else {
            record(store, told(E::TokenActivated, flow).with("serial", serial.as_str()), now + secs(70)).await;
            record(store, told(E::EnrollmentConfirmed, flow).with("serial", serial.as_str()), now + secs(70)).await;
        }
    }
    // Nobody's enrolment.
    record(store, told(E::AuthSuccess, "sign-in"), at(50)).await;
    record(store, told(E::SelfProvisioningNotOffered, "sign-in"), at(50)).await;
}

async fn all_rows(store: &Store, filter: EnrolmentFilter) -> Vec<Enrolment> {
    let page = Page { after: String::new(), limit: 200 };
    let found = store.enrolments(&vs(), &filter, &page).await.unwrap();
    assert_eq!((found.next, found.searched_to), (None, None));
    found.items.into_iter().map(|row| row.enrolment).collect()
}

/// The chain folded anew: nothing but what its records say, by a way of its own.
async fn folded(store: &Store) -> BTreeMap<String, Enrolment> {
    let mut rows: BTreeMap<String, Enrolment> = BTreeMap::new();
    let page = Page { after: String::new(), limit: 200 };
    let filter = TrailFilter { order: Order::Oldest, ..TrailFilter::default() };
    for record in store.trail(&vs(), &filter, &page).await.unwrap().items {
        let fact = record.fact();
        let Some(place) = place(&fact) else { continue };
        let by_serial = || rows.values().find(|row| place.serial.is_some_and(|serial| row.serial == serial));
        let row = place.flow.and_then(|flow| rows.get(flow)).or_else(by_serial).cloned();
        if let Some(row) = fold(row, &fact) {
            rows.insert(row.id.clone(), row);
        }
    }
    rows
}

async fn the_report_says_what_its_records_say(world: Arc<World>) {
    let store = inhabited(&world).await;
    enrolments(&store).await;
    let rows = all_rows(&store, EnrolmentFilter { offered: true, ..EnrolmentFilter::default() }).await;
    let told: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.result, row.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            ("failed", EnrolmentResult::Failed, "wrong_code"),
            ("cancelled", EnrolmentResult::Cancelled, "cancelled"),
            ("completed", EnrolmentResult::Completed, ""),
            ("confirmed", EnrolmentResult::Confirmed, ""),
        ]
    );
    let by_id: BTreeMap<String, Enrolment> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    assert_eq!(by_id, folded(&store).await);
    let page = Page { after: String::new(), limit: 1 };
    let first = store.enrolments(&vs(), &EnrolmentFilter::default(), &page).await.unwrap().items.remove(0);
    assert_eq!((first.name.as_deref(), first.display_name.as_str()), (Some("alice"), "alice of somewhere"));
    assert_eq!(first.groups, ["staff"]);
}

async fn seqs(store: &Store, filter: &TrailFilter) -> Vec<i64> {
    let found = store.trail(&vs(), filter, &Page { after: String::new(), limit: 200 }).await.unwrap();
    assert_eq!((found.next, found.searched_to), (None, None));
    found.items.into_iter().map(|record| record.stored.seq).collect()
}

async fn the_first_sign_in_confirms_an_enrolment_wherever_it_is(world: Arc<World>) {
    let store = inhabited(&world).await;
    enrolments(&store).await;
    let confirmed = async || of_kind(&whole_chain(&store).await, EventKind::EnrollmentConfirmed);
    let row = async |id: &str| -> Enrolment {
        let rows = all_rows(&store, EnrolmentFilter::default()).await;
        rows.into_iter().find(|row| row.id == id).unwrap()
    };
    for id in ["completed", "confirmed", "given"] {
        let issued = Act::CredentialIssue(NewCredential { most: 3, ..token(id) });
        done(store.commit(&vs(), Change::of(issued).and(activate_beside(id, 1, 3)), at(40)).await);
    }
    // The wizard has said so itself, or there was none.
    for id in ["confirmed", "given", "nothing"] {
        done(commit_at(&store, signed_in_with(id), at(60)).await);
    }
    assert_eq!(confirmed().await.len(), 1);
    let before = row("completed").await;
    assert_eq!((before.result, before.step(FunnelStep::FirstUse)), (EnrolmentResult::Completed, None));

    for hours in [61, 62] {
        done(commit_at(&store, signed_in_with("completed"), at(hours)).await);
    }
    let after = row("completed").await;
    assert_eq!((after.result, after.step(FunnelStep::FirstUse)), (EnrolmentResult::Confirmed, Some(at(61))));
    assert_eq!(
        (after.finished_at, after.address, after.device_address),
        (before.finished_at, before.address, before.device_address)
    );
    let records = confirmed().await;
    assert_eq!(records.len(), 2, "once each");
    let record = &records[1];
    assert_eq!(record["context"]["transactionId"], "completed", "the enrolment's, not the sign-in's");
    assert_eq!((&record["details"]["serial"], &record["details"]["method"]), (&"DW-completed".into(), &"otp".into()));
    assert_eq!(record["details"].get("taskId"), None);
    let rows = all_rows(&store, EnrolmentFilter { offered: true, ..EnrolmentFilter::default() }).await;
    let by_id: BTreeMap<String, Enrolment> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    assert_eq!(by_id, folded(&store).await);
    let totals = store.enrolment_totals(&vs(), &EnrolmentFilter::default()).await.unwrap();
    assert_eq!(totals.funnel.last().map(|step| (step.step, step.reached)), Some((FunnelStep::FirstUse, 2)));
}

async fn records_are_looked_for_by_what_they_say(world: Arc<World>) {
    let store = inhabited(&world).await;
    let end = store.head(&vs()).await.unwrap().seq;
    let by_olga = EventContext { operator: Some("olga".into()), user: Some(UserId::new("u2")), ..Default::default() };
    let events = [
        (told(EventKind::AuthFailure, "f1"), at(1)),
        (told(EventKind::AddAuthenticatorSelected, "f1"), at(2)),
        (
            AuditEvent::new(EventKind::TokenAssigned, by_olga).with("serial", "DW-7").with("reason", "50%_Ärger \"x\""),
            at(3),
        ),
        (told(EventKind::AuthFailure, "f2"), at(4)),
    ];
    for (event, now) in events {
        record(&store, event, now).await;
    }
    let all = TrailFilter::default();
    let found = async |filter: TrailFilter| -> Vec<i64> {
        seqs(&store, &filter).await.into_iter().map(|seq| seq - end).collect()
    };
    assert_eq!(found(TrailFilter { user: Some(alice()), ..all.clone() }).await, [4, 2, 1]);
    assert_eq!(found(TrailFilter { events: vec!["AUTH_FAILURE".into()], ..all.clone() }).await, [4, 1]);
    let two = vec!["TOKEN_ASSIGNED".into(), "ADD_AUTHENTICATOR_SELECTED".into()];
    assert_eq!(found(TrailFilter { events: two, order: Order::Oldest, ..all.clone() }).await, [2, 3]);
    assert_eq!(found(TrailFilter { record_type: "ENROLLMENT".into(), ..all.clone() }).await, [2]);
    assert_eq!(found(TrailFilter { operator: "olga".into(), ..all.clone() }).await, [3]);
    assert_eq!(found(TrailFilter { serial: "DW-7".into(), ..all.clone() }).await, [3]);
    assert_eq!(found(TrailFilter { flow: Some(FlowId::new("f1")), ..all.clone() }).await, [2, 1]);
    assert_eq!(found(TrailFilter { address: "192.0.2.7".into(), ..all.clone() }).await, [4, 2, 1]);
    let between = TrailFilter { from: Some(at(2)), until: Some(at(4)), ..all.clone() };
    assert_eq!(found(between).await, [3, 2]);
    for text in ["50%_", "Ärger", "\"X\"", "dw-7"] {
        assert_eq!(found(TrailFilter { text: text.into(), ..all.clone() }).await, [3], "{text}");
    }
    for nothing in ["serial", "50_", "%\""] {
        assert!(found(TrailFilter { text: nothing.into(), ..all.clone() }).await.is_empty(), "{nothing}");
    }
    assert!(found(TrailFilter { from: Some(at(100)), ..all.clone() }).await.is_empty());
    let other = VirtualServerId::new("other");
    store.ensure_virtual_server(&other, NOW).await.unwrap();
    let page = Page { after: String::new(), limit: 10 };
    let theirs = store.trail(&other, &TrailFilter { user: Some(alice()), ..all }, &page).await.unwrap();
    assert!(theirs.items.is_empty(), "one sees nothing of another");
}

async fn a_long_trail_is_looked_through_in_parts(world: Arc<World>) {
    let store = inhabited(&world).await;
    for n in 0..7 {
        record(&store, event(EventKind::AuthFailure), at(n)).await;
    }
    for order in [Order::Newest, Order::Oldest] {
        let filter = TrailFilter { events: vec!["AUTH_FAILURE".into()], order, ..TrailFilter::default() };
        let (mut page, mut parts) = (Page { after: String::new(), limit: 3 }, Vec::new());
        loop {
            let found = store.trail(&vs(), &filter, &page).await.unwrap();
            parts.push(found.items.len());
            let Some(next) = found.next else { break };
            page.after = next;
        }
        assert_eq!(parts, [3, 3, 1]);
    }
    let page = Page { after: "no place".into(), limit: 3 };
    assert!(store.trail(&vs(), &TrailFilter::default(), &page).await.unwrap().items.is_empty());
    let (mut page, mut ids) = (Page { after: String::new(), limit: 3 }, Vec::new());
    enrolments(&store).await;
    let filter = EnrolmentFilter { order: Order::Oldest, ..EnrolmentFilter::default() };
    loop {
        let found = store.enrolments(&vs(), &filter, &page).await.unwrap();
        ids.extend(found.items.into_iter().map(|row| row.enrolment.id));
        let Some(next) = found.next else { break };
        page.after = next;
    }
    assert_eq!(ids, ["confirmed", "completed", "cancelled", "failed"]);
}

/// Nobody waits until all there is was looked at.
async fn a_search_that_finds_little_says_how_far_it_has_come(world: Arc<World>) {
    let store = inhabited(&world).await;
    record(&store, event(EventKind::TokenLost).with("serial", "DW-9"), at(0)).await;
    for _ in 0..10 {
        let many = Change { acts: Vec::new(), events: vec![event(EventKind::AuthFailure); 500] };
        done(store.commit(&vs(), many, at(1)).await);
    }
    let filter = TrailFilter { text: "dw-9".into(), ..TrailFilter::default() };
    let page = Page { after: String::new(), limit: 10 };
    let first = store.trail(&vs(), &filter, &page).await.unwrap();
    assert!(first.items.is_empty());
    assert_eq!(first.searched_to, Some(at(1)));
    let mut rest = store.trail(&vs(), &filter, &Page { after: first.next.unwrap(), limit: 10 }).await.unwrap();
    while rest.items.is_empty() {
        assert!(rest.searched_to.is_some());
        rest = store.trail(&vs(), &filter, &Page { after: rest.next.unwrap(), limit: 10 }).await.unwrap();
    }
    assert_eq!(rest.items.len(), 1);
}

/// What each tenth of so many records says: their numbers.
async fn each_tenth(store: &Store, many: usize) -> Vec<i64> {
    let before = store.head(&vs()).await.unwrap().seq;
    for part in 0..many / 500 {
        let of = |n: usize| if n.is_multiple_of(10) { EventKind::TokenLost } else { EventKind::AuthFailure };
        let events = (0..500).map(|n| event(of(n))).collect();
        done(store.commit(&vs(), Change { acts: Vec::new(), events }, at(part as u64)).await);
    }
    let many = i64::try_from(many).unwrap();
    (0..many).step_by(10).map(|n| before + 1 + n).collect()
}

/// All that a search finds, page by page.
async fn searched(store: &Store, order: Order) -> Vec<i64> {
    // Two of them, so that it has to look at all there is.
    let events = vec!["TOKEN_LOST".into(), "TOKEN_FOUND".into()];
    let filter = TrailFilter { events, order, ..TrailFilter::default() };
    let (mut page, mut seqs) = (Page { after: String::new(), limit: 200 }, Vec::new());
    loop {
        let found = store.trail(&vs(), &filter, &page).await.unwrap();
        seqs.extend(found.items.into_iter().map(|record| record.stored.seq));
        let Some(next) = found.next else { return seqs };
        page.after = next;
    }
}

async fn a_search_finds_each_record_once_while_others_come(world: Arc<World>) {
    let store = inhabited(&world).await;
    let mut wanted = each_tenth(&store, 2_000).await;
    wanted.reverse();
    let other = world.open();
    let coming = tokio::spawn(async move {
        for _ in 0..150 {
            let many = Change { acts: Vec::new(), events: vec![event(EventKind::AuthFailure); 20] };
            done(other.commit(&vs(), many, at(100)).await);
        }
    });
    while !coming.is_finished() {
        assert_eq!(searched(&store, Order::Newest).await, wanted);
    }
    coming.await.unwrap();
}

async fn a_search_leaves_out_none_that_stays_while_others_go(world: Arc<World>) {
    let store = inhabited(&world).await;
    let wanted = each_tenth(&store, 2_000).await;
    let (gone, left) = wanted.split_at(60);
    let place = gone[59];
    let hash = store.records(&vs(), place - 1, 1).await.unwrap().remove(0).hash;
    let cut = doorward_api::audit::Cut { upto: place, hash, event: event(EventKind::AuditTrimmed) };
    assert!(store.cut_trail(&vs(), cut, at(100)).await.unwrap());
    let other = world.open();
    let going = tokio::spawn(async move { while other.shed_trail(&vs(), 4).await.unwrap() > 0 {} });
    while !going.is_finished() {
        let found = searched(&store, Order::Oldest).await;
        assert!(found.ends_with(left) && wanted.ends_with(&found), "{found:?}");
    }
    going.await.unwrap();
    assert_eq!(searched(&store, Order::Oldest).await, left);
}

/// A process of the release before appends to the chain and knows of nothing else.
async fn what_another_process_has_left_is_gone_through(world: Arc<World>) {
    let store = inhabited(&world).await;
    enrolments(&store).await;
    let (rows, trail) = (folded(&store).await, seqs(&store, &TrailFilter::default()).await);
    world.sql("DELETE FROM audit_entry WHERE seq > 3; DELETE FROM enrolment; UPDATE audit_head SET entered = 3").await;
    assert_eq!(seqs(&store, &TrailFilter::default()).await.len(), 3);
    world.sql("DELETE FROM audit_entry; UPDATE audit_head SET entered = 0").await;
    record(&store, event(EventKind::AuthSuccess), at(60)).await;
    assert_eq!(seqs(&store, &TrailFilter::default()).await[1..], trail);
    assert_eq!(folded(&store).await, rows);
    assert_eq!(all_rows(&store, EnrolmentFilter::default()).await.len(), 4);
}

async fn a_database_of_before_the_reports_has_its_past_in_them(world: Arc<World>) {
    let store = inhabited(&world).await;
    enrolments(&store).await;
    let many = Change { acts: Vec::new(), events: vec![event(EventKind::AuthFailure); 1_200] };
    done(store.commit(&vs(), many, at(60)).await);
    let (rows, trail) = (all_rows(&store, EnrolmentFilter::default()).await, store.head(&vs()).await.unwrap().seq);
    store.close();
    world.without_sums().await;
    world
        .sql(
            "DROP TABLE import_job; DROP TABLE provisioning_due; DROP TABLE provisioning_pass; DROP TABLE pending_act; \
             DROP TABLE decision_record; DROP TABLE decision_day; DROP TABLE shadow_tally; DROP TABLE audit_outlet; \
             DROP TABLE provisioning_entry; DROP TABLE provisioning_task; \
             DROP TABLE audit_entry; DROP TABLE enrolment; ALTER TABLE audit_head DROP COLUMN entered; \
             ALTER TABLE audit_head DROP COLUMN trimmed; ALTER TABLE audit_head DROP COLUMN trimmed_hash; \
             ALTER TABLE audit_head DROP COLUMN trimmed_by; \
             UPDATE meta SET value = '9' WHERE name = 'schema'",
        )
        .await;
    let store = world.open();
    assert_eq!(all_rows(&store, EnrolmentFilter::default()).await, rows);
    let filter = TrailFilter { events: vec!["AUTH_FAILURE".into()], order: Order::Oldest, ..TrailFilter::default() };
    let page = Page { after: String::new(), limit: 1 };
    assert_eq!(store.trail(&vs(), &filter, &page).await.unwrap().items.len(), 1);
    let migrated = TrailFilter { events: vec!["TENANT_MIGRATED".into()], ..TrailFilter::default() };
    assert_eq!(seqs(&store, &migrated).await, [trail + 1]);
}

async fn transactions_are_found_by_each_condition(world: Arc<World>) {
    let store = inhabited(&world).await;
    enrolments(&store).await;
    record(&store, told(EventKind::SelfProvisioningOffered, "offered"), at(70)).await;
    let by_mail = told(EventKind::TargetSelected, "mailed").with("initiatedBy", "provisioning_email");
    record(&store, by_mail, at(71)).await;
    let ids = async |filter: EnrolmentFilter| -> Vec<String> {
        all_rows(&store, filter).await.into_iter().map(|row| row.id).collect()
    };
    let all = EnrolmentFilter::default();
    assert_eq!(ids(all.clone()).await, ["mailed", "failed", "cancelled", "completed", "confirmed"]);
    assert_eq!(ids(EnrolmentFilter { offered: true, ..all.clone() }).await.len(), 6);
    let result = |result| EnrolmentFilter { result: Some(result), ..EnrolmentFilter::default() };
    assert_eq!(ids(result(EnrolmentResult::Offered)).await, ["offered"]);
    assert_eq!(ids(result(EnrolmentResult::Failed)).await, ["failed"]);
    let initiation = Some(Initiation::ProvisioningEmail);
    assert_eq!(ids(EnrolmentFilter { initiation, ..all.clone() }).await, ["mailed"]);
    assert_eq!(ids(EnrolmentFilter { serial: "DW-confirmed".into(), ..all.clone() }).await, ["confirmed"]);
    assert_eq!(ids(EnrolmentFilter { os: "Android".into(), ..all.clone() }).await, ["completed"]);
    let between = EnrolmentFilter { from: Some(at(10)), until: Some(at(30)), ..all.clone() };
    assert_eq!(ids(between).await, ["cancelled", "completed"]);
    assert_eq!(ids(EnrolmentFilter { user: Some(alice()), ..all.clone() }).await.len(), 5);
    assert!(ids(EnrolmentFilter { user: Some(UserId::new("nobody")), ..all.clone() }).await.is_empty());
    assert_eq!(
        ids(EnrolmentFilter { application: "wiki".into(), address: "192.0.2.7".into(), ..all.clone() }).await.len(),
        5
    );
    let page = Page { after: String::new(), limit: 10 };
    let groups = store.groups(&vs(), "staff", &page).await.unwrap().items;
    assert_eq!(ids(EnrolmentFilter { group: Some(groups[0].id.clone()), ..all.clone() }).await.len(), 5);
    assert!(ids(EnrolmentFilter { group: Some(GroupId::new("none")), ..all }).await.is_empty());
}

async fn totals_and_the_funnel_are_counted(world: Arc<World>) {
    let store = inhabited(&world).await;
    enrolments(&store).await;
    record(&store, told(EventKind::SelfProvisioningOffered, "offered"), at(70)).await;
    let totals = store.enrolment_totals(&vs(), &EnrolmentFilter::default()).await.unwrap();
    assert_eq!((totals.started(), totals.completed(), totals.completion_rate()), (4, 2, Some(500)));
    assert_eq!(totals.counted, 5);
    // From the click: 60 and 80 seconds; of two the shorter one.
    assert_eq!(totals.median_duration, Some(60_000));
    assert_eq!(totals.top_reason, Some(("cancelled".to_owned(), 1)));
    let funnel: Vec<_> = totals.funnel.iter().map(|step| (step.step.as_str(), step.reached, step.median)).collect();
    assert_eq!(
        funnel,
        [
            ("offered", 5, None),
            ("started", 4, Some(10_000)),
            ("code_accepted", 2, Some(30_000)),
            ("target_chosen", 2, Some(10_000)),
            ("activated", 2, Some(20_000)),
            ("first_use", 1, Some(0)),
        ]
    );
    let none = EnrolmentFilter { from: Some(at(1000)), ..EnrolmentFilter::default() };
    let totals = store.enrolment_totals(&vs(), &none).await.unwrap();
    assert_eq!((totals.started(), totals.median_duration, totals.completion_rate()), (0, None, None));
}

/// The sums, and what the rows come to when each is looked at.
async fn sums_and_rows(store: &Store, filter: EnrolmentFilter) -> (Totals, Vec<Enrolment>) {
    let totals = store.enrolment_totals(&vs(), &filter).await.unwrap();
    (totals, all_rows(store, EnrolmentFilter { offered: true, ..filter }).await)
}

fn agree((totals, rows): (Totals, Vec<Enrolment>)) -> usize {
    let count = |of: &dyn Fn(&Enrolment) -> bool| rows.iter().filter(|row| of(row)).count() as u64;
    assert_eq!(totals.counted, rows.len() as u64);
    for result in EnrolmentResult::ALL {
        let said = totals.results.iter().find(|(of, _)| *of == result).map_or(0, |(_, count)| *count);
        assert_eq!(said, count(&|row| row.result == result), "{result:?}");
    }
    for step in &totals.funnel {
        assert_eq!(step.reached, count(&|row| row.furthest() >= step.step as usize), "{:?}", step.step);
    }
    rows.len()
}

async fn the_sums_say_what_the_rows_say(world: Arc<World>) {
    let store = inhabited(&world).await;
    enrolments(&store).await;
    record(&store, told(EventKind::SelfProvisioningOffered, "offered"), at(24 * 40)).await;
    let by_mail = told(EventKind::TargetSelected, "mailed").with("initiatedBy", "provisioning_email").with("os", "iOS");
    record(&store, by_mail, at(24 * 100)).await;
    let all = EnrolmentFilter::default();
    assert_eq!(agree(sums_and_rows(&store, all.clone()).await), 6);
    for (from, until) in [(0, 1), (0, 24 * 41), (9, 24 * 100), (9, 24 * 100 + 1), (24 * 99, 24 * 200), (31, 30)] {
        let between = EnrolmentFilter { from: Some(at(from)), until: Some(at(until)), ..all.clone() };
        agree(sums_and_rows(&store, between.clone()).await);
        let edges = (Some(at(from) + secs(7)), Some(at(until) + secs(1900)));
        agree(sums_and_rows(&store, EnrolmentFilter { from: edges.0, until: edges.1, ..between }).await);
    }
    for filter in [
        EnrolmentFilter { initiation: Some(Initiation::ProvisioningEmail), ..all.clone() },
        EnrolmentFilter { os: "iOS".into(), ..all.clone() },
        EnrolmentFilter { result: Some(EnrolmentResult::Failed), ..all.clone() },
        EnrolmentFilter { application: "wiki".into(), ..all.clone() },
        EnrolmentFilter { user: Some(alice()), ..all.clone() },
    ] {
        assert!(agree(sums_and_rows(&store, filter).await) > 0);
    }
    let nobody = store.enrolment_totals(&VirtualServerId::new("other"), &all).await.unwrap();
    assert_eq!(nobody.counted, 0, "one counts nothing of another");
}

/// Of so many that they are not looked up one by one.
async fn many_durations_have_a_middle_one_that_is_near(world: Arc<World>) {
    let store = inhabited(&world).await;
    for begin in 0..3_u64 {
        for (kind, late) in [(EventKind::SelfProvisioningOffered, 0), (EventKind::AddAuthenticatorSelected, 60 + begin)]
        {
            let events = (0..200).map(|n| told(kind, &format!("{begin}-{n}"))).collect();
            done(store.commit(&vs(), Change { acts: Vec::new(), events }, at(begin) + secs(late)).await);
        }
    }
    let totals = store.enrolment_totals(&vs(), &EnrolmentFilter::default()).await.unwrap();
    let started = totals.funnel.iter().find(|step| step.step == FunnelStep::Started).unwrap();
    assert_eq!((totals.counted, started.reached), (600, 600));
    let off = (started.median.unwrap() - 61_000).abs();
    assert!(off * 100 <= 61_000 * 4, "{:?}", started.median);
}

/// More than one statement counts.
async fn all_of_very_many_are_counted_whatever_is_asked_of_them(world: Arc<World>) {
    let store = inhabited(&world).await;
    enrolments(&store).await;
    let many = format!(
        "INSERT INTO enrolment (virtual_server, id, last_seq, began_at, result, reason, initiation, user_id, address, application, os, \
             furthest, step_0, step_1, body, counted_seq) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000) \
         SELECT '{vs}', 'many-' || CAST(i AS TEXT), 1, {at} + i / 3, 'expired', 'expired', 'self_provisioning', '{alice}', \
             '198.51.100.9', 'intranet', 'iOS', 1, {at}, {at} + i, '{{}}', 1 FROM n",
        vs = vs(),
        alice = alice(),
        at = at(0).millis(),
    );
    world.sql(&many).await;
    let application = EnrolmentFilter { application: "intranet".into(), ..EnrolmentFilter::default() };
    let totals = store.enrolment_totals(&vs(), &application).await.unwrap();
    assert_eq!((totals.counted, totals.top_reason), (25_000, Some(("expired".to_owned(), 25_000))));
    let started = totals.funnel.iter().find(|step| step.step == FunnelStep::Started).unwrap();
    assert_eq!(started.reached, 25_000);
    let off = (started.median.unwrap() - 12_500).abs();
    assert!(off * 100 <= 12_500 * 4, "{:?}", started.median);
    // The four of the story are hers as well.
    let of_alice = EnrolmentFilter { user: Some(alice()), ..EnrolmentFilter::default() };
    assert_eq!(store.enrolment_totals(&vs(), &of_alice).await.unwrap().counted, 25_004);
    let nobody = EnrolmentFilter { address: "203.0.113.1".into(), ..EnrolmentFilter::default() };
    assert_eq!(store.enrolment_totals(&vs(), &nobody).await.unwrap().counted, 0);
}

/// A process of the release before folds rows and knows of no sums.
async fn rows_that_another_process_has_folded_are_counted(world: Arc<World>) {
    let store = inhabited(&world).await;
    enrolments(&store).await;
    for (number, forgotten) in [
        "DELETE FROM enrolment_count; UPDATE enrolment SET counted = NULL, counted_seq = 0",
        "UPDATE enrolment SET counted_seq = 1",
    ]
    .into_iter()
    .enumerate()
    {
        world.sql(forgotten).await;
        record(&store, told(EventKind::SelfProvisioningOffered, &format!("next-{number}")), at(60)).await;
        agree(sums_and_rows(&store, EnrolmentFilter::default()).await);
    }
}

async fn who_has_no_token_is_counted_group_by_group(world: Arc<World>) {
    let store = inhabited(&world).await;
    for (name, groups) in [("bob", vec!["staff", "sales"]), ("carol", vec!["berlin"]), ("dora", vec![])] {
        let id = UserId::new(format!("{name}-row"));
        done(store.commit(&vs(), Change::of(add_user(name, id, &groups)), NOW).await);
    }
    let page = Page { after: String::new(), limit: 10 };
    let group = async |name: &str| store.groups(&vs(), name, &page).await.unwrap().items[0].id.clone();
    let (staff, sales, berlin) = (group("staff").await, group("sales").await, group("berlin").await);
    // Berlin lies in sales.
    let nest = Act::GroupNest { group: berlin, into: sales.clone(), member: true };
    done(store.commit(&vs(), Change::of(nest), NOW).await);
    done(commit(&store, Act::CredentialIssue(token("one"))).await);
    done(commit(&store, activate("one", 1)).await);

    let of = |within: &[&GroupId], without: &[&GroupId], everybody| Wanted {
        within: within.iter().map(|id| (*id).clone()).collect(),
        without: without.iter().map(|id| (*id).clone()).collect(),
        everybody,
        targets: None,
    };
    let count = async |wanted: Wanted| {
        let found = store.count_missing(&vs(), &wanted).await.unwrap();
        (found.users, found.missing)
    };
    assert_eq!(count(of(&[], &[], true)).await, (4, 3), "alice has one");
    assert_eq!(count(of(&[&staff], &[], false)).await, (2, 1));
    assert_eq!(count(of(&[&sales], &[], false)).await, (2, 2), "carol is in Berlin");
    assert_eq!(count(of(&[&sales], &[&staff], false)).await, (1, 1));
    assert_eq!(count(of(&[], &[&staff, &sales], true)).await, (1, 1), "dora");
    assert_eq!(count(of(&[], &[], false)).await, (0, 0));
    let targeted = Wanted { targets: Some(vec![staff.clone()]), ..of(&[&sales], &[], false) };
    assert_eq!(count(targeted).await, (1, 1), "bob, who is in both");

    let one = Page { after: String::new(), limit: 1 };
    let first = store.missing(&vs(), &of(&[&sales], &[], false), &one).await.unwrap();
    assert_eq!(first.items[0].name, "bob");
    let rest = store.missing(&vs(), &of(&[&sales], &[], false), &Page { after: first.next.unwrap(), limit: 5 }).await;
    let rest = rest.unwrap();
    let names: Vec<_> = rest.items.iter().map(|user| user.name.as_str()).collect();
    assert_eq!((names, rest.next), (vec!["carol"], None));
}
