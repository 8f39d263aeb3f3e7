//! What operators see of an account that is locked by failed tries, and how they end it: whoever rings the help desk must not wait
//! for a day.

use doorward_api::ports::{Change, MeterKey, MeterScope};
use doorward_api::settings::Lockout;
use doorward_api::user::UserRecord;
use doorward_api::{EventKind, Module, Timestamp, UserId, VirtualServerId};

use super::{By, ManageError, Manager};
use crate::regulate::{Account, AccountLimits, meters_of};
use crate::settings::setting;
use crate::signin::passkey::tries;
use crate::signin::{passcode_tries, passcode_tries_of_day};
use crate::stand_in::every_meter;

/// Every meter that failed tries with an account fill, whatever was tried. What tokens count is theirs.
pub fn tries_of(user: &UserId) -> Vec<MeterKey> {
    let by_passkey = tries(user);
    let mut meters = meters_of(&Account::User(user.clone())).to_vec();
    meters.extend([passcode_tries(&by_passkey), passcode_tries_of_day(&by_passkey)]);
    for scope in [MeterScope::TemporaryPasscode, MeterScope::RecoveryCode] {
        meters.extend(every_meter(scope, user));
    }
    meters
}

impl Manager {
    /// Until when an account is locked for browsers that it does not know; `None` where it is not. Three reads: not for lists.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn user_locked_until(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, ManageError> {
        let lockout = setting::<Lockout>(self.ports().settings.as_ref(), vs).await?.document;
        let (account, limits) = (Account::User(user.clone()), AccountLimits::from(&lockout));
        Ok(self.desk.regulation.locked_until(vs, &account, limits, now).await?)
    }

    /// Forgets the failed tries with an account, and the lock that they led to.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn unlock_user(&self, vs: &VirtualServerId, by: &By, id: &UserId) -> Result<UserRecord, ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let user = self.user(vs, id).await?;
        self.commit(vs, by, Change::only(by.event_of(EventKind::UserUnlocked, id))).await?;
        for meter in tries_of(id) {
            self.ports().meters.forget(vs, &meter).await?;
        }
        Ok(user)
    }
}
