//! A site whose database goes away under load: who gets what meanwhile, how soon, and what comes back by itself (F-14, F-15).

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::{Answer, Database, Form, Installation, Page, Phone, Served, Stage, Visitor, exchange};

use crate::measure::{ms, quantile, readiness, secs, until};
use crate::people::Ending;

/// How long a decision about a session may be remembered (decision A20).
const CACHED: Duration = Duration::from_secs(1);

/// A gateway on a database, with people at each step.
pub(crate) struct Site {
    _installation: Installation,
    served: Served,
    signed_in: Visitor,
    forms: Vec<Waiting>,
}

/// Somebody with a filled form.
struct Waiting {
    visitor: Visitor,
    page: Page,
    form: Form,
    field: &'static str,
    value: Value,
    then: Stage,
}

/// What is filled in.
enum Value {
    Text(String),
    /// The passcode of the moment.
    PasscodeOf(Phone),
}

/// What was seen while the database was away.
pub(crate) struct Seen {
    /// How long the answers "not now" took.
    pub(crate) refused: Vec<Duration>,
    /// How many of them people with a session got, at an application and at the portal.
    pub(crate) denied: usize,
    /// Answers that were anything else.
    pub(crate) let_in: usize,
    /// When readiness named the store.
    pub(crate) red_after: Duration,
    /// Pages open to all, served meanwhile.
    pub(crate) open: usize,
}

impl Site {
    /// On the database at this address.
    pub(crate) fn on(store: &str) -> Self {
        let mut installation = Installation::new(Database::Sqlite);
        store.clone_into(&mut installation.store);
        for user in ["alice", "bob", "dora", "erin"] {
            installation.add_user(user, Some(&format!("{user}@example.test")), &["staff"]);
        }
        let served = installation.serve();
        let gateway = &served.gateway;
        let (wiki, intranet) = (served.url("wiki", "/"), served.url("intranet", "/"));

        let mut bob = served.proxied_visitor();
        bob.with_password(gateway, "bob", &intranet);

        let mut alice = served.proxied_visitor();
        let page = alice.up_to_the_password("alice", &intranet);
        let password = Value::Text(gateway.password("alice"));
        let password = Waiting::at(alice, page, "password", password, Stage::Other);

        let mut dora = served.proxied_visitor();
        let page = dora.ask_for_code(gateway, "dora", &wiki);
        let code = Value::Text(gateway.mail_to("dora@example.test").code());
        let code = Waiting::at(dora, page, "verification_code", code, Stage::Kind);

        let mut erin = served.proxied_visitor();
        let page = erin.ask_for_code(gateway, "erin", &wiki);
        let page = erin.type_code(&page, &gateway.mail_to("erin@example.test").code());
        let page = erin.choose_ios(&page);
        let phone = page.phone();
        let page = erin.press(&page, "continue");
        let passcode = Waiting::at(erin, page, "otp", Value::PasscodeOf(phone), Stage::Other);

        Self { _installation: installation, served, signed_in: bob, forms: vec![password, code, passcode] }
    }

    /// Asks for everything, for so long, on a database that is away.
    pub(crate) fn without_a_database(&self, long: Duration) -> Seen {
        let begun = Instant::now();
        let (refused, open, over) = (Mutex::new(Vec::new()), AtomicUsize::new(0), AtomicBool::new(false));
        let (denied, other) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let take = |answer: &Answer, asked: Instant| match not_now(answer) {
            true => refused.lock().unwrap().push(asked.elapsed()),
            false => other.lock().unwrap().push(format!("{} {:?}", answer.status, answer.headers)),
        };
        let mut red_after = None;
        let going = || !over.load(Ordering::SeqCst);
        std::thread::scope(|scope| {
            let _ends = Ending(&over);
            for waiting in &self.forms {
                let (take, going) = (&take, &going);
                scope.spawn(move || {
                    while going() {
                        let asked = Instant::now();
                        let answer = waiting.send();
                        take(&answer, asked);
                    }
                });
            }
            let (take, denied, open, going) = (&take, &denied, &open, &going);
            // Who cannot be looked up is neither let in nor asked to sign in again: at an application, at the portal's start page
            // and at its sign-in; a program is told in its own words.
            let program = ("Sec-Fetch-Mode", "cors");
            let (intranet, start) = (self.served.url("intranet", "/"), self.served.url("login", "/"));
            let signin = self.served.url("login", "/signin");
            for (url, says) in [(intranet.clone(), None), (intranet, Some(program)), (start, None), (signin, None)] {
                scope.spawn(move || {
                    let mut bob = self.signed_in.clone();
                    while going() {
                        let asked = Instant::now();
                        let answer = bob.once("GET", &url, says.as_slice(), None);
                        if asked.duration_since(begun) <= CACHED + Duration::from_millis(200) && answer.status != 503 {
                            continue;
                        }
                        take(&answer, asked);
                        assert!(says_try_again(&answer, says.is_some()), "{url}: {}", answer.text());
                        denied.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            scope.spawn(move || {
                let (public, wiki) = (self.served.url("public", "/"), self.served.url("wiki", "/health"));
                let mut anybody = self.served.proxied_visitor();
                while going() {
                    assert_eq!(
                        anybody.once("GET", &public, &[], None).status,
                        200,
                        "what is open to all needs no database"
                    );
                    assert_eq!(anybody.once("GET", &wiki, &[], None).status, 200);
                    open.fetch_add(2, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(50));
                }
            });
            let end = begun + long;
            while Instant::now() < end {
                assert_eq!(self.alive(), 200, "liveness is about the process, not about its database");
                if readiness(&self.served.gateway, "store") == (503, "missing".to_owned()) {
                    red_after.get_or_insert(begun.elapsed());
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let red_after = red_after.expect("readiness names the store");
        let other = other.into_inner().unwrap();
        assert!(other.is_empty(), "{other:?}");
        let (refused, denied) = (refused.into_inner().unwrap(), denied.into_inner());
        assert!(!refused.is_empty() && denied > 0, "{refused:?} {denied}");
        Seen { refused, denied, let_in: other.len(), red_after, open: open.into_inner() }
    }

    fn alive(&self) -> u16 {
        exchange(self.served.gateway.metrics, "GET", "127.0.0.1", "/healthz", &[], b"").status
    }

    /// Everything goes on by itself, the same browsers with the same forms; how soon the first good answer came.
    pub(crate) fn comes_back(&self) -> Duration {
        let (intranet, mut bob) = (self.served.url("intranet", "/"), self.signed_in.clone());
        let first = until("an answer", Duration::from_secs(30), || bob.get(&intranet).status() == 200);
        for waiting in &self.forms {
            let answer = waiting.send();
            let to = answer.header("location").unwrap_or_default();
            let there = match waiting.then {
                Stage::Other => to.contains("/.doorward/enter"),
                _ => waiting.visitor.clone().get(&self.served.url("login", "/signin/step")).stage() == waiting.then,
            };
            assert!(answer.status == 303 && there, "{}: {} {to}", waiting.field, answer.status);
        }
        until("readiness", Duration::from_secs(10), || readiness(&self.served.gateway, "store").0 == 200);
        first
    }
}

impl Waiting {
    fn at(visitor: Visitor, page: Page, field: &'static str, value: Value, then: Stage) -> Self {
        let form = page.form(field);
        Self { visitor, page, form, field, value, then }
    }

    /// Sends the form, and looks at the very answer.
    fn send(&self) -> Answer {
        let value = match &self.value {
            Value::Text(text) => text.clone(),
            Value::PasscodeOf(phone) => phone.passcode(),
        };
        self.visitor.clone().post_once(&self.page, &self.form, &[(self.field, &value)])
    }
}

/// 503, when to come back, and nothing that could be used.
fn not_now(answer: &Answer) -> bool {
    let seconds = answer.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
    answer.status == 503
        && seconds.is_some_and(|seconds| (1..=60).contains(&seconds))
        && answer.header("set-cookie").is_none()
}

/// In the words of a program, or on a page without a form to sign in with.
fn says_try_again(answer: &Answer, program: bool) -> bool {
    let (kind, text) = (answer.header("content-type").unwrap_or_default(), answer.text());
    match program {
        true => kind == "application/problem+json" && text.contains("urn:doorward:problem:try-again"),
        false => {
            kind.starts_with("text/html") && text.contains("Back in a moment") && !text.contains("name=\"username\"")
        }
    }
}

impl Seen {
    /// As figures.
    pub(crate) fn figures(&self) -> Vec<(&'static str, String)> {
        vec![
            ("let in", self.let_in.to_string()),
            ("answered 503", self.refused.len().to_string()),
            ("sessions told to try again", self.denied.to_string()),
            ("p99 of 503", ms(quantile(&self.refused, 0.99))),
            ("not ready after", secs(self.red_after)),
            ("open pages served meanwhile", self.open.to_string()),
        ]
    }
}
