//! What is different between two documents, field by field.

use serde_json::Value;

use super::show::{Colour, Manner, plain};
use super::table::fitted;

/// A field that is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// `rules[0].proof.kind`
    pub(super) field: String,
    /// What it said; nothing where it was not there.
    pub(super) old: Option<Value>,
    /// What it says.
    pub(super) new: Option<Value>,
}

/// The longest value that is shown whole, in columns: a picture is long.
const LONGEST: usize = 60;

/// The differences, in the order of the fields' names. What is null is not there.
pub(super) fn differences(old: &Value, new: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", (there(Some(old)), there(Some(new))), &mut found);
    found
}

fn there(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn compare(field: &str, (old, new): (Option<&Value>, Option<&Value>), found: &mut Vec<Difference>) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let path = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
                compare(&path, (there(old.get(name)), there(new.get(name))), found);
            }
        }
        // Lists of plain values are told as a whole: which has moved where says nothing.
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.iter().chain(new).any(Value::is_object) => {
            for nth in 0..old.len().max(new.len()) {
                compare(&format!("{field}[{nth}]"), (old.get(nth), new.get(nth)), found);
            }
        }
        (old, new) if old != new => {
            found.push(Difference { field: field.to_owned(), old: old.cloned(), new: new.cloned() });
        }
        _ => {}
    }
}

impl Difference {
    /// `field: old → new`, with a sign before it.
    pub(super) fn told(&self, manner: &Manner) -> String {
        let field = plain(&self.field);
        match (&self.old, &self.new) {
            (None, Some(new)) => manner.in_colour(Colour::Green, &format!("+ {field}: {}", short(new))),
            (Some(old), None) => manner.in_colour(Colour::Red, &format!("- {field}: {}", short(old))),
            (old, new) => {
                let of = |value: &Option<Value>| value.as_ref().map(short).unwrap_or_default();
                manner.in_colour(Colour::Yellow, &format!("~ {field}: {} → {}", of(old), of(new)))
            }
        }
    }
}

fn short(value: &Value) -> String {
    fitted(&plain(&value.to_string()), LONGEST)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(old: &Value, new: &Value) -> Vec<String> {
        let manner = Manner { json: false, width: None, colour: false };
        differences(old, new).iter().map(|difference| difference.told(&manner)).collect()
    }

    #[test]
    fn each_field_is_told_by_its_path() {
        let old =
            json!({"a": 1, "gone": true, "same": [1, 2], "none": null, "rules": [{"name": "x", "n": 1}], "l": ["a"]});
        let new =
            json!({"a": 2, "same": [1, 2], "more": "text", "rules": [{"name": "x", "n": 2}, {"name": "y"}], "l": []});
        assert_eq!(
            told(&old, &new),
            [
                "~ a: 1 → 2",
                "- gone: true",
                "~ l: [\"a\"] → []",
                "+ more: \"text\"",
                "~ rules[0].n: 1 → 2",
                "+ rules[1]: {\"name\":\"y\"}",
            ]
        );
        assert!(told(&old, &old).is_empty());
        assert!(told(&json!({"a": null}), &json!({})).is_empty(), "what is null is not there");
    }

    #[test]
    fn a_long_value_is_cut() {
        let new = json!({"logo": "x".repeat(100_000)});
        let told = told(&json!({"logo": "short"}), &new);
        assert!(told[0].len() < 200 && told[0].ends_with('…'), "{}", told[0].len());
    }
}
