//! How people come to self-provisioning: the rules, how the portal looks, and what operators grant.

use std::time::Duration;

use data_encoding::BASE64;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Program, Told, World};

const RULES: &str = "/settings/enrolment_rules";
const APPEARANCE: &str = "/settings/appearance";

/// Puts a document in place of a version.
async fn put(by: &Program<'_>, path: &str, version: u32, document: &Value) -> Told {
    let tag = format!("\"{version}\"");
    by.ask(Method::PUT, path, &[("if-match", &tag)], Some(document.clone())).await
}

fn rule(name: &str) -> Value {
    json!({
        "name": name, "groups": [], "percentage": 100, "starts_on": null, "deadline": "2027-02-01",
        "proof": {"kind": "operator_approval"}, "probation_hours": 48,
    })
}

/// An appearance with one field set.
fn looks(field: &str, value: Value) -> Value {
    let mut document = json!({"languages": [], "texts": {}});
    document[field] = value;
    document
}

fn logo(bytes: usize) -> Value {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(bytes, 0);
    json!({"media_type": "image/png", "data": BASE64.encode(&picture)})
}

#[tokio::test]
async fn rules_are_set_in_their_order_and_the_log_says_who_has() {
    let world = World::start().await;
    let olga = world.olga().await;
    let staff = olga.made("/groups", json!({"name": "Staff"})).await;
    let mut first = rule("Staff");
    first["groups"] = json!([staff]);
    first["proof"] = json!({"kind": "trusted_network", "networks": ["10.0.0.0/8", "192.0.2.7"]});
    let told = put(&olga, RULES, 0, &json!({"rules": [first, rule("Others")]})).await;
    assert_eq!((told.status, told.headers["etag"].to_str().unwrap()), (StatusCode::OK, "\"1\""), "{}", told.text);
    assert_eq!(told.body["rules"][0]["proof"]["networks"], json!(["10.0.0.0/8", "192.0.2.7/32"]));
    let read = olga.get(RULES).await;
    assert_eq!((&read.body, &read.headers["etag"]), (&told.body, &told.headers["etag"]));
    put(&olga, RULES, 0, &json!({"rules": []})).await.is(412, "another-version");
    let log = olga.get(&format!("{RULES}/changes")).await.body["items"].clone();
    assert_eq!((&log[0]["operator"], &log[0]["changes"][0]["field"]), (&json!("olga"), &json!("rules")));
    assert_eq!(log[0]["changes"][0]["new"], told.body["rules"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_told_at_its_field() {
    let world = World::start().await;
    let olga = world.olga().await;
    let mut wrong = rule("STAFF");
    wrong["percentage"] = json!(0);
    wrong["starts_on"] = json!("24.12.2026");
    wrong["proof"] = json!({"kind": "trusted_network", "networks": ["10.1.2.3/8"]});
    let told = put(&olga, RULES, 0, &json!({"rules": [rule("Staff"), wrong]})).await;
    assert_eq!(
        told.wrong(),
        [
            "rules[1].name twice",
            "rules[1].percentage between",
            "rules[1].starts_on day",
            "rules[1].proof.networks[0] host_bits",
        ]
    );
    assert_eq!(told.body["errors"][3]["network"], "10.0.0.0/8");
    let mut late = rule("Staff");
    late["starts_on"] = json!("2027-03-01");
    late["groups"] = json!(["nobodys"]);
    let told = put(&olga, RULES, 0, &json!({"rules": [late.clone()]})).await;
    assert_eq!(told.wrong(), ["rules[0].deadline not_before"]);
    assert_eq!(told.body["errors"][0]["other_field"], "rules[0].starts_on");
    late["starts_on"] = json!(null);
    let told = put(&olga, RULES, 0, &json!({"rules": [late]})).await;
    assert_eq!(told.wrong(), ["rules[0].groups unknown"]);
    assert_eq!(olga.get(RULES).await.headers["etag"], "\"0\"", "nothing was set");
}

#[tokio::test]
async fn the_preview_tells_on_which_terms() {
    let world = World::start().await;
    let olga = world.olga().await;
    olga.made("/users", json!({"name": "alice"})).await;
    let path = "/self-provisioning/preview?user=alice";
    put(&olga, RULES, 0, &json!({"rules": [rule("Everybody")]})).await;
    let told = olga.get(path).await;
    assert_eq!((&told.body["offered"], &told.body["begins_at"]), (&json!(true), &Value::Null), "{}", told.text);
    let terms = json!({
        "rule": "Everybody", "later_until": "2027-02-02T00:00:00.000Z", "grant": "approval", "probation_hours": 48,
    });
    assert_eq!(told.body["terms"], terms);

    let mut later = rule("Everybody");
    later["starts_on"] = json!("2027-02-01");
    put(&olga, RULES, 1, &json!({"rules": [later]})).await;
    let told = olga.get(path).await;
    assert_eq!((&told.body["offered"], &told.body["reason"]), (&json!(false), &json!("not_yet")), "{}", told.text);
    assert_eq!((&told.body["begins_at"], &told.body["terms"]), (&json!("2027-02-01T00:00:00.000Z"), &Value::Null));
}

#[tokio::test]
async fn an_appearance_is_set_whole_and_its_words_are_tried_on_the_pages() {
    let world = World::start().await;
    let olga = world.olga().await;
    let words = json!({"en": {"need-title": "An authenticator, please"}});
    let told = put(&olga, APPEARANCE, 0, &looks("texts", words.clone())).await;
    assert_eq!((told.status, &told.body["texts"]), (StatusCode::OK, &words), "{}", told.text);
    assert_eq!((&told.body["product_name"], &told.body["logo"]), (&Value::Null, &Value::Null));

    let words = json!({
        "en": {"no-such-words": "x", "need-title": "{ $password }"},
        "de": {"need-title": "{ offen", "console-save": "x"},
    });
    let told = put(&olga, APPEARANCE, 1, &looks("texts", words)).await;
    assert_eq!(
        told.wrong(),
        [
            "texts.de.console-save unknown",
            "texts.de.need-title message",
            "texts.en.need-title unknown",
            "texts.en.no-such-words unknown",
        ]
    );
    let told = put(&olga, APPEARANCE, 1, &looks("accent", json!("#ffff00"))).await;
    assert_eq!(told.wrong(), ["accent contrast"]);
    let told = put(&olga, APPEARANCE, 1, &looks("logo", json!({"media_type": "image/svg+xml", "data": ""}))).await;
    assert_eq!(told.wrong(), ["logo.media_type one_of"]);
    assert_eq!(olga.get(APPEARANCE).await.headers["etag"], "\"1\"", "nothing was set");
}

#[tokio::test]
async fn the_largest_logo_fits_into_the_one_body_that_may_be_larger() {
    let world = World::start().await;
    let olga = world.olga().await;
    let told = put(&olga, APPEARANCE, 0, &looks("logo", logo(64 * 1024))).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = put(&olga, APPEARANCE, 1, &looks("logo", logo(64 * 1024 + 1))).await;
    assert_eq!(told.wrong(), ["logo.data too_large"]);
    assert_eq!(told.body["errors"][0]["max"], 64 * 1024);
    put(&olga, APPEARANCE, 1, &looks("logo", logo(144 * 1024))).await.is(413, "too-large");
    let rules = json!({"rules": [], "padding": "x".repeat(64 * 1024)});
    put(&olga, RULES, 0, &rules).await.is(413, "too-large");

    let description = olga.get("/openapi.json").await.body;
    let most = |path: &str| description["paths"][path]["put"]["requestBody"]["description"].clone();
    assert_eq!((most(APPEARANCE), most(RULES)), (json!("At most 196608 bytes."), json!("At most 65536 bytes.")));
}

#[tokio::test]
async fn who_asks_for_an_approval_is_listed_until_somebody_decides() {
    let world = World::start().await;
    let olga = world.olga().await;
    let mut waiting = Vec::new();
    for name in ["carol", "alice", "bob"] {
        let user = olga.made("/users", json!({"name": name})).await;
        world.asks("first", &user).await;
        waiting.push(user);
    }
    let first = olga.get("/enrolment-requests?limit=2").await.body;
    let names = |part: &Value| -> Vec<Value> {
        part["items"].as_array().unwrap().iter().map(|item| item["user"]["name"].clone()).collect()
    };
    assert_eq!(names(&first), ["alice", "bob"]);
    assert_eq!(
        (&first["items"][0]["address"], &first["items"][0]["user_agent"]),
        (&json!("192.0.2.7"), &json!("Mozilla/5.0"))
    );
    let rest = olga.get(&format!("/enrolment-requests?limit=2&after={}", first["next"].as_str().unwrap())).await.body;
    assert_eq!((names(&rest), &rest["next"]), (vec![json!("carol")], &Value::Null));

    let place = |user: &str| format!("/users/{user}/enrolment-grant");
    let [carol, alice, bob] = [&waiting[0], &waiting[1], &waiting[2]].map(|user| place(user));
    let read = olga.get(&carol).await;
    assert_eq!((&read.body["state"], &read.body["operator"]), (&json!("asked"), &Value::Null), "{}", read.text);
    let told = olga.post(&format!("{carol}/approve"), json!({"reason": "met at the desk"})).await;
    assert_eq!((told.status, &told.body["state"]), (StatusCode::OK, &json!("approved")), "{}", told.text);
    assert_eq!((&told.body["operator"], &told.body["reason"]), (&json!("olga"), &json!("met at the desk")));
    assert_eq!(olga.get(&carol).await.body, told.body);
    let told = olga.post(&format!("{alice}/approve"), json!({})).await;
    assert_eq!((told.status, &told.body["reason"]), (StatusCode::OK, &json!("")), "{}", told.text);
    let told = olga.post(&format!("{bob}/refuse"), json!({"reason": ""})).await;
    assert_eq!(told.wrong(), ["reason required"]);
    let told = olga.post(&format!("{bob}/refuse"), json!({"reason": "not before May"})).await;
    assert_eq!((told.status, &told.body["state"]), (StatusCode::OK, &json!("refused")), "{}", told.text);
    assert_eq!(olga.get("/enrolment-requests").await.body, json!({"items": [], "next": null}));

    assert_eq!(olga.delete(&bob).await.status, 204);
    olga.get(&bob).await.is(404, "not-found");
    olga.delete(&bob).await.is(404, "not-found");
    world.later(Duration::from_hours(7 * 24));
    let olga = world.olga().await;
    olga.get(&carol).await.is(404, "not-found");
    olga.post("/users/nobody/enrolment-grant/approve", json!({})).await.is(404, "not-found");
}

#[tokio::test]
async fn a_code_of_the_help_desk_is_told_once_and_can_be_taken_back() {
    let world = World::start().await;
    let olga = world.olga().await;
    let heidi = world.another(&olga, "heidi", "help_desk").await;
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    let grant = format!("/users/{alice}/enrolment-grant");
    let place = format!("{grant}/help-desk-code");
    assert_eq!(heidi.post(&place, json!({"reason": " "})).await.wrong(), ["reason required"]);
    assert_eq!(heidi.post(&place, json!({"reason": "x".repeat(201)})).await.wrong(), ["reason too_long"]);
    heidi.get(&grant).await.is(404, "not-found");

    let body = json!({"reason": "called back"});
    let send = async || heidi.ask(Method::POST, &place, &[("idempotency-key", "k")], Some(body.clone())).await;
    let told = send().await;
    assert_eq!(told.status, 201, "{}", told.text);
    let code = told.body["code"].as_str().unwrap();
    assert_eq!((code.len(), code.as_bytes()[4]), (9, b'-'));
    assert_eq!(send().await.body, told.body, "sent again under its key it is the same code");

    let read = olga.get(&grant).await;
    let expected = json!({
        "state": "code_given", "at": read.body["at"], "expires_at": told.body["expires_at"], "address": null,
        "user_agent": "", "operator": "heidi", "reason": "called back",
    });
    assert_eq!(read.body, expected, "neither the code nor its hash is told again");
    let other = heidi.post(&place, json!({"reason": "once more"})).await;
    assert_ne!(other.body["code"], told.body["code"], "another one takes its place");
    assert_eq!(heidi.delete(&grant).await.status, 204);
    heidi.get(&grant).await.is(404, "not-found");
}

#[tokio::test]
async fn an_approval_that_is_sent_again_under_its_key_is_written_of_once() {
    let world = World::start().await;
    let olga = world.olga().await;
    let alice = olga.made("/users", json!({"name": "alice", "email": "alice@example.org"})).await;
    let place = format!("/users/{alice}/enrolment-grant/approve");
    let send = async || olga.ask(Method::POST, &place, &[("idempotency-key", "k")], Some(json!({}))).await;
    let first = send().await;
    world.later(Duration::from_secs(5));
    assert_eq!((first.status, send().await.body), (StatusCode::OK, first.body));
    assert_eq!(world.due_mails().await, 1);
}
