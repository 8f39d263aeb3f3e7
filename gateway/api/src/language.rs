//! The languages that there are.

use serde::Serialize;

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

/// The language that others fall back to.
pub const ENGLISH: Language = Language { tag: "en", name: "English", dir: "ltr" };

/// The languages in the order of the selector (decision A28).
pub const LANGUAGES: [Language; 11] = [
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
pub const TAGS: [&str; LANGUAGES.len()] = tags();

const fn tags() -> [&'static str; LANGUAGES.len()] {
    let mut tags = [ENGLISH.tag; LANGUAGES.len()];
    let mut languages = LANGUAGES.as_slice();
    let mut places = tags.as_mut_slice();
    while let ([language, others @ ..], [place, rest @ ..]) = (languages, places) {
        *place = language.tag;
        languages = others;
        places = rest;
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tags_are_those_of_the_languages() {
        assert_eq!(LANGUAGES.map(|language| language.tag), TAGS);
        assert_eq!(TAGS[0], ENGLISH.tag, "others fall back to the first one");
    }
}
