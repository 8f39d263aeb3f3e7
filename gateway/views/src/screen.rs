//! A screen as its template takes it.

use doorward_api::device::{ActivationFailure, ActivationStage};
use doorward_api::flow::{Delivery, Notice};
use doorward_api::screen::PushView;
use doorward_api::template::{Mode, Synchronization};
use doorward_api::{GrantState, Screen, ScreenPage, Template, Timestamp};
use minijinja::{Value, context};

use crate::notice::NoticeView;

/// The fields of a screen's page, without the frame's.
pub(crate) fn fields(screen: &Screen, qr_svg: Option<&str>) -> Value {
    let notice = screen.notice.as_ref().map(|notice| NoticeView::new(notice, &screen.page, screen.now));
    context! {
        form => screen.form,
        notice => notice,
        app_name => screen.app_name,
        user_name => screen.user_name,
        own => screen.own,
        progress => screen.progress,
        back => screen.back,
        expires_at => screen.expires_at,
        now => screen.now,
        ..page_fields(screen, qr_svg)
    }
}

fn page_fields(screen: &Screen, qr_svg: Option<&str>) -> Value {
    match &screen.page {
        ScreenPage::Name { remembered, return_to } => context! { remembered, return_to },
        ScreenPage::Password => context! {},
        ScreenPage::Passcode {
            length,
            enrolment_hint,
            suspended,
            pin,
            challenge,
            recovery,
            passcodes,
            push,
            passkey,
        } => {
            context! {
                length,
                enrolment_hint,
                suspended,
                pin_order => pin,
                challenge,
                recovery,
                passcodes,
                no_code => false,
                push => push_part(push.as_ref(), screen.now),
                passkey => passkey.as_ref().map(|asked| context! { options => asked.options, alone => asked.alone }),
            }
        }
        ScreenPage::NewPin { rules } => context! { rules },
        ScreenPage::NeedAuthenticator { masked_email, later_until, stand_in } => {
            context! { masked_email, later_until, stand_in }
        }
        ScreenPage::AskApproval { state, reason, valid_until } => {
            context! { state => approval_state(*state), reason, valid_until }
        }
        ScreenPage::HelpDeskCode => {
            context! { blocked => matches!(screen.notice, Some(Notice::HelpDeskCodeLimit { .. })) }
        }
        ScreenPage::CheckEmail { sent_at, delivery, resend_at, expires_at, masked_email } => context! {
            state => mail_state(screen.notice.as_ref(), *delivery),
            sent_at,
            code_expires_at => expires_at,
            resend_in => seconds_until(*resend_at, screen.now),
            resend_first => matches!(screen.notice, Some(Notice::CodeVoid | Notice::CodeExpired)),
            masked_email,
        },
        ScreenPage::ChooseKind { choices, preselected } => context! { choices, preselected },
        ScreenPage::ChooseDevice { choices, preselected } => context! { choices, preselected },
        ScreenPage::Install { target, uri, key, account, issuer, valid_until, expired, template, others } => context! {
            target,
            // The one place where these leave their Secret: the page is for the eyes of the token's owner.
            uri => uri.expose(),
            key => key.expose(),
            account,
            issuer,
            valid_until,
            expired,
            passcodes => passcodes(template),
            length => template.length,
            seconds => seconds(template),
            others,
            qr => qr_svg.map(svg_element),
        },
        ScreenPage::Activate {
            target,
            app,
            install,
            install_first,
            same_device,
            link,
            code,
            server,
            account,
            valid_until,
            expired,
            stage,
            allowed,
            others,
        } => context! {
            target,
            app,
            theirs => server.is_empty(),
            others,
            mobile => target.mobile(),
            install,
            install_first,
            same_device,
            // As the key above: good once, for the eyes of its owner.
            link => link.expose(),
            code => code.expose(),
            server,
            account,
            valid_until,
            expired,
            allowed,
            qr => qr_svg.map(svg_element),
            ..stage_part(stage)
        },
        ScreenPage::FirstPasscode { target, length, added_at, pin, challenge, device, passcodes, push, only_tried } => {
            context! {
                only_tried,
                target,
                device,
                passcodes,
                no_code => !passcodes,
                push => push_part(push.as_ref(), screen.now),
                length,
                added_at,
                pin_order => pin.as_ref().map(|(order, _)| order),
                // As the key above: for the eyes of its owner.
                first_pin => pin.as_ref().map(|(_, pin)| pin.expose()),
                challenge,
                // The first passcode is the new authenticator's own.
                recovery => false,
            }
        }
        ScreenPage::Ended { how, start_again } => context! { how, start_again },
    }
}

/// How far the activation is: the stage, and what is known at it.
fn stage_part(stage: &ActivationStage) -> Value {
    match stage {
        ActivationStage::Waiting => context! { stage => "waiting" },
        ActivationStage::Found { device, check } => context! { stage => "found", device, check },
        ActivationStage::SettingUp { device } => context! { stage => "setting-up", device },
        ActivationStage::Failed(failure) => context! { stage => "failed", failure => failure_name(*failure) },
        ActivationStage::Active { device } => context! { stage => "active", device },
    }
}

const fn failure_name(failure: ActivationFailure) -> &'static str {
    match failure {
        ActivationFailure::TargetNotAllowed => "target-not-allowed",
        ActivationFailure::SecondDevice => "second-device",
        ActivationFailure::NotMine => "not-mine",
    }
}

/// How it stands with a request to a device.
fn push_part(push: Option<&PushView>, now: Timestamp) -> Option<Value> {
    Some(match push? {
        PushView::Offered => context! { state => "offered" },
        PushView::Waiting { number, until, by_hand } => context! {
            state => "waiting",
            // It is there to be read off the page.
            number => number.expose(),
            until,
            seconds => seconds_until(*until, now),
            by_hand,
        },
        PushView::Approved => context! { state => "approved" },
        PushView::Off { until } => context! { state => "off", until },
    })
}

/// What makes the token show another passcode: `time`, `event`, or a `question`.
fn passcodes(template: &Template) -> &'static str {
    match (template.mode, template.synchronization) {
        (Mode::ChallengeResponse, _) => "question",
        (Mode::QuickLog, Synchronization::Time { .. }) => "time",
        (Mode::QuickLog, Synchronization::Event { .. }) => "event",
    }
}

fn seconds(template: &Template) -> u32 {
    match template.synchronization {
        Synchronization::Time { step } => step,
        Synchronization::Event { .. } => 0,
    }
}

/// Where a request for an approval stands. A code of the help desk is none.
const fn approval_state(state: Option<GrantState>) -> &'static str {
    match state {
        None | Some(GrantState::CodeGiven) => "none",
        Some(GrantState::Asked) => "asked",
        Some(GrantState::Approved) => "approved",
        Some(GrantState::Refused) => "refused",
    }
}

/// The faces of W2 (decisions A10, A11).
fn mail_state(notice: Option<&Notice>, delivery: Option<Delivery>) -> &'static str {
    match (notice, delivery) {
        (Some(Notice::NoEmail), _) => "no_email",
        (Some(Notice::CodeDayLimit { .. }), _) => "blocked",
        (Some(Notice::MailFailed), _) | (_, Some(Delivery::Refused)) => "failed",
        (_, Some(Delivery::Pending)) => "sending",
        (_, Some(Delivery::Sent) | None) => "sent",
    }
}

/// Whole seconds, rounded up: a button must not be ready before the server is.
fn seconds_until(at: Timestamp, now: Timestamp) -> u128 {
    at.since(now).as_millis().div_ceil(1000)
}

/// The SVG element alone: an XML declaration has no place inside HTML.
pub(crate) fn svg_element(svg: &str) -> Value {
    let start = svg.find("<svg").unwrap_or(0);
    Value::from_safe_string(svg.get(start..).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_claim_is_made_of_a_mail_that_was_not_accepted() {
        assert_eq!(mail_state(None, Some(Delivery::Pending)), "sending");
        assert_eq!(mail_state(None, Some(Delivery::Refused)), "failed");
        assert_eq!(mail_state(Some(&Notice::MailFailed), Some(Delivery::Pending)), "failed");
        assert_eq!(mail_state(Some(&Notice::NoEmail), None), "no_email");
        assert_eq!(mail_state(Some(&Notice::CodeWrong { tries_left: 4 }), Some(Delivery::Sent)), "sent");
    }

    #[test]
    fn a_part_of_a_second_counts_as_a_whole_one() {
        let now = Timestamp::from_millis(10_001);
        assert_eq!(seconds_until(Timestamp::from_secs(40), now), 30);
        assert_eq!(seconds_until(Timestamp::from_secs(1), now), 0);
    }

    #[test]
    fn an_xml_declaration_is_left_out() {
        assert_eq!(svg_element("<?xml version=\"1.0\"?><svg></svg>").to_string(), "<svg></svg>");
    }
}
