//! Runs faults one after the other, since each measures: `faults [--full] [--write FILE] [F-01 …]`.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use doorward_api::Timestamp;

use crate::report::{self, Written};

/// A fault and what is promised under it.
pub(crate) struct Fault {
    /// `F-01`.
    pub(crate) id: &'static str,
    /// What breaks, in a few words.
    pub(crate) what: &'static str,
    /// What holds nevertheless, as a sentence.
    pub(crate) promise: &'static str,
    /// Makes the fault and looks. A promise that does not hold is a panic (an `assert!`), whose words go into the report.
    pub(crate) run: fn(Scale) -> Found,
}

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Seconds: what `make test` can afford.
    Short,
    /// As the promise is worded.
    Full,
}

impl Scale {
    /// One number for each scale.
    pub(crate) fn of<T>(self, short: T, full: T) -> T {
        match self {
            Scale::Short => short,
            Scale::Full => full,
        }
    }
}

/// What was seen.
pub(crate) enum Found {
    /// The promise held; the figures to report, each a name and a value with its unit.
    Held(Vec<(&'static str, String)>),
    /// It could not be tried here, and why (no right to make network namespaces, say). Never for a fault that CI can make.
    NotTried(String),
}

/// One line of the report.
pub(crate) struct Line<'a> {
    pub(crate) fault: &'a Fault,
    pub(crate) scale: Scale,
    pub(crate) seen: Seen,
    pub(crate) took: Duration,
}

/// How a fault ended.
pub(crate) enum Seen {
    Held(Vec<(&'static str, String)>),
    Broken(String),
    NotTried(String),
}

struct Arguments {
    scale: Scale,
    write: Option<String>,
    only: Vec<String>,
}

pub(crate) fn main(list: &[Fault]) -> ExitCode {
    let arguments = arguments();
    let asked_for = |fault: &&Fault| arguments.only.is_empty() || arguments.only.iter().any(|id| id == fault.id);
    let strange = arguments.only.iter().find(|id| list.iter().all(|fault| fault.id != **id));
    if let Some(id) = strange {
        eprintln!("there is no such fault: {id}");
        return ExitCode::from(2);
    }
    remember_panics();
    // From the folder of the repository on, wherever this is started.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut written = arguments.write.map(|file| Written::to(root.join(file), list));
    let mut broken = Vec::new();
    for fault in list.iter().filter(asked_for) {
        let line = tried(fault, arguments.scale);
        if let Seen::Broken(why) = &line.seen {
            broken.push(format!("{}: {why}", line.fault.id));
        }
        if let Some(written) = &mut written {
            written.takes(&line, now());
        }
    }
    if broken.is_empty() {
        return ExitCode::SUCCESS;
    }
    // Once more at the end, where whoever reads a long log looks first.
    eprintln!("{} promises did not hold:\n{}", broken.len(), broken.join("\n"));
    ExitCode::FAILURE
}

/// The machine's time, for the report.
#[expect(clippy::disallowed_methods, reason = "a report of what was seen says when that was")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn arguments() -> Arguments {
    let mut given = Arguments { scale: Scale::Short, write: None, only: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--full" => given.scale = Scale::Full,
            "--write" => given.write = words.next(),
            id if id.starts_with("F-") => given.only.push(word),
            other => panic!("faults [--full] [--write FILE] [F-01 …], not {other}"),
        }
    }
    given
}

/// The short form shares its machine with whatever else runs there, and waits and limits are of seconds: what broke is broken when
/// it breaks twice. The first time is told all the same. The whole form, whose figures are written down, is run once.
fn tried(fault: &Fault, scale: Scale) -> Line<'_> {
    let line = run(fault, scale);
    match (&line.seen, scale) {
        (Seen::Broken(why), Scale::Short) => {
            eprintln!("{} is tried once more, for: {why}", fault.id);
            run(fault, scale)
        }
        _ => line,
    }
}

fn run<'a>(fault: &'a Fault, scale: Scale) -> Line<'a> {
    println!("{} {} …", fault.id, fault.what);
    FIRST_PANIC.lock().unwrap().take();
    let begun = Instant::now();
    let seen = match catch_unwind(AssertUnwindSafe(|| (fault.run)(scale))) {
        Ok(Found::Held(figures)) => Seen::Held(figures),
        Ok(Found::NotTried(why)) => Seen::NotTried(why),
        Err(panic) => Seen::Broken(words(&*panic)),
    };
    let line = Line { fault, scale, seen, took: begun.elapsed() };
    println!("{} {} ({:.1} s)", fault.id, report::in_a_line(&line.seen), line.took.as_secs_f64());
    line
}

/// What went wrong first, and what the fault ended with, where that is something else.
fn words(last: &(dyn Any + Send)) -> String {
    let first = FIRST_PANIC.lock().unwrap().take().unwrap_or_default();
    let last = last.downcast_ref::<String>().map(String::as_str).or_else(|| last.downcast_ref::<&str>().copied());
    match last {
        Some(last) if !first.contains(last) => format!("{first}; in the end: {last}"),
        _ => first,
    }
}

/// The words and the place of the first panic in any thread: where several threads work together, those that come later are
/// about its consequences, and the one that is caught in the end says only that there was one.
static FIRST_PANIC: Mutex<Option<String>> = Mutex::new(None);

fn remember_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let words = panic.payload_as_str().unwrap_or("a panic without words");
        let place = panic.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
        FIRST_PANIC.lock().unwrap().get_or_insert_with(|| format!("{words}{place}"));
        usual(panic);
    }));
}
