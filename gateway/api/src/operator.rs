//! Who runs a virtual server: operators, with names, passwords and second factors of their own, and their sessions at the
//! console.

use serde::{Deserialize, Serialize};

use crate::credential::Version;
use crate::ids::{OperatorId, SessionId};
use crate::secret::{SecretBytes, TokenHash};
use crate::time::Timestamp;
use crate::user::FoldedName;

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks at everything, changes nothing.
    Auditor,
    /// Looks at everything; users and their tokens are theirs to care for.
    HelpDesk,
    /// Everything.
    Administrator,
}

impl Role {
    /// Least first.
    pub const ALL: [Role; 3] = [Role::Auditor, Role::HelpDesk, Role::Administrator];

    /// The name in the store, records and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Auditor => "auditor",
            Role::HelpDesk => "help_desk",
            Role::Administrator => "administrator",
        }
    }

    /// Back from [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// An operator of one virtual server.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The row.
    pub id: OperatorId,
    /// The name to sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Switched off.
    pub disabled: bool,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// The plugin of the second factor (`otp`).
    pub plugin: String,
    /// What that plugin keeps.
    pub opened: SecretBytes,
    /// Counts up at each change of those bytes.
    pub version: Version,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_seen_at: Option<Timestamp>,
}

/// An operator to be.
#[derive(Debug, Clone)]
pub struct NewOperator {
    /// The row to be.
    pub id: OperatorId,
    /// The name to sign in with.
    pub name: String,
    /// It, folded; unique within a virtual server.
    pub folded: FoldedName,
    /// What they may do.
    pub role: Role,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// The plugin of the second factor.
    pub plugin: String,
    /// What that plugin keeps, its first passcode spent.
    pub opened: SecretBytes,
}

/// A live session at the console.
#[derive(Debug, Clone)]
pub struct OperatorSession {
    /// The row.
    pub id: SessionId,
    /// Whose, as of now.
    pub operator: Operator,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When password and second factor were last proved in it.
    pub proved_at: Timestamp,
    /// The absolute end.
    pub expires_at: Timestamp,
}

/// A session to be.
#[derive(Debug, Clone)]
pub struct NewOperatorSession {
    /// The row to be.
    pub id: SessionId,
    /// SHA-256 of the cookie's or the bearer token's value.
    pub token: TokenHash,
    /// Whose.
    pub operator: OperatorId,
    /// The absolute end.
    pub expires_at: Timestamp,
}
