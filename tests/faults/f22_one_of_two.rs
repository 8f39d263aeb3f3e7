//! F-22: one of two upstreams goes down, or answers nothing but 500. It is left out after three failures at most, hardly anybody
//! notices, and it is used again when it is well.

use std::net::TcpListener;
use std::time::Duration;

use doorward_tests::world::{Asker, Connection, Installation, Load, MortalOrigin, Scripted, Served, free_port, site};

use crate::measure::{secs, until};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-22",
    what: "one of two upstreams is killed under load; or answers 500 to everything",
    promise: "it is left out after at most 3 failures or 5 s, at most 3 requests fail, and it is used again after a check of its health",
    run: story,
};

const POLICIES: &str = r#"@id("open") permit (principal, action, resource);"#;
/// How often the health of upstreams is looked at.
const CHECKS: Duration = Duration::from_secs(5);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(5);

fn story(scale: Scale) -> Found {
    // Each waits for pauses most of the time.
    std::thread::scope(|scope| {
        let killed = scope.spawn(|| killed(scale.of(Duration::from_secs(1), Duration::from_secs(15))));
        let figures = failing();
        Found::Held([figures, killed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))].concat())
    })
}

/// Two upstreams at these ports, `checked` for their health or known by their answers alone.
fn two(ports: [u16; 2], checked: bool) -> Installation {
    let health_path = if checked { "health_path = \"/healthz\"" } else { "" };
    let mut installation = site(POLICIES, &[("pair", ports[0], health_path)], &[]);
    let [one, other] = ports.map(|port| format!("\"http://127.0.0.1:{port}\""));
    installation.instead.push((format!("upstream = {one}"), format!("upstream = [{one}, {other}]")));
    installation
}

fn healthy(served: &Served, port: u16) -> bool {
    let series = format!("doorward_upstream_healthy{{app=\"pair\",upstream=\"127.0.0.1:{port}\"}}");
    served.gateway.metric(&series) == 1.0
}

/// Without checks: its own answers are all that is known.
fn failing() -> Vec<(&'static str, String)> {
    let (good, bad) = (Scripted::start(), Scripted::start());
    let installation = two([good.port, bad.port], false);
    let served = installation.serve();
    until("both get requests", SLACK, || healthy(&served, good.port) && healthy(&served, bad.port));
    let mut connection = Connection::open(served.ports.http, "pair.example.test").unwrap();
    let mut ask = |times: usize| {
        let statuses = (0..times).map(|nth| connection.get(&format!("/{nth}"), "").unwrap().status);
        statuses.filter(|status| *status != 200).count()
    };
    assert_eq!(ask(40), 0);
    assert_eq!((good.reached(), bad.reached()), (20, 20), "each has its turn");

    bad.fail(true);
    let failed = ask(40);
    assert_eq!(failed, 3, "of 40 requests to a pair of which one fails always");
    assert_eq!(bad.reached(), 23);
    until("the failing one is told of", SLACK, || !healthy(&served, bad.port) && healthy(&served, good.port));

    bad.fail(false);
    let reached = bad.reached();
    let back = until("it gets requests again", CHECKS + SLACK, || {
        assert_eq!(ask(4), 0);
        bad.reached() > reached + 4
    });
    assert!(healthy(&served, good.port));

    // Both fail: a bad answer is better than none, so that they are asked all the same.
    good.fail(true);
    bad.fail(true);
    let reached = good.reached() + bad.reached();
    assert_eq!(ask(20), 20);
    assert_eq!(good.reached() + bad.reached(), reached + 20);
    vec![("failed when one answers 500", format!("{failed} of 40")), ("asked again after", secs(back))]
}

/// With checks, under load.
fn killed(load_for: Duration) -> Vec<(&'static str, String)> {
    let (good, mut mortal) = (Scripted::start(), MortalOrigin::start(free_port()));
    let installation = two([good.port, mortal.port], true);
    let served = installation.serve();
    until("both get requests", CHECKS + SLACK, || healthy(&served, good.port) && healthy(&served, mortal.port));
    let load = Load::start(Asker::plain(served.ports.http, "pair.example.test").times(6));
    until("the mortal one gets requests", SLACK, || mortal.answered() > 50);
    mortal.kill();
    let out = until("it is left out", CHECKS + SLACK, || !healthy(&served, mortal.port));
    std::thread::sleep(load_for);
    // Nobody is there: it stays out, however often it is checked.
    assert!(TcpListener::bind(("127.0.0.1", mortal.port)).is_ok() && !healthy(&served, mortal.port));
    let (port, mortal) = (mortal.port, MortalOrigin::start(mortal.port));
    let back = until("it is used again", CHECKS + SLACK, || healthy(&served, port) && mortal.answered() > 10);
    let tally = load.stop();
    assert!(tally.lost.len() <= 3, "{} requests failed, of {}: {:?}", tally.lost.len(), tally.sent, tally.lost);
    vec![
        ("left out when killed after", secs(out)),
        ("requests that failed then", format!("{} of {}", tally.lost.len(), tally.sent)),
        ("used again after", secs(back)),
    ]
}
