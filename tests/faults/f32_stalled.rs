//! F-32: the gateway, or its database, stands still for five seconds and goes on. Nobody is signed out by it, nothing is done twice,
//! and nobody storms at what has just come back.

use std::process::Command;
use std::time::{Duration, Instant};

use doorward_tests::world::{Database, Installation, Served, Stage, Visitor};

use crate::measure::{ms, quantile, secs};
use crate::people::{somebody, until_somebody_signs_in, works_on};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-32",
    what: "the gateway is stopped for 5 s (SIGSTOP) under requests; so are all of its PostgreSQL connections' processes",
    promise: "it answers when it goes on, each request reaches the application once, nobody is signed out, and no storm of retries follows",
    run: story,
};

fn story(scale: Scale) -> Found {
    let still = Duration::from_secs(scale.of(3, 5));
    let databases: &[Database] = scale.of(&[Database::Postgres], &[Database::Sqlite, Database::Postgres]);
    let mut figures = Vec::new();
    let mut slowest = Duration::ZERO;
    for database in databases {
        let site = Site::new(*database);
        slowest = slowest.max(site.stopped(still));
        if *database == Database::Postgres {
            figures = site.with_its_database_stopped(still);
        }
    }
    figures.insert(0, ("slowest answer after it went on", ms(slowest.saturating_sub(still))));
    figures.push(("signed out", "0".to_owned()));
    Found::Held(figures)
}

struct Site {
    installation: Installation,
    served: Served,
    people: Vec<Visitor>,
}

impl Site {
    fn new(database: Database) -> Self {
        let installation = Installation::with_users(database);
        let served = installation.serve();
        let url = served.url("intranet", "/");
        let people = ["alice", "bob", "carol"].iter().flat_map(|user| {
            let mut visitor = somebody(&served);
            visitor.with_password(&served.gateway, user, &url);
            std::iter::repeat_n(visitor, 8)
        });
        let people = people.collect();
        Self { installation, served, people }
    }

    /// How long the slowest of all who had asked waited.
    fn stopped(&self, still: Duration) -> Duration {
        let gateway = &self.served.gateway;
        let (intranet, wiki) = (self.served.url("intranet", "/"), self.served.url("wiki", "/"));
        let mut alice = somebody(&self.served);
        let page = alice.ask_for_code(gateway, "alice", &wiki);
        let code = gateway.mail_to("alice@example.test").code();
        let reached = self.installation.echo.reached();

        gateway.signal("STOP");
        let asked: Vec<_> = self
            .people
            .iter()
            .cloned()
            .map(|mut one| {
                let url = intranet.clone();
                std::thread::spawn(move || {
                    let asked = Instant::now();
                    let answer = one.once("GET", &url, &[], None);
                    (answer.status, answer.all("set-cookie").count(), asked.elapsed())
                })
            })
            .collect();
        let typed = std::thread::spawn(move || {
            alice.type_code(&page, &code).is_at(Stage::Kind);
        });
        std::thread::sleep(still);
        assert!(!typed.is_finished() && asked.iter().all(|one| !one.is_finished()), "a stopped process answers nobody");
        gateway.signal("CONT");
        let mut waits = Vec::new();
        for one in asked {
            let (status, cookies, waited) = one.join().unwrap();
            assert_eq!((status, cookies), (200, 0));
            waits.push(waited);
        }
        typed.join().unwrap();
        assert_eq!(self.installation.echo.reached() - reached, self.people.len(), "each request is sent on once");
        let slowest = quantile(&waits, 1.0);
        assert!(slowest < Duration::from_secs(15), "{slowest:?}");
        gateway.wait_ready();
        slowest
    }

    /// The processes of its connections stand still. Whoever asks meanwhile is not let in unseen; afterwards all is as before.
    fn with_its_database_stopped(&self, still: Duration) -> Vec<(&'static str, String)> {
        let intranet = self.served.url("intranet", "/");
        let connections =
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'doorward' AND datname = current_database()";
        let pids: Vec<String> = self.installation.sql(connections).split_whitespace().map(str::to_owned).collect();
        if pids.iter().any(|pid| !std::path::Path::new("/proc").join(pid).exists()) {
            return vec![("database", "not stopped, it is elsewhere".to_owned())];
        }
        signal("STOP", &pids);
        let stopped = Instant::now();
        let mut turned_away = 0;
        while stopped.elapsed() < still {
            let answers: Vec<_> = self
                .people
                .iter()
                .step_by(8)
                .cloned()
                .map(|mut one| {
                    let url = intranet.clone();
                    std::thread::spawn(move || one.once("GET", &url, &[], None))
                })
                .collect();
            for answer in answers {
                let answer = answer.join().unwrap();
                assert!([200, 503].contains(&answer.status), "{}", answer.status);
                let told_to_forget = answer.all("set-cookie").any(|cookie| cookie.starts_with("__Host-doorward_app=;"));
                assert!(!told_to_forget, "nobody's session is taken from them");
                turned_away += usize::from(answer.status != 200);
            }
        }
        signal("CONT", &pids);
        let back = until_somebody_signs_in(&self.served, &intranet, Duration::from_secs(10));
        for one in &self.people {
            assert_eq!(one.clone().get(&intranet).url, intranet, "nobody was signed out");
        }
        // What it does by itself for some seconds, and how many connections it has.
        let committed = || {
            self.number("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
        };
        let before = committed();
        works_on(&mut self.people[0].clone(), &intranet, Duration::from_secs(2));
        let rate = (committed() - before) / 2;
        assert!(rate < 100, "{rate} transactions a second with hardly anybody there");
        let open = self.installation.sql(connections).split_whitespace().count();
        assert!(open <= 12, "{open} connections");
        vec![
            ("turned away while the database stood still", turned_away.to_string()),
            ("signed in again after", secs(back)),
            ("transactions a second afterwards", rate.to_string()),
            ("connections", open.to_string()),
        ]
    }

    fn number(&self, sql: &str) -> usize {
        self.installation.sql(sql).trim().parse().unwrap()
    }
}

fn signal(name: &str, pids: &[String]) {
    let sent = Command::new("kill").args(["-s", name]).args(pids).output().unwrap();
    // One that has ended meanwhile is no harm.
    let said = String::from_utf8_lossy(&sent.stderr).into_owned();
    assert!(sent.status.success() || said.contains("No such process"), "{said}");
}
