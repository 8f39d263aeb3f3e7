//! How the portal of a virtual server looks and speaks: its appearance, made ready for rendering once and shared by all pages.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use doorward_api::VirtualServerId;
use doorward_api::settings::{Appearance, Logo, Seen, StoredDocument};
use minijinja::value::Object;

use crate::locale::{ENGLISH, LANGUAGES, Language, Words, empty_words};
use crate::palette::Palette;
use crate::wording;

/// A version of a virtual server's appearance, read and ready. What cannot be used of it is as Doorward comes.
pub struct Look {
    version: i64,
    product_name: Option<String>,
    palette: Option<Palette>,
    logo: Option<Logo>,
    support: Option<String>,
    support_url: Option<String>,
    languages: Vec<Language>,
    default_language: Language,
    words: BTreeMap<&'static str, Words>,
}

impl Look {
    /// Makes a version of an appearance ready.
    pub fn new(appearance: &Appearance, version: i64) -> Self {
        let languages = offered(&appearance.languages);
        Self {
            version,
            product_name: appearance.product_name.clone(),
            palette: Palette::of(appearance),
            logo: appearance.logo.clone(),
            support: appearance.support.clone(),
            support_url: appearance.support_url.clone(),
            default_language: default_among(&languages, appearance.default_language.as_deref()),
            languages,
            words: words(appearance),
        }
    }

    /// Counts the changes of the appearance: what the addresses of its style sheet and its logo are told apart by.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The tags of the languages that are offered, in the order of the selector: at least one.
    pub fn languages(&self) -> Vec<&'static str> {
        self.languages.iter().map(|language| language.tag).collect()
    }

    /// The language of those who ask for none that is offered.
    pub fn default_language(&self) -> &'static str {
        self.default_language.tag
    }

    /// The name at the head of pages and mails, where there is one; the virtual server's own where there is none.
    pub fn product_name(&self) -> Option<&str> {
        self.product_name.as_deref()
    }

    /// Whom to ask for help.
    pub fn support(&self) -> Option<&str> {
        self.support.as_deref()
    }

    /// Where help is.
    pub fn support_url(&self) -> Option<&str> {
        self.support_url.as_deref()
    }

    /// The picture at the head of each page: what `/appearance/{version}.logo` answers.
    pub fn logo(&self) -> Option<&Logo> {
        self.logo.as_ref()
    }

    /// The style sheet of the accent colour: what `/appearance/{version}.css` answers.
    pub fn accent_css(&self) -> Option<String> {
        self.palette.map(|palette| palette.css())
    }

    /// The languages that are offered, as the selector takes them.
    pub(crate) fn choices(&self) -> &[Language] {
        &self.languages
    }

    pub(crate) fn palette(&self) -> Option<&Palette> {
        self.palette.as_ref()
    }

    /// The words in place of ours in a language, if there are any.
    pub(crate) fn words(&self, tag: &str) -> Option<&Words> {
        self.words.get(tag)
    }
}

impl Default for Look {
    /// As Doorward comes.
    fn default() -> Self {
        Self::new(&Appearance::default(), 0)
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("version", &self.version).finish_non_exhaustive()
    }
}

/// Templates hand it on to the functions that find words; they read nothing of it themselves.
impl Object for Look {}

fn offered(named: &[String]) -> Vec<Language> {
    let ours = |language: &Language| named.iter().any(|tag| tag == language.tag);
    let offered: Vec<Language> = LANGUAGES.into_iter().filter(ours).collect();
    if offered.is_empty() { LANGUAGES.to_vec() } else { offered }
}

fn default_among(offered: &[Language], named: Option<&str>) -> Language {
    let of = |tag: &str| offered.iter().copied().find(|language| language.tag == tag);
    let named = named.and_then(of);
    named.or_else(|| of(ENGLISH.tag)).or_else(|| offered.first().copied()).unwrap_or(ENGLISH)
}

fn words(appearance: &Appearance) -> BTreeMap<&'static str, Words> {
    let mut all = BTreeMap::new();
    for language in LANGUAGES {
        let texts = appearance.texts.get(language.tag).into_iter().flatten();
        let readable: Vec<_> = texts.filter_map(|(name, text)| wording::read(name, text)).collect();
        // A tag of ours is always one; without a bundle our own words are said.
        if let (false, Ok(mut words)) = (readable.is_empty(), empty_words(language.tag)) {
            for resource in readable {
                words.add_resource_overriding(resource);
            }
            all.insert(language.tag, words);
        }
    }
    all
}

/// The looks of all virtual servers: each is made when a version of its appearance is first seen, and kept until there is
/// another.
#[derive(Debug, Default)]
pub struct Looks(Mutex<BTreeMap<VirtualServerId, Arc<Look>>>);

impl Looks {
    /// The look of a virtual server whose appearance is stored like this. `None` when what is stored is no appearance.
    pub fn of(&self, vs: &VirtualServerId, stored: &StoredDocument) -> Option<Arc<Look>> {
        if let Some(look) = self.last(vs).filter(|look| look.version == stored.version) {
            return Some(look);
        }
        let Seen { document, version } = Seen::<Appearance>::read(stored)?;
        let look = Arc::new(Look::new(&document, version));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(vs.clone(), look.clone());
        Some(look)
    }

    /// The look that was made last for a virtual server, whatever is stored by now.
    pub fn last(&self, vs: &VirtualServerId) -> Option<Arc<Look>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(vs).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(languages: &[&str]) -> Appearance {
        Appearance { languages: languages.iter().map(|tag| (*tag).to_owned()).collect(), ..Appearance::default() }
    }

    #[test]
    fn languages_are_offered_in_the_order_of_the_selector() {
        assert_eq!(Look::new(&tags(&["ar", "de", "tlh"]), 1).languages(), ["de", "ar"]);
        assert_eq!(Look::new(&tags(&["tlh"]), 1).languages().len(), LANGUAGES.len());
        assert_eq!(Look::default().languages().len(), LANGUAGES.len());
    }

    #[test]
    fn the_default_language_is_one_that_is_offered() {
        let with = |offered: &[&str], named: Option<&str>| {
            let appearance = Appearance { default_language: named.map(str::to_owned), ..tags(offered) };
            Look::new(&appearance, 1).default_language()
        };
        assert_eq!(with(&[], None), "en");
        assert_eq!(with(&["de", "fr"], Some("fr")), "fr");
        assert_eq!(with(&["de", "fr"], None), "de");
        assert_eq!(with(&["de", "fr"], Some("ja")), "de");
    }

    #[test]
    fn a_look_is_made_once_for_each_version() {
        let looks = Looks::default();
        let vs = VirtualServerId::new("default");
        let stored = |body: &str, version| StoredDocument { body: Some(body.to_owned()), version };
        let named = |name: &str| {
            let appearance = Appearance { product_name: Some(name.to_owned()), ..Appearance::default() };
            serde_json::to_string(&appearance).unwrap()
        };
        let first = looks.of(&vs, &stored(&named("One"), 1)).unwrap();
        assert!(Arc::ptr_eq(&first, &looks.of(&vs, &stored(&named("One"), 1)).unwrap()));
        let second = looks.of(&vs, &stored(&named("Two"), 2)).unwrap();
        assert_eq!((second.product_name(), second.version()), (Some("Two"), 2));
        assert!(looks.of(&vs, &stored("{\"no\":\"appearance\"}", 3)).is_none());
        let never = StoredDocument { body: None, version: 0 };
        assert_eq!(looks.of(&VirtualServerId::new("other"), &never).unwrap().product_name(), None);
    }
}
