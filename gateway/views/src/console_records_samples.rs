//! One of each page of users, tokens, groups and files of tokens, with all that may be on it, and bare.

use doorward_api::{Timestamp, TokenState};

use crate::console::{Choice, Fault, Field, GroupLine, PreviewOutcome, ProofFields, Said, Told};
use crate::console_records::{
    Crumb, Entry, Fact, GivenPage, GroupItem, GroupPage, GroupsPage, ImportPage, JobLine, JobPage, Linked, Parts,
    RecordsPage, Recovery, RowCount, RowLine, StateCount, TaskLink, TaskPage, Temporary, TokenLine, TokenPage,
    TokensPage, UserLine, UserPage, UsersPage, VerificationPage, in_groups_of_four,
};
use crate::{console_appearance_samples, console_enrolment_samples};

/// 2026-11-24T14:32:05Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_530_725_000);

/// By a name.
pub(crate) fn records_pages() -> Vec<(&'static str, RecordsPage)> {
    let mut pages = vec![
        ("users", RecordsPage::Users(users())),
        ("users-none-found", RecordsPage::Users(UsersPage { find: "<b>".into(), ..UsersPage::default() })),
        ("users-empty", RecordsPage::Users(UsersPage::default())),
        ("user", RecordsPage::User(Box::new(user()))),
        ("user-bare", RecordsPage::User(Box::new(bare_user()))),
        ("user-used-up", RecordsPage::User(Box::new(used_up()))),
        ("tokens", RecordsPage::Tokens(Box::new(tokens()))),
        ("tokens-none-found", RecordsPage::Tokens(Box::new(TokensPage { filtered: true, ..TokensPage::default() }))),
        ("tokens-empty", RecordsPage::Tokens(Box::default())),
        ("tokens-under-way", RecordsPage::Tokens(Box::new(counting(Told::new("console-counts-under-way"))))),
        ("tokens-before", RecordsPage::Tokens(Box::new(counting(Told::new("console-counts-before").when(NOW))))),
        ("token", RecordsPage::Token(Box::new(token()))),
        ("groups", RecordsPage::Groups(groups())),
        ("groups-none-found", RecordsPage::Groups(GroupsPage { find: "<b>".into(), ..GroupsPage::default() })),
        ("groups-empty", RecordsPage::Groups(GroupsPage::default())),
        ("group", RecordsPage::Group(Box::new(group(true)))),
        ("group-read", RecordsPage::Group(Box::new(group(false)))),
        ("task", RecordsPage::Task(Box::new(task()))),
        ("task-delete", RecordsPage::Task(Box::new(deletion()))),
        ("task-void", RecordsPage::Task(Box::new(voiding()))),
        ("given", RecordsPage::Given(given("temporary", Some(NOW)))),
        ("given-password", RecordsPage::Given(given("password", None))),
        ("given-pin", RecordsPage::Given(given("pin", None))),
        (
            "given-help-desk-code",
            RecordsPage::Given(GivenPage {
                secret: in_groups_of_four("7Q2MK94T"),
                ..given("help-desk-code", Some(NOW))
            }),
        ),
        (
            "import",
            RecordsPage::Import(Box::new(ImportPage {
                task: upload(),
                jobs: vec![job("done"), job("failed"), job("broke-off"), job("over")],
            })),
        ),
    ];
    pages.extend(verifications());
    pages.extend(enrolment());
    pages.extend(token_states());
    pages.extend(jobs());
    pages
}

/// What may become of a request to a caller's device.
fn verifications() -> Vec<(&'static str, RecordsPage)> {
    let page = |outcome, number: &str, by_hand| VerificationPage {
        name: "<b>alice</b>".into(),
        outcome,
        number: number.into(),
        until: NOW,
        by_hand,
        again: "/users/u1/verify".into(),
        back: "/users/u1".into(),
    };
    [
        ("verification", page("pending", "47", false)),
        ("verification-by-hand", page("pending", "47", true)),
        ("verification-approved", page("approved", "", false)),
        ("verification-denied", page("denied", "", false)),
        ("verification-reported", page("reported", "", false)),
        ("verification-mismatched", page("mismatched", "", false)),
        ("verification-cancelled", page("cancelled", "", false)),
        ("verification-expired", page("expired", "", false)),
    ]
    .map(|(name, page)| (name, RecordsPage::Verification(Box::new(page))))
    .to_vec()
}

/// What enrolment and appearance have of these pages.
fn enrolment() -> Vec<(&'static str, RecordsPage)> {
    let requests = console_enrolment_samples::requests_pages().into_iter();
    let requests = requests.map(|(name, page)| (name, RecordsPage::Requests(page)));
    let users = console_enrolment_samples::granted_users().into_iter();
    let users =
        users.map(|(name, page)| (name, RecordsPage::User(Box::new(UserPage { offer: bare_user().offer, ..page }))));
    let tasks = console_enrolment_samples::rule_tasks().into_iter();
    let tasks = tasks.chain(console_enrolment_samples::grant_tasks());
    let tasks = tasks.chain(console_appearance_samples::appearance_tasks());
    let tasks = tasks.map(|(name, page)| (name, RecordsPage::Task(Box::new(page))));
    let mut provisioning = crate::console_provisioning_samples::provisioning_pages();
    provisioning.extend(crate::console_provisioning_rules_samples::provisioning_rules_pages());
    requests.chain(users).chain(tasks).chain(provisioning).collect()
}

fn linked(name: &str) -> Linked {
    Linked { path: "/groups/g1".into(), name: name.into() }
}

fn parts() -> Parts {
    Parts { first: Some("/users".into()), next: Some("/users?after=x&q=y".into()) }
}

fn users() -> UsersPage {
    let line = |name: &str, badges: &[&'static str]| UserLine {
        path: "/users/u1".into(),
        name: name.into(),
        display_name: "Alice Archer".into(),
        email: Some("alice@example.test".into()),
        badges: badges.to_vec(),
    };
    UsersPage {
        find: "al".into(),
        users: vec![
            line("alice", &["disabled", "locked", "no-token"]),
            UserLine { display_name: String::new(), email: None, ..line("<b>bob</b>", &[]) },
        ],
        parts: parts(),
        may_add: true,
        notice: Some(Told::new("console-done-deleted")),
    }
}

fn user() -> UserPage {
    let task = |key: &str, danger| TaskLink { path: "/users/u1/x".into(), key: key.into(), danger };
    let tasks = [
        ("edit", false),
        ("password", false),
        ("temporary", false),
        ("withdraw", false),
        ("withdraw-recovery-codes", true),
        ("approve", false),
        ("help-desk-code", false),
        ("refuse", true),
        ("withdraw-grant", true),
        ("verify", false),
        ("unlock", false),
        ("sign-out", false),
        ("enable", false),
        ("disable", true),
        ("delete", true),
    ];
    UserPage {
        name: "<b>alice</b>".into(),
        display_name: "Alice <b>".into(),
        email: Some("alice@example.test".into()),
        disabled: true,
        locked_until: Some(NOW),
        has_password: true,
        created_at: NOW,
        groups: vec![linked("staff"), linked("<b>")],
        outer_groups: vec![linked("everybody")],
        tokens: vec![line("active"), TokenLine { locked_until: None, label: String::new(), ..line("revoked") }],
        temporary: Some(Temporary { until: NOW, reason: "<b>left at home</b>".into() }),
        recovery: Some(Recovery { left: 7, made_at: NOW }),
        granted: None,
        offer: PreviewOutcome {
            offered: true,
            key: "console-preview-yes".into(),
            platforms: vec!["console-target-ios".into()],
            none_fits: true,
            ..PreviewOutcome::default()
        },
        tasks: tasks.map(|(name, danger)| task(&format!("console-task-user-{name}"), danger)).to_vec(),
        notice: Some(Told::new("console-done-saved")),
    }
}

fn bare_user() -> UserPage {
    let offer = PreviewOutcome { key: "console-preview-begins".into(), at: Some(NOW), ..PreviewOutcome::default() };
    UserPage { name: "bob".into(), offer, ..UserPage::default() }
}

/// Somebody whose recovery codes are all used.
fn used_up() -> UserPage {
    UserPage { recovery: Some(Recovery { left: 0, made_at: NOW }), ..bare_user() }
}

fn line(state: &'static str) -> TokenLine {
    TokenLine {
        path: "/tokens/t1".into(),
        serial: "DW-7Q2M-K94T".into(),
        state,
        locked_until: Some(NOW),
        owner: Some(linked("<b>alice</b>")),
        label: "<b>My phone</b>".into(),
        form: "software",
        target: Some("console-target-ios".into()),
    }
}

fn counting(told: Told) -> TokensPage {
    TokensPage { counting: Some(told), ..TokensPage::default() }
}

fn tokens() -> TokensPage {
    let names = TokenState::ALL.map(TokenState::as_str);
    let count = |name: &'static str| StateCount { name, count: 3, path: format!("/tokens?state={name}") };
    TokensPage {
        counts: names.iter().copied().chain(["locked"]).map(count).collect(),
        counting: None,
        states: names.to_vec(),
        state: "active".into(),
        locked: true,
        serial: "<b>".into(),
        owner: "<b>".into(),
        filtered: true,
        faults: vec![Fault::plain(Some("owner"), "console-fault-unknown-user")],
        tokens: names.map(line).to_vec(),
        parts: parts(),
        notice: Some(Told::new("console-done-deleted")),
    }
}

fn token() -> TokenPage {
    let fact = |label: &str, said| Fact { label: label.into(), said };
    let tasks = [
        "suspend",
        "reactivate",
        "unlock",
        "return",
        "lost",
        "faulty",
        "reinitialize",
        "delete",
        "assign",
        "label",
        "test",
        "resync",
        "pin",
    ];
    let link = |name: &str| TaskLink {
        path: format!("/tokens/t1/{name}"),
        key: format!("console-task-token-{name}"),
        danger: name == "delete",
    };
    TokenPage {
        of: line("active"),
        fails: 3,
        has_pin: Some(true),
        created_at: NOW,
        activated_at: Some(NOW),
        last_used_at: Some(NOW),
        template: vec![
            fact("console-field-mode", Said::words("console-choice-mode-quick_log")),
            fact("console-field-length", Said::text("6")),
            fact("console-field-hash", Said::Nothing),
            fact("console-field-version", Said::text("3")),
            fact("console-field-synchronization-step", Said::text("30")),
        ],
        tasks: tasks.map(link).to_vec(),
        notes: vec!["console-token-note-challenge".into()],
        faults: vec![Fault::plain(None, "console-fault-changed")],
        notice: Some(Told::new("console-done-unlock")),
    }
}

fn token_states() -> Vec<(&'static str, RecordsPage)> {
    let notes = ["inventory", "assigned", "suspended", "locked_pin", "lost", "faulty", "revoked", "app-pin", "no-pin"];
    let state = |(name, note): (&'static str, &str)| {
        let of = TokenLine {
            locked_until: None,
            owner: None,
            label: String::new(),
            form: "hardware",
            target: None,
            ..line(if TokenState::parse(note).is_some() { name } else { "active" })
        };
        let notes = vec![format!("console-token-note-{note}")];
        (name, RecordsPage::Token(Box::new(TokenPage { of, notes, ..TokenPage::default() })))
    };
    let of = TokenLine { form: "passkey", target: None, locked_until: None, ..line("active") };
    let notes_of_passkey = vec!["console-token-note-passkey".into()];
    let passkey = RecordsPage::Token(Box::new(TokenPage { of, notes: notes_of_passkey, ..TokenPage::default() }));
    notes.map(|note| state((note, note))).into_iter().chain([("passkey", passkey)]).collect()
}

fn groups() -> GroupsPage {
    let item = |name: &str, members, parents: &[&str]| GroupItem {
        path: "/groups/g1".into(),
        name: name.into(),
        members,
        parents: parents.iter().map(|name| (*name).to_owned()).collect(),
    };
    GroupsPage {
        find: "s".into(),
        groups: vec![item("staff", 2, &["everybody", "<b>"]), item("<b>", 1, &[]), item("none", 0, &[])],
        parts: parts(),
        may_edit: true,
        notice: Some(Told::new("console-done-created")),
    }
}

fn group(may_edit: bool) -> GroupPage {
    let entry = |name: &str| Entry { of: linked(name), remove: "/groups/g1/remove-member?user=u1".into() };
    let more = |entries: Vec<Entry>| if may_edit { entries } else { Vec::new() };
    GroupPage {
        path: "/groups/g1".into(),
        name: "<b>staff</b>".into(),
        count: 2,
        members: vec![entry("alice"), entry("<b>bob</b>")],
        parts: parts(),
        parents: more(vec![entry("everybody")]),
        may_edit,
        may_delete: may_edit,
        warnings: vec![Told::new("console-group-is-named").at_page("/settings/self-provisioning")],
        notice: Some(Told::new("console-done-member")),
    }
}

fn field(name: &str, kind: &'static str) -> Field {
    let (label, hint) = ("console-field-reason".to_owned(), Some("console-field-reason-hint".to_owned()));
    Field { name: name.into(), label, hint, kind, ..Field::default() }
}

fn crumbs() -> Vec<Crumb> {
    let crumb = |said, path: &str| Crumb { said, path: path.into() };
    vec![crumb(Said::words("console-page-users"), "/users"), crumb(Said::text("<b>alice</b>"), "/users/u1")]
}

fn task() -> TaskPage {
    let draw = Choice {
        value: "draw".into(),
        said: Said::words("console-choice-password-by-draw"),
        hint: Some("console-choice-password-by-draw-hint".into()),
    };
    let faults =
        ["typed", "password", "code", "suggest", "groups"].map(|name| Fault::plain(Some(name), "rule-required"));
    TaskPage {
        crumbs: crumbs(),
        key: "console-task-user-edit".into(),
        submit: Some("console-save".into()),
        about: "<b>alice</b>".into(),
        texts: vec![Told::new("console-task-user-password-text")],
        warnings: Vec::new(),
        fields: vec![
            Field { value: "<b>".into(), ..field("typed", "text") },
            Field { value: "24".into(), ..field("number", "number") },
            Field { choices: vec![draw], value: "draw".into(), ..field("by", "choice") },
            field("password", "password"),
            field("code", "code"),
            field("flag", "flag"),
            Field { value: "<b>".into(), offered: vec!["<b>".into()], ..field("suggest", "suggest") },
            Field {
                groups: vec![GroupLine { id: "g1".into(), name: "<b>staff</b>".into(), gone: false }],
                offered: vec!["staff".into()],
                value: "<b>".into(),
                ..field("groups", "member-of")
            },
        ],
        hidden: vec![("seen".into(), "3".into())],
        action: "/users/u1/edit".into(),
        cancel: "/users/u1".into(),
        danger: false,
        upload: false,
        faults: Vec::new(),
        conflict: vec![Fact { label: "console-field-email".into(), said: Said::text("<b>") }],
        proof: ProofFields { asked: true, fault: Some(Fault::plain(Some("proof"), "console-fault-proof")) },
    }
    .with_faults(faults.to_vec())
}

fn deletion() -> TaskPage {
    TaskPage {
        key: "console-task-user-delete".into(),
        about: "<b>alice</b>".into(),
        texts: vec![
            Told::new("console-task-user-delete-text"),
            Told::new("console-task-user-delete-tokens").about("DW-7Q2M-K94T"),
        ],
        warnings: vec![Told::new("console-task-group-delete-named").at_page("/settings/self-provisioning")],
        action: "/users/u1/delete".into(),
        cancel: "/users/u1".into(),
        danger: true,
        ..TaskPage::default()
    }
}

fn voiding() -> TaskPage {
    TaskPage {
        crumbs: crumbs(),
        key: "console-task-user-withdraw-recovery-codes".into(),
        about: "<b>alice</b>".into(),
        texts: vec![Told::new("console-task-user-withdraw-recovery-codes-text")],
        action: "/users/u1/withdraw-recovery-codes".into(),
        cancel: "/users/u1".into(),
        danger: true,
        ..TaskPage::default()
    }
}

fn given(kind: &'static str, until: Option<Timestamp>) -> GivenPage {
    let (about, secret) = ("<b>alice</b>".into(), "7Q2M-K94T".into());
    GivenPage { kind, about, secret, until, back: "/users/u1".into() }
}

fn upload() -> TaskPage {
    TaskPage {
        key: "console-task-import".into(),
        fields: vec![field("file", "file")],
        action: "/import".into(),
        cancel: "/tokens".into(),
        upload: true,
        ..TaskPage::default()
    }
    .with_faults(vec![Fault::plain(Some("file"), "console-fault-file")])
}

fn job(stage: &'static str) -> JobLine {
    JobLine { path: "/import/j1".into(), file: "<b>tokens.xml</b>".into(), at: NOW, stage }
}

fn jobs() -> Vec<(&'static str, RecordsPage)> {
    let page = |name, page| (name, RecordsPage::Job(Box::new(page)));
    let row = |outcome, why: Option<&str>| RowLine {
        place: 1,
        serial: why.is_none().then(|| "<b>1</b>".to_owned()),
        outcome,
        why: why.map(str::to_owned),
    };
    let outcomes = ["taken", "there", "refused", "not-reached"];
    let fault = |kind: &str| {
        let mut fault = Fault::plain(None, format!("console-job-fault-{kind}"));
        fault.args.insert("what", minijinja::Value::from("<b>"));
        JobPage { of: job("failed"), fault: Some(fault), ..JobPage::default() }
    };
    vec![
        page("job-reading", JobPage { of: job("reading"), renews: true, ..JobPage::default() }),
        page("job-broke-off", JobPage { of: job("broke-off"), done: 200, total: 1000, ..JobPage::default() }),
        page("job-over", JobPage { of: job("over"), done: 1000, total: 1000, ..JobPage::default() }),
        page("job-taking", JobPage { of: job("taking"), done: 200, total: 1000, ..JobPage::default() }),
        page(
            "job-done",
            JobPage {
                of: job("done"),
                counts: outcomes.map(|name| RowCount { name, count: 2 }).to_vec(),
                rows: vec![
                    row("taken", None),
                    row("there", None),
                    row("not-reached", None),
                    row("refused", Some("<b>")),
                ],
                parts: parts(),
                ..JobPage::default()
            },
        ),
        page("job-left", JobPage { of: job("done"), only_left: true, ..JobPage::default() }),
        page("job-unknown", fault("unknown")),
        page("job-too-large", fault("too-large")),
        page("job-malformed", fault("malformed")),
        page("job-key-needed", fault("key-needed")),
        page("job-wrong-key", fault("wrong-key")),
        page("job-broke-off", fault("broke-off")),
    ]
}
