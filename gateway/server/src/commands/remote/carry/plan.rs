//! What is to be done so that a server is as the files say: a pure comparison.

use std::collections::{BTreeMap, BTreeSet};

use doorward_api::Permissions;
use doorward_api::operator::Role as BuiltIn;
use doorward_api::settings::SettingKind;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::diff::{Difference, differences};
use super::super::show::{Colour, Manner, plain};
use super::files::{Content, Group, Operator, Role, User, folded, lowered, with_groups};
use super::powers::Powers;
use super::there::{GONE, Known, Own, There};

/// One change. They are done in the order in which they stand.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// A group comes.
    GroupAdd { name: String },
    /// A group is spelt otherwise.
    GroupRename { id: String, old: String, name: String },
    /// A group lies in another, or no longer.
    GroupNest { group: String, into: String, lies: bool },
    /// A user comes.
    UserAdd(User),
    /// A user's record says something else.
    UserEdit { id: String, version: String, old: User, new: User },
    /// A user is switched off or on.
    UserSwitch { id: String, name: String, disabled: bool },
    /// A document says something else. Groups stand in both by name.
    Setting { kind: SettingKind, version: String, old: Value, new: Value },
    /// A role comes.
    RoleAdd(Role),
    /// A role is spelt otherwise, or may something else.
    RoleEdit { id: String, version: String, old: Role, new: Role },
    /// An operator has another role.
    OperatorRole { id: String, name: String, old: String, role: String },
    /// An operator is switched off or on.
    OperatorSwitch { id: String, name: String, disabled: bool },
    /// An operator is to come.
    OperatorInvite { name: String, role: String },
    /// A user goes.
    UserRemove { id: String, name: String },
    /// A group goes.
    GroupRemove { id: String, name: String },
    /// A role goes.
    RoleRemove { id: String, name: String },
}

/// What stays as it is all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) what: Remark,
    pub(super) said: String,
}

/// Of which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remark {
    /// It says the same in other letters.
    Spelling,
    /// It is otherwise than the files say, and was not asked to be made so.
    Differs,
    /// It is otherwise, and whoever asks cannot make it so.
    Cannot,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) notes: Vec<Note>,
}

impl Plan {
    /// Compares.
    ///
    /// # Errors
    /// Groups that are named and will not be there.
    pub(super) fn of(content: &Content, there: &There, prune: bool, invite: bool) -> Result<Self, Vec<String>> {
        let mut faults = missing_groups(content, there, prune);
        faults.extend(missing_roles(content, there, prune));
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut plan = Self::default();
        let mut removals = Vec::new();
        if let Some(users) = &content.users {
            plan.users_that_go(users, there, prune, &mut removals);
        }
        let mut leaving = BTreeSet::new();
        let mut late = Vec::new();
        if let Some(groups) = &content.groups {
            (leaving, late) = plan.groups(groups, there, prune, &mut removals);
        }
        if let Some(users) = &content.users {
            plan.users(users, there, &leaving);
        }
        plan.settings(content, there);
        if let Some(roles) = &content.roles {
            plan.roles(roles, there, prune, &mut removals);
        }
        if let Some(operators) = &content.operators {
            plan.operators(operators, there, &Powers::of(content, there), invite);
        }
        plan.steps.extend(removals);
        plan.steps.extend(late);
        plan.leave_to_others(content, there);
        plan.steps.sort_by_key(|step| step.turn(&there.own));
        Ok(plan)
    }

    /// Whether the server is otherwise than the files say, whatever is done about it.
    pub(super) fn differs(&self) -> bool {
        !self.steps.is_empty() || self.notes.iter().any(|note| note.what != Remark::Spelling)
    }

    /// Whether something is left to others.
    pub(super) fn leaves_something(&self) -> bool {
        self.notes.iter().any(|note| note.what == Remark::Cannot)
    }

    /// For programs.
    pub(super) fn record(&self) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(Step::record).collect();
        let note = |note: &Note| json!({"note": note.said, "difference": note.what != Remark::Spelling});
        json!({ "changes": steps, "notes": self.notes.iter().map(note).collect::<Vec<_>>() })
    }

    fn note(&mut self, what: Remark, said: impl Into<String>) {
        self.notes.push(Note { what, said: said.into() });
    }

    /// What whoever asks can never do is no part of the plan: it would end there, with half of it done.
    fn leave_to_others(&mut self, content: &Content, there: &There) {
        let powers = Powers::of(content, there);
        let mut left: Vec<Step> = Vec::new();
        for step in std::mem::take(&mut self.steps) {
            let hangs = || left.iter().any(|other| step.hangs_on(other)).then(|| "what it hangs on is".to_owned());
            let Some(why) = powers.against(&step).or_else(hangs) else {
                self.steps.push(step);
                continue;
            };
            let (deed, kind, name, _) = step.parts();
            self.note(Remark::Cannot, format!("{deed} {kind} {}: left out, since {why}", plain(&name)));
            left.push(step);
        }
    }

    /// The groups that go, by name, and what can be done only once they are gone. Nobody is taken out of them before: whoever
    /// leaves a group loses what its rule gave, and whose group is deleted does not.
    fn groups<'a>(
        &mut self,
        groups: &[Group],
        there: &'a There,
        prune: bool,
        removals: &mut Vec<Step>,
    ) -> (BTreeSet<&'a str>, Vec<Step>) {
        let mut found: BTreeMap<&str, Option<&Known<Group>>> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        let exact: BTreeMap<&str, &Known<Group>> =
            there.groups.iter().map(|known| (known.is.name.as_str(), known)).collect();
        for group in groups {
            if let Some(known) = exact.get(group.name.as_str()).copied() {
                taken.insert(known.id.as_str());
                found.insert(&group.name, Some(known));
            }
        }
        // Another spelling of one that no line has by its very name.
        let others: BTreeMap<String, &Known<Group>> = there
            .groups
            .iter()
            .filter(|known| !taken.contains(known.id.as_str()))
            .map(|known| (lowered(&known.is.name), known))
            .collect();
        for group in groups {
            if found.contains_key(group.name.as_str()) {
                continue;
            }
            let like = others.get(&lowered(&group.name)).copied().filter(|known| !taken.contains(known.id.as_str()));
            let name = group.name.clone();
            self.steps.push(match like {
                Some(known) => Step::GroupRename { id: known.id.clone(), old: known.is.name.clone(), name },
                None => Step::GroupAdd { name },
            });
            taken.extend(like.map(|known| known.id.as_str()));
            found.insert(&group.name, like);
        }
        let others: Vec<&Known<Group>> =
            there.groups.iter().filter(|known| !taken.contains(known.id.as_str())).collect();
        if prune {
            removals.extend(
                others.iter().map(|known| Step::GroupRemove { id: known.id.clone(), name: known.is.name.clone() }),
            );
        } else {
            self.stay(&others.iter().map(|known| known.is.name.as_str()).collect::<Vec<_>>(), "groups");
        }
        let leaving: BTreeSet<&str> = others.iter().map(|known| known.is.name.as_str()).filter(|_| prune).collect();
        let late = self.nests(groups, &found, &others, &leaving);
        (leaving, late)
    }

    /// How groups are to lie in others. What would close a circle by way of a group that goes is handed back, for later.
    fn nests(
        &mut self,
        groups: &[Group],
        found: &BTreeMap<&str, Option<&Known<Group>>>,
        others: &[&Known<Group>],
        leaving: &BTreeSet<&str>,
    ) -> Vec<Step> {
        // Its parents by the names that they have now: what was renamed is the same group.
        let now: BTreeMap<&str, &str> =
            found.iter().filter_map(|(name, known)| known.map(|known| (known.is.name.as_str(), *name))).collect();
        let called = |parents: &'_ [String]| -> BTreeSet<String> {
            parents.iter().map(|old| now.get(old.as_str()).copied().unwrap_or(old).to_owned()).collect()
        };
        let mut lie: BTreeMap<&str, BTreeSet<String>> =
            others.iter().map(|known| (known.is.name.as_str(), called(&known.is.parents))).collect();
        let (mut comes, mut goes) = (Vec::new(), Vec::new());
        for group in groups {
            let old = found.get(group.name.as_str()).copied().flatten().map(|known| called(&known.is.parents));
            let old = old.unwrap_or_default();
            let new: BTreeSet<String> = group.parents.iter().cloned().collect();
            let stays = |into: &&String| leaving.contains(into.as_str());
            goes.extend(
                old.difference(&new).filter(|into| !stays(into)).map(|into| (group.name.as_str(), into.clone())),
            );
            comes.extend(new.difference(&old).map(|into| (group.name.as_str(), into.clone())));
            lie.insert(&group.name, old.iter().filter(|into| new.contains(*into) || stays(into)).cloned().collect());
        }
        let nest = |(group, into): (&str, String), lies| Step::GroupNest { group: group.to_owned(), into, lies };
        // Those that go make room: the other order could close a circle for a moment.
        self.steps.extend(goes.into_iter().map(|one| nest(one, false)));
        let mut late = Vec::new();
        for (group, into) in comes {
            if lies_in(&lie, &into, group) {
                late.push(nest((group, into), true));
                continue;
            }
            lie.entry(group).or_default().insert(into.clone());
            self.steps.push(nest((group, into), true));
        }
        late
    }

    fn users_that_go(&mut self, users: &[User], there: &There, prune: bool, removals: &mut Vec<Step>) {
        let wanted: BTreeSet<String> = users.iter().map(|user| folded(&user.name)).collect();
        let others: Vec<&Known<User>> =
            there.users.iter().filter(|known| !wanted.contains(&folded(&known.is.name))).collect();
        if prune {
            removals.extend(
                others.iter().map(|known| Step::UserRemove { id: known.id.clone(), name: known.is.name.clone() }),
            );
        } else {
            self.stay(&others.iter().map(|known| known.is.name.as_str()).collect::<Vec<_>>(), "users");
        }
    }

    fn stay(&mut self, names: &[&str], what: &str) {
        /// More are not told by name.
        const SOME: usize = 5;
        if names.is_empty() {
            return;
        }
        let some: Vec<String> = names.iter().take(SOME).map(|name| plain(name)).collect();
        let more = if names.len() > SOME { ", …" } else { "" };
        let count = names.len();
        let some = some.join(", ");
        let said = format!("{count} {what} are not in the files and stay ({some}{more}); --prune removes them");
        self.note(Remark::Differs, said);
    }

    fn users(&mut self, users: &[User], there: &There, leaving: &BTreeSet<&str>) {
        let known: BTreeMap<String, &Known<User>> =
            there.users.iter().map(|known| (folded(&known.is.name), known)).collect();
        for new in users {
            let Some(old) = known.get(&folded(&new.name)) else {
                self.steps.push(Step::UserAdd(new.clone()));
                continue;
            };
            let name = &old.is.name;
            if *name != new.name {
                let said = format!("{} is spelt {} there; names stay as they are", plain(&new.name), plain(name));
                self.note(Remark::Spelling, said);
            }
            // Groups are called here as they will be: a group that is spelt otherwise is no other. One that goes takes its
            // members out itself.
            let (go, stay): (Vec<String>, Vec<String>) =
                old.is.groups.iter().cloned().partition(|group| leaving.contains(group.as_str()));
            let with_those = |groups: Vec<String>| sorted(groups.into_iter().chain(go.iter().cloned()).collect());
            let now = User { groups: with_those(same_groups(&stay, &new.groups)), ..old.is.clone() };
            let groups = with_those(new.groups.clone());
            let record = User { name: name.clone(), disabled: now.disabled, groups, ..new.clone() };
            if record != now {
                let (id, version) = (old.id.clone(), old.version.clone());
                self.steps.push(Step::UserEdit { id, version, old: now, new: record });
            }
            if old.is.disabled != new.disabled {
                let (id, name) = (old.id.clone(), name.clone());
                self.steps.push(Step::UserSwitch { id, name, disabled: new.disabled });
            }
        }
    }

    fn settings(&mut self, content: &Content, there: &There) {
        for kind in SettingKind::ALL {
            let (new, old) = (content.settings.get(kind.as_str()), there.settings.get(kind.as_str()));
            let (Some(new), Some((old, version))) = (new, old) else { continue };
            let only = |document: &Value| Content {
                settings: BTreeMap::from([(kind.as_str(), document.clone())]),
                ..Content::default()
            };
            // In one order, so that the order alone is no change.
            let (old, new) = (only(old).ordered(), only(new).ordered());
            let of = |content: Content| content.settings.into_values().next().unwrap_or_default();
            let (old, new) = (of(old), of(new));
            if !differences(&old, &new).is_empty() {
                self.steps.push(Step::Setting { kind, version: version.clone(), old, new });
            }
        }
    }

    fn roles(&mut self, roles: &[Role], there: &There, prune: bool, removals: &mut Vec<Step>) {
        let known: BTreeMap<String, &Known<Role>> =
            there.roles.iter().map(|known| (lowered(&known.is.name), known)).collect();
        let mut wanted = BTreeSet::new();
        for new in roles {
            wanted.insert(lowered(&new.name));
            match known.get(&lowered(&new.name)) {
                None => self.steps.push(Step::RoleAdd(new.clone())),
                Some(old) if old.is != *new => self.steps.push(Step::RoleEdit {
                    id: old.id.clone(),
                    version: old.version.clone(),
                    old: old.is.clone(),
                    new: new.clone(),
                }),
                Some(_) => {}
            }
        }
        let others: Vec<&Known<Role>> =
            there.roles.iter().filter(|known| !wanted.contains(&lowered(&known.is.name))).collect();
        if prune {
            removals.extend(
                others.iter().map(|known| Step::RoleRemove { id: known.id.clone(), name: known.is.name.clone() }),
            );
        } else {
            self.stay(&others.iter().map(|known| known.is.name.as_str()).collect::<Vec<_>>(), "roles");
        }
    }

    /// Operators make themselves, behind a link: they can be changed here, and invited.
    fn operators(&mut self, operators: &[Operator], there: &There, powers: &Powers<'_>, invite: bool) {
        let known: BTreeMap<String, &Known<Operator>> =
            there.operators.iter().map(|known| (folded(&known.is.name), known)).collect();
        let mut changes = Vec::new();
        for new in operators {
            let (name, role) = (new.name.clone(), new.role.clone());
            match known.get(&folded(&name)) {
                Some(old) => {
                    if lowered(&old.is.role) != lowered(&role) {
                        let (id, old) = (old.id.clone(), old.is.role.clone());
                        changes.push(Step::OperatorRole { id, name: name.clone(), old, role });
                    }
                    if old.is.disabled != new.disabled {
                        changes.push(Step::OperatorSwitch { id: old.id.clone(), name, disabled: new.disabled });
                    }
                }
                // Whoever is switched off is not waited for.
                None if new.disabled => {}
                None if invite => changes.push(Step::OperatorInvite { name, role }),
                None => {
                    let (name, role) = (plain(&name), plain(&role));
                    let said = format!("the operator {name} ({role}) is not there; --invite makes a link for them");
                    self.note(Remark::Differs, said);
                }
            }
        }
        // Who gains comes first: the last who may do everything cannot go before there is another.
        changes.sort_by_key(|step| match step {
            Step::OperatorSwitch { disabled: false, .. } => 0,
            Step::OperatorRole { role, .. } if powers.of_role(role) == Permissions::ALL => 1,
            _ => 2,
        });
        self.steps.extend(changes);
        let wanted: BTreeSet<String> = operators.iter().map(|operator| folded(&operator.name)).collect();
        for other in there.operators.iter().filter(|known| !wanted.contains(&folded(&known.is.name))) {
            self.note(Remark::Differs, format!("the operator {} is not in the files and stays", plain(&other.is.name)));
        }
    }
}

/// The groups of a user, each by the spelling that the file has for it.
fn same_groups(old: &[String], new: &[String]) -> Vec<String> {
    let spelt = |name: &String| {
        let exact = new.contains(name);
        let like = new.iter().find(|other| !exact && lowered(other) == lowered(name));
        like.unwrap_or(name).clone()
    };
    old.iter().map(spelt).collect()
}

fn sorted(mut groups: Vec<String>) -> Vec<String> {
    groups.sort();
    groups
}

/// Whether a group lies in another, itself or since one lies in one that does; or is it.
fn lies_in(lie: &BTreeMap<&str, BTreeSet<String>>, group: &str, into: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![group]);
    while let Some(one) = next.pop() {
        if one == into {
            return true;
        }
        if seen.insert(one) {
            next.extend(lie.get(one).into_iter().flatten().map(String::as_str));
        }
    }
    false
}

/// Groups that users and settings name, and that neither are there nor come.
fn missing_groups(content: &Content, there: &There, prune: bool) -> Vec<String> {
    let mut known: BTreeSet<String> = content.groups.iter().flatten().map(|group| group.name.clone()).collect();
    if content.groups.is_none() || !prune {
        known.extend(there.groups.iter().map(|group| group.is.name.clone()));
    }
    // What settings name although it is gone may be named on, where it is named already.
    let mut gone = BTreeSet::new();
    for (document, _) in there.settings.values() {
        let seen: Result<Value, ()> = with_groups(document, &mut |name| {
            if name.starts_with(GONE) {
                gone.insert(name.to_owned());
            }
            Ok(name.to_owned())
        });
        drop(seen);
    }
    let mut faults = Vec::new();
    for user in content.users.iter().flatten() {
        for group in user.groups.iter().filter(|group| !known.contains(*group)) {
            faults.push(format!("users.jsonl: groups: {:?} is in {group:?}, which is not there", user.name));
        }
    }
    for (kind, document) in &content.settings {
        let named: Result<Value, ()> = with_groups(document, &mut |name| {
            if !known.contains(name) && !gone.contains(name) {
                faults.push(format!("settings/{kind}.json: groups: there is no group {name:?}"));
            }
            Ok(name.to_owned())
        });
        drop(named);
    }
    faults
}

/// Roles that operators are to have, and that neither are there nor come.
fn missing_roles(content: &Content, there: &There, prune: bool) -> Vec<String> {
    let mut known: BTreeSet<String> = BuiltIn::ALL.iter().map(|role| role.as_str().to_owned()).collect();
    known.extend(content.roles.iter().flatten().map(|role| lowered(&role.name)));
    if content.roles.is_none() || !prune {
        known.extend(there.roles.iter().map(|role| lowered(&role.is.name)));
    }
    let missing = |operator: &&Operator| !known.contains(&lowered(&operator.role));
    let faults = content.operators.iter().flatten().filter(missing);
    faults
        .map(|operator| {
            format!("operators.jsonl: role: {:?} is {:?}, and there is no such role", operator.name, operator.role)
        })
        .collect()
}

impl Step {
    /// Whether it cannot be done unless another is.
    pub(super) fn hangs_on(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OperatorRole { role, .. } | Self::OperatorInvite { role, .. }, Self::RoleAdd(new)) => {
                lowered(role) == lowered(&new.name)
            }
            // A role that somebody has stays.
            (Self::RoleRemove { name, .. }, Self::OperatorRole { old, .. }) => lowered(name) == lowered(old),
            (step, Self::GroupAdd { name } | Self::GroupRename { name, .. }) => step.names_group(name),
            _ => false,
        }
    }

    fn names_group(&self, wanted: &str) -> bool {
        match self {
            Self::GroupNest { group, into, .. } => group == wanted || into == wanted,
            Self::UserAdd(user) => user.groups.iter().any(|group| group == wanted),
            Self::UserEdit { new, .. } => new.groups.iter().any(|group| group == wanted),
            Self::Setting { new, .. } => {
                let mut names = false;
                let seen: Result<Value, ()> = with_groups(new, &mut |group| {
                    names |= group == wanted;
                    Ok(group.to_owned())
                });
                drop(seen);
                names
            }
            _ => false,
        }
    }

    /// When its turn is, beside the order in which steps are found.
    fn turn(&self, own: &Own) -> u8 {
        match self {
            // It makes what comes after it wait for another operator.
            Self::Setting { kind: SettingKind::Approvals, .. } => 1,
            // It ends the session.
            Self::OperatorSwitch { name, disabled: true, .. } if folded(name) == folded(&own.name) => 2,
            _ => 0,
        }
    }

    /// What is done, to what kind of thing, of which name, and what of it changes.
    fn parts(&self) -> (&'static str, &'static str, String, Vec<Difference>) {
        let field = |field: &str, old: Value, new: Value| Difference {
            field: field.to_owned(),
            old: Some(old),
            new: Some(new),
        };
        let switched = |disabled: bool| vec![field("disabled", json!(!disabled), json!(disabled))];
        match self {
            Self::GroupAdd { name } => ("add", "group", name.clone(), Vec::new()),
            Self::GroupRename { old, name, .. } => {
                ("change", "group", old.clone(), vec![field("name", json!(old), json!(name))])
            }
            Self::GroupNest { group, into, lies } => {
                let into = Some(json!(into));
                let (old, new) = if *lies { (None, into) } else { (into, None) };
                ("change", "group", group.clone(), vec![Difference { field: "parents".to_owned(), old, new }])
            }
            Self::UserAdd(user) => {
                // What is empty, or as it is with everybody, is left out.
                let mut fields = of(user);
                if let Value::Object(fields) = &mut fields {
                    fields.retain(|name, value| {
                        name != "name" && *value != json!("") && *value != json!(false) && *value != json!([])
                    });
                }
                ("add", "user", user.name.clone(), differences(&json!({}), &fields))
            }
            Self::UserEdit { old, new, .. } => ("change", "user", old.name.clone(), differences(&of(old), &of(new))),
            Self::UserSwitch { name, disabled, .. } => ("change", "user", name.clone(), switched(*disabled)),
            Self::Setting { kind, old, new, .. } => {
                ("change", "settings", kind.as_str().to_owned(), differences(old, new))
            }
            Self::RoleAdd(role) => {
                let may = Difference { field: "permissions".to_owned(), old: None, new: Some(json!(role.permissions)) };
                ("add", "role", role.name.clone(), vec![may])
            }
            Self::RoleEdit { old, new, .. } => ("change", "role", old.name.clone(), differences(&of(old), &of(new))),
            Self::OperatorRole { name, old, role, .. } => {
                ("change", "operator", name.clone(), vec![field("role", json!(old), json!(role))])
            }
            Self::OperatorSwitch { name, disabled, .. } => ("change", "operator", name.clone(), switched(*disabled)),
            Self::OperatorInvite { name, role } => {
                let role = Difference { field: "role".to_owned(), old: None, new: Some(json!(role)) };
                ("invite", "operator", name.clone(), vec![role])
            }
            Self::UserRemove { name, .. } => ("remove", "user", name.clone(), Vec::new()),
            Self::GroupRemove { name, .. } => ("remove", "group", name.clone(), Vec::new()),
            Self::RoleRemove { name, .. } => ("remove", "role", name.clone(), Vec::new()),
        }
    }

    /// For people: a line, and one more for each field.
    pub(super) fn told(&self, manner: &Manner) -> String {
        let (deed, kind, name, changes) = self.parts();
        let (colour, sign) = match deed {
            "add" | "invite" => (Colour::Green, '+'),
            "remove" => (Colour::Red, '-'),
            _ => (Colour::Yellow, '~'),
        };
        let mut told = manner.in_colour(colour, &format!("{sign} {kind} {}", plain(&name)));
        for change in changes {
            told.push_str("\n    ");
            told.push_str(&change.told(manner));
        }
        told
    }

    /// For programs.
    pub(super) fn record(&self) -> Value {
        let (deed, kind, name, changes) = self.parts();
        let changes: Vec<Value> = changes
            .into_iter()
            .map(|change| json!({"field": change.field, "old": change.old, "new": change.new}))
            .collect();
        json!({"action": deed, "kind": kind, "name": name, "fields": changes})
    }
}

fn of(thing: &impl Serialize) -> Value {
    serde_json::to_value(thing).unwrap_or_default()
}
