//! One of each page of the console, with all that may be on it, for the tests.

use std::time::Duration;

use doorward_api::operator::Role;
use doorward_api::{FieldFault, FieldRule, Timestamp};

use crate::console::{
    AccountPage, ChangeRow, ChangedField, Choice, ConsoleFrame, ConsoleMessage, ConsolePage, Counted, Fault, Field,
    GroupLine, InvitedLine, InvitedPage, KindLine, KindTable, OperatorLine, OperatorName, OperatorPage, OperatorsPage,
    OverviewPage, Platforms, PreviewBox, PreviewOutcome, ProofFields, Said, Section, ServerChoice, SettingPage,
    SetupPage, SignInPage, TargetLine, Told,
};
use crate::console_access::{AccessPage, built_in_said};
use crate::console_access_samples::{self, role_choices};
use crate::console_enrolment::{rule_group_gone, waiting};
use crate::samples::QR;
use crate::{console_appearance_samples, console_enrolment_samples};

/// 2026-11-24T14:32:05Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_530_725_000);

/// The secret `12345678901234567890` of RFC 6238, which protects nothing.
const KEY: &str = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ";
const URI: &str = "otpauth://totp/Doorward%20Demo:administrator?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// The frame of the console's samples, of somebody signed in or of nobody.
pub(crate) fn console_frame(language: &str, signed_in: bool) -> ConsoleFrame {
    ConsoleFrame {
        language: language.to_owned(),
        brand: "Doorward Demo".to_owned(),
        csrf: "sample".to_owned(),
        path_back: "/".to_owned(),
        operator: signed_in.then(|| OperatorName::new("olga", &Role::Administrator.into())),
        waiting: 2,
        here: "/settings/self-provisioning".to_owned(),
        support_url: Some("https://help.example.test/".to_owned()),
        base: String::new(),
    }
}

/// Each page of the console, by a name; with all that may be on it, and bare.
pub(crate) fn console_pages() -> Vec<(&'static str, ConsolePage)> {
    let words = |page: SettingPage| ConsolePage::Setting(Box::new(page));
    let told = Told::new("console-signin-waits").when(NOW);
    let servers = vec![ServerChoice { id: "default".into(), name: "Doorward Demo".into() }];
    let message = |kind: &str, status| {
        let onward = Some("/".to_owned());
        ConsolePage::Message(ConsoleMessage { kind: kind.into(), status, request_id: "01JD2Z6T7W9Q".into(), onward })
    };
    let records = crate::console_records_samples::records_pages();
    let records = records.into_iter().map(|(name, page)| (name, ConsolePage::Records(page)));
    let rules = console_enrolment_samples::rule_pages().into_iter();
    let documents = rules.chain(console_appearance_samples::appearance_pages());
    let documents = documents.map(|(name, page)| (name, ConsolePage::Setting(Box::new(page))));
    let own_words = console_appearance_samples::words_pages().into_iter();
    let own_words = own_words.map(|(name, page)| (name, ConsolePage::Words(Box::new(page))));
    let access = ConsolePage::Access;
    let others = vec![
        ("signin", ConsolePage::SignIn(SignInPage { next: "/".into(), ..SignInPage::default() })),
        (
            "signin-waits",
            ConsolePage::SignIn(SignInPage { servers, notice: Some(told), name: "olga".into(), ..Default::default() }),
        ),
        ("setup", ConsolePage::Setup(Box::new(setup(Vec::new())))),
        (
            "setup-wrong",
            ConsolePage::Setup(Box::new(setup(vec![Fault::plain(Some("passcode"), "console-fault-passcode")]))),
        ),
        ("setup-anew", ConsolePage::Setup(Box::new(SetupPage { anew: true, ..setup(Vec::new()) }))),
        ("start", ConsolePage::Start(overview(Vec::new()))),
        ("start-attention", ConsolePage::Start(overview(attention()))),
        (
            "start-counting",
            ConsolePage::Start(OverviewPage { counting: Some(counted_before()), ..overview(Vec::new()) }),
        ),
        ("setting-read", words(setting(false))),
        ("setting-edit", words(setting(true))),
        ("targets-read", words(targets(false))),
        ("targets-edit", words(targets(true))),
        (
            "setting-bare",
            words(SettingPage {
                name: "lockout".into(),
                path: "/policies/account-lockout".into(),
                ..Default::default()
            }),
        ),
        ("operators", ConsolePage::Operators(operators(true))),
        ("operators-read", ConsolePage::Operators(operators(false))),
        ("roles", access(AccessPage::Roles(console_access_samples::roles()))),
        ("role", access(AccessPage::Role(Box::new(console_access_samples::role(true))))),
        ("role-read", access(AccessPage::Role(Box::new(console_access_samples::role(false))))),
        ("keys", access(AccessPage::Keys(console_access_samples::keys(true)))),
        ("keys-none", access(AccessPage::Keys(console_access_samples::keys(false)))),
        ("key-new", access(AccessPage::NewKey(Box::new(console_access_samples::new_key())))),
        ("approvals", access(AccessPage::Approvals(console_access_samples::approvals(true)))),
        ("approvals-none", access(AccessPage::Approvals(console_access_samples::approvals(false)))),
        ("approval", access(AccessPage::Approval(Box::new(console_access_samples::approval(true))))),
        ("approval-own", access(AccessPage::Approval(Box::new(console_access_samples::approval(false))))),
        ("key-made", access(AccessPage::KeyMade(console_access_samples::key_made()))),
        ("operator", ConsolePage::Operator(operator(true))),
        ("operator-read", ConsolePage::Operator(operator(false))),
        (
            "invited",
            ConsolePage::Invited(InvitedPage {
                link: "http://127.0.0.1:8081/setup/Zm9vYmFyYmF6".into(),
                role: built_in_said(Role::Auditor),
                until: NOW + Duration::from_secs(86_400),
                of: None,
            }),
        ),
        (
            "invited-anew",
            ConsolePage::Invited(InvitedPage {
                link: "http://127.0.0.1:8081/setup/Zm9vYmFyYmF6".into(),
                role: built_in_said(Role::Auditor),
                until: NOW + Duration::from_secs(86_400),
                of: Some("<b>otto</b>".into()),
            }),
        ),
        (
            "account",
            ConsolePage::Account(AccountPage {
                notice: Some(Told::new("console-account-changed")),
                least: 12,
                proof: proof(),
                ..Default::default()
            }),
        ),
        ("message-not-found", message("not-found", 404)),
        ("message-forbidden", message("forbidden", 403)),
        ("message-cross-site", message("cross-site", 403)),
        ("message-bad-request", message("bad-request", 400)),
        ("message-method", message("method", 405)),
        ("message-too-large", message("too-large", 413)),
        ("message-too-many", message("too-many", 429)),
        ("message-unknown-host", message("unknown-host", 421)),
        ("message-unavailable", message("unavailable", 503)),
        ("message-internal", message("internal", 500)),
        ("message-link-gone", message("link-gone", 410)),
        ("message-operator-waits", message("operator-waits", 200)),
    ];
    let past = crate::console_past::samples::past_pages().into_iter();
    let past = past.map(|(name, page)| (name, ConsolePage::Past(page)));
    let policies = crate::console_policies_samples::policies_pages().into_iter();
    let policies = policies.map(|(name, page)| (name, ConsolePage::Policies(page)));
    others.into_iter().chain(past).chain(policies).chain(documents).chain(own_words).chain(records).collect()
}

fn setup(faults: Vec<Fault>) -> SetupPage {
    SetupPage {
        action: "/setup/Zm9v".into(),
        role: built_in_said(Role::Administrator),
        anew: false,
        name: "<olga>".into(),
        uri: URI.into(),
        key: KEY.into(),
        qr_svg: Some(QR.into()),
        least: 12,
        faults,
    }
}

fn attention() -> Vec<Told> {
    vec![
        Told::new("console-attention-no-platform").at_page("/policies/software-token"),
        Told::new("console-attention-otp-alone").about("wiki-otp"),
        Told::new("console-attention-certificate").about("wiki.example.test").when(NOW),
        OverviewPage::mail_waits(NOW),
        rule_group_gone("<b>Staff</b>", "/settings/enrolment-rules"),
        waiting(1),
        waiting(3),
        Told::new("console-attention-approvals").counting(1).at_page("/approvals"),
        Told::new("console-attention-approvals").counting(3).at_page("/approvals"),
        Told::new("console-attention-collect").counting(1).at_page("/approvals"),
        Told::new("console-attention-collect").counting(2).at_page("/approvals"),
    ]
}

fn overview(attention: Vec<Told>) -> OverviewPage {
    let counts = vec![Counted { key: "console-count-tokens-active".into(), count: 3 }];
    OverviewPage { attention, counts, counting: None }
}

fn counted_before() -> Told {
    Told::new("console-counts-before").when(NOW)
}

fn proof() -> ProofFields {
    ProofFields { asked: true, fault: Some(Fault::plain(Some("proof"), "console-fault-proof")) }
}

fn field(name: &str, kind: &'static str) -> Field {
    Field { name: name.into(), label: "console-field-length".into(), kind, ..Field::default() }
}

fn setting(editing: bool) -> SettingPage {
    let broken = |field: &str, rule| {
        let fault = FieldFault::new(field, rule);
        Fault::of(&fault, |_| "console-field-length".into(), |_, _| Said::words("console-choice-mode-quick_log"))
    };
    let choices = vec![
        Choice {
            value: "a".into(),
            said: Said::words("console-choice-mode-quick_log"),
            hint: Some("console-choice-mode-quick_log-hint".into()),
        },
        Choice { value: "b".into(), said: Said::text("8"), hint: None },
    ];
    let label = vec!["console-field-mode".into()];
    let changed = ChangedField { of: Vec::new(), label, old: Said::Nothing, new: Said::text("<8>") };
    let change = ChangeRow { at: NOW, operator: "olga".into(), fields: vec![changed] };
    let fields = vec![
        Field {
            choices: choices.clone(),
            value: "a".into(),
            fault: Some(broken("choice", FieldRule::Required)),
            ..field("choice", "choice")
        },
        Field {
            choices,
            value: "b".into(),
            hint: Some("console-field-length-hint".into()),
            ..field("select", "select")
        },
        Field {
            value: "<4.5>".into(),
            fault: Some(broken("number", FieldRule::Between { min: 1, max: 4 })),
            said: Some(Said::text("4")),
            ..field("number", "number")
        },
        Field {
            value: "x".into(),
            fault: Some(broken("text", FieldRule::NotAvailable { other: "f".into(), value: "v".into() })),
            when: Some("installer"),
            ..field("text", "text")
        },
        Field {
            value: "on".into(),
            said: Some(Said::words("console-on")),
            hint: Some("console-field-length-hint".into()),
            ..field("flag", "flag")
        },
        Field {
            groups: vec![
                GroupLine { id: "g1".into(), name: "staff".into(), gone: false },
                GroupLine { id: "g2".into(), name: "g2".into(), gone: true },
            ],
            offered: vec!["staff".into()],
            ..field("groups", "groups")
        },
    ];
    let section = Section {
        title: "console-section-target-users".into(),
        hint: Some("console-section-target-users-hint".into()),
        fields,
        platforms: Some(Platforms {
            names: vec!["console-target-ios".into()],
            link: "/policies/software-token".into(),
        }),
        choose: Some("console-choose-fields".into()),
        ..Section::default()
    };
    SettingPage {
        name: "self_provisioning".into(),
        path: "/settings/self-provisioning".into(),
        crumbs: vec!["console-menu-access".into(), "console-menu-settings".into()],
        notes: vec!["console-note-new-tokens".into()],
        editing,
        may_edit: true,
        saves: true,
        seen: 3,
        sections: vec![section],
        hidden: vec![("more".into(), "\"x\"".into())],
        faults: if editing { vec![broken("number", FieldRule::AtLeast { other: "f".into() })] } else { Vec::new() },
        warnings: attention(),
        notice: Some(Told::new("console-saved")),
        conflict: if editing { vec![change.clone()] } else { Vec::new() },
        kinds: Some(kinds()),
        log: vec![change],
        preview: Some(PreviewBox {
            name: "alice".into(),
            outcome: Some(PreviewOutcome {
                offered: true,
                key: "console-preview-yes".into(),
                platforms: vec!["console-target-ios".into()],
                rule: console_enrolment_samples::rule_of_somebody(),
                ..PreviewOutcome::default()
            }),
        }),
        proof: proof(),
    }
}

fn kinds() -> KindTable {
    let line = |kind: Said, why_not: [Option<&str>; 2]| KindLine {
        kind,
        why_not: why_not.map(|why| why.map(str::to_owned)).to_vec(),
    };
    KindTable {
        targets: ["ios", "windows-desktop"].map(str::to_owned).to_vec(),
        rows: vec![
            line(Said::words("kind-push"), [None, Some("The app is there for <b>phones</b> only.")]),
            line(Said::text("house & home"), [None, None]),
            line(Said::words("kind-otp"), [Some("No such app asks for a PIN."), Some("No such app asks for a PIN.")]),
        ],
        none_for: vec!["windows-desktop".into()],
    }
}

fn targets(editing: bool) -> SettingPage {
    let row = |name: &str| TargetLine { name: name.into(), allowed: true, app: true, push: false };
    let section = Section {
        title: "console-section-targets".into(),
        table: ["android", "ios", "windows-mobile", "windows-desktop"].map(row).to_vec(),
        ..Section::default()
    };
    SettingPage {
        name: "targets".into(),
        path: "/policies/software-token".into(),
        editing,
        may_edit: true,
        sections: vec![section],
        ..SettingPage::default()
    }
}

fn line(name: &str, own: bool) -> OperatorLine {
    OperatorLine {
        id: format!("o-{own}"),
        name: name.into(),
        role: "auditor".into(),
        role_said: built_in_said(Role::Auditor),
        disabled: !own,
        created_at: NOW,
        last_seen_at: own.then_some(NOW),
        own,
    }
}

fn operators(may_edit: bool) -> OperatorsPage {
    OperatorsPage {
        operators: vec![line("olga", true), line("<b>otto</b>", false)],
        invited: vec![InvitedLine {
            role: built_in_said(Role::Auditor),
            by: "<b>olga</b>".into(),
            until: NOW,
            withdraw: may_edit.then(|| "/operators/invitations/00/withdraw".into()),
        }],
        notice: may_edit.then(|| Told::new("console-done-invitation-withdrawn")),
        may_edit,
        roles: role_choices(),
        role: "help_desk".into(),
        faults: if may_edit { vec![Fault::plain(Some("role"), "rule-one-of")] } else { Vec::new() },
        proof: proof(),
    }
}

fn operator(may_edit: bool) -> OperatorPage {
    OperatorPage {
        of: line("<b>otto</b>", may_edit),
        may_edit,
        roles: role_choices(),
        faults: if may_edit { vec![Fault::plain(None, "console-fault-last-administrator")] } else { Vec::new() },
        notice: Some(Told::new("console-saved")),
        proof: ProofFields::default(),
    }
}
