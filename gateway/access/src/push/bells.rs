//! Who waits for something to happen with a user's requests, in this process. Whoever waits in another finds out when
//! they look again by themselves.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use doorward_api::{UserId, VirtualServerId};
use tokio::sync::watch;

type Key = (VirtualServerId, UserId);
type Rows = DashMap<Key, watch::Sender<()>>;

/// A bell for each user for whom somebody waits.
#[derive(Default)]
pub(crate) struct Bells {
    rows: Arc<Rows>,
}

/// Somebody who waits. The bell goes with the last of them.
pub struct Awaiting {
    rows: Arc<Rows>,
    key: Key,
    bell: watch::Receiver<()>,
}

impl Bells {
    /// From now on no ring is missed.
    pub(crate) fn awaiting(&self, vs: &VirtualServerId, user: &UserId) -> Awaiting {
        let key = (vs.clone(), user.clone());
        let bell = self.rows.entry(key.clone()).or_insert_with(|| watch::Sender::new(())).subscribe();
        Awaiting { rows: self.rows.clone(), key, bell }
    }

    /// Something has happened.
    pub(crate) fn ring(&self, vs: &VirtualServerId, user: &UserId) {
        if let Some(bell) = self.rows.get(&(vs.clone(), user.clone())) {
            bell.send_replace(());
        }
    }
}

impl Awaiting {
    /// Waits for the next ring, or for so long. A ring since the last time is not waited for again.
    pub async fn rung(&mut self, at_most: Duration) {
        // Whether it rang or the time is over: whoever waits looks again.
        let _ = tokio::time::timeout(at_most, self.bell.changed()).await;
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        // This one is counted still.
        self.rows.remove_if(&self.key, |_, bell| bell.receiver_count() <= 1);
    }
}

impl std::fmt::Debug for Awaiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Awaiting").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(25);

    #[tokio::test]
    async fn a_ring_wakes_whoever_waits_for_that_user_and_nobody_else() {
        const SHORT: Duration = Duration::from_millis(20);
        let (bells, vs) = (Bells::default(), VirtualServerId::from("default"));
        let [alice, bob] = ["u-alice", "u-bob"].map(UserId::from);
        let (mut first, mut second) = (bells.awaiting(&vs, &alice), bells.awaiting(&vs, &alice));
        let mut other = bells.awaiting(&vs, &bob);
        bells.ring(&vs, &alice);
        let begun = Instant::now();
        first.rung(LONG).await;
        second.rung(LONG).await;
        assert!(begun.elapsed() < LONG / 2, "a ring between taking and waiting is not missed");
        for silent in [&mut first, &mut other] {
            let begun = Instant::now();
            silent.rung(SHORT).await;
            assert!(begun.elapsed() >= SHORT, "nothing rang, or it was heard before");
        }
    }

    #[tokio::test]
    async fn a_bell_goes_with_the_last_who_waits() {
        let (bells, vs, alice) = (Bells::default(), VirtualServerId::from("default"), UserId::from("u-alice"));
        let (first, second) = (bells.awaiting(&vs, &alice), bells.awaiting(&vs, &alice));
        drop(first);
        assert_eq!(bells.rows.len(), 1);
        drop(second);
        assert!(bells.rows.is_empty());
        bells.ring(&vs, &alice);
        assert!(bells.rows.is_empty());
    }
}
