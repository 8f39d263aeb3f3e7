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
        /// That field.
        field: String,
    },
    /// Less than another field allows.
    AtLeast {
        /// That field.
        field: String,
    },
    /// A value for a field that is not there when another field says this (R63).
    NotAvailable {
        /// That other field.
        field: String,
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
    /// A time that is over.
    Past,
    /// It would lie in itself.
    Circle,
    /// The policy says that nobody types this.
    NotByHand,
}

impl fmt::Display for FieldRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldRule::Required => f.write_str("must be given"),
            FieldRule::OneOf { values } => write!(f, "must be one of {}", values.join(", ")),
            FieldRule::Between { min, max } => write!(f, "must be a whole number from {min} to {max}"),
            FieldRule::AtMost { field } => write!(f, "must not be greater than {field}"),
            FieldRule::AtLeast { field } => write!(f, "must not be less than {field}"),
            FieldRule::NotAvailable { field, value } => write!(f, "is not available when {field} is {value}"),
            FieldRule::Unknown { value } => write!(f, "there is no {value}"),
            FieldRule::Taken => f.write_str("is taken"),
            FieldRule::TooLong { max } => write!(f, "must have at most {max} characters"),
            FieldRule::TooShort { min } => write!(f, "must have at least {min} characters"),
            FieldRule::Text => f.write_str("must be one line of visible characters"),
            FieldRule::HttpsUrl => f.write_str("must be an absolute https:// URL without user name or password"),
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
            FieldRule::Past => f.write_str("must not be over already"),
            FieldRule::Circle => f.write_str("would lie in itself"),
            FieldRule::NotByHand => f.write_str("is drawn by the server and cannot be typed"),
        }
    }
}
