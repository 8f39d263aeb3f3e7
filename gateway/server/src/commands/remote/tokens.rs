//! Tokens, and files of them.

use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::line::{Call, Line, odd};
use super::named::{called, id, page, token, user, written_id};
use super::show::{plain, print, text};
use super::table::{Column, table};
use super::users::told;
use super::wait::Progress;
use super::{Outcome, Stop, typed};
use crate::Finding;
use crate::args::{TokenCommand, TokenNamed};

const COLUMNS: [Column; 6] = [
    ("SERIAL", "serial"),
    ("STATE", "state"),
    ("OWNER", "owner.name"),
    ("FORM", "form"),
    ("LABEL", "label"),
    ("LAST USED", "last_used_at"),
];

const FIRST: [&str; 9] = ["serial", "state", "owner", "form", "plugin", "label", "target", "actions", "locked_until"];

const ROWS: [Column; 4] = [("ROW", "place"), ("SERIAL", "serial"), ("OUTCOME", "outcome"), ("WHY", "message")];

/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 100;

/// How often it is asked how far a file is.
const PAUSE: Duration = Duration::from_millis(300);

/// `doorward token …`
pub(super) fn run(line: &Line, command: TokenCommand) -> Outcome {
    match command {
        TokenCommand::List { state, locked, owner, serial, page: which } => {
            let owner = owner.map(|owner| id(&user(line, &owner)?)).transpose()?.unwrap_or_default();
            let query = [
                ("state", state.as_deref().unwrap_or_default()),
                ("locked", if locked { "true" } else { "" }),
                ("owner", &owner),
                ("serial", serial.as_deref().unwrap_or_default()),
            ];
            line.manner.list(&page(line, "/tokens", &query, &which)?, &COLUMNS)
        }
        TokenCommand::Counts => counts(line),
        TokenCommand::Show(of) => line.manner.card(&token(line, &of.token)?, &FIRST),
        TokenCommand::Suspend(of) => act(line, &of, "suspend"),
        TokenCommand::Reactivate(of) => act(line, &of, "reactivate"),
        TokenCommand::Unlock(of) => act(line, &of, "unlock"),
        TokenCommand::Return(of) => act(line, &of, "return"),
        TokenCommand::Lost(of) => act(line, &of, "lost"),
        TokenCommand::Faulty(of) => act(line, &of, "faulty"),
        TokenCommand::Reinitialize(of) => act(line, &of, "reinitialize"),
        TokenCommand::Delete(of) => act(line, &of, "delete"),
        TokenCommand::Assign { of, user: name } => {
            let (token, user) = (token(line, &of.token)?, user(line, &name)?);
            let told = line.call(&Call::post(path(&token, "assign")?, json!({"user": id(&user)?})))?.body;
            line.manner.done(&told, &format!("{} is {}'s now.", called(&token), called(&user)))
        }
        TokenCommand::Resync(of) => {
            let token = token(line, &of.token)?;
            let (first, second) = (typed::secret("Passcode: ")?, typed::secret("The next passcode: ")?);
            let body = json!({"first": first.expose(), "second": second.expose()});
            let told = line.call(&Call::post(path(&token, "resync")?, body))?.body;
            line.manner.done(&told, &format!("{} is found again.", called(&token)))
        }
        TokenCommand::Pin { of, generate, must_change } => {
            let token = token(line, &of.token)?;
            let pin = if generate { None } else { Some(typed::secret("PIN: ")?) };
            let mut body = json!({"pin": pin.as_ref().map(|pin| pin.expose())});
            if must_change && let Some(fields) = body.as_object_mut() {
                fields.insert("must_change".to_owned(), json!(true));
            }
            let set = line.call(&Call::post(path(&token, "pin")?, body).once())?.body;
            told(line, &set, &format!("{} has a new PIN.", called(&token)), "pin")
        }
        TokenCommand::Test(of) => {
            let token = token(line, &of.token)?;
            let passcode = typed::secret("Passcode: ")?;
            let call = Call::post(path(&token, "test")?, json!({"passcode": passcode.expose()}));
            let tested = line.call(&call)?.body;
            let outcome = text(&tested, "outcome");
            line.manner.done(&tested, &outcome)?;
            Ok(if outcome == "right" { Finding::Good } else { Finding::Bad })
        }
        TokenCommand::Label { of, label } => {
            let token = token(line, &of.token)?;
            let told = line.call(&Call::put(path(&token, "label")?, json!({ "label": label })))?.body;
            line.manner.done(&told, &format!("{} is called {:?} now.", called(&token), plain(&label)))
        }
        TokenCommand::Import { file, key_file, password_file } => {
            import(line, &file, key_file.as_deref(), password_file.as_deref())
        }
        TokenCommand::Imports { import } => {
            let place = format!("/tokens/imports/{}", written_id(&import)?);
            let report = line.get(place)?.body;
            if text(&report, "state") == "running" {
                let said = format!("{} of {} rows are dealt with.", text(&report, "done"), text(&report, "rows"));
                return line.manner.done(&report, &said);
            }
            reported(line, &report)
        }
    }
}

fn path(token: &Value, below: &str) -> Result<String, Stop> {
    Ok(format!("/tokens/{}/{below}", id(token)?))
}

fn act(line: &Line, of: &TokenNamed, action: &str) -> Outcome {
    let token = token(line, &of.token)?;
    let left = line.call(&Call::post(path(&token, "actions")?, json!({ "action": action })))?.body;
    let now = if left.is_null() { "gone".to_owned() } else { text(&left, "state") };
    line.manner.done(&left, &format!("{} is {now} now.", called(&token)))
}

fn counts(line: &Line) -> Outcome {
    let counts = line.get("/tokens/counts")?.body;
    if line.manner.json {
        return line.manner.card(&counts, &[]);
    }
    let states = counts.get("states").cloned().unwrap_or_default();
    line.manner.list(&json!({ "items": states }), &[("STATE", "state"), ("TOKENS", "count")])?;
    print(&format!("Of those in use, {} locked now.", text(&counts, "locked")))?;
    Ok(Finding::Good)
}

fn import(line: &Line, file: &Path, key: Option<&Path>, password: Option<&Path>) -> Outcome {
    let bytes = std::fs::read(file).map_err(|cause| Stop::because(format!("{}: {cause}", file.display())))?;
    let mut body = json!({"file_base64": BASE64.encode(&bytes)});
    // What cannot be a name is none: it is for those who look through files that were sent.
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.filter(|name| name.chars().count() <= LONGEST_NAME && *name == plain(name));
    if let (Some(name), Some(fields)) = (name, body.as_object_mut()) {
        fields.insert("name".to_owned(), json!(name));
    }
    for (field, from) in [("key", key), ("password", password)] {
        if let (Some(from), Some(fields)) = (from, body.as_object_mut()) {
            fields.insert(field.to_owned(), json!(typed::first_line(from)?.expose()));
        }
    }
    let begun = line.call(&Call::post("/tokens/import", body).once())?;
    if !line.manner.json {
        eprintln!(
            "It goes on as {}, whatever becomes of this command: `doorward token imports` tells.",
            text(&begun.body, "id")
        );
    }
    let report = followed(line, &begun.location.ok_or_else(odd)?, begun.body)?;
    reported(line, &report)
}

/// Waits for the end of it, and shows how far it is.
fn followed(line: &Line, place: &str, begun: Value) -> Result<Value, Stop> {
    let number = |of: &Value, field: &str| of.get(field).and_then(Value::as_u64).unwrap_or_default();
    let count = |of: &Value, field: &str| usize::try_from(number(of, field)).unwrap_or(usize::MAX);
    let progress = Progress::of(count(&begun, "rows"), "tokens", line.manner.json);
    let mut report = begun;
    while text(&report, "state") == "running" {
        progress.at(count(&report, "done"));
        std::thread::sleep(PAUSE);
        report = line.get(place)?.body;
    }
    Ok(report)
}

/// What became of it. Of many thousand rows those are told that were not taken.
fn reported(line: &Line, report: &Value) -> Outcome {
    let none = Vec::new();
    let told = report.get("report").and_then(Value::as_array);
    // Another process of the gateway has taken the file: it alone knows what became of each row.
    let (is_known, rows) = (told.is_some(), told.unwrap_or(&none));
    let is = |row: &Value, outcome: &str| row.get("outcome").and_then(Value::as_str) == Some(outcome);
    let wrong = rows.iter().any(|row| is(row, "refused") || is(row, "not_reached"));
    if line.manner.json {
        line.manner.done(report, "")?;
    } else {
        let others: Vec<Value> = rows.iter().filter(|row| !is(row, "taken")).cloned().collect();
        if !others.is_empty() {
            print(table(&ROWS, &others, line.manner.width, line.manner.colour).trim_end())?;
        }
        if is_known {
            print(&format!("{} of {} taken.", text(report, "taken"), text(report, "rows")))?;
        }
    }
    // Programs have the report, which says so.
    let failed = |why: &str| {
        let stop = Stop::because(format!("{why}; send it again, nothing is taken twice"));
        if line.manner.json { Stop::Told(Box::new(stop)) } else { stop }
    };
    if text(report, "state") != "done" {
        return Err(failed("taking the file broke off"));
    }
    if !is_known {
        let other = "another process of the gateway took the file, and this one cannot tell what became of each row";
        return Err(failed(other));
    }
    Ok(if wrong { Finding::Bad } else { Finding::Good })
}
