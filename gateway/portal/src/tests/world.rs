//! A portal over ports in memory: alice, whose password is `right` and whose portal session is live from the start, and a
//! store that can be switched off.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use doorward_access::arrival::Arrival;
use doorward_access::dispute::Disputes;
use doorward_access::gate::Gate;
use doorward_access::passwords::Passwords;
use doorward_access::ports::Ports;
use doorward_access::sessions::{Identities, SessionLimits};
use doorward_access::signin::{Desk, Rules};
use doorward_access::site::{App, AppOptions, AuthenticatorSite, Beside, HostRole, Site, Upstream, VirtualServer};
use doorward_access::tickets::{Handover, Tickets};
use doorward_api::flow::ReturnTo;
use doorward_api::keys::MasterKey;
use doorward_api::plugin::{Host, PinFault, Plugin, SecretRules};
use doorward_api::ports::{Change, Clock, Entropy, Ledger, NoMetrics};
use doorward_api::session::SessionKind;
use doorward_api::settings::PinRules;
use doorward_api::{AppId, PluginError, Proofs, Secret, SecretBytes, Session, SessionId, Token, UserId};
use doorward_fakes::{Dice, ToyTokens, World as Store, now};
use doorward_policy::{Policies, Source};
use doorward_views::Views;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::app::ToyApp;
use crate::{PortalParts, router};

pub(crate) const PORTAL: &str = "http://login.localhost:8080";
pub(crate) const WIKI: &str = "http://wiki.localhost:8080";
pub(crate) const AUTHENTICATOR: &str = "http://authenticator.localhost:8080";

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
        let store = Store::new();
        store.with(|rows| {
            rows.passwords.insert("u-alice".into(), "right".into());
            rows.users[0].display_name = "Alice <Liddell>".into();
        });
        let entropy: Arc<dyn Entropy> = Arc::new(Dice::default());
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
        *self.store.full.lock().unwrap() = true;
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

    /// A request to the authenticator's host.
    pub(crate) fn authenticator(&self, method: Method, path: &str) -> Ask<'_> {
        let role = HostRole::Authenticator(self.vs.clone());
        Ask::new(self, method, path).extension(arrival("authenticator.localhost", role))
    }

    /// A request to no host of ours.
    pub(crate) fn nowhere(&self, method: Method, path: &str) -> Ask<'_> {
        Ask::new(self, method, path)
    }

    /// A ticket of alice to a page of the wiki, for the browser with this hop cookie: path and query of its address.
    pub(crate) async fn ticket(&self, page: &str, hop: &Token) -> String {
        let tickets = Tickets::new(self.store.clone(), self.store.clone(), Arc::new(Dice::default()));
        let session = Handover {
            portal: SessionId::from("s-alice"),
            user: UserId::from("u-alice"),
            proofs: Proofs { password: Some(now()), ..Proofs::NONE },
            expires_at: now() + Duration::from_hours(8),
        };
        let to = ReturnTo {
            app: self.wiki.id.clone(),
            origin: self.wiki.origin.clone(),
            host: self.wiki.host.clone(),
            path_and_query: page.to_owned(),
            path: page.to_owned(),
            method: "GET".to_owned(),
            hop: hop.hash(),
            client: None,
        };
        let (act, url) = tickets.issue(&session, &to, now());
        self.store.commit(&self.vs.id, Change::of(act), now()).await.unwrap();
        url.strip_prefix(WIKI).unwrap().to_owned()
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
        authenticator: Some(AuthenticatorSite { host: "authenticator.localhost".into(), origin: AUTHENTICATOR.into() }),
        support_url: Some("https://help.example.test/".into()),
        policies: Arc::new(Policies::load(&[source], std::slice::from_ref(&id)).unwrap()),
        beside: Beside::default(),
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
    store.with(|rows| rows.sessions.insert(token.hash(), session));
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
    let clock: Arc<dyn Clock> = store.clone();
    let ports = Ports {
        directory: store.clone(),
        sessions: store.clone(),
        flows: store.clone(),
        credentials: store.clone(),
        one_times: store.clone(),
        meters: store.clone(),
        settings: store.clone(),
        register: store.clone(),
        trail: store.clone(),
        enrolments: store.clone(),
        provisioning: store.clone(),
        imports: store.clone(),
        pending: store.clone(),
        decisions: store.clone(),
        pushes: store.clone(),
        push_sender: store.clone(),
        ledger: store.clone(),
        mailer: store.clone(),
        outbox: store.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        metrics: Arc::new(NoMetrics),
        passwords: Arc::new(Passwords::new(entropy.clone())),
    };
    let identities = Arc::new(Identities::new(store.clone(), store.clone(), SessionLimits::default()));
    let gate = Arc::new(Gate::new(Arc::new(NoMetrics)));
    let plugins: Vec<(&'static str, Arc<dyn Plugin>)> = vec![
        ("otp", Arc::new(ToyTokens(Dice::default()))),
        ("app", Arc::new(ToyApp)),
        ("passkey", passkeys()),
        ("pin", Arc::new(FourOrMore)),
    ];
    let desk = Desk::new(ports.clone(), &keys, site.clone(), gate, identities.clone(), plugins, Rules::default());
    PortalParts {
        site,
        desk: Arc::new(desk),
        disputes: Arc::new(Disputes::new(ports, identities.clone())),
        identities,
        tickets: Arc::new(Tickets::new(store.clone(), store.clone(), entropy.clone())),
        views: Arc::new(Views::new(None).unwrap()),
        settings: store.clone(),
        clock,
        entropy,
        keys,
        cut_off,
    }
}

/// The plugin that makes and checks passkeys, as it is shipped.
fn passkeys() -> Arc<dyn Plugin> {
    let key = SecretBytes::new(vec![7; 32]);
    let host = Host { entropy: Arc::new(Dice::default()), issuer: "Example".into(), key };
    let Ok(plugin) = (doorward_passkey::PLUGIN.build)(serde_json::json!({}), host) else {
        panic!("it takes no settings")
    };
    plugin
}

/// Takes every PIN of at least four characters.
struct FourOrMore;

impl Plugin for FourOrMore {
    fn secret_rules(&self) -> Option<&dyn SecretRules> {
        Some(self)
    }
}

impl SecretRules for FourOrMore {
    fn check(&self, _: &PinRules, pin: &Secret) -> Result<(), Vec<PinFault>> {
        if pin.len() < 4 { Err(vec![PinFault::TooShort]) } else { Ok(()) }
    }

    fn generate(&self, _: &PinRules, _: u8, _: &dyn Entropy) -> Result<Secret, PluginError> {
        Ok(Secret::new("4821"))
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
    pub(super) async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        // Templates write `/` in attributes as a character reference; tests read it as browsers do.
        let body = String::from_utf8_lossy(&body).replace("&#x2f;", "/");
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
