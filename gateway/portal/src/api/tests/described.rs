//! The description, and whether it is true.

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;

use super::world::World;
use crate::api::call::Handler;
use crate::api::problem::Kind;
use crate::api::{calls, document};

fn description() -> Value {
    document::of(&calls::all())
}

/// Every `$ref` below a value.
fn references(of: &Value, into: &mut BTreeSet<String>) {
    match of {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                into.insert(reference.clone());
            }
            fields.values().for_each(|value| references(value, into));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

#[tokio::test]
async fn everybody_may_read_the_description() {
    let world = World::start().await;
    let told = world.nobody().get("/openapi.json").await;
    assert_eq!(told.status, 200);
    assert_eq!(told.body, description());
    assert_eq!(told.body["openapi"], "3.1.0");
    assert_eq!(told.body["servers"][0]["url"], "/api/v1");
}

#[test]
fn every_call_has_a_name_of_its_own_and_every_reference_leads_somewhere() {
    let (calls, description) = (calls::all(), description());
    let names: BTreeSet<&str> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(names.len(), calls.len());
    let operations: usize =
        description["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum();
    assert_eq!(operations, calls.len());
    let mut found = BTreeSet::new();
    references(&description, &mut found);
    assert!(found.len() > 30, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn every_section_says_what_it_is_about() {
    let described = description()["tags"].clone();
    let tags: BTreeSet<&str> = described.as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let calls = calls::all();
    assert_eq!(tags, calls.iter().map(|call| call.tag).collect::<BTreeSet<&str>>());
}

#[test]
fn every_call_tells_of_all_that_can_come() {
    for call in calls::all() {
        let description = description();
        let operation = &description["paths"][&call.path][call.method.as_str().to_lowercase()];
        let told = operation["responses"].as_object().unwrap();
        assert!(told.keys().any(|status| status.starts_with('2')), "{}", call.id);
        let signed = matches!(call.handler, Handler::Operator(_));
        assert_eq!(told.contains_key("401"), signed || call.id == "createSession", "{}", call.id);
        assert_eq!(operation["security"].is_array(), signed, "{}", call.id);
        let for_some = signed && call.need != Some(crate::needs::Need::Known);
        assert_eq!(told.contains_key("403"), for_some, "{}", call.id);
        let by_query = ["previewSelfProvisioning", "listUsersWithoutToken", "previewProvisioningRules"];
        let misses = call.path.contains('{') || by_query.contains(&call.id.as_str());
        assert_eq!(told.contains_key("404"), misses, "{}", call.id);
        let takes = call.takes.is_some();
        assert_eq!(told.contains_key("415") && told.contains_key("413"), takes, "{}", call.id);
        let unclear = takes || call.path.contains('{') || !call.params.is_empty();
        assert_eq!(told.contains_key("400"), unclear, "{}", call.id);
        assert!(told.contains_key("500"), "{}", call.id);
        // What is only looked at may be asked with a body.
        let looks = call.permission().is_some_and(|needed| needed.action == doorward_api::permission::Action::View);
        let looks = looks || call.method == Method::GET;
        assert!(looks || call.weighs() || call.path.starts_with("/session"), "{}", call.id);
    }
}

#[test]
fn no_two_problems_have_one_type_and_each_is_told_of_somewhere() {
    let types: BTreeSet<String> = Kind::ALL.into_iter().map(Kind::uri).collect();
    assert_eq!(types.len(), Kind::ALL.len());
    let told: BTreeSet<String> = calls::all().iter().flat_map(|call| call.all_problems()).map(Kind::uri).collect();
    // Where there is another method, there is no call to tell of it.
    let untold: Vec<&String> = types.difference(&told).collect();
    assert_eq!(untold, ["urn:doorward:problem:method-not-allowed"]);
}

#[test]
fn the_handbook_names_every_call_and_every_problem() {
    let handbook = include_str!("../../../../../docs/api.md");
    for call in calls::all() {
        let named = format!("`{} {}`", call.method, call.path);
        assert!(handbook.contains(&named), "docs/api.md does not name {named}");
    }
    for kind in Kind::ALL {
        let name = kind.uri().rsplit(':').next().unwrap().to_owned();
        assert!(handbook.contains(&format!("`{name}`")), "docs/api.md does not name the problem {name}");
    }
}
