//! What rules that provision by group go by, and what they hold.

use std::collections::BTreeMap;

use doorward_api::ports::{Act, Listed, Page};
use doorward_api::provisioning::ProvisioningTask;
use doorward_api::provisioning_rules::{HeldEntry, HeldToken, RulePass, RuleScope, RuleStanding};
use doorward_api::{GroupId, SettingKind, Timestamp, User, UserId};

use crate::Rows;
use crate::register::first_of;

/// Whom rules are still to look at.
#[derive(Debug, Clone, Default)]
pub struct RulesWatch {
    pub due: BTreeMap<UserId, i64>,
    pub pass: Option<RulePass>,
    /// What was wanted when the look began that is under way.
    doing: i64,
    /// The last mark: none comes twice.
    marks: i64,
}

impl RulesWatch {
    fn mark(&mut self, user: &UserId) {
        if self.pass.is_some() {
            self.marks += 1;
            self.due.insert(user.clone(), self.marks);
        }
    }

    fn want(&mut self) {
        if let Some(pass) = &mut self.pass {
            pass.wanted += 1;
        }
    }

    pub(crate) fn begin(&mut self) {
        self.pass.get_or_insert(RulePass { wanted: 0, done: 0, place: None, done_at: None }).wanted += 1;
    }

    /// Whom an act concerns that was done.
    pub(crate) fn after(&mut self, act: &Act) {
        match act {
            Act::UserAdd(_, user)
            | Act::UserDisable { user, .. }
            | Act::UserUpdate { user, .. }
            | Act::GroupMember { user, .. } => self.mark(user),
            Act::GroupDelete { .. }
            | Act::GroupNest { .. }
            | Act::SettingSet { kind: SettingKind::SelfProvisioning, .. } => self.want(),
            Act::SettingSet { kind: SettingKind::ProvisioningRules, .. } => self.begin(),
            _ => {}
        }
    }
}

impl Rows {
    pub(crate) fn take_of_rules(&mut self, act: Act, now: Timestamp) -> bool {
        match act {
            Act::ProvisioningRuleHold { task, user, from, to, end } => {
                let done = self.change_entry(task, &user, |one| {
                    let right = one.rule.as_ref() == Some(&from);
                    if right {
                        one.rule = to;
                        if end && one.entry.status.reserves() {
                            one.entry.status = doorward_api::provisioning::EntryStatus::Removed;
                        }
                    }
                    right
                });
                if done && end {
                    self.withdraw_mail(task, &user);
                }
                done
            }
            Act::ProvisioningRulesSaw { users, wanted } => {
                let RulesWatch { due, pass, .. } = &mut self.watch;
                pass.as_ref().is_some_and(|pass| pass.wanted == wanted)
                    && users.iter().all(|(user, marked)| due.remove(user) == Some(*marked))
            }
            Act::ProvisioningPassMove { wanted, seen, next } => {
                let watch = &mut self.watch;
                let stands = |pass: &&mut RulePass| pass.place == seen && pass.wanted == wanted;
                let Some(pass) = watch.pass.as_mut().filter(stands) else { return false };
                match (&seen, &next) {
                    (None, _) => watch.doing = pass.wanted,
                    (Some(_), None) => (pass.done, pass.done_at) = (watch.doing, Some(now)),
                    (Some(_), Some(_)) => {}
                }
                pass.place = next;
                true
            }
            other => self.take_of_imports(other, now),
        }
    }

    fn standing(&self, user: &User) -> RuleStanding {
        let held = self.provisioned.iter().find(|one| one.entry.user == user.id && one.rule.is_some());
        let theirs = || self.provisioned.iter().filter(|one| one.entry.user == user.id);
        let count = |number: usize| u32::try_from(number).unwrap();
        let token = |one: &crate::provisioning::Provisioned| {
            let (id, serial) = one.entry.token.clone()?;
            let its = |token: &&doorward_api::Credential| token.id == id && token.user == user.id;
            let state = self.credentials.iter().find(its)?.state;
            (state != doorward_api::TokenState::Revoked).then_some(HeldToken { id, serial, state })
        };
        RuleStanding {
            user: user.id.clone(),
            name: user.name.clone(),
            display_name: user.display_name.clone(),
            disabled: user.disabled,
            has_email: user.email.as_deref().is_some_and(|email| !email.is_empty()),
            groups: self.with_nested(user).groups.into_iter().map(|group| group.id).collect(),
            tokens: count(self.counting(&user.id)),
            reserved: count(theirs().filter(|one| one.entry.status.reserves()).count()),
            held: held.map(|one| HeldEntry {
                rule: one.rule.clone().unwrap(),
                // A group in memory is gone at once.
                going: false,
                task: one.entry.task,
                status: one.entry.status,
                token: token(one),
            }),
            newest_task: theirs().map(|one| one.entry.task).max().unwrap_or_default(),
            due: self.watch.due.get(&user.id).copied(),
        }
    }

    /// What rules hold of members of a group by groups in which it lies is held by the group itself, which is being deleted.
    pub(crate) fn hold_by_deleted(&mut self, group: &GroupId) {
        let mut above = self.and_above(vec![group.clone()]);
        above.retain(|one| one != group);
        let within = |user: &&User| self.with_nested(user).groups.iter().any(|one| one.id == *group);
        let members: Vec<UserId> = self.users.iter().filter(within).map(|user| user.id.clone()).collect();
        for one in self.provisioned.iter_mut().filter(|one| members.contains(&one.entry.user)) {
            if one.rule.as_ref().is_some_and(|rule| above.contains(rule)) {
                one.rule = Some(group.clone());
            }
        }
    }

    pub(crate) fn standings(&self, scope: &RuleScope, page: &Page) -> Listed<RuleStanding> {
        if let RuleScope::Unnested { group, from } = scope {
            let mut without = self.clone();
            without.nests.retain(|(inner, outer)| (inner, outer) != (group, from));
            // Whose members they are does not change by it.
            return without.standings(&RuleScope::MembersOf(group.clone()), page);
        }
        let mut all: Vec<RuleStanding> = self.users.iter().map(|user| self.standing(user)).collect();
        all.sort_by(|one, other| one.user.cmp(&other.user));
        all.retain(|one| match scope {
            RuleScope::MembersOf(group) | RuleScope::Unnested { group, .. } => one.groups.contains(group),
            RuleScope::Held => one.held.is_some(),
            RuleScope::Due => one.due.is_some(),
            RuleScope::One(user) => one.user == *user,
        });
        all.retain(|one| one.user.as_str() > page.after.as_str());
        first_of(all, page.limit, |one| one.user.as_str())
    }

    pub(crate) fn task_of_rule(&self, rule: &GroupId) -> Option<ProvisioningTask> {
        let its = |task: &&ProvisioningTask| task.rule.as_ref() == Some(rule) && task.removed_at.is_none();
        self.provisioning_tasks.iter().filter(its).max_by_key(|task| task.number).cloned()
    }
}
