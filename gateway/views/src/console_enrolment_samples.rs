//! One of each page of enrolment, with all that may be on it, and bare.

use doorward_api::{GrantState, Timestamp};

use crate::console::{ChangeRow, ChangedField, Choice, Fault, Field, GroupLine, ProofFields, Said, SettingPage, Told};
use crate::console_enrolment::{Granted, RequestLine, RequestsPage, RuleLine, RuleList, RuleTask, rule_group_gone};
use crate::console_records::{Crumb, Fact, Linked, Parts, TaskPage, UserPage};

/// 2026-11-24T14:32:05Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_530_725_000);

const PATH: &str = "/settings/enrolment-rules";

/// The list of the rules, by a name.
pub(crate) fn rule_pages() -> Vec<(&'static str, SettingPage)> {
    let full = RuleList { full: true, add: None, ..rules(true) };
    let none = RuleList { add: Some(format!("{PATH}/new")), ..RuleList::default() };
    let conflict = SettingPage { conflict: vec![change()], ..rules_page(rules(true)) };
    vec![
        ("rules", rules_page(rules(true))),
        ("rules-read", rules_page(rules(false))),
        ("rules-full", rules_page(full)),
        ("rules-empty", SettingPage { log: Vec::new(), warnings: Vec::new(), ..rules_page(none) }),
        ("rules-conflict", conflict),
    ]
}

/// The rule by which somebody would come to a token.
pub(crate) fn rule_of_somebody() -> Option<RuleLine> {
    rules(false).lines.into_iter().next()
}

/// The forms of a rule, by a name.
pub(crate) fn rule_tasks() -> Vec<(&'static str, TaskPage)> {
    let bare = TaskPage { conflict: Vec::new(), proof: ProofFields::default(), ..rule_form(RuleTask::New, "") };
    let one_step = |task: RuleTask| TaskPage {
        texts: vec![task.text()],
        fields: Vec::new(),
        submit: None,
        danger: task == RuleTask::Remove,
        ..rule_form(task, "<b>Staff</b>")
    };
    let wrong = ["rule.name", "rule.percentage", "rule.deadline", "rule.networks"];
    let faults = wrong.map(|name| Fault::plain(Some(name), "rule-required")).to_vec();
    vec![
        ("rule-new", bare),
        ("rule-edit", rule_form(RuleTask::Edit, "<b>Staff</b>").with_faults(faults)),
        ("rule-up", one_step(RuleTask::Up)),
        ("rule-down", one_step(RuleTask::Down)),
        ("rule-remove", one_step(RuleTask::Remove)),
    ]
}

/// Those who wait, by a name.
pub(crate) fn requests_pages() -> Vec<(&'static str, RequestsPage)> {
    let parts = Parts { first: None, next: Some("/enrolment-requests?after=x".into()) };
    let bare = RequestLine { approve: None, refuse: None, address: None, browser: String::new(), ..request("bob") };
    let read = RequestsPage { requests: vec![bare], ..RequestsPage::default() };
    let requests = vec![request("alice"), request("<b>bob</b>")];
    vec![
        ("requests", RequestsPage { requests, parts, notice: Some(Told::new("console-done-approved")) }),
        ("requests-read", read),
        ("requests-empty", RequestsPage::default()),
    ]
}

/// Users to whom something is granted, by a name.
pub(crate) fn granted_users() -> Vec<(&'static str, UserPage)> {
    let names = ["user-asked", "user-approved", "user-refused", "user-code-given"];
    let user = |(name, state): (&'static str, GrantState)| {
        let decided = (state != GrantState::Asked).then(|| "<b>olga</b>".to_owned());
        let reason = if decided.is_some() { "<b>called back</b>" } else { "" };
        let granted = Some(Granted::new(state, NOW, NOW).by(decided, reason));
        (name, UserPage { name: "alice".into(), granted, ..UserPage::default() })
    };
    names.into_iter().zip(GrantState::ALL).map(user).collect()
}

/// What operators do about an enrolment, by a name.
pub(crate) fn grant_tasks() -> Vec<(&'static str, TaskPage)> {
    let reason = |hint: &str| Field {
        label: "console-field-reason".into(),
        hint: Some(format!("console-field-reason-{hint}-hint")),
        ..named("reason", "text")
    };
    let task = |name: &str, fields: Vec<Field>| TaskPage {
        crumbs: vec![Crumb { said: Said::words("console-page-requests"), path: "/enrolment-requests".into() }],
        key: format!("console-task-user-{name}"),
        about: "<b>alice</b>".into(),
        texts: vec![Told::new(format!("console-task-user-{name}-text"))],
        fields,
        action: format!("/users/u1/{name}"),
        cancel: "/users/u1".into(),
        ..TaskPage::default()
    };
    let mut approve = task("approve", vec![reason("recorded")]);
    approve.texts.extend(request("alice").told());
    let mut refuse = TaskPage { danger: true, ..task("refuse", vec![reason("shown")]) };
    refuse = refuse.with_faults(vec![Fault::plain(Some("reason"), "rule-required")]);
    let needless = vec![Told::new("console-task-user-grant-needless").at_page(PATH)];
    let code = TaskPage { warnings: needless, ..task("help-desk-code", vec![reason("recorded")]) };
    vec![
        ("task-approve", approve),
        ("task-refuse", refuse),
        ("task-help-desk-code", code),
        ("task-withdraw-grant", TaskPage { danger: true, ..task("withdraw-grant", Vec::new()) }),
    ]
}

fn change() -> ChangeRow {
    let changed = |label: &str, old, new| ChangedField {
        of: vec![Said::text("<b>Staff</b>")],
        label: vec![format!("console-field-{label}")],
        old,
        new,
    };
    let fields = vec![
        changed("rule-deadline", Said::Nothing, Said::text("2026-12-24")),
        changed(
            "rule-proof",
            Said::words("console-choice-rule-proof-none"),
            Said::words("console-choice-rule-proof-operator_approval"),
        ),
        changed("rule-place", Said::text("2"), Said::text("1")),
        changed("rule", Said::text("Guests"), Said::Nothing),
    ];
    ChangeRow { at: NOW, operator: "olga".into(), fields }
}

fn rules_page(rules: RuleList) -> SettingPage {
    SettingPage {
        name: "enrolment_rules".into(),
        path: PATH.into(),
        crumbs: vec!["console-menu-access".into(), "console-menu-settings".into()],
        seen: 7,
        sections: vec![rules.section()],
        warnings: vec![rule_group_gone("<b>Staff</b>", PATH)],
        log: vec![change()],
        ..SettingPage::default()
    }
}

fn rules(may_edit: bool) -> RuleList {
    let path = |place: u8, what: &str| may_edit.then(|| format!("{PATH}/{place}/{what}"));
    let group = |name: &str, gone| GroupLine { id: "g1".into(), name: name.into(), gone };
    let staff = RuleLine {
        name: "<b>Staff</b>".into(),
        groups: vec![group("<b>staff</b>", false), group("g2", true)],
        percentage: 25,
        starts_on: Some("2026-12-01".into()),
        deadline: Some("2026-12-24".into()),
        proof: "operator_approval",
        networks: Vec::new(),
        probation_hours: 48,
        up: None,
        down: path(1, "down"),
        edit: path(1, "edit"),
        remove: path(1, "remove"),
    };
    let office = RuleLine {
        name: "Office".into(),
        groups: Vec::new(),
        percentage: 100,
        starts_on: None,
        deadline: None,
        proof: "trusted_network",
        networks: vec!["10.0.0.0/8".into(), "2001:db8::/32".into()],
        probation_hours: 0,
        up: path(2, "up"),
        down: path(2, "down"),
        edit: path(2, "edit"),
        remove: path(2, "remove"),
    };
    let last = |name: &str, proof| RuleLine {
        name: name.into(),
        proof,
        networks: Vec::new(),
        down: None,
        probation_hours: 1,
        ..office.clone()
    };
    let lines = vec![staff, office.clone(), last("Guests", "help_desk_code"), last("Others", "none")];
    RuleList { lines, add: path(0, "new"), full: false }
}

fn named(name: &str, kind: &'static str) -> Field {
    let label = format!("console-field-{}", name.replace('.', "-"));
    Field { name: name.into(), hint: Some(format!("{label}-hint")), label, kind, ..Field::default() }
}

fn rule_form(task: RuleTask, about: &str) -> TaskPage {
    let proofs = ["none", "trusted_network", "operator_approval", "help_desk_code"].map(|proof| {
        let key = format!("console-choice-rule-proof-{proof}");
        Choice { value: proof.into(), hint: Some(format!("{key}-hint")), said: Said::words(key) }
    });
    let value = |text: &str, field: Field| Field { value: text.into(), ..field };
    let group = GroupLine { id: "g1".into(), name: "<b>staff</b>".into(), gone: false };
    TaskPage {
        crumbs: vec![Crumb { said: Said::words("console-page-enrolment_rules"), path: PATH.into() }],
        key: task.key(),
        submit: Some("console-apply".into()),
        about: about.into(),
        fields: vec![
            value("<b>Staff</b>", named("rule.name", "text")),
            Field { groups: vec![group], offered: vec!["<b>staff</b>".into()], ..named("rule.groups", "member-of") },
            value("25", named("rule.percentage", "number")),
            value("2026-12-01", named("rule.starts_on", "date")),
            value("<b>", named("rule.deadline", "date")),
            Field { choices: proofs.to_vec(), ..value("trusted_network", named("rule.proof", "choice")) },
            Field { when: Some("network"), ..value("10.0.0.0/8\n<b>", named("rule.networks", "lines")) },
            value("48", named("rule.probation_hours", "number")),
        ],
        hidden: vec![("seen".into(), "7".into())],
        action: format!("{PATH}/1/{}", task.as_str()),
        cancel: PATH.into(),
        conflict: vec![Fact { label: "console-field-rule-deadline".into(), said: Said::text("2026-12-31") }],
        proof: ProofFields { asked: true, fault: None },
        ..TaskPage::default()
    }
}

fn request(name: &str) -> RequestLine {
    RequestLine {
        user: Linked { path: "/users/u1".into(), name: name.into() },
        display_name: "Alice <b>".into(),
        at: NOW,
        until: NOW,
        address: Some("192.0.2.7".into()),
        browser: "Mozilla/5.0 <b>".into(),
        approve: Some("/users/u1/approve".into()),
        refuse: Some("/users/u1/refuse".into()),
    }
}
