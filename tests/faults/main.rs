//! Faults: what a gateway promises when something breaks, and the figures that show it (F-01 to F-36).
//!
//! `cargo test` runs the short form of each; `make faults` runs them whole and rewrites `tests/FAULTS.md` with what it saw.
//! A fault is a file with a function; [`LIST`] is the table of contents and the order of the report.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a fault that cannot be made ends its story there and says so"
)]

#[allow(unused_imports, reason = "until the first case is here")]
use doorward_tests::world;

mod report;
mod runner;

use std::process::ExitCode;

use runner::Fault;

/// Every fault, in the order of the report.
const LIST: &[Fault] = &[];

fn main() -> ExitCode {
    runner::main(LIST)
}
