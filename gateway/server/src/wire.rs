//! Builds the gateway, top to bottom, from its settings.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use axum::Router;
use doorward_access::dispute::Disputes;
use doorward_access::gate::Gate;
use doorward_access::passwords::{LocalDirectory, Passwords};
use doorward_access::ports::Ports;
use doorward_access::returns::Returns;
use doorward_access::sessions::{Identities, SessionLimits};
use doorward_access::signin::{Desk, Rules};
use doorward_access::site::{SharedSite, Site};
use doorward_access::tickets::Tickets;
use doorward_api::flow::Delivery;
use doorward_api::keys::MasterKey;
use doorward_api::plugin::Host;
use doorward_api::ports::{AuditLog, Clock, Directory, Entropy, Mailer, Metrics};
use doorward_api::{MailId, VirtualServerId};
use doorward_audit::Checkpoints;
use doorward_connect::{OutboxParts, OutboxSender, Smtp, SmtpSettings};
use doorward_portal::PortalParts;
use doorward_proxy::Live;
use doorward_store::{Store, StoreOptions, SystemEntropy};
use doorward_views::Views;

use crate::Failure;
use crate::config::Resolved;
use crate::metrics::PrometheusMetrics;
use crate::plugins;

/// All that `run` and `demo` say in their own ways.
pub(crate) struct Settings {
    pub(crate) file: PathBuf,
    pub(crate) site: Site,
    pub(crate) key: MasterKey,
    pub(crate) mail: SmtpSettings,
    pub(crate) templates: Option<PathBuf>,
    pub(crate) plugins: BTreeMap<String, (serde_json::Value, usize)>,
}

/// A gateway, ready to be given listeners.
pub(crate) struct Gateway {
    pub(crate) site: SharedSite,
    pub(crate) gate: Arc<Gate>,
    pub(crate) identities: Arc<Identities>,
    pub(crate) returns: Arc<Returns>,
    pub(crate) router: Router,
    pub(crate) live: Arc<Live>,
    pub(crate) outbox: Arc<OutboxSender>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) metrics: Arc<PrometheusMetrics>,
}

/// Opens the database of a URL with a key.
///
/// # Errors
/// The cause, as a sentence.
pub(crate) fn open_store(url: &str, key: &MasterKey) -> Result<Store, Failure> {
    let options = StoreOptions {
        url: url.to_owned(),
        key: key.clone(),
        statement_timeout: Duration::from_secs(2),
        max_connections: 8,
    };
    Store::open(options, Arc::new(SystemEntropy)).map_err(|error| Failure::Store(error.to_string()))
}

/// Opens the database of a configuration, and refuses one that knows nothing of a virtual server for whose audit records there
/// are signed checkpoints: a database that was lost or truncated must not be taken for a new installation.
///
/// # Errors
/// The cause, as a sentence.
pub(crate) fn open_own_store(config: &Resolved, runtime: &tokio::runtime::Runtime) -> Result<Store, Failure> {
    let store = open_store(&config.store_url, &config.key)?;
    let known = runtime.block_on(store.virtual_servers()).map_err(|error| Failure::Store(error.to_string()))?;
    let checkpoints = Checkpoints::new(config.checkpoints.clone(), &config.key);
    let missing = config.site.virtual_servers.keys().filter(|vs| !known.contains(vs));
    for file in missing.map(|vs| checkpoints.path(vs)) {
        if std::fs::metadata(&file).is_ok_and(|file| file.len() > 0) {
            store.close();
            return Err(Failure::Store(format!(
                "the database is empty, but {} vouches for audit records that were in it: restore the database from a backup; to \
                 begin anew, move that file away",
                file.display()
            )));
        }
    }
    Ok(store)
}

/// Builds everything.
///
/// # Errors
/// Whatever does not hold, named.
pub(crate) fn wire(settings: Settings, store: &Store, background: &tokio::runtime::Handle) -> Result<Gateway, Failure> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let clock = store.clock();
    let metrics = Arc::new(PrometheusMetrics::new().map_err(Failure::other)?);
    let ports_metrics: Arc<dyn Metrics> = metrics.clone();

    let issuer = settings.site.virtual_servers.values().next().map_or("Doorward", |vs| vs.name.as_str()).to_owned();
    let host = Host { entropy: entropy.clone(), issuer };
    let plugins = plugins::build(&settings.file, &settings.plugins, &host)?;
    let views = Arc::new(Views::new(settings.templates.as_deref()).map_err(Failure::other)?);
    let site: SharedSite = Arc::new(ArcSwap::from_pointee(settings.site));

    let shared = Arc::new(store.clone());
    let directory: Arc<dyn Directory> =
        Arc::new(LocalDirectory::new(shared.clone(), Arc::new(Passwords::new(entropy.clone()))));
    let outbox =
        Arc::new(outbox(&settings.mail, &settings.key, store, &directory, &views, &site, &clock, &ports_metrics)?);
    let gate = Arc::new(Gate::new(ports_metrics.clone()));
    let identities = Arc::new(Identities::new(shared.clone(), directory.clone(), SessionLimits::default()));
    let returns = Arc::new(Returns::new(&settings.key, entropy.clone()));
    let ports = Ports {
        directory,
        sessions: shared.clone(),
        flows: shared.clone(),
        credentials: shared.clone(),
        one_times: shared.clone(),
        meters: shared.clone(),
        settings: shared.clone(),
        ledger: shared.clone(),
        mailer: Arc::new(OnRuntime { inner: outbox.clone(), runtime: background.clone() }),
        outbox: shared,
        clock: clock.clone(),
        entropy: entropy.clone(),
        metrics: ports_metrics,
    };
    let tickets = Arc::new(Tickets::new(ports.ledger.clone(), ports.one_times.clone(), entropy.clone()));
    let disputes = Arc::new(Disputes::new(ports.clone(), identities.clone()));
    let desk = Arc::new(Desk::new(
        ports.clone(),
        &settings.key,
        site.clone(),
        gate.clone(),
        identities.clone(),
        plugins,
        Rules::default(),
    ));
    let live = Live::new();
    let cut = live.clone();
    let router = doorward_portal::router(PortalParts {
        site: site.clone(),
        desk,
        disputes,
        identities: identities.clone(),
        tickets,
        views,
        clock: clock.clone(),
        entropy: entropy.clone(),
        keys: settings.key,
        cut_off: Arc::new(move |portal| {
            cut.cut(portal);
        }),
    });
    Ok(Gateway { site, gate, identities, returns, router, live, outbox, clock, entropy, metrics })
}

#[expect(clippy::too_many_arguments, reason = "each is one part that the sender needs; they meet only here")]
fn outbox(
    mail: &SmtpSettings,
    key: &MasterKey,
    store: &Store,
    directory: &Arc<dyn Directory>,
    views: &Arc<Views>,
    site: &SharedSite,
    clock: &Arc<dyn Clock>,
    metrics: &Arc<dyn Metrics>,
) -> Result<OutboxSender, Failure> {
    let smtp = Smtp::new(mail.clone()).map_err(Failure::other)?;
    let brands = site.clone();
    Ok(OutboxSender::new(OutboxParts {
        outbox: Arc::new(store.clone()),
        directory: directory.clone(),
        smtp,
        views: views.clone(),
        brand: Box::new(move |vs: &VirtualServerId| {
            brands.load().virtual_server(vs).map_or_else(|| "Doorward".to_owned(), |server| server.name.clone())
        }),
        key: key.clone(),
        clock: clock.clone(),
        metrics: metrics.clone(),
    }))
}

/// A mailer whose sockets live on the background runtime: one opened by a request's runtime would die with it.
struct OnRuntime<M> {
    inner: Arc<M>,
    runtime: tokio::runtime::Handle,
}

#[async_trait]
impl<M: Mailer + 'static> Mailer for OnRuntime<M> {
    async fn deliver(&self, vs: &VirtualServerId, mail: &MailId, wait: Duration) -> Delivery {
        let (inner, vs, mail) = (self.inner.clone(), vs.clone(), mail.clone());
        let sending = self.runtime.spawn(async move { inner.deliver(&vs, &mail, wait).await });
        sending.await.unwrap_or(Delivery::Pending)
    }
}
