//! What is measured, as typed calls; `server` implements them with Prometheus (decision A26). Labels are of low cardinality
//! only: never a user, a path, an address or an id.

use std::time::Duration;

use crate::proof::Factor;

/// Measurements.
pub trait Metrics: Send + Sync {
    /// `doorward_decisions_total{virtual_server,app,decision}` and `doorward_decision_duration_seconds{cache}`.
    fn decision(&self, vs: &str, app: &str, decision: &'static str, cached: bool, took: Duration);
    /// `doorward_policy_shadow_total{virtual_server,outcome}`: what policies in the shadow said beside the real ones: `same`,
    /// `gain`, `lose`, `step`.
    fn shadow(&self, vs: &str, outcome: &'static str, count: u64);
    /// `doorward_decision_records_lost_total{reason}`: requests that no decision record counts: `full` (they came faster than
    /// they could be looked at), `most` (the bound of a day), `long` (too long to be kept), `store` (it did not answer).
    fn decisions_lost(&self, reason: &'static str, count: u64);
    /// `doorward_requests_total{virtual_server,app,status_class}` and `doorward_request_duration_seconds{app}`. `app` is
    /// `portal`, `console` or `none` for what no application answered; `status_class` is `2xx`, … or `cut`.
    fn request(&self, vs: &str, app: &str, status_class: &'static str, took: Duration);
    /// `doorward_upstream_results_total{app,outcome}`: `answered`, `connect_failed`, `timed_out`, `failed`.
    fn upstream(&self, app: &str, outcome: &'static str);
    /// `doorward_sign_ins_total{virtual_server,factor,result}`: `success`, `failure`, `locked`, `replayed`.
    fn sign_in(&self, vs: &str, factor: Factor, result: &'static str);
    /// `doorward_flow_refusals_total{virtual_server,reason}`: sign-ins that could not even begin: `address` (too many from one),
    /// `full` (too many in all).
    fn flow_refusal(&self, vs: &str, reason: &'static str);
    /// `doorward_enrollment_steps_total{virtual_server,step,outcome}`: the funnel.
    fn enrollment(&self, vs: &str, step: &'static str, outcome: &'static str);
    /// `doorward_pushes_total{virtual_server,outcome}`: what has become of requests to devices: `sent`, `approved`, `denied`,
    /// `reported`, `mismatched`, `expired`, `throttled`; and of waking them: `woken`, `gone`, `refused`, `unreachable`.
    fn push(&self, vs: &str, outcome: &'static str);
    /// `doorward_device_calls_total{virtual_server,call,status_class}`: calls of devices by name; `other` for what is no call.
    fn device_call(&self, vs: &str, call: &'static str, status_class: &'static str);
    /// `doorward_mails_total{virtual_server,kind,outcome}`: `sent`, `postponed`, `refused`, `expired`.
    fn mail(&self, vs: &str, kind: &'static str, outcome: &'static str);
    /// `doorward_reloads_total{what,outcome}`: `policy` or `configuration`; `applied` or `refused`.
    fn reload(&self, what: &'static str, outcome: &'static str);
    /// `doorward_front_refusals_total{reason}`: connections and heads refused before a request existed. Such a head was
    /// answered, so it is counted as a request, too.
    fn front_refusal(&self, reason: &'static str);
}

/// Measures nothing; for tests and command-line tools.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMetrics;

impl Metrics for NoMetrics {
    fn decision(&self, _: &str, _: &str, _: &'static str, _: bool, _: Duration) {}
    fn shadow(&self, _: &str, _: &'static str, _: u64) {}
    fn decisions_lost(&self, _: &'static str, _: u64) {}
    fn request(&self, _: &str, _: &str, _: &'static str, _: Duration) {}
    fn upstream(&self, _: &str, _: &'static str) {}
    fn sign_in(&self, _: &str, _: Factor, _: &'static str) {}
    fn flow_refusal(&self, _: &str, _: &'static str) {}
    fn enrollment(&self, _: &str, _: &'static str, _: &'static str) {}
    fn push(&self, _: &str, _: &'static str) {}
    fn device_call(&self, _: &str, _: &'static str, _: &'static str) {}
    fn mail(&self, _: &str, _: &'static str, _: &'static str) {}
    fn reload(&self, _: &'static str, _: &'static str) {}
    fn front_refusal(&self, _: &'static str) {}
}
