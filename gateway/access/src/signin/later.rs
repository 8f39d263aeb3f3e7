//! Enrolment that is put off: by the button on W1 until the deadline of the user's rule, or by itself while the rule has not reached
//! them. It proves nothing. Whether it opens anything is for the policies to say (`context.authn.enrolment_deferred`).

use doorward_api::StoreError;
use doorward_api::credential::Credential;
use doorward_api::flow::ReturnTo;
use doorward_api::ports::{Act, Change};
use doorward_api::settings::EnrolmentRules;
use doorward_api::{EventKind, Factor, FlowData, Proofs, Session, Step, Timestamp, Token, User, UserId};
use doorward_tokens::{NeededGrant, NotOffered, probation_until, rule_for};

use crate::settings::setting;
use crate::signin::{Ahead, Desk, DeskError, Proof, Stop};
use crate::tickets::Handover;
use crate::visit::{Landing, Moved, StepForm, Visit};

/// What became of putting enrolment off by itself.
pub(super) enum PutOff {
    /// It is done: the way on, with a new cookie.
    Now(Landing),
    /// It is not for them, or would not be enough.
    Not,
    /// The session is not what it was: look again.
    Overtaken,
}

impl Desk {
    /// What was proved, with what the user's rule says of it: a new token is on probation, and whom the rule has not reached yet
    /// needs none.
    pub(super) async fn with_terms(
        &self,
        visit: &Visit,
        user: &User,
        proofs: Proofs,
        proof: &Proof,
    ) -> Result<Proofs, StoreError> {
        let rules = setting::<EnrolmentRules>(self.ports.settings.as_ref(), &visit.vs.id).await?.document;
        if rules.rules.is_empty() {
            return Ok(Proofs { deferred_until: None, ..proofs });
        }
        if let Some(since) = proof.in_use_since {
            let until = probation_until(&rules, &user.groups, since).filter(|until| *until > visit.now);
            return Ok(Proofs { probation_until: until, deferred_until: None, ..proofs });
        }
        if proof.factor != Factor::Password {
            return Ok(Proofs { deferred_until: None, ..proofs });
        }
        Ok(match self.not_reached_until(visit, user).await? {
            Some(until) => Proofs { deferred_until: Some(until), ..proofs },
            None => proofs,
        })
    }

    /// Until when a token is on probation, by its user's rule.
    pub(crate) async fn probation_of(
        &self,
        visit: &Visit,
        user: &UserId,
        token: &Credential,
    ) -> Result<Option<Timestamp>, StoreError> {
        let rules = setting::<EnrolmentRules>(self.ports.settings.as_ref(), &visit.vs.id).await?.document;
        let (Some(since), false) = (token.activated_at, rules.rules.is_empty()) else { return Ok(None) };
        let user = self.ports.directory.get(&visit.vs.id, user).await?;
        let until = user.and_then(|user| probation_until(&rules, &user.groups, since));
        Ok(until.filter(|until| *until > visit.now))
    }

    /// Until when somebody need not enrol because their rule has not reached them: to its first day, or for as long as a session
    /// lasts. `None` when it has, or they have a token.
    async fn not_reached_until(&self, visit: &Visit, user: &User) -> Result<Option<Timestamp>, StoreError> {
        let states = self.token_states(visit, user).await?;
        let longest = visit.now + self.identities.limits().absolute;
        Ok(match self.offer(visit, user, &states, None, false).await? {
            Err(NotOffered::NotYet { begins }) => Some(begins.unwrap_or(longest)),
            _ => None,
        })
    }

    /// The button "Later": in with what was proved, where the policies let somebody in who puts it off.
    pub(super) async fn try_later(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::Offered]).await?;
        let user = self.user(visit, &held).await?.ok_or(Stop::Stale)?;
        let data = held.data();
        let until = self.later_until(visit, &user, &data).await?.ok_or(Stop::Stale)?;
        let proofs = Proofs { deferred_until: Some(until), ..data.proofs };
        let Ahead::Enough { by } = self.ahead(visit, data.return_to.as_ref(), &user, proofs, data.raises.as_ref())
        else {
            return Err(Stop::Stale);
        };
        let event = self.event(EventKind::EnrollmentDeferred, visit, held.flow()).with("until", until.rfc3339());
        let proof = Proof { change: Change::default().record(event), ..Proof::of_password() };
        let moved = self.admit(visit, &held, FlowData { proofs, ..data }, &user, proof, &by).await?;
        self.ports.metrics.enrollment(visit.vs.id.as_str(), "offered", "later");
        Ok(moved)
    }

    /// Until when somebody who stands at W1 may put it off: there is a deadline, something was proved, and the policies let them
    /// in without a token until then.
    pub(super) async fn later_until(
        &self,
        visit: &Visit,
        user: &User,
        data: &FlowData,
    ) -> Result<Option<Timestamp>, StoreError> {
        if data.proofs.is_empty() {
            return Ok(None);
        }
        let states = self.token_states(visit, user).await?;
        let Ok(allowed) = self.offer(visit, user, &states, None, false).await? else { return Ok(None) };
        let Some(until) = allowed.terms.later_until else { return Ok(None) };
        let proofs = Proofs { deferred_until: Some(until), ..data.proofs };
        let ahead = self.ahead(visit, data.return_to.as_ref(), user, proofs, data.raises.as_ref());
        Ok(matches!(ahead, Ahead::Enough { .. }).then_some(until))
    }

    /// A session that began before the user's rule was made: where it would be enough for somebody whom the rule has not
    /// reached, it is made so, with a new cookie.
    pub(super) async fn put_off_quietly(
        &self,
        visit: &Visit,
        session: &Session,
        user: &User,
        to: Option<&ReturnTo>,
    ) -> Result<PutOff, DeskError> {
        let Some(to) = to.filter(|_| !session.proofs.is_empty()) else { return Ok(PutOff::Not) };
        let Some(shown) = &visit.session else { return Ok(PutOff::Not) };
        let rules = setting::<EnrolmentRules>(self.ports.settings.as_ref(), &visit.vs.id).await?.document;
        if rules.rules.is_empty() {
            return Ok(PutOff::Not);
        }
        let Some(until) = self.not_reached_until(visit, user).await? else { return Ok(PutOff::Not) };
        let proofs = Proofs { deferred_until: Some(until), ..session.proofs };
        if !matches!(self.ahead(visit, Some(to), user, proofs, Some(&session.id)), Ahead::Enough { .. }) {
            return Ok(PutOff::Not);
        }
        let cookie = Token::draw(self.ports.entropy.as_ref());
        let raise = Act::SessionRaise {
            id: session.id.clone(),
            old: shown.hash(),
            token: cookie.hash(),
            proofs,
            expires_at: session.expires_at,
        };
        let handover =
            Handover { portal: session.id.clone(), user: session.user.clone(), proofs, expires_at: session.expires_at };
        let (ticket, url) = self.tickets.issue(&handover, to, visit.now);
        match self.commit(visit, Change::of(raise).and(ticket)).await {
            Ok(()) => {
                self.identities.forget_all_of(&session.id);
                Ok(PutOff::Now(Landing { url, session: Some(cookie), device: None }))
            }
            Err(Stop::Fault(error)) => Err(error),
            // The session is gone, or another tab has raised it and its cookie is another by now. What is remembered of this one
            // would say the same again.
            Err(_) => {
                self.identities.forget_all_of(&session.id);
                Ok(PutOff::Overtaken)
            }
        }
    }

    /// Which grant the rule for a user asks for.
    pub(crate) async fn needed_grant(&self, visit: &Visit, user: &UserId) -> Result<Option<NeededGrant>, StoreError> {
        let rules = setting::<EnrolmentRules>(self.ports.settings.as_ref(), &visit.vs.id).await?.document;
        if rules.rules.is_empty() {
            return Ok(None);
        }
        let user = self.ports.directory.get(&visit.vs.id, user).await?;
        Ok(user.and_then(|user| rule_for(&rules, &user.groups).and_then(|rule| NeededGrant::of(&rule.proof))))
    }
}
