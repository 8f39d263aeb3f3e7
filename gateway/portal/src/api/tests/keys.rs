//! API keys as programs use them, and roles as operators make them.

use doorward_api::ports::AuditLog;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::isolation::one_of_each;
use super::world::{Program, World};

async fn key<'w>(world: &'w World, by: &Program<'_>, permissions: Value) -> (Program<'w>, String) {
    let told = by.post("/api-keys", json!({"name": "robot", "permissions": permissions, "days": 30})).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    let mut program = world.nobody();
    program.token = told.body["secret"].as_str().unwrap().to_owned();
    (program, told.body["key"]["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_program_calls_by_its_key_what_it_was_given_until_it_is_revoked() {
    let world = World::start().await;
    let olga = world.olga().await;
    let (program, id) = key(&world, &olga, json!(["users:edit"])).await;
    assert!(program.token.starts_with("dwk_"), "{}", program.token);
    let alice = program.made("/users", json!({"name": "alice"})).await;
    assert_eq!(program.get(&format!("/users/{alice}")).await.status, 200);
    program.delete(&format!("/users/{alice}")).await.is(403, "role-required");
    program.get("/tokens").await.is(403, "role-required");
    let session = program.get("/session").await.body;
    assert_eq!(session["operator"]["permissions"], json!(["users:view", "users:edit"]));
    program.delete("/session").await.is(403, "role-required");

    let listed = olga.get("/api-keys").await.body["items"][0].clone();
    assert_eq!((&listed["id"], &listed["operator"], &listed["live"]), (&json!(id), &json!("olga"), &json!(true)));
    assert!(listed["last_used_at"].as_str().unwrap().ends_with(":00.000Z"), "{listed}");
    assert!(!olga.get("/api-keys").await.text.contains(&program.token), "told once");
    let records = world.store.records(&"first".into(), 0, 1000).await.unwrap();
    let records: Vec<&str> = records.iter().map(|stored| stored.record.as_str()).collect();
    let by_key = records.iter().find(|record| record.contains("USER_CREATED")).unwrap();
    assert!(by_key.contains("robot") && by_key.contains("olga"), "{by_key}");

    assert_eq!(olga.delete(&format!("/api-keys/{id}")).await.status, StatusCode::NO_CONTENT);
    program.get("/users").await.is(401, "sign-in-required");
}

#[tokio::test]
async fn a_key_makes_itself_no_greater_whatever_its_operator_may() {
    let world = World::start().await;
    let olga = world.olga().await;
    let all = doorward_api::Permissions::ALL.of_key().names();
    let (program, _) = key(&world, &olga, json!(all)).await;
    let things = one_of_each(&olga).await;
    for (method, path, body) in [
        (Method::POST, "/operators/invitations".to_owned(), json!({"role": "auditor"})),
        (Method::PUT, format!("/operators/{}/role", things["operator"]), json!({"role": "auditor"})),
        (Method::POST, format!("/operators/{}/disable", things["operator"]), Value::Null),
        (Method::POST, "/roles".to_owned(), json!({"name": "x", "permissions": ["users:view"]})),
        (Method::DELETE, format!("/roles/{}", things["role"]), Value::Null),
        (Method::POST, "/api-keys".to_owned(), json!({"name": "x", "permissions": ["users:view"], "days": 1})),
        (Method::DELETE, format!("/api-keys/{}", things["key"]), Value::Null),
    ] {
        program.ask(method, &path, &[("if-match", "\"1\"")], Some(body)).await.is(403, "role-required");
    }
    let never = json!({"name": "king", "permissions": ["roles:edit", "users:fly"], "days": 0});
    assert_eq!(olga.post("/api-keys", never).await.wrong(), ["permissions unknown"]);
    let never = json!({"name": "king", "permissions": ["roles:edit"], "days": 0});
    assert_eq!(olga.post("/api-keys", never).await.wrong(), ["days between", "permissions unknown"]);
}

#[tokio::test]
async fn what_is_no_key_is_nobodys_and_a_key_is_good_at_its_own_virtual_server_alone() {
    let world = World::start().await;
    let olga = world.olga().await;
    let (program, _) = key(&world, &olga, json!(["users:view"])).await;
    let (secret, _) = program.token.split_once('.').unwrap();
    let second = data_encoding::BASE64URL_NOPAD.encode(b"second");
    let shortened = program.token.get(..20).unwrap();
    for other in [format!("{secret}.{second}"), secret.to_owned(), shortened.to_owned(), "dwk_".to_owned()] {
        let bearer = format!("Bearer {other}");
        let told = world.nobody().ask(Method::GET, "/users", &[("authorization", &bearer)], None).await;
        told.is(401, "sign-in-required");
    }
    let as_cookie = format!("doorward_console={}", program.token);
    world.nobody().ask(Method::GET, "/users", &[("cookie", &as_cookie)], None).await.is(401, "sign-in-required");
}

#[tokio::test]
async fn roles_are_made_given_and_changed_and_nobody_comes_to_more_by_it() {
    let world = World::start().await;
    let olga = world.olga().await;
    let may = ["operators:edit", "roles:delete", "tokens:edit"];
    let chief = olga.made("/roles", json!({"name": "Chief", "permissions": may})).await;
    let beate = world.another(&olga, "beate", &chief).await;
    let session = beate.get("/session").await.body;
    assert_eq!((&session["operator"]["role"], &session["operator"]["role_name"]), (&json!(chief), &json!("Chief")));

    let desk = beate.made("/roles", json!({"name": "Desk", "permissions": ["tokens:view"]})).await;
    let otto = world.another(&beate, "otto", &desk).await;
    assert_eq!(otto.get("/tokens").await.status, 200);
    otto.get("/users").await.is(403, "role-required");
    beate.post("/roles", json!({"name": "More", "permissions": ["users:view"]})).await.is(403, "beyond-own");
    beate.post("/operators/invitations", json!({"role": "auditor"})).await.is(403, "beyond-own");
    let own = session["operator"]["id"].as_str().unwrap();
    beate.put(&format!("/operators/{own}/role"), json!({"role": desk})).await.is(409, "own-role");
    let form = json!({"name": "Chief", "permissions": ["tokens:view"]});
    let change = async |by: &Program<'_>, role: &str, version: &str, form: &Value| {
        by.ask(Method::PUT, &format!("/roles/{role}"), &[("if-match", version)], Some(form.clone())).await
    };
    change(&beate, &chief, "\"1\"", &form).await.is(409, "own-role");
    let more = json!({"name": "Desk", "permissions": ["tokens:delete", "users:view"]});
    change(&beate, &desk, "\"1\"", &more).await.is(403, "beyond-own");
    let told = change(&olga, &desk, "\"1\"", &more).await;
    assert_eq!((told.status, told.headers["etag"].to_str().unwrap()), (StatusCode::OK, "\"2\""));
    assert_eq!(otto.get("/users").await.status, 200, "at the next request");
    change(&olga, &desk, "\"1\"", &more).await.is(412, "another-version");
    olga.delete(&format!("/roles/{desk}")).await.is(409, "role-in-use");
    olga.delete("/roles/administrator").await.is(404, "not-found");
    let listed = olga.get("/roles").await.body;
    let names: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|role| &role["name"]).collect();
    assert_eq!(names, ["administrator", "help_desk", "auditor", "Chief", "Desk"]);
}

#[tokio::test]
async fn no_spelling_of_a_path_leads_round_the_permissions() {
    let world = World::start().await;
    let olga = world.olga().await;
    let aude = world.another(&olga, "aude", "auditor").await;
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    for path in [
        format!("/users/{alice}/"),
        format!("//users/{alice}"),
        format!("/users//{alice}"),
        format!("/groups/../users/{alice}"),
        format!("/users/x/../{alice}"),
        format!("/users/%2e%2e/users/{alice}"),
        format!("/Users/{alice}"),
        format!("/users/{alice}%00"),
        format!("/users/{alice}[0]"),
        format!("/users/{alice};x=1"),
        format!("/users/{alice}%2f"),
    ] {
        let told = aude.delete(&path).await;
        assert!(told.status.is_client_error(), "{path}: {}", told.status);
        assert_eq!(olga.get(&format!("/users/{alice}")).await.status, 200, "{path}");
    }
    for spelled in ["%75sers", "user%73"] {
        let told = aude.delete(&format!("/{spelled}/{alice}")).await;
        assert!(told.status.is_client_error(), "{spelled}: {}", told.status);
    }
    assert_eq!(olga.get(&format!("/users/{alice}")).await.status, 200);
}
