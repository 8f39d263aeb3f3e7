//! The outside world, as one value: every port that signing in uses.

use std::sync::Arc;

use doorward_api::ports::{
    Clock, Credentials, Decisions, Directory, Enrolments, Entropy, Flows, ImportJobs, Ledger, Mailer, Meters, Metrics,
    OneTimes, Outbox, PendingActs, Provisioning, PushSender, Pushes, Register, Sessions, Settings, Trail,
};

use crate::passwords::Passwords;

/// The ports in use. Cheap to clone; who needs few of them takes those.
#[derive(Clone)]
pub struct Ports {
    /// Who users are, and their passwords.
    pub directory: Arc<dyn Directory>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Sign-in flows.
    pub flows: Arc<dyn Flows>,
    /// Enrolled authenticators.
    pub credentials: Arc<dyn Credentials>,
    /// Single-use values.
    pub one_times: Arc<dyn OneTimes>,
    /// Counters.
    pub meters: Arc<dyn Meters>,
    /// What operators set.
    pub settings: Arc<dyn Settings>,
    /// What operators look through.
    pub register: Arc<dyn Register>,
    /// Acts that wait for a second operator.
    pub pending: Arc<dyn PendingActs>,
    /// Provisioning tasks.
    pub provisioning: Arc<dyn Provisioning>,
    /// Files of tokens on their way into the stock.
    pub imports: Arc<dyn ImportJobs>,
    /// The audit trail, to be looked through.
    pub trail: Arc<dyn Trail>,
    /// The enrolment history.
    pub enrolments: Arc<dyn Enrolments>,
    /// Decision records.
    pub decisions: Arc<dyn Decisions>,
    /// Requests to users' devices.
    pub pushes: Arc<dyn Pushes>,
    /// The way to their push services.
    pub push_sender: Arc<dyn PushSender>,
    /// The one door for writing.
    pub ledger: Arc<dyn Ledger>,
    /// Sends what was queued.
    pub mailer: Arc<dyn Mailer>,
    /// What has become of it.
    pub outbox: Arc<dyn Outbox>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Measurements.
    pub metrics: Arc<dyn Metrics>,
    /// Hashes and checks passwords, PINs and temporary passcodes.
    pub passwords: Arc<Passwords>,
}
