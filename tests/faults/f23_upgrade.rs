//! F-23: a new process takes over under load.

use std::time::{Duration, Instant};

use crate::measure::{ms, secs};
use crate::runner::{Fault, Found, Scale};
use crate::traffic::{Site, none_lost};

pub(crate) const FAULT: Fault = Fault {
    id: "F-23",
    what: "upgrade under load: `run --upgrade` and SIGQUIT, with connections that are kept (18) and new ones (10), on every \
           listener",
    promise: "every request is answered; sessions go on; the old process ends by itself with exit code 0",
    run: story,
};

fn story(scale: Scale) -> Found {
    let site = Site::new(20);
    let mut running = site.installation.serve();
    let load = site.load(&running);
    std::thread::sleep(Duration::from_secs(1));
    let (mut handed_over, mut left) = (Duration::ZERO, Duration::ZERO);
    let upgrades = scale.of(1, 4);
    for _ in 0..upgrades {
        let begun = Instant::now();
        let new = site.installation.upgrade(&running);
        handed_over = handed_over.max(begun.elapsed());
        // Five seconds in which both take new connections, the grace, and something for a busy machine.
        let (took, code) = running.gateway.gone_within(Duration::from_secs(5 + 20 + 5));
        assert_eq!(code, Some(0), "{}", running.gateway.log.lock().unwrap());
        left = left.max(took);
        std::thread::sleep(Duration::from_millis(500));
        running = new;
    }
    let tally = load.stop();
    let mut figures = none_lost(&tally);
    figures.push(("upgrades", upgrades.to_string()));
    figures.push(("handed over after", secs(handed_over)));
    figures.push(("old process gone after", secs(left)));
    figures.push(("slowest answer", ms(tally.slowest)));
    Found::Held(figures)
}
