//! Signing in, as browsers live it.

mod passkeys;
mod pins;
mod returning;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use doorward_api::audit::EventKind;
use doorward_api::flow::Notice;
use doorward_api::{EndedHow, Factor, ScreenPage, StoreError, TokenState};
use doorward_fakes::details;

use crate::signin::{DeskError, Rules};
use crate::stage::{Browser, OTP_ALONE, PASSWORD_AND_OTP, Send, Stage};
use crate::visit::{Moved, Opening, Standing, StepForm, TurnedAway};

/// Everybody in staff but bob.
const NOT_BOB: &str = r#"
    @id("wiki-staff")
    permit(principal in Group::"staff", action, resource == Application::"wiki") when { context.authn.password };
    @id("not-bob")
    forbid(principal, action, resource == Application::"wiki") when { principal is User && principal.name == "bob" };
"#;

fn password(user: &str) -> Send {
    Send::Password(format!("password of {user}"))
}

fn signed_in(moved: Moved) -> crate::visit::Landing {
    match moved {
        Moved::SignedIn(landing) => *landing,
        other => panic!("{other:?}"),
    }
}

/// A user who has a token and has left the browser.
async fn stage_with_token(policies: &str) -> Arc<Stage> {
    stage_with_token_and(policies, |_| ()).await
}

/// The same under other rules.
async fn stage_with_token_and(policies: &str, change: impl FnOnce(&mut Rules)) -> Arc<Stage> {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let again = Stage::set_with(policies, change);
    again.world.with(|rows| {
        rows.credentials = stage.world.with(|rows| rows.credentials.clone());
    });
    again
}

#[tokio::test]
async fn a_password_is_enough_for_the_portal() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    assert!(matches!(browser.open(None).await, Opening::Ask(_)));
    browser.name(None, "  ALICE ").await;
    assert_eq!(browser.page_name().await, "password");
    let landing = signed_in(browser.send(password("alice")).await);
    assert_eq!(landing.url, "http://login.localhost:8080/");
    assert!(landing.session.is_some() && landing.device.is_some());
    assert_eq!(stage.world.kinds(), [EventKind::AuthSuccess, EventKind::SessionStarted]);
    let Opening::Enough(landing) = browser.open(None).await else { panic!() };
    assert!(landing.session.is_none(), "the session stays as it is");
}

#[tokio::test]
async fn an_empty_name_is_asked_for_again() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    let Moved::Ask(screen) = browser.name(Some("/"), " \t").await else { panic!() };
    assert_eq!(screen.notice, Some(Notice::Empty));
    assert!(matches!(&screen.page, ScreenPage::Name { return_to: Some(_), .. }), "the destination is kept");
    assert_eq!(stage.world.with(|rows| rows.flows.len()), 0);
}

#[tokio::test]
async fn a_forged_return_address_leads_nowhere() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let browser = Browser::new(&stage);
    for forged in ["https://evil.test/", "AAAA", ""] {
        let opening = stage.desk.open(&browser.visit(), Some(forged), None).await.unwrap();
        let Opening::Ask(screen) = opening else { panic!() };
        assert!(matches!(screen.page, ScreenPage::Name { return_to: None, .. }));
        assert_eq!((screen.app_name, screen.app_origin), (None, None));
    }
}

#[tokio::test]
async fn password_then_passcode_leads_to_the_page_first_asked_for() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut browser = Browser::identified(&stage, "alice").await;
    browser.wait(60);
    assert_eq!(browser.page_name().await, "passcode");
    let code = stage.passcode("u-alice", browser.now);
    let landing = signed_in(browser.send(Send::Passcode(code)).await);
    assert!(landing.url.starts_with("http://wiki.localhost:8080/.doorward/enter?ticket="), "{}", landing.url);
    let kinds = [EventKind::SelfProvisioningNotOffered, EventKind::AuthSuccess, EventKind::SessionStarted];
    assert_eq!(stage.world.kinds(), kinds);
    assert_eq!(details(&stage.world, EventKind::SelfProvisioningNotOffered)["reason"], "has_token");
    let success = details(&stage.world, EventKind::AuthSuccess);
    assert_eq!(success["factors"], "password otp");
    assert_eq!(stage.world.with(|rows| rows.events[1].context.policy.clone()).as_deref(), Some("wiki-staff"));
}

#[tokio::test]
async fn the_same_passcode_opens_once() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let (mut first, mut second) =
        (Browser::identified(&stage, "alice").await, Browser::identified(&stage, "alice").await);
    first.wait(60);
    second.wait(60);
    let code = stage.passcode("u-alice", first.now);
    signed_in(first.send(Send::Passcode(code.clone())).await);
    second.send(Send::Passcode(code)).await;
    assert_eq!(second.look().await.notice, Some(Notice::PasscodeUsed));
    assert!(stage.world.kinds().contains(&EventKind::PasscodeReused));
    assert_eq!(stage.world.with(|rows| rows.portal_sessions("u-alice").len()), 1);
}

#[tokio::test]
async fn sixty_four_at_once_get_in_once_with_one_passcode() {
    let stage = stage_with_token_and(PASSWORD_AND_OTP, |rules| rules.flows_per_user = 64).await;
    let mut browsers = Vec::new();
    for _ in 0..64 {
        let mut browser = Browser::identified(&stage, "alice").await;
        browser.wait(60);
        browsers.push(browser);
    }
    let code = stage.passcode("u-alice", browsers[0].now);
    let tasks: Vec<_> = browsers
        .into_iter()
        .map(|mut browser| {
            let code = code.clone();
            tokio::spawn(async move { matches!(browser.send(Send::Passcode(code)).await, Moved::SignedIn(_)) })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += usize::from(task.await.unwrap());
    }
    assert_eq!(admitted, 1);
}

#[tokio::test]
async fn a_last_form_sent_twice_leads_on_once() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut browser = Browser::identified(&stage, "alice").await;
    browser.wait(60);
    let (form, code) = (browser.form().await, stage.passcode("u-alice", browser.now));
    let mut twin = browser.tab();
    signed_in(browser.send_form(&form, Send::Passcode(code.clone())).await);
    let Moved::GoOn { url } = twin.send_form(&form, Send::Passcode(code)).await else { panic!() };
    let sealed = url.strip_prefix("/signin?return=").unwrap();
    let opening = stage.desk.open(&browser.visit(), Some(sealed), None).await.unwrap();
    let Opening::Enough(landing) = opening else { panic!("{opening:?}") };
    assert!(landing.url.contains("/.doorward/enter?ticket="));
    let standing = twin.stage.desk.look(&twin.visit()).await.unwrap();
    assert!(matches!(standing, Standing::Done { url } if url.starts_with("/signin?return=")));
}

#[tokio::test]
async fn a_form_whose_sign_in_nobody_remembers_still_leads_to_its_page() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(Some("/page?x=1"), "alice").await;
    let form = browser.form().await;
    stage.world.with(|rows| rows.flows.clear());
    browser.wait(24 * 3600);
    let Moved::GoOn { url } = browser.send_form(&form, password("alice")).await else { panic!() };
    let sealed = url.strip_prefix("/signin?return=").unwrap();
    let Opening::Ask(screen) = stage.desk.open(&browser.visit(), Some(sealed), None).await.unwrap() else { panic!() };
    assert_eq!(screen.app_name.as_deref(), Some("Wiki"));

    // What is no address of ours leads nowhere.
    let forged = StepForm { return_to: Some("https://evil.test/".into()), ..form };
    assert!(matches!(browser.send_form(&forged, password("alice")).await, Moved::ToStep { browser: None }));
}

#[tokio::test]
async fn another_tab_of_a_sign_in_that_is_done_cancels_it_by_signing_out() {
    for (way, out) in [(Send::Cancel, true), (Send::Switch, true), (Send::Continue, false)] {
        let stage = stage_with_token(PASSWORD_AND_OTP).await;
        let mut browser = Browser::identified(&stage, "alice").await;
        browser.wait(60);
        let (form, code) = (browser.form().await, stage.passcode("u-alice", browser.now));
        signed_in(browser.send_form(&form, Send::Passcode(code)).await);
        let mut twin = browser.tab();
        let moved = twin.send_form(&form, way.clone()).await;
        assert_eq!(matches!(moved, Moved::StartAgain { .. }), out, "{way:?}: {moved:?}");
        assert_eq!(stage.world.with(|rows| rows.portal_sessions("u-alice").is_empty()), out, "{way:?}");
    }
}

/// All that a page tells, but for its random parts and what the visitor has typed.
fn told(mut screen: doorward_api::Screen) -> String {
    screen.form = doorward_api::FormIds::default();
    screen.user_name = None;
    format!("{screen:?}")
}

#[tokio::test]
async fn unknown_names_walk_the_same_way() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    stage.world.with(|rows| rows.users[1].disabled = true);
    let mut ways = Vec::new();
    // alice has a token, bob is switched off, carol has neither token nor address.
    for name in ["alice", "bob", "carol", "nobody", "no\u{7f}body", "x".repeat(5000).as_str()] {
        let mut browser = Browser::new(&stage);
        browser.name(Some("/page"), name).await;
        let mut way = vec![told(browser.look().await)];
        for _ in 0..5 {
            browser.send(Send::Password("wrong".into())).await;
            way.push(told(browser.look().await));
        }
        ways.push(way);
        stage.world.with(|rows| rows.meters.retain(|key, _| key.scope != doorward_api::ports::MeterScope::Address));
    }
    assert!(ways.windows(2).all(|pair| pair[0] == pair[1]), "{ways:#?}");
    assert!(ways[0][4].contains("Locked"), "{}", ways[0][4]);
}

#[tokio::test]
async fn the_fourth_wrong_password_locks_out_the_right_one() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    for _ in 0..3 {
        browser.send(Send::Password("wrong".into())).await;
        assert_eq!(browser.look().await.notice, Some(Notice::NotAccepted));
    }
    browser.send(Send::Password("wrong".into())).await;
    browser.send(password("alice")).await;
    assert!(matches!(browser.look().await.notice, Some(Notice::AccountLocked { .. })));
    assert_eq!(stage.world.with(|rows| rows.sessions.len()), 0);
    let kinds = stage.world.kinds();
    for _ in 0..20 {
        browser.send(Send::Password("wrong".into())).await;
    }
    assert_eq!(stage.world.kinds(), kinds, "the lock is recorded, and not how often somebody runs against it");
    let of_locking = [EventKind::AuthFailure; 4].into_iter().chain([EventKind::AuthLocked]).collect::<Vec<_>>();
    assert_eq!(kinds, of_locking);
    assert_eq!(details(&stage.world, EventKind::AuthLocked)["scope"], "account");
    let mut later = Browser::new(&stage);
    later.wait(15 * 60);
    later.name(None, "alice").await;
    signed_in(later.send(password("alice")).await);
}

#[tokio::test]
async fn a_known_device_gets_in_while_strangers_are_locked_out() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut own = Browser::new(&stage);
    own.name(None, "alice").await;
    signed_in(own.send(password("alice")).await);
    let mut stranger = Browser::new(&stage);
    stranger.name(None, "alice").await;
    for _ in 0..5 {
        stranger.send(Send::Password("wrong".into())).await;
    }
    own.session = None;
    own.name(None, "alice").await;
    signed_in(own.send(password("alice")).await);
}

#[tokio::test]
async fn a_disabled_user_does_not_get_in_with_the_right_password() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    stage.world.with(|rows| rows.users[0].disabled = true);
    browser.send(password("alice")).await;
    assert_eq!(browser.look().await.notice, Some(Notice::NotAccepted));
    assert_eq!(details(&stage.world, EventKind::AuthFailure)["reason"], "disabled");
}

#[tokio::test]
async fn of_passcodes_tried_at_the_same_moment_ten_are_looked_at_and_one_locks() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let alice = Browser::identified(&stage, "alice").await;
    let form = alice.form().await;
    let before = stage.world.kinds().len();
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let (tab, form) = (alice.tab(), form.clone());
            tokio::spawn(async move { tab.try_form(&form, Send::Passcode("wrong".into())).await.unwrap() })
        })
        .collect();
    for tried in tries {
        tried.await.unwrap();
    }
    let events = stage.world.with(|rows| rows.events.split_off(before));
    let failed = |reason: &str| events.iter().filter(|e| e.details.get("reason").is_some_and(|r| r == reason)).count();
    assert_eq!((failed("passcode"), failed("locked")), (10, 0));
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::TokenLocked).count(), 1);
}

#[tokio::test]
async fn the_tenth_wrong_passcode_locks_the_token_for_fifteen_minutes() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut browser = Browser::identified(&stage, "alice").await;
    browser.wait(60);
    for times in 1..=9 {
        browser.send(Send::Passcode("wrong".into())).await;
        assert_eq!(browser.look().await.notice, Some(Notice::PasscodeNotAccepted { times }));
    }
    browser.send(Send::Passcode("wrong".into())).await;
    assert!(matches!(browser.look().await.notice, Some(Notice::Locked { .. })));
    browser.send(Send::Passcode(stage.passcode("u-alice", browser.now))).await;
    assert!(matches!(browser.look().await.notice, Some(Notice::Locked { .. })), "even if right");
    browser.send(Send::Passcode("wrong".into())).await;
    assert_eq!(stage.world.with(|rows| rows.credentials[0].fails), 10, "what is not looked at is not counted");
    assert_eq!(stage.world.kinds().iter().filter(|kind| **kind == EventKind::TokenLocked).count(), 1);
    browser.wait(14 * 60);
    browser.send(Send::Passcode(String::new())).await;
    browser.wait(61);
    let code = stage.passcode("u-alice", browser.now);
    signed_in(browser.send(Send::Passcode(code)).await);
}

#[tokio::test]
async fn a_success_forgets_the_failures() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    for round in 1..4 {
        let mut browser = Browser::identified(&stage, "alice").await;
        browser.wait(60 * round);
        for _ in 0..9 {
            browser.send(Send::Passcode("wrong".into())).await;
        }
        let code = stage.passcode("u-alice", browser.now);
        signed_in(browser.send(Send::Passcode(code)).await);
    }
}

#[tokio::test]
async fn without_a_password_everybody_but_the_eligible_sees_the_same() {
    let stage = stage_with_token(OTP_ALONE).await;
    stage.world.with(|rows| rows.users[1].disabled = true);
    let mut ways = Vec::new();
    for name in ["alice", "bob", "nobody"] {
        let mut browser = Browser::new(&stage);
        browser.name(Some("/page"), name).await;
        let mut way = vec![told(browser.look().await)];
        for _ in 0..5 {
            browser.send(Send::Passcode("000000".into())).await;
            way.push(told(browser.look().await));
        }
        ways.push(way);
    }
    assert!(ways.windows(2).all(|pair| pair[0] == pair[1]), "{ways:#?}");
    let token = stage.world.with(|rows| rows.credentials[0].clone());
    assert_eq!(token.fails, 0, "a stranger cannot lock a token");
    let mut carol = Browser::new(&stage);
    carol.name(Some("/page"), "carol").await;
    let ScreenPage::NeedAuthenticator { masked_email, .. } = carol.look().await.page else { panic!() };
    assert_eq!(masked_email, None);
}

#[tokio::test]
async fn a_passcode_alone_gets_in_where_the_policy_says_so() {
    let stage = stage_with_token(OTP_ALONE).await;
    let mut browser = Browser::new(&stage);
    browser.wait(60);
    browser.name(Some("/page"), "alice").await;
    let code = stage.passcode("u-alice", browser.now);
    signed_in(browser.send(Send::Passcode(code)).await);
    let session = stage.world.with(|rows| rows.portal_sessions("u-alice")[0].clone());
    assert!(session.proofs.has(Factor::Otp) && !session.proofs.has(Factor::Password));
}

#[tokio::test]
async fn a_suspended_token_is_told_of_after_the_password_only() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    stage.world.with(|rows| rows.credentials[0].state = TokenState::Suspended);
    let mut browser = Browser::identified(&stage, "alice").await;
    browser.wait(60);
    let page = browser.look().await.page;
    assert!(matches!(page, ScreenPage::Passcode { suspended: true, enrolment_hint: false, .. }), "{page:?}");
    assert_eq!(details(&stage.world, EventKind::SelfProvisioningNotOffered)["reason"], "has_token");
    browser.send(Send::Passcode(stage.passcode("u-alice", browser.now))).await;
    assert_eq!(browser.look().await.notice, Some(Notice::PasscodeNotAccepted { times: 1 }));
}

/// CR-02.
#[tokio::test]
async fn a_damaged_token_is_suspended_once_and_counts_as_a_token() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    stage.world.with(|rows| rows.credentials.iter_mut().for_each(|token| token.damaged = true));
    let suspended = || stage.world.kinds().iter().filter(|kind| **kind == EventKind::TokenSuspended).count();
    for _ in 0..2 {
        let mut browser = Browser::identified(&stage, "alice").await;
        browser.wait(60);
        let page = browser.look().await.page;
        let told = matches!(page, ScreenPage::Passcode { suspended: true, enrolment_hint: false, .. });
        assert!(told, "and no other is offered: {page:?}");
        let moved = browser.send(Send::Passcode(stage.passcode("u-alice", browser.now))).await;
        assert!(!matches!(moved, Moved::SignedIn(_)), "{moved:?}");
    }
    assert_eq!(suspended(), 1);
    let said = details(&stage.world, EventKind::TokenSuspended);
    assert_eq!(
        (&said["reason"], &said["from"], &said["to"]),
        (&"damaged".into(), &"active".into(), &"suspended".into())
    );
}

#[tokio::test]
async fn whom_the_policy_refuses_is_told_so_after_the_password() {
    let stage = Stage::set(NOT_BOB);
    let mut bob = Browser::new(&stage);
    bob.name(Some("/page"), "bob").await;
    assert_eq!(bob.page_name().await, "password");
    let Moved::Denied(TurnedAway { app_name, .. }) = bob.send(password("bob")).await else { panic!() };
    assert_eq!(app_name, "Wiki");
    assert_eq!(stage.world.with(|rows| rows.sessions.len()), 0);
    assert_eq!(details(&stage.world, EventKind::AuthFailure)["reason"], "access_denied");
    let mut alice = Browser::new(&stage);
    alice.name(Some("/page"), "alice").await;
    signed_in(alice.send(password("alice")).await);
}

#[tokio::test]
async fn a_page_that_nobody_may_see_is_denied_at_once() {
    let stage = Stage::set("");
    let mut browser = Browser::new(&stage);
    assert!(matches!(browser.open(Some("/page")).await, Opening::Denied(away) if away.app_name == "Wiki"));
    assert!(matches!(browser.name(Some("/page"), "alice").await, Moved::Denied(_)));
}

#[tokio::test]
async fn a_session_is_raised_and_its_old_cookie_is_dead() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    signed_in(browser.send(password("alice")).await);
    let old = browser.session.clone().unwrap();
    browser.wait(60);
    assert!(matches!(browser.open(Some("/page")).await, Opening::Raise { .. }));
    assert_eq!(browser.page_name().await, "passcode", "the password was given");
    assert!(matches!(browser.open(Some("/page")).await, Opening::Resume), "a second look joins");
    let code = stage.passcode("u-alice", browser.now);
    signed_in(browser.send(Send::Passcode(code)).await);
    let sessions = stage.world.with(|rows| rows.portal_sessions("u-alice"));
    assert_eq!(sessions.len(), 1, "raised, not doubled");
    assert!(sessions[0].proofs.has(Factor::Password) && sessions[0].proofs.has(Factor::Otp));
    assert!(!stage.world.with(|rows| rows.sessions.contains_key(&old.hash())));
    assert!(stage.world.kinds().ends_with(&[EventKind::AuthSuccess, EventKind::SessionLevelRaised]));
    assert!(matches!(browser.open(Some("/other")).await, Opening::Enough(_)));
}

#[tokio::test]
async fn proofs_of_a_session_that_is_over_are_nobodys() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    signed_in(browser.send(password("alice")).await);
    browser.wait(60);
    browser.open(Some("/page")).await;
    stage.desk.sign_out(&browser.visit()).await.unwrap().unwrap();
    let code = stage.passcode("u-alice", browser.now);
    assert!(matches!(browser.send(Send::Passcode(code)).await, Moved::StartAgain { .. }));
    assert_eq!(stage.world.with(|rows| rows.sessions.len()), 0);
}

#[tokio::test]
async fn another_user_in_the_same_browser_ends_the_session_of_the_first() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    for name in ["alice", "bob"] {
        browser.name(None, name).await;
        signed_in(browser.send(password(name)).await);
    }
    assert_eq!(
        stage.world.with(|rows| (rows.portal_sessions("u-alice").len(), rows.portal_sessions("u-bob").len())),
        (0, 1)
    );
}

#[tokio::test]
async fn switching_the_user_keeps_the_destination_and_ends_the_session() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    signed_in(browser.send(password("alice")).await);
    browser.open(Some("/page")).await;
    let Moved::StartAgain { url } = browser.send(Send::Switch).await else { panic!() };
    let sealed = url.strip_prefix("/signin?return=").unwrap();
    let opening = stage.desk.open(&browser.visit(), Some(sealed), None).await.unwrap();
    let Opening::Ask(screen) = opening else { panic!("{opening:?}") };
    assert_eq!(screen.app_name.as_deref(), Some("Wiki"));
    assert_eq!(stage.world.with(|rows| rows.sessions.len()), 0);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_says_so() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    signed_in(browser.send(password("alice")).await);
    let id = stage.desk.sign_out(&browser.visit()).await.unwrap();
    assert!(id.is_some());
    assert_eq!(stage.desk.sign_out(&browser.visit()).await.unwrap(), None);
    assert!(matches!(browser.open(None).await, Opening::Ask(_)));
    assert!(stage.world.kinds().ends_with(&[EventKind::SessionEnded]));
}

#[tokio::test]
async fn a_sign_out_that_fails_does_not_look_like_one() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    signed_in(browser.send(password("alice")).await);
    *stage.world.down.lock().unwrap() = true;
    let outcome = stage.desk.sign_out(&browser.visit()).await;
    assert!(matches!(outcome, Err(DeskError::Store(StoreError::Unavailable(_)))));
}

#[tokio::test]
async fn without_a_store_nobody_gets_in_and_nothing_is_half_saved() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut browser = Browser::identified(&stage, "alice").await;
    browser.wait(60);
    let (form, code) = (browser.form().await, stage.passcode("u-alice", browser.now));
    *stage.world.down.lock().unwrap() = true;
    assert!(browser.try_form(&form, Send::Passcode(code.clone())).await.is_err());
    *stage.world.down.lock().unwrap() = false;
    signed_in(browser.send_form(&form, Send::Passcode(code)).await);
}

/// Somebody signed in, of whose session nothing is known any more.
async fn unclear(stage: &Arc<Stage>) -> Browser {
    let mut browser = Browser::new(stage);
    browser.name(None, "alice").await;
    signed_in(browser.send(password("alice")).await);
    browser.wait(60);
    browser
}

fn is_silent<T: std::fmt::Debug>(outcome: &Result<T, DeskError>) {
    assert!(matches!(outcome, Err(DeskError::Store(StoreError::Unavailable(_)))), "{outcome:?}");
}

#[tokio::test]
async fn whoever_may_be_signed_in_is_not_shown_the_sign_in_form_while_the_store_is_silent() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let browser = unclear(&stage).await;
    *stage.world.sessions_down.lock().unwrap() = true;
    for path in [None, Some("/page")] {
        let sealed = path.map(|path| browser.page(path));
        is_silent(&stage.desk.open(&browser.visit(), sealed.as_deref(), None).await);
    }
    let opening = Browser::new(&stage).open(None).await;
    assert!(matches!(opening, Opening::Ask(_)), "who shows no cookie is nobody: {opening:?}");
    *stage.world.sessions_down.lock().unwrap() = false;
    assert!(matches!(browser.tab().open(None).await, Opening::Enough(_)));
}

#[tokio::test]
async fn a_session_that_is_being_raised_waits_for_a_silent_store_and_is_not_given_up() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut browser = unclear(&stage).await;
    assert!(matches!(browser.open(Some("/page")).await, Opening::Raise { .. }));
    browser.wait(2);
    let (form, code) = (browser.form().await, stage.passcode("u-alice", browser.now));
    *stage.world.sessions_down.lock().unwrap() = true;
    is_silent(&browser.try_form(&form, Send::Passcode(code.clone())).await);
    *stage.world.sessions_down.lock().unwrap() = false;
    signed_in(browser.send_form(&form, Send::Passcode(code)).await);
    assert_eq!(stage.world.with(|rows| rows.portal_sessions("u-alice").len()), 1, "raised, not doubled");
}

#[tokio::test]
async fn a_new_sign_in_leaves_no_session_of_before_behind_because_the_store_was_silent() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = unclear(&stage).await;
    browser.name(None, "bob").await;
    let form = browser.form().await;
    *stage.world.sessions_down.lock().unwrap() = true;
    is_silent(&browser.try_form(&form, password("bob")).await);
    let live = |user: &str| stage.world.with(|rows| rows.portal_sessions(user).len());
    assert_eq!((live("u-alice"), live("u-bob")), (1, 0));
    *stage.world.sessions_down.lock().unwrap() = false;
    signed_in(browser.send_form(&form, password("bob")).await);
    assert_eq!((live("u-alice"), live("u-bob")), (0, 1));
}

#[tokio::test]
async fn a_sign_in_times_out_and_begins_again_at_the_same_page() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(Some("/page?x=1"), "alice").await;
    let form = browser.form().await;
    browser.wait(15 * 60);
    browser.send_form(&form, password("alice")).await;
    let ScreenPage::Ended { how: EndedHow::Expired, start_again } = browser.look().await.page else { panic!() };
    let sealed = start_again.strip_prefix("/signin?return=").unwrap().to_owned();
    stage.desk.name(&browser.visit(), Some(&sealed), "alice").await.unwrap();
    assert_eq!(stage.world.with(|rows| rows.flows[1].data.return_to.clone().unwrap().path_and_query), "/page?x=1");
}

#[tokio::test]
async fn a_form_of_another_browser_or_step_changes_nothing() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (mut own, mut other) = (Browser::new(&stage), Browser::new(&stage));
    own.name(Some("/page"), "alice").await;
    other.name(Some("/page"), "bob").await;
    let own_form = own.form().await;
    other.send_form(&own_form, password("alice")).await;
    assert_eq!(other.look().await.notice, Some(Notice::StaleForm));
    assert_eq!(own.look().await.notice, None);
    let mixed = StepForm { nonce: "guessed".into(), ..own_form.clone() };
    own.send_form(&mixed, password("alice")).await;
    assert_eq!((own.page_name().await, own.look().await.notice), ("password", Some(Notice::StaleForm)));
    let mut nobody = Browser::new(&stage);
    let moved = nobody.send_form(&own_form, password("alice")).await;
    assert!(matches!(moved, Moved::ToStep { browser: None }));
    assert_eq!(stage.world.with(|rows| rows.meters.len()), 1, "only the flows of the address were counted");
}

#[tokio::test]
async fn a_second_tab_joins_and_another_page_begins_anew() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(Some("/page"), "alice").await;
    assert!(matches!(browser.open(Some("/page")).await, Opening::Resume));
    assert!(matches!(browser.open(Some("/other")).await, Opening::Ask(_)), "before the wizard");
    browser.send(password("alice")).await;
    assert_eq!(browser.page_name().await, "need_authenticator");
    assert!(matches!(browser.open(Some("/other")).await, Opening::Resume), "inside it");
    assert!(matches!(browser.open(None).await, Opening::Ask(_)));
    assert!(matches!(Browser::new(&stage).open(Some("/page")).await, Opening::Ask(_)), "another browser");
}

#[tokio::test]
async fn a_name_that_may_be_a_password_is_not_recorded() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(Some("/page"), "hunter2-marker").await;
    browser.send(Send::Password("other-marker".into())).await;
    let records: Vec<String> =
        stage.world.with(|rows| rows.events.iter().map(|event| event.record("default", 1, browser.now)).collect());
    assert!(!records.is_empty() && records.iter().all(|record| !record.contains("marker")), "{records:?}");
}

/// The desk's answer to a name, or why there is none.
async fn named(browser: &Browser, name: &str) -> Result<Moved, DeskError> {
    let sealed = browser.page("/page");
    browser.stage.desk.name(&browser.visit(), Some(&sealed), name).await
}

/// A flow under the same name that nobody but a stranger has begun.
async fn strange_flow(stage: &Arc<Stage>, name: &str) -> Browser {
    let mut stranger = Browser::new(stage);
    stranger.name(Some("/page"), name).await;
    stranger
}

#[tokio::test]
async fn an_address_that_begins_too_many_flows_waits_and_that_is_recorded_once() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let key = doorward_api::ports::MeterKey { scope: doorward_api::ports::MeterScope::Flows, key: "127.0.0.1".into() };
    let mut own = Browser::new(&stage);
    own.name(None, "alice").await;
    signed_in(own.send(password("alice")).await);
    let browser = Browser::new(&stage);
    stage.world.with(|rows| rows.meters.insert(key, (4_999, browser.now + Duration::from_mins(5))));
    named(&browser, "alice").await.unwrap();
    for _ in 0..3 {
        let refused = named(&browser, "alice").await.unwrap_err();
        assert!(matches!(refused, DeskError::TooMany { wait } if wait == Duration::from_mins(5)), "{refused:?}");
    }
    let locks = |stage: &Stage| stage.world.kinds().iter().filter(|kind| **kind == EventKind::AuthLocked).count();
    assert_eq!(locks(&stage), 1);
    assert_eq!(details(&stage.world, EventKind::AuthLocked)["scope"], "flows");
    own.session = None;
    named(&own, "alice").await.expect("a browser that alice has signed in with begins on its own account");
    assert!(named(&own, "bob").await.is_err(), "hers, not his");
}

#[tokio::test]
async fn a_session_that_is_raised_again_and_again_has_to_wait_as_well() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut alice = Browser::new(&stage);
    alice.name(None, "alice").await;
    signed_in(alice.send(password("alice")).await);
    for number in 0..300 {
        assert!(matches!(alice.open(Some(&format!("/page/{number}"))).await, Opening::Raise { .. }));
    }
    let sealed = alice.page("/another");
    let refused = stage.desk.open(&alice.visit(), Some(&sealed), None).await.unwrap_err();
    assert!(matches!(refused, DeskError::TooMany { .. }), "{refused:?}");
    let open = stage.world.with(|rows| rows.flows.iter().filter(|flow| !flow.step.ended()).count());
    assert_eq!(open, 5, "and of all those the newest few are open");
}

#[tokio::test]
async fn when_a_hundred_thousand_are_under_way_nobody_begins_until_some_are_over() {
    let stage = Stage::set_with(PASSWORD_AND_OTP, |rules| rules.flows_in_all = 20);
    for number in 0..20 {
        strange_flow(&stage, &format!("nobody{number}")).await;
    }
    let mut late = Browser::new(&stage);
    for _ in 0..3 {
        assert!(matches!(named(&late, "alice").await, Err(DeskError::Full)));
    }
    late.wait(2);
    assert!(matches!(named(&late, "alice").await, Err(DeskError::Full)));
    stage.world.with(|rows| rows.flows[0].step = doorward_api::Step::Cancelled);
    late.wait(2);
    named(&late, "alice").await.unwrap();
    assert!(matches!(named(&late, "alice").await, Err(DeskError::Full)), "there was one place");
    late.wait(15 * 60);
    named(&late, "alice").await.unwrap();
}

#[tokio::test]
async fn what_was_counted_before_the_clock_was_set_back_is_counted_anew() {
    let stage = Stage::set_with(PASSWORD_AND_OTP, |rules| rules.flows_in_all = 1);
    let mut early = Browser::new(&stage);
    early.wait(600);
    named(&early, "alice").await.unwrap();
    assert!(matches!(named(&early, "bob").await, Err(DeskError::Full)));
    stage.world.with(|rows| rows.flows.clear());
    named(&Browser::new(&stage), "bob").await.unwrap();
}

#[tokio::test]
async fn strangers_with_a_name_take_nobodys_place() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let alice = Browser::identified(&stage, "alice").await;
    for _ in 0..50 {
        let mut stranger = strange_flow(&stage, "alice").await;
        stranger.send(Send::Password("wrong".into())).await;
    }
    assert_eq!(alice.page_name().await, "need_authenticator");
}

#[tokio::test]
async fn a_sixth_sign_in_that_has_passed_its_password_ends_the_oldest_and_never_one_that_has_passed_its_code() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let installing = Browser::installing(&stage, "alice").await;
    let mut others = Vec::new();
    for _ in 0..6 {
        others.push(Browser::identified(&stage, "alice").await);
    }
    let mut pages = Vec::new();
    for browser in &others {
        pages.push(browser.page_name().await);
    }
    assert_eq!(
        pages,
        [
            "ended",
            "need_authenticator",
            "need_authenticator",
            "need_authenticator",
            "need_authenticator",
            "need_authenticator"
        ]
    );
    let ScreenPage::Ended { how, .. } = others[0].look().await.page else { panic!() };
    assert_eq!(how, EndedHow::Superseded);
    assert_eq!(installing.page_name().await, "install");
    assert_eq!(Browser::identified(&stage, "bob").await.page_name().await, "need_authenticator", "his own are others");
}

#[tokio::test]
async fn a_password_check_that_could_not_run_is_no_try() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    let form = browser.form().await;
    *stage.world.busy.lock().unwrap() = true;
    for _ in 0..50 {
        assert!(matches!(browser.try_form(&form, password("alice")).await, Err(DeskError::Busy)));
    }
    *stage.world.busy.lock().unwrap() = false;
    signed_in(browser.send(password("alice")).await);
}

#[tokio::test]
async fn a_weak_hash_is_replaced_by_the_first_sign_in_and_no_other() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let weak = || stage.world.with(|rows| rows.weak_hashes.clone());
    stage.world.with(|rows| rows.weak_hashes.insert("u-alice".into(), "weak".into()));
    let mut browser = Browser::new(&stage);
    browser.name(None, "alice").await;
    browser.send(Send::Password("wrong".into())).await;
    assert_eq!(weak().len(), 1, "a wrong password replaces nothing");
    signed_in(browser.send(password("alice")).await);
    assert!(weak().is_empty());
    let rehashed =
        |stage: &Stage| stage.world.kinds().iter().filter(|kind| **kind == EventKind::UserPasswordRehashed).count();
    assert_eq!(rehashed(&stage), 1);
    signed_in(
        async {
            browser.name(None, "alice").await;
            browser.send(password("alice")).await
        }
        .await,
    );
    assert_eq!(rehashed(&stage), 1);
}

#[tokio::test]
async fn an_attacker_with_the_password_has_a_hundred_passcodes_a_day_and_the_owner_begins_anew_with_each_success() {
    let stage = stage_with_token(PASSWORD_AND_OTP).await;
    let mut thief = Browser::identified(&stage, "alice").await;
    let looked_at = |stage: &Stage| {
        let failed =
            |event: &doorward_api::AuditEvent| event.details.get("reason").is_some_and(|why| why == "passcode");
        stage.world.with(|rows| rows.events.iter().filter(|event| failed(event)).count())
    };
    for _ in 0..20 * 15 {
        thief.send(Send::Passcode("wrong".into())).await;
        thief.wait(60);
    }
    assert_eq!(looked_at(&stage), 100);
    let Some(Notice::Locked { until }) = thief.look().await.notice else { panic!() };
    assert!(until.since(thief.now) > Duration::from_hours(12));
    let locked = stage.world.kinds().iter().filter(|kind| **kind == EventKind::TokenLocked).count();
    assert_eq!(locked, 10 + 1, "ten times for a quarter of an hour, and once for the day");
    let mut later = Browser::new(&stage);
    later.wait(24 * 3600 + 60);
    later.name(Some("/page"), "alice").await;
    later.send(password("alice")).await;
    for _ in 0..9 {
        later.send(Send::Passcode("wrong".into())).await;
    }
    let code = stage.passcode("u-alice", later.now);
    signed_in(later.send(Send::Passcode(code)).await);
}
