//! The link of a provisioning mail, as those who get it live it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use doorward_api::mail::MailKind;
use doorward_api::operator::Role;
use doorward_api::ports::{Clock, DUE_AT_ONCE};
use doorward_api::provisioning::{EntryStatus, ProvisioningTask, SkipReason};
use doorward_api::{OperatorId, TargetUsers, Timestamp, Token, UserId};

use super::*;
use crate::enrol::by_mail::{DONE_PATH, LinkGone, LinkView, OVER_PATH};
use crate::manage::{By, ManageError, Manager, TaskForm};
use crate::testing::now;
use crate::toy_app::activated;
use crate::visit::Visit;

const DAY: Duration = Duration::from_hours(24);

/// Self-provisioning is for nobody (R31).
fn closed() -> Arc<Stage> {
    let stage = stage();
    let nobody = SelfProvisioning { target_users: TargetUsers::None, ..SelfProvisioning::for_new_virtual_server() };
    stage.world.with(|rows| rows.set(&nobody));
    stage
}

fn by(role: Role, now: Timestamp) -> By {
    By {
        operator: OperatorId::from("o-1"),
        name: "olga".into(),
        permissions: role.permissions(),
        api_key: None,
        address: None,
        request_id: "r-7".into(),
        now,
        undone: None,
    }
}

fn manager(stage: &Arc<Stage>) -> Manager {
    Manager::new(stage.desk.clone())
}

fn form(names: &[&str]) -> TaskForm {
    TaskForm { names: names.iter().map(|name| (*name).to_owned()).collect(), ..TaskForm::default() }
}

async fn task(stage: &Arc<Stage>, names: &[&str]) -> i64 {
    let made = manager(stage).provision(&stage.vs.id, &by(Role::Administrator, now()), &form(names)).await.unwrap();
    stage.provisioner.run(&now()).await.unwrap();
    made.task.number
}

/// What the mail of a user says, the newest.
fn link(stage: &Arc<Stage>, user: &str) -> String {
    let mails = stage.world.with(|rows| rows.mails.clone());
    let theirs = mails.iter().rev().find(|mail| mail.user.as_str() == user && mail.kind == MailKind::Provisioning);
    let link = theirs.unwrap().fields["link"].expose().to_owned();
    link.rsplit_once('/').unwrap().1.to_owned()
}

fn status(stage: &Arc<Stage>, user: &str) -> EntryStatus {
    let found = |rows: &mut Rows| rows.provisioned.iter().rev().find(|one| one.entry.user.as_str() == user).cloned();
    stage.world.with(found).unwrap().entry.status
}

async fn gone(stage: &Arc<Stage>, visit: &Visit, link: &str) -> LinkGone {
    match stage.desk.look_at_link(visit, link).await.unwrap() {
        LinkView::Gone(why) => why,
        good @ LinkView::Good { .. } => panic!("{good:?}"),
    }
}

async fn begun(stage: &Arc<Stage>, user: &str) -> Browser {
    let mut browser = Browser::new(stage);
    browser.flow = Some(stage.desk.begin_by_mail(&browser.visit(), &link(stage, user)).await.unwrap().unwrap());
    browser
}

/// As far as the first passcode.
async fn at_the_end(stage: &Arc<Stage>, user: &str) -> Browser {
    let mut browser = begun(stage, user).await;
    assert_eq!(browser.look().await.progress.map(|p| (p.step, p.of)), Some((1, 4)), "neither W1 nor W2");
    browser.send(Send::Target("android")).await;
    browser.send(Send::Continue).await;
    browser
}

#[tokio::test]
async fn whoever_may_not_self_provision_enrols_by_mail_and_signs_in_afterwards() {
    let stage = closed();
    task(&stage, &["alice"]).await;
    let link = link(&stage, "u-alice");
    let mut alice = at_the_end(&stage, "u-alice").await;
    assert_eq!(gone(&stage, &alice.visit(), &link).await, LinkGone::Used);
    assert!(matches!(alice.look().await.page, ScreenPage::FirstPasscode { only_tried: true, .. }));
    let code = stage.passcode("u-alice", alice.now);
    let moved = alice.send(Send::Passcode(code)).await;
    assert!(matches!(&moved, Moved::BackToOwn { url } if url == DONE_PATH), "{moved:?}");
    assert!(stage.world.with(|rows| rows.sessions.is_empty()), "nobody is signed in by it (A16)");
    assert_eq!(status(&stage, "u-alice"), EntryStatus::Enrolled);
    assert_eq!(count(&stage, EventKind::EnrollmentConfirmed), 0);
    let told = details(&stage.world, EventKind::TokenActivated);
    assert_eq!((&told["initiatedBy"], &told["taskId"]), (&"provisioning_email".into(), &1.into()));
    assert_eq!(told["initiator"], "olga", "whose task it is");
    assert_eq!(details(&stage.world, EventKind::TokenAssigned)["reason"], "provisioning");
    assert_eq!(gone(&stage, &alice.visit(), &link).await, LinkGone::Enrolled);

    let mut later = Browser::new(&stage);
    later.wait(60);
    later.name(Some("/page?x=1"), "alice").await;
    later.send(Send::Password("password of alice".into())).await;
    assert_eq!(later.page_name().await, "passcode");
    let code = stage.passcode("u-alice", later.now);
    assert!(matches!(later.send(Send::Passcode(code)).await, Moved::SignedIn(_)));
    assert_eq!(status(&stage, "u-alice"), EntryStatus::Completed, "enrolled and used once");
    assert_eq!(count(&stage, EventKind::EnrollmentConfirmed), 1);
}

#[tokio::test]
async fn looking_uses_nothing_up_and_of_many_buttons_one_counts() {
    let stage = closed();
    task(&stage, &["alice"]).await;
    let link = link(&stage, "u-alice");
    let visit = Browser::new(&stage).visit();
    for _ in 0..5 {
        let seen = stage.desk.look_at_link(&visit, &link).await.unwrap();
        assert!(matches!(&seen, LinkView::Good { name, elsewhere: None, .. } if name == "alice"), "{seen:?}");
    }
    let tries: Vec<_> = (0..16)
        .map(|_| {
            let (stage, link, visit) = (stage.clone(), link.clone(), visit.clone());
            tokio::spawn(async move { stage.desk.begin_by_mail(&visit, &link).await.unwrap().is_ok() })
        })
        .collect();
    let mut begun = 0;
    for one in tries {
        begun += u32::from(one.await.unwrap());
    }
    assert_eq!(begun, 1);
    assert_eq!(stage.desk.begin_by_mail(&visit, &link).await.unwrap().err(), Some(LinkGone::Used));
    for wrong in ["", "x", &"A".repeat(43)] {
        assert_eq!(gone(&stage, &visit, wrong).await, LinkGone::Unknown);
    }
}

#[tokio::test]
async fn the_wrong_device_is_shown_the_way_to_the_right_one() {
    let stage = closed();
    stage.world.with(|rows| rows.set(&on(&[Target::Ios, Target::Android])));
    task(&stage, &["alice"]).await;
    let link = link(&stage, "u-alice");
    let phone = Browser::new(&stage).visit();
    let computer = Visit { user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)".into(), ..phone.clone() };
    let elsewhere = async |visit: &Visit| match stage.desk.look_at_link(visit, &link).await.unwrap() {
        LinkView::Good { elsewhere, url, .. } => (elsewhere, url.ends_with(&link)),
        LinkView::Gone(why) => panic!("{why:?}"),
    };
    assert_eq!(elsewhere(&computer).await, (Some(true), true));
    assert_eq!(elsewhere(&phone).await, (None, true));
    stage.world.with(|rows| rows.set(&on(&[Target::WindowsDesktop])));
    assert_eq!((elsewhere(&computer).await.0, elsewhere(&phone).await.0), (None, Some(false)));
}

#[tokio::test]
async fn what_has_missed_its_stop_date_is_expired_and_can_be_sent_again() {
    let stage = closed();
    let number = task(&stage, &["alice", "bob"]).await;
    let mut alice = at_the_end(&stage, "u-alice").await;
    let late = now() + DAY * 11;
    let first = link(&stage, "u-bob");
    let visit = Visit { now: late, ..alice.visit() };
    assert_eq!(gone(&stage, &visit, &first).await, LinkGone::Expired, "before anybody has noted it");
    alice.now = now() + DAY * 10 + Duration::from_hours(9);
    stage.world.with(|rows| rows.flows.iter_mut().for_each(|flow| flow.expires_at = late));
    let code = stage.passcode("u-alice", alice.now);
    let moved = alice.send(Send::Passcode(code)).await;
    assert!(matches!(&moved, Moved::BackToOwn { url } if url == OVER_PATH), "{moved:?}");
    assert!(stage.world.with(|rows| rows.credentials.iter().all(|token| token.state == TokenState::Revoked)));
    stage.provisioner.run(&late).await.unwrap();
    assert_eq!((status(&stage, "u-alice"), status(&stage, "u-bob")), (EntryStatus::Expired, EntryStatus::Expired));
    assert_eq!(count(&stage, EventKind::ProvisioningExpired), 2);

    let (manager, vs, admin) = (manager(&stage), &stage.vs.id, by(Role::Administrator, late));
    let bob = UserId::from("u-bob");
    let again = manager.resend_provisioning(vs, &admin, number, &bob).await;
    assert!(matches!(again, Err(ManageError::TaskOver)), "{again:?}");
    let all = manager.resend_provisioning_task(vs, &admin, number).await;
    assert!(matches!(all, Err(ManageError::TaskOver)), "{all:?}");
    let until = (late + DAY * 5).rfc3339();
    manager.edit_provisioning_task(vs, &admin, number, 1, (&until[..10], "")).await.unwrap();
    manager.resend_provisioning(vs, &by(Role::HelpDesk, late), number, &bob).await.unwrap();
    stage.provisioner.run(&late).await.unwrap();
    assert_eq!((status(&stage, "u-alice"), status(&stage, "u-bob")), (EntryStatus::Expired, EntryStatus::Active));
    assert_eq!(gone(&stage, &visit, &first).await, LinkGone::Unknown, "a newer one stands in its place");
    assert!(stage.desk.begin_by_mail(&visit, &link(&stage, "u-bob")).await.unwrap().is_ok());
}

#[tokio::test]
async fn five_failures_lock_the_entry_and_end_the_wizard() {
    let stage = closed();
    let number = task(&stage, &["alice"]).await;
    let mut alice = at_the_end(&stage, "u-alice").await;
    for _ in 0..4 {
        assert!(matches!(alice.send(Send::Passcode("000000".into())).await, Moved::ToStep { .. }));
    }
    let moved = alice.send(Send::Passcode("000000".into())).await;
    assert!(matches!(&moved, Moved::BackToOwn { url } if url == OVER_PATH), "{moved:?}");
    assert_eq!((status(&stage, "u-alice"), count(&stage, EventKind::ProvisioningLocked)), (EntryStatus::Locked, 1));
    assert_eq!(count(&stage, EventKind::AuthFailure), 5, "the last one is recorded, too, and each once");
    assert_eq!(gone(&stage, &alice.visit(), &link(&stage, "u-alice")).await, LinkGone::Locked);
    assert!(stage.world.with(|rows| rows.credentials.iter().all(|token| token.state == TokenState::Revoked)));
    let help = by(Role::HelpDesk, now());
    manager(&stage).resend_provisioning(&stage.vs.id, &help, number, &"u-alice".into()).await.unwrap();
    stage.provisioner.run(&now()).await.unwrap();
    let mut alice = at_the_end(&stage, "u-alice").await;
    let code = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(code)).await, Moved::BackToOwn { .. }));
    assert_eq!(status(&stage, "u-alice"), EntryStatus::Enrolled);
}

/// The mail was forwarded: whoever has it opens the link first, and its user asks the help desk for another.
#[tokio::test]
async fn whoever_has_opened_a_link_is_stopped_by_the_next_mail() {
    for device in [false, true] {
        let stage = if device { Stage::with_app(PASSWORD_AND_OTP) } else { stage() };
        let number = task(&stage, &["alice"]).await;
        let mut stranger = at_the_end(&stage, "u-alice").await;
        let code = stage.passcode("u-alice", stranger.now);
        let help = by(Role::HelpDesk, now());
        manager(&stage).resend_provisioning(&stage.vs.id, &help, number, &"u-alice".into()).await.unwrap();
        assert!(stage.world.with(|rows| rows.credentials.iter().all(|token| token.state == TokenState::Revoked)));
        stage.provisioner.run(&now()).await.unwrap();
        assert_eq!(status(&stage, "u-alice"), EntryStatus::Active, "the next mail is written");
        stranger.send(Send::Passcode(code)).await;
        assert_eq!(count(&stage, EventKind::TokenActivated), 0);
        assert_eq!(status(&stage, "u-alice"), EntryStatus::Active);
        assert!(stage.desk.begin_by_mail(&stranger.visit(), &link(&stage, "u-alice")).await.unwrap().is_ok());
    }
}

/// A clock that goes on by a second each time it is looked at; at one of these moments something is asked for.
struct Goes {
    seconds: AtomicU64,
    at: u64,
    ask: Box<dyn Fn() + std::marker::Send + Sync>,
}

impl Clock for Goes {
    fn now(&self) -> Timestamp {
        let seconds = self.seconds.fetch_add(1, Ordering::SeqCst);
        if seconds == self.at {
            (self.ask)();
        }
        now() + Duration::from_secs(seconds)
    }
}

#[tokio::test]
async fn whoever_is_written_to_after_all_were_asked_to_be_again_is_not_written_to_twice() {
    let stage = closed();
    manager(&stage).provision(&stage.vs.id, &by(Role::Administrator, now()), &form(&["alice", "bob"])).await.unwrap();
    let world = stage.world.clone();
    // When the run has begun, and before the first is written to.
    let ask =
        move || world.with(|rows| rows.provisioning_tasks[0].resend_at = Some(now() + Duration::from_millis(500)));
    let clock = Goes { seconds: AtomicU64::new(0), at: 5, ask: Box::new(ask) };
    assert_eq!(stage.provisioner.run(&clock).await.unwrap(), 2);
    let first = link(&stage, "u-bob");
    assert_eq!(stage.provisioner.run(&clock).await.unwrap(), 0);
    let visit = Visit { now: now() + Duration::from_secs(60), ..Browser::new(&stage).visit() };
    assert!(matches!(stage.desk.look_at_link(&visit, &first).await.unwrap(), LinkView::Good { .. }));
}

#[tokio::test]
async fn however_many_tasks_wait_each_is_written_to() {
    let stage = closed();
    let first = task(&stage, &["alice"]).await;
    let many = first + i64::from(DUE_AT_ONCE) * 2 + 5;
    stage.world.with(|rows| {
        let (task, mut one) = (rows.provisioning_tasks[0].clone(), rows.provisioned[0].clone());
        (one.entry.status, one.entry.mailed_at, one.link) = (EntryStatus::Pending, None, None);
        for number in first + 1..=many {
            rows.provisioning_tasks.push(ProvisioningTask { number, ..task.clone() });
            one.entry.task = number;
            rows.provisioned.push(one.clone());
            rows.unsettled.insert(number);
        }
    });
    assert_eq!(stage.provisioner.run(&now()).await.unwrap(), (many - first).unsigned_abs());
    assert_eq!(stage.provisioner.run(&now()).await.unwrap(), 0);
}

/// Were its flow still there, too: an entry whose link nobody has opened is nobody's.
#[tokio::test]
async fn no_step_is_made_by_an_entry_whose_link_is_not_opened() {
    let stage = closed();
    task(&stage, &["alice"]).await;
    let mut alice = begun(&stage, "u-alice").await;
    stage.world.with(|rows| rows.provisioned[0].entry.opened_at = None);
    let moved = alice.send(Send::Target("android")).await;
    assert!(matches!(&moved, Moved::BackToOwn { url } if url == OVER_PATH), "{moved:?}");
}

#[tokio::test]
async fn a_wizard_that_is_left_is_a_failed_attempt_and_the_fifth_locks() {
    let stage = closed();
    let number = task(&stage, &["alice"]).await;
    let fails = || stage.world.with(|rows| rows.provisioned[0].entry.fails);
    let help = by(Role::HelpDesk, now());
    for count in 1..=5 {
        let mut alice = begun(&stage, "u-alice").await;
        alice.send(Send::Target("android")).await;
        alice.send(Send::Cancel).await;
        assert_eq!(fails(), count);
        let expected = if count < 5 { EntryStatus::Active } else { EntryStatus::Locked };
        assert_eq!(status(&stage, "u-alice"), expected, "{count}");
        manager(&stage).resend_provisioning(&stage.vs.id, &help, number, &"u-alice".into()).await.unwrap();
        stage.provisioner.run(&now()).await.unwrap();
    }
    assert_eq!((fails(), count(&stage, EventKind::ProvisioningLocked)), (0, 1), "then it begins anew");
    let mut alice = at_the_end(&stage, "u-alice").await;
    let code = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(code)).await, Moved::BackToOwn { .. }));
}

#[tokio::test]
async fn a_removed_task_stops_those_who_are_under_way() {
    let stage = closed();
    let number = task(&stage, &["alice"]).await;
    let mut alice = begun(&stage, "u-alice").await;
    let (manager, vs, admin) = (manager(&stage), &stage.vs.id, by(Role::Administrator, now()));
    manager.remove_provisioning_task(vs, &admin, number).await.unwrap();
    assert!(matches!(manager.remove_provisioning_task(vs, &admin, number).await, Err(ManageError::TaskOver)));
    let edited = manager.edit_provisioning_task(vs, &admin, number, 1, ("2999-01-01", "")).await;
    assert!(matches!(edited, Err(ManageError::TaskOver)), "whatever else is wrong with it: {edited:?}");
    let again = manager.resend_provisioning(vs, &admin, number, &"u-alice".into()).await;
    assert!(matches!(again, Err(ManageError::TaskOver)), "{again:?}");
    let moved = alice.send(Send::Target("android")).await;
    assert!(matches!(&moved, Moved::BackToOwn { url } if url == OVER_PATH), "{moved:?}");
    assert_eq!(gone(&stage, &alice.visit(), &link(&stage, "u-alice")).await, LinkGone::Removed);
    stage.provisioner.run(&now()).await.unwrap();
    assert_eq!(status(&stage, "u-alice"), EntryStatus::Removed);
}

/// R3: self-provisioning is for Bob, too.
#[tokio::test]
async fn whoever_enrols_by_themselves_has_nothing_left_to_do_in_their_tasks() {
    for device in [false, true] {
        let stage = if device { Stage::with_app(PASSWORD_AND_OTP) } else { stage() };
        let number = task(&stage, &["bob", "alice"]).await;
        let link = link(&stage, "u-bob");
        let bob = if device { activated(&stage, "bob").await.0 } else { Browser::enrolled(&stage, "bob").await.0 };
        assert_eq!((status(&stage, "u-bob"), status(&stage, "u-alice")), (EntryStatus::Completed, EntryStatus::Active));
        assert_eq!(count(&stage, EventKind::ProvisioningCompleted), 1);
        assert_eq!(gone(&stage, &bob.visit(), &link).await, LinkGone::Enrolled);
        assert!(stage.world.with(|rows| rows.provisioned.iter().all(|one| one.entry.token.is_none())), "it is his own");
        let later = now() + Duration::from_secs(60);
        let admin = by(Role::Administrator, later);
        manager(&stage).resend_provisioning_task(&stage.vs.id, &admin, number).await.unwrap();
        assert_eq!(stage.provisioner.run(&later).await.unwrap(), 1, "Alice alone is written to again");
        stage.provisioner.run(&(now() + DAY * 11)).await.unwrap();
        assert_eq!(
            (status(&stage, "u-bob"), count(&stage, EventKind::ProvisioningExpired)),
            (EntryStatus::Completed, 1)
        );
    }
}

#[tokio::test]
async fn whoever_cannot_get_a_token_is_skipped_with_the_reason() {
    let stage = stage();
    Browser::enrolled(&stage, "bob").await;
    let (manager, vs, admin) = (manager(&stage), &stage.vs.id, by(Role::Administrator, now()));
    let made = manager.provision(vs, &admin, &form(&["alice", " ALICE", "bob", "carol"])).await.unwrap();
    assert_eq!((made.task.count, made.all(), made.waiting(), made.percent()), (3, 1, 1, 0));
    let reasons = stage.world.with(|rows| {
        let each = rows.provisioned.iter().map(|one| (one.entry.name.clone(), one.entry.skipped));
        each.collect::<Vec<_>>()
    });
    assert_eq!(
        reasons,
        [
            ("alice".to_owned(), None),
            ("bob".to_owned(), Some(SkipReason::HasAllTokens)),
            ("carol".to_owned(), Some(SkipReason::NoEmail)),
        ]
    );
    assert_eq!(manager.reserved_tokens(vs).await.unwrap(), 1);
    let twice = manager.provision(vs, &admin, &form(&["alice"])).await.unwrap();
    assert_eq!((twice.task.number, twice.all()), (2, 0), "one is reserved for her already");
    stage.provisioner.run(&now()).await.unwrap();
    stage.provisioner.run(&now()).await.unwrap();
    assert_eq!(stage.world.with(|rows| rows.mails.iter().filter(|m| m.kind == MailKind::Provisioning).count()), 1);
    let far = manager.provisioning_task(vs, 1).await.unwrap();
    assert_eq!((far.waiting(), far.percent()), (0, 100));
    let wrong = manager.provision(vs, &admin, &form(&["nobody"])).await.unwrap_err();
    assert_eq!(wrong.to_string(), "users: there is no user nobody");
    let nothing = manager.provision(vs, &admin, &TaskForm::default()).await.unwrap_err();
    assert_eq!(nothing.to_string(), "users: must be given");
    let help = by(Role::HelpDesk, now());
    assert!(matches!(manager.provision(vs, &help, &form(&["alice"])).await, Err(ManageError::Forbidden)));
    assert!(manager.provision_user(vs, &help, &"u-alice".into(), ("", "")).await.is_ok());
}

#[tokio::test]
async fn whoever_was_never_written_to_is_not_counted_as_if_they_were() {
    let stage = closed();
    let (manager, vs, admin) = (manager(&stage), &stage.vs.id, by(Role::Administrator, now()));
    let made = manager.provision(vs, &admin, &form(&["alice", "bob"])).await.unwrap();
    let number = made.task.number;
    let far = async || {
        let far = manager.provisioning_task(vs, number).await.unwrap();
        (far.written(), far.all(), far.percent())
    };
    assert_eq!(far().await, (0, 2, 0));
    manager.remove_provisioning(vs, &admin, number, &"u-bob".into()).await.unwrap();
    assert_eq!(far().await, (0, 1, 0), "nobody was written to, and Bob is not going to be");
    stage.provisioner.run(&now()).await.unwrap();
    assert_eq!(far().await, (1, 1, 100));
    manager.remove_provisioning_task(vs, &admin, number).await.unwrap();
    stage.provisioner.run(&now()).await.unwrap();
    assert_eq!(far().await, (1, 1, 100), "Alice was");
}

#[tokio::test]
async fn a_whole_group_is_found_by_and_by() {
    let stage = closed();
    let (manager, vs, admin) = (manager(&stage), &stage.vs.id, by(Role::Administrator, now()));
    let form = TaskForm { group: Some("g-staff".into()), ..TaskForm::default() };
    let made = manager.provision(vs, &admin, &form).await.unwrap();
    assert_eq!((made.task.count, made.task.cursor.as_deref(), made.percent()), (0, Some(""), 99));
    assert_eq!(stage.provisioner.run(&now()).await.unwrap(), 2, "carol has no address");
    let far = manager.provisioning_task(vs, made.task.number).await.unwrap();
    assert_eq!((far.task.count, far.task.cursor.as_deref(), far.count(EntryStatus::Skipped)), (3, None, 1));
    let nowhere = TaskForm { group: Some("g-none".into()), ..TaskForm::default() };
    assert!(matches!(manager.provision(vs, &admin, &nowhere).await, Err(ManageError::Invalid(_))));
    manager.resend_provisioning_task(vs, &admin, made.task.number).await.unwrap();
    let later = now() + Duration::from_secs(5);
    assert_eq!(stage.provisioner.run(&later).await.unwrap(), 0, "whoever was written to in the same moment was");
    manager.resend_provisioning_task(vs, &By { now: later, ..admin }, made.task.number).await.unwrap();
    assert_eq!(stage.provisioner.run(&later).await.unwrap(), 2);
}

#[tokio::test]
async fn a_device_of_our_own_enrols_by_the_task_too() {
    let stage = Stage::with_app(PASSWORD_AND_OTP);
    let nobody = SelfProvisioning { target_users: TargetUsers::None, ..SelfProvisioning::for_new_virtual_server() };
    stage.world.with(|rows| rows.set(&nobody));
    task(&stage, &["alice"]).await;
    let link = link(&stage, "u-alice");
    let token: Option<Token> = Token::parse(&link);
    assert!(token.is_some());
    let mut alice = begun(&stage, "u-alice").await;
    alice.send(Send::Target("ios")).await;
    let issued = stage.world.with(|rows| rows.provisioned[0].entry.token.clone());
    assert!(issued.is_some(), "the device's calls find the task by it");
}
