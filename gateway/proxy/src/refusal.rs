//! Why a request is not even considered: one status and one short reason.
//!
//! A person sees a page of the product that goes with the status; the log and the metrics see the reason. Reasons are a
//! closed set of words, so that they can be a label.

use doorward_access::arrival::ErrorKind;
use http::StatusCode;

/// A request refused for what it is, before anybody asked who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {reason}")]
pub struct Refusal {
    /// The answer's status.
    pub status: StatusCode,
    /// The reason, for the log: `bare_lf`, `path_climbs`.
    pub reason: &'static str,
}

impl Refusal {
    /// With any status.
    pub const fn new(status: StatusCode, reason: &'static str) -> Self {
        Self { status, reason }
    }

    /// 400: it can be read in more than one way, or in none.
    pub const fn bad(reason: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    /// 421: not a host of ours, or not on this connection.
    pub const fn misdirected(reason: &'static str) -> Self {
        Self::new(StatusCode::MISDIRECTED_REQUEST, reason)
    }

    /// Which page tells a person about it.
    pub fn kind(&self) -> ErrorKind {
        match self.status {
            StatusCode::MISDIRECTED_REQUEST => ErrorKind::UnknownHost,
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => ErrorKind::Method,
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                ErrorKind::TooLarge
            }
            StatusCode::FORBIDDEN => ErrorKind::CrossSite,
            StatusCode::TOO_MANY_REQUESTS => ErrorKind::TooMany,
            StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Unavailable,
            _ => ErrorKind::BadRequest,
        }
    }
}
