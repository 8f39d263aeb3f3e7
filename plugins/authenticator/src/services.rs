//! Push services: where a request may be sent to. A device names the address, so it is not believed: only services of
//! the browsers' makers are spoken to, and those that the operator adds.

use doorward_api::Secret;

/// Each with its hosts: the name itself, or all names below it.
const KNOWN: [(&str, Below); 4] = [
    ("fcm.googleapis.com", Below::No),
    ("updates.push.services.mozilla.com", Below::No),
    ("notify.windows.com", Below::Only),
    ("push.apple.com", Below::Only),
];

/// The longest address of a subscription.
const ENDPOINT_MAX: usize = 2048;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    No,
    Only,
}

/// Scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    https: bool,
    /// Lower case; brackets around an IPv6 address.
    host: String,
    /// Where it is not the scheme's own.
    port: Option<u16>,
}

impl Origin {
    /// Reads `https://host` or `https://host:port` (`http` too), and nothing more.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (origin, rest) = Self::split(text)?;
        rest.is_empty().then_some(origin)
    }

    /// Takes an origin off the beginning of an address. Credentials, odd characters and escapes in the host are
    /// refused.
    fn split(text: &str) -> Option<(Self, &str)> {
        let (https, rest) = match text.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("http://")?),
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let colon = authority.rfind(':').filter(|at| !authority.get(*at..).is_some_and(|tail| tail.contains(']')));
        let (host, port) = match colon {
            Some(at) => (authority.get(..at)?, Some(read_port(authority.get(at + 1..)?)?)),
            None => (authority, None),
        };
        let usual = if https { 443 } else { 80 };
        let port = port.filter(|port| *port != usual);
        is_host(host).then(|| (Self { https, host: host.to_owned(), port }, path))
    }

    /// Whether it is spoken to by TLS.
    pub(crate) fn https(&self) -> bool {
        self.https
    }

    /// Whether it is an address of this machine. A name is none: what it stands for is for others to say.
    pub(crate) fn loopback(&self) -> bool {
        self.host == "[::1]" || self.host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }

    /// As it is written.
    pub(crate) fn text(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        match self.port {
            Some(port) => format!("{scheme}://{}:{port}", self.host),
            None => format!("{scheme}://{}", self.host),
        }
    }

    /// The host alone.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    fn known(&self) -> bool {
        self.https
            && self.port.is_none()
            && KNOWN.iter().any(|(name, below)| match below {
                Below::No => self.host == *name,
                Below::Only => self.host.strip_suffix(name).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            })
    }
}

/// The origin of a subscription's address, if it is one that may be spoken to.
pub(crate) fn allowed(endpoint: &Secret, further: &[Origin]) -> Option<Origin> {
    let text = endpoint.expose();
    // Nothing that two readers of addresses could read in two ways.
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'\\' | b'#' | b'"' | b'<' | b'>');
    if text.len() > ENDPOINT_MAX || !text.bytes().all(plain) {
        return None;
    }
    let (origin, path) = Origin::split(text)?;
    let listed = origin.known() || further.contains(&origin);
    (listed && path.len() > 1).then_some(origin)
}

fn read_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    digits.then(|| text.parse().ok()).flatten()
}

fn is_host(host: &str) -> bool {
    let name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    let labels = || host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.len() <= 253 && host.bytes().all(name) && labels(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(endpoint: &str) -> bool {
        let further =
            [Origin::parse("http://127.0.0.1:8089").unwrap(), Origin::parse("https://push.example.org").unwrap()];
        allowed(&Secret::new(endpoint), &further).is_some()
    }

    #[test]
    fn the_services_of_the_browsers_and_those_of_the_operator_are_spoken_to() {
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:DEF",
            "https://updates.push.services.mozilla.com/wpush/v2/x",
            "https://wns2-par02p.notify.windows.com/w/?token=x%3d",
            "https://web.push.apple.com/QA",
            "https://fcm.googleapis.com:443/fcm/send/abc",
            "http://127.0.0.1:8089/push/1",
            "https://push.example.org/x",
        ] {
            assert!(is_allowed(good), "{good}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for bad in [
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com:8443/x",
            "https://fcm.googleapis.com.evil.example/x",
            "https://evil.example/fcm.googleapis.com",
            "https://evilpush.apple.com/x",
            "https://push.apple.com/x",
            "https://.push.apple.com/x",
            "https://user@fcm.googleapis.com/x",
            "https://fcm.googleapis.com@evil.example/x",
            "https://fcm.googleapis.com\\@evil.example/x",
            "https://fcm.googleapis.com/x#y",
            "https://FCM.googleapis.com/x",
            "https://fcm.googleapis.com/ x",
            "https://fcm.googleapis.com",
            "https://fcm.googleapis.com/",
            "https://169.254.169.254/latest",
            "https://localhost/x",
            "http://127.0.0.1/x",
            "http://127.0.0.1:8090/x",
            "//fcm.googleapis.com/x",
            "",
        ] {
            assert!(!is_allowed(bad), "{bad}");
        }
        assert!(!is_allowed(&format!("https://fcm.googleapis.com/{}", "x".repeat(2048))));
    }

    #[test]
    fn an_origin_is_written_as_it_is_read() {
        for text in ["https://push.example.org", "http://[::1]:8089", "https://a.example:8443"] {
            assert_eq!(Origin::parse(text).unwrap().text(), text);
        }
        assert_eq!(Origin::parse("https://a.example:443").unwrap().text(), "https://a.example");
        assert!(Origin::parse("http://[::1]:8089").unwrap().loopback());
        assert_eq!(Origin::parse("http://authenticator.localhost:8080").unwrap().host(), "authenticator.localhost");
    }
}
