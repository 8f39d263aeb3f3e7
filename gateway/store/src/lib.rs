//! The ports of [`doorward_api::ports`] over SQLite (the default) and PostgreSQL: one SQL text for both.
//!
//! Read in this order: [`Store::open`] in `open.rs`; `db.rs`, where the two databases become one; `ledger.rs`, the one
//! door through which anything that is recorded is written; then one file for each table or two. `register.rs` is what
//! operators look through. `sweep.rs` and `outbox.rs` serve the janitor and the sender;
//! `rotate.rs` and `reseal.rs` change the key, `retain.rs` cuts the audit trail, `backup.rs` and `restore.rs` are what they say;
//! `look.rs` opens a database and leaves it alone.
//!
//! What is promised:
//! - A change is made whole or not at all, with its audit records, and is on the disk before it is acknowledged.
//! - Of any number of equal changes at once, over any number of processes, as many succeed as the condition allows.
//! - Each query takes the virtual server, so that one tenant's ids find nothing of another's.
//! - What is secret is sealed for its table, column, row and virtual server; the key is not in the database.
//! - A database that does not answer in time is an error, never a guess.

mod api_keys;
mod approvals;
mod audit;
mod backup;
mod clock;
mod credentials;
mod db;
mod decisions;
mod enrolments;
mod entropy;
mod error;
mod flows;
mod grants;
mod groups;
mod imports;
mod ledger;
mod look;
mod meters;
mod migrate;
mod one_times;
mod open;
mod operators;
mod outbox;
mod outlets;
mod pages;
#[cfg(test)]
mod plans;
mod portions;
mod provisioning;
mod provisioning_rules;
mod pushes;
mod recovery;
mod register;
mod reseal;
mod restore;
mod retain;
mod rewind;
mod roles;
mod rotate;
mod runtime;
mod seal;
mod sessions;
mod settings;
mod sweep;
mod tallies;
mod trail;
mod users;
mod without;

pub use backup::{BackupError, Heads, Snapshot, epoch_of, is_in_use, known_schema, snapshot};
pub use clock::{Drift, system_clock};
pub use entropy::SystemEntropy;
pub use look::Found;
pub use open::{OpenError, Store, StoreOptions};
pub use outbox::{ExpiredMail, WaitingMails};
pub use reseal::{KeyUse, Resealed};
pub use restore::{AgedToken, Aging, RestoreOutcome, RestorePlan, Vouch};
pub use rotate::{KeyAnswer, KeyState};
