//! Who users are, and whether a password is theirs.

use async_trait::async_trait;

use crate::error::StoreError;
use crate::ids::{UserId, VirtualServerId};
use crate::secret::Secret;
use crate::user::{FoldedName, User};

/// The answer to a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is theirs.
    Right,
    /// It is not, or nobody has that name; both take the same work.
    Wrong,
    /// Too many checks are waiting already: come back (SEC 5.17).
    Busy,
}

/// What is stored of a password, and what is to be stored instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehash {
    /// As it was read.
    pub old: String,
    /// Of the same password, with the parameters of now.
    pub new: String,
}

/// A directory of users: local accounts now, LDAP and OIDC later.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The user of a folded name.
    async fn find(&self, vs: &VirtualServerId, name: &FoldedName) -> Result<Option<User>, StoreError>;

    /// The user of a row.
    async fn get(&self, vs: &VirtualServerId, user: &UserId) -> Result<Option<User>, StoreError>;

    /// Checks a password. `None` (an unknown name) costs what a known one costs.
    async fn check_password(
        &self,
        vs: &VirtualServerId,
        user: Option<&UserId>,
        password: &Secret,
    ) -> Result<PasswordCheck, StoreError>;

    /// A new hash of a password that was [`PasswordCheck::Right`] just now, when the stored one was made with weaker
    /// parameters than are used today (SEC 5.10). `None` where there is nothing to do, or no time for it.
    async fn rehash(
        &self,
        _vs: &VirtualServerId,
        _user: &UserId,
        _password: &Secret,
    ) -> Result<Option<Rehash>, StoreError> {
        Ok(None)
    }
}
