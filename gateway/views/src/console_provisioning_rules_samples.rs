//! Pages of rules that provision by group, as tests and screenshots show them.

use crate::console::{ChangeRow, ChangedField, GroupLine, Said, Told};
use crate::console_provisioning_rules::{
    AffectedLine, ProvisioningPreviewPage, ProvisioningRuleLine, ProvisioningRulesPage,
};
use crate::console_records::{Crumb, Linked, RecordsPage, TaskPage};

const HERE: &str = "/provisioning/rules";

fn rule(place: usize, name: &str, gone: bool, take: bool) -> ProvisioningRuleLine {
    let task = |key, what: &str| (key, format!("{HERE}/{place}/{what}"));
    ProvisioningRuleLine {
        group: GroupLine { id: "g1".into(), name: name.into(), gone },
        stop_days: 10,
        take,
        note: if take { "<b>Welcome</b> to us.".into() } else { String::new() },
        tasks: vec![
            task("console-rule-up", "up"),
            task("console-rule-down", "down"),
            task("console-edit", "edit"),
            task("console-remove", "remove"),
        ],
    }
}

fn changed() -> ChangedField {
    ChangedField {
        of: vec![Said::text("<b>Sales</b>")],
        label: vec!["console-field-rule-take".into()],
        old: Said::words("console-off"),
        new: Said::words("console-on"),
    }
}

fn line(name: &str, effect: &'static str) -> AffectedLine {
    AffectedLine {
        user: Linked { path: "/users/u1".into(), name: name.into() },
        display_name: "Alice Liddell".into(),
        effect,
        group: Some("<b>Sales</b>".into()),
        ..AffectedLine::default()
    }
}

fn preview(task: &str) -> ProvisioningPreviewPage {
    let key = format!("console-task-provisioning-rule-{task}");
    ProvisioningPreviewPage {
        crumbs: vec![Crumb { said: Said::words("console-page-provisioning_rules"), path: HERE.into() }],
        texts: match task {
            "new" | "edit" => Vec::new(),
            _ => vec![Told::new(key.clone() + "-text")],
        },
        key,
        about: "<b>Sales</b>".into(),
        changes: vec![changed()],
        counts: vec![("gets", 3), ("skipped", 2), ("loses", 1), ("keeps", 1), ("handed_over", 1)],
        lines: vec![
            line("<b>alice</b>", "gets"),
            AffectedLine { skipped: Some("no_email"), ..line("bob", "skipped") },
            AffectedLine { serial: Some("DW-7Q2M-K94T".into()), ..line("carol", "loses") },
            line("dora", "loses"),
            line("emil", "keeps"),
            line("finn", "handed_over"),
        ],
        complete: task != "edit",
        looked_at: 2000,
        more: task == "edit",
        hidden: vec![("seen".into(), "3".into())],
        action: format!("{HERE}/1/{task}"),
        back: (task == "edit").then_some("again"),
        cancel: HERE.into(),
        danger: task == "remove",
        ..ProvisioningPreviewPage::default()
    }
}

/// By a name.
pub(crate) fn provisioning_rules_pages() -> Vec<(&'static str, RecordsPage)> {
    let log = vec![ChangeRow {
        at: doorward_api::Timestamp::from_millis(1_795_530_725_000),
        operator: "olga".into(),
        fields: vec![changed()],
    }];
    let list = ProvisioningRulesPage {
        rules: vec![rule(1, "<b>Sales</b>", false, true), rule(2, "g-77", true, false)],
        add: Some(format!("{HERE}/new")),
        warnings: vec![Told::new("console-attention-provisioning-group-gone").about("<b>g-77</b>")],
        conflict: log.clone(),
        log,
        notice: Some(Told::new("console-done-saved")),
        ..ProvisioningRulesPage::default()
    };
    let full = ProvisioningRulesPage { full: true, ..ProvisioningRulesPage::default() };
    let nobody = ProvisioningPreviewPage {
        counts: Vec::new(),
        lines: Vec::new(),
        complete: true,
        more: false,
        ..preview("new")
    };
    let mut pages = vec![
        ("provisioning-rules", RecordsPage::ProvisioningRules(Box::new(list))),
        ("provisioning-rules-empty", RecordsPage::ProvisioningRules(Box::default())),
        ("provisioning-rules-full", RecordsPage::ProvisioningRules(Box::new(full))),
        ("provisioning-rules-nobody", RecordsPage::ProvisioningPreview(Box::new(nobody))),
    ];
    let previews = ["new", "edit", "up", "down", "remove"];
    let names = [
        "provisioning-rule-new",
        "provisioning-rule-edit",
        "provisioning-rule-up",
        "provisioning-rule-down",
        "provisioning-rule-remove",
    ];
    pages.extend(
        names
            .into_iter()
            .zip(previews)
            .map(|(name, task)| (name, RecordsPage::ProvisioningPreview(Box::new(preview(task))))),
    );
    let form = TaskPage {
        key: "console-task-provisioning-rule-new".into(),
        submit: Some("console-rules-preview".into()),
        texts: vec![Told::new("console-task-provisioning-rule-new-text")],
        action: format!("{HERE}/new"),
        cancel: HERE.into(),
        ..TaskPage::default()
    };
    let group = |task: &str, warnings: Vec<Told>| TaskPage {
        key: format!("console-task-group-{task}"),
        about: "<b>north</b>".into(),
        warnings,
        action: format!("/groups/g2/{task}"),
        cancel: "/groups/g2".into(),
        danger: true,
        ..TaskPage::default()
    };
    let take = |count| Told::new("console-rules-would-take").about("<b>sales</b>").counting(count).at_page(HERE);
    let unnest = vec![take(1), take(2000), Told::new("console-rules-looked-at").counting(2000)];
    let delete = vec![Told::new("console-task-group-delete-keeps").at_page(HERE)];
    pages.extend(
        [
            ("provisioning-rule-form", form),
            ("provisioning-rule-unnest", group("remove-parent", unnest)),
            ("provisioning-rule-keeps", group("delete", delete)),
        ]
        .map(|(name, page)| (name, RecordsPage::Task(Box::new(page)))),
    );
    pages
}
