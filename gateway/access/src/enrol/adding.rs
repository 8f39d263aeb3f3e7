//! A second authenticator, and more where operators allow them: added on the user's own page by whoever has shown a moment ago one
//! that they have. The mailbox is not asked: whoever has somebody's password and mailbox must not come to a second factor beside
//! theirs (decision B8).
//!
//! ```text
//!  own page ──add──▶ proved a moment ago? ──yes──▶ email_verified ──▶ the wizard from W3 on ──first proof──▶ own page
//!      ▲                     │ no
//!      └── session raised ◀──┴── passcode page
//! ```
//! The session stays what it was: what a token that is new proves is proved for that token alone.

use doorward_api::credential::Credential;
use doorward_api::flow::OwnTask;
use doorward_api::ports::{Act, Change};
use doorward_api::{
    AuditEvent, CredentialId, EventKind, Flow, FlowData, FlowId, Session, Step, StoreError, Target, Token, TokenState,
    User,
};
use doorward_tokens::{Choice, NotOffered};

use super::driver::Applicant;
use super::step::Event;
use crate::own::OwnSaid;
use crate::signin::{Allowed, Beginner, Desk, Held, Proof, Stop, counted};
use crate::visit::{Moved, Visit};

impl Desk {
    /// What somebody may add beside the tokens that they have, if they prove one of them.
    pub(crate) async fn may_add(
        &self,
        visit: &Visit,
        user: &User,
        tokens: &[Credential],
    ) -> Result<Result<Allowed, NotOffered>, StoreError> {
        let states: Vec<TokenState> = tokens.iter().map(counted).collect();
        self.offer(visit, user, &states, None, true).await
    }

    /// A flow that asks for a token's proof, raises the session by it, and leads back to the page of the task.
    pub(crate) async fn prove_for(
        &self,
        visit: &Visit,
        session: &Session,
        user: &User,
        task: OwnTask,
    ) -> Result<Token, Stop> {
        let challenge = self.challenge_for(visit, Some(&user.id)).await?;
        let data = FlowData {
            proofs: session.proofs,
            challenge,
            raises: Some(session.id.clone()),
            own: Some(task),
            ..FlowData::new(user.name.as_str(), visit.language.as_str())
        };
        let told = self.may_begin(visit, Beginner::Session(&session.id)).await?;
        let (browser, flow) = self.flow_of(visit, user, Step::Passcode, data);
        let change = Change::of(self.make_room(visit, user, &flow)).and(Act::FlowStart(Box::new(flow)));
        self.commit(visit, Change { events: told.into_iter().collect(), ..change }).await?;
        Ok(browser)
    }

    /// The wizard from W3 on. Other enrolments of the user end with it, as with a right emailed code (decision A12).
    pub(crate) async fn begin_adding(&self, visit: &Visit, session: &Session, who: Applicant) -> Result<Token, Stop> {
        let told = self.may_begin(visit, Beginner::Session(&session.id)).await?;
        let data = FlowData {
            proofs: session.proofs,
            raises: Some(session.id.clone()),
            own: Some(OwnTask::Add),
            adding: true,
            ..FlowData::new(who.user.name.as_str(), visit.language.as_str())
        };
        let (browser, flow) = self.flow_of(visit, &who.user, Step::EmailVerified, data);
        let id = flow.id.clone();
        let room = self.make_room(visit, &who.user, &flow);
        self.begin_at_platforms(visit, room, flow, told, "adding").await?;
        // Where there is one platform only, there is nothing to choose.
        if let Some(target) = who.choices.only() {
            let there = Visit { browser: Some(browser.clone()), ..visit.clone() };
            self.take_only(&there, &id, &who, target).await?;
        }
        Ok(browser)
    }

    /// The one platform there is, on a flow that has just begun.
    pub(super) async fn take_only(
        &self,
        visit: &Visit,
        flow: &FlowId,
        who: &Applicant,
        target: Target,
    ) -> Result<(), Stop> {
        let Some(held) = self.hold_again(visit, flow, Step::EmailVerified).await? else { return Ok(()) };
        let fresh = CredentialId::new(self.ports.entropy.id());
        let event = Event::Chosen { choice: Some(Choice::Target(target)), choices: &who.choices, fresh: &fresh };
        self.go(visit, &held, who, event, Change::default()).await.map(drop)
    }

    /// A flow begins at the choice of platforms (W3), in place of the user's others, if there is room for it.
    pub(super) async fn begin_at_platforms(
        &self,
        visit: &Visit,
        room: Act,
        flow: Flow,
        told: Option<AuditEvent>,
        way: &'static str,
    ) -> Result<(), Stop> {
        let selected = self
            .event(EventKind::AddAuthenticatorSelected, visit, &flow)
            .with("language", visit.language.as_str())
            .with("userAgent", visit.user_agent.as_str());
        let by = Box::new(self.event(EventKind::EnrollmentSuperseded, visit, &flow).context);
        let supersede = flow.user.clone().map(|user| Act::FlowsSupersede { user, keep: flow.id.clone(), by });
        let mut change = Change::of(room);
        change.acts.extend(supersede);
        change = change.and(Act::FlowStart(Box::new(flow))).record(selected);
        change.events.extend(told);
        self.commit(visit, change).await?;
        self.ports.metrics.enrollment(visit.vs.id.as_str(), "email_verified", way);
        Ok(())
    }

    /// A flow of a user's that has not begun yet, and its browser's secret.
    pub(super) fn flow_of(&self, visit: &Visit, user: &User, step: Step, data: FlowData) -> (Token, Flow) {
        let browser = Token::draw(self.ports.entropy.as_ref());
        let flow = Flow {
            id: FlowId::new(self.ports.entropy.id()),
            browser: browser.hash(),
            user: Some(user.id.clone()),
            step,
            nonce: self.ports.entropy.id(),
            data,
            created_at: visit.now,
            expires_at: self.ends_at(None, step, visit.now),
        };
        (browser, flow)
    }

    /// The new token has given its first proof. The session stays as it is.
    pub(crate) async fn added(&self, visit: &Visit, held: &Held, data: FlowData, proof: Proof) -> Result<Moved, Stop> {
        let Change { mut acts, events } = proof.change;
        acts.insert(0, self.onward(visit, held, Step::Confirmed, data));
        self.commit(visit, Change { acts, events }).await?;
        Ok(Moved::BackToOwn { url: OwnSaid::Added.url() })
    }

    /// Out of the wizard, to the user's own page; a token that was issued on the way is destroyed.
    pub(super) async fn withdraw_from_adding<T>(&self, visit: &Visit, held: &Held, why: NotOffered) -> Result<T, Stop> {
        let event = self.event(EventKind::SelfProvisioningNotOffered, visit, held.flow()).with("reason", why.as_str());
        let change = Change::of(self.onward(visit, held, Step::Cancelled, held.data())).record(event);
        let change = self.abandon_token(visit, held, change, why.as_str()).await?;
        self.commit(visit, change).await?;
        self.ports.metrics.enrollment(visit.vs.id.as_str(), held.flow().step.as_str(), "withdrawn");
        Err(Stop::Done(Moved::BackToOwn { url: OwnSaid::NotAdded.url() }))
    }
}
