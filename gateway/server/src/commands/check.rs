//! `doorward check`: everything that would keep `run` from starting, without starting.

use std::path::Path;

use doorward_proxy::tls::Certificates;
use doorward_store::SystemEntropy;
use doorward_views::Views;

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
    let lent = Lent { key: &config.key, entropy: std::sync::Arc::new(SystemEntropy), issuer: "Doorward".to_owned() };
    let built = plugins::build(&config.file, &config.plugins, &lent)?;
    println!("ok  plugins: {}", built.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", "));
    Views::new(config.templates.as_deref()).map_err(Failure::other)?;
    println!("ok  templates");
    if !config.certificates.is_empty() {
        Certificates::load(&config.certificates, &config.hosts()).map_err(Failure::other)?;
        println!("ok  certificates: {}", config.certificates.len());
    }
    let store = wire::open_own_store(&config, &runtime()?)?;
    println!("ok  store: {}", store.database());
    store.close();
    Ok(Finding::Good)
}
