//! One of everything: each page with each notice it may carry, and each mail. An operator's files are tried out on these
//! at start, and so are ours in the tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_api::device::{ActivationFailure, ActivationStage};
use doorward_api::flow::{Delivery, Notice};
use doorward_api::mail::MailKind;
use doorward_api::plugin::PinFault;
use doorward_api::screen::{ChallengeView, InstallLink, PasskeyView, PushView};
use doorward_api::settings::{Appearance, Complexity, Logo, PinOrder, PinRules};
use doorward_api::template::{Mode, Synchronization};
use doorward_api::{EndedHow, FormIds, GrantState, Progress, Screen, ScreenPage, Secret, Target, Template, Timestamp};

use crate::by_mail::ByMailPage;
use crate::look::Look;
use crate::own::{
    OwnCan, OwnCodesPage, OwnDone, OwnPage, OwnProblem, OwnRecoveryPage, OwnRecoveryView, OwnSaid, OwnTask,
    OwnTokenPage, OwnTokenRow, OwnTokenState, OwnWrong,
};
use crate::page::{Chrome, MessageKind, MessagePage, StartApp, StartPage};
use crate::passkeys::{PasskeyAddPage, PasskeyRow, PasskeysPage, PasskeysSaid, PasskeysWrong};
use crate::{Views, ViewsError};

/// 2026-11-24T14:32:05Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_530_725_000);

/// The secret `12345678901234567890` of RFC 6238, which protects nothing.
const KEY: &str = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ";
const URI: &str = "otpauth://totp/Doorward%20Demo:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Doorward%20Demo&algorithm=SHA1&digits=6&period=30";

/// A stand-in for a QR code.
pub(crate) const QR: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\" shape-rendering=\"crispEdges\"><rect width=\"8\" height=\"8\" fill=\"#fff\"/><path d=\"M1 1h3v3h-3z\"/></svg>";

/// The frame around the samples.
pub(crate) fn chrome(language: &str) -> Chrome {
    Chrome {
        look: Arc::default(),
        language: language.to_owned(),
        brand: "Doorward Demo".to_owned(),
        support_url: Some("https://help.example.test/".to_owned()),
        csrf: "sample".to_owned(),
        path_back: "/signin/step".to_owned(),
        signed_in_as: None,
        base: String::new(),
        bare: false,
    }
}

/// The same in a look that changes whatever a look may change but words.
pub(crate) fn dressed(language: &str) -> Chrome {
    Chrome { look: Arc::new(Look::new(&appearance(), 7)), ..chrome(language) }
}

/// An appearance that sets everything but words. Its picture is one transparent pixel.
pub(crate) fn appearance() -> Appearance {
    const PIXEL: &str =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
    Appearance {
        product_name: Some("Example Login".to_owned()),
        accent: Some("#0b6e4f".to_owned()),
        logo: Some(Logo { media_type: "image/png".to_owned(), data: PIXEL.to_owned() }),
        support: Some("Room 101, telephone 2900".to_owned()),
        support_url: Some("mailto:help@example.test".to_owned()),
        ..Appearance::default()
    }
}

/// All screens, each with a name of its own.
pub(crate) fn screens() -> Vec<(String, Screen)> {
    let mut all = Vec::new();
    for (name, page) in pages() {
        for notice in notices(&page) {
            let label = notice.as_ref().map(|n| format!("-{}", notice_name(n))).unwrap_or_default();
            all.push((format!("{name}{label}"), screen(page.clone(), notice)));
        }
    }
    all.push(("name-portal".to_owned(), bare(name_page(None))));
    all.push(("need-portal".to_owned(), bare(need(None, None))));
    all
}

fn screen(page: ScreenPage, notice: Option<Notice>) -> Screen {
    let begun = !matches!(page, ScreenPage::Name { .. });
    Screen {
        progress: step(&page).map(|step| Progress { step, of: 6 }),
        back: matches!(
            page,
            ScreenPage::ChooseDevice { .. }
                | ScreenPage::Install { .. }
                | ScreenPage::Activate { .. }
                | ScreenPage::FirstPasscode { .. }
        ),
        form: if begun {
            FormIds {
                flow: "sample-flow".into(),
                nonce: "sample-nonce".into(),
                return_to: Some("sample-return".into()),
            }
        } else {
            FormIds::default()
        },
        notice,
        app_name: Some("Team Wiki".to_owned()),
        app_origin: Some("https://wiki.example.test".to_owned()),
        user_name: begun.then(|| "alice".to_owned()),
        own: false,
        expires_at: begun.then(|| NOW + Duration::from_secs(3600)),
        now: NOW,
        page,
    }
}

/// As little as a screen may hold.
fn bare(page: ScreenPage) -> Screen {
    Screen { app_name: None, app_origin: None, user_name: None, expires_at: None, progress: None, ..screen(page, None) }
}

fn step(page: &ScreenPage) -> Option<u8> {
    Some(match page {
        ScreenPage::NeedAuthenticator { .. } => 1,
        ScreenPage::CheckEmail { .. } | ScreenPage::AskApproval { .. } | ScreenPage::HelpDeskCode => 2,
        ScreenPage::ChooseKind { .. } => 3,
        ScreenPage::ChooseDevice { .. } => 4,
        ScreenPage::Install { .. } | ScreenPage::Activate { .. } => 5,
        ScreenPage::FirstPasscode { .. } => 6,
        _ => return None,
    })
}

fn name_page(remembered: Option<&str>) -> ScreenPage {
    ScreenPage::Name { remembered: remembered.map(str::to_owned), return_to: Some("sealed-address".to_owned()) }
}

fn pages() -> Vec<(String, ScreenPage)> {
    let mut all = vec![
        ("name".to_owned(), name_page(None)),
        ("name-remembered".to_owned(), name_page(Some("alice"))),
        ("password".to_owned(), ScreenPage::Password),
        ("passcode".to_owned(), passcode(6, false, false)),
        ("passcode-hint".to_owned(), passcode(8, true, false)),
        ("passcode-suspended".to_owned(), passcode(6, false, true)),
        ("passcode-suspended-instead".to_owned(), with_recovery(passcode(6, false, true))),
        ("passcode-recovery".to_owned(), with_recovery(passcode(6, false, false))),
        ("need".to_owned(), need(Some("a***@e***.test"), None)),
        ("need-later".to_owned(), need(None, Some(Timestamp::from_millis(1_798_156_800_000)))),
        ("need-instead".to_owned(), need_or_stand_in()),
        ("code".to_owned(), check_email(Some(Delivery::Sent), None)),
        ("code-masked".to_owned(), check_email(Some(Delivery::Sent), Some("a***@e***.test"))),
        ("code-sending".to_owned(), check_email(Some(Delivery::Pending), None)),
        ("code-sending-masked".to_owned(), check_email(Some(Delivery::Pending), Some("a***@e***.test"))),
        ("code-refused".to_owned(), check_email(Some(Delivery::Refused), None)),
        ("kind".to_owned(), choose_kind()),
        ("device".to_owned(), choose_device()),
    ];
    all.extend(extra_proofs());
    for target in Target::ALL {
        all.push((format!("install-{}", target.as_str()), install(target, false)));
        all.push((
            format!("ready-{}", target.as_str()),
            ScreenPage::FirstPasscode {
                target,
                length: 6,
                added_at: NOW,
                pin: None,
                challenge: None,
                device: None,
                passcodes: true,
                push: None,
                only_tried: false,
            },
        ));
    }
    all.extend(with_pin_and_challenge());
    all.extend(activations());
    all.extend(pushes());
    all.extend(passkeys());
    all.push(("install-expired".to_owned(), install(Target::Ios, true)));
    for (name, how) in
        [("cancelled", EndedHow::Cancelled), ("superseded", EndedHow::Superseded), ("expired", EndedHow::Expired)]
    {
        all.push((
            format!("ended-{name}"),
            ScreenPage::Ended { how, start_again: "https://wiki.example.test/".to_owned() },
        ));
    }
    all
}

fn need(masked_email: Option<&str>, later_until: Option<Timestamp>) -> ScreenPage {
    ScreenPage::NeedAuthenticator { masked_email: masked_email.map(str::to_owned), later_until, stand_in: false }
}

/// For somebody with a recovery code or a temporary passcode.
fn need_or_stand_in() -> ScreenPage {
    ScreenPage::NeedAuthenticator { masked_email: None, later_until: None, stand_in: true }
}

/// What is asked besides the emailed code, in every state.
fn extra_proofs() -> Vec<(String, ScreenPage)> {
    let ask = |state, reason: Option<&str>, valid_until| ScreenPage::AskApproval {
        state,
        reason: reason.map(str::to_owned),
        valid_until,
    };
    let end = Some(NOW + Duration::from_hours(72));
    [
        ("approval", ask(None, None, None)),
        ("approval-asked", ask(Some(GrantState::Asked), None, end)),
        ("approval-approved", ask(Some(GrantState::Approved), None, end)),
        ("approval-refused", ask(Some(GrantState::Refused), Some("Come to <b>room 101</b> first."), end)),
        ("approval-refused-bare", ask(Some(GrantState::Refused), None, None)),
        ("help-desk", ScreenPage::HelpDeskCode),
    ]
    .map(|(name, page)| (name.to_owned(), page))
    .to_vec()
}

/// What the pages of a passcode show besides where a PIN is typed with it, or a question answered.
fn with_pin_and_challenge() -> Vec<(String, ScreenPage)> {
    let asked = |expired| Some(ChallengeView { text: "1234 5678".to_owned(), expired });
    let typed = |pin, challenge| ScreenPage::Passcode {
        length: 8,
        enrolment_hint: false,
        suspended: false,
        pin,
        challenge,
        recovery: false,
        passcodes: true,
        push: None,
        passkey: None,
    };
    let first = |pin, challenge| ScreenPage::FirstPasscode {
        target: Target::Android,
        length: 8,
        added_at: NOW,
        pin,
        challenge,
        device: None,
        passcodes: true,
        push: None,
        only_tried: false,
    };
    let only_tried = |mut page: ScreenPage| {
        if let ScreenPage::FirstPasscode { only_tried, .. } = &mut page {
            *only_tried = true;
        }
        page
    };
    let rules = |complexity, allow_trivial| ScreenPage::NewPin {
        rules: PinRules { min_length: 4, max_length: 8, complexity, allow_trivial },
    };
    let by = |synchronization, mode| Template { synchronization, mode, length: 8, ..Template::STANDARD_APP };
    let with = |template: Template| match install(Target::Android, false) {
        ScreenPage::Install { target, uri, key, account, issuer, valid_until, expired, .. } => ScreenPage::Install {
            target,
            uri,
            key,
            account,
            issuer,
            valid_until,
            expired,
            template,
            others: Vec::new(),
        },
        other => other,
    };
    let minute = Synchronization::Time { step: 60 };
    [
        ("passcode-pin-first", typed(Some(PinOrder::Prepend), None)),
        ("passcode-pin-last", typed(Some(PinOrder::Append), None)),
        ("passcode-pin-recovery", with_recovery(typed(Some(PinOrder::Append), None))),
        ("passcode-challenge", typed(None, asked(false))),
        ("passcode-challenge-over", typed(None, asked(true))),
        ("ready-pin", first(Some((PinOrder::Prepend, Secret::new("482910"))), None)),
        ("ready-challenge", first(None, asked(false))),
        ("ready-tried", only_tried(first(None, None))),
        ("new-pin", rules(Complexity::Decimal, false)),
        ("new-pin-strong", rules(Complexity::StrongAlphanumeric, true)),
        ("install-minute", with(by(minute, Mode::QuickLog))),
        ("install-event", with(by(Synchronization::Event { look_ahead: 3 }, Mode::QuickLog))),
        ("install-question", with(by(minute, Mode::ChallengeResponse))),
    ]
    .map(|(name, page)| (name.to_owned(), page))
    .to_vec()
}

fn passcode(length: u8, enrolment_hint: bool, suspended: bool) -> ScreenPage {
    ScreenPage::Passcode {
        length,
        enrolment_hint,
        suspended,
        pin: None,
        challenge: None,
        recovery: false,
        passcodes: true,
        push: None,
        passkey: None,
    }
}

/// The same page where recovery codes are taken as well.
fn with_recovery(page: ScreenPage) -> ScreenPage {
    match page {
        ScreenPage::Passcode {
            length, enrolment_hint, suspended, pin, challenge, passcodes, push, passkey, ..
        } => ScreenPage::Passcode {
            length,
            enrolment_hint,
            suspended,
            pin,
            challenge,
            recovery: true,
            passcodes,
            push,
            passkey,
        },
        other => other,
    }
}

fn check_email(delivery: Option<Delivery>, masked: Option<&str>) -> ScreenPage {
    ScreenPage::CheckEmail {
        sent_at: Some(NOW),
        delivery,
        resend_at: NOW + Duration::from_secs(27),
        expires_at: Some(NOW + Duration::from_secs(600)),
        masked_email: masked.map(str::to_owned),
    }
}

fn choose_kind() -> ScreenPage {
    let choices = ["mobile", "windows-desktop"].map(str::to_owned).to_vec();
    ScreenPage::ChooseKind { choices, preselected: "windows-desktop".to_owned() }
}

fn choose_device() -> ScreenPage {
    let choices = Target::ALL.into_iter().filter(|target| target.mobile()).collect();
    ScreenPage::ChooseDevice { choices, preselected: Target::Android }
}

fn install(target: Target, expired: bool) -> ScreenPage {
    ScreenPage::Install {
        target,
        uri: Secret::new(URI),
        key: Secret::new(KEY),
        account: "alice".to_owned(),
        issuer: "Doorward Demo".to_owned(),
        valid_until: NOW + Duration::from_secs(600),
        expired,
        template: doorward_api::Template::STANDARD_APP,
        others: vec!["push".to_owned()],
    }
}

/// Our own authenticator on every platform, however it comes there, and as far as it may be.
fn activations() -> Vec<(String, ScreenPage)> {
    let page = InstallLink::Page("https://authenticator.example.test/a/".to_owned());
    let store = InstallLink::Store("https://play.example.test/store?id=a&hl=en".to_owned());
    let installer = InstallLink::Installer("https://files.example.test/authenticator.exe".to_owned());
    let device = || "Pixel <b>9</b>, Chrome".to_owned();
    let failed = |failure| at(Target::Android, ActivationStage::Failed(failure));
    let first = |link, same_device| in_parts(at(Target::Android, ActivationStage::Waiting), link, same_device, true);
    let by = |target, link, same_device| in_parts(at(target, ActivationStage::Waiting), link, same_device, false);
    let found = ActivationStage::Found { device: device(), check: "0821".to_owned() };
    let unnumbered = ActivationStage::Found { device: device(), check: String::new() };
    let setting_up = || ActivationStage::SettingUp { device: device() };
    [
        ("activate-ios", by(Target::Ios, page.clone(), false)),
        ("activate-ios-here", by(Target::Ios, page.clone(), true)),
        ("activate-android-first", first(store.clone(), false)),
        ("activate-android-first-here", first(page.clone(), true)),
        ("activate-android", by(Target::Android, store.clone(), false)),
        ("activate-android-here", by(Target::Android, store.clone(), true)),
        ("activate-windows-mobile", by(Target::WindowsMobile, InstallLink::None, false)),
        ("activate-windows-none", by(Target::WindowsDesktop, InstallLink::None, true)),
        ("activate-windows-store", by(Target::WindowsDesktop, store, true)),
        ("activate-windows-installer", by(Target::WindowsDesktop, installer, true)),
        ("activate-windows-page", by(Target::WindowsDesktop, page.clone(), false)),
        ("activate-mobile-none", by(Target::WindowsMobile, InstallLink::None, true)),
        ("activate-expired", over(at(Target::Ios, ActivationStage::Waiting))),
        ("activate-found", at(Target::Android, found)),
        ("activate-setting-up", at(Target::Android, setting_up())),
        ("activate-setting-up-here", in_parts(at(Target::Android, setting_up()), page, true, false)),
        ("activate-active", at(Target::Android, ActivationStage::Active { device: device() })),
        ("activate-failed-target", failed(ActivationFailure::TargetNotAllowed)),
        ("activate-failed-second", failed(ActivationFailure::SecondDevice)),
        ("activate-failed-not-mine", failed(ActivationFailure::NotMine)),
        ("activate-theirs", theirs(by(Target::Ios, InstallLink::None, false))),
        ("activate-theirs-here", theirs(by(Target::Android, InstallLink::None, true))),
        ("activate-theirs-found", theirs(at(Target::Android, unnumbered))),
        ("activate-theirs-expired", theirs(over(at(Target::Ios, ActivationStage::Waiting)))),
    ]
    .map(|(name, page)| (name.to_owned(), page))
    .to_vec()
}

fn at(target: Target, stage: ActivationStage) -> ScreenPage {
    ScreenPage::Activate {
        target,
        app: "authenticator".to_owned(),
        install: InstallLink::Page("https://authenticator.example.test/a/".to_owned()),
        install_first: false,
        same_device: false,
        link: Secret::new("https://authenticator.example.test/a/#v=1&i=c-1&t=c2FtcGxl"),
        code: Secret::new("7Q2M-K94T-B3X0"),
        server: "authenticator.example.test".to_owned(),
        account: "alice".to_owned(),
        valid_until: NOW + Duration::from_secs(600),
        expired: false,
        allowed: vec![Target::Ios, Target::WindowsDesktop],
        others: match stage {
            ActivationStage::Waiting | ActivationStage::Failed(_) => vec!["otp".to_owned(), "push".to_owned()],
            _ => Vec::new(),
        },
        stage,
    }
}

/// The same where the app comes by this way.
fn in_parts(mut page: ScreenPage, by: InstallLink, here: bool, first: bool) -> ScreenPage {
    if let ScreenPage::Activate { install, install_first, same_device, .. } = &mut page {
        *install = by;
        *same_device = here;
        *install_first = first;
    }
    page
}

/// The same with an app that others have made.
fn theirs(mut page: ScreenPage) -> ScreenPage {
    if let ScreenPage::Activate { app, link, code, server, others, .. } = &mut page {
        *app = "push".to_owned();
        *link = Secret::new("otpauth://pipush/Doorward:alice?url=https%3A%2F%2Flogin.example.test&serial=c-1");
        *code = Secret::default();
        server.clear();
        others.retain(|kind| kind != "push");
    }
    page
}

/// The same activation when its code is no longer good.
fn over(mut page: ScreenPage) -> ScreenPage {
    if let ScreenPage::Activate { expired, .. } = &mut page {
        *expired = true;
    }
    page
}

/// A request to a device, at every stage, with a passcode and with the first one.
fn pushes() -> Vec<(String, ScreenPage)> {
    let until = NOW + Duration::from_secs(118);
    let waiting = |by_hand| PushView::Waiting { number: Secret::new("47"), until, by_hand };
    let typed = |pin, push| ScreenPage::Passcode {
        length: 8,
        enrolment_hint: false,
        suspended: false,
        pin,
        challenge: None,
        recovery: false,
        passcodes: true,
        push: Some(push),
        passkey: None,
    };
    let first = |push| ScreenPage::FirstPasscode {
        target: Target::Android,
        length: 8,
        added_at: NOW,
        pin: None,
        challenge: None,
        device: Some("Pixel 9, Chrome".to_owned()),
        passcodes: true,
        push: Some(push),
        only_tried: false,
    };
    let off = || PushView::Off { until: NOW + Duration::from_mins(15) };
    [
        ("passcode-push", typed(None, PushView::Offered)),
        ("passcode-push-waiting", typed(None, waiting(false))),
        ("passcode-push-by-hand", typed(None, waiting(true))),
        ("passcode-push-approved", typed(None, PushView::Approved)),
        ("passcode-push-approved-pin", typed(Some(PinOrder::Prepend), PushView::Approved)),
        ("passcode-push-off", typed(None, PushView::Off { until: NOW + Duration::from_mins(15) })),
        ("ready-push", first(PushView::Offered)),
        ("ready-push-waiting", first(waiting(false))),
        ("ready-push-approved", first(PushView::Approved)),
        ("requests", alone(typed(None, PushView::Offered))),
        ("requests-waiting", alone(typed(None, waiting(true)))),
        ("requests-recovery", with_recovery(alone(typed(None, off())))),
        ("ready-requests", alone(first(PushView::Offered))),
        ("ready-requests-waiting", alone(first(waiting(true)))),
        ("ready-requests-off", alone(first(off()))),
    ]
    .map(|(name, page)| (name.to_owned(), page))
    .to_vec()
}

/// Where a passkey is asked for, beside a passcode and alone.
fn passkeys() -> Vec<(String, ScreenPage)> {
    let asked =
        |alone| PasskeyView { options: r#"{"challenge":"AQID","rpId":"login.example.test"}"#.to_owned(), alone };
    let page = |alone| {
        let mut page = passcode(if alone { 8 } else { 6 }, false, false);
        if let ScreenPage::Passcode { passkey, .. } = &mut page {
            *passkey = Some(asked(alone));
        }
        page
    };
    [("passkey", page(true)), ("passkey-or-passcode", page(false))].map(|(name, page)| (name.to_owned(), page)).to_vec()
}

/// The same page for an authenticator that shows no passcodes.
fn alone(mut page: ScreenPage) -> ScreenPage {
    if let ScreenPage::Passcode { passcodes, .. } | ScreenPage::FirstPasscode { passcodes, .. } = &mut page {
        *passcodes = false;
    }
    page
}

/// The notices that a page may carry, beginning with none.
fn notices(page: &ScreenPage) -> Vec<Option<Notice>> {
    let until = NOW + Duration::from_secs(900);
    let of_the_page = match page {
        ScreenPage::Name { remembered: None, .. } => vec![Notice::Empty, Notice::StaleForm, Notice::NotReceived],
        ScreenPage::Password => vec![Notice::NotAccepted, Notice::Empty, Notice::AccountLocked { until }],
        ScreenPage::Passcode { length: 6, .. } => vec![
            Notice::PasscodeNotAccepted { times: 1 },
            Notice::PasscodeNotAccepted { times: 2 },
            Notice::PasscodeUsed,
            Notice::NextPasscode,
            Notice::NotAccepted,
            Notice::AccountLocked { until },
            Notice::Locked { until },
            Notice::Empty,
            Notice::NoLongerOffered,
            Notice::NotInNetwork,
        ],
        ScreenPage::NeedAuthenticator { stand_in: true, .. } => {
            vec![Notice::PasscodeNotAccepted { times: 1 }, Notice::Empty, Notice::Locked { until }]
        }
        ScreenPage::FirstPasscode { passcodes: false, push: Some(push), .. } => match push {
            PushView::Offered => {
                vec![Notice::PushUnavailable, Notice::PushDenied, Notice::PushMismatched, Notice::PushExpired]
            }
            PushView::Off { until } => vec![Notice::PushOff { until: *until }],
            _ => Vec::new(),
        },
        ScreenPage::Passcode { pin: None, push: Some(PushView::Offered), .. } => vec![
            Notice::PushUnavailable,
            Notice::PushDenied,
            Notice::PushMismatched,
            Notice::PushExpired,
            Notice::PushNeeded,
        ],
        ScreenPage::Passcode { length: 8, passkey: Some(_), .. } => {
            vec![Notice::PasskeyNotAccepted, Notice::Locked { until }]
        }
        ScreenPage::Passcode { push: Some(PushView::Off { until }), .. } => vec![Notice::PushOff { until: *until }],
        ScreenPage::Passcode { pin: Some(_), push: Some(PushView::Approved), .. } => {
            vec![Notice::PasscodeNotAccepted { times: 1 }, Notice::Empty]
        }
        ScreenPage::CheckEmail { delivery: Some(Delivery::Sent), masked_email: None, .. } => vec![
            Notice::CodeWrong { tries_left: 4 },
            Notice::CodeWrong { tries_left: 1 },
            Notice::CodeExpired,
            Notice::CodeVoid,
            Notice::CodeLimit { until },
            Notice::CodeDayLimit { until },
            Notice::NoEmail,
            Notice::MailFailed,
            Notice::CodeSentAgain,
            Notice::Empty,
            Notice::StaleForm,
        ],
        ScreenPage::HelpDeskCode => vec![
            Notice::HelpDeskCodeWrong { tries_left: 4 },
            Notice::HelpDeskCodeWrong { tries_left: 1 },
            Notice::HelpDeskCodeWrong { tries_left: 0 },
            Notice::HelpDeskCodeOver,
            Notice::HelpDeskCodeLimit { until: NOW + Duration::from_hours(20) },
            Notice::Empty,
        ],
        ScreenPage::ChooseKind { .. } | ScreenPage::ChooseDevice { .. } => vec![Notice::ChooseTarget, Notice::Empty],
        ScreenPage::Passcode { challenge: Some(_), .. } => {
            vec![Notice::ChallengeExpired, Notice::PasscodeNotAccepted { times: 1 }]
        }
        ScreenPage::NewPin { rules: PinRules { allow_trivial: false, .. } } => {
            let rejected = |fault| Notice::PinRejected { faults: vec![fault] };
            let faults = [
                PinFault::Charset,
                PinFault::TooShort,
                PinFault::TooLong,
                PinFault::NeedsUpper,
                PinFault::NeedsLower,
                PinFault::NeedsDigit,
                PinFault::Trivial,
            ];
            let others = [Notice::PinUsedBefore, Notice::PinDiffers, Notice::Empty];
            faults.into_iter().map(rejected).chain(others).collect()
        }
        ScreenPage::FirstPasscode { target: Target::Ios, .. } => {
            vec![Notice::PasscodeNotAccepted { times: 2 }, Notice::Empty, Notice::PasscodeUsed]
        }
        _ => vec![],
    };
    std::iter::once(None).chain(of_the_page.into_iter().map(Some)).collect()
}

fn notice_name(notice: &Notice) -> String {
    match notice {
        Notice::PasscodeNotAccepted { times } => format!("not-accepted-{times}"),
        Notice::CodeWrong { tries_left } | Notice::HelpDeskCodeWrong { tries_left } => format!("wrong-{tries_left}"),
        Notice::PinRejected { faults } => format!("pin-{faults:?}").to_ascii_lowercase(),
        other => format!("{other:?}").split(' ').next().unwrap_or_default().to_ascii_lowercase(),
    }
}

/// The start page, full and empty.
pub(crate) fn starts() -> Vec<(&'static str, StartPage)> {
    let app =
        |name: &str, host: &str| StartApp { name: name.into(), url: format!("https://{host}/"), host: host.into() };
    let apps = vec![
        app("Team Wiki", "wiki.example.test"),
        app("Intranet", "intranet.example.test"),
        app("Public Information", "public.example.test"),
    ];
    vec![
        ("start", StartPage { display_name: "Alice Example".to_owned(), apps }),
        ("start-empty", StartPage { display_name: "bob".to_owned(), apps: Vec::new() }),
    ]
}

/// The user's own pages, each with a name of its own.
pub(crate) fn own_pages(views: &Views, chrome: &Chrome) -> Result<Vec<(String, String)>, ViewsError> {
    let tokens = own_tokens();
    let plain = OwnPage { tokens: tokens.clone(), recovery: None, passkeys: false, add: false, said: None };
    let mut all = vec![
        ("own".to_owned(), views.own(&plain, chrome)?),
        ("own-empty".to_owned(), views.own(&OwnPage { tokens: Vec::new(), ..plain.clone() }, chrome)?),
        ("own-add".to_owned(), views.own_add(true, chrome)?),
        ("own-add-first".to_owned(), views.own_add(false, chrome)?),
        ("own-sign-out".to_owned(), views.own_sign_out(chrome)?),
    ];
    all.extend(recovery_pages(views, chrome)?);
    all.extend(by_mail_pages(views, chrome)?);
    all.extend(passkey_pages(views, chrome)?);
    for (name, said) in
        [("own-added", OwnSaid::Added), ("own-not-added", OwnSaid::NotAdded), ("own-removed", OwnSaid::Removed)]
    {
        let page = OwnPage { add: said != OwnSaid::NotAdded, said: Some(said), ..plain.clone() };
        all.push((name.to_owned(), views.own(&page, chrome)?));
    }
    for token in &tokens {
        all.push((format!("own-{}", token.id), views.own_token(&own_token(token), chrome)?));
        all.push((format!("own-{}-lost", token.id), views.own_lost(token, false, chrome)?));
        all.push((format!("own-{}-replace", token.id), views.own_lost(token, true, chrome)?));
        all.push((format!("own-{}-remove", token.id), views.own_remove(token, true, chrome)?));
        all.push((format!("own-{}-remove-first", token.id), views.own_remove(token, false, chrome)?));
    }
    let Some(token) = tokens.first() else { return Ok(all) };
    for done in OwnDone::ALL {
        let page = OwnTokenPage { done: Some(done), ..own_token(token) };
        all.push((format!("own-{}", done.as_str()), views.own_token(&page, chrome)?));
    }
    for (name, task, what) in own_problems() {
        let typed_label = (task == OwnTask::Rename).then(|| "my\u{202e}phone".to_owned());
        let page = OwnTokenPage { problem: Some(OwnProblem { task, what }), typed_label, ..own_token(token) };
        all.push((format!("own-{name}"), views.own_token(&page, chrome)?));
    }
    Ok(all)
}

/// The page behind the link of a provisioning mail, in each of its states.
fn by_mail_pages(views: &Views, chrome: &Chrome) -> Result<Vec<(String, String)>, ViewsError> {
    let ask = |elsewhere: Option<bool>| ByMailPage::Ask {
        name: "alice".to_owned(),
        until: NOW,
        action: "/enrol-by-mail/Zm9v".to_owned(),
        elsewhere,
        url: Secret::new("https://login.example.test/enrol-by-mail/Zm9v"),
        qr: elsewhere.filter(|phone| *phone).map(|_| QR.to_owned()),
    };
    let mut all = vec![
        ("by-mail".to_owned(), views.by_mail(&ask(None), chrome)?),
        ("by-mail-phone".to_owned(), views.by_mail(&ask(Some(true)), chrome)?),
        ("by-mail-computer".to_owned(), views.by_mail(&ask(Some(false)), chrome)?),
        ("by-mail-done".to_owned(), views.by_mail(&ByMailPage::Done, chrome)?),
    ];
    for why in ByMailPage::GONE {
        all.push((format!("by-mail-{why}"), views.by_mail(&ByMailPage::Gone(why), chrome)?));
    }
    Ok(all)
}

/// The user's own passkeys, how one is made, and how one goes.
fn passkey_pages(views: &Views, chrome: &Chrome) -> Result<Vec<(String, String)>, ViewsError> {
    let row = |id: &str, label: &str, active| PasskeyRow {
        id: id.to_owned(),
        serial: "PK-ABCDEFGHIJKLMNOP".to_owned(),
        label: label.to_owned(),
        active,
        added_at: NOW,
        last_used_at: active.then_some(NOW),
    };
    let (phone, key) = (row("phone", "My <b>phone</b>", true), row("key", "", false));
    let passkeys = vec![phone.clone(), key.clone()];
    let plain = PasskeysPage { passkeys, can_add: true, proved: true, said: None, wrong: None, typed: None };
    let empty = PasskeysPage { passkeys: Vec::new(), can_add: false, ..plain.clone() };
    let mut all = vec![
        ("passkeys".to_owned(), views.passkeys(&plain, chrome)?),
        ("passkeys-unproved".to_owned(), views.passkeys(&PasskeysPage { proved: false, ..plain.clone() }, chrome)?),
        ("passkeys-empty".to_owned(), views.passkeys(&empty, chrome)?),
        ("passkeys-remove".to_owned(), views.passkeys_remove(&phone, true, chrome)?),
        ("passkeys-remove-prove".to_owned(), views.passkeys_remove(&phone, false, chrome)?),
        ("passkeys-remove-unnamed".to_owned(), views.passkeys_remove(&key, true, chrome)?),
    ];
    for said in PasskeysSaid::ALL {
        let page = PasskeysPage { said: Some(said), ..plain.clone() };
        all.push((format!("passkeys-said-{}", said.as_str()), views.passkeys(&page, chrome)?));
    }
    for (name, wrong) in [("long", PasskeysWrong::LabelTooLong { max: 64 }), ("text", PasskeysWrong::LabelText)] {
        let typed = Some(("phone".to_owned(), "my\u{202e}phone".to_owned()));
        let page = PasskeysPage { wrong: Some(wrong), typed, ..plain.clone() };
        all.push((format!("passkeys-label-{name}"), views.passkeys(&page, chrome)?));
    }
    let options = r#"{"challenge":"AQID","rp":{"id":"login.example.test"}}"#.to_owned();
    let add = PasskeyAddPage { options, ceremony: "AQID".to_owned() };
    all.push(("passkeys-add".to_owned(), views.passkeys_add(&add, chrome)?));
    Ok(all)
}

/// How somebody may stand with recovery codes, and how they are made.
fn recovery_pages(views: &Views, chrome: &Chrome) -> Result<Vec<(String, String)>, ViewsError> {
    let stands = |left: Option<usize>, can_make| OwnRecoveryView { left, made_at: left.map(|_| NOW), can_make };
    let mut all = Vec::new();
    for (name, recovery) in [
        ("own-codes-unmade", stands(None, true)),
        ("own-codes-left", stands(Some(7), true)),
        ("own-codes-used-up", stands(Some(0), false)),
    ] {
        let page = OwnPage { tokens: own_tokens(), recovery: Some(recovery), passkeys: true, add: false, said: None };
        all.push((name.to_owned(), views.own(&page, chrome)?));
    }
    let until = NOW + Duration::from_secs(900);
    for (name, replaces, wrong) in [
        ("own-recovery", false, None),
        ("own-recovery-anew", true, None),
        ("own-recovery-empty", false, Some(Notice::Empty)),
        ("own-recovery-wrong", true, Some(Notice::PasscodeNotAccepted { times: 2 })),
        ("own-recovery-next", false, Some(Notice::NextPasscode)),
        ("own-recovery-locked", false, Some(Notice::Locked { until })),
    ] {
        let page = OwnRecoveryPage { length: 6, replaces, wrong };
        all.push((name.to_owned(), views.own_recovery(&page, chrome)?));
    }
    let page = OwnCodesPage { codes: recovery_codes() };
    all.push(("own-codes".to_owned(), views.own_codes(&page, chrome)?));
    Ok(all)
}

/// Ten codes of nobody's.
fn recovery_codes() -> Vec<Secret> {
    ('0'..='9').map(|digit| Secret::new(format!("7Q2M-K94T-B3X{digit}"))).collect()
}

/// One in each state; the first with a PIN that can be changed.
fn own_tokens() -> Vec<OwnTokenRow> {
    let row = |id: &str, label: &str, target, state| OwnTokenRow {
        id: id.to_owned(),
        serial: "DW-7Q2M-K94T".to_owned(),
        label: label.to_owned(),
        target,
        state,
        until: (state == OwnTokenState::Locked).then(|| NOW + Duration::from_secs(900)),
        added_at: NOW,
        last_used_at: (state != OwnTokenState::Assigned).then_some(NOW),
    };
    vec![
        row("active", "My <b>phone</b>", Some(Target::Ios), OwnTokenState::Active),
        row("question", "", Some(Target::WindowsDesktop), OwnTokenState::Active),
        row("locked", "", Some(Target::Android), OwnTokenState::Locked),
        row("suspended", "", Some(Target::WindowsMobile), OwnTokenState::Suspended),
        row("assigned", "", None, OwnTokenState::Assigned),
        row("locked-pin", "Key fob", None, OwnTokenState::LockedPin),
    ]
}

fn own_token(token: &OwnTokenRow) -> OwnTokenPage {
    let answers = token.id == "question";
    let active = token.state == OwnTokenState::Active && !answers;
    let rules = PinRules { min_length: 4, max_length: 8, complexity: Complexity::Decimal, allow_trivial: false };
    let can = OwnCan {
        prove: active,
        lose: matches!(token.state, OwnTokenState::Active | OwnTokenState::Locked),
        remove: token.target.is_some() && token.state != OwnTokenState::Assigned,
        answers,
        length: 6,
        pin_order: active.then_some(PinOrder::Prepend),
        pin_rules: active.then_some(rules),
    };
    OwnTokenPage { token: token.clone(), can, done: None, problem: None, typed_label: None, now: NOW }
}

fn own_problems() -> Vec<(&'static str, OwnTask, OwnWrong)> {
    let until = NOW + Duration::from_secs(900);
    let wrong = |times| OwnWrong::Passcode(Notice::PasscodeNotAccepted { times });
    vec![
        ("label-long", OwnTask::Rename, OwnWrong::LabelTooLong { max: 64 }),
        ("label-text", OwnTask::Rename, OwnWrong::LabelText),
        ("test-wrong", OwnTask::Test, wrong(1)),
        ("test-wrong-again", OwnTask::Test, wrong(2)),
        ("test-empty", OwnTask::Test, OwnWrong::Passcode(Notice::Empty)),
        ("test-used", OwnTask::Test, OwnWrong::Passcode(Notice::PasscodeUsed)),
        ("test-next", OwnTask::Test, OwnWrong::Passcode(Notice::NextPasscode)),
        ("test-locked", OwnTask::Test, OwnWrong::Passcode(Notice::Locked { until })),
        ("resync-no-pair", OwnTask::Resync, OwnWrong::NotFoundAgain),
        ("resync-second", OwnTask::Resync, OwnWrong::SecondEmpty),
        ("pin-wrong", OwnTask::Pin, wrong(1)),
        ("pin-empty", OwnTask::Pin, OwnWrong::Pin(Notice::Empty)),
        ("pin-short", OwnTask::Pin, OwnWrong::Pin(Notice::PinRejected { faults: vec![PinFault::TooShort] })),
        ("pin-differs", OwnTask::Pin, OwnWrong::Pin(Notice::PinDiffers)),
        ("pin-used", OwnTask::Pin, OwnWrong::Pin(Notice::PinUsedBefore)),
        ("not-now", OwnTask::Test, OwnWrong::NotNow),
        ("overtaken", OwnTask::Pin, OwnWrong::Overtaken),
    ]
}

/// The pages that say one thing.
pub(crate) fn messages() -> Vec<MessagePage> {
    let kinds = [
        MessageKind::Denied { app_name: None },
        MessageKind::Denied { app_name: Some("Team Wiki".to_owned()) },
        MessageKind::PasskeyNeeded { app_name: None },
        MessageKind::PasskeyNeeded { app_name: Some("Team Wiki".to_owned()) },
        MessageKind::CrossSite,
        MessageKind::BadRequest,
        MessageKind::NotFound,
        MessageKind::Method,
        MessageKind::TooLarge,
        MessageKind::UnknownHost,
        MessageKind::TooMany,
        MessageKind::AddressWaits { until: NOW + Duration::from_secs(900) },
        MessageKind::Upstream,
        MessageKind::UpstreamTimeout,
        MessageKind::Unavailable,
        MessageKind::Internal,
        MessageKind::NotReceived,
        MessageKind::Entered,
        MessageKind::SignedOut,
        MessageKind::SignedOutEverywhere,
        MessageKind::LostDone,
        MessageKind::ReplaceDone,
        MessageKind::DisputeLook { device: Some(Target::Android), added_at: NOW, action: "/notice/sample".to_owned() },
        MessageKind::DisputeLook { device: None, added_at: NOW, action: "/notice/sample".to_owned() },
        MessageKind::DisputeDone,
        MessageKind::DisputeGone,
    ];
    let page =
        |kind| MessagePage::new(kind).with_request_id("01JD2Z6T7W9Q").with_continue("https://login.example.test/");
    kinds.into_iter().map(page).collect()
}

/// Each kind of mail with all its fields.
pub(crate) fn mails() -> Vec<(MailKind, BTreeMap<String, Secret>)> {
    let fields = |fields: &[(&str, &str)]| {
        fields.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect::<BTreeMap<_, _>>()
    };
    vec![
        (
            MailKind::VerificationCode,
            fields(&[("code", "042137"), ("app", "Team Wiki"), ("minutes", "10"), ("sent_at", "1795530725000")]),
        ),
        (MailKind::VerificationCode, fields(&[("code", "042137"), ("minutes", "1")])),
        (
            MailKind::EnrolmentNotice,
            fields(&[
                ("device", "ios"),
                ("when", "1795530725000"),
                ("address", "192.0.2.7"),
                ("dispute_url", "https://login.example.test/notice/Zm9vYmFyYmF6"),
            ]),
        ),
        (
            MailKind::EnrolmentNotice,
            fields(&[
                ("device", "passkey"),
                ("when", "1795530725000"),
                ("dispute_url", "https://login.example.test/notice/Zm9vYmFyYmF6"),
            ]),
        ),
        (
            MailKind::EnrolmentReminder,
            fields(&[("deadline", "2026-12-24"), ("days", "7"), ("portal_url", "https://login.example.test/")]),
        ),
        (
            MailKind::EnrolmentReminder,
            fields(&[
                ("deadline", "2026-12-24"),
                ("days", "1"),
                ("portal_url", "https://login.example.test/"),
                ("app", "Team Wiki"),
            ]),
        ),
        (
            MailKind::EnrolmentApproved,
            fields(&[("portal_url", "https://login.example.test/"), ("until", "2026-11-27T14:32:05.000Z")]),
        ),
        (
            MailKind::Provisioning,
            fields(&[
                ("link", "https://login.example.test/enrol-by-mail/Zm9vYmFyYmF6"),
                ("until", "2026-12-04T14:32:05.000Z"),
                ("note", "Please do this before you leave for the fair."),
            ]),
        ),
        (
            MailKind::Provisioning,
            fields(&[
                ("link", "https://login.example.test/enrol-by-mail/Zm9vYmFyYmF6"),
                ("until", "2026-12-04T14:32:05.000Z"),
            ]),
        ),
        (
            MailKind::RecoveryCodesMade,
            fields(&[
                ("when", "2026-11-24T14:32:05.000Z"),
                ("address", "192.0.2.7"),
                ("portal_url", "https://login.example.test/authenticators"),
            ]),
        ),
        (
            MailKind::AuthenticatorRemoved,
            fields(&[
                ("device", "ios"),
                ("when", "2026-11-24T14:32:05.000Z"),
                ("address", "192.0.2.7"),
                ("portal_url", "https://login.example.test/authenticators"),
            ]),
        ),
        (
            MailKind::AuthenticatorRemoved,
            fields(&[
                ("device", "HW-000417"),
                ("by", "operator"),
                ("when", "2026-11-24T14:32:05.000Z"),
                ("portal_url", "https://login.example.test/authenticators"),
            ]),
        ),
        (
            MailKind::RecoveryCodeUsed,
            fields(&[
                ("when", "2026-11-24T14:32:05.000Z"),
                ("address", "192.0.2.7"),
                ("left", "9"),
                ("portal_url", "https://login.example.test/authenticators"),
            ]),
        ),
        (
            MailKind::RecoveryCodeUsed,
            fields(&[
                ("when", "1795530725000"),
                ("left", "0"),
                ("portal_url", "https://login.example.test/authenticators"),
            ]),
        ),
    ]
}
