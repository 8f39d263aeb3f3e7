//! What the gateway asks of the outside world: one narrow trait each, owned by who needs it.
//!
//! Every call that touches a tenant's data takes the [`VirtualServerId`] as a typed argument. Reading is spread over
//! small traits; writing goes through one door, [`Ledger::commit`], so that a change and its audit record are one.

mod clock;
mod directory;
mod ledger;
mod mailer;
mod metrics;
mod push;
mod store;

pub use clock::{Clock, Entropy};
pub use directory::{Directory, PasswordCheck, Rehash};
pub use ledger::{Act, Change, Ledger, OneTime, OneTimePurpose};
pub use mailer::Mailer;
pub use metrics::{Metrics, NoMetrics};
pub use push::{PushDelivery, PushSender};
pub use store::{
    AuditLog, Credentials, Fails, Flows, Listed, MeterKey, MeterScope, Meters, OneTimes, Operators, Outbox, Page,
    Pushes, Register, Sessions, Settings, Taken, TokenFilter, Users,
};

#[allow(unused_imports, reason = "the doc comment above refers to it")]
use crate::ids::VirtualServerId;
