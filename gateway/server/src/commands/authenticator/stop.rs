//! Why a command ends before it is done, in the words of whoever holds the device.

use std::fmt;

use serde::Deserialize;

use crate::Failure;

/// Ends a command.
#[derive(Debug)]
pub(super) enum Stop {
    /// The gateway said no.
    Refused(Refusal),
    /// What was asked for cannot be, as a sentence.
    Rule(String),
    /// It could not be done.
    Failed(Failure),
}

/// An error of the protocol, with what comes beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Refusal {
    /// The error's name.
    #[serde(default)]
    pub(super) error: String,
    /// How many wrong PINs are still permitted.
    #[serde(default)]
    pub(super) attempts_left: Option<u32>,
    /// The gateway's time.
    #[serde(default)]
    pub(super) now: Option<i64>,
    /// The platforms that may be enrolled on.
    #[serde(default)]
    pub(super) allowed: Vec<String>,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Stop {
    /// A sentence about what cannot be.
    pub(super) fn rule(sentence: impl Into<String>) -> Self {
        Self::Rule(sentence.into())
    }

    /// Whether the gateway gave this error.
    pub(super) fn is(&self, error: &str) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.error == error)
    }
}

/// What was typed cannot be meant: exit code 2.
pub(super) fn usage(sentence: &str) -> Stop {
    Stop::Failed(Failure::Other(sentence.to_owned()))
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Rule(sentence) => f.write_str(sentence),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self.error.as_str() {
            "malformed" => "the gateway does not understand this version of the command",
            "signature" => "the gateway does not believe that this is the device",
            "clock" => "this machine's clock is wrong",
            "sequence" => "another call was faster; try again",
            "not_found" => "the gateway does not know it; is the code or the link right?",
            "expired" => "it is no longer valid; make a new code in the browser",
            "already_used" => "it was used on another device; make a new code in the browser",
            "target_not_allowed" if self.allowed.is_empty() => "no authenticator may be set up on this platform",
            "target_not_allowed" => {
                return write!(
                    f,
                    "no authenticator may be set up on this platform, but on {}",
                    self.allowed.join(", ")
                );
            }
            "not_allowed" => "this is not permitted",
            "locked" => "there were too many wrong PINs: this authenticator is locked for good; set up a new one",
            "suspended" => "this authenticator is suspended; ask your help desk",
            "gone" => "this authenticator has been removed or replaced",
            "not_now" => "this cannot be done at this point",
            "wrong_pin" => return write!(f, "the PIN is wrong; {}", tries(self.attempts_left)),
            "wrong_mac" => "somebody may be between this machine and the gateway; set it up anew",
            "wrong_otp" => "the gateway reckons another passcode; is this machine's clock right?",
            "too_many" => "there were too many tries; wait a few minutes",
            "unavailable" => "the gateway cannot answer just now; try again",
            other => return write!(f, "the gateway refused: {other}"),
        };
        f.write_str(sentence)
    }
}

fn tries(left: Option<u32>) -> String {
    match left {
        None => "try again".to_owned(),
        Some(0) => "the next wrong one locks the authenticator".to_owned(),
        Some(1) => "one more is permitted".to_owned(),
        Some(left) => format!("{left} more are permitted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_sentences() {
        let said = |text: &str| serde_json::from_str::<Refusal>(text).unwrap().to_string();
        assert_eq!(said(r#"{"error":"wrong_pin","attempts_left":1}"#), "the PIN is wrong; one more is permitted");
        assert_eq!(
            said(r#"{"error":"target_not_allowed","allowed":["ios","android"]}"#),
            "no authenticator may be set up on this platform, but on ios, android"
        );
        assert_eq!(said(r#"{"error":"odd","more":true}"#), "the gateway refused: odd");
    }
}
