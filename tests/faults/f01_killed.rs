//! F-01: `kill -9` at any moment while people sign in and out, type wrong codes and enrol. Each of them keeps a journal of what they
//! were answered; after the restart all of it is there, and what nobody heard of is there whole or not at all.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::{Database, Installation, Page, Phone, Served, Stage, Visitor, exchange, wrong};

use crate::measure::{ms, quantile, until};
use crate::people::{Ending, somebody};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-01",
    what: "kill -9 of the gateway on SQLite while people sign in and out, type codes and enrol",
    promise: "whatever was acknowledged is there after the restart, all else is there whole or not at all, and the audit chain verifies",
    run: story,
};

/// How many enrol at the same time.
const ENROLLING: usize = 2;

fn story(scale: Scale) -> Found {
    let rounds = scale.of(5, 200);
    let installation = Installation::with_users(Database::Sqlite);
    let names: Vec<String> = (0..rounds * ENROLLING + ENROLLING).map(|nth| format!("enrolling{nth}")).collect();
    installation.add_users_like("alice", &names);
    let mut served = installation.serve();
    let mut waiting = names.into_iter();
    let mut enrolling: Vec<Enrolling> =
        waiting.by_ref().take(ENROLLING).map(|name| Enrolling::new(&served, name)).collect();
    let mut journal = Journal::default();
    let (mut readied, mut stages) = (Vec::new(), 0);

    for round in 0..rounds {
        let (over, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
        let (mut signed, mut seen) = (Journal::default(), 0);
        std::thread::scope(|scope| {
            let ending = Ending(&over);
            let signing = scope.spawn(|| sign_in_and_out(&served, &over, &answers));
            let enrolled: Vec<_> =
                enrolling.iter_mut().map(|one| scope.spawn(|| one.go_on(&served, &over, &answers))).collect();
            // However busy the machine is, something was acknowledged, and more is under way.
            until("people who get somewhere", Duration::from_secs(60), || answers.load(Ordering::SeqCst) >= 2);
            std::thread::sleep(moment(round));
            served.gateway.signal("KILL");
            drop(ending);
            signed = signing.join().unwrap();
            seen = enrolled.into_iter().map(|one| one.join().unwrap()).sum::<usize>();
        });
        stages += seen;
        served.gateway.kill();

        let begun = Instant::now();
        served = installation.begin(served.ports);
        served.gateway.wait_ready();
        readied.push(begun.elapsed());

        assert_eq!(installation.sql("PRAGMA integrity_check").trim(), "ok", "round {round}");
        signed.holds(&served, usize::MAX);
        journal.holds(&served, 5);
        journal.take(signed);
        enrolling.iter_mut().for_each(|one| one.holds(&served, &installation));
        nothing_is_half_saved(&installation);
        for one in enrolling.iter_mut().filter(|one| one.acknowledged == Stage::Other) {
            journal.live.push(("wiki", one.visitor.cookie("wiki.example.test", "__Host-doorward_app")));
            *one = Enrolling::new(&served, waiting.next().unwrap());
        }
    }
    journal.holds(&served, usize::MAX);
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    let sessions = journal.live.len() + journal.ended.len();
    assert!(sessions > rounds && stages > rounds, "{sessions} sessions, {stages} steps: hardly anything was under way");
    Found::Held(vec![
        ("lost", format!("0 of {} acknowledgements", sessions + stages)),
        ("integrity_check ok", format!("{rounds} of {rounds}")),
        ("bad links of the audit chain", "0".to_owned()),
        ("ready p50", ms(quantile(&readied, 0.5))),
        ("ready max", ms(quantile(&readied, 1.0))),
    ])
}

/// When the gateway is killed after that: another moment in each round, spread over most of a second.
fn moment(round: usize) -> Duration {
    Duration::from_millis((round as u64).wrapping_mul(373) % 850)
}

/// Sessions whose beginning or end was acknowledged: application and cookie.
#[derive(Default)]
struct Journal {
    live: Vec<(&'static str, String)>,
    ended: Vec<(&'static str, String)>,
}

impl Journal {
    /// All of it is so, as far as the newest `most` of each kind are looked at.
    fn holds(&self, served: &Served, most: usize) {
        for (sessions, status) in [(&self.live, 200), (&self.ended, 303)] {
            for (app, cookie) in sessions.iter().rev().take(most) {
                let cookie = format!("__Host-doorward_app={cookie}");
                let headers = [("Accept", "text/html"), ("X-Forwarded-Proto", "https"), ("Cookie", &cookie)];
                let answer = exchange(served.ports.http, "GET", &format!("{app}.example.test"), "/", &headers, b"");
                assert_eq!(
                    answer.status,
                    status,
                    "a session that was acknowledged as {status} is not: {}",
                    answer.text()
                );
            }
        }
    }

    fn take(&mut self, newer: Self) {
        self.live.extend(newer.live);
        self.ended.extend(newer.ended);
    }
}

/// One after the other signs in, and every other one out again, until the gateway is gone.
fn sign_in_and_out(served: &Served, over: &AtomicBool, answers: &AtomicUsize) -> Journal {
    let mut journal = Journal::default();
    while !over.load(Ordering::SeqCst) {
        let mut visitor = somebody(served);
        if try_to_sign_in(&mut visitor, served).is_err() {
            break;
        }
        answers.fetch_add(1, Ordering::SeqCst);
        let cookie = visitor.cookie("intranet.example.test", "__Host-doorward_app");
        if journal.live.len() <= journal.ended.len() {
            journal.live.push(("intranet", cookie));
            continue;
        }
        // Unless it is answered, nobody knows whether it has ended.
        let Ok(page) = visitor.try_get(&served.url("login", "/")) else { break };
        if !page.html().contains("</html>") {
            break;
        }
        match visitor.try_post(&page, &page.form_to("/signout"), &[]) {
            Ok(answer) if answer.status == 303 => journal.ended.push(("intranet", cookie)),
            Ok(answer) => panic!("{}: {}", answer.status, answer.text()),
            Err(_) => break,
        }
    }
    journal
}

fn try_to_sign_in(visitor: &mut Visitor, served: &Served) -> Result<(), String> {
    let intranet = served.url("intranet", "/");
    let page = visitor.try_get(&intranet)?;
    let page = visitor.try_send(&page, &whole(&page, "username")?, &[("username", "alice")])?;
    let password = served.gateway.password("alice");
    let page = visitor.try_send(&page, &whole(&page, "password")?, &[("password", &password)])?;
    match (page.status(), page.url == intranet) {
        (200, true) => Ok(()),
        _ => Err(format!("no longer, or not yet: {}", page.words())),
    }
}

/// The form of a page of which all has arrived.
fn whole(page: &Page, field: &str) -> Result<doorward_tests::world::Form, String> {
    if !page.html().contains("</html>") {
        return Err("the page broke off".to_owned());
    }
    Ok(page.form(field))
}

/// Somebody on the way through the wizard, over any number of kills.
struct Enrolling {
    name: String,
    visitor: Visitor,
    /// The page that was answered last.
    acknowledged: Stage,
    /// Something was sent to which there was no answer.
    unclear: bool,
    /// Codes that were sent, and those that were answered.
    typed: usize,
    counted: usize,
    code: Option<String>,
    phone: Option<Phone>,
    passcodes: Vec<String>,
}

/// The wizard's pages in order.
const ORDER: [Stage; 9] = [
    Stage::Name,
    Stage::Password,
    Stage::Offer,
    Stage::Code,
    Stage::Kind,
    Stage::Device,
    Stage::Secret,
    Stage::Passcode,
    Stage::Other,
];

fn rank(stage: Stage) -> usize {
    ORDER.iter().position(|one| *one == stage).unwrap()
}

impl Enrolling {
    fn new(served: &Served, name: String) -> Self {
        Self {
            name,
            visitor: somebody(served),
            acknowledged: Stage::Name,
            unclear: false,
            typed: 0,
            counted: 0,
            code: None,
            phone: None,
            passcodes: Vec::new(),
        }
    }

    /// Until the gateway is gone, or the token is there. How many steps were acknowledged.
    fn go_on(&mut self, served: &Served, over: &AtomicBool, answers: &AtomicUsize) -> usize {
        let mut steps = 0;
        let Ok(mut page) = self.visitor.try_get(&served.url("wiki", "/")) else { return 0 };
        while self.acknowledged != Stage::Other && !over.load(Ordering::SeqCst) {
            match self.step(served, &page) {
                Ok(Some(next)) => {
                    (steps, page) = (steps + 1, next);
                    answers.fetch_add(1, Ordering::SeqCst);
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(_) => break,
            }
        }
        steps
    }

    /// The next step; nothing where its mail has not come yet.
    fn step(&mut self, served: &Served, page: &Page) -> Result<Option<Page>, String> {
        let stage = page.stage();
        let fill = match stage {
            Stage::Name => ("username", self.name.clone()),
            Stage::Password => ("password", served.gateway.password(&self.name)),
            Stage::Offer => ("add_authenticator", String::new()),
            Stage::Code => match self.code_to_type(served) {
                Some(code) => ("verification_code", code),
                None => return Ok(None),
            },
            Stage::Kind => ("target", "mobile".to_owned()),
            Stage::Device => ("target", "ios".to_owned()),
            Stage::Secret => {
                let phone = page.phone();
                let first = self.phone.get_or_insert_with(|| phone.clone());
                assert_eq!(first.secret, phone.secret, "the secret never changes");
                ("continue", String::new())
            }
            Stage::Passcode => {
                let phone = self.phone.clone().expect("the secret was seen before");
                let Some(code) = self.fresh_passcode(&phone) else { return Ok(None) };
                ("otp", code)
            }
            Stage::Other => panic!("a dead end: {}", page.words()),
        };
        let form = whole(page, fill.0)?;
        self.unclear = true;
        self.typed += usize::from(stage == Stage::Code);
        let next = self.visitor.try_send(page, &form, &[(fill.0, &fill.1)])?;
        if next.status() != 200 || (next.url.starts_with("https://login") && !next.html().contains("</html>")) {
            return Err(format!("it broke off, or is about to: {}", next.words()));
        }
        self.counted += usize::from(stage == Stage::Code);
        (self.acknowledged, self.unclear) = (next.stage(), false);
        Ok(Some(next))
    }

    /// One that is wrong, and then the one of the mail.
    fn code_to_type(&mut self, served: &Served) -> Option<String> {
        if self.code.is_none() {
            let address = format!("{}@example.test", self.name);
            self.code = Some(served.gateway.mails().into_iter().find(|mail| mail.to == address)?.code());
        }
        let code = self.code.clone()?;
        Some(if self.typed == 0 { wrong(&code, 1) } else { code })
    }

    /// One of this time step or, since that is accepted too, of the next: none twice, as one that nobody heard of may be used.
    fn fresh_passcode(&mut self, phone: &Phone) -> Option<String> {
        let code = phone.passcode_beside(&self.passcodes)?;
        self.passcodes.push(code.clone());
        Some(code)
    }

    /// After the restart the wizard stands where it was acknowledged to stand, or, if a form was under way, one step on.
    fn holds(&mut self, served: &Served, installation: &Installation) {
        let mut page = self.visitor.get(&served.url("wiki", "/"));
        // A new cookie that nobody heard of: the browser signs in anew, and joins what was begun.
        if page.stage() == Stage::Name && self.acknowledged != Stage::Name {
            assert!(self.unclear, "{} was signed out", self.name);
            page = self.visitor.submit(&page, "username", &[("username", &self.name)]);
            page = self.visitor.submit(&page, "password", &[("password", &served.gateway.password(&self.name))]);
        }
        let (then, now) = (rank(self.acknowledged), rank(page.stage()));
        let most = then + usize::from(self.unclear);
        assert!(
            (then..=most.max(rank(Stage::Offer))).contains(&now),
            "{}: from {then} to {now}: {}",
            self.name,
            page.words()
        );
        let number = |sql: &str| installation.sql(sql).trim().parse::<usize>().unwrap();
        let counted = number(&format!(
            "SELECT COALESCE(SUM(counted), 0) FROM meter WHERE scope = 'code_tries_day' AND subject = 'id-{}'",
            self.name
        ));
        assert!(
            (self.counted..=self.typed).contains(&counted),
            "{}: {counted} of {} to {}",
            self.name,
            self.counted,
            self.typed
        );
        (self.acknowledged, self.unclear) = (page.stage(), false);
    }
}

/// Each change is there with its record, or neither is.
fn nothing_is_half_saved(installation: &Installation) {
    let recorded =
        |event: &str| format!("(SELECT COUNT(*) FROM audit_record WHERE record LIKE '%\"event\":\"{event}\"%')");
    let pairs = [
        ("tokens", "(SELECT COUNT(*) FROM credential)".to_owned(), recorded("TOKEN_ASSIGNED")),
        (
            "active tokens",
            "(SELECT COUNT(*) FROM credential WHERE state = 'active')".to_owned(),
            recorded("TOKEN_ACTIVATED"),
        ),
        (
            "sessions",
            "(SELECT COUNT(*) FROM session WHERE portal IS NULL)".to_owned(),
            format!("{} - {}", recorded("SESSION_STARTED"), recorded("SESSION_ENDED")),
        ),
        ("records", "(SELECT COUNT(*) FROM audit_record)".to_owned(), "(SELECT seq FROM audit_head)".to_owned()),
    ];
    for (what, there, told) in pairs {
        let answer = installation.sql(&format!("SELECT {there} || ' ' || ({told})"));
        let (there, told) = answer.trim().split_once(' ').unwrap();
        assert_eq!(there, told, "{what} there and told of");
    }
}
