//! The user's own recovery codes: what is left of them, and new ones.

use doorward_api::credential::Credential;
use doorward_api::flow::Notice;
use doorward_api::mail::MailKind;
use doorward_api::ports::Act;
use doorward_api::{EventKind, Secret};

use super::passcodes::{Mine, Taken};
use super::{Holder, OwnError, Owner, Refusal};
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
        let left = kept.as_ref().map(RecoveryLeft::of);
        let asks = self.that_may_vouch(visit, &holder).await?.first().map(|token| token.template.length);
        Ok(Some(OwnRecovery { left, asks }))
    }

    /// Their tokens by a passcode of which codes are made. None that is on probation: a code would stand in for it without any.
    async fn that_may_vouch(&self, visit: &Visit, holder: &Holder) -> Result<Vec<Credential>, OwnError> {
        let mut vouching = Vec::new();
        for token in self.provable(visit, holder).await? {
            if self.desk.probation_of(visit, &holder.user, &token).await?.is_none() {
                vouching.push(token);
            }
        }
        Ok(vouching)
    }

    /// Makes ten new codes, which are shown this once, in place of those before. A passcode, of whichever token of theirs, proves that
    /// it is its owner who asks, and is spent.
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
        let tokens = self.that_may_vouch(visit, &holder).await?;
        if tokens.is_empty() {
            return Err(not_now());
        }
        let tested = |token: &Credential, said: &'static str| {
            let event = holder.event(visit, EventKind::TokenTested).with("serial", token.serial.as_str());
            event.with("result", said)
        };
        let Taken { token, updated } = self.taken(visit, &holder, &tokens, typed, &tested).await?;
        let mine = Mine { token: token.clone(), holder };
        let user = &mine.holder.user;
        let before = self.desk.ports.register.recovery_codes(&visit.vs.id, user).await?;
        let (shown, kept) = self.desk.draw_recovery_codes(&visit.vs.id, user, visit.now);
        let made = mine.event(visit, EventKind::RecoveryCodesMade).with("count", shown.len());
        let act = Act::RecoveryCodesSet {
            user: user.clone(),
            seen: before.map_or(0, |before| before.version),
            codes: Some(kept),
        };
        let owner = self.user_of(visit, &mine.holder).await?.ok_or(OwnError::SignedOut)?;
        let mut change = mine.spend(visit, updated).and(act).record(made);
        // They would be good for whoever has taken the authenticator along.
        let told = self.desk.letter_of_visit(visit, &owner, (MailKind::RecoveryCodesMade, None), Vec::new());
        change.acts.extend(told);
        self.desk.commit(visit, change).await?;
        self.desk.forget_tries(visit, &mine.token.id).await;
        Ok(shown)
    }
}
