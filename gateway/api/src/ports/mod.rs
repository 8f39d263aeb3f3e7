//! What the gateway asks of the outside world: one narrow trait each, owned by who needs it.
//!
//! Every call that touches a tenant's data takes the [`VirtualServerId`] as a typed argument. Reading is spread over
//! small traits; writing goes through one door, [`Ledger::commit`], so that a change and its audit record are one.

mod approvals;
mod clock;
mod decisions;
mod directory;
mod imports;
mod ledger;
mod mailer;
mod metrics;
mod outlets;
mod provisioning;
mod push;
mod store;
mod trail;

pub use approvals::{PendingActs, Reader};
pub use clock::{Clock, Entropy};
pub use decisions::Decisions;
pub use directory::{Directory, PasswordCheck, Rehash};
pub use imports::ImportJobs;
pub use ledger::{Act, Change, Ledger, OneTime, OneTimePurpose};
pub use mailer::Mailer;
pub use metrics::{Metrics, NoMetrics};
pub use outlets::{AuditOutlets, OutletState};
pub use provisioning::{DUE_AT_ONCE, Provisioning};
pub use push::{PushDelivery, PushSender};
pub use store::{
    AuditLog, Credentials, Fails, Flows, Listed, MeterKey, MeterScope, Meters, OneTimes, Operators, Outbox, Page,
    Pushes, Register, Sessions, Settings, Taken, TokenFilter, Users,
};

pub use trail::{Enrolments, Missing, Scanned, Trail};

#[allow(unused_imports, reason = "the doc comment above refers to it")]
use crate::ids::VirtualServerId;
