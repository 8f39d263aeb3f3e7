//! Which header names may pass (SEC 5.3). Names are compared folded, because servers fold them too: `X_Remote_User`,
//! `X.Remote.User` and `X-Remote-User` are one variable in a CGI environment.

use pingora::http::{RequestHeader, ResponseHeader};

/// What only the gateway may say to an upstream, and names that change how a request is read, folded: by their first letter,
/// beginnings and whole names.
const OURS: [(u8, &[&str], &[&str]); 6] = [
    (b'r', &["remote-"], &[]),
    (
        b'x',
        &[
            "x-remote-",
            "x-forwarded-",
            "x-original-",
            "x-rewrite-",
            "x-http-method",
            "x-doorward-",
            "x-auth-request-",
            "x-authenticated-",
            "x-webauth-",
        ],
        &[
            "x-real-ip",
            "x-client-ip",
            "x-cluster-client-ip",
            "x-forwarded",
            "x-host",
            "x-method-override",
            "x-user",
            "x-request-id",
        ],
    ),
    (b'f', &[], &["forwarded"]),
    (b't', &[], &["true-client-ip"]),
    (b'c', &[], &["client-ip", "cf-connecting-ip"]),
    (b'p', &[], &["proxy", "proxy-connection"]),
];

/// Prefixes of what a response may never say: who the user is.
const IDENTITY: [&str; 2] = ["remote-", "x-remote-"];

/// Lower case, and everything that is neither letter nor digit as `-`.
fn folded(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

/// Whether a name begins, folded, with this.
fn folds_to_begin_with(name: &str, beginning: &str) -> bool {
    name.len() >= beginning.len() && name.bytes().map(folded).zip(beginning.bytes()).all(|(one, other)| one == other)
}

/// Whether a name is, folded, this one.
pub(crate) fn folds_to(name: &str, word: &str) -> bool {
    name.len() == word.len() && folds_to_begin_with(name, word)
}

/// Whether a client's header may go on: its name is plain, and not one of ours.
pub(crate) fn may_pass(name: &str) -> bool {
    let plain = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-' | b'A'..=b'Z' | b'0'..=b'9'));
    plain && !is_ours(name)
}

fn is_ours(name: &str) -> bool {
    let first = name.bytes().next().map(folded);
    OURS.iter().find(|(letter, ..)| Some(*letter) == first).is_some_and(|(_, beginnings, names)| {
        beginnings.iter().any(|beginning| folds_to_begin_with(name, beginning))
            || names.iter().any(|ours| folds_to(name, ours))
    })
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
    let of_identity =
        |name: &str| name.starts_with(['r', 'x']) && IDENTITY.iter().any(|prefix| folds_to_begin_with(name, prefix));
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
    fn what_is_ours_stands_under_its_own_letter() {
        for (letter, beginnings, names) in OURS {
            for text in beginnings.iter().chain(names) {
                assert_eq!(text.bytes().next(), Some(letter), "{text}");
                assert!(!may_pass(text) && !may_pass(&text.to_ascii_uppercase()), "{text}");
                assert!(text.bytes().all(|byte| folded(byte) == byte), "{text}");
            }
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
