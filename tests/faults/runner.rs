//! Runs faults one after the other, since each measures: `faults [--full] [--write FILE] [F-01 …]`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::report;

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
    let chosen: Vec<&Fault> = list
        .iter()
        .filter(|fault| arguments.only.is_empty() || arguments.only.iter().any(|id| id == fault.id))
        .collect();
    let lines: Vec<Line<'_>> = chosen.into_iter().map(|fault| run(fault, arguments.scale)).collect();
    if lines.is_empty() && !arguments.only.is_empty() {
        eprintln!("there is no such fault: {}", arguments.only.join(" "));
        return ExitCode::from(2);
    }
    if let Some(file) = &arguments.write {
        // From the folder of the repository on, wherever this is started.
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        std::fs::write(root.join(file), report::table(&lines)).unwrap();
    }
    match lines.iter().filter(|line| matches!(line.seen, Seen::Broken(_))).count() {
        0 => ExitCode::SUCCESS,
        broken => {
            eprintln!("{broken} promises did not hold");
            ExitCode::FAILURE
        }
    }
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

fn run<'a>(fault: &'a Fault, scale: Scale) -> Line<'a> {
    println!("{} {} …", fault.id, fault.what);
    let begun = Instant::now();
    let seen = match catch_unwind(AssertUnwindSafe(|| (fault.run)(scale))) {
        Ok(Found::Held(figures)) => Seen::Held(figures),
        Ok(Found::NotTried(why)) => Seen::NotTried(why),
        Err(panic) => Seen::Broken(words(&*panic)),
    };
    let line = Line { fault, seen, took: begun.elapsed() };
    println!("{} {} ({:.1} s)", fault.id, report::verdict(&line.seen), line.took.as_secs_f64());
    line
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}
