//! Tokens, as operators handle them (self-provisioning.md 4). What cannot happen to a token in its state is refused, and that is
//! recorded.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::credential::{Credential, ServerPin, TokenRecord};
use doorward_api::mail::MailKind;
use doorward_api::plugin::{Check, Verified};
use doorward_api::ports::{Act, Change, Listed, MeterScope, Page, TokenFilter};
use doorward_api::settings::{SelfProvisioning, ServerPinPolicy, Windows};
use doorward_api::template::{Mode, PinType};
use doorward_api::user::TemporaryPasscode;
use doorward_api::{
    CommitError, CredentialId, EventKind, FieldFault, FieldRule, HeldAct, Module, Secret, SecretBytes, StoreError,
    Timestamp, TokenForm, TokenState, UserId, VirtualServerId,
};
use doorward_tokens::{TokenEvent, next};

use super::counting::PATIENCE;
use super::groups::gone;
use super::text::line;
use super::{By, ManageError, Manager};
use crate::approvals::{Approval, Seal};
use crate::drawn::{drawn, in_groups, plain};
use crate::settings::mail_language;
use crate::signin::pin::{succeed, was_used};
use crate::signin::{TEMPORARY_LENGTH, passcode_tries, passcode_tries_of_day};
use crate::stand_in::every_meter;
use crate::told::{Letter, device};

/// The longest name of a token, in characters.
pub(crate) const LONGEST_LABEL: u32 = 64;

/// The longest reason, in characters.
pub(super) const LONGEST_REASON: u32 = 200;

/// The longest life of a temporary passcode, in hours: a week.
pub const LONGEST_TEMPORARY: u32 = 168;

/// What an operator does to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAction {
    /// Holds it.
    Suspend,
    /// Gives it back.
    Reactivate,
    /// Ends the lock that failed passcodes have led to.
    Unlock,
    /// Takes it from its user.
    Revoke(RevokeReason),
    /// Makes one that was lost or faulty ready for somebody else.
    Reinitialize,
    /// Removes its row.
    Delete,
}

/// Why a token is taken from its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeReason {
    /// It is no longer needed: back to the stock.
    Returned,
    /// Its user has lost it.
    Lost,
    /// It does not work.
    Faulty,
}

/// How many tokens there are, as was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenCounts {
    /// When.
    pub at: Timestamp,
    /// In each state, those of which there are none with 0.
    pub states: Vec<(TokenState, u64)>,
    /// How many are locked by failed passcodes.
    pub locked: u64,
}

impl TokenCounts {
    /// How many are in a state.
    pub fn of(&self, wanted: TokenState) -> u64 {
        self.states.iter().find(|(state, _)| *state == wanted).map_or(0, |(_, count)| *count)
    }
}

impl TokenAction {
    /// Every action.
    pub const ALL: [TokenAction; 8] = [
        TokenAction::Suspend,
        TokenAction::Reactivate,
        TokenAction::Unlock,
        TokenAction::Revoke(RevokeReason::Returned),
        TokenAction::Revoke(RevokeReason::Lost),
        TokenAction::Revoke(RevokeReason::Faulty),
        TokenAction::Reinitialize,
        TokenAction::Delete,
    ];

    /// The name in the API and in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            TokenAction::Suspend => "suspend",
            TokenAction::Reactivate => "reactivate",
            TokenAction::Unlock => "unlock",
            TokenAction::Revoke(RevokeReason::Returned) => "return",
            TokenAction::Revoke(RevokeReason::Lost) => "lost",
            TokenAction::Revoke(RevokeReason::Faulty) => "faulty",
            TokenAction::Reinitialize => "reinitialize",
            TokenAction::Delete => "delete",
        }
    }

    /// Back from [`TokenAction::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// Whether it can be done to a token as it is.
    pub fn possible(self, token: &TokenRecord, now: Timestamp) -> bool {
        match self {
            TokenAction::Unlock => token.state == TokenState::Active && token.locked_until.is_some_and(|end| end > now),
            TokenAction::Delete => deletable(token.state),
            moving => moving.event(token.form).is_some_and(|event| next(Some(token.state), event).is_ok()),
        }
    }

    fn event(self, form: TokenForm) -> Option<TokenEvent> {
        match self {
            // A passkey is taken back, whatever the reason: its user makes another at once, and no stock is to keep it.
            TokenAction::Revoke(RevokeReason::Returned) if form == TokenForm::Passkey => Some(TokenEvent::Revoke),
            _ if form == TokenForm::Passkey => None,
            TokenAction::Suspend => Some(TokenEvent::Suspend),
            TokenAction::Reactivate => Some(TokenEvent::Reactivate),
            TokenAction::Revoke(RevokeReason::Returned) | TokenAction::Reinitialize => {
                Some(TokenEvent::back_to_stock(form))
            }
            TokenAction::Revoke(RevokeReason::Lost) => Some(TokenEvent::Lose),
            TokenAction::Revoke(RevokeReason::Faulty) => Some(TokenEvent::Break),
            TokenAction::Unlock | TokenAction::Delete => None,
        }
    }

    const fn record(self, to: TokenState) -> EventKind {
        match (self, to) {
            (TokenAction::Suspend, _) => EventKind::TokenSuspended,
            (TokenAction::Reactivate, _) => EventKind::TokenReactivated,
            (TokenAction::Unlock, _) => EventKind::TokenUnlocked,
            (TokenAction::Reinitialize, _) => EventKind::TokenReinitialized,
            (TokenAction::Delete, _) => EventKind::TokenDeleted,
            (TokenAction::Revoke(_), TokenState::Lost) => EventKind::TokenLost,
            (TokenAction::Revoke(_), TokenState::Faulty) => EventKind::TokenFaulty,
            (TokenAction::Revoke(_), TokenState::Inventory) => EventKind::TokenReturned,
            (TokenAction::Revoke(_), _) => EventKind::TokenRevoked,
        }
    }
}

const fn deletable(state: TokenState) -> bool {
    matches!(state, TokenState::Inventory | TokenState::Lost | TokenState::Faulty | TokenState::Revoked)
}

/// What a passcode turned out to be that was only tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestOutcome {
    /// Right; it is spent.
    Right,
    /// Right, but so far from where it should be that the very next one is asked for.
    OutOfStep,
    /// Right once.
    Used,
    /// Wrong.
    Wrong,
}

/// A PIN that was drawn, to be told once; `None` for one that was typed.
#[derive(Debug)]
pub struct PinGiven(pub Option<Secret>);

/// A temporary passcode, to be told once.
#[derive(Debug)]
pub struct GivenTemporary {
    /// It.
    pub passcode: Secret,
    /// Its end.
    pub expires_at: Timestamp,
}

impl Manager {
    /// Tokens, by serial number.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn tokens(
        &self,
        vs: &VirtualServerId,
        filter: &TokenFilter,
        page: &Page,
    ) -> Result<Listed<TokenRecord>, ManageError> {
        Ok(self.ports().register.tokens(vs, filter, page).await?)
    }

    /// One token.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn token(&self, vs: &VirtualServerId, id: &CredentialId) -> Result<TokenRecord, ManageError> {
        self.ports().register.token(vs, id).await?.ok_or(ManageError::NotFound)
    }

    /// How many tokens there are, for whoever can wait until they are counted.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn token_counts(&self, vs: &VirtualServerId, now: Timestamp) -> Result<TokenCounts, ManageError> {
        let (states, locked) = self.ports().register.token_counts(vs, now).await?;
        Ok(TokenCounts { at: now, states, locked })
    }

    /// The same for a page. Where there are very many, they are counted while it shows what was counted before: `None` where nothing
    /// was yet.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`], where nothing was counted before.
    pub async fn token_counts_now(
        &self,
        vs: &VirtualServerId,
        now: Timestamp,
    ) -> Result<Option<Arc<TokenCounts>>, ManageError> {
        let (manager, of) = (Self::new(self.desk.clone()), vs.clone());
        let count = || async move { manager.token_counts(&of, now).await };
        Ok(self.token_counts.within(vs, PATIENCE, |_| false, count).await?)
    }

    /// Does something to a token.
    ///
    /// # Errors
    /// [`ManageError::NotInState`] when that cannot happen to it, which is recorded; [`ManageError::NotFound`].
    pub async fn act_on_token(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &CredentialId,
        action: TokenAction,
    ) -> Result<Option<TokenRecord>, ManageError> {
        self.act_on_token_under(vs, by, id, action, None).await
    }

    pub(crate) async fn act_on_token_under(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &CredentialId,
        action: TokenAction,
        approval: Option<&Approval>,
    ) -> Result<Option<TokenRecord>, ManageError> {
        Self::allow(by, if action == TokenAction::Delete { Module::Tokens.delete() } else { Module::Tokens.edit() })?;
        let token = self.token(vs, id).await?;
        if !action.possible(&token, by.now) {
            return self.refuse(vs, by, &token, action.as_str()).await;
        }
        let seal = match action {
            TokenAction::Delete => {
                let act = HeldAct::TokenDelete { token: id.clone() };
                self.turn(vs, by, approval, act, &token.serial).await?
            }
            _ => Seal::default(),
        };
        let mut change = self.change(by, &token, action);
        change.acts.extend(self.removal_told(vs, by, &token, action).await?);
        let outcome = self.commit(vs, by, seal.on(change)).await;
        if let Err(CommitError::Lost { .. }) = &outcome {
            if approval.is_some() {
                return Err(ManageError::Conflict);
            }
            let token = self.token(vs, id).await?;
            return self.refuse(vs, by, &token, action.as_str()).await;
        }
        outcome?;
        if matches!(action, TokenAction::Unlock | TokenAction::Revoke(_)) {
            self.forget_tries(vs, id).await?;
        }
        if let Some((owner, _)) = &token.owner {
            self.desk.identities.forget_user(owner);
        }
        match action {
            TokenAction::Delete => Ok(None),
            _ => self.token(vs, id).await.map(Some),
        }
    }

    /// The mail that tells its owner that a token or passkey was taken from them.
    async fn removal_told(
        &self,
        vs: &VirtualServerId,
        by: &By,
        token: &TokenRecord,
        action: TokenAction,
    ) -> Result<Option<Act>, StoreError> {
        let Some((owner, _)) = token.owner.as_ref().filter(|_| matches!(action, TokenAction::Revoke(_))) else {
            return Ok(None);
        };
        let (Some(user), Some(portal)) = (self.ports().directory.get(vs, owner).await?, self.portal_of(vs)) else {
            return Ok(None);
        };
        let language = mail_language(self.ports().settings.as_ref(), vs).await?;
        let letter = Letter {
            user: &user,
            kind: MailKind::AuthenticatorRemoved,
            language,
            portal: &portal,
            flow: None,
            at: by.now,
        };
        let more = vec![("device", device(token.form, token.target, &token.serial)), ("by", "operator".to_owned())];
        Ok(self.desk.letter(letter, more))
    }

    fn change(&self, by: &By, token: &TokenRecord, action: TokenAction) -> Change {
        let to = action.event(token.form).and_then(|event| next(Some(token.state), event).ok());
        let to = to.unwrap_or(token.state);
        let id = token.id.clone();
        let act = match action {
            TokenAction::Unlock => Act::CredentialUnlock { id },
            TokenAction::Delete => Act::CredentialDelete { id },
            _ => Act::CredentialState { id, from: vec![token.state], to },
        };
        let from = if action == TokenAction::Unlock { "locked" } else { token.state.as_str() };
        let to_name = if action == TokenAction::Delete { "deleted" } else { to.as_str() };
        let event = self.event_about(by, action.record(to), token).with("from", from).with("to", to_name);
        let event = event.with("reason", action.as_str());
        let mut change = Change::of(act).record(event);
        // What it has proved counts no longer.
        let taken = matches!(action, TokenAction::Suspend | TokenAction::Revoke(_));
        if let Some((owner, _)) = token.owner.as_ref().filter(|_| taken) {
            change.acts.extend(Self::end_all_of(owner, by));
        }
        change
    }

    fn event_about(&self, by: &By, kind: EventKind, token: &TokenRecord) -> doorward_api::AuditEvent {
        let event = match &token.owner {
            Some((owner, _)) => by.event_of(kind, owner),
            None => by.event(kind),
        };
        event.with("serial", token.serial.as_str())
    }

    async fn refuse<T>(
        &self,
        vs: &VirtualServerId,
        by: &By,
        token: &TokenRecord,
        what: &'static str,
    ) -> Result<T, ManageError> {
        let event = self.event_about(by, EventKind::TokenRefused, token);
        let event = event.with("from", token.state.as_str()).with("operation", what);
        self.commit(vs, by, Change::only(event)).await?;
        Err(ManageError::NotInState { from: token.state })
    }

    async fn forget_tries(&self, vs: &VirtualServerId, id: &CredentialId) -> Result<(), StoreError> {
        for meter in [passcode_tries(id), passcode_tries_of_day(id)] {
            self.ports().meters.forget(vs, &meter).await?;
        }
        Ok(())
    }

    /// Gives a token of the stock to a user. Its first passcode makes it Active.
    ///
    /// # Errors
    /// [`ManageError::HasToken`]; [`ManageError::NotInState`]; [`ManageError::NotFound`].
    pub async fn assign_token(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &CredentialId,
        user: &UserId,
    ) -> Result<TokenRecord, ManageError> {
        Self::allow(by, Module::Tokens.edit())?;
        let (token, owner) = (self.token(vs, id).await?, self.user(vs, user).await?);
        if next(Some(token.state), TokenEvent::Assign).is_err() {
            return self.refuse(vs, by, &token, "assign").await;
        }
        let event = by.event_of(EventKind::TokenAssigned, &owner.user.id).with("serial", token.serial.as_str());
        let event = event.with("from", token.state.as_str()).with("to", TokenState::Assigned.as_str());
        let most = self.setting::<SelfProvisioning>(vs).await?.document.max_tokens;
        let act = Act::CredentialAssign { id: id.clone(), user: user.clone(), most };
        match self.commit(vs, by, Change::of(act).record(event.with("reason", "operator"))).await {
            Err(CommitError::Lost { .. }) => {
                let token = self.token(vs, id).await?;
                match token.state {
                    TokenState::Inventory => Err(ManageError::HasToken),
                    _ => self.refuse(vs, by, &token, "assign").await,
                }
            }
            outcome => {
                outcome?;
                self.token(vs, id).await
            }
        }
    }

    /// The name that its user sees.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `label`; [`ManageError::NotFound`].
    pub async fn label_token(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &CredentialId,
        label: &str,
    ) -> Result<TokenRecord, ManageError> {
        Self::allow(by, Module::Tokens.edit())?;
        let mut faults = Vec::new();
        let label = line(&mut faults, "label", label, LONGEST_LABEL, true).ok_or(ManageError::Invalid(faults))?;
        let token = self.token(vs, id).await?;
        let event = self.event_about(by, EventKind::TokenRenamed, &token);
        let change = Change::of(Act::CredentialLabel { id: id.clone(), label }).record(event);
        self.commit(vs, by, change).await.map_err(gone)?;
        self.token(vs, id).await
    }

    /// Tries a passcode out. A right one is spent, so that trying it out is no way to let somebody use it.
    ///
    /// # Errors
    /// [`ManageError::NotInState`] unless the token is Active; [`ManageError::Invalid`] with `passcode` for one that answers
    /// questions.
    pub async fn test_token(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &CredentialId,
        passcode: &Secret,
    ) -> Result<TestOutcome, ManageError> {
        Self::allow(by, Module::Tokens.edit())?;
        let token = self.opened(vs, by, id, "test").await?;
        let windows = self.setting::<Windows>(vs).await?.document;
        let check = Check { template: &token.template, windows: &windows, challenge: None };
        let kind = self.desk.authenticator(&token.plugin).ok_or(ManageError::NotFound)?;
        let (outcome, learned) = match kind.verify(&token.opened, &check, passcode, by.now).await? {
            Verified::Accepted { updated } => (TestOutcome::Right, Some(updated)),
            Verified::Outer { updated } => (TestOutcome::OutOfStep, Some(updated)),
            Verified::Replayed => (TestOutcome::Used, None),
            Verified::Rejected => (TestOutcome::Wrong, None),
        };
        let said = match outcome {
            TestOutcome::Right => "right",
            TestOutcome::OutOfStep => "out_of_step",
            TestOutcome::Used => "used",
            TestOutcome::Wrong => "wrong",
        };
        self.learn(vs, by, &token, learned, EventKind::TokenTested, said).await?;
        Ok(outcome)
    }

    /// Finds a token again by two passcodes that it showed one right after the other.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `first` when they are not; [`ManageError::NotInState`] unless the token is Active.
    pub async fn resync_token(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &CredentialId,
        passcodes: [&Secret; 2],
    ) -> Result<TokenRecord, ManageError> {
        Self::allow(by, Module::Tokens.edit())?;
        let token = self.opened(vs, by, id, "resync").await?;
        let windows = self.setting::<Windows>(vs).await?.document;
        let check = Check { template: &token.template, windows: &windows, challenge: None };
        let kind = self.desk.authenticator(&token.plugin).ok_or(ManageError::NotFound)?;
        match kind.resync(&token.opened, &check, passcodes, by.now).await? {
            Verified::Accepted { updated } => {
                self.learn(vs, by, &token, Some(updated), EventKind::TokenResynced, "found").await?;
                self.token(vs, id).await
            }
            Verified::Outer { .. } | Verified::Replayed | Verified::Rejected => {
                self.learn(vs, by, &token, None, EventKind::TokenResynced, "not_found").await?;
                Err(ManageError::field("first", FieldRule::Unknown { value: "such pair of passcodes".into() }))
            }
        }
    }

    /// An Active token with its bytes, which answers no questions.
    async fn opened(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &CredentialId,
        what: &'static str,
    ) -> Result<Credential, ManageError> {
        let record = self.token(vs, id).await?;
        if record.state != TokenState::Active || !record.form.is_token() {
            return self.refuse(vs, by, &record, what).await;
        }
        if record.template.mode == Mode::ChallengeResponse {
            let rule = FieldRule::NotAvailable { other: "mode".into(), value: "challenge_response".into() };
            return Err(ManageError::field("passcode", rule));
        }
        self.ports().credentials.credential(vs, id).await?.ok_or(ManageError::NotFound)
    }

    async fn learn(
        &self,
        vs: &VirtualServerId,
        by: &By,
        token: &Credential,
        learned: Option<SecretBytes>,
        kind: EventKind,
        said: &'static str,
    ) -> Result<(), ManageError> {
        let event = by.event_of(kind, &token.user).with("serial", token.serial.as_str()).with("result", said);
        let act = learned.map(|opened| Act::CredentialLearn { id: token.id.clone(), version: token.version, opened });
        let change = Change { acts: act.into_iter().collect(), events: vec![event] };
        Ok(self.commit(vs, by, change).await?)
    }

    /// Sets or resets the PIN that the server checks: typed, or drawn and told once.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `pin`, when it breaks the policy or the policy says that it is drawn; with `change` when the
    /// policy decides that itself.
    pub async fn set_pin(
        &self,
        vs: &VirtualServerId,
        by: &By,
        id: &CredentialId,
        typed: Option<&Secret>,
        must_change: Option<bool>,
    ) -> Result<PinGiven, ManageError> {
        Self::allow(by, Module::Tokens.edit())?;
        let record = self.token(vs, id).await?;
        if !record.state.owned() {
            return self.refuse(vs, by, &record, "set_pin").await;
        }
        if record.template.pin != PinType::ServerSide {
            let value = if record.template.pin == PinType::None { "none" } else { "user_selected" };
            let rule = FieldRule::NotAvailable { other: "pin_type".into(), value: value.into() };
            return Err(ManageError::field("pin", rule));
        }
        let token = self.ports().credentials.credential(vs, id).await?.ok_or(ManageError::NotFound)?;
        let policy = self.setting::<ServerPinPolicy>(vs).await?.document;
        let must_change = match (policy.change_on_first_use, must_change) {
            (true, Some(false)) => {
                let rule = FieldRule::NotAvailable { other: "change_on_first_use".into(), value: "on".into() };
                return Err(ManageError::field("must_change", rule));
            }
            (true, _) => true,
            (false, chosen) => chosen.unwrap_or(false),
        };
        let rules = self.desk.secret_rules()?;
        let pin = match typed {
            None => rules.generate(&policy.rules(), policy.generated_length, self.ports().entropy.as_ref())?,
            Some(_) if policy.force_random => return Err(ManageError::field("pin", FieldRule::NotByHand)),
            Some(typed) => {
                self.may_be_set(&policy, token.pin.as_ref(), typed).await?;
                typed.clone()
            }
        };
        let hash = self.ports().passwords.hash(pin.clone()).await.map_err(|_| ManageError::Busy)?;
        let new = succeed(token.pin.as_ref(), &policy, hash, must_change, by.now);
        let kind = if token.pin.is_some() { EventKind::PinReset } else { EventKind::PinSet };
        let event = by.event_of(kind, &token.user).with("serial", token.serial.as_str()).with("where", "server");
        let act = Act::CredentialPin { id: id.clone(), version: token.pin_version, pin: Some(new) };
        self.commit(vs, by, Change::of(act).record(event)).await?;
        Ok(PinGiven(typed.is_none().then_some(pin)))
    }

    async fn may_be_set(
        &self,
        policy: &ServerPinPolicy,
        before: Option<&ServerPin>,
        pin: &Secret,
    ) -> Result<(), ManageError> {
        if let Err(faults) = self.desk.secret_rules()?.check(&policy.rules(), pin) {
            let faults = faults.into_iter().map(|fault| FieldFault::new("pin", FieldRule::Pin { fault }));
            return Err(ManageError::Invalid(faults.collect()));
        }
        let Some(before) = before else { return Ok(()) };
        match was_used(&self.ports().passwords, pin, before).await? {
            true => Err(ManageError::field("pin", FieldRule::PinUsedBefore)),
            false => Ok(()),
        }
    }

    /// Gives a user a passcode that stands in for their token for some hours, in place of the one before.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `reason` or `hours`; [`ManageError::NotFound`].
    pub async fn give_temporary_passcode(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &UserId,
        reason: &str,
        hours: u32,
    ) -> Result<GivenTemporary, ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let mut faults = Vec::new();
        let reason = line(&mut faults, "reason", reason, LONGEST_REASON, false);
        if !(1..=LONGEST_TEMPORARY).contains(&hours) {
            let rule = FieldRule::Between { min: 1, max: i64::from(LONGEST_TEMPORARY) };
            faults.push(FieldFault::new("hours", rule));
        }
        let (Some(reason), []) = (reason, faults.as_slice()) else { return Err(ManageError::Invalid(faults)) };
        let passcode = self.draw_temporary();
        let hash = self.ports().passwords.hash(plain(&passcode)).await.map_err(|_| ManageError::Busy)?;
        let expires_at = by.now + Duration::from_hours(u64::from(hours));
        let event = by.event_of(EventKind::TemporaryPasscodeIssued, user).with("reason", reason.as_str());
        let event = event.with("expiresAt", expires_at.rfc3339());
        let given = TemporaryPasscode { hash, expires_at, reason };
        let act = Act::TemporaryPasscodeSet { user: user.clone(), passcode: Some(given) };
        self.commit(vs, by, Change::of(act).record(event)).await.map_err(gone)?;
        self.starts_anew(vs, by, every_meter(MeterScope::TemporaryPasscode, user)).await;
        Ok(GivenTemporary { passcode, expires_at })
    }

    /// Takes a temporary passcode back. Sessions end.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn withdraw_temporary_passcode(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &UserId,
    ) -> Result<(), ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let mut change = Change::of(Act::TemporaryPasscodeSet { user: user.clone(), passcode: None });
        // What it has opened counts no longer.
        change.acts.extend(Self::end_all_of(user, by));
        let change = change.record(by.event_of(EventKind::TemporaryPasscodeWithdrawn, user));
        self.commit(vs, by, change).await.map_err(gone)?;
        self.desk.identities.forget_user(user);
        Ok(())
    }

    /// `7Q2M-K94T`: forty random bits in letters and digits that cannot be taken for one another.
    fn draw_temporary(&self) -> Secret {
        Secret::new(in_groups(&drawn(self.ports().entropy.as_ref(), TEMPORARY_LENGTH)))
    }
}
