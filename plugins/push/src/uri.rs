//! The `otpauth://pipush` address: what the app scans.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters is encoded; a space becomes `%20`, never `+`.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The most characters of a name: more make a QR code that cheap cameras do not read.
const NAME_MAX: usize = 40;

/// Minutes for which the app takes it.
pub(crate) const TTL_MINUTES: u64 = 10;

/// What is on the address.
pub(crate) struct Invitation<'a> {
    /// Where the app finds us.
    pub(crate) url: &'a str,
    /// In hexadecimal.
    pub(crate) credential: &'a str,
    /// The token's id.
    pub(crate) serial: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) account: &'a str,
}

impl Invitation<'_> {
    /// The address.
    pub(crate) fn uri(&self) -> String {
        let (issuer, account) = (encode(&name(self.issuer)), encode(&name(self.account)));
        let (url, credential, serial) = (encode(self.url), self.credential, encode(self.serial));
        format!(
            "otpauth://pipush/{issuer}:{account}?url={url}&ttl={TTL_MINUTES}&issuer={issuer}\
             &enrollment_credential={credential}&v=1&serial={serial}&sslverify=1&poll_only=True"
        )
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// A name as it may stand in the label: the app splits at a colon, and control characters are no part of a name.
fn name(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).map(|c| if c == ':' { ' ' } else { c }).collect();
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(NAME_MAX).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// As the app reads it: scheme and host, the label split at its first colon, and each parameter once.
    fn read(uri: &str) -> (String, String, BTreeMap<String, String>) {
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let (label, query) = uri.strip_prefix("otpauth://pipush/").unwrap().split_once('?').unwrap();
        assert!(!query.contains('+') && !uri.contains('#') && uri.is_ascii());
        let label = decoded(label);
        let (issuer, account) = label.split_once(':').unwrap();
        let mut fields = BTreeMap::new();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            assert!(fields.insert(decoded(name), decoded(value)).is_none(), "{name} comes twice");
        }
        (issuer.to_owned(), account.to_owned(), fields)
    }

    fn invitation<'a>(issuer: &'a str, account: &'a str) -> Invitation<'a> {
        Invitation {
            url: "https://login.example.org:8443/.doorward/p/push",
            credential: "00ff",
            serial: "aeaqc",
            issuer,
            account,
        }
    }

    #[test]
    fn the_app_reads_what_it_needs() {
        let (issuer, account, fields) = read(&invitation("Example Org", "alice@example.test").uri());
        assert_eq!((issuer.as_str(), account.as_str()), ("Example Org", "alice@example.test"));
        for (name, value) in [
            ("url", "https://login.example.org:8443/.doorward/p/push"),
            ("ttl", "10"),
            ("issuer", "Example Org"),
            ("enrollment_credential", "00ff"),
            ("v", "1"),
            ("serial", "aeaqc"),
            ("sslverify", "1"),
            ("poll_only", "True"),
        ] {
            assert_eq!(fields.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert_eq!(fields.len(), 8);
    }

    #[test]
    fn no_name_can_break_out_of_its_place() {
        let uri = invitation("Evil:Corp?a=b&c#d/é+\r\n", "x:y&serial=z\u{0}").uri();
        let (issuer, account, fields) = read(&uri);
        assert_eq!((issuer.as_str(), account.as_str()), ("Evil Corp?a=b&c#d/é+", "x y&serial=z"));
        assert_eq!(fields["serial"], "aeaqc");
        let (issuer, _, _) = read(&invitation(&"é".repeat(100), "alice").uri());
        assert_eq!(issuer.chars().count(), NAME_MAX);
    }
}
