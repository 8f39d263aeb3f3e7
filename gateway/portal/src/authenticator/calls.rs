//! Calls of devices: `POST /a/v1/{name}`. What a call means is the plugin's, what follows from it the desk's; here it
//! is read strictly and answered as JSON, whatever becomes of it.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use doorward_access::signin::DeskError;
use doorward_api::device::DeviceCall;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};

use super::known::Known;
use crate::answer::with_cookie;
use crate::caller::Caller;
use crate::csrf::{Provenance, provenance};
use crate::parts::{Portal, Shared};

/// Larger bodies are refused (PROTOCOL, Calls).
const LARGEST_CALL: usize = 16 * 1024;

/// What this browser once had. It is asked of the browser's cookie alone, so the desk never hears of it.
const HERE: &str = "here";

/// A call that goes no further.
struct Refused(StatusCode, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Refused(status, code) = self;
        told(status, &json!({ "error": code }))
    }
}

/// `POST /a/v1/{*name}`
pub(super) async fn call(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    match answered(&portal, &caller, &name, request).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn answered(portal: &Portal, caller: &Caller, name: &str, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    // The command line names no origin; a page of another one is not listened to.
    if provenance(&parts.headers, caller.own_origin()) == Provenance::Foreign {
        return Err(Refused(StatusCode::FORBIDDEN, "not_allowed"));
    }
    if !parts.headers.get(header::CONTENT_TYPE).is_some_and(|value| is_json(value.as_bytes())) {
        return Err(Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "malformed"));
    }
    let body = read(body).await?;
    if name == HERE {
        return here(portal, caller, &parts.headers, &body);
    }
    let target_uri = format!("{}{}", caller.own_origin(), parts.uri.path());
    let headers = text_fields(&parts.headers);
    let call = DeviceCall { name, method: "POST", query: "", target_uri: &target_uri, headers: &headers, body: &body };
    let reply = match portal.parts.desk.device_call(&caller.visit, &call).await {
        Ok(reply) => reply,
        Err(error) => return Ok(failed(&caller.visit.request_id, &error)),
    };
    let response = as_json(status(reply.status), reply.body);
    let Some((serial, account)) = reply.activated else { return Ok(response) };
    let known = Known::read(portal, caller, &parts.headers).with(&serial, &account);
    Ok(match known.cookie(portal, caller) {
        Some(cookie) => with_cookie(response, cookie),
        None => response,
    })
}

/// `GET` and `POST` of `/.doorward/p/{plugin}` on the portal's host: the one address of a plugin whose app is somebody
/// else's. What such an app sends, and how, is the plugin's to judge.
pub(crate) async fn call_at_portal(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(plugin): Path<String>,
    request: Request,
) -> Response {
    match answered_at_portal(&portal, &caller, &plugin, request).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    }
}

async fn answered_at_portal(
    portal: &Portal,
    caller: &Caller,
    plugin: &str,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    // It is no page that calls; one of another origin is not listened to.
    if provenance(&parts.headers, caller.own_origin()) == Provenance::Foreign {
        return Err(Refused(StatusCode::FORBIDDEN, "not_allowed"));
    }
    if parts.method == Method::HEAD {
        return Err(Refused(StatusCode::METHOD_NOT_ALLOWED, "malformed"));
    }
    let body = read(body).await?;
    let target_uri = format!("{}{}", caller.own_origin(), parts.uri.path());
    let headers = text_fields(&parts.headers);
    let call = DeviceCall {
        name: "",
        method: parts.method.as_str(),
        query: parts.uri.query().unwrap_or_default(),
        target_uri: &target_uri,
        headers: &headers,
        body: &body,
    };
    Ok(match portal.parts.desk.device_call_at_portal(&caller.visit, plugin, &call).await {
        Ok(reply) => as_json(status(reply.status), reply.body),
        Err(error) => failed(&caller.visit.request_id, &error),
    })
}

fn status(of: u16) -> StatusCode {
    StatusCode::from_u16(of).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// `here`: `{}` and nothing else.
fn here(portal: &Portal, caller: &Caller, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refused> {
    let empty = serde_json::from_slice::<Value>(body).is_ok_and(|value| value == json!({}));
    if !empty {
        return Err(Refused(StatusCode::BAD_REQUEST, "malformed"));
    }
    let known = Known::read(portal, caller, headers);
    Ok(told(StatusCode::OK, &json!({ "known": known.told(&caller.vs().name) })))
}

async fn read(body: Body) -> Result<Vec<u8>, Refused> {
    match Limited::new(body, LARGEST_CALL).collect().await {
        Ok(whole) => Ok(whole.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refused(StatusCode::PAYLOAD_TOO_LARGE, "malformed")),
        Err(_) => Err(Refused(StatusCode::BAD_REQUEST, "malformed")),
    }
}

fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

/// The header as the plugin reads it. Cookies are the browser's, and none of its business.
fn text_fields(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    headers
        .iter()
        .filter(|(name, _)| *name != header::COOKIE)
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?)))
        .collect()
}

/// The desk could not do its work. Nothing has happened.
fn failed(request_id: &str, error: &DeskError) -> Response {
    let wait = match error {
        DeskError::TooMany { wait } => Some(wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)),
        _ => None,
    };
    let mut response = match wait {
        Some(_) => Refused(StatusCode::TOO_MANY_REQUESTS, "too_many").into_response(),
        None => {
            tracing::warn!(request_id, cause = %error, "a device's call could not be answered");
            Refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable").into_response()
        }
    };
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.unwrap_or(5)));
    response
}

fn told(status: StatusCode, value: &Value) -> Response {
    as_json(status, value.to_string().into_bytes())
}

fn as_json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_read_as_json() {
        assert!(is_json(b"application/json") && is_json(b"Application/JSON; charset=utf-8"));
        for other in [&b"text/plain"[..], b"application/x-www-form-urlencoded", b"application/jsonp", b""] {
            assert!(!is_json(other));
        }
    }

    #[test]
    fn the_plugin_is_not_shown_cookies_or_what_is_no_text() {
        let mut headers = HeaderMap::new();
        headers.insert("content-digest", HeaderValue::from_static("sha-256=:x:"));
        headers.insert("cookie", HeaderValue::from_static("a=b"));
        headers.insert("x-odd", HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(text_fields(&headers), [("content-digest".to_owned(), "sha-256=:x:".to_owned())]);
    }
}
