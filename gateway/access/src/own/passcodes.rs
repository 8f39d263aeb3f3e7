//! What takes a passcode: to test it, to find the token again, to change the PIN that is typed with it.

use doorward_api::credential::Credential;
use doorward_api::flow::Notice;
use doorward_api::plugin::{Check, Verified};
use doorward_api::ports::{Act, Change};
use doorward_api::settings::Windows;
use doorward_api::template::{Mode, PinType};
use doorward_api::{AuditEvent, CredentialId, EventKind, Factor, Secret, SecretBytes, Timestamp, TokenState};

use super::{Holder, OwnError, Owner, PinForm, Refusal};
use crate::settings::setting;
use crate::signin::first_use::first_use;
use crate::signin::pin::{rule_of, succeed, was_used};
use crate::signin::{Look, Tried};
use crate::visit::Visit;

/// A token in use that shows passcodes, in the hands of its owner.
pub(super) struct Mine {
    pub(super) holder: Holder,
    pub(super) token: Credential,
}

impl Mine {
    pub(super) fn event(&self, visit: &Visit, kind: EventKind) -> AuditEvent {
        self.holder.event(visit, kind).with("serial", self.token.serial.as_str())
    }

    /// A right passcode is spent, and failures are forgotten. It may be the first of a token that came while its user was in.
    pub(super) fn spend(&self, visit: &Visit, updated: SecretBytes) -> Change {
        let token = &self.token;
        let spent = Act::CredentialUse { id: token.id.clone(), version: token.version, opened: updated };
        let mine = Some(self.holder.session.id.clone());
        Change::of(spent).with(first_use(token, mine, self.holder.context(visit), Factor::Otp))
    }
}

fn passcode(notice: Notice) -> OwnError {
    OwnError::Refused(Refusal::Passcode(notice))
}

impl Owner {
    /// Tries a passcode out, with the PIN where one is typed with it. A right one is spent.
    ///
    /// # Errors
    /// [`OwnError::Refused`] with what a sign-in would say, and as [`Owner::token`].
    pub async fn test(&self, visit: &Visit, id: &CredentialId, typed: &Secret) -> Result<(), OwnError> {
        match self.try_test(visit, id, typed).await {
            // Somebody wrote over what was read: read and check once more. A passcode used meanwhile is refused then.
            Err(OwnError::Overtaken) => self.try_test(visit, id, typed).await,
            outcome => outcome,
        }
    }

    async fn try_test(&self, visit: &Visit, id: &CredentialId, typed: &Secret) -> Result<(), OwnError> {
        let mine = self.mine(visit, id).await?;
        let tested = |said: &'static str| mine.event(visit, EventKind::TokenTested).with("result", said);
        let updated = self.accepted(visit, &mine, typed, &tested).await?;
        let change = mine.spend(visit, updated).record(tested("right"));
        self.desk.commit(visit, change).await?;
        self.desk.forget_tries(visit, &mine.token.id).await;
        Ok(())
    }

    /// Finds a token again by two passcodes that it showed one right after the other, typed without a PIN. Failures are counted,
    /// and none is forgotten by it: it proves no PIN, so it must not open a way to try more of them.
    ///
    /// # Errors
    /// [`OwnError::Refused`], and as [`Owner::token`].
    pub async fn resync(&self, visit: &Visit, id: &CredentialId, passcodes: [&Secret; 2]) -> Result<(), OwnError> {
        match self.try_resync(visit, id, passcodes).await {
            Err(OwnError::Overtaken) => self.try_resync(visit, id, passcodes).await,
            outcome => outcome,
        }
    }

    async fn try_resync(&self, visit: &Visit, id: &CredentialId, passcodes: [&Secret; 2]) -> Result<(), OwnError> {
        let mine = self.mine(visit, id).await?;
        let [first, second] = passcodes;
        if first.is_empty() {
            return Err(passcode(Notice::Empty));
        }
        if second.is_empty() {
            return Err(OwnError::Refused(Refusal::SecondEmpty));
        }
        let last_of_day = self.look(visit, &mine.token).await?;
        let token = &mine.token;
        let windows = setting::<Windows>(self.desk.ports.settings.as_ref(), &visit.vs.id).await?.document;
        let check = Check { template: &token.template, windows: &windows, challenge: None };
        let kind = self.desk.authenticator(&token.plugin).ok_or(OwnError::Refused(Refusal::NotNow))?;
        let said = kind.resync(&token.opened, &check, passcodes, visit.now).await;
        let resynced = |said: &'static str| mine.event(visit, EventKind::TokenResynced).with("result", said);
        match said.map_err(crate::signin::DeskError::from)? {
            Verified::Accepted { updated } => {
                let act = Act::CredentialLearn { id: token.id.clone(), version: token.version, opened: updated };
                Ok(self.desk.commit(visit, Change::of(act).record(resynced("found"))).await?)
            }
            Verified::Replayed => self.refuse(visit, resynced("used"), Refusal::Passcode(Notice::PasscodeUsed)).await,
            Verified::Outer { .. } | Verified::Rejected => {
                let locked = self.count(visit, &mine, last_of_day, resynced("not_found")).await?;
                Err(locked
                    .map_or(OwnError::Refused(Refusal::NotFoundAgain), |until| passcode(Notice::Locked { until })))
            }
        }
    }

    /// Changes the PIN that is typed with passcodes. Whether it was used before is said to nobody but who knows the one in use.
    ///
    /// # Errors
    /// [`OwnError::Refused`], and as [`Owner::token`].
    pub async fn change_pin(&self, visit: &Visit, id: &CredentialId, form: &PinForm) -> Result<(), OwnError> {
        match self.try_change_pin(visit, id, form).await {
            Err(OwnError::Overtaken) => self.try_change_pin(visit, id, form).await,
            outcome => outcome,
        }
    }

    async fn try_change_pin(&self, visit: &Visit, id: &CredentialId, form: &PinForm) -> Result<(), OwnError> {
        let mine = self.mine(visit, id).await?;
        let before = mine.token.pin.as_ref().filter(|_| mine.token.template.pin == PinType::ServerSide);
        let before = before.ok_or(OwnError::Refused(Refusal::NotNow))?;
        let rejected = |rule: String| {
            let event = mine.event(visit, EventKind::PinRejected).with("where", "server");
            event.with("ruleBroken", rule)
        };
        if form.typed.is_empty() {
            return Err(passcode(Notice::Empty));
        }
        // Before the passcode is looked at: a new PIN that breaks a rule that is on the page costs none.
        let policy = self.desk.pin_policy(visit).await?;
        if let Some(notice) = self.desk.new_pin_fault(&policy.rules(), &form.pin, &form.again)? {
            return self.refuse(visit, rejected(rule_of(&notice)), Refusal::Pin(notice)).await;
        }
        let not_proved = |said: &'static str| rejected(format!("pin.not_proved.{said}"));
        let updated = self.accepted(visit, &mine, &form.typed, &not_proved).await?;
        let spend = mine.spend(visit, updated);
        let passwords = &self.desk.ports.passwords;
        if was_used(passwords, &form.pin, before).await? {
            let notice = Notice::PinUsedBefore;
            self.desk.commit(visit, spend.record(rejected(rule_of(&notice)))).await?;
            self.desk.forget_tries(visit, &mine.token.id).await;
            return Err(OwnError::Refused(Refusal::Pin(notice)));
        }
        let hash = passwords.hash(form.pin.clone()).await.map_err(crate::signin::Stop::from)?;
        let new = succeed(Some(before), &policy, hash, false, visit.now);
        let act = Act::CredentialPin { id: mine.token.id.clone(), version: mine.token.pin_version, pin: Some(new) };
        let changed = mine.event(visit, EventKind::PinChanged).with("where", "server");
        self.desk.commit(visit, spend.and(act).record(changed)).await?;
        self.desk.forget_tries(visit, &mine.token.id).await;
        Ok(())
    }

    async fn mine(&self, visit: &Visit, id: &CredentialId) -> Result<Mine, OwnError> {
        let holder = self.holder(visit).await?;
        let token = self.own(visit, &holder, id).await?;
        if token.state != TokenState::Active || token.template.mode == Mode::ChallengeResponse {
            return Err(OwnError::Refused(Refusal::NotNow));
        }
        Ok(Mine { holder, token })
    }

    /// Takes a try of a token before it is looked at. Set when it is the last of the day: until when.
    async fn look(&self, visit: &Visit, token: &Credential) -> Result<Option<Timestamp>, OwnError> {
        if let Some(until) = token.locked_until.filter(|until| *until > visit.now) {
            return Err(passcode(Notice::Locked { until }));
        }
        let lockout = self.desk.lockout(visit).await?;
        match self.desk.look_at_token(visit, &token.id, &lockout).await? {
            Look::Once { last_of_day } => Ok(last_of_day),
            Look::Wait(until) => Err(passcode(Notice::Locked { until })),
        }
    }

    /// The token's new bytes after a right passcode. Nothing else is let through: it is counted, recorded and said what it was.
    pub(super) async fn accepted(
        &self,
        visit: &Visit,
        mine: &Mine,
        typed: &Secret,
        record: &(impl Fn(&'static str) -> AuditEvent + Sync),
    ) -> Result<SecretBytes, OwnError> {
        if typed.is_empty() {
            return Err(passcode(Notice::Empty));
        }
        let token = &mine.token;
        let last_of_day = self.look(visit, token).await?;
        match self.desk.verify_answer(visit, None, token, typed).await? {
            Verified::Accepted { updated } => Ok(updated),
            Verified::Outer { updated } => {
                self.desk.learn(visit, token, updated).await?;
                self.refuse(visit, record("out_of_step"), Refusal::Passcode(Notice::NextPasscode)).await
            }
            Verified::Replayed => {
                let reused = mine.event(visit, EventKind::PasscodeReused);
                self.refuse(visit, reused, Refusal::Passcode(Notice::PasscodeUsed)).await
            }
            Verified::Rejected => {
                let locked = self.count(visit, mine, last_of_day, record("wrong")).await?;
                let times = token.fails.saturating_add(1);
                let wrong = Notice::PasscodeNotAccepted { times };
                Err(passcode(locked.map_or(wrong, |until| Notice::Locked { until })))
            }
        }
    }

    /// A failure, counted and recorded as at a sign-in. Set when the token is locked: until when.
    async fn count(
        &self,
        visit: &Visit,
        mine: &Mine,
        last_of_day: Option<Timestamp>,
        failed: AuditEvent,
    ) -> Result<Option<Timestamp>, OwnError> {
        let token = &mine.token;
        let tried = Tried { id: token.id.clone(), serial: token.serial.clone(), state: token.state, last_of_day };
        let (locked, told) = self.desk.count_rejected(visit, &[tried], &mine.holder.context(visit)).await?;
        let events = std::iter::once(failed).chain(told).collect();
        self.desk.commit(visit, Change { acts: Vec::new(), events }).await?;
        Ok(locked)
    }

    async fn refuse<T>(&self, visit: &Visit, event: AuditEvent, refusal: Refusal) -> Result<T, OwnError> {
        self.desk.commit(visit, Change::only(event)).await?;
        Err(OwnError::Refused(refusal))
    }
}
