//! Operators and their sessions at the console.

use std::sync::Arc;

use doorward_api::operator::{NewOperator, NewOperatorSession, RecoveredOperator, Role};
use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    an_operator_reads_back_as_they_were_made,
    an_operators_passcode_is_used_once,
    who_is_made_switched_off_signs_in_nowhere_and_is_no_administrator_yet,
    a_new_password_leaves_one_session,
    who_is_recovered_has_another_password_and_second_factor_and_no_session,
    what_rests_on_a_document_is_undone_when_it_is_another_by_now,
    a_session_at_the_console_lives_as_long_as_it_is_used,
    an_operator_who_is_switched_off_has_no_session_and_gets_none,
    a_virtual_server_keeps_its_last_administrator,
    two_administrators_who_disable_each_other_at_once_leave_one,
    an_operator_is_changed_only_while_they_have_the_role_that_was_judged,
    of_two_roles_that_are_given_at_once_one_is,
    an_invitation_is_taken_once,
    the_operators_of_one_virtual_server_are_nobody_in_another,
);

fn add(name: &str, role: Role) -> Act {
    Act::OperatorAdd(Box::new(operator(name, role)))
}

async fn disable(store: &Store, name: &str, disabled: bool) -> Act {
    switch(store, name, disabled).await
}

async fn role(store: &Store, name: &str, role: Role) -> Act {
    give_role(store, name, role).await
}

fn used(name: &str, version: i64) -> Act {
    Act::OperatorUse { id: OperatorId::new(name), version, opened: bytes("spent") }
}

fn password(name: &str, keep: &str) -> Act {
    Act::OperatorPassword { id: OperatorId::new(name), hash: "$argon2id$new".into(), keep: SessionId::new(keep) }
}

async fn names(store: &Store) -> Vec<String> {
    store.operators(&vs()).await.unwrap().into_iter().map(|one| one.name).collect()
}

async fn an_operator_reads_back_as_they_were_made(world: Arc<World>) {
    let store = inhabited(&world).await;
    assert!(names(&store).await.is_empty());
    for (name, role) in [("Paul", Role::HelpDesk), ("Olga", Role::Administrator), ("anna", Role::Auditor)] {
        done(commit(&store, add(name, role)).await);
    }
    let olga = store.operator_by_name(&vs(), &FoldedName::assume("olga")).await.unwrap().unwrap();
    assert_eq!((olga.id.as_str(), olga.name.as_str(), olga.role), ("Olga", "Olga", Role::Administrator.into()));
    assert_eq!((olga.plugin.as_str(), olga.opened.expose(), olga.version), ("otp", &b"second factor"[..], 1));
    assert_eq!((olga.password_hash.as_str(), olga.disabled), ("$argon2id$of-an-operator", false));
    assert_eq!((olga.created_at, olga.last_seen_at), (NOW, None));
    assert!(store.operator_by_name(&vs(), &FoldedName::assume("Olga")).await.unwrap().is_none(), "by folded name");
    assert_eq!(names(&store).await, ["Olga", "Paul", "anna"]);

    let again = NewOperator { id: OperatorId::new("another"), name: "OLGA".into(), ..operator("Olga", Role::Auditor) };
    lost(commit(&store, Act::OperatorAdd(Box::new(again))).await, 0);
    let password = |name: &str| password(name, "s");
    done(commit(&store, password("Paul")).await);
    done(commit(&store, role(&store, "Paul", Role::Administrator).await).await);
    let paul = store.operator(&vs(), &OperatorId::new("Paul")).await.unwrap().unwrap();
    assert_eq!(
        (paul.password_hash.as_str(), paul.role, paul.version),
        ("$argon2id$new", Role::Administrator.into(), 2)
    );
    for act in [
        password("nobody"),
        role(&store, "nobody", Role::Auditor).await,
        disable(&store, "nobody", true).await,
        disable(&store, "nobody", false).await,
    ] {
        lost(commit(&store, act).await, 0);
    }
}

async fn an_operators_passcode_is_used_once(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add("olga", Role::Administrator)).await);
    lost(commit(&store, used("olga", 2)).await, 0);
    done(commit(&store, used("olga", 1)).await);
    lost(commit(&store, used("olga", 1)).await, 0);
    lost(commit(&store, used("nobody", 1)).await, 0);
    let olga = store.operator(&vs(), &OperatorId::new("olga")).await.unwrap().unwrap();
    assert_eq!((olga.version, olga.opened.expose()), (2, &b"spent"[..]));
}

async fn who_is_made_switched_off_signs_in_nowhere_and_is_no_administrator_yet(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add("olga", Role::Administrator)).await);
    let otto = NewOperator { disabled: true, ..operator("otto", Role::Administrator) };
    done(commit(&store, Act::OperatorAdd(Box::new(otto))).await);
    lost(commit(&store, Act::OperatorSessionStart(operator_session("s", "otto"))).await, 0);
    lost(commit(&store, disable(&store, "olga", true).await).await, 0);
    done(commit(&store, disable(&store, "otto", false).await).await);
    done(commit(&store, Act::OperatorSessionStart(operator_session("s", "otto"))).await);
    done(commit(&store, disable(&store, "olga", true).await).await);
}

async fn a_new_password_leaves_one_session(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["olga", "paul"] {
        done(commit(&store, add(name, Role::Administrator)).await);
        for place in ["here", "there"] {
            done(commit(&store, Act::OperatorSessionStart(operator_session(&format!("{name} {place}"), name))).await);
        }
    }
    done(commit(&store, password("olga", "olga here")).await);
    let lives = async |name: &str| store.operator_session(&vs(), &hash(name), secs(60), NOW).await.unwrap().is_some();
    assert!(lives("olga here").await && !lives("olga there").await);
    assert!(lives("paul here").await && lives("paul there").await, "of olga only");
    // Whoever was about to sign in with the old one has read another version.
    lost(commit(&store, used("olga", 1)).await, 0);
    done(commit(&store, used("olga", 2)).await);
}

async fn who_is_recovered_has_another_password_and_second_factor_and_no_session(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["olga", "paul"] {
        done(commit(&store, add(name, Role::HelpDesk)).await);
        done(commit(&store, Act::OperatorSessionStart(operator_session(name, name))).await);
    }
    let anew = |seen: &str, judged: Role| {
        Act::OperatorRecover(Box::new(RecoveredOperator {
            id: OperatorId::new("olga"),
            judged: judged.into(),
            seen: seen.into(),
            password_hash: "$argon2id$anew".into(),
            plugin: "other".into(),
            opened: bytes("another factor"),
        }))
    };
    lost(commit(&store, anew("$argon2id$another", Role::HelpDesk)).await, 0);
    lost(commit(&store, anew("$argon2id$of-an-operator", Role::Auditor)).await, 0);
    let lives = async |name: &str| store.operator_session(&vs(), &hash(name), secs(60), NOW).await.unwrap().is_some();
    assert!(lives("olga").await);
    done(commit(&store, anew("$argon2id$of-an-operator", Role::HelpDesk)).await);
    lost(commit(&store, anew("$argon2id$of-an-operator", Role::HelpDesk)).await, 0);
    assert!(!lives("olga").await && lives("paul").await);
    let olga = store.operator(&vs(), &OperatorId::new("olga")).await.unwrap().unwrap();
    assert_eq!((olga.password_hash.as_str(), olga.plugin.as_str()), ("$argon2id$anew", "other"));
    assert_eq!((olga.opened.expose(), olga.version), (&b"another factor"[..], 2));
    assert_eq!((olga.name.as_str(), olga.role, olga.disabled), ("olga", Role::HelpDesk.into(), false));
}

async fn what_rests_on_a_document_is_undone_when_it_is_another_by_now(world: Arc<World>) {
    let store = inhabited(&world).await;
    let still = |seen| Act::SettingsStill { seen: vec![(SettingKind::Lockout, 0), (SettingKind::Approvals, seen)] };
    done(commit(&store, still(0)).await);
    lost(commit(&store, still(1)).await, 0);
    done(commit(&store, set(SettingKind::Approvals, 0)).await);
    lost(store.commit(&vs(), Change::of(add("olga", Role::Administrator)).and(still(0)), NOW).await, 1);
    assert!(names(&store).await.is_empty());
    done(store.commit(&vs(), Change::of(add("olga", Role::Administrator)).and(still(1)), NOW).await);
}

async fn a_session_at_the_console_lives_as_long_as_it_is_used(world: Arc<World>) {
    let store = inhabited(&world).await;
    let idle = secs(900);
    done(commit(&store, add("olga", Role::HelpDesk)).await);
    lost(commit(&store, Act::OperatorSessionStart(operator_session("s", "nobody"))).await, 0);
    done(commit_at(&store, Act::OperatorSessionStart(operator_session("s", "olga")), NOW + secs(5)).await);
    lost(commit(&store, Act::OperatorSessionStart(operator_session("s", "olga"))).await, 0);
    let at = async |at: Timestamp| store.operator_session(&vs(), &hash("s"), idle, at).await.unwrap();
    let found = at(NOW + secs(10)).await.unwrap();
    assert_eq!(
        (found.id.as_str(), found.operator.name.as_str(), found.operator.role),
        ("s", "olga", Role::HelpDesk.into())
    );
    let began = NOW + secs(5);
    assert_eq!((found.created_at, found.last_seen_at, found.proved_at), (began, began, began));
    assert_eq!((found.expires_at, found.operator.last_seen_at), (NOW + secs(8 * 3600), Some(began)));
    assert!(store.operator_session(&vs(), &hash("another"), idle, NOW).await.unwrap().is_none());

    assert!(at(began + idle).await.is_some());
    assert!(at(began + idle + secs(1)).await.is_none(), "idle");
    store.touch_operator(&vs(), &SessionId::new("s"), NOW + secs(600)).await.unwrap();
    store.touch_operator(&vs(), &SessionId::new("s"), NOW + secs(300)).await.unwrap();
    assert_eq!(at(NOW + secs(1500)).await.unwrap().last_seen_at, NOW + secs(600));
    let proved = |id: &str| Act::OperatorSessionProved { id: SessionId::new(id) };
    done(commit_at(&store, proved("s"), NOW + secs(700)).await);
    let found = at(NOW + secs(700)).await.unwrap();
    assert_eq!((found.proved_at, found.created_at), (NOW + secs(700), began));
    done(commit(&store, role(&store, "olga", Role::Auditor).await).await);
    assert_eq!(at(NOW + secs(700)).await.unwrap().operator.role, Role::Auditor, "as of now");

    let over = NOW + secs(8 * 3600);
    store.touch_operator(&vs(), &SessionId::new("s"), over).await.unwrap();
    assert!(at(over).await.is_none(), "the absolute end");
    lost(commit_at(&store, proved("s"), over).await, 0);
    let end = Act::OperatorSessionEnd { id: SessionId::new("s") };
    done(commit(&store, end.clone()).await);
    done(commit(&store, end).await);
    lost(commit(&store, proved("s")).await, 0);
    assert!(at(NOW + secs(700)).await.is_none());
}

async fn an_operator_who_is_switched_off_has_no_session_and_gets_none(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["olga", "paul"] {
        done(commit(&store, add(name, Role::Administrator)).await);
        done(commit(&store, Act::OperatorSessionStart(operator_session(&format!("of {name}"), name))).await);
    }
    done(commit(&store, disable(&store, "olga", true).await).await);
    done(commit(&store, disable(&store, "olga", true).await).await);
    let lives = async |name: &str| store.operator_session(&vs(), &hash(name), secs(60), NOW).await.unwrap().is_some();
    assert!(!lives("of olga").await && lives("of paul").await);
    lost(commit(&store, Act::OperatorSessionStart(operator_session("late", "olga"))).await, 0);
    assert!(store.operator(&vs(), &OperatorId::new("olga")).await.unwrap().unwrap().disabled);
    done(commit(&store, disable(&store, "olga", false).await).await);
    assert!(!lives("of olga").await, "what has ended does not come back");
    done(commit(&store, Act::OperatorSessionStart(operator_session("anew", "olga"))).await);
    // Whoever writes past the gateway ends it as well.
    world.sql("UPDATE operator SET disabled = TRUE WHERE id = 'olga'").await;
    assert!(!lives("anew").await);
}

async fn a_virtual_server_keeps_its_last_administrator(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add("olga", Role::Administrator)).await);
    done(commit(&store, add("paul", Role::Administrator)).await);
    done(commit(&store, add("anna", Role::Auditor)).await);
    done(commit(&store, disable(&store, "paul", true).await).await);
    lost(commit(&store, disable(&store, "olga", true).await).await, 0);
    lost(commit(&store, role(&store, "olga", Role::HelpDesk).await).await, 0);
    done(commit(&store, role(&store, "olga", Role::Administrator).await).await);
    done(commit(&store, disable(&store, "anna", true).await).await);
    done(commit(&store, role(&store, "anna", Role::HelpDesk).await).await);
    // One who is switched off is none, whatever their role is.
    done(commit(&store, role(&store, "paul", Role::Auditor).await).await);
    done(commit(&store, role(&store, "paul", Role::Administrator).await).await);
    lost(commit(&store, disable(&store, "olga", true).await).await, 0);
    done(commit(&store, disable(&store, "paul", false).await).await);
    done(commit(&store, role(&store, "olga", Role::HelpDesk).await).await);
    lost(commit(&store, role(&store, "paul", Role::HelpDesk).await).await, 0);
    done(commit(&store, disable(&store, "olga", true).await).await);
    // In one change, too.
    done(commit(&store, role(&store, "olga", Role::Administrator).await).await);
    done(commit(&store, disable(&store, "olga", false).await).await);
    lost(
        store
            .commit(
                &vs(),
                Change::of(disable(&store, "olga", true).await).and(disable(&store, "paul", true).await),
                NOW,
            )
            .await,
        1,
    );
    assert!(!store.operator(&vs(), &OperatorId::new("olga")).await.unwrap().unwrap().disabled);
}

/// Each sees the other as an administrator, unless they wait for each other.
async fn two_administrators_who_disable_each_other_at_once_leave_one(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    for name in ["olga", "paul"] {
        done(commit(&store, add(name, Role::Administrator)).await);
    }
    for round in 0..20 {
        // What lies behind gives the other the time to look.
        let change = |act: Act| {
            let name = act.name();
            let puts = (0..5).map(|n| Act::OneTimePut(ticket(&format!("{round} {name} {n}"))));
            Change { acts: std::iter::once(act).chain(puts).collect(), events: Vec::new() }
        };
        let (vs, one, other) =
            (vs(), change(disable(&store, "olga", true).await), change(role(&store, "paul", Role::Auditor).await));
        let (one, other) = tokio::join!(store.commit(&vs, one, NOW), second.commit(&vs, other, NOW));
        assert!(one.is_ok() != other.is_ok(), "round {round}: {one:?}, {other:?}");
        for act in [disable(&store, "olga", false).await, role(&store, "paul", Role::Administrator).await] {
            done(commit(&store, act).await);
        }
    }
}

async fn an_operator_is_changed_only_while_they_have_the_role_that_was_judged(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add("olga", Role::Administrator)).await);
    done(commit(&store, add("otto", Role::HelpDesk)).await);
    let otto = || OperatorId::new("otto");
    let to = |from: Role| Act::OperatorRole { id: otto(), from: from.into(), role: Role::Auditor.into() };
    let off = |from: Role, disabled| Act::OperatorDisable { id: otto(), from: from.into(), disabled };
    for other in [to(Role::Administrator), off(Role::Administrator, true), off(Role::Auditor, false)] {
        lost(commit(&store, other).await, 0);
    }
    done(commit(&store, off(Role::HelpDesk, true)).await);
    done(commit(&store, off(Role::HelpDesk, false)).await);
    done(commit(&store, to(Role::HelpDesk)).await);
    lost(commit(&store, to(Role::HelpDesk)).await, 0);
}

/// Both have judged the role that there was before.
async fn of_two_roles_that_are_given_at_once_one_is(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    done(commit(&store, add("olga", Role::Administrator)).await);
    done(commit(&store, add("otto", Role::HelpDesk)).await);
    for round in 0..10 {
        let (more, less) = (role(&store, "otto", Role::Administrator).await, role(&store, "otto", Role::Auditor).await);
        let (one, other) = tokio::join!(commit(&store, more), commit(&second, less));
        assert!(one.is_ok() != other.is_ok(), "round {round}: {one:?}, {other:?}");
        done(commit(&store, role(&store, "otto", Role::HelpDesk).await).await);
    }
}

async fn an_invitation_is_taken_once(world: Arc<World>) {
    let store = inhabited(&world).await;
    let invitation = OneTime { purpose: OneTimePurpose::OperatorInvite, ..ticket("i") };
    let take = || Act::OneTimeTake { purpose: OneTimePurpose::OperatorInvite, hash: hash("i") };
    done(commit(&store, Act::OneTimePut(invitation)).await);
    lost(commit(&store, take_ticket("i")).await, 0);
    done(store.commit(&vs(), Change::of(take()).and(add("olga", Role::Administrator)), NOW).await);
    lost(store.commit(&vs(), Change::of(take()).and(add("paul", Role::Administrator)), NOW).await, 0);
    assert_eq!(names(&store).await, ["olga"]);
}

async fn the_operators_of_one_virtual_server_are_nobody_in_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    done(commit(&store, add("olga", Role::Administrator)).await);
    done(commit(&store, Act::OperatorSessionStart(operator_session("s", "olga"))).await);
    let olga = OperatorId::new("olga");
    assert!(store.operator(&other, &olga).await.unwrap().is_none());
    assert!(store.operator_by_name(&other, &FoldedName::assume("olga")).await.unwrap().is_none());
    assert!(store.operators(&other).await.unwrap().is_empty());
    assert!(store.operator_session(&other, &hash("s"), secs(60), NOW).await.unwrap().is_none());
    store.touch_operator(&other, &SessionId::new("s"), NOW + secs(30)).await.unwrap();
    let elsewhere = async |act: Act| store.commit(&other, Change::of(act), NOW).await;
    for act in [
        used("olga", 1),
        password("olga", "none"),
        role(&store, "olga", Role::Auditor).await,
        disable(&store, "olga", true).await,
        disable(&store, "olga", false).await,
        Act::OperatorSessionStart(NewOperatorSession { id: SessionId::new("t"), ..operator_session("t", "olga") }),
        Act::OperatorSessionProved { id: SessionId::new("s") },
    ] {
        lost(elsewhere(act).await, 0);
    }
    done(elsewhere(Act::OperatorSessionEnd { id: SessionId::new("s") }).await);
    // An administrator there is none here.
    done(elsewhere(add("olga", Role::Administrator)).await);
    done(elsewhere(add("paul", Role::Administrator)).await);
    lost(commit(&store, disable(&store, "olga", true).await).await, 0);
    done(elsewhere(disable(&store, "olga", true).await).await);
    let session = store.operator_session(&vs(), &hash("s"), secs(60), NOW).await.unwrap().unwrap();
    assert_eq!((session.last_seen_at, session.operator.version), (NOW, 1));
}
