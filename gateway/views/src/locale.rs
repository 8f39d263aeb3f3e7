//! Words: Fluent messages in eleven languages, with English behind each of them (R10).

use std::collections::BTreeMap;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource};
use serde::Serialize;
use unic_langid::LanguageIdentifier;

use crate::error::ViewsError;

/// A language people may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Language {
    /// `fr`.
    pub tag: &'static str,
    /// Its name in itself: `Français`.
    pub name: &'static str,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
}

/// The languages in the order of the selector (decision A28).
pub(crate) const LANGUAGES: [Language; 11] = [
    ENGLISH,
    Language { tag: "de", name: "Deutsch", dir: "ltr" },
    Language { tag: "fr", name: "Français", dir: "ltr" },
    Language { tag: "es", name: "Español", dir: "ltr" },
    Language { tag: "it", name: "Italiano", dir: "ltr" },
    Language { tag: "pt-BR", name: "Português (Brasil)", dir: "ltr" },
    Language { tag: "nl", name: "Nederlands", dir: "ltr" },
    Language { tag: "pl", name: "Polski", dir: "ltr" },
    Language { tag: "ja", name: "日本語", dir: "ltr" },
    Language { tag: "zh-Hans", name: "简体中文", dir: "ltr" },
    Language { tag: "ar", name: "العربية", dir: "rtl" },
];

/// The tags of [`LANGUAGES`], as language negotiation takes them.
pub(crate) const TAGS: [&str; 11] = ["en", "de", "fr", "es", "it", "pt-BR", "nl", "pl", "ja", "zh-Hans", "ar"];

/// The language that others fall back to.
pub(crate) const ENGLISH: Language = Language { tag: "en", name: "English", dir: "ltr" };

/// The language of a tag; English for a tag that is none of ours.
pub(crate) fn language(tag: &str) -> Language {
    LANGUAGES.into_iter().find(|language| language.tag == tag).unwrap_or(ENGLISH)
}

/// A file of words.
pub(crate) struct WordsFile {
    /// Its name in messages: `locales/fr.ftl`, or the path of an operator's file.
    pub(crate) name: String,
    /// Its text.
    pub(crate) source: String,
}

/// A message, formatted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// The words.
    pub(crate) text: String,
    /// Their language: the one asked for, or English.
    pub(crate) language: Language,
}

/// All words, by language.
pub(crate) struct Locales {
    bundles: BTreeMap<&'static str, FluentBundle<FluentResource>>,
}

impl Locales {
    /// Parses the words: for each language the built-in file, then the operator's, whose messages win one by one.
    pub(crate) fn new(files: &BTreeMap<&'static str, Vec<WordsFile>>) -> Result<Self, ViewsError> {
        let mut bundles = BTreeMap::new();
        for language in LANGUAGES {
            let layers = files.get(language.tag).map(Vec::as_slice).unwrap_or_default();
            bundles.insert(language.tag, bundle(language.tag, layers)?);
        }
        Ok(Self { bundles })
    }

    /// A message in a language. English when that language has no such message or its message cannot be formatted;
    /// `None` when English has none either.
    pub(crate) fn format(&self, tag: &str, key: &str, args: &FluentArgs<'_>) -> Option<Phrase> {
        let wanted = language(tag);
        [wanted, ENGLISH].into_iter().find_map(|language| {
            let text = self.bundles.get(language.tag).and_then(|bundle| format_in(bundle, key, args))?;
            Some(Phrase { text, language })
        })
    }
}

fn format_in(bundle: &FluentBundle<FluentResource>, key: &str, args: &FluentArgs<'_>) -> Option<String> {
    let pattern = bundle.get_message(key)?.value()?;
    let mut errors: Vec<FluentError> = Vec::new();
    let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
    // A message with a hole in it is worse than the English one.
    errors.is_empty().then_some(text)
}

fn bundle(tag: &'static str, layers: &[WordsFile]) -> Result<FluentBundle<FluentResource>, ViewsError> {
    let id: LanguageIdentifier = tag.parse().map_err(|_| ViewsError::Language(tag))?;
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Foreign runs are isolated by the renderer, which knows whether it writes HTML or text.
    bundle.set_use_isolating(false);
    for file in layers {
        bundle.add_resource_overriding(parse(file)?);
    }
    Ok(bundle)
}

fn parse(file: &WordsFile) -> Result<FluentResource, ViewsError> {
    FluentResource::try_new(file.source.clone()).map_err(|(_, errors)| {
        let (at, message) = match errors.first() {
            Some(error) => (error.pos.start, error.kind.to_string()),
            None => (0, "cannot be parsed".to_owned()),
        };
        ViewsError::Words { name: file.name.clone(), line: line_of(&file.source, at), message }
    })
}

/// The line of a byte offset, from 1.
fn line_of(source: &str, at: usize) -> usize {
    source.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locales(english: &str, french: &str) -> Result<Locales, ViewsError> {
        let file = |tag, source: &str| vec![WordsFile { name: format!("{tag}.ftl"), source: source.to_owned() }];
        Locales::new(&BTreeMap::from([("en", file("en", english)), ("fr", file("fr", french))]))
    }

    #[test]
    fn a_missing_message_is_said_in_english() {
        let words = locales("hello = Hello\nbye = Bye", "hello = Bonjour").unwrap();
        let say = |tag, key| words.format(tag, key, &FluentArgs::new()).map(|p| (p.text, p.language.tag));
        assert_eq!(say("fr", "hello"), Some(("Bonjour".to_owned(), "fr")));
        assert_eq!(say("fr", "bye"), Some(("Bye".to_owned(), "en")));
        assert_eq!(say("tlh", "bye"), Some(("Bye".to_owned(), "en")));
        assert_eq!(say("fr", "nothing"), None);
    }

    #[test]
    fn a_message_with_a_hole_is_said_in_english() {
        let words = locales("tries = { $left } left", "tries = { $restants } restants").unwrap();
        let mut args = FluentArgs::new();
        args.set("left", 3);
        assert_eq!(words.format("fr", "tries", &args).map(|p| p.text), Some("3 left".to_owned()));
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let error = locales("one = 1\ntwo = { $", "").err().unwrap().to_string();
        assert!(error.starts_with("en.ftl:2: "), "{error}");
    }

    #[test]
    fn the_tags_are_those_of_the_languages() {
        assert_eq!(LANGUAGES.map(|l| l.tag), TAGS);
    }
}
