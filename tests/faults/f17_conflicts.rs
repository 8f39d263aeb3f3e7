//! F-17: PostgreSQL breaks a change off because another one stands in its way. A change is conditional and whole, so it is tried
//! again, four times at most; nobody notices a conflict that is short.

use std::time::{Duration, Instant};

use doorward_tests::world::{Database, Installation, Page, PostgresClient, Served, Visitor};

use crate::measure::{ms, quantile, until};
use crate::people::{is_unavailable, signs_in, somebody};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-17",
    what: "deadlocks (40P01) with a client that takes the same rows in the opposite order; serialisation failures (40001)",
    promise: "what was broken off is tried again, four times at most; nobody sees a short conflict, and a lasting one is 503",
    run: story,
};

/// Deadlocks are looked for sooner than after the second that is usual, so that what a busy machine takes besides is no matter.
const SOON: &str =
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''300ms''', current_database()); END $$";

/// Comes to its end as soon as some other transaction waits for a row.
const SOMEBODY_WAITS: &str = "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.005); END LOOP; END $$";

fn story(scale: Scale) -> Found {
    let installation = Installation::with_users(Database::Postgres);
    installation.sql(SOON);
    let served = installation.serve();
    let rounds = scale.of(2, 20);
    let took: Vec<Duration> = (0..rounds).map(|_| through_a_deadlock(&installation, &served)).collect();
    let broken = || number(&installation, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    until("the count of deadlocks", Duration::from_secs(20), || broken() >= rounds);

    let sign_ins = scale.of(5, 100);
    let retried = through_serialisation_failures(&installation, &served, sign_ins);
    let tries = a_lasting_conflict(&installation, &served);
    let verified = installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    Found::Held(vec![
        ("user-visible errors", "0".to_owned()),
        ("deadlocks", rounds.to_string()),
        ("longest answer over one", ms(quantile(&took, 1.0))),
        ("serialisation failures", retried.to_string()),
        ("tries of a lasting one", tries.to_string()),
    ])
}

fn number(installation: &Installation, sql: &str) -> usize {
    let answer = installation.sql(sql);
    answer.trim().parse().unwrap_or_else(|_| panic!("{sql}: {answer}"))
}

/// alice at her password: the page with its form, in her browser.
fn at_the_password(served: &Served) -> (Visitor, Page) {
    let mut alice = somebody(served);
    let page = alice.up_to_the_password("alice", &served.url("intranet", "/"));
    (alice, page)
}

/// A sign-in takes its flow's row and then the chain's head; the other client the head, and then the flow's row.
fn through_a_deadlock(installation: &Installation, served: &Served) -> Duration {
    let (mut alice, page) = at_the_password(served);
    let mut other = PostgresClient::of(&installation.store);
    // Whoever began to wait first looks for a deadlock first, and gives up: the gateway.
    other.run("SET deadlock_timeout = '60s'");
    other.run("BEGIN");
    other.run("UPDATE audit_head SET seq = seq");
    let password = served.gateway.password("alice");
    let signing_in = std::thread::spawn(move || {
        let asked = Instant::now();
        (alice.submit(&page, "password", &[("password", &password)]), asked.elapsed())
    });
    other.run(SOMEBODY_WAITS);
    other.run("UPDATE flow SET step = step");
    other.run("COMMIT");
    let (page, took) = signing_in.join().unwrap();
    assert_eq!((page.status(), page.url), (200, served.url("intranet", "/")));
    took
}

/// Of each three tries to append a record the first two fail.
fn through_serialisation_failures(installation: &Installation, served: &Served, sign_ins: usize) -> usize {
    conflicts(installation, "nextval('conflicts') % 3 <> 0");
    let started = "SELECT COUNT(*) FROM audit_record WHERE record LIKE '%\"event\":\"SESSION_STARTED\"%'";
    let before = number(installation, started);
    for _ in 0..sign_ins {
        assert!(signs_in(served, &served.url("intranet", "/")));
    }
    assert_eq!(number(installation, started) - before, sign_ins, "each is done once, however often it was tried");
    let tries = number(installation, "SELECT last_value FROM conflicts");
    assert!(tries >= 3 * sign_ins);
    tries / 3 * 2
}

/// How often a change is tried that never succeeds.
fn a_lasting_conflict(installation: &Installation, served: &Served) -> usize {
    let (mut alice, page) = at_the_password(served);
    conflicts(installation, "nextval('conflicts') > 0");
    let asked = Instant::now();
    let form = page.form("password");
    let answer = alice.post_once(&page, &form, &[("password", &served.gateway.password("alice"))]);
    is_unavailable(&answer);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let tries = number(installation, "SELECT last_value FROM conflicts");
    assert_eq!(tries, 4);
    installation.sql("DROP TRIGGER conflict ON audit_head");
    let page = alice.send(&page, &form, &[("password", &served.gateway.password("alice"))]);
    assert_eq!((page.status(), page.url), (200, served.url("intranet", "/")));
    tries
}

/// From now on a record cannot be appended when this holds.
fn conflicts(installation: &Installation, when: &str) {
    installation.sql(&format!(
        "DROP TRIGGER IF EXISTS conflict ON audit_head; DROP SEQUENCE IF EXISTS conflicts; CREATE SEQUENCE conflicts; \
         CREATE OR REPLACE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF {when} THEN RAISE 'could not serialize access' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER conflict BEFORE UPDATE OF seq ON audit_head FOR EACH ROW EXECUTE FUNCTION conflict()"
    ));
}
