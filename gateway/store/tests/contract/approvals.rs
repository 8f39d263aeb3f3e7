//! Acts that wait for a second operator, and how many operators there must be who may do everything.

use std::sync::Arc;

use doorward_api::operator::{CustomRole, NewOperator, Role, RoleRef};
use doorward_api::ports::*;
use doorward_api::settings::{Approvals, Document};
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    an_act_is_kept_whole_and_found_by_who_has_to_do_with_it,
    an_act_moves_once_and_only_by_whom_it_may_be_moved,
    an_act_that_is_over_goes_nowhere_and_is_recorded_once,
    as_many_acts_wait_as_may,
    nobody_alone_keeps_all_others_from_asking,
    a_key_has_asked_for_what_was_asked_for_by_it,
    of_two_who_approve_at_once_one_has_it_done,
    a_list_of_acts_goes_on_where_it_ended,
    the_last_who_may_do_everything_stay_whatever_their_role_is_called,
    while_anything_takes_two_operators_two_stay,
    two_ways_to_the_last_administrator_at_once_leave_one,
);

const DAY: u64 = 24 * 3600;

pub(crate) fn act(name: &str, by: &str) -> NewPendingAct {
    NewPendingAct {
        id: ApprovalId::new(name),
        operator: OperatorId::new(by),
        operator_name: by.into(),
        api_key: None,
        act: HeldAct::UserDelete { user: alice() },
        about: "alice".into(),
        expires_at: NOW + secs(DAY),
        most: 10,
        most_of_one: 10,
    }
}

pub(crate) fn keep(new: NewPendingAct) -> Act {
    Act::PendingActAdd(Box::new(new))
}

fn go_on(name: &str, from: ApprovalState, to: ApprovalState, by: &str) -> Act {
    let by = (!by.is_empty()).then(|| (OperatorId::new(by), by.to_owned()));
    Act::PendingActMove { id: ApprovalId::new(name), from, to, by, expires_at: None }
}

fn reader(name: &str, may: Permissions) -> Reader {
    Reader { operator: OperatorId::new(name), api_key: None, may }
}

async fn stands(store: &Store, name: &str) -> ApprovalState {
    store.pending_act(&vs(), &ApprovalId::new(name)).await.unwrap().unwrap().state
}

async fn an_act_is_kept_whole_and_found_by_who_has_to_do_with_it(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, keep(NewPendingAct { api_key: Some("nightly".into()), ..act("a", "olga") })).await);
    lost(commit(&store, keep(act("a", "olga"))).await, 0);
    let found = store.pending_act(&vs(), &ApprovalId::new("a")).await.unwrap().unwrap();
    assert_eq!((found.act, found.about.as_str()), (HeldAct::UserDelete { user: alice() }, "alice"));
    assert_eq!((found.operator_name.as_str(), found.api_key.as_deref()), ("olga", Some("nightly")));
    assert_eq!((found.asked_at, found.state, found.decided_by), (NOW, ApprovalState::Waiting, None));
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    assert_eq!(store.pending_act(&other, &ApprovalId::new("a")).await.unwrap(), None);

    let listed = async |who: &Reader| store.pending_acts(&vs(), who, true, &first(10), NOW).await.unwrap().items.len();
    let waiting = async |who: &Reader| store.acts_waiting_for(&vs(), who, NOW).await.unwrap();
    let own = reader("olga", Permissions::NONE);
    assert_eq!((listed(&own).await, waiting(&own).await), (1, 0), "one's own waits for others");
    for may in [Permissions::ALL, Module::Users.delete().into()] {
        let who = reader("oleg", may);
        assert_eq!((listed(&who).await, waiting(&who).await), (1, 1), "{may:?}");
    }
    for may in [Permissions::HELP_DESK, Module::Tokens.delete().into(), Permissions::NONE] {
        let who = reader("oleg", may);
        assert_eq!((listed(&who).await, waiting(&who).await), (0, 0), "{may:?}");
    }
    assert!(
        store
            .pending_acts(&other, &reader("oleg", Permissions::ALL), false, &first(10), NOW)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert_eq!(store.open_acts_of(&vs(), &OperatorId::new("olga"), NOW).await.unwrap().len(), 1);
    assert!(store.open_acts_of(&vs(), &OperatorId::new("oleg"), NOW).await.unwrap().is_empty());
}

async fn an_act_moves_once_and_only_by_whom_it_may_be_moved(world: Arc<World>) {
    use ApprovalState::{Approved, Done, Refused, Waiting, Withdrawn};
    let store = inhabited(&world).await;
    for name in ["a", "b", "c", "d", "e"] {
        done(commit(&store, keep(act(name, "olga"))).await);
    }
    for to in [Done, Approved, Refused] {
        lost(commit(&store, go_on("a", Waiting, to, "olga")).await, 0);
        lost(commit(&store, go_on("a", Waiting, to, "")).await, 0);
    }
    lost(commit(&store, go_on("a", Waiting, Withdrawn, "oleg")).await, 0);
    lost(commit(&store, go_on("a", Approved, Done, "olga")).await, 0);
    done(commit(&store, go_on("a", Waiting, Done, "oleg")).await);
    lost(commit(&store, go_on("a", Waiting, Done, "oleg")).await, 0);
    done(commit(&store, go_on("b", Waiting, Refused, "oleg")).await);
    lost(commit(&store, go_on("b", Waiting, Done, "oleg")).await, 0);

    let later = Some(NOW + secs(2 * DAY));
    let approved = Act::PendingActMove {
        id: ApprovalId::new("c"),
        from: Waiting,
        to: Approved,
        by: Some((OperatorId::new("oleg"), "oleg".into())),
        expires_at: later,
    };
    done(commit(&store, approved).await);
    assert_eq!(store.acts_waiting_for(&vs(), &reader("olga", Permissions::NONE), NOW).await.unwrap(), 1);
    lost(commit(&store, go_on("c", Approved, Done, "oleg")).await, 0);
    done(commit_at(&store, go_on("c", Approved, Done, "olga"), NOW + secs(DAY + 1)).await);
    let c = store.pending_act(&vs(), &ApprovalId::new("c")).await.unwrap().unwrap();
    assert_eq!((c.state, c.decided_by.as_deref(), Some(c.expires_at)), (Done, Some("oleg"), later));
    // What may be done more than once goes on standing there, since when it was approved.
    done(commit(&store, go_on("e", Waiting, Approved, "oleg")).await);
    lost(commit_at(&store, go_on("e", Approved, Approved, "oleg"), NOW + secs(5)).await, 0);
    done(commit_at(&store, go_on("e", Approved, Approved, "olga"), NOW + secs(5)).await);
    let e = store.pending_act(&vs(), &ApprovalId::new("e")).await.unwrap().unwrap();
    assert_eq!((e.state, e.decided_at, e.decided_by.as_deref()), (Approved, Some(NOW), Some("oleg")));
    lost(commit_at(&store, go_on("e", Approved, Approved, "olga"), NOW + secs(DAY)).await, 0);
    done(commit(&store, go_on("e", Approved, Withdrawn, "olga")).await);
    lost(commit(&store, go_on("e", Approved, Approved, "olga")).await, 0);
    done(commit(&store, go_on("d", Waiting, Withdrawn, "olga")).await);
    let d = store.pending_act(&vs(), &ApprovalId::new("d")).await.unwrap().unwrap();
    assert_eq!((d.state, d.decided_by), (Withdrawn, None));
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    lost(store.commit(&other, Change::of(go_on("d", Waiting, Done, "oleg")), NOW).await, 0);
}

async fn an_act_that_is_over_goes_nowhere_and_is_recorded_once(world: Arc<World>) {
    use ApprovalState::{Done, Expired, Waiting};
    let (store, second) = (inhabited(&world).await, world.open());
    done(commit(&store, keep(act("a", "olga"))).await);
    lost(commit(&store, go_on("a", Waiting, Expired, "")).await, 0);
    let over = NOW + secs(DAY);
    lost(commit_at(&store, go_on("a", Waiting, Done, "oleg"), over).await, 0);
    let (one, other) = tokio::join!(store.sweep(over), second.sweep(over));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(stands(&store, "a").await, Expired);
    let recorded = of_kind(&whole_chain(&store).await, EventKind::ApprovalExpired);
    assert_eq!((recorded.len(), &recorded[0]["details"]["askedBy"]), (1, &"olga".into()));
    store.sweep(over + secs(29 * DAY)).await.unwrap();
    assert_eq!(stands(&store, "a").await, Expired, "it can be looked up for a month");
    store.sweep(over + secs(30 * DAY)).await.unwrap();
    assert_eq!(store.pending_act(&vs(), &ApprovalId::new("a")).await.unwrap(), None);
}

async fn as_many_acts_wait_as_may(world: Arc<World>) {
    let store = inhabited(&world).await;
    let one_more = |name: &str| keep(NewPendingAct { most: 2, ..act(name, "olga") });
    done(commit(&store, one_more("a")).await);
    done(commit(&store, one_more("b")).await);
    lost(commit(&store, one_more("c")).await, 0);
    done(commit(&store, go_on("a", ApprovalState::Waiting, ApprovalState::Refused, "oleg")).await);
    done(commit(&store, one_more("c")).await);
    let over = NOW + secs(DAY);
    let late = NewPendingAct { expires_at: over + secs(DAY), most: 2, ..act("d", "olga") };
    done(commit_at(&store, keep(late), over).await);
}

async fn nobody_alone_keeps_all_others_from_asking(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    let one_more = |name: &str, by: &str| keep(NewPendingAct { most: 4, most_of_one: 2, ..act(name, by) });
    let by_key = NewPendingAct { api_key: Some("nightly".into()), most: 4, most_of_one: 2, ..act("a", "olga") };
    done(commit(&store, keep(by_key)).await);
    done(commit(&store, one_more("b", "olga")).await);
    lost(commit(&store, one_more("c", "olga")).await, 0);
    for name in ["c", "d"] {
        done(commit(&store, one_more(name, "oleg")).await);
    }
    lost(commit(&store, one_more("e", "ines")).await, 0);
    done(commit(&store, go_on("a", ApprovalState::Waiting, ApprovalState::Withdrawn, "olga")).await);
    let (one, other) = tokio::join!(commit(&store, one_more("e", "olga")), commit(&second, one_more("f", "olga")));
    assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
}

async fn a_key_has_asked_for_what_was_asked_for_by_it(world: Arc<World>) {
    let store = inhabited(&world).await;
    let by = |name: &str, key: Option<&str>| NewPendingAct { api_key: key.map(str::to_owned), ..act(name, "olga") };
    for new in [by("by hand", None), by("nightly", Some("nightly")), by("weekly", Some("weekly"))] {
        done(commit(&store, keep(new)).await);
    }
    let of_other = NewPendingAct { api_key: Some("nightly".into()), ..act("of oleg", "oleg") };
    done(commit(&store, keep(of_other)).await);
    let key = |may| Reader { api_key: Some("nightly".into()), ..reader("olga", may) };
    let names = async |who: &Reader| {
        let listed = store.pending_acts(&vs(), who, false, &first(10), NOW).await.unwrap().items;
        let mut names: Vec<String> = listed.into_iter().map(|act| act.id.to_string()).collect();
        names.sort();
        names
    };
    let (little, all) = (key(Permissions::NONE), key(Module::Users.delete().into()));
    assert_eq!(names(&little).await, ["nightly"]);
    assert_eq!(names(&all).await, ["by hand", "nightly", "of oleg", "weekly"], "by what it may");
    let session = reader("olga", Permissions::NONE);
    assert_eq!(names(&session).await, ["by hand", "nightly", "weekly"], "its operator sees what it asks for");

    let waiting = async |who: &Reader| store.acts_waiting_for(&vs(), who, NOW).await.unwrap();
    assert_eq!((waiting(&little).await, waiting(&all).await, waiting(&session).await), (0, 1, 0));
    for name in ["by hand", "nightly"] {
        done(commit(&store, go_on(name, ApprovalState::Waiting, ApprovalState::Approved, "oleg")).await);
    }
    assert_eq!((waiting(&little).await, waiting(&all).await, waiting(&session).await), (1, 2, 2));
}

/// Each has the user deleted, and the act moved in the same change.
async fn of_two_who_approve_at_once_one_has_it_done(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    for round in 0..10 {
        let name = format!("a{round}");
        done(commit(&store, keep(act(&name, "olga"))).await);
        let change = |by: &str| {
            let moved = go_on(&name, ApprovalState::Waiting, ApprovalState::Done, by);
            Change::of(moved)
                .and(Act::OneTimePut(ticket(&format!("{by} {round}"))))
                .record(event(EventKind::ApprovalGiven))
        };
        let (vs, one, other) = (vs(), change("oleg"), change("ivo"));
        let (one, other) = tokio::join!(store.commit(&vs, one, NOW), second.commit(&vs, other, NOW));
        assert!(one.is_ok() != other.is_ok(), "round {round}: {one:?}, {other:?}");
    }
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::ApprovalGiven).len(), 10);
}

async fn a_list_of_acts_goes_on_where_it_ended(world: Arc<World>) {
    let store = inhabited(&world).await;
    for number in 0..5 {
        let new = NewPendingAct { expires_at: NOW + secs(2 * DAY), ..act(&format!("a{number}"), "olga") };
        // Two of the same moment.
        done(commit_at(&store, keep(new), NOW + secs(number / 2)).await);
    }
    let (who, mut page, mut names) = (reader("oleg", Permissions::ALL), first(2), Vec::new());
    loop {
        let part = store.pending_acts(&vs(), &who, false, &page, NOW + secs(5)).await.unwrap();
        names.extend(part.items.into_iter().map(|act| act.id.to_string()));
        let Some(next) = part.next else { break };
        page.after = next;
    }
    assert_eq!(names, ["a4", "a3", "a2", "a1", "a0"]);
    page.after = "no place".into();
    assert!(store.pending_acts(&vs(), &who, false, &page, NOW).await.unwrap().items.is_empty());
}

fn everything(name: &str, permissions: Permissions, version: i64) -> CustomRole {
    CustomRole { id: RoleId::new(format!("r-{name}")), name: name.into(), permissions, version }
}

fn of(name: &str) -> RoleRef {
    RoleRef::Custom(RoleId::new(format!("r-{name}")))
}

async fn role(store: &Store, name: &str, role: impl Into<RoleRef>) -> Act {
    give_role(store, name, role).await
}

async fn disable(store: &Store, name: &str) -> Act {
    switch(store, name, true).await
}

/// olga, an administrator, and eva, whose role is everything.
async fn with_olga_and_eva(world: &World) -> Store {
    let store = inhabited(world).await;
    done(commit(&store, Act::RoleAdd(everything("All", Permissions::ALL, 1))).await);
    done(commit(&store, Act::OperatorAdd(Box::new(operator("olga", Role::Administrator)))).await);
    let eva = NewOperator { role: of("All"), ..operator("eva", Role::Auditor) };
    done(commit(&store, Act::OperatorAdd(Box::new(eva))).await);
    store
}

async fn the_last_who_may_do_everything_stay_whatever_their_role_is_called(world: Arc<World>) {
    let store = with_olga_and_eva(&world).await;
    done(commit(&store, role(&store, "olga", Role::Auditor).await).await);
    lost(commit(&store, role(&store, "eva", Role::HelpDesk).await).await, 0);
    lost(commit(&store, disable(&store, "eva").await).await, 0);
    let less = everything("All", Permissions::HELP_DESK, 1);
    lost(commit(&store, Act::RoleSet(less.clone())).await, 0);
    let renamed = CustomRole { name: "Everything".into(), ..everything("All", Permissions::ALL, 1) };
    done(commit(&store, Act::RoleSet(renamed)).await);
    let less = CustomRole { version: 2, ..less };
    done(commit(&store, role(&store, "eva", Role::Administrator).await).await);
    done(commit(&store, Act::RoleSet(less)).await);
    lost(commit(&store, disable(&store, "eva").await).await, 0);
    // A role that lacks anything is not everything.
    let nearly: Permissions = Permissions::ALL.iter().filter(|one| *one != Module::Audit.export()).collect();
    done(commit(&store, Act::RoleAdd(everything("Nearly", nearly, 1))).await);
    done(commit(&store, role(&store, "olga", of("Nearly")).await).await);
    lost(commit(&store, disable(&store, "eva").await).await, 0);
    done(commit(&store, Act::RoleSet(everything("Nearly", Permissions::ALL, 1))).await);
    done(commit(&store, disable(&store, "eva").await).await);
    lost(commit(&store, Act::RoleSet(everything("Nearly", nearly, 2))).await, 0);
}

fn takes_two(on: bool, seen: i64) -> Act {
    let document = Approvals { operators: on, ..Approvals::of_new() };
    Act::SettingSet {
        kind: SettingKind::Approvals,
        seen,
        body: serde_json::to_string(&document).unwrap(),
        operator: "olga".into(),
        changes: Vec::new(),
    }
}

async fn while_anything_takes_two_operators_two_stay(world: Arc<World>) {
    let store = with_olga_and_eva(&world).await;
    let switched_on = |seen| Change::of(takes_two(true, seen)).and(Act::AdministratorsAreThere { least: 2 });
    done(commit(&store, disable(&store, "eva").await).await);
    lost(store.commit(&vs(), switched_on(0), NOW).await, 1);
    assert_eq!(store.document(&vs(), SettingKind::Approvals).await.unwrap().version, 0);
    done(commit(&store, switch(&store, "eva", false).await).await);
    done(store.commit(&vs(), switched_on(0), NOW).await);
    for act in [
        disable(&store, "eva").await,
        disable(&store, "olga").await,
        role(&store, "olga", Role::Auditor).await,
        role(&store, "eva", Role::Auditor).await,
    ] {
        lost(commit(&store, act).await, 0);
    }
    lost(commit(&store, Act::RoleSet(everything("All", Permissions::HELP_DESK, 1))).await, 0);
    done(commit(&store, Act::OperatorAdd(Box::new(operator("ines", Role::Administrator)))).await);
    done(commit(&store, disable(&store, "eva").await).await);
    lost(commit(&store, disable(&store, "olga").await).await, 0);
    done(commit(&store, takes_two(false, 1)).await);
    done(commit(&store, disable(&store, "olga").await).await);
    lost(commit(&store, disable(&store, "ines").await).await, 0);
}

/// One switches the administrator off, the other makes the role of the only other one less.
async fn two_ways_to_the_last_administrator_at_once_leave_one(world: Arc<World>) {
    let (store, second) = (with_olga_and_eva(&world).await, world.open());
    let mut version = 1;
    for round in 0..20 {
        let less = Act::RoleSet(everything("All", Permissions::AUDITOR, version));
        let (vs, one, other) = (vs(), Change::of(disable(&store, "olga").await), Change::of(less));
        let (one, other) = tokio::join!(store.commit(&vs, one, NOW), second.commit(&vs, other, NOW));
        assert!(one.is_ok() != other.is_ok(), "round {round}: {one:?}, {other:?}");
        done(commit(&store, switch(&store, "olga", false).await).await);
        if other.is_ok() {
            version += 1;
            done(commit(&store, Act::RoleSet(everything("All", Permissions::ALL, version))).await);
            version += 1;
        }
    }
}
