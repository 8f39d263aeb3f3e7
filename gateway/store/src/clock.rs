//! The store's time (decision A21).
//!
//! SQLite has no clock but its machine's: that one is taken. PostgreSQL's clock is sampled now and then, and between two
//! samples the monotonic clock goes on from there: no setting of a replica's own clock is felt.
//!
//! Either way time never goes back, and it does not stop for long: when the clock that is followed has been set back by
//! hours, the monotonic clock goes on from the last time that was told, so that nothing lives longer than it may (F-13).

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use doorward_api::Timestamp;
use doorward_api::ports::Clock;

/// How often PostgreSQL's clock is sampled.
pub(crate) const SAMPLE_EVERY: Duration = Duration::from_secs(30);

/// How far a clock is corrected at the most: what it is set back by less, time waits out. One that was wrong by days must
/// not stop time for days: nor does it hold the time of a process that starts, nor that of one that runs.
const CORRECTION: Duration = Duration::from_secs(300);

/// Clocks that should agree are this far apart: worth an alert (SEC 5.13).
const ALERT: Duration = Duration::from_secs(5);

/// And this far: no longer to be trusted with a request.
const LIMIT: Duration = Duration::from_secs(30);

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

/// How far the clocks are apart that should agree: this machine's, the one that is followed, and the time that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drift {
    millis: i64,
}

impl Drift {
    /// In seconds; positive when this machine's clock is ahead.
    pub fn seconds(self) -> f64 {
        self.millis as f64 / 1000.0
    }

    /// More than 5 s: somebody should look.
    pub fn alarms(self) -> bool {
        self.more_than(ALERT)
    }

    /// More than 30 s: this process is not ready.
    pub fn forbids(self) -> bool {
        self.more_than(LIMIT)
    }

    fn more_than(self, limit: Duration) -> bool {
        u128::from(self.millis.unsigned_abs()) > limit.as_millis()
    }
}

/// The time as it was told, so that it can be told on.
#[derive(Debug)]
struct Course {
    last: Timestamp,
    /// When the clock that is followed was last believed, and what it said.
    anchor: (Timestamp, Instant),
}

impl Course {
    fn from(start: Timestamp) -> Self {
        Self { last: start, anchor: (start, Instant::now()) }
    }

    /// The time, when the clock that is followed says `read` at the moment `at`.
    fn tell(&mut self, read: Timestamp, at: Instant) -> Timestamp {
        let (said, since) = self.anchor;
        let on = said + at.saturating_duration_since(since);
        self.last = if read + CORRECTION >= on {
            self.anchor = (read.max(self.last), at);
            self.anchor.0
        } else {
            on.max(self.last)
        };
        self.last
    }
}

/// [`Clock`] of a store.
#[derive(Debug)]
pub(crate) struct StoreClock {
    source: Source,
    course: Mutex<Course>,
}

impl StoreClock {
    /// For SQLite: this machine's clock, not before `newest`, the time of the newest record.
    pub(crate) fn of_machine(newest: Timestamp) -> Self {
        Self::following(Source::Machine, machine_time(), newest)
    }

    /// For PostgreSQL: the time of the sample, not before `newest`.
    pub(crate) fn sampled(sample: Sample, newest: Timestamp) -> Self {
        Self::following(Source::Sampled(RwLock::new(sample)), sample.said, newest)
    }

    fn following(source: Source, said: Timestamp, newest: Timestamp) -> Self {
        if newest > said + CORRECTION {
            tracing::warn!(%newest, %said, "the newest record is from the future: was the clock wrong, or is it now?");
        }
        Self { source, course: Mutex::new(Course::from(newest.min(said + CORRECTION))) }
    }

    /// How far the clocks are apart.
    pub(crate) fn drift(&self) -> Drift {
        let (told, here, read) = (self.now().millis(), machine_time().millis(), self.read().millis());
        // The one is another machine's clock, the other a clock that was set back.
        let (away, back) = (here.saturating_sub(read), read.saturating_sub(told));
        Drift { millis: if away.unsigned_abs() >= back.unsigned_abs() { away } else { back } }
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
        let (read, at) = (self.read(), Instant::now());
        self.course.lock().unwrap_or_else(PoisonError::into_inner).tell(read, at)
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
        let clock = StoreClock::sampled(sample(1000), Timestamp::default());
        let first = clock.now();
        clock.set(sample(900));
        assert!(clock.now() >= first);
        clock.set(sample(2000));
        assert!(clock.now() >= Timestamp::from_secs(2000));
    }

    /// What the clock that is followed says at which second, and what time it is then.
    fn story(told: &[(u64, i64, i64)]) {
        let begin = Instant::now();
        let mut course = Course { last: Timestamp::default(), anchor: (Timestamp::default(), begin) };
        for (second, read, time) in told {
            let at = begin + Duration::from_secs(*second);
            assert_eq!(course.tell(Timestamp::from_secs(*read), at), Timestamp::from_secs(*time), "second {second}");
        }
    }

    #[test]
    fn a_small_correction_is_waited_out() {
        story(&[(0, 10_000, 10_000), (10, 9_990, 10_000), (25, 10_005, 10_005)]);
    }

    #[test]
    fn set_back_by_an_hour_time_goes_on_and_follows_again_when_the_clock_is_right_again() {
        story(&[(0, 10_000, 10_000), (10, 6_410, 10_010), (20, 6_420, 10_020), (30, 10_030, 10_030)]);
    }

    #[test]
    fn set_ahead_by_an_hour_and_back_time_goes_on_from_ahead() {
        story(&[(0, 10_000, 10_000), (10, 13_610, 13_610), (20, 10_020, 13_620), (3_700, 13_700, 17_300)]);
    }

    #[test]
    fn a_replica_that_is_asked_often_follows_a_slower_clock_and_gains_nothing_on_it() {
        let begin = Instant::now();
        let mut course = Course { last: Timestamp::from_secs(1000), anchor: (Timestamp::from_secs(1000), begin) };
        for millis in 0..10_000 {
            let read = Timestamp::from_millis(1_000_000 + millis * 9 / 10);
            assert_eq!(course.tell(read, begin + Duration::from_millis(millis.unsigned_abs())), read);
        }
    }

    #[test]
    fn a_clock_ninety_seconds_apart_is_seen() {
        let here = machine_time();
        let of = |millis| {
            StoreClock::sampled(Sample { said: here + Duration::from_millis(millis), at: Instant::now() }, here)
        };
        let (near, off, far) = (of(3_000).drift(), of(8_000).drift(), of(90_000).drift());
        assert!(!near.alarms() && off.alarms() && !off.forbids() && far.forbids());
        assert!((-91.0..-89.0).contains(&far.seconds()), "{far:?}");
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
