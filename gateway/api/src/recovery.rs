//! Recovery codes: single-use passcodes on paper, for somebody whose authenticator is gone.

use serde::{Deserialize, Serialize};

use crate::credential::Version;
use crate::time::Timestamp;

/// What is kept of a user's recovery codes. Sealed in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodes {
    /// When they were made.
    pub made_at: Timestamp,
    /// Keyed hashes (HMAC-SHA-256, in hex) of those that are left.
    pub macs: Vec<String>,
}

/// The same, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRecoveryCodes {
    /// What is left.
    pub codes: RecoveryCodes,
    /// Counts up at each change; never the same again for codes that were made anew.
    pub version: Version,
}
