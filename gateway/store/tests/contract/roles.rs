//! Roles that operators make, and keys of programs.

use std::sync::Arc;

use doorward_api::operator::{CustomRole, NewApiKey, NewOperator, Role, RoleRef};
use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    a_role_is_made_changed_at_its_version_and_read_back,
    an_operator_has_a_role_that_is_there_and_may_what_it_may_now,
    a_role_goes_when_nobody_has_it,
    a_role_that_is_given_and_deleted_at_once_is_either,
    what_a_role_permits_more_since_it_was_judged_is_neither_given_nor_taken,
    something_is_done_by_an_operators_powers_while_they_have_them,
    who_gives_by_a_role_and_who_makes_it_permit_less_wait_for_each_other,
    a_key_is_found_by_its_hash_until_it_is_over_or_revoked,
    the_first_use_of_a_key_is_one_of_many_at_once,
    keys_that_have_been_over_for_a_month_are_swept_away,
    a_key_that_is_revoked_is_over_at_that_moment_and_swept_away_a_month_later,
);

fn custom(name: &str, permissions: &[Permission], version: i64) -> CustomRole {
    let permissions = permissions.iter().copied().collect();
    CustomRole { id: RoleId::new(format!("r-{name}")), name: name.into(), permissions, version }
}

fn desk(version: i64) -> CustomRole {
    custom("Desk", &[Module::Tokens.edit()], version)
}

fn of(name: &str) -> RoleRef {
    RoleRef::Custom(RoleId::new(format!("r-{name}")))
}

async fn give(store: &Store, name: &str, role: RoleRef) -> Act {
    give_role(store, name, role).await
}

fn delete(name: &str) -> Act {
    Act::RoleDelete { id: RoleId::new(format!("r-{name}")) }
}

async fn with_olga_and_otto(world: &World) -> Store {
    let store = inhabited(world).await;
    for (name, role) in [("olga", Role::Administrator), ("otto", Role::Auditor)] {
        done(commit(&store, Act::OperatorAdd(Box::new(operator(name, role)))).await);
    }
    store
}

async fn a_role_is_made_changed_at_its_version_and_read_back(world: Arc<World>) {
    let store = inhabited(&world).await;
    let id = RoleId::new("r-Desk");
    done(commit(&store, Act::RoleAdd(desk(1))).await);
    assert_eq!(store.role(&vs(), &id).await.unwrap(), Some(desk(1)));
    lost(commit(&store, Act::RoleAdd(desk(1))).await, 0);
    let same_name = CustomRole { id: RoleId::new("another"), name: "DESK".into(), ..desk(1) };
    lost(commit(&store, Act::RoleAdd(same_name)).await, 0);
    done(commit(&store, Act::RoleAdd(custom("Aids", &[Module::Users.view()], 1))).await);
    let names: Vec<String> = store.roles(&vs()).await.unwrap().into_iter().map(|role| role.name).collect();
    assert_eq!(names, ["Aids", "Desk"]);

    let more = CustomRole { permissions: Permissions::ALL, ..desk(1) };
    done(commit(&store, Act::RoleSet(more.clone())).await);
    assert_eq!(store.role(&vs(), &id).await.unwrap(), Some(CustomRole { version: 2, ..more.clone() }));
    lost(commit(&store, Act::RoleSet(more)).await, 0);
    lost(commit(&store, Act::RoleSet(CustomRole { name: "aids".into(), ..desk(2) })).await, 0);
    done(commit(&store, Act::RoleSet(CustomRole { name: "desk".into(), ..desk(2) })).await);
    assert!(store.role(&VirtualServerId::new("other"), &id).await.unwrap().is_none());
}

async fn an_operator_has_a_role_that_is_there_and_may_what_it_may_now(world: Arc<World>) {
    let store = with_olga_and_otto(&world).await;
    lost(commit(&store, give(&store, "otto", of("Desk")).await).await, 0);
    let new = NewOperator { role: of("Desk"), ..operator("dora", Role::Auditor) };
    lost(commit(&store, Act::OperatorAdd(Box::new(new.clone()))).await, 0);
    done(commit(&store, Act::RoleAdd(desk(1))).await);
    done(commit(&store, give(&store, "otto", of("Desk")).await).await);
    done(commit(&store, Act::OperatorAdd(Box::new(new))).await);
    done(commit(&store, Act::OperatorSessionStart(operator_session("s", "otto"))).await);
    let session = async || store.operator_session(&vs(), &hash("s"), secs(900), NOW).await.unwrap().unwrap();
    let held = session().await.operator.role;
    assert_eq!((held.of, held.name.as_str(), held.permissions), (of("Desk"), "Desk", desk(1).permissions));
    done(commit(&store, Act::RoleSet(custom("Desk", &[Module::Users.view()], 1))).await);
    assert_eq!(session().await.operator.role.permissions, Module::Users.view().into(), "as of now");
    assert_eq!(store.operators(&vs()).await.unwrap().iter().filter(|one| one.role.of == of("Desk")).count(), 2);
    // Whoever may do everything is the last administrator, too.
    lost(commit(&store, give(&store, "olga", of("Desk")).await).await, 0);
    done(commit(&store, Act::RoleSet(CustomRole { permissions: Permissions::ALL, ..desk(2) })).await);
    done(commit(&store, give(&store, "olga", of("Desk")).await).await);
    done(commit(&store, switch(&store, "olga", true).await).await);
}

async fn a_role_goes_when_nobody_has_it(world: Arc<World>) {
    let store = with_olga_and_otto(&world).await;
    done(commit(&store, Act::RoleAdd(desk(1))).await);
    done(commit(&store, give(&store, "otto", of("Desk")).await).await);
    lost(commit(&store, delete("Desk")).await, 0);
    done(commit(&store, switch(&store, "otto", true).await).await);
    lost(commit(&store, delete("Desk")).await, 0);
    done(commit(&store, give(&store, "otto", Role::HelpDesk.into()).await).await);
    done(commit(&store, delete("Desk")).await);
    lost(commit(&store, delete("Desk")).await, 0);
    assert!(store.roles(&vs()).await.unwrap().is_empty());
}

async fn a_role_that_is_given_and_deleted_at_once_is_either(world: Arc<World>) {
    let store = with_olga_and_otto(&world).await;
    for round in 0..10 {
        done(commit(&store, Act::RoleAdd(desk(1))).await);
        let desk = give(&store, "otto", of("Desk")).await;
        let (given, deleted) = tokio::join!(commit(&store, desk), commit(&store, delete("Desk")));
        assert_ne!(given.is_ok(), deleted.is_ok(), "{round}: {given:?} {deleted:?}");
        let otto = store.operator(&vs(), &OperatorId::new("otto")).await.unwrap();
        assert_eq!(otto.is_some_and(|one| one.role.of == of("Desk")), given.is_ok());
        done(commit(&store, give(&store, "otto", Role::Auditor.into()).await).await);
        if given.is_ok() {
            done(commit(&store, delete("Desk")).await);
        }
    }
}

async fn what_a_role_permits_more_since_it_was_judged_is_neither_given_nor_taken(world: Arc<World>) {
    let store = with_olga_and_otto(&world).await;
    done(commit(&store, Act::RoleAdd(desk(1))).await);
    done(commit(&store, give(&store, "otto", of("Desk")).await).await);
    let judged = [
        give(&store, "otto", Role::Auditor.into()).await,
        switch(&store, "otto", true).await,
        switch(&store, "otto", false).await,
    ];
    done(commit(&store, Act::RoleSet(custom("Desk", &[Module::Tokens.edit(), Module::Operators.edit()], 1))).await);
    for act in judged.clone() {
        lost(commit(&store, act).await, 0);
    }
    done(commit(&store, Act::RoleSet(custom("Desk", &[Module::Tokens.view()], 2))).await);
    let [taken, off, on] = judged;
    for act in [off, on, taken] {
        done(commit(&store, act).await);
    }
}

/// A role is given by otto, who may change operators.
fn gives(role: impl Into<RoleRef>) -> Act {
    Act::OperatorStands { id: OperatorId::new("otto"), may: Module::Operators.edit(), gives: role.into() }
}

async fn something_is_done_by_an_operators_powers_while_they_have_them(world: Arc<World>) {
    let store = with_olga_and_otto(&world).await;
    lost(commit(&store, gives(Role::Auditor)).await, 0);
    let chief = |version, more: &[Permission]| {
        let mut role = custom("Chief", more, version);
        role.permissions = role.permissions.with(Module::Operators.edit()).with(Module::Tokens.edit());
        Act::RoleSet(role)
    };
    done(commit(&store, Act::RoleAdd(desk(1))).await);
    done(commit(&store, Act::RoleAdd(custom("Chief", &[Module::Operators.edit(), Module::Tokens.edit()], 1))).await);
    done(commit(&store, give(&store, "otto", of("Chief")).await).await);
    done(commit(&store, gives(of("Desk"))).await);
    for not in [gives(of("None")), gives(Role::Administrator)] {
        lost(commit(&store, not).await, 0);
    }
    // What is given permits more by now, and then they may as much.
    done(commit(&store, Act::RoleSet(custom("Desk", &[Module::Tokens.edit(), Module::Users.edit()], 1))).await);
    lost(commit(&store, gives(of("Desk"))).await, 0);
    done(commit(&store, chief(1, &[Module::Users.edit()])).await);
    done(commit(&store, gives(of("Desk"))).await);
    done(commit(&store, chief(2, &[])).await);
    lost(commit(&store, gives(of("Desk"))).await, 0);
    done(commit(&store, chief(3, &[Module::Users.edit()])).await);
    done(commit(&store, switch(&store, "otto", true).await).await);
    lost(commit(&store, gives(of("Desk"))).await, 0);
    let nobody = Act::OperatorStands {
        id: OperatorId::new("nobody"),
        may: Module::Operators.edit(),
        gives: Role::Auditor.into(),
    };
    lost(commit(&store, nobody).await, 0);
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    lost(store.commit(&other, Change::of(gives(Role::Auditor)), NOW).await, 0);
}

/// Whoever comes second sees what the first has done: nobody is made after the powers are gone by which it is done.
async fn who_gives_by_a_role_and_who_makes_it_permit_less_wait_for_each_other(world: Arc<World>) {
    let (store, second) = (with_olga_and_otto(&world).await, world.open());
    let both = [Module::Operators.edit(), Module::Tokens.edit()];
    done(commit(&store, Act::RoleAdd(custom("Chief", &both, 1))).await);
    done(commit(&store, Act::RoleAdd(desk(1))).await);
    done(commit(&store, give(&store, "otto", of("Chief")).await).await);
    let mut version = 1;
    for round in 0..10 {
        let new = NewOperator { role: of("Desk"), ..operator(&format!("new-{round}"), Role::Auditor) };
        let given = Change::of(gives(of("Desk"))).and(Act::OperatorAdd(Box::new(new)));
        let given = given.record(event(EventKind::OperatorCreated).with("round", round));
        let less = Act::RoleSet(custom("Chief", &both[1..], version));
        let less = Change::of(less).record(event(EventKind::RoleChanged).with("round", round));
        let vs = vs();
        let (given, less) = tokio::join!(store.commit(&vs, given, NOW), second.commit(&vs, less, NOW));
        less.unwrap();
        let told = whole_chain(&store).await;
        let last = of_kind(&told[told.len() - 1..], EventKind::RoleChanged);
        assert_eq!(last.len(), 1, "round {round}: {given:?}: what comes after it is made by nobody's powers");
        done(commit(&store, Act::RoleSet(custom("Chief", &both, version + 1))).await);
        version += 2;
    }
}

fn key(name: &str, by: &str) -> NewApiKey {
    NewApiKey {
        id: ApiKeyId::new(format!("k-{name}")),
        token: hash(name),
        name: name.into(),
        permissions: Module::Users.edit().into(),
        created_by: OperatorId::new(by),
        expires_at: NOW + secs(3600),
    }
}

fn revoke(name: &str) -> Act {
    Act::ApiKeyRevoke { id: ApiKeyId::new(format!("k-{name}")) }
}

async fn a_key_is_found_by_its_hash_until_it_is_over_or_revoked(world: Arc<World>) {
    let store = with_olga_and_otto(&world).await;
    done(commit(&store, Act::ApiKeyAdd(Box::new(key("nightly", "olga")))).await);
    let same_name = NewApiKey { id: "k-2".into(), token: hash("2"), ..key("nightly", "olga") };
    lost(commit(&store, Act::ApiKeyAdd(Box::new(same_name.clone()))).await, 0);
    let live = async |at| {
        let found = store.api_key_of(&vs(), &hash("nightly")).await.unwrap();
        found.filter(|key| !key.disabled && key.expires_at > at)
    };
    let found = live(NOW).await.unwrap();
    assert_eq!((found.name.as_str(), found.created_by.as_str(), found.created_at), ("nightly", "olga", NOW));
    assert_eq!((found.permissions, found.last_used_at), (Module::Users.edit().into(), None));
    assert!(live(NOW + secs(3600)).await.is_none(), "over");
    assert!(store.api_key_of(&vs(), &hash("another")).await.unwrap().is_none());
    assert!(store.api_key_of(&VirtualServerId::new("other"), &hash("nightly")).await.unwrap().is_none());

    store.touch_api_key(&vs(), &found.id, NOW + secs(60)).await.unwrap();
    assert_eq!(live(NOW).await.unwrap().last_used_at, None, "the first use is an act");
    done(commit_at(&store, Act::ApiKeyUseFirst { id: found.id.clone() }, NOW + secs(5)).await);
    lost(commit(&store, Act::ApiKeyUseFirst { id: found.id.clone() }).await, 0);
    for at in [secs(120), secs(60)] {
        store.touch_api_key(&vs(), &found.id, NOW + at).await.unwrap();
    }
    assert_eq!(live(NOW).await.unwrap().last_used_at, Some(NOW + secs(120)));

    done(commit(&store, revoke("nightly")).await);
    lost(commit(&store, revoke("nightly")).await, 0);
    assert!(live(NOW).await.is_none());
    let void = store.api_key_of(&vs(), &hash("nightly")).await.unwrap();
    assert!(void.is_some_and(|key| key.disabled), "it is known when it is tried on");
    done(commit(&store, Act::ApiKeyAdd(Box::new(same_name))).await);
    let all: Vec<bool> = store.api_keys(&vs()).await.unwrap().into_iter().map(|key| key.disabled).collect();
    assert_eq!(all.len(), 2);
    assert!(all.contains(&true) && all.contains(&false));
}

async fn the_first_use_of_a_key_is_one_of_many_at_once(world: Arc<World>) {
    let store = with_olga_and_otto(&world).await;
    done(commit(&store, Act::ApiKeyAdd(Box::new(key("nightly", "otto")))).await);
    let uses: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { commit(&store, Act::ApiKeyUseFirst { id: "k-nightly".into() }).await.is_ok() })
        })
        .collect();
    let mut firsts = 0;
    for each in uses {
        firsts += usize::from(each.await.unwrap());
    }
    assert_eq!(firsts, 1);
}

async fn keys_that_have_been_over_for_a_month_are_swept_away(world: Arc<World>) {
    let store = with_olga_and_otto(&world).await;
    done(commit(&store, Act::ApiKeyAdd(Box::new(key("nightly", "otto")))).await);
    let month = secs(30 * 24 * 3600);
    store.sweep(NOW + month).await.unwrap();
    assert_eq!(store.api_keys(&vs()).await.unwrap().len(), 1);
    store.sweep(NOW + secs(3600) + month).await.unwrap();
    assert!(store.api_keys(&vs()).await.unwrap().is_empty());
}

async fn a_key_that_is_revoked_is_over_at_that_moment_and_swept_away_a_month_later(world: Arc<World>) {
    let store = with_olga_and_otto(&world).await;
    let (month, year) = (secs(30 * 24 * 3600), secs(365 * 24 * 3600));
    let long = NewApiKey { expires_at: NOW + year, ..key("long", "otto") };
    done(commit(&store, Act::ApiKeyAdd(Box::new(long))).await);
    done(commit(&store, Act::ApiKeyAdd(Box::new(key("short", "otto")))).await);
    let (early, late) = (NOW + secs(60), NOW + secs(7200));
    done(commit_at(&store, revoke("long"), early).await);
    done(commit_at(&store, revoke("short"), late).await);
    let ends = store.api_keys(&vs()).await.unwrap().into_iter().map(|key| (key.disabled, key.expires_at));
    assert_eq!(ends.collect::<Vec<_>>(), [(true, early), (true, NOW + secs(3600))], "what was over stays as it was");
    store.sweep(early + month - secs(1)).await.unwrap();
    assert_eq!(store.api_keys(&vs()).await.unwrap().len(), 2, "for a month it is known when it is tried on");
    store.sweep(early + month).await.unwrap();
    let left = store.api_keys(&vs()).await.unwrap();
    assert_eq!(left.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["short"]);
}
