//! Acts that take two operators, at a gateway that runs: asked for by one, done when another approves, and recorded.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::api::{Olga, ask, read};
use crate::world::{Answer, Database, Gateway, Installation, binary, exchange, run, words};

#[test]
fn what_takes_two_operators_waits_for_the_second_and_is_done_once() {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let gateway = &served.gateway;
    let olga = Olga::becomes_administrator(gateway).signs_in();
    let link = by(gateway, &olga, "POST", "/operators/invitations", &json!({"role": "administrator"}));
    let oleg = joins(gateway, &link, "oleg").signs_in();

    let document =
        |on: bool| json!({"operators": on, "settings": on, "user_deletion": on, "token_deletion": on, "exports": on});
    let put = |path: &str, seen: u32, body: &Value| {
        let (bearer, seen) = (format!("Bearer {olga}"), format!("\"{seen}\""));
        ask(gateway, "PUT", path, &[("Authorization", bearer.as_str()), ("If-Match", seen.as_str())], Some(body))
    };
    let on = put("/settings/approvals", 0, &document(true));
    assert_eq!(on.status, 200, "{}", on.text());

    let lockout = json!({"account_failures": 3, "account_minutes": 15, "token_failures": 9, "token_minutes": 30});
    let asked = put("/settings/lockout", 0, &lockout);
    let id = held(&asked);
    assert_eq!(read(&asked)["approvers"], json!(["oleg"]));
    assert_eq!(minutes(gateway, &olga), 15);
    let approve = |who: &str, id: &str| by(gateway, who, "POST", &format!("/approvals/{id}/approve"), &Value::Null);
    assert_eq!(approve(&olga, &id).status, 409, "not one's own");
    let (one, other) = std::thread::scope(|both| {
        let (one, other) = (both.spawn(|| approve(&oleg, &id)), both.spawn(|| approve(&oleg, &id)));
        (one.join().unwrap(), other.join().unwrap())
    });
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text(), other.text());
    assert_eq!(minutes(gateway, &olga), 30);

    let invite = || by(gateway, &olga, "POST", "/operators/invitations", &json!({"role": "auditor"}));
    let id = held(&invite());
    assert_eq!(text(&approve(&oleg, &id), "/state"), "approved");
    let link = invite();
    assert_eq!(link.status, 201, "{}", link.text());
    // Whoever opens it, olga as well, is an operator only when another one has read the name.
    let mut aude = joins(gateway, &link, "aude");
    aude.is_turned_away();
    let aude_id = operator_id(gateway, &olga, "aude");
    let id = held(&by(gateway, &olga, "POST", &format!("/operators/{aude_id}/enable"), &Value::Null));
    let shown = by(gateway, &oleg, "GET", &format!("/approvals/{id}"), &Value::Null);
    assert_eq!(text(&shown, "/approval/about"), "aude");
    assert_eq!(text(&approve(&oleg, &id), "/state"), "done");
    aude.signs_in();
    held(&invite());

    // An import asks for all of it at once, and does meanwhile what takes one.
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    let from = files.to_str().unwrap();
    at_terminal(gateway, &olga, &["export", "--to", from], 0);
    let edit = |name: &str, old: &str, new: &str| {
        let text = std::fs::read_to_string(files.join(name)).unwrap();
        assert!(text.contains(old), "{name}: {text}");
        std::fs::write(files.join(name), text.replacen(old, new, 1)).unwrap();
    };
    edit("settings/lockout.json", "\"token_minutes\": 30", "\"token_minutes\": 45");
    edit("settings/self_provisioning.json", "\"recovery_codes\": false", "\"recovery_codes\": true");
    let groups = std::fs::read_to_string(files.join("groups.jsonl")).unwrap();
    std::fs::write(files.join("groups.jsonl"), groups + "{\"name\":\"Later\"}\n").unwrap();
    let told: Value =
        serde_json::from_slice(&says(gateway, &olga, &["import", "--from", from, "--json"], 2).stdout).unwrap();
    assert_eq!((&told["done"], &told["problem"]), (&json!(1), &Value::Null), "{told}");
    assert_eq!(told["held"].as_array().map(Vec::len), Some(2), "{told}");
    assert_eq!(told["held"][0]["approvers"], json!(["oleg"]), "{told}");
    let again = at_terminal(gateway, &olga, &["import", "--from", from], 2);
    for one in told["held"].as_array().unwrap() {
        let id = one["id"].as_str().unwrap();
        assert!(again.contains(id), "asked for once: {again}");
        at_terminal(gateway, &olga, &["approval", "withdraw", id], 0);
    }
    let off = document(false).to_string();
    std::fs::write(folder.path().join("off.json"), &off).unwrap();
    let file = folder.path().join("off.json");
    let set = ["settings", "set", "approvals", file.to_str().unwrap(), "--json"];
    let told: Value = serde_json::from_slice(&says(gateway, &olga, &set, 2).stdout).unwrap();
    at_terminal(gateway, &olga, &["approval", "withdraw", told["approval"]["id"].as_str().unwrap()], 0);

    // The rest at a terminal.
    let id = held(&by(gateway, &olga, "POST", "/operators/invitations", &json!({"role": "auditor"})));
    let says = at_terminal(gateway, &oleg, &["approval", "refuse", &id], 0);
    assert!(says.contains("operator_invite") && says.contains("is refused"), "{says}");
    let id = held(&put("/settings/approvals", 1, &document(false)));
    let listed = at_terminal(gateway, &oleg, &["approval", "list", "--open"], 0);
    assert!(listed.lines().any(|line| line.contains(&id) && line.contains("olga")), "{listed}");
    let shown = at_terminal(gateway, &oleg, &["approval", "show", &id], 0);
    assert!(shown.contains("approvers") && shown.lines().any(|line| line.starts_with("user_deletion")), "{shown}");
    let own = at_terminal(gateway, &olga, &["approval", "approve", &id], 1);
    assert!(own.contains("doorward: "), "{own}");
    let says = at_terminal(gateway, &oleg, &["approval", "approve", &id], 0);
    assert!(says.contains("setting_put (approvals) is approved. It is done."), "{says}");
    let id = text(&by(gateway, &oleg, "GET", "/session", &Value::Null), "/operator/id");
    let off = by(gateway, &olga, "POST", &format!("/operators/{id}/disable"), &Value::Null);
    assert_eq!(off.status, 200, "nothing takes two any more, and one may be the last: {}", off.text());

    let trail = installation.command(&["audit", "export"], &["--format", "json"], "");
    let trail = String::from_utf8(trail.stdout).unwrap();
    for (event, says) in [
        ("APPROVAL_REQUESTED", "olga"),
        ("APPROVAL_GIVEN", "oleg"),
        ("LOCKOUT_POLICY_CHANGED", "\"approvedBy\":\"oleg\""),
        ("APPROVALS_CHANGED", "olga"),
    ] {
        assert!(trail.lines().any(|line| line.contains(event) && line.contains(says)), "{event} {says}");
    }
    assert_eq!(trail.lines().filter(|line| line.contains("LOCKOUT_POLICY_CHANGED")).count(), 1);
}

/// What `doorward` says at the terminal of whoever has this token.
fn at_terminal(gateway: &Gateway, token: &str, arguments: &[&str], code: i32) -> String {
    words(&says(gateway, token, arguments, code))
}

fn says(gateway: &Gateway, token: &str, arguments: &[&str], code: i32) -> Output {
    let server = format!("http://127.0.0.1:{}", gateway.console);
    let mut command = Command::new(binary());
    command.args(arguments).env("DOORWARD_SERVER", server).env("DOORWARD_TOKEN", token);
    let output = run(&mut command, "");
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", words(&output));
    output
}

/// What was answered is that it waits: its id.
fn held(told: &Answer) -> String {
    assert_eq!(told.status, 202, "{}", told.text());
    text(told, "/approval/id")
}

fn minutes(gateway: &Gateway, token: &str) -> Value {
    read(&by(gateway, token, "GET", "/settings/lockout", &Value::Null))["token_minutes"].clone()
}

fn joins<'g>(gateway: &'g Gateway, invited: &Answer, name: &'static str) -> Olga<'g> {
    let link = text(invited, "/link");
    let path = link.find("/setup/").and_then(|at| link.get(at..)).unwrap();
    let page = exchange(gateway.console, "GET", "127.0.0.1", path, &[], b"");
    assert_eq!(page.status, 200, "{}", page.text());
    Olga::joins(gateway, path, name)
}

fn by(gateway: &Gateway, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let body = Some(body).filter(|body| !body.is_null());
    ask(gateway, method, path, &[("Authorization", bearer.as_str())], body)
}

fn operator_id(gateway: &Gateway, token: &str, name: &str) -> String {
    let all = read(&by(gateway, token, "GET", "/operators", &Value::Null));
    let found = all["items"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

fn text(answer: &Answer, at: &str) -> String {
    let told = read(answer);
    told.pointer(at).and_then(Value::as_str).unwrap_or_else(|| panic!("{at}: {told}")).to_owned()
}
