//! The accent colour's style sheet and the picture in place of ours.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::IntoResponse;
use data_encoding::BASE64;
use doorward_access::arrival::ErrorKind;
use doorward_views::Look;
use http::{HeaderValue, header};

use crate::answer::Answer;
use crate::caller::Caller;
use crate::fault::Fault;
use crate::pages::asset::{ASK_AGAIN, FOR_EVER};

/// `GET /appearance/{version}.css`, `GET /appearance/{version}.logo`. Whoever asks for another version than the one in force gets the one
/// in force, and keeps it for this once.
pub(crate) async fn file(Extension(caller): Extension<Arc<Caller>>, Path(file): Path<String>) -> Answer {
    let no_such = || Fault::new(ErrorKind::NotFound, "no such part of an appearance");
    let (version, what) = file.split_once('.').ok_or_else(no_such)?;
    let version: i64 = version.parse().map_err(|_| no_such())?;
    let (media_type, bytes) = part(&caller.look, what).ok_or_else(no_such)?;
    let mut response = bytes.into_response();
    let caching = if version == caller.look.version() { FOR_EVER } else { ASK_AGAIN };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    // The same for everybody, whatever cookies and languages they have.
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    Ok(response)
}

fn part(look: &Look, what: &str) -> Option<(HeaderValue, Vec<u8>)> {
    match what {
        "css" => Some((HeaderValue::from_static("text/css; charset=utf-8"), look.accent_css()?.into_bytes())),
        "logo" => {
            let logo = look.logo()?;
            let media_type = HeaderValue::from_str(&logo.media_type).ok()?;
            Some((media_type, BASE64.decode(logo.data.as_bytes()).ok()?))
        }
        _ => None,
    }
}
