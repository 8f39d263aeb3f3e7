//! Enrolment by email: provisioning tasks.

use std::path::Path;
use std::time::Duration;

use doorward_api::settings::SettingKind;
use http::Method;
use serde_json::{Value, json};

use super::line::{Call, Line, asking, text_of};
use super::named::{called, group, id, page, raw, user};
use super::show::{plain, print, text};
use super::table::Column;
use super::wait::Progress;
use super::{Outcome, Stop, settings};
use crate::args::TaskCommand;

const TASKS: [Column; 6] = [
    ("NO.", "number"),
    ("USERS", "users"),
    ("RUNNING", "running"),
    ("STOPS AT", "stops_at"),
    ("OPERATOR", "operator"),
    ("REMOVED AT", "removed_at"),
];

const USERS: [Column; 6] = [
    ("NAME", "name"),
    ("STATUS", "status"),
    ("SKIPPED", "skipped"),
    ("SERIAL", "serial"),
    ("MAILED AT", "mailed_at"),
    ("OPENED AT", "opened_at"),
];

const EFFECTS: [Column; 5] = [
    ("NAME", "name"),
    ("DISPLAY NAME", "display_name"),
    ("EFFECT", "effect"),
    ("SKIPPED", "skipped"),
    ("SERIAL", "serial"),
];

const COUNTS: [Column; 2] = [("STATUS", "status"), ("USERS", "count")];

/// How often it is asked how far the mails are.
const PAUSE: Duration = Duration::from_secs(1);

/// `doorward task …`
pub(super) fn run(line: &Line, command: TaskCommand) -> Outcome {
    match command {
        TaskCommand::List { page: which } => line.manner.list(&page(line, "/provisioning/tasks", &[], &which)?, &TASKS),
        TaskCommand::Show { task } => shown(line, &line.get(path(task))?.body),
        TaskCommand::Users { task, status, page: which } => {
            let query = [("status", status.as_deref().unwrap_or_default())];
            line.manner.list(&page(line, &format!("{}/users", path(task)), &query, &which)?, &USERS)
        }
        TaskCommand::User { task, user: name } => {
            let user = user(line, &name)?;
            let entry = line.get(format!("{}/users/{}", path(task), id(&user)?))?.body;
            line.manner.card(&entry, &["name", "status", "skipped", "serial", "mailed_at", "opened_at"])
        }
        TaskCommand::PreviewRules { file, user: name } => preview_rules(line, file.as_deref(), name.as_deref()),
        TaskCommand::Add { users, group: of, until, note, wait } => {
            let mut call = begun(line, &users, of.as_deref())?;
            for (field, said) in [("stop_date", until), ("note", note)] {
                call.1.extend(said.map(|said| (field.to_owned(), json!(said))));
            }
            let made = line.call(&Call::post(call.0, Value::Object(call.1)).once())?.body;
            shown(line, &if wait { written(line, made)? } else { made })
        }
        TaskCommand::Edit { task, until, note } => {
            let old = line.get(path(task))?;
            let note = note.unwrap_or_else(|| old.body.get("task").map(|task| raw(task, "note")).unwrap_or_default());
            let call = Call::put(path(task), json!({"stop_date": until, "note": note}));
            shown(line, &line.call(&call.seen(old.etag.unwrap_or_default()))?.body)
        }
        TaskCommand::Resend { task, user: None } => {
            line.call(&Call::new(Method::POST, format!("{}/resend", path(task))))?;
            line.manner.done(&Value::Null, &format!("Everybody of task {task} who has not enrolled is written to."))
        }
        TaskCommand::Resend { task, user: Some(name) } => {
            let user = user(line, &name)?;
            line.call(&Call::new(Method::POST, format!("{}/users/{}/resend", path(task), id(&user)?)))?;
            line.manner.done(&Value::Null, &format!("{} is written to.", called(&user)))
        }
        TaskCommand::Remove { task, user: None } => {
            line.call(&Call::delete(path(task)))?;
            line.manner.done(&Value::Null, &format!("Task {task} is removed."))
        }
        TaskCommand::Remove { task, user: Some(name) } => {
            let user = user(line, &name)?;
            line.call(&Call::delete(format!("{}/users/{}", path(task), id(&user)?)))?;
            line.manner.done(&Value::Null, &format!("{} is out of task {task}.", called(&user)))
        }
    }
}

/// Whom rules would affect: those of a file, or those in force.
fn preview_rules(line: &Line, file: Option<&Path>, name: Option<&str>) -> Outcome {
    let rules = match file {
        Some(file) => {
            let read: Result<Value, _> = serde_json::from_str(&text_of(file)?);
            read.map_err(|cause| Stop::because(format!("{}: {cause}", file.display())))?
        }
        None => line.get(settings::path(SettingKind::ProvisioningRules))?.body,
    };
    let of = name.map(|name| id(&user(line, name)?)).transpose()?.unwrap_or_default();
    let path = format!("/provisioning/rules/preview{}", asking(&[("user", &of)]));
    let preview = line.call(&Call::post(path, rules))?.body;
    if !line.manner.json {
        for (effect, count) in preview.get("counts").and_then(Value::as_object).into_iter().flatten() {
            print(&format!("{effect:12}  {count}"))?;
        }
        let more = if preview.get("complete") == Some(&Value::Bool(false)) { ", and there are more" } else { "" };
        print(&format!("{} users were looked at{more}.", text(&preview, "looked_at")))?;
    }
    line.manner.list(&preview, &EFFECTS)
}

fn path(task: u64) -> String {
    format!("/provisioning/tasks/{task}")
}

/// The call that makes it, and whom it is for. A single user is the help desk's to provision.
fn begun(line: &Line, users: &[String], of: Option<&str>) -> Result<(String, serde_json::Map<String, Value>), Stop> {
    let mut body = serde_json::Map::new();
    let tasks = "/provisioning/tasks".to_owned();
    match (users, of) {
        (_, Some(name)) => {
            body.insert("group".to_owned(), json!(id(&group(line, name)?)?));
            Ok((tasks, body))
        }
        ([one], None) => Ok((format!("/users/{}/provisioning", id(&user(line, one)?)?), body)),
        (many, None) => {
            body.insert("users".to_owned(), json!(many));
            Ok((tasks, body))
        }
    }
}

/// Waits until everybody was written to, or the task is over.
fn written(line: &Line, begun: Value) -> Result<Value, Stop> {
    let number = begun.get("task").and_then(|task| task.get("number")).and_then(Value::as_u64).unwrap_or_default();
    let count = |of: &Value, field: &str| of.get(field).and_then(Value::as_u64).unwrap_or_default();
    let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let is = |of: &Value, field: &str| of.get("task").and_then(|task| task.get(field)) == Some(&Value::Bool(true));
    let progress = Progress::of(size(count(&begun, "all")), "mails", line.manner.json);
    let mut now = begun;
    while is(&now, "running") && (is(&now, "finding") || count(&now, "written") < count(&now, "all")) {
        // Members of a group are found by and by.
        progress.of_so_many(size(count(&now, "all")));
        progress.at(size(count(&now, "written")));
        std::thread::sleep(PAUSE);
        now = line.get(path(number))?.body;
    }
    Ok(now)
}

fn shown(line: &Line, progress: &Value) -> Outcome {
    if line.manner.json {
        return line.manner.card(progress, &[]);
    }
    let said = format!(
        "Task {} of {}: {} of {} were written to; it stops at {}.",
        text(progress, "task.number"),
        plain(&text(progress, "task.operator")),
        text(progress, "written"),
        text(progress, "all"),
        text(progress, "task.stops_at"),
    );
    line.manner.done(&Value::Null, &said)?;
    let counts = progress.get("counts").cloned().unwrap_or_default();
    line.manner.list(&json!({ "items": counts }), &COUNTS)
}
