//! Ways out: signing out, cancelling a sign-in, switching the user.

use doorward_api::ports::{Act, Change};
use doorward_api::session::SessionKind;
use doorward_api::{AuditEvent, EventContext, EventKind, Session, SessionId, Step, StoreError};
use doorward_tokens::TokenEvent;

use crate::own::OWN_PAGE;
use crate::signin::{Desk, DeskError, Held, Stop};
use crate::visit::{Moved, StepForm, Visit};

/// Why a token ends with its user's sign-in.
const CANCELLED: &str = "cancelled";

impl Desk {
    pub(crate) async fn end_session(&self, visit: &Visit) -> Result<Option<SessionId>, DeskError> {
        let Some(session) = self.own_session(visit).await? else { return Ok(None) };
        let change = Change::of(Act::SessionEnd { id: session.id.clone() })
            .record(ended(visit, &session).with("reason", "signed_out"));
        match self.commit(visit, change).await {
            Err(Stop::Fault(error)) => return Err(error),
            // Ending is never lost: a session that is gone is ended.
            Ok(()) | Err(_) => self.identities.forget_all_of(&session.id),
        }
        Ok(Some(session.id))
    }

    /// The portal session of this browser, straight from the store: a sign-out that cannot be carried out must not look as
    /// if there had been nothing to sign out of.
    async fn own_session(&self, visit: &Visit) -> Result<Option<Session>, StoreError> {
        let Some(token) = &visit.session else { return Ok(None) };
        let idle = self.identities.limits().idle;
        let found = self.ports.sessions.session(&visit.vs.id, &token.hash(), idle, visit.now).await?;
        Ok(found.filter(|session| session.kind == SessionKind::Portal))
    }

    pub(crate) async fn try_cancel(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = match self.hold_to_end(visit, form).await {
            Err(Stop::Stale) => return self.leave_what_is_done(visit, form).await,
            held => held?,
        };
        let begun_on_own_page = held.flow().data.own.is_some();
        self.give_up(visit, &held, begun_on_own_page || held.flow().data.provisioned.is_some()).await?;
        if begun_on_own_page {
            return Ok(Moved::BackToOwn { url: OWN_PAGE.to_owned() });
        }
        Ok(Moved::Cancelled { start_again: self.start_again(visit, held.flow()) })
    }

    pub(crate) async fn try_switch_user(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = match self.hold_to_end(visit, form).await {
            Err(Stop::Stale) => return self.leave_what_is_done(visit, form).await,
            held => held?,
        };
        self.give_up(visit, &held, false).await?;
        let url = match held.flow().data.own {
            Some(_) => "/signin".to_owned(),
            None => self.start_again(visit, held.flow()),
        };
        Ok(Moved::StartAgain { url })
    }

    /// A tab was left at a step, and another has signed in meanwhile: what that button of it can still do is sign out. Nothing else
    /// that is too old ends anything.
    async fn leave_what_is_done(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let browser = visit.browser.as_ref().ok_or(Stop::Stale)?.hash();
        let flow = self.ports.flows.flow_of_browser(&visit.vs.id, &browser, visit.now).await?.ok_or(Stop::Stale)?;
        let led_in = flow.step == Step::Confirmed && flow.data.own.is_none() && flow.data.provisioned.is_none();
        if !led_in || flow.id.as_str() != form.flow {
            return Err(Stop::Stale);
        }
        self.end_session(visit).await.map_err(Stop::Fault)?;
        Ok(Moved::StartAgain { url: self.start_again(visit, &flow) })
    }

    /// Ends the flow, the token that it has issued but not proved, and the browser's session: the button says "Cancel and sign
    /// out", and another user must not find the session of the one before. What was begun on the user's own page leaves them
    /// signed in, unless they switch the user.
    async fn give_up(&self, visit: &Visit, held: &Held, stays: bool) -> Result<(), Stop> {
        let step = held.flow().step;
        let mut change = Change::of(self.onward(visit, held, Step::Cancelled, held.data()));
        if step.enrolling() {
            let cancelled = self.event(EventKind::EnrollmentCancelled, visit, held.flow());
            change = change.record(cancelled.with("lastStep", step.as_str()));
        }
        let withdrawn = self.without_push(visit, held.flow(), CANCELLED).await?;
        change.acts.extend(withdrawn.acts);
        change.events.extend(withdrawn.events);
        change = self.abandon_token(visit, held, change, CANCELLED).await?;
        let session = if stays { None } else { self.own_session(visit).await? };
        if let Some(session) = &session {
            change = change
                .and(Act::SessionEnd { id: session.id.clone() })
                .record(ended(visit, session).with("reason", "cancelled"));
        }
        self.commit(visit, change).await?;
        if let Some(session) = session {
            self.identities.forget_all_of(&session.id);
        }
        if step.enrolling() {
            self.ports.metrics.enrollment(visit.vs.id.as_str(), step.as_str(), "cancelled");
        }
        Ok(())
    }

    /// Adds the end of a token that was issued in this flow and never proved.
    pub(crate) async fn abandon_token(
        &self,
        visit: &Visit,
        held: &Held,
        change: Change,
        reason: &'static str,
    ) -> Result<Change, Stop> {
        let Some(id) = &held.flow().data.credential else { return Ok(change) };
        let Some(token) = self.ports.credentials.credential(&visit.vs.id, id).await? else { return Ok(change) };
        let Ok(to) = doorward_tokens::next(Some(token.state), TokenEvent::Abandon) else { return Ok(change) };
        let revoked = self
            .event(EventKind::TokenRevoked, visit, held.flow())
            .with("serial", token.serial)
            .with("from", token.state.as_str())
            .with("to", to.as_str())
            .with("actor", if reason == CANCELLED { "user" } else { "system" })
            .with("reason", reason);
        let act = Act::CredentialState { id: id.clone(), from: TokenEvent::Abandon.sources(), to };
        Ok(change.and(act).record(revoked))
    }
}

fn ended(visit: &Visit, session: &Session) -> AuditEvent {
    AuditEvent::new(
        EventKind::SessionEnded,
        EventContext {
            address: Some(visit.address),
            user: Some(session.user.clone()),
            session: Some(session.id.clone()),
            request_id: Some(visit.request_id.clone()),
            ..EventContext::default()
        },
    )
}
