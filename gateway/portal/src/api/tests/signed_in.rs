//! Who may ask, and for what.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::world::{PASSWORD, World, nobodys_token};
use crate::api::calls;

#[tokio::test]
async fn a_session_begins_with_password_and_passcode_and_ends_when_it_is_told_to() {
    let world = World::start().await;
    let olga = world.olga().await;
    let told = olga.get("/session").await;
    assert_eq!(told.status, 200);
    assert_eq!(told.body["virtual_server"], "first");
    assert_eq!(told.body["operator"]["name"], "olga");
    assert_eq!(told.body["operator"]["role"], "administrator");
    let time = told.body["fresh_until"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    assert_eq!(olga.delete("/session").await.status, 204);
    let told = olga.get("/session").await;
    told.is(401, "sign-in-required");
    assert_eq!(told.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_sign_in_is_told_in_one_way_and_counted() {
    let world = World::start().await;
    let nobody = world.nobody();
    let ask = async |name: &str, password: &str| {
        let body = json!({"virtual_server": "first", "name": name, "password": password, "passcode": "000001"});
        nobody.post("/session", body).await
    };
    for (name, password) in [("olga", "wrong"), ("nobody", PASSWORD), ("olga", PASSWORD), ("olga", "")] {
        let told = ask(name, password).await;
        told.is(401, "not-accepted");
        assert_eq!(told.headers["www-authenticate"], "Bearer");
    }
    ask("olga", "wrong").await;
    let told = ask("olga", "wrong").await;
    told.is(429, "too-many");
    assert_eq!(told.headers["retry-after"], "900");
    let told = nobody.post("/session", json!({"name": "olga", "password": "x", "passcode": "1"})).await;
    assert_eq!(told.wrong(), ["virtual_server required"], "there are two of them");
    let elsewhere = json!({"virtual_server": "third", "name": "olga", "password": "x", "passcode": "1"});
    assert_eq!(nobody.post("/session", elsewhere).await.wrong(), ["virtual_server unknown"]);
}

#[tokio::test]
async fn every_call_but_signing_in_and_the_description_takes_a_token_and_no_cookie_stands_in_for_it() {
    let world = World::start().await;
    let olga = world.olga().await;
    let cookie = format!("doorward_console={}", olga.token);
    for call in calls::all() {
        if matches!(call.id.as_str(), "createSession" | "getDescription") {
            continue;
        }
        let path = call.path.replace(['{', '}'], "");
        let told = world.nobody().ask(call.method.clone(), &path, &[("cookie", &cookie)], None).await;
        told.is(401, "sign-in-required");
    }
    for sent in ["Basic b2xnYTp4", "Bearer", "Bearer ", "Bearer x", &format!("Bearer {}", nobodys_token())] {
        let told = world.nobody().ask(Method::GET, "/session", &[("authorization", sent)], None).await;
        told.is(401, "sign-in-required");
    }
    let (bearer, scheme) = (format!("Bearer {}", olga.token), format!("bearer {}", olga.token));
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    world.nobody().ask(Method::GET, "/session", &twice, None).await.is(401, "sign-in-required");
    let told = world.nobody().ask(Method::GET, "/session", &[("authorization", &scheme)], None).await;
    assert_eq!(told.status, 200, "the scheme's name has no case");
}

#[tokio::test]
async fn changes_take_a_proof_of_the_last_ten_minutes() {
    let world = World::start().await;
    let olga = world.olga().await;
    world.later(Duration::from_mins(10));
    olga.post("/groups", json!({"name": "Sales"})).await.is(403, "reproof-required");
    assert_eq!(olga.get("/groups").await.status, 200, "looking takes none");
    let wrong = json!({"password": "wrong", "passcode": "000001"});
    olga.post("/session/proof", wrong).await.is(401, "not-accepted");
    let passcode = world.passcode("first", "olga").await;
    let told = olga.post("/session/proof", json!({"password": PASSWORD, "passcode": passcode})).await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(olga.post("/groups", json!({"name": "Sales"})).await.status, 201);
}
