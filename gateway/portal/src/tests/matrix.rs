//! Matrices of roles and what they are let into, as they are written out.

use std::collections::BTreeSet;

use http::Method;

/// Who asks, in the order of the columns.
pub(crate) const WHO: [&str; 4] = ["nobody", "auditor", "help desk", "administrator"];

/// A row: what is asked, and who is let in.
pub(crate) struct Row {
    pub(crate) method: Method,
    /// With its places open: `/users/{user}`.
    pub(crate) path: &'static str,
    pub(crate) let_in: [bool; 4],
}

impl Row {
    /// `GET /users/{user}`
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Reads one: below its heading a row for each call, `yes` for whom is let in and `-` for whom is turned away.
pub(crate) fn read(matrix: &'static str) -> Vec<Row> {
    let mut lines = matrix.lines().map(str::trim).filter(|line| !line.is_empty());
    let heading: Vec<&str> = lines.next().unwrap().split('|').map(str::trim).skip(1).collect();
    assert_eq!(heading, WHO);
    let rows: Vec<Row> = lines.map(row).collect();
    let mut names = BTreeSet::new();
    for row in &rows {
        assert!(names.insert(row.name()), "{} stands there twice", row.name());
    }
    rows
}

fn row(line: &'static str) -> Row {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let [asked, who @ ..] = cells.as_slice() else { panic!("{line}") };
    let (method, path) = asked.split_once(' ').unwrap_or_else(|| panic!("{line}"));
    let let_in = <[&str; 4]>::try_from(who).unwrap_or_else(|_| panic!("{line}")).map(|cell| match cell {
        "yes" => true,
        "-" => false,
        other => panic!("{other} in {line}"),
    });
    Row { method: method.parse().unwrap(), path: path.trim(), let_in }
}
