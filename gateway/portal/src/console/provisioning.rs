//! Provisioning by email: the tasks, one of them with its users, and what is done to them.

use axum::extract::{Path, RawQuery, State};
use doorward_access::manage::{ManageError, TaskForm, TaskProgress, USUAL_DAYS};
use doorward_api::provisioning::{EntryStatus, ProvisioningEntry, ProvisioningTask, TaskNumber};
use doorward_api::settings::Day;
use doorward_api::{Module, Timestamp, UserId};
use doorward_views::console::{Field, Said as Words, Told};
use doorward_views::console_provisioning::{
    EntryCount, EntryLine, ProvisioningLine, ProvisioningPage, ProvisioningTaskPage,
};
use doorward_views::console_records::{Linked, RecordsPage, TaskLink, TaskPage};
use http::StatusCode;

use super::records::{
    Refused, at, crumb, done, field, hinted, linked, notice, offered_groups, part, parts, path_with, query, show,
    show_task, typed, unproved,
};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared, changes, groups, provisioning_rules, tokens, users};
use crate::answer::{Answer, see_other};
use crate::fault::Fault;
use crate::fields::Fields;

pub(super) const HERE: &str = "/provisioning";

const TASK: &str = "console-task-provisioning-";

/// What is done to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Edit,
    Resend,
    Remove,
}

impl Task {
    const ALL: [Task; 3] = [Task::Edit, Task::Resend, Task::Remove];

    const fn as_str(self) -> &'static str {
        match self {
            Task::Edit => "edit",
            Task::Resend => "resend",
            Task::Remove => "remove",
        }
    }

    fn parse(text: &str) -> Result<Self, ManageError> {
        Self::ALL.into_iter().find(|task| task.as_str() == text).ok_or(ManageError::NotFound)
    }

    fn key(self) -> String {
        TASK.to_owned() + self.as_str()
    }
}

/// What is done to one user of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OfUser {
    Resend,
    Remove,
}

impl OfUser {
    fn parse(text: &str) -> Result<Self, ManageError> {
        match text {
            "resend" => Ok(OfUser::Resend),
            "remove" => Ok(OfUser::Remove),
            _ => Err(ManageError::NotFound),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            OfUser::Resend => "resend",
            OfUser::Remove => "remove",
        }
    }
}

fn number(text: &str) -> Result<TaskNumber, ManageError> {
    text.parse().map_err(|_| ManageError::NotFound)
}

fn page_of(task: TaskNumber) -> String {
    format!("{HERE}/{task}")
}

async fn line(console: &Console, signed: &Signed, task: &ProvisioningTask) -> Result<ProvisioningLine, Fault> {
    let now = signed.caller.now;
    let state = match task.removed_at {
        Some(_) => "removed",
        None if task.runs(now) => "running",
        None => "over",
    };
    let group = match &task.group {
        Some(group) => match console.parts.manager.group(&signed.vs.id, group).await {
            Ok(group) => Some(linked(groups::HERE, group.id.as_str(), &group.name)),
            // It was deleted since.
            Err(ManageError::NotFound) => None,
            Err(error) => return Err(error.into()),
        },
        None => None,
    };
    let rule = match &task.rule {
        Some(rule) => {
            let names = changes::names(console, &signed.vs.id, [rule.as_str()]).await?;
            let name = changes::group_line(&names, rule.as_str()).name;
            Some(Linked { path: provisioning_rules::HERE.to_owned(), name })
        }
        None => None,
    };
    Ok(ProvisioningLine {
        rule,
        path: page_of(task.number),
        number: task.number,
        state,
        operator: task.operator.clone(),
        created_at: task.created_at,
        stops_at: task.stops_at,
        whole_days: task.stops_at.millis() % DAY_MILLIS == 0,
        mailed_at: task.mailed_at,
        count: task.count,
        group,
    })
}

/// A day in UTC: tasks end with one, as their form has it.
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// `GET /provisioning?after=…`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let page = part(&query);
    let found = console.parts.manager.provisioning_tasks(&signed.vs.id, &page).await?;
    let mut tasks = Vec::with_capacity(found.items.len());
    for task in &found.items {
        tasks.push(line(&console, &signed, task).await?);
    }
    let page = ProvisioningPage {
        tasks,
        reserved: console.parts.manager.reserved_tokens(&signed.vs.id).await?,
        parts: parts(HERE, &[], &page.after, found.next.as_deref()),
        add: signed.may(Module::Provisioning.edit()).then(|| format!("{HERE}/new")),
        notice: notice(&query),
    };
    show(&console, &signed, HERE, StatusCode::OK, RecordsPage::Provisioning(page))
}

/// `GET /provisioning/{task}?status=…&after=…`
pub(super) async fn one(
    State(console): State<Shared>,
    Path(task): Path<String>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let query = query(raw)?;
    let (manager, vs) = (&console.parts.manager, &signed.vs.id);
    let progress = manager.provisioning_task(vs, number(&task)?).await?;
    let (status, page) = (EntryStatus::parse(query.text("status")), part(&query));
    let found = manager.provisioning_entries(vs, progress.task.number, status, &page).await?;
    let path = page_of(progress.task.number);
    let runs = progress.task.runs(signed.caller.now);
    let (left, nobody) = (left(&progress, runs), nobody(&progress, runs));
    let counts = progress.counts.iter().map(|(status, count)| EntryCount {
        name: status.as_str(),
        count: *count,
        path: format!("{path}?status={}", status.as_str()),
    });
    let asked = status.map_or("", EntryStatus::as_str);
    let page = ProvisioningTaskPage {
        note: progress.task.note.clone(),
        all: progress.all(),
        written: progress.written(),
        percent: progress.percent(),
        finding: progress.task.cursor.is_some() && runs,
        counts: counts.collect(),
        status: asked.to_owned(),
        entries: found.items.into_iter().map(|entry| entry_line(&signed, &path, runs, entry)).collect(),
        parts: parts(&path, &[("status", asked)], &page.after, found.next.as_deref()),
        tasks: tasks(&signed, &path, &progress.task, left),
        of: line(&console, &signed, &progress.task).await?,
        notice: match query.filled("done") {
            // Its mails leave, it says; nobody gets any.
            Some("provisioned") if nobody.is_some() => None,
            Some(OFF) => Some(off(&console, &signed, progress.task.number, query.text("user")).await?),
            _ => notice(&query),
        },
        warnings: nobody.into_iter().collect(),
    };
    show(&console, &signed, HERE, StatusCode::OK, RecordsPage::ProvisioningTask(Box::new(page)))
}

/// How many can be written to once more; `None` while members of its group are still being found.
fn left(progress: &TaskProgress, runs: bool) -> Option<u64> {
    let again = progress.counts.iter().filter(|(status, _)| status.may_be_sent_again());
    let count = if runs { again.map(|(_, count)| count).sum() } else { 0 };
    (progress.task.cursor.is_none() || !runs || count > 0).then_some(count)
}

/// That nobody is written to, though the task runs.
fn nobody(progress: &TaskProgress, runs: bool) -> Option<Told> {
    let skipped = progress.count(EntryStatus::Skipped);
    let none = runs && progress.task.cursor.is_none() && progress.all() == 0;
    none.then(|| Told::new("console-provisioning-none-written").counting(skipped))
}

/// What was done, as the page of a task is told of one of its users.
const OFF: &str = "off-task";

async fn off(console: &Console, signed: &Signed, task: TaskNumber, user: &str) -> Result<Told, Fault> {
    match console.parts.manager.provisioning_entry(&signed.vs.id, task, &UserId::from(user)).await {
        Ok(entry) => Ok(Told::new("console-provisioning-off-task").about(entry.name)),
        // Deleted since.
        Err(ManageError::NotFound) => Ok(Told::new("console-done-deleted")),
        Err(error) => Err(error.into()),
    }
}

fn tasks(signed: &Signed, path: &str, task: &ProvisioningTask, left: Option<u64>) -> Vec<TaskLink> {
    if !signed.may(Module::Provisioning.edit()) || task.removed_at.is_some() {
        return Vec::new();
    }
    let offered = Task::ALL.into_iter().filter(|task| left != Some(0) || *task != Task::Resend);
    offered
        .map(|task| TaskLink {
            path: format!("{path}/{}", task.as_str()),
            key: task.key(),
            danger: task == Task::Remove,
        })
        .collect()
}

fn entry_line(signed: &Signed, path: &str, runs: bool, entry: ProvisioningEntry) -> EntryLine {
    let cares = signed.may(Module::Users.edit());
    let form = |what: OfUser| format!("{}/{}", at(&format!("{path}/users"), entry.user.as_str()), what.as_str());
    EntryLine {
        resend: (cares && runs && entry.status.may_be_sent_again()).then(|| form(OfUser::Resend)),
        remove: (cares && entry.status.may_be_removed()).then(|| form(OfUser::Remove)),
        user: linked(users::HERE, entry.user.as_str(), &entry.name),
        display_name: entry.display_name,
        status: entry.status.as_str(),
        skipped: entry.skipped.map(doorward_api::provisioning::SkipReason::as_str),
        fails: entry.fails,
        token: entry.token.map(|(id, serial)| linked(tokens::HERE, id.as_str(), &serial)),
        mailed_at: entry.mailed_at,
        opened_at: entry.opened_at,
    }
}

fn back(task: Option<TaskNumber>) -> Vec<doorward_views::console_records::Crumb> {
    let list = crumb(Words::words("console-page-provisioning"), HERE);
    let task = task.map(|task| crumb(Words::text(task.to_string()), &page_of(task)));
    [list].into_iter().chain(task).collect()
}

/// The day on which a task stops where nothing is said.
fn usual(now: Timestamp) -> String {
    let end = now + std::time::Duration::from_hours(24 * USUAL_DAYS);
    end.rfc3339().get(..10).and_then(Day::parse).map(|day| day.to_string()).unwrap_or_default()
}

fn stop_and_note(fields: Option<&Fields>, stop: &str, note: &str) -> [Field; 2] {
    let stop = hinted(field("stop_date", "date", typed(fields, "stop_date", stop)));
    [stop, hinted(field("note", "text", typed(fields, "note", note)))]
}

async fn new_task(console: &Console, signed: &Signed, fields: Option<&Fields>) -> Result<TaskPage, Fault> {
    let offered = offered_groups(console, signed).await?;
    let mut all = vec![
        hinted(field("users", "lines", typed(fields, "users", ""))),
        hinted(Field { offered, ..field("group", "suggest", typed(fields, "group", "")) }),
    ];
    all.extend(stop_and_note(fields, &usual(signed.caller.now), ""));
    Ok(TaskPage {
        crumbs: back(None),
        key: TASK.to_owned() + "new",
        texts: vec![Told::new(TASK.to_owned() + "new-text")],
        fields: all,
        action: format!("{HERE}/new"),
        cancel: HERE.to_owned(),
        ..TaskPage::default()
    })
}

/// `GET /provisioning/new`
pub(super) async fn ask_new(State(console): State<Shared>, signed: Signed) -> Answer {
    let page = new_task(&console, &signed, None).await?;
    show_task(&console, &signed, HERE, page, None)
}

/// `POST /provisioning/new`
pub(super) async fn add(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let mut refused = unproved(&console, &mut post).await?;
    let (signed, fields) = (&post.signed, &post.fields);
    if refused.is_none() {
        match form(&console, signed, fields).await? {
            Err(fault) => refused = Some(fault),
            Ok(form) => match console.parts.manager.provision(&signed.vs.id, &signed.by(), &form).await {
                Ok(task) => return done(&page_of(task.task.number), "provisioned"),
                Err(error) => refused = Some(Refused::of(error)?),
            },
        }
    }
    let page = new_task(&console, signed, Some(fields)).await?;
    show_task(&console, signed, HERE, page, refused)
}

/// What was typed: names line by line or with commas between them, and the name of a group.
async fn form(console: &Console, signed: &Signed, fields: &Fields) -> Result<Result<TaskForm, Refused>, Fault> {
    let names = fields.text("users").split(['\n', ',', ';']).map(str::trim).filter(|name| !name.is_empty());
    let group = match fields.text("group").trim() {
        "" => None,
        name => match console.parts.manager.group_named(&signed.vs.id, name).await? {
            Some(group) => Some(group.id),
            None => return Ok(Err(Refused::field("group", "console-fault-unknown-group"))),
        },
    };
    Ok(Ok(TaskForm {
        names: names.map(str::to_owned).collect(),
        group,
        stop_date: fields.text("stop_date").to_owned(),
        note: fields.text("note").to_owned(),
    }))
}

/// `GET /provisioning/{task}/{what}`
pub(super) async fn ask(
    State(console): State<Shared>,
    Path((task, what)): Path<(String, String)>,
    signed: Signed,
) -> Answer {
    let what = Task::parse(&what)?;
    let progress = console.parts.manager.provisioning_task(&signed.vs.id, number(&task)?).await?;
    show_task(&console, &signed, HERE, page(what, &progress, signed.caller.now, None), None)
}

fn page(what: Task, progress: &TaskProgress, now: Timestamp, fields: Option<&Fields>) -> TaskPage {
    let task = &progress.task;
    let path = page_of(task.number);
    let mut page = TaskPage {
        crumbs: back(Some(task.number)),
        key: what.key(),
        about: task.number.to_string(),
        texts: vec![Told::new(what.key() + "-text")],
        action: format!("{path}/{}", what.as_str()),
        cancel: path,
        danger: what == Task::Remove,
        ..TaskPage::default()
    };
    if what == Task::Resend
        && let Some(left) = left(progress, task.runs(now))
    {
        page.texts.push(Told::new(what.key() + "-count").counting(left));
    }
    if what == Task::Edit {
        // The end of the last day is the first moment of the next one.
        let last = Timestamp::from_millis(task.stops_at.millis().saturating_sub(1)).rfc3339();
        page.fields.extend(stop_and_note(fields, last.get(..10).unwrap_or_default(), &task.note));
        page.hidden.push(("seen".to_owned(), typed(fields, "seen", &task.version.to_string())));
    }
    page
}

/// `POST /provisioning/{task}/{what}`
pub(super) async fn act(
    State(console): State<Shared>,
    Path((task, what)): Path<(String, String)>,
    mut post: SignedPost,
) -> Answer {
    let what = Task::parse(&what)?;
    let progress = console.parts.manager.provisioning_task(&post.signed.vs.id, number(&task)?).await?;
    let task = &progress.task;
    let mut refused = unproved(&console, &mut post).await?;
    let (signed, fields) = (&post.signed, &post.fields);
    let now = signed.caller.now;
    if refused.is_none() && what == Task::Resend && task.runs(now) && left(&progress, true) == Some(0) {
        let fault = doorward_views::console::Fault::plain(None, "console-fault-nobody-left");
        refused = Some(Refused::new(StatusCode::CONFLICT, fault));
    }
    if refused.is_none() {
        match carry_out(&console, signed, what, task, fields).await {
            Ok(said) => return done(&page_of(task.number), said),
            Err(error) => refused = Some(Refused::of(error)?),
        }
    }
    show_task(&console, signed, HERE, page(what, &progress, now, Some(fields)), refused)
}

async fn carry_out(
    console: &Console,
    signed: &Signed,
    what: Task,
    task: &ProvisioningTask,
    fields: &Fields,
) -> Result<&'static str, ManageError> {
    let (manager, vs, by) = (&console.parts.manager, &signed.vs.id, signed.by());
    Ok(match what {
        Task::Edit => {
            let seen = fields.text("seen").parse().unwrap_or(task.version);
            let said = (fields.text("stop_date"), fields.text("note"));
            manager.edit_provisioning_task(vs, &by, task.number, seen, said).await?;
            "saved"
        }
        Task::Resend => {
            manager.resend_provisioning_task(vs, &by, task.number).await?;
            "resent-all"
        }
        Task::Remove => {
            manager.remove_provisioning_task(vs, &by, task.number).await?;
            "task-removed"
        }
    })
}

/// `GET /provisioning/{task}/users/{user}/{what}`
pub(super) async fn ask_of_user(
    State(console): State<Shared>,
    Path((task, user, what)): Path<(String, String, String)>,
    signed: Signed,
) -> Answer {
    let what = OfUser::parse(&what)?;
    let user = UserId::new(user);
    let entry = console.parts.manager.provisioning_entry(&signed.vs.id, number(&task)?, &user).await?;
    show_task(&console, &signed, HERE, page_of_user(what, &entry), None)
}

fn page_of_user(what: OfUser, entry: &ProvisioningEntry) -> TaskPage {
    let path = page_of(entry.task);
    let key = format!("{TASK}user-{}", what.as_str());
    TaskPage {
        crumbs: back(Some(entry.task)),
        about: entry.name.clone(),
        texts: vec![Told::new(key.clone() + "-text")],
        action: format!("{}/{}", at(&format!("{path}/users"), entry.user.as_str()), what.as_str()),
        cancel: path,
        danger: what == OfUser::Remove,
        key,
        ..TaskPage::default()
    }
}

/// `POST /provisioning/{task}/users/{user}/{what}`
pub(super) async fn act_on_user(
    State(console): State<Shared>,
    Path((task, user, what)): Path<(String, String, String)>,
    mut post: SignedPost,
) -> Answer {
    let what = OfUser::parse(&what)?;
    let user = UserId::new(user);
    let entry = console.parts.manager.provisioning_entry(&post.signed.vs.id, number(&task)?, &user).await?;
    let mut refused = unproved(&console, &mut post).await?;
    let signed = &post.signed;
    if refused.is_none() {
        let (manager, vs, by) = (&console.parts.manager, &signed.vs.id, signed.by());
        let outcome = match what {
            OfUser::Resend => manager.resend_provisioning(vs, &by, entry.task, &user).await,
            OfUser::Remove => manager.remove_provisioning(vs, &by, entry.task, &user).await,
        };
        match outcome {
            Ok(()) if what == OfUser::Resend => return done(&page_of(entry.task), "resent"),
            Ok(()) => {
                let said = [("done", OFF), ("user", entry.user.as_str())];
                return see_other(&path_with(&page_of(entry.task), &said));
            }
            Err(error) => refused = Some(Refused::of(error)?),
        }
    }
    show_task(&console, signed, HERE, page_of_user(what, &entry), refused)
}

/// The way to a task for one user, from their page.
pub(super) fn of_user(signed: &Signed, path: &str) -> Option<TaskLink> {
    let link = TaskLink { path: format!("{path}/provision"), key: TASK.to_owned() + "one", danger: false };
    signed.may(Module::Users.edit()).then_some(link)
}

fn one_task(fields: Option<&Fields>, user: &UserId, name: &str, now: Timestamp) -> TaskPage {
    let path = at(users::HERE, user.as_str());
    TaskPage {
        crumbs: vec![crumb(Words::words("console-page-users"), users::HERE), crumb(Words::text(name), &path)],
        key: TASK.to_owned() + "one",
        about: name.to_owned(),
        texts: vec![Told::new(TASK.to_owned() + "one-text")],
        fields: stop_and_note(fields, &usual(now), "").to_vec(),
        action: format!("{path}/provision"),
        cancel: path,
        ..TaskPage::default()
    }
}

/// `GET /users/{id}/provision`
pub(super) async fn ask_one(State(console): State<Shared>, Path(id): Path<String>, signed: Signed) -> Answer {
    let user = console.parts.manager.user(&signed.vs.id, &UserId::new(id)).await?.user;
    let page = one_task(None, &user.id, &user.name, signed.caller.now);
    show_task(&console, &signed, users::HERE, page, None)
}

/// `POST /users/{id}/provision`
pub(super) async fn add_one(State(console): State<Shared>, Path(id): Path<String>, mut post: SignedPost) -> Answer {
    let user = console.parts.manager.user(&post.signed.vs.id, &UserId::new(id)).await?.user;
    let mut refused = unproved(&console, &mut post).await?;
    let (signed, fields) = (&post.signed, &post.fields);
    if refused.is_none() {
        let said = (fields.text("stop_date"), fields.text("note"));
        match console.parts.manager.provision_user(&signed.vs.id, &signed.by(), &user.id, said).await {
            Ok(task) => return done(&page_of(task.task.number), "provisioned"),
            Err(error) => refused = Some(Refused::of(error)?),
        }
    }
    let page = one_task(Some(fields), &user.id, &user.name, signed.caller.now);
    show_task(&console, signed, users::HERE, page, refused)
}
