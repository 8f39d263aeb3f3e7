//! Acts that take two operators, as programs see them.

use std::time::Duration;

use doorward_api::ports::AuditLog;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::isolation::one_of_each;
use super::world::{Program, Told, World};
use crate::api::calls;

/// Everything that there is takes two.
fn everything() -> Value {
    json!({"operators": true, "settings": true, "user_deletion": true, "token_deletion": true, "exports": true})
}

fn lockout(minutes: u32) -> Value {
    json!({"account_failures": 3, "account_minutes": 15, "token_failures": 9, "token_minutes": minutes})
}

async fn put(by: &Program<'_>, path: &str, seen: i64, document: Value) -> Told {
    by.ask(Method::PUT, path, &[("if-match", &format!("\"{seen}\""))], Some(document)).await
}

/// With two administrators, olga and oleg, and everything takes two.
async fn two(world: &World) -> [Program<'_>; 2] {
    let olga = world.olga().await;
    let oleg = world.another(&olga, "oleg", "administrator").await;
    let told = put(&olga, "/settings/approvals", 0, everything()).await;
    assert_eq!(told.status, 200, "{}", told.text);
    [olga, oleg]
}

/// What was answered is that it waits: its id.
#[track_caller]
fn held(told: &Told) -> String {
    assert_eq!(told.status, StatusCode::ACCEPTED, "{}", told.text);
    let id = told.body["approval"]["id"].as_str().unwrap().to_owned();
    assert_eq!(told.headers["location"], format!("/api/v1/approvals/{id}"));
    assert_eq!(told.body["approval"]["state"], "waiting");
    id
}

async fn approve(by: &Program<'_>, id: &str) -> Told {
    by.post(&format!("/approvals/{id}/approve"), Value::Null).await
}

async fn records(world: &World) -> Vec<Value> {
    let all = world.store.records(&"first".into(), 0, 1000).await.unwrap();
    all.iter().map(|stored| serde_json::from_str(&stored.record).unwrap()).collect()
}

fn event<'r>(records: &'r [Value], name: &str) -> &'r Value {
    records.iter().rev().find(|record| record["details"]["event"] == name).unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test]
async fn a_setting_waits_until_another_operator_has_it_done() {
    let world = World::start().await;
    let [olga, oleg] = two(&world).await;
    let told = put(&olga, "/settings/lockout", 0, lockout(30)).await;
    let id = held(&told);
    assert_eq!(told.body["approvers"], json!(["oleg"]));
    assert_eq!(told.body["changes"], json!([{"field": "token_minutes", "old": 15, "new": 30}]));
    assert_eq!(olga.get("/settings/lockout").await.body["token_minutes"], 15, "nothing was done yet");
    let again = put(&olga, "/settings/lockout", 0, lockout(30)).await;
    assert_eq!(held(&again), id, "who asks for the same twice has asked once");

    approve(&olga, &id).await.is(409, "own-request");
    assert_eq!(oleg.get("/approvals").await.body["waiting"], 1);
    assert_eq!(olga.get("/approvals").await.body["waiting"], 0, "it waits for somebody else");
    let told = approve(&oleg, &id).await;
    assert_eq!((told.status.as_u16(), &told.body["state"]), (200, &json!("done")), "{}", told.text);
    assert_eq!(told.body["decided_by"], "oleg");
    assert_eq!(olga.get("/settings/lockout").await.body["token_minutes"], 30);
    let log = olga.get("/settings/lockout/changes").await.body;
    assert_eq!(log["items"][0]["operator"], "olga");
    approve(&oleg, &id).await.is(409, "decided");

    let records = records(&world).await;
    for (name, operator) in
        [("APPROVAL_REQUESTED", "olga"), ("APPROVAL_GIVEN", "oleg"), ("LOCKOUT_POLICY_CHANGED", "olga")]
    {
        assert_eq!(event(&records, name)["context"]["operator"], operator, "{name}");
    }
    assert_eq!(event(&records, "LOCKOUT_POLICY_CHANGED")["details"]["approvedBy"], "oleg");
    assert_eq!(event(&records, "APPROVAL_GIVEN")["details"]["askedBy"], "olga");
}

#[tokio::test]
async fn nothing_takes_two_where_there_are_not_two_who_may_do_everything() {
    let world = World::start().await;
    let olga = world.olga().await;
    let told = put(&olga, "/settings/approvals", 0, everything()).await;
    assert_eq!(told.status, 422, "{}", told.text);
    assert!(told.wrong().contains(&"operators approvers".to_owned()), "{:?}", told.wrong());
    world.another(&olga, "heidi", "help_desk").await;
    assert_eq!(
        put(&olga, "/settings/approvals", 0, everything()).await.status,
        422,
        "the help desk may not everything"
    );
    let mut alone = everything();
    alone["operators"] = json!(false);
    assert_eq!(put(&olga, "/settings/approvals", 0, alone).await.wrong(), ["operators needed_by"]);

    let every: Vec<String> = doorward_api::Permissions::ALL.names();
    let role = olga.made("/roles", json!({"name": "Everything", "permissions": every})).await;
    world.another(&olga, "eva", &role).await;
    assert_eq!(
        put(&olga, "/settings/approvals", 0, everything()).await.status,
        200,
        "a role of ours may be everything"
    );
}

#[tokio::test]
async fn switching_it_off_takes_two_and_the_last_two_stay() {
    let world = World::start().await;
    let [olga, oleg] = two(&world).await;
    let id_of = async |by: &Program<'_>| by.get("/session").await.body["operator"]["id"].as_str().unwrap().to_owned();
    let second = id_of(&oleg).await;
    olga.post(&format!("/operators/{second}/disable"), Value::Null).await.is(409, "last-administrator");

    let mut nothing = everything();
    for field in ["operators", "settings", "user_deletion", "token_deletion", "exports"] {
        nothing[field] = json!(false);
    }
    let id = held(&put(&olga, "/settings/approvals", 1, nothing).await);
    assert_eq!(approve(&oleg, &id).await.status, 200);
    assert_eq!(olga.get("/settings/approvals").await.body["settings"], false);
    assert_eq!(put(&olga, "/settings/lockout", 0, lockout(20)).await.status, 200, "one is enough again");
    let told = olga.post(&format!("/operators/{second}/disable"), Value::Null).await;
    assert_eq!(told.status, 200, "{}", told.text);
}

/// What changes nothing of what it is asked about is no act.
fn body_of(id: &str, example: Option<Value>) -> Option<Value> {
    match id {
        "actOnToken" => Some(json!({"action": "delete"})),
        "putLockout" => Some(lockout(99)),
        "putApprovals" => Some(json!({
            "operators": true, "settings": true, "user_deletion": false, "token_deletion": false, "exports": false,
        })),
        "setOperatorRole" => Some(json!({"role": "auditor"})),
        _ => example,
    }
}

/// Groups that an example names are one that is there.
fn with_groups(value: &mut Value, group: &str) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &mut *value) {
                    ("groups", Value::Array(listed)) if !listed.is_empty() => *listed = vec![json!(group)],
                    ("group", Value::String(_)) => *value = json!(group),
                    (_, value) => with_groups(value, group),
                }
            }
        }
        Value::Array(listed) => listed.iter_mut().for_each(|value| with_groups(value, group)),
        _ => {}
    }
}

#[tokio::test]
async fn whatever_the_setting_names_is_held_and_nothing_of_it_is_done() {
    let world = World::start().await;
    let olga = world.olga().await;
    let ivo = world.another(&olga, "ivo", "help_desk").await;
    let mut things = one_of_each(&olga).await;
    things.insert("operator", ivo.get("/session").await.body["operator"]["id"].as_str().unwrap().to_owned());
    let disable = format!("/operators/{}/disable", things["operator"]);
    assert_eq!(olga.post(&disable, Value::Null).await.status, 200);
    let oleg = world.another(&olga, "oleg", "administrator").await;
    let ines = world.another(&olga, "ines", "administrator").await;
    assert_eq!(put(&olga, "/settings/approvals", 0, everything()).await.status, 200);

    let held_calls: Vec<_> = calls::all().into_iter().filter(|call| call.tells_of(StatusCode::ACCEPTED)).collect();
    let settings = |call: &&crate::api::call::Call| call.method == Method::PUT && call.path.starts_with("/settings/");
    assert!(calls::all().iter().filter(settings).all(|call| call.tells_of(StatusCode::ACCEPTED)), "every document");
    let mut asked = 0;
    for call in held_calls.iter().filter(|call| call.id != "importTokens") {
        let path = things.iter().fold(call.path.clone(), |path, (place, id)| path.replace(&format!("{{{place}}}"), id));
        let seen = match call.id.as_str() {
            "putApprovals" | "updateRole" => 1,
            _ => 0,
        };
        let mut body = body_of(&call.id, call.takes.as_ref().map(|takes| takes.example.clone()));
        body.iter_mut().for_each(|body| with_groups(body, &things["group"]));
        // One alone may not ask for as much.
        let by = if asked % 2 == 0 { &olga } else { &ines };
        let told = by.ask(call.method.clone(), &path, &[("if-match", &format!("\"{seen}\""))], body).await;
        // A document whose example is what a new one says changes nothing.
        if told.status == 200 && call.path.starts_with("/settings/") {
            assert_eq!(told.headers["etag"], format!("\"{seen}\""), "{}: {}", call.id, told.text);
            continue;
        }
        held(&told);
        asked += 1;
    }
    assert!(asked > 12, "{asked}");
    let listed = oleg.get("/approvals?open=true&limit=200").await.body;
    assert_eq!(listed["items"].as_array().unwrap().len(), asked);
    for (path, status) in [("user", 200), ("token", 200), ("role", 200)] {
        assert_eq!(olga.get(&format!("/{path}s/{}", things[path])).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn what_is_for_the_eyes_of_who_asked_is_done_by_them_when_it_is_approved() {
    let world = World::start().await;
    let [olga, oleg] = two(&world).await;
    let invite = async || olga.post("/operators/invitations", json!({"role": "auditor"})).await;
    let id = held(&invite().await);
    let told = approve(&oleg, &id).await;
    assert_eq!((told.status.as_u16(), &told.body["state"]), (200, &json!("approved")), "{}", told.text);
    assert_eq!(olga.get("/approvals").await.body["waiting"], 1, "it waits for who asked");
    let told = invite().await;
    assert_eq!(told.status, 201, "{}", told.text);
    assert!(told.body["link"].as_str().unwrap().contains("/setup/"));
    assert_eq!(olga.get(&format!("/approvals/{id}")).await.body["approval"]["state"], "done");
    assert_ne!(held(&invite().await), id, "it was good once");

    let file = async || olga.get("/audit/records.csv?event=APPROVAL_GIVEN").await;
    let id = held(&file().await);
    assert_eq!(approve(&oleg, &id).await.status, 200);
    held(&olga.get("/audit/records.csv?event=OPERATOR_LOGIN").await);
    for _ in 0..2 {
        assert_eq!(file().await.status, 200, "what was approved, and nothing else, until it ends");
    }
    assert_eq!(olga.get(&format!("/approvals/{id}")).await.body["approval"]["state"], "approved");
    assert_eq!(event(&records(&world).await, "LOG_EXPORTED")["details"]["approvedBy"], "oleg");
    olga.post(&format!("/approvals/{id}/withdraw"), Value::Null).await;
    held(&file().await);

    let form = json!({"name": "nightly", "permissions": ["users:view"], "days": 1});
    let key =
        async |with: &str| olga.ask(Method::POST, "/api-keys", &[("idempotency-key", with)], Some(form.clone())).await;
    let id = held(&key("k1").await);
    assert_eq!(approve(&oleg, &id).await.status, 200);
    let told = key("k1").await;
    assert_eq!(told.status, 201, "what was held has not used its key up: {}", told.text);
    assert_eq!(event(&records(&world).await, "API_KEY_CREATED")["details"]["approvedBy"], "oleg");
}

#[tokio::test]
async fn an_act_is_done_as_things_are_when_it_is_approved_and_waits_on_where_it_cannot_be() {
    let world = World::start().await;
    let [olga, oleg] = two(&world).await;
    let first = held(&put(&olga, "/settings/lockout", 0, lockout(30)).await);
    let second = held(&put(&oleg, "/settings/lockout", 0, lockout(40)).await);
    assert_eq!(approve(&oleg, &first).await.status, 200);
    let looked = olga.get(&format!("/approvals/{second}")).await.body;
    assert_eq!((&looked["outdated"], &looked["changes"]), (&json!(true), &json!([])));
    approve(&olga, &second).await.is(409, "changed-meanwhile");
    assert_eq!(olga.get(&format!("/approvals/{second}")).await.body["approval"]["state"], "waiting");
    assert_eq!(olga.get("/settings/lockout").await.body["token_minutes"], 30);
    let refused = olga.post(&format!("/approvals/{second}/refuse"), Value::Null).await;
    assert_eq!((refused.status.as_u16(), &refused.body["state"]), (200, &json!("refused")));
    assert_eq!(event(&records(&world).await, "APPROVAL_REFUSED")["context"]["operator"], "olga");

    let third = held(&put(&olga, "/settings/lockout", 1, lockout(50)).await);
    oleg.post(&format!("/approvals/{third}/withdraw"), Value::Null).await.is(409, "not-own-request");
    olga.post(&format!("/approvals/{third}/refuse"), Value::Null).await.is(409, "own-request");
    let taken = olga.post(&format!("/approvals/{third}/withdraw"), Value::Null).await;
    assert_eq!(taken.body["state"], "withdrawn", "{}", taken.text);
    approve(&oleg, &third).await.is(409, "decided");
}

#[tokio::test]
async fn who_was_switched_off_has_nothing_done_and_who_may_less_approves_nothing() {
    let world = World::start().await;
    let olga = world.olga().await;
    let heidi = world.another(&olga, "heidi", "help_desk").await;
    let role = olga.made("/roles", json!({"name": "Janitor", "permissions": ["users:delete"]})).await;
    let jan = world.another(&olga, "jan", &role).await;
    let user = olga.made("/users", json!({"name": "alice"})).await;
    let [_, oleg] = two(&world).await;
    let id = held(&jan.delete(&format!("/users/{user}")).await);
    approve(&heidi, &id).await.is(404, "not-found");
    heidi.get(&format!("/approvals/{id}")).await.is(404, "not-found");
    assert_eq!(heidi.get("/approvals").await.body["items"], json!([]));
    let janitor = jan.get("/session").await.body["operator"]["id"].as_str().unwrap().to_owned();
    assert_eq!(olga.post(&format!("/operators/{janitor}/disable"), Value::Null).await.status, 200);
    approve(&oleg, &id).await.is(409, "asker-may-not");
    assert_eq!(olga.get(&format!("/users/{user}")).await.status, 200);
}

#[tokio::test]
async fn who_approves_that_somebody_is_given_something_may_all_of_it_themselves() {
    let world = World::start().await;
    let olga = world.olga().await;
    let powers = ["operators:edit", "api_keys:edit", "reports:export"];
    let role = olga.made("/roles", json!({"name": "Hand", "permissions": powers})).await;
    let hanna = world.another(&olga, "hanna", &role).await;
    let [olga, oleg] = two(&world).await;
    let invite = async |role: &str| olga.post("/operators/invitations", json!({"role": role})).await;
    let key = async |permission: &str| {
        olga.post("/api-keys", json!({"name": permission, "permissions": [permission], "days": 1})).await
    };
    for told in [invite("administrator").await, key("users:delete").await] {
        let id = held(&told);
        assert_eq!(told.body["approvers"], json!(["oleg"]));
        approve(&hanna, &id).await.is(403, "beyond-own");
        assert_eq!(hanna.get(&format!("/approvals/{id}")).await.body["approval"]["state"], "waiting");
    }
    held(&invite("administrator").await);
    for told in [invite(&role).await, key("reports:export").await] {
        assert_eq!(told.body["approvers"], json!(["hanna", "oleg"]));
        let told = approve(&hanna, &held(&told)).await;
        assert_eq!((told.status.as_u16(), &told.body["state"]), (200, &json!("approved")), "{}", told.text);
    }
    assert_eq!(invite(&role).await.status, 201);
    assert_eq!(approve(&oleg, &held(&invite("administrator").await)).await.status, 200);
    assert_eq!(invite("administrator").await.status, 201);
}

#[tokio::test]
async fn what_somebody_asked_for_who_was_switched_off_since_is_not_approved_for_later_either() {
    let world = World::start().await;
    let olga = world.olga().await;
    let ines = world.another(&olga, "ines", "administrator").await;
    let [olga, oleg] = two(&world).await;
    let id = held(&ines.post("/operators/invitations", json!({"role": "administrator"})).await);
    let of_ines = ines.get("/session").await.body["operator"]["id"].as_str().unwrap().to_owned();
    assert_eq!(olga.post(&format!("/operators/{of_ines}/disable"), Value::Null).await.status, 200);
    approve(&oleg, &id).await.is(409, "asker-may-not");
}

#[tokio::test]
async fn a_role_that_is_gone_is_given_to_nobody_however_many_approve_it() {
    let world = World::start().await;
    let olga = world.olga().await;
    let role = olga.made("/roles", json!({"name": "Desk", "permissions": ["tokens:edit"]})).await;
    let [olga, oleg] = two(&world).await;
    let id = held(&olga.post("/operators/invitations", json!({"role": role})).await);
    let gone = held(&olga.delete(&format!("/roles/{role}")).await);
    assert_eq!(approve(&oleg, &gone).await.body["state"], "done");
    assert_eq!(oleg.get(&format!("/approvals/{id}")).await.body["outdated"], true);
    approve(&oleg, &id).await.is(409, "changed-meanwhile");
}

#[tokio::test]
async fn nobody_alone_keeps_others_from_asking_and_it_is_said_what_to_do() {
    let world = World::start().await;
    let [olga, oleg] = two(&world).await;
    let file = async |day: u32| olga.get(&format!("/reports/enrolments.csv?from=2026-12-{day:02}")).await;
    let mut ids = Vec::new();
    for day in 1..=20 {
        ids.push(held(&file(day).await));
    }
    assert_eq!(held(&file(1).await), ids[0], "what waits already waits on");
    let told = file(21).await;
    told.is(409, "too-many-wait");
    assert!(told.body["detail"].as_str().unwrap().contains("withdraw or decide"), "{}", told.text);
    put(&olga, "/settings/lockout", 0, lockout(30)).await.is(409, "too-many-wait");
    olga.post("/operators/invitations", json!({"role": "auditor"})).await.is(409, "too-many-wait");
    held(&put(&oleg, "/settings/lockout", 0, lockout(30)).await);

    assert_eq!(olga.post(&format!("/approvals/{}/withdraw", ids[0]), Value::Null).await.status, 200);
    held(&put(&olga, "/settings/lockout", 0, lockout(40)).await);
    file(21).await.is(409, "too-many-wait");
    assert_eq!(approve(&oleg, &ids[1]).await.status, 200);
    file(21).await.is(409, "too-many-wait");
    assert_eq!(file(2).await.status, 200);
    file(21).await.is(409, "too-many-wait");
    olga.post(&format!("/approvals/{}/withdraw", ids[1]), Value::Null).await;
    held(&file(21).await);
}

#[tokio::test]
async fn a_key_asks_and_never_approves() {
    let world = World::start().await;
    let olga = world.olga().await;
    let every = doorward_api::Permissions::ALL.of_key().names();
    let told = olga.post("/api-keys", json!({"name": "robot", "permissions": every, "days": 1})).await;
    let (mut robot, key) = (world.nobody(), told.body["key"]["id"].as_str().unwrap().to_owned());
    robot.token = told.body["secret"].as_str().unwrap().to_owned();
    let user = olga.made("/users", json!({"name": "alice"})).await;
    let [olga, oleg] = two(&world).await;
    let asked = held(&oleg.delete(&format!("/users/{user}")).await);
    approve(&robot, &asked).await.is(403, "role-required");
    let id = held(&put(&robot, "/settings/lockout", 0, lockout(30)).await);
    assert_eq!(oleg.get(&format!("/approvals/{id}")).await.body["approval"]["api_key"], "robot");
    approve(&olga, &id).await.is(409, "own-request");
    assert_eq!(olga.delete(&format!("/api-keys/{key}")).await.status, 204, "in a moment of danger one is enough");
    approve(&oleg, &id).await.is(409, "asker-may-not");
}

#[tokio::test]
async fn of_two_who_approve_at_once_one_has_it_done() {
    let world = World::start().await;
    let olga = world.olga().await;
    let third = world.another(&olga, "ines", "administrator").await;
    let [_, oleg] = two(&world).await;
    let id = held(&put(&olga, "/settings/lockout", 0, lockout(30)).await);
    let (one, other) = tokio::join!(approve(&oleg, &id), approve(&third, &id));
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 409], "{} {}", one.text, other.text);
    assert_eq!(olga.get("/settings/lockout/changes").await.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_in_time_is_an_end_too_and_another_virtual_server_knows_nothing_of_it() {
    let world = World::start().await;
    let [olga, _] = two(&world).await;
    let id = held(&put(&olga, "/settings/lockout", 0, lockout(30)).await);
    let otto = world.sign_in("second", "otto").await;
    otto.get(&format!("/approvals/{id}")).await.is(404, "not-found");
    approve(&otto, &id).await.is(404, "not-found");
    assert_eq!(otto.get("/approvals").await.body["items"], json!([]));

    world.later(Duration::from_hours(24));
    let oleg = world.sign_in("first", "oleg").await;
    approve(&oleg, &id).await.is(409, "decided");
    assert_eq!(oleg.get(&format!("/approvals/{id}")).await.body["approval"]["state"], "expired");
    world.sweep().await;
    world.sweep().await;
    let records = records(&world).await;
    let expired = records.iter().filter(|record| record["details"]["event"] == "APPROVAL_EXPIRED");
    assert_eq!(expired.count(), 1, "recorded once");
    assert_eq!(event(&records, "APPROVAL_EXPIRED")["details"]["askedBy"], "olga");
}

#[tokio::test]
async fn a_key_sees_what_was_asked_for_by_it_and_besides_what_its_permissions_are_about() {
    let world = World::start().await;
    let olga = world.olga().await;
    let key = async |name: &str, permissions: &[&str]| {
        let told = olga.post("/api-keys", json!({"name": name, "permissions": permissions, "days": 1})).await;
        let mut program = world.nobody();
        program.token = told.body["secret"].as_str().unwrap().to_owned();
        program
    };
    let (robot, deleter) = (key("robot", &["reports:export"]).await, key("deleter", &["users:delete"]).await);
    let user = olga.made("/users", json!({"name": "alice"})).await;
    let [olga, _] = two(&world).await;
    let by_hand = held(&put(&olga, "/settings/lockout", 0, lockout(30)).await);
    let of_robot = held(&robot.get("/reports/enrolments.csv").await);
    let of_deleter = held(&deleter.delete(&format!("/users/{user}")).await);
    let seen = async |by: &Program<'_>| {
        let listed = by.get("/approvals").await.body["items"].as_array().unwrap().clone();
        let mut seen: Vec<String> = listed.iter().map(|act| act["id"].as_str().unwrap().to_owned()).collect();
        seen.sort();
        seen
    };
    let sorted = |ids: &[&String]| {
        let mut ids: Vec<String> = ids.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(seen(&robot).await, sorted(&[&of_robot]));
    assert_eq!(seen(&deleter).await, sorted(&[&of_deleter]));
    assert_eq!(seen(&olga).await, sorted(&[&by_hand, &of_robot, &of_deleter]));
    for hidden in [&by_hand, &of_deleter] {
        robot.get(&format!("/approvals/{hidden}")).await.is(404, "not-found");
    }
    assert_eq!(robot.get(&format!("/approvals/{of_robot}")).await.status, 200);
    let by_hand = held(&olga.delete(&format!("/users/{user}")).await);
    assert_eq!(deleter.get(&format!("/approvals/{by_hand}")).await.status, 200, "it may delete users");
}
