//! F-13: the clock of a running gateway is set an hour back, or an hour ahead and back. Nothing that was used is good again,
//! nothing lives longer, time goes on, and when the clock is right again so is the gateway.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use doorward_tests::world::{Database, Installation, Ports, Served, Stage, Visitor, faketime, words};

use crate::measure::{logged, readiness, secs, until};
use crate::runner::{Fault, Found, Scale};
use crate::tickets::{Entered, Ticket, takes, ticket};

pub(crate) const FAULT: Fault = Fault {
    id: "F-13",
    what: "the clock of a running gateway is set -1 h, +1 h and back again",
    promise: "no used passcode is good again, nothing lives longer, no panic, timers go on; a gateway whose clock is \
              right again is ready within a minute; on SQLite and PostgreSQL",
    run: story,
};

const HOUR: i64 = 3600;

/// How long a hand-over ticket is good.
const TICKET: Duration = Duration::from_secs(30);

/// A gateway whose clock is moved while it runs.
struct Moved {
    installation: Installation,
    served: Served,
    clock: PathBuf,
}

impl Moved {
    fn on(database: Database) -> Self {
        let installation = Installation::with_users(database);
        let clock = installation.write("clock", "+0\n");
        let library = faketime();
        let served = installation.begin_with(
            Ports::free(),
            &[
                ("LD_PRELOAD", library.to_str().unwrap()),
                ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
                ("FAKETIME_NO_CACHE", "1"),
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ],
        );
        served.gateway.wait_ready();
        Self { installation, served, clock }
    }

    /// Sets its clock so far off.
    fn step(&self, seconds: i64) {
        let new = self.installation.write("clock.new", &format!("{seconds:+}\n"));
        std::fs::rename(new, &self.clock).unwrap();
    }

    fn drift(&self) -> f64 {
        self.served.gateway.metric("doorward_clock_drift_seconds")
    }
}

fn story(scale: Scale) -> Found {
    let [sqlite, postgres] = std::thread::scope(|scope| {
        [Database::Sqlite, Database::Postgres]
            .map(|database| scope.spawn(move || steps(database, scale)))
            .map(|steps| steps.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let of = |tried: &Tried| format!("{} of {}", tried.revived, tried.times);
    Found::Held(vec![
        ("good again (SQLite)", of(&sqlite)),
        ("good again (PostgreSQL)", of(&postgres)),
        ("ready after +1 h and back (SQLite)", secs(sqlite.ready)),
    ])
}

fn steps(database: Database, scale: Scale) -> Tried {
    let moved = Moved::on(database);
    let (served, wiki) = (&moved.served, moved.served.url("wiki", "/"));
    let mut alice = served.proxied_visitor();
    let page = alice.ask_for_code(&served.gateway, "alice", &wiki);
    let page = alice.type_code(&page, &served.gateway.mail_to("alice@example.test").code());
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    let page = alice.press(&page, "continue");
    let used = phone.passcode();
    let page = alice.type_passcode(&page, &used);
    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());
    let mut tried = Tried::default();
    let spent = ticket(&alice, "wiki").expect("a ticket");
    assert_eq!(spent.enter(served.ports.http).0, Entered::Yes);

    // Most of a ticket's time is over already when the clock is set back, and the rest goes by nevertheless.
    let waiting = ticket(&alice, "wiki").expect("a ticket");
    let made = Instant::now();
    let gone = scale.of(Duration::from_secs(25), Duration::ZERO);
    moved.installation.sql(&format!("UPDATE one_time SET expires_at = expires_at - {}", gone.as_millis()));
    let asked = asked_for_a_passcode(&moved);
    moved.step(-HOUR);
    tried.passcodes(&moved, &asked, &[used.clone(), phone.passcode_at("now - 1 hour")]);
    tried.ticket(&moved, &spent);
    assert_eq!(alice.get(&wiki).url, wiki, "nobody is signed out by it");
    until("the drift", Duration::from_secs(10), || (moved.drift() + HOUR as f64).abs() < 5.0);
    assert_eq!(readiness(&served.gateway, "clock"), (503, "apart".to_owned()));
    assert!(logged(&served.gateway, &["more than 5 s apart"]));
    std::thread::sleep((TICKET + Duration::from_secs(1)).saturating_sub(gone + made.elapsed()));
    tried.ticket(&moved, &waiting);
    // Those that wait for time to pass go on: what has expired is swept away.
    let left = || moved.installation.sql("SELECT COUNT(*) FROM one_time WHERE purpose = 'ticket'").trim().to_owned();
    until("the sweep", Duration::from_secs(30), || left() == "0");

    moved.step(0);
    until("the drift's end", Duration::from_secs(10), || moved.drift().abs() < 5.0);
    assert_eq!(readiness(&served.gateway, "clock"), (200, "ok".to_owned()));
    tried.passcodes(&moved, &asked, std::slice::from_ref(&used));

    // Ahead, and back: SQLite's time is this clock's and was an hour ahead; sessions that ended by that stay so.
    moved.step(HOUR);
    let kept = database == Database::Postgres;
    until("the drift", Duration::from_secs(10), || kept == ((moved.drift() - HOUR as f64).abs() < 5.0));
    std::thread::sleep(SESSIONS_REMEMBERED);
    assert_eq!(alice.get(&wiki).url == wiki, kept, "half an hour without a request ends a session");
    tried.ticket(&moved, &spent);
    moved.step(0);
    let apart = if kept { 0.0 } else { -(HOUR as f64) };
    until("the drift", Duration::from_secs(10), || (moved.drift() - apart).abs() < 5.0);
    assert_eq!(readiness(&served.gateway, "clock").0 == 200, kept);
    assert_eq!(alice.get(&wiki).url == wiki, kept, "no session comes back");
    tried.ready = until("readiness", Duration::from_secs(60), || readiness(&served.gateway, "clock").0 == 200);
    until("the drift's end", Duration::from_secs(10), || moved.drift().abs() < 5.0);
    assert_eq!(kept, !logged(&served.gateway, &["this machine's clock was ahead and is right again"]));
    assert_eq!(alice.get(&wiki).url == wiki, kept, "nor does it with the right time");
    tried.ticket(&moved, &spent);
    tried.ticket(&moved, &waiting);
    let mut asked = asked_for_a_passcode(&moved);
    tried.passcodes(&moved, &asked, std::slice::from_ref(&used));
    until("a fresh passcode", Duration::from_secs(40), || phone.passcode() != used);
    let page = asked.get(&served.url("login", "/signin/step"));
    let page = asked.type_passcode(&page, &phone.passcode());
    assert_eq!((page.status(), page.url.as_str()), (200, wiki.as_str()), "{}", page.words());

    let verified = moved.installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", words(&verified));
    assert_eq!(tried.revived, 0, "{database:?}");
    tried
}

/// How long a decision about a session may be remembered, and a little more.
const SESSIONS_REMEMBERED: Duration = Duration::from_millis(1200);

/// Another browser of alice's, in which she has typed her password.
fn asked_for_a_passcode(moved: &Moved) -> Visitor {
    let (served, mut alice) = (&moved.served, moved.served.proxied_visitor());
    alice.sign_in(&served.gateway, "alice", &served.url("wiki", "/")).is_at(Stage::Passcode);
    alice
}

/// What must not be good, and how often it was.
#[derive(Default)]
struct Tried {
    times: usize,
    revived: usize,
    /// How long it took until the gateway was ready again.
    ready: Duration,
}

impl Tried {
    fn ticket(&mut self, moved: &Moved, ticket: &Ticket) {
        self.times += 1;
        self.revived += usize::from(ticket.enter(moved.served.ports.http).0 == Entered::Yes);
    }

    fn passcodes(&mut self, moved: &Moved, asked: &Visitor, passcodes: &[String]) {
        for passcode in passcodes {
            self.times += 1;
            self.revived += usize::from(takes(asked, &moved.served, passcode));
        }
    }
}
