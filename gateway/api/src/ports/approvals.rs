//! Acts that wait for a second operator, for reading.

use async_trait::async_trait;

use super::store::{Listed, Page};
use crate::approval::PendingAct;
use crate::error::StoreError;
use crate::ids::{ApprovalId, OperatorId, VirtualServerId};
use crate::permission::Permissions;
use crate::time::Timestamp;

/// Of whose interest acts are: those that they have asked for, and those that take a permission that they have.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Who.
    pub operator: OperatorId,
    /// What they may.
    pub may: Permissions,
}

/// Acts that wait for a second operator.
#[async_trait]
pub trait PendingActs: Send + Sync {
    /// One of them, by row.
    async fn pending_act(&self, vs: &VirtualServerId, id: &ApprovalId) -> Result<Option<PendingAct>, StoreError>;
    /// Those of an operator from which something may still come.
    async fn open_acts_of(
        &self,
        vs: &VirtualServerId,
        operator: &OperatorId,
        now: Timestamp,
    ) -> Result<Vec<PendingAct>, StoreError>;
    /// Those of interest, the newest first; all of them, or those from which something may still come.
    async fn pending_acts(
        &self,
        vs: &VirtualServerId,
        reader: &Reader,
        only_open: bool,
        page: &Page,
        now: Timestamp,
    ) -> Result<Listed<PendingAct>, StoreError>;
    /// How many wait for this operator: of others, and approved ones of their own.
    async fn acts_waiting_for(&self, vs: &VirtualServerId, reader: &Reader, now: Timestamp) -> Result<u64, StoreError>;
}
