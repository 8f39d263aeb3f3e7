//! What is measured: exactly what happened, in base units, under labels that do not grow with the number of users, paths or
//! strangers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::world::exposition::{Exposition, family_of, parts};
use crate::world::{Gateway, exchange, send_raw, wrong};

/// What the walk of [`walk`] changes, histograms by their count. Every other series stays as it was.
const CHANGES: &[(&str, f64)] = &[
    // The page asked for without a session, and once more by a stranger who says to be somebody; then with the new token.
    ("doorward_decisions_total{app=\"wiki\",decision=\"challenge\",virtual_server=\"default\"}", 2.0),
    ("doorward_decisions_total{app=\"wiki\",decision=\"admit\",virtual_server=\"default\"}", 1.0),
    ("doorward_decisions_total{app=\"public\",decision=\"admit\",virtual_server=\"default\"}", 1.0),
    // Remembered: nobody at the wiki, the second time; and what was found for alice when she was let go there.
    ("doorward_decision_duration_seconds_count{cache=\"miss\",virtual_server=\"default\"}", 2.0),
    ("doorward_decision_duration_seconds_count{cache=\"hit\",virtual_server=\"default\"}", 2.0),
    // The funnel, from the offer to the first passcode.
    ("doorward_enrollment_steps_total{outcome=\"shown\",step=\"offered\",virtual_server=\"default\"}", 1.0),
    ("doorward_enrollment_steps_total{outcome=\"queued\",step=\"code_sent\",virtual_server=\"default\"}", 1.0),
    ("doorward_enrollment_steps_total{outcome=\"wrong\",step=\"email_verified\",virtual_server=\"default\"}", 1.0),
    ("doorward_enrollment_steps_total{outcome=\"passed\",step=\"email_verified\",virtual_server=\"default\"}", 1.0),
    ("doorward_enrollment_steps_total{outcome=\"ios\",step=\"target_chosen\",virtual_server=\"default\"}", 1.0),
    ("doorward_enrollment_steps_total{outcome=\"issued\",step=\"code_issued\",virtual_server=\"default\"}", 1.0),
    ("doorward_enrollment_steps_total{outcome=\"confirmed\",step=\"confirmed\",virtual_server=\"default\"}", 1.0),
    ("doorward_mails_total{kind=\"verification_code\",outcome=\"sent\",virtual_server=\"default\"}", 1.0),
    ("doorward_mails_total{kind=\"enrolment_notice\",outcome=\"sent\",virtual_server=\"default\"}", 1.0),
    ("doorward_sign_ins_total{factor=\"password\",result=\"success\",virtual_server=\"default\"}", 1.0),
    ("doorward_sign_ins_total{factor=\"otp\",result=\"success\",virtual_server=\"default\"}", 1.0),
    // Nine forms, the hand-over to the wiki and the sign-out answer with a redirect; pages are W0, password, W1, W2 twice,
    // W3, W4, W5, W8, the start page and the farewell.
    ("doorward_requests_total{app=\"portal\",status_class=\"3xx\",virtual_server=\"default\"}", 11.0),
    ("doorward_requests_total{app=\"portal\",status_class=\"2xx\",virtual_server=\"default\"}", 11.0),
    ("doorward_request_duration_seconds_count{app=\"portal\",virtual_server=\"default\"}", 22.0),
    ("doorward_requests_total{app=\"wiki\",status_class=\"3xx\",virtual_server=\"default\"}", 1.0),
    ("doorward_requests_total{app=\"wiki\",status_class=\"2xx\",virtual_server=\"default\"}", 1.0),
    ("doorward_requests_total{app=\"wiki\",status_class=\"4xx\",virtual_server=\"default\"}", 1.0),
    ("doorward_request_duration_seconds_count{app=\"wiki\",virtual_server=\"default\"}", 3.0),
    ("doorward_requests_total{app=\"public\",status_class=\"2xx\",virtual_server=\"default\"}", 1.0),
    ("doorward_request_duration_seconds_count{app=\"public\",virtual_server=\"default\"}", 1.0),
    ("doorward_upstream_results_total{app=\"wiki\",outcome=\"answered\"}", 1.0),
    ("doorward_upstream_results_total{app=\"public\",outcome=\"answered\"}", 1.0),
    // The head with two hosts never became a request of any application, and was answered all the same.
    ("doorward_front_refusals_total{reason=\"host_twice\"}", 1.0),
    ("doorward_requests_total{app=\"none\",status_class=\"4xx\",virtual_server=\"\"}", 1.0),
    ("doorward_request_duration_seconds_count{app=\"none\",virtual_server=\"\"}", 1.0),
    // One look into the mailbox.
    ("doorward_requests_total{app=\"console\",status_class=\"2xx\",virtual_server=\"\"}", 1.0),
    ("doorward_request_duration_seconds_count{app=\"console\",virtual_server=\"\"}", 1.0),
];

#[test]
fn a_scripted_journey_changes_exactly_these_series_by_exactly_these_amounts() {
    let gateway = Gateway::demo();
    until(&gateway, LIVE, 0.0);
    let before = metrics(&gateway);
    walk(&gateway);
    let changed = metrics(&gateway).since(&before);
    // What moves by itself: the process's own figures, what is open at the moment, and the time.
    let by_itself = |series: &str| {
        let name = series.split('{').next().unwrap_or_default();
        let moves = [
            "_connections",
            "_timestamp_seconds",
            "_age_seconds",
            "_drift_seconds",
            "_outbox_mails",
            // Counted now and then.
            "_enrollment_transactions",
            "_enrollment_missing_users",
            "_memory_used_bytes",
        ];
        name.starts_with("process_") || moves.iter().any(|end| name.ends_with(end))
    };
    let changed: BTreeMap<String, f64> = changed.into_iter().filter(|(series, _)| !by_itself(series)).collect();
    let expected: BTreeMap<String, f64> = CHANGES.iter().map(|(series, by)| ((*series).to_owned(), *by)).collect();
    let differs = |series: &&String| changed.get(*series) != expected.get(*series);
    let all: Vec<&String> = changed.keys().chain(expected.keys()).filter(differs).collect();
    assert!(all.is_empty(), "{:#?}", all.iter().map(|s| (s, changed.get(*s), expected.get(*s))).collect::<Vec<_>>());
}

/// What the name of a gauge ends with: its unit, or what there are so many of.
const COUNTED: [&str; 11] = [
    "_seconds",
    "_bytes",
    "_info",
    "_sessions",
    "_ready",
    "_level",
    "_connections",
    "_mails",
    "_transactions",
    "_users",
    "_records",
];

/// alice from the wiki through the wizard, with one wrong code; two who say to be somebody; the public page; sign-out.
fn walk(gateway: &Gateway) {
    let mut alice = gateway.visitor();
    let page = alice.ask_for_code(gateway, "alice", &gateway.url("wiki", "/page?x=1"));
    until(gateway, "doorward_mails_total{kind=\"verification_code\",outcome=\"sent\",virtual_server=\"default\"}", 1.0);
    let code = gateway.mail_to("alice@example.test").code();
    let page = alice.type_code(&page, &wrong(&code, 1));
    let page = alice.type_code(&page, &code);
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    let page = alice.finish(&page, &phone);
    assert_eq!(page.status(), 200);
    until(gateway, "doorward_mails_total{kind=\"enrolment_notice\",outcome=\"sent\",virtual_server=\"default\"}", 1.0);
    until(gateway, LIVE, 1.0);

    let wiki = format!("wiki.localhost:{}", gateway.port);
    let forged = [("Remote-User", "admin"), ("Remote_User", "admin"), ("Accept", "application/json")];
    assert_eq!(exchange(gateway.port, "GET", &wiki, "/", &forged, b"").status, 401);
    let twice = format!("GET / HTTP/1.1\r\nHost: {wiki}\r\nRemote-User: admin\r\nHost: {wiki}\r\n\r\n");
    assert!(send_raw(gateway.port, twice.as_bytes()).starts_with(b"HTTP/1.1 400 "));

    assert_eq!(alice.get(&gateway.url("public", "/")).status(), 200);
    let start = alice.get(&gateway.url("login", "/"));
    let form = start.form_to("/signout");
    assert_eq!(alice.send(&start, &form, &[]).status(), 200);
    until(gateway, LIVE, 0.0);
}

const LIVE: &str = "doorward_live_sessions{virtual_server=\"default\"}";

#[test]
fn every_series_has_a_base_unit_and_few_labels_of_few_values() {
    let gateway = Gateway::demo();
    walk(&gateway);
    let seen = metrics(&gateway);
    for (family, kind) in &seen.types {
        // The process's own figures bear the names that every exporter uses.
        if family.starts_with("process_") {
            continue;
        }
        assert!(family.starts_with("doorward_"), "{family}");
        match kind.as_str() {
            "counter" => assert!(family.ends_with("_total"), "{family} counts"),
            "histogram" => {
                assert!(family.ends_with("_seconds") || family.ends_with("_bytes"), "{family} has a base unit")
            }
            // How many there are, and what is or is not, have no unit.
            _ => assert!(
                COUNTED.iter().any(|end| family.ends_with(end)) && !family.ends_with("_total"),
                "{family} has a base unit"
            ),
        }
        for other in ["_ms", "_milliseconds", "_micros", "_minutes", "_kb", "_percent"] {
            assert!(!family.contains(other), "{family}");
        }
    }
    const LABELS: [&str; 16] = [
        "virtual_server",
        "app",
        "status_class",
        "decision",
        "cache",
        "outcome",
        "step",
        "factor",
        "result",
        "kind",
        "what",
        "reason",
        "target",
        "dependency",
        "version",
        "le",
    ];
    for series in seen.series.keys() {
        let (name, labels) = parts(series);
        for (label, value) in &labels {
            assert!(LABELS.contains(&label.as_str()), "{series}");
            let word = value.len() <= 24 && value.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-');
            let class = label == "status_class" && ["1xx", "2xx", "3xx", "4xx", "5xx", "cut"].contains(&value.as_str());
            assert!(word || class || ["le", "version"].contains(&label.as_str()), "{series}");
        }
        assert!(labels.contains_key("le") == name.ends_with("_bucket"), "{series}");
        assert!(seen.types.contains_key(family_of(&name, &seen.types)), "{series}");
    }
    let finest = "doorward_decision_duration_seconds_bucket{cache=\"miss\",virtual_server=\"default\",le=\"0.000001\"}";
    assert!(seen.series.contains_key(finest), "buckets begin at a microsecond");
}

#[test]
fn strangers_with_new_names_hosts_paths_and_methods_make_no_new_series() {
    let gateway = Gateway::demo();
    let odd = |number: u32| {
        let (port, name) = (gateway.port, format!("stranger-{number}"));
        let wiki = format!("wiki.localhost:{port}");
        let agent = [("User-Agent", name.as_str()), ("X-Request-Id", name.as_str()), ("Accept", "text/html")];
        exchange(port, "GET", &format!("{name}.localhost:{port}"), "/", &agent, b"");
        exchange(port, "GET", &wiki, &format!("/{name}?{name}"), &agent, b"");
        exchange(
            port,
            &name.to_uppercase().replace('-', "Q").replace(|c: char| c.is_ascii_digit(), "Z"),
            &wiki,
            "/",
            &agent,
            b"",
        );
        exchange(port, "GET", &format!("login.localhost:{port}"), &format!("/notice/{name}"), &agent, b"");
        exchange(port, "GET", &format!("login.localhost:{port}"), &format!("/assets/{name}"), &agent, b"");
        exchange(gateway.console, "GET", &format!("{name}.test"), "/", &agent, b"");
        let mut visitor = gateway.visitor();
        visitor.sign_in_with(&name, &name, &gateway.url("wiki", &format!("/{name}")));
    };
    // Twice, since a request is counted a moment after its answer: what the first round made is there when the second ends.
    odd(0);
    odd(0);
    let first = metrics(&gateway);
    let strangers = (1..8).inspect(|number| odd(*number)).count();
    let last = metrics(&gateway);
    let new: Vec<&String> = last.series.keys().filter(|series| !first.series.contains_key(*series)).collect();
    assert!(new.is_empty(), "{new:?}");
    let unknown = "doorward_requests_total{app=\"none\",status_class=\"4xx\",virtual_server=\"\"}";
    assert!(last.series[unknown] > first.series[unknown], "each was counted nevertheless, {strangers} times");
}

#[test]
fn whatever_the_front_turns_away_is_counted_and_written_down() {
    let gateway = Gateway::demo_with(&[], &[("RUST_LOG", "access=info")]);
    let wiki = format!("wiki.localhost:{}", gateway.port);
    let before = metrics(&gateway);
    let heads = [
        ("host_missing", "GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (
            "two_framings",
            format!("POST / HTTP/1.1\r\nHost: {wiki}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400,
        ),
        ("target_too_long", format!("GET /{} HTTP/1.1\r\nHost: {wiki}\r\n\r\n", "a".repeat(9000)), 414),
        ("field_too_long", format!("GET / HTTP/1.1\r\nHost: {wiki}\r\nX: {}\r\n\r\n", "a".repeat(17 * 1024)), 431),
    ];
    for (_, head, status) in &heads {
        let answer = send_raw(gateway.port, head.as_bytes());
        assert!(answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()), "{}", String::from_utf8_lossy(&answer));
    }
    let changed = metrics(&gateway).since(&before);
    for (reason, ..) in &heads {
        assert_eq!(
            changed.get(&format!("doorward_front_refusals_total{{reason=\"{reason}\"}}")),
            Some(&1.0),
            "{changed:?}"
        );
    }
    let answered = "doorward_requests_total{app=\"none\",status_class=\"4xx\",virtual_server=\"\"}";
    assert_eq!(changed.get(answered), Some(&4.0), "{changed:?}");
    let lines = |reason: &str| {
        let log = gateway.log.lock().unwrap();
        log.lines().filter(|line| line.contains("access") && line.contains(&format!("\"reason\":\"{reason}\""))).count()
    };
    for (reason, _, status) in &heads {
        let end = Instant::now() + Duration::from_secs(10);
        while lines(reason) == 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(lines(reason), 1, "one line for {reason}: {}", gateway.log.lock().unwrap());
        let log = gateway.log.lock().unwrap();
        let line = log.lines().find(|line| line.contains(&format!("\"reason\":\"{reason}\""))).unwrap_or_default();
        assert!(line.contains(&format!("\"status\":{status},")) && line.contains("\"client\":\"127.0.0.1\""), "{line}");
        assert!(!line.contains("aaaa"), "nothing of such a head is repeated: {line}");
    }
}

fn metrics(gateway: &Gateway) -> Exposition {
    Exposition::parse(&exchange(gateway.metrics, "GET", "127.0.0.1", "/metrics", &[], b"").text())
}

/// Waits until a series has this value. The janitor looks at the sessions every five seconds.
#[track_caller]
fn until(gateway: &Gateway, series: &str, value: f64) {
    let end = Instant::now() + Duration::from_secs(30);
    while metrics(gateway).series.get(series) != Some(&value) {
        assert!(Instant::now() < end, "{series} does not become {value}: {:?}", metrics(gateway).series.get(series));
        std::thread::sleep(Duration::from_millis(50));
    }
}
