//! Files that the configuration names: policies and keys.

use std::io::Write;
use std::path::{Path, PathBuf};

use doorward_policy::Source;

use super::ConfigError;

/// Every `*.cedar` file of a folder, in the order of their names.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub(crate) fn read_policies(folder: &Path) -> Result<Vec<Source>, ConfigError> {
    let unreadable = |file: &Path, cause: std::io::Error| ConfigError::Unreadable {
        file: file.to_owned(),
        cause: cause.to_string(),
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect())
        .map_err(|cause| unreadable(folder, cause))?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "cedar"));
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(&file).map_err(|cause| unreadable(&file, cause))?;
            Ok(Source { file: file.display().to_string(), text })
        })
        .collect()
}

/// Writes a file that only its owner may read; refuses to overwrite.
///
/// # Errors
/// As the file system says.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
