//! What operators grant to those who enrol, and who is to be reminded that they have not.

use std::sync::Arc;

use doorward_api::ports::*;
use doorward_api::user::UserDetails;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    a_grant_takes_the_place_of_the_one_that_was_seen_and_of_no_other,
    a_grant_is_taken_once_and_only_where_it_stands,
    a_grant_that_is_over_is_nothing_and_gives_way,
    a_grant_is_kept_as_it_was_given,
    what_was_granted_is_used_with_what_it_was_granted_for_or_not_at_all,
    a_grant_goes_with_its_user_even_past_the_gateway,
    a_user_who_goes_at_the_moment_of_a_grant_leaves_none,
    grants_in_a_state_are_listed_by_name_in_parts,
    the_list_goes_on_though_what_it_named_is_decided_meanwhile,
    a_grant_that_is_over_is_swept_a_day_later,
    what_is_granted_in_one_virtual_server_is_nothing_in_another,
    who_has_no_token_that_counts_is_to_be_reminded,
    those_without_a_token_are_listed_in_parts_with_all_their_groups,
);

use GrantState::{Approved, Asked, CodeGiven, Refused};

fn bob() -> UserId {
    UserId::new("bob-row")
}

/// A user `n00` and so on, whose row stands elsewhere in the order than their name.
fn numbered(number: u32) -> (String, UserId) {
    (format!("n{number:02}"), UserId::new(format!("row {:02}", 99 - number)))
}

async fn many(store: &Store, count: u32) {
    let mut change = Change::default();
    for (name, id) in (0..count).map(numbered) {
        change = change.and(add_user(&name, id, &["staff", &name, "Zebra"]));
    }
    done(store.commit(&vs(), change, NOW).await);
}

async fn standing(store: &Store, user: &UserId) -> Option<GrantState> {
    store.grant(&vs(), user, NOW).await.unwrap().map(|grant| grant.state)
}

/// Every part of a list, one after the other.
async fn all_parts<T>(limit: u32, part: impl AsyncFn(Page) -> Listed<T>) -> Vec<T> {
    let (mut all, mut page) = (Vec::new(), first(limit));
    loop {
        let listed = part(page.clone()).await;
        assert!(listed.items.len() <= limit as usize);
        all.extend(listed.items);
        match listed.next {
            Some(next) => page.after = next,
            None => return all,
        }
    }
}

async fn asked_by(store: &Store, page: &Page) -> Vec<String> {
    let listed = store.grants(&vs(), Asked, page, NOW).await.unwrap();
    listed.items.into_iter().map(|record| record.name).collect()
}

async fn a_grant_takes_the_place_of_the_one_that_was_seen_and_of_no_other(world: Arc<World>) {
    let store = inhabited(&world).await;
    let set = async |to, seen| commit(&store, set_grant(grant(&alice(), to), seen)).await;
    for seen in GrantState::ALL {
        lost(set(Approved, Some(seen)).await, 0);
    }
    assert_eq!(standing(&store, &alice()).await, None);
    done(set(Asked, None).await);
    lost(set(CodeGiven, None).await, 0);
    for seen in [Approved, Refused, CodeGiven] {
        lost(set(Approved, Some(seen)).await, 0);
    }
    assert_eq!(standing(&store, &alice()).await, Some(Asked));
    for (to, seen) in [(Refused, Asked), (Asked, Refused), (Approved, Asked), (CodeGiven, Approved)] {
        done(set(to, Some(seen)).await);
        assert_eq!(standing(&store, &alice()).await, Some(to));
    }
    done(set(CodeGiven, Some(CodeGiven)).await);
    for seen in [None, Some(Asked)] {
        lost(commit(&store, set_grant(grant(&UserId::new("nobody"), Asked), seen)).await, 0);
    }
}

async fn a_grant_is_taken_once_and_only_where_it_stands(world: Arc<World>) {
    let store = inhabited(&world).await;
    for stands in GrantState::ALL {
        for state in GrantState::ALL {
            lost(commit(&store, take_grant(&alice(), state)).await, 0);
        }
        done(commit(&store, set_grant(grant(&alice(), stands), None)).await);
        for other in GrantState::ALL.into_iter().filter(|state| *state != stands) {
            lost(commit(&store, take_grant(&alice(), other)).await, 0);
        }
        lost(commit(&store, take_grant(&bob(), stands)).await, 0);
        done(commit(&store, take_grant(&alice(), stands)).await);
        assert_eq!(standing(&store, &alice()).await, None);
    }
}

async fn a_grant_that_is_over_is_nothing_and_gives_way(world: Arc<World>) {
    let store = inhabited(&world).await;
    let end = NOW + secs(3600);
    let there = async |at| {
        let one = store.grant(&vs(), &alice(), at).await.unwrap().is_some();
        let listed = store.grants(&vs(), Approved, &first(10), at).await.unwrap().items.len();
        assert_eq!(usize::from(one), listed);
        one
    };
    let anew = |state| Grant { at: end, expires_at: end + secs(60), ..grant(&alice(), state) };
    done(commit(&store, set_grant(grant(&alice(), Approved), None)).await);
    let last_moment = Timestamp::from_millis(end.millis() - 1);
    assert!(there(last_moment).await && !there(end).await);
    lost(commit_at(&store, set_grant(anew(Asked), None), last_moment).await, 0);
    lost(commit_at(&store, take_grant(&alice(), Approved), end).await, 0);
    lost(commit_at(&store, set_grant(anew(Refused), Some(Approved)), end).await, 0);
    done(commit_at(&store, set_grant(anew(Approved), None), end).await);
    lost(commit_at(&store, set_grant(anew(Approved), None), end).await, 0);
    assert!(there(end).await);
    done(commit_at(&store, take_grant(&alice(), Approved), end).await);
}

async fn a_grant_is_kept_as_it_was_given(world: Arc<World>) {
    let store = inhabited(&world).await;
    let bare = Grant { details: GrantDetails::default(), ..grant(&alice(), Asked) };
    let six: std::net::IpAddr = "2001:db8::7".parse().unwrap();
    let words =
        GrantDetails { address: Some(six), reason: "Nein – „später“ 🙂".into(), ..GrantDetails::default() };
    let told = Grant { state: Refused, at: NOW + secs(5), expires_at: NOW + secs(50), details: words, ..bare.clone() };
    for (one, seen) in [(bare, None), (told, Some(Asked)), (grant(&alice(), CodeGiven), Some(Refused))] {
        done(commit(&store, set_grant(one.clone(), seen)).await);
        assert_eq!(store.grant(&vs(), &alice(), NOW).await.unwrap().as_ref(), Some(&one));
        let listed = store.grants(&vs(), one.state, &first(10), NOW).await.unwrap().items;
        let (name, display_name) = ("alice".to_owned(), "alice of somewhere".to_owned());
        assert_eq!(listed, [GrantRecord { grant: one, name, display_name }]);
    }
}

/// A change that is lost further on leaves the grant where it was; and one that comes without a grant issues nothing.
async fn what_was_granted_is_used_with_what_it_was_granted_for_or_not_at_all(world: Arc<World>) {
    let store = inhabited(&world).await;
    let issue = || Change::of(take_grant(&alice(), Approved)).and(Act::CredentialIssue(token("t")));
    lost(store.commit(&vs(), issue(), NOW).await, 0);
    done(commit(&store, set_grant(grant(&alice(), Approved), None)).await);
    lost(store.commit(&vs(), issue().and(take_ticket("never put")), NOW).await, 2);
    assert_eq!(standing(&store, &alice()).await, Some(Approved));
    done(store.commit(&vs(), issue(), NOW).await);
    assert_eq!(standing(&store, &alice()).await, None);
    assert_eq!(store.credentials_of(&vs(), &alice()).await.unwrap().len(), 1);
}

async fn a_grant_goes_with_its_user_even_past_the_gateway(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", bob(), &[])).await);
    for user in [alice(), bob()] {
        done(commit(&store, set_grant(grant(&user, Asked), None)).await);
    }
    done(commit(&store, delete_user(alice())).await);
    assert_eq!(asked_by(&store, &first(10)).await, ["bob"]);
    done(commit(&store, add_user("alice", alice(), &[])).await);
    assert_eq!(standing(&store, &alice()).await, None, "whoever gets the row is somebody else");
    // A process of the release before knows nothing of the table.
    world.sql("DELETE FROM group_member; DELETE FROM user_account WHERE id = 'bob-row'").await;
    assert!(asked_by(&store, &first(10)).await.is_empty());
}

/// One of the two is too late, and it is never the deletion.
async fn a_user_who_goes_at_the_moment_of_a_grant_leaves_none(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    for round in 0..12 {
        let user = UserId::new(format!("row {round}"));
        done(commit(&store, add_user(&format!("user {round}"), user.clone(), &[])).await);
        let (vs, given) = (vs(), Change::of(set_grant(grant(&user, Asked), None)));
        let gone = Change::of(delete_user(user.clone()));
        let (_, gone) = tokio::join!(store.commit(&vs, given, NOW), second.commit(&vs, gone, NOW));
        done(gone);
        assert_eq!(standing(&store, &user).await, None);
        lost(commit(&store, set_grant(grant(&user, Asked), None)).await, 0);
    }
}

async fn grants_in_a_state_are_listed_by_name_in_parts(world: Arc<World>) {
    let store = inhabited(&world).await;
    many(&store, 23).await;
    let mut change = Change::default();
    for number in 0..23 {
        let (_, user) = numbered(number);
        let state = if number.is_multiple_of(2) { Asked } else { Refused };
        let over = Grant { expires_at: NOW, ..grant(&user, state) };
        change = change.and(set_grant(if number == 4 { over } else { grant(&user, state) }, None));
    }
    done(store.commit(&vs(), change, NOW).await);
    let expected: Vec<String> = (0..23).filter(|n| n % 2 == 0 && *n != 4).map(|n| numbered(n).0).collect();
    for limit in [1, 4, 11, 200] {
        let asked = all_parts(limit, async |page| store.grants(&vs(), Asked, &page, NOW).await.unwrap()).await;
        assert_eq!(asked.iter().map(|record| record.name.clone()).collect::<Vec<_>>(), expected, "by {limit}");
        for record in asked {
            assert_eq!(record.display_name, format!("{} of somewhere", record.name));
            assert_eq!(record.grant, grant(&record.grant.user, Asked));
        }
    }
    assert_eq!(store.grants(&vs(), Refused, &first(200), NOW).await.unwrap().items.len(), 11);
    assert_eq!(store.grants(&vs(), Approved, &first(200), NOW).await.unwrap().items, []);
    assert_eq!(store.grants(&vs(), Asked, &first(0), NOW).await.unwrap().items.len(), 1, "a part has something in it");
    for made_up in ["nobody's row", "a NUL \0"] {
        let page = Page { after: made_up.into(), limit: 10 };
        assert_eq!(store.grants(&vs(), Asked, &page, NOW).await.unwrap(), Listed { items: vec![], next: None });
    }
}

async fn the_list_goes_on_though_what_it_named_is_decided_meanwhile(world: Arc<World>) {
    let store = inhabited(&world).await;
    many(&store, 6).await;
    for number in [0, 1, 2, 4, 5] {
        done(commit(&store, set_grant(grant(&numbered(number).1, Asked), None)).await);
    }
    let part = store.grants(&vs(), Asked, &first(2), NOW).await.unwrap();
    assert_eq!(part.next.as_deref(), Some(numbered(1).1.as_str()), "the last one's user");
    done(commit(&store, set_grant(grant(&numbered(1).1, Approved), Some(Asked))).await);
    done(commit(&store, take_grant(&numbered(2).1, Asked)).await);
    done(commit(&store, set_grant(grant(&numbered(3).1, Asked), None)).await);
    assert_eq!(asked_by(&store, &Page { after: part.next.unwrap(), limit: 2 }).await, ["n03", "n04"]);
}

async fn a_grant_that_is_over_is_swept_a_day_later(world: Arc<World>) {
    let (store, second) = (inhabited(&world).await, world.open());
    done(commit(&store, add_user("bob", bob(), &[])).await);
    let other = VirtualServerId::new("other");
    inhabit_too(&store, &other).await;
    let long = Grant { expires_at: NOW + secs(3600 + 1), ..grant(&bob(), Asked) };
    for act in [set_grant(grant(&alice(), CodeGiven), None), set_grant(long, None)] {
        done(commit(&store, act).await);
    }
    done(store.commit(&other, Change::of(set_grant(grant(&alice(), Refused), None)), NOW).await);
    let day_after = NOW + secs(3600 + 86_400);
    assert_eq!(store.sweep(Timestamp::from_millis(day_after.millis() - 1)).await.unwrap(), 0);
    let (one, two) = tokio::join!(store.sweep(day_after), second.sweep(day_after));
    assert_eq!(one.unwrap() + two.unwrap(), 2, "alice's, in both virtual servers");
    assert_eq!((standing(&store, &alice()).await, standing(&store, &bob()).await), (None, Some(Asked)));
}

/// Another virtual server, with an alice of the same row.
async fn inhabit_too(store: &Store, vs: &VirtualServerId) {
    store.ensure_virtual_server(vs, NOW).await.unwrap();
    done(store.commit(vs, Change::of(add_user("alice", alice(), &["theirs"])), NOW).await);
}

async fn what_is_granted_in_one_virtual_server_is_nothing_in_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    inhabit_too(&store, &other).await;
    done(commit(&store, add_user("bob", bob(), &[])).await);
    done(commit(&store, set_grant(grant(&alice(), Approved), None)).await);

    assert_eq!(store.grant(&other, &alice(), NOW).await.unwrap(), None);
    assert_eq!(store.grants(&other, Approved, &first(10), NOW).await.unwrap().items, []);
    for act in [
        take_grant(&alice(), Approved),
        set_grant(grant(&alice(), Refused), Some(Approved)),
        set_grant(grant(&bob(), Asked), None),
    ] {
        lost(store.commit(&other, Change::of(act), NOW).await, 0);
    }
    done(store.commit(&other, Change::of(set_grant(grant(&alice(), CodeGiven), None)), NOW).await);
    assert_eq!(standing(&store, &alice()).await, Some(Approved));
    let listed = store.grants(&other, CodeGiven, &first(10), NOW).await.unwrap().items;
    assert_eq!(listed.len(), 1);
    assert_eq!(store.grants(&vs(), CodeGiven, &first(10), NOW).await.unwrap().items, []);
    // The words of the one do not open in the place of the other's.
    world
        .sql(
            "UPDATE enrolment_grant SET state = 'approved', details = (SELECT g.details FROM enrolment_grant g \
             WHERE g.virtual_server = 'other') WHERE virtual_server = 'default'",
        )
        .await;
    let moved = store.grant(&vs(), &alice(), NOW).await;
    assert!(matches!(moved, Err(StoreError::Damaged(_))), "{moved:?}");
    assert_eq!(store.users_without_token(&other, &first(10)).await.unwrap().items.len(), 1, "bob is nobody there");
}

async fn to_be_reminded(store: &Store, vs: &VirtualServerId) -> Vec<String> {
    let listed = store.users_without_token(vs, &first(200)).await.unwrap();
    assert_eq!(listed.next, None);
    listed.items.into_iter().map(|user| user.name).collect()
}

/// A user for each state in which a token may be, and some who cannot be written to.
async fn who_has_no_token_that_counts_is_to_be_reminded(world: Arc<World>) {
    let store = inhabited(&world).await;
    let mut change = Change::default();
    for state in TokenState::ALL {
        let (name, id) = (state.as_str(), UserId::new(state.as_str()));
        change = change.and(add_user(name, id.clone(), &[])).and(Act::CredentialStock(stock(name)));
        if state == TokenState::Inventory {
            continue;
        }
        change = change.and(assign(name, &id));
        if state != TokenState::Assigned {
            change = change.and(activate(name, 1));
        }
        if !matches!(state, TokenState::Assigned | TokenState::Active) {
            change = change.and(self::state(name, &[TokenState::Active], state));
        }
    }
    let homeless = UserDetails { display_name: String::new(), email: None, groups: Vec::new() };
    let (away, off) = (UserId::new("homeless"), UserId::new("off"));
    change = change
        .and(add_user("homeless", away.clone(), &[]))
        .and(Act::UserUpdate { user: away, version: 1, details: Box::new(homeless) })
        .and(add_user("off", off.clone(), &[]))
        .and(Act::UserDisable { user: off.clone(), disabled: true });
    done(store.commit(&vs(), change, NOW).await);
    let mut expected: Vec<&str> =
        TokenState::ALL.into_iter().filter(|state| !state.counts_as_token()).map(TokenState::as_str).collect();
    expected.push("alice");
    expected.sort_unstable();
    let mut found = to_be_reminded(&store, &vs()).await;
    found.sort_unstable();
    assert_eq!(found, expected);

    done(commit(&store, Act::UserDisable { user: off, disabled: false }).await);
    done(commit(&store, activate("assigned", 1)).await);
    let found = to_be_reminded(&store, &vs()).await;
    assert!(found.contains(&"off".to_owned()) && !found.contains(&"assigned".to_owned()));
    // A user has whatever was theirs: one token that counts is enough.
    done(commit(&store, Act::CredentialStock(stock("another"))).await);
    done(commit(&store, assign("another", &UserId::new("revoked"))).await);
    done(commit(&store, activate("another", 1)).await);
    assert!(!to_be_reminded(&store, &vs()).await.contains(&"revoked".to_owned()));
}

async fn those_without_a_token_are_listed_in_parts_with_all_their_groups(world: Arc<World>) {
    let store = inhabited(&world).await;
    many(&store, 23).await;
    let groups = store.groups(&vs(), "", &first(200)).await.unwrap().items;
    let row = |name: &str| groups.iter().find(|group| group.name == name).unwrap().id.clone();
    done(commit(&store, add_group("everybody")).await);
    for inner in ["staff", "Zebra"] {
        let (group, into) = (row(inner), GroupId::new("everybody"));
        done(commit(&store, Act::GroupNest { group, into, member: true }).await);
    }
    done(commit(&store, Act::CredentialStock(stock("t"))).await);
    done(commit(&store, assign("t", &numbered(7).1)).await);
    done(commit(&store, activate("t", 1)).await);

    let mut expected = vec!["alice".to_owned()];
    expected.extend((0..23).rev().filter(|number| *number != 7).map(|number| numbered(number).0));
    for limit in [1, 5, 23, 24, 200] {
        let users = all_parts(limit, async |page| store.users_without_token(&vs(), &page).await.unwrap()).await;
        assert_eq!(users.iter().map(|user| user.name.clone()).collect::<Vec<_>>(), expected, "by {limit}");
        for user in users {
            assert_eq!(store.user_by_id(&vs(), &user.id).await.unwrap(), Some(user), "as sign-in sees them");
        }
    }
    let after = Page { after: numbered(20).1.to_string(), limit: 2 };
    let next = store.users_without_token(&vs(), &after).await.unwrap();
    assert_eq!(next.items.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["n19", "n18"]);
    // Whoever goes meanwhile takes no other along.
    done(commit(&store, delete_user(numbered(18).1)).await);
    let next = Page { after: next.next.unwrap(), limit: 1 };
    assert_eq!(store.users_without_token(&vs(), &next).await.unwrap().items[0].name, "n17");
    let garbage = Page { after: "\0".into(), limit: 1 };
    assert_eq!(store.users_without_token(&vs(), &garbage).await.unwrap().items, []);
}
