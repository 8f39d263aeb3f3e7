//! "Not you?": the link of the notice mail (W9, decision A37). Looking changes nothing, so that a mail scanner does not use
//! it up; only the button's POST counts.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::credential::{AddedPasskey, Credential};
use doorward_api::ports::{Act, Change, Entropy, OneTime, OneTimePurpose};
use doorward_api::recovery::SeenRecoveryCodes;
use doorward_api::{
    AuditEvent, CommitError, CredentialId, EventContext, EventKind, FlowId, SessionId, StoreError, Target, Timestamp,
    Token, TokenForm, TokenState, UserId,
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
    /// The platform that was added; a passkey has none.
    pub target: Option<Target>,
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

/// What its owner is told of by mail: a token that is being activated, or a new passkey.
pub(crate) struct Newcomer<'a> {
    id: &'a CredentialId,
    user: &'a UserId,
    serial: &'a str,
    target: Option<Target>,
    /// What the mail calls it.
    pub(crate) device: &'static str,
}

impl<'a> From<&'a Credential> for Newcomer<'a> {
    fn from(token: &'a Credential) -> Self {
        let Credential { id, user, serial, target, .. } = token;
        Self { id, user, serial, target: *target, device: target.map_or("", Target::as_str) }
    }
}

impl<'a> From<&'a AddedPasskey> for Newcomer<'a> {
    fn from(passkey: &'a AddedPasskey) -> Self {
        let AddedPasskey { id, user, serial, .. } = passkey;
        Self { id, user, serial, target: None, device: TokenForm::Passkey.as_str() }
    }
}

/// A new link for a newcomer: the act that makes it good, and its address.
pub(crate) fn link(
    vs: &VirtualServer,
    new: &Newcomer<'_>,
    flow: Option<&FlowId>,
    life: Duration,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> (Act, String) {
    let secret = Token::draw(entropy);
    let stub = Stub {
        user: new.user.clone(),
        credential: new.id.clone(),
        serial: new.serial.to_owned(),
        target: new.target,
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
        Ok(found.map(|(_, Stub { target, serial, added_at, .. })| DisputeView { target, serial, added_at }))
    }

    /// Suspends the token and what was added by it, and ends all sessions of its user, and what sign-ins are under way. `None` when the link is no longer good.
    ///
    /// # Errors
    /// [`DeskError`] when the store does not answer; the link stays good then.
    pub async fn confirm(&self, visit: &Visit, token: &str) -> Result<Option<Disputed>, DeskError> {
        let Some((token, stub)) = self.find(visit, token).await? else { return Ok(None) };
        let own = self.identities.session(&visit.vs.id, Place::Portal, visit.session.as_ref(), visit.now).await?;
        if !self.undo(visit, &token, &stub).await? {
            return Ok(None);
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

    /// Takes back what whoever had the token may have, as it is now. False when the link is no longer good. What was changed
    /// meanwhile, as by an operator who suspends the same token, is read once more.
    async fn undo(&self, visit: &Visit, token: &Token, stub: &Stub) -> Result<bool, DeskError> {
        const ATTEMPTS: usize = 3;
        for _ in 0..ATTEMPTS {
            let suspended = self.in_their_hands(visit, stub).await?;
            let codes = self.codes_since(visit, stub).await?;
            match self.suspend(visit, token, stub, &suspended, codes).await {
                Ok(()) => return Ok(true),
                Err(CommitError::Lost { what: "one_time_take", .. }) => return Ok(false),
                Err(CommitError::Lost { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(StoreError::Unavailable("what is disputed is changed again and again".to_owned()).into())
    }

    /// The token, and what whoever had it could add: passkeys, and authenticators beside it. Those that are in use.
    async fn in_their_hands(&self, visit: &Visit, stub: &Stub) -> Result<Vec<Credential>, DeskError> {
        let mut theirs = self.ports.credentials.credentials_of(&visit.vs.id, &stub.user).await?;
        theirs.retain(|one| {
            let added = one.form == TokenForm::Passkey && one.created_at >= stub.added_at
                || one.additional && one.activated_at.is_some_and(|at| at >= stub.added_at);
            one.state == TokenState::Active && (one.id == stub.credential || added)
        });
        Ok(theirs)
    }

    /// Recovery codes that were made since: whoever had the token could make them, and would come in by them.
    async fn codes_since(&self, visit: &Visit, stub: &Stub) -> Result<Option<SeenRecoveryCodes>, DeskError> {
        let kept = self.ports.register.recovery_codes(&visit.vs.id, &stub.user).await?;
        Ok(kept.filter(|kept| kept.codes.made_at >= stub.added_at))
    }

    async fn suspend(
        &self,
        visit: &Visit,
        token: &Token,
        stub: &Stub,
        theirs: &[Credential],
        codes: Option<SeenRecoveryCodes>,
    ) -> Result<(), CommitError> {
        let event = |kind| AuditEvent::new(kind, context(visit, stub)).with("serial", stub.serial.as_str());
        let mut change = Change::of(Act::OneTimeTake { purpose: OneTimePurpose::Dispute, hash: token.hash() })
            .and(Act::SessionsEndOf { user: stub.user.clone() })
            .and(Act::FlowsEndOf { user: stub.user.clone(), by: Box::new(context(visit, stub)) })
            .and(Act::PushesCancelOf { user: stub.user.clone() })
            .record(event(EventKind::EnrollmentDisputed));
        for one in theirs {
            let (from, to) = (TokenState::Active, TokenState::Suspended);
            let suspended = event(EventKind::TokenSuspended)
                .with("serial", one.serial.as_str())
                .with("actor", "user")
                .with("from", from.as_str())
                .with("to", to.as_str())
                .with("reason", "disputed");
            change = change.and(Act::CredentialState { id: one.id.clone(), from: vec![from], to }).record(suspended);
        }
        if let Some(seen) = codes {
            let withdrawn = AuditEvent::new(EventKind::RecoveryCodesWithdrawn, context(visit, stub))
                .with("actor", "user")
                .with("reason", "disputed")
                .with("left", seen.codes.macs.len());
            let act = Act::RecoveryCodesSet { user: stub.user.clone(), seen: seen.version, codes: None };
            change = change.and(act).record(withdrawn);
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

impl std::fmt::Debug for Disputes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disputes").finish_non_exhaustive()
    }
}
