//! Three gateways on one PostgreSQL, and a crowd that uses everything which can be used once, each thing by several clients at
//! the same moment at different gateways (F-10, F-11).
//!
//! Everything goes over HTTP, as browsers send it. Only the people are put into the database past the gateway, copies of one
//! who was added on the command line: a password costs a tenth of a second to make, and theirs is not what is tried here. For
//! the same reason each of them types it once, and what is raced are the steps after it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use doorward_tests::world::{
    Answer, Database, Form, Installation, Mail, NoAnswer, Page, Phone, Ports, Served, Stage, Visitor,
};
use serde_json::Value;

use crate::history::{History, Judgement, Outcome};
use crate::measure::logged;
use crate::tickets::{Entered, PATIENCE, Ticket, ticket};

/// Gateways.
pub(crate) const REPLICAS: usize = 3;

/// Clients at the same thing at the same moment.
pub(crate) const RACERS: usize = 4;

/// What ought to be long enough for anything, on a machine with much else to do.
const LONG: Duration = Duration::from_secs(150);

/// How soon somebody asks again who was not told when to.
const AT_ONCE: Duration = Duration::from_millis(50);

/// How soon racers come back together who were told to.
const SOON: Duration = Duration::from_secs(5);

/// People at the same time: with their racers, 64 clients.
const PEOPLE: usize = 16;

/// An application that asks for a passcode of this very moment, however well somebody is signed in.
const VAULT: &str = r#"
@id("vault")
permit (principal is User, action, resource == Application::"vault")
when { context.authn.password && context.authn.otp };

@id("vault-fresh-otp")
forbid (principal, action, resource == Application::"vault")
unless { context.authn.age.otp <= 1 };
"#;

/// The site and what is written down of it.
pub(crate) struct Crowd {
    pub(crate) installation: Installation,
    /// `None` while it is dead.
    pub(crate) replicas: Vec<Mutex<Option<Served>>>,
    pub(crate) ports: Vec<Ports>,
    pub(crate) history: History,
    pub(crate) password: String,
    post: Post,
    turn: AtomicUsize,
    /// The answers that said "done": the request's id, and to what.
    pub(crate) acknowledged: Mutex<Vec<(String, &'static str)>>,
    /// Who did not get on, and what they saw last.
    pub(crate) stuck: Mutex<Vec<String>>,
}

/// Somebody with an authenticator, signed in.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) phone: Phone,
    pub(crate) visitor: Visitor,
    /// The passcodes that are used.
    pub(crate) used: Vec<String>,
    enrolled: Instant,
}

impl Crowd {
    /// Gateways that run, and so many people: `u0`, `u1` and so on.
    pub(crate) fn new(people: usize) -> Self {
        let mut installation = Installation::new(Database::Postgres);
        installation.upstreams.insert("vault".to_owned(), installation.echo.port);
        std::fs::write(installation.path("policies/vault.cedar"), VAULT).unwrap();
        installation.add_user("pattern", Some("pattern@example.test"), &["staff"]);
        installation.sql(&format!(
            "INSERT INTO user_account (virtual_server, id, name, folded_name, display_name, email, password_hash, disabled, \
             created_at) SELECT virtual_server, 'row-u' || n, 'u' || n, 'u' || n, 'u' || n, 'u' || n || '@example.test', \
             password_hash, disabled, created_at FROM user_account, generate_series(0, {}) n",
            people - 1
        ));
        let first = installation.serve();
        let password = first.gateway.password("pattern");
        let rest = (1..REPLICAS).map(|_| installation.begin(Ports::free())).collect::<Vec<_>>();
        let replicas: Vec<Served> = std::iter::once(first).chain(rest).collect();
        replicas.iter().for_each(|replica| replica.gateway.wait_ready());
        let ports = replicas.iter().map(|replica| replica.ports).collect();
        let replicas = replicas.into_iter().map(|replica| Mutex::new(Some(replica))).collect();
        let history = History::new(installation.path("history.jsonl"));
        let post = Post::of(installation.mail.folder().to_owned());
        let (turn, acknowledged, stuck) = (AtomicUsize::new(0), Mutex::default(), Mutex::default());
        Self { installation, replicas, ports, history, password, post, turn, acknowledged, stuck }
    }

    /// Does the work for each of these people, some at a time, and begins with nobody any more when the time is over, except
    /// that everybody who may work at the same time does so once. What came of it.
    pub(crate) fn each<P: Send, T: Send>(
        &self,
        people: impl IntoIterator<Item = P>,
        time: Option<Duration>,
        work: impl Fn(P) -> T + Sync,
    ) -> Vec<T> {
        let begun = Instant::now();
        let in_time = |taken: usize| taken < PEOPLE || time.is_none_or(|time| begun.elapsed() < time);
        let people: Vec<P> = people.into_iter().collect();
        let queue = Mutex::new(people.into_iter().enumerate());
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..PEOPLE {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap().next().filter(|(taken, _)| in_time(*taken));
                        let Some((_, next)) = next else { return };
                        let result = work(next);
                        done.lock().unwrap().push(result);
                    }
                });
            }
        });
        done.into_inner().unwrap()
    }

    /// The next gateway's port, in turn.
    fn next(&self) -> u16 {
        self.ports[self.turn.fetch_add(1, Ordering::Relaxed) % REPLICAS].http
    }

    /// A browser with an address of its own.
    pub(crate) fn browser(&self, number: usize) -> Visitor {
        let mut visitor = Visitor::by_front_proxy(self.next());
        visitor.always.push(("X-Forwarded-For".to_owned(), format!("10.77.{}.{}", number / 250, number % 250)));
        visitor
    }

    /// Somebody goes on, each step at another gateway, until a page is reached. What is not answered is tried again, and what
    /// the page shows then is done, as people do. `None` after a long while.
    pub(crate) fn goes_on_to(&self, visitor: &mut Visitor, name: &str, url: &str, goal: Stage) -> Option<Page> {
        let end = Instant::now() + LONG;
        let mut last = String::new();
        while Instant::now() < end {
            visitor.connect_to(self.next());
            let reached = visitor.attempt_get(url, PATIENCE);
            last = reached
                .as_ref()
                .map_or_else(|end| format!("{end:?}"), |page| format!("{} {}", page.status(), page.words()));
            match reached {
                Ok(page) if page.status() == 200 => {
                    if page.stage() == goal {
                        return Some(page);
                    }
                    match self.does_the_next(visitor, name, page, goal) {
                        Onward::Again(pause) => std::thread::sleep(pause),
                        Onward::Elsewhere(seen) => {
                            self.stuck(name, goal, &seen);
                            return None;
                        }
                    }
                }
                Ok(page) => std::thread::sleep(told_to_wait(&page.answer)),
                Err(_) => std::thread::sleep(AT_ONCE),
            }
        }
        self.stuck(name, goal, &last);
        None
    }

    fn stuck(&self, name: &str, goal: Stage, last: &str) {
        self.stuck.lock().unwrap().push(format!("{name} does not get to {goal:?}: {last}"));
    }

    /// What is to be done on this page and on those that follow it, as long as there are answers.
    fn does_the_next(&self, visitor: &mut Visitor, name: &str, mut page: Page, goal: Stage) -> Onward {
        while page.stage() != goal {
            let (field, value) = match page.stage() {
                Stage::Name => ("username", name),
                Stage::Password => ("password", self.password.as_str()),
                Stage::Offer => ("add_authenticator", ""),
                Stage::Kind => ("target", "mobile"),
                Stage::Device => ("target", "ios"),
                Stage::Secret => ("continue", ""),
                _ => return Onward::Elsewhere(format!("{} {} {}", page.status(), page.url, page.words())),
            };
            visitor.connect_to(self.next());
            let form = page.form(field);
            let Ok(answer) = visitor.attempt_post(&page, &form, &[(field, value)], PATIENCE) else {
                return Onward::Again(AT_ONCE);
            };
            let Some(to) = answer.header("location").filter(|_| answer.redirects()) else {
                return Onward::Again(told_to_wait(&answer));
            };
            let to = if to.starts_with('/') { format!("https://login.example.test{to}") } else { to.to_owned() };
            match visitor.attempt_get(&to, PATIENCE) {
                Ok(next) if next.status() == 200 => page = next,
                Ok(next) => return Onward::Again(told_to_wait(&next.answer)),
                Err(_) => return Onward::Again(AT_ONCE),
            }
        }
        Onward::Again(Duration::ZERO)
    }

    /// Several clients try the same thing at the same moment, each at another gateway; as long as some of them are told to come
    /// back and nobody has got anything, they do. What came of each in the end, with the browser that it has then.
    fn race(
        &self,
        secret: (&'static str, &str),
        racers: &[Visitor],
        attempt: impl Fn(&mut Visitor, usize) -> Tried + Sync,
    ) -> Vec<(Tried, Visitor)> {
        let end = Instant::now() + LONG;
        loop {
            let tries = self.race_once(secret, racers, &attempt);
            let any = |is: fn(&Outcome) -> bool| tries.iter().any(|(tried, _)| is(&tried.outcome));
            let done = any(|outcome| matches!(outcome, Outcome::Ok | Outcome::Told(_)));
            if done || !any(|outcome| *outcome == Outcome::NotNow) || Instant::now() > end {
                return tries;
            }
            std::thread::sleep(SOON);
        }
    }

    fn race_once(
        &self,
        (kind, name): (&'static str, &str),
        racers: &[Visitor],
        attempt: &(impl Fn(&mut Visitor, usize) -> Tried + Sync),
    ) -> Vec<(Tried, Visitor)> {
        let (barrier, first) = (Barrier::new(racers.len()), self.turn.fetch_add(1, Ordering::Relaxed));
        std::thread::scope(|scope| {
            let tries: Vec<_> = racers
                .iter()
                .enumerate()
                .map(|(number, racer)| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        let mut racer = racer.clone();
                        racer.connect_to(self.ports[(first + number) % REPLICAS].http);
                        barrier.wait();
                        let invoked = self.history.invoke(&format!("{name}/{number}"), kind, name);
                        let tried = attempt(&mut racer, number);
                        self.history.returns(invoked, &tried.outcome, &tried.saw);
                        if let (Outcome::Ok, Some(request)) = (&tried.outcome, &tried.request) {
                            self.acknowledged.lock().unwrap().push((request.clone(), kind));
                        }
                        (tried, racer)
                    })
                })
                .collect();
            tries.into_iter().map(|tried| tried.join().unwrap()).collect()
        })
    }

    /// The whole wizard. Raced are the emailed code and the first passcode.
    pub(crate) fn enrols(&self, number: usize) -> Option<Person> {
        let name = format!("u{number}");
        let mut visitor = self.browser(number);
        let (wiki, step) = ("https://wiki.example.test/", "https://login.example.test/signin/step");
        let page = self.goes_on_to(&mut visitor, &name, wiki, Stage::Code)?;
        let Some(mail) = self.post.newest(&name, |mail| mail.text.lines().any(is_code)) else {
            self.stuck(&name, Stage::Code, "no mail");
            return None;
        };
        let code = mail.code();
        let racers = vec![visitor.clone(); RACERS];
        let tries = self.race(("code", &name), &racers, |racer, _| {
            let answer = send(racer, &page, "verification_code", &code);
            // The winner and who comes too late are led to the same page.
            Tried::by(answer, |answer| match request_of(answer) {
                Some(request) if answer.status == 303 => Outcome::Told(request),
                _ => without_saying(answer),
            })
        });
        visitor = tries.into_iter().next()?.1;
        let page = self.goes_on_to(&mut visitor, &name, step, Stage::Secret)?;
        let phone = page.phone();
        let page = self.goes_on_to(&mut visitor, &name, step, Stage::Passcode)?;
        let passcode = phone.passcode();
        let racers = vec![visitor.clone(); RACERS];
        let tries = self.race(("first passcode", &name), &racers, |racer, _| {
            Tried::by(send(racer, &page, "otp", &passcode), |answer| signed_in(answer, "wiki"))
        });
        let outcomes = format!("{:?}", tries.iter().map(|(tried, _)| &tried.outcome).collect::<Vec<_>>());
        let Some((_, visitor)) = tries.into_iter().find(|(tried, _)| tried.outcome == Outcome::Ok) else {
            self.stuck(&name, Stage::Other, &outcomes);
            return None;
        };
        Some(Person { name, phone, visitor, used: vec![passcode], enrolled: Instant::now() })
    }

    /// Races for a passcode, the ticket that it gives, another ticket, and the link by which an owner disputes a token.
    pub(crate) fn uses_everything(&self, mut person: Person) {
        // Until the vault finds the first passcode too old.
        std::thread::sleep(Duration::from_secs(2).saturating_sub(person.enrolled.elapsed()));
        let name = person.name.clone();
        match self.races_a_passcode(&mut person) {
            Some(ticket) => self.races_a_ticket(("ticket", &format!("{name}/vault")), &ticket),
            None => self.lacks(&name, "a passcode that was used"),
        }
        match self.in_time(|| self.ticket(&mut person)) {
            Some(ticket) => self.races_a_ticket(("ticket", &format!("{name}/intranet")), &ticket),
            None => self.lacks(&name, "a ticket"),
        }
        if self.races_a_dispute(&person).is_none() {
            self.lacks(&name, "a link to dispute a token");
        }
    }

    fn lacks(&self, name: &str, what: &str) {
        self.stuck.lock().unwrap().push(format!("{name} does not get {what}"));
    }

    /// What may not be there at the first try, each at another gateway.
    fn in_time<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
        let end = Instant::now() + PATIENCE;
        loop {
            let got = attempt();
            if got.is_some() || Instant::now() > end {
                return got;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    fn ticket(&self, person: &mut Person) -> Option<Ticket> {
        person.visitor.connect_to(self.next());
        ticket(&person.visitor, "intranet")
    }

    /// Each racer in a flow of its own, all with one session and one passcode.
    fn races_a_passcode(&self, person: &mut Person) -> Option<Ticket> {
        let asked: Vec<(Visitor, Page)> = (0..RACERS).map(|_| self.asked_again(person)).collect::<Option<_>>()?;
        let (racers, pages): (Vec<Visitor>, Vec<Page>) = asked.into_iter().unzip();
        let passcode = person.phone.passcode_beside(&person.used)?;
        let tries = self.race(("passcode", &person.name), &racers, |racer, number| {
            Tried::by(send(racer, &pages[number], "otp", &passcode), |answer| signed_in(answer, "vault"))
        });
        let (tried, visitor) = tries.into_iter().find(|(tried, _)| tried.outcome == Outcome::Ok)?;
        person.visitor = visitor.clone();
        Some(Ticket { visitor, url: tried.location? })
    }

    /// Somebody who is signed in is asked for a passcode of this moment, in another browser's flow.
    pub(crate) fn asked_again(&self, person: &Person) -> Option<(Visitor, Page)> {
        let mut visitor = person.visitor.clone();
        visitor.jar.get_mut("login.example.test")?.remove("__Host-doorward_flow");
        visitor.jar.remove("vault.example.test");
        let page = self.goes_on_to(&mut visitor, &person.name, "https://vault.example.test/", Stage::Passcode)?;
        Some((visitor, page))
    }

    fn races_a_ticket(&self, secret: (&'static str, &str), ticket: &Ticket) {
        let racers = vec![ticket.visitor.clone(); RACERS];
        self.race(secret, &racers, |racer, _| {
            let ticket = Ticket { visitor: racer.clone(), url: ticket.url.clone() };
            let outcome = match ticket.enter_as_connected().0 {
                Entered::Yes => Outcome::Ok,
                Entered::No => Outcome::Refused,
                Entered::NotNow => Outcome::NotNow,
                Entered::Unknown => Outcome::Unknown,
            };
            Tried { saw: format!("{outcome:?}"), outcome, request: None, location: None }
        });
    }

    fn races_a_dispute(&self, person: &Person) -> Option<()> {
        let mail = self.post.newest(&person.name, |mail| mail.text.contains("/notice/"))?;
        let link = mail.text.lines().map(str::trim).find(|line| line.starts_with("http"))?.to_owned();
        let looks = |number| {
            let mut owner = self.browser(number);
            let page = owner.attempt_get(&link, PATIENCE).ok().filter(|page| page.status() == 200)?;
            page.try_form("dispute").map(|_| (owner, page))
        };
        let looked: Vec<(Visitor, Page)> =
            (0..RACERS).map(|number| self.in_time(|| looks(number))).collect::<Option<_>>()?;
        let (racers, pages): (Vec<Visitor>, Vec<Page>) = looked.into_iter().unzip();
        self.race(("dispute link", &person.name), &racers, |racer, number| {
            Tried::by(send(racer, &pages[number], "dispute", ""), |answer| match answer.header("location") {
                Some("/notice/done") => Outcome::Ok,
                _ if answer.status < 500 => Outcome::Refused,
                _ => without_saying(answer),
            })
        });
        Some(())
    }

    /// Whether some gateway's log has these words.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.replicas
            .iter()
            .any(|replica| replica.lock().unwrap().as_ref().is_some_and(|it| logged(&it.gateway, &[words])))
    }

    /// The audit trail.
    pub(crate) fn trail(&self) -> Vec<Value> {
        let records = self.installation.sql("SELECT record FROM audit_record ORDER BY seq");
        records.lines().map(|record| serde_json::from_str(record).unwrap()).collect()
    }

    /// What the history says, with the trail's help.
    pub(crate) fn judged(&self, trail: &[Value]) -> Judgement {
        let accepted = |record: &&Value| record["details"]["event"] == "VERIFICATION_CODE_ACCEPTED";
        self.history.judged(&requests(trail.iter().filter(accepted)))
    }
}

/// The ids of the requests that records are about.
pub(crate) fn requests<'a>(records: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    records.filter_map(|record| Some(record["context"]["globalAccessId"].as_str()?.to_owned())).collect()
}

/// How somebody gets on.
enum Onward {
    /// From the beginning once more, after this pause.
    Again(Duration),
    /// On a page that leads elsewhere, which says this.
    Elsewhere(String),
}

/// How long an answer asks to wait. Whoever does not is one of a crowd that keeps the machine from the very work for which
/// the others were told to come back: checking a password gives way to all else.
fn told_to_wait(answer: &Answer) -> Duration {
    let seconds = answer.header("retry-after").and_then(|seconds| seconds.parse().ok());
    seconds.map_or(AT_ONCE, Duration::from_secs)
}

/// What came of a request.
struct Tried {
    outcome: Outcome,
    request: Option<String>,
    location: Option<String>,
    /// The answer's status, and where it leads, without what is secret there.
    saw: String,
}

impl Tried {
    fn by(answer: Result<Answer, NoAnswer>, says: impl Fn(&Answer) -> Outcome) -> Self {
        let outcome = match &answer {
            Ok(answer) => says(answer),
            Err(NoAnswer::NotSent) => Outcome::Refused,
            Err(NoAnswer::Unknown) => Outcome::Unknown,
        };
        let saw = match &answer {
            Ok(answer) => {
                let to = answer.header("location").unwrap_or("nowhere");
                format!("{} to {}", answer.status, to.split('?').next().unwrap_or_default())
            }
            Err(none) => format!("{none:?}"),
        };
        let answer = answer.ok();
        let location = answer.as_ref().and_then(|answer| answer.header("location").map(str::to_owned));
        Self { outcome, request: answer.as_ref().and_then(request_of), location, saw }
    }
}

fn request_of(answer: &Answer) -> Option<String> {
    answer.header("x-request-id").map(str::to_owned)
}

/// Whether a passcode led on to this application.
fn signed_in(answer: &Answer, app: &str) -> Outcome {
    let door = format!("https://{app}.example.test/.doorward/enter");
    match answer.header("location") {
        Some(to) if to.starts_with(&door) => Outcome::Ok,
        Some(_) => Outcome::Refused,
        None if answer.status < 500 => Outcome::Refused,
        None => without_saying(answer),
    }
}

/// Of an answer that says neither yes nor no.
fn without_saying(answer: &Answer) -> Outcome {
    if answer.status == 503 { Outcome::NotNow } else { Outcome::Unknown }
}

/// Fills one field of a page's form and sends it.
pub(crate) fn send(visitor: &mut Visitor, page: &Page, field: &str, value: &str) -> Result<Answer, NoAnswer> {
    let form: Form = page.form(field);
    visitor.attempt_post(page, &form, &[(field, value)], PATIENCE)
}

fn is_code(line: &str) -> bool {
    line.trim().len() == 6 && line.trim().bytes().all(|b| b.is_ascii_digit())
}

/// The mail server's folder, each file of which is read once.
struct Post {
    folder: PathBuf,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// How many files.
    read: usize,
    by_name: BTreeMap<String, Vec<Mail>>,
}

impl Post {
    fn of(folder: PathBuf) -> Self {
        Self { folder, known: Mutex::default() }
    }

    /// The newest mail of this kind to somebody, waited for: one whose sender died comes when another has taken it over.
    fn newest(&self, name: &str, kind: impl Fn(&Mail) -> bool) -> Option<Mail> {
        let end = Instant::now() + LONG;
        while Instant::now() < end {
            self.look();
            let known = self.known.lock().unwrap();
            let found = known.by_name.get(name).and_then(|mails| mails.iter().rev().find(|mail| kind(mail)).cloned());
            drop(known);
            if found.is_some() {
                return found;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        None
    }

    /// Reads what has come. The server numbers its files without a gap, so that nobody has to look through thousands of
    /// them for the next.
    fn look(&self) {
        let mut known = self.known.lock().unwrap();
        while let Ok(text) = std::fs::read(self.folder.join(format!("{:05}.json", known.read + 1))) {
            known.read += 1;
            let mail: Value = serde_json::from_slice(&text).unwrap();
            let field = |field: &str| mail[field].as_str().unwrap_or_default().to_owned();
            let to = field("to").split('@').next().unwrap_or_default().to_owned();
            let mail = Mail {
                to: field("to"),
                subject: field("subject"),
                text: field("text"),
                html: field("html"),
                raw: field("raw"),
            };
            known.by_name.entry(to).or_default().push(mail);
        }
    }
}
