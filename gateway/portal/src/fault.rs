//! What can go wrong with a page: one kind, which says what the person is told, and one cause, which the log is told.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use doorward_access::arrival::ErrorKind;
use doorward_access::sessions::Unclear;
use doorward_access::signin::DeskError;
use http::StatusCode;

use crate::fields::Malformed;

/// A page that cannot be shown. Handlers return it; the router's outermost layer logs the cause and gives it a face.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// What the person is told.
    pub(crate) kind: ErrorKind,
    /// The answer's status.
    pub(crate) status: StatusCode,
    /// What the log is told; never a secret.
    pub(crate) cause: String,
    /// Where to go on, when that is not the start page.
    pub(crate) onward: Option<String>,
    /// When trying again is worth it, when that is known better than by the kind.
    pub(crate) retry_after: Option<Duration>,
}

impl Fault {
    /// A fault with the status that belongs to its kind.
    pub(crate) fn new(kind: ErrorKind, cause: impl Into<String>) -> Self {
        Self { kind, status: status(kind), cause: cause.into(), onward: None, retry_after: None }
    }

    /// Offers another way on.
    pub(crate) fn onward(self, url: impl Into<String>) -> Self {
        Self { onward: Some(url.into()), ..self }
    }

    /// Says it in the log, at the level of whose mistake it is.
    pub(crate) fn log(&self, request_id: &str) {
        let (status, cause) = (self.status.as_u16(), self.cause.as_str());
        match self.kind {
            ErrorKind::Internal => tracing::error!(request_id, status, cause, "a page failed"),
            ErrorKind::Unavailable => tracing::warn!(request_id, status, cause, "a page is unavailable"),
            _ => tracing::debug!(request_id, status, cause, "a request was refused"),
        }
    }
}

const fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::BadRequest => StatusCode::BAD_REQUEST,
        ErrorKind::Denied | ErrorKind::CrossSite => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Method => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::UnknownHost => StatusCode::MISDIRECTED_REQUEST,
        ErrorKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Upstream => StatusCode::BAD_GATEWAY,
        ErrorKind::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DeskError> for Fault {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::TooMany { wait } => {
                Fault { retry_after: Some(wait), ..Fault::new(ErrorKind::TooMany, error.to_string()) }
            }
            error => Fault::new(ErrorKind::Unavailable, error.to_string()),
        }
    }
}

impl From<Unclear> for Fault {
    fn from(unclear: Unclear) -> Self {
        Fault::new(ErrorKind::Unavailable, unclear.to_string())
    }
}

impl From<doorward_views::ViewsError> for Fault {
    fn from(error: doorward_views::ViewsError) -> Self {
        Fault::new(ErrorKind::Internal, error.to_string())
    }
}

impl From<Malformed> for Fault {
    fn from(error: Malformed) -> Self {
        Fault::new(ErrorKind::BadRequest, error.to_string())
    }
}
