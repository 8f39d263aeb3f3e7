//! What the server would refuse is found before it is asked for anything, by its own rules. Whatever it would keep otherwise
//! than it is written is written so here: the same import would find the same difference for ever.

use std::collections::{BTreeMap, BTreeSet};

use doorward_access::manage::text::{LONGEST_NAME, address, line};
use doorward_access::names::fold_name;
use doorward_access::operators::RoleForm;
use doorward_api::operator::Role as BuiltIn;
use doorward_api::{FieldFault, FieldRule, Permission, Permissions};

use super::files::{Content, GROUPS, Group, OPERATORS, Operator, ROLES, Role, USERS, User, folded, lowered};

/// A thing that has a line of its own.
trait Judged {
    const FILE: &'static str;

    fn name(&self) -> &str;

    /// By what two of them are one.
    fn key(&self) -> String;

    /// Brings each field into the form that the server keeps, and tells those that break a rule.
    fn judge(&mut self) -> Vec<FieldFault>;
}

impl Judged for Group {
    const FILE: &'static str = GROUPS;

    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self) -> String {
        self.name.clone()
    }

    fn judge(&mut self) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        keep(line(&mut faults, "name", &self.name, LONGEST_NAME, false), &mut self.name);
        self.parents = once(&self.parents);
        faults
    }
}

impl Judged for User {
    const FILE: &'static str = USERS;

    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self) -> String {
        folded(&self.name)
    }

    fn judge(&mut self) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        keep(sign_in_name(&mut faults, &self.name), &mut self.name);
        keep(line(&mut faults, "display_name", &self.display_name, LONGEST_NAME, true), &mut self.display_name);
        self.email = address(&mut faults, "email", self.email.as_deref().unwrap_or_default());
        self.groups = once(&self.groups);
        faults
    }
}

impl Judged for Role {
    const FILE: &'static str = ROLES;

    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self) -> String {
        lowered(&self.name)
    }

    fn judge(&mut self) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        let mut permissions = Permissions::NONE;
        for name in &self.permissions {
            match Permission::parse(name) {
                Some(permission) => permissions = permissions.with(permission),
                None => {
                    let value = format!("permission {name}");
                    faults.push(FieldFault::new("permissions", FieldRule::Unknown { value }));
                }
            }
        }
        match (RoleForm { name: self.name.clone(), permissions }).checked() {
            Ok(name) => self.name = name,
            Err(more) => faults.extend(more),
        }
        // With what each brings: whoever may change tokens may look at them.
        self.permissions = permissions.names();
        faults
    }
}

impl Judged for Operator {
    const FILE: &'static str = OPERATORS;

    fn name(&self) -> &str {
        &self.name
    }

    fn key(&self) -> String {
        folded(&self.name)
    }

    fn judge(&mut self) -> Vec<FieldFault> {
        let mut faults = Vec::new();
        keep(sign_in_name(&mut faults, &self.name), &mut self.name);
        let wanted = lowered(&self.role);
        let built_in = BuiltIn::ALL.into_iter().find(|role| role.as_str() == wanted);
        self.role = built_in.map_or_else(|| self.role.trim().to_owned(), |role| role.as_str().to_owned());
        faults
    }
}

/// Every fault of the files, by file and key.
pub(super) fn judge(content: &mut Content) -> Vec<String> {
    let mut faults = Vec::new();
    each(content.users.as_mut(), &mut faults);
    each(content.operators.as_mut(), &mut faults);
    each(content.roles.as_mut(), &mut faults);
    each(content.groups.as_mut(), &mut faults);
    if let Some(groups) = &content.groups {
        faults.extend(circles(groups));
    }
    faults
}

fn each<T: Judged>(all: Option<&mut Vec<T>>, told: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for one in all.into_iter().flatten() {
        let faults = one.judge();
        let (file, name) = (T::FILE, one.name());
        told.extend(faults.iter().map(|FieldFault { field, rule }| match field.as_str() {
            "name" => format!("{file}: name: {name:?} {rule}"),
            _ => format!("{file}: {field}: of {name:?}: {rule}"),
        }));
        if faults.iter().all(|fault| fault.field != "name") && !seen.insert(one.key()) {
            told.push(format!("{file}: name: {name:?} is there twice"));
        }
    }
}

/// What breaks a rule stays as it is written, to be named so.
fn keep(kept: Option<String>, field: &mut String) {
    if let Some(kept) = kept {
        *field = kept;
    }
}

fn sign_in_name(faults: &mut Vec<FieldFault>, name: &str) -> Option<String> {
    if fold_name(name).is_none() {
        faults.push(FieldFault::new("name", FieldRule::SignInName));
        return None;
    }
    Some(name.trim().to_owned())
}

/// Groups that are named, each once and as the server keeps it.
fn once(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.trim().to_owned()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Parents that are not in the file, and groups that lie in themselves.
fn circles(groups: &[Group]) -> Vec<String> {
    let parents: BTreeMap<&str, &Vec<String>> =
        groups.iter().map(|group| (group.name.as_str(), &group.parents)).collect();
    let mut faults = Vec::new();
    for group in groups {
        for parent in group.parents.iter().filter(|parent| !parents.contains_key(parent.as_str())) {
            faults.push(format!("{GROUPS}: parents: {:?} lies in {parent:?}, which is not there", group.name));
        }
        let mut above: Vec<&str> = group.parents.iter().map(String::as_str).collect();
        let mut seen = BTreeSet::new();
        while let Some(next) = above.pop() {
            if next == group.name {
                faults.push(format!("{GROUPS}: parents: {:?} lies in itself", group.name));
                break;
            }
            if seen.insert(next) {
                above.extend(parents.get(next).into_iter().flat_map(|more| more.iter().map(String::as_str)));
            }
        }
    }
    faults
}
