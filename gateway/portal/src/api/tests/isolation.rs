//! Two virtual servers know nothing of each other. The calls are those of the description, so that a new one is asked
//! as well.

use std::collections::BTreeMap;

use doorward_api::ports::AuditLog;
use http::Method;
use serde_json::{Value, json};

use super::world::{Program, World};

/// RFC 4226's secret.
const STOCK: &str = "30000001,3132333435363738393031323334353637383930,hotp,6,0\n";

/// Something of each kind that paths name, made by an administrator.
pub(super) async fn one_of_each(by: &Program<'_>) -> BTreeMap<&'static str, String> {
    let token = by.stocked(STOCK).await;
    let told = by.post("/tokens/import", json!({"file_base64": data_encoding::BASE64.encode(STOCK.as_bytes())})).await;
    let operator = by.get("/session").await.body["operator"]["id"].as_str().unwrap().to_owned();
    let user = by.made("/users", json!({"name": "alice"})).await;
    let granted = by.post(&format!("/users/{user}/enrolment-grant/approve"), json!({})).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
    let key = by.post("/api-keys", json!({"name": "nightly", "permissions": ["tokens:view"], "days": 1})).await;
    let invitation = by.post("/operators/invitations", json!({"role": "auditor"})).await;
    let task = by.post("/provisioning/tasks", json!({"users": ["alice"]})).await;
    assert_eq!(task.status, 201, "{}", task.text);
    BTreeMap::from([
        ("user", user),
        ("group", by.made("/groups", json!({"name": "Sales"})).await),
        ("parent", by.made("/groups", json!({"name": "Staff"})).await),
        ("token", token),
        ("task", task.body["task"]["number"].to_string()),
        ("import", told.body["id"].as_str().unwrap().to_owned()),
        ("operator", operator),
        ("invitation", invitation.body["id"].as_str().unwrap().to_owned()),
        ("role", by.made("/roles", json!({"name": "Desk", "permissions": ["tokens:view"]})).await),
        ("key", key.body["key"]["id"].as_str().unwrap().to_owned()),
        // Nobody's: nothing takes two here.
        ("approval", "nbswy3dpeb3w64tmmqqhgzljnz".to_owned()),
        // Nobody's: there is no device that could be asked.
        ("push", "mfrggzdfmztwq2lknnwg23tpoa".to_owned()),
    ])
}

fn places(path: &str) -> Vec<&str> {
    path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect()
}

#[tokio::test]
async fn no_call_of_one_virtual_server_finds_what_belongs_to_another() {
    let world = World::start().await;
    let (olga, otto) = (world.olga().await, world.sign_in("second", "otto").await);
    let (ours, mut theirs) = (one_of_each(&olga).await, one_of_each(&otto).await);
    // Tasks are numbered: one of theirs whose number is none of ours.
    let second = otto.post("/provisioning/tasks", json!({"users": ["alice"]})).await;
    theirs.insert("task", second.body["task"]["number"].to_string());
    world.makes_recovery_codes("second", &theirs["user"], 10).await;
    let records = world.store.head(&"second".into()).await.unwrap();

    let description = olga.get("/openapi.json").await.body;
    let mut asked = 0;
    for (path, methods) in description["paths"].as_object().unwrap() {
        // One place at a time is theirs: a group of ours does not take a user of theirs.
        for foreign in places(path) {
            let mut filled = path.clone();
            for place in places(path) {
                let from = if place == foreign { &theirs } else { &ours };
                let id = from.get(place).unwrap_or_else(|| panic!("what is a {place}? {path} is not tried"));
                filled = filled.replace(&format!("{{{place}}}"), id);
            }
            for (method, operation) in methods.as_object().unwrap() {
                let body = operation.pointer("/requestBody/content/application~1json/example").cloned();
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let told = olga.ask(method.clone(), &filled, &[("if-match", "\"1\"")], body).await;
                assert_eq!(told.status, 404, "{method} {path} with {foreign} of another: {}", told.text);
                told.is(404, "not-found");
                asked += 1;
            }
        }
    }
    assert!(asked >= 30, "{asked}");
    assert_eq!(world.store.head(&"second".into()).await.unwrap(), records, "nothing was done there");
}

#[tokio::test]
async fn nothing_of_another_virtual_server_is_taken_in_a_body_or_listed() {
    let world = World::start().await;
    let (olga, otto) = (world.olga().await, world.sign_in("second", "otto").await);
    let (ours, theirs) = (one_of_each(&olga).await, one_of_each(&otto).await);
    let assign = format!("/tokens/{}/assign", ours["token"]);
    olga.post(&assign, json!({"user": theirs["user"]})).await.is(404, "not-found");
    let told = olga.post("/users", json!({"name": "bob", "groups": [theirs["group"]]})).await;
    assert_eq!(told.wrong(), ["groups unknown"]);
    let users = json!({"mode": "only_groups", "groups": [theirs["group"]]});
    let document = json!({"target_users": users, "windows_link": "store", "recovery_codes": false});
    let path = "/settings/self_provisioning";
    let told = olga.ask(Method::PUT, path, &[("if-match", "\"0\"")], Some(document)).await;
    assert_eq!(told.wrong(), ["target_users.groups unknown"]);
    let rule = json!({
        "name": "Staff", "groups": [theirs["group"]], "percentage": 100, "proof": {"kind": "none"}, "probation_hours": 0,
    });
    let (path, document) = ("/settings/enrolment_rules", json!({"rules": [rule]}));
    let told = olga.ask(Method::PUT, path, &[("if-match", "\"0\"")], Some(document)).await;
    assert_eq!(told.wrong(), ["rules[0].groups unknown"]);
    let rule = json!({"group": theirs["group"], "stop_days": 10, "take": true, "note": ""});
    let (path, document) = ("/settings/provisioning_rules", json!({"rules": [rule]}));
    let told = olga.ask(Method::PUT, path, &[("if-match", "\"0\"")], Some(document.clone())).await;
    assert_eq!(told.wrong(), ["rules[0].group unknown"]);
    let preview = "/provisioning/rules/preview";
    assert_eq!(olga.post(preview, document.clone()).await.body["looked_at"], 0);
    olga.post(&format!("{preview}?user={}", theirs["user"]), document).await.is(404, "not-found");

    let owned = olga.get(&format!("/tokens?owner={}", theirs["user"])).await;
    assert_eq!(owned.body["items"], json!([]));
    for (list, place) in [
        ("/users", "user"),
        ("/groups", "group"),
        ("/tokens", "token"),
        ("/operators", "operator"),
        ("/operators/invitations", "invitation"),
        ("/roles", "role"),
        ("/api-keys", "key"),
    ] {
        let items = olga.get(list).await.body["items"].as_array().unwrap().clone();
        let ids: Vec<&Value> = items.iter().map(|item| &item["id"]).collect();
        assert!(ids.contains(&&json!(ours[place])) && !ids.contains(&&json!(theirs[place])), "{list}");
    }
    world.asks("second", &theirs["user"]).await;
    assert_eq!(olga.get("/enrolment-requests").await.body["items"], json!([]));
    world.asks("first", &ours["user"]).await;
    let waiting = olga.get("/enrolment-requests").await.body["items"].clone();
    assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["user"]["id"]), (1, &json!(ours["user"])));
    let name = otto.get("/users").await.body["items"][0]["name"].clone();
    assert_eq!(name, "alice", "the same name is somebody else there");
}

#[tokio::test]
async fn a_token_of_a_session_is_good_at_its_own_virtual_server_alone() {
    let world = World::start().await;
    let olga = world.olga().await;
    let (token, _) = olga.token.split_once('.').unwrap();
    let elsewhere = format!("Bearer {token}.{}", data_encoding::BASE64URL_NOPAD.encode(b"second"));
    let told = world.nobody().ask(Method::GET, "/users", &[("authorization", &elsewhere)], None).await;
    told.is(401, "sign-in-required");
}
