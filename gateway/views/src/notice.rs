//! What a notice says, how loudly, and about which field.

use std::time::Duration;

use doorward_api::flow::{Delivery, Notice};
use doorward_api::plugin::PinFault;
use doorward_api::screen::PushView;
use doorward_api::{ScreenPage, Timestamp};
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
    pub(crate) fn new(notice: &Notice, page: &ScreenPage, now: Timestamp) -> Self {
        let view = Self::about(notice, field(notice, page), empty(page), now);
        if stands_in(page) && matches!(notice, Notice::PasscodeNotAccepted { .. }) {
            return NoticeView { key: "notice-stand-in-not-accepted", hint: None, ..view };
        }
        let alone = matches!(page, ScreenPage::FirstPasscode { passcodes: false, .. });
        match (alone, notice_alone(notice)) {
            (true, Some(key)) => NoticeView { key, ..view },
            _ => view,
        }
    }

    /// The words of a notice that is about this field, which is asked for with the words `empty` where nothing was typed.
    pub(crate) fn about(notice: &Notice, field: Option<&'static str>, empty: &'static str, now: Timestamp) -> Self {
        let about_field = is_error(notice) && !about_page(notice);
        NoticeView {
            level: if is_error(notice) { "error" } else { "info" },
            key: key(notice, empty),
            args: args(notice, now),
            hint: match notice {
                Notice::AccountLocked { .. } => Some("notice-account-locked-way"),
                Notice::PasscodeNotAccepted { times } if *times >= CLOCK_HINT_FROM => Some("notice-clock-hint"),
                _ => None,
            },
            field: if about_field { field } else { None },
        }
    }

    /// An error in words that no notice of a sign-in has.
    pub(crate) fn error(key: &'static str, args: Value, field: Option<&'static str>) -> Self {
        NoticeView { level: "error", key, args, hint: None, field }
    }

    /// What went well.
    pub(crate) fn good(key: &'static str) -> Self {
        NoticeView { level: "info", key, args: context! {}, hint: None, field: None }
    }

    /// And what came of it.
    pub(crate) fn and(self, hint: &'static str) -> Self {
        NoticeView { hint: Some(hint), ..self }
    }
}

fn key(notice: &Notice, empty: &'static str) -> &'static str {
    match notice {
        Notice::NotAccepted => "notice-not-accepted",
        Notice::PasscodeNotAccepted { .. } => "notice-passcode-not-accepted",
        Notice::PasscodeUsed => "notice-passcode-used",
        Notice::NextPasscode => "notice-next-passcode",
        Notice::ChallengeExpired => "notice-challenge-expired",
        Notice::PinRejected { faults } => pin_rule(faults.first()),
        Notice::PinUsedBefore => "notice-pin-used-before",
        Notice::PinDiffers => "notice-pin-differs",
        Notice::AccountLocked { .. } => "notice-account-locked",
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
        Notice::Empty => empty,
        Notice::StaleForm => "notice-stale-form",
        Notice::NotReceived => "notice-not-received",
        Notice::NoLongerOffered => "notice-no-longer-offered",
        Notice::PushOff { .. } => "notice-push-off",
        Notice::PushUnavailable => "notice-push-unavailable",
        Notice::PushDenied => "notice-push-denied",
        Notice::PushMismatched => "notice-push-mismatched",
        Notice::PushExpired => "notice-push-expired",
        Notice::PasskeyNotAccepted => "notice-passkey-not-accepted",
        Notice::PushNeeded => "notice-push-needed",
        Notice::NotInNetwork => "notice-not-in-network",
        Notice::HelpDeskCodeWrong { .. } => "notice-help-desk-code-wrong",
        Notice::HelpDeskCodeOver => "notice-help-desk-code-over",
        Notice::HelpDeskCodeLimit { .. } => "notice-help-desk-code-limit",
    }
}

/// Whether the page's field is for what stands in for a passcode, and for that alone.
fn stands_in(page: &ScreenPage) -> bool {
    matches!(
        page,
        ScreenPage::NeedAuthenticator { stand_in: true, .. }
            | ScreenPage::Passcode { suspended: true, recovery: true, .. }
    )
}

/// The words where there is no passcode to be typed instead.
fn notice_alone(notice: &Notice) -> Option<&'static str> {
    Some(match notice {
        Notice::PushOff { .. } => "notice-push-off-alone",
        Notice::PushUnavailable => "notice-push-unavailable-alone",
        Notice::PushMismatched => "notice-push-mismatched-alone",
        Notice::PushExpired => "notice-push-expired-alone",
        _ => return None,
    })
}

/// What a page asks for where nothing was typed.
fn empty(page: &ScreenPage) -> &'static str {
    match page {
        ScreenPage::Name { .. } => "notice-empty-name",
        ScreenPage::Password => "notice-empty-password",
        ScreenPage::CheckEmail { .. } => "notice-empty-code",
        ScreenPage::NewPin { .. } => "notice-empty-pin",
        ScreenPage::HelpDeskCode => "notice-empty-help-desk-code",
        ScreenPage::ChooseKind { .. } | ScreenPage::ChooseDevice { .. } => "notice-choose-target",
        _ => "notice-empty-passcode",
    }
}

/// The first rule that a PIN breaks; the page lists them all.
fn pin_rule(fault: Option<&PinFault>) -> &'static str {
    match fault {
        None | Some(PinFault::Charset) => "notice-pin-charset",
        Some(PinFault::TooShort) => "notice-pin-too-short",
        Some(PinFault::TooLong) => "notice-pin-too-long",
        Some(PinFault::NeedsUpper) => "notice-pin-needs-upper",
        Some(PinFault::NeedsLower) => "notice-pin-needs-lower",
        Some(PinFault::NeedsDigit) => "notice-pin-needs-digit",
        Some(PinFault::Trivial) => "notice-pin-trivial",
    }
}

fn args(notice: &Notice, now: Timestamp) -> Value {
    match notice {
        Notice::AccountLocked { until }
        | Notice::Locked { until }
        | Notice::CodeLimit { until }
        | Notice::CodeDayLimit { until }
        | Notice::PushOff { until }
        | Notice::HelpDeskCodeLimit { until } => context! { time => time_element(time_form(*until, now), *until) },
        Notice::CodeWrong { tries_left } | Notice::HelpDeskCodeWrong { tries_left } => context! { tries => tries_left },
        _ => context! {},
    }
}

/// A time of day says nothing of a time that may be tomorrow's.
fn time_form(until: Timestamp, now: Timestamp) -> TimeForm {
    if until.since(now) < Duration::from_hours(12) { TimeForm::Clock } else { TimeForm::Moment }
}

fn is_error(notice: &Notice) -> bool {
    !matches!(
        notice,
        Notice::CodeSentAgain
            | Notice::StaleForm
            | Notice::NotReceived
            | Notice::NextPasscode
            | Notice::ChallengeExpired
            | Notice::PushNeeded
    )
}

/// Whether no field could be filled in better.
fn about_page(notice: &Notice) -> bool {
    matches!(
        notice,
        Notice::AccountLocked { .. }
            | Notice::Locked { .. }
            | Notice::CodeLimit { .. }
            | Notice::CodeDayLimit { .. }
            | Notice::NoEmail
            | Notice::MailFailed
            | Notice::NoLongerOffered
            | Notice::PushOff { .. }
            | Notice::PushUnavailable
            | Notice::PushDenied
            | Notice::PushMismatched
            | Notice::PushExpired
            | Notice::PasskeyNotAccepted
            | Notice::NotInNetwork
            | Notice::HelpDeskCodeLimit { .. }
    )
}

/// The id of the page's one field; of the button, where only a new code helps.
fn field(notice: &Notice, page: &ScreenPage) -> Option<&'static str> {
    match page {
        ScreenPage::Name { .. } => Some("username"),
        ScreenPage::Password => Some("password"),
        // A request was approved, and the PIN goes with it: that is what was wrong.
        ScreenPage::Passcode { pin: Some(_), push: Some(PushView::Approved), .. }
        | ScreenPage::FirstPasscode { pin: Some(_), push: Some(PushView::Approved), .. } => Some("push-pin"),
        ScreenPage::Passcode { suspended: false, .. } | ScreenPage::FirstPasscode { .. } => Some("otp"),
        page if stands_in(page) => Some("otp"),
        ScreenPage::NewPin { .. } if matches!(notice, Notice::PinDiffers) => Some("pin_again"),
        ScreenPage::NewPin { .. } => Some("pin"),
        ScreenPage::CheckEmail { delivery: Some(Delivery::Refused), .. } => Some("resend"),
        ScreenPage::CheckEmail { .. } if matches!(notice, Notice::CodeVoid | Notice::CodeExpired) => Some("resend"),
        ScreenPage::CheckEmail { .. } => Some("verification_code"),
        ScreenPage::HelpDeskCode => Some("code"),
        ScreenPage::ChooseKind { .. } | ScreenPage::ChooseDevice { .. } => Some("target"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::Timestamp;

    use super::*;

    fn check_email(delivery: Delivery) -> ScreenPage {
        ScreenPage::CheckEmail {
            sent_at: None,
            delivery: Some(delivery),
            resend_at: Timestamp::default(),
            expires_at: None,
            masked_email: None,
        }
    }

    #[test]
    fn a_notice_leads_to_what_can_be_done_about_it() {
        let field = |notice, page: &ScreenPage| NoticeView::new(&notice, page, Timestamp::default()).field;
        let sent = check_email(Delivery::Sent);
        assert_eq!(field(Notice::CodeWrong { tries_left: 2 }, &sent), Some("verification_code"));
        assert_eq!(field(Notice::CodeVoid, &sent), Some("resend"));
        assert_eq!(field(Notice::CodeWrong { tries_left: 2 }, &check_email(Delivery::Refused)), Some("resend"));
        assert_eq!(field(Notice::Locked { until: Timestamp::default() }, &ScreenPage::Password), None);
        assert_eq!(field(Notice::StaleForm, &sent), None);
    }

    #[test]
    fn the_clock_is_mentioned_from_the_second_failure_on() {
        let hint = |times| {
            NoticeView::new(&Notice::PasscodeNotAccepted { times }, &ScreenPage::Password, Timestamp::default()).hint
        };
        assert_eq!((hint(1), hint(2)), (None, Some("notice-clock-hint")));
    }

    #[test]
    fn nobody_waits_for_the_next_recovery_code() {
        let page = ScreenPage::NeedAuthenticator { masked_email: None, later_until: None, stand_in: true };
        let view = NoticeView::new(&Notice::PasscodeNotAccepted { times: 5 }, &page, Timestamp::default());
        assert_eq!((view.key, view.hint, view.field), ("notice-stand-in-not-accepted", None, Some("otp")));
    }

    #[test]
    fn a_wait_of_a_day_names_the_day() {
        let said = |minutes| {
            let until = Timestamp::from_secs(1_764_000_000) + Duration::from_mins(minutes);
            let view =
                NoticeView::new(&Notice::Locked { until }, &ScreenPage::Password, Timestamp::from_secs(1_764_000_000));
            view.args.get_attr("time").unwrap().to_string()
        };
        assert!(said(15).contains(">16:15"), "{}", said(15));
        assert!(said(15 * 60).contains(">2025-11-25 07:00"), "{}", said(15 * 60));
    }
}
