//! Which kind of authenticator a token is of: the first that fits, or another that its user would rather have; and one
//! that others have made, which is in use with the word of its user and answers requests alone (decision A18).

use std::sync::Arc;

use doorward_api::audit::EventKind;
use doorward_api::device::{ActivationFailure, ActivationStage};
use doorward_api::flow::Notice;
use doorward_api::screen::{InstallLink, PushView};
use doorward_api::settings::{Document, TargetRow};
use doorward_api::{
    Factor, ScreenPage, SelfProvisioning, Target, TargetSettings, TokenState, TokenTemplate, VirtualServerId,
};
use doorward_fakes::details;
use serde_json::json;

use super::{approve, count};
use crate::manage::{KindFits, Manager};
use crate::stage::{Browser, OTP_ALONE, PASSWORD_AND_OTP, Send, Stage};
use crate::toy_app::{Phone, ToyApp, link};
use crate::visit::Moved;

fn stage() -> Arc<Stage> {
    Stage::with_kinds(PASSWORD_AND_OTP)
}

/// The page of a token that is issued: which kind, and which others may be taken.
async fn kinds(browser: &Browser) -> (String, Vec<String>) {
    let plugin = browser.stage.world.with(|rows| rows.credentials.last().unwrap().plugin.clone());
    match browser.look().await.page {
        ScreenPage::Install { others, .. } => (plugin, others),
        ScreenPage::Activate { others, app, .. } => {
            assert_eq!(app, plugin);
            (plugin, others)
        }
        other => panic!("not W5 but {}", other.name()),
    }
}

fn said(kind: &str, others: &[&str]) -> (String, Vec<String>) {
    (kind.to_owned(), others.iter().map(|other| (*other).to_owned()).collect())
}

fn state(stage: &Stage) -> TokenState {
    stage.world.with(|rows| rows.credentials[0].state)
}

/// As far as W5 with the app that others have made.
async fn installing_theirs(stage: &Arc<Stage>, user: &str) -> Browser {
    let mut browser = Browser::verified(stage, user).await;
    browser.send(Send::Target("ios")).await;
    browser.send(Send::Kind(ToyApp::THEIRS)).await;
    browser
}

/// The same, with the token in use.
async fn in_use(stage: &Arc<Stage>, user: &str) -> (Browser, Phone) {
    let mut browser = installing_theirs(stage, user).await;
    let mut phone = Phone::of_others(stage, "the owner");
    assert_eq!(phone.scan(&link(&browser).await).await.0, 200);
    browser.send(Send::Mine(true)).await;
    (browser, phone)
}

#[tokio::test]
async fn who_would_rather_have_another_app_gets_the_token_anew_by_its_kind() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    assert_eq!(kinds(&alice).await, said(ToyApp::ID, &[ToyApp::THEIRS, "otp"]));
    let (id, before) = (alice.form().await.flow, link(&alice).await);
    alice.wait(60);
    alice.send(Send::Kind("otp")).await;
    assert_eq!(kinds(&alice).await, said("otp", &[ToyApp::ID, ToyApp::THEIRS]));
    let refreshed = details(&stage.world, EventKind::ActivationCodeRefreshed);
    assert_eq!(refreshed["kind"], "otp");
    let ScreenPage::Install { valid_until, .. } = alice.look().await.page else { panic!() };
    assert_eq!(valid_until, alice.now + stage.desk.rules.issue_life, "its ten minutes begin anew");
    assert_eq!((alice.form().await.flow, stage.world.with(|rows| rows.credentials.len())), (id, 1), "the same token");
    assert_ne!(Phone::new(&stage, "alice").scan(&before).await.0, 200, "the code of before is void");

    alice.send(Send::Kind(ToyApp::ID)).await;
    let ScreenPage::Activate { install_first: true, .. } = alice.look().await.page else { panic!("{}", "R22") };
    alice.send(Send::Kind("otp")).await;
    alice.send(Send::Continue).await;
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn what_is_not_offered_is_not_to_be_had() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    for kind in ["", "pin", "nothing", ToyApp::ID] {
        alice.send(Send::Kind(kind)).await;
        assert_eq!(alice.look().await.notice, Some(Notice::StaleForm), "{kind}");
    }
    let mut bob = Browser::verified(&stage, "bob").await;
    bob.send(Send::Target("windows-desktop")).await;
    assert_eq!(kinds(&bob).await, said(ToyApp::ID, &["otp"]), "the other is for phones only");
    bob.send(Send::Kind(ToyApp::THEIRS)).await;
    assert_eq!(kinds(&bob).await.0, ToyApp::ID);

    stage.world.with(|rows| rows.set(&SelfProvisioning { other_apps: false, ..SelfProvisioning::of_new() }));
    assert_eq!(kinds(&alice).await, said(ToyApp::ID, &[]), "operators have switched it off");
    alice.send(Send::Kind("otp")).await;
    assert_eq!(kinds(&alice).await.0, ToyApp::ID);
    assert_eq!(count(&stage, EventKind::ActivationCodeRefreshed), 0);
}

#[tokio::test]
async fn another_kind_that_was_chosen_before_it_was_switched_off_ends_with_the_next_code() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Kind("otp")).await;
    alice.send(Send::NewSecret).await;
    assert_eq!(kinds(&alice).await.0, "otp", "a new code is of the same kind");
    stage.world.with(|rows| rows.set(&SelfProvisioning { other_apps: false, ..SelfProvisioning::of_new() }));
    alice.send(Send::NewSecret).await;
    assert_eq!(kinds(&alice).await.0, ToyApp::ID);
}

#[tokio::test]
async fn a_device_that_has_come_meanwhile_is_not_overruled() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let before = alice.form().await;
    let mut phone = Phone::new(&stage, "alice");
    phone.scan(&link(&alice).await).await;
    alice.send_form(&before, Send::Kind("otp")).await;
    assert_eq!(kinds(&alice).await, said(ToyApp::ID, &[]), "first its user says whose it is");
    alice.send(Send::Mine(false)).await;
    let (_, others) = kinds(&alice).await;
    assert_eq!(others, [ToyApp::THEIRS, "otp"], "what came to nothing may be something else");
    alice.send(Send::Kind("otp")).await;
    assert_eq!(kinds(&alice).await.0, "otp");
}

#[tokio::test]
async fn a_platform_that_its_kind_cannot_follow_to_is_served_by_another() {
    let stage = stage();
    let mut alice = installing_theirs(&stage, "alice").await;
    alice.send(Send::Back).await;
    alice.send(Send::Back).await;
    alice.wait(60);
    alice.send(Send::Target("windows-desktop")).await;
    assert_eq!(kinds(&alice).await, said(ToyApp::ID, &["otp"]));
    let ScreenPage::Activate { target, valid_until, .. } = alice.look().await.page else { panic!() };
    assert_eq!((target, valid_until), (Target::WindowsDesktop, alice.now + stage.desk.rules.issue_life));
}

#[tokio::test]
async fn one_that_others_have_made_is_in_use_with_the_word_of_its_user() {
    let stage = stage();
    let mut alice = installing_theirs(&stage, "alice").await;
    let ScreenPage::Activate { install, install_first, code, server, link: shown, .. } = alice.look().await.page else {
        panic!()
    };
    assert_eq!((install, install_first, server.as_str()), (InstallLink::None, false, ""));
    assert!(code.is_empty(), "it has nowhere to type one");
    assert!(shown.expose().starts_with(&stage.vs.portal_origin), "it is called at the portal");
    let mut phone = Phone::of_others(&stage, "alice");
    assert_eq!(phone.scan(shown.expose()).await.0, 200);
    let ScreenPage::Activate { stage: found, .. } = alice.look().await.page else { panic!() };
    assert_eq!(found, ActivationStage::Found { device: "phone of alice".into(), check: String::new() });
    assert_eq!(state(&stage), TokenState::Assigned, "nobody has said so");
    alice.send(Send::Mine(true)).await;
    assert_eq!(state(&stage), TokenState::Active);
    assert_eq!(stage.world.with(|rows| rows.sessions.len()), 0, "enrolling signs nobody in");
    use EventKind as E;
    let kinds = stage.world.kinds();
    assert_eq!(
        kinds[kinds.len() - 4..],
        [E::ActivationStarted, E::ActivationConfirmed, E::TokenActivated, E::ActivationCompleted]
    );
    assert_eq!(details(&stage.world, E::TokenActivated)["reason"], "activation");
    assert_eq!(stage.world.mailed("device").as_deref(), Some("ios"), "the notice with \"Not you?\"");
    alice.send(Send::Mine(true)).await;
    assert_eq!(alice.look().await.notice, None, "a double click");

    let ScreenPage::FirstPasscode { passcodes: false, push: Some(PushView::Offered), device, .. } =
        alice.look().await.page
    else {
        panic!()
    };
    assert_eq!(device.as_deref(), Some("phone of alice"));
    alice.send(Send::Passcode("123456".into())).await;
    assert_eq!(alice.look().await.notice, Some(Notice::StaleForm), "it has no passcodes to be tried");
    assert_eq!(count(&stage, E::AuthFailure), 0);
    alice.send(Send::RequestPush).await;
    let answered = approve(&stage, &phone, None).await;
    assert_eq!(answered, (200, json!({})), "what it is told is its plugin's to say");
    assert!(matches!(alice.send(Send::FinishPush(None)).await, Moved::SignedIn(_)));
    assert_eq!(details(&stage.world, E::EnrollmentConfirmed)["method"], "push");
    let proofs = stage.world.with(|rows| rows.portal_sessions("u-alice")[0].proofs);
    assert!(proofs.has(Factor::Push) && proofs.has(Factor::Otp), "decision A18");
}

#[tokio::test]
async fn whose_it_is_not_gets_nothing_and_nor_does_a_token_that_is_not_allowed_any_more() {
    let stage = stage();
    let mut alice = installing_theirs(&stage, "alice").await;
    let mut thief = Phone::of_others(&stage, "mallory");
    thief.scan(&link(&alice).await).await;
    alice.send(Send::Mine(false)).await;
    assert_eq!(state(&stage), TokenState::Assigned);
    let ScreenPage::Activate { stage: failed, .. } = alice.look().await.page else { panic!() };
    assert_eq!(failed, ActivationStage::Failed(ActivationFailure::NotMine));

    // It was set up for an Android device, and an iPhone has come.
    alice.send(Send::Back).await;
    alice.send(Send::Target("android")).await;
    alice.send(Send::NewSecret).await;
    let mut phone = Phone::of_others(&stage, "alice");
    assert_eq!(phone.scan(&link(&alice).await).await.0, 200);
    let mut targets = TargetSettings::of_new();
    *targets.row_mut(Target::Ios) = TargetRow { allowed: false, app: false, push: false };
    stage.world.with(|rows| rows.set(&targets));
    alice.send(Send::Mine(true)).await;
    assert_eq!((state(&stage), count(&stage, EventKind::TokenActivated)), (TokenState::Assigned, 0));
}

#[tokio::test]
async fn later_the_request_comes_first_and_other_codes_are_typed() {
    let stage = stage();
    let (_, phone) = in_use(&stage, "alice").await;
    let mut alice = Browser::identified(&stage, "alice").await;
    let ScreenPage::Passcode { passcodes: false, push: Some(PushView::Offered), .. } = alice.look().await.page else {
        panic!()
    };
    alice.send(Send::RequestPush).await;
    approve(&stage, &phone, Some("00")).await;
    alice.send(Send::FinishPush(None)).await;
    assert_eq!(alice.look().await.notice, Some(Notice::PushMismatched));
    alice.wait(60);
    alice.send(Send::RequestPush).await;
    approve(&stage, &phone, None).await;
    assert!(matches!(alice.send(Send::FinishPush(None)).await, Moved::SignedIn(_)));

    // Before a password the page is everybody's (decision A19).
    let stage = Stage::with_kinds(OTP_ALONE);
    let mut nobody = Browser::new(&stage);
    nobody.name(Some("/page"), "nobody").await;
    assert!(matches!(nobody.look().await.page, ScreenPage::Passcode { passcodes: true, push: None, .. }));
}

#[tokio::test]
async fn where_no_password_is_ever_typed_nothing_is_offered_that_answers_requests_alone() {
    let stage = Stage::with_kinds(OTP_ALONE);
    let mut alice = Browser::new(&stage);
    alice.name(Some("/page"), "alice").await;
    alice.send(Send::Add).await;
    let code = alice.mailed_code();
    alice.send(Send::Code(code)).await;
    alice.send(Send::Target("ios")).await;
    assert_eq!(kinds(&alice).await, said(ToyApp::ID, &["otp"]));
}

#[tokio::test]
async fn operators_are_told_of_each_kind_and_platform_why_it_cannot() {
    let stage = stage();
    let mut targets = TargetSettings::of_new();
    targets.row_mut(Target::Android).push = false;
    stage.world.with(|rows| rows.set(&targets));
    let manager = Manager::new(stage.desk.clone());
    let told = manager.kinds(&VirtualServerId::from("default"), &TokenTemplate::of_new()).await.unwrap();
    let said = |kind: &KindFits| {
        let targets = kind.targets.iter().map(|on| (on.target, on.why_not.clone().unwrap_or_default()));
        (kind.kind, targets.collect::<Vec<_>>())
    };
    let told: Vec<_> = told.iter().map(said).collect();
    let on_all =
        |kind| (kind, [Target::Ios, Target::Android, Target::WindowsDesktop].map(|on| (on, String::new())).to_vec());
    let silent = "Push notifications are switched off for this platform, and this app does nothing else.".to_owned();
    let theirs = vec![
        (Target::Ios, String::new()),
        (Target::Android, silent),
        (Target::WindowsDesktop, "For phones only.".to_owned()),
    ];
    assert_eq!(told, [on_all(ToyApp::ID), (ToyApp::THEIRS, theirs), on_all("otp")]);
}
