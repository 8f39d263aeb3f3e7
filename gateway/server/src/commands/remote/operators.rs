//! Operators.

use http::Method;
use serde_json::{Value, json};

use super::line::{Call, Line};
use super::named::{called, id, operator, written_id};
use super::roles::role;
use super::show::text;
use super::table::Column;
use super::users::told;
use super::{Outcome, Stop};
use crate::args::OperatorCommand;

const COLUMNS: [Column; 4] =
    [("NAME", "name"), ("ROLE", "role_name"), ("OFF", "disabled"), ("LAST SIGNED IN", "last_seen_at")];

const INVITED: [Column; 4] =
    [("ID", "id"), ("ROLE", "role_name"), ("INVITED BY", "invited_by"), ("GOOD UNTIL", "expires_at")];

const FIRST: [&str; 4] = ["name", "role_name", "disabled", "last_seen_at"];

/// `doorward operator …`
pub(super) fn run(line: &Line, command: OperatorCommand) -> Outcome {
    match command {
        OperatorCommand::List => line.manner.list(&line.get("/operators")?.body, &COLUMNS),
        OperatorCommand::Show { operator: name } => line.manner.card(&operator(line, &name)?, &FIRST),
        OperatorCommand::Invite { role } => {
            let invited =
                line.call(&Call::post("/operators/invitations", json!({ "role": role_id(line, &role)? })).once())?.body;
            let said = format!("Good once, until {}.", text(&invited, "expires_at"));
            told(line, &invited, &said, "link")
        }
        OperatorCommand::Invitations => line.manner.list(&line.get("/operators/invitations")?.body, &INVITED),
        OperatorCommand::Withdraw { invitation } => {
            line.call(&Call::delete(format!("/operators/invitations/{}", written_id(&invitation)?)))?;
            line.manner.done(&Value::Null, "The link leads nowhere from now on.")
        }
        OperatorCommand::Role { operator: name, role } => {
            let operator = operator(line, &name)?;
            let set = line.call(&Call::put(path(&operator, "/role")?, json!({ "role": role_id(line, &role)? })))?.body;
            line.manner.done(&set, &format!("{} is {} now.", called(&operator), text(&set, "role_name")))
        }
        OperatorCommand::Disable { operator: name } => switch(line, &name, "disable", "switched off"),
        OperatorCommand::Enable { operator: name } => switch(line, &name, "enable", "switched on"),
        OperatorCommand::Recover { operator: name, .. } => {
            let operator = operator(line, &name)?;
            let made = line.call(&Call::new(Method::POST, path(&operator, "/recovery")?).once())?.body;
            let said = format!("For {}. Good once, until {}.", text(&made, "name"), text(&made, "expires_at"));
            told(line, &made, &said, "link")
        }
    }
}

fn switch(line: &Line, name: &str, how: &str, said: &str) -> Outcome {
    let operator = operator(line, name)?;
    let told = line.call(&Call::new(Method::POST, path(&operator, &format!("/{how}"))?))?;
    line.manner.done(&told.body, &format!("{} is {said}.", called(&operator)))
}

fn role_id(line: &Line, name: &str) -> Result<String, Stop> {
    id(&role(line, name)?)
}

fn path(operator: &Value, below: &str) -> Result<String, Stop> {
    Ok(format!("/operators/{}{below}", id(operator)?))
}
