//! The life of a request, as users, strangers and operators live it.

mod desk;
mod pager;

use std::sync::Arc;
use std::time::Duration;

use doorward_api::audit::EventKind;
use doorward_api::flow::{KeptSecret, Notice};
use doorward_api::ports::{Change, PushDelivery};
use doorward_api::push::{Push, PushAnswer, PushState};
use doorward_api::screen::PushView;
use doorward_api::settings::Document;
use doorward_api::template::PinType;
use doorward_api::{
    AuditEvent, CommitError, Credential, EventContext, Factor, ScreenPage, Secret, SecretBytes, Step, Target,
    TargetSettings, Template, Timestamp, TokenForm, TokenState,
};
use doorward_fakes::details;

use crate::stage::{Browser, OTP_ALONE, PASSWORD_AND_OTP, Send, Stage};
use crate::visit::{Landing, Moved, Opening, Visit};
use pager::{PAGER, PASSCODE, Pager};

/// Nothing less than an approved request.
const PUSH: &str = r#"
    @id("wiki-push")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.password && context.authn.push };
"#;

const SERVICE: &str = "https://push.example.test/1";

/// alice has a device that a push service wakes.
fn stage(policies: &str) -> Arc<Stage> {
    let stage = Stage::set_up(policies, vec![(PAGER, Arc::new(Pager))], |_| ());
    hand_out(&stage, "alice", SERVICE);
    stage
}

fn hand_out(stage: &Stage, user: &str, reached: &str) {
    stage.world.with(|rows| {
        rows.credentials.push(Credential {
            id: format!("c-{user}").into(),
            user: format!("u-{user}").into(),
            plugin: PAGER.into(),
            serial: format!("DW-{user}"),
            state: TokenState::Active,
            form: TokenForm::Software,
            label: String::new(),
            target: Some(Target::Ios),
            additional: false,
            template: Template::STANDARD_APP,
            opened: SecretBytes::new(reached.as_bytes().to_vec()),
            damaged: false,
            version: 1,
            pin: None,
            pin_version: 0,
            fails: 0,
            locked_until: None,
            created_at: crate::testing::now(),
            activated_at: Some(crate::testing::now()),
            last_used_at: None,
        });
    });
}

fn token(stage: &Stage, user: &str) -> Credential {
    let theirs = |rows: &mut doorward_fakes::Rows| {
        rows.credentials.iter().find(|token| token.id.as_str() == format!("c-{user}")).cloned()
    };
    stage.world.with(theirs).unwrap()
}

fn change(stage: &Stage, change: impl FnOnce(&mut Credential)) {
    stage.world.with(|rows| change(&mut rows.credentials[0]));
}

fn switch_off_push(stage: &Stage) {
    let mut targets = TargetSettings::of_new();
    targets.ios.push = false;
    stage.world.with(|rows| rows.set(&targets));
}

fn newest(stage: &Stage) -> Push {
    stage.world.with(|rows| rows.pushes.last().cloned()).expect("a request")
}

fn states(stage: &Stage) -> Vec<PushState> {
    stage.world.with(|rows| rows.pushes.iter().map(|push| push.state).collect())
}

fn count(stage: &Stage, kind: EventKind) -> usize {
    stage.world.kinds().into_iter().filter(|one| *one == kind).count()
}

/// What the page shows of requests.
async fn view(browser: &Browser) -> Option<PushView> {
    match browser.look().await.page {
        ScreenPage::Passcode { push, .. } | ScreenPage::FirstPasscode { push, .. } => push,
        other => panic!("not a page with passcodes but {}", other.name()),
    }
}

async fn notice(browser: &Browser) -> Option<Notice> {
    browser.look().await.notice
}

/// The number that the page shows.
async fn number(browser: &Browser) -> String {
    match view(browser).await {
        Some(PushView::Waiting { number, .. }) => number.expose().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn yes(number: &str) -> PushAnswer {
    PushAnswer::Approve { number: KeptSecret::new(&Secret::new(number)) }
}

fn at_device(stage: &Stage, now: Timestamp) -> Visit {
    Visit {
        vs: stage.vs.clone(),
        browser: None,
        session: None,
        device: None,
        address: [192, 0, 2, 7].into(),
        language: "en".into(),
        user_agent: String::new(),
        request_id: "r-2".into(),
        now,
    }
}

/// A device says something of the newest request: what it is told.
async fn answers(stage: &Stage, at: Timestamp, answer: PushAnswer) -> &'static str {
    let (visit, token) = (at_device(stage, at), token(stage, "alice"));
    let answered = stage.desk.push_answered(&visit, &token, &newest(stage).id, &answer).await.unwrap();
    let change = Change { acts: answered.acts.clone(), events: answered.events.clone() };
    stage.desk.ports.ledger.commit(&stage.vs.id, change, at).await.unwrap();
    stage.desk.push_settled(&stage.vs.id, &token.user, &answered);
    answered.result
}

/// On the passcode page, with a request sent.
async fn asking(stage: &Arc<Stage>) -> Browser {
    let mut alice = Browser::identified(stage, "alice").await;
    alice.send(Send::RequestPush).await;
    alice
}

/// Asked, and approved.
async fn approved(stage: &Arc<Stage>) -> Browser {
    let alice = asking(stage).await;
    let number = number(&alice).await;
    assert_eq!(answers(stage, alice.now, yes(&number)).await, "approved");
    alice
}

fn signed_in(moved: Moved) -> Landing {
    match moved {
        Moved::SignedIn(landing) => *landing,
        other => panic!("{other:?}"),
    }
}

/// Whatever is done behind the page's back is done.
async fn settled() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_right_number_signs_in_and_counts_as_a_passcode_too() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = Browser::identified(&stage, "alice").await;
    assert!(matches!(view(&alice).await, Some(PushView::Offered)));
    alice.send(Send::RequestPush).await;
    let number = number(&alice).await;
    assert!(number.len() == 2 && number.as_str() >= "10", "{number}");
    let Some(PushView::Waiting { until, by_hand, .. }) = view(&alice).await else { panic!() };
    assert_eq!((until.since(alice.now), by_hand), (Duration::from_secs(120), false));
    let context = newest(&stage).data.context;
    assert_eq!((context.application.as_deref(), context.address.as_str()), (Some("Wiki"), "127.0.0.1"));
    assert_eq!(context.browser, "Android");

    alice.wait(30);
    assert_eq!(answers(&stage, alice.now, yes(&format!(" {number}\n"))).await, "approved");
    assert!(matches!(view(&alice).await, Some(PushView::Approved)));
    let landing = signed_in(alice.send(Send::FinishPush(None)).await);
    assert!(landing.url.starts_with("http://wiki.localhost:8080/.doorward/enter?ticket="), "{}", landing.url);
    let proofs = stage.world.with(|rows| rows.portal_sessions("u-alice")[0].proofs);
    assert!(proofs.has(Factor::Push) && proofs.has(Factor::Otp));
    assert_eq!(proofs.otp, None, "no passcode was typed");
    assert_eq!(states(&stage), [PushState::Used]);
    use EventKind as E;
    let kinds = [E::SelfProvisioningNotOffered, E::PushSent, E::PushApproved, E::AuthSuccess, E::SessionStarted];
    assert_eq!(stage.world.kinds(), kinds);
    let success = details(&stage.world, E::AuthSuccess);
    assert_eq!((&success["factor"], &success["serial"]), (&"push".into(), &"DW-alice".into()));
    let said = details(&stage.world, E::PushApproved);
    assert_eq!((&said["serial"], &said["purpose"]), (&"DW-alice".into(), &"sign_in".into()));
    assert!(!format!("{:?}", stage.world.with(|rows| rows.events.clone())).contains(&format!("\"{number}\"")));
}

#[tokio::test]
async fn a_wrong_number_ends_it_and_there_is_no_second_guess() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = asking(&stage).await;
    let right = number(&alice).await;
    let wrong = if right == "47" { "48" } else { "47" };
    assert_eq!(answers(&stage, alice.now, yes(wrong)).await, "mismatched");
    assert_eq!(answers(&stage, alice.now, yes(&right)).await, "over");
    assert_eq!(notice(&alice).await, Some(Notice::PushMismatched), "the page says so by itself");
    assert!(matches!(view(&alice).await, Some(PushView::Offered)));
    alice.send(Send::FinishPush(None)).await;
    assert_eq!(notice(&alice).await, Some(Notice::PushMismatched));
    assert_eq!(count(&stage, EventKind::PushNumberMismatch), 1);
    assert!(stage.world.with(|rows| rows.portal_sessions("u-alice").is_empty()));
}

#[tokio::test]
async fn a_denied_one_is_told_and_another_can_be_sent() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = asking(&stage).await;
    assert_eq!(answers(&stage, alice.now, PushAnswer::Deny).await, "denied");
    alice.send(Send::FinishPush(None)).await;
    assert_eq!(notice(&alice).await, Some(Notice::PushDenied));
    alice.wait(10);
    alice.send(Send::RequestPush).await;
    assert_eq!((notice(&alice).await, states(&stage)), (None, vec![PushState::Denied, PushState::Pending]));
}

#[tokio::test]
async fn after_a_report_nobody_is_asked_for_a_day() {
    let stage = stage(PASSWORD_AND_OTP);
    let stranger = asking(&stage).await;
    assert_eq!(answers(&stage, stranger.now, PushAnswer::Report).await, "reported");
    assert_eq!(count(&stage, EventKind::PushReported), 1);
    let mut alice = Browser::new(&stage);
    for (secs, asked) in [(0, false), (86_398, false), (2, true)] {
        alice.wait(secs);
        alice.name(Some("/page?x=1"), "alice").await;
        alice.send(Send::Password("password of alice".into())).await;
        alice.send(Send::RequestPush).await;
        assert_eq!(newest(&stage).state == PushState::Pending, asked, "after {secs} more");
    }
}

#[tokio::test]
async fn two_requests_lie_ten_seconds_apart_and_one_is_pending_at_the_most() {
    let stage = stage(PASSWORD_AND_OTP);
    let first = asking(&stage).await;
    let mut second = asking(&stage).await;
    let end = first.now + Duration::from_secs(120);
    assert_eq!(notice(&second).await, Some(Notice::PushOff { until: end }), "one waits already");
    answers(&stage, first.now, PushAnswer::Deny).await;
    second.wait(9);
    second.send(Send::RequestPush).await;
    let until = first.now + Duration::from_secs(10);
    assert_eq!(notice(&second).await, Some(Notice::PushOff { until }));
    second.wait(1);
    second.send(Send::RequestPush).await;
    assert_eq!(states(&stage), [PushState::Denied, PushState::Pending]);
    second.send(Send::RequestPush).await;
    assert_eq!((notice(&second).await, states(&stage).len()), (None, 2), "clicked twice is asked once");
}

#[tokio::test]
async fn three_that_nobody_answers_are_enough_for_a_while_and_the_passcode_stays() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = Browser::identified(&stage, "alice").await;
    for _ in 0..3 {
        alice.send(Send::RequestPush).await;
        alice.wait(121);
    }
    assert_eq!(states(&stage).len(), 3);
    let until = newest(&stage).created_at + Duration::from_mins(15);
    assert!(matches!(view(&alice).await, Some(PushView::Off { until: shown }) if shown == until));
    for _ in 0..3 {
        alice.send(Send::RequestPush).await;
        assert_eq!(notice(&alice).await, Some(Notice::PushOff { until }));
    }
    assert_eq!(count(&stage, EventKind::PushThrottled), 1, "told once");
    assert_eq!(details(&stage.world, EventKind::PushThrottled)["reason"], "unanswered");
    assert_eq!((states(&stage).len(), count(&stage, EventKind::PushSent)), (3, 3));
    signed_in(alice.send(Send::Passcode(PASSCODE.into())).await);
}

#[tokio::test]
async fn fifty_sign_ins_ring_three_times_even_when_each_is_given_up() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut stranger = Browser::new(&stage);
    for _ in 0..50 {
        stranger.name(Some("/page?x=1"), "alice").await;
        stranger.send(Send::Password("password of alice".into())).await;
        stranger.send(Send::RequestPush).await;
        stranger.send(Send::CancelPush).await;
        stranger.wait(12);
    }
    assert_eq!(states(&stage), [PushState::Cancelled; 3]);
}

#[tokio::test]
async fn only_the_browser_that_asked_takes_the_answer() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut stranger = Browser::identified(&stage, "alice").await;
    let alice = approved(&stage).await;
    let moved = stranger.send(Send::FinishPush(None)).await;
    assert!(matches!(moved, Moved::ToStep { .. }), "{moved:?}");
    // Not even with the request in its own flow, or with the other's form.
    stage.world.with(|rows| rows.flows[0].data.push = rows.flows[1].data.push.clone());
    assert!(matches!(view(&stranger).await, Some(PushView::Offered)));
    let moved = stranger.send(Send::FinishPush(None)).await;
    assert!(matches!(moved, Moved::ToStep { .. }), "{moved:?}");
    let form = alice.form().await;
    let moved = stranger.send_form(&form, Send::FinishPush(None)).await;
    assert!(matches!(moved, Moved::ToStep { .. }), "{moved:?}");
    assert!(stage.world.with(|rows| rows.portal_sessions("u-alice").is_empty()));
    let mut alice = alice;
    signed_in(alice.send(Send::FinishPush(None)).await);
}

#[tokio::test]
async fn one_that_has_run_out_is_answered_no_more() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = asking(&stage).await;
    let number = number(&alice).await;
    alice.wait(120);
    assert_eq!(answers(&stage, alice.now, yes(&number)).await, "over");
    assert_eq!(notice(&alice).await, Some(Notice::PushExpired));
    alice.send(Send::FinishPush(None)).await;
    assert_eq!(notice(&alice).await, Some(Notice::PushExpired));
    assert!(matches!(view(&alice).await, Some(PushView::Offered)));
}

#[tokio::test]
async fn an_approval_that_nobody_takes_is_no_good_for_ever() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = approved(&stage).await;
    alice.wait(300);
    alice.send(Send::FinishPush(None)).await;
    assert_eq!(notice(&alice).await, Some(Notice::PushExpired));
}

#[tokio::test]
async fn an_answer_is_given_once_and_taken_once() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = approved(&stage).await;
    assert_eq!(answers(&stage, alice.now, PushAnswer::Deny).await, "over");
    assert_eq!(answers(&stage, alice.now, yes("47")).await, "over");
    let form = alice.form().await;
    let mut tab = alice.tab();
    signed_in(alice.send_form(&form, Send::FinishPush(None)).await);
    let moved = tab.send_form(&form, Send::FinishPush(None)).await;
    assert!(matches!(moved, Moved::GoOn { .. }), "{moved:?}");
    assert_eq!(stage.world.with(|rows| rows.portal_sessions("u-alice").len()), 1);
    assert_eq!(answers(&stage, alice.now, yes("47")).await, "over", "used up");
}

#[tokio::test]
async fn of_two_devices_at_the_same_moment_one_is_heard() {
    let stage = stage(PASSWORD_AND_OTP);
    let alice = asking(&stage).await;
    let (visit, token, push) = (at_device(&stage, alice.now), token(&stage, "alice"), newest(&stage).id);
    let mut both = Vec::new();
    for answer in [PushAnswer::Deny, yes(&number(&alice).await)] {
        both.push(stage.desk.push_answered(&visit, &token, &push, &answer).await.unwrap());
    }
    let mut heard = Vec::new();
    for answered in both {
        let change = Change { acts: answered.acts, events: answered.events };
        heard.push(stage.desk.ports.ledger.commit(&stage.vs.id, change, alice.now).await);
    }
    assert!(matches!(heard[..], [Ok(()), Err(CommitError::Lost { what: "push_move", .. })]), "{heard:?}");
    assert_eq!(states(&stage), [PushState::Denied]);
}

#[tokio::test]
async fn another_users_device_has_no_say() {
    let stage = stage(PASSWORD_AND_OTP);
    hand_out(&stage, "bob", SERVICE);
    let alice = asking(&stage).await;
    let (visit, push) = (at_device(&stage, alice.now), newest(&stage).id);
    let number = number(&alice).await;
    let answered = stage.desk.push_answered(&visit, &token(&stage, "bob"), &push, &yes(&number)).await.unwrap();
    assert_eq!((answered.result, answered.acts.len()), ("over", 0));
}

#[tokio::test]
async fn a_token_that_is_held_midway_opens_nothing() {
    for held in [
        (|token: &mut Credential| token.state = TokenState::Suspended) as fn(&mut Credential),
        |token| token.locked_until = Some(token.created_at + Duration::from_hours(1)),
        |token| token.state = TokenState::LockedPin,
    ] {
        let before = stage(PASSWORD_AND_OTP);
        let alice = asking(&before).await;
        let number = number(&alice).await;
        change(&before, held);
        assert_eq!(answers(&before, alice.now, yes(&number)).await, "over");

        let after = stage(PASSWORD_AND_OTP);
        let mut alice = approved(&after).await;
        change(&after, held);
        alice.send(Send::FinishPush(None)).await;
        assert_eq!(notice(&alice).await, Some(Notice::PushUnavailable));
        assert!(after.world.with(|rows| rows.portal_sessions("u-alice").is_empty()));
        assert_eq!(states(&after), [PushState::Approved], "and is never used");
    }
}

#[tokio::test]
async fn a_token_that_is_written_over_meanwhile_signs_in_all_the_same() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = approved(&stage).await;
    change(&stage, |token| token.version += 1);
    signed_in(alice.send(Send::FinishPush(None)).await);
}

#[tokio::test]
async fn a_dead_push_service_leaves_the_passcode_and_the_open_app() {
    for says in [PushDelivery::Unreachable, PushDelivery::Refused { status: 500 }] {
        let stage = stage(PASSWORD_AND_OTP);
        *stage.world.push_service.lock().unwrap() = Some(says);
        let mut alice = asking(&stage).await;
        settled().await;
        assert_eq!(stage.world.woken.lock().unwrap().len(), 1);
        assert_eq!(notice(&alice).await, None);
        let pending = stage.desk.pending_of(&stage.vs.id, &"u-alice".into(), alice.now).await.unwrap();
        assert_eq!(pending.len(), 1, "an app that is open finds it");
        signed_in(alice.send(Send::Passcode(PASSCODE.into())).await);
        assert_eq!(states(&stage), [PushState::Cancelled], "and it is withdrawn");
        assert_eq!(details(&stage.world, EventKind::PushCancelled)["reason"], "proved_otherwise");
    }
}

#[tokio::test]
async fn a_subscription_that_is_gone_is_forgotten_and_another_one_is_not() {
    let stage = stage(PASSWORD_AND_OTP);
    *stage.world.push_service.lock().unwrap() = Some(PushDelivery::Gone);
    let alice = asking(&stage).await;
    settled().await;
    let wake = stage.world.woken.lock().unwrap()[0].clone();
    assert_eq!(wake.endpoint.expose(), SERVICE);
    let opens = format!("http://authenticator.localhost:8080/a/?push={}", newest(&stage).id);
    assert_eq!(String::from_utf8(wake.body).unwrap(), opens);
    assert_eq!(token(&stage, "alice").opened.expose(), b"open");
    assert!(matches!(view(&alice).await, Some(PushView::Waiting { by_hand: true, .. })));

    let other = Stage::set_up(PASSWORD_AND_OTP, vec![(PAGER, Arc::new(Pager))], |_| ());
    hand_out(&other, "alice", SERVICE);
    *other.world.push_service.lock().unwrap() = Some(PushDelivery::Gone);
    asking(&other).await;
    change(&other, |token| {
        token.opened = SecretBytes::new(b"https://push.example.test/2".to_vec());
        token.version += 1;
    });
    settled().await;
    assert_eq!(token(&other, "alice").opened.expose(), b"https://push.example.test/2");
}

#[tokio::test]
async fn whoever_waits_hears_of_it_at_once() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut device = stage.desk.awaiting_push(&stage.vs.id, &"u-alice".into());
    let begun = tokio::time::Instant::now();
    let alice = asking(&stage).await;
    device.rung(Duration::from_secs(25)).await;
    answers(&stage, alice.now, PushAnswer::Deny).await;
    device.rung(Duration::from_secs(25)).await;
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn before_a_password_nobody_is_asked_and_nothing_tells_who_has_a_device() {
    let stage = stage(OTP_ALONE);
    for name in ["alice", "bob", "nobody"] {
        let mut browser = Browser::new(&stage);
        browser.name(Some("/page?x=1"), name).await;
        if name == "bob" {
            continue; // without a token, he is offered one
        }
        assert!(view(&browser).await.is_none(), "{name}");
        browser.send(Send::RequestPush).await;
        assert_eq!(notice(&browser).await, Some(Notice::StaleForm), "{name}");
    }
    assert!(states(&stage).is_empty());
}

#[tokio::test]
async fn who_cannot_be_asked_is_not_offered_it() {
    type Set = fn(&Stage);
    let never: Set = |stage| change(stage, |token| token.opened = SecretBytes::new(b"never".to_vec()));
    let no_platform: Set = |stage| change(stage, |token| token.target = None);
    for (why, set) in
        [("its user wants none", never), ("nothing is known of it", no_platform), ("switched off", switch_off_push)]
    {
        let stage = stage(PASSWORD_AND_OTP);
        set(&stage);
        let mut alice = Browser::identified(&stage, "alice").await;
        assert!(view(&alice).await.is_none(), "{why}");
        alice.send(Send::RequestPush).await;
        assert_eq!(notice(&alice).await, Some(Notice::PushUnavailable), "{why}");
        assert!(states(&stage).is_empty(), "{why}");
    }
}

#[tokio::test]
async fn push_that_is_switched_off_midway_takes_no_answer() {
    let stage = stage(PASSWORD_AND_OTP);
    let alice = asking(&stage).await;
    let number = number(&alice).await;
    switch_off_push(&stage);
    assert_eq!(answers(&stage, alice.now, yes(&number)).await, "over");
}

#[tokio::test]
async fn what_was_asked_is_withdrawn_with_the_sign_in() {
    for leave in [Send::Cancel, Send::Switch, Send::CancelPush] {
        let stage = stage(PASSWORD_AND_OTP);
        let mut alice = asking(&stage).await;
        let number = number(&alice).await;
        alice.send(leave).await;
        assert_eq!(states(&stage), [PushState::Cancelled]);
        assert_eq!(answers(&stage, alice.now, yes(&number)).await, "over");
        assert_eq!(count(&stage, EventKind::PushCancelled), 1);
    }
}

#[tokio::test]
async fn an_approval_that_is_withdrawn_signs_nobody_in() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = approved(&stage).await;
    alice.send(Send::CancelPush).await;
    assert!(matches!(view(&alice).await, Some(PushView::Offered)));
    let moved = alice.send(Send::FinishPush(None)).await;
    assert!(matches!(moved, Moved::ToStep { .. }), "{moved:?}");
}

#[tokio::test]
async fn where_the_policies_want_a_request_approved_a_passcode_is_not_enough() {
    let stage = stage(PUSH);
    let mut alice = Browser::identified(&stage, "alice").await;
    assert_eq!(notice(&alice).await, Some(Notice::PushNeeded));
    alice.send(Send::Passcode(PASSCODE.into())).await;
    assert_eq!((alice.page_name().await, notice(&alice).await), ("passcode", Some(Notice::PushNeeded)));
    alice.send(Send::RequestPush).await;
    let number = number(&alice).await;
    answers(&stage, alice.now, yes(&number)).await;
    signed_in(alice.send(Send::FinishPush(None)).await);
}

#[tokio::test]
async fn a_session_is_raised_by_a_request() {
    let stage = stage(PUSH);
    let mut alice = Browser::new(&stage);
    alice.name(None, "alice").await;
    signed_in(alice.send(Send::Password("password of alice".into())).await);
    assert!(matches!(alice.open(Some("/page?x=1")).await, Opening::Raise { .. }));
    assert_eq!((alice.page_name().await, notice(&alice).await), ("passcode", Some(Notice::PushNeeded)));
    alice.send(Send::RequestPush).await;
    let number = number(&alice).await;
    answers(&stage, alice.now, yes(&number)).await;
    signed_in(alice.send(Send::FinishPush(None)).await);
    assert_eq!(count(&stage, EventKind::SessionLevelRaised), 1);
}

#[tokio::test]
async fn who_has_no_device_may_enrol_one_and_who_has_another_token_stands_outside() {
    let stage = stage(PUSH);
    let bob = Browser::identified(&stage, "bob").await;
    assert_eq!(bob.page_name().await, "need_authenticator");
    let mut alice = Browser::new(&stage);
    change(&stage, |token| token.opened = SecretBytes::new(b"never".to_vec()));
    alice.name(Some("/page?x=1"), "alice").await;
    let moved = alice.send(Send::Password("password of alice".into())).await;
    assert!(matches!(moved, Moved::Denied(_)), "{moved:?}");
    alice.name(None, "alice").await;
    signed_in(alice.send(Send::Password("password of alice".into())).await);
    assert!(matches!(alice.open(Some("/page?x=1")).await, Opening::Denied(_)));
}

/// On the first page of a new token that its device has put in use.
async fn first_page(stage: &Arc<Stage>) -> Browser {
    let mut bob = Browser::installing(stage, "bob").await;
    bob.send(Send::Continue).await;
    stage.world.with(|rows| {
        let token = rows.credentials.last_mut().unwrap();
        (token.plugin, token.state) = (PAGER.into(), TokenState::Active);
        (token.opened, token.activated_at) = (SecretBytes::new(SERVICE.into()), Some(bob.now));
        let activated = AuditEvent::new(EventKind::TokenActivated, EventContext::default());
        rows.events.push(activated.with("serial", token.serial.as_str()));
    });
    bob
}

#[tokio::test]
async fn a_new_token_is_confirmed_by_its_first_request() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut bob = first_page(&stage).await;
    assert_eq!(bob.page_name().await, "first_passcode");
    assert!(matches!(view(&bob).await, Some(PushView::Offered)));
    bob.send(Send::RequestPush).await;
    let number = number(&bob).await;
    let theirs = stage.world.with(|rows| rows.credentials.last().cloned()).unwrap();
    let visit = at_device(&stage, bob.now);
    let answered = stage.desk.push_answered(&visit, &theirs, &newest(&stage).id, &yes(&number)).await.unwrap();
    let change = Change { acts: answered.acts, events: answered.events };
    stage.desk.ports.ledger.commit(&stage.vs.id, change, bob.now).await.unwrap();
    signed_in(bob.send(Send::FinishPush(None)).await);
    assert_eq!(details(&stage.world, EventKind::EnrollmentConfirmed)["method"], "push");
    assert_eq!(stage.world.with(|rows| rows.flows.last().unwrap().step), Step::Confirmed);
}

#[tokio::test]
async fn a_pin_that_the_server_checks_is_asked_for_beside_an_approval() {
    let stage = stage(PASSWORD_AND_OTP);
    let hash = stage.desk.ports.passwords.hash(Secret::new("2580")).await.unwrap();
    change(&stage, |token| {
        token.template = Template { pin: PinType::ServerSide, ..Template::STANDARD_APP };
        token.pin = Some(doorward_api::credential::ServerPin {
            hash,
            set_at: token.created_at,
            must_change: false,
            history: Vec::new(),
        });
    });
    let mut alice = approved(&stage).await;
    alice.send(Send::FinishPush(None)).await;
    assert_eq!(notice(&alice).await, Some(Notice::Empty));
    alice.send(Send::FinishPush(Some("1111"))).await;
    assert_eq!(notice(&alice).await, Some(Notice::PasscodeNotAccepted { times: 1 }));
    assert_eq!(token(&stage, "alice").fails, 1, "counted as one that is typed with a passcode");
    assert!(matches!(view(&alice).await, Some(PushView::Approved)), "and the approval stands");
    signed_in(alice.send(Send::FinishPush(Some(" 2580 "))).await);
    assert_eq!(token(&stage, "alice").fails, 0);
}

#[tokio::test]
async fn a_pin_that_must_be_changed_is_changed_before_the_approval_counts() {
    let stage = stage(PUSH);
    let hash = stage.desk.ports.passwords.hash(Secret::new("2580")).await.unwrap();
    change(&stage, |token| {
        token.template = Template { pin: PinType::ServerSide, ..Template::STANDARD_APP };
        token.pin = Some(doorward_api::credential::ServerPin {
            hash,
            set_at: token.created_at,
            must_change: true,
            history: Vec::new(),
        });
    });
    let mut alice = approved(&stage).await;
    alice.send(Send::FinishPush(Some("2580"))).await;
    assert_eq!(alice.page_name().await, "new_pin");
    assert_eq!(states(&stage), [PushState::Used]);
    signed_in(alice.send(Send::NewPin("9174".into(), "9174".into())).await);
}
