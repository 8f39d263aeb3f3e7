//! Who asks.

use std::sync::Arc;

use crate::ids::{GroupId, SessionId, UserId};
use crate::proof::Proofs;
use crate::user::User;

/// Who asks. Nobody is an answer too: [`Subject::Anonymous`] goes through the same policies.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Nobody known. That it cannot be found out who asks is another matter, and no subject at all.
    Anonymous,
    /// A user with a live session.
    User(Arc<Principal>),
}

impl Subject {
    /// Somebody who is only supposed, to see what would be decided: with no session that could be found.
    pub fn supposed(user: User, proofs: Proofs) -> Self {
        let User { id, name, display_name, email, groups, .. } = user;
        let session = SessionId::new("explained");
        Subject::User(Arc::new(Principal { user: id, name, display_name, email, groups, session, proofs }))
    }

    /// The principal, if there is one.
    pub fn principal(&self) -> Option<&Arc<Principal>> {
        match self {
            Subject::Anonymous => None,
            Subject::User(principal) => Some(principal),
        }
    }

    /// The proofs given; none for nobody.
    pub fn proofs(&self) -> Proofs {
        self.principal().map_or(Proofs::NONE, |p| p.proofs)
    }
}

/// A signed-in user as the policies see them: facts at most five seconds old (decision A20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user's row.
    pub user: UserId,
    /// The sign-in name.
    pub name: String,
    /// The name to show; may be empty.
    pub display_name: String,
    /// The address on record.
    pub email: Option<String>,
    /// Every group, nested ones included, in the order of their names.
    pub groups: Vec<GroupRef>,
    /// The portal session this identity comes from.
    pub session: SessionId,
    /// What was proved, and when.
    pub proofs: Proofs,
}

/// A group by row and by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupRef {
    /// The row, which settings refer to.
    pub id: GroupId,
    /// The name, which policies and applications see.
    pub name: String,
}
