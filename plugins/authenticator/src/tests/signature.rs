//! Signatures, clocks, sequence numbers and copies.

use super::*;
use crate::signature::base;

/// RFC 9421 2.5, with the components of `PROTOCOL.md`.
#[test]
fn the_base_of_a_signature_is_written_as_rfc_9421_has_it() {
    let parameters = concat!(
        "(\"@method\" \"@target-uri\" \"content-digest\" \"doorward-sequence\")",
        ";created=1732900000;nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";keyid=\"t1\";alg=\"ecdsa-p256-sha256\"",
    );
    let digest = "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:";
    let uri = "https://authenticator.example.org/a/v1/token";
    assert_eq!(
        String::from_utf8(base(uri, digest, "17", parameters)).unwrap(),
        concat!(
            "\"@method\": POST\n",
            "\"@target-uri\": https://authenticator.example.org/a/v1/token\n",
            "\"content-digest\": sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:\n",
            "\"doorward-sequence\": 17\n",
            "\"@signature-params\": (\"@method\" \"@target-uri\" \"content-digest\" \"doorward-sequence\")",
            ";created=1732900000;nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";keyid=\"t1\";alg=\"ecdsa-p256-sha256\"",
        )
    );
}

/// A request with one header field changed.
fn with(request: &Request, field: &str, change: impl Fn(&str) -> String) -> Request {
    let mut changed = request.clone();
    for (name, value) in &mut changed.headers {
        if name == field {
            *value = change(value);
        }
    }
    changed
}

#[test]
fn nothing_of_a_signed_call_can_be_changed() {
    let mut world = World::new(PLAIN);
    let mut phone = world.active(None);
    let call = phone.request("token", json!({}), world.now);
    let mut body = call.clone();
    body.body = br#"{"id":"tok3n" }"#.to_vec();
    let mut uri = call.clone();
    uri.target_uri = "https://elsewhere.example.org/a/v1/token".into();
    let mut name = call.clone();
    name.name = "token/release".into();
    name.target_uri = format!("{ORIGIN}/a/v1/token/release");
    let mut twice = call.clone();
    twice.headers.push(("signature".into(), "doorward=:AAAA:".into()));
    let mut bare = call.clone();
    bare.headers.clear();
    let sequence = with(&call, "doorward-sequence", |_| "99".into());
    let padded = with(&call, "doorward-sequence", |number| format!("0{number}"));
    let time = with(&call, "signature-input", |input| {
        input.replace(&format!("created={NOW}"), &format!("created={}", NOW + 1))
    });
    let key = with(&call, "signature-input", |input| input.replace("keyid=\"tok3n\"", "keyid=\"other\""));
    let order = with(&call, "signature-input", |input| {
        input.replace("\"@method\" \"@target-uri\"", "\"@target-uri\" \"@method\"")
    });
    let fewer = with(&call, "signature-input", |input| input.replace(" \"doorward-sequence\"", ""));
    let label = with(&call, "signature", |signature| signature.replace("doorward", "sig1"));
    for changed in [body, uri, name, twice, bare, sequence, padded, time, key, order, fewer, label] {
        assert_eq!(world.refused(&changed), "signature", "{changed:?}");
        assert!(!world.kept);
    }
    world.must(&call);
}

#[test]
fn a_clock_may_be_a_minute_off_and_is_told_the_time_beyond_that() {
    let mut world = World::new(PLAIN);
    let mut phone = world.active(None);
    for (off, status) in [(-60, 200), (60, 200), (-61, 401), (61, 401)] {
        let call = phone.request("token", json!({}), NOW.saturating_add_signed(off));
        let (given, body) = world.send(&call);
        assert_eq!(given, status, "{off}");
        if status == 401 {
            assert_eq!(body, json!({ "error": "clock", "now": NOW }));
            assert!(!world.kept);
        }
    }
    let call = phone.request("token", json!({}), NOW);
    world.must(&call);
}

#[test]
fn a_call_that_is_repeated_or_comes_late_is_not_done() {
    let mut world = World::new(PLAIN);
    let mut phone = world.active(None);
    let first = phone.request("token", json!({}), NOW);
    let second = phone.request("token", json!({}), NOW);
    world.must(&second);
    assert_eq!(world.refused(&first), "sequence", "it was overtaken");
    assert_eq!(world.refused(&second), "sequence", "it was done");
    assert!(world.said.is_empty());
    assert_eq!(world.state, TokenState::Active);
}

#[test]
fn a_copy_of_a_device_is_found_out_by_its_numbers() {
    let mut world = World::new(PLAIN);
    let mut phone = world.active(None);
    let mut copy = phone.clone();
    let used = copy.request("token", json!({}), NOW);
    world.must(&used);
    let own = phone.request("token", json!({}), NOW);
    assert_eq!(world.refused(&own), "suspended");
    assert_eq!(world.said, [DeviceSaid::Cloned]);
    let more = copy.request("token/release", json!({}), NOW);
    assert_eq!(world.refused(&more), "suspended", "neither gets further");
}

#[test]
fn a_device_that_was_set_back_is_found_out_after_32_calls() {
    let mut world = World::new(PLAIN);
    let mut phone = world.active(None);
    let mut restored = phone.clone();
    for _ in 0..40 {
        let call = phone.request("token", json!({}), NOW);
        world.must(&call);
    }
    let call = restored.request("token", json!({}), NOW);
    assert_eq!(world.refused(&call), "suspended");
    assert_eq!(world.said, [DeviceSaid::Cloned]);
}

#[test]
fn a_counted_call_has_a_number_and_an_uncounted_one_none() {
    let mut world = World::new(PLAIN);
    let mut phone = world.active(None);
    let uncounted = phone.uncounted("token", json!({}), NOW);
    assert_eq!(world.refused(&uncounted), "signature");
    let counted = phone.request("push/pending", json!({ "wait": 0 }), NOW);
    assert_eq!(world.refused(&counted), "signature");
}

#[test]
fn a_call_of_no_known_name_or_token_is_not_found() {
    let mut world = World::new(PLAIN);
    let mut phone = world.active(None);
    let odd = phone.request("tokens", json!({}), NOW);
    assert_eq!(world.refused(&odd), "not_found");
    let here = phone.request("here", json!({}), NOW);
    assert_eq!(world.refused(&here), "not_found", "that is the host's");
    phone.id = "another".into();
    let other = phone.request("token", json!({}), NOW);
    assert_eq!(world.refused(&other), "not_found");
    let begin = Request { name: "token".into(), body: vec![b' '; 17 << 10], ..other };
    assert_eq!(world.refused(&begin), "malformed");
}
