//! The user's own passkeys: listed, made, named and removed.

use doorward_api::Timestamp;
use minijinja::{Value, context};
use serde::Serialize;

use crate::notice::NoticeView;

/// `GET /passkeys`: all of them.
#[derive(Debug, Clone)]
pub struct PasskeysPage {
    /// Oldest first; may be none.
    pub passkeys: Vec<PasskeyRow>,
    /// Another may be made.
    pub can_add: bool,
    /// A token was shown a short while ago; else it must be first.
    pub proved: bool,
    /// What has just become of one.
    pub said: Option<PasskeysSaid>,
    /// What was wrong with the form that was sent.
    pub wrong: Option<PasskeysWrong>,
    /// The passkey whose name was not taken, and that name.
    pub typed: Option<(String, String)>,
}

/// A passkey.
#[derive(Debug, Clone, Serialize)]
pub struct PasskeyRow {
    /// The row; in the addresses of its pages and forms.
    pub id: String,
    /// The serial number.
    pub serial: String,
    /// What it is called; may be empty.
    pub label: String,
    /// It signs in.
    pub active: bool,
    /// When it was made.
    pub added_at: Timestamp,
    /// When it was last used; never when `None`.
    pub last_used_at: Option<Timestamp>,
}

/// What has just become of a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeysSaid {
    /// It was made.
    Added,
    /// It has another name.
    Renamed,
    /// It was removed.
    Removed,
    /// It was not made.
    NotAdded,
    /// It was not removed: nothing was shown by which its owner is known.
    NotRemoved,
}

impl PasskeysSaid {
    /// Every one.
    pub const ALL: [PasskeysSaid; 5] = [
        PasskeysSaid::Added,
        PasskeysSaid::Renamed,
        PasskeysSaid::Removed,
        PasskeysSaid::NotAdded,
        PasskeysSaid::NotRemoved,
    ];

    /// The name in the page's address.
    pub const fn as_str(self) -> &'static str {
        match self {
            PasskeysSaid::Added => "added",
            PasskeysSaid::Renamed => "renamed",
            PasskeysSaid::Removed => "removed",
            PasskeysSaid::NotAdded => "not-added",
            PasskeysSaid::NotRemoved => "not-removed",
        }
    }

    /// Back from [`PasskeysSaid::as_str`]: whatever else an address says is not said on the page.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.as_str() == text)
    }

    fn view(self) -> NoticeView {
        match self {
            PasskeysSaid::Added => NoticeView::good("passkeys-done-added"),
            PasskeysSaid::Renamed => NoticeView::good("own-done-renamed"),
            PasskeysSaid::Removed => NoticeView::good("passkeys-done-removed").and("own-done-elsewhere"),
            PasskeysSaid::NotAdded => NoticeView::error("notice-passkey-not-made", context! {}, None),
            PasskeysSaid::NotRemoved => NoticeView::error("notice-passkey-not-removed", context! {}, None),
        }
    }
}

/// What was wrong with the name of a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeysWrong {
    /// It is too long.
    LabelTooLong {
        /// Characters that it may have.
        max: u32,
    },
    /// It is not one line of visible characters.
    LabelText,
}

impl PasskeysWrong {
    fn view(self) -> NoticeView {
        let field = Some("label");
        match self {
            PasskeysWrong::LabelTooLong { max } => NoticeView::error("notice-label-too-long", context! { max }, field),
            PasskeysWrong::LabelText => NoticeView::error("notice-label-text", context! {}, field),
        }
    }
}

/// `GET /passkeys/add`: the page by which one is made.
#[derive(Debug, Clone)]
pub struct PasskeyAddPage {
    /// What `navigator.credentials.create()` is called with, as JSON.
    pub options: String,
    /// Comes back with the answer.
    pub ceremony: String,
}

impl PasskeysPage {
    pub(crate) fn fields(&self) -> Value {
        let wrong = self.wrong.map(PasskeysWrong::view);
        let (wrong_id, typed) = self.typed.clone().unzip();
        context! {
            passkeys => self.passkeys,
            can_add => self.can_add,
            proved => self.proved,
            notice => wrong.or_else(|| self.said.map(PasskeysSaid::view)),
            wrong_id,
            typed,
        }
    }
}

impl PasskeyAddPage {
    pub(crate) fn fields(&self) -> Value {
        context! { options => self.options, ceremony => self.ceremony }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_can_have_been_done() {
        for said in PasskeysSaid::ALL {
            assert_eq!(PasskeysSaid::parse(said.as_str()), Some(said));
        }
        assert_eq!(PasskeysSaid::parse("everything"), None);
    }
}
