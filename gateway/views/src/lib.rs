//! The face of the gateway: models in, pages and mails out, in the reader's language. Templates, words and assets are
//! built in; an operator's folder may override single files. No I/O happens after start.
//!
//! A page goes this way: [`Screen`] → `screen` and `notice` (which words, which fields) → `render` (the template engine,
//! with the words of `locale`) → HTML.

mod builtin;
pub mod console;
pub mod console_records;
#[cfg(test)]
mod console_records_samples;
#[cfg(test)]
mod console_samples;
mod error;
mod loader;
mod locale;
mod mail;
mod notice;
mod own;
mod page;
mod render;
mod samples;
mod screen;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use doorward_api::mail::MailKind;
use doorward_api::{Screen, Secret};
use minijinja::{Environment, Value, context};

pub use error::ViewsError;
pub use loader::Asset;
pub use locale::Language;
pub use mail::MailText;
pub use own::{OwnCan, OwnDone, OwnPage, OwnProblem, OwnTask, OwnTokenPage, OwnTokenRow, OwnTokenState, OwnWrong};
pub use page::{Chrome, MessageKind, MessagePage, StartApp, StartPage};

use console::{ConsoleFrame, ConsolePage};
use loader::Sources;
use locale::Locales;

/// All pages, mails, words and assets, parsed and ready. Shared by all requests.
pub struct Views {
    env: Environment<'static>,
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
        let locales = Arc::new(Locales::new(&sources.words)?);
        let env = render::environment(sources.templates, locales, &sources.assets)?;
        let views = Views { env, assets: sources.assets };
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

    /// Whether it is really lost.
    pub fn own_lost(&self, token: &OwnTokenRow, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own_lost", chrome, context! { token })
    }

    /// Whether all sessions are really to be ended.
    pub fn own_sign_out(&self, chrome: &Chrome) -> Result<String, ViewsError> {
        self.page("own_sign_out", chrome, context! {})
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
        };
        let template = self.env.get_template(&format!("admin/{}.html", page.name()))?;
        Ok(template.render(context! { ..around, ..page.fields() })?)
    }

    /// The words of a mail. Fields: `code`, `minutes` and perhaps `app` and `sent_at` for a verification code; `device`
    /// (a target), `when`, `dispute_url` and perhaps `address` for a notice. Times are milliseconds or RFC 3339.
    pub fn mail(
        &self,
        kind: MailKind,
        language: &str,
        fields: &BTreeMap<String, Secret>,
        brand: &str,
    ) -> Result<MailText, ViewsError> {
        mail::render(&self.env, kind, language, fields, brand)
    }

    /// A static file, by its name: `doorward.css`.
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }

    fn page(&self, name: &str, chrome: &Chrome, fields: Value) -> Result<String, ViewsError> {
        let frame = context! {
            chrome => chrome,
            lang => locale::language(&chrome.language),
            languages => locale::LANGUAGES,
        };
        let template = self.env.get_template(&format!("pages/{name}.html"))?;
        Ok(template.render(context! { ..frame, ..fields })?)
    }

    /// Renders everything once in every language and throws it away.
    fn try_out(&self) -> Result<(), ViewsError> {
        for tag in locale::TAGS {
            let chrome = samples::chrome(tag);
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
                self.mail(kind, tag, &fields, &chrome.brand)?;
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
mod tests;
