//! Style sheet, script and pictures of the pages.

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use doorward_access::arrival::ErrorKind;
use doorward_views::Views;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::parts::Shared;

/// A link of a page names the content it means (`?v=` and the content's hash), so it may be kept for ever.
pub(crate) const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Any other link is asked for again each time.
pub(crate) const ASK_AGAIN: &str = "no-cache";

/// `GET /assets/{file}?v=…`
pub(crate) async fn asset(
    State(portal): State<Shared>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    answer(&portal.parts.views, &file, query.as_deref(), &headers)
}

/// The file of a name.
pub(crate) fn answer(views: &Views, file: &str, query: Option<&str>, headers: &HeaderMap) -> Answer {
    let no_such = || Fault::new(ErrorKind::NotFound, "no such asset");
    let asset = views.asset(file).ok_or_else(no_such)?;
    let etag = format!("\"{}\"", asset.hash);
    let named = query.is_some_and(|query| query.strip_prefix("v=") == Some(asset.hash.as_str()));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response: Response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, asset.content_type)], asset.bytes.clone().into_owned()).into_response(),
    };
    let caching = if named { FOR_EVER } else { ASK_AGAIN };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    // The same for everybody, whatever cookies and languages they have.
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(etag) = HeaderValue::try_from(etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}
