//! What is shown, to whom, under which headers.

use doorward_access::arrival::{ErrorKind, ErrorPage};
use doorward_api::Token;
use http::{Method, StatusCode};

use super::world::{WIKI, World};

fn error_page(kind: ErrorKind, status: StatusCode) -> ErrorPage {
    ErrorPage { status, kind, request_id: "req-0099".into() }
}

#[tokio::test]
async fn a_stranger_at_the_start_page_is_sent_to_sign_in() {
    let told = World::start().portal(Method::GET, "/").go().await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signin"));
    assert_eq!(told.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_start_page_names_the_user_and_the_applications() {
    let told = World::start().portal(Method::GET, "/").signed_in().go().await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.body.contains("Alice &lt;Liddell&gt;"), "{}", told.body);
    assert!(told.body.contains("Wiki &amp; Co") && told.body.contains(&format!("href=\"{WIKI}/\"")));
}

#[tokio::test]
async fn the_sign_in_page_has_its_headers_and_its_cookie() {
    let told = World::start().portal(Method::GET, "/signin").header("accept-language", "fr-CA,fr;q=0.9").go().await;
    assert_eq!(told.status, StatusCode::OK);
    assert_eq!(told.header("content-language"), "fr");
    assert!(told.body.contains("<html lang=\"fr\""));
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("vary", "Accept-Language, Cookie"),
    ] {
        assert_eq!(told.header(name), value);
    }
    assert!(told.header("content-security-policy").contains("form-action 'self';"));
    assert!(told.header("permissions-policy").contains("geolocation=()"));
    assert!(!told.headers.contains_key("strict-transport-security"));
    assert_eq!(told.set_cookie("doorward_flow").map(|value| value.len()), Some(43));
    assert!(!told.hidden("csrf").is_empty());
}

#[tokio::test]
async fn over_tls_cookies_and_transport_are_strict() {
    let world = World::with(true);
    let told = world.portal(Method::GET, "/signin").over_tls().go().await;
    assert_eq!(told.header("strict-transport-security"), "max-age=31536000");
    assert!(told.set_cookie("__Host-doorward_flow").is_some() && told.set_cookie("doorward_flow").is_none());
    let told = world.wiki(Method::GET, "/.doorward/nothing").over_tls().go().await;
    assert_eq!(told.header("strict-transport-security"), "", "an application's transport is its own business");
}

#[tokio::test]
async fn looking_changes_nothing() {
    let world = World::start();
    for path in [
        "/",
        "/signin",
        "/signin/step",
        "/signed-out",
        "/sign-out-everywhere",
        "/authenticators",
        "/authenticators/x",
        "/authenticators/x/lost",
        "/notice/x",
        "/notice/done",
        "/nowhere",
    ] {
        let told = world.portal(Method::HEAD, path).signed_in().go().await;
        assert!(told.body.is_empty(), "HEAD {path}");
    }
    let told = world.wiki(Method::HEAD, "/.doorward/enter?ticket=x&to=%2Fpage").go().await;
    assert_eq!(told.location(), format!("{WIKI}/page"));
    assert_eq!(world.commits(), 0);
}

#[tokio::test]
async fn an_unknown_page_is_not_found_in_the_readers_language() {
    let told = World::start().portal(Method::GET, "/no/such").header("accept-language", "de").go().await;
    assert_eq!((told.status, told.header("content-language")), (StatusCode::NOT_FOUND, "de"));
    assert!(told.body.contains("req-0042"), "the request's id is shown");
    assert!(told.headers.get("set-cookie").is_none(), "a page that begins nothing sets no cookie");
}

#[tokio::test]
async fn a_page_of_forms_cannot_be_looked_at() {
    for path in ["/signin/password", "/enrol/add", "/language", "/signout"] {
        let told = World::start().portal(Method::GET, path).go().await;
        assert_eq!((told.status, told.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"), "{path}");
        assert!(told.body.contains("<!doctype html>") || told.body.contains("<!DOCTYPE html>"));
    }
    let told = World::start().portal(Method::DELETE, "/signin").go().await;
    assert_eq!(told.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn without_a_flow_the_step_page_leads_to_the_beginning() {
    let told = World::start().portal(Method::GET, "/signin/step").go().await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "/signin"));
}

#[tokio::test]
async fn a_store_that_is_away_makes_a_page_that_says_so() {
    let world = World::start();
    *world.store.down.lock().unwrap() = true;
    let flow = "A".repeat(43);
    let told = world.portal(Method::GET, "/signin/step").cookie("doorward_flow", &flow).go().await;
    assert_eq!((told.status, told.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert!(told.body.contains("req-0042") && !told.body.contains("switched off"), "the cause is for the log");
}

#[tokio::test]
async fn whoever_may_be_signed_in_is_told_to_try_again_and_not_to_sign_in() {
    let world = World::start();
    *world.store.down.lock().unwrap() = true;
    for (language, title) in [("en", "Back in a moment"), ("de", "Gleich wieder da")] {
        for path in ["/", "/signin", "/signin?return=x", "/signed-out"] {
            let told = world.portal(Method::GET, path).header("accept-language", language).signed_in().go().await;
            assert_eq!((told.status, told.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"), "{path}");
            assert!(told.body.contains(title) && !told.body.contains("name=\"username\""), "{path}: {}", told.body);
            assert_eq!((told.location(), told.headers.get("set-cookie")), ("", None), "{path}");
        }
    }
    let entering = world.wiki(Method::GET, "/.doorward/enter?ticket=x").cookie("doorward_app", &"A".repeat(43));
    assert_eq!(entering.go().await.status, StatusCode::SERVICE_UNAVAILABLE);
    // Who shows no session is nobody, and the store need not say so.
    assert_eq!(world.portal(Method::GET, "/").go().await.location(), "/signin");
    assert!(!world.portal(Method::GET, "/signin").go().await.hidden("csrf").is_empty());

    *world.store.down.lock().unwrap() = false;
    assert_eq!(world.portal(Method::GET, "/").signed_in().go().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_panic_ends_one_page_and_nothing_else() {
    let world = World::start();
    *world.store.broken.lock().unwrap() = true;
    let told = world.portal(Method::GET, "/").signed_in().go().await;
    assert_eq!(told.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(told.body.contains("req-0042") && !told.body.contains("broken by the test"));
    *world.store.broken.lock().unwrap() = false;
    assert_eq!(world.portal(Method::GET, "/").signed_in().go().await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_proxys_outcomes_have_pages() {
    let world = World::start();
    let denied = error_page(ErrorKind::Denied, StatusCode::FORBIDDEN);
    let told = world.wiki(Method::GET, "/admin?x=1").extension(denied).header("accept-language", "ja").go().await;
    assert_eq!((told.status, told.header("content-language")), (StatusCode::FORBIDDEN, "ja"));
    assert!(told.body.contains("Wiki &amp; Co") && told.body.contains("req-0099"));
    assert!(told.body.contains("action=\"/.doorward/language\""), "all of ours lies below the reserved prefix");
    assert_eq!(told.hidden("back"), "/admin?x=1");

    let unknown = error_page(ErrorKind::UnknownHost, StatusCode::MISDIRECTED_REQUEST);
    let told = world.nowhere(Method::GET, "/").extension(unknown).go().await;
    assert_eq!(told.status, StatusCode::MISDIRECTED_REQUEST);
    assert!(told.body.contains("req-0099"));
    let style = told.body.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let style = world.nowhere(Method::GET, style).go().await;
    assert_eq!((style.status, style.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));

    let long = error_page(ErrorKind::TooLarge, StatusCode::URI_TOO_LONG);
    assert_eq!(world.portal(Method::POST, "/signin").extension(long).go().await.status, StatusCode::URI_TOO_LONG);
}

#[tokio::test]
async fn nobody_outside_can_call_up_an_outcome() {
    let world = World::start();
    for path in ["/.doorward/error", "/.doorward/error/403", "/.doorward/", "/.doorward/assets/../x"] {
        assert_eq!(world.wiki(Method::GET, path).go().await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/", "/signin", "/assets/doorward.css", "/.doorward/language", "/.doorward/enter?ticket=x"] {
        let told = world.nowhere(Method::GET, path).go().await;
        assert_eq!(
            told.status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "{path}: what the proxy did not bring is not served"
        );
    }
}

#[tokio::test]
async fn pages_of_the_portal_are_not_pages_of_applications() {
    let world = World::start();
    for path in ["/signin", "/", "/notice/x", "/assets/doorward.css"] {
        assert_eq!(world.wiki(Method::GET, path).go().await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let told = world.portal(Method::GET, "/.doorward/enter?ticket=x").go().await;
    assert_eq!(told.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn assets_are_kept_when_their_link_names_their_content() {
    let world = World::start();
    let told = world.portal(Method::GET, "/assets/doorward.css").go().await;
    assert_eq!((told.status, told.header("cache-control")), (StatusCode::OK, "no-cache"));
    assert!(told.header("content-type").starts_with("text/css"));
    let (etag, version) = (told.header("etag").to_owned(), told.header("etag").trim_matches('"').to_owned());

    let path = format!("/.doorward/assets/doorward.css?v={version}");
    let named = world.wiki(Method::GET, &path).go().await;
    assert_eq!(named.header("cache-control"), "public, max-age=31536000, immutable");
    let old = world.portal(Method::GET, "/assets/doorward.css?v=0").go().await;
    assert_eq!(old.header("cache-control"), "no-cache");
    let again = world.portal(Method::GET, "/assets/doorward.css").header("if-none-match", &etag).go().await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(world.portal(Method::GET, "/assets/none.css").go().await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_asset_that_pages_name_is_there() {
    let world = World::start();
    for told in [world.portal(Method::GET, "/signin").go().await, world.wiki(Method::GET, "/.doorward/x").go().await] {
        let links: Vec<&str> = told.body.split('"').filter(|text| text.contains("/assets/")).collect();
        assert!(links.len() >= 3, "{}", told.body);
        for link in links {
            let ask = if link.starts_with("/.doorward") {
                world.wiki(Method::GET, link)
            } else {
                world.portal(Method::GET, link)
            };
            let asset = ask.go().await;
            assert_eq!(asset.status, StatusCode::OK, "{link}");
            assert!(asset.header("cache-control").contains("immutable"), "{link} names its content");
        }
    }
}

#[tokio::test]
async fn a_ticket_that_opens_nothing_leads_to_its_page() {
    let world = World::start();
    let (ticket, hop) = ("A".repeat(43), "B".repeat(42) + "A");
    let path = format!("/.doorward/enter?ticket={ticket}&to=%2Fpage%3Fx%3D1");
    let told = world.wiki(Method::GET, &path).cookie("doorward_flow", &hop).go().await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "http://wiki.localhost:8080/page?x=1"));
    assert!(told.set_cookie("doorward_app").is_none());
    for evil in ["%2F%2Fevil.test", "https%3A%2F%2Fevil.test", "%5C%5Cevil.test", "%40evil.test", ".evil.test"] {
        let path = format!("/.doorward/enter?ticket={ticket}&to={evil}");
        let told = world.wiki(Method::GET, &path).cookie("doorward_flow", &hop).go().await;
        assert!(told.location().starts_with(&format!("{WIKI}/")), "{evil}: {}", told.location());
    }
}

#[tokio::test]
async fn a_browser_steps_into_an_application_by_a_page_and_a_program_by_a_redirect() {
    let hop = Token::parse(&"A".repeat(43)).unwrap();
    for (dest, by_page) in [(Some("document"), true), (Some("iframe"), false), (Some("empty"), false), (None, false)] {
        let world = World::start();
        let path = world.ticket("/page?x=1&y=2", &hop).await;
        let ask = world.wiki(Method::GET, &path).cookie("doorward_flow", hop.expose());
        let told = dest.iter().fold(ask, |ask, dest| ask.header("sec-fetch-dest", dest)).go().await;
        assert!(told.set_cookie("doorward_app").is_some(), "{dest:?}: {}", told.body);
        if by_page {
            // Whatever the application answers next is no redirect of the form by which somebody has signed in.
            assert_eq!((told.status, told.location()), (StatusCode::OK, ""));
            let onward = format!("content=\"0; url={WIKI}/page?x=1&amp;y=2\"");
            assert!(told.body.contains("http-equiv=\"refresh\"") && told.body.contains(&onward), "{}", told.body);
            assert!(told.body.contains(&format!("href=\"{WIKI}/page?x=1&amp;y=2\"")), "{}", told.body);
        } else {
            assert_eq!(
                (told.status, told.location()),
                (StatusCode::SEE_OTHER, "http://wiki.localhost:8080/page?x=1&y=2")
            );
        }
    }
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookies_is_not_sent_round_for_ever() {
    let world = World::start();
    let path = format!("/.doorward/enter?ticket={}&to=%2Fpage%3Fx%3D1", "A".repeat(43));
    let told = world.wiki(Method::GET, &path).go().await;
    assert_eq!(
        (told.status, told.location()),
        (StatusCode::SEE_OTHER, "/.doorward/enter?again=yes&to=%2Fpage%3Fx%3D1")
    );
    let (again, hop) = (told.location().to_owned(), told.set_cookie("doorward_flow").unwrap());
    let told = world.wiki(Method::GET, &again).go().await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
    // One that was closed since it asked for the page keeps them, and asks for it anew.
    let told = world.wiki(Method::GET, &again).cookie("doorward_flow", &hop).go().await;
    assert_eq!((told.status, told.location()), (StatusCode::SEE_OTHER, "http://wiki.localhost:8080/page?x=1"));
}

#[tokio::test]
async fn a_link_of_a_mail_that_is_no_longer_good_says_so() {
    let told = World::start().portal(Method::GET, "/notice/used-up").go().await;
    assert_eq!(told.status, StatusCode::GONE);
    let told = World::start().portal(Method::GET, "/notice/done").go().await;
    assert_eq!(told.status, StatusCode::OK);
}

#[tokio::test]
async fn odd_languages_are_no_error() {
    for odd in ["../../x", &"x".repeat(10_000), "en;q=9e999", "<script>", "*"] {
        let told = World::start().portal(Method::GET, "/signin").header("accept-language", odd).go().await;
        assert_eq!((told.status, told.header("content-language")), (StatusCode::OK, "en"));
    }
}

#[tokio::test]
async fn a_chosen_language_beats_the_browsers() {
    let ask = World::start();
    let told = ask.portal(Method::GET, "/signin").header("accept-language", "fr").cookie("doorward_lang", "ar").go();
    let told = told.await;
    assert_eq!(told.header("content-language"), "ar");
    assert!(told.body.contains("dir=\"rtl\""));
}
