//! Runs the table: every entry of `cases/` at every place, with and without a session, over every transport that it names,
//! against the running binary. All that fails is listed at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::bench::{Bench, Desk};
use crate::cases::{self, Case, Hears, HearsWord, Over, Place, Status, StatusWord, Values, With, bytes, expanded};
use crate::world::process::resident;
use crate::world::{Answer, Database, End, Heard, Line, Mark, logged_requests};

/// Workers; each has hosts and an origin of its own.
const DESKS: usize = 4;
/// The gateway's memory may grow by so much over a run of the table: its pools and caches fill.
const GROWTH: u64 = 96 * 1024;

/// A case at one place.
#[derive(Clone)]
struct Try {
    case: Case,
    place: Place,
    with: With,
    over: Over,
    number: usize,
}

/// What came of it, for the report.
#[derive(Default)]
struct Came {
    sent: Vec<u8>,
    answers: Vec<u8>,
    heard: Heard,
    /// The requests' ids that the answers bear.
    ids: Vec<String>,
}

#[test]
fn every_attack_of_the_table_comes_to_what_it_must() {
    run(Database::Sqlite, &[Over::Front, Over::Tls]);
}

#[test]
fn every_attack_of_the_table_comes_to_the_same_on_postgresql() {
    run(Database::Postgres, &[Over::Tls]);
}

#[test]
fn the_table_is_as_long_as_is_promised() {
    let cases = cases::all();
    assert!(cases.len() >= 250, "{} cases", cases.len());
}

fn run(database: Database, over: &[Over]) {
    let bench = Bench::new(database, DESKS);
    let tries = tries(over);
    let log = &bench.served.gateway.log;
    let memory_before = resident(bench.served.gateway.pid());
    let (next, answers, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for desk in &bench.desks {
            let (bench, tries, next, answers, failures) = (&bench, &tries, &next, &answers, &failures);
            scope.spawn(move || {
                while let Some(one) = tries.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut came = Came::default();
                    if let Err(why) = one.run(bench, desk, &mut came) {
                        failures.lock().unwrap().push(one.report(&why, &came));
                    }
                    answers.lock().unwrap().extend(came.ids.into_iter().map(|id| (id, one.number)));
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} failed:\n{}", failures.len(), tries.len(), failures.join("\n"));

    // Whatever was sent: each line of the log is one record, and each answer has one line.
    let answers = answers.into_inner().unwrap();
    let unlogged = unlogged(&answers, || log.lock().unwrap().clone());
    let unlogged: Vec<String> = unlogged.into_iter().map(|number| tries[number].case.name()).collect();
    assert!(unlogged.is_empty(), "not one line of the access log each: {unlogged:?}");
    let verified = bench.installation.command(&["audit", "verify"], &[], "");
    assert!(verified.status.success(), "{}", crate::world::words(&verified));
    let growth = resident(bench.served.gateway.pid()).saturating_sub(memory_before);
    assert!(growth < GROWTH, "the gateway grew by {growth} KiB over {} tries", tries.len());
}

fn tries(over: &[Over]) -> Vec<Try> {
    let mut tries = Vec::new();
    for case in cases::all() {
        for place in case.places() {
            for with in &case.with {
                for over in over.iter().filter(|over| case.over.contains(over)) {
                    let number = tries.len();
                    tries.push(Try { case: case.clone(), place, with: *with, over: *over, number });
                }
            }
        }
    }
    tries
}

impl Try {
    fn run(&self, bench: &Bench, desk: &Desk, came: &mut Came) -> Result<(), String> {
        let case = &self.case;
        let host = desk.host(self.place);
        let (path, probe) = (format!("/t/{}", self.number), format!("/probe/{}", self.number));
        let (session, cookie) = desk.session(self.place, self.with);
        let values = |path| Values { host: &host, path, session, cookie, each: case.each.as_deref() };
        let parts = case.send.split("{then}").map(|part| bytes(part, &values(&path))).collect::<Result<Vec<_>, _>>()?;
        came.sent = parts.concat();
        let before = desk.origin.mark();
        let mut line = bench.ways.connect(self.over.way(), &host);
        for (number, part) in parts.iter().enumerate() {
            if number > 0 && desk.origin.since_until(&before, |heard| !heard.heads.is_empty()).heads.is_empty() {
                return Err("the application did not hear the beginning".to_owned());
            }
            line.send(part);
        }
        for _ in 0..case.answers {
            let answer = self.answer(&mut line, came.sent.starts_with(b"HEAD "), came)?;
            self.check_answer(&host, &answer, came)?;
        }
        let end = self.end(&mut line, &probe, &values(&probe), came)?;
        if case.upstream_dropped {
            came.heard = desk.origin.since_until(&before, |heard| !heard.streams.is_empty() && heard.closed);
            if !came.heard.closed {
                return Err("the application's connection is still open, with half a request on it".to_owned());
            }
            let mut fresh = bench.ways.connect(self.over.way(), &host);
            self.probe(&mut fresh, &values(&probe), came)?;
        }
        let probed = case.upstream_dropped || end == Asked::More;
        came.heard = self.heard(desk, &before, probed);
        self.check_heard(&values(&path), &probe, probed, &came.heard)
    }

    fn answer(&self, line: &mut Line, to_head: bool, came: &mut Came) -> Result<Answer, String> {
        let (answer, raw) = line.answer(to_head).map_err(|end| match end {
            End::Closed(rest) => format!("closed after {:?}", rest.escape_ascii().to_string()),
            End::Silent(rest) => format!("nothing more came after {:?}", rest.escape_ascii().to_string()),
        })?;
        came.answers.extend_from_slice(&raw);
        came.ids.push(answer.header("x-request-id").ok_or("an answer bears no id")?.to_owned());
        Ok(answer)
    }

    fn check_answer(&self, host: &str, answer: &Answer, came: &Came) -> Result<(), String> {
        let case = &self.case;
        let expected: &[u16] = match &case.answer {
            Status::One(status) => std::slice::from_ref(status),
            Status::AnyOf(list) => list,
            Status::Word(StatusWord::Usual) => self.place.usual(self.with),
        };
        if !expected.contains(&answer.status) {
            return Err(format!("{} and not {expected:?}", answer.status));
        }
        let lines: Vec<String> = answer.headers.iter().map(|(name, value)| line_of(name, value)).collect();
        if let Some(said) = missing(&lines, &case.says)? {
            return Err(format!("{said:?} was not answered"));
        }
        if let Some(location) =
            answer.header("location").filter(|location| case.leads_home && !leads_home(location, host))
        {
            return Err(format!("it leads to {location:?}"));
        }
        let answers = String::from_utf8_lossy(&came.answers).to_lowercase();
        match case.never.iter().find(|text| answers.contains(&text.to_lowercase())) {
            Some(text) => Err(format!("{text:?} was answered")),
            None => Ok(()),
        }
    }

    /// What is asked after the answers: whether the connection is closed, or one more thing, which must be answered as if
    /// nothing had been before it.
    fn end(&self, line: &mut Line, probe: &str, values: &Values<'_>, came: &mut Came) -> Result<Asked, String> {
        if self.case.closed == Some(true) {
            return line.is_closed().map(|()| Asked::NoMore);
        }
        if self.case.answer == Status::One(101) {
            return Ok(Asked::NoMore);
        }
        match self.probe(line, values, came) {
            Err(_) if self.case.closed.is_none() && came.ids.len() == self.case.answers && line.is_closed().is_ok() => {
                Ok(Asked::NoMore)
            }
            probed => probed.map(|()| Asked::More).map_err(|why| format!("asked {probe} on the connection: {why}")),
        }
    }

    fn probe(&self, line: &mut Line, values: &Values<'_>, came: &mut Came) -> Result<(), String> {
        line.send(&bytes("{get}{end}", values)?);
        let answer = self.answer(line, false, came)?;
        let expected = self.place.usual(self.with);
        if !expected.contains(&answer.status) {
            return Err(format!("{} and not {expected:?}", answer.status));
        }
        if self.place.admits(self.with) && !answer.text().contains(&format!("GET {} HTTP/1.1\r\n", values.path)) {
            return Err(format!("the answer is another's: {}", answer.text()));
        }
        line.is_closed()
    }

    /// What came through was answered by the origin, so it is there by now; a handshake may take a moment longer.
    fn heard(&self, desk: &Desk, before: &Mark, probed: bool) -> Heard {
        let requests = usize::from(self.expects_request()) + usize::from(probed && self.place.admits(self.with));
        desk.origin.since_until(before, |heard| heard.heads.len() >= requests)
    }

    fn expects_request(&self) -> bool {
        self.case.origin != Hears::Word(HearsWord::Nothing) && self.place.admits(self.with)
    }

    fn check_heard(&self, values: &Values<'_>, probe: &str, probed: bool, heard: &Heard) -> Result<(), String> {
        let probe_line = format!("GET {probe} HTTP/1.1");
        let mut lines: Vec<&str> = heard.heads.iter().map(|head| head.lines().next().unwrap_or_default()).collect();
        if probed && self.place.admits(self.with) && lines.pop() != Some(&probe_line) {
            return Err("the application was not asked last what was asked last".to_owned());
        }
        if !self.expects_request() {
            let probes: usize = heard.heads.iter().filter(|head| head.starts_with(&probe_line)).map(String::len).sum();
            let bytes: usize = heard.streams.iter().map(Vec::len).sum();
            let clean = lines.is_empty() && bytes == probes;
            return if clean { Ok(()) } else { Err("the application heard of it".to_owned()) };
        }
        let Hears::Request(request) = &self.case.origin else {
            let usual = lines.len() == self.case.answers
                && lines
                    .iter()
                    .all(|line| line.split(' ').nth(1).is_some_and(|target| target.starts_with(values.path)));
            return if usual { Ok(()) } else { Err(format!("the application was asked {lines:?}")) };
        };
        let line = expanded(&request.line, values)?;
        if lines != [line.as_str()] {
            return Err(format!("the application was asked {lines:?} and not {line:?}"));
        }
        let fields: Vec<String> = heard.heads[0]
            .lines()
            .filter_map(|field| field.split_once(':'))
            .map(|(name, value)| line_of(name, value))
            .collect();
        let has = request.has.iter().map(|field| expanded(field, values)).collect::<Result<Vec<_>, _>>()?;
        if let Some(field) = missing(&fields, &has)? {
            return Err(format!("the application was not told {field:?}"));
        }
        // What was asked afterwards may have come on the same connection.
        let own = |stream: &Vec<u8>| {
            let text = String::from_utf8_lossy(stream).to_lowercase();
            text.split(&probe_line.to_lowercase()).next().unwrap_or_default().to_owned()
        };
        let told: Vec<String> = heard.streams.iter().map(own).collect();
        if let Some(text) =
            request.lacks.iter().find(|text| told.iter().any(|told| told.contains(&text.to_lowercase())))
        {
            return Err(format!("the application was told {text:?}"));
        }
        match &request.ends {
            Some(end) if !told.iter().any(|told| told.ends_with(&end.to_lowercase())) => {
                Err(format!("the application did not hear {end:?} last"))
            }
            _ => Ok(()),
        }
    }

    fn report(&self, why: &str, came: &Came) -> String {
        let mut report = String::new();
        let shown = |bytes: &[u8]| bytes.escape_ascii().to_string().chars().take(600).collect::<String>();
        let Case { what, .. } = &self.case;
        let _ = writeln!(
            report,
            "\n{} ({what}) at {:?}, {:?}, {:?}: {why}\n  sent:  {}\n  came:  {}\n  heard: {}",
            self.case.name(),
            self.place,
            self.with,
            self.over,
            shown(&came.sent),
            shown(&came.answers),
            shown(&came.heard.streams.join(&b" | "[..]))
        );
        report
    }
}

/// Whether something was asked after the case.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    NoMore,
    More,
}

/// Whether an address is one of the host's own, to every browser.
fn leads_home(location: &str, host: &str) -> bool {
    let own = |origin: &str| {
        let rest = location.strip_prefix("https://").and_then(|rest| rest.strip_prefix(origin));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    };
    let local = location.starts_with('/') && !location[1..].starts_with(['/', '\\']);
    let plain = location.bytes().all(|byte| byte.is_ascii_graphic());
    plain && (local || own(host) || own("login.example.test"))
}

/// The first of these lines that is not there.
fn missing<'a>(lines: &[String], wanted: &'a [String]) -> Result<Option<&'a String>, String> {
    for said in wanted {
        let (name, value) = said.split_once(": ").ok_or_else(|| format!("{said:?} is no line of a head"))?;
        let line = line_of(name, value);
        let there = match line.strip_suffix('…') {
            Some(beginning) => lines.iter().any(|line| line.starts_with(beginning)),
            None => lines.contains(&line),
        };
        if !there {
            return Ok(Some(said));
        }
    }
    Ok(None)
}

fn line_of(name: &str, value: &str) -> String {
    format!("{}: {}", name.trim().to_ascii_lowercase(), value.trim())
}

/// The tries with an answer that has not exactly one line in the access log; lines are written after answers.
fn unlogged(answers: &[(String, usize)], log: impl Fn() -> String) -> Vec<usize> {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for request in logged_requests(&log()) {
            *lines.entry(request["request_id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let without = answers.iter().filter(|(id, _)| lines.get(id) != Some(&1)).map(|(_, number)| *number);
        let without: Vec<usize> = without.collect();
        if without.is_empty() || Instant::now() > end {
            return without;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
