//! The face of the gateway: models in, pages and mails out, in the reader's language. Templates, words and assets are
//! built in; an operator's folder may override single files. No I/O happens after start.
//!
//! A page goes this way: [`Screen`] → `screen` and `notice` (which words, which fields) → `render` (the template engine,
//! with the words of `locale`) → HTML.

mod builtin;
mod by_mail;
pub mod console;
pub mod console_access;
#[cfg(test)]
mod console_access_samples;
pub mod console_appearance;
#[cfg(test)]
mod console_appearance_samples;
pub mod console_approvals;
pub mod console_enrolment;
#[cfg(test)]
mod console_enrolment_samples;
pub mod console_past;
pub mod console_policies;
#[cfg(test)]
mod console_policies_samples;
pub mod console_provisioning;
pub mod console_provisioning_rules;
#[cfg(test)]
mod console_provisioning_rules_samples;
#[cfg(test)]
mod console_provisioning_samples;
pub mod console_records;
#[cfg(test)]
mod console_records_samples;
#[cfg(test)]
mod console_samples;
mod console_ways;
mod error;
mod loader;
mod locale;
mod look;
mod mail;
mod notice;
mod own;
mod page;
mod palette;
mod passkeys;
mod render;
mod samples;
mod screen;
mod wording;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use doorward_api::mail::MailKind;
use doorward_api::settings::Appearance;
use doorward_api::{FieldFault, FieldRule, Screen, Secret};
use minijinja::{Environment, Value, context};

pub use by_mail::ByMailPage;
pub use error::ViewsError;
pub use loader::Asset;
pub use locale::Language;
pub use look::{Look, Looks};
pub use mail::MailText;
pub use own::{
    OwnCan, OwnCodesPage, OwnDone, OwnPage, OwnProblem, OwnRecoveryPage, OwnRecoveryView, OwnSaid, OwnTask,
    OwnTokenPage, OwnTokenRow, OwnTokenState, OwnWrong,
};
pub use page::{Chrome, MessageKind, MessagePage, StartApp, StartPage};
pub use palette::accent_css;
pub use passkeys::{PasskeyAddPage, PasskeyRow, PasskeysPage, PasskeysSaid, PasskeysWrong};
pub use wording::Wording;

use console::{ConsoleFrame, ConsolePage};
use loader::Sources;
use locale::Locales;

/// All pages, mails, words and assets, parsed and ready. Shared by all requests.
pub struct Views {
    env: Environment<'static>,
    locales: Arc<Locales>,
    assets: BTreeMap<String, Asset>,
}

impl Views {
    /// Built-in views, with single files overridden by those of a folder: `pages/…`, `mail/…`, `locales/….ftl` (message
    /// by message), `static/…`. An operator's files are tried out on every page in every language, so that what is wrong
    /// with them is said at start, by file and line.
    pub fn new(overrides: Option<&Path>) -> Result<Views, ViewsError> {
        let mut sources = Sources::built_in();
        if let Some(folder) = overrides {
            sources.overlay(folder)?;
        }
        let locales = Arc::new(Locales::new(sources.words)?);
        let env = render::environment(sources.templates, locales.clone(), &sources.assets)?;
        let views = Views { env, locales, assets: sources.assets };
        if overrides.is_some() {
            views.try_out()?;
        }
        Ok(views)
    }

    /// The tags of the languages, in the order of the selector. The first is the one that others fall back to.
    pub fn languages(&self) -> &'static [&'static str] {
        &locale::TAGS
    }

    /// The languages with their own names, in the order of the selector.
    pub fn language_choices(&self) -> &'static [Language] {
        &locale::LANGUAGES
    }

    /// The page of a step. `qr_svg` is the QR code of W5: an SVG document of ours, put into the page as it is.
    pub fn screen(&self, screen: &Screen, chrome: &Chrome, qr_svg: Option<&str>) -> Result<String, ViewsError> {
        self.page(screen.page.name(), chrome, screen::fields(screen, qr_svg))
    }

    /// The portal's start page.
    pub fn start(&self, page: &StartPage, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("start", chrome, Value::from_serialize(page))
    }

    /// The user's own authenticators.
    pub fn own(&self, page: &OwnPage, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own", chrome, page.fields())
    }

    /// One of them.
    pub fn own_token(&self, page: &OwnTokenPage, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own_token", chrome, page.fields())
    }

    /// Whether it is really lost. With `replace` it is given up for good, for another.
    pub fn own_lost(&self, token: &OwnTokenRow, replace: bool, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own_lost", chrome, context! { token, replace })
    }

    /// Another authenticator. `proved`: one of those that there are was shown a moment ago, so that it can be begun at once.
    pub fn own_add(&self, proved: bool, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own_add", chrome, context! { proved })
    }

    /// Whether their owner can do without it. `proved` as there.
    pub fn own_remove(&self, token: &OwnTokenRow, proved: bool, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own_remove", chrome, context! { token, proved })
    }

    /// The user's own passkeys.
    pub fn passkeys(&self, page: &PasskeysPage, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("passkeys", chrome, page.fields())
    }

    /// Another one is made.
    pub fn passkeys_add(&self, page: &PasskeyAddPage, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("passkeys_add", chrome, page.fields())
    }

    /// Whether one is really to be removed.
    pub fn passkeys_remove(&self, passkey: &PasskeyRow, proved: bool, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("passkeys_remove", chrome, context! { passkey, proved })
    }

    /// The passcode by which recovery codes are made.
    pub fn own_recovery(&self, page: &OwnRecoveryPage, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own_recovery", chrome, page.fields())
    }

    /// The recovery codes that were made.
    pub fn own_codes(&self, page: &OwnCodesPage, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own_codes", chrome, page.fields())
    }

    /// Whether all sessions are really to be ended.
    pub fn own_sign_out(&self, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own_sign_out", chrome, context! {})
    }

    /// The page behind the link of a provisioning mail.
    pub fn by_mail(&self, page: &ByMailPage, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("by_mail", chrome, page.fields())
    }

    /// A page that says one thing.
    pub fn message(&self, page: &MessagePage, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("message", chrome, page.fields())
    }

    /// A page of the console.
    pub fn console(&self, page: &ConsolePage, frame: &ConsoleFrame) -> Result<String, ViewsError> {
        let around = context! {
            chrome => frame,
            lang => locale::language(&frame.language),
            languages => locale::LANGUAGES,
            shown_once => page.is_shown_once(),
        };
        let template = self.env.get_template(&format!("admin/{}.html", page.name()))?;
        Ok(template.render(context! { ..around, ..page.fields() })?)
    }

    /// The words of a mail. Fields: `code`, `minutes` and perhaps `app` and `sent_at` for a verification code; `device`
    /// (a target), `when`, `dispute_url` and perhaps `address` for a notice; `deadline` (a day), `days`, `portal_url` and
    /// perhaps `app` for a reminder; `portal_url` and `until` for an approval; `when`, `left`, `portal_url` and perhaps
    /// `address` for a recovery code that was used. Times are milliseconds or RFC 3339. The product's name that a look may have
    /// is said in place of `brand`.
    pub fn mail(
        &self,
        kind: MailKind,
        language: &str,
        fields: &BTreeMap<String, Secret>,
        brand: &str,
        look: &Arc<Look>,
    ) -> Result<MailText, ViewsError> {
        mail::render(&self.env, kind, language, fields, brand, look)
    }

    /// The names of the messages of pages and mails: those that operators may put words in place of, in the order in which
    /// people meet them.
    pub fn message_names(&self) -> &[String] {
        self.locales.replaceable()
    }

    /// Those messages in our words in a language; in English where there are none in that language.
    pub fn wordings(&self, language: &str) -> Vec<Wording> {
        self.locales.wordings(language)
    }

    /// What is wrong with the words that an appearance puts in place of ours, each at `texts.<language>.<name>`: there is no
    /// such message, they cannot be read as one, or they refer to what ours do not say.
    pub fn check_texts(&self, appearance: &Appearance) -> Vec<FieldFault> {
        let texts = appearance.texts.iter().flat_map(|(tag, texts)| texts.iter().map(move |text| (tag, text)));
        let said = texts.filter(|(_, (_, text))| !text.trim().is_empty());
        let fault = |(tag, (name, text)): (&String, (&String, &String))| {
            let rule = self.broken_rule(tag, name, text)?;
            Some(FieldFault::new(format!("texts.{tag}.{name}"), rule))
        };
        said.filter_map(fault).collect()
    }

    fn broken_rule(&self, tag: &str, name: &String, text: &str) -> Option<FieldRule> {
        if !self.message_names().contains(name) {
            return Some(FieldRule::Unknown { value: name.clone() });
        }
        wording::fault(name, text, &self.locales.variables(tag, name))
    }

    /// A static file, by its name: `doorward.css`.
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }

    fn page(&self, name: &str, chrome: &Chrome, fields: Value) -> Result<String, ViewsError> {
        let template = self.env.get_template(&format!("pages/{name}.html"))?;
        Ok(template.render(context! { ..chrome.around(), ..fields })?)
    }

    /// Renders everything once in every language and throws it away.
    fn try_out(&self) -> Result<(), ViewsError> {
        for chrome in locale::TAGS.into_iter().flat_map(|tag| [samples::chrome(tag), samples::dressed(tag)]) {
            for (_, screen) in samples::screens() {
                self.screen(&screen, &chrome, Some(samples::QR))?;
            }
            for (_, page) in samples::starts() {
                self.start(&page, &chrome)?;
            }
            samples::own_pages(self, &chrome)?;
            for page in samples::messages() {
                self.message(&page, &chrome)?;
            }
            for (kind, fields) in samples::mails() {
                self.mail(kind, &chrome.language, &fields, &chrome.brand, &chrome.look)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Views {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Views").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod console_tests;
#[cfg(test)]
mod look_tests;
#[cfg(test)]
mod tests;
