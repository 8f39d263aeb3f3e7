//! What a standard app can carry (decision A2): the one place where a template becomes the shape of a passcode.

use std::num::NonZeroU32;

use doorward_api::Template;
use doorward_api::plugin::WhyNot;
use doorward_api::template::{HashAlgorithm, Mode, PinType, Synchronization};
use doorward_oath::{Digits, Params};

/// The passcodes of a template that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Hash and length.
    pub(crate) params: Params,
    /// What moves them on.
    pub(crate) kind: Kind,
}

/// What moves passcodes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
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
}

/// The shape, or which parameter is in the way.
pub(crate) fn fits(template: &Template) -> Result<Shape, WhyNot> {
    let no = |parameter, reason: &str| Err(WhyNot { parameter, reason: reason.into() });
    if template.mode != Mode::QuickLog {
        return no("mode", "Standard authenticator apps cannot be given a challenge; choose Quick Log.");
    }
    let digits = match template.length {
        6 => Digits::SIX,
        8 => Digits::EIGHT,
        _ => return no("length", "Passcodes have 6 or 8 digits."),
    };
    if template.hash != HashAlgorithm::Sha1 {
        return no(
            "hash",
            "Several authenticator apps ignore SHA-256 and SHA-512 and show wrong passcodes; choose SHA-1.",
        );
    }
    match template.pin {
        PinType::None | PinType::ServerSide => {}
        PinType::UserSelected => {
            return no("pin", "Standard authenticator apps do not ask for a PIN of the token's own.");
        }
    }
    if template.biometric {
        return no("biometric", "Standard authenticator apps cannot be told to ask for a fingerprint or face.");
    }
    if template.push {
        return no("push", "Standard authenticator apps receive no push notifications.");
    }
    let kind = match template.synchronization {
        Synchronization::Time { step: step @ (30 | 60) } => match NonZeroU32::new(step) {
            Some(period) => Kind::Time { period },
            None => return no("synchronization", "A step has at least one second."),
        },
        Synchronization::Time { .. } => {
            return no(
                "synchronization",
                "Standard authenticator apps are offered for steps of 30 and 60 seconds only.",
            );
        }
        Synchronization::Event { look_ahead: look_ahead @ 1..=100 } => Kind::Event { look_ahead },
        Synchronization::Event { .. } => return no("synchronization", "The look-ahead is 1 to 100 clicks."),
    };
    Ok(Shape { params: Params { digits, ..Params::COMMON }, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: Template = Template::STANDARD_APP;

    #[test]
    fn the_standard_template_fits() {
        let shape = fits(&STANDARD).unwrap();
        assert_eq!(shape.params, Params::COMMON);
        assert_eq!(shape.kind, Kind::Time { period: NonZeroU32::new(30).unwrap() });
    }

    #[test]
    fn what_apps_can_carry_besides_fits() {
        let minute = Template { synchronization: Synchronization::Time { step: 60 }, ..STANDARD };
        let clicks = Template { synchronization: Synchronization::Event { look_ahead: 3 }, ..STANDARD };
        let long = Template { length: 8, pin: PinType::ServerSide, ..STANDARD };
        for template in [minute, clicks, long] {
            assert!(fits(&template).is_ok(), "{template:?}");
        }
    }

    #[test]
    fn the_parameter_in_the_way_is_named() {
        let cases = [
            (Template { mode: Mode::ChallengeResponse, ..STANDARD }, "mode"),
            (Template { length: 7, ..STANDARD }, "length"),
            (Template { hash: HashAlgorithm::Sha256, ..STANDARD }, "hash"),
            (Template { hash: HashAlgorithm::Sha512, ..STANDARD }, "hash"),
            (Template { pin: PinType::UserSelected, ..STANDARD }, "pin"),
            (Template { biometric: true, ..STANDARD }, "biometric"),
            (Template { push: true, ..STANDARD }, "push"),
            (Template { synchronization: Synchronization::Time { step: 90 }, ..STANDARD }, "synchronization"),
            (Template { synchronization: Synchronization::Time { step: 0 }, ..STANDARD }, "synchronization"),
            (Template { synchronization: Synchronization::Event { look_ahead: 0 }, ..STANDARD }, "synchronization"),
            (Template { synchronization: Synchronization::Event { look_ahead: 101 }, ..STANDARD }, "synchronization"),
        ];
        for (template, parameter) in cases {
            assert_eq!(fits(&template).unwrap_err().parameter, parameter, "{template:?}");
        }
    }
}
