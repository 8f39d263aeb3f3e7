//! The store's time (decision A21).
//!
//! SQLite has no clock but its machine's: that one is taken. PostgreSQL's clock is sampled now and then, and between two
//! samples the monotonic clock goes on from there: no setting of a replica's own clock is felt.
//!
//! Either way time does not go back, and it does not stop for long: when the clock that is followed has been set back by
//! hours, the monotonic clock goes on from the last time that was told, so that nothing lives longer than it may (F-13).
//!
//! There is one exception. A machine's clock that has leapt ahead, and comes back to where it would be without that leap, was
//! wrong meanwhile and is right again. Time goes back to it then, and with it, in the same transaction, whatever waits for
//! a time: see `rewind.rs`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use doorward_api::Timestamp;
use doorward_api::ports::Clock;

/// How often PostgreSQL's clock is sampled.
pub(crate) const SAMPLE_EVERY: Duration = Duration::from_secs(30);

/// How far a clock is corrected at the most: what it is set back by less, time waits out. One that was wrong by days must
/// not stop time for days: nor does it hold the time of a process that starts, nor that of one that runs.
const CORRECTION: Duration = Duration::from_secs(300);

/// A clock that has leapt ahead is back on its old line when it comes as near to it as this: the monotonic clock, by which the
/// line is drawn, errs by less in a day.
const NEAR: Duration = Duration::from_secs(5);

/// And it is believed to be right again when it has stayed there for so long.
const STEADY: Duration = Duration::from_secs(20);

/// A leap that has lasted for so long was none: the machine had slept.
const FORGOTTEN: Duration = Duration::from_hours(24);

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

/// The clock that is followed has leapt ahead, farther than a clock is corrected. Time has gone with it, since it may have
/// been the machine that slept; where it would be without the leap is remembered.
#[derive(Debug, Clone, Copy)]
struct Leap {
    /// What the clock said last before it, and when that was.
    before: (Timestamp, Instant),
    /// The time that was told then.
    told: Timestamp,
    /// Since when the clock has been back on the line of before.
    back_since: Option<Instant>,
}

impl Leap {
    /// With what the clock says now; `None` when it lasts for too long to be one.
    fn seen(self, read: Timestamp, at: Instant) -> Option<Self> {
        let (said, since) = self.before;
        let went = at.saturating_duration_since(since);
        let line = said + went;
        let back = read.since(line).max(line.since(read)) <= NEAR;
        let back_since = self.back_since.or(Some(at)).filter(|_| back);
        (went < FORGOTTEN).then_some(Self { back_since, ..self })
    }

    fn is_over(self, at: Instant) -> bool {
        self.back_since.is_some_and(|since| at.saturating_duration_since(since) >= STEADY)
    }
}

/// The time as it was told, so that it can be told on.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    last: Timestamp,
    /// When the clock that is followed was last believed, and what it said.
    anchor: (Timestamp, Instant),
    /// The last time that it was asked, and what it said.
    heard: (Timestamp, Instant),
    leap: Option<Leap>,
    /// The latest time that was told before time went back.
    taken_back: Option<Timestamp>,
}

impl Course {
    fn from(start: Timestamp) -> Self {
        Self::beginning(start, Instant::now())
    }

    fn beginning(start: Timestamp, at: Instant) -> Self {
        Self { last: start, anchor: (start, at), heard: (start, at), leap: None, taken_back: None }
    }

    /// The time, when the clock that is followed says `read` at the moment `at`.
    fn tell(&mut self, read: Timestamp, at: Instant) -> Timestamp {
        let (said, since) = self.anchor;
        let on = said + at.saturating_duration_since(since);
        self.leap = match self.leap {
            Some(leap) => leap.seen(read, at),
            None if read > on + CORRECTION => Some(Leap { before: self.heard, told: on, back_since: None }),
            None => None,
        };
        self.heard = (read, at);
        self.last = if read + CORRECTION >= on {
            self.anchor = (read.max(self.last), at);
            self.anchor.0
        } else {
            on.max(self.last)
        };
        self.last
    }

    /// What time it is really, when the clock that is followed was wrong and is right again: earlier than what is told.
    fn really(&self, at: Instant) -> Option<Timestamp> {
        let leap = self.leap.filter(|leap| leap.is_over(at))?;
        // Nothing that was told before the leap is taken back.
        let time = self.heard.0.max(leap.told);
        (time < self.last).then_some(time)
    }

    /// Of a clock that was ahead by so much, and is known to be right again.
    #[cfg(test)]
    pub(crate) fn astray(by: Duration) -> Self {
        let (right, at) = (machine_time(), Instant::now());
        let leap = Leap { before: (right, at), told: right, back_since: at.checked_sub(STEADY) };
        Self { heard: (right, at), leap: Some(leap), ..Self::beginning(right + by, at) }
    }

    /// Goes back, and says by how much.
    fn go_back(&mut self, at: Instant) -> Option<Duration> {
        let time = self.really(at)?;
        let by = self.last.since(time);
        *self = Self { taken_back: Some(self.last), heard: self.heard, ..Self::beginning(time, at) };
        Some(by)
    }

    /// Whether somebody was told this time before time went back, and it has not come again.
    fn took_back(&self, told: Timestamp) -> bool {
        self.taken_back.is_some_and(|until| self.last < told && told <= until)
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

    /// Whether time should go back. Only where the time is this machine's: PostgreSQL's is many processes' time.
    pub(crate) fn is_astray(&self) -> bool {
        self.now();
        matches!(self.source, Source::Machine) && self.course().really(Instant::now()).is_some()
    }

    /// Goes back to what time it really is. Says by how much, and how to go on as if it had not; `None` when there is no reason to.
    pub(crate) fn go_back(&self) -> Option<(Duration, Course)> {
        let mut course = self.course();
        let before = course.clone();
        course.go_back(Instant::now()).map(|by| (by, before))
    }

    /// What waits for a time could not go back with it: time goes on as if it had not gone back either.
    pub(crate) fn go_on(&self, before: Course) {
        *self.course() = before;
    }

    /// Whether this time was told before time went back, and lies ahead now: nothing may be written that is reckoned from it.
    pub(crate) fn took_back(&self, told: Timestamp) -> bool {
        self.course().took_back(told)
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.course().tell(read, at)
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
        let mut course = Course::beginning(Timestamp::default(), begin);
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

    /// A course that begins at 10,000 s with a clock that agrees, and is asked at these seconds, when the clock says this.
    fn course(asked: &[(u64, i64)]) -> (Course, Instant) {
        let begin = Instant::now();
        let mut course = Course::beginning(Timestamp::from_secs(10_000), begin);
        let mut at = begin;
        for (second, read) in asked {
            at = begin + Duration::from_secs(*second);
            course.tell(Timestamp::from_secs(*read), at);
        }
        (course, at)
    }

    #[test]
    fn a_clock_that_leapt_ahead_and_came_back_is_right_again_when_it_has_stayed_for_a_while() {
        let there_and_back = [(0, 10_000), (10, 13_610), (20, 13_620), (30, 10_030), (49, 10_049)];
        let (mut early, at) = course(&there_and_back);
        assert_eq!(early.go_back(at), None);

        let (mut course, at) = course(&[&there_and_back[..], &[(50, 10_050)]].concat());
        assert_eq!(
            (course.last, course.really(at)),
            (Timestamp::from_secs(13_650), Some(Timestamp::from_secs(10_050)))
        );
        assert_eq!(course.go_back(at), Some(Duration::from_secs(3600)));
        assert_eq!(course.really(at), None, "once");
        assert_eq!(
            course.tell(Timestamp::from_secs(10_051), at + Duration::from_secs(1)),
            Timestamp::from_secs(10_051)
        );
        // What was told meanwhile is known, until it comes again.
        for (told, taken_back) in [(10_051, false), (10_052, true), (13_650, true), (13_651, false)] {
            assert_eq!(course.took_back(Timestamp::from_secs(told)), taken_back, "{told}");
        }
        let in_an_hour = at + Duration::from_secs(3700);
        course.tell(Timestamp::from_secs(13_750), in_an_hour);
        assert!(!course.took_back(Timestamp::from_secs(13_650)));
    }

    #[test]
    fn nothing_but_a_return_to_the_line_of_before_makes_time_go_back() {
        for (why, asked) in [
            ("it was only set back", &[(0, 10_000), (10, 6_410), (20, 6_420), (60, 6_460)][..]),
            ("it is still ahead", &[(0, 10_000), (10, 13_610), (60, 13_660)]),
            ("it came back by less", &[(0, 10_000), (10, 13_610), (20, 11_000), (60, 11_040)]),
            ("it came back by more", &[(0, 10_000), (10, 13_610), (20, 9_000), (60, 9_040)]),
            ("it was only corrected", &[(0, 10_000), (10, 10_300), (20, 10_020), (60, 10_060)]),
            ("it comes and goes", &[(0, 10_000), (10, 13_610), (20, 10_020), (30, 13_630), (40, 10_040), (50, 10_050)]),
            ("it was right for a day", &[(0, 10_000), (10, 13_610), (86_500, 96_500), (86_600, 96_600)]),
        ] {
            let (mut course, at) = course(asked);
            let told = course.last;
            assert_eq!((course.go_back(at), course.last), (None, told), "{why}");
        }
    }

    #[test]
    fn time_does_not_go_back_behind_what_was_told_before_the_leap() {
        // Two minutes ahead of its clock, as after a start with a record of two minutes ahead.
        let begin = Instant::now();
        let mut course = Course::beginning(Timestamp::from_secs(10_120), begin);
        for (second, read) in [(0, 10_000), (10, 13_610), (20, 10_020), (40, 10_040)] {
            course.tell(Timestamp::from_secs(read), begin + Duration::from_secs(second));
        }
        let at = begin + Duration::from_secs(40);
        assert_eq!(course.really(at), Some(Timestamp::from_secs(10_130)));
        assert_eq!(course.go_back(at), Some(Duration::from_secs(3510)));
        assert_eq!(course.tell(Timestamp::from_secs(10_041), at), Timestamp::from_secs(10_130), "and waits there");
    }

    #[test]
    fn a_replica_that_is_asked_often_follows_a_slower_clock_and_gains_nothing_on_it() {
        let begin = Instant::now();
        let mut course = Course::beginning(Timestamp::from_secs(1000), begin);
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
