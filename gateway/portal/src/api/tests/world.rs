//! The API over a store of its own, with two virtual servers, each with an administrator who is signed in; a clock that
//! the story moves; and programs that call.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use doorward_access::arrival::ConsoleArrival;
use doorward_access::gate::Gate;
use doorward_access::manage::Manager;
use doorward_access::operators::{Caller, Finished, OperatorDesk, OperatorPorts, SetupForm};
use doorward_access::passwords::{LocalDirectory, Passwords};
use doorward_access::ports::Ports;
use doorward_access::sessions::{Identities, SessionLimits};
use doorward_access::signin::{Desk, Rules};
use doorward_access::site::{App, AppOptions, Beside, Site, Upstream, VirtualServer};
use doorward_api::keys::MasterKey;
use doorward_api::plugin::{Host, Plugin, PluginInfo};
use doorward_api::ports::{Act, AuditLog, Change, Clock, Entropy, Ledger, NoMetrics, Operators, Outbox, Register};
use doorward_api::{
    AppId, CommitError, FoldedName, Grant, GrantDetails, GrantState, RecoveryCodes, Secret, SecretBytes, StoreError,
    Timestamp, Token, UserId, VirtualServerId,
};
use doorward_fakes::{Dice, ToyTokens, World as Fakes};
use doorward_policy::{Policies, Source};
use doorward_store::{Store, StoreOptions};
use doorward_views::Views;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::console::{ConsoleParts, router};
use crate::tests::app::ToyApp;

pub(super) const PASSWORD: &str = "correct horse battery";

/// When every story begins.
const BEGINNING: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A clock that the story moves.
#[derive(Default)]
struct Moved(Mutex<Duration>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        BEGINNING + *self.0.lock().unwrap()
    }
}

/// A ledger whose answer to a change can be lost.
pub(super) struct Torn {
    store: Store,
    loses: Mutex<Option<Loss>>,
}

/// What became of the change whose answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// It was made.
    Made,
    /// It was not.
    NotMade,
}

#[async_trait]
impl Ledger for Torn {
    async fn commit(&self, vs: &VirtualServerId, change: Change, now: Timestamp) -> Result<(), CommitError> {
        // Keys leave no record; what is done under them does.
        let loss = if change.events.is_empty() { None } else { self.loses.lock().unwrap().take() };
        if loss != Some(Loss::NotMade) {
            self.store.commit(vs, change, now).await?;
        }
        match loss {
            Some(_) => Err(StoreError::Unavailable("no answer in time".into()).into()),
            None => Ok(()),
        }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

pub(super) struct World {
    pub(super) store: Store,
    torn: Arc<Torn>,
    operators: Arc<OperatorDesk>,
    router: Router,
    clock: Arc<Moved>,
    _folder: TempDir,
}

/// A program with its token.
pub(super) struct Program<'w> {
    world: &'w World,
    pub(super) token: String,
}

impl World {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(Dice::default());
        let keys = MasterKey::new(vec![7; 32]).unwrap();
        let options = StoreOptions {
            url: format!("sqlite://{}", folder.path().join("doorward.db").display()),
            key: keys.clone(),
            statement_timeout: Duration::from_secs(60),
            max_connections: 2,
        };
        let store = Store::open(options, entropy.clone()).unwrap();
        let clock = Arc::new(Moved::default());
        let torn = Arc::new(Torn { store: store.clone(), loses: Mutex::default() });
        let (operators, router) = built(&torn, clock.clone(), entropy, keys);
        for vs in ["first", "second"] {
            store.ensure_virtual_server(&vs.into(), BEGINNING).await.unwrap();
        }
        let world = Self { store, torn, operators, router, clock, _folder: folder };
        for (vs, name) in [("first", "olga"), ("second", "otto")] {
            let link = world.operators.first_link(&vs.into(), BEGINNING).await.unwrap().unwrap();
            world.join(vs, link.expose(), name).await;
        }
        world
    }

    /// Goes through the page behind a link.
    pub(super) async fn join(&self, vs: &str, link: &str, name: &str) {
        let caller = self.caller(vs);
        let setup = self.operators.setup(&caller, "Example", link, None).await.unwrap().unwrap();
        let opened = SecretBytes::new(format!("{}:0", setup.key.expose()).into_bytes());
        let form = SetupForm {
            name: name.into(),
            password: Secret::new(PASSWORD),
            again: Secret::new(PASSWORD),
            passcode: Secret::new(ToyTokens::passcode(&opened, caller.now)),
        };
        let done = self.operators.finish(&caller, link, Some(&setup.keep), &form).await.unwrap();
        assert!(matches!(done, Finished::Done { .. }), "{done:?}");
    }

    /// Whether there is a page behind a link.
    pub(super) async fn leads_on(&self, vs: &str, link: &str) -> bool {
        self.operators.setup(&self.caller(vs), "Example", link, None).await.unwrap().is_some()
    }

    fn caller(&self, vs: &str) -> Caller {
        Caller {
            vs: vs.into(),
            address: Ipv4Addr::LOCALHOST.into(),
            request_id: "req-0".into(),
            now: self.clock.now(),
            approval: None,
            undone: None,
        }
    }

    /// Time goes by.
    pub(super) fn later(&self, span: Duration) {
        *self.clock.0.lock().unwrap() += span;
    }

    /// The answer to the next change that leaves a record is lost.
    pub(super) fn loses(&self, loss: Loss) {
        *self.torn.loses.lock().unwrap() = Some(loss);
    }

    /// How many records the first virtual server's trail has.
    pub(super) async fn records(&self) -> String {
        format!("{:?}", self.store.head(&"first".into()).await.unwrap())
    }

    /// Whether such a change came.
    pub(super) fn has_lost(&self) -> bool {
        self.torn.loses.lock().unwrap().is_none()
    }

    /// What the janitor does now and then.
    pub(super) async fn sweep(&self) {
        self.store.sweep(self.clock.now()).await.unwrap();
    }

    /// What an operator's app shows.
    pub(super) async fn passcode(&self, vs: &str, name: &str) -> String {
        let found = self.store.operator_by_name(&vs.into(), &FoldedName::assume(name)).await.unwrap().unwrap();
        ToyTokens::passcode(&found.opened, self.clock.now())
    }

    /// Signs in; each passcode is good once, so some time goes by before.
    pub(super) async fn sign_in(&self, vs: &str, name: &str) -> Program<'_> {
        self.later(Duration::from_secs(30));
        let passcode = self.passcode(vs, name).await;
        let body = json!({"virtual_server": vs, "name": name, "password": PASSWORD, "passcode": passcode});
        let told = self.nobody().post("/session", body).await;
        assert_eq!(told.status, 201, "{}", told.body);
        Program { world: self, token: told.body["token"].as_str().unwrap().to_owned() }
    }

    /// A user asks for an approval, as the wizard does for them.
    pub(super) async fn asks(&self, vs: &str, user: &str) {
        let (vs, user, now) = (vs.into(), UserId::from(user), self.clock.now());
        let seen = self.store.grant(&vs, &user, now).await.unwrap().map(|grant| grant.state);
        let details = GrantDetails {
            address: Some(Ipv4Addr::new(192, 0, 2, 7).into()),
            user_agent: "Mozilla/5.0".into(),
            ..GrantDetails::default()
        };
        let expires_at = now + Duration::from_hours(24);
        let grant = Box::new(Grant { user, state: GrantState::Asked, at: now, expires_at, details });
        self.store.commit(&vs, Change::of(Act::GrantSet { grant, seen }), now).await.unwrap();
    }

    /// A user makes recovery codes, as their own page does for them, and so many are left. When that was.
    pub(super) async fn makes_recovery_codes(&self, vs: &str, user: &str, left: usize) -> String {
        let (vs, user, now) = (vs.into(), UserId::from(user), self.clock.now());
        let codes = Some(RecoveryCodes { made_at: now, macs: vec!["ab".repeat(32); left] });
        self.store.commit(&vs, Change::of(Act::RecoveryCodesSet { user, seen: 0, codes }), now).await.unwrap();
        now.rfc3339()
    }

    /// How many mails wait to be sent.
    pub(super) async fn due_mails(&self) -> usize {
        self.store.take_due(10, Duration::from_mins(1), self.clock.now()).await.unwrap().len()
    }

    /// The administrator of the first virtual server.
    pub(super) async fn olga(&self) -> Program<'_> {
        self.sign_in("first", "olga").await
    }

    /// A program without a token.
    pub(super) fn nobody(&self) -> Program<'_> {
        Program { world: self, token: String::new() }
    }

    /// A new operator of the first virtual server, signed in.
    pub(super) async fn another(&self, by: &Program<'_>, name: &str, role: &str) -> Program<'_> {
        let told = by.post("/operators/invitations", json!({"role": role})).await;
        let link = told.body["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        self.join("first", &link, name).await;
        self.sign_in("first", name).await
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Told {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Told { status: parts.status, headers: parts.headers, body: json, text }
    }
}

/// An API over fakes that can be switched off.
pub(super) fn over_fakes(fakes: &Arc<Fakes>) -> Router {
    let entropy: Arc<dyn Entropy> = Arc::new(Dice::default());
    let keys = MasterKey::new(vec![7; 32]).unwrap();
    let passwords = Arc::new(Passwords::new(entropy.clone()));
    let ports = Ports {
        directory: fakes.clone(),
        sessions: fakes.clone(),
        flows: fakes.clone(),
        credentials: fakes.clone(),
        one_times: fakes.clone(),
        meters: fakes.clone(),
        settings: fakes.clone(),
        register: fakes.clone(),
        trail: fakes.clone(),
        enrolments: fakes.clone(),
        provisioning: fakes.clone(),
        imports: fakes.clone(),
        pending: fakes.clone(),
        decisions: fakes.clone(),
        pushes: fakes.clone(),
        push_sender: fakes.clone(),
        ledger: fakes.clone(),
        mailer: fakes.clone(),
        outbox: fakes.clone(),
        clock: fakes.clone(),
        entropy: entropy.clone(),
        metrics: Arc::new(NoMetrics),
        passwords: passwords.clone(),
    };
    let operator_ports = OperatorPorts {
        operators: fakes.clone(),
        settings: fakes.clone(),
        pending: fakes.clone(),
        one_times: fakes.clone(),
        meters: fakes.clone(),
        ledger: fakes.clone(),
        entropy: entropy.clone(),
    };
    console(ports, operator_ports, keys).1
}

fn built(
    torn: &Arc<Torn>,
    clock: Arc<Moved>,
    entropy: Arc<dyn Entropy>,
    keys: MasterKey,
) -> (Arc<OperatorDesk>, Router) {
    let store = Arc::new(torn.store.clone());
    let passwords = Arc::new(Passwords::new(entropy.clone()));
    let ports = Ports {
        directory: Arc::new(LocalDirectory::new(store.clone(), passwords.clone())),
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
        push_sender: Fakes::new(),
        ledger: torn.clone(),
        mailer: Fakes::new(),
        outbox: store.clone(),
        clock,
        entropy: entropy.clone(),
        metrics: Arc::new(NoMetrics),
        passwords,
    };
    let operator_ports = OperatorPorts {
        operators: store.clone(),
        settings: store.clone(),
        pending: store.clone(),
        one_times: store.clone(),
        meters: store.clone(),
        ledger: torn.clone(),
        entropy,
    };
    console(ports, operator_ports, keys)
}

fn console(ports: Ports, operator_ports: OperatorPorts, keys: MasterKey) -> (Arc<OperatorDesk>, Router) {
    let (clock, entropy, passwords) = (ports.clock.clone(), ports.entropy.clone(), ports.passwords.clone());
    let site = Arc::new(ArcSwap::from_pointee(Site {
        generation: 1,
        virtual_servers: ["first", "second"].map(|vs| (vs.into(), virtual_server(vs.into()))).into(),
        hosts: HashMap::new(),
        trusted_proxies: Vec::new(),
        secure_cookies: false,
    }));
    let shipped = |info: &PluginInfo| {
        let host = Host { entropy: entropy.clone(), issuer: "Doorward".into(), key: SecretBytes::new(vec![7; 32]) };
        (info.build)(json!({}), host).unwrap_or_else(|_| panic!("it takes no settings"))
    };
    let plugins: Vec<(&'static str, Arc<dyn Plugin>)> = vec![
        ("otp", shipped(&doorward_otp::PLUGIN)),
        ("pin", shipped(&doorward_pin::PLUGIN)),
        ("app", Arc::new(ToyApp)),
    ];
    let toys: Vec<(&'static str, Arc<dyn Plugin>)> = vec![("toy", Arc::new(ToyTokens(Dice::default())))];
    let identities =
        Arc::new(Identities::new(ports.sessions.clone(), ports.directory.clone(), SessionLimits::default()));
    let gate = Arc::new(Gate::new(Arc::new(NoMetrics)));
    let desk = Desk::new(ports, &keys, site.clone(), gate, identities, plugins, Rules::default());
    let operators = Arc::new(OperatorDesk::new(operator_ports, passwords, toys, &keys));
    let parts = ConsoleParts {
        site,
        operators: operators.clone(),
        manager: Arc::new(Manager::new(Arc::new(desk))),
        views: Arc::new(Views::new(None).unwrap()),
        clock,
        entropy,
        keys,
        origin: None,
        certificates: Arc::new(Vec::new),
        late_mail: Arc::new(|_| None),
        judged: Arc::new(|path, _| Ok(path.into())),
    };
    (operators, router(parts, None))
}

fn virtual_server(id: VirtualServerId) -> Arc<VirtualServer> {
    let text = format!(
        "@id(\"wiki-{id}\") permit (principal in Group::\"staff\", action, resource == Application::\"wiki\")\n\
         when {{ context.authn.password && context.authn.otp }};\n"
    );
    let case = |expect: &str| format!("[[case]]\nname = \"{expect}\"\napp = \"wiki\"\nexpect = \"{expect}\"\n");
    let cases = Source { file: "cases.toml".into(), text: case("challenge") + &case("admit") };
    let wiki = App {
        id: "wiki".into(),
        name: "Wiki".into(),
        host: "wiki.localhost".into(),
        origin: "http://wiki.localhost:8080".into(),
        upstream: Upstream { host: "127.0.0.1".into(), port: 1, tls: false, preserve_host: true }.into(),
        options: AppOptions::default(),
    };
    let source = Source { file: "test.cedar".into(), text };
    Arc::new(VirtualServer {
        name: format!("The {id}"),
        id,
        portal_host: "login.localhost".into(),
        portal_origin: "http://login.localhost:8080".into(),
        authenticator: None,
        support_url: None,
        policies: Arc::new(Policies::load(&[source], &[AppId::from("wiki")]).unwrap()),
        beside: Beside { cases: vec![cases], ..Beside::default() },
        apps: BTreeMap::from([(wiki.id.clone(), Arc::new(wiki))]),
    })
}

/// A request with its arrival.
pub(super) fn request(method: Method, path: &str) -> http::request::Builder {
    let arrival = ConsoleArrival { request_id: "req-0042".into(), client: Ipv4Addr::LOCALHOST.into() };
    let target = format!("/api/v1{path}");
    Request::builder().method(method).uri(target).header("host", "127.0.0.1:8081").extension(arrival)
}

impl Program<'_> {
    pub(super) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let request = request(method, path);
        if self.token.is_empty() {
            return request;
        }
        request.header("authorization", format!("Bearer {}", self.token))
    }

    pub(super) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Told {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.world.send(request.unwrap()).await
    }

    pub(super) async fn get(&self, path: &str) -> Told {
        self.ask(Method::GET, path, &[], None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Told {
        self.ask(Method::POST, path, &[], Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Told {
        self.ask(Method::PUT, path, &[], Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Told {
        self.ask(Method::DELETE, path, &[], None).await
    }

    /// The id of what is made.
    pub(super) async fn made(&self, path: &str, body: Value) -> String {
        let told = self.post(path, body).await;
        assert_eq!(told.status, 201, "{}", told.body);
        let made = told.body.get("user").unwrap_or(&told.body);
        made["id"].as_str().unwrap().to_owned()
    }

    /// The id of a token of the stock: HOTP by RFC 4226's secret, or another file.
    pub(super) async fn stocked(&self, line: &str) -> String {
        let report = self.imported(line).await;
        assert_eq!(report["taken"], 1, "{report}");
        let serial = report["report"][0]["serial"].as_str().unwrap();
        let found = self.get(&format!("/tokens?serial={serial}")).await;
        found.body["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// What became of a file.
    pub(super) async fn imported(&self, file: &str) -> Value {
        let told =
            self.post("/tokens/import", json!({"file_base64": data_encoding::BASE64.encode(file.as_bytes())})).await;
        assert_eq!(told.status, 202, "{}", told.body);
        let place = told.headers["location"].to_str().unwrap().strip_prefix("/api/v1").unwrap().to_owned();
        loop {
            let told = self.get(&place).await;
            assert_eq!(told.status, 200);
            if told.body["state"] != "running" {
                return told.body;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
    pub(super) text: String,
}

impl Told {
    /// It is a problem of this status and type, and nothing but a problem.
    #[track_caller]
    pub(super) fn is(&self, status: u16, name: &str) {
        assert_eq!(
            (self.status.as_u16(), self.headers["content-type"].to_str().unwrap()),
            (status, "application/problem+json"),
            "{}",
            self.text
        );
        assert_eq!(self.body["type"], format!("urn:doorward:problem:{name}"), "{}", self.text);
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"], "req-0042");
        assert_eq!(self.headers["cache-control"], "no-store");
    }

    /// The fields that break rules, with the rules: `field rule`.
    #[track_caller]
    pub(super) fn wrong(&self) -> Vec<String> {
        self.is(422, "invalid");
        let errors = self.body["errors"].as_array().unwrap().iter();
        errors
            .map(|error| format!("{} {}", error["field"].as_str().unwrap(), error["rule"].as_str().unwrap()))
            .collect()
    }
}

/// Nobody's token, in the form of one.
pub(super) fn nobodys_token() -> String {
    let token = Token::draw(&Dice::default());
    format!("{}.{}", token.expose(), data_encoding::BASE64URL_NOPAD.encode(b"first"))
}
