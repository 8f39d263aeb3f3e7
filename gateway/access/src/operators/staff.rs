//! Who the operators are, and what becomes of them. Only administrators change anything, and only with a fresh proof.

use doorward_api::operator::{Operator, OperatorSession, Role};
use doorward_api::ports::{Act, Change};
use doorward_api::{AuditEvent, CommitError, EventKind, OperatorId, Secret, VirtualServerId};

use super::invite::check_password;
use super::{Caller, OperatorDesk, OperatorError, SetupFault, administers, is_fresh};

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
    /// [`OperatorError::Forbidden`], [`OperatorError::NotFresh`], [`OperatorError::NotFound`],
    /// [`OperatorError::LastAdministrator`], or a store that does not answer.
    pub async fn set_role(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        id: &OperatorId,
        role: Role,
    ) -> Result<(), OperatorError> {
        may_change(by, caller)?;
        let operator = self.operator(&caller.vs, id).await?;
        if operator.role == role {
            return Ok(());
        }
        let event = about(caller.event(EventKind::RoleChanged, Some(&by.operator.name)), &operator)
            .with("from", operator.role.as_str())
            .with("to", role.as_str());
        self.change(caller, Act::OperatorRole { id: id.clone(), role }, event).await
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
        may_change(by, caller)?;
        let operator = self.operator(&caller.vs, id).await?;
        if operator.disabled == disabled {
            return Ok(());
        }
        let kind = if disabled { EventKind::OperatorDisabled } else { EventKind::OperatorEnabled };
        let event = about(caller.event(kind, Some(&by.operator.name)), &operator);
        self.change(caller, Act::OperatorDisable { id: id.clone(), disabled }, event).await
    }

    /// An operator's own new password. Every role may.
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
        let change = Change::of(Act::OperatorPassword { id: by.operator.id.clone(), hash })
            .record(caller.event(EventKind::OperatorPasswordChanged, Some(&by.operator.name)));
        self.ports.ledger.commit(&caller.vs, change, caller.now).await.map_err(super::gone)?;
        Ok(Ok(()))
    }

    async fn change(&self, caller: &Caller, act: Act, event: AuditEvent) -> Result<(), OperatorError> {
        let change = Change::of(act).record(event);
        match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
            Ok(()) => Ok(()),
            // They were there a moment ago, and operators do not go.
            Err(CommitError::Lost { .. }) => Err(OperatorError::LastAdministrator),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

/// Whether an operator may change operators now.
pub(super) fn may_change(by: &OperatorSession, caller: &Caller) -> Result<(), OperatorError> {
    match (administers(by.operator.role), is_fresh(by, caller.now)) {
        (false, _) => Err(OperatorError::Forbidden),
        (true, false) => Err(OperatorError::NotFresh),
        (true, true) => Ok(()),
    }
}

/// Whom a record tells of.
fn about(event: AuditEvent, operator: &Operator) -> AuditEvent {
    event.with("name", operator.name.as_str())
}
