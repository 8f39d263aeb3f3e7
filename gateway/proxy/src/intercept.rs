//! Room 5: the answer to a request that the gate did not admit. A browser that is going to a page is led to the portal or
//! shown a page; everything else gets a status it can act on and a problem document (RFC 9457).

use axum::body::Body;
use axum::response::Response;
use doorward_access::arrival::ErrorKind;
use doorward_access::cookies::{CookieLife, CookieName, CookieNames};
use doorward_access::site::{App, VirtualServer};
use doorward_api::flow::ReturnTo;
use doorward_api::ports::Entropy;
use doorward_api::{Timestamp, Token};
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use pingora::http::RequestHeader;
use serde_json::json;

use crate::canonical::CanonicalRequest;
use crate::decide::Judge;
use crate::identify::token;
use crate::refusal::Refusal;

/// Whether somebody is going to a page, and not a script, a picture or a WebSocket. A browser says so itself. Of the others
/// those go to a page that read HTML, or that take whatever comes (`curl`, a link checker) and bring no credential of their
/// own; a program that names another type or authenticates itself is told in its own language (R12).
pub(crate) fn wants_page(head: &RequestHeader) -> bool {
    // A form goes to a page too. What was in it is lost: its sender is told so, and comes back to its page once they are signed in.
    let form = head.method.as_str() == "POST";
    let to_a_page =
        (form || matches!(head.method.as_str(), "GET" | "HEAD")) && !head.headers.contains_key(header::UPGRADE);
    let field = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let programmed = head.headers.contains_key(header::AUTHORIZATION) || head.headers.contains_key("x-requested-with");
    let navigates = match (field("sec-fetch-mode"), field("accept")) {
        (Some(mode), _) => mode == "navigate",
        (None, Some(accept)) if accept.to_ascii_lowercase().contains("text/html") => true,
        (None, accept) => !form && accept.is_none_or(|accept| accept.trim() == "*/*") && !programmed,
    };
    to_a_page && navigates
}

/// Whether an answer is shown to a person, whatever the method was.
pub(crate) fn reads_html(head: &RequestHeader) -> bool {
    let accept = head.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let script = head.headers.get("sec-fetch-mode").is_some_and(|mode| mode.as_bytes() != b"navigate");
    !script && !head.headers.contains_key(header::UPGRADE) && accept.to_ascii_lowercase().contains("text/html")
}

/// Whether a request asks for a WebSocket, in any of the ways in which Pingora would let one through.
pub(crate) fn wants_websocket(head: &RequestHeader) -> bool {
    let websocket =
        |value: &HeaderValue| value.as_bytes().to_ascii_lowercase().windows(9).any(|part| part == b"websocket");
    head.version == Version::HTTP_11 && head.headers.get_all(header::UPGRADE).iter().any(websocket)
}

/// A WebSocket is opened by the application's own pages only, and only where the application takes them (CS-03). Nothing comes
/// with its handshake: a body would be under none of the limits of bodies.
pub(crate) fn check_websocket(head: &RequestHeader, app: &App) -> Result<(), Refusal> {
    if !app.options.websocket {
        return Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, "websocket_not_taken"));
    }
    if head.method.as_str() != "GET" {
        return Err(Refusal::bad("websocket_method"));
    }
    let mut origins = head.headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) if origin.as_bytes() == app.origin.as_bytes() => {}
        _ => return Err(Refusal::new(StatusCode::FORBIDDEN, "websocket_origin")),
    }
    let empty = head.headers.get_all(header::CONTENT_LENGTH).iter().all(|length| length.as_bytes() == b"0");
    if !empty || head.headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Refusal::bad("websocket_body"));
    }
    Ok(())
}

/// The page to which somebody comes back. What was sent is lost, and where it was sent to is often no page: so it is the page that
/// it was sent from; the application's start page, where that is another site's; and the same address where nothing is known.
fn page_of<'a>(app: &App, method: &str, target: &'a str, headers: &'a HeaderMap) -> &'a str {
    if matches!(method, "GET" | "HEAD") {
        return target;
    }
    let field = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let from_elsewhere = field("origin").is_some_and(|origin| !origin.eq_ignore_ascii_case(&app.origin))
        || field("sec-fetch-site").is_some_and(|site| site != "same-origin")
        || field("referer").is_some_and(|page| path_at(app, page).is_none());
    match field("referer").and_then(|page| path_at(app, page)) {
        _ if from_elsewhere => "/",
        Some(path) => path,
        None => target,
    }
}

/// Path and query of an address of this very application, if it is one.
fn path_at<'a>(app: &App, page: &'a str) -> Option<&'a str> {
    let path = page.strip_prefix(app.origin.as_str())?;
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
    (path.starts_with('/') && plain).then_some(path)
}

/// Leads a browser to the portal, with the page it wanted sealed, and the hop cookie that the ticket back will be bound to.
pub(crate) fn challenge(
    judge: &Judge,
    (vs, app): (&VirtualServer, &App),
    (names, headers): (CookieNames, &HeaderMap),
    request: &CanonicalRequest,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Response {
    let target = request.target();
    let known = token(names, CookieName::Flow, headers);
    let hop = known.clone().unwrap_or_else(|| Token::draw(entropy));
    let return_to = ReturnTo {
        app: app.id.clone(),
        origin: app.origin.clone(),
        host: app.host.clone(),
        path_and_query: page_of(app, &request.method, &target, headers).to_owned(),
        path: request.judged.as_ref().to_owned(),
        method: request.method.clone().into_owned(),
        hop: hop.hash(),
        client: Some(request.client),
    };
    let location = match judge.returns.seal(vs, &return_to, now) {
        // Unpadded base64url needs no escaping in a query.
        Some(sealed) => format!("{}/signin?return={sealed}", vs.portal_origin),
        None => signin(vs),
    };
    let cookie = known.is_none().then(|| names.set(CookieName::Flow, hop.expose(), CookieLife::Browser));
    see_other(&location, cookie)
}

/// Tells a program that it must sign in.
pub(crate) fn unauthorized(vs: &VirtualServer, request_id: &str) -> Response {
    let mut response = problem(
        StatusCode::UNAUTHORIZED,
        json!({
            "type": "urn:doorward:problem:sign-in-required",
            "title": "Sign-in required",
            "detail": "This application asks for more proof of who you are. Sign in with a browser, then try again.",
            "signin": signin(vs),
        }),
        request_id,
    );
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Doorward"));
    response
}

/// Tells a program that it may not.
pub(crate) fn forbidden(request_id: &str) -> Response {
    problem(
        StatusCode::FORBIDDEN,
        json!({
            "type": "urn:doorward:problem:access-denied",
            "title": "Access denied",
            "detail": "The access policies do not admit this request.",
        }),
        request_id,
    )
}

/// Tells a program to come again: it cannot be found out just now whose session it shows.
pub(crate) fn unavailable(request_id: &str) -> Response {
    let document = json!({
        "type": "urn:doorward:problem:try-again",
        "title": "Try again",
        "detail": "It cannot be found out just now who you are. Your session has not ended; try again in a few seconds.",
    });
    problem(StatusCode::SERVICE_UNAVAILABLE, document, request_id)
}

/// Says after which time trying again is worth it, unless the answer says so already.
pub(crate) fn in_a_while(mut response: Response, kind: ErrorKind) -> Response {
    if let Some(seconds) = kind.retry_after() {
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from(seconds));
    }
    response
}

/// Tells a program about any other outcome, in the words of its status.
pub(crate) fn plain_problem(status: StatusCode, request_id: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    problem(status, json!({ "type": "about:blank", "title": title }), request_id)
}

/// Tells a device in the authenticator's own language (its protocol's `error`) what never came to the authenticator.
pub(crate) fn device_error(status: StatusCode, error: &'static str) -> Response {
    let mut response = Response::new(Body::from(json!({ "error": error }).to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn signin(vs: &VirtualServer) -> String {
    format!("{}/signin", vs.portal_origin)
}

fn see_other(location: &str, cookie: Option<HeaderValue>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    // Origins come from the configuration and the seal is base64url, so this is always a field value.
    headers.insert(header::LOCATION, HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

fn problem(status: StatusCode, mut document: serde_json::Value, request_id: &str) -> Response {
    if let Some(fields) = document.as_object_mut() {
        fields.insert("status".to_owned(), status.as_u16().into());
        fields.insert("request_id".to_owned(), request_id.into());
    }
    let mut response = Response::new(Body::from(document.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use doorward_access::site::AppOptions;

    use super::*;
    use crate::testing::wiki;

    fn head(method: &str, fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut head = RequestHeader::build(method, b"/", None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        head
    }

    #[test]
    fn a_browser_that_goes_to_a_page_is_told_from_a_program() {
        for (method, fields, page) in [
            ("GET", &[("accept", "text/html,application/xhtml+xml")][..], true),
            ("HEAD", &[("accept", "TEXT/HTML")], true),
            ("GET", &[("sec-fetch-mode", "navigate"), ("accept", "*/*")], true),
            ("GET", &[("sec-fetch-mode", "cors"), ("accept", "text/html")], false),
            ("GET", &[("sec-fetch-mode", "no-cors")], false),
            ("GET", &[("accept", "*/*")], true),
            ("GET", &[], true),
            ("GET", &[("accept", "*/*"), ("authorization", "Bearer key")], false),
            ("GET", &[("accept", "*/*"), ("x-requested-with", "XMLHttpRequest")], false),
            ("GET", &[("accept", "application/json, */*")], false),
            ("POST", &[("accept", "text/html,application/xhtml+xml")], true),
            ("POST", &[("sec-fetch-mode", "navigate"), ("accept", "*/*")], true),
            ("POST", &[("sec-fetch-mode", "cors"), ("accept", "text/html")], false),
            ("POST", &[("accept", "*/*")], false),
            ("POST", &[], false),
            ("PUT", &[("accept", "text/html")], false),
            ("GET", &[("accept", "text/html"), ("upgrade", "websocket")], false),
        ] {
            assert_eq!(wants_page(&head(method, fields)), page, "{method} {fields:?}");
        }
    }

    #[test]
    fn after_a_form_one_comes_back_to_its_page() {
        let app = wiki(AppOptions::default());
        let (own, page) = (app.origin.as_str(), format!("{}/edit?id=7", app.origin));
        for (method, fields, expected) in [
            ("GET", &[("referer", page.as_str())][..], "/save"),
            ("HEAD", &[], "/save"),
            ("POST", &[("referer", &page), ("origin", own), ("sec-fetch-site", "same-origin")], "/edit?id=7"),
            ("POST", &[("referer", &page)], "/edit?id=7"),
            ("POST", &[], "/save"),
            ("POST", &[("origin", own)], "/save"),
            ("POST", &[("referer", &page), ("origin", "https://evil.test")], "/"),
            ("POST", &[("origin", "null")], "/"),
            ("POST", &[("sec-fetch-site", "cross-site")], "/"),
            ("POST", &[("referer", "https://evil.test/")], "/"),
            ("POST", &[("referer", &format!("{own}.evil.test/"))], "/"),
            ("POST", &[("referer", &format!("{own}/a\\b"))], "/"),
            ("POST", &[("referer", own)], "/"),
        ] {
            let head = head(method, fields);
            assert_eq!(page_of(&app, method, "/save", &head.headers), expected, "{method} {fields:?}");
        }
    }

    #[test]
    fn every_spelling_of_a_websocket_is_one() {
        for (value, websocket) in [("websocket", true), ("WebSocket", true), ("h2c, websocket", true), ("foo", false)] {
            assert_eq!(wants_websocket(&head("GET", &[("upgrade", value)])), websocket, "{value}");
        }
        assert!(!wants_websocket(&head("GET", &[])));
    }

    #[test]
    fn a_websocket_comes_from_the_applications_own_pages() {
        let app = wiki(AppOptions { websocket: true, ..AppOptions::default() });
        let status = |app: &App, method: &str, fields: &[(&'static str, &str)]| {
            check_websocket(&head(method, fields), app).map_or_else(|refusal| refusal.status.as_u16(), |()| 101)
        };
        let own = &[("origin", "http://wiki.localhost:8080")][..];
        assert_eq!(status(&app, "GET", own), 101);
        assert_eq!(status(&app, "GET", &[("origin", "https://evil.test")]), 403);
        assert_eq!(status(&app, "GET", &[("origin", "null")]), 403);
        assert_eq!(status(&app, "GET", &[]), 403);
        assert_eq!(status(&app, "GET", &[own[0], own[0]]), 403);
        assert_eq!(status(&app, "POST", own), 400);
        assert_eq!(status(&app, "GET", &[own[0], ("content-length", "0")]), 101);
        for body in [("content-length", "1"), ("content-length", ""), ("transfer-encoding", "chunked")] {
            assert_eq!(status(&app, "GET", &[own[0], body]), 400, "{body:?}");
        }
        assert_eq!(status(&wiki(AppOptions::default()), "GET", own), 501);
    }
}
