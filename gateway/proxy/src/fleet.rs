//! The upstreams of applications that have several: whose turn it is, and which are out because they answered badly (F-22).
//!
//! An upstream is out after [`STRIKES`] failures in a row, for [`FIRST_PAUSE`] and twice as long each time after, up to
//! [`LONGEST_PAUSE`]; then one request tries it. Where an application names a `health_path`, each of its upstreams is asked for it
//! as well, and is out for as long as that goes wrong. When all are out, all are tried: a bad answer may still be better than none,
//! and who may have one was decided before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use doorward_access::site::{App, SharedSite, Site, Upstream, VirtualServer};
use doorward_api::{AppId, VirtualServerId};
use futures::future::join_all;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::prelude::*;

use crate::forward::{Addresses, address_of};
use crate::trust::Trust;

/// Failures in a row after which an upstream is out: connections that were not made, time-outs, answers that broke off, 5xx.
const STRIKES: u32 = 3;
/// Failures that are farther apart than this are not in a row.
const WITHIN: Duration = Duration::from_secs(30);
/// How long it is out at first.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// How long it is out at most, before it is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often each upstream is asked for its application's `health_path`.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// How long the answer to that may take.
const CHECK_WITHIN: Duration = Duration::from_secs(4);

/// What is known of the upstreams of every application. Kept when the site changes.
#[derive(Debug, Default)]
pub struct Fleet {
    known: DashMap<Key, Health>,
    turn: AtomicUsize,
}

/// An upstream of an application.
type Key = (VirtualServerId, AppId, String);

/// How one upstream does.
#[derive(Debug, Default)]
struct Health {
    failures: u32,
    last_failure: Option<Instant>,
    /// Until when it is out for its failures, and how long that was.
    out: Option<(Instant, Duration)>,
    /// The last check went wrong.
    sick: bool,
}

/// One upstream of an application, as `doorward_upstream_healthy` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamHealth {
    /// The application.
    pub app: AppId,
    /// Host and port.
    pub upstream: String,
    /// Whether it gets requests.
    pub healthy: bool,
}

impl Health {
    fn is_well(&self, now: Instant) -> bool {
        !self.sick && self.out.is_none_or(|(until, _)| until <= now)
    }

    fn fails(&mut self, now: Instant) {
        let in_a_row = self.last_failure.is_some_and(|last| now.saturating_duration_since(last) <= WITHIN);
        self.last_failure = Some(now);
        // One that is on trial has failed already.
        let on_trial = self.out.is_some();
        self.failures = if in_a_row { self.failures.saturating_add(1) } else { 1 };
        let is_in = self.out.is_none_or(|(until, _)| until <= now);
        if is_in && (on_trial || self.failures >= STRIKES) {
            let pause = self.out.map_or(FIRST_PAUSE, |(_, before)| before.saturating_mul(2).min(LONGEST_PAUSE));
            self.out = Some((now + pause, pause));
        }
    }

    fn answers(&mut self, now: Instant) {
        self.failures = 0;
        // An answer to a request from before it was out says nothing of now.
        if self.out.is_some_and(|(until, _)| until <= now) {
            self.out = None;
        }
    }

    /// What a check found. One that went well ends every pause.
    fn checked(&mut self, well: bool) {
        self.sick = !well;
        if well {
            (self.failures, self.out) = (0, None);
        }
    }
}

impl Fleet {
    /// With nothing known.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Which of an application's upstreams gets this try; `before` are those that this request has tried.
    pub(crate) fn choose(&self, vs: &VirtualServer, app: &App, before: &[usize]) -> usize {
        let count = app.upstream.count();
        if count == 1 {
            return 0;
        }
        let now = Instant::now();
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = || (0..count).map(|step| first.wrapping_add(step) % count);
        let well = |nth: &usize| self.is_well(key_of(vs, app, app.upstream.nth(*nth)), now);
        let untried = |nth: &usize| !before.contains(nth);
        let best = in_turn().filter(untried).find(well).or_else(|| in_turn().find(untried));
        best.unwrap_or(first % count)
    }

    fn is_well(&self, key: Key, now: Instant) -> bool {
        self.known.get(&key).is_none_or(|health| health.is_well(now))
    }

    /// A try of one ended so.
    pub(crate) fn note(&self, vs: &VirtualServer, app: &App, nth: usize, well: bool) {
        if app.upstream.count() == 1 {
            return;
        }
        let (key, now) = (key_of(vs, app, app.upstream.nth(nth)), Instant::now());
        // Most answer, and nothing is known of them then.
        if well {
            if let Some(mut health) = self.known.get_mut(&key) {
                health.answers(now);
            }
            return;
        }
        let mut health = self.known.entry(key).or_default();
        let was_well = health.is_well(now);
        health.fails(now);
        if was_well && !health.is_well(now) {
            tracing::warn!(app = %app.id, upstream = %address_of(app.upstream.nth(nth)), "an upstream fails; it gets no requests for a while");
        }
    }

    /// How the upstreams do of all applications that have several, or a `health_path`. What is known of others is forgotten.
    pub fn health(&self, site: &Site) -> Vec<UpstreamHealth> {
        let now = Instant::now();
        let watched: Vec<(Key, &Arc<App>)> = watched(site)
            .flat_map(|(vs, app)| app.upstream.iter().map(move |upstream| (key_of(vs, app, upstream), app)))
            .collect();
        self.known.retain(|key, _| watched.iter().any(|(watched, _)| watched == key));
        watched
            .into_iter()
            .map(|(key, app)| UpstreamHealth {
                app: app.id.clone(),
                upstream: key.2.clone(),
                healthy: self.is_well(key, now),
            })
            .collect()
    }

    /// Asks every upstream for its application's `health_path`, again and again.
    pub async fn check(self: Arc<Self>, site: SharedSite) {
        let way = Way { connector: Connector::new(None), addresses: Addresses::default(), trust: Trust::default() };
        let mut ticks = tokio::time::interval(CHECK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let site = site.load_full();
            let asked = watched(&site).flat_map(|(vs, app)| {
                app.upstream
                    .health_path
                    .iter()
                    .flat_map(move |path| app.upstream.iter().map(move |one| (vs, app, path, one)))
            });
            join_all(asked.map(|(vs, app, path, upstream)| {
                let (fleet, way) = (&self, &way);
                async move {
                    let found = tokio::time::timeout(CHECK_WITHIN, way.ask(vs, app, upstream, path)).await;
                    fleet.found(vs, app, upstream, matches!(found, Ok(Ok(true))));
                }
            }))
            .await;
        }
    }

    fn found(&self, vs: &VirtualServer, app: &App, upstream: &Upstream, well: bool) {
        let mut health = self.known.entry(key_of(vs, app, upstream)).or_default();
        let was_well = health.is_well(Instant::now());
        health.checked(well);
        let upstream = address_of(upstream).into_owned();
        match (was_well, well) {
            (true, false) => {
                tracing::warn!(app = %app.id, upstream, "an upstream's health_path goes wrong; it gets no requests")
            }
            (false, true) => tracing::info!(app = %app.id, upstream, "an upstream is well again"),
            _ => {}
        }
    }
}

/// The way of checks to upstreams: the one of requests (`forward.rs`), less what only these need.
struct Way {
    connector: Connector,
    addresses: Addresses,
    trust: Trust,
}

impl Way {
    /// Whether an upstream answers with 2xx or 3xx.
    async fn ask(&self, vs: &VirtualServer, app: &App, upstream: &Upstream, path: &str) -> Result<bool> {
        let address = self.addresses.of(upstream).await?.into_iter().next();
        let address = address.ok_or_else(|| Error::explain(ConnectError, "the upstream has no address"))?;
        let mut peer = HttpPeer::new(address, upstream.tls, upstream.host.clone());
        peer.options.set_http_version(1, 1);
        peer.options.ca = self.trust.of(vs, app);
        let (mut session, _) = self.connector.get_http_session(&peer).await?;
        let mut head = RequestHeader::build("GET", path.as_bytes(), None)?;
        head.insert_header(http::header::HOST, crate::forward::host_for(upstream, app).as_ref())?;
        head.insert_header(http::header::CONNECTION, "close")?;
        session.write_request_header(Box::new(head)).await?;
        session.finish_request_body().await?;
        session.read_response_header().await?;
        Ok(session.response_header().is_some_and(|head| head.status.is_success() || head.status.is_redirection()))
    }
}

fn watched(site: &Site) -> impl Iterator<Item = (&Arc<VirtualServer>, &Arc<App>)> {
    let all = site.virtual_servers.values().flat_map(|vs| vs.apps.values().map(move |app| (vs, app)));
    all.filter(|(_, app)| app.upstream.count() > 1 || app.upstream.health_path.is_some())
}

fn key_of(vs: &VirtualServer, app: &App, upstream: &Upstream) -> Key {
    (vs.id.clone(), app.id.clone(), format!("{}:{}", upstream.host, upstream.port))
}

#[cfg(test)]
mod tests {
    use doorward_access::site::{AppOptions, HostRole, Upstreams};

    use super::*;
    use crate::testing::{site, wiki};

    fn three() -> (Arc<VirtualServer>, Arc<App>, Site) {
        let mut app = wiki(AppOptions::default());
        let at = |port| Upstream { port, ..app.upstream.first.clone() };
        app.upstream = Upstreams { first: at(1), others: vec![at(2), at(3)], ..at(1).into() };
        let site = site("", &[app]);
        let Some(HostRole::App(vs, app)) = site.hosts.get("wiki.localhost").cloned() else {
            panic!("the wiki is there")
        };
        (vs, app, site)
    }

    fn chosen(fleet: &Fleet, vs: &VirtualServer, app: &App, before: &[usize]) -> Vec<usize> {
        let mut chosen: Vec<usize> = (0..6).map(|_| fleet.choose(vs, app, before)).collect();
        chosen.sort();
        chosen
    }

    #[test]
    fn each_has_its_turn_and_nobody_is_tried_twice_by_one_request() {
        let (fleet, (vs, app, _)) = (Fleet::new(), three());
        assert_eq!(chosen(&fleet, &vs, &app, &[]), [0, 0, 1, 1, 2, 2]);
        assert!(!chosen(&fleet, &vs, &app, &[1]).contains(&1));
        assert_eq!(chosen(&fleet, &vs, &app, &[0, 1]), [2; 6]);
    }

    #[test]
    fn one_that_fails_three_times_in_a_row_is_out_and_when_all_are_out_all_are_tried() {
        let (fleet, (vs, app, site)) = (Fleet::new(), three());
        for well in [false, false, true, false, false] {
            fleet.note(&vs, &app, 1, well);
        }
        assert!(chosen(&fleet, &vs, &app, &[]).contains(&1), "an answer in between");
        fleet.note(&vs, &app, 1, false);
        assert!(!chosen(&fleet, &vs, &app, &[]).contains(&1));
        let healthy: Vec<bool> = fleet.health(&site).into_iter().map(|upstream| upstream.healthy).collect();
        assert_eq!(healthy, [true, false, true]);
        for nth in [0, 0, 0, 2, 2, 2] {
            fleet.note(&vs, &app, nth, false);
        }
        assert_eq!(chosen(&fleet, &vs, &app, &[]), [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_end_with_an_answer_or_a_check() {
        let (mut health, mut now) = (Health::default(), Instant::now());
        for _ in 0..STRIKES {
            assert!(health.is_well(now));
            health.fails(now);
        }
        for pause in [5, 10, 20, 40, 60, 60] {
            health.answers(now);
            assert!(!health.is_well(now + Duration::from_secs(pause) - Duration::from_millis(1)), "{pause}");
            now += Duration::from_secs(pause);
            assert!(health.is_well(now), "{pause}");
            health.fails(now);
        }
        health.checked(true);
        assert!(health.is_well(now));
        health.checked(false);
        assert!(!health.is_well(now + LONGEST_PAUSE), "as long as checks go wrong");
        health.checked(true);
        for _ in 0..STRIKES {
            health.fails(now);
        }
        now += FIRST_PAUSE;
        health.answers(now);
        health.fails(now);
        assert!(health.is_well(now), "one failure after an answer is one");
    }

    #[test]
    fn failures_that_are_far_apart_are_not_in_a_row() {
        let (mut health, begun) = (Health::default(), Instant::now());
        for nth in 0..10 {
            health.fails(begun + (WITHIN + Duration::from_secs(1)) * nth);
        }
        assert!(health.is_well(begun + WITHIN * 20));
    }
}
