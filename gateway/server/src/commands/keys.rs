//! `doorward key rotate`, `status` and `retire`: another master key while gateways run, and the end of the old one.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use doorward_api::keys::{Kept, KeptFor, KeyId, KeySet, MasterKey, PastSigner, Purpose, SealedBy};
use doorward_api::ports::{AuditLog, Entropy};
use doorward_api::{SecretBytes, StoreError};
use doorward_audit::{Checkpoints, public_key_of};
use doorward_store::{KeyAnswer, Resealed, Store, SystemEntropy};
use tokio::runtime::Runtime;

use crate::commands::{runtime, sign_all};
use crate::config::{HeldKeyFile, Resolved};
use crate::plugins::PLUGINS;
use crate::{Failure, Finding, config, wire};

/// Within this, every running gateway has answered: each looks once a second.
const ANSWERED: Duration = Duration::from_secs(4);

/// An answer that is older is of a process that has ended.
const FRESH: Duration = Duration::from_secs(6);

/// How long it takes at most until all seal with the new key.
const FOLLOWED: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(250);

/// Changes to a new key, or goes on with a change that was broken off.
pub(crate) fn rotate(file: &Path, wait: Duration) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    let runtime = runtime()?;
    let store = wire::open_own_store(&config, &runtime)?;
    let done = Rotation { config: &config, runtime: &runtime, store: &store }.run(wait);
    store.close();
    done
}

struct Rotation<'a> {
    config: &'a Resolved,
    runtime: &'a Runtime,
    store: &'a Store,
}

impl Rotation<'_> {
    fn ask<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, Failure> {
        self.runtime.block_on(work).map_err(|error| Failure::Store(error.to_string()))
    }

    fn run(&self, wait: Duration) -> Result<Finding, Failure> {
        let key = &self.config.key;
        let to = match self.unfinished()? {
            Some(to) => {
                println!("Going on with the change to key {to}.");
                to
            }
            None => self.new_key()?,
        };
        let from = Some(key.in_use()).filter(|from| *from != to);
        self.ask(self.store.propose_key(to))?;
        if !self.all_hold(to, wait)? {
            return Ok(Finding::Bad);
        }
        self.take_into_use(to)?;
        println!("Key {to} is in use.");
        if !self.all_follow(to)? {
            return Ok(Finding::Bad);
        }
        let Resealed { done, unreadable, left } = self.ask(self.store.reseal(progress()))?;
        println!("{done} values were sealed anew.");
        if unreadable > 0 {
            println!("{unreadable} values cannot be opened with any key: they are damaged, and stay as they are.");
        }
        if left > 0 {
            println!("{left} values are still of another key: somebody goes on writing with it. Run this again.");
            return Ok(Finding::Bad);
        }
        self.ask(self.store.end_key_change(from, to))?;
        sign_all(self.runtime, &mut Checkpoints::new(self.config.checkpoints.clone(), key), self.store)?;
        for old in key.ids().into_iter().filter(|id| *id != to) {
            println!(
                "Nothing is sealed with key {old} any more. `doorward key retire {old}` takes it out of the key file."
            );
        }
        Ok(Finding::Good)
    }

    /// The key of a change that was begun.
    fn unfinished(&self) -> Result<Option<KeyId>, Failure> {
        let key = &self.config.key;
        let newest = key.ids().last().copied().filter(|newest| *newest != key.in_use());
        if newest.is_some() || !key.set().named {
            return Ok(newest);
        }
        let proposed = self.ask(self.store.key_state())?.next.is_some();
        let left = self.ask(self.store.unsealed())?.left > 0;
        Ok((proposed || left).then(|| key.in_use()))
    }

    /// Holds the key file, and goes by what is in it now.
    fn hold_file(&self) -> Result<HeldKeyFile, Failure> {
        let file = &self.config.key_file;
        let held = HeldKeyFile::hold(file).map_err(|cause| Failure::Other(format!("{}: {cause}", file.display())))?;
        let there = held.read().map_err(|rule| Failure::Other(format!("{}: {rule}", file.display())))?;
        match self.config.key.adopt(&there) {
            true => Ok(held),
            false => Err(Failure::Other(format!(
                "{} does not hold the key in use any more: it was changed meanwhile, so nothing was done",
                file.display()
            ))),
        }
    }

    /// The file is looked at once more: with a key that is in none, what is sealed from now on could be opened by nobody who starts.
    fn take_into_use(&self, to: KeyId) -> Result<(), Failure> {
        let _held = self.hold_file()?;
        if !self.config.key.ids().contains(&to) {
            return Err(Failure::Other(format!(
                "{} does not hold key {to} any more: it was changed meanwhile, and the old key stays in use",
                self.config.key_file.display()
            )));
        }
        self.ask(self.store.take_key_into_use(to))
    }

    /// Puts a new key into the key file. What devices hold the other half of stays what it is.
    fn new_key(&self) -> Result<KeyId, Failure> {
        let held = self.hold_file()?;
        // Somebody else has begun a change since we looked.
        if let Some(to) = self.unfinished()? {
            println!("Going on with the change to key {to}.");
            return Ok(to);
        }
        let key = &self.config.key;
        let mut set = KeySet { named: true, ..key.set() };
        for plugin in PLUGINS {
            let what = KeptFor::Plugin(plugin.id.to_owned());
            if !set.kept.iter().any(|kept| kept.what == what) {
                let derived = SecretBytes::new(key.derive_for_plugin(plugin.id).to_vec());
                set.kept.push(Kept { what, key: derived });
            }
        }
        let mut bytes = vec![0_u8; 32];
        SystemEntropy.fill(&mut bytes);
        set.keys.push(SecretBytes::new(bytes));
        let both = MasterKey::of(set.clone())
            .ok_or_else(|| Failure::Other("the new key bears an old one's name: try again".into()))?;
        write(self.config, held, &set)?;
        key.adopt(&both);
        let to = key.ids().last().copied().unwrap_or_else(|| key.in_use());
        println!("{} holds a new key, {to}, beside the old.", self.config.key_file.display());
        Ok(to)
    }

    /// Whether all who run seal with the key in use, and nothing is left of another. A process that was stopped while the key was
    /// changed has told nothing then, and may have gone on with the old one; so all are asked once more, and the rows looked at after.
    fn nobody_seals_with_another(&self) -> Result<bool, Failure> {
        let in_use = self.config.key.in_use();
        self.ask(self.store.propose_key(in_use))?;
        let settled = self.all_hold(in_use, ANSWERED).and_then(|hold| Ok(hold && self.all_follow(in_use)?));
        self.ask(self.store.withdraw_key(in_use))?;
        if !settled? {
            return Ok(false);
        }
        let left = self.ask(self.store.unsealed())?.left;
        if left > 0 || self.config.key.in_use() != in_use {
            println!("{left} values are of another key than {in_use}: run `doorward key rotate` again.");
            return Ok(false);
        }
        Ok(true)
    }

    fn answers(&self) -> Result<Vec<KeyAnswer>, Failure> {
        self.ask(self.store.key_answers(FRESH))
    }

    /// Waits until every process that runs holds the key. This one answers too.
    fn all_hold(&self, to: KeyId, wait: Duration) -> Result<bool, Failure> {
        let (began, name) = (Instant::now(), to.to_string());
        let mut told = false;
        loop {
            std::thread::sleep(PAUSE);
            let answers = self.answers()?;
            let lacking = answers.iter().filter(|answer| !answer.keys.contains(&name)).count();
            if began.elapsed() < ANSWERED {
                continue;
            }
            if self.ask(self.store.key_state())?.next != Some(to) {
                return Err(Failure::Other("another command is busy with the keys: run this after it".to_owned()));
            }
            // Silence would be no consent.
            if lacking == 0 && !answers.is_empty() {
                return Ok(true);
            }
            if !told {
                println!(
                    "{lacking} running gateways do not hold key {to} yet: give each machine the new {} and send SIGHUP to each.",
                    self.config.key_file.display()
                );
                told = true;
            }
            if began.elapsed() >= wait.max(ANSWERED) {
                println!("Not all of them hold it, so that nothing was changed. Run this again.");
                return Ok(false);
            }
        }
    }

    fn all_follow(&self, to: KeyId) -> Result<bool, Failure> {
        let (began, name) = (Instant::now(), to.to_string());
        loop {
            std::thread::sleep(PAUSE);
            let others = self.answers()?.iter().filter(|answer| answer.in_use != name).count();
            if others == 0 {
                return Ok(true);
            }
            if began.elapsed() >= FOLLOWED {
                println!(
                    "{others} running gateways still seal with the old key. Look at their logs, and run this again."
                );
                return Ok(false);
            }
        }
    }
}

/// On a terminal only.
fn progress() -> impl Fn(u64) + Send + Sync + 'static {
    let shown = std::io::stderr().is_terminal();
    move |done| {
        if shown {
            let _ = write!(std::io::stderr(), "\r{done} values sealed anew");
        }
    }
}

fn write(config: &Resolved, held: HeldKeyFile, set: &KeySet) -> Result<(), Failure> {
    held.replace(set).map_err(|cause| {
        Failure::Other(format!("{}: cannot be written: {cause}; nothing was changed", config.key_file.display()))
    })
}

/// Says which keys there are and what is sealed with them.
pub(crate) fn status(file: &Path) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    let runtime = runtime()?;
    let store = wire::unless_lost(wire::read_own_store(&config)?, &config, &runtime)?;
    let told = tell(&Rotation { config: &config, runtime: &runtime, store: &store });
    store.close();
    told
}

fn tell(rotation: &Rotation<'_>) -> Result<Finding, Failure> {
    let key = &rotation.config.key;
    let uses = rotation.ask(rotation.store.key_uses())?;
    let next = rotation.ask(rotation.store.key_state())?.next;
    let in_use = key.in_use();
    let mut totals: BTreeMap<SealedBy, u64> = key.ids().into_iter().map(|id| (SealedBy::Key(id), 0)).collect();
    for (by, count) in uses.iter().flat_map(|one| &one.values) {
        *totals.entry(*by).or_default() += count;
    }
    for (by, count) in &totals {
        let (name, says) = match by {
            SealedBy::Key(id) if *id == in_use => (id.to_string(), "in use"),
            SealedBy::Key(id) if next == Some(*id) => (id.to_string(), "about to be taken into use"),
            SealedBy::Key(id) if key.ids().contains(id) => (id.to_string(), "held"),
            SealedBy::Key(id) => (id.to_string(), "not in the key file"),
            SealedBy::Unnamed => ("unnamed".to_owned(), "of the time before the first change"),
            SealedBy::Nothing => ("none".to_owned(), "damaged"),
        };
        println!("{name:<10} {count:>10} values  {says}");
    }
    for one in &uses {
        let parts: Vec<String> = one
            .values
            .iter()
            .map(|(by, count)| match by {
                SealedBy::Key(id) => format!("{count} with {id}"),
                SealedBy::Unnamed => format!("{count} unnamed"),
                SealedBy::Nothing => format!("{count} damaged"),
            })
            .collect();
        if !parts.is_empty() {
            println!("  {:<32} {}", one.column, parts.join(", "));
        }
    }
    let unfinished = rotation.unfinished()?;
    if let Some(to) = unfinished {
        println!("The change to key {to} is unfinished: run `doorward key rotate` again.");
    }
    let damaged = totals.get(&SealedBy::Nothing).copied().unwrap_or_default();
    if damaged > 0 {
        println!("{damaged} values are damaged: no key opens them. Restore the database from a backup.");
    }
    Ok(if unfinished.is_some() || damaged > 0 { Finding::Bad } else { Finding::Good })
}

/// Takes a key out of the key file.
pub(crate) fn retire(file: &Path, id: &str) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    let runtime = runtime()?;
    let store = wire::open_own_store(&config, &runtime)?;
    let done = take_out(&Rotation { config: &config, runtime: &runtime, store: &store }, id);
    store.close();
    done
}

fn take_out(rotation: &Rotation<'_>, id: &str) -> Result<Finding, Failure> {
    let (config, key, store) = (rotation.config, &rotation.config.key, rotation.store);
    let held = || key.ids().iter().map(KeyId::to_string).collect::<Vec<_>>().join(", ");
    let id = KeyId::parse(id).filter(|id| key.ids().contains(id)).ok_or_else(|| {
        Failure::Other(format!("{id} is no key of {}, which holds {}", config.key_file.display(), held()))
    })?;
    if id == key.in_use() {
        return Err(Failure::Other(format!("key {id} is in use; change to another with `doorward key rotate` first")));
    }
    if let Some(to) = rotation.unfinished()? {
        println!("The change to key {to} is unfinished: run `doorward key rotate` again.");
        return Ok(Finding::Bad);
    }
    if !rotation.nobody_seals_with_another()? {
        return Ok(Finding::Bad);
    }
    let held = rotation.hold_file()?;
    let set = without(rotation, id)?;
    // A record of what was not done after all is better than none of what was.
    rotation.ask(store.record_key_retired(id))?;
    write(config, held, &set)?;
    sign_all(rotation.runtime, &mut Checkpoints::new(config.checkpoints.clone(), key), store)?;
    println!(
        "Key {id} is no longer in {}. Give each machine the new file, send SIGHUP to each gateway, and destroy the old copies. Backups \
         that were made with the key need it still.",
        config.key_file.display()
    );
    Ok(Finding::Good)
}

/// The keys without one of them: what it has signed counts as far as it has come, and codes on paper go on.
fn without(rotation: &Rotation<'_>, id: KeyId) -> Result<KeySet, Failure> {
    let key = &rotation.config.key;
    let gone = || Failure::Other(format!("nothing can be derived from key {id}"));
    let mut set = key.set();
    let position = key.ids().iter().position(|one| *one == id).ok_or_else(gone)?;
    let codes = key.derive_from(id, Purpose::RecoveryCode).ok_or_else(gone)?;
    let public_key = public_key_of(key, id).ok_or_else(gone)?.hex();
    let mut until = BTreeMap::new();
    for vs in rotation.ask(rotation.store.virtual_servers())? {
        let head = rotation.ask(rotation.store.head(&vs))?;
        until.insert(vs.as_str().to_owned(), head.seq);
    }
    set.keys.remove(position);
    set.kept.push(Kept { what: KeptFor::RecoveryCodes, key: SecretBytes::new(codes.to_vec()) });
    set.signers.push(PastSigner { public_key, until });
    Ok(set)
}
