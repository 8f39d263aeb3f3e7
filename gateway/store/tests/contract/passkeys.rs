//! Passkeys: rows like those of tokens, and none of them counts as one (R3, A5).

use std::sync::Arc;

use doorward_api::credential::{AddedPasskey, NewCredential};
use doorward_api::ports::*;
use doorward_api::*;

use crate::fixtures::*;
use crate::world::World;
use TokenState::{Active, Revoked, Suspended};

both!(
    a_passkey_is_in_use_at_once_and_found_by_its_serial_number,
    a_serial_number_is_one_passkeys_only,
    a_user_has_as_many_passkeys_as_are_allowed,
    a_passkey_never_counts_as_a_token,
    a_passkey_is_held_given_back_and_taken_like_any_other,
    a_passkey_of_one_virtual_server_is_none_of_another,
);

pub(crate) fn passkey(id: &str, most: u8) -> AddedPasskey {
    AddedPasskey {
        id: CredentialId::new(id),
        user: alice(),
        plugin: "passkey".into(),
        serial: format!("PK-{id}"),
        label: "Phone".into(),
        opened: bytes("kept"),
        most,
    }
}

fn add(id: &str) -> Act {
    Act::CredentialAdd(passkey(id, 10))
}

fn goes(id: &str, from: TokenState, to: TokenState) -> Act {
    Act::CredentialState { id: CredentialId::new(id), from: vec![from], to }
}

async fn a_passkey_is_in_use_at_once_and_found_by_its_serial_number(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add("p")).await);
    let found = store.credential_by_serial(&vs(), "PK-p").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), &found.user, found.plugin.as_str()), ("p", &alice(), "passkey"));
    assert_eq!((found.state, found.form, found.label.as_str()), (Active, TokenForm::Passkey, "Phone"));
    assert_eq!((found.target, found.opened.expose(), found.version), (None, &b"kept"[..], 1));
    assert_eq!((found.created_at, found.activated_at, found.last_used_at), (NOW, Some(NOW), None));
    assert!(store.credential_by_serial(&vs(), "PK-q").await.unwrap().is_none());
    assert!(store.credential_by_serial(&vs(), "pk-p").await.unwrap().is_none(), "as it is written");
    done(commit(&store, spend("p", 1)).await);
    lost(commit(&store, spend("p", 1)).await, 0);
    let used = store.credential(&vs(), &found.id).await.unwrap().unwrap();
    assert_eq!((used.version, used.last_used_at), (2, Some(NOW)));
    let listed = store.token(&vs(), &found.id).await.unwrap().unwrap();
    assert_eq!((listed.form, listed.serial.as_str()), (TokenForm::Passkey, "PK-p"));
    // What is nobody's is found by nobody.
    done(commit(&store, Act::CredentialStock(stock("thing"))).await);
    assert!(store.credential_by_serial(&vs(), "HW-thing").await.unwrap().is_none());
}

async fn a_serial_number_is_one_passkeys_only(world: Arc<World>) {
    let store = inhabited(&world).await;
    let bob = UserId::new("bob-row");
    done(commit(&store, add_user("bob", bob.clone(), &[])).await);
    done(commit(&store, add("p")).await);
    let again =
        |change: fn(AddedPasskey, UserId) -> AddedPasskey| Act::CredentialAdd(change(passkey("p", 10), bob.clone()));
    lost(commit(&store, again(|p, user| AddedPasskey { id: "q".into(), user, ..p })).await, 0);
    lost(commit(&store, again(|p, user| AddedPasskey { serial: "PK-q".into(), user, ..p })).await, 0);
    // It stays so when it was taken back: whoever made it once makes it no more.
    done(commit(&store, goes("p", Active, Revoked)).await);
    lost(commit(&store, again(|p, user| AddedPasskey { id: "q".into(), user, ..p })).await, 0);
}

async fn a_user_has_as_many_passkeys_as_are_allowed(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    done(commit(&store, activate("t", 1)).await);
    done(commit(&store, Act::CredentialAdd(passkey("p", 2))).await);
    done(commit(&store, Act::CredentialAdd(passkey("q", 2))).await);
    lost(commit(&store, Act::CredentialAdd(passkey("r", 2))).await, 0);
    done(commit(&store, goes("p", Active, Suspended)).await);
    lost(commit(&store, Act::CredentialAdd(passkey("r", 2))).await, 0);
    done(commit(&store, goes("p", Suspended, Revoked)).await);
    done(commit(&store, Act::CredentialAdd(passkey("r", 2))).await);
}

async fn a_passkey_never_counts_as_a_token(world: Arc<World>) {
    let store = inhabited(&world).await;
    for id in ["p", "q"] {
        done(commit(&store, add(id)).await);
    }
    assert!(store.token_counts(&vs(), NOW).await.unwrap().0.iter().all(|(_, count)| *count == 0), "none is counted");
    // One that may have one gets one: of an enrolment, or of the stock.
    done(commit(&store, Act::CredentialIssue(token("t"))).await);
    done(commit(&store, activate("t", 1)).await);
    done(commit(&store, goes("t", Active, Suspended)).await);
    done(commit(&store, goes("t", Suspended, Active)).await);
    lost(commit(&store, Act::CredentialIssue(NewCredential { most: 1, ..token("u") })).await, 0);
    // It is no other token that one could do with.
    lost(commit(&store, remove("t")).await, 0);
    lost(commit(&store, remove("p")).await, 0);
    done(commit(&store, goes("t", Active, Revoked)).await);
    done(commit(&store, Act::CredentialStock(stock("thing"))).await);
    done(commit(&store, assign("thing", &alice())).await);
    done(commit(&store, activate("thing", 1)).await);
    // Nor does a token stand in the way of it.
    done(commit(&store, goes("p", Active, Suspended)).await);
    done(commit(&store, goes("p", Suspended, Active)).await);
}

async fn a_passkey_is_held_given_back_and_taken_like_any_other(world: Arc<World>) {
    let store = inhabited(&world).await;
    done(commit(&store, add("p")).await);
    done(commit(&store, Act::CredentialLabel { id: "p".into(), label: "Blue".into() }).await);
    done(commit(&store, goes("p", Active, Suspended)).await);
    lost(commit(&store, goes("p", Active, Suspended)).await, 0);
    done(commit(&store, goes("p", Suspended, Revoked)).await);
    let gone = store.credential_by_serial(&vs(), "PK-p").await.unwrap().unwrap();
    assert_eq!((gone.state, gone.opened.expose(), gone.label.as_str()), (Revoked, &b""[..], "Blue"));
    lost(commit(&store, goes("p", Revoked, Active)).await, 0);
    done(commit(&store, Act::CredentialDelete { id: "p".into() }).await);
    done(commit(&store, add("p")).await);
}

async fn a_passkey_of_one_virtual_server_is_none_of_another(world: Arc<World>) {
    let store = inhabited(&world).await;
    let other = VirtualServerId::new("other");
    inhabit(&store, &other).await;
    done(commit(&store, add("p")).await);
    assert!(store.credential_by_serial(&other, "PK-p").await.unwrap().is_none());
    lost(store.commit(&other, Change::of(goes("p", Active, Suspended)), NOW).await, 0);
}
