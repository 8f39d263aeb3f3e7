//! The folder of an export. Everything in it has one order and one spelling, so that two exports of the same are equal
//! to the byte, and what has changed is seen by `diff`. An export that breaks off, at whatever point, leaves a folder that
//! is no export.
//!
//! Groups are named by their names, in settings too: ids mean nothing elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io::{ErrorKind, Write};
use std::path::Path;

use doorward_access::names::fold_name;
use doorward_api::settings::SettingKind;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::show::plain;
use super::super::{Stop, settings};
use super::judge::judge;
use crate::Failure;

/// How these files are to be read.
const FORMAT: u32 = 2;
/// The earlier way, whose head says nothing but that.
const WITHOUT_LINES: u32 = 1;
/// Says that the folder is an export, and a whole one.
const HEAD: &str = "virtual-server.json";
/// The settings' folder.
const SETTINGS: &str = "settings";
pub(super) const GROUPS: &str = "groups.jsonl";
pub(super) const USERS: &str = "users.jsonl";
pub(super) const ROLES: &str = "roles.jsonl";
pub(super) const OPERATORS: &str = "operators.jsonl";
/// Those with one thing a line.
const OF_LINES: [&str; 4] = [GROUPS, USERS, ROLES, OPERATORS];

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
    /// How many lines each file has. One that broke off has fewer.
    #[serde(default)]
    lines: BTreeMap<String, usize>,
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

/// A document whose groups are called as the server keeps their names.
fn with_groups_as_kept(value: &Value) -> Value {
    let Ok(kept) = with_groups(value, &mut |name| Ok::<_, Infallible>(name.trim().to_owned()));
    kept
}

/// Whether a folder is one to write into: none yet, an empty one, or that of an earlier export.
pub(super) fn may_write(folder: &Path) -> Result<(), String> {
    match std::fs::read_dir(folder) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(format!("{}: {cause}", folder.display())),
        Ok(_) => {
            let strangers: Vec<String> = strangers(folder).iter().map(|fault| plain(fault)).collect();
            if strangers.is_empty() { Ok(()) } else { Err(strangers.join("\n  ")) }
        }
    }
}

/// Writes the folder. Files are whole or not there, and only their owner may read them: they name people.
pub(super) fn write(folder: &Path, content: &Content) -> Result<(), Stop> {
    let content = content.clone().ordered();
    let documents = folder.join(SETTINGS);
    let made = std::fs::create_dir_all(&documents);
    made.map_err(|cause| wrong(&documents, &cause))?;
    // An export that was here is none from now on, until this one is whole: half of each would pass for one otherwise.
    remove(folder, HEAD)?;
    settle(folder)?;
    for kind in SettingKind::ALL {
        let name = format!("{SETTINGS}/{}.json", kind.as_str());
        match content.settings.get(kind.as_str()) {
            Some(document) => put(folder, &name, &format!("{}\n", pretty(document)))?,
            None => remove(folder, &name)?,
        }
    }
    let mut head = Head { format: FORMAT, lines: BTreeMap::new() };
    for (name, text) in [
        (GROUPS, lines(content.groups.as_deref().unwrap_or_default())),
        (USERS, lines(content.users.as_deref().unwrap_or_default())),
        (ROLES, lines(content.roles.as_deref().unwrap_or_default())),
        (OPERATORS, lines(content.operators.as_deref().unwrap_or_default())),
    ] {
        put(folder, name, &text)?;
        head.lines.insert(name.to_owned(), text.lines().count());
    }
    settle(&documents)?;
    settle(folder)?;
    // The last, when all else is on the disk: a folder without it is no export.
    let head = serde_json::to_string_pretty(&head).map_err(Failure::other)?;
    put(folder, HEAD, &format!("{head}\n"))?;
    settle(folder)
}

fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default()
}

fn lines<T: Serialize>(all: &[T]) -> String {
    all.iter().map(|one| serde_json::to_string(one).unwrap_or_default() + "\n").collect()
}

fn wrong(path: &Path, cause: &std::io::Error) -> Stop {
    Stop::because(format!("{}: {cause}", path.display()))
}

/// A name must not be on the disk before what it names: a power loss would leave an empty file.
fn put(folder: &Path, name: &str, text: &str) -> Result<(), Stop> {
    let path = folder.join(name);
    let wrong = |cause: std::io::Error| wrong(&path, &cause);
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(folder)).map_err(wrong)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(wrong)?;
    file.persist(&path).map_err(|cause| wrong(cause.error))?;
    Ok(())
}

/// A file goes, if it is there.
fn remove(folder: &Path, name: &str) -> Result<(), Stop> {
    let path = folder.join(name);
    match std::fs::remove_file(&path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(wrong(&path, &cause)),
        _ => Ok(()),
    }
}

/// What has come into a folder and gone out of it is so after a power loss, too.
fn settle(folder: &Path) -> Result<(), Stop> {
    let settled = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    settled.map_err(|cause| wrong(folder, &cause))
}

/// Reads the folder, and names everything that is wrong with it. Where what is not in the files is to go, they have to be
/// whole for certain.
///
/// # Errors
/// `file: key: rule` of each fault.
pub(super) fn read(folder: &Path, prune: bool) -> Result<Content, Vec<String>> {
    let mut reading = Reading { folder, faults: strangers(folder), lines: BTreeMap::new() };
    let head = reading.head();
    let mut content = Content {
        settings: reading.settings(),
        groups: reading.lines(GROUPS),
        users: reading.lines(USERS),
        roles: reading.lines(ROLES),
        operators: reading.lines(OPERATORS),
    };
    if let Some(head) = head.filter(|_| prune) {
        reading.is_whole(&head);
    }
    reading.faults.extend(judge(&mut content));
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
    /// How many there are in each file that is there.
    lines: BTreeMap<&'static str, usize>,
}

impl Reading<'_> {
    /// The head, if it is there and good.
    fn head(&mut self) -> Option<Head> {
        let before = self.faults.len();
        let Some(text) = self.text(HEAD) else {
            if self.faults.len() == before {
                self.faults.push(format!(
                    "{} holds no export: there is no {HEAD}. Where an export broke off, the same again makes it whole",
                    self.folder.display()
                ));
            }
            return None;
        };
        let given: Value = self.good(serde_json::from_str(&text))?;
        // The format goes first: what else there may be depends on it.
        match given.get("format").and_then(Value::as_u64) {
            Some(format) if ![WITHOUT_LINES, FORMAT].map(u64::from).contains(&format) => {
                self.faults
                    .push(format!("{HEAD}: format: this version reads the formats {WITHOUT_LINES} and {FORMAT}"));
                return None;
            }
            _ => {}
        }
        let head: Head = self.good(serde_json::from_value(given))?;
        for name in head.lines.keys().filter(|name| !OF_LINES.contains(&name.as_str())) {
            self.faults.push(format!("{HEAD}: lines: {name:?} is no file of lines"));
        }
        Some(head)
    }

    fn good<T>(&mut self, head: Result<T, serde_json::Error>) -> Option<T> {
        head.map_err(|cause| self.faults.push(format!("{HEAD}: {cause}"))).ok()
    }

    /// Whether no file has lost anything since it was written. More lines than the head says are fine: people add some by
    /// hand, and what is there is not removed.
    fn is_whole(&mut self, head: &Head) {
        if head.format == WITHOUT_LINES {
            self.faults.push(format!(
                "{HEAD}: format: {WITHOUT_LINES} does not say how many lines the files have, and --prune would remove what \
                 a file that broke off has lost: export again"
            ));
            return;
        }
        for (name, found) in &self.lines {
            match head.lines.get(*name) {
                None => self.faults.push(format!(
                    "{HEAD}: lines: says nothing of {name}, and --prune needs it; if the file is whole, say {name:?}: {found}"
                )),
                Some(said) if found < said => self.faults.push(format!(
                    "{name}: has {found} lines, and {HEAD} says {said}: --prune would remove what a file that broke off has \
                     lost; if the lines are meant to be gone, say {name:?}: {found} there"
                )),
                Some(_) => {}
            }
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match std::fs::read_to_string(self.folder.join(name)) {
            Ok(text) => Some(text),
            Err(cause) if cause.kind() == ErrorKind::NotFound => None,
            Err(cause) => {
                self.faults.push(format!("{name}: {cause}"));
                None
            }
        }
    }

    /// One thing a line.
    fn lines<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<Vec<T>> {
        let text = self.text(name)?;
        let mut all = Vec::new();
        let mut found = 0;
        for (nth, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            found += 1;
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
        self.lines.insert(name, found);
        Some(all)
    }

    fn settings(&mut self) -> BTreeMap<&'static str, Value> {
        let mut all = BTreeMap::new();
        for kind in SettingKind::ALL {
            let name = format!("{SETTINGS}/{}.json", kind.as_str());
            let Some(text) = self.text(&name) else { continue };
            match serde_json::from_str::<Value>(&text) {
                // Names stand where ids do: both are texts.
                Ok(given) => match settings::checked(kind, &with_groups_as_kept(&given)) {
                    Ok(document) => drop(all.insert(kind.as_str(), document)),
                    Err(faults) => self.faults.extend(settings::told(&name, &faults)),
                },
                Err(cause) => self.faults.push(format!("{name}: {cause}")),
            }
        }
        all
    }
}
