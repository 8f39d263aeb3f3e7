//! What operators grant to somebody who enrols, where the rule asks for more than the emailed code.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::time::Timestamp;

/// Where a grant stands. A user has one at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// The user has asked for an approval.
    Asked,
    /// An operator has approved: the user may enrol one token until it is over.
    Approved,
    /// An operator has refused.
    Refused,
    /// The help desk has given a code.
    CodeGiven,
}

impl GrantState {
    /// All of them.
    pub const ALL: [GrantState; 4] =
        [GrantState::Asked, GrantState::Approved, GrantState::Refused, GrantState::CodeGiven];

    /// The name in the store and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            GrantState::Asked => "asked",
            GrantState::Approved => "approved",
            GrantState::Refused => "refused",
            GrantState::CodeGiven => "code_given",
        }
    }

    /// Back from [`GrantState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A grant, as it is stored. Its details are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whose.
    pub user: UserId,
    /// Where it stands.
    pub state: GrantState,
    /// When it came to stand there.
    pub at: Timestamp,
    /// Its end: whatever it was, it is nothing then.
    pub expires_at: Timestamp,
    /// All else.
    pub details: GrantDetails,
}

/// What is kept of a grant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantDetails {
    /// argon2id of the help desk's code, in PHC form.
    pub code_hash: Option<String>,
    /// From where the user has asked.
    pub address: Option<IpAddr>,
    /// With which browser.
    pub user_agent: String,
    /// Which operator has decided, by name.
    pub operator: Option<String>,
    /// Why, in the operator's words.
    pub reason: String,
}

/// A grant as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRecord {
    /// The grant.
    pub grant: Grant,
    /// The user's sign-in name.
    pub name: String,
    /// The name to show.
    pub display_name: String,
}
