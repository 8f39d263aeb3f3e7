//! Groups.

use http::Method;
use serde_json::{Value, json};

use super::line::{Call, Line, odd};
use super::named::{called, group, id, page, user};
use super::show::{plain, text};
use super::table::Column;
use super::wait::aside;
use super::{Outcome, Stop, typed};
use crate::args::GroupCommand;

const COLUMNS: [Column; 3] = [("NAME", "name"), ("MEMBERS", "members"), ("LIES IN", "parents.name")];

const MEMBERS: [Column; 4] =
    [("NAME", "name"), ("DISPLAY NAME", "display_name"), ("EMAIL", "email"), ("OFF", "disabled")];

const FIRST: [&str; 3] = ["name", "members", "parents"];

/// `doorward group …`
pub(super) fn run(line: &Line, command: GroupCommand) -> Outcome {
    match command {
        GroupCommand::List { begins, page: which } => {
            let found = page(line, "/groups", &[("q", begins.as_deref().unwrap_or_default())], &which)?;
            line.manner.list(&found, &COLUMNS)
        }
        GroupCommand::Show { group: name } => line.manner.card(&group(line, &name)?, &FIRST),
        GroupCommand::Add { name } => {
            let made = line.call(&Call::post("/groups", json!({ "name": name })).once())?.body;
            line.manner.done(&made, &format!("The group {} was added.", plain(&name)))
        }
        GroupCommand::Rename { group: old, name } => {
            let old = group(line, &old)?;
            let told = line.call(&Call::put(path(&old)?, json!({ "name": name })))?.body;
            line.manner.done(&told, &format!("The group {} is now called {}.", called(&old), plain(&name)))
        }
        GroupCommand::Remove { group: name } => {
            let group = group(line, &name)?;
            line.call(&Call::delete(path(&group)?))?;
            line.manner.done(&Value::Null, &format!("The group {} is removed.", called(&group)))
        }
        GroupCommand::Members { group: name, page: which } => {
            let path = format!("{}/members", path(&group(line, &name)?)?);
            line.manner.list(&page(line, &path, &[], &which)?, &MEMBERS)
        }
        GroupCommand::Join { group, users } => members(line, &group, &users, (Method::PUT, "is in")),
        GroupCommand::Leave { group, users } => members(line, &group, &users, (Method::DELETE, "is not in")),
        GroupCommand::Nest { group, into } => nest(line, (&group, &into)),
        GroupCommand::Unnest { group, out_of, yes } => unnest(line, (&group, &out_of), yes),
    }
}

fn path(group: &Value) -> Result<String, Stop> {
    Ok(format!("/groups/{}", id(group)?))
}

/// All of them are looked for before the first is touched.
fn members(line: &Line, name: &str, users: &[String], (method, said): (Method, &str)) -> Outcome {
    let group = group(line, name)?;
    let users = users.iter().map(|name| user(line, name)).collect::<Result<Vec<_>, _>>()?;
    for user in &users {
        line.call(&Call::new(method.clone(), format!("{}/members/{}", path(&group)?, id(user)?)))?;
        line.manner.done(&Value::Null, &format!("{} {said} the group {}.", called(user), called(&group)))?;
    }
    Ok(crate::Finding::Good)
}

fn nest(line: &Line, (inner, outer): (&str, &str)) -> Outcome {
    let (inner, outer) = (group(line, inner)?, group(line, outer)?);
    lies(line, (&inner, &outer), (Method::PUT, "lies in"))
}

fn lies(line: &Line, (inner, outer): (&Value, &Value), (method, said): (Method, &str)) -> Outcome {
    line.call(&Call::new(method, parent(inner, outer)?))?;
    let said = format!("The group {} {said} the group {}.", called(inner), called(outer));
    line.manner.done(&Value::Null, &said)
}

fn parent(inner: &Value, outer: &Value) -> Result<String, Stop> {
    Ok(format!("{}/parents/{}", path(inner)?, id(outer)?))
}

/// Whoever lies in the group no longer may lose what a rule gave them: that is shown before it is done.
fn unnest(line: &Line, (inner, outer): (&str, &str), yes: bool) -> Outcome {
    let (inner, outer) = (group(line, inner)?, group(line, outer)?);
    let takes = if yes { Vec::new() } else { would_take(line, &parent(&inner, &outer)?)? };
    for taken in &takes {
        aside(|| eprintln!("{taken}"));
    }
    if !takes.is_empty() && !typed::agrees("Take it out all the same?")? {
        return Err(Stop::because("nothing was done; --yes does it whatever rules take"));
    }
    lies(line, (&inner, &outer), (Method::DELETE, "does not lie in"))
}

/// In words. Whoever may not look at rules is told nothing of them, as at the console.
fn would_take(line: &Line, parent: &str) -> Result<Vec<String>, Stop> {
    let would = match line.get(format!("{parent}/preview")) {
        Err(Stop::Refused(refusal)) if refusal.is("role-required") => return Ok(Vec::new()),
        would => would?.body,
    };
    let takes = would.get("takes").and_then(Value::as_array).ok_or_else(odd)?;
    let told = |one: &Value| {
        let (rule, users) = (text(one, "rule.name"), text(one, "users"));
        format!("The rule of {rule} takes from {users} of its members what it gave them.")
    };
    let mut told: Vec<String> = takes.iter().map(told).collect();
    if would.get("complete") == Some(&Value::Bool(false)) {
        told.push(format!("{} members were looked at, and there are more.", text(&would, "looked_at")));
    }
    Ok(told)
}
