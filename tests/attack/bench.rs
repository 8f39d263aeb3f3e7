//! What the table is run against: `doorward run` with every kind of place, once for each worker, so that each worker knows
//! that whatever its origin hears was its own doing.

use std::collections::BTreeMap;

use crate::cases::{APP_COOKIE, Place, With};
use crate::world::{Database, Installation, Moody, Page, Served, Stage, Temperament, Visitor, Ways};

/// Places with an application behind them.
const APPS: [Place; 5] = [Place::Open, Place::Otp, Place::Admin, Place::Lax, Place::Live];
const PORTAL: &str = "login.example.test";
const PORTAL_COOKIE: &str = "__Host-doorward";

/// A gateway with its places.
pub struct Bench {
    /// What it keeps its data in; gone when dropped.
    pub installation: Installation,
    pub served: Served,
    pub ways: Ways,
    pub desks: Vec<Desk>,
}

/// What one worker has for itself.
pub struct Desk {
    number: usize,
    /// Behind all of its applications.
    pub origin: Moody,
    /// Alice's sessions, by host.
    sessions: BTreeMap<String, String>,
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Place::Open => "open",
            Place::Otp => "otp",
            Place::Admin => "admin",
            Place::Lax => "lax",
            Place::Live => "live",
            Place::Portal => "login",
        }
    }

    const fn options(self) -> &'static str {
        match self {
            Place::Lax => {
                "encoded_slash = true\nsemicolon = true\ndouble_slash = true\nextra_methods = [\"PROPFIND\", \"REPORT\"]"
            }
            Place::Live => "websocket = true",
            _ => "",
        }
    }

    fn policies(self, app: &str) -> String {
        let id = |what: &str| format!("@id(\"{app}-{what}\")");
        let proofs = "context.authn.password && context.authn.otp";
        match self {
            Place::Open | Place::Lax => format!(
                r#"
                {} permit (principal, action, resource == Application::"{app}");
                {} forbid (principal, action, resource == Application::"{app}") when {{ context.prefixes.contains("/admin") }};
                {} forbid (principal, action, resource == Application::"{app}") when {{ context.prefixes.contains("/members") }}
                unless {{ {proofs} }};
                {} forbid (principal, action, resource == Application::"{app}") when {{ context.prefixes.contains("/office") }}
                unless {{ context.ip.isInRange(ip("10.0.0.0/8")) }};
                {} forbid (principal, action, resource == Application::"{app}")
                when {{ context.method == "DELETE" && context.prefixes.contains("/kept") }};
                "#,
                id("open"),
                id("administration"),
                id("members"),
                id("office"),
                id("kept")
            ),
            Place::Otp | Place::Live => format!(
                "{} permit (principal is User, action, resource == Application::\"{app}\") when {{ {proofs} }};\n",
                id("proofs")
            ),
            Place::Admin => format!(
                r#"
                {} permit (principal is User, action, resource == Application::"{app}") when {{ {proofs} }};
                {} forbid (principal, action, resource == Application::"{app}")
                unless {{ principal in Group::"admins" || context.prefixes.contains("/members") }};
                "#,
                id("proofs"),
                id("administrators")
            ),
            Place::Portal => String::new(),
        }
    }

    /// Whether a request to an ordinary path of it goes on to the application.
    pub fn admits(self, with: With) -> bool {
        match self {
            Place::Open | Place::Lax => true,
            Place::Otp | Place::Live => with == With::Session,
            Place::Admin | Place::Portal => false,
        }
    }

    /// What a request to an ordinary path of it is answered.
    pub fn usual(self, with: With) -> &'static [u16] {
        match self {
            _ if self.admits(with) => &[200],
            // To sign in, or for a program: that it must.
            Place::Portal => &[403, 404],
            _ if with == With::None => &[303, 401],
            _ => &[403],
        }
    }
}

impl Bench {
    /// With so many desks.
    pub fn new(database: Database, desks: usize) -> Self {
        let mut installation = Installation::new(database);
        let folder = installation.path("policies");
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        installation.upstreams.clear();
        let mut policies = String::new();
        let mut origins = Vec::new();
        for number in 0..desks {
            let origin = Moody::start(Temperament::Lenient);
            for place in APPS {
                let app = format!("{}{number}", place.name());
                policies.push_str(&place.policies(&app));
                installation.upstreams.insert(app.clone(), origin.port);
                installation.options.insert(app, place.options().to_owned());
            }
            origins.push(origin);
        }
        std::fs::write(folder.join("site.cedar"), policies).unwrap();
        installation.add_user("alice", Some("alice@example.test"), &["staff"]);
        installation.add_user("bob", None, &["admins"]);
        let served = installation.serve();
        let ways = Ways::new(served.ports.http, served.ports.https, &installation.path("site.pem"));
        let mut alice = alice(&installation, &served);
        let desks = origins.into_iter().enumerate().map(|(number, origin)| {
            let hosts = APPS.into_iter().map(|place| host_of(place, number));
            let sessions = hosts.map(|host| (host.clone(), session(&mut alice, &host))).collect();
            Desk { number, origin, sessions }
        });
        let mut desks: Vec<Desk> = desks.collect();
        for desk in &mut desks {
            desk.sessions.insert(PORTAL.to_owned(), alice.cookie(PORTAL, PORTAL_COOKIE));
        }
        Self { installation, served, ways, desks }
    }
}

impl Desk {
    /// The host of a place.
    pub fn host(&self, place: Place) -> String {
        host_of(place, self.number)
    }

    /// The session of a request there, and the name of its cookie.
    pub fn session(&self, place: Place, with: With) -> (Option<&str>, &'static str) {
        let name = if place == Place::Portal { PORTAL_COOKIE } else { APP_COOKIE };
        let session = self.sessions[&self.host(place)].as_str();
        ((with == With::Session).then_some(session), name)
    }
}

fn host_of(place: Place, number: usize) -> String {
    if place == Place::Portal { PORTAL.to_owned() } else { format!("{}{number}.example.test", place.name()) }
}

/// Alice, who enrols a token and is signed in with a password and a passcode.
fn alice(installation: &Installation, served: &Served) -> Visitor {
    let mut alice = served.proxied_visitor();
    let page = alice.ask_for_code(&served.gateway, "alice", &served.url("otp0", "/"));
    page.is_at(Stage::Code);
    let code = served.gateway.mail_to("alice@example.test").code();
    assert!(!installation.mails().is_empty());
    let page = alice.type_code(&page, &code);
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    let page = alice.finish(&page, &phone);
    assert_eq!((page.status(), page.url.as_str()), (200, served.url("otp0", "/").as_str()), "{}", page.words());
    alice
}

/// Goes where a session is needed, and takes it from the jar.
fn session(alice: &mut Visitor, host: &str) -> String {
    let page: Page = alice.get(&format!("https://{host}/members"));
    let session = alice.cookie(host, APP_COOKIE);
    assert!(!session.is_empty(), "no session at {host}: {} {}", page.status(), page.words());
    session
}
