//! The report of the faults, `FAULTS.md`: a row for each fault, of which a run rewrites only those that it tried.

use std::fmt;

/// What is above the rows.
const HEAD: &str = "# Faults\n\nWritten by `make faults`: what was broken, what is promised, and what was seen. No word of it \
                    is edited by hand. A run of some faults only rewrites their rows.\n\n";

/// The names of the columns, and where the rows begin.
const COLUMNS: &str = "| fault | what breaks | what is promised | result | what was seen | when, in UTC | took |\n\
                       |---|---|---|---|---|---|---|\n";

/// A fault, as the report names it.
#[derive(Debug, Clone, Copy)]
pub struct Title {
    /// `F-01`.
    pub id: &'static str,
    pub what: &'static str,
    pub promise: &'static str,
}

/// How a fault ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Held,
    Broken,
    /// It could not be made here.
    NotTried,
    /// No run has come to it yet.
    NotRun,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::Held, Self::Broken, Self::NotTried, Self::NotRun];

    /// As a reader finds it; what is broken stands out.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Held => "held",
            Verdict::Broken => "**BROKEN**",
            Verdict::NotTried => "not tried",
            Verdict::NotRun => "not run",
        }
    }
}

/// What a run says of one fault.
#[derive(Debug, Clone)]
pub struct Entry {
    pub verdict: Verdict,
    /// The figures, or why there are none.
    pub seen: String,
    /// When it ended.
    pub when: String,
    pub took: String,
}

/// A row: its cells from the id on, as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row(Vec<String>);

/// The report.
#[derive(Debug, Clone)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Rows for these faults in this order. What an earlier report says of one is kept; of a fault that is gone, it is dropped.
    pub fn after(earlier: &str, faults: impl IntoIterator<Item = Title>) -> Self {
        let earlier: Vec<Row> = earlier.lines().filter_map(Row::read).collect();
        let row =
            |title: Title| earlier.iter().find(|row| row.id() == title.id).cloned().unwrap_or(Row::not_run(title));
        Self { rows: faults.into_iter().map(row).collect() }
    }

    /// Writes anew what is said of a fault.
    pub fn takes(&mut self, title: Title, entry: &Entry) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.id() == title.id) {
            *row = Row::of(title, entry);
        }
    }

    /// `2 of 3 held, 1 BROKEN`: all at one look.
    fn sum(&self) -> String {
        let count = |verdict: Verdict| self.rows.iter().filter(|row| row.0[3] == verdict.word()).count();
        let others = Verdict::ALL.into_iter().skip(1).map(|verdict| (count(verdict), verdict.word()));
        let others: String =
            others.filter(|(count, _)| *count > 0).map(|(count, word)| format!(", {count} {word}")).collect();
        format!("{} of {} held{others}.", count(Verdict::Held), self.rows.len())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEAD}{}\n\n{COLUMNS}", self.sum())?;
        self.rows.iter().try_for_each(|Row(cells)| writeln!(f, "| {} |", cells.join(" | ")))
    }
}

impl Row {
    const CELLS: usize = 7;

    fn of(title: Title, entry: &Entry) -> Self {
        let cells = [title.id, title.what, title.promise, entry.verdict.word(), &entry.seen, &entry.when, &entry.took];
        // A bar would end the cell, and a line the row.
        Self(cells.map(|cell| cell.trim().replace('|', "\\|").replace(['\n', '\r'], " ")).to_vec())
    }

    fn not_run(title: Title) -> Self {
        let nothing = || "–".to_owned();
        Self::of(title, &Entry { verdict: Verdict::NotRun, seen: nothing(), when: nothing(), took: nothing() })
    }

    /// A line of a report that is the row of a fault.
    fn read(line: &str) -> Option<Self> {
        let inner = line.strip_prefix("| F-")?.strip_suffix(" |")?;
        let cells: Vec<String> = format!("F-{inner}").split(" | ").map(str::to_owned).collect();
        (cells.len() == Self::CELLS).then_some(Self(cells))
    }

    fn id(&self) -> &str {
        &self.0[0]
    }
}

#[cfg(test)]
const TITLES: [Title; 3] = [
    Title { id: "F-01", what: "a", promise: "holds" },
    Title { id: "F-02", what: "b | c", promise: "holds" },
    Title { id: "F-03", what: "d", promise: "holds" },
];

#[cfg(test)]
fn entry(verdict: Verdict, seen: &str) -> Entry {
    Entry { verdict, seen: seen.to_owned(), when: "2026-01-02 03:04".to_owned(), took: "5 s".to_owned() }
}

#[test]
fn a_run_of_one_fault_rewrites_its_row_and_keeps_the_others_as_they_were() {
    let mut first = Report::after("", TITLES);
    first.takes(TITLES[0], &entry(Verdict::Held, "lost: 0"));
    first.takes(TITLES[1], &entry(Verdict::Broken, "one | two\nthree"));
    let first = first.to_string();
    let mut second = Report::after(&first, TITLES);
    second.takes(TITLES[0], &entry(Verdict::Held, "lost: 1"));
    assert_eq!(second.to_string(), first.replace("lost: 0", "lost: 1"));
}

#[test]
fn what_a_cell_says_can_neither_end_it_nor_its_row() {
    let mut report = Report::after("", TITLES);
    report.takes(TITLES[1], &entry(Verdict::Broken, "one | two\nthree"));
    let row = "| F-02 | b \\| c | holds | **BROKEN** | one \\| two three | 2026-01-02 03:04 | 5 s |\n";
    assert!(report.to_string().contains(row), "{report}");
}

#[test]
fn a_fault_that_no_run_has_come_to_is_named_and_one_that_is_gone_is_not() {
    let mut all = Report::after("", TITLES);
    all.takes(TITLES[0], &entry(Verdict::Held, "lost: 0"));
    assert!(all.to_string().contains("\n1 of 3 held, 2 not run.\n"), "{all}");
    let fewer = Report::after(&all.to_string(), [TITLES[2]]).to_string();
    assert!(fewer.contains("0 of 1 held, 1 not run.") && !fewer.contains("F-01"), "{fewer}");
}
