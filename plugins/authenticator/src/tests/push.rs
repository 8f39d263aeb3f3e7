//! Requests: where they go, what waits, what proves an answer.

use super::*;
use doorward_api::device::Reach;
use doorward_api::flow::KeptSecret;
use doorward_api::push::{PushAnswer, PushContext, PushData, PushPurpose, PushState};
use doorward_api::{FlowId, PushId};

const WITH_PUSH: Template = Template { push: true, ..PLAIN };

/// The keys of RFC 8291's example.
fn subscription(endpoint: &str) -> Value {
    json!({
        "endpoint": endpoint,
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    })
}

fn mozilla() -> Value {
    subscription("https://updates.push.services.mozilla.com/wpush/v2/abc")
}

fn a_push() -> Push {
    Push {
        id: PushId::new("p1"),
        user: UserId::new("u1"),
        purpose: PushPurpose::SignIn { flow: FlowId::new("f1") },
        state: PushState::Pending,
        created_at: Timestamp::from_secs(NOW as i64),
        expires_at: Timestamp::from_secs(NOW as i64 + 120),
        data: PushData {
            nonce: "AAAAAAAAAAAAAAAAAAAAAA".into(),
            number: KeptSecret::new(&Secret::new("47")),
            context: PushContext {
                application: Some("Wiki".into()),
                address: "192.0.2.7".into(),
                browser: "Firefox".into(),
            },
            answered_by: None,
            serial: None,
        },
    }
}

fn reach(world: &World) -> Reach {
    world.device().reach(&world.opened).unwrap()
}

#[test]
fn a_device_is_reached_as_its_user_wants_it() {
    let mut world = World::new(WITH_PUSH);
    assert_eq!(reach(&world), Reach::Never);
    let mut phone = world.active(None);
    assert_eq!(reach(&world), Reach::WhileOpen);
    for (given, wanted, expected) in
        [(mozilla(), true, Reach::Woken), (mozilla(), false, Reach::Never), (Value::Null, true, Reach::WhileOpen)]
    {
        let call = phone.request("push/subscription", json!({ "subscription": given, "wanted": wanted }), world.now);
        world.must(&call);
        assert_eq!(reach(&world), expected);
    }
    let mut without = World::new(PLAIN);
    without.active(None);
    assert_eq!(reach(&without), Reach::WhileOpen, "the platform's setting decides, not the template (R50)");
}

#[test]
fn only_push_services_that_are_known_are_sent_to() {
    let mut world = World::with(WITH_PUSH, json!({ "push_services": ["http://127.0.0.1:8089"] }));
    let mut phone = world.active(Some(mozilla()));
    assert_eq!(reach(&world), Reach::Woken);
    for (endpoint, allowed) in
        [("http://127.0.0.1:8089/x", true), ("http://127.0.0.1:9/x", false), ("https://evil.example/x", false)]
    {
        let fields = json!({ "subscription": subscription(endpoint), "wanted": true });
        let call = phone.request("push/subscription", fields, world.now);
        let (status, body) = world.send(&call);
        assert_eq!((status == 200, body["error"] == "not_allowed"), (allowed, !allowed), "{endpoint}");
    }
    let mut world = World::new(WITH_PUSH);
    let mut phone = world.confirmed();
    let finish = phone.finish(Some(subscription("https://evil.example/x")), true, world.now);
    assert_eq!(world.refused(&finish), "not_allowed");
    let without = phone.finish(None, true, world.now);
    world.must(&without);
}

#[test]
fn what_wakes_a_device_says_neither_who_nor_where() {
    let mut world = World::with(WITH_PUSH, json!({ "contact": "mailto:ops@example.org" }));
    world.active(Some(mozilla()));
    let wake = world.device().wake(&world.opened, &a_push(), ORIGIN, world.time()).unwrap().unwrap();
    assert_eq!(wake.endpoint.expose(), "https://updates.push.services.mozilla.com/wpush/v2/abc");
    let header = |name: &str| wake.headers.iter().find(|(field, _)| *field == name).unwrap().1.clone();
    assert_eq!((header("ttl"), header("urgency"), header("topic").len()), ("120".into(), "high".into(), 32));
    assert_eq!(header("content-encoding"), "aes128gcm");
    assert!(header("authorization").starts_with("vapid t=ey"));
    let plain = decrypt(&wake.body);
    assert_eq!(
        serde_json::from_slice::<Value>(&plain).unwrap(),
        json!({
            "web_push": 8030,
            "notification": { "title": "Example Org", "navigate": format!("{ORIGIN}/a/?push=p1"), "tag": "p1" },
            "doorward": { "v": 1, "push": "p1", "expires": NOW + 120 },
        })
    );
    let again = world.device().wake(&world.opened, &a_push(), ORIGIN, world.time()).unwrap().unwrap();
    assert_ne!(again.body, wake.body, "each is encrypted anew");
}

/// RFC 8291, the browser's side, with the private key of its example.
fn decrypt(body: &[u8]) -> Vec<u8> {
    use crate::bytes::{decode, hkdf};
    use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let own = p256::SecretKey::from_slice(&decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94").unwrap()).unwrap();
    let (salt, theirs) = (&body[..16], p256::PublicKey::from_sec1_bytes(&body[21..86]).unwrap());
    let shared = p256::ecdh::diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine());
    let point = decode(mozilla()["p256dh"].as_str().unwrap()).unwrap();
    let auth = decode(mozilla()["auth"].as_str().unwrap()).unwrap();
    let (mut ikm, mut key, mut nonce) = ([0; 32], [0; 16], [0; 12]);
    hkdf(shared.raw_secret_bytes(), &auth, &[b"WebPush: info\0", &point, &body[21..86]], &mut ikm);
    hkdf(&ikm, salt, &[b"Content-Encoding: aes128gcm\0"], &mut key);
    hkdf(&ikm, salt, &[b"Content-Encoding: nonce\0"], &mut nonce);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
    let mut record = body[86..].to_vec();
    let plain = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record).unwrap();
    assert_eq!(plain.last(), Some(&2), "the mark of the last record");
    plain[..plain.len() - 1].to_vec()
}

#[test]
fn a_subscription_that_is_gone_is_forgotten() {
    let mut world = World::new(WITH_PUSH);
    world.active(Some(mozilla()));
    world.opened = world.device().forget_subscription(&world.opened).unwrap().unwrap();
    assert_eq!(reach(&world), Reach::WhileOpen);
    assert!(world.device().forget_subscription(&world.opened).unwrap().is_none());
    assert!(world.device().wake(&world.opened, &a_push(), ORIGIN, world.time()).unwrap().is_none());
}

#[test]
fn what_waits_is_shown_without_the_number() {
    let mut world = World::new(WITH_PUSH);
    let phone = world.active(None);
    let help = Push { purpose: PushPurpose::HelpDesk { operator: "o1".into() }, id: PushId::new("p2"), ..a_push() };
    let over = Push { expires_at: Timestamp::from_secs(NOW as i64), id: PushId::new("p3"), ..a_push() };
    world.pending = vec![a_push(), help, over];
    let asked = phone.uncounted("push/pending", json!({ "wait": 25 }), world.now);
    let told = world.must(&asked);
    assert!(!world.kept);
    let first = json!({
        "id": "p1", "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "created": NOW, "expires": NOW + 120, "purpose": "sign_in",
        "context": { "application": "Wiki", "address": "192.0.2.7", "browser": "Firefox" },
    });
    assert_eq!(told["pending"][0], first);
    assert_eq!((&told["pending"][1]["purpose"], told["pending"].as_array().unwrap().len()), (&json!("help_desk"), 2));
    assert_eq!((&told["now"], &told["push"]), (&json!(NOW), &json!({ "enabled": true })));
}

#[test]
fn an_approval_is_proved_by_the_seed_and_its_number_is_told_to_the_host() {
    let mut world = World::new(WITH_PUSH);
    let mut phone = world.active(None);
    world.pending = vec![a_push()];
    for (number, result) in [("47", "approved"), ("74", "mismatched")] {
        let approve = phone.approve("p1", &a_push().data.nonce, number, world.now);
        assert_eq!(world.must(&approve)["result"], result);
        let answer = PushAnswer::Approve { number: KeptSecret::new(&Secret::new(number)) };
        assert_eq!(world.said, [DeviceSaid::PushAnswered { push: PushId::new("p1"), answer }]);
    }
    let mut stolen = phone.approve("p1", &a_push().data.nonce, "74", world.now);
    let other = phone.approve("p1", "BBBBBBBBBBBBBBBBBBBBBB", "47", world.now);
    assert_eq!(world.refused(&other), "wrong_mac", "it is a proof of another request");
    assert!(world.said.is_empty());
    let fields: Value = serde_json::from_slice(&stolen.body).unwrap();
    let mut changed = fields.clone();
    changed["number"] = json!("47");
    stolen = phone.request("push/answer", changed, world.now);
    assert_eq!(world.refused(&stolen), "wrong_mac", "it is a proof of another number");
    let mut bare = fields;
    bare["proof"] = Value::Null;
    let bare = phone.request("push/answer", bare, world.now);
    assert_eq!(world.refused(&bare), "malformed");
}

#[test]
fn to_deny_or_report_nothing_need_be_proved() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    world.pending = vec![a_push()];
    for (decision, result, answer) in [("deny", "denied", PushAnswer::Deny), ("report", "reported", PushAnswer::Report)]
    {
        let call = phone.turn_down("p1", decision, world.now);
        assert_eq!(world.must(&call)["result"], result);
        assert_eq!(world.said, [DeviceSaid::PushAnswered { push: PushId::new("p1"), answer }]);
    }
}

#[test]
fn a_request_that_is_over_is_answered_by_nobody() {
    let mut world = World::new(WITH_PUSH);
    let mut phone = world.active(None);
    let late = phone.approve("p1", &a_push().data.nonce, "47", world.now);
    assert_eq!(world.must(&late)["result"], "over");
    world.pending = vec![a_push()];
    world.now += 120;
    let late = phone.turn_down("p1", "deny", world.now);
    assert_eq!(world.must(&late)["result"], "over");
    assert!(world.said.is_empty());
}

#[test]
fn nothing_is_approved_while_a_pin_is_on_its_last_try() {
    let mut world = World::new(WITH_PIN);
    let mut phone = world.active(None);
    world.pending = vec![a_push()];
    for _ in 0..4 {
        let begun = phone.unlock("0000", world.now);
        world.must(&begun);
    }
    let approve = phone.approve("p1", &a_push().data.nonce, "47", world.now);
    assert_eq!(world.refused(&approve), "not_now");
    let deny = phone.turn_down("p1", "deny", world.now);
    assert_eq!(world.must(&deny)["result"], "denied");
}
