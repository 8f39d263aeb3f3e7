//! The `otpauth://` address (the key URI format), as authenticator apps read it.

use doorward_oath::token::{Kind, Shape, suite_name};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters is encoded; a space becomes `%20`, never `+`.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A longer address makes a QR code that cheap cameras do not read.
const LONGEST: usize = 180;

/// The most that the issuer, which stands in the address twice, may take of a long one.
const ISSUER_SHARE: usize = 39;

/// The address. A name that would make it too long is cut, the account's first; the secret never is.
pub(crate) fn otpauth(shape: Shape, secret: &str, issuer: &str, account: &str) -> String {
    let (issuer, account) = (label(issuer), label(account));
    let full = assemble(shape, secret, &issuer, &account, Parameters::All);
    if full.len() <= LONGEST {
        return full;
    }
    // What every app assumes anyway need not be said.
    let short = assemble(shape, secret, &issuer, &account, Parameters::Unusual);
    if short.len() <= LONGEST {
        return short;
    }
    let issuer = cut(&issuer, ISSUER_SHARE);
    let taken = assemble(shape, secret, &issuer, "", Parameters::Unusual).len();
    let account = cut(&account, LONGEST.saturating_sub(taken));
    assemble(shape, secret, &issuer, &account, Parameters::Unusual)
}

/// The key in groups of four, to be read and typed.
pub(crate) fn in_fours(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + key.len() / 4);
    for (at, c) in key.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Parameters {
    All,
    Unusual,
}

fn assemble(shape: Shape, secret: &str, issuer: &str, account: &str, which: Parameters) -> String {
    let (issuer, account) = (encode(issuer), encode(account));
    let kind = match shape.kind {
        Kind::Time { .. } => "totp",
        Kind::Event { .. } => "hotp",
        Kind::Challenge => "ocra",
    };
    let mut uri = format!("otpauth://{kind}/{issuer}:{account}?secret={secret}&issuer={issuer}");
    let mut say = |usual: bool, parameter: String| {
        if which == Parameters::All || !usual {
            uri.push('&');
            uri.push_str(&parameter);
        }
    };
    // The suite of challenge and response says hash and length itself.
    if shape.kind != Kind::Challenge {
        let digits = shape.params.digits.get();
        say(true, format!("algorithm={}", shape.params.algorithm.as_str()));
        say(digits == 6, format!("digits={digits}"));
    }
    match shape.kind {
        Kind::Time { period } => say(period.get() == 30, format!("period={period}")),
        // Some apps refuse an event-based secret that does not say where to begin.
        Kind::Event { .. } => say(false, "counter=0".into()),
        Kind::Challenge => say(false, format!("ocrasuite={}", encode(suite_name(shape.params.digits)))),
    }
    uri
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// A name as it may stand in the label: apps split at a colon, and control characters are no part of a name.
fn label(text: &str) -> String {
    let replaced: String = text.chars().filter(|c| !c.is_control()).map(|c| if c == ':' { ' ' } else { c }).collect();
    replaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The longest beginning that takes no more than `budget` characters once encoded; whole characters only.
fn cut(text: &str, budget: usize) -> String {
    let mut taken = 0;
    text.chars()
        .take_while(|c| {
            taken += encode(c.encode_utf8(&mut [0; 4])).len();
            taken <= budget
        })
        .collect::<String>()
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fits::fits;
    use doorward_api::Template;
    use doorward_api::template::{Mode, Synchronization};

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn standard(issuer: &str, account: &str) -> String {
        otpauth(fits(&Template::STANDARD_APP).unwrap(), SECRET, issuer, account)
    }

    #[test]
    fn a_time_based_address_says_everything() {
        assert_eq!(
            standard("Example Org", "alice@example.test"),
            "otpauth://totp/Example%20Org:alice%40example.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Example%20Org&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn an_event_based_address_says_where_to_begin() {
        let template =
            Template { length: 8, synchronization: Synchronization::Event { look_ahead: 3 }, ..Template::STANDARD_APP };
        assert_eq!(
            otpauth(fits(&template).unwrap(), SECRET, "Doorward", "bob"),
            "otpauth://hotp/Doorward:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Doorward&algorithm=SHA1&digits=8&counter=0"
        );
    }

    #[test]
    fn a_challenge_response_address_says_its_suite() {
        let template = Template { mode: Mode::ChallengeResponse, length: 8, ..Template::STANDARD_APP };
        assert_eq!(
            otpauth(fits(&template).unwrap(), SECRET, "Doorward", "bob"),
            "otpauth://ocra/Doorward:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Doorward&ocrasuite=OCRA-1%3AHOTP-SHA1-8%3AQN08"
        );
        let long = otpauth(fits(&template).unwrap(), SECRET, &"x".repeat(100), &"y".repeat(100));
        assert!(long.len() <= LONGEST && long.ends_with("QN08"), "{long}");
    }

    #[test]
    fn no_name_can_break_out_of_its_place() {
        let uri = standard("Evil:Corp?a=b&c#d/é+\r\n", "x:y&secret=AAAA\u{0}");
        assert_eq!(
            uri.split_once('?').unwrap().0,
            "otpauth://totp/Evil%20Corp%3Fa%3Db%26c%23d%2F%C3%A9%2B:x%20y%26secret%3DAAAA"
        );
        assert_eq!(uri.matches("secret=").count(), 1);
        assert_eq!(uri.matches(':').count(), 2);
    }

    #[test]
    fn a_long_name_is_cut_at_a_whole_character() {
        for (issuer, account) in [
            ("Doorward", "averyveryveryveryveryveryveryveryveryverylongname@subdomain.of.a.long.example.test"),
            ("株式会社ドアワード東京本社", "アリス@example.test"),
            (&"x".repeat(300), &"é".repeat(300)),
            ("Doorward", &"😀".repeat(100)),
        ] {
            let uri = standard(issuer, account);
            assert!(uri.len() <= LONGEST, "{} {uri}", uri.len());
            assert!(uri.contains(&format!("secret={SECRET}")), "{uri}");
            let decoded = percent_encoding::percent_decode_str(&uri).decode_utf8().unwrap();
            let (label, query) = decoded.strip_prefix("otpauth://totp/").unwrap().split_once('?').unwrap();
            let (shown_issuer, shown_account) = label.split_once(':').unwrap();
            assert!(!shown_issuer.is_empty() && issuer.starts_with(shown_issuer), "{label}");
            assert!(!shown_account.is_empty() && account.starts_with(shown_account), "{label}");
            assert!(query.contains(&format!("&issuer={shown_issuer}")), "{query}");
        }
    }

    #[test]
    fn unusual_parameters_stay_in_a_shortened_address() {
        let minute =
            Template { length: 8, synchronization: Synchronization::Time { step: 60 }, ..Template::STANDARD_APP };
        let uri = otpauth(fits(&minute).unwrap(), SECRET, &"x".repeat(60), "alice");
        assert!(uri.ends_with("&digits=8&period=60") && !uri.contains("algorithm"), "{uri}");
    }

    #[test]
    fn a_key_is_read_in_groups_of_four() {
        assert_eq!(in_fours(SECRET), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }
}
