//! What somebody does with their own authenticator, and what a session alone is not enough for.

use std::time::Duration;

use doorward_api::SelfProvisioning;
use doorward_api::credential::ServerPin;
use doorward_api::settings::{Document, Lockout};
use doorward_fakes::details;
use tokio::join;

mod passkeys;
mod recovery;
mod several;

use super::*;
use crate::signin::passcode_tries;
use crate::stage::{Browser, PASSWORD_AND_OTP, Send, Stage};
use crate::toy_app::{ToyApp, activated};
use crate::visit::Moved;

/// Somebody signed in with a token of their own, a minute after.
struct Story {
    stage: Arc<Stage>,
    owner: Owner,
    browser: Browser,
    id: CredentialId,
}

impl Story {
    async fn of(user: &str) -> Self {
        Self::on(&Stage::set(PASSWORD_AND_OTP), user).await
    }

    async fn on(stage: &Arc<Stage>, user: &str) -> Self {
        let (mut browser, _) = Browser::enrolled(stage, user).await;
        browser.wait(60);
        let owner = Owner::new(stage.desk.clone());
        let id = owner.tokens(&browser.visit()).await.unwrap()[0].id.clone();
        Self { stage: stage.clone(), owner, browser, id }
    }

    /// With a PIN on the server.
    async fn with_pin(pin: &str, policy: ServerPinPolicy) -> Self {
        let story = Self::of("alice").await;
        let hash = story.stage.desk.ports.passwords.hash(Secret::new(pin)).await.unwrap();
        story.stage.world.with(|rows| {
            rows.set(&policy);
            let token = &mut rows.credentials[0];
            token.template.pin = PinType::ServerSide;
            token.pin = Some(ServerPin { hash, set_at: crate::testing::now(), must_change: false, history: vec![] });
        });
        story
    }

    fn passcode(&self) -> String {
        self.passcode_in(0)
    }

    /// Of so many steps ahead.
    fn passcode_in(&self, steps: u64) -> String {
        self.stage.passcode("u-alice", self.browser.now + Duration::from_secs(30 * steps))
    }

    async fn test(&self, typed: &str) -> Result<(), OwnError> {
        self.owner.test(&self.browser.visit(), &self.id, &Secret::new(typed)).await
    }

    async fn resync(&self, first: &str, second: &str) -> Result<(), OwnError> {
        self.owner.resync(&self.browser.visit(), &self.id, [&Secret::new(first), &Secret::new(second)]).await
    }

    async fn change_pin(&self, typed: &str, pin: &str, again: &str) -> Result<(), OwnError> {
        let form = PinForm { typed: Secret::new(typed), pin: Secret::new(pin), again: Secret::new(again) };
        self.owner.change_pin(&self.browser.visit(), &self.id, &form).await
    }

    async fn seen(&self) -> OwnToken {
        self.owner.token(&self.browser.visit(), &self.id).await.unwrap()
    }

    /// Whether this is a passcode with which one signs in.
    async fn opens(&self, typed: &str) -> bool {
        let mut browser = Browser::new(&self.stage);
        browser.now = self.browser.now;
        browser.name(Some("/page?x=1"), "alice").await;
        browser.send(Send::Password("password of alice".into())).await;
        matches!(browser.send(Send::Passcode(typed.into())).await, Moved::SignedIn(_))
    }

    fn kinds(&self) -> Vec<EventKind> {
        self.stage.world.kinds()
    }
}

#[track_caller]
fn refused(outcome: Result<(), OwnError>) -> Refusal {
    match outcome {
        Err(OwnError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn somebody_sees_their_own_authenticator_and_nobody_elses() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (alice, bob) = (Story::on(&stage, "alice").await, Story::on(&stage, "bob").await);
    let seen = alice.owner.tokens(&alice.browser.visit()).await.unwrap();
    assert_eq!((seen.len(), seen[0].state, seen[0].target), (1, OwnState::Active, Some(Target::Android)));
    assert!(seen[0].can_prove() && seen[0].can_be_lost() && seen[0].pin_rules.is_none());

    let (visit, code, records) = (bob.browser.visit(), Secret::new(alice.passcode()), stage.world.kinds().len());
    let form = PinForm { typed: code.clone(), pin: Secret::new("2468"), again: Secret::new("2468") };
    let answers = [
        bob.owner.token(&visit, &alice.id).await.map(drop),
        bob.owner.rename(&visit, &alice.id, "mine now").await,
        bob.owner.test(&visit, &alice.id, &code).await,
        bob.owner.resync(&visit, &alice.id, [&code, &code]).await,
        bob.owner.change_pin(&visit, &alice.id, &form).await,
        bob.owner.report_lost(&visit, &alice.id).await.map(drop),
        bob.owner.token(&visit, &"c-none".into()).await.map(drop),
    ];
    for answer in answers {
        assert!(matches!(answer, Err(OwnError::NotFound)), "{answer:?}");
    }
    assert_eq!(stage.world.kinds().len(), records, "nothing has happened");
    assert!(alice.opens(&alice.passcode()).await, "nor was her passcode used up");
}

#[tokio::test]
async fn whoever_is_not_signed_in_does_nothing() {
    let story = Story::of("alice").await;
    let visit = Browser::new(&story.stage).visit();
    let code = Secret::new(story.passcode());
    let answers = [
        story.owner.tokens(&visit).await.map(drop),
        story.owner.rename(&visit, &story.id, "x").await,
        story.owner.test(&visit, &story.id, &code).await,
        story.owner.report_lost(&visit, &story.id).await.map(drop),
        story.owner.sign_out_everywhere(&visit).await.map(drop),
    ];
    for answer in answers {
        assert!(matches!(answer, Err(OwnError::SignedOut)), "{answer:?}");
    }
    assert_eq!(story.seen().await.state, OwnState::Active);
}

#[tokio::test]
async fn a_name_is_given_and_taken_away_again() {
    let story = Story::of("alice").await;
    let visit = story.browser.visit();
    let rename = async |label: &str| story.owner.rename(&visit, &story.id, label).await;
    rename("  My phone ").await.unwrap();
    assert_eq!(story.seen().await.label, "My phone");
    let record = details(&story.stage.world, EventKind::TokenRenamed);
    assert_eq!((&record["actor"], record["serial"].as_str()), (&"user".into(), Some(&*story.seen().await.serial)));
    let records = story.kinds().len();
    rename("My phone").await.unwrap();
    assert_eq!(refused(rename(&"x".repeat(65)).await), Refusal::LabelTooLong { max: 64 });
    for odd in ["my\nphone", "my\u{202e}phone"] {
        assert_eq!(refused(rename(odd).await), Refusal::LabelText);
    }
    assert_eq!((story.kinds().len(), story.seen().await.label.as_str()), (records, "My phone"));
    rename(" ").await.unwrap();
    assert_eq!(story.seen().await.label, "");
}

#[tokio::test]
async fn a_passcode_that_was_tested_is_used_up() {
    let story = Story::of("alice").await;
    let code = story.passcode();
    story.test(&code).await.unwrap();
    let record = details(&story.stage.world, EventKind::TokenTested);
    assert_eq!((&record["result"], &record["actor"]), (&"right".into(), &"user".into()));
    assert!(!story.opens(&code).await, "it signs nobody in any more");
    assert_eq!(refused(story.test(&code).await), Refusal::Passcode(Notice::PasscodeUsed));
    assert!(story.kinds().contains(&EventKind::PasscodeReused));
    assert_eq!(refused(story.test("").await), Refusal::Passcode(Notice::Empty));
    let records = story.stage.world.with(|rows| format!("{:?}", rows.events));
    assert!(!records.contains(&code), "no record holds a passcode");
}

#[tokio::test]
async fn of_two_tests_of_one_passcode_at_the_same_moment_one_succeeds() {
    let story = Story::of("alice").await;
    let code = story.passcode();
    let (one, other) = join!(story.test(&code), story.test(&code));
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1, "{one:?}, {other:?}");
}

#[tokio::test]
async fn wrong_passcodes_are_counted_together_with_those_of_sign_ins_and_lock() {
    let story = Story::of("alice").await;
    for _ in 0..5 {
        assert!(!story.opens("wrong").await);
    }
    for times in 6..=9 {
        assert_eq!(refused(story.test("wrong").await), Refusal::Passcode(Notice::PasscodeNotAccepted { times }));
    }
    let until = story.browser.now + Duration::from_mins(15);
    assert_eq!(refused(story.test("wrong").await), Refusal::Passcode(Notice::Locked { until }), "the tenth");
    let record = details(&story.stage.world, EventKind::TokenLocked);
    assert_eq!((&record["actor"], &record["to"]), (&"system".into(), &"locked".into()));
    assert_eq!(story.seen().await.state, OwnState::Locked { until });
    assert!(!story.seen().await.can_prove());

    let code = story.passcode();
    assert_eq!(refused(story.test(&code).await), Refusal::Passcode(Notice::Locked { until }), "a right one waits, too");
    assert_eq!(refused(story.resync(&code, &story.passcode_in(1)).await), Refusal::Passcode(Notice::Locked { until }));
    assert!(!story.opens(&code).await, "nor does it sign in");
}

#[tokio::test]
async fn of_many_wrong_passcodes_at_the_same_moment_no_more_are_looked_at_than_may_fail() {
    let story = Story::of("alice").await;
    let tests: Vec<_> = (0..40).map(|_| story.test("wrong")).collect();
    let mut looked_at = 0;
    for outcome in futures_of(tests).await {
        looked_at += u32::from(!matches!(refused(outcome), Refusal::Passcode(Notice::Locked { .. })));
    }
    assert!(looked_at <= Lockout::of_new().token_failures, "{looked_at}");
    let tested = story.kinds().iter().filter(|kind| **kind == EventKind::TokenTested).count();
    assert_eq!(tested, 10, "the tenth is looked at and locks");
}

/// All of them at once, on this one thread.
async fn futures_of<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        let mut all = true;
        for (future, outcome) in &mut running {
            if outcome.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(ready) => *outcome = Some(ready),
                    std::task::Poll::Pending => all = false,
                }
            }
        }
        if all {
            std::task::Poll::Ready(running.iter_mut().map(|(_, outcome)| outcome.take().unwrap()).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn a_right_test_forgets_what_failed_before() {
    let story = Story::of("alice").await;
    for _ in 0..8 {
        refused(story.test("wrong").await);
    }
    story.test(&story.passcode()).await.unwrap();
    assert_eq!(refused(story.test("wrong").await), Refusal::Passcode(Notice::PasscodeNotAccepted { times: 1 }));
}

#[tokio::test]
async fn a_token_that_has_run_away_is_found_again_by_two_passcodes_in_a_row() {
    let story = Story::of("alice").await;
    let (first, second) = (story.passcode_in(500), story.passcode_in(501));
    assert!(!story.opens(&first).await);
    assert_eq!(refused(story.resync("", &second).await), Refusal::Passcode(Notice::Empty));
    assert_eq!(refused(story.resync(&first, "").await), Refusal::SecondEmpty);
    assert_eq!(refused(story.resync(&first, &story.passcode_in(502)).await), Refusal::NotFoundAgain);
    assert_eq!(details(&story.stage.world, EventKind::TokenResynced)["result"], "not_found");
    let fails = || story.stage.world.with(|rows| rows.credentials[0].fails);
    assert_eq!(fails(), 2, "what is no pair is a failure");
    story.resync(&first, &second).await.unwrap();
    let record = details(&story.stage.world, EventKind::TokenResynced);
    assert_eq!((&record["result"], &record["actor"]), (&"found".into(), &"user".into()));
    assert_eq!(fails(), 2, "and none is forgotten by a pair");
    assert_eq!(refused(story.resync(&first, &second).await), Refusal::Passcode(Notice::PasscodeUsed));
}

#[tokio::test]
async fn pairs_of_passcodes_are_no_way_to_guess_either() {
    let story = Story::of("alice").await;
    for _ in 0..9 {
        assert_eq!(refused(story.resync("000000", "111111").await), Refusal::NotFoundAgain);
    }
    assert!(matches!(refused(story.resync("000000", "111111").await), Refusal::Passcode(Notice::Locked { .. })));
    assert!(story.kinds().contains(&EventKind::TokenLocked));
}

#[tokio::test]
async fn a_pin_is_changed_by_who_knows_it_and_has_the_token() {
    for order in [PinOrder::Prepend, PinOrder::Append] {
        let story = Story::with_pin("4821", ServerPinPolicy { order, ..ServerPinPolicy::of_new() }).await;
        let with = |pin: &str, code: &str| match order {
            PinOrder::Prepend => format!("{pin}{code}"),
            PinOrder::Append => format!("{code}{pin}"),
        };
        let seen = story.seen().await;
        assert_eq!((seen.pin_order, seen.pin_rules.map(|rules| rules.min_length)), (Some(order), Some(4)));
        story.change_pin(&with("4821", &story.passcode()), "7355", "7355").await.unwrap();
        let record = details(&story.stage.world, EventKind::PinChanged);
        assert_eq!((&record["actor"], &record["where"]), (&"user".into(), &"server".into()));
        let later = story.passcode_in(1);
        assert!(!story.opens(&with("4821", &later)).await, "the old one is over");
        let latest = Story { browser: moved_on(&story.browser, 120), ..story };
        assert!(latest.opens(&with("7355", &latest.passcode())).await);
        let records = latest.stage.world.with(|rows| format!("{:?}", rows.events));
        assert!(!records.contains("7355") && !records.contains("4821"));
    }
}

fn moved_on(browser: &Browser, secs: u64) -> Browser {
    let mut later = browser.tab();
    later.wait(secs);
    later
}

#[tokio::test]
async fn a_new_pin_that_breaks_a_rule_costs_no_passcode() {
    let story = Story::with_pin("4821", ServerPinPolicy::of_new()).await;
    let typed = format!("4821{}", story.passcode());
    for (pin, again, rule) in [
        ("", "", "pin.empty"),
        ("12", "12", "pin.too_short"),
        ("123456789", "123456789", "pin.too_long"),
        ("1111", "1111", "pin.trivial"),
        ("ä735", "ä735", "pin.charset"),
        ("7355", "7356", "pin.differs"),
    ] {
        assert!(matches!(refused(story.change_pin(&typed, pin, again).await), Refusal::Pin(_)), "{pin}");
        let record = details(&story.stage.world, EventKind::PinRejected);
        assert_eq!((record["ruleBroken"].as_str(), &record["actor"]), (Some(rule), &"user".into()));
    }
    story.change_pin(&typed, "7355", "7355").await.unwrap();
}

#[tokio::test]
async fn a_pin_that_was_used_before_is_refused_to_its_owner_and_told_to_nobody_else() {
    let mut story = Story::with_pin("4821", ServerPinPolicy::of_new()).await;
    story.change_pin(&format!("4821{}", story.passcode()), "7355", "7355").await.unwrap();
    for (known, old) in [("7355", "4821"), ("7355", "7355")] {
        story.browser.wait(60);
        let guessed = story.change_pin(&format!("0000{}", story.passcode()), old, old).await;
        assert!(matches!(refused(guessed), Refusal::Passcode(Notice::PasscodeNotAccepted { .. })), "it is not said");
        story.browser.wait(60);
        let typed = format!("{known}{}", story.passcode());
        assert_eq!(refused(story.change_pin(&typed, old, old).await), Refusal::Pin(Notice::PinUsedBefore));
        assert_eq!(details(&story.stage.world, EventKind::PinRejected)["ruleBroken"], "pin.history");
        assert_eq!(refused(story.change_pin(&typed, "9513", "9513").await), Refusal::Passcode(Notice::PasscodeUsed));
    }
}

#[tokio::test]
async fn guesses_of_the_pin_lock_and_pairs_of_passcodes_open_no_further_ones() {
    let mut story = Story::with_pin("4821", ServerPinPolicy::of_new()).await;
    for n in 0..4 {
        story.browser.wait(60);
        let guess = format!("{n:04}{}", story.passcode());
        let refusal = refused(story.change_pin(&guess, "7355", "7355").await);
        assert!(matches!(refusal, Refusal::Passcode(Notice::PasscodeNotAccepted { .. })), "{refusal:?}");
    }
    let record = details(&story.stage.world, EventKind::PinRejected);
    assert_eq!(record["ruleBroken"], "pin.not_proved.wrong");
    story.browser.wait(60);
    story.resync(&story.passcode(), &story.passcode_in(1)).await.unwrap();
    for n in 4..9 {
        story.browser.wait(60);
        refused(story.test(&format!("{n:04}{}", story.passcode())).await);
    }
    story.browser.wait(60);
    let right = format!("4821{}", story.passcode());
    assert!(matches!(refused(story.test(&right).await), Refusal::Passcode(Notice::Locked { .. })));
    let tries = story.stage.world.with(|rows| rows.meters.get(&passcode_tries(&story.id)).map(|(count, _)| *count));
    assert_eq!(tries, Some(10), "nine guesses and a pair");
}

#[tokio::test]
async fn a_token_without_a_pin_on_the_server_has_none_to_change() {
    let story = Story::of("alice").await;
    assert_eq!(refused(story.change_pin(&story.passcode(), "7355", "7355").await), Refusal::NotNow);
    assert!(story.opens(&story.passcode()).await);
}

#[tokio::test]
async fn a_token_that_answers_questions_is_not_tested_without_one() {
    let story = Story::of("alice").await;
    story.stage.world.with(|rows| rows.credentials[0].template.mode = Mode::ChallengeResponse);
    let seen = story.seen().await;
    assert!(seen.answers && !seen.can_prove() && seen.can_be_lost());
    assert_eq!(refused(story.test(&story.passcode()).await), Refusal::NotNow);
}

/// One of an app that others have made (privacyIDEA).
#[tokio::test]
async fn a_token_that_answers_requests_alone_is_asked_for_no_passcode() {
    let stage = Stage::with_kinds(PASSWORD_AND_OTP);
    stage.world.with(|rows| rows.set(&SelfProvisioning { recovery_codes: true, ..SelfProvisioning::of_new() }));
    let (alice, _) = activated(&stage, "alice").await;
    let mut alice = alice;
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
    let id = stage.world.with(|rows| {
        rows.credentials[0].plugin = ToyApp::THEIRS.to_owned();
        rows.credentials[0].id.clone()
    });
    let (owner, typed) = (Owner::new(stage.desk.clone()), Secret::new("123456"));
    let seen = owner.token(&alice.visit(), &id).await.unwrap();
    assert!(!seen.can_prove() && seen.can_be_lost());
    assert_eq!(owner.recovery(&alice.visit()).await.unwrap().unwrap().asks, None);
    assert_eq!(refused(owner.test(&alice.visit(), &id, &typed).await), Refusal::NotNow);
    assert_eq!(refused(owner.resync(&alice.visit(), &id, [&typed, &typed]).await), Refusal::NotNow);
    assert_eq!(refused(owner.make_recovery_codes(&alice.visit(), &typed).await.map(drop)), Refusal::NotNow);
    assert_eq!(stage.world.with(|rows| rows.credentials[0].fails), 0, "nothing was counted against it");
}

#[tokio::test]
async fn a_lost_token_is_suspended_and_everything_it_has_opened_ends() {
    let story = Story::of("alice").await;
    let mut elsewhere = Browser::identified(&story.stage, "alice").await;
    let session = story.owner.report_lost(&story.browser.visit(), &story.id).await.unwrap();
    assert!(!session.as_str().is_empty());
    let (sessions, state) = story.stage.world.with(|rows| (rows.sessions.len(), rows.credentials[0].state));
    assert_eq!((sessions, state), (0, TokenState::Suspended));
    let record = details(&story.stage.world, EventKind::TokenSuspended);
    for (field, value) in [("actor", "user"), ("from", "active"), ("to", "suspended"), ("reason", "lost")] {
        assert_eq!(record[field], value, "{field}");
    }
    assert_eq!(details(&story.stage.world, EventKind::SessionEnded)["reason"], "lost");
    assert!(matches!(story.owner.tokens(&story.browser.visit()).await, Err(OwnError::SignedOut)));
    assert_eq!(elsewhere.page_name().await, "ended", "a sign-in under way, too");
    elsewhere = Browser::identified(&story.stage, "alice").await;
    assert!(matches!(elsewhere.look().await.page, doorward_api::ScreenPage::Passcode { suspended: true, .. }));
}

#[tokio::test]
async fn what_is_suspended_already_cannot_be_lost_and_its_user_stays_signed_in() {
    let story = Story::of("alice").await;
    story.stage.world.with(|rows| rows.credentials[0].state = TokenState::Suspended);
    let seen = story.seen().await;
    assert!(seen.state == OwnState::Suspended && !seen.can_be_lost() && !seen.can_prove());
    let outcome = story.owner.report_lost(&story.browser.visit(), &story.id).await.map(drop);
    assert_eq!(refused(outcome), Refusal::NotNow);
    assert_eq!(story.seen().await.state, OwnState::Suspended);
    assert!(!story.kinds().contains(&EventKind::SessionEnded));
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_of_the_user_and_of_nobody_else() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (alice, bob) = (Story::on(&stage, "alice").await, Story::on(&stage, "bob").await);
    assert!(alice.opens(&alice.passcode()).await, "a second browser");
    assert_eq!(stage.world.with(|rows| rows.portal_sessions("u-alice").len()), 2);
    alice.owner.sign_out_everywhere(&alice.browser.visit()).await.unwrap();
    let left = stage.world.with(|rows| (rows.portal_sessions("u-alice").len(), rows.portal_sessions("u-bob").len()));
    assert_eq!(left, (0, 1));
    let record = details(&stage.world, EventKind::SessionEnded);
    assert_eq!((&record["reason"], &record["actor"]), (&"signed_out_everywhere".into(), &"user".into()));
    assert!(matches!(alice.owner.tokens(&alice.browser.visit()).await, Err(OwnError::SignedOut)));
    assert_eq!(bob.seen().await.state, OwnState::Active);
}

#[tokio::test]
async fn when_the_store_is_away_nothing_is_said_to_be_done() {
    let story = Story::of("alice").await;
    let code = story.passcode();
    *story.stage.world.down.lock().unwrap() = true;
    let visit = moved_on(&story.browser, 5).visit();
    let answers = [
        story.owner.tokens(&visit).await.map(drop),
        story.owner.rename(&visit, &story.id, "x").await,
        story.owner.test(&visit, &story.id, &Secret::new(code)).await,
        story.owner.report_lost(&visit, &story.id).await.map(drop),
        story.owner.sign_out_everywhere(&visit).await.map(drop),
    ];
    for answer in answers {
        assert!(matches!(answer, Err(OwnError::Fault(_))), "{answer:?}");
    }
    *story.stage.world.down.lock().unwrap() = false;
    assert_eq!(story.seen().await.state, OwnState::Active);
}
