//! Provisioning tasks: made, looked at, edited, sent again and removed. The mails themselves are written by
//! [`Provisioner`](crate::provision::Provisioner), beside the requests.

use std::collections::BTreeSet;
use std::time::Duration;

use doorward_api::ports::{Act, Change, Listed, Page};
use doorward_api::provisioning::{EntryStatus, NewEntry, NewTask, ProvisioningEntry, ProvisioningTask, TaskNumber};
use doorward_api::settings::Day;
use doorward_api::{
    CommitError, EventKind, FieldFault, FieldRule, GroupId, Module, StoreError, Timestamp, User, UserId,
    VirtualServerId,
};

use super::text::line;
use super::{By, ManageError, Manager};
use crate::names::fold_name;
use crate::provision::skipped;

/// So many users may be named in one task; a group may have any number.
pub const MOST_NAMES: usize = 1000;

/// A task stops after so many days where nothing is said (self-provisioning.md 2.4).
pub const USUAL_DAYS: u64 = 10;

/// And after so many at the most.
pub const MOST_DAYS: u64 = 90;

/// The longest note, in characters.
pub const LONGEST_NOTE: u32 = 500;

/// How often a number is tried that somebody else may take at the same moment.
const TRIES: u32 = 8;

const DAY: Duration = Duration::from_hours(24);

/// A task as it is asked for.
#[derive(Debug, Clone, Default)]
pub struct TaskForm {
    /// Sign-in names of its users.
    pub names: Vec<String>,
    /// Or the group whose members it is for.
    pub group: Option<GroupId>,
    /// The last day on which its users may enrol, `2026-12-24`; the day [`USUAL_DAYS`] from now where nothing is said.
    pub stop_date: String,
    /// What its mails say besides; one line, may be empty.
    pub note: String,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskProgress {
    /// The task.
    pub task: ProvisioningTask,
    /// How many users are how far; none of those that are nobody's.
    pub counts: Vec<(EntryStatus, u64)>,
    /// How many have come to their end before they were written to.
    pub never_written: u64,
}

impl TaskProgress {
    /// How many are so far.
    pub fn count(&self, status: EntryStatus) -> u64 {
        self.counts.iter().find(|(one, _)| *one == status).map_or(0, |(_, count)| *count)
    }

    /// How many were written to, or are to be: neither those who were skipped nor those who have come to their end before.
    pub fn all(&self) -> u64 {
        self.task.count.saturating_sub(self.count(EntryStatus::Skipped)).saturating_sub(self.never_written)
    }

    /// How many were written to.
    pub fn written(&self) -> u64 {
        self.all().saturating_sub(self.waiting())
    }

    /// How many mails are still to be written.
    pub fn waiting(&self) -> u64 {
        self.count(EntryStatus::Pending)
    }

    /// The same in hundredths of all that were written; a hundred where there is nothing to write. While the group is still being
    /// read there is more to come.
    pub fn percent(&self) -> u64 {
        let done = self.written().saturating_mul(100).checked_div(self.all()).unwrap_or(100);
        if self.task.cursor.is_some() && self.task.removed_at.is_none() { done.min(99) } else { done }
    }
}

impl Manager {
    /// Tasks, the newest first.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn provisioning_tasks(
        &self,
        vs: &VirtualServerId,
        page: &Page,
    ) -> Result<Listed<ProvisioningTask>, ManageError> {
        Ok(self.ports().provisioning.provisioning_tasks(vs, page).await?)
    }

    /// How many tokens are reserved for tasks.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn reserved_tokens(&self, vs: &VirtualServerId) -> Result<u64, ManageError> {
        Ok(self.ports().provisioning.reserved_tokens(vs).await?)
    }

    /// One task, and how far it is.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn provisioning_task(&self, vs: &VirtualServerId, task: TaskNumber) -> Result<TaskProgress, ManageError> {
        let port = &self.ports().provisioning;
        let task = port.provisioning_task(vs, task).await?.ok_or(ManageError::NotFound)?;
        let counts = port.provisioning_counts(vs, task.number).await?;
        let never_written = port.provisioning_never_written(vs, task.number).await?;
        Ok(TaskProgress { task, counts, never_written })
    }

    /// Users of a task, by name.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn provisioning_entries(
        &self,
        vs: &VirtualServerId,
        task: TaskNumber,
        status: Option<EntryStatus>,
        page: &Page,
    ) -> Result<Listed<ProvisioningEntry>, ManageError> {
        Ok(self.ports().provisioning.provisioning_entries(vs, task, status, page).await?)
    }

    /// One user of a task.
    ///
    /// # Errors
    /// [`ManageError::NotFound`].
    pub async fn provisioning_entry(
        &self,
        vs: &VirtualServerId,
        task: TaskNumber,
        user: &UserId,
    ) -> Result<ProvisioningEntry, ManageError> {
        let found = self.ports().provisioning.provisioning_entry(vs, task, user).await?;
        found.ok_or(ManageError::NotFound)
    }

    /// A new task. Of each user it is found out at once whether there is something to provision; members of a group are found by and
    /// by. Whoever cannot get a token is skipped, and the task says why.
    ///
    /// # Errors
    /// [`ManageError::Invalid`], with the names that are nobody's; [`ManageError::Forbidden`].
    pub async fn provision(&self, vs: &VirtualServerId, by: &By, form: &TaskForm) -> Result<TaskProgress, ManageError> {
        Self::allow(by, Module::Provisioning.edit())?;
        let mut faults = Vec::new();
        let stops_at = stops_at(&mut faults, &form.stop_date, by.now);
        let note = line(&mut faults, "note", &form.note, LONGEST_NOTE, true);
        let users = self.named(vs, &form.names, &mut faults).await?;
        match &form.group {
            Some(group) if form.names.is_empty() => {
                let found = self.ports().register.group(vs, group).await?;
                let unknown = || FieldFault::new("group", FieldRule::Unknown { value: format!("group {group}") });
                faults.extend(found.is_none().then(unknown));
            }
            Some(_) => {
                let rule = FieldRule::NotAvailable { other: "users".to_owned(), value: "given".to_owned() };
                faults.push(FieldFault::new("group", rule));
            }
            None if form.names.is_empty() => faults.push(FieldFault::new("users", FieldRule::Required)),
            None => {}
        }
        let (Some(stops_at), Some(note), []) = (stops_at, note, faults.as_slice()) else {
            return Err(ManageError::Invalid(faults));
        };
        self.make_task(vs, by, &users, form.group.as_ref(), (stops_at, note)).await
    }

    /// A new task for one user, which is a part of their care.
    ///
    /// # Errors
    /// [`ManageError::NotFound`]; [`ManageError::Invalid`]; [`ManageError::Forbidden`].
    pub async fn provision_user(
        &self,
        vs: &VirtualServerId,
        by: &By,
        user: &UserId,
        (stop_date, note): (&str, &str),
    ) -> Result<TaskProgress, ManageError> {
        Self::allow(by, Module::Users.edit())?;
        let user = self.ports().directory.get(vs, user).await?.ok_or(ManageError::NotFound)?;
        let mut faults = Vec::new();
        let stops_at = stops_at(&mut faults, stop_date, by.now);
        let note = line(&mut faults, "note", note, LONGEST_NOTE, true);
        let (Some(stops_at), Some(note)) = (stops_at, note) else { return Err(ManageError::Invalid(faults)) };
        self.make_task(vs, by, &[user], None, (stops_at, note)).await
    }

    async fn make_task(
        &self,
        vs: &VirtualServerId,
        by: &By,
        users: &[User],
        group: Option<&GroupId>,
        (stops_at, note): (Timestamp, String),
    ) -> Result<TaskProgress, ManageError> {
        let mut entries = Vec::with_capacity(users.len());
        for user in users {
            let skipped = skipped(self.ports(), vs, user).await?;
            entries.push(NewEntry { user: user.id.clone(), skipped, rule: None });
        }
        let task = |number| NewTask {
            number,
            operator: by.name.clone(),
            stops_at,
            note: note.clone(),
            group: group.cloned(),
            rule: None,
        };
        let number = self.number_it(vs, by, task, &entries).await?;
        self.provisioning_task(vs, number).await
    }

    /// With the next number that is free.
    async fn number_it(
        &self,
        vs: &VirtualServerId,
        by: &By,
        task: impl Fn(TaskNumber) -> NewTask,
        entries: &[NewEntry],
    ) -> Result<TaskNumber, ManageError> {
        for _ in 0..TRIES {
            let number = self.ports().provisioning.newest_provisioning_task(vs).await?.saturating_add(1);
            let new = task(number);
            let mut event = by
                .event(EventKind::ProvisioningTaskCreated)
                .with("taskId", number)
                .with("stopDate", new.stops_at.rfc3339());
            event = match &new.group {
                Some(group) => event.with("group", group.as_str()),
                None => event.with("users", entries.len()),
            };
            let named = new.group.is_none();
            let mut change = Change::of(Act::ProvisioningTaskAdd(Box::new(new))).record(event);
            if named {
                let entries = entries.to_vec();
                change = change.and(Act::ProvisioningFill { task: number, seen: None, next: None, entries });
            }
            match self.commit(vs, by, change).await {
                Ok(()) => return Ok(number),
                // Somebody else has taken the number at the same moment.
                Err(CommitError::Lost { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(ManageError::Busy)
    }

    /// Those who sign in with these names, each once.
    async fn named(
        &self,
        vs: &VirtualServerId,
        names: &[String],
        faults: &mut Vec<FieldFault>,
    ) -> Result<Vec<User>, StoreError> {
        if names.len() > MOST_NAMES {
            let max = u32::try_from(MOST_NAMES).unwrap_or(u32::MAX);
            faults.push(FieldFault::new("users", FieldRule::TooMany { max }));
            return Ok(Vec::new());
        }
        let (mut users, mut seen) = (Vec::new(), BTreeSet::new());
        for name in names {
            let found = match fold_name(name) {
                Some(folded) => self.ports().directory.find(vs, &folded).await?,
                None => None,
            };
            match found {
                Some(user) if seen.insert(user.id.clone()) => users.push(user),
                Some(_) => {}
                None => {
                    let value = format!("user {}", name.chars().take(64).collect::<String>());
                    faults.push(FieldFault::new("users", FieldRule::Unknown { value }));
                }
            }
        }
        Ok(users)
    }

    /// Another stop date or note. Whoever has missed the date before stays so until they are written to again.
    ///
    /// # Errors
    /// [`ManageError::Invalid`]; [`ManageError::Conflict`]; [`ManageError::TaskOver`] when it was removed; [`ManageError::NotFound`];
    /// [`ManageError::Forbidden`].
    pub async fn edit_provisioning_task(
        &self,
        vs: &VirtualServerId,
        by: &By,
        number: TaskNumber,
        seen: i64,
        (stop_date, note): (&str, &str),
    ) -> Result<TaskProgress, ManageError> {
        Self::allow(by, Module::Provisioning.edit())?;
        let before = self.provisioning_task(vs, number).await?.task;
        if before.removed_at.is_some() {
            return Err(ManageError::TaskOver);
        }
        let mut faults = Vec::new();
        let stops_at = end_of(&mut faults, stop_date, by.now);
        let note = line(&mut faults, "note", note, LONGEST_NOTE, true);
        let (Some(stops_at), Some(note)) = (stops_at, note) else { return Err(ManageError::Invalid(faults)) };
        if (before.stops_at, &before.note) == (stops_at, &note) && before.version == seen {
            return self.provisioning_task(vs, number).await;
        }
        let event = by
            .event(EventKind::ProvisioningTaskEdited)
            .with("taskId", number)
            .with("stopDate", stops_at.rfc3339())
            .with("stopDateBefore", before.stops_at.rfc3339());
        let act = Act::ProvisioningTaskEdit { task: number, version: seen, stops_at, note };
        self.commit(vs, by, Change::of(act).record(event)).await?;
        self.provisioning_task(vs, number).await
    }

    /// Nobody of a task may enrol any more. What was enrolled stays.
    ///
    /// # Errors
    /// [`ManageError::NotFound`]; [`ManageError::TaskOver`] when it was removed before; [`ManageError::Forbidden`].
    pub async fn remove_provisioning_task(
        &self,
        vs: &VirtualServerId,
        by: &By,
        number: TaskNumber,
    ) -> Result<(), ManageError> {
        Self::allow(by, Module::Provisioning.edit())?;
        self.provisioning_task(vs, number).await?;
        let event = by.event(EventKind::ProvisioningTaskRemoved).with("taskId", number);
        let change = Change::of(Act::ProvisioningTaskRemove { task: number }).record(event);
        self.commit(vs, by, change).await.map_err(over_if_lost)
    }

    /// Everybody of a task who has not enrolled is written to once more; links of before are dead then.
    ///
    /// # Errors
    /// [`ManageError::NotFound`]; [`ManageError::TaskOver`] when it runs no more; [`ManageError::Forbidden`].
    pub async fn resend_provisioning_task(
        &self,
        vs: &VirtualServerId,
        by: &By,
        number: TaskNumber,
    ) -> Result<(), ManageError> {
        Self::allow(by, Module::Provisioning.edit())?;
        self.provisioning_task(vs, number).await?;
        let event = by.event(EventKind::ProvisioningTaskResent).with("taskId", number);
        let change = Change::of(Act::ProvisioningTaskResend { task: number }).record(event);
        self.commit(vs, by, change).await.map_err(over_if_lost)
    }

    /// One user of a task is written to once more; whatever locked or ended their entry is forgotten.
    ///
    /// # Errors
    /// [`ManageError::NotFound`]; [`ManageError::Conflict`] when they have enrolled; [`ManageError::TaskOver`] when the task runs no
    /// more; [`ManageError::Forbidden`].
    pub async fn resend_provisioning(
        &self,
        vs: &VirtualServerId,
        by: &By,
        number: TaskNumber,
        user: &UserId,
    ) -> Result<(), ManageError> {
        Self::allow(by, Module::Users.edit())?;
        self.provisioning_entry(vs, number, user).await?;
        let event = by.event_of(EventKind::ProvisioningTaskResent, user).with("taskId", number);
        let act = Act::ProvisioningEntryResend { task: number, user: user.clone() };
        match self.commit(vs, by, Change::of(act).record(event)).await {
            Err(CommitError::Lost { .. }) if !self.provisioning_task(vs, number).await?.task.runs(by.now) => {
                Err(ManageError::TaskOver)
            }
            outcome => Ok(outcome?),
        }
    }

    /// One user is taken out of a task.
    ///
    /// # Errors
    /// [`ManageError::NotFound`]; [`ManageError::Conflict`] when they have enrolled; [`ManageError::Forbidden`].
    pub async fn remove_provisioning(
        &self,
        vs: &VirtualServerId,
        by: &By,
        number: TaskNumber,
        user: &UserId,
    ) -> Result<(), ManageError> {
        Self::allow(by, Module::Users.edit())?;
        self.provisioning_entry(vs, number, user).await?;
        let event = by.event_of(EventKind::ProvisioningRemoved, user).with("taskId", number);
        let act = Act::ProvisioningEntryRemove { task: number, user: user.clone() };
        Ok(self.commit(vs, by, Change::of(act).record(event)).await?)
    }
}

/// Why something was not done that asks for nothing but that a task runs. It does not come to run again by being looked at anew.
fn over_if_lost(error: CommitError) -> ManageError {
    match error {
        CommitError::Lost { .. } => ManageError::TaskOver,
        CommitError::Store(error) => error.into(),
    }
}

/// The end of a stop date; that of the usual one where nothing is said. It is the end of a day in any case: so a form that shows the day
/// and is saved as it is changes nothing.
fn stops_at(faults: &mut Vec<FieldFault>, date: &str, now: Timestamp) -> Option<Timestamp> {
    if !date.trim().is_empty() {
        return end_of(faults, date, now);
    }
    let usual = now + DAY * u32::try_from(USUAL_DAYS).unwrap_or(1);
    Some(usual.rfc3339().get(..10).and_then(Day::parse).map_or(usual, Day::ends))
}

/// The end of a stop date that must be given: 1 to 90 days from now.
fn end_of(faults: &mut Vec<FieldFault>, date: &str, now: Timestamp) -> Option<Timestamp> {
    let date = date.trim();
    let rule = match Day::parse(date) {
        _ if date.is_empty() => FieldRule::Required,
        None => FieldRule::Day,
        Some(day) if day.ends() <= now => FieldRule::Past,
        Some(day) if day.begins().since(now).as_secs() / DAY.as_secs() >= MOST_DAYS => {
            FieldRule::WithinDays { max: u32::try_from(MOST_DAYS).unwrap_or_default() }
        }
        Some(day) => return Some(day.ends()),
    };
    faults.push(FieldFault::new("stop_date", rule));
    None
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_stop_date_is_a_day_of_the_next_ninety() {
        let now = Day::parse("2026-12-01").unwrap().begins() + Duration::from_hours(12);
        let read = |date: &str| {
            let mut faults = Vec::new();
            stops_at(&mut faults, date, now).ok_or_else(|| faults.remove(0).rule)
        };
        assert_eq!(read(""), Ok(Day::parse("2026-12-11").unwrap().ends()), "the end of the tenth");
        assert_eq!(read("2026-12-11"), read(""), "as the form shows it");
        assert_eq!(read("2026-12-01"), Ok(Day::parse("2026-12-02").unwrap().begins()), "today is a day still");
        assert_eq!(read(" 2026-12-24 "), Ok(Day::parse("2026-12-25").unwrap().begins()));
        let mut faults = Vec::new();
        assert_eq!(end_of(&mut faults, " ", now), None);
        assert_eq!(faults[0].rule, FieldRule::Required, "what there is is not given up for nothing");
        assert_eq!(read("2026-11-30"), Err(FieldRule::Past));
        assert_eq!(read("24.12.2026"), Err(FieldRule::Day));
        assert_eq!(read("2027-03-01"), Ok(Day::parse("2027-03-02").unwrap().begins()), "the ninetieth");
        assert_eq!(read("2027-03-02"), Err(FieldRule::WithinDays { max: 90 }));
    }
}
