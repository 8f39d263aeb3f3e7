//! Calls of devices that carry an authenticator of our own. The plugin says what a call means; here it is found out
//! whose token it is about, and what has happened is written, recorded and carried out: one change, over the version
//! that was read.
//!
//! ```text
//!  call ──▶ addressee ──▶ token, user, settings ──▶ plugin ──▶ answer, bytes, what happened ──▶ one change ──▶ reply
//!                                    ▲                                                              │
//!                                    └──────────────────── somebody was faster ◀────────────────────┘
//! ```

mod calls;
mod carry;
mod lanes;
#[cfg(test)]
mod tests;

pub(crate) use carry::completed;
pub(crate) use lanes::Lanes;

use std::time::Duration;

use doorward_api::credential::Credential;
use doorward_api::device::{Addressee, AppFile, Device, DeviceAnswer, DeviceCall, DeviceToken};
use doorward_api::plugin::Authenticator;
use doorward_api::ports::{MeterKey, MeterScope};
use doorward_api::push::Push;
use doorward_api::settings::Appearance;
use doorward_api::{
    CredentialId, PluginError, StoreError, Target, TargetSettings, Timestamp, TokenForm, TokenState, User, UserId,
};
use tokio::time::Instant;

use crate::enrol::kinds::in_the_way;
use crate::names::fold_name;
use crate::network::network_of;
use crate::settings::setting;
use crate::signin::{Desk, DeskError, Stop, has_its_origin};
use crate::site::VirtualServer;
use crate::visit::Visit;

/// How often a call is answered anew when somebody was faster each time.
const ROUNDS: u32 = 16;

/// Activation codes that may be typed from one address within [`CODES_WINDOW`], right or wrong.
const CODES: u32 = 30;

/// See [`CODES`].
const CODES_WINDOW: Duration = Duration::from_mins(15);

/// The one call that may be held back.
const PENDING: &str = "push/pending";

/// It is held back for so long at the most.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// While it is, another process may have got what it waits for: it is looked for so often.
const LOOK: Duration = Duration::from_secs(1);

/// Every call that there is, as it is measured; what is none of them is `other`.
const NAMES: [&str; 17] = [
    "activate/begin",
    "activate/status",
    "activate/handoff",
    "activate/finish",
    "pin/register",
    "pin/unlock/1",
    "pin/unlock/2",
    "pin/unlock/failed",
    "pin/change",
    "bio/register",
    "bio/challenge",
    "bio/assert",
    "push/subscription",
    "push/pending",
    "push/answer",
    "token",
    "token/release",
];

/// What a device is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceReply {
    /// The status.
    pub status: u16,
    /// JSON.
    pub body: Vec<u8>,
    /// Serial number and account of the token that this very call has put in use: what its browser may remember.
    pub activated: Option<(String, String)>,
}

impl DeviceReply {
    fn error(status: u16, code: &str) -> Self {
        let body = serde_json::json!({ "error": code }).to_string().into_bytes();
        Self { status, body, activated: None }
    }

    fn too_many() -> Self {
        Self::error(429, "too_many")
    }
}

impl From<DeviceAnswer> for DeviceReply {
    fn from(answer: DeviceAnswer) -> Self {
        Self { status: answer.status, body: answer.body, activated: None }
    }
}

/// An authenticator of our own, and where it is served.
#[derive(Clone, Copy)]
pub(crate) struct Served<'a> {
    /// The plugin's name.
    pub(crate) plugin: &'static str,
    pub(crate) device: &'a dyn Device,
    /// Its origin on the virtual server.
    pub(crate) origin: &'a str,
}

/// The token that a call is about, as it stands now, and what else the plugin may know.
struct Found {
    token: Credential,
    /// Where it stands for its device: somebody who is switched off can do nothing with it.
    state: TokenState,
    user: User,
    allowed: Vec<Target>,
    push_enabled: bool,
    support: Option<String>,
    pending: Vec<Push>,
    /// Its device speaks a protocol that others have made: what it is answered is its plugin's to say.
    has_words_of_its_own: bool,
}

impl Found {
    fn token<'a>(&'a self, visit: &'a Visit, origin: &'a str) -> DeviceToken<'a> {
        DeviceToken {
            id: &self.token.id,
            serial: &self.token.serial,
            state: self.state,
            opened: &self.token.opened,
            template: &self.token.template,
            target: self.token.target,
            account: &self.user.name,
            issuer: &visit.vs.name,
            origin,
            portal: &visit.vs.portal_origin,
            support: self.support.as_deref(),
            allowed: &self.allowed,
            push_enabled: self.push_enabled,
            pending: &self.pending,
        }
    }
}

/// A call that was answered, and whose it was.
struct Answered {
    reply: DeviceReply,
    user: UserId,
    /// There was a request to be answered.
    pending: bool,
}

impl Desk {
    /// Answers a call of a device to the authenticator's origin.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing has happened.
    pub async fn device_call(&self, visit: &Visit, call: &DeviceCall<'_>) -> Result<DeviceReply, DeskError> {
        self.measured_call(visit, self.served(&visit.vs), call).await
    }

    /// Answers a call of a device to the address that a plugin has on the portal's host.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing has happened.
    pub async fn device_call_at_portal(
        &self,
        visit: &Visit,
        plugin: &str,
        call: &DeviceCall<'_>,
    ) -> Result<DeviceReply, DeskError> {
        let of_plugin = self.kinds().find(|(id, _)| *id == plugin).and_then(|(id, kind)| Some((id, kind.device()?)));
        let served = of_plugin.filter(|(_, device)| device.at_portal());
        let origin = visit.vs.portal_origin.as_str();
        let served = served.map(|(plugin, device)| Served { plugin, device, origin });
        self.measured_call(visit, served, call).await
    }

    async fn measured_call(
        &self,
        visit: &Visit,
        served: Option<Served<'_>>,
        call: &DeviceCall<'_>,
    ) -> Result<DeviceReply, DeskError> {
        let reply = self.answer_device(visit, served, call).await;
        let class = match reply.as_ref().map_or(503, |reply| reply.status) {
            ..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        let name = NAMES.into_iter().find(|name| *name == call.name).unwrap_or("other");
        self.ports.metrics.device_call(visit.vs.id.as_str(), name, class);
        reply
    }

    /// A file of the app, by path and query.
    pub fn app_file(&self, vs: &VirtualServer, path: &str, query: &str) -> Option<AppFile> {
        self.served(vs)?.device.file(path, query, &vs.name)
    }

    /// The `Content-Security-Policy` of the app's pages; `None` where this build has no authenticator of our own.
    pub fn app_policy(&self) -> Option<&'static str> {
        self.apps().next().map(|(_, device)| device.content_security_policy())
    }

    /// The authenticator of our own, where the virtual server has an origin for it.
    pub(crate) fn served<'a>(&'a self, vs: &'a VirtualServer) -> Option<Served<'a>> {
        let origin = vs.authenticator.as_ref()?.origin.as_str();
        self.apps().next().map(|(plugin, device)| Served { plugin, device, origin })
    }

    /// Authenticators of our own that need an origin; there is one in a build at the most.
    fn apps(&self) -> impl Iterator<Item = (&'static str, &dyn Device)> {
        let devices = self.kinds().filter_map(|(plugin, kind)| Some((plugin, kind.device()?)));
        devices.filter(|(_, device)| !device.at_portal())
    }

    /// The kind that has made a token, if it can be used on the virtual server.
    pub(crate) fn kind_of(&self, vs: &VirtualServer, token: &Credential) -> Option<&dyn Authenticator> {
        self.authenticator(&token.plugin).filter(|kind| has_its_origin(*kind, vs))
    }

    /// What the device of a token calls itself, where it is one of ours and has said so.
    pub(crate) fn device_name(&self, token: &Credential) -> Result<Option<String>, PluginError> {
        let Some(device) = self.authenticator(&token.plugin).and_then(Authenticator::device) else { return Ok(None) };
        // What is revoked has no bytes to be read.
        if token.opened.expose().is_empty() {
            return Ok(None);
        }
        Ok(Some(device.device_name(&token.opened)?).filter(|name| !name.is_empty()))
    }

    async fn answer_device(
        &self,
        visit: &Visit,
        served: Option<Served<'_>>,
        call: &DeviceCall<'_>,
    ) -> Result<DeviceReply, DeskError> {
        let Some(served) = served else { return Ok(DeviceReply::error(404, "not_found")) };
        let addressee = match served.device.addressee(call) {
            Ok(addressee) => addressee,
            Err(answer) => return Ok(self.to_stranger(visit, answer)),
        };
        let typed = matches!(addressee, Addressee::IssuedTo(_));
        if typed && self.too_many_codes(visit).await? {
            return Ok(DeviceReply::too_many());
        }
        let Some(id) = self.addressed(visit, served, addressee).await? else {
            return Ok(self.to_stranger(visit, served.device.unknown(call)));
        };
        let answered = self.answer_in_turn(visit, served, call, &id).await?;
        if !held_back(call, &answered) {
            return Ok(answered.reply);
        }
        let now = self.wait_for_request(visit, call, &answered.user).await?;
        let later = Visit { now, ..visit.clone() };
        Ok(self.answer_in_turn(&later, served, call, &id).await?.reply)
    }

    /// The answer to a call that is about no token, as long as there are not too many of them.
    fn to_stranger(&self, visit: &Visit, answer: DeviceAnswer) -> DeviceReply {
        if self.lanes.calls.admit_stranger(visit) { answer.into() } else { DeviceReply::too_many() }
    }

    async fn too_many_codes(&self, visit: &Visit) -> Result<bool, StoreError> {
        let key = MeterKey { scope: MeterScope::ActivationCodes, key: network_of(visit.address).to_string() };
        let (count, _) = self.ports.meters.count(&visit.vs.id, &key, CODES_WINDOW, visit.now).await?;
        Ok(count > CODES)
    }

    /// The row of the token that a call is about; what belongs to another plugin or virtual server is not there.
    async fn addressed(
        &self,
        visit: &Visit,
        served: Served<'_>,
        addressee: Addressee,
    ) -> Result<Option<CredentialId>, StoreError> {
        let name = match addressee {
            Addressee::Token(id) => return Ok(Some(id)),
            Addressee::IssuedTo(name) => name,
        };
        let Some(folded) = fold_name(&name) else { return Ok(None) };
        let user = self.ports.directory.find(&visit.vs.id, &folded).await?;
        // Who only knows a name learns nothing of whose it is.
        let Some(user) = user.filter(|user| !user.disabled) else { return Ok(None) };
        let tokens = self.ports.credentials.credentials_of(&visit.vs.id, &user.id).await?;
        let issued = |token: &Credential| {
            token.state == TokenState::Assigned && token.form == TokenForm::Software && token.plugin == served.plugin
        };
        Ok(tokens.into_iter().rev().find(issued).map(|token| token.id))
    }

    /// Of calls about the same token one is answered after the other in this process. Those of another process may
    /// still be faster: then everything is read and asked once more.
    async fn answer_in_turn(
        &self,
        visit: &Visit,
        served: Served<'_>,
        call: &DeviceCall<'_>,
        id: &CredentialId,
    ) -> Result<Answered, DeskError> {
        let _turn = self.lanes.turn(id).await;
        let mut round = 0;
        loop {
            let Some(found) = self.found(visit, served, id).await? else {
                let reply = self.to_stranger(visit, served.device.unknown(call));
                return Ok(Answered { reply, user: UserId::new(""), pending: false });
            };
            let answer = served.device.answer(call, &found.token(visit, served.origin), visit.now)?;
            if round == 0 && !self.lanes.calls.admit(visit, id, answer.by) {
                let (reply, user) = (DeviceReply::too_many(), found.user.id);
                return Ok(Answered { reply, user, pending: false });
            }
            let pending = !found.pending.is_empty();
            let user = found.user.id.clone();
            match self.carried_out(visit, &found, answer).await {
                Ok(reply) => return Ok(Answered { reply, user, pending }),
                Err(Stop::Fault(error)) => return Err(error),
                Err(_) if round < ROUNDS => round += 1,
                Err(stop) => {
                    tracing::warn!(request_id = visit.request_id, ?stop, "a device's call was overtaken each time");
                    return Ok(Answered { reply: DeviceReply::error(503, "unavailable"), user, pending });
                }
            }
        }
    }

    async fn found(&self, visit: &Visit, served: Served<'_>, id: &CredentialId) -> Result<Option<Found>, StoreError> {
        let vs = &visit.vs.id;
        let token = self.ports.credentials.credential(vs, id).await?;
        let Some(token) = token.filter(|token| token.plugin == served.plugin) else { return Ok(None) };
        let Some(user) = self.ports.directory.get(vs, &token.user).await? else { return Ok(None) };
        let usable = matches!(token.state, TokenState::Assigned | TokenState::Active);
        let state = if user.disabled && usable { TokenState::Suspended } else { token.state };
        let settings = self.ports.settings.as_ref();
        let targets = setting::<TargetSettings>(settings, vs).await?.document;
        let kind = self.kind_of(&visit.vs, &token);
        let fits = |target: &Target| {
            kind.is_some_and(|kind| in_the_way(kind, &visit.vs, &token.template, *target, &targets).is_none())
        };
        let support = setting::<Appearance>(settings, vs).await?.document.support_url;
        let pending = match state {
            TokenState::Active => self.pending_of(vs, &user.id, visit.now).await?,
            _ => Vec::new(),
        };
        Ok(Some(Found {
            state,
            allowed: targets.allowed().filter(fits).collect(),
            has_words_of_its_own: served.device.at_portal(),
            push_enabled: token.target.is_some_and(|target| targets.row(target).allowed && targets.row(target).push),
            support: support.or_else(|| visit.vs.support_url.clone()),
            pending,
            token,
            user,
        }))
    }

    /// Waits until there is a request to be answered, or for as long as the device asks for. What time it is then.
    async fn wait_for_request(
        &self,
        visit: &Visit,
        call: &DeviceCall<'_>,
        user: &UserId,
    ) -> Result<Timestamp, DeskError> {
        let begun = Instant::now();
        let now = || visit.now + begun.elapsed();
        // Where too many wait already, the device asks again by itself.
        let Some(_place) = self.lanes.place_to_wait() else { return Ok(now()) };
        let until = begun + wait_of(call);
        while Instant::now() < until {
            let mut request = self.awaiting_push(&visit.vs.id, user);
            if !self.pending_of(&visit.vs.id, user, now()).await?.is_empty() {
                break;
            }
            request.rung(LOOK.min(until.saturating_duration_since(Instant::now()))).await;
        }
        Ok(now())
    }
}

/// Whether a call's answer is held back: there is nothing to tell yet.
fn held_back(call: &DeviceCall<'_>, answered: &Answered) -> bool {
    call.name == PENDING && answered.reply.status == 200 && !answered.pending && !wait_of(call).is_zero()
}

/// For how long the device would wait.
fn wait_of(call: &DeviceCall<'_>) -> Duration {
    let body: Option<serde_json::Value> = serde_json::from_slice(call.body).ok();
    let seconds = body.and_then(|body| body.get("wait")?.as_u64()).unwrap_or_default();
    Duration::from_secs(seconds).min(LONGEST_WAIT)
}
