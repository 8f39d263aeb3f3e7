//! A small client for HTTPS: one POST, one answer, all of it within one time limit. It follows nowhere it is sent on to, and
//! connects to no address that it may not reach, however the name of it is spelt or resolves (SS-01).

mod ask;

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::{HeaderName, HeaderValue, Method, Request, Uri};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder};
use tower::Service;

pub use ask::{HttpAsk, HttpTold};

/// Of an answer's body no more is read than this.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Of its head neither.
const LONGEST_HEAD: usize = 64 * 1024;
/// A connection that nothing was sent over for so long is closed.
const KEPT: Duration = Duration::from_secs(10);
/// Connections that are kept for one host.
const KEPT_EACH: usize = 4;

/// Whereto a client connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Addresses of the public internet, by `https`; and what is written as an address of this machine itself
    /// (`http://127.0.0.1:8001/`), which whoever asks must have allowed. A name never leads to this machine or inside.
    Public,
    /// Everywhere by `https`; by `http` to this machine only, which every name below `localhost` is (RFC 6761 6.3).
    Anywhere,
}

/// Settings that cannot be. For whoever starts it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpConfigError {
    /// The authorities cannot be read.
    #[error("the certificate authorities cannot be used: {0}")]
    Authorities(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// Why there is no answer. The address is not repeated: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// It is not one to connect to.
    #[error("{0}")]
    Address(&'static str),
    /// A header field cannot be sent.
    #[error("the header {0} cannot be sent")]
    Header(String),
    /// No answer in time.
    #[error("it took too long")]
    TimedOut,
    /// No connection, no TLS, or no HTTP.
    #[error("{0}")]
    Unreachable(String),
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The body, of which what lies beyond 64 KiB is cut off.
    pub body: Vec<u8>,
}

/// The client. Its connections live on the runtime that first used them.
#[derive(Clone)]
pub struct HttpClient {
    inner: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    reach: Reach,
}

impl HttpClient {
    /// A client that believes the public authorities, or those of a PEM file and no others. Nothing is connected to.
    ///
    /// # Errors
    /// [`HttpConfigError`].
    pub fn new(reach: Reach, authorities: Option<&str>) -> Result<Self, HttpConfigError> {
        let mut tcp = HttpConnector::new_with_resolver(Resolver { reach });
        // The scheme is looked at below, where it is known which host it is for.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tls = match authorities {
            Some(pem) => HttpsConnectorBuilder::new().with_tls_config(believing(pem)?),
            None => HttpsConnectorBuilder::new()
                .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
                .map_err(|cause| HttpConfigError::Tls(cause.to_string()))?,
        };
        let connector = tls.https_or_http().enable_http1().wrap_connector(tcp);
        let inner = Client::builder(TokioExecutor::new())
            .http1_max_buf_size(LONGEST_HEAD)
            .pool_idle_timeout(KEPT)
            .pool_max_idle_per_host(KEPT_EACH)
            .pool_timer(TokioTimer::new())
            // Only what was not sent at all, because the kept connection had been closed. What may have had an effect is
            // not sent twice.
            .retry_canceled_requests(true)
            .build(connector);
        Ok(Self { inner, reach })
    }

    /// Whether a URL is one to connect to, as far as it can be told without looking its name up.
    ///
    /// # Errors
    /// [`HttpError::Address`] with the rule.
    pub fn check(&self, url: &str) -> Result<(), HttpError> {
        checked(url, self.reach).map(drop)
    }

    /// Posts a body. An answer of any status is one; `limit` is for all of it, from looking the name up to the last byte.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn post<'h>(
        &self,
        url: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<HttpAnswer, HttpError> {
        let uri = checked(url, self.reach)?;
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        for (name, value) in headers {
            let field = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, value) = field.ok_or_else(|| HttpError::Header(name.to_owned()))?;
            request.headers_mut().append(name, value);
        }
        tokio::time::timeout(limit, self.answer(request)).await.unwrap_or(Err(HttpError::TimedOut))
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<HttpAnswer, HttpError> {
        let response = self.inner.request(request).await.map_err(|error| HttpError::Unreachable(told(&error)))?;
        let status = response.status().as_u16();
        let mut rest = response.into_body();
        let mut body = BytesMut::new();
        while body.len() < LONGEST_ANSWER
            && let Some(frame) = rest.frame().await
        {
            let frame = frame.map_err(|error| HttpError::Unreachable(told(&error)))?;
            if let Ok(data) = frame.into_data() {
                body.extend_from_slice(&data);
            }
        }
        body.truncate(LONGEST_ANSWER);
        Ok(HttpAnswer { status, body: body.to_vec() })
    }
}

/// The innermost cause: what is around it says only that something could not be done.
fn told(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// TLS that believes these authorities and no others.
pub(crate) fn believing(pem: &str) -> Result<ClientConfig, HttpConfigError> {
    Ok(trusting(pem)?.with_no_client_auth())
}

/// The same, where it is not said yet who we are.
pub(crate) fn trusting(pem: &str) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, HttpConfigError> {
    let wrong = |cause: String| HttpConfigError::Authorities(cause);
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|cause| wrong(cause.to_string()))?;
        roots.add(certificate).map_err(|cause| wrong(cause.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is none in the file".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| HttpConfigError::Tls(cause.to_string()))?;
    Ok(config.with_root_certificates(roots))
}

/// The address, if it is one to connect to as far as it can be told without looking its name up.
fn checked(url: &str, reach: Reach) -> Result<Uri, HttpError> {
    let uri: Uri = url.parse().map_err(|_| HttpError::Address("it is no URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(HttpError::Address("it is no absolute URL"));
    };
    if authority.as_str().contains('@') {
        return Err(HttpError::Address("a URL with a user name is not connected to"));
    }
    let host = authority.host();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    let here = match literal {
        Some(address) => is_loopback(address),
        None => reach == Reach::Anywhere && is_localhost(host),
    };
    match (scheme, literal) {
        ("http", _) if !here => Err(HttpError::Address("plain HTTP is spoken with this machine only; use https://")),
        ("https", Some(address)) if !here && !reach.leads_to(address) => Err(HttpError::Address(NOT_PUBLIC)),
        ("http" | "https", _) => Ok(uri),
        _ => Err(HttpError::Address("it begins with neither https:// nor http://")),
    }
}

const NOT_PUBLIC: &str = "no address of it is public";

impl Reach {
    fn leads_to(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::Anywhere => true,
        }
    }
}

fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Whether an address is one of the public internet, wrapped ones looked into (IPv4 in IPv6, NAT64, 6to4).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// RFC 6890, and what came after it.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private ones, loopback, and multicast with all that is reserved above it.
        (0 | 10 | 127 | 224.., _, _) => true,
        // Shared with a carrier (RFC 6598), link-local, private, private.
        (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, relays of 6to4, examples, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let wrapped = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        (0x64, 0xff9b) => [c, d, e, f] == [0; 4] && wrapped(g, h),
        (0x2002, _) => wrapped(b, c),
        // Teredo, benchmarks, identifiers that are no addresses; examples.
        (0x2001, 0..=0x1ff | 0xdb8) => false,
        (0x3fff, 0..=0xfff) => false,
        // Global unicast is all that was ever given out.
        _ => (0x2000..0x4000).contains(&a),
    }
}

/// Looks names up, and leaves out the addresses that the client may not reach. Those that are left are what is connected
/// to, so that a name which resolves otherwise a moment later gains nothing.
#[derive(Debug, Clone)]
struct Resolver {
    reach: Reach,
}

impl Resolver {
    async fn look_up(self, name: Name) -> io::Result<std::vec::IntoIter<SocketAddr>> {
        // The port is the connector's to say.
        let any = |address: IpAddr| SocketAddr::new(address, 0);
        if self.reach == Reach::Anywhere && is_localhost(name.as_str()) {
            return Ok(vec![any(Ipv4Addr::LOCALHOST.into()), any(Ipv6Addr::LOCALHOST.into())].into_iter());
        }
        let all = tokio::net::lookup_host((name.as_str(), 0)).await?;
        let reached: Vec<SocketAddr> = all.filter(|found| self.reach.leads_to(found.ip())).collect();
        if reached.is_empty() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, NOT_PUBLIC));
        }
        Ok(reached.into_iter())
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.clone().look_up(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CA, Web, tls_web};

    const SOON: Duration = Duration::from_secs(5);

    fn client(reach: Reach) -> HttpClient {
        HttpClient::new(reach, None).unwrap()
    }

    async fn posted(client: &HttpClient, url: &str) -> Result<HttpAnswer, HttpError> {
        client.post(url, [("ttl", "60")], b"hello".to_vec(), SOON).await
    }

    #[tokio::test]
    async fn a_body_is_posted_and_the_answer_read() {
        let web = Web::answering("201 Created", "made").await;
        let answer = posted(&client(Reach::Public), &web.url("/p/1?x=y")).await.unwrap();
        assert_eq!(answer, HttpAnswer { status: 201, body: b"made".to_vec() });
        let heard = web.heard();
        assert!(heard.starts_with("POST /p/1?x=y HTTP/1.1\r\n"), "{heard}");
        assert!(heard.contains("ttl: 60\r\n") && heard.ends_with("\r\n\r\nhello"), "{heard}");
    }

    #[tokio::test]
    async fn nobody_is_followed() {
        let inside = Web::answering("200 OK", "secret").await;
        let web = Web::answering(&format!("307 Elsewhere\r\nLocation: {}", inside.url("/")), "").await;
        assert_eq!(posted(&client(Reach::Public), &web.url("/")).await.unwrap().status, 307);
        assert_eq!(inside.heard(), "");
    }

    #[tokio::test]
    async fn a_long_answer_is_cut_and_a_slow_one_given_up() {
        let web = Web::answering("200 OK", &"x".repeat(1_000_000)).await;
        assert_eq!(posted(&client(Reach::Public), &web.url("/")).await.unwrap().body.len(), LONGEST_ANSWER);
        let silent = Web::silent().await;
        let soon = Duration::from_millis(200);
        let none: [(&str, &str); 0] = [];
        let answer = client(Reach::Public).post(&silent.url("/"), none, Vec::new(), soon).await;
        assert_eq!(answer, Err(HttpError::TimedOut));
    }

    #[tokio::test]
    async fn what_is_inside_is_reached_under_no_spelling() {
        let public = client(Reach::Public);
        for url in [
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
            "https://[64:ff9b::a00:1]/",
            "https://localhost/",
            "https://0x7f.1/",
            "https://2130706433/",
            "http://169.254.169.254/",
            "http://localhost/",
            "http://example.test/",
            "https://user@example.test/",
            "ftp://example.test/",
            "/relative",
        ] {
            let error = posted(&public, url).await.unwrap_err();
            let refused = match &error {
                HttpError::Address(_) => true,
                // Where this machine does not know the spelling at all, nothing is reached either.
                HttpError::Unreachable(why) => why == NOT_PUBLIC || !why.contains("refused"),
                _ => false,
            };
            assert!(refused, "{url}: {error:?}");
        }
    }

    #[test]
    fn public_addresses_are_told_from_all_others() {
        for public in ["1.1.1.1", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    #[tokio::test]
    async fn a_name_below_localhost_is_this_machine_for_who_may_go_anywhere() {
        let web = Web::answering("200 OK", "here").await;
        let url = format!("http://authenticator.localhost:{}/a/v1/here", web.address.port());
        assert_eq!(posted(&client(Reach::Anywhere), &url).await.unwrap().body, b"here");
        assert!(matches!(posted(&client(Reach::Anywhere), "http://example.test/").await, Err(HttpError::Address(_))));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_certificate_must_be_of_the_right_name_and_authority() {
        let believing = HttpClient::new(Reach::Anywhere, Some(CA)).unwrap();
        let url = |port: u16, host: &str| format!("https://{host}:{port}/");
        assert_eq!(posted(&believing, &url(tls_web(), "localhost")).await.unwrap().status, 204);
        for (client, host) in [(&believing, "127.0.0.1"), (&client(Reach::Anywhere), "localhost")] {
            let error = posted(client, &url(tls_web(), host)).await.unwrap_err();
            assert!(matches!(&error, HttpError::Unreachable(why) if why.contains("certificate")), "{error:?}");
        }
    }

    #[test]
    fn authorities_that_are_none_are_refused() {
        for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] {
            assert!(matches!(HttpClient::new(Reach::Anywhere, Some(pem)), Err(HttpConfigError::Authorities(_))));
        }
    }
}
