//! Tables in Markdown, that a terminal shows well too.

use std::fmt::Write;

/// A table under its heads.
#[derive(Debug, Clone)]
pub struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Without rows.
    pub fn new(heads: &[&str]) -> Self {
        Self { heads: heads.iter().map(|head| (*head).to_owned()).collect(), rows: Vec::new() }
    }

    /// One more row. A cell may hold anything; what would end it or its row is written otherwise.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect());
    }

    /// With each column as wide as its widest cell.
    pub fn markdown(&self) -> String {
        let widths: Vec<usize> = (0..self.heads.len())
            .map(|column| {
                let cells = std::iter::once(&self.heads).chain(&self.rows).filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut text = line(&self.heads, &widths);
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        text.push_str(&line(&rules, &widths));
        for row in &self.rows {
            text.push_str(&line(row, &widths));
        }
        text
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        // Writing to a string does not fail.
        let _ = write!(text, "| {cell:<width$} ");
    }
    text.push_str("|\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_no_cell_breaks_its_table() {
        let mut table = Table::new(&["what", "µs"]);
        table.row(["a|b\nc".to_owned(), "1".to_owned()]);
        assert_eq!(table.markdown(), "| what   | µs |\n| ------ | -- |\n| a\\|b c | 1  |\n");
    }
}
