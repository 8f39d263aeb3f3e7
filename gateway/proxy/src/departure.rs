//! How the process leaves: nothing new is begun, what is under way ends in its own time, and whoever waits for the end hears
//! of it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Shared by every listener of a process.
#[derive(Debug)]
pub struct Departure {
    begun: CancellationToken,
    /// In milliseconds.
    linger: AtomicU64,
    under_way: watch::Sender<usize>,
}

/// A connection, or a stream of one; over when dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<Departure>);

impl Departure {
    /// What idle connections are usually given: longer than a client that is at it lets pass between two requests.
    pub const LINGER: Duration = Duration::from_secs(6);

    /// Not begun. `linger` is how long idle connections may still begin a request once it has.
    pub fn new(linger: Duration) -> Arc<Self> {
        let departure =
            Self { begun: CancellationToken::new(), linger: AtomicU64::new(0), under_way: watch::Sender::new(0) };
        departure.set_linger(linger);
        Arc::new(departure)
    }

    /// How long idle connections may still begin a request. Said before [`Departure::begin`].
    pub fn set_linger(&self, linger: Duration) {
        self.linger.store(u64::try_from(linger.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// From now on every answer says `Connection: close`, and WebSockets are told to come back elsewhere.
    pub fn begin(&self) {
        self.begun.cancel();
    }

    /// How many connections and streams are open.
    pub fn under_way(&self) -> usize {
        *self.under_way.borrow()
    }

    /// Returns once no connection is left; at once when there is none.
    pub async fn nothing_under_way(&self) {
        let mut count = self.under_way.subscribe();
        // The sender lives as long as `self`.
        let _ = count.wait_for(|count| *count == 0).await;
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    pub(crate) fn linger(&self) -> Duration {
        Duration::from_millis(self.linger.load(Ordering::Relaxed))
    }

    /// Returns once it has begun.
    pub(crate) fn beginning(&self) -> WaitForCancellationFutureOwned {
        self.begun.clone().cancelled_owned()
    }

    pub(crate) fn enter(self: &Arc<Self>) -> UnderWay {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay(self.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_for_the_end_hears_of_it_when_the_last_one_is_gone() {
        let departure = Departure::new(Duration::from_secs(1));
        tokio::time::timeout(Duration::from_secs(5), departure.nothing_under_way()).await.unwrap();
        let (one, other) = (departure.enter(), departure.enter());
        let waiting = tokio::spawn({
            let departure = departure.clone();
            async move { departure.nothing_under_way().await }
        });
        drop(one);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished());
        drop(other);
        tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
    }
}
