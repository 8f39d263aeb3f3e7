//! Rules that provision by group, as those live it who come into a group and leave it.

use std::time::Duration;

use doorward_api::mail::MailKind;
use doorward_api::operator::Role;
use doorward_api::ports::{Act, Change};
use doorward_api::provisioning::{EntryStatus, SkipReason};
use doorward_api::settings::{ProvisioningRule, ProvisioningRules, Seen};
use doorward_api::user::{NewUser, UserDetails};
use doorward_api::{GroupId, OperatorId, TargetUsers, Timestamp, UserId};

use super::*;
use crate::manage::{By, Manager, RuleEffect, RulePreview, RuleQuestion};
use crate::testing::now;

const DAY: Duration = Duration::from_hours(24);

/// Self-provisioning is for nobody (R31), and there is a group Sales.
async fn staged() -> Arc<Stage> {
    let stage = stage();
    let nobody = SelfProvisioning { target_users: TargetUsers::None, ..SelfProvisioning::for_new_virtual_server() };
    stage.world.with(|rows| rows.set(&nobody));
    for name in ["sales", "north"] {
        manager(&stage).add_group(&stage.vs.id, &by(now()), name).await.unwrap();
    }
    stage
}

fn by(now: Timestamp) -> By {
    By {
        operator: OperatorId::from("o-1"),
        name: "olga".into(),
        permissions: Role::Administrator.permissions(),
        api_key: None,
        address: None,
        request_id: "r-7".into(),
        now,
        undone: None,
    }
}

fn manager(stage: &Arc<Stage>) -> Manager {
    Manager::new(stage.desk.clone())
}

async fn group(stage: &Arc<Stage>, name: &str) -> GroupId {
    manager(stage).group_named(&stage.vs.id, name).await.unwrap().unwrap().id
}

async fn rule(stage: &Arc<Stage>, name: &str, take: bool) -> ProvisioningRule {
    ProvisioningRule { group: group(stage, name).await, stop_days: 10, take, note: "Welcome.".into() }
}

async fn set(stage: &Arc<Stage>, rules: Vec<ProvisioningRule>) {
    let (manager, vs) = (manager(stage), &stage.vs.id);
    let seen: Seen<ProvisioningRules> = manager.setting(vs).await.unwrap();
    manager.apply(vs, &by(now()), seen.version, ProvisioningRules { rules }).await.unwrap();
}

async fn member(stage: &Arc<Stage>, name: &str, user: &str, member: bool) {
    let group = group(stage, name).await;
    manager(stage).set_member(&stage.vs.id, &by(now()), &group, &UserId::from(user), member).await.unwrap();
}

async fn run(stage: &Arc<Stage>) {
    stage.provisioner.run(&now()).await.unwrap();
}

fn mails(stage: &Arc<Stage>, user: &str) -> usize {
    let its = |mail: &&doorward_api::mail::NewMail| mail.user.as_str() == user && mail.kind == MailKind::Provisioning;
    stage.world.with(|rows| rows.mails.iter().filter(its).count())
}

/// How far the entries of a user are, the oldest first.
fn entries(stage: &Arc<Stage>, user: &str) -> Vec<EntryStatus> {
    stage.world.with(|rows| {
        let theirs = rows.provisioned.iter().filter(|one| one.entry.user.as_str() == user);
        theirs.map(|one| one.entry.status).collect()
    })
}

/// Sets an authenticator up by the newest mail.
async fn enrol(stage: &Arc<Stage>, user: &str) {
    let mails = stage.world.with(|rows| rows.mails.clone());
    let theirs = mails.iter().rev().find(|mail| mail.user.as_str() == user && mail.kind == MailKind::Provisioning);
    let link = theirs.unwrap().fields["link"].expose().rsplit_once('/').unwrap().1.to_owned();
    let mut browser = Browser::new(stage);
    browser.flow = Some(stage.desk.begin_by_mail(&browser.visit(), &link).await.unwrap().unwrap());
    browser.send(Send::Target("android")).await;
    browser.send(Send::Continue).await;
    let code = stage.passcode(user, browser.now);
    assert!(matches!(browser.send(Send::Passcode(code)).await, Moved::BackToOwn { .. }));
}

fn tokens(stage: &Arc<Stage>, user: &str) -> Vec<TokenState> {
    stage.world.with(|rows| {
        let theirs = rows.credentials.iter().filter(|token| token.user.as_str() == user);
        theirs.map(|token| token.state).collect()
    })
}

fn counts(preview: &RulePreview) -> Vec<(&'static str, u64)> {
    preview.counts.clone()
}

#[tokio::test]
async fn whoever_joins_gets_a_mail_and_whoever_leaves_loses_what_the_rule_gave() {
    let stage = staged().await;
    member(&stage, "sales", "u-bob", true).await;
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    let proposed = ProvisioningRules { rules: vec![rule(&stage, "sales", true).await] };
    let before = manager.preview_rules(vs, &by(now()), &proposed, "").await.unwrap();
    assert_eq!((counts(&before), before.complete), (vec![("gets", 1)], true));
    assert_eq!((before.lines[0].name.as_str(), &before.lines[0].effect), ("bob", &RuleEffect::Gets));
    run(&stage).await;
    assert_eq!(mails(&stage, "u-bob"), 0, "looking does nothing");

    set(&stage, proposed.rules.clone()).await;
    run(&stage).await;
    assert_eq!((mails(&stage, "u-bob"), entries(&stage, "u-bob")), (1, vec![EntryStatus::Active]));
    member(&stage, "sales", "u-alice", true).await;
    for _ in 0..3 {
        run(&stage).await;
    }
    assert_eq!((mails(&stage, "u-alice"), mails(&stage, "u-bob")), (1, 1), "once, however often it runs");
    assert_eq!(count(&stage, EventKind::ProvisioningTaskCreated), 1, "both are in the task of the day");
    assert_eq!(count(&stage, EventKind::ProvisioningRuleGave), 2);
    let task = stage.world.with(|rows| rows.provisioning_tasks[0].clone());
    assert_eq!((task.note.as_str(), task.count, task.operator.as_str()), ("Welcome.", 2, ""));

    enrol(&stage, "u-alice").await;
    enrol(&stage, "u-bob").await;
    let told = details(&stage.world, EventKind::TokenActivated);
    assert_eq!((&told["initiatedBy"], &told["initiator"]), (&"rule".into(), &"sales".into()));
    let leaves = RuleQuestion { user: "u-alice".into(), groups: Some(Vec::new()) };
    let line = manager.preview_rules_of(vs, &by(now()), &proposed, &leaves).await.unwrap();
    assert!(matches!(line.effect, RuleEffect::Loses(Some(_))), "{line:?}");
    member(&stage, "sales", "u-alice", false).await;
    assert_eq!(tokens(&stage, "u-alice"), [TokenState::Active], "by and by");
    let before = manager.preview_rules(vs, &by(now()), &proposed, "").await.unwrap();
    assert_eq!(counts(&before), [("loses", 1)]);
    run(&stage).await;
    assert_eq!(
        (tokens(&stage, "u-alice"), tokens(&stage, "u-bob")),
        (vec![TokenState::Revoked], vec![TokenState::Active])
    );
    let told = details(&stage.world, EventKind::TokenRevoked);
    assert_eq!((&told["reason"], &told["actor"], &told["taskId"]), (&"rule".into(), &"system".into(), &1.into()));
    let after = manager.preview_rules(vs, &by(now()), &proposed, "").await.unwrap();
    assert_eq!((after.counts, after.lines), (vec![], vec![]), "there is nothing left to do");
}

#[tokio::test]
async fn of_a_change_nobody_is_told_to_whom_it_does_what_the_rules_of_before_did() {
    let stage = staged().await;
    member(&stage, "sales", "u-bob", true).await;
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    let old = ProvisioningRules { rules: vec![rule(&stage, "sales", true).await] };
    let none = ProvisioningRules::default();
    let shown = async |old: &ProvisioningRules, new: &ProvisioningRules| {
        counts(&manager.preview_change_of_rules(vs, &by(now()), (old, new)).await.unwrap())
    };
    assert_eq!(shown(&none, &old).await, [("gets", 1)]);
    assert_eq!(shown(&old, &old).await, []);
    let mut other = old.clone();
    other.rules[0].take = false;
    other.rules[0].stop_days += 1;
    assert_eq!(shown(&old, &other).await, [("gets", 1)], "what they get is not the same");
    stage.world.with(|rows| rows.users.iter_mut().for_each(|user| user.email = None));
    assert_eq!(shown(&none, &old).await, [("skipped", 1)]);
    assert_eq!(shown(&old, &other).await, [], "they get none, before and after");
}

#[tokio::test]
async fn tokens_that_no_rule_gave_are_nobodys_to_take() {
    let stage = staged().await;
    let two = SelfProvisioning { max_tokens: 2, ..SelfProvisioning::for_new_virtual_server() };
    stage.world.with(|rows| rows.set(&two));
    Browser::enrolled(&stage, "bob").await;
    set(&stage, vec![rule(&stage, "sales", true).await]).await;
    member(&stage, "sales", "u-bob", true).await;
    run(&stage).await;
    enrol(&stage, "u-bob").await;
    assert_eq!(tokens(&stage, "u-bob"), [TokenState::Active, TokenState::Active]);
    member(&stage, "sales", "u-bob", false).await;
    run(&stage).await;
    assert_eq!(tokens(&stage, "u-bob"), [TokenState::Active, TokenState::Revoked], "his own stays");
    assert_eq!(count(&stage, EventKind::TokenRevoked), 1);
}

#[tokio::test]
async fn whoever_has_enrolled_by_themselves_keeps_that_when_they_leave() {
    let stage = stage();
    manager(&stage).add_group(&stage.vs.id, &by(now()), "sales").await.unwrap();
    set(&stage, vec![rule(&stage, "sales", true).await]).await;
    member(&stage, "sales", "u-bob", true).await;
    run(&stage).await;
    Browser::enrolled(&stage, "bob").await;
    assert_eq!(entries(&stage, "u-bob"), [EntryStatus::Completed]);
    member(&stage, "sales", "u-bob", false).await;
    run(&stage).await;
    assert_eq!((tokens(&stage, "u-bob"), count(&stage, EventKind::TokenRevoked)), (vec![TokenState::Active], 0));
}

#[tokio::test]
async fn a_mail_that_was_not_used_leads_nowhere_once_its_user_has_left() {
    let stage = staged().await;
    set(&stage, vec![rule(&stage, "sales", true).await]).await;
    member(&stage, "sales", "u-alice", true).await;
    run(&stage).await;
    member(&stage, "sales", "u-alice", false).await;
    run(&stage).await;
    assert_eq!(entries(&stage, "u-alice"), [EntryStatus::Removed]);
    member(&stage, "sales", "u-alice", true).await;
    run(&stage).await;
    let statuses = entries(&stage, "u-alice");
    assert_eq!((statuses, mails(&stage, "u-alice")), (vec![EntryStatus::Removed, EntryStatus::Active], 2));
    assert_eq!(count(&stage, EventKind::ProvisioningTaskCreated), 2, "she is in the first task already");
}

#[tokio::test]
async fn a_rule_that_leaves_what_it_gave_lets_go_and_gives_anew_to_whoever_comes_back() {
    let stage = staged().await;
    set(&stage, vec![rule(&stage, "sales", false).await]).await;
    member(&stage, "sales", "u-alice", true).await;
    run(&stage).await;
    enrol(&stage, "u-alice").await;
    member(&stage, "sales", "u-alice", false).await;
    run(&stage).await;
    assert_eq!(tokens(&stage, "u-alice"), [TokenState::Active]);
    let told = details(&stage.world, EventKind::ProvisioningRuleReleased);
    assert_eq!(told["taken"], false);
    member(&stage, "sales", "u-alice", true).await;
    run(&stage).await;
    assert_eq!(mails(&stage, "u-alice"), 1, "she has as many as are allowed");
    let rules = ProvisioningRules { rules: vec![rule(&stage, "sales", false).await] };
    let preview = manager(&stage).preview_rules(&stage.vs.id, &by(now()), &rules, "").await.unwrap();
    assert_eq!(preview.lines[0].effect, RuleEffect::Skipped(SkipReason::HasAllTokens));
}

#[tokio::test]
async fn the_first_rule_counts_and_another_takes_over_what_it_gave() {
    let stage = staged().await;
    let (sales, north) = (rule(&stage, "sales", true).await, rule(&stage, "north", true).await);
    set(&stage, vec![sales.clone(), north.clone()]).await;
    for name in ["sales", "north"] {
        member(&stage, name, "u-alice", true).await;
    }
    run(&stage).await;
    let rule_of = |stage: &Arc<Stage>| stage.world.with(|rows| rows.provisioned[0].rule.clone());
    assert_eq!((mails(&stage, "u-alice"), rule_of(&stage)), (1, Some(sales.group.clone())));
    enrol(&stage, "u-alice").await;
    member(&stage, "sales", "u-alice", false).await;
    run(&stage).await;
    assert_eq!((tokens(&stage, "u-alice"), rule_of(&stage)), (vec![TokenState::Active], Some(north.group.clone())));
    set(&stage, vec![sales]).await;
    run(&stage).await;
    assert_eq!((tokens(&stage, "u-alice"), rule_of(&stage)), (vec![TokenState::Active], None), "its rule was removed");
    member(&stage, "north", "u-alice", false).await;
    run(&stage).await;
    assert_eq!(tokens(&stage, "u-alice"), [TokenState::Active], "it is hers");
    assert_eq!(mails(&stage, "u-alice"), 1);
}

#[tokio::test]
async fn a_group_that_is_deleted_costs_nobody_anything() {
    let stage = staged().await;
    set(&stage, vec![rule(&stage, "sales", true).await]).await;
    member(&stage, "sales", "u-alice", true).await;
    run(&stage).await;
    enrol(&stage, "u-alice").await;
    let sales = group(&stage, "sales").await;
    manager(&stage).delete_group(&stage.vs.id, &by(now()), &sales).await.unwrap();
    run(&stage).await;
    assert_eq!(tokens(&stage, "u-alice"), [TokenState::Active]);
    assert_eq!(count(&stage, EventKind::TokenRevoked), 0);
}

/// North lies in Sales, and Sales has a rule.
async fn north_in_sales(stage: &Arc<Stage>) -> (GroupId, GroupId) {
    let (sales, north) = (group(stage, "sales").await, group(stage, "north").await);
    manager(stage).nest_group(&stage.vs.id, &by(now()), &north, &sales, true).await.unwrap();
    set(stage, vec![rule(stage, "sales", true).await]).await;
    (sales, north)
}

#[tokio::test]
async fn a_group_that_lay_in_that_of_a_rule_is_deleted_and_costs_nobody_anything() {
    let stage = staged().await;
    let (sales, north) = north_in_sales(&stage).await;
    for (name, user) in [("north", "u-alice"), ("north", "u-bob"), ("sales", "u-bob")] {
        member(&stage, name, user, true).await;
    }
    run(&stage).await;
    for user in ["u-alice", "u-bob"] {
        enrol(&stage, user).await;
    }
    manager(&stage).delete_group(&stage.vs.id, &by(now()), &north).await.unwrap();
    let rules = ProvisioningRules { rules: vec![rule(&stage, "sales", true).await] };
    let before = manager(&stage).preview_rules(&stage.vs.id, &by(now()), &rules, "").await.unwrap();
    assert_eq!(counts(&before), [("handed_over", 1), ("keeps", 1)]);
    for _ in 0..3 {
        run(&stage).await;
    }
    for user in ["u-alice", "u-bob"] {
        assert_eq!(tokens(&stage, user), [TokenState::Active], "{user}");
    }
    assert_eq!(count(&stage, EventKind::TokenRevoked), 0);
    let held = |user: &str| {
        stage.world.with(|rows| {
            let entry = rows.provisioned.iter().find(|one| one.entry.user.as_str() == user).unwrap();
            entry.rule.clone()
        })
    };
    assert_eq!((held("u-alice"), held("u-bob")), (None, Some(sales)), "he is in Sales by another way");
    let released = stage.world.with(|rows| {
        let of_alice = |event: &&doorward_api::AuditEvent| {
            event.kind == EventKind::ProvisioningRuleReleased && event.context.user == Some("u-alice".into())
        };
        rows.events.iter().filter(of_alice).map(|event| event.details["taken"].clone()).collect::<Vec<_>>()
    });
    assert_eq!(released, [false], "with its record");
}

#[tokio::test]
async fn it_is_told_from_how_many_a_rule_takes_when_a_group_is_taken_out_of_another() {
    let stage = staged().await;
    let (sales, north) = north_in_sales(&stage).await;
    for (name, user) in [("north", "u-alice"), ("north", "u-bob"), ("sales", "u-bob"), ("north", "u-carol")] {
        member(&stage, name, user, true).await;
    }
    run(&stage).await;
    enrol(&stage, "u-alice").await;
    let (manager, vs) = (manager(&stage), &stage.vs.id);
    let rules = ProvisioningRules { rules: vec![rule(&stage, "sales", true).await] };
    let told = manager.preview_unnesting(vs, &by(now()), &rules, (&north, &sales)).await.unwrap();
    assert_eq!(
        (told.by_rule, told.looked_at, told.complete),
        (vec![(sales.clone(), 1)], 3, true),
        "bob stays in Sales"
    );
    let above = async || manager.rules_above(vs, &by(now()), &rules, std::slice::from_ref(&north)).await.unwrap();
    assert_eq!(above().await, std::slice::from_ref(&sales));
    manager.nest_group(vs, &by(now()), &north, &sales, false).await.unwrap();
    run(&stage).await;
    assert_eq!(tokens(&stage, "u-alice"), [TokenState::Revoked], "this is a leaving, and was shown");
    assert_eq!(entries(&stage, "u-bob"), [EntryStatus::Active]);
    assert_eq!(above().await, [] as [GroupId; 0]);
}

#[tokio::test]
async fn a_long_preview_goes_on_where_its_last_line_stands() {
    let stage = staged().await;
    let (sales, north) = (rule(&stage, "sales", true).await, rule(&stage, "north", true).await);
    // A hundred of the first rule, and then some of the second whose rows come before the last of those.
    let mut change = Change::default();
    let users = (0..100).map(|number| (format!("m{number:03}"), "sales"));
    for (name, group) in users.chain((0..5).map(|number| (format!("a{number:03}"), "north"))) {
        let new = NewUser {
            folded: doorward_api::FoldedName::assume(&name),
            display_name: String::new(),
            email: Some(format!("{name}@example.test")),
            password_hash: None,
            groups: vec![group.to_owned()],
            name: name.clone(),
        };
        change = change.and(Act::UserAdd(Box::new(new), UserId::new(name)));
    }
    stage.desk.ports.ledger.commit(&stage.vs.id, change, now()).await.unwrap();
    let (manager, rules) = (manager(&stage), ProvisioningRules { rules: vec![sales, north] });
    let (mut told, mut place) = (Vec::new(), String::new());
    loop {
        let part = manager.preview_rules(&stage.vs.id, &by(now()), &rules, &place).await.unwrap();
        told.extend(part.lines.into_iter().map(|line| line.name));
        match part.next {
            Some(next) => place = next,
            None => break,
        }
    }
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 105, "nobody is skipped");
}

#[tokio::test]
async fn whoever_could_not_get_any_gets_it_when_the_reason_is_gone() {
    let stage = staged().await;
    set(&stage, vec![rule(&stage, "sales", true).await]).await;
    member(&stage, "sales", "u-carol", true).await;
    run(&stage).await;
    assert_eq!(entries(&stage, "u-carol"), [], "she has no address");
    let (manager, vs, carol) = (manager(&stage), &stage.vs.id, UserId::from("u-carol"));
    let record = manager.user(vs, &carol).await.unwrap();
    let details = UserDetails {
        display_name: "Carol".into(),
        email: Some("carol@example.test".into()),
        groups: record.direct_groups.iter().map(|group| group.id.clone()).collect(),
    };
    let act = Act::UserUpdate { user: carol, version: record.version, details: Box::new(details) };
    stage.desk.ports.ledger.commit(vs, Change::of(act), now()).await.unwrap();
    run(&stage).await;
    assert_eq!(entries(&stage, "u-carol"), [EntryStatus::Active]);
}

#[tokio::test]
async fn everybody_is_looked_at_once_a_day_and_when_groups_come_to_lie_in_others() {
    let stage = staged().await;
    set(&stage, vec![rule(&stage, "sales", true).await]).await;
    run(&stage).await;
    let staff = UserId::from("u-alice");
    let (sales, north) = (group(&stage, "sales").await, group(&stage, "north").await);
    member(&stage, "north", "u-alice", true).await;
    run(&stage).await;
    assert_eq!(mails(&stage, staff.as_str()), 0);
    manager(&stage).nest_group(&stage.vs.id, &by(now()), &north, &sales, true).await.unwrap();
    run(&stage).await;
    assert_eq!(mails(&stage, staff.as_str()), 1, "North lies in Sales now");
    // Nobody has told of it.
    stage.world.with(|rows| {
        let sales = rows.groups.iter().find(|group| group.id == sales).cloned().unwrap();
        rows.users.iter_mut().find(|user| user.name == "bob").unwrap().groups.push(sales);
    });
    run(&stage).await;
    assert_eq!(mails(&stage, "u-bob"), 0);
    stage.provisioner.run(&(now() + DAY)).await.unwrap();
    assert_eq!(mails(&stage, "u-bob"), 1);
}

#[tokio::test]
async fn two_processes_give_and_take_once() {
    let stage = staged().await;
    set(&stage, vec![rule(&stage, "sales", true).await]).await;
    for user in ["u-alice", "u-bob"] {
        member(&stage, "sales", user, true).await;
    }
    let both = async || {
        let runs: Vec<_> = (0..6)
            .map(|_| {
                let stage = stage.clone();
                tokio::spawn(async move { stage.provisioner.run(&now()).await.unwrap() })
            })
            .collect();
        for one in runs {
            one.await.unwrap();
        }
        run(&stage).await;
    };
    both().await;
    assert_eq!((mails(&stage, "u-alice"), mails(&stage, "u-bob")), (1, 1));
    assert_eq!((entries(&stage, "u-alice").len(), count(&stage, EventKind::ProvisioningRuleGave)), (1, 2));
    enrol(&stage, "u-alice").await;
    member(&stage, "sales", "u-alice", false).await;
    both().await;
    assert_eq!((tokens(&stage, "u-alice"), count(&stage, EventKind::TokenRevoked)), (vec![TokenState::Revoked], 1));
}
