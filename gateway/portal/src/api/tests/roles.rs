//! Who may do what: the matrix of roles and calls, written out. A new call is a new row.

use std::collections::{BTreeMap, BTreeSet};

use doorward_api::Permission;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::isolation::one_of_each;
use super::world::{Program, Told, World};
use crate::api::call::Call;
use crate::api::calls;
use crate::tests::matrix::{self, REGISTRAR, Row, TOKEN_DESK, WHO};

/// Each call, and whether somebody is let in: `yes`, or `-` who is turned away, whatever they send.
const MATRIX: &str = "
    call                                                | nobody | auditor | help desk | administrator | token desk | registrar | key

    GET    /openapi.json                                | yes    | yes     | yes       | yes           | yes        | yes       | yes

    POST   /session                                     | yes    | yes     | yes       | yes           | yes        | yes       | yes
    GET    /session                                     | -      | yes     | yes       | yes           | yes        | yes       | yes
    DELETE /session                                     | -      | yes     | yes       | yes           | yes        | yes       | -
    POST   /session/proof                               | -      | yes     | yes       | yes           | yes        | yes       | -

    GET    /settings/self_provisioning                  | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /settings/self_provisioning                  | -      | -       | -         | yes           | -          | -         | yes
    GET    /settings/self_provisioning/changes          | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/enrolment_rules                    | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /settings/enrolment_rules                    | -      | -       | -         | yes           | -          | -         | yes
    GET    /settings/enrolment_rules/changes            | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/appearance                         | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /settings/appearance                         | -      | -       | -         | yes           | -          | -         | yes
    GET    /settings/appearance/changes                 | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/provisioning_rules                  | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /settings/provisioning_rules                  | -      | -       | -         | yes           | -          | -         | yes
    GET    /settings/provisioning_rules/changes          | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/targets                            | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /settings/targets                            | -      | -       | -         | yes           | -          | -         | yes
    GET    /settings/targets/changes                    | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/token_template                     | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /settings/token_template                     | -      | -       | -         | yes           | -          | -         | yes
    GET    /settings/token_template/changes             | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/token_template/kinds               | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/server_pin_policy                  | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /settings/server_pin_policy                  | -      | -       | -         | yes           | -          | -         | yes
    GET    /settings/server_pin_policy/changes          | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/synchronization                    | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /settings/synchronization                    | -      | -       | -         | yes           | -          | -         | yes
    GET    /settings/synchronization/changes            | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/lockout                            | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /settings/lockout                            | -      | -       | -         | yes           | -          | -         | yes
    GET    /settings/lockout/changes                    | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /settings/approvals                          | -      | yes     | yes       | yes           | -          | yes       | yes
    PUT    /settings/approvals                          | -      | -       | -         | yes           | -          | yes       | -
    GET    /settings/approvals/changes                  | -      | yes     | yes       | yes           | -          | yes       | yes
    GET    /self-provisioning/preview                   | -      | yes     | yes       | yes           | -          | -         | yes

    GET    /users                                       | -      | yes     | yes       | yes           | yes        | yes       | yes
    POST   /users                                       | -      | -       | yes       | yes           | -          | yes       | yes
    GET    /users/{user}                                | -      | yes     | yes       | yes           | yes        | yes       | yes
    PUT    /users/{user}                                | -      | -       | yes       | yes           | -          | yes       | yes
    DELETE /users/{user}                                | -      | -       | -         | yes           | -          | yes       | yes
    POST   /users/{user}/password                       | -      | -       | yes       | yes           | -          | yes       | yes
    POST   /users/{user}/disable                        | -      | -       | yes       | yes           | -          | yes       | yes
    POST   /users/{user}/enable                         | -      | -       | yes       | yes           | -          | yes       | yes
    POST   /users/{user}/unlock                         | -      | -       | yes       | yes           | -          | yes       | yes
    POST   /users/{user}/sign-out                       | -      | -       | yes       | yes           | -          | yes       | yes
    POST   /users/{user}/temporary-passcode             | -      | -       | yes       | yes           | -          | yes       | yes
    DELETE /users/{user}/temporary-passcode             | -      | -       | yes       | yes           | -          | yes       | yes
    GET    /users/{user}/recovery-codes                 | -      | yes     | yes       | yes           | yes        | yes       | yes
    DELETE /users/{user}/recovery-codes                 | -      | -       | yes       | yes           | -          | yes       | yes
    POST   /users/{user}/verification                   | -      | -       | yes       | yes           | -          | yes       | yes
    GET    /users/{user}/verification/{push}            | -      | -       | yes       | yes           | -          | yes       | yes

    GET    /enrolment-requests                          | -      | yes     | yes       | yes           | yes        | yes       | yes
    GET    /users/{user}/enrolment-grant                | -      | yes     | yes       | yes           | yes        | yes       | yes
    POST   /users/{user}/enrolment-grant/approve        | -      | -       | yes       | yes           | -          | yes       | yes
    POST   /users/{user}/enrolment-grant/refuse         | -      | -       | yes       | yes           | -          | yes       | yes
    POST   /users/{user}/enrolment-grant/help-desk-code | -      | -       | yes       | yes           | -          | yes       | yes
    DELETE /users/{user}/enrolment-grant                | -      | -       | yes       | yes           | -          | yes       | yes

    GET    /groups                                      | -      | yes     | yes       | yes           | -          | yes       | yes
    POST   /groups                                      | -      | -       | -         | yes           | -          | yes       | yes
    GET    /groups/{group}                              | -      | yes     | yes       | yes           | -          | yes       | yes
    PUT    /groups/{group}                              | -      | -       | -         | yes           | -          | yes       | yes
    DELETE /groups/{group}                              | -      | -       | -         | yes           | -          | yes       | yes
    GET    /groups/{group}/members                      | -      | yes     | yes       | yes           | -          | yes       | yes
    PUT    /groups/{group}/members/{user}               | -      | -       | -         | yes           | -          | yes       | yes
    DELETE /groups/{group}/members/{user}               | -      | -       | -         | yes           | -          | yes       | yes
    PUT    /groups/{group}/parents/{parent}             | -      | -       | -         | yes           | -          | yes       | yes
    DELETE /groups/{group}/parents/{parent}             | -      | -       | -         | yes           | -          | yes       | yes
    GET    /groups/{group}/parents/{parent}/preview     | -      | yes     | yes       | yes           | -          | -         | yes

    GET    /tokens                                      | -      | yes     | yes       | yes           | yes        | -         | yes
    GET    /tokens/counts                               | -      | yes     | yes       | yes           | yes        | -         | yes
    GET    /tokens/{token}                              | -      | yes     | yes       | yes           | yes        | -         | yes
    POST   /tokens/{token}/actions                      | -      | -       | yes       | yes           | yes        | -         | yes
    POST   /tokens/{token}/assign                       | -      | -       | yes       | yes           | yes        | -         | yes
    POST   /tokens/{token}/resync                       | -      | -       | yes       | yes           | yes        | -         | yes
    POST   /tokens/{token}/pin                          | -      | -       | yes       | yes           | yes        | -         | yes
    POST   /tokens/{token}/test                         | -      | -       | yes       | yes           | yes        | -         | yes
    PUT    /tokens/{token}/label                        | -      | -       | yes       | yes           | yes        | -         | yes
    POST   /tokens/import                               | -      | -       | -         | yes           | -          | -         | yes
    GET    /tokens/imports/{import}                     | -      | yes     | yes       | yes           | -          | -         | yes

    GET    /policies                                    | -      | yes     | yes       | yes           | -          | -         | yes
    POST   /policies/explain                            | -      | yes     | yes       | yes           | -          | -         | yes
    POST   /policies/cases                              | -      | yes     | yes       | yes           | -          | -         | yes
    POST   /policies/replay                             | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /policies/shadow                             | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /policies/records                            | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /audit/records                               | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /audit/records.csv                           | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /reports/enrolments                          | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /reports/enrolments.csv                      | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /reports/enrolments/totals                   | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /reports/funnel                              | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /reports/missing                             | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /provisioning/tasks                          | -      | yes     | yes       | yes           | -          | -         | yes
    POST   /provisioning/tasks                          | -      | -       | -         | yes           | -          | -         | yes
    POST   /users/{user}/provisioning                   | -      | -       | yes       | yes           | -          | yes       | yes
    GET    /provisioning/tasks/{task}                   | -      | yes     | yes       | yes           | -          | -         | yes
    PUT    /provisioning/tasks/{task}                   | -      | -       | -         | yes           | -          | -         | yes
    DELETE /provisioning/tasks/{task}                   | -      | -       | -         | yes           | -          | -         | yes
    POST   /provisioning/tasks/{task}/resend            | -      | -       | -         | yes           | -          | -         | yes
    GET    /provisioning/tasks/{task}/users             | -      | yes     | yes       | yes           | -          | -         | yes
    GET    /provisioning/tasks/{task}/users/{user}      | -      | yes     | yes       | yes           | -          | -         | yes
    POST   /provisioning/tasks/{task}/users/{user}/resend | -      | -       | yes       | yes           | -          | yes       | yes
    DELETE /provisioning/tasks/{task}/users/{user}      | -      | -       | yes       | yes           | -          | yes       | yes
    POST   /provisioning/rules/preview                   | -      | yes     | yes       | yes           | -          | -         | yes


    GET    /operators                                   | -      | yes     | yes       | yes           | -          | yes       | yes
    GET    /operators/invitations                       | -      | yes     | yes       | yes           | -          | yes       | yes
    POST   /operators/invitations                       | -      | -       | -         | yes           | -          | yes       | -
    DELETE /operators/invitations/{invitation}          | -      | -       | -         | yes           | -          | yes       | -
    GET    /operators/{operator}                        | -      | yes     | yes       | yes           | -          | yes       | yes
    PUT    /operators/{operator}/role                   | -      | -       | -         | yes           | -          | yes       | -
    POST   /operators/{operator}/disable                | -      | -       | -         | yes           | -          | yes       | -
    POST   /operators/{operator}/enable                 | -      | -       | -         | yes           | -          | yes       | -
    POST   /operators/{operator}/recovery               | -      | -       | -         | yes           | -          | yes       | -

    GET    /roles                                       | -      | yes     | yes       | yes           | -          | yes       | yes
    POST   /roles                                       | -      | -       | -         | yes           | -          | yes       | -
    GET    /roles/{role}                                | -      | yes     | yes       | yes           | -          | yes       | yes
    PUT    /roles/{role}                                | -      | -       | -         | yes           | -          | yes       | -
    DELETE /roles/{role}                                | -      | -       | -         | yes           | -          | yes       | -
    GET    /api-keys                                    | -      | yes     | yes       | yes           | -          | yes       | yes
    POST   /api-keys                                    | -      | -       | -         | yes           | -          | yes       | -
    GET    /api-keys/{key}                              | -      | yes     | yes       | yes           | -          | yes       | yes
    DELETE /api-keys/{key}                              | -      | -       | -         | yes           | -          | yes       | -
    GET    /approvals                                   | -      | yes     | yes       | yes           | yes        | yes       | yes
    GET    /approvals/{approval}                        | -      | yes     | yes       | yes           | yes        | yes       | yes
    POST   /approvals/{approval}/approve                | -      | yes     | yes       | yes           | yes        | yes       | -
    POST   /approvals/{approval}/refuse                 | -      | yes     | yes       | yes           | yes        | yes       | -
    POST   /approvals/{approval}/withdraw               | -      | yes     | yes       | yes           | yes        | yes       | -
";

fn name_of(call: &Call) -> String {
    format!("{} {}", call.method, call.path)
}

/// Whether somebody was let in: not turned away for who they are. What became of the call then is told elsewhere.
#[track_caller]
fn let_in(told: &Told) -> bool {
    let problem = told.body["type"].as_str().unwrap_or_default().trim_start_matches("urn:doorward:problem:");
    assert_ne!(problem, "reproof-required", "everybody here has just signed in");
    match told.status {
        StatusCode::UNAUTHORIZED => problem != "sign-in-required",
        StatusCode::FORBIDDEN => problem != "role-required",
        _ => true,
    }
}

/// The call with everything that it takes, about what there is.
async fn ask(by: &Program<'_>, call: &Call, there: &BTreeMap<&'static str, String>) -> Told {
    let path = there.iter().fold(call.path.clone(), |path, (place, id)| path.replace(&format!("{{{place}}}"), id));
    let body = call.takes.as_ref().map(|takes| takes.example.clone());
    let query = if call.params.iter().any(|param| param.required) { "?user=alice" } else { "" };
    by.ask(call.method.clone(), &format!("{path}{query}"), &[("if-match", "\"0\"")], body).await
}

/// Who asks: besides those whose roles are, a program by a key that may all that a key may.
fn who() -> Vec<&'static str> {
    WHO.into_iter().chain(["key"]).collect()
}

fn role(name: &str, permissions: &[Permission]) -> Value {
    let names: Vec<String> = permissions.iter().map(Permission::to_string).collect();
    json!({"name": name, "permissions": names})
}

/// Somebody of each role: each of the columns.
async fn everybody(world: &World) -> [Program<'_>; 7] {
    let olga = world.olga().await;
    let auditor = world.another(&olga, "aude", "auditor").await;
    let help_desk = world.another(&olga, "heidi", "help_desk").await;
    let desk = olga.made("/roles", role("token desk", &TOKEN_DESK)).await;
    let desk = world.another(&olga, "tom", &desk).await;
    let registrar = olga.made("/roles", role("registrar", &REGISTRAR)).await;
    let registrar = world.another(&olga, "rita", &registrar).await;
    let all = doorward_api::Permissions::ALL.of_key().names();
    let told = olga.post("/api-keys", json!({"name": "everything", "permissions": all, "days": 1})).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let mut key = world.nobody();
    key.token = told.body["secret"].as_str().unwrap().to_owned();
    [world.nobody(), auditor, help_desk, olga, desk, registrar, key]
}

/// Things to ask about. The operator is none of those who ask, who go on asking.
async fn things(world: &World, by: &Program<'_>) -> BTreeMap<&'static str, String> {
    let ivo = world.another(by, "ivo", "administrator").await;
    let session = ivo.get("/session").await.body;
    let mut things = one_of_each(by).await;
    // Whether there is one is no matter of roles.
    things.entry("task").or_insert_with(|| "1".to_owned());
    things.insert("operator", session["operator"]["id"].as_str().unwrap().to_owned());
    things
}

#[test]
fn the_matrix_has_a_row_for_every_call_and_no_others() {
    let rows: BTreeSet<String> = matrix::read(MATRIX, &who()).iter().map(Row::name).collect();
    let calls: BTreeSet<String> = calls::all().iter().map(name_of).collect();
    let without: Vec<_> = calls.difference(&rows).collect();
    assert!(without.is_empty(), "calls without a row: {without:?}");
    let gone: Vec<_> = rows.difference(&calls).collect();
    assert!(gone.is_empty(), "rows without a call: {gone:?}");
}

#[tokio::test]
async fn every_call_lets_in_whom_the_matrix_says_and_nobody_else() {
    let world = World::start().await;
    let everybody = everybody(&world).await;
    let things = things(&world, &everybody[3]).await;
    let rows: BTreeMap<String, Vec<bool>> =
        matrix::read(MATRIX, &who()).into_iter().map(|row| (row.name(), row.let_in)).collect();
    let mut calls = calls::all();
    // Who has signed out or deleted everything is asked nothing more.
    calls.sort_by_key(|call| (call.id == "deleteSession", call.method == Method::DELETE));
    let mut differences = Vec::new();
    for call in &calls {
        let name = name_of(call);
        let expected = rows.get(&name).unwrap_or_else(|| panic!("{name} has no row"));
        for ((who, by), expected) in who().iter().zip(&everybody).zip(expected) {
            let told = ask(by, call, &things).await;
            if let_in(&told) != *expected {
                differences.push(format!("{name} by {who}: {} {}", told.status, told.text));
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

#[tokio::test]
async fn within_a_call_the_help_desk_is_not_let_into_everything() {
    let world = World::start().await;
    let [_, _, help_desk, olga, ..] = &everybody(&world).await;
    let things = one_of_each(olga).await;
    let of = |place: &str| format!("/{place}s/{}", things[place]);
    let with_groups = |key: &str, name: &str| json!({key: name, "email": null, "groups": [things["group"]]});
    for (method, path, body) in [
        (Method::POST, "/users".to_owned(), with_groups("name", "bob")),
        (Method::PUT, of("user"), with_groups("display_name", "Alice")),
        (Method::POST, format!("{}/actions", of("token")), json!({"action": "delete"})),
    ] {
        let ask =
            async |by: &Program<'_>| by.ask(method.clone(), &path, &[("if-match", "\"1\"")], Some(body.clone())).await;
        ask(help_desk).await.is(403, "role-required");
        let told = ask(olga).await;
        assert!(told.status.is_success(), "{path}: {}", told.text);
    }
}

#[test]
fn the_handbook_names_the_same_roles() {
    let handbook = include_str!("../../../../../docs/api.md");
    for asked in matrix::read(MATRIX, &who()) {
        let (call, let_in) = (asked.name(), asked.let_in);
        let row = handbook.lines().find(|line| line.starts_with(&format!("| `{call}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/api.md does not name {call}"));
        let told = row.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        let mut roles = ["nobody signed in", "any", "help desk", "administrator"].into_iter().zip(let_in);
        let (least, _) = roles.find(|(_, let_in)| *let_in).unwrap();
        assert!(told.starts_with(least), "{call}: the handbook says {told}, the matrix {least}");
    }
}
