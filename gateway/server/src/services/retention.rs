//! Takes away what is older in the audit trail than is to be kept. Any number of processes may do so at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use doorward_api::keys::MasterKey;
use doorward_api::ports::AuditOutlets;
use doorward_api::{StoreError, Timestamp, VirtualServerId};
use doorward_audit::{CheckpointError, Checkpoints, Keep};
use doorward_store::Store;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::config::Retention;
use crate::metrics::PrometheusMetrics;

/// How often it is looked for what is too old.
const LOOK: Duration = Duration::from_hours(1);
/// So many records go at once: sign-ins wait no longer than for one another.
const PORTION: u32 = 500;
/// And others have their turn in between.
const PAUSE: Duration = Duration::from_millis(50);

/// Why a chain was not cut, or not all of what is to go is gone.
#[derive(Debug, thiserror::Error)]
enum Kept {
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The job.
#[derive(Clone)]
pub(crate) struct Trimming {
    pub(crate) checkpoints: PathBuf,
    pub(crate) key: MasterKey,
    pub(crate) retention: Retention,
    pub(crate) virtual_servers: Vec<VirtualServerId>,
    pub(crate) store: Store,
    pub(crate) metrics: Arc<PrometheusMetrics>,
}

impl Trimming {
    /// Looks now, and again and again.
    pub(crate) async fn run(self) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            for vs in &self.virtual_servers {
                if let Err(error) = self.trim(vs).await {
                    tracing::error!(%error, virtual_server = %vs, "old audit records could not be cut; tried again");
                }
            }
        }
    }

    async fn trim(&self, vs: &VirtualServerId) -> Result<(), Kept> {
        // Whoever was killed has left some.
        self.shed(vs).await?;
        let now = self.store.clock().now();
        let Some(keep) = self.keep(vs, now).await? else { return Ok(()) };
        let checkpoints = Checkpoints::new(self.checkpoints.clone(), &self.key);
        let Some(cut) = checkpoints.place_to_cut(&self.store, vs, keep).await? else { return Ok(()) };
        let first_kept = cut.upto + 1;
        if self.store.cut_trail(vs, cut, self.store.clock().now()).await? {
            tracing::info!(virtual_server = %vs, first_kept, "audit records that are too old were cut");
        }
        self.shed(vs).await
    }

    async fn shed(&self, vs: &VirtualServerId) -> Result<(), Kept> {
        loop {
            let gone = self.store.shed_trail(vs, PORTION).await?;
            if gone == 0 {
                return Ok(());
            }
            self.metrics.trimmed(vs.as_str(), u64::try_from(gone).unwrap_or_default());
            sleep(PAUSE).await;
        }
    }

    /// `None` where records stay for ever.
    async fn keep(&self, vs: &VirtualServerId, now: Timestamp) -> Result<Option<Keep>, Kept> {
        let Retention { keep, unsent } = self.retention;
        let Some(keep) = keep else { return Ok(None) };
        let sent = self.store.outlets_sent(vs, now).await?;
        let before = now - keep;
        Ok(Some(Keep { before, sent, regardless: before - unsent }))
    }
}
