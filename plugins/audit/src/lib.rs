//! Audit: signed checkpoints of the chain outside the database, verification, and export.
//!
//! Records are appended by the store, in the transaction of the change that they tell of; this crate reads committed
//! records only, by sequence. See its README for what is found by whom, and what cannot be.

mod access_log;
mod chain;
mod checkpoint;
mod checkpoints;
mod export;
mod exported;
mod file;
pub mod outlets;
mod report;
mod restores;
mod retention;
mod trims;
mod verify;

use std::sync::Arc;

use doorward_api::plugin::{Host, Plugin, PluginConfigError, PluginInfo, RawConfig};
use serde::Deserialize;

pub use access_log::{AccessCheck, AccessProblem, AccessReport, Numbering, Part};
pub use checkpoint::{Checkpoint, PublicKey, RestoredFrom, SignerKey, Signers, public_key_of};
pub use checkpoints::{CheckpointError, Checkpoints};
pub use export::{ExportError, Format, Span, export};
pub use exported::{ExportReport, Extent, verify_export};
pub use report::{Problem, Report, Restore, Trim};
pub use retention::Keep;
pub use verify::{VerifyError, verify};

/// The entry in the registry.
pub static PLUGIN: PluginInfo = PluginInfo {
    id: "audit",
    summary: "signed checkpoints of the audit chain, verification, export as JSON lines and CSV",
    build,
};

/// `[plugins.audit]`: nothing can be set yet, and an unknown key is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

fn build(config: RawConfig, _host: Host) -> Result<Arc<dyn Plugin>, PluginConfigError> {
    let Settings {} = serde_json::from_value(config).map_err(|e| {
        let rule = e.to_string();
        // serde names the key between backticks, where it knows it.
        let field = rule.split('`').nth(1).unwrap_or("plugins.audit").to_owned();
        PluginConfigError { field, rule }
    })?;
    Ok(Arc::new(Audit))
}

/// It takes part in no sign-in; what it does is called by the server and the command line.
struct Audit;

impl Plugin for Audit {}

#[cfg(test)]
mod exported_tests;
#[cfg(test)]
mod restore_tests;
#[cfg(test)]
mod retention_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
