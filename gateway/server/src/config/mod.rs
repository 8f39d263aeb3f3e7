//! The configuration: what is written (`source`), what it means (`resolve`), and why it is refused ([`ConfigError`]).

mod files;
mod keyfile;
mod resolve;
mod retention;
mod size;
mod source;
mod upgrade_socket;

use std::path::{Path, PathBuf};

pub(crate) use keyfile::HeldKeyFile;
pub(crate) use resolve::{
    ConsoleOrigin, OutletSettings, OutletWay, PluginTables, Resolved, USUAL_RECORD_DAYS, WebhookSettings, cores,
    resolve_site,
};
pub(crate) use retention::Retention;
pub(crate) use upgrade_socket::UpgradeSocket;

/// Why a configuration is refused. Shown as `file:line: what; rule`, and the process ends with exit code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A file cannot be read.
    #[error("{}: cannot be read: {cause}", .file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: String,
    },
    /// The file's grammar, or a key that does not exist.
    #[error("{}:{line}: {message}", .file.display())]
    Syntax {
        /// Which.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// A value breaks a rule.
    #[error("{}:{line}: `{field}`: {rule}", .file.display())]
    Value {
        /// Which.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// The key, dotted.
        field: String,
        /// The rule, as a sentence.
        rule: String,
    },
    /// Access policies that do not hold.
    #[error("{0}")]
    Policies(String),
    /// A plugin's settings.
    #[error("{}:{line}: plugin `{plugin}`: {cause}", .file.display())]
    Plugin {
        /// Which.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// The plugin's id.
        plugin: String,
        /// Why.
        cause: String,
    },
}

impl ConfigError {
    /// Which part of the configuration it is about, as `doorward_reloads_total` names it.
    pub(crate) fn part(&self) -> &'static str {
        match self {
            Self::Policies(_) => "policy",
            Self::Value { field, .. } if field.starts_with("certificates.") => "certificate",
            _ => "configuration",
        }
    }
}

/// Reads and resolves a configuration file; relative paths in it are taken from its folder.
///
/// # Errors
/// [`ConfigError`] names file, line, key and rule.
pub(crate) fn load(path: &Path) -> Result<Resolved, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| ConfigError::Unreadable { file: path.to_owned(), cause: cause.to_string() })?;
    resolve::resolve(path, &text)
}

/// Reads a file of plugin settings: `[plugins.<id>]` as in a configuration.
///
/// # Errors
/// [`ConfigError`] names file and line.
pub(crate) fn load_plugins(path: &Path) -> Result<PluginTables, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| ConfigError::Unreadable { file: path.to_owned(), cause: cause.to_string() })?;
    resolve::resolve_plugins(path, &text)
}

pub(crate) use files::{cases_folder, read_cases, read_policies, write_private};
