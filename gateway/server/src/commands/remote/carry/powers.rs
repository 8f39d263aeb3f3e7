//! What whoever asks may do, by the rules that the server holds each change against: a step that they can never do is found
//! before anything is done.

use std::collections::BTreeMap;

use doorward_api::operator::Role as BuiltIn;
use doorward_api::{Module, Permission, Permissions};

use super::files::{Content, folded, lowered};
use super::plan::Step;
use super::there::{Own, There, permissions};

/// Theirs, and those of roles and operators.
pub(super) struct Powers<'a> {
    own: &'a Own,
    /// Of each role, before and after, by its name in small letters.
    roles: BTreeMap<String, (Permissions, Permissions)>,
    /// The role of each operator who is there.
    operators: BTreeMap<&'a str, &'a str>,
}

impl<'a> Powers<'a> {
    /// As things are, and as the files say.
    pub(super) fn of(content: &Content, there: &'a There) -> Self {
        let mut roles: BTreeMap<String, (Permissions, Permissions)> =
            BuiltIn::ALL.map(|role| (role.as_str().to_owned(), (role.permissions(), role.permissions()))).into();
        let may = |names: &[String]| permissions(names.iter().map(String::as_str));
        for known in &there.roles {
            let has = may(&known.is.permissions);
            roles.insert(lowered(&known.is.name), (has, has));
        }
        for new in content.roles.iter().flatten() {
            let after = may(&new.permissions);
            roles.entry(lowered(&new.name)).and_modify(|(_, has)| *has = after).or_insert((after, after));
        }
        let operators = there.operators.iter().map(|known| (known.id.as_str(), known.is.role.as_str())).collect();
        Self { own: &there.own, roles, operators }
    }

    /// What a role may in the end.
    pub(super) fn of_role(&self, name: &str) -> Permissions {
        self.roles.get(&lowered(name)).map_or(Permissions::NONE, |(_, after)| *after)
    }

    /// Why a step can never be done by whoever asks.
    pub(super) fn against(&self, step: &Step) -> Option<String> {
        let missing = needed(step).into_iter().find(|needed| !self.own.may.may(*needed));
        if let Some(missing) = missing {
            return Some(format!("it takes the permission {missing}"));
        }
        let is_own = |name: &str| folded(name) == folded(&self.own.name);
        match step {
            Step::OperatorRole { name, .. } if is_own(name) => Some("nobody changes their own role".to_owned()),
            Step::RoleEdit { id, .. } if *id == self.own.role => Some("nobody changes their own role".to_owned()),
            _ if !self.own.may.includes(self.moved(step)) => {
                Some("nobody gives or takes what they may not do themselves".to_owned())
            }
            _ => None,
        }
    }

    /// What is given and taken by a step.
    fn moved(&self, step: &Step) -> Permissions {
        let both = |name: &str| {
            let (before, after) = self.roles.get(&lowered(name)).copied().unwrap_or_default();
            before.or(after)
        };
        match step {
            Step::OperatorRole { old, role, .. } => both(old).or(both(role)),
            Step::OperatorSwitch { id, .. } => {
                self.operators.get(id.as_str()).map_or(Permissions::NONE, |role| both(role))
            }
            Step::OperatorInvite { role, .. } => both(role),
            Step::RoleAdd(role) => both(&role.name),
            Step::RoleEdit { old, .. } => both(&old.name),
            Step::RoleRemove { name, .. } => both(name),
            _ => Permissions::NONE,
        }
    }
}

/// The permissions that a step takes.
fn needed(step: &Step) -> Vec<Permission> {
    match step {
        Step::GroupAdd { .. } | Step::GroupRename { .. } | Step::GroupNest { .. } => vec![Module::Groups.edit()],
        Step::GroupRemove { .. } => vec![Module::Groups.delete()],
        Step::UserAdd(user) if !user.groups.is_empty() => vec![Module::Users.edit(), Module::Groups.edit()],
        Step::UserEdit { old, new, .. } if old.groups != new.groups => {
            vec![Module::Users.edit(), Module::Groups.edit()]
        }
        Step::UserAdd(_) | Step::UserEdit { .. } | Step::UserSwitch { .. } => vec![Module::Users.edit()],
        Step::UserRemove { .. } => vec![Module::Users.delete()],
        Step::Setting { kind, .. } => vec![kind.module().edit()],
        Step::RoleAdd(_) | Step::RoleEdit { .. } => vec![Module::Roles.edit()],
        Step::RoleRemove { .. } => vec![Module::Roles.delete()],
        Step::OperatorRole { .. } | Step::OperatorSwitch { .. } | Step::OperatorInvite { .. } => {
            vec![Module::Operators.edit()]
        }
    }
}
