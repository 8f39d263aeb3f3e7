//! What operators look through: long lists in parts, and what begins with what they type.

use std::sync::Arc;

use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;

both!(
    a_list_is_read_in_parts_each_entry_once,
    a_list_goes_on_where_it_was_though_entries_come_and_go,
    users_are_found_by_how_name_display_name_or_address_begins,
    what_means_something_in_a_pattern_means_itself,
    groups_are_found_in_capital_or_small_letters,
    tokens_are_found_by_state_lock_owner_and_serial,
    members_of_a_group_are_those_in_it_themselves,
    tokens_are_counted_by_state,
    a_place_that_no_list_has_given_has_nothing_after_it,
);

async fn names(store: &Store, begins: &str) -> Vec<String> {
    let found = store.users(&vs(), begins, &first(200)).await.unwrap();
    assert_eq!(found.next, None);
    found.items.into_iter().map(|record| record.user.name).collect()
}

async fn serials(store: &Store, filter: TokenFilter) -> Vec<String> {
    let found = store.tokens(&vs(), &filter, &first(200)).await.unwrap();
    found.items.into_iter().map(|token| token.serial).collect()
}

/// Users, groups and tokens `n00` to `n22`, besides alice and staff.
async fn many(store: &Store) {
    let mut change = Change::default();
    for number in (0..23).rev() {
        let name = format!("n{number:02}");
        change = change
            .and(add_user(&name, UserId::new(format!("row of {name}")), &["staff", &name, "Zebra"]))
            .and(Act::CredentialStock(stock(&name)));
    }
    done(store.commit(&vs(), change, NOW).await);
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

async fn a_list_is_read_in_parts_each_entry_once(world: Arc<World>) {
    let store = inhabited(&world).await;
    many(&store).await;
    let expected: Vec<String> = (0..23).map(|number| format!("n{number:02}")).collect();
    for limit in [1, 5, 23, 24, 200] {
        let users = all_parts(limit, async |page| store.users(&vs(), "n", &page).await.unwrap()).await;
        assert_eq!(users.iter().map(|one| one.user.name.clone()).collect::<Vec<_>>(), expected);
        for user in &users {
            let groups: Vec<&str> = user.direct_groups.iter().map(|group| group.name.as_str()).collect();
            assert_eq!(groups, ["Zebra", user.user.name.as_str(), "staff"], "each with all its groups");
        }
        let groups = all_parts(limit, async |page| store.groups(&vs(), "n", &page).await.unwrap()).await;
        assert_eq!(groups.iter().map(|one| one.name.clone()).collect::<Vec<_>>(), expected);
        let filter = TokenFilter::default();
        let tokens = all_parts(limit, async |page| store.tokens(&vs(), &filter, &page).await.unwrap()).await;
        let serials: Vec<String> = expected.iter().map(|name| format!("HW-{name}")).collect();
        assert_eq!(tokens.iter().map(|one| one.serial.clone()).collect::<Vec<_>>(), serials);
    }
    assert_eq!(names(&store, "").await.len(), 24);
    let nothing = store.users(&vs(), "x", &first(5)).await.unwrap();
    assert_eq!((nothing.items.len(), nothing.next), (0, None));
    assert_eq!(store.users(&vs(), "n", &first(0)).await.unwrap().items.len(), 1, "a part has something in it");
}

async fn a_list_goes_on_where_it_was_though_entries_come_and_go(world: Arc<World>) {
    let store = inhabited(&world).await;
    many(&store).await;
    let part = store.users(&vs(), "n", &first(3)).await.unwrap();
    for name in ["n01", "n02"] {
        done(commit(&store, delete_user(UserId::new(format!("row of {name}")))).await);
    }
    done(commit(&store, add_user("n000", UserId::new("earlier"), &[])).await);
    done(commit(&store, add_user("n02b", UserId::new("later"), &[])).await);
    let next = Page { after: part.next.unwrap(), limit: 2 };
    let found = store.users(&vs(), "n", &next).await.unwrap().items;
    assert_eq!(found.iter().map(|one| one.user.name.as_str()).collect::<Vec<_>>(), ["n02b", "n03"]);
}

async fn users_are_found_by_how_name_display_name_or_address_begins(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add_user("bob", UserId::new("bob-row"), &[])).await);
    done(commit(&store, add_user("carol", UserId::new("carol-row"), &[])).await);
    let details = |name: &str, email: Option<&str>| doorward_api::user::UserDetails {
        display_name: name.into(),
        email: email.map(str::to_owned),
        groups: Vec::new(),
    };
    for (row, details) in [
        ("bob-row", details("Robert Ames", Some("Chief@Example.test"))),
        ("carol-row", details("Ärmel, Caroline", None)),
    ] {
        let details = Box::new(details);
        done(commit(&store, Act::UserUpdate { user: UserId::new(row), version: 1, details }).await);
    }
    for (begins, found) in [
        ("", &["alice", "bob", "carol"][..]),
        ("bo", &["bob"]),
        ("BO", &["bob"]),
        ("robert a", &["bob"]),
        ("Rob", &["bob"]),
        ("chief@", &["bob"]),
        ("Ärmel", &["carol"]),
        ("a", &["alice"]),
        ("ames", &[]),
        ("xyz", &[]),
    ] {
        assert_eq!(names(&store, begins).await, found, "{begins:?}");
    }
}

async fn what_means_something_in_a_pattern_means_itself(world: Arc<World>) {
    let store = inhabited(&world).await;
    for (number, name) in ["a_b", "a%b", "a!b", "axb", "a\\b"].into_iter().enumerate() {
        done(commit(&store, add_user(name, UserId::new(format!("row {number}")), &[name])).await);
        let thing = doorward_api::credential::NewStock { serial: name.into(), ..stock(name) };
        done(commit(&store, Act::CredentialStock(thing)).await);
    }
    for begins in ["a_", "a%", "a!", "a\\"] {
        let one = [format!("{begins}b")];
        assert_eq!(names(&store, begins).await, one, "{begins}");
        let groups = store.groups(&vs(), begins, &first(10)).await.unwrap().items;
        assert_eq!(groups.into_iter().map(|group| group.name).collect::<Vec<_>>(), one, "{begins}");
        assert_eq!(serials(&store, TokenFilter { serial: begins.into(), ..TokenFilter::default() }).await, one);
    }
    assert!(names(&store, "%").await.is_empty());
}

async fn groups_are_found_in_capital_or_small_letters(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["Beta", "alpha", "ALPS", "gamma"] {
        done(commit(&store, add_group(name)).await);
    }
    done(commit(&store, nest("Beta", "gamma", true)).await);
    done(commit(&store, nest("Beta", "alpha", true)).await);
    let found = async |begins: &str| store.groups(&vs(), begins, &first(10)).await.unwrap().items;
    let names =
        |groups: &[doorward_api::user::GroupRecord]| groups.iter().map(|group| group.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found("al").await), ["alpha", "ALPS"]);
    assert_eq!(names(&found("ALP").await), ["alpha", "ALPS"]);
    let all = found("").await;
    assert_eq!(names(&all), ["alpha", "ALPS", "Beta", "gamma", "staff"]);
    let parents: Vec<&str> = all[2].parents.iter().map(|group| group.name.as_str()).collect();
    assert_eq!((parents, all[4].members), (vec!["alpha", "gamma"], 1));
    let after = store.groups(&vs(), "", &first(3)).await.unwrap().next.unwrap();
    let next = store.groups(&vs(), "", &Page { after, limit: 1 }).await.unwrap();
    assert_eq!(names(&next.items), ["gamma"], "a group counts once, in however many it lies");
}

async fn tokens_are_found_by_state_lock_owner_and_serial(world: Arc<World>) {
    let store = inhabited(&world).await;
    let bob = UserId::new("bob-row");
    done(commit(&store, add_user("bob", bob.clone(), &[])).await);
    for (name, user) in [("a1", Some(alice())), ("a2", Some(bob.clone())), ("b1", None), ("b2", None)] {
        done(commit(&store, Act::CredentialStock(stock(name))).await);
        if let Some(user) = user {
            done(commit(&store, assign(name, &user)).await);
            done(commit(&store, activate(name, 1)).await);
        }
    }
    done(commit(&store, state("b2", &[TokenState::Inventory], TokenState::Revoked)).await);
    store.count_failure(&vs(), &CredentialId::new("a2"), 0, secs(900), NOW).await.unwrap();
    let any = TokenFilter::default;
    let of = |state| TokenFilter { state: Some(state), ..any() };
    for (filter, found) in [
        (any(), &["HW-a1", "HW-a2", "HW-b1"][..]),
        (of(TokenState::Active), &["HW-a1", "HW-a2"]),
        (of(TokenState::Inventory), &["HW-b1"]),
        (of(TokenState::Revoked), &["HW-b2"]),
        (of(TokenState::Lost), &[]),
        (TokenFilter { owner: Some(bob), ..any() }, &["HW-a2"]),
        (TokenFilter { owner: Some(UserId::new("nobody")), ..any() }, &[]),
        (TokenFilter { locked_at: Some(NOW), ..any() }, &["HW-a2"]),
        (TokenFilter { locked_at: Some(NOW + secs(900)), ..any() }, &[]),
        (TokenFilter { serial: "HW-a".into(), ..any() }, &["HW-a1", "HW-a2"]),
        (TokenFilter { serial: "hw-A1".into(), ..any() }, &["HW-a1"]),
        (TokenFilter { serial: "W-a".into(), ..any() }, &[]),
        (TokenFilter { owner: Some(alice()), locked_at: Some(NOW), ..any() }, &[]),
        (TokenFilter { owner: Some(alice()), serial: "HW".into(), ..of(TokenState::Active) }, &["HW-a1"]),
    ] {
        assert_eq!(serials(&store, filter.clone()).await, found, "{filter:?}");
    }
    let locked = store.tokens(&vs(), &TokenFilter { locked_at: Some(NOW), ..any() }, &first(1)).await.unwrap().items;
    assert_eq!((locked[0].fails, locked[0].locked_until), (1, Some(NOW + secs(900))));
    assert_eq!(locked[0].owner.as_ref().map(|(_, name)| name.as_str()), Some("bob"));
    assert_eq!(locked[0], store.token(&vs(), &CredentialId::new("a2")).await.unwrap().unwrap());
}

async fn members_of_a_group_are_those_in_it_themselves(world: Arc<World>) {
    let store = inhabited(&world).await;
    many(&store).await;
    let groups = store.groups(&vs(), "", &first(200)).await.unwrap().items;
    let row = |name: &str| groups.iter().find(|group| group.name == name).unwrap().id.clone();
    let nest = Act::GroupNest { group: row("n07"), into: row("n08"), member: true };
    done(commit(&store, nest).await);
    let zebras = all_parts(10, async |page| store.members(&vs(), &row("Zebra"), &page).await.unwrap()).await;
    let expected: Vec<String> = (0..23).map(|number| format!("n{number:02}")).collect();
    assert_eq!(zebras.iter().map(|one| one.user.name.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(zebras[0].direct_groups.len(), 3, "each with all its groups");
    let members = store.members(&vs(), &row("n08"), &first(10)).await.unwrap().items;
    let names: Vec<&str> = members.iter().map(|one| one.user.name.as_str()).collect();
    assert_eq!(names, ["n08"], "whoever is in it through another group is not listed");
    assert!(
        store.members(&VirtualServerId::from("elsewhere"), &row("n08"), &first(10)).await.unwrap().items.is_empty()
    );
    // As a process of the release before adds them.
    let add = format!(
        "INSERT INTO group_member (virtual_server, user_id, group_id) VALUES ('{}', '{}', '{}')",
        vs(),
        alice(),
        row("n08")
    );
    world.sql(&add).await;
    let members = all_parts(1, async |page| store.members(&vs(), &row("n08"), &page).await.unwrap()).await;
    assert_eq!(members.iter().map(|one| one.user.name.as_str()).collect::<Vec<_>>(), ["alice", "n08"]);
}

async fn tokens_are_counted_by_state(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["one", "two", "three"] {
        done(commit(&store, Act::CredentialStock(stock(name))).await);
    }
    done(commit(&store, assign("one", &alice())).await);
    done(commit(&store, activate("one", 1)).await);
    store.count_failure(&vs(), &CredentialId::new("one"), 0, secs(900), NOW).await.unwrap();
    let (counts, locked) = store.token_counts(&vs(), NOW).await.unwrap();
    assert_eq!(counts.iter().map(|(state, _)| *state).collect::<Vec<_>>(), TokenState::ALL);
    for (state, count) in counts {
        let expected = match state {
            TokenState::Inventory => 2,
            TokenState::Active => 1,
            _ => 0,
        };
        assert_eq!(count, expected, "{state:?}");
    }
    assert_eq!(locked, 1);
    assert_eq!(store.token_counts(&vs(), NOW + secs(900)).await.unwrap().1, 0, "the lock is over");
}

async fn a_place_that_no_list_has_given_has_nothing_after_it(world: Arc<World>) {
    let store = inhabited(&world).await;
    let made_up = Page { after: "alice".into(), limit: 10 };
    assert!(store.users(&vs(), "", &made_up).await.unwrap().items.is_empty());
    assert!(store.groups(&vs(), "", &made_up).await.unwrap().items.is_empty());
    assert!(store.tokens(&vs(), &TokenFilter::default(), &made_up).await.unwrap().items.is_empty());
}
