//! Does what a plan says, one call after the other. Where a call is refused it ends there: what was done stays done, and
//! the same import again does the rest.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::super::line::{Call, Line};
use super::super::named::id;
use super::super::settings;
use super::super::show::{plain, print, text};
use super::super::wait::{Progress, aside};
use super::super::{Outcome, Stop};
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

/// All of it: how many of the changes were made, and how it ended.
pub(super) fn all(line: &Line, there: &There, plan: &Plan) -> (usize, Outcome) {
    let mut ids = Ids {
        groups: there.groups.iter().map(|group| (group.is.name.clone(), group.id.clone())).collect(),
        roles: there.roles.iter().map(|role| (lowered(&role.is.name), role.id.clone())).collect(),
    };
    let progress = Progress::of(plan.steps.len(), "changes", line.manner.json);
    let mut without_password = 0;
    for (done, step) in plan.steps.iter().enumerate() {
        if matches!(step, Step::UserAdd(_)) {
            without_password += 1;
        }
        if let Err(stop) = one(line, &mut ids, step) {
            drop(progress);
            let manner = super::super::show::Manner { colour: false, ..line.manner };
            eprintln!("{done} of {} changes were made; this one was not:\n{}", plan.steps.len(), step.told(&manner));
            return (done, Err(stop));
        }
        progress.at(done + 1);
    }
    drop(progress);
    let done = plan.steps.len();
    if without_password > 0 {
        eprintln!("{without_password} users were added without a password: `doorward user password NAME`");
    }
    if line.manner.json || done == 0 {
        return (done, Ok(Finding::Good));
    }
    (done, print(&format!("{done} changes were made.")).map(|()| Finding::Good))
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
            let made = line.call(&Call::post("/roles", body))?.body;
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
    let body = json!({
        "name": user.name, "display_name": user.display_name, "email": user.email, "groups": ids.all(&user.groups)?,
    });
    let made = line.call(&Call::post("/users", body).once())?.body;
    if user.disabled {
        let made = made.get("user").cloned().unwrap_or_default();
        switch(line, &format!("/users/{}", id(&made)?), true)?;
    }
    Ok(())
}

fn switch(line: &Line, path: &str, disabled: bool) -> Result<(), Stop> {
    let how = if disabled { "disable" } else { "enable" };
    line.call(&Call::new(Method::POST, format!("{path}/{how}"))).map(drop)
}
