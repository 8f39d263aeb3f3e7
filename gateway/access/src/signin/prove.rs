//! The proofs: a password, a passcode.
//!
//! A failure is counted in a statement of its own before anything is answered (LG-05). Two locks (decision A23): guessing
//! without a first factor is regulated by account, name and address; after a right first factor, by the token itself, so
//! that a stranger cannot lock it.

use doorward_api::credential::Credential;
use doorward_api::flow::Notice;
use doorward_api::plugin::{OfferRequest, Verified};
use doorward_api::ports::{Act, Change, MeterKey, MeterScope, PasswordCheck};
use doorward_api::{
    AuditEvent, CredentialId, EventKind, Factor, FlowData, FoldedName, PolicyId, Secret, SecretBytes, Step, StoreError,
    Target, Timestamp, TokenState, User, UserId,
};

use crate::device::DeviceNonce;
use crate::names::fold_name;
use crate::regulate::{Account, Attempt, Guesser, Permission};
use crate::signin::ahead::{TEMPLATE, times_not_accepted};
use crate::signin::{Ahead, Desk, DeskError, Held, Rules, Stop};
use crate::visit::{Moved, StepForm, Visit};

/// A proof that was right, and what must be committed with the step that it leads to.
pub(crate) struct Proof {
    /// What was proved.
    pub(crate) factor: Factor,
    /// The serial number of the token that proved it.
    pub(crate) serial: Option<String>,
    /// Acts and records that stand and fall with it.
    pub(crate) change: Change,
}

/// What a passcode turned out to be.
pub(crate) enum Checked {
    /// Right.
    Accepted {
        /// The token.
        token: Box<Credential>,
        /// Its new bytes.
        updated: SecretBytes,
    },
    /// Right once.
    Replayed {
        /// Whose serial number.
        serial: String,
    },
    /// Wrong, for each of these.
    Rejected(Vec<Tried>),
    /// Not looked at: every token is locked.
    Locked {
        /// Until when at least.
        until: Timestamp,
    },
}

/// A token for which a passcode was wrong.
pub(crate) struct Tried {
    /// Its row.
    pub(crate) id: CredentialId,
    /// Its serial number.
    pub(crate) serial: String,
}

/// By what a passcode is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CountedBy {
    /// The token.
    Token,
    /// The account, which has done so already.
    Account,
}

/// Who guesses, owned.
struct Guess {
    account: Account,
    device: Option<DeviceNonce>,
}

impl Guess {
    fn guesser<'a>(&'a self, visit: &'a Visit) -> Guesser<'a> {
        Guesser { vs: &visit.vs.id, account: &self.account, device: self.device.as_ref(), address: visit.address }
    }
}

impl Desk {
    pub(super) async fn try_password(&self, visit: &Visit, form: &StepForm, password: &Secret) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::Password]).await?;
        if password.is_empty() {
            return self.tell(visit, &held, Notice::Empty, Vec::new()).await;
        }
        let guess = self.guess(visit, &held);
        let attempt = match self.regulation.before_password(&guess.guesser(visit), visit.now).await? {
            Permission::Allowed(attempt) => attempt,
            Permission::Wait { until } => return self.locked_out(visit, &held, Factor::Password, until).await,
        };
        let user = self.user(visit, &held).await?;
        // The password of a disabled user is checked all the same: it must take the same time.
        match self.ports.directory.check_password(&visit.vs.id, held.flow().user.as_ref(), password).await? {
            PasswordCheck::Busy => Err(Stop::Fault(DeskError::Busy)),
            PasswordCheck::Wrong => self.failed(visit, &held, &guess, attempt, Failed::PASSWORD).await,
            PasswordCheck::Right => match user {
                None => self.failed(visit, &held, &guess, attempt, Failed::DISABLED).await,
                Some(user) => {
                    self.regulation.after_success(&guess.guesser(visit), attempt).await?;
                    self.measure_sign_in(visit, Factor::Password, "success");
                    let proof = Proof { factor: Factor::Password, serial: None, change: Change::default() };
                    self.proved(visit, &held, held.data(), &user, proof).await
                }
            },
        }
    }

    pub(super) async fn try_passcode(&self, visit: &Visit, form: &StepForm, otp: &Secret) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::Passcode, Step::CodeIssued]).await?;
        if held.flow().step == Step::CodeIssued {
            return self.first_passcode(visit, &held, otp).await;
        }
        if otp.is_empty() {
            return self.tell(visit, &held, Notice::Empty, Vec::new()).await;
        }
        let user = self.user(visit, &held).await?;
        match &user {
            Some(user) if held.flow().data.proofs.has(Factor::Password) => {
                self.passcode_after_password(visit, &held, user, otp).await
            }
            _ => self.passcode_alone(visit, &held, user.as_ref(), otp).await,
        }
    }

    /// After a right password: the token keeps count.
    async fn passcode_after_password(
        &self,
        visit: &Visit,
        held: &Held,
        user: &User,
        otp: &Secret,
    ) -> Result<Moved, Stop> {
        match self.check_passcode(visit, Some(user), otp, CountedBy::Token).await? {
            Checked::Accepted { token, updated } => {
                self.passcode_accepted(visit, held, user, (&token, updated), otp, CountedBy::Token).await
            }
            Checked::Replayed { serial } => self.replayed(visit, held, serial).await,
            Checked::Rejected(tokens) => self.passcode_rejected(visit, held, &tokens).await,
            Checked::Locked { until } => self.locked_out(visit, held, Factor::Otp, until).await,
        }
    }

    /// Without a password: guessing is regulated like guessing a password, and whoever guesses learns nothing of the token.
    async fn passcode_alone(
        &self,
        visit: &Visit,
        held: &Held,
        user: Option<&User>,
        otp: &Secret,
    ) -> Result<Moved, Stop> {
        let guess = self.guess(visit, held);
        let attempt = match self.regulation.before_password(&guess.guesser(visit), visit.now).await? {
            Permission::Allowed(attempt) => attempt,
            Permission::Wait { until } => return self.locked_out(visit, held, Factor::Otp, until).await,
        };
        match (self.check_passcode(visit, user, otp, CountedBy::Account).await?, user) {
            (Checked::Accepted { token, updated }, Some(user)) => {
                let right = (token.as_ref(), updated);
                let moved = self.passcode_accepted(visit, held, user, right, otp, CountedBy::Account).await?;
                self.regulation.after_success(&guess.guesser(visit), attempt).await?;
                Ok(moved)
            }
            (Checked::Replayed { serial }, _) => {
                self.regulation.after_failure(&guess.guesser(visit), attempt, visit.now).await?;
                self.replayed(visit, held, serial).await
            }
            _ => self.failed(visit, held, &guess, attempt, Failed::PASSCODE).await,
        }
    }

    /// Checks a passcode against every token in use. For somebody without one it takes the same work and is wrong.
    async fn check_passcode(
        &self,
        visit: &Visit,
        user: Option<&User>,
        otp: &Secret,
        counted_by: CountedBy,
    ) -> Result<Checked, Stop> {
        let nobody = UserId::new("");
        let owner = user.map_or(&nobody, |user| &user.id);
        let mut tokens = self.ports.credentials.credentials_of(&visit.vs.id, owner).await?;
        tokens.retain(|token| token.state == TokenState::Active && self.proves_otp(token));
        if tokens.is_empty() {
            self.check_decoy(otp, visit.now).await?;
            return Ok(Checked::Rejected(Vec::new()));
        }
        let mut rejected = Vec::new();
        let mut replayed = None;
        let mut until: Option<Timestamp> = None;
        for token in tokens {
            if token.locked(visit.now) {
                until = [until, token.locked_until].into_iter().flatten().min();
                continue;
            }
            if counted_by == CountedBy::Token
                && let Some(end) = self.too_many_tries(visit, &token.id).await?
            {
                until = [until, Some(end)].into_iter().flatten().min();
                continue;
            }
            match self.verify(&token, otp, visit.now).await? {
                Verified::Accepted { updated } => return Ok(Checked::Accepted { token: Box::new(token), updated }),
                Verified::Replayed => replayed = Some(token.serial),
                Verified::Rejected => rejected.push(Tried { id: token.id, serial: token.serial }),
            }
        }
        Ok(match (replayed, until) {
            (Some(serial), _) => Checked::Replayed { serial },
            (None, Some(until)) if rejected.is_empty() => Checked::Locked { until },
            _ => Checked::Rejected(rejected),
        })
    }

    /// Counts a try of a token before it is looked at: of any number at the same moment no more are looked at than may fail
    /// (LG-04). Failures in a row are counted by the token, which locks. When it was one too many: until when.
    async fn too_many_tries(&self, visit: &Visit, token: &CredentialId) -> Result<Option<Timestamp>, StoreError> {
        let window = self.rules.passcode_lock;
        let (tries, end) = self.ports.meters.count(&visit.vs.id, &passcode_tries(token), window, visit.now).await?;
        Ok((tries > self.rules.passcode_failures.saturating_add(1)).then_some(end))
    }

    fn proves_otp(&self, token: &Credential) -> bool {
        self.authenticator(&token.plugin).is_some_and(|kind| kind.factor() == Factor::Otp)
    }

    /// Asks the token's plugin.
    pub(crate) async fn verify(&self, token: &Credential, otp: &Secret, now: Timestamp) -> Result<Verified, Stop> {
        match self.authenticator(&token.plugin) {
            Some(kind) => Ok(kind.verify(&token.opened, &token.template, otp, now).await?),
            None => Ok(Verified::Rejected),
        }
    }

    async fn check_decoy(&self, otp: &Secret, now: Timestamp) -> Result<(), Stop> {
        let Some((_, kind)) = self.otp_kinds().next() else { return Ok(()) };
        let draw = || async {
            let request = OfferRequest {
                user: UserId::new(""),
                account: "nobody".into(),
                issuer: "Doorward".into(),
                template: TEMPLATE,
                target: Target::Android,
            };
            kind.offer(&request, now).await.map(|offer| offer.opened)
        };
        let opened = self.decoy.get_or_try_init(draw).await?;
        // Whatever it says: nobody is let in by it.
        kind.verify(opened, &TEMPLATE, otp, now).await?;
        Ok(())
    }

    /// A right passcode is spent with the step that it leads to. A lost compare is read and checked once more: a different
    /// right code is not refused, the same one is (decision A22).
    async fn passcode_accepted(
        &self,
        visit: &Visit,
        held: &Held,
        user: &User,
        (token, updated): (&Credential, SecretBytes),
        otp: &Secret,
        counted_by: CountedBy,
    ) -> Result<Moved, Stop> {
        match self.spend(visit, held, user, token, updated).await {
            Err(Stop::Lost("credential_use")) => {}
            outcome => return outcome,
        }
        match self.check_passcode(visit, Some(user), otp, counted_by).await? {
            Checked::Accepted { token, updated } => self.spend(visit, held, user, &token, updated).await,
            Checked::Replayed { serial } => self.replayed(visit, held, serial).await,
            Checked::Locked { until } => self.locked_out(visit, held, Factor::Otp, until).await,
            Checked::Rejected(_) => Err(Stop::Lost("credential_use")),
        }
    }

    async fn spend(
        &self,
        visit: &Visit,
        held: &Held,
        user: &User,
        token: &Credential,
        updated: SecretBytes,
    ) -> Result<Moved, Stop> {
        let act = Act::CredentialUse { id: token.id.clone(), version: token.version, opened: updated };
        let proof = Proof { factor: Factor::Otp, serial: Some(token.serial.clone()), change: Change::of(act) };
        let moved = self.proved(visit, held, held.data(), user, proof).await?;
        if let Err(error) = self.ports.meters.forget(&visit.vs.id, &passcode_tries(&token.id)).await {
            // They are in; the count ends by itself.
            tracing::warn!(request_id = visit.request_id, %error, "the tries of a token could not be forgotten");
        }
        self.measure_sign_in(visit, Factor::Otp, "success");
        Ok(moved)
    }

    /// This passcode was used before: no failure, but never a second success (OT-01).
    pub(crate) async fn replayed(&self, visit: &Visit, held: &Held, serial: String) -> Result<Moved, Stop> {
        self.measure_sign_in(visit, Factor::Otp, "replayed");
        let event = self.event(EventKind::PasscodeReused, visit, held.flow()).with("serial", serial);
        self.tell(visit, held, Notice::PasscodeUsed, vec![event]).await
    }

    /// A wrong passcode after a right first factor.
    pub(crate) async fn passcode_rejected(&self, visit: &Visit, held: &Held, tokens: &[Tried]) -> Result<Moved, Stop> {
        let Rules { passcode_failures: permitted, passcode_lock: lock, .. } = self.rules;
        let mut locked: Option<Timestamp> = None;
        let mut events = vec![self.failure(visit, held, Failed::PASSCODE)];
        for token in tokens {
            let fails =
                self.ports.credentials.count_failure(&visit.vs.id, &token.id, permitted, lock, visit.now).await?;
            if let Some(until) = fails.locked_until {
                locked = locked.max(Some(until));
                // Of failures at the same moment some find the lock there already; one has made it.
                if fails.count == permitted.saturating_add(1) {
                    let event = self.event(EventKind::TokenLocked, visit, held.flow());
                    events.push(event.with("serial", token.serial.as_str()).with("until", until.rfc3339()));
                }
            }
        }
        let notice = match locked {
            Some(until) => Notice::Locked { until },
            None => Notice::PasscodeNotAccepted { times: times_not_accepted(held.flow().data.notice.as_ref()) },
        };
        self.measure_sign_in(visit, Factor::Otp, if locked.is_some() { "locked" } else { "failure" });
        self.tell(visit, held, notice, events).await
    }

    /// Not looked at, whether it was right or not.
    pub(crate) async fn locked_out(
        &self,
        visit: &Visit,
        held: &Held,
        factor: Factor,
        until: Timestamp,
    ) -> Result<Moved, Stop> {
        self.measure_sign_in(visit, factor, "locked");
        let event = self.failure(visit, held, Failed { factor, reason: "locked" });
        self.tell(visit, held, Notice::Locked { until }, vec![event]).await
    }

    /// A wrong answer that counts on the account.
    async fn failed(
        &self,
        visit: &Visit,
        held: &Held,
        guess: &Guess,
        attempt: Attempt,
        what: Failed,
    ) -> Result<Moved, Stop> {
        let failure = self.regulation.after_failure(&guess.guesser(visit), attempt, visit.now).await?;
        let mut events = vec![self.failure(visit, held, what)];
        let notice = match failure.locked_until {
            Some(until) => {
                let locked = self.event(EventKind::AuthLocked, visit, held.flow()).with("until", until.rfc3339());
                events.push(locked);
                Notice::Locked { until }
            }
            None if what.factor == Factor::Password => Notice::NotAccepted,
            None => Notice::PasscodeNotAccepted { times: times_not_accepted(held.flow().data.notice.as_ref()) },
        };
        self.measure_sign_in(visit, what.factor, if failure.locked_until.is_some() { "locked" } else { "failure" });
        let moved = self.tell(visit, held, notice, events).await;
        tokio::time::sleep(failure.delay.min(self.rules.longest_delay)).await;
        moved
    }

    fn failure(&self, visit: &Visit, held: &Held, what: Failed) -> AuditEvent {
        self.event(EventKind::AuthFailure, visit, held.flow())
            .with("factor", what.factor.as_str())
            .with("reason", what.reason)
    }

    fn guess(&self, visit: &Visit, held: &Held) -> Guess {
        let vs = &visit.vs.id;
        match &held.flow().user {
            Some(user) => Guess {
                account: Account::User(user.clone()),
                device: visit.device.as_deref().and_then(|text| self.devices.known(vs, user, text, visit.now)),
            },
            None => {
                let folded = fold_name(&held.flow().data.typed_name).unwrap_or_else(|| FoldedName::assume(""));
                Guess { account: Account::Unknown(folded), device: None }
            }
        }
    }

    /// The user of a flow, as of now; `None` when there is none, or they are switched off.
    pub(crate) async fn user(&self, visit: &Visit, held: &Held) -> Result<Option<User>, Stop> {
        let Some(id) = &held.flow().user else { return Ok(None) };
        Ok(self.ports.directory.get(&visit.vs.id, id).await?.filter(|user| !user.disabled))
    }

    pub(crate) fn measure_sign_in(&self, visit: &Visit, factor: Factor, result: &'static str) {
        self.ports.metrics.sign_in(visit.vs.id.as_str(), factor, result);
    }

    /// Something was proved: in, or on to the next step, all in one change.
    pub(crate) async fn proved(
        &self,
        visit: &Visit,
        held: &Held,
        data: FlowData,
        user: &User,
        proof: Proof,
    ) -> Result<Moved, Stop> {
        let proofs = data.proofs.with(proof.factor, visit.now);
        let data = FlowData { proofs, ..data };
        match self.ahead(visit, data.return_to.as_ref(), user, proofs, data.raises.as_ref()) {
            Ahead::Enough { by } => self.admit(visit, held, data, user, proof, &by).await,
            Ahead::Prove { next, .. } => self.next_proof(visit, held, data, user, proof, next).await,
            Ahead::Closed { by } => self.closed(visit, held, data, proof, &by).await,
        }
    }

    async fn next_proof(
        &self,
        visit: &Visit,
        held: &Held,
        data: FlowData,
        user: &User,
        proof: Proof,
        next: Factor,
    ) -> Result<Moved, Stop> {
        let Change { acts, mut events } = proof.change;
        let step = if next == Factor::Password {
            Step::Password
        } else {
            let otp = self.otp_step(visit, Some(user)).await?;
            events.extend(otp.event(self, visit, held.flow()));
            otp.step
        };
        let acts = [vec![self.onward(visit, held, step, data)], acts].concat();
        self.commit(visit, Change { acts, events }).await?;
        if step == Step::Offered {
            self.ports.metrics.enrollment(visit.vs.id.as_str(), "offered", "shown");
        }
        Ok(Moved::ToStep { browser: None })
    }

    /// Proved, and not admitted all the same.
    async fn closed(
        &self,
        visit: &Visit,
        held: &Held,
        data: FlowData,
        proof: Proof,
        by: &[PolicyId],
    ) -> Result<Moved, Stop> {
        let app_name = Self::app_name(visit, data.return_to.as_ref()).unwrap_or_default();
        let Change { acts, mut events } = proof.change;
        let mut refused = self.failure(visit, held, Failed { factor: proof.factor, reason: "access_denied" });
        refused.context.policy = by.first().map(|policy| policy.as_str().to_owned());
        events.push(refused);
        let acts = [vec![self.onward(visit, held, Step::Cancelled, data)], acts].concat();
        self.commit(visit, Change { acts, events }).await?;
        Ok(Moved::Denied { app_name })
    }
}

fn passcode_tries(token: &CredentialId) -> MeterKey {
    MeterKey { scope: MeterScope::PasscodeTries, key: token.as_str().to_owned() }
}

/// What went wrong, for records.
#[derive(Debug, Clone, Copy)]
struct Failed {
    factor: Factor,
    reason: &'static str,
}

impl Failed {
    const PASSWORD: Failed = Failed { factor: Factor::Password, reason: "password" };
    const DISABLED: Failed = Failed { factor: Factor::Password, reason: "disabled" };
    const PASSCODE: Failed = Failed { factor: Factor::Otp, reason: "passcode" };
}
