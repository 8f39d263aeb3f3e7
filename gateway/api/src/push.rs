//! Requests that are sent to a user's device and answered there ("push"): their life is the host's (decision B2), their
//! delivery and what proves an answer the plugins'.

use serde::{Deserialize, Serialize};

use crate::flow::KeptSecret;
use crate::ids::{CredentialId, FlowId, OperatorId, PushId, UserId};
use crate::time::Timestamp;

/// A request. A user has one that is pending at the most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The row.
    pub id: PushId,
    /// Who is asked.
    pub user: UserId,
    /// For what.
    pub purpose: PushPurpose,
    /// Where it stands. One that is pending and past its end is over.
    pub state: PushState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its end.
    pub expires_at: Timestamp,
    /// All else. Sealed in the store.
    pub data: PushData,
}

impl Push {
    /// Whether an answer is still awaited.
    pub fn pending(&self, now: Timestamp) -> bool {
        self.state == PushState::Pending && self.expires_at > now
    }
}

/// What an answer is good for, and for whom alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "for")]
pub enum PushPurpose {
    /// A sign-in, in the browser that asked.
    SignIn {
        /// Its flow.
        flow: FlowId,
    },
    /// The help desk wants to know whether the caller is the user.
    HelpDesk {
        /// The operator who asked.
        operator: OperatorId,
    },
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushState {
    /// Waits for an answer.
    Pending,
    /// Approved, with the right number.
    Approved,
    /// Denied.
    Denied,
    /// Denied, and reported as somebody else's.
    Reported,
    /// Approved with a wrong number: over.
    Mismatched,
    /// Withdrawn by whoever asked.
    Cancelled,
    /// Approved, and what it was approved for has been done.
    Used,
}

impl PushState {
    /// All of them.
    pub const ALL: [PushState; 7] = [
        PushState::Pending,
        PushState::Approved,
        PushState::Denied,
        PushState::Reported,
        PushState::Mismatched,
        PushState::Cancelled,
        PushState::Used,
    ];

    /// The name in the store, records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            PushState::Pending => "pending",
            PushState::Approved => "approved",
            PushState::Denied => "denied",
            PushState::Reported => "reported",
            PushState::Mismatched => "mismatched",
            PushState::Cancelled => "cancelled",
            PushState::Used => "used",
        }
    }

    /// Back from [`PushState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether the user has said yes.
    pub const fn approved(self) -> bool {
        matches!(self, PushState::Approved | PushState::Used)
    }
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushData {
    /// 16 random bytes in base64url: what an answer is made over.
    pub nonce: String,
    /// Two digits on the page, to be entered on the device (decision B5). Never sent to the device.
    pub number: KeptSecret,
    /// What the device shows.
    pub context: PushContext,
    /// The token that has answered.
    pub answered_by: Option<CredentialId>,
    /// That token's serial number.
    pub serial: Option<String>,
}

/// What somebody needs to know to say yes or no.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushContext {
    /// The application that is signed in to; none for the portal, or for the help desk.
    pub application: Option<String>,
    /// The address that asks.
    pub address: String,
    /// The browser that asks (`Firefox on Windows`); empty where it is not known.
    pub browser: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushAnswer {
    /// Yes, with this number.
    Approve {
        /// As it was entered.
        number: KeptSecret,
    },
    /// No.
    Deny,
    /// No, and it was not me who asked.
    Report,
}
