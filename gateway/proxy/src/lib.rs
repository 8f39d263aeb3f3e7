//! The data plane: every request walks through rooms in a fixed order, and only a permit of the gate opens the way to an
//! upstream.
//!
//! | room | file | what it does |
//! |---|---|---|
//! | 0 | `front/` | reads the raw head under one deadline, refuses what could be read in two ways |
//! | 1 | `arrive.rs` | host, target, client address; headers that are not to be believed are deleted |
//! | 2 | `route.rs` | host and path lead to an application, to our own pages, or nowhere; the request becomes canonical |
//! | 3 | `identify.rs` | who asks: nobody, somebody, or unclear |
//! | 4 | `decide.rs` | admit, challenge or refuse |
//! | 5 | `intercept.rs`, `local.rs` | to the portal, or an answer from this process |
//! | 6 | `fleet.rs`, `forward.rs`, `trust.rs`, `handshake.rs` | to the upstream, with a permit: our cookies cut out, the identity set |
//! | 7 | `reply.rs`, `bound.rs` | what an upstream may not say |
//! | 8 | `record.rs` | one line and one measurement for every outcome |
//!
//! `gateway.rs` is the list of Pingora's callbacks that calls them; `ctx.rs` is what a request carries along.

mod arrive;
mod bound;
pub mod canonical;
mod ctx;
mod decide;
pub mod departure;
pub mod fleet;
mod forward;
mod front;
mod gateway;
mod handshake;
pub mod headroom;
mod hygiene;
mod identify;
mod intercept;
pub mod limits;
pub mod live;
mod local;
mod memory;
mod pace;
mod record;
pub mod refusal;
mod reply;
mod route;
#[doc(hidden)]
pub mod seams;
#[cfg(test)]
mod testing;
pub mod tls;
mod trust;

use std::sync::Arc;

use axum::Router;
use doorward_access::gate::Gate;
use doorward_access::returns::Returns;
use doorward_access::sessions::Identities;
use doorward_access::site::SharedSite;
use doorward_api::ports::{Clock, Entropy, Metrics};
use ipnet::IpNet;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use pingora::services::listening::Service;

pub use departure::Departure;
pub use fleet::Fleet;
pub use front::Front;
pub use headroom::Headroom;
pub use limits::Limits;
pub use live::Live;
pub use record::Lines;
pub use trust::read_authorities;

use crate::decide::Judge;
use crate::forward::Addresses;
use crate::front::crowd::Crowd;
use crate::front::room::Room;
use crate::gateway::{Gateway, Kind};
use crate::record::{Book, Refusals};
use crate::trust::Trust;

/// What the public listeners are built from.
pub struct GatewayParts {
    /// The site in force.
    pub site: SharedSite,
    /// Decides.
    pub gate: Arc<Gate>,
    /// Finds out who asks.
    pub identities: Arc<Identities>,
    /// Seals return addresses.
    pub returns: Arc<Returns>,
    /// The portal's pages, and the pages of every error.
    pub router: Router,
    /// What can be cut at sign-out.
    pub live: Arc<Live>,
    /// What is known of upstreams.
    pub fleet: Arc<Fleet>,
    /// How the process leaves.
    pub departure: Arc<Departure>,
    /// How much memory is left.
    pub headroom: Arc<Headroom>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for request ids and hop cookies.
    pub entropy: Arc<dyn Entropy>,
    /// Measurements.
    pub metrics: Arc<dyn Metrics>,
    /// The limits.
    pub limits: Limits,
    /// Takes a line for each request. `None`: none is written.
    pub lines: Option<Lines>,
}

/// What the console's listener is built from.
pub struct ConsoleParts {
    /// Its pages.
    pub router: Router,
    /// The names it answers to, lower case and without port; all others get 421 (AD-02).
    pub hosts: Vec<String>,
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How the process leaves.
    pub departure: Arc<Departure>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for request ids.
    pub entropy: Arc<dyn Entropy>,
    /// Measurements.
    pub metrics: Arc<dyn Metrics>,
    /// The limits.
    pub limits: Limits,
    /// Takes a line for each request. `None`: none is written.
    pub lines: Option<Lines>,
}

/// The service for portals and applications. Its listeners are added by the caller.
pub fn public_service(conf: &Arc<ServerConf>, parts: GatewayParts) -> Service<Front> {
    let site = parts.site.clone();
    let judge = Judge { site: parts.site, gate: parts.gate, identities: parts.identities, returns: parts.returns };
    let gateway = Gateway {
        kind: Kind::Public(Arc::new(judge)),
        router: parts.router,
        clock: parts.clock.clone(),
        entropy: parts.entropy,
        book: Arc::new(Book { metrics: parts.metrics, clock: parts.clock, lines: parts.lines }),
        limits: Arc::new(parts.limits),
        live: parts.live,
        departure: parts.departure,
        headroom: parts.headroom,
        addresses: Addresses::default(),
        trust: Trust::default(),
        fleet: parts.fleet,
    };
    service("gateway", conf, gateway, Some(site))
}

/// The service for the console. Its listeners are added by the caller.
pub fn console_service(conf: &Arc<ServerConf>, parts: ConsoleParts) -> Service<Front> {
    let gateway = Gateway {
        kind: Kind::Console { hosts: parts.hosts, trusted: parts.trusted_proxies },
        router: parts.router,
        clock: parts.clock.clone(),
        entropy: parts.entropy,
        book: Arc::new(Book { metrics: parts.metrics, clock: parts.clock, lines: parts.lines }),
        limits: Arc::new(parts.limits),
        live: Live::new(),
        departure: parts.departure,
        // Operators get in, whoever else is turned away.
        headroom: Headroom::new(),
        addresses: Addresses::default(),
        trust: Trust::default(),
        fleet: Fleet::new(),
    };
    service("console", conf, gateway, None)
}

fn service(name: &str, conf: &Arc<ServerConf>, gateway: Gateway, site: Option<SharedSite>) -> Service<Front> {
    let limits = gateway.limits.clone();
    let most = (limits.connections_per_address, limits.requests_per_address);
    let crowd = Crowd::new(site, most, gateway.book.metrics.clone());
    let headroom = gateway.headroom.clone();
    let room = Room::new(limits.connections, headroom.clone(), crowd.clone(), gateway.book.metrics.clone());
    let refusals = Refusals { book: gateway.book.clone(), entropy: gateway.entropy.clone() };
    let departure = gateway.departure.clone();
    let mut proxy = http_proxy(conf, gateway);
    proxy.server_options = Some(front::server_options(&limits));
    proxy.h2_options = Some(front::h2_options(&limits));
    let front = Front::new(proxy, limits, (crowd, room.clone()), refusals, (departure, headroom));
    let mut service = Service::new(name.to_owned(), front);
    service.set_connection_filter(room);
    service
}
