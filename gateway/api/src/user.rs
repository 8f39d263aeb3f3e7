//! A user as the directory knows them.

use crate::ids::UserId;
use crate::subject::GroupRef;

/// A user of one virtual server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The row.
    pub id: UserId,
    /// The sign-in name as it was given.
    pub name: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// The address on record, the only one that is ever mailed to.
    pub email: Option<String>,
    /// Switched off: no sign-in, and live sessions end.
    pub disabled: bool,
    /// Every group, nested ones included, by name.
    pub groups: Vec<GroupRef>,
}

/// A new user, for the store.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The sign-in name.
    pub name: String,
    /// [`fold_name`](crate::user::FoldedName) of it; unique within a virtual server.
    pub folded: FoldedName,
    /// The name to show.
    pub display_name: String,
    /// The mail address.
    pub email: Option<String>,
    /// The argon2id hash in PHC form, if the user has a local password.
    pub password_hash: Option<String>,
    /// Names of the groups to be in; made when missing.
    pub groups: Vec<String>,
}

/// A sign-in name folded so that its aliases are one (LG-03): NFKC, lower case, outer spaces cut. Made by `access`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FoldedName(String);

impl FoldedName {
    /// Takes text that is folded already.
    pub fn assume(folded: impl Into<String>) -> Self {
        Self(folded.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
