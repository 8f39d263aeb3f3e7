//! Calls that were taken, so that none is taken twice while it would be in time.

use std::time::Duration;

use doorward_api::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bytes::{Fixed, sha256};

/// So many are remembered.
const MOST: usize = 32;

/// The last calls of one kind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// The newest that was forgotten: nothing as old is taken any more, so that nothing forgotten is.
    forgotten: Option<Timestamp>,
    marks: Vec<Mark>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    /// When the phone signed it, by its own clock.
    at: Timestamp,
    /// Of the signature, which is the same for the same text.
    hash: Fixed<16>,
}

impl Seen {
    /// Takes a call that was signed at a time, not more than `window` before or after now. `false` when it is not in
    /// time, was taken before, or could have been.
    pub(crate) fn take(&mut self, signature: &str, at: Timestamp, window: Duration, now: Timestamp) -> bool {
        let hash = Fixed::first_of(sha256(signature.as_bytes()).bytes());
        let in_time = at.since(now) <= window && now.since(at) <= window;
        let known = self.marks.iter().any(|mark| mark.hash == hash) || self.forgotten.is_some_and(|last| at <= last);
        if !in_time || known {
            return false;
        }
        self.marks.push(Mark { at, hash });
        self.marks.sort_by_key(|mark| mark.at);
        self.forget(now - window);
        true
    }

    /// Forgets what is out of time anyhow, and the oldest of too many.
    fn forget(&mut self, oldest: Timestamp) {
        let late = self.marks.iter().take_while(|mark| mark.at < oldest).count();
        let many = self.marks.len().saturating_sub(MOST);
        let last = self.marks.drain(..late.max(many)).map(|mark| mark.at).max();
        self.forgotten = last.max(self.forgotten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + secs)
    }

    #[test]
    fn a_call_is_in_time_a_minute_before_and_after() {
        for (skew, taken) in [(0, true), (59, true), (-59, true), (60, true), (61, false), (-61, false)] {
            assert_eq!(Seen::default().take("A", at(skew), WINDOW, at(0)), taken, "{skew} s");
        }
    }

    #[test]
    fn none_is_taken_twice() {
        let mut seen = Seen::default();
        assert!(seen.take("A", at(0), WINDOW, at(0)));
        assert!(!seen.take("A", at(0), WINDOW, at(1)));
        assert!(seen.take("B", at(-5), WINDOW, at(1)), "one that was overtaken");
        assert!(!seen.take("B", at(-5), WINDOW, at(2)));
    }

    #[test]
    fn of_too_many_the_oldest_are_not_taken_again() {
        let mut seen = Seen::default();
        for n in 0..40 {
            assert!(seen.take(&n.to_string(), at(n), WINDOW, at(40)));
        }
        assert_eq!(seen.marks.len(), MOST);
        for n in 0..40 {
            assert!(!seen.take(&n.to_string(), at(n), WINDOW, at(40)), "{n}");
        }
        assert!(seen.take("new", at(41), WINDOW, at(41)));
    }

    #[test]
    fn what_is_out_of_time_takes_no_room_and_stays_refused_when_our_clock_goes_back() {
        let mut seen = Seen::default();
        assert!(seen.take("A", at(0), WINDOW, at(0)));
        assert!(seen.take("B", at(100), WINDOW, at(100)));
        assert_eq!(seen.marks.len(), 1);
        assert!(!seen.take("A", at(0), WINDOW, at(0)));
    }
}
