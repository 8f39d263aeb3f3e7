//! The page behind the link of a provisioning mail.

use doorward_api::{Secret, Timestamp};
use minijinja::{Value, context};

use crate::screen::svg_element;

/// `GET /enrol-by-mail/…`.
#[derive(Debug, Clone)]
pub enum ByMailPage {
    /// It can be begun.
    Ask {
        /// The sign-in name of whom it is for.
        name: String,
        /// Until when.
        until: Timestamp,
        /// The form's action.
        action: String,
        /// On what the link should be opened, where not on this device: true for a phone, false for a computer.
        elsewhere: Option<bool>,
        /// The link's own address, for another device.
        url: Secret,
        /// The same as a QR code: an SVG document of ours, put into the page as it is.
        qr: Option<String>,
    },
    /// It leads no further: the middle of the words' keys, `by-mail-<why>`.
    Gone(&'static str),
    /// There is an authenticator by it.
    Done,
}

impl ByMailPage {
    /// Why a link leads no further: each has words of its own.
    pub const GONE: [&str; 8] = ["unknown", "used", "enrolled", "locked", "expired", "removed", "not-now", "over"];

    pub(crate) fn fields(&self) -> Value {
        match self {
            ByMailPage::Ask { name, until, action, elsewhere, url, qr } => context! {
                kind => "ask",
                name,
                until,
                action,
                phone => elsewhere == &Some(true),
                computer => elsewhere == &Some(false),
                url => elsewhere.map(|_| url.expose()),
                qr => qr.as_deref().map(svg_element),
            },
            ByMailPage::Gone(why) => context! { kind => *why },
            ByMailPage::Done => context! { kind => "done" },
        }
    }
}
