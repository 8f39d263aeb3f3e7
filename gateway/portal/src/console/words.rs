//! Settings > Appearance > Words: texts of an operator's in place of ours, in one language at a time. What is not sent stays as it
//! is; only what differs from ours is kept.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use doorward_access::manage::ManageError;
use doorward_api::language::{ENGLISH, LANGUAGES, Language};
use doorward_api::settings::{Appearance, Seen};
use doorward_api::{FieldFault, FieldRule, Module};
use doorward_tokens::settings::Checked;
use doorward_views::console::{ConsolePage, Fault as Said, Said as Words, Told};
use doorward_views::console_appearance::{AppearanceTask, WordLine, WordsPage};
use doorward_views::console_records::{Parts, TaskLink, TaskPage};
use doorward_views::{Views, Wording};
use http::StatusCode;

use super::appearance::{self, put, stored, too_late};
use super::panels::label;
use super::records::{parts, path_with, query, show_task, unproved};
use super::settings::{self, made_since, outcome_word, seen};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared};
use crate::answer::{Answer, see_other};
use crate::fields::Fields;

pub(super) const HERE: &str = "/settings/appearance/words";
/// Where all texts of a language are taken back.
pub(super) const RESET: &str = "/settings/appearance/words/reset";

/// So many messages are shown at a time.
const AT_A_TIME: usize = 25;

/// Before the name of a message, in the button that empties its field.
const EMPTIES: &str = "reset.";

/// What is looked for, as the address and the form have it.
struct Looked {
    of: Language,
    find: String,
    only_own: bool,
    after: String,
}

impl Looked {
    /// In the caller's own language where none is named.
    fn read(fields: &Fields, signed: &Signed) -> Self {
        let tag = fields.filled("language").unwrap_or(&signed.caller.language);
        Self {
            of: LANGUAGES.into_iter().find(|language| language.tag == tag).unwrap_or(ENGLISH),
            find: fields.text("q").trim().to_owned(),
            only_own: fields.get("own").is_some(),
            after: fields.text("after").to_owned(),
        }
    }

    fn pairs(&self) -> [(&'static str, &str); 3] {
        [("language", self.of.tag), ("q", &self.find), ("own", if self.only_own { "on" } else { "" })]
    }

    fn hidden(&self) -> Vec<(String, String)> {
        let all = self.pairs().into_iter().chain([("after", self.after.as_str())]);
        all.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The same page again, with what became of a change.
    fn again(&self, changed: bool) -> Answer {
        let more = [("after", self.after.as_str()), ("done", outcome_word(changed))];
        see_other(&path_with(HERE, &[&self.pairs()[..], &more].concat()))
    }
}

/// What is typed in the form, by the name of the message.
type Typed = BTreeMap<String, String>;

/// Before the name of a message, in the name of its field.
fn prefix(of: Language) -> String {
    format!("texts.{}.", of.tag)
}

fn typed(fields: &Fields, of: Language) -> Typed {
    let prefix = prefix(of);
    // A form ends its lines in its own way.
    let text = |name: &str| fields.text(name).replace("\r\n", "\n").trim().to_owned();
    let of_it = fields.names().filter_map(|name| Some((name.strip_prefix(&prefix)?.to_owned(), text(name))));
    of_it.collect()
}

/// All messages: ours, and those that were replaced and that there are no more.
fn messages(views: &Views, appearance: &Appearance, of: Language) -> Vec<Wording> {
    let mut messages = views.wordings(of.tag);
    let replaced = appearance.texts.get(of.tag).into_iter().flat_map(BTreeMap::keys);
    let gone: Vec<&String> = replaced.filter(|name| !views.message_names().contains(name)).collect();
    let none = |name: &String| Wording { name: name.clone(), text: String::new(), variables: Vec::new() };
    messages.extend(gone.into_iter().map(none));
    messages
}

/// Those that are looked for, in parts.
fn found(views: &Views, appearance: &Appearance, looked: &Looked) -> (Vec<WordLine>, Parts) {
    let stored = appearance.texts.get(looked.of.tag);
    let messages = messages(views, appearance, looked.of);
    let behind = messages.iter().position(|message| message.name == looked.after).map_or(0, |place| place + 1);
    let line = |message: &Wording| WordLine::new(message, own(stored, &message.name), None);
    let fits = |line: &WordLine| line.has(&looked.find) && (line.replaced || !looked.only_own);
    let mut lines: Vec<WordLine> =
        messages.iter().skip(behind).map(line).filter(fits).take(AT_A_TIME.saturating_add(1)).collect();
    let more = lines.len() > AT_A_TIME;
    lines.truncate(AT_A_TIME);
    let next = lines.last().filter(|_| more).map(|line| line.name.clone());
    (lines, parts(HERE, &looked.pairs(), &looked.after, next.as_deref()))
}

fn own<'a>(stored: Option<&'a BTreeMap<String, String>>, name: &str) -> Option<&'a str> {
    stored?.get(name).map(String::as_str)
}

/// Those of a form that has come back, with what was typed.
fn as_typed(views: &Views, appearance: &Appearance, of: Language, typed: &Typed) -> Vec<WordLine> {
    let stored = appearance.texts.get(of.tag);
    let line = |message: &Wording| {
        let text = typed.get(&message.name)?;
        Some(WordLine::new(message, own(stored, &message.name), Some(text)))
    };
    messages(views, appearance, of).iter().filter_map(line).collect()
}

/// Puts what was typed in the place of what is stored: what says the same as ours, or nothing, is not kept.
fn replace(views: &Views, appearance: &mut Appearance, of: Language, typed: &Typed) {
    let ours: BTreeMap<String, String> =
        views.wordings(of.tag).into_iter().map(|message| (message.name, message.text)).collect();
    let texts = appearance.texts.entry(of.tag.to_owned()).or_default();
    for (name, text) in typed {
        let differs = !text.is_empty() && ours.get(name).is_none_or(|ours| ours.trim() != text);
        if differs {
            texts.insert(name.clone(), text.clone());
        } else {
            texts.remove(name);
        }
    }
    if texts.is_empty() {
        appearance.texts.remove(of.tag);
    }
}

/// What is wrong with what was typed. What is wrong with other texts is no matter of this form.
fn faults(views: &Views, stored: &Appearance, of: Language, typed: &Typed) -> Vec<FieldFault> {
    let mut new = stored.clone();
    replace(views, &mut new, of, typed);
    let mut faults = Appearance::read(&new.shown()).err().unwrap_or_default();
    for fault in views.check_texts(&new) {
        if !faults.iter().any(|known| known.field == fault.field) {
            faults.push(fault);
        }
    }
    let prefix = prefix(of);
    let of_form = |fault: &FieldFault| match fault.field.strip_prefix(&prefix) {
        Some(name) => typed.contains_key(name),
        None => matches!(fault.rule, FieldRule::TooMany { .. }),
    };
    faults.retain(of_form);
    faults
}

fn told(fault: &FieldFault, of: Language) -> Said {
    let told = Said::of(fault, label, |_, value| Words::text(value));
    // There is no field for all of them.
    Said { field: told.field.filter(|field| field.starts_with(&prefix(of))), ..told }
}

/// `GET /settings/appearance/words?language=…&q=…&own=on&after=…`
pub(super) async fn open(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let looked = Looked::read(&query, &signed);
    let Seen { document, version } = stored(&console, &signed).await?;
    let (lines, parts) = found(&console.parts.views, &document, &looked);
    let page = WordsPage {
        lines,
        parts,
        seen: version,
        notice: settings::notice(query.filled("done")),
        proof: signed.proof_fields(),
        ..page(&signed, &document, &looked)
    };
    show(&console, &signed, StatusCode::OK, page)
}

/// What is on the page whatever became of it.
fn page(signed: &Signed, appearance: &Appearance, looked: &Looked) -> WordsPage {
    let may_edit = signed.may(Module::Appearance.edit());
    let reset = TaskLink {
        path: path_with(RESET, &[("language", looked.of.tag)]),
        key: AppearanceTask::WordsReset.key().to_owned(),
        danger: true,
    };
    let any = appearance.texts.contains_key(looked.of.tag);
    WordsPage {
        path: HERE.to_owned(),
        back: appearance::HERE.to_owned(),
        of: looked.of,
        find: looked.find.clone(),
        only_own: looked.only_own,
        may_edit,
        hidden: looked.hidden(),
        tasks: (may_edit && any).then_some(reset).into_iter().collect(),
        ..WordsPage::default()
    }
}

fn show(console: &Console, signed: &Signed, status: StatusCode, page: WordsPage) -> Answer {
    console.page(signed, appearance::HERE, status, ConsolePage::Words(Box::new(page)))
}

/// `POST /settings/appearance/words`
pub(super) async fn save(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let looked = Looked::read(&post.fields, &post.signed);
    let (mut typed, seen) = (typed(&post.fields, looked.of), seen(&post.fields));
    if let Some(emptied) = post.fields.text("choose").strip_prefix(EMPTIES) {
        typed.entry(emptied.to_owned()).and_modify(String::clear);
    }
    let only_shown = post.fields.get("choose").is_some();
    let views = console.parts.views.clone();
    let form = |signed: &Signed, appearance: &Appearance| WordsPage {
        lines: as_typed(&views, appearance, looked.of, &typed),
        parts: found(&views, appearance, &looked).1,
        seen,
        proof: signed.proof_fields(),
        ..page(signed, appearance, &looked)
    };
    let now = stored(&console, &post.signed).await?.document;
    if only_shown {
        return show(&console, &post.signed, StatusCode::OK, form(&post.signed, &now));
    }
    let proof = post.prove(&console).await?.err();
    let signed = &post.signed;
    let wrong = faults(&views, &now, looked.of, &typed);
    let told = wrong.iter().map(|fault| told(fault, looked.of));
    let said: Vec<Said> = told.chain(proof.iter().filter_map(|proof| proof.fault.clone())).collect();
    if !said.is_empty() {
        let page = WordsPage { proof: proof.unwrap_or_default(), ..form(signed, &now).with_faults(said) };
        return show(&console, signed, StatusCode::UNPROCESSABLE_ENTITY, page);
    }
    match put(&console, signed, seen, |appearance| replace(&views, appearance, looked.of, &typed)).await {
        Ok(changed) => looked.again(changed),
        Err(ManageError::Conflict) => {
            let Seen { document, version } = stored(&console, signed).await?;
            let conflict = made_since(&console, signed, appearance::panel()?, seen).await?;
            let page = WordsPage { conflict, seen: version, ..form(signed, &document) };
            show(&console, signed, StatusCode::CONFLICT, page)
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /settings/appearance/words/reset?language=…`
pub(super) async fn ask_reset(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let looked = Looked::read(&query(raw)?, &signed);
    let version = stored(&console, &signed).await?.version;
    show_task(&console, &signed, appearance::HERE, reset_task(looked.of, version), None)
}

fn reset_task(of: Language, seen: i64) -> TaskPage {
    let mut task = appearance::task(AppearanceTask::WordsReset, RESET, seen);
    task.texts = vec![Told::new(AppearanceTask::WordsReset.text()).about(of.name)];
    task.hidden.push(("language".to_owned(), of.tag.to_owned()));
    TaskPage { cancel: path_with(HERE, &[("language", of.tag)]), ..task }
}

/// `POST /settings/appearance/words/reset`
pub(super) async fn reset(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let refused = unproved(&console, &mut post).await?;
    let (signed, seen) = (&post.signed, seen(&post.fields));
    let looked = Looked { find: String::new(), ..Looked::read(&post.fields, signed) };
    if refused.is_some() {
        return show_task(&console, signed, appearance::HERE, reset_task(looked.of, seen), refused);
    }
    let gone = |appearance: &mut Appearance| drop(appearance.texts.remove(looked.of.tag));
    match put(&console, signed, seen, gone).await {
        Ok(changed) => looked.again(changed),
        Err(ManageError::Conflict) => too_late(&console, signed, seen).await,
        Err(error) => Err(error.into()),
    }
}
