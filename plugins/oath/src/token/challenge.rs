//! Challenge-Response: a passcode that answers a question (OCRA, RFC 6287; decision B11).

use doorward_api::plugin::Verified;

use crate::Digits;
use crate::ocra::{Inputs, Suite};

use super::kept::Kept;

/// The suite of passcodes of six or eight digits: the question has up to eight digits, and nothing else goes in.
pub fn suite_name(digits: Digits) -> &'static str {
    if digits == Digits::EIGHT { "OCRA-1:HOTP-SHA1-8:QN08" } else { "OCRA-1:HOTP-SHA1-6:QN08" }
}

/// The length of the passcodes of a suite, if it is one of the two.
pub fn digits_of(suite: &str) -> Option<Digits> {
    [Digits::SIX, Digits::EIGHT].into_iter().find(|digits| suite_name(*digits) == suite)
}

/// Checks an answer to `question`. A question is asked once, which its asker sees to: nothing is learned here.
pub(crate) fn verify(kept: &Kept, digits: Digits, question: Option<&str>, answer: &str) -> Verified {
    match question {
        Some(question) if right(kept, digits, question, answer) => Verified::Accepted { updated: kept.write() },
        _ => Verified::Rejected,
    }
}

/// Whether `answer` answers `question`.
pub(crate) fn right(kept: &Kept, digits: Digits, question: &str, answer: &str) -> bool {
    let suite: Option<Suite> = suite_name(digits).parse().ok();
    let expected = suite.and_then(|suite| suite.passcode(kept.secret(), &Inputs::question(question)).ok());
    expected.is_some_and(|passcode| passcode.is(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_suites_are_suites_and_are_known_again() {
        for digits in [Digits::SIX, Digits::EIGHT] {
            let suite: Suite = suite_name(digits).parse().unwrap();
            assert_eq!(suite.digits(), digits.get());
            assert_eq!(digits_of(suite.as_str()), Some(digits));
        }
        assert_eq!(digits_of("OCRA-1:HOTP-SHA512-8:C-QN08"), None);
    }
}
