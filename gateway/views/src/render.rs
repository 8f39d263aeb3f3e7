//! The template engine as the pages use it: strict about what is not there, escaping everything, and with words,
//! times and assets at hand.
//!
//! | in a template | gives |
//! | --- | --- |
//! | `t("key", name=…)` | a message as HTML; each text argument is escaped and isolated from the direction around it |
//! | `text("key", name=…)` | a message as plain text, for titles, attributes and text mails |
//! | `known("key")` | whether there is such a message |
//! | `clock(at)`, `moment(at)` | a time of day, a date and time: UTC, which the script turns into local time |
//! | `day(at)` | the day in UTC that has its last moment just before this |
//! | `asset("logo.svg")` | the link to an asset, with its content's hash |
//!
//! There is no `safe` filter: what is HTML is made here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_api::Timestamp;
use fluent_bundle::{FluentArgs, FluentValue};
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};

use crate::error::ViewsError;
use crate::loader::Asset;
use crate::locale::{Locales, Phrase, language};
use crate::look::Look;

/// Parses all templates; the first that has an error is named with its line.
pub(crate) fn environment(
    templates: BTreeMap<String, String>,
    locales: Arc<Locales>,
    assets: &BTreeMap<String, Asset>,
) -> Result<Environment<'static>, ViewsError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    env.set_formatter(print);
    env.remove_filter("safe");
    let hashes: BTreeMap<String, String> = assets.iter().map(|(name, a)| (name.clone(), a.hash.clone())).collect();
    env.add_function("asset", move |state: &State<'_, '_>, name: &str| asset_link(state, &hashes, name));
    env.add_function("leads", |state: &State<'_, '_>, path: &str| crate::console_ways::leads(state, path));
    env.add_function("clock", |at: i64| time_element(TimeForm::Clock, Timestamp::from_millis(at)));
    env.add_function("moment", |at: i64| time_element(TimeForm::Moment, Timestamp::from_millis(at)));
    env.add_function("day", |at: i64| time_element(TimeForm::LastDay, Timestamp::from_millis(at)));
    let words = Arc::clone(&locales);
    env.add_function("known", move |key: &str| words.known(key));
    let words = Arc::clone(&locales);
    env.add_function("t", move |state: &State<'_, '_>, key: &str, args: Kwargs| {
        html_message(state, &words, key, &args)
    });
    env.add_function("text", move |state: &State<'_, '_>, key: &str, args: Kwargs| {
        text_message(state, &locales, key, &args)
    });
    for (name, source) in templates {
        env.add_template_owned(name, source)?;
    }
    Ok(env)
}

/// Writes a value. A value that is not there is an error, never the word "none".
fn print(out: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Ok(()); // an `if` expression without its `else`; other undefined values never come this far
    }
    if value.is_none() {
        return Err(Error::new(ErrorKind::InvalidOperation, "a value that is not there cannot be shown"));
    }
    match state.auto_escape() {
        AutoEscape::None => write!(out, "{value}"),
        _ if value.is_safe() => write!(out, "{value}"),
        _ => out.write_str(&escape(&value.to_string())),
    }
    .map_err(Error::from)
}

/// Escapes text for HTML, between tags and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn asset_link(state: &State<'_, '_>, hashes: &BTreeMap<String, String>, name: &str) -> Result<String, Error> {
    let Some(hash) = hashes.get(name) else {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("there is no asset {name}")));
    };
    let base = state.lookup("chrome").and_then(|chrome| chrome.get_attr("base").ok()).unwrap_or_default();
    Ok(format!("{}/assets/{name}?v={hash}", base.as_str().unwrap_or_default()))
}

/// How much of a point in time is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeForm {
    /// The time of day.
    Clock,
    /// The date and the time of day.
    Moment,
    /// The last whole day before it, for what ends when a day in UTC does.
    LastDay,
}

/// `<time>` with UTC words for readers without script. Left to right even in Arabic, for it is digits and Latin letters.
pub(crate) fn time_element(form: TimeForm, at: Timestamp) -> Value {
    let (name, words) = match form {
        TimeForm::Clock => ("clock", at.clock_utc()),
        TimeForm::Moment => ("moment", at.minute_utc()),
        TimeForm::LastDay => return day_element(at - Duration::from_millis(1)),
    };
    let iso = at.rfc3339();
    Value::from_safe_string(format!("<time datetime=\"{iso}\" data-local=\"{name}\" dir=\"ltr\">{words} UTC</time>"))
}

fn day_element(at: Timestamp) -> Value {
    let iso = at.rfc3339();
    let day = iso.get(..10).unwrap_or(&iso);
    Value::from_safe_string(format!("<time datetime=\"{day}\" data-local=\"day\" dir=\"ltr\">{day}</time>"))
}

/// The look of the page's portal; none in the console, which speaks our words.
fn page_look(state: &State<'_, '_>) -> Option<Arc<Look>> {
    state.lookup("look").and_then(|look| look.downcast_object::<Look>())
}

fn page_language(state: &State<'_, '_>) -> Result<String, Error> {
    state
        .lookup("lang")
        .and_then(|lang| lang.get_attr("tag").ok())
        .and_then(|tag| tag.as_str().map(str::to_owned))
        .ok_or_else(|| Error::new(ErrorKind::UndefinedError, "the page has no language"))
}

/// Stands in for a text argument while Fluent puts the sentence together: a private-use character, so that only the
/// argument itself, never the sentence around it, becomes markup.
fn placeholder(number: u32) -> char {
    char::from_u32(0xE000 + number).unwrap_or('\u{F8FF}')
}

fn html_message(state: &State<'_, '_>, locales: &Locales, key: &str, kwargs: &Kwargs) -> Result<Value, Error> {
    let tag = page_language(state)?;
    let mut args = FluentArgs::new();
    let mut markup: Vec<(char, String)> = Vec::new();
    for (name, number) in kwargs.args().zip(0_u32..) {
        let value: Value = kwargs.get(name)?;
        if let Some(number) = as_number(&value) {
            args.set(name.to_owned(), number);
        } else {
            args.set(name.to_owned(), placeholder(number).to_string());
            markup.push((placeholder(number), isolated_html(&value)));
        }
    }
    let phrase = message(state, locales, &tag, key, &args)?;
    let mut html = escape(&phrase.text);
    for (mark, element) in markup {
        html = html.replace(mark, &element);
    }
    if phrase.language.tag != language(&tag).tag {
        // R10: English inside a page of another language is marked as such, for screen readers and hyphenation.
        html = format!("<span lang=\"{}\" dir=\"{}\">{html}</span>", phrase.language.tag, phrase.language.dir);
    }
    Ok(Value::from_safe_string(html))
}

fn isolated_html(value: &Value) -> String {
    if value.is_safe() { value.to_string() } else { format!("<bdi>{}</bdi>", escape(&value.to_string())) }
}

fn text_message(state: &State<'_, '_>, locales: &Locales, key: &str, kwargs: &Kwargs) -> Result<String, Error> {
    let tag = page_language(state)?;
    let mut args = FluentArgs::new();
    for name in kwargs.args() {
        let value: Value = kwargs.get(name)?;
        match as_number(&value) {
            Some(number) => args.set(name.to_owned(), number),
            None => args.set(name.to_owned(), isolated_text(&value.to_string(), language(&tag).dir)),
        }
    }
    Ok(message(state, locales, &tag, key, &args)?.text)
}

/// Between FSI and PDI (Unicode 9, UAX #9) in right-to-left text; as it is elsewhere, where it could only disturb.
fn isolated_text(text: &str, dir: &str) -> String {
    if dir == "rtl" { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
}

fn as_number(value: &Value) -> Option<FluentValue<'static>> {
    (value.kind() == ValueKind::Number).then(|| value.as_i64().map(FluentValue::from)).flatten()
}

fn message(
    state: &State<'_, '_>,
    locales: &Locales,
    tag: &str,
    key: &str,
    args: &FluentArgs<'_>,
) -> Result<Phrase, Error> {
    locales
        .format(page_look(state).as_deref(), tag, key, args)
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("there are no words {key} with these fields")))
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;
    use crate::locale::WordsFile;

    fn render(template: &str, words: &[(&'static str, &str)], tag: &str, ctx: Value) -> Result<String, ViewsError> {
        let files = words
            .iter()
            .map(|(tag, source)| {
                (*tag, vec![WordsFile { name: (*tag).to_owned(), source: (*source).to_owned().into() }])
            })
            .collect();
        let locales = Arc::new(Locales::new(files)?);
        let templates = BTreeMap::from([("it.html".to_owned(), template.to_owned())]);
        let env = environment(templates, locales, &BTreeMap::new())?;
        Ok(env.get_template("it.html")?.render(context! { lang => language(tag), ..ctx })?)
    }

    #[test]
    fn an_argument_is_escaped_and_isolated_and_the_sentence_escaped() {
        let page = render(
            "{{ t('hi', name=name) }}",
            &[("en", "hi = Hi <{ $name }>")],
            "en",
            context! { name => "<script>\u{E000}'\"&" },
        );
        assert_eq!(page.unwrap(), "Hi &lt;<bdi>&lt;script&gt;\u{E000}&#39;&quot;&amp;</bdi>&gt;");
    }

    #[test]
    fn english_in_an_arabic_page_says_that_it_is_english() {
        let words = [("en", "hi = Hi"), ("ar", "")];
        let page = render("{{ t('hi') }}|{{ text('hi') }}", &words, "ar", context! {}).unwrap();
        assert_eq!(page, "<span lang=\"en\" dir=\"ltr\">Hi</span>|Hi");
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        for template in
            ["{{ nothing }}", "{{ empty }}", "{{ t('nothing') }}", "{{ asset('nothing.css') }}", "{{ 'a'|safe }}"]
        {
            let outcome = render(template, &[], "en", context! { empty => None::<String> });
            assert!(outcome.is_err(), "{template} gave {outcome:?}");
        }
    }

    #[test]
    fn a_slash_in_a_link_stays_a_slash() {
        let page = render("{{ url }}", &[], "en", context! { url => "otpauth://totp/a?b=c&d=e" }).unwrap();
        assert_eq!(page, "otpauth://totp/a?b=c&amp;d=e");
    }

    #[test]
    fn a_broken_template_is_named_with_its_line() {
        let error = render("one\n{% if %}", &[], "en", context! {}).unwrap_err().to_string();
        assert!(error.starts_with("it.html:2: "), "{error}");
    }
}
