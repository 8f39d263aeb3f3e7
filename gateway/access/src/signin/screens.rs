//! From a flow's row to the page that is shown of it. Looking changes nothing.

use doorward_api::credential::Credential;
use doorward_api::flow::{Delivery, Notice, SentCode};
use doorward_api::mail::masked;
use doorward_api::plugin::OfferView;
use doorward_api::screen::ChallengeView;
use doorward_api::settings::{PinOrder, ServerPinPolicy};
use doorward_api::template::PinType;
use doorward_api::{
    EndedHow, Factor, Flow, FormIds, GrantState, Screen, ScreenPage, Secret, Step, StoreError, Target, Template,
    Timestamp, TokenState, User, UserId,
};
use doorward_tokens::Choices;

use crate::enrol::progress;
use crate::enrol::step::{State, can_go_back};
use crate::settings::setting;
use crate::signin::tokens::in_hand;
use crate::signin::{Desk, DeskError};
use crate::visit::{Standing, Visit};

/// A page, and what it adds to the flow's own notice.
struct Page {
    page: ScreenPage,
    notice: Option<Notice>,
}

impl From<ScreenPage> for Page {
    fn from(page: ScreenPage) -> Self {
        Self { page, notice: None }
    }
}

impl Desk {
    pub(super) async fn standing_of_browser(&self, visit: &Visit) -> Result<Standing, DeskError> {
        let Some(browser) = &visit.browser else { return Ok(Standing::Nowhere) };
        let found = self.ports.flows.flow_of_browser(&visit.vs.id, &browser.hash(), visit.now).await?;
        let Some(flow) = found else { return Ok(Standing::Nowhere) };
        let how = match flow.step {
            Step::Confirmed => return Ok(Standing::Done { url: self.start_again(visit, &flow) }),
            Step::Cancelled => Some(EndedHow::Cancelled),
            Step::Superseded => Some(EndedHow::Superseded),
            _ if flow.expires_at <= visit.now => Some(EndedHow::Expired),
            _ => None,
        };
        let screen = match how {
            Some(how) => self.ended_screen(visit, &flow, how),
            None => self.live_screen(visit, flow).await?,
        };
        Ok(Standing::Page(Box::new(screen)))
    }

    fn ended_screen(&self, visit: &Visit, flow: &Flow, how: EndedHow) -> Screen {
        Screen {
            page: ScreenPage::Ended { how, start_again: self.start_again(visit, flow) },
            form: FormIds::default(),
            notice: None,
            app_name: Self::app_name(visit, flow.data.return_to.as_ref()),
            app_origin: None,
            user_name: None,
            own: flow.data.own.is_some(),
            progress: None,
            back: false,
            expires_at: None,
            now: visit.now,
        }
    }

    async fn live_screen(&self, visit: &Visit, flow: Flow) -> Result<Screen, DeskError> {
        let choices = if flow.step.enrolling() { self.choices_of(visit, &flow).await? } else { None };
        let Page { page, notice } = self.page(visit, &flow, choices.as_ref()).await?;
        let flow_user = flow.user;
        let mut state = State { step: flow.step, data: flow.data };
        let at_the_end = matches!(page, ScreenPage::FirstPasscode { .. });
        let in_use = at_the_end && !state.data.asks_passcode;
        // What a device has put in use is not undone by going back.
        let back = !in_use && choices.as_ref().is_some_and(|choices| can_go_back(&state, choices));
        state.data.asks_passcode = at_the_end;
        let asks_more = state.step.enrolling()
            && !state.data.adding
            && state.data.provisioned.is_none()
            && self.asks_more(visit, flow_user.as_ref()).await?;
        let progress = choices.as_ref().and_then(|choices| progress(state.step, &state.data, choices, asks_more));
        let State { data, .. } = state;
        let return_to = data.return_to.as_ref().and_then(|to| self.returns.seal(&visit.vs, to, visit.now));
        Ok(Screen {
            page,
            form: FormIds { flow: flow.id.as_str().to_owned(), nonce: flow.nonce, return_to },
            notice: notice.or(data.notice).filter(|notice| still_true(notice, visit)),
            app_name: Self::app_name(visit, data.return_to.as_ref()),
            app_origin: data.return_to.map(|to| to.origin),
            user_name: Some(data.typed_name),
            own: data.own.is_some(),
            progress,
            back,
            expires_at: Some(flow.expires_at),
            now: visit.now,
        })
    }

    async fn choices_of(&self, visit: &Visit, flow: &Flow) -> Result<Option<Choices>, DeskError> {
        let issued = match &flow.data.credential {
            Some(id) => self.ports.credentials.credential(&visit.vs.id, id).await?,
            None => None,
        };
        Ok(self.choices(visit, issued.as_ref().map(|token| &token.template)).await?)
    }

    async fn page(&self, visit: &Visit, flow: &Flow, choices: Option<&Choices>) -> Result<Page, DeskError> {
        match flow.step {
            Step::Passcode => self.passcode_page(visit, flow).await,
            Step::Offered => self.need_page(visit, flow).await,
            Step::CodeSent => self.check_email_page(visit, flow).await,
            Step::ExtraProof => {
                // Where nothing more is asked, the next form goes on.
                let page = self.extra_proof_page(visit, flow).await?;
                let approved = ScreenPage::AskApproval {
                    state: Some(GrantState::Approved),
                    reason: None,
                    valid_until: Some(flow.expires_at),
                };
                Ok(page.unwrap_or(approved).into())
            }
            Step::EmailVerified => match choices {
                Some(choices) => Ok(choice_page(visit, flow, choices).into()),
                // Every platform was switched off midway; the next form finds out and goes on.
                None => {
                    let length = self.template(visit).await?.length;
                    Ok(Page { notice: Some(Notice::NoLongerOffered), ..passcode(length, None, None, false).into() })
                }
            },
            Step::CodeIssued => self.issued_page(visit, flow).await,
            Step::NewPin => {
                let policy = setting::<ServerPinPolicy>(self.ports.settings.as_ref(), &visit.vs.id).await?;
                Ok(ScreenPage::NewPin { rules: policy.document.rules() }.into())
            }
            // The ended ones have a page of their own.
            Step::Password | Step::Confirmed | Step::Cancelled | Step::Superseded => Ok(ScreenPage::Password.into()),
        }
    }

    /// W1.
    async fn need_page(&self, visit: &Visit, flow: &Flow) -> Result<Page, DeskError> {
        let masked_email = self.masked_email(visit, flow).await?;
        let user = match &flow.user {
            Some(id) => self.ports.directory.get(&visit.vs.id, id).await?,
            None => None,
        };
        let later_until = match &user {
            Some(user) => self.later_until(visit, user, &flow.data).await?,
            None => None,
        };
        let stand_in = match flow.user.as_ref().filter(|_| flow.data.proofs.has(Factor::Password)) {
            Some(user) => {
                self.something_stands_in(visit, user, self.recovery_codes_are_on(&visit.vs.id).await?).await?
            }
            None => false,
        };
        Ok(ScreenPage::NeedAuthenticator { masked_email, later_until, stand_in }.into())
    }

    /// Before a password everybody sees the same (decision A19).
    async fn passcode_page(&self, visit: &Visit, flow: &Flow) -> Result<Page, DeskError> {
        let template = self.template(visit).await?;
        let challenge = shown(flow, visit);
        let recovery = self.recovery_codes_are_on(&visit.vs.id).await?;
        let Some(user) = flow.user.as_ref().filter(|_| flow.data.proofs.has(Factor::Password)) else {
            let pin = self.pin_order(visit, &template).await?;
            return Ok(passcode(template.length, pin, challenge, recovery).into());
        };
        let tokens = self.tokens_of(visit, user).await?;
        // One that shows passcodes says what is typed.
        let in_hand = || tokens.iter().filter(|token| in_hand(token));
        let active = in_hand().find(|token| self.has_passcodes(token)).or_else(|| in_hand().next());
        // One whose own PIN has locked it is held as well, for its user's part: only the help desk can help.
        let held = |token: &Credential| matches!(token.state, TokenState::Suspended | TokenState::LockedPin);
        let any_held = active.is_none() && tokens.iter().any(held);
        let push = self.push_view(visit, flow).await?;
        let passkey = self.passkey_view(visit, flow).await?;
        // Whoever can go on by a passkey is not stopped by a token that is held.
        let suspended = any_held && passkey.is_none();
        let recovery = if suspended { self.something_stands_in(visit, user, recovery).await? } else { recovery };
        let template = active.map_or(&template, |token| &token.template);
        let page = ScreenPage::Passcode {
            length: template.length,
            enrolment_hint: active.is_none() && !any_held && passkey.is_none(),
            suspended,
            pin: self.pin_order(visit, template).await?,
            challenge,
            recovery,
            passcodes: active.is_none_or(|token| self.has_passcodes(token)),
            push: push.view,
            passkey,
        };
        Ok(Page { page, notice: push.notice })
    }

    /// Whether a user who has no token, or whose token is held, has a recovery code, where these are taken, or a temporary passcode.
    pub(super) async fn something_stands_in(
        &self,
        visit: &Visit,
        user: &UserId,
        codes: bool,
    ) -> Result<bool, StoreError> {
        let register = &self.ports.register;
        let left = register.recovery_codes(&visit.vs.id, user).await?.is_some_and(|kept| !kept.codes.macs.is_empty());
        let given = register.temporary_passcode(&visit.vs.id, user).await?;
        Ok(codes && left || given.is_some_and(|given| given.expires_at > visit.now))
    }

    /// How a PIN is typed with the passcodes of a template.
    async fn pin_order(&self, visit: &Visit, template: &Template) -> Result<Option<PinOrder>, DeskError> {
        if template.pin != PinType::ServerSide {
            return Ok(None);
        }
        let policy = setting::<ServerPinPolicy>(self.ports.settings.as_ref(), &visit.vs.id).await?;
        Ok(Some(policy.document.order))
    }

    async fn check_email_page(&self, visit: &Visit, flow: &Flow) -> Result<Page, DeskError> {
        let masked_email = self.masked_email(visit, flow).await?;
        let Some(code) = &flow.data.code else {
            let page = ScreenPage::CheckEmail {
                sent_at: None,
                delivery: None,
                resend_at: visit.now,
                expires_at: None,
                masked_email,
            };
            return Ok(page.into());
        };
        let delivery = self.delivery(visit, code).await?;
        let page = ScreenPage::CheckEmail {
            sent_at: Some(code.made_at),
            delivery: Some(delivery),
            resend_at: if delivery == Delivery::Refused { visit.now } else { code.made_at + self.rules.resend_after },
            expires_at: Some(code.expires_at),
            masked_email,
        };
        // No claim that a mail was sent, whatever was said before (R16).
        let refused = delivery == Delivery::Refused && !code.void && code.expires_at > visit.now;
        // Trying again would not help against a limit.
        let limited = flow.data.notice.as_ref().is_some_and(|notice| is_limit(notice) && still_true(notice, visit));
        Ok(Page { page, notice: (refused && !limited).then_some(Notice::MailFailed) })
    }

    /// What is said of a code's mail. While the mail server cannot be used it failed, and the outbox goes on trying: when it
    /// has gone out after all, only the outbox knows.
    async fn delivery(&self, visit: &Visit, code: &SentCode) -> Result<Delivery, DeskError> {
        Ok(match (code.delivery, self.in_outbox(visit, code).await?) {
            (_, Delivery::Sent) => Delivery::Sent,
            (told, Delivery::Pending) => told,
            (_, Delivery::Refused) => Delivery::Refused,
        })
    }

    /// What has become of a code's mail by now.
    pub(crate) async fn in_outbox(&self, visit: &Visit, code: &SentCode) -> Result<Delivery, DeskError> {
        if code.delivery == Delivery::Sent {
            return Ok(Delivery::Sent);
        }
        Ok(self.ports.outbox.delivery(&visit.vs.id, &code.mail).await?.unwrap_or(code.delivery))
    }

    async fn issued_page(&self, visit: &Visit, flow: &Flow) -> Result<Page, DeskError> {
        let data = &flow.data;
        let target = data.target.unwrap_or(Target::Android);
        let token = match &data.credential {
            Some(id) => self.ports.credentials.credential(&visit.vs.id, id).await?,
            None => None,
        };
        let in_use = token.as_ref().is_some_and(|token| token.state == TokenState::Active);
        let token = token.filter(|token| in_use || token.state == TokenState::Assigned);
        if data.asks_passcode || in_use {
            return self.first_passcode_page(visit, flow, token.as_ref()).await;
        }
        let user = match &flow.user {
            Some(id) => self.ports.directory.get(&visit.vs.id, id).await?,
            None => None,
        };
        let valid_until = data.issue_expires_at.unwrap_or(visit.now);
        let expired = valid_until <= visit.now;
        match (token, user) {
            (Some(token), Some(user)) => match self.activation_page(visit, flow, &user, &token, target).await? {
                Some(page) => Ok(page.into()),
                None => {
                    let others = self.other_kinds(visit, flow, &token, target).await?;
                    self.install_page(visit, &user, &token, (target, others), valid_until, expired)
                }
            },
            _ => Ok(hidden(visit, (target, Vec::new()), &data.typed_name, valid_until)),
        }
    }

    /// W7 and W8: the platform is the one on which it really is.
    async fn first_passcode_page(
        &self,
        visit: &Visit,
        flow: &Flow,
        token: Option<&Credential>,
    ) -> Result<Page, DeskError> {
        let data = &flow.data;
        let template = match token {
            Some(token) => token.template.clone(),
            None => self.template(visit).await?,
        };
        let order = self.pin_order(visit, &template).await?;
        let push = self.push_view(visit, flow).await?;
        let page = ScreenPage::FirstPasscode {
            target: token.and_then(|token| token.target).or(data.target).unwrap_or(Target::Android),
            length: template.length,
            added_at: token.map_or(visit.now, |token| token.created_at),
            pin: order.zip(data.first_pin.as_ref()).map(|(order, pin)| (order, pin.secret())),
            challenge: shown(flow, visit),
            device: match token {
                Some(token) => self.device_name(token)?,
                None => None,
            },
            passcodes: token.is_none_or(|token| self.has_passcodes(token)),
            push: push.view,
            only_tried: data.provisioned.is_some(),
        };
        Ok(Page { page, notice: push.notice })
    }

    fn install_page(
        &self,
        visit: &Visit,
        user: &User,
        token: &Credential,
        (target, others): (Target, Vec<String>),
        valid_until: Timestamp,
        expired: bool,
    ) -> Result<Page, DeskError> {
        let Some(kind) = self.kind_of(&visit.vs, token).filter(|_| !expired) else {
            return Ok(hidden(visit, (target, others), &user.name, valid_until));
        };
        let request = self.offer_request(visit, kind, user, &token.id, &token.template, target);
        let OfferView::Secret { uri, key } = kind.show(&token.opened, &request)? else {
            return Ok(hidden(visit, (target, others), &user.name, valid_until));
        };
        Ok(ScreenPage::Install {
            target,
            uri,
            key,
            account: request.account,
            issuer: request.issuer,
            valid_until,
            expired: false,
            template: token.template.clone(),
            others,
        }
        .into())
    }

    async fn asks_more(&self, visit: &Visit, user: Option<&UserId>) -> Result<bool, DeskError> {
        match user {
            Some(user) => Ok(self.needed_grant(visit, user).await?.is_some()),
            None => Ok(false),
        }
    }

    /// Only after a password: the address tells a stranger who is behind a name (SP 0.6).
    async fn masked_email(&self, visit: &Visit, flow: &Flow) -> Result<Option<String>, DeskError> {
        let Some(id) = flow.user.as_ref().filter(|_| flow.data.proofs.has(Factor::Password)) else { return Ok(None) };
        let user = self.ports.directory.get(&visit.vs.id, id).await?;
        Ok(user.and_then(|user| user.email).as_deref().and_then(masked))
    }
}

fn passcode(length: u8, pin: Option<PinOrder>, challenge: Option<ChallengeView>, recovery: bool) -> ScreenPage {
    ScreenPage::Passcode {
        length,
        enrolment_hint: false,
        suspended: false,
        pin,
        challenge,
        recovery,
        passcodes: true,
        push: None,
        passkey: None,
    }
}

/// The flow's question, as it is read off and keyed in.
fn shown(flow: &Flow, visit: &Visit) -> Option<ChallengeView> {
    let challenge = flow.data.challenge.as_ref()?;
    let (first, last) = challenge.text.split_at_checked(4)?;
    Some(ChallengeView { text: format!("{first} {last}"), expired: challenge.expires_at <= visit.now })
}

/// W5 when its time is over: no secret, only "New code".
fn hidden(visit: &Visit, (target, others): (Target, Vec<String>), account: &str, valid_until: Timestamp) -> Page {
    ScreenPage::Install {
        target,
        uri: Secret::default(),
        key: Secret::default(),
        account: account.to_owned(),
        issuer: visit.vs.name.clone(),
        valid_until,
        expired: true,
        template: Template::STANDARD_APP,
        others,
    }
    .into()
}

/// W3, or W4 when W3 is answered or has nothing to ask.
fn choice_page(visit: &Visit, flow: &Flow, choices: &Choices) -> ScreenPage {
    let chosen = flow.data.target.filter(|target| choices.allows(*target));
    match choices.kinds().filter(|_| !flow.data.mobile_chosen) {
        Some(kinds) => ScreenPage::ChooseKind {
            choices: kinds,
            preselected: chosen
                .map(|target| choices.kind_of(target))
                .unwrap_or_else(|| choices.preselected_kind(&visit.user_agent)),
        },
        None => ScreenPage::ChooseDevice {
            choices: choices.mobile(),
            preselected: chosen
                .filter(|target| target.mobile())
                .or_else(|| choices.preselected_device(&visit.user_agent))
                .unwrap_or(Target::Android),
        },
    }
}

fn is_limit(notice: &Notice) -> bool {
    matches!(notice, Notice::CodeLimit { .. } | Notice::CodeDayLimit { .. })
}

/// A notice about a time that is over says nothing any more.
fn still_true(notice: &Notice, visit: &Visit) -> bool {
    match notice {
        Notice::AccountLocked { until }
        | Notice::Locked { until }
        | Notice::CodeLimit { until }
        | Notice::CodeDayLimit { until }
        | Notice::PushOff { until }
        | Notice::HelpDeskCodeLimit { until } => *until > visit.now,
        _ => true,
    }
}
