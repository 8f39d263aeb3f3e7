//! Fingerprint or face.

use super::*;
use crate::bytes::sha256;
use crate::testing::encode;
use data_encoding::HEXLOWER;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};

const WITH_BIO: Template = Template { biometric: true, ..WITH_PIN };

/// The platform of a device.
struct Platform(SigningKey);

/// What an assertion says.
struct Said<'a> {
    kind: &'a str,
    origin: &'a str,
    party: &'a str,
    flags: u8,
    cross: bool,
}

const RIGHT: Said<'static> =
    Said { kind: "webauthn.get", origin: ORIGIN, party: "authenticator.example.org", flags: 0b101, cross: false };

impl Platform {
    fn new() -> Self {
        Self(SigningKey::from_slice(&[9; 32]).unwrap())
    }

    fn registration(&self, prf: bool) -> Value {
        // SubjectPublicKeyInfo of P-256 (RFC 5480) up to the point.
        let head = HEXLOWER.decode(b"3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
        let key = [&head, self.0.verifying_key().to_encoded_point(false).as_bytes()].concat();
        json!({ "credential": encode(b"credential"), "public_key": encode(&key), "algorithm": -7, "prf": prf })
    }

    fn assertion(&self, challenge: &str, said: &Said<'_>) -> Value {
        let client = json!({
            "type": said.kind, "challenge": challenge, "origin": said.origin, "crossOrigin": said.cross,
            "other_keys_can_be_added_here": "do not compare clientDataJSON against a template",
        });
        let client = serde_json::to_vec(&client).unwrap();
        let data = [&sha256(&[said.party.as_bytes()])[..], &[said.flags], &[0; 4]].concat();
        let signature: Signature = self.0.sign(&[&data[..], &sha256(&[&client])].concat());
        json!({
            "authenticator_data": encode(&data),
            "client_data": encode(&client),
            "signature": encode(signature.to_der().as_bytes()),
        })
    }
}

/// A device in use with half of its key at the gateway.
fn set_up() -> (World, Phone, Platform, Value) {
    let (mut world, platform) = (World::new(WITH_BIO), Platform::new());
    let mut phone = world.confirmed();
    let register = phone.request("bio/register", platform.registration(false), world.now);
    let half = world.must(&register)["half"].clone();
    assert_eq!(half.as_str().unwrap().len(), 43);
    let register = phone.register_pin("2580", world.now);
    let registered = world.must(&register);
    phone.took_registration("2580", &registered);
    let finish = phone.finish(None, false, world.now);
    world.must(&finish);
    assert!(matches!(&world.said[..], [DeviceSaid::Activated { device, .. }] if device.biometric));
    (world, phone, platform, half)
}

fn challenge(world: &mut World, phone: &mut Phone) -> String {
    let challenge = phone.request("bio/challenge", json!({}), world.now);
    world.must(&challenge)["challenge"].as_str().unwrap().to_owned()
}

#[test]
fn a_verified_user_gets_the_half_that_was_kept_and_once_for_each_challenge() {
    let (mut world, mut phone, platform, half) = set_up();
    let asked = challenge(&mut world, &mut phone);
    let assert = phone.request("bio/assert", platform.assertion(&asked, &RIGHT), world.now);
    assert_eq!(world.must(&assert)["half"], half);
    let again = phone.request("bio/assert", platform.assertion(&asked, &RIGHT), world.now);
    assert_eq!(world.refused(&again), "not_now");
}

#[test]
fn what_somebody_else_asked_or_the_user_did_not_do_opens_nothing() {
    let (mut world, mut phone, platform, _) = set_up();
    for wrong in [
        Said { origin: "https://evil.example", ..RIGHT },
        Said { party: "evil.example", ..RIGHT },
        Said { kind: "webauthn.create", ..RIGHT },
        Said { flags: 0b001, ..RIGHT },
        Said { flags: 0b100, ..RIGHT },
        Said { cross: true, ..RIGHT },
    ] {
        let asked = challenge(&mut world, &mut phone);
        let assert = phone.request("bio/assert", platform.assertion(&asked, &wrong), world.now);
        assert_eq!(world.refused(&assert), "not_allowed");
        let right = phone.request("bio/assert", platform.assertion(&asked, &RIGHT), world.now);
        assert_eq!(world.refused(&right), "not_now", "the challenge is used up");
    }
    challenge(&mut world, &mut phone);
    let other = phone.request("bio/assert", platform.assertion(&encode(&[0; 32]), &RIGHT), world.now);
    assert_eq!(world.refused(&other), "not_allowed");
    let asked = challenge(&mut world, &mut phone);
    let stranger = Platform(SigningKey::from_slice(&[8; 32]).unwrap());
    let assert = phone.request("bio/assert", stranger.assertion(&asked, &RIGHT), world.now);
    assert_eq!(world.refused(&assert), "not_allowed");
}

#[test]
fn a_challenge_is_good_for_two_minutes() {
    for (after, status) in [(120, 200), (121, 410)] {
        let (mut world, mut phone, platform, _) = set_up();
        let asked = challenge(&mut world, &mut phone);
        world.now += after;
        let assert = phone.request("bio/assert", platform.assertion(&asked, &RIGHT), world.now);
        assert_eq!(world.send(&assert).0, status, "after {after} seconds");
    }
}

#[test]
fn where_the_platform_keeps_the_secret_the_gateway_keeps_none() {
    let (mut world, platform) = (World::new(WITH_BIO), Platform::new());
    let mut phone = world.confirmed();
    let register = phone.request("bio/register", platform.registration(true), world.now);
    assert_eq!(world.must(&register), json!({}));
    let registered = phone.register_pin("2580", world.now);
    let registered = world.must(&registered);
    phone.took_registration("2580", &registered);
    let finish = phone.finish(None, false, world.now);
    world.must(&finish);
    let challenge = phone.request("bio/challenge", json!({}), world.now);
    assert_eq!(world.refused(&challenge), "not_allowed");
}

#[test]
fn a_pin_on_its_last_try_is_not_got_round_by_a_finger() {
    let (mut world, mut phone, platform, _) = set_up();
    let asked = challenge(&mut world, &mut phone);
    for _ in 0..4 {
        let begun = phone.unlock("0000", world.now);
        world.must(&begun);
    }
    let assert = phone.request("bio/assert", platform.assertion(&asked, &RIGHT), world.now);
    assert_eq!(world.refused(&assert), "not_now");
}

#[test]
fn a_key_that_is_none_or_of_another_kind_is_refused_and_so_is_the_wrong_time() {
    let mut world = World::new(WITH_BIO);
    let platform = Platform::new();
    let mut phone = Phone::new(1, ORIGIN);
    world.begin(&mut phone);
    let early = phone.request("bio/register", platform.registration(false), world.now);
    assert_eq!(world.refused(&early), "not_now");
    world.confirm(true);
    for (field, value) in
        [("algorithm", json!(-257)), ("algorithm", json!(-8)), ("public_key", json!(encode(b"garbage")))]
    {
        let mut fields = platform.registration(false);
        fields[field] = value;
        let register = phone.request("bio/register", fields, world.now);
        assert_eq!(world.refused(&register), "malformed", "{field}");
    }
    let (mut world, mut phone, platform, _) = set_up();
    let late = phone.request("bio/register", platform.registration(false), world.now);
    assert_eq!(world.refused(&late), "not_now");
    let mut without = World::new(WITH_PIN);
    let mut phone = without.confirmed();
    let register = phone.request("bio/register", platform.registration(false), world.now);
    assert_eq!(without.refused(&register), "not_allowed");
}
