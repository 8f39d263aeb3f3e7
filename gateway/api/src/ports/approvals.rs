//! Acts that wait for a second operator, for reading.

use async_trait::async_trait;

use super::store::{Listed, Page};
use crate::approval::PendingAct;
use crate::error::StoreError;
use crate::ids::{ApprovalId, OperatorId, VirtualServerId};
use crate::permission::Permissions;
use crate::time::Timestamp;

/// Of whose interest acts are: those that they have asked for, and those that take a permission that they have. An API key has
/// asked for what was asked for by it, not for everything of its operator.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Who.
    pub operator: OperatorId,
    /// The name of the API key by which they look.
    pub api_key: Option<String>,
    /// What they may.
    pub may: Permissions,
}

impl Reader {
    /// Whether it is who has asked for it.
    pub fn asked_for(&self, act: &PendingAct) -> bool {
        act.operator == self.operator && (self.api_key.is_none() || act.api_key == self.api_key)
    }

    /// Whether it is of interest to them.
    pub fn concerns(&self, act: &PendingAct) -> bool {
        self.asked_for(act) || self.may.may(act.act.permission())
    }
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
    /// How many wait for them: of other operators, and approved ones that they have asked for.
    async fn acts_waiting_for(&self, vs: &VirtualServerId, reader: &Reader, now: Timestamp) -> Result<u64, StoreError>;
}
