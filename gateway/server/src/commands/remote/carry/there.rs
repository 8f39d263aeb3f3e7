//! A virtual server as it stands, with what is needed to change it: ids and versions.

use std::collections::{BTreeMap, BTreeSet};

use doorward_api::settings::SettingKind;
use doorward_api::{Permission, Permissions};
use serde_json::Value;

use super::super::line::{Line, odd};
use super::super::named::{id, raw};
use super::super::wait::Progress;
use super::super::{Stop, settings, users};
use super::files::{Content, Group, Operator, Role, User, with_groups};

/// Before the id of a group that is gone, where settings name it still.
pub(super) const GONE: &str = "id:";

/// A thing with its id.
#[derive(Debug, Clone)]
pub(super) struct Known<T> {
    pub(super) id: String,
    /// To be sent back with a change; empty where none is asked for.
    pub(super) version: String,
    pub(super) is: T,
}

/// Whoever asks. What they may not do is left to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) name: String,
    /// The id of their role.
    pub(super) role: String,
    /// What they may do; of an API key: what is left of it.
    pub(super) may: Permissions,
}

/// What is looked at: groups always, since everything else names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    settings: BTreeSet<&'static str>,
    users: bool,
    roles: bool,
    operators: bool,
}

impl Wanted {
    /// Everything.
    pub(super) fn all() -> Self {
        let settings = SettingKind::ALL.iter().map(|kind| kind.as_str()).collect();
        Self { settings, users: true, roles: true, operators: true }
    }

    /// What the files are about: who imports a part needs to see no more than that.
    pub(super) fn of(content: &Content) -> Self {
        Self {
            settings: content.settings.keys().copied().collect(),
            users: content.users.is_some(),
            // Operators have roles.
            roles: content.roles.is_some() || content.operators.is_some(),
            operators: content.operators.is_some(),
        }
    }
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub(super) struct There {
    pub(super) own: Own,
    /// Documents with their groups by name, and their versions.
    pub(super) settings: BTreeMap<&'static str, (Value, String)>,
    pub(super) groups: Vec<Known<Group>>,
    pub(super) users: Vec<Known<User>>,
    /// Those that operators have made.
    pub(super) roles: Vec<Known<Role>>,
    pub(super) operators: Vec<Known<Operator>>,
}

impl There {
    /// Looks at it, a page at a time. What others change meanwhile may be seen half; its version says so when it is to
    /// be changed.
    pub(super) fn look(line: &Line, wanted: &Wanted) -> Result<Self, Stop> {
        let mut there = Self { own: own(&line.get("/session")?.body)?, ..Self::default() };
        let progress = Progress::unknown("read", line.manner.json);
        line.each("/groups", &[], |items| {
            progress.more(items.len());
            there.groups.extend(items.iter().map(group).collect::<Result<Vec<_>, _>>()?);
            Ok(true)
        })?;
        if wanted.users {
            line.each("/users", &[], |items| {
                progress.more(items.len());
                there.users.extend(items.iter().map(user).collect::<Result<Vec<_>, _>>()?);
                Ok(true)
            })?;
        }
        if wanted.roles {
            let roles = line.get("/roles")?.body;
            let roles = roles.get("items").and_then(Value::as_array).ok_or_else(odd)?;
            let made = roles.iter().filter(|role| role.get("built_in") != Some(&Value::Bool(true)));
            there.roles = made.map(role).collect::<Result<_, _>>()?;
        }
        if wanted.operators {
            let operators = line.get("/operators")?.body;
            let operators = operators.get("items").and_then(Value::as_array).ok_or_else(odd)?;
            there.operators = operators.iter().map(operator).collect::<Result<_, _>>()?;
        }
        let names: BTreeMap<&str, &str> =
            there.groups.iter().map(|group| (group.id.as_str(), group.is.name.as_str())).collect();
        let mut named = |id: &str| -> Result<String, Stop> {
            Ok(names.get(id).map_or_else(|| format!("{GONE}{id}"), |name| (*name).to_owned()))
        };
        for kind in SettingKind::ALL.into_iter().filter(|kind| wanted.settings.contains(kind.as_str())) {
            let told = line.get(settings::path(kind))?;
            let document = with_groups(&told.body, &mut named)?;
            there.settings.insert(kind.as_str(), (document, told.etag.ok_or_else(odd)?));
        }
        Ok(there)
    }

    /// As files say it.
    pub(super) fn content(&self) -> Content {
        Content {
            settings: self.settings.iter().map(|(kind, (document, _))| (*kind, document.clone())).collect(),
            groups: Some(self.groups.iter().map(|group| group.is.clone()).collect()),
            users: Some(self.users.iter().map(|user| user.is.clone()).collect()),
            roles: Some(self.roles.iter().map(|role| role.is.clone()).collect()),
            operators: Some(self.operators.iter().map(|operator| operator.is.clone()).collect()),
        }
        .ordered()
    }
}

fn names(of: &Value, field: &str) -> Result<Vec<String>, Stop> {
    let groups = of.get(field).and_then(Value::as_array).ok_or_else(odd)?;
    let mut names: Vec<String> = groups.iter().map(|group| raw(group, "name")).collect();
    names.sort();
    Ok(names)
}

fn disabled(of: &Value) -> Result<bool, Stop> {
    of.get("disabled").and_then(Value::as_bool).ok_or_else(odd)
}

/// The permissions that are named; those of a later release are nothing that this one asks for.
pub(super) fn permissions<'a>(names: impl IntoIterator<Item = &'a str>) -> Permissions {
    names.into_iter().filter_map(Permission::parse).fold(Permissions::NONE, Permissions::with)
}

fn own(session: &Value) -> Result<Own, Stop> {
    let operator = session.get("operator").ok_or_else(odd)?;
    let may = operator.get("permissions").and_then(Value::as_array).ok_or_else(odd)?;
    let may = permissions(may.iter().filter_map(Value::as_str));
    Ok(Own { name: raw(operator, "name"), role: raw(operator, "role"), may })
}

fn group(told: &Value) -> Result<Known<Group>, Stop> {
    let is = Group { name: raw(told, "name"), parents: names(told, "parents")? };
    Ok(Known { id: id(told)?, version: String::new(), is })
}

fn user(told: &Value) -> Result<Known<User>, Stop> {
    let is = User {
        name: raw(told, "name"),
        display_name: raw(told, "display_name"),
        email: told.get("email").and_then(Value::as_str).map(str::to_owned),
        disabled: disabled(told)?,
        groups: names(told, "groups")?,
    };
    Ok(Known { id: id(told)?, version: users::version(told)?, is })
}

fn role(told: &Value) -> Result<Known<Role>, Stop> {
    let permissions = told.get("permissions").and_then(Value::as_array).ok_or_else(odd)?;
    let mut permissions: Vec<String> = permissions.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    permissions.sort();
    Ok(Known { id: id(told)?, version: users::version(told)?, is: Role { name: raw(told, "name"), permissions } })
}

fn operator(told: &Value) -> Result<Known<Operator>, Stop> {
    let is = Operator { name: raw(told, "name"), role: raw(told, "role_name"), disabled: disabled(told)? };
    Ok(Known { id: id(told)?, version: String::new(), is })
}
