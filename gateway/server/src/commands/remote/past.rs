//! What has happened: the audit trail, the enrolment history, and who has no token yet.

use std::path::Path;

use serde_json::json;

use super::line::{Call, Line, asking};
use super::named::{group, id, page, user};
use super::show::{print, text};
use super::table::Column;
use super::{Outcome, Stop};
use crate::Finding;
use crate::args::{HistoryArgs, Remote, ReportCommand, SpanArgs, TrailArgs};

const RECORDS: [Column; 6] = [
    ("NO.", "seq"),
    ("AT", "record.timeStamp"),
    ("EVENT", "record.details.event"),
    ("NAME", "record.context.usedName"),
    ("OPERATOR", "record.context.operator"),
    ("FROM", "record.context.originatingAddress"),
];

const ENROLMENTS: [Column; 7] = [
    ("BEGAN AT", "began_at"),
    ("USER", "user"),
    ("RESULT", "result"),
    ("REASON", "reason"),
    ("SERIAL", "serial"),
    ("ON", "os"),
    ("SET GOING BY", "initiated_by"),
];

const STEPS: [Column; 4] = [("STEP", "step"), ("REACHED", "reached"), ("LOST", "lost"), ("MEDIAN MS", "median_ms")];

const COUNTS: [Column; 6] = [
    ("KEY", "key"),
    ("OF", "of"),
    ("NAME", "name"),
    ("DEADLINE", "deadline"),
    ("USERS", "users"),
    ("WITHOUT TOKEN", "missing"),
];

const PEOPLE: [Column; 3] = [("NAME", "name"), ("DISPLAY NAME", "display_name"), ("EMAIL", "email")];

/// What is asked for, of which what is empty is not sent.
type Query = Vec<(&'static str, String)>;

fn span(of: SpanArgs) -> Query {
    let said = |text: Option<String>| text.unwrap_or_default();
    vec![("from", said(of.from)), ("until", said(of.until)), ("tz", said(of.tz))]
}

fn borrowed(query: &Query) -> Vec<(&str, &str)> {
    query.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// `doorward audit list`
pub(super) fn trail(args: TrailArgs) -> Outcome {
    let line = Line::open(&args.at)?;
    let said = |text: Option<String>| text.unwrap_or_default();
    let mut query = span(args.span);
    query.extend([
        ("type", said(args.kind)),
        ("event", said(args.event)),
        ("user", args.user.map(|name| id(&user(&line, &name)?)).transpose()?.unwrap_or_default()),
        ("operator", said(args.operator)),
        ("address", said(args.address)),
        ("serial", said(args.serial)),
        ("transaction", said(args.transaction)),
        ("q", said(args.text)),
        ("order", if args.oldest_first { "oldest".to_owned() } else { String::new() }),
    ]);
    if args.table.csv {
        return taken_away(&line, "/audit/records.csv", &query, args.table.to.as_deref());
    }
    let found = page(&line, "/audit/records", &borrowed(&query), &args.page)?;
    line.manner.list(&found, &RECORDS)
}

/// `doorward report …`
pub(super) fn report(args: Remote<ReportCommand>) -> Outcome {
    let line = Line::open(&args.at)?;
    match args.command {
        ReportCommand::Enrolments { of, page: which, table } => {
            let query = history(&line, *of)?;
            if table.csv {
                return taken_away(&line, "/reports/enrolments.csv", &query, table.to.as_deref());
            }
            let found = page(&line, "/reports/enrolments", &borrowed(&query), &which)?;
            line.manner.list(&found, &ENROLMENTS)
        }
        ReportCommand::Totals(of) => {
            let query = history(&line, of)?;
            let totals = line.get(format!("/reports/enrolments/totals{}", asking(&borrowed(&query))))?.body;
            if line.manner.json {
                return line.manner.card(&totals, &[]);
            }
            let results = totals.get("results").cloned().unwrap_or_default();
            line.manner.list(&json!({ "items": results }), &[("RESULT", "result"), ("ENROLMENTS", "count")])?;
            for (said, field) in [
                ("begun", "started"),
                ("succeeded", "completed"),
                ("part of them", "completion_rate"),
                ("median, in ms", "median_duration_ms"),
                ("commonest reason", "top_failure_reason"),
            ] {
                print(&format!("{said:16}  {}", text(&totals, field)))?;
            }
            Ok(Finding::Good)
        }
        ReportCommand::Funnel(of) => {
            let query = history(&line, of)?;
            let funnel = line.get(format!("/reports/funnel{}", asking(&borrowed(&query))))?.body;
            if line.manner.json {
                return line.manner.card(&funnel, &[]);
            }
            let part = |name: &str| json!({"items": funnel.get(name).cloned().unwrap_or_default()});
            line.manner.list(&part("steps"), &STEPS)?;
            print("")?;
            line.manner.list(&part("missing"), &COUNTS)?;
            Ok(Finding::Good)
        }
        ReportCommand::Missing { of, page: which } => {
            let found = page(&line, "/reports/missing", &[("of", &of)], &which)?;
            line.manner.list(&found, &PEOPLE)
        }
    }
}

/// A table, as it comes. A file is whole or not there.
fn taken_away(line: &Line, path: &str, query: &Query, to: Option<&Path>) -> Outcome {
    let call = Call::get(format!("{path}{}", asking(&borrowed(query))));
    let Some(to) = to else {
        line.call_for_file(&call, &mut std::io::stdout().lock())?;
        return Ok(Finding::Good);
    };
    let wrong = |cause: std::io::Error| Stop::because(format!("{}: {cause}", to.display()));
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
    line.call_for_file(&call, &mut file)?;
    file.as_file().sync_all().map_err(wrong)?;
    file.persist(to).map_err(|cause| wrong(cause.error))?;
    line.manner.done(&json!({"file": to.display().to_string()}), &format!("{} is written.", to.display()))
}

fn history(line: &Line, of: HistoryArgs) -> Result<Query, Stop> {
    let said = |text: Option<String>| text.unwrap_or_default();
    let mut query = span(of.span);
    query.extend([
        ("user", of.user.map(|name| id(&user(line, &name)?)).transpose()?.unwrap_or_default()),
        ("group", of.group.map(|name| id(&group(line, &name)?)).transpose()?.unwrap_or_default()),
        ("result", said(of.result)),
        ("initiated_by", said(of.initiated_by)),
        ("application", said(of.application)),
        ("serial", said(of.serial)),
        ("address", said(of.address)),
        ("os", said(of.os)),
        ("offered", if of.offered { "true".to_owned() } else { String::new() }),
    ]);
    Ok(query)
}
