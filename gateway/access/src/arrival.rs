//! What the proxy tells the portal's pages of a request: the answers it has already found, as request extensions.
//!
//! The pages believe these and never the request's own forwarding headers (HH-05). A request without an [`Arrival`] was
//! not brought by the proxy and is not served.

use std::net::IpAddr;

use http::StatusCode;

use crate::site::HostRole;

/// How a request came to the gateway.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The request's id, shown on error pages and written to the log.
    pub request_id: String,
    /// The client's address; a trusted proxy's word is already taken into account.
    pub client: IpAddr,
    /// It came over TLS.
    pub secure: bool,
    /// The host asked for: lower case, no port, no trailing dot.
    pub host: String,
    /// What that host is for.
    pub role: HostRole,
}

/// How a request came to the console, which is a listener of its own with hosts of its own.
#[derive(Debug, Clone)]
pub struct ConsoleArrival {
    /// The request's id.
    pub request_id: String,
    /// The client's address.
    pub client: IpAddr,
}

/// Asks the router for the page of an outcome that the proxy met: denied, no answer from the upstream, a bad request.
///
/// Put into the extensions of a request without a body; the router then answers with that page whatever the path is. The
/// path and query should be those of the request that met the outcome: that is where the page's language selector returns
/// to. Its `Cookie` and `Accept-Language` give the language. An [`Arrival`] is optional here: a request for an unknown host
/// has none. Nobody outside can put an extension into a request, so nobody outside can call up such a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPage {
    /// The answer's status.
    pub status: StatusCode,
    /// Which page.
    pub kind: ErrorKind,
    /// The request's id.
    pub request_id: String,
}

/// The outcomes that have a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// 403: no policy admits this user, whatever they prove.
    Denied,
    /// 403: the request was made by another site's page.
    CrossSite,
    /// 400: the request cannot be understood in one way only.
    BadRequest,
    /// 404: there is no such page.
    NotFound,
    /// 405 or 501: not with this method.
    Method,
    /// 413, 414 or 431: something is too long.
    TooLarge,
    /// 421: the gateway does not serve this host.
    UnknownHost,
    /// 429: too many requests.
    TooMany,
    /// 502: the application does not answer as it should.
    Upstream,
    /// 504: the application takes too long.
    UpstreamTimeout,
    /// 503: the gateway itself cannot answer just now.
    Unavailable,
    /// 500: the gateway made a mistake.
    Internal,
}

impl ErrorKind {
    /// After how many seconds trying again is worth it (`Retry-After`), where it is at all.
    pub const fn retry_after(self) -> Option<u64> {
        match self {
            ErrorKind::Unavailable => Some(5),
            ErrorKind::TooMany => Some(30),
            _ => None,
        }
    }
}
