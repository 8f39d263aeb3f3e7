//! Words: Fluent messages in eleven languages, with English behind each of them (R10).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

pub use doorward_api::language::Language;
pub(crate) use doorward_api::language::{ENGLISH, LANGUAGES, TAGS};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource};
use fluent_syntax::ast::{Entry, Message, Pattern};
use unic_langid::LanguageIdentifier;

use crate::error::ViewsError;
use crate::look::Look;
use crate::wording::{self, Wording};

/// The messages of one language.
pub(crate) type Words = FluentBundle<FluentResource>;

/// The language of a tag; English for a tag that is none of ours.
pub(crate) fn language(tag: &str) -> Language {
    LANGUAGES.into_iter().find(|language| language.tag == tag).unwrap_or(ENGLISH)
}

/// A file of words.
pub(crate) struct WordsFile {
    /// Its name in messages: `locales/fr.ftl`, or the path of an operator's file.
    pub(crate) name: String,
    /// Its text. What is built in is borrowed, and known to be right.
    pub(crate) source: Cow<'static, str>,
}

/// A message, formatted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// The words.
    pub(crate) text: String,
    /// Their language: the one asked for, or English.
    pub(crate) language: Language,
}

/// A language: its files, and what they say. It is read when it is spoken first: read, all of them take twenty megabytes and more,
/// and most installations speak two or three.
struct Spoken {
    layers: Vec<WordsFile>,
    words: OnceLock<Option<Words>>,
}

/// All words, by language.
pub(crate) struct Locales {
    languages: BTreeMap<&'static str, Spoken>,
    /// The messages that operators may put words in place of, in the order of the English file.
    replaceable: Vec<String>,
}

impl Locales {
    /// Takes the words: for each language the built-in file, then the operator's, whose messages win one by one. What is wrong with an
    /// operator's file is said now.
    pub(crate) fn new(mut files: BTreeMap<&'static str, Vec<WordsFile>>) -> Result<Self, ViewsError> {
        for file in files.values().flatten().filter(|file| matches!(file.source, Cow::Owned(_))) {
            parse(file)?;
        }
        let replaceable = replaceable(files.get(ENGLISH.tag).map(Vec::as_slice).unwrap_or_default())?;
        let mut spoken = |language: Language| {
            let layers = files.remove(language.tag).unwrap_or_default();
            (language.tag, Spoken { layers, words: OnceLock::new() })
        };
        Ok(Self { languages: LANGUAGES.into_iter().map(&mut spoken).collect(), replaceable })
    }

    /// The words of a language; `None` for one that is none of ours.
    fn words(&self, tag: &str) -> Option<&Words> {
        let (tag, spoken) = self.languages.get_key_value(tag)?;
        // Every file was read before: when it was tested, or when the process began.
        spoken.words.get_or_init(|| bundle(tag, &spoken.layers).ok()).as_ref()
    }

    /// A message in a language: in a look's words if it has any for it, else in ours. English when that language has no such
    /// message or its message cannot be formatted; `None` when English has none either.
    pub(crate) fn format(&self, look: Option<&Look>, tag: &str, key: &str, args: &FluentArgs<'_>) -> Option<Phrase> {
        let wanted = language(tag);
        [wanted, ENGLISH].into_iter().find_map(|language| {
            let theirs = look.and_then(|look| look.words(language.tag));
            let ours = self.words(language.tag);
            let text = theirs.into_iter().chain(ours).find_map(|words| format_in(words, key, args))?;
            Some(Phrase { text, language })
        })
    }

    /// Whether there is a message of a name: English has all there are.
    pub(crate) fn known(&self, name: &str) -> bool {
        self.pattern(ENGLISH.tag, name).is_some()
    }

    /// The names of the messages that operators may put words in place of.
    pub(crate) fn replaceable(&self) -> &[String] {
        &self.replaceable
    }

    /// Those messages in a language; in English where it has none.
    pub(crate) fn wordings(&self, tag: &str) -> Vec<Wording> {
        let wording = |name: &String| {
            let pattern = self.pattern(tag, name).or_else(|| self.pattern(ENGLISH.tag, name))?;
            let variables = self.variables(tag, name).into_iter().collect();
            Some(Wording { name: name.clone(), text: wording::written(name, pattern), variables })
        };
        self.replaceable.iter().filter_map(wording).collect()
    }

    /// What words in place of a message may refer to: whatever ours do.
    pub(crate) fn variables(&self, tag: &str, name: &str) -> BTreeSet<String> {
        [tag, ENGLISH.tag].into_iter().filter_map(|tag| self.pattern(tag, name)).flat_map(wording::references).collect()
    }

    fn pattern(&self, tag: &str, name: &str) -> Option<&Pattern<&str>> {
        self.words(tag)?.get_message(name)?.value()
    }
}

fn replaceable(files: &[WordsFile]) -> Result<Vec<String>, ViewsError> {
    let mut names: Vec<String> = Vec::new();
    for file in files {
        for entry in parse(file)?.entries() {
            if let Entry::Message(Message { id, value: Some(_), .. }) = entry
                && wording::replaceable(id.name)
                && !names.iter().any(|name| name == id.name)
            {
                names.push(id.name.to_owned());
            }
        }
    }
    Ok(names)
}

fn format_in(bundle: &Words, key: &str, args: &FluentArgs<'_>) -> Option<String> {
    let pattern = bundle.get_message(key)?.value()?;
    let mut errors: Vec<FluentError> = Vec::new();
    let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
    // A message with a hole in it is worse than the English one.
    errors.is_empty().then_some(text)
}

fn bundle(tag: &'static str, layers: &[WordsFile]) -> Result<Words, ViewsError> {
    let mut bundle = empty_words(tag)?;
    for file in layers {
        bundle.add_resource_overriding(parse(file)?);
    }
    Ok(bundle)
}

/// No words yet, but the language's plurals.
pub(crate) fn empty_words(tag: &'static str) -> Result<Words, ViewsError> {
    let id: LanguageIdentifier = tag.parse().map_err(|_| ViewsError::Language(tag))?;
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Foreign runs are isolated by the renderer, which knows whether it writes HTML or text.
    bundle.set_use_isolating(false);
    Ok(bundle)
}

fn parse(file: &WordsFile) -> Result<FluentResource, ViewsError> {
    FluentResource::try_new(file.source.clone().into_owned()).map_err(|(_, errors)| {
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
        let file =
            |tag, source: &str| vec![WordsFile { name: format!("{tag}.ftl"), source: Cow::Owned(source.to_owned()) }];
        Locales::new(BTreeMap::from([("en", file("en", english)), ("fr", file("fr", french))]))
    }

    #[test]
    fn a_missing_message_is_said_in_english() {
        let words = locales("hello = Hello\nbye = Bye", "hello = Bonjour").unwrap();
        let say = |tag, key| words.format(None, tag, key, &FluentArgs::new()).map(|p| (p.text, p.language.tag));
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
        assert_eq!(words.format(None, "fr", "tries", &args).map(|p| p.text), Some("3 left".to_owned()));
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let error = locales("one = 1\ntwo = { $", "").err().unwrap().to_string();
        assert!(error.starts_with("en.ftl:2: "), "{error}");
    }
}
