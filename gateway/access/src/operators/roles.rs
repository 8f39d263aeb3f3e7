//! Roles that operators make. Nobody gives, takes or changes what they may not do themselves, and nobody their own role.

use doorward_api::operator::{CustomRole, HeldRole, Operator, OperatorSession, Role, RoleRef};
use doorward_api::ports::{Act, Change};
use doorward_api::{
    AuditEvent, CommitError, EventKind, FieldFault, FieldRule, HeldAct, Module, Permissions, RoleId, VirtualServerId,
};

use super::staff::may_change;
use super::{APPROVAL, Caller, OperatorDesk, OperatorError, Undone};
use crate::approvals::Seal;
use crate::manage::text::line;

/// The longest name of a role, in characters.
const LONGEST_ROLE_NAME: u32 = 64;

/// Roles that a virtual server may have. Nobody sees through more.
pub const MOST_ROLES: usize = 100;

/// What a role shall be.
#[derive(Debug, Clone)]
pub struct RoleForm {
    /// Its name.
    pub name: String,
    /// What it may.
    pub permissions: Permissions,
}

impl RoleForm {
    /// The name as it is kept.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn checked(&self) -> Result<String, Vec<FieldFault>> {
        let mut faults = Vec::new();
        let name = line(&mut faults, "name", &self.name, LONGEST_ROLE_NAME, false);
        if name.as_deref().is_some_and(is_built_in) {
            faults.push(FieldFault::new("name", FieldRule::Taken));
        }
        if self.permissions.is_empty() {
            faults.push(FieldFault::new("permissions", FieldRule::Required));
        }
        match name {
            Some(name) if faults.is_empty() => Ok(name),
            _ => Err(faults),
        }
    }
}

/// A role, and how many operators have it.
#[derive(Debug, Clone)]
pub struct RoleRecord {
    /// It.
    pub role: CustomRole,
    /// So many.
    pub operators: usize,
}

impl OperatorDesk {
    /// All roles that operators have made, by name.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn roles(&self, vs: &VirtualServerId) -> Result<Vec<RoleRecord>, OperatorError> {
        let (roles, operators) = (self.ports.operators.roles(vs).await?, self.operators(vs).await?);
        Ok(roles.into_iter().map(|role| counted(role, &operators)).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`], or a store that does not answer.
    pub async fn role(&self, vs: &VirtualServerId, id: &RoleId) -> Result<RoleRecord, OperatorError> {
        let role = self.ports.operators.role(vs, id).await?.ok_or(OperatorError::NotFound)?;
        Ok(counted(role, &self.operators(vs).await?))
    }

    /// Makes one.
    ///
    /// # Errors
    /// [`OperatorError::Invalid`], [`OperatorError::Beyond`], [`OperatorError::Forbidden`], [`OperatorError::NotFresh`], or a
    /// store that does not answer.
    pub async fn add_role(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        form: &RoleForm,
    ) -> Result<RoleRecord, OperatorError> {
        may_change(by, caller, Module::Roles.edit())?;
        let name = form.checked().map_err(OperatorError::Invalid)?;
        within(by, form.permissions)?;
        if self.ports.operators.roles(&caller.vs).await?.len() >= MOST_ROLES {
            return Err(OperatorError::Invalid(vec![FieldFault::new("name", FieldRule::TooMany { max: 100 })]));
        }
        let act = HeldAct::RoleAdd { name: name.clone(), permissions: form.permissions };
        let seal = self.turn(caller, by, act, &name).await?;
        let id = RoleId::new(self.ports.entropy.id());
        let role = CustomRole { id, name, permissions: form.permissions, version: 1 };
        let event = about(caller.event(EventKind::RoleCreated, Some(&by.operator.name)), &role)
            .with("permissions", role.permissions.names());
        match self.commit(caller, seal, Act::RoleAdd(role.clone()), event).await {
            Ok(()) => Ok(RoleRecord { role, operators: 0 }),
            Err(CommitError::Lost { what: APPROVAL, .. }) => Err(OperatorError::Conflict),
            Err(CommitError::Lost { .. }) => Err(taken()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Another name, or other permissions: for everybody who has it, at their next request.
    ///
    /// # Errors
    /// As [`OperatorDesk::add_role`]; [`OperatorError::NotFound`], [`OperatorError::Conflict`], [`OperatorError::OwnRole`].
    pub async fn set_role_of(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        (id, seen): (&RoleId, i64),
        form: &RoleForm,
    ) -> Result<RoleRecord, OperatorError> {
        may_change(by, caller, Module::Roles.edit())?;
        let RoleRecord { role: old, operators } = self.role(&caller.vs, id).await?;
        if by.operator.role.of == RoleRef::Custom(id.clone()) {
            return Err(OperatorError::OwnRole);
        }
        let name = form.checked().map_err(OperatorError::Invalid)?;
        within(by, old.permissions)?;
        within(by, form.permissions)?;
        if old.version != seen {
            return Err(OperatorError::Conflict);
        }
        let new = CustomRole { name, permissions: form.permissions, ..old.clone() };
        if new == old {
            return Ok(RoleRecord { role: old, operators });
        }
        let act = HeldAct::RoleSet { role: id.clone(), seen, name: new.name.clone(), permissions: new.permissions };
        let seal = self.turn(caller, by, act, &old.name).await?;
        let mut event = about(caller.event(EventKind::RoleUpdated, Some(&by.operator.name)), &new)
            .with("from", old.permissions.names())
            .with("to", new.permissions.names());
        if old.name != new.name {
            event = event.with("oldName", old.name);
        }
        match self.commit(caller, seal, Act::RoleSet(new.clone()), event).await {
            Ok(()) => {
                let role = CustomRole { version: seen.saturating_add(1), ..new };
                Ok(RoleRecord { role, operators })
            }
            Err(CommitError::Lost { what: APPROVAL, .. }) => Err(OperatorError::Conflict),
            Err(CommitError::Lost { .. }) => match self.ports.operators.role(&caller.vs, id).await? {
                None => Err(OperatorError::NotFound),
                Some(now) if now.version != seen => Err(OperatorError::Conflict),
                Some(_) if self.is_taken(caller, &new).await? => Err(taken()),
                Some(_) => Err(OperatorError::LastAdministrator),
            },
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Deletes one that nobody has.
    ///
    /// # Errors
    /// [`OperatorError::RoleInUse`], [`OperatorError::NotFound`], [`OperatorError::Beyond`], [`OperatorError::Forbidden`],
    /// [`OperatorError::NotFresh`], or a store that does not answer.
    pub async fn delete_role(&self, caller: &Caller, by: &OperatorSession, id: &RoleId) -> Result<(), OperatorError> {
        may_change(by, caller, Module::Roles.delete())?;
        let RoleRecord { role, .. } = self.role(&caller.vs, id).await?;
        within(by, role.permissions)?;
        if self.role(&caller.vs, id).await?.operators > 0 {
            return Err(OperatorError::RoleInUse);
        }
        let seal = self.turn(caller, by, HeldAct::RoleDelete { role: id.clone() }, &role.name).await?;
        let event = about(caller.event(EventKind::RoleDeleted, Some(&by.operator.name)), &role);
        match self.commit(caller, seal, Act::RoleDelete { id: id.clone() }, event).await {
            Ok(()) => Ok(()),
            Err(CommitError::Lost { what: APPROVAL, .. }) => Err(OperatorError::Conflict),
            Err(CommitError::Lost { .. }) => match self.ports.operators.role(&caller.vs, id).await? {
                None => Err(OperatorError::NotFound),
                Some(_) => Err(OperatorError::RoleInUse),
            },
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// A role as it is held, if there is such a one.
    pub(crate) async fn held(&self, vs: &VirtualServerId, of: &RoleRef) -> Result<Option<HeldRole>, OperatorError> {
        Ok(match of {
            RoleRef::BuiltIn(role) => Some((*role).into()),
            RoleRef::Custom(id) => self.ports.operators.role(vs, id).await?.map(HeldRole::from),
        })
    }

    /// A role that somebody gives to another.
    pub(super) async fn to_give(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        of: &RoleRef,
    ) -> Result<HeldRole, OperatorError> {
        let Some(role) = self.held(&caller.vs, of).await? else {
            let ours = Role::ALL.into_iter().map(|role| role.as_str().to_owned());
            let made = self.ports.operators.roles(&caller.vs).await?.into_iter().map(|role| role.id.to_string());
            let rule = FieldRule::OneOf { values: ours.chain(made).collect() };
            return Err(OperatorError::Invalid(vec![FieldFault::new("role", rule)]));
        };
        may_give(by, &role)?;
        Ok(role)
    }

    async fn is_taken(&self, caller: &Caller, role: &CustomRole) -> Result<bool, OperatorError> {
        let same = |one: &CustomRole| one.id != role.id && one.name.to_lowercase() == role.name.to_lowercase();
        Ok(self.ports.operators.roles(&caller.vs).await?.iter().any(same))
    }

    async fn commit(&self, caller: &Caller, seal: Seal, act: Act, event: AuditEvent) -> Result<(), CommitError> {
        let change = Undone::by(caller.undone, seal.on(Change::of(act).record(event)));
        self.ports.ledger.commit(&caller.vs, change, caller.now).await
    }
}

fn counted(role: CustomRole, operators: &[Operator]) -> RoleRecord {
    let of = RoleRef::Custom(role.id.clone());
    RoleRecord { operators: operators.iter().filter(|one| one.role.of == of).count(), role }
}

/// Whether somebody may give this role, or take it from whoever has it.
pub(super) fn may_give(by: &OperatorSession, role: &HeldRole) -> Result<(), OperatorError> {
    within(by, role.permissions)
}

/// Nobody grants what they may not do themselves.
pub(super) fn within(by: &OperatorSession, permissions: Permissions) -> Result<(), OperatorError> {
    if by.operator.role.permissions.includes(permissions) { Ok(()) } else { Err(OperatorError::Beyond) }
}

/// Whether a name would be taken for a role that is there from the beginning.
fn is_built_in(name: &str) -> bool {
    let plain: String = name.to_lowercase().split([' ', '_', '-']).collect();
    Role::ALL.into_iter().any(|role| role.as_str().replace('_', "") == plain)
}

fn taken() -> OperatorError {
    OperatorError::Invalid(vec![FieldFault::new("name", FieldRule::Taken)])
}

/// Which role a record tells of.
fn about(event: AuditEvent, role: &CustomRole) -> AuditEvent {
    event.with("roleId", role.id.as_str()).with("role", role.name.as_str())
}
