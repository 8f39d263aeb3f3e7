//! Tokens as operators handle them: the stock, every way from state to state, PINs and names.

use std::sync::Arc;

use doorward_api::credential::{NewCredential, NewStock};
use doorward_api::ports::*;
use doorward_api::*;
use doorward_store::Store;

use crate::fixtures::*;
use crate::world::World;
use TokenState::{Active, Assigned, Faulty, Inventory, LockedPin, Lost, Revoked, Suspended};

both!(
    a_thing_goes_from_the_stock_to_its_user_and_back,
    a_serial_number_is_in_the_stock_once,
    who_has_a_token_is_handed_no_other,
    each_way_from_state_to_state_is_open_or_not,
    a_user_whose_token_is_held_gets_no_second_one_by_it,
    a_user_has_as_many_tokens_as_are_allowed,
    a_token_is_removed_while_there_is_another,
    what_goes_to_the_stock_forgets_whose_it_was,
    a_revoked_token_has_neither_secret_nor_pin,
    a_lock_is_taken_off_only_while_it_lasts,
    what_a_token_has_shown_is_learned_without_signing_in,
    a_pin_is_changed_by_who_has_seen_the_one_before,
    a_token_gets_a_name,
    only_what_is_no_use_to_anybody_is_deleted,
    a_thing_that_was_handed_out_is_no_enrolments_to_revoke,
    the_tokens_of_one_virtual_server_are_not_those_of_another,
);

fn id(id: &str) -> CredentialId {
    CredentialId::new(id)
}

async fn record(store: &Store, which: &str) -> doorward_api::credential::TokenRecord {
    store.token(&vs(), &id(which)).await.unwrap().unwrap()
}

async fn a_thing_goes_from_the_stock_to_its_user_and_back(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialStock(stock("t"))).await);
    let stocked = record(&store, "t").await;
    assert_eq!((stocked.state, stocked.form, stocked.target), (Inventory, TokenForm::Hardware, None));
    assert_eq!((stocked.serial.as_str(), stocked.plugin.as_str(), stocked.created_at), ("HW-t", "otp", NOW));
    assert_eq!((stocked.owner, stocked.label.as_str(), stocked.has_pin), (None, "", false));
    assert!(store.credential(&vs(), &id("t")).await.unwrap().is_none(), "it is nobody's");
    lost(commit(&store, activate("t", 1)).await, 0);

    done(commit(&store, assign("t", &alice())).await);
    lost(commit(&store, assign("t", &alice())).await, 0);
    let assigned = store.credential(&vs(), &id("t")).await.unwrap().unwrap();
    assert_eq!((assigned.state, assigned.user, assigned.form), (Assigned, alice(), TokenForm::Hardware));
    assert_eq!((assigned.opened.expose(), assigned.version, assigned.target), (&b"imported"[..], 1, None));
    done(commit(&store, activate("t", 1)).await);
    done(commit(&store, spend("t", 2)).await);
    let owner = record(&store, "t").await.owner;
    assert_eq!(owner, Some((alice(), "alice".to_owned())));

    done(commit(&store, state("t", &[Active], Inventory)).await);
    assert!(store.credentials_of(&vs(), &alice()).await.unwrap().is_empty());
    done(commit(&store, add_user("bob", UserId::new("bob-row"), &[])).await);
    done(commit(&store, assign("t", &UserId::new("bob-row"))).await);
    let of_bob = store.credential(&vs(), &id("t")).await.unwrap().unwrap();
    assert_eq!((of_bob.user.as_str(), of_bob.opened.expose()), ("bob-row", &b"used"[..]), "what was spent stays spent");
    assert_eq!((of_bob.activated_at, of_bob.last_used_at), (None, None), "by him it was not");
}

async fn a_serial_number_is_in_the_stock_once(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialStock(stock("t"))).await);
    lost(commit(&store, Act::CredentialStock(NewStock { id: id("another"), ..stock("t") })).await, 0);
    lost(commit(&store, Act::CredentialStock(NewStock { serial: "HW-another".into(), ..stock("t") })).await, 0);
    done(commit(&store, Act::CredentialIssue(token("app"))).await);
    lost(commit(&store, Act::CredentialStock(NewStock { serial: "DW-app".into(), ..stock("u") })).await, 0);
    let both = Change::of(Act::CredentialStock(stock("v"))).and(Act::CredentialStock(stock("t")));
    lost(store.commit(&vs(), both, NOW).await, 1);
    assert!(store.token(&vs(), &id("v")).await.unwrap().is_none(), "all or nothing");
}

async fn who_has_a_token_is_handed_no_other(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["one", "two"] {
        done(commit(&store, Act::CredentialStock(stock(name))).await);
    }
    lost(commit(&store, assign("one", &UserId::new("nobody"))).await, 0);
    lost(commit(&store, assign("none", &alice())).await, 0);
    done(commit(&store, assign("one", &alice())).await);
    done(commit(&store, activate("one", 1)).await);
    for (from, to) in [(Active, Suspended), (Suspended, LockedPin)] {
        lost(commit(&store, assign("two", &alice())).await, 0);
        lost(commit(&store, Act::CredentialIssue(token("app"))).await, 0);
        done(commit(&store, state("one", &[from], to)).await);
    }
    lost(commit(&store, assign("two", &alice())).await, 0);
    done(commit(&store, state("one", &[LockedPin], Lost)).await);
    done(commit(&store, assign("two", &alice())).await);
}

/// A token of this name in this state, alice's where it is somebody's.
async fn put(store: &Store, name: &str, wanted: TokenState) {
    done(commit(store, Act::CredentialStock(stock(name))).await);
    if wanted.owned() {
        done(commit(store, assign(name, &alice())).await);
    }
    if wanted != Inventory && wanted != Assigned {
        done(commit(store, state(name, &[Inventory, Assigned], wanted)).await);
    }
    assert_eq!(record(store, name).await.state, wanted);
}

/// All eight to all eight: whatever is somebody's must have been somebody's, and from Revoked there is no way.
async fn each_way_from_state_to_state_is_open_or_not(world: Arc<World>) {
    let store = inhabited(&world).await;
    for from in TokenState::ALL {
        for to in TokenState::ALL {
            let name = format!("{} {}", from.as_str(), to.as_str());
            put(&store, &name, from).await;
            let others: Vec<TokenState> = TokenState::ALL.into_iter().filter(|state| *state != from).collect();
            lost(commit(&store, state(&name, &others, to)).await, 0);
            let changed = commit(&store, state(&name, &TokenState::ALL, to)).await;
            let open = from != Revoked && (from.owned() || !to.owned());
            assert_eq!(changed.is_ok(), open, "{name}: {changed:?}");
            let now = record(&store, &name).await;
            assert_eq!(now.state, if open { to } else { from }, "{name}");
            assert_eq!(now.owner.is_some(), now.state.owned() || (open && from.owned() && to == Revoked), "{name}");
            if now.state != Revoked {
                done(commit(&store, state(&name, &[now.state], Revoked)).await);
            }
        }
    }
    lost(commit(&store, state("none", &TokenState::ALL, Lost)).await, 0);
}

async fn a_user_whose_token_is_held_gets_no_second_one_by_it(world: Arc<World>) {
    let store = inhabited(&world).await;
    for name in ["one", "two"] {
        done(commit(&store, Act::CredentialStock(stock(name))).await);
        done(commit(&store, assign(name, &alice())).await);
    }
    for held in [Active, Suspended, LockedPin] {
        done(commit(&store, state("one", &[Assigned], held)).await);
        for to in [Active, Suspended, LockedPin] {
            lost(commit(&store, state("two", &[Assigned], to)).await, 0);
        }
        lost(commit(&store, activate("two", 1)).await, 0);
        done(commit(&store, state("one", &[held], Assigned)).await);
    }
    done(commit(&store, activate("two", 1)).await);
}

async fn a_user_has_as_many_tokens_as_are_allowed(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("one"))).await);
    done(commit(&store, activate("one", 1)).await);
    let second = |most| NewCredential { additional: true, most, ..token("two") };
    lost(commit(&store, Act::CredentialIssue(second(1))).await, 0);
    done(commit(&store, Act::CredentialIssue(second(2))).await);
    let issued = store.credentials_of(&vs(), &alice()).await.unwrap();
    assert_eq!(issued.iter().map(|token| token.additional).collect::<Vec<_>>(), [false, true]);
    // Fewer are allowed meanwhile, and then as many again.
    lost(commit(&store, activate("two", 1)).await, 0);
    done(commit(&store, activate_beside("two", 1, 2)).await);
    lost(commit(&store, Act::CredentialIssue(NewCredential { most: 2, ..token("three") })).await, 0);
    done(commit(&store, Act::CredentialStock(stock("thing"))).await);
    let give = |most| Act::CredentialAssign { id: id("thing"), user: alice(), most };
    lost(commit(&store, give(2)).await, 0);
    done(commit(&store, give(3)).await);
    lost(commit(&store, activate_beside("thing", 1, 2)).await, 0);
    // What counts already is held and given back however few are allowed.
    for (from, to) in [(Active, Suspended), (Suspended, Active), (Active, LockedPin)] {
        done(commit(&store, state("two", &[from], to)).await);
    }
    done(commit(&store, activate_beside("thing", 1, 3)).await);
}

async fn a_token_is_removed_while_there_is_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("one"))).await);
    lost(commit(&store, remove("one")).await, 0);
    done(commit(&store, activate("one", 1)).await);
    lost(commit(&store, remove("one")).await, 0);
    done(commit(&store, Act::CredentialIssue(NewCredential { most: 2, ..token("two") })).await);
    lost(commit(&store, remove("one")).await, 0);
    lost(commit(&store, remove("two")).await, 0);
    done(commit(&store, activate_beside("two", 1, 2)).await);
    done(commit(&store, state("two", &[Active], Suspended)).await);
    // One that is held is no use to its user; it can be done without itself.
    lost(commit(&store, remove("one")).await, 0);
    done(commit(&store, remove("two")).await);
    let gone = store.credential(&vs(), &id("two")).await.unwrap().unwrap();
    assert_eq!((gone.state, gone.opened.expose()), (Revoked, &b""[..]));
    // A thing is given back by who has handed it out.
    done(commit(&store, Act::CredentialStock(stock("thing"))).await);
    done(commit(&store, Act::CredentialAssign { id: id("thing"), user: alice(), most: 2 }).await);
    done(commit(&store, activate_beside("thing", 1, 2)).await);
    lost(commit(&store, remove("thing")).await, 0);
    done(commit(&store, remove("one")).await);
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    lost(store.commit(&other, Change::of(remove("thing")), NOW).await, 0);
}

async fn what_goes_to_the_stock_forgets_whose_it_was(world: Arc<World>) {
    let store = inhabited(&world).await;
    for to in [Inventory, Lost, Faulty] {
        let name = to.as_str();
        put(&store, name, Active).await;
        done(commit(&store, set_pin(name, 0, Some(pin("hash")))).await);
        done(commit(&store, Act::CredentialLabel { id: id(name), label: "my keys".into() }).await);
        store.count_failure(&vs(), &id(name), 0, secs(900), NOW).await.unwrap();
        let before = record(&store, name).await;
        assert!(before.has_pin && before.fails == 1 && before.locked_until.is_some() && before.label == "my keys");
        done(commit(&store, state(name, &[Active], to)).await);
        let after = record(&store, name).await;
        assert_eq!((after.owner, after.label.as_str(), after.has_pin), (None, "", false), "{name}");
        assert_eq!((after.fails, after.locked_until, after.state), (0, None, to), "{name}");
        // Whoever has seen the PIN of before sets none for the next user.
        if to == Inventory {
            done(commit(&store, assign(name, &alice())).await);
            lost(commit(&store, set_pin(name, 1, Some(pin("late")))).await, 0);
            done(commit(&store, state(name, &[Assigned], Inventory)).await);
        }
    }
}

async fn a_revoked_token_has_neither_secret_nor_pin(world: Arc<World>) {
    let store = inhabited(&world).await;
    put(&store, "t", Active).await;
    done(commit(&store, set_pin("t", 0, Some(pin("hash")))).await);
    done(commit(&store, state("t", &[Active], Revoked)).await);
    let revoked = store.credential(&vs(), &id("t")).await.unwrap().unwrap();
    assert_eq!((revoked.state, revoked.opened.expose(), revoked.pin), (Revoked, &b""[..], None));
    assert_eq!(record(&store, "t").await.owner, Some((alice(), "alice".to_owned())), "whose it was is told");
    lost(commit(&store, set_pin("t", revoked.pin_version, Some(pin("late")))).await, 0);
}

async fn a_lock_is_taken_off_only_while_it_lasts(world: Arc<World>) {
    let store = inhabited(&world).await;
    put(&store, "t", Active).await;
    let unlock = || Act::CredentialUnlock { id: id("t") };
    lost(commit(&store, unlock()).await, 0);
    for _ in 0..2 {
        store.count_failure(&vs(), &id("t"), 1, secs(900), NOW).await.unwrap();
    }
    lost(commit(&store, spend("t", 1)).await, 0);
    lost(commit_at(&store, unlock(), NOW + secs(900)).await, 0);
    done(commit_at(&store, unlock(), NOW + secs(899)).await);
    let free = store.credential(&vs(), &id("t")).await.unwrap().unwrap();
    assert_eq!((free.fails, free.locked_until), (0, None));
    done(commit(&store, spend("t", 1)).await);
    for _ in 0..2 {
        store.count_failure(&vs(), &id("t"), 1, secs(900), NOW).await.unwrap();
    }
    done(commit(&store, state("t", &[Active], Suspended)).await);
    lost(commit(&store, unlock()).await, 0);
}

async fn what_a_token_has_shown_is_learned_without_signing_in(world: Arc<World>) {
    let store = inhabited(&world).await;
    put(&store, "t", Active).await;
    let learn = |version| Act::CredentialLearn { id: id("t"), version, opened: bytes("learned") };
    for _ in 0..2 {
        store.count_failure(&vs(), &id("t"), 1, secs(900), NOW).await.unwrap();
    }
    lost(commit(&store, learn(2)).await, 0);
    done(commit(&store, learn(1)).await);
    lost(commit(&store, learn(1)).await, 0);
    let learned = store.credential(&vs(), &id("t")).await.unwrap().unwrap();
    assert_eq!((learned.version, learned.opened.expose()), (2, &b"learned"[..]));
    assert_eq!((learned.fails, learned.locked(NOW), learned.last_used_at), (2, true, None), "nothing else is changed");
    done(commit(&store, state("t", &[Active], Suspended)).await);
    lost(commit(&store, learn(2)).await, 0);
}

async fn a_pin_is_changed_by_who_has_seen_the_one_before(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialStock(stock("t"))).await);
    lost(commit(&store, set_pin("t", 0, Some(pin("nobody's")))).await, 0);
    done(commit(&store, assign("t", &alice())).await);
    done(commit(&store, set_pin("t", 0, Some(pin("first")))).await);
    lost(commit(&store, set_pin("t", 0, Some(pin("late")))).await, 0);
    let read = async || store.credential(&vs(), &id("t")).await.unwrap().unwrap();
    let token = read().await;
    assert_eq!(
        (token.pin, token.pin_version, token.version),
        (Some(pin("first")), 1, 1),
        "and the secret is another matter"
    );
    done(commit(&store, set_pin("t", 1, Some(pin("second")))).await);
    assert_eq!(read().await.pin, Some(pin("second")));
    done(commit(&store, activate("t", 1)).await);
    assert_eq!(read().await.pin, Some(pin("second")));
    done(commit(&store, set_pin("t", 2, None)).await);
    let token = read().await;
    assert_eq!((token.pin, token.pin_version), (None, 3));
    lost(commit(&store, set_pin("none", 0, None)).await, 0);
}

async fn a_token_gets_a_name(world: Arc<World>) {
    let store = inhabited(&world).await;
    let label = |which: &str, label: &str| Act::CredentialLabel { id: id(which), label: label.into() };
    lost(commit(&store, label("t", "phone")).await, 0);
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    done(commit(&store, label("t", "mein Telefon ☎")).await);
    assert_eq!(store.credentials_of(&vs(), &alice()).await.unwrap()[0].label, "mein Telefon ☎");
    assert_eq!(record(&store, "t").await.label, "mein Telefon ☎");
    done(commit(&store, label("t", "")).await);
    assert_eq!(record(&store, "t").await.label, "");
}

async fn only_what_is_no_use_to_anybody_is_deleted(world: Arc<World>) {
    let store = inhabited(&world).await;
    for from in TokenState::ALL {
        put(&store, from.as_str(), from).await;
        let deleted = commit(&store, Act::CredentialDelete { id: id(from.as_str()) }).await;
        assert_eq!(deleted.is_ok(), !from.owned(), "{from:?}");
        assert_eq!(store.token(&vs(), &id(from.as_str())).await.unwrap().is_some(), from.owned(), "{from:?}");
        if from.owned() {
            done(commit(&store, state(from.as_str(), &[from], Revoked)).await);
        }
    }
    lost(commit(&store, Act::CredentialDelete { id: id("none") }).await, 0);
    done(commit(&store, Act::CredentialStock(stock("inventory"))).await);
}

async fn a_thing_that_was_handed_out_is_no_enrolments_to_revoke(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialStock(stock("thing"))).await);
    done(commit(&store, assign("thing", &alice())).await);
    let supersede = Act::FlowsSupersede { user: alice(), keep: FlowId::new("none"), by: Box::default() };
    for end in [supersede, Act::FlowsEndOf { user: alice(), by: Box::default() }] {
        let app = end.name();
        done(commit(&store, Act::CredentialIssue(token(app))).await);
        done(commit(&store, end).await);
        assert_eq!(record(&store, app).await.state, Revoked);
        assert_eq!(record(&store, "thing").await.state, Assigned);
    }
}

async fn the_tokens_of_one_virtual_server_are_not_those_of_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    put(&store, "active", Active).await;
    done(commit(&store, set_pin("active", 0, Some(pin("hash")))).await);
    for _ in 0..2 {
        store.count_failure(&vs(), &id("active"), 1, secs(900), NOW).await.unwrap();
    }
    put(&store, "stocked", Inventory).await;
    for which in ["active", "stocked"] {
        assert!(store.token(&other, &id(which)).await.unwrap().is_none());
    }
    assert!(store.tokens(&other, &TokenFilter::default(), &first(10)).await.unwrap().items.is_empty());
    let (counts, locked) = store.token_counts(&other, NOW).await.unwrap();
    assert!(counts.iter().all(|(_, count)| *count == 0) && locked == 0);
    for act in [
        Act::CredentialLearn { id: id("active"), version: 1, opened: bytes("theirs") },
        state("active", &TokenState::ALL, Lost),
        state("active", &TokenState::ALL, Revoked),
        Act::CredentialUnlock { id: id("active") },
        set_pin("active", 1, None),
        Act::CredentialLabel { id: id("active"), label: "theirs".into() },
        assign("stocked", &alice()),
        remove("active"),
        Act::CredentialDelete { id: id("stocked") },
    ] {
        lost(store.commit(&other, Change::of(act), NOW).await, 0);
    }
    // A user has a token where they have it, and a serial number is free elsewhere.
    let there = NewCredential { opened: bytes("theirs"), ..token("active") };
    done(store.commit(&other, Change::of(Act::CredentialIssue(there)), NOW).await);
    done(store.commit(&other, Change::of(Act::CredentialStock(stock("stocked"))), NOW).await);
    let here = store.credential(&vs(), &id("active")).await.unwrap().unwrap();
    assert_eq!(
        (here.state, here.opened.expose(), here.pin, here.fails),
        (Active, &b"imported"[..], Some(pin("hash")), 2)
    );
    assert_eq!(record(&store, "stocked").await.state, Inventory);
}
