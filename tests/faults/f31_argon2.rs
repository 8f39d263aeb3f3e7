//! F-31: two hundred people sign in at the same moment, and each of their passwords takes a core for a while. As many are checked
//! at once as there are cores, a few wait, the others are told to come back; and whoever has signed in long ago notices nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::process::peak;
use doorward_tests::world::{Answer, Connection, Database, Installation, Page, Served, Visitor};

use crate::measure::{ms, quantile, secs};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-31",
    what: "200 sign-ins at once, each with an Argon2 hash of 19 MiB",
    promise: "no more hashes at once than cores, on threads that give way to all others and keep no more memory than that; whoever finds the queue full gets 503 \
              with Retry-After and gets in later; the 99th percentile of proxied requests is at most twice what it is in quiet, or 40 ms",
    run: story,
};

/// The least that is worth a comparison: below it the machine's own unrest is all there is to see.
const FLOOR: Duration = Duration::from_millis(20);

/// Connections that ask for a page of everybody all the time.
const READERS: usize = 4;

fn story(scale: Scale) -> Found {
    let people: usize = scale.of(120, 200);
    let installation = Installation::with_users(Database::Sqlite);
    let served = installation.serve();
    installation.sql(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {people}) \
         INSERT INTO user_account (virtual_server, id, name, folded_name, display_name, password_hash, disabled, created_at) \
         SELECT virtual_server, 'p' || i, 'p' || i, 'p' || i, '', password_hash, FALSE, 0 FROM n, user_account \
         WHERE name = 'alice'"
    ));
    let ready: Vec<(Visitor, Page)> = (1..=people).map(|nth| at_the_password(&served, nth)).collect();

    let quiet = read_while(&served, || std::thread::sleep(scale.of(Duration::from_secs(3), Duration::from_secs(10))));
    let memory = peak_memory(&served);
    let begun = Instant::now();
    let mut told_to_wait = 0;
    let busy = read_while(&served, || told_to_wait = all_sign_in(&served, ready));
    let took = begun.elapsed();

    assert!(told_to_wait > 0, "{people} at once fit into the queue: nothing was tried");
    let (quiet_p99, busy_p99) = (quantile(&quiet, 0.99), quantile(&busy, 0.99));
    let ratio = busy_p99.as_secs_f64() / quiet_p99.max(FLOOR).as_secs_f64();
    // The short form may have neighbours on its machine.
    assert!(
        ratio <= scale.of(15.0, 2.0),
        "the 99th percentile was {} in quiet and {} under hashes",
        ms(quiet_p99),
        ms(busy_p99)
    );
    // Each hash takes 19 MiB; if all ran at once it would be gigabytes.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(nice_of_hashers(&served), vec![10; cores], "as many as cores, and each gives way");
    let grown = peak_memory(&served).saturating_sub(memory);
    assert!(grown < 19 * (cores as u64 + 1) + 64, "the process grew by {grown} MiB");
    Found::Held(vec![
        ("signed in", format!("{people} of {people}")),
        ("in", secs(took)),
        ("told to come back", format!("{told_to_wait} times")),
        ("proxied p99 in quiet", ms(quiet_p99)),
        ("under hashes", ms(busy_p99)),
        ("requests meanwhile", busy.len().to_string()),
        ("memory", format!("+{grown} MiB")),
    ])
}

/// Somebody who has typed their name, each at an address of their own.
fn at_the_password(served: &Served, nth: usize) -> (Visitor, Page) {
    let mut visitor = served.proxied_visitor();
    visitor.always.push(("X-Forwarded-For".to_owned(), format!("203.0.113.{nth}")));
    let page = visitor.up_to_the_password(&format!("p{nth}"), &served.url("intranet", "/"));
    (visitor, page)
}

/// All at once, and whoever is told to come back does so. How often that was.
fn all_sign_in(served: &Served, people: Vec<(Visitor, Page)>) -> usize {
    let password = served.gateway.password("alice");
    std::thread::scope(|scope| {
        let password = &password;
        let each: Vec<_> = people
            .into_iter()
            .map(|(mut visitor, page)| {
                scope.spawn(move || {
                    let mut told = 0;
                    while !is_in(&visitor.post_once(&page, &page.form("password"), &[("password", password)])) {
                        told += 1;
                        assert!(told < 120, "nobody gets in");
                        std::thread::sleep(Duration::from_millis(1000));
                    }
                    told
                })
            })
            .collect();
        each.into_iter().map(|one| one.join().unwrap()).sum()
    })
}

fn is_in(answer: &Answer) -> bool {
    match answer.status {
        303 => {
            let location = answer.header("location").unwrap_or_default();
            assert!(location.contains("/.doorward/enter?ticket="), "not in, but at {location}");
            true
        }
        503 => {
            assert_eq!(answer.header("retry-after"), Some("5"));
            false
        }
        other => panic!("{other}: {}", answer.text()),
    }
}

/// Ends the reading, in whichever way what is done meanwhile ends: nobody would be waited for otherwise.
struct AtLast<'a>(&'a AtomicBool);

impl Drop for AtLast<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How long each request to an application took while something was done.
fn read_while(served: &Served, something: impl FnOnce()) -> Vec<Duration> {
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(|| read_until(served, &enough))).collect();
        let enough_at_last = AtLast(&enough);
        something();
        drop(enough_at_last);
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    })
}

fn read_until(served: &Served, enough: &AtomicBool) -> Vec<Duration> {
    let mut connection = Connection::open(served.ports.http, "public.example.test").unwrap();
    let mut times = Vec::new();
    while !enough.load(Ordering::SeqCst) {
        let begun = Instant::now();
        match connection.get("/", "X-Forwarded-Proto: https\r\n") {
            Ok(answer) => {
                assert_eq!(answer.status, 200);
                times.push(begun.elapsed());
            }
            // After a thousand requests a connection is over.
            Err(_) => connection = Connection::open(served.ports.http, "public.example.test").unwrap(),
        }
        std::thread::sleep(Duration::from_millis(4));
    }
    times
}

/// How much each thread that hashes gives way (`nice`).
fn nice_of_hashers(served: &Served) -> Vec<i64> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", served.gateway.pid())).unwrap();
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).ok());
    // Field 19, behind the name in brackets.
    let nice = |stat: String| {
        let (_, fields) = stat.split_once("(password) ")?;
        fields.split(' ').nth(16)?.parse().ok()
    };
    stats.filter_map(nice).collect()
}

/// The most memory that the process has had, in MiB.
fn peak_memory(served: &Served) -> u64 {
    peak(served.gateway.pid()) / 1024
}
