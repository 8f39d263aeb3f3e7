//! Signed in: a new session, or a higher level of the one there was, and the way on. One change with the proof.

use doorward_api::flow::OwnTask;
use doorward_api::ports::{Act, Change};
use doorward_api::session::{NewSession, SessionKind};
use doorward_api::{AuditEvent, EventKind, Factor, FlowData, PolicyId, Proofs, Session, SessionId, Step, Token, User};

use crate::sessions::Place;
use crate::signin::{Desk, Held, Proof, Stop};
use crate::tickets::Handover;
use crate::visit::{Landing, Moved, Visit};

/// The portal session that the browser walks out with.
struct Opened {
    handover: Handover,
    acts: Vec<Act>,
    events: Vec<AuditEvent>,
    /// Sessions of which nothing old may be remembered.
    forget: Vec<SessionId>,
}

impl Desk {
    pub(super) async fn admit(
        &self,
        visit: &Visit,
        held: &Held,
        data: FlowData,
        user: &User,
        proof: Proof,
        by: &[PolicyId],
    ) -> Result<Moved, Stop> {
        let cookie = Token::draw(self.ports.entropy.as_ref());
        let opened = self.opened(visit, held, user, data.proofs, &cookie).await?;
        let mut success = self.success(visit, held, &data, &proof, &opened);
        success.context.policy = by.first().map(|policy| policy.as_str().to_owned());

        let (ticket, url) = match &data.return_to {
            Some(to) => {
                let (act, url) = self.tickets.issue(&opened.handover, to, visit.now);
                (Some(act), url)
            }
            None => {
                let path = data.own.as_ref().map_or_else(|| "/".to_owned(), OwnTask::path);
                (None, format!("{}{path}", visit.vs.portal_origin))
            }
        };
        // What was needed on the way is not kept.
        let data = FlowData { code: None, ..data };
        let mut acts = vec![self.onward(visit, held, Step::Confirmed, data)];
        acts.extend(proof.change.acts);
        acts.extend(opened.acts);
        acts.extend(ticket);
        let mut events = proof.change.events;
        events.push(success);
        events.extend(opened.events);
        self.commit(visit, Change { acts, events }).await?;

        opened.forget.iter().for_each(|session| self.identities.forget_all_of(session));
        let device = self.devices.make(&visit.vs.id, &user.id, visit.now);
        Ok(Moved::SignedIn(Box::new(Landing { url, session: Some(cookie), device: Some(device) })))
    }

    /// A new id at every rise of level, and the old one dead at once (SE-02).
    async fn opened(
        &self,
        visit: &Visit,
        held: &Held,
        user: &User,
        proofs: Proofs,
        cookie: &Token,
    ) -> Result<Opened, Stop> {
        let found = self.identities.session(&visit.vs.id, Place::Portal, visit.session.as_ref(), visit.now).await?;
        let before = found.map(|(session, _)| session);
        match (&held.flow().data.raises, before, &visit.session) {
            (Some(raised), Some(session), Some(shown)) if session.id == *raised && session.user == user.id => {
                Ok(self.raised(visit, held, session, proofs, (shown, cookie)))
            }
            (Some(_), ..) => Err(Stop::Lost("session_raise")),
            (None, before, _) => Ok(self.started(visit, held, user, proofs, cookie, before)),
        }
    }

    fn raised(
        &self,
        visit: &Visit,
        held: &Held,
        session: Session,
        proofs: Proofs,
        (shown, cookie): (&Token, &Token),
    ) -> Opened {
        let proofs = proofs.merged(session.proofs);
        let act = Act::SessionRaise {
            id: session.id.clone(),
            old: shown.hash(),
            token: cookie.hash(),
            proofs,
            // The absolute end stays: a higher level is no new day.
            expires_at: session.expires_at,
        };
        let event = self.session_event(EventKind::SessionLevelRaised, visit, held, &session.id);
        Opened {
            forget: vec![session.id.clone()],
            handover: Handover { portal: session.id, user: session.user, proofs, expires_at: session.expires_at },
            acts: vec![act],
            events: vec![event],
        }
    }

    fn started(
        &self,
        visit: &Visit,
        held: &Held,
        user: &User,
        proofs: Proofs,
        cookie: &Token,
        before: Option<Session>,
    ) -> Opened {
        let id = SessionId::new(self.ports.entropy.id());
        let expires_at = visit.now + self.identities.limits().absolute;
        let start = NewSession {
            id: id.clone(),
            token: cookie.hash(),
            user: user.id.clone(),
            kind: SessionKind::Portal,
            proofs,
            expires_at,
        };
        let mut acts = vec![Act::SessionStart(start)];
        let mut events = vec![self.session_event(EventKind::SessionStarted, visit, held, &id)];
        // This browser's session of before, perhaps another user's, does not live on unseen.
        let forget: Vec<SessionId> = before.into_iter().map(|session| session.id).collect();
        for old in &forget {
            acts.push(Act::SessionEnd { id: old.clone() });
            events.push(self.session_event(EventKind::SessionEnded, visit, held, old).with("reason", "replaced"));
        }
        Opened { handover: Handover { portal: id, user: user.id.clone(), proofs, expires_at }, acts, events, forget }
    }

    fn session_event(&self, kind: EventKind, visit: &Visit, held: &Held, session: &SessionId) -> AuditEvent {
        let mut event = self.event(kind, visit, held.flow());
        event.context.session = Some(session.clone());
        event
    }

    fn success(&self, visit: &Visit, held: &Held, data: &FlowData, proof: &Proof, opened: &Opened) -> AuditEvent {
        let factors: Vec<&str> =
            Factor::ALL.into_iter().filter(|factor| data.proofs.has(*factor)).map(Factor::as_str).collect();
        let event = self
            .session_event(EventKind::AuthSuccess, visit, held, &opened.handover.portal)
            .with("factor", proof.factor.as_str())
            .with("factors", factors.join(" "));
        match &proof.serial {
            Some(serial) => event.with("serial", serial.as_str()),
            None => event,
        }
    }
}
