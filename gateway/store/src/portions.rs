//! How a search goes through what it has to look at while somebody waits for its page: portion by portion, each as large as still
//! fits into the time, going by how long the one before took. So a search of what lies on a slow disk says sooner how far it has
//! come, and the page comes as soon.

use std::time::{Duration, Instant};

/// So long a search looks.
const LONG: Duration = Duration::from_millis(60);

/// A portion is at most so many times as large as the first one: what the one before found in memory, and was quick with, this one
/// may have to fetch from a slow disk.
const GROWTH: i64 = 2;

/// Portions smaller than this part of the first one are not worth a question.
const WORTH: i64 = 2;

/// The portions of one search.
#[derive(Debug)]
pub(crate) struct Portions {
    /// How large the first one is.
    pub(crate) first: i64,
    most: i64,
    looked_at: i64,
    begun: Instant,
    since: Instant,
}

impl Portions {
    /// `first` at first, and `most` in all.
    pub(crate) fn of(first: i64, most: i64, now: Instant) -> Self {
        Self { first: first.min(most), most, looked_at: 0, begun: now, since: now }
    }

    /// How large the next one is, after one of `scanned`; `None`: it is enough.
    pub(crate) fn after(&mut self, scanned: i64, now: Instant) -> Option<i64> {
        let left = LONG.saturating_sub(now.duration_since(self.begun));
        let took = now.duration_since(self.since).max(Duration::from_micros(1));
        self.looked_at += scanned;
        self.since = now;
        let fit = u128::from(scanned.unsigned_abs()) * left.as_micros() / took.as_micros();
        let fit = i64::try_from(fit).unwrap_or(i64::MAX);
        let rest = self.most - self.looked_at;
        let next = fit.min(self.first.saturating_mul(GROWTH)).min(rest);
        (next >= (self.first / WORTH).min(rest) && next > 0).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn what_is_quick_is_looked_at_in_few_portions_up_to_the_most() {
        let now = Instant::now();
        let mut portions = Portions::of(500, 6_000, now);
        assert_eq!(portions.first, 500);
        assert_eq!(portions.after(500, now + ms(1)), Some(1_000));
        assert_eq!(portions.after(1_000, now + ms(3)), Some(1_000), "never more at once");
        assert_eq!(portions.after(3_000, now + ms(5)), Some(1_000));
        assert_eq!(portions.after(1_000, now + ms(7)), Some(500));
        assert_eq!(portions.after(500, now + ms(9)), None, "the most was looked at");
    }

    #[test]
    fn what_is_slow_ends_before_somebody_has_waited_too_long() {
        let now = Instant::now();
        let mut portions = Portions::of(100, 4_000, now);
        assert_eq!(portions.after(100, now + ms(40)), Some(50), "20 ms are left, of which 100 take 40");
        assert_eq!(portions.after(50, now + ms(59)), None, "what fits into a millisecond is not worth a question");
        let mut portions = Portions::of(100, 4_000, now);
        assert_eq!(portions.after(100, now + ms(200)), None);
    }

    #[test]
    fn a_small_rest_is_looked_at() {
        let now = Instant::now();
        let mut portions = Portions::of(100, 110, now);
        assert_eq!(portions.after(100, now + ms(1)), Some(10));
        assert_eq!(Portions::of(100, 10, now).first, 10);
    }
}
