//! What the pages of users, tokens, groups and files have in common: lists in parts, and tasks. A task is a page with one form;
//! what is wrong with it comes back on the same page with everything that was typed.

use std::time::Duration;

use doorward_access::manage::ManageError;
use doorward_api::ports::Page;
use doorward_api::{FieldFault, FieldRule, Timestamp, TokenState};
use doorward_views::console::{Choice, ConsolePage, Fault as Said, Field, ProofFields, Said as Words, Told};
use doorward_views::console_records::{Crumb, GivenPage, Linked, Parts, RecordsPage, TaskPage};
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Console;
use super::panels::{PANELS, choice_key, hint_key, label, said};
use super::signed::{Signed, SignedPost};
use crate::answer::{Answer, see_other};
use crate::fault::Fault;
use crate::fields::Fields;

/// So many entries of a list are shown at a time.
pub(super) const AT_A_TIME: u32 = 25;

/// The names that a list offers to choose from; others are typed.
const OFFERED: u32 = 200;

/// What was done, as its page is told in `?done=`.
const DONE: &str = "console-done-";
const DONE_WORDS: [&str; 34] = [
    "invitation-withdrawn",
    "provisioned",
    "resent",
    "resent-all",
    "task-removed",
    "saved",
    "created",
    "deleted",
    "disabled",
    "enabled",
    "unlocked",
    "signed-out",
    "password",
    "withdrawn",
    "recovery-codes-withdrawn",
    "approved",
    "refused",
    "grant-withdrawn",
    "suspend",
    "reactivate",
    "unlock",
    "return",
    "lost",
    "faulty",
    "reinitialize",
    "assign",
    "tested",
    "resynced",
    "pin",
    "member",
    "member-removed",
    "parent",
    "parent-removed",
    "key-revoked",
];

/// What stands in a path as it is.
const NOT_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The page of a record: `/users/…`.
pub(super) fn at(list: &str, id: &str) -> String {
    format!("{list}/{}", utf8_percent_encode(id, NOT_IN_PATH))
}

pub(super) fn linked(list: &str, id: &str, name: &str) -> Linked {
    Linked { path: at(list, id), name: name.to_owned() }
}

pub(super) fn query(raw: Option<String>) -> Result<Fields, Fault> {
    Ok(Fields::parse(raw.unwrap_or_default().as_bytes())?)
}

/// The part of a list that is asked for.
pub(super) fn part(query: &Fields) -> Page {
    Page { after: query.text("after").to_owned(), limit: AT_A_TIME }
}

/// A path with a query, of what is not empty.
pub(super) fn path_with(path: &str, pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> =
        given.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NOT_IN_PATH))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// The ways to the other parts of a list.
pub(super) fn parts(path: &str, pairs: &[(&str, &str)], after: &str, next: Option<&str>) -> Parts {
    let with = |next: &str| path_with(path, &[pairs, &[("after", next)]].concat());
    Parts { first: (!after.is_empty()).then(|| path_with(path, pairs)), next: next.map(with) }
}

/// A count that was made so long ago is shown with its time.
const OLD: Duration = Duration::from_secs(2);

/// What a page says of what was counted at a time: that it is not of now, or that there is nothing yet.
pub(super) fn counting(at: Option<Timestamp>, now: Timestamp) -> Option<Told> {
    match at {
        None => Some(Told::new("console-counts-under-way")),
        Some(at) if now.since(at) < OLD => None,
        Some(at) => Some(Told::new("console-counts-before").when(at)),
    }
}

/// Back to a page that says what was done.
pub(super) fn done(path: &str, what: &str) -> Answer {
    see_other(&path_with(path, &[("done", what)]))
}

/// What was done, if the query says so in one of our words.
pub(super) fn notice(query: &Fields) -> Option<Told> {
    let done = query.filled("done").filter(|done| DONE_WORDS.contains(done))?;
    Some(Told::new(DONE.to_owned() + done))
}

/// What a token in a state cannot do; of an active one there is nothing to say.
pub(super) fn note_of(state: TokenState) -> Option<String> {
    const NOTE: &str = "console-token-note-";
    (state != TokenState::Active).then(|| NOTE.to_owned() + state.as_str())
}

/// Why a form has come back.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) faults: Vec<Said>,
    pub(super) proof: Option<Box<ProofFields>>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, fault: Said) -> Self {
        Self { status, faults: vec![fault], proof: None }
    }

    /// Several things that are wrong.
    pub(super) fn faults(faults: Vec<Said>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, faults, proof: None }
    }

    /// A field that is wrong.
    pub(super) fn field(name: &str, key: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Said::plain(Some(name), key))
    }

    /// What the form can be put right about; else it is no matter of the form.
    pub(super) fn of(error: ManageError) -> Result<Self, Fault> {
        let conflict = |field, key: &str| Self::new(StatusCode::CONFLICT, Said::plain(field, key));
        Ok(match error {
            ManageError::Invalid(faults) => Self::faults(faults.iter().map(told).collect()),
            ManageError::HasToken => conflict(Some("user"), "console-fault-has-token"),
            ManageError::NotInState { from } => {
                let key = note_of(from);
                conflict(None, key.as_deref().unwrap_or("console-fault-state"))
            }
            ManageError::Conflict => conflict(None, "console-fault-changed"),
            ManageError::TaskOver => conflict(None, "console-fault-task-over"),
            other => return Err(other.into()),
        })
    }
}

fn told(fault: &FieldFault) -> Said {
    match (fault.field.as_str(), &fault.rule) {
        ("first", FieldRule::Unknown { .. }) => Said::plain(Some("first"), "console-fault-resync"),
        ("group", FieldRule::NotAvailable { other, .. }) if other == "users" => {
            Said::plain(Some("group"), "console-fault-users-or-group")
        }
        // What is not there is named as it was typed; what kind of thing it is says the field.
        (field @ ("users" | "group"), FieldRule::Unknown { value }) => {
            let typed = value.split_once(' ').map_or(value.as_str(), |(_, name)| name);
            let rule = FieldRule::Unknown { value: typed.to_owned() };
            Said::of(&FieldFault::new(field, rule), label, value_said)
        }
        _ => Said::of(fault, label, value_said),
    }
}

/// What a field's value is called; the value itself where it is none of those that pages have words for.
fn value_said(field: &str, value: &str) -> Words {
    match value {
        "on" | "off" => Words::words(if value == "on" { "console-on" } else { "console-off" }),
        value => {
            let known = PANELS.iter().find(|panel| panel.spec(field).is_some());
            known.map_or_else(|| Words::text(value), |panel| said(panel, field, value))
        }
    }
}

/// Makes the session fresh by what the form says, if it is not.
pub(super) async fn unproved(console: &Console, post: &mut SignedPost) -> Result<Option<Refused>, Fault> {
    let Err(proof) = post.prove(console).await? else { return Ok(None) };
    let faults = proof.fault.clone().into_iter().collect();
    Ok(Some(Refused { status: StatusCode::UNPROCESSABLE_ENTITY, faults, proof: Some(Box::new(proof)) }))
}

/// The form with what is wrong in it.
pub(super) fn with_refusal(signed: &Signed, task: TaskPage, refused: Option<Refused>) -> (StatusCode, TaskPage) {
    let (status, faults, proof) = match refused {
        None => (StatusCode::OK, Vec::new(), None),
        Some(Refused { status, faults, proof }) => (status, faults, proof),
    };
    let proof = proof.map_or_else(|| signed.proof_fields(), |proof| *proof);
    (status, TaskPage { proof, ..task }.with_faults(faults))
}

pub(super) fn show_task(
    console: &Console,
    signed: &Signed,
    here: &str,
    task: TaskPage,
    refused: Option<Refused>,
) -> Answer {
    let (status, task) = with_refusal(signed, task, refused);
    show(console, signed, here, status, RecordsPage::Task(Box::new(task)))
}

pub(super) fn show(console: &Console, signed: &Signed, here: &str, status: StatusCode, page: RecordsPage) -> Answer {
    console.page(signed, here, status, ConsolePage::Records(page))
}

pub(super) fn give(console: &Console, signed: &Signed, here: &str, page: GivenPage) -> Answer {
    show(console, signed, here, StatusCode::OK, RecordsPage::Given(page))
}

pub(super) fn crumb(said: Words, path: &str) -> Crumb {
    Crumb { said, path: path.to_owned() }
}

/// What stands in a field: what was typed, or what it begins with.
pub(super) fn typed(fields: Option<&Fields>, name: &str, begins: &str) -> String {
    fields.map_or(begins, |fields| fields.text(name)).to_owned()
}

pub(super) fn field(name: &str, kind: &'static str, value: impl Into<String>) -> Field {
    Field { name: name.to_owned(), label: label(name), kind, value: value.into(), ..Field::default() }
}

/// With words below its label.
pub(super) fn hinted(field: Field) -> Field {
    Field { hint: Some(hint_key(&field.label)), ..field }
}

/// Radio buttons: each value, and whether there are words below it.
pub(super) fn choice(name: &str, value: impl Into<String>, choices: &[(&str, bool)]) -> Field {
    let choices = choices.iter().map(|(value, hint)| {
        let key = choice_key(name, value);
        Choice { value: (*value).to_owned(), hint: hint.then(|| hint_key(&key)), said: Words::words(key) }
    });
    Field { choices: choices.collect(), ..field(name, "choice", value) }
}

/// Names of groups to choose from.
pub(super) async fn offered_groups(console: &Console, signed: &Signed) -> Result<Vec<String>, Fault> {
    let page = Page { after: String::new(), limit: OFFERED };
    let found = console.parts.manager.groups(&signed.vs.id, "", &page).await?;
    Ok(found.items.into_iter().map(|group| group.name).collect())
}

/// Names of users to choose from.
pub(super) async fn offered_users(console: &Console, signed: &Signed) -> Result<Vec<String>, Fault> {
    let page = Page { after: String::new(), limit: OFFERED };
    let found = console.parts.manager.users(&signed.vs.id, "", &page).await?;
    Ok(found.items.into_iter().map(|record| record.user.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a page has no words for makes it fail, with all that was typed into it.
    #[test]
    fn whatever_a_rule_names_there_are_words_for_it() {
        let words = include_str!("../../../../templates/locales/en.ftl");
        let has = |key: &str| words.contains(&format!("\n{key} = "));
        for panel in &PANELS {
            for spec in panel.specs() {
                if let super::super::panels::Kind::Choice(choices) = spec.kind {
                    for (value, _) in choices {
                        assert!(has(&choice_key(spec.name, value)), "{} {value}", spec.name);
                    }
                }
                assert!(super::super::panels::labels(spec.name).iter().all(|key| has(key)), "{}", spec.name);
            }
        }
        for (field, other, value) in [
            ("group", "users", "given"),
            ("pin", "pin_type", "none"),
            ("pin", "pin_type", "user_selected"),
            ("resync", "mode", "challenge_response"),
            ("pin", "change_on_first_use", "on"),
            ("networks", "proof", "none"),
            ("groups", "target_users.mode", "all"),
            ("installer_url", "windows_link", "store"),
            ("android.push", "android.allowed", "off"),
            ("password", "draw_password", "true"),
            ("anything", "of_the_future", "whatever"),
        ] {
            let rule = FieldRule::NotAvailable { other: other.into(), value: value.into() };
            let said = told(&FieldFault::new(field, rule));
            assert!(has(&said.key), "{field}: {}", said.key);
            match said.value {
                Some(Words::Words(key)) => assert!(has(&key), "{field}: {key}"),
                Some(Words::Text(text)) => assert_eq!(text, value),
                _ => assert_eq!((field, said.key.as_str()), ("group", "console-fault-users-or-group")),
            }
        }
    }

    #[test]
    fn a_part_of_a_list_keeps_what_is_looked_for() {
        let all = parts("/users", &[("q", "a&b"), ("state", "")], "x", Some("y=1"));
        assert_eq!(all.first.as_deref(), Some("/users?q=a%26b"));
        assert_eq!(all.next.as_deref(), Some("/users?q=a%26b&after=y%3D1"));
        let only = parts("/users", &[("q", "")], "", None);
        assert_eq!((only.first, only.next), (None, None));
    }

    #[test]
    fn only_our_own_words_tell_what_was_done() {
        let said = |raw: &str| notice(&Fields::parse(raw.as_bytes()).unwrap()).map(|told| told.key);
        assert_eq!(said("done=saved").as_deref(), Some("console-done-saved"));
        for other in ["done=x", "done=", "", "saved"] {
            assert_eq!(said(other), None, "{other}");
        }
    }
}
