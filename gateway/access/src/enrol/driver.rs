//! Drives the wizard: loads the flow, asks [`step`](super::step) what an event leads to, and carries the effects out
//! through the ports, all of them in one change with the move of the flow.

use doorward_api::credential::{Credential, NewCredential, ServerPin};
use doorward_api::device::{ActivationFailure, ActivationStage, Device, DeviceFacts};
use doorward_api::flow::{Delivery, KeptSecret, Notice, SentCode};
use doorward_api::mail::{MailKind, NewMail};
use doorward_api::plugin::{Authenticator, OfferRequest, OfferView, Verified};
use doorward_api::ports::{Act, Change, MeterKey, MeterScope};
use doorward_api::template::PinType;
use doorward_api::{
    AuditEvent, CredentialId, EventKind, Factor, Flow, FlowData, FlowId, MailId, Secret, SecretBytes, SettingKind,
    Step, StoreError, Target, TargetSettings, Template, TokenState, User,
};
use doorward_tokens::{Choices, NotOffered, Terms};

use super::code;
use super::step::{Effect, Event, Next, Refusal, Sending, State, Tries, may_be_tried, not_tried, sending, step};
use crate::devices::completed;
use crate::dispute::{self, Newcomer};
use crate::drawn::{drawn, in_groups};
use crate::settings::setting;
use crate::signin::{
    Ahead, Allowed, Desk, Held, Look, Proof, Stop, Tried, asks, challenge_is_over, counted, unanswered,
};
use crate::visit::{Moved, StepForm, Visit};

/// How long a notice mail is tried.
const NOTICE_LIFE: std::time::Duration = std::time::Duration::from_hours(24);

/// A day, as the cap on tries counts it.
const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// Somebody who may self-provision at this very moment: every step takes one, so that none can forget to check (EN-05).
pub(crate) struct Applicant {
    pub(crate) user: User,
    pub(super) choices: Choices,
    /// On which terms.
    pub(super) terms: Terms,
    /// What a token issued now is made by.
    template: Template,
    /// How many tokens that count they may have with it.
    most: u8,
    /// By which settings.
    seen: Vec<(SettingKind, i64)>,
}

/// A device of which nothing more is awaited.
struct Ready<'a> {
    /// Its token, as it stands before.
    token: &'a Credential,
    /// What its plugin keeps of it from now on.
    opened: SecretBytes,
    facts: DeviceFacts,
    /// The platform that it really is.
    target: Target,
}

impl Applicant {
    pub(crate) fn new(user: User, allowed: Allowed) -> Self {
        let Allowed { choices, terms, template, most, seen } = allowed;
        Self { user, choices, terms, template, most, seen }
    }
}

impl From<Refusal> for Stop {
    fn from(_: Refusal) -> Self {
        Stop::Stale
    }
}

impl Desk {
    pub(crate) async fn try_add_authenticator(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::Offered]).await?;
        let applicant = self.applicant(visit, &held).await?;
        self.send_code(visit, &held, &applicant, Sending::New(1)).await
    }

    pub(crate) async fn try_resend_code(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::CodeSent]).await?;
        let applicant = self.applicant(visit, &held).await?;
        let data = &held.flow().data;
        let delivery = match &data.code {
            Some(code) => Some(self.in_outbox(visit, code).await.map_err(Stop::Fault)?),
            None => None,
        };
        match (sending(data, delivery, visit.now, &self.rules), &data.code) {
            (Sending::TooSoon, _) => Ok(Moved::ToStep { browser: None }),
            (Sending::Waiting, Some(code)) => self.deliver(visit, held.flow().id.clone(), code.mail.clone()).await,
            (what, _) => self.send_code(visit, &held, &applicant, what).await,
        }
    }

    /// Code, mail and move in one change; then the mail server is given a moment (decision A10).
    async fn send_code(&self, visit: &Visit, held: &Held, who: &Applicant, what: Sending) -> Result<Moved, Stop> {
        if who.user.email.as_deref().is_none_or(str::is_empty) {
            return self.go(visit, held, who, Event::NoAddress, Change::default()).await;
        }
        let meter = MeterKey { scope: MeterScope::CodeSends, key: who.user.id.as_str().to_owned() };
        let window = self.rules.code_sends_window;
        let (sends, until) = self.ports.meters.count(&visit.vs.id, &meter, window, visit.now).await?;
        if sends > self.rules.code_sends {
            let first = sends == self.rules.code_sends.saturating_add(1);
            return self.go(visit, held, who, Event::TooManyCodes { until, first }, Change::default()).await;
        }
        let flow = held.flow();
        let sent = match (what, &flow.data.code) {
            (Sending::New(number), _) => self.new_code(visit, &flow.id, number),
            (_, Some(code)) => SentCode { mail: MailId::new(self.ports.entropy.id()), ..code.clone() },
            (_, None) => return Err(Stop::Stale),
        };
        let mail = self.code_mail(visit, held, &who.user, &sent);
        let id = sent.mail.clone();
        let event = match what {
            Sending::New(_) => Event::CodeQueued(sent),
            _ => Event::CodeQueuedAgain(sent.mail),
        };
        self.go(visit, held, who, event, Change::of(Act::MailQueue(mail))).await?;
        self.deliver(visit, flow.id.clone(), id).await
    }

    fn new_code(&self, visit: &Visit, flow: &FlowId, number: u32) -> SentCode {
        let code = self.codes.draw(&visit.vs.id, flow, number);
        SentCode {
            mac: self.codes.mac(&visit.vs.id, flow, number, &code),
            number,
            made_at: visit.now,
            expires_at: visit.now + self.rules.code_life,
            mail: MailId::new(self.ports.entropy.id()),
            delivery: Delivery::Pending,
            void: false,
        }
    }

    fn code_mail(&self, visit: &Visit, held: &Held, user: &User, sent: &SentCode) -> NewMail {
        let flow = held.flow();
        let code = self.codes.draw(&visit.vs.id, &flow.id, sent.number);
        let minutes = sent.expires_at.since(visit.now).as_secs().div_ceil(60);
        let mut fields = vec![
            ("code", code),
            ("minutes", Secret::new(minutes.to_string())),
            ("sent_at", Secret::new(visit.now.rfc3339())),
            ("attempt", Secret::new(sent.number.to_string())),
        ];
        if let Some(app) = Self::app_name(visit, flow.data.return_to.as_ref()) {
            fields.push(("app", Secret::new(app)));
        }
        NewMail {
            id: sent.mail.clone(),
            user: user.id.clone(),
            kind: MailKind::VerificationCode,
            language: visit.language.clone(),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            flow: Some(flow.id.clone()),
            expires_at: sent.expires_at,
        }
    }

    /// Tries the mail now, and notes in the flow what has become of it. While nothing has, the page asks by itself.
    async fn deliver(&self, visit: &Visit, flow: FlowId, mail: MailId) -> Result<Moved, Stop> {
        let here = Ok(Moved::ToStep { browser: None });
        let delivery = self.ports.mailer.deliver(&visit.vs.id, &mail, self.rules.mail_wait).await;
        if delivery == Delivery::Pending {
            return here;
        }
        let Some(held) = self.hold_again(visit, &flow, Step::CodeSent).await? else { return here };
        let mut data = held.flow().data.clone();
        let Some(code) = data.code.as_mut().filter(|code| code.mail == mail) else { return here };
        code.delivery = delivery;
        match self.commit(visit, Change::of(self.staying(visit, &held, data))).await {
            Err(Stop::Fault(error)) => Err(Stop::Fault(error)),
            // Lost: the user was faster than the mail server.
            _ => here,
        }
    }

    pub(crate) async fn try_verify_code(&self, visit: &Visit, form: &StepForm, typed: &str) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::CodeSent]).await?;
        let who = self.applicant(visit, &held).await?;
        let flow = held.flow();
        let typed = code::normalise(typed);
        if typed.is_empty() {
            return self.go(visit, &held, &who, Event::CodeLeftEmpty, Change::default()).await;
        }
        let sent = match may_be_tried(&flow.data, visit.now)? {
            Ok(sent) => sent,
            Err(notice) => {
                let next = not_tried(&state(&held), notice);
                return self.carry_out(visit, &held, &who, next, Change::default()).await;
            }
        };
        // Counted first, compared then: of any number of parallel tries no more are compared than the limit says (EN-04).
        let tries = self.count_tries(visit, &flow.id, sent.number, &who.user).await?;
        if tries.of_code > self.rules.code_tries {
            self.let_earlier_tries_end(visit, &held).await?;
        }
        let right = self.codes.right(&visit.vs.id, &flow.id, sent, &typed);
        let fresh = CredentialId::new(self.ports.entropy.id());
        let grant = self.standing(visit, &who, None).await?;
        let event = Event::CodeTried { right, tries, grant, choices: &who.choices, fresh: &fresh };
        self.go(visit, &held, &who, event, Change::default()).await
    }

    /// The fifth wrong try voids the code, so one beyond it is parallel to those before. Voiding the code now could overtake the
    /// right one among them. Only where none of them comes to its end is the code voided here.
    async fn let_earlier_tries_end(&self, visit: &Visit, held: &Held) -> Result<(), Stop> {
        const LOOK: std::time::Duration = std::time::Duration::from_millis(250);
        let mut looks = self.rules.mail_wait.as_millis() / LOOK.as_millis();
        while looks > 0 {
            let now = self.hold_again(visit, &held.flow().id, Step::CodeSent).await?;
            let now = now.filter(|now| now.flow().nonce == held.flow().nonce).ok_or(Stop::Stale)?;
            if now.flow().data.code.as_ref().is_none_or(|code| code.void) {
                break;
            }
            tokio::time::sleep(LOOK).await;
            looks -= 1;
        }
        Ok(())
    }

    async fn count_tries(&self, visit: &Visit, flow: &FlowId, number: u32, user: &User) -> Result<Tries, StoreError> {
        let vs = &visit.vs.id;
        let of_code = MeterKey { scope: MeterScope::CodeTries, key: format!("{flow}:{number}") };
        let of_day = MeterKey { scope: MeterScope::CodeTriesDay, key: user.id.as_str().to_owned() };
        let (of_code, _) = self.ports.meters.count(vs, &of_code, self.rules.wizard, visit.now).await?;
        if of_code > self.rules.code_tries {
            // A void code is not compared, so it costs the user nothing of the day.
            let (of_day, day_ends) = self.ports.meters.read(vs, &of_day, visit.now).await?;
            return Ok(Tries { of_code, of_day, day_ends });
        }
        let (of_day, day_ends) = self.ports.meters.count(vs, &of_day, DAY, visit.now).await?;
        Ok(Tries { of_code, of_day, day_ends })
    }

    pub(crate) async fn try_choose_target(&self, visit: &Visit, form: &StepForm, value: &str) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::EmailVerified]).await?;
        let who = self.granted_applicant(visit, &held).await?;
        let choice = who.choices.read(value);
        let mut extra = Change::default();
        if choice.is_none() && Target::parse(value).is_some() {
            extra = extra.record(self.not_allowed(visit, &held));
        }
        let fresh = CredentialId::new(self.ports.entropy.id());
        let event = Event::Chosen { choice, choices: &who.choices, fresh: &fresh };
        self.go(visit, &held, &who, event, extra).await
    }

    /// W5, for an app of our own: it is installed, and the code may be shown (R22).
    pub(crate) async fn try_app_installed(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::CodeIssued]).await?;
        let who = self.applicant_with_target(visit, &held).await?;
        let token = self.token_in_hand(visit, &held).await?;
        self.served_by(visit, &token)?;
        self.go(visit, &held, &who, Event::AppInstalled, Change::default()).await
    }

    /// W6: "It's mine", "Not mine".
    pub(crate) async fn try_confirm_device(&self, visit: &Visit, form: &StepForm, theirs: bool) -> Result<Moved, Stop> {
        match self.confirm_device_once(visit, form, theirs).await {
            // The device has asked for something at the same moment. What is confirmed is what stands there now.
            Err(Stop::Lost("credential_learn" | "credential_activate")) => {
                self.confirm_device_once(visit, form, theirs).await
            }
            outcome => outcome,
        }
    }

    async fn confirm_device_once(&self, visit: &Visit, form: &StepForm, theirs: bool) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::CodeIssued]).await?;
        let who = self.applicant_with_target(visit, &held).await?;
        let token = self.token_in_hand(visit, &held).await?;
        let device = self.served_by(visit, &token)?;
        let Some(opened) = device.confirm(&token.opened, theirs)? else {
            return self.judged_already(visit, &who.user, &token, theirs);
        };
        let challenge = asks(&token.template).then(|| self.draw_challenge(visit));
        let event = Event::DeviceJudged { theirs, challenge };
        if let Some((facts, target)) = if theirs { device.ready(&opened)? } else { None } {
            // Nothing more is awaited of it: the user's word puts the token in use.
            let ready = Ready { token: &token, opened, facts, target };
            return self.activate_at_once(visit, &held, &who, ready, event).await;
        }
        let learn = Act::CredentialLearn { id: token.id.clone(), version: token.version, opened };
        let kind = if theirs { EventKind::ActivationConfirmed } else { EventKind::ActivationDisowned };
        let judged = self.event(kind, visit, held.flow()).with("serial", token.serial.as_str());
        let mut extra = Change::of(learn).record(judged);
        if theirs {
            // The device puts the token in use where this flow is not at hand. What was put off ends here, so that
            // the session which the flow raises is kept.
            extra = extra.and(self.put_off_no_longer(&held, &who.user));
        }
        self.go(visit, &held, &who, event, extra).await
    }

    /// As when a device puts its token in use by itself, but with the word of its user, in one change.
    async fn activate_at_once(
        &self,
        visit: &Visit,
        held: &Held,
        who: &Applicant,
        ready: Ready<'_>,
        event: Event<'_>,
    ) -> Result<Moved, Stop> {
        let Ready { token, opened, facts, target } = ready;
        if !who.choices.allows(target) {
            self.commit(visit, Change::default().record(self.not_allowed(visit, held))).await?;
            return Err(Stop::Stale);
        }
        let event_of = |kind| self.event(kind, visit, held.flow()).with("serial", token.serial.as_str());
        let (id, version, most) = (token.id.clone(), token.version, who.most);
        let activate = Act::CredentialActivate { id: id.clone(), version, opened, most };
        let retarget = (token.target != Some(target)).then_some(Act::CredentialRetarget { id, target });
        let acts = retarget.into_iter().chain([activate]).collect();
        let confirmed = Change { acts, events: vec![event_of(EventKind::ActivationConfirmed)] };
        let token = Credential { target: Some(target), ..token.clone() };
        let extra = self.activation(visit, held, who, &token, confirmed, "activation").record(completed(
            event_of(EventKind::ActivationCompleted),
            &facts,
            target,
            &token.template,
        ));
        let moved = self.go(visit, held, who, event, extra).await?;
        self.ports.metrics.enrollment(visit.vs.id.as_str(), "activation", "completed");
        Ok(moved)
    }

    /// A button that was clicked twice has done what it says; any other has come too late.
    fn judged_already(&self, visit: &Visit, user: &User, token: &Credential, theirs: bool) -> Result<Moved, Stop> {
        let target = token.target.ok_or(Stop::Stale)?;
        let kind = self.kind_of(&visit.vs, token).ok_or(Stop::Stale)?;
        let request = self.offer_request(visit, kind, user, &token.id, &token.template, target);
        let OfferView::Activation { stage, .. } = kind.show(&token.opened, &request)? else { return Err(Stop::Stale) };
        let so = match stage {
            ActivationStage::SettingUp { .. } | ActivationStage::Active { .. } => theirs,
            ActivationStage::Failed(ActivationFailure::NotMine) => !theirs,
            ActivationStage::Waiting | ActivationStage::Found { .. } | ActivationStage::Failed(_) => false,
        };
        if so { Ok(Moved::ToStep { browser: None }) } else { Err(Stop::Stale) }
    }

    /// The half that talks to the device of a token, where it is one of ours.
    fn served_by(&self, visit: &Visit, token: &Credential) -> Result<&dyn Device, Stop> {
        self.kind_of(&visit.vs, token).and_then(Authenticator::device).ok_or(Stop::Stale)
    }

    pub(crate) async fn try_new_secret(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::CodeIssued]).await?;
        let who = self.applicant_with_target(visit, &held).await?;
        self.go(visit, &held, &who, Event::NewSecret, Change::default()).await
    }

    /// W5: "Use another app instead".
    pub(crate) async fn try_choose_kind(&self, visit: &Visit, form: &StepForm, chosen: &str) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::CodeIssued]).await?;
        let who = self.applicant_with_target(visit, &held).await?;
        let token = self.token_in_hand(visit, &held).await?;
        let target = token.target.ok_or(Stop::Stale)?;
        if self.is_claimed(visit, &who.user, &token).map_err(Stop::Fault)? {
            // A device has come meanwhile: the page asks whose it is.
            return Err(Stop::Stale);
        }
        let kinds = self.kinds_for(visit, held.flow(), &who.template, target).await?;
        let other = kinds.into_iter().map(|(plugin, _)| plugin).find(|plugin| *plugin == chosen);
        let other = other.filter(|plugin| *plugin != token.plugin).ok_or(Stop::Stale)?;
        self.go(visit, &held, &who, Event::OtherKind(other), Change::default()).await
    }

    pub(crate) async fn try_continue(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::CodeIssued]).await?;
        let who = self.applicant_with_target(visit, &held).await?;
        let token = self.token_in_hand(visit, &held).await?;
        if self.served_by(visit, &token).is_ok() {
            // Its page goes on by itself once the device has put it in use; until then Continue is for what comes
            // first there.
            return self.go(visit, &held, &who, Event::AppInstalled, Change::default()).await;
        }
        let challenge = asks(&token.template).then(|| self.draw_challenge(visit));
        self.go(visit, &held, &who, Event::Continue(challenge), Change::default()).await
    }

    pub(crate) async fn try_back(&self, visit: &Visit, form: &StepForm) -> Result<Moved, Stop> {
        let held = self.hold(visit, form, &[Step::EmailVerified, Step::CodeIssued]).await?;
        let who = self.granted_applicant(visit, &held).await?;
        self.go(visit, &held, &who, Event::Back(&who.choices), Change::default()).await
    }

    /// W8: the first passcode proves the token and signs in, in one change (decision A1).
    pub(crate) async fn first_passcode(&self, visit: &Visit, held: &Held, otp: &Secret) -> Result<Moved, Stop> {
        if let Some(token) = self.activated_token(visit, held.flow()).await? {
            if !self.has_passcodes(&token) {
                return Err(Stop::Stale);
            }
            return self.first_passcode_of(visit, held, token, otp).await;
        }
        if !held.flow().data.asks_passcode {
            return Err(Stop::Stale);
        }
        let who = self.applicant_with_target(visit, held).await?;
        if otp.is_empty() {
            return self.tell(visit, held, unanswered(visit, held), Vec::new()).await;
        }
        if challenge_is_over(visit, held) {
            return self.tell(visit, held, Notice::ChallengeExpired, Vec::new()).await;
        }
        match self.prove_token(visit, held, &who, otp).await {
            // Somebody wrote over what was read: read and check everything once more (decision A22, EN-05).
            Err(Stop::Lost(
                "credential_activate" | "enrolment_still_allowed" | "grant_take" | "provisioning_enrolled",
            )) => {
                let who = self.applicant_with_target(visit, held).await?;
                self.prove_token(visit, held, &who, otp).await
            }
            outcome => outcome,
        }
    }

    /// The same for a token that its device has put in use: its passcode is one like any other, and signs in by this
    /// very token.
    async fn first_passcode_of(
        &self,
        visit: &Visit,
        held: &Held,
        token: Credential,
        otp: &Secret,
    ) -> Result<Moved, Stop> {
        if otp.is_empty() {
            return self.tell(visit, held, unanswered(visit, held), Vec::new()).await;
        }
        if challenge_is_over(visit, held) {
            return self.tell(visit, held, Notice::ChallengeExpired, Vec::new()).await;
        }
        match self.use_token(visit, held, &token, otp).await {
            // Somebody wrote over what was read, perhaps the device itself: read and check once more (decision A22).
            Err(Stop::Lost("credential_use" | "credential_learn")) => {
                let token = self.activated_token(visit, held.flow()).await?.ok_or(Stop::Stale)?;
                self.use_token(visit, held, &token, otp).await
            }
            outcome => outcome,
        }
    }

    async fn use_token(&self, visit: &Visit, held: &Held, token: &Credential, otp: &Secret) -> Result<Moved, Stop> {
        let user = self.user(visit, held).await?.ok_or(Stop::Stale)?;
        if let Some(until) = token.locked_until.filter(|until| *until > visit.now) {
            return self.token_is_locked(visit, held, until).await;
        }
        let lockout = self.lockout(visit).await?;
        let last_of_day = match self.look_at_token(visit, &token.id, &lockout).await? {
            Look::Once { last_of_day, .. } => last_of_day,
            Look::Wait(until) => return self.token_is_locked(visit, held, until).await,
        };
        match self.verify(visit, held, token, otp).await? {
            Verified::Accepted { updated } => {
                let (id, version) = (token.id.clone(), token.version);
                // By a task nobody is signed in yet: the token is not used, it is seen to work.
                let spent = match held.flow().data.provisioned {
                    Some(_) => Act::CredentialLearn { id, version, opened: updated },
                    None => Act::CredentialUse { id, version, opened: updated },
                };
                let (data, change) = self.first_sign_in(visit, held, token, "otp")?;
                let change = change.and(spent);
                let moved = match self.pin_must_change(visit, token).await? {
                    Some(why) => self.ask_new_pin(visit, held, data, token, why, change).await?,
                    None => {
                        let data = FlowData { first_pin: None, ..data };
                        let proof = Proof::of_token(token, visit.now, change);
                        self.proved(visit, held, data, &user, proof).await?
                    }
                };
                self.forget_tries(visit, &token.id).await;
                self.measure_first_sign_in(visit);
                self.measure_sign_in(visit, Factor::Otp, "success");
                Ok(moved)
            }
            Verified::Outer { updated } => {
                self.learn(visit, token, updated).await?;
                self.next_please(visit, held).await
            }
            Verified::Replayed => self.replayed(visit, held, token.serial.clone()).await,
            Verified::Rejected => {
                self.ports.metrics.enrollment(visit.vs.id.as_str(), "confirmed", "rejected");
                let (id, serial) = (token.id.clone(), token.serial.clone());
                let tried = Tried { id, serial, state: token.state, last_of_day };
                self.passcode_rejected(visit, held, &[tried], None).await
            }
        }
    }

    /// What the first sign-in means with a token that its device has put in use: the enrolment is confirmed. With
    /// what the flow remembers then.
    pub(crate) fn first_sign_in(
        &self,
        visit: &Visit,
        held: &Held,
        token: &Credential,
        method: &'static str,
    ) -> Result<(FlowData, Change), Stop> {
        let next = step(&state(held), Event::FirstSignIn, visit.now, &self.rules)?;
        let record = self.event(EventKind::EnrollmentConfirmed, visit, held.flow());
        let record = Box::new(record.with("serial", token.serial.as_str()).with("method", method));
        let sessions = Act::DeferredSessionsEnd { user: token.user.clone(), keep: held.flow().data.raises.clone() };
        let change = Change::of(sessions);
        // By a task, it is confirmed by the first sign-in. Otherwise this is it, unless there was one elsewhere meanwhile.
        let by_task = held.flow().data.provisioned.is_some();
        let used = Act::EnrolmentUsed { token: token.id.clone(), record };
        Ok((next.state.data, if by_task { change } else { change.and(used) }))
    }

    /// It was committed.
    pub(crate) fn measure_first_sign_in(&self, visit: &Visit) {
        self.ports.metrics.enrollment(visit.vs.id.as_str(), "confirmed", "confirmed");
    }

    async fn prove_token(&self, visit: &Visit, held: &Held, who: &Applicant, otp: &Secret) -> Result<Moved, Stop> {
        let token = self.token_in_hand(visit, held).await?;
        if let Some(until) = token.locked_until.filter(|until| *until > visit.now) {
            return self.token_is_locked(visit, held, until).await;
        }
        let lockout = self.lockout(visit).await?;
        let last_of_day = match self.look_at_token(visit, &token.id, &lockout).await? {
            Look::Once { last_of_day, .. } => last_of_day,
            Look::Wait(until) => return self.token_is_locked(visit, held, until).await,
        };
        match self.verify(visit, held, &token, otp).await? {
            Verified::Accepted { updated } => {
                let next = step(&state(held), Event::Proved, visit.now, &self.rules)?;
                let (id, version, most) = (token.id.clone(), token.version, who.most);
                let activate = Change::of(Act::CredentialActivate { id, version, opened: updated, most });
                // By a task, it is confirmed by the first sign-in.
                let how = match held.flow().data.provisioned {
                    None => EventKind::EnrollmentConfirmed,
                    Some(_) => EventKind::ActivationCompleted,
                };
                let confirmed = self.event(how, visit, held.flow());
                let change = self
                    .activation(visit, held, who, &token, activate, "first_passcode")
                    .record(confirmed.with("serial", token.serial.as_str()).with("method", "otp"));
                let id = token.id.clone();
                let moved = match self.pin_must_change(visit, &token).await? {
                    Some(why) => self.ask_new_pin(visit, held, next.state.data, &token, why, change).await?,
                    None => {
                        let proof = Proof::of_token(&token, visit.now, change);
                        let data = FlowData { first_pin: None, ..next.state.data };
                        self.proved(visit, held, data, &who.user, proof).await?
                    }
                };
                self.forget_tries(visit, &id).await;
                self.measure(visit, &next.effects);
                self.measure_sign_in(visit, Factor::Otp, "success");
                Ok(moved)
            }
            Verified::Replayed => self.replayed(visit, held, token.serial).await,
            // A token that was never in step is not found by chance: its owner waits for the next passcode, or starts anew.
            Verified::Outer { .. } | Verified::Rejected => {
                self.ports.metrics.enrollment(visit.vs.id.as_str(), "confirmed", "rejected");
                let tried = Tried { id: token.id, serial: token.serial, state: token.state, last_of_day };
                self.passcode_rejected(visit, held, &[tried], None).await
            }
        }
    }

    /// What an activation means besides: that it is still allowed, its record, and the notice with "Not you?" (W9).
    fn activation(
        &self,
        visit: &Visit,
        held: &Held,
        who: &Applicant,
        token: &Credential,
        activate: Change,
        reason: &'static str,
    ) -> Change {
        let flow = held.flow();
        let event = self.event(EventKind::TokenActivated, visit, flow).with("serial", token.serial.as_str());
        let allowed = Act::EnrolmentStillAllowed { user: Box::new(who.user.clone()), settings: who.seen.clone() };
        let acts = std::iter::once(allowed).chain(who.approval_used(&flow.data)).chain(activate.acts);
        let mut change = Change { acts: acts.collect(), events: activate.events }
            .and(self.put_off_no_longer(held, &who.user))
            .record(Self::activated(event, token.target, reason));
        change.acts.push(Self::enrolled_act(flow.data.provisioned, &who.user, &token.id));
        change.acts.extend(self.notice(visit, Some(&flow.id), &who.user, &token.into(), &visit.language));
        change
    }

    /// There is a token, or will be in a moment: no session counts any more that was had without one. That which this
    /// flow raises is kept for it.
    fn put_off_no_longer(&self, held: &Held, user: &User) -> Act {
        Act::DeferredSessionsEnd { user: user.id.clone(), keep: held.flow().data.raises.clone() }
    }

    /// The record of a token that its user has put in use.
    pub(crate) fn activated(event: AuditEvent, target: Option<Target>, reason: &'static str) -> AuditEvent {
        event
            .with("actor", "user")
            .with("from", TokenState::Assigned.as_str())
            .with("to", TokenState::Active.as_str())
            .with("reason", reason)
            .with("os", target.map_or("", Target::os))
            .with("deviceType", target.map_or("", Target::device_type))
    }

    /// The mail that tells of a new token or passkey, and its link "Not you?" (W9). Whoever has no address gets none.
    pub(crate) fn notice(
        &self,
        visit: &Visit,
        flow: Option<&FlowId>,
        user: &User,
        new: &Newcomer<'_>,
        language: &str,
    ) -> Vec<Act> {
        if user.email.as_deref().is_none_or(str::is_empty) {
            return Vec::new();
        }
        let (life, entropy) = (self.rules.dispute_life, self.ports.entropy.as_ref());
        let (put, url) = dispute::link(&visit.vs, new, flow, life, entropy, visit.now);
        vec![put, Act::MailQueue(self.notice_mail(visit, flow, user, new.device, language, url))]
    }

    fn notice_mail(
        &self,
        visit: &Visit,
        flow: Option<&FlowId>,
        user: &User,
        device: &str,
        language: &str,
        dispute: String,
    ) -> NewMail {
        let fields = [
            ("device", device.to_owned()),
            ("when", visit.now.rfc3339()),
            ("address", visit.address.to_canonical().to_string()),
            ("dispute_url", dispute),
        ];
        NewMail {
            id: MailId::new(self.ports.entropy.id()),
            user: user.id.clone(),
            kind: MailKind::EnrolmentNotice,
            language: language.to_owned(),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect(),
            flow: flow.cloned(),
            expires_at: visit.now + NOTICE_LIFE,
        }
    }

    /// The user of a flow, if they may still self-provision. If not, the flow leaves the wizard (EN-05).
    pub(super) async fn applicant(&self, visit: &Visit, held: &Held) -> Result<Applicant, Stop> {
        let data = &held.flow().data;
        if let Some(token) = self.activated_token(visit, held.flow()).await? {
            return self.on_to_first_passcode(visit, held, &token).await;
        }
        let Some(user) = self.user(visit, held).await? else {
            return self.withdraw(visit, held, NotOffered::AccountUnusable).await;
        };
        let ahead = self.ahead(visit, data.return_to.as_ref(), &user, data.proofs, data.raises.as_ref());
        if matches!(ahead, Ahead::Closed { .. }) {
            return self.withdraw(visit, held, NotOffered::NotNeeded).await;
        }
        let tokens = self.tokens_of(visit, &user.id).await?;
        let states: Vec<TokenState> = tokens.iter().map(counted).collect();
        // A token that was issued keeps what it was made by, whatever new ones are made by meanwhile (R57).
        let issued = tokens.iter().find(|token| data.credential.as_ref() == Some(&token.id));
        let template = issued.map(|token| &token.template);
        let offered = match data.provisioned {
            Some(task) => self.offer_in_flow(visit, task, &user, &states, template).await?,
            None => self.offer(visit, &user, &states, template, data.adding).await?,
        };
        match offered {
            Ok(allowed) => Ok(Applicant::new(user, allowed)),
            Err(why) => self.withdraw(visit, held, why).await,
        }
    }

    /// While the form was on its way the device has put the token of the flow in use: nothing is left but its first
    /// passcode.
    async fn on_to_first_passcode<T>(&self, visit: &Visit, held: &Held, token: &Credential) -> Result<T, Stop> {
        if held.flow().step == Step::CodeIssued {
            return Err(Stop::Done(Moved::ToStep { browser: None }));
        }
        let data = FlowData { target: token.target, ..held.data() };
        let act = self.onward(visit, held, Step::CodeIssued, data);
        self.commit(visit, Change::of(act)).await?;
        Err(Stop::Done(Moved::ToStep { browser: None }))
    }

    /// The token that this flow has issued, once its device has put it in use.
    pub(crate) async fn activated_token(&self, visit: &Visit, flow: &Flow) -> Result<Option<Credential>, StoreError> {
        let (Some(id), true) = (&flow.data.credential, flow.step.enrolling()) else { return Ok(None) };
        let token = self.ports.credentials.credential(&visit.vs.id, id).await?;
        let ours = |token: &Credential| token.state == TokenState::Active && Some(&token.user) == flow.user.as_ref();
        Ok(token.filter(ours))
    }

    /// The same, and the platform chosen before is still allowed. If it is not, another is to be chosen (R49).
    async fn applicant_with_target(&self, visit: &Visit, held: &Held) -> Result<Applicant, Stop> {
        let who = self.granted_applicant(visit, held).await?;
        if held.flow().data.target.is_some_and(|target| who.choices.allows(target)) {
            return Ok(who);
        }
        let data = FlowData {
            notice: Some(Notice::ChooseTarget),
            target: None,
            mobile_chosen: false,
            asks_passcode: false,
            ..held.data()
        };
        let act = self.onward(visit, held, Step::EmailVerified, data);
        self.commit(visit, Change::of(act).record(self.not_allowed(visit, held))).await?;
        Err(Stop::Done(Moved::ToStep { browser: None }))
    }

    fn not_allowed(&self, visit: &Visit, held: &Held) -> AuditEvent {
        self.event(EventKind::ActivationFailed, visit, held.flow()).with("reason", "target_not_allowed")
    }

    /// Out of the wizard, to the passcode page; a token that was issued on the way is destroyed.
    async fn withdraw<T>(&self, visit: &Visit, held: &Held, why: NotOffered) -> Result<T, Stop> {
        if held.flow().data.adding {
            return self.withdraw_from_adding(visit, held, why).await;
        }
        if held.flow().data.provisioned.is_some() {
            return self.withdraw_by_mail(visit, held, why).await;
        }
        let data = FlowData {
            notice: Some(Notice::NoLongerOffered),
            code: None,
            granted: None,
            target: None,
            credential: None,
            issue_expires_at: None,
            mobile_chosen: false,
            asks_passcode: false,
            first_pin: None,
            challenge: self.challenge_for(visit, held.flow().user.as_ref()).await?,
            ..held.data()
        };
        let event = self.event(EventKind::SelfProvisioningNotOffered, visit, held.flow()).with("reason", why.as_str());
        let change = Change::of(self.onward(visit, held, Step::Passcode, data)).record(event);
        let change = self.abandon_token(visit, held, change, why.as_str()).await?;
        self.commit(visit, change).await?;
        self.ports.metrics.enrollment(visit.vs.id.as_str(), held.flow().step.as_str(), "withdrawn");
        Err(Stop::Done(Moved::ToStep { browser: None }))
    }

    pub(super) async fn go(
        &self,
        visit: &Visit,
        held: &Held,
        who: &Applicant,
        event: Event<'_>,
        extra: Change,
    ) -> Result<Moved, Stop> {
        let next = step(&state(held), event, visit.now, &self.rules)?;
        self.carry_out(visit, held, who, next, extra).await
    }

    /// The move, everything that follows from it, and `extra`: one change.
    async fn carry_out(
        &self,
        visit: &Visit,
        held: &Held,
        who: &Applicant,
        next: Next,
        extra: Change,
    ) -> Result<Moved, Stop> {
        let Next { state: State { step, mut data }, mut effects } = next;
        if let Some(token) = self.cannot_move(visit, held, &effects).await? {
            data.issue_expires_at = Some(visit.now + self.rules.issue_life);
            effects.push(Effect::Reissue(token, None));
        }
        let drawn = self.first_pin(visit, who, &effects).await?;
        if let Some((pin, _)) = &drawn {
            data.first_pin = Some(KeptSecret::new(pin));
        }
        let pin = drawn.map(|(_, kept)| kept);
        let target = data.target;
        let same_page = step == held.flow().step && FlowData { notice: None, ..data.clone() } == held.data();
        let act = if same_page { self.staying(visit, held, data) } else { self.onward(visit, held, step, data) };
        let mut change = Change::of(act);
        for effect in &effects {
            change = self.effect(visit, held, who, (effect, target), pin.as_ref(), change).await?;
        }
        change.acts.extend(extra.acts);
        change.events.extend(extra.events);
        self.commit(visit, change).await?;
        self.measure(visit, &effects);
        Ok(Moved::ToStep { browser: None })
    }

    /// A token in hand that is to go to another platform, which its kind cannot follow to.
    async fn cannot_move(&self, visit: &Visit, held: &Held, effects: &[Effect]) -> Result<Option<CredentialId>, Stop> {
        let moves = |effect: &Effect| if let Effect::Retarget(_, target) = effect { Some(*target) } else { None };
        let Some(target) = effects.iter().find_map(moves) else { return Ok(None) };
        let token = self.token_in_hand(visit, held).await?;
        let targets = setting::<TargetSettings>(self.ports.settings.as_ref(), &visit.vs.id).await?.document;
        let mut fitting = self.fitting(&visit.vs, &token.template, target, &targets);
        Ok((!fitting.any(|(plugin, _)| plugin == token.plugin)).then_some(token.id))
    }

    /// The PIN of a token that is issued here, where the server checks one (R68).
    async fn first_pin(
        &self,
        visit: &Visit,
        who: &Applicant,
        effects: &[Effect],
    ) -> Result<Option<(Secret, ServerPin)>, Stop> {
        let issues = effects.iter().any(|effect| matches!(effect, Effect::Issue(..) | Effect::Reissue(..)));
        if !issues || who.template.pin != PinType::ServerSide {
            return Ok(None);
        }
        self.draw_pin(visit).await.map(Some)
    }

    async fn effect(
        &self,
        visit: &Visit,
        held: &Held,
        who: &Applicant,
        (effect, target): (&Effect, Option<Target>),
        pin: Option<&ServerPin>,
        change: Change,
    ) -> Result<Change, Stop> {
        Ok(match effect {
            Effect::Supersede => change.and(self.supersede(visit, held, who)),
            Effect::Issue(id, target) => {
                let change = self.issue(visit, held, who, id, *target, change).await?;
                let set = pin.map(|pin| Act::CredentialPin { id: id.clone(), version: 0, pin: Some(pin.clone()) });
                Change { acts: change.acts.into_iter().chain(set).collect(), ..change }
            }
            Effect::Retarget(id, target) => change.and(Act::CredentialRetarget { id: id.clone(), target: *target }),
            Effect::Reissue(_, kind) => self.reissue(visit, held, who, (*kind, target), pin, change).await?,
            Effect::Record(kind, details) => change.record(self.detailed(visit, held, *kind, details)),
            // Activating needs the plugin's new bytes and comes with a session: `prove_token` sees to it.
            Effect::Activate(_) | Effect::Measure { .. } => change,
        })
    }

    fn detailed(
        &self,
        visit: &Visit,
        held: &Held,
        kind: EventKind,
        details: &[(&'static str, serde_json::Value)],
    ) -> AuditEvent {
        let event = self.event(kind, visit, held.flow());
        let event = details.iter().fold(event, |event, (name, value)| event.with(name, value.clone()));
        if kind != EventKind::AddAuthenticatorSelected {
            return event;
        }
        event.with("language", visit.language.as_str()).with("userAgent", visit.user_agent.as_str())
    }

    /// The user's other enrolments end, and with them the tokens that they have issued (decision A12).
    fn supersede(&self, visit: &Visit, held: &Held, who: &Applicant) -> Act {
        let by = self.event(EventKind::EnrollmentSuperseded, visit, held.flow()).context;
        Act::FlowsSupersede { user: who.user.id.clone(), keep: held.flow().id.clone(), by: Box::new(by) }
    }

    async fn issue(
        &self,
        visit: &Visit,
        held: &Held,
        who: &Applicant,
        id: &CredentialId,
        target: Target,
        change: Change,
    ) -> Result<Change, Stop> {
        let kinds = self.kinds_for(visit, held.flow(), &who.template, target).await?;
        let Some((plugin, kind)) = kinds.into_iter().next() else {
            return self.withdraw(visit, held, NotOffered::NoTarget).await;
        };
        let request = self.offer_request(visit, kind, &who.user, id, &who.template, target);
        let offer = kind.offer(&request, visit.now).await?;
        let serial = self.serial();
        let by_task = held.flow().data.provisioned;
        let event = |kind| self.event(kind, visit, held.flow()).with("serial", serial.as_str());
        let change = change
            .record(
                event(EventKind::TokenAssigned)
                    .with("actor", "user")
                    .with("from", "inventory")
                    .with("to", TokenState::Assigned.as_str())
                    .with("reason", if by_task.is_some() { "provisioning" } else { "self_provisioning" }),
            )
            .record(self.issued(visit, who, plugin, event(EventKind::ActivationCodeIssued)));
        let user = who.user.id.clone();
        let of_task = by_task.map(|task| Act::ProvisioningIssued { task, user, token: id.clone() });
        let mut change = change.and(Act::CredentialIssue(NewCredential {
            id: id.clone(),
            user: who.user.id.clone(),
            plugin: plugin.to_owned(),
            serial,
            target,
            template: who.template.clone(),
            opened: offer.opened,
            additional: held.flow().data.adding,
            most: who.most,
        }));
        change.acts.extend(of_task);
        Ok(change)
    }

    /// "New code": a new secret, with the template of this moment. By the kind that was chosen, or the same, or, where
    /// that one fits no more, the one that is offered first now.
    async fn reissue(
        &self,
        visit: &Visit,
        held: &Held,
        who: &Applicant,
        (chosen, target): (Option<&'static str>, Option<Target>),
        pin: Option<&ServerPin>,
        change: Change,
    ) -> Result<Change, Stop> {
        let token = self.token_in_hand(visit, held).await?;
        let target = target.or(token.target).ok_or(Stop::Stale)?;
        let kinds = self.kinds_for(visit, held.flow(), &who.template, target).await?;
        let wanted = chosen.unwrap_or(&token.plugin);
        let same = kinds.iter().find(|(plugin, _)| *plugin == wanted);
        let Some((plugin, kind)) = same.or(kinds.first()).copied() else {
            return self.withdraw(visit, held, NotOffered::NoTarget).await;
        };
        let request = self.offer_request(visit, kind, &who.user, &token.id, &who.template, target);
        let offer = kind.offer(&request, visit.now).await?;
        let event = self.event(EventKind::ActivationCodeRefreshed, visit, held.flow()).with("serial", token.serial);
        let reissue = Act::CredentialReissue {
            id: token.id.clone(),
            version: token.version,
            plugin: plugin.to_owned(),
            opened: offer.opened,
            template: who.template.clone(),
        };
        let change = change.and(reissue).record(self.issued(visit, who, plugin, event));
        if pin.is_none() && token.pin.is_none() {
            return Ok(change);
        }
        Ok(change.and(Act::CredentialPin { id: token.id, version: token.pin_version, pin: pin.cloned() }))
    }

    fn issued(&self, visit: &Visit, who: &Applicant, plugin: &str, event: AuditEvent) -> AuditEvent {
        event
            .with("kind", plugin)
            .with("templateVersion", who.template.version)
            .with("expiresAt", (visit.now + self.rules.issue_life).rfc3339())
    }

    /// The token that this flow has issued: Assigned still, and its user's.
    async fn token_in_hand(&self, visit: &Visit, held: &Held) -> Result<Credential, Stop> {
        let flow = held.flow();
        let id = flow.data.credential.as_ref().ok_or(Stop::Stale)?;
        let token = self.ports.credentials.credential(&visit.vs.id, id).await?;
        let ours = |token: &Credential| token.state == TokenState::Assigned && Some(&token.user) == flow.user.as_ref();
        token.filter(ours).ok_or(Stop::Stale)
    }

    pub(crate) fn offer_request(
        &self,
        visit: &Visit,
        kind: &dyn Authenticator,
        user: &User,
        credential: &CredentialId,
        template: &Template,
        target: Target,
    ) -> OfferRequest {
        let at_portal = kind.device().is_some_and(Device::at_portal);
        let origin = match &visit.vs.authenticator {
            _ if at_portal => Some(visit.vs.portal_origin.clone()),
            site => site.as_ref().map(|site| site.origin.clone()),
        };
        OfferRequest {
            credential: credential.clone(),
            origin,
            user: user.id.clone(),
            account: user.name.clone(),
            issuer: visit.vs.name.clone(),
            template: template.clone(),
            target,
        }
    }

    /// `DW-7Q2M-K94T`: forty random bits in letters and digits that cannot be taken for one another.
    pub(crate) fn serial(&self) -> String {
        format!("DW-{}", in_groups(&drawn(self.ports.entropy.as_ref(), 8)))
    }

    fn measure(&self, visit: &Visit, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Measure { step, outcome } = effect {
                self.ports.metrics.enrollment(visit.vs.id.as_str(), step, outcome);
            }
        }
    }
}

fn state(held: &Held) -> State {
    State { step: held.flow().step, data: held.flow().data.clone() }
}
