//! `doorward check`: everything that would keep `run` from starting, without starting. It changes nothing: a new release may look at
//! the database that the old one serves from, and whoever misspells its address makes none.

use std::collections::BTreeMap;
use std::path::Path;

use doorward_access::site::VirtualServer;
use doorward_api::keys::{KeyId, MasterKey, SealedBy};
use doorward_api::ports::AuditLog;
use doorward_proxy::tls::Certificates;
use doorward_store::{KeyUse, Store, SystemEntropy, known_schema};
use doorward_views::Views;
use tokio::runtime::Runtime;

use crate::commands::runtime;
use crate::config::Resolved;
use crate::plugins::Lent;
use crate::wire::Looked;
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
    let database_holds = match wire::look_at_own_store(&config)? {
        Looked::Nothing(told) => {
            println!("ok  store: {told}");
            true
        }
        Looked::Database(store) => {
            let found = database(&config, &store);
            store.close();
            found?
        }
    };
    Ok(if database_holds && shadows_hold { Finding::Good } else { Finding::Bad })
}

/// Whether what is in the database holds.
fn database(config: &Resolved, store: &Store) -> Result<bool, Failure> {
    let (name, schema, runtime) = (store.database(), store.schema(), runtime()?);
    match known_schema() {
        known if known == schema => println!("ok  store: {name}, schema {schema}"),
        known => println!("ok  store: {name}, schema {schema}; the next start migrates it to {known}"),
    }
    let sound = sound(&runtime, store)?;
    if !tables(&runtime, store)? {
        return Ok(false);
    }
    let known = runtime.block_on(store.virtual_servers()).map_err(Failure::other)?;
    wire::refuse_loss(config, &known)?;
    let uses = runtime.block_on(store.key_uses()).map_err(Failure::other)?;
    let opens = values(&runtime, store, &uses)?;
    Ok(keys(&runtime, store, &config.key, &uses)? && opens && sound)
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

/// Whether what is in SQLite's file fits together. Of PostgreSQL nothing is said: it has its own tools for that.
fn sound(runtime: &Runtime, store: &Store) -> Result<bool, Failure> {
    let damage = runtime.block_on(store.damage()).map_err(Failure::other)?;
    for line in &damage {
        println!("no  store: {line}: the file is damaged, restore the database from a backup");
    }
    if damage.is_empty() && store.database() == "sqlite" {
        println!("ok  store: indexes and references agree with the tables");
    }
    Ok(damage.is_empty())
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

/// Whether whatever is sealed can be opened, as far as there is the key for it.
fn values(runtime: &Runtime, store: &Store, uses: &[KeyUse]) -> Result<bool, Failure> {
    let unopened = runtime.block_on(store.unopened()).map_err(Failure::other)?;
    let mut hold = true;
    for (column, count) in uses.iter().filter_map(|one| Some((&one.column, one.values.get(&SealedBy::Nothing)?))) {
        println!("no  store: {count} values of {column} are no sealed values: restore the database from a backup");
        hold = false;
    }
    for (column, count) in &unopened {
        println!(
            "no  store: {count} values of {column} were changed or moved, and do not open with their key: restore the database from a backup"
        );
        hold = false;
    }
    if hold {
        println!("ok  store: every sealed value opens whose key is here");
    }
    Ok(hold)
}

/// Whether whatever is sealed is sealed with the key in use, or with one that is there while a change is under way.
fn keys(runtime: &Runtime, store: &Store, key: &MasterKey, uses: &[KeyUse]) -> Result<bool, Failure> {
    let state = runtime.block_on(store.key_state()).map_err(Failure::other)?;
    let mut holds = true;
    for (id, count) in named(uses).iter().filter(|(id, _)| !key.ids().contains(id)) {
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
