//! Who holds how many connections: those that are there, and those whose handshake is under way. What never becomes a
//! connection is forgotten when Pingora has given up on its handshake.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Pingora ends a handshake after 60 s; nothing older can still become a connection.
pub(super) const LONGEST_HANDSHAKE: Duration = Duration::from_secs(61);

/// The connections of one address, or of all.
#[derive(Debug, Default)]
pub(super) struct Seats {
    live: usize,
    arriving: VecDeque<Instant>,
}

impl Seats {
    /// Somebody comes: whether there is room for one more among `most`.
    pub(super) fn arrives(&mut self, most: usize, now: Instant) -> bool {
        self.give_up(now);
        let room = self.live + self.arriving.len() < most;
        if room {
            self.arriving.push_back(now);
        }
        room
    }

    /// Whoever came last was turned away elsewhere.
    pub(super) fn withdraws(&mut self) {
        self.arriving.pop_back();
    }

    /// A handshake has become a connection.
    pub(super) fn enters(&mut self) {
        self.arriving.pop_front();
        self.live += 1;
    }

    /// A connection is over.
    pub(super) fn leaves(&mut self) {
        self.live = self.live.saturating_sub(1);
    }

    /// Forgets handshakes that can become nothing any more.
    pub(super) fn give_up(&mut self, now: Instant) {
        while self.arriving.front().is_some_and(|at| now.saturating_duration_since(*at) > LONGEST_HANDSHAKE) {
            self.arriving.pop_front();
        }
    }

    pub(super) fn are_empty(&self) -> bool {
        self.live == 0 && self.arriving.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_all_places_are_taken_gets_none_and_a_handshake_keeps_none_for_ever() {
        let (mut seats, now) = (Seats::default(), Instant::now());
        assert!(seats.arrives(2, now));
        assert!(seats.arrives(2, now));
        assert!(!seats.arrives(2, now));
        seats.enters();
        let later = now + LONGEST_HANDSHAKE + Duration::from_secs(1);
        assert!(seats.arrives(2, later));
        assert!(!seats.arrives(2, later));
    }
}
