//! F-36: the network between browser and gateway loses packets, resets connections, is slow. Browsers send forms again when
//! they got no answer; nothing happens twice by it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::{
    Database, Elsewhere, Installation, Page, Phone, Ports, Served, Stage, Visitor, network_command,
};
use serde_json::Value;

use crate::measure::until;
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-36",
    what: "10 % of packets lost; connections of clients reset; 1 Mbit/s towards the client",
    promise: "a form that is sent again is idempotent or says that it is done already: one token, one mail, one sign-in",
    run: story,
};

/// What is done to the network, in words of `iptables` there, or of `tc` here.
const CONDITIONS: [(&str, Trouble); 3] =
    [("10 % lost", Trouble::Loss), ("connections reset", Trouble::Resets), ("1 Mbit/s", Trouble::Slow)];

#[derive(Clone, Copy)]
enum Trouble {
    Loss,
    Resets,
    Slow,
}

fn story(scale: Scale) -> Found {
    let places: Result<Vec<_>, String> =
        CONDITIONS.into_iter().map(|(name, trouble)| Ok((Elsewhere::new()?, name, trouble))).collect();
    let places = match places {
        Ok(places) => places,
        Err(why) => return Found::NotTried(why),
    };
    let ports = Ports::free();
    let mut installation = Installation::new(Database::Sqlite);
    installation.instead.push(("https = [\"127.0.0.1:".to_owned(), "https = [\"0.0.0.0:".to_owned()));
    let people: Vec<(usize, String)> = (0..places.len())
        .flat_map(|place| (0..scale.of(1, 8)).map(move |number| (place, format!("p{place}n{number}"))))
        .collect();
    for (_, person) in &people {
        installation.add_user(person, Some(&format!("{person}@example.test")), &["staff"]);
    }
    let served = installation.begin(ports);
    served.gateway.wait_ready();

    let again = [const { AtomicUsize::new(0) }; CONDITIONS.len()];
    for (place, _, trouble) in &places {
        trouble.begins(place);
    }
    std::thread::scope(|scope| {
        for (place, person) in &people {
            let (served, again) = (&served, &again[*place]);
            let (at, password) = (&places[*place].0, served.gateway.password(person));
            scope.spawn(move || Somebody::at(at, served, person, &password, again).enrols_and_disputes());
        }
    });
    let duplicates: Vec<String> = people.iter().flat_map(|(_, person)| twice(&installation, person)).collect();
    assert_eq!(duplicates, [""; 0]);
    let mut figures = vec![("duplicate effects", format!("{} of {} people", duplicates.len(), people.len()))];
    for ((_, name, _), again) in places.iter().zip(&again) {
        figures.push((name, format!("{} sent again", again.load(Ordering::Relaxed))));
    }
    Found::Held(figures)
}

impl Trouble {
    fn rules(self) -> Vec<Vec<&'static str>> {
        match self {
            Trouble::Loss => ["INPUT", "OUTPUT"]
                .map(|way| vec![way, "-m", "statistic", "--mode", "random", "--probability", "0.1", "-j", "DROP"])
                .into(),
            // Some are reset before the request is there, some when it has been done and only its answer is missing.
            Trouble::Resets => vec![vec![
                "OUTPUT",
                "-p",
                "tcp",
                "-m",
                "statistic",
                "--mode",
                "random",
                "--probability",
                "0.04",
                "-j",
                "REJECT",
                "--reject-with",
                "tcp-reset",
            ]],
            Trouble::Slow => Vec::new(),
        }
    }

    fn begins(self, place: &Elsewhere) {
        for rule in self.rules() {
            place.does(&[&["iptables", "-A"], &rule[..]].concat()).unwrap();
        }
        if let Trouble::Slow = self {
            let limit = ["tbf", "rate", "1mbit", "burst", "16kb", "latency", "400ms"];
            network_command(&[&["tc", "qdisc", "add", "dev", &place.wire, "root"], &limit[..]].concat()).unwrap();
        }
    }
}

/// How long a browser waits before it sends again.
const PATIENCE: Duration = Duration::from_secs(5);

/// In all, for everything.
const LONG: Duration = Duration::from_secs(180);

/// Somebody out there, who sends again what was not answered.
struct Somebody<'a> {
    visitor: Visitor,
    served: &'a Served,
    name: &'a str,
    password: &'a str,
    phone: Option<Phone>,
    /// Passcodes that were sent.
    sent: Vec<String>,
    again: &'a AtomicUsize,
    end: Instant,
}

impl<'a> Somebody<'a> {
    fn at(place: &Elsewhere, served: &'a Served, name: &'a str, password: &'a str, again: &'a AtomicUsize) -> Self {
        let visitor = served.visitor_from(place);
        Self { visitor, served, name, password, phone: None, sent: Vec::new(), again, end: Instant::now() + LONG }
    }

    /// As long as it takes.
    fn persists<T>(&mut self, what: &str, mut attempt: impl FnMut(&mut Visitor) -> Option<T>) -> T {
        loop {
            if let Some(done) = attempt(&mut self.visitor) {
                return done;
            }
            self.again.fetch_add(1, Ordering::Relaxed);
            assert!(Instant::now() < self.end, "{}: {what}", self.name);
        }
    }

    fn get(&mut self, url: &str) -> Page {
        self.persists(url, |visitor| visitor.attempt_get(url, PATIENCE).ok())
    }

    fn send(&mut self, page: &Page, field: &str, value: &str) {
        let form = page.form(field);
        let answer =
            self.persists(field, |visitor| visitor.attempt_post(page, &form, &[(field, value)], PATIENCE).ok());
        assert!(answer.status < 500, "{field}: {} {}", answer.status, answer.text());
    }

    fn enrols_and_disputes(mut self) {
        let wiki = self.served.url("wiki", "/");
        loop {
            let page = self.get(&wiki);
            let (field, value) = match page.stage() {
                Stage::Name => ("username", self.name.to_owned()),
                Stage::Password => ("password", self.password.to_owned()),
                Stage::Offer => ("add_authenticator", String::new()),
                Stage::Code => ("verification_code", self.served.gateway.mail_to(&self.address()).code()),
                Stage::Kind => ("target", "mobile".to_owned()),
                Stage::Device => ("target", "ios".to_owned()),
                Stage::Secret => {
                    self.phone = Some(page.phone());
                    ("continue", String::new())
                }
                Stage::Passcode => ("otp", self.fresh_passcode()),
                Stage::Other => {
                    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());
                    break;
                }
            };
            self.send(&page, field, &value);
        }
        let notice = || self.served.gateway.mails().into_iter().find(|mail| self.is_notice(&mail.to, &mail.text));
        until("the notice", Duration::from_secs(30), || notice().is_some());
        let text = notice().unwrap().text;
        let link = text.lines().map(str::trim).find(|line| line.starts_with("http")).unwrap().to_owned();
        let page = self.get(&link);
        self.send(&page, "dispute", "");
        // Looked at again, it says that it is done.
        assert!(self.get(&link).try_form("dispute").is_none());
    }

    fn address(&self) -> String {
        format!("{}@example.test", self.name)
    }

    fn is_notice(&self, to: &str, text: &str) -> bool {
        to == self.address() && text.contains("/notice/")
    }

    /// One that was not sent yet: of this time step or, since that is accepted too, of the next.
    fn fresh_passcode(&mut self) -> String {
        let phone = self.phone.clone().expect("a phone that has scanned the page");
        loop {
            if let Some(fresh) = phone.passcode_beside(&self.sent) {
                self.sent.push(fresh.clone());
                return fresh;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// What has happened to somebody more or less often than once.
fn twice(installation: &Installation, person: &str) -> Vec<String> {
    let sql = |sql: &str| installation.sql(sql).trim().to_owned();
    let user = sql(&format!("SELECT id FROM user_account WHERE name = '{person}'"));
    let records: Vec<Value> = sql("SELECT record FROM audit_record ORDER BY seq")
        .lines()
        .map(|record| serde_json::from_str::<Value>(record).unwrap())
        .filter(|record| record["context"]["principalId"] == user.as_str())
        .collect();
    let events = |name: &str| records.iter().filter(|record| record["details"]["event"] == name).count();
    let address = format!("{person}@example.test");
    let mails: Vec<_> = installation.mails().into_iter().filter(|mail| mail.to == address).collect();
    let notices = mails.iter().filter(|mail| mail.text.contains("/notice/")).count();
    let tokens: usize = sql(&format!("SELECT COUNT(*) FROM credential WHERE user_id = '{user}'")).parse().unwrap();
    let mut wrong = Vec::new();
    for (what, count) in [
        ("tokens", tokens),
        ("notices", notices),
        ("code mails", mails.iter().filter(|mail| mail.subject.contains("code")).count()),
        ("VERIFICATION_CODE_ACCEPTED", events("VERIFICATION_CODE_ACCEPTED")),
        ("TOKEN_ASSIGNED", events("TOKEN_ASSIGNED")),
        ("TOKEN_ACTIVATED", events("TOKEN_ACTIVATED")),
        ("ENROLLMENT_CONFIRMED", events("ENROLLMENT_CONFIRMED")),
        ("ENROLLMENT_DISPUTED", events("ENROLLMENT_DISPUTED")),
    ] {
        if count != 1 {
            wrong.push(format!("{person}: {count} {what}"));
        }
    }
    // Each sign-in makes one session; one whose cookie was lost on the way is signed in anew.
    let session = |record: &Value| record["context"]["sessionId"].as_str().map(str::to_owned);
    let signed_in: Vec<&Value> = records.iter().filter(|record| record["details"]["event"] == "AUTH_SUCCESS").collect();
    let flows: BTreeSet<&str> =
        signed_in.iter().filter_map(|record| record["context"]["transactionId"].as_str()).collect();
    let sessions: BTreeSet<String> = signed_in.iter().filter_map(|record| session(record)).collect();
    if sessions.len() > flows.len() {
        wrong.push(format!("{person}: {} sessions of {} sign-ins", sessions.len(), flows.len()));
    }
    wrong
}
