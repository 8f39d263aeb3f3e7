//! The store's time (decision A21).
//!
//! SQLite has no clock but its machine's: that one is taken, and never goes back. PostgreSQL's clock is sampled now and
//! then, and between two samples the monotonic clock goes on from there: no setting of a replica's own clock is felt.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use doorward_api::Timestamp;
use doorward_api::ports::Clock;

/// How often PostgreSQL's clock is sampled.
pub(crate) const SAMPLE_EVERY: Duration = Duration::from_secs(30);

/// How far the newest record may lie ahead of this machine's clock and still hold the time back from it. Clocks are
/// corrected by seconds; one that was wrong by days must not stop time for days.
const TRUSTED_LEAD: Duration = Duration::from_secs(300);

/// Where the time comes from.
#[derive(Debug)]
enum Source {
    /// This machine.
    Machine,
    /// PostgreSQL.
    Sampled(RwLock<Sample>),
}

/// What PostgreSQL's clock said, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) said: Timestamp,
    pub(crate) at: Instant,
}

/// [`Clock`] of a store.
#[derive(Debug)]
pub(crate) struct StoreClock {
    source: Source,
    floor: AtomicI64,
}

impl StoreClock {
    /// For SQLite: this machine's clock, not before `newest`, the time of the newest record.
    pub(crate) fn of_machine(newest: Timestamp) -> Self {
        let here = machine_time();
        if newest > here + TRUSTED_LEAD {
            tracing::warn!(%newest, %here, "the newest record is from the future: was this machine's clock wrong, or is it now?");
        }
        let floor = newest.min(here + TRUSTED_LEAD);
        Self { source: Source::Machine, floor: AtomicI64::new(floor.millis()) }
    }

    /// For PostgreSQL.
    pub(crate) fn sampled(sample: Sample) -> Self {
        Self { source: Source::Sampled(RwLock::new(sample)), floor: AtomicI64::new(sample.said.millis()) }
    }

    /// Takes a new sample.
    pub(crate) fn set(&self, sample: Sample) {
        if let Source::Sampled(slot) = &self.source {
            *slot.write().unwrap_or_else(PoisonError::into_inner) = sample;
        }
    }

    fn read(&self) -> Timestamp {
        match &self.source {
            Source::Machine => machine_time(),
            Source::Sampled(slot) => {
                let sample = *slot.read().unwrap_or_else(PoisonError::into_inner);
                sample.said + sample.at.elapsed()
            }
        }
    }
}

/// This machine's clock, for what opens no store. Where there is one, ask [`Store::clock`](crate::Store::clock).
pub fn system_clock() -> Arc<dyn Clock> {
    Arc::new(StoreClock::of_machine(Timestamp::default()))
}

impl Clock for StoreClock {
    fn now(&self) -> Timestamp {
        let read = self.read().millis();
        Timestamp::from_millis(self.floor.fetch_max(read, Ordering::SeqCst).max(read))
    }
}

#[allow(clippy::disallowed_methods, reason = "this is where the Clock port gets its time from")]
fn machine_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(0) + since
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_never_goes_back() {
        let sample = |secs| Sample { said: Timestamp::from_secs(secs), at: Instant::now() };
        let clock = StoreClock::sampled(sample(1000));
        let first = clock.now();
        clock.set(sample(900));
        assert!(clock.now() >= first);
        clock.set(sample(2000));
        assert!(clock.now() >= Timestamp::from_secs(2000));
    }

    #[test]
    fn a_record_of_a_minute_ahead_holds_the_time_and_one_of_a_year_ahead_does_not() {
        let here = machine_time();
        let minute = here + Duration::from_secs(60);
        assert_eq!(StoreClock::of_machine(minute).now(), minute);
        let year = here + Duration::from_secs(365 * 86_400);
        assert!(StoreClock::of_machine(year).now() < here + Duration::from_secs(600));
    }
}
