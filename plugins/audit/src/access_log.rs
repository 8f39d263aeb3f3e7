//! The access log beside the chain (SEC 5.14, decision A25). Its lines are too many for the chain, so each process numbers and
//! hashes its own, and once a minute one record says which lines it wrote and what their hash is.
//!
//! A line is `{"instance":"…","line":N,` and then what it was before; what is hashed are its bytes as they were written, with
//! the line break. Lines of several processes may lie in one file, and other lines between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, BufRead};
use std::time::Duration;

use data_encoding::HEXLOWER;
use doorward_api::ports::AuditLog;
use doorward_api::{AuditEvent, EventContext, EventKind, StoreError, Timestamp, VirtualServerId};
use ring::digest::{Context, SHA256};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How every line of the access log begins.
const BEGIN: &[u8] = b"{\"instance\":\"";
/// What stands between the instance and the number.
const THEN: &[u8] = b"\",\"line\":";
/// Records read at a time.
const BATCH: u32 = 1000;
/// A line that no record vouches for after so long will never have one. A record comes a minute after its lines, and later
/// while the store cannot be written.
const VOUCHED_WITHIN: Duration = Duration::from_mins(3);
/// How many findings a report words; the others it counts.
const WORDED: usize = 20;

/// Some lines of one process, one after the other: what a record says of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which process.
    pub instance: String,
    /// Its first line, from 1.
    pub first: u64,
    /// Its last line.
    pub last: u64,
    /// When the first was written, as that says (RFC 3339).
    pub first_at: String,
    /// When the last was written.
    pub last_at: String,
    /// SHA-256 over the lines, lower-case hex.
    pub sha256: String,
}

impl Part {
    /// The record of it.
    pub fn event(&self) -> AuditEvent {
        AuditEvent::new(EventKind::AccessLogSealed, EventContext::default())
            .with("instance", self.instance.as_str())
            .with("firstLine", self.first)
            .with("lastLine", self.last)
            .with("lines", self.last.saturating_sub(self.first) + 1)
            .with("firstAt", self.first_at.as_str())
            .with("lastAt", self.last_at.as_str())
            .with("sha256", self.sha256.as_str())
    }

    /// What a record says; `None` for a record of something else.
    fn of_record(record: &str) -> Option<Self> {
        let record: Value = serde_json::from_str(record).ok()?;
        let details = record.get("details")?;
        let text = |name: &str| details.get(name)?.as_str().map(str::to_owned);
        let number = |name: &str| details.get(name)?.as_u64();
        (text("event")? == EventKind::AccessLogSealed.name()).then_some(())?;
        Some(Self {
            instance: text("instance")?,
            first: number("firstLine")?,
            last: number("lastLine")?,
            first_at: text("firstAt")?,
            last_at: text("lastAt")?,
            sha256: text("sha256")?,
        })
    }
}

/// Numbers and hashes the lines of one process as they are written.
pub struct Numbering {
    instance: String,
    /// The last number that was given.
    last: u64,
    open: Option<Open>,
    /// The last line, as it was written.
    written: Vec<u8>,
}

/// The part that is being written.
struct Open {
    first: u64,
    first_at: String,
    hash: Context,
}

impl Numbering {
    /// Of the process that is known by this name: letters, digits and `-`, and never used by another.
    pub fn of(instance: String) -> Self {
        Self { instance, last: 0, open: None, written: Vec::new() }
    }

    /// A line (a JSON object with a `timestamp`, and a line break) as it is to be written. Anything else is no line of the
    /// access log and stays as it is.
    pub fn line<'a>(&'a mut self, text: &'a [u8]) -> &'a [u8] {
        let Some(rest) = text.strip_prefix(b"{").filter(|rest| rest.ends_with(b"\n")) else { return text };
        self.last += 1;
        self.written.clear();
        for piece in [BEGIN, self.instance.as_bytes(), THEN, self.last.to_string().as_bytes(), b",", rest] {
            self.written.extend_from_slice(piece);
        }
        let first = self.last;
        let open = self.open.get_or_insert_with(|| Open {
            first,
            first_at: timestamp(text).unwrap_or_default(),
            hash: Context::new(&SHA256),
        });
        open.hash.update(&self.written);
        &self.written
    }

    /// Ends the part that is being written; `None` when nothing was since the last.
    pub fn close(&mut self) -> Option<Part> {
        let Open { first, first_at, hash } = self.open.take()?;
        Some(Part {
            instance: self.instance.clone(),
            first,
            last: self.last,
            first_at,
            last_at: timestamp(&self.written).unwrap_or_default(),
            sha256: HEXLOWER.encode(hash.finish().as_ref()),
        })
    }
}

#[derive(Deserialize)]
struct Timed {
    timestamp: String,
}

fn timestamp(line: &[u8]) -> Option<String> {
    serde_json::from_slice::<Timed>(line).ok().map(|timed| timed.timestamp)
}

/// When a record was appended, as it says.
fn appended_at(record: &str) -> Option<String> {
    let record: Value = serde_json::from_str(record).ok()?;
    record.get("timeStamp")?.as_str().map(str::to_owned)
}

/// Whose line it is, and its number; `None` for a line of something else.
fn numbered(line: &[u8]) -> Option<(&str, u64)> {
    let rest = line.strip_prefix(BEGIN)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let (instance, rest) = rest.split_at_checked(end)?;
    let digits = rest.strip_prefix(THEN)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let (number, _) = digits.split_at_checked(end)?;
    Some((std::str::from_utf8(instance).ok()?, std::str::from_utf8(number).ok()?.parse().ok()?))
}

/// What is wrong with an access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessProblem {
    /// The lines of a part are all there, one after the other, and are not those that were written.
    Edited(Part),
    /// Lines of a part are not there.
    Missing {
        /// The part.
        part: Part,
        /// The first that is not.
        first: u64,
        /// The last that is not, of those one after the other.
        last: u64,
    },
    /// A line of a part is there twice, or in another's place.
    Misplaced {
        /// The part.
        part: Part,
        /// Its number.
        line: u64,
    },
    /// No record vouches for these lines, although there has been time for one.
    Unvouched {
        /// Whose they say they are.
        instance: String,
        /// The first of them.
        first: u64,
        /// When it says it was written.
        at: String,
        /// How many there are.
        lines: u64,
    },
}

impl AccessProblem {
    fn at(&self) -> &str {
        match self {
            Self::Edited(part) | Self::Missing { part, .. } | Self::Misplaced { part, .. } => &part.first_at,
            Self::Unvouched { at, .. } => at,
        }
    }
}

impl fmt::Display for AccessProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited(part) => write!(f, "{part}: a line was edited"),
            Self::Missing { part, first, last } if first == last => write!(f, "{part}: line {first} is missing"),
            Self::Missing { part, first, last } => write!(f, "{part}: lines {first} to {last} are missing"),
            Self::Misplaced { part, line } => write!(f, "{part}: line {line} is twice there or not in its place"),
            Self::Unvouched { instance, first, at, lines } => write!(
                f,
                "{at}, {instance}: {lines} lines from {first} on are in no record: they were put in, or their process was killed"
            ),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}, {} lines {} to {}", self.first_at, self.last_at, self.instance, self.first, self.last)
    }
}

/// What was found in an access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessReport {
    /// How many parts hold.
    pub parts: usize,
    /// How many lines these have.
    pub lines: u64,
    /// How many parts are in none of the files, because they are older, newer, or of another gateway.
    pub elsewhere: usize,
    /// How many lines are too new for a record.
    pub waiting: u64,
    /// How many lines are older than what is left of the chain, and nothing can be said of them.
    pub older: u64,
    /// What is wrong, the earliest first.
    pub problems: Vec<AccessProblem>,
}

impl AccessReport {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for AccessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parts, lines, elsewhere, waiting, older, problems } = self;
        write!(
            f,
            "access log: {lines} lines of {parts} records hold; {waiting} lines are too new for a record; \
             {elsewhere} records are of lines that are not in these files"
        )?;
        if *older > 0 {
            write!(
                f,
                "\naccess log: {older} lines are older than the audit records that are kept; nothing vouches for them"
            )?;
        }
        for problem in problems.iter().take(WORDED) {
            write!(f, "\naccess log: {problem}")?;
        }
        match problems.len().saturating_sub(WORDED) {
            0 => Ok(()),
            more => write!(f, "\naccess log: and {more} more"),
        }
    }
}

/// Compares an access log with a chain. The chain is believed: verify it first.
pub struct AccessCheck {
    known: BTreeMap<String, Process>,
    /// When the first record was appended, where those before it were cut.
    begins: Option<String>,
    report: AccessReport,
}

/// What is known of one process, and how far its lines were read.
#[derive(Default)]
struct Process {
    /// In the order of their lines.
    parts: Vec<Part>,
    /// The part that is being read.
    reading: Option<Reading>,
    /// The parts of which a line was met, by their places.
    met: BTreeSet<usize>,
    unvouched: Option<Unvouched>,
}

struct Reading {
    place: usize,
    next: u64,
    hash: Context,
    /// The first thing that was wrong with it.
    wrong: Option<AccessProblem>,
}

struct Unvouched {
    first: u64,
    at: String,
    lines: u64,
}

impl AccessCheck {
    /// Reads what the chain says.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn begin<L: AuditLog + ?Sized>(log: &L, vs: &VirtualServerId) -> Result<Self, StoreError> {
        let mut known = BTreeMap::<String, Process>::new();
        let (mut after, mut begins) = (0, None);
        loop {
            let records = log.records(vs, after, BATCH).await?;
            let (Some(first), Some(last)) = (records.first(), records.last()) else { break };
            if after == 0 && first.seq > 1 {
                begins = appended_at(&first.record);
            }
            after = last.seq;
            for part in records.iter().filter_map(|record| Part::of_record(&record.record)) {
                known.entry(part.instance.clone()).or_default().parts.push(part);
            }
        }
        known.values_mut().for_each(|process| process.parts.sort_by_key(|part| part.first));
        let report = AccessReport { parts: 0, lines: 0, elsewhere: 0, waiting: 0, older: 0, problems: Vec::new() };
        Ok(Self { known, begins, report })
    }

    /// Reads a file of the log; several in the order in which they were written.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&mut self, mut file: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line)? > 0 {
            if let Some((instance, number)) = numbered(&line) {
                let process = self.known.entry(instance.to_owned()).or_default();
                process.take(number, &line, self.begins.as_deref(), &mut self.report);
            }
            line.clear();
        }
        Ok(())
    }

    /// Judges what was read.
    pub fn finish(mut self, now: Timestamp) -> AccessReport {
        for (instance, mut process) in self.known {
            process.end_part(&mut self.report);
            process.judge_gaps(&mut self.report);
            if let Some(Unvouched { first, at, lines }) = process.unvouched {
                if is_new(&at, now) {
                    self.report.waiting += lines;
                } else {
                    self.report.problems.push(AccessProblem::Unvouched { instance, first, at, lines });
                }
            }
        }
        // RFC 3339 in UTC: the order of the texts is that of the times.
        self.report.problems.sort_by(|one, other| one.at().cmp(other.at()));
        self.report
    }
}

impl Process {
    fn take(&mut self, number: u64, line: &[u8], begins: Option<&str>, report: &mut AccessReport) {
        let Some(place) = self.place_of(number) else {
            let at = timestamp(line).unwrap_or_default();
            // RFC 3339 in UTC: the order of the texts is that of the times.
            if begins.is_some_and(|begins| at.as_str() < begins) {
                report.older += 1;
            } else {
                self.unvouched.get_or_insert(Unvouched { first: number, at, lines: 0 }).lines += 1;
            }
            return;
        };
        if self.reading.as_ref().is_none_or(|reading| reading.place != place) {
            self.end_part(report);
            self.begin_part(place);
        }
        if let (Some(reading), Some(part)) = (&mut self.reading, self.parts.get(place)) {
            reading.take(part, number, line);
        }
    }

    /// Which part a line belongs to.
    fn place_of(&self, number: u64) -> Option<usize> {
        let place = self.parts.partition_point(|part| part.last < number);
        self.parts.get(place).filter(|part| part.first <= number).map(|_| place)
    }

    fn begin_part(&mut self, place: usize) {
        let Some(part) = self.parts.get(place) else { return };
        // One that was read already comes back after another.
        let wrong =
            (!self.met.insert(place)).then(|| AccessProblem::Misplaced { part: part.clone(), line: part.first });
        self.reading = Some(Reading { place, next: part.first, hash: Context::new(&SHA256), wrong });
    }

    fn end_part(&mut self, report: &mut AccessReport) {
        let Some(reading) = self.reading.take() else { return };
        let Some(part) = self.parts.get(reading.place) else { return };
        match reading.judge(part) {
            None => {
                report.parts += 1;
                report.lines += part.last.saturating_sub(part.first) + 1;
            }
            Some(problem) => report.problems.push(problem),
        }
    }

    /// A part between two that were met should have been met itself. What lies before and after may be in other files.
    fn judge_gaps(&self, report: &mut AccessReport) {
        let (first, last) = (self.met.first().copied(), self.met.last().copied());
        let between =
            |place: &usize| first.is_some_and(|first| first < *place) && last.is_some_and(|last| *place < last);
        for (place, part) in self.parts.iter().enumerate().filter(|(place, _)| !self.met.contains(place)) {
            if between(&place) {
                let (first, last) = (part.first, part.last);
                report.problems.push(AccessProblem::Missing { part: part.clone(), first, last });
            } else {
                report.elsewhere += 1;
            }
        }
    }
}

impl Reading {
    fn take(&mut self, part: &Part, number: u64, line: &[u8]) {
        self.hash.update(line);
        let problem = match number {
            number if number == self.next => None,
            number if number > self.next => {
                Some(AccessProblem::Missing { part: part.clone(), first: self.next, last: number - 1 })
            }
            line => Some(AccessProblem::Misplaced { part: part.clone(), line }),
        };
        self.wrong = self.wrong.take().or(problem);
        self.next = number.saturating_add(1);
    }

    fn judge(self, part: &Part) -> Option<AccessProblem> {
        let cut = || AccessProblem::Missing { part: part.clone(), first: self.next, last: part.last };
        let holds = HEXLOWER.encode(self.hash.finish().as_ref()) == part.sha256;
        match self.wrong {
            Some(wrong) => Some(wrong),
            None if self.next <= part.last => Some(cut()),
            None if holds => None,
            None => Some(AccessProblem::Edited(part.clone())),
        }
    }
}

fn is_new(at: &str, now: Timestamp) -> bool {
    let written = OffsetDateTime::parse(at, &Rfc3339).ok();
    let written = written.and_then(|at| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok());
    written.is_some_and(|at| now.since(Timestamp::from_millis(at)) < VOUCHED_WITHIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Chain;

    fn default() -> VirtualServerId {
        VirtualServerId::new("default")
    }

    /// What a process writes in one minute of 1970, and the record of it in the chain.
    fn minute(numbering: &mut Numbering, chain: &Chain, minute: i64, lines: u32) -> String {
        let written = write(numbering, minute, lines);
        let part = numbering.close().unwrap();
        chain.append_event(&part.event(), Timestamp::from_secs(minute * 60 + 60));
        written
    }

    fn write(numbering: &mut Numbering, minute: i64, lines: u32) -> String {
        let line = |nth: u32| {
            let at = Timestamp::from_millis(minute * 60_000 + i64::from(nth)).rfc3339();
            let text = format!("{{\"timestamp\":\"{at}\",\"fields\":{{\"nth\":{nth}}},\"target\":\"access\"}}\n");
            String::from_utf8(numbering.line(text.as_bytes()).to_vec()).unwrap()
        };
        (0..lines).map(line).collect()
    }

    /// Two processes in one file, with lines of something else between them: three minutes of `a`, one of `b`.
    fn two_processes() -> (Chain, Vec<String>) {
        let chain = Chain::of(3);
        let (mut a, mut b) = (Numbering::of("a".into()), Numbering::of("b".into()));
        let mut text = minute(&mut a, &chain, 1, 3);
        text.push_str("{\"timestamp\":\"x\",\"target\":\"doorward\"}\n");
        let (firsts, seconds) = (minute(&mut a, &chain, 2, 2), minute(&mut b, &chain, 2, 2));
        for (one, other) in firsts.lines().zip(seconds.lines()) {
            text.push_str(&format!("{one}\n{other}\n"));
        }
        text.push_str("no JSON at all\n");
        text.push_str(&minute(&mut a, &chain, 3, 1));
        (chain, text.lines().map(|line| format!("{line}\n")).collect())
    }

    async fn check(chain: &Chain, files: &[&[String]], now: i64) -> AccessReport {
        let mut check = AccessCheck::begin(chain, &default()).await.unwrap();
        for file in files {
            check.read(file.concat().as_bytes()).unwrap();
        }
        check.finish(Timestamp::from_secs(now))
    }

    #[tokio::test]
    async fn what_was_written_holds_in_one_file_or_several_whatever_lies_between() {
        let (chain, lines) = two_processes();
        let report = check(&chain, &[&lines], 240).await;
        assert_eq!((report.problems.as_slice(), report.parts, report.lines), (&[][..], 4, 8));
        let (first, second) = lines.split_at(2);
        assert_eq!(check(&chain, &[first, second], 240).await, report);
        let one_minute = check(&chain, &[&lines[..3]], 240).await;
        assert_eq!((one_minute.holds(), one_minute.parts, one_minute.elsewhere), (true, 1, 3));
    }

    #[tokio::test]
    async fn the_first_minute_that_differs_is_named_and_how() {
        let (chain, lines) = two_processes();
        type Change = Box<dyn Fn(&mut Vec<String>)>;
        let changes: [(&str, Change); 8] = [
            ("a lines 1 to 3: a line was edited", Box::new(|all| all[1] = all[1].replace("\"nth\":1", "\"nth\":7"))),
            ("a lines 1 to 3: line 2 is missing", Box::new(|all| drop(all.remove(1)))),
            ("a lines 1 to 3: line 3 is missing", Box::new(|all| drop(all.remove(2)))),
            ("a lines 1 to 3: lines 1 to 2 are missing", Box::new(|all| drop(all.drain(..2)))),
            ("a lines 1 to 3: line 1 is twice", Box::new(|all| all.insert(1, all[0].clone()))),
            ("a lines 1 to 3: line 2 is missing", Box::new(|all| all.swap(1, 2))),
            (
                "a lines 4 to 5: lines 4 to 5 are missing",
                Box::new(|all| all.retain(|line| !line.contains(":02:0") || line.contains("\"b\""))),
            ),
            ("b lines 1 to 2: line 2 is missing", Box::new(|all| drop(all.remove(7)))),
        ];
        for (told, change) in changes {
            let mut changed = lines.clone();
            change(&mut changed);
            let report = check(&chain, &[&changed], 240).await;
            assert_eq!(report.problems.len(), 1, "{told}: {report}");
            assert!(report.problems[0].to_string().contains(told), "{told}: {report}");
            assert!(report.problems[0].to_string().starts_with("1970-01-01T00:0"), "{report}");
        }
    }

    #[tokio::test]
    async fn lines_without_a_record_are_new_or_nobodys() {
        let (chain, mut lines) = two_processes();
        let mut late = Numbering::of("c".into());
        lines.extend(write(&mut late, 4, 2).lines().map(|line| format!("{line}\n")));
        let new = check(&chain, &[&lines], 300).await;
        assert_eq!((new.holds(), new.waiting), (true, 2));
        let old = check(&chain, &[&lines], 24_000).await;
        assert_eq!((old.problems.len(), old.waiting), (1, 0));
        let told = old.to_string();
        assert!(told.contains("1970-01-01T00:04:00.000Z, c: 2 lines from 1 on are in no record"), "{told}");
    }

    #[tokio::test]
    async fn of_lines_that_are_older_than_what_is_kept_nothing_is_said() {
        let (chain, lines) = two_processes();
        chain.tamper(|rows| rows.records.retain(|record| record.seq > 4));
        let report = check(&chain, &[&lines], 24_000).await;
        assert_eq!((report.problems.as_slice(), report.older, report.parts), (&[][..], 3, 3));
        assert!(report.to_string().contains("3 lines are older than the audit records that are kept"), "{report}");
    }

    #[test]
    fn a_minute_without_lines_has_no_record_and_what_is_no_line_stays_as_it_is() {
        let mut numbering = Numbering::of("a".into());
        assert_eq!(numbering.line(b"plain words\n"), b"plain words\n");
        assert_eq!(numbering.close(), None);
        assert_eq!(
            numbering.line(b"{\"timestamp\":\"t\"}\n"),
            b"{\"instance\":\"a\",\"line\":1,\"timestamp\":\"t\"}\n"
        );
        let part = numbering.close().unwrap();
        assert_eq!((part.first, part.last, part.first_at.as_str(), part.last_at.as_str()), (1, 1, "t", "t"));
        assert_eq!(part.event().details["lines"], 1);
        let record = part.event().record("default", 1, Timestamp::from_secs(1));
        assert_eq!(Part::of_record(&record), Some(part));
        assert_eq!(numbering.close(), None);
    }

    #[test]
    fn only_a_whole_beginning_is_one() {
        assert_eq!(numbered(b"{\"instance\":\"a-1\",\"line\":12,\"x\":1}"), Some(("a-1", 12)));
        for other in ["", "{}", "{\"instance\":\"a", "{\"instance\":\"a\",\"line\":", "{\"instance\":\"a\",\"line\":x,"]
        {
            assert_eq!(numbered(other.as_bytes()), None, "{other}");
        }
    }
}
