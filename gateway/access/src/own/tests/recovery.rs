//! Recovery codes, as their owners and thieves live them.

use std::sync::Arc;

use doorward_api::settings::Document;
use doorward_api::{EventKind, SelfProvisioning, Step};

use super::*;
use crate::manage::{By, Manager};
use crate::recovery::COUNT;
use crate::stage::{Browser, OTP_ALONE, PASSWORD_AND_OTP, Send, Stage};
use crate::visit::Moved;

/// Where recovery codes may be made.
fn stage(policies: &str) -> Arc<Stage> {
    let stage = Stage::set(policies);
    stage.world.with(|rows| rows.set(&SelfProvisioning { recovery_codes: true, ..SelfProvisioning::of_new() }));
    stage
}

fn owner(stage: &Stage) -> Owner {
    Owner::new(stage.desk.clone())
}

/// alice has enrolled, and has made codes with her next passcode.
async fn with_codes(stage: &Arc<Stage>) -> (Browser, Vec<String>) {
    let (mut alice, _) = Browser::enrolled(stage, "alice").await;
    alice.wait(60);
    let passcode = stage.passcode("u-alice", alice.now);
    let made = owner(stage).make_recovery_codes(&alice.visit(), &Secret::new(passcode)).await.unwrap();
    (alice, made.iter().map(|code| code.expose().to_owned()).collect())
}

/// Somebody who knows alice's password is asked for a passcode.
async fn asked(stage: &Arc<Stage>, at: &Browser) -> Browser {
    let mut browser = Browser::new(stage);
    browser.now = at.now;
    browser.name(Some("/page"), "alice").await;
    browser.send(Send::Password("password of alice".into())).await;
    browser
}

fn left(stage: &Stage) -> usize {
    stage.world.with(|rows| rows.recovery_codes.values().next().map_or(0, |kept| kept.codes.macs.len()))
}

#[tokio::test]
async fn a_code_stands_in_for_a_passcode_once_and_its_owner_is_told() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    assert_eq!((codes.len(), left(&stage)), (COUNT, COUNT));
    assert!(codes.iter().all(|code| code.len() == 14 && code.matches('-').count() == 2), "{codes:?}");
    let mut elsewhere = asked(&stage, &alice).await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    assert!(matches!(elsewhere.send(Send::Passcode(typed)).await, Moved::SignedIn(_)));
    assert_eq!(left(&stage), COUNT - 1);
    assert_eq!(stage.world.mailed("left").as_deref(), Some("9"));
    assert!(stage.world.kinds().contains(&EventKind::RecoveryCodeUsed));
    let mut again = asked(&stage, &alice).await;
    again.send(Send::Passcode(codes[3].clone())).await;
    assert_eq!((again.page_name().await, left(&stage)), ("passcode", COUNT - 1));
}

#[tokio::test]
async fn of_two_who_type_the_same_code_one_gets_in() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    let (mut one, mut other) = (asked(&stage, &alice).await, asked(&stage, &alice).await);
    let (one, other) =
        tokio::join!(one.send(Send::Passcode(codes[0].clone())), other.send(Send::Passcode(codes[0].clone())));
    let inside = [one, other].iter().filter(|moved| matches!(moved, Moved::SignedIn(_))).count();
    assert_eq!((inside, left(&stage)), (1, COUNT - 1));
}

#[tokio::test]
async fn codes_are_not_guessed() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    let mut thief = asked(&stage, &alice).await;
    for _ in 0..10 {
        thief.send(Send::Passcode("AAAA-AAAA-AAAA".into())).await;
    }
    let mut other = asked(&stage, &alice).await;
    other.send(Send::Passcode(codes[0].clone())).await;
    assert_eq!(left(&stage), COUNT, "for today no code is looked at any more");
}

#[tokio::test]
async fn new_codes_take_the_place_of_those_before_and_need_a_passcode() {
    let stage = stage(PASSWORD_AND_OTP);
    let (mut alice, codes) = with_codes(&stage).await;
    let owner = owner(&stage);
    let wrong = owner.make_recovery_codes(&alice.visit(), &Secret::new("000000")).await;
    assert!(matches!(wrong, Err(OwnError::Refused(Refusal::Passcode(_)))), "{wrong:?}");
    alice.wait(60);
    let passcode = stage.passcode("u-alice", alice.now);
    owner.make_recovery_codes(&alice.visit(), &Secret::new(passcode)).await.unwrap();
    let mut elsewhere = asked(&stage, &alice).await;
    elsewhere.send(Send::Passcode(codes[0].clone())).await;
    assert_eq!(left(&stage), COUNT, "those before are void");
    let standing = owner.recovery(&alice.visit()).await.unwrap().unwrap();
    assert_eq!(standing.left.map(|left| (left.left, left.made_at)), Some((COUNT, alice.now)));
}

#[tokio::test]
async fn where_they_are_off_none_are_made_or_taken() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    stage.world.with(|rows| rows.set(&SelfProvisioning::of_new()));
    assert_eq!(owner(&stage).recovery(&alice.visit()).await.unwrap(), None);
    let mut elsewhere = asked(&stage, &alice).await;
    elsewhere.send(Send::Passcode(codes[0].clone())).await;
    assert_eq!((elsewhere.page_name().await, left(&stage)), ("passcode", COUNT));
}

#[tokio::test]
async fn without_a_password_a_code_is_guessed_at_as_slowly_as_a_password() {
    let stage = stage(OTP_ALONE);
    let (mut alice, _) = Browser::enrolled(&stage, "alice").await;
    alice.wait(60);
    let passcode = stage.passcode("u-alice", alice.now);
    let made = owner(&stage).make_recovery_codes(&alice.visit(), &Secret::new(passcode)).await.unwrap();
    let mut elsewhere = Browser::new(&stage);
    elsewhere.now = alice.now;
    elsewhere.name(Some("/page"), "alice").await;
    assert!(matches!(elsewhere.send(Send::Passcode(made[0].expose().to_owned())).await, Moved::SignedIn(_)));
    let mut nobody = Browser::new(&stage);
    nobody.name(Some("/page"), "nobody").await;
    nobody.send(Send::Passcode(made[1].expose().to_owned())).await;
    assert_eq!(nobody.page_name().await, "passcode");
}

#[tokio::test]
async fn whoever_came_in_by_a_code_gives_the_lost_one_up_and_enrols_another() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    let owner = owner(&stage);
    assert!(!owner.may_replace(&alice.visit()).await.unwrap(), "a passcode is no recovery");
    let mut elsewhere = asked(&stage, &alice).await;
    elsewhere.send(Send::Passcode(codes[0].clone())).await;
    assert!(owner.may_replace(&elsewhere.visit()).await.unwrap());
    let token = owner.tokens(&elsewhere.visit()).await.unwrap().remove(0);
    owner.report_lost(&elsewhere.visit(), &token.id).await.unwrap();
    assert!(stage.world.kinds().contains(&EventKind::TokenLost));
    stage.world.with(|rows| {
        assert_eq!(rows.credentials[0].state, TokenState::Lost);
        assert!(rows.portal_sessions("u-alice").is_empty(), "out everywhere");
    });
    let again = asked(&stage, &elsewhere).await;
    assert_eq!(again.page_name().await, "need_authenticator");
    assert_eq!(stage.world.with(|rows| rows.flows.last().unwrap().step), Step::Offered);
}

#[tokio::test]
async fn a_quarter_of_an_hour_later_a_lost_one_is_suspended_as_ever() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    let mut elsewhere = asked(&stage, &alice).await;
    elsewhere.send(Send::Passcode(codes[0].clone())).await;
    elsewhere.wait(15 * 60);
    let token = owner(&stage).tokens(&elsewhere.visit()).await.unwrap().remove(0);
    owner(&stage).report_lost(&elsewhere.visit(), &token.id).await.unwrap();
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Suspended);
}

#[tokio::test]
async fn no_record_and_no_row_holds_a_code() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    let mut elsewhere = asked(&stage, &alice).await;
    elsewhere.send(Send::Passcode(codes[0].clone())).await;
    let kept = stage.world.with(|rows| format!("{:?} {:?}", rows.recovery_codes, rows.events));
    for code in &codes {
        assert!(!kept.contains(code) && !kept.contains(&code.replace('-', "")));
    }
}

#[tokio::test]
async fn the_help_desk_sees_how_many_are_left_and_voids_them() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    let manager = Manager::new(stage.desk.clone());
    let by = |role: doorward_api::operator::Role| By {
        operator: "o-1".into(),
        name: "olga".into(),
        permissions: role.permissions(),
        api_key: None,
        address: None,
        request_id: "r-7".into(),
        now: alice.now,
    };
    let (vs, user) = (&stage.vs.id, &doorward_api::UserId::from("u-alice"));
    assert_eq!(manager.recovery_codes(vs, user).await.unwrap().map(|left| left.left), Some(COUNT));
    let auditor = manager.withdraw_recovery_codes(vs, &by(doorward_api::operator::Role::Auditor), user).await;
    assert!(auditor.is_err());
    manager.withdraw_recovery_codes(vs, &by(doorward_api::operator::Role::HelpDesk), user).await.unwrap();
    let mut elsewhere = asked(&stage, &alice).await;
    elsewhere.send(Send::Passcode(codes[0].clone())).await;
    assert_eq!(elsewhere.page_name().await, "passcode");
    let nothing = manager.withdraw_recovery_codes(vs, &by(doorward_api::operator::Role::HelpDesk), user).await;
    assert!(matches!(nothing, Err(crate::manage::ManageError::NotFound)));
}
