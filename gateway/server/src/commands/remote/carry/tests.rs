use std::path::Path;

use serde_json::json;

use super::files::{Content, Group, Operator, Role, User};
use super::plan::Step;
use super::there::Known;
use super::*;

fn group(name: &str, parents: &[&str]) -> Group {
    Group { name: name.to_owned(), parents: parents.iter().map(|name| (*name).to_owned()).collect() }
}

fn user(name: &str, groups: &[&str]) -> User {
    User {
        name: name.to_owned(),
        display_name: String::new(),
        email: Some(format!("{name}@example.test")),
        disabled: false,
        groups: groups.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn operator(name: &str, role: &str) -> Operator {
    Operator { name: name.to_owned(), role: role.to_owned(), disabled: false }
}

fn role(name: &str, permissions: &[&str]) -> Role {
    let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
    Role { name: name.to_owned(), permissions }
}

fn lockout(failures: u32) -> Value {
    json!({"account_failures": failures, "account_minutes": 15, "token_failures": 5, "token_minutes": 15})
}

fn self_provisioning(groups: &[&str]) -> Value {
    json!({
        "target_users": {"mode": "only_groups", "groups": groups}, "windows_link": "none", "installer_url": null,
        "microsoft_store_url": null, "app_store_url": null, "google_play_url": null, "recovery_codes": true,
        "other_apps": true, "max_tokens": 1,
    })
}

fn some() -> Content {
    Content {
        settings: [("lockout", lockout(4)), ("self_provisioning", self_provisioning(&["Staff", "Sales"]))].into(),
        groups: Some(vec![group("Staff", &[]), group("Sales", &["Staff"])]),
        users: Some(vec![user("bob", &["Staff", "Sales"]), User { disabled: true, ..user("Alice", &[]) }]),
        roles: Some(vec![role("Token desk", &["tokens:view", "tokens:edit"])]),
        operators: Some(vec![operator("olga", "administrator"), operator("hugo", "Token desk")]),
    }
}

/// A server that says the same.
fn there(content: &Content) -> There {
    fn known<T: Clone>(all: Option<&Vec<T>>) -> Vec<Known<T>> {
        let of =
            |(nth, is): (usize, &T)| Known { id: format!("x{nth}"), version: format!("\"{nth}\""), is: is.clone() };
        all.into_iter().flatten().enumerate().map(of).collect()
    }
    There {
        settings: content
            .settings
            .iter()
            .map(|(kind, document)| (*kind, (document.clone(), "\"1\"".to_owned())))
            .collect(),
        groups: known(content.groups.as_ref()),
        users: known(content.users.as_ref()),
        roles: known(content.clone().ordered().roles.as_ref()),
        operators: known(content.operators.as_ref()),
    }
}

fn told(plan: &Plan) -> Vec<String> {
    let manner = super::super::show::Manner { json: false, width: None, colour: false };
    plan.steps.iter().map(|step| step.told(&manner)).collect()
}

fn put(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn what_is_written_is_read_back_and_written_again_to_the_byte() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    files::write(one.path(), &some()).unwrap();
    let read = files::read(one.path()).unwrap();
    assert_eq!(read, some().ordered());
    files::write(two.path(), &read).unwrap();
    for name in [
        "virtual-server.json",
        "groups.jsonl",
        "users.jsonl",
        "roles.jsonl",
        "operators.jsonl",
        "settings/lockout.json",
    ] {
        let text = |folder: &tempfile::TempDir| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(text(&one), text(&two), "{name}");
    }
    let users = std::fs::read_to_string(one.path().join("users.jsonl")).unwrap();
    assert!(users.starts_with("{\"name\":\"Alice\"") && users.contains("[\"Sales\",\"Staff\"]"), "{users}");
}

#[test]
fn everything_that_is_wrong_is_named_by_file_and_key() {
    let folder = tempfile::tempdir().unwrap();
    files::write(folder.path(), &some()).unwrap();
    put(folder.path(), "virtual-server.json", "{\"format\":1,\"name\":\"x\"}");
    put(
        folder.path(),
        "users.jsonl",
        "{\"name\":\"a\"}\n\n{\"name\":\"b\",\"colour\":1}\n{\"name\":\"A\"}\n{\"email\":\"c\"}\n",
    );
    put(
        folder.path(),
        "groups.jsonl",
        "{\"name\":\"x\",\"parents\":[\"y\"]}\n{\"name\":\"y\",\"parents\":[\"x\",\"z\"]}\n",
    );
    let mut document = lockout(4);
    document["surprise"] = json!(1);
    document["token_minutes"] = json!(0);
    put(folder.path(), "settings/lockout.json", &document.to_string());
    put(folder.path(), "settings/colours.json", "{}");
    put(folder.path(), "roles.jsonl", "{\"name\":\"r\",\"permissions\":[\"users:edit\",\"users:fly\"]}\n");
    put(folder.path(), "tokens.csv", "");
    put(folder.path(), ".gitignore", "");
    let said = files::read(folder.path()).unwrap_err().join("\n");
    for fault in [
        "virtual-server.json:1: unknown field `name`",
        "users.jsonl:3: unknown field `colour`",
        "users.jsonl:5: missing field `name`",
        "users.jsonl: name: \"A\" is there twice",
        "groups.jsonl: parents: \"y\" lies in \"z\", which is not there",
        "groups.jsonl: parents: \"x\" lies in itself",
        "roles.jsonl: permissions: \"r\" may \"users:fly\", which there is not",
        "settings/lockout.json: surprise: ",
        "settings/lockout.json: token_minutes: ",
        "settings/colours.json: this is no file of an export",
        "tokens.csv: this is no file of an export",
    ] {
        assert!(said.contains(fault), "{fault} is not in:\n{said}");
    }
    assert!(!said.contains(".gitignore"), "{said}");
    assert!(files::may_write(folder.path()).is_err(), "what is no export is not written over");
    assert!(files::read(&folder.path().join("none")).unwrap_err()[0].contains("holds no export"));
}

#[test]
fn nothing_is_done_to_a_server_that_is_as_the_files_say() {
    let plan = Plan::of(&some().ordered(), &there(&some()), true, true).unwrap();
    assert_eq!(plan, Plan::default());
}

#[test]
fn an_empty_server_gets_everything_in_an_order_that_can_be_done() {
    let empty = Content {
        settings: [("lockout", lockout(4)), ("self_provisioning", self_provisioning(&[]))].into(),
        operators: Some(vec![operator("olga", "administrator")]),
        ..Content::default()
    };
    let plan = Plan::of(&some().ordered(), &there(&empty), false, true).unwrap();
    assert_eq!(
        told(&plan),
        [
            "+ group Sales",
            "+ group Staff",
            "~ group Sales\n    + parents: \"Staff\"",
            "+ user Alice\n    + disabled: true\n    + email: \"Alice@example.test\"",
            "+ user bob\n    + email: \"bob@example.test\"\n    + groups: [\"Sales\",\"Staff\"]",
            "~ settings self_provisioning\n    ~ target_users.groups: [] → [\"Sales\",\"Staff\"]",
            "+ role Token desk\n    + permissions: [\"tokens:edit\",\"tokens:view\"]",
            "+ operator hugo\n    + role: \"Token desk\"",
        ]
    );
}

#[test]
fn what_differs_is_changed_and_what_is_not_in_the_files_stays_unless_it_is_said() {
    let mut new = some().ordered();
    new.settings.insert("lockout", lockout(3));
    new.groups = Some(vec![group("SALES", &[]), group("Staff", &[])]);
    new.users = Some(vec![User { email: None, ..user("ALICE", &["SALES"]) }]);
    new.settings.insert("self_provisioning", self_provisioning(&["Staff"]));
    new.roles = Some(vec![role("Token desk", &["tokens:view"])]);
    new.operators = Some(vec![operator("olga", "auditor"), operator("hugo", "administrator")]);
    let plan = Plan::of(&new, &there(&some()), false, false).unwrap();
    assert_eq!(
        told(&plan),
        [
            "~ group Sales\n    ~ name: \"Sales\" → \"SALES\"",
            "~ group SALES\n    - parents: \"Staff\"",
            "~ user Alice\n    - email: \"Alice@example.test\"\n    ~ groups: [] → [\"SALES\"]",
            "~ user Alice\n    ~ disabled: true → false",
            "~ settings self_provisioning\n    ~ target_users.groups: [\"Sales\",\"Staff\"] → [\"Staff\"]",
            "~ settings lockout\n    ~ account_failures: 4 → 3",
            "~ role Token desk\n    ~ permissions: [\"tokens:edit\",\"tokens:view\"] → [\"tokens:view\"]",
            "~ operator hugo\n    ~ role: \"Token desk\" → \"administrator\"",
            "~ operator olga\n    ~ role: \"administrator\" → \"auditor\"",
        ]
    );
    assert!(
        plan.notes.iter().any(|note| note.contains("1 users are not in the files and stay (bob)")),
        "{:?}",
        plan.notes
    );
    let pruned = Plan::of(&new, &there(&some()), true, false).unwrap();
    assert_eq!(pruned.steps.last(), Some(&Step::UserRemove { id: "x0".to_owned(), name: "bob".to_owned() }));
}

#[test]
fn groups_that_will_not_be_there_are_named_before_anything_is_done() {
    let mut new = some().ordered();
    new.groups = Some(vec![group("Sales", &[])]);
    new.users = Some(vec![user("bob", &["Nowhere"])]);
    new.operators = Some(vec![operator("hugo", "chief")]);
    let faults = Plan::of(&new, &there(&some()), true, false).unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults[0].contains("users.jsonl") && faults[1].contains("settings/self_provisioning.json"), "{faults:?}");
    assert!(faults[2].contains("operators.jsonl: role: \"hugo\" is \"chief\""), "{faults:?}");
    // Without pruning, Staff is there still.
    assert_eq!(Plan::of(&new, &there(&some()), false, false).unwrap_err().len(), 2);
}

#[test]
fn a_group_that_is_gone_may_be_named_on_but_not_anew() {
    let mut old = some();
    old.settings.insert("self_provisioning", self_provisioning(&["id:gone", "Sales"]));
    let same = old.clone().ordered();
    assert_eq!(Plan::of(&same, &there(&old), false, false).unwrap(), Plan::default());
    assert!(Plan::of(&same, &there(&some()), false, false).is_err());
}

#[test]
fn a_change_is_told_to_programs_too() {
    let step = Step::GroupNest { group: "Sales".to_owned(), into: "Staff".to_owned(), lies: true };
    let said = json!({"action": "change", "kind": "group", "name": "Sales",
                      "fields": [{"field": "parents", "old": null, "new": "Staff"}]});
    assert_eq!(step.record(), said);
}
