//! What there is, and what is done to it.

use std::time::Duration;

use doorward_api::settings::SettingKind;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::World;

/// RFC 4226's secret: 755224, 287082, 359152, 969429, …
const STOCK: &str = "30000001,3132333435363738393031323334353637383930,hotp,6,0\n";

#[tokio::test]
async fn a_user_comes_changes_and_goes() {
    let world = World::start().await;
    let olga = world.olga().await;
    let group = olga.made("/groups", json!({"name": "Sales"})).await;
    let body = json!({"name": "Alice", "email": "alice@example.org", "groups": [group], "draw_password": true});
    let made = olga.post("/users", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let drawn = made.body["password"].as_str().unwrap();
    assert!(drawn.len() >= 12);
    let place = made.headers["location"].to_str().unwrap().strip_prefix("/api/v1").unwrap().to_owned();

    let read = olga.get(&place).await;
    assert_eq!((read.status, read.headers["etag"].to_str().unwrap()), (StatusCode::OK, "\"1\""));
    assert_eq!((&read.body["name"], &read.body["has_password"]), (&json!("Alice"), &json!(true)));
    assert_eq!(read.body["groups"], json!([{"id": group, "name": "Sales"}]));
    assert!(!read.text.contains(drawn), "a password is told once");

    let new = json!({"display_name": "Alice L.", "email": null, "groups": []});
    let told = olga.ask(Method::PUT, &place, &[("if-match", "\"1\"")], Some(new.clone())).await;
    assert_eq!((told.status, told.headers["etag"].to_str().unwrap()), (StatusCode::OK, "\"2\""));
    assert_eq!((&told.body["email"], &told.body["groups"]), (&Value::Null, &json!([])));
    olga.ask(Method::PUT, &place, &[("if-match", "\"1\"")], Some(new)).await.is(412, "another-version");

    let told = olga.post(&format!("{place}/password"), json!({"password": "short"})).await;
    assert_eq!(told.wrong(), ["password too_short"]);
    let told = olga.post(&format!("{place}/password"), json!({"password": "long enough"})).await;
    assert_eq!((told.status, &told.body["password"]), (StatusCode::OK, &Value::Null), "what was typed is not told");
    assert_eq!(olga.post(&format!("{place}/disable"), json!(null)).await.body["disabled"], true);
    assert_eq!(olga.post(&format!("{place}/enable"), json!(null)).await.body["disabled"], false);
    assert_eq!(olga.post(&format!("{place}/sign-out"), json!(null)).await.status, 204);
    assert_eq!(olga.post(&format!("{place}/unlock"), json!(null)).await.body["locked_until"], Value::Null);

    assert_eq!(olga.delete(&place).await.status, 204);
    olga.get(&place).await.is(404, "not-found");
    olga.delete(&place).await.is(404, "not-found");
}

#[tokio::test]
async fn a_name_is_one_users_and_a_password_is_typed_or_drawn() {
    let world = World::start().await;
    let olga = world.olga().await;
    olga.made("/users", json!({"name": "alice"})).await;
    assert_eq!(olga.post("/users", json!({"name": " ALICE "})).await.wrong(), ["name taken"]);
    let both = json!({"name": "bob", "password": "long enough", "draw_password": true});
    let told = olga.post("/users", both).await;
    assert_eq!(told.wrong(), ["password not_available"]);
    assert_eq!(told.body["errors"][0]["other_field"], "draw_password");
}

#[tokio::test]
async fn a_temporary_passcode_is_told_once_and_can_be_taken_back() {
    let world = World::start().await;
    let olga = world.olga().await;
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    let place = format!("/users/{alice}/temporary-passcode");
    let told = olga.post(&place, json!({"reason": "at home", "hours": 8})).await;
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(told.body["passcode"].as_str().unwrap().len(), 9);
    let read = olga.get(&format!("/users/{alice}")).await;
    assert_eq!(read.body["temporary_passcode"]["reason"], "at home");
    assert_eq!(read.body["temporary_passcode"]["expires_at"], told.body["expires_at"]);
    assert_eq!(olga.post(&place, json!({"reason": "", "hours": 169})).await.wrong().len(), 2);
    assert_eq!(olga.delete(&place).await.status, 204);
    assert_eq!(olga.get(&format!("/users/{alice}")).await.body["temporary_passcode"], Value::Null);
}

#[tokio::test]
async fn what_is_left_of_recovery_codes_is_told_and_can_be_voided() {
    let world = World::start().await;
    let olga = world.olga().await;
    let heidi = world.another(&olga, "heidi", "help_desk").await;
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    let place = format!("/users/{alice}/recovery-codes");
    heidi.get(&place).await.is(404, "not-found");
    heidi.delete(&place).await.is(404, "not-found");

    let made_at = world.makes_recovery_codes("first", &alice, 7).await;
    let told = olga.get(&place).await;
    assert_eq!((told.status, told.body), (StatusCode::OK, json!({"left": 7, "made_at": made_at})));
    assert_eq!(heidi.delete(&place).await.status, 204);
    olga.get(&place).await.is(404, "not-found");

    world.makes_recovery_codes("first", &alice, 0).await;
    assert_eq!(olga.get(&place).await.body["left"], 0, "all used is not the same as none made");
    olga.get("/users/nobody/recovery-codes").await.is(404, "not-found");
}

#[tokio::test]
async fn whether_users_may_make_recovery_codes_is_always_said() {
    let world = World::start().await;
    let olga = world.olga().await;
    let path = "/settings/self_provisioning";
    let mut document = olga.get(path).await.body;
    assert_eq!(document["recovery_codes"], false, "not unless an operator says so");
    let put =
        async |document: &Value| olga.ask(Method::PUT, path, &[("if-match", "\"0\"")], Some(document.clone())).await;
    document["recovery_codes"] = json!("yes");
    assert_eq!(put(&document).await.wrong(), ["recovery_codes one_of"]);
    document["recovery_codes"] = Value::Null;
    assert_eq!(put(&document).await.wrong(), ["recovery_codes required"]);
    document["recovery_codes"] = json!(true);
    let told = put(&document).await;
    assert_eq!((told.status, &told.body["recovery_codes"]), (StatusCode::OK, &json!(true)), "{}", told.text);
    let log = olga.get(&format!("{path}/changes")).await.body["items"].clone();
    let change = json!([{"field": "recovery_codes", "old": false, "new": true}]);
    assert_eq!(log[0]["changes"], change, "nothing else has changed");
}

#[tokio::test]
async fn a_long_list_is_read_in_parts() {
    let world = World::start().await;
    let olga = world.olga().await;
    for number in 0..5 {
        olga.made("/groups", json!({"name": format!("group {number}")})).await;
    }
    olga.made("/groups", json!({"name": "other"})).await;
    let (mut names, mut after) = (Vec::new(), String::new());
    loop {
        let part = olga.get(&format!("/groups?q=group&limit=2&after={after}")).await;
        names.extend(part.body["items"].as_array().unwrap().iter().map(|group| group["name"].clone()));
        let Some(next) = part.body["next"].as_str() else { break };
        after = next.to_owned();
    }
    assert_eq!(names, ["group 0", "group 1", "group 2", "group 3", "group 4"]);
}

#[tokio::test]
async fn groups_have_members_and_lie_in_each_other_but_not_in_themselves() {
    let world = World::start().await;
    let olga = world.olga().await;
    let alice = olga.made("/users", json!({"name": "alice"})).await;
    let inner = olga.made("/groups", json!({"name": "Sales"})).await;
    let outer = olga.made("/groups", json!({"name": "Staff"})).await;
    let told = olga.post("/groups", json!({"name": "Sales"})).await;
    assert_eq!(told.wrong(), ["name taken"]);
    for path in [format!("/groups/{inner}/members/{alice}"), format!("/groups/{inner}/parents/{outer}")] {
        for _ in 0..2 {
            assert_eq!(olga.ask(Method::PUT, &path, &[], None).await.status, 204);
        }
    }
    let read = olga.get(&format!("/users/{alice}")).await;
    assert_eq!(read.body["groups"].as_array().unwrap().len(), 1);
    assert_eq!(read.body["all_groups"].as_array().unwrap().len(), 2);
    let circle = olga.ask(Method::PUT, &format!("/groups/{outer}/parents/{inner}"), &[], None).await;
    assert_eq!(circle.wrong(), ["parent circle"]);
    let read = olga.get(&format!("/groups/{inner}")).await;
    assert_eq!((&read.body["members"], &read.body["parents"][0]["name"]), (&json!(1), &json!("Staff")));
    let told = olga.put(&format!("/groups/{inner}"), json!({"name": "Selling"})).await;
    assert_eq!((told.status, &told.body["name"]), (StatusCode::OK, &json!("Selling")));
    for path in [format!("/groups/{inner}/parents/{outer}"), format!("/groups/{inner}/members/{alice}")] {
        assert_eq!(olga.delete(&path).await.status, 204);
    }
    assert_eq!(olga.delete(&format!("/groups/{inner}")).await.status, 204);
    olga.get(&format!("/groups/{inner}")).await.is(404, "not-found");
}

#[tokio::test]
async fn a_token_goes_from_the_stock_to_a_user_and_back() {
    let world = World::start().await;
    let olga = world.olga().await;
    let (alice, bob) =
        (olga.made("/users", json!({"name": "alice"})).await, olga.made("/users", json!({"name": "bob"})).await);
    let token = olga.stocked(STOCK).await;
    let place = format!("/tokens/{token}");
    let read = olga.get(&place).await;
    assert_eq!((&read.body["state"], &read.body["form"]), (&json!("inventory"), &json!("hardware")));
    let actions = read.body["actions"].as_array().unwrap();
    assert!(actions.contains(&json!("delete")) && !actions.contains(&json!("suspend")), "{actions:?}");
    assert!(read.body["template"]["synchronization"]["event"].is_object());

    let told = olga.post(&format!("{place}/actions"), json!({"action": "suspend"})).await;
    told.is(409, "not-in-state");
    assert_eq!(told.body["state"], "inventory");
    let told = olga.post(&format!("{place}/assign"), json!({"user": alice})).await;
    assert_eq!((told.status, &told.body["owner"]["name"]), (StatusCode::OK, &json!("alice")), "{}", told.text);
    olga.post(&format!("{place}/assign"), json!({"user": bob})).await.is(409, "not-in-state");
    olga.post(&format!("{place}/test"), json!({"passcode": "755224"})).await.is(409, "not-in-state");
    let told = olga.put(&format!("{place}/label"), json!({"label": "the grey one"})).await;
    assert_eq!(told.body["label"], "the grey one");
    assert_eq!(olga.put(&format!("{place}/label"), json!({"label": "x".repeat(65)})).await.wrong(), ["label too_long"]);
    let told = olga.post(&format!("{place}/pin"), json!({})).await;
    assert_eq!(told.wrong(), ["pin not_available"]);

    let counts = olga.get("/tokens/counts").await;
    assert!(counts.body["states"].as_array().unwrap().contains(&json!({"state": "assigned", "count": 1})));
    assert_eq!(olga.get("/tokens?state=assigned").await.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(olga.get(&format!("/tokens?owner={bob}")).await.body["items"], json!([]));
    assert_eq!(olga.get("/tokens?locked=true").await.body["items"], json!([]));

    assert_eq!(olga.post(&format!("{place}/actions"), json!({"action": "dance"})).await.wrong(), ["action one_of"]);
    let told = olga.post(&format!("{place}/actions"), json!({"action": "lost"})).await;
    assert_eq!((&told.body["state"], &told.body["owner"]), (&json!("lost"), &Value::Null), "{}", told.text);
    let told = olga.post(&format!("{place}/actions"), json!({"action": "reinitialize"})).await;
    assert_eq!(told.body["state"], "inventory");
    let told = olga.post(&format!("{place}/actions"), json!({"action": "delete"})).await;
    assert_eq!((told.status, told.text.as_str()), (StatusCode::NO_CONTENT, ""));
    olga.get(&place).await.is(404, "not-found");
}

#[tokio::test]
async fn a_file_is_taken_row_by_row_and_taken_once() {
    let world = World::start().await;
    let olga = world.olga().await;
    let file = format!("{STOCK}30000002,zz,hotp,6,0\n");
    let report = olga.imported(&file).await;
    assert_eq!((&report["state"], &report["rows"], &report["done"]), (&json!("done"), &json!(2), &json!(2)));
    assert_eq!(report["taken"], 1);
    assert_eq!(report["report"][0], json!({"place": 1, "serial": "30000001", "outcome": "taken", "message": null}));
    assert_eq!(report["report"][1]["outcome"], "refused");
    assert!(report["report"][1]["message"].as_str().unwrap().len() > 10);
    let again = olga.imported(&file).await;
    assert_eq!((&again["taken"], &again["report"][0]["outcome"]), (&json!(0), &json!("already_there")));

    let ask = async |body: Value| olga.post("/tokens/import", body).await.wrong();
    assert_eq!(ask(json!({"file_base64": "!"})).await, ["file_base64 base64"]);
    assert_eq!(ask(json!({"file_base64": "AAAA"})).await, ["file_base64 unknown_format"]);
    assert_eq!(ask(json!({"file_base64": "", "key": "xyz"})).await, ["key hex"]);
    assert_eq!(ask(json!({"file_base64": "", "key": "00", "password": "x"})).await, ["password not_available"]);
    let id = report["id"].as_str().unwrap();
    world.later(Duration::from_mins(9));
    assert_eq!(olga.get(&format!("/tokens/imports/{id}")).await.status, 200);
    world.later(Duration::from_mins(25));
    assert_eq!(olga.get("/session").await.status, 200, "still in use");
    world.later(Duration::from_mins(26));
    // How far it came is in the store; what became of each row is told for an hour.
    let told = olga.get(&format!("/tokens/imports/{id}")).await;
    assert_eq!(
        (&told.body["state"], &told.body["done"], &told.body["report"]),
        (&json!("done"), &json!(2), &Value::Null)
    );
    olga.get("/tokens/imports/another").await.is(404, "not-found");
}

#[tokio::test]
async fn a_call_that_is_sent_again_under_its_key_is_done_once() {
    let world = World::start().await;
    let olga = world.olga().await;
    let key = [("idempotency-key", "first-of-may")];
    let send = async |body: Value| olga.ask(Method::POST, "/users", &key, Some(body)).await;
    let body = json!({"name": "alice", "draw_password": true});
    let (first, again) = (send(body.clone()).await, send(body.clone()).await);
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED), "{}", again.text);
    assert_eq!((&first.text, &first.headers["location"]), (&again.text, &again.headers["location"]));
    send(json!({"name": "bob"})).await.is(422, "key-of-another-request");
    let told = olga.ask(Method::POST, "/groups", &key, Some(json!({"name": "Sales"}))).await;
    told.is(422, "key-of-another-request");
    let heidi = world.another(&olga, "heidi", "help_desk").await;
    let told = heidi.ask(Method::POST, "/users", &key, Some(json!({"name": "carol"}))).await;
    assert_eq!(told.status, 201, "keys are each operator's own");

    // What came to nothing may be tried anew.
    let key = [("idempotency-key", "second")];
    let send = async |body: Value| olga.ask(Method::POST, "/users", &key, Some(body)).await;
    assert_eq!(send(json!({"name": "alice"})).await.wrong(), ["name taken"]);
    assert_eq!(send(json!({"name": "dave"})).await.status, 201);
    for bad in ["", "a b", &"x".repeat(256)] {
        let told = olga.ask(Method::POST, "/groups", &[("idempotency-key", bad)], Some(json!({"name": "x"}))).await;
        assert_eq!(told.wrong(), ["Idempotency-Key text"], "{bad}");
    }
    assert_eq!(olga.get("/users").await.body["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn of_many_that_come_at_once_under_one_key_one_is_done() {
    let world = World::start().await;
    let olga = world.olga().await;
    let send = || {
        let key = [("idempotency-key", "k")];
        let olga = &olga;
        async move { olga.ask(Method::POST, "/groups", &key, Some(json!({"name": "Sales"}))).await }
    };
    let (one, two, three) = tokio::join!(send(), send(), send());
    for told in [one, two, three] {
        match told.status.as_u16() {
            201 => assert_eq!(told.body["name"], "Sales"),
            _ => told.is(409, "underway"),
        }
    }
    assert_eq!(olga.get("/groups").await.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn operators_are_invited_get_other_roles_and_the_last_administrator_stays() {
    let world = World::start().await;
    let olga = world.olga().await;
    assert_eq!(olga.post("/operators/invitations", json!({"role": "king"})).await.wrong(), ["role one_of"]);
    let told = olga.post("/operators/invitations", json!({"role": "auditor"})).await;
    assert_eq!((told.status, &told.body["role"]), (StatusCode::CREATED, &json!("auditor")));
    let link = told.body["link"].as_str().unwrap();
    assert!(link.starts_with("http://127.0.0.1:8081/setup/"), "{link}");
    world.join("first", link.rsplit('/').next().unwrap(), "aude").await;
    let operators = olga.get("/operators").await.body;
    let of = |name: &str| {
        let all = operators["items"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (aude, own) = (of("aude"), of("olga"));
    let told = olga.put(&format!("/operators/{aude}/role"), json!({"role": "help_desk"})).await;
    assert_eq!((told.status, &told.body["role"]), (StatusCode::OK, &json!("help_desk")));
    assert_eq!(olga.post(&format!("/operators/{aude}/disable"), json!(null)).await.body["disabled"], true);
    assert_eq!(olga.post(&format!("/operators/{aude}/enable"), json!(null)).await.body["disabled"], false);
    assert_eq!(olga.get(&format!("/operators/{aude}")).await.body["name"], "aude");
    olga.post(&format!("/operators/{own}/disable"), json!(null)).await.is(409, "last-administrator");
    olga.put(&format!("/operators/{own}/role"), json!({"role": "auditor"})).await.is(409, "own-role");
    olga.post("/operators/nobody/enable", json!(null)).await.is(404, "not-found");
    olga.post(&format!("/operators/{own}/recovery"), json!(null)).await.is(409, "own-recovery");
    let told = olga.post(&format!("/operators/{aude}/recovery"), json!(null)).await;
    assert_eq!((told.status.as_u16(), &told.body["name"]), (201, &json!("aude")), "{}", told.text);
    let link = told.body["link"].as_str().unwrap().rsplit('/').next().unwrap();
    assert!(world.leads_on("first", link).await);
}

#[tokio::test]
async fn an_invitation_is_listed_without_its_link_until_it_is_used_or_withdrawn() {
    let world = World::start().await;
    let olga = world.olga().await;
    let invite = async |role: &str| olga.post("/operators/invitations", json!({"role": role})).await.body;
    let (auditor, help_desk) = (invite("auditor").await, invite("help_desk").await);
    let told = olga.get("/operators/invitations").await;
    let secret = |of: &Value| of["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert!(![&auditor, &help_desk].iter().any(|one| told.text.contains(&secret(one))), "{}", told.text);
    let listed = told.body["items"].as_array().unwrap().clone();
    let of = |made: &Value| listed.iter().find(|one| one["id"] == made["id"]).unwrap().clone();
    let expected = json!({
        "id": auditor["id"], "role": "auditor", "role_name": "auditor", "invited_by": "olga",
        "expires_at": auditor["expires_at"],
    });
    assert_eq!((listed.len(), of(&auditor), &of(&help_desk)["role"]), (2, expected, &json!("help_desk")));

    let path = format!("/operators/invitations/{}", auditor["id"].as_str().unwrap());
    assert_eq!(olga.delete(&path).await.status, StatusCode::NO_CONTENT);
    olga.delete(&path).await.is(404, "not-found");
    olga.delete("/operators/invitations/nothing").await.is(404, "not-found");
    assert!(!world.leads_on("first", &secret(&auditor)).await);
    world.join("first", &secret(&help_desk), "heidi").await;
    assert_eq!(olga.get("/operators/invitations").await.body["items"], json!([]));
}

#[tokio::test]
async fn how_many_authenticators_a_user_may_have_is_one_to_five() {
    let world = World::start().await;
    let olga = world.olga().await;
    let path = "/settings/self_provisioning";
    let mut document = olga.get(path).await.body;
    assert_eq!(document["max_tokens"], 1);
    let put =
        async |document: &Value| olga.ask(Method::PUT, path, &[("if-match", "\"0\"")], Some(document.clone())).await;
    for wrong in [json!(0), json!(6), json!("2")] {
        document["max_tokens"] = wrong;
        assert_eq!(put(&document).await.wrong(), ["max_tokens between"]);
    }
    document["max_tokens"] = json!(5);
    let told = put(&document).await;
    assert_eq!((told.status, &told.body["max_tokens"]), (StatusCode::OK, &json!(5)), "{}", told.text);
    let log = olga.get(&format!("{path}/changes")).await.body["items"].clone();
    assert_eq!(log[0]["changes"], json!([{"field": "max_tokens", "old": 1, "new": 5}]));
}

#[tokio::test]
async fn every_kind_of_settings_is_read_and_written_as_it_was_read() {
    let world = World::start().await;
    let olga = world.olga().await;
    for kind in SettingKind::ALL.map(SettingKind::as_str) {
        let path = format!("/settings/{kind}");
        let read = olga.get(&path).await;
        assert_eq!(read.status, 200, "{kind}");
        let tag = read.headers["etag"].to_str().unwrap().to_owned();
        let told = olga.ask(Method::PUT, &path, &[("if-match", &tag)], Some(read.body.clone())).await;
        assert_eq!((told.status, &told.body), (StatusCode::OK, &read.body), "{kind}");
        assert_eq!(told.headers["etag"].to_str().unwrap(), tag, "what changes nothing makes no version");
        assert_eq!(olga.get(&format!("{path}/changes")).await.body, json!({"items": []}));
    }
    let kinds = olga.get("/settings/token_template/kinds").await.body["items"].clone();
    let of =
        |name: &str| kinds.as_array().unwrap().iter().find(|kind| kind["kind"] == name).unwrap()["targets"].clone();
    let fits = |target: &str| json!({"target": target, "fits": true, "reason": null});
    assert_eq!(of("otp"), json!(["ios", "android", "windows-desktop"].map(fits)));
    let ours = &of("app")[0];
    assert_eq!((&ours["target"], &ours["fits"]), (&json!("ios"), &json!(false)));
    assert!(ours["reason"].as_str().unwrap().contains("`authenticator` address"), "{ours}");

    let alice = olga.made("/users", json!({"name": "alice"})).await;
    let told = olga.get("/self-provisioning/preview?user=ALICE").await;
    assert_eq!(
        (told.status, &told.body["offered"], &told.body["reason"]),
        (StatusCode::OK, &json!(true), &Value::Null)
    );
    assert_eq!(told.body["targets"], json!(["ios", "android", "windows-desktop"]));
    let none = json!({"rule": null, "later_until": null, "grant": null, "probation_hours": 0});
    assert_eq!(told.body["terms"], none, "no rule fits");
    olga.post(&format!("/users/{alice}/disable"), json!(null)).await;
    let told = olga.get("/self-provisioning/preview?user=alice").await;
    assert_eq!((&told.body["offered"], &told.body["reason"]), (&json!(false), &json!("account_unusable")));
    assert_eq!((&told.body["terms"], &told.body["begins_at"]), (&Value::Null, &Value::Null));
    olga.get("/self-provisioning/preview?user=nobody").await.is(404, "not-found");
}

#[tokio::test]
async fn the_members_of_a_group_are_listed_a_part_at_a_time() {
    let world = World::start().await;
    let olga = world.olga().await;
    let sales = olga.made("/groups", json!({"name": "Sales"})).await;
    for name in ["carol", "alice", "bob"] {
        olga.made("/users", json!({"name": name, "groups": [sales]})).await;
    }
    olga.made("/users", json!({"name": "dora"})).await;
    let names = |told: &Value| -> Vec<String> {
        told["items"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = olga.get(&format!("/groups/{sales}/members?limit=2")).await.body;
    assert_eq!(names(&first), ["alice", "bob"]);
    let next = first["next"].as_str().unwrap();
    assert_eq!(names(&olga.get(&format!("/groups/{sales}/members?after={next}")).await.body), ["carol"]);
    olga.get("/groups/nowhere/members").await.is(404, "not-found");
}

#[tokio::test]
async fn before_a_group_is_taken_out_of_another_it_is_told_what_rules_would_take() {
    let world = World::start().await;
    let olga = world.olga().await;
    let sales = olga.made("/groups", json!({"name": "Sales"})).await;
    let north = olga.made("/groups", json!({"name": "North"})).await;
    let parent = format!("/groups/{north}/parents/{sales}");
    assert_eq!(olga.ask(Method::PUT, &parent, &[], None).await.status, 204);
    let told = olga.ask(Method::PUT, &format!("/groups/{sales}/parents/{north}"), &[], None).await;
    assert_eq!(told.wrong(), ["parent circle"], "as the path calls it");
    olga.made("/users", json!({"name": "alice", "groups": [north]})).await;
    let told = olga.get(&format!("{parent}/preview")).await;
    assert_eq!(told.body, json!({"takes": [], "looked_at": 1, "complete": true}), "{}", told.text);
    olga.get(&format!("/groups/{north}/parents/nowhere/preview")).await.is(404, "not-found");
}

#[tokio::test]
async fn a_user_may_be_switched_off_from_the_beginning() {
    let world = World::start().await;
    let olga = world.olga().await;
    let made = olga.post("/users", json!({"name": "alice", "disabled": true})).await;
    assert_eq!((made.status, &made.body["user"]["disabled"]), (StatusCode::CREATED, &json!(true)), "{}", made.text);
    let events = olga.get("/audit/records?event=USER_CREATED,USER_DISABLED").await.body;
    assert_eq!(events["items"].as_array().unwrap().len(), 2, "as if it were done one after the other");
}
