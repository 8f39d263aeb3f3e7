//! Signing in by a passkey: after the right password, by the user's own, and by each question once.

use doorward_api::Timestamp;
use doorward_api::screen::PasskeyView;

use super::*;
use crate::toy_passkeys::ToyPasskeys;

/// Password and passkey for members of staff.
const PASSKEY: &str = r#"
    @id("wiki-staff")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.password && context.authn.passkey };
"#;

/// The same, where no password is asked for.
const PASSKEY_ALONE: &str = r#"
    @id("wiki-passkey")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.passkey };
"#;

/// Either proves it.
const PASSKEY_OR_OTP: &str = r#"
    @id("wiki-staff")
    permit(principal in Group::"staff", action, resource == Application::"wiki")
    when { context.authn.password && (context.authn.otp || context.authn.passkey) };
"#;

/// Where alice has a passkey.
async fn stage(policies: &str) -> Arc<Stage> {
    let stage = ToyPasskeys::stage(policies);
    ToyPasskeys::give(&stage, "u-alice", "phone", crate::testing::now()).await;
    stage
}

/// The same, and a token beside it.
async fn stage_with_both(policies: &str) -> Arc<Stage> {
    let (stage, tokens) = (stage(policies).await, Stage::set(PASSWORD_AND_OTP));
    Browser::enrolled(&tokens, "alice").await;
    let token = tokens.world.with(|rows| rows.credentials.clone());
    stage.world.with(|rows| rows.credentials.splice(0..0, token).for_each(drop));
    stage
}

async fn asked(browser: &Browser) -> Option<PasskeyView> {
    match browser.look().await.page {
        ScreenPage::Passcode { passkey, .. } => passkey,
        other => panic!("not the passcode page but {}", other.name()),
    }
}

/// What the browser answers to its page by alice's phone.
async fn answer(browser: &Browser, count: u32) -> String {
    ToyPasskeys::answer(&asked(browser).await.unwrap().options, "phone", "u-alice", count).unwrap()
}

async fn not_accepted(browser: &mut Browser, answer: String) {
    let moved = browser.send(Send::Passkey(answer)).await;
    assert!(matches!(moved, Moved::ToStep { browser: None }), "{moved:?}");
    assert_eq!(browser.look().await.notice, Some(Notice::PasskeyNotAccepted));
    assert!(browser.session.is_none());
}

#[tokio::test]
async fn after_the_password_the_passkey_is_asked_for_and_opens_the_door() {
    let stage = stage(PASSKEY).await;
    let mut alice = Browser::identified(&stage, "alice").await;
    assert!(asked(&alice).await.unwrap().alone);
    let right = answer(&alice, 2).await;
    let landing = signed_in(alice.send(Send::Passkey(right)).await);
    assert!(landing.url.contains("/.doorward/enter?ticket="), "{}", landing.url);
    let session = stage.world.with(|rows| rows.sessions.values().next().cloned().unwrap());
    assert!(session.proofs.has(Factor::Passkey) && session.proofs.has(Factor::Password));
    assert!(!session.proofs.has(Factor::Otp), "it is no passcode");
    assert_eq!(session.proofs.by_token, None, "and no token");
    assert_eq!(stage.world.with(|rows| rows.credentials[0].version), 2, "its use is kept");
}

#[tokio::test]
async fn each_question_is_answered_once_and_in_its_own_browser() {
    let stage = stage(PASSKEY).await;
    let mut alice = Browser::identified(&stage, "alice").await;
    let (old, other) = (answer(&alice, 2).await, Browser::identified(&stage, "alice").await);
    not_accepted(&mut alice, answer(&other, 2).await).await;
    not_accepted(&mut alice, old).await;
    not_accepted(&mut alice, "nonsense".to_owned()).await;
    assert_eq!(details(&stage.world, EventKind::AuthFailure)["factor"], "passkey");
    let right = answer(&alice, 2).await;
    signed_in(alice.send(Send::Passkey(right)).await);
}

#[tokio::test]
async fn whoever_is_asked_shows_their_own_and_all_others_look_alike() {
    let stage = stage(PASSKEY).await;
    ToyPasskeys::give(&stage, "u-bob", "key", crate::testing::now()).await;
    let mut bob = Browser::identified(&stage, "bob").await;
    for (id, user) in [("phone", "u-alice"), ("phone", "u-bob"), ("key", "u-alice"), ("nowhere", "u-bob")] {
        let options = asked(&bob).await.unwrap().options;
        not_accepted(&mut bob, ToyPasskeys::answer(&options, id, user, 2).unwrap()).await;
        assert_eq!(details(&stage.world, EventKind::AuthFailure)["reason"], "passkey", "{id} of {user}");
    }
    let options = asked(&bob).await.unwrap().options;
    signed_in(bob.send(Send::Passkey(ToyPasskeys::answer(&options, "key", "u-bob", 2).unwrap())).await);
}

#[tokio::test]
async fn one_that_may_have_been_copied_is_held_and_lets_nobody_in() {
    let stage = stage(PASSKEY).await;
    let mut alice = Browser::identified(&stage, "alice").await;
    let copied = answer(&alice, 1).await;
    let moved = alice.send(Send::Passkey(copied)).await;
    assert!(matches!(moved, Moved::Denied(away) if away.lacks_passkey), "nothing else would let her in");
    assert!(alice.session.is_none());
    assert_eq!(stage.world.with(|rows| rows.credentials[0].state), TokenState::Suspended);
    let said = details(&stage.world, EventKind::TokenSuspended);
    assert_eq!((&said["reason"], &said["actor"]), (&"cloned".into(), &"system".into()));
    let moved = Browser::identified_as(&stage, "alice").await.1;
    assert!(matches!(moved, Moved::Denied(away) if away.lacks_passkey));
}

#[tokio::test]
async fn who_has_none_is_told_what_they_lack_with_a_session_or_without() {
    let stage = stage(PASSKEY).await;
    let (_, moved) = Browser::identified_as(&stage, "bob").await;
    let Moved::Denied(away) = moved else { panic!("{moved:?}") };
    assert_eq!((away.app_name.as_str(), away.lacks_passkey), ("Wiki", true));
    let mut bob = Browser::new(&stage);
    bob.name(None, "bob").await;
    signed_in(bob.send(password("bob")).await);
    assert!(matches!(bob.open(Some("/page")).await, Opening::Denied(away) if away.lacks_passkey));
    // Where there are no passkeys at all, none is lacking.
    let (_, moved) = Browser::identified_as(&Stage::set(PASSKEY), "bob").await;
    assert!(matches!(moved, Moved::Denied(away) if !away.lacks_passkey));
}

#[tokio::test]
async fn nobody_learns_before_the_password_who_has_one() {
    for policies in [PASSKEY, PASSKEY_ALONE] {
        let stage = stage(policies).await;
        for name in ["alice", "bob", "nobody-at-all"] {
            let mut browser = Browser::new(&stage);
            browser.name(Some("/page"), name).await;
            assert_eq!(browser.page_name().await, "password", "{name}");
        }
        let mut alice = Browser::identified(&stage, "alice").await;
        let right = answer(&alice, 2).await;
        signed_in(alice.send(Send::Passkey(right)).await);
    }
}

#[tokio::test]
async fn where_either_will_do_both_are_offered() {
    let stage = stage_with_both(PASSKEY_OR_OTP).await;
    let mut alice = Browser::identified(&stage, "alice").await;
    assert!(!asked(&alice).await.unwrap().alone);
    let right = answer(&alice, 2).await;
    signed_in(alice.send(Send::Passkey(right)).await);
    let mut again = Browser::new(&stage);
    again.now = Timestamp::from_millis(alice.now.millis() + 60_000);
    again.name(Some("/page"), "alice").await;
    again.send(password("alice")).await;
    signed_in(again.send(Send::Passcode(stage.passcode("u-alice", again.now))).await);
}

#[tokio::test]
async fn whoever_has_a_passkey_is_asked_for_it_rather_than_sent_to_enrol() {
    let stage = stage(PASSKEY_OR_OTP).await;
    let mut alice = Browser::identified(&stage, "alice").await;
    let page = alice.look().await.page;
    let plain = matches!(page, ScreenPage::Passcode { enrolment_hint: false, suspended: false, passkey: Some(_), .. });
    assert!(plain, "{page:?}");
    let right = answer(&alice, 2).await;
    signed_in(alice.send(Send::Passkey(right)).await);
    let bob = Browser::identified(&stage, "bob").await;
    assert_eq!(bob.page_name().await, "need_authenticator");
}

#[tokio::test]
async fn a_passkey_is_no_passcode_where_the_policy_asks_for_one() {
    let stage = stage_with_both(PASSWORD_AND_OTP).await;
    let mut alice = Browser::identified(&stage, "alice").await;
    assert_eq!(asked(&alice).await, None);
    alice.wait(60);
    let sent = alice.send(Send::Passkey("{}".to_owned())).await;
    assert!(!matches!(sent, Moved::SignedIn(_)), "{sent:?}");
    signed_in(alice.send(Send::Passcode(stage.passcode("u-alice", alice.now))).await);
}

#[tokio::test]
async fn a_passkey_never_counts_as_a_token() {
    let stage = stage(PASSWORD_AND_OTP).await;
    let alice = Browser::identified(&stage, "alice").await;
    assert_eq!(alice.page_name().await, "need_authenticator", "she has no authenticator");
    Browser::enrolled(&stage, "alice").await;
    assert_eq!(stage.world.with(|rows| rows.credentials.len()), 2);
}

#[tokio::test]
async fn a_session_is_raised_by_a_passkey() {
    let stage = stage(PASSKEY).await;
    let mut alice = Browser::new(&stage);
    alice.name(None, "alice").await;
    signed_in(alice.send(password("alice")).await);
    assert!(matches!(alice.open(Some("/page?x=1")).await, Opening::Raise { .. }));
    let right = answer(&alice, 2).await;
    signed_in(alice.send(Send::Passkey(right)).await);
    assert!(stage.world.kinds().contains(&EventKind::SessionLevelRaised));
}

#[tokio::test]
async fn wrong_ones_are_counted_and_after_too_many_even_a_right_one_waits() {
    let stage = stage(PASSKEY).await;
    let mut alice = Browser::identified(&stage, "alice").await;
    let mut tries = 0;
    while alice.look().await.notice.is_none_or(|notice| notice == Notice::PasskeyNotAccepted) {
        alice.send(Send::Passkey("nonsense".to_owned())).await;
        tries += 1;
        assert!(tries < 50, "they are not counted");
    }
    let right = answer(&alice, 2).await;
    alice.send(Send::Passkey(right)).await;
    assert!(matches!(alice.look().await.notice, Some(Notice::Locked { .. })));
    assert!(alice.session.is_none());
}
