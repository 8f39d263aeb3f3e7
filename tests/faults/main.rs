//! Faults: what a gateway promises when something breaks, and the figures that show it (F-01 to F-36).
//!
//! `cargo test` runs the short form of each; `make faults` runs them whole and writes what it saw into `tests/FAULTS.md`, where the
//! rows of faults that it did not run stay as they are.
//! A fault is a file with a function; [`LIST`] is the table of contents and the order of the report.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a fault that cannot be made ends its story there and says so"
)]

mod crowd;
mod f01_killed;
mod f02_order;
mod f03_sync_fails;
mod f04_disk_full;
mod f05_audit_down;
mod f06_database_held;
mod f07_refused_at_start;
mod f08_sqlite_version;
mod f10_single_use;
mod f11_nemesis;
mod f12_clocks_apart;
mod f13_clock_steps;
mod f14_postgres_stopped;
mod f15_postgres_silent;
mod f16_failover;
mod f17_conflicts;
mod f18_mail_server;
mod f21_upstream;
mod f22_one_of_two;
mod f23_upgrade;
mod f24_bad_reload;
mod f25_told_to_stop;
mod f27_descriptors;
mod f28_memory;
mod f29_soak;
mod f30_panics;
mod f31_argon2;
mod f32_stalled;
mod f36_bad_network;
mod history;
mod measure;
mod outage;
mod people;
mod report;
mod runner;
mod tickets;
mod traffic;

use std::process::ExitCode;

use runner::Fault;

/// Every fault, in the order of the report.
const LIST: &[Fault] = &[
    f01_killed::FAULT,
    f02_order::FAULT,
    f03_sync_fails::FAULT,
    f04_disk_full::FAULT,
    f05_audit_down::FAULT,
    f06_database_held::FAULT,
    f07_refused_at_start::FAULT,
    f08_sqlite_version::FAULT,
    f10_single_use::FAULT,
    f11_nemesis::FAULT,
    f12_clocks_apart::FAULT,
    f13_clock_steps::FAULT,
    f14_postgres_stopped::FAULT,
    f15_postgres_silent::FAULT,
    f16_failover::FAULT,
    f17_conflicts::FAULT,
    f18_mail_server::FAULT,
    f21_upstream::FAULT,
    f22_one_of_two::FAULT,
    f23_upgrade::FAULT,
    f24_bad_reload::FAULT,
    f25_told_to_stop::FAULT,
    f27_descriptors::FAULT,
    f28_memory::FAULT,
    f29_soak::FAULT,
    f30_panics::FAULT,
    f31_argon2::FAULT,
    f32_stalled::FAULT,
    f36_bad_network::FAULT,
];

fn main() -> ExitCode {
    runner::main(LIST)
}
