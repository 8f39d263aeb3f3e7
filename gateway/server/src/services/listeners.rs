//! The listeners: public, console, metrics.

use std::net::SocketAddr;
use std::sync::Arc;

use doorward_portal::console::Mailbox;
use doorward_proxy::tls::{self, Certificates};
use doorward_proxy::{ConsoleParts, GatewayParts, Limits, console_service, public_service};
use doorward_store::Store;
use pingora::apps::http_app::ServeHttp;
use pingora::server::configuration::ServerConf;
use pingora::server::{RunArgs, Server};
use pingora::services::listening::Service;

use crate::Failure;
use crate::args::DemoArgs;
use crate::config::Resolved;
use crate::services::health::Health;
use crate::services::{claim, loopbacks};
use crate::wire::Gateway;

/// Where to listen, checked to be free.
pub(crate) struct Listeners {
    http: Vec<SocketAddr>,
    https: Vec<SocketAddr>,
    certificates: Option<Arc<Certificates>>,
    console: SocketAddr,
    metrics: SocketAddr,
    threads: usize,
}

/// How long open requests may take after the process was told to stop.
const GRACE_SECONDS: u64 = 10;

impl Listeners {
    /// Those of a configuration.
    pub(crate) fn of(config: &Resolved) -> Result<Self, Failure> {
        let certificates = match config.certificates.is_empty() {
            true => None,
            false => Some(Certificates::load(&config.certificates, &config.hosts()).map_err(Failure::other)?),
        };
        Self {
            http: config.http.clone(),
            https: config.https.clone(),
            certificates,
            console: config.console,
            metrics: config.metrics,
            threads: config.threads,
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
            metrics: SocketAddr::new(args.address, args.metrics_port),
            threads: crate::config::cores(),
        }
        .claimed()
    }

    /// All are held at once: two that ask for the same port would share it, and each answer the other's requests.
    fn claimed(self) -> Result<Self, Failure> {
        let public = self.http.iter().chain(&self.https).map(|address| (*address, "requests"));
        let held = public.chain([(self.console, "the console"), (self.metrics, "metrics")]);
        held.map(|(address, what)| claim(address, what)).collect::<Result<Vec<_>, _>>()?;
        Ok(self)
    }

    /// Serves until the process is told to stop: SIGTERM lets open requests finish, SIGINT does not.
    pub(crate) fn serve(
        self,
        gateway: Gateway,
        store: &Store,
        mailbox: Option<Arc<dyn Mailbox>>,
    ) -> Result<(), Failure> {
        let conf = ServerConf {
            threads: self.threads,
            grace_period_seconds: Some(GRACE_SECONDS),
            graceful_shutdown_timeout_seconds: Some(5),
            max_retries: 2,
            ..ServerConf::default()
        };
        let mut server = Server::new_with_opt_and_conf(None, conf);
        server.bootstrap();
        let conf = server.configuration.clone();
        let limits = Limits::default();

        gateway.metrics.set_started(gateway.clock.now());
        let health = Health {
            metrics: gateway.metrics.clone(),
            store: store.clone(),
            listeners: self.http.iter().chain(&self.https).copied().chain([self.console]).map(reachable).collect(),
        };
        let console = ConsoleParts {
            router: doorward_portal::console::router(mailbox),
            hosts: console_hosts(self.console),
            clock: gateway.clock.clone(),
            entropy: gateway.entropy.clone(),
            metrics: gateway.metrics.clone(),
            limits: limits.clone(),
            access_log: true,
        };
        let public = GatewayParts {
            site: gateway.site,
            gate: gateway.gate,
            identities: gateway.identities,
            returns: gateway.returns,
            router: gateway.router,
            live: gateway.live,
            clock: gateway.clock,
            entropy: gateway.entropy,
            metrics: gateway.metrics,
            limits,
            access_log: true,
        };

        let mut service = public_service(&conf, public);
        for address in &self.http {
            service.add_tcp(&address.to_string());
        }
        if let Some(certificates) = &self.certificates {
            for address in &self.https {
                let settings = tls::settings(certificates.clone()).map_err(Failure::other)?;
                service.add_tls_with_settings(&address.to_string(), None, settings);
            }
        }
        server.add_service(service);
        let mut service = console_service(&conf, console);
        service.add_tcp(&self.console.to_string());
        server.add_service(service);
        server.add_service(metrics_service(health, self.metrics));
        server.run(RunArgs::default());
        Ok(())
    }
}

/// A wildcard address is reached by loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
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
    service.add_tcp(&address.to_string());
    service
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    fn on(http: SocketAddr, console: SocketAddr, metrics: SocketAddr) -> Result<Listeners, Failure> {
        Listeners { http: vec![http], https: Vec::new(), certificates: None, console, metrics, threads: 1 }.claimed()
    }

    #[test]
    fn two_listeners_never_share_a_port() {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let [one, two, three] = [any; 3].map(|any| TcpListener::bind(any).unwrap()).map(|l| l.local_addr().unwrap());
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, one.port()));
        on(one, two, three).unwrap();
        for (http, console, metrics) in [(one, two, one), (one, one, three), (one, two, two), (everywhere, two, one)] {
            let failure = on(http, console, metrics).err().unwrap();
            assert!(matches!(failure, Failure::Listen { .. }), "{failure}");
        }
    }
}
