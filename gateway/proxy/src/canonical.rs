//! The one canonical request (SEC 5.1): what the policy judges and what the upstream receives are written from the same
//! object, so they cannot differ.
//!
//! Canonical means: one host in lower case without a final dot; a path whose dot segments are resolved, whose unreserved
//! characters are decoded, whose other characters are percent-encoded in upper case. Whatever could be read in a second
//! way by a server behind us is refused.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use doorward_access::site::AppOptions;
use doorward_api::{AppId, Object, VirtualServerId};
use doorward_policy::{folded_path, without_parameters};

use crate::refusal::Refusal;

/// A host as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalHost {
    /// Lower case, no final dot; an IPv6 address in its brackets.
    pub name: Arc<str>,
    /// The port that was named, if one was.
    pub port: Option<u16>,
}

/// The request in its one canonical form. Its texts are shared: policy, record and upstream all look at the same ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalRequest {
    /// The method, upper case.
    pub method: Cow<'static, str>,
    /// The host without its port.
    pub host: Arc<str>,
    /// The canonical path.
    pub path: Arc<str>,
    /// The path as policies are shown it: in small letters where the application takes these for capitals.
    pub judged: Arc<str>,
    /// The query as it came; never part of a decision (PA-03).
    pub query: Option<Arc<str>>,
    /// The client's address.
    pub client: IpAddr,
    /// It came over TLS.
    pub secure: bool,
}

impl CanonicalRequest {
    /// The target for the upstream: the canonical path and the query.
    pub fn target(&self) -> Cow<'_, str> {
        match &self.query {
            Some(query) => Cow::Owned(format!("{}?{query}", self.path)),
            None => Cow::Borrowed(&self.path),
        }
    }

    /// What the policy judges.
    pub fn object(&self, vs: &VirtualServerId, app: &AppId) -> Object {
        Object {
            virtual_server: vs.clone(),
            app: app.clone(),
            host: self.host.clone(),
            method: self.method.clone(),
            path: self.judged.clone(),
            client: self.client,
            secure: self.secure,
        }
    }
}

/// What may stand in a target as it is: printable ASCII without what no client sends unescaped (`"`, `<`, `>`) and without
/// the sign of a fragment, which is not part of a target.
pub(crate) fn is_target_byte(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e) && !matches!(byte, b'#' | b'"' | b'<' | b'>')
}

/// Splits an origin-form target into path and query.
///
/// # Errors
/// 400 for anything else than `/…` or `/…?…` in printable ASCII, and for a fragment.
pub fn split_target(raw: &[u8]) -> Result<(&str, Option<&str>), Refusal> {
    // Without an early end, so that many bytes are looked at in one step.
    if !raw.iter().fold(true, |good, byte| good & is_target_byte(*byte)) {
        return Err(Refusal::bad("target_byte"));
    }
    let text = std::str::from_utf8(raw).map_err(|_| Refusal::bad("target_byte"))?;
    if !text.starts_with('/') {
        return Err(Refusal::bad("target_form"));
    }
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    // The URI type behind us takes it in a query only.
    if path.contains('`') { Err(Refusal::bad("target_byte")) } else { Ok((path, query)) }
}

/// Brings a host with its optional port into canonical form (HO-01, HO-02).
///
/// # Errors
/// 400 for a list, userinfo, an empty label, a port outside 1..=65535, and every byte that no host has.
pub fn canonical_host(raw: &str) -> Result<CanonicalHost, Refusal> {
    if let Some(rest) = raw.strip_prefix('[') {
        return canonical_ipv6(rest);
    }
    let (name, port) = host_and_port(raw)?;
    let name =
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() };
    Ok(CanonicalHost { name, port })
}

/// Whether [`canonical_host`] takes it.
pub(crate) fn check_host(raw: &str) -> Result<(), Refusal> {
    match raw.strip_prefix('[') {
        Some(rest) => canonical_ipv6(rest).map(drop),
        None => host_and_port(raw).map(drop),
    }
}

/// A host's name without its final dot, and its port.
fn host_and_port(raw: &str) -> Result<(&str, Option<u16>), Refusal> {
    let (name, port) = match raw.split_once(':') {
        Some((name, port)) => (name, Some(canonical_port(port)?)),
        None => (raw, None),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    if is_host_name(name) { Ok((name, port)) } else { Err(Refusal::bad("host_form")) }
}

/// Labels of 1 to 63 letters, digits, `-` and `_` with dots between them, 253 bytes at the most.
fn is_host_name(name: &str) -> bool {
    let mut label = 0;
    let good = name.bytes().all(|byte| {
        let ends = byte == b'.';
        let good = if ends { label > 0 } else { byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') };
        label = if ends { 0 } else { label + 1 };
        good && label <= 63
    });
    good && label > 0 && name.len() <= 253
}

fn canonical_ipv6(rest: &str) -> Result<CanonicalHost, Refusal> {
    let (address, after) = rest.split_once(']').ok_or(Refusal::bad("host_form"))?;
    let address: Ipv6Addr = address.parse().map_err(|_| Refusal::bad("host_form"))?;
    let port = match after.strip_prefix(':') {
        Some(port) => Some(canonical_port(port)?),
        None if after.is_empty() => None,
        None => return Err(Refusal::bad("host_form")),
    };
    Ok(CanonicalHost { name: format!("[{address}]").into(), port })
}

fn canonical_port(raw: &str) -> Result<u16, Refusal> {
    let digits = (1..=5).contains(&raw.len()) && raw.bytes().all(|byte| byte.is_ascii_digit());
    match raw.parse::<u16>() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(Refusal::bad("host_port")),
    }
}

/// Brings a path (without its query) into canonical form, as far as the application's options allow it (decision A30).
///
/// # Errors
/// 400 for everything that could be read in a second way: see the table of PA-01 and PA-02.
pub fn canonical_path(raw: &str, options: &AppOptions) -> Result<String, Refusal> {
    if is_plain(raw) { Ok(raw.to_owned()) } else { canonical_segments(raw, options) }
}

/// Whether a path is its own canonical form whatever the options are, as nearly all are: nothing in it is encoded or may be
/// let through, and no segment is empty or begins with a dot.
pub(crate) fn is_plain(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let plain = |byte: u8| byte == b'/' || (is_path_character(byte) && byte != b';');
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    raw.starts_with('/')
        && bytes.iter().copied().all(plain)
        && !pairs.into_iter().any(|(first, second)| *first == b'/' && matches!(*second, b'/' | b'.'))
}

fn canonical_segments(raw: &str, options: &AppOptions) -> Result<String, Refusal> {
    let rest = raw.strip_prefix('/').ok_or(Refusal::bad("path_form"))?;
    let mut segments: Vec<String> = Vec::new();
    let mut parts = rest.split('/').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let segment = canonical_segment(part, options)?;
        match segment.as_str() {
            "." => {}
            ".." => {
                segments.pop().ok_or(Refusal::bad("path_climbs"))?;
            }
            text if is_double_slash(text, last) && !options.double_slash => {
                return Err(Refusal::bad("path_double_slash"));
            }
            _ => segments.push(segment.clone()),
        }
        // `/a/.` and `/a/b/..` name the directory itself.
        if last && matches!(segment.as_str(), "." | "..") {
            segments.push(String::new());
        }
    }
    // Whatever the application allows: two slashes at the front are an authority to some parsers, and one to others.
    let first = segments.first().map_or("", String::as_str);
    let starts_empty = first.split("%2F").next().is_some_and(|part| without_parameters(part).is_empty());
    if starts_empty && !(first.is_empty() && segments.len() <= 1) {
        return Err(Refusal::bad("path_double_slash"));
    }
    Ok(format!("/{}", segments.join("/")))
}

/// A canonical path as policies are shown it.
///
/// # Errors
/// 400 where the application ignores case and some servers would find an ASCII letter in what is none.
pub fn judged_path(path: &Arc<str>, options: &AppOptions) -> Result<Arc<str>, Refusal> {
    if options.case_insensitive {
        folded_path(path).map(Arc::from).ok_or(Refusal::bad("path_case"))
    } else {
        Ok(path.clone())
    }
}

/// Whether a canonical path lies under the prefix that is never forwarded (decision A7). A first segment that merely
/// begins so, before an encoded slash or a parameter, counts: no server behind us shall see it as the prefix.
pub fn is_reserved(path: &str) -> bool {
    let first = path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default();
    let first = first.split([';', '%']).next().unwrap_or_default();
    first.eq_ignore_ascii_case(".doorward")
}

fn canonical_segment(raw: &str, options: &AppOptions) -> Result<String, Refusal> {
    let mut written = String::with_capacity(raw.len());
    let mut meant = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            let value = hex_pair(bytes.next(), bytes.next())?;
            write_encoded(value, options, &mut written)?;
            value
        } else {
            write_raw(byte, options, &mut written)?;
            byte
        };
        meant.push(byte);
    }
    // What the escapes mean must be well-formed UTF-8 (no overlong `/` or `.`) without control characters.
    let meant = std::str::from_utf8(&meant).map_err(|_| Refusal::bad("path_not_utf8"))?;
    if meant.chars().any(char::is_control) {
        return Err(Refusal::bad("path_control"));
    }
    if hides_dots(&written) {
        return Err(Refusal::bad("path_hidden_dots"));
    }
    Ok(written)
}

fn hex_pair(high: Option<u8>, low: Option<u8>) -> Result<u8, Refusal> {
    let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => u8::try_from(high * 16 + low).map_err(|_| Refusal::bad("path_escape")),
        _ => Err(Refusal::bad("path_escape")),
    }
}

fn write_encoded(value: u8, options: &AppOptions, into: &mut String) -> Result<(), Refusal> {
    match value {
        b'/' if !options.encoded_slash => Err(Refusal::bad("path_encoded_slash")),
        b'\\' => Err(Refusal::bad("path_backslash")),
        // Some servers decode before they cut parameters off.
        b';' if !options.semicolon => Err(Refusal::bad("path_semicolon")),
        _ if is_unreserved(value) => {
            into.push(char::from(value));
            Ok(())
        }
        _ => {
            push_escape(value, into);
            Ok(())
        }
    }
}

fn write_raw(byte: u8, options: &AppOptions, into: &mut String) -> Result<(), Refusal> {
    match byte {
        b'\\' => Err(Refusal::bad("path_backslash")),
        b'#' | b'?' => Err(Refusal::bad("path_form")),
        b';' if !options.semicolon => Err(Refusal::bad("path_semicolon")),
        0x21..=0x7e if is_path_character(byte) => {
            into.push(char::from(byte));
            Ok(())
        }
        // What browsers send as it is although RFC 3986 does not allow it: `[`, `]`, `|`, …
        0x21..=0x7e => {
            push_escape(byte, into);
            Ok(())
        }
        _ => Err(Refusal::bad("path_byte")),
    }
}

fn push_escape(byte: u8, into: &mut String) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    into.push('%');
    for half in [byte >> 4, byte & 0x0f] {
        into.extend(DIGITS.get(usize::from(half)));
    }
}

/// RFC 3986 `unreserved`.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 `pchar`, escapes aside.
fn is_path_character(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@')
}

/// Dots that a server would find after it decoded `%2F` or cut off `;x`: `..;x`, `a%2F..`.
fn hides_dots(segment: &str) -> bool {
    !matches!(segment, "." | "..") && segment.split("%2F").any(|part| matches!(without_parameters(part), "." | ".."))
}

/// Whether a segment is nothing between two slashes, or would be after a server decoded `%2F` or cut off `;x`. At the end
/// nothing is the directory itself; `;x` is nothing that any directory has.
fn is_double_slash(segment: &str, last: bool) -> bool {
    let mut parts = segment.split("%2F").peekable();
    while let Some(part) = parts.next() {
        let at_the_end = last && parts.peek().is_none();
        if without_parameters(part).is_empty() && !(at_the_end && part.is_empty()) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(raw: &str) -> Result<String, &'static str> {
        canonical_path(raw, &AppOptions::default()).map_err(|refusal| refusal.reason)
    }

    fn lenient() -> AppOptions {
        AppOptions { encoded_slash: true, semicolon: true, double_slash: true, ..AppOptions::default() }
    }

    #[test]
    fn each_spelling_of_admin_is_admin_or_is_refused_or_stays_another_path() {
        // The spellings of SEC 0.3. The raw tab and the fragment are refused before a path is looked at.
        let table = [
            ("/public/../admin", Ok("/admin")),
            ("/%61dmin", Ok("/admin")),
            ("//admin", Err("path_double_slash")),
            ("/public/%2e%2e/admin", Ok("/admin")),
            ("/public%2f..%2fadmin", Err("path_encoded_slash")),
            ("/public\\..\\admin", Err("path_backslash")),
            ("/public/..;/admin", Err("path_semicolon")),
            ("/admin;x=1", Err("path_semicolon")),
            ("/ADMIN", Ok("/ADMIN")),
            ("/%2561dmin", Ok("/%2561dmin")),
            ("/admin%00.png", Err("path_control")),
            ("/./admin", Ok("/admin")),
            ("/admin/.", Ok("/admin/")),
            ("/%c0%ae%c0%ae/admin", Err("path_not_utf8")),
            ("/%ef%bd%81dmin", Ok("/%EF%BD%81dmin")),
        ];
        for (raw, expected) in table {
            assert_eq!(strict(raw).as_deref().map_err(|reason| *reason), expected, "{raw}");
        }
        assert_eq!(split_target(b"/\tadmin").unwrap_err().reason, "target_byte");
        assert_eq!(split_target(b"/public#/../admin").unwrap_err().reason, "target_byte");
    }

    #[test]
    fn what_cannot_be_read_in_one_way_is_refused() {
        for raw in [
            "", "admin", "*", "/%", "/%2", "/%zz", "/%0d%0a", "/%7f", "/%5c", "/\\", "/a/../..", "/..", "/%2e%2E",
            "/a//b", "/a//", "/é", "/ a", "/%c3", "/%e2%82", "/%c2%85", "/a\u{7f}", "/a#b", "/a?b",
        ] {
            assert!(strict(raw).is_err(), "{raw:?} passed as {:?}", strict(raw));
        }
    }

    #[test]
    fn ordinary_paths_stay_as_they_are() {
        for path in [
            "/",
            "/a",
            "/a/",
            "/a/b.html",
            "/start:page",
            "/~bob/a-b_c",
            "/a,b/(c)",
            "/caf%C3%A9",
            "/a%20b",
            "/...",
            "/.a",
        ] {
            assert_eq!(strict(path).as_deref(), Ok(path));
        }
        assert_eq!(strict("/a[1]|{b}").as_deref(), Ok("/a%5B1%5D%7C%7Bb%7D"));
        assert_eq!(strict("/caf%c3%a9").as_deref(), Ok("/caf%C3%A9"));
        assert_eq!(strict("/.").as_deref(), Ok("/"));
        assert_eq!(strict("/a/..").as_deref(), Ok("/"));
        assert_eq!(strict("/public%23/../admin").as_deref(), Ok("/admin"));
    }

    #[test]
    fn what_an_application_opts_into_still_hides_no_dots() {
        let options = lenient();
        for (raw, path) in [
            ("/a%2fb", "/a%2Fb"),
            ("/a;v=1/b", "/a;v=1/b"),
            ("/a//b", "/a//b"),
            ("/a//..", "/a/"),
            ("/a%2F%2Fb", "/a%2F%2Fb"),
            ("/a/%2F", "/a/%2F"),
            ("/a/;x/b", "/a/;x/b"),
            ("/a%3bb", "/a%3Bb"),
        ] {
            assert_eq!(canonical_path(raw, &options).as_deref(), Ok(path), "{raw}");
        }
        for raw in [
            "//a",
            "/a/..//b",
            "/..;/admin",
            "/a/..;x/b",
            "/a%2f..%2fb",
            "/..%2fa",
            "/a%2F.",
            "/..%3b/a",
            "/.;/a",
            "/%2fa",
            "/%2f",
            "/%2f/a",
            "/;/a",
            "/;x/a",
            "/;x",
            "/%3b/a",
            "/;x%2fa",
        ] {
            assert!(canonical_path(raw, &options).is_err(), "{raw} passed");
        }
    }

    #[test]
    fn a_slash_beside_an_encoded_one_is_two_slashes() {
        let one_slash = AppOptions { encoded_slash: true, semicolon: true, ..AppOptions::default() };
        for path in ["/a%2Fb", "/a/b%2F", "/a%2Fb/", "/a;x%2Fb", "/a/b;x"] {
            assert_eq!(canonical_path(path, &one_slash).as_deref(), Ok(path));
        }
        for raw in ["/a/%2Fb", "/a%2F/b", "/a%2F%2Fb", "/a/%2F", "/a/;x/b", "/a/;x", "/a/%3B/b", "/a%2F;x"] {
            assert_eq!(canonical_path(raw, &one_slash).unwrap_err().reason, "path_double_slash", "{raw}");
        }
        assert_eq!(strict("/a%3bx"), Err("path_semicolon"));
    }

    #[test]
    fn an_application_that_ignores_case_is_judged_in_small_letters() {
        let ignoring = AppOptions { case_insensitive: true, ..AppOptions::default() };
        for (path, judged) in [
            ("/ADMIN", "/admin"),
            ("/Admin/%C3%89t%C3%A9", "/admin/%C3%A9t%C3%A9"),
            ("/A%20B%2FC%3B", "/a%20b%2Fc%3B"),
            // All that share a capital letter are one: the last sigma of a word.
            ("/%CE%A3", "/%CF%83"),
            ("/%CF%82", "/%CF%83"),
            ("/stra%C3%9Fe", "/stra%C3%9Fe"),
            ("/%EF%BC%A1", "/%EF%BD%81"),
            ("/%E6%97%A5", "/%E6%97%A5"),
        ] {
            let shown =
                |path: &str, options: &AppOptions| judged_path(&path.into(), options).map(|judged| judged.to_string());
            assert_eq!(shown(path, &ignoring).as_deref(), Ok(judged), "{path}");
            assert_eq!(shown(judged, &ignoring).as_deref(), Ok(judged), "{judged}");
            assert_eq!(shown(path, &AppOptions::default()).as_deref(), Ok(path), "{path}");
        }
        for path in ["/%E2%84%AA", "/%C5%BF", "/adm%C4%B1n", "/adm%C4%B0n"] {
            assert_eq!(judged_path(&path.into(), &ignoring).unwrap_err().reason, "path_case", "{path}");
        }
    }

    /// A small generator (xorshift): the same walk at every run.
    fn spellings() -> impl Iterator<Item = String> {
        const PIECES: [&str; 24] = [
            "/", "/", "/", ".", "..", "a", "admin", "%2e", "%2E%2e", "%2f", "%5c", ";", ";x", "%3b", "%25", "%61",
            "%c3%a9", "%c0%ae", "\\", "[", "%00", "//", "Z", "~",
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        std::iter::repeat_with(move || {
            let mut path = String::from("/");
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                usize::try_from(state >> 33).unwrap_or(0)
            };
            for _ in 0..next() % 10 {
                path.push_str(PIECES[next() % PIECES.len()]);
            }
            path
        })
        .take(60_000)
    }

    #[test]
    fn a_canonical_path_is_its_own_canonical_path_and_never_climbs() {
        let (mut passed, mut plain) = (0, 0);
        for options in [AppOptions::default(), lenient()] {
            for raw in spellings() {
                assert_eq!(canonical_path(&raw, &options), canonical_segments(&raw, &options), "{raw}");
                let Ok(path) = canonical_path(&raw, &options) else { continue };
                passed += 1;
                plain += usize::from(is_plain(&raw));
                assert_eq!(canonical_path(&path, &options).as_ref(), Ok(&path), "{raw}");
                assert!(path.starts_with('/') && !path.starts_with("//"), "{raw} -> {path}");
                assert!(path.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\'), "{raw} -> {path}");
                let decoded = path.replace("%2F", "/").replace("%3B", ";");
                let climbs = decoded.split('/').any(|part| matches!(part.split(';').next(), Some("." | "..")));
                assert!(!climbs, "{raw} -> {path}");
            }
        }
        assert!(passed > 1_000 && plain > 1_000, "only {passed} spellings passed, {plain} of them plain");
    }

    #[test]
    fn a_host_has_one_spelling() {
        for (raw, name, port) in [
            ("app.test", "app.test", None),
            ("APP.test", "app.test", None),
            ("app.test.", "app.test", None),
            ("app.test:443", "app.test", Some(443)),
            ("App.Test.:8443", "app.test", Some(8443)),
            ("xn--bcher-kva.test", "xn--bcher-kva.test", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]:80", "[::1]", Some(80)),
            ("[0:0::1]", "[::1]", None),
        ] {
            assert_eq!(canonical_host(raw), Ok(CanonicalHost { name: name.into(), port }), "{raw}");
            assert_eq!(check_host(raw), Ok(()), "{raw}");
        }
    }

    #[test]
    fn a_host_that_is_none_is_refused() {
        for raw in [
            "",
            ".",
            "..",
            "a..b",
            "app.test..",
            "a, b",
            "a b",
            "app.test@evil.test",
            "user:pw@app.test",
            "app.test:0",
            "app.test:99999",
            "app.test:",
            "app.test:80:80",
            "app.test:+80",
            "[::1",
            "[::1]x",
            "[fe80::1%25eth0]",
            "::1",
            "bücher.test",
            "app%2etest",
            "app.test/x",
            "app.test\\",
            "a\u{0}b",
        ] {
            assert!(canonical_host(raw).is_err(), "{raw:?} passed");
            assert!(check_host(raw).is_err(), "{raw:?} passed");
        }
    }

    #[test]
    fn the_reserved_prefix_is_known_in_every_disguise() {
        for path in
            ["/.doorward", "/.doorward/", "/.doorward/enter", "/.Doorward/x", "/.doorward%2Fx", "/.doorward;x/y"]
        {
            assert!(is_reserved(path), "{path}");
        }
        for path in ["/", "/.doorwards", "/a/.doorward/x", "/doorward"] {
            assert!(!is_reserved(path), "{path}");
        }
    }
}
