//! Enrolment rules, as users, operators and thieves live them.

use std::time::Duration;

use doorward_api::enrolment::{EnrolmentFilter, EnrolmentResult};
use doorward_api::operator::Role;
use doorward_api::ports::{Enrolments, Page};
use doorward_api::settings::{Day, EnrolmentRule, EnrolmentRules, ExtraProof};
use doorward_api::{GrantState, OperatorId, Proofs, Secret, Session, Timestamp, Token, UserId};

use super::*;
use crate::manage::{By, ManageError, Manager};
use crate::own::{OwnError, Owner};
use crate::testing::{enrolment_rule as rule, now};
use crate::toy_app::{Phone, activated, link};
use crate::visit::Opening;

const DAY: Duration = Duration::from_hours(24);

/// Who has put it off gets in with a password.
const OR_LATER: &str = r#"
    @id("wiki-staff")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.password && (context.authn.otp || context.authn.enrolment_deferred) };
"#;

/// Who has a new token does not get in yet.
const NOT_ON_PROBATION: &str = r#"
    @id("wiki-staff")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.password && context.authn.otp };
    @id("wiki-new")
    forbid(principal, action, resource == Application::"wiki")
    when { context.authn.probation };
"#;

fn day(at: Timestamp) -> Option<Day> {
    at.rfc3339().get(..10).and_then(Day::parse)
}

fn with_rule(policies: &str, rule: EnrolmentRule) -> Arc<Stage> {
    let stage = Stage::set(policies);
    set(&stage, rule);
    stage
}

/// The serial numbers of the enrolments that the report says are confirmed.
async fn confirmed_rows(stage: &Stage) -> Vec<String> {
    let filter = EnrolmentFilter { result: Some(EnrolmentResult::Confirmed), ..EnrolmentFilter::default() };
    let page = Page { after: String::new(), limit: 10 };
    let found = stage.world.enrolments(&stage.vs.id, &filter, &page).await.unwrap();
    found.items.into_iter().map(|row| row.enrolment.serial).collect()
}

fn set(stage: &Stage, rule: EnrolmentRule) {
    stage.world.with(|rows| rows.set(&EnrolmentRules { rules: vec![rule] }));
}

fn manager(stage: &Arc<Stage>) -> Manager {
    Manager::new(stage.desk.clone())
}

fn olga() -> By {
    By {
        operator: OperatorId::from("o-1"),
        name: "olga".into(),
        permissions: Role::HelpDesk.permissions(),
        api_key: None,
        address: None,
        request_id: "r-7".into(),
        now: now(),
        undone: None,
    }
}

fn alice() -> UserId {
    UserId::from("u-alice")
}

fn granted(stage: &Stage) -> Option<GrantState> {
    stage.world.with(|rows| rows.grants.get(&alice()).map(|grant| grant.state))
}

fn later(page: ScreenPage) -> Option<Timestamp> {
    match page {
        ScreenPage::NeedAuthenticator { later_until, .. } => later_until,
        other => panic!("not W1 but {}", other.name()),
    }
}

// === later ===

#[tokio::test]
async fn until_the_deadline_it_may_be_put_off_where_the_policy_lets_in_who_does() {
    let stage = with_rule(OR_LATER, EnrolmentRule { deadline: day(now() + DAY * 3), ..rule() });
    let mut alice = Browser::identified(&stage, "alice").await;
    let until = day(now() + DAY * 3).unwrap().ends();
    assert_eq!(later(alice.look().await.page), Some(until));
    let Moved::SignedIn(landing) = alice.send(Send::Later).await else { panic!() };
    assert!(landing.url.starts_with("http://wiki.localhost:8080/.doorward/enter?ticket="));
    assert_eq!(count(&stage, EventKind::EnrollmentDeferred), 1);
    let proofs = stage.world.with(|rows| rows.portal_sessions("u-alice")[0].proofs);
    assert!(proofs.otp.is_none() && proofs.deferred(until - Duration::from_millis(1)) && !proofs.deferred(until));
}

#[tokio::test]
async fn where_the_policy_asks_for_an_otp_nothing_can_be_put_off() {
    let stage = with_rule(PASSWORD_AND_OTP, EnrolmentRule { deadline: day(now() + DAY * 3), ..rule() });
    let mut alice = Browser::identified(&stage, "alice").await;
    assert_eq!(later(alice.look().await.page), None);
    assert!(matches!(alice.send(Send::Later).await, Moved::ToStep { browser: None }), "the form made up");
    assert_eq!((alice.page_name().await, count(&stage, EventKind::AuthSuccess)), ("need_authenticator", 0));
}

#[tokio::test]
async fn after_the_deadline_and_without_one_nothing_can_be_put_off() {
    for deadline in [day(now() - DAY), None] {
        let stage = with_rule(OR_LATER, EnrolmentRule { deadline, ..rule() });
        let mut alice = Browser::identified(&stage, "alice").await;
        assert_eq!(later(alice.look().await.page), None);
        alice.send(Send::Later).await;
        assert_eq!(count(&stage, EventKind::AuthSuccess), 0);
    }
}

#[tokio::test]
async fn nobody_puts_off_what_they_have() {
    let stage = Stage::set(OR_LATER);
    Browser::enrolled(&stage, "alice").await;
    set(&stage, EnrolmentRule { deadline: day(now() + DAY * 3), percentage: 1, ..rule() });
    let mut thief = Browser::identified(&stage, "alice").await;
    assert_eq!(thief.page_name().await, "passcode");
    let form = thief.form().await;
    thief.send_form(&form, Send::Later).await;
    assert_eq!(thief.page_name().await, "passcode", "a token that is in use is asked for, whatever the rule says");
}

#[tokio::test]
async fn whom_the_rule_has_not_reached_is_not_asked() {
    let stage = with_rule(OR_LATER, EnrolmentRule { starts_on: day(now() + DAY * 2), ..rule() });
    let mut alice = Browser::new(&stage);
    alice.name(Some("/page"), "alice").await;
    let Moved::SignedIn(_) = alice.send(Send::Password("password of alice".into())).await else { panic!() };
    let proofs = stage.world.with(|rows| rows.portal_sessions("u-alice")[0].proofs);
    let begins = day(now() + DAY * 2).unwrap().begins();
    assert!(proofs.deferred(begins - Duration::from_millis(1)) && !proofs.deferred(begins));
}

#[tokio::test]
async fn a_session_from_before_the_rule_is_enough_for_whom_it_has_not_reached() {
    let stage = Stage::set(OR_LATER);
    let mut alice = Browser::new(&stage);
    alice.name(None, "alice").await;
    let Moved::SignedIn(_) = alice.send(Send::Password("password of alice".into())).await else { panic!() };
    set(&stage, EnrolmentRule { starts_on: day(now() + DAY * 2), ..rule() });
    let before = alice.session.clone().unwrap();
    let Opening::Enough(landing) = alice.open(Some("/page")).await else { panic!("no wizard") };
    assert!(landing.url.contains("/.doorward/enter?ticket="));
    assert_ne!(landing.session.unwrap().hash(), before.hash(), "a session that opens more has another cookie");
}

/// Two restored tabs, one of them by another process: the browser has the winner's cookie, and no session is left behind.
#[tokio::test]
async fn of_two_tabs_that_raise_a_session_the_later_looks_again() {
    let stage = Stage::set(OR_LATER);
    let mut alice = Browser::new(&stage);
    alice.name(None, "alice").await;
    let Moved::SignedIn(_) = alice.send(Send::Password("password of alice".into())).await else { panic!() };
    set(&stage, EnrolmentRule { starts_on: day(now() + DAY * 2), ..rule() });
    alice.open(None).await;
    // The other tab was answered by another process; what this one remembers is of before.
    let (before, cookie) = (alice.session.clone().unwrap(), Token::parse(&"A".repeat(43)).unwrap());
    stage.world.with(|rows| {
        let session = rows.sessions.remove(&before.hash()).unwrap();
        let proofs = Proofs { deferred_until: Some(alice.now + DAY), ..session.proofs };
        rows.sessions.insert(cookie.hash(), Session { proofs, ..session });
    });
    let Opening::Again { url } = alice.open(Some("/page")).await else { panic!("raised over the other") };
    assert!(url.starts_with("/signin?return="));
    assert!(
        stage.world.with(|rows| rows.sessions.contains_key(&cookie.hash())),
        "the cookie that the browser has is good"
    );
    alice.session = Some(cookie);
    assert!(matches!(alice.open(Some("/page")).await, Opening::Enough(_)));
}

#[tokio::test]
async fn from_another_network_the_page_says_why_nothing_is_offered() {
    let office = ExtraProof::TrustedNetwork(vec!["10.0.0.0/8".parse().unwrap()]);
    let stage = with_rule(PASSWORD_AND_OTP, EnrolmentRule { proof: office, ..rule() });
    let alice = Browser::identified(&stage, "alice").await;
    let screen = alice.look().await;
    assert_eq!((screen.page.name(), screen.notice), ("passcode", Some(Notice::NotInNetwork)));
    let home = ExtraProof::TrustedNetwork(vec!["127.0.0.0/8".parse().unwrap()]);
    set(&stage, EnrolmentRule { proof: home, ..rule() });
    assert_eq!(Browser::identified(&stage, "alice").await.page_name().await, "need_authenticator");
}

#[tokio::test]
async fn what_was_put_off_ends_with_the_first_token() {
    let stage = with_rule(OR_LATER, EnrolmentRule { deadline: day(now() + DAY * 3), ..rule() });
    let mut thief = Browser::identified(&stage, "alice").await;
    assert!(matches!(thief.send(Send::Later).await, Moved::SignedIn(_)), "who has the password puts it off");
    let (alice, _) = Browser::enrolled(&stage, "alice").await;
    let sessions = stage.world.with(|rows| rows.portal_sessions("u-alice"));
    assert_eq!(sessions.len(), 1, "the thief is out");
    assert!(sessions[0].proofs.otp.is_some() && sessions[0].proofs.deferred_until.is_none());
    assert_eq!(alice.stage.world.with(|rows| rows.credentials[0].state), TokenState::Active);
}

#[tokio::test]
async fn what_was_put_off_ends_when_a_device_is_confirmed_and_what_is_raised_is_kept() {
    let stage = Stage::with_app(OR_LATER);
    set(&stage, EnrolmentRule { deadline: day(now() + DAY * 3), ..rule() });
    let mut thief = Browser::identified(&stage, "alice").await;
    assert!(matches!(thief.send(Send::Later).await, Moved::SignedIn(_)));
    let (mut alice, _) = activated(&stage, "alice").await;
    assert!(stage.world.with(|rows| rows.portal_sessions("u-alice").is_empty()), "the thief is out");
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));

    let stage = Stage::with_app(OR_LATER);
    let mut bob = Browser::new(&stage);
    bob.name(None, "bob").await;
    assert!(matches!(bob.send(Send::Password("password of bob".into())).await, Moved::SignedIn(_)));
    let session = stage.world.with(|rows| rows.portal_sessions("u-bob")[0].id.clone());
    bob.open(Some("/page")).await;
    bob.send(Send::Add).await;
    let code = bob.mailed_code();
    bob.send(Send::Code(code)).await;
    bob.send(Send::Target("ios")).await;
    let mut phone = Phone::new(&stage, "bob").running("ios");
    phone.scan(&link(&bob).await).await;
    bob.send(Send::Mine(true)).await;
    assert_eq!(phone.say("activate/finish").await.0, 200);
    let passcode = stage.passcode("u-bob", bob.now);
    assert!(matches!(bob.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
    assert_eq!(stage.world.with(|rows| rows.portal_sessions("u-bob")[0].id.clone()), session, "raised, not begun anew");
}

/// Where enrolment may be put off, alice has said that the device is hers, which has not finished.
async fn put_off_with_a_device() -> (Arc<Stage>, Browser, Phone) {
    let stage = Stage::with_app(OR_LATER);
    set(&stage, EnrolmentRule { deadline: day(now() + DAY * 3), ..rule() });
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let mut phone = Phone::new(&stage, "alice");
    phone.scan(&link(&alice).await).await;
    alice.send(Send::Mine(true)).await;
    (stage, alice, phone)
}

#[tokio::test]
async fn what_was_put_off_while_the_device_was_not_done_ends_with_the_first_use_wherever_it_is() {
    let (stage, mut alice, phone) = put_off_with_a_device().await;
    let mut thief = Browser::identified(&stage, "alice").await;
    assert!(matches!(thief.send(Send::Later).await, Moved::SignedIn(_)));
    assert_eq!(phone.say("activate/finish").await.0, 200);
    let mut elsewhere = Browser::identified(&stage, "alice").await;
    let passcode = stage.passcode("u-alice", elsewhere.now);
    assert!(matches!(elsewhere.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
    assert_eq!(stage.world.with(|rows| rows.portal_sessions("u-alice").len()), 1, "the thief is out");

    // That was the first sign-in with it, so the enrolment is confirmed: its own, not that of the flow in which she signed in.
    assert_eq!(count(&stage, EventKind::EnrollmentConfirmed), 1);
    let told = details(&stage.world, EventKind::EnrollmentConfirmed);
    let serial = stage.world.with(|rows| rows.credentials[0].serial.clone());
    assert_eq!((&told["serial"], &told["method"]), (&serial.as_str().into(), &"otp".into()));
    assert_eq!(confirmed_rows(&stage).await, [serial]);

    // And once: neither by the sign-in after it nor by the wizard, which still stands at its last page.
    let mut again = Browser::identified(&stage, "alice").await;
    for (browser, secs) in [(&mut again, 60), (&mut alice, 120)] {
        browser.wait(secs);
        let passcode = stage.passcode("u-alice", browser.now);
        assert!(matches!(browser.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
    }
    assert_eq!(count(&stage, EventKind::EnrollmentConfirmed), 1);
}

#[tokio::test]
async fn a_passcode_that_is_tried_out_on_the_own_page_is_a_first_use_too() {
    let (stage, _, phone) = put_off_with_a_device().await;
    let (mut thief, mut office) =
        (Browser::identified(&stage, "alice").await, Browser::identified(&stage, "alice").await);
    for browser in [&mut thief, &mut office] {
        assert!(matches!(browser.send(Send::Later).await, Moved::SignedIn(_)));
    }
    assert_eq!(phone.say("activate/finish").await.0, 200);

    let owner = Owner::new(stage.desk.clone());
    let token = owner.tokens(&office.visit()).await.unwrap()[0].id.clone();
    let passcode = Secret::new(stage.passcode("u-alice", office.now));
    owner.test(&office.visit(), &token, &passcode).await.unwrap();
    assert_eq!((count(&stage, EventKind::EnrollmentConfirmed), confirmed_rows(&stage).await.len()), (1, 1));
    assert!(owner.tokens(&office.visit()).await.is_ok(), "whoever has shown it stays");
    assert!(matches!(owner.tokens(&thief.visit()).await, Err(OwnError::SignedOut)));
}

#[tokio::test]
async fn an_approved_request_elsewhere_confirms_the_enrolment_as_a_passcode_does() {
    let stage = Stage::with_app(PASSWORD_AND_OTP);
    let (_, phone) = activated(&stage, "alice").await;
    let mut elsewhere = Browser::identified(&stage, "alice").await;
    elsewhere.send(Send::RequestPush).await;
    assert_eq!(count(&stage, EventKind::EnrollmentConfirmed), 0);
    assert_eq!(approve(&stage, &phone, None).await.0, 200);
    assert!(matches!(elsewhere.send(Send::FinishPush(None)).await, Moved::SignedIn(_)));
    assert_eq!(count(&stage, EventKind::EnrollmentConfirmed), 1);
    assert_eq!(details(&stage.world, EventKind::EnrollmentConfirmed)["method"], "push");
    assert_eq!(confirmed_rows(&stage).await.len(), 1);
}

// === extra proof ===

#[tokio::test]
async fn an_approval_lets_the_user_on_and_is_used_up_by_the_token() {
    let stage = with_rule(PASSWORD_AND_OTP, EnrolmentRule { proof: ExtraProof::OperatorApproval, ..rule() });
    let mut browser = Browser::verified(&stage, "alice").await;
    let asked = |page| match page {
        ScreenPage::AskApproval { state, .. } => state,
        other => panic!("not the approval's page but {}", other.name()),
    };
    assert_eq!(asked(browser.look().await.page), None);
    browser.send(Send::GoOn).await;
    assert_eq!(step(&stage), Step::ExtraProof, "nobody has approved");
    browser.send(Send::AskApproval).await;
    assert_eq!(asked(browser.look().await.page), Some(GrantState::Asked));
    browser.send(Send::AskApproval).await;
    assert_eq!(count(&stage, EventKind::EnrollmentApprovalRequested), 1, "asked once");

    let (manager, page) = (manager(&stage), Page { after: String::new(), limit: 10 });
    let waiting = manager.enrolment_requests(&stage.vs.id, &page, now()).await.unwrap().items;
    assert_eq!(waiting.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["alice"]);
    assert_eq!(waiting[0].grant.details.address, Some([127, 0, 0, 1].into()));
    manager.approve_enrolment(&stage.vs.id, &olga(), &alice(), "").await.unwrap();
    assert_eq!(stage.world.mailed("portal_url").as_deref(), Some("http://login.localhost:8080/"));

    assert_eq!(asked(browser.look().await.page), Some(GrantState::Approved));
    browser.send(Send::GoOn).await;
    browser.send(Send::Target("android")).await;
    browser.send(Send::Continue).await;
    let code = stage.passcode("u-alice", browser.now);
    assert!(matches!(browser.send(Send::Passcode(code)).await, Moved::SignedIn(_)));
    assert_eq!(granted(&stage), None);
}

#[tokio::test]
async fn an_approval_that_is_taken_back_midway_counts_no_more() {
    let stage = with_rule(PASSWORD_AND_OTP, EnrolmentRule { proof: ExtraProof::OperatorApproval, ..rule() });
    let manager = manager(&stage);
    manager.approve_enrolment(&stage.vs.id, &olga(), &alice(), "knows her").await.unwrap();
    let mut browser = Browser::installing(&stage, "alice").await;
    browser.send(Send::Continue).await;
    manager.withdraw_grant(&stage.vs.id, &olga(), &alice()).await.unwrap();
    let code = stage.passcode("u-alice", browser.now);
    browser.send(Send::Passcode(code)).await;
    assert_eq!((step(&stage), count(&stage, EventKind::TokenActivated)), (Step::ExtraProof, 0));
}

#[tokio::test]
async fn a_rule_that_asks_for_more_midway_is_kept_and_its_token_too() {
    let stage = stage();
    let mut browser = Browser::installing(&stage, "alice").await;
    let key = browser.key().await;
    set(&stage, EnrolmentRule { proof: ExtraProof::OperatorApproval, ..rule() });
    browser.send(Send::Continue).await;
    assert_eq!(browser.page_name().await, "ask_approval");
    manager(&stage).approve_enrolment(&stage.vs.id, &olga(), &alice(), "").await.unwrap();
    browser.send(Send::GoOn).await;
    assert_eq!(browser.key().await, key, "what was scanned stays good");
}

#[tokio::test]
async fn who_was_refused_reads_why_and_does_not_ask_again() {
    let stage = with_rule(PASSWORD_AND_OTP, EnrolmentRule { proof: ExtraProof::OperatorApproval, ..rule() });
    let mut browser = Browser::verified(&stage, "alice").await;
    browser.send(Send::AskApproval).await;
    let manager = manager(&stage);
    let no_reason = manager.refuse_enrolment(&stage.vs.id, &olga(), &alice(), " ").await.unwrap_err();
    assert_eq!(no_reason.to_string(), "reason: must be given");
    manager.refuse_enrolment(&stage.vs.id, &olga(), &alice(), "Come to room 7").await.unwrap();
    let ScreenPage::AskApproval { state, reason, .. } = browser.look().await.page else { panic!() };
    assert_eq!((state, reason.as_deref()), (Some(GrantState::Refused), Some("Come to room 7")));
    browser.send(Send::AskApproval).await;
    browser.send(Send::GoOn).await;
    assert_eq!((granted(&stage), step(&stage)), (Some(GrantState::Refused), Step::ExtraProof));
}

#[tokio::test]
async fn a_code_of_the_help_desk_opens_once() {
    let stage = with_rule(PASSWORD_AND_OTP, EnrolmentRule { proof: ExtraProof::HelpDeskCode, ..rule() });
    let mut browser = Browser::verified(&stage, "alice").await;
    assert_eq!(browser.page_name().await, "help_desk_code");
    browser.send(Send::HelpDeskCode("AAAA-AAAA".into())).await;
    assert_eq!(browser.look().await.notice, Some(Notice::HelpDeskCodeOver), "there is none");

    let given = manager(&stage).give_help_desk_code(&stage.vs.id, &olga(), &alice(), "called").await.unwrap();
    browser.send(Send::HelpDeskCode(String::new())).await;
    assert_eq!(browser.look().await.notice, Some(Notice::Empty));
    browser.send(Send::HelpDeskCode("AAAA-AAAA".into())).await;
    assert_eq!(browser.look().await.notice, Some(Notice::HelpDeskCodeWrong { tries_left: 4 }));
    let spoken = given.code.expose().to_lowercase().replace('-', " ");
    browser.send(Send::HelpDeskCode(spoken)).await;
    assert_eq!((step(&stage), granted(&stage)), (Step::EmailVerified, None));
    assert_eq!(count(&stage, EventKind::HelpDeskCodeAccepted), 1);
    // It is not written down anywhere.
    for event in stage.world.with(|rows| rows.events.clone()) {
        let record = event.record("default", 1, now());
        assert!(!record.contains(given.code.expose()) && !record.contains(&given.code.expose().replace('-', "")));
    }
}

#[tokio::test]
async fn codes_of_the_help_desk_are_not_guessed() {
    let stage = with_rule(PASSWORD_AND_OTP, EnrolmentRule { proof: ExtraProof::HelpDeskCode, ..rule() });
    let given = manager(&stage).give_help_desk_code(&stage.vs.id, &olga(), &alice(), "called").await.unwrap();
    let mut thief = Browser::verified(&stage, "alice").await;
    for left in (0..5).rev() {
        thief.send(Send::HelpDeskCode("AAAA-AAAA".into())).await;
        assert_eq!(thief.look().await.notice, Some(Notice::HelpDeskCodeWrong { tries_left: left }));
    }
    thief.send(Send::HelpDeskCode(given.code.expose().to_owned())).await;
    assert!(matches!(thief.look().await.notice, Some(Notice::HelpDeskCodeLimit { .. })), "not even the right one");
    assert_eq!((step(&stage), count(&stage, EventKind::HelpDeskCodeLimit)), (Step::ExtraProof, 1));
}

#[tokio::test]
async fn a_code_that_is_over_opens_nothing() {
    let stage = with_rule(PASSWORD_AND_OTP, EnrolmentRule { proof: ExtraProof::HelpDeskCode, ..rule() });
    let given = manager(&stage).give_help_desk_code(&stage.vs.id, &olga(), &alice(), "called").await.unwrap();
    let mut browser = Browser::new(&stage);
    browser.wait(24 * 3600);
    browser.name(Some("/page"), "alice").await;
    browser.send(Send::Password("password of alice".into())).await;
    browser.send(Send::Add).await;
    let code = browser.mailed_code();
    browser.send(Send::Code(code)).await;
    browser.send(Send::HelpDeskCode(given.code.expose().to_owned())).await;
    assert_eq!(browser.look().await.notice, Some(Notice::HelpDeskCodeOver));
}

#[tokio::test]
async fn of_two_operators_who_decide_at_once_one_has_decided() {
    let stage = with_rule(PASSWORD_AND_OTP, EnrolmentRule { proof: ExtraProof::OperatorApproval, ..rule() });
    let manager = manager(&stage);
    let auditor = By { permissions: Role::Auditor.permissions(), ..olga() };
    let refused = manager.approve_enrolment(&stage.vs.id, &auditor, &alice(), "").await;
    assert!(matches!(refused, Err(ManageError::Forbidden)));
    let nobody = manager.approve_enrolment(&stage.vs.id, &olga(), &UserId::from("u-nobody"), "").await;
    assert!(matches!(nobody, Err(ManageError::NotFound)));
    let nothing = manager.withdraw_grant(&stage.vs.id, &olga(), &alice()).await;
    assert!(matches!(nothing, Err(ManageError::NotFound)));
}

// === probation ===

#[tokio::test]
async fn a_new_token_opens_nothing_that_the_policy_keeps_from_new_ones() {
    let stage = with_rule(NOT_ON_PROBATION, EnrolmentRule { probation_hours: 48, ..rule() });
    let mut browser = Browser::installing(&stage, "alice").await;
    browser.send(Send::Continue).await;
    let code = stage.passcode("u-alice", browser.now);
    assert!(matches!(browser.send(Send::Passcode(code)).await, Moved::Denied(_)), "on probation");
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Active, "and enrolled all the same");

    let mut later = Browser::new(&stage);
    later.wait(48 * 3600 + 60);
    later.name(Some("/page"), "alice").await;
    later.send(Send::Password("password of alice".into())).await;
    let code = stage.passcode("u-alice", later.now);
    assert!(matches!(later.send(Send::Passcode(code)).await, Moved::SignedIn(_)));
}
