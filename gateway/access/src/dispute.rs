//! "Not you?": the link of the notice mail (W9, decision A37). Looking changes nothing, so that a mail scanner does not use
//! it up; only the button's POST counts.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::credential::Credential;
use doorward_api::ports::{Act, Change, Entropy, OneTime, OneTimePurpose};
use doorward_api::{
    AuditEvent, CommitError, CredentialId, EventContext, EventKind, FlowId, SessionId, StoreError, Target, Timestamp,
    Token, TokenState, UserId,
};
use serde::{Deserialize, Serialize};

use crate::ports::Ports;
use crate::sessions::{Identities, Place};
use crate::signin::DeskError;
use crate::site::VirtualServer;
use crate::visit::Visit;

/// Takes "Not you?" from the mail.
pub struct Disputes {
    ports: Ports,
    identities: Arc<Identities>,
}

/// What a live link tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeView {
    /// The platform that was added.
    pub target: Target,
    /// Its serial number.
    pub serial: String,
    /// When it was added.
    pub added_at: Timestamp,
}

/// What a confirmed dispute has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputed {
    /// Whose authenticator it was. All their sessions are ended.
    pub user: UserId,
    /// The session of this very browser, if it was one of them.
    pub session: Option<SessionId>,
}

/// What the store keeps of a link (sealed there).
#[derive(Debug, Serialize, Deserialize)]
struct Stub {
    user: UserId,
    credential: CredentialId,
    serial: String,
    target: Option<Target>,
    /// None where a device has activated it: no browser was there.
    flow: Option<FlowId>,
    added_at: Timestamp,
}

/// A new link for a token that is being activated: the act that makes it good, and its address.
pub(crate) fn link(
    vs: &VirtualServer,
    token: &Credential,
    flow: Option<&FlowId>,
    life: Duration,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> (Act, String) {
    let secret = Token::draw(entropy);
    let stub = Stub {
        user: token.user.clone(),
        credential: token.id.clone(),
        serial: token.serial.clone(),
        target: token.target,
        flow: flow.cloned(),
        added_at: now,
    };
    // Writing these plain types cannot fail; an empty stub would not be read back, and suspend nothing.
    let data = serde_json::to_string(&stub).unwrap_or_default();
    let act = OneTime { purpose: OneTimePurpose::Dispute, hash: secret.hash(), data, expires_at: now + life };
    (Act::OneTimePut(act), format!("{}/notice/{}", vs.portal_origin, secret.expose()))
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
        let found = self.find(visit, token).await?;
        // Whatever is enrolled by its user has a platform.
        let view =
            |stub: Stub| Some(DisputeView { target: stub.target?, serial: stub.serial, added_at: stub.added_at });
        Ok(found.and_then(|(_, stub)| view(stub)))
    }

    /// Suspends the token and ends all sessions of its user, and what sign-ins are under way. `None` when the link is no longer good.
    ///
    /// # Errors
    /// [`DeskError`] when the store does not answer; the link stays good then.
    pub async fn confirm(&self, visit: &Visit, token: &str) -> Result<Option<Disputed>, DeskError> {
        let Some((token, stub)) = self.find(visit, token).await? else { return Ok(None) };
        let own = self.identities.session(&visit.vs.id, Place::Portal, visit.session.as_ref(), visit.now).await?;
        match self.suspend(visit, &token, &stub, true).await {
            Err(CommitError::Lost { what: "credential_state", .. }) => {
                // It is suspended or revoked already. The sessions are ended all the same: somebody asks for it.
                match self.suspend(visit, &token, &stub, false).await {
                    Err(CommitError::Lost { .. }) => return Ok(None),
                    other => other.map_err(store_error)?,
                }
            }
            Err(CommitError::Lost { .. }) => return Ok(None),
            other => other.map_err(store_error)?,
        }
        self.identities.forget_user(&stub.user);
        let session = own.filter(|(session, _)| session.user == stub.user).map(|(session, _)| session.id);
        if let Some(session) = &session {
            self.identities.forget_all_of(session);
        }
        Ok(Some(Disputed { user: stub.user, session }))
    }

    async fn find(&self, visit: &Visit, token: &str) -> Result<Option<(Token, Stub)>, DeskError> {
        let Some(token) = Token::parse(token) else { return Ok(None) };
        let kept =
            self.ports.one_times.one_time(&visit.vs.id, OneTimePurpose::Dispute, &token.hash(), visit.now).await?;
        let Some(kept) = kept else { return Ok(None) };
        let stub = serde_json::from_str(&kept.data)
            .map_err(|error| StoreError::Damaged(format!("a dispute link cannot be read: {error}")))?;
        Ok(Some((token, stub)))
    }

    async fn suspend(&self, visit: &Visit, token: &Token, stub: &Stub, in_use: bool) -> Result<(), CommitError> {
        let event = |kind| AuditEvent::new(kind, context(visit, stub)).with("serial", stub.serial.as_str());
        let mut change = Change::of(Act::OneTimeTake { purpose: OneTimePurpose::Dispute, hash: token.hash() })
            .and(Act::SessionsEndOf { user: stub.user.clone() })
            .and(Act::FlowsEndOf { user: stub.user.clone(), by: Box::new(context(visit, stub)) })
            .and(Act::PushesCancelOf { user: stub.user.clone() })
            .record(event(EventKind::EnrollmentDisputed));
        if in_use {
            let (from, to) = (TokenState::Active, TokenState::Suspended);
            let suspended = event(EventKind::TokenSuspended)
                .with("actor", "user")
                .with("from", from.as_str())
                .with("to", to.as_str())
                .with("reason", "disputed");
            change = change
                .and(Act::CredentialState { id: stub.credential.clone(), from: vec![from], to })
                .record(suspended);
        }
        let change = change.record(event(EventKind::SessionEnded).with("reason", "disputed"));
        self.ports.ledger.commit(&visit.vs.id, change, visit.now).await
    }
}

fn context(visit: &Visit, stub: &Stub) -> EventContext {
    EventContext {
        address: Some(visit.address),
        user: Some(stub.user.clone()),
        flow: stub.flow.clone(),
        request_id: Some(visit.request_id.clone()),
        ..EventContext::default()
    }
}

fn store_error(error: CommitError) -> DeskError {
    match error {
        CommitError::Store(error) => DeskError::Store(error),
        CommitError::Lost { what, .. } => StoreError::Unavailable(format!("{what} was lost")).into(),
    }
}

impl std::fmt::Debug for Disputes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disputes").finish_non_exhaustive()
    }
}
