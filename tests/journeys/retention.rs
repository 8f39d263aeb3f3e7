//! What is too old goes from the audit trail, at a signed checkpoint and nowhere else; whoever is killed while it goes leaves a
//! chain that can be verified.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::world::{Database, Installation, Ports, Served, exchange, faketime, until, words};

const DAY: u64 = 24 * 3600;

fn ends(output: &std::process::Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", words(output));
    words(output)
}

/// A gateway whose clock is so many days ahead.
fn days_ahead(installation: &Installation, days: u64) -> Served {
    let clock = installation.write("clock", &format!("+{}\n", days * DAY));
    let library = faketime();
    let environment = [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let served = installation.begin_with(Ports::free(), &environment);
    served.gateway.wait_ready();
    served
}

/// As if gateways had run for so many days, and seen them pass: nobody waits for that here.
fn days_have_passed(installation: &Installation, days: u64) {
    let seen = format!("CAST((unixepoch() + {}) * 1000 AS TEXT)", days * DAY);
    installation.sql(&format!("UPDATE meta SET value = {seen} WHERE name = 'confirmed_time'"));
}

fn stop(mut served: Served) {
    served.gateway.signal("TERM");
    served.gateway.gone_within(Duration::from_secs(20));
}

/// Appends so many records past the gateway, each as the store would.
fn append(installation: &Installation, records: u32) {
    const SCRIPT: &str = r#"
import hashlib, json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10)
seq, hash, at = db.execute("SELECT seq, hash, appended_at FROM audit_head").fetchone()
for _ in range(int(sys.argv[2])):
    seq += 1
    record = json.dumps({"category": "AUDIT", "context": {"tenantId": "default", "usedName": "alice"},
        "details": {"event": "AUTH_FAILURE", "type": "AUTHENTICATION"}, "id": f"default-{seq}", "logVersion": "1.0",
        "seq": seq, "timeStamp": sys.argv[3]}, separators=(",", ":"))
    prev, hash = hash, hashlib.sha256((hash + "\n" + record).encode()).hexdigest()
    db.execute("INSERT INTO audit_record VALUES ('default', ?, ?, ?, ?, ?)", (seq, at, prev, hash, record))
    db.execute("INSERT INTO audit_entry (virtual_server, seq, at, type, event) "
        "VALUES ('default', ?, ?, 'AUTHENTICATION', 'AUTH_FAILURE')", (seq, at))
db.execute("UPDATE audit_head SET seq = ?, hash = ?, entered = ?", (seq, hash, seq))
db.commit()
"#;
    let newest =
        installation.sql("SELECT json_extract(record, '$.timeStamp') FROM audit_record ORDER BY seq DESC LIMIT 1");
    let mut python = Command::new("python3")
        .args(["-", installation.store.strip_prefix("sqlite://").unwrap(), &records.to_string(), newest.trim()])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(SCRIPT.as_bytes()).unwrap();
    assert!(python.wait().unwrap().success());
}

fn number(installation: &Installation, sql: &str) -> i64 {
    installation.sql(sql).trim().parse().unwrap()
}

const FIRST: &str = "SELECT MIN(seq) FROM audit_record";

/// The record that tells of the newest cut.
fn told(installation: &Installation) -> Value {
    let record = installation
        .sql("SELECT record FROM audit_record WHERE record LIKE '%AUDIT_TRIMMED%' ORDER BY seq DESC LIMIT 1");
    serde_json::from_str(&record).unwrap_or_else(|_| panic!("{record:?}"))
}

fn cuts_told(installation: &Installation) -> i64 {
    number(installation, "SELECT COUNT(*) FROM audit_record WHERE record LIKE '%AUDIT_TRIMMED%'")
}

#[test]
fn records_go_when_they_are_too_old_and_what_is_left_can_be_verified_at_every_moment() {
    let installation = Installation::with_users(Database::Sqlite);
    append(&installation, 12_000);
    let served = installation.serve();
    until("all records are signed", || {
        std::fs::read_to_string(installation.path("checkpoints/default.jsonl"))
            .is_ok_and(|text| text.lines().count() > 12)
    });
    stop(served);
    let end = number(&installation, "SELECT seq FROM audit_head");
    let verified = ends(&installation.command(&["audit", "verify"], &[], ""), 0);
    assert!(verified.contains(&format!("{end} records hold")) && !verified.contains("begins at"), "{verified}");

    // Not yet.
    days_have_passed(&installation, 399);
    stop(days_ahead(&installation, 399));
    assert_eq!((number(&installation, FIRST), cuts_told(&installation)), (1, 0));

    // A clock says that it is time, at one start and at the next, and nobody has seen that time pass.
    for _ in 0..2 {
        let served = days_ahead(&installation, 401);
        served.gateway.wait_for_log("the clock is ahead of the time that gateways have seen pass");
        stop(served);
        assert_eq!((number(&installation, FIRST), cuts_told(&installation)), (1, 0));
    }

    // It has; and the gateway is killed while they go.
    days_have_passed(&installation, 401);
    let mut served = days_ahead(&installation, 401);
    until("the first of them are gone", || number(&installation, FIRST) > 1);
    served.gateway.signal("KILL");
    served.gateway.gone_within(Duration::from_secs(20));
    let begins = number(&installation, FIRST);
    let first_kept = told(&installation)["details"]["firstKept"].as_i64().unwrap();
    assert!(begins < first_kept, "it was killed in the middle: {begins} of {first_kept}");
    let verified = ends(&installation.command(&["audit", "verify"], &[], ""), 0);
    assert!(
        verified.contains(&format!("begins at record {begins}; what is older than record {first_kept} was cut at"))
    );

    let served = days_ahead(&installation, 401);
    until("all of them are gone", || number(&installation, FIRST) == first_kept);
    assert!(served.gateway.metric("doorward_audit_trimmed_records_total{virtual_server=\"default\"}") >= 1.0);
    assert_eq!(cuts_told(&installation), 1);
    stop(served);
    let verified = ends(&installation.command(&["audit", "verify"], &[], ""), 0);
    assert!(verified.contains(&format!("begins at record {first_kept}")), "{verified}");
    ends(&installation.command(&["check"], &[], ""), 0);

    // A backup of what is left is restored as any other.
    let backup = installation.path("backup");
    ends(&installation.command(&["backup"], &["--to", backup.to_str().unwrap()], ""), 0);
    let from = ["--from", backup.to_str().unwrap(), "--replace"];
    ends(&installation.command(&["restore"], &from, ""), 0);
    let verified = ends(&installation.command(&["audit", "verify"], &[], ""), 0);
    assert!(
        verified.contains(&format!("begins at record {first_kept}")) && verified.contains("restored at"),
        "{verified}"
    );

    // Somebody with the database takes away more than was said.
    let more = first_kept + 1;
    installation.sql(&format!("PRAGMA foreign_keys = ON; DELETE FROM audit_record WHERE seq <= {more}"));
    let verified = ends(&installation.command(&["audit", "verify"], &[], ""), 1);
    assert!(verified.contains(&format!("records {first_kept} to {more} were deleted")), "{verified}");
}

#[test]
fn what_was_appended_in_a_time_is_exported_and_the_export_is_on_record() {
    let installation = Installation::with_users(Database::Postgres);
    let all = installation.command(&["audit", "export"], &[], "");
    ends(&all, 0);
    let of = |lines: &std::process::Output| -> Vec<Value> {
        String::from_utf8_lossy(&lines.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = of(&all);
    let at = |record: &Value| record["timeStamp"].as_str().unwrap().to_owned();
    let (third, last) = (at(&all[2]), at(all.last().unwrap()));
    let some = installation.command(&["audit", "export"], &["--from", &third, "--to", &last], "");
    ends(&some, 0);
    let wanted: Vec<&Value> = all.iter().filter(|record| at(record) >= third && at(record) < last).collect();
    assert!(!wanted.is_empty() && wanted.len() < all.len());
    assert_eq!(of(&some).iter().collect::<Vec<_>>(), wanted);
    let today = &last[..10];
    let of_today = of(&installation.command(&["audit", "export"], &["--from", today, "--until", today], ""));
    let newest = of_today.last().unwrap();
    assert_eq!(
        (&newest["details"]["event"], &newest["details"]["from"]),
        (&"LOG_EXPORTED".into(), &format!("{today}T00:00:00.000Z").into())
    );
    let refused = installation.command(&["audit", "export"], &["--from", "yesterday"], "");
    assert!(ends(&refused, 2).contains("a day such as 2026-12-24"), "{}", words(&refused));
}

#[test]
fn how_long_records_stay_is_held_to_its_rule() {
    let mut installation = Installation::new(Database::Sqlite);
    let keep =
        |lines: &str| ("checkpoints = \"checkpoints\"".to_owned(), format!("checkpoints = \"checkpoints\"\n{lines}"));
    for (lines, code, said) in [
        ("keep_days = 0\nkeep_unsent_days = 0", 0, ""),
        ("keep_days = 36501", 2, "`audit.keep_days`: must be 0 to 36500 days"),
        ("keep_unsent_days = 40000", 2, "`audit.keep_unsent_days`: must be 0 to 36500 days"),
    ] {
        installation.instead = vec![keep(lines)];
        let _ = std::fs::remove_file(installation.path("doorward.toml"));
        let output = installation.command(&["check"], &[], "");
        assert!(ends(&output, code).contains(said), "{}", words(&output));
    }
    // For ever.
    installation.instead = vec![keep("keep_days = 0")];
    append_one(&installation);
    let served = days_ahead(&installation, 4_000);
    assert_eq!(number(&installation, FIRST), 1);
    let page = exchange(served.gateway.metrics, "GET", "127.0.0.1", "/readyz", &[], b"");
    assert_eq!(page.status, 200);
    stop(served);
    assert_eq!(number(&installation, FIRST), 1);
}

fn append_one(installation: &Installation) {
    let _ = std::fs::remove_file(installation.path("doorward.toml"));
    installation.add_user("alice", None, &[]);
}
