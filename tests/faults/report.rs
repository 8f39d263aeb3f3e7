//! What a run says: a line for each fault as it ends, and the rows of `FAULTS.md`.

use std::path::PathBuf;

use doorward_api::Timestamp;
use doorward_tests::report::{Entry, Report, Title, Verdict};

use crate::runner::{Fault, Line, Scale, Seen};

/// The file that is rewritten as faults end, so that a run which is broken off has said what it saw.
pub(crate) struct Written {
    file: PathBuf,
    report: Report,
}

impl Written {
    /// Goes on from what the file says already.
    pub(crate) fn to(file: PathBuf, list: &[Fault]) -> Self {
        let earlier = std::fs::read_to_string(&file).unwrap_or_default();
        Self { file, report: Report::after(&earlier, list.iter().map(title)) }
    }

    pub(crate) fn takes(&mut self, line: &Line<'_>, at: Timestamp) {
        self.report.takes(title(line.fault), &entry(line, at));
        std::fs::write(&self.file, self.report.to_string()).unwrap();
    }
}

fn title(fault: &Fault) -> Title {
    Title { id: fault.id, what: fault.what, promise: fault.promise }
}

fn entry(line: &Line<'_>, at: Timestamp) -> Entry {
    let in_short = if line.scale == Scale::Short { ", in short" } else { "" };
    let took = format!("{:.0} s{in_short}", line.took.as_secs_f64());
    let when = at.rfc3339().get(..16).unwrap_or_default().replace('T', " ");
    Entry { verdict: verdict(&line.seen), seen: seen(&line.seen), when, took }
}

fn verdict(seen: &Seen) -> Verdict {
    match seen {
        Seen::Held(_) => Verdict::Held,
        Seen::Broken(_) => Verdict::Broken,
        Seen::NotTried(_) => Verdict::NotTried,
    }
}

/// The figures, or the words of what went wrong.
fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Held(figures) => {
            let figures: Vec<String> = figures.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            figures.join("; ")
        }
        Seen::Broken(words) => words.lines().take(12).collect::<Vec<_>>().join(" / ").chars().take(800).collect(),
        Seen::NotTried(why) => why.clone(),
    }
}

/// In a few words.
pub(crate) fn in_a_line(what: &Seen) -> String {
    format!("{}: {}", verdict(what).word().trim_matches('*'), seen(what))
}
