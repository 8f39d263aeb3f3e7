//! How long each takes to get ready, and how much memory it holds: idle, and after some requests.

use std::time::Duration;

use doorward_benches::figures::Series;

use crate::args::Args;
use crate::contestants::{BARE_AGAIN, Contestant};
use crate::world::{Manner, World};

/// After so many requests, memory is read once more.
const REQUESTS: u64 = 1_000;
/// What is still done when it is ready belongs to being idle.
const SETTLE: Duration = Duration::from_secs(1);

pub(crate) struct Footprint {
    pub(crate) contestant: &'static Contestant,
    pub(crate) seen: Result<Seen, String>,
}

#[derive(Default)]
pub(crate) struct Seen {
    /// From its start to its first good answer, in milliseconds.
    pub(crate) ready: Series,
    /// Resident memory of an idle one, in MB (10⁶ bytes).
    pub(crate) idle: Series,
    /// The same after [`REQUESTS`].
    pub(crate) used: Series,
}

pub(crate) fn measure(world: &World, args: &Args) -> Result<Vec<Footprint>, String> {
    let mut all = Vec::new();
    for contestant in args.contestants.iter().filter(|one| one.id != BARE_AGAIN) {
        eprintln!("footprint: {}", contestant.title);
        let seen = look(world, contestant, args.extent().starts);
        if let (false, Err(why)) = (contestant.kind.is_rival(), &seen) {
            return Err(why.clone());
        }
        all.push(Footprint { contestant, seen });
    }
    Ok(all)
}

fn look(world: &World, contestant: &Contestant, starts: usize) -> Result<Seen, String> {
    let mut seen = Seen::default();
    for _ in 0..starts {
        let one = world.start(contestant, &Manner::of(contestant))?;
        seen.ready.push(one.ready_after.as_secs_f64() * 1e3);
        std::thread::sleep(SETTLE);
        seen.idle.push(one.process.megabytes());
        one.request.ask(one.port, REQUESTS)?;
        seen.used.push(one.process.megabytes());
    }
    Ok(seen)
}
