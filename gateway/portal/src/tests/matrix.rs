//! Matrices of roles and what they are let into, as they are written out.

use std::collections::BTreeSet;

use doorward_api::{Module, Permission};
use http::Method;

/// Who asks, in the order of the columns. The token desk has a role that was made, of [`TOKEN_DESK`]; the registrar one of
/// [`REGISTRAR`].
pub(crate) const WHO: [&str; 6] = ["nobody", "auditor", "help desk", "administrator", "token desk", "registrar"];

/// What the token desk may, besides what that brings.
pub(crate) const TOKEN_DESK: [Permission; 2] = [Module::Tokens.delete(), Module::Users.view()];

/// What the registrar may, besides what that brings.
pub(crate) const REGISTRAR: [Permission; 5] = [
    Module::Users.delete(),
    Module::Groups.delete(),
    Module::Operators.edit(),
    Module::Roles.delete(),
    Module::ApiKeys.delete(),
];

/// A row: what is asked, and who is let in.
pub(crate) struct Row {
    pub(crate) method: Method,
    /// With its places open: `/users/{user}`.
    pub(crate) path: &'static str,
    pub(crate) let_in: Vec<bool>,
}

impl Row {
    /// `GET /users/{user}`
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Reads one, of these columns: below its heading a row for each call, `yes` for whom is let in and `-` for whom is turned away.
pub(crate) fn read(matrix: &'static str, who: &[&str]) -> Vec<Row> {
    let mut lines = matrix.lines().map(str::trim).filter(|line| !line.is_empty());
    let heading: Vec<&str> = lines.next().unwrap().split('|').map(str::trim).skip(1).collect();
    assert_eq!(heading, who);
    let rows: Vec<Row> = lines.map(|line| row(line, who.len())).collect();
    let mut names = BTreeSet::new();
    for row in &rows {
        assert!(names.insert(row.name()), "{} stands there twice", row.name());
    }
    rows
}

fn row(line: &'static str, columns: usize) -> Row {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let [asked, who @ ..] = cells.as_slice() else { panic!("{line}") };
    let (method, path) = asked.split_once(' ').unwrap_or_else(|| panic!("{line}"));
    assert_eq!(who.len(), columns, "{line}");
    let let_in = who.iter().map(|cell| match *cell {
        "yes" => true,
        "-" => false,
        other => panic!("{other} in {line}"),
    });
    let let_in = let_in.collect();
    Row { method: method.parse().unwrap(), path: path.trim(), let_in }
}
