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
    read_all(folder, "cedar")
}

/// Where the cases of policies lie: `policies/default` → `policies/cases`.
pub(crate) fn cases_folder(policies: &Path) -> PathBuf {
    policies.parent().unwrap_or(Path::new(".")).join("cases")
}

/// The cases of policies, as `doorward policy test` finds them; none where there is no such folder. They decide nothing, so
/// none that cannot be read keeps a gateway from starting.
pub(crate) fn read_cases(policies: &Path) -> Vec<Source> {
    let folder = cases_folder(policies);
    if !folder.exists() {
        return Vec::new();
    }
    read_all(&folder, "toml").unwrap_or_else(|error| {
        tracing::warn!(%error, "the cases of the access policies cannot be read");
        Vec::new()
    })
}

/// Every file of a folder with this ending, in the order of their names.
fn read_all(folder: &Path, ending: &str) -> Result<Vec<Source>, ConfigError> {
    let unreadable = |file: &Path, cause: std::io::Error| ConfigError::Unreadable {
        file: file.to_owned(),
        cause: cause.to_string(),
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect())
        .map_err(|cause| unreadable(folder, cause))?;
    files.retain(|file| file.extension().is_some_and(|its| its == ending));
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
