//! A program that calls the API of a gateway that runs by a key: what it may, what it never may, and what is left of it when it
//! was revoked.

use serde_json::{Value, json};

use super::api::{Olga, ask, read};
use crate::world::{Answer, Database, Gateway, Installation, exchange};

#[test]
fn a_program_with_a_key_does_what_it_was_given_and_nothing_else_until_it_is_revoked() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let gateway = &served.gateway;
    let token = Olga::becomes_administrator(gateway).signs_in();
    let as_olga = |method: &str, path: &str, body: Value| by(gateway, &token, method, path, &body);

    let made = as_olga("POST", "/api-keys", json!({"name": "robot", "permissions": ["users:edit"], "days": 30}));
    assert_eq!(made.status, 201, "{}", made.text());
    let (key, id) = (text(&made, "/secret"), text(&made, "/key/id"));
    let by_key = |method: &str, path: &str, body: Value| by(gateway, &key, method, path, &body);

    let dora = by_key("POST", "/users", json!({"name": "dora"}));
    assert_eq!(dora.status, 201, "{}", dora.text());
    let dora = text(&dora, "/user/id");
    for (method, path) in [
        ("DELETE", format!("/users/{dora}")),
        ("GET", "/tokens".to_owned()),
        ("GET", "/operators".to_owned()),
        ("POST", "/operators/invitations".to_owned()),
        ("POST", "/api-keys".to_owned()),
        ("DELETE", "/session".to_owned()),
    ] {
        let told = by_key(method, &path, json!({"role": "auditor"}));
        assert_eq!((told.status, text(&told, "/type").rsplit(':').next()), (403, Some("role-required")), "{path}");
    }
    // However a path is spelled, it does not lead round what the call takes.
    for path in [
        "/api//v1/tokens",
        "/api/v1/../v1/tokens",
        "/api/v1/users/../tokens",
        "/api/v1/users/%2e%2e/tokens",
        "/api/v1/tokens/",
        "/API/v1/tokens",
        "/api/v1/%74okens",
    ] {
        let bearer = format!("Bearer {key}");
        let told = exchange(gateway.console, "GET", "127.0.0.1", path, &[("Authorization", &bearer)], b"");
        assert!((300..500).contains(&told.status), "{path}: {}", told.status);
    }

    let listed = read(&as_olga("GET", "/api-keys", Value::Null))["items"][0].clone();
    assert_eq!((&listed["id"], &listed["live"]), (&json!(id), &json!(true)));
    assert!(listed["last_used_at"].is_string(), "{listed}");
    assert_eq!(as_olga("DELETE", &format!("/api-keys/{id}"), Value::Null).status, 204);
    assert_eq!(by_key("GET", "/users", Value::Null).status, 401);

    let trail = installation.command(&["audit", "export"], &["--format", "json"], "");
    let trail = String::from_utf8(trail.stdout).unwrap();
    for (event, says) in [("API_KEY_CREATED", "robot"), ("API_KEY_USED_FIRST", "robot"), ("API_KEY_REVOKED", "robot")] {
        assert!(trail.lines().any(|line| line.contains(event) && line.contains(says)), "{event}");
    }
    let created = trail.lines().find(|line| line.contains("USER_CREATED") && line.contains("robot"));
    assert!(created.is_some_and(|line| line.contains("olga")), "both are named");
    assert!(!trail.contains(key.split('.').next().unwrap()), "no secret is in the trail");
}

#[test]
fn an_operator_of_a_made_role_does_what_it_says_and_comes_to_no_more() {
    let gateway = Gateway::demo();
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let as_olga = |method: &str, path: &str, body: Value| by(&gateway, &token, method, path, &body);
    let made = as_olga("POST", "/roles", json!({"name": "Desk", "permissions": ["tokens:edit", "operators:edit"]}));
    assert_eq!(made.status, 201, "{}", made.text());
    let role = text(&made, "/id");
    let link = as_olga("POST", "/operators/invitations", json!({"role": role}));
    assert_eq!((link.status, text(&link, "/role")), (201, role.clone()));
    let page = text(&link, "/link");
    let path = page.find("/setup/").and_then(|at| page.get(at..)).unwrap();
    let page = exchange(gateway.console, "GET", "127.0.0.1", path, &[], b"");
    assert!(page.text().contains("Desk"), "{}", page.text());

    let less = as_olga("POST", "/api-keys", json!({"name": "desk", "permissions": ["tokens:view"], "days": 1}));
    let key = text(&less, "/secret");
    assert_eq!(by(&gateway, &key, "GET", "/tokens", &Value::Null).status, 200);
    assert_eq!(by(&gateway, &key, "GET", "/users", &Value::Null).status, 403);
    assert_eq!(as_olga("DELETE", &format!("/roles/{role}"), Value::Null).status, 204, "nobody has it");
    let gone = exchange(gateway.console, "GET", "127.0.0.1", path, &[], b"");
    assert_eq!(gone.status, 410, "an invitation for it leads nowhere");
}

fn by(gateway: &Gateway, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let body = Some(body).filter(|body| !body.is_null());
    ask(gateway, method, path, &[("Authorization", bearer.as_str())], body)
}

fn text(answer: &Answer, at: &str) -> String {
    let told = read(answer);
    told.pointer(at).and_then(Value::as_str).unwrap_or_else(|| panic!("{at}: {told}")).to_owned()
}
