//! F-12: replicas whose own clocks are a minute and a half ahead and behind. What expires, expires by the database's clock; a
//! replica whose clock is wrong says so.

use std::time::{Duration, Instant};

use doorward_tests::world::{Database, Installation, Ports, Served, Stage, exchange, faketime};

use crate::measure::{logged, readiness, until};
use crate::runner::{Fault, Found, Scale};
use crate::tickets::{Entered, takes, ticket};

pub(crate) const FAULT: Fault = Fault {
    id: "F-12",
    what: "one replica's clock is 90 s ahead, another's 90 s behind, a third's 8 s ahead",
    promise: "expiry is by the store's clock, a passcode of another time is refused everywhere; a clock that is more than 5 s \
              off raises an alert, more than 30 s makes that replica not ready",
    run: story,
};

/// How long a hand-over ticket is good.
const TICKET: Duration = Duration::from_secs(30);

fn story(scale: Scale) -> Found {
    let installation = Installation::with_users(Database::Postgres);
    let right = installation.serve();
    let [ahead, behind, off] = ["+90s", "-90s", "+8s"].map(|spec| apart(&installation, spec));
    let drift = |replica: &Served| replica.gateway.metric("doorward_clock_drift_seconds");
    let mut not_ready = 0;
    for (replica, seconds, clock) in
        [(&right, 0.0, "ok"), (&ahead, 90.0, "apart"), (&behind, -90.0, "apart"), (&off, 8.0, "ok")]
    {
        until("the drift, as it is", Duration::from_secs(10), || (drift(replica) - seconds).abs() < 1.5);
        let (status, said) = readiness(&replica.gateway, "clock");
        assert_eq!((status == 200, said.as_str()), (clock == "ok", clock), "{seconds}");
        not_ready += usize::from(status != 200);
        let alert = logged(&replica.gateway, &["more than 5 s apart"]);
        assert_eq!(alert, seconds != 0.0, "{seconds}");
        assert_eq!(exchange(replica.gateway.metrics, "GET", "127.0.0.1", "/healthz", &[], b"").status, 200);
    }

    // Each step at another replica, however wrong its own clock is: code, flow, passcode, ticket and session are good there.
    let mut alice = right.proxied_visitor();
    let page = alice.ask_for_code(&right.gateway, "alice", &right.url("wiki", "/"));
    alice.connect_to(ahead.ports.http);
    let page = alice.type_code(&page, &right.gateway.mail_to("alice@example.test").code());
    alice.connect_to(behind.ports.http);
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    alice.press(&page, "continue").is_at(Stage::Passcode);

    // Passcodes that are right by the clocks of those replicas, and wrong by the store's.
    let mut wrong_accepts = 0;
    for (replica, when) in [(&ahead, "now + 90 seconds"), (&behind, "now - 90 seconds")] {
        wrong_accepts += usize::from(takes(&alice, replica, &phone.passcode_at(when)));
    }
    let passcode = phone.passcode();
    alice.connect_to(ahead.ports.http);
    let page = alice.get(&right.url("login", "/signin/step"));
    let page = alice.type_passcode(&page, &passcode);
    assert_eq!((page.status(), page.stage()), (200, Stage::Other), "{}", page.words());
    for replica in [&right, &ahead, &behind, &off] {
        alice.connect_to(replica.ports.http);
        assert_eq!(alice.get(&right.url("wiki", "/")).status(), 200, "a session is good at all");
    }

    // A ticket of one is good at the other as long as it is good, and no longer: half a minute, by the store.
    alice.connect_to(behind.ports.http);
    let fresh = ticket(&alice, "wiki").expect("a ticket");
    assert_eq!(fresh.enter(ahead.ports.http).0, Entered::Yes, "90 s ahead, a new ticket is new");
    let old = ticket(&alice, "wiki").expect("a ticket");
    let made = Instant::now();
    match scale {
        Scale::Full => std::thread::sleep(TICKET + Duration::from_secs(1)),
        // The same as seen from the ticket.
        Scale::Short => drop(installation.sql(&format!(
            "UPDATE one_time SET expires_at = expires_at - {}",
            (TICKET + Duration::from_secs(1)).as_millis()
        ))),
    }
    wrong_accepts += usize::from(old.enter(behind.ports.http).0 == Entered::Yes);
    assert_eq!(wrong_accepts, 0, "90 s behind, an old ticket is old ({:?})", made.elapsed());
    Found::Held(vec![
        ("wrong accepts", wrong_accepts.to_string()),
        ("drift seen", format!("{:+.1} s, {:+.1} s, {:+.1} s", drift(&ahead), drift(&behind), drift(&off))),
        ("not ready", format!("{not_ready} of 4")),
    ])
}

/// A replica with a clock of its own.
fn apart(installation: &Installation, spec: &str) -> Served {
    let library = faketime();
    let replica = installation.begin_with(
        Ports::free(),
        &[("LD_PRELOAD", library.to_str().unwrap()), ("FAKETIME", spec), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")],
    );
    until("an answer", Duration::from_secs(30), || {
        std::net::TcpStream::connect(("127.0.0.1", replica.ports.http)).is_ok()
            && std::net::TcpStream::connect(("127.0.0.1", replica.ports.metrics)).is_ok()
    });
    replica
}
