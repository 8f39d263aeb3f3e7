//! The PIN: right and wrong, counted, locked, changed.

use super::*;
use crate::testing::encode;

impl World {
    /// A whole exchange with this PIN; what the last call of it was answered.
    fn unlock(&mut self, phone: &mut Phone, pin: &str) -> (u16, Value) {
        let begun = phone.unlock(pin, self.now);
        let begun = self.send(&begun);
        if begun.0 != 200 {
            return begun;
        }
        match phone.unlocked(pin, &begun.1, self.now) {
            Some(finish) => self.send(&finish),
            None => {
                let failed = phone.request("pin/unlock/failed", json!({}), self.now);
                self.send(&failed)
            }
        }
    }

    fn left(&mut self, phone: &mut Phone) -> Value {
        let token = phone.request("token", json!({}), self.now);
        self.must(&token)["attempts_left"].clone()
    }
}

#[test]
fn the_right_pin_opens_and_forgets_the_failures() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    assert_eq!(world.unlock(&mut phone, "0000"), (200, json!({ "attempts_left": 2 })));
    assert_eq!(world.said, [DeviceSaid::PinRejected { left: 2 }]);
    assert_eq!(world.left(&mut phone), 2);
    assert_eq!(world.unlock(&mut phone, "2580"), (200, json!({})));
    assert!(world.said.is_empty());
    assert_eq!(world.left(&mut phone), 3);
}

#[test]
fn as_many_wrong_pins_as_are_permitted_still_let_the_right_one_in() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    for left in [2, 1, 0] {
        assert_eq!(world.unlock(&mut phone, "0000"), (200, json!({ "attempts_left": left })));
    }
    assert_eq!(world.state, TokenState::Active);
    assert_eq!(world.unlock(&mut phone, "2580"), (200, json!({})));
    assert_eq!(world.left(&mut phone), 3);
}

#[test]
fn one_wrong_pin_more_locks_for_good_and_nothing_secret_is_left() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    for _ in 0..3 {
        world.unlock(&mut phone, "0000");
    }
    assert_eq!(world.unlock(&mut phone, "0000"), (423, json!({ "error": "locked" })));
    assert_eq!(world.said, [DeviceSaid::PinLocked]);
    let left = String::from_utf8(world.opened.expose().to_vec()).unwrap();
    assert!(!left.contains("record") && !left.contains("passcodes") && left.contains("iPhone"), "{left}");
    assert_eq!(world.unlock(&mut phone, "2580").0, 423);
    let passcode = phone.passcode(world.now);
    assert_eq!(world.typed(&passcode, None), "rejected");
    let token = phone.request("token", json!({}), world.now);
    let told = world.must(&token);
    assert_eq!((&told["state"], &told["attempts_left"]), (&json!("locked_pin"), &Value::Null));
}

#[test]
fn a_device_that_says_nothing_gains_nothing() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    let begun = phone.unlock("0000", world.now);
    assert_eq!(world.must(&begun)["attempts_left"], 2, "it is counted before it is answered");
    assert!(world.kept);
    let next = phone.unlock("0000", world.now);
    assert_eq!(world.must(&next)["attempts_left"], 1);
    assert_eq!(world.said, [DeviceSaid::PinRejected { left: 2 }], "the first was a failure");
    world.now += 61;
    let token = phone.request("token", json!({}), world.now);
    world.must(&token);
    assert_eq!(world.said, [DeviceSaid::PinRejected { left: 1 }], "the second was not finished in time");
    let third = phone.unlock("0000", world.now);
    world.must(&third);
    assert!(world.said.is_empty());
    let fourth = phone.unlock("0000", world.now);
    assert_eq!(world.must(&fourth)["attempts_left"], 0);
    let passcode = phone.passcode(world.now);
    assert_eq!(world.typed(&passcode, None), "rejected", "until it is clear that the PIN was right");
    let fifth = phone.unlock("2580", world.now);
    assert_eq!(world.refused(&fifth), "locked", "the one too many is not finished by beginning another");
    assert_eq!(world.said, [DeviceSaid::PinLocked]);
}

#[test]
fn the_one_too_many_locks_a_minute_after_it_was_not_finished() {
    for (after, state) in [(60, TokenState::Active), (61, TokenState::LockedPin)] {
        let mut world = World::new(WITH_PIN);
        let mut phone = world.active(None);
        for _ in 0..3 {
            world.unlock(&mut phone, "0000");
        }
        let last = phone.unlock("2580", world.now);
        let last = world.must(&last);
        world.now += after;
        let pending = phone.uncounted("push/pending", json!({ "wait": 0 }), world.now);
        world.send(&pending);
        assert_eq!(world.state, state, "after {after} seconds");
        let finish = phone.unlocked("2580", &last, world.now).unwrap();
        assert_eq!(world.send(&finish).0, if state == TokenState::Active { 200 } else { 423 });
    }
}

/// It is settled once the token is given back, and not by each call of a device that waits for that.
#[test]
fn an_exchange_of_a_token_that_is_held_is_left_as_it_is() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    for _ in 0..3 {
        world.unlock(&mut phone, "0000");
    }
    let last = phone.unlock("0000", world.now);
    world.must(&last);
    let before = world.opened.clone();
    world.state = TokenState::Suspended;
    world.now += 61;
    for _ in 0..2 {
        let token = phone.request("token", json!({}), world.now);
        assert_eq!(world.must(&token)["state"], "suspended");
        assert!(world.said.is_empty(), "nothing is recorded, and no device told to destroy its keys");
        world.opened = before.clone(); // as the host does with what is held
    }
    world.state = TokenState::Active;
    let token = phone.request("token", json!({}), world.now);
    assert_eq!(world.must(&token)["state"], "locked_pin");
    assert_eq!(world.said, [DeviceSaid::PinLocked]);
}

#[test]
fn a_wrong_third_message_is_a_wrong_pin() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    let begun = phone.unlock("2580", world.now);
    world.must(&begun);
    let forged = phone.request("pin/unlock/2", json!({ "ke3": encode(&[7; 64]) }), world.now);
    assert_eq!(world.send(&forged), (422, json!({ "error": "wrong_pin", "attempts_left": 2 })));
    let again = phone.request("pin/unlock/2", json!({ "ke3": encode(&[7; 64]) }), world.now);
    assert_eq!(world.refused(&again), "not_now", "an exchange is finished once");
    let failed = phone.request("pin/unlock/failed", json!({}), world.now);
    assert_eq!(world.refused(&failed), "not_now", "and is one failure only");
    let garbage = phone.request("pin/unlock/1", json!({ "ke1": encode(&[0xff; 96]) }), world.now);
    assert_eq!(world.refused(&garbage), "malformed");
    assert_eq!(world.left(&mut phone), 2);
}

#[test]
fn the_pin_can_be_changed_within_two_minutes_after_an_unlock_and_once() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    let early = phone.register_pin("1379", world.now);
    assert_eq!(world.refused(&early), "not_now");
    world.unlock(&mut phone, "2580");
    world.now += 120;
    let register = phone.register_pin("1379", world.now);
    let registered = world.must(&register);
    let record = encode(&phone.took_registration("1379", &registered));
    let change = phone.request("pin/change", json!({ "record": record }), world.now);
    world.must(&change);
    assert_eq!(world.said, [DeviceSaid::PinChanged]);
    let again = phone.request("pin/change", json!({ "record": record }), world.now);
    assert_eq!(world.refused(&again), "not_now");
    assert_eq!(world.unlock(&mut phone, "2580").1, json!({ "attempts_left": 2 }));
    assert_eq!(world.unlock(&mut phone, "1379"), (200, json!({})));
    world.now += 121;
    let late = phone.request("pin/change", json!({ "record": record }), world.now);
    assert_eq!(world.refused(&late), "not_now");
}

#[test]
fn a_registration_is_no_way_to_try_pins_uncounted() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    world.unlock(&mut phone, "2580");
    for _ in 0..8 {
        let register = phone.register_pin("1379", world.now);
        world.must(&register);
    }
    let register = phone.register_pin("1379", world.now);
    assert_eq!(world.refused(&register), "too_many");
    assert_eq!(world.unlock(&mut phone, "2580"), (200, json!({})));
}

#[test]
fn a_token_without_a_pin_has_none_to_unlock() {
    let mut world = World::new(PLAIN);
    let mut phone = world.active(None);
    let unlock = phone.unlock("2580", world.now);
    assert_eq!(world.refused(&unlock), "not_allowed");
    assert_eq!(world.left(&mut phone), Value::Null);
}
