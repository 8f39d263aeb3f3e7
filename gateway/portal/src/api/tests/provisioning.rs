//! Provisioning tasks, by the API.

use http::Method;
use serde_json::json;

use super::world::World;

#[tokio::test]
async fn a_task_is_made_looked_at_edited_sent_again_and_removed() {
    let world = World::start().await;
    let olga = world.olga().await;
    let user = olga.made("/users", json!({"name": "dora", "email": "dora@example.test"})).await;
    olga.made("/users", json!({"name": "emil"})).await;
    let told = olga.post("/provisioning/tasks", json!({"users": ["dora", "nobody"]})).await;
    assert_eq!(told.wrong(), ["users unknown"]);
    assert_eq!(olga.post("/provisioning/tasks", json!({})).await.wrong(), ["users required"]);
    let both = json!({"users": ["dora"], "group": "g"});
    assert_eq!(olga.post("/provisioning/tasks", both).await.wrong(), ["group not_available"]);

    let made = olga.post("/provisioning/tasks", json!({"users": ["dora", "emil"], "note": "soon"})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!((&made.body["all"], &made.body["written"], &made.body["percent"]), (&json!(1), &json!(0), &json!(0)));
    let number = made.body["task"]["number"].as_i64().unwrap();
    let path = format!("/provisioning/tasks/{number}");
    let users = olga.get(&format!("{path}/users")).await.body["items"].clone();
    assert_eq!((&users[0]["name"], &users[0]["status"]), (&json!("dora"), &json!("pending")));
    assert_eq!((&users[1]["status"], &users[1]["skipped"]), (&json!("skipped"), &json!("no_email")));
    let only = olga.get(&format!("{path}/users?status=skipped")).await.body["items"].clone();
    assert_eq!(only.as_array().unwrap().len(), 1);
    assert_eq!(olga.get("/provisioning/tasks").await.body["reserved"], 1);

    let edit = json!({"stop_date": "1999-01-01"});
    let told = olga.ask(Method::PUT, &path, &[("if-match", "\"1\"")], Some(edit)).await;
    assert_eq!(told.wrong(), ["stop_date past"]);
    let told = olga.ask(Method::PUT, &path, &[("if-match", "\"1\"")], Some(json!({"stop_date": "2999-01-01"}))).await;
    assert_eq!(told.wrong(), ["stop_date within_days"]);
    let told = olga.ask(Method::PUT, &path, &[("if-match", "\"1\"")], Some(json!({"stop_date": ""}))).await;
    assert_eq!(told.wrong(), ["stop_date required"]);
    let stop = made.body["task"]["stops_at"].as_str().unwrap()[..10].to_owned();
    let edit = json!({"stop_date": stop, "note": "later"});
    let told = olga.ask(Method::PUT, &path, &[("if-match", "\"1\"")], Some(edit.clone())).await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(told.body["task"]["note"], "later");
    let told = olga.ask(Method::PUT, &path, &[("if-match", "\"1\"")], Some(edit)).await;
    assert_eq!(told.status, 412, "{}", told.text);

    let one = format!("{path}/users/{user}");
    let told = olga.post(&format!("{one}/resend"), json!(null)).await;
    assert_eq!(told.status, 409, "the mail was not written yet: {}", told.text);
    assert_eq!(olga.ask(Method::DELETE, &one, &[], None).await.status, 204);
    assert_eq!(olga.get(&one).await.body["status"], "removed");
    assert_eq!(olga.ask(Method::DELETE, &path, &[], None).await.status, 204);
    olga.ask(Method::DELETE, &path, &[], None).await.is(409, "task-over");
    let edit = json!({"stop_date": stop, "note": "too late"});
    olga.ask(Method::PUT, &path, &[("if-match", "\"2\"")], Some(edit)).await.is(409, "task-over");
    olga.post(&format!("{path}/resend"), json!(null)).await.is(409, "task-over");
    assert_eq!(olga.get(&path).await.body["task"]["running"], false);
    olga.get("/provisioning/tasks/99").await.is(404, "not-found");
    olga.get("/provisioning/tasks/none").await.is(404, "not-found");
}
