//! Calls of devices, as the gateway carries them out.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::audit::EventKind;
use doorward_api::{ScreenPage, TokenState};
use doorward_fakes::details;
use serde_json::json;

use super::CODES;
use super::calls::{OF_A_DEVICE, OF_STRANGERS};
use crate::own::Owner;
use crate::stage::{Browser, PASSWORD_AND_OTP, Send, Stage};
use crate::toy_app::{Phone, activated, link};
use crate::visit::Moved;

fn stage() -> Arc<Stage> {
    Stage::with_app(PASSWORD_AND_OTP)
}

fn count(stage: &Stage, kind: EventKind) -> usize {
    stage.world.kinds().into_iter().filter(|k| *k == kind).count()
}

fn state(stage: &Stage) -> TokenState {
    stage.world.with(|rows| rows.credentials[0].state)
}

/// alice with her phone, signed in.
async fn signed_in(stage: &Arc<Stage>) -> (Browser, Phone) {
    let (mut alice, phone) = activated(stage, "alice").await;
    let passcode = stage.passcode("u-alice", alice.now);
    assert!(matches!(alice.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
    (alice, phone)
}

#[tokio::test]
async fn a_device_is_told_whose_token_it_carries_and_where_to_go() {
    let stage = stage();
    let (_, phone) = activated(&stage, "alice").await;
    let (status, token) = phone.say("token").await;
    assert_eq!(status, 200);
    for (field, expected) in [
        ("state", "active"),
        ("account", "alice"),
        ("issuer", "Example"),
        ("portal", "http://login.localhost:8080"),
        ("origin", "http://authenticator.localhost:8080"),
    ] {
        assert_eq!(token[field], expected);
    }
}

#[tokio::test]
async fn what_is_not_its_own_is_not_there() {
    let stage = stage();
    let (_, phone) = activated(&stage, "alice").await;
    let unknown = (404, json!({ "error": "not_found" }));
    assert_eq!(phone.call("token", json!({ "id": "c-nobody" })).await, unknown);
    assert_eq!(phone.call("activate/begin", json!({ "user": "nobody", "code": "1" })).await, unknown);
    assert_eq!(phone.call("activate/begin", json!({ "user": "alice", "code": "1" })).await, unknown, "it is in use");
    assert_eq!(phone.call("token", json!({})).await.0, 400);
    stage.world.with(|rows| rows.credentials[0].plugin = "otp".into());
    assert_eq!(phone.say("token").await, unknown, "of another plugin");
    let standard = Stage::set(PASSWORD_AND_OTP);
    assert_eq!(Phone::new(&standard, "alice").say("token").await, unknown, "no authenticator here");
}

#[tokio::test]
async fn a_typed_code_finds_the_token_that_was_issued_to_that_name() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let ScreenPage::Activate { code, account, server, .. } = alice.look().await.page else { panic!() };
    assert_eq!((account.as_str(), server.as_str()), ("alice", "authenticator.localhost:8080"));
    let phone = Phone::new(&stage, "alice");
    let typed = json!({ "user": " Alice", "code": code.expose(), "key": "k", "device": "d", "os": "android" });
    let (status, begun) = phone.call("activate/begin", typed).await;
    assert_eq!(status, 200);
    assert_eq!(begun["id"], stage.world.with(|rows| rows.credentials[0].id.as_str().to_owned()));
    assert_eq!(count(&stage, EventKind::ActivationStarted), 1);
}

fn too_many() -> (u16, serde_json::Value) {
    (429, json!({ "error": "too_many" }))
}

#[tokio::test]
async fn typed_codes_from_one_address_are_limited() {
    let stage = stage();
    let (_, phone) = activated(&stage, "alice").await;
    let typed = json!({ "user": "bob", "code": "ABCD" });
    for _ in 0..CODES {
        assert_eq!(phone.call("activate/begin", typed.clone()).await.0, 404);
    }
    assert_eq!(phone.call("activate/begin", typed).await, too_many());
    assert_eq!(phone.say("token").await.0, 200, "whose token is known goes on");
}

#[tokio::test]
async fn a_device_that_does_not_stop_is_held_back_and_no_other() {
    let stage = stage();
    let (_, mut phone) = activated(&stage, "alice").await;
    let (_, other) = activated(&stage, "bob").await;
    let mut answered = 0;
    while phone.say("pin/change").await.0 == 200 {
        answered += 1;
    }
    assert!(answered < OF_A_DEVICE, "the calls of its activation count, too");
    assert_eq!(phone.say("pin/change").await, too_many());
    assert_eq!(u32::try_from(count(&stage, EventKind::PinChanged)), Ok(answered), "nothing more was carried out");
    assert_eq!(other.say("token").await.0, 200);
    phone.now = phone.now + Duration::from_mins(1);
    assert_eq!(phone.say("token").await.0, 200);
}

/// An office behind one address, in which somebody sends what nobody has signed.
#[tokio::test]
async fn a_crowd_behind_one_address_approves_whatever_a_stranger_sends_from_there() {
    let stage = stage();
    let (_, phone) = activated(&stage, "alice").await;
    let crowd: Vec<String> = (0..60).map(|number| format!("c-{number}")).collect();
    stage.world.with(|rows| {
        let one = rows.credentials[0].clone();
        let more = crowd.iter().map(|id| doorward_api::Credential { id: id.as_str().into(), ..one.clone() });
        rows.credentials.extend(more.collect::<Vec<_>>());
    });
    let approval = async || {
        for id in &crowd {
            for _ in 0..12 {
                assert_eq!(phone.call("token", json!({ "id": id })).await.0, 200);
            }
        }
    };
    approval().await;
    let junk = [json!({ "id": crowd[0], "forged": true }), json!({ "id": "c-nobody" }), json!({ "neither": "this" })];
    let mut refused = 0;
    for body in junk.iter().cycle().take(OF_STRANGERS as usize + 30) {
        refused += u32::from(phone.call("token", body.clone()).await == too_many());
    }
    assert!(refused >= 30, "{refused}");
    approval().await;
    let meters = stage.world.with(|rows| rows.meters.len());
    phone.say("token").await;
    assert_eq!(stage.world.with(|rows| rows.meters.len()), meters, "and a call writes nothing to be counted");
}

#[tokio::test]
async fn of_many_wrong_pins_at_the_same_moment_no_more_are_looked_at_than_are_permitted() {
    let stage = stage();
    let (_, phone) = signed_in(&stage).await;
    let phone = Arc::new(phone);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let phone = phone.clone();
        calls.spawn(async move { phone.say("pin/unlock/1").await.0 });
    }
    let answers = calls.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 2);
    assert_eq!(answers.iter().filter(|status| **status == 423).count(), 62);
    assert_eq!(state(&stage), TokenState::LockedPin);
    assert_eq!(count(&stage, EventKind::PinRejected), 2);
    assert_eq!(count(&stage, EventKind::TokenPinLocked), 1);
    assert_eq!(details(&stage.world, EventKind::TokenPinLocked)["to"], "locked_pin");
}

#[tokio::test]
async fn a_right_pin_forgets_the_wrong_ones() {
    let stage = stage();
    let (_, phone) = activated(&stage, "alice").await;
    for _ in 0..5 {
        assert_eq!(phone.say("pin/unlock/1").await.1["attempts_left"], 1);
        assert_eq!(phone.say("pin/unlock/2").await.0, 200);
    }
    assert_eq!(details(&stage.world, EventKind::PinRejected)["where"], "app");
    phone.say("pin/change").await;
    assert_eq!(details(&stage.world, EventKind::PinChanged)["where"], "app");
}

#[tokio::test]
async fn whose_only_token_was_locked_by_its_pin_is_sent_to_the_help_desk() {
    let stage = stage();
    let (_, phone) = signed_in(&stage).await;
    for _ in 0..3 {
        phone.say("pin/unlock/1").await;
    }
    let alice = Browser::identified(&stage, "alice").await;
    let ScreenPage::Passcode { suspended, enrolment_hint, .. } = alice.look().await.page else { panic!() };
    assert!(suspended && !enrolment_hint, "and is offered no other (A5)");
}

#[tokio::test]
async fn a_copy_of_a_device_suspends_the_token_and_its_requests_and_leaves_sessions_alone() {
    let stage = stage();
    let (_, phone) = signed_in(&stage).await;
    let mut elsewhere = Browser::identified(&stage, "alice").await;
    elsewhere.send(Send::RequestPush).await;
    assert_eq!(phone.say("clone").await.0, 423);
    assert_eq!(state(&stage), TokenState::Suspended);
    assert_eq!(details(&stage.world, EventKind::TokenSuspended)["reason"], "cloned");
    stage.world.with(|rows| {
        assert_eq!(rows.portal_sessions("u-alice").len(), 1);
        assert!(rows.pushes.iter().all(|push| !push.pending(crate::testing::now())));
    });
    assert_eq!(phone.say("token").await.0, 423);
}

#[tokio::test]
async fn what_was_copied_before_it_was_in_use_is_revoked() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let mut phone = Phone::new(&stage, "alice");
    phone.scan(&link(&alice).await).await;
    phone.say("clone").await;
    assert_eq!(state(&stage), TokenState::Revoked);
    assert_eq!(details(&stage.world, EventKind::TokenRevoked)["reason"], "cloned");
}

#[tokio::test]
async fn its_owner_is_told_what_the_device_is_called() {
    let stage = stage();
    let (alice, _) = signed_in(&stage).await;
    let theirs = Owner::new(stage.desk.clone()).tokens(&alice.visit()).await.unwrap();
    assert_eq!(theirs.iter().map(|token| token.device.as_str()).collect::<Vec<_>>(), ["phone of the owner"]);
}

#[tokio::test]
async fn a_call_that_was_overtaken_is_answered_anew() {
    let stage = stage();
    let (_, phone) = activated(&stage, "alice").await;
    // Another process writes while the answer is on its way to the store.
    let (unlocked, ()) = tokio::join!(phone.say("pin/unlock/1"), async {
        stage.world.with(|rows| rows.credentials[0].version += 1);
    });
    assert_eq!(unlocked.1["attempts_left"], 1);
    assert_eq!(count(&stage, EventKind::PinRejected), 1);
}

#[tokio::test]
async fn removed_by_whoever_has_the_device_alone_a_token_is_held_and_no_other_is_offered() {
    let stage = stage();
    let (_, phone) = signed_in(&stage).await;
    assert_eq!(phone.say("token/release").await.0, 200);
    assert_eq!(state(&stage), TokenState::Suspended);
    let told = details(&stage.world, EventKind::TokenSuspended);
    for (field, value) in [("actor", "user"), ("from", "active"), ("to", "suspended"), ("reason", "released")] {
        assert_eq!(told[field], value, "{field}");
    }
    assert_eq!(phone.say("token").await.0, 423);
    let alice = Browser::identified(&stage, "alice").await;
    let ScreenPage::Passcode { suspended, enrolment_hint, .. } = alice.look().await.page else { panic!() };
    assert!(suspended && !enrolment_hint, "password and mailbox bring no other (0015)");
}

#[tokio::test]
async fn removed_by_whoever_has_the_device_alone_a_token_goes_where_another_is_in_use() {
    let stage = stage();
    let (_, phone) = signed_in(&stage).await;
    stage.world.with(|rows| {
        let second = rows.credentials[0].clone();
        rows.credentials.push(doorward_api::Credential { id: "second".into(), serial: "S-2".into(), ..second });
    });
    assert_eq!(phone.say("token/release").await.0, 200);
    let states = || stage.world.with(|rows| rows.credentials.iter().map(|token| token.state).collect::<Vec<_>>());
    assert_eq!(states(), [TokenState::Revoked, TokenState::Active]);
    assert_eq!(details(&stage.world, EventKind::TokenRevoked)["reason"], "released");
    assert_eq!(phone.call("token/release", json!({ "id": "second" })).await.0, 200);
    assert_eq!(states(), [TokenState::Revoked, TokenState::Suspended], "of the last one this is true no more");
}

#[tokio::test]
async fn removed_from_its_device_by_its_user_a_token_is_revoked_and_another_is_offered() {
    let stage = stage();
    let (_, phone) = signed_in(&stage).await;
    let id = stage.world.with(|rows| rows.credentials[0].id.as_str().to_owned());
    assert_eq!(phone.call("token/release", json!({ "id": id, "proof": "made" })).await.0, 200);
    assert_eq!(state(&stage), TokenState::Revoked);
    assert_eq!(details(&stage.world, EventKind::TokenRevoked)["reason"], "released");
    assert_eq!(phone.say("token").await.0, 410);
    assert_eq!(Browser::identified(&stage, "alice").await.page_name().await, "need_authenticator");
}

#[tokio::test]
async fn the_device_of_somebody_who_is_switched_off_can_do_nothing() {
    let stage = stage();
    let (_, phone) = signed_in(&stage).await;
    stage.world.with(|rows| rows.users[0].disabled = true);
    assert_eq!(phone.say("pin/unlock/1").await.0, 423);
    assert_eq!(count(&stage, EventKind::PinRejected), 0);
    stage.world.with(|rows| rows.users[0].disabled = false);
    assert_eq!(phone.say("pin/unlock/1").await.0, 200);
}

#[tokio::test]
async fn a_device_that_waits_is_answered_when_there_is_a_request() {
    let stage = stage();
    let (mut alice, phone) = activated(&stage, "alice").await;
    let id = stage.world.with(|rows| rows.credentials[0].id.as_str().to_owned());
    let waiting = phone.call("push/pending", json!({ "id": id, "wait": 25 }));
    let begun = std::time::Instant::now();
    let ((status, body), _) = tokio::join!(waiting, alice.send(Send::RequestPush));
    assert_eq!((status, body["pending"].as_array().unwrap().len()), (200, 1));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn without_a_request_a_device_waits_as_long_as_it_said() {
    let stage = stage();
    let (_, phone) = activated(&stage, "alice").await;
    let id = stage.world.with(|rows| rows.credentials[0].id.as_str().to_owned());
    let begun = std::time::Instant::now();
    let (_, at_once) = phone.call("push/pending", json!({ "id": id })).await;
    assert!(begun.elapsed() < Duration::from_millis(900));
    let (_, later) = phone.call("push/pending", json!({ "id": id, "wait": 1 })).await;
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!((&at_once["pending"], &later["pending"]), (&json!([]), &json!([])));
    assert_eq!(later["now"].as_u64().unwrap(), at_once["now"].as_u64().unwrap() + 1, "it says what time it is then");
}

#[tokio::test]
async fn only_the_call_that_puts_a_token_in_use_tells_the_browser_to_remember_it() {
    let stage = stage();
    let mut alice = Browser::installing(&stage, "alice").await;
    alice.send(Send::Installed).await;
    let mut phone = Phone::new(&stage, "alice");
    phone.scan(&link(&alice).await).await;
    alice.send(Send::Mine(true)).await;
    let (id, serial) = stage.world.with(|rows| {
        let token = &rows.credentials[0];
        (token.id.as_str().to_owned(), token.serial.clone())
    });
    let finish = json!({ "id": id, "os": "android" });
    let activated = phone.reply("activate/finish", &finish).await.activated;
    assert_eq!(activated, Some((serial, "alice".to_owned())));
    assert_eq!(phone.reply("activate/finish", &finish).await.activated, None);
    assert_eq!(phone.reply("token", &finish).await.activated, None);
}

#[tokio::test]
async fn files_of_the_app_are_there_where_it_has_an_origin() {
    let stage = stage();
    let file = stage.desk.app_file(&stage.vs, "/a/", "").unwrap();
    assert_eq!((file.media_type, &*file.body), ("text/html; charset=utf-8", b"Example".as_slice()));
    assert!(stage.desk.app_file(&stage.vs, "/a/none", "").is_none());
    assert_eq!(stage.desk.app_policy(), Some("default-src 'none'"));
    let standard = Stage::set(PASSWORD_AND_OTP);
    assert!(standard.desk.app_file(&standard.vs, "/a/", "").is_none());
}
