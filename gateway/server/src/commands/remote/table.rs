//! Tables that fit the terminal: what is too wide is cut where the most is to be had.

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::show::text;

/// A column: its heading, and the path of what stands in it.
pub(super) type Column = (&'static str, &'static str);

/// Between two columns.
const GAP: usize = 2;
/// No column is made narrower.
const NARROWEST: usize = 6;

/// The table of some things.
pub(super) fn table(columns: &[Column], items: &[Value], width: Option<usize>, colour: bool) -> String {
    let head: Vec<String> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let rows: Vec<Vec<String>> =
        items.iter().map(|item| columns.iter().map(|(_, path)| text(item, path)).collect()).collect();
    let mut widths: Vec<usize> = (0..columns.len())
        .map(|nth| {
            let cells = rows.iter().chain([&head]).filter_map(|row| row.get(nth));
            cells.map(|cell| cell.width()).max().unwrap_or_default()
        })
        .collect();
    if let Some(width) = width {
        narrow(&mut widths, width);
    }
    let mut drawn = line(&head, &widths);
    if colour {
        drawn = format!("\u{1b}[1m{drawn}\u{1b}[0m");
    }
    for row in &rows {
        drawn.push('\n');
        drawn.push_str(&line(row, &widths));
    }
    drawn.push('\n');
    drawn
}

/// Takes from the widest, one by one, until all fit or none can be narrower.
fn narrow(widths: &mut [usize], width: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > width {
        match widths.iter_mut().filter(|one| **one > NARROWEST).max_by_key(|one| **one) {
            Some(widest) => *widest -= 1,
            None => return,
        }
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (nth, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if nth > 0 {
            line.push_str(&" ".repeat(GAP));
        }
        let cell = fitted(cell, *width);
        line.push_str(&cell);
        line.push_str(&" ".repeat(width.saturating_sub(cell.width())));
    }
    line.trim_end().to_owned()
}

/// A text of at most so many columns; what is cut ends in `…`.
pub(super) fn fitted(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 0;
    for letter in text.chars() {
        taken += letter.width().unwrap_or_default();
        if taken + 1 > width {
            break;
        }
        kept.push(letter);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: [Column; 3] = [("NAME", "name"), ("GROUPS", "groups.name"), ("OFF", "disabled")];

    fn people() -> Vec<Value> {
        vec![
            json!({"name": "alice", "groups": [{"name": "Sales"}, {"name": "Staff"}], "disabled": false}),
            json!({"name": "山田太郎", "groups": [], "disabled": true}),
        ]
    }

    #[test]
    fn columns_stand_below_each_other_whatever_they_are_written_in() {
        let said = "NAME      GROUPS        OFF\nalice     Sales, Staff  no\n山田太郎                yes\n";
        assert_eq!(table(&COLUMNS, &people(), None, false), said);
    }

    #[test]
    fn a_narrow_terminal_cuts_the_widest() {
        let drawn = table(&COLUMNS, &people(), Some(22), false);
        assert!(drawn.lines().all(|line| line.width() <= 22), "{drawn}");
        assert!(drawn.contains('…') && drawn.contains("alice"), "{drawn}");
        // What cannot fit is not cut to nothing.
        assert!(table(&COLUMNS, &people(), Some(3), false).contains("alice"));
    }

    #[test]
    fn a_wide_letter_is_not_cut_in_two() {
        assert_eq!(fitted("山田太郎", 6), "山田…");
        assert_eq!(fitted("山田太郎", 8), "山田太郎");
        assert_eq!(fitted("alice", 3), "al…");
    }
}
