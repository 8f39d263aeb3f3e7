//! One of everything: each page with each notice it may carry, and each mail. An operator's files are tried out on these
//! at start, and so are ours in the tests.

use std::collections::BTreeMap;
use std::time::Duration;

use doorward_api::flow::{Delivery, Notice};
use doorward_api::mail::MailKind;
use doorward_api::{EndedHow, FormIds, Progress, Screen, ScreenPage, Secret, Target, Timestamp};

use crate::page::{Chrome, MessageKind, MessagePage, StartApp, StartPage};

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
        language: language.to_owned(),
        brand: "Doorward Demo".to_owned(),
        support_url: Some("https://help.example.test/".to_owned()),
        csrf: "sample".to_owned(),
        path_back: "/signin/step".to_owned(),
        signed_in_as: None,
        base: String::new(),
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
    all.push(("need-portal".to_owned(), bare(ScreenPage::NeedAuthenticator { masked_email: None })));
    all
}

fn screen(page: ScreenPage, notice: Option<Notice>) -> Screen {
    let begun = !matches!(page, ScreenPage::Name { .. });
    Screen {
        progress: step(&page).map(|step| Progress { step, of: 6 }),
        back: matches!(
            page,
            ScreenPage::ChooseDevice { .. } | ScreenPage::Install { .. } | ScreenPage::FirstPasscode { .. }
        ),
        form: if begun {
            FormIds { flow: "sample-flow".into(), nonce: "sample-nonce".into() }
        } else {
            FormIds::default()
        },
        notice,
        app_name: Some("Team Wiki".to_owned()),
        app_origin: Some("https://wiki.example.test".to_owned()),
        user_name: begun.then(|| "alice".to_owned()),
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
        ScreenPage::CheckEmail { .. } => 2,
        ScreenPage::ChooseKind { .. } => 3,
        ScreenPage::ChooseDevice { .. } => 4,
        ScreenPage::Install { .. } => 5,
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
        ("need".to_owned(), ScreenPage::NeedAuthenticator { masked_email: Some("a***@e***.test".to_owned()) }),
        ("code".to_owned(), check_email(Some(Delivery::Sent), None)),
        ("code-masked".to_owned(), check_email(Some(Delivery::Sent), Some("a***@e***.test"))),
        ("code-sending".to_owned(), check_email(Some(Delivery::Pending), None)),
        ("code-sending-masked".to_owned(), check_email(Some(Delivery::Pending), Some("a***@e***.test"))),
        ("code-refused".to_owned(), check_email(Some(Delivery::Refused), None)),
        ("kind".to_owned(), choose_kind()),
        ("device".to_owned(), choose_device()),
    ];
    for target in Target::ALL {
        all.push((format!("install-{}", target.as_str()), install(target, false)));
        all.push((
            format!("ready-{}", target.as_str()),
            ScreenPage::FirstPasscode { target, length: 6, added_at: NOW },
        ));
    }
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

fn passcode(length: u8, enrolment_hint: bool, suspended: bool) -> ScreenPage {
    ScreenPage::Passcode { length, enrolment_hint, suspended }
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
    }
}

/// The notices that a page may carry, beginning with none.
fn notices(page: &ScreenPage) -> Vec<Option<Notice>> {
    let until = NOW + Duration::from_secs(900);
    let of_the_page = match page {
        ScreenPage::Name { remembered: None, .. } => vec![Notice::Empty, Notice::StaleForm],
        ScreenPage::Password => vec![Notice::NotAccepted, Notice::Empty, Notice::AccountLocked { until }],
        ScreenPage::Passcode { length: 6, .. } => vec![
            Notice::PasscodeNotAccepted { times: 1 },
            Notice::PasscodeNotAccepted { times: 2 },
            Notice::PasscodeUsed,
            Notice::NotAccepted,
            Notice::AccountLocked { until },
            Notice::Locked { until },
            Notice::Empty,
            Notice::NoLongerOffered,
        ],
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
        ScreenPage::ChooseKind { .. } | ScreenPage::ChooseDevice { .. } => vec![Notice::ChooseTarget, Notice::Empty],
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
        Notice::CodeWrong { tries_left } => format!("wrong-{tries_left}"),
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

/// The pages that say one thing.
pub(crate) fn messages() -> Vec<MessagePage> {
    let kinds = [
        MessageKind::Denied { app_name: None },
        MessageKind::Denied { app_name: Some("Team Wiki".to_owned()) },
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
        MessageKind::SignedOut,
        MessageKind::DisputeLook { device: Target::Android, added_at: NOW, action: "/notice/sample".to_owned() },
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
    ]
}
