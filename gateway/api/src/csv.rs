//! Cells of CSV files (RFC 4180) that spreadsheets open without running what a stranger has typed as a name (AD-04).

/// What spreadsheets take for the begin of a formula, in whichever width it is written.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// What another spreadsheet, or another country's, takes for the end of a cell, in the middle of it.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

/// A line of cells.
pub fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell in quotes. An apostrophe goes before what would be taken for a formula: at the beginning and, since quotes in the
/// middle of what is split at semicolons count for nothing, after whatever may separate cells; behind blanks and quotes too.
pub fn quoted(cell: &str) -> String {
    let mut safe = String::with_capacity(cell.len() + 2);
    safe.push('"');
    if cell.starts_with(['\t', '\r', '\n']) {
        safe.push('\'');
    }
    let mut rest = cell;
    loop {
        // What is split here begins a cell of its own, and quotes at the begin of a cell are taken off.
        let begin = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
        if begin.starts_with(FORMULA) && !safe.ends_with('\'') {
            safe.push('\'');
        }
        let (part, after) = match rest.find(SEPARATORS) {
            Some(end) => rest.split_at(end + 1),
            None => (rest, ""),
        };
        safe.push_str(&part.replace('"', "\"\""));
        if after.is_empty() {
            break;
        }
        rest = after;
    }
    safe.push('"');
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_quoted_and_none_is_a_formula() {
        assert_eq!(
            row(["a".to_owned(), String::new(), "b \"c\",\r\nd".to_owned()].into_iter()),
            "\"a\",\"\",\"b \"\"c\"\",\r\nd\"\r\n"
        );
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\rx", "＝1", "  =1", "\u{a0}=1"] {
            assert!(quoted(cell).starts_with("\"'"), "{cell:?}");
        }
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("a=b"), "\"a=b\"");
    }

    #[test]
    fn nor_is_what_is_left_of_it_where_others_separate() {
        for (cell, written) in [
            ("x;=cmd|'/C calc'!A0;", "\"x;'=cmd|'/C calc'!A0;\""),
            ("x; +1", "\"x;' +1\""),
            ("x;\"=HYPERLINK(A1);", "\"x;'\"\"=HYPERLINK(A1);\""),
            ("x; \"\" \"@SUM(A1)\"", "\"x;' \"\"\"\" \"\"@SUM(A1)\"\"\""),
            ("\"=1+1\"", "\"'\"\"=1+1\"\"\""),
            ("x;\"y\"", "\"x;\"\"y\"\"\""),
            ("one\n=two", "\"one\n'=two\""),
            ("a;b;@c", "\"a;b;'@c\""),
            ("Mozilla/5.0 (X11; Linux x86_64)", "\"Mozilla/5.0 (X11; Linux x86_64)\""),
            (";", "\";\""),
        ] {
            assert_eq!(quoted(cell), written);
        }
    }
}
