//! How many connections one address holds. Counted from the accept on, so that handshakes that never end count too: the
//! filter notes an arrival, the front layer turns it into a live connection, and what never becomes one is forgotten when
//! Pingora has given up on its handshake.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use dashmap::DashMap;
use doorward_access::network::network_of;
use doorward_access::site::SharedSite;
use doorward_api::ports::Metrics;
use pingora::listeners::ConnectionFilter;

use super::seats::Seats;

/// Arrivals between two looks for addresses whose handshakes have come to nothing.
const LOOK_EVERY: usize = 4096;

/// The connections of every address.
pub(crate) struct Crowd {
    site: Option<SharedSite>,
    most: usize,
    most_requests: usize,
    arrivals: AtomicUsize,
    metrics: Arc<dyn Metrics>,
    by_address: DashMap<IpAddr, Held>,
}

#[derive(Debug, Default)]
struct Held {
    seats: Seats,
    requests: usize,
}

impl Held {
    fn is_nobody(&self) -> bool {
        self.requests == 0 && self.seats.are_empty()
    }
}

impl std::fmt::Debug for Crowd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crowd").field("most", &self.most).field("addresses", &self.by_address.len()).finish()
    }
}

/// A request that is being answered; over when dropped.
pub(crate) struct Asking {
    crowd: Arc<Crowd>,
    key: IpAddr,
}

/// A live connection; gone when dropped.
pub(crate) struct Present {
    crowd: Arc<Crowd>,
    key: IpAddr,
}

impl Crowd {
    /// At most `most` connections of each address, and `most_requests` requests over HTTP/2; trusted proxies of the site are
    /// not counted.
    pub(crate) fn new(
        site: Option<SharedSite>,
        (most, most_requests): (usize, usize),
        metrics: Arc<dyn Metrics>,
    ) -> Arc<Self> {
        let arrivals = AtomicUsize::new(0);
        Arc::new(Self { site, most, most_requests, arrivals, metrics, by_address: DashMap::new() })
    }

    fn arrives(&self, address: IpAddr, now: Instant) -> bool {
        if self.arrivals.fetch_add(1, Ordering::Relaxed) % LOOK_EVERY == LOOK_EVERY - 1 {
            self.forget_the_gone(now);
        }
        self.by_address.entry(network_of(address)).or_default().seats.arrives(self.most, now)
    }

    fn arrives_or_counts(&self, address: IpAddr) -> bool {
        let room = self.arrives(address, Instant::now());
        if !room {
            self.metrics.front_refusal("too_many_connections");
        }
        room
    }

    /// An address of which no handshake ever became a connection is not looked at again by itself.
    fn forget_the_gone(&self, now: Instant) {
        self.by_address.retain(|_, held| {
            held.seats.give_up(now);
            !held.is_nobody()
        });
    }

    /// The connection is there.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Present {
        let key = network_of(address);
        self.by_address.entry(key).or_default().seats.enters();
        Present { crowd: self.clone(), key }
    }

    /// A request begins. `None`: one too many.
    pub(crate) fn asks(self: &Arc<Self>, address: IpAddr) -> Option<Asking> {
        let key = network_of(address);
        // Looked at before anything is locked.
        let counts = !self.is_trusted(address);
        let mut held = self.by_address.entry(key).or_default();
        if counts && held.requests >= self.most_requests {
            return None;
        }
        held.requests += 1;
        Some(Asking { crowd: self.clone(), key })
    }

    fn forget(&self, key: &IpAddr, leaves: impl FnOnce(&mut Held)) {
        if let Some(mut held) = self.by_address.get_mut(key) {
            leaves(&mut held);
        }
        self.by_address.remove_if(key, |_, held| held.is_nobody());
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        let trusted = |site: &SharedSite| site.load().trusted_proxies.iter().any(|net| net.contains(&address));
        self.site.as_ref().is_some_and(trusted)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.crowd.forget(&self.key, |held| held.seats.leaves());
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.crowd.forget(&self.key, |held| held.requests = held.requests.saturating_sub(1));
    }
}

#[async_trait]
impl ConnectionFilter for Crowd {
    async fn should_accept(&self, address: Option<&SocketAddr>) -> bool {
        match address.map(|address| address.ip().to_canonical()) {
            Some(address) => self.is_trusted(address) || self.arrives_or_counts(address),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use doorward_api::ports::NoMetrics;

    use super::*;
    use crate::front::seats::LONGEST_HANDSHAKE;

    #[test]
    fn the_last_one_allowed_gets_in_and_the_next_one_does_not() {
        let crowd = Crowd::new(None, (2, 9), Arc::new(NoMetrics));
        let address = "192.0.2.1".parse().unwrap();
        let now = Instant::now();
        assert!(crowd.arrives(address, now));
        let first = crowd.enter(address);
        assert!(crowd.arrives(address, now));
        assert!(!crowd.arrives(address, now));
        assert!(crowd.arrives("192.0.2.2".parse().unwrap(), now));
        drop(first);
        assert!(crowd.arrives(address, now));
    }

    #[test]
    fn a_handshake_that_never_ends_is_forgotten_in_time() {
        let crowd = Crowd::new(None, (1, 9), Arc::new(NoMetrics));
        let address = "2001:db8::1".parse().unwrap();
        let now = Instant::now();
        assert!(crowd.arrives(address, now));
        assert!(!crowd.arrives("2001:db8::2".parse().unwrap(), now), "the same network");
        assert!(crowd.arrives(address, now + LONGEST_HANDSHAKE + Duration::from_secs(1)));
    }

    #[test]
    fn addresses_that_only_ever_began_a_handshake_do_not_pile_up() {
        let crowd = Crowd::new(None, (9, 9), Arc::new(NoMetrics));
        let began = Instant::now();
        let address = |n: u32| IpAddr::from(std::net::Ipv4Addr::from_bits(n));
        for n in 0..10_000 {
            assert!(crowd.arrives(address(n), began));
        }
        let later = began + LONGEST_HANDSHAKE + Duration::from_secs(1);
        for _ in 0..LOOK_EVERY {
            crowd.arrives(address(0), later);
        }
        assert_eq!(crowd.by_address.len(), 1);
    }

    #[test]
    fn an_address_asks_so_much_at_a_time_over_all_its_connections() {
        let crowd = Crowd::new(None, (9, 2), Arc::new(NoMetrics));
        let address = "192.0.2.1".parse().unwrap();
        let first = crowd.asks(address);
        let second = crowd.asks(address);
        assert!(first.is_some() && second.is_some() && crowd.asks(address).is_none());
        assert!(crowd.asks("192.0.2.2".parse().unwrap()).is_some());
        drop(first);
        assert!(crowd.asks(address).is_some());
        drop(second);
        assert!(crowd.by_address.is_empty());
    }

    #[test]
    fn nothing_is_kept_of_who_has_left() {
        let crowd = Crowd::new(None, (9, 9), Arc::new(NoMetrics));
        let address = "192.0.2.1".parse().unwrap();
        assert!(crowd.arrives(address, Instant::now()));
        drop(crowd.enter(address));
        assert!(crowd.by_address.is_empty());
    }
}
