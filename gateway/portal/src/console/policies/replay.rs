//! Changed policies on what was decided: they are typed or sent as files, tried, and forgotten.

use axum::extract::State;
use doorward_access::manage::policies::{LoadError, LoadErrors, Source};
use doorward_access::manage::{ManageError, Replayed};
use doorward_access::replay::{Replay, ReplayGroup as Group};
use doorward_views::console::Fault as Said;
use doorward_views::console_policies::{
    PoliciesPage, ReplayFault, ReplayFile, ReplayGroup, ReplayOutcome, ReplayPage, ReplayTotal,
};
use http::StatusCode;

use super::{fault, said, show, who};
use crate::answer::Answer;
use crate::console::signed::Signed;
use crate::console::upload::Uploads;
use crate::console::{Console, Shared};
use crate::fault::Fault;
use crate::fields::Fields;

/// So many lines of a file are shown before it is scrolled.
const FEWEST_ROWS: usize = 4;
const MOST_ROWS: usize = 24;

/// What a file is called that was typed and has no name.
const NEW: &str = "new.cedar";

/// The files in force, by their names without folders.
fn in_force(console: &Console, signed: &Signed) -> Result<Vec<Source>, Fault> {
    let list = console.parts.manager.policies(&signed.vs.id)?;
    let short = |source: Source| Source { file: source.name().to_owned(), text: source.text };
    Ok(list.files.into_iter().map(short).collect())
}

/// `GET /access-policies/replay`
pub(in crate::console) async fn ask(State(console): State<Shared>, signed: Signed) -> Answer {
    let current = in_force(&console, &signed)?;
    let page = ReplayPage { files: shown(&current, &current), ..ReplayPage::default() };
    show(&console, &signed, StatusCode::OK, PoliciesPage::Replay(Box::new(page)))
}

/// `POST /access-policies/replay`
pub(in crate::console) async fn run(State(console): State<Shared>, uploads: Uploads) -> Answer {
    let Uploads { post, files } = uploads;
    let signed = &post.signed;
    let current = in_force(&console, signed)?;
    let mut page = ReplayPage::default();
    let mut proposed = typed(&post.fields);
    for (name, content) in files {
        match String::from_utf8(content) {
            Ok(text) => put(&mut proposed, &name, text),
            Err(_) => page.faults.push(Said::plain(Some("files"), "console-fault-not-text")),
        }
    }
    page.files = shown(&proposed, &current);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if page.faults.is_empty() {
        let tried: Vec<Source> = proposed.iter().filter(|source| !source.text.trim().is_empty()).cloned().collect();
        match console.parts.manager.replay(&signed.vs.id, &tried).await {
            Ok(Replayed::Done(replay)) => {
                status = StatusCode::OK;
                page.outcome = Some(outcome(signed, replay));
            }
            Ok(Replayed::Broken(errors)) => page.broken = broken(&errors, &proposed),
            Err(ManageError::Busy) => page.faults.push(Said::plain(None, "console-fault-replay-busy")),
            Err(ManageError::Invalid(wrong)) => page.faults.extend(wrong.iter().map(fault)),
            Err(error) => return Err(error.into()),
        }
    }
    show(&console, signed, status, PoliciesPage::Replay(Box::new(page)))
}

/// The files of the form, in its order: `name.1`, `text.1`, … A field without a name is a new file, if something is in it.
fn typed(fields: &Fields) -> Vec<Source> {
    let mut files: Vec<Source> = Vec::new();
    for place in 1_usize.. {
        let (name, text) = (format!("name.{place}"), format!("text.{place}"));
        let Some(text) = fields.get(&text) else { break };
        // Browsers end lines as mail does.
        let text = text.expose().replace("\r\n", "\n");
        match fields.filled(&name) {
            Some(name) => put(&mut files, name, text),
            None if text.trim().is_empty() => {}
            None => {
                let name = unused(&files);
                put(&mut files, &name, text);
            }
        }
    }
    files
}

/// Puts a file in place of the one of its name, or behind the others.
fn put(files: &mut Vec<Source>, name: &str, text: String) {
    match files.iter_mut().find(|known| known.file == name) {
        Some(known) => known.text = text,
        None => files.push(Source { file: name.to_owned(), text }),
    }
}

fn unused(files: &[Source]) -> String {
    let taken = |name: &str| files.iter().any(|file| file.file == name);
    let numbered = (2_usize..).map(|number| format!("new-{number}.cedar"));
    std::iter::once(NEW.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

/// The files in a form, and room for one more.
fn shown(files: &[Source], current: &[Source]) -> Vec<ReplayFile> {
    let same = |file: &Source, text: &str| {
        current.iter().any(|known| known.file == file.file && known.text.replace("\r\n", "\n").trim() == text.trim())
    };
    let of = |file: &Source| ReplayFile {
        name: file.file.clone(),
        changed: !same(file, &file.text),
        rows: file.text.lines().count().clamp(FEWEST_ROWS, MOST_ROWS),
        text: file.text.clone(),
    };
    let one_more = ReplayFile { rows: FEWEST_ROWS, ..ReplayFile::default() };
    files.iter().map(of).chain(std::iter::once(one_more)).collect()
}

fn broken(errors: &LoadErrors, files: &[Source]) -> Vec<ReplayFault> {
    let of = |error: &LoadError| ReplayFault {
        field: files.iter().position(|file| file.file == error.file).map(|place| format!("text.{}", place + 1)),
        place: format!("{}:{}:{}", error.file, error.line, error.column),
        message: error.message.clone(),
        help: error.help.clone(),
    };
    errors.0.iter().map(of).collect()
}

fn outcome(signed: &Signed, replay: Replay) -> ReplayOutcome {
    let group = |group: Group| ReplayGroup {
        name: group.outcome.as_str(),
        app: group.app.to_string(),
        who: group.user.as_ref().map(|user| who(signed, user.as_str(), &group.name)),
        requests: group.requests,
        at: group.example.at,
        request: format!("{} {}", group.example.method, group.example.path),
        address: group.example.client.to_string(),
        before: said(&group.example.before),
        after: said(&group.example.after),
    };
    let total = |total: &doorward_access::replay::ReplayTotal| ReplayTotal {
        name: total.outcome.as_str(),
        requests: total.requests,
        users: total.users,
    };
    ReplayOutcome {
        records: replay.records,
        requests: replay.requests,
        since: replay.since,
        complete: replay.complete,
        totals: replay.totals.iter().map(total).collect(),
        groups: replay.groups.into_iter().map(group).collect(),
        left_out: replay.left_out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(raw: &str) -> Vec<(String, String)> {
        typed(&Fields::parse(raw.as_bytes()).unwrap()).into_iter().map(|file| (file.file, file.text)).collect()
    }

    #[test]
    fn what_is_typed_keeps_its_names_and_a_new_file_gets_one() {
        let files = form("name.1=a.cedar&text.1=x%0D%0Ay&name.2=new.cedar&text.2=&text.3=z");
        let expected = [("a.cedar", "x\ny"), ("new.cedar", ""), ("new-2.cedar", "z")];
        assert_eq!(files, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
        assert_eq!(form("name.1=a.cedar&text.1=x&text.2=%20").len(), 1);
        assert_eq!(form("text.2=x"), []);
    }

    #[test]
    fn a_file_is_changed_when_it_says_something_else() {
        let file = |name: &str, text: &str| Source { file: name.to_owned(), text: text.to_owned() };
        let current = [file("a.cedar", "x\r\ny\n"), file("b.cedar", "z")];
        let files = [file("a.cedar", "x\ny"), file("b.cedar", ""), file("c.cedar", "")];
        let changed: Vec<bool> = shown(&files, &current).iter().map(|file| file.changed).collect();
        assert_eq!(changed, [false, true, true, false], "the last one is empty and has no name");
    }
}
