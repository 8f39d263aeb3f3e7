//! The console's pages of enrolment: rules, those who wait for an approval, and what is granted to somebody.

use std::net::IpAddr;
use std::time::Duration;

use doorward_api::mail::MailKind;
use doorward_api::operator::Role;
use doorward_api::settings::{Day, EnrolmentRule, EnrolmentRules, ExtraProof, SettingKind};
use doorward_api::{EventKind, Grant, GrantDetails, GrantState, GroupId, UserId};
use doorward_fakes::now;
use http::StatusCode;

use super::console_world::{Browser, Console, PASSWORD, all_in, send, stored, words};
use super::world::Told;

const RULES: &str = "/settings/enrolment-rules";
const NEW: &str = "/settings/enrolment-rules/new";
const PROVISIONING: &str = "/settings/self-provisioning";
const REQUESTS: &str = "/enrolment-requests";

/// A rule for everybody, which asks for nothing.
fn rule(name: &str) -> EnrolmentRule {
    EnrolmentRule {
        name: name.into(),
        groups: Vec::new(),
        percentage: 100,
        starts_on: None,
        deadline: None,
        proof: ExtraProof::None,
        probation_hours: 0,
    }
}

fn set(console: &Console, rules: Vec<EnrolmentRule>) {
    console.store.with(|rows| rows.set(&EnrolmentRules { rules }));
}

fn names(console: &Console) -> Vec<String> {
    stored::<EnrolmentRules>(console).rules.into_iter().map(|rule| rule.name).collect()
}

/// Opens a form, changes some fields, and sends it.
async fn fill(browser: &Browser<'_>, path: &str, changes: &[(&str, Option<&str>)]) -> Told {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
    send(browser, &page, path.split('?').next().unwrap(), changes).await
}

/// Alice has asked for an approval.
fn alice_asks(console: &Console) {
    let details = GrantDetails {
        address: Some(IpAddr::from([192, 0, 2, 7])),
        user_agent: "Mozilla/5.0 <b>".into(),
        ..GrantDetails::default()
    };
    grant(console, GrantState::Asked, details);
}

fn grant(console: &Console, state: GrantState, details: GrantDetails) {
    let user = UserId::from("u-alice");
    let grant = Grant { user: user.clone(), state, at: now(), expires_at: now() + Duration::from_hours(24), details };
    console.store.with(|rows| rows.grants.insert(user, grant));
}

fn state(console: &Console) -> Option<GrantState> {
    console.store.with(|rows| rows.grants.get(&UserId::from("u-alice")).map(|grant| grant.state))
}

fn asks_for_approval() -> EnrolmentRule {
    EnrolmentRule { proof: ExtraProof::OperatorApproval, ..rule("Staff") }
}

#[tokio::test]
async fn rules_are_added_changed_moved_and_taken_away() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(RULES).await;
    all_in(&page.body, &["There are no rules:", &format!("href=\"{NEW}\""), "Nothing has been changed yet."]);

    let staff = [
        ("rule.name", Some("Staff")),
        ("group_add", Some("staff")),
        ("rule.percentage", Some("25")),
        ("rule.deadline", Some("2026-12-24")),
        ("rule.proof", Some("trusted_network")),
        ("rule.networks", Some("10.0.0.0/8\r\n\r\n 192.0.2.1 ")),
        ("rule.probation_hours", Some("48")),
    ];
    let told = fill(&olga, NEW, &staff).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/settings/enrolment-rules?saved"));
    let networks = ["10.0.0.0/8", "192.0.2.1/32"].map(|network| network.parse().unwrap()).to_vec();
    let expected = EnrolmentRule {
        groups: vec![GroupId::from("g-staff")],
        percentage: 25,
        deadline: Day::parse("2026-12-24"),
        proof: ExtraProof::TrustedNetwork(networks),
        probation_hours: 48,
        ..rule("Staff")
    };
    assert_eq!(stored::<EnrolmentRules>(&console).rules, [expected]);
    let page = olga.get(told.location()).await;
    let said = words(&page);
    all_in(
        &said,
        &[
            "Saved.",
            "staff · 25 % of them · may be put off until 2026-12-24 · only from 10.0.0.0/8 , 192.0.2.1/32 · 48 h on probation",
            "olga",
            "Rule none → Staff",
            "Staff : Groups none → staff",
            "Staff : Extra proof none → A trusted network",
        ],
    );

    assert_eq!(fill(&olga, NEW, &[("rule.name", Some("Guests"))]).await.location(), format!("{RULES}?saved"));
    let list = olga.get(RULES).await;
    let moved = send(&olga, &list, &format!("{RULES}/2/up"), &[]).await;
    assert_eq!(
        (moved.location(), names(&console)),
        ("/settings/enrolment-rules?saved", vec!["Guests".into(), "Staff".into()])
    );
    let list = olga.get(moved.location()).await;
    all_in(&words(&list), &["Guests : Place 2 → 1"]);
    assert!(!list.body.contains("/1/up\"") && !list.body.contains("/2/down\""));
    send(&olga, &list, &format!("{RULES}/1/down"), &[]).await;
    assert_eq!(names(&console), ["Staff", "Guests"]);

    let unchanged = fill(&olga, &format!("{RULES}/1/edit"), &[]).await;
    assert_eq!(unchanged.location(), format!("{RULES}?unchanged"), "{}", unchanged.body);
    let changed =
        fill(&olga, &format!("{RULES}/1/edit"), &[("rule.name", Some("All staff")), ("group.g-staff", None)]).await;
    all_in(
        &words(&olga.get(changed.location()).await),
        &["All staff : Name Staff → All staff", "Groups staff → everybody"],
    );

    let page = olga.get(&format!("{RULES}/1/remove")).await;
    all_in(&page.body, &["class=\"danger\"", "<bdi>All staff</bdi>", "come to the next rule that fits them"]);
    let gone = send(&olga, &page, &format!("{RULES}/1/remove"), &[]).await;
    assert_eq!((gone.location(), names(&console)), ("/settings/enrolment-rules?saved", vec!["Guests".to_owned()]));
    let recorded =
        console.store.with(|rows| rows.events.iter().filter(|e| e.kind == EventKind::EnrolmentRulesChanged).count());
    assert_eq!(recorded, 6);
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_said_at_its_field_and_nothing_that_was_typed_is_lost() {
    let console = Console::start();
    set(&console, vec![rule("Guests")]);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let typed = [
        ("rule.name", Some("GUESTS")),
        ("rule.percentage", Some("<half>")),
        ("rule.starts_on", Some("2026-12-02")),
        ("rule.deadline", Some("2026-12-01")),
        ("rule.proof", Some("trusted_network")),
        ("rule.networks", Some("10.0.0.0/8\r\n10.1.2.3/8\r\n<office>")),
        ("rule.probation_hours", Some("721")),
        ("group.g-staff", Some("on")),
    ];
    let told = fill(&olga, NEW, &typed).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(
        &told.body,
        &[
            "<a href=\"#rule.name\">Name: This is given twice.</a>",
            "<a href=\"#rule.percentage\">Percentage: This must be a whole number from 1 to 100.</a>",
            "<a href=\"#rule.deadline\">Deadline: This must not be before “First day”.</a>",
            "<a href=\"#rule.networks\">Networks: “<bdi>10.1.2.3/8</bdi>” names a computer and not a network. The network is <bdi>10.0.0.0/8</bdi>.</a>",
            "<a href=\"#rule.networks\">Networks: “<bdi>&lt;office&gt;</bdi>” is neither a network, such as 10.0.0.0/8, nor an address.</a>",
            "<a href=\"#rule.probation_hours\">Probation: This must be a whole number from 0 to 720.</a>",
            "id=\"rule.name-error\"",
            "value=\"GUESTS\"",
            "value=\"&lt;half&gt;\"",
            "10.1.2.3/8\r\n&lt;office&gt;</textarea>",
            "name=\"group.g-staff\" value=\"on\" checked",
            "<title>Error – Add a rule",
        ],
    );
    assert_eq!(names(&console), ["Guests"]);
    let put_right = [
        ("rule.name", Some("Staff")),
        ("rule.percentage", Some("50")),
        ("rule.deadline", Some("")),
        ("rule.networks", Some("10.0.0.0/8")),
        ("rule.probation_hours", Some("720")),
    ];
    assert_eq!(send(&olga, &told, NEW, &put_right).await.location(), format!("{RULES}?saved"));
    assert_eq!(names(&console), ["Guests", "Staff"]);

    let renamed = fill(&olga, &format!("{RULES}/1/edit"), &[("rule.name", Some("staff"))]).await;
    all_in(&renamed.body, &["<a href=\"#rule.name\">Name: This is given twice.</a>", "value=\"staff\""]);
    let none = fill(&olga, &format!("{RULES}/1/edit"), &[("rule.proof", Some("trusted_network"))]).await;
    all_in(&none.body, &["<a href=\"#rule.networks\">Networks: This must be given.</a>"]);
}

#[tokio::test]
async fn groups_of_a_rule_are_added_by_name_and_one_that_was_deleted_is_flagged() {
    let console = Console::start();
    console.group("g-pilot", "pilot <1>");
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get(NEW).await;
    all_in(&page.body, &["<option value=\"pilot &lt;1&gt;\">", "<option value=\"staff\">"]);
    let (name, choose) = (("rule.name", Some("Typed")), ("choose", Some("group")));
    let unknown = send(&olga, &page, NEW, &[name, ("group_add", Some("nobody's"))]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(
        &unknown.body,
        &[
            "<a href=\"#rule.groups\">Groups: There is no group of this name.</a>",
            "value=\"Typed\"",
            "value=\"nobody&#39;s\"",
        ],
    );
    let shown = send(&olga, &unknown, NEW, &[choose, ("group_add", Some("pilot <1>"))]).await;
    assert_eq!((shown.status, names(&console).len()), (StatusCode::OK, 0));
    all_in(&shown.body, &["name=\"group.g-pilot\"", "value=\"Typed\""]);
    let twice = send(&olga, &shown, NEW, &[choose, ("group_add", Some("pilot <1>"))]).await;
    assert_eq!(twice.body.matches("name=\"group.g-pilot\"").count(), 1);
    send(&olga, &twice, NEW, &[]).await;
    assert_eq!(stored::<EnrolmentRules>(&console).rules[0].groups, [GroupId::from("g-pilot")]);

    let group = olga.get("/groups/g-pilot").await;
    all_in(&group.body, &["The enrolment rule “<bdi>Typed</bdi>” names this group.", &format!("href=\"{RULES}\"")]);
    all_in(
        &olga.get("/groups/g-pilot/delete").await.body,
        &["The enrolment rule “<bdi>Typed</bdi>” names this group."],
    );
    console.store.with(|rows| rows.groups.clear());
    for path in [RULES, "/"] {
        let page = olga.get(path).await;
        all_in(&page.body, &["The enrolment rule “<bdi>Typed</bdi>” names a group that was deleted."]);
    }
    all_in(&olga.get(RULES).await.body, &["<bdi>g-pilot</bdi> <strong class=\"bad\">deleted</strong>"]);
    let kept = fill(&olga, &format!("{RULES}/1/edit"), &[("rule.percentage", Some("5"))]).await;
    assert_eq!(kept.location(), format!("{RULES}?saved"), "it may stay: {}", kept.body);
    assert_eq!(
        fill(&olga, &format!("{RULES}/1/edit"), &[("group.g-pilot", None)]).await.location(),
        format!("{RULES}?saved")
    );
    assert!(!olga.get("/").await.body.contains("names a group that was deleted"));
}

#[tokio::test]
async fn of_two_who_change_the_rules_the_second_is_told_and_loses_nothing() {
    let console = Console::start();
    set(&console, vec![rule("Guests"), rule("Staff")]);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let otto = console.signed_in("otto", Role::Administrator).await;
    let path = format!("{RULES}/2/edit");
    let (page_of_olga, page_of_otto) = (olga.get(&path).await, otto.get(&path).await);
    let list_of_otto = otto.get(RULES).await;
    send(&olga, &page_of_olga, &path, &[("rule.deadline", Some("2026-12-31"))]).await;
    let list = olga.get(RULES).await;
    send(&olga, &list, &format!("{RULES}/2/up"), &[]).await;

    let told = send(&otto, &page_of_otto, &path, &[("rule.percentage", Some("7"))]).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    all_in(&told.body, &["Somebody else was faster", "<dt>Deadline</dt><dd><bdi>2026-12-31</bdi></dd>", "value=\"7\""]);
    assert_eq!(names(&console), ["Staff", "Guests"], "nothing was overwritten");
    let again = send(&otto, &told, &format!("{RULES}/1/edit"), &[("rule.deadline", Some("2026-12-31"))]).await;
    assert_eq!(again.location(), format!("{RULES}?saved"), "the rule is known by its name, wherever it stands by now");
    let rules = stored::<EnrolmentRules>(&console).rules;
    assert_eq!(
        (rules[0].name.as_str(), rules[0].percentage, rules[0].deadline),
        ("Staff", 7, Day::parse("2026-12-31"))
    );
    assert_eq!(rules[1], rule("Guests"));

    // A button of a page that is out of date does nothing.
    let late = send(&otto, &list_of_otto, &format!("{RULES}/1/down"), &[]).await;
    assert_eq!((late.status, names(&console)), (StatusCode::CONFLICT, vec!["Staff".into(), "Guests".into()]));
    all_in(&words(&late), &["while you were looking at it, and nothing was done", "olga", "Staff : Place 2 → 1"]);

    // A rule that is gone can be added anew, as it was typed.
    let (edit, remove) = (otto.get(&format!("{RULES}/2/edit")).await, olga.get(&format!("{RULES}/2/remove")).await);
    send(&olga, &remove, &format!("{RULES}/2/remove"), &[]).await;
    let gone = send(&otto, &edit, &format!("{RULES}/2/edit"), &[("rule.percentage", Some("9"))]).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    all_in(&gone.body, &["<dt>Rule</dt><dd><span class=\"none\">none</span></dd>", "value=\"Guests\"", "value=\"9\""]);
    assert_eq!(send(&otto, &gone, NEW, &[]).await.location(), format!("{RULES}?saved"));
    assert_eq!(names(&console), ["Staff", "Guests"]);

    // So is a new one that somebody else was before.
    let (first, second) = (olga.get(NEW).await, otto.get(NEW).await);
    send(&olga, &first, NEW, &[("rule.name", Some("One"))]).await;
    let told = send(&otto, &second, NEW, &[("rule.name", Some("Two"))]).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    all_in(&told.body, &["<bdi>Staff, Guests, One</bdi>", "value=\"Two\""]);
    assert_eq!(send(&otto, &told, NEW, &[]).await.location(), format!("{RULES}?saved"));
    assert_eq!(names(&console), ["Staff", "Guests", "One", "Two"]);
}

#[tokio::test]
async fn who_may_only_look_sees_the_rules_and_no_forms() {
    let console = Console::start();
    set(&console, vec![rule("Guests"), rule("Staff")]);
    console.signed_in("olga", Role::Administrator).await;
    for (name, role) in [("anna", Role::Auditor), ("hugo", Role::HelpDesk)] {
        let browser = console.signed_in(name, role).await;
        let page = browser.get(RULES).await;
        all_in(&page.body, &["<bdi>Staff</bdi>", "cannot be put off"]);
        assert!(!page.body.contains(&format!("{RULES}/")), "{name}: {}", page.body);
        let csrf = page.hidden("csrf");
        for path in ["new", "1/edit", "1/remove", "2/up", "1/down"].map(|end| format!("{RULES}/{end}")) {
            assert_eq!(browser.get(&path).await.status, StatusCode::FORBIDDEN, "{name} {path}");
            let told = browser.post(&path, &[("csrf", &csrf), ("seen", "1"), ("rule.name", "X")]).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{name} {path}");
        }
    }
    assert_eq!(names(&console), ["Guests", "Staff"]);
    let nobody = console.browser().get(RULES).await;
    assert_eq!(nobody.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn there_is_no_way_to_what_cannot_be_done_to_a_rule() {
    let console = Console::start();
    set(&console, vec![rule("Guests"), rule("Staff")]);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let csrf = olga.get(RULES).await.hidden("csrf");
    for path in ["0/edit", "3/edit", "x/edit", "1/new", "1/copy", "1/up", "2/down", "18446744073709551615/down"] {
        let path = format!("{RULES}/{path}");
        assert_eq!(olga.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["1/up", "2/down", "3/remove"] {
        let told = olga.post(&format!("{RULES}/{path}"), &[("csrf", &csrf), ("seen", "1")]).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(names(&console), ["Guests", "Staff"]);
    let many = (0..50).map(|number| rule(&format!("Rule {number}"))).collect();
    set(&console, many);
    let full = olga.get(RULES).await;
    assert!(full.body.contains("There may be no more rules.") && !full.body.contains(NEW), "{}", full.body);
    let more = fill(&olga, NEW, &[("rule.name", Some("One more"))]).await;
    all_in(&more.body, &["At most 50 entries."]);
}

#[tokio::test]
async fn a_button_asks_for_a_proof_on_a_page_of_its_own() {
    let console = Console::start();
    set(&console, vec![rule("Guests"), rule("Staff")]);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let list = olga.get(RULES).await;
    console.later(11);
    let path = format!("{RULES}/2/up");
    let asked = send(&olga, &list, &path, &[]).await;
    assert_eq!((asked.status, names(&console)), (StatusCode::OK, vec!["Guests".into(), "Staff".into()]));
    all_in(&asked.body, &["Move the rule up", "<bdi>Staff</bdi>", "name=\"proof_password\""]);
    assert!(!asked.body.contains("id=\"notice\""), "nothing is wrong yet");
    let passcode = console.passcode("olga");
    let wrong = [("proof_password", Some("wrong")), ("proof_passcode", Some(passcode.as_str()))];
    let told = send(&olga, &asked, &path, &wrong).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("href=\"#proof\"") && names(&console) == ["Guests", "Staff"]);
    let right = [("proof_password", Some(PASSWORD)), ("proof_passcode", Some(passcode.as_str()))];
    assert_eq!(send(&olga, &told, &path, &right).await.location(), format!("{RULES}?saved"));
    assert_eq!(names(&console), ["Staff", "Guests"]);

    console.later(11);
    let told = fill(&olga, NEW, &[("rule.name", Some("Typed"))]).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    all_in(&told.body, &["href=\"#proof\"", "value=\"Typed\""]);
}

#[tokio::test]
async fn whoever_waits_is_listed_and_approved_from_the_list() {
    let console = Console::start();
    set(&console, vec![asks_for_approval()]);
    let olga = console.signed_in("olga", Role::Administrator).await;
    all_in(&olga.get(REQUESTS).await.body, &["Nobody waits for an approval."]);
    assert!(!olga.get("/").await.body.contains("waits for an approval"));
    alice_asks(&console);
    let start = olga.get("/").await;
    all_in(&start.body, &["One person waits for an approval.", &format!("href=\"{REQUESTS}\"")]);

    let anna = console.signed_in("anna", Role::Auditor).await;
    let seen = anna.get(REQUESTS).await;
    all_in(&words(&seen), &["alice", "from 192.0.2.7", "with Mozilla/5.0 &lt;b&gt;"]);
    assert!(!seen.body.contains("/approve") && !seen.body.contains("/refuse"), "{}", seen.body);

    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    let list = hugo.get(REQUESTS).await;
    let path = "/users/u-alice/approve";
    all_in(&list.body, &[&format!("href=\"{path}?from=requests\"")]);
    let page = hugo.get(&format!("{path}?from=requests")).await;
    all_in(
        &words(&page),
        &["Approve enrolment: alice", "from 192.0.2.7", "Make sure first that it is really they who ask."],
    );
    assert!(!page.body.contains("No enrolment rule asks"), "{}", page.body);
    let told = send(&hugo, &page, path, &[("reason", Some("met at the desk"))]).await;
    assert_eq!(told.location(), format!("{REQUESTS}?done=approved"));
    all_in(&hugo.get(told.location()).await.body, &["The enrolment was approved.", "Nobody waits for an approval."]);
    assert_eq!(state(&console), Some(GrantState::Approved));
    let mails = console.store.with(|rows| rows.mails.iter().map(|mail| mail.kind).collect::<Vec<_>>());
    assert_eq!(mails, [MailKind::EnrolmentApproved]);

    let page = hugo.get("/users/u-alice").await;
    all_in(&words(&page), &["Approved: one token may be added until", "By hugo", "met at the desk"]);
    assert!(!page.body.contains("/approve\"") && page.body.contains("/withdraw-grant\""), "{}", page.body);
    let gone = fill(&hugo, "/users/u-alice/withdraw-grant", &[]).await;
    assert_eq!((gone.location(), state(&console)), ("/users/u-alice?done=grant-withdrawn", None));
    let page = hugo.get(gone.location()).await;
    all_in(&page.body, &["What was granted was withdrawn.", "/users/u-alice/approve\""]);
    assert!(!page.body.contains("<dt>Enrolment</dt>") && !page.body.contains("/withdraw-grant\""));
    let ahead = fill(&hugo, path, &[]).await;
    assert_eq!(ahead.location(), "/users/u-alice?done=approved", "whoever comes from the user's page goes back there");
}

#[tokio::test]
async fn a_refusal_has_a_reason_that_the_user_is_shown() {
    let console = Console::start();
    set(&console, vec![asks_for_approval()]);
    alice_asks(&console);
    console.signed_in("olga", Role::Administrator).await;
    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    let path = "/users/u-alice/refuse?from=requests";
    let none = fill(&hugo, path, &[("reason", Some(" "))]).await;
    assert_eq!((none.status, state(&console)), (StatusCode::UNPROCESSABLE_ENTITY, Some(GrantState::Asked)));
    all_in(&none.body, &["<a href=\"#reason\">Reason: This must be given.</a>", &format!("href=\"{REQUESTS}\"")]);
    let told = send(&hugo, &none, "/users/u-alice/refuse", &[("reason", Some("please come by"))]).await;
    assert_eq!(told.location(), format!("{REQUESTS}?done=refused"));
    let page = hugo.get("/users/u-alice").await;
    all_in(&words(&page), &["Refused. It can be asked for again after", "By hugo", "please come by"]);
    assert_eq!(console.store.kinds().last(), Some(&EventKind::EnrollmentRefused));
}

#[tokio::test]
async fn what_another_operator_has_decided_is_not_undone_unseen() {
    let console = Console::start();
    set(&console, vec![asks_for_approval()]);
    alice_asks(&console);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    let path = "/users/u-alice/approve";
    let page = hugo.get(path).await;
    fill(&olga, "/users/u-alice/refuse", &[("reason", Some("a stranger"))]).await;
    let told = send(&hugo, &page, path, &[("reason", Some("typed"))]).await;
    assert_eq!((told.status, state(&console)), (StatusCode::CONFLICT, Some(GrantState::Refused)));
    all_in(&told.body, &["Somebody else has changed it meanwhile.", "value=\"typed\""]);
    send(&hugo, &told, path, &[]).await;
    assert_eq!(state(&console), Some(GrantState::Approved), "whoever has seen it may decide otherwise");
}

#[tokio::test]
async fn the_help_desk_gives_a_code_that_is_shown_once() {
    let console = Console::start();
    set(&console, vec![EnrolmentRule { proof: ExtraProof::HelpDeskCode, ..rule("Staff") }]);
    console.signed_in("olga", Role::Administrator).await;
    let anna = console.signed_in("anna", Role::Auditor).await;
    let hugo = console.signed_in("hugo", Role::HelpDesk).await;
    let path = "/users/u-alice/help-desk-code";
    assert!(
        hugo.get("/users/u-alice").await.body.contains(path) && !anna.get("/users/u-alice").await.body.contains(path)
    );
    assert_eq!(anna.get(path).await.status, StatusCode::FORBIDDEN);
    let none = fill(&hugo, path, &[]).await;
    all_in(&none.body, &["<a href=\"#reason\">Reason: This must be given.</a>"]);
    let given = send(&hugo, &none, path, &[("reason", Some("called back"))]).await;
    assert_eq!(given.status, StatusCode::OK);
    let code = given.body.split("id=\"secret\"").nth(1).unwrap().split(['>', '<']).nth(1).unwrap();
    assert_eq!((code.len(), code.find(' ')), ("7Q2M K94T".len(), Some(4)), "{code}");
    all_in(&given.body, &["The help-desk code", "href=\"/users/u-alice\""]);
    assert_eq!(state(&console), Some(GrantState::CodeGiven));
    let page = hugo.get("/users/u-alice").await;
    all_in(&words(&page), &["There is a code of the help desk, good until", "By hugo", "called back"]);
    assert!(!page.body.contains(code) && !page.body.contains(&code.replace(' ', "")));
    assert_eq!(console.store.kinds().last(), Some(&EventKind::HelpDeskCodeIssued));
}

#[tokio::test]
async fn what_no_rule_asks_for_is_not_offered_and_said_to_be_needless() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get("/users/u-alice").await;
    for task in ["approve", "refuse", "help-desk-code", "withdraw-grant"] {
        assert!(!page.body.contains(&format!("/users/u-alice/{task}\"")), "{task}");
    }
    for task in ["approve", "help-desk-code"] {
        let form = olga.get(&format!("/users/u-alice/{task}")).await;
        all_in(
            &form.body,
            &["No enrolment rule asks the user for this as things stand.", &format!("href=\"{RULES}\"")],
        );
    }
    let csrf = page.hidden("csrf");
    let nothing = olga.post("/users/u-alice/withdraw-grant", &[("csrf", &csrf)]).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_preview_says_on_which_terms_somebody_would_enrol() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let preview = async || {
        let page = olga.get(PROVISIONING).await;
        let told = olga.send(&page, &format!("{PROVISIONING}/preview"), &[("name", "alice")]).await;
        words(&told).split("Preview as user").nth(1).unwrap().split("Change log").next().unwrap().to_owned()
    };
    let bare = preview().await;
    assert!(bare.contains("Offered.") && !bare.contains("Rule"), "{bare}");

    let later = Day::parse("2099-12-24");
    let staff = EnrolmentRule {
        groups: vec!["g-staff".into()],
        deadline: later,
        proof: ExtraProof::HelpDeskCode,
        probation_hours: 48,
        ..rule("Staff")
    };
    set(&console, vec![staff.clone(), rule("Others")]);
    all_in(
        &preview().await,
        &["Rule: Staff", "staff · may be put off until 2099-12-24 · help desk’s code · 48 h on probation"],
    );
    all_in(&words(&olga.get("/users/u-alice").await), &["Rule: Staff"]);

    let networks = vec!["10.0.0.0/8".parse().unwrap()];
    let over = EnrolmentRule {
        deadline: Day::parse("2020-01-01"),
        proof: ExtraProof::TrustedNetwork(networks),
        ..staff.clone()
    };
    set(&console, vec![over]);
    all_in(&preview().await, &["cannot be put off · only from 10.0.0.0/8"]);

    set(&console, vec![EnrolmentRule { groups: vec!["g-other".into()], ..staff.clone() }]);
    all_in(&preview().await, &["Offered.", "Whoever none of the rules fits may enrol at once"]);

    set(&console, vec![EnrolmentRule { starts_on: later, ..staff }]);
    all_in(&preview().await, &["Not offered.", "The enrolment rule of the user begins 2099-12-24 00:00 UTC ."]);
}

#[tokio::test]
async fn a_passcode_alone_is_no_matter_where_every_rule_asks_for_more() {
    let otp_alone = r#"@id("wiki-otp") permit(principal, action, resource) when { context.authn.otp };"#;
    let console = Console::with(None, otp_alone);
    let olga = console.signed_in("olga", Role::Administrator).await;
    let start = async || olga.get("/").await.body;
    let told = start().await;
    all_in(&told, &["<bdi>wiki-otp</bdi>", &format!("href=\"{RULES}\">Look")]);
    let some = EnrolmentRule { groups: vec!["g-staff".into()], ..asks_for_approval() };
    set(&console, vec![some.clone()]);
    all_in(&start().await, &["<bdi>wiki-otp</bdi>"]);
    set(&console, vec![some.clone(), rule("Others")]);
    all_in(&start().await, &["<bdi>wiki-otp</bdi>"]);
    set(&console, vec![some, EnrolmentRule { proof: ExtraProof::HelpDeskCode, ..rule("Others") }, rule("Never asked")]);
    assert!(!start().await.contains("<bdi>wiki-otp</bdi>"));
}

#[tokio::test]
async fn mail_that_does_not_leave_needs_attention() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    assert!(!olga.get("/").await.body.contains("Mail has been waiting"));
    *console.late_mail.lock().unwrap() = Some(now());
    all_in(&olga.get("/").await.body, &["Mail has been waiting to leave since <time"]);
}

#[tokio::test]
async fn rules_that_were_never_set_leave_no_row() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    olga.get(RULES).await;
    olga.get(NEW).await;
    assert_eq!(console.store.with(|rows| rows.version_of(SettingKind::EnrolmentRules)), 0);
}
