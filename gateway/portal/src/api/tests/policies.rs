//! Access policies, as programs read them and try others out.

use std::time::Duration;

use doorward_api::decided::{Decided, DecisionClass, DecisionFacts, DecisionTally, Seen};
use doorward_api::ports::{AuditLog, Decisions};
use doorward_api::settings::Day;
use doorward_api::{Factor, Proofs, Timestamp, UserId};
use serde_json::json;

use super::world::World;

const AT: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Requests of a user to the wiki with password and passcode, which are admitted.
async fn asked(world: &World, user: &str, count: u64) {
    let proofs = Proofs::NONE.with(Factor::Password, AT).with(Factor::Otp, AT);
    let facts = DecisionFacts {
        at: AT,
        host: "wiki.localhost".into(),
        path: "/pages/7".into(),
        client: [192, 0, 2, 7].into(),
        secure: false,
        display_name: String::new(),
        groups: vec!["staff".into()],
        proofs,
    };
    let class = DecisionClass {
        app: "wiki".into(),
        user: Some(UserId::new(user)),
        name: "alice".into(),
        method: "GET".into(),
        path_class: "/pages/7".into(),
        network: "192.0.2.0/24".into(),
        factors: vec![Factor::Password, Factor::Otp],
        deferred: false,
        probation: false,
        decided: Decided { decision: "admit".into(), need: Vec::new(), by: vec!["wiki-first".into()] },
        shadow: None,
    };
    let seen = Seen { first_at: AT, last_at: AT + Duration::from_secs(60), count, facts };
    let tally =
        DecisionTally { seen: vec![(Day::parse("2027-01-15").unwrap(), class, seen)], ..DecisionTally::default() };
    world.store.keep_decisions(&"first".into(), &tally).await.unwrap();
}

#[tokio::test]
async fn policies_are_listed_for_the_virtual_server_that_asks() {
    let world = World::start().await;
    let (olga, otto) = (world.olga().await, world.sign_in("second", "otto").await);
    let told = olga.get("/policies").await;
    assert_eq!(told.status, 200, "{}", told.text);
    let policy = &told.body["items"][0];
    assert_eq!(
        (&policy["id"], &policy["effect"], &policy["app"]),
        (&json!("wiki-first"), &json!("permit"), &json!("wiki"))
    );
    assert_eq!((&told.body["files"], &told.body["next"]), (&json!(["test.cedar"]), &json!(null)));
    assert!(policy["text"].as_str().unwrap().starts_with("@id(\"wiki-first\")"));
    assert_eq!(otto.get("/policies").await.body["items"][0]["id"], "wiki-second");
    assert_eq!(olga.get("/policies?q=none").await.body["items"], json!([]));
    assert_eq!(olga.get("/policies?limit=1&after=1").await.body["items"], json!([]));
}

#[tokio::test]
async fn a_supposed_request_is_explained_without_a_fresh_proof() {
    let world = World::start().await;
    let olga = world.olga().await;
    let aude = world.another(&olga, "aude", "auditor").await;
    world.later(Duration::from_mins(15));
    let body = json!({"app": "wiki", "path": "/a?b", "address": "10.1.2.3/8", "user": "somebody", "groups": ["staff"],
        "password_age": 5, "at": "2026-12-24T12:00:00Z"});
    let told = aude.post("/policies/explain", body).await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!((&told.body["decision"], &told.body["need"]), (&json!("challenge"), &json!(["otp"])));
    assert_eq!((&told.body["path"], &told.body["address"]), (&json!("/a"), &json!("10.0.0.0")));
    assert_eq!((&told.body["groups"], &told.body["at"]), (&json!(["staff"]), &json!("2026-12-24T12:00:00.000Z")));
    let clauses = told.body["policies"][0]["clauses"].as_array().unwrap();
    let outcomes: Vec<_> = clauses.iter().map(|clause| clause["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes.last(), Some(&"failed"), "{outcomes:?}");
    let nobody = aude.post("/policies/explain", json!({"app": "wiki", "address": "10.0.0.1"})).await;
    assert_eq!((&nobody.body["user"], &nobody.body["groups"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn what_cannot_be_supposed_is_told_at_its_field() {
    let world = World::start().await;
    let olga = world.olga().await;
    let wrong = olga.post("/policies/explain", json!({"app": "mail", "address": "here", "at": "soon"})).await;
    assert_eq!(wrong.wrong(), ["app unknown", "address network", "at type"]);
    let nobody = olga.post("/policies/explain", json!({"app": "wiki", "address": "10.0.0.1", "user": "nobody"})).await;
    assert_eq!(nobody.wrong(), ["user unknown"]);
    let proofs = olga.post("/policies/explain", json!({"app": "wiki", "address": "10.0.0.1", "otp_age": 1})).await;
    assert_eq!(proofs.wrong(), ["user required"]);
    let odd = olga.post("/policies/explain", json!({"app": "wiki", "address": "10.0.0.1", "pin_age": 1})).await;
    assert_eq!(odd.wrong(), ["pin_age unknown"]);
}

#[tokio::test]
async fn the_cases_are_run() {
    let world = World::start().await;
    let olga = world.olga().await;
    let told = olga.post("/policies/cases", json!({})).await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!((&told.body["passed"], &told.body["failed"]), (&json!(1), &json!(1)));
    let second = &told.body["files"][0]["cases"][1];
    assert_eq!(second["difference"], "expected admit, got challenge with password, otp by wiki-first");
}

#[tokio::test]
async fn a_replay_says_who_would_lose_and_changes_nothing() {
    let world = World::start().await;
    let olga = world.olga().await;
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    asked(&world, &alice, 41).await;
    let records = world.store.head(&"first".into()).await.unwrap();
    let of = |text: &str| json!({"files": [{"file": "wiki.cedar", "text": text}]});
    let told = olga
        .post("/policies/replay", of("@id(\"sales\") permit (principal in Group::\"sales\", action, resource);"))
        .await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(told.body["totals"], json!([{"outcome": "lose", "requests": 41, "users": 1}]));
    let group = &told.body["groups"][0];
    assert_eq!((&group["user"], &group["path"]), (&json!(alice), &json!("/pages/7")));
    assert_eq!((&group["before"]["decision"], &group["after"]["decision"]), (&json!("admit"), &json!("refuse")));
    assert_eq!(world.store.head(&"first".into()).await.unwrap(), records, "nothing but looking");

    let otto = world.sign_in("second", "otto").await;
    let theirs = otto.post("/policies/replay", of("permit (principal, action, resource);")).await;
    assert_eq!((&theirs.body["records"], &theirs.body["totals"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn policies_that_do_not_hold_are_named_by_file_and_line() {
    let world = World::start().await;
    let olga = world.olga().await;
    let text = "@id(\"a\")\npermit (principal, action, resource)\nwhen { context.authn.pasword };";
    let told = olga.post("/policies/replay", json!({"files": [{"file": "next/wiki.cedar", "text": text}]})).await;
    assert_eq!(told.wrong(), ["files policy"]);
    let message = told.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("next/wiki.cedar:3:8: ") && message.contains("did you mean"), "{message}");
    assert_eq!(olga.post("/policies/replay", json!({"files": []})).await.wrong(), ["files required"]);
    assert_eq!(olga.post("/policies/replay", json!({"files": [{"file": "a"}]})).await.wrong(), ["files type"]);
}

#[tokio::test]
async fn records_are_found_by_their_conditions_and_by_nobody_else() {
    let world = World::start().await;
    let olga = world.olga().await;
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    asked(&world, &alice, 12).await;
    let found = olga.get(&format!("/policies/records?user={alice}&app=wiki&decision=admit")).await;
    assert_eq!(found.status, 200, "{}", found.text);
    let record = &found.body["items"][0];
    assert_eq!((&record["count"], &record["network"]), (&json!(12), &json!("192.0.2.0/24")));
    assert_eq!((&record["factors"], &record["shadow"]), (&json!(["password", "otp"]), &json!(null)));
    assert_eq!(olga.get("/policies/records?decision=refuse").await.body["items"], json!([]));
    assert_eq!(olga.get("/policies/records?difference=lose").await.body["items"], json!([]));
    assert_eq!(olga.get("/policies/records?decision=perhaps").await.wrong(), ["decision one_of"]);
    let otto = world.sign_in("second", "otto").await;
    assert_eq!(otto.get("/policies/records").await.body["items"], json!([]));
    assert_eq!(olga.get("/policies/shadow").await.body, json!({"set": null, "said": []}));
}
