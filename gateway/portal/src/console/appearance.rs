//! Settings > Appearance, besides its form: the logo, which is sent by a form of its own, how many texts were replaced, and what
//! the Change Log says of both.

use axum::extract::State;
use axum::response::IntoResponse;
use data_encoding::BASE64;
use doorward_access::arrival::ErrorKind;
use doorward_access::manage::ManageError;
use doorward_api::language::{LANGUAGES, Language};
use doorward_api::settings::{Appearance, FieldChange, Logo, Seen, SettingKind};
use doorward_api::{FieldFault, Module};
use doorward_tokens::settings::{Checked, picture_type};
use doorward_views::console::{ChangedField, Choice, Fault as Said, Said as Words, Told};
use doorward_views::console_appearance::{AppearanceTask, LogoBox, OwnWords, WordsCount};
use doorward_views::console_records::{TaskLink, TaskPage};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::panels::{PANELS, Panel, label};
use super::records::{Refused, crumb, field, hinted, show_task, unproved};
use super::settings::{self, applied, overtaken, seen};
use super::signed::{Signed, SignedPost};
use super::upload::Upload;
use super::{Console, Shared, words};
use crate::answer::Answer;
use crate::fault::Fault;

pub(super) const HERE: &str = "/settings/appearance";

/// Where the logo is sent.
pub(super) const LOGO: &str = "/settings/appearance/logo";
/// Where it is taken away.
pub(super) const LOGO_REMOVE: &str = "/settings/appearance/logo-remove";
/// Itself.
pub(super) const PICTURE: &str = "/settings/appearance/logo.picture";

/// What the page shows that its form has no fields for.
pub(super) struct Shown {
    pub(super) logo: LogoBox,
    pub(super) words: OwnWords,
}

/// The appearance as it stands.
pub(super) async fn stored(console: &Console, signed: &Signed) -> Result<Seen<Appearance>, ManageError> {
    console.parts.manager.setting::<Appearance>(&signed.vs.id).await
}

pub(super) async fn shown(console: &Console, signed: &Signed) -> Result<Shown, Fault> {
    let Seen { document, version } = stored(console, signed).await?;
    let there = document.logo.is_some();
    let link = |path: &str, task: AppearanceTask| TaskLink {
        path: path.to_owned(),
        key: task.key().to_owned(),
        danger: task == AppearanceTask::LogoRemove,
    };
    let mut tasks = Vec::new();
    if signed.may(Module::Appearance.edit()) {
        tasks.push(link(LOGO, AppearanceTask::Logo));
        tasks.extend(there.then(|| link(LOGO_REMOVE, AppearanceTask::LogoRemove)));
    }
    let count = |language: Language| {
        let count = document.texts.get(language.tag).map_or(0, |texts| texts.len()) as u64;
        (count > 0).then_some(WordsCount { language: Words::Language(language), count })
    };
    let counts = LANGUAGES.into_iter().filter_map(count).collect();
    Ok(Shown {
        logo: LogoBox { picture: there.then(|| format!("{PICTURE}?v={version}")), tasks },
        words: OwnWords { counts, link: words::HERE.to_owned() },
    })
}

/// What a language is called in itself.
pub(super) fn language_name(tag: &str) -> String {
    let known = LANGUAGES.into_iter().find(|language| language.tag == tag);
    known.map_or(tag, |language| language.name).to_owned()
}

/// Languages to choose from.
pub(super) fn languages() -> Vec<Choice> {
    let choice =
        |language: Language| Choice { value: language.tag.into(), said: Words::Language(language), hint: None };
    LANGUAGES.map(choice).to_vec()
}

/// The same, or none.
pub(super) fn language_or_none() -> Vec<Choice> {
    let none = Choice { value: String::new(), said: Words::Nothing, hint: None };
    std::iter::once(none).chain(languages()).collect()
}

/// Changes the appearance that was seen. Whether anything is changed by it.
pub(super) async fn put(
    console: &Console,
    signed: &Signed,
    seen: i64,
    change: impl FnOnce(&mut Appearance),
) -> Result<bool, ManageError> {
    let Seen { mut document, version } = stored(console, signed).await?;
    if version != seen {
        return Err(ManageError::Conflict);
    }
    change(&mut document);
    settings::apply(console, signed, SettingKind::Appearance, seen, &document.shown()).await
}

/// The page to be read, after a form of one step that came too late.
pub(super) async fn too_late(console: &Console, signed: &Signed, seen: i64) -> Answer {
    overtaken(console, signed, panel()?, seen).await
}

/// The page of the settings.
pub(super) fn panel() -> Result<&'static Panel, Fault> {
    let panel = PANELS.iter().find(|panel| panel.kind == SettingKind::Appearance);
    panel.ok_or_else(|| Fault::new(ErrorKind::Internal, "the appearance has no page"))
}

/// A form of one step.
pub(super) fn task(what: AppearanceTask, action: &str, seen: i64) -> TaskPage {
    TaskPage {
        crumbs: vec![crumb(Words::words("console-page-appearance"), HERE)],
        key: what.key().to_owned(),
        texts: vec![Told::new(what.text())],
        hidden: vec![("seen".to_owned(), seen.to_string())],
        action: action.to_owned(),
        cancel: HERE.to_owned(),
        danger: what != AppearanceTask::Logo,
        upload: what == AppearanceTask::Logo,
        ..TaskPage::default()
    }
}

/// `GET /settings/appearance/logo`
pub(super) async fn ask_logo(State(console): State<Shared>, signed: Signed) -> Answer {
    let version = stored(&console, &signed).await?.version;
    show_task(&console, &signed, HERE, logo_task(version), None)
}

fn logo_task(seen: i64) -> TaskPage {
    TaskPage { fields: vec![hinted(field("logo", "file", ""))], ..task(AppearanceTask::Logo, LOGO, seen) }
}

/// `POST /settings/appearance/logo`
pub(super) async fn send_logo(State(console): State<Shared>, upload: Upload) -> Answer {
    let Upload { mut post, file } = upload;
    let mut refused = unproved(&console, &mut post).await?;
    let (signed, seen) = (&post.signed, seen(&post.fields));
    if refused.is_none() {
        match chosen(file) {
            Err(why) => refused = Some(why),
            Ok(logo) => match put(&console, signed, seen, |appearance| appearance.logo = Some(logo)).await {
                Ok(changed) => return applied(HERE, changed),
                Err(ManageError::Conflict) => return too_late(&console, signed, seen).await,
                Err(ManageError::Invalid(faults)) => refused = Some(Refused::faults(faults.iter().map(told).collect())),
                Err(error) => return Err(error.into()),
            },
        }
    }
    show_task(&console, signed, HERE, logo_task(seen), refused)
}

/// The picture that was sent: it is what its first bytes say, whatever it is called.
fn chosen(file: Option<(String, Vec<u8>)>) -> Result<Logo, Refused> {
    let (_, bytes) = file.ok_or_else(|| Refused::field("logo", "console-fault-file"))?;
    let media_type = picture_type(&bytes).ok_or_else(|| Refused::field("logo", "rule-picture"))?;
    Ok(Logo { media_type: media_type.to_owned(), data: BASE64.encode(&bytes) })
}

/// The form has one field for the whole picture.
fn told(fault: &FieldFault) -> Said {
    let told = Said::of(fault, label, |_, value| Words::text(value));
    let field = fault.field.split('.').next().filter(|field| *field == "logo").map(str::to_owned);
    Said { field, ..told }
}

/// `GET /settings/appearance/logo-remove`
pub(super) async fn ask_no_logo(State(console): State<Shared>, signed: Signed) -> Answer {
    let version = stored(&console, &signed).await?.version;
    show_task(&console, &signed, HERE, task(AppearanceTask::LogoRemove, LOGO_REMOVE, version), None)
}

/// `POST /settings/appearance/logo-remove`
pub(super) async fn remove_logo(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let refused = unproved(&console, &mut post).await?;
    let (signed, seen) = (&post.signed, seen(&post.fields));
    if refused.is_some() {
        return show_task(&console, signed, HERE, task(AppearanceTask::LogoRemove, LOGO_REMOVE, seen), refused);
    }
    match put(&console, signed, seen, |appearance| appearance.logo = None).await {
        Ok(changed) => applied(HERE, changed),
        Err(ManageError::Conflict) => too_late(&console, signed, seen).await,
        Err(error) => Err(error.into()),
    }
}

/// `GET /settings/appearance/logo.picture?v=…`: as it is served on the portal.
pub(super) async fn picture(State(console): State<Shared>, signed: Signed) -> Answer {
    let none = || Fault::new(ErrorKind::NotFound, "there is no logo");
    let logo = stored(&console, &signed).await?.document.logo.ok_or_else(none)?;
    let media_type = HeaderValue::from_str(&logo.media_type).map_err(|_| none())?;
    let bytes = BASE64.decode(logo.data.as_bytes()).map_err(|_| none())?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, media_type)], bytes).into_response())
}

/// What a Change Log says of what the form has no fields for.
pub(super) fn changed(change: &FieldChange) -> Vec<ChangedField> {
    match change.field.as_str() {
        "logo" => vec![ChangedField {
            of: Vec::new(),
            label: vec![label("logo")],
            old: picture_said(&change.old),
            new: picture_said(&change.new),
        }],
        _ => changed_texts(change),
    }
}

/// `PNG, 2.4 KiB`: a picture in words, as far as it is recorded which one it was.
fn picture_said(recorded: &Value) -> Words {
    let kind = recorded.get("media_type").and_then(Value::as_str).and_then(|kind| kind.rsplit('/').next());
    let bytes = recorded.get("bytes").and_then(Value::as_u64);
    let Some((kind, bytes)) = kind.zip(bytes) else { return Words::Nothing };
    let tenths = bytes.saturating_mul(10).div_ceil(1024);
    Words::text(format!("{}, {}.{} KiB", kind.to_uppercase(), tenths / 10, tenths % 10))
}

fn changed_texts(change: &FieldChange) -> Vec<ChangedField> {
    let text = |all: &Value, tag: &str, name: &str| {
        let text = all.get(tag).and_then(|texts| texts.get(name)).and_then(Value::as_str);
        Words::text(text.unwrap_or_default())
    };
    let mut changed = Vec::new();
    for language in LANGUAGES {
        let texts = |all: &Value| all.get(language.tag).and_then(Value::as_object).cloned().unwrap_or_default();
        let mut both = texts(&change.old);
        both.extend(texts(&change.new));
        let row = |name: &String| ChangedField {
            of: vec![Words::Language(language), Words::text(name.as_str())],
            label: vec![label("texts")],
            old: text(&change.old, language.tag, name),
            new: text(&change.new, language.tag, name),
        };
        changed.extend(both.keys().map(row).filter(|row| row.old != row.new));
    }
    changed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(field: &str, old: Value, new: Value) -> Vec<String> {
        let rows = changed(&FieldChange { field: field.into(), old, new });
        let of = |said: &Words| match said {
            Words::Language(language) => language.tag.to_owned(),
            Words::Text(text) => text.clone(),
            other => format!("{other:?}"),
        };
        let row = |row: ChangedField| {
            let of_which: Vec<String> = row.of.iter().map(of).collect();
            format!("{} {}: {} -> {}", of_which.join("/"), row.label.join(" "), of(&row.old), of(&row.new))
        };
        rows.into_iter().map(row).collect()
    }

    #[test]
    fn a_picture_is_told_by_its_kind_and_size() {
        let logo = |bytes: u32| json!({"media_type": "image/png", "bytes": bytes, "sha256": "00"});
        assert_eq!(said("logo", Value::Null, logo(1024)), [" console-field-logo: Nothing -> PNG, 1.0 KiB"]);
        assert_eq!(said("logo", logo(1500), logo(65536)), [" console-field-logo: PNG, 1.5 KiB -> PNG, 64.0 KiB"]);
        assert_eq!(said("logo", logo(1), Value::Null), [" console-field-logo: PNG, 0.1 KiB -> Nothing"]);
    }

    #[test]
    fn each_text_that_was_changed_is_told_with_its_language_and_name() {
        let old = json!({"de": {"a": "eins", "b": "zwei"}, "ar": {"a": "x"}});
        let new = json!({"de": {"a": "eins", "b": "zwo", "c": "drei"}});
        assert_eq!(
            said("texts", old, new),
            [
                "de/b console-field-texts: zwei -> zwo",
                "de/c console-field-texts: Nothing -> drei",
                "ar/a console-field-texts: x -> Nothing",
            ]
        );
    }
}
