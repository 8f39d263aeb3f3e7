//! Which header names may pass (SEC 5.3). Names are compared folded, because servers fold them too: `X_Remote_User`,
//! `X.Remote.User` and `X-Remote-User` are one variable in a CGI environment.

use pingora::http::{RequestHeader, ResponseHeader};

/// Folded prefixes that only the gateway may say to an upstream.
const PREFIXES: [&str; 10] = [
    "remote-",
    "x-remote-",
    "x-forwarded-",
    "x-original-",
    "x-rewrite-",
    "x-http-method",
    "x-doorward-",
    "x-auth-request-",
    "x-authenticated-",
    "x-webauth-",
];

/// Folded names that only the gateway may say to an upstream, and names that change how a request is read.
const NAMES: [&str; 14] = [
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "client-ip",
    "cf-connecting-ip",
    "x-forwarded",
    "x-host",
    "x-method-override",
    "x-user",
    "x-request-id",
    "proxy",
    "proxy-connection",
];

/// Prefixes of what a response may never say: who the user is.
const IDENTITY: [&str; 2] = ["remote-", "x-remote-"];

/// Lower case, and everything that is neither letter nor digit as `-`.
pub(crate) fn fold(name: &str) -> String {
    let folded = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(folded).collect()
}

/// Whether a client's header may go on: its name is plain, and not one of ours.
pub(crate) fn may_pass(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain && !is_ours(&fold(name))
}

fn is_ours(folded: &str) -> bool {
    PREFIXES.iter().any(|prefix| folded.starts_with(prefix)) || NAMES.contains(&folded)
}

/// Deletes every header of a client that is not to be believed: for every kind of route, before anything is decided.
pub(crate) fn strip_request(header: &mut RequestHeader) {
    let doomed: Vec<_> = header.headers.keys().filter(|name| !may_pass(name.as_str())).cloned().collect();
    for name in doomed {
        header.remove_header(&name);
    }
}

/// Deletes what an upstream says of identities (HH-07).
pub(crate) fn strip_response(header: &mut ResponseHeader) {
    let of_identity = |name: &str| {
        let folded = fold(name);
        IDENTITY.iter().any(|prefix| folded.starts_with(prefix))
    };
    let doomed: Vec<_> = header.headers.keys().filter(|name| of_identity(name.as_str())).cloned().collect();
    for name in doomed {
        header.remove_header(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_of_a_name_of_ours_is_dropped() {
        for name in [
            "Remote-User",
            "REMOTE_USER",
            "remote.user",
            "X-Remote-User",
            "X_Remote_User",
            "X-Remote_User",
            "X.Remote.User",
            "X-Forwarded-For",
            "X_Forwarded_For",
            "x-forwarded-uri",
            "X-Forwarded",
            "Forwarded",
            "X-Real-IP",
            "X-Original-URL",
            "X-Rewrite-URL",
            "X-HTTP-Method-Override",
            "X-HTTP-Method",
            "X-Method-Override",
            "Proxy",
            "X-Request-Id",
            "Remote-Groups",
            "x-doorward-anything",
        ] {
            assert!(!may_pass(name), "{name} passed");
        }
    }

    #[test]
    fn a_name_with_an_odd_character_is_dropped_whatever_it_is() {
        for name in ["my_header", "my.header", "a~b", "a!b", "a|b"] {
            assert!(!may_pass(name), "{name} passed");
        }
    }

    #[test]
    fn ordinary_headers_pass() {
        for name in [
            "Accept",
            "Cookie",
            "Authorization",
            "X-Requested-With",
            "X-CSRF-Token",
            "Sec-WebSocket-Key",
            "Origin",
            "TE",
        ] {
            assert!(may_pass(name), "{name} was dropped");
        }
    }

    #[test]
    fn stripping_takes_every_field_of_a_name() {
        let mut header = RequestHeader::build("GET", b"/", None).unwrap();
        header.append_header("Remote-User", "a").unwrap();
        header.append_header("Remote-User", "b").unwrap();
        header.append_header("X_Remote_User", "c").unwrap();
        header.append_header("Accept", "*/*").unwrap();
        strip_request(&mut header);
        assert_eq!(header.headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["accept"]);
    }
}
