//! The access policies of a running gateway: what is in force, what would be decided, and what others would have decided.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::line::{Call, Line};
use super::named::{id, page, user};
use super::show::{Colour, plain, print, text};
use super::table::Column;
use super::{Outcome, Stop};
use crate::args::{PolicyAsking, PolicyExplainArgs, RemoteArgs};
use crate::commands::explain::proof;
use crate::config::read_policies;
use crate::{Failure, Finding};

const POLICIES: [Column; 5] =
    [("ID", "id"), ("EFFECT", "effect"), ("APPLICATION", "app"), ("FILE", "file"), ("LINE", "line")];

const SAID: [Column; 4] =
    [("OUTCOME", "outcome"), ("COUNT", "count"), ("FIRST AT", "first_at"), ("LAST AT", "last_at")];

const RECORDS: [Column; 9] = [
    ("DAY", "day"),
    ("REQUESTS", "count"),
    ("APPLICATION", "app"),
    ("NAME", "name"),
    ("METHOD", "method"),
    ("PATH", "path_class"),
    ("NETWORK", "network"),
    ("DECISION", "decided.decision"),
    ("SHADOW", "shadow.difference"),
];

/// `doorward policy …`, as far as it asks.
pub(super) fn run(command: PolicyAsking) -> Outcome {
    match command {
        PolicyAsking::List { at, text: begins, page: which } => {
            let line = Line::open(&at)?;
            let query = [("q", begins.as_deref().unwrap_or_default())];
            line.manner.list(&page(&line, "/policies", &query, &which)?, &POLICIES)
        }
        PolicyAsking::Explain(args) => explain(&args),
        PolicyAsking::Cases { at } => cases(&at),
        PolicyAsking::Shadow { at } => shadow(&at),
        PolicyAsking::Records { at, user: name, app, decision, shadow, page: which } => {
            let line = Line::open(&at)?;
            let user = name.map(|name| id(&user(&line, &name)?)).transpose()?.unwrap_or_default();
            let shadow = shadow.unwrap_or_default();
            let (any, difference) = if shadow == "any" { ("true", "") } else { ("", shadow.as_str()) };
            let query = [
                ("user", user.as_str()),
                ("app", app.as_deref().unwrap_or_default()),
                ("decision", decision.as_deref().unwrap_or_default()),
                ("shadow", any),
                ("difference", difference),
            ];
            line.manner.list(&page(&line, "/policies/records", &query, &which)?, &RECORDS)
        }
    }
}

fn supposed(args: &PolicyExplainArgs) -> Result<Value, Failure> {
    let mut body = Map::from_iter([
        ("app".to_owned(), json!(args.app)),
        ("path".to_owned(), json!(args.path)),
        ("method".to_owned(), json!(args.method)),
        ("address".to_owned(), json!(args.ip.to_string())),
        ("secure".to_owned(), json!(!args.plain)),
        ("enrolment_deferred".to_owned(), json!(args.enrolment_deferred)),
        ("probation".to_owned(), json!(args.probation)),
    ]);
    if let Some(name) = &args.user {
        body.insert("user".to_owned(), json!(name));
    }
    if !args.groups.is_empty() {
        body.insert("groups".to_owned(), json!(args.groups));
    }
    if let Some(time) = &args.time {
        body.insert("at".to_owned(), json!(time));
    }
    for given in &args.proofs {
        let (factor, age) = proof(given)?;
        body.insert(format!("{factor}_age"), json!(age.as_secs()));
    }
    Ok(Value::Object(body))
}

fn explain(args: &PolicyExplainArgs) -> Outcome {
    let line = Line::open(&args.at)?;
    let found = line.call(&Call::post("/policies/explain", supposed(args)?))?.body;
    let disabled = found.get("disabled") == Some(&Value::Bool(true));
    let admitted = !disabled && found.get("decision").and_then(Value::as_str) == Some("admit");
    if line.manner.json {
        line.manner.card(&found, &[])?;
    } else {
        print(&explained(&line, &found))?;
    }
    Ok(if admitted { Finding::Good } else { Finding::Bad })
}

fn explained(line: &Line, found: &Value) -> String {
    let listed = |field: &str| text(found, field);
    let who = Some(listed("user")).filter(|name| !name.is_empty()).unwrap_or_else(|| "nobody signed in".to_owned());
    let mut said = format!("{} {}, asked by {who} from {}\n", listed("method"), listed("path"), listed("address"));
    if found.get("disabled") == Some(&Value::Bool(true)) {
        said += "They are disabled and cannot sign in, whatever is decided.\n";
    }
    let decision = listed("decision");
    let colour = if decision == "admit" { Colour::Green } else { Colour::Red };
    said += &line.manner.in_colour(colour, &decision);
    match (listed("need"), listed("by")) {
        (need, by) if !need.is_empty() => said += &format!(": needs {need} (by {by})"),
        (_, by) if !by.is_empty() => said += &format!(" (by {by})"),
        _ if decision == "refuse" => said += " (nothing permits it)",
        _ => {}
    }
    for policy in found.get("policies").and_then(Value::as_array).into_iter().flatten() {
        let of = |field: &str| text(policy, field);
        let outcome = match of("outcome").as_str() {
            "held" => "held".to_owned(),
            "did_not_hold" => "did not hold".to_owned(),
            _ => format!("could not be evaluated: {}", of("why")),
        };
        said += &format!("\n\n{} {} ({}:{}): {outcome}", of("effect"), of("id"), of("file"), of("line"));
        for clause in policy.get("clauses").and_then(Value::as_array).into_iter().flatten() {
            let outcome = text(clause, "outcome").replace('_', " ");
            let why = Some(text(clause, "why")).filter(|why| !why.is_empty()).map(|why| format!(": {why}"));
            said += &format!("\n  {outcome:<12} {}{}", text(clause, "text"), why.unwrap_or_default());
        }
    }
    said
}

fn cases(at: &RemoteArgs) -> Outcome {
    let line = Line::open(at)?;
    let run = line.call(&Call::new(http::Method::POST, "/policies/cases"))?.body;
    let failed = run.get("failed").and_then(Value::as_u64).unwrap_or_default();
    let finding = if failed == 0 { Finding::Good } else { Finding::Bad };
    if line.manner.json {
        line.manner.card(&run, &[])?;
        return Ok(finding);
    }
    for file in run.get("files").and_then(Value::as_array).into_iter().flatten() {
        let name = text(file, "file");
        if let Some(error) = file.get("error").and_then(Value::as_str) {
            print(&format!("FAILED  {}", plain(error)))?;
        }
        for case in file.get("cases").and_then(Value::as_array).into_iter().flatten() {
            let place = format!("{name}:{} {}", text(case, "line"), text(case, "name"));
            match case.get("difference").and_then(Value::as_str) {
                None => print(&format!("ok      {place}"))?,
                Some(difference) => print(&format!("FAILED  {place}: {}", plain(difference)))?,
            }
        }
    }
    print(&format!("\n{} passed, {failed} failed", text(&run, "passed")))?;
    Ok(finding)
}

fn shadow(at: &RemoteArgs) -> Outcome {
    let line = Line::open(at)?;
    let found = line.get("/policies/shadow")?.body;
    if line.manner.json {
        return line.manner.card(&found, &[]);
    }
    let Some(set) = found.get("set").filter(|set| !set.is_null()) else {
        return line.manner.done(&Value::Null, "There are no shadow policies.");
    };
    print(&format!("{}, read at {}", text(set, "folder"), text(set, "loaded_at")))?;
    if let Some(broken) = set.get("broken").and_then(Value::as_str) {
        print(&format!("They do not hold, so they are not asked:\n{}", lines(broken)))?;
        return Ok(Finding::Bad);
    }
    print(&format!("{} policies, fingerprint {}", text(set, "policies"), text(set, "fingerprint")))?;
    let said = found.get("said").cloned().unwrap_or_default();
    line.manner.list(&json!({ "items": said }), &SAID)
}

/// Each line by itself, so that none of them does anything to a terminal.
fn lines(of: &str) -> String {
    of.lines().map(plain).collect::<Vec<_>>().join("\n")
}

/// `doorward policy replay`, over the API; [`Finding::Bad`] when anything would be decided otherwise, or not all was tried.
pub(super) fn replay(at: &RemoteArgs, folder: &Path) -> Outcome {
    let line = Line::open(at)?;
    let name = |file: &str| file.rsplit('/').next().unwrap_or_default().to_owned();
    let sources = read_policies(folder).map_err(Failure::other)?;
    let files: Vec<Value> =
        sources.iter().map(|source| json!({"file": name(&source.file), "text": source.text})).collect();
    if files.is_empty() {
        return Err(Stop::because(format!("{} holds no *.cedar: nothing is proposed", folder.display())));
    }
    let found = line.call(&Call::post("/policies/replay", json!({ "files": files })))?.body;
    let otherwise = found.get("totals").and_then(Value::as_array).is_some_and(|totals| !totals.is_empty());
    // Of what was not reached, nobody knows.
    let all = found.get("complete") == Some(&Value::Bool(true));
    if line.manner.json {
        line.manner.card(&found, &[])?;
    } else {
        print(&replayed(&found))?;
    }
    Ok(if otherwise || !all { Finding::Bad } else { Finding::Good })
}

/// A line for each who is affected, and what it comes to.
fn replayed(found: &Value) -> String {
    let mut said = String::new();
    for group in found.get("groups").and_then(Value::as_array).into_iter().flatten() {
        let of = |path: &str| text(group, path);
        let who = Some(of("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| "nobody signed in".to_owned());
        said += &format!(
            "{:<5} {who} in {}: {} requests, such as {} {} from {}: {} instead of {}\n",
            of("outcome"),
            of("app"),
            of("requests"),
            of("method"),
            of("path"),
            of("address"),
            decided(group.get("after")),
            decided(group.get("before")),
        );
    }
    let of = |path: &str| text(found, path);
    if of("left_out") != "0" {
        said += &format!("and {} more\n", of("left_out"));
    }
    said += &format!("\n{} requests in {} records", of("requests"), of("records"));
    for total in found.get("totals").and_then(Value::as_array).into_iter().flatten() {
        let of = |path: &str| text(total, path);
        said += &format!("; {} {} of {} users", of("outcome"), of("requests"), of("users"));
    }
    if found.get("complete") == Some(&Value::Bool(false)) {
        said += "\nThere are more than can be decided in a moment: the newest were. With -c, all are.";
    }
    said
}

fn decided(of: Option<&Value>) -> String {
    let Some(of) = of else { return String::new() };
    let with = |word: &str, list: String| if list.is_empty() { list } else { format!(" {word} {list}") };
    let (need, by) = (text(of, "need"), text(of, "by"));
    format!("{}{}{}", text(of, "decision"), with("for", need), with("by", by))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_is_told_by_who_is_affected() {
        let found = json!({
            "records": 9, "requests": 90, "complete": false, "left_out": 2,
            "totals": [{"outcome": "step", "requests": 7, "users": 1}],
            "groups": [{
                "outcome": "step", "app": "wiki", "name": "alice", "requests": 7, "method": "GET", "path": "/a",
                "address": "10.0.0.1", "before": {"decision": "admit", "need": [], "by": ["wiki"]},
                "after": {"decision": "challenge", "need": ["otp"], "by": ["wiki"]},
            }],
        });
        assert_eq!(
            replayed(&found),
            "step  alice in wiki: 7 requests, such as GET /a from 10.0.0.1: challenge for otp by wiki instead of admit by \
             wiki\nand 2 more\n\n90 requests in 9 records; step 7 of 1 users\n\
             There are more than can be decided in a moment: the newest were. With -c, all are."
        );
    }
}
