//! Who runs a virtual server: operators, with names, passwords and second factors of their own, and their sessions at the
//! console.

use serde::{Deserialize, Serialize};

use crate::credential::Version;
use crate::ids::{ApiKeyId, OperatorId, RoleId, SessionId};
use crate::permission::Permissions;
use crate::secret::{SecretBytes, TokenHash};
use crate::time::Timestamp;
use crate::user::FoldedName;

/// The roles that are there from the beginning.
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

    /// What it may.
    pub const fn permissions(self) -> Permissions {
        match self {
            Role::Auditor => Permissions::AUDITOR,
            Role::HelpDesk => Permissions::HELP_DESK,
            Role::Administrator => Permissions::ALL,
        }
    }
}

/// Which role somebody has: one that is there from the beginning, or one that operators have made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum RoleRef {
    /// From the beginning.
    BuiltIn(Role),
    /// Made by operators.
    Custom(RoleId),
}

impl RoleRef {
    /// The name of the one, the id of the other. No id is such a name.
    pub fn as_str(&self) -> &str {
        match self {
            RoleRef::BuiltIn(role) => role.as_str(),
            RoleRef::Custom(id) => id.as_str(),
        }
    }

    /// Back from [`RoleRef::as_str`].
    pub fn parse(text: &str) -> Self {
        Role::parse(text).map_or_else(|| RoleRef::Custom(RoleId::new(text)), RoleRef::BuiltIn)
    }
}

impl From<Role> for RoleRef {
    fn from(role: Role) -> Self {
        RoleRef::BuiltIn(role)
    }
}

impl From<String> for RoleRef {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<RoleRef> for String {
    fn from(role: RoleRef) -> Self {
        role.as_str().to_owned()
    }
}

/// A role as it is held: what it may, as of now; of an API key, what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// Which.
    pub of: RoleRef,
    /// What it is called; [`Role::as_str`] of one that is there from the beginning.
    pub name: String,
    /// What its holder may do.
    pub permissions: Permissions,
}

impl HeldRole {
    /// Everything, whichever role brings it: the last administrator is counted by this.
    pub fn administers(&self) -> bool {
        self.permissions == Permissions::ALL
    }
}

impl From<Role> for HeldRole {
    fn from(role: Role) -> Self {
        Self { of: role.into(), name: role.as_str().to_owned(), permissions: role.permissions() }
    }
}

impl From<CustomRole> for HeldRole {
    fn from(role: CustomRole) -> Self {
        Self { of: RoleRef::Custom(role.id), name: role.name, permissions: role.permissions }
    }
}

impl PartialEq<Role> for HeldRole {
    fn eq(&self, role: &Role) -> bool {
        self.of == RoleRef::BuiltIn(*role)
    }
}

/// A role that operators have made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRole {
    /// The row.
    pub id: RoleId,
    /// What it is called.
    pub name: String,
    /// What it may.
    pub permissions: Permissions,
    /// Counts up at each change.
    pub version: i64,
}

/// An operator of one virtual server.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The row.
    pub id: OperatorId,
    /// The name to sign in with.
    pub name: String,
    /// What they may do, as of now.
    pub role: HeldRole,
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
    pub role: RoleRef,
    /// Switched off from the beginning: another operator has to switch them on.
    pub disabled: bool,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// The plugin of the second factor.
    pub plugin: String,
    /// What that plugin keeps, its first passcode spent.
    pub opened: SecretBytes,
}

/// An operator who has chosen password and second factor anew.
#[derive(Debug, Clone)]
pub struct RecoveredOperator {
    /// The row.
    pub id: OperatorId,
    /// The role that they have, by which it was judged whether it may be done.
    pub judged: HeldRole,
    /// The password hash that was read.
    pub seen: String,
    /// The new one, argon2id in PHC form.
    pub password_hash: String,
    /// The plugin of the new second factor.
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

/// A key by which a program calls the API in an operator's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The row.
    pub id: ApiKeyId,
    /// What it is called.
    pub name: String,
    /// What it was given. What it may at a given time is never more than what its operator may then.
    pub permissions: Permissions,
    /// Whose it is: who made it.
    pub created_by: OperatorId,
    /// When.
    pub created_at: Timestamp,
    /// Its end.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// It was revoked.
    pub disabled: bool,
}

/// A key to be.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The row to be.
    pub id: ApiKeyId,
    /// SHA-256 of its secret.
    pub token: TokenHash,
    /// What it is called; unique among those of a virtual server that are not revoked.
    pub name: String,
    /// What it is given.
    pub permissions: Permissions,
    /// Who makes it.
    pub created_by: OperatorId,
    /// Its end.
    pub expires_at: Timestamp,
}
