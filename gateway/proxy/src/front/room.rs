//! How many connections there are in all: no more than the process has file descriptors for (F-27). Whoever comes when all places
//! are taken is closed at once; without that, accepting would fail instead, for everybody and for seconds. And nobody new comes in
//! while memory is scarce (F-28): a connection is what everything else begins with.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use doorward_api::ports::Metrics;
use pingora::listeners::ConnectionFilter;

use super::crowd::Crowd;
use super::seats::Seats;
use crate::headroom::Headroom;

/// The places of a listener, and the crowd that takes them.
pub(crate) struct Room {
    most: usize,
    taken: Mutex<Seats>,
    headroom: Arc<Headroom>,
    crowd: Arc<Crowd>,
    metrics: Arc<dyn Metrics>,
}

/// A connection that has a place; free again when dropped.
pub(crate) struct Place(Arc<Room>);

impl Room {
    /// With so many places.
    pub(crate) fn new(most: usize, headroom: Arc<Headroom>, crowd: Arc<Crowd>, metrics: Arc<dyn Metrics>) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default(), headroom, crowd, metrics })
    }

    /// The connection is there.
    pub(crate) fn enter(self: &Arc<Self>) -> Place {
        self.taken().enters();
        Place(self.clone())
    }

    fn taken(&self) -> MutexGuard<'_, Seats> {
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
        self.0.taken().leaves();
    }
}

#[async_trait]
impl ConnectionFilter for Room {
    async fn should_accept(&self, address: Option<&SocketAddr>) -> bool {
        if self.headroom.is_scarce() {
            self.metrics.front_refusal("memory");
            return false;
        }
        let room = self.taken().arrives(self.most, Instant::now());
        if !room {
            self.metrics.front_refusal("too_many_in_all");
            return false;
        }
        let welcome = self.crowd.should_accept(address).await;
        if !welcome {
            self.taken().withdraws();
        }
        welcome
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::ports::NoMetrics;

    use super::*;

    #[tokio::test]
    async fn nobody_new_comes_in_while_memory_is_scarce_and_whoever_is_in_stays() {
        let headroom = Headroom::new();
        let metrics = Arc::new(NoMetrics);
        let room = Room::new(2, headroom.clone(), Crowd::new(None, (9, 9), metrics.clone()), metrics);
        let address = "192.0.2.1:1".parse().unwrap();
        assert!(room.should_accept(Some(&address)).await);
        let first = room.enter();
        headroom.note(80, 100);
        assert!(!room.should_accept(Some(&address)).await);
        headroom.note(50, 100);
        assert!(room.should_accept(Some(&address)).await, "whoever was turned away took no place");
        assert!(!room.should_accept(Some(&address)).await);
        drop(first);
        assert!(room.should_accept(Some(&address)).await);
    }
}
