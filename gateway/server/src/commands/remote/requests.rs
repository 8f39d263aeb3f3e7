//! Who may enrol: those who ask, and what operators grant.

use serde_json::{Value, json};

use super::Outcome;
use super::line::{Call, Line};
use super::named::{called, id, page, user};
use super::show::text;
use super::table::Column;
use super::users::told;
use crate::args::RequestCommand;

const COLUMNS: [Column; 5] = [
    ("NAME", "user.name"),
    ("DISPLAY NAME", "user.display_name"),
    ("ASKED AT", "asked_at"),
    ("UNTIL", "expires_at"),
    ("FROM", "address"),
];

const FIRST: [&str; 5] = ["state", "at", "expires_at", "operator", "reason"];

/// `doorward request …`
pub(super) fn run(line: &Line, command: RequestCommand) -> Outcome {
    match command {
        RequestCommand::List { page: which } => {
            line.manner.list(&page(line, "/enrolment-requests", &[], &which)?, &COLUMNS)
        }
        RequestCommand::Show { user: name } => {
            let user = user(line, &name)?;
            line.manner.card(&line.get(grant(&user, "")?)?.body, &FIRST)
        }
        RequestCommand::Approve { user: name, reason } => {
            let user = user(line, &name)?;
            let call = Call::post(grant(&user, "/approve")?, json!({ "reason": reason })).once();
            let granted = line.call(&call)?.body;
            let until = text(&granted, "expires_at");
            line.manner.done(&granted, &format!("{} may enrol until {until}, and is written to.", called(&user)))
        }
        RequestCommand::Refuse { user: name, reason } => {
            let user = user(line, &name)?;
            let refused = line.call(&Call::post(grant(&user, "/refuse")?, json!({ "reason": reason })))?.body;
            line.manner.done(&refused, &format!("{} is refused, and is shown why.", called(&user)))
        }
        RequestCommand::Code { user: name, reason } => {
            let user = user(line, &name)?;
            let call = Call::post(grant(&user, "/help-desk-code")?, json!({ "reason": reason })).once();
            let drawn = line.call(&call)?.body;
            let said = format!("{} may enrol with it until {}.", called(&user), text(&drawn, "expires_at"));
            told(line, &drawn, &said, "code")
        }
        RequestCommand::Withdraw { user: name } => {
            let user = user(line, &name)?;
            line.call(&Call::delete(grant(&user, "")?))?;
            line.manner.done(&Value::Null, &format!("Nothing is granted to {} any more.", called(&user)))
        }
    }
}

fn grant(user: &Value, below: &str) -> Result<String, super::Stop> {
    Ok(format!("/users/{}/enrolment-grant{below}", id(user)?))
}
