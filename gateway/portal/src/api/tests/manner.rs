//! How the API answers, whatever is asked.

use axum::body::Body;
use doorward_access::arrival::{ErrorKind, ErrorPage};
use doorward_fakes::World as Fakes;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use super::world::{World, nobodys_token, over_fakes, request};

#[tokio::test]
async fn what_is_no_call_is_told_as_a_problem_too() {
    let world = World::start().await;
    let olga = world.olga().await;
    for path in ["", "/", "/nothing", "/users/x/y/z", "/settings/colours"] {
        olga.get(path).await.is(404, "not-found");
        world.nobody().get(path).await.is(404, "not-found");
    }
    let elsewhere = request(Method::GET, "").uri("/api/v2/users").body(Body::empty()).unwrap();
    world.send(elsewhere).await.is(404, "not-found");
    let told = olga.ask(Method::PATCH, "/users", &[], None).await;
    told.is(405, "method-not-allowed");
    let mut allowed: Vec<&str> = told.headers["allow"].to_str().unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn a_body_is_json_that_says_so_and_is_no_larger_than_it_may_be() {
    let world = World::start().await;
    let olga = world.olga().await;
    let send = async |kind: &str, body: String| {
        let request = olga.request(Method::POST, "/groups").header("content-type", kind);
        world.send(request.body(Body::from(body)).unwrap()).await
    };
    let good = json!({"name": "Sales"}).to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=latin1", "application/jsonx"]
    {
        send(kind, good.clone()).await.is(415, "media-type");
    }
    let told = send("application/json", "{\n  \"name\": Sales\n}".into()).await;
    told.is(400, "malformed");
    assert_eq!(told.body["detail"], "the body is no JSON at line 2, column 11");
    send("application/json", String::new()).await.is(400, "malformed");
    send("application/json", "x".repeat(64 * 1024 + 1)).await.is(413, "too-large");
    assert_eq!(send("application/json", "[]".into()).await.wrong(), [" type"]);
    assert_eq!(send("Application/JSON; charset=\"UTF-8\"", good).await.status, 201);
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named_with_its_rule() {
    let world = World::start().await;
    let olga = world.olga().await;
    let body = json!({"name": 7, "display_name": null, "groups": ["a b"], "draw_password": "yes", "surprise": 1});
    let told = olga.post("/users", body).await;
    assert_eq!(told.wrong(), ["name type", "groups unknown", "draw_password type", "surprise unknown"]);
    assert_eq!(told.body["errors"][0]["message"], "must be a text");
    let told = olga.post("/users", json!({})).await;
    assert_eq!(told.wrong(), ["name required"]);
    let told = olga.post("/users", json!({"name": "alice", "email": "no address"})).await;
    assert_eq!(told.wrong(), ["email mail_address"]);

    let pin = json!({"inner_steps": 5, "outer_steps": 3, "outer_events": 0});
    let told = olga.ask(Method::PUT, "/settings/synchronization", &[("if-match", "\"0\"")], Some(pin)).await;
    assert_eq!(told.wrong(), ["outer_events between", "outer_steps at_least"]);
    assert_eq!((&told.body["errors"][0]["min"], &told.body["errors"][0]["max"]), (&json!(1), &json!(1000)));
    assert_eq!(told.body["errors"][1]["other_field"], "inner_steps");
    assert_eq!(told.body["errors"][1]["message"], "must not be less than inner_steps");
}

#[tokio::test]
async fn a_query_is_read_as_strictly() {
    let world = World::start().await;
    let olga = world.olga().await;
    for (query, wrong) in [
        ("limit=0", "limit between"),
        ("limit=201", "limit between"),
        ("limit=x", "limit between"),
        ("sort=name", "sort unknown"),
        ("q=a%00b", "q text"),
        ("q=%ff", " query"),
        ("q=a&q=b", " query"),
    ] {
        assert_eq!(olga.get(&format!("/users?{query}")).await.wrong(), [wrong], "{query}");
    }
    assert_eq!(olga.get("/tokens?state=lazy").await.wrong(), ["state one_of"]);
    assert_eq!(olga.get("/tokens?locked=1").await.wrong(), ["locked one_of"]);
    assert_eq!(olga.get("/tokens?owner=a%20b").await.wrong(), ["owner unknown"]);
    assert_eq!(olga.get("/self-provisioning/preview").await.wrong(), ["user required"]);
    assert_eq!(olga.get("/users?q=&after=&limit=200").await.status, 200);
    // Whoever asks to be shown only what would be done is not obeyed by half.
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    assert_eq!(olga.delete(&format!("/users/{alice}?dry_run=true")).await.wrong(), ["dry_run unknown"]);
    assert_eq!(olga.get(&format!("/users/{alice}")).await.status, 200);
    assert_eq!(olga.get("/session?x=").await.wrong(), ["x unknown"]);
    assert_eq!(world.nobody().get("/openapi.json?x").await.wrong(), ["x unknown"]);
    let nowhere = olga.get("/users?after=bm93aGVyZQ").await;
    assert_eq!((nowhere.status, &nowhere.body["items"]), (StatusCode::OK, &json!([])));
}

#[tokio::test]
async fn a_list_goes_on_behind_the_longest_name() {
    let world = World::start().await;
    let olga = world.olga().await;
    let long = |first: &str| format!("{first}{}", "門".repeat(255));
    for name in [long("A"), long("B"), format!("C{}", "門".repeat(119))] {
        olga.made("/users", json!({"name": name})).await;
    }
    let mut after = String::new();
    let mut found = Vec::new();
    loop {
        let told = olga.get(&format!("/users?limit=1&after={after}")).await;
        assert_eq!(told.status, 200, "{}", told.text);
        found.push(told.body["items"][0]["name"].as_str().unwrap().chars().next().unwrap());
        let Some(next) = told.body["next"].as_str() else { break };
        after = next.to_owned();
    }
    assert_eq!(found, ['A', 'B', 'C']);
    let begins = "%E9%96%80".repeat(255);
    assert_eq!(olga.get(&format!("/users?q=a{begins}")).await.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(olga.get(&format!("/users?after={}", "x".repeat(2049))).await.wrong(), ["after text"]);
}

#[tokio::test]
async fn what_can_be_no_id_is_nothings() {
    let world = World::start().await;
    let olga = world.olga().await;
    for id in ["%00", "%ff", "a%20b", "..%2f", "%F0%9F%92%A9", &"x".repeat(65)] {
        olga.get(&format!("/users/{id}")).await.is(404, "not-found");
        olga.delete(&format!("/groups/{id}")).await.is(404, "not-found");
    }
}

#[tokio::test]
async fn a_change_of_what_has_versions_names_the_one_that_was_seen() {
    let world = World::start().await;
    let olga = world.olga().await;
    let first = olga.get("/settings/lockout").await;
    assert_eq!((first.status, first.headers["etag"].to_str().unwrap()), (StatusCode::OK, "\"0\""));
    let mut new = first.body.clone();
    new["token_minutes"] = json!(30);
    let put = async |tag: &[(&str, &str)]| olga.ask(Method::PUT, "/settings/lockout", tag, Some(new.clone())).await;
    put(&[]).await.is(428, "version-required");
    put(&[("if-match", "*")]).await.is(428, "version-required");
    for other in ["\"1\"", "W/\"0\"", "0", "\"+0\"", "\"1\", W/\"0\"", "\"\""] {
        put(&[("if-match", other)]).await.is(412, "another-version");
    }
    let told = put(&[("if-match", "\"0\"")]).await;
    assert_eq!((told.status, told.headers["etag"].to_str().unwrap()), (StatusCode::OK, "\"1\""), "{}", told.text);
    assert_eq!(told.body["token_minutes"], 30);
    put(&[("if-match", "\"0\"")]).await.is(412, "another-version");
    // Whoever has seen several says so; one of them is the present one.
    let told = put(&[("if-match", "\"0\" ,\"1\"")]).await;
    assert_eq!((told.status, told.headers["etag"].to_str().unwrap()), (StatusCode::OK, "\"1\""), "{}", told.text);
    put(&[("if-match", "\"0\", \"7\"")]).await.is(412, "another-version");
    let log = olga.get("/settings/lockout/changes").await;
    let entry = &log.body["items"][0];
    assert_eq!((&entry["version"], &entry["operator"]), (&json!(1), &json!("olga")));
    assert_eq!(entry["changes"], json!([{"field": "token_minutes", "old": 15, "new": 30}]));
}

#[tokio::test]
async fn without_a_store_nothing_is_done_and_the_caller_is_told_to_come_again() {
    let fakes = Fakes::new();
    let router = over_fakes(&fakes);
    *fakes.down.lock().unwrap() = true;
    let request = request(Method::GET, "/users").header("authorization", format!("Bearer {}", nobodys_token()));
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["type"], "urn:doorward:problem:unavailable");
    assert!(!body.to_string().contains("plug"), "the cause is for the log");
}

#[tokio::test]
async fn what_the_listener_met_is_a_problem_as_well() {
    let world = World::start().await;
    let met = |status, kind| {
        let page = ErrorPage { status, kind, request_id: "req-0042".into() };
        request(Method::GET, "/tokens/import").extension(page).body(Body::empty()).unwrap()
    };
    world.send(met(StatusCode::PAYLOAD_TOO_LARGE, ErrorKind::TooLarge)).await.is(413, "too-large");
    let told = world.send(met(StatusCode::BAD_REQUEST, ErrorKind::BadRequest)).await;
    assert_eq!((told.status, &told.body["type"]), (StatusCode::BAD_REQUEST, &json!("about:blank")));
}

#[tokio::test]
async fn the_console_goes_on_beside_the_api() {
    let world = World::start().await;
    let page = request(Method::GET, "").uri("/signin").body(Body::empty()).unwrap();
    let told = world.send(page).await;
    assert!(told.status == 200 && told.text.contains("<html"), "{}", told.text);
}
