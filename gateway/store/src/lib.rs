//! The ports of [`doorward_api::ports`] over SQLite (the default) and PostgreSQL: one SQL text for both.
//!
//! Read in this order: [`Store::open`] in `open.rs`; `db.rs`, where the two databases become one; `ledger.rs`, the one
//! door through which anything that is recorded is written; then one file for each table or two. `register.rs` is what
//! operators look through. `sweep.rs` and `outbox.rs` serve the janitor and the sender.
//!
//! What is promised:
//! - A change is made whole or not at all, with its audit records, and is on the disk before it is acknowledged.
//! - Of any number of equal changes at once, over any number of processes, as many succeed as the condition allows.
//! - Each query takes the virtual server, so that one tenant's ids find nothing of another's.
//! - What is secret is sealed for its table, column, row and virtual server; the key is not in the database.
//! - A database that does not answer in time is an error, never a guess.

mod audit;
mod clock;
mod credentials;
mod db;
mod entropy;
mod error;
mod flows;
mod grants;
mod groups;
mod ledger;
mod meters;
mod migrate;
mod one_times;
mod open;
mod operators;
mod outbox;
mod pages;
mod pushes;
mod recovery;
mod register;
mod rewind;
mod runtime;
mod seal;
mod sessions;
mod settings;
mod sweep;
mod users;

pub use clock::{Drift, system_clock};
pub use entropy::SystemEntropy;
pub use open::{OpenError, Store, StoreOptions};
pub use outbox::{ExpiredMail, WaitingMails};
