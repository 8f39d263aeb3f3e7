//! Recovery codes, as their owners and thieves live them.

use std::sync::Arc;

use doorward_api::mail::MailKind;
use doorward_api::ports::{MeterKey, MeterScope, Meters};
use doorward_api::settings::{Document, EnrolmentRule, EnrolmentRules};
use doorward_api::user::TemporaryPasscode;
use doorward_api::{EventKind, ScreenPage, SelfProvisioning, Step};

use super::*;
use crate::manage::{By, Manager};
use crate::recovery::COUNT;
use crate::stage::{Browser, OTP_ALONE, PASSWORD_AND_OTP, Send, Stage};
use crate::testing::enrolment_rule;
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
    let told = stage.world.with(|rows| rows.mails.last().map(|mail| (mail.kind, mail.user.clone())));
    assert_eq!(told, Some((MailKind::RecoveryCodesMade, "u-alice".into())), "nor are they made in secret");
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

/// alice in the browser in which she has signed in before.
async fn at_home(stage: &Arc<Stage>, at: &Browser) -> Browser {
    let mut browser = Browser { device: at.device.clone(), ..Browser::new(stage) };
    browser.now = at.now;
    browser.name(Some("/page"), "alice").await;
    if browser.page_name().await == "password" {
        browser.send(Send::Password("password of alice".into())).await;
    }
    browser
}

/// LG-06: a name is not enough to shut somebody's paper off.
#[tokio::test]
async fn what_strangers_type_uses_up_no_look_of_the_owner() {
    let stage = stage(OTP_ALONE);
    let (mut alice, codes) = with_codes(&stage).await;
    let mut stranger = Browser::new(&stage);
    stranger.now = alice.now;
    stranger.name(Some("/page"), "alice").await;
    for _ in 0..12 {
        stranger.send(Send::Passcode("AAAA-AAAA-AAAA".into())).await;
        stranger.wait(300);
    }
    let told = stranger.look().await.notice;
    assert!(
        !matches!(told, Some(Notice::Locked { .. })),
        "nor does a stranger learn that there is something: {told:?}"
    );
    alice.now = stranger.now;
    let mut home = at_home(&stage, &alice).await;
    assert!(matches!(home.send(Send::Passcode(codes[0].clone())).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn whoever_has_the_password_is_stopped_by_no_stranger_and_stops_no_known_browser() {
    let stage = stage(PASSWORD_AND_OTP);
    let (mut alice, codes) = with_codes(&stage).await;
    let (vs, scope) = (&stage.vs.id, MeterScope::RecoveryCode);
    let of_strangers = MeterKey { scope, key: "u-alice".into() };
    for _ in 0..10 {
        stage.world.take_place(vs, &of_strangers, 10, Duration::from_hours(24), alice.now).await.unwrap();
    }
    let mut elsewhere = asked(&stage, &alice).await;
    assert!(matches!(elsewhere.send(Send::Passcode(codes[0].clone())).await, Moved::SignedIn(_)));
    let mut thief = asked(&stage, &alice).await;
    let until = thief.now + Duration::from_hours(24);
    for _ in 0..10 {
        thief.send(Send::Passcode("AAAA-AAAA-AAAA".into())).await;
    }
    thief.wait(16 * 60);
    let mut thief = asked(&stage, &thief).await;
    thief.send(Send::Passcode(codes[1].clone())).await;
    assert_eq!(thief.look().await.notice, Some(Notice::Locked { until }), "it is said, and not taken for wrong");
    alice.now = thief.now;
    let mut home = at_home(&stage, &alice).await;
    assert!(matches!(home.send(Send::Passcode(codes[1].clone())).await, Moved::SignedIn(_)));
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

/// The passcode of a token, whichever of a user's it is.
fn passcode_of(stage: &Stage, nth: usize, at: &Browser) -> String {
    stage.world.with(|rows| doorward_fakes::ToyTokens::passcode(&rows.credentials[nth].opened, at.now))
}

#[tokio::test]
async fn the_passcode_of_any_token_makes_them_and_is_counted_against_those_it_is_wrong_for() {
    let stage = stage(PASSWORD_AND_OTP);
    let (mut alice, _) = Browser::enrolled(&stage, "alice").await;
    let (_, _) = Browser::enrolled(&stage, "bob").await;
    alice.wait(60);
    let second: CredentialId = stage.world.with(|rows| {
        let user = rows.credentials[0].user.clone();
        rows.credentials[1].user = user;
        rows.credentials[1].id.clone()
    });
    let owner = owner(&stage);
    assert_eq!(owner.recovery(&alice.visit()).await.unwrap().unwrap().asks, Some(6));
    let typed = Secret::new(passcode_of(&stage, 1, &alice));
    assert_eq!(owner.make_recovery_codes(&alice.visit(), &typed).await.unwrap().len(), COUNT);
    let fails = || stage.world.with(|rows| rows.credentials.iter().map(|token| token.fails).collect::<Vec<_>>());
    assert_eq!(fails(), [0, 0], "it was right for one of them");
    let told = details(&stage.world, EventKind::RecoveryCodesMade);
    assert_eq!(told["serial"], stage.world.with(|rows| rows.credentials[1].serial.clone()));
    let again = owner.make_recovery_codes(&alice.visit(), &typed).await;
    assert!(matches!(again, Err(OwnError::Refused(Refusal::Passcode(Notice::PasscodeUsed)))), "{again:?}");
    let wrong = owner.make_recovery_codes(&alice.visit(), &Secret::new("wrong")).await;
    assert!(matches!(wrong, Err(OwnError::Refused(Refusal::Passcode(_)))), "{wrong:?}");
    assert_eq!(fails(), [1, 1]);
    // One that is locked stands in nobody's way.
    stage.world.with(|rows| rows.credentials[0].locked_until = Some(alice.now + Duration::from_mins(15)));
    alice.wait(60);
    let typed = Secret::new(passcode_of(&stage, 1, &alice));
    owner.make_recovery_codes(&alice.visit(), &typed).await.unwrap();
    owner.test(&alice.visit(), &second, &typed).await.unwrap_err();
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
        assert_eq!(rows.mails.last().unwrap().kind, MailKind::AuthenticatorRemoved);
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

/// Somebody came in with alice's password and mailbox, enrolled, and provided for the day on which she says so.
#[tokio::test]
async fn not_you_voids_the_codes_and_holds_the_authenticators_that_came_since() {
    let stage = stage(PASSWORD_AND_OTP);
    let (thief, codes) = with_codes(&stage).await;
    stage.world.with(|rows| {
        let mut second = rows.credentials[0].clone();
        (second.id, second.serial, second.additional) = ("second".into(), "S-2".into(), true);
        rows.credentials.push(second);
    });
    let url = stage.world.mailed("dispute_url").unwrap();
    let link = url.rsplit('/').next().unwrap();
    assert!(stage.disputes.confirm(&Browser::new(&stage).visit(), link).await.unwrap().is_some());
    let states = stage.world.with(|rows| rows.credentials.iter().map(|token| token.state).collect::<Vec<_>>());
    assert_eq!((states, left(&stage)), (vec![TokenState::Suspended; 2], 0));
    let said = details(&stage.world, EventKind::RecoveryCodesWithdrawn);
    assert_eq!((&said["actor"], &said["reason"], &said["left"]), (&"user".into(), &"disputed".into(), &COUNT.into()));
    let mut again = asked(&stage, &thief).await;
    again.send(Send::Passcode(codes[0].clone())).await;
    assert_eq!(again.page_name().await, "passcode", "the way back is shut");
}

#[tokio::test]
async fn not_you_leaves_the_codes_that_were_on_paper_before() {
    let stage = stage(PASSWORD_AND_OTP);
    with_codes(&stage).await;
    let before = crate::testing::now() - Duration::from_secs(86_400);
    stage.world.with(|rows| rows.recovery_codes.values_mut().for_each(|kept| kept.codes.made_at = before));
    let url = stage.world.mailed("dispute_url").unwrap();
    let link = url.rsplit('/').next().unwrap();
    assert!(stage.disputes.confirm(&Browser::new(&stage).visit(), link).await.unwrap().is_some());
    assert_eq!(left(&stage), COUNT);
}

#[tokio::test]
async fn a_token_on_probation_makes_no_codes_that_would_be_on_none() {
    let stage = stage(PASSWORD_AND_OTP);
    let (mut alice, _) = Browser::enrolled(&stage, "alice").await;
    let rule = EnrolmentRule { probation_hours: 48, ..enrolment_rule() };
    stage.world.with(|rows| rows.set(&EnrolmentRules { rules: vec![rule] }));
    alice.wait(60);
    let make = async |alice: &Browser| {
        let passcode = Secret::new(stage.passcode("u-alice", alice.now));
        owner(&stage).make_recovery_codes(&alice.visit(), &passcode).await
    };
    assert!(matches!(make(&alice).await, Err(OwnError::Refused(Refusal::NotNow))));
    assert_eq!(owner(&stage).recovery(&alice.visit()).await.unwrap().unwrap().asks, None, "nor is it offered");
    stage.world.with(|rows| {
        rows.credentials[0].activated_at = Some(crate::testing::now() - Duration::from_secs(49 * 3600));
    });
    assert_eq!(make(&alice).await.unwrap().len(), COUNT);
}

/// A5: what is held is not enrolled around.
#[tokio::test]
async fn whoever_came_in_by_a_code_does_not_give_up_what_is_held() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    for state in [TokenState::Suspended, TokenState::LockedPin] {
        stage.world.with(|rows| rows.credentials[0].state = state);
        let mut elsewhere = asked(&stage, &alice).await;
        let page = elsewhere.look().await.page;
        assert!(matches!(page, ScreenPage::Passcode { suspended: true, recovery: true, .. }), "{page:?}");
        let code = codes[usize::from(state == TokenState::LockedPin)].clone();
        assert!(matches!(elsewhere.send(Send::Passcode(code)).await, Moved::SignedIn(_)), "the paper is good");
        let token = owner(&stage).tokens(&elsewhere.visit()).await.unwrap().remove(0);
        let outcome = owner(&stage).report_lost(&elsewhere.visit(), &token.id).await;
        assert!(matches!(outcome, Err(OwnError::Refused(Refusal::NotNow))), "{outcome:?}");
        assert_eq!(stage.world.with(|rows| rows.credentials[0].state), state);
    }
}

#[tokio::test]
async fn whoever_has_nothing_that_stands_in_is_shown_no_field_for_it() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, _) = Browser::enrolled(&stage, "alice").await;
    stage.world.with(|rows| rows.credentials[0].state = TokenState::Suspended);
    let page = asked(&stage, &alice).await.look().await.page;
    assert!(matches!(page, ScreenPage::Passcode { suspended: true, recovery: false, .. }), "{page:?}");
}

/// The help desk has revoked what was lost, and reads a passcode out: no phone and no mailbox is needed to get in.
#[tokio::test]
async fn whoever_has_no_token_signs_in_by_what_stands_in_for_one() {
    let stage = stage(PASSWORD_AND_OTP);
    let (alice, codes) = with_codes(&stage).await;
    let hash = stage.desk.ports.passwords.hash(Secret::new("7Q2MK94T")).await.unwrap();
    stage.world.with(|rows| {
        rows.credentials[0].state = TokenState::Revoked;
        let expires_at = alice.now + Duration::from_hours(8);
        let given = TemporaryPasscode { hash, expires_at, reason: "lost".into() };
        rows.temporary_passcodes.insert("u-alice".into(), given);
    });
    for typed in ["7q2m-k94t", codes[0].as_str()] {
        let mut browser = asked(&stage, &alice).await;
        let page = browser.look().await.page;
        assert!(matches!(page, ScreenPage::NeedAuthenticator { stand_in: true, .. }), "{page:?}");
        browser.send(Send::Passcode(String::new())).await;
        assert_eq!(browser.look().await.notice, Some(Notice::Empty));
        browser.send(Send::Passcode("7Q2M-K94Z".into())).await;
        assert_eq!(browser.look().await.notice, Some(Notice::PasscodeNotAccepted { times: 1 }));
        assert!(matches!(browser.send(Send::Passcode(typed.into())).await, Moved::SignedIn(_)), "{typed}");
    }
    assert_eq!((left(&stage), stage.world.with(|rows| rows.credentials.len())), (COUNT - 1, 1), "nothing was enrolled");
}

#[tokio::test]
async fn whoever_has_nothing_that_stands_in_is_offered_an_authenticator_and_nothing_else() {
    let stage = stage(PASSWORD_AND_OTP);
    let mut alice = asked(&stage, &Browser::new(&stage)).await;
    assert!(matches!(alice.look().await.page, ScreenPage::NeedAuthenticator { stand_in: false, .. }));
    alice.send(Send::Passcode("7Q2M-K94T".into())).await;
    assert_eq!(alice.page_name().await, "need_authenticator", "and a form that was made up opens nothing");
}

/// With a PIN, a passcode may be as long as a code. A right one is no guess at one.
#[tokio::test]
async fn signing_in_day_by_day_uses_up_no_look_at_the_codes() {
    let stage = stage(PASSWORD_AND_OTP);
    let (mut alice, codes) = with_codes(&stage).await;
    let hash = stage.desk.ports.passwords.hash(Secret::new("246810")).await.unwrap();
    stage.world.with(|rows| {
        let token = &mut rows.credentials[0];
        token.template.pin = PinType::ServerSide;
        token.pin = Some(ServerPin { hash, set_at: crate::testing::now(), must_change: false, history: vec![] });
    });
    for _ in 0..12 {
        alice.wait(60);
        let mut browser = asked(&stage, &alice).await;
        let typed = format!("246810{}", stage.passcode("u-alice", browser.now));
        assert!(matches!(browser.send(Send::Passcode(typed)).await, Moved::SignedIn(_)));
    }
    let mut broken = asked(&stage, &alice).await;
    assert!(matches!(broken.send(Send::Passcode(codes[0].clone())).await, Moved::SignedIn(_)));
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
        undone: None,
    };
    let (vs, user) = (&stage.vs.id, &doorward_api::UserId::from("u-alice"));
    assert_eq!(manager.recovery_codes(vs, user).await.unwrap().map(|left| left.left), Some(COUNT));
    let auditor = manager.withdraw_recovery_codes(vs, &by(doorward_api::operator::Role::Auditor), user).await;
    assert!(auditor.is_err());
    manager.withdraw_recovery_codes(vs, &by(doorward_api::operator::Role::HelpDesk), user).await.unwrap();
    let sessions = stage.world.with(|rows| rows.portal_sessions("u-alice").len());
    assert_eq!(sessions, 0, "one may have been opened by a code");
    let mut elsewhere = asked(&stage, &alice).await;
    elsewhere.send(Send::Passcode(codes[0].clone())).await;
    assert_eq!(elsewhere.page_name().await, "passcode");
    let nothing = manager.withdraw_recovery_codes(vs, &by(doorward_api::operator::Role::HelpDesk), user).await;
    assert!(matches!(nothing, Err(crate::manage::ManageError::NotFound)));
}
