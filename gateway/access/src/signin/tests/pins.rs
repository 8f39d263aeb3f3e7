//! PINs that the server checks, from the moment one is drawn (R68, R69, self-provisioning.md 2.1).

use doorward_api::plugin::PinFault;
use doorward_api::settings::{Complexity, Document, PinOrder, ServerPinPolicy};
use doorward_api::template::PinType;
use doorward_api::{Timestamp, TokenTemplate};

use super::*;

const DAY: u64 = 24 * 60 * 60;

/// New tokens have a PIN on the server; `change` says how.
fn with_pins(change: impl FnOnce(&mut ServerPinPolicy)) -> Arc<Stage> {
    let stage = Stage::set(PASSWORD_AND_OTP);
    let mut policy = ServerPinPolicy { change_on_first_use: false, ..ServerPinPolicy::of_new() };
    change(&mut policy);
    stage.world.with(|rows| {
        rows.set(&TokenTemplate { pin_type: PinType::ServerSide, ..TokenTemplate::of_new() });
        rows.set(&policy);
    });
    stage
}

/// As far as W8, and the PIN that it shows.
async fn shown(stage: &Arc<Stage>) -> (Browser, String) {
    let mut alice = Browser::installing(stage, "alice").await;
    alice.send(Send::Continue).await;
    let ScreenPage::FirstPasscode { pin: Some((_, pin)), .. } = alice.look().await.page else { panic!("no PIN") };
    (alice, pin.expose().to_owned())
}

fn otp(stage: &Arc<Stage>, at: Timestamp) -> String {
    stage.passcode("u-alice", at)
}

/// Signs in anew, with this in the field of the passcode.
async fn types(stage: &Arc<Stage>, after: u64, typed: impl FnOnce(String) -> String) -> (Browser, Moved) {
    let mut alice = Browser::new(stage);
    alice.wait(after);
    alice.name(Some("/page?x=1"), "alice").await;
    alice.send(Send::Password("password of alice".into())).await;
    let typed = typed(otp(stage, alice.now));
    let moved = alice.send(Send::Passcode(typed)).await;
    (alice, moved)
}

#[tokio::test]
async fn the_pin_that_was_drawn_is_typed_before_the_passcode() {
    let stage = with_pins(|_| ());
    let (mut alice, pin) = shown(&stage).await;
    assert_eq!((pin.len(), pin.chars().all(|c| c.is_ascii_digit())), (6, true), "{pin}");
    let typed = format!("{pin}{}", otp(&stage, alice.now));
    assert!(matches!(alice.send(Send::Passcode(typed)).await, Moved::SignedIn(_)));

    // R68: the example of the seed, and everything that is not it.
    let wrong: [fn(&str, String) -> String; 4] = [
        |_, otp| otp,
        |pin, otp| format!("{otp}{pin}"),
        |pin, otp| format!("{}{otp}", &pin[1..]),
        |pin, otp| format!("{pin}0{otp}"),
    ];
    for (nth, wrong) in wrong.into_iter().enumerate() {
        let (alice, moved) = types(&stage, 60 * (nth as u64 + 1), |otp| wrong(&pin, otp)).await;
        assert!(matches!(moved, Moved::ToStep { .. }), "{nth}");
        assert_eq!(alice.look().await.notice, Some(Notice::PasscodeNotAccepted { times: 1 }), "{nth}: one message");
    }
    let (_, moved) = types(&stage, 600, |otp| format!("{pin}{otp}")).await;
    assert!(matches!(moved, Moved::SignedIn(_)));
}

#[tokio::test]
async fn the_order_is_that_of_the_policy_at_the_moment() {
    let stage = with_pins(|policy| policy.order = PinOrder::Append);
    let (mut alice, pin) = shown(&stage).await;
    let typed = format!("{}{pin}", otp(&stage, alice.now));
    assert!(matches!(alice.send(Send::Passcode(typed)).await, Moved::SignedIn(_)));
    stage.world.with(|rows| rows.set(&ServerPinPolicy { change_on_first_use: false, ..ServerPinPolicy::of_new() }));
    let (_, moved) = types(&stage, 60, |otp| format!("{pin}{otp}")).await;
    assert!(matches!(moved, Moved::SignedIn(_)));
}

#[tokio::test]
async fn a_pin_that_somebody_else_chose_is_changed_before_anything_else() {
    let stage = with_pins(|policy| policy.change_on_first_use = true);
    let (mut alice, pin) = shown(&stage).await;
    let typed = format!("{pin}{}", otp(&stage, alice.now));
    assert!(matches!(alice.send(Send::Passcode(typed)).await, Moved::ToStep { .. }));
    assert_eq!(alice.page_name().await, "new_pin");
    stage.world.with(|rows| {
        assert!(rows.sessions.is_empty(), "nobody is in yet");
        assert_eq!(rows.credentials[0].state, TokenState::Active, "the token is proved all the same");
    });

    let refused = [
        ("", "", Notice::Empty),
        ("247", "247", Notice::PinRejected { faults: vec![PinFault::TooShort] }),
        ("1234", "1234", Notice::PinRejected { faults: vec![PinFault::Trivial] }),
        ("12-84", "12-84", Notice::PinRejected { faults: vec![PinFault::Charset] }),
        ("2468", "2469", Notice::PinDiffers),
        (pin.as_str(), pin.as_str(), Notice::PinUsedBefore),
    ];
    for (new, again, notice) in refused {
        alice.send(Send::NewPin(new.into(), again.into())).await;
        assert_eq!(alice.look().await.notice, Some(notice), "{new}");
    }
    assert!(matches!(alice.send(Send::NewPin("2468".into(), "2468".into())).await, Moved::SignedIn(_)));
    assert_eq!(stage.world.kinds().iter().filter(|kind| **kind == EventKind::PinChanged).count(), 1);
    let records = stage.world.with(|rows| format!("{:?}", rows.events));
    assert!(!records.contains("2468") && !records.contains(&pin), "no PIN is recorded");

    let (alice, moved) = types(&stage, 60, |otp| format!("{pin}{otp}")).await;
    assert!(matches!(moved, Moved::ToStep { .. }), "the old one is over");
    assert_eq!(alice.page_name().await, "passcode");
    let (_, moved) = types(&stage, 120, |otp| format!("2468{otp}")).await;
    assert!(matches!(moved, Moved::SignedIn(_)), "and the new one is not asked to be changed");
}

#[tokio::test]
async fn a_pin_whose_time_is_over_is_changed_and_earlier_ones_do_not_come_back() {
    let stage = with_pins(|policy| (policy.change_after_days, policy.history) = (30, 2));
    let (mut alice, first) = shown(&stage).await;
    let typed = format!("{first}{}", otp(&stage, alice.now));
    alice.send(Send::Passcode(typed)).await;
    let (_, moved) = types(&stage, 29 * DAY, |otp| format!("{first}{otp}")).await;
    assert!(matches!(moved, Moved::SignedIn(_)));
    let mut pin = first.clone();
    for (month, new) in (1..).zip(["2468", "1357"]) {
        let (mut alice, _) = types(&stage, month * 31 * DAY, |otp| format!("{pin}{otp}")).await;
        assert_eq!(alice.page_name().await, "new_pin");
        assert!(matches!(alice.send(Send::NewPin(new.into(), new.into())).await, Moved::SignedIn(_)));
        pin = new.to_owned();
    }
    assert!(stage.world.kinds().contains(&EventKind::PinExpired));
    let (mut alice, _) = types(&stage, 3 * 31 * DAY, |otp| format!("{pin}{otp}")).await;
    for used in ["1357", "2468", first.as_str()] {
        alice.send(Send::NewPin(used.into(), used.into())).await;
        assert_eq!(alice.look().await.notice, Some(Notice::PinUsedBefore), "{used}");
    }
}

#[tokio::test]
async fn a_passcode_is_spent_though_the_pin_with_it_was_wrong() {
    let stage = with_pins(|_| ());
    let (mut alice, pin) = shown(&stage).await;
    let typed = format!("{pin}{}", otp(&stage, alice.now));
    alice.send(Send::Passcode(typed)).await;
    let (mut alice, _) = types(&stage, 60, |otp| format!("9999{otp}")).await;
    let again = format!("{pin}{}", otp(&stage, alice.now));
    assert!(
        matches!(alice.send(Send::Passcode(again)).await, Moved::ToStep { .. }),
        "whoever saw it cannot go on with it"
    );
    alice.wait(60);
    let next = format!("{pin}{}", otp(&stage, alice.now));
    assert!(matches!(alice.send(Send::Passcode(next)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn wrong_pins_and_wrong_passcodes_lock_the_token_together() {
    let stage = with_pins(|_| ());
    let (mut alice, pin) = shown(&stage).await;
    let typed = format!("{pin}{}", otp(&stage, alice.now));
    alice.send(Send::Passcode(typed)).await;
    let (mut alice, _) = types(&stage, 60, |otp| format!("9999{otp}")).await;
    for turn in 0..9 {
        let typed = if turn % 2 == 0 { format!("{pin}000000") } else { "8888000000".to_owned() };
        alice.send(Send::Passcode(typed)).await;
    }
    assert!(matches!(alice.look().await.notice, Some(Notice::Locked { .. })));
}

#[tokio::test]
async fn a_new_code_brings_a_new_pin_and_a_reload_the_same() {
    let stage = with_pins(|policy| policy.complexity = Complexity::StrongAlphanumeric);
    let (mut alice, first) = shown(&stage).await;
    assert!(first.chars().any(char::is_uppercase) && first.chars().any(char::is_lowercase));
    let again = alice.tab().look().await.page;
    assert!(matches!(again, ScreenPage::FirstPasscode { pin: Some((_, pin)), .. } if pin.expose() == first));
    alice.send(Send::Back).await;
    alice.send(Send::NewSecret).await;
    alice.send(Send::Continue).await;
    let ScreenPage::FirstPasscode { pin: Some((_, second)), .. } = alice.look().await.page else { panic!() };
    assert_ne!(second.expose(), first);
    let old = format!("{first}{}", otp(&stage, alice.now));
    alice.send(Send::Passcode(old)).await;
    assert!(matches!(alice.look().await.notice, Some(Notice::PasscodeNotAccepted { .. })));
    let new = format!("{}{}", second.expose(), otp(&stage, alice.now));
    assert!(matches!(alice.send(Send::Passcode(new)).await, Moved::SignedIn(_)));
}

#[tokio::test]
async fn no_other_form_leads_past_the_page_that_asks_for_a_new_pin() {
    let stage = with_pins(|policy| policy.change_on_first_use = true);
    let (mut alice, pin) = shown(&stage).await;
    let typed = format!("{pin}{}", otp(&stage, alice.now));
    alice.send(Send::Passcode(typed)).await;
    alice.wait(60);
    let others = [
        Send::Password("password of alice".into()),
        Send::Passcode(format!("{pin}{}", otp(&stage, alice.now))),
        Send::Add,
        Send::Continue,
        Send::Back,
        Send::Target("android"),
    ];
    for other in others {
        alice.send(other.clone()).await;
        assert_eq!(alice.page_name().await, "new_pin", "{other:?}");
        assert!(stage.world.with(|rows| rows.sessions.is_empty()), "{other:?}");
    }
}
