//! Access policies in Cedar: load, validate, slice by application, decide, ask for the least further proof, explain.
//!
//! Pure: no file, clock or network is touched here. A request's way through this crate:
//!
//! 1. [`Policies::load`] parses and validates the files once, and cuts a [`Slice`] for each application;
//! 2. [`Slice::key`] gathers the facts that the slice reads (its footprint) into a [`FootprintKey`], under which the
//!    gate may have the decision already;
//! 3. if not, [`Slice::decide`] asks Cedar: with the proofs given, then with the least further proof that would admit.
//!
//! The order of files and policies changes nothing. Whatever fails on the way refuses.

mod assume;
pub mod cases;
mod check;
mod decide;
mod depth;
mod engine;
mod explain;
mod facts;
mod letters;
mod listing;
mod load;
mod reads;
mod text;

pub use decide::Slice;
pub use engine::SCHEMA;
pub use explain::{ClauseExplanation, ClauseOutcome, Explanation, PolicyExplanation, PolicyOutcome, explain};
pub use facts::{Footprint, FootprintKey, without_parameters};
pub use letters::folded_path;
pub use listing::PolicyText;
pub use load::{LoadError, LoadErrors, Policies, Served, Source};

#[cfg(test)]
mod tests;
