//! Decision records, written by and by and looked through.

use async_trait::async_trait;

use crate::decided::{DecisionDay, DecisionFilter, DecisionRecord, DecisionTally, ShadowTally};
use crate::error::StoreError;
use crate::ids::VirtualServerId;
use crate::settings::Day;

use super::store::Page;
use super::trail::Scanned;

/// Decision records of [`decided`](crate::decided).
#[async_trait]
pub trait Decisions: Send + Sync {
    /// Adds what was seen to what is kept. Whatever would be more than the
    /// [most records of a day](crate::decided::MOST_RECORDS_OF_A_DAY) is counted as left out; returned is how many requests
    /// that were.
    async fn keep_decisions(&self, vs: &VirtualServerId, tally: &DecisionTally) -> Result<u64, StoreError>;
    /// Records for which every condition holds, the newest first.
    async fn decisions(
        &self,
        vs: &VirtualServerId,
        filter: &DecisionFilter,
        page: &Page,
    ) -> Result<Scanned<DecisionRecord>, StoreError>;
    /// How much is kept of each day, the newest first.
    async fn decision_days(&self, vs: &VirtualServerId) -> Result<Vec<DecisionDay>, StoreError>;
    /// What policies in the shadow have said, by their fingerprint.
    async fn shadow_tallies(&self, vs: &VirtualServerId, fingerprint: &str) -> Result<Vec<ShadowTally>, StoreError>;
    /// Takes away what is older than this day, a part of it at a time. Returns how many rows that were.
    async fn drop_decisions(&self, vs: &VirtualServerId, before: Day) -> Result<u64, StoreError>;
}
