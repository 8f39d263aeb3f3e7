//! A whole virtual server as files, out of one gateway and into another, by the API: what an operator may not do, no
//! file can.
//!
//! `files.rs` reads and writes the folder, `there.rs` looks at the server, `plan.rs` compares the two, `apply.rs` does
//! what the comparison asks for.

mod apply;
mod files;
mod plan;
mod there;

use serde_json::{Value, json};

use self::plan::Plan;
use self::there::There;
use super::line::Line;
use super::show::{pretty, print};
use super::{Outcome, Stop};
use crate::Finding;
use crate::args::{PutInArgs, TakeOutArgs};

/// `doorward export`
pub(super) fn export(args: &TakeOutArgs) -> Outcome {
    let line = Line::open(&args.at)?;
    files::may_write(&args.to).map_err(Stop::because)?;
    let content = There::look(&line)?.content();
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
    let content = files::read(&args.from).map_err(all_of)?;
    let line = Line::open(&args.at)?;
    let there = There::look(&line)?;
    let plan = Plan::of(&content, &there, args.prune, args.invite).map_err(all_of)?;
    told(&line, &plan)?;
    if args.dry_run {
        return Ok(if plan.steps.is_empty() { Finding::Good } else { Finding::Bad });
    }
    apply::all(&line, &there, &plan)
}

fn all_of(faults: Vec<String>) -> Stop {
    Stop::because(format!("nothing was changed:\n  {}", faults.join("\n  ")))
}

fn told(line: &Line, plan: &Plan) -> Result<(), Stop> {
    if line.manner.json {
        let steps: Vec<Value> = plan.steps.iter().map(plan::Step::record).collect();
        return print(&pretty(&json!({ "changes": steps, "notes": plan.notes })));
    }
    for step in &plan.steps {
        print(&step.told(&line.manner))?;
    }
    for note in &plan.notes {
        eprintln!("{note}");
    }
    if plan.steps.is_empty() {
        print("It is as the files say.")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
