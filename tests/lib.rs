//! The little world in which the tests live: a gateway as users run it, and the real parts around it. The stories are in
//! `main.rs`, the attacks in `attack/`, the faults in `faults/`. Beside it, what the faults' report is made of.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends there and says so"
)]
#![allow(missing_docs, unreachable_pub, reason = "only tests read it")]

pub mod report;
pub mod world;
