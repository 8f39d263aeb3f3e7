//! What can be enrolled by an app: a standard one (decision A2), or for Challenge-Response one that speaks OCRA.

use doorward_api::Template;
use doorward_api::plugin::WhyNot;
use doorward_api::template::{HashAlgorithm, PinType};
use doorward_oath::token::{Kind, Shape, shape};

/// The shape, or which parameter is in the way.
pub(crate) fn fits(template: &Template) -> Result<Shape, WhyNot> {
    let no = |parameter, reason: &str| Err(WhyNot { parameter, reason: reason.into() });
    let shape = shape(template)?;
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
    match shape.kind {
        Kind::Time { period } if !matches!(period.get(), 30 | 60) => {
            no("synchronization", "Standard authenticator apps are offered for steps of 30 and 60 seconds only.")
        }
        Kind::Time { .. } | Kind::Event { .. } | Kind::Challenge => Ok(shape),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use doorward_api::template::{Mode, Synchronization};
    use doorward_oath::Params;

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
        let asked = Template { mode: Mode::ChallengeResponse, ..STANDARD };
        for template in [minute, clicks, long, asked] {
            assert!(fits(&template).is_ok(), "{template:?}");
        }
    }

    #[test]
    fn the_parameter_in_the_way_is_named() {
        let cases = [
            (Template { length: 7, ..STANDARD }, "length"),
            (Template { hash: HashAlgorithm::Sha256, ..STANDARD }, "hash"),
            (Template { hash: HashAlgorithm::Sha512, ..STANDARD }, "hash"),
            (Template { pin: PinType::UserSelected, ..STANDARD }, "pin"),
            (Template { mode: Mode::ChallengeResponse, pin: PinType::UserSelected, ..STANDARD }, "pin"),
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
