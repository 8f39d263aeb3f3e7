//! Ways to sign in at an upstream that count for the connection on which somebody did: NTLM, and Negotiate as many servers do it.
//! Connections to an upstream are kept and shared, so whoever came next on one would be served as somebody else. Such a sign-in
//! is neither asked for nor made through here.

use http::{HeaderName, HeaderValue, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::*;

const OF_A_CONNECTION: [&[u8]; 2] = [b"ntlm", b"negotiate"];
const CHALLENGES: [HeaderName; 2] = [header::WWW_AUTHENTICATE, header::PROXY_AUTHENTICATE];

/// Takes what asks for them out of an upstream's answer. Whatever else it asks for stays as it is.
pub(crate) fn strip_challenges(head: &mut ResponseHeader) -> Result<()> {
    for name in CHALLENGES {
        if !head.headers.get_all(&name).iter().any(is_bound) {
            continue;
        }
        let asked: Vec<HeaderValue> = head.headers.get_all(&name).iter().cloned().collect();
        head.remove_header(&name);
        for value in asked {
            if !is_bound(&value) {
                head.append_header(name.clone(), value)?;
                continue;
            }
            let left = others(&value);
            if !left.is_empty() {
                head.append_header(name.clone(), left.join(&b", "[..]))?;
            }
        }
    }
    Ok(())
}

/// Takes such credentials out of a request: some clients bring them without having been asked.
pub(crate) fn strip_credentials(head: &mut RequestHeader) {
    if head.headers.get_all(header::AUTHORIZATION).iter().any(is_bound) {
        head.remove_header(&header::AUTHORIZATION);
    }
}

/// Whether one of them is in a list of challenges, or these credentials are for one.
fn is_bound(value: &HeaderValue) -> bool {
    elements(value).filter_map(scheme).any(is_of_a_connection)
}

fn is_of_a_connection(scheme: &[u8]) -> bool {
    OF_A_CONNECTION.iter().any(|bound| scheme.eq_ignore_ascii_case(bound))
}

/// The elements of all other challenges.
fn others(value: &HeaderValue) -> Vec<&[u8]> {
    let mut doomed = false;
    let stays = |element: &&[u8]| {
        // What follows is its own until the next one begins.
        doomed = scheme(element).map_or(doomed, is_of_a_connection);
        !doomed
    };
    elements(value).filter(stays).collect()
}

/// What commas separate that stand in no quoted text (RFC 9110 11.6.1): challenges, and further parameters of theirs.
fn elements(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let separates = move |byte: &u8| {
        let is_escaped = std::mem::take(&mut escaped);
        match byte {
            _ if is_escaped => {}
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b',' => return !quoted,
            _ => {}
        }
        false
    };
    value.as_bytes().split(separates).map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// The scheme of a challenge that begins here; `None` for a further parameter, `name=value`.
fn scheme(element: &[u8]) -> Option<&[u8]> {
    let end = element.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'='));
    let (name, rest) = element.split_at_checked(end.unwrap_or(element.len()))?;
    (!rest.trim_ascii_start().starts_with(b"=")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(name: &'static str, challenges: &[&str]) -> Vec<String> {
        let mut head = ResponseHeader::build(401, None).unwrap();
        for value in challenges {
            head.append_header(name, *value).unwrap();
        }
        strip_challenges(&mut head).unwrap();
        head.headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_sign_in_that_counts_for_a_connection_is_not_asked_for() {
        for name in ["www-authenticate", "proxy-authenticate"] {
            assert_eq!(left(name, &["Negotiate", "NTLM", "Basic realm=\"a\""]), ["Basic realm=\"a\""]);
            assert_eq!(left(name, &["negotiate oYGz=", "ntlm TlRM=="]), [""; 0]);
            assert_eq!(left(name, &["NTLM, Basic realm=\"a, b\" , Negotiate"]), ["Basic realm=\"a, b\""]);
            assert_eq!(
                left(name, &["Digest realm=\"a\", qop=\"auth\",NTLM abc==,Bearer realm=\"b\", scope=\"c\"", "Basic"]),
                ["Digest realm=\"a\", qop=\"auth\", Bearer realm=\"b\", scope=\"c\"", "Basic"]
            );
            assert_eq!(left(name, &["Negotiate realm=\"a\", charset = \"b\", Basic"]), ["Basic"]);
        }
    }

    #[test]
    fn what_is_brought_with_each_request_stays_as_it_is() {
        for value in [
            "Basic realm=\"NTLM, Negotiate\"",
            "Basic realm=\"a \\\", NTLM\"",
            "Digest realm=\"a\",  nonce=\"b\", negotiate=1",
            "Bearer",
            "NTLM2",
            "Doorward",
            ", ,",
        ] {
            assert_eq!(left("www-authenticate", &[value]), [value]);
        }
    }

    #[test]
    fn nor_is_it_made_unasked() {
        for (value, stays) in [
            ("Negotiate YII=", false),
            ("NTLM TlRMTVNTUAAB", false),
            ("ntlm", false),
            ("Basic TlRMTQ==", true),
            ("Bearer NTLM", true),
            ("Digest username=\"NTLM\", realm=\"a\"", true),
        ] {
            let mut head = RequestHeader::build("GET", b"/", None).unwrap();
            head.append_header("authorization", value).unwrap();
            strip_credentials(&mut head);
            assert_eq!(head.headers.contains_key("authorization"), stays, "{value}");
        }
    }
}
