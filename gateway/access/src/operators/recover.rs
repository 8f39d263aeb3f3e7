//! An operator who has lost password or second factor sets both anew, behind a link that is good once. The row stays as it was:
//! name, role, keys, and whether they are switched off.
//!
//! A colleague makes the link, or whoever holds the database. Whoever has it could be the operator from then on, and a colleague
//! has it first. So, while what gives powers takes two operators, whoever used a colleague's is switched off, and switching on
//! takes two.

use doorward_api::operator::{Operator, OperatorSession, RecoveredOperator};
use doorward_api::ports::{Act, Change, Entropy, OneTime, OneTimePurpose};
use doorward_api::settings::{Approvals, Held};
use doorward_api::{
    EventKind, Module, OperatorId, SecretBytes, StoreError, Timestamp, Token, TokenHash, VirtualServerId,
};
use serde::{Deserialize, Serialize};

use super::invite::{Found, Given, LINK_LIFE, Whom};
use super::roles::may_give;
use super::staff::may_change;
use super::{Caller, Finished, OperatorDesk, OperatorError, SetupForm, Undone, enabled};
use crate::settings::setting;

/// What the store keeps of a link.
#[derive(Debug, Serialize, Deserialize)]
struct Recovery {
    operator: OperatorId,
    /// The hash of the password hash of then: whoever has another password since has needed no link, or has used one.
    password: TokenHash,
    /// Who made it, by whose powers it is good. Whoever holds the database made it, where nobody is named.
    by: Option<OperatorId>,
}

/// A link by which an operator sets password and second factor anew, and the act that keeps it. `by` is the colleague who makes it.
pub fn recovery_link(
    operator: &Operator,
    by: Option<OperatorId>,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> (Token, Act) {
    let link = Token::draw(entropy);
    let recovery = Recovery { operator: operator.id.clone(), password: password_of(operator), by };
    // Writing these plain types cannot fail; an empty text would not be read back, and help nobody.
    let data = serde_json::to_string(&recovery).unwrap_or_default();
    let purpose = OneTimePurpose::OperatorRecovery;
    let put = Act::OneTimePut(OneTime { purpose, hash: link.hash(), data, expires_at: now + LINK_LIFE });
    (link, put)
}

fn password_of(operator: &Operator) -> TokenHash {
    let digest = ring::digest::digest(&ring::digest::SHA256, operator.password_hash.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    TokenHash::from_bytes(bytes)
}

impl OperatorDesk {
    /// A link by which a colleague sets password and second factor anew. It is good for as long as whoever makes it may change
    /// operators, and do all that the colleague may. Nobody makes one for themselves.
    ///
    /// # Errors
    /// [`OperatorError::Forbidden`], [`OperatorError::NotFresh`], [`OperatorError::NotFound`], [`OperatorError::OwnRecovery`],
    /// [`OperatorError::Beyond`]; [`OperatorError::LastAdministrator`] where they would be switched off by it and have to stay; or
    /// a store that does not answer.
    pub async fn recover(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        id: &OperatorId,
    ) -> Result<Token, OperatorError> {
        may_change(by, caller, Module::Operators.edit())?;
        let operator = self.operator(&caller.vs, id).await?;
        if operator.id == by.operator.id {
            return Err(OperatorError::OwnRecovery);
        }
        may_give(by, &operator.role)?;
        self.may_be_switched_off(&caller.vs, &operator).await?;
        let (link, put) =
            recovery_link(&operator, Some(by.operator.id.clone()), self.ports.entropy.as_ref(), caller.now);
        let event = caller.event(EventKind::OperatorRecoveryOffered, Some(&by.operator.name));
        let change = Undone::by(caller.undone, Change::of(put).record(event.with("name", operator.name)));
        self.ports.ledger.commit(&caller.vs, change, caller.now).await.map_err(super::gone)?;
        Ok(link)
    }

    /// Told when the link is made: whoever uses it could do nothing about it. It is asked once more then.
    async fn may_be_switched_off(&self, vs: &VirtualServerId, operator: &Operator) -> Result<(), OperatorError> {
        let wanted = setting::<Approvals>(self.ports.settings.as_ref(), vs).await?.document;
        if !wanted.take_two(Held::Operators) || operator.disabled || !operator.role.administers() {
            return Ok(());
        }
        let others = |one: &Operator| one.id != operator.id && enabled(one) && one.role.administers();
        let others = self.ports.operators.operators(vs).await?.iter().filter(|one| others(one)).count();
        let enough = others >= wanted.least_administrators() as usize;
        if enough { Ok(()) } else { Err(OperatorError::LastAdministrator) }
    }

    /// The operator whom a live link is for: their password is the one of then, and whoever made it still may.
    pub(super) async fn find_recovery(&self, caller: &Caller, hash: TokenHash) -> Result<Option<Found>, OperatorError> {
        let (vs, purpose) = (&caller.vs, OneTimePurpose::OperatorRecovery);
        let Some(kept) = self.ports.one_times.one_time(vs, purpose, &hash, caller.now).await? else { return Ok(None) };
        let recovery: Recovery = serde_json::from_str(&kept.data)
            .map_err(|error| StoreError::Damaged(format!("an operator's recovery cannot be read: {error}")))?;
        let operator = self.ports.operators.operator(vs, &recovery.operator).await?;
        let Some(operator) = operator.filter(|one| password_of(one).same(&recovery.password)) else { return Ok(None) };
        if let Some(by) = &recovery.by {
            let needed = operator.role.permissions.with(Module::Operators.edit());
            let by = self.ports.operators.operator(vs, by).await?;
            if !by.is_some_and(|by| enabled(&by) && by.role.permissions.includes(needed)) {
                return Ok(None);
            }
        }
        let (role, by) = (operator.role.clone(), recovery.by);
        Ok(Some(Found { whom: Whom::Again(Box::new(operator)), role, purpose, kept: hash, by }))
    }

    /// Gives an operator the password and the second factor that they have chosen, ends their sessions, and signs them in, unless
    /// they are switched off.
    pub(super) async fn set_anew(
        &self,
        caller: &Caller,
        (found, operator): (&Found, &Operator),
        form: &SetupForm,
        (plugin, opened): (&str, SecretBytes),
    ) -> Result<Finished, OperatorError> {
        let anew = RecoveredOperator {
            id: operator.id.clone(),
            judged: operator.role.clone(),
            seen: operator.password_hash.clone(),
            password_hash: self.hash(&form.password).await?,
            plugin: plugin.to_owned(),
            opened,
        };
        self.commit_by_link(caller, found, |given| self.setting_anew(caller, (found, operator), &anew, given)).await
    }

    fn setting_anew(
        &self,
        caller: &Caller,
        (found, operator): (&Found, &Operator),
        anew: &RecoveredOperator,
        given: Given,
    ) -> (Change, Finished) {
        let Operator { id, name, role, .. } = operator;
        let mut told = caller.event(EventKind::OperatorRecovered, Some(name)).with("name", name.as_str());
        let mut holds = given.holds;
        if given.by_two {
            // Whatever they were a moment ago. First, since it takes the lock of those who change, and the rest that of those who rely.
            holds.insert(0, Act::OperatorDisable { id: id.clone(), from: role.clone(), disabled: true });
            told = told.with("disabled", true);
        }
        let change = found.taken(holds).and(Act::OperatorRecover(Box::new(anew.clone())));
        let change = change.record(told);
        if given.by_two || operator.disabled {
            return (change, Finished::Waits);
        }
        self.signing_in(caller, change, (id, name))
    }
}
