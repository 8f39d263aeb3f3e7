//! A gateway on loopback ports, with an origin that remembers what it was sent.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{any, get, post};
use doorward_access::arrival::{Arrival, ErrorPage};
use doorward_access::gate::Gate;
use doorward_access::records::{Collector, Recorder};
use doorward_access::returns::Returns;
use doorward_access::sessions::{Identities, SessionLimits};
use doorward_access::site::{
    App, AppOptions, AuthenticatorSite, Beside, HostRole, Shadow, SharedSite, Site, Upstream, VirtualServer,
};
use doorward_api::keys::MasterKey;
use doorward_api::ports::{Clock, Entropy, NoMetrics};
use doorward_api::session::SessionKind;
use doorward_api::{AppId, Factor, GroupId, GroupRef, Proofs, Session, SessionId, Timestamp, Token, User, UserId};
use doorward_fakes::{Dice, World as Store};
use doorward_policy::{Policies, Source};
use doorward_proxy::tls::{Certificates, PemPair, settings};
use doorward_proxy::{
    ConsoleParts, Departure, Fleet, GatewayParts, Headroom, Limits, Live, console_service, public_service,
};
use pingora::server::configuration::ServerConf;
use pingora::server::{RunArgs, Server, ShutdownSignal, ShutdownSignalWatch};
use tokio::sync::Notify;

const POLICIES: &str = r#"
    @id("open") permit(principal, action, resource == Application::"open");
    @id("signed-in") permit(principal is User, action, resource == Application::"wiki") when { context.authn.password };
    @id("half") permit(principal, action, resource == Application::"half") when { context.prefixes.contains("/public") };
    @id("lenient") permit(principal, action, resource == Application::"lenient") when { context.prefixes.contains("/public") };
    @id("down") permit(principal, action, resource == Application::"down");
"#;

/// What an origin got: every byte, and how many connections there were and are.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) bytes: Mutex<Vec<u8>>,
    pub(crate) connections: AtomicUsize,
    pub(crate) open: AtomicUsize,
}

impl Heard {
    /// What was heard since the last time, as text.
    pub(crate) fn take(&self) -> String {
        // What was sent on loopback before the answer came has been read by now; give the thread its turn.
        std::thread::sleep(Duration::from_millis(20));
        String::from_utf8_lossy(&std::mem::take(&mut *self.bytes.lock().unwrap())).into_owned()
    }
}

pub(crate) struct World {
    pub(crate) public: u16,
    pub(crate) console: u16,
    pub(crate) tls: u16,
    pub(crate) heard: Arc<Heard>,
    pub(crate) live: Arc<Live>,
    pub(crate) departure: Arc<Departure>,
    pub(crate) headroom: Arc<Headroom>,
    pub(crate) store: Arc<Store>,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    pub(crate) identities: Arc<Identities>,
    /// Takes up what the gate has noted.
    pub(crate) collector: Collector,
    stop: Arc<Stop>,
    running: Option<std::thread::JoinHandle<()>>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.now.notify_one();
        if let Some(running) = self.running.take() {
            let _ = running.join();
        }
    }
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(Limits { recheck: Duration::from_millis(200), ..Limits::default() })
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let heard = Arc::new(Heard::default());
        let origin = origin(heard.clone());
        let [public, console, tls] = free_ports();
        let site: SharedSite = Arc::new(ArcSwap::from_pointee(site(public, tls, origin)));
        let store = store();
        let clock: Arc<dyn Clock> = Arc::new(TestClock(AtomicI64::new(1_764_000_000_000)));
        let entropy: Arc<dyn Entropy> = Arc::new(Dice::default());
        let identities = Arc::new(Identities::new(store.clone(), store.clone(), SessionLimits::default()));
        let recorder = Arc::new(Recorder::new());
        let collector = Collector::new(recorder.clone(), store.clone(), site.clone(), Arc::new(NoMetrics));
        let live = Live::new();
        let departure = Departure::new(Duration::from_secs(1));
        let headroom = Headroom::new();
        let conf = Arc::new(ServerConf { threads: 2, ..ServerConf::default() });
        let mut service = public_service(
            &conf,
            GatewayParts {
                site,
                gate: Arc::new(Gate::new(Arc::new(NoMetrics)).noting(recorder)),
                identities: identities.clone(),
                returns: Arc::new(Returns::new(&MasterKey::new(vec![7; 32]).unwrap(), entropy.clone())),
                router: portal(),
                live: live.clone(),
                departure: departure.clone(),
                headroom: headroom.clone(),
                fleet: Fleet::new(),
                clock: clock.clone(),
                entropy: entropy.clone(),
                metrics: Arc::new(NoMetrics),
                limits: limits.clone(),
                lines: None,
            },
        );
        service.add_tcp(&format!("127.0.0.1:{public}"));
        let hosts = ["wiki.test".to_owned(), "login.test".to_owned()];
        let certificates = Certificates::load(&[pair("wiki"), pair("login")], &hosts).unwrap();
        service.add_tls_with_settings(&format!("127.0.0.1:{tls}"), None, settings(certificates).unwrap());
        let mut console_listener = console_service(
            &conf,
            ConsoleParts {
                router: Router::new().route("/mailbox", get(|| async { "mail" })),
                hosts: vec!["127.0.0.1".into(), "localhost".into()],
                trusted_proxies: Vec::new(),
                departure: departure.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
                metrics: Arc::new(NoMetrics),
                limits,
                lines: None,
            },
        );
        console_listener.add_tcp(&format!("127.0.0.1:{console}"));
        let stop = Arc::new(Stop::default());
        let signal = Signal(stop.clone());
        let running = std::thread::spawn(move || {
            let conf = ServerConf {
                threads: 2,
                grace_period_seconds: Some(3),
                graceful_shutdown_timeout_seconds: Some(1),
                ..ServerConf::default()
            };
            let mut server = Server::new_with_opt_and_conf(None, conf);
            server.bootstrap();
            server.add_service(service);
            server.add_service(console_listener);
            server.run(RunArgs { shutdown_signal: Box::new(signal) });
        });
        for port in [public, console, tls] {
            wait_for(port);
        }
        Self {
            public,
            console,
            tls,
            heard,
            live,
            departure,
            headroom,
            store,
            entropy,
            clock,
            identities,
            collector,
            stop,
            running: Some(running),
        }
    }

    /// Begins a graceful shutdown.
    pub(crate) fn shut_down(&self) {
        self.stop.gently.store(true, Ordering::SeqCst);
        self.stop.now.notify_one();
    }

    /// Sends bytes and reads until the gateway closes or is silent.
    pub(crate) fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).unwrap();
        read_all(&mut stream)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.public)
    }

    /// A GET with these header lines.
    pub(crate) fn get(&self, host: &str, target: &str, lines: &str) -> String {
        self.raw(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}Connection: close\r\n\r\n"))
    }

    /// A cookie header of a session on a host.
    pub(crate) fn sign_in(&self, host: &str) -> String {
        let (token, now) = (Token::draw(self.entropy.as_ref()), self.clock.now());
        let session = Session {
            id: SessionId::from("app-1"),
            user: UserId::from("u-1"),
            kind: SessionKind::App { host: host.to_owned(), portal: portal_session() },
            proofs: Proofs::NONE.with(Factor::Password, now),
            created_at: now,
            last_seen_at: now,
            expires_at: now + Duration::from_secs(3600),
        };
        self.store.with(|rows| rows.sessions.insert(token.hash(), session));
        format!("Cookie: a=1; doorward_app={}; b=2\r\n", token.expose())
    }
}

pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(1500))).unwrap();
    stream
}

pub(crate) fn read_all(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 8192];
    while let Ok(count) = stream.read(&mut part) {
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&part[..count]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one answer whose length is known, and no further.
pub(crate) fn read_answer(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    while !bytes.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    let _ = stream.read_exact(&mut body);
    String::from_utf8_lossy(&[bytes, body].concat()).into_owned()
}

/// The statuses of all answers in a text.
pub(crate) fn statuses(text: &str) -> Vec<u16> {
    text.split("HTTP/1.1 ").skip(1).map(|rest| rest[..3].parse().unwrap()).collect()
}

/// The one status of the only answer.
pub(crate) fn status(text: &str) -> u16 {
    match statuses(text)[..] {
        [status] => status,
        _ => panic!("not one answer: {text:?}"),
    }
}

pub(crate) fn header<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let of_name = |line: &&'a str| line.split_once(": ").is_some_and(|(found, _)| found.eq_ignore_ascii_case(name));
    text.lines().filter(of_name).map(|line| line.split_once(": ").unwrap().1).collect()
}

pub(crate) fn pair(name: &str) -> PemPair {
    let file =
        |end: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(format!("{name}.{end}"));
    PemPair { certificate: file("crt"), key: file("key") }
}

fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

fn wait_for(port: u16) {
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the gateway does not listen on {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[derive(Default)]
struct Stop {
    now: Notify,
    gently: AtomicBool,
}

struct Signal(Arc<Stop>);

#[async_trait]
impl ShutdownSignalWatch for Signal {
    async fn recv(&self) -> ShutdownSignal {
        self.0.now.notified().await;
        if self.0.gently.load(Ordering::SeqCst) {
            ShutdownSignal::GracefulTerminate
        } else {
            ShutdownSignal::FastShutdown
        }
    }
}

// === the origin ===

/// A lenient HTTP/1 server that notes every byte before it understands any.
fn origin(heard: Arc<Heard>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            heard.connections.fetch_add(1, Ordering::SeqCst);
            heard.open.fetch_add(1, Ordering::SeqCst);
            let heard = heard.clone();
            std::thread::spawn(move || {
                serve(stream, &heard);
                heard.open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    port
}

fn serve(mut stream: TcpStream, heard: &Heard) {
    let mut pending = Vec::new();
    let mut part = [0; 8192];
    while let Ok(count) = stream.read(&mut part) {
        if count == 0 {
            return;
        }
        heard.bytes.lock().unwrap().extend_from_slice(&part[..count]);
        pending.extend_from_slice(&part[..count]);
        while let Some(end) = pending.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&pending[..end]).into_owned();
            pending.drain(..end + 4);
            if head.starts_with("POST /upload") {
                // Answered by nothing before its end.
                while matches!(stream.read(&mut part), Ok(1..)) {}
                return;
            }
            if head.starts_with("GET /no-socket") {
                stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").unwrap();
                continue;
            }
            if head.to_lowercase().contains("upgrade: websocket") {
                let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
                stream.write_all(switch.as_bytes()).unwrap();
                return echo(stream);
            }
            if head.starts_with("GET /events") {
                let begin = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
                stream.write_all(begin.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_secs(20));
                return;
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: origin\r\nRemote-User: root\r\n\
                          Set-Cookie: theirs=1\r\nSet-Cookie: doorward_app=evil\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            if !head.starts_with("HEAD") {
                stream.write_all(b"ok").unwrap();
            }
        }
    }
}

fn echo(mut stream: TcpStream) {
    let mut part = [0; 1024];
    while let Ok(count) = stream.read(&mut part) {
        if count == 0 || stream.write_all(&part[..count]).is_err() {
            return;
        }
    }
}

// === the site and the portal ===

fn site(public: u16, tls: u16, origin: u16) -> Site {
    let app = |id: &str, host: &str, options: AppOptions| App {
        id: AppId::from(id),
        name: id.to_uppercase(),
        host: host.into(),
        origin: format!("http://{host}:{public}"),
        upstream: Upstream {
            host: "127.0.0.1".into(),
            port: if id == "down" { 1 } else { origin },
            tls: false,
            preserve_host: true,
        }
        .into(),
        options,
    };
    let lenient = AppOptions {
        encoded_slash: true,
        semicolon: true,
        double_slash: true,
        case_insensitive: false,
        extra_methods: vec!["PROPFIND".into()],
        ..AppOptions::default()
    };
    let mut apps = vec![
        app("open", "open.localhost", AppOptions { websocket: true, ..AppOptions::default() }),
        app("wiki", "wiki.localhost", AppOptions { websocket: true, ..AppOptions::default() }),
        app("half", "half.localhost", AppOptions::default()),
        app("lenient", "lenient.localhost", lenient),
        app("down", "down.localhost", AppOptions::default()),
    ];
    let ids: Vec<AppId> = apps.iter().map(|app| app.id.clone()).collect();
    let source = Source { file: "test.cedar".into(), text: POLICIES.into() };
    let mut secure = app("open", "wiki.test", AppOptions::default());
    secure.origin = format!("https://wiki.test:{tls}");
    apps.push(secure);
    let apps: Vec<Arc<App>> = apps.into_iter().map(Arc::new).collect();
    let vs = Arc::new(VirtualServer {
        id: "default".into(),
        name: "Example".into(),
        portal_host: "login.localhost".into(),
        portal_origin: format!("http://login.localhost:{public}"),
        authenticator: Some(AuthenticatorSite {
            host: "authenticator.localhost".into(),
            origin: format!("http://authenticator.localhost:{public}"),
        }),
        support_url: None,
        policies: Arc::new(Policies::load(&[source], &ids).unwrap()),
        // Policies that refuse everything stand in the shadow of every story.
        beside: Beside {
            record_days: 14,
            shadow: Some(Shadow { folder: "next".into(), loaded: Ok(Arc::new(Policies::load(&[], &ids).unwrap())) }),
            ..Beside::default()
        },
        apps: apps.iter().map(|app| (app.id.clone(), app.clone())).collect::<BTreeMap<_, _>>(),
    });
    let mut hosts = HashMap::from([
        (vs.portal_host.clone(), HostRole::Portal(vs.clone())),
        ("authenticator.localhost".into(), HostRole::Authenticator(vs.clone())),
    ]);
    hosts.extend(apps.iter().map(|app| (app.host.clone(), HostRole::App(vs.clone(), app.clone()))));
    Site {
        generation: 1,
        virtual_servers: BTreeMap::from([(vs.id.clone(), vs)]),
        hosts,
        trusted_proxies: Vec::new(),
        secure_cookies: false,
    }
}

fn portal() -> Router {
    Router::new()
        .route("/echo", any(|request: Request| async move { echoed(request).await }))
        .route("/two-cookies", get(|| async { AppendHeaders([("set-cookie", "a=1"), ("set-cookie", "b=2")]) }))
        .route("/a/v1/push/pending", post(waiting))
        .route("/a/v1/here", post(|request: Request| async move { echoed(request).await }))
        .route("/panic", get(|| async { panic!("a handler of the test panics") as () }))
        .fallback(|request: Request| async move {
            match request.extensions().get::<ErrorPage>() {
                Some(page) => (page.status, format!("page {:?} {}", page.kind, page.request_id)).into_response(),
                None => (http::StatusCode::NOT_FOUND, format!("portal {}", request.uri())).into_response(),
            }
        })
}

/// For as long as the test asks, in milliseconds.
async fn waiting(body: String) -> &'static str {
    tokio::time::sleep(Duration::from_millis(body.parse().unwrap())).await;
    "nothing yet"
}

async fn echoed(request: Request) -> Response {
    let arrival = request.extensions().get::<Arrival>().unwrap().clone();
    let mut headers: Vec<String> = request.headers().keys().map(ToString::to_string).collect();
    headers.sort();
    let uri = request.uri().to_string();
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap_or(Bytes::new());
    format!("{uri} {} {} {} body={}", arrival.client, arrival.host, headers.join(","), body.len()).into_response()
}

// === ports ===

pub(crate) fn portal_session() -> SessionId {
    SessionId::from("portal-1")
}

/// alice, whose name and group must be encoded on their way to an application.
fn store() -> Arc<Store> {
    let store = Store::default();
    let alice = User {
        id: UserId::from("u-1"),
        name: "alice".into(),
        display_name: "Alice Ünï".into(),
        email: Some("alice@example.test".into()),
        disabled: false,
        groups: vec![GroupRef { id: GroupId::from("g-1"), name: "staff, all".into() }],
    };
    store.with(|rows| rows.users.push(alice));
    Arc::new(store)
}

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}
