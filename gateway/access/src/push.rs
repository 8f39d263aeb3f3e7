//! Requests to users' devices ("push"): their life is the host's (decision B2). Devices are told of a request and
//! answer it by their plugin; whether one may be made, what it says, which answer counts and what it is good for is
//! decided here.
//!
//! ```text
//!             ┌──▶ approved ──▶ used        the right number, and taken by the browser that asked
//!  pending ───┼──▶ denied, reported         over, and counted
//!             ├──▶ mismatched               a wrong number: over at once, and counted
//!             └──▶ cancelled                withdrawn by who asked, or with the token
//! ```
//!
//! A user has one that is pending at the most, ten seconds lie between two, and after three in ten minutes that nobody
//! approved there is none for a while (PU-01). One that is pending and past its end is over without anybody writing so.

mod agent;
mod bells;
mod limits;
#[cfg(test)]
mod tests;
mod waking;

pub(crate) use agent::shortened;
pub use bells::Awaiting;
pub(crate) use bells::Bells;
pub(crate) use limits::{GAP, Off, off_until};

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::credential::Credential;
use doorward_api::device::Reach;
use doorward_api::flow::KeptSecret;
use doorward_api::ports::{Act, MeterKey, MeterScope};
use doorward_api::push::{Push, PushAnswer, PushContext, PushData, PushPurpose, PushState};
use doorward_api::{
    AuditEvent, EventContext, EventKind, PushId, Secret, StoreError, TargetSettings, Timestamp, TokenState, UserId,
    VirtualServerId,
};
use subtle::ConstantTimeEq;

use crate::settings::setting;
use crate::signin::Desk;
use crate::site::VirtualServer;
use crate::visit::Visit;

/// How long an answer is awaited (decision B3).
pub(crate) const LIFE: Duration = Duration::from_secs(120);

/// What a device is told that answers too late, twice, or what is not its user's to answer.
const OVER: &str = "over";

/// A token whose device can be asked, and how.
pub(crate) struct Askable {
    /// The token.
    pub(crate) token: Credential,
    /// Never [`Reach::Never`].
    pub(crate) reach: Reach,
}

/// A request to be made.
pub(crate) struct Asking {
    /// Who is asked.
    pub(crate) user: UserId,
    /// What for.
    pub(crate) purpose: PushPurpose,
    /// What their device shows.
    pub(crate) context: PushContext,
}

/// What an answer of a device leads to. The acts and records belong into the change in which what the device has said
/// is kept; once that is done, [`Desk::push_settled`] tells who waits. When the change is lost, the answer is to be
/// judged anew: of two devices that answer at the same moment one is too late.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// What is done.
    pub(crate) acts: Vec<Act>,
    /// What is recorded.
    pub(crate) events: Vec<AuditEvent>,
    /// What the device is told: `approved`, `denied`, `reported`, `mismatched`, or `over`.
    pub(crate) result: &'static str,
    /// Where the request stands then; `None` where the answer changes nothing.
    pub(crate) state: Option<PushState>,
}

impl Answered {
    fn over() -> Self {
        Self { result: OVER, ..Self::default() }
    }
}

impl Desk {
    /// The user's tokens whose devices can be asked now: in use and not locked, of a kind that talks to devices, on a
    /// platform for which push is switched on at this moment (R50).
    pub(crate) async fn askable(
        &self,
        vs: &VirtualServer,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Vec<Askable>, StoreError> {
        let tokens = self.ports.credentials.credentials_of(&vs.id, user).await?;
        let targets = self.push_targets(&vs.id).await?;
        let reached = |token: Credential| {
            let reach = self.reach(vs, &token, &targets, now)?;
            Some(Askable { token, reach })
        };
        Ok(tokens.into_iter().filter_map(reached).collect())
    }

    async fn push_targets(&self, vs: &VirtualServerId) -> Result<TargetSettings, StoreError> {
        Ok(setting::<TargetSettings>(self.ports.settings.as_ref(), vs).await?.document)
    }

    /// How the device of a token can be asked now, if it can.
    fn reach(&self, vs: &VirtualServer, token: &Credential, targets: &TargetSettings, now: Timestamp) -> Option<Reach> {
        if !may_answer(token, targets, now) {
            return None;
        }
        let device = self.kind_of(vs, token)?.device()?;
        match device.reach(&token.opened) {
            Ok(Reach::Never) => None,
            Ok(reach) => Some(reach),
            Err(error) => {
                // The passcode page stands without it.
                tracing::warn!(serial = %token.serial, %error, "it could not be found out how a device is reached");
                None
            }
        }
    }

    /// A user's requests that wait for an answer. To be shown to devices of tokens in use only.
    pub(crate) async fn pending_of(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Vec<Push>, StoreError> {
        let mut pushes = self.ports.pushes.pushes_of(vs, user, now - LIFE).await?;
        pushes.retain(|push| push.pending(now));
        Ok(pushes)
    }

    /// To be taken before [`Desk::pending_of`] is asked: what happens between the two is not missed.
    pub(crate) fn awaiting_push(&self, vs: &VirtualServerId, user: &UserId) -> Awaiting {
        self.bells.awaiting(vs, user)
    }

    /// An answer, proved by the plugin of the token that gives it. The number is compared here, in constant time; a
    /// wrong one ends the request, so that there is no second guess (PU-02).
    pub(crate) async fn push_answered(
        &self,
        visit: &Visit,
        token: &Credential,
        push: &PushId,
        answer: &PushAnswer,
    ) -> Result<Answered, StoreError> {
        let targets = self.push_targets(&visit.vs.id).await?;
        if !may_answer(token, &targets, visit.now) {
            return Ok(Answered::over());
        }
        let found = self.ports.pushes.push(&visit.vs.id, push).await?;
        let theirs = found.filter(|push| push.user == token.user && push.pending(visit.now));
        Ok(theirs.map_or_else(Answered::over, |push| answered(visit, token, push, answer)))
    }

    /// After an answer was committed: whoever waits for it looks again.
    pub(crate) fn push_settled(&self, vs: &VirtualServerId, user: &UserId, answered: &Answered) {
        let Some(state) = answered.state else { return };
        self.ports.metrics.push(vs.as_str(), state.as_str());
        self.bells.ring(vs, user);
    }

    /// Until when a user is not asked at all, and why.
    pub(crate) async fn push_off(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Off>, StoreError> {
        let pushes = self.ports.pushes.pushes_of(vs, user, now - limits::LOOK_BACK).await?;
        Ok(off_until(&pushes, now))
    }

    /// When somebody may be asked again who was asked by somebody else just now.
    pub(crate) async fn push_free_at(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let pushes = self.ports.pushes.pushes_of(vs, user, now - LIFE).await?;
        let pending = pushes.iter().filter(|push| push.pending(now)).map(|push| push.expires_at).max();
        let newest = pushes.iter().map(|push| push.created_at + GAP).max();
        Ok(pending.or(newest).filter(|at| *at > now).unwrap_or(now + GAP))
    }

    /// The request, with a nonce and a number of its own.
    pub(crate) fn draw_push(&self, asking: Asking, now: Timestamp) -> Push {
        let entropy = self.ports.entropy.as_ref();
        let (mut nonce, mut number) = ([0_u8; 16], [0_u8; 8]);
        entropy.fill(&mut nonce);
        entropy.fill(&mut number);
        // Of 2^64 numbers ninety take equal parts, as good as exactly.
        let number = 10 + u64::from_le_bytes(number) % 90;
        Push {
            id: PushId::new(entropy.id()),
            user: asking.user,
            purpose: asking.purpose,
            state: PushState::Pending,
            created_at: now,
            expires_at: now + LIFE,
            data: PushData {
                nonce: BASE64URL_NOPAD.encode(&nonce),
                number: KeptSecret::new(&Secret::new(number.to_string())),
                context: asking.context,
                answered_by: None,
                serial: None,
            },
        }
    }

    /// It was committed: devices that wait are answered, and the others woken.
    pub(crate) fn push_started(&self, vs: &VirtualServer, askable: &[Askable], push: &Push) {
        self.ports.metrics.push(vs.id.as_str(), "sent");
        self.bells.ring(&vs.id, &push.user);
        self.wake_devices(vs, askable, push);
    }

    /// The record of a user's being asked no more, the first time that it is in the way: whoever runs against it again
    /// and again must not fill the trail.
    pub(crate) async fn push_throttled(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
        off: &Off,
        event: AuditEvent,
        now: Timestamp,
    ) -> Result<Option<AuditEvent>, StoreError> {
        self.ports.metrics.push(vs.as_str(), "throttled");
        let meter = MeterKey { scope: MeterScope::PushOff, key: user.as_str().to_owned() };
        let (times, _) = self.ports.meters.count(vs, &meter, off.until.since(now), now).await?;
        Ok((times == 1).then(|| event.with("reason", off.why.as_str()).with("until", off.until.rfc3339())))
    }

    /// The record of a request that was sent.
    pub(crate) fn push_sent(event: AuditEvent, push: &Push, askable: &[Askable]) -> AuditEvent {
        let serials: Vec<&str> = askable.iter().map(|one| one.token.serial.as_str()).collect();
        about(event, push).with("serial", serials.join(" ")).with("expiresAt", push.expires_at.rfc3339())
    }

    /// The record of one that was withdrawn.
    pub(crate) fn push_cancelled(event: AuditEvent, push: &Push, why: &'static str) -> AuditEvent {
        about(event, push).with("reason", why)
    }

    /// Makes it. Lost where the user has one already, or had one a moment ago.
    pub(crate) fn push_start(push: &Push) -> Act {
        Act::PushStart { push: Box::new(push.clone()), not_since: push.created_at - GAP }
    }
}

/// Whether a token's answer counts at all: it is in use, not locked, and push is switched on for its platform.
fn may_answer(token: &Credential, targets: &TargetSettings, now: Timestamp) -> bool {
    let in_use = token.state == TokenState::Active && !token.damaged && !token.locked(now);
    in_use && token.target.is_some_and(|target| targets.row(target).push)
}

fn answered(visit: &Visit, token: &Credential, push: Push, answer: &PushAnswer) -> Answered {
    let (to, kind) = match answer {
        PushAnswer::Approve { number } if same_number(number, &push.data.number) => {
            (PushState::Approved, EventKind::PushApproved)
        }
        PushAnswer::Approve { .. } => (PushState::Mismatched, EventKind::PushNumberMismatch),
        PushAnswer::Deny => (PushState::Denied, EventKind::PushDenied),
        PushAnswer::Report => (PushState::Reported, EventKind::PushReported),
    };
    let event = about(AuditEvent::new(kind, context(visit, &push)), &push).with("serial", token.serial.as_str());
    let data = PushData { answered_by: Some(token.id.clone()), serial: Some(token.serial.clone()), ..push.data };
    let act = Act::PushMove { id: push.id, from: PushState::Pending, to, data: Box::new(data) };
    Answered { acts: vec![act], events: vec![event], result: to.as_str(), state: Some(to) }
}

fn same_number(entered: &KeptSecret, shown: &KeptSecret) -> bool {
    let (entered, shown) = (entered.secret(), shown.secret());
    entered.expose().trim().as_bytes().ct_eq(shown.expose().as_bytes()).into()
}

/// Who answers, and from where.
fn context(visit: &Visit, push: &Push) -> EventContext {
    let flow = match &push.purpose {
        PushPurpose::SignIn { flow } => Some(flow.clone()),
        PushPurpose::HelpDesk { .. } => None,
    };
    EventContext {
        address: Some(visit.address),
        user: Some(push.user.clone()),
        flow,
        request_id: Some(visit.request_id.clone()),
        ..EventContext::default()
    }
}

/// What every record of a request says of it.
fn about(event: AuditEvent, push: &Push) -> AuditEvent {
    let purpose = match push.purpose {
        PushPurpose::SignIn { .. } => "sign_in",
        PushPurpose::HelpDesk { .. } => "help_desk",
    };
    event.with("push", push.id.as_str()).with("purpose", purpose).with("numberMatching", true)
}
