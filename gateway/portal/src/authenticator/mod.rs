//! The authenticator's host: the files of our own app, the calls of devices, and nothing else. It knows nobody's
//! session: no cookie of the portal is read or set here, and the one that there is tells only which tokens this browser
//! once had.

pub(crate) mod calls;
mod files;
mod known;

use axum::Router;
use axum::routing::{get, post};
use doorward_access::site::HostRole;

use crate::caller::Caller;
use crate::parts::Shared;
use crate::router::{assets_anywhere, not_found, wrong_method};

/// On the authenticator's host.
pub(crate) fn routes(portal: Shared) -> Router {
    Router::new()
        .route("/", get(files::start))
        .route("/a", get(files::start))
        .route("/a/", get(files::file))
        .route("/a/{*path}", get(files::file))
        .route("/a/v1/{*name}", post(calls::call))
        // For the page that says that there is no such page.
        .merge(assets_anywhere())
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .with_state(portal)
}

/// Whether this is the authenticator's host.
pub(crate) fn at_authenticator(caller: &Caller) -> bool {
    matches!(caller.arrival.role, HostRole::Authenticator(_))
}
