//! What is wrong with a value that somebody gave: the field's name and the rule it breaks, for a message in any language.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plugin::PinFault;

/// A field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldFault {
    /// The field's name in the document or the form; `ios.push` for one within another.
    pub field: String,
    /// The rule.
    #[serde(flatten)]
    pub rule: FieldRule,
}

impl FieldFault {
    /// A fault of a field.
    pub fn new(field: impl Into<String>, rule: FieldRule) -> Self {
        Self { field: field.into(), rule }
    }
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.rule)
    }
}

/// A rule that a value can break. Its words in each language are `rule-<name>` in the locales.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum FieldRule {
    /// Nothing was given.
    Required,
    /// None of the values that there are.
    OneOf {
        /// Those.
        values: Vec<String>,
    },
    /// No whole number, or out of its range.
    Between {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// Greater than another field allows.
    AtMost {
        /// That field. Beside the name of the field that is wrong, `other_field` says which is which.
        #[serde(rename = "other_field")]
        other: String,
    },
    /// Less than another field allows.
    AtLeast {
        /// That field.
        #[serde(rename = "other_field")]
        other: String,
    },
    /// A day before the one that another field names.
    NotBefore {
        /// That field.
        #[serde(rename = "other_field")]
        other: String,
    },
    /// A value for a field that is not there when another field says this (R63).
    NotAvailable {
        /// That other field.
        #[serde(rename = "other_field")]
        other: String,
        /// What it says.
        value: String,
    },
    /// There is nothing of that name.
    Unknown {
        /// The name.
        value: String,
    },
    /// The name is somebody else's.
    Taken,
    /// It stands there already, further up.
    Twice,
    /// No list.
    List,
    /// A list of more entries than there may be.
    TooMany {
        /// The most.
        max: u32,
    },
    /// More characters than there may be.
    TooLong {
        /// The most.
        max: u32,
    },
    /// Fewer characters than there must be.
    TooShort {
        /// The least.
        min: u32,
    },
    /// Not one line of visible characters.
    Text,
    /// No absolute https URL without credentials.
    HttpsUrl,
    /// No URL under which somebody is reached: https, a mail address or a telephone number.
    ContactUrl,
    /// No mail address.
    MailAddress,
    /// No name to sign in with: spaces at its ends, controls, or a length that is not 1 to 256.
    SignInName,
    /// A PIN that breaks the rules of PINs.
    Pin {
        /// Which.
        fault: PinFault,
    },
    /// A PIN that was used before.
    PinUsedBefore,
    /// The two entries differ.
    Differs,
    /// No day.
    Day,
    /// A time that is over.
    Past,
    /// A day further away than so many days.
    WithinDays {
        /// The most.
        max: u32,
    },
    /// Neither a network nor an address.
    Network,
    /// An address with a prefix: it sets bits behind the prefix, which belong to no network.
    HostBits {
        /// The network that it lies in.
        network: String,
    },
    /// No colour.
    Colour,
    /// A colour that white letters cannot be read on (WCAG 2.2, 1.4.3).
    Contrast,
    /// No Base64 (RFC 4648 section 4).
    Base64,
    /// More bytes than there may be.
    TooLarge {
        /// The most.
        max: u32,
    },
    /// No picture of the kind that is named beside it.
    Picture,
    /// Words that cannot be read as a message: a brace is not closed, for one.
    Message,
    /// It would lie in itself.
    Circle,
    /// The policy says that nobody types this.
    NotByHand,
    /// It has to be on as long as another field is.
    NeededBy {
        /// That field.
        #[serde(rename = "other_field")]
        other: String,
    },
    /// There are not two operators who may do everything: nobody could approve.
    Approvers,
}

impl fmt::Display for FieldRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldRule::Required => f.write_str("must be given"),
            FieldRule::OneOf { values } => write!(f, "must be one of {}", values.join(", ")),
            FieldRule::Between { min, max } => write!(f, "must be a whole number from {min} to {max}"),
            FieldRule::AtMost { other } => write!(f, "must not be greater than {other}"),
            FieldRule::AtLeast { other } => write!(f, "must not be less than {other}"),
            FieldRule::NotBefore { other } => write!(f, "must not be before {other}"),
            FieldRule::NotAvailable { other, value } => write!(f, "is not available when {other} is {value}"),
            FieldRule::Unknown { value } => write!(f, "there is no {value}"),
            FieldRule::Taken => f.write_str("is taken"),
            FieldRule::Twice => f.write_str("is given twice"),
            FieldRule::List => f.write_str("must be a list"),
            FieldRule::TooMany { max } => write!(f, "must have at most {max} entries"),
            FieldRule::TooLong { max } => write!(f, "must have at most {max} characters"),
            FieldRule::TooShort { min } => write!(f, "must have at least {min} characters"),
            FieldRule::Text => f.write_str("must be one line of visible characters"),
            FieldRule::HttpsUrl => f.write_str("must be an absolute https:// URL without user name or password"),
            FieldRule::ContactUrl => f.write_str("must be an absolute https:// URL, a mailto: or a tel: one"),
            FieldRule::MailAddress => f.write_str("must be a mail address"),
            FieldRule::SignInName => f.write_str("must be a name of 1 to 256 visible characters"),
            FieldRule::Pin { fault } => f.write_str(match fault {
                PinFault::Charset => "must be made of digits and unaccented letters",
                PinFault::TooShort => "is too short",
                PinFault::TooLong => "is too long",
                PinFault::NeedsUpper => "needs a capital letter",
                PinFault::NeedsLower => "needs a small letter",
                PinFault::NeedsDigit => "needs a digit",
                PinFault::Trivial => "must not be one run such as 1234 or 2222",
            }),
            FieldRule::PinUsedBefore => f.write_str("was used before"),
            FieldRule::Differs => f.write_str("is not the same both times"),
            FieldRule::Day => f.write_str("must be a day such as 2026-12-24"),
            FieldRule::Past => f.write_str("must not be over already"),
            FieldRule::WithinDays { max } => write!(f, "must be within the next {max} days"),
            FieldRule::Network => f.write_str("must be a network such as 10.0.0.0/8, or an address"),
            FieldRule::HostBits { network } => write!(f, "sets bits behind its prefix; the network is {network}"),
            FieldRule::Colour => f.write_str("must be a colour such as #1a5fb4"),
            FieldRule::Contrast => f.write_str("is too light: its contrast to white must be at least 4.5"),
            FieldRule::Base64 => f.write_str("must be Base64"),
            FieldRule::TooLarge { max } => write!(f, "must have at most {max} bytes"),
            FieldRule::Picture => f.write_str("must be a picture of the media type that is named"),
            FieldRule::Message => f.write_str("cannot be read as a message; look at its braces"),
            FieldRule::Circle => f.write_str("would lie in itself"),
            FieldRule::NotByHand => f.write_str("is drawn by the server and cannot be typed"),
            FieldRule::NeededBy { other } => write!(f, "must be on as long as {other} is"),
            FieldRule::Approvers => f.write_str("takes two operators who may do everything, and there are not two"),
        }
    }
}

/// One line of visible characters, without the spaces around it.
///
/// # Errors
/// The rule that it breaks: none is given, it is too long, or something in it is not visible.
pub fn one_line(text: &str, longest: u32) -> Result<&str, FieldRule> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldRule::Required);
    }
    if text.chars().count() > longest as usize {
        return Err(FieldRule::TooLong { max: longest });
    }
    if text.contains(hidden) {
        return Err(FieldRule::Text);
    }
    Ok(text)
}

/// Controls, separators of lines, and what takes no room or turns the direction of the text around it.
pub fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_that_names_two_fields_says_which_is_which() {
        let other = || "inner_steps".to_owned();
        for rule in [
            FieldRule::AtMost { other: other() },
            FieldRule::AtLeast { other: other() },
            FieldRule::NotBefore { other: other() },
            FieldRule::NotAvailable { other: other(), value: "3".into() },
        ] {
            let fault = FieldFault::new("outer_steps", rule);
            let written = serde_json::to_value(&fault).unwrap();
            assert_eq!(written["field"], json!("outer_steps"));
            assert_eq!(written["other_field"], json!("inner_steps"));
            assert_eq!(serde_json::from_value::<FieldFault>(written).unwrap(), fault);
        }
    }

    #[test]
    fn a_line_is_visible_and_not_longer_than_it_may_be() {
        assert_eq!(one_line("  Sales  ", 5), Ok("Sales"));
        assert_eq!(one_line("Größe", 5), Ok("Größe"));
        assert_eq!(one_line(" ", 5), Err(FieldRule::Required));
        assert_eq!(one_line("Sales!", 5), Err(FieldRule::TooLong { max: 5 }));
        for hidden in ["a\nb", "a\tb", "a\u{202e}b", "a\u{2028}b", "a\u{200b}b"] {
            assert_eq!(one_line(hidden, 5), Err(FieldRule::Text), "{hidden:?}");
        }
    }
}
