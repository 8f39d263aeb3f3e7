//! Carries out what has happened with a device, in one change with the bytes that the plugin wants kept.

use doorward_api::device::{DeviceAnswer, DeviceFacts, DeviceSaid};
use doorward_api::ports::{Act, Change};
use doorward_api::provisioning::TaskNumber;
use doorward_api::push::PushAnswer;
use doorward_api::template::PinType;
use doorward_api::{
    AuditEvent, EventContext, EventKind, GrantState, PushId, SecretBytes, SettingKind, StoreError, Target, Template,
    TokenState,
};
use doorward_tokens::{NeededGrant, TokenEvent, next};

use super::{DeviceReply, Found};
use crate::own::removable;
use crate::push;
use crate::settings::mail_language;
use crate::signin::{Allowed, Desk, Stop, counted};
use crate::visit::Visit;

/// What a call leads to, as it is put together.
struct Deed {
    change: Change,
    /// Bytes to be kept that no act carries yet.
    keep: Option<SecretBytes>,
    reply: DeviceReply,
    /// A request was answered: who waits for it is told afterwards.
    push: Option<push::Answered>,
    /// Steps of the enrolment, for the funnel.
    funnel: Vec<(&'static str, &'static str)>,
}

impl Deed {
    fn act(&mut self, act: Act) {
        self.change.acts.push(act);
    }

    fn record(&mut self, event: AuditEvent) {
        self.change.events.push(event);
    }
}

/// By what somebody may put a token in use.
struct Permission {
    /// The settings that say so.
    seen: Vec<(SettingKind, i64)>,
    /// An operator has approved it, and that is used up.
    approved: bool,
    /// How many tokens that count there may be with it.
    most: u8,
    /// The provisioning task by which it came.
    task: Option<TaskNumber>,
}

impl Found {
    fn context(&self, visit: &Visit) -> EventContext {
        EventContext {
            address: Some(visit.address),
            user: Some(self.user.id.clone()),
            request_id: Some(visit.request_id.clone()),
            ..EventContext::default()
        }
    }

    fn event(&self, visit: &Visit, kind: EventKind) -> AuditEvent {
        let event = AuditEvent::new(kind, self.context(visit)).with("serial", self.token.serial.as_str());
        if self.token.additional { event.with("additional", true) } else { event }
    }
}

impl Desk {
    /// Keeps what the plugin wants kept, and does what follows from what has happened.
    ///
    /// # Errors
    /// [`Stop::Lost`] when somebody was faster: then the call is to be answered anew.
    pub(super) async fn carried_out(
        &self,
        visit: &Visit,
        found: &Found,
        answer: DeviceAnswer,
    ) -> Result<DeviceReply, Stop> {
        let DeviceAnswer { status, body, keep, said, by: _ } = answer;
        // What is held, locked or gone learns nothing any more: its call was not carried out either.
        let keep = keep.filter(|_| matches!(found.state, TokenState::Assigned | TokenState::Active));
        let reply = DeviceReply { status, body, activated: None };
        let mut deed = Deed { change: Change::default(), keep, reply, push: None, funnel: Vec::new() };
        for said in said {
            if let Some(refused) = self.carry(visit, found, said, &mut deed).await? {
                return Ok(refused);
            }
        }
        let Deed { mut change, keep, reply, push, funnel } = deed;
        if let Some(opened) = keep {
            let (id, version) = (found.token.id.clone(), found.token.version);
            change.acts.insert(0, Act::CredentialLearn { id, version, opened });
        }
        if !change.acts.is_empty() || !change.events.is_empty() {
            self.commit(visit, change).await?;
        }
        for (step, outcome) in funnel {
            self.ports.metrics.enrollment(visit.vs.id.as_str(), step, outcome);
        }
        if let Some(answered) = push {
            self.push_settled(&visit.vs.id, &found.user.id, &answered);
        }
        Ok(reply)
    }

    /// Adds one thing that has happened. What cannot be allowed is answered instead, and nothing is kept of it.
    async fn carry(
        &self,
        visit: &Visit,
        found: &Found,
        said: DeviceSaid,
        deed: &mut Deed,
    ) -> Result<Option<DeviceReply>, Stop> {
        match said {
            DeviceSaid::Found { device } => {
                deed.record(described(found.event(visit, EventKind::ActivationStarted), &device));
                deed.funnel.push(("activation", "started"));
            }
            DeviceSaid::ActivationRefused { reason } => {
                deed.record(found.event(visit, EventKind::ActivationFailed).with("reason", reason));
                if reason == SECOND_DEVICE {
                    deed.record(found.event(visit, EventKind::ActivationCodeReused));
                }
                deed.funnel.push(("activation", reason));
            }
            DeviceSaid::Activated { device, target } => {
                return self.activate(visit, found, &device, target, deed).await;
            }
            DeviceSaid::PinRejected { left } => {
                let event = found.event(visit, EventKind::PinRejected).with("where", "app");
                deed.record(event.with("triesLeft", left));
            }
            DeviceSaid::PinChanged => {
                let event = found.event(visit, EventKind::PinChanged).with("where", "app");
                deed.record(event.with("actor", "user"));
            }
            DeviceSaid::PinLocked => self.end(visit, found, &PIN_LOCKED, deed),
            DeviceSaid::Cloned => {
                // What is not in use yet cannot be held, so it goes.
                let end = if found.token.state == TokenState::Active { &CLONED } else { &CLONED_EARLY };
                self.end(visit, found, end, deed);
            }
            DeviceSaid::Released => {
                // Its bytes are destroyed.
                deed.keep = None;
                self.end(visit, found, &RELEASED, deed);
            }
            DeviceSaid::ReleasedUnproved => self.let_go(visit, found, deed).await?,
            DeviceSaid::PushAnswered { push, answer } => {
                self.answer_push(visit, found, &push, &answer, deed).await?;
            }
        }
        Ok(None)
    }

    /// Whoever has the device in hand has removed the token from it, and has shown nothing else. Where its user can do without it,
    /// it goes. Else it is held: were it gone, password and mailbox alone would bring another (decision 0015), and these may be
    /// on the same device.
    async fn let_go(&self, visit: &Visit, found: &Found, deed: &mut Deed) -> Result<(), StoreError> {
        let theirs = self.tokens_of(visit, &found.user.id).await?;
        if !removable(&found.token, &theirs) {
            self.end(visit, found, &HELD, deed);
            return Ok(());
        }
        deed.keep = None;
        deed.act(Act::CredentialRemove { id: found.token.id.clone() });
        self.ended(visit, found, &RELEASED, TokenState::Revoked, deed);
        Ok(())
    }

    async fn answer_push(
        &self,
        visit: &Visit,
        found: &Found,
        push: &PushId,
        answer: &PushAnswer,
        deed: &mut Deed,
    ) -> Result<(), StoreError> {
        let mut answered = self.push_answered(visit, &found.token, push, answer).await?;
        deed.change.acts.append(&mut answered.acts);
        deed.change.events.append(&mut answered.events);
        if !found.has_words_of_its_own {
            deed.reply.body = serde_json::json!({ "result": answered.result }).to_string().into_bytes();
        }
        deed.push = Some(answered);
        Ok(())
    }

    /// The token comes into use, if its user may still have one at this very moment (EN-05).
    async fn activate(
        &self,
        visit: &Visit,
        found: &Found,
        device: &DeviceFacts,
        target: Target,
        deed: &mut Deed,
    ) -> Result<Option<DeviceReply>, Stop> {
        let Some(permission) = self.may_activate(visit, found, target).await? else {
            let failed = found.event(visit, EventKind::ActivationFailed).with("reason", NOT_ALLOWED);
            self.commit(visit, Change::default().record(failed)).await?;
            return Ok(Some(DeviceReply::error(403, NOT_ALLOWED)));
        };
        let (token, user) = (&found.token, &found.user);
        let opened = deed.keep.take().unwrap_or_else(|| token.opened.clone());
        deed.act(Act::EnrolmentStillAllowed { user: Box::new(user.clone()), settings: permission.seen });
        if permission.approved {
            deed.act(Act::GrantTake { user: user.id.clone(), state: GrantState::Approved });
        }
        if token.target != Some(target) {
            deed.act(Act::CredentialRetarget { id: token.id.clone(), target });
        }
        let (id, version, most) = (token.id.clone(), token.version, permission.most);
        deed.act(Act::CredentialActivate { id, version, opened, most });
        deed.act(Self::enrolled_act(permission.task, user, &token.id));
        let activated = found.event(visit, EventKind::TokenActivated);
        deed.record(Self::activated(activated, Some(target), "activation"));
        let event = found.event(visit, EventKind::ActivationCompleted);
        deed.record(completed(event, device, target, &token.template));
        let language = mail_language(self.ports.settings.as_ref(), &visit.vs.id).await?;
        // The mail tells of the platform that it really is.
        let as_activated = doorward_api::Credential { target: Some(target), ..token.clone() };
        for act in self.notice(visit, None, user, &(&as_activated).into(), &language) {
            deed.act(act);
        }
        deed.reply.activated = Some((token.serial.clone(), user.name.clone()));
        deed.funnel.push(("activation", "completed"));
        Ok(None)
    }

    /// Whether a token of this platform may come into use now. Everything is judged as at a step of the wizard, but
    /// for the network: it is the browser that enrols of which it is asked, and it was asked there when the device
    /// was confirmed. So was the help desk's code, which is used up.
    async fn may_activate(
        &self,
        visit: &Visit,
        found: &Found,
        target: Target,
    ) -> Result<Option<Permission>, StoreError> {
        let (user, template) = (&found.user, &found.token.template);
        let tokens = self.tokens_of(visit, &user.id).await?;
        let states: Vec<TokenState> = tokens.iter().map(counted).collect();
        // One that was issued by the mailbox does not become the second because its user has got another meanwhile.
        let adding = found.token.additional;
        let by_task = self.task_of(visit, &found.token).await?;
        let offered = match &by_task {
            Some(entry) => self.offer_once_opened(visit, user, entry, &states, Some(template)).await?,
            None => self.offer_at(visit, None, user, &states, Some(template), adding).await?,
        };
        let Ok(Allowed { choices, terms, most, seen, .. }) = offered else { return Ok(None) };
        let grant = self.ports.register.grant(&visit.vs.id, &user.id, visit.now).await?;
        let approved = !adding && by_task.is_none() && grant.is_some_and(|grant| grant.state == GrantState::Approved);
        let missing = terms.grant == Some(NeededGrant::Approval) && !approved;
        let task = by_task.map(|entry| entry.task);
        Ok((choices.allows(target) && !missing).then_some(Permission { seen, approved, most, task }))
    }

    /// The token is no longer in use, and what its device was asked is withdrawn. Sessions stay: nobody but its user
    /// is known to be harmed.
    fn end(&self, visit: &Visit, found: &Found, end: &End, deed: &mut Deed) {
        let token = &found.token;
        let Ok(to) = next(Some(token.state), end.event) else { return };
        deed.act(Act::CredentialState { id: token.id.clone(), from: vec![token.state], to });
        self.ended(visit, found, end, to, deed);
    }

    /// What follows where a token has gone out of use, and the record of it.
    fn ended(&self, visit: &Visit, found: &Found, end: &End, to: TokenState, deed: &mut Deed) {
        let token = &found.token;
        deed.act(Act::PushesCancelOf { user: token.user.clone() });
        deed.record(
            found
                .event(visit, end.kind)
                .with("actor", end.actor)
                .with("from", token.state.as_str())
                .with("to", to.as_str())
                .with("reason", end.reason),
        );
    }
}

/// How a device's token goes out of use.
struct End {
    event: TokenEvent,
    kind: EventKind,
    actor: &'static str,
    reason: &'static str,
}

const PIN_LOCKED: End =
    End { event: TokenEvent::LockPin, kind: EventKind::TokenPinLocked, actor: "system", reason: "too_many_wrong_pins" };

const CLONED: End =
    End { event: TokenEvent::Suspend, kind: EventKind::TokenSuspended, actor: "system", reason: "cloned" };

const CLONED_EARLY: End =
    End { event: TokenEvent::Revoke, kind: EventKind::TokenRevoked, actor: "system", reason: "cloned" };

const RELEASED: End =
    End { event: TokenEvent::Revoke, kind: EventKind::TokenRevoked, actor: "user", reason: "released" };

/// Nobody but an operator gives it back.
const HELD: End =
    End { event: TokenEvent::Suspend, kind: EventKind::TokenSuspended, actor: "user", reason: "released" };

const SECOND_DEVICE: &str = "second_device";

const NOT_ALLOWED: &str = "not_allowed";

/// What a device says of itself, in a record.
fn described(event: AuditEvent, device: &DeviceFacts) -> AuditEvent {
    event
        .with("os", device.os.as_str())
        .with("form", device.form.as_str())
        .with("deviceName", device.name.as_str())
        .with("installed", device.installed)
        .with("pushCapable", device.push)
        .with("biometric", device.biometric)
}

/// The record of an activation that came to its end.
pub(crate) fn completed(event: AuditEvent, device: &DeviceFacts, target: Target, template: &Template) -> AuditEvent {
    described(event, device).with("deviceType", target.device_type()).with("pinType", pin_type(template.pin))
}

const fn pin_type(pin: PinType) -> &'static str {
    match pin {
        PinType::None => "none",
        PinType::UserSelected => "user_selected",
        PinType::ServerSide => "server_side",
    }
}
