//! A whole virtual server as files, out of one gateway and into another, by the API: what an operator may not do, no
//! file can.
//!
//! `files.rs` reads and writes the folder, `judge.rs` holds it against the server's rules, `there.rs` looks at the server,
//! `plan.rs` compares the two, `powers.rs` says what of it whoever asks may do, `apply.rs` does what the comparison asks for.

mod apply;
mod files;
mod judge;
mod plan;
mod powers;
mod there;

use serde_json::{Value, json};

use self::apply::Came;
use self::plan::Plan;
use self::there::{There, Wanted};
use super::line::Line;
use super::show::{plain, pretty, print};
use super::{Outcome, Stop};
use crate::Finding;
use crate::args::{PutInArgs, TakeOutArgs};

/// `doorward export`
pub(super) fn export(args: &TakeOutArgs) -> Outcome {
    let line = Line::open(&args.at)?;
    files::may_write(&args.to).map_err(Stop::because)?;
    let content = There::look(&line, &Wanted::all())?.content();
    files::write(&args.to, &content)?;
    let groups = content.groups.as_ref().map_or(0, Vec::len);
    let users = content.users.as_ref().map_or(0, Vec::len);
    let roles = content.roles.as_ref().map_or(0, Vec::len);
    let operators = content.operators.as_ref().map_or(0, Vec::len);
    let told = json!({
        "folder": args.to.display().to_string(), "settings": content.settings.len(), "groups": groups,
        "users": users, "roles": roles, "operators": operators,
    });
    let said = format!(
        "{} holds {} settings, {groups} groups, {users} users, {roles} roles and {operators} operators. Passwords, tokens \
         and whatever else is secret are not in it.",
        args.to.display(),
        content.settings.len(),
    );
    line.manner.done(&told, &said)
}

/// `doorward import`. The files are read and judged before the server is asked for anything.
pub(super) fn import(args: &PutInArgs) -> Outcome {
    let content = files::read(&args.from, args.prune).map_err(all_of)?;
    let line = Line::open(&args.at)?;
    let there = There::look(&line, &Wanted::of(&content))?;
    let plan = Plan::of(&content, &there, args.prune, args.invite).map_err(all_of)?;
    if args.dry_run {
        told(&line, &plan)?;
        return Ok(if plan.differs() { Finding::Bad } else { Finding::Good });
    }
    if line.manner.json {
        // Programs read one document: what it says is known at the end only.
        let came = apply::all(&line, &there, &plan);
        let printed = print(&pretty(&reported(&plan, &came)));
        let ended = apply::ended(&line, &plan, came).map_err(|stop| Stop::Told(Box::new(stop)));
        return ended.and_then(|finding| printed.map(|()| finding));
    }
    told(&line, &plan)?;
    let came = apply::all(&line, &there, &plan);
    apply::ended(&line, &plan, came)
}

/// Keys and names of a folder from elsewhere are words from outside.
fn all_of(faults: Vec<String>) -> Stop {
    let faults: Vec<String> = faults.iter().map(|fault| plain(fault)).collect();
    Stop::because(format!("nothing was changed:\n  {}", faults.join("\n  ")))
}

fn told(line: &Line, plan: &Plan) -> Result<(), Stop> {
    if line.manner.json {
        return print(&pretty(&plan.record()));
    }
    for step in &plan.steps {
        print(&step.told(&line.manner))?;
    }
    for note in &plan.notes {
        eprintln!("{}", note.said);
    }
    if !plan.differs() {
        print("It is as the files say.")?;
    }
    Ok(())
}

/// What was to be done, how many of the changes were made, what waits for another operator, and the problem of the one that was
/// not made; null where there is none.
fn reported(plan: &Plan, came: &Came) -> Value {
    let mut report = plan.record();
    if let Some(fields) = report.as_object_mut() {
        fields.insert("done".to_owned(), json!(came.done));
        fields.insert("held".to_owned(), json!(came.held));
        fields.insert("problem".to_owned(), came.problem.as_ref().map_or(Value::Null, Stop::document));
    }
    report
}

#[cfg(test)]
mod tests;
