//! The documents of the settings as pages: which fields each has, in which sections, and when a field is there. The names in the
//! menu are those of the requirements (decision A42). Enrolment rules are a list, and have pages of their own.

use doorward_api::settings::SettingKind;
use doorward_views::console::Said;
use doorward_views::console_appearance::AppearanceSection;

use super::entered::{Entered, ON};

/// A document's page.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) kind: SettingKind,
    pub(super) path: &'static str,
    /// The way to it in the menu.
    pub(super) crumbs: &'static [&'static str],
    /// What is said below the heading.
    pub(super) notes: &'static [&'static str],
    /// The button is called Save (R47), else Apply (R55, R81).
    pub(super) saves: bool,
    pub(super) parts: &'static [Part],
    /// Fields of the document that are changed elsewhere.
    pub(super) keeps: &'static [&'static str],
}

/// A section of a page.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) title: &'static str,
    pub(super) hint: Option<&'static str>,
    pub(super) specs: &'static [Spec],
    /// A button that shows the fields of what was chosen here.
    pub(super) choose: Option<&'static str>,
    /// What stands there besides.
    pub(super) special: Special,
}

/// What is no mere list of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    /// Nothing.
    None,
    /// The table of platforms (R52).
    Targets,
    /// The platforms that are allowed, to be read (R41).
    Platforms,
    /// Only where Windows is allowed (R42).
    Windows,
    /// The type of the template (R58).
    Type,
    /// A PIN to be tried out.
    Tester,
    /// The logo, to be read.
    Logo,
    /// How many texts were replaced, to be read.
    OwnWords,
}

/// A field.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// There are words below its label.
    pub(super) hint: bool,
    /// For style: when it is of use.
    pub(super) when: Option<&'static str>,
    /// It is there at all, with what else stands in the form.
    pub(super) available: fn(&Entered) -> bool,
    /// It is a field of the document, not only of the form.
    pub(super) sent: bool,
}

/// How a field is filled in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Radio buttons: values, and whether words stand below them.
    Choice(&'static [(&'static str, bool)]),
    /// A list of numbers.
    Select(&'static [&'static str]),
    Number,
    Text,
    Flag,
    Groups,
    Colour,
    /// Languages to be ticked.
    Languages,
    /// One language, or none.
    Language,
}

impl Spec {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, hint: false, when: None, available: always, sent: true }
    }

    const fn hint(self) -> Self {
        Self { hint: true, ..self }
    }

    const fn when(self, when: &'static str) -> Self {
        Self { when: Some(when), ..self }
    }

    const fn available(self, available: fn(&Entered) -> bool) -> Self {
        Self { available, ..self }
    }
}

impl Panel {
    /// All fields.
    pub(super) fn specs(&self) -> impl Iterator<Item = &'static Spec> {
        self.parts.iter().flat_map(|part| part.specs)
    }

    /// A field of a name.
    pub(super) fn spec(&self, name: &str) -> Option<&'static Spec> {
        self.specs().find(|spec| spec.name == name)
    }

    /// What decides which fields there are, as the form was shown by it.
    pub(super) fn shape(&self, entered: &Entered) -> String {
        match self.kind {
            SettingKind::TokenTemplate => format!("{} {}", entered.text("mode"), entered.text("pin_type")),
            _ => String::new(),
        }
    }
}

const FIELD: &str = "console-field-";
const CHOICE: &str = "console-choice-";
const COLUMN: &str = "console-column-";
const TARGET: &str = "console-target-";

/// The key of a field's label.
pub(super) fn label(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((target, column)) if is_target(target) => COLUMN.to_owned() + column,
        _ if name == "target_users" => FIELD.to_owned() + "target_users-mode",
        _ => FIELD.to_owned() + &name.replace('.', "-"),
    }
}

/// The keys of its label where it stands alone.
pub(super) fn labels(name: &str) -> Vec<String> {
    match name.rsplit_once('.') {
        Some((target, _)) if is_target(target) => vec![TARGET.to_owned() + target, label(name)],
        _ => vec![label(name)],
    }
}

fn is_target(name: &str) -> bool {
    doorward_api::Target::parse(name).is_some()
}

/// What a field's value is called.
pub(super) fn said(panel: &Panel, name: &str, value: &str) -> Said {
    match panel.spec(name).map(|spec| spec.kind) {
        Some(Kind::Flag) => Said::words(if value == ON { "console-on" } else { "console-off" }),
        Some(Kind::Choice(choices)) if choices.iter().any(|(choice, _)| *choice == value) => {
            Said::words(choice_key(name, value))
        }
        Some(Kind::Language) => Said::language(value),
        _ => Said::text(value),
    }
}

/// The key of a choice.
pub(super) fn choice_key(name: &str, value: &str) -> String {
    CHOICE.to_owned() + &name.replace('.', "-") + "-" + value
}

/// The key of what stands below.
pub(super) fn hint_key(key: &str) -> String {
    key.to_owned() + "-hint"
}

fn always(_: &Entered) -> bool {
    true
}

fn names_groups(entered: &Entered) -> bool {
    entered.is("target_users.mode", "only_groups") || entered.is("target_users.mode", "except_groups")
}

fn by_installer(entered: &Entered) -> bool {
    entered.is("windows_link", "installer")
}

fn synchronizes(entered: &Entered) -> bool {
    !entered.is("mode", "challenge_response")
}

fn by_time(entered: &Entered) -> bool {
    synchronizes(entered) && !entered.is("synchronization.by", "event")
}

fn by_event(entered: &Entered) -> bool {
    synchronizes(entered) && entered.is("synchronization.by", "event")
}

fn user_selected(entered: &Entered) -> bool {
    entered.is("pin_type", "user_selected")
}

impl Spec {
    /// Whether the form shows it. A form without script shows the numbers of both kinds of synchronization, groups and URL beside
    /// the radio buttons that they belong to; they are sent with the one only.
    pub(super) fn shown(&self, entered: &Entered) -> bool {
        match self.when {
            Some("time" | "event") => synchronizes(entered),
            Some(_) => true,
            None => (self.available)(entered),
        }
    }
}

const COMPLEXITIES: Kind = Kind::Choice(&[("decimal", true), ("strong_alphanumeric", true)]);

const PLAIN: Part = Part { title: "", hint: None, specs: &[], choose: None, special: Special::None };

pub(super) const SETTINGS: &[&str] = &["console-menu-access", "console-menu-settings"];

const TOKEN_POLICIES: &[&str] = &["console-menu-tokens", "console-menu-policies", "console-menu-token-policies"];

/// Where the groups of the target users stand.
pub(super) const GROUPS: &str = "target_users.groups";

const fn look(section: AppearanceSection, specs: &'static [Spec], special: Special) -> Part {
    Part { title: section.title(), hint: Some(section.hint()), specs, choose: None, special }
}

/// All pages, in the order of the menu.
pub(super) static PANELS: [Panel; 8] = [
    Panel {
        kind: SettingKind::SelfProvisioning,
        path: "/settings/self-provisioning",
        crumbs: SETTINGS,
        notes: &[],
        saves: true,
        parts: &[
            Part {
                title: "console-section-target-users",
                hint: Some("console-section-target-users-hint"),
                specs: &[
                    Spec::new(
                        "target_users.mode",
                        Kind::Choice(&[
                            ("all", false),
                            ("only_groups", false),
                            ("except_groups", false),
                            ("none", false),
                        ]),
                    ),
                    Spec::new(GROUPS, Kind::Groups).when("groups").available(names_groups),
                ],
                ..PLAIN
            },
            Part { title: "console-section-platforms", special: Special::Platforms, ..PLAIN },
            Part {
                title: "console-section-windows",
                hint: Some("console-section-windows-hint"),
                specs: &[
                    Spec::new("windows_link", Kind::Choice(&[("none", true), ("store", false), ("installer", false)])),
                    Spec::new("installer_url", Kind::Text).hint().when("installer").available(by_installer),
                ],
                special: Special::Windows,
                ..PLAIN
            },
            Part {
                title: "console-section-stores",
                hint: Some("console-section-stores-hint"),
                specs: &[
                    Spec::new("app_store_url", Kind::Text).hint(),
                    Spec::new("google_play_url", Kind::Text).hint(),
                    Spec::new("microsoft_store_url", Kind::Text).hint(),
                ],
                ..PLAIN
            },
            Part {
                title: "console-section-other-apps",
                hint: Some("console-section-other-apps-hint"),
                specs: &[Spec::new("other_apps", Kind::Flag).hint()],
                ..PLAIN
            },
            Part {
                title: "console-section-several",
                hint: Some("console-section-several-hint"),
                specs: &[Spec::new("max_tokens", Kind::Number).hint()],
                ..PLAIN
            },
            Part {
                title: "console-section-recovery",
                hint: Some("console-section-recovery-hint"),
                specs: &[Spec::new("recovery_codes", Kind::Flag).hint()],
                ..PLAIN
            },
        ],
        keeps: &[],
    },
    Panel {
        kind: SettingKind::Appearance,
        path: "/settings/appearance",
        crumbs: SETTINGS,
        notes: &[],
        saves: false,
        parts: &[
            look(
                AppearanceSection::Look,
                &[Spec::new("product_name", Kind::Text).hint(), Spec::new("accent", Kind::Colour).hint()],
                Special::None,
            ),
            look(AppearanceSection::Logo, &[], Special::Logo),
            look(
                AppearanceSection::Help,
                &[Spec::new("support", Kind::Text).hint(), Spec::new("support_url", Kind::Text).hint()],
                Special::None,
            ),
            look(
                AppearanceSection::Languages,
                &[Spec::new("languages", Kind::Languages).hint(), Spec::new("default_language", Kind::Language).hint()],
                Special::None,
            ),
            look(AppearanceSection::Words, &[], Special::OwnWords),
        ],
        keeps: &["logo", "texts"],
    },
    Panel {
        kind: SettingKind::Targets,
        path: "/policies/software-token",
        crumbs: TOKEN_POLICIES,
        notes: &["console-note-targets"],
        saves: false,
        parts: &[Part {
            title: "console-section-targets",
            hint: Some("console-section-targets-hint"),
            specs: &[
                Spec::new("android.allowed", Kind::Flag),
                Spec::new("android.app", Kind::Flag),
                Spec::new("android.push", Kind::Flag),
                Spec::new("ios.allowed", Kind::Flag),
                Spec::new("ios.app", Kind::Flag),
                Spec::new("ios.push", Kind::Flag),
                Spec::new("windows-mobile.allowed", Kind::Flag),
                Spec::new("windows-mobile.app", Kind::Flag),
                Spec::new("windows-mobile.push", Kind::Flag),
                Spec::new("windows-desktop.allowed", Kind::Flag),
                Spec::new("windows-desktop.app", Kind::Flag),
                Spec::new("windows-desktop.push", Kind::Flag),
            ],
            special: Special::Targets,
            ..PLAIN
        }],
        keeps: &[],
    },
    Panel {
        kind: SettingKind::TokenTemplate,
        path: "/policies/token-templates",
        crumbs: TOKEN_POLICIES,
        notes: &["console-note-new-tokens"],
        saves: false,
        parts: &[
            Part {
                title: "console-section-passcode",
                specs: &[
                    Spec::new("mode", Kind::Choice(&[("quick_log", true), ("challenge_response", true)])),
                    Spec::new("length", Kind::Select(&["6", "8"])).hint(),
                    Spec {
                        sent: false,
                        ..Spec::new("synchronization.by", Kind::Choice(&[("time", false), ("event", false)]))
                            .available(synchronizes)
                    },
                    Spec::new(
                        "synchronization.time.step",
                        Kind::Select(&["30", "60", "90", "120", "180", "240", "300"]),
                    )
                    .hint()
                    .when("time")
                    .available(by_time),
                    Spec::new("synchronization.event.look_ahead", Kind::Number)
                        .hint()
                        .when("event")
                        .available(by_event),
                ],
                special: Special::Type,
                ..PLAIN
            },
            Part {
                title: "console-section-pin",
                specs: &[
                    Spec::new(
                        "pin_type",
                        Kind::Choice(&[("none", true), ("user_selected", true), ("server_side", true)]),
                    ),
                    Spec::new("pin_length", Kind::Number).hint().available(user_selected),
                    Spec::new("allow_trivial_pins", Kind::Flag).hint().available(user_selected),
                    Spec::new("max_pin_attempts", Kind::Number).hint().available(user_selected),
                    Spec::new("min_pin_complexity", COMPLEXITIES).available(user_selected),
                    Spec::new("allow_biometric_pin", Kind::Flag).hint().available(user_selected),
                ],
                choose: Some("console-choose-fields"),
                special: Special::Tester,
                ..PLAIN
            },
        ],
        keeps: &[],
    },
    Panel {
        kind: SettingKind::ServerPinPolicy,
        path: "/policies/server-side-pin",
        crumbs: TOKEN_POLICIES,
        notes: &[],
        saves: false,
        parts: &[
            Part {
                title: "console-section-pin-use",
                specs: &[
                    Spec::new("change_on_first_use", Kind::Flag),
                    Spec::new("force_random", Kind::Flag),
                    Spec::new("order", Kind::Choice(&[("prepend", false), ("append", false)])),
                ],
                ..PLAIN
            },
            Part {
                title: "console-section-pin-form",
                specs: &[
                    Spec::new("min_length", Kind::Number).hint(),
                    Spec::new("max_length", Kind::Number).hint(),
                    Spec::new("generated_length", Kind::Number).hint(),
                    Spec::new("complexity", COMPLEXITIES),
                    Spec::new("allow_trivial", Kind::Flag).hint(),
                ],
                special: Special::Tester,
                ..PLAIN
            },
            Part {
                title: "console-section-pin-change",
                specs: &[
                    Spec::new("change_after_days", Kind::Number).hint(),
                    Spec::new("history", Kind::Number).hint(),
                ],
                ..PLAIN
            },
        ],
        keeps: &[],
    },
    Panel {
        kind: SettingKind::Synchronization,
        path: "/policies/synchronization",
        crumbs: TOKEN_POLICIES,
        notes: &[],
        saves: false,
        parts: &[
            Part {
                title: "console-section-time",
                hint: Some("console-section-time-hint"),
                specs: &[Spec::new("inner_steps", Kind::Number).hint(), Spec::new("outer_steps", Kind::Number).hint()],
                ..PLAIN
            },
            Part {
                title: "console-section-event",
                hint: Some("console-section-event-hint"),
                specs: &[Spec::new("outer_events", Kind::Number).hint()],
                ..PLAIN
            },
        ],
        keeps: &[],
    },
    Panel {
        kind: SettingKind::Lockout,
        path: "/policies/account-lockout",
        crumbs: &["console-menu-tokens", "console-menu-policies"],
        notes: &[],
        saves: false,
        parts: &[
            Part {
                title: "console-section-account",
                hint: Some("console-section-account-hint"),
                specs: &[
                    Spec::new("account_failures", Kind::Number).hint(),
                    Spec::new("account_minutes", Kind::Number).hint(),
                ],
                ..PLAIN
            },
            Part {
                title: "console-section-token",
                specs: &[
                    Spec::new("token_failures", Kind::Number).hint(),
                    Spec::new("token_minutes", Kind::Number).hint(),
                ],
                ..PLAIN
            },
        ],
        keeps: &[],
    },
    Panel {
        kind: SettingKind::Approvals,
        path: "/settings/approvals",
        crumbs: &["console-menu-console"],
        notes: &[],
        saves: false,
        parts: &[Part {
            title: "console-section-approvals",
            hint: Some("console-section-approvals-hint"),
            specs: &[
                Spec::new("operators", Kind::Flag).hint(),
                Spec::new("settings", Kind::Flag).hint(),
                Spec::new("user_deletion", Kind::Flag),
                Spec::new("token_deletion", Kind::Flag),
                Spec::new("exports", Kind::Flag),
            ],
            ..PLAIN
        }],
        keeps: &[],
    },
];
