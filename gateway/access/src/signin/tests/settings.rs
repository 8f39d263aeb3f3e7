//! What operators set takes effect at the next evaluation: templates, windows, locks, questions.

use doorward_api::settings::{Document, Lockout, TargetRow, Windows};
use doorward_api::template::{Mode, Synchronization};
use doorward_api::{Target, TargetSettings, TokenForm, TokenTemplate};

use super::*;

fn length_of(stage: &Arc<Stage>, nth: usize) -> u8 {
    stage.world.with(|rows| rows.credentials[nth].template.length)
}

fn eight() -> TokenTemplate {
    TokenTemplate { length: 8, ..TokenTemplate::of_new() }
}

#[tokio::test]
async fn each_token_keeps_the_template_of_the_moment_at_which_it_was_issued() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let mut bob = Browser::installing(&stage, "bob").await;
    stage.world.with(|rows| rows.set(&eight()));
    bob.send(Send::Continue).await;
    assert!(matches!(bob.look().await.page, ScreenPage::FirstPasscode { length: 6, .. }), "issued already");
    assert_eq!((length_of(&stage, 0), length_of(&stage, 1)), (6, 6));
    bob.send(Send::Back).await;
    bob.send(Send::NewSecret).await;
    assert_eq!(length_of(&stage, 1), 8, "a new code is a new initialisation");
    let version = stage.world.with(|rows| rows.credentials[1].template.version);
    assert_eq!(version, 2, "which template it was is told");
}

#[tokio::test]
async fn a_token_that_has_run_away_is_asked_for_the_very_next_passcode() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (_, _) = Browser::enrolled(&stage, "alice").await;
    let mut alice = Browser::identified(&stage, "alice").await;
    alice.wait(60);
    let ahead = |steps: u64| stage.passcode("u-alice", alice.now + Duration::from_secs(30 * steps));
    let (fifth, ninth, tenth) = (ahead(5), ahead(9), ahead(10));
    assert!(matches!(alice.send(Send::Passcode(fifth.clone())).await, Moved::ToStep { .. }));
    assert_eq!(alice.look().await.notice, Some(Notice::NextPasscode));
    assert!(matches!(alice.send(Send::Passcode(ninth)).await, Moved::ToStep { .. }), "not the next one");
    assert!(stage.world.with(|rows| rows.credentials[0].fails) == 0, "none of them is a failure");
    assert!(matches!(alice.send(Send::Passcode(fifth)).await, Moved::ToStep { .. }), "nor one twice");
    assert!(matches!(alice.send(Send::Passcode(tenth)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn how_far_a_token_may_run_away_is_set() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    stage.world.with(|rows| rows.set(&Windows { inner_steps: 5, outer_steps: 5, outer_events: 100 }));
    let mut alice = Browser::identified(&stage, "alice").await;
    alice.wait(60);
    let fifth = stage.passcode("u-alice", alice.now + Duration::from_secs(150));
    assert!(matches!(alice.send(Send::Passcode(fifth)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn a_token_is_locked_after_as_many_failures_and_for_as_long_as_is_set() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let lockout = Lockout { token_failures: 2, token_minutes: 3, ..Lockout::of_new() };
    stage.world.with(|rows| rows.set(&lockout));
    let mut alice = Browser::identified(&stage, "alice").await;
    for _ in 0..2 {
        alice.send(Send::Passcode("wrong".into())).await;
        assert!(!matches!(alice.look().await.notice, Some(Notice::Locked { .. })), "that many are permitted");
    }
    alice.send(Send::Passcode("wrong".into())).await;
    let until = alice.now + Duration::from_mins(3);
    assert_eq!(alice.look().await.notice, Some(Notice::Locked { until }));
    alice.wait(181);
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn an_account_is_locked_after_as_many_failures_as_are_set_and_never_after_none() {
    for (set, expected) in [(1, Some(2)), (4, Some(5)), (0, None)] {
        let stage = Stage::set(PASSWORD_AND_OTP);
        stage.world.with(|rows| rows.set(&Lockout { account_failures: set, account_minutes: 7, ..Lockout::of_new() }));
        let mut alice = Browser::new(&stage);
        alice.name(Some("/page?x=1"), "alice").await;
        let mut locked_by = None;
        for turn in 1..=12 {
            alice.send(Send::Password("wrong".into())).await;
            if let Some(Notice::AccountLocked { until }) = alice.look().await.notice {
                assert_eq!(until, alice.now + Duration::from_mins(7));
                locked_by = Some(turn);
                break;
            }
        }
        assert_eq!(locked_by, expected, "{set} permitted");
    }
}

fn asking() -> TokenTemplate {
    TokenTemplate { mode: Mode::ChallengeResponse, ..TokenTemplate::of_new() }
}

async fn challenge(browser: &Browser) -> (String, bool) {
    match browser.look().await.page {
        ScreenPage::Passcode { challenge: Some(view), .. }
        | ScreenPage::FirstPasscode { challenge: Some(view), .. } => (view.text, view.expired),
        other => panic!("{} asks nothing", other.name()),
    }
}

#[tokio::test]
async fn a_question_is_asked_once_and_is_good_for_two_minutes() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    stage.world.with(|rows| rows.set(&asking()));
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Continue).await;
    let (first, expired) = challenge(&alice).await;
    assert!(first.len() == 9 && first.replace(' ', "").parse::<u32>().is_ok() && !expired, "{first}");
    assert_eq!(challenge(&alice.tab()).await.0, first, "a reload asks the same");
    alice.send(Send::Passcode("wrong".into())).await;
    let (second, _) = challenge(&alice).await;
    assert_ne!(second, first, "and a wrong answer is not asked for again");

    alice.wait(120);
    assert!(challenge(&alice).await.1);
    let right = stage.passcode("u-alice", alice.now);
    alice.send(Send::Passcode(right.clone())).await;
    assert_eq!(
        alice.look().await.notice,
        Some(Notice::ChallengeExpired),
        "an answer that comes too late is not looked at"
    );
    let (third, expired) = challenge(&alice).await;
    assert!(third != second && !expired);
    assert!(matches!(alice.send(Send::Passcode(right)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn another_question_is_asked_when_nothing_is_answered() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    stage.world.with(|rows| rows.set(&asking()));
    Browser::enrolled(&stage, "alice").await;
    stage.world.with(|rows| rows.set(&TokenTemplate::of_new()));
    let mut alice = Browser::identified(&stage, "alice").await;
    let (first, _) = challenge(&alice).await;
    alice.wait(121);
    alice.send(Send::Passcode(String::new())).await;
    let (second, expired) = challenge(&alice).await;
    assert!(first != second && !expired);
    assert_eq!(alice.look().await.notice, Some(Notice::ChallengeExpired));
}

#[tokio::test]
async fn before_a_password_everybody_is_asked_the_same_kind_of_thing() {
    let stage = stage_with_token(OTP_ALONE).await;
    stage.world.with(|rows| rows.set(&asking()));
    let mut pages = Vec::new();
    for name in ["alice", "nobody"] {
        let mut browser = Browser::new(&stage);
        browser.name(Some("/page?x=1"), name).await;
        let ScreenPage::Passcode { length, pin, challenge, .. } = browser.look().await.page else { panic!("{name}") };
        pages.push((length, pin, challenge.map(|view| view.expired)));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(pages[0].2, Some(false));
}

#[tokio::test]
async fn a_template_that_no_app_can_carry_offers_nothing() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    // The toy of these stories carries everything, so the platforms are what is left to be switched off.
    stage.world.with(|rows| {
        rows.set(&TokenTemplate {
            synchronization: Synchronization::Event { look_ahead: 3 },
            ..TokenTemplate::of_new()
        });
        let mut targets = TargetSettings::of_new();
        for target in Target::ALL {
            *targets.row_mut(target) = TargetRow { allowed: false, app: false, push: false };
        }
        rows.set(&targets);
    });
    let alice = Browser::identified(&stage, "alice").await;
    assert_eq!(alice.page_name().await, "passcode");
    assert_eq!(details(&stage.world, EventKind::SelfProvisioningNotOffered)["reason"], "no_target");
}

/// A thing of the stock, as an operator hands it to alice.
fn hand_out(stage: &Arc<Stage>) {
    stage.world.with(|rows| {
        let token = &mut rows.credentials[0];
        (token.form, token.state, token.target) = (TokenForm::Hardware, TokenState::Assigned, None);
    });
}

#[tokio::test]
async fn a_thing_that_was_handed_out_is_in_use_from_its_first_passcode_on() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    hand_out(&stage);
    let mut alice = Browser::identified(&stage, "alice").await;
    assert_eq!(alice.page_name().await, "passcode", "whoever was handed one is not offered another");
    alice.wait(60);
    alice.send(Send::Passcode("wrong".into())).await;
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Assigned);
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Active);
    assert_eq!(details(&stage.world, EventKind::TokenActivated)["from"], "assigned");
}

#[tokio::test]
async fn a_thing_whose_clock_has_run_away_in_the_drawer_is_found_by_two_passcodes() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    hand_out(&stage);
    let mut alice = Browser::identified(&stage, "alice").await;
    alice.wait(60);
    let shows = |steps: u64| stage.passcode("u-alice", alice.now + Duration::from_secs(30 * steps));
    let (tenth, next) = (shows(10), shows(11));
    alice.send(Send::Passcode(tenth)).await;
    assert_eq!(alice.look().await.notice, Some(Notice::NextPasscode));
    assert!(matches!(alice.send(Send::Passcode(next)).await, Moved::SignedIn(_)));
}
