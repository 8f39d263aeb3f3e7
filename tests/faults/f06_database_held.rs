//! F-06: another process holds the SQLite database for five seconds. Who wants to change something waits two seconds and is told to
//! come back; nobody else notices. That nobody does is seen without a clock's verdict on the machine: whoever has a session asks in
//! turn here and at a twin whose database nobody holds, so that whatever else the machine does is felt by both.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::{Database, Installation, Lock, Served, Visitor, exchange};

use crate::measure::{ms, quantile, secs, until};
use crate::people::{Ending, begin, is_unavailable, signs_in};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-06",
    what: "another process holds the SQLite database for 5 s (BEGIN IMMEDIATE)",
    promise: "a writer waits 2 s at most and gets 503, nothing is half saved; who has a session is served as fast as ever",
    run: story,
};

/// How long a writer may take to be told, at most: the two seconds, and what a busy machine takes.
const TOLD: Duration = Duration::from_secs(5);

/// How much longer the middle one of the requests to an application may take than before, in terms of the twin's.
const SLOWER: f64 = 1.2;

fn story(scale: Scale) -> Found {
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    let intranet = served.url("intranet", "/");
    let mut alice = served.proxied_visitor();
    alice.with_password(&served.gateway, "alice", &intranet);
    let mut bob = served.proxied_visitor();
    let page = bob.up_to_the_password("bob", &intranet);
    let form = page.form("password");
    let password = served.gateway.password("bob");
    let twin = Twin::new();
    let mut pair = Pair { here: (alice, intranet.clone()), there: twin.signed_in() };
    pair.asks_for(Duration::from_millis(500));
    let usually = pair.asks_for(scale.of(Duration::from_secs(2), Duration::from_secs(5)));

    // Unused for two minutes: that it is in use again is to be written down, and cannot be.
    installation.sql("UPDATE session SET last_seen_at = last_seen_at - 120000");
    let before = stored(&installation);
    let lock = Lock::on(&installation.path("doorward.db"));
    let (over, waits) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let mut meanwhile = Times::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| keep_trying(&served, &intranet, &over, &waits));
        }
        let mut trying = bob.clone();
        let sent = (page.clone(), form.clone(), password.clone());
        let signing_in = scope.spawn(move || {
            let asked = Instant::now();
            (trying.post_once(&sent.0, &sent.1, &[("password", &sent.2)]), asked.elapsed())
        });
        let ending = Ending(&over);
        meanwhile = pair.asks_for(Duration::from_secs(5));
        let (answer, waited) = signing_in.join().unwrap();
        is_unavailable(&answer);
        assert!(waited > Duration::from_millis(1500) && waited < TOLD, "{waited:?}");
        assert_eq!(exchange(served.gateway.metrics, "GET", "127.0.0.1", "/healthz", &[], b"").status, 200);
        drop(ending);
    });
    assert_eq!(stored(&installation), before, "nothing is half saved");
    drop(lock);

    // The same page, the same form, the same browser.
    let recovered = until("a sign-in", Duration::from_secs(10), || {
        let tried = bob.send(&page, &form, &[("password", &password)]);
        (tried.status(), tried.url.as_str()) == (200, intranet.as_str())
    });
    assert!(signs_in(&served, &intranet));
    assert_eq!(pair.here.0.get(&intranet).url, intranet, "nobody was signed out by it");
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));

    let waits = waits.into_inner().unwrap();
    let longest = quantile(&waits, 1.0);
    assert!(!waits.is_empty() && longest < TOLD, "{longest:?}");
    let quickest = waits.iter().min().copied().unwrap_or_default();
    let slowest = quantile(&meanwhile.here, 1.0);
    assert!(
        slowest < quickest,
        "a proxied request waited for a writer: {slowest:?}, and the writers {quickest:?} or longer"
    );
    let slower = meanwhile.against_the_twin() / usually.against_the_twin();
    assert!(slower <= SLOWER, "a proxied request takes {slower:.2} times as long as before");
    let (idle, held) = (quantile(&usually.here, 0.99), quantile(&meanwhile.here, 0.99));
    Found::Held(vec![
        ("writers refused", waits.len().to_string()),
        ("longest wait", secs(longest)),
        ("proxied requests in terms of a twin's", format!("{slower:.2} of what it was")),
        ("the slowest of them", ms(slowest)),
        (
            "their p99 (not judged: a p99 of seconds is mostly the machine)",
            format!("{} (before: {}, ratio {:.2})", ms(held), ms(idle), held.as_secs_f64() / idle.as_secs_f64()),
        ),
        ("recovered within", secs(recovered)),
    ])
}

/// Another gateway with a database of its own, which nobody holds.
struct Twin {
    _installation: Installation,
    served: Served,
}

/// Somebody with a session here, and somebody with one at the twin.
struct Pair {
    here: (Visitor, String),
    there: (Visitor, String),
}

/// How long requests took.
#[derive(Default)]
struct Times {
    here: Vec<Duration>,
    there: Vec<Duration>,
}

impl Twin {
    fn new() -> Self {
        let installation = Installation::with_users(Database::Sqlite);
        let served = installation.serve();
        Self { _installation: installation, served }
    }

    fn signed_in(&self) -> (Visitor, String) {
        let mut alice = self.served.proxied_visitor();
        let url = self.served.url("intranet", "/");
        alice.with_password(&self.served.gateway, "alice", &url);
        (alice, url)
    }
}

impl Pair {
    /// Both ask for pages for so long, in turn.
    fn asks_for(&mut self, time: Duration) -> Times {
        let (begun, mut times) = (Instant::now(), Times::default());
        while begun.elapsed() < time {
            times.here.push(served_in(&mut self.here));
            times.there.push(served_in(&mut self.there));
        }
        times
    }
}

impl Times {
    /// The middle of those here, in terms of the middle of the twin's.
    fn against_the_twin(&self) -> f64 {
        let [here, there] = [&self.here, &self.there].map(|times| quantile(times, 0.5).as_secs_f64());
        here / there
    }
}

/// How long it takes to be served a page; then a little pause.
fn served_in((visitor, url): &mut (Visitor, String)) -> Duration {
    let asked = Instant::now();
    let answer = visitor.once("GET", url, &[], None);
    let took = asked.elapsed();
    assert_eq!(answer.status, 200, "{}", answer.text());
    std::thread::sleep(Duration::from_millis(5));
    took
}

/// Begins to sign in again and again; each time it is refused in time.
fn keep_trying(served: &Served, url: &str, over: &AtomicBool, waits: &Mutex<Vec<Duration>>) {
    while !over.load(Ordering::SeqCst) {
        let asked = Instant::now();
        let answer = begin(served, url);
        is_unavailable(&answer);
        waits.lock().unwrap().push(asked.elapsed());
    }
}

/// What would show half a step.
fn stored(installation: &Installation) -> String {
    installation.sql(
        "SELECT (SELECT group_concat(id || step || nonce || expires_at || hex(data), ' ') FROM flow) \
         || (SELECT seq || hash FROM audit_head) || (SELECT COUNT(*) FROM session) || (SELECT COUNT(*) FROM one_time)",
    )
}
