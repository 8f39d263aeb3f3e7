//! What a notice says, how loudly, and about which field.

use doorward_api::ScreenPage;
use doorward_api::flow::Notice;
use minijinja::{Value, context};
use serde::Serialize;

use crate::render::{TimeForm, time_element};

/// A notice as the templates take it.
#[derive(Debug, Serialize)]
pub(crate) struct NoticeView {
    /// `error` or `info`.
    level: &'static str,
    /// The words.
    key: &'static str,
    /// The words' fields.
    args: Value,
    /// A second sentence.
    hint: Option<&'static str>,
    /// The id of the field that it is about; `None` when it is about the page.
    field: Option<&'static str>,
}

/// From how many failures in a row on a wrong clock is the likelier reason (W8).
const CLOCK_HINT_FROM: u32 = 2;

impl NoticeView {
    /// The words of a notice on a page.
    pub(crate) fn new(notice: &Notice, page: &ScreenPage) -> Self {
        let key = key(notice, page);
        let about_field = is_error(notice) && !about_page(notice);
        NoticeView {
            level: if is_error(notice) { "error" } else { "info" },
            key,
            args: args(notice),
            hint: match notice {
                Notice::PasscodeNotAccepted { times } if *times >= CLOCK_HINT_FROM => Some("notice-clock-hint"),
                _ => None,
            },
            field: if about_field { field(notice, page) } else { None },
        }
    }
}

fn key(notice: &Notice, page: &ScreenPage) -> &'static str {
    match notice {
        Notice::NotAccepted => "notice-not-accepted",
        Notice::PasscodeNotAccepted { .. } => "notice-passcode-not-accepted",
        Notice::PasscodeUsed => "notice-passcode-used",
        Notice::Locked { .. } => "notice-locked",
        Notice::CodeWrong { .. } => "notice-code-wrong",
        Notice::CodeExpired => "notice-code-expired",
        Notice::CodeVoid => "notice-code-void",
        Notice::CodeLimit { .. } => "notice-code-limit",
        Notice::CodeDayLimit { .. } => "notice-code-day-limit",
        Notice::NoEmail => "notice-no-email",
        Notice::MailFailed => "notice-mail-failed",
        Notice::CodeSentAgain => "notice-code-sent-again",
        Notice::ChooseTarget => "notice-choose-target",
        Notice::Empty => match page {
            ScreenPage::Name { .. } => "notice-empty-name",
            ScreenPage::Password => "notice-empty-password",
            ScreenPage::CheckEmail { .. } => "notice-empty-code",
            ScreenPage::ChooseKind { .. } | ScreenPage::ChooseDevice { .. } => "notice-choose-target",
            _ => "notice-empty-passcode",
        },
        Notice::StaleForm => "notice-stale-form",
        Notice::NoLongerOffered => "notice-no-longer-offered",
    }
}

fn args(notice: &Notice) -> Value {
    match notice {
        Notice::Locked { until } | Notice::CodeLimit { until } => {
            context! { time => time_element(TimeForm::Clock, *until) }
        }
        // That may be tomorrow.
        Notice::CodeDayLimit { until } => context! { time => time_element(TimeForm::Moment, *until) },
        Notice::CodeWrong { tries_left } => context! { tries => tries_left },
        _ => context! {},
    }
}

fn is_error(notice: &Notice) -> bool {
    !matches!(notice, Notice::CodeSentAgain | Notice::StaleForm)
}

/// Whether no field could be filled in better.
fn about_page(notice: &Notice) -> bool {
    matches!(
        notice,
        Notice::Locked { .. }
            | Notice::CodeLimit { .. }
            | Notice::CodeDayLimit { .. }
            | Notice::NoEmail
            | Notice::MailFailed
            | Notice::NoLongerOffered
    )
}

/// The id of the page's one field; of the button, where only a new code helps.
fn field(notice: &Notice, page: &ScreenPage) -> Option<&'static str> {
    match page {
        ScreenPage::Name { .. } => Some("username"),
        ScreenPage::Password => Some("password"),
        ScreenPage::Passcode { suspended: false, .. } | ScreenPage::FirstPasscode { .. } => Some("otp"),
        ScreenPage::CheckEmail { .. } if matches!(notice, Notice::CodeVoid | Notice::CodeExpired) => Some("resend"),
        ScreenPage::CheckEmail { .. } => Some("verification_code"),
        ScreenPage::ChooseKind { .. } | ScreenPage::ChooseDevice { .. } => Some("target"),
        _ => None,
    }
}
