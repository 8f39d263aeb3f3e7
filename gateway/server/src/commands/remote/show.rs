//! How answers are shown: the API's JSON as it is, or for people.

use std::io::{IsTerminal, Write};

use serde_json::Value;

pub(super) use crate::commands::authenticator::terminal::plain;

use super::table::{Column, table};
use super::{Outcome, Stop};
use crate::Finding;

/// For whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// For programs.
    pub(super) json: bool,
    /// The terminal's columns; none where there is no terminal.
    pub(super) width: Option<usize>,
    /// In colours.
    pub(super) colour: bool,
}

impl Manner {
    /// What standard output is, and what its reader asks for.
    pub(super) fn of(json: bool) -> Self {
        let out = std::io::stdout();
        let is_terminal = out.is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let size = rustix::termios::tcgetwinsize(&out).ok().filter(|_| is_terminal);
        let width = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
        Self { json, width, colour: is_terminal && !set("NO_COLOR") && !is_dumb }
    }

    /// Something was done.
    pub(super) fn done(&self, body: &Value, said: &str) -> Outcome {
        if self.json {
            if !body.is_null() {
                print(&pretty(body))?;
            }
        } else {
            print(said)?;
        }
        Ok(Finding::Good)
    }

    /// One thing, field by field: those named first, then whatever else it says.
    pub(super) fn card(&self, body: &Value, first: &[&str]) -> Outcome {
        if self.json {
            print(&pretty(body))?;
        } else {
            print(&card(body, first))?;
        }
        Ok(Finding::Good)
    }

    /// A list, and how it goes on.
    pub(super) fn list(&self, page: &Value, columns: &[Column]) -> Outcome {
        if self.json {
            print(&pretty(page))?;
            return Ok(Finding::Good);
        }
        let none = Vec::new();
        let items = page.get("items").and_then(Value::as_array).unwrap_or(&none);
        if items.is_empty() {
            eprintln!("There are none.");
            return Ok(Finding::Good);
        }
        print(table(columns, items, self.width, self.colour).trim_end())?;
        if let Some(next) = page.get("next").and_then(Value::as_str) {
            eprintln!("There are more: --all, or --after {}", plain(next));
        }
        Ok(Finding::Good)
    }

    /// A text in a colour, where there are colours.
    pub(super) fn in_colour(&self, colour: Colour, text: &str) -> String {
        if self.colour { format!("\u{1b}[{}m{text}\u{1b}[0m", colour as u8) } else { text.to_owned() }
    }
}

/// Colours that every terminal has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Colour {
    /// Goes.
    Red = 31,
    /// Comes.
    Green = 32,
    /// Becomes something else.
    Yellow = 33,
}

/// Onto standard output. Whoever reads it may have seen enough (`| head`): that is no failure.
pub(super) fn print(text: &str) -> Result<(), Stop> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => Err(Stop::because(cause.to_string())),
        _ => Ok(()),
    }
}

/// JSON as it is read by people, too.
pub(super) fn pretty(body: &Value) -> String {
    serde_json::to_string_pretty(body).unwrap_or_default()
}

/// The text at a path, such as `owner.name`; of a list what its entries have there. Nothing where nothing is.
pub(super) fn text(of: &Value, path: &str) -> String {
    let mut found = of;
    let mut rest = path;
    while !rest.is_empty() {
        if let Value::Array(entries) = found {
            let all: Vec<String> = entries.iter().map(|entry| text(entry, rest)).collect();
            return all.join(", ");
        }
        let (name, more) = rest.split_once('.').unwrap_or((rest, ""));
        match found.get(name) {
            Some(value) => found = value,
            None => return String::new(),
        }
        rest = more;
    }
    words(found)
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => plain(text),
        Value::Number(number) => number.to_string(),
        Value::Array(entries) => entries.iter().map(words).collect::<Vec<_>>().join(", "),
        // A thing with a name goes by it.
        Value::Object(fields) => match fields.get("name") {
            Some(name) => words(name),
            None => plain(&value.to_string()),
        },
    }
}

fn card(body: &Value, first: &[&str]) -> String {
    let Value::Object(fields) = body else { return words(body) };
    let rest = fields.keys().map(String::as_str).filter(|name| !first.contains(name));
    let named = first.iter().copied().filter(|name| fields.contains_key(*name));
    let rows: Vec<(&str, String)> = named.chain(rest).map(|name| (name, text(body, name))).collect();
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line = |(name, value): &(&str, String)| format!("{name:widest$}  {value}").trim_end().to_owned();
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_into_things_and_lists() {
        let of = json!({"a": {"b": 1}, "list": [{"name": "x"}, {"name": "y"}], "yes": true, "none": null,
                        "evil": "a\u{1b}[31mb"});
        for (path, said) in [
            ("a.b", "1"),
            ("list.name", "x, y"),
            ("list", "x, y"),
            ("yes", "yes"),
            ("none", ""),
            ("a.c", ""),
            ("evil", "a[31mb"),
        ] {
            assert_eq!(text(&of, path), said, "{path}");
        }
    }

    #[test]
    fn a_card_begins_with_what_is_looked_for_and_leaves_nothing_out() {
        let body = json!({"id": "u-1", "name": "alice", "email": null, "new_field": 7});
        assert_eq!(card(&body, &["name", "email", "gone"]), "name       alice\nemail\nid         u-1\nnew_field  7");
    }
}
