//! What operators do, and what they are told when it cannot be done.

use std::time::Duration;

use doorward_api::flow::Notice;
use doorward_api::mail::MailKind;
use doorward_api::operator::Role;
use doorward_api::ports::{MeterKey, MeterScope, Meters, Page, TokenFilter};
use doorward_api::settings::{Appearance, Document, Lockout, Logo, SelfProvisioning, ServerPinPolicy, TargetUsers};
use doorward_api::template::PinType;
use doorward_api::user::{GroupRecord, UserRecord};
use doorward_api::{CredentialId, GroupId, Secret, SettingKind, TokenTemplate};
use doorward_fakes::details;
use doorward_tokens::NotOffered;

use super::*;
use crate::stage::{Browser, PASSWORD_AND_OTP, Send, Stage};
use crate::visit::Moved;

fn manager(stage: &Arc<Stage>) -> Manager {
    Manager::new(stage.desk.clone())
}

fn by(role: Role) -> By {
    By {
        operator: OperatorId::from("o-1"),
        name: "olga".into(),
        permissions: role.permissions(),
        api_key: None,
        address: Some([192, 0, 2, 7].into()),
        request_id: "r-7".into(),
        now: crate::testing::now(),
        undone: None,
    }
}

fn admin() -> By {
    by(Role::Administrator)
}

fn said(error: ManageError) -> String {
    error.to_string()
}

async fn all_groups(stage: &Arc<Stage>) -> Vec<GroupRecord> {
    let page = Page { after: String::new(), limit: 100 };
    manager(stage).groups(&stage.vs.id, "", &page).await.unwrap().items
}

async fn alice(stage: &Arc<Stage>) -> UserRecord {
    let page = Page { after: String::new(), limit: 100 };
    let found = manager(stage).users(&stage.vs.id, "alice", &page).await.unwrap();
    found.items.into_iter().next().unwrap()
}

async fn token_of_alice(stage: &Arc<Stage>) -> CredentialId {
    let page = Page { after: String::new(), limit: 10 };
    let found = manager(stage).tokens(&stage.vs.id, &TokenFilter::default(), &page).await.unwrap();
    found.items.first().unwrap().id.clone()
}

#[tokio::test]
async fn a_picture_is_recorded_by_its_hash_and_not_whole() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    let logo = Logo { media_type: "image/png".into(), data: "iVBORw0KGgoBAgM=".into() };
    let look = Appearance { logo: Some(logo), ..Appearance::default() };
    manager.apply(vs, &admin(), 0, look.clone()).await.unwrap();
    assert_eq!(manager.setting::<Appearance>(vs).await.unwrap().document, look);
    let log = manager.change_log(vs, SettingKind::Appearance).await.unwrap();
    let (change, record) = (&log[0].changes[0], details(&stage.world, EventKind::AppearanceChanged));
    assert_eq!((change.field.as_str(), &change.old), ("logo", &serde_json::Value::Null));
    assert_eq!((&change.new["media_type"], &change.new["bytes"]), (&"image/png".into(), &11.into()));
    assert_eq!(change.new["sha256"].as_str().map(str::len), Some(64));
    assert!(!format!("{record:?}").contains("iVBOR"), "{record:?}");
}

#[tokio::test]
async fn a_setting_is_changed_by_who_has_seen_it_last_and_leaves_its_trace() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    let seen = manager.setting::<Lockout>(vs).await.unwrap();
    assert_eq!(seen.version, 0);
    let new = Lockout { token_minutes: 30, ..seen.document };
    assert_eq!(manager.apply(vs, &admin(), 0, new).await.unwrap().version, 1);
    let late = manager.apply(vs, &admin(), 0, Lockout { token_minutes: 5, ..new }).await;
    assert!(matches!(late, Err(ManageError::Conflict)));
    assert_eq!(manager.setting::<Lockout>(vs).await.unwrap().document, new, "nothing is overwritten");

    let record = details(&stage.world, EventKind::LockoutPolicyChanged);
    assert_eq!(record["changes"], serde_json::json!([{"field": "token_minutes", "old": 15, "new": 30}]));
    let context = stage.world.with(|rows| rows.events.last().unwrap().context.clone());
    assert_eq!((context.operator.as_deref(), context.request_id.as_deref()), (Some("olga"), Some("r-7")));
    let log = manager.change_log(vs, SettingKind::Lockout).await.unwrap();
    assert_eq!((log.len(), log[0].operator.as_str(), log[0].changes[0].field.as_str()), (1, "olga", "token_minutes"));

    let records = stage.world.kinds().len();
    assert_eq!(manager.apply(vs, &admin(), 1, new).await.unwrap().version, 1);
    assert_eq!(stage.world.kinds().len(), records, "what changes nothing leaves no trace");
}

#[tokio::test]
async fn who_may_not_change_settings_changes_none() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    for role in [Role::Auditor, Role::HelpDesk] {
        let outcome = manager(&stage).apply(&stage.vs.id, &by(role), 0, Lockout::of_new()).await;
        assert!(matches!(outcome, Err(ManageError::Forbidden)), "{role:?}");
    }
    assert!(stage.world.kinds().is_empty());
}

#[tokio::test]
async fn self_provisioning_names_groups_that_exist_and_keeps_one_that_was_deleted() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    let only = |groups: Vec<GroupId>| SelfProvisioning {
        target_users: TargetUsers::OnlyGroups(groups),
        ..SelfProvisioning::of_new()
    };
    let unknown = manager.apply(vs, &admin(), 0, only(vec!["g-none".into()])).await.unwrap_err();
    assert_eq!(said(unknown), "target_users.groups: there is no group g-none");
    let pilots = manager.add_group(vs, &admin(), "pilots").await.unwrap();
    let staff = all_groups(&stage).await.into_iter().find(|group| group.name == "staff").unwrap();
    manager.apply(vs, &admin(), 0, only(vec![pilots.id.clone()])).await.unwrap();
    manager.delete_group(vs, &admin(), &pilots.id).await.unwrap();
    manager.apply(vs, &admin(), 1, only(vec![pilots.id, staff.id])).await.unwrap();
}

#[tokio::test]
async fn the_preview_says_what_the_sign_in_would() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    assert!(matches!(manager.preview(vs, "nobody", admin().now).await, Err(ManageError::NotFound)));
    assert!(
        matches!(manager.preview(vs, " ALICE ", admin().now).await.unwrap(), Preview::Offered(targets, _) if targets.len() == 3)
    );
    stage.world.with(|rows| rows.set(&SelfProvisioning::for_existing_virtual_server()));
    assert_eq!(manager.preview(vs, "alice", admin().now).await.unwrap(), Preview::Not(NotOffered::NotInTargetUsers));
    stage.world.with(|rows| rows.set(&SelfProvisioning::of_new()));
    Browser::enrolled(&stage, "alice").await;
    assert_eq!(manager.preview(vs, "alice", admin().now).await.unwrap(), Preview::Not(NotOffered::HasToken));
}

#[tokio::test]
async fn what_cannot_happen_to_a_token_is_refused_and_recorded() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let (manager, vs, id) = (manager(&stage), &stage.vs.id, token_of_alice(&stage).await);
    for impossible in [TokenAction::Reactivate, TokenAction::Unlock, TokenAction::Delete, TokenAction::Reinitialize] {
        if impossible == TokenAction::Reinitialize {
            continue; // What is the user's is returned; it is the same act.
        }
        let outcome = manager.act_on_token(vs, &admin(), &id, impossible).await;
        assert!(matches!(outcome, Err(ManageError::NotInState { from: TokenState::Active })), "{impossible:?}");
        let record = details(&stage.world, EventKind::TokenRefused);
        assert_eq!(record["operation"], impossible.as_str());
    }
    assert!(matches!(manager.token(vs, &"c-none".into()).await, Err(ManageError::NotFound)));
}

#[tokio::test]
async fn a_suspended_token_signs_nobody_in_and_its_sessions_end() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let (manager, vs, id) = (manager(&stage), &stage.vs.id, token_of_alice(&stage).await);
    let suspended = manager.act_on_token(vs, &by(Role::HelpDesk), &id, TokenAction::Suspend).await.unwrap().unwrap();
    assert_eq!(suspended.state, TokenState::Suspended);
    assert!(stage.world.with(|rows| rows.sessions.is_empty()));
    let record = details(&stage.world, EventKind::TokenSuspended);
    assert_eq!(
        (&record["from"], &record["to"], &record["actor"]),
        (&"active".into(), &"suspended".into(), &"operator".into())
    );
    let mut browser = Browser::identified(&stage, "alice").await;
    browser.wait(60);
    let passcode = stage.passcode("u-alice", browser.now);
    assert!(matches!(browser.send(Send::Passcode(passcode)).await, Moved::ToStep { .. }));
    manager.act_on_token(vs, &admin(), &id, TokenAction::Reactivate).await.unwrap();
    browser.wait(60);
    let passcode = stage.passcode("u-alice", browser.now);
    assert!(matches!(browser.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn a_token_that_was_lost_is_nobodys_and_its_user_enrols_anew() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let (manager, vs, id) = (manager(&stage), &stage.vs.id, token_of_alice(&stage).await);
    let lost = manager.act_on_token(vs, &admin(), &id, TokenAction::Revoke(RevokeReason::Lost)).await.unwrap().unwrap();
    assert_eq!((lost.state, lost.owner), (TokenState::Lost, None));
    assert!(stage.world.kinds().contains(&EventKind::TokenLost));
    let browser = Browser::identified(&stage, "alice").await;
    assert_eq!(browser.page_name().await, "need_authenticator");
    let again = manager.act_on_token(vs, &admin(), &id, TokenAction::Reinitialize).await.unwrap().unwrap();
    assert_eq!(
        again.state,
        TokenState::Revoked,
        "a software token goes back to an endless stock: its secret is destroyed"
    );
    assert!(manager.act_on_token(vs, &admin(), &id, TokenAction::Delete).await.unwrap().is_none());
}

#[tokio::test]
async fn an_operator_unlocks_what_failures_have_locked() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let (manager, vs, id) = (manager(&stage), &stage.vs.id, token_of_alice(&stage).await);
    let mut browser = Browser::identified(&stage, "alice").await;
    for _ in 0..10 {
        browser.send(Send::Passcode("wrong".into())).await;
    }
    let locked = manager.token(vs, &id).await.unwrap();
    assert!(locked.locked_until.is_some());
    manager.act_on_token(vs, &admin(), &id, TokenAction::Unlock).await.unwrap();
    browser.wait(30);
    let passcode = stage.passcode("u-alice", browser.now);
    assert!(matches!(browser.send(Send::Passcode(passcode)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn a_passcode_that_was_tried_out_is_spent() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let (manager, vs, id) = (manager(&stage), &stage.vs.id, token_of_alice(&stage).await);
    let later = By { now: crate::testing::now() + std::time::Duration::from_secs(60), ..by(Role::HelpDesk) };
    let passcode = Secret::new(stage.passcode("u-alice", later.now));
    let test = async |secret: &Secret| manager.test_token(vs, &later, &id, secret).await.unwrap();
    assert_eq!(test(&passcode).await, TestOutcome::Right);
    assert_eq!(test(&passcode).await, TestOutcome::Used);
    assert_eq!(test(&Secret::new("000000")).await, TestOutcome::Wrong);
    let mut browser = Browser::identified(&stage, "alice").await;
    browser.wait(60);
    browser.send(Send::Passcode(passcode.expose().to_owned())).await;
    assert_eq!(browser.page_name().await, "passcode");
}

#[tokio::test]
async fn two_passcodes_in_a_row_find_a_token_again() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let (manager, vs, id) = (manager(&stage), &stage.vs.id, token_of_alice(&stage).await);
    let far = |steps: u64| {
        let at = crate::testing::now() + std::time::Duration::from_secs(30 * steps);
        Secret::new(stage.passcode("u-alice", at))
    };
    let (one, two, four) = (far(100), far(101), far(103));
    let wrong = manager.resync_token(vs, &admin(), &id, [&one, &four]).await.unwrap_err();
    assert!(said(wrong).starts_with("first: "));
    manager.resync_token(vs, &admin(), &id, [&one, &two]).await.unwrap();
    assert_eq!(details(&stage.world, EventKind::TokenResynced)["result"], "found");
}

#[tokio::test]
async fn pins_are_drawn_where_the_policy_says_so_and_typed_where_it_lets_them() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    stage.world.with(|rows| rows.set(&TokenTemplate { pin_type: PinType::ServerSide, ..TokenTemplate::of_new() }));
    Browser::installing(&stage, "alice").await;
    let (manager, vs, id) = (manager(&stage), &stage.vs.id, token_of_alice(&stage).await);
    let typed = Secret::new("2468");
    let set = async |pin: Option<&Secret>, change| manager.set_pin(vs, &by(Role::HelpDesk), &id, pin, change).await;
    assert_eq!(said(set(Some(&typed), None).await.unwrap_err()), "pin: is drawn by the server and cannot be typed");
    let not_this_once = set(None, Some(false)).await.unwrap_err();
    assert_eq!(said(not_this_once), "must_change: is not available when change_on_first_use is on");
    let drawn = set(None, None).await.unwrap().0.unwrap();
    assert_eq!(drawn.len(), 6);
    let free = ServerPinPolicy { force_random: false, change_on_first_use: false, ..ServerPinPolicy::of_new() };
    stage.world.with(|rows| rows.set(&free));
    assert_eq!(
        said(set(Some(&Secret::new("1111")), None).await.unwrap_err()),
        "pin: must not be one run such as 1234 or 2222"
    );
    assert_eq!(said(set(Some(&drawn), None).await.unwrap_err()), "pin: was used before");
    assert!(set(Some(&typed), Some(true)).await.unwrap().0.is_none());
    let stored = stage.world.with(|rows| rows.credentials[0].pin.clone().unwrap());
    assert!(stored.must_change && stored.hash.starts_with("$argon2id$"));
    let records = stage.world.with(|rows| format!("{:?}", rows.events));
    assert!(!records.contains("2468") && !records.contains(drawn.expose()));
}

/// Strangers have locked alice, who rings the help desk from a new browser.
async fn locked(stage: &Arc<Stage>) -> Browser {
    let mut browser = Browser::new(stage);
    browser.name(Some("/page?x=1"), "alice").await;
    for _ in 0..4 {
        browser.send(Send::Password("wrong".into())).await;
    }
    browser.send(Send::Password("password of alice".into())).await;
    assert!(matches!(browser.look().await.notice, Some(Notice::AccountLocked { .. })));
    browser
}

#[tokio::test]
async fn the_help_desk_sees_the_lock_of_an_account_and_ends_it() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs, user) = (manager(&stage), &stage.vs.id, alice(&stage).await.user.id);
    let now = crate::testing::now();
    assert_eq!(manager.user_locked_until(vs, &user, now).await.unwrap(), None);
    let mut browser = locked(&stage).await;
    let until = now + Duration::from_mins(15);
    assert_eq!(manager.user_locked_until(vs, &user, now).await.unwrap(), Some(until));
    assert!(matches!(manager.unlock_user(vs, &by(Role::Auditor), &user).await, Err(ManageError::Forbidden)));
    manager.unlock_user(vs, &by(Role::HelpDesk), &user).await.unwrap();
    let event = stage.world.with(|rows| rows.events.last().cloned()).unwrap();
    assert_eq!((event.kind, event.context.user), (EventKind::UserUnlocked, Some(user.clone())));
    assert_eq!(manager.user_locked_until(vs, &user, now).await.unwrap(), None);
    browser.send(Send::Password("password of alice".into())).await;
    assert_eq!(browser.page_name().await, "need_authenticator");
    let nobody = manager.unlock_user(vs, &admin(), &"nobody".into()).await;
    assert!(matches!(nobody, Err(ManageError::NotFound)));
}

#[tokio::test]
async fn an_account_whose_day_is_used_up_is_seen_and_unlocked_as_well() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs, user) = (manager(&stage), &stage.vs.id, alice(&stage).await.user.id);
    let now = crate::testing::now();
    let of_day = MeterKey { scope: MeterScope::Password, key: format!("day:user:{user}") };
    for _ in 0..80 {
        stage.world.count(vs, &of_day, Duration::from_hours(24), now).await.unwrap();
    }
    assert_eq!(manager.user_locked_until(vs, &user, now).await.unwrap(), Some(now + Duration::from_hours(24)));
    manager.unlock_user(vs, &admin(), &user).await.unwrap();
    assert_eq!(manager.user_locked_until(vs, &user, now).await.unwrap(), None);
}

#[tokio::test]
async fn another_password_ends_the_lock_that_the_old_one_was_guessed_at() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs, user) = (manager(&stage), &stage.vs.id, alice(&stage).await.user.id);
    locked(&stage).await;
    manager.set_password(vs, &by(Role::HelpDesk), &user, None).await.unwrap();
    assert_eq!(manager.user_locked_until(vs, &user, crate::testing::now()).await.unwrap(), None);
}

#[tokio::test]
async fn whose_authenticator_an_operator_takes_is_told_by_mail() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    let id = stage.world.with(|rows| rows.credentials[0].id.clone());
    let mails = || stage.world.with(|rows| rows.mails.len());
    let before = mails();
    manager.act_on_token(vs, &by(Role::HelpDesk), &id, TokenAction::Suspend).await.unwrap();
    assert_eq!(mails(), before, "it is held, and comes back");
    manager.act_on_token(vs, &by(Role::HelpDesk), &id, TokenAction::Revoke(RevokeReason::Lost)).await.unwrap();
    let mail = stage.world.with(|rows| rows.mails.last().cloned()).unwrap();
    assert_eq!((mail.kind, mail.user.as_str()), (MailKind::AuthenticatorRemoved, "u-alice"));
    assert_eq!((mail.fields["by"].expose(), mail.fields.contains_key("address")), ("operator", false));
}

/// Whoever had got in by it is out, as with a token that is taken back.
#[tokio::test]
async fn what_a_temporary_passcode_has_opened_ends_when_it_is_taken_back() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs, user) = (manager(&stage), &stage.vs.id, alice(&stage).await.user.id);
    let given = manager.give_temporary_passcode(vs, &admin(), &user, "lost", 4).await.unwrap();
    let mut browser = Browser::identified(&stage, "alice").await;
    let typed = given.passcode.expose().to_owned();
    assert!(matches!(browser.send(Send::Passcode(typed)).await, Moved::SignedIn(_)));
    manager.withdraw_temporary_passcode(vs, &by(Role::HelpDesk), &user).await.unwrap();
    assert!(stage.world.with(|rows| rows.portal_sessions("u-alice").is_empty()));
}

#[tokio::test]
async fn a_temporary_passcode_opens_until_its_end() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    Browser::enrolled(&stage, "alice").await;
    let (manager, vs, user) = (manager(&stage), &stage.vs.id, alice(&stage).await.user.id);
    let give = async |reason: &str, hours| {
        manager.give_temporary_passcode(vs, &by(Role::HelpDesk), &user, reason, hours).await
    };
    assert_eq!(
        said(give(" ", 0).await.unwrap_err()),
        "reason: must be given; hours: must be a whole number from 1 to 168"
    );
    let given = give("phone left at home", 4).await.unwrap();
    let typed = given.passcode.expose().to_lowercase();
    let mut browser = Browser::identified(&stage, "alice").await;
    browser.wait(60);
    browser.send(Send::Passcode("AAAA-AAAA".into())).await;
    assert_eq!(browser.page_name().await, "passcode");
    assert!(matches!(browser.send(Send::Passcode(typed.clone())).await, Moved::SignedIn(_)));
    let mut later = Browser::identified(&stage, "alice").await;
    later.wait(4 * 3600);
    assert!(!matches!(
        later.try_form(&later.form().await, Send::Passcode(typed.clone())).await,
        Ok(Moved::SignedIn(_))
    ));
    let again = give("still at home", 4).await.unwrap();
    manager.withdraw_temporary_passcode(vs, &admin(), &user).await.unwrap();
    let mut browser = Browser::identified(&stage, "alice").await;
    browser.send(Send::Passcode(again.passcode.expose().to_owned())).await;
    assert_eq!(browser.page_name().await, "passcode", "withdrawn");
}

#[tokio::test]
async fn a_users_record_is_checked_whole_and_changed_by_who_has_seen_it_last() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs, record) = (manager(&stage), &stage.vs.id, alice(&stage).await);
    let groups: Vec<GroupId> = record.direct_groups.iter().map(|group| group.id.clone()).collect();
    let form =
        |name: &str, email: &str| UserForm { display_name: name.into(), email: email.into(), groups: groups.clone() };
    let update =
        async |seen, form: &UserForm| manager.update_user(vs, &by(Role::HelpDesk), &record.user.id, seen, form).await;
    let wrong = update(record.version, &form("a\u{7}b", "nowhere")).await.unwrap_err();
    assert_eq!(said(wrong), "display_name: must be one line of visible characters; email: must be a mail address");
    let new = update(record.version, &form("Alice A.", "alice@elsewhere.test")).await.unwrap();
    assert_eq!((new.user.display_name.as_str(), new.version), ("Alice A.", record.version + 1));
    assert!(matches!(update(record.version, &form("Mallory", "m@x.test")).await, Err(ManageError::Conflict)));
    let outside = UserForm { groups: Vec::new(), ..form("Alice A.", "alice@elsewhere.test") };
    assert!(matches!(update(new.version, &outside).await, Err(ManageError::Forbidden)), "groups open doors");
    let records = stage.world.with(|rows| format!("{:?}", rows.events));
    assert!(!records.contains("elsewhere"), "no address is recorded");
}

#[tokio::test]
async fn whoever_deletes_a_user_is_told_of_what_that_user_had_under_way_and_held() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    Browser::enrolled(&stage, "alice").await;
    let _in_the_wizard = Browser::installing(&stage, "bob").await;
    for user in ["u-alice", "u-bob"] {
        manager.delete_user(vs, &admin(), &user.into()).await.unwrap();
    }
    let told = |kind: EventKind| {
        stage.world.with(|rows| {
            let its = rows.events.iter().filter(|event| event.kind == kind);
            its.map(|event| (event.context.user.clone(), event.context.operator.clone())).collect::<Vec<_>>()
        })
    };
    let of = |user: &str| (Some(doorward_api::UserId::from(user)), Some("olga".to_owned()));
    assert_eq!(told(EventKind::TokenRevoked), [of("u-alice"), of("u-bob")]);
    assert_eq!(told(EventKind::EnrollmentCancelled).len(), 1);
}

#[tokio::test]
async fn a_new_user_has_a_name_of_their_own_and_a_password_that_is_told_once() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    let form = |name: &str| NewUserForm { name: name.into(), draw_password: true, ..NewUserForm::default() };
    assert_eq!(
        said(manager.add_user(vs, &admin(), form("")).await.unwrap_err()),
        "name: must be a name of 1 to 256 visible characters"
    );
    let taken = manager.add_user(vs, &admin(), form("ALICE")).await.unwrap_err();
    assert_eq!(said(taken), "name: is taken");
    let (dora, password) = manager.add_user(vs, &by(Role::HelpDesk), form("dora")).await.unwrap();
    assert!(dora.has_password && password.unwrap().0.len() > 12);
    let short = NewUserForm { password: Some(Secret::new("short")), draw_password: false, ..form("dan") };
    assert_eq!(
        said(manager.add_user(vs, &admin(), short).await.unwrap_err()),
        "password: must have at least 8 characters"
    );
}

#[tokio::test]
async fn groups_lie_in_groups_but_not_in_themselves() {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    let outer = manager.add_group(vs, &admin(), "outer").await.unwrap();
    let inner = manager.add_group(vs, &admin(), "inner").await.unwrap();
    assert_eq!(said(manager.add_group(vs, &admin(), "inner").await.unwrap_err()), "name: is taken");
    manager.nest_group(vs, &admin(), &inner.id, &outer.id, true).await.unwrap();
    let circle = manager.nest_group(vs, &admin(), &outer.id, &inner.id, true).await.unwrap_err();
    assert_eq!(said(circle), "into: would lie in itself");
    let user = alice(&stage).await.user.id;
    manager.set_member(vs, &admin(), &inner.id, &user, true).await.unwrap();
    assert!(matches!(
        manager.set_member(vs, &by(Role::HelpDesk), &inner.id, &user, false).await,
        Err(ManageError::Forbidden)
    ));
}
