//! Parts of long lists: where a part begins, what a text begins with, and where the next part is.

use data_encoding::BASE64URL_NOPAD;
use doorward_api::ports::{Listed, Page};

/// At most so many entries at once.
const MOST: u32 = 200;

/// What is escaped in a pattern of `LIKE … ESCAPE '!'`.
const ESCAPED: [char; 3] = ['!', '%', '_'];

/// A place between two entries: after the one with this sort key, and of equal ones after this row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct After {
    pub(crate) key: String,
    pub(crate) id: String,
}

/// The part of a list that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) after: After,
    limit: usize,
}

impl Part {
    /// Nothing for a place that no list has given: there is nothing after it.
    pub(crate) fn of(page: &Page) -> Option<Self> {
        let limit = page.limit.clamp(1, MOST) as usize;
        let after = if page.after.is_empty() { After::default() } else { After::read(&page.after)? };
        Some(Self { after, limit })
    }

    /// The same of a list whose places are the ids of its rows.
    pub(crate) fn after_row(page: &Page) -> Option<Self> {
        let after = After { key: String::new(), id: storable(&page.after)?.to_owned() };
        Some(Self { after, limit: page.limit.clamp(1, MOST) as usize })
    }

    /// How many rows to ask for: one more than are listed, to know whether there is more.
    pub(crate) fn rows(&self) -> i64 {
        i64::try_from(self.limit + 1).unwrap_or(i64::MAX)
    }

    /// The list, of the rows that were found; `place` tells where a row stands.
    pub(crate) fn listed<T>(&self, items: Vec<T>, place: impl Fn(&T) -> After) -> Listed<T> {
        self.listed_by_row(items, |last| place(last).written())
    }

    /// The same, of a list whose places are the ids of its rows.
    pub(crate) fn listed_by_row<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> String) -> Listed<T> {
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = if more { items.last().map(id) } else { None };
        Listed { items, next }
    }
}

/// No text of the store has a NUL, and PostgreSQL takes none that does.
fn storable(text: &str) -> Option<&str> {
    (!text.contains('\0')).then_some(text)
}

impl After {
    pub(crate) fn written(&self) -> String {
        // The length of the key tells it from the id.
        BASE64URL_NOPAD.encode(format!("{}:{}{}", self.key.len(), self.key, self.id).as_bytes())
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let plain = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
        let (length, rest) = storable(&plain)?.split_once(':')?;
        let (key, id) = rest.split_at_checked(length.parse().ok()?)?;
        Some(Self { key: key.to_owned(), id: id.to_owned() })
    }
}

/// The pattern of what begins with a text, which is taken as it is.
pub(crate) fn begins_with(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for letter in text.chars() {
        if ESCAPED.contains(&letter) {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// What comes after everything that begins with a text: no character has a higher number than this one.
pub(crate) fn end_of(text: &str) -> String {
    format!("{text}\u{10ffff}")
}

/// The pattern of what has a text in it, which is taken as it is; of everything, where it is empty.
pub(crate) fn within_text(text: &str) -> String {
    if text.is_empty() { "%".to_owned() } else { format!("%{}", begins_with(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_whatever_stands_in_it() {
        for (key, id) in [("", ""), ("anna", "u1"), ("Ärger:3", "1:x"), ("12", "34")] {
            let after = After { key: key.into(), id: id.into() };
            assert_eq!(After::read(&after.written()), Some(after));
        }
        for garbage in ["x", "????", "", "Zm9v", &BASE64URL_NOPAD.encode("9:ab".as_bytes())] {
            assert_eq!(After::read(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn a_part_is_as_long_as_was_asked_and_says_whether_there_is_more() {
        let part = Part::of(&Page { after: String::new(), limit: 2 }).unwrap();
        assert_eq!(part.rows(), 3);
        let place = |number: &i32| After { key: number.to_string(), id: String::new() };
        let first = part.listed(vec![1, 2, 3], place);
        assert_eq!(first.items, [1, 2]);
        let next = Part::of(&Page { after: first.next.unwrap(), limit: 2 }).unwrap();
        assert_eq!(next.after.key, "2");
        assert_eq!(next.listed(vec![3], place), Listed { items: vec![3], next: None });
        for (asked, rows) in [(0, 2), (1000, 201)] {
            assert_eq!(Part::of(&Page { after: String::new(), limit: asked }).unwrap().rows(), rows);
        }
        assert_eq!(Part::of(&Page { after: "no place".into(), limit: 2 }), None);
    }

    #[test]
    fn a_part_that_goes_on_after_a_row_names_the_last_one() {
        let part = Part::after_row(&Page { after: "row-3".into(), limit: 2 }).unwrap();
        assert_eq!((part.after.id.as_str(), part.rows()), ("row-3", 3));
        let listed = part.listed_by_row(vec![4, 5, 6], |number| format!("row-{number}"));
        assert_eq!(listed, Listed { items: vec![4, 5], next: Some("row-5".into()) });
        assert_eq!(part.listed_by_row(vec![4, 5], |number| format!("row-{number}")).next, None);
        assert_eq!(Part::after_row(&Page { after: "\0".into(), limit: 2 }), None);
    }

    #[test]
    fn what_a_pattern_would_understand_is_taken_as_it_is() {
        assert_eq!(begins_with("50%_off!"), "50!%!_off!!%");
        assert_eq!(begins_with(""), "%");
    }
}
