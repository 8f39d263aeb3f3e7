//! A flow in hand: what a form must match before anything is done for it, and how a flow moves on.

use doorward_api::enrolment::Initiation;
use doorward_api::flow::{Notice, ReturnTo};
use doorward_api::ports::{Act, Change};
use doorward_api::{
    AuditEvent, CommitError, EventKind, Flow, FlowData, FlowId, PluginError, Step, StoreError, Timestamp,
};
use subtle::ConstantTimeEq;

use crate::own::{OWN_PAGE, OwnSaid};
use crate::sessions::{Place, Unclear};
use crate::signin::{Desk, DeskError};
use crate::visit::{Moved, StepForm, Visit};

/// A flow that a form has matched: this browser, this step, this nonce, in time. Only [`Desk::hold`] makes one, so
/// "changed without being asked for" does not compile.
pub(crate) struct Held {
    flow: Flow,
}

impl Held {
    /// The row as it was read.
    pub(crate) fn flow(&self) -> &Flow {
        &self.flow
    }

    /// What the flow remembers, with nothing more to say of the last try.
    pub(crate) fn data(&self) -> FlowData {
        FlowData { notice: None, ..self.flow.data.clone() }
    }
}

/// Why a form leads no further.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It does not belong to where things stand. Nothing was changed.
    Stale,
    /// An act's condition did not hold any more. Nothing was changed.
    Lost(&'static str),
    /// It has been answered already.
    Done(Moved),
    /// It could not be answered.
    Fault(DeskError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Stop::Fault(error.into())
    }
}

impl From<Unclear> for Stop {
    fn from(Unclear(error): Unclear) -> Self {
        error.into()
    }
}

impl From<PluginError> for Stop {
    fn from(error: PluginError) -> Self {
        Stop::Fault(error.into())
    }
}

impl From<CommitError> for Stop {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Lost { what, .. } => Stop::Lost(what),
            CommitError::Store(error) => Stop::Fault(error.into()),
        }
    }
}

impl Desk {
    /// Takes the flow of this browser in hand for a form, if the form belongs to where it stands.
    pub(crate) async fn hold(&self, visit: &Visit, form: &StepForm, at: &[Step]) -> Result<Held, Stop> {
        let flow = self.live_flow(visit).await?;
        let same_nonce: bool = flow.nonce.as_bytes().ct_eq(form.nonce.as_bytes()).into();
        if flow.id.as_str() != form.flow || !same_nonce || !at.contains(&flow.step) {
            return Err(Stop::Stale);
        }
        let held = Held { flow };
        self.still_raises(visit, &held).await?;
        Ok(held)
    }

    /// Takes the flow of this browser in hand wherever it stands: to end it, no page of it is too old.
    pub(crate) async fn hold_to_end(&self, visit: &Visit, form: &StepForm) -> Result<Held, Stop> {
        let flow = self.live_flow(visit).await?;
        if flow.id.as_str() == form.flow { Ok(Held { flow }) } else { Err(Stop::Stale) }
    }

    /// The same flow once more, after something that took its time; `None` when it has left the step.
    pub(crate) async fn hold_again(&self, visit: &Visit, id: &FlowId, at: Step) -> Result<Option<Held>, Stop> {
        match self.live_flow(visit).await {
            Ok(flow) if flow.id == *id && flow.step == at => Ok(Some(Held { flow })),
            Ok(_) | Err(Stop::Stale) => Ok(None),
            Err(other) => Err(other),
        }
    }

    async fn live_flow(&self, visit: &Visit) -> Result<Flow, Stop> {
        let browser = visit.browser.as_ref().ok_or(Stop::Stale)?.hash();
        let flow = self.ports.flows.flow_of_browser(&visit.vs.id, &browser, visit.now).await?.ok_or(Stop::Stale)?;
        if flow.step.ended() || flow.expires_at <= visit.now { Err(Stop::Stale) } else { Ok(flow) }
    }

    /// A flow that raises a session counts that session's proofs as its own. Once the session is over they are nobody's.
    async fn still_raises(&self, visit: &Visit, held: &Held) -> Result<(), Stop> {
        let Some(raised) = &held.flow.data.raises else { return Ok(()) };
        let found = self.identities.session(&visit.vs.id, Place::Portal, visit.session.as_ref(), visit.now).await?;
        if found.is_some_and(|(session, _)| session.id == *raised && Some(&session.user) == held.flow.user.as_ref()) {
            return Ok(());
        }
        self.commit(visit, Change::of(self.onward(visit, held, Step::Cancelled, held.data()))).await?;
        Err(Stop::Done(Moved::StartAgain { url: self.start_again(visit, &held.flow) }))
    }

    /// Moves the flow on to a page of another kind, or to the same one with other content: with a new nonce, so that forms
    /// of the page before are void.
    pub(crate) fn onward(&self, visit: &Visit, held: &Held, to: Step, data: FlowData) -> Act {
        self.moving(visit, held, to, self.ports.entropy.id(), data)
    }

    /// Keeps the flow on its page, with something more to say there.
    pub(crate) fn staying(&self, visit: &Visit, held: &Held, data: FlowData) -> Act {
        self.moving(visit, held, held.flow.step, held.flow.nonce.clone(), data)
    }

    fn moving(&self, visit: &Visit, held: &Held, to: Step, new_nonce: String, data: FlowData) -> Act {
        let flow = &held.flow;
        Act::FlowMove {
            id: flow.id.clone(),
            browser: flow.browser,
            step: flow.step,
            nonce: flow.nonce.clone(),
            to,
            new_nonce,
            user: flow.user.clone(),
            data: Box::new(data),
            expires_at: self.ends_at(Some(flow), to, visit.now),
        }
    }

    /// 15 minutes after the last step; inside the wizard, 60 minutes after it began.
    pub(crate) fn ends_at(&self, before: Option<&Flow>, to: Step, now: Timestamp) -> Timestamp {
        match before {
            Some(flow) if flow.step.enrolling() && to.enrolling() => flow.expires_at,
            _ if to.enrolling() => now + self.rules.wizard,
            _ => now + self.rules.idle,
        }
    }

    /// Stays on the page and says why. What happened is recorded even when the flow has moved on meanwhile.
    pub(crate) async fn tell(
        &self,
        visit: &Visit,
        held: &Held,
        notice: Notice,
        events: Vec<AuditEvent>,
    ) -> Result<Moved, Stop> {
        // A question is asked once: whatever was answered, the next answer is to another.
        let challenge = held.flow.data.challenge.as_ref().map(|_| self.draw_challenge(visit));
        let act = self.staying(visit, held, FlowData { notice: Some(notice), challenge, ..held.data() });
        match self.commit(visit, Change { acts: vec![act], events: events.clone() }).await {
            Err(Stop::Lost(_)) if !events.is_empty() => {
                self.commit(visit, Change { acts: Vec::new(), events }).await?;
                Err(Stop::Stale)
            }
            outcome => outcome.map(|()| Moved::ToStep { browser: None }),
        }
    }

    /// All of it, or nothing.
    pub(crate) async fn commit(&self, visit: &Visit, change: Change) -> Result<(), Stop> {
        Ok(self.ports.ledger.commit(&visit.vs.id, change, visit.now).await?)
    }

    /// Whatever became of a form, as an answer.
    pub(super) async fn settle(
        &self,
        visit: &Visit,
        form: &StepForm,
        outcome: Result<Moved, Stop>,
    ) -> Result<Moved, DeskError> {
        match outcome {
            Ok(moved) | Err(Stop::Done(moved)) => Ok(moved),
            Err(Stop::Fault(error)) => Err(error),
            Err(Stop::Lost(what)) => {
                tracing::debug!(request_id = visit.request_id, what, "a form came too late");
                self.where_things_stand(visit, form).await
            }
            Err(Stop::Stale) => self.where_things_stand(visit, form).await,
        }
    }

    /// The answer to a form that does not belong here: the current page, which says so unless it has something to say.
    async fn where_things_stand(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let here = Moved::ToStep { browser: None };
        let Some(browser) = &visit.browser else { return Ok(here) };
        let flow = self.ports.flows.flow_of_browser(&visit.vs.id, &browser.hash(), visit.now).await?;
        let Some(flow) = flow else { return Ok(self.carried_on(visit, form).unwrap_or(here)) };
        if flow.step == Step::Confirmed {
            // A last form sent twice, or from another tab: its session is there already, and leads on to the page first asked for.
            return Ok(Moved::GoOn { url: self.start_again(visit, &flow) });
        }
        if flow.step.ended() || flow.expires_at <= visit.now || flow.data.notice.is_some() {
            return Ok(here);
        }
        let held = Held { flow };
        match self.tell(visit, &held, Notice::StaleForm, Vec::new()).await {
            Err(Stop::Fault(error)) => Err(error),
            // Lost: somebody has moved on in the meantime, and the page says the newest by itself.
            _ => Ok(here),
        }
    }

    /// Where a form was going whose flow nobody remembers any more: it carries that itself.
    fn carried_on(&self, visit: &Visit, form: &StepForm) -> Option<Moved> {
        let sealed = form.return_to.as_ref()?;
        self.returns.open(&visit.vs, sealed, visit.now)?;
        Some(Moved::GoOn { url: format!("/signin?return={sealed}") })
    }

    /// `/signin` with the same destination; or the user's own page, where it was begun there.
    pub(crate) fn start_again(&self, visit: &Visit, flow: &Flow) -> String {
        match &flow.data.own {
            Some(_) if flow.data.adding && flow.step == Step::Confirmed => return OwnSaid::Added.url(),
            Some(_) => return OWN_PAGE.to_owned(),
            None => {}
        }
        self.signin_to(visit, flow.data.return_to.as_ref())
    }

    /// `/signin` on the way to a page.
    pub(crate) fn signin_to(&self, visit: &Visit, to: Option<&ReturnTo>) -> String {
        let sealed = to.and_then(|to| self.returns.seal(&visit.vs, to, visit.now));
        Self::signin_url(sealed.as_deref())
    }

    /// An event of a flow.
    pub(crate) fn event(&self, kind: EventKind, visit: &Visit, flow: &Flow) -> AuditEvent {
        let event = AuditEvent::new(kind, visit.at_step_of(flow));
        let event = if flow.data.adding { event.with("additional", true) } else { event };
        let Some(task) = flow.data.provisioned else { return event };
        let (initiation, initiator) = match (&flow.data.by_rule, &flow.data.by_operator) {
            (Some(rule), _) => (Initiation::Rule, Some(rule)),
            (None, operator) => (Initiation::ProvisioningEmail, operator.as_ref()),
        };
        let event = event.with("initiatedBy", initiation.as_str()).with("taskId", task);
        match initiator {
            Some(name) => event.with("initiator", name.as_str()),
            None => event,
        }
    }
}
