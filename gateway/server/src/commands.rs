//! The commands that look, explain, administer and are a device; none of them serves.

mod audit;
mod authenticator;
mod backup;
mod check;
mod desk;
mod explain;
mod keys;
mod manifest;
mod operator;
mod policy_replay;
mod policy_test;
mod remote;
mod restore;
mod user;

use std::path::Path;

use doorward_api::VirtualServerId;
use doorward_api::ports::{AuditLog, Entropy};
use doorward_audit::Checkpoints;
use doorward_store::{Store, SystemEntropy};

use crate::config::{Resolved, write_private};
use crate::plugins::PLUGINS;
use crate::{Failure, Finding};

pub(crate) use audit::{export as audit_export, public_key as audit_public_key, verify as audit_verify};
pub(crate) use authenticator::authenticator;
pub(crate) use backup::backup;
pub(crate) use check::check;
pub(crate) use explain::explain;
pub(crate) use keys::{retire as key_retire, rotate as key_rotate, status as key_status};
pub(crate) use policy_replay::policy_replay;
pub(crate) use policy_test::policy_test;
pub(crate) use remote::{completions, replay as remote_replay, run as remote, user};
pub(crate) use restore::{adopt as restore_adopt, restore};

/// `doorward key new FILE`.
pub(crate) fn key_new(file: &Path) -> Result<Finding, Failure> {
    let mut bytes = [0_u8; 32];
    SystemEntropy.fill(&mut bytes);
    let text = format!("{}\n", data_encoding::BASE64.encode(&bytes));
    write_private(file, text.as_bytes()).map_err(|cause| Failure::Other(format!("{}: {cause}", file.display())))?;
    println!("{} holds a new master key. Keep a copy apart from the database's backups.", file.display());
    Ok(Finding::Good)
}

/// `doorward plugins`.
pub(crate) fn plugins() -> Result<Finding, Failure> {
    for plugin in PLUGINS {
        println!("{:<16} {}", plugin.id, plugin.summary);
    }
    Ok(Finding::Good)
}

/// Signs what a command has recorded: no gateway may be running to do it, and records that wait too long for a checkpoint are
/// a finding of `audit verify`. What the command did stands, whatever becomes of this.
fn sign(
    runtime: &tokio::runtime::Runtime,
    checkpoints: &mut Checkpoints,
    store: &Store,
    vs: &VirtualServerId,
) -> Result<(), Failure> {
    let signed = runtime.block_on(checkpoints.advance(store, vs, store.clock().now()));
    signed.map(drop).map_err(|error| Failure::Other(format!("done, but the audit checkpoint was not written: {error}")))
}

/// The same in every chain of a database.
fn sign_all(runtime: &tokio::runtime::Runtime, checkpoints: &mut Checkpoints, store: &Store) -> Result<(), Failure> {
    let all = runtime.block_on(store.virtual_servers()).map_err(Failure::other)?;
    all.iter().try_for_each(|vs| sign(runtime, checkpoints, store, vs))
}

/// A runtime for one command.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::other)
}

/// The virtual server of a key; where there is one only it need not be named.
fn which(config: &Resolved, key: Option<&str>) -> Result<VirtualServerId, Failure> {
    let all = &config.site.virtual_servers;
    let names = || all.keys().map(VirtualServerId::as_str).collect::<Vec<_>>().join(", ");
    match key.map(VirtualServerId::new) {
        Some(key) if all.contains_key(&key) => Ok(key),
        Some(key) => Err(Failure::Other(format!("there is no virtual server {key}; there is {}", names()))),
        None if all.len() == 1 => Ok(all.keys().next().cloned().unwrap_or_else(|| VirtualServerId::new("default"))),
        None => Err(Failure::Other(format!("--virtual-server: which of {}?", names()))),
    }
}
