//! What somebody signed in does with their own authenticators (self-provisioning.md 4, "User actions"). Operators do the same
//! things for them: [`crate::manage`].
//!
//! Every look-up goes through the tokens of the session's own user: another's is not found, whatever its id. What a passcode is
//! needed for is counted and locked as at a sign-in, so that a session is no way to guess.

mod passcodes;
mod passkeys;
mod recovery;
mod several;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use doorward_api::credential::Credential;
use doorward_api::flow::Notice;
use doorward_api::ports::{Act, Change};
use doorward_api::settings::{PinOrder, PinRules, ServerPinPolicy};
use doorward_api::template::{Mode, PinType};
use doorward_api::{
    AuditEvent, CredentialId, EventContext, EventKind, FieldRule, Secret, Session, SessionId, StoreError, Target,
    Timestamp, TokenState, UserId,
};

use crate::manage::LONGEST_LABEL;
use crate::manage::text::line;
use crate::recovery::MAY_REPLACE;
use crate::sessions::{Place, Unclear};
use crate::signin::{Desk, DeskError, Stop};
use crate::visit::Visit;

/// One of the user's own tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnToken {
    /// The row; stands in the page's address.
    pub id: CredentialId,
    /// The serial number.
    pub serial: String,
    /// The name that its user gave it; may be empty.
    pub label: String,
    /// The platform; a thing has none.
    pub target: Option<Target>,
    /// What its device calls itself, where an app of our own has said so; empty otherwise.
    pub device: String,
    /// What can be done with it.
    pub state: OwnState,
    /// When it was first used to sign in, or else issued.
    pub added_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Digits of a passcode.
    pub length: u8,
    /// It answers questions, so that it shows no passcode by itself.
    pub answers: bool,
    /// It shows passcodes by itself. One that answers questions does not, nor an app that others have made for requests alone.
    pub shows_passcodes: bool,
    /// Where a PIN is typed with the passcode, if one is.
    pub pin_order: Option<PinOrder>,
    /// The rules for a new PIN, where there is one to change.
    pub pin_rules: Option<PinRules>,
    /// Its user can do without it, and may remove it.
    pub removable: bool,
}

/// Where a token stands, as its user needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnState {
    /// Theirs, not proved yet.
    Assigned,
    /// In use.
    Active,
    /// In use, and not accepted for a while after too many failures.
    Locked {
        /// Until then.
        until: Timestamp,
    },
    /// Held until an operator gives it back.
    Suspended,
    /// Its own PIN was tried too often.
    LockedPin,
}

impl OwnToken {
    /// Whether a passcode of it can be looked at here and now.
    pub fn can_prove(&self) -> bool {
        self.state == OwnState::Active && self.shows_passcodes
    }

    /// Whether it can be reported lost: it is suspended then.
    pub fn can_be_lost(&self) -> bool {
        matches!(self.state, OwnState::Active | OwnState::Locked { .. })
    }
}

/// What is wrong with what was sent, for the page to say at the field that it is about. Nothing was changed, but that a
/// passcode was counted or spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The name is too long.
    LabelTooLong {
        /// Characters that it may have.
        max: u32,
    },
    /// The name is not one line of visible characters.
    LabelText,
    /// Of the passcode, or of the first of two.
    Passcode(Notice),
    /// Of the second of two passcodes: it is missing.
    SecondEmpty,
    /// The two were not shown one right after the other.
    NotFoundAgain,
    /// Of the new PIN.
    Pin(Notice),
    /// Of the passkey that was to be made: the answer is not taken, or its page is too old.
    PasskeyNotMade,
    /// The token is not as it was when the page was made: what was asked for cannot be done with it now.
    NotNow,
}

/// Why nothing was done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OwnError {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignedOut,
    /// They have no such token.
    #[error("they have no such token")]
    NotFound,
    /// What was sent is not taken.
    #[error("what was sent is not taken: {0:?}")]
    Refused(Refusal),
    /// Somebody else was faster.
    #[error("somebody else was faster")]
    Overtaken,
    /// It could not be found out or done.
    #[error(transparent)]
    Fault(#[from] DeskError),
}

impl From<StoreError> for OwnError {
    fn from(error: StoreError) -> Self {
        OwnError::Fault(error.into())
    }
}

impl From<Unclear> for OwnError {
    fn from(unclear: Unclear) -> Self {
        OwnError::Fault(unclear.into())
    }
}

impl From<Stop> for OwnError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Fault(error) => OwnError::Fault(error),
            Stop::Stale | Stop::Lost(_) | Stop::Done(_) => OwnError::Overtaken,
        }
    }
}

pub use passkeys::{MOST_PASSKEYS, OwnPasskey, OwnPasskeys, PasskeyAsked, PasskeyBegun};
pub use recovery::OwnRecovery;
pub(crate) use several::{OWN_PAGE, removable};
pub use several::{OwnSaid, Stepped};

/// A change of the PIN, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct PinForm {
    /// The PIN in use with a passcode, in the policy's order.
    pub typed: Secret,
    /// The new PIN.
    pub pin: Secret,
    /// Once more.
    pub again: Secret,
}

/// Serves the owner of tokens.
pub struct Owner {
    desk: Arc<Desk>,
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner").finish_non_exhaustive()
    }
}

/// Who is signed in.
struct Holder {
    user: UserId,
    session: Session,
    /// Signed in by a recovery code, a short while ago.
    recovered: bool,
}

impl Holder {
    fn context(&self, visit: &Visit) -> EventContext {
        EventContext {
            address: Some(visit.address),
            user: Some(self.user.clone()),
            session: Some(self.session.id.clone()),
            request_id: Some(visit.request_id.clone()),
            ..EventContext::default()
        }
    }

    fn event(&self, visit: &Visit, kind: EventKind) -> AuditEvent {
        AuditEvent::new(kind, self.context(visit)).with("actor", "user")
    }
}

impl Owner {
    /// Beside the desk, whose rules and plugins it goes by.
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    /// Their tokens, oldest first.
    ///
    /// # Errors
    /// [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn tokens(&self, visit: &Visit) -> Result<Vec<OwnToken>, OwnError> {
        let holder = self.holder(visit).await?;
        let policy = self.desk.pin_policy(visit).await?;
        let theirs = self.theirs(visit, &holder).await?;
        Ok(theirs.iter().map(|token| self.seen(token, &theirs, &policy, visit.now)).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`OwnError::NotFound`], for another's as well; [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn token(&self, visit: &Visit, id: &CredentialId) -> Result<OwnToken, OwnError> {
        let holder = self.holder(visit).await?;
        self.token_of(visit, &holder, id).await
    }

    async fn token_of(&self, visit: &Visit, holder: &Holder, id: &CredentialId) -> Result<OwnToken, OwnError> {
        let theirs = self.theirs(visit, holder).await?;
        let token = theirs.iter().find(|token| token.id == *id).ok_or(OwnError::NotFound)?;
        Ok(self.seen(token, &theirs, &self.desk.pin_policy(visit).await?, visit.now))
    }

    /// Whether a token that is reported lost now is given up for good, so that another can be enrolled.
    ///
    /// # Errors
    /// [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn may_replace(&self, visit: &Visit) -> Result<bool, OwnError> {
        Ok(self.holder(visit).await?.recovered)
    }

    /// Gives a token another name; an empty one takes the name away.
    ///
    /// # Errors
    /// [`OwnError::Refused`] unless it is one line of at most 64 visible characters, and as [`Owner::token`].
    pub async fn rename(&self, visit: &Visit, id: &CredentialId, label: &str) -> Result<(), OwnError> {
        let holder = self.holder(visit).await?;
        let token = self.own(visit, &holder, id).await?;
        let label = label_line(label)?;
        if label == token.label {
            return Ok(());
        }
        let event = holder.event(visit, EventKind::TokenRenamed).with("serial", token.serial.as_str());
        let change = Change::of(Act::CredentialLabel { id: token.id, label }).record(event);
        Ok(self.desk.commit(visit, change).await?)
    }

    /// The token was lost: it is suspended, or given up for good by who has signed in by a recovery code and may enrol another at
    /// the next sign-in. All sessions and sign-ins of its user end with it. Whose session this browser had.
    ///
    /// # Errors
    /// [`OwnError::Refused`] with [`Refusal::NotNow`] unless it is in use, and as [`Owner::token`].
    pub async fn report_lost(&self, visit: &Visit, id: &CredentialId) -> Result<SessionId, OwnError> {
        const WHY: &str = "lost";
        let holder = self.holder(visit).await?;
        let token = self.own(visit, &holder, id).await?;
        let (kind, to) = if holder.recovered {
            (EventKind::TokenLost, TokenState::Lost)
        } else {
            (EventKind::TokenSuspended, TokenState::Suspended)
        };
        // What is held is held by somebody, for a reason: nobody gives it up, to enrol around that (A5).
        let from = vec![TokenState::Active];
        let suspended = holder
            .event(visit, kind)
            .with("serial", token.serial.as_str())
            .with("from", token.state.as_str())
            .with("to", to.as_str())
            .with("reason", WHY);
        let told = if holder.recovered { self.removal_told(visit, &holder, &token).await? } else { None };
        let mut suspend = Change::of(Act::CredentialState { id: token.id, from, to }).record(suspended);
        suspend.acts.extend(told);
        match self.end_everything(visit, holder, suspend, WHY).await {
            Err(OwnError::Overtaken) => Err(OwnError::Refused(Refusal::NotNow)),
            outcome => outcome,
        }
    }

    /// Ends every session of theirs, and what sign-ins are under way. Whose session this browser had.
    ///
    /// # Errors
    /// [`OwnError::SignedOut`]; [`OwnError::Fault`]: then all of them live on, and the page must say so.
    pub async fn sign_out_everywhere(&self, visit: &Visit) -> Result<SessionId, OwnError> {
        let holder = self.holder(visit).await?;
        self.end_everything(visit, holder, Change::default(), "signed_out_everywhere").await
    }

    async fn end_everything(
        &self,
        visit: &Visit,
        holder: Holder,
        first: Change,
        why: &'static str,
    ) -> Result<SessionId, OwnError> {
        let user = holder.user.clone();
        let change = first
            .and(Act::SessionsEndOf { user: user.clone() })
            .and(Act::FlowsEndOf { user: user.clone(), by: Box::new(holder.context(visit)) })
            .and(Act::PushesCancelOf { user: user.clone() })
            .record(holder.event(visit, EventKind::SessionEnded).with("reason", why));
        self.desk.commit(visit, change).await?;
        self.desk.identities.forget_user(&user);
        self.desk.identities.forget_all_of(&holder.session.id);
        Ok(holder.session.id)
    }

    async fn holder(&self, visit: &Visit) -> Result<Holder, OwnError> {
        let (vs, session) = (&visit.vs.id, visit.session.as_ref());
        let found = self.desk.identities.session(vs, Place::Portal, session, visit.now).await?;
        let (session, _) = found.ok_or(OwnError::SignedOut)?;
        let recovered = session.proofs.recovered.is_some_and(|at| visit.now < at + MAY_REPLACE);
        Ok(Holder { user: session.user.clone(), session, recovered })
    }

    fn seen(&self, token: &Credential, theirs: &[Credential], policy: &ServerPinPolicy, now: Timestamp) -> OwnToken {
        let device = self.desk.device_name(token).unwrap_or_else(|error| {
            // The page stands without it.
            tracing::warn!(serial = %token.serial, %error, "a device's name could not be read");
            None
        });
        let removable = several::removable(token, theirs);
        let shows_passcodes = self.shows_passcodes(token);
        let seen = seen(token, policy, now);
        let pin_rules = seen.pin_rules.filter(|_| shows_passcodes);
        OwnToken { device: device.unwrap_or_default(), removable, shows_passcodes, pin_rules, ..seen }
    }

    /// Those of which a passcode can be looked at here and now, oldest first.
    async fn provable(&self, visit: &Visit, holder: &Holder) -> Result<Vec<Credential>, StoreError> {
        let mut theirs = self.theirs(visit, holder).await?;
        theirs.retain(|token| state(token, visit.now) == OwnState::Active && self.shows_passcodes(token));
        Ok(theirs)
    }

    /// Whether a token shows passcodes by itself: it neither answers questions nor requests alone.
    fn shows_passcodes(&self, token: &Credential) -> bool {
        token.template.mode != Mode::ChallengeResponse && self.desk.has_passcodes(token)
    }

    async fn theirs(&self, visit: &Visit, holder: &Holder) -> Result<Vec<Credential>, StoreError> {
        let mut tokens = self.desk.tokens_of(visit, &holder.user).await?;
        tokens.retain(|token| token.state.owned());
        Ok(tokens)
    }

    /// The one way to a token by its id.
    async fn own(&self, visit: &Visit, holder: &Holder, id: &CredentialId) -> Result<Credential, OwnError> {
        let theirs = self.theirs(visit, holder).await?;
        theirs.into_iter().find(|token| token.id == *id).ok_or(OwnError::NotFound)
    }
}

/// A name as it is kept.
fn label_line(typed: &str) -> Result<String, OwnError> {
    let mut faults = Vec::new();
    line(&mut faults, "label", typed, LONGEST_LABEL, true).ok_or_else(|| {
        let refusal = match faults.first().map(|fault| &fault.rule) {
            Some(FieldRule::TooLong { max }) => Refusal::LabelTooLong { max: *max },
            _ => Refusal::LabelText,
        };
        OwnError::Refused(refusal)
    })
}

fn seen(token: &Credential, policy: &ServerPinPolicy, now: Timestamp) -> OwnToken {
    let state = state(token, now);
    let answers = token.template.mode == Mode::ChallengeResponse;
    let with_pin = token.template.pin == PinType::ServerSide;
    let changeable = with_pin && token.pin.is_some() && state == OwnState::Active && !answers;
    OwnToken {
        id: token.id.clone(),
        serial: token.serial.clone(),
        label: token.label.clone(),
        target: token.target,
        device: String::new(),
        state,
        added_at: token.activated_at.unwrap_or(token.created_at),
        last_used_at: token.last_used_at,
        length: token.template.length,
        answers,
        shows_passcodes: false,
        pin_order: with_pin.then_some(policy.order),
        pin_rules: changeable.then(|| policy.rules()),
        removable: false,
    }
}

fn state(token: &Credential, now: Timestamp) -> OwnState {
    match (token.state, token.locked_until.filter(|until| *until > now)) {
        (TokenState::Active, Some(until)) => OwnState::Locked { until },
        (TokenState::Active, None) => OwnState::Active,
        (TokenState::Assigned, _) => OwnState::Assigned,
        (TokenState::LockedPin, _) => OwnState::LockedPin,
        // The rest belongs to nobody and is not seen here.
        (
            TokenState::Suspended | TokenState::Inventory | TokenState::Lost | TokenState::Faulty | TokenState::Revoked,
            _,
        ) => OwnState::Suspended,
    }
}
