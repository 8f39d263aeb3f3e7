use std::path::Path;

use doorward_api::Permissions;
use serde_json::json;

use super::files::{Content, Group, Operator, Role, User};
use super::plan::{Remark, Step};
use super::there::{Known, Own};
use super::*;
use crate::commands::remote::problem::Refusal;

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
        // Somebody who is in no file.
        own: Own { name: "root".to_owned(), role: "administrator".to_owned(), may: Permissions::ALL },
    }
}

const PLAIN: super::super::show::Manner = super::super::show::Manner { json: false, width: None, colour: false };

fn told(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.told(&PLAIN)).collect()
}

fn put(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn what_is_written_is_read_back_and_written_again_to_the_byte() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    files::write(one.path(), &some()).unwrap();
    let read = files::read(one.path(), true).unwrap();
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
    let head = std::fs::read_to_string(one.path().join("virtual-server.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&head).unwrap(),
        json!({"format": 2,
               "lines": {"groups.jsonl": 2, "users.jsonl": 2, "roles.jsonl": 1, "operators.jsonl": 2}})
    );
    assert_eq!(head.lines().count(), 9, "a number a line, as whoever merges two branches wants it: {head}");
    let users = std::fs::read_to_string(one.path().join("users.jsonl")).unwrap();
    assert!(users.starts_with("{\"name\":\"Alice\"") && users.contains("[\"Sales\",\"Staff\"]"), "{users}");
}

#[test]
fn everything_that_is_wrong_is_named_by_file_and_key() {
    let folder = tempfile::tempdir().unwrap();
    files::write(folder.path(), &some()).unwrap();
    put(folder.path(), "virtual-server.json", "{\"format\":2,\"lines\":{\"user.jsonl\":1}}");
    let long = "x".repeat(101);
    put(
        folder.path(),
        "users.jsonl",
        &format!(
            "{{\"name\":\"a\"}}\n\n{{\"name\":\"b\",\"colour\":1}}\n{{\"name\":\"A\"}}\n{{\"email\":\"c\"}}\n\
             {{\"name\":\"bob\",\"email\":\"bob\"}}\n{{\"name\":\"dora\",\"display_name\":\"{long}\"}}\n{{\"name\":\" \"}}\n"
        ),
    );
    put(
        folder.path(),
        "groups.jsonl",
        &format!(
            "{{\"name\":\"x\",\"parents\":[\"y\"]}}\n{{\"name\":\"y\",\"parents\":[\"x\",\"z\"]}}\n\
             {{\"name\":\"{long}\"}}\n{{\"name\":\"\"}}\n{{\"name\":\" x \"}}\n"
        ),
    );
    let mut document = lockout(4);
    document["surprise"] = json!(1);
    document["token_minutes"] = json!(0);
    put(folder.path(), "settings/lockout.json", &document.to_string());
    put(folder.path(), "settings/colours.json", "{}");
    put(
        folder.path(),
        "roles.jsonl",
        "{\"name\":\"r\",\"permissions\":[\"users:edit\",\"users:fly\"]}\n{\"name\":\"none\",\"permissions\":[]}\n\
         {\"name\":\"Help desk\",\"permissions\":[\"users:view\"]}\n{\"name\":\" R\",\"permissions\":[\"users:view\"]}\n",
    );
    put(folder.path(), "operators.jsonl", "{\"name\":\"\",\"role\":\"auditor\"}\n");
    put(folder.path(), "tokens.csv", "");
    put(folder.path(), ".gitignore", "");
    let said = files::read(folder.path(), false).unwrap_err().join("\n");
    for fault in [
        "virtual-server.json: lines: \"user.jsonl\" is no file of lines",
        "users.jsonl:3: unknown field `colour`",
        "users.jsonl:5: missing field `name`",
        "users.jsonl: name: \"A\" is there twice",
        "users.jsonl: name: \" \" must be a name of 1 to 256 visible characters",
        "users.jsonl: email: of \"bob\": must be a mail address",
        "users.jsonl: display_name: of \"dora\": must have at most 100 characters",
        "groups.jsonl: name: \"\" must be given",
        "xxx\" must have at most 100 characters",
        "groups.jsonl: name: \"x\" is there twice",
        "groups.jsonl: parents: \"y\" lies in \"z\", which is not there",
        "groups.jsonl: parents: \"x\" lies in itself",
        "roles.jsonl: permissions: of \"r\": there is no permission users:fly",
        "roles.jsonl: permissions: of \"none\": must be given",
        "roles.jsonl: name: \"Help desk\" is taken",
        "roles.jsonl: name: \"R\" is there twice",
        "operators.jsonl: name: \"\" must be a name of 1 to 256 visible characters",
        "settings/lockout.json: surprise: ",
        "settings/lockout.json: token_minutes: ",
        "settings/colours.json: this is no file of an export",
        "tokens.csv: this is no file of an export",
    ] {
        assert!(said.contains(fault), "{fault} is not in:\n{said}");
    }
    assert!(!said.contains(".gitignore"), "{said}");
    assert!(files::may_write(folder.path()).is_err(), "what is no export is not written over");
    assert!(files::read(&folder.path().join("none"), false).unwrap_err()[0].contains("holds no export"));
    for (head, fault) in [
        ("", "virtual-server.json: EOF"),
        ("{}", "virtual-server.json: missing field `format`"),
        ("{\"format\":3,\"more\":1}", "virtual-server.json: format: this version reads the formats 1 and 2"),
        ("{\"format\":2,\"name\":\"x\"}", "virtual-server.json: unknown field `name`"),
    ] {
        put(folder.path(), "virtual-server.json", head);
        let said = files::read(folder.path(), false).unwrap_err().join("\n");
        assert!(said.contains(fault), "{fault} is not in:\n{said}");
    }
}

#[test]
fn keys_and_names_of_a_folder_from_elsewhere_do_not_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    files::write(folder.path(), &some()).unwrap();
    put(folder.path(), "users.jsonl", "{\"name\":\"a\",\"\\u001b]0;users\\u0007\":1}\n");
    let mut document = lockout(4);
    document["\u{1b}]0;settings\u{7}"] = json!(1);
    put(folder.path(), "settings/lockout.json", &document.to_string());
    put(folder.path(), "\u{1b}]0;file\u{7}", "");
    let said = all_of(files::read(folder.path(), false).unwrap_err()).to_string();
    let refused = files::may_write(folder.path()).unwrap_err();
    for (said, words) in [(&said, "]0;users"), (&said, "]0;settings"), (&said, "]0;file"), (&refused, "]0;file")] {
        assert!(said.contains(words), "{said:?}");
        assert!(said.lines().all(|line| !line.contains(char::is_control)), "{said:?}");
    }
}

#[test]
fn what_the_server_would_keep_otherwise_is_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let mut spaced = some();
    spaced.settings.insert("self_provisioning", self_provisioning(&["Staff ", " Sales"]));
    spaced.groups = Some(vec![group(" Staff", &[]), group(" Sales ", &["Staff "])]);
    let bob = User { display_name: " Bob ".to_owned(), ..user("bob", &["Staff ", "Staff", "Sales"]) };
    let alice = User { email: Some(" Alice@example.test ".to_owned()), disabled: true, ..user("Alice", &[]) };
    spaced.users = Some(vec![User { name: " bob".to_owned(), ..bob.clone() }, alice]);
    spaced.roles = Some(vec![role(" Token desk ", &["tokens:edit"])]);
    spaced.operators = Some(vec![operator(" olga ", "Administrator "), operator("hugo", " token desk")]);
    files::write(folder.path(), &spaced).unwrap();
    let read = files::read(folder.path(), true).unwrap();
    let mut kept = some();
    kept.users = Some(vec![
        User { display_name: "Bob".to_owned(), ..user("bob", &["Staff", "Sales"]) },
        User { disabled: true, ..user("Alice", &[]) },
    ]);
    assert_eq!(Plan::of(&read, &there(&kept.ordered()), true, true).unwrap(), Plan::default());
}

#[test]
fn an_export_that_breaks_off_leaves_no_export_whatever_was_there() {
    let folder = tempfile::tempdir().unwrap();
    files::write(folder.path(), &some()).unwrap();
    // It gets no further than the groups.
    std::fs::remove_file(folder.path().join("users.jsonl")).unwrap();
    std::fs::create_dir(folder.path().join("users.jsonl")).unwrap();
    let fewer = Content { groups: Some(vec![group("Staff", &[])]), ..some() };
    assert!(files::write(folder.path(), &fewer).is_err());
    std::fs::remove_dir(folder.path().join("users.jsonl")).unwrap();
    let said = files::read(folder.path(), false).unwrap_err().join("\n");
    assert!(said.contains("holds no export"), "{said}");
    // The same again makes it whole.
    files::may_write(folder.path()).unwrap();
    files::write(folder.path(), &fewer).unwrap();
    assert_eq!(files::read(folder.path(), true).unwrap(), fewer.ordered());
}

#[test]
fn a_document_that_cannot_go_is_no_part_of_the_next_export_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("settings/lockout.json")).unwrap();
    assert!(files::write(folder.path(), &Content::default()).is_err());
}

#[test]
fn files_that_may_have_lost_lines_remove_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let faults = |prune| files::read(folder.path(), prune).err().unwrap_or_default().join("\n");
    files::write(folder.path(), &some()).unwrap();
    assert_eq!(faults(true), "");
    // Users who are added by hand change nothing but their file.
    let users = std::fs::read_to_string(folder.path().join("users.jsonl")).unwrap();
    put(folder.path(), "users.jsonl", &format!("{users}{{\"name\":\"zoe\"}}\n"));
    assert_eq!(faults(true), "");
    // A file that is empty since a power loss is believed where nothing goes, and refused where all would.
    put(folder.path(), "users.jsonl", "");
    assert_eq!(faults(false), "");
    let said = faults(true);
    for part in ["users.jsonl: has 0 lines, and virtual-server.json says 2", "say \"users.jsonl\": 0 there"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Whoever means it says the new number.
    let one = users.lines().next().unwrap();
    put(folder.path(), "users.jsonl", &format!("{one}\n"));
    assert!(faults(true).contains("users.jsonl: has 1 lines, and virtual-server.json says 2"));
    let head = std::fs::read_to_string(folder.path().join("virtual-server.json")).unwrap();
    put(folder.path(), "virtual-server.json", &head.replace("\"users.jsonl\": 2", "\"users.jsonl\": 1"));
    assert_eq!(faults(true), "");
    // What has no file loses nothing.
    std::fs::remove_file(folder.path().join("roles.jsonl")).unwrap();
    assert_eq!(faults(true), "");
    put(folder.path(), "virtual-server.json", "{\"format\":2,\"lines\":{\"groups.jsonl\":2,\"operators.jsonl\":2}}");
    assert!(faults(true).contains("virtual-server.json: lines: says nothing of users.jsonl"), "{}", faults(true));
    // The earlier format is read, and says nothing of lines.
    put(folder.path(), "virtual-server.json", "{\"format\":1}\n");
    assert_eq!(faults(false), "");
    let said = faults(true);
    assert!(said.contains("virtual-server.json: format: 1 does not say") && said.contains("export again"), "{said}");
}

#[test]
fn programs_are_told_a_real_run_in_one_document() {
    let empty = Content::default();
    let plan = Plan::of(&Content { groups: some().groups, ..empty.clone() }, &there(&empty), false, false).unwrap();
    let came = |done, problem| Came { done, held: Vec::new(), problem };
    let report = reported(&plan, &came(3, None));
    assert_eq!((&report["done"], &report["problem"], &report["held"]), (&json!(3), &Value::Null, &json!([])));
    assert_eq!(report["changes"].as_array().map(Vec::len), Some(3));
    assert!(report["notes"].is_array() && report.get("problem").is_some(), "{report}");

    let document = json!({"type": "urn:doorward:problem:invalid", "title": "Fields break rules", "status": 422});
    let mut refusal = Refusal::read(422, &document, None);
    refusal.document = Some(document.clone());
    let report = reported(&plan, &came(1, Some(Stop::Refused(Box::new(refusal)))));
    assert_eq!((&report["done"], &report["problem"]), (&json!(1), &document));

    let report = reported(&plan, &came(0, Some(Stop::because("it cannot be reached"))));
    assert_eq!(report["problem"], json!({"type": "about:blank", "title": "it cannot be reached"}));
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
        plan.notes.iter().any(|note| note.said.contains("1 users are not in the files and stay (bob)")),
        "{:?}",
        plan.notes
    );
    let pruned = Plan::of(&new, &there(&some()), true, false).unwrap();
    assert_eq!(pruned.steps.last(), Some(&Step::UserRemove { id: "x0".to_owned(), name: "bob".to_owned() }));
}

#[test]
fn nobody_is_taken_out_of_a_group_before_it_goes() {
    let old = Content {
        groups: Some(vec![group("all", &[]), group("north", &["all"]), group("deep", &["north"]), group("Deep", &[])]),
        users: Some(vec![user("ann", &["north"]), user("bob", &["deep", "north"]), user("cid", &["north"])]),
        ..Content::default()
    };
    // North goes, and so does the deep one of small letters, whose user is in the other one from now on.
    let new = Content {
        groups: Some(vec![group("all", &[]), group("Deep", &[])]),
        users: Some(vec![
            user("ann", &[]),
            user("bob", &["Deep"]),
            User { email: None, groups: vec!["all".to_owned()], ..user("cid", &[]) },
        ]),
        ..Content::default()
    };
    let plan = Plan::of(&new, &there(&old), true, false).unwrap();
    assert_eq!(
        told(&plan),
        [
            "~ user bob\n    ~ groups: [\"deep\",\"north\"] → [\"Deep\",\"deep\",\"north\"]",
            "~ user cid\n    - email: \"cid@example.test\"\n    ~ groups: [\"north\"] → [\"all\",\"north\"]",
            "- group north",
            "- group deep",
        ]
    );
    // A group that stays is taken out of nothing that goes: what deletes that one does it.
    let inner =
        Content { groups: Some(vec![group("all", &[]), group("deep", &[]), group("Deep", &[])]), ..new.clone() };
    let plan = Plan::of(&Content { users: None, ..inner.clone() }, &there(&old), true, false).unwrap();
    assert_eq!(told(&plan), ["- group north"]);
    // Where nothing goes, what the files say is done at once.
    let plan = Plan::of(&Content { users: None, ..inner }, &there(&old), false, false).unwrap();
    assert_eq!(told(&plan), ["~ group deep\n    - parents: \"north\""]);
}

#[test]
fn what_closes_a_circle_through_a_group_that_goes_comes_after_it_has_gone() {
    let old = Content {
        groups: Some(vec![group("one", &["between"]), group("between", &["two"]), group("two", &[])]),
        ..Content::default()
    };
    let new = Content {
        groups: Some(vec![group("one", &[]), group("two", &["one"]), group("new", &["two"])]),
        ..Content::default()
    };
    let plan = Plan::of(&new, &there(&old), true, false).unwrap();
    assert_eq!(
        told(&plan),
        [
            "+ group new",
            "~ group new\n    + parents: \"two\"",
            "- group between",
            "~ group two\n    + parents: \"one\"",
        ]
    );
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

#[test]
fn what_stays_otherwise_is_a_difference_although_nothing_is_to_be_done() {
    let same = some().ordered();
    let extra = |change: &dyn Fn(&mut Content)| {
        let mut old = some();
        change(&mut old);
        Plan::of(&same, &there(&old), false, false).unwrap()
    };
    let stranger = extra(&|old| old.operators.as_mut().unwrap().push(operator("mallory", "administrator")));
    let missing = extra(&|old| old.operators.as_mut().unwrap().truncate(1));
    let user_more = extra(&|old| old.users.as_mut().unwrap().push(user("zoe", &[])));
    let role_more = extra(&|old| old.roles.as_mut().unwrap().push(role("Spare", &["users:view"])));
    for plan in [stranger, missing, user_more, role_more] {
        assert!(plan.steps.is_empty() && plan.differs(), "{plan:?}");
        assert_eq!(plan.record()["notes"][0]["difference"], true, "{plan:?}");
    }
    let spelt = extra(&|old| old.users.as_mut().unwrap()[0].name = "BOB".to_owned());
    assert!(!spelt.differs(), "{spelt:?}");
    assert_eq!(spelt.record()["notes"][0]["difference"], false);
}

#[test]
fn what_whoever_asks_can_never_do_is_left_out_and_said() {
    let mut new = some().ordered();
    new.roles = Some(vec![role("Token desk", &["tokens:view"])]);
    new.operators = Some(vec![operator("olga", "auditor"), operator("hugo", "auditor")]);
    let plan_of = |own: Own| Plan::of(&new, &There { own, ..there(&some()) }, false, false).unwrap();
    let cannot = |plan: &Plan| -> Vec<String> {
        let left = plan.notes.iter().filter(|note| note.what == Remark::Cannot);
        left.map(|note| note.said.clone()).collect()
    };
    // Their own role, by which they may everything.
    let olga = Own { name: "OLGA".to_owned(), role: "administrator".to_owned(), may: Permissions::ALL };
    let plan = plan_of(olga);
    assert_eq!(cannot(&plan), ["change operator olga: left out, since nobody changes their own role"]);
    assert_eq!(plan.steps.len(), 2, "{plan:?}");
    assert!(plan.differs() && plan.leaves_something());
    // Their own role's definition.
    let hugo = Own { name: "hugo".to_owned(), role: "x0".to_owned(), may: Permissions::ALL };
    let plan = plan_of(hugo);
    let own = "since nobody changes their own role";
    assert_eq!(
        cannot(&plan),
        [format!("change role Token desk: left out, {own}"), format!("change operator hugo: left out, {own}")]
    );
    // A key, and somebody who may not give what an administrator may.
    let key = Own { name: "olga".to_owned(), role: "administrator".to_owned(), may: Permissions::ALL.of_key() };
    let plan = plan_of(key);
    assert!(plan.steps.is_empty(), "{plan:?}");
    assert!(cannot(&plan).iter().all(|said| said.contains("it takes the permission ")), "{plan:?}");
    let may = there::permissions(["operators:edit", "roles:edit", "tokens:edit"]);
    let lesser = Own { name: "rita".to_owned(), role: "x9".to_owned(), may };
    let plan = plan_of(lesser);
    assert!(
        cannot(&plan).iter().any(|said| said.contains("olga") && said.contains("nobody gives or takes")),
        "{plan:?}"
    );
}

#[test]
fn who_comes_to_do_everything_does_so_before_another_ceases_and_ones_own_end_is_the_last_step() {
    let mut old = some();
    let all = Permissions::ALL.names();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    old.roles.as_mut().unwrap().push(role("Owner", &all));
    let mut new = old.clone();
    new.users = Some(vec![]);
    new.operators = Some(vec![
        operator("anna", "auditor"),
        Operator { disabled: true, ..operator("root", "administrator") },
        operator("zeno", "Owner"),
    ]);
    old.operators =
        Some(vec![operator("anna", "administrator"), operator("root", "administrator"), operator("zeno", "auditor")]);
    let plan = Plan::of(&new.ordered(), &there(&old), true, false).unwrap();
    let told = told(&plan);
    let at =
        |what: &str| told.iter().position(|step| step.contains(what)).unwrap_or_else(|| panic!("{what}: {told:?}"));
    assert!(at("operator zeno") < at("operator anna"), "{told:?}");
    assert_eq!(at("operator root"), told.len() - 1, "{told:?}");
}

#[test]
fn no_more_is_looked_at_than_the_files_are_about() {
    let only = Content { settings: [("lockout", lockout(3))].into(), ..Content::default() };
    let (some, all) = (Wanted::of(&only), Wanted::all());
    assert_ne!(some, all);
    assert_eq!(Wanted::of(&Content { settings: [("lockout", lockout(3))].into(), ..Content::default() }), some);
    let operators = Content { operators: Some(vec![]), ..Content::default() };
    let roles_too = Content { roles: Some(vec![]), operators: Some(vec![]), ..Content::default() };
    assert_eq!(Wanted::of(&operators), Wanted::of(&roles_too), "operators have roles");
}

#[test]
fn what_hangs_on_a_step_is_not_done_without_it() {
    let empty = Content {
        settings: [("lockout", lockout(4)), ("self_provisioning", self_provisioning(&[]))].into(),
        operators: Some(vec![operator("olga", "administrator")]),
        ..Content::default()
    };
    let plan = Plan::of(&some().ordered(), &there(&empty), false, true).unwrap();
    let hang = |what: &str| -> Vec<String> {
        let other = plan.steps.iter().find(|step| step.told(&PLAIN).starts_with(what)).unwrap();
        let hang = plan.steps.iter().filter(|step| step.hangs_on(other));
        hang.map(|step| step.told(&PLAIN).lines().next().unwrap().to_owned()).collect()
    };
    assert_eq!(hang("+ group Sales"), ["~ group Sales", "+ user bob", "~ settings self_provisioning"]);
    assert_eq!(hang("+ role Token desk"), ["+ operator hugo"]);
    assert_eq!(hang("~ settings"), [] as [&str; 0]);
    // Somebody who may care for settings alone does those that name no group of theirs.
    let may = there::permissions(["self_provisioning:edit", "access_policies:edit"]);
    let own = Own { name: "sue".to_owned(), role: "x9".to_owned(), may };
    let mut new = some();
    new.settings.insert("lockout", lockout(7));
    let plan = Plan::of(&new.ordered(), &There { own, ..there(&empty) }, false, true).unwrap();
    assert_eq!(told(&plan), ["~ settings lockout\n    ~ account_failures: 4 → 7"]);
    assert!(
        plan.notes
            .iter()
            .any(|note| note.said.ends_with("settings self_provisioning: left out, since what it hangs on is"))
    );
}
