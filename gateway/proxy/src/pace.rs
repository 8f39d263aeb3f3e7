//! How fast a request's body comes in. A client may be slow for a while, and then it must have caught up.

use std::time::{Duration, Instant};

use crate::limits::Limits;

/// One body's pace: how much longer it may be slow. Time uses it up and bytes give it back, never to more than at first, so
/// that a quick beginning does not pay for a slow end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    left: Duration,
    at: Instant,
}

impl Pace {
    /// Of a body that begins now.
    pub(crate) fn begin(limits: &Limits, now: Instant) -> Self {
        Self { left: limits.slow_for, at: now }
    }

    /// So many bytes have come. False: too slowly.
    pub(crate) fn holds(&mut self, bytes: usize, limits: &Limits, now: Instant) -> bool {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(u64::from(bytes)) / limits.slowest.max(1);
        // What was earned counts for the wait that it ends: an upstream that does not read makes the client wait, and then
        // much has come at once.
        let left = (self.left + earned).checked_sub(now.saturating_duration_since(self.at));
        self.at = now;
        self.left = left.unwrap_or_default().min(limits.slow_for);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many seconds a body lives that sends so many bytes every so many seconds, after a beginning of so many.
    fn lives(beginning: usize, bytes: usize, every: u64) -> Option<u64> {
        let (limits, begun) = (Limits::default(), Instant::now());
        let mut pace = Pace::begin(&limits, begun);
        assert!(pace.holds(beginning, &limits, begun));
        let mut seconds = (1..10_000 / every).map(|turn| turn * every);
        seconds.find(|seconds| !pace.holds(bytes, &limits, begun + Duration::from_secs(*seconds)))
    }

    #[test]
    fn a_body_that_drips_ends_soon_whatever_came_before() {
        assert_eq!(lives(0, 1, 1), Some(31));
        assert_eq!(lives(0, 1, 29), Some(58));
        assert_eq!(lives(100_000_000, 1, 1), Some(31));
        assert_eq!(lives(0, 120, 1), Some(61));
    }

    #[test]
    fn a_slow_line_is_fast_enough() {
        assert_eq!(lives(0, 240, 1), None);
        assert_eq!(lives(0, 4800, 20), None);
    }

    #[test]
    fn an_upstream_that_takes_its_time_is_not_the_clients_fault() {
        assert_eq!(lives(0, 64 * 1024, 59), None);
    }
}
