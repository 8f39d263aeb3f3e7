//! Provisioning tasks and their users.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use doorward_api::credential::NewCredential;
use doorward_api::flow::Delivery;
use doorward_api::mail::{MailKind, NewMail};
use doorward_api::ports::*;
use doorward_api::provisioning::{EntryStatus, NewEntry, NewTask, SkipReason, TaskNumber};
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    an_entry_goes_its_way_and_no_other,
    of_many_who_show_a_link_one_takes_it,
    a_mail_that_still_waits_is_not_sent_when_nothing_can_come_of_its_link,
    whoever_has_a_token_by_themselves_is_completed_in_every_task,
    a_task_that_has_ended_is_settled_in_portions_with_records,
    a_group_is_read_once_with_those_in_it,
    whoever_has_opened_a_link_stops_when_another_is_sent,
    a_task_in_which_nothing_is_due_is_in_nobodys_way,
    of_two_who_write_to_everybody_again_nobody_is_left_out,
    whoever_is_deleted_counts_in_no_task,
    tasks_and_users_are_listed_in_parts,
    what_is_of_one_virtual_server_is_nothing_in_another,
);

const DAY: u64 = 86_400;

fn user(number: u32) -> UserId {
    UserId::new(format!("row {number:02}"))
}

async fn people(store: &Store, count: u32) {
    let mut change = Change::default();
    for number in 0..count {
        change = change.and(add_user(&format!("n{number:02}"), user(number), &["staff"]));
    }
    done(store.commit(&vs(), change, NOW).await);
}

fn add(number: TaskNumber, group: Option<&str>) -> Act {
    let group = group.map(GroupId::new);
    let (operator, note) = ("olga".to_owned(), "before the fair".to_owned());
    Act::ProvisioningTaskAdd(Box::new(NewTask {
        number,
        operator,
        stops_at: NOW + secs(10 * DAY),
        note,
        group,
        rule: None,
    }))
}

fn fill(task: TaskNumber, users: impl IntoIterator<Item = UserId>) -> Act {
    let entries = users.into_iter().map(|user| NewEntry { user, skipped: None, rule: None }).collect();
    Act::ProvisioningFill { task, seen: None, next: None, entries }
}

fn mailed(task: TaskNumber, user: &UserId, link: &str) -> Act {
    Act::ProvisioningMailed { task, user: user.clone(), link: hash(link) }
}

async fn status(store: &Store, task: TaskNumber, user: &UserId) -> EntryStatus {
    store.provisioning_entry(&vs(), task, user).await.unwrap().unwrap().status
}

async fn task_of_alice(store: &Store) {
    done(store.commit(&vs(), Change::of(add(1, None)).and(fill(1, [alice()])), NOW).await);
}

async fn an_entry_goes_its_way_and_no_other(world: Arc<World>) {
    let store = inhabited(&world).await;
    task_of_alice(&store).await;
    lost(commit(&store, add(1, None)).await, 0);
    assert_eq!(store.reserved_tokens(&vs()).await.unwrap(), 1);
    let take = Act::ProvisioningLinkTake { link: hash("one") };
    lost(commit(&store, take.clone()).await, 0);
    done(commit(&store, mailed(1, &alice(), "one")).await);
    lost(commit(&store, mailed(1, &alice(), "two")).await, 0);
    done(commit(&store, take.clone()).await);
    lost(commit(&store, take).await, 0);
    let link = store.provisioning_link(&vs(), &hash("one")).await.unwrap().unwrap();
    assert_eq!((link.task.number, link.entry.opened_at, link.entry.name.as_str()), (1, Some(NOW), "alice"));
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    let (task, user, token) = (1, alice(), CredentialId::new("t"));
    let enrolled = Act::ProvisioningEnrolled { task, user: user.clone(), token: token.clone() };
    lost(commit(&store, enrolled.clone()).await, 0);
    done(commit(&store, Act::ProvisioningIssued { task, user: user.clone(), token: token.clone() }).await);
    assert_eq!(store.provisioning_of_token(&vs(), &token).await.unwrap().unwrap().user, user);
    for _ in 0..4 {
        done(commit(&store, Act::ProvisioningFailed { task, user: user.clone(), most: 5 }).await);
    }
    done(commit(&store, enrolled.clone()).await);
    lost(commit(&store, enrolled).await, 0);
    done(commit(&store, Act::ProvisioningFailed { task, user: user.clone(), most: 5 }).await);
    assert_eq!(status(&store, 1, &user).await, EntryStatus::Enrolled, "what is done fails no more");
    for _ in 0..2 {
        done(commit(&store, signed_in_with("t")).await);
    }
    assert_eq!(status(&store, 1, &user).await, EntryStatus::Completed);
    let records = whole_chain(&store).await;
    let confirmed = of_kind(&records, EventKind::EnrollmentConfirmed);
    assert_eq!(confirmed.len(), 1, "once");
    let details = &confirmed[0]["details"];
    assert_eq!((&details["initiatedBy"], &details["taskId"]), (&"provisioning_email".into(), &1.into()));
    assert_eq!((&details["serial"], &details["method"]), (&"DW-t".into(), &"otp".into()));
    lost(commit(&store, Act::ProvisioningEntryResend { task, user: user.clone() }).await, 0);
    lost(commit(&store, Act::ProvisioningEntryRemove { task, user }).await, 0);
}

async fn of_many_who_show_a_link_one_takes_it(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    task_of_alice(&store).await;
    done(commit(&store, mailed(1, &alice(), "one")).await);
    let mut tries = Vec::new();
    for number in 0..12 {
        let store = if number % 2 == 0 { store.clone() } else { second.clone() };
        let take = Change::of(Act::ProvisioningLinkTake { link: hash("one") });
        tries.push(tokio::spawn(async move { store.commit(&vs(), take, NOW).await.is_ok() }));
    }
    let mut taken = 0;
    for one in tries {
        taken += u32::from(one.await.unwrap());
    }
    assert_eq!(taken, 1);
    for _ in 0..5 {
        done(commit(&store, Act::ProvisioningFailed { task: 1, user: alice(), most: 5 }).await);
    }
    assert_eq!(status(&store, 1, &alice()).await, EntryStatus::Locked);
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::ProvisioningLocked).len(), 1);
    done(commit(&store, Act::ProvisioningEntryResend { task: 1, user: alice() }).await);
    assert_eq!(store.provisioning_link(&vs(), &hash("one")).await.unwrap(), None, "dead at once");
    done(commit(&store, mailed(1, &alice(), "two")).await);
    done(commit(&store, delete_user(alice())).await);
    assert_eq!(store.provisioning_link(&vs(), &hash("two")).await.unwrap(), None, "it goes with its user");
}

/// Writes to a user: the link, and the mail that carries it.
async fn write(store: &Store, task: TaskNumber, user: &UserId, link: &str) -> MailId {
    let id = NewMail::by_link(&hash(link));
    let fields = BTreeMap::from([("link".to_owned(), Secret::new(link))]);
    let (kind, user) = (MailKind::Provisioning, user.clone());
    let mail = NewMail { id: id.clone(), user: user.clone(), kind, fields, flow: None, ..mail("any") };
    done(store.commit(&vs(), Change::of(mailed(task, &user, link)).and(Act::MailQueue(mail)), NOW).await);
    id
}

async fn a_mail_that_still_waits_is_not_sent_when_nothing_can_come_of_its_link(world: Arc<World>) {
    let store = inhabited(&world).await;
    people(&store, 5).await;
    let sales = Some(GroupId::new("sales"));
    done(store.commit(&vs(), Change::of(add(1, None)).and(fill(1, (0..5).map(user))), NOW).await);
    done(store.commit(&vs(), Change::of(add(2, None)).and(fill(2, [user(0)])), NOW).await);
    let given = vec![NewEntry { user: user(1), skipped: None, rule: sales.clone() }];
    let give = Act::ProvisioningFill { task: 3, seen: None, next: None, entries: given };
    done(store.commit(&vs(), Change::of(add(3, None)).and(give), NOW).await);
    let state = async |id: &MailId| store.delivery(&vs(), id).await.unwrap().unwrap();
    let other = write(&store, 2, &user(0), "other").await;
    let mut mails = Vec::new();
    for number in 0..5 {
        mails.push(write(&store, 1, &user(number), &format!("link {number}")).await);
    }

    done(commit(&store, Act::ProvisioningEntryResend { task: 1, user: user(0) }).await);
    assert_eq!(
        (state(&mails[0]).await, state(&other).await),
        (Delivery::Refused, Delivery::Pending),
        "not of another task"
    );
    let again = write(&store, 1, &user(0), "again").await;
    done(commit(&store, Act::ProvisioningEntryRemove { task: 1, user: user(1) }).await);
    assert_eq!(state(&mails[1]).await, Delivery::Refused);
    let held = write(&store, 3, &user(1), "held").await;
    let hold = |end, to: &Option<GroupId>| Act::ProvisioningRuleHold {
        task: 3,
        user: user(1),
        from: GroupId::new("sales"),
        to: to.clone(),
        end,
    };
    done(commit(&store, hold(false, &sales)).await);
    assert_eq!(state(&held).await, Delivery::Pending);
    done(commit(&store, hold(true, &None)).await);
    assert_eq!(state(&held).await, Delivery::Refused);

    // One is being sent, and one has been.
    let taken = store.take(&vs(), &mails[2], Duration::from_secs(15), NOW).await.unwrap();
    assert!(taken.is_some());
    store.settle(&vs(), &mails[3], Delivery::Sent, event(EventKind::ProvisioningMailSent), NOW).await.unwrap();
    done(commit(&store, Act::ProvisioningTaskRemove { task: 1 }).await);
    for _ in 0..3 {
        done(commit(&store, Act::ProvisioningTaskSettle { task: 1, most: 2 }).await);
    }
    assert_eq!((state(&again).await, state(&mails[4]).await), (Delivery::Refused, Delivery::Refused));
    assert_eq!((state(&mails[2]).await, state(&mails[3]).await), (Delivery::Pending, Delivery::Sent));
    assert_eq!(state(&other).await, Delivery::Pending);
    let told = of_kind(&whole_chain(&store).await, EventKind::ProvisioningMailFailed);
    let reasons: Vec<_> = told.iter().map(|record| record["details"]["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["withdrawn"; 5], "each with a record");
}

async fn whoever_has_a_token_by_themselves_is_completed_in_every_task(world: Arc<World>) {
    let store = inhabited(&world).await;
    people(&store, 2).await;
    for task in 1..=4 {
        done(store.commit(&vs(), Change::of(add(task, None)).and(fill(task, [alice(), user(0)])), NOW).await);
    }
    let waits = write(&store, 1, &alice(), "one").await;
    done(commit(&store, mailed(2, &alice(), "two")).await);
    done(commit(&store, Act::ProvisioningLinkTake { link: hash("two") }).await);
    in_the_wizard(&store, "by mail", Some(2)).await;
    done(commit(&store, Act::ProvisioningEntryRemove { task: 3, user: alice() }).await);
    let close = Act::ProvisioningClose { user: alice() };
    for _ in 0..2 {
        done(commit(&store, close.clone()).await);
    }
    let mut statuses = Vec::new();
    for task in 1..=4 {
        statuses.push(status(&store, task, &alice()).await);
        assert_eq!(status(&store, task, &user(0)).await, EntryStatus::Pending, "nobody else");
    }
    use EntryStatus::{Completed, Removed};
    assert_eq!(statuses, [Completed, Completed, Removed, Completed]);
    let entry = store.provisioning_entry(&vs(), 2, &alice()).await.unwrap().unwrap();
    assert_eq!(entry.token.map(|(id, _)| id), Some(CredentialId::new("by mail")), "what came by it, not what did not");
    let (task, user, token) = (2, alice(), CredentialId::new("by mail"));
    lost(commit(&store, Act::ProvisioningEnrolled { task, user, token }).await, 0);
    assert_eq!(store.delivery(&vs(), &waits).await.unwrap(), Some(Delivery::Refused), "its mail is not sent");
    lost(commit(&store, Act::ProvisioningEntryResend { task: 1, user: alice() }).await, 0);
    let told = of_kind(&whole_chain(&store).await, EventKind::ProvisioningCompleted);
    let tasks: BTreeSet<_> = told.iter().map(|record| record["details"]["taskId"].as_i64().unwrap()).collect();
    assert_eq!((told.len(), tasks), (3, BTreeSet::from([1, 2, 4])), "once each");
}

async fn a_task_that_has_ended_is_settled_in_portions_with_records(world: Arc<World>) {
    let store = inhabited(&world).await;
    people(&store, 5).await;
    let everybody = (0..5).map(user);
    done(store.commit(&vs(), Change::of(add(1, None)).and(fill(1, everybody)), NOW).await);
    done(commit(&store, mailed(1, &user(0), "zero")).await);
    let settle = |most| Act::ProvisioningTaskSettle { task: 1, most };
    done(commit(&store, settle(200)).await);
    assert_eq!(
        store.provisioning_counts(&vs(), 1).await.unwrap(),
        [(EntryStatus::Pending, 4), (EntryStatus::Active, 1)]
    );
    assert_eq!(store.provisioning_never_written(&vs(), 1).await.unwrap(), 0, "they still may be");
    let late = NOW + secs(10 * DAY);
    lost(commit_at(&store, Act::ProvisioningLinkTake { link: hash("zero") }, late).await, 0);
    lost(commit_at(&store, mailed(1, &user(1), "one"), late).await, 0);
    for (portion, left) in [(2, 3), (2, 1), (2, 0)] {
        done(commit_at(&store, settle(portion), late).await);
        assert_eq!(store.reserved_tokens(&vs()).await.unwrap(), left);
    }
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::ProvisioningExpired).len(), 5);
    assert_eq!(store.provisioning_never_written(&vs(), 1).await.unwrap(), 4, "one was written to");
    assert_eq!(store.due_provisioning_tasks(&vs(), late, 0).await.unwrap(), []);

    let edit =
        |version| Act::ProvisioningTaskEdit { task: 1, version, stops_at: late + secs(DAY), note: "again".into() };
    done(commit_at(&store, edit(1), late).await);
    lost(commit_at(&store, edit(1), late).await, 0);
    done(commit_at(&store, Act::ProvisioningTaskResend { task: 1 }, late).await);
    done(commit_at(&store, settle(200), late + secs(1)).await);
    assert_eq!(store.provisioning_counts(&vs(), 1).await.unwrap(), [(EntryStatus::Pending, 5)]);
    done(commit_at(&store, Act::ProvisioningTaskRemove { task: 1 }, late + secs(1)).await);
    lost(commit_at(&store, Act::ProvisioningTaskRemove { task: 1 }, late + secs(1)).await, 0);
    lost(commit_at(&store, edit(3), late + secs(1)).await, 0);
    done(commit_at(&store, settle(200), late + secs(1)).await);
    assert_eq!(store.provisioning_counts(&vs(), 1).await.unwrap(), [(EntryStatus::Removed, 5)]);
}

async fn a_group_is_read_once_with_those_in_it(world: Arc<World>) {
    let store = inhabited(&world).await;
    people(&store, 7).await;
    done(commit(&store, add_group("everybody")).await);
    let staff = store.groups(&vs(), "staff", &first(10)).await.unwrap().items.remove(0).id;
    done(commit(&store, nest(staff.as_str(), "everybody", true)).await);
    done(commit(&store, add(1, Some("everybody"))).await);
    let mut after = String::new();
    loop {
        let page = Page { after: after.clone(), limit: 3 };
        let found = store.all_members(&vs(), &GroupId::new("everybody"), &page).await.unwrap();
        let entries =
            found.items.iter().map(|one| NewEntry { user: one.id.clone(), skipped: None, rule: None }).collect();
        let fill = Act::ProvisioningFill { task: 1, seen: Some(after.clone()), next: found.next.clone(), entries };
        done(commit(&store, fill.clone()).await);
        if found.next.as_deref() != Some(after.as_str()) {
            lost(commit(&store, fill).await, 0);
        }
        match found.next {
            Some(next) => after = next,
            None => break,
        }
    }
    let task = store.provisioning_task(&vs(), 1).await.unwrap().unwrap();
    assert_eq!((task.count, task.cursor), (8, None), "alice, too");
}

/// A wizard of alice, with a token that was issued in it.
async fn in_the_wizard(store: &Store, id: &str, task: Option<TaskNumber>) {
    let mut flow = flow(id, Step::CodeIssued);
    (flow.data.provisioned, flow.data.credential) = (task, Some(CredentialId::new(id)));
    let issued = Act::CredentialIssue(NewCredential { most: 9, ..token(id) });
    let mut change = Change::of(Act::FlowStart(Box::new(flow))).and(issued);
    if let Some(task) = task {
        let (user, token) = (alice(), CredentialId::new(id));
        change = change.and(Act::ProvisioningIssued { task, user, token });
    }
    done(store.commit(&vs(), change, NOW).await);
}

async fn whoever_has_opened_a_link_stops_when_another_is_sent(world: Arc<World>) {
    let store = inhabited(&world).await;
    task_of_alice(&store).await;
    in_the_wizard(&store, "own", None).await;
    let everybody = Act::ProvisioningTaskSettle { task: 1, most: 10 };
    let only_her = Act::ProvisioningEntryResend { task: 1, user: alice() };
    for (round, again) in [only_her, everybody].into_iter().enumerate() {
        let (link, id) = (format!("link {round}"), format!("f{round}"));
        done(commit(&store, mailed(1, &alice(), &link)).await);
        done(commit(&store, Act::ProvisioningLinkTake { link: hash(&link) }).await);
        in_the_wizard(&store, &id, Some(1)).await;
        // Asked for after whatever was written before.
        let at = NOW + secs(1 + round as u64);
        done(commit_at(&store, Act::ProvisioningTaskResend { task: 1 }, at).await);
        done(commit_at(&store, again, at).await);
        let entry = store.provisioning_entry(&vs(), 1, &alice()).await.unwrap().unwrap();
        assert_eq!((entry.status, entry.token, entry.opened_at), (EntryStatus::Pending, None, None));
        let step = async |id: &str| store.flow(&vs(), &FlowId::new(id)).await.unwrap().unwrap().step;
        assert_eq!((step(&id).await, step("own").await), (Step::Cancelled, Step::CodeIssued), "hers alone");
        let state = async |id: &str| store.credential(&vs(), &CredentialId::new(id)).await.unwrap().unwrap().state;
        assert_eq!((state(&id).await, state("own").await), (TokenState::Revoked, TokenState::Assigned));
        // The next mail is written, and its link not opened yet.
        done(commit(&store, mailed(1, &alice(), "next")).await);
        let (task, user, token) = (1, alice(), CredentialId::new("own"));
        lost(commit(&store, Act::ProvisioningIssued { task, user: user.clone(), token: token.clone() }).await, 0);
        lost(commit(&store, Act::ProvisioningEnrolled { task, user, token }).await, 0);
        done(commit(&store, Act::ProvisioningEntryResend { task: 1, user: alice() }).await);
    }
    let records = whole_chain(&store).await;
    assert_eq!(of_kind(&records, EventKind::EnrollmentCancelled).len(), 2);
    assert_eq!(of_kind(&records, EventKind::TokenRevoked).len(), 2);
}

async fn a_task_in_which_nothing_is_due_is_in_nobodys_way(world: Arc<World>) {
    let store = inhabited(&world).await;
    let waiting = i64::from(DUE_AT_ONCE) + 1;
    let mut change = Change::default();
    for task in 1..=waiting {
        change = change.and(add(task, None)).and(fill(task, [alice()]));
    }
    done(store.commit(&vs(), change, NOW).await);
    let due = async |at, after| -> Vec<TaskNumber> {
        let found = store.due_provisioning_tasks(&vs(), at, after).await.unwrap();
        found.into_iter().map(|task| task.number).collect()
    };
    let (first, rest) = (due(NOW, 0).await, due(NOW, waiting - 1).await);
    assert_eq!((first.len(), first.last().copied(), rest), (200, Some(200), vec![waiting]), "in parts");
    let mut change = Change::default();
    for task in 1..=waiting {
        change = change.and(mailed(task, &alice(), &format!("link {task}")));
    }
    done(store.commit(&vs(), change, NOW).await);
    assert_eq!(due(NOW, 0).await, [] as [i64; 0], "their users only have to open their mails");
    done(commit(&store, add(500, None)).await);
    done(commit(&store, fill(500, [alice()])).await);
    done(commit_at(&store, Act::ProvisioningTaskResend { task: 7 }, NOW + secs(1)).await);
    done(commit(&store, Act::ProvisioningTaskRemove { task: 8 }).await);
    done(commit(&store, Act::ProvisioningEntryRemove { task: 9, user: alice() }).await);
    done(commit(&store, Act::ProvisioningEntryResend { task: 10, user: alice() }).await);
    assert_eq!(due(NOW, 0).await, [7, 8, 9, 10, 500]);
    done(commit(&store, Act::ProvisioningTaskSettle { task: 9, most: 10 }).await);
    assert_eq!(due(NOW, 0).await, [7, 8, 10, 500], "what has come to its end is settled");
    assert_eq!(due(NOW + secs(10 * DAY), 0).await.len(), 200, "the stop date is something to do");
}

async fn of_two_who_write_to_everybody_again_nobody_is_left_out(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    people(&store, 30).await;
    done(store.commit(&vs(), Change::of(add(1, None)).and(fill(1, (0..30).map(user))), NOW).await);
    let mut change = Change::default();
    for number in 0..30 {
        change = change.and(mailed(1, &user(number), &format!("link {number}")));
    }
    done(store.commit(&vs(), change, NOW).await);
    let at = NOW + secs(10);
    done(commit_at(&store, Act::ProvisioningTaskResend { task: 1 }, at).await);
    for _ in 0..30 {
        let settle = || Change::of(Act::ProvisioningTaskSettle { task: 1, most: 4 });
        let vs = vs();
        let (one, other) = tokio::join!(store.commit(&vs, settle(), at), second.commit(&vs, settle(), at));
        done(one);
        done(other);
        if store.provisioning_task(&vs, 1).await.unwrap().unwrap().resend_at.is_none() {
            break;
        }
    }
    assert_eq!(store.provisioning_counts(&vs(), 1).await.unwrap(), [(EntryStatus::Pending, 30)]);
    assert_eq!(store.provisioning_task(&vs(), 1).await.unwrap().unwrap().resend_at, None);
    // It is asked for once more, by a clock that is ahead of the one by which some are written to then.
    let ahead = at + secs(60);
    done(commit_at(&store, Act::ProvisioningTaskResend { task: 1 }, ahead).await);
    done(commit_at(&store, mailed(1, &user(3), "the newest"), at).await);
    done(commit_at(&store, Act::ProvisioningTaskSettle { task: 1, most: 40 }, ahead).await);
    assert_eq!(status(&store, 1, &user(3)).await, EntryStatus::Active, "nobody is written to twice");
    assert!(store.provisioning_link(&vs(), &hash("the newest")).await.unwrap().is_some());
}

async fn whoever_is_deleted_counts_in_no_task(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    people(&store, 12).await;
    for number in 1..=3 {
        done(store.commit(&vs(), Change::of(add(number, None)).and(fill(number, (0..12).map(user))), NOW).await);
    }
    done(commit(&store, add(4, None)).await);
    done(commit(&store, fill(4, [alice()])).await);
    let count = async |number| store.provisioning_task(&vs(), number).await.unwrap().unwrap().count;
    assert_eq!((count(1).await, count(4).await), (12, 1));
    done(commit(&store, delete_user(user(0))).await);
    assert_eq!((count(1).await, count(3).await, count(4).await), (11, 11, 1));
    // Somebody is put into a task at the moment at which they are deleted: they are counted and there, or neither.
    for number in 1..12 {
        let (vs, new) = (vs(), NewEntry { user: user(number), skipped: None, rule: None });
        let fill = Act::ProvisioningFill { task: 4, seen: None, next: None, entries: vec![new] };
        let gone = Change::of(delete_user(user(number)));
        let (_, gone) = tokio::join!(store.commit(&vs, Change::of(fill), NOW), second.commit(&vs, gone, NOW));
        done(gone);
    }
    for (number, left) in [(1, 0), (2, 0), (3, 0), (4, 1)] {
        assert_eq!(count(number).await, left, "task {number}");
        let entries: u64 =
            store.provisioning_counts(&vs(), number).await.unwrap().into_iter().map(|(_, count)| count).sum();
        assert_eq!(entries, left, "task {number}");
    }
}

async fn tasks_and_users_are_listed_in_parts(world: Arc<World>) {
    let store = inhabited(&world).await;
    people(&store, 9).await;
    for number in 1..=5 {
        done(commit(&store, add(number, None)).await);
    }
    assert_eq!(store.newest_provisioning_task(&vs()).await.unwrap(), 5);
    let part = store.provisioning_tasks(&vs(), &first(2)).await.unwrap();
    assert_eq!(part.items.iter().map(|task| task.number).collect::<Vec<_>>(), [5, 4]);
    let page = Page { after: part.next.unwrap(), limit: 3 };
    let part = store.provisioning_tasks(&vs(), &page).await.unwrap();
    assert_eq!((part.items.iter().map(|task| task.number).collect::<Vec<_>>(), part.next), (vec![3, 2, 1], None));
    let made_up = Page { after: "nonsense".into(), limit: 3 };
    assert_eq!(store.provisioning_tasks(&vs(), &made_up).await.unwrap().items, []);

    let skipped = (0..9).map(|number| NewEntry {
        user: user(number),
        skipped: (number % 3 == 0).then_some(SkipReason::HasAllTokens),
        rule: None,
    });
    let entries = skipped.collect();
    done(commit(&store, Act::ProvisioningFill { task: 5, seen: None, next: None, entries }).await);
    let names = async |status, limit| {
        let (mut names, mut page) = (Vec::new(), first(limit));
        loop {
            let listed = store.provisioning_entries(&vs(), 5, status, &page).await.unwrap();
            names.extend(listed.items.into_iter().map(|entry| entry.name));
            match listed.next {
                Some(next) => page.after = next,
                None => return names,
            }
        }
    };
    for limit in [1, 4, 200] {
        assert_eq!(names(None, limit).await.len(), 9);
        assert_eq!(names(Some(EntryStatus::Skipped), limit).await, ["n00", "n03", "n06"]);
    }
    assert_eq!(store.provisioning_of(&vs(), &user(3)).await.unwrap()[0].skipped, Some(SkipReason::HasAllTokens));
}

async fn what_is_of_one_virtual_server_is_nothing_in_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    task_of_alice(&store).await;
    done(commit(&store, mailed(1, &alice(), "one")).await);
    assert_eq!(store.provisioning_task(&other, 1).await.unwrap(), None);
    assert_eq!(store.provisioning_link(&other, &hash("one")).await.unwrap(), None);
    assert_eq!(store.reserved_tokens(&other).await.unwrap(), 0);
    for act in [
        Act::ProvisioningLinkTake { link: hash("one") },
        Act::ProvisioningTaskRemove { task: 1 },
        Act::ProvisioningEntryRemove { task: 1, user: alice() },
    ] {
        lost(store.commit(&other, Change::of(act), NOW).await, 0);
    }
    assert_eq!(status(&store, 1, &alice()).await, EntryStatus::Active);
}
