//! Pages of provisioning, as tests and screenshots show them.

use doorward_api::Timestamp;

use crate::console::Told;
use crate::console_provisioning::{EntryCount, EntryLine, ProvisioningLine, ProvisioningPage, ProvisioningTaskPage};
use crate::console_records::{Linked, Parts, RecordsPage, TaskLink, TaskPage};

const NOW: Timestamp = Timestamp::from_millis(1_795_530_725_000);

fn line(number: i64, state: &'static str, group: Option<&str>) -> ProvisioningLine {
    ProvisioningLine {
        path: format!("/provisioning/{number}"),
        number,
        state,
        operator: if number == 8 { String::new() } else { "<b>olga</b>".into() },
        rule: (number == 8).then(|| Linked { path: "/provisioning/rules".into(), name: "<b>Staff</b>".into() }),
        created_at: NOW,
        stops_at: NOW,
        whole_days: number != 8,
        mailed_at: Some(NOW),
        count: 3,
        group: group.map(|name| Linked { path: "/groups/g1".into(), name: name.into() }),
    }
}

fn entry(name: &str, status: &'static str) -> EntryLine {
    let user = Linked { path: "/users/u1".into(), name: name.into() };
    EntryLine { user, status, mailed_at: Some(NOW), ..EntryLine::default() }
}

fn task(status: &str) -> ProvisioningTaskPage {
    let link = |name: &str| TaskLink {
        path: format!("/provisioning/7/{name}"),
        key: format!("console-task-provisioning-{name}"),
        danger: name == "remove",
    };
    let count = |name| EntryCount { name, count: 2, path: format!("/provisioning/7?status={name}") };
    let form = |what: &str| Some(format!("/provisioning/7/users/u1/{what}"));
    ProvisioningTaskPage {
        of: line(7, "running", Some("<b>Sales</b>")),
        note: "<b>before the fair</b>".into(),
        warnings: Vec::new(),
        all: 3,
        written: 2,
        percent: 66,
        finding: true,
        counts: vec![count("pending"), count("active"), count("enrolled"), count("completed"), count("locked")],
        status: status.into(),
        entries: vec![
            EntryLine { mailed_at: None, remove: form("remove"), ..entry("<b>alice</b>", "pending") },
            EntryLine {
                opened_at: Some(NOW),
                fails: 2,
                resend: form("resend"),
                remove: form("remove"),
                display_name: "Bob".into(),
                ..entry("bob", "active")
            },
            EntryLine {
                token: Some(Linked { path: "/tokens/t1".into(), name: "DW-7Q2M-K94T".into() }),
                ..entry("carol", "completed")
            },
            EntryLine { skipped: Some("has_all_tokens"), ..entry("dora", "skipped") },
            EntryLine { skipped: Some("no_email"), ..entry("emil", "skipped") },
            EntryLine { skipped: Some("disabled"), ..entry("finn", "skipped") },
            entry("gina", "expired"),
            entry("hugo", "removed"),
        ],
        parts: Parts { first: None, next: Some("/provisioning/7?after=x".into()) },
        tasks: ["edit", "resend", "remove"].map(link).to_vec(),
        notice: Some(Told::new("console-done-resent")),
    }
}

/// By a name.
pub(crate) fn provisioning_pages() -> Vec<(&'static str, RecordsPage)> {
    let tasks = vec![line(9, "running", Some("Sales")), line(8, "over", None), line(7, "removed", None)];
    let list = ProvisioningPage {
        tasks,
        reserved: 2,
        parts: Parts::default(),
        add: Some("/provisioning/new".into()),
        notice: Some(Told::new("console-done-provisioned")),
    };
    let nobody = ProvisioningTaskPage {
        all: 0,
        written: 0,
        percent: 100,
        finding: false,
        warnings: [0, 1, 3].map(|count| Told::new("console-provisioning-none-written").counting(count)).to_vec(),
        notice: Some(Told::new("console-provisioning-off-task").about("<b>alice</b>")),
        ..task("")
    };
    let bare = ProvisioningTaskPage { of: line(8, "over", None), percent: 100, ..ProvisioningTaskPage::default() };
    let mut pages = vec![
        ("provisioning", RecordsPage::Provisioning(list)),
        ("provisioning-empty", RecordsPage::Provisioning(ProvisioningPage::default())),
        ("provisioning-task", RecordsPage::ProvisioningTask(Box::new(task("")))),
        ("provisioning-task-active", RecordsPage::ProvisioningTask(Box::new(task("active")))),
        ("provisioning-task-nobody", RecordsPage::ProvisioningTask(Box::new(nobody))),
        ("provisioning-task-bare", RecordsPage::ProvisioningTask(Box::new(bare))),
    ];
    let named = [
        ("provisioning-new", "new"),
        ("provisioning-one", "one"),
        ("provisioning-edit", "edit"),
        ("provisioning-resend", "resend"),
        ("provisioning-remove", "remove"),
        ("provisioning-user-resend", "user-resend"),
        ("provisioning-user-remove", "user-remove"),
    ];
    pages.extend(named.map(|(name, task)| {
        let key = format!("console-task-provisioning-{task}");
        let page = TaskPage {
            texts: [Told::new(format!("{key}-text"))]
                .into_iter()
                .chain((task == "resend").then(|| Told::new(format!("{key}-count")).counting(3)))
                .collect(),
            action: "/provisioning/7/x".into(),
            cancel: "/provisioning/7".into(),
            key,
            ..TaskPage::default()
        };
        (name, RecordsPage::Task(Box::new(page)))
    }));
    pages
}
