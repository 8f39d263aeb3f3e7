//! Signing in by a passkey, where the policies ask for one or are content with it.
//!
//! It is offered after the right password only, for everybody alike: whether somebody has a passkey must tell a stranger
//! nothing (decision A19), and a policy that asks for no password would tell it by the first page that it shows.
//!
//! The browser is asked a question that is made of the flow and of the nonce of its step. Both are random and good in one
//! browser only; every answer that was wrong moves the flow on to another nonce, and one that was right leads away from the
//! step. So each question is answered once, and nothing has to be kept of it.

use doorward_api::credential::Credential;
use doorward_api::flow::{Notice, ReturnTo};
use doorward_api::passkey::{PasskeyChallenge, Passkeys, RelyingParty};
use doorward_api::ports::{Act, Change};
use doorward_api::screen::PasskeyView;
use doorward_api::{
    CredentialId, EventKind, Factor, Flow, FlowData, Proofs, Secret, SessionId, Step, StoreError, TokenForm,
    TokenState, User, UserId,
};
use doorward_tokens::TokenEvent;

use crate::signin::ahead::OtpStep;
use crate::signin::{Ahead, Desk, DeskError, Held, Look, Proof, Stop};
use crate::site::VirtualServer;
use crate::visit::{Moved, StepForm, TurnedAway, Visit};

/// What the question begins with, so that its digest is used for nothing else.
const QUESTION: &[u8] = b"doorward sign-in by passkey\0";

/// What the serial number of every passkey begins with.
const SERIAL: &str = "PK-";

/// So many bytes of the digest stand in a serial number: sixteen characters.
const SERIAL_BYTES: usize = 10;

/// On the way to a page: who, with which proofs.
pub(crate) struct Way<'a> {
    /// The page; `None` is the portal itself.
    pub(crate) to: Option<&'a ReturnTo>,
    /// Who.
    pub(crate) user: &'a User,
    /// What is proved.
    pub(crate) proofs: Proofs,
    /// The session that is raised, if one is.
    pub(crate) raises: Option<&'a SessionId>,
}

impl<'a> Way<'a> {
    /// Of a flow.
    fn of(data: &'a FlowData, user: &'a User) -> Self {
        Self { to: data.return_to.as_ref(), user, proofs: data.proofs, raises: data.raises.as_ref() }
    }
}

/// Why an answer was not accepted.
enum Refused {
    /// The check that failed, for the log.
    Wrong(String),
    /// It was right, and somebody else may have a copy.
    Cloned(Box<Credential>),
}

impl Proof {
    /// A passkey. It is no token: what a token proves it does not.
    fn of_passkey(passkey: &Credential, change: Change) -> Self {
        let in_use_since = Some(passkey.activated_at.unwrap_or(passkey.created_at));
        Self { factor: Factor::Passkey, serial: Some(passkey.serial.clone()), in_use_since, change }
    }
}

/// The portal as browsers know it.
pub(crate) fn party(vs: &VirtualServer) -> RelyingParty<'_> {
    RelyingParty { id: &vs.portal_host, origin: &vs.portal_origin }
}

/// The serial number of the passkey that browsers know by this id: whoever has the id finds the row, and no row of a virtual
/// server has the number of another.
pub(crate) fn serial_of(lookup: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, lookup.as_bytes());
    let part = digest.as_ref().get(..SERIAL_BYTES).unwrap_or_default();
    format!("{SERIAL}{}", data_encoding::BASE32_NOPAD.encode(part))
}

/// The question that the page of a flow asks.
fn challenge(flow: &Flow) -> PasskeyChallenge {
    let text = [QUESTION, flow.id.as_str().as_bytes(), b"\0", flow.nonce.as_bytes()].concat();
    let digest = ring::digest::digest(&ring::digest::SHA256, &text);
    let mut challenge = PasskeyChallenge::default();
    challenge.copy_from_slice(digest.as_ref());
    challenge
}

/// Tries are counted for a user, since whoever guesses has no passkey that they could be counted by.
pub(crate) fn tries(user: &UserId) -> CredentialId {
    CredentialId::new(format!("passkeys:{user}"))
}

impl Desk {
    /// Who makes and checks passkeys.
    pub(crate) fn passkeys(&self) -> Option<(&'static str, &dyn Passkeys)> {
        self.plugins.iter().find_map(|(id, plugin)| plugin.passkeys().map(|passkeys| (*id, passkeys)))
    }

    /// A user's passkeys, those that are held as well, oldest first.
    pub(crate) async fn passkeys_of(&self, visit: &Visit, user: &UserId) -> Result<Vec<Credential>, StoreError> {
        let mut theirs = self.owned(visit, user).await?;
        theirs.retain(|one| one.form == TokenForm::Passkey);
        Ok(theirs)
    }

    /// Whether a passkey of the user's would be enough.
    async fn passkey_admits(&self, visit: &Visit, way: &Way<'_>) -> Result<bool, StoreError> {
        if !way.proofs.has(Factor::Password) || way.to.is_none() || self.passkeys().is_none() {
            return Ok(false);
        }
        let with = way.proofs.with(Factor::Passkey, visit.now);
        match self.ahead(visit, way.to, way.user, with, way.raises) {
            Ahead::Enough { .. } => {
                let theirs = self.passkeys_of(visit, &way.user.id).await?;
                Ok(theirs.iter().any(|one| one.state == TokenState::Active))
            }
            Ahead::Prove { .. } | Ahead::Closed { .. } => Ok(false),
        }
    }

    /// The page for whatever must be proved next after the password. Whoever has a passkey that would be enough is asked for it
    /// rather than sent to another authenticator (decision A18). `None` is a blind alley.
    pub(super) async fn step_to(&self, visit: &Visit, next: Factor, way: &Way<'_>) -> Result<Option<OtpStep>, Stop> {
        let otherwise = match next {
            Factor::Password => return Ok(None),
            Factor::Otp => Some(self.otp_step(visit, Some(way.user)).await?),
            Factor::Push => self.push_step(visit, way.user).await?,
            Factor::Passkey => None,
        };
        match otherwise {
            Some(otp) if otp.step == Step::Passcode => Ok(Some(otp)),
            _ if self.passkey_admits(visit, way).await? => {
                Ok(Some(OtpStep { step: Step::Passcode, notice: None, record: None }))
            }
            otherwise => Ok(otherwise),
        }
    }

    /// Whether somebody signed in with a password is in a blind alley on their way.
    pub(super) async fn is_blind_alley(&self, visit: &Visit, next: Factor, way: &Way<'_>) -> Result<bool, DeskError> {
        if !matches!(next, Factor::Push | Factor::Passkey) {
            return Ok(false);
        }
        match self.step_to(visit, next, way).await {
            Ok(step) => Ok(step.is_none()),
            Err(Stop::Fault(error)) => Err(error),
            Err(_) => Ok(true),
        }
    }

    /// What is said to somebody who lacks `lacks` and is let in by nothing else.
    pub(super) fn turned_away(&self, visit: &Visit, to: Option<&ReturnTo>, lacks: Option<Factor>) -> TurnedAway {
        TurnedAway {
            app_name: Self::app_name(visit, to).unwrap_or_default(),
            lacks_passkey: lacks == Some(Factor::Passkey) && self.passkeys().is_some(),
        }
    }

    /// What the page of a flow asks the browser with, where a passkey is offered there. A task of the user's own page is none of
    /// it: there one of their tokens is asked for.
    pub(super) async fn passkey_view(&self, visit: &Visit, flow: &Flow) -> Result<Option<PasskeyView>, DeskError> {
        let Some((_, passkeys)) = self.passkeys() else { return Ok(None) };
        let Some(user) = self.user_on_page(visit, flow).await? else { return Ok(None) };
        let way = Way::of(&flow.data, &user);
        if !self.passkey_admits(visit, &way).await? {
            return Ok(None);
        }
        let now = self.ahead(visit, way.to, way.user, way.proofs, way.raises);
        let options = passkeys.request_options(&party(&visit.vs), &challenge(flow));
        let alone = matches!(now, Ahead::Prove { next: Factor::Passkey, .. });
        Ok(Some(PasskeyView { options: options.to_string(), alone }))
    }

    async fn user_on_page(&self, visit: &Visit, flow: &Flow) -> Result<Option<User>, StoreError> {
        let asked = flow.step == Step::Passcode && flow.data.own.is_none();
        let Some(id) = flow.user.as_ref().filter(|_| asked) else { return Ok(None) };
        Ok(self.ports.directory.get(&visit.vs.id, id).await?.filter(|user| !user.disabled))
    }

    pub(super) async fn try_passkey(&self, visit: &Visit, form: &StepForm, answer: &Secret) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::Passcode]).await?;
        let user = self.user_on_page(visit, held.flow()).await?.ok_or(Stop::Stale)?;
        if !self.passkey_admits(visit, &Way::of(&held.flow().data, &user)).await? {
            return Err(Stop::Stale);
        }
        let (meter, lockout) = (tries(&user.id), self.lockout(visit).await?);
        if let Look::Wait(until) = self.look_at_token(visit, &meter, &lockout).await? {
            self.measure_sign_in(visit, Factor::Passkey, "locked");
            return self.passkey_refused(visit, &held, Notice::Locked { until }, Change::default()).await;
        }
        match self.check_passkey(visit, held.flow(), &user.id, answer).await? {
            Ok((passkey, change)) => {
                let proof = Proof::of_passkey(&passkey, change);
                let moved = self.proved(visit, &held, held.data(), &user, proof).await?;
                self.forget_tries(visit, &meter).await;
                self.measure_sign_in(visit, Factor::Passkey, "success");
                Ok(moved)
            }
            Err(refused) => {
                self.measure_sign_in(visit, Factor::Passkey, "failure");
                let last = self.was_the_last(visit, &held, &user, &refused).await?;
                let change = self.refusal(visit, &held, refused);
                match last {
                    Some(passkey) => {
                        let proof = Proof::of_passkey(&passkey, change);
                        self.closed(visit, &held, held.data(), proof, (&[], Some(Factor::Passkey))).await
                    }
                    None => self.passkey_refused(visit, &held, Notice::PasskeyNotAccepted, change).await,
                }
            }
        }
    }

    /// Whose passkey it is, and whether it is right: with what keeps that it was used. Unknown, another's and wrong look alike.
    async fn check_passkey(
        &self,
        visit: &Visit,
        flow: &Flow,
        user: &UserId,
        answer: &Secret,
    ) -> Result<Result<(Credential, Change), Refused>, Stop> {
        let wrong = |reason: &str| Ok(Err(Refused::Wrong(reason.to_owned())));
        let Some((plugin, passkeys)) = self.passkeys() else { return wrong("there are no passkeys here") };
        let asserted = match passkeys.whose(answer.expose()) {
            Ok(asserted) => asserted,
            Err(fault) => return wrong(&fault.reason),
        };
        let serial = serial_of(&asserted.credential_id);
        let found = self.ports.credentials.credential_by_serial(&visit.vs.id, &serial).await?;
        let usable = |one: &Credential| one.plugin == plugin && one.user == *user && one.state == TokenState::Active;
        let Some(passkey) = found.filter(usable) else { return wrong("it is none of the user's") };
        if passkeys.user_handle(user) != asserted.user_handle {
            return wrong("it was made for another user");
        }
        match passkeys.verify(&passkey.opened, &party(&visit.vs), &challenge(flow), answer.expose()) {
            Ok(right) if right.cloned => Ok(Err(Refused::Cloned(Box::new(passkey)))),
            Ok(right) => {
                let (id, version) = (passkey.id.clone(), passkey.version);
                let used = Change::of(Act::CredentialUse { id, version, opened: right.updated });
                Ok(Ok((passkey, used)))
            }
            Err(fault) => wrong(&fault.reason),
        }
    }

    /// The passkey that is held from now on, where nothing else would let its user in: the page would have nothing to ask for.
    async fn was_the_last(
        &self,
        visit: &Visit,
        held: &Held,
        user: &User,
        refused: &Refused,
    ) -> Result<Option<Credential>, StoreError> {
        let Refused::Cloned(passkey) = refused else { return Ok(None) };
        let way = Way::of(&held.flow().data, user);
        let now = self.ahead(visit, way.to, way.user, way.proofs, way.raises);
        let theirs = self.passkeys_of(visit, &user.id).await?;
        let another = theirs.iter().any(|one| one.id != passkey.id && one.state == TokenState::Active);
        let last = !another && matches!(now, Ahead::Prove { next: Factor::Passkey, .. });
        Ok(last.then(|| passkey.as_ref().clone()))
    }

    /// What becomes of an answer that was not accepted. A passkey that may have a copy is held until an operator has looked into
    /// it, as a token is whose bytes were changed.
    fn refusal(&self, visit: &Visit, held: &Held, refused: Refused) -> Change {
        let failure = |reason: &'static str| {
            let event = self.event(EventKind::AuthFailure, visit, held.flow());
            event.with("factor", Factor::Passkey.as_str()).with("reason", reason)
        };
        match refused {
            Refused::Wrong(reason) => {
                tracing::info!(request_id = visit.request_id, reason, "a passkey was not accepted");
                Change::only(failure("passkey"))
            }
            Refused::Cloned(passkey) => {
                let (from, to) = (TokenEvent::Suspend.sources(), TokenState::Suspended);
                let suspended = self
                    .event(EventKind::TokenSuspended, visit, held.flow())
                    .with("serial", passkey.serial.as_str())
                    .with("actor", "system")
                    .with("from", passkey.state.as_str())
                    .with("to", to.as_str())
                    .with("reason", "cloned");
                Change::of(Act::CredentialState { id: passkey.id, from, to })
                    .record(failure("cloned"))
                    .record(suspended)
            }
        }
    }

    /// Stays on the page, which asks another question from now on. Records stand even where the flow has moved on meanwhile.
    async fn passkey_refused(&self, visit: &Visit, held: &Held, notice: Notice, change: Change) -> Result<Moved, Stop> {
        let data = FlowData { notice: Some(notice), ..held.data() };
        let onward = self.onward(visit, held, Step::Passcode, data);
        let Change { acts, events } = change;
        let whole = Change { acts: [vec![onward], acts.clone()].concat(), events: events.clone() };
        match self.commit(visit, whole).await {
            Err(Stop::Lost("flow_move")) if !events.is_empty() => {
                self.commit(visit, Change { acts, events }).await?;
                Err(Stop::Stale)
            }
            outcome => outcome.map(|()| Moved::ToStep { browser: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_is_found_by_the_id_that_browsers_know_it_by() {
        let serial = serial_of("AQIDBA");
        assert_eq!((serial.len(), serial.starts_with("PK-")), (19, true));
        assert_eq!(serial, serial_of("AQIDBA"));
        assert_ne!(serial, serial_of("AQIDBB"));
    }
}
