//! A portal over ports in memory: one user, alice, whose password is `right` and whose portal session is live from the
//! start, and a store that can be switched off.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use doorward_access::arrival::Arrival;
use doorward_access::dispute::Disputes;
use doorward_access::gate::Gate;
use doorward_access::ports::Ports;
use doorward_access::sessions::{Identities, SessionLimits};
use doorward_access::signin::{Desk, Rules};
use doorward_access::site::{App, AppOptions, HostRole, Site, Upstream, VirtualServer};
use doorward_access::tickets::Tickets;
use doorward_api::flow::Delivery;
use doorward_api::keys::MasterKey;
use doorward_api::mail::DueMail;
use doorward_api::ports::{
    Act, Change, Clock, Credentials, Directory, Entropy, Fails, Flows, Ledger, Mailer, MeterKey, Meters, NoMetrics,
    OneTime, OneTimePurpose, OneTimes, Outbox, PasswordCheck, Sessions, Settings, Taken,
};
use doorward_api::session::SessionKind;
use doorward_api::{
    AppId, AuditEvent, CommitError, Credential, CredentialId, Flow, FlowId, FoldedName, MailId, Proofs, Secret,
    SelfProvisioning, Session, SessionId, StoreError, Timestamp, Token, TokenHash, User, UserId, VirtualServerId,
};
use doorward_policy::{Policies, Source};
use doorward_views::Views;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{PortalParts, router};

pub(crate) const PORTAL: &str = "http://login.localhost:8080";
pub(crate) const WIKI: &str = "http://wiki.localhost:8080";

fn now() -> Timestamp {
    Timestamp::from_secs(1_764_000_000)
}

/// The clock stands still.
struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// Different at each call, and never random.
#[derive(Default)]
struct Counting(AtomicU64);
impl Entropy for Counting {
    fn fill(&self, into: &mut [u8]) {
        let turn = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (at, byte) in into.iter_mut().enumerate() {
            *byte = turn[at % 8].wrapping_add(at as u8);
        }
    }
}

/// The store, the directory and the mail server in one.
#[derive(Default)]
pub(crate) struct Store {
    /// It does not answer.
    pub(crate) down: AtomicBool,
    /// Whoever asks it for a session panics.
    pub(crate) broken: AtomicBool,
    /// How many changes were asked for.
    pub(crate) commits: AtomicU64,
    flows: Mutex<HashMap<String, Flow>>,
    sessions: Mutex<HashMap<TokenHash, Session>>,
    meters: Mutex<HashMap<MeterKey, u32>>,
    meters_full: AtomicBool,
}

impl Store {
    fn answers(&self) -> Result<(), StoreError> {
        match self.down.load(Ordering::Relaxed) {
            true => Err(StoreError::Unavailable("switched off by the test".into())),
            false => Ok(()),
        }
    }

    fn apply(&self, act: Act) {
        match act {
            Act::FlowStart(flow) => drop(self.flows.lock().unwrap().insert(flow.id.as_str().to_owned(), *flow)),
            Act::FlowMove { id, to, new_nonce, data, .. } => {
                if let Some(flow) = self.flows.lock().unwrap().get_mut(id.as_str()) {
                    (flow.step, flow.nonce, flow.data) = (to, new_nonce, *data);
                }
            }
            Act::SessionEnd { id } => self.sessions.lock().unwrap().retain(|_, session| session.id != id),
            _ => {}
        }
    }
}

fn alice() -> User {
    User {
        id: UserId::from("u-alice"),
        name: "alice".into(),
        display_name: "Alice <Liddell>".into(),
        email: Some("alice@example.test".into()),
        disabled: false,
        groups: Vec::new(),
    }
}

#[async_trait]
impl Directory for Store {
    async fn find(&self, _: &VirtualServerId, name: &FoldedName) -> Result<Option<User>, StoreError> {
        self.answers()?;
        Ok((name.as_str() == "alice").then(alice))
    }
    async fn get(&self, _: &VirtualServerId, user: &UserId) -> Result<Option<User>, StoreError> {
        self.answers()?;
        Ok((user.as_str() == "u-alice").then(alice))
    }
    async fn check_password(
        &self,
        _: &VirtualServerId,
        user: Option<&UserId>,
        password: &Secret,
    ) -> Result<PasswordCheck, StoreError> {
        self.answers()?;
        let right = user.is_some() && password.expose() == "right";
        Ok(if right { PasswordCheck::Right } else { PasswordCheck::Wrong })
    }
}

#[async_trait]
impl Sessions for Store {
    async fn session(
        &self,
        _: &VirtualServerId,
        token: &TokenHash,
        _: Duration,
        _: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        assert!(!self.broken.load(Ordering::Relaxed), "broken by the test");
        self.answers()?;
        Ok(self.sessions.lock().unwrap().get(token).cloned())
    }
    async fn touch(&self, _: &VirtualServerId, _: &SessionId, _: Timestamp) -> Result<(), StoreError> {
        self.answers()
    }
    async fn live_sessions(&self, _: &VirtualServerId, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }
}

#[async_trait]
impl Flows for Store {
    async fn flow_of_browser(
        &self,
        _: &VirtualServerId,
        browser: &TokenHash,
        _: Timestamp,
    ) -> Result<Option<Flow>, StoreError> {
        self.answers()?;
        Ok(self.flows.lock().unwrap().values().find(|flow| flow.browser == *browser).cloned())
    }
    async fn flow(&self, _: &VirtualServerId, id: &FlowId) -> Result<Option<Flow>, StoreError> {
        self.answers()?;
        Ok(self.flows.lock().unwrap().get(id.as_str()).cloned())
    }
    async fn open_flows(&self, _: &VirtualServerId, _: Timestamp) -> Result<u64, StoreError> {
        self.answers()?;
        Ok(0)
    }
}

#[async_trait]
impl Credentials for Store {
    async fn credentials_of(&self, _: &VirtualServerId, _: &UserId) -> Result<Vec<Credential>, StoreError> {
        self.answers()?;
        Ok(Vec::new())
    }
    async fn credential(&self, _: &VirtualServerId, _: &CredentialId) -> Result<Option<Credential>, StoreError> {
        self.answers()?;
        Ok(None)
    }
    async fn count_failure(
        &self,
        _: &VirtualServerId,
        _: &CredentialId,
        _: u32,
        _: Duration,
        _: Timestamp,
    ) -> Result<Fails, StoreError> {
        self.answers()?;
        Ok(Fails { count: 1, locked_until: None })
    }
}

#[async_trait]
impl OneTimes for Store {
    async fn one_time(
        &self,
        _: &VirtualServerId,
        _: OneTimePurpose,
        _: &TokenHash,
        _: Timestamp,
    ) -> Result<Option<OneTime>, StoreError> {
        self.answers()?;
        Ok(None)
    }
}

#[async_trait]
impl Meters for Store {
    async fn count(
        &self,
        _: &VirtualServerId,
        key: &MeterKey,
        window: Duration,
        now: Timestamp,
    ) -> Result<(u32, Timestamp), StoreError> {
        self.answers()?;
        let mut meters = self.meters.lock().unwrap();
        let count = meters.entry(key.clone()).or_default();
        *count += 1;
        Ok((*count, now + window))
    }
    async fn take_place(
        &self,
        _: &VirtualServerId,
        key: &MeterKey,
        limit: u32,
        window: Duration,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        self.answers()?;
        let mut meters = self.meters.lock().unwrap();
        let count = meters.entry(key.clone()).or_default();
        if *count >= limit || self.meters_full.load(Ordering::Relaxed) {
            return Ok(Taken::Full { until: now + window });
        }
        *count += 1;
        Ok(Taken::Place { number: *count, ends: now + window })
    }
    async fn give_back(&self, _: &VirtualServerId, key: &MeterKey, _: Timestamp) -> Result<(), StoreError> {
        self.meters.lock().unwrap().entry(key.clone()).and_modify(|count| *count -= 1);
        Ok(())
    }
    async fn read(&self, _: &VirtualServerId, key: &MeterKey, now: Timestamp) -> Result<(u32, Timestamp), StoreError> {
        self.answers()?;
        Ok((self.meters.lock().unwrap().get(key).copied().unwrap_or_default(), now))
    }
    async fn forget(&self, _: &VirtualServerId, key: &MeterKey) -> Result<(), StoreError> {
        self.meters.lock().unwrap().remove(key);
        Ok(())
    }
}

#[async_trait]
impl Settings for Store {
    async fn self_provisioning(&self, _: &VirtualServerId) -> Result<SelfProvisioning, StoreError> {
        self.answers()?;
        Ok(SelfProvisioning::for_new_virtual_server())
    }
}

#[async_trait]
impl Ledger for Store {
    async fn commit(&self, _: &VirtualServerId, change: Change, _: Timestamp) -> Result<(), CommitError> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.answers()?;
        change.acts.into_iter().for_each(|act| self.apply(act));
        Ok(())
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.answers()
    }
}

#[async_trait]
impl Mailer for Store {
    async fn deliver(&self, _: &VirtualServerId, _: &MailId, _: Duration) -> Delivery {
        Delivery::Sent
    }
}

#[async_trait]
impl Outbox for Store {
    async fn take_due(&self, _: u32, _: Duration, _: Timestamp) -> Result<Vec<DueMail>, StoreError> {
        Ok(Vec::new())
    }
    async fn take(
        &self,
        _: &VirtualServerId,
        _: &MailId,
        _: Duration,
        _: Timestamp,
    ) -> Result<Option<DueMail>, StoreError> {
        Ok(None)
    }
    async fn keep(&self, _: &DueMail, _: Duration, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
    async fn delivery(&self, _: &VirtualServerId, _: &MailId) -> Result<Option<Delivery>, StoreError> {
        Ok(None)
    }
    async fn settle(
        &self,
        _: &VirtualServerId,
        _: &MailId,
        _: Delivery,
        _: AuditEvent,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        self.answers()
    }
    async fn postpone(&self, _: &VirtualServerId, _: &MailId, _: Timestamp) -> Result<(), StoreError> {
        self.answers()
    }
}

/// A portal to ask, and what stands behind it.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) store: Arc<Store>,
    /// The cookie value of the session that is live.
    pub(crate) session: Token,
    /// The sessions whose connections were to be cut.
    pub(crate) cut: Arc<Mutex<Vec<String>>>,
    vs: Arc<VirtualServer>,
    wiki: Arc<App>,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(false)
    }

    pub(crate) fn with(secure_cookies: bool) -> Self {
        let (vs, wiki) = virtual_server();
        let store = Arc::new(Store::default());
        let entropy: Arc<dyn Entropy> = Arc::new(Counting::default());
        let session = live_session(&store, entropy.as_ref());
        let cut = Arc::new(Mutex::new(Vec::new()));
        let told = cut.clone();
        let parts = parts(
            &vs,
            &store,
            entropy,
            secure_cookies,
            Arc::new(move |id: &SessionId| {
                told.lock().unwrap().push(id.as_str().to_owned());
            }),
        );
        Self { router: router(parts), store, session, cut, vs, wiki }
    }

    /// From now on every limit is reached, for a quarter of an hour.
    pub(crate) fn fill_the_meters(&self) {
        self.store.meters_full.store(true, Ordering::Relaxed);
    }

    /// A request to the portal.
    pub(crate) fn portal(&self, method: Method, path: &str) -> Ask<'_> {
        let role = HostRole::Portal(self.vs.clone());
        Ask::new(self, method, path).extension(arrival("login.localhost", role))
    }

    /// A request to an application's host.
    pub(crate) fn wiki(&self, method: Method, path: &str) -> Ask<'_> {
        let role = HostRole::App(self.vs.clone(), self.wiki.clone());
        Ask::new(self, method, path).extension(arrival("wiki.localhost", role))
    }

    /// A request to no host of ours.
    pub(crate) fn nowhere(&self, method: Method, path: &str) -> Ask<'_> {
        Ask::new(self, method, path)
    }

    pub(crate) fn commits(&self) -> u64 {
        self.store.commits.load(Ordering::Relaxed)
    }
}

fn arrival(host: &str, role: HostRole) -> Arrival {
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Arrival { request_id: "req-0042".into(), client, secure: false, host: host.into(), role }
}

fn virtual_server() -> (Arc<VirtualServer>, Arc<App>) {
    let id = AppId::from("wiki");
    let wiki = Arc::new(App {
        id: id.clone(),
        name: "Wiki & Co".into(),
        host: "wiki.localhost".into(),
        origin: WIKI.into(),
        upstream: Upstream { host: "127.0.0.1".into(), port: 1, tls: false, preserve_host: true }.into(),
        options: AppOptions::default(),
    });
    let source = Source { file: "test.cedar".into(), text: String::new() };
    let vs = VirtualServer {
        id: "default".into(),
        name: "Example".into(),
        portal_host: "login.localhost".into(),
        portal_origin: PORTAL.into(),
        support_url: Some("https://help.example.test/".into()),
        policies: Arc::new(Policies::load(&[source], std::slice::from_ref(&id)).unwrap()),
        apps: BTreeMap::from([(id, wiki.clone())]),
    };
    (Arc::new(vs), wiki)
}

fn live_session(store: &Store, entropy: &dyn Entropy) -> Token {
    let token = Token::draw(entropy);
    let session = Session {
        id: SessionId::from("s-alice"),
        user: UserId::from("u-alice"),
        kind: SessionKind::Portal,
        proofs: Proofs { password: Some(now()), ..Proofs::NONE },
        created_at: now(),
        last_seen_at: now(),
        expires_at: now() + Duration::from_hours(8),
    };
    store.sessions.lock().unwrap().insert(token.hash(), session);
    token
}

fn parts(
    vs: &Arc<VirtualServer>,
    store: &Arc<Store>,
    entropy: Arc<dyn Entropy>,
    secure_cookies: bool,
    cut_off: crate::CutOff,
) -> PortalParts {
    let site = Arc::new(ArcSwap::from_pointee(Site {
        generation: 1,
        virtual_servers: BTreeMap::from([(vs.id.clone(), vs.clone())]),
        hosts: HashMap::new(),
        trusted_proxies: Vec::new(),
        secure_cookies,
    }));
    let keys = MasterKey::new(vec![7; 32]).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let ports = Ports {
        directory: store.clone(),
        sessions: store.clone(),
        flows: store.clone(),
        credentials: store.clone(),
        one_times: store.clone(),
        meters: store.clone(),
        settings: store.clone(),
        ledger: store.clone(),
        mailer: store.clone(),
        outbox: store.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        metrics: Arc::new(NoMetrics),
    };
    let identities = Arc::new(Identities::new(store.clone(), store.clone(), SessionLimits::default()));
    let gate = Arc::new(Gate::new(Arc::new(NoMetrics)));
    let desk = Desk::new(ports.clone(), &keys, site.clone(), gate, identities.clone(), Vec::new(), Rules::default());
    PortalParts {
        site,
        desk: Arc::new(desk),
        disputes: Arc::new(Disputes::new(ports, identities.clone())),
        identities,
        tickets: Arc::new(Tickets::new(store.clone(), store.clone(), entropy.clone())),
        views: Arc::new(Views::new(None).unwrap()),
        clock,
        entropy,
        keys,
        cut_off,
    }
}

/// A request in the making.
pub(crate) struct Ask<'w> {
    world: &'w World,
    builder: http::request::Builder,
    cookies: Vec<String>,
}

impl<'w> Ask<'w> {
    fn new(world: &'w World, method: Method, path: &str) -> Self {
        Self { world, builder: Request::builder().method(method).uri(path), cookies: Vec::new() }
    }

    pub(crate) fn extension<T: Clone + Send + Sync + 'static>(self, value: T) -> Self {
        Self { builder: self.builder.extension(value), ..self }
    }

    /// As if it had come over TLS.
    pub(crate) fn over_tls(mut self) -> Self {
        let extensions = self.builder.extensions_mut().unwrap();
        extensions.get_mut::<Arrival>().unwrap().secure = true;
        self
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    pub(crate) fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.push(format!("{name}={value}"));
        self
    }

    /// With the session that is live.
    pub(crate) fn signed_in(self) -> Self {
        let value = self.world.session.expose().to_owned();
        self.cookie("doorward", &value)
    }

    /// Sends a form.
    pub(crate) async fn form(self, form: &str) -> Told {
        let ask = self.header("content-type", "application/x-www-form-urlencoded");
        ask.body(form.to_owned()).await
    }

    /// Sends nothing more.
    pub(crate) async fn go(self) -> Told {
        self.body("").await
    }

    pub(crate) async fn body(self, body: impl Into<Body>) -> Told {
        let mut builder = self.builder;
        if !self.cookies.is_empty() {
            builder = builder.header("cookie", self.cookies.join("; "));
        }
        let request = builder.body(body.into()).unwrap();
        Told::read(self.world.router.clone().oneshot(request).await.unwrap()).await
    }
}

/// An answer, read to its end.
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Told {
    async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        // Templates write `/` in attributes as a character reference; tests read it as browsers do.
        let body = String::from_utf8(body.to_vec()).unwrap().replace("&#x2f;", "/");
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    /// The value that a cookie is set to.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
        let mut values = cookies.filter_map(|cookie| cookie.split(';').next()?.strip_prefix(name)?.strip_prefix('='));
        values.next().map(str::to_owned)
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&marker).unwrap_or_else(|| panic!("no hidden field {name}"));
        rest.split('"').next().unwrap().to_owned()
    }
}
