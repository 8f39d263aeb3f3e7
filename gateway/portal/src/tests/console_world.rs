//! A console over ports in memory: olga, an administrator who is signed in from the start, and her app.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use doorward_access::arrival::ConsoleArrival;
use doorward_access::gate::Gate;
use doorward_access::manage::Manager;
use doorward_access::operators::{Caller, Finished, OperatorDesk, OperatorPorts, SetupForm};
use doorward_access::passwords::Passwords;
use doorward_access::ports::Ports;
use doorward_access::sessions::{Identities, SessionLimits};
use doorward_access::signin::{Desk, Rules};
use doorward_access::site::{Site, VirtualServer};
use doorward_api::keys::MasterKey;
use doorward_api::operator::Role;
use doorward_api::plugin::{Host, PinFault, Plugin, SecretRules};
use doorward_api::ports::{Clock, Entropy, NoMetrics};
use doorward_api::settings::PinRules;
use doorward_api::{AppId, GroupRef, PluginError, Secret, SecretBytes, Timestamp, Token, VirtualServerId};
use doorward_fakes::{Dice, ToyTokens, World as Store, now};
use doorward_policy::{Policies, Source};
use doorward_views::Views;
use http::{Method, Request};
use tower::ServiceExt;

use super::world::Told;
use crate::console::{ConsoleParts, router};

pub(crate) const PASSWORD: &str = "correct horse battery";
const HOST: &str = "127.0.0.1:8081";

/// Takes every PIN but one.
struct ToyRules;

impl Plugin for ToyRules {
    fn secret_rules(&self) -> Option<&dyn SecretRules> {
        Some(self)
    }
}

impl SecretRules for ToyRules {
    fn check(&self, policy: &PinRules, pin: &Secret) -> Result<(), Vec<PinFault>> {
        let trivial = pin.expose() == "1234" && !policy.allow_trivial;
        if trivial { Err(vec![PinFault::Trivial]) } else { Ok(()) }
    }

    fn generate(&self, _: &PinRules, _: u8, _: &dyn Entropy) -> Result<Secret, PluginError> {
        Ok(Secret::new("4711"))
    }
}

/// A clock that the story moves.
#[derive(Default)]
struct Moved(Mutex<Duration>);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        now() + *self.0.lock().unwrap()
    }
}

pub(crate) struct Console {
    pub(crate) store: Arc<Store>,
    pub(crate) operators: Arc<OperatorDesk>,
    router: Router,
    clock: Arc<Moved>,
}

/// A browser, with its cookies.
pub(crate) struct Browser<'c> {
    console: &'c Console,
    cookies: Mutex<BTreeMap<String, String>>,
    pub(crate) language: Mutex<String>,
}

impl Console {
    pub(crate) fn start() -> Self {
        Self::with(None, "")
    }

    /// Behind a front that speaks TLS, or under other policies.
    pub(crate) fn with(origin: Option<&str>, policies: &str) -> Self {
        let vs = virtual_server(policies);
        let store = Store::new();
        let clock = Arc::new(Moved::default());
        let entropy: Arc<dyn Entropy> = Arc::new(Dice::default());
        let passwords = Arc::new(Passwords::new(entropy.clone()));
        let keys = MasterKey::new(vec![7; 32]).unwrap();
        let site = Arc::new(ArcSwap::from_pointee(Site {
            generation: 1,
            virtual_servers: BTreeMap::from([(vs.id.clone(), vs)]),
            hosts: HashMap::new(),
            trusted_proxies: Vec::new(),
            secure_cookies: false,
        }));
        let host = Host { entropy: entropy.clone(), issuer: "Doorward".into() };
        // What reads files of tokens is the real one.
        let otp = (doorward_otp::PLUGIN.build)(serde_json::json!({}), host);
        let otp = otp.unwrap_or_else(|_| panic!("it takes no settings"));
        let plugins: Vec<(&'static str, Arc<dyn Plugin>)> =
            vec![("toy", Arc::new(ToyTokens(Dice::default()))), ("rules", Arc::new(ToyRules)), ("otp", otp)];
        let ports = Ports {
            directory: store.clone(),
            sessions: store.clone(),
            flows: store.clone(),
            credentials: store.clone(),
            one_times: store.clone(),
            meters: store.clone(),
            settings: store.clone(),
            register: store.clone(),
            ledger: store.clone(),
            mailer: store.clone(),
            outbox: store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            metrics: Arc::new(NoMetrics),
            passwords: passwords.clone(),
        };
        let identities = Arc::new(Identities::new(store.clone(), store.clone(), SessionLimits::default()));
        let gate = Arc::new(Gate::new(Arc::new(NoMetrics)));
        let desk = Desk::new(ports, &keys, site.clone(), gate, identities, plugins.clone(), Rules::default());
        let operator_ports = OperatorPorts {
            operators: store.clone(),
            one_times: store.clone(),
            meters: store.clone(),
            ledger: store.clone(),
            entropy: entropy.clone(),
        };
        let operators = Arc::new(OperatorDesk::new(operator_ports, passwords, plugins, &keys));
        let parts = ConsoleParts {
            site,
            operators: operators.clone(),
            manager: Arc::new(Manager::new(Arc::new(desk))),
            views: Arc::new(Views::new(None).unwrap()),
            clock: clock.clone(),
            entropy,
            keys,
            origin: origin.map(str::to_owned),
            certificates: Arc::new(|| vec![("wiki.localhost".to_owned(), now() + Duration::from_hours(24))]),
        };
        Self { router: router(parts, None), store, operators, clock }
    }

    /// Time goes by.
    pub(crate) fn later(&self, minutes: u64) {
        *self.clock.0.lock().unwrap() += Duration::from_mins(minutes);
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller {
            vs: VirtualServerId::from("default"),
            address: Ipv4Addr::LOCALHOST.into(),
            request_id: "req-0".into(),
            now: self.clock.now(),
        }
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { console: self, cookies: Mutex::default(), language: Mutex::new("en".into()) }
    }

    /// A new operator's browser, signed in.
    pub(crate) async fn signed_in(&self, name: &str, role: Role) -> Browser<'_> {
        let link = match self.store.with(|rows| rows.operators.is_empty()) {
            true => self.operators.first_link(&self.caller().vs, self.caller().now).await.unwrap().unwrap(),
            false => {
                let olga = self.store.with(|rows| {
                    rows.operator_sessions
                        .values()
                        .find(|one| one.operator.role == Role::Administrator)
                        .unwrap()
                        .clone()
                });
                let olga = doorward_api::operator::OperatorSession { proved_at: self.caller().now, ..olga };
                self.operators.invite(&self.caller(), &olga, role).await.unwrap()
            }
        };
        let setup = self.operators.setup(&self.caller(), "Example", link.expose(), None).await.unwrap().unwrap();
        let passcode = shown(setup.view.key.expose(), self.caller().now);
        let secret = |text: &str| Secret::new(text);
        let form = SetupForm {
            name: name.into(),
            password: secret(PASSWORD),
            again: secret(PASSWORD),
            passcode: secret(&passcode),
        };
        let done = self.operators.finish(&self.caller(), link.expose(), Some(&setup.keep), &form).await.unwrap();
        let Finished::Done { session } = done else { panic!("{done:?}") };
        let browser = self.browser();
        browser.takes_session(&session);
        browser
    }

    /// What an operator's app shows.
    pub(crate) fn passcode(&self, name: &str) -> String {
        let opened = self
            .store
            .with(|rows| rows.operators.iter().find(|operator| operator.name == name).unwrap().opened.clone());
        ToyTokens::passcode(&opened, self.clock.now())
    }

    /// A group, by name.
    pub(crate) fn group(&self, id: &str, name: &str) {
        self.store.with(|rows| rows.groups.push(GroupRef { id: id.into(), name: name.into() }));
    }
}

/// What an app shows that has just been given a key.
pub(crate) fn shown(key: &str, at: Timestamp) -> String {
    ToyTokens::passcode(&SecretBytes::new(format!("{key}:0").into_bytes()), at)
}

fn virtual_server(policies: &str) -> Arc<VirtualServer> {
    let source = Source { file: "test.cedar".into(), text: policies.into() };
    Arc::new(VirtualServer {
        id: "default".into(),
        name: "Example & Co".into(),
        portal_host: "login.localhost".into(),
        portal_origin: "http://login.localhost:8080".into(),
        support_url: Some("https://help.example.test/".into()),
        policies: Arc::new(Policies::load(&[source], &[AppId::from("wiki")]).unwrap()),
        apps: BTreeMap::new(),
    })
}

impl Browser<'_> {
    fn takes_session(&self, token: &Token) {
        let value = format!("{}.{}", token.expose(), data_encoding::BASE64URL_NOPAD.encode(b"default"));
        self.cookies.lock().unwrap().insert("doorward_console".into(), value);
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn forget(&self, name: &str) {
        self.cookies.lock().unwrap().remove(name);
    }

    pub(crate) async fn get(&self, path: &str) -> Told {
        self.ask(Method::GET, path, &[], String::new()).await
    }

    /// Fills in the form of a page and sends it: what the page has in its hidden fields, and these.
    pub(crate) async fn send(&self, page: &Told, action: &str, fields: &[(&str, &str)]) -> Told {
        let marker = format!("action=\"{action}\"");
        let form = page.body.split("<form").find(|form| form.contains(&marker));
        let form = form.unwrap_or_else(|| panic!("no form to {action} in {}", page.body));
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for input in form.split("type=\"hidden\"").skip(1) {
            let of = |name: &str| input.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap();
            all.insert(of("name").to_owned(), of("value").to_owned());
        }
        for (name, value) in fields {
            all.insert((*name).to_owned(), (*value).to_owned());
        }
        self.post(action, &all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Told {
        self.post_from(path, fields, &[("origin", &format!("http://{HOST}"))]).await
    }

    pub(crate) async fn post_from(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Told {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain([form]).collect();
        self.ask(Method::POST, path, &headers, body.join("&")).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Told {
        let arrival = ConsoleArrival { request_id: "req-0042".into(), client: Ipv4Addr::LOCALHOST.into() };
        let mut request = Request::builder().method(method).uri(path).header("host", HOST).extension(arrival);
        request = request.header("accept-language", self.language.lock().unwrap().clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let request = request.body(Body::from(body)).unwrap();
        let told = Told::read(self.console.router.clone().oneshot(request).await.unwrap()).await;
        for cookie in told.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut jar = self.cookies.lock().unwrap();
            match cookie.contains("Max-Age=0") {
                true => jar.remove(name),
                false => jar.insert(name.to_owned(), value.to_owned()),
            };
        }
        told
    }
}
