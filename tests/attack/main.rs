//! Attacks on the running gateway (the table of attacks is data: bytes in, what must come of it). A new case is a new entry
//! of a file in `cases/`; what needs a person's steps is a story.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "an attack that cannot go on ends there and says so"
)]
#![allow(unreachable_pub, reason = "only tests read it")]

use doorward_tests::world;

mod bench;
mod cases;
mod index;
mod spellings;
mod table;

mod greedy;
mod http2;
mod slow;
mod tls;
