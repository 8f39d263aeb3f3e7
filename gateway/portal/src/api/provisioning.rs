//! Provisioning by email: tasks, their users, and what is done to them.

use doorward_access::manage::{ManageError, TaskForm, TaskProgress};
use doorward_api::provisioning::{EntryStatus, ProvisioningEntry, ProvisioningTask, SkipReason, TaskNumber};
use doorward_api::{GroupId, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Done, Found, Made, Shown, Versioned};
use super::people::{SOME_ID, SOME_TIME};
use super::problem::Problem;

/// The names of the statuses, for the query.
pub(super) const STATUSES: [&str; 8] =
    ["pending", "active", "enrolled", "completed", "locked", "expired", "removed", "skipped"];

/// How far a user of a task is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProvisioningStatus {
    /// The mail was not written yet.
    Pending,
    /// The mail was written: they may still enrol.
    Active,
    /// The token is in use, and nobody has signed in with it yet.
    Enrolled,
    /// It was signed in with.
    Completed,
    /// It failed too often.
    Locked,
    /// The stop date has passed before.
    Expired,
    /// They were taken out, or the task was removed.
    Removed,
    /// There was nothing to provision; `skipped` says why.
    Skipped,
}

impl ProvisioningStatus {
    const fn of(status: EntryStatus) -> Self {
        match status {
            EntryStatus::Pending => ProvisioningStatus::Pending,
            EntryStatus::Active => ProvisioningStatus::Active,
            EntryStatus::Enrolled => ProvisioningStatus::Enrolled,
            EntryStatus::Completed => ProvisioningStatus::Completed,
            EntryStatus::Locked => ProvisioningStatus::Locked,
            EntryStatus::Expired => ProvisioningStatus::Expired,
            EntryStatus::Removed => ProvisioningStatus::Removed,
            EntryStatus::Skipped => ProvisioningStatus::Skipped,
        }
    }
}

/// Why there was nothing to provision.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Skipped {
    /// The account is switched off.
    Disabled,
    /// There is no address to write to.
    NoEmail,
    /// They have as many tokens as are allowed, those counted that other tasks reserve.
    HasAllTokens,
}

impl Skipped {
    pub(super) const fn of(reason: SkipReason) -> Self {
        match reason {
            SkipReason::Disabled => Skipped::Disabled,
            SkipReason::NoEmail => Skipped::NoEmail,
            SkipReason::HasAllTokens => Skipped::HasAllTokens,
        }
    }
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvisioningTask)]
pub(super) struct TaskShown {
    /// Its number.
    number: i64,
    /// The operator who has made it, by name; empty where a rule has.
    operator: String,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
    /// The first moment at which nobody of it may enrol any more.
    #[schema(format = DateTime)]
    stops_at: String,
    /// What its mails say besides; may be empty.
    note: String,
    /// The id of the group whose members it is for.
    group: Option<String>,
    /// The id of the group whose rule has made it; then there is no operator.
    rule: Option<String>,
    /// Members of the group are still being found.
    finding: bool,
    /// How many users it has, those that were skipped included.
    users: u64,
    /// When the last mail of it was written.
    #[schema(format = DateTime)]
    mailed_at: Option<String>,
    /// When it was removed.
    #[schema(format = DateTime)]
    removed_at: Option<String>,
    /// Its users may still enrol.
    running: bool,
}

impl TaskShown {
    fn of(task: ProvisioningTask, now: Timestamp) -> Self {
        Self {
            running: task.runs(now),
            finding: task.cursor.is_some() && task.runs(now),
            number: task.number,
            operator: task.operator,
            created_at: task.created_at.rfc3339(),
            stops_at: task.stops_at.rfc3339(),
            note: task.note,
            group: task.group.map(|group| group.to_string()),
            rule: task.rule.map(|rule| rule.to_string()),
            users: task.count,
            mailed_at: task.mailed_at.map(Timestamp::rfc3339),
            removed_at: task.removed_at.map(Timestamp::rfc3339),
        }
    }

    fn example() -> Self {
        Self {
            number: 7,
            operator: "olga".to_owned(),
            created_at: SOME_TIME.rfc3339(),
            stops_at: SOME_TIME.rfc3339(),
            note: "Please do this before the fair.".to_owned(),
            group: None,
            rule: None,
            finding: false,
            users: 2,
            mailed_at: Some(SOME_TIME.rfc3339()),
            removed_at: None,
            running: true,
        }
    }
}

/// A part of the list of tasks, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvisioningTasks)]
pub(super) struct TasksShown {
    /// This part.
    items: Vec<TaskShown>,
    /// How many tokens are reserved, by all tasks.
    reserved: u64,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
}

impl Shown for TasksShown {
    fn example() -> Self {
        Self { items: vec![TaskShown::example()], reserved: 1, next: None }
    }
}

/// How many users of a task are so far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvisioningCount)]
struct CountShown {
    /// How far.
    status: ProvisioningStatus,
    /// How many.
    count: u64,
}

/// A task, and how far it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvisioningProgress)]
pub(super) struct ProgressShown {
    /// The task.
    task: TaskShown,
    /// How many users were written to or are to be.
    all: u64,
    /// How many were written to.
    written: u64,
    /// The same in hundredths.
    percent: u64,
    /// How many are how far.
    counts: Vec<CountShown>,
}

impl ProgressShown {
    fn of(progress: TaskProgress, now: Timestamp) -> Self {
        let counts = progress.counts.iter();
        Self {
            all: progress.all(),
            written: progress.written(),
            percent: progress.percent(),
            counts: counts
                .map(|(status, count)| CountShown { status: ProvisioningStatus::of(*status), count: *count })
                .collect(),
            task: TaskShown::of(progress.task, now),
        }
    }
}

impl Shown for ProgressShown {
    fn example() -> Self {
        Self {
            task: TaskShown::example(),
            all: 2,
            written: 2,
            percent: 100,
            counts: vec![CountShown { status: ProvisioningStatus::Active, count: 2 }],
        }
    }
}

/// A user of a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvisioningEntry)]
pub(super) struct EntryShown {
    /// The task's number.
    task: i64,
    /// The user's id.
    user: String,
    /// Their sign-in name.
    name: String,
    /// The name to show; may be empty.
    display_name: String,
    /// How far they are.
    status: ProvisioningStatus,
    /// Why they were skipped.
    skipped: Option<Skipped>,
    /// How often enrolling has failed.
    fails: u32,
    /// The id of the token that was issued.
    token: Option<String>,
    /// Its serial number.
    serial: Option<String>,
    /// When the mail was written.
    #[schema(format = DateTime)]
    mailed_at: Option<String>,
    /// When its link was used.
    #[schema(format = DateTime)]
    opened_at: Option<String>,
}

impl EntryShown {
    fn of(entry: ProvisioningEntry) -> Self {
        let (token, serial) = entry.token.map(|(id, serial)| (id.to_string(), serial)).unzip();
        Self {
            task: entry.task,
            user: entry.user.to_string(),
            name: entry.name,
            display_name: entry.display_name,
            status: ProvisioningStatus::of(entry.status),
            skipped: entry.skipped.map(Skipped::of),
            fails: entry.fails,
            token,
            serial,
            mailed_at: entry.mailed_at.map(Timestamp::rfc3339),
            opened_at: entry.opened_at.map(Timestamp::rfc3339),
        }
    }
}

impl Shown for EntryShown {
    fn example() -> Self {
        Self {
            task: 7,
            user: SOME_ID.to_owned(),
            name: "alice".to_owned(),
            display_name: "Alice Liddell".to_owned(),
            status: ProvisioningStatus::Active,
            skipped: None,
            fails: 0,
            token: None,
            serial: None,
            mailed_at: Some(SOME_TIME.rfc3339()),
            opened_at: None,
        }
    }
}

/// A part of the users of a task, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProvisioningEntries)]
pub(super) struct EntriesShown {
    /// This part.
    items: Vec<EntryShown>,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
}

impl Shown for EntriesShown {
    fn example() -> Self {
        Self { items: vec![EntryShown::example()], next: None }
    }
}

body! {
    /// A task: either users or a group.
    ProvisioningGiven {
        /// The sign-in names of its users, at most 1000.
        #[schema(max_items = 1000)]
        users: Option<Vec<String>>,
        /// The id of the group whose members it is for, those of groups in it included.
        #[schema(value_type = Option<String>)]
        group: Option<GroupId>,
        /// The last day on which they may enrol, such as `2026-12-24`: within 90 days; 10 days from now where nothing is said.
        stop_date: Option<String>,
        /// What its mails say besides: one line of at most 500 characters.
        #[schema(max_length = 500)]
        note: Option<String>,
    }
    example { "users": ["alice", "bob"], "stop_date": "2026-12-24", "note": "Please do this before the fair." }
}

body! {
    /// A task for one user.
    ProvisioningOneGiven {
        /// The last day on which they may enrol, such as `2026-12-24`: within 90 days; 10 days from now where nothing is said.
        stop_date: Option<String>,
        /// What the mail says besides: one line of at most 500 characters.
        #[schema(max_length = 500)]
        note: Option<String>,
    }
    example { "stop_date": "2026-12-24" }
}

body! {
    /// Another stop date and note.
    ProvisioningEdited {
        /// The last day on which its users may enrol, such as `2026-12-24`: within 90 days.
        stop_date: String,
        /// What its mails say besides: one line of at most 500 characters; may be empty.
        #[schema(max_length = 500)]
        note: Option<String>,
    }
    example { "stop_date": "2026-12-24" }
}

fn number(asked: &Asked) -> Result<TaskNumber, Problem> {
    let text: String = asked.id("task");
    text.parse().map_err(|_| Problem::not_found())
}

fn user(asked: &Asked) -> UserId {
    asked.id("user")
}

fn made(asked: &Asked, progress: TaskProgress) -> Made<ProgressShown> {
    let at = format!("/provisioning/tasks/{}", progress.task.number);
    Made { body: ProgressShown::of(progress, asked.visitor.now), at }
}

/// `GET /provisioning/tasks`
pub(super) async fn list(asked: Asked, _: Nothing) -> Result<Found<TasksShown>, Problem> {
    let (manager, now) = (&asked.api.parts.manager, asked.visitor.now);
    let found = manager.provisioning_tasks(&asked.vs.id, &asked.page()).await?;
    Ok(Found(TasksShown {
        items: found.items.into_iter().map(|task| TaskShown::of(task, now)).collect(),
        reserved: manager.reserved_tokens(&asked.vs.id).await?,
        next: found.next,
    }))
}

/// `POST /provisioning/tasks`
pub(super) async fn add(asked: Asked, given: ProvisioningGiven) -> Result<Made<ProgressShown>, Problem> {
    let form = TaskForm {
        names: given.users.unwrap_or_default(),
        group: given.group,
        stop_date: given.stop_date.unwrap_or_default(),
        note: given.note.unwrap_or_default(),
    };
    let progress = asked.api.parts.manager.provision(&asked.vs.id, &asked.by(), &form).await?;
    Ok(made(&asked, progress))
}

/// `POST /users/{user}/provisioning`
pub(super) async fn add_one(asked: Asked, given: ProvisioningOneGiven) -> Result<Made<ProgressShown>, Problem> {
    let (stop_date, note) = (given.stop_date.unwrap_or_default(), given.note.unwrap_or_default());
    let (manager, user) = (&asked.api.parts.manager, user(&asked));
    let progress = manager.provision_user(&asked.vs.id, &asked.by(), &user, (&stop_date, &note)).await?;
    Ok(made(&asked, progress))
}

/// `GET /provisioning/tasks/{task}`
pub(super) async fn get(asked: Asked, _: Nothing) -> Result<Versioned<ProgressShown>, Problem> {
    let progress = asked.api.parts.manager.provisioning_task(&asked.vs.id, number(&asked)?).await?;
    let version = progress.task.version;
    Ok(Versioned(ProgressShown::of(progress, asked.visitor.now), version))
}

/// `PUT /provisioning/tasks/{task}`
pub(super) async fn edit(asked: Asked, given: ProvisioningEdited) -> Result<Versioned<ProgressShown>, Problem> {
    let note = given.note.unwrap_or_default();
    let (manager, by, seen) = (&asked.api.parts.manager, asked.by(), asked.version);
    let changed =
        manager.edit_provisioning_task(&asked.vs.id, &by, number(&asked)?, seen, (&given.stop_date, &note)).await;
    let progress = match changed {
        Err(ManageError::Conflict) => return Err(super::asked::another_version()),
        outcome => outcome?,
    };
    let version = progress.task.version;
    Ok(Versioned(ProgressShown::of(progress, asked.visitor.now), version))
}

/// `DELETE /provisioning/tasks/{task}`
pub(super) async fn remove(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    asked.api.parts.manager.remove_provisioning_task(&asked.vs.id, &asked.by(), number(&asked)?).await?;
    Ok(Done)
}

/// `POST /provisioning/tasks/{task}/resend`
pub(super) async fn resend(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    asked.api.parts.manager.resend_provisioning_task(&asked.vs.id, &asked.by(), number(&asked)?).await?;
    Ok(Done)
}

/// `GET /provisioning/tasks/{task}/users`
pub(super) async fn entries(asked: Asked, _: Nothing) -> Result<Found<EntriesShown>, Problem> {
    let (manager, number) = (&asked.api.parts.manager, number(&asked)?);
    manager.provisioning_task(&asked.vs.id, number).await?;
    let status = EntryStatus::parse(asked.query("status"));
    let found = manager.provisioning_entries(&asked.vs.id, number, status, &asked.page()).await?;
    Ok(Found(EntriesShown { items: found.items.into_iter().map(EntryShown::of).collect(), next: found.next }))
}

/// `GET /provisioning/tasks/{task}/users/{user}`
pub(super) async fn entry(asked: Asked, _: Nothing) -> Result<Found<EntryShown>, Problem> {
    let manager = &asked.api.parts.manager;
    let entry = manager.provisioning_entry(&asked.vs.id, number(&asked)?, &user(&asked)).await?;
    Ok(Found(EntryShown::of(entry)))
}

/// `POST /provisioning/tasks/{task}/users/{user}/resend`
pub(super) async fn resend_one(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    let manager = &asked.api.parts.manager;
    manager.resend_provisioning(&asked.vs.id, &asked.by(), number(&asked)?, &user(&asked)).await?;
    Ok(Done)
}

/// `DELETE /provisioning/tasks/{task}/users/{user}`
pub(super) async fn remove_one(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    let manager = &asked.api.parts.manager;
    manager.remove_provisioning(&asked.vs.id, &asked.by(), number(&asked)?, &user(&asked)).await?;
    Ok(Done)
}
