//! The app's files, as the plugin has them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use doorward_access::arrival::ErrorKind;
use doorward_api::device::AppFile;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use crate::answer::{Answer, see_other};
use crate::caller::Caller;
use crate::fault::Fault;
use crate::headers::AppPolicy;
use crate::pages::asset::{ASK_AGAIN, FOR_EVER};
use crate::parts::Shared;

/// Where the app begins.
const START: &str = "/a/";

/// The one script that may serve the app while there is no network, and it alone.
const SERVICE_WORKER: &str = "/a/sw.js";

/// `GET /`, `GET /a`.
pub(super) async fn start() -> Answer {
    see_other(START)
}

/// `GET /a/{*path}`
pub(super) async fn file(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let no_such = || Fault::new(ErrorKind::NotFound, "no such file of the app");
    let desk = &portal.parts.desk;
    let file = desk.app_file(caller.vs(), uri.path(), &query.unwrap_or_default()).ok_or_else(no_such)?;
    let policy = desk.app_policy().ok_or_else(no_such)?;
    let mut response = answer(file, &headers)?;
    response.extensions_mut().insert(AppPolicy(policy));
    if uri.path() == SERVICE_WORKER {
        response.headers_mut().insert("service-worker-allowed", HeaderValue::from_static(START));
    }
    Ok(response)
}

fn answer(file: AppFile, asked: &HeaderMap) -> Answer {
    let etag = etag(&file.body)?;
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|value| *value == etag);
    let mut response: Response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, file.media_type)], file.body.into_owned()).into_response(),
    };
    let caching = if file.immutable { FOR_EVER } else { ASK_AGAIN };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    // The same for everybody, whatever cookies and languages they have.
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::ETAG, etag);
    Ok(response)
}

/// It changes with the bytes: the address is part of what a file is asked for by, so it need not be in it.
fn etag(bytes: &[u8]) -> Result<HeaderValue, Fault> {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let text = format!("\"{:016x}\"", hasher.finish());
    HeaderValue::try_from(text).map_err(|_| Fault::new(ErrorKind::Internal, "a file's tag fits no header"))
}
