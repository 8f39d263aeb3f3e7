//! Where a template becomes the shape of a passcode.

use std::num::NonZeroU32;

use doorward_api::Template;
use doorward_api::plugin::WhyNot;
use doorward_api::template::{HashAlgorithm, Mode, Synchronization};

use crate::{Algorithm, Digits, Params};

/// Seconds that a step may have (R61).
pub const STEPS: [u32; 7] = [30, 60, 90, 120, 180, 240, 300];

/// The passcodes of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Hash and length.
    pub params: Params,
    /// What moves them on.
    pub kind: Kind,
}

/// What moves passcodes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// TOTP.
    Time {
        /// Seconds of a step.
        period: NonZeroU32,
    },
    /// HOTP.
    Event {
        /// How many clicks ahead are accepted.
        look_ahead: u32,
    },
    /// OCRA: each passcode answers a question.
    Challenge,
}

/// The shape of a token's passcodes, whoever made the token, or which parameter is in the way. An app can carry less.
///
/// # Errors
/// [`WhyNot`] names the parameter.
pub fn shape(template: &Template) -> Result<Shape, WhyNot> {
    let no = |parameter, reason: &str| Err(WhyNot { parameter, reason: reason.into() });
    let digits = match template.length {
        6 => Digits::SIX,
        8 => Digits::EIGHT,
        _ => return no("length", "Passcodes have 6 or 8 digits."),
    };
    let algorithm = match template.hash {
        HashAlgorithm::Sha1 => Algorithm::Sha1,
        HashAlgorithm::Sha256 => Algorithm::Sha256,
        HashAlgorithm::Sha512 => Algorithm::Sha512,
    };
    let kind = match (template.mode, template.synchronization) {
        // Its suites are of SHA-1 (decision B11), and nothing moves it on but the question.
        (Mode::ChallengeResponse, _) if algorithm != Algorithm::Sha1 => {
            return no("hash", "Challenge-Response is computed with SHA-1; choose SHA-1.");
        }
        (Mode::ChallengeResponse, _) => Kind::Challenge,
        (Mode::QuickLog, Synchronization::Time { step }) => {
            match NonZeroU32::new(step).filter(|step| STEPS.contains(&step.get())) {
                Some(period) => Kind::Time { period },
                None => return no("synchronization", "A step has 30, 60, 90, 120, 180, 240 or 300 seconds."),
            }
        }
        (Mode::QuickLog, Synchronization::Event { look_ahead: look_ahead @ 1..=100 }) => Kind::Event { look_ahead },
        (Mode::QuickLog, Synchronization::Event { .. }) => {
            return no("synchronization", "The look-ahead is 1 to 100 clicks.");
        }
    };
    Ok(Shape { params: Params { algorithm, digits }, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: Template = Template::STANDARD_APP;

    #[test]
    fn a_token_that_was_made_elsewhere_may_have_any_step_and_hash() {
        for step in STEPS {
            for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
                let template = Template { synchronization: Synchronization::Time { step }, hash, ..STANDARD };
                let period = NonZeroU32::new(step).unwrap();
                assert_eq!(shape(&template).unwrap().kind, Kind::Time { period }, "{template:?}");
            }
        }
    }

    #[test]
    fn challenge_and_response_asks_nothing_of_the_synchronisation() {
        let template =
            Template { mode: Mode::ChallengeResponse, synchronization: Synchronization::Time { step: 7 }, ..STANDARD };
        assert_eq!(shape(&template).unwrap().kind, Kind::Challenge);
    }

    #[test]
    fn what_no_passcode_can_have_is_named() {
        let cases = [
            (Template { length: 7, ..STANDARD }, "length"),
            (Template { synchronization: Synchronization::Time { step: 0 }, ..STANDARD }, "synchronization"),
            (Template { synchronization: Synchronization::Time { step: 31 }, ..STANDARD }, "synchronization"),
            (Template { synchronization: Synchronization::Event { look_ahead: 0 }, ..STANDARD }, "synchronization"),
            (Template { synchronization: Synchronization::Event { look_ahead: 101 }, ..STANDARD }, "synchronization"),
            (Template { mode: Mode::ChallengeResponse, hash: HashAlgorithm::Sha256, ..STANDARD }, "hash"),
        ];
        for (template, parameter) in cases {
            assert_eq!(shape(&template).unwrap_err().parameter, parameter, "{template:?}");
        }
    }
}
