//! The commands that look, explain and administer; none of them serves.

mod audit;
mod check;
mod explain;
mod policy_test;
mod user;

use std::path::Path;

use doorward_api::ports::Entropy;
use doorward_store::SystemEntropy;

use crate::config::write_private;
use crate::plugins::PLUGINS;
use crate::{Failure, Finding};

pub(crate) use audit::{export as audit_export, verify as audit_verify};
pub(crate) use check::check;
pub(crate) use explain::explain;
pub(crate) use policy_test::policy_test;
pub(crate) use user::user;

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

/// A runtime for one command.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::other)
}
