//! A token is removed from its device: what is shown for it, and what is not.

use super::*;
use crate::testing::encode;

const CHECKED_BY_THE_SERVER: Template = Template { pin: PinType::ServerSide, ..PLAIN };

impl World {
    /// What is said to have happened where a token is removed.
    fn released(&mut self, release: &Request) -> Vec<DeviceSaid> {
        self.must(release);
        self.said.clone()
    }
}

#[test]
fn whoever_opens_the_seed_may_remove_a_token_in_use_from_its_device() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    world.state = TokenState::Suspended;
    let release = phone.release(world.now);
    assert_eq!(world.refused(&release), "suspended", "nobody gets round a suspension by it");
    world.state = TokenState::Active;
    let release = phone.release(world.now);
    assert_eq!(world.released(&release), [DeviceSaid::Released]);
    let token = phone.request("token", json!({}), world.now);
    assert_eq!(world.refused(&token), "gone");
}

#[test]
fn whoever_shows_nothing_but_the_device_is_not_taken_for_its_user() {
    for fields in [json!({}), json!({ "nonce": null, "proof": null })] {
        let mut world = World::new(WITH_PIN);
        let mut phone = world.active(None);
        let release = phone.request("token/release", fields, world.now);
        assert_eq!(world.released(&release), [DeviceSaid::ReleasedUnproved]);
    }
}

#[test]
fn a_wrong_proof_or_half_of_one_removes_nothing() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    let nonce = encode(&[5; 16]);
    for (fields, code) in [
        (json!({ "nonce": nonce, "proof": encode(&[7; 32]) }), "wrong_mac"),
        (json!({ "nonce": nonce, "proof": null }), "malformed"),
        (json!({ "nonce": null, "proof": encode(&[7; 32]) }), "malformed"),
    ] {
        let release = phone.request("token/release", fields, world.now);
        assert_eq!(world.refused(&release), code);
        assert!(world.said.is_empty(), "{code}");
    }
    // That of another token does not do either.
    let mut other = World::new(WITH_PIN).active(None);
    other.id = "other".into();
    let theirs = other.release(world.now);
    let theirs: Value = serde_json::from_slice(&theirs.body).unwrap();
    let fields = json!({ "nonce": theirs["nonce"], "proof": theirs["proof"] });
    let release = phone.request("token/release", fields, world.now);
    assert_eq!(world.refused(&release), "wrong_mac");
    assert_eq!(world.state, TokenState::Active);
}

#[test]
fn a_seed_that_lies_open_beside_a_pin_of_the_server_proves_the_device_alone() {
    for (template, said) in [(CHECKED_BY_THE_SERVER, DeviceSaid::ReleasedUnproved), (PLAIN, DeviceSaid::Released)] {
        let mut world = World::new(template);
        let mut phone = world.active(None);
        let release = phone.release(world.now);
        assert_eq!(world.released(&release), [said]);
    }
}

#[test]
fn nothing_is_removed_by_a_pin_that_is_on_its_last_try() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    for _ in 0..4 {
        let begun = phone.unlock("0000", world.now);
        world.must(&begun);
    }
    let release = phone.release(world.now);
    assert_eq!(world.refused(&release), "not_now");
}
