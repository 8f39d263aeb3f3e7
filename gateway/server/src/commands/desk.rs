//! The database of a configuration, for commands that change it themselves. Every change is recorded in the audit chain, and
//! signed.

use doorward_api::ports::{Change, Ledger};
use doorward_api::{CommitError, Timestamp, VirtualServerId};
use doorward_audit::Checkpoints;
use doorward_store::Store;

use crate::args::DirectoryArgs;
use crate::commands::{runtime, sign, which};
use crate::services::console_address;
use crate::{Failure, Finding, config, wire};

/// It, open, for one of its virtual servers.
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) vs: VirtualServerId,
    pub(super) runtime: tokio::runtime::Runtime,
    /// The console's address, without a slash at its end.
    pub(super) console: String,
    checkpoints: Checkpoints,
}

impl Desk {
    pub(super) fn open(of: &DirectoryArgs) -> Result<Self, Failure> {
        let config = config::load(&of.config.config)?;
        let vs = which(&config, of.virtual_server.as_deref())?;
        let runtime = runtime()?;
        let store = wire::open_own_store(&config, &runtime)?;
        let console = console_address(&config);
        let checkpoints = Checkpoints::new(config.checkpoints, &config.key);
        let now = store.clock().now();
        runtime.block_on(store.ensure_virtual_server(&vs, now)).map_err(|e| Failure::Store(e.to_string()))?;
        Ok(Self { store, vs, runtime, console, checkpoints })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    pub(super) fn commit(&self, change: Change) -> Result<(), CommitError> {
        self.runtime.block_on(self.store.commit(&self.vs, change, self.now()))
    }

    /// Signs the records of what was done and said.
    pub(super) fn sign(mut self) -> Result<Finding, Failure> {
        sign(&self.runtime, &mut self.checkpoints, &self.store, &self.vs)?;
        Ok(Finding::Good)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.store.close();
    }
}
