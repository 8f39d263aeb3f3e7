//! Room 7: what an upstream may not say. It cannot set our cookies, name a user, send people to its own address, or ask for a
//! sign-in that counts for a connection.

use doorward_access::cookies::CookieNames;
use doorward_access::site::{App, Upstream};
use http::{HeaderValue, header};
use pingora::http::ResponseHeader;
use pingora::prelude::*;

use crate::bound::strip_challenges;
use crate::forward::{address_of, authority_of};
use crate::hygiene::strip_response;
use crate::local::REQUEST_ID;

/// Cleans an upstream's answer.
pub(crate) fn clean(head: &mut ResponseHeader, app: &App, names: CookieNames, request_id: &str) -> Result<()> {
    strip_response(head);
    strip_challenges(head)?;
    refuse_our_cookies(head, names)?;
    rewrite_location(head, app)?;
    head.insert_header(REQUEST_ID, request_id)
}

fn refuse_our_cookies(head: &mut ResponseHeader, names: CookieNames) -> Result<()> {
    let set: Vec<HeaderValue> = head.headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    if !set.iter().any(|value| names.is_ours(value.as_bytes())) {
        return Ok(());
    }
    head.remove_header(&header::SET_COOKIE);
    for value in set.into_iter().filter(|value| !names.is_ours(value.as_bytes())) {
        head.append_header(header::SET_COOKIE, value)?;
    }
    Ok(())
}

/// A redirect to the upstream's own origin means the application's public one.
fn rewrite_location(head: &mut ResponseHeader, app: &App) -> Result<()> {
    let location = head.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    match location.and_then(|location| public_location(location, app)) {
        Some(public) => head.insert_header(header::LOCATION, public),
        None => Ok(()),
    }
}

fn public_location(location: &str, app: &App) -> Option<String> {
    let (scheme, rest) = location.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let inner =
        |upstream: &Upstream| [address_of(upstream).into_owned(), format!("{}:{}", upstream.host, upstream.port)];
    // The public host with another scheme or without its port is what an application says that knows itself badly.
    let public = authority_of(&app.origin);
    let is_inner = app.upstream.iter().flat_map(inner).any(|inner| inner.eq_ignore_ascii_case(authority));
    let is_public = authority.eq_ignore_ascii_case(public) && !location.starts_with(&format!("{}/", app.origin));
    (is_inner || is_public).then(|| format!("{}{path}", app.origin))
}

#[cfg(test)]
mod tests {
    use doorward_access::site::AppOptions;

    use super::*;
    use crate::testing::wiki;

    fn cleaned(fields: &[(&'static str, &str)]) -> ResponseHeader {
        let mut head = ResponseHeader::build(200, None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        clean(&mut head, &wiki(AppOptions::default()), CookieNames::new(true), "id-1").unwrap();
        head
    }

    #[test]
    fn an_upstream_cannot_set_our_cookies() {
        let head = cleaned(&[
            ("set-cookie", "a=1; Path=/"),
            ("set-cookie", "__Host-doorward=evil; Path=/; Secure"),
            ("set-cookie", "doorward_app=evil"),
            ("set-cookie", "b=2"),
        ]);
        let left: Vec<_> = head.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(left, ["a=1; Path=/", "b=2"]);
    }

    #[test]
    fn an_upstream_names_nobody() {
        let head = cleaned(&[("remote-user", "root"), ("X_Remote_User", "root"), ("server", "Apache")]);
        assert!(!head.headers.contains_key("remote-user") && !head.headers.contains_key("x_remote_user"));
        assert_eq!(head.headers.get("server").unwrap(), "Apache");
        assert_eq!(head.headers.get("x-request-id").unwrap(), "id-1");
    }

    #[test]
    fn an_upstream_asks_for_no_sign_in_that_would_count_for_others() {
        let head = cleaned(&[("www-authenticate", "NTLM, Basic realm=\"a\""), ("www-authenticate", "Negotiate")]);
        assert_eq!(head.headers.get_all("www-authenticate").iter().collect::<Vec<_>>(), ["Basic realm=\"a\""]);
    }

    #[test]
    fn a_redirect_to_the_inside_leads_to_the_public_origin() {
        let to = |location: &str| {
            cleaned(&[("location", location)]).headers.get("location").unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(to("http://127.0.0.1:9000/a?b"), "http://wiki.localhost:8080/a?b");
        assert_eq!(to("https://wiki.localhost:8080/a"), "http://wiki.localhost:8080/a");
        for location in [
            "/a",
            "//evil.test/",
            "https://elsewhere.test/a",
            "http://127.0.0.1:9000.evil.test/",
            "http://127.0.0.1:90001/",
        ] {
            assert_eq!(to(location), location);
        }
    }
}
