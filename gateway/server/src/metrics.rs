//! The metrics port over Prometheus, with a registry of its own: two gateways in one process do not share numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorward_access::manage::{MissingGauges, Reached};
use doorward_api::ports::{Metrics, Missing};
use doorward_api::{Factor, OutletId, VirtualServerId};
use doorward_audit::outlets::OutletWatch;
use doorward_proxy::fleet::UpstreamHealth;
use doorward_proxy::headroom::Level;
use prometheus::{
    Encoder, Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// Every series of the gateway. Base units; labels of low cardinality only.
#[derive(Debug, Clone)]
pub(crate) struct PrometheusMetrics {
    registry: Registry,
    requests: IntCounterVec,
    request_duration: HistogramVec,
    decisions: IntCounterVec,
    decision_duration: HistogramVec,
    shadow: IntCounterVec,
    decisions_lost: IntCounterVec,
    upstream: IntCounterVec,
    sign_ins: IntCounterVec,
    flow_refusals: IntCounterVec,
    enrollment: IntCounterVec,
    pushes: IntCounterVec,
    device_calls: IntCounterVec,
    mails: IntCounterVec,
    reloads: IntCounterVec,
    front_refusals: IntCounterVec,
    live_sessions: IntGaugeVec,
    connections: IntGauge,
    memory_limit: IntGauge,
    memory_used: IntGauge,
    memory_level: IntGauge,
    waiting_mails: IntGaugeVec,
    oldest_mail: GaugeVec,
    last_checkpoint: GaugeVec,
    outlets: OutletMetrics,
    trimmed: IntCounterVec,
    enrolments: IntGaugeVec,
    users_missing: IntGaugeVec,
    group_missing: Listed,
    certificate_ends: Listed,
    upstream_healthy: Listed,
    last_reload: GaugeVec,
    ready: IntGaugeVec,
    clock_drift: Gauge,
    started: Gauge,
}

/// Outlets of the audit trail.
#[derive(Debug, Clone)]
struct OutletMetrics {
    sent: IntCounterVec,
    failures: IntCounterVec,
    skipped: IntCounterVec,
    lag: IntGaugeVec,
    failing: GaugeVec,
}

/// A mail that waits for longer is worth a look at the mail server.
pub(crate) const MAIL_IS_LATE: Duration = Duration::from_secs(60);

/// From one microsecond to ten seconds.
const FINE: &[f64] = &[
    0.000_001,
    0.000_002_5,
    0.000_005,
    0.000_01,
    0.000_025,
    0.000_05,
    0.000_1,
    0.000_25,
    0.000_5,
    0.001,
    0.002_5,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
];

/// A gauge of things that come and go, each with its labels. What stays is never missing in between.
#[derive(Debug, Clone)]
struct Listed {
    gauge: IntGaugeVec,
    shown: Arc<Mutex<BTreeMap<Vec<String>, i64>>>,
}

impl Listed {
    fn of(gauge: IntGaugeVec) -> Self {
        Self { gauge, shown: Arc::default() }
    }

    fn show(&self, now: BTreeMap<Vec<String>, i64>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for (labels, value) in &now {
            self.gauge.with_label_values(labels).set(*value);
        }
        for gone in shown.keys().filter(|labels| !now.contains_key(*labels)) {
            let _ = self.gauge.remove_label_values(gone);
        }
        *shown = now;
    }

    /// The same where the first label is this; others stay.
    fn show_of(&self, first: &str, mut now: BTreeMap<Vec<String>, i64>) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        now.extend(shown.into_iter().filter(|(labels, _)| labels.first().is_some_and(|label| label != first)));
        self.show(now);
    }
}

impl PrometheusMetrics {
    /// Registers every series.
    ///
    /// # Errors
    /// When two series share a name, which is a mistake in this file.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| -> Result<IntCounterVec, prometheus::Error> {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let histogram = |name: &str, help: &str, labels: &[&str]| -> Result<HistogramVec, prometheus::Error> {
            let options = HistogramOpts::new(name, help).buckets(FINE.to_vec());
            let histogram = HistogramVec::new(options, labels)?;
            registry.register(Box::new(histogram.clone()))?;
            Ok(histogram)
        };
        let gauge = |name: &str, help: &str, labels: &[&str]| -> Result<IntGaugeVec, prometheus::Error> {
            let gauge = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let build = gauge("doorward_build_info", "Always 1; the version is the label.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let started = Gauge::with_opts(Opts::new(
            "doorward_start_time_seconds",
            "When this process began to serve, in seconds since the epoch.",
        ))?;
        registry.register(Box::new(started.clone()))?;
        let clock_drift = Gauge::with_opts(Opts::new(
            "doorward_clock_drift_seconds",
            "How far this machine's clock is ahead of the store's; more than 5 is worth an alert, more than 30 is not ready.",
        ))?;
        registry.register(Box::new(clock_drift.clone()))?;
        let moment = |name: &str, help: &str, labels: &[&str]| -> Result<GaugeVec, prometheus::Error> {
            let gauge = GaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let connections = IntGauge::new("doorward_connections", "Connections and HTTP/2 streams that are open.")?;
        registry.register(Box::new(connections.clone()))?;
        let whole = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        // CPU time, memory, file descriptors, threads: the names that every exporter uses.
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let last_reload = GaugeVec::new(
            Opts::new("doorward_last_reload_success_timestamp_seconds", "When a reload was last applied."),
            &["what"],
        )?;
        registry.register(Box::new(last_reload.clone()))?;
        Ok(Self {
            requests: counter(
                "doorward_requests_total",
                "Requests answered, by application and status class.",
                &["virtual_server", "app", "status_class"],
            )?,
            request_duration: histogram(
                "doorward_request_duration_seconds",
                "From the head's arrival to the answer's end.",
                &["virtual_server", "app"],
            )?,
            decisions: counter(
                "doorward_decisions_total",
                "Access decisions, by outcome.",
                &["virtual_server", "app", "decision"],
            )?,
            decision_duration: histogram(
                "doorward_decision_duration_seconds",
                "Time to decide one request.",
                &["virtual_server", "cache"],
            )?,
            shadow: counter(
                "doorward_policy_shadow_total",
                "What policies in the shadow said beside the real ones, by outcome.",
                &["virtual_server", "outcome"],
            )?,
            decisions_lost: counter(
                "doorward_decision_records_lost_total",
                "Requests that no decision record counts, by reason.",
                &["reason"],
            )?,
            upstream: counter(
                "doorward_upstream_results_total",
                "What upstreams made of requests.",
                &["app", "outcome"],
            )?,
            sign_ins: counter(
                "doorward_sign_ins_total",
                "Proofs offered at sign-in, by factor and result.",
                &["virtual_server", "factor", "result"],
            )?,
            flow_refusals: counter(
                "doorward_flow_refusals_total",
                "Sign-ins that could not even begin, by reason.",
                &["virtual_server", "reason"],
            )?,
            enrollment: counter(
                "doorward_enrollment_steps_total",
                "The self-provisioning funnel, by step and outcome.",
                &["virtual_server", "step", "outcome"],
            )?,
            pushes: counter(
                "doorward_pushes_total",
                "Requests to users' devices, and the waking of these, by outcome.",
                &["virtual_server", "outcome"],
            )?,
            device_calls: counter(
                "doorward_device_calls_total",
                "Calls of devices that carry an authenticator of our own, by name and status class.",
                &["virtual_server", "call", "status_class"],
            )?,
            mails: counter(
                "doorward_mails_total",
                "Mails, by kind and outcome.",
                &["virtual_server", "kind", "outcome"],
            )?,
            reloads: counter(
                "doorward_reloads_total",
                "Reloads of policies and configuration, by outcome.",
                &["what", "outcome"],
            )?,
            front_refusals: counter(
                "doorward_front_refusals_total",
                "Connections and heads refused before a request existed.",
                &["reason"],
            )?,
            live_sessions: gauge("doorward_live_sessions", "Portal sessions that are live.", &["virtual_server"])?,
            connections,
            memory_limit: whole(
                "doorward_memory_limit_bytes",
                "How much memory there may be; 0 when nothing bounds it.",
            )?,
            memory_used: whole(
                "doorward_memory_used_bytes",
                "How much of it is used, files that can be read again left out.",
            )?,
            memory_level: whole(
                "doorward_memory_level",
                "0: there is enough. 1: new connections are closed. 2: new requests are answered 503, too.",
            )?,
            waiting_mails: gauge("doorward_outbox_mails", "Mails that have not left yet.", &["virtual_server"])?,
            oldest_mail: moment(
                "doorward_outbox_oldest_mail_age_seconds",
                "How long the oldest of them has waited; 0 when none waits.",
                &["virtual_server"],
            )?,
            last_checkpoint: moment(
                "doorward_checkpoint_last_success_timestamp_seconds",
                "When the audit chain was last found covered by a signed checkpoint, or one was written.",
                &["virtual_server"],
            )?,
            trimmed: counter(
                "doorward_audit_trimmed_records_total",
                "Audit records that were taken away because they were too old.",
                &["virtual_server"],
            )?,
            outlets: OutletMetrics {
                sent: counter(
                    "doorward_audit_outlet_sent_total",
                    "Audit records that an outlet was told of by this process.",
                    &["virtual_server", "outlet"],
                )?,
                failures: counter(
                    "doorward_audit_outlet_failures_total",
                    "Tries of this process to tell an outlet that came to nothing.",
                    &["virtual_server", "outlet"],
                )?,
                skipped: counter(
                    "doorward_audit_outlet_skipped_total",
                    "Audit records that an outlet will never be told of.",
                    &["virtual_server", "outlet"],
                )?,
                lag: gauge(
                    "doorward_audit_outlet_lag_records",
                    "Audit records that an outlet is not done with yet.",
                    &["virtual_server", "outlet"],
                )?,
                failing: moment(
                    "doorward_audit_outlet_failing_seconds",
                    "For how long an outlet has failed; 0 when it does not.",
                    &["virtual_server", "outlet"],
                )?,
            },
            enrolments: gauge(
                "doorward_enrollment_transactions",
                "Enrolments that have come at least so far, by the platform that was chosen; of all processes.",
                &["virtual_server", "step", "target"],
            )?,
            users_missing: gauge(
                "doorward_enrollment_missing_users",
                "Users who may enrol by themselves and have no token yet.",
                &["virtual_server"],
            )?,
            group_missing: Listed::of(gauge(
                "doorward_enrollment_missing_group_users",
                "The same of each group that has a deadline, of 20 groups at most.",
                &["virtual_server", "group"],
            )?),
            upstream_healthy: Listed::of(gauge(
                "doorward_upstream_healthy",
                "1 when an upstream gets requests, 0 when it is left out; of applications that have several, or a health_path.",
                &["app", "upstream"],
            )?),
            certificate_ends: Listed::of(gauge(
                "doorward_certificate_not_after_timestamp_seconds",
                "When the certificate of a host ends.",
                &["host"],
            )?),
            ready: gauge("doorward_dependency_ready", "1 when the dependency answers.", &["dependency"])?,
            clock_drift,
            last_reload,
            started,
            registry,
        })
    }

    /// The text exposition format, version 0.0.4.
    pub(crate) fn exposition(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut out) {
            tracing::error!(%error, "metrics could not be written");
        }
        out
    }

    /// Sets the number of live portal sessions.
    pub(crate) fn set_live_sessions(&self, vs: &str, count: u64) {
        self.live_sessions.with_label_values(&[vs]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Sets how many connections are open.
    pub(crate) fn set_connections(&self, count: usize) {
        self.connections.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Sets how much memory there may be (0: no limit), how much is used, and what that comes to.
    pub(crate) fn set_memory(&self, limit: u64, used: u64, level: Level) {
        self.memory_limit.set(i64::try_from(limit).unwrap_or(i64::MAX));
        self.memory_used.set(i64::try_from(used).unwrap_or(i64::MAX));
        self.memory_level.set(level as i64);
    }

    /// Sets what waits to be sent: how many mails, and for how long the oldest.
    pub(crate) fn set_waiting_mails(&self, vs: &str, count: u64, oldest: Duration) {
        self.waiting_mails.with_label_values(&[vs]).set(i64::try_from(count).unwrap_or(i64::MAX));
        self.oldest_mail.with_label_values(&[vs]).set(oldest.as_secs_f64());
    }

    /// For how long the oldest mail of a virtual server has waited, as far as it was last looked.
    pub(crate) fn oldest_mail(&self, vs: &str) -> Duration {
        Duration::try_from_secs_f64(self.oldest_mail.with_label_values(&[vs]).get()).unwrap_or_default()
    }

    /// Notes that the audit chain is covered by a checkpoint.
    pub(crate) fn set_checkpoint(&self, vs: &str, at: doorward_api::Timestamp) {
        self.last_checkpoint.with_label_values(&[vs]).set(at.secs() as f64);
    }

    /// Sets how far the enrolments of a virtual server have come.
    pub(crate) fn set_enrolments(&self, vs: &str, reached: &Reached) {
        for (step, target, count) in reached {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            self.enrolments.with_label_values(&[vs, step.as_str(), *target]).set(count);
        }
    }

    /// Sets how many have no token yet. Of groups that have no deadline any more nothing is told.
    pub(crate) fn set_missing(&self, vs: &str, missing: &MissingGauges) {
        let whole = |count: &Missing| i64::try_from(count.missing).unwrap_or(i64::MAX);
        self.users_missing.with_label_values(&[vs]).set(whole(&missing.all));
        let of_group = |(group, count): &(String, Missing)| (vec![vs.to_owned(), group.clone()], whole(count));
        self.group_missing.show_of(vs, missing.groups.iter().map(of_group).collect());
    }

    /// Counts records of the audit trail that were too old.
    pub(crate) fn trimmed(&self, vs: &str, records: u64) {
        self.trimmed.with_label_values(&[vs]).inc_by(records);
    }

    /// Sets how many audit records an outlet is behind, and for how long it has failed.
    pub(crate) fn set_outlet(&self, vs: &str, outlet: &str, behind: i64, failing: Duration) {
        self.outlets.lag.with_label_values(&[vs, outlet]).set(behind);
        self.outlets.failing.with_label_values(&[vs, outlet]).set(failing.as_secs_f64());
        // A series that begins with its first loss would show no increase.
        for counter in [&self.outlets.sent, &self.outlets.failures, &self.outlets.skipped] {
            let _ = counter.with_label_values(&[vs, outlet]);
        }
    }

    /// Sets until when the certificates of these hosts are good, in seconds since the epoch; no others are told of any more.
    pub(crate) fn set_certificates(&self, ends: &BTreeMap<String, i64>) {
        self.certificate_ends.show(ends.iter().map(|(host, end)| (vec![host.clone()], *end)).collect());
    }

    /// Sets which upstreams get requests; no others are told of any more.
    pub(crate) fn set_upstreams(&self, upstreams: &[UpstreamHealth]) {
        let one = |one: &UpstreamHealth| (vec![one.app.to_string(), one.upstream.clone()], i64::from(one.healthy));
        self.upstream_healthy.show(upstreams.iter().map(one).collect());
    }

    /// Notes whether a dependency answers.
    pub(crate) fn set_ready(&self, dependency: &str, ready: bool) {
        self.ready.with_label_values(&[dependency]).set(i64::from(ready));
    }

    /// Sets how far this machine's clock is ahead of the store's.
    pub(crate) fn set_clock_drift(&self, seconds: f64) {
        self.clock_drift.set(seconds);
    }

    /// What was noted of it last.
    pub(crate) fn is_ready(&self, dependency: &str) -> bool {
        self.ready.with_label_values(&[dependency]).get() != 0
    }

    /// Notes when serving began.
    pub(crate) fn set_started(&self, at: doorward_api::Timestamp) {
        self.started.set(at.secs() as f64);
    }

    /// Notes when a reload was applied.
    pub(crate) fn set_reloaded(&self, what: &str, at: doorward_api::Timestamp) {
        self.last_reload.with_label_values(&[what]).set(at.secs() as f64);
    }
}

impl OutletWatch for PrometheusMetrics {
    fn told(&self, vs: &VirtualServerId, outlet: &OutletId, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.outlets.sent.with_label_values(&[vs.as_str(), outlet.as_str()]).inc_by(count);
    }

    fn failed(&self, vs: &VirtualServerId, outlet: &OutletId) {
        self.outlets.failures.with_label_values(&[vs.as_str(), outlet.as_str()]).inc();
    }

    fn skipped(&self, vs: &VirtualServerId, outlet: &OutletId, count: i64) {
        let count = u64::try_from(count).unwrap_or_default();
        self.outlets.skipped.with_label_values(&[vs.as_str(), outlet.as_str()]).inc_by(count);
    }
}

impl Metrics for PrometheusMetrics {
    fn decision(&self, vs: &str, app: &str, decision: &'static str, cached: bool, took: Duration) {
        self.decisions.with_label_values(&[vs, app, decision]).inc();
        let cache = if cached { "hit" } else { "miss" };
        self.decision_duration.with_label_values(&[vs, cache]).observe(took.as_secs_f64());
    }

    fn shadow(&self, vs: &str, outcome: &'static str, count: u64) {
        self.shadow.with_label_values(&[vs, outcome]).inc_by(count);
    }

    fn decisions_lost(&self, reason: &'static str, count: u64) {
        self.decisions_lost.with_label_values(&[reason]).inc_by(count);
    }

    fn request(&self, vs: &str, app: &str, status_class: &'static str, took: Duration) {
        self.requests.with_label_values(&[vs, app, status_class]).inc();
        self.request_duration.with_label_values(&[vs, app]).observe(took.as_secs_f64());
    }

    fn upstream(&self, app: &str, outcome: &'static str) {
        self.upstream.with_label_values(&[app, outcome]).inc();
    }

    fn sign_in(&self, vs: &str, factor: Factor, result: &'static str) {
        self.sign_ins.with_label_values(&[vs, factor.as_str(), result]).inc();
    }

    fn flow_refusal(&self, vs: &str, reason: &'static str) {
        self.flow_refusals.with_label_values(&[vs, reason]).inc();
    }

    fn enrollment(&self, vs: &str, step: &'static str, outcome: &'static str) {
        self.enrollment.with_label_values(&[vs, step, outcome]).inc();
    }

    fn push(&self, vs: &str, outcome: &'static str) {
        self.pushes.with_label_values(&[vs, outcome]).inc();
    }

    fn device_call(&self, vs: &str, call: &'static str, status_class: &'static str) {
        self.device_calls.with_label_values(&[vs, call, status_class]).inc();
    }

    fn mail(&self, vs: &str, kind: &'static str, outcome: &'static str) {
        self.mails.with_label_values(&[vs, kind, outcome]).inc();
    }

    fn reload(&self, what: &'static str, outcome: &'static str) {
        self.reloads.with_label_values(&[what, outcome]).inc();
    }

    fn front_refusal(&self, reason: &'static str) {
        self.front_refusals.with_label_values(&[reason]).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_gateways_in_one_process_do_not_share_numbers() {
        let (one, other) = (PrometheusMetrics::new().unwrap(), PrometheusMetrics::new().unwrap());
        one.reload("policy", "applied");
        assert!(String::from_utf8(one.exposition()).unwrap().contains("doorward_reloads_total{outcome=\"applied\""));
        assert!(!String::from_utf8(other.exposition()).unwrap().contains("doorward_reloads_total{"));
    }

    #[test]
    fn of_a_group_without_a_deadline_nothing_is_told_and_those_of_another_virtual_server_stay() {
        let metrics = PrometheusMetrics::new().unwrap();
        let series = || {
            let text = String::from_utf8(metrics.exposition()).unwrap();
            let ours = text.lines().filter(|line| line.starts_with("doorward_enrollment_missing_group_users{"));
            ours.map(str::to_owned).collect::<Vec<_>>()
        };
        let of = |groups: &[&str]| MissingGauges {
            groups: groups.iter().map(|name| ((*name).to_owned(), Missing { users: 9, missing: 7 })).collect(),
            ..MissingGauges::default()
        };
        metrics.set_missing("one", &of(&["sales", "staff"]));
        metrics.set_missing("other", &of(&["sales"]));
        assert_eq!(series().len(), 3);
        metrics.set_missing("one", &of(&["staff"]));
        assert_eq!(
            series(),
            [
                "doorward_enrollment_missing_group_users{group=\"sales\",virtual_server=\"other\"} 7",
                "doorward_enrollment_missing_group_users{group=\"staff\",virtual_server=\"one\"} 7"
            ]
        );
    }

    #[test]
    fn what_is_gone_is_told_of_no_more_and_what_stays_is_never_missing() {
        let metrics = PrometheusMetrics::new().unwrap();
        let series = || {
            let text = String::from_utf8(metrics.exposition()).unwrap();
            let ours = text.lines().filter(|line| line.starts_with("doorward_certificate_not_after"));
            ours.map(str::to_owned).collect::<Vec<_>>()
        };
        let ends = |hosts: &[&str]| hosts.iter().map(|host| ((*host).to_owned(), 7)).collect::<BTreeMap<_, _>>();
        metrics.set_certificates(&ends(&["a.test", "b.test"]));
        assert_eq!(series().len(), 2);
        metrics.set_certificates(&ends(&["b.test"]));
        assert_eq!(series(), ["doorward_certificate_not_after_timestamp_seconds{host=\"b.test\"} 7"]);
    }
}
