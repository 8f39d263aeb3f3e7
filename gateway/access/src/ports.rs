//! The outside world, as one value: every port that signing in uses.

use std::sync::Arc;

use doorward_api::ports::{
    Clock, Credentials, Directory, Entropy, Flows, Ledger, Mailer, Meters, Metrics, OneTimes, Outbox, PushSender,
    Pushes, Register, Sessions, Settings,
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
