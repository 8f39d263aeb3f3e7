//! Users and groups as operators change them, and temporary passcodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_api::credential::NewCredential;
use doorward_api::enrolment::{EnrolmentFilter, EnrolmentResult};
use doorward_api::ports::*;
use doorward_api::user::UserDetails;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    a_record_is_changed_by_who_has_seen_the_newest,
    a_user_who_goes_leaves_nothing_that_is_theirs,
    what_a_user_had_under_way_and_held_is_recorded_when_they_go,
    a_user_who_goes_takes_along_what_is_made_for_them_at_that_moment,
    a_temporary_passcode_is_there_until_it_is_taken_away,
    a_group_is_made_renamed_and_deleted,
    a_user_joins_and_leaves,
    a_member_of_an_inner_group_is_a_member_of_the_outer_ones,
    no_group_comes_to_lie_in_itself,
    a_circle_that_was_made_past_the_gateway_holds_nobody_up,
    two_groups_put_into_each_other_at_once_make_no_circle,
    the_people_of_one_virtual_server_are_nobody_in_another,
);

fn bob() -> UserId {
    UserId::new("bob-row")
}

fn update(user: UserId, version: i64, email: Option<&str>, groups: &[&str]) -> Act {
    let groups = groups.iter().map(|group| GroupId::new(*group)).collect();
    let details = UserDetails { display_name: "Another Name".into(), email: email.map(str::to_owned), groups };
    Act::UserUpdate { user, version, details: Box::new(details) }
}

fn join(group: &str, user: UserId, member: bool) -> Act {
    Act::GroupMember { group: GroupId::new(group), user, member }
}

/// The names of the groups that a user is in, as sign-in sees them.
async fn groups_of(store: &Store, user: &UserId) -> Vec<String> {
    let user = store.user_by_id(&vs(), user).await.unwrap().unwrap();
    assert_eq!(store.user_by_name(&vs(), &FoldedName::assume(&user.name)).await.unwrap().as_ref(), Some(&user));
    user.groups.into_iter().map(|group| group.name).collect()
}

async fn version_of(store: &Store, user: &UserId) -> i64 {
    store.user_record(&vs(), user).await.unwrap().unwrap().version
}

async fn a_record_is_changed_by_who_has_seen_the_newest(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["admins", "zebra"] {
        done(commit(&store, add_group(name)).await);
    }
    let record = store.user_record(&vs(), &alice()).await.unwrap().unwrap();
    assert_eq!((record.version, record.has_password, record.created_at), (1, true, NOW));
    assert_eq!(record.direct_groups, record.user.groups);
    lost(commit(&store, update(alice(), 2, None, &[])).await, 0);
    done(commit(&store, update(alice(), 1, Some("new@example.test"), &["zebra", "admins"])).await);
    lost(commit(&store, update(alice(), 1, None, &[])).await, 0);
    let record = store.user_record(&vs(), &alice()).await.unwrap().unwrap();
    assert_eq!((record.version, record.user.display_name.as_str()), (2, "Another Name"));
    assert_eq!(record.user.email.as_deref(), Some("new@example.test"));
    assert_eq!(groups_of(&store, &alice()).await, ["admins", "zebra"]);
    lost(commit(&store, update(alice(), 2, None, &["no such group"])).await, 0);
    assert_eq!(groups_of(&store, &alice()).await, ["admins", "zebra"], "nothing of it is done");
    done(commit(&store, update(alice(), 2, None, &[])).await);
    assert!(groups_of(&store, &alice()).await.is_empty());
    lost(commit(&store, update(UserId::new("nobody"), 1, None, &[])).await, 0);
    assert!(store.user_record(&vs(), &UserId::new("nobody")).await.unwrap().is_none());
}

async fn a_user_who_goes_leaves_nothing_that_is_theirs(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", bob(), &["staff"])).await);
    let mut change = Change::default();
    for name in ["held", "lost"] {
        change = change.and(Act::CredentialStock(stock(name))).and(assign(name, &alice()));
    }
    let change = change
        .and(state("lost", &[TokenState::Assigned], TokenState::Lost))
        .and(activate("held", 1))
        .and(set_pin("held", 0, Some(pin("hash"))))
        .and(Act::SessionStart(portal_session("p")))
        .and(Act::SessionStart(app_session("a", "p")))
        .and(Act::FlowStart(Box::new(flow("f", Step::CodeIssued))))
        .and(Act::MailQueue(mail("m")))
        .and(Act::OneTimePut(ticket("o")))
        .and(give_passcode(&alice(), Some(temporary_passcode("hash"))));
    done(store.commit(&vs(), change, NOW).await);
    done(commit(&store, state("held", &[TokenState::Active], TokenState::Assigned)).await);
    for name in ["app", "old"] {
        done(commit(&store, Act::CredentialIssue(token(name))).await);
    }
    done(commit(&store, state("old", &[TokenState::Assigned], TokenState::Revoked)).await);

    let delete = delete_user;
    lost(commit(&store, delete(UserId::new("nobody"))).await, 0);
    done(commit(&store, delete(alice())).await);
    lost(commit(&store, delete(alice())).await, 0);
    assert!(store.user_by_id(&vs(), &alice()).await.unwrap().is_none());
    assert!(store.user_record(&vs(), &alice()).await.unwrap().is_none());
    for name in ["p", "a"] {
        assert!(store.session(&vs(), &hash(name), secs(60), NOW).await.unwrap().is_none(), "{name}");
    }
    assert!(store.flow(&vs(), &FlowId::new("f")).await.unwrap().is_none());
    assert!(store.delivery(&vs(), &MailId::new("m")).await.unwrap().is_none());
    assert!(store.one_time(&vs(), OneTimePurpose::Ticket, &hash("o"), NOW).await.unwrap().is_some());
    for (name, state) in [
        ("held", TokenState::Inventory),
        ("lost", TokenState::Lost),
        ("app", TokenState::Revoked),
        ("old", TokenState::Revoked),
    ] {
        let token = store.token(&vs(), &CredentialId::new(name)).await.unwrap().unwrap();
        assert_eq!((token.state, token.owner, token.has_pin), (state, None, false), "{name}");
        assert!(store.credential(&vs(), &CredentialId::new(name)).await.unwrap().is_none(), "{name}");
    }
    assert_eq!(groups_of(&store, &bob()).await, ["staff"], "others stay where they are");
    done(commit(&store, assign("held", &bob())).await);
    // The name is free again, and whoever gets it is somebody else.
    done(commit(&store, add_user("alice", UserId::new("another-row"), &[])).await);
    assert!(store.credentials_of(&vs(), &UserId::new("another-row")).await.unwrap().is_empty());
}

async fn what_a_user_had_under_way_and_held_is_recorded_when_they_go(world: Arc<World>) {
    let store = inhabited(&world).await;
    // A hardware token and an app of hers; one wizard with a token that was issued in it, one that ran out of time.
    let mut change = Change::of(Act::CredentialStock(stock("held"))).and(assign("held", &alice()));
    change = change.and(activate("held", 1));
    let app = NewCredential { most: 9, ..token("app") };
    change = change.and(Act::CredentialIssue(app)).and(activate_beside("app", 1, 9));
    for (id, end) in [("open", NOW + secs(900)), ("late", NOW + secs(1))] {
        let mut flow = Flow { expires_at: end, ..flow(id, Step::CodeIssued) };
        flow.data.credential = Some(CredentialId::new(id));
        let begun = AuditEvent::new(EventKind::AddAuthenticatorSelected, flow.context());
        let issued = NewCredential { most: 9, ..token(id) };
        change = change.and(Act::FlowStart(Box::new(flow))).and(Act::CredentialIssue(issued)).record(begun);
    }
    change = change.and(Act::FlowStart(Box::new(flow("signing-in", Step::Passcode))));
    done(store.commit(&vs(), change, NOW).await);

    done(commit_at(&store, delete_user(alice()), NOW + secs(60)).await);
    let results = async || {
        let found = store.enrolments(&vs(), &EnrolmentFilter::default(), &first(10)).await.unwrap().items;
        found.into_iter().map(|row| (row.enrolment.id, row.enrolment.result)).collect::<BTreeMap<_, _>>()
    };
    let expected = [("late", EnrolmentResult::Expired), ("open", EnrolmentResult::Cancelled)];
    assert_eq!(results().await, expected.map(|(id, result)| (id.to_owned(), result)).into());
    let chain = whole_chain(&store).await;
    let said = |kind: EventKind, fields: &[&str]| {
        let told = of_kind(&chain, kind);
        let each = told.iter().map(|record| {
            let field = |name: &&str| record.pointer(name).and_then(|it| it.as_str()).unwrap_or_default();
            fields.iter().map(field).collect::<Vec<_>>().join(" ")
        });
        each.collect::<Vec<_>>()
    };
    let ended = ["/context/transactionId", "/details/lastStep", "/context/globalAccessId", "/context/operator"];
    assert_eq!(said(EventKind::EnrollmentCancelled, &ended), ["open code_issued a request olga"]);
    assert_eq!(said(EventKind::EnrollmentExpired, &ended[..2]), ["late code_issued"]);
    let of_token =
        ["/details/serial", "/details/from", "/details/to", "/details/reason", "/details/actor", "/context/operator"];
    assert_eq!(
        said(EventKind::TokenRevoked, &of_token),
        [
            "DW-late assigned revoked expired system ",
            "DW-open assigned revoked cancelled operator olga",
            "DW-app active revoked user_deleted operator olga",
        ]
    );
    assert_eq!(said(EventKind::TokenReturned, &of_token), ["HW-held active inventory user_deleted operator olga"]);
    // The sweep finds nothing of hers that it would have to end.
    store.sweep(NOW + secs(7200)).await.unwrap();
    assert_eq!(of_kind(&whole_chain(&store).await, EventKind::EnrollmentExpired).len(), 1);
}

/// A sign-in that ends at the moment at which an operator deletes its user: one of the two is too late, never the deletion.
async fn a_user_who_goes_takes_along_what_is_made_for_them_at_that_moment(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    done(commit(&store, add_group("joined")).await);
    for round in 0..12 {
        let user = UserId::new(format!("row {round}"));
        done(commit(&store, add_user(&format!("user {round}"), user.clone(), &["staff"])).await);
        let session = doorward_api::session::NewSession { user: user.clone(), ..portal_session(&format!("s{round}")) };
        let signing_in = Change::of(Act::SessionStart(session)).and(join("joined", user.clone(), true));
        let (vs, gone) = (vs(), Change::of(delete_user(user.clone())));
        let (_, gone) = tokio::join!(store.commit(&vs, signing_in, NOW), second.commit(&vs, gone, NOW));
        done(gone);
        assert!(store.user_by_id(&vs, &user).await.unwrap().is_none());
        assert!(store.session(&vs, &hash(&format!("s{round}")), secs(60), NOW).await.unwrap().is_none());
    }
    assert_eq!(store.group(&vs(), &GroupId::new("joined")).await.unwrap().unwrap().members, 0);
}

async fn a_temporary_passcode_is_there_until_it_is_taken_away(world: Arc<World>) {
    let store = inhabited(&world).await;
    let read = async || store.temporary_passcode(&vs(), &alice()).await.unwrap();
    let told = async || store.user_record(&vs(), &alice()).await.unwrap().unwrap().temporary_passcode;
    assert_eq!((read().await, told().await), (None, None));
    done(commit(&store, give_passcode(&alice(), Some(temporary_passcode("first")))).await);
    done(commit(&store, give_passcode(&alice(), Some(temporary_passcode("second")))).await);
    assert_eq!(read().await, Some(temporary_passcode("second")));
    assert_eq!(told().await, Some((NOW + secs(3600), "left at home".to_owned())));
    assert_eq!(version_of(&store, &alice()).await, 1, "it is not what the record says");
    done(commit(&store, give_passcode(&alice(), None)).await);
    done(commit(&store, give_passcode(&alice(), None)).await);
    assert_eq!((read().await, told().await), (None, None));
    lost(commit(&store, give_passcode(&UserId::new("nobody"), None)).await, 0);
    lost(commit(&store, give_passcode(&UserId::new("nobody"), Some(temporary_passcode("x")))).await, 0);
}

async fn a_group_is_made_renamed_and_deleted(world: Arc<World>) {
    let store = inhabited(&world).await;
    let rename = |id: &str, name: &str| Act::GroupRename { id: GroupId::new(id), name: name.into() };
    let delete = |id: &str| Act::GroupDelete { id: GroupId::new(id) };
    let read = async |id: &str| store.group(&vs(), &GroupId::new(id)).await.unwrap();
    done(commit(&store, add_group("one")).await);
    lost(commit(&store, add_group("one")).await, 0);
    lost(commit(&store, Act::GroupAdd { id: GroupId::new("two"), name: "one".into() }).await, 0);
    lost(commit(&store, add_group("staff")).await, 0);
    done(commit(&store, add_group("two")).await);
    lost(commit(&store, rename("two", "one")).await, 0);
    lost(commit(&store, rename("none", "three")).await, 0);
    done(commit(&store, rename("two", "three")).await);
    done(commit(&store, rename("two", "three")).await);
    let record = read("two").await.unwrap();
    assert_eq!((record.name.as_str(), record.members, record.parents.len()), ("three", 0, 0));

    for act in [join("one", alice(), true), nest("two", "one", true)] {
        done(commit(&store, act).await);
    }
    assert_eq!(read("one").await.unwrap().members, 1, "only who is in it themselves");
    assert_eq!(read("two").await.unwrap().parents[0].name, "one");
    let before = version_of(&store, &alice()).await;
    done(commit(&store, delete("one")).await);
    lost(commit(&store, delete("one")).await, 0);
    assert!(read("one").await.is_none());
    assert_eq!(read("two").await.unwrap().parents, []);
    assert_eq!(groups_of(&store, &alice()).await, ["staff"]);
    assert_eq!(version_of(&store, &alice()).await, before + 1, "whoever has read the record reads it anew");
}

async fn a_user_joins_and_leaves(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_group("one")).await);
    for _ in 0..2 {
        done(commit(&store, join("one", alice(), true)).await);
        assert_eq!(groups_of(&store, &alice()).await, ["one", "staff"]);
        assert_eq!(version_of(&store, &alice()).await, 2, "what is so already is no change");
    }
    for _ in 0..2 {
        done(commit(&store, join("one", alice(), false)).await);
        assert_eq!(groups_of(&store, &alice()).await, ["staff"]);
        assert_eq!(version_of(&store, &alice()).await, 3);
    }
    for member in [true, false] {
        lost(commit(&store, join("none", alice(), member)).await, 0);
        lost(commit(&store, join("one", UserId::new("nobody"), member)).await, 0);
    }
}

/// "interns" lies in "staff", which lies in "everybody" and in "payroll"; and "everybody" in "all".
async fn a_member_of_an_inner_group_is_a_member_of_the_outer_ones(world: Arc<World>) {
    let store = world.open();
    inhabit(&store, &vs()).await;
    for name in ["interns", "crew", "everybody", "payroll", "all", "others"] {
        done(commit(&store, add_group(name)).await);
    }
    done(commit(&store, add_user("bob", bob(), &[])).await);
    for (inner, outer) in [("interns", "crew"), ("crew", "everybody"), ("crew", "payroll"), ("everybody", "all")] {
        for _ in 0..2 {
            done(commit(&store, nest(inner, outer, true)).await);
        }
    }
    assert!(groups_of(&store, &bob()).await.is_empty());
    done(commit(&store, join("interns", bob(), true)).await);
    done(commit(&store, join("payroll", bob(), true)).await);
    assert_eq!(groups_of(&store, &bob()).await, ["all", "crew", "everybody", "interns", "payroll"], "each once");
    assert_eq!(groups_of(&store, &alice()).await, ["staff"]);
    let record = store.user_record(&vs(), &bob()).await.unwrap().unwrap();
    assert_eq!(record.direct_groups.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["interns", "payroll"]);
    assert_eq!(record.user, store.user_by_id(&vs(), &bob()).await.unwrap().unwrap());
    let listed = store.users(&vs(), "bob", &first(10)).await.unwrap().items;
    assert_eq!(listed, [record]);

    for _ in 0..2 {
        done(commit(&store, nest("crew", "everybody", false)).await);
    }
    assert_eq!(groups_of(&store, &bob()).await, ["crew", "interns", "payroll"]);
    done(commit(&store, Act::GroupDelete { id: GroupId::new("crew") }).await);
    assert_eq!(groups_of(&store, &bob()).await, ["interns", "payroll"]);
    for member in [true, false] {
        lost(commit(&store, nest("none", "all", member)).await, 0);
        lost(commit(&store, nest("all", "none", member)).await, 0);
    }
}

async fn no_group_comes_to_lie_in_itself(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["a", "b", "c", "d"] {
        done(commit(&store, add_group(name)).await);
    }
    lost(commit(&store, nest("a", "a", true)).await, 0);
    for (inner, outer) in [("a", "b"), ("b", "c"), ("a", "d")] {
        done(commit(&store, nest(inner, outer, true)).await);
    }
    for (inner, outer) in [("b", "a"), ("c", "a"), ("c", "b"), ("d", "a")] {
        lost(commit(&store, nest(inner, outer, true)).await, 0);
    }
    done(commit(&store, nest("c", "d", true)).await);
    lost(store.commit(&vs(), Change::of(nest("a", "d", false)).and(nest("d", "a", true)), NOW).await, 1);
    done(commit(&store, nest("a", "b", false)).await);
    done(commit(&store, nest("a", "d", false)).await);
    done(commit(&store, nest("d", "a", true)).await);
}

/// Reading ends all the same.
async fn a_circle_that_was_made_past_the_gateway_holds_nobody_up(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["a", "b"] {
        done(commit(&store, add_group(name)).await);
    }
    done(commit(&store, join("a", alice(), true)).await);
    world.sql("INSERT INTO group_nest (virtual_server, group_id, into_id) VALUES ('default', 'a', 'b')").await;
    world.sql("INSERT INTO group_nest (virtual_server, group_id, into_id) VALUES ('default', 'b', 'a')").await;
    assert_eq!(groups_of(&store, &alice()).await, ["a", "b", "staff"]);
    assert_eq!(store.users(&vs(), "", &first(10)).await.unwrap().items[0].user.groups.len(), 3);
    lost(commit(&store, nest("a", "b", true)).await, 0);
    done(commit(&store, nest("b", "a", false)).await);
}

async fn two_groups_put_into_each_other_at_once_make_no_circle(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    for name in ["a", "b"] {
        done(commit(&store, add_group(name)).await);
    }
    for round in 0..20 {
        let (vs, one, other) = (vs(), Change::of(nest("a", "b", true)), Change::of(nest("b", "a", true)));
        let (one, other) = tokio::join!(store.commit(&vs, one, NOW), second.commit(&vs, other, NOW));
        assert!(one.is_ok() != other.is_ok(), "round {round}: {one:?}, {other:?}");
        for (inner, outer) in [("a", "b"), ("b", "a")] {
            done(commit(&store, nest(inner, outer, false)).await);
        }
    }
}

async fn the_people_of_one_virtual_server_are_nobody_in_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    store.ensure_virtual_server(&other, NOW).await.unwrap();
    done(store.commit(&other, Change::of(add_user("carol", UserId::new("carol-row"), &["theirs"])), NOW).await);
    for act in [add_group("a"), add_group("b"), nest("a", "b", true), join("a", alice(), true)] {
        done(commit(&store, act).await);
    }
    done(commit(&store, give_passcode(&alice(), Some(temporary_passcode("hash")))).await);
    assert!(store.user_record(&other, &alice()).await.unwrap().is_none());
    assert!(store.temporary_passcode(&other, &alice()).await.unwrap().is_none());
    assert!(store.group(&other, &GroupId::new("a")).await.unwrap().is_none());
    let users = store.users(&other, "", &first(10)).await.unwrap().items;
    assert_eq!(users.iter().map(|record| record.user.name.as_str()).collect::<Vec<_>>(), ["carol"]);
    let groups = store.groups(&other, "", &first(10)).await.unwrap().items;
    assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["theirs"]);

    let rename = Act::GroupRename { id: GroupId::new("a"), name: "renamed".into() };
    let carol = UserId::new("carol-row");
    for act in [
        update(alice(), 3, None, &[]),
        delete_user(alice()),
        give_passcode(&alice(), None),
        rename,
        Act::GroupDelete { id: GroupId::new("a") },
        join("a", alice(), false),
        join("a", carol.clone(), true),
        update(carol, 1, None, &["a"]),
        nest("a", "b", false),
    ] {
        lost(store.commit(&other, Change::of(act), NOW).await, 0);
    }
    // The same rows may be there as well, and how they lie there is nothing to how they lie here.
    for act in [add_group("a"), add_group("b"), nest("b", "a", true)] {
        done(store.commit(&other, Change::of(act), NOW).await);
    }
    assert_eq!(groups_of(&store, &alice()).await, ["a", "b", "staff"]);
    assert_eq!(store.temporary_passcode(&vs(), &alice()).await.unwrap(), Some(temporary_passcode("hash")));
}
