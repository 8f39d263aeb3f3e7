//! Calls under an `Idempotency-Key` whose first answer is lost.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::isolation::one_of_each;
use super::world::{Loss, Program, Told, World};
use crate::api::calls;

/// Calls that are done at once, and a body for each; `{user}` is somebody, and `{operator}` a colleague.
fn done_at_once() -> Vec<(&'static str, Value)> {
    vec![
        ("/users", json!({"name": "bob", "draw_password": true})),
        ("/users/{user}/password", json!({})),
        ("/users/{user}/temporary-passcode", json!({"reason": "left at home", "hours": 8})),
        ("/users/{user}/enrolment-grant/approve", json!({})),
        ("/users/{user}/enrolment-grant/help-desk-code", json!({"reason": "met"})),
        ("/users/{user}/provisioning", json!({})),
        ("/groups", json!({"name": "North"})),
        ("/provisioning/tasks", json!({"users": ["alice"]})),
        ("/operators/invitations", json!({"role": "auditor"})),
        ("/operators/{operator}/recovery", json!({})),
        ("/roles", json!({"name": "Door", "permissions": ["tokens:view"]})),
        ("/api-keys", json!({"name": "weekly", "permissions": ["tokens:view"], "days": 1})),
    ]
}

/// Those whom the calls are about.
struct About {
    user: String,
    operator: String,
}

impl About {
    async fn some(world: &World, olga: &Program<'_>) -> Self {
        let heidi = world.another(olga, "heidi", "help_desk").await;
        let operator = heidi.get("/session").await.body["operator"]["id"].as_str().unwrap().to_owned();
        Self { user: one_of_each(olga).await["user"].clone(), operator }
    }

    fn fill(&self, path: &str) -> String {
        path.replace("{user}", &self.user).replace("{operator}", &self.operator)
    }
}

async fn under_key(by: &Program<'_>, path: &str, nth: usize, body: &Value) -> Told {
    let key = format!("k-{nth}");
    by.ask(Method::POST, path, &[("idempotency-key", &key)], Some(body.clone())).await
}

/// A file is taken after it was answered; the other two take a token with such a PIN, and a device.
const NOT_HERE: [&str; 3] = ["/tokens/import", "/tokens/{token}/pin", "/users/{user}/verification"];

#[test]
fn every_call_that_takes_a_key_is_tried() {
    let once: BTreeSet<String> = calls::all().into_iter().filter(|call| call.once).map(|call| call.path).collect();
    let tried = done_at_once().into_iter().map(|(path, _)| path).chain(NOT_HERE).map(str::to_owned);
    assert_eq!(once, tried.collect());
}

#[tokio::test]
async fn what_was_done_although_its_answer_was_lost_is_not_done_again() {
    let world = World::start().await;
    let olga = world.olga().await;
    let about = About::some(&world, &olga).await;
    for (nth, (path, body)) in done_at_once().into_iter().enumerate() {
        let path = about.fill(path);
        let send = async || under_key(&olga, &path, nth, &body).await;
        world.loses(Loss::Made);
        let told = send().await;
        assert!(world.has_lost(), "{path}: {}", told.text);
        told.is(503, "unavailable");
        assert!(told.body["detail"].as_str().unwrap().contains("may have been done"), "{path}: {}", told.text);
        let records = world.records().await;
        send().await.is(409, "underway");
        assert_eq!(world.records().await, records, "{path}");
    }
}

#[tokio::test]
async fn what_was_not_done_may_be_tried_again_under_its_key() {
    let world = World::start().await;
    let olga = world.olga().await;
    let about = About::some(&world, &olga).await;
    for (nth, (path, body)) in done_at_once().into_iter().enumerate() {
        let path = about.fill(path);
        let send = async || under_key(&olga, &path, nth, &body).await;
        world.loses(Loss::NotMade);
        send().await.is(503, "unavailable");
        let (done, again) = (send().await, send().await);
        assert!(done.status.is_success(), "{path}: {}", done.text);
        assert_eq!(done.text, again.text, "{path}");
    }
}
