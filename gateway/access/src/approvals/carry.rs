//! An act that was approved is done; and what it would change is looked up before.

use doorward_api::operator::OperatorSession;
use doorward_api::ports::Change;
use doorward_api::settings::FieldChange;
use doorward_api::{CommitError, HeldAct, PendingAct, VirtualServerId};
use serde_json::{Value, json};

use super::{Approval, ApprovalError, Approvals, Seal};
use crate::manage::{By, ManageError, TokenAction};
use crate::operators::{Caller, OperatorError, RoleForm};

/// One field, from what to what.
fn field(name: &str, old: impl Into<Value>, new: impl Into<Value>) -> FieldChange {
    FieldChange { field: name.to_owned(), old: old.into(), new: new.into() }
}

/// Nothing where there is no such thing any more.
pub(super) fn there<T>(found: Result<T, OperatorError>) -> Result<Option<T>, ApprovalError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(OperatorError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Approvals<'_> {
    /// Does it in the name of whoever asked, under the approval.
    pub(super) async fn carry(
        &self,
        at: &Caller,
        asker: &OperatorSession,
        act: &PendingAct,
        approval: Approval,
    ) -> Result<(), ApprovalError> {
        let who = By {
            operator: asker.operator.id.clone(),
            name: asker.operator.name.clone(),
            permissions: asker.operator.role.permissions,
            api_key: act.api_key.clone(),
            // Whoever asked is elsewhere; who approves is in the record of that.
            address: None,
            request_id: at.request_id.clone(),
            now: at.now,
            undone: None,
        };
        let (vs, manager, desk) = (&at.vs, self.manager, self.desk);
        let under = Caller { approval: Some(approval.clone()), ..at.clone() };
        match &act.act {
            HeldAct::SettingPut { kind, seen, body } => {
                manager.apply_approved(vs, &who, (*kind, *seen, body), &approval).await?;
            }
            HeldAct::OperatorRole { operator, role } => {
                desk.set_role(&under, asker, operator, role.clone()).await?;
            }
            HeldAct::OperatorEnable { operator } => desk.set_disabled(&under, asker, operator, false).await?,
            HeldAct::RoleAdd { name, permissions } => {
                let form = RoleForm { name: name.clone(), permissions: *permissions };
                desk.add_role(&under, asker, &form).await?;
            }
            HeldAct::RoleSet { role, seen, name, permissions } => {
                let form = RoleForm { name: name.clone(), permissions: *permissions };
                desk.set_role_of(&under, asker, (role, *seen), &form).await?;
            }
            HeldAct::RoleDelete { role } => desk.delete_role(&under, asker, role).await?,
            HeldAct::UserDelete { user } => manager.delete_user_under(vs, &who, user, Some(&approval)).await?,
            HeldAct::TokenDelete { token } => {
                manager.act_on_token_under(vs, &who, token, TokenAction::Delete, Some(&approval)).await?;
            }
            // What is for the eyes of whoever asked they do themselves.
            HeldAct::OperatorInvite { .. } | HeldAct::ApiKeyAdd { .. } | HeldAct::Export { .. } => {}
        }
        self.ceases_to_wait(at, act, &approval).await
    }

    /// Where everything is already as was asked for, nothing is left to be done; it waits no longer all the same.
    async fn ceases_to_wait(&self, at: &Caller, act: &PendingAct, approval: &Approval) -> Result<(), ApprovalError> {
        let now = self.desk.pending().pending_act(&at.vs, &act.id).await?;
        if now.is_none_or(|now| now.state_at(at.now) != doorward_api::ApprovalState::Waiting) {
            return Ok(());
        }
        let change = Seal::of(approval).on(Change::default());
        match self.desk.ledger().commit(&at.vs, change, at.now).await {
            Ok(()) => Ok(()),
            Err(CommitError::Lost { .. }) => Err(ManageError::Conflict.into()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// The fields that would change; `None` where what it is about is gone, or is another than was seen.
    pub(super) async fn would_change(
        &self,
        vs: &VirtualServerId,
        act: &HeldAct,
    ) -> Result<Option<Vec<FieldChange>>, ApprovalError> {
        let (manager, desk) = (self.manager, self.desk);
        Ok(match act {
            HeldAct::SettingPut { kind, seen, body } => manager.would_apply(vs, *kind, *seen, body).await?,
            HeldAct::OperatorInvite { role } => {
                let role = desk.held(vs, role).await?;
                role.map(|role| vec![field("role", Value::Null, role.name)])
            }
            HeldAct::OperatorRole { operator, role } => {
                let (now, new) = (there(desk.operator(vs, operator).await)?, desk.held(vs, role).await?);
                now.zip(new).map(|(now, new)| vec![field("role", now.role.name, new.name)])
            }
            HeldAct::OperatorEnable { operator } => {
                let now = there(desk.operator(vs, operator).await)?;
                now.map(|now| vec![field("disabled", now.disabled, false)])
            }
            HeldAct::RoleAdd { name, permissions } => Some(vec![
                field("name", Value::Null, name.as_str()),
                field("permissions", Value::Null, json!(permissions.names())),
            ]),
            HeldAct::RoleSet { role, seen, name, permissions } => {
                let now = there(desk.role(vs, role).await)?.filter(|now| now.role.version == *seen);
                now.map(|now| {
                    let both = [
                        field("name", now.role.name, name.as_str()),
                        field("permissions", json!(now.role.permissions.names()), json!(permissions.names())),
                    ];
                    both.into_iter().filter(|one| one.old != one.new).collect()
                })
            }
            HeldAct::RoleDelete { role } => {
                let now = there(desk.role(vs, role).await)?;
                now.map(|now| vec![field("role", now.role.name, Value::Null)])
            }
            HeldAct::ApiKeyAdd { name, permissions, days } => Some(vec![
                field("name", Value::Null, name.as_str()),
                field("permissions", Value::Null, json!(permissions.names())),
                field("days", Value::Null, *days),
            ]),
            HeldAct::UserDelete { user } => {
                let now = gone(manager.user(vs, user).await)?;
                now.map(|now| vec![field("user", now.user.name, Value::Null)])
            }
            HeldAct::TokenDelete { token } => {
                let now = gone(manager.token(vs, token).await)?;
                now.map(|now| vec![field("token", now.serial, Value::Null)])
            }
            HeldAct::Export { module, format, filter } => Some(vec![
                field("export", Value::Null, module.as_str()),
                field("format", Value::Null, format.as_str()),
                field("filter", Value::Null, filter.as_str()),
            ]),
        })
    }
}

/// Nothing where there is no such thing any more.
fn gone<T>(found: Result<T, ManageError>) -> Result<Option<T>, ApprovalError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(ManageError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
