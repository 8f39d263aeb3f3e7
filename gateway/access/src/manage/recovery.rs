//! What operators see and do of a user's recovery codes.

use doorward_api::ports::{Act, Change};
use doorward_api::{EventKind, Module, UserId, VirtualServerId};

use super::{By, ManageError, Manager};
use crate::recovery::RecoveryLeft;

impl Manager {
    /// What is left of a user's recovery codes; `None` where none were made.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn recovery_codes(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
    ) -> Result<Option<RecoveryLeft>, ManageError> {
        let kept = self.ports().register.recovery_codes(vs, user).await?;
        Ok(kept.as_ref().map(RecoveryLeft::of))
    }

    /// Voids what is left of them. Sessions end: one may have been opened by a code.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] where there are none; [`ManageError::Conflict`] when one was used at the same moment;
    /// [`ManageError::Forbidden`].
    pub async fn withdraw_recovery_codes(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &UserId,
    ) -> Result<(), ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let kept = self.ports().register.recovery_codes(vs, user).await?.ok_or(ManageError::NotFound)?;
        let event = by.event_of(EventKind::RecoveryCodesWithdrawn, user).with("left", kept.codes.macs.len());
        let act = Act::RecoveryCodesSet { user: user.clone(), seen: kept.version, codes: None };
        let mut change = Change::of(act).record(event);
        change.acts.extend(Self::end_all_of(user, by));
        self.commit(vs, by, change).await?;
        self.desk.identities.forget_user(user);
        Ok(())
    }
}
