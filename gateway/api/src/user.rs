//! A user as the directory knows them.

use serde::{Deserialize, Serialize};

use crate::credential::Version;
use crate::ids::{GroupId, UserId};
use crate::subject::GroupRef;
use crate::time::Timestamp;

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

impl User {
    /// Somebody of whom nothing but a name and groups is known.
    pub fn supposed(name: &str, groups: &[String]) -> Self {
        Self {
            id: UserId::new(name),
            name: name.to_owned(),
            display_name: String::new(),
            email: None,
            disabled: false,
            groups: groups.iter().map(|name| GroupRef { id: GroupId::new(name), name: name.clone() }).collect(),
        }
    }
}

/// A user as operators see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// What sign-in sees.
    pub user: User,
    /// The groups that they are in themselves, by name; [`User::groups`] has those besides in which these lie.
    pub direct_groups: Vec<GroupRef>,
    /// Counts the changes of name, address and groups.
    pub version: Version,
    /// There is a local password.
    pub has_password: bool,
    /// When they were made.
    pub created_at: Timestamp,
    /// Until when a temporary passcode is good, and why it was given.
    pub temporary_passcode: Option<(Timestamp, String)>,
}

/// What a user's record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDetails {
    /// The name to show; may be empty.
    pub display_name: String,
    /// The address on record.
    pub email: Option<String>,
    /// The groups that they are in themselves. Each must exist.
    pub groups: Vec<GroupId>,
}

/// A passcode that stands in for a token until its end, for somebody who has left theirs at home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryPasscode {
    /// argon2id of it, in PHC form.
    pub hash: String,
    /// Its end.
    pub expires_at: Timestamp,
    /// Why it was given, in the operator's words.
    pub reason: String,
}

/// A group as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRecord {
    /// The row.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// How many users are in it themselves.
    pub members: u64,
    /// The groups that it lies in itself.
    pub parents: Vec<GroupRef>,
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
