//! The gateway's cookies: their names and attributes (decision A6), reading them byte for byte, and cutting them out of
//! what an upstream sees.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use doorward_api::Token;
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// More than this of cookies in one request is read as none (SE-04).
const MOST_BYTES: usize = 16 * 1024;

/// What cannot stand in a cookie's value (RFC 6265 `cookie-octet`), and `%` itself.
const NOT_IN_VALUE: AsciiSet = CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\').add(b'%');

/// Prefix that a browser accepts only with `Secure`, `Path=/` and without `Domain`.
const HOST_PREFIX: &str = "__Host-";

/// Our cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CookieName {
    /// `doorward`: the session at the portal.
    Portal,
    /// `doorward_app`: the session at an application's host.
    App,
    /// `doorward_flow`: on the portal, the browser that a sign-in belongs to; on an application's host, the browser that a
    /// ticket is for.
    Flow,
    /// `doorward_device`: a browser that a user signed in with before.
    Device,
    /// `doorward_lang`: the language chosen.
    Language,
    /// `doorward_name`: the user name to fill in ("Remember me").
    UserName,
    /// `doorward_console`: an operator's session at the console.
    Console,
    /// `doorward_console_form`: the browser that the console's forms belong to before anybody is signed in.
    ConsoleForm,
    /// `doorward_console_setup`: the second factor that an operator to be is shown, sealed.
    ConsoleSetup,
    /// `doorward_authenticator`: which tokens were activated in a browser, for the day when it has lost them; sealed.
    Authenticator,
}

impl CookieName {
    /// All of them.
    pub const ALL: [CookieName; 10] = [
        CookieName::Portal,
        CookieName::App,
        CookieName::Flow,
        CookieName::Device,
        CookieName::Language,
        CookieName::UserName,
        CookieName::Console,
        CookieName::ConsoleForm,
        CookieName::ConsoleSetup,
        CookieName::Authenticator,
    ];

    /// The name without a prefix.
    pub const fn plain(self) -> &'static str {
        match self {
            CookieName::Portal => "doorward",
            CookieName::App => "doorward_app",
            CookieName::Flow => "doorward_flow",
            CookieName::Device => "doorward_device",
            CookieName::Language => "doorward_lang",
            CookieName::UserName => "doorward_name",
            CookieName::Console => "doorward_console",
            CookieName::ConsoleForm => "doorward_console_form",
            CookieName::ConsoleSetup => "doorward_console_setup",
            CookieName::Authenticator => "doorward_authenticator",
        }
    }

    const fn prefixed(self) -> &'static str {
        match self {
            CookieName::Portal => "__Host-doorward",
            CookieName::App => "__Host-doorward_app",
            CookieName::Flow => "__Host-doorward_flow",
            CookieName::Device => "__Host-doorward_device",
            CookieName::Language => "__Host-doorward_lang",
            CookieName::UserName => "__Host-doorward_name",
            CookieName::Console => "__Host-doorward_console",
            CookieName::ConsoleForm => "__Host-doorward_console_form",
            CookieName::ConsoleSetup => "__Host-doorward_console_setup",
            CookieName::Authenticator => "__Host-doorward_authenticator",
        }
    }

    /// Nothing leads to the console from elsewhere, so its cookies come from its own pages only; so does the authenticator's. A
    /// sign-in does begin elsewhere.
    const fn same_site(self) -> SameSite {
        match self {
            CookieName::Console | CookieName::ConsoleForm | CookieName::ConsoleSetup | CookieName::Authenticator => {
                SameSite::Strict
            }
            _ => SameSite::Lax,
        }
    }
}

/// How long a browser keeps a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieLife {
    /// Until the browser is closed.
    Browser,
    /// That long.
    For(Duration),
}

/// Names and attributes of this site's cookies. With TLS every name has its `__Host-` prefix; without (the demo) none has.
/// Only the one kind is ever read, so that no plain cookie can stand in for a prefixed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookieNames {
    secure: bool,
}

impl CookieNames {
    /// For a site with TLS (`true`) or the plain-HTTP demo.
    pub const fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// The name as it stands in headers.
    pub const fn name(self, which: CookieName) -> &'static str {
        if self.secure { which.prefixed() } else { which.plain() }
    }

    /// A cookie's value. `None` when it is absent or there more than once, when it is not printable ASCII, and when the
    /// request carries unreasonably many cookies. Several `cookie` fields (HTTP/2 crumbs, RFC 9113 8.2.3) count as one.
    pub fn get(self, which: CookieName, headers: &HeaderMap) -> Option<String> {
        let text = self.find(which, headers)?;
        match which {
            CookieName::UserName => decode(text),
            // Tokens have one spelling only.
            _ => Some(text.to_owned()),
        }
    }

    /// The token in a cookie. A malformed one is none (SE-04).
    pub fn token(self, which: CookieName, headers: &HeaderMap) -> Option<Token> {
        self.find(which, headers).and_then(Token::parse)
    }

    /// A cookie's value as it stands.
    fn find(self, which: CookieName, headers: &HeaderMap) -> Option<&str> {
        let fields = headers.get_all(header::COOKIE);
        if fields.iter().map(HeaderValue::len).sum::<usize>() > MOST_BYTES {
            return None;
        }
        let wanted = self.name(which).as_bytes();
        let mut values = fields
            .iter()
            .flat_map(|field| field.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| split_pair(pair.trim_ascii()))
            .filter(|(name, _)| *name == wanted)
            .map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) if value.iter().all(u8::is_ascii_graphic) => std::str::from_utf8(value).ok(),
            _ => None,
        }
    }

    /// A `Set-Cookie` value: `HttpOnly`, `Path=/`, `SameSite=Lax` (the console's and the authenticator's: `Strict`), no `Domain` (SE-01).
    pub fn set(self, which: CookieName, value: &str, life: CookieLife) -> HeaderValue {
        let encoded = utf8_percent_encode(value, &NOT_IN_VALUE).to_string();
        self.write(which, encoded, life)
    }

    /// A `Set-Cookie` value that makes the browser drop the cookie.
    pub fn clear(self, which: CookieName) -> HeaderValue {
        self.write(which, String::new(), CookieLife::For(Duration::ZERO))
    }

    fn write(self, which: CookieName, value: String, life: CookieLife) -> HeaderValue {
        let mut cookie = Cookie::build((self.name(which), value))
            .path("/")
            .http_only(true)
            .same_site(which.same_site())
            .secure(self.secure)
            .build();
        if let CookieLife::For(span) = life {
            let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
            cookie.set_max_age(cookie::time::Duration::seconds(seconds));
        }
        // The name is ours and the value is encoded, so this is always a valid field value; an empty one sets nothing.
        HeaderValue::try_from(cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// A `Cookie` field without our cookies, prefixed or not; the application's own stay byte for byte as they were. `None`
    /// when nothing is left.
    pub fn strip_ours(self, cookie_header: &[u8]) -> Option<Vec<u8>> {
        let mut kept: Vec<&[u8]> = cookie_header.split(|byte| *byte == b';').collect();
        let all = kept.len();
        kept.retain(|pair| !is_our_name(name_of(pair)));
        let left = kept.join(&b';');
        // Where the first pair was cut, the next one brings along the space that stood between them.
        let left = if kept.len() < all { left.trim_ascii_start() } else { &left };
        (!left.trim_ascii().is_empty()).then(|| left.to_vec())
    }

    /// Whether a `Set-Cookie` field of an upstream would set one of our cookies (HH-07).
    pub fn is_ours(self, set_cookie: &[u8]) -> bool {
        let pair = set_cookie.split(|byte| *byte == b';').next().unwrap_or_default();
        is_our_name(name_of(pair))
    }
}

fn split_pair(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = pair.iter().position(|byte| *byte == b'=')?;
    Some((pair.get(..at)?, pair.get(at + 1..)?))
}

/// Undoes the percent-encoding of [`CookieNames::set`], and no other.
fn decode(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (utf8_percent_encode(&decoded, &NOT_IN_VALUE).to_string() == text).then(|| decoded.into_owned())
}

/// The name a browser would send a pair under. One without a name (`=doorward=x`) is sent as `doorward=x`, so leading `=`
/// do not hide what follows.
fn name_of(pair: &[u8]) -> &[u8] {
    let mut rest = pair.trim_ascii();
    while let Some(shorter) = rest.strip_prefix(b"=") {
        rest = shorter.trim_ascii_start();
    }
    rest.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii_end()
}

fn is_our_name(name: &[u8]) -> bool {
    let plain = name.strip_prefix(HOST_PREFIX.as_bytes()).unwrap_or(name);
    CookieName::ALL.iter().any(|ours| ours.plain().as_bytes() == plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: CookieNames = CookieNames::new(false);
    const SECURE: CookieNames = CookieNames::new(true);

    fn headers(fields: &[&[u8]]) -> HeaderMap {
        fields.iter().map(|field| (header::COOKIE, HeaderValue::from_bytes(field).unwrap())).collect()
    }

    fn get(names: CookieNames, field: &[u8]) -> Option<String> {
        names.get(CookieName::Portal, &headers(&[field]))
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        assert_eq!(get(PLAIN, b"a=1; doorward=tok; doorward_app=other").as_deref(), Some("tok"));
        assert_eq!(get(SECURE, b"__Host-doorward=tok;b=2").as_deref(), Some("tok"));
        assert_eq!(get(PLAIN, b"doorward=").as_deref(), Some(""));
    }

    #[test]
    fn only_one_kind_of_name_is_read() {
        assert_eq!(get(PLAIN, b"__Host-doorward=tok"), None);
        assert_eq!(get(SECURE, b"doorward=tok"), None);
        assert_eq!(get(SECURE, b"doorward=bad; __Host-doorward=tok").as_deref(), Some("tok"));
    }

    #[test]
    fn names_are_compared_byte_for_byte() {
        for field in
            ["Doorward=t", "doorward =t", "doorwarD=t", "doorward_=t", "doorward", "=doorward=t", "xdoorward=t"]
        {
            assert_eq!(get(PLAIN, field.as_bytes()), None, "{field}");
        }
        assert_eq!(get(SECURE, b"__host-doorward=t"), None);
    }

    #[test]
    fn the_same_name_twice_is_no_cookie() {
        assert_eq!(get(PLAIN, b"doorward=tok; doorward=tok"), None);
        assert_eq!(PLAIN.get(CookieName::Portal, &headers(&[b"doorward=a", b"doorward=b"])), None);
    }

    #[test]
    fn http2_crumbs_are_joined() {
        let crumbs = headers(&[b"a=1", b"doorward=tok", b"b=2"]);
        assert_eq!(PLAIN.get(CookieName::Portal, &crumbs).as_deref(), Some("tok"));
    }

    #[test]
    fn malformed_cookies_are_no_cookies() {
        let huge = format!("doorward={}", "x".repeat(64 * 1024));
        for field in [&b""[..], b"doorward=\xff\xfe", b"doorward=a b", b"doorward=a\tb", b";;;=;", huge.as_bytes()] {
            assert_eq!(get(PLAIN, field), None);
        }
        assert_eq!(PLAIN.get(CookieName::Portal, &HeaderMap::new()), None);
    }

    #[test]
    fn a_remembered_name_survives_the_way_there_and_back() {
        for name in ["alice", "Ünï; Código,=\"%41\\", "名前 🦀"] {
            let set = PLAIN.set(CookieName::UserName, name, CookieLife::Browser);
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            assert_eq!(PLAIN.get(CookieName::UserName, &headers(&[pair.as_bytes()])).as_deref(), Some(name));
        }
        for other_spelling in ["doorward_name=%zz", "doorward_name=%61lice", "doorward_name=%ff"] {
            assert_eq!(PLAIN.get(CookieName::UserName, &headers(&[other_spelling.as_bytes()])), None);
        }
    }

    #[test]
    fn every_cookie_has_the_strict_attributes() {
        for which in CookieName::ALL {
            let text = SECURE.set(which, "v", CookieLife::Browser).to_str().unwrap().to_owned();
            assert!(text.starts_with(&format!("__Host-{}=v; ", which.plain())), "{text}");
            let strict = ["console", "authenticator"].iter().any(|of| which.plain().contains(of));
            let same_site = if strict { "SameSite=Strict" } else { "SameSite=Lax" };
            for attribute in ["HttpOnly", same_site, "Secure", "Path=/"] {
                assert!(text.split("; ").any(|part| part == attribute), "{attribute} is missing in {text}");
            }
            assert!(!text.contains("Domain") && !text.contains("Max-Age"), "{text}");
            let plain = PLAIN.set(which, "v", CookieLife::For(Duration::from_secs(60))).to_str().unwrap().to_owned();
            assert!(!plain.contains("Secure") && plain.contains("Max-Age=60"), "{plain}");
            assert!(PLAIN.clear(which).to_str().unwrap().contains("Max-Age=0"));
        }
    }

    #[test]
    fn our_cookies_are_cut_out_and_the_others_keep_their_bytes() {
        let cut = |field: &[u8]| PLAIN.strip_ours(field);
        assert_eq!(cut(b"doorward_app=t; a=1;b=\"x\"; c=\xff").unwrap(), b"a=1;b=\"x\"; c=\xff");
        assert_eq!(cut(b"a=1; doorward=t; b=2").unwrap(), b"a=1; b=2");
        assert_eq!(cut(b"a=1;  __Host-doorward_flow=t").unwrap(), b"a=1");
        assert_eq!(cut(b" a=1 ; b ").unwrap(), b" a=1 ; b ");
        assert_eq!(cut(b"a=\"; doorward_app=t; b=\"").unwrap(), b"a=\"; b=\"");
        assert_eq!(cut(b"doorward_other=1; Doorward=2").unwrap(), b"doorward_other=1; Doorward=2");
        for nothing_left in
            [&b"doorward=t"[..], b"doorward=a; __Host-doorward=b; doorward_console=c", b"", b" ", b"=doorward=t"]
        {
            assert_eq!(cut(nothing_left), None);
        }
    }

    #[test]
    fn an_upstream_cannot_set_our_cookies() {
        for ours in [
            "doorward=x; Path=/",
            "__Host-doorward_app=x",
            " doorward_lang = x",
            "=doorward=x",
            "doorward",
            "doorward_console=1",
        ] {
            assert!(SECURE.is_ours(ours.as_bytes()), "{ours}");
        }
        for theirs in ["DokuWiki=1; Path=/", "x=doorward=1", "doorwards=1", "", "a=1; doorward=2"] {
            assert!(!SECURE.is_ours(theirs.as_bytes()), "{theirs}");
        }
    }
}
