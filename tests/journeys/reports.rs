//! The enrolment history and the audit log of a gateway that runs: after real enrolments the report says what its records say,
//! read here once more by another way; and its tables are read by Python's own reader.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::journeys::api::{Olga, ask, read};
use crate::journeys::first_light::{as_far_as_the_code, through_the_door};
use crate::world::{Gateway, Kept, browse, wrong};

/// What a spreadsheet would run.
const TRAP: &str = "=HYPERLINK(\"http://evil.test\",\"click\")";

/// An enrolment that is confirmed, one that is cancelled after a wrong code, one whose code is void.
fn three_enrolments(gateway: &Gateway) {
    let wiki = gateway.url("wiki", "/page");
    through_the_door(gateway, &mut gateway.visitor(), "alice", &wiki);
    let mut bob = gateway.visitor();
    let mut page = as_far_as_the_code(gateway, &mut bob, "bob", &wiki);
    let code = gateway.mail_to("bob@example.test").code();
    page = bob.type_code(&page, &wrong(&code, 1));
    let ended = bob.post_elsewhere(&page, "/signin/cancel", &[]);
    assert!(!ended.words().is_empty());
    let mut again = gateway.visitor();
    let mut page = as_far_as_the_code(gateway, &mut again, "bob", &wiki);
    let code = gateway.mail_to("bob@example.test").code();
    for nth in 1..=5 {
        page = again.type_code(&page, &wrong(&code, nth));
    }
}

/// All entries of a list.
fn all(gateway: &Gateway, with: &[(&str, &str)], path: &str) -> Vec<Value> {
    let told = ask(gateway, "GET", path, with, None);
    assert_eq!(told.status, 200, "{}", told.text());
    let told = read(&told);
    assert_eq!(told["next"], Value::Null);
    told["items"].as_array().unwrap().clone()
}

/// Rows of a table as Python's `csv` reads them.
fn as_python_reads(table: &[u8]) -> Vec<Value> {
    const PROGRAM: &str = "import csv, io, json, sys\n\
        text = io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8', newline='')\n\
        print(json.dumps(list(csv.DictReader(text, strict=True))))";
    let mut python = Command::new("python3")
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed (make test does so)");
    python.stdin.take().unwrap().write_all(table).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_report_says_what_its_records_say() {
    let kept = Kept::new();
    let gateway = kept.demo();
    three_enrolments(&gateway);
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let bearer = format!("Bearer {token}");
    let with = [("Authorization", bearer.as_str())];
    let rows = all(&gateway, &with, "/reports/enrolments");
    let results: Vec<&str> = rows.iter().map(|row| row["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["in_progress", "cancelled", "confirmed"], "the newest first");
    for row in &rows {
        let flow = row["transaction"].as_str().unwrap();
        let records = all(&gateway, &with, &format!("/audit/records?transaction={flow}&order=oldest"));
        let named = |name: &str| -> Vec<&Value> {
            records.iter().map(|one| &one["record"]).filter(|one| one["details"]["event"] == name).collect()
        };
        let (selected, sent) = (named("ADD_AUTHENTICATOR_SELECTED"), named("VERIFICATION_CODE_SENT"));
        assert_eq!(row["started_at"], selected[0]["timeStamp"]);
        assert_eq!(row["user_agent"], selected[0]["details"]["userAgent"]);
        assert_eq!(row["codes_sent"], json!(sent.len()));
        assert_eq!(row["wrong_codes"], json!(named("VERIFICATION_CODE_REJECTED").len()));
        assert_eq!(row["user"], selected[0]["context"]["usedName"]);
        assert_eq!(row["application"], selected[0]["context"]["applicationName"]);
        let (confirmed, cancelled) = (named("ENROLLMENT_CONFIRMED"), named("ENROLLMENT_CANCELLED"));
        assert_eq!(row["result"] == "confirmed", !confirmed.is_empty());
        assert_eq!(row["result"] == "cancelled", !cancelled.is_empty());
        let end = confirmed.first().or(cancelled.first()).map_or(&Value::Null, |record| &record["timeStamp"]);
        assert_eq!(&row["finished_at"], end);
        let issued = named("ACTIVATION_CODE_ISSUED");
        assert_eq!(&row["serial"], issued.first().map_or(&Value::Null, |record| &record["details"]["serial"]));
    }
    let totals = read(&ask(&gateway, "GET", "/reports/enrolments/totals", &with, None));
    assert_eq!((&totals["started"], &totals["completed"]), (&json!(3), &json!(1)));
    let funnel = read(&ask(&gateway, "GET", "/reports/funnel", &with, None));
    let reached: Vec<u64> =
        funnel["steps"].as_array().unwrap().iter().map(|step| step["reached"].as_u64().unwrap()).collect();
    assert_eq!(reached, [3, 3, 1, 1, 1, 1]);

    // The whole trail by its marker is the trail that the command line exports.
    let (mut after, mut read_by_marker) = (String::new(), Vec::new());
    loop {
        let told =
            read(&ask(&gateway, "GET", &format!("/audit/records?order=oldest&limit=7&after={after}"), &with, None));
        read_by_marker.extend(told["items"].as_array().unwrap().iter().map(|item| item["record"].clone()));
        let Some(next) = told["next"].as_str() else { break };
        after = next.to_owned();
    }
    let exported = kept.records();
    assert_eq!(read_by_marker[..], exported[..read_by_marker.len()]);
    kept.verifies();
}

#[test]
fn no_table_runs_anything() {
    let kept = Kept::new();
    let gateway = kept.demo();
    three_enrolments(&gateway);
    let token = Olga::becomes_administrator(&gateway).signs_in();
    let bearer = format!("Bearer {token}");
    let with = [("Authorization", bearer.as_str())];
    let body = json!({"name": TRAP, "display_name": "+1-555"});
    let made = ask(&gateway, "POST", "/users", &with, Some(&body));
    assert_eq!(made.status, 201, "{}", made.text());
    for path in ["/audit/records.csv?tz=Europe/Berlin", "/reports/enrolments.csv"] {
        let table = ask(&gateway, "GET", path, &with, None);
        assert_eq!(table.status, 200, "{}", table.text());
        let rows = as_python_reads(&table.body);
        assert!(rows.len() >= 3, "{path}: {rows:?}");
        for (name, cell) in rows.iter().flat_map(|row| row.as_object().unwrap()) {
            let cell = cell.as_str().unwrap_or_else(|| panic!("{path}: {name} is ragged"));
            assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{path}: {name}: {cell}");
        }
        let trapped = rows.iter().any(|row| row.as_object().unwrap().values().any(|cell| *cell == format!("'{TRAP}")));
        assert_eq!(trapped, path.starts_with("/audit"), "{path}");
    }
    let exports = all(&gateway, &with, "/audit/records?event=LOG_EXPORTED,REPORT_RUN");
    assert_eq!(exports.len(), 2);
}

#[test]
fn reports_and_logs_are_looked_at() {
    let gateway = Gateway::demo();
    three_enrolments(&gateway);
    let setup = gateway.first_administrator().expect("the banner names the link");
    browse(&gateway, "console-past", "console-past", json!({ "language": "en", "setup": setup }));
}
