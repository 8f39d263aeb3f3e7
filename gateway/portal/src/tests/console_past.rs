//! Reports and logs in the console, over ports in memory.

use doorward_api::operator::Role;
use doorward_api::settings::{Day, EnrolmentRule, EnrolmentRules, ExtraProof};
use doorward_api::{AuditEvent, EventContext, EventKind, FlowId, UserId};
use http::StatusCode;

use super::console_world::{Console, words};

/// Something of an enrolment of alice.
fn happens(console: &Console, flow: &str, kind: EventKind) {
    let context = EventContext {
        flow: Some(FlowId::new(flow)),
        user: Some(UserId::new("u-alice")),
        used_name: Some("=cmd|x".into()),
        ..EventContext::default()
    };
    let event = AuditEvent::new(kind, context).with("serial", "DW-1").with(
        "changes",
        serde_json::json!([
            {"field": "length", "old": 6, "new": "<b>8"}
        ]),
    );
    console.store.with(|rows| rows.events.push(event));
}

#[tokio::test]
async fn the_audit_log_is_looked_through_and_its_address_is_the_page() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    happens(&console, "f1", EventKind::TokenAssigned);
    let page = olga.get("/logs/audit?event=token_assigned&user=alice&tz=Europe/Berlin").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("<code translate=\"no\">TOKEN_ASSIGNED</code>"));
    assert!(
        page.body.contains(
            "<del><bdi>6</bdi></del> <span class=\"to\" aria-hidden=\"true\">→</span> <ins><bdi>&lt;b&gt;8</bdi></ins>"
        ),
        "{}",
        page.body
    );
    assert!(page.body.contains("href=\"/tokens?serial=DW-1\""));
    assert!(
        page.body.contains("href=\"/logs/audit?transaction=f1&amp;order=oldest&amp;tz=Europe%2FBerlin\""),
        "{}",
        page.body
    );
    let permalink = "href=\"/logs/audit?event=token_assigned&amp;user=alice&amp;tz=Europe%2FBerlin\"";
    assert!(page.body.contains(permalink), "{}", page.body);
    assert!(page.body.contains("Times are those of <bdi>Europe/Berlin</bdi>."));
    let nothing = olga.get("/logs/audit?serial=none").await;
    assert!(nothing.body.contains("Nothing was found."));
}

#[tokio::test]
async fn the_audit_log_names_groups_and_what_each_record_is_about() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let by = || EventContext { operator: Some("olga".into()), ..EventContext::default() };
    let rules = serde_json::json!([{"field": "rules", "old": [], "new": [{"group": "g-staff", "stop_days": 10}]}]);
    let event = AuditEvent::new(EventKind::ProvisioningRulesChanged, by());
    let settings = event.with("operationObjectType", "provisioning_rules").with("changes", rules);
    let task = AuditEvent::new(EventKind::ProvisioningTaskCreated, by()).with("taskId", 7).with("group", "g-staff");
    let file = AuditEvent::new(EventKind::LogExported, by()).with("name", "audit_log");
    let act = AuditEvent::new(EventKind::ApprovalGiven, by()).with("act", "export").with("approvalId", "a-1");
    console.store.with(|rows| rows.events.extend([settings, task, file, act]));
    let page = olga.get("/logs/audit").await;
    let said = words(&page);
    for part in [
        "Settings Provisioning Rules",
        "{&quot;group&quot;:&quot;staff&quot;",
        "Task 7",
        "staff (g-staff)",
        "Log Audit log",
        "Approval Download",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(page.body.contains("href=\"/provisioning/7\"") && page.body.contains("href=\"/approvals/a-1\""));
    assert!(page.body.contains("<option value=\"PROVISIONING_TASK_CREATED\"></option>"), "events are offered");
}

#[tokio::test]
async fn where_records_were_cut_the_pages_say_from_when_there_are_some() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    for (path, said) in [
        ("/logs/audit?tz=Europe/Berlin", "The records begin on"),
        ("/reports/enrolments?all=on&tz=Europe/Berlin", "Enrolments that ended before"),
    ] {
        console.store.with(|rows| rows.trail_begins = None);
        assert!(!olga.get(path).await.body.contains(said), "{path}");
        let begins = doorward_api::Timestamp::parse("2025-10-20T22:30:00Z");
        console.store.with(|rows| rows.trail_begins = begins);
        let page = olga.get(path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains(said) && page.body.contains("2025-10-21 00:30:00"), "{path}: {}", page.body);
    }
}

#[tokio::test]
async fn what_is_wrong_with_what_is_looked_for_is_said_at_its_field() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let page = olga.get("/logs/audit?from=monday&user=nobody&tz=Mars").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["from", "user", "tz"] {
        assert!(page.body.contains(&format!("<a href=\"#{field}\">")), "{field}");
        assert!(page.body.contains(&format!("aria-describedby=\"{field}-error\" aria-invalid=\"true\"")), "{field}");
    }
    assert!(page.body.contains("value=\"monday\""), "what was typed is there still");
    assert!(!page.body.contains("/logs/audit.csv"), "what cannot be read is not offered as a file");
    let named = ["<a href=\"#from\">From: ", "<a href=\"#user\">User: ", "<a href=\"#tz\">Time zone: "];
    let places: Vec<Option<usize>> = named.iter().map(|said| page.body.find(said)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {}", page.body);
    // A file may have to wait for another operator: its link leads to a page then, which is no file.
    assert!(!olga.get("/logs/audit").await.body.contains(" download"));
    assert_eq!(olga.get("/logs/audit.csv?tz=Mars").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_history_begins_with_whatever_was_begun_in_the_last_days() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    for kind in
        [EventKind::SelfProvisioningOffered, EventKind::AddAuthenticatorSelected, EventKind::EnrollmentConfirmed]
    {
        happens(&console, "f1", kind);
    }
    happens(&console, "f2", EventKind::SelfProvisioningOffered);
    let page = olga.get("/reports/enrolments").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("<option value=\"self_provisioning\">"), "it can be asked for, and is not at first");
    assert!(
        page.body.contains("name=\"from\" autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\" value=\"20")
    );
    assert!(page.body.contains("<span class=\"result good\">Confirmed</span>"));
    assert!(page.body.contains("href=\"/users/u-alice\"") && page.body.contains("<dd>100.0%</dd>"));
    assert!(!page.body.contains(">Offered</span>"));
    assert!(page.body.contains("<th scope=\"col\">Offered or started</th>") && page.body.contains("<dt>Started</dt>"));
    assert!(!page.body.contains("<option value=\"operator\""), "there is never anything to be found of it");
    let asked = olga.get("/reports/enrolments?initiated_by=operator").await;
    assert!(asked.body.contains("<option value=\"operator\" selected>"), "unless the address says so");
    let all = olga.get("/reports/enrolments?from=&initiated_by=&offered=true").await;
    assert!(all.body.contains(">Offered</span>") && all.body.contains("<option value=\"self_provisioning\">"));
    let emptied = olga.get("/reports/enrolments?from=&initiated_by=").await;
    assert!(emptied.body.contains("href=\"/reports/enrolments?all=on\""), "{}", emptied.body);
    assert!(
        !olga.get("/reports/enrolments?all=on").await.body.contains("<option value=\"self_provisioning\" selected>")
    );
}

#[tokio::test]
async fn the_funnel_and_who_is_missing_are_charts_with_tables() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    let rule = EnrolmentRule {
        name: "Staff <1>".into(),
        groups: vec!["g-staff".into()],
        percentage: 100,
        starts_on: None,
        deadline: Day::parse("2020-01-31"),
        proof: ExtraProof::None,
        probation_hours: 0,
    };
    console.store.with(|rows| rows.set(&EnrolmentRules { rules: vec![rule] }));
    happens(&console, "f1", EventKind::SelfProvisioningOffered);
    happens(&console, "f1", EventKind::AddAuthenticatorSelected);
    let page = olga.get("/reports/funnel").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.body.matches("<svg class=\"chart\"").count(), 2);
    assert_eq!(page.body.matches("<table class=\"past\">").count(), 2, "a table under each");
    assert!(page.body.contains("Rule Staff &lt;1&gt;") && page.body.contains("2020-01-31"), "{}", page.body);
    assert!(page.body.contains(">over</strong>"));
    let who = olga.get("/reports/missing?of=rule.0").await;
    for name in ["alice", "bob", "carol"] {
        assert!(who.body.contains(&format!("href=\"/users/u-{name}\"")), "{name}");
    }
    assert_eq!(olga.get("/reports/missing?of=nonsense").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_is_taken_away_in_either_form_and_that_is_recorded() {
    let console = Console::start();
    let olga = console.signed_in("olga", Role::Administrator).await;
    happens(&console, "f1", EventKind::AddAuthenticatorSelected);
    let csv = olga.get("/logs/audit.csv?transaction=f1").await;
    assert_eq!((csv.status, csv.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8; header=present"));
    assert!(csv.body.contains(",\"'=cmd|x\","), "{}", csv.body);
    let json = olga.get("/reports/enrolments.json").await;
    let rows: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(rows[0]["transaction"], "f1");
    let kinds = console.store.kinds();
    assert!(kinds.ends_with(&[EventKind::LogExported, EventKind::ReportRun]), "{kinds:?}");
}
