//! Provisioning tasks and their users.

use async_trait::async_trait;
use doorward_api::audit::EventKind;
use doorward_api::mail::NewMail;
use doorward_api::ports::{Act, DUE_AT_ONCE, Listed, Page, Provisioning};
use doorward_api::provisioning::{EntryStatus, ProvisioningEntry, ProvisioningLink, ProvisioningTask, TaskNumber};
use doorward_api::provisioning_rules::{RulePass, RuleScope, RuleStanding};
use doorward_api::{
    AuditEvent, CredentialId, EventContext, Flow, GroupId, Step, StoreError, Timestamp, TokenHash, TokenState, User,
    UserId, VirtualServerId,
};

use crate::register::{first_of, part};
use crate::{Rows, World};

/// A user of a task, with the hash of their link.
#[derive(Debug, Clone)]
pub struct Provisioned {
    pub entry: ProvisioningEntry,
    pub link: Option<TokenHash>,
    /// The rule that holds it, by its group.
    pub rule: Option<GroupId>,
}

fn told(kind: EventKind, user: &UserId, task: TaskNumber) -> AuditEvent {
    let context = EventContext { user: Some(user.clone()), ..EventContext::default() };
    of_task(AuditEvent::new(kind, context), task)
}

fn of_task(event: AuditEvent, task: TaskNumber) -> AuditEvent {
    event.with("taskId", task).with("initiatedBy", "provisioning_email")
}

impl Rows {
    fn runs(&self, task: TaskNumber, now: Timestamp) -> bool {
        self.provisioning_tasks.iter().any(|one| one.number == task && one.runs(now))
    }

    fn change_task(&mut self, task: TaskNumber, change: impl FnOnce(&mut ProvisioningTask) -> bool) -> bool {
        self.provisioning_tasks.iter_mut().find(|one| one.number == task).is_some_and(change)
    }

    pub(crate) fn change_entry(
        &mut self,
        task: TaskNumber,
        user: &UserId,
        change: impl FnOnce(&mut Provisioned) -> bool,
    ) -> bool {
        let found = self.provisioned.iter_mut().find(|one| one.entry.task == task && one.entry.user == *user);
        found.is_some_and(change)
    }

    /// Whether the act's condition held; every other act is no provisioning.
    pub(crate) fn take_of_provisioning(&mut self, act: Act, now: Timestamp) -> bool {
        match act {
            Act::ProvisioningTaskAdd(new) => {
                let free = self.provisioning_tasks.iter().all(|one| one.number != new.number);
                if free {
                    let cursor = new.group.as_ref().map(|_| String::new());
                    self.unsettled.insert(new.number);
                    self.provisioning_tasks.push(ProvisioningTask {
                        number: new.number,
                        operator: new.operator,
                        created_at: now,
                        stops_at: new.stops_at,
                        note: new.note,
                        group: new.group,
                        rule: new.rule,
                        cursor,
                        count: 0,
                        mailed_at: None,
                        resend_at: None,
                        removed_at: None,
                        version: 1,
                    });
                }
                free
            }
            Act::ProvisioningFill { task, seen, next, entries } => {
                self.unsettled.insert(task);
                let right = self.change_task(task, |one| {
                    let right = one.cursor == seen && one.removed_at.is_none();
                    if right {
                        one.cursor = next;
                    }
                    right
                });
                for new in entries.into_iter().filter(|_| right) {
                    let Some(user) = self.users.iter().find(|user| user.id == new.user).cloned() else { continue };
                    let held = |one: &Provisioned| one.rule.is_some() && one.entry.user == new.user;
                    let in_the_way = new.rule.is_some() && self.provisioned.iter().any(held);
                    if in_the_way {
                        return false;
                    }
                    if self.change_entry(task, &new.user, |_| true) {
                        continue;
                    }
                    let status = if new.skipped.is_some() { EntryStatus::Skipped } else { EntryStatus::Pending };
                    let entry = ProvisioningEntry {
                        task,
                        user: new.user,
                        name: user.name,
                        display_name: user.display_name,
                        status,
                        skipped: new.skipped,
                        fails: 0,
                        token: None,
                        mailed_at: None,
                        opened_at: None,
                    };
                    self.provisioned.push(Provisioned { entry, link: None, rule: new.rule });
                    self.change_task(task, |one| {
                        one.count += 1;
                        true
                    });
                }
                right
            }
            Act::ProvisioningTaskEdit { task, version, stops_at, note } => {
                self.unsettled.insert(task);
                self.change_task(task, |one| {
                    let right = one.version == version && one.removed_at.is_none();
                    if right {
                        (one.stops_at, one.note, one.version) = (stops_at, note, version + 1);
                    }
                    right
                })
            }
            Act::ProvisioningTaskRemove { task } => {
                self.unsettled.insert(task);
                self.change_task(task, |one| {
                    let right = one.removed_at.is_none();
                    if right {
                        (one.removed_at, one.version) = (Some(now), one.version + 1);
                    }
                    right
                })
            }
            Act::ProvisioningTaskResend { task } => {
                self.unsettled.insert(task);
                self.change_task(task, |one| {
                    let right = one.runs(now);
                    if right {
                        one.resend_at = Some(now);
                    }
                    right
                })
            }
            Act::ProvisioningTaskSettle { task, most } => {
                self.settle_task(task, most, now);
                true
            }
            other => self.take_of_entry(other, now),
        }
    }

    /// Nothing comes of a link any more: its mail is not sent, if it still waits.
    pub(crate) fn withdraw_mail(&mut self, task: TaskNumber, user: &UserId) {
        let entry = self.provisioned.iter().find(|one| one.entry.task == task && one.entry.user == *user);
        let Some(mail) = entry.and_then(|one| one.link.as_ref()).map(NewMail::by_link) else { return };
        if self.mails.iter().any(|one| one.id == mail) && self.withdrawn_mails.insert(mail) {
            let event = told(EventKind::ProvisioningMailFailed, user, task);
            self.events.push(event.with("channel", "email").with("reason", "withdrawn"));
        }
    }

    fn settle_task(&mut self, task: TaskNumber, most: u32, now: Timestamp) {
        let Some(found) = self.provisioning_tasks.iter().find(|one| one.number == task).cloned() else { return };
        let of_task = self.provisioned.iter_mut().filter(|one| one.entry.task == task);
        let mut events = Vec::new();
        match (found.runs(now), found.resend_at) {
            (true, Some(before)) => {
                let due = |one: &&mut Provisioned| {
                    let meant = one.rule.is_some() || found.rule.is_none();
                    meant && one.entry.status.may_be_sent_again() && one.entry.mailed_at.is_none_or(|at| at < before)
                };
                let again: Vec<UserId> =
                    of_task.filter(due).take(most as usize).map(|one| one.entry.user.clone()).collect();
                for user in again {
                    self.send_again(task, &user);
                }
            }
            (true, None) => {}
            (false, _) => {
                let (status, kind) = match found.removed_at {
                    Some(_) => (EntryStatus::Removed, EventKind::ProvisioningRemoved),
                    None => (EntryStatus::Expired, EventKind::ProvisioningExpired),
                };
                let mut ended = Vec::new();
                for one in of_task.filter(|one| one.entry.status.reserves()).take(most as usize) {
                    one.entry.status = status;
                    events.push(told(kind, &one.entry.user, task));
                    ended.push(one.entry.user.clone());
                }
                for user in ended {
                    self.withdraw_mail(task, &user);
                }
            }
        }
        self.events.extend(events);
        self.change_task(task, |one| {
            one.resend_at = None;
            true
        });
        let waits = self.provisioned.iter().any(|one| one.entry.task == task && one.entry.status.reserves());
        if !waits && (found.cursor.is_none() || !found.runs(now)) {
            self.unsettled.remove(&task);
        }
    }

    /// Whoever has opened the link of before stops there, and what was issued to them is revoked.
    fn send_again(&mut self, task: TaskNumber, user: &UserId) -> bool {
        let mut issued = None;
        if self
            .entry_where(|one| {
                one.entry.task == task && one.entry.user == *user && one.entry.status.may_be_sent_again()
            })
            .is_some()
        {
            self.withdraw_mail(task, user);
        }
        let done = self.change_entry(task, user, |one| {
            let right = one.entry.status.may_be_sent_again();
            if right {
                if one.entry.status != EntryStatus::Active {
                    one.entry.fails = 0;
                }
                (one.entry.status, one.link) = (EntryStatus::Pending, None);
                (one.entry.opened_at, issued) = (None, one.entry.token.take());
            }
            right
        });
        if done {
            let theirs = |flow: &&mut Flow| flow.user.as_ref() == Some(user) && flow.data.provisioned == Some(task);
            for flow in self.flows.iter_mut().filter(theirs).filter(|flow| flow.step.enrolling()) {
                self.events.push(AuditEvent::new(EventKind::EnrollmentCancelled, flow.context()));
                flow.step = Step::Cancelled;
            }
            for token in
                self.credentials.iter_mut().filter(|token| issued.as_ref().is_some_and(|(id, _)| *id == token.id))
            {
                if token.state == TokenState::Assigned {
                    token.state = TokenState::Revoked;
                }
            }
        }
        done
    }

    fn take_of_entry(&mut self, act: Act, now: Timestamp) -> bool {
        match act {
            Act::ProvisioningMailed { task, user, link } => {
                let asked = self.provisioning_tasks.iter().find(|one| one.number == task).and_then(|one| one.resend_at);
                let mailed = asked.map_or(now, |asked| asked.max(now));
                let done = self.runs(task, now)
                    && self.change_entry(task, &user, |one| {
                        let right = one.entry.status == EntryStatus::Pending;
                        if right {
                            (one.entry.status, one.link) = (EntryStatus::Active, Some(link));
                            (one.entry.mailed_at, one.entry.opened_at) = (Some(mailed), None);
                        }
                        right
                    });
                done && self.change_task(task, |one| {
                    one.mailed_at = Some(now);
                    true
                })
            }
            Act::ProvisioningEntryResend { task, user } => {
                self.unsettled.insert(task);
                self.runs(task, now) && self.send_again(task, &user)
            }
            Act::ProvisioningEntryRemove { task, user } => {
                let done = self.change_entry(task, &user, |one| {
                    let right = one.entry.status.may_be_removed();
                    if right {
                        one.entry.status = EntryStatus::Removed;
                    }
                    right
                });
                if done {
                    self.withdraw_mail(task, &user);
                }
                done
            }
            Act::ProvisioningLinkTake { link } => {
                let Some(found) = self.provisioned.iter().find(|one| one.link == Some(link)) else { return false };
                let (task, user) = (found.entry.task, found.entry.user.clone());
                self.runs(task, now)
                    && self.change_entry(task, &user, |one| {
                        let right = one.entry.status == EntryStatus::Active && one.entry.opened_at.is_none();
                        if right {
                            one.entry.opened_at = Some(now);
                        }
                        right
                    })
            }
            Act::ProvisioningIssued { task, user, token } => {
                let serial = self.credentials.iter().find(|one| one.id == token).map(|one| one.serial.clone());
                self.runs(task, now)
                    && self.change_entry(task, &user, |one| {
                        one.entry.token = Some((token, serial.unwrap_or_default()));
                        one.entry.status == EntryStatus::Active && one.entry.opened_at.is_some()
                    })
            }
            Act::ProvisioningEnrolled { task, user, token } => {
                self.runs(task, now)
                    && self.change_entry(task, &user, |one| {
                        let its = one.entry.token.as_ref().is_some_and(|(id, _)| *id == token);
                        let right = one.entry.status == EntryStatus::Active && one.entry.opened_at.is_some() && its;
                        if right {
                            one.entry.status = EntryStatus::Enrolled;
                        }
                        right
                    })
            }
            Act::ProvisioningClose { user } => {
                let open = |one: &&mut Provisioned| one.entry.user == user && one.entry.status.reserves();
                let mut closed = Vec::new();
                for one in self.provisioned.iter_mut().filter(open) {
                    one.entry.status = EntryStatus::Completed;
                    closed.push(one.entry.task);
                }
                for task in closed {
                    let event = told(EventKind::ProvisioningCompleted, &user, task);
                    self.events.push(event.with("reason", "enrolled_without_it"));
                    self.withdraw_mail(task, &user);
                }
                true
            }
            Act::ProvisioningFailed { task, user, most } => {
                let mut locked = false;
                self.change_entry(task, &user, |one| {
                    if one.entry.status == EntryStatus::Active {
                        one.entry.fails += 1;
                        locked = one.entry.fails >= most;
                    }
                    if locked {
                        one.entry.status = EntryStatus::Locked;
                    }
                    true
                });
                self.events.extend(locked.then(|| told(EventKind::ProvisioningLocked, &user, task)));
                true
            }
            Act::EnrolmentUsed { token, record } => {
                let its = |one: &&mut Provisioned| one.entry.token.as_ref().is_some_and(|(id, _)| *id == token);
                let enrolled = |one: &&mut Provisioned| one.entry.status == EntryStatus::Enrolled;
                let entry = self.provisioned.iter_mut().filter(its).find(enrolled);
                let task = entry.map(|one| {
                    one.entry.status = EntryStatus::Completed;
                    one.entry.task
                });
                let flow = self.unconfirmed(&token);
                if task.is_some() || flow.is_some() {
                    let context = EventContext { flow, ..record.context.clone() };
                    let record = AuditEvent { context, ..*record };
                    self.events.push(match task {
                        Some(task) => of_task(record, task),
                        None => record,
                    });
                }
                true
            }
            other => self.take_of_rules(other, now),
        }
    }

    fn entry_where(&self, fits: impl Fn(&Provisioned) -> bool) -> Option<ProvisioningEntry> {
        self.provisioned.iter().find(|one| fits(one)).map(|one| one.entry.clone())
    }
}

#[async_trait]
impl Provisioning for World {
    async fn provisioning_task(
        &self,
        _: &VirtualServerId,
        task: TaskNumber,
    ) -> Result<Option<ProvisioningTask>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.provisioning_tasks.iter().find(|one| one.number == task).cloned()))
    }
    async fn provisioning_tasks(
        &self,
        _: &VirtualServerId,
        page: &Page,
    ) -> Result<Listed<ProvisioningTask>, StoreError> {
        self.up()?;
        let all = self.with(|rows| rows.provisioning_tasks.iter().rev().cloned().collect());
        Ok(part(all, page))
    }
    async fn newest_provisioning_task(&self, _: &VirtualServerId) -> Result<TaskNumber, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.provisioning_tasks.iter().map(|one| one.number).max().unwrap_or(0)))
    }
    async fn due_provisioning_tasks(
        &self,
        _: &VirtualServerId,
        now: Timestamp,
        after: TaskNumber,
    ) -> Result<Vec<ProvisioningTask>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let with =
                |task, status| rows.provisioned.iter().any(|one| one.entry.task == task && one.entry.status == status);
            let due = |one: &&ProvisioningTask| {
                let begun = one.cursor.is_some() || one.resend_at.is_some() || !one.runs(now);
                let waits = with(one.number, EntryStatus::Pending) || !with(one.number, EntryStatus::Active);
                one.number > after && rows.unsettled.contains(&one.number) && (begun || waits)
            };
            let mut found: Vec<_> = rows.provisioning_tasks.iter().filter(due).cloned().collect();
            found.sort_by_key(|one| one.number);
            found.truncate(DUE_AT_ONCE as usize);
            found
        }))
    }
    async fn provisioning_counts(
        &self,
        _: &VirtualServerId,
        task: TaskNumber,
    ) -> Result<Vec<(EntryStatus, u64)>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let of = |status| {
                let so_far = |one: &&Provisioned| one.entry.task == task && one.entry.status == status;
                (status, rows.provisioned.iter().filter(so_far).count() as u64)
            };
            EntryStatus::ALL.into_iter().map(of).filter(|(_, count)| *count > 0).collect()
        }))
    }
    async fn provisioning_never_written(&self, _: &VirtualServerId, task: TaskNumber) -> Result<u64, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let ended = |status| matches!(status, EntryStatus::Completed | EntryStatus::Expired | EntryStatus::Removed);
            let of_task = rows.provisioned.iter().map(|one| &one.entry).filter(|one| one.task == task);
            of_task.filter(|one| ended(one.status) && one.mailed_at.is_none()).count() as u64
        }))
    }
    async fn reserved_tokens(&self, _: &VirtualServerId) -> Result<u64, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.provisioned.iter().filter(|one| one.entry.status.reserves()).count() as u64))
    }
    async fn provisioning_entries(
        &self,
        _: &VirtualServerId,
        task: TaskNumber,
        status: Option<EntryStatus>,
        page: &Page,
    ) -> Result<Listed<ProvisioningEntry>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let fits =
                |one: &&Provisioned| one.entry.task == task && status.is_none_or(|status| one.entry.status == status);
            let mut all: Vec<ProvisioningEntry> =
                rows.provisioned.iter().filter(fits).map(|one| one.entry.clone()).collect();
            all.sort_by(|one, other| one.name.cmp(&other.name));
            part(all, page)
        }))
    }
    async fn provisioning_entry(
        &self,
        _: &VirtualServerId,
        task: TaskNumber,
        user: &UserId,
    ) -> Result<Option<ProvisioningEntry>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.entry_where(|one| one.entry.task == task && one.entry.user == *user)))
    }
    async fn provisioning_of(&self, _: &VirtualServerId, user: &UserId) -> Result<Vec<ProvisioningEntry>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let theirs = rows.provisioned.iter().rev().filter(|one| one.entry.user == *user);
            theirs.map(|one| one.entry.clone()).collect()
        }))
    }
    async fn provisioning_of_token(
        &self,
        _: &VirtualServerId,
        token: &CredentialId,
    ) -> Result<Option<ProvisioningEntry>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.entry_where(|one| one.entry.token.as_ref().is_some_and(|(id, _)| id == token))))
    }
    async fn provisioning_link(
        &self,
        _: &VirtualServerId,
        link: &TokenHash,
    ) -> Result<Option<ProvisioningLink>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let entry = rows.entry_where(|one| one.link == Some(*link))?;
            let task = rows.provisioning_tasks.iter().find(|task| task.number == entry.task)?.clone();
            Some(ProvisioningLink { link: *link, task, entry })
        }))
    }
    async fn all_members(&self, _: &VirtualServerId, group: &GroupId, page: &Page) -> Result<Listed<User>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| {
            let within = |user: &&User| rows.with_nested(user).groups.iter().any(|one| one.id == *group);
            let mut all: Vec<User> = rows.users.iter().filter(within).cloned().collect();
            all.sort_by(|one, other| one.id.cmp(&other.id));
            all.retain(|user| user.id.as_str() > page.after.as_str());
            first_of(all, page.limit, |user| user.id.as_str())
        }))
    }
    async fn rule_standings(
        &self,
        _: &VirtualServerId,
        scope: &RuleScope,
        page: &Page,
    ) -> Result<Listed<RuleStanding>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.standings(scope, page)))
    }
    async fn rule_task(&self, _: &VirtualServerId, rule: &GroupId) -> Result<Option<ProvisioningTask>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.task_of_rule(rule)))
    }
    async fn rule_pass(&self, _: &VirtualServerId) -> Result<Option<RulePass>, StoreError> {
        self.up()?;
        Ok(self.with(|rows| rows.watch.pass.clone()))
    }
}
