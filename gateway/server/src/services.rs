//! What runs until the process is told to stop: listeners, the outbox's sender, the janitor, checkpoints, the reloader.

mod access_log;
mod background;
mod claims;
mod descriptors;
mod enrolment;
mod health;
mod leaving;
mod listeners;
mod memory;
mod outlets;
mod reload;
mod retention;
pub(crate) mod shadow;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorward_access::names::fold_name;
use doorward_access::passwords::{self, Passwords};
use doorward_api::keys::MasterKey;
use doorward_api::ports::{Act, Change, Entropy, Ledger, Users};
use doorward_api::user::NewUser;
use doorward_api::{Secret, Timestamp, UserId, VirtualServerId};
use doorward_connect::{Protection, SmtpSettings};
use doorward_proxy::tls::Certificates;
use doorward_store::{Store, SystemEntropy};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::{Filter, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::{DemoArgs, RunArgs};
use crate::config::{self, PluginTables, Resolved, Retention};
use crate::demo::{self, DemoManner, DemoUser, LegacyApp, SmtpSink};
use crate::services::access_log::{AccessLog, Seals};
use crate::services::background::Background;
use crate::services::claims::Holder;
use crate::services::listeners::{Listeners, reachable};
use crate::services::memory::Memory;
use crate::services::outlets::Outlets;
use crate::services::reload::{InForce, Reloader};
use crate::wire::{self, ConsoleSettings, Gateway, Settings};
use crate::{Failure, Finding};

/// `doorward run`: serves what the configuration says until it is told to stop.
pub(crate) fn run(args: &RunArgs) -> Result<Finding, Failure> {
    let access_log = AccessLog::new();
    log_as_json();
    let config = config::load(&args.config.config)?;
    let holder = if args.upgrade { Holder::Predecessor } else { Holder::Nobody };
    let listeners = Listeners::of(&config, holder)?;
    let in_force = (InForce::of(&config), config.key.clone());
    let runtime = background_runtime()?;
    let store = wire::open_own_store(&config, &runtime)?;
    let virtual_servers: Vec<VirtualServerId> = config.site.virtual_servers.keys().cloned().collect();
    ensure(&runtime, &store, &virtual_servers)?;
    let outlets = Outlets::of(&config.outlets, &config.site, &store.clock())?;
    outlets.want(&runtime, &store, store.clock().now())?;
    let lines = access_log.lines();
    let seals = virtual_servers.first().map(|vs| Seals::new(access_log, &store, vs.clone()));
    let background = Background {
        checkpoints: config.checkpoints.clone(),
        retention: config.retention,
        key: config.key.clone(),
        virtual_servers,
        certificates: listeners.certificates(),
        memory: Memory::find(config.memory),
    };
    std::fs::create_dir_all(&config.checkpoints)
        .map_err(|cause| Failure::Other(format!("audit.checkpoints: {}: {cause}", config.checkpoints.display())))?;
    let origin = console_address(&config);
    let mut gateway = wire::wire(settings(config, listeners.certificates()), &store, runtime.handle())?;
    for FirstLink { name, link } in first_links(&runtime, &gateway, &origin)? {
        tracing::warn!(virtual_server = name, link, "console first administrator {name} {link}");
    }
    if let Some(reloader) = Reloader::new(in_force, &mut gateway, listeners.certificates(), &store, seals.clone()) {
        reloader.start(&runtime);
    }
    background.start(&runtime, &store, &gateway);
    outlets.start(&runtime, &store, &gateway.metrics);
    if let Some(seals) = &seals {
        seals.start(&runtime);
    }
    let collector = gateway.collector.clone();
    let served = listeners.serve(gateway, &store, &runtime, lines);
    // Nor decided: these are the last decisions.
    collector.gather();
    runtime.block_on(collector.write());
    // No request is answered any more: these are the last lines.
    if let Some(seals) = &seals {
        runtime.block_on(seals.seal());
    }
    served?;
    finish(runtime, &store);
    Ok(Finding::Good)
}

/// Where operators find the console.
pub(crate) fn console_address(config: &Resolved) -> String {
    match &config.console_origin {
        Some(console) => console.origin.clone(),
        None => format!("http://{}", reachable(config.console)),
    }
}

/// The way in for the first administrator of a virtual server.
pub(crate) struct FirstLink {
    pub(crate) name: String,
    pub(crate) link: String,
}

/// A link for each virtual server that has no operators yet. Those made before are void.
fn first_links(runtime: &tokio::runtime::Runtime, gateway: &Gateway, origin: &str) -> Result<Vec<FirstLink>, Failure> {
    let site = gateway.site.load_full();
    let now = gateway.clock.now();
    let mut links = Vec::new();
    for vs in site.virtual_servers.values() {
        let made = runtime.block_on(gateway.operators.first_link(&vs.id, now)).map_err(Failure::other)?;
        let link = made.map(|token| format!("{origin}/setup/{}", token.expose()));
        links.extend(link.map(|link| FirstLink { name: vs.name.clone(), link }));
    }
    Ok(links)
}

fn settings(config: Resolved, certificates: Option<Arc<Certificates>>) -> Settings {
    let origin = config.console_origin.map(|console| console.origin);
    Settings {
        file: config.file,
        site: config.site,
        key: config.key,
        mail: config.mail,
        templates: config.templates,
        plugins: config.plugins,
        console: ConsoleSettings { origin, certificates, mailbox: None },
    }
}

/// `doorward demo`: everything in one process, on loopback only.
pub(crate) fn demo(args: &DemoArgs) -> Result<Finding, Failure> {
    if !args.address.is_loopback() {
        return Err(Failure::Other(format!(
            "the demo serves on loopback only, not on {}: its passwords are printed and its mailbox is open",
            args.address
        )));
    }
    log_for_people();
    let plugins = args.plugins.as_deref().map_or_else(|| Ok(PluginTables::new()), config::load_plugins)?;
    let listeners = Listeners::demo(args)?;
    let folder = State::open(args.state.as_deref())?;
    let key = folder.key()?;
    let store = wire::open_store(&format!("sqlite://{}", folder.path().join("doorward.db").display()), &key)?;
    let runtime = background_runtime()?;
    let vs = VirtualServerId::new("default");
    ensure(&runtime, &store, std::slice::from_ref(&vs))?;
    let passwords = demo_users(&runtime, &store, &vs)?;

    let sink = runtime.block_on(SmtpSink::start(store.clock())).map_err(Failure::other)?;
    let upstreams = runtime.block_on(demo_apps()).map_err(Failure::other)?;
    let checkpoints = folder.path().join("checkpoints");
    std::fs::create_dir_all(&checkpoints).map_err(Failure::other)?;
    let manner = DemoManner { policies: args.policies.as_deref(), standard_apps: args.standard_apps };
    let settings = Settings {
        file: args.plugins.clone().unwrap_or_else(|| PathBuf::from("demo")),
        site: demo::demo_site(args.port, &upstreams, manner)?,
        key: key.clone(),
        mail: SmtpSettings {
            host: sink.address.ip().to_string(),
            port: sink.address.port(),
            protection: Protection::None,
            from: "Doorward Demo <doorward@example.test>".to_owned(),
            login: None,
            extra_ca: None,
        },
        templates: None,
        plugins,
        console: ConsoleSettings { mailbox: Some(sink), ..ConsoleSettings::default() },
    };
    let gateway = wire::wire(settings, &store, runtime.handle())?;
    let (virtual_servers, memory) = (vec![vs], Memory::find(None));
    let retention = Retention::default();
    Background { checkpoints, retention, key, virtual_servers, certificates: None, memory }
        .start(&runtime, &store, &gateway);
    gateway.metrics.set_ready("outlets", true);
    let console = SocketAddr::new(args.address, args.console_port);
    let links = first_links(&runtime, &gateway, &format!("http://{console}"))?;
    let site = gateway.site.load_full();
    let authenticator = site.virtual_servers.values().find_map(|vs| vs.authenticator.as_ref());
    let ports = (args.port, args.console_port, args.metrics_port);
    demo::print_banner(
        ports,
        &passwords,
        &links,
        (authenticator.map(|own| own.origin.as_str()), args.state.as_deref()),
    )
    .map_err(Failure::other)?;
    // Whoever asks for the lines with RUST_LOG gets them as they would be.
    listeners.serve(gateway, &store, &runtime, AccessLog::new().lines())?;
    finish(runtime, &store);
    Ok(Finding::Good)
}

/// The demo's folder: a temporary one that goes with the process, or one that the caller keeps.
enum State {
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

impl State {
    fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        match folder {
            None => {
                tempfile::Builder::new().prefix("doorward-demo-").tempdir().map(Self::Temporary).map_err(Failure::other)
            }
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(Failure::other)?;
                std::path::absolute(folder).map(Self::Kept).map_err(Failure::other)
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }

    /// The folder's key, made at the first start.
    fn key(&self) -> Result<MasterKey, Failure> {
        let file = self.path().join("master.key");
        let bytes = if file.exists() {
            std::fs::read(&file).map_err(Failure::other)?
        } else {
            let mut bytes = vec![0; 32];
            SystemEntropy.fill(&mut bytes);
            config::write_private(&file, &bytes).map_err(Failure::other)?;
            bytes
        };
        MasterKey::new(bytes).ok_or_else(|| Failure::Other(format!("{} is not a key", file.display())))
    }
}

async fn demo_apps() -> std::io::Result<BTreeMap<&'static str, SocketAddr>> {
    let mut upstreams = BTreeMap::new();
    for name in ["wiki", "intranet", "public"] {
        upstreams.insert(name, LegacyApp::start(name).await?.address);
    }
    Ok(upstreams)
}

/// Adds the demo's users, or gives those of a kept folder new passwords.
fn demo_users(
    runtime: &tokio::runtime::Runtime,
    store: &Store,
    vs: &VirtualServerId,
) -> Result<Vec<(&'static DemoUser, Secret)>, Failure> {
    static USERS: [DemoUser; 3] = DemoUser::ALL;
    let given = std::env::var("DOORWARD_DEMO_PASSWORD").ok().map(Secret::new);
    let passwords = Passwords::new(Arc::new(SystemEntropy));
    let now = store.clock().now();
    USERS
        .iter()
        .map(|user| {
            let password = given.clone().unwrap_or_else(|| passwords::generate(&SystemEntropy));
            let hash = runtime.block_on(passwords.hash(password.clone())).map_err(Failure::other)?;
            runtime.block_on(put_demo_user(store, vs, user, hash, now))?;
            Ok((user, password))
        })
        .collect()
}

async fn put_demo_user(
    store: &Store,
    vs: &VirtualServerId,
    user: &DemoUser,
    hash: String,
    now: Timestamp,
) -> Result<(), Failure> {
    let folded = fold_name(user.name).ok_or_else(|| Failure::Other(format!("{} is no user name", user.name)))?;
    let act = match store.user_by_name(vs, &folded).await.map_err(Failure::other)? {
        Some(known) => Act::UserPassword { user: known.id, hash },
        None => Act::UserAdd(
            Box::new(NewUser {
                name: user.name.to_owned(),
                folded,
                display_name: user.display_name.to_owned(),
                email: user.email.map(str::to_owned),
                password_hash: Some(hash),
                groups: user.groups.iter().map(|g| (*g).to_owned()).collect(),
            }),
            UserId::new(SystemEntropy.id()),
        ),
    };
    store.commit(vs, Change::of(act), now).await.map_err(Failure::other)
}

fn ensure(runtime: &tokio::runtime::Runtime, store: &Store, servers: &[VirtualServerId]) -> Result<(), Failure> {
    let now = store.clock().now();
    for server in servers {
        runtime
            .block_on(store.ensure_virtual_server(server, now))
            .map_err(|error| Failure::Store(error.to_string()))?;
    }
    Ok(())
}

fn background_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("background")
        .enable_all()
        .build()
        .map_err(Failure::other)
}

fn finish(runtime: tokio::runtime::Runtime, store: &Store) {
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    store.close();
}

/// One JSON object a line on standard error; `RUST_LOG` chooses what.
fn log_as_json() {
    let layer = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).with_filter(log_filter("info"));
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// Warnings only, for a terminal.
fn log_for_people() {
    let layer = tracing_subscriber::fmt::layer().compact().with_writer(std::io::stderr).with_filter(log_filter("warn"));
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// What `RUST_LOG` says, or the usual, as far as it is [`discreet`].
fn log_filter<S>(usual: &str) -> impl Filter<S> {
    let chosen = EnvFilter::try_from_default_env().unwrap_or_else(|_| usual.into());
    FilterExt::<S>::and(chosen, filter_fn(discreet))
}

/// The libraries that would print requests, mails, statements or key material when they are asked for details are never
/// asked, however exactly `RUST_LOG` names one of their modules.
fn discreet(what: &tracing::Metadata<'_>) -> bool {
    const NO_DETAILS: [&str; 9] =
        ["pingora", "h2", "hyper", "httparse", "rustls", "tokio_rustls", "lettre", "sqlx", "cedar_policy"];
    let library = what.target().split("::").next().unwrap_or_default();
    let of = |name: &str| library.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    *what.level() <= tracing::Level::INFO || !NO_DETAILS.iter().any(|name| of(name))
}

/// Both loopback addresses where the demo is asked for the usual one, since browsers try either for `*.localhost`.
pub(crate) fn loopbacks(address: IpAddr, port: u16) -> Vec<SocketAddr> {
    let mut all = vec![SocketAddr::new(address, port)];
    let v6 = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port));
    if address == IpAddr::from(std::net::Ipv4Addr::LOCALHOST) && TcpListener::bind(v6).is_ok() {
        all.push(v6);
    }
    all
}
