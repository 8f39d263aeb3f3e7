//! SIGHUP: the configuration, the policies and the certificates are read again, checked whole, and only then put in force.
//! Whatever does not hold leaves all of the old in force.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use doorward_access::site::{SharedSite, Site};
use doorward_api::keys::MasterKey;
use doorward_api::ports::{Change, Clock, Ledger, Metrics};
use doorward_api::{AuditEvent, EventContext, EventKind, VirtualServerId};
use doorward_proxy::tls::{Certificates, Checked};
use doorward_store::Store;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{self, ConsoleOrigin, OutletSettings, Resolved, Retention, UpgradeSocket};
use crate::metrics::PrometheusMetrics;
use crate::services::access_log::Seals;
use crate::services::shadow;
use crate::wire::{Fresh, Gateway, Manner, Renewal};

/// What a running process cannot change, as it was when it started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InForce {
    file: PathBuf,
    https: Vec<SocketAddr>,
    http: Vec<SocketAddr>,
    console: SocketAddr,
    console_origin: Option<ConsoleOrigin>,
    metrics: SocketAddr,
    threads: usize,
    grace: Duration,
    memory: Option<u64>,
    upgrade_socket: UpgradeSocket,
    store_url: String,
    checkpoints: PathBuf,
    outlets: Vec<OutletSettings>,
    retention: Retention,
}

impl InForce {
    /// Of a configuration.
    pub(crate) fn of(config: &Resolved) -> Self {
        Self {
            file: config.file.clone(),
            https: config.https.clone(),
            http: config.http.clone(),
            console: config.console,
            console_origin: config.console_origin.clone(),
            metrics: config.metrics,
            threads: config.threads,
            grace: config.grace,
            memory: config.memory,
            upgrade_socket: config.upgrade_socket.clone(),
            store_url: config.store_url.clone(),
            checkpoints: config.checkpoints.clone(),
            outlets: config.outlets.clone(),
            retention: config.retention,
        }
    }

    /// The settings that have another value there, by their names in the configuration.
    fn differs(&self, new: &Self) -> Vec<&'static str> {
        let all = [
            ("listen.https", self.https != new.https),
            ("listen.http", self.http != new.http),
            ("listen.console", self.console != new.console),
            ("console.origin", self.console_origin != new.console_origin),
            ("listen.metrics", self.metrics != new.metrics),
            ("listen.threads", self.threads != new.threads),
            ("listen.grace", self.grace != new.grace),
            ("limits.memory", self.memory != new.memory),
            ("listen.upgrade_socket", self.upgrade_socket != new.upgrade_socket),
            ("store.url", self.store_url != new.store_url),
            ("audit.checkpoints", self.checkpoints != new.checkpoints),
            ("audit.syslog and audit.webhook", self.outlets != new.outlets),
            ("audit.keep_days", self.retention.keep != new.retention.keep),
            ("audit.keep_unsent_days", self.retention.unsent != new.retention.unsent),
        ];
        all.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
    }
}

/// Why nothing was reloaded, and which part is at fault.
struct Refused {
    part: &'static str,
    cause: String,
}

impl Refused {
    fn new(part: &'static str, cause: impl std::fmt::Display) -> Self {
        Self { part, cause: cause.to_string() }
    }
}

/// Everything that was read, and found good.
struct Ready {
    site: Site,
    fresh: Fresh,
    certificates: Option<Checked>,
    needs_restart: Vec<&'static str>,
    keys: MasterKey,
}

/// Virtual servers whose policies are others now, with the fingerprints of before and after.
type PolicyChanges = Vec<(VirtualServerId, String, String)>;

/// Waits for SIGHUP.
pub(crate) struct Reloader {
    in_force: InForce,
    /// What all parts of the gateway look into at each use.
    keys: MasterKey,
    site: SharedSite,
    renewal: Renewal,
    certificates: Option<Arc<Certificates>>,
    store: Store,
    clock: Arc<dyn Clock>,
    metrics: Arc<PrometheusMetrics>,
    seals: Option<Seals>,
}

impl Reloader {
    /// For a gateway; `certificates` are those that its listeners serve.
    pub(crate) fn new(
        (in_force, keys): (InForce, MasterKey),
        gateway: &mut Gateway,
        certificates: Option<Arc<Certificates>>,
        store: &Store,
        seals: Option<Seals>,
    ) -> Option<Self> {
        Some(Self {
            in_force,
            keys,
            site: gateway.site.clone(),
            renewal: gateway.renewal.take()?,
            certificates,
            store: store.clone(),
            clock: gateway.clock.clone(),
            metrics: gateway.metrics.clone(),
            seals,
        })
    }

    /// From when this returns on, SIGHUP reloads and does not end the process.
    pub(crate) fn start(self, runtime: &Runtime) {
        let _entered = runtime.enter();
        match signal(SignalKind::hangup()) {
            Ok(hangups) => drop(runtime.spawn(self.run(hangups))),
            Err(error) => tracing::error!(%error, "SIGHUP cannot be listened to; reloading is not possible"),
        }
    }

    async fn run(self, mut hangups: Signal) {
        while hangups.recv().await.is_some() {
            if let Err(Refused { part, cause }) = self.reload().await {
                self.metrics.reload(part, "refused");
                tracing::error!(what = part, error = %cause, "reload refused; the old configuration stays in force");
            }
            // Whoever turns the page of the log sends SIGHUP, and finds what was written before in records of its own.
            if let Some(seals) = &self.seals {
                seals.seal().await;
            }
        }
    }

    async fn reload(&self) -> Result<(), Refused> {
        let Ready { mut site, fresh, certificates, needs_restart, keys } = self.read()?;
        let old = self.site.load_full();
        site.generation = old.generation + 1;
        let changes = policy_changes(&old, &site);
        let renewed = self.record(&changes).await?;
        // Nothing below can fail.
        self.renewal.apply(fresh);
        self.keys.adopt(&keys);
        shadow::tell(&site, &self.metrics);
        self.site.store(Arc::new(site));
        if let (Some(served), Some(others)) = (&self.certificates, certificates)
            && served.renew(others)
        {
            self.applied("certificate");
        }
        if renewed {
            self.applied("policy");
        }
        self.applied("configuration");
        if !needs_restart.is_empty() {
            tracing::warn!("needs a restart: {}; the old values stay in force until then", needs_restart.join(", "));
        }
        tracing::info!("configuration, policies and certificates reloaded");
        Ok(())
    }

    fn applied(&self, part: &'static str) {
        self.metrics.reload(part, "applied");
        self.metrics.set_reloaded(part, self.clock.now());
    }

    /// Reads and checks everything, and changes nothing.
    fn read(&self) -> Result<Ready, Refused> {
        let config = config::load(&self.in_force.file).map_err(|error| Refused::new(error.part(), error))?;
        let manner = Manner {
            file: &config.file,
            site: &config.site,
            mail: &config.mail,
            templates: config.templates.as_deref(),
            plugins: &config.plugins,
        };
        let fresh = self.renewal.prepare(&manner).map_err(|error| Refused::new("configuration", error))?;
        let certificates = self.read_certificates(&config).map_err(|error| Refused::new("certificate", error))?;
        let mut needs_restart = self.in_force.differs(&InForce::of(&config));
        // A key file that holds the key in use can be taken; one of another database cannot.
        if !config.key.ids().contains(&self.keys.in_use()) {
            needs_restart.push("store.key_file");
        }
        let known: BTreeSet<_> = self.site.load().virtual_servers.keys().cloned().collect();
        if let Some(new) = config.site.virtual_servers.keys().find(|id| !known.contains(*id)) {
            return Err(Refused::new("configuration", format!("virtual_server.{new}: a new one needs a restart")));
        }
        Ok(Ready { site: config.site, fresh, certificates, needs_restart, keys: config.key })
    }

    /// Those that are written are checked even where none are served yet, so that a restart finds them good.
    fn read_certificates(&self, config: &Resolved) -> Result<Option<Checked>, doorward_proxy::tls::TlsError> {
        if self.certificates.is_none() && config.certificates.is_empty() {
            return Ok(None);
        }
        Certificates::check(&config.certificates, &config.hosts()).map(Some)
    }

    /// Writes into the audit trail which policies are about to be in force, and says whether any are.
    async fn record(&self, changes: &PolicyChanges) -> Result<bool, Refused> {
        for (id, before, after) in changes {
            let event = AuditEvent::new(EventKind::AccessPolicyChanged, EventContext::default())
                .with("old", before.clone())
                .with("new", after.clone());
            let recorded = self.store.commit(id, Change::only(event), self.clock.now()).await;
            recorded.map_err(|error| Refused::new("policy", format!("it could not be recorded: {error}")))?;
        }
        Ok(!changes.is_empty())
    }
}

fn policy_changes(old: &Site, new: &Site) -> PolicyChanges {
    let fingerprints = |(id, server): (&VirtualServerId, &Arc<doorward_access::site::VirtualServer>)| {
        let before = old.virtual_server(id).map(|server| server.policies.fingerprint()).unwrap_or_default();
        let after = server.policies.fingerprint();
        (before != after).then(|| (id.clone(), before, after))
    };
    new.virtual_servers.iter().filter_map(fingerprints).collect()
}
