//! Policies > Token Policies > Synchronization: how far a token may have run away (self-provisioning.md 2.2, decisions B10, B13).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Document, SettingKind};

/// The windows. The inner one of an event-based token is its template's look-ahead (R62).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Time steps on either side of the learned drift within which a passcode is accepted: 0 to 10.
    pub inner_steps: u32,
    /// Time steps on either side within which one is right, but asks for the next: `inner_steps` to 100.
    pub outer_steps: u32,
    /// Clicks ahead within which one is right, but asks for the next: 1 to 1000.
    pub outer_events: u32,
}

impl Windows {
    /// How long the next passcode is awaited after one in the outer window.
    pub const fn confirm_within(&self) -> Duration {
        Duration::from_secs(180)
    }
}

impl Document for Windows {
    const KIND: SettingKind = SettingKind::Synchronization;

    fn of_new() -> Self {
        Self { inner_steps: 1, outer_steps: 20, outer_events: 100 }
    }
}
