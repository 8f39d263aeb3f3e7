//! The console's pages of rules that provision by group.

use doorward_api::operator::Role;
use doorward_api::provisioning::{EntryStatus, ProvisioningEntry};
use doorward_api::settings::{ProvisioningRule, ProvisioningRules};
use doorward_api::{EventKind, GroupId, GroupRef, UserId};
use doorward_fakes::Provisioned;
use http::StatusCode;

use super::console_world::{Browser, Console, all_in, send, stored, words};
use super::world::Told;

const HERE: &str = "/provisioning/rules";
const NEW: &str = "/provisioning/rules/new";

fn rule(group: &str) -> ProvisioningRule {
    ProvisioningRule { group: GroupId::from(group), stop_days: 10, take: true, note: String::new() }
}

fn set(console: &Console, rules: Vec<ProvisioningRule>) {
    console.store.with(|rows| rows.set(&ProvisioningRules { rules }));
}

fn groups(console: &Console) -> Vec<String> {
    stored::<ProvisioningRules>(console).rules.into_iter().map(|rule| rule.group.to_string()).collect()
}

async fn fill(browser: &Browser<'_>, path: &str, changes: &[(&str, Option<&str>)]) -> Told {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
    send(browser, &page, path, changes).await
}

async fn confirm(browser: &Browser<'_>, page: &Told, path: &str) -> Told {
    send(browser, page, path, &[("confirmed", Some("on"))]).await
}

#[tokio::test]
async fn nothing_is_changed_before_it_was_shown_whom_it_affects() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(HERE).await;
    all_in(&page.body, &["There are no rules:", &format!("href=\"{NEW}\""), "Nothing has been changed yet."]);
    let typed = [("rule.group", Some("staff")), ("rule.stop_days", Some("5")), ("rule.note", Some("Welcome <b>"))];
    let shown = fill(&olga, NEW, &typed).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    all_in(&words(&shown), &["Who is affected", "Gets a token", "alice"]);
    assert_eq!(groups(&console), [] as [&str; 0], "it is only shown");
    let again = send(&olga, &shown, NEW, &[("again", Some("on"))]).await;
    all_in(&again.body, &["value=\"Welcome &lt;b&gt;\"", "value=\"5\"", "value=\"staff\""]);

    let told = confirm(&olga, &shown, NEW).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/provisioning/rules?done=saved"));
    let expected = ProvisioningRule { stop_days: 5, note: "Welcome <b>".into(), ..rule("g-staff") };
    assert_eq!(stored::<ProvisioningRules>(&console).rules, [expected]);
    let page = olga.get(told.location()).await;
    all_in(
        &words(&page),
        &["Saved.", "staff", "5 days to enrol · whoever leaves loses what the rule gave", "Rule none → staff"],
    );
    let changed = |kind| console.store.with(|rows| rows.events.iter().filter(|event| event.kind == kind).count());
    assert_eq!(changed(EventKind::ProvisioningRulesChanged), 1);
    let group = olga.get("/groups/g-staff").await;
    all_in(&group.body, &["A provisioning rule goes by it."]);
}

#[tokio::test]
async fn rules_are_edited_moved_and_removed_and_one_that_comes_too_late_is_told() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    set(&console, vec![rule("g-staff"), rule("g-gone")]);
    let list = olga.get(HERE).await;
    all_in(&list.body, &["/1/down", "/2/up", "names a group that was deleted"]);
    assert!(!list.body.contains("/1/up") && !list.body.contains("/2/down"));

    let path = format!("{HERE}/2/up");
    let shown = olga.get(&path).await;
    assert_eq!(confirm(&olga, &shown, &path).await.status, StatusCode::SEE_OTHER);
    assert_eq!(groups(&console), ["g-gone", "g-staff"]);
    let late = confirm(&olga, &shown, &path).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    all_in(&words(&late), &["Somebody else", "Place"]);

    let path = format!("{HERE}/2/edit");
    let shown = fill(&olga, &path, &[("rule.take", None)]).await;
    assert_eq!(confirm(&olga, &shown, &path).await.status, StatusCode::SEE_OTHER);
    assert!(!stored::<ProvisioningRules>(&console).rules[1].take);
    let path = format!("{HERE}/1/remove");
    let shown = olga.get(&path).await;
    assert_eq!(confirm(&olga, &shown, &path).await.status, StatusCode::SEE_OTHER);
    assert_eq!(groups(&console), ["g-staff"]);
    for nothing in ["/2/edit", "/1/up", "/0/edit", "/x/edit", "/1/nothing"] {
        assert_eq!(olga.get(&format!("{HERE}{nothing}")).await.status, StatusCode::NOT_FOUND, "{nothing}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    set(&console, vec![rule("g-staff")]);
    for (field, value, said) in [
        ("rule.group", "nobody", "id=\"rule.group-error\""),
        ("rule.group", "staff", "id=\"rule.group-error\""),
        ("rule.group", "", "id=\"rule.group-error\""),
        ("rule.stop_days", "91", "id=\"rule.stop_days-error\""),
        ("rule.stop_days", "", "id=\"rule.stop_days-error\""),
    ] {
        let told = fill(&olga, NEW, &[("rule.note", Some("kept")), (field, Some(value))]).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        all_in(&told.body, &[said, "value=\"kept\""]);
    }
    assert_eq!(groups(&console), ["g-staff"]);
}

#[tokio::test]
async fn an_auditor_sees_the_rules_and_no_way_to_change_them() {
    let console = Console::start();
    set(&console, vec![rule("g-staff")]);
    let _olga = console.signed_in("olga", Role::Administrator).await;
    let arno = console.signed_in("arno", Role::Auditor).await;
    let page = arno.get(HERE).await;
    all_in(&page.body, &["staff", "10 days to enrol"]);
    assert!(!page.body.contains(NEW) && !page.body.contains("/1/edit"));
}

/// North lies in Sales, Sales has a rule, and its mails have gone to these users, who are in North.
fn north_in_sales(console: &Console, users: &[&str]) {
    console.group("g-sales", "sales");
    console.group("g-north", "north");
    set(console, vec![rule("g-sales")]);
    console.store.with(|rows| {
        rows.nests.push(("g-north".into(), "g-sales".into()));
        for name in users {
            let user = rows.users.iter_mut().find(|user| user.name == **name).unwrap();
            user.groups.push(GroupRef { id: "g-north".into(), name: "north".into() });
            let entry = ProvisioningEntry {
                task: 1,
                user: user.id.clone(),
                name: user.name.clone(),
                display_name: String::new(),
                status: EntryStatus::Active,
                skipped: None,
                fails: 0,
                token: None,
                mailed_at: None,
                opened_at: None,
            };
            rows.provisioned.push(Provisioned { entry, link: None, rule: Some("g-sales".into()) });
        }
    });
}

#[tokio::test]
async fn what_rules_do_when_a_group_lies_no_longer_in_theirs_is_shown_before() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    north_in_sales(&console, &["alice", "bob"]);
    let delete = olga.get("/groups/g-north/delete").await;
    all_in(&words(&delete), &["only by this one keeps for good what the rule gave"]);
    let path = "/groups/g-north/remove-parent";
    let shown = olga.get(&format!("{path}?into=g-sales")).await;
    all_in(&words(&shown), &["takes what it gave from 2 users."]);
    assert_eq!(console.store.with(|rows| rows.nests.len()), 1, "it is only shown");
    let told = send(&olga, &shown, path, &[]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER);
    assert_eq!(console.store.with(|rows| rows.nests.len()), 0);

    console.store.with(|rows| rows.nests.push(("g-north".into(), "g-staff".into())));
    for path in ["/groups/g-north/delete", "/groups/g-north/remove-parent?into=g-staff"] {
        let page = olga.get(path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("what it gave") && !page.body.contains("what the rule gave"), "{path}");
    }
}

#[tokio::test]
async fn what_a_rule_takes_from_somebody_is_shown_before_their_record_is_saved() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    north_in_sales(&console, &["alice"]);
    let path = "/users/u-alice/edit";
    let in_north = || {
        console.store.with(|rows| {
            let alice = rows.users.iter().find(|user| user.id == UserId::from("u-alice")).unwrap();
            alice.groups.iter().any(|group| group.id.as_str() == "g-north")
        })
    };
    let form = olga.get(path).await;
    let shown = send(&olga, &form, path, &[("group.g-north", None), ("display_name", Some("Alice A."))]).await;
    assert_eq!((shown.status, in_north()), (StatusCode::OK, true), "{}", shown.body);
    all_in(&words(&shown), &["A provisioning rule takes back the mail by which they could still enrol."]);
    all_in(&shown.body, &["value=\"Alice A.\"", "name=\"leaves\" value=\"g-north\""]);
    let told = send(&olga, &shown, path, &[]).await;
    assert_eq!((told.status, in_north()), (StatusCode::SEE_OTHER, false));

    // Where no rule takes anything, it is saved at once.
    console.store.with(|rows| rows.provisioned.clear());
    let form = olga.get(path).await;
    let told = send(&olga, &form, path, &[("group.g-staff", None)]).await;
    assert_eq!(told.status, StatusCode::SEE_OTHER);
}
