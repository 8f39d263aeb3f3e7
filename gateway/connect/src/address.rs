//! Mail addresses, parsed when they are loaded and again when they are mailed to (SEC 5.15).

use std::fmt;

use lettre::Address;

/// RFC 5321 4.5.3.1.3, without the brackets.
const LONGEST: usize = 254;

/// An address that may be mailed to: one plain `local@domain`. Prints as `…`, since it must not get into logs.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(Address);

/// The text is no mail address. It is not repeated: it may be a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address of the form name@example.org")]
pub struct NotAnAddress;

impl MailAddress {
    /// Reads an address. Quoted local parts, comments, lists, spaces and control characters are refused, although RFC 5322
    /// knows some of them: nobody's mailbox needs them, and header injection does (ML-01).
    ///
    /// # Errors
    /// [`NotAnAddress`].
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let odd = |c: char| c.is_whitespace() || c.is_control() || r#"<>()[]\,;:""#.contains(c) || hides_text(c);
        if text.len() > LONGEST || text.contains(odd) {
            return Err(NotAnAddress);
        }
        text.parse().map(Self).map_err(|_| NotAnAddress)
    }

    /// The same address in one spelling, for a keyed hash: lower case.
    pub(crate) fn folded(&self) -> String {
        AsRef::<str>::as_ref(&self.0).to_lowercase()
    }

    pub(crate) fn is_ascii(&self) -> bool {
        AsRef::<str>::as_ref(&self.0).is_ascii()
    }

    pub(crate) fn get(&self) -> &Address {
        &self.0
    }
}

impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Characters that turn the direction of the text around them, or take up no room.
pub(crate) fn hides_text(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_address_is_read() {
        for good in ["alice@example.test", "a.b+c@sub.example.org", "O'Neill@example.org", "user@bücher.example"] {
            assert!(MailAddress::parse(good).is_ok(), "{good}");
        }
        assert_eq!(MailAddress::parse("Alice@Example.TEST").unwrap().folded(), "alice@example.test");
        assert_eq!(format!("{:?}", MailAddress::parse("alice@example.test").unwrap()), "…");
    }

    #[test]
    fn whatever_could_become_a_second_recipient_or_header_is_refused() {
        for bad in [
            "",
            "alice",
            "alice@",
            "@example.test",
            "alice@example.test\r\nBcc: eve@example.test",
            "alice@example.test\nRCPT TO:<eve@example.test>",
            "alice@example.test,eve@example.test",
            "alice@example.test eve@example.test",
            "<alice@example.test>",
            "Alice <alice@example.test>",
            "\"alice@example.test\"@example.test",
            "\"a b\"@example.test",
            "alice(comment)@example.test",
            "alice@[127.0.0.1]",
            "al\u{202e}ice@example.test",
            "al\u{0}ice@example.test",
            "alice@example.test\u{2028}",
            "alice@@example.test",
        ] {
            assert_eq!(MailAddress::parse(bad), Err(NotAnAddress), "{bad:?}");
        }
        assert_eq!(MailAddress::parse(&format!("{}@example.test", "a".repeat(250))), Err(NotAnAddress));
    }
}
