//! Sessions as stored (SEC 5.4).

use crate::ids::{SessionId, UserId};
use crate::proof::Proofs;
use crate::secret::TokenHash;
use crate::time::Timestamp;

/// Where a session's cookie lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionKind {
    /// On the portal's host; the one that signing out ends.
    Portal,
    /// On an application's host, handed over by a ticket, ended with its portal session.
    App {
        /// The application's host, without port.
        host: String,
        /// The portal session it hangs on.
        portal: SessionId,
    },
}

/// A live session. One whose portal session is gone is not found at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The row.
    pub id: SessionId,
    /// The user.
    pub user: UserId,
    /// Portal or application.
    pub kind: SessionKind,
    /// What was proved. An application's session keeps the level it was handed over with.
    pub proofs: Proofs,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// The absolute end.
    pub expires_at: Timestamp,
}

impl Session {
    /// The portal session's row: its own, or the one it hangs on.
    pub fn portal(&self) -> &SessionId {
        match &self.kind {
            SessionKind::Portal => &self.id,
            SessionKind::App { portal, .. } => portal,
        }
    }
}

/// A session to be made.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The row to be.
    pub id: SessionId,
    /// SHA-256 of the cookie's value.
    pub token: TokenHash,
    /// The user.
    pub user: UserId,
    /// Portal or application.
    pub kind: SessionKind,
    /// What was proved.
    pub proofs: Proofs,
    /// The absolute end.
    pub expires_at: Timestamp,
}
