//! The user's own page: their authenticators, and what they do with them.

use doorward_api::flow::Notice;
use doorward_api::settings::{PinOrder, PinRules};
use doorward_api::{Secret, Target, Timestamp};
use minijinja::{Value, context};
use serde::Serialize;

use crate::notice::NoticeView;

/// `GET /authenticators`: all of them.
#[derive(Debug, Clone)]
pub struct OwnPage {
    /// Oldest first; may be none.
    pub tokens: Vec<OwnTokenRow>,
    /// How they stand with recovery codes; none where users may have none.
    pub recovery: Option<OwnRecoveryView>,
    /// There are passkeys here.
    pub passkeys: bool,
    /// Another may be added.
    pub add: bool,
    /// What has just become of adding or removing one.
    pub said: Option<OwnSaid>,
}

/// What has become of adding or removing an authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnSaid {
    /// Another was added.
    Added,
    /// None can be added.
    NotAdded,
    /// One was removed.
    Removed,
}

impl OwnSaid {
    fn view(self) -> NoticeView {
        match self {
            OwnSaid::Added => NoticeView::good("own-done-added"),
            OwnSaid::NotAdded => NoticeView::error("notice-own-not-added", context! {}, None),
            OwnSaid::Removed => NoticeView::good("own-done-removed").and("own-done-elsewhere"),
        }
    }
}

/// How somebody stands with recovery codes.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OwnRecoveryView {
    /// How many are left; `None` where none were made.
    pub left: Option<usize>,
    /// When they were made.
    pub made_at: Option<Timestamp>,
    /// An authenticator of theirs shows the passcode by which new ones are made.
    pub can_make: bool,
}

/// `GET /recovery-codes`: the passcode by which new ones are made.
#[derive(Debug, Clone)]
pub struct OwnRecoveryPage {
    /// Digits of that passcode.
    pub length: u8,
    /// There are some already, which end with it.
    pub replaces: bool,
    /// What was wrong with the passcode.
    pub wrong: Option<Notice>,
}

/// New recovery codes. They are shown this once.
#[derive(Debug, Clone)]
pub struct OwnCodesPage {
    /// As they are typed.
    pub codes: Vec<Secret>,
}

/// An authenticator.
#[derive(Debug, Clone, Serialize)]
pub struct OwnTokenRow {
    /// The row; in the addresses of its page and its forms.
    pub id: String,
    /// The serial number.
    pub serial: String,
    /// Its own name; may be empty: then the platform's stands in.
    pub label: String,
    /// The platform; a thing has none.
    pub target: Option<Target>,
    /// What can be done with it.
    pub state: OwnTokenState,
    /// Set while it is locked: until when.
    pub until: Option<Timestamp>,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last used; never when `None`.
    pub last_used_at: Option<Timestamp>,
}

/// What can be done with an authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnTokenState {
    /// It signs in.
    Active,
    /// Not for a while.
    Locked,
    /// Not before the help desk gives it back.
    Suspended,
    /// Its first passcode is awaited.
    Assigned,
    /// Never again.
    LockedPin,
}

/// `GET /authenticators/{id}`: one of them, with a form for each task.
#[derive(Debug, Clone)]
pub struct OwnTokenPage {
    /// Which.
    pub token: OwnTokenRow,
    /// What can be done with it here.
    pub can: OwnCan,
    /// What has just been done.
    pub done: Option<OwnDone>,
    /// What was wrong with the form that was sent.
    pub problem: Option<OwnProblem>,
    /// The name that was typed, when it was not taken.
    pub typed_label: Option<String>,
    /// The answer's time.
    pub now: Timestamp,
}

/// What can be done with an authenticator besides giving it a name.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OwnCan {
    /// A passcode can be looked at.
    pub prove: bool,
    /// It can be reported lost.
    pub lose: bool,
    /// It can be removed: there is another.
    pub remove: bool,
    /// It answers questions: passcodes are looked at only where one is asked.
    pub answers: bool,
    /// Digits of a passcode.
    pub length: u8,
    /// Where a PIN is typed with it, if one is.
    pub pin_order: Option<PinOrder>,
    /// The rules for a new PIN, where there is one to change.
    pub pin_rules: Option<PinRules>,
}

/// What a form of the page does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnTask {
    /// Gives it a name.
    Rename,
    /// Tries a passcode out.
    Test,
    /// Finds it again.
    Resync,
    /// Changes its PIN.
    Pin,
}

impl OwnTask {
    /// Every task.
    pub const ALL: [OwnTask; 4] = [OwnTask::Rename, OwnTask::Test, OwnTask::Resync, OwnTask::Pin];

    /// The end of its address: `/authenticators/{id}/name`.
    pub const fn as_str(self) -> &'static str {
        match self {
            OwnTask::Rename => "name",
            OwnTask::Test => "test",
            OwnTask::Resync => "resync",
            OwnTask::Pin => "pin",
        }
    }

    /// The id of its first field.
    const fn field(self) -> &'static str {
        match self {
            OwnTask::Rename => "label",
            OwnTask::Test => "test-otp",
            OwnTask::Resync => "first",
            OwnTask::Pin => "pin-otp",
        }
    }
}

/// What has been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnDone {
    /// The name is changed.
    Renamed,
    /// The passcode was right.
    Tested,
    /// It is in step again.
    Resynced,
    /// The PIN is changed.
    PinChanged,
}

impl OwnDone {
    /// Everything that can be done.
    pub const ALL: [OwnDone; 4] = [OwnDone::Renamed, OwnDone::Tested, OwnDone::Resynced, OwnDone::PinChanged];

    /// The name in the page's address.
    pub const fn as_str(self) -> &'static str {
        match self {
            OwnDone::Renamed => "renamed",
            OwnDone::Tested => "tested",
            OwnDone::Resynced => "resynced",
            OwnDone::PinChanged => "pin-changed",
        }
    }

    /// Back from [`OwnDone::as_str`]: whatever else an address says is not said on the page.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.as_str() == text)
    }
}

/// What was wrong with a form.
#[derive(Debug, Clone)]
pub struct OwnProblem {
    /// Which form.
    pub task: OwnTask,
    /// What.
    pub what: OwnWrong,
}

/// What can be wrong with a form of the page.
#[derive(Debug, Clone)]
pub enum OwnWrong {
    /// The name is too long.
    LabelTooLong {
        /// Characters that it may have.
        max: u32,
    },
    /// The name is not one line of visible characters.
    LabelText,
    /// Of the passcode, or the first of two: as at a sign-in.
    Passcode(Notice),
    /// The second passcode is missing.
    SecondEmpty,
    /// The two passcodes are no pair.
    NotFoundAgain,
    /// Of the new PIN: as at a sign-in.
    Pin(Notice),
    /// That cannot be done any more.
    NotNow,
    /// Somebody else was faster.
    Overtaken,
}

impl OwnProblem {
    fn view(&self, now: Timestamp) -> NoticeView {
        let first = Some(self.task.field());
        match &self.what {
            OwnWrong::LabelTooLong { max } => NoticeView::error("notice-label-too-long", context! { max }, first),
            OwnWrong::LabelText => NoticeView::error("notice-label-text", context! {}, first),
            OwnWrong::Passcode(notice) => NoticeView::about(notice, first, "notice-empty-passcode", now),
            OwnWrong::SecondEmpty => NoticeView::error("notice-empty-passcode", context! {}, Some("second")),
            OwnWrong::NotFoundAgain => NoticeView::error("notice-not-consecutive", context! {}, first),
            OwnWrong::Pin(notice) => {
                let field = if matches!(notice, Notice::PinDiffers) { "pin_again" } else { "pin" };
                NoticeView::about(notice, Some(field), "notice-empty-pin", now)
            }
            OwnWrong::NotNow => NoticeView::error("notice-own-not-now", context! {}, None),
            OwnWrong::Overtaken => NoticeView::error("notice-own-overtaken", context! {}, None),
        }
    }
}

impl OwnPage {
    pub(crate) fn fields(&self) -> Value {
        context! {
            tokens => self.tokens,
            recovery => self.recovery,
            passkeys => self.passkeys,
            add => self.add,
            notice => self.said.map(OwnSaid::view),
        }
    }
}

impl OwnRecoveryPage {
    /// The page's fields as its template takes them.
    pub(crate) fn fields(&self) -> Value {
        // The page has no time of its own: whatever has an end is said with its day.
        let now = Timestamp::default();
        let wrong = |notice| NoticeView::about(notice, Some("otp"), "notice-empty-passcode", now);
        context! {
            length => self.length,
            replaces => self.replaces,
            notice => self.wrong.as_ref().map(wrong),
        }
    }
}

impl OwnCodesPage {
    /// The page's fields as its template takes them.
    pub(crate) fn fields(&self) -> Value {
        // The one place where these leave their Secret: the page is for the eyes of their owner.
        context! { codes => self.codes.iter().map(Secret::expose).collect::<Vec<_>>() }
    }
}

impl OwnTokenPage {
    /// The page's fields as its template takes them.
    pub(crate) fn fields(&self) -> Value {
        let done = self.done.map(|done| match done {
            OwnDone::Renamed => "own-done-renamed",
            OwnDone::Tested => "own-done-tested",
            OwnDone::Resynced => "own-done-resynced",
            OwnDone::PinChanged => "own-done-pin-changed",
        });
        let problem = self.problem.as_ref().map(|problem| problem.view(self.now));
        context! {
            token => self.token,
            can => self.can,
            notice => problem.or_else(|| done.map(NoticeView::good)),
            task => self.problem.as_ref().map(|problem| problem.task.as_str()),
            label => self.typed_label.as_ref().unwrap_or(&self.token.label),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_can_have_been_done() {
        for done in OwnDone::ALL {
            assert_eq!(OwnDone::parse(done.as_str()), Some(done));
        }
        for other in ["", "Renamed", "everything", "renamed "] {
            assert_eq!(OwnDone::parse(other), None, "{other:?}");
        }
    }
}
