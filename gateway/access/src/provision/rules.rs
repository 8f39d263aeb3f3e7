//! Rules that provision by group, carried out by and by: first for whoever came into a group, left one or was changed
//! otherwise, then for everybody where that is wanted, and once a day in any case.
//!
//! Each portion is one conditional change, together with the note of how far it has come. Where another process was
//! faster, or something was done to a user meanwhile, the whole portion is left and looked at anew: so nothing is given
//! or taken twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use doorward_api::ports::{Act, Change, Clock, Page};
use doorward_api::provisioning::{NewEntry, NewTask, ProvisioningTask, TaskNumber};
use doorward_api::provisioning_rules::{HeldEntry, RulePass, RuleScope, RuleStanding};
use doorward_api::settings::{Day, ProvisioningRule, ProvisioningRules};
use doorward_api::{
    AuditEvent, EventContext, EventKind, GroupId, SelfProvisioning, StoreError, Timestamp, TokenState, UserId,
    VirtualServerId,
};
use doorward_tokens::{RuleStep, rule_step};

use super::{AT_ONCE, CHANGES, Provisioner};
use crate::ports::Ports;
use crate::settings::setting;

/// So often everybody is looked at though nothing is known to have changed: who had all tokens then may have room now.
const ANEW: Duration = Duration::from_hours(24);

const DAY: Duration = Duration::from_hours(24);

/// What users are judged by.
pub(crate) struct Laws {
    pub(crate) rules: ProvisioningRules,
    /// Groups of rules that hold something, and were deleted.
    gone: BTreeSet<GroupId>,
    most: u8,
}

impl Laws {
    /// As they stand, for users whose standing was read before: nobody is judged by rules that are older than what they
    /// did.
    pub(crate) async fn of(
        ports: &Ports,
        vs: &VirtualServerId,
        rules: Option<&ProvisioningRules>,
        standings: &[RuleStanding],
    ) -> Result<Self, StoreError> {
        let port = ports.settings.as_ref();
        let rules = match rules {
            Some(rules) => rules.clone(),
            None => setting::<ProvisioningRules>(port, vs).await?.document,
        };
        let most = setting::<SelfProvisioning>(port, vs).await?.document.max_tokens;
        let holders: BTreeSet<&GroupId> =
            standings.iter().filter_map(|one| one.held.as_ref()).map(|held| &held.rule).collect();
        let mut gone = BTreeSet::new();
        for group in holders {
            if ports.register.group(vs, group).await?.is_none() {
                gone.insert(group.clone());
            }
        }
        Ok(Self { rules, gone, most })
    }

    pub(crate) fn step<'a>(&'a self, standing: &'a RuleStanding) -> RuleStep<'a> {
        rule_step(&self.rules, &self.gone, self.most, standing)
    }
}

/// A place in the look through everybody: the members of which rule, and after whom.
pub(crate) fn read_place(place: &str) -> (usize, &str) {
    let (phase, after) = place.split_once(':').unwrap_or_default();
    (phase.parse().unwrap_or_default(), after)
}

/// The same as a text, as [`read_place`] reads it.
pub(crate) fn place_after(phase: usize, user: &str) -> String {
    format!("{phase}:{user}")
}

/// Whom the rules could concern at a place, and what place comes after so many of them.
pub(crate) async fn part_of_everybody(
    ports: &Ports,
    vs: &VirtualServerId,
    rules: &ProvisioningRules,
    place: &str,
    limit: u32,
) -> Result<(Vec<RuleStanding>, Option<String>), StoreError> {
    let (phase, after) = read_place(place);
    let scope = match rules.rules.get(phase) {
        Some(rule) => RuleScope::MembersOf(rule.group.clone()),
        None => RuleScope::Held,
    };
    let page = Page { after: after.to_owned(), limit };
    let found = ports.provisioning.rule_standings(vs, &scope, &page).await?;
    let next = match found.next {
        Some(next) => Some(place_after(phase, &next)),
        None => (scope != RuleScope::Held).then(|| place_after(phase + 1, "")),
    };
    Ok((found.items, next))
}

/// Where a look through everybody begins.
pub(crate) const BEGIN: &str = "0:";

/// The first moment at which somebody may enrol no more to whom a rule gives now: they have so many whole days.
fn stops_at(rule: &ProvisioningRule, now: Timestamp) -> Timestamp {
    let today = now.rfc3339().get(..10).and_then(Day::parse).map_or(now, Day::begins);
    today + DAY * (u32::from(rule.stop_days) + 1)
}

/// A record of what a rule does to a user.
fn told(kind: EventKind, user: &UserId, (task, rule): (TaskNumber, &GroupId)) -> AuditEvent {
    let context = EventContext { user: Some(user.clone()), ..EventContext::default() };
    AuditEvent::new(kind, context).with("actor", "system").with("taskId", task).with("group", rule.as_str())
}

/// What is held is handed to another rule, let go, or taken.
fn release(change: &mut Change, user: &UserId, held: &HeldEntry, to: Option<&GroupId>, take: bool) {
    change.acts.push(Act::ProvisioningRuleHold {
        task: held.task,
        user: user.clone(),
        from: held.rule.clone(),
        to: to.cloned(),
        end: take,
    });
    let of = (held.task, &held.rule);
    let event = told(EventKind::ProvisioningRuleReleased, user, of).with("taken", take);
    change.events.push(match to {
        Some(to) => event.with("heldBy", to.as_str()),
        None => event,
    });
    let Some(token) = held.token.as_ref().filter(|_| take) else { return };
    let by = EventContext { user: Some(user.clone()), ..EventContext::default() };
    change.acts.extend([
        Act::CredentialState { id: token.id.clone(), from: vec![token.state], to: TokenState::Revoked },
        // What it has proved counts no longer.
        Act::SessionsEndOf { user: user.clone() },
        Act::FlowsEndOf { user: user.clone(), by: Box::new(by) },
        Act::PushesCancelOf { user: user.clone() },
    ]);
    let event = told(EventKind::TokenRevoked, user, of).with("serial", token.serial.as_str()).with("reason", "rule");
    change.events.push(event.with("from", token.state.as_str()).with("to", TokenState::Revoked.as_str()));
}

impl Provisioner {
    /// Does what rules have to do.
    pub(super) async fn apply_rules(&self, vs: &VirtualServerId, clock: &dyn Clock) -> Result<(), StoreError> {
        let port = &self.ports.provisioning;
        let first = Page { after: String::new(), limit: AT_ONCE };
        for _ in 0..CHANGES {
            let Some(RulePass { wanted, .. }) = port.rule_pass(vs).await? else { return Ok(()) };
            let due = port.rule_standings(vs, &RuleScope::Due, &first).await?;
            if due.items.is_empty() {
                break;
            }
            if !self.carry_out(vs, &due.items, saw(&due.items, wanted), clock).await? {
                return Ok(());
            }
            if due.next.is_none() {
                break;
            }
        }
        self.look_at_everybody(vs, clock).await
    }

    /// Whoever is marked is left to [`Self::apply_rules`]: by the mark it is known whether they are still as they were read.
    async fn look_at_everybody(&self, vs: &VirtualServerId, clock: &dyn Clock) -> Result<(), StoreError> {
        let port = &self.ports.provisioning;
        let Some(pass) = port.rule_pass(vs).await? else { return Ok(()) };
        let over = pass.done_at.is_none_or(|at| clock.now().since(at) >= ANEW);
        if pass.place.is_none() && pass.wanted <= pass.done && !over {
            return Ok(());
        }
        let mut place = match pass.place {
            Some(place) => place,
            None => {
                let wanted = pass.wanted;
                let begin = Act::ProvisioningPassMove { wanted, seen: None, next: Some(BEGIN.to_owned()) };
                if !self.commit(vs, Change::of(begin), clock).await? {
                    return Ok(());
                }
                BEGIN.to_owned()
            }
        };
        for _ in 0..CHANGES {
            let Some(RulePass { wanted, .. }) = port.rule_pass(vs).await? else { return Ok(()) };
            let rules = setting::<ProvisioningRules>(self.ports.settings.as_ref(), vs).await?.document;
            let (mut found, next) = part_of_everybody(&self.ports, vs, &rules, &place, AT_ONCE).await?;
            found.retain(|one| one.due.is_none());
            let on = Act::ProvisioningPassMove { wanted, seen: Some(place), next: next.clone() };
            match next {
                Some(next) if self.carry_out(vs, &found, on.clone(), clock).await? => place = next,
                Some(_) => return Ok(()),
                None => return self.carry_out(vs, &found, on, clock).await.map(drop),
            }
        }
        Ok(())
    }

    /// Does to some users what is to be done, and notes that with it. The note comes first: it says that they are as they were read.
    /// Whether it was done.
    async fn carry_out(
        &self,
        vs: &VirtualServerId,
        standings: &[RuleStanding],
        note: Act,
        clock: &dyn Clock,
    ) -> Result<bool, StoreError> {
        let laws = Laws::of(&self.ports, vs, None, standings).await?;
        let mut change = Change::of(note);
        let mut gives: BTreeMap<&GroupId, (&ProvisioningRule, Vec<&RuleStanding>)> = BTreeMap::new();
        for standing in standings {
            match laws.step(standing) {
                RuleStep::Stay | RuleStep::Skip(..) => {}
                RuleStep::Give(rule) => {
                    gives.entry(&rule.group).or_insert_with(|| (rule, Vec::new())).1.push(standing);
                }
                RuleStep::HandOver(held, rule) => {
                    release(&mut change, &standing.user, held, Some(&rule.group), false);
                }
                RuleStep::LetGo(held) => release(&mut change, &standing.user, held, None, false),
                RuleStep::Take(held) => release(&mut change, &standing.user, held, None, true),
            }
        }
        let mut newest = self.ports.provisioning.newest_provisioning_task(vs).await?;
        for (rule, users) in gives.into_values() {
            let task = self.task_for(vs, rule, &users, &mut newest, &mut change, clock).await?;
            give(&mut change, rule, task, &users);
        }
        self.commit(vs, change, clock).await
    }

    /// The rule's task to which somebody may come now: the last one of the same day and the same words, unless one of
    /// them is in it already, since they were here before; else a new one.
    async fn task_for(
        &self,
        vs: &VirtualServerId,
        rule: &ProvisioningRule,
        users: &[&RuleStanding],
        newest: &mut TaskNumber,
        change: &mut Change,
        clock: &dyn Clock,
    ) -> Result<TaskNumber, StoreError> {
        let now = clock.now();
        let stops_at = stops_at(rule, now);
        let fits = |task: &ProvisioningTask| {
            let same = task.runs(now) && task.stops_at == stops_at && task.note == rule.note;
            same && users.iter().all(|user| user.newest_task < task.number)
        };
        if let Some(task) = self.ports.provisioning.rule_task(vs, &rule.group).await?.filter(fits) {
            return Ok(task.number);
        }
        *newest = newest.saturating_add(1);
        let event = AuditEvent::new(EventKind::ProvisioningTaskCreated, EventContext::default())
            .with("actor", "system")
            .with("taskId", *newest)
            .with("stopDate", stops_at.rfc3339())
            .with("initiatedBy", "rule")
            .with("group", rule.group.as_str());
        change.events.push(event);
        change.acts.push(Act::ProvisioningTaskAdd(Box::new(NewTask {
            number: *newest,
            operator: String::new(),
            stops_at,
            note: rule.note.clone(),
            group: None,
            rule: Some(rule.group.clone()),
        })));
        Ok(*newest)
    }
}

/// The note that these users were looked at.
fn saw(standings: &[RuleStanding], wanted: i64) -> Act {
    let users = standings.iter().filter_map(|one| Some((one.user.clone(), one.due?))).collect();
    Act::ProvisioningRulesSaw { users, wanted }
}

fn give(change: &mut Change, rule: &ProvisioningRule, task: TaskNumber, users: &[&RuleStanding]) {
    let entry =
        |user: &&RuleStanding| NewEntry { user: user.user.clone(), skipped: None, rule: Some(rule.group.clone()) };
    let entries = users.iter().map(entry).collect();
    change.acts.push(Act::ProvisioningFill { task, seen: None, next: None, entries });
    let gave = |user: &&RuleStanding| told(EventKind::ProvisioningRuleGave, &user.user, (task, &rule.group));
    change.events.extend(users.iter().map(gave));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{PASSWORD_AND_OTP, Stage};
    use crate::testing::now;
    use doorward_api::provisioning::EntryStatus;

    async fn done(stage: &Stage, act: Act) {
        stage.desk.ports.ledger.commit(&stage.vs.id, Change::of(act), now()).await.unwrap();
    }

    async fn member(stage: &Stage, member: bool) {
        let (group, user) = (GroupId::from("sales"), UserId::from("u-alice"));
        done(stage, Act::GroupMember { group, user, member }).await;
    }

    /// Alice is in Sales, and has a mail by its rule.
    async fn given() -> std::sync::Arc<Stage> {
        let stage = Stage::set(PASSWORD_AND_OTP);
        for name in ["sales", "north"] {
            done(&stage, Act::GroupAdd { id: name.into(), name: name.into() }).await;
        }
        let rule = ProvisioningRule { group: "sales".into(), stop_days: 10, take: true, note: String::new() };
        stage.world.with(|rows| rows.set(&ProvisioningRules { rules: vec![rule] }));
        member(&stage, true).await;
        stage.provisioner.run(&now()).await.unwrap();
        stage
    }

    fn entry(stage: &Stage) -> (EntryStatus, Option<GroupId>) {
        stage.world.with(|rows| (rows.provisioned[0].entry.status, rows.provisioned[0].rule.clone()))
    }

    /// What a process has read that stalls then.
    async fn read(stage: &Stage, scope: RuleScope) -> (Vec<RuleStanding>, i64) {
        let (port, page) = (&stage.desk.ports.provisioning, Page { after: String::new(), limit: AT_ONCE });
        let wanted = port.rule_pass(&stage.vs.id).await.unwrap().unwrap().wanted;
        (port.rule_standings(&stage.vs.id, &scope, &page).await.unwrap().items, wanted)
    }

    #[tokio::test]
    async fn whoever_is_put_back_while_a_process_stalls_loses_nothing() {
        let stage = given().await;
        member(&stage, false).await;
        let (seen, wanted) = read(&stage, RuleScope::Due).await;
        assert_eq!(seen.len(), 1, "the first process has read that she has left");
        member(&stage, true).await;
        stage.provisioner.run(&now()).await.unwrap();
        assert_eq!(read(&stage, RuleScope::Due).await.0, [], "the second has seen that she is back");
        let late = stage.provisioner.carry_out(&stage.vs.id, &seen, saw(&seen, wanted), &now()).await.unwrap();
        assert_eq!((late, entry(&stage)), (false, (EntryStatus::Active, Some("sales".into()))));
        // Nor when she is marked again meanwhile for something else.
        done(&stage, Act::UserDisable { user: "u-alice".into(), disabled: false }).await;
        let late = stage.provisioner.carry_out(&stage.vs.id, &seen, saw(&seen, wanted), &now()).await.unwrap();
        assert_eq!((late, entry(&stage)), (false, (EntryStatus::Active, Some("sales".into()))));
    }

    #[tokio::test]
    async fn groups_that_lie_in_each_other_again_while_a_process_stalls_cost_nobody_anything() {
        let stage = given().await;
        let nest = |member| Act::GroupNest { group: "north".into(), into: "sales".into(), member };
        done(&stage, nest(true)).await;
        done(&stage, Act::GroupMember { group: "north".into(), user: "u-alice".into(), member: true }).await;
        member(&stage, false).await;
        done(&stage, nest(false)).await;
        let (seen, wanted) = read(&stage, RuleScope::Due).await;
        done(&stage, nest(true)).await;
        let late = stage.provisioner.carry_out(&stage.vs.id, &seen, saw(&seen, wanted), &now()).await.unwrap();
        assert_eq!((late, entry(&stage)), (false, (EntryStatus::Active, Some("sales".into()))));
        stage.provisioner.run(&now()).await.unwrap();
        assert_eq!(entry(&stage), (EntryStatus::Active, Some("sales".into())));
    }

    #[tokio::test]
    async fn a_look_through_everybody_leaves_those_who_are_marked_to_their_turn() {
        let stage = given().await;
        stage.world.with(|rows| rows.watch.pass.as_mut().unwrap().wanted += 1);
        member(&stage, false).await;
        stage.provisioner.look_at_everybody(&stage.vs.id, &now()).await.unwrap();
        assert_eq!(entry(&stage), (EntryStatus::Active, Some("sales".into())), "she may be back by now");
        stage.provisioner.run(&now()).await.unwrap();
        assert_eq!(entry(&stage), (EntryStatus::Removed, None));
    }

    #[test]
    fn whoever_gets_something_has_so_many_whole_days() {
        let rule =
            |stop_days| ProvisioningRule { group: GroupId::from("g"), stop_days, take: true, note: String::new() };
        let day = |text: &str| Day::parse(text).unwrap().begins();
        let late = day("2026-12-01") + Duration::from_hours(23);
        assert_eq!(stops_at(&rule(1), late), day("2026-12-03"), "all of the next day");
        assert_eq!(stops_at(&rule(10), day("2026-12-01")), day("2026-12-12"));
    }

    #[test]
    fn a_place_tells_the_rule_and_after_whom() {
        assert_eq!(read_place(BEGIN), (0, ""));
        assert_eq!(read_place("3:u-1:x"), (3, "u-1:x"));
        assert_eq!(read_place("nonsense"), (0, ""));
    }
}
