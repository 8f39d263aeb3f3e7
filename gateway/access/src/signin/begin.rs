//! How a sign-in begins: `GET /signin`, and the user name.

use doorward_api::flow::{Notice, ReturnTo};
use doorward_api::ports::{Act, Change};
use doorward_api::{
    AuditEvent, Factor, Flow, FlowData, FlowId, FormIds, Principal, Proofs, Screen, ScreenPage, Session, SessionId,
    Step, Token, User,
};

use crate::names::fold_name;
use crate::sessions::Place;
use crate::signin::later::PutOff;
use crate::signin::passkey::Way;
use crate::signin::room::Beginner;
use crate::signin::{Ahead, Desk, DeskError, Stop};
use crate::tickets::Handover;
use crate::visit::{Landing, Moved, Opening, Visit};

/// Longer names are nobody's, and are not kept.
const LONGEST_NAME: usize = 256;

/// A flow to be.
struct Beginning {
    typed_name: String,
    user: Option<User>,
    to: Option<ReturnTo>,
    proofs: Proofs,
    raises: Option<SessionId>,
    next: Factor,
    need: Vec<Factor>,
    /// What beginning it is recorded with.
    told: Option<AuditEvent>,
}

impl Desk {
    pub(super) async fn try_open(
        &self,
        visit: &Visit,
        sealed: Option<&str>,
        remembered: Option<String>,
    ) -> Result<Opening, DeskError> {
        let to = sealed.and_then(|sealed| self.returns.open(&visit.vs, sealed, visit.now));
        let found = self.identities.session(&visit.vs.id, Place::Portal, visit.session.as_ref(), visit.now).await?;
        let turned_away = |lacks| Opening::Denied(self.turned_away(visit, to.as_ref(), lacks));
        let Some((session, principal)) = found else {
            if self.under_way(visit, to.as_ref(), None).await? {
                return Ok(Opening::Resume);
            }
            return Ok(match self.ahead_of_anybody(visit, to.as_ref()) {
                Ahead::Closed { .. } => turned_away(None),
                _ => Opening::Ask(Box::new(name_page(visit, sealed, to.as_ref(), remembered, None))),
            });
        };
        let user = user_of(&principal);
        match self.ahead(visit, to.as_ref(), &user, session.proofs, Some(&session.id)) {
            Ahead::Enough { .. } => match to {
                Some(to) if to.sent_something() => Ok(Opening::NotReceived { url: self.look_at(visit, to) }),
                to => self.enough(visit, &session, to.as_ref()).await,
            },
            Ahead::Closed { .. } => Ok(turned_away(None)),
            Ahead::Prove { .. } if self.under_way(visit, to.as_ref(), Some(&session.id)).await? => Ok(Opening::Resume),
            Ahead::Prove { next, need } => match self.put_off_quietly(visit, &session, &user, to.as_ref()).await? {
                PutOff::Now(landing) => Ok(Opening::Enough(Box::new(landing))),
                PutOff::Overtaken => Ok(Opening::Again { url: Self::signin_url(sealed) }),
                PutOff::Not if self.is_blind_alley(visit, next, &way(&user, to.as_ref(), &session)).await? => {
                    Ok(turned_away(Some(next)))
                }
                PutOff::Not => self.raise(visit, session, user, to, next, need).await,
            },
        }
    }

    /// Where a sign-in to there begins.
    pub(super) fn signin_url(sealed: Option<&str>) -> String {
        sealed.map_or_else(|| "/signin".to_owned(), |sealed| format!("/signin?return={sealed}"))
    }

    /// The session is enough: straight on, with a ticket where another host is meant.
    async fn enough(&self, visit: &Visit, session: &Session, to: Option<&ReturnTo>) -> Result<Opening, DeskError> {
        let Some(to) = to else {
            let url = format!("{}/", visit.vs.portal_origin);
            return Ok(Opening::Enough(Box::new(Landing { url, session: None, device: None })));
        };
        let handover = Handover {
            portal: session.id.clone(),
            user: session.user.clone(),
            proofs: session.proofs,
            expires_at: session.expires_at,
        };
        let (act, url) = self.tickets.issue(&handover, to, visit.now);
        match self.commit(visit, Change::of(act)).await {
            Err(Stop::Fault(error)) => Err(error),
            // Putting a random value cannot be lost; if it ever were, the ticket would open nothing, and the application
            // would send the browser here again.
            _ => Ok(Opening::Enough(Box::new(Landing { url, session: None, device: None }))),
        }
    }

    /// The way on to a page for somebody who was told that what they had sent there is lost.
    fn look_at(&self, visit: &Visit, to: ReturnTo) -> String {
        let path = to.path_and_query.split('?').next().unwrap_or("/").to_owned();
        let look = ReturnTo { path, method: "GET".to_owned(), ..to };
        self.signin_to(visit, Some(&look))
    }

    /// Whether this browser is in the middle of a flow to the same place (SP 3.4: a second tab joins it).
    async fn under_way(
        &self,
        visit: &Visit,
        to: Option<&ReturnTo>,
        raises: Option<&SessionId>,
    ) -> Result<bool, DeskError> {
        let Some(browser) = &visit.browser else { return Ok(false) };
        let flow = self.ports.flows.flow_of_browser(&visit.vs.id, &browser.hash(), visit.now).await?;
        Ok(flow.is_some_and(|flow| {
            let live = !flow.step.ended() && flow.expires_at > visit.now;
            live && flow.data.raises.as_ref() == raises && same_place(&flow, to)
        }))
    }

    /// The session must be raised: a flow begins with the name known.
    async fn raise(
        &self,
        visit: &Visit,
        session: Session,
        user: User,
        to: Option<ReturnTo>,
        next: Factor,
        need: Vec<Factor>,
    ) -> Result<Opening, DeskError> {
        let told = match self.may_begin(visit, Beginner::Session(&session.id)).await {
            Ok(told) => told,
            Err(Stop::Fault(error)) => return Err(error),
            Err(_) => return Ok(Opening::Resume),
        };
        let beginning = Beginning {
            typed_name: user.name.clone(),
            user: Some(user),
            to,
            proofs: session.proofs,
            raises: Some(session.id),
            next,
            need,
            told,
        };
        match self.begin(visit, beginning).await {
            Ok(browser) => Ok(Opening::Raise { browser }),
            Err(Stop::Fault(error)) => Err(error),
            // A new row with random ids cannot be lost; looking again finds out what is.
            Err(_) => Ok(Opening::Resume),
        }
    }

    pub(super) async fn try_name(&self, visit: &Visit, sealed: Option<&str>, username: &str) -> Result<Moved, Stop> {
        let to = sealed.and_then(|sealed| self.returns.open(&visit.vs, sealed, visit.now));
        let ask = |notice| Moved::Ask(Box::new(name_page(visit, sealed, to.as_ref(), None, Some(notice))));
        let typed_name: String = username.trim().chars().take(LONGEST_NAME).collect();
        if typed_name.is_empty() {
            return Ok(ask(Notice::Empty));
        }
        let (next, need) = match self.ahead_of_anybody(visit, to.as_ref()) {
            Ahead::Prove { next, need } => (next, need),
            _ => return Ok(Moved::Denied(self.turned_away(visit, to.as_ref(), None))),
        };
        let user = match fold_name(username) {
            Some(folded) => self.ports.directory.find(&visit.vs.id, &folded).await?,
            None => None,
        };
        let told = self.may_begin(visit, Beginner::Named(user.as_ref())).await?;
        let (next, need) = self.own_way(visit, to.as_ref(), user.as_ref()).unwrap_or((next, need));
        let beginning = Beginning { typed_name, user, to, proofs: Proofs::NONE, raises: None, next, need, told };
        let browser = self.begin(visit, beginning).await?;
        Ok(Moved::ToStep { browser: Some(browser) })
    }

    /// What the policies ask of this user in particular. Whom they refuse walks everybody's way, so that it tells nothing.
    fn own_way(&self, visit: &Visit, to: Option<&ReturnTo>, user: Option<&User>) -> Option<(Factor, Vec<Factor>)> {
        match self.ahead(visit, to, user?, Proofs::NONE, None) {
            Ahead::Prove { next, need } => Some((next, need)),
            Ahead::Enough { .. } | Ahead::Closed { .. } => None,
        }
    }

    /// Writes the new flow and returns its cookie.
    async fn begin(&self, visit: &Visit, from: Beginning) -> Result<Token, Stop> {
        let usable = from.user.as_ref().filter(|user| !user.disabled);
        let otp = match (from.next, usable) {
            (Factor::Otp, None) => Some(self.otp_step(visit, None).await?),
            (next, Some(user)) => {
                let way = Way { to: from.to.as_ref(), user, proofs: from.proofs, raises: from.raises.as_ref() };
                self.step_to(visit, next, &way).await?
            }
            _ => None,
        };
        let step = otp.as_ref().map_or(Step::Password, |otp| otp.step);
        // Whoever has typed a name has been told there.
        let lost = from.raises.as_ref().and_then(|_| not_received(from.to.as_ref()));
        let notice = otp.as_ref().and_then(|otp| otp.notice.clone()).or(lost);
        let challenge = match step {
            Step::Passcode => self.challenge_for(visit, usable.map(|user| &user.id)).await?,
            _ => None,
        };
        let browser = Token::draw(self.ports.entropy.as_ref());
        let flow = Flow {
            id: FlowId::new(self.ports.entropy.id()),
            browser: browser.hash(),
            user: from.user.as_ref().map(|user| user.id.clone()),
            step,
            nonce: self.ports.entropy.id(),
            data: FlowData {
                return_to: from.to,
                need: from.need,
                proofs: from.proofs,
                notice,
                challenge,
                raises: from.raises,
                ..FlowData::new(from.typed_name, visit.language.as_str())
            },
            created_at: visit.now,
            expires_at: self.ends_at(None, step, visit.now),
        };
        let offered = otp.and_then(|otp| otp.event(self, visit, &flow));
        let events = from.told.into_iter().chain(offered).collect();
        // What a session has proved is proved here from the beginning.
        let proved = from.user.as_ref().filter(|_| !flow.data.proofs.is_empty());
        let mut acts: Vec<Act> = proved.map(|user| self.make_room(visit, user, &flow)).into_iter().collect();
        acts.push(Act::FlowStart(Box::new(flow)));
        self.commit(visit, Change { acts, events }).await?;
        if step == Step::Offered {
            self.ports.metrics.enrollment(visit.vs.id.as_str(), "offered", "shown");
        }
        Ok(browser)
    }
}

/// Where somebody signed in stands on their way.
fn way<'a>(user: &'a User, to: Option<&'a ReturnTo>, session: &'a Session) -> Way<'a> {
    Way { to, user, proofs: session.proofs, raises: Some(&session.id) }
}

/// In the wizard a second tab joins for any page of the application; before it, only for the very same page.
fn same_place(flow: &Flow, to: Option<&ReturnTo>) -> bool {
    match (&flow.data.return_to, to) {
        // What was begun on the user's own page is none of it.
        (None, None) => flow.data.own.is_none() && flow.data.provisioned.is_none(),
        (Some(there), Some(to)) => {
            let same_browser = there.app == to.app && there.hop == to.hop;
            same_browser && (flow.step.enrolling() || there.path_and_query == to.path_and_query)
        }
        _ => false,
    }
}

/// The user behind a session, as the policies see them.
fn user_of(principal: &Principal) -> User {
    User {
        id: principal.user.clone(),
        name: principal.name.clone(),
        display_name: principal.display_name.clone(),
        email: principal.email.clone(),
        // A session of a disabled user is not found at all.
        disabled: false,
        groups: principal.groups.clone(),
    }
}

/// What there is to say to somebody whose form was lost.
fn not_received(to: Option<&ReturnTo>) -> Option<Notice> {
    to.filter(|to| to.sent_something()).map(|_| Notice::NotReceived)
}

/// W0.
fn name_page(
    visit: &Visit,
    sealed: Option<&str>,
    to: Option<&ReturnTo>,
    remembered: Option<String>,
    notice: Option<Notice>,
) -> Screen {
    Screen {
        // A return address that does not open leads nowhere, so it is not carried on.
        page: ScreenPage::Name { remembered, return_to: to.and(sealed).map(str::to_owned) },
        form: FormIds::default(),
        notice: notice.or_else(|| not_received(to)),
        app_name: Desk::app_name(visit, to),
        app_origin: to.map(|to| to.origin.clone()),
        user_name: None,
        own: false,
        progress: None,
        back: false,
        expires_at: None,
        now: visit.now,
    }
}
