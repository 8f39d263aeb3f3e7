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
use doorward_access::site::{App, AppOptions, AuthenticatorSite, Beside, Site, Upstream, VirtualServer};
use doorward_api::keys::MasterKey;
use doorward_api::operator::{CustomRole, Role, RoleRef};
use doorward_api::plugin::{Host, PinFault, Plugin, SecretRules};
use doorward_api::ports::{Clock, Entropy, NoMetrics};
use doorward_api::settings::{Document, PinRules};
use doorward_api::{
    AppId, GroupRef, Permission, PluginError, RoleId, Secret, SecretBytes, Timestamp, Token, VirtualServerId,
};
use doorward_fakes::{Dice, ToyTokens, World as Store, now};
use doorward_policy::{Policies, Source};
use doorward_views::Views;
use http::{Method, Request, StatusCode};
use tower::ServiceExt;

use super::app::ToyApp;
use super::world::{AUTHENTICATOR, Told, WIKI};
use crate::console::{ConsoleParts, router};

pub(crate) const PASSWORD: &str = "correct horse battery";
const HOST: &str = "127.0.0.1:8081";
/// Where its forms come from.
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8081";

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
    /// Since when mail waits to leave.
    pub(crate) late_mail: Arc<Mutex<Option<Timestamp>>>,
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
        Self::of(virtual_server(policies, None), origin)
    }

    /// Where an authenticator of our own has an origin.
    pub(crate) fn with_app() -> Self {
        let site = AuthenticatorSite { host: "authenticator.localhost".into(), origin: AUTHENTICATOR.into() };
        Self::of(virtual_server("", Some(site)), None)
    }

    /// Under policies with something beside them.
    pub(crate) fn with_beside(policies: &str, beside: Beside) -> Self {
        Self::of(Arc::new(VirtualServer { beside, ..virtual_server_of(policies, None) }), None)
    }

    fn of(vs: Arc<VirtualServer>, origin: Option<&str>) -> Self {
        let store = Store::new();
        let clock = Arc::new(Moved::default());
        let late_mail: Arc<Mutex<Option<Timestamp>>> = Arc::default();
        let late = late_mail.clone();
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
        let host = Host { entropy: entropy.clone(), issuer: "Doorward".into(), key: SecretBytes::new(vec![7; 32]) };
        // What reads files of tokens is the real one.
        let otp = (doorward_otp::PLUGIN.build)(serde_json::json!({}), host);
        let otp = otp.unwrap_or_else(|_| panic!("it takes no settings"));
        let plugins: Vec<(&'static str, Arc<dyn Plugin>)> = vec![
            ("toy", Arc::new(ToyTokens(Dice::default()))),
            ("rules", Arc::new(ToyRules)),
            ("otp", otp),
            ("app", Arc::new(ToyApp)),
        ];
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
            passwords: passwords.clone(),
        };
        let identities = Arc::new(Identities::new(store.clone(), store.clone(), SessionLimits::default()));
        let gate = Arc::new(Gate::new(Arc::new(NoMetrics)));
        let desk = Desk::new(ports, &keys, site.clone(), gate, identities, plugins.clone(), Rules::default());
        let operator_ports = OperatorPorts {
            operators: store.clone(),
            settings: store.clone(),
            pending: store.clone(),
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
            late_mail: Arc::new(move |_| *late.lock().unwrap()),
            judged: Arc::new(|path, _| if path.contains("..") { Err("path_climbs") } else { Ok(path.into()) }),
        };
        Self { router: router(parts, None), store, operators, late_mail, clock }
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
            approval: None,
            undone: None,
        }
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { console: self, cookies: Mutex::default(), language: Mutex::new("en".into()) }
    }

    /// A role that was made.
    pub(crate) fn role(&self, name: &str, permissions: &[Permission]) -> RoleRef {
        let id = RoleId::new(format!("r-{name}"));
        let permissions = permissions.iter().copied().collect();
        let role = CustomRole { id: id.clone(), name: name.to_owned(), permissions, version: 1 };
        self.store.with(|rows| rows.roles.push(role));
        RoleRef::Custom(id)
    }

    /// A new operator's browser, signed in.
    pub(crate) async fn signed_in(&self, name: &str, role: impl Into<RoleRef>) -> Browser<'_> {
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
        let passcode = shown(setup.key.expose(), self.caller().now);
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

fn virtual_server(policies: &str, authenticator: Option<AuthenticatorSite>) -> Arc<VirtualServer> {
    Arc::new(virtual_server_of(policies, authenticator))
}

fn virtual_server_of(policies: &str, authenticator: Option<AuthenticatorSite>) -> VirtualServer {
    let wiki = App {
        id: "wiki".into(),
        name: "Wiki & Co".into(),
        host: "wiki.localhost".into(),
        origin: WIKI.into(),
        upstream: Upstream { host: "127.0.0.1".into(), port: 1, tls: false, preserve_host: true }.into(),
        options: AppOptions::default(),
    };
    let source = Source { file: "test.cedar".into(), text: policies.into() };
    VirtualServer {
        id: "default".into(),
        name: "Example & Co".into(),
        portal_host: "login.localhost".into(),
        portal_origin: "http://login.localhost:8080".into(),
        authenticator,
        support_url: Some("https://help.example.test/".into()),
        policies: Arc::new(Policies::load(&[source], &[AppId::from("wiki")]).unwrap()),
        beside: Beside::default(),
        apps: BTreeMap::from([(wiki.id.clone(), Arc::new(wiki))]),
    }
}

/// A document as it stands.
pub(crate) fn stored<D: Document>(console: &Console) -> D {
    let body = console.store.with(|rows| rows.settings.get(&D::KIND).and_then(|stored| stored.body.clone()));
    body.map_or_else(D::of_new, |body| serde_json::from_str(&body).unwrap())
}

/// What stands in the form of a page that is sent to a path, as a browser would send it.
pub(crate) fn filled(page: &Told, action: &str) -> Vec<(String, String)> {
    let marker = format!("action=\"{action}\"");
    let form = page.body.split("<form").find(|form| form.contains(&marker) && form.contains("method=\"post\""));
    let form = form.unwrap_or_else(|| panic!("no form to {action} in {}", page.body)).split("</form>").next().unwrap();
    let of = |tag: &str, name: &str| {
        let marked = format!(" {tag}");
        marked.split(&format!(" {name}=\"")).nth(1).map(|rest| plain(rest.split('"').next().unwrap()))
    };
    let mut fields = Vec::new();
    for input in form.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let ticked =
            !input.contains("type=\"radio\"") && !input.contains("type=\"checkbox\"") || input.contains(" checked");
        if let (true, Some(name), Some(value)) = (ticked, of(input, "name"), of(input, "value")) {
            fields.push((name, value));
        }
    }
    for select in form.split("<select ").skip(1).map(|rest| rest.split("</select>").next().unwrap()) {
        let chosen = select.split("<option ").find(|option| option.contains(" selected"));
        let value = chosen.and_then(|option| of(option, "value")).unwrap_or_default();
        fields.push((of(select, "name").unwrap(), value));
    }
    for area in form.split("<textarea ").skip(1).map(|rest| rest.split("</textarea>").next().unwrap()) {
        let (tag, text) = area.split_once('>').unwrap();
        fields.push((of(tag, "name").unwrap(), plain(text).replace('\n', "\r\n")));
    }
    fields
}

/// Text as it stood before it was written into a page.
fn plain(html: &str) -> String {
    let html = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    html.replace("&amp;", "&")
}

/// Opens a page's form, changes some fields, and sends it. A value of `None` is a box that is not ticked.
pub(crate) async fn edit(browser: &Browser<'_>, path: &str, changes: &[(&str, Option<&str>)]) -> Told {
    let page = browser.get(&format!("{path}/edit")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    send(browser, &page, path, changes).await
}

/// Sends a form of a page with all that stands in it, but for some changes.
pub(crate) async fn send(browser: &Browser<'_>, page: &Told, path: &str, changes: &[(&str, Option<&str>)]) -> Told {
    let mut fields = filled(page, path);
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &fields).await
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

    /// Sends a form with a file, which a browser writes in parts. The file: its field, its name, its content.
    pub(crate) async fn upload(
        &self,
        path: &str,
        origin: &str,
        (field, name, content): (&str, &str, &[u8]),
        fields: &[(&str, &str)],
    ) -> Told {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--XyZ\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--XyZ--\r\n");
        let headers = [("content-type", "multipart/form-data; boundary=XyZ"), ("origin", origin)];
        self.ask(Method::POST, path, &headers, body).await
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Told {
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
        let request = request.body(body.into()).unwrap();
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

/// Each part stands in a page.
#[track_caller]
pub(super) fn all_in(body: &str, parts: &[&str]) {
    for part in parts {
        assert!(body.contains(part), "{part} is not in {body}");
    }
}

/// A page's words, with a space in place of each tag.
pub(super) fn words(told: &Told) -> String {
    let pieces = told.body.split('<').map(|rest| rest.split_once('>').map_or(rest, |(_, text)| text));
    pieces.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}
