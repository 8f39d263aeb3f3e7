//! What is thrown at every parser that meets bytes of strangers, and what must hold of its answer: never a panic, and more
//! than that. One function for each target; `corpus/NAME/` holds what has been found worth trying again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a fuzz target says that a rule is broken"
)]

use std::str::from_utf8;
use std::sync::{Arc, LazyLock};

use doorward_access::cookies::{CookieName, CookieNames};
use doorward_access::language::negotiate;
use doorward_access::names::fold_name;
use doorward_access::returns::Returns;
use doorward_access::site::{AppOptions, Beside, VirtualServer};
use doorward_api::keys::MasterKey;
use doorward_api::ports::Entropy;
use doorward_api::{AppId, AuditEvent, EventContext, EventKind, Timestamp, VirtualServerId};
use doorward_connect::MailAddress;
use doorward_oath::ocra::Suite;
use doorward_policy::{Policies, Source};
use doorward_proxy::Limits;
use doorward_proxy::canonical::{canonical_host, canonical_path, split_target};
use doorward_proxy::seams::read_head;
use http::{HeaderMap, HeaderValue, header};

/// The moment at which everything happens.
const NOW: Timestamp = Timestamp::from_secs(1_764_000_000);

/// A raw head (FR, HO): whatever is let through has one request line, one host and one framing, and is read the same
/// however it is cut into pieces on its way.
pub fn head(data: &[u8]) {
    let limits = Limits::default();
    let whole = read_head(&[data], &limits);
    let cut = usize::from(data.first().copied().unwrap_or_default()).min(data.len());
    assert_eq!(whole, read_head(&[&data[..cut], &data[cut..]], &limits), "cut at {cut}");
    let Ok(Some(length)) = whole else { return };
    let head = &data[..length];
    assert!(length <= limits.header_bytes && head.ends_with(b"\r\n\r\n"));
    assert!(!head.contains(&0), "NUL");
    let lines: Vec<&[u8]> = head[..length - 4].split(|byte| *byte == b'\n').collect();
    let named = |name: &str| {
        let of = |line: &&&[u8]| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name.as_bytes());
        lines[1..].iter().filter(of).filter(|line| line[name.len()] == b':').count()
    };
    assert!(named("content-length") + named("transfer-encoding") <= 1, "two framings");
    assert!(
        named("host") == 1 || (named("host") == 0 && lines[0].ends_with(b"HTTP/1.0\r")),
        "hosts: {}",
        named("host")
    );
    for line in &lines[..lines.len() - 1] {
        let line = line.strip_suffix(b"\r").expect("lines end with CRLF");
        assert!(!line.contains(&b'\r') && !line.starts_with(b" ") && !line.starts_with(b"\t"), "CR or folding");
    }
    assert!(length <= limits.target_bytes + limits.header_bytes && lines.len() <= limits.header_fields + 1);
}

/// A target (PA-01, PA-02): the canonical path is its own canonical form, climbs nowhere, and hides nothing from a server
/// that decodes once more.
pub fn target(data: &[u8]) {
    let Some((choices, raw)) = data.split_first() else { return };
    let options = AppOptions {
        encoded_slash: choices & 1 != 0,
        semicolon: choices & 2 != 0,
        double_slash: choices & 4 != 0,
        ..AppOptions::default()
    };
    let Ok((path, _)) = split_target(raw) else { return };
    let Ok(canonical) = canonical_path(path, &options) else { return };
    assert_eq!(canonical_path(&canonical, &options).as_ref(), Ok(&canonical), "not its own canonical form");
    assert!(canonical.starts_with('/') && canonical.bytes().all(|byte| byte.is_ascii_graphic()), "{canonical}");
    assert!(!canonical.starts_with("//"), "an authority to some: {canonical}");
    assert!(options.double_slash || !canonical.contains("//"), "{canonical}");
    assert!(options.semicolon || !canonical.contains(';'), "{canonical}");
    assert!(options.encoded_slash || !canonical.contains("%2F"), "{canonical}");
    assert!(!canonical.contains(['\\', '#', '?']), "{canonical}");
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(&canonical).collect();
    assert!(decoded.iter().all(|byte| *byte >= 0x20 && *byte != 0x7f), "a control character: {canonical}");
    let climbs = |segment: &[u8]| matches!(segment.split(|byte| *byte == b';').next(), Some(b"." | b".."));
    assert!(!decoded.split(|byte| *byte == b'/').any(climbs), "climbs when it is decoded: {canonical}");
}

/// A host (HO-01, HO-02): one spelling, and that one is its own.
pub fn host(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    let Ok(host) = canonical_host(text) else { return };
    assert_eq!(host.name.as_ref(), host.name.to_ascii_lowercase());
    assert!(!host.name.ends_with('.') && !host.name.is_empty() && host.name.is_ascii());
    assert!(!host.name.contains(['@', '/', ',', ' ', '%']), "{}", host.name);
    assert_ne!(host.port, Some(0));
    assert_eq!(canonical_host(&host.name).map(|again| again.name).as_ref(), Ok(&host.name));
}

/// A `Cookie` field (SE-04, HH-07): what is passed on holds none of ours, in either spelling, and is passed on unchanged.
pub fn cookies(data: &[u8]) {
    for names in [CookieNames::new(true), CookieNames::new(false)] {
        let stripped = names.strip_ours(data);
        let Some(left) = &stripped else { continue };
        assert_eq!(names.strip_ours(left).as_ref(), Some(left), "stripping once is enough");
        let mut headers = HeaderMap::new();
        let Ok(value) = HeaderValue::from_bytes(left) else { continue };
        headers.insert(header::COOKIE, value);
        for which in CookieName::ALL {
            assert_eq!(names.get(which, &headers), None, "{which:?} is passed on");
        }
    }
}

/// `Accept-Language` and the language cookie (EN-10): the answer is one of ours.
pub fn language(data: &[u8]) {
    const OURS: [&str; 6] = ["en", "de", "fr", "es", "ja", "ar"];
    let Ok(text) = from_utf8(data) else { return };
    let (chosen, accept) = text.split_once('\n').unwrap_or(("", text));
    assert!(OURS.contains(&negotiate(Some(accept), Some(chosen), &OURS, OURS[0])));
}

/// A sign-in name (LG-03): folding is done once and for all, whatever the spelling.
pub fn name(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    let Some(folded) = fold_name(text) else { return };
    assert_eq!(fold_name(folded.as_str()).as_ref(), Some(&folded));
    assert_eq!(fold_name(&format!(" {text}\u{a0}")).as_ref(), Some(&folded), "outer spaces");
    assert!(!folded.as_str().chars().any(char::is_control));
}

/// A mail address (ML-01): nothing that could begin a header or a second recipient.
pub fn address(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    if MailAddress::parse(text).is_ok() {
        assert_eq!(text.matches('@').count(), 1, "{text:?}");
        assert!(!text.contains(|c: char| c.is_control() || c.is_whitespace() || ",;<>".contains(c)), "{text:?}");
    }
}

/// A form (EN-09): a field has one value or the form is none.
pub fn form(data: &[u8]) {
    let Some(fields) = doorward_portal::seams::read_form(data) else { return };
    let mut names: Vec<&String> = fields.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), fields.len());
    let again: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    assert_eq!(doorward_portal::seams::read_form(again.join("&").as_bytes()), Some(fields));
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// A sealed return address (CS-02): only what was sealed here is opened.
pub fn return_address(data: &[u8]) {
    static RETURNS: LazyLock<(Returns, VirtualServer)> = LazyLock::new(|| {
        let key = MasterKey::new(vec![7; 32]).expect("32 bytes are a key");
        let server = VirtualServer {
            id: VirtualServerId::new("default"),
            name: "Default".to_owned(),
            portal_host: "login.example.test".to_owned(),
            portal_origin: "https://login.example.test".to_owned(),
            authenticator: None,
            support_url: None,
            apps: std::collections::BTreeMap::new(),
            policies: Arc::new(Policies::load::<AppId>(&[], &[]).expect("no policy is a set of policies")),
            beside: Beside::default(),
        };
        (Returns::new(&key, Arc::new(Sevens)), server)
    });
    let Ok(text) = from_utf8(data) else { return };
    assert_eq!(RETURNS.0.open(&RETURNS.1, text, NOW), None, "there is no application to return to");
}

/// A passcode as typed (OT-02): digits and nothing else, at most as many as were typed.
pub fn passcode(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    let Some(digits) = doorward_otp::seams::read_passcode(text) else { return };
    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= text.len());
    assert_eq!(doorward_otp::seams::read_passcode(&digits).as_ref(), Some(&digits));
}

/// An `otpauth` address for any names (AUTH): one secret, short enough for a camera, and nothing of a name read as more.
pub fn otpauth(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    let (issuer, account) = text.split_once('\n').unwrap_or((text, "alice"));
    let uri = doorward_otp::seams::otpauth("JBSWY3DPEHPK3PXP", issuer, account);
    assert!(uri.starts_with("otpauth://totp/") && uri.len() <= 180, "{uri}");
    assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()) && !uri.contains(['"', '<', '>', '#']), "{uri}");
    assert_eq!((uri.matches("secret=JBSWY3DPEHPK3PXP").count(), uri.matches('?').count()), (1, 1), "{uri}");
}

/// A file of tokens (RFC 6030, OATH CSV): whatever is taken has one serial number that is a plain name, and rows are numbered
/// upwards; what is refused says why in a sentence that quotes nothing.
pub fn import(data: &[u8]) {
    let Ok(rows) = doorward_otp::seams::import(data) else { return };
    assert!(!rows.is_empty() && rows.len() <= 10_000);
    assert!(rows.windows(2).all(|pair| pair[0].place < pair[1].place));
    let mut serials = std::collections::BTreeSet::new();
    for row in &rows {
        match &row.token {
            Ok(token) => {
                assert_eq!(row.serial.as_ref(), Some(&token.serial));
                assert!(token.serial.bytes().all(|byte| byte.is_ascii_graphic()) && token.serial.len() <= 64);
                assert!(serials.insert(&token.serial), "{} twice", token.serial);
                assert!(matches!(token.template.length, 6 | 8));
            }
            Err(why) => assert!(why.ends_with('.') && why.is_ascii() && why.len() <= 120, "{why:?}"),
        }
    }
}

/// An OCRA suite (RFC 6287): one spelling for each.
pub fn ocra(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    if let Ok(suite) = text.parse::<Suite>() {
        assert_eq!(suite.as_str(), text);
        assert_eq!(suite.as_str().parse::<Suite>().ok(), Some(suite));
    }
}

/// A policy file: refused with a place in the file, or taken.
pub fn policies(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    let source = Source { file: "site.cedar".to_owned(), text: text.to_owned() };
    match Policies::load(std::slice::from_ref(&source), &[AppId::new("wiki")]) {
        Ok(policies) => assert_eq!(policies.fingerprint(), {
            let again = Policies::load(&[source], &[AppId::new("wiki")]);
            again.map(|again| again.fingerprint()).expect("what was taken is taken again")
        }),
        Err(errors) => assert!(errors.to_string().contains("site.cedar"), "{errors}"),
    }
}

/// An audit record of any texts (AU-01): one line of JSON, no field longer than it may be.
pub fn record(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let context = EventContext {
        used_name: Some(text.clone()),
        application: Some(text.clone()),
        request_id: Some(text.clone()),
        ..EventContext::default()
    };
    let event = AuditEvent::new(EventKind::AccessPolicyChanged, context).with("old", text);
    let line = event.record("default", 1, NOW);
    assert!(!line.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')), "{line:?}");
    let read: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let name = read["context"]["usedName"].as_str().expect("a name");
    assert!(name.chars().count() <= 1024);
    assert_eq!(read.to_string().len(), line.len(), "canonical");
}
