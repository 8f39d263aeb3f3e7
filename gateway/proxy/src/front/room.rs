//! How many connections there are in all: no more than the process has file descriptors for (F-27). Whoever comes when all places
//! are taken is closed at once; without that, accepting would fail instead, for everybody and for seconds.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use doorward_api::ports::Metrics;
use pingora::listeners::ConnectionFilter;

use super::crowd::{Crowd, LONGEST_HANDSHAKE};

/// The places of a listener, and the crowd that takes them.
pub(crate) struct Room {
    most: usize,
    taken: Mutex<Taken>,
    crowd: Arc<Crowd>,
    metrics: Arc<dyn Metrics>,
}

#[derive(Debug, Default)]
struct Taken {
    live: usize,
    arriving: VecDeque<Instant>,
}

/// A connection that has a place; free again when dropped.
pub(crate) struct Place(Arc<Room>);

impl Taken {
    fn arrives(&mut self, most: usize, now: Instant) -> bool {
        // A handshake that came to nothing is known by its age alone.
        while self.arriving.front().is_some_and(|at| now.saturating_duration_since(*at) > LONGEST_HANDSHAKE) {
            self.arriving.pop_front();
        }
        let room = self.live + self.arriving.len() < most;
        if room {
            self.arriving.push_back(now);
        }
        room
    }
}

impl Room {
    /// With so many places.
    pub(crate) fn new(most: usize, crowd: Arc<Crowd>, metrics: Arc<dyn Metrics>) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default(), crowd, metrics })
    }

    /// The connection is there.
    pub(crate) fn enter(self: &Arc<Self>) -> Place {
        let mut taken = self.taken();
        taken.arriving.pop_front();
        taken.live += 1;
        Place(self.clone())
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room").field("most", &self.most).field("crowd", &self.crowd).finish_non_exhaustive()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.0.taken();
        taken.live = taken.live.saturating_sub(1);
    }
}

#[async_trait]
impl ConnectionFilter for Room {
    async fn should_accept(&self, address: Option<&SocketAddr>) -> bool {
        let room = self.taken().arrives(self.most, Instant::now());
        if !room {
            self.metrics.front_refusal("too_many_in_all");
            return false;
        }
        let welcome = self.crowd.should_accept(address).await;
        if !welcome {
            self.taken().arriving.pop_back();
        }
        welcome
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_comes_when_all_places_are_taken_gets_none_and_a_handshake_keeps_none_for_ever() {
        let (mut taken, now) = (Taken::default(), Instant::now());
        assert!(taken.arrives(2, now));
        assert!(taken.arrives(2, now));
        assert!(!taken.arrives(2, now));
        taken.live = 1;
        let later = now + LONGEST_HANDSHAKE + Duration::from_secs(1);
        assert!(taken.arrives(2, later));
        assert!(!taken.arrives(2, later));
    }
}
