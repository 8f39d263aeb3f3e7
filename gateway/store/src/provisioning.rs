//! Provisioning tasks and their users. What an entry may come to depends on its task, which each statement looks at by itself; that
//! the users of one that has ended are told so is done by and by ([`settle`]).

use async_trait::async_trait;
use doorward_api::enrolment::Initiation;
use doorward_api::ports::{DUE_AT_ONCE, Listed, Page, Provisioning};
use doorward_api::provisioning::{
    EntryStatus, NewEntry, NewTask, ProvisioningEntry, ProvisioningLink, ProvisioningTask, SkipReason, TaskNumber,
};
use doorward_api::provisioning_rules::{RulePass, RuleScope, RuleStanding};
use doorward_api::{
    AuditEvent, CredentialId, EventContext, EventKind, GroupId, StoreError, Timestamp, TokenHash, User, UserId,
    VirtualServerId,
};

use crate::db::{Tx, change_in, lock_in, rows, rows_in};
use crate::error::{Failure, holds, some};
use crate::ledger::At;
use crate::open::{Inner, Store};
use crate::pages::{After, Part};
use crate::{credentials, enrolments, flows, outbox, provisioning_rules, users};

/// So many entries of one user are told.
const OF_USER: i64 = 50;

macro_rules! select_tasks {
    ($($of:literal),+) => {
        concat!(
            "SELECT number, operator, created_at, stops_at, note, group_id, read_to, users, mailed_at, resend_at, \
             removed_at, version, rule FROM provisioning_task WHERE virtual_server = $1 AND ",
            $($of),+
        )
    };
}
pub(crate) use select_tasks;

macro_rules! select_entries {
    ($($of:literal),+) => {
        concat!(
            "SELECT e.task, e.user_id, e.name AS place, u.name, u.display_name, e.status, e.skipped, e.fails, \
             e.credential, c.serial, e.mailed_at, e.opened_at FROM provisioning_entry e \
             JOIN user_account u ON u.virtual_server = e.virtual_server AND u.id = e.user_id \
             LEFT JOIN credential c ON c.virtual_server = e.virtual_server AND c.id = e.credential \
             WHERE e.virtual_server = $1 AND ",
            $($of),+
        )
    };
}

/// That the task of an entry runs; `$3` is the time.
macro_rules! if_it_runs {
    ($before:literal $(, $($after:tt)+)?) => {
        concat!(
            $before,
            " AND EXISTS (SELECT 1 FROM provisioning_task t WHERE t.virtual_server = $1 \
             AND t.number = provisioning_entry.task AND t.removed_at IS NULL AND t.stops_at > $3)",
            $($($after)+)?
        )
    };
}

#[derive(sqlx::FromRow)]
pub(crate) struct TaskRow {
    number: i64,
    operator: String,
    created_at: i64,
    stops_at: i64,
    note: String,
    group_id: Option<String>,
    read_to: Option<String>,
    users: i64,
    mailed_at: Option<i64>,
    resend_at: Option<i64>,
    removed_at: Option<i64>,
    version: i64,
    rule: Option<String>,
}

impl From<TaskRow> for ProvisioningTask {
    fn from(row: TaskRow) -> Self {
        Self {
            number: row.number,
            operator: row.operator,
            created_at: Timestamp::from_millis(row.created_at),
            stops_at: Timestamp::from_millis(row.stops_at),
            note: row.note,
            group: row.group_id.map(GroupId::new),
            rule: row.rule.map(GroupId::new),
            cursor: row.read_to,
            count: row.users.unsigned_abs(),
            mailed_at: row.mailed_at.map(Timestamp::from_millis),
            resend_at: row.resend_at.map(Timestamp::from_millis),
            removed_at: row.removed_at.map(Timestamp::from_millis),
            version: row.version,
        }
    }
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    task: i64,
    user_id: String,
    place: String,
    name: String,
    display_name: String,
    status: String,
    skipped: Option<String>,
    fails: i64,
    credential: Option<String>,
    serial: Option<String>,
    mailed_at: Option<i64>,
    opened_at: Option<i64>,
}

impl EntryRow {
    fn place(&self) -> After {
        After { key: self.place.clone(), id: self.user_id.clone() }
    }

    fn entry(self) -> Result<ProvisioningEntry, Failure> {
        let damaged = |what: &str| Failure::damaged(format!("provisioning_entry of {}: {what}", self.user_id));
        let skipped = match &self.skipped {
            Some(name) => Some(SkipReason::parse(name).ok_or_else(|| damaged("skipped"))?),
            None => None,
        };
        Ok(ProvisioningEntry {
            task: self.task,
            status: EntryStatus::parse(&self.status).ok_or_else(|| damaged("status"))?,
            skipped,
            user: UserId::new(self.user_id),
            name: self.name,
            display_name: self.display_name,
            fails: u32::try_from(self.fails).unwrap_or_default(),
            // A row that was deleted has no number any more.
            token: self.credential.zip(self.serial).map(|(id, serial)| (CredentialId::new(id), serial)),
            mailed_at: self.mailed_at.map(Timestamp::from_millis),
            opened_at: self.opened_at.map(Timestamp::from_millis),
        })
    }
}

fn entries(rows: Vec<EntryRow>) -> Result<Vec<ProvisioningEntry>, Failure> {
    rows.into_iter().map(EntryRow::entry).collect()
}

async fn task(inner: &Inner, vs: &VirtualServerId, number: TaskNumber) -> Result<Option<ProvisioningTask>, Failure> {
    const SQL: &str = select_tasks!("number = $2");
    let found = rows!(inner.db.reader(), TaskRow, SQL, vs.as_str(), number)?;
    Ok(found.into_iter().next().map(ProvisioningTask::from))
}

#[async_trait]
impl Provisioning for Store {
    async fn provisioning_task(
        &self,
        vs: &VirtualServerId,
        number: TaskNumber,
    ) -> Result<Option<ProvisioningTask>, StoreError> {
        let vs = vs.clone();
        self.run(move |inner| async move { task(&inner, &vs, number).await }).await
    }

    async fn provisioning_tasks(
        &self,
        vs: &VirtualServerId,
        page: &Page,
    ) -> Result<Listed<ProvisioningTask>, StoreError> {
        const SQL: &str = select_tasks!("number < $2 ORDER BY number DESC LIMIT $3");
        let before = if page.after.is_empty() { Some(TaskNumber::MAX) } else { page.after.parse().ok() };
        let (Some(before), Some(part)) = (before, Part::after_row(page)) else {
            return Ok(Listed { items: Vec::new(), next: None });
        };
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), TaskRow, SQL, vs.as_str(), before, part.rows())?;
            let listed = part.listed_by_row(found, |row: &TaskRow| row.number.to_string());
            Ok(Listed { items: listed.items.into_iter().map(ProvisioningTask::from).collect(), next: listed.next })
        })
        .await
    }

    async fn newest_provisioning_task(&self, vs: &VirtualServerId) -> Result<TaskNumber, StoreError> {
        const SQL: &str = "SELECT COALESCE(MAX(number), 0) FROM provisioning_task WHERE virtual_server = $1";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (i64,), SQL, vs.as_str())?;
            Ok(found.first().map_or(0, |(number,)| *number))
        })
        .await
    }

    async fn due_provisioning_tasks(
        &self,
        vs: &VirtualServerId,
        now: Timestamp,
        after: TaskNumber,
    ) -> Result<Vec<ProvisioningTask>, StoreError> {
        // One without anybody who may still enrol is only to be settled.
        const SQL: &str = select_tasks!(
            "unsettled AND number > $2 AND (read_to IS NOT NULL OR resend_at IS NOT NULL OR removed_at IS NOT NULL \
             OR stops_at <= $3 OR EXISTS (SELECT 1 FROM provisioning_entry e WHERE e.virtual_server = $1 \
                 AND e.task = provisioning_task.number AND e.status = 'pending') \
             OR NOT EXISTS (SELECT 1 FROM provisioning_entry e WHERE e.virtual_server = $1 \
                 AND e.task = provisioning_task.number AND e.status = 'active')) ORDER BY number LIMIT $4"
        );
        let (vs, most) = (vs.clone(), i64::from(DUE_AT_ONCE));
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), TaskRow, SQL, vs.as_str(), after, now.millis(), most)?;
            Ok(found.into_iter().map(ProvisioningTask::from).collect())
        })
        .await
    }

    async fn provisioning_counts(
        &self,
        vs: &VirtualServerId,
        number: TaskNumber,
    ) -> Result<Vec<(EntryStatus, u64)>, StoreError> {
        const SQL: &str = "SELECT status, COUNT(*) FROM provisioning_entry \
                           WHERE virtual_server = $1 AND task = $2 GROUP BY status";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (String, i64), SQL, vs.as_str(), number)?;
            let counted = found.into_iter();
            let mut counts: Vec<(EntryStatus, u64)> = counted
                .filter_map(|(status, count)| Some((EntryStatus::parse(&status)?, count.unsigned_abs())))
                .collect();
            counts.sort_unstable();
            Ok(counts)
        })
        .await
    }

    async fn provisioning_never_written(&self, vs: &VirtualServerId, number: TaskNumber) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT COUNT(*) FROM provisioning_entry WHERE virtual_server = $1 AND task = $2 \
                           AND status IN ('completed', 'expired', 'removed') AND mailed_at IS NULL";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (i64,), SQL, vs.as_str(), number)?;
            Ok(found.first().map_or(0, |(count,)| count.unsigned_abs()))
        })
        .await
    }

    async fn reserved_tokens(&self, vs: &VirtualServerId) -> Result<u64, StoreError> {
        const SQL: &str = "SELECT COUNT(*) FROM provisioning_entry \
                           WHERE virtual_server = $1 AND status IN ('pending', 'active')";
        let vs = vs.clone();
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), (i64,), SQL, vs.as_str())?;
            Ok(found.first().map_or(0, |(count,)| count.unsigned_abs()))
        })
        .await
    }

    async fn provisioning_entries(
        &self,
        vs: &VirtualServerId,
        number: TaskNumber,
        status: Option<EntryStatus>,
        page: &Page,
    ) -> Result<Listed<ProvisioningEntry>, StoreError> {
        const ALL: &str =
            select_entries!("e.task = $2 AND (e.name, e.user_id) > ($3, $4) ORDER BY e.name, e.user_id LIMIT $5");
        const SO_FAR: &str = select_entries!(
            "e.task = $2 AND e.status = $6 AND (e.name, e.user_id) > ($3, $4) ORDER BY e.name, e.user_id LIMIT $5"
        );
        let Some(part) = Part::of(page) else { return Ok(Listed { items: Vec::new(), next: None }) };
        let vs = vs.clone();
        self.run(move |inner| async move {
            let (reader, limit) = (inner.db.reader(), part.rows());
            let (key, id) = (part.after.key.as_str(), part.after.id.as_str());
            let found = match status {
                None => rows!(reader, EntryRow, ALL, vs.as_str(), number, key, id, limit)?,
                Some(status) => rows!(reader, EntryRow, SO_FAR, vs.as_str(), number, key, id, limit, status.as_str())?,
            };
            let listed = part.listed(found, EntryRow::place);
            Ok(Listed { items: entries(listed.items)?, next: listed.next })
        })
        .await
    }

    async fn provisioning_entry(
        &self,
        vs: &VirtualServerId,
        number: TaskNumber,
        user: &UserId,
    ) -> Result<Option<ProvisioningEntry>, StoreError> {
        const SQL: &str = select_entries!("e.task = $2 AND e.user_id = $3");
        let (vs, user) = (vs.clone(), user.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), EntryRow, SQL, vs.as_str(), number, user.as_str())?;
            found.into_iter().next().map(EntryRow::entry).transpose()
        })
        .await
    }

    async fn provisioning_of(&self, vs: &VirtualServerId, user: &UserId) -> Result<Vec<ProvisioningEntry>, StoreError> {
        const SQL: &str = select_entries!("e.user_id = $2 ORDER BY e.task DESC LIMIT $3");
        let (vs, user) = (vs.clone(), user.clone());
        self.run(move |inner| async move {
            entries(rows!(inner.db.reader(), EntryRow, SQL, vs.as_str(), user.as_str(), OF_USER)?)
        })
        .await
    }

    async fn provisioning_of_token(
        &self,
        vs: &VirtualServerId,
        token: &CredentialId,
    ) -> Result<Option<ProvisioningEntry>, StoreError> {
        const SQL: &str = select_entries!("e.credential = $2");
        let (vs, token) = (vs.clone(), token.clone());
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), EntryRow, SQL, vs.as_str(), token.as_str())?;
            found.into_iter().next().map(EntryRow::entry).transpose()
        })
        .await
    }

    async fn provisioning_link(
        &self,
        vs: &VirtualServerId,
        link: &TokenHash,
    ) -> Result<Option<ProvisioningLink>, StoreError> {
        const SQL: &str = select_entries!("e.link = $2");
        let (vs, link) = (vs.clone(), *link);
        self.run(move |inner| async move {
            let found = rows!(inner.db.reader(), EntryRow, SQL, vs.as_str(), link.hex())?;
            let Some(entry) = found.into_iter().next().map(EntryRow::entry).transpose()? else { return Ok(None) };
            let task = task(&inner, &vs, entry.task).await?;
            Ok(task.map(|task| ProvisioningLink { link, task, entry }))
        })
        .await
    }

    async fn all_members(
        &self,
        vs: &VirtualServerId,
        group: &GroupId,
        page: &Page,
    ) -> Result<Listed<User>, StoreError> {
        let Some(part) = Part::after_row(page) else { return Ok(Listed { items: Vec::new(), next: None }) };
        let (vs, group) = (vs.clone(), group.clone());
        self.run(move |inner| async move { users::all_members(&inner, &vs, &group, &part).await }).await
    }

    async fn rule_standings(
        &self,
        vs: &VirtualServerId,
        scope: &RuleScope,
        page: &Page,
    ) -> Result<Listed<RuleStanding>, StoreError> {
        let (vs, scope, page) = (vs.clone(), scope.clone(), page.clone());
        self.run(move |inner| async move { provisioning_rules::of(&inner, &vs, &scope, &page).await }).await
    }

    async fn rule_task(&self, vs: &VirtualServerId, rule: &GroupId) -> Result<Option<ProvisioningTask>, StoreError> {
        let (vs, rule) = (vs.clone(), rule.clone());
        self.run(move |inner| async move { provisioning_rules::task(&inner, &vs, &rule).await }).await
    }

    async fn rule_pass(&self, vs: &VirtualServerId) -> Result<Option<RulePass>, StoreError> {
        let vs = vs.clone();
        self.run(move |inner| async move { provisioning_rules::pass(&inner, &vs).await }).await
    }
}

pub(crate) async fn add(tx: &mut Tx, at: At<'_>, new: &NewTask) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO provisioning_task (virtual_server, number, operator, created_at, stops_at, note, group_id, \
                       read_to, users, unsettled, version, rule) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, TRUE, 1, $9) ON CONFLICT DO NOTHING";
    let (vs, now, stops) = (at.vs.as_str(), at.now.millis(), new.stops_at.millis());
    let group = new.group.as_ref().map(GroupId::as_str);
    let (read_to, rule) = (group.map(|_| ""), new.rule.as_ref().map(GroupId::as_str));
    some(change_in!(tx, SQL, vs, new.number, &new.operator, now, stops, &new.note, group, read_to, rule)?)
}

/// Of two that read the same part of a group the second is refused. Whoever was deleted meanwhile is not there.
pub(crate) async fn fill(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    (seen, next): (Option<&str>, Option<&str>),
    new: &[NewEntry],
) -> Result<(), Failure> {
    const ON: &str = "UPDATE provisioning_task SET read_to = $4, unsettled = TRUE WHERE virtual_server = $1 AND number = $2 \
                      AND COALESCE(read_to, '-') = $3 AND removed_at IS NULL";
    // That a rule holds one entry of a user at the most is seen to by the index.
    const ENTRY: &str = "INSERT INTO provisioning_entry (virtual_server, task, user_id, name, status, skipped, fails, rule) \
                         SELECT $1, $2, u.id, u.folded_name, $4, $5, 0, $6 FROM user_account u \
                         WHERE u.virtual_server = $1 AND u.id = $3 ON CONFLICT DO NOTHING";
    const COUNT: &str = "UPDATE provisioning_task SET users = users + $3 WHERE virtual_server = $1 AND number = $2";
    let vs = at.vs.as_str();
    // No row's id is a hyphen.
    some(change_in!(&mut *tx, ON, vs, task, seen.unwrap_or("-"), next)?)?;
    let mut added = 0_u64;
    for entry in new {
        let status = if entry.skipped.is_some() { EntryStatus::Skipped } else { EntryStatus::Pending };
        let (skipped, rule) = (entry.skipped.map(SkipReason::as_str), entry.rule.as_ref().map(GroupId::as_str));
        let one = change_in!(&mut *tx, ENTRY, vs, task, entry.user.as_str(), status.as_str(), skipped, rule)?;
        holds(one == 1 || entry.rule.is_none())?;
        added += one;
    }
    some(change_in!(tx, COUNT, vs, task, i64::try_from(added).unwrap_or(i64::MAX))?)
}

pub(crate) async fn edit(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    version: i64,
    (stops_at, note): (Timestamp, &str),
) -> Result<(), Failure> {
    const SQL: &str = "UPDATE provisioning_task SET stops_at = $4, note = $5, version = version + 1, unsettled = TRUE \
                       WHERE virtual_server = $1 AND number = $2 AND version = $3 AND removed_at IS NULL";
    some(change_in!(tx, SQL, at.vs.as_str(), task, version, stops_at.millis(), note)?)
}

pub(crate) async fn remove(tx: &mut Tx, at: At<'_>, task: TaskNumber) -> Result<(), Failure> {
    const SQL: &str = "UPDATE provisioning_task SET removed_at = $3, version = version + 1, unsettled = TRUE \
                       WHERE virtual_server = $1 AND number = $2 AND removed_at IS NULL";
    some(change_in!(tx, SQL, at.vs.as_str(), task, at.now.millis())?)
}

pub(crate) async fn resend(tx: &mut Tx, at: At<'_>, task: TaskNumber) -> Result<(), Failure> {
    const SQL: &str = "UPDATE provisioning_task SET resend_at = $3, unsettled = TRUE \
                       WHERE virtual_server = $1 AND number = $2 AND removed_at IS NULL AND stops_at > $3";
    some(change_in!(tx, SQL, at.vs.as_str(), task, at.now.millis())?)
}

/// A record of something that the store has found out by itself.
fn event(kind: EventKind, user: &str, by: (TaskNumber, bool)) -> AuditEvent {
    let context = EventContext { user: Some(UserId::new(user)), ..EventContext::default() };
    of_task(AuditEvent::new(kind, context), by)
}

/// A record with the task that it is of.
fn of_task(event: AuditEvent, (task, by_rule): (TaskNumber, bool)) -> AuditEvent {
    let initiation = if by_rule { Initiation::Rule } else { Initiation::ProvisioningEmail };
    event.with("taskId", task).with("initiatedBy", initiation.as_str())
}

/// Whether a rule has made the task of an entry.
macro_rules! by_rule {
    () => {
        "EXISTS (SELECT 1 FROM provisioning_task t WHERE t.virtual_server = $1 AND t.number = provisioning_entry.task \
         AND t.rule IS NOT NULL)"
    };
}

/// Nothing comes of a link any more: where its mail still waits, it is not sent, with a record. The mail is known by the link.
pub(crate) async fn withdraw_mail(
    tx: &mut Tx,
    at: At<'_>,
    link: Option<&str>,
    (user, by): (&str, (TaskNumber, bool)),
    told: &mut Vec<AuditEvent>,
) -> Result<(), Failure> {
    let Some(link) = link else { return Ok(()) };
    if outbox::withdraw(tx, at, link).await? {
        let event = event(EventKind::ProvisioningMailFailed, user, by);
        told.push(event.with("channel", "email").with("reason", "withdrawn"));
    }
    Ok(())
}

/// What is due of a task, for so many of its users. Any number of processes may do so at once.
pub(crate) async fn settle(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    most: u32,
    told: &mut Vec<AuditEvent>,
) -> Result<(), Failure> {
    const TASK: &str = select_tasks!("number = $2");
    const END: &str = "UPDATE provisioning_entry SET status = $3 WHERE virtual_server = $1 AND task = $2 \
                       AND status IN ('pending', 'active') AND user_id IN (SELECT o.user_id FROM provisioning_entry o \
                           WHERE o.virtual_server = $1 AND o.task = $2 AND o.status IN ('pending', 'active') LIMIT $4) \
                       RETURNING user_id, link";
    // Of two processes the second waits here, and then sees what the first has done.
    const ALONE: &str = "SELECT 1 FROM provisioning_task WHERE virtual_server = $1 AND number = $2 FOR UPDATE";
    // Of a task that a rule has made those whom a rule still has something for: whoever has left their group is not written to.
    const AGAIN: &str = "SELECT user_id FROM provisioning_entry WHERE virtual_server = $1 AND task = $2 \
                         AND status IN ('active', 'locked', 'expired') AND COALESCE(mailed_at, 0) < $3 \
                         AND (rule IS NOT NULL OR NOT $5) LIMIT $4";
    // Whoever has asked once more meanwhile has asked for more than what was done.
    const AGAIN_DONE: &str = "UPDATE provisioning_task SET resend_at = NULL WHERE virtual_server = $1 AND number = $2 \
                              AND resend_at = $3 AND NOT EXISTS (SELECT 1 FROM provisioning_entry e \
                                  WHERE e.virtual_server = $1 AND e.task = $2 \
                                  AND e.status IN ('active', 'locked', 'expired') AND COALESCE(e.mailed_at, 0) < $3 \
                                  AND (e.rule IS NOT NULL OR NOT $4))";
    const ENDED_DONE: &str = "UPDATE provisioning_task SET resend_at = NULL WHERE virtual_server = $1 AND number = $2 \
                              AND (removed_at IS NOT NULL OR stops_at <= $3)";
    const DONE: &str = "UPDATE provisioning_task SET unsettled = FALSE WHERE virtual_server = $1 AND number = $2 \
                        AND resend_at IS NULL AND (read_to IS NULL OR removed_at IS NOT NULL OR stops_at <= $3) \
                        AND NOT EXISTS (SELECT 1 FROM provisioning_entry e WHERE e.virtual_server = $1 AND e.task = $2 \
                            AND e.status IN ('pending', 'active'))";
    let vs = at.vs.as_str();
    lock_in!(&mut *tx, ALONE, vs, task)?;
    let found = rows_in!(&mut *tx, TaskRow, TASK, vs, task)?;
    let Some(found) = found.into_iter().next().map(ProvisioningTask::from) else { return Ok(()) };
    if found.runs(at.now) {
        if let Some(before) = found.resend_at {
            let (before, by_rule) = (before.millis(), found.rule.is_some());
            let mut again = rows_in!(&mut *tx, (String,), AGAIN, vs, task, before, i64::from(most), by_rule)?;
            // All in the same order, so that nobody waits for one who waits for them.
            again.sort_unstable();
            for (user,) in &again {
                send_again(&mut *tx, at, task, &UserId::new(user), told).await?;
            }
            if again.len() < most as usize {
                change_in!(&mut *tx, AGAIN_DONE, vs, task, before, by_rule)?;
            }
        }
    } else {
        let (status, kind) = match found.removed_at {
            Some(_) => (EntryStatus::Removed, EventKind::ProvisioningRemoved),
            None => (EntryStatus::Expired, EventKind::ProvisioningExpired),
        };
        let ended = rows_in!(&mut *tx, (String, Option<String>), END, vs, task, status.as_str(), i64::from(most))?;
        let by = (task, found.rule.is_some());
        for (user, link) in &ended {
            told.push(event(kind, user, by));
            withdraw_mail(&mut *tx, at, link.as_deref(), (user, by), told).await?;
        }
        change_in!(&mut *tx, ENDED_DONE, vs, task, at.now.millis())?;
    }
    change_in!(tx, DONE, vs, task, at.now.millis())?;
    Ok(())
}

pub(crate) async fn mailed(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    user: &UserId,
    link: &TokenHash,
) -> Result<(), Failure> {
    const SQL: &str = if_it_runs!(
        "UPDATE provisioning_entry SET status = 'active', link = $5, mailed_at = $6, opened_at = NULL \
         WHERE virtual_server = $1 AND task = $2 AND user_id = $4 AND status = 'pending'"
    );
    const TASK: &str =
        "UPDATE provisioning_task SET mailed_at = $3 WHERE virtual_server = $1 AND number = $2 RETURNING resend_at";
    let (vs, now) = (at.vs.as_str(), at.now.millis());
    // The task before its users, as everybody does it.
    let found = rows_in!(&mut *tx, (Option<i64>,), TASK, vs, task, now)?.pop();
    holds(found.is_some())?;
    // Whoever is written to while all are to be written to again has it behind them, by whatever clock that was asked for.
    let mailed = found.and_then(|(asked,)| asked).map_or(now, |asked| asked.max(now));
    some(change_in!(tx, SQL, vs, task, now, user.as_str(), link.hex(), mailed)?)
}

/// A user is to be written to once more. Whoever has opened the link of before stops here: their wizard ends, and what was issued in it
/// is revoked. A mail of before that still waits is not sent: its link is dead. Says whether that was so.
async fn send_again(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    user: &UserId,
    told: &mut Vec<AuditEvent>,
) -> Result<bool, Failure> {
    type Before = (Option<i64>, Option<String>, Option<String>, bool);
    const SQL: &str = if_it_runs!(
        "UPDATE provisioning_entry SET status = 'pending', \
         fails = CASE WHEN status = 'active' THEN fails ELSE 0 END \
         WHERE virtual_server = $1 AND task = $2 AND user_id = $4 AND status IN ('active', 'locked', 'expired')",
        " RETURNING opened_at, credential, link, ",
        by_rule!()
    );
    const FORGET: &str = "UPDATE provisioning_entry SET link = NULL, opened_at = NULL, credential = NULL \
                          WHERE virtual_server = $1 AND task = $2 AND user_id = $3";
    let vs = at.vs.as_str();
    let found = rows_in!(&mut *tx, Before, SQL, vs, task, at.now.millis(), user.as_str())?;
    let Some((opened, issued, link, by_rule)) = found.into_iter().next() else { return Ok(false) };
    change_in!(&mut *tx, FORGET, vs, task, user.as_str())?;
    withdraw_mail(&mut *tx, at, link.as_deref(), (user.as_str(), (task, by_rule)), told).await?;
    if opened.is_none() && issued.is_none() {
        return Ok(true);
    }
    let ended = flows::end_provisioned(&mut *tx, at, user, task).await?;
    told.extend(ended.iter().map(|flow| {
        let event = AuditEvent::new(EventKind::EnrollmentCancelled, flow.context.clone());
        event.with("lastStep", flow.last_step.as_str())
    }));
    let of_flows = ended.into_iter().filter_map(|flow| Some((flow.credential?, flow.context)));
    let bare = EventContext { user: Some(user.clone()), ..EventContext::default() };
    let of_entry = issued.map(|id| (CredentialId::new(id), bare));
    for (token, context) in of_flows.chain(of_entry) {
        let revoked = credentials::revoke_assigned(&mut *tx, at, &token).await?;
        told.extend(revoked.iter().map(|token| token.event(context.clone(), "system", "cancelled")));
    }
    Ok(true)
}

pub(crate) async fn resend_entry(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    user: &UserId,
    told: &mut Vec<AuditEvent>,
) -> Result<(), Failure> {
    const TASK: &str = "UPDATE provisioning_task SET unsettled = TRUE WHERE virtual_server = $1 AND number = $2";
    some(change_in!(&mut *tx, TASK, at.vs.as_str(), task)?)?;
    holds(send_again(tx, at, task, user, told).await?)
}

pub(crate) async fn remove_entry(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    user: &UserId,
    told: &mut Vec<AuditEvent>,
) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE provisioning_entry SET status = 'removed' WHERE virtual_server = $1 AND task = $2 \
         AND user_id = $3 AND status IN ('pending', 'active', 'locked', 'expired') RETURNING link, ",
        by_rule!()
    );
    let found = rows_in!(&mut *tx, (Option<String>, bool), SQL, at.vs.as_str(), task, user.as_str())?;
    holds(!found.is_empty())?;
    for (link, by_rule) in found {
        withdraw_mail(&mut *tx, at, link.as_deref(), (user.as_str(), (task, by_rule)), told).await?;
    }
    Ok(())
}

/// Of any number who show the same link one takes it.
pub(crate) async fn take_link(tx: &mut Tx, at: At<'_>, link: &TokenHash) -> Result<(), Failure> {
    const SQL: &str = if_it_runs!(
        "UPDATE provisioning_entry SET opened_at = $3 \
         WHERE virtual_server = $1 AND link = $2 AND status = 'active' AND opened_at IS NULL"
    );
    some(change_in!(tx, SQL, at.vs.as_str(), link.hex(), at.now.millis())?)
}

pub(crate) async fn issued(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    user: &UserId,
    token: &CredentialId,
) -> Result<(), Failure> {
    const SQL: &str = if_it_runs!(
        "UPDATE provisioning_entry SET credential = $5 WHERE virtual_server = $1 AND task = $2 AND user_id = $4 \
         AND status = 'active' AND opened_at IS NOT NULL"
    );
    some(change_in!(tx, SQL, at.vs.as_str(), task, at.now.millis(), user.as_str(), token.as_str())?)
}

pub(crate) async fn enrolled(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    user: &UserId,
    token: &CredentialId,
) -> Result<(), Failure> {
    const SQL: &str = if_it_runs!(
        "UPDATE provisioning_entry SET status = 'enrolled' \
         WHERE virtual_server = $1 AND task = $2 AND user_id = $4 AND status = 'active' AND credential = $5 \
         AND opened_at IS NOT NULL"
    );
    some(change_in!(tx, SQL, at.vs.as_str(), task, at.now.millis(), user.as_str(), token.as_str())?)
}

/// Whoever has a token now by themselves is written to no more, and misses nothing. What came by an entry stays as it is: the token is
/// not of the entry, and no rule that holds it takes it.
pub(crate) async fn close(tx: &mut Tx, at: At<'_>, user: &UserId, told: &mut Vec<AuditEvent>) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE provisioning_entry SET status = 'completed' \
         WHERE virtual_server = $1 AND user_id = $2 AND status IN ('pending', 'active') RETURNING task, link, ",
        by_rule!()
    );
    let found = rows_in!(&mut *tx, (TaskNumber, Option<String>, bool), SQL, at.vs.as_str(), user.as_str())?;
    for (task, link, by_rule) in found {
        let by = (task, by_rule);
        told.push(event(EventKind::ProvisioningCompleted, user.as_str(), by).with("reason", "enrolled_without_it"));
        withdraw_mail(&mut *tx, at, link.as_deref(), (user.as_str(), by), told).await?;
    }
    Ok(())
}

pub(crate) async fn failed(
    tx: &mut Tx,
    at: At<'_>,
    task: TaskNumber,
    user: &UserId,
    most: u32,
    told: &mut Vec<AuditEvent>,
) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE provisioning_entry SET fails = fails + 1, \
         status = CASE WHEN fails + 1 >= $4 THEN 'locked' ELSE status END \
         WHERE virtual_server = $1 AND task = $2 AND user_id = $3 AND status = 'active' RETURNING status, ",
        by_rule!()
    );
    let found = rows_in!(tx, (String, bool), SQL, at.vs.as_str(), task, user.as_str(), i64::from(most))?;
    let locked = found.iter().find(|(status, _)| status == EntryStatus::Locked.as_str());
    told.extend(
        locked.map(|(_, by_rule)| {
            event(EventKind::ProvisioningLocked, user.as_str(), (task, *by_rule)).with("fails", most)
        }),
    );
    Ok(())
}

/// A token was signed in with: what it came by is completed and confirmed, unless it is so already.
pub(crate) async fn used(
    tx: &mut Tx,
    at: At<'_>,
    token: &CredentialId,
    record: &AuditEvent,
    told: &mut Vec<AuditEvent>,
) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE provisioning_entry SET status = 'completed' \
         WHERE virtual_server = $1 AND credential = $2 AND status = 'enrolled' RETURNING task, ",
        by_rule!()
    );
    let entry = rows_in!(&mut *tx, (TaskNumber, bool), SQL, at.vs.as_str(), token.as_str())?.pop();
    let flow = enrolments::unconfirmed(tx, at.vs, token).await?;
    if entry.is_none() && flow.is_none() {
        return Ok(());
    }
    let record = AuditEvent { context: EventContext { flow, ..record.context.clone() }, ..record.clone() };
    told.push(match entry {
        Some(by) => of_task(record, by),
        None => record,
    });
    Ok(())
}
