//! The audit trail outside: at a collector of logs that nobody here wrote, and at a webhook whose receiver checks it by itself.

use serde_json::Value;

use crate::journeys::first_light::through_the_door;
use crate::world::{
    Database, Gateway, Hook, Installation, Message, Rsyslog, Served, certificate, exchange, until, words,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Beside it for as long as receivers do not know it yet.
const NEXT_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Adds an outlet to the configuration.
fn outlet(installation: &mut Installation, table: &str) {
    let audit = "[audit]\ncheckpoints = \"checkpoints\"\n";
    installation.instead.push((audit.to_owned(), format!("{audit}\n{table}\n")));
}

fn over_tls(port: u16) -> String {
    format!("[audit.syslog.siem]\naddress = \"localhost:{port}\"\nca_file = \"siem.pem\"\nfacility = \"local4\"")
}

fn plain(port: u16) -> String {
    format!("[audit.syslog.siem]\naddress = \"127.0.0.1:{port}\"\nsecurity = \"none\"")
}

/// Every record of the trail, as the database has it.
fn trail(installation: &Installation) -> Vec<String> {
    let records = installation.sql("SELECT record FROM audit_record ORDER BY seq");
    records.lines().map(str::to_owned).collect()
}

fn seq(record: &str) -> i64 {
    let record: Value = serde_json::from_str(record).unwrap();
    record["seq"].as_i64().unwrap()
}

/// Waits until a collector has every record that there is, once and in order, each as it was hashed.
fn collector_has_it_all(installation: &Installation, collector: &Rsyslog) -> Vec<Message> {
    until("the collector has every record", || {
        let (heard, trail) = (collector.heard(), trail(installation));
        heard.len() >= trail.len()
    });
    let (heard, trail) = (collector.heard(), trail(installation));
    for (message, record) in heard.iter().zip(&trail) {
        assert_eq!(&message.text, record);
    }
    heard
}

fn readiness(gateway: &Gateway) -> (u16, Value) {
    let answer = exchange(gateway.metrics, "GET", "127.0.0.1", "/readyz", &[], b"");
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

/// Waits until readiness says so of outlets. Requests are served whatever it is.
fn until_outlets_are(gateway: &Gateway, state: &str) {
    until(&format!("outlets are {state}"), || {
        let (status, told) = readiness(gateway);
        assert_eq!(status, 200, "{told}");
        told["dependencies"]["outlets"] == state
    });
}

fn metric(gateway: &Gateway, name: &str, outlet: &str) -> f64 {
    gateway.metric(&format!("doorward_audit_outlet_{name}{{outlet=\"{outlet}\",virtual_server=\"default\"}}"))
}

fn somebody_enrols(served: &Served, name: &str) {
    through_the_door(&served.gateway, &mut served.proxied_visitor(), name, &served.url("wiki", "/page"));
}

#[test]
fn a_collector_over_tls_has_every_record_once_and_in_order_over_an_outage_of_its_own() {
    let mut installation = Installation::with_users(Database::Sqlite);
    certificate(&installation.path(""), "siem", &["localhost"]);
    let collector = Rsyslog::over_tls(&installation.path("siem"), &installation.path(""), "siem");
    outlet(&mut installation, &over_tls(collector.port));
    let served = installation.serve();
    somebody_enrols(&served, "alice");
    let heard = collector_has_it_all(&installation, &collector);
    let first = &heard[0];
    assert_eq!((first.host.as_str(), first.app.as_str()), ("login.example.test", "doorward"));
    assert_eq!((first.facility.as_str(), first.kind.as_str()), ("local4", "AUDIT"));
    assert!(first.data.contains("seq=\"1\" event=\"TENANT_CREATED\""), "{first:?}");
    until_outlets_are(&served.gateway, "ok");

    collector.go_down();
    somebody_enrols(&served, "bob");
    until_outlets_are(&served.gateway, "failing");
    served.gateway.wait_for_log("an outlet of the audit trail fails");
    assert!(metric(&served.gateway, "lag_records", "syslog.siem") > 5.0);
    assert!(metric(&served.gateway, "failures_total", "syslog.siem") > 0.0);
    until("it says for how long", || metric(&served.gateway, "failing_seconds", "syslog.siem") > 1.0);

    collector.come_up();
    let heard = collector_has_it_all(&installation, &collector);
    until_outlets_are(&served.gateway, "ok");
    let seqs: Vec<i64> = heard.iter().map(|message| seq(&message.text)).collect();
    assert_eq!(seqs, (1..=i64::try_from(heard.len()).unwrap()).collect::<Vec<_>>(), "once and in order");
    until("nothing waits", || metric(&served.gateway, "lag_records", "syslog.siem") == 0.0);
    assert!(metric(&served.gateway, "sent_total", "syslog.siem") >= heard.len() as f64);
}

#[test]
fn a_collector_with_another_name_is_told_nothing_and_requests_go_on() {
    let mut installation = Installation::with_users(Database::Sqlite);
    certificate(&installation.path(""), "siem", &["somebody-else.example.test"]);
    let collector = Rsyslog::over_tls(&installation.path("siem"), &installation.path(""), "siem");
    outlet(&mut installation, &over_tls(collector.port));
    let served = installation.serve();
    somebody_enrols(&served, "alice");
    until_outlets_are(&served.gateway, "failing");
    served.gateway.wait_for_log("certificate");
    assert!(collector.heard().is_empty());
}

/// Each gateway may be killed at any moment: the other goes on where it had come to. What was under way may come twice.
#[test]
fn of_two_gateways_one_tells_and_when_it_is_killed_the_other_goes_on() {
    let mut installation = Installation::with_users(Database::Postgres);
    let collector = Rsyslog::plain(&installation.path("siem"));
    outlet(&mut installation, &plain(collector.port));
    let mut one = installation.serve();
    somebody_enrols(&one, "alice");
    collector_has_it_all(&installation, &collector);
    let other = installation.serve();
    somebody_enrols(&other, "bob");
    collector_has_it_all(&installation, &collector);
    assert_eq!(metric(&other.gateway, "sent_total", "syslog.siem"), 0.0, "one of the two tells");

    one.gateway.kill();
    let mut alice = other.proxied_visitor();
    alice.sign_in_with("alice", "not it", &other.url("wiki", "/page"));
    until("the other one tells of it", || {
        let seqs: Vec<i64> = collector.heard().iter().map(|message| seq(&message.text)).collect();
        seqs.last() == trail(&installation).last().map(|record| seq(record)).as_ref()
    });
    let mut seqs: Vec<i64> = collector.heard().iter().map(|message| seq(&message.text)).collect();
    seqs.dedup();
    let mut sorted = seqs.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted, (1..=i64::try_from(sorted.len()).unwrap()).collect::<Vec<_>>(), "nothing is missing");
    assert!(metric(&other.gateway, "sent_total", "syslog.siem") > 0.0);
}

fn hook(installation: &mut Installation, lines: &str) -> Hook {
    use std::os::unix::fs::PermissionsExt;
    let receiver = Hook::start(&installation.path("hook"), SECRET);
    let file = installation.write("hook.secret", &format!("{NEXT_SECRET}\n{SECRET}\n"));
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let url = format!("http://127.0.0.1:{}/events?of=doorward", receiver.port);
    outlet(installation, &format!("[audit.webhook.chat]\nurl = \"{url}\"\nsecret_file = \"hook.secret\"\n{lines}"));
    receiver
}

/// The trail's records of these events.
fn of_events(installation: &Installation, names: &[&str]) -> Vec<Value> {
    let records = trail(installation).into_iter().map(|record| serde_json::from_str::<Value>(&record).unwrap());
    records.filter(|record| names.contains(&record["details"]["event"].as_str().unwrap())).collect()
}

#[test]
fn a_webhook_is_told_what_it_asked_for_signed_once_and_in_order_over_an_outage_of_its_own() {
    const EVENTS: [&str; 3] = ["TOKEN_ACTIVATED", "SESSION_STARTED", "ENROLLMENT_CONFIRMED"];
    let mut installation = Installation::with_users(Database::Sqlite);
    let receiver = hook(&mut installation, &format!("events = {EVENTS:?}"));
    let served = installation.serve();
    somebody_enrols(&served, "alice");
    let has_it_all = || {
        until("the receiver has heard of everything", || {
            receiver.heard().len() >= of_events(&installation, &EVENTS).len()
        });
        let heard = receiver.heard();
        let data: Vec<&Value> = heard.iter().map(|message| &message["body"]["data"]).collect();
        assert_eq!(data, of_events(&installation, &EVENTS).iter().collect::<Vec<_>>());
        heard
    };
    let heard = has_it_all();
    assert!(heard.len() >= 3, "{heard:?}");
    for message in &heard {
        assert_eq!(message["body"]["type"], message["body"]["data"]["details"]["event"]);
        let id = message["body"]["data"]["id"].as_str().unwrap();
        assert!(message["id"].as_str().unwrap().starts_with(&format!("{id}-")), "{message}");
    }

    receiver.go_down();
    somebody_enrols(&served, "bob");
    until_outlets_are(&served.gateway, "failing");
    receiver.answers(503);
    receiver.come_up();
    until("it is asked", || receiver.asked() > heard.len());
    assert_eq!(receiver.heard().len(), heard.len());
    receiver.takes();
    has_it_all();
    until_outlets_are(&served.gateway, "ok");
    assert_eq!(receiver.wrong(), Vec::<String>::new());
    assert_eq!(metric(&served.gateway, "skipped_total", "webhook.chat"), 0.0);
}

#[test]
fn a_webhook_that_is_gone_is_asked_no_more_until_a_restart() {
    let mut installation = Installation::with_users(Database::Sqlite);
    let receiver = hook(&mut installation, "events = [\"TOKEN_ACTIVATED\"]");
    receiver.answers(410);
    let mut served = installation.serve();
    somebody_enrols(&served, "alice");
    served.gateway.wait_for_log("wants no records any more");
    until_outlets_are(&served.gateway, "failing");
    assert_eq!(receiver.asked(), 1);
    served.gateway.kill();
    receiver.takes();
    let _again = installation.serve();
    until("it hears of what it has missed", || receiver.heard().len() == 1);
}

#[test]
fn outlets_are_checked_before_anything_starts() {
    let mut installation = Installation::new(Database::Sqlite);
    let receiver = hook(&mut installation, "");
    outlet(&mut installation, &plain(514));
    let checked = installation.command(&["check"], &[], "");
    let said = words(&checked);
    assert!(checked.status.success(), "{said}");
    assert!(said.contains("ok  audit outlet syslog.siem: syslog to 127.0.0.1 port 514 (plain TCP, readable"), "{said}");
    assert!(said.contains("ok  audit outlet webhook.chat: webhook, every event\n"), "{said}");
    assert!(!said.contains("/events"), "an address may be a secret: {said}");
    assert_eq!(receiver.asked(), 0, "nobody is asked");

    let text = std::fs::read_to_string(installation.file()).unwrap();
    installation.write("doorward.toml", &text.replace("security = \"none\"\n\n", "security = \"plain\"\n\n"));
    let checked = installation.command(&["check"], &[], "");
    assert_eq!(checked.status.code(), Some(2));
    let said = words(&checked);
    assert!(said.contains("doorward.toml:") && said.contains("unknown variant `plain`"), "{said}");
}
