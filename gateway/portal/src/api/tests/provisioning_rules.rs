//! Rules that provision by group, by the API.

use http::Method;
use serde_json::{Value, json};

use super::world::World;

const RULES: &str = "/settings/provisioning_rules";
const PREVIEW: &str = "/provisioning/rules/preview";

#[tokio::test]
async fn rules_are_tried_out_before_they_are_put_in_force() {
    let world = World::start().await;
    let olga = world.olga().await;
    let group = olga.made("/groups", json!({"name": "Sales"})).await;
    let dora = olga.made("/users", json!({"name": "dora", "email": "dora@example.test", "groups": [group]})).await;
    olga.made("/users", json!({"name": "emil", "groups": [group]})).await;
    let rules = |days: u32| json!({"rules": [{"group": group, "stop_days": days, "take": true, "note": ""}]});
    assert_eq!(olga.get(RULES).await.body, json!({"rules": []}));

    let told = olga.post(PREVIEW, rules(10)).await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(told.body["counts"], json!({"gets": 1, "skipped": 1, "loses": 0, "keeps": 0, "handed_over": 0}));
    assert_eq!((&told.body["complete"], &told.body["next"]), (&json!(true), &Value::Null));
    let items = told.body["items"].as_array().unwrap();
    let of = |name: &str| items.iter().find(|item| item["name"] == name).unwrap();
    assert_eq!((&of("dora")["effect"], &of("dora")["rule"]), (&json!("gets"), &json!(group)));
    assert_eq!((&of("emil")["effect"], &of("emil")["skipped"]), (&json!("skipped"), &json!("no_email")));
    let one = olga.post(&format!("{PREVIEW}?user={dora}&groups="), rules(10)).await;
    assert_eq!(one.body["items"][0]["effect"], "nothing");
    let one = olga.post(&format!("{PREVIEW}?user={dora}"), rules(10)).await;
    assert_eq!(one.body["items"][0]["effect"], "gets");
    olga.post(&format!("{PREVIEW}?user=nobody"), rules(10)).await.is(404, "not-found");

    let put = async |version: &str, document: Value| {
        olga.ask(Method::PUT, RULES, &[("if-match", version)], Some(document)).await
    };
    assert_eq!(put("\"0\"", rules(91)).await.wrong(), ["rules[0].stop_days between"]);
    assert_eq!(put("\"0\"", rules(10)).await.status, 200);
    assert_eq!(put("\"0\"", rules(20)).await.status, 412);
    assert_eq!(olga.get(RULES).await.body, rules(10));
    let changes = olga.get(&format!("{RULES}/changes")).await.body["items"].clone();
    assert_eq!((changes.as_array().unwrap().len(), &changes[0]["changes"][0]["field"]), (1, &json!("rules")));
}
