//! When an account or a token is locked, and for how long (self-provisioning.md 2.5, decision A23).

use serde::{Deserialize, Serialize};

use super::{Document, SettingKind};

/// Locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lockout {
    /// Wrong passwords in a row that an account is permitted from browsers it does not know: 0 to 50, 0 never locks.
    pub account_failures: u32,
    /// Minutes that an account is locked for: 1 to 1440.
    pub account_minutes: u32,
    /// Wrong passcodes in a row that a token is permitted: 1 to 50.
    pub token_failures: u32,
    /// Minutes that a token is locked for: 1 to 1440.
    pub token_minutes: u32,
}

impl Document for Lockout {
    const KIND: SettingKind = SettingKind::Lockout;

    fn of_new() -> Self {
        Self { account_failures: 3, account_minutes: 15, token_failures: 9, token_minutes: 15 }
    }
}
