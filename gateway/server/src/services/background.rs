//! The jobs beside the request path, each a loop of its own. The list is in [`Background::start`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use doorward_api::keys::MasterKey;
use doorward_api::ports::{Clock, Ledger, Metrics, Sessions};
use doorward_api::{AuditEvent, EventContext, EventKind, VirtualServerId};
use doorward_audit::Checkpoints;
use doorward_store::Store;
use tokio::runtime::Runtime;
use tokio::time::{MissedTickBehavior, interval};

use crate::config;
use crate::metrics::PrometheusMetrics;
use crate::wire::Gateway;

/// What the jobs need besides the gateway.
pub(crate) struct Background {
    pub(crate) checkpoints: PathBuf,
    pub(crate) key: MasterKey,
    pub(crate) virtual_servers: Vec<VirtualServerId>,
    /// The configuration file to read again at SIGHUP.
    pub(crate) reload: Option<PathBuf>,
}

/// How often expired rows are removed and gauges are read.
const JANITOR: Duration = Duration::from_secs(5);
/// How often the chain's end is looked at; the checkpoint itself follows 1,000 records or 60 seconds.
const CHECKPOINT: Duration = Duration::from_secs(1);

impl Background {
    /// Starts every job.
    pub(crate) fn start(self, runtime: &Runtime, store: &Store, gateway: &Gateway) {
        let outbox = gateway.outbox.clone();
        runtime.spawn(async move { outbox.run().await });
        runtime.spawn(janitor(store.clone(), gateway.metrics.clone(), self.virtual_servers.clone()));
        runtime.spawn(checkpoints(
            Checkpoints::new(self.checkpoints, &self.key),
            store.clone(),
            self.virtual_servers.clone(),
        ));
        if let Some(file) = self.reload {
            let reloader = Reloader {
                file,
                site: gateway.site.clone(),
                store: store.clone(),
                clock: gateway.clock.clone(),
                metrics: gateway.metrics.clone(),
            };
            runtime.spawn(reloader.run());
        }
    }
}

async fn janitor(store: Store, metrics: Arc<PrometheusMetrics>, virtual_servers: Vec<VirtualServerId>) {
    let clock = store.clock();
    let mut ticks = interval(JANITOR);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = clock.now();
        match store.sweep(now).await {
            Ok(swept) if swept > 0 => tracing::debug!(rows = swept, "expired rows were removed"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "expired rows could not be removed; tried again"),
        }
        match store.expire_mails(now).await {
            Ok(expired) => {
                for mail in expired {
                    metrics.mail(mail.virtual_server.as_str(), mail.kind.as_str(), "expired");
                }
            }
            Err(error) => tracing::warn!(%error, "expired mails could not be dropped; tried again"),
        }
        for vs in &virtual_servers {
            if let Ok(live) = store.live_sessions(vs, now).await {
                metrics.set_live_sessions(vs.as_str(), live);
            }
        }
    }
}

async fn checkpoints(mut checkpoints: Checkpoints, store: Store, virtual_servers: Vec<VirtualServerId>) {
    let clock = store.clock();
    let mut ticks = interval(CHECKPOINT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for vs in &virtual_servers {
            if let Err(error) = checkpoints.advance(&store, vs, clock.now()).await {
                tracing::error!(%error, virtual_server = %vs, "the audit checkpoint could not be written; tried again");
            }
        }
    }
}

/// Reads configuration and policies again at SIGHUP. Anything that does not hold leaves the old in force.
struct Reloader {
    file: PathBuf,
    site: doorward_access::site::SharedSite,
    store: Store,
    clock: Arc<dyn Clock>,
    metrics: Arc<PrometheusMetrics>,
}

impl Reloader {
    async fn run(self) {
        let Ok(mut hangups) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) else {
            tracing::error!("SIGHUP cannot be listened to; reloading is not possible");
            return;
        };
        while hangups.recv().await.is_some() {
            self.reload().await;
        }
    }

    async fn reload(&self) {
        let mut site = match config::load(&self.file) {
            Ok(config) => config.site,
            Err(error) => {
                let what = if matches!(error, config::ConfigError::Policies(_)) { "policy" } else { "configuration" };
                self.metrics.reload(what, "refused");
                tracing::error!(%error, "reload refused; the old configuration stays in force");
                return;
            }
        };
        let old = self.site.load_full();
        site.generation = old.generation + 1;
        let mut changes = Vec::new();
        for (id, server) in &site.virtual_servers {
            let before = old.virtual_server(id).map(|s| s.policies.fingerprint());
            let after = server.policies.fingerprint();
            if before.as_deref() != Some(after.as_str()) {
                changes.push((id.clone(), before.unwrap_or_default(), after));
            }
        }
        let now = self.clock.now();
        for (id, before, after) in changes {
            let event = AuditEvent::new(EventKind::AccessPolicyChanged, EventContext::default())
                .with("old", before)
                .with("new", after);
            let recorded = self.store.commit(&id, doorward_api::ports::Change::only(event), now).await;
            if let Err(error) = recorded {
                self.metrics.reload("policy", "refused");
                tracing::error!(%error, "reload refused: it could not be recorded; the old policies stay in force");
                return;
            }
            self.metrics.reload("policy", "applied");
            self.metrics.set_reloaded("policy", now);
        }
        self.site.store(Arc::new(site));
        self.metrics.reload("configuration", "applied");
        self.metrics.set_reloaded("configuration", now);
        tracing::info!("configuration and policies reloaded");
    }
}
