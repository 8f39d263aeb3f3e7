//! Recovery codes: ten single-use passcodes that somebody keeps on paper, for the day on which their authenticator is gone. They are
//! made by who can show a passcode, stand in for one at a sign-in, and are kept as keyed hashes only. Whoever has signed in by one may
//! give their authenticator up, and enrols another at the next sign-in.

use doorward_api::credential::Version;
use doorward_api::keys::{MacKey, MasterKey, Purpose};
use doorward_api::mail::MailKind;
use doorward_api::ports::{Act, Change, MeterScope};
use doorward_api::recovery::{RecoveryCodes, SeenRecoveryCodes};
use doorward_api::{EventKind, Secret, SelfProvisioning, StoreError, Timestamp, User, UserId, VirtualServerId};
use subtle::ConstantTimeEq;

use crate::drawn::{drawn, in_groups, plain};
use crate::settings::setting;
use crate::signin::{Desk, Held};
use crate::stand_in::Looked;
use crate::visit::Visit;

/// How many are made.
pub const COUNT: usize = 10;

/// Characters of a code, without its hyphens: sixty random bits.
pub(crate) const LENGTH: usize = 12;

/// For how long somebody who has signed in by a code may give their authenticator up.
pub(crate) const MAY_REPLACE: std::time::Duration = std::time::Duration::from_mins(15);

/// What is left of somebody's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryLeft {
    /// How many.
    pub left: usize,
    /// When they were made.
    pub made_at: Timestamp,
}

impl RecoveryLeft {
    pub(crate) fn of(seen: &SeenRecoveryCodes) -> Self {
        Self { left: seen.codes.macs.len(), made_at: seen.codes.made_at }
    }
}

/// Hashes codes.
#[derive(Clone)]
pub(crate) struct RecoveryKey(MacKey);

impl RecoveryKey {
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self(master.mac(Purpose::RecoveryCode))
    }

    fn mac(&self, vs: &VirtualServerId, user: &UserId, code: &str) -> String {
        self.0.hex(&[vs.as_str(), user.as_str(), code])
    }

    /// By each key that a code on paper may be of.
    fn every_mac(&self, vs: &VirtualServerId, user: &UserId, code: &str) -> Vec<String> {
        self.0.every_hex(&[vs.as_str(), user.as_str(), code])
    }
}

/// A code that was right, and what using it up means.
pub(crate) struct RecoveryUse {
    version: Version,
    left: RecoveryCodes,
}

impl Desk {
    /// Whether users of a virtual server may make recovery codes.
    pub(crate) async fn recovery_codes_are_on(&self, vs: &VirtualServerId) -> Result<bool, StoreError> {
        Ok(setting::<SelfProvisioning>(self.ports.settings.as_ref(), vs).await?.document.recovery_codes)
    }

    /// Whether it is one of a user's recovery codes. Looked at a few times a day only (LG-04); where nobody may have any, not at all.
    pub(crate) async fn recovery_code(
        &self,
        visit: &Visit,
        user: &User,
        typed: &Secret,
        looked: &mut Looked,
    ) -> Result<Option<RecoveryUse>, StoreError> {
        let vs = &visit.vs.id;
        let typed = plain(typed);
        if typed.expose().chars().count() != LENGTH || !self.recovery_codes_are_on(vs).await? {
            return Ok(None);
        }
        let Some(seen) = self.ports.register.recovery_codes(vs, &user.id).await? else { return Ok(None) };
        if !looked.take(self, visit, MeterScope::RecoveryCode, &user.id).await? {
            return Ok(None);
        }
        let macs = self.recovery.every_mac(vs, &user.id, typed.expose());
        let is_it = |kept: &String| {
            macs.iter().fold(false, |found, mac| found | bool::from(kept.as_bytes().ct_eq(mac.as_bytes())))
        };
        if !seen.codes.macs.iter().any(is_it) {
            return Ok(None);
        }
        looked.give_back(self, visit).await?;
        let macs = seen.codes.macs.iter().filter(|kept| !is_it(kept)).cloned().collect();
        Ok(Some(RecoveryUse { version: seen.version, left: RecoveryCodes { macs, ..seen.codes } }))
    }

    /// Uses a code up: with its record, and a mail to its owner, who may not have been the one to use it.
    pub(crate) fn recovery_code_used(&self, visit: &Visit, held: &Held, user: &User, code: RecoveryUse) -> Change {
        let left = code.left.macs.len();
        let act = Act::RecoveryCodesSet { user: user.id.clone(), seen: code.version, codes: Some(code.left) };
        let event = self.event(EventKind::RecoveryCodeUsed, visit, held.flow()).with("left", left);
        let what = (MailKind::RecoveryCodeUsed, Some(held.flow().id.clone()));
        let mut change = Change::of(act).record(event);
        change.acts.extend(self.letter_of_visit(visit, user, what, vec![("left", left.to_string())]));
        change
    }

    /// Ten new codes for a user, in groups of four, and what is kept of them.
    pub(crate) fn draw_recovery_codes(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
        now: Timestamp,
    ) -> (Vec<Secret>, RecoveryCodes) {
        let drawn: Vec<String> = (0..COUNT).map(|_| drawn(self.ports.entropy.as_ref(), LENGTH)).collect();
        let macs = drawn.iter().map(|code| self.recovery.mac(vs, user, code)).collect();
        let shown = drawn.iter().map(|code| Secret::new(in_groups(code))).collect();
        (shown, RecoveryCodes { made_at: now, macs })
    }
}
