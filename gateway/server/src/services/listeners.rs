//! The listeners: public, console, metrics.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use doorward_proxy::tls::{self, Certificates};
use doorward_proxy::{ConsoleParts, GatewayParts, Lines, console_service, public_service};
use doorward_store::Store;
use pingora::apps::http_app::ServeHttp;
use pingora::listeners::{L4BufferSettings, ListenerConfig, TcpSocketOptions};
use pingora::server::configuration::{Opt, ServerConf};
use pingora::server::{RunArgs, Server};
use pingora::services::listening::Service;
use tokio::runtime::Runtime;

use crate::Failure;
use crate::args::DemoArgs;
use crate::config::{Resolved, UpgradeSocket};
use crate::services::claims::{Claims, Holder};
use crate::services::descriptors;
use crate::services::health::Health;
use crate::services::leaving::{Orders, wait_for_the_end};
use crate::services::loopbacks;
use crate::wire::Gateway;

/// Where to listen, and the right to.
pub(crate) struct Listeners {
    http: Vec<SocketAddr>,
    https: Vec<SocketAddr>,
    certificates: Option<Arc<Certificates>>,
    console: SocketAddr,
    /// The name under which the console is reached, where that is not the listener's own.
    console_host: Option<String>,
    metrics: SocketAddr,
    threads: usize,
    grace: Duration,
    /// Where listeners are handed on; not in the demo.
    upgrade_socket: Option<UpgradeSocket>,
    /// Whether another process hands us its own.
    holder: Holder,
    claims: Claims,
}

/// How long tasks that do not end by themselves are waited for after the grace.
const STUCK_SECONDS: u64 = 4;

impl Listeners {
    /// Those of a configuration; or, in an upgrade, those that the running process hands over.
    pub(crate) fn of(config: &Resolved, holder: Holder) -> Result<Self, Failure> {
        let certificates = match config.certificates.is_empty() {
            true => None,
            false => Some(Certificates::load(&config.certificates, &config.hosts()).map_err(Failure::other)?),
        };
        Self {
            http: config.http.clone(),
            https: config.https.clone(),
            certificates,
            console: config.console,
            console_host: config.console_origin.as_ref().map(|console| console.host.clone()),
            metrics: config.metrics,
            threads: config.threads,
            grace: config.grace,
            upgrade_socket: Some(config.upgrade_socket.clone()),
            holder,
            claims: Claims::default(),
        }
        .claimed()
    }

    /// Those of the demo.
    pub(crate) fn demo(args: &DemoArgs) -> Result<Self, Failure> {
        Self {
            http: loopbacks(args.address, args.port),
            https: Vec::new(),
            certificates: None,
            console: SocketAddr::new(args.address, args.console_port),
            console_host: None,
            metrics: SocketAddr::new(args.address, args.metrics_port),
            threads: crate::config::cores(),
            grace: Duration::from_secs(10),
            upgrade_socket: None,
            holder: Holder::Nobody,
            claims: Claims::default(),
        }
        .claimed()
    }

    /// The certificates that are served, for a reload to renew.
    pub(crate) fn certificates(&self) -> Option<Arc<Certificates>> {
        self.certificates.clone()
    }

    fn claimed(mut self) -> Result<Self, Failure> {
        if let (Holder::Predecessor, Some(socket)) = (self.holder, &self.upgrade_socket) {
            socket.check().map_err(|rule| Failure::Other(format!("listen.upgrade_socket: {rule}")))?;
        }
        let public = self.http.iter().chain(&self.https).map(|address| (*address, "requests"));
        let all = public.chain([(self.console, "the console"), (self.metrics, "metrics")]);
        self.claims = Claims::take(all, self.holder)?;
        Ok(self)
    }

    /// Pingora's settings. With a predecessor, `Server::bootstrap` waits for its listeners and ends the process where none come.
    fn server(&self) -> Server {
        let socket = self.upgrade_socket.as_ref().map(|socket| socket.path().display().to_string());
        let conf = ServerConf {
            threads: self.threads,
            grace_period_seconds: Some(self.grace.as_secs()),
            graceful_shutdown_timeout_seconds: Some(STUCK_SECONDS),
            upgrade_sock: socket.unwrap_or_default(),
            max_retries: 2,
            ..ServerConf::default()
        };
        let options = Opt { upgrade: self.holder == Holder::Predecessor, ..Opt::default() };
        if options.upgrade {
            tracing::info!(at = %conf.upgrade_sock, "waiting for the running process's listeners for six seconds; send it SIGQUIT");
        }
        Server::new_with_opt_and_conf(options, conf)
    }

    /// Serves until the process is told to leave and has done so.
    pub(crate) fn serve(
        mut self,
        gateway: Gateway,
        store: &Store,
        runtime: &Runtime,
        lines: Option<Lines>,
    ) -> Result<(), Failure> {
        let mut server = self.server();
        server.bootstrap();
        if self.holder == Holder::Predecessor {
            tracing::info!("the listeners were handed over");
        }
        let conf = server.configuration.clone();
        let (limits, console_limits) = descriptors::limits(descriptors::take_all());

        gateway.metrics.set_started(gateway.clock.now());
        let health = Health {
            metrics: gateway.metrics.clone(),
            store: store.clone(),
            listeners: self.http.iter().chain(&self.https).copied().chain([self.console]).map(reachable).collect(),
        };
        let departure = gateway.departure;
        let console = ConsoleParts {
            departure: departure.clone(),
            router: gateway.console,
            hosts: self.console_host.clone().map_or_else(|| console_hosts(self.console), |host| vec![host]),
            trusted_proxies: gateway.site.load().trusted_proxies.clone(),
            clock: gateway.clock.clone(),
            entropy: gateway.entropy.clone(),
            metrics: gateway.metrics.clone(),
            limits: console_limits,
            lines: lines.clone(),
        };
        let public = GatewayParts {
            site: gateway.site,
            gate: gateway.gate,
            identities: gateway.identities,
            returns: gateway.returns,
            router: gateway.router,
            live: gateway.live,
            fleet: gateway.fleet,
            departure: departure.clone(),
            headroom: gateway.headroom,
            clock: gateway.clock,
            entropy: gateway.entropy,
            metrics: gateway.metrics,
            limits,
            lines,
        };

        let mut service = public_service(&conf, public);
        for address in &self.http {
            service.add_listener(at(*address));
        }
        if let Some(certificates) = &self.certificates {
            for address in &self.https {
                let settings = tls::settings(certificates.clone()).map_err(Failure::other)?;
                service.add_listener(at(*address).tls(settings));
            }
        }
        server.add_service(service);
        let mut service = console_service(&conf, console);
        service.add_listener(at(self.console));
        server.add_service(service);
        server.add_service(metrics_service(health, self.metrics));

        let claims = std::mem::take(&mut self.claims);
        let orders = Orders::new(departure.clone(), self.grace, self.upgrade_socket.clone(), claims);
        let phases = server.watch_execution_phase();
        let (ending, ended) = tokio::sync::oneshot::channel();
        let serving = std::thread::Builder::new().name("server".to_owned()).spawn(move || {
            server.run(RunArgs { shutdown_signal: Box::new(orders) });
            let _ = ending.send(());
        });
        serving.map_err(Failure::other)?;
        // Pingora sleeps for the whole grace; where nothing is under way any more, that is not waited for.
        wait_for_the_end(runtime, &departure, phases, ended)
    }
}

/// Pingora would keep 64 KiB for each connection to read into, however long it is idle. The rooms and TLS read with buffers of
/// their own.
fn at(address: SocketAddr) -> ListenerConfig {
    let buffers = L4BufferSettings { read: Some(0), write: None };
    ListenerConfig::tcp(address.to_string()).tcp_socket_options(socket_options(address)).l4_buffer(buffers)
}

/// As the claims expect: beside them, and IPv6 alone on an IPv6 address.
fn socket_options(address: SocketAddr) -> TcpSocketOptions {
    let mut options = TcpSocketOptions::default();
    options.so_reuseport = Some(true);
    options.ipv6_only = address.is_ipv6().then_some(true);
    options
}

/// A wildcard address is reached by loopback.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    match (address.ip().is_unspecified(), address.is_ipv4()) {
        (false, _) => address,
        (true, true) => SocketAddr::from(([127, 0, 0, 1], address.port())),
        (true, false) => SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, address.port())),
    }
}

/// The names under which the console may be asked for: anything else is DNS rebinding.
fn console_hosts(address: SocketAddr) -> Vec<String> {
    let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
    if !address.ip().is_loopback() {
        hosts.push(address.ip().to_string());
    }
    hosts
}

fn metrics_service<A: ServeHttp + Send + Sync + 'static>(app: A, address: SocketAddr) -> Service<A> {
    let mut service = Service::new("metrics".to_owned(), app);
    service.add_tcp_with_settings(&address.to_string(), socket_options(address));
    service
}
