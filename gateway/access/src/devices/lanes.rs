//! What calls of devices share in this process.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use doorward_api::CredentialId;
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};

use super::calls::Calls;

/// Tokens share lanes: two of them may have to wait for each other, which is no harm.
const LANES: usize = 256;

/// Calls that may be held back at the same moment.
const WAITING: usize = 10_000;

/// In a lane there is one call at a time, so that many about one token do not overtake each other for nothing. Which
/// holds is decided by the store.
pub(crate) struct Lanes {
    lanes: Vec<Mutex<()>>,
    hasher: RandomState,
    waiting: Semaphore,
    pub(super) calls: Calls,
}

impl Default for Lanes {
    fn default() -> Self {
        let lanes = std::iter::repeat_with(Mutex::default).take(LANES).collect();
        Self { lanes, hasher: RandomState::new(), waiting: Semaphore::new(WAITING), calls: Calls::default() }
    }
}

impl Lanes {
    /// Waits for its turn.
    pub(super) async fn turn(&self, token: &CredentialId) -> Option<MutexGuard<'_, ()>> {
        let count = u64::try_from(self.lanes.len()).ok()?;
        let lane = self.hasher.hash_one(token.as_str()).checked_rem(count)?;
        let lane = self.lanes.get(usize::try_from(lane).ok()?)?;
        Some(lane.lock().await)
    }

    /// A place among those that are held back, if one is free.
    pub(super) fn place_to_wait(&self) -> Option<SemaphorePermit<'_>> {
        self.waiting.try_acquire().ok()
    }
}
