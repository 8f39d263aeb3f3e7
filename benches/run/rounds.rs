//! CPU time of each request: all of them in turn, in an order that no round shares with another, with the same binary twice.

use std::time::Duration;

use doorward_benches::figures::Series;
use doorward_benches::shuffle::Dice;

use crate::args::Args;
use crate::contestants::Contestant;
use crate::world::{Manner, Running, World};

/// One that was measured, or why it was not. Values are microseconds for each request.
pub(crate) struct Measured {
    pub(crate) contestant: &'static Contestant,
    pub(crate) series: Result<Series, String>,
}

/// How long what was begun by the last request may take to end.
const SETTLE: Duration = Duration::from_millis(30);

pub(crate) fn measure(world: &World, args: &Args) -> Result<Vec<Measured>, String> {
    let extent = args.extent();
    let mut measured = Vec::new();
    let mut running: Vec<(usize, Running)> = Vec::new();
    for contestant in &args.contestants {
        let series = match world.start(contestant, &Manner::of(contestant)) {
            Ok(one) => {
                running.push((measured.len(), one));
                Ok(Series::default())
            }
            Err(why) if contestant.kind.is_rival() => Err(why),
            Err(why) => return Err(why),
        };
        measured.push(Measured { contestant, series });
    }
    let mut dice = Dice::new(args.seed);
    // Round 0 warms up and is not counted.
    for round in 0..=extent.rounds {
        eprintln!("CPU time: round {round} of {}", extent.rounds);
        for at in dice.order(running.len()) {
            let (index, one) = &running[at];
            let measured = &mut measured[*index];
            let cost = cost(world, one, extent.requests)
                .map_err(|why| format!("{}, round {round}: {why}", measured.contestant.title))?;
            if let (true, Ok(series)) = (round > 0, &mut measured.series) {
                series.push(cost);
            }
        }
    }
    Ok(measured)
}

/// Microseconds of CPU time for each request.
fn cost(world: &World, one: &Running, requests: u64) -> Result<f64, String> {
    let before = one.process.cpu_seconds(world.ticks_per_second);
    one.request.ask(one.port, requests)?;
    std::thread::sleep(SETTLE);
    let after = one.process.cpu_seconds(world.ticks_per_second);
    one.process.empty_log();
    Ok((after - before) * 1e6 / requests as f64)
}
