//! The report: one table for all faults.

use crate::runner::{Line, Seen};

/// In a few words.
pub(crate) fn verdict(seen: &Seen) -> String {
    match seen {
        Seen::Held(figures) => {
            let figures: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!("held: {}", figures.join(", "))
        }
        Seen::Broken(words) => format!("BROKEN: {}", words.lines().take(12).collect::<Vec<_>>().join(" / ")),
        Seen::NotTried(why) => format!("not tried: {why}"),
    }
}

/// The file `FAULTS.md`.
pub(crate) fn table(lines: &[Line<'_>]) -> String {
    let mut text = String::from(
        "# Faults\n\nWritten by `make faults`: what was broken, what is promised, and what was seen in this run. A figure is \
         never edited by hand.\n\n| id | fault | promise | seen | took |\n|---|---|---|---|---|\n",
    );
    for Line { fault, seen, took } in lines {
        let row = [fault.id, fault.what, fault.promise, &verdict(seen), &format!("{:.0} s", took.as_secs_f64())]
            .map(|cell| cell.replace('|', "\\|").replace('\n', " "))
            .join(" | ");
        text.push_str(&format!("| {row} |\n"));
    }
    text
}
