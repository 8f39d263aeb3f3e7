//! Policies > Token Policies > Token Templates: what every new token is made by (R56..R81).

use serde::{Deserialize, Serialize};

use super::{Complexity, Document, SettingKind};
use crate::template::{HashAlgorithm, Mode, PinType, Synchronization, Template};

/// The template that tokens of the one type are made by. The fields of a PIN that the PIN type does not have stand at their
/// defaults and mean nothing (R63).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenTemplate {
    /// Quick Log or Challenge-Response (R59).
    pub mode: Mode,
    /// Characters of a passcode: 6 or 8 (R60).
    pub length: u8,
    /// Time-based or event-based (R61, R62). Means nothing in Challenge-Response (decision B11).
    pub synchronization: Synchronization,
    /// The PIN (R63).
    pub pin_type: PinType,
    /// Least characters of a user-selected PIN: 4 to 8 (R73).
    pub pin_length: u8,
    /// A user-selected PIN may be one run (R74).
    pub allow_trivial_pins: bool,
    /// Wrong PINs in a row that are permitted: 1 to 15 (R75).
    pub max_pin_attempts: u8,
    /// Of what characters a user-selected PIN is (R76..R78).
    pub min_pin_complexity: Complexity,
    /// A fingerprint or a face may stand in for a user-selected PIN (R79).
    pub allow_biometric_pin: bool,
}

impl TokenTemplate {
    /// The parameters that a token gets whose activation is issued now, by the template of this version: 0 for one that was never
    /// set, which is the first that there is.
    pub fn freeze(&self, version: i64) -> Template {
        Template {
            version: u32::try_from(version).unwrap_or(u32::MAX).saturating_add(1),
            mode: self.mode,
            length: self.length,
            synchronization: self.synchronization,
            hash: HashAlgorithm::Sha1,
            pin: self.pin_type,
            pin_length: self.pin_length,
            allow_trivial_pins: self.allow_trivial_pins,
            max_pin_attempts: self.max_pin_attempts,
            min_pin_complexity: self.min_pin_complexity,
            biometric: self.allow_biometric_pin,
            push: false,
        }
    }
}

impl Document for TokenTemplate {
    const KIND: SettingKind = SettingKind::TokenTemplate;

    /// What standard apps can carry: a user-selected PIN comes with an authenticator that asks for one (decision A2).
    fn of_new() -> Self {
        Self {
            mode: Mode::QuickLog,
            length: 6,
            synchronization: Synchronization::Time { step: 30 },
            pin_type: PinType::None,
            pin_length: 4,
            allow_trivial_pins: false,
            max_pin_attempts: 5,
            min_pin_complexity: Complexity::Decimal,
            allow_biometric_pin: false,
        }
    }

    /// Ours asks for a PIN that its user has chosen (R63, decision A2).
    fn of_new_with_authenticator() -> Self {
        Self { pin_type: PinType::UserSelected, ..Self::of_new() }
    }
}
