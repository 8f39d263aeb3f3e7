//! `doorward-bench`: what a request costs, beside others on the same machine in the same minutes. `make bench` builds all that
//! is measured and calls it; `README.md` says how to read what it prints.
//!
//! | part | file | what it measures |
//! |---|---|---|
//! | `footprint` | `footprint.rs` | time to ready, memory |
//! | `cpu` | `rounds.rs` | CPU time of the proxy's processes for each request |
//! | `instructions` | `instructions.rs` | instructions in user space for each request |
//! | `latency` | `micro.rs` | what the small benches of `micro/` found |
//!
//! `contestants.rs` is the list of those measured, `world.rs` starts them, `sites.rs` and `rivals.rs` say how each is set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that cannot be made ends the run and says so"
)]

mod args;
mod contestants;
mod footprint;
mod instructions;
mod load;
mod machine;
mod micro;
mod process;
mod results;
mod rivals;
mod rounds;
mod sites;
mod world;

use std::process::ExitCode;

use args::{Args, Part};
use results::Results;
use world::World;

fn main() -> ExitCode {
    let args = match Args::read(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(why) => {
            eprintln!("{why}\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    match measure(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("The measurement is void: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: &Args) -> Result<(), String> {
    let world = World::new(args)?;
    let mut results = Results::of(machine::describe(&world), args);
    if args.parts.contains(&Part::Footprint) {
        results.footprints = Some(footprint::measure(&world, args)?);
    }
    if args.parts.contains(&Part::Cpu) {
        results.cpu = Some(rounds::measure(&world, args)?);
    }
    if args.parts.contains(&Part::Instructions) {
        results.instructions = Some(instructions::measure(&world, args)?);
    }
    if args.parts.contains(&Part::Latency) {
        results.latencies = Some(micro::read(args.criterion.as_deref()));
    }
    let text = results.markdown();
    println!("{text}");
    match &args.write {
        Some(file) => std::fs::write(file, text).map_err(|cause| format!("{}: {cause}", file.display())),
        None => Ok(()),
    }
}
