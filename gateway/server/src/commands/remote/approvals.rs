//! Acts that take two operators: what waits, and how it is decided.

use serde_json::{Value, json};

use super::line::{Call, Line};
use super::named::{page, written_id};
use super::show::text;
use super::table::Column;
use super::{Outcome, Stop};
use crate::args::ApprovalCommand;

const COLUMNS: [Column; 7] = [
    ("ID", "id"),
    ("ACT", "act"),
    ("ABOUT", "about"),
    ("ASKED BY", "asked_by"),
    ("ASKED AT", "asked_at"),
    ("STATE", "state"),
    ("DECIDED BY", "decided_by"),
];

const FIRST: [&str; 5] = ["id", "act", "about", "asked_by", "state"];

const CHANGES: [Column; 3] = [("FIELD", "field"), ("IS", "old"), ("WOULD BE", "new")];

/// `doorward approval …`
pub(super) fn run(line: &Line, command: ApprovalCommand) -> Outcome {
    match command {
        ApprovalCommand::List { open, page: which } => {
            let query = [("open", if open { "true" } else { "" })];
            line.manner.list(&page(line, "/approvals", &query, &which)?, &COLUMNS)
        }
        ApprovalCommand::Show { approval } => shown(line, &line.get(path(&approval, "")?)?.body),
        ApprovalCommand::Approve { approval } => {
            let decided = decided(line, &approval, "/approve")?;
            let then = match text(&decided, "state").as_str() {
                "approved" => format!("{} sends it once more to have it done.", text(&decided, "asked_by")),
                _ => "It is done.".to_owned(),
            };
            line.manner.done(&decided, &format!("{} is approved. {then}", said(&decided)))
        }
        ApprovalCommand::Refuse { approval } => {
            let decided = decided(line, &approval, "/refuse")?;
            line.manner.done(&decided, &format!("{} is refused.", said(&decided)))
        }
        ApprovalCommand::Withdraw { approval } => {
            let decided = decided(line, &approval, "/withdraw")?;
            line.manner.done(&decided, &format!("{} waits no longer.", said(&decided)))
        }
    }
}

fn path(id: &str, below: &str) -> Result<String, Stop> {
    Ok(format!("/approvals/{}{below}", written_id(id)?))
}

fn decided(line: &Line, id: &str, how: &str) -> Result<Value, Stop> {
    Ok(line.call(&Call::post(path(id, how)?, Value::Null))?.body)
}

fn said(act: &Value) -> String {
    format!("{} ({})", text(act, "act"), text(act, "about"))
}

/// One, and what there is to know of it for whoever decides.
fn shown(line: &Line, found: &Value) -> Outcome {
    if line.manner.json {
        return line.manner.card(found, &[]);
    }
    let mut act = found.get("approval").cloned().unwrap_or_default();
    if let Value::Object(fields) = &mut act {
        for beside in ["outdated", "approvers"] {
            fields.insert(beside.to_owned(), found.get(beside).cloned().unwrap_or_default());
        }
    }
    let shown = line.manner.card(&act, &FIRST)?;
    match found.get("changes") {
        Some(Value::Array(changes)) if !changes.is_empty() => line.manner.list(&json!({ "items": changes }), &CHANGES),
        _ => Ok(shown),
    }
}
