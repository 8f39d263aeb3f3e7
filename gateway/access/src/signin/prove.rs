//! The proofs: a password, a passcode.
//!
//! A failure is counted in a statement of its own before anything is answered (LG-05). Two locks (decision A23): guessing
//! without a first factor is regulated by account, name and address; after a right first factor, by the token itself, so
//! that a stranger cannot lock it.

use std::time::Duration;

use doorward_api::credential::Credential;
use doorward_api::flow::Notice;
use doorward_api::plugin::{Check, OfferRequest, Verified};
use doorward_api::ports::{Act, Change, MeterKey, MeterScope, PasswordCheck, Rehash, Taken};
use doorward_api::settings::{Document, Lockout, PinOrder, SelfProvisioning, ServerPinPolicy, Windows};
use doorward_api::template::PinType;
use doorward_api::{
    AuditEvent, CredentialId, EventContext, EventKind, Factor, FlowData, FoldedName, PolicyId, Proofs, Secret,
    SecretBytes, Step, StoreError, Target, Template, Timestamp, TokenState, User, UserId,
};
use tokio::time::Instant;

use crate::device::DeviceNonce;
use crate::drawn::plain;
use crate::names::fold_name;
use crate::recovery::RecoveryUse;
use crate::regulate::{Account, AccountLimits, Attempt, Guesser, Permission, Reached};
use crate::settings::setting;
use crate::signin::ahead::times_not_accepted;
use crate::signin::first_use::first_use_by_sign_in;
use crate::signin::passkey::Way;
use crate::signin::pin::{self, Typed, is_right, take_apart};
use crate::signin::tokens::in_hand;
use crate::signin::{Ahead, Desk, DeskError, Held, Rules, Stop};
use crate::stand_in::{Looked, Places, Typist};
use crate::visit::{Moved, StepForm, Visit};

/// Characters of a temporary passcode, without its hyphens.
pub(crate) const TEMPORARY_LENGTH: usize = 8;

/// What stands in the trail for the serial number of a token.
const RECOVERY_SERIAL: &str = "recovery-code";

/// A proof that was right, and what must be committed with the step that it leads to.
pub(crate) struct Proof {
    /// What was proved.
    pub(crate) factor: Factor,
    /// The serial number of the token that proved it.
    pub(crate) serial: Option<String>,
    /// Since when that token is in use: a new one may be on probation.
    pub(crate) in_use_since: Option<Timestamp>,
    /// Acts and records that stand and fall with it.
    pub(crate) change: Change,
}

impl Proof {
    /// The password.
    pub(crate) fn of_password() -> Self {
        Self { factor: Factor::Password, serial: None, in_use_since: None, change: Change::default() }
    }

    /// A passcode of a token, which is in use from now on if it was not before.
    pub(crate) fn of_token(token: &Credential, now: Timestamp, change: Change) -> Self {
        let in_use_since = Some(token.activated_at.unwrap_or(now));
        Self { factor: Factor::Otp, serial: Some(token.serial.clone()), in_use_since, change }
    }
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
    /// Right, and too far ahead or behind to be enough: the very next one is.
    NextPlease,
    /// The temporary passcode of the user.
    Temporary,
    /// One of the user's recovery codes.
    Recovery(RecoveryUse),
    /// Wrong, for each of these.
    Rejected(Vec<Tried>),
    /// Wrong for each of these as well, and no more looked at as what stands in for a token.
    UsedUp {
        /// The tokens.
        tokens: Vec<Tried>,
        /// Until when.
        until: Timestamp,
    },
    /// Not looked at: every token is locked.
    Locked {
        /// Until when at least.
        until: Timestamp,
    },
}

/// What stands in for a token.
enum StandIn {
    /// The temporary passcode of the user.
    Temporary,
    /// One of the user's recovery codes.
    Recovery(RecoveryUse),
}

/// A token for which a passcode was wrong.
pub(crate) struct Tried {
    /// Its row.
    pub(crate) id: CredentialId,
    /// Its serial number.
    pub(crate) serial: String,
    /// Where it stands: in use, or about to be.
    pub(crate) state: TokenState,
    /// Set when this was the last try of the day: until when.
    pub(crate) last_of_day: Option<Timestamp>,
}

/// Whether a token's passcode is looked at.
pub(crate) enum Look {
    /// Yes.
    Once {
        /// Set when it is the last time for the day: until when.
        last_of_day: Option<Timestamp>,
        /// What the look has cost.
        places: Places,
    },
    /// Not until then.
    Wait(Timestamp),
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
    limits: AccountLimits,
}

impl Guess {
    fn guesser<'a>(&'a self, visit: &'a Visit) -> Guesser<'a> {
        let Self { account, device, limits } = self;
        Guesser { vs: &visit.vs.id, account, device: device.as_ref(), address: visit.address, limits: *limits }
    }
}

/// Whether the question on the page is no longer good. Then nothing is looked at.
pub(crate) fn challenge_is_over(visit: &Visit, held: &Held) -> bool {
    held.flow().data.challenge.as_ref().is_some_and(|challenge| challenge.expires_at <= visit.now)
}

/// Nothing was typed: left empty, or another question asked for.
pub(crate) fn unanswered(visit: &Visit, held: &Held) -> Notice {
    if challenge_is_over(visit, held) { Notice::ChallengeExpired } else { Notice::Empty }
}

fn token_lock(lockout: &Lockout) -> Duration {
    Duration::from_mins(u64::from(lockout.token_minutes))
}

impl Desk {
    pub(super) async fn try_password(&self, visit: &Visit, form: &StepForm, password: &Secret) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::Password]).await?;
        if password.is_empty() {
            return self.tell(visit, &held, Notice::Empty, Vec::new()).await;
        }
        let begun = Instant::now();
        let guess = self.guess(visit, &held).await?;
        let attempt = match self.attempt(visit, &held, &guess, Factor::Password).await? {
            Ok(attempt) => attempt,
            Err(refused) => return Ok(refused),
        };
        let user = self.user(visit, &held).await?;
        // The password of a disabled user is checked all the same: it must take the same time.
        match self.ports.directory.check_password(&visit.vs.id, held.flow().user.as_ref(), password).await? {
            PasswordCheck::Busy => {
                self.regulation.not_evaluated(&guess.guesser(visit), attempt).await?;
                Err(Stop::Fault(DeskError::Busy))
            }
            PasswordCheck::Wrong => self.failed(visit, &held, &guess, attempt, Failed::PASSWORD, begun).await,
            PasswordCheck::Right => match user {
                None => self.failed(visit, &held, &guess, attempt, Failed::DISABLED, begun).await,
                Some(user) => {
                    self.regulation.after_success(&guess.guesser(visit), attempt).await?;
                    self.measure_sign_in(visit, Factor::Password, "success");
                    self.rehash(visit, &held, &user, password).await;
                    let proof = Proof::of_password();
                    self.proved(visit, &held, held.data(), &user, proof).await
                }
            },
        }
    }

    /// Whether a guess may be evaluated; if not, what it is answered with. A refusal is measured and not recorded: the limit
    /// was recorded when it was reached, and whoever runs against it must not fill the trail.
    async fn attempt(
        &self,
        visit: &Visit,
        held: &Held,
        guess: &Guess,
        factor: Factor,
    ) -> Result<Result<Attempt, Moved>, Stop> {
        match self.regulation.before_password(&guess.guesser(visit), visit.now).await? {
            Permission::Allowed(attempt) => Ok(Ok(attempt)),
            Permission::Locked { until } => {
                self.measure_sign_in(visit, factor, "locked");
                Ok(Err(self.tell(visit, held, Notice::AccountLocked { until }, Vec::new()).await?))
            }
            Permission::TooMany { until } => {
                self.measure_sign_in(visit, factor, "locked");
                Err(Stop::Fault(DeskError::too_many(until, visit.now)))
            }
        }
    }

    /// Stores a right password anew when today's hashes are stronger than the one there is. They are in all the same when
    /// that does not succeed: the next sign-in tries again.
    async fn rehash(&self, visit: &Visit, held: &Held, user: &User, password: &Secret) {
        let rehashed = self.ports.directory.rehash(&visit.vs.id, &user.id, password).await;
        let stored = match rehashed {
            Ok(None) => return,
            Ok(Some(Rehash { old, new })) => {
                let act = Act::UserPasswordRehash { user: user.id.clone(), old, new };
                let event = self.event(EventKind::UserPasswordRehashed, visit, held.flow());
                self.commit(visit, Change::of(act).record(event)).await
            }
            Err(error) => Err(Stop::from(error)),
        };
        if let Err(stop) = stored {
            tracing::warn!(request_id = visit.request_id, ?stop, "a password was not hashed anew");
        }
    }

    pub(super) async fn try_passcode(&self, visit: &Visit, form: &StepForm, otp: &Secret) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::Passcode, Step::Offered, Step::CodeIssued]).await?;
        match held.flow().step {
            Step::CodeIssued => return self.first_passcode(visit, &held, otp).await,
            Step::Offered => return self.stand_in(visit, &held, otp).await,
            _ => {}
        }
        if otp.is_empty() {
            return self.tell(visit, &held, unanswered(visit, &held), Vec::new()).await;
        }
        if challenge_is_over(visit, &held) {
            return self.tell(visit, &held, Notice::ChallengeExpired, Vec::new()).await;
        }
        let user = self.user(visit, &held).await?;
        match &user {
            Some(user) if held.flow().data.proofs.has(Factor::Password) => {
                self.passcode_after_password(visit, &held, user, otp).await
            }
            _ => self.passcode_alone(visit, &held, user.as_ref(), otp).await,
        }
    }

    /// On W1: there is no token, and only what stands in for one is looked at.
    async fn stand_in(&self, visit: &Visit, held: &Held, typed: &Secret) -> Result<Moved, Stop> {
        let user = self.user(visit, held).await?.filter(|_| held.flow().data.proofs.has(Factor::Password));
        let user = user.ok_or(Stop::Stale)?;
        let codes = self.recovery_codes_are_on(&visit.vs.id).await?;
        if !self.something_stands_in(visit, &user.id, codes).await? {
            return Err(Stop::Stale);
        }
        if typed.is_empty() {
            return self.tell(visit, held, Notice::Empty, Vec::new()).await;
        }
        let mut looked = Looked::by(self.typist(visit, Some(&user), CountedBy::Token));
        match self.check_stand_in(visit, &user, typed, &mut looked).await? {
            Some(StandIn::Temporary) => self.temporary_accepted(visit, held, &user).await,
            Some(StandIn::Recovery(code)) => self.recovery_accepted(visit, held, &user, code).await,
            None => self.passcode_rejected(visit, held, &[], looked.used_up).await,
        }
    }

    /// What stands in for a token, if it is that.
    async fn check_stand_in(
        &self,
        visit: &Visit,
        user: &User,
        typed: &Secret,
        looked: &mut Looked,
    ) -> Result<Option<StandIn>, Stop> {
        if self.is_temporary(visit, user, typed, looked).await? {
            return Ok(Some(StandIn::Temporary));
        }
        Ok(self.recovery_code(visit, user, typed, looked).await?.map(StandIn::Recovery))
    }

    /// After a right password: the token keeps count.
    async fn passcode_after_password(
        &self,
        visit: &Visit,
        held: &Held,
        user: &User,
        otp: &Secret,
    ) -> Result<Moved, Stop> {
        match self.check_passcode(visit, held, Some(user), otp, CountedBy::Token).await? {
            Checked::Accepted { token, updated } => {
                self.passcode_accepted(visit, held, user, (&token, updated), otp, CountedBy::Token).await
            }
            Checked::NextPlease => self.next_please(visit, held).await,
            Checked::Temporary => self.temporary_accepted(visit, held, user).await,
            Checked::Recovery(code) => self.recovery_accepted(visit, held, user, code).await,
            Checked::Replayed { serial } => self.replayed(visit, held, serial).await,
            Checked::Rejected(tokens) => self.passcode_rejected(visit, held, &tokens, None).await,
            Checked::UsedUp { tokens, until } => self.passcode_rejected(visit, held, &tokens, Some(until)).await,
            Checked::Locked { until } => self.token_is_locked(visit, held, until).await,
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
        let begun = Instant::now();
        let guess = self.guess(visit, held).await?;
        let attempt = match self.attempt(visit, held, &guess, Factor::Otp).await? {
            Ok(attempt) => attempt,
            Err(refused) => return Ok(refused),
        };
        match (self.check_passcode(visit, held, user, otp, CountedBy::Account).await?, user) {
            (Checked::Accepted { token, updated }, Some(user)) => {
                let right = (token.as_ref(), updated);
                let moved = self.passcode_accepted(visit, held, user, right, otp, CountedBy::Account).await?;
                self.regulation.after_success(&guess.guesser(visit), attempt).await?;
                Ok(moved)
            }
            (Checked::NextPlease, _) => {
                self.regulation.not_evaluated(&guess.guesser(visit), attempt).await?;
                self.next_please(visit, held).await
            }
            (Checked::Temporary, Some(user)) => {
                let moved = self.temporary_accepted(visit, held, user).await?;
                self.regulation.after_success(&guess.guesser(visit), attempt).await?;
                Ok(moved)
            }
            (Checked::Recovery(code), Some(user)) => {
                let moved = self.recovery_accepted(visit, held, user, code).await?;
                self.regulation.after_success(&guess.guesser(visit), attempt).await?;
                Ok(moved)
            }
            (Checked::Replayed { serial }, _) => {
                self.regulation.after_failure(&guess.guesser(visit), attempt, visit.now).await?;
                self.replayed(visit, held, serial).await
            }
            // That something is used up would tell a stranger that there is something.
            _ => self.failed(visit, held, &guess, attempt, Failed::PASSCODE, begun).await,
        }
    }

    /// Checks a passcode against whatever stands in for a token, and then against every token in use.
    async fn check_passcode(
        &self,
        visit: &Visit,
        held: &Held,
        user: Option<&User>,
        otp: &Secret,
        counted_by: CountedBy,
    ) -> Result<Checked, Stop> {
        let mut looked = Looked::by(self.typist(visit, user, counted_by));
        if let Some(user) = user {
            match self.check_stand_in(visit, user, otp, &mut looked).await? {
                Some(StandIn::Temporary) => return Ok(Checked::Temporary),
                Some(StandIn::Recovery(code)) => return Ok(Checked::Recovery(code)),
                None => {}
            }
        }
        let checked = self.check_tokens(visit, held, user, otp, counted_by).await?;
        Ok(match (checked, looked.used_up) {
            (Checked::Accepted { token, updated }, _) => {
                // It was no guess: whoever signs in day by day shall find their codes on paper good when they need them.
                looked.give_back(self, visit).await?;
                Checked::Accepted { token, updated }
            }
            (Checked::Rejected(tokens), Some(until)) => Checked::UsedUp { tokens, until },
            (checked, _) => checked,
        })
    }

    fn typist(&self, visit: &Visit, user: Option<&User>, counted_by: CountedBy) -> Typist {
        match (user.and_then(|user| self.device_of(visit, &user.id)), counted_by) {
            (Some(_), _) => Typist::Known,
            (None, CountedBy::Token) => Typist::ByPassword,
            (None, CountedBy::Account) => Typist::Stranger,
        }
    }

    /// Checks a passcode against every token in use. For somebody without one it takes the same work and is wrong.
    async fn check_tokens(
        &self,
        visit: &Visit,
        held: &Held,
        user: Option<&User>,
        otp: &Secret,
        counted_by: CountedBy,
    ) -> Result<Checked, Stop> {
        let nobody = UserId::new("");
        let owner = user.map_or(&nobody, |user| &user.id);
        let mut tokens = self.tokens_of(visit, owner).await?;
        tokens.retain(|token| in_hand(token) && self.proves_otp(token));
        if tokens.is_empty() {
            self.check_decoy(otp, visit.now).await?;
            return Ok(Checked::Rejected(Vec::new()));
        }
        let lockout = self.lockout(visit).await?;
        let mut rejected = Vec::new();
        let mut replayed = None;
        let mut until: Option<Timestamp> = None;
        let mut others = Places::default();
        for token in tokens {
            if token.locked(visit.now) {
                until = [until, token.locked_until].into_iter().flatten().min();
                continue;
            }
            let look = match counted_by {
                CountedBy::Token => self.look_at_token(visit, &token.id, &lockout).await?,
                CountedBy::Account => Look::Once { last_of_day: None, places: Places::default() },
            };
            let (last_of_day, places) = match look {
                Look::Once { last_of_day, places } => (last_of_day, places),
                Look::Wait(end) => {
                    until = [until, Some(end)].into_iter().flatten().min();
                    continue;
                }
            };
            match self.verify(visit, held, &token, otp).await? {
                Verified::Accepted { updated } => {
                    // It was no guess at those before it: whoever signs in by one token every day shall find the others good.
                    others.give_back(self, visit).await?;
                    return Ok(Checked::Accepted { token: Box::new(token), updated });
                }
                Verified::Outer { updated } => {
                    self.learn(visit, &token, updated).await?;
                    return Ok(Checked::NextPlease);
                }
                Verified::Replayed => replayed = Some(token.serial),
                Verified::Rejected => {
                    others.join(places);
                    rejected.push(Tried { id: token.id, serial: token.serial, state: token.state, last_of_day });
                }
            }
        }
        Ok(match (replayed, until) {
            (Some(serial), _) => Checked::Replayed { serial },
            (None, Some(until)) if rejected.is_empty() => Checked::Locked { until },
            _ => Checked::Rejected(rejected),
        })
    }

    /// Counts a try of a token before it is looked at: of any number at the same moment no more are looked at than may fail
    /// (LG-04). Failures in a row are counted by the token, which locks.
    pub(crate) async fn look_at_token(
        &self,
        visit: &Visit,
        token: &CredentialId,
        lockout: &Lockout,
    ) -> Result<Look, StoreError> {
        let Rules { passcode_tries_a_day, .. } = self.rules;
        let (passcode_failures, passcode_lock) = (lockout.token_failures, token_lock(lockout));
        let (vs, meters) = (&visit.vs.id, &self.ports.meters);
        let (tries, of_day) = (passcode_tries(token), passcode_tries_of_day(token));
        let limit = passcode_failures.saturating_add(1);
        let ends = match meters.take_place(vs, &tries, limit, passcode_lock, visit.now).await? {
            Taken::Place { ends, .. } => ends,
            Taken::Full { until } => return Ok(Look::Wait(until)),
        };
        match meters.take_place(vs, &of_day, passcode_tries_a_day, DAY, visit.now).await? {
            Taken::Place { number, ends: day_ends } => {
                let mut places = Places::default();
                places.at(tries, ends);
                places.at(of_day, day_ends);
                Ok(Look::Once { last_of_day: (number == passcode_tries_a_day).then_some(day_ends), places })
            }
            Taken::Full { until } => {
                meters.give_back(vs, &tries, ends).await?;
                Ok(Look::Wait(until))
            }
        }
    }

    fn proves_otp(&self, token: &Credential) -> bool {
        self.authenticator(&token.plugin).is_some_and(|kind| kind.factor() == Factor::Otp)
    }

    /// Asks the token's plugin, and looks at the PIN that the server checks. A right passcode with a wrong PIN is spent all the
    /// same (decision A22), and takes as long as a wrong one with a right PIN.
    pub(crate) async fn verify(
        &self,
        visit: &Visit,
        held: &Held,
        token: &Credential,
        typed: &Secret,
    ) -> Result<Verified, Stop> {
        let challenge = held.flow().data.challenge.as_ref().filter(|challenge| challenge.expires_at > visit.now);
        self.verify_answer(visit, challenge.map(|challenge| challenge.text.as_str()), token, typed).await
    }

    /// The same for an answer to this question, or to none, wherever it is given.
    pub(crate) async fn verify_answer(
        &self,
        visit: &Visit,
        challenge: Option<&str>,
        token: &Credential,
        typed: &Secret,
    ) -> Result<Verified, Stop> {
        let Some(kind) = self.authenticator(&token.plugin) else { return Ok(Verified::Rejected) };
        let windows = setting::<Windows>(self.ports.settings.as_ref(), &visit.vs.id).await?.document;
        let order = match token.template.pin {
            PinType::ServerSide => self.pin_policy(visit).await?.order,
            PinType::None | PinType::UserSelected => PinOrder::Prepend,
        };
        let Typed { otp, pin } = take_apart(typed, token.template.pin, token.template.length, order);
        let check = Check { template: &token.template, windows: &windows, challenge };
        let said = kind.verify(&token.opened, &check, &otp, visit.now).await?;
        let Some(pin) = pin else { return Ok(said) };
        let hash = token.pin.as_ref().map(|pin| pin.hash.as_str());
        let right = is_right(&self.ports.passwords, &pin, hash).await?;
        match said {
            said if right => Ok(said),
            Verified::Accepted { updated } => {
                // While a token is being enrolled there is nothing to be spent: it proves nothing yet.
                if in_hand(token) {
                    self.learn(visit, token, updated).await?;
                }
                Ok(Verified::Rejected)
            }
            Verified::Outer { .. } | Verified::Replayed | Verified::Rejected => Ok(Verified::Rejected),
        }
    }

    /// Keeps what a token has shown without signing in. Somebody faster has kept the same, or more.
    pub(crate) async fn learn(&self, visit: &Visit, token: &Credential, opened: SecretBytes) -> Result<(), Stop> {
        let act = Act::CredentialLearn { id: token.id.clone(), version: token.version, opened };
        match self.commit(visit, Change::of(act)).await {
            Err(Stop::Lost(_)) => Ok(()),
            outcome => outcome,
        }
    }

    /// The token has run away; the passcode after this one brings it back.
    pub(crate) async fn next_please(&self, visit: &Visit, held: &Held) -> Result<Moved, Stop> {
        self.measure_sign_in(visit, Factor::Otp, "outer_window");
        self.tell(visit, held, Notice::NextPasscode, Vec::new()).await
    }

    /// Whether it is the passcode that an operator has given the user for a while. Looked at a few times only (LG-04).
    async fn is_temporary(
        &self,
        visit: &Visit,
        user: &User,
        typed: &Secret,
        looked: &mut Looked,
    ) -> Result<bool, Stop> {
        let found = self.ports.register.temporary_passcode(&visit.vs.id, &user.id).await?;
        let Some(given) = found.filter(|given| given.expires_at > visit.now) else { return Ok(false) };
        let typed = plain(typed);
        if typed.expose().chars().count() != TEMPORARY_LENGTH {
            return Ok(false);
        }
        if !looked.take(self, visit, MeterScope::TemporaryPasscode, &user.id).await? {
            return Ok(false);
        }
        let right = is_right(&self.ports.passwords, &typed, Some(&given.hash)).await?;
        if right {
            looked.give_back(self, visit).await?;
        }
        Ok(right)
    }

    async fn temporary_accepted(&self, visit: &Visit, held: &Held, user: &User) -> Result<Moved, Stop> {
        let proof = Proof {
            factor: Factor::Otp,
            serial: Some("temporary".to_owned()),
            in_use_since: None,
            change: Change::default(),
        };
        let moved = self.proved(visit, held, held.data(), user, proof).await?;
        self.measure_sign_in(visit, Factor::Otp, "success");
        Ok(moved)
    }

    /// The code is used up with the step that it leads to: of any number at the same moment one gets on.
    async fn recovery_accepted(
        &self,
        visit: &Visit,
        held: &Held,
        user: &User,
        code: RecoveryUse,
    ) -> Result<Moved, Stop> {
        let change = self.recovery_code_used(visit, held, user, code);
        let proof = Proof { factor: Factor::Otp, serial: Some(RECOVERY_SERIAL.to_owned()), in_use_since: None, change };
        let data = held.data();
        let data = FlowData { proofs: Proofs { recovered: Some(visit.now), ..data.proofs }, ..data };
        let moved = self.proved(visit, held, data, user, proof).await?;
        self.measure_sign_in(visit, Factor::Otp, "success");
        Ok(moved)
    }

    async fn check_decoy(&self, otp: &Secret, now: Timestamp) -> Result<(), Stop> {
        // One of our own shows nothing before it is activated, so that checking it would take no time.
        let standard = self.kinds().find(|(_, kind)| kind.factor() == Factor::Otp && kind.device().is_none());
        let Some((_, kind)) = standard else { return Ok(()) };
        let draw = || async {
            let request = OfferRequest {
                credential: CredentialId::new(""),
                origin: None,
                user: UserId::new(""),
                account: "nobody".into(),
                issuer: "Doorward".into(),
                template: Template::STANDARD_APP,
                target: Target::Android,
            };
            kind.offer(&request, now).await.map(|offer| offer.opened)
        };
        let opened = self.decoy.get_or_try_init(draw).await?;
        // Whatever it says: nobody is let in by it.
        let check = Check { template: &Template::STANDARD_APP, windows: &Windows::of_new(), challenge: None };
        kind.verify(opened, &check, otp, now).await?;
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
            Err(Stop::Lost("credential_use" | "credential_activate")) => {}
            outcome => return outcome,
        }
        match self.check_passcode(visit, held, Some(user), otp, counted_by).await? {
            Checked::Accepted { token, updated } => self.spend(visit, held, user, &token, updated).await,
            Checked::NextPlease | Checked::Temporary | Checked::Recovery(_) => Err(Stop::Lost("credential_use")),
            Checked::Replayed { serial } => self.replayed(visit, held, serial).await,
            Checked::Locked { until } => self.token_is_locked(visit, held, until).await,
            Checked::Rejected(_) | Checked::UsedUp { .. } => Err(Stop::Lost("credential_use")),
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
        let change = self.used(visit, held, token, updated).await?;
        if let Some(why) = self.pin_must_change(visit, token).await? {
            let moved = self.ask_new_pin(visit, held, held.data(), token, why, change).await?;
            self.forget_tries(visit, &token.id).await;
            return Ok(moved);
        }
        let proof = Proof::of_token(token, visit.now, change);
        let moved = self.proved(visit, held, held.data(), user, proof).await?;
        self.forget_tries(visit, &token.id).await;
        self.measure_sign_in(visit, Factor::Otp, "success");
        Ok(moved)
    }

    /// A right passcode is spent. The first one of a thing that was handed out puts it in use.
    async fn used(
        &self,
        visit: &Visit,
        held: &Held,
        token: &Credential,
        opened: SecretBytes,
    ) -> Result<Change, StoreError> {
        let (id, version) = (token.id.clone(), token.version);
        if token.state == TokenState::Active {
            let first = first_use_by_sign_in(visit, held, token, Factor::Otp);
            return Ok(Change::of(Act::CredentialUse { id, version, opened }).with(first));
        }
        // Operators have given it beside others, as many as are allowed.
        let most = setting::<SelfProvisioning>(self.ports.settings.as_ref(), &visit.vs.id).await?.document.max_tokens;
        let event = self.event(EventKind::TokenActivated, visit, held.flow()).with("serial", token.serial.as_str());
        let sessions = Act::DeferredSessionsEnd { user: token.user.clone(), keep: held.flow().data.raises.clone() };
        Ok(Change::of(Act::CredentialActivate { id, version, opened, most }).and(sessions).record(
            event
                .with("actor", "user")
                .with("from", token.state.as_str())
                .with("to", TokenState::Active.as_str())
                .with("reason", "first_passcode"),
        ))
    }

    pub(crate) async fn pin_must_change(&self, visit: &Visit, token: &Credential) -> Result<Option<pin::Why>, Stop> {
        let Some(pin) = token.pin.as_ref().filter(|_| token.template.pin == PinType::ServerSide) else {
            return Ok(None);
        };
        let policy: ServerPinPolicy = self.pin_policy(visit).await?;
        Ok(pin::must_change(pin, &policy, visit.now))
    }

    pub(crate) async fn forget_tries(&self, visit: &Visit, token: &CredentialId) {
        for meter in [passcode_tries(token), passcode_tries_of_day(token)] {
            if let Err(error) = self.ports.meters.forget(&visit.vs.id, &meter).await {
                // They are in; the count ends by itself.
                tracing::warn!(request_id = visit.request_id, %error, "the tries of a token could not be forgotten");
            }
        }
    }

    /// This passcode was used before: no failure, but never a second success (OT-01).
    pub(crate) async fn replayed(&self, visit: &Visit, held: &Held, serial: String) -> Result<Moved, Stop> {
        self.measure_sign_in(visit, Factor::Otp, "replayed");
        let event = self.event(EventKind::PasscodeReused, visit, held.flow()).with("serial", serial);
        self.tell(visit, held, Notice::PasscodeUsed, vec![event]).await
    }

    /// A wrong passcode after a right first factor. `used_up`: until when it was not looked at as what stands in for a token.
    pub(crate) async fn passcode_rejected(
        &self,
        visit: &Visit,
        held: &Held,
        tokens: &[Tried],
        used_up: Option<Timestamp>,
    ) -> Result<Moved, Stop> {
        let failure = self.failure(visit, held, Failed::PASSCODE);
        let mut events: Vec<AuditEvent> = self.count_for_task(visit, held, failure).await?.into_iter().collect();
        let about = self.event(EventKind::TokenLocked, visit, held.flow()).context;
        let (locked, told) = self.count_rejected(visit, tokens, &about).await?;
        events.extend(told);
        let locked = locked.max(used_up);
        let notice = match locked {
            Some(until) => Notice::Locked { until },
            None => Notice::PasscodeNotAccepted { times: times_not_accepted(held.flow().data.notice.as_ref()) },
        };
        self.measure_sign_in(visit, Factor::Otp, if locked.is_some() { "locked" } else { "failure" });
        self.tell(visit, held, notice, events).await
    }

    /// Counts a wrong passcode at each of these tokens: until when one is locked by it, and what is recorded of that.
    pub(crate) async fn count_rejected(
        &self,
        visit: &Visit,
        tokens: &[Tried],
        about: &EventContext,
    ) -> Result<(Option<Timestamp>, Vec<AuditEvent>), StoreError> {
        let lockout = self.lockout(visit).await?;
        let (permitted, lock) = (lockout.token_failures, token_lock(&lockout));
        let mut locked: Option<Timestamp> = None;
        let mut events = Vec::new();
        for token in tokens {
            if let Some(until) = token.last_of_day {
                locked = locked.max(Some(until));
                events.push(token_locked(about, token, until));
            }
            let fails =
                self.ports.credentials.count_failure(&visit.vs.id, &token.id, permitted, lock, visit.now).await?;
            if let Some(until) = fails.locked_until {
                locked = locked.max(Some(until));
                // Of failures at the same moment some find the lock there already; one has made it.
                if fails.count == permitted.saturating_add(1) {
                    events.push(token_locked(about, token, until));
                }
            }
        }
        Ok((locked, events))
    }

    /// Not looked at, whether it was right or not. The lock is recorded already; its being run against is not.
    pub(crate) async fn token_is_locked(&self, visit: &Visit, held: &Held, until: Timestamp) -> Result<Moved, Stop> {
        self.measure_sign_in(visit, Factor::Otp, "locked");
        self.tell(visit, held, Notice::Locked { until }, Vec::new()).await
    }

    /// A wrong answer that counts on the account. It is held back until a fixed span after it came has passed, so that how
    /// long it took to find out tells nothing (LG-01).
    async fn failed(
        &self,
        visit: &Visit,
        held: &Held,
        guess: &Guess,
        attempt: Attempt,
        what: Failed,
        begun: Instant,
    ) -> Result<Moved, Stop> {
        let failure = self.regulation.after_failure(&guess.guesser(visit), attempt, visit.now).await?;
        let mut events = vec![self.failure(visit, held, what)];
        events.extend(failure.reached.iter().map(|limit| self.limit_reached(visit, held, *limit)));
        let notice = match failure.locked_until {
            Some(until) => Notice::AccountLocked { until },
            None if what.factor == Factor::Password => Notice::NotAccepted,
            None => Notice::PasscodeNotAccepted { times: times_not_accepted(held.flow().data.notice.as_ref()) },
        };
        self.measure_sign_in(visit, what.factor, if failure.locked_until.is_some() { "locked" } else { "failure" });
        let moved = self.tell(visit, held, notice, events).await;
        tokio::time::sleep_until(begun + failure.delay.min(self.rules.longest_delay)).await;
        moved
    }

    fn limit_reached(&self, visit: &Visit, held: &Held, limit: Reached) -> AuditEvent {
        let event = self.event(EventKind::AuthLocked, visit, held.flow());
        event.with("scope", limit.scope).with("until", limit.until.rfc3339())
    }

    fn failure(&self, visit: &Visit, held: &Held, what: Failed) -> AuditEvent {
        self.event(EventKind::AuthFailure, visit, held.flow())
            .with("factor", what.factor.as_str())
            .with("reason", what.reason)
    }

    async fn guess(&self, visit: &Visit, held: &Held) -> Result<Guess, StoreError> {
        let limits = AccountLimits::from(&self.lockout(visit).await?);
        Ok(match &held.flow().user {
            Some(user) => Guess { account: Account::User(user.clone()), device: self.device_of(visit, user), limits },
            None => {
                let folded = fold_name(&held.flow().data.typed_name).unwrap_or_else(|| FoldedName::assume(""));
                Guess { account: Account::Unknown(folded), device: None, limits }
            }
        })
    }

    pub(crate) async fn lockout(&self, visit: &Visit) -> Result<Lockout, StoreError> {
        Ok(setting::<Lockout>(self.ports.settings.as_ref(), &visit.vs.id).await?.document)
    }

    /// The browser, if this user has signed in with it before.
    pub(crate) fn device_of(&self, visit: &Visit, user: &UserId) -> Option<DeviceNonce> {
        let text = visit.device.as_deref()?;
        self.devices.known(&visit.vs.id, user, text, visit.now)
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
        let token = proof.in_use_since.filter(|_| proof.factor != Factor::Passkey);
        let by_token = token.map(|_| visit.now).or(data.proofs.by_token);
        let proofs = Proofs { by_token, ..data.proofs.with(proof.factor, visit.now) };
        let proofs = self.with_terms(visit, user, proofs, &proof).await?;
        let (data, proof) = self.instead_of_push(visit, held, FlowData { proofs, ..data }, proof).await?;
        if data.provisioned.is_some() {
            return self.enrolled_by_mail(visit, held, data, proof).await;
        }
        if data.adding {
            return self.added(visit, held, data, proof).await;
        }
        match self.ahead(visit, data.return_to.as_ref(), user, proofs, data.raises.as_ref()) {
            Ahead::Enough { by } => self.admit(visit, held, data, user, proof, &by).await,
            Ahead::Prove { next, .. } => self.next_proof(visit, held, data, user, proof, next).await,
            Ahead::Closed { by } => self.closed(visit, held, data, proof, (&by, None)).await,
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
        let (step, notice) = match next {
            Factor::Password => (Step::Password, None),
            Factor::Otp | Factor::Push | Factor::Passkey => {
                let way = Way { to: data.return_to.as_ref(), user, proofs: data.proofs, raises: data.raises.as_ref() };
                let Some(otp) = self.step_to(visit, next, &way).await? else {
                    let proof = Proof { change: Change { acts, events }, ..proof };
                    return self.closed(visit, held, data, proof, (&[], Some(next))).await;
                };
                events.extend(otp.event(self, visit, held.flow()));
                (otp.step, otp.notice)
            }
        };
        let challenge = match step {
            Step::Passcode => self.challenge_for(visit, Some(&user.id)).await?,
            _ => None,
        };
        let data = FlowData { challenge, notice: notice.or(data.notice), ..data };
        // The user's row is held before any flow's, here and wherever else both are.
        let room = self.make_room(visit, user, held.flow());
        let acts = [vec![room, self.onward(visit, held, step, data)], acts].concat();
        self.commit(visit, Change { acts, events }).await?;
        if step == Step::Offered {
            self.ports.metrics.enrollment(visit.vs.id.as_str(), "offered", "shown");
        }
        Ok(Moved::ToStep { browser: None })
    }

    /// Proved, and not admitted all the same.
    pub(super) async fn closed(
        &self,
        visit: &Visit,
        held: &Held,
        data: FlowData,
        proof: Proof,
        (by, lacks): (&[PolicyId], Option<Factor>),
    ) -> Result<Moved, Stop> {
        let turned_away = self.turned_away(visit, data.return_to.as_ref(), lacks);
        let Change { acts, mut events } = proof.change;
        let mut refused = self.failure(visit, held, Failed { factor: proof.factor, reason: "access_denied" });
        refused.context.policy = by.first().map(|policy| policy.as_str().to_owned());
        events.push(refused);
        let acts = [vec![self.onward(visit, held, Step::Cancelled, data)], acts].concat();
        self.commit(visit, Change { acts, events }).await?;
        Ok(Moved::Denied(turned_away))
    }
}

fn token_locked(about: &EventContext, token: &Tried, until: Timestamp) -> AuditEvent {
    AuditEvent::new(EventKind::TokenLocked, about.clone())
        .with("serial", token.serial.as_str())
        .with("actor", "system")
        .with("from", token.state.as_str())
        .with("to", "locked")
        .with("reason", "too_many_failures")
        .with("until", until.rfc3339())
}

/// What a day's tries are counted by.
const DAY: Duration = Duration::from_hours(24);

pub(crate) fn passcode_tries(token: &CredentialId) -> MeterKey {
    MeterKey { scope: MeterScope::PasscodeTries, key: token.as_str().to_owned() }
}

pub(crate) fn passcode_tries_of_day(token: &CredentialId) -> MeterKey {
    MeterKey { scope: MeterScope::PasscodeTries, key: format!("day:{token}") }
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
