//! Files of tokens that were sent, for reading.

use async_trait::async_trait;

use crate::error::StoreError;
use crate::ids::{OperatorId, VirtualServerId};
use crate::import_job::ImportJob;

/// Files of tokens on their way into the stock.
#[async_trait]
pub trait ImportJobs: Send + Sync {
    /// One file.
    async fn import_job(&self, vs: &VirtualServerId, id: &str) -> Result<Option<ImportJob>, StoreError>;
    /// The newest files of an operator, newest first; at most 32.
    async fn import_jobs(&self, vs: &VirtualServerId, operator: &OperatorId) -> Result<Vec<ImportJob>, StoreError>;
}
