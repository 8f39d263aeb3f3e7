//! The wizard with an authenticator of our own: W5 and W6 followed live, and what is worth nothing without the
//! browser that enrols (EN-06, EN-07).

use std::sync::Arc;

use doorward_api::audit::EventKind;
use doorward_api::device::{ActivationFailure, ActivationStage};
use doorward_api::flow::Notice;
use doorward_api::mail::MailKind;
use doorward_api::screen::InstallLink;
use doorward_api::settings::{Document, EnrolmentRule, EnrolmentRules, ExtraProof, WindowsLink};
use doorward_api::template::{Mode, PinType};
use doorward_api::{
    Factor, Grant, GrantDetails, GrantState, ScreenPage, SelfProvisioning, Step, Target, TokenState, TokenTemplate,
};
use doorward_fakes::{Rows, details};

use super::{approve, count, on};
use crate::stage::{Browser, OTP_ALONE, PASSWORD_AND_OTP, Send, Stage};
use crate::toy_app::{Phone, ToyApp, activated, link};
use crate::visit::Moved;

fn stage() -> Arc<Stage> {
    Stage::with_app(PASSWORD_AND_OTP)
}

async fn how_far(browser: &Browser) -> ActivationStage {
    match browser.look().await.page {
        ScreenPage::Activate { stage, .. } => stage,
        other => panic!("not W5 but {}", other.name()),
    }
}

fn state(stage: &Stage) -> TokenState {
    stage.world.with(|rows| rows.credentials[0].state)
}

fn sessions(stage: &Stage) -> usize {
    stage.world.with(|rows| rows.sessions.len())
}

#[tokio::test]
async fn a_device_that_its_user_has_confirmed_puts_the_token_in_use_and_its_passcode_opens_the_door() {
    let stage = stage();
    let mut alice = Browser::verified(&stage, "alice").await;
    alice.send(Send::Target("ios")).await;
    let screen = alice.look().await;
    let ScreenPage::Activate { target: Target::Ios, install, install_first: false, same_device: false, .. } =
        &screen.page
    else {
        panic!("{}", screen.page.name())
    };
    assert_eq!(*install, InstallLink::Page("http://authenticator.localhost:8080/a/".into()));
    assert_eq!(screen.progress.map(|p| (p.step, p.of)), Some((5, 6)));
    assert_eq!(how_far(&alice).await, ActivationStage::Waiting);

    let mut phone = Phone::new(&stage, "alice").running("ios");
    assert_eq!(phone.scan(&link(&alice).await).await.0, 200);
    let (device, check) = ("phone of alice".to_owned(), "4821".to_owned());
    assert_eq!(how_far(&alice).await, ActivationStage::Found { device: device.clone(), check });
    assert_eq!(phone.say("activate/finish").await.0, 409, "nobody has confirmed it");
    alice.send(Send::Mine(true)).await;
    assert_eq!(how_far(&alice).await, ActivationStage::SettingUp { device: device.clone() });
    alice.send(Send::Mine(true)).await;
    assert_eq!(alice.look().await.notice, None, "a double click");
    assert_eq!(phone.say("activate/finish").await.0, 200);
    assert_eq!((state(&stage), sessions(&stage)), (TokenState::Active, 0), "enrolling signs nobody in");

    let screen = alice.look().await;
    let ScreenPage::FirstPasscode { target: Target::Ios, length: 6, device: named, .. } = &screen.page else {
        panic!("{}", screen.page.name())
    };
    assert_eq!(named.as_ref(), Some(&device));
    assert_eq!((screen.progress.map(|p| (p.step, p.of)), screen.back), (Some((6, 6)), false));
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)), "of the same step (R7)");
    use EventKind as E;
    assert_eq!(
        stage.world.kinds(),
        [
            E::SelfProvisioningOffered,
            E::AddAuthenticatorSelected,
            E::VerificationCodeAccepted,
            E::TargetSelected,
            E::TokenAssigned,
            E::ActivationCodeIssued,
            E::ActivationStarted,
            E::ActivationConfirmed,
            E::TokenActivated,
            E::ActivationCompleted,
            E::EnrollmentConfirmed,
            E::AuthSuccess,
            E::SessionStarted,
        ]
    );
    assert_eq!(details(&stage.world, E::EnrollmentConfirmed)["method"], "otp");
    let completed = details(&stage.world, E::ActivationCompleted);
    assert_eq!((&completed["deviceName"], &completed["pinType"]), (&"phone of alice".into(), &"user_selected".into()));
    let kinds: Vec<MailKind> = stage.world.with(|rows| rows.mails.iter().map(|mail| mail.kind).collect());
    assert_eq!(kinds, [MailKind::VerificationCode, MailKind::EnrolmentNotice]);
}

#[tokio::test]
async fn not_you_works_for_what_a_device_has_put_in_use() {
    let stage = stage();
    let (alice, _) = activated(&stage, "alice").await;
    let url = stage.world.mailed("dispute_url").unwrap();
    let token = url.rsplit('/').next().unwrap();
    assert_eq!(stage.disputes.look(&alice.visit(), token).await.unwrap().unwrap().target, Some(Target::Android));
    assert!(stage.disputes.confirm(&alice.visit(), token).await.unwrap().is_some());
    assert_eq!(state(&stage), TokenState::Suspended);
}

#[tokio::test]
async fn an_approved_request_confirms_the_enrolment_as_well() {
    let stage = stage();
    let (mut alice, phone) = activated(&stage, "alice").await;
    alice.send(Send::RequestPush).await;
    let push = stage.world.with(|rows| rows.pushes[0].id.clone());
    assert_eq!(phone.say("push/pending").await.1["pending"], serde_json::json!([push.as_str()]));
    assert_eq!(approve(&stage, &phone, None).await, (200, serde_json::json!({ "result": "approved" })));
    assert!(matches!(alice.send(Send::FinishPush(None)).await, Moved::SignedIn(_)));
    assert_eq!(details(&stage.world, EventKind::EnrollmentConfirmed)["method"], "push");
    let proofs = stage.world.with(|rows| rows.portal_sessions("u-alice")[0].proofs);
    assert!(proofs.has(Factor::Push) && proofs.has(Factor::Otp), "decision A18");
}

#[tokio::test]
async fn on_android_the_app_is_installed_first() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    let first = |page: ScreenPage| match page {
        ScreenPage::Activate { install_first, same_device, .. } => (install_first, same_device),
        other => panic!("{}", other.name()),
    };
    assert_eq!(first(alice.look().await.page), (true, true), "the browser runs on Android");
    alice.send(Send::Continue).await;
    assert_eq!(first(alice.look().await.page), (false, true));
    alice.send(Send::Back).await;
    alice.send(Send::Target("windows-desktop")).await;
    assert_eq!(first(alice.look().await.page), (false, false));
    alice.send(Send::Back).await;
    alice.send(Send::Target("android")).await;
    alice.send(Send::Installed).await;
    assert_eq!(first(alice.look().await.page), (false, true));
}

#[tokio::test]
async fn where_the_app_is_on_every_computer_already_no_link_is_shown() {
    let stage = stage();
    let settings = SelfProvisioning { windows_link: WindowsLink::None, ..SelfProvisioning::of_new() };
    stage.world.with(|rows| rows.set(&settings));
    let mut alice = Browser::verified(&stage, "alice").await;
    alice.send(Send::Target("windows-desktop")).await;
    assert!(matches!(alice.look().await.page, ScreenPage::Activate { install: InstallLink::None, .. }));
}

#[tokio::test]
async fn a_code_that_was_photographed_is_worth_nothing_without_the_browser_that_enrols() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let mut thief = Phone::new(&stage, "mallory");
    assert_eq!(thief.scan(&link(&alice).await).await.0, 200);
    let ActivationStage::Found { device, .. } = how_far(&alice).await else { panic!() };
    assert_eq!(device, "phone of mallory", "alice sees whose it is");
    assert_eq!(thief.say("activate/finish").await.0, 409);
    alice.send(Send::Mine(false)).await;
    assert_eq!(how_far(&alice).await, ActivationStage::Failed(ActivationFailure::NotMine));
    assert_eq!(thief.say("activate/finish").await.0, 409);
    assert_eq!((state(&stage), sessions(&stage)), (TokenState::Assigned, 0));
    assert_eq!(count(&stage, EventKind::ActivationDisowned), 1);

    alice.send(Send::Mine(true)).await;
    assert_eq!(alice.look().await.notice, Some(Notice::StaleForm), "what was disowned is not taken back");
    alice.send(Send::NewSecret).await;
    let mut phone = Phone::new(&stage, "alice");
    assert_eq!(phone.scan(&link(&alice).await).await.0, 200, "a new code is good");
}

#[tokio::test]
async fn a_code_is_good_on_one_device_only() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let shown = link(&alice).await;
    let (mut first, mut second) = (Phone::new(&stage, "alice"), Phone::new(&stage, "mallory"));
    assert_eq!(first.scan(&shown).await.0, 200);
    let before = alice.form().await;
    assert_eq!(second.scan(&shown).await.0, 409);
    assert_eq!(how_far(&alice).await, ActivationStage::Failed(ActivationFailure::SecondDevice));
    alice.send_form(&before, Send::Mine(true)).await;
    assert_eq!(first.say("activate/finish").await.0, 409, "it is over for both");
    assert_eq!(details(&stage.world, EventKind::ActivationFailed)["reason"], "second_device");
    assert_eq!(count(&stage, EventKind::ActivationCodeReused), 1);
    assert_eq!(state(&stage), TokenState::Assigned);
}

#[tokio::test]
async fn a_code_ends_with_its_ten_minutes_with_a_new_one_and_with_the_wizard() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let shown = link(&alice).await;
    let mut phone = Phone::new(&stage, "alice");
    phone.now = phone.now + std::time::Duration::from_mins(10);
    assert_eq!(phone.scan(&shown).await.0, 410);
    alice.wait(600);
    let ScreenPage::Activate { expired: true, link: hidden, code, .. } = alice.look().await.page else { panic!() };
    assert!(hidden.is_empty() && code.is_empty());
    alice.send(Send::NewSecret).await;
    assert_eq!(phone.scan(&shown).await.0, 404, "the old one is void");
    let newer = link(&alice).await;
    alice.send(Send::Cancel).await;
    assert_eq!(phone.scan(&newer).await.0, 410, "its token is revoked");
}

#[tokio::test]
async fn a_device_of_another_platform_is_turned_away_and_the_page_says_which_are_allowed() {
    let stage = stage();
    stage.world.with(|rows| rows.set(&on(&[Target::Ios, Target::WindowsDesktop])));
    let mut alice = Browser::verified(&stage, "alice").await;
    alice.send(Send::Target("ios")).await;
    let mut phone = Phone::new(&stage, "alice").running("android");
    assert_eq!(phone.scan(&link(&alice).await).await.0, 403);
    let ScreenPage::Activate { stage: failed, allowed, .. } = alice.look().await.page else { panic!() };
    assert_eq!(failed, ActivationStage::Failed(ActivationFailure::TargetNotAllowed));
    assert_eq!(allowed, [Target::Ios, Target::WindowsDesktop]);
}

#[tokio::test]
async fn the_token_is_of_the_platform_that_it_really_is_on() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let mut phone = Phone::new(&stage, "alice").running("ios");
    phone.scan(&link(&alice).await).await;
    alice.send(Send::Mine(true)).await;
    phone.say("activate/finish").await;
    assert!(matches!(alice.look().await.page, ScreenPage::FirstPasscode { target: Target::Ios, .. }));
    assert_eq!(stage.world.with(|rows| rows.credentials[0].target), Some(Target::Ios));
    assert_eq!(stage.world.mailed("device").as_deref(), Some("ios"));
}

#[tokio::test]
async fn switched_off_before_the_device_is_done_no_token_becomes_active() {
    type SwitchOff = fn(&mut Rows);
    let ways: [(&str, u16, SwitchOff); 3] = [
        ("the feature", 403, |rows| rows.set(&SelfProvisioning::for_existing_virtual_server())),
        ("the platform", 403, |rows| rows.set(&on(&[Target::Ios]))),
        ("the user", 423, |rows| rows.users[0].disabled = true),
    ];
    for (what, status, switch_off) in ways {
        let stage = stage();
        let mut alice = Browser::installing(&stage, "alice").await;
        alice.send(Send::Installed).await;
        let mut phone = Phone::new(&stage, "alice");
        phone.scan(&link(&alice).await).await;
        alice.send(Send::Mine(true)).await;
        stage.world.with(switch_off);
        assert_eq!(phone.say("activate/finish").await.0, status, "{what}");
        assert_eq!((state(&stage), count(&stage, EventKind::TokenActivated)), (TokenState::Assigned, 0), "{what}");
        assert_eq!(count(&stage, EventKind::EnrollmentConfirmed), 0, "{what}");
    }
}

#[tokio::test]
async fn an_approval_that_is_taken_back_midway_ends_it_and_one_that_is_there_is_used_up() {
    let stage = stage();
    let rule = EnrolmentRule { proof: ExtraProof::OperatorApproval, ..crate::testing::enrolment_rule() };
    stage.world.with(|rows| rows.set(&EnrolmentRules { rules: vec![rule] }));
    let approve = |rows: &mut Rows| {
        let (at, expires_at) = (crate::testing::now(), crate::testing::now() + std::time::Duration::from_hours(1));
        let (user, details) = ("u-alice".into(), GrantDetails::default());
        let grant = Grant { user, state: GrantState::Approved, at, expires_at, details };
        rows.grants.insert("u-alice".into(), grant);
    };
    stage.world.with(approve);
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let mut phone = Phone::new(&stage, "alice");
    phone.scan(&link(&alice).await).await;
    alice.send(Send::Mine(true)).await;
    stage.world.with(|rows| rows.grants.clear());
    assert_eq!(phone.say("activate/finish").await, (403, serde_json::json!({ "error": "not_allowed" })));
    assert_eq!(details(&stage.world, EventKind::ActivationFailed)["reason"], "not_allowed");
    stage.world.with(approve);
    assert_eq!(phone.say("activate/finish").await.0, 200);
    assert!(stage.world.with(|rows| rows.grants.is_empty()));
}

#[tokio::test]
async fn what_a_device_has_put_in_use_is_neither_undone_by_the_browser_nor_revoked_with_it() {
    let stage = stage();
    let (mut alice, _) = activated(&stage, "alice").await;
    for what in [Send::NewSecret, Send::Back, Send::Continue, Send::Installed, Send::Mine(false), Send::Target("ios")] {
        alice.send(what.clone()).await;
        assert_eq!(alice.page_name().await, "first_passcode", "{what:?}");
        assert_eq!(state(&stage), TokenState::Active, "{what:?}");
    }
    alice.send(Send::Cancel).await;
    assert_eq!(state(&stage), TokenState::Active);
    let mut again = Browser::identified(&stage, "alice").await;
    assert_eq!(again.page_name().await, "passcode", "R5: it is offered no more");
    let passcode = stage.passcode("u-alice", again.now);
    assert!(matches!(again.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn who_went_back_while_the_device_finished_goes_on_to_its_passcode() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let mut phone = Phone::new(&stage, "alice");
    phone.scan(&link(&alice).await).await;
    alice.send(Send::Mine(true)).await;
    alice.send(Send::Back).await;
    assert_eq!(alice.page_name().await, "choose_device");
    phone.say("activate/finish").await;
    alice.send(Send::Target("ios")).await;
    assert_eq!(alice.page_name().await, "first_passcode");
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn wrong_first_passcodes_are_counted_and_a_right_one_is_good_once() {
    let stage = stage();
    let (mut alice, _) = activated(&stage, "alice").await;
    alice.send(Send::Passcode("wrong".into())).await;
    assert!(matches!(alice.look().await.notice, Some(Notice::PasscodeNotAccepted { times: 1 })));
    alice.send(Send::Passcode(String::new())).await;
    assert_eq!(alice.look().await.notice, Some(Notice::Empty));
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode.clone())).await, Moved::SignedIn(_)));
    let mut again = Browser::identified(&stage, "alice").await;
    again.send(Send::Passcode(passcode)).await;
    assert_eq!(again.look().await.notice, Some(Notice::PasscodeUsed));
}

#[tokio::test]
async fn a_first_passcode_that_answers_a_question_is_asked_for_with_one() {
    let stage = stage();
    let asking = TokenTemplate { mode: Mode::ChallengeResponse, ..TokenTemplate::of_new_with_authenticator() };
    stage.world.with(|rows| rows.set(&asking));
    let (mut alice, _) = activated(&stage, "alice").await;
    let challenge = |page: ScreenPage| match page {
        ScreenPage::FirstPasscode { challenge: Some(challenge), .. } => challenge,
        other => panic!("{}", other.name()),
    };
    assert!(!challenge(alice.look().await.page).expired);
    alice.wait(120);
    assert!(challenge(alice.look().await.page).expired, "the device took its time");
    alice.send(Send::Passcode(String::new())).await;
    assert!(!challenge(alice.look().await.page).expired);
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn a_pin_on_the_server_is_shown_with_the_first_passcode_and_typed_with_it() {
    let stage = stage();
    let template = TokenTemplate { pin_type: PinType::ServerSide, ..TokenTemplate::of_new() };
    stage.world.with(|rows| rows.set(&template));
    let (mut alice, _) = activated(&stage, "alice").await;
    let ScreenPage::FirstPasscode { pin: Some((_, pin)), .. } = alice.look().await.page else { panic!() };
    let passcode = stage.passcode("u-alice", alice.now);
    alice.send(Send::Passcode(format!("{}{passcode}", pin.expose()))).await;
    assert_eq!(stage.world.with(|rows| rows.flows.last().unwrap().step), Step::NewPin, "its user chooses another");
    assert_eq!(count(&stage, EventKind::EnrollmentConfirmed), 1);
}

#[tokio::test]
async fn without_a_password_the_way_is_the_same() {
    let stage = Stage::with_app(OTP_ALONE);
    let mut alice = Browser::new(&stage);
    alice.name(Some("/page"), "alice").await;
    alice.send(Send::Add).await;
    let code = alice.mailed_code();
    alice.send(Send::Code(code)).await;
    alice.send(Send::Target("ios")).await;
    let mut phone = Phone::new(&stage, "alice").running("ios");
    phone.scan(&link(&alice).await).await;
    alice.send(Send::Mine(true)).await;
    phone.say("activate/finish").await;
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn where_there_is_no_origin_for_it_the_standard_app_is_offered() {
    let with = stage();
    let template = with.desk.template(&Browser::new(&with).visit()).await.unwrap();
    assert_eq!(template.pin, PinType::UserSelected, "one that was never set (decision A2)");
    Browser::installing(&with, "alice").await;
    assert_eq!(with.world.with(|rows| rows.credentials[0].plugin.clone()), ToyApp::ID);

    let without = Stage::set(PASSWORD_AND_OTP);
    let template = without.desk.template(&Browser::new(&without).visit()).await.unwrap();
    assert_eq!(template.pin, PinType::None);
    let alice = Browser::installing(&without, "alice").await;
    assert_eq!(alice.page_name().await, "install");
}
