//! Builds the gateway, top to bottom, from its settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use axum::Router;
use axum::extract::Request;
use doorward_access::dispute::Disputes;
use doorward_access::gate::Gate;
use doorward_access::manage::Manager;
use doorward_access::operators::{OperatorDesk, OperatorPorts};
use doorward_access::passwords::{LocalDirectory, Passwords};
use doorward_access::ports::Ports;
use doorward_access::provision::Provisioner;
use doorward_access::records::{Collector, Recorder};
use doorward_access::remind::Reminders;
use doorward_access::returns::Returns;
use doorward_access::sessions::{Identities, SessionLimits};
use doorward_access::signin::{Desk, Rules};
use doorward_access::site::{AppOptions, SharedSite, Site};
use doorward_access::tickets::Tickets;
use doorward_api::device::WakeUp;
use doorward_api::flow::Delivery;
use doorward_api::keys::MasterKey;
use doorward_api::ports::{
    AuditLog, Change, Clock, Directory, Entropy, Ledger, Mailer, Metrics, PushDelivery, PushSender,
};
use doorward_api::{CommitError, MailId, StoreError, Timestamp, VirtualServerId};
use doorward_audit::Checkpoints;
use doorward_connect::{Means, OutboxParts, OutboxSender, Smtp, SmtpSettings, WebPush};
use doorward_portal::PortalParts;
use doorward_portal::console::{ConsoleParts, Mailbox};
use doorward_proxy::canonical::{canonical_path, judged_path};
use doorward_proxy::tls::Certificates;
use doorward_proxy::{Departure, Fleet, Headroom, Live};
use doorward_store::{Found, Store, StoreOptions, SystemEntropy, known_schema};
use doorward_views::Views;
use tower::ServiceExt;

use crate::Failure;
use crate::config::{PluginTables, Resolved};
use crate::metrics::{MAIL_IS_LATE, PrometheusMetrics};
use crate::plugins::{self, Lent};
use crate::services::shadow;

/// All that `run` and `demo` say in their own ways.
pub(crate) struct Settings {
    pub(crate) file: PathBuf,
    pub(crate) site: Site,
    pub(crate) key: MasterKey,
    pub(crate) mail: SmtpSettings,
    pub(crate) templates: Option<PathBuf>,
    pub(crate) plugins: PluginTables,
    pub(crate) console: ConsoleSettings,
}

/// The console's own.
#[derive(Clone, Default)]
pub(crate) struct ConsoleSettings {
    /// Where operators reach it, where that is not the listener itself.
    pub(crate) origin: Option<String>,
    /// Whose ends it tells of.
    pub(crate) certificates: Option<Arc<Certificates>>,
    /// The demo's.
    pub(crate) mailbox: Option<Arc<dyn Mailbox>>,
}

/// A gateway, ready to be given listeners.
pub(crate) struct Gateway {
    pub(crate) site: SharedSite,
    pub(crate) gate: Arc<Gate>,
    pub(crate) identities: Arc<Identities>,
    pub(crate) returns: Arc<Returns>,
    pub(crate) router: Router,
    pub(crate) console: Router,
    pub(crate) operators: Arc<OperatorDesk>,
    pub(crate) live: Arc<Live>,
    pub(crate) departure: Arc<Departure>,
    pub(crate) headroom: Arc<Headroom>,
    pub(crate) fleet: Arc<Fleet>,
    /// Until a reloader takes it.
    pub(crate) renewal: Option<Renewal>,
    pub(crate) outbox: Arc<OutboxSender>,
    pub(crate) reminders: Arc<Reminders>,
    /// Takes up what the gate has noted.
    pub(crate) collector: Arc<Collector>,
    /// What provisioning tasks do by and by.
    pub(crate) provisioner: Arc<Provisioner>,
    /// What operators see, for whoever counts it.
    pub(crate) manager: Arc<Manager>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) metrics: Arc<PrometheusMetrics>,
}

/// Opens the database of a URL with a key.
///
/// # Errors
/// The cause, as a sentence.
pub(crate) fn open_store(url: &str, key: &MasterKey) -> Result<Store, Failure> {
    Store::open(store_options(url, key), Arc::new(SystemEntropy)).map_err(|error| Failure::Store(error.to_string()))
}

/// How the database of a URL is opened.
pub(crate) fn store_options(url: &str, key: &MasterKey) -> StoreOptions {
    StoreOptions {
        url: url.to_owned(),
        key: key.clone(),
        statement_timeout: Duration::from_secs(2),
        max_connections: 8,
    }
}

/// Opens the database of a configuration, and refuses one that knows nothing of a virtual server for whose audit records there
/// are signed checkpoints: a database that was lost or truncated must not be taken for a new installation.
///
/// # Errors
/// The cause, as a sentence.
pub(crate) fn open_own_store(config: &Resolved, runtime: &tokio::runtime::Runtime) -> Result<Store, Failure> {
    unless_lost(open_store(&config.store_url, &config.key)?, config, runtime)
}

/// A database that knows what it is vouched for, and closes one that does not.
///
/// # Errors
/// The cause, as a sentence.
pub(crate) fn unless_lost(
    store: Store,
    config: &Resolved,
    runtime: &tokio::runtime::Runtime,
) -> Result<Store, Failure> {
    let known = runtime.block_on(store.virtual_servers()).map_err(|error| Failure::Store(error.to_string()))?;
    if let Err(lost) = refuse_loss(config, &known) {
        store.close();
        return Err(lost);
    }
    Ok(store)
}

/// What a look at the database of a configuration has found.
pub(crate) enum Looked {
    /// Nothing yet: what the first start does about it.
    Nothing(String),
    /// Whether this one was lost is asked by itself.
    Database(Store),
}

/// Looks at the database of a configuration, and changes nothing.
///
/// # Errors
/// The cause, as a sentence; that it was lost is one, where nothing is there.
pub(crate) fn look_at_own_store(config: &Resolved) -> Result<Looked, Failure> {
    let options = store_options(&config.store_url, &config.key);
    let found = Store::look(options, Arc::new(SystemEntropy)).map_err(|error| Failure::Store(error.to_string()))?;
    let told = match found {
        Found::Database(store) => return Ok(Looked::Database(store)),
        Found::NoFile(file) => format!("there is no database yet; the first start makes {}", file.display()),
        Found::Empty => "there is nothing in the database yet; the first start makes its tables".to_owned(),
    };
    refuse_loss(config, &[])?;
    Ok(Looked::Nothing(told))
}

/// Opens the database of a configuration for somebody who only asks: nothing is made, migrated or written.
///
/// # Errors
/// The cause, as a sentence. One more than for others is a schema that this release would migrate first.
pub(crate) fn read_own_store(config: &Resolved) -> Result<Store, Failure> {
    let store = match look_at_own_store(config)? {
        Looked::Nothing(told) => return Err(Failure::Store(told)),
        Looked::Database(store) if store.schema() == known_schema() => return Ok(store),
        Looked::Database(store) => store,
    };
    store.close();
    let rule = format!("its schema is {}, and this release reads {}", store.schema(), known_schema());
    Err(Failure::Store(format!("{rule}: ask with the release that made it, or when this one was started")))
}

/// Asks the database of a configuration, and closes it whatever comes of that: only then does SQLite put away the log that it makes
/// for whoever reads.
///
/// # Errors
/// As [`read_own_store`], and what comes of it.
pub(crate) fn asking<T>(config: &Resolved, ask: impl FnOnce(&Store) -> Result<T, Failure>) -> Result<T, Failure> {
    let store = read_own_store(config)?;
    let asked = ask(&store);
    store.close();
    asked
}

/// Whether a database that knows these virtual servers was lost or truncated: there are signed checkpoints of another.
///
/// # Errors
/// What vouches for it.
pub(crate) fn refuse_loss(config: &Resolved, known: &[VirtualServerId]) -> Result<(), Failure> {
    let checkpoints = Checkpoints::new(config.checkpoints.clone(), &config.key);
    let missing = config.site.virtual_servers.keys().filter(|vs| !known.contains(vs));
    for file in missing.map(|vs| checkpoints.path(vs)) {
        if std::fs::metadata(&file).is_ok_and(|file| file.len() > 0) {
            return Err(Failure::Store(format!(
                "the database is empty, but {} vouches for audit records that were in it: restore the database from a backup; to \
                 begin anew, move that file away",
                file.display()
            )));
        }
    }
    Ok(())
}

/// What a reload can put in place of what is in force, besides the site and the certificates: the portal with its templates and
/// plugins, and the means by which mail is sent.
pub(crate) struct Renewal {
    portal: Portal,
    router: Arc<ArcSwap<Router>>,
    console: Arc<ArcSwap<Router>>,
    means: Arc<ArcSwap<Means>>,
}

/// A portal and a way to send mail, built and not in force yet.
pub(crate) struct Fresh {
    pages: Pages,
    means: Means,
}

/// The portal's pages and the console's.
struct Pages {
    portal: Router,
    console: Router,
    operators: Arc<OperatorDesk>,
    manager: Arc<Manager>,
}

/// What the portal is made of, whatever the configuration says.
struct Portal {
    ports: Ports,
    key: MasterKey,
    site: SharedSite,
    gate: Arc<Gate>,
    identities: Arc<Identities>,
    live: Arc<Live>,
    operators: OperatorPorts,
    console: ConsoleSettings,
    metrics: Arc<PrometheusMetrics>,
}

/// What the configuration says of it.
pub(crate) struct Manner<'a> {
    pub(crate) file: &'a Path,
    pub(crate) site: &'a Site,
    pub(crate) mail: &'a SmtpSettings,
    pub(crate) templates: Option<&'a Path>,
    pub(crate) plugins: &'a PluginTables,
}

impl Renewal {
    /// Builds what the configuration says.
    ///
    /// # Errors
    /// Whatever does not hold, named.
    pub(crate) fn prepare(&self, manner: &Manner<'_>) -> Result<Fresh, Failure> {
        let views = manner.views()?;
        Ok(Fresh { means: manner.means(&views)?, pages: self.portal.pages(manner, views)? })
    }

    /// Puts it in force. Requests and mails that are under way keep what they have.
    pub(crate) fn apply(&self, fresh: Fresh) {
        self.router.store(Arc::new(fresh.pages.portal));
        self.console.store(Arc::new(fresh.pages.console));
        self.means.store(Arc::new(fresh.means));
    }
}

impl Manner<'_> {
    fn views(&self) -> Result<Arc<Views>, Failure> {
        Views::new(self.templates).map(Arc::new).map_err(|cause| Failure::Other(format!("templates: {cause}")))
    }

    fn means(&self, views: &Arc<Views>) -> Result<Means, Failure> {
        let smtp = Smtp::new(self.mail.clone()).map_err(|cause| Failure::Other(format!("mail: {cause}")))?;
        Ok(Means { smtp, views: views.clone() })
    }

    fn plugins(&self, key: &MasterKey, entropy: &Arc<dyn Entropy>) -> Result<plugins::Built, Failure> {
        let issuer = self.site.virtual_servers.values().next().map_or("Doorward", |vs| vs.name.as_str()).to_owned();
        Ok(plugins::build(self.file, self.plugins, &Lent { key, entropy: entropy.clone(), issuer })?)
    }
}

impl Portal {
    fn pages(&self, manner: &Manner<'_>, views: Arc<Views>) -> Result<Pages, Failure> {
        let plugins = manner.plugins(&self.key, &self.ports.entropy)?;
        let operators =
            OperatorDesk::new(self.operators.clone(), self.ports.passwords.clone(), plugins.clone(), &self.key);
        let operators = Arc::new(operators);
        let Self { ports, key, site, gate, identities, .. } = self;
        let desk =
            Desk::new(ports.clone(), key, site.clone(), gate.clone(), identities.clone(), plugins, Rules::default());
        let desk = Arc::new(desk);
        let manager = Arc::new(Manager::new(desk.clone()));
        let console = self.console(&manager, operators.clone(), views.clone());
        Ok(Pages { portal: self.portal(desk, views), console, operators, manager })
    }

    fn console(&self, manager: &Arc<Manager>, operators: Arc<OperatorDesk>, views: Arc<Views>) -> Router {
        let ConsoleSettings { origin, certificates, mailbox } = self.console.clone();
        let ends = move || {
            let ends = certificates.as_ref().map(|certificates| certificates.ends()).unwrap_or_default();
            ends.iter().map(|(host, end)| (host.clone(), Timestamp::from_secs(*end))).collect()
        };
        let (metrics, clock) = (self.metrics.clone(), self.ports.clock.clone());
        let late_mail = move |vs: &VirtualServerId| {
            let waits = metrics.oldest_mail(vs.as_str());
            (waits >= MAIL_IS_LATE).then(|| clock.now() - waits)
        };
        let parts = ConsoleParts {
            site: self.site.clone(),
            operators,
            manager: manager.clone(),
            views,
            clock: self.ports.clock.clone(),
            entropy: self.ports.entropy.clone(),
            keys: self.key.clone(),
            origin,
            certificates: Arc::new(ends),
            late_mail: Arc::new(late_mail),
            judged: Arc::new(judged),
        };
        doorward_portal::console::router(parts, mailbox)
    }

    fn portal(&self, desk: Arc<Desk>, views: Arc<Views>) -> Router {
        let Self { ports, key, site, identities, live, .. } = self;
        let cut = live.clone();
        doorward_portal::router(PortalParts {
            site: site.clone(),
            desk,
            disputes: Arc::new(Disputes::new(ports.clone(), identities.clone())),
            identities: identities.clone(),
            tickets: Arc::new(Tickets::new(ports.ledger.clone(), ports.one_times.clone(), ports.entropy.clone())),
            views,
            settings: ports.settings.clone(),
            clock: ports.clock.clone(),
            entropy: ports.entropy.clone(),
            keys: key.clone(),
            cut_off: Arc::new(move |portal| {
                cut.cut(portal);
            }),
        })
    }
}

/// A router that is whichever is in force when a request comes.
fn in_force(router: Arc<ArcSwap<Router>>) -> Router {
    Router::new().fallback(move |request: Request| {
        let router = Router::clone(&router.load());
        router.oneshot(request)
    })
}

/// Builds everything.
///
/// # Errors
/// Whatever does not hold, named.
pub(crate) fn wire(settings: Settings, store: &Store, background: &tokio::runtime::Handle) -> Result<Gateway, Failure> {
    let Settings { file, site, key, mail, templates, plugins, console } = settings;
    let site = Arc::new(site);
    let manner = Manner { file: &file, site: &site, mail: &mail, templates: templates.as_deref(), plugins: &plugins };
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let clock = store.clock();
    let metrics = Arc::new(PrometheusMetrics::new().map_err(Failure::other)?);
    let ports_metrics: Arc<dyn Metrics> = metrics.clone();
    let views = manner.views()?;
    let means = Arc::new(ArcSwap::from_pointee(manner.means(&views)?));
    let site: SharedSite = Arc::new(ArcSwap::new(site.clone()));

    let shared = Arc::new(store.clone());
    let passwords = Arc::new(Passwords::new(entropy.clone()));
    let directory: Arc<dyn Directory> = Arc::new(LocalDirectory::new(shared.clone(), passwords.clone()));
    let brands = site.clone();
    let outbox = Arc::new(OutboxSender::new(OutboxParts {
        outbox: shared.clone(),
        directory: directory.clone(),
        means: means.clone(),
        settings: shared.clone(),
        brand: Box::new(move |vs: &VirtualServerId| {
            brands.load().virtual_server(vs).map_or_else(|| "Doorward".to_owned(), |server| server.name.clone())
        }),
        key: key.clone(),
        clock: clock.clone(),
        metrics: ports_metrics.clone(),
    }));
    let push_sender = Arc::new(WebPush::new().map_err(|cause| Failure::Other(format!("push services: {cause}")))?);
    let recorder = Arc::new(Recorder::new());
    let collector = Collector::new(recorder.clone(), shared.clone(), site.clone(), ports_metrics.clone());
    let gate = Arc::new(Gate::new(ports_metrics.clone()).noting(recorder));
    let identities = Arc::new(Identities::new(shared.clone(), directory.clone(), SessionLimits::default()));
    let returns = Arc::new(Returns::new(&key, entropy.clone()));
    let ports = Ports {
        directory,
        sessions: shared.clone(),
        flows: shared.clone(),
        credentials: shared.clone(),
        one_times: shared.clone(),
        meters: shared.clone(),
        settings: shared.clone(),
        register: shared.clone(),
        trail: shared.clone(),
        enrolments: shared.clone(),
        provisioning: shared.clone(),
        imports: shared.clone(),
        pending: shared.clone(),
        decisions: shared.clone(),
        pushes: shared.clone(),
        push_sender: Arc::new(OnRuntime { inner: push_sender, runtime: background.clone() }),
        passwords,
        ledger: Arc::new(Punctual { store: store.clone(), clock: clock.clone() }),
        mailer: Arc::new(OnRuntime { inner: outbox.clone(), runtime: background.clone() }),
        outbox: shared,
        clock: clock.clone(),
        entropy: entropy.clone(),
        metrics: ports_metrics,
    };
    let live = Live::new();
    let operators = OperatorPorts {
        operators: Arc::new(store.clone()),
        settings: ports.settings.clone(),
        pending: ports.pending.clone(),
        one_times: ports.one_times.clone(),
        meters: ports.meters.clone(),
        ledger: ports.ledger.clone(),
        entropy: entropy.clone(),
    };
    let reminders = Arc::new(Reminders::new(ports.clone(), site.clone()));
    let provisioner = Arc::new(Provisioner::new(ports.clone(), site.clone()));
    let portal = Portal {
        ports,
        key,
        site: site.clone(),
        gate: gate.clone(),
        identities: identities.clone(),
        live: live.clone(),
        operators,
        console,
        metrics: metrics.clone(),
    };
    let Pages { portal: router, console, operators, manager } = portal.pages(&manner, views)?;
    shadow::tell(&site.load(), &metrics);
    let router = Arc::new(ArcSwap::from_pointee(router));
    let console = Arc::new(ArcSwap::from_pointee(console));
    Ok(Gateway {
        site,
        gate,
        identities,
        returns,
        router: in_force(router.clone()),
        console: in_force(console.clone()),
        operators,
        live,
        departure: Departure::new(Departure::LINGER),
        headroom: Headroom::new(),
        fleet: Fleet::new(),
        renewal: Some(Renewal { portal, router, console, means }),
        outbox,
        reminders,
        collector: Arc::new(collector),
        provisioner,
        manager,
        clock,
        entropy,
        metrics,
    })
}

/// A path as policies are shown it: made of what a client sends as the gateway makes it for each request.
fn judged(sent: &str, options: &AppOptions) -> Result<Arc<str>, &'static str> {
    let path = canonical_path(sent, options).and_then(|path| judged_path(&path.into(), options));
    path.map_err(|refusal| refusal.reason)
}

/// A ledger whose conditions are judged by the time of the commit. A request's own time is that of its arrival; a process
/// that was stopped in between would else complete steps that have expired since (F-11).
struct Punctual {
    store: Store,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Ledger for Punctual {
    async fn commit(&self, vs: &VirtualServerId, change: Change, now: Timestamp) -> Result<(), CommitError> {
        let clock = self.clock.clone();
        self.store.commit_by(vs, change, move || now.max(clock.now())).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

/// A mailer, or a way to push services, whose sockets live on the background runtime: one opened by a request's runtime
/// would die with it.
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

#[async_trait]
impl<S: PushSender + 'static> PushSender for OnRuntime<S> {
    async fn send(&self, wake: &WakeUp) -> PushDelivery {
        let (inner, wake) = (self.inner.clone(), wake.clone());
        self.runtime.spawn(async move { inner.send(&wake).await }).await.unwrap_or(PushDelivery::Unreachable)
    }
}
