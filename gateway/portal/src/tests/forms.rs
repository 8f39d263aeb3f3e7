//! Which forms are taken, and which are not (SEC 5.5, CS-01).

use doorward_api::Token;
use http::{Method, StatusCode};

use super::world::{PORTAL, Told, World};

/// W0 as a browser without cookies gets it: its flow cookie and its hidden value.
async fn w0(world: &World) -> (String, String) {
    let told = world.portal(Method::GET, "/signin").go().await;
    (told.set_cookie("doorward_flow").unwrap(), told.hidden("csrf"))
}

async fn send(world: &World, flow: &str, form: &str, headers: &[(&str, &str)]) -> Told {
    let ask = world.portal(Method::POST, "/signin").cookie("doorward_flow", flow);
    headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value)).form(form).await
}

#[tokio::test]
async fn a_name_begins_a_flow_with_a_new_cookie() {
    let world = World::start();
    let (flow, csrf) = w0(&world).await;
    let told = send(&world, &flow, &format!("csrf={csrf}&username=alice&remember=yes"), &[("origin", PORTAL)]).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signin/step"), "{}", told.body);
    let browser = told.set_cookie("doorward_flow").unwrap();
    assert_ne!(browser, flow, "the cookie of the form is not the cookie of the flow");
    assert_eq!(told.set_cookie("doorward_name").as_deref(), Some("alice"));

    let told = world.portal(Method::GET, "/signin/step").cookie("doorward_flow", &browser).go().await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.body.contains("name=\"password\"") && told.headers.get("set-cookie").is_none());
    assert!(!told.hidden("flow").is_empty() && !told.hidden("nonce").is_empty());
}

#[tokio::test]
async fn a_name_is_forgotten_when_nobody_asks_to_remember_it() {
    let world = World::start();
    let (flow, csrf) = w0(&world).await;
    let ask = world.portal(Method::POST, "/signin").cookie("doorward_flow", &flow).cookie("doorward_name", "bob");
    let told = ask.form(&format!("csrf={csrf}&username=alice")).await;
    assert_eq!(told.set_cookie("doorward_name").as_deref(), Some(""));
}

#[tokio::test]
async fn a_form_that_is_not_ours_changes_nothing() {
    let world = World::start();
    let (flow, csrf) = w0(&world).await;
    let (other_flow, other_csrf) = w0(&world).await;
    let good = format!("csrf={csrf}&username=alice");
    let (signed_in_csrf, commits) = {
        let told = world.portal(Method::GET, "/").signed_in().go().await;
        (told.hidden("csrf"), world.commits())
    };
    for (why, flow, form, headers) in [
        ("no value", &flow, "username=alice".to_owned(), &[][..]),
        ("an empty value", &flow, "csrf=&username=alice".to_owned(), &[]),
        ("another browser's value", &flow, format!("csrf={other_csrf}&username=alice"), &[]),
        ("another browser's cookie", &other_flow, good.clone(), &[]),
        ("a session's value", &flow, format!("csrf={signed_in_csrf}&username=alice"), &[]),
        ("no value, and our origin", &flow, "username=alice".to_owned(), &[("origin", PORTAL)]),
        ("another origin", &flow, good.clone(), &[("origin", "http://evil.test")]),
        ("an application's origin", &flow, good.clone(), &[("origin", "http://wiki.localhost:8080")]),
        ("an origin without a name", &flow, good.clone(), &[("origin", "null")]),
        ("another site's form", &flow, good.clone(), &[("sec-fetch-site", "cross-site")]),
        ("a sibling's form", &flow, good.clone(), &[("sec-fetch-site", "same-site")]),
    ] {
        let told = send(&world, flow, &form, headers).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{why}");
        assert!(told.headers.get("set-cookie").is_none(), "{why}");
    }
    for content_type in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
        let ask = world.portal(Method::POST, "/signin").cookie("doorward_flow", &flow);
        let told = ask.header("content-type", content_type).body(good.clone()).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{content_type}");
    }
    let told = world.portal(Method::POST, "/signin").form(&good).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "no cookie");
    assert_eq!(world.commits(), commits, "nothing was written");
}

#[tokio::test]
async fn every_form_of_the_portal_is_checked() {
    let world = World::start();
    for path in [
        "/signin",
        "/signin/password",
        "/signin/passcode",
        "/signin/passkey",
        "/signin/push",
        "/signin/push/finish",
        "/signin/push/cancel",
        "/signin/switch",
        "/signin/cancel",
        "/enrol/add",
        "/enrol/code",
        "/enrol/resend",
        "/enrol/target",
        "/enrol/new-code",
        "/enrol/kind",
        "/enrol/installed",
        "/enrol/device",
        "/enrol/continue",
        "/enrol/back",
        "/signout",
        "/sign-out-everywhere",
        "/authenticators/c-alice/name",
        "/authenticators/c-alice/test",
        "/authenticators/c-alice/resync",
        "/authenticators/c-alice/pin",
        "/authenticators/c-alice/lost",
        "/authenticators/c-alice/remove",
        "/authenticators/add",
        "/passkeys/add",
        "/passkeys/c-key/name",
        "/passkeys/c-key/remove",
        "/recovery-codes",
        "/language",
        "/notice/abc",
    ] {
        let flow = "A".repeat(43);
        let told = world.portal(Method::POST, path).signed_in().cookie("doorward_flow", &flow).form("").await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(world.commits(), 0);
}

#[tokio::test]
async fn a_page_too_old_leads_back_to_its_place() {
    let world = World::start();
    let told = world.portal(Method::POST, "/signin").form("username=alice&return=c2VhbGVk").await;
    assert!(told.body.contains("href=\"/signin?return=c2VhbGVk\""), "{}", told.body);
}

#[tokio::test]
async fn a_form_that_is_ours_and_too_old_is_led_back_and_changes_nothing() {
    let world = World::start();
    let (_, old) = w0(&world).await;
    let (flow, _) = w0(&world).await;
    let form = format!("csrf={old}&username=alice&password=right&return=c2VhbGVk");
    let ours = [("origin", PORTAL), ("sec-fetch-site", "same-origin")];
    for (path, back) in [("/signin", "/signin?return=c2VhbGVk"), ("/signin/password", "/signin?return=c2VhbGVk")] {
        let ask = world.portal(Method::POST, path).cookie("doorward_flow", &flow);
        let told = ours.iter().fold(ask, |ask, (name, value)| ask.header(name, value)).form(&form).await;
        assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, back), "{path}");
        assert!(told.headers.get("set-cookie").is_none(), "{path}");
    }
    // The browser does not say whose it is, or has none of our cookies: that may be anybody's, or would never end.
    let unsaid = world.portal(Method::POST, "/signin").cookie("doorward_flow", &flow).form(&form).await;
    assert_eq!(unsaid.status, StatusCode::FORBIDDEN);
    let bare = world.portal(Method::POST, "/signin").header("origin", PORTAL).form(&form).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN);
    // What came from a page of the session before this one.
    let ask = world.portal(Method::POST, "/signout").signed_in().header("origin", PORTAL);
    let told = ask.form("csrf=0123456789abcdef").await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(world.commits(), 0);
}

#[tokio::test]
async fn malformed_forms_are_bad_requests_and_large_ones_too_large() {
    let world = World::start();
    let (flow, csrf) = w0(&world).await;
    for form in [format!("csrf={csrf}&username=a&username=b"), format!("csrf={csrf}&username=%ff")] {
        assert_eq!(send(&world, &flow, &form, &[]).await.status, StatusCode::BAD_REQUEST, "{form}");
    }
    let large = format!("csrf={csrf}&username={}", "x".repeat(64 * 1024));
    assert_eq!(send(&world, &flow, &large, &[]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let long = format!("csrf={csrf}&flow=f&nonce=n&password={}", "x".repeat(5000));
    let told = world.portal(Method::POST, "/signin/password").cookie("doorward_flow", &flow).form(&long).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST, "a password of 5,000 characters");
}

#[tokio::test]
async fn fields_nobody_asked_for_are_not_looked_at() {
    let world = World::start();
    let (flow, csrf) = w0(&world).await;
    let form = format!("csrf={csrf}&username=alice&email=mallory%40evil.test&user=root&step=confirmed");
    assert_eq!(send(&world, &flow, &form, &[]).await.location(), "/signin/step");
}

/// Begins a sign-in and sends the form of its page to `path`, signed in all the while.
async fn begin_and_send(world: &World, path: &str) -> (String, Told) {
    let (flow, csrf) = w0(world).await;
    let told = send(world, &flow, &format!("csrf={csrf}&username=alice"), &[]).await;
    let flow = told.set_cookie("doorward_flow").unwrap();
    let page = world.portal(Method::GET, "/signin/step").cookie("doorward_flow", &flow).go().await;
    let form = ["flow", "nonce", "csrf"].map(|field| format!("{field}={}", page.hidden(field))).join("&");
    let told = world.portal(Method::POST, path).signed_in().cookie("doorward_flow", &flow).form(&form).await;
    (flow, told)
}

#[tokio::test]
async fn cancelling_signs_out_and_says_how_the_sign_in_ended() {
    let world = World::start();
    let (flow, told) = begin_and_send(&world, "/signin/cancel").await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signin/step"), "{}", told.body);
    assert_eq!(told.set_cookie("doorward").as_deref(), Some(""));
    assert_eq!(*world.cut.lock().unwrap(), ["s-alice"]);
    for reload in 0..2 {
        let page = world.portal(Method::GET, "/signin/step").cookie("doorward_flow", &flow).go().await;
        assert_eq!(page.status, StatusCode::OK, "{reload}");
        assert!(!page.body.contains("name=\"password\""));
    }
}

#[tokio::test]
async fn another_user_does_not_find_the_session_of_the_one_before() {
    let world = World::start();
    let (_, told) = begin_and_send(&world, "/signin/switch").await;
    assert!(told.location().contains("/signin"), "{}", told.location());
    assert_eq!(told.set_cookie("doorward").as_deref(), Some(""));
    assert_eq!(told.set_cookie("doorward_flow").as_deref(), Some(""));
    assert_eq!(*world.cut.lock().unwrap(), ["s-alice"]);
}

#[tokio::test]
async fn a_link_of_a_mail_that_is_no_longer_good_suspends_nobody() {
    let world = World::start();
    let (flow, csrf) = w0(&world).await;
    let ask = world.portal(Method::POST, "/notice/used-up").cookie("doorward_flow", &flow).header("origin", PORTAL);
    assert_eq!(ask.form(&format!("csrf={csrf}&dispute=yes")).await.status, StatusCode::GONE);
    assert_eq!(world.commits(), 0);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_cuts_its_connections() {
    let world = World::start();
    let csrf = world.portal(Method::GET, "/").signed_in().go().await.hidden("csrf");
    let told = world.portal(Method::POST, "/signout").signed_in().form(&format!("csrf={csrf}")).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signed-out"), "{}", told.body);
    assert_eq!(told.set_cookie("doorward").as_deref(), Some(""));
    assert_eq!(*world.cut.lock().unwrap(), ["s-alice"]);
    assert_eq!(world.portal(Method::GET, "/").signed_in().go().await.location(), "/signin");
    assert_eq!(world.portal(Method::GET, "/signed-out").go().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_tab_from_before_a_step_up_still_signs_out() {
    let world = World::start();
    let page = world.portal(Method::GET, "/").signed_in().go().await;
    // The session rises, and its cookie is another.
    let raised = Token::parse(&"A".repeat(43)).unwrap();
    world.store.with(|rows| {
        let session = rows.sessions.remove(&world.session.hash()).unwrap();
        rows.sessions.insert(raised.hash(), session);
    });
    let ask = world.portal(Method::POST, "/signout").cookie("doorward", raised.expose());
    let told = ask.form(&format!("csrf={}", page.hidden("csrf"))).await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signed-out"), "{}", told.body);
    assert_eq!(*world.cut.lock().unwrap(), ["s-alice"]);
}

#[tokio::test]
async fn whoever_is_signed_in_is_not_told_otherwise() {
    let told = World::start().portal(Method::GET, "/signed-out").signed_in().go().await;
    assert_eq!(told.location(), "/");
}

#[tokio::test]
async fn a_language_is_chosen_and_the_same_page_shown_again() {
    let world = World::start();
    let ask = world.portal(Method::POST, "/language").header("origin", PORTAL);
    let told = ask.form("language=ar&back=%2Fsignin%3Freturn%3Dabc").await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signin?return=abc"));
    assert_eq!(told.set_cookie("doorward_lang").as_deref(), Some("ar"));

    let (flow, csrf) = w0(&world).await;
    let ask = world.portal(Method::POST, "/language").cookie("doorward_flow", &flow);
    let told = ask.form(&format!("csrf={csrf}&language=ja&back=%2Fsignin")).await;
    assert_eq!(told.set_cookie("doorward_lang").as_deref(), Some("ja"), "without Origin the form's value decides");
}

#[tokio::test]
async fn a_language_form_leads_nowhere_else_and_sets_no_other_language() {
    let world = World::start();
    for back in
        ["https%3A%2F%2Fevil.test", "%2F%2Fevil.test", "%2F%5Cevil.test", "javascript%3Ax", "", "%2F%0d%0aX%3A+y"]
    {
        let ask = world.portal(Method::POST, "/language").header("origin", PORTAL);
        let told = ask.form(&format!("language=%3Cscript%3E&back={back}")).await;
        assert_eq!((told.location(), told.set_cookie("doorward_lang")), ("/", None), "{back}");
    }
}

#[tokio::test]
async fn an_applications_host_has_its_own_language_form() {
    let world = World::start();
    let ask = world.wiki(Method::POST, "/.doorward/language").header("origin", "http://wiki.localhost:8080");
    let told = ask.form("language=de&back=%2Fpage").await;
    assert_eq!((told.location(), told.set_cookie("doorward_lang").as_deref()), ("/page", Some("de")));
    let ask = world.wiki(Method::POST, "/.doorward/language").header("origin", PORTAL);
    assert_eq!(ask.form("language=de&back=%2Fpage").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_address_that_has_begun_too_much_is_told_until_when_to_wait() {
    let world = World::start();
    let (flow, csrf) = w0(&world).await;
    world.fill_the_meters();
    let told = send(&world, &flow, &format!("csrf={csrf}&username=alice"), &[("origin", PORTAL)]).await;
    assert_eq!((told.status, told.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "900"), "{}", told.body);
    assert!(told.body.contains("Your network has to wait") && told.body.contains("<time"), "{}", told.body);
}
