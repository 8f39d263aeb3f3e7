//! The user's own page: what is shown, which form does what, and that nothing of it works for others.

use std::sync::Arc;
use std::time::Duration;

use doorward_access::passwords::Passwords;
use doorward_api::credential::{Credential, ServerPin};
use doorward_api::settings::{Document, SelfProvisioning};
use doorward_api::template::{Mode, PinType};
use doorward_api::{EventKind, Secret, SecretBytes, Target, Template, TokenForm, TokenState, UserId};
use doorward_fakes::{Dice, ToyTokens, now};
use http::{Method, StatusCode};

use super::world::{PORTAL, Told, World};

const PAGE: &str = "/authenticators/c-alice";
const CODES: &str = "/recovery-codes";
const ADD: &str = "/authenticators/add";

pub(super) fn token(id: &str, user: &str) -> Credential {
    Credential {
        id: id.into(),
        user: user.into(),
        plugin: "otp".into(),
        serial: format!("DW-OF-{user}"),
        state: TokenState::Active,
        form: TokenForm::Software,
        label: String::new(),
        target: Some(Target::Android),
        additional: false,
        template: Template::STANDARD_APP,
        opened: SecretBytes::new(b"123457:0".to_vec()),
        damaged: false,
        version: 1,
        pin: None,
        pin_version: 0,
        fails: 0,
        locked_until: None,
        created_at: now(),
        activated_at: Some(now()),
        last_used_at: None,
    }
}

/// alice and bob have one each.
fn world() -> World {
    let world = World::start();
    world.store.with(|rows| rows.credentials = vec![token("c-alice", "u-alice"), token("c-bob", "u-bob")]);
    world
}

/// The same where users may make recovery codes.
fn world_with_codes() -> World {
    let world = world();
    world.store.with(|rows| rows.set(&SelfProvisioning { recovery_codes: true, ..SelfProvisioning::of_new() }));
    world
}

fn passcode(world: &World) -> String {
    world.store.with(|rows| ToyTokens::passcode(&rows.credentials[0].opened, now()))
}

/// The codes on a page.
fn codes(told: &Told) -> Vec<String> {
    let words = told.body.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'));
    let is_code = |word: &&str| word.len() == 14 && word.split('-').map(str::len).eq([4, 4, 4]);
    words.filter(is_code).map(str::to_owned).collect()
}

/// How many of alice's codes are left.
fn left(world: &World) -> Option<usize> {
    world.store.with(|rows| rows.recovery_codes.get(&UserId::from("u-alice")).map(|kept| kept.codes.macs.len()))
}

/// The form of alice's page, with these fields.
async fn send(world: &World, path: &str, fields: &str) -> Told {
    let csrf = world.portal(Method::GET, "/").signed_in().go().await.hidden("csrf");
    let ask = world.portal(Method::POST, path).signed_in().header("origin", PORTAL);
    ask.form(&format!("csrf={csrf}&{fields}")).await
}

async fn look(world: &World, path: &str) -> Told {
    world.portal(Method::GET, path).signed_in().go().await
}

#[tokio::test]
async fn the_start_page_leads_to_the_authenticators_and_they_to_each_of_them() {
    let world = world();
    assert!(look(&world, "/").await.body.contains("href=\"/authenticators\""));
    let told = look(&world, "/authenticators").await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.body.contains("Android device") && told.body.contains("DW-OF-u-alice"), "{}", told.body);
    assert!(told.body.contains("Signed in as <bdi>alice</bdi>") && !told.body.contains("DW-OF-u-bob"));
    assert!(told.body.contains(&format!("href=\"{PAGE}\"")));
    let told = look(&world, PAGE).await;
    for form in ["name", "test", "resync"] {
        assert!(told.body.contains(&format!("action=\"{PAGE}/{form}\"")), "{form}");
    }
    assert!(!told.body.contains(&format!("action=\"{PAGE}/pin\"")), "there is no PIN to change");
    assert!(told.body.contains(&format!("name=\"back\" value=\"{PAGE}\"")), "another language shows the same page");
}

#[tokio::test]
async fn somebody_without_an_authenticator_is_told_how_to_get_one() {
    let told = look(&World::start(), "/authenticators").await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.body.contains("You have no authenticator.") && told.body.contains("https://help.example.test/"));
}

#[tokio::test]
async fn a_stranger_is_sent_to_sign_in() {
    let world = world();
    let stranger = "A".repeat(43);
    let removed = "/authenticators/c-alice/remove";
    for path in ["/authenticators", PAGE, "/authenticators/c-alice/lost", removed, ADD, CODES, "/sign-out-everywhere"] {
        let told = world.portal(Method::GET, path).go().await;
        assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signin"), "{path}");
        let told = world.portal(Method::GET, path).cookie("doorward", &stranger).go().await;
        assert_eq!(told.location(), "/signin", "{path}");
    }
}

#[tokio::test]
async fn anothers_authenticator_is_not_found_whatever_is_asked_of_it() {
    let world = world();
    let removed = "/authenticators/c-bob/remove";
    for path in ["/authenticators/c-bob", "/authenticators/c-bob/lost", removed, "/authenticators/none"] {
        assert_eq!(look(&world, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let code = passcode(&world);
    for (form, fields) in [
        ("name", "label=x".to_owned()),
        ("test", format!("otp={code}")),
        ("resync", format!("first={code}&second={code}")),
        ("pin", format!("otp={code}&pin=7355&pin_again=7355")),
        ("lost", "lost=yes".to_owned()),
        ("remove", "remove=yes".to_owned()),
    ] {
        let told = send(&world, &format!("/authenticators/c-bob/{form}"), &fields).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "{form}");
        assert!(told.body.contains("href=\"/authenticators\""), "{form}");
    }
    assert_eq!(world.commits(), 0);
}

#[tokio::test]
async fn a_name_is_saved_and_the_page_says_so_by_get() {
    let world = world();
    let told = send(&world, &format!("{PAGE}/name"), "label=+My+%3Cb%3Ephone+").await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/authenticators/c-alice?done=renamed"));
    let told = look(&world, told.location()).await;
    assert!(told.body.contains("The name is saved.") && told.body.contains("role=\"status\""), "{}", told.body);
    assert!(told.body.contains("My &lt;b&gt;phone") && !told.body.contains("<b>"));
    let told = look(&world, "/authenticators/c-alice?done=everything%20is%20lost").await;
    assert!(!told.body.contains("role=\"status\""), "an address does not put words on the page");
}

#[tokio::test]
async fn a_name_that_is_not_taken_is_kept_in_its_field_with_what_is_wrong() {
    let world = world();
    let typed = "x".repeat(65);
    let told = send(&world, &format!("{PAGE}/name"), &format!("label={typed}")).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains(&format!("value=\"{typed}\"")) && told.body.contains("at most 64 characters"));
    assert!(told.body.contains("aria-describedby=\"label-hint label-error\" aria-invalid=\"true\""));
    assert!(told.body.contains(&format!("name=\"back\" value=\"{PAGE}\"")), "another language leads back to the page");
    assert_eq!(world.commits(), 0);
}

#[tokio::test]
async fn a_passcode_is_tested_once() {
    let world = world();
    let (code, form) = (passcode(&world), format!("{PAGE}/test"));
    let told = send(&world, &form, &format!("otp={code}")).await;
    assert_eq!(told.location(), "/authenticators/c-alice?done=tested", "{}", told.body);
    let told = send(&world, &form, &format!("otp={code}")).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("This passcode has already been used.") && !told.body.contains(&code));
    let told = send(&world, &form, "otp=").await;
    assert!(told.body.contains("<a href=\"#test-otp\">Enter the passcode.</a>"), "{}", told.body);
    let told = send(&world, &form, &format!("otp={}", "1".repeat(5000))).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn too_many_wrong_passcodes_lock_and_the_page_says_until_when() {
    let world = world();
    for _ in 0..9 {
        let told = send(&world, &format!("{PAGE}/test"), "otp=wrong").await;
        assert!(told.body.contains("Not accepted.") && told.body.contains("<details open>"), "{}", told.body);
    }
    let told = send(&world, &format!("{PAGE}/test"), "otp=wrong").await;
    assert!(told.body.contains("Too many failed tries. Try again after <time"), "{}", told.body);
    assert!(told.body.contains("Locked until <time") && !told.body.contains("name=\"otp\""));
    let told = send(&world, &format!("{PAGE}/test"), &format!("otp={}", passcode(&world))).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "a right one is not looked at");
}

#[tokio::test]
async fn two_passcodes_in_a_row_find_it_again() {
    let world = world();
    let form = format!("{PAGE}/resync");
    let step = |n: u64| {
        let at = now() + std::time::Duration::from_secs(30 * n);
        world.store.with(|rows| ToyTokens::passcode(&rows.credentials[0].opened, at))
    };
    let told = send(&world, &form, &format!("first={}&second=", step(300))).await;
    assert!(told.body.contains("<a href=\"#second\">Enter the passcode.</a>"), "{}", told.body);
    let told = send(&world, &form, &format!("first={}&second={}", step(300), step(302))).await;
    assert!(told.body.contains("These are not two passcodes in a row"), "{}", told.body);
    let told = send(&world, &form, &format!("first={}&second={}", step(300), step(301))).await;
    assert_eq!(told.location(), "/authenticators/c-alice?done=resynced", "{}", told.body);
}

#[tokio::test]
async fn a_pin_is_changed_with_the_one_before() {
    let world = world();
    let hash = Passwords::new(Arc::new(Dice::default())).hash(Secret::new("4821")).await.unwrap();
    world.store.with(|rows| {
        let token = &mut rows.credentials[0];
        token.template.pin = PinType::ServerSide;
        token.pin = Some(ServerPin { hash, set_at: now(), must_change: false, history: Vec::new() });
    });
    let (form, code) = (format!("{PAGE}/pin"), passcode(&world));
    let page = look(&world, PAGE).await;
    assert!(page.body.contains(&format!("action=\"{form}\"")) && page.body.contains("4 to 8 characters"));
    assert!(page.body.contains("Your PIN, followed at once by the 6 digits"), "{}", page.body);
    let typed = format!("otp=4821{code}");
    let told = send(&world, &form, &format!("{typed}&pin=12&pin_again=12")).await;
    assert!(told.body.contains("<a href=\"#pin\">The PIN is too short.</a>"), "{}", told.body);
    let told = send(&world, &form, &format!("{typed}&pin=7355&pin_again=7356")).await;
    assert!(told.body.contains("id=\"pin_again-error\""), "{}", told.body);
    for secret in ["7355", "4821", &code] {
        assert!(!told.body.contains(secret), "nothing secret comes back");
    }
    let told = send(&world, &form, &format!("{typed}&pin=7355&pin_again=7355")).await;
    assert_eq!(told.location(), "/authenticators/c-alice?done=pin-changed", "{}", told.body);
    assert!(world.store.kinds().contains(&EventKind::PinChanged));
}

#[tokio::test]
async fn only_who_confirms_reports_a_loss_and_then_everything_ends() {
    let world = world();
    let told = look(&world, &format!("{PAGE}/lost")).await;
    assert!(told.body.contains("Is this authenticator lost?") && told.body.contains("All your sessions are ended"));
    assert_eq!(world.commits(), 0, "asking changes nothing");
    let told = send(&world, &format!("{PAGE}/lost"), "lost=yes").await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/authenticators/reported"), "{}", told.body);
    assert_eq!(told.set_cookie("doorward").as_deref(), Some(""));
    assert_eq!(told.set_cookie("doorward_flow").as_deref(), Some(""));
    assert_eq!(*world.cut.lock().unwrap(), ["s-alice"]);
    assert_eq!(world.store.with(|rows| rows.credentials[0].state), TokenState::Suspended);
    assert_eq!(look(&world, "/authenticators").await.location(), "/signin");
    let told = world.portal(Method::GET, "/authenticators/reported").go().await;
    assert!(told.body.contains("The authenticator is suspended") && told.body.contains("href=\"/signin\""));
}

#[tokio::test]
async fn who_came_in_by_a_recovery_code_gives_the_lost_one_up_and_signs_in_to_add_another() {
    let asked = look(&world_with_codes(), &format!("{PAGE}/lost")).await;
    assert!(asked.body.contains("suspended at once"), "a passcode is no recovery: {}", asked.body);
    let world = world_with_codes();
    world.store.with(|rows| rows.sessions.values_mut().for_each(|session| session.proofs.recovered = Some(now())));
    let asked = look(&world, &format!("{PAGE}/lost")).await;
    assert!(asked.body.contains("given up for good") && !asked.body.contains("suspended at once"), "{}", asked.body);
    assert_eq!(world.commits(), 0, "asking changes nothing");
    let told = send(&world, &format!("{PAGE}/lost"), "lost=yes").await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/authenticators/replaced"), "{}", told.body);
    assert_eq!(told.set_cookie("doorward").as_deref(), Some(""));
    assert_eq!(*world.cut.lock().unwrap(), ["s-alice"]);
    assert_eq!(world.store.with(|rows| rows.credentials[0].state), TokenState::Lost);
    let told = world.portal(Method::GET, told.location()).go().await;
    assert!(told.body.contains("The authenticator is given up") && told.body.contains("href=\"/signin\""));
}

#[tokio::test]
async fn recovery_codes_are_made_where_operators_let_users_make_some() {
    let world = world();
    let link = format!("href=\"{CODES}\"");
    assert!(!look(&world, "/authenticators").await.body.contains(&link));
    assert_eq!(look(&world, CODES).await.location(), "/authenticators");
    let told = send(&world, CODES, &format!("otp={}", passcode(&world))).await;
    assert_eq!((told.location(), left(&world)), ("/authenticators", None));
    let world = world_with_codes();
    assert!(look(&world, "/authenticators").await.body.contains(&link));
    let told = look(&world, CODES).await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.body.contains(&format!("action=\"{CODES}\"")) && told.body.contains("name=\"otp\""));
    assert!(told.body.contains(&format!("name=\"back\" value=\"{CODES}\"")), "another language shows the same page");
    assert_eq!((world.commits(), left(&world)), (0, None), "looking makes none");
}

#[tokio::test]
async fn ten_recovery_codes_are_made_by_a_passcode_and_shown_once() {
    let world = world_with_codes();
    let typed = passcode(&world);
    let told = send(&world, CODES, &format!("otp={typed}")).await;
    assert_eq!((told.status, told.header("cache-control")), (StatusCode::OK, "no-store"), "{}", told.body);
    let mut made = codes(&told);
    made.sort();
    made.dedup();
    assert_eq!((made.len(), left(&world)), (10, Some(10)), "{}", told.body);
    assert!(told.body.contains("href=\"/authenticators\"") && !told.body.contains(&typed));
    assert!(world.store.kinds().contains(&EventKind::RecoveryCodesMade));
    for (path, says) in [("/authenticators", "of ten are left"), (CODES, "The codes that you have made before end")] {
        let told = look(&world, path).await;
        assert!(told.body.contains(says) && codes(&told).is_empty(), "{path}: {}", told.body);
    }
    // The page is loaded anew: its passcode is spent, so that nobody else makes any by it.
    let told = send(&world, CODES, &format!("otp={typed}")).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("This passcode has already been used.") && !told.body.contains(&typed));
    assert_eq!((codes(&told), left(&world)), (Vec::new(), Some(10)), "{}", told.body);
}

#[tokio::test]
async fn a_passcode_that_is_not_right_makes_no_recovery_codes() {
    let world = world_with_codes();
    let told = send(&world, CODES, "otp=").await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("Enter the passcode."), "{}", told.body);
    let told = send(&world, CODES, &format!("otp={}", "1".repeat(5000))).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
    for _ in 0..9 {
        let told = send(&world, CODES, "otp=wrong").await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(told.body.contains("Not accepted.") && codes(&told).is_empty(), "{}", told.body);
    }
    // From now on none is looked at, and the page of the authenticators says until when.
    assert_eq!(send(&world, CODES, "otp=wrong").await.location(), "/authenticators");
    assert!(look(&world, "/authenticators").await.body.contains("Locked until <time"));
    let told = send(&world, CODES, &format!("otp={}", passcode(&world))).await;
    assert_eq!((told.location(), left(&world)), ("/authenticators", None));
}

#[tokio::test]
async fn who_can_show_no_passcode_makes_no_recovery_codes() {
    let world = world_with_codes();
    world.store.with(|rows| rows.credentials[0].template.mode = Mode::ChallengeResponse);
    let told = look(&world, "/authenticators").await;
    assert!(told.body.contains("you need a passcode") && !told.body.contains(&format!("href=\"{CODES}\"")));
    assert_eq!(look(&world, CODES).await.location(), "/authenticators");
    assert_eq!(send(&world, CODES, "otp=123456").await.location(), "/authenticators");
}

#[tokio::test]
async fn what_is_suspended_is_not_reported_lost_again() {
    let world = world();
    world.store.with(|rows| rows.credentials[0].state = TokenState::Suspended);
    assert_eq!(look(&world, &format!("{PAGE}/lost")).await.location(), PAGE);
    assert_eq!(send(&world, &format!("{PAGE}/lost"), "lost=yes").await.location(), PAGE);
    let told = look(&world, PAGE).await;
    assert!(told.body.contains("until the help desk has reactivated it") && !told.body.contains("name=\"otp\""));
    assert!(world.cut.lock().unwrap().is_empty());
}

#[tokio::test]
async fn signing_out_everywhere_is_confirmed_and_cuts_this_browsers_connections() {
    let world = world();
    let told = look(&world, "/sign-out-everywhere").await;
    assert!(told.body.contains("action=\"/sign-out-everywhere\""), "{}", told.body);
    let told = send(&world, "/sign-out-everywhere", "everywhere=yes").await;
    assert_eq!(told.location(), "/signed-out/everywhere", "{}", told.body);
    assert_eq!(told.set_cookie("doorward").as_deref(), Some(""));
    assert_eq!(*world.cut.lock().unwrap(), ["s-alice"]);
    assert!(world.store.with(|rows| rows.sessions.is_empty()));
    let told = world.portal(Method::GET, "/signed-out/everywhere").go().await;
    assert!(told.body.contains("You are signed out everywhere"), "{}", told.body);
}

#[tokio::test]
async fn whoever_is_signed_in_is_told_of_no_end() {
    let world = world();
    for path in ["/authenticators/reported", "/authenticators/replaced", "/signed-out/everywhere"] {
        assert_eq!(look(&world, path).await.location(), "/authenticators", "{path}");
    }
}

#[tokio::test]
async fn forms_from_elsewhere_do_nothing() {
    let world = world();
    let csrf = look(&world, PAGE).await.hidden("csrf");
    let forms = ["name", "test", "resync", "pin", "lost"].map(|form| format!("{PAGE}/{form}"));
    for path in forms.iter().map(String::as_str).chain([CODES]) {
        let evil = world.portal(Method::POST, path).signed_in().header("origin", "http://wiki.localhost:8080");
        assert_eq!(evil.form(&format!("csrf={csrf}&label=x")).await.status, StatusCode::FORBIDDEN, "{path}");
        let told = world.portal(Method::POST, path).signed_in().header("origin", PORTAL).form("csrf=&label=x").await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(world.commits(), 0);
}

#[tokio::test]
async fn one_that_answers_questions_says_why_it_is_not_tested_here() {
    let world = world();
    world.store.with(|rows| rows.credentials[0].template.mode = Mode::ChallengeResponse);
    let told = look(&world, PAGE).await;
    assert!(told.body.contains("It answers challenges.") && !told.body.contains("name=\"otp\""), "{}", told.body);
    let told = send(&world, &format!("{PAGE}/test"), "otp=123456").await;
    assert!(told.body.contains("That can’t be done with this authenticator"), "{}", told.body);
}

#[tokio::test]
async fn a_store_that_is_away_is_said_and_nothing_looks_done() {
    let world = world();
    let csrf = look(&world, PAGE).await.hidden("csrf");
    *world.store.down.lock().unwrap() = true;
    let ask = world.portal(Method::POST, "/sign-out-everywhere").signed_in().header("origin", PORTAL);
    let told = ask.form(&format!("csrf={csrf}&everywhere=yes")).await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(told.set_cookie("doorward").is_none() && world.cut.lock().unwrap().is_empty());
}

/// alice may have so many, and has shown hers so long ago.
fn world_of_several(most: u8, ago: Duration) -> World {
    let world = world();
    world.store.with(|rows| {
        rows.set(&SelfProvisioning { max_tokens: most, ..SelfProvisioning::of_new() });
        for session in rows.sessions.values_mut() {
            session.proofs.by_token = Some(now() - ago);
        }
    });
    world
}

#[tokio::test]
async fn another_authenticator_is_added_where_several_are_allowed() {
    let one = look(&world(), "/authenticators").await;
    assert!(!one.body.contains(ADD), "one is allowed, and there is one");
    let told = look(&world(), ADD).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/authenticators?done=not-added"));
    let told = send(&world(), ADD, "add=yes").await;
    assert_eq!(told.location(), "/authenticators?done=not-added", "forged");

    let world = world_of_several(2, Duration::ZERO);
    assert!(look(&world, "/authenticators").await.body.contains(&format!("href=\"{ADD}\"")));
    let told = look(&world, ADD).await;
    assert!(told.body.contains("Either of them is enough.") && told.body.contains(&format!("action=\"{ADD}\"")));
    assert!(!told.body.contains("First show that it is you"));
    let told = send(&world, ADD, "add=yes").await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signin/step"));
    let flow = told.set_cookie("doorward_flow").unwrap();
    let page = world.portal(Method::GET, "/signin/step").signed_in().cookie("doorward_flow", &flow).go().await;
    assert!(page.body.contains("Step 1 of 4"), "{}", page.body);
    assert!(page.body.contains(">Cancel</button>") && !page.body.contains("Cancel and sign out"));
}

#[tokio::test]
async fn whoever_has_shown_none_for_ten_minutes_signs_in_once_more() {
    let world = world_of_several(2, Duration::from_mins(10));
    let told = look(&world, ADD).await;
    assert!(told.body.contains("First show that it is you") && told.body.contains("Continue to sign-in"));
    let told = send(&world, ADD, "add=yes").await;
    let flow = told.set_cookie("doorward_flow").unwrap();
    let page = world.portal(Method::GET, "/signin/step").signed_in().cookie("doorward_flow", &flow).go().await;
    assert!(page.body.contains("name=\"otp\"") && !page.body.contains("/signin/switch"), "{}", page.body);
    let csrf = page.hidden("csrf");
    let (id, nonce) = (page.hidden("flow"), page.hidden("nonce"));
    let form = format!("csrf={csrf}&flow={id}&nonce={nonce}");
    let ask = world.portal(Method::POST, "/signin/cancel").signed_in().cookie("doorward_flow", &flow);
    let told = ask.header("origin", PORTAL).form(&form).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/authenticators"));
    assert_eq!(look(&world, "/authenticators").await.status, StatusCode::OK, "signed in as before");
}

#[tokio::test]
async fn one_of_two_can_be_removed_and_the_last_cannot() {
    let world = world_of_several(2, Duration::ZERO);
    assert!(!look(&world, PAGE).await.body.contains("/remove"));
    world.store.with(|rows| rows.credentials.push(Credential { serial: "DW-2".into(), ..token("c-2", "u-alice") }));
    assert!(look(&world, PAGE).await.body.contains("href=\"/authenticators/c-alice/remove\""));
    let told = look(&world, "/authenticators/c-alice/remove").await;
    assert!(told.body.contains("Remove this authenticator?") && told.body.contains("Yes, remove it"));
    assert_eq!(world.commits(), 0, "nothing is done by looking");
    let told = send(&world, "/authenticators/c-alice/remove", "remove=yes").await;
    assert_eq!(told.location(), "/authenticators?done=removed");
    let told = look(&world, "/authenticators?done=removed").await;
    assert!(told.body.contains("The authenticator is removed.") && !told.body.contains("DW-OF-u-alice"));
    for path in ["/authenticators/c-2/remove", "/authenticators/c-alice/remove"] {
        let told = send(&world, path, "remove=yes").await;
        assert!(told.status == StatusCode::NOT_FOUND || told.location() == "/authenticators/c-2", "{path}");
    }
}
