//! Room 5': answers from this process. The router is called in process (no second hop, no second parser), and what it answers
//! is written to the client as it comes.

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use doorward_access::arrival::{Arrival, ConsoleArrival, ErrorKind, ErrorPage};
use doorward_access::site::AppOptions;
use futures::FutureExt;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::*;
use pingora::proxy::Session;
use pingora::time::timeout;
use tower::ServiceExt;

use crate::canonical::{canonical_path, split_target};
use crate::intercept::plain_problem;
use crate::limits::Limits;

/// Goes into every answer, and to the upstream.
pub(crate) const REQUEST_ID: &str = "X-Request-Id";

/// Calls the router. A handler that panics is answered for with 500; nothing it held is poisoned, as handlers share no locks.
pub(crate) async fn call(router: &Router, request: Request<Body>, request_id: &str) -> Response {
    match AssertUnwindSafe(router.clone().oneshot(request)).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => {
            tracing::error!(request_id, "a handler panicked");
            plain_problem(StatusCode::INTERNAL_SERVER_ERROR, request_id)
        }
    }
}

/// How a request arrived, as the router is told: at the portal or an application, or at the console.
pub(crate) trait Brought: Clone + Send + Sync + 'static {}

impl Brought for Arrival {}
impl Brought for ConsoleArrival {}

/// The request as the router sees it: the canonical target, the headers that passed, and how it arrived.
pub(crate) fn request<A: Brought>(
    head: &RequestHeader,
    target: &str,
    body: Bytes,
    arrival: Option<A>,
) -> Result<Request<Body>> {
    let mut request = Request::builder()
        .method(head.method.clone())
        .uri(target)
        .body(Body::from(body))
        .or_err(InternalError, "the router's request")?;
    *request.headers_mut() = head.headers.clone();
    if let Some(arrival) = arrival {
        request.extensions_mut().insert(arrival);
    }
    Ok(request)
}

/// The product's page for an outcome. Where the router has none, a problem document tells the same.
pub(crate) async fn page<A: Brought>(
    router: &Router,
    head: &RequestHeader,
    (status, kind): (StatusCode, ErrorKind),
    arrival: Option<A>,
    request_id: &str,
) -> Result<Response> {
    let mut asked = request(head, &shown_target(head), Bytes::new(), arrival)?;
    *asked.method_mut() = Method::GET;
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::EXPECT] {
        asked.headers_mut().remove(name);
    }
    asked.extensions_mut().insert(ErrorPage { status, kind, request_id: request_id.to_owned() });
    let response = call(router, asked, request_id).await;
    Ok(if response.status() == status { response } else { plain_problem(status, request_id) })
}

/// Where the page's language selector leads back to: the request's own target, if it can be said in one way.
fn shown_target(head: &RequestHeader) -> String {
    let target = split_target(head.raw_path()).and_then(|(path, query)| {
        let path = canonical_path(path, &AppOptions::default())?;
        Ok(query.map_or(path.clone(), |query| format!("{path}?{query}")))
    });
    target.unwrap_or_else(|_| "/".to_owned())
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotRead {
    /// It is longer than is taken here.
    TooLong,
    /// It took too long.
    TooSlow,
}

/// Reads a request body of at most `most` bytes.
pub(crate) async fn read_body(session: &mut Session, most: usize, limits: &Limits) -> Result<Result<Bytes, NotRead>> {
    if session.as_downstream_mut().is_body_empty() {
        return Ok(Ok(Bytes::new()));
    }
    match timeout(limits.body_idle, read_at_most(session, most)).await {
        Ok(read) => Ok(read?.ok_or(NotRead::TooLong)),
        Err(_) => Ok(Err(NotRead::TooSlow)),
    }
}

async fn read_at_most(session: &mut Session, most: usize) -> Result<Option<Bytes>> {
    let mut body = BytesMut::new();
    while let Some(part) = session.as_downstream_mut().read_request_body().await? {
        if body.len() + part.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&part);
    }
    Ok(Some(body.freeze()))
}

/// Answers `100 Continue` if the client waits for it; over HTTP/2 nobody does.
pub(crate) async fn invite_body(session: &mut Session) -> Result<()> {
    let downstream = session.as_downstream_mut();
    let waits = !downstream.is_http2() && downstream.req_header().headers.contains_key(header::EXPECT);
    if waits { Box::pin(downstream.write_continue_response()).await } else { Ok(()) }
}

/// Whether the rest of a request's body is small enough to be read before the answer, so that the connection can go on to
/// the next request (FR-08).
pub(crate) fn ends_soon(head: &RequestHeader, limits: &Limits) -> bool {
    let length = head.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    // A client that waits for `100 Continue` will send nothing.
    length.is_some_and(|length| length <= limits.drain_bytes) && !head.headers.contains_key(header::EXPECT)
}

/// Reads what a request still has to say, up to a limit and for a moment. Before the answer, the next request on the
/// connection is one then; after it, the answer is heard, as a connection that is closed with bytes unread is reset.
pub(crate) async fn drain(session: &mut Session, limits: &Limits) {
    let downstream = session.as_downstream_mut();
    if !downstream.is_http2() && !downstream.is_body_done() {
        let _ = timeout(limits.drain_time, read_at_most(session, limits.drain_bytes)).await;
    }
}

/// Writes an answer to the client and returns its status.
pub(crate) async fn write(session: &mut Session, response: Response, request_id: &str) -> Result<u16> {
    let (parts, mut body) = response.into_parts();
    let mut head = ResponseHeader::build(parts.status, Some(parts.headers.len() + 2))?;
    for (name, value) in &parts.headers {
        // Appended, so that two `Set-Cookie` stay two.
        head.append_header(name.clone(), value.clone())?;
    }
    head.insert_header(REQUEST_ID, request_id)?;
    let without_body = session.req_header().method == Method::HEAD
        || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    frame(&mut head, &body, session.as_downstream().is_http2())?;
    session.write_response_header(Box::new(head), without_body).await?;
    if !without_body {
        while let Some(frame) = body.frame().await {
            let frame = frame.or_err(InternalError, "the router's body")?;
            if let Ok(data) = frame.into_data() {
                session.write_response_body(Some(data), false).await?;
            }
        }
    }
    session.write_response_body(None, true).await?;
    Ok(parts.status.as_u16())
}

/// A body of known length says so; any other is chunked on HTTP/1 and simply ends on HTTP/2.
fn frame(head: &mut ResponseHeader, body: &Body, http2: bool) -> Result<()> {
    if matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(());
    }
    if head.headers.contains_key(header::CONTENT_LENGTH) {
        return Ok(());
    }
    match body.size_hint().exact() {
        Some(length) => head.insert_header(header::CONTENT_LENGTH, length.to_string()),
        None if http2 => Ok(()),
        None => head.insert_header(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
    }
}
