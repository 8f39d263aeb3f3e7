//! An enrolled authenticator ("token") as stored.

use serde::{Deserialize, Serialize};

use crate::ids::{CredentialId, UserId};
use crate::secret::SecretBytes;
use crate::template::{Target, Template};
use crate::time::Timestamp;

/// The life of a token: the states of self-provisioning.md 4 (decision A14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// Given to a user, not yet proved.
    Assigned,
    /// In use.
    Active,
    /// Held: by an operator, by its user, or by the "Not you?" link. Counts as having a token (A5).
    Suspended,
    /// Revoked or never finished; its secret is destroyed.
    Revoked,
}

impl TokenState {
    /// The name in the store, records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            TokenState::Assigned => "assigned",
            TokenState::Active => "active",
            TokenState::Suspended => "suspended",
            TokenState::Revoked => "revoked",
        }
    }

    /// Back from [`TokenState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Assigned, Self::Active, Self::Suspended, Self::Revoked].into_iter().find(|s| s.as_str() == text)
    }

    /// Whether a user who has it "has a token" (R3).
    pub const fn counts_as_token(self) -> bool {
        matches!(self, TokenState::Active | TokenState::Suspended)
    }
}

/// Counts up at each change of the sealed bytes; the host writes only over the version it has read.
pub type Version = i64;

/// An enrolled authenticator, its bytes opened by the store.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The row.
    pub id: CredentialId,
    /// The owner.
    pub user: UserId,
    /// The plugin that made it and can check it (`otp`).
    pub plugin: String,
    /// The serial number that people see (`DW-7Q2M-K94T`).
    pub serial: String,
    /// Where it is in its life.
    pub state: TokenState,
    /// The platform it was enrolled on.
    pub target: Target,
    /// The template frozen at its issue (R57).
    pub template: Template,
    /// What the plugin keeps: opaque to everybody else. Empty once revoked, and when `damaged`.
    pub opened: SecretBytes,
    /// What is stored could not be opened: it was moved or changed past the gateway (CR-02).
    pub damaged: bool,
    /// See [`Version`].
    pub version: Version,
    /// Consecutive failures since the last success.
    pub fails: u32,
    /// Locked until then, after too many failures.
    pub locked_until: Option<Timestamp>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When its first proof was accepted.
    pub activated_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl Credential {
    /// Whether it is locked at `now` by too many failures.
    pub fn locked(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| until > now)
    }
}

/// A credential to be stored.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// The row to be.
    pub id: CredentialId,
    /// The owner.
    pub user: UserId,
    /// The plugin.
    pub plugin: String,
    /// The serial number.
    pub serial: String,
    /// The platform.
    pub target: Target,
    /// The template of this moment.
    pub template: Template,
    /// What the plugin gave.
    pub opened: SecretBytes,
}
