//! Signing in by a request to the user's device: asked for on the passcode page, answered on the device, and taken by
//! the browser that asked (PU-04). The passcode stays beside it on the same page, whatever becomes of the request
//! (F-37).

use doorward_api::credential::Credential;
use doorward_api::device::Reach;
use doorward_api::flow::Notice;
use doorward_api::plugin::Authenticator;
use doorward_api::ports::{Act, Change};
use doorward_api::push::{Push, PushContext, PushPurpose, PushState};
use doorward_api::screen::PushView;
use doorward_api::template::PinType;
use doorward_api::{EventKind, Factor, Flow, FlowData, Secret, Step, StoreError, Timestamp, User};
use std::time::Duration;

use crate::push::{Askable, Asking, shortened};
use crate::signin::ahead::OtpStep;
use crate::signin::first_use::first_use_by_sign_in;
use crate::signin::pin::is_right;
use crate::signin::{Desk, DeskError, Held, Look, Proof, Stop, Tried, has_its_origin};
use crate::visit::{Moved, StepForm, Visit};

/// Where a request can be asked for.
const AT: [Step; 2] = [Step::Passcode, Step::CodeIssued];

/// An approval is taken so soon after the request was made, or it has come to nothing.
const TAKEN_WITHIN: Duration = Duration::from_mins(5);

/// How often taking an approval is tried while the device writes over the same token.
const TRIES: usize = 5;

/// What a page shows of a request.
#[derive(Debug, Default)]
pub(crate) struct PushShown {
    /// Nothing where no device can be asked.
    pub(crate) view: Option<PushView>,
    /// What has become of the last one, unless the flow has something newer to say.
    pub(crate) notice: Option<Notice>,
}

/// Where the request of a flow stands.
enum Standing {
    /// There is none.
    None,
    /// It waits.
    Waiting(Push),
    /// It was approved, and not taken yet.
    Approved(Push),
    /// It has come to nothing.
    Over(Notice),
}

impl Proof {
    /// A request that was approved on the device of a token. It counts as a passcode, too (decision A18).
    fn of_push(token: &Credential, now: Timestamp, change: Change) -> Self {
        Self { factor: Factor::Push, ..Self::of_token(token, now, change) }
    }
}

impl Desk {
    /// What the page of a flow shows of requests.
    pub(crate) async fn push_view(&self, visit: &Visit, flow: &Flow) -> Result<PushShown, DeskError> {
        let askable = self.askable_from(visit, flow).await?;
        if askable.is_empty() {
            return Ok(PushShown::default());
        }
        let notice = match self.push_standing(visit, flow).await? {
            Standing::Waiting(push) => {
                let by_hand = !askable.iter().any(|one| one.reach == Reach::Woken);
                let number = push.data.number.secret();
                return Ok(PushView::Waiting { number, until: push.expires_at, by_hand }.into());
            }
            Standing::Approved(_) => return Ok(PushView::Approved.into()),
            Standing::Over(notice) => Some(notice),
            Standing::None => None,
        };
        let off = match &flow.user {
            Some(user) => self.push_off(&visit.vs.id, user, visit.now).await?,
            None => None,
        };
        let view = off.map_or(PushView::Offered, |off| PushView::Off { until: off.until });
        Ok(PushShown { view: Some(view), notice: notice.filter(|_| flow.data.notice.is_none()) })
    }

    /// Who can be asked from where a flow stands. On the first page of a new token that is its own device and no other:
    /// its first proof must come from it (EN-07).
    async fn askable_from(&self, visit: &Visit, flow: &Flow) -> Result<Vec<Askable>, StoreError> {
        let Some(user) = flow.user.as_ref().filter(|_| may_ask(flow)) else { return Ok(Vec::new()) };
        let mut askable = self.askable(&visit.vs, user, visit.now).await?;
        if flow.step == Step::CodeIssued {
            askable.retain(|one| flow.data.credential.as_ref() == Some(&one.token.id));
        }
        Ok(askable)
    }

    /// The page where a user goes on of whom the policies want a request to be approved: the passcode page where a
    /// device of theirs can be asked, the wizard where they may have one. `None` is a blind alley.
    pub(super) async fn push_step(&self, visit: &Visit, user: &User) -> Result<Option<OtpStep>, Stop> {
        if !self.askable(&visit.vs, &user.id, visit.now).await?.is_empty() {
            return Ok(Some(OtpStep { step: Step::Passcode, notice: Some(Notice::PushNeeded), record: None }));
        }
        // Where no kind talks to devices, a new token would be no way out.
        let talks = |kind: &dyn Authenticator| kind.device().is_some() && has_its_origin(kind, &visit.vs);
        if !self.wizard_kinds().any(|(_, kind)| talks(kind)) {
            return Ok(None);
        }
        let otp = self.otp_step(visit, Some(user)).await?;
        Ok((otp.step == Step::Offered).then_some(otp))
    }

    /// The request that was sent from this very flow, for its user. Any other is none (PU-04).
    async fn push_of(&self, visit: &Visit, flow: &Flow) -> Result<Option<Push>, StoreError> {
        let Some(id) = &flow.data.push else { return Ok(None) };
        let found = self.ports.pushes.push(&visit.vs.id, id).await?;
        Ok(found.filter(|push| {
            let from_here = matches!(&push.purpose, PushPurpose::SignIn { flow: of } if *of == flow.id);
            from_here && Some(&push.user) == flow.user.as_ref()
        }))
    }

    async fn push_standing(&self, visit: &Visit, flow: &Flow) -> Result<Standing, StoreError> {
        Ok(match self.push_of(visit, flow).await? {
            Some(push) => standing(push, visit.now),
            None => Standing::None,
        })
    }

    pub(super) async fn try_request_push(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &AT).await?;
        let flow = held.flow();
        if !may_ask(flow) {
            return Err(Stop::Stale);
        }
        let user = self.user(visit, &held).await?.ok_or(Stop::Stale)?;
        if let Standing::Waiting(_) | Standing::Approved(_) = self.push_standing(visit, flow).await? {
            return Ok(Moved::ToStep { browser: None });
        }
        let askable = self.askable_from(visit, flow).await?;
        if askable.is_empty() {
            return self.say(visit, &held, held.data(), Notice::PushUnavailable).await;
        }
        if let Some(off) = self.push_off(&visit.vs.id, &user.id, visit.now).await? {
            let event = self.event(EventKind::PushThrottled, visit, flow);
            let event = self.push_throttled(&visit.vs.id, &user.id, &off, event, visit.now).await?;
            self.commit(visit, Change { acts: Vec::new(), events: event.into_iter().collect() }).await?;
            return self.say(visit, &held, held.data(), Notice::PushOff { until: off.until }).await;
        }
        self.ask_devices(visit, &held, &user, &askable).await
    }

    async fn ask_devices(&self, visit: &Visit, held: &Held, user: &User, askable: &[Askable]) -> Result<Moved, Stop> {
        let flow = held.flow();
        let context = PushContext {
            application: Self::app_name(visit, flow.data.return_to.as_ref()),
            address: visit.address.to_canonical().to_string(),
            browser: shortened(&visit.user_agent),
        };
        let purpose = PushPurpose::SignIn { flow: flow.id.clone() };
        let push = self.draw_push(Asking { user: user.id.clone(), purpose, context }, visit.now);
        let data = FlowData { push: Some(push.id.clone()), ..held.data() };
        let sent = Self::push_sent(self.event(EventKind::PushSent, visit, flow), &push, askable);
        let change = Change::of(Self::push_start(&push)).and(self.staying(visit, held, data)).record(sent);
        match self.commit(visit, change).await {
            Err(Stop::Lost("push_start")) => self.asked_already(visit, held, user).await,
            outcome => {
                outcome?;
                self.push_started(&visit.vs, askable, &push);
                Ok(Moved::ToStep { browser: None })
            }
        }
    }

    /// There is a request of this user already, or one was made a moment ago: from this page, clicked twice, or from
    /// elsewhere.
    async fn asked_already(&self, visit: &Visit, held: &Held, user: &User) -> Result<Moved, Stop> {
        let here = Ok(Moved::ToStep { browser: None });
        let (before, at) = (held.flow().data.push.clone(), held.flow().step);
        let Some(held) = self.hold_again(visit, &held.flow().id, at).await? else { return here };
        if held.flow().data.push != before {
            return here;
        }
        self.ports.metrics.push(visit.vs.id.as_str(), "throttled");
        let until = self.push_free_at(&visit.vs.id, &user.id, visit.now).await?;
        self.say(visit, &held, held.data(), Notice::PushOff { until }).await
    }

    pub(super) async fn try_finish_push(
        &self,
        visit: &Visit,
        form: &StepForm,
        pin: Option<&Secret>,
    ) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &AT).await?;
        for _ in 0..TRIES {
            match self.take_push(visit, &held, pin).await {
                // The device has written over what was read: read and judge everything once more.
                Err(Stop::Lost("credential_use" | "credential_learn")) => {}
                outcome => return outcome,
            }
        }
        Err(Stop::Lost("credential_use"))
    }

    async fn take_push(&self, visit: &Visit, held: &Held, pin: Option<&Secret>) -> Result<Moved, Stop> {
        let push = match self.push_standing(visit, held.flow()).await? {
            Standing::None => return Err(Stop::Stale),
            Standing::Waiting(_) => return Ok(Moved::ToStep { browser: None }),
            Standing::Over(notice) => return self.push_over(visit, held, notice).await,
            Standing::Approved(push) => push,
        };
        let user = self.user(visit, held).await?.ok_or(Stop::Stale)?;
        let askable = self.askable_from(visit, held.flow()).await?;
        let answering = askable.into_iter().find(|one| push.data.answered_by.as_ref() == Some(&one.token.id));
        let Some(Askable { token, .. }) = answering else {
            // Suspended, locked or switched off since: its word counts no longer.
            return self.push_over(visit, held, Notice::PushUnavailable).await;
        };
        if let Some(moved) = self.pin_beside_push(visit, held, &token, pin).await? {
            return Ok(moved);
        }
        self.push_taken(visit, held, &user, &token, push).await
    }

    /// The request is used up with the step that it leads to, and only while its token is in use: of any number at the
    /// same moment one gets on.
    async fn push_taken(
        &self,
        visit: &Visit,
        held: &Held,
        user: &User,
        token: &Credential,
        push: Push,
    ) -> Result<Moved, Stop> {
        let (id, version, opened) = (token.id.clone(), token.version, token.opened.clone());
        let Push { id: push, data: answer, .. } = push;
        let used = Act::PushMove { id: push, from: PushState::Approved, to: PushState::Used, data: Box::new(answer) };
        let spent = match held.flow().data.provisioned {
            Some(_) => Act::CredentialLearn { id, version, opened },
            None => Act::CredentialUse { id, version, opened },
        };
        let change = Change::of(spent).and(used);
        let first = held.flow().step == Step::CodeIssued;
        let (data, confirmed) = match first {
            true => self.first_sign_in(visit, held, token, Factor::Push.as_str())?,
            false => (held.data(), first_use_by_sign_in(visit, held, token, Factor::Push)),
        };
        let change = change.with(confirmed);
        let data = FlowData { push: None, first_pin: None, ..data };
        let moved = match self.pin_must_change(visit, token).await? {
            Some(why) => {
                // It counts when the PIN is changed: the step that asks for one leads nowhere else.
                let data = FlowData { proofs: data.proofs.with(Factor::Push, visit.now), ..data };
                self.ask_new_pin(visit, held, data, token, why, change).await?
            }
            None => self.proved(visit, held, data, user, Proof::of_push(token, visit.now, change)).await?,
        };
        self.forget_tries(visit, &token.id).await;
        if first {
            self.measure_first_sign_in(visit);
        }
        self.measure_sign_in(visit, Factor::Push, "success");
        Ok(moved)
    }

    /// A PIN that the server checks is asked for beside an approval as well (R68): it is counted as one typed with a
    /// passcode is. `None` when it is right, or none is needed.
    async fn pin_beside_push(
        &self,
        visit: &Visit,
        held: &Held,
        token: &Credential,
        pin: Option<&Secret>,
    ) -> Result<Option<Moved>, Stop> {
        if token.template.pin != PinType::ServerSide {
            return Ok(None);
        }
        let typed: String = pin.map(|pin| pin.expose().split_whitespace().collect()).unwrap_or_default();
        let typed = Secret::new(typed);
        if typed.is_empty() {
            return self.say(visit, held, held.data(), Notice::Empty).await.map(Some);
        }
        let lockout = self.lockout(visit).await?;
        let last_of_day = match self.look_at_token(visit, &token.id, &lockout).await? {
            Look::Once { last_of_day, .. } => last_of_day,
            Look::Wait(until) => return self.token_is_locked(visit, held, until).await.map(Some),
        };
        let hash = token.pin.as_ref().map(|pin| pin.hash.as_str());
        if is_right(&self.ports.passwords, &typed, hash).await? {
            return Ok(None);
        }
        let tried = Tried { id: token.id.clone(), serial: token.serial.clone(), state: token.state, last_of_day };
        self.passcode_rejected(visit, held, &[tried], None).await.map(Some)
    }

    /// It has come to nothing: the page says why and offers another.
    async fn push_over(&self, visit: &Visit, held: &Held, notice: Notice) -> Result<Moved, Stop> {
        if notice == Notice::PushExpired {
            self.ports.metrics.push(visit.vs.id.as_str(), "expired");
        }
        self.measure_sign_in(visit, Factor::Push, "failure");
        self.say(visit, held, FlowData { push: None, ..held.data() }, notice).await
    }

    pub(super) async fn try_cancel_push(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &AT).await?;
        let (push, from) = match self.push_standing(visit, held.flow()).await? {
            Standing::Waiting(push) => (push, PushState::Pending),
            Standing::Approved(push) => (push, PushState::Approved),
            Standing::None => return Err(Stop::Stale),
            Standing::Over(notice) => return self.push_over(visit, &held, notice).await,
        };
        let event = Self::push_cancelled(self.event(EventKind::PushCancelled, visit, held.flow()), &push, "cancelled");
        let stays = self.staying(visit, &held, FlowData { push: None, ..held.data() });
        let (id, data) = (push.id, Box::new(push.data));
        let cancel = Act::PushMove { id, from, to: PushState::Cancelled, data };
        self.commit(visit, Change::of(cancel).and(stays).record(event)).await?;
        self.bells.ring(&visit.vs.id, &push.user);
        Ok(Moved::ToStep { browser: None })
    }

    /// Something else was proved while a request was under way: it is withdrawn with the step.
    pub(super) async fn instead_of_push(
        &self,
        visit: &Visit,
        held: &Held,
        data: FlowData,
        proof: Proof,
    ) -> Result<(FlowData, Proof), StoreError> {
        if data.push.is_none() {
            return Ok((data, proof));
        }
        let withdrawn = self.without_push(visit, held.flow(), "proved_otherwise").await?;
        let proof = Proof { change: proof.change.with(withdrawn), ..proof };
        Ok((FlowData { push: None, ..data }, proof))
    }

    /// What withdraws the request that a flow still waits for, when it goes another way.
    pub(crate) async fn without_push(
        &self,
        visit: &Visit,
        flow: &Flow,
        why: &'static str,
    ) -> Result<Change, StoreError> {
        match self.push_standing(visit, flow).await? {
            Standing::Waiting(push) => {
                let event = self.event(EventKind::PushCancelled, visit, flow);
                // Never lost, so that nothing else fails with it.
                let act = Act::PushesCancelOf { user: push.user.clone() };
                Ok(Change::of(act).record(Self::push_cancelled(event, &push, why)))
            }
            Standing::None | Standing::Approved(_) | Standing::Over(_) => Ok(Change::default()),
        }
    }

    /// Stays on the page and says something of a request. A question that is being keyed in stays good.
    async fn say(&self, visit: &Visit, held: &Held, data: FlowData, notice: Notice) -> Result<Moved, Stop> {
        let act = self.staying(visit, held, FlowData { notice: Some(notice), ..data });
        self.commit(visit, Change::of(act)).await?;
        Ok(Moved::ToStep { browser: None })
    }
}

impl From<PushView> for PushShown {
    fn from(view: PushView) -> Self {
        Self { view: Some(view), notice: None }
    }
}

/// Whether requests are made from where a flow stands. Before a password they are not, for nobody: whether somebody has
/// a device that can be asked must tell a stranger nothing (decision A19), and a request that is answered by no device
/// would soon tell it; nor may a stranger with a name make devices ring. Whoever enrols has proved the mailbox instead.
fn may_ask(flow: &Flow) -> bool {
    match flow.step {
        Step::Passcode => flow.data.proofs.has(Factor::Password),
        Step::CodeIssued => true,
        _ => false,
    }
}

fn standing(push: Push, now: Timestamp) -> Standing {
    match push.state {
        PushState::Pending if push.expires_at > now => Standing::Waiting(push),
        PushState::Approved if push.created_at + TAKEN_WITHIN > now => Standing::Approved(push),
        PushState::Pending | PushState::Approved => Standing::Over(Notice::PushExpired),
        PushState::Denied | PushState::Reported => Standing::Over(Notice::PushDenied),
        PushState::Mismatched => Standing::Over(Notice::PushMismatched),
        // Its token was suspended, or is gone.
        PushState::Cancelled => Standing::Over(Notice::PushUnavailable),
        PushState::Used => Standing::None,
    }
}
