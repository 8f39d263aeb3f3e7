//! Texts that operators type: names, addresses, reasons. `doorward import` judges files by the same rules before it sends
//! anything.

use doorward_api::field::{hidden, one_line};
use doorward_api::{FieldFault, FieldRule};

/// The longest name that is shown, in characters.
pub const LONGEST_NAME: u32 = 100;

/// The longest mail address (RFC 5321 4.5.3.1.3).
const LONGEST_ADDRESS: u32 = 254;

/// One line of visible characters, without spaces around it; `None` and a fault when it is none.
pub fn line(faults: &mut Vec<FieldFault>, field: &str, text: &str, longest: u32, may_be_empty: bool) -> Option<String> {
    if may_be_empty && text.trim().is_empty() {
        return Some(String::new());
    }
    one_line(text, longest).map(str::to_owned).map_err(|rule| faults.push(FieldFault::new(field, rule))).ok()
}

/// A mail address, or none.
pub fn address(faults: &mut Vec<FieldFault>, field: &str, text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let plausible = text.rsplit_once('@').is_some_and(|(local, domain)| {
        let host = !domain.is_empty() && !domain.starts_with('.') && !domain.ends_with('.');
        !local.is_empty() && host && !text.contains(|c: char| c.is_whitespace() || hidden(c) || "<>,;\"".contains(c))
    });
    if text.len() > LONGEST_ADDRESS as usize {
        faults.push(FieldFault::new(field, FieldRule::TooLong { max: LONGEST_ADDRESS }));
        return None;
    }
    if !plausible || text.matches('@').count() != 1 {
        faults.push(FieldFault::new(field, FieldRule::MailAddress));
        return None;
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_visible_line() {
        let mut faults = Vec::new();
        assert_eq!(line(&mut faults, "name", "  Sales  ", 10, false).as_deref(), Some("Sales"));
        assert_eq!(line(&mut faults, "name", " ", 10, true).as_deref(), Some(""));
        assert!(faults.is_empty());
        for (text, said) in [
            ("", "name: must be given"),
            ("12345678901", "name: must have at most 10 characters"),
            ("a\nb", "name: must be one line of visible characters"),
            ("a\u{202e}b", "name: must be one line of visible characters"),
        ] {
            faults.clear();
            assert_eq!(line(&mut faults, "name", text, 10, false), None);
            assert_eq!(faults[0].to_string(), said);
        }
    }

    #[test]
    fn an_address_has_two_sides() {
        let mut faults = Vec::new();
        for good in ["alice@example.org", "a.b+c@sub.example.org", "x@localhost"] {
            assert_eq!(address(&mut faults, "email", good).as_deref(), Some(good));
        }
        assert_eq!(address(&mut faults, "email", " "), None);
        assert!(faults.is_empty());
        let long = format!("{}@example.org", "x".repeat(250));
        for bad in ["alice", "@example.org", "alice@", "a b@example.org", "a@b@c", "a@.org", "<a@b.org>", &long] {
            faults.clear();
            assert_eq!(address(&mut faults, "email", bad), None);
            assert_eq!(faults.len(), 1, "{bad}");
        }
    }
}
