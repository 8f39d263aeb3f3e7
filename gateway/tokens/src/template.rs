//! Which parameters a token template may have (R59..R63, R79). Whether an authenticator can honour them is for its plugin
//! to say.

use doorward_api::Template;
use doorward_api::template::{PinType, Synchronization};

/// Lengths of a passcode (R60).
pub const LENGTHS: [u8; 2] = [6, 8];

/// Time steps in seconds (R61).
pub const STEPS: [u32; 7] = [30, 60, 90, 120, 180, 240, 300];

/// Clicks to look ahead (R62).
pub const LOOK_AHEAD: std::ops::RangeInclusive<u32> = 1..=100;

/// A parameter that is out of its range, and the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// R60.
    #[error("a passcode has 6 or 8 characters, not {0}")]
    Length(u8),
    /// R61.
    #[error("a passcode changes every 30, 60, 90, 120, 180, 240 or 300 seconds, not every {0}")]
    Step(u32),
    /// R62.
    #[error("a passcode is looked for 1 to 100 clicks ahead, not {0}")]
    LookAhead(u32),
    /// R79.
    #[error("biometrics stand in for a user-selected PIN, so they need one")]
    BiometricWithoutPin,
}

/// Checks a template, parameter by parameter.
///
/// # Errors
/// The first parameter that is out of its range.
pub fn check(template: &Template) -> Result<(), TemplateFault> {
    if !LENGTHS.contains(&template.length) {
        return Err(TemplateFault::Length(template.length));
    }
    match template.synchronization {
        Synchronization::Time { step } if !STEPS.contains(&step) => return Err(TemplateFault::Step(step)),
        Synchronization::Event { look_ahead } if !LOOK_AHEAD.contains(&look_ahead) => {
            return Err(TemplateFault::LookAhead(look_ahead));
        }
        Synchronization::Time { .. } | Synchronization::Event { .. } => {}
    }
    if template.biometric && template.pin != PinType::UserSelected {
        return Err(TemplateFault::BiometricWithoutPin);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Template = Template::STANDARD_APP;

    #[test]
    fn the_built_in_template_is_in_order() {
        assert_eq!(check(&BASE), Ok(()));
    }

    #[test]
    fn a_passcode_has_six_or_eight_characters() {
        for length in 0..=u8::MAX {
            let expected = if length == 6 || length == 8 { Ok(()) } else { Err(TemplateFault::Length(length)) };
            assert_eq!(check(&Template { length, ..BASE }), expected);
        }
    }

    #[test]
    fn steps_and_look_ahead_keep_to_their_lists() {
        let time = |step| check(&Template { synchronization: Synchronization::Time { step }, ..BASE });
        let event = |look_ahead| check(&Template { synchronization: Synchronization::Event { look_ahead }, ..BASE });
        assert!(STEPS.into_iter().all(|step| time(step).is_ok()));
        for step in [0, 1, 29, 31, 45, 150, 301] {
            assert_eq!(time(step), Err(TemplateFault::Step(step)));
        }
        assert!([1, 3, 100].into_iter().all(|clicks| event(clicks).is_ok()));
        for clicks in [0, 101, u32::MAX] {
            assert_eq!(event(clicks), Err(TemplateFault::LookAhead(clicks)));
        }
    }

    #[test]
    fn biometrics_need_a_user_selected_pin() {
        for (pin, fine) in [(PinType::None, false), (PinType::ServerSide, false), (PinType::UserSelected, true)] {
            assert_eq!(check(&Template { pin, biometric: true, ..BASE }).is_ok(), fine, "{pin:?}");
            assert_eq!(check(&Template { pin, biometric: false, ..BASE }), Ok(()));
        }
    }
}
