//! Who the operators are, and what becomes of them. Changes take the permission and a fresh proof, and reach nobody who may more
//! than who makes them.

use doorward_api::operator::{Operator, OperatorSession, RoleRef};
use doorward_api::ports::{Act, Change};
use doorward_api::{
    AuditEvent, CommitError, EventKind, HeldAct, Module, OperatorId, Permission, Secret, VirtualServerId,
};

use super::invite::check_password;
use super::roles::may_give;
use super::{APPROVAL, Caller, OperatorDesk, OperatorError, SetupFault, is_fresh};
use crate::approvals::Seal;

impl OperatorDesk {
    /// All operators, by name.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn operators(&self, vs: &VirtualServerId) -> Result<Vec<Operator>, OperatorError> {
        Ok(self.ports.operators.operators(vs).await?)
    }

    /// One operator.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`], or a store that does not answer.
    pub async fn operator(&self, vs: &VirtualServerId, id: &OperatorId) -> Result<Operator, OperatorError> {
        self.ports.operators.operator(vs, id).await?.ok_or(OperatorError::NotFound)
    }

    /// Another role.
    ///
    /// # Errors
    /// [`OperatorError::Forbidden`], [`OperatorError::NotFresh`], [`OperatorError::NotFound`], [`OperatorError::OwnRole`],
    /// [`OperatorError::Beyond`], [`OperatorError::LastAdministrator`], [`OperatorError::Conflict`] when somebody else has given
    /// them another role meanwhile, or a store that does not answer.
    pub async fn set_role(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        id: &OperatorId,
        role: impl Into<RoleRef>,
    ) -> Result<(), OperatorError> {
        let of = role.into();
        may_change(by, caller, Module::Operators.edit())?;
        let operator = self.operator(&caller.vs, id).await?;
        if operator.role.of == of {
            return Ok(());
        }
        if operator.id == by.operator.id {
            return Err(OperatorError::OwnRole);
        }
        let role = self.to_give(caller, by, &of).await?;
        may_give(by, &operator.role)?;
        let act = HeldAct::OperatorRole { operator: id.clone(), role: of.clone() };
        let seal = self.turn(caller, by, act, &operator.name).await?;
        let event = about(caller.event(EventKind::RoleChanged, Some(&by.operator.name)), &operator)
            .with("from", operator.role.name.as_str())
            .with("to", role.name.as_str());
        let act = Act::OperatorRole { id: id.clone(), from: operator.role.clone(), role: of.clone() };
        match self.change(caller, seal, &operator, act, event).await {
            // It may be the role that is gone.
            Err(OperatorError::LastAdministrator) => {
                self.to_give(caller, by, &of).await?;
                Err(OperatorError::LastAdministrator)
            }
            outcome => outcome,
        }
    }

    /// Off or on. Off ends the operator's sessions.
    ///
    /// # Errors
    /// As [`OperatorDesk::set_role`].
    pub async fn set_disabled(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        id: &OperatorId,
        disabled: bool,
    ) -> Result<(), OperatorError> {
        may_change(by, caller, Module::Operators.edit())?;
        let operator = self.operator(&caller.vs, id).await?;
        if operator.disabled == disabled {
            return Ok(());
        }
        may_give(by, &operator.role)?;
        // In a moment of danger one is enough to take powers away.
        let seal = if disabled {
            Seal::default()
        } else {
            self.turn(caller, by, HeldAct::OperatorEnable { operator: id.clone() }, &operator.name).await?
        };
        let kind = if disabled { EventKind::OperatorDisabled } else { EventKind::OperatorEnabled };
        let event = about(caller.event(kind, Some(&by.operator.name)), &operator);
        let act = Act::OperatorDisable { id: id.clone(), from: operator.role.clone(), disabled };
        self.change(caller, seal, &operator, act, event).await
    }

    /// An operator's own new password, which ends all their sessions but this one. Every role may.
    ///
    /// # Errors
    /// [`OperatorError::NotFresh`], [`OperatorError::Busy`], or a store that does not answer. What is wrong with the password is
    /// in the answer.
    pub async fn change_password(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        password: &Secret,
    ) -> Result<Result<(), SetupFault>, OperatorError> {
        if !is_fresh(by, caller.now) {
            return Err(OperatorError::NotFresh);
        }
        if let Err(fault) = check_password(password, &by.operator.name) {
            return Ok(Err(fault));
        }
        let hash = self.hash(password).await?;
        let (id, keep) = (by.operator.id.clone(), by.id.clone());
        let change = Change::of(Act::OperatorPassword { id, hash, keep })
            .record(caller.event(EventKind::OperatorPasswordChanged, Some(&by.operator.name)));
        self.ports.ledger.commit(&caller.vs, change, caller.now).await.map_err(super::gone)?;
        Ok(Ok(()))
    }

    /// Changes an operator, as they were judged.
    async fn change(
        &self,
        caller: &Caller,
        seal: Seal,
        judged: &Operator,
        act: Act,
        event: AuditEvent,
    ) -> Result<(), OperatorError> {
        let change = seal.on(Change::of(act).record(event));
        match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
            Ok(()) => Ok(()),
            Err(CommitError::Lost { what: APPROVAL, .. }) => Err(OperatorError::Conflict),
            // They were there a moment ago, and operators do not go. But their role may be one by now, or permit what whoever asks
            // may neither give nor take.
            Err(CommitError::Lost { .. }) => match self.operator(&caller.vs, &judged.id).await? {
                now if now.role != judged.role => Err(OperatorError::Conflict),
                _ => Err(OperatorError::LastAdministrator),
            },
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

/// Whether an operator may make a change now.
pub(super) fn may_change(by: &OperatorSession, caller: &Caller, needed: Permission) -> Result<(), OperatorError> {
    match (by.operator.role.permissions.may(needed), is_fresh(by, caller.now)) {
        (false, _) => Err(OperatorError::Forbidden),
        (true, false) => Err(OperatorError::NotFresh),
        (true, true) => Ok(()),
    }
}

/// Whom a record tells of.
fn about(event: AuditEvent, operator: &Operator) -> AuditEvent {
    event.with("name", operator.name.as_str())
}
