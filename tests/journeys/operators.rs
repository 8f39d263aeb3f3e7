//! What operators see: metrics, alerts and the dashboard agree with one another and with a gateway that runs; a real
//! Prometheus scrapes it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::journeys::first_light::through_the_door;
use crate::world::exposition::Exposition;
use crate::world::{Database, Installation, Served, exchange, free_port, run, words};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").canonicalize().unwrap()
}

fn promtool(arguments: &[&str], input: &str) -> String {
    let output = run(Command::new("promtool").args(arguments).current_dir(docs().join("deploy/prometheus")), input);
    assert!(output.status.success(), "promtool {arguments:?}: {}", words(&output));
    words(&output)
}

fn metrics(served: &Served) -> String {
    exchange(served.gateway.metrics, "GET", "127.0.0.1", "/metrics", &[], b"").text()
}

/// A gateway at which somebody has enrolled and signed in.
fn after_a_journey() -> (Installation, Served) {
    let mut installation = Installation::with_users(Database::Sqlite);
    installation.options.insert("wiki".into(), "health_path = \"/healthz\"".into());
    let served = installation.serve();
    through_the_door(&served.gateway, &mut served.proxied_visitor(), "alice", &served.url("wiki", "/"));
    (installation, served)
}

/// The names of series in PromQL or prose: ours and the process's.
fn series_in(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !word(c));
    let ours = words.filter(|word| ["doorward_", "process_"].iter().any(|begin| word.starts_with(begin)));
    ours.filter(|word| !word.ends_with('_')).map(str::to_owned).collect()
}

/// Without what a histogram's series add to its name.
fn family(series: &str, seen: &Exposition) -> String {
    let stem = ["_bucket", "_sum", "_count"].iter().find_map(|end| series.strip_suffix(end));
    stem.filter(|stem| seen.types.contains_key(*stem)).unwrap_or(series).to_owned()
}

struct Panel {
    title: String,
    expressions: Vec<String>,
}

/// The dashboard's panels, with its variables given values.
fn panels() -> Vec<Panel> {
    let text = std::fs::read_to_string(docs().join("deploy/grafana/doorward.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).expect("the dashboard is JSON");
    let given = |expression: &str| {
        ["$virtual_server", "$app", "$instance"]
            .iter()
            .fold(expression.replace("$__rate_interval", "1m").replace("$__range", "5m"), |text, name| {
                text.replace(name, ".*")
            })
    };
    let panels = dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row");
    panels
        .map(|panel| Panel {
            title: panel["title"].as_str().unwrap().to_owned(),
            expressions: panel["targets"]
                .as_array()
                .unwrap()
                .iter()
                .map(|target| given(target["expr"].as_str().unwrap()))
                .collect(),
        })
        .collect()
}

/// A Prometheus of the test's own; gone when dropped.
struct Prometheus {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    fn scraping(metrics: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let rules = docs().join("deploy/prometheus/doorward.rules.yml");
        let configuration = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: ['{}']\nscrape_configs:\n  - job_name: doorward\n    \
             static_configs: [{{ targets: ['127.0.0.1:{metrics}'] }}]\n",
            rules.display()
        );
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, configuration).unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus is installed (make test does so)");
        Self { process, port, _folder: folder }
    }

    /// What an expression is now; nothing while it cannot be asked.
    fn query(&self, expression: &str) -> Option<Vec<Value>> {
        std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let encoded: String = expression.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer =
            exchange(self.port, "POST", "127.0.0.1", "/api/v1/query", &form, format!("query={encoded}").as_bytes());
        if answer.status == 503 {
            return None;
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["status"], "success", "{expression}: {body}");
        body["data"]["result"].as_array().cloned()
    }

    fn until(&self, expression: &str) {
        let end = Instant::now() + Duration::from_secs(40);
        while self.query(expression).is_none_or(|found| found.is_empty()) {
            assert!(Instant::now() < end, "{expression} does not come true");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn each_alert_fires_when_it_should_and_is_silent_when_it_should() {
    promtool(&["check", "config", "prometheus.yml"], "");
    promtool(&["test", "rules", "doorward.test.yml"], "");
    let rules = std::fs::read_to_string(docs().join("deploy/prometheus/doorward.rules.yml")).unwrap();
    let tests = std::fs::read_to_string(docs().join("deploy/prometheus/doorward.test.yml")).unwrap();
    let guide = std::fs::read_to_string(docs().join("operations.md")).unwrap();
    let alerts: Vec<&str> =
        rules.lines().filter_map(|line| line.split_once("- alert: ")).map(|(_, name)| name).collect();
    assert!(alerts.len() >= 20, "{alerts:?}");
    for alert in &alerts {
        for kind in ["fires", "is silent"] {
            assert!(tests.contains(&format!("- name: {alert} {kind}\n")), "no test in which {alert} {kind}");
        }
        assert!(guide.contains(&format!("\n### {alert}\n")), "operations.md does not say what to do about {alert}");
        assert!(rules.contains(&format!("runbook: docs/operations.md#{}\n", alert.to_lowercase())), "{alert}");
    }
    let told = guide.lines().filter_map(|line| line.strip_prefix("### Doorward")).count();
    assert_eq!(told, alerts.len(), "operations.md tells of alerts that do not exist");
}

#[test]
fn what_the_alerts_the_dashboard_and_the_guide_speak_of_is_what_a_gateway_exposes() {
    let (_installation, served) = after_a_journey();
    let end = Instant::now() + Duration::from_secs(20);
    let slow_ones = ["doorward_certificate_not_after", "doorward_upstream_healthy{"];
    while !slow_ones.iter().all(|series| metrics(&served).contains(series)) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    let text = metrics(&served);
    promtool(&["check", "metrics"], &text);
    let seen = Exposition::parse(&text);
    // What has not happened yet has no series; the walk makes all but these.
    let later: BTreeSet<&str> = BTreeSet::from([
        "doorward_policy_shadow_total",
        "doorward_decision_records_lost_total",
        "doorward_audit_trimmed_records_total",
        "doorward_enrollment_missing_group_users",
        "doorward_reloads_total",
        "doorward_last_reload_success_timestamp_seconds",
        "doorward_front_refusals_total",
        "doorward_flow_refusals_total",
        "doorward_pushes_total",
        "doorward_device_calls_total",
        "doorward_audit_outlet_sent_total",
        "doorward_audit_outlet_failures_total",
        "doorward_audit_outlet_skipped_total",
        "doorward_audit_outlet_lag_records",
        "doorward_audit_outlet_failing_seconds",
    ]);
    let guide = std::fs::read_to_string(docs().join("operations.md")).unwrap();
    let rows: String = guide.lines().filter(|line| line.starts_with("| `doorward_")).collect::<Vec<_>>().join("\n");
    let explained: BTreeSet<String> = series_in(&rows);
    let exposed: BTreeSet<String> = seen.types.keys().filter(|name| name.starts_with("doorward_")).cloned().collect();
    let expected: BTreeSet<String> =
        exposed.iter().cloned().chain(later.iter().map(|name| (*name).to_owned())).collect();
    assert_eq!(explained, expected, "the table of operations.md and the exposition");

    let rules = std::fs::read_to_string(docs().join("deploy/prometheus/doorward.rules.yml")).unwrap();
    let expressions: String = rules.lines().filter(|line| line.trim_start().starts_with("expr:")).collect();
    let drawn: String = panels().iter().flat_map(|panel| panel.expressions.clone()).collect::<Vec<_>>().join("\n");
    let named: BTreeSet<String> = series_in(&format!("{expressions}\n{drawn}"));
    assert!(named.len() > 20, "{named:?}");
    for series in named {
        let family = family(&series, &seen);
        assert!(seen.types.contains_key(&family) || later.contains(family.as_str()), "{series} does not exist");
    }
}

#[test]
fn a_prometheus_finds_something_for_every_panel_that_a_journey_fills() {
    let (_installation, served) = after_a_journey();
    let prometheus = Prometheus::scraping(served.gateway.metrics);
    prometheus.until("up{job=\"doorward\"} == 1");
    // What grew can be seen only by who looked before and after.
    prometheus.until("doorward_requests_total");
    let mut bob = served.proxied_visitor();
    through_the_door(&served.gateway, &mut bob, "bob", &served.url("wiki", "/"));
    assert_eq!(bob.get(&served.url("intranet", "/")).status(), 200);
    prometheus.until("sum(rate(doorward_requests_total[1m])) > 0");
    prometheus.until("doorward_certificate_not_after_timestamp_seconds");
    prometheus.until("doorward_upstream_healthy");
    const NOT_YET: [&str; 13] = [
        "Errors by application",
        "Refused, by application",
        "What policies in the shadow say otherwise",
        "Left out of decision records",
        "Locked and replayed within 15 minutes",
        "Turned away before they began",
        "What holds people up",
        "Requests to devices",
        "Audit records that wait for an outlet",
        "Old audit records taken away within an hour",
        "Refused before they were requests",
        "Reloads",
        "Last reload",
    ];
    let panels = panels();
    assert!(panels.len() > 25);
    for panel in &panels {
        let found: usize = panel
            .expressions
            .iter()
            .map(|expression| prometheus.query(expression).map_or(0, |found| found.len()))
            .sum();
        assert!(
            found > 0 || NOT_YET.contains(&panel.title.as_str()),
            "{} stays empty: {:?}",
            panel.title,
            panel.expressions
        );
    }
    let firing = prometheus.query("ALERTS{alertstate=\"firing\"}").unwrap();
    assert!(firing.iter().all(|alert| alert["metric"]["alertname"] == "DoorwardCertificateEndsNow"), "{firing:?}");
}

#[test]
fn an_upstream_that_is_down_raises_the_alert_of_one_and_when_all_are_the_alert_of_all() {
    let mut installation = Installation::new(Database::Sqlite);
    let nobody = free_port();
    let (there, half) = (installation.upstreams["wiki"], "\nhealth_path = \"/healthz\"\n");
    let both = format!("upstream = [\"http://127.0.0.1:{there}\", \"http://127.0.0.1:{nobody}\"]{half}");
    let apps = [("wiki", there), ("public", there), ("intranet", nobody)];
    installation.upstreams = apps.map(|(app, port)| (app.to_owned(), port)).into();
    installation.options.insert("intranet".into(), half.into());
    installation.instead.push((format!("upstream = \"http://127.0.0.1:{there}\"\n"), both));
    let served = installation.serve();
    let prometheus = Prometheus::scraping(served.gateway.metrics);
    prometheus.until("ALERTS{alertname=\"DoorwardUpstreamOut\",app=\"wiki\"}");
    prometheus.until("ALERTS{alertname=\"DoorwardUpstreamsAllOut\",app=\"intranet\"}");
    let other = |alert: &str, app: &str| format!("ALERTS{{alertname=\"{alert}\",app=\"{app}\"}}");
    for unsaid in [other("DoorwardUpstreamOut", "intranet"), other("DoorwardUpstreamsAllOut", "wiki")] {
        assert_eq!(prometheus.query(&unsaid).unwrap(), Vec::<Value>::new(), "{unsaid}");
    }
}
