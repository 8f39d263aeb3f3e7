//! The wizard, as browsers live it.

mod by_mail;
mod by_rule;
mod kinds;
mod ours;
mod rules;

use std::sync::Arc;

use doorward_api::audit::EventKind;
use doorward_api::flow::{Delivery, Notice};
use doorward_api::mail::MailKind;
use doorward_api::settings::{Document, TargetRow};
use doorward_api::{EndedHow, ScreenPage, SelfProvisioning, Step, Target, TargetSettings, TokenState};
use doorward_fakes::{Rows, details};
use serde_json::json;

use crate::stage::{Browser, OTP_ALONE, PASSWORD_AND_OTP, Send, Stage};
use crate::toy_app::Phone;
use crate::visit::Moved;

fn stage() -> Arc<Stage> {
    Stage::set(PASSWORD_AND_OTP)
}

fn count(stage: &Stage, kind: EventKind) -> usize {
    stage.world.kinds().into_iter().filter(|k| *k == kind).count()
}

/// Only these platforms are allowed.
fn on(targets: &[Target]) -> TargetSettings {
    let mut settings = TargetSettings::of_new();
    for target in Target::ALL {
        let allowed = targets.contains(&target);
        *settings.row_mut(target) = TargetRow { allowed, app: allowed, push: false };
    }
    settings
}

/// Approves the newest request, with this number or the right one.
async fn approve(stage: &Stage, phone: &Phone, number: Option<&str>) -> (u16, serde_json::Value) {
    let (push, right) = stage.world.with(|rows| {
        let push = rows.pushes.last().unwrap();
        (push.id.clone(), push.data.number.secret())
    });
    let id = stage.world.with(|rows| rows.credentials.last().unwrap().id.clone());
    let number = number.unwrap_or(right.expose());
    let answer = json!({ "id": id.as_str(), "push": push.as_str(), "decision": "approve", "number": number });
    phone.call("push/answer", answer).await
}

fn step(stage: &Stage) -> Step {
    stage.world.with(|rows| rows.flows.last().unwrap().step)
}

#[tokio::test]
async fn somebody_without_a_token_gets_through_the_door() {
    let stage = stage();
    let mut alice = Browser::new(&stage);
    alice.name(Some("/page?x=1"), "alice").await;
    alice.send(Send::Password("password of alice".into())).await;
    let screen = alice.look().await;
    assert!(
        matches!(&screen.page, ScreenPage::NeedAuthenticator { masked_email: Some(m), later_until: None, stand_in: false } if m == "a***@e***.test")
    );
    assert_eq!((screen.app_name.as_deref(), screen.progress.map(|p| (p.step, p.of))), (Some("Wiki"), Some((1, 6))));
    assert!(stage.world.with(|rows| rows.mails.is_empty()), "sent on the click, not earlier");

    alice.send(Send::Add).await;
    let ScreenPage::CheckEmail { delivery, sent_at, .. } = alice.look().await.page else { panic!() };
    assert_eq!((delivery, sent_at), (Some(Delivery::Sent), Some(alice.now)));
    let code = alice.mailed_code();
    alice.send(Send::Code(format!(" {}-{} ", &code[..3], &code[3..]))).await;

    let ScreenPage::ChooseKind { choices, preselected } = alice.look().await.page else { panic!() };
    assert_eq!((choices, preselected.as_str()), (vec!["mobile".into(), "windows-desktop".into()], "mobile"));
    alice.send(Send::Target("mobile")).await;
    let ScreenPage::ChooseDevice { choices, preselected } = alice.look().await.page else { panic!() };
    assert_eq!((choices, preselected), (vec![Target::Ios, Target::Android], Target::Android));
    alice.send(Send::Target("android")).await;

    let ScreenPage::Install { uri, key, account, issuer, expired: false, .. } = alice.look().await.page else {
        panic!()
    };
    assert!(uri.expose().contains(key.expose()));
    assert_eq!((account.as_str(), issuer.as_str()), ("alice", "Example"));
    alice.send(Send::Continue).await;
    assert!(matches!(alice.look().await.page, ScreenPage::FirstPasscode { target: Target::Android, length: 6, .. }));
    assert_eq!(alice.look().await.progress.map(|p| (p.step, p.of)), Some((6, 6)));

    let Moved::SignedIn(landing) = alice.send(Send::Passcode(stage.passcode("u-alice", alice.now))).await else {
        panic!()
    };
    assert!(landing.url.starts_with("http://wiki.localhost:8080/.doorward/enter?ticket="));
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
            E::TokenActivated,
            E::EnrollmentConfirmed,
            E::AuthSuccess,
            E::SessionStarted,
        ]
    );
    stage.world.with(|rows| {
        assert_eq!(rows.credentials[0].state, TokenState::Active);
        let kinds: Vec<MailKind> = rows.mails.iter().map(|mail| mail.kind).collect();
        assert_eq!(kinds, [MailKind::VerificationCode, MailKind::EnrolmentNotice], "one code, and the notice");
        assert_eq!(rows.portal_sessions("u-alice").len(), 1);
    });
}

#[tokio::test]
async fn no_record_holds_a_secret() {
    let stage = stage();
    Browser::enrolled(&stage, "alice").await;
    let secrets = [
        stage.world.mailed("code").unwrap(),
        stage.world.mailed("dispute_url").unwrap().split_off("http://login.localhost:8080/notice/".len()),
        "alice@example.test".to_owned(),
        "password of alice".to_owned(),
        stage.passcode("u-alice", crate::testing::now()),
    ];
    for event in stage.world.with(|rows| rows.events.clone()) {
        let record = event.record("default", 1, crate::testing::now());
        assert!(secrets.iter().all(|secret| !record.contains(secret)), "{record}");
    }
}

#[tokio::test]
async fn the_first_passcode_does_not_open_a_second_time() {
    let stage = stage();
    let (first, _) = Browser::enrolled(&stage, "alice").await;
    let mut again = Browser::identified(&stage, "alice").await;
    assert_eq!(again.page_name().await, "passcode", "R5: no longer offered");
    again.send(Send::Passcode(stage.passcode("u-alice", first.now))).await;
    assert_eq!(again.look().await.notice, Some(Notice::PasscodeUsed));
}

#[tokio::test]
async fn the_offer_stands_until_there_is_a_token() {
    let stage = stage();
    for _ in 0..3 {
        assert_eq!(Browser::identified(&stage, "alice").await.page_name().await, "need_authenticator");
    }
    assert_eq!(count(&stage, EventKind::SelfProvisioningOffered), 3, "once per flow");
}

#[tokio::test]
async fn without_an_address_no_code_is_sent() {
    let stage = stage();
    let mut carol = Browser::identified(&stage, "carol").await;
    carol.send(Send::Add).await;
    let screen = carol.look().await;
    assert!(matches!(screen.page, ScreenPage::CheckEmail { sent_at: None, delivery: None, .. }));
    assert_eq!(screen.notice, Some(Notice::NoEmail));
    assert_eq!(details(&stage.world, EventKind::VerificationCodeFailed)["reason"], "no_email");
    carol.send(Send::Code("123456".into())).await;
    assert_eq!(carol.page_name().await, "check_email");
    stage.world.with(|rows| rows.users[2].email = Some("carol@example.test".into()));
    carol.send(Send::Resend).await;
    let code = carol.mailed_code();
    carol.send(Send::Code(code)).await;
    assert_eq!(carol.page_name().await, "choose_kind");
}

#[tokio::test]
async fn five_wrong_codes_void_it_and_a_new_one_helps() {
    let stage = stage();
    let mut alice = Browser::identified(&stage, "alice").await;
    alice.send(Send::Add).await;
    let first = alice.mailed_code();
    for tries_left in [4, 3, 2, 1] {
        alice.send(Send::Code("no".into())).await;
        assert_eq!(alice.look().await.notice, Some(Notice::CodeWrong { tries_left }));
    }
    alice.send(Send::Code("no".into())).await;
    alice.send(Send::Code(first.clone())).await;
    assert_eq!(alice.look().await.notice, Some(Notice::CodeVoid), "even the right one");
    alice.send(Send::Resend).await;
    assert_eq!(stage.world.with(|rows| rows.mails.len()), 1, "not within thirty seconds");
    alice.wait(30);
    alice.send(Send::Resend).await;
    assert_eq!(alice.look().await.notice, Some(Notice::CodeSentAgain));
    alice.send(Send::Code(first)).await;
    assert_eq!(alice.look().await.notice, Some(Notice::CodeWrong { tries_left: 4 }), "only the newest is good");
    let newest = alice.mailed_code();
    alice.send(Send::Code(newest)).await;
    assert_eq!(alice.page_name().await, "choose_kind");
}

#[tokio::test]
async fn fifteen_tries_a_day_are_compared_over_all_codes_and_browsers() {
    let stage = stage();
    let mut compared = 0;
    for _ in 0..4 {
        let mut alice = Browser::identified(&stage, "alice").await;
        alice.send(Send::Add).await;
        for _ in 0..6 {
            alice.send(Send::Code("no".into())).await;
        }
        compared = count(&stage, EventKind::VerificationCodeRejected);
    }
    let mut last = Browser::identified(&stage, "alice").await;
    last.send(Send::Add).await;
    let code = last.mailed_code();
    last.send(Send::Code(code)).await;
    assert!(matches!(last.look().await.notice, Some(Notice::CodeDayLimit { .. })));
    // Each of the first three codes was refused once more when it was void already.
    assert_eq!(compared, 15 + 3);
    assert_eq!(step(&stage), Step::CodeSent);
}

#[tokio::test]
async fn a_code_is_too_old_after_ten_minutes() {
    let stage = stage();
    let mut alice = Browser::identified(&stage, "alice").await;
    alice.send(Send::Add).await;
    let code = alice.mailed_code();
    alice.wait(600);
    alice.send(Send::Code(code)).await;
    assert_eq!(alice.look().await.notice, Some(Notice::CodeExpired));
    assert_eq!(count(&stage, EventKind::VerificationCodeExpired), 1);
}

#[tokio::test]
async fn a_code_is_good_in_its_own_browser_only() {
    let stage = stage();
    let mut alice = Browser::identified(&stage, "alice").await;
    alice.send(Send::Add).await;
    let code = alice.mailed_code();
    let mut thief = Browser::identified(&stage, "alice").await;
    thief.send(Send::Add).await;
    thief.send(Send::Code(code)).await;
    assert_eq!(thief.look().await.notice, Some(Notice::CodeWrong { tries_left: 4 }));
}

#[tokio::test]
async fn one_click_is_one_mail_and_five_are_the_most_in_an_hour() {
    let stage = stage();
    let mut alice = Browser::identified(&stage, "alice").await;
    let form = alice.form().await;
    alice.send_form(&form, Send::Add).await;
    alice.send_form(&form, Send::Add).await;
    assert_eq!(stage.world.with(|rows| rows.mails.len()), 1, "a double click");
    for _ in 0..6 {
        alice.wait(31);
        alice.send(Send::Resend).await;
    }
    assert_eq!(stage.world.with(|rows| rows.mails.len()), 5);
    assert!(matches!(alice.look().await.notice, Some(Notice::CodeLimit { .. })));
    assert_eq!(details(&stage.world, EventKind::VerificationCodeLimit)["reason"], "sends");
}

#[tokio::test]
async fn a_refused_mail_is_said_to_be_refused_and_retried_with_the_same_code() {
    let stage = stage();
    *stage.world.mail_server.lock().unwrap() = Some(Delivery::Refused);
    let mut alice = Browser::identified(&stage, "alice").await;
    alice.send(Send::Add).await;
    let screen = alice.look().await;
    assert!(matches!(screen.page, ScreenPage::CheckEmail { delivery: Some(Delivery::Refused), .. }));
    assert_eq!(screen.notice, Some(Notice::MailFailed));
    let code = alice.mailed_code();
    *stage.world.mail_server.lock().unwrap() = Some(Delivery::Sent);
    alice.wait(2);
    alice.send(Send::Resend).await;
    assert_eq!(alice.mailed_code(), code);
    assert_eq!(stage.world.with(|rows| rows.mails.len()), 2);
    assert_eq!(alice.look().await.notice, None);
    alice.send(Send::Code(code)).await;
    assert_eq!(alice.page_name().await, "choose_kind");
}

#[tokio::test]
async fn while_the_mail_server_is_away_the_same_mail_is_tried_again_and_costs_nothing() {
    let stage = stage();
    *stage.world.mail_server.lock().unwrap() = Some(Delivery::Refused);
    let mut alice = Browser::identified(&stage, "alice").await;
    alice.send(Send::Add).await;
    let mail = stage.world.with(|rows| rows.mails[0].id.clone());
    let outbox_says = |what| stage.world.delivered.lock().unwrap().insert(mail.clone(), what);
    for _ in 0..7 {
        // It was said to have failed, and the outbox goes on trying.
        outbox_says(Delivery::Pending);
        assert_eq!(alice.look().await.notice, Some(Notice::MailFailed));
        alice.send(Send::Resend).await;
    }
    assert_eq!(stage.world.with(|rows| rows.mails.len()), 1);
    // It has gone out by itself: the page knows.
    outbox_says(Delivery::Sent);
    let screen = alice.look().await;
    assert!(matches!(screen.page, ScreenPage::CheckEmail { delivery: Some(Delivery::Sent), .. }));
    assert_eq!(screen.notice, None);
    let code = alice.mailed_code();
    alice.send(Send::Code(code)).await;
    assert_eq!(alice.page_name().await, "choose_kind");
}

#[tokio::test]
async fn a_waiting_mail_is_neither_claimed_nor_doubled() {
    let stage = stage();
    *stage.world.mail_server.lock().unwrap() = None;
    let mut alice = Browser::identified(&stage, "alice").await;
    alice.send(Send::Add).await;
    let pending =
        |screen: ScreenPage| matches!(screen, ScreenPage::CheckEmail { delivery: Some(Delivery::Pending), .. });
    assert!(pending(alice.look().await.page));
    alice.wait(60);
    alice.send(Send::Resend).await;
    assert!(pending(alice.look().await.page));
    assert_eq!(stage.world.with(|rows| rows.mails.len()), 1);
    let mail = stage.world.with(|rows| rows.mails[0].id.clone());
    stage.world.delivered.lock().unwrap().insert(mail, Delivery::Sent);
    assert!(matches!(alice.look().await.page, ScreenPage::CheckEmail { delivery: Some(Delivery::Sent), .. }));
}

#[tokio::test]
async fn no_step_can_be_called_before_its_turn() {
    let stage = stage();
    let mut alice = Browser::identified(&stage, "alice").await;
    let before = stage.world.with(|rows| rows.events.len());
    for what in [
        Send::Code("123456".into()),
        Send::Target("android"),
        Send::NewSecret,
        Send::Continue,
        Send::Back,
        Send::Passcode("123456".into()),
        Send::Password("password of alice".into()),
        Send::Resend,
    ] {
        alice.send(what.clone()).await;
        let screen = alice.look().await;
        assert_eq!((screen.page.name(), screen.notice), ("need_authenticator", Some(Notice::StaleForm)), "{what:?}");
    }
    assert_eq!(stage.world.with(|rows| (rows.events.len(), rows.credentials.len())), (before, 0));
}

#[tokio::test]
async fn the_passcode_page_must_be_asked_for_first() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Passcode(stage.passcode("u-alice", alice.now))).await;
    assert_eq!((alice.page_name().await, alice.look().await.notice), ("install", Some(Notice::StaleForm)));
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Assigned);
}

#[tokio::test]
async fn the_secret_stays_the_same_until_a_new_one_is_asked_for() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    let key = alice.key().await;
    assert_eq!(alice.tab().key().await, key, "reload, second tab");
    alice.send(Send::Continue).await;
    alice.send(Send::Passcode("wrong".into())).await;
    assert_eq!(alice.look().await.notice, Some(Notice::PasscodeNotAccepted { times: 1 }));
    alice.send(Send::Back).await;
    assert_eq!(alice.key().await, key, "a wrong passcode");
    alice.send(Send::Back).await;
    alice.send(Send::Back).await;
    alice.send(Send::Target("windows-desktop")).await;
    assert_eq!(alice.key().await, key, "another platform");
    assert_eq!(
        stage.world.with(|rows| (rows.credentials.len(), rows.credentials[0].target)),
        (1, Some(Target::WindowsDesktop))
    );
    alice.send(Send::NewSecret).await;
    assert_ne!(alice.key().await, key);
    assert_eq!(count(&stage, EventKind::ActivationCodeRefreshed), 1);
    assert_eq!(stage.world.with(|rows| rows.credentials.len()), 1);
}

#[tokio::test]
async fn an_old_qr_code_is_hidden_until_a_new_one_is_asked_for() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.wait(600);
    let ScreenPage::Install { uri, key, expired, .. } = alice.look().await.page else { panic!() };
    assert!(expired && uri.is_empty() && key.is_empty());
    alice.send(Send::NewSecret).await;
    assert!(matches!(alice.look().await.page, ScreenPage::Install { expired: false, .. }));
}

#[tokio::test]
async fn the_wizard_lasts_an_hour_in_all() {
    let stage = stage();
    let mut alice = Browser::identified(&stage, "alice").await;
    for _ in 0..5 {
        alice.wait(11 * 60);
        assert_ne!(alice.page_name().await, "ended");
        alice.send(if step(&stage) == Step::Offered { Send::Add } else { Send::Resend }).await;
    }
    alice.wait(5 * 60);
    assert!(matches!(alice.look().await.page, ScreenPage::Ended { how: EndedHow::Expired, .. }));
}

#[tokio::test]
async fn a_second_browser_takes_over_when_it_has_passed_its_code() {
    let stage = stage();
    let mut first = Browser::installing(&stage, "alice").await;
    let mut second = Browser::identified(&stage, "alice").await;
    second.send(Send::Add).await;
    assert_eq!(first.page_name().await, "install", "a stranger with a name and a password kills nothing");
    let code = second.mailed_code();
    second.send(Send::Code(code)).await;
    assert!(matches!(first.look().await.page, ScreenPage::Ended { how: EndedHow::Superseded, .. }));
    assert_eq!(count(&stage, EventKind::EnrollmentSuperseded), 1);
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Revoked);
    second.send(Send::Target("ios")).await;
    second.send(Send::Continue).await;
    let code = stage.passcode("u-alice", second.now);
    assert!(matches!(second.send(Send::Passcode(code)).await, Moved::SignedIn(_)));
    let form = first.form().await;
    assert!(form.flow.is_empty(), "an ended page has no form");
    first.send_form(&form, Send::Continue).await;
    assert_eq!(first.page_name().await, "ended");
}

#[tokio::test]
async fn switched_off_midway_every_step_stops() {
    for way in 0..5 {
        let stage = stage();
        let (mut alice, what) = match way {
            0 => (Browser::identified(&stage, "alice").await, Send::Add),
            1 => {
                let mut alice = Browser::identified(&stage, "alice").await;
                alice.send(Send::Add).await;
                let code = alice.mailed_code();
                (alice, Send::Code(code))
            }
            2 => (Browser::verified(&stage, "alice").await, Send::Target("ios")),
            3 => (Browser::installing(&stage, "alice").await, Send::NewSecret),
            _ => {
                let mut alice = Browser::installing(&stage, "alice").await;
                alice.send(Send::Continue).await;
                let code = stage.passcode("u-alice", alice.now);
                (alice, Send::Passcode(code))
            }
        };
        stage.world.with(|rows| rows.set(&SelfProvisioning::for_existing_virtual_server()));
        alice.send(what).await;
        let screen = alice.look().await;
        assert!(matches!(screen.page, ScreenPage::Passcode { enrolment_hint: true, .. }), "{way}");
        assert_eq!(screen.notice, Some(Notice::NoLongerOffered));
        assert_eq!(details(&stage.world, EventKind::SelfProvisioningNotOffered)["reason"], "not_in_target_users");
        let live = |rows: &mut Rows| rows.credentials.iter().any(|t| t.state != TokenState::Revoked);
        assert!(!stage.world.with(live), "no token is left behind");
        assert_eq!(stage.world.with(|rows| rows.sessions.len()), 0);
    }
}

#[tokio::test]
async fn switched_off_at_the_very_moment_of_the_first_passcode_no_token_becomes_active() {
    type SwitchOff = fn(&mut Rows);
    let ways: [(&str, SwitchOff); 4] = [
        ("the feature", |rows| rows.set(&SelfProvisioning::for_existing_virtual_server())),
        ("the platform", |rows| {
            rows.set(&on(&[Target::Ios]));
        }),
        ("the user", |rows| rows.users[0].disabled = true),
        ("the group", |rows| rows.users[0].groups.clear()),
    ];
    for (what, switch_off) in ways {
        let stage = stage();
        let mut alice = Browser::installing(&stage, "alice").await;
        alice.send(Send::Continue).await;
        let passcode = stage.passcode("u-alice", alice.now);
        // The change is made while the activation is on its way to the store: everything was asked before it.
        let (moved, ()) = tokio::join!(alice.send(Send::Passcode(passcode)), async { stage.world.with(switch_off) });
        assert!(matches!(moved, Moved::ToStep { .. }), "{what}: {moved:?}");
        assert_eq!(count(&stage, EventKind::TokenActivated), 0, "{what}");
        stage.world.with(|rows| {
            assert!(rows.credentials.iter().all(|token| token.state != TokenState::Active), "{what}");
            assert!(rows.sessions.is_empty(), "{what}");
        });
    }
}

#[tokio::test]
async fn who_got_a_token_meanwhile_is_asked_for_it() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Continue).await;
    let code = stage.passcode("u-alice", alice.now);
    stage.world.with(|rows| {
        let mut other = rows.credentials[0].clone();
        (other.id, other.state) = ("c-other".into(), TokenState::Active);
        rows.credentials.push(other);
    });
    alice.send(Send::Passcode(code)).await;
    assert_eq!(alice.page_name().await, "passcode");
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Revoked);
}

#[tokio::test]
async fn a_platform_that_is_no_longer_allowed_is_chosen_anew() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    stage.world.with(|rows| rows.set(&on(&[Target::Ios, Target::WindowsDesktop])));
    alice.send(Send::Continue).await;
    assert_eq!((alice.page_name().await, alice.look().await.notice), ("choose_kind", Some(Notice::ChooseTarget)));
    assert_eq!(details(&stage.world, EventKind::ActivationFailed)["reason"], "target_not_allowed");
    alice.send(Send::Target("android")).await;
    assert_eq!(alice.page_name().await, "choose_kind");
    alice.send(Send::Target("ios")).await;
    assert_eq!(alice.page_name().await, "install");
}

#[tokio::test]
async fn a_single_platform_is_not_asked_for() {
    let stage = stage();
    stage.world.with(|rows| rows.set(&on(&[Target::Android])));
    let alice = Browser::verified(&stage, "alice").await;
    let screen = alice.look().await;
    assert_eq!((screen.page.name(), screen.back), ("install", false));
    assert_eq!(screen.progress.map(|p| (p.step, p.of)), Some((3, 4)));
}

#[tokio::test]
async fn cancelling_leaves_nothing_behind() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    let stale = crate::visit::StepForm { nonce: "old".into(), ..alice.form().await };
    let Moved::Cancelled { start_again } = alice.send_form(&stale, Send::Cancel).await else { panic!() };
    assert!(start_again.starts_with("/signin?return="));
    assert!(matches!(alice.look().await.page, ScreenPage::Ended { how: EndedHow::Cancelled, .. }));
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Revoked);
    assert_eq!(details(&stage.world, EventKind::EnrollmentCancelled)["lastStep"], "code_issued");
}

#[tokio::test]
async fn ten_wrong_first_passcodes_lock_the_new_token() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Continue).await;
    for _ in 0..10 {
        alice.send(Send::Passcode("wrong".into())).await;
    }
    alice.send(Send::Passcode(stage.passcode("u-alice", alice.now))).await;
    assert!(matches!(alice.look().await.notice, Some(Notice::Locked { .. })));
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Assigned);
}

#[tokio::test]
async fn an_otp_alone_enrols_by_name_and_mailbox() {
    let stage = Stage::set(OTP_ALONE);
    let mut alice = Browser::new(&stage);
    alice.name(Some("/page"), "alice").await;
    alice.send(Send::Add).await;
    assert!(matches!(alice.look().await.page, ScreenPage::CheckEmail { masked_email: None, .. }));
    let code = alice.mailed_code();
    alice.send(Send::Code(code)).await;
    alice.send(Send::Target("ios")).await;
    alice.send(Send::Continue).await;
    let code = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(code)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn not_you_suspends_the_token_and_ends_all_sessions_once() {
    let stage = stage();
    let (alice, _) = Browser::enrolled(&stage, "alice").await;
    let url = stage.world.mailed("dispute_url").unwrap();
    let token = url.strip_prefix("http://login.localhost:8080/notice/").unwrap();
    let reader = Browser::new(&stage);
    for _ in 0..3 {
        let view = stage.disputes.look(&reader.visit(), token).await.unwrap().unwrap();
        assert_eq!(view.target, Some(Target::Android));
    }
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Active, "looking changes nothing");
    let disputed = stage.disputes.confirm(&alice.visit(), token).await.unwrap().unwrap();
    assert_eq!(disputed.user.as_str(), "u-alice");
    assert!(disputed.session.is_some());
    stage.world.with(|rows| {
        assert_eq!(rows.credentials[0].state, TokenState::Suspended);
        assert!(rows.sessions.is_empty());
    });
    assert_eq!(stage.disputes.confirm(&alice.visit(), token).await.unwrap(), None);
    assert_eq!(stage.disputes.look(&alice.visit(), token).await.unwrap(), None);
    assert_eq!((count(&stage, EventKind::EnrollmentDisputed), count(&stage, EventKind::TokenSuspended)), (1, 1));
    assert_eq!(stage.disputes.look(&alice.visit(), "nonsense").await.unwrap(), None);
}

#[tokio::test]
async fn not_you_ends_the_sessions_even_when_the_token_is_held_already() {
    let stage = stage();
    let (alice, _) = Browser::enrolled(&stage, "alice").await;
    let url = stage.world.mailed("dispute_url").unwrap();
    let token = url.rsplit('/').next().unwrap();
    stage.world.with(|rows| rows.credentials[0].state = TokenState::Suspended);
    assert!(stage.disputes.confirm(&alice.visit(), token).await.unwrap().is_some());
    assert!(stage.world.with(|rows| rows.sessions.is_empty()));
    assert_eq!(count(&stage, EventKind::TokenSuspended), 0);
}
