//! The folder of an export. Everything in it has one order and one spelling, so that two exports of the same are equal
//! to the byte, and what has changed is seen by `diff`.
//!
//! Groups are named by their names, in settings too: ids mean nothing elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use doorward_access::names::fold_name;
use doorward_api::Permission;
use doorward_api::settings::SettingKind;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::{Stop, settings};

/// How these files are to be read.
const FORMAT: u32 = 1;
/// Says that the folder is an export.
const HEAD: &str = "virtual-server.json";
/// The settings' folder.
const SETTINGS: &str = "settings";
const GROUPS: &str = "groups.jsonl";
const USERS: &str = "users.jsonl";
const ROLES: &str = "roles.jsonl";
const OPERATORS: &str = "operators.jsonl";

/// What the folder says. What has no file is left as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Content {
    /// Each document, with its groups by name.
    pub(super) settings: BTreeMap<&'static str, Value>,
    pub(super) groups: Option<Vec<Group>>,
    pub(super) users: Option<Vec<User>>,
    /// Those that operators have made.
    pub(super) roles: Option<Vec<Role>>,
    pub(super) operators: Option<Vec<Operator>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: u32,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: String,
    /// The groups that it lies in itself.
    #[serde(default)]
    pub(super) parents: Vec<String>,
}

/// A user, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) name: String,
    #[serde(default)]
    pub(super) display_name: String,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) disabled: bool,
    /// The groups that they are in themselves.
    #[serde(default)]
    pub(super) groups: Vec<String>,
}

/// A role that operators have made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    pub(super) name: String,
    /// What it may: `users:edit`.
    pub(super) permissions: Vec<String>,
}

/// An operator, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operator {
    pub(super) name: String,
    /// By its name.
    pub(super) role: String,
    #[serde(default)]
    pub(super) disabled: bool,
}

/// By what users and operators are one.
pub(super) fn folded(name: &str) -> String {
    fold_name(name).map_or_else(|| name.to_owned(), |folded| folded.as_str().to_owned())
}

/// By what groups are one.
pub(super) fn lowered(name: &str) -> String {
    name.trim().to_lowercase()
}

impl Content {
    /// In the order of the files, everywhere.
    pub(super) fn ordered(mut self) -> Self {
        for document in self.settings.values_mut() {
            *document = sorted(document);
        }
        for group in self.groups.iter_mut().flatten() {
            group.parents.sort();
        }
        for user in self.users.iter_mut().flatten() {
            user.groups.sort();
        }
        if let Some(groups) = &mut self.groups {
            groups.sort_by_cached_key(|group| (lowered(&group.name), group.name.clone()));
        }
        if let Some(users) = &mut self.users {
            users.sort_by_cached_key(|user| (folded(&user.name), user.name.clone()));
        }
        for role in self.roles.iter_mut().flatten() {
            role.permissions.sort();
        }
        if let Some(roles) = &mut self.roles {
            roles.sort_by_cached_key(|role| (lowered(&role.name), role.name.clone()));
        }
        if let Some(operators) = &mut self.operators {
            operators.sort_by_cached_key(|operator| (folded(&operator.name), operator.name.clone()));
        }
        self
    }
}

/// With the fields of each object in the order of their names, and groups in the order of theirs.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            let field = |name: &String| {
                let mut value = sorted(fields.get(name).unwrap_or(&Value::Null));
                if let Value::Array(groups) = &mut value
                    && name == "groups"
                {
                    groups.sort_by_cached_key(Value::to_string);
                }
                (name.clone(), value)
            };
            Value::Object(names.into_iter().map(field).collect::<Map<_, _>>())
        }
        Value::Array(entries) => Value::Array(entries.iter().map(sorted).collect()),
        plain => plain.clone(),
    }
}

/// A document with each of its groups called otherwise: those of a list `groups`, and the one of a field `group`.
pub(super) fn with_groups<E>(value: &Value, call: &mut impl FnMut(&str) -> Result<String, E>) -> Result<Value, E> {
    match value {
        Value::Object(fields) => {
            let mut called = Map::new();
            for (name, value) in fields {
                let value = match value {
                    Value::Array(groups) if name == "groups" => Value::Array(
                        groups
                            .iter()
                            .map(|group| match group {
                                Value::String(group) => call(group).map(Value::String),
                                other => Ok(other.clone()),
                            })
                            .collect::<Result<_, E>>()?,
                    ),
                    Value::String(group) if name == "group" => Value::String(call(group)?),
                    other => with_groups(other, call)?,
                };
                called.insert(name.clone(), value);
            }
            Ok(Value::Object(called))
        }
        Value::Array(entries) => {
            entries.iter().map(|entry| with_groups(entry, call)).collect::<Result<_, E>>().map(Value::Array)
        }
        plain => Ok(plain.clone()),
    }
}

/// Whether a folder is one to write into: none yet, an empty one, or that of an earlier export.
pub(super) fn may_write(folder: &Path) -> Result<(), String> {
    match std::fs::read_dir(folder) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(format!("{}: {cause}", folder.display())),
        Ok(_) => {
            let strangers = strangers(folder);
            if strangers.is_empty() { Ok(()) } else { Err(strangers.join("\n  ")) }
        }
    }
}

/// Writes the folder. Files are whole or not there, and only their owner may read them: they name people.
pub(super) fn write(folder: &Path, content: &Content) -> Result<(), Stop> {
    let content = content.clone().ordered();
    let documents = folder.join(SETTINGS);
    let made = std::fs::create_dir_all(&documents);
    made.map_err(|cause| Stop::because(format!("{}: {cause}", documents.display())))?;
    for kind in SettingKind::ALL {
        let name = format!("{SETTINGS}/{}.json", kind.as_str());
        match content.settings.get(kind.as_str()) {
            Some(document) => put(folder, &name, &format!("{}\n", pretty(document)))?,
            None => drop(std::fs::remove_file(folder.join(&name))),
        }
    }
    put(folder, GROUPS, &lines(content.groups.as_deref().unwrap_or_default()))?;
    put(folder, USERS, &lines(content.users.as_deref().unwrap_or_default()))?;
    put(folder, ROLES, &lines(content.roles.as_deref().unwrap_or_default()))?;
    put(folder, OPERATORS, &lines(content.operators.as_deref().unwrap_or_default()))?;
    // The last: a folder without it is no export.
    put(folder, HEAD, &lines(&[Head { format: FORMAT }]))
}

fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default()
}

fn lines<T: Serialize>(all: &[T]) -> String {
    all.iter().map(|one| serde_json::to_string(one).unwrap_or_default() + "\n").collect()
}

fn put(folder: &Path, name: &str, text: &str) -> Result<(), Stop> {
    let path = folder.join(name);
    let wrong = |cause: std::io::Error| Stop::because(format!("{}: {cause}", path.display()));
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(folder)).map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)?;
    file.persist(&path).map_err(|cause| wrong(cause.error))?;
    Ok(())
}

/// Reads the folder, and names everything that is wrong with it.
///
/// # Errors
/// `file: key: rule` of each fault.
pub(super) fn read(folder: &Path) -> Result<Content, Vec<String>> {
    let mut reading = Reading { folder, faults: strangers(folder) };
    match reading.lines::<Head>(HEAD).as_deref() {
        None if reading.faults.is_empty() => {
            reading.faults.push(format!("{} holds no export: there is no {HEAD}", folder.display()));
        }
        Some([head]) if head.format != FORMAT => {
            reading.faults.push(format!("{HEAD}: format: this version reads format {FORMAT}"));
        }
        _ => {}
    }
    let mut content = Content {
        settings: reading.settings(),
        groups: reading.lines(GROUPS),
        users: reading.lines(USERS),
        roles: reading.lines(ROLES),
        operators: reading.lines(OPERATORS),
    };
    reading.judge(&mut content);
    if reading.faults.is_empty() { Ok(content.ordered()) } else { Err(reading.faults) }
}

/// What does not belong into an export; hidden files aside.
fn strangers(folder: &Path) -> Vec<String> {
    let documents: BTreeSet<String> = SettingKind::ALL.iter().map(|kind| format!("{}.json", kind.as_str())).collect();
    let is_file = |name: &str| [HEAD, GROUPS, USERS, ROLES, OPERATORS, SETTINGS].contains(&name);
    let mut strangers = Vec::new();
    for (folder, shown, knows) in [
        (folder.to_owned(), "", &is_file as &dyn Fn(&str) -> bool),
        (folder.join(SETTINGS), "settings/", &|name: &str| documents.contains(name)),
    ] {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && !knows(&name) {
                strangers.push(format!("{shown}{name}: this is no file of an export"));
            }
        }
    }
    strangers.sort();
    strangers
}

struct Reading<'f> {
    folder: &'f Path,
    faults: Vec<String>,
}

impl Reading<'_> {
    fn text(&mut self, name: &str) -> Option<String> {
        match std::fs::read_to_string(self.folder.join(name)) {
            Ok(text) => Some(text),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => None,
            Err(cause) => {
                self.faults.push(format!("{name}: {cause}"));
                None
            }
        }
    }

    /// One thing a line.
    fn lines<T: DeserializeOwned>(&mut self, name: &str) -> Option<Vec<T>> {
        let text = self.text(name)?;
        let mut all = Vec::new();
        for (nth, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str(line) {
                Ok(one) => all.push(one),
                // Where in the line it is, is more than anybody asks.
                Err(cause) => {
                    let cause = cause.to_string();
                    let cause = cause.split(" at line ").next().unwrap_or(&cause);
                    self.faults.push(format!("{name}:{}: {cause}", nth + 1));
                }
            }
        }
        Some(all)
    }

    fn settings(&mut self) -> BTreeMap<&'static str, Value> {
        let mut all = BTreeMap::new();
        for kind in SettingKind::ALL {
            let name = format!("{SETTINGS}/{}.json", kind.as_str());
            let Some(text) = self.text(&name) else { continue };
            match serde_json::from_str::<Value>(&text) {
                // Names stand where ids do: both are texts.
                Ok(given) => match settings::checked(kind, &given) {
                    Ok(document) => drop(all.insert(kind.as_str(), document)),
                    Err(faults) => self.faults.extend(settings::told(&name, &faults)),
                },
                Err(cause) => self.faults.push(format!("{name}: {cause}")),
            }
        }
        all
    }

    /// What one line cannot say of itself.
    fn judge(&mut self, content: &mut Content) {
        let names = |all: Vec<&str>| all.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let users = names(content.users.iter().flatten().map(|user| user.name.as_str()).collect());
        let operators = names(content.operators.iter().flatten().map(|operator| operator.name.as_str()).collect());
        let groups = names(content.groups.iter().flatten().map(|group| group.name.as_str()).collect());
        self.each_once(USERS, &users, |name| fold_name(name).map(|folded| folded.as_str().to_owned()));
        self.each_once(OPERATORS, &operators, |name| fold_name(name).map(|folded| folded.as_str().to_owned()));
        let roles = names(content.roles.iter().flatten().map(|role| role.name.as_str()).collect());
        self.each_once(ROLES, &roles, |name| Some(lowered(name)).filter(|name| !name.is_empty()));
        self.each_once(GROUPS, &groups, |name| Some(name.to_owned()).filter(|name| !name.trim().is_empty()));
        for user in content.users.iter_mut().flatten() {
            user.email = user.email.take().filter(|email| !email.is_empty());
            user.groups = once(&user.groups);
        }
        for group in content.groups.iter_mut().flatten() {
            group.parents = once(&group.parents);
        }
        for role in content.roles.iter_mut().flatten() {
            for permission in role.permissions.iter().filter(|name| Permission::parse(name).is_none()) {
                self.faults
                    .push(format!("{ROLES}: permissions: {:?} may {permission:?}, which there is not", role.name));
            }
            role.permissions = once(&role.permissions);
        }
        if let Some(groups) = &content.groups {
            self.faults.extend(circles(groups));
        }
    }

    fn each_once(&mut self, file: &str, names: &[String], one: impl Fn(&str) -> Option<String>) {
        let mut seen = BTreeSet::new();
        for name in names {
            let fault = match one(name) {
                None => "can be no name",
                Some(key) if seen.contains(&key) => "is there twice",
                Some(key) => {
                    seen.insert(key);
                    continue;
                }
            };
            self.faults.push(format!("{file}: name: {name:?} {fault}"));
        }
    }
}

fn once(names: &[String]) -> Vec<String> {
    names.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
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
