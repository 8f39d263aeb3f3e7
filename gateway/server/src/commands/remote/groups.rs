//! Groups.

use http::Method;
use serde_json::{Value, json};

use super::line::{Call, Line};
use super::named::{called, group, id, page, user};
use super::show::plain;
use super::table::Column;
use super::{Outcome, Stop};
use crate::args::GroupCommand;

const COLUMNS: [Column; 3] = [("NAME", "name"), ("MEMBERS", "members"), ("LIES IN", "parents.name")];

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
        GroupCommand::Join { group, users } => members(line, &group, &users, (Method::PUT, "is in")),
        GroupCommand::Leave { group, users } => members(line, &group, &users, (Method::DELETE, "is not in")),
        GroupCommand::Nest { group, into } => lies(line, (&group, &into), (Method::PUT, "lies in")),
        GroupCommand::Unnest { group, out_of } => lies(line, (&group, &out_of), (Method::DELETE, "does not lie in")),
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

fn lies(line: &Line, (inner, outer): (&str, &str), (method, said): (Method, &str)) -> Outcome {
    let (inner, outer) = (group(line, inner)?, group(line, outer)?);
    line.call(&Call::new(method, format!("{}/parents/{}", path(&inner)?, id(&outer)?)))?;
    let said = format!("The group {} {said} the group {}.", called(&inner), called(&outer));
    line.manner.done(&Value::Null, &said)
}
