//! A request as the app shows it: question, title and ten numbers, all under our signature.

use data_encoding::BASE32;
use doorward_api::PluginError;
use doorward_api::push::{Push, PushContext, PushPurpose};
use serde_json::{Value, json};

use crate::bytes::{Fixed, mac};
use crate::keys::ServerKey;

/// The numbers that the host draws of (decision B5).
const NUMBERS: std::ops::RangeInclusive<u8> = 10..=99;

/// Wrong numbers beside the right one: the app shows ten at most.
const DECOYS: usize = 9;

/// Bytes of a nonce: 32 characters of base32.
const NONCE_LEN: usize = 20;

/// The most characters of a title and of a question.
const TITLE_MAX: usize = 64;
const QUESTION_MAX: usize = 240;

/// What the app may tell besides yes and no, as JSON in the form of RFC 8785.
const CAPABILITIES: &str = r#"{"decline_reason":true}"#;

/// A request as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) nonce: String,
    /// Where the app answers. It writes it anew before it checks the signature, so it must have one spelling only.
    pub(crate) url: String,
    pub(crate) serial: String,
    pub(crate) question: String,
    pub(crate) title: String,
    /// Separated by commas.
    pub(crate) options: String,
}

/// What a token draws its own nonces and decoys from.
pub(crate) type TokenSecret = Fixed<32>;

impl Challenge {
    /// The request for one token. `None` for a number that could not be offered.
    pub(crate) fn of(push: &Push, secret: &TokenSecret, url: &str, serial: &str, issuer: &str) -> Option<Self> {
        let nonce = nonce(secret, push);
        let number = push.data.number.secret().expose().parse().ok().filter(|number| NUMBERS.contains(number))?;
        let options = options(secret, &nonce, number).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
        Some(Self {
            url: url.to_owned(),
            serial: serial.to_owned(),
            question: line(&question(&push.purpose, &push.data.context), QUESTION_MAX),
            title: line(issuer, TITLE_MAX),
            options,
            nonce,
        })
    }

    /// What we sign of it, as the app puts it together.
    pub(crate) fn text(&self) -> String {
        let Self { nonce, url, serial, question, title, options } = self;
        format!("{nonce}|{url}|{serial}|{question}|{title}|1|{options}")
    }

    /// As it is sent.
    ///
    /// # Errors
    /// [`PluginError`].
    pub(crate) fn signed(&self, key: &ServerKey) -> Result<Value, PluginError> {
        Ok(json!({
            "nonce": self.nonce,
            "url": self.url,
            "serial": self.serial,
            "question": self.question,
            "title": self.title,
            "sslverify": "1",
            "require_presence": self.options,
            "version": "2",
            "signature": key.sign(&self.text())?,
            "capabilities": CAPABILITIES,
            "capabilities_signature": key.sign(&capabilities_text(&self.nonce))?,
        }))
    }
}

/// What we sign of the capabilities. The nonce is of base32, so nothing in it need be escaped.
pub(crate) fn capabilities_text(nonce: &str) -> String {
    format!(r#"{{"capabilities":{CAPABILITIES},"nonce":"{nonce}"}}"#)
}

/// By what a token knows a request again: the same at every poll, and another for every token.
pub(crate) fn nonce(secret: &TokenSecret, push: &Push) -> String {
    let drawn = mac(secret, &[b"nonce\0", push.data.nonce.as_bytes()]);
    BASE32.encode(Fixed::<NONCE_LEN>::first_of(drawn.bytes()).bytes())
}

/// The right number among nine others, in an order that tells nothing. Who polls twice sees the same.
fn options(secret: &TokenSecret, nonce: &str, number: u8) -> impl Iterator<Item = u8> {
    let rank = |what: &[u8], number: u8| *mac(secret, &[what, nonce.as_bytes(), &[number]]).bytes();
    let mut options: Vec<u8> = NUMBERS.filter(|other| *other != number).collect();
    options.sort_by_cached_key(|other| rank(b"decoy\0", *other));
    options.truncate(DECOYS);
    options.push(number);
    options.sort_by_cached_key(|other| rank(b"place\0", *other));
    options.into_iter()
}

/// What is asked. The app has no words of ours, so it is English.
fn question(purpose: &PushPurpose, context: &PushContext) -> String {
    let PushContext { application, address, browser } = context;
    let from = match (browser.is_empty(), address.is_empty()) {
        (false, false) => format!(" Asked by {browser} at {address}."),
        (true, false) => format!(" Asked from {address}."),
        (false, true) => format!(" Asked by {browser}."),
        (true, true) => String::new(),
    };
    match (purpose, application) {
        (PushPurpose::SignIn { .. }, Some(application)) => {
            format!("Sign in to {application}? Choose the number that the page shows.{from}")
        }
        (PushPurpose::SignIn { .. }, None) => format!("Sign in? Choose the number that the page shows.{from}"),
        (PushPurpose::HelpDesk { .. }, _) => {
            format!("Are you speaking to the help desk? Choose the number that you are told.{from}")
        }
    }
}

/// One line of what can be seen. Signed texts are told apart by `|` and options by commas, so neither may stand in it.
fn line(text: &str, most: usize) -> String {
    let unseen = |c: &char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    let shown = |c: char| if c.is_control() || matches!(c, '|' | ',') { ' ' } else { c };
    let text: String = text.chars().filter(|c| !unseen(c)).map(shown).collect();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(most).collect::<String>().trim_end().to_owned()
}
