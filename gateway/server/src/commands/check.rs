//! `doorward check`: everything that would keep `run` from starting, without starting.

use std::collections::BTreeMap;
use std::path::Path;

use doorward_access::site::VirtualServer;
use doorward_api::keys::{KeyId, MasterKey, SealedBy};
use doorward_proxy::tls::Certificates;
use doorward_store::{KeyUse, Store, SystemEntropy};
use doorward_views::Views;
use tokio::runtime::Runtime;

use crate::commands::runtime;
use crate::plugins::Lent;
use crate::{Failure, Finding, config, plugins, wire};

/// Checks and prints a line for each part that holds; the first that does not ends it with its reason.
pub(crate) fn check(file: &Path) -> Result<Finding, Failure> {
    let config = config::load(file)?;
    for server in config.site.virtual_servers.values() {
        println!(
            "ok  virtual server {}: {} applications, {} policies",
            server.id,
            server.apps.len(),
            server.policies.len()
        );
    }
    let mut shadows_hold = true;
    for server in config.site.virtual_servers.values() {
        shadows_hold &= shadow(server);
    }
    let lent = Lent { key: &config.key, entropy: std::sync::Arc::new(SystemEntropy), issuer: "Doorward".to_owned() };
    let built = plugins::build(&config.file, &config.plugins, &lent)?;
    println!("ok  plugins: {}", built.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", "));
    Views::new(config.templates.as_deref()).map_err(Failure::other)?;
    println!("ok  templates");
    if !config.certificates.is_empty() {
        Certificates::load(&config.certificates, &config.hosts()).map_err(Failure::other)?;
        println!("ok  certificates: {}", config.certificates.len());
    }
    for outlet in &config.outlets {
        println!("ok  audit outlet {}: {}", outlet.id, outlet.way);
    }
    let runtime = runtime()?;
    let store = wire::open_own_store(&config, &runtime)?;
    println!("ok  store: {}, schema {}", store.database(), doorward_store::known_schema());
    let found = tables(&runtime, &store).and_then(|whole| Ok((whole, whole && keys(&runtime, &store, &config.key)?)));
    store.close();
    let (whole, keys_hold) = found?;
    Ok(if whole && keys_hold && shadows_hold { Finding::Good } else { Finding::Bad })
}

/// Whether the policies in the shadow hold, where there are any. A gateway starts all the same: it decides without them.
fn shadow(server: &VirtualServer) -> bool {
    let (id, shadow) = (&server.id, server.beside.shadow.as_ref());
    match shadow.map(|shadow| (&shadow.loaded, &shadow.folder)) {
        None => true,
        Some((Ok(set), folder)) => {
            println!("ok  virtual server {id}: {} policies in the shadow: {folder}", set.len());
            true
        }
        Some((Err(error), folder)) => {
            println!(
                "no  virtual server {id}: policies in the shadow do not hold, nothing hangs on them: {folder}\n{error}"
            );
            false
        }
    }
}

/// Whether every table is there.
fn tables(runtime: &Runtime, store: &Store) -> Result<bool, Failure> {
    let missing = runtime.block_on(store.missing_tables()).map_err(Failure::other)?;
    for table in &missing {
        println!("no  store: table {table} is missing or cannot be read: restore the database from a backup");
    }
    if missing.is_empty() {
        println!("ok  store: every table is there");
    }
    Ok(missing.is_empty())
}

/// Whether whatever is sealed is sealed with the key in use, or with one that is there while a change is under way.
fn keys(runtime: &Runtime, store: &Store, key: &MasterKey) -> Result<bool, Failure> {
    let (state, uses) = (runtime.block_on(store.key_state()), runtime.block_on(store.key_uses()));
    let (state, uses) = (state.map_err(Failure::other)?, uses.map_err(Failure::other)?);
    let mut holds = true;
    for (id, count) in named(&uses).iter().filter(|(id, _)| !key.ids().contains(id)) {
        println!(
            "no  keys: {count} values are sealed with key {id}, which the key file does not hold: put the file in place that does"
        );
        holds = false;
    }
    if let Some(next) = state.next {
        println!("no  keys: the change to key {next} is unfinished: run `doorward key rotate` again");
        holds = false;
    } else if key.ids().last() != Some(&key.in_use()) {
        println!("no  keys: the newest key of the key file is not in use: run `doorward key rotate` again");
        holds = false;
    }
    if holds {
        println!("ok  keys: {} in use", key.in_use());
    }
    Ok(holds)
}

/// How many values name which key.
fn named(uses: &[KeyUse]) -> BTreeMap<KeyId, u64> {
    let mut all = BTreeMap::new();
    for (by, count) in uses.iter().flat_map(|one| &one.values) {
        if let SealedBy::Key(id) = by {
            *all.entry(*id).or_default() += count;
        }
    }
    all
}
