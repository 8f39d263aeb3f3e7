//! What the app can honour: approving and declining, and nothing that a token can say of passcodes or PINs.

use doorward_api::plugin::WhyNot;
use doorward_api::template::{Mode, PinType};
use doorward_api::{Target, Template};

/// Whether the app can honour a template on a platform, or what is in the way.
pub(crate) fn fits(template: &Template, target: Target) -> Result<(), WhyNot> {
    if !matches!(target, Target::Ios | Target::Android) {
        return no("target", "The app is there for iPhone, iPad and Android only.");
    }
    if template.mode != Mode::QuickLog {
        return no("mode", "The app shows requests, and takes no challenge that is typed.");
    }
    match template.pin {
        PinType::None => {}
        PinType::UserSelected => return no("pin", "The app asks for no PIN of the token's own."),
        PinType::ServerSide => return no("pin", "A server-side PIN is typed with a passcode, and the app shows none."),
    }
    if template.biometric {
        return no("biometric", "The app leaves fingerprint and face to the phone: nothing can be proved of them.");
    }
    Ok(())
}

/// Why nothing fits while there is no key.
pub(crate) fn switched_off() -> WhyNot {
    WhyNot {
        parameter: "key_file",
        reason: "The privacyIDEA Authenticator is switched off: `[plugins.push]` has no `key_file`.".into(),
    }
}

fn no(parameter: &'static str, reason: &str) -> Result<(), WhyNot> {
    Err(WhyNot { parameter, reason: reason.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_api::template::{HashAlgorithm, Synchronization};

    const STANDARD: Template = Template::STANDARD_APP;

    #[test]
    fn what_says_nothing_of_pins_fits() {
        for template in [
            STANDARD,
            Template { push: true, ..STANDARD },
            // It shows no passcodes, so theirs is nothing to be in the way.
            Template { length: 8, hash: HashAlgorithm::Sha512, ..STANDARD },
            Template { synchronization: Synchronization::Event { look_ahead: 3 }, ..STANDARD },
        ] {
            for target in [Target::Ios, Target::Android] {
                assert_eq!(fits(&template, target), Ok(()), "{template:?}");
            }
        }
    }

    #[test]
    fn the_parameter_in_the_way_is_named() {
        for (template, target, parameter) in [
            (STANDARD, Target::WindowsDesktop, "target"),
            (STANDARD, Target::WindowsMobile, "target"),
            (Template { mode: Mode::ChallengeResponse, ..STANDARD }, Target::Ios, "mode"),
            (Template { pin: PinType::UserSelected, ..STANDARD }, Target::Ios, "pin"),
            (Template { pin: PinType::ServerSide, ..STANDARD }, Target::Android, "pin"),
            (Template { biometric: true, ..STANDARD }, Target::Android, "biometric"),
        ] {
            assert_eq!(fits(&template, target).unwrap_err().parameter, parameter, "{template:?}");
        }
    }
}
