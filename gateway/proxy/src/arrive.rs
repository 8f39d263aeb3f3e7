//! Room 1: what came in, in words of ours. The client's address is found, the host and the target are read, HTTP/2 heads get
//! the checks that the front layer gave to HTTP/1 heads. Headers that are not to be believed are deleted right after.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, StatusCode, Version, header};
use ipnet::IpNet;
use pingora::http::RequestHeader;
use pingora::protocols::http::ServerSession;

use crate::canonical::{CanonicalHost, canonical_host, split_target};
use crate::front::{check_expectation, check_length, check_method};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::tls::Asked;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Fields that HTTP/2 has no place for (RFC 9113 8.2.2).
const NOT_IN_HTTP2: [&str; 5] = ["connection", "transfer-encoding", "upgrade", "keep-alive", "proxy-connection"];

/// The connection a request came on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The other end.
    pub(crate) address: IpAddr,
    /// It is a TLS connection.
    pub(crate) tls: bool,
    /// The name that the TLS handshake asked for.
    pub(crate) server_name: Option<Arc<str>>,
}

/// A request that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// The client's address.
    pub(crate) client: IpAddr,
    /// It came over TLS.
    pub(crate) secure: bool,
    /// The host asked for.
    pub(crate) host: CanonicalHost,
    /// The method.
    pub(crate) method: Cow<'static, str>,
    /// The path as it came: it becomes canonical when its application, and so what is allowed in it, is known.
    pub(crate) path: Arc<str>,
    /// The query as it came.
    pub(crate) query: Option<Arc<str>>,
}

impl Peer {
    /// Of a session. Without a peer address (a Unix socket) nothing that depends on addresses holds: the unspecified
    /// address is in no network.
    pub(crate) fn of(session: &ServerSession) -> Self {
        let digest = session.digest();
        let socket = digest.and_then(|digest| digest.socket_digest.as_ref());
        let address = socket.and_then(|socket| socket.peer_addr()?.as_inet().map(SocketAddr::ip));
        let tls = digest.and_then(|digest| digest.ssl_digest.as_ref());
        Self {
            address: address.unwrap_or(IpAddr::from([0, 0, 0, 0])).to_canonical(),
            tls: tls.is_some(),
            server_name: tls.and_then(|tls| tls.extension.get::<Asked>()).map(|asked| asked.name.clone()),
        }
    }
}

/// Reads a head.
pub(crate) fn arrive(
    head: &RequestHeader,
    peer: &Peer,
    trusted: &[IpNet],
    limits: &Limits,
) -> Result<Arrived, Refusal> {
    if head.version == Version::HTTP_2 {
        check_http2(head, limits)?;
    }
    let host = host_of(head)?;
    // A client may use one HTTP/2 connection for all names of a certificate; what was not asked for is not served on it.
    if peer.server_name.as_ref().is_some_and(|asked| *asked != host.name) {
        return Err(Refusal::misdirected("host_is_not_server_name"));
    }
    let (path, query) = split_target(head.raw_path())?;
    let (path, query) = (path.into(), query.map(Arc::from));
    Ok(Arrived {
        client: client_address(peer.address, &head.headers, trusted)?,
        secure: peer.tls || says_https(peer.address, &head.headers, trusted),
        host,
        method: method_of(head),
        path,
        query,
    })
}

/// The method; the usual ones are no text of their own.
fn method_of(head: &RequestHeader) -> Cow<'static, str> {
    const USUAL: [&str; 7] = ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"];
    let method = head.method.as_str();
    match USUAL.into_iter().find(|usual| *usual == method) {
        Some(usual) => Cow::Borrowed(usual),
        None => Cow::Owned(method.to_owned()),
    }
}

/// What the front layer checks on HTTP/1 (H2-02).
fn check_http2(head: &RequestHeader, limits: &Limits) -> Result<(), Refusal> {
    check_method(head.method.as_str().as_bytes())?;
    if head.raw_path().len() > limits.target_bytes {
        return Err(Refusal::new(StatusCode::URI_TOO_LONG, "target_too_long"));
    }
    if head.headers.len() > limits.header_fields {
        return Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "too_many_fields"));
    }
    let longest = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).max();
    if longest.unwrap_or(0) > limits.field_bytes {
        return Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "field_too_long"));
    }
    // Where `:authority` is missing, the h2 crate shows no scheme; that there is one it has seen to itself.
    let is_web = |scheme: &str| ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    if head.uri.scheme_str().is_some_and(|scheme| !is_web(scheme)) {
        return Err(Refusal::bad("scheme"));
    }
    if NOT_IN_HTTP2.iter().any(|name| head.headers.contains_key(*name)) {
        return Err(Refusal::bad("field_not_in_http2"));
    }
    let mut lengths = head.headers.get_all(header::CONTENT_LENGTH).iter();
    if let Some(length) = lengths.next() {
        check_length(length.as_bytes())?;
    }
    if lengths.next().is_some() {
        return Err(Refusal::bad("content_length_twice"));
    }
    head.headers.get_all(header::EXPECT).iter().try_for_each(|value| check_expectation(value.as_bytes()))
}

/// The one host: `:authority` or `Host`, and where both are given they say the same.
fn host_of(head: &RequestHeader) -> Result<CanonicalHost, Refusal> {
    let mut fields = head.headers.get_all(header::HOST).iter();
    let (field, second) = (fields.next(), fields.next());
    if second.is_some() {
        return Err(Refusal::bad("host_twice"));
    }
    let field = field.map(|value| value.to_str().map_err(|_| Refusal::bad("host_form"))).transpose()?;
    let field = field.map(canonical_host).transpose()?;
    let authority = head.uri.authority().map(|authority| canonical_host(authority.as_str())).transpose()?;
    match (authority, field) {
        (Some(authority), Some(field)) if authority != field => Err(Refusal::bad("host_is_not_authority")),
        (Some(host), _) | (None, Some(host)) => Ok(host),
        (None, None) => Err(Refusal::bad("host_missing")),
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// The right-most hop that is not a trusted proxy (HH-04). Without trusted proxies: the peer, whatever the client says.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Result<IpAddr, Refusal> {
    if !is_trusted(peer, trusted) {
        return Ok(peer);
    }
    let mut client = peer;
    for field in headers.get_all(&FORWARDED_FOR).iter().rev() {
        let field = field.to_str().map_err(|_| Refusal::bad("forwarded_for"))?;
        for hop in field.rsplit(',') {
            // A trusted proxy that passes on what is no address cannot be followed any further, and "some address inside"
            // would be the wrong guess.
            client = hop_address(hop.trim()).ok_or(Refusal::bad("forwarded_for"))?;
            if !is_trusted(client, trusted) {
                return Ok(client);
            }
        }
    }
    Ok(client)
}

fn hop_address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

fn says_https(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    if !is_trusted(peer, trusted) {
        return false;
    }
    let mut fields = headers.get_all(&FORWARDED_PROTO).iter();
    fields.next().is_some_and(|proto| proto.as_bytes() == b"https") && fields.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer() -> Peer {
        Peer { address: "192.0.2.9".parse().unwrap(), tls: false, server_name: None }
    }

    fn head(method: &str, target: &str, fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut head = RequestHeader::build(method, target.as_bytes(), None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        head
    }

    fn http2(uri: &str, fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut head = head("GET", "/", fields);
        head.set_uri(uri.parse().unwrap());
        head.set_version(Version::HTTP_2);
        head
    }

    fn seen(head: &RequestHeader, peer: &Peer, trusted: &str) -> Result<Arrived, Refusal> {
        let trusted: Vec<IpNet> = trusted.split_whitespace().map(|net| net.parse().unwrap()).collect();
        arrive(head, peer, &trusted, &Limits::default())
    }

    #[test]
    fn a_request_is_read_into_its_parts() {
        let arrived = seen(&head("GET", "/a?b=c?d", &[("host", "App.test:8080")]), &peer(), "").unwrap();
        assert_eq!((arrived.host.name.as_ref(), arrived.host.port), ("app.test", Some(8080)));
        assert_eq!((arrived.path.as_ref(), arrived.query.as_deref()), ("/a", Some("b=c?d")));
        assert_eq!(arrived.client.to_string(), "192.0.2.9");
        assert!(!arrived.secure);
    }

    #[test]
    fn forwarding_headers_are_believed_from_trusted_proxies_only() {
        let client = |fields: &[&str], trusted: &str| {
            let mut head = head("GET", "/", &[("host", "app.test")]);
            for field in fields {
                head.append_header("x-forwarded-for", *field).unwrap();
            }
            seen(&head, &peer(), trusted).map(|arrived| arrived.client.to_string())
        };
        assert_eq!(client(&["127.0.0.1"], "").unwrap(), "192.0.2.9");
        assert_eq!(client(&["127.0.0.1"], "10.0.0.0/8").unwrap(), "192.0.2.9");
        assert_eq!(client(&["127.0.0.1, 203.0.113.5"], "192.0.2.0/24").unwrap(), "203.0.113.5");
        assert_eq!(client(&["127.0.0.1", "203.0.113.5, 192.0.2.7"], "192.0.2.0/24").unwrap(), "203.0.113.5");
        assert_eq!(client(&["[2001:db8::1]:4711"], "192.0.2.0/24").unwrap(), "2001:db8::1");
        assert_eq!(client(&["::ffff:203.0.113.5"], "192.0.2.0/24").unwrap(), "203.0.113.5");
        assert_eq!(client(&[], "192.0.2.0/24").unwrap(), "192.0.2.9");
        assert_eq!(client(&["x, 203.0.113.5"], "192.0.2.0/24").unwrap(), "203.0.113.5", "never got as far as x");
        for garbage in ["a", "", "fe80::1%eth0", "1.2.3.4.5"] {
            assert_eq!(client(&[garbage], "192.0.2.0/24").unwrap_err().reason, "forwarded_for", "{garbage}");
        }
    }

    #[test]
    fn a_trusted_proxy_may_say_that_it_spoke_tls() {
        let https = head("GET", "/", &[("host", "app.test"), ("x-forwarded-proto", "https")]);
        assert!(!seen(&https, &peer(), "").unwrap().secure);
        assert!(seen(&https, &peer(), "192.0.2.0/24").unwrap().secure);
    }

    #[test]
    fn the_host_is_the_name_of_the_tls_handshake() {
        let tls = |name: Option<&str>| Peer { tls: true, server_name: name.map(Arc::from), ..peer() };
        let head = head("GET", "/", &[("host", "app.test")]);
        assert!(seen(&head, &tls(Some("app.test")), "").unwrap().secure);
        assert!(seen(&head, &tls(None), "").is_ok());
        assert_eq!(seen(&head, &tls(Some("login.test")), "").unwrap_err().status, 421);
    }

    #[test]
    fn an_http2_head_is_checked_like_any_other() {
        assert_eq!(seen(&http2("https://app.test/a", &[]), &peer(), "").unwrap().host.name.as_ref(), "app.test");
        assert!(seen(&http2("https://app.test/a", &[("host", "APP.test")]), &peer(), "").is_ok());
        for (head, reason) in [
            (http2("https://app.test/a", &[("host", "evil.test")]), "host_is_not_authority"),
            (http2("https://app.test/a", &[("transfer-encoding", "chunked")]), "field_not_in_http2"),
            (http2("https://app.test/a", &[("connection", "close")]), "field_not_in_http2"),
            (http2("https://app.test/a", &[("content-length", "5"), ("content-length", "5")]), "content_length_twice"),
            (http2("https://app.test/a", &[("content-length", "+5")]), "content_length"),
            (http2("https://app.test/a", &[("expect", "foo")]), "expectation"),
            (http2(&format!("https://app.test/{}", "a".repeat(9000)), &[]), "target_too_long"),
            (http2("https://app.test/a", &[("x-a", "b"); 101]), "too_many_fields"),
            (http2("/a", &[]), "host_missing"),
            (http2("ftp://app.test/a", &[]), "scheme"),
        ] {
            assert_eq!(seen(&head, &peer(), "").unwrap_err().reason, reason);
        }
        let mut lower = http2("https://app.test/a", &[]);
        lower.set_method("get".parse().unwrap());
        assert_eq!(seen(&lower, &peer(), "").unwrap_err().status, 501);
    }
}
