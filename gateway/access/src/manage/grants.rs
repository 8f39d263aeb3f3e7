//! What operators grant to those who enrol, where their rule asks for more than the emailed code: an approval, or a code that the
//! help desk reads out to somebody whom it knows.

use std::time::Duration;

use doorward_api::mail::{MailKind, NewMail};
use doorward_api::ports::{Act, Change, Listed, MeterKey, MeterScope, Page};
use doorward_api::{
    CommitError, EventKind, FieldFault, Grant, GrantDetails, GrantRecord, GrantState, MailId, Module, Secret,
    StoreError, Timestamp, User, UserId, VirtualServerId,
};

use super::text::line;
use super::tokens::LONGEST_REASON;
use super::{By, ManageError, Manager};
use crate::drawn::{drawn, in_groups, plain};
use crate::enrol::CODE_LENGTH;
use crate::settings::mail_language;

/// How long an approval, or a refusal, stands.
const DECISION_LIFE: Duration = Duration::from_hours(7 * 24);

/// How long the help desk's code is good.
const CODE_LIFE: Duration = Duration::from_hours(24);

/// The help desk's code, which is shown once.
#[derive(Debug, Clone)]
pub struct GivenCode {
    /// In groups of four.
    pub code: Secret,
    /// Its end.
    pub expires_at: Timestamp,
}

impl Manager {
    /// What a user is granted now, if anything.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn grant(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Grant>, ManageError> {
        Ok(self.ports().register.grant(vs, user, now).await?)
    }

    /// Who waits for an approval, by name.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn enrolment_requests(
        &self,
        vs: &VirtualServerId,
        page: &Page,
        now: Timestamp,
    ) -> Result<Listed<GrantRecord>, ManageError> {
        Ok(self.ports().register.grants(vs, GrantState::Asked, page, now).await?)
    }

    /// Approves that a user enrols, whether they have asked for it or not, and writes to them. A reason may be given.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `reason`; [`ManageError::NotFound`]; [`ManageError::Conflict`] when somebody else has decided
    /// meanwhile.
    pub async fn approve_enrolment(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &UserId,
        reason: &str,
    ) -> Result<Grant, ManageError> {
        let (user, reason) = self.to_decide(vs, by, user, reason, true).await?;
        let grant = decision(by, &user, GrantState::Approved, reason);
        let event = by.event_of(EventKind::EnrollmentApproved, &user.id);
        let event = event.with("reason", grant.details.reason.as_str()).with("expiresAt", grant.expires_at.rfc3339());
        let mail = self.approved_mail(vs, by, &user, grant.expires_at).await?;
        self.decide(vs, by, &grant, Change { acts: mail.into_iter().collect(), events: vec![event] }).await?;
        Ok(grant)
    }

    /// Refuses it. The user is shown the reason, and may ask again when the refusal is over.
    ///
    /// # Errors
    /// As [`Manager::approve_enrolment`]; a reason must be given.
    pub async fn refuse_enrolment(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &UserId,
        reason: &str,
    ) -> Result<Grant, ManageError> {
        let (user, reason) = self.to_decide(vs, by, user, reason, false).await?;
        let grant = decision(by, &user, GrantState::Refused, reason);
        let event = by.event_of(EventKind::EnrollmentRefused, &user.id).with("reason", grant.details.reason.as_str());
        self.decide(vs, by, &grant, Change::default().record(event)).await?;
        Ok(grant)
    }

    /// Gives a user a code to enrol with, in place of whatever there was.
    ///
    /// # Errors
    /// As [`Manager::approve_enrolment`]; a reason must be given.
    pub async fn give_help_desk_code(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &UserId,
        reason: &str,
    ) -> Result<GivenCode, ManageError> {
        let (user, reason) = self.to_decide(vs, by, user, reason, false).await?;
        let code = Secret::new(in_groups(&drawn(self.ports().entropy.as_ref(), CODE_LENGTH)));
        let hash = self.ports().passwords.hash(plain(&code)).await.map_err(|_| ManageError::Busy)?;
        let mut grant = decision(by, &user, GrantState::CodeGiven, reason);
        grant.expires_at = by.now + CODE_LIFE;
        grant.details.code_hash = Some(hash);
        let event = by.event_of(EventKind::HelpDeskCodeIssued, &user.id);
        let event = event.with("reason", grant.details.reason.as_str()).with("expiresAt", grant.expires_at.rfc3339());
        self.decide(vs, by, &grant, Change::default().record(event)).await?;
        // Whoever was locked out by wrong ones starts anew with this one.
        let meter = MeterKey { scope: MeterScope::HelpDeskCode, key: user.id.as_str().to_owned() };
        self.starts_anew(vs, by, [meter]).await;
        Ok(GivenCode { code, expires_at: grant.expires_at })
    }

    /// Takes back whatever a user is granted.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when there is nothing; [`ManageError::Conflict`] when it was used meanwhile.
    pub async fn withdraw_grant(&self, vs: &VirtualServerId, by: &By, user: &UserId) -> Result<(), ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let grant = self.grant(vs, user, by.now).await?.ok_or(ManageError::NotFound)?;
        let event = by.event_of(EventKind::EnrollmentGrantWithdrawn, user).with("state", grant.state.as_str());
        let act = Act::GrantTake { user: user.clone(), state: grant.state };
        Ok(self.commit(vs, by, Change::of(act).record(event)).await?)
    }

    /// Whoever may decide, about whom, and why.
    async fn to_decide(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &UserId,
        reason: &str,
        may_be_empty: bool,
    ) -> Result<(User, String), ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let mut faults: Vec<FieldFault> = Vec::new();
        let reason = line(&mut faults, "reason", reason, LONGEST_REASON, may_be_empty);
        let user = self.ports().directory.get(vs, user).await?.ok_or(ManageError::NotFound)?;
        match reason {
            Some(reason) => Ok((user, reason)),
            None => Err(ManageError::Invalid(faults)),
        }
    }

    /// Puts a grant in place of the one that stands there now. Of two operators at the same moment one decides.
    async fn decide(&self, vs: &VirtualServerId, by: &By, grant: &Grant, with: Change) -> Result<(), ManageError> {
        let seen = self.grant(vs, &grant.user, by.now).await?.map(|grant| grant.state);
        let act = Act::GrantSet { grant: Box::new(grant.clone()), seen };
        let acts = std::iter::once(act).chain(with.acts).collect();
        match self.commit(vs, by, Change { acts, events: with.events }).await {
            Err(CommitError::Lost { .. }) => Err(ManageError::Conflict),
            outcome => Ok(outcome?),
        }
    }

    /// The mail that tells a user of the approval; none where they have no address.
    async fn approved_mail(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &User,
        until: Timestamp,
    ) -> Result<Option<Act>, StoreError> {
        let portal = self.portal_of(vs);
        let (Some(portal), true) = (portal, user.email.as_deref().is_some_and(|email| !email.is_empty())) else {
            return Ok(None);
        };
        let fields = [("portal_url", format!("{portal}/")), ("until", until.rfc3339())];
        Ok(Some(Act::MailQueue(NewMail {
            id: MailId::new(self.ports().entropy.id()),
            user: user.id.clone(),
            kind: MailKind::EnrolmentApproved,
            language: mail_language(self.ports().settings.as_ref(), vs).await?,
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect(),
            flow: None,
            expires_at: until.min(by.now + Duration::from_hours(24)),
        })))
    }

    /// The origin of a virtual server's portal.
    pub(super) fn portal_of(&self, vs: &VirtualServerId) -> Option<String> {
        self.desk.site.load().virtual_server(vs).map(|vs| vs.portal_origin.clone())
    }
}

/// What an operator has decided about a user.
fn decision(by: &By, user: &User, state: GrantState, reason: String) -> Grant {
    let details = GrantDetails { operator: Some(by.name.clone()), reason, ..GrantDetails::default() };
    Grant { user: user.id.clone(), state, at: by.now, expires_at: by.now + DECISION_LIFE, details }
}
