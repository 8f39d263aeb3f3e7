//! `doorward backup`: the database as of one moment, its checkpoint files, and the list of both.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use doorward_api::keys::KeyId;
use doorward_store::{OpenError, Snapshot};

use crate::commands::manifest::{Contents, Manifest, Piece};
use crate::config::Resolved;
use crate::{Failure, Finding, config};

/// The database in the folder.
const DATABASE: &str = "doorward.db";

/// The checkpoint files' folder there.
const CHECKPOINTS: &str = "checkpoints";

/// Makes a backup in a folder of its own, which bears its name only when it is whole.
pub(crate) fn backup(file: &Path, to: &Path) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    if to.exists() {
        return Err(Failure::Other(format!("{} is there already: a backup is made in a new folder", to.display())));
    }
    let begun = begin(to)?;
    match fill(&config, &begun) {
        Ok(manifest) => {
            let named = fs::rename(&begun, to).and_then(|()| sync(to.parent().unwrap_or(Path::new("."))));
            named.map_err(|cause| Failure::Other(format!("{}: {cause}", to.display())))?;
            println!(
                "{} holds the database of {} and {} checkpoint files, for key {}. Keep that key apart from it.",
                to.display(),
                manifest.taken_at,
                manifest.checkpoints.len(),
                manifest.key
            );
            Ok(Finding::Good)
        }
        Err(failure) => {
            let _ = fs::remove_dir_all(&begun);
            Err(failure)
        }
    }
}

/// The folder beside the one that is asked for. What a try that was broken off has left there goes.
fn begin(to: &Path) -> Result<PathBuf, Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let mut name = to.file_name().ok_or_else(|| Failure::Other("--to: names no folder".to_owned()))?.to_owned();
    name.push(".unfinished");
    let folder = to.with_file_name(name);
    let made = match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::DirBuilder::new().mode(0o700).create(&folder),
    };
    made.map_err(|cause| Failure::Other(format!("{}: {cause}", folder.display())))?;
    Ok(folder)
}

fn fill(config: &Resolved, folder: &Path) -> Result<Manifest, Failure> {
    let failed = |cause: io::Error| Failure::Other(format!("{}: {cause}", folder.display()));
    // Before the database: none of them may speak of a record that is not in it.
    let checkpoints = copy_checkpoints(config, folder).map_err(failed)?;
    let taken_at = doorward_store::system_clock().now().rfc3339();
    let snapshot = doorward_store::snapshot(&config.store_url, &folder.join(DATABASE))
        .map_err(|error| Failure::Store(error.to_string()))?;
    let contents = Contents {
        taken_at,
        schema: snapshot.schema,
        key: key_of(&snapshot, config)?,
        database: Piece::of(folder, DATABASE).map_err(failed)?,
        heads: snapshot.heads,
        checkpoints,
    };
    let manifest = Manifest::new(contents, &config.key);
    manifest.write(folder).and_then(|()| sync(folder)).map_err(failed)?;
    Ok(manifest)
}

/// The key that seals in the copy. The list of the pieces is vouched for with it, too: the older ones of the key file may be gone
/// when the backup is needed.
fn key_of(snapshot: &Snapshot, config: &Resolved) -> Result<KeyId, Failure> {
    let key = snapshot.key.unwrap_or_else(|| config.key.in_use());
    let is_held = config.key.take_into_use(key);
    is_held.then_some(key).ok_or_else(|| Failure::Store(OpenError::MissingKey { id: key }.to_string()))
}

fn copy_checkpoints(config: &Resolved, folder: &Path) -> io::Result<Vec<Piece>> {
    let to = folder.join(CHECKPOINTS);
    fs::create_dir(&to)?;
    let entries = match fs::read_dir(&config.checkpoints) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        names.extend(name.to_str().filter(|name| name.ends_with(".jsonl")).map(str::to_owned));
    }
    names.sort();
    let copies = names
        .into_iter()
        .map(|name| {
            let copy = to.join(&name);
            fs::copy(config.checkpoints.join(&name), &copy)?;
            fs::File::open(&copy)?.sync_all()?;
            Piece::of(folder, &format!("{CHECKPOINTS}/{name}"))
        })
        .collect::<io::Result<Vec<_>>>()?;
    sync(&to)?;
    Ok(copies)
}

/// The names in a folder are on the disk only when it is.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::File::open(folder)?.sync_all()
}
