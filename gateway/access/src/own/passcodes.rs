//! What takes a passcode: to test it, to find the token again, to change the PIN that is typed with it.

use doorward_api::credential::Credential;
use doorward_api::flow::Notice;
use doorward_api::plugin::{Check, Verified};
use doorward_api::ports::{Act, Change};
use doorward_api::settings::Windows;
use doorward_api::template::PinType;
use doorward_api::{AuditEvent, CredentialId, EventKind, Factor, Secret, SecretBytes, Timestamp, TokenState};

use super::{Holder, OwnError, Owner, PinForm, Refusal};
use crate::settings::setting;
use crate::signin::first_use::first_use;
use crate::signin::pin::{rule_of, succeed, was_used};
use crate::signin::{Look, Tried};
use crate::stand_in::Places;
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

/// A token that has taken a passcode, and its new bytes.
pub(super) struct Taken<'a> {
    pub(super) token: &'a Credential,
    pub(super) updated: SecretBytes,
}

/// A token that has not.
struct Wrong<'a> {
    token: &'a Credential,
    /// Set when this was the last try of the day: until when.
    last_of_day: Option<Timestamp>,
}

impl Wrong<'_> {
    fn tried(&self) -> Tried {
        let Wrong { token, last_of_day } = *self;
        Tried { id: token.id.clone(), serial: token.serial.clone(), state: token.state, last_of_day }
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
        let token = &mine.token;
        let last_of_day = match self.look(visit, token).await? {
            Look::Once { last_of_day, .. } => last_of_day,
            Look::Wait(until) => return Err(passcode(Notice::Locked { until })),
        };
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
                let wrong = [Wrong { token, last_of_day }];
                let locked = self.count(visit, &mine.holder, &wrong, vec![resynced("not_found")]).await?;
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
        if token.state != TokenState::Active || !self.shows_passcodes(&token) {
            return Err(OwnError::Refused(Refusal::NotNow));
        }
        Ok(Mine { holder, token })
    }

    /// Takes a try of a token before it is looked at.
    async fn look(&self, visit: &Visit, token: &Credential) -> Result<Look, OwnError> {
        if let Some(until) = token.locked_until.filter(|until| *until > visit.now) {
            return Ok(Look::Wait(until));
        }
        let lockout = self.desk.lockout(visit).await?;
        Ok(self.desk.look_at_token(visit, &token.id, &lockout).await?)
    }

    /// The token's new bytes after a right passcode. Nothing else is let through: it is counted, recorded and said what it was.
    async fn accepted(
        &self,
        visit: &Visit,
        mine: &Mine,
        typed: &Secret,
        record: &(impl Fn(&'static str) -> AuditEvent + Sync),
    ) -> Result<SecretBytes, OwnError> {
        let tokens = std::slice::from_ref(&mine.token);
        let taken = self.taken(visit, &mine.holder, tokens, typed, &|_, said| record(said)).await?;
        Ok(taken.updated)
    }

    /// Which of these tokens takes a passcode. Each is looked at, as at a sign-in; where none takes it, it is counted against those
    /// that it is wrong for, recorded and said what it was.
    pub(super) async fn taken<'a>(
        &self,
        visit: &Visit,
        holder: &Holder,
        tokens: &'a [Credential],
        typed: &Secret,
        record: &(impl Fn(&Credential, &'static str) -> AuditEvent + Sync),
    ) -> Result<Taken<'a>, OwnError> {
        if typed.is_empty() {
            return Err(passcode(Notice::Empty));
        }
        let mut wrong = Vec::new();
        let mut replayed = None;
        let mut until: Option<Timestamp> = None;
        let mut others = Places::default();
        for token in tokens {
            let (last_of_day, places) = match self.look(visit, token).await? {
                Look::Once { last_of_day, places } => (last_of_day, places),
                Look::Wait(end) => {
                    until = [until, Some(end)].into_iter().flatten().min();
                    continue;
                }
            };
            match self.desk.verify_answer(visit, None, token, typed).await? {
                Verified::Accepted { updated } => {
                    // It was no guess at those before it.
                    others.give_back(&self.desk, visit).await?;
                    return Ok(Taken { token, updated });
                }
                Verified::Outer { updated } => {
                    self.desk.learn(visit, token, updated).await?;
                    let refusal = Refusal::Passcode(Notice::NextPasscode);
                    return self.refuse(visit, record(token, "out_of_step"), refusal).await;
                }
                Verified::Replayed => replayed = Some(token),
                Verified::Rejected => {
                    others.join(places);
                    wrong.push(Wrong { token, last_of_day });
                }
            }
        }
        match (replayed, until) {
            (Some(token), _) => {
                let reused = holder.event(visit, EventKind::PasscodeReused).with("serial", token.serial.as_str());
                self.refuse(visit, reused, Refusal::Passcode(Notice::PasscodeUsed)).await
            }
            (None, Some(until)) if wrong.is_empty() => Err(passcode(Notice::Locked { until })),
            (None, _) => {
                let times = wrong.iter().map(|wrong| wrong.token.fails.saturating_add(1)).max().unwrap_or(1);
                let failed = wrong.iter().map(|wrong| record(wrong.token, "wrong")).collect();
                let locked = self.count(visit, holder, &wrong, failed).await?;
                let said = locked.map_or(Notice::PasscodeNotAccepted { times }, |until| Notice::Locked { until });
                Err(passcode(said))
            }
        }
    }

    /// Failures, counted and recorded as at a sign-in. Set when a token is locked: until when.
    async fn count(
        &self,
        visit: &Visit,
        holder: &Holder,
        wrong: &[Wrong<'_>],
        failed: Vec<AuditEvent>,
    ) -> Result<Option<Timestamp>, OwnError> {
        let tried: Vec<Tried> = wrong.iter().map(Wrong::tried).collect();
        let (locked, told) = self.desk.count_rejected(visit, &tried, &holder.context(visit)).await?;
        let events = failed.into_iter().chain(told).collect();
        self.desk.commit(visit, Change { acts: Vec::new(), events }).await?;
        Ok(locked)
    }

    async fn refuse<T>(&self, visit: &Visit, event: AuditEvent, refusal: Refusal) -> Result<T, OwnError> {
        self.desk.commit(visit, Change::only(event)).await?;
        Err(OwnError::Refused(refusal))
    }
}
