//! F-11: the crowd of F-10 while gateways are killed and started again, or stopped and woken up.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use doorward_tests::world::{Answer, NoAnswer, Stage, Visitor, exchange, words};
use serde_json::Value;

use crate::crowd::{Crowd, REPLICAS, requests, send};
use crate::people::Ending;
use crate::runner::{Fault, Found, Scale};
use crate::tickets::PATIENCE;

pub(crate) const FAULT: Fault = Fault {
    id: "F-11",
    what: "F-10 while every 2 s a gateway is killed and started again, or stopped for a while and woken",
    promise: "nothing is used twice, nothing that was acknowledged is lost, and one that is woken completes no step that has \
              expired meanwhile",
    run: story,
};

/// Gateways that are ended or stopped: so often, and for so long.
#[derive(Clone, Copy)]
struct Nemesis {
    every: Duration,
    stopped_for: Duration,
}

fn story(scale: Scale) -> Found {
    let people = scale.of(16, 300);
    let crowd = Crowd::new(people + 40);
    // A mail whose sender was killed comes when another gateway has taken it over, which takes its time; so in the short form
    // people have their authenticators before it begins.
    let prepared: Vec<_> = match scale {
        Scale::Short => crowd.each(0..people, None, |number| crowd.enrols(number)).into_iter().map(Some).collect(),
        Scale::Full => (0..people).map(|_| None).collect(),
    };
    let nemesis = Nemesis {
        every: scale.of(Duration::from_secs(1), Duration::from_secs(2)),
        stopped_for: scale.of(Duration::from_secs(3), Duration::from_secs(10)),
    };
    let (over, deeds) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (left, locked) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let done = std::thread::scope(|scope| {
        let _ending = Ending(&over);
        scope.spawn(|| nemesis.rages(&crowd, &over, &deeds));
        scope.spawn(|| {
            for number in people..people + 30 {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                left.lock().unwrap().extend(leaves(&crowd, number));
            }
        });
        // The answers to wrong passwords are held back for seconds.
        if scale == Scale::Full {
            scope.spawn(|| locked.lock().unwrap().extend(is_locked(&crowd, people + 30)));
        }
        let begun = Instant::now();
        let done = crowd.each(prepared.into_iter().enumerate(), None, |(number, prepared)| {
            let person = prepared.unwrap_or_else(|| crowd.enrols(number));
            let Some(person) = person else { return false };
            crowd.uses_everything(person);
            true
        });
        // At least one of each.
        std::thread::sleep((nemesis.every * 2 + nemesis.stopped_for).saturating_sub(begun.elapsed()));
        done.into_iter().filter(|done| *done).count()
    });
    everybody_is_up(&crowd);

    let trail = crowd.trail();
    let judgement = crowd.judged(&trail);
    assert_eq!(judgement.twice, [""; 0], "used twice");
    assert!(done * 2 > people, "{done} of {people}: {:?}", crowd.stuck.lock().unwrap());
    let (lost, acknowledged) = lost_acknowledgements(&crowd, &trail, &left.lock().unwrap(), &locked.lock().unwrap());
    assert_eq!(lost, [""; 0], "acknowledged and lost");
    let verified = crowd.installation.command(&["audit", "verify"], &[], "");
    assert_eq!(verified.status.code(), Some(0), "{}", words(&verified));
    let (expired, woken) = woken_late(&crowd, people + 31, scale);
    assert_eq!(expired, 0, "completed after its end");
    assert!(woken > 0 || scale == Scale::Short, "no password's check was caught");
    Found::Held(vec![
        ("double spends", format!("{} of {} secrets", judgement.twice.len(), judgement.all())),
        ("lost acknowledgements", format!("{} of {acknowledged}", lost.len())),
        ("unclear answers", format!("{} of {} tries", judgement.unknown + judgement.not_now, judgement.tries)),
        ("gateways killed or stopped", deeds.load(Ordering::SeqCst).to_string()),
        ("expired steps completed by a woken one", format!("{expired} of {woken}")),
    ])
}

impl Nemesis {
    fn rages(self, crowd: &Crowd, over: &AtomicBool, deeds: &AtomicUsize) {
        for turn in 0.. {
            let next = Instant::now() + self.every;
            while Instant::now() < next {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let mut replica = crowd.replicas[turn % REPLICAS].lock().unwrap();
            if turn % 2 == 0 {
                replica.take().unwrap().gateway.kill();
                let again = crowd.installation.begin(crowd.ports[turn % REPLICAS]);
                again.gateway.wait_ready();
                *replica = Some(again);
            } else {
                let gateway = &replica.as_ref().unwrap().gateway;
                gateway.signal("STOP");
                std::thread::sleep(self.stopped_for);
                gateway.signal("CONT");
            }
            deeds.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn everybody_is_up(crowd: &Crowd) {
    for replica in &crowd.replicas {
        replica.lock().unwrap().as_ref().unwrap().gateway.wait_ready();
    }
}

const INTRANET: &str = "https://intranet.example.test/";

/// Signs in and out. The browser as it was before, when the sign-out was acknowledged.
fn leaves(crowd: &Crowd, number: usize) -> Option<Visitor> {
    let name = format!("u{number}");
    let mut visitor = crowd.browser(number);
    let page = crowd.goes_on_to(&mut visitor, &name, INTRANET, Stage::Password)?;
    let answer = send(&mut visitor, &page, "password", &crowd.password).ok()?;
    let door = answer.header("location").filter(|to| to.contains("/.doorward/enter"))?.to_owned();
    visitor.attempt_once(&door, PATIENCE).ok().filter(|answer| answer.status == 303)?;
    let before = visitor.clone();
    let page = visitor.attempt_get("https://login.example.test/", PATIENCE).ok().filter(|page| page.status() == 200)?;
    let form = doorward_tests::world::forms(&page.html()).into_iter().find(|form| form.action == "/signout")?;
    let answer = visitor.attempt_post(&page, &form, &[], PATIENCE).ok()?;
    (answer.status == 303).then_some(before)
}

/// Types wrong passwords until the gateway says that the account is locked. Its name then.
fn is_locked(crowd: &Crowd, number: usize) -> Option<String> {
    let name = format!("u{number}");
    let mut visitor = crowd.browser(number);
    for _ in 0..8 {
        let page = crowd.goes_on_to(&mut visitor, &name, INTRANET, Stage::Password)?;
        if says_locked(&page.words()) {
            return Some(name);
        }
        let _ = send(&mut visitor, &page, "password", "wrong");
    }
    None
}

/// W0 in English: "Too many attempts. Try again at 14:32."
fn says_locked(words: &str) -> bool {
    words.contains("Too many")
}

/// What was acknowledged and is not so; and of how many.
fn lost_acknowledgements(crowd: &Crowd, trail: &[Value], left: &[Visitor], locked: &[String]) -> (Vec<String>, usize) {
    let recorded: BTreeSet<String> = requests(trail.iter());
    let mut lost = Vec::new();
    let acknowledged = crowd.acknowledged.lock().unwrap();
    // Tickets are handed over without a record of their own.
    for (request, kind) in acknowledged.iter() {
        if !recorded.contains(request) {
            lost.push(format!("the record of a {kind}"));
        }
    }
    // Of who the trail says that they have enrolled and disputed, so the rows must say.
    let told = |event: &str| -> BTreeSet<String> {
        let of = trail.iter().filter(|record| record["details"]["event"] == event);
        of.filter_map(|record| Some(record["context"]["principalId"].as_str()?.to_owned())).collect()
    };
    let rows = crowd.installation.sql("SELECT user_id || ' ' || state FROM credential");
    let states: BTreeSet<&str> = rows.lines().collect();
    let disputed = told("ENROLLMENT_DISPUTED");
    for user in told("ENROLLMENT_CONFIRMED") {
        let state = if disputed.contains(&user) { "suspended" } else { "active" };
        if !states.contains(format!("{user} {state}").as_str()) {
            lost.push(format!("{user}'s authenticator is not {state}"));
        }
    }
    for (number, visitor) in left.iter().enumerate() {
        for ports in &crowd.ports {
            let mut visitor = visitor.clone();
            visitor.connect_to(ports.http);
            if visitor.attempt_once(INTRANET, PATIENCE).is_ok_and(|answer| answer.status == 200) {
                lost.push(format!("sign-out {number}"));
            }
        }
    }
    for name in locked {
        for (nth, ports) in crowd.ports.iter().enumerate() {
            let mut visitor = crowd.browser(30_000 + nth);
            let page = crowd.goes_on_to(&mut visitor, name, INTRANET, Stage::Password).unwrap();
            visitor.connect_to(ports.http);
            if leads_in(&send(&mut visitor, &page, "password", &crowd.password)) {
                lost.push(format!("the lock of {name}"));
            }
        }
    }
    (lost, acknowledged.len() + told("ENROLLMENT_CONFIRMED").len() + left.len() + locked.len())
}

fn leads_in(answer: &Result<Answer, NoAnswer>) -> bool {
    answer.as_ref().is_ok_and(|answer| answer.header("location").is_some_and(|to| to.contains("/.doorward/enter")))
}

/// A gateway is stopped while it judges a password; meanwhile the sign-in expires. How many went on when it was woken, and how
/// many it was tried with.
fn woken_late(crowd: &Crowd, number: usize, scale: Scale) -> (usize, usize) {
    let (mut completed, mut tried) = (0, 0);
    let mut replica = crowd.replicas[0].lock().unwrap();
    let gateway = &mut replica.as_mut().unwrap().gateway;
    let port = crowd.ports[0].http;
    for (nth, delay) in [20, 40, 8, 70, 110].into_iter().take(scale.of(2, 5)).enumerate() {
        let name = format!("u{}", number + nth);
        let mut visitor = crowd.browser(40_000 + nth);
        visitor.connect_to(port);
        let page = visitor.get(INTRANET);
        let page = visitor.submit(&page, "username", &[("username", &name)]);
        page.is_at(Stage::Password);
        let flow = page.form("password").fields["flow"].clone();
        let state = |crowd: &Crowd| crowd.installation.sql(&format!("SELECT step FROM flow WHERE id = '{flow}'"));
        let before = state(crowd);
        std::thread::scope(|scope| {
            let sent = scope.spawn(|| send(&mut visitor.clone(), &page, "password", &crowd.password));
            std::thread::sleep(Duration::from_millis(delay));
            gateway.signal("STOP");
            // Unless it was faster, or holds the row already.
            let expired = crowd.installation.sql(&format!(
                "UPDATE flow SET expires_at = (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT WHERE id = (SELECT id FROM \
                 flow WHERE id = '{flow}' AND step = '{}' FOR UPDATE SKIP LOCKED) RETURNING id",
                before.trim()
            ));
            std::thread::sleep(Duration::from_secs(1));
            gateway.signal("CONT");
            let answer = sent.join().unwrap();
            if expired.trim() == flow {
                tried += 1;
                completed += usize::from(leads_in(&answer));
            }
        });
    }
    assert_eq!(exchange(crowd.ports[0].metrics, "GET", "127.0.0.1", "/healthz", &[], b"").status, 200);
    (completed, tried)
}
