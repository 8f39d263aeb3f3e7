//! F-10: what is good once is good once, however many gateways there are and however many clients try it at the same moment.

use std::time::{Duration, Instant};

use doorward_tests::world::{Stage, Visitor, exchange, wrong};
use serde_json::Value;

use crate::crowd::{Crowd, RACERS, REPLICAS, send};
use crate::history::{Judgement, the_judge_sees};
use crate::measure::secs;
use crate::runner::{Fault, Found, Scale};
use crate::tickets::PATIENCE;

pub(crate) const FAULT: Fault = Fault {
    id: "F-10",
    what: "three gateways on one PostgreSQL, 64 concurrent clients, every secret tried by four at once at different gateways",
    promise: "of each code, passcode, ticket and dispute link exactly one use succeeds; limits of tries hold over all gateways; \
              who signs out at one is signed out at all within 1 s",
    run: story,
};

/// Wrong tries of the same person at the same moment.
const GUESSES: usize = 24;

fn story(scale: Scale) -> Found {
    the_judge_sees();
    let people = scale.of(60, 1000);
    // Two more are guessed at. In the short form as many come as there is time for.
    let crowd = Crowd::new(people + 2);
    let (people_done, (passwords, passcodes)) = std::thread::scope(|scope| {
        let guessing = scope.spawn(|| (guessed_passwords(&crowd, people), guessed_passcodes(&crowd, people + 1)));
        let time = scale.of(Some(Duration::from_secs(6)), None);
        let finished = crowd.each(0..people, time, |number| {
            // Where somebody does not get on, it is known what came of it, and nobody else has to begin.
            if crowd.stuck.lock().unwrap().is_empty()
                && let Some(person) = crowd.enrols(number)
            {
                crowd.uses_everything(person);
            }
        });
        (finished.len(), guessing.join().unwrap())
    });
    assert_eq!(*crowd.stuck.lock().unwrap(), [""; 0], "everybody gets on");
    let gone = signed_out_everywhere(&crowd, people + 1);

    let trail = crowd.trail();
    let judgement = crowd.judged(&trail);
    assert_eq!(judgement.twice, [""; 0], "used twice");
    // A gateway that does not reach its database in time tells who asks to come again, and nothing is used up by it.
    let overtaxed = crowd.says("a session could not be looked up");
    assert!(
        judgement.never.is_empty() || overtaxed,
        "used by nobody: {:?}; {:?}",
        judgement.never,
        known_of(&trail, &judgement)
    );
    // Told to come back is answered: where the machine does not keep up, the promise is that nobody waits without end.
    assert_eq!(judgement.unknown, 0, "with all gateways up, every try is answered");
    // The one whose passcodes are guessed has raced for an authenticator, too.
    for (kind, secrets) in [
        ("code", people_done + 1),
        ("first passcode", people_done + 1),
        ("passcode", people_done),
        ("dispute link", people_done),
    ] {
        assert_eq!(judgement.secrets.get(kind), Some(&secrets), "{kind}");
    }
    assert_eq!(judgement.secrets.get("ticket"), Some(&(2 * people_done)));
    Found::Held(vec![
        ("double spends", format!("{} of {} secrets", judgement.twice.len(), judgement.all())),
        ("used by nobody", judgement.never.len().to_string()),
        ("tries", format!("{} ({RACERS} of each at once)", judgement.tries)),
        ("told to come back", judgement.not_now.to_string()),
        ("wrong passwords evaluated", format!("{passwords} of {GUESSES}")),
        ("wrong passcodes evaluated", format!("{passcodes} of {GUESSES}")),
        ("signed out everywhere after", secs(gone)),
    ])
}

/// What the audit trail knows of those whose secrets nobody used.
fn known_of(trail: &[Value], judgement: &Judgement) -> Vec<String> {
    let names: Vec<&str> =
        judgement.never.iter().filter_map(|never| never.split([' ', '/', '(']).find(|word| is_person(word))).collect();
    let about = |record: &&Value| {
        let text = record.to_string();
        names.iter().any(|name| text.contains(&format!("\"row-{name}\"")) || text.contains(&format!("\"{name}\"")))
    };
    let short = |record: &Value| {
        format!("{} {} {}", record["timeStamp"], record["details"], record["context"]["globalAccessId"])
    };
    trail.iter().filter(about).map(short).collect()
}

fn is_person(word: &str) -> bool {
    word.strip_prefix('u').is_some_and(|number| number.parse::<u32>().is_ok())
}

/// All at once at all gateways; how many were looked at. Afterwards the right one opens nothing at any of them.
fn guessed_passwords(crowd: &Crowd, number: usize) -> usize {
    let name = format!("u{number}");
    let intranet = "https://intranet.example.test/";
    let asked = |nth: usize| {
        let mut visitor = crowd.browser(10_000 + nth);
        let page = visitor.get(intranet);
        let page = visitor.submit(&page, "username", &[("username", &name)]);
        page.is_at(Stage::Password);
        (visitor, page)
    };
    let browsers: Vec<_> = (0..GUESSES).map(asked).collect();
    let late: Vec<_> = (0..REPLICAS).map(|nth| asked(GUESSES + nth)).collect();
    let before = evaluated(crowd, "password");
    std::thread::scope(|scope| {
        for (nth, (visitor, page)) in browsers.iter().enumerate() {
            scope.spawn(move || {
                let mut visitor = visitor.clone();
                visitor.connect_to(crowd.ports[nth % REPLICAS].http);
                let answer = send(&mut visitor, page, "password", &format!("wrong-{nth}")).unwrap();
                assert!(answer.header("location").is_none_or(|to| !to.contains("enter")), "{:?}", answer.headers);
            });
        }
    });
    let evaluated = evaluated(crowd, "password") - before;
    assert!((1..=4).contains(&evaluated), "three are permitted, the fourth locks: {evaluated}");
    for (nth, (mut visitor, page)) in late.into_iter().enumerate() {
        visitor.connect_to(crowd.ports[nth].http);
        let answer = send(&mut visitor, &page, "password", &crowd.password).unwrap();
        assert!(answer.header("location").is_none_or(|to| !to.contains("enter")), "locked at {nth}");
    }
    evaluated
}

/// The same with passcodes, of which nine may be wrong and the tenth locks.
fn guessed_passcodes(crowd: &Crowd, number: usize) -> usize {
    let person = crowd.enrols(number).expect("somebody with an authenticator");
    std::thread::sleep(Duration::from_secs(2));
    let asked = || crowd.asked_again(&person).expect("a page that asks for a passcode");
    // More than five sign-ins of one person end the oldest; these two are tried from all sides.
    let begun = [asked(), asked()];
    let browsers: Vec<_> = (0..GUESSES).map(|nth| begun[nth % 2].clone()).collect();
    let late: Vec<_> = (0..REPLICAS).map(|_| asked()).collect();
    let before = evaluated(crowd, "otp");
    std::thread::scope(|scope| {
        for (nth, (visitor, page)) in browsers.iter().enumerate() {
            // A code of another moment could be right by chance; these are none of the codes of this hour.
            let guess = wrong(&person.phone.passcode(), 1000 + u32::try_from(nth).unwrap());
            scope.spawn(move || {
                let mut visitor = visitor.clone();
                visitor.connect_to(crowd.ports[nth % REPLICAS].http);
                send(&mut visitor, page, "otp", &guess).unwrap();
            });
        }
    });
    let evaluated = evaluated(crowd, "otp") - before;
    assert!((1..=10).contains(&evaluated), "nine are permitted, the tenth locks: {evaluated}");
    let passcode = person.phone.passcode_beside(&person.used).expect("one of the two steps is left");
    for (nth, (mut visitor, page)) in late.into_iter().enumerate() {
        visitor.connect_to(crowd.ports[nth].http);
        let answer = send(&mut visitor, &page, "otp", &passcode).unwrap();
        assert!(answer.header("location").is_none_or(|to| !to.contains("enter")), "locked at {nth}");
    }
    evaluated
}

/// How many wrong proofs the gateways have looked at, together.
fn evaluated(crowd: &Crowd, factor: &str) -> usize {
    let of = |port: u16, result: &str| -> f64 {
        let text = exchange(port, "GET", "127.0.0.1", "/metrics", &[], b"").text();
        let series =
            format!("doorward_sign_ins_total{{factor=\"{factor}\",result=\"{result}\",virtual_server=\"default\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&series)).map_or(0.0, |value| value.parse().unwrap())
    };
    crowd.ports.iter().map(|ports| of(ports.metrics, "failure") as usize).sum()
}

/// Signs out at one gateway; how long any other still lets the session in.
fn signed_out_everywhere(crowd: &Crowd, number: usize) -> Duration {
    let mut visitor = crowd.browser(20_000);
    let name = format!("u{number}");
    let public = "https://intranet.example.test/";
    let page = visitor.get(public);
    let page = visitor.submit(&page, "username", &[("username", &name)]);
    let page = visitor.submit(&page, "password", &[("password", &crowd.password)]);
    assert_eq!((page.status(), page.url.as_str()), (200, public), "{}", page.words());
    let stolen: Vec<Visitor> = crowd
        .ports
        .iter()
        .map(|ports| {
            let mut stolen = visitor.clone();
            stolen.connect_to(ports.http);
            assert_eq!(stolen.get(public).url, public);
            stolen
        })
        .collect();
    assert_eq!(visitor.sign_out("https://login.example.test/").status, 303);
    let signed_out = Instant::now();
    let mut latest = Duration::ZERO;
    for mut stolen in stolen {
        loop {
            let asked = signed_out.elapsed();
            let answer = stolen.attempt_once(public, PATIENCE).unwrap();
            if answer.status != 200 {
                break;
            }
            assert!(asked <= Duration::from_secs(1), "still open {asked:?} after the sign-out");
            latest = latest.max(asked);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    latest
}
