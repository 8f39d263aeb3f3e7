//! The user's own recovery codes: what is left of them, and new ones.

use doorward_api::flow::Notice;
use doorward_api::ports::Act;
use doorward_api::{EventKind, Secret};

use super::passcodes::Mine;
use super::{OwnError, Owner, Refusal, seen};
use crate::recovery::RecoveryLeft;
use crate::visit::Visit;

/// How somebody stands with recovery codes, where there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnRecovery {
    /// What is left; `None` where none were made.
    pub left: Option<RecoveryLeft>,
    /// Digits of the passcode by which new ones are made; `None` where no token of theirs shows any, or it is on probation.
    pub asks: Option<u8>,
}

impl Owner {
    /// How they stand with recovery codes; `None` where users may have none.
    ///
    /// # Errors
    /// [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn recovery(&self, visit: &Visit) -> Result<Option<OwnRecovery>, OwnError> {
        let holder = self.holder(visit).await?;
        if !self.desk.recovery_codes_are_on(&visit.vs.id).await? {
            return Ok(None);
        }
        let kept = self.desk.ports.register.recovery_codes(&visit.vs.id, &holder.user).await?;
        let policy = self.desk.pin_policy(visit).await?;
        let tokens = self.theirs(visit, &holder).await?;
        let provable = tokens.iter().find(|token| seen(token, &policy, visit.now).can_prove());
        let left = kept.as_ref().map(RecoveryLeft::of);
        let asks = match provable {
            Some(token) if self.desk.probation_of(visit, &holder.user, token).await?.is_none() => {
                Some(token.template.length)
            }
            _ => None,
        };
        Ok(Some(OwnRecovery { left, asks }))
    }

    /// Makes ten new codes, which are shown this once, in place of those before. A passcode proves that it is the token's owner who
    /// asks, and is spent.
    ///
    /// # Errors
    /// [`OwnError::Refused`] with what a sign-in would say of the passcode, or [`Refusal::NotNow`] where there are none to be had;
    /// [`OwnError::SignedOut`]; [`OwnError::Fault`].
    pub async fn make_recovery_codes(&self, visit: &Visit, typed: &Secret) -> Result<Vec<Secret>, OwnError> {
        match self.try_make_recovery_codes(visit, typed).await {
            // Somebody wrote over what was read: read and check once more. A passcode used meanwhile is refused then.
            Err(OwnError::Overtaken) => self.try_make_recovery_codes(visit, typed).await,
            outcome => outcome,
        }
    }

    async fn try_make_recovery_codes(&self, visit: &Visit, typed: &Secret) -> Result<Vec<Secret>, OwnError> {
        let not_now = || OwnError::Refused(Refusal::NotNow);
        let holder = self.holder(visit).await?;
        if !self.desk.recovery_codes_are_on(&visit.vs.id).await? {
            return Err(not_now());
        }
        if typed.is_empty() {
            return Err(OwnError::Refused(Refusal::Passcode(Notice::Empty)));
        }
        let policy = self.desk.pin_policy(visit).await?;
        let tokens = self.theirs(visit, &holder).await?;
        let token = tokens.into_iter().find(|token| seen(token, &policy, visit.now).can_prove()).ok_or_else(not_now)?;
        // A code would stand in for it without any probation.
        if self.desk.probation_of(visit, &holder.user, &token).await?.is_some() {
            return Err(not_now());
        }
        let mine = Mine { holder, token };
        let tested = |said: &'static str| mine.event(visit, EventKind::TokenTested).with("result", said);
        let updated = self.accepted(visit, &mine, typed, &tested).await?;
        let user = &mine.holder.user;
        let before = self.desk.ports.register.recovery_codes(&visit.vs.id, user).await?;
        let (shown, kept) = self.desk.draw_recovery_codes(&visit.vs.id, user, visit.now);
        let made = mine.event(visit, EventKind::RecoveryCodesMade).with("count", shown.len());
        let act = Act::RecoveryCodesSet {
            user: user.clone(),
            seen: before.map_or(0, |before| before.version),
            codes: Some(kept),
        };
        self.desk.commit(visit, mine.spend(visit, updated).and(act).record(made)).await?;
        self.desk.forget_tries(visit, &mine.token.id).await;
        Ok(shown)
    }
}
