//! Does what a plan says, one call after the other. Where a call is refused it ends there: what was done stays done, and
//! the same import again does the rest.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::super::line::{Call, Line};
use super::super::named::id;
use super::super::settings;
use super::super::show::{Manner, plain, print, text};
use super::super::wait::{Progress, aside};
use super::super::{Outcome, Stop, approval};
use super::files::{User, lowered, with_groups};
use super::plan::{Plan, Step};
use super::there::{GONE, There};
use crate::Finding;

/// The ids of groups and roles by the names that the files have for them.
struct Ids {
    groups: BTreeMap<String, String>,
    /// In small letters. What is not here is there from the beginning, and its name is its id.
    roles: BTreeMap<String, String>,
}

impl Ids {
    fn of(&self, name: &str) -> Result<String, Stop> {
        if let Some(id) = self.groups.get(name) {
            return Ok(id.clone());
        }
        let none = || Stop::because(format!("there is no group {name:?}"));
        name.strip_prefix(GONE).map(str::to_owned).ok_or_else(none)
    }

    fn role(&self, name: &str) -> String {
        self.roles.get(&lowered(name)).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn all(&self, names: &[String]) -> Result<Vec<String>, Stop> {
        names.iter().map(|name| self.of(name)).collect()
    }
}

/// How far it came.
pub(super) struct Came {
    /// So many of the changes were made.
    pub(super) done: usize,
    /// What waits for another operator, and who can approve it.
    pub(super) held: Vec<Value>,
    /// Why one of them was not made, if one was not.
    pub(super) problem: Option<Stop>,
}

/// All of it. What takes two operators is asked for, and what does not hang on it is done meanwhile.
pub(super) fn all(line: &Line, there: &There, plan: &Plan) -> Came {
    let mut ids = Ids {
        groups: there.groups.iter().map(|group| (group.is.name.clone(), group.id.clone())).collect(),
        roles: there.roles.iter().map(|role| (lowered(&role.is.name), role.id.clone())).collect(),
    };
    let progress = Progress::of(plan.steps.len(), "changes", line.manner.json);
    let (mut done, mut held) = (0, Vec::new());
    let mut waiting: Vec<&Step> = Vec::new();
    let mut without_password = 0;
    for step in &plan.steps {
        if waiting.iter().any(|other| has_to_wait(step, other)) {
            continue;
        }
        match one(line, &mut ids, step) {
            Ok(()) => {
                done += 1;
                without_password += usize::from(matches!(step, Step::UserAdd(_)));
            }
            Err(Stop::Held(document)) => {
                let told = step.told(&plainly(line));
                aside(|| eprintln!("{told}\n    {}", approval(&document)));
                held.push(waits(&document));
                waiting.push(step);
            }
            Err(stop) => {
                drop(progress);
                let all = plan.steps.len();
                eprintln!("{done} of {all} changes were made; this one was not:\n{}", step.told(&plainly(line)));
                return Came { done, held, problem: Some(stop) };
            }
        }
        progress.at(done + held.len());
    }
    drop(progress);
    if without_password > 0 {
        eprintln!("{without_password} users were added without a password: `doorward user password NAME`");
    }
    Came { done, held, problem: None }
}

/// What waits, with who can approve it beside.
fn waits(document: &Value) -> Value {
    let mut act = document.get("approval").cloned().unwrap_or_default();
    if let (Some(fields), Some(approvers)) = (act.as_object_mut(), document.get("approvers")) {
        fields.insert("approvers".to_owned(), approvers.clone());
    }
    act
}

fn plainly(line: &Line) -> Manner {
    Manner { colour: false, ..line.manner }
}

/// How it ends, in words and by the exit code.
pub(super) fn ended(line: &Line, plan: &Plan, came: Came) -> Outcome {
    let (done, held) = (came.done, came.held.len());
    if let Some(stop) = came.problem {
        return Err(stop);
    }
    if held > 0 {
        let all = plan.steps.len();
        let rest = match all.saturating_sub(done + held) {
            0 => String::new(),
            rest => format!(", and {rest} hang on them"),
        };
        return Err(Stop::because(format!(
            "{done} of {all} changes were made; {held} wait for another operator{rest}: once they are approved, the same again \
             does the rest"
        )));
    }
    if !line.manner.json && done > 0 {
        print(&format!("{done} changes were made."))?;
    }
    // What was left to others is not as the files say.
    Ok(if plan.leaves_something() { Finding::Bad } else { Finding::Good })
}

/// Whether a step cannot be done before another, which waits.
fn has_to_wait(step: &Step, other: &Step) -> bool {
    // Who gains comes first: nobody else may be left who may do everything.
    let ends = matches!(step, Step::OperatorSwitch { disabled: true, .. });
    ends && matches!(other, Step::OperatorRole { .. } | Step::OperatorSwitch { .. }) || step.hangs_on(other)
}

fn one(line: &Line, ids: &mut Ids, step: &Step) -> Result<(), Stop> {
    match step {
        Step::GroupAdd { name } => {
            let made = line.call(&Call::post("/groups", json!({ "name": name })).once())?.body;
            ids.groups.insert(name.clone(), id(&made)?);
        }
        Step::GroupRename { id, old, name } => {
            line.call(&Call::put(format!("/groups/{id}"), json!({ "name": name })))?;
            ids.groups.remove(old);
            ids.groups.insert(name.clone(), id.clone());
        }
        Step::GroupNest { group, into, lies } => {
            let method = if *lies { Method::PUT } else { Method::DELETE };
            let path = format!("/groups/{}/parents/{}", ids.of(group)?, ids.of(into)?);
            line.call(&Call::new(method, path))?;
        }
        Step::UserAdd(user) => add(line, ids, user)?,
        Step::UserEdit { id, version, new, .. } => {
            let body = json!({
                "display_name": new.display_name, "email": new.email, "groups": ids.all(&new.groups)?,
            });
            line.call(&Call::put(format!("/users/{id}"), body).seen(version))?;
        }
        Step::UserSwitch { id, disabled, .. } => switch(line, &format!("/users/{id}"), *disabled)?,
        Step::Setting { kind, version, new, .. } => {
            let document: Value = with_groups(new, &mut |name| ids.of(name))?;
            line.call(&Call::put(settings::path(*kind), document).seen(version))?;
        }
        Step::RoleAdd(role) => {
            let body = json!({"name": role.name, "permissions": role.permissions});
            let made = line.call(&Call::post("/roles", body).once())?.body;
            ids.roles.insert(lowered(&role.name), id(&made)?);
        }
        Step::RoleEdit { id, version, new, .. } => {
            let body = json!({"name": new.name, "permissions": new.permissions});
            line.call(&Call::put(format!("/roles/{id}"), body).seen(version))?;
        }
        Step::OperatorRole { id, role, .. } => {
            line.call(&Call::put(format!("/operators/{id}/role"), json!({ "role": ids.role(role) })))?;
        }
        Step::OperatorSwitch { id, disabled, .. } => switch(line, &format!("/operators/{id}"), *disabled)?,
        Step::OperatorInvite { name, role } => {
            let call = Call::post("/operators/invitations", json!({ "role": ids.role(role) })).once();
            let invited = line.call(&call)?.body;
            // Not for the JSON of the changes, which may be kept: a secret goes to whoever runs the command.
            let (until, link) = (text(&invited, "expires_at"), text(&invited, "link"));
            aside(|| eprintln!("for {}, once, until {until}: {link}", plain(name)));
        }
        Step::UserRemove { id, .. } => drop(line.call(&Call::delete(format!("/users/{id}")))?),
        Step::GroupRemove { id, .. } => drop(line.call(&Call::delete(format!("/groups/{id}")))?),
        Step::RoleRemove { id, .. } => drop(line.call(&Call::delete(format!("/roles/{id}")))?),
    }
    Ok(())
}

fn add(line: &Line, ids: &Ids, user: &User) -> Result<(), Stop> {
    // Whoever is switched off is so from the beginning: a second call could fail, or come too late.
    let body = json!({
        "name": user.name, "display_name": user.display_name, "email": user.email, "groups": ids.all(&user.groups)?,
        "disabled": user.disabled,
    });
    line.call(&Call::post("/users", body).once()).map(drop)
}

fn switch(line: &Line, path: &str, disabled: bool) -> Result<(), Stop> {
    let how = if disabled { "disable" } else { "enable" };
    line.call(&Call::new(Method::POST, format!("{path}/{how}"))).map(drop)
}
