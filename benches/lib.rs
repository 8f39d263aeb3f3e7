//! What measuring is made of, apart from the measuring: figures and their spread, the order of rounds, what other programs'
//! output says, the targets, the report. `run/` measures, `bare/` is what is measured against, `micro/` are the small benches.

pub mod figures;
pub mod readings;
pub mod report;
pub mod shuffle;
pub mod targets;

#[cfg(feature = "bench")]
pub mod bare;
#[cfg(feature = "micro")]
pub mod fixtures;
