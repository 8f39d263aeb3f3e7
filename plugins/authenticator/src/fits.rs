//! What the app can honour: nearly everything that a template can say.

use std::ops::RangeInclusive;

use doorward_api::Template;
use doorward_api::plugin::WhyNot;
use doorward_api::template::PinType;
use doorward_oath::token;

/// Least characters of a user-selected PIN (R73).
const PIN_LENGTHS: RangeInclusive<u8> = 4..=8;

/// Wrong PINs that are permitted (R75).
const PIN_ATTEMPTS: RangeInclusive<u8> = 1..=15;

/// Whether the app can honour a template, or which parameter is in the way.
pub(crate) fn fits(template: &Template) -> Result<(), WhyNot> {
    let no = |parameter, reason: &str| Err(WhyNot { parameter, reason: reason.into() });
    token::shape(template)?;
    let user_selected = template.pin == PinType::UserSelected;
    if user_selected && !PIN_LENGTHS.contains(&template.pin_length) {
        return no("pin_length", "The least length of a PIN is 4 to 8.");
    }
    if user_selected && !PIN_ATTEMPTS.contains(&template.max_pin_attempts) {
        return no("max_pin_attempts", "1 to 15 wrong PINs may be permitted.");
    }
    if template.biometric && !user_selected {
        return no("biometric", "A fingerprint or a face stands in for a user-selected PIN, so there must be one.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_api::template::{HashAlgorithm, Mode, Synchronization};

    const STANDARD: Template = Template::STANDARD_APP;

    #[test]
    fn nearly_everything_fits() {
        let pin = Template { pin: PinType::UserSelected, ..STANDARD };
        for template in [
            STANDARD,
            Template { length: 8, hash: HashAlgorithm::Sha512, ..STANDARD },
            Template { synchronization: Synchronization::Time { step: 300 }, ..STANDARD },
            Template { synchronization: Synchronization::Event { look_ahead: 100 }, ..STANDARD },
            Template { mode: Mode::ChallengeResponse, push: true, ..STANDARD },
            Template { pin: PinType::ServerSide, push: true, ..STANDARD },
            Template { biometric: true, push: true, ..pin.clone() },
            Template { pin_length: 8, max_pin_attempts: 15, ..pin },
        ] {
            assert!(fits(&template).is_ok(), "{template:?}");
        }
    }

    #[test]
    fn the_parameter_in_the_way_is_named() {
        let pin = Template { pin: PinType::UserSelected, ..STANDARD };
        for (template, parameter) in [
            (Template { length: 7, ..STANDARD }, "length"),
            (Template { synchronization: Synchronization::Time { step: 31 }, ..STANDARD }, "synchronization"),
            (Template { synchronization: Synchronization::Event { look_ahead: 0 }, ..STANDARD }, "synchronization"),
            (Template { mode: Mode::ChallengeResponse, hash: HashAlgorithm::Sha256, ..STANDARD }, "hash"),
            (Template { biometric: true, ..STANDARD }, "biometric"),
            (Template { biometric: true, pin: PinType::ServerSide, ..STANDARD }, "biometric"),
            (Template { pin_length: 3, ..pin.clone() }, "pin_length"),
            (Template { max_pin_attempts: 0, ..pin.clone() }, "max_pin_attempts"),
            (Template { max_pin_attempts: 16, ..pin }, "max_pin_attempts"),
        ] {
            assert_eq!(fits(&template).unwrap_err().parameter, parameter, "{template:?}");
        }
    }
}
