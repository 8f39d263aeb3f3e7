//! Rules that provision by group: how users stand, what rules hold, and whom they are still to look at.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_api::ports::*;
use doorward_api::provisioning::{EntryStatus, NewEntry, NewTask, TaskNumber};
use doorward_api::provisioning_rules::{RuleScope, RuleStanding};
use doorward_api::user::UserDetails;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::{Kind, World};

both!(
    users_stand_as_they_are_with_what_a_rule_holds_of_them,
    a_rule_gives_once_and_what_it_holds_is_handed_on_or_let_go,
    whoever_has_left_is_not_among_those_to_whom_all_mails_are_sent_again,
    of_many_who_give_to_one_user_one_does,
    whoever_is_changed_is_looked_at_and_nobody_where_there_are_no_rules,
    a_look_through_everybody_goes_on_where_it_stood,
    a_group_that_is_deleted_takes_along_what_was_given_since_it_lay_in_others,
    a_large_group_is_deleted_in_portions_and_takes_nothing_from_anybody,
    a_large_group_whose_deletion_was_broken_off_is_gone_all_the_same_and_the_janitor_empties_it,
    users_stand_as_if_a_group_lay_no_longer_in_another,
    users_are_read_in_parts_with_those_of_groups_within,
);

fn sales() -> GroupId {
    GroupId::new("sales")
}

fn user(name: &str) -> UserId {
    UserId::new(format!("row of {name}"))
}

fn join(group: &str, user: UserId, member: bool) -> Act {
    Act::GroupMember { group: GroupId::new(group), user, member }
}

/// Alice and Bob are in Sales, and rules were set once.
async fn peopled(world: &World) -> Store {
    let store = inhabited(world).await;
    let change = Change::of(add_group("sales"))
        .and(add_user("bob", user("bob"), &[]))
        .and(join("sales", alice(), true))
        .and(join("sales", user("bob"), true))
        .and(set(SettingKind::ProvisioningRules, 0));
    done(store.commit(&vs(), change, NOW).await);
    store
}

fn task(number: TaskNumber, rule: Option<GroupId>) -> Act {
    let (operator, note) = (String::new(), String::new());
    let stops_at = NOW + secs(86_400);
    Act::ProvisioningTaskAdd(Box::new(NewTask { number, operator, stops_at, note, group: None, rule }))
}

fn give(task: TaskNumber, user: UserId, rule: Option<GroupId>) -> Act {
    let entries = vec![NewEntry { user, skipped: None, rule }];
    Act::ProvisioningFill { task, seen: None, next: None, entries }
}

fn hold(task: TaskNumber, from: &str, to: Option<&str>, end: bool) -> Act {
    Act::ProvisioningRuleHold { task, user: alice(), from: GroupId::new(from), to: to.map(GroupId::new), end }
}

async fn standing(store: &Store, user: UserId) -> RuleStanding {
    store.rule_standings(&vs(), &RuleScope::One(user), &first(1)).await.unwrap().items.remove(0)
}

async fn due(store: &Store) -> Vec<(String, i64)> {
    let found = store.rule_standings(&vs(), &RuleScope::Due, &first(200)).await.unwrap().items;
    found.into_iter().map(|one| (one.name, one.due.unwrap())).collect()
}

async fn users_stand_as_they_are_with_what_a_rule_holds_of_them(world: Arc<World>) {
    let store = peopled(&world).await;
    done(store.commit(&vs(), Change::of(add_group("all")).and(nest("sales", "all", true)), NOW).await);
    let before = standing(&store, alice()).await;
    assert_eq!((before.name.as_str(), before.disabled, before.has_email), ("alice", false, true));
    let groups: BTreeSet<&str> = before.groups.iter().map(GroupId::as_str).collect();
    assert!(groups.is_superset(&BTreeSet::from(["sales", "all"])), "{groups:?}");
    assert_eq!((before.tokens, before.reserved, before.newest_task, before.held), (0, 0, 0, None));

    done(store.commit(&vs(), Change::of(task(1, Some(sales()))).and(give(1, alice(), Some(sales()))), NOW).await);
    let given = standing(&store, alice()).await;
    let held = given.held.unwrap();
    assert_eq!((given.tokens, given.reserved, given.newest_task), (0, 1, 1));
    assert_eq!((held.rule, held.task, held.status, held.token), (sales(), 1, EntryStatus::Pending, None));

    done(commit(&store, Act::ProvisioningMailed { task: 1, user: alice(), link: hash("one") }).await);
    done(commit(&store, Act::ProvisioningLinkTake { link: hash("one") }).await);
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    let (user, token) = (alice(), CredentialId::new("t"));
    done(commit(&store, Act::ProvisioningIssued { task: 1, user: user.clone(), token: token.clone() }).await);
    done(commit(&store, activate("t", 1)).await);
    done(commit(&store, Act::ProvisioningEnrolled { task: 1, user, token }).await);
    let active = standing(&store, alice()).await;
    let held = active.held.unwrap();
    assert_eq!((active.tokens, active.reserved, held.status), (1, 0, EntryStatus::Enrolled));
    assert_eq!(
        held.token.map(|token| (token.id.as_str().to_owned(), token.state)),
        Some(("t".into(), TokenState::Active))
    );
    done(commit(&store, signed_in_with("t")).await);
    let confirmed = of_kind(&whole_chain(&store).await, EventKind::EnrollmentConfirmed);
    assert_eq!(confirmed[0]["details"]["initiatedBy"], "rule");
    done(commit(&store, state("t", &[TokenState::Active], TokenState::Revoked)).await);
    assert_eq!(standing(&store, alice()).await.held.unwrap().token, None, "what is revoked is nobody's to take");
}

async fn a_rule_gives_once_and_what_it_holds_is_handed_on_or_let_go(world: Arc<World>) {
    let store = peopled(&world).await;
    done(store.commit(&vs(), Change::of(task(1, Some(sales()))).and(task(2, None)), NOW).await);
    assert_eq!(store.rule_task(&vs(), &sales()).await.unwrap().map(|task| task.number), Some(1));
    assert_eq!(store.rule_task(&vs(), &GroupId::new("other")).await.unwrap(), None);
    done(commit(&store, give(1, alice(), Some(sales()))).await);
    lost(commit(&store, give(1, alice(), Some(sales()))).await, 0);
    lost(commit(&store, give(2, alice(), Some(GroupId::new("other")))).await, 0);
    done(commit(&store, give(2, alice(), None)).await);
    assert_eq!(standing(&store, alice()).await.reserved, 2, "what an operator gives is another matter");
    lost(commit(&store, give(1, UserId::new("nobody"), Some(sales()))).await, 0);

    lost(commit(&store, hold(1, "other", None, false)).await, 0);
    done(commit(&store, hold(1, "sales", Some("other"), false)).await);
    lost(commit(&store, hold(1, "sales", None, false)).await, 0);
    assert_eq!(standing(&store, alice()).await.held.map(|held| held.rule), Some(GroupId::new("other")));
    done(commit(&store, hold(1, "other", None, true)).await);
    let after = standing(&store, alice()).await;
    assert_eq!((after.held, after.reserved), (None, 1), "taken: nobody can enrol by it any more");
    let entry = store.provisioning_entry(&vs(), 1, &alice()).await.unwrap().unwrap();
    assert_eq!(entry.status, EntryStatus::Removed);
    done(store.commit(&vs(), Change::of(task(3, Some(sales()))).and(give(3, alice(), Some(sales()))), NOW).await);
    done(commit(&store, Act::ProvisioningTaskRemove { task: 3 }).await);
    assert_eq!(store.rule_task(&vs(), &sales()).await.unwrap().map(|task| task.number), Some(1));
    done(commit(&store, Act::ProvisioningTaskSettle { task: 3, most: 10 }).await);
    let removed = of_kind(&whole_chain(&store).await, EventKind::ProvisioningRemoved);
    assert_eq!(removed[0]["details"]["initiatedBy"], "rule");
    assert_eq!(
        store.due_provisioning_tasks(&vs(), NOW, 0).await.unwrap().len(),
        2,
        "what was filled anew is open again"
    );
}

async fn whoever_has_left_is_not_among_those_to_whom_all_mails_are_sent_again(world: Arc<World>) {
    let store = peopled(&world).await;
    let both = Change::of(task(1, Some(sales()))).and(give(1, alice(), Some(sales()))).and(give(
        1,
        user("bob"),
        Some(sales()),
    ));
    done(store.commit(&vs(), both, NOW).await);
    for (user, link) in [(alice(), "of alice"), (user("bob"), "of bob")] {
        done(commit(&store, Act::ProvisioningMailed { task: 1, user, link: hash(link) }).await);
    }
    // The rule takes nothing: it has let go.
    done(commit(&store, hold(1, "sales", None, false)).await);
    let later = NOW + secs(60);
    done(commit_at(&store, Act::ProvisioningTaskResend { task: 1 }, later).await);
    done(commit_at(&store, Act::ProvisioningTaskSettle { task: 1, most: 10 }, later).await);
    let status = async |user| store.provisioning_entry(&vs(), 1, &user).await.unwrap().unwrap().status;
    assert_eq!((status(alice()).await, status(user("bob")).await), (EntryStatus::Active, EntryStatus::Pending));
    assert_eq!(store.provisioning_task(&vs(), 1).await.unwrap().unwrap().resend_at, None, "nobody is waited for");
    done(commit_at(&store, Act::ProvisioningEntryResend { task: 1, user: alice() }, later).await);
    assert_eq!(status(alice()).await, EntryStatus::Pending, "by hand she can be");
}

async fn of_many_who_give_to_one_user_one_does(world: Arc<World>) {
    let (store, second) = (peopled(&world).await, world.open());
    done(commit(&store, task(1, Some(sales()))).await);
    done(commit(&store, task(2, Some(sales()))).await);
    let mut tries = Vec::new();
    for number in 0..12 {
        let store = if number % 2 == 0 { store.clone() } else { second.clone() };
        let give = Change::of(give(1 + i64::from(number % 4 < 2), alice(), Some(sales())));
        tries.push(tokio::spawn(async move { store.commit(&vs(), give, NOW).await.is_ok() }));
    }
    let mut given = 0;
    for one in tries {
        given += u32::from(one.await.unwrap());
    }
    assert_eq!((given, standing(&store, alice()).await.reserved), (1, 1));
}

async fn whoever_is_changed_is_looked_at_and_nobody_where_there_are_no_rules(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(store.commit(&vs(), Change::of(add_group("sales")).and(join("sales", alice(), true)), NOW).await);
    assert_eq!((due(&store).await, store.rule_pass(&vs()).await.unwrap()), (vec![], None));
    done(commit(&store, set(SettingKind::ProvisioningRules, 0)).await);
    assert_eq!(store.rule_pass(&vs()).await.unwrap().map(|pass| (pass.wanted, pass.done)), Some((1, 0)));

    done(commit(&store, join("sales", alice(), false)).await);
    done(commit(&store, join("sales", alice(), false)).await);
    let at = NOW.millis();
    assert_eq!(due(&store).await, [("alice".to_owned(), at)], "nothing has changed by the second");
    done(commit(&store, join("sales", alice(), true)).await);
    done(commit(&store, Act::UserDisable { user: alice(), disabled: true }).await);
    done(commit(&store, add_user("bob", user("bob"), &["sales"])).await);
    let mut found = due(&store).await;
    found.sort();
    assert_eq!(found, [("alice".to_owned(), at + 2), ("bob".to_owned(), at)]);

    let saw = |users: &[(UserId, i64)], wanted| Act::ProvisioningRulesSaw { users: users.to_vec(), wanted };
    let (both, one) = ([(user("bob"), at), (alice(), at + 1)], [(alice(), at + 2)]);
    lost(commit(&store, saw(&both, 1)).await, 0);
    assert_eq!(due(&store).await.len(), 2, "where one was changed since, both stay");
    lost(commit(&store, saw(&one, 2)).await, 0);
    done(commit(&store, saw(&one, 1)).await);
    assert_eq!(due(&store).await, [("bob".to_owned(), at)]);
    lost(commit(&store, saw(&one, 1)).await, 0);
    done(commit_at(&store, join("sales", alice(), false), NOW + secs(1)).await);
    assert_eq!(due(&store).await[0], ("alice".to_owned(), at + 1000), "no mark comes twice");
    done(commit_at(&store, join("sales", alice(), true), NOW).await);
    assert_eq!(due(&store).await[0], ("alice".to_owned(), at + 1001), "nor by a clock that is behind");
    done(commit(&store, saw(&[(alice(), at + 1001)], 1)).await);
    let version = store.user_record(&vs(), &alice()).await.unwrap().unwrap().version;
    let details = UserDetails { display_name: "A".into(), email: None, groups: vec![sales()] };
    done(commit(&store, Act::UserUpdate { user: alice(), version, details: Box::new(details) }).await);
    done(commit(&store, delete_user(user("bob"))).await);
    assert_eq!(due(&store).await, [("alice".to_owned(), at)], "whoever is deleted is not looked at");
    assert!(!standing(&store, alice()).await.has_email);
}

async fn a_look_through_everybody_goes_on_where_it_stood(world: Arc<World>) {
    let store = peopled(&world).await;
    let go = |wanted, seen: Option<&str>, next: Option<&str>| Act::ProvisioningPassMove {
        wanted,
        seen: seen.map(str::to_owned),
        next: next.map(str::to_owned),
    };
    let pass = async || store.rule_pass(&vs()).await.unwrap().unwrap();
    lost(commit(&store, go(1, Some("0:"), Some("1:"))).await, 0);
    done(commit(&store, go(1, None, Some("0:"))).await);
    lost(commit(&store, go(1, None, Some("0:"))).await, 0);
    done(commit(&store, go(1, Some("0:"), Some("0:x"))).await);
    done(store.commit(&vs(), Change::of(add_group("all")).and(nest("sales", "all", true)), NOW).await);
    assert_eq!((pass().await.wanted, pass().await.place.as_deref()), (2, Some("0:x")));
    lost(commit(&store, go(1, Some("0:x"), None)).await, 0);
    lost(commit(&store, go(1, Some("0:x"), Some("1:"))).await, 0);
    done(commit(&store, go(2, Some("0:x"), None)).await);
    let after = pass().await;
    assert_eq!((after.wanted, after.done, after.place, after.done_at), (2, 1, None, Some(NOW)), "once more");
    lost(commit(&store, go(1, None, Some("0:"))).await, 0);
    done(commit(&store, go(2, None, Some("0:"))).await);
    done(commit(&store, go(2, Some("0:"), None)).await);
    assert_eq!((pass().await.wanted, pass().await.done), (2, 2));
    done(commit(&store, Act::GroupDelete { id: GroupId::new("all") }).await);
    done(commit(&store, set(SettingKind::ProvisioningRules, 1)).await);
    done(commit(&store, set(SettingKind::SelfProvisioning, 0)).await);
    done(commit(&store, set(SettingKind::Lockout, 0)).await);
    assert_eq!(pass().await.wanted, 5);
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    assert_eq!(store.rule_pass(&other).await.unwrap(), None);
    lost(store.commit(&other, Change::of(go(0, None, Some("0:"))), NOW).await, 0);
}

/// Deep lies in North, North in Sales and in West, Sales in All. Who is in which, and whose rule holds what they have.
async fn nested(world: &World) -> Store {
    let store = peopled(world).await;
    let mut change = Change::of(task(1, Some(sales())));
    for group in ["deep", "north", "west", "all", "others"] {
        change = change.and(add_group(group));
    }
    for (inner, outer) in [("deep", "north"), ("north", "sales"), ("north", "west"), ("sales", "all")] {
        change = change.and(nest(inner, outer, true));
    }
    for (name, groups, rule) in [
        ("deep", &["deep"][..], "sales"),
        ("north", &["north"], "all"),
        ("both", &["north", "sales"], "sales"),
        ("beside", &["north", "others"], "others"),
        ("own", &["north"], "north"),
        ("out", &["sales"], "sales"),
    ] {
        change = change.and(add_user(name, user(name), groups)).and(give(1, user(name), Some(GroupId::new(rule))));
    }
    done(store.commit(&vs(), change, NOW).await);
    store
}

async fn held_by(store: &Store, name: &str) -> String {
    standing(store, user(name)).await.held.unwrap().rule.to_string()
}

async fn a_group_that_is_deleted_takes_along_what_was_given_since_it_lay_in_others(world: Arc<World>) {
    let store = nested(&world).await;
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    done(store.commit(&other, Change::of(add_group("north")), NOW).await);
    done(store.commit(&other, Change::of(Act::GroupDelete { id: GroupId::new("north") }), NOW).await);
    assert_eq!(held_by(&store, "north").await, "all", "what is of another virtual server is nothing here");

    let delete = Act::GroupDelete { id: GroupId::new("north") };
    done(commit(&store, delete.clone()).await);
    for (name, rule) in [
        ("deep", "north"),
        ("north", "north"),
        ("both", "north"),
        ("beside", "others"),
        ("own", "north"),
        ("out", "sales"),
    ] {
        assert_eq!(held_by(&store, name).await, rule, "{name}");
    }
    lost(commit(&store, delete).await, 0);
    // Whoever is taken from by what was read before is too late.
    let took = |from: &str| Act::ProvisioningRuleHold {
        task: 1,
        user: user("deep"),
        from: GroupId::new(from),
        to: None,
        end: true,
    };
    lost(commit(&store, took("sales")).await, 0);
    done(commit(&store, took("north")).await);
}

/// In Large are those from u10001 to u10900, in Inner within it the rest up to u11200. Large lies in Sales, whose rule holds
/// what they all have.
async fn crowded(world: &World) -> Store {
    const NUMBERS: &str = "WITH RECURSIVE n (i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM n WHERE i < 11200) ";
    let store = peopled(world).await;
    let change = Change::of(add_group("large")).and(add_group("inner")).and(task(1, Some(sales())));
    let change = change.and(nest("inner", "large", true)).and(nest("large", "sales", true));
    done(store.commit(&vs(), change, NOW).await);
    world
        .sql(&format!(
            "{NUMBERS}INSERT INTO user_account (virtual_server, id, name, folded_name, display_name, email, disabled, created_at) \
                 SELECT 'default', 'u' || i, 'u' || i, 'u' || i, '', 'u@example.test', FALSE, 0 FROM n; \
             {NUMBERS}INSERT INTO group_member (virtual_server, user_id, group_id) \
                 SELECT 'default', 'u' || i, CASE WHEN i <= 10900 THEN 'large' ELSE 'inner' END FROM n"
        ))
        .await;
    let entries =
        (10_001..=11_200).map(|number| NewEntry { user: numbered(number), skipped: None, rule: Some(sales()) });
    let fill = Act::ProvisioningFill { task: 1, seen: None, next: None, entries: entries.collect() };
    done(commit(&store, fill).await);
    store
}

fn numbered(number: u32) -> UserId {
    UserId::new(format!("u{number}"))
}

/// By whom everybody's entry is held, and whether they are in Sales still: how many of each.
async fn crowd(store: &Store) -> Vec<(String, bool, usize)> {
    let mut found: Vec<(String, bool, usize)> = Vec::new();
    let mut page = first(200);
    loop {
        let part = store.rule_standings(&vs(), &RuleScope::Held, &page).await.unwrap();
        for one in part.items {
            let stands = (one.held.unwrap().rule.to_string(), one.groups.contains(&sales()));
            match found.iter_mut().find(|(rule, within, _)| (rule, *within) == (&stands.0, stands.1)) {
                Some((.., count)) => *count += 1,
                None => found.push((stands.0, stands.1, 1)),
            }
        }
        match part.next {
            Some(next) => page.after = next,
            None => break,
        }
    }
    found.sort();
    found
}

fn delete_large() -> Change {
    Change::of(Act::GroupDelete { id: GroupId::new("large") }).record(event(EventKind::GroupDeleted))
}

async fn is_gone_without_a_trace(store: &Store) {
    assert_eq!(crowd(store).await, [("large".to_owned(), false, 1200)], "held by what is gone: nobody takes it");
    assert!(!standing(store, numbered(10_001)).await.held.unwrap().going);
    assert!(standing(store, numbered(10_001)).await.groups.is_empty());
    let in_inner: Vec<GroupId> = standing(store, numbered(11_200)).await.groups.into_iter().collect();
    assert_eq!(in_inner, [GroupId::new("inner")], "and of a group in it they are members still");
    let large = GroupId::new("large");
    assert!(store.group(&vs(), &large).await.unwrap().is_none());
    assert!(store.all_members(&vs(), &large, &first(10)).await.unwrap().items.is_empty());
    for (number, version) in [(10_001, 2), (10_900, 2), (10_901, 1)] {
        let record = store.user_record(&vs(), &numbered(number)).await.unwrap().unwrap();
        assert_eq!(record.version, version, "whoever has read that they were in it reads it anew: {number}");
    }
    let told = of_kind(&whole_chain(store).await, EventKind::GroupDeleted);
    assert_eq!(told.len(), 1);
    assert_eq!(store.sweep(NOW).await.unwrap(), 0, "nothing is left of it");
}

async fn a_large_group_is_deleted_in_portions_and_takes_nothing_from_anybody(world: Arc<World>) {
    let store = crowded(&world).await;
    assert_eq!(crowd(&store).await, [("sales".to_owned(), true, 1200)]);
    let wanted = async || store.rule_pass(&vs()).await.unwrap().unwrap().wanted;
    let before = wanted().await;
    done(store.commit(&vs(), delete_large(), NOW).await);
    is_gone_without_a_trace(&store).await;
    assert_eq!(wanted().await, before + 1, "everybody is looked at, once it is gone");
    lost(store.commit(&vs(), delete_large(), NOW).await, 0);
}

/// Something is in the way of the second portion.
async fn a_large_group_whose_deletion_was_broken_off_is_gone_all_the_same_and_the_janitor_empties_it(
    world: Arc<World>,
) {
    let store = crowded(&world).await;
    let (put, take) = match world.kind {
        Kind::Sqlite => (
            "CREATE TRIGGER in_the_way BEFORE DELETE ON group_member WHEN OLD.user_id = 'u10700' \
             BEGIN SELECT RAISE(ABORT, 'in the way'); END",
            "DROP TRIGGER in_the_way",
        ),
        Kind::Postgres => (
            "CREATE FUNCTION in_the_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'in the way'; END $$; \
             CREATE TRIGGER in_the_way BEFORE DELETE ON group_member FOR EACH ROW WHEN (OLD.user_id = 'u10700') \
             EXECUTE FUNCTION in_the_way()",
            "DROP TRIGGER in_the_way ON group_member",
        ),
    };
    world.sql(put).await;
    done(store.commit(&vs(), delete_large(), NOW).await);
    assert_eq!(
        crowd(&store).await,
        [("large".to_owned(), false, 500), ("sales".to_owned(), true, 700)],
        "whoever was taken out of it keeps what they have, and nothing changes for the others yet"
    );
    assert!(standing(&store, numbered(10_001)).await.held.unwrap().going);

    // It is not there any more, its name is free, and nothing is done to it.
    let large = GroupId::new("large");
    assert!(store.group(&vs(), &large).await.unwrap().is_none());
    assert!(store.groups(&vs(), "l", &first(10)).await.unwrap().items.is_empty());
    let inner = store.group(&vs(), &GroupId::new("inner")).await.unwrap().unwrap();
    assert!(inner.parents.is_empty());
    let groups = async |number| store.user_by_id(&vs(), &numbered(number)).await.unwrap().unwrap().groups;
    assert!(groups(10_900).await.is_empty(), "nor is anybody in another group by it: {:?}", groups(10_900).await);
    for act in [
        Act::GroupDelete { id: large.clone() },
        Act::GroupRename { id: large.clone(), name: "other".into() },
        join("large", alice(), true),
        join("large", numbered(10_900), false),
        nest("large", "sales", false),
        nest("sales", "large", true),
    ] {
        lost(commit(&store, act).await, 0);
    }
    done(commit(&store, Act::GroupAdd { id: GroupId::new("next"), name: "large".into() }).await);
    // Who is given other groups meanwhile leaves it by its deletion all the same.
    let details = UserDetails { display_name: "X".into(), email: None, groups: vec![] };
    done(commit(&store, Act::UserUpdate { user: numbered(10_899), version: 1, details: Box::new(details) }).await);
    assert_eq!(crowd(&store).await, [("large".to_owned(), false, 500), ("sales".to_owned(), true, 700)]);
    // One database says that a condition was not met, the other that it failed.
    drop(store.sweep(NOW).await);
    assert_eq!(crowd(&store).await.len(), 2);

    world.sql(take).await;
    assert_eq!(store.sweep(NOW).await.unwrap(), 1);
    is_gone_without_a_trace(&store).await;
}

async fn users_stand_as_if_a_group_lay_no_longer_in_another(world: Arc<World>) {
    let store = nested(&world).await;
    let unnested = RuleScope::Unnested { group: GroupId::new("north"), from: sales() };
    let mut found = Vec::new();
    let mut page = first(2);
    loop {
        let part = store.rule_standings(&vs(), &unnested, &page).await.unwrap();
        found.extend(part.items);
        match part.next {
            Some(next) => page.after = next,
            None => break,
        }
    }
    let groups = |name: &str| {
        let one = found.iter().find(|one| one.name == name).unwrap();
        one.groups.iter().map(GroupId::as_str).collect::<Vec<_>>()
    };
    assert_eq!(found.len(), 5, "whoever is in it or in a group in it");
    assert_eq!(groups("deep"), ["deep", "north", "west"]);
    assert_eq!(groups("both"), ["all", "north", "sales", "west"], "since they are in Sales themselves");
    let now = standing(&store, user("deep")).await;
    assert!(now.groups.contains(&sales()), "nothing is changed by it");
}

async fn users_are_read_in_parts_with_those_of_groups_within(world: Arc<World>) {
    let store = peopled(&world).await;
    let mut change = Change::of(add_group("north")).and(nest("north", "sales", true)).and(task(1, Some(sales())));
    for number in 0..9 {
        let name = format!("n{number}");
        change = change.and(add_user(&name, user(&name), &[])).and(join("north", user(&name), true));
        if number % 3 == 0 {
            change = change.and(give(1, user(&name), Some(sales())));
        }
    }
    done(store.commit(&vs(), change, NOW).await);
    for limit in [1, 4, 200] {
        let read = async |scope: RuleScope| {
            let (mut names, mut page) = (Vec::new(), first(limit));
            loop {
                let found = store.rule_standings(&vs(), &scope, &page).await.unwrap();
                assert!(found.items.iter().all(|one| one.groups.contains(&sales())));
                names.extend(found.items.into_iter().map(|one| one.name));
                match found.next {
                    Some(next) => page.after = next,
                    None => return BTreeSet::from_iter(names),
                }
            }
        };
        assert_eq!(read(RuleScope::MembersOf(sales())).await.len(), 11);
        let held = ["n0", "n3", "n6"].map(str::to_owned);
        assert_eq!(read(RuleScope::Held).await, BTreeSet::from(held));
    }
    assert_eq!(
        store.rule_standings(&vs(), &RuleScope::MembersOf(GroupId::new("none")), &first(5)).await.unwrap().items,
        []
    );
    assert_eq!(
        store.rule_standings(&VirtualServerId::new("other"), &RuleScope::Held, &first(5)).await.unwrap().items,
        []
    );
}
