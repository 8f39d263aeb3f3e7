//! Who hears of each audit record besides the database (a collector of logs, a webhook): how far each has come, and which of
//! several processes tells it.

use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::ids::{OutletId, VirtualServerId};
use crate::time::Timestamp;

/// How it stands with an outlet. Whoever holds it writes the whole of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutletState {
    /// The number of the last record that it is done with; 0 before the first.
    pub sent: i64,
    /// How many of those were given up, or were gone before they could be sent.
    pub skipped: i64,
    /// Tries in a row that came to nothing.
    pub attempts: u32,
    /// When the first of these was.
    pub failing_since: Option<Timestamp>,
    /// Why the last one failed. For operators.
    pub last_error: Option<String>,
    /// Not tried before.
    pub due_at: Timestamp,
    /// Since when it wants nothing any more: it has said so itself.
    pub disabled_at: Option<Timestamp>,
}

/// What is kept of outlets. Of several processes one holds an outlet at a time; one that is killed loses it by itself.
#[async_trait]
pub trait AuditOutlets: Send + Sync {
    /// Notes that an outlet is configured, and makes it where there is none: to be told the whole trail, or what is appended
    /// from now on. One that had wanted nothing any more is tried anew.
    async fn want_outlet(
        &self,
        vs: &VirtualServerId,
        outlet: &OutletId,
        whole_trail: bool,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Takes an outlet for so long, if nobody else has it, and says how it stands with it.
    async fn take_outlet(
        &self,
        vs: &VirtualServerId,
        outlet: &OutletId,
        holder: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<OutletState>, StoreError>;
    /// Keeps it for so long from now on. `false` when somebody else has it by now.
    async fn keep_outlet(
        &self,
        vs: &VirtualServerId,
        outlet: &OutletId,
        holder: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Writes how it stands with it. `false` when somebody else has it by now, and nothing was written.
    async fn note_outlet(
        &self,
        vs: &VirtualServerId,
        outlet: &OutletId,
        holder: &str,
        state: &OutletState,
    ) -> Result<bool, StoreError>;
    /// How it stands with one; nothing for one that was never wanted.
    async fn outlet(&self, vs: &VirtualServerId, outlet: &OutletId) -> Result<Option<OutletState>, StoreError>;
    /// The lowest number that every outlet is done with: records up to it are needed by none of them any more. Nothing where
    /// there are no outlets. One that no process has wanted for a week is no outlet any more, and one that wants nothing holds
    /// nothing back.
    async fn outlets_sent(&self, vs: &VirtualServerId, now: Timestamp) -> Result<Option<i64>, StoreError>;
}
