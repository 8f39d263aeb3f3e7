//! The pages of a user's own passkeys. What browsers answer to them is told by a journey with a real one.

use doorward_api::credential::Credential;
use doorward_api::{EventKind, Proofs, SecretBytes, TokenForm, TokenState};
use doorward_fakes::now;
use http::{Method, StatusCode};

use super::own::token;
use super::world::{PORTAL, Told, World};

fn passkey(id: &str, user: &str) -> Credential {
    // What the plugin keeps of one; nobody signs in with it here.
    let kept = serde_json::json!({
        "v": 1, "id": "AQIDBA", "key": { "algorithm": -8, "key": "A".repeat(43) },
        "sign_count": 0, "backup_eligible": false, "backed_up": false,
    });
    Credential {
        plugin: "passkey".into(),
        serial: format!("PK-OF-{user}"),
        form: TokenForm::Passkey,
        target: None,
        opened: SecretBytes::new(kept.to_string().into_bytes()),
        ..token(id, user)
    }
}

/// alice has an authenticator and a passkey, and so has bob.
fn world() -> World {
    let world = World::start();
    world.store.with(|rows| {
        rows.credentials = vec![
            token("c-alice", "u-alice"),
            passkey("p-alice", "u-alice"),
            token("c-bob", "u-bob"),
            passkey("p-bob", "u-bob"),
        ];
    });
    world
}

/// She has shown a token just now.
fn proved(world: &World) {
    world.store.with(|rows| {
        let session = rows.sessions.values_mut().next().unwrap();
        session.proofs = Proofs { otp: Some(now()), by_token: Some(now()), ..session.proofs };
    });
}

async fn look(world: &World, path: &str) -> Told {
    world.portal(Method::GET, path).signed_in().go().await
}

async fn send(world: &World, path: &str, fields: &str) -> Told {
    let csrf = world.portal(Method::GET, "/").signed_in().go().await.hidden("csrf");
    let ask = world.portal(Method::POST, path).signed_in().header("origin", PORTAL);
    ask.form(&format!("csrf={csrf}&{fields}")).await
}

fn state(world: &World, id: &str) -> TokenState {
    world.store.with(|rows| rows.credentials.iter().find(|one| one.id.as_str() == id).unwrap().state)
}

#[tokio::test]
async fn the_own_page_leads_to_the_passkeys_and_shows_nobody_elses() {
    let world = world();
    let told = look(&world, "/authenticators").await;
    assert!(told.body.contains("href=\"/passkeys\"") && !told.body.contains("PK-OF-"), "they are no authenticators");
    let told = look(&world, "/passkeys").await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.body.contains("PK-OF-u-alice") && !told.body.contains("PK-OF-u-bob"), "{}", told.body);
    for place in ["action=\"/passkeys/p-alice/name\"", "href=\"/passkeys/p-alice/remove\"", "href=\"/passkeys/add\""] {
        assert!(told.body.contains(place), "{place}");
    }
    assert!(told.body.contains("First show that it is you"), "the session is by a password alone");
    let world = self::world();
    proved(&world);
    assert!(!look(&world, "/passkeys").await.body.contains("First show that it is you"));
}

#[tokio::test]
async fn a_stranger_is_sent_to_sign_in() {
    let world = world();
    for path in ["/passkeys", "/passkeys/add", "/passkeys/p-alice/remove"] {
        let told = world.portal(Method::GET, path).go().await;
        assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signin"), "{path}");
    }
}

#[tokio::test]
async fn whoever_has_not_shown_a_token_is_asked_for_it_first() {
    let world = world();
    let told = look(&world, "/passkeys/add").await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signin/step"));
    assert_eq!(world.store.with(|rows| rows.one_times.len()), 0, "nothing is asked of the browser yet");
}

#[tokio::test]
async fn the_page_asks_the_browser_and_says_what_it_needs() {
    let world = world();
    proved(&world);
    let told = look(&world, "/passkeys/add").await;
    assert_eq!(told.status, StatusCode::OK);
    for words in [
        "data-passkey=\"create\"",
        "/assets/passkey.js?v=",
        "<noscript>",
        "login.localhost",
        "AQIDBA",
        "name=\"ceremony\"",
    ] {
        assert!(told.body.contains(words), "{words}");
    }
    assert!(told.header("content-security-policy").contains("script-src 'self';"));
    assert!(!told.header("permissions-policy").contains("publickey"), "what it may do, it may");
    let script = world.portal(Method::GET, "/assets/passkey.js").go().await;
    assert_eq!(script.status, StatusCode::OK);
    assert!(script.header("content-type").starts_with("text/javascript"));
}

#[tokio::test]
async fn an_answer_that_is_none_makes_nothing_and_says_so() {
    let world = world();
    proved(&world);
    let ceremony = look(&world, "/passkeys/add").await.hidden("ceremony");
    for answer in ["", "%7B%7D", &"A".repeat(40_000)] {
        let told = send(&world, "/passkeys/add", &format!("ceremony={ceremony}&answer={answer}")).await;
        assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/passkeys?done=not-added"));
    }
    assert_eq!(world.store.with(|rows| rows.credentials.len()), 4);
    assert!(look(&world, "/passkeys?done=not-added").await.body.contains("No passkey was made."));
}

#[tokio::test]
async fn one_is_renamed_and_a_name_that_is_none_stands_in_its_field() {
    let world = world();
    let told = send(&world, "/passkeys/p-alice/name", "label=Blue+key").await;
    assert_eq!(told.location(), "/passkeys?done=renamed");
    assert!(look(&world, told.location()).await.body.contains("Blue key"));
    let told = send(&world, "/passkeys/p-alice/name", &format!("label={}", "x".repeat(65))).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("aria-invalid=\"true\"") && told.body.contains(&"x".repeat(65)));
    assert_eq!(send(&world, "/passkeys/p-bob/name", "label=mine").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_is_removed_after_a_question_and_nobody_elses_is() {
    let world = world();
    assert!(look(&world, "/passkeys/p-alice/remove").await.body.contains("Remove this passkey?"));
    assert_eq!(state(&world, "p-alice"), TokenState::Active, "looking changes nothing");
    for path in ["/passkeys/p-bob/remove", "/passkeys/c-alice/remove"] {
        assert_eq!(look(&world, path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(send(&world, path, "remove=yes").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let told = send(&world, "/passkeys/p-alice/remove", "remove=yes").await;
    assert_eq!(told.location(), "/signin/step", "the session is by a password alone");
    assert_eq!(state(&world, "p-alice"), TokenState::Active);
    let world = self::world();
    proved(&world);
    let told = send(&world, "/passkeys/p-alice/remove", "remove=yes").await;
    assert_eq!(told.location(), "/passkeys?done=removed");
    let page = look(&world, told.location()).await.body;
    assert!(page.contains("You have no passkey.") && page.contains("You were signed out everywhere else."), "{page}");
    assert_eq!([state(&world, "p-alice"), state(&world, "p-bob")], [TokenState::Revoked, TokenState::Active]);
    assert!(world.store.kinds().contains(&EventKind::PasskeyRemoved));
}

#[tokio::test]
async fn the_page_of_an_authenticator_is_none_of_a_passkey() {
    let world = world();
    for path in ["/authenticators/p-alice", "/authenticators/p-alice/lost", "/authenticators/p-alice/remove"] {
        assert_eq!(look(&world, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
