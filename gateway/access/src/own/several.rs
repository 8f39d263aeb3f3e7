//! Several authenticators: another is added, and one that its user can do without is removed. Both need one of theirs, shown a short
//! while ago: a session that was left open is not enough to come to a second factor, nor to take one away. A recovery code stands in
//! for a lost token and lets its owner replace that; to stand beside a token, something of it must have been in their hands.

use std::time::Duration;

use doorward_api::credential::Credential;
use doorward_api::flow::OwnTask;
use doorward_api::mail::MailKind;
use doorward_api::ports::{Act, Change};
use doorward_api::{CredentialId, EventKind, Proofs, Timestamp, Token, TokenForm, TokenState, User};

use super::{Holder, OwnError, OwnToken, Owner, Refusal};
use crate::enrol::Applicant;
use crate::signin::Stop;
use crate::told::device;
use crate::visit::Visit;

/// The page that all of it leads back to.
pub(crate) const OWN_PAGE: &str = "/authenticators";

/// How long ago one of their tokens may have been proved.
pub(super) const FRESH: Duration = Duration::from_mins(10);

/// What the user's own page says has just become of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnSaid {
    /// Another was added.
    Added,
    /// None can be added.
    NotAdded,
    /// One was removed.
    Removed,
}

impl OwnSaid {
    /// Every one.
    pub const ALL: [OwnSaid; 3] = [OwnSaid::Added, OwnSaid::NotAdded, OwnSaid::Removed];

    /// The name in the page's address.
    pub const fn as_str(self) -> &'static str {
        match self {
            OwnSaid::Added => "added",
            OwnSaid::NotAdded => "not-added",
            OwnSaid::Removed => "removed",
        }
    }

    /// Back from [`OwnSaid::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.as_str() == text)
    }

    /// The page that says so.
    pub fn url(self) -> String {
        format!("{OWN_PAGE}?done={}", self.as_str())
    }
}

/// How a task stands for which one of their tokens must have been proved.
#[derive(Debug)]
pub enum Stepped {
    /// A token must be proved first, or the wizard begins: the flow cookie is set, 303 to `/signin/step`.
    Begun(Token),
    /// It is done.
    Done,
}

/// Whether one of their tokens was proved a short while ago.
pub(super) fn fresh(proofs: &Proofs, now: Timestamp) -> bool {
    proofs.by_token.is_some_and(|at| now < at + FRESH)
}

/// An app's token that counts, beside another in use. A thing goes back to who has handed it out.
pub(crate) fn removable(token: &Credential, theirs: &[Credential]) -> bool {
    let another = |one: &Credential| one.id != token.id && one.state == TokenState::Active;
    token.form == TokenForm::Software && token.state.counts_as_token() && theirs.iter().any(another)
}

impl Owner {
    /// Whether another may be added; and if so, whether it can be begun at once (`false`: a token must be proved first).
    ///
    /// # Errors
    /// [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn adding(&self, visit: &Visit) -> Result<Option<bool>, OwnError> {
        let holder = self.holder(visit).await?;
        let who = self.adder(visit, &holder).await?;
        Ok(who.map(|_| fresh(&holder.session.proofs, visit.now)))
    }

    /// Adds another: the wizard begins, or first the passcode page.
    ///
    /// # Errors
    /// [`OwnError::Refused`] with [`Refusal::NotNow`] where none may be added; [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn add(&self, visit: &Visit) -> Result<Token, OwnError> {
        let holder = self.holder(visit).await?;
        let who = self.adder(visit, &holder).await?.ok_or(OwnError::Refused(Refusal::NotNow))?;
        if fresh(&holder.session.proofs, visit.now) {
            Ok(self.desk.begin_adding(visit, &holder.session, who).await?)
        } else {
            self.prove_first(visit, &holder, &who.user, OwnTask::Add).await
        }
    }

    /// One that may be removed, and whether that can be done at once (`false`: a token must be proved first).
    ///
    /// # Errors
    /// [`OwnError::Refused`] with [`Refusal::NotNow`] where they cannot do without it; as [`Owner::token`].
    pub async fn removing(&self, visit: &Visit, id: &CredentialId) -> Result<(OwnToken, bool), OwnError> {
        let holder = self.holder(visit).await?;
        let token = self.token_of(visit, &holder, id).await?;
        if !token.removable {
            return Err(OwnError::Refused(Refusal::NotNow));
        }
        Ok((token, fresh(&holder.session.proofs, visit.now)))
    }

    /// Removes one that its user can do without: its secret is destroyed. Or first the passcode page.
    ///
    /// # Errors
    /// As [`Owner::removing`].
    pub async fn remove(&self, visit: &Visit, id: &CredentialId) -> Result<Stepped, OwnError> {
        let not_now = || OwnError::Refused(Refusal::NotNow);
        let holder = self.holder(visit).await?;
        let theirs = self.theirs(visit, &holder).await?;
        let token = theirs.iter().find(|token| token.id == *id).ok_or(OwnError::NotFound)?;
        if !removable(token, &theirs) {
            return Err(not_now());
        }
        if !fresh(&holder.session.proofs, visit.now) {
            let user = self.user_of(visit, &holder).await?.ok_or(OwnError::SignedOut)?;
            return self.prove_first(visit, &holder, &user, OwnTask::Remove(id.clone())).await.map(Stepped::Begun);
        }
        let removed = holder
            .event(visit, EventKind::TokenRevoked)
            .with("serial", token.serial.as_str())
            .with("from", token.state.as_str())
            .with("to", TokenState::Revoked.as_str())
            .with("reason", "removed");
        let mut change = Change::of(Act::CredentialRemove { id: id.clone() })
            .and(Act::PushesCancelOf { user: holder.user.clone() })
            .with(self.end_elsewhere(visit, &holder))
            .record(removed);
        change.acts.extend(self.removal_told(visit, &holder, token).await?);
        match self.desk.commit(visit, change).await {
            Err(Stop::Lost(_)) => Err(not_now()),
            outcome => {
                outcome?;
                self.desk.identities.forget_user(&holder.user);
                Ok(Stepped::Done)
            }
        }
    }

    /// The mail that tells its owner that something is no way in any more.
    pub(super) async fn removal_told(
        &self,
        visit: &Visit,
        holder: &Holder,
        removed: &Credential,
    ) -> Result<Option<Act>, OwnError> {
        let Some(user) = self.user_of(visit, holder).await? else { return Ok(None) };
        let more = vec![("device", device(removed.form, removed.target, &removed.serial))];
        Ok(self.desk.letter_of_visit(visit, &user, (MailKind::AuthenticatorRemoved, None), more))
    }

    /// What was opened with something that is no good any more ends everywhere but here, where its owner has just shown another.
    pub(super) fn end_elsewhere(&self, visit: &Visit, holder: &Holder) -> Change {
        let user = holder.user.clone();
        Change::of(Act::OtherSessionsEnd { user: user.clone(), keep: holder.session.id.clone() })
            .and(Act::FlowsEndOf { user, by: Box::new(holder.context(visit)) })
    }

    pub(super) async fn prove_first(
        &self,
        visit: &Visit,
        holder: &Holder,
        user: &User,
        task: OwnTask,
    ) -> Result<Token, OwnError> {
        Ok(self.desk.prove_for(visit, &holder.session, user, task).await?)
    }

    /// Them, if they may add another to the tokens that they have. Whoever has none gets their first by the wizard.
    async fn adder(&self, visit: &Visit, holder: &Holder) -> Result<Option<Applicant>, OwnError> {
        let Some(user) = self.user_of(visit, holder).await? else { return Ok(None) };
        let theirs = self.theirs(visit, holder).await?;
        if !theirs.iter().any(|token| token.state == TokenState::Active) {
            return Ok(None);
        }
        let allowed = self.desk.may_add(visit, &user, &theirs).await?;
        Ok(allowed.ok().map(|allowed| Applicant::new(user, allowed)))
    }

    pub(super) async fn user_of(&self, visit: &Visit, holder: &Holder) -> Result<Option<User>, OwnError> {
        let user = self.desk.ports.directory.get(&visit.vs.id, &holder.user).await?;
        Ok(user.filter(|user| !user.disabled))
    }
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::testing::now;

    #[test]
    fn a_token_is_proved_for_ten_minutes_and_by_nothing_else() {
        let proofs = Proofs { by_token: Some(now()), ..Proofs::NONE };
        assert!(fresh(&proofs, now() + FRESH - Duration::from_millis(1)));
        assert!(!fresh(&proofs, now() + FRESH));
        let by_code = Proofs { otp: Some(now()), recovered: Some(now()), ..Proofs::NONE };
        assert!(!fresh(&by_code, now()), "neither a recovery code nor a temporary passcode is a token");
    }
}
