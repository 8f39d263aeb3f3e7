//! `doorward restore`: a backup in place of the database, with an epoch of its own.
//!
//! The copy is made safe beside the database's place and put there by its name as the last step: whoever is killed before has
//! changed nothing, and whoever is killed after is done but for the checkpoint, which the next start signs.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorward_api::plugin::{Check, Plugin, Restored};
use doorward_api::{PluginError, VirtualServerId};
use doorward_audit::{Checkpoints, RestoredFrom};
use doorward_store::{AgedToken, Aging, OpenError, RestoreOutcome, RestorePlan, Store, SystemEntropy, Vouch};
use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;

use crate::commands::backup::sync;
use crate::commands::manifest::Manifest;
use crate::commands::{runtime, sign_all};
use crate::config::Resolved;
use crate::plugins::{self, Built, Lent};
use crate::{Failure, Finding, config, wire};

/// Restores a backup.
pub(crate) fn restore(file: &Path, from: &Path, replace: bool) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    let manifest = Manifest::read(from, &config.key)?;
    let Some(database) = config.store_url.strip_prefix("sqlite://").map(PathBuf::from) else {
        return Err(Failure::Other(
            "this is PostgreSQL: restore the database with pg_restore, and end with `doorward restore --adopt`"
                .to_owned(),
        ));
    };
    let occupied = fs::metadata(&database).is_ok_and(|found| found.len() > 0);
    // Held to the end: whoever comes meanwhile finds the database locked.
    let alone = if occupied { Some(keep_out_others(&database)?) } else { None };
    if occupied && !replace {
        return Err(Failure::Store(format!(
            "{} is not empty: --replace sets it aside and puts the backup in its place",
            database.display()
        )));
    }
    let copy = beside(&database, ".restoring");
    copy_database(&manifest, from, &copy, &database)?;
    let url = format!("sqlite://{}", copy.display());
    let outcome = age(&config, &url, Some(manifest.taken_at.clone()))?;
    if !holds_all_of(&copy, outcome.epoch)? {
        let why = "what was made safe is not all in this file, so that nothing was put in place: run this again";
        return Err(Failure::Store(format!("{}: {why}", copy.display())));
    }
    bring_back_checkpoints(&config.checkpoints, &manifest, from)?;
    let aside = put_in_place(&copy, &database, occupied)
        .map_err(|cause| Failure::Store(format!("{}: {cause}", database.display())))?;
    if !holds_all_of(&database, outcome.epoch)? {
        let why = "this is not what was made safe: do not start the gateway, and restore the backup again";
        return Err(Failure::Store(format!("{}: {why}", database.display())));
    }
    end(&config)?;
    drop(alone);
    tell(outcome);
    if let Some(aside) = aside {
        println!("The database of before is {}.", aside.display());
    }
    Ok(Finding::Good)
}

/// Makes a database safe that was brought back by other means. Ends a restore that was broken off, too.
pub(crate) fn adopt(file: &Path) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    let outcome = age(&config, &config.store_url, None)?;
    end(&config)?;
    tell(outcome);
    Ok(Finding::Good)
}

fn tell(outcome: RestoreOutcome) {
    let RestoreOutcome { epoch, aged, suspended, unreadable } = outcome;
    println!(
        "Restored; epoch {epoch} has begun. Sessions, links, codes, requests and recovery codes of before are void."
    );
    println!("{aged} tokens were moved past what they may have shown.");
    if suspended > 0 {
        println!(
            "{suspended} tokens are suspended: nobody knows which of their passcodes were used. Find each again, then reactivate it."
        );
    }
    if unreadable > 0 {
        println!(
            "{unreadable} tokens cannot be read and were suspended. If a key is missing, `doorward check` names it."
        );
    }
    println!(
        "What was revoked, locked or changed since the backup is as it was then: look at it before you let people in."
    );
}

/// Locks a database that is about to be set aside, as long as the file is open: SQLite's own locks on it stand in the way, however
/// idle their connections, and it can take none meanwhile. Where it cannot be told whether somebody uses it, somebody does.
fn keep_out_others(database: &Path) -> Result<File, Failure> {
    let busy = || Failure::Store(format!("{} is in use: stop the gateway first", database.display()));
    match doorward_store::is_in_use(database) {
        Ok(true) => return Err(busy()),
        // What is damaged is about to be replaced; whoever has it open nevertheless has locked it.
        Ok(false) | Err(OpenError::Damaged(_)) => {}
        Err(error) => return Err(Failure::Store(format!("{}: {error}", database.display()))),
    }
    let failed = |cause: io::Error| Failure::Store(format!("{}: {cause}", database.display()));
    let file = fs::OpenOptions::new().read(true).write(true).open(database).map_err(failed)?;
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::AGAIN | Errno::ACCESS) => Err(busy()),
        Err(cause) => Err(failed(cause.into())),
    }
}

/// Whether a database is of this epoch with nothing in its log: its file alone is moved.
fn holds_all_of(database: &Path, epoch: u64) -> Result<bool, Failure> {
    let empty = match fs::metadata(beside(database, "-wal")) {
        Ok(log) => log.len() == 0,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    let found = doorward_store::epoch_of(database).map_err(|error| Failure::Store(error.to_string()))?;
    Ok(empty && found == epoch)
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    database.with_file_name(name)
}

/// SQLite's log and its index beside a database.
fn with_logs(database: &Path) -> [PathBuf; 3] {
    [database.to_owned(), beside(database, "-wal"), beside(database, "-shm")]
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn copy_database(manifest: &Manifest, from: &Path, copy: &Path, database: &Path) -> Result<(), Failure> {
    let failed = |cause: io::Error| Failure::Other(format!("{}: {cause}", copy.display()));
    with_logs(copy).iter().try_for_each(|file| remove(file)).map_err(failed)?;
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(copy);
    let mut out = made.map_err(failed)?;
    // The gateway may run as somebody else: as the owner of the old database, or of its folder.
    let like = if database.exists() { database } else { folder_of(database) };
    own_like(&out, like).map_err(failed)?;
    manifest.database.copy(from, &mut out)?;
    out.sync_all().map_err(failed)
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Gives a new file or folder the owner of another.
fn own_like(made: &File, like: &Path) -> io::Result<()> {
    let (like, owner) = (fs::metadata(like)?, made.metadata()?);
    if (owner.uid(), owner.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    fchown(made, Some(like.uid()), Some(like.gid()))
}

/// Says where the database of before is.
fn put_in_place(copy: &Path, database: &Path, occupied: bool) -> io::Result<Option<PathBuf>> {
    let aside = beside(database, &format!(".before-{}", doorward_store::system_clock().now().secs()));
    let begun = fs::metadata(database).is_ok_and(|found| found.len() > 0);
    if begun && !occupied {
        return Err(io::Error::other("somebody has made a database there meanwhile"));
    }
    // A second name for it: at no moment is there none in its place, where a gateway would make one. Not every file system knows that.
    if occupied && fs::hard_link(database, &aside).is_err() {
        fs::rename(database, &aside)?;
    }
    for (old, new) in with_logs(database).iter().zip(with_logs(&aside)).skip(1) {
        match fs::rename(old, new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(copy, database)?;
    sync(folder_of(database))?;
    // They are empty.
    with_logs(copy).iter().skip(1).try_for_each(|log| remove(log))?;
    Ok(occupied.then_some(aside))
}

/// Voids and ages what is in a database.
fn age(config: &Resolved, url: &str, taken_at: Option<String>) -> Result<RestoreOutcome, Failure> {
    let lent = Lent { key: &config.key, entropy: Arc::new(SystemEntropy), issuer: "Doorward".to_owned() };
    let built = plugins::build(&config.file, &config.plugins, &lent)?;
    let options = wire::store_options(url, &config.key);
    let store =
        Store::open_restored(options, Arc::new(SystemEntropy)).map_err(|error| Failure::Store(error.to_string()))?;
    let plan = RestorePlan { taken_at, age: aging(built), vouch: vouch(config) };
    let outcome = runtime()?.block_on(store.restore(plan)).map_err(|error| Failure::Store(error.to_string()));
    if let Err(error) = store.close_whole() {
        tracing::warn!(%error, "the write-ahead log stays where it is");
    }
    outcome
}

fn vouch(config: &Resolved) -> Vouch {
    let checkpoints = Checkpoints::new(config.checkpoints.clone(), &config.key);
    Arc::new(move |vs: &VirtualServerId, (after, hash): (i64, &str), at: &str| {
        checkpoints.vouch_for_restore(vs, hash, &RestoredFrom { after, at: at.to_owned() })
    })
}

/// Each token's own plugin knows. One that is not in this build does not, nor does one that cannot read its token.
fn aging(built: Built) -> Aging {
    Arc::new(move |token: &AgedToken<'_>| {
        let plugin = built.iter().find(|(id, _)| *id == token.plugin).map(|(_, plugin)| plugin);
        plugin.map_or(Restored::Unknown, |plugin| aged(plugin.as_ref(), token).unwrap_or(Restored::Unknown))
    })
}

fn aged(plugin: &dyn Plugin, token: &AgedToken<'_>) -> Result<Restored, PluginError> {
    match plugin.authenticator() {
        Some(authenticator) => {
            let check = Check { template: token.template, windows: token.windows, challenge: None };
            authenticator.restored(token.opened, &check, token.now)
        }
        // Passkeys answer questions only.
        None => Ok(if plugin.passkeys().is_some() { Restored::Unchanged } else { Restored::Unknown }),
    }
}

/// The checkpoint files of a machine that is gone. Those that are there know more than the backup's; so each gets its name only when
/// it is whole.
fn bring_back_checkpoints(folder: &Path, manifest: &Manifest, from: &Path) -> Result<(), Failure> {
    let failed = |cause: io::Error| Failure::Other(format!("{}: {cause}", folder.display()));
    make_folder(folder).map_err(failed)?;
    for piece in &manifest.checkpoints {
        let Some(name) = Path::new(&piece.file).file_name() else { continue };
        let to = folder.join(name);
        if to.exists() {
            continue;
        }
        let begun = beside(&to, ".restoring");
        remove(&begun).map_err(failed)?;
        let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o640).open(&begun);
        let mut out = made.map_err(failed)?;
        own_like(&out, folder).map_err(failed)?;
        if let Err(failure) = piece.copy(from, &mut out) {
            let _ = remove(&begun);
            return Err(failure);
        }
        out.sync_all().and_then(|()| fs::rename(&begun, &to)).map_err(failed)?;
    }
    sync(folder).map_err(failed)
}

/// Makes a folder, and those that it is in. Each belongs to whom its own belongs to.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder_of(folder);
    make_folder(parent)?;
    fs::create_dir(folder)?;
    own_like(&File::open(folder)?, parent)
}

/// Opens it as a gateway would, and signs that its chains go on.
fn end(config: &Resolved) -> Result<(), Failure> {
    let runtime = runtime()?;
    let store = wire::open_own_store(config, &runtime)?;
    let signed = sign_all(&runtime, &mut Checkpoints::new(config.checkpoints.clone(), &config.key), &store);
    store.close();
    signed
}

#[cfg(test)]
mod tests;
