//! PINs: the rules that one must keep (self-provisioning.md 1-E), and the policy of those that the server checks (2.1).

use serde::{Deserialize, Serialize};

use super::{Document, SettingKind};

/// Of what characters a PIN is made (R76..R78).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Complexity {
    /// Digits, letters, or both (despite its name: SP A2).
    Decimal,
    /// At least one capital letter, one small letter and one digit.
    StrongAlphanumeric,
}

/// The rules of a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinRules {
    /// Least number of characters.
    pub min_length: u8,
    /// Greatest number of characters.
    pub max_length: u8,
    /// Of what characters.
    pub complexity: Complexity,
    /// A PIN that is one run, such as 1234 or 2222, is taken (R74).
    pub allow_trivial: bool,
}

/// Where the PIN is typed: before or after the passcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinOrder {
    /// `ABCD12345678`: PIN, then passcode.
    Prepend,
    /// `12345678ABCD`: passcode, then PIN.
    Append,
}

/// Policies > Token Policies > Server-side PIN Policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerPinPolicy {
    /// A PIN that somebody else has set must be changed at its first use. Otherwise the operator decides each time.
    pub change_on_first_use: bool,
    /// Operators do not type PINs, the server draws them.
    pub force_random: bool,
    /// PIN processing order.
    pub order: PinOrder,
    /// Least number of characters: 3 to 15, at most `max_length`.
    pub min_length: u8,
    /// Greatest number of characters: 4 to 16.
    pub max_length: u8,
    /// Characters of a PIN that is drawn: between the two.
    pub generated_length: u8,
    /// Of what characters.
    pub complexity: Complexity,
    /// A PIN that is one run is taken.
    pub allow_trivial: bool,
    /// Days after which a PIN must be changed, counted from its last change: 0 to 365, 0 never.
    pub change_after_days: u16,
    /// How many earlier PINs are not taken again: 0 to 10.
    pub history: u8,
}

impl ServerPinPolicy {
    /// What a PIN must keep.
    pub fn rules(&self) -> PinRules {
        PinRules {
            min_length: self.min_length,
            max_length: self.max_length,
            complexity: self.complexity,
            allow_trivial: self.allow_trivial,
        }
    }
}

impl Document for ServerPinPolicy {
    const KIND: SettingKind = SettingKind::ServerPinPolicy;

    fn of_new() -> Self {
        Self {
            change_on_first_use: true,
            force_random: true,
            order: PinOrder::Prepend,
            min_length: 4,
            max_length: 8,
            generated_length: 6,
            complexity: Complexity::Decimal,
            allow_trivial: false,
            change_after_days: 0,
            history: 3,
        }
    }
}
