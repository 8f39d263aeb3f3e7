//! Enrolment by the link of a provisioning mail, for those whom self-provisioning is not offered to (R31). An operator has decided
//! that they get a token; the link came to their mailbox, so no code is mailed. It ends with a token in use, and signs nobody in.
//!
//! ```text
//!  link ──look──▶ whose it is, and a button ──POST──▶ used up; email_verified ──▶ the wizard from W3 on ──first passcode──▶ done
//! ```
//! Looking changes nothing, so that a mail scanner, or the wrong device, does not use it up.

use doorward_api::credential::Credential;
use doorward_api::ports::{Act, Change};
use doorward_api::provisioning::{
    EntryStatus, MOST_FAILURES, ProvisioningEntry, ProvisioningLink, ProvisioningTask, TaskNumber,
};
use doorward_api::{
    AuditEvent, CredentialId, EventKind, Factor, FlowData, SelfProvisioning, SettingKind, Step, StoreError, Target,
    TargetSettings, Template, Timestamp, Token, TokenState, User,
};
use doorward_tokens::targets::guess;
use doorward_tokens::{NotOffered, Terms};

use super::driver::Applicant;
use crate::settings::setting;
use crate::signin::{Allowed, Beginner, Desk, DeskError, Held, Proof, Stop};
use crate::visit::{Moved, Visit};

/// Where the links of the mails lead, followed by the link's secret.
pub const LINK_PATH: &str = "/enrol-by-mail/";

/// Where an enrolment by mail leads in the end.
pub const DONE_PATH: &str = "/enrol-by-mail/done";

/// Where it leads when it cannot go on.
pub const OVER_PATH: &str = "/enrol-by-mail/over";

/// What the page behind a link shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkView {
    /// It can be begun.
    Good {
        /// The sign-in name of whom it is for.
        name: String,
        /// Until when.
        until: Timestamp,
        /// On what device the link should be opened, where this one cannot be enrolled: true for a phone, false for a computer.
        elsewhere: Option<bool>,
        /// The link's own address, for another device to open.
        url: String,
    },
    /// It cannot.
    Gone(LinkGone),
}

/// Why a link leads no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkGone {
    /// There is no such link, or a newer one was mailed in its place.
    Unknown,
    /// It was used, and the enrolment not finished.
    Used,
    /// There is an authenticator by it.
    Enrolled,
    /// Too many failures.
    Locked,
    /// The stop date has passed.
    Expired,
    /// The task, or its user in it, was removed; or the account is switched off.
    Removed,
    /// Nothing can be enrolled now: no platform is allowed, or there are as many tokens as may be.
    NotNow,
}

impl LinkGone {
    /// All of them.
    pub const ALL: [LinkGone; 7] = [
        LinkGone::Unknown,
        LinkGone::Used,
        LinkGone::Enrolled,
        LinkGone::Locked,
        LinkGone::Expired,
        LinkGone::Removed,
        LinkGone::NotNow,
    ];

    /// The name in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            LinkGone::Unknown => "unknown",
            LinkGone::Used => "used",
            LinkGone::Enrolled => "enrolled",
            LinkGone::Locked => "locked",
            LinkGone::Expired => "expired",
            LinkGone::Removed => "removed",
            LinkGone::NotNow => "not-now",
        }
    }
}

impl LinkGone {
    /// Why a link is no longer good, if it is not.
    fn of(link: &ProvisioningLink, now: Timestamp) -> Option<Self> {
        let ProvisioningLink { task, entry, .. } = link;
        match entry.status {
            EntryStatus::Enrolled | EntryStatus::Completed => Some(LinkGone::Enrolled),
            EntryStatus::Locked => Some(LinkGone::Locked),
            EntryStatus::Removed => Some(LinkGone::Removed),
            _ if task.removed_at.is_some() => Some(LinkGone::Removed),
            EntryStatus::Expired => Some(LinkGone::Expired),
            _ if task.stops_at <= now => Some(LinkGone::Expired),
            EntryStatus::Active if entry.opened_at.is_some() => Some(LinkGone::Used),
            EntryStatus::Active => None,
            EntryStatus::Pending | EntryStatus::Skipped => Some(LinkGone::Unknown),
        }
    }
}

impl Desk {
    /// What the page behind a link shows. Nothing is used up by looking.
    ///
    /// # Errors
    /// [`DeskError`] when the store does not answer.
    pub async fn look_at_link(&self, visit: &Visit, secret: &str) -> Result<LinkView, DeskError> {
        match self.try_link(visit, secret).await {
            Ok((_, link, who)) => {
                let url = format!("{}{LINK_PATH}{secret}", visit.vs.portal_origin);
                let elsewhere = elsewhere(&visit.user_agent, &who);
                Ok(LinkView::Good { name: who.user.name, until: link.task.stops_at, elsewhere, url })
            }
            Err(NoLink::Gone(why)) => Ok(LinkView::Gone(why)),
            Err(NoLink::Fault(error)) => Err(error.into()),
        }
    }

    /// The button of that page: the link is used up, and the wizard begins at W3. Why not, if it does not.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing has happened, and the link stays good.
    pub async fn begin_by_mail(&self, visit: &Visit, secret: &str) -> Result<Result<Token, LinkGone>, DeskError> {
        let (token, link, who) = match self.try_link(visit, secret).await {
            Ok(found) => found,
            Err(NoLink::Gone(why)) => return Ok(Err(why)),
            Err(NoLink::Fault(error)) => return Err(error.into()),
        };
        match self.use_link(visit, &token, &link.task, who).await {
            Ok(browser) => Ok(Ok(browser)),
            Err(Stop::Fault(error)) => Err(error),
            // Somebody else has used it at the same moment, or it was taken back.
            Err(_) => match self.look_at_link(visit, secret).await? {
                LinkView::Gone(why) => Ok(Err(why)),
                LinkView::Good { .. } => Ok(Err(LinkGone::NotNow)),
            },
        }
    }

    async fn try_link(&self, visit: &Visit, secret: &str) -> Result<(Token, ProvisioningLink, Applicant), NoLink> {
        let gone = |why| NoLink::Gone(why);
        let token = Token::parse(secret).ok_or(gone(LinkGone::Unknown))?;
        let link = self.ports.provisioning.provisioning_link(&visit.vs.id, &token.hash()).await?;
        let link = link.ok_or(gone(LinkGone::Unknown))?;
        if let Some(why) = LinkGone::of(&link, visit.now) {
            return Err(gone(why));
        }
        let user = self.ports.directory.get(&visit.vs.id, &link.entry.user).await?;
        let user = user.filter(|user| !user.disabled).ok_or(gone(LinkGone::Removed))?;
        let states = self.token_states(visit, &user).await?;
        match self.offer_by_task(visit, &user, &link.entry, &states, None).await? {
            Ok(allowed) => Ok((token, link, Applicant::new(user, allowed))),
            Err(NotOffered::TaskOver) => Err(gone(LinkGone::Expired)),
            Err(_) => Err(gone(LinkGone::NotNow)),
        }
    }

    /// What the rule is called that has made a task: by its group, as long as that is there.
    async fn by_rule(&self, visit: &Visit, task: &ProvisioningTask) -> Result<Option<String>, StoreError> {
        let Some(rule) = &task.rule else { return Ok(None) };
        let group = self.ports.register.group(&visit.vs.id, rule).await?;
        Ok(Some(group.map_or_else(|| rule.to_string(), |group| group.name)))
    }

    async fn use_link(
        &self,
        visit: &Visit,
        link: &Token,
        task: &ProvisioningTask,
        who: Applicant,
    ) -> Result<Token, Stop> {
        let by_rule = self.by_rule(visit, task).await?;
        let told = self.may_begin(visit, Beginner::Named(None)).await?;
        let data = FlowData {
            provisioned: Some(task.number),
            by_operator: Some(task.operator.clone()).filter(|name| !name.is_empty()),
            by_rule,
            ..FlowData::new(who.user.name.as_str(), visit.language.as_str())
        };
        let (browser, flow) = self.flow_of(visit, &who.user, Step::EmailVerified, data);
        let id = flow.id.clone();
        let room = Act::ProvisioningLinkTake { link: link.hash() };
        self.begin_at_platforms(visit, room, flow, told, "provisioning_email").await?;
        // Where there is one platform only, there is nothing to choose.
        if let Some(target) = who.choices.only() {
            let there = Visit { browser: Some(browser.clone()), ..visit.clone() };
            // The link is used: whatever is in the way here, its wizard stands at W3.
            if let Err(Stop::Fault(error)) = self.take_only(&there, &id, &who, target).await {
                tracing::warn!(request_id = visit.request_id, %error, "the one platform could not be taken at once");
            }
        }
        Ok(browser)
    }

    /// What somebody may have by a task, at this very moment. Neither the target users nor the enrolment rules are asked: an operator
    /// has decided. Everything else is.
    async fn offer_by_task(
        &self,
        visit: &Visit,
        user: &User,
        entry: &ProvisioningEntry,
        tokens: &[TokenState],
        issued: Option<&Template>,
    ) -> Result<Result<Allowed, NotOffered>, StoreError> {
        let (port, vs) = (self.ports.settings.as_ref(), &visit.vs.id);
        let task = self.ports.provisioning.provisioning_task(vs, entry.task).await?;
        if !(entry.status == EntryStatus::Active && task.is_some_and(|task| task.runs(visit.now))) {
            return Ok(Err(NotOffered::TaskOver));
        }
        if user.disabled {
            return Ok(Err(NotOffered::AccountUnusable));
        }
        let settings = setting::<SelfProvisioning>(port, vs).await?;
        let held = tokens.iter().filter(|state| state.counts_as_token()).count();
        let most = settings.document.max_tokens;
        if held >= usize::from(most) {
            return Ok(Err(NotOffered::HasAllTokens));
        }
        let targets = setting::<TargetSettings>(port, vs).await?;
        let Some(choices) = self.choices(visit, issued).await? else { return Ok(Err(NotOffered::NoTarget)) };
        let template = self.template(visit).await?;
        let seen = vec![(SettingKind::SelfProvisioning, settings.version), (SettingKind::Targets, targets.version)];
        Ok(Ok(Allowed { choices, terms: Terms::default(), template, most, seen }))
    }

    /// The same for the user of a flow.
    pub(super) async fn offer_in_flow(
        &self,
        visit: &Visit,
        task: TaskNumber,
        user: &User,
        tokens: &[TokenState],
        issued: Option<&Template>,
    ) -> Result<Result<Allowed, NotOffered>, StoreError> {
        match self.ports.provisioning.provisioning_entry(&visit.vs.id, task, &user.id).await? {
            Some(entry) => self.offer_once_opened(visit, user, &entry, tokens, issued).await,
            None => Ok(Err(NotOffered::TaskOver)),
        }
    }

    /// The same beyond the link. Where the mail was sent once more and its link not opened yet, the wizard of before is over.
    pub(crate) async fn offer_once_opened(
        &self,
        visit: &Visit,
        user: &User,
        entry: &ProvisioningEntry,
        tokens: &[TokenState],
        issued: Option<&Template>,
    ) -> Result<Result<Allowed, NotOffered>, StoreError> {
        match entry.opened_at {
            Some(_) => self.offer_by_task(visit, user, entry, tokens, issued).await,
            None => Ok(Err(NotOffered::TaskOver)),
        }
    }

    /// The same for a device that puts a token in use, where that came by a task.
    pub(crate) async fn task_of(
        &self,
        visit: &Visit,
        token: &Credential,
    ) -> Result<Option<ProvisioningEntry>, StoreError> {
        let found = self.ports.provisioning.provisioning_of_token(&visit.vs.id, &token.id).await?;
        Ok(found.filter(|entry| entry.user == token.user))
    }

    /// The token has given its first proof. Nobody is signed in by it: there was no password, and the link came by mail.
    pub(crate) async fn enrolled_by_mail(
        &self,
        visit: &Visit,
        held: &Held,
        data: FlowData,
        proof: Proof,
    ) -> Result<Moved, Stop> {
        let Change { mut acts, events } = proof.change;
        acts.insert(0, self.onward(visit, held, Step::Confirmed, FlowData { first_pin: None, ..data }));
        self.commit(visit, Change { acts, events }).await?;
        Ok(Moved::BackToOwn { url: DONE_PATH.to_owned() })
    }

    /// What an activation means for the task by which it came. Without one, whatever tasks still have for the user is closed (R3).
    pub(crate) fn enrolled_act(task: Option<TaskNumber>, user: &User, token: &CredentialId) -> Act {
        let user = user.id.clone();
        match task {
            Some(task) => Act::ProvisioningEnrolled { task, user, token: token.clone() },
            None => Act::ProvisioningClose { user },
        }
    }

    /// A wrong passcode counts for the task as well, and is recorded with that. Where there is no task, the record is given back. `Err`
    /// when it has locked the entry: the wizard ends.
    pub(crate) async fn count_for_task(
        &self,
        visit: &Visit,
        held: &Held,
        failure: AuditEvent,
    ) -> Result<Option<AuditEvent>, Stop> {
        let (Some(task), Some(user)) = (held.flow().data.provisioned, held.flow().user.clone()) else {
            return Ok(Some(failure));
        };
        let failed = Act::ProvisioningFailed { task, user: user.clone(), most: MOST_FAILURES };
        self.commit(visit, Change::of(failed).record(failure)).await?;
        let entry = self.ports.provisioning.provisioning_entry(&visit.vs.id, task, &user).await?;
        match entry.is_some_and(|entry| entry.status == EntryStatus::Locked) {
            true => {
                self.measure_sign_in(visit, Factor::Otp, "locked");
                self.withdraw_by_mail(visit, held, NotOffered::TaskOver).await
            }
            false => Ok(None),
        }
    }

    /// Out of the wizard; a token that was issued on the way is destroyed.
    pub(super) async fn withdraw_by_mail<T>(&self, visit: &Visit, held: &Held, why: NotOffered) -> Result<T, Stop> {
        let event = self.event(EventKind::SelfProvisioningNotOffered, visit, held.flow()).with("reason", why.as_str());
        let change = Change::of(self.onward(visit, held, Step::Cancelled, held.data())).record(event);
        let change = self.abandon_token(visit, held, change, why.as_str()).await?;
        self.commit(visit, change).await?;
        self.ports.metrics.enrollment(visit.vs.id.as_str(), held.flow().step.as_str(), "withdrawn");
        Err(Stop::Done(Moved::BackToOwn { url: OVER_PATH.to_owned() }))
    }
}

/// Why a link was not found to be good.
enum NoLink {
    Gone(LinkGone),
    Fault(StoreError),
}

impl From<StoreError> for NoLink {
    fn from(error: StoreError) -> Self {
        NoLink::Fault(error)
    }
}

/// Whether another device should open the link: this one is known to be a phone or a computer, and only the other kind may be
/// enrolled. True for a phone.
fn elsewhere(user_agent: &str, who: &Applicant) -> Option<bool> {
    let phone = guess(user_agent).is_some_and(Target::mobile) || user_agent.contains("Mobile");
    let fits = |target: &Target| target.mobile() == phone;
    let none = !user_agent.is_empty() && !who.choices.allowed().iter().any(fits);
    none.then_some(!phone)
}
