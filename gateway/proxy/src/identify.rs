//! Room 3: who asks. Nobody known is an answer too, and every error on the way ends there, never in somebody.

use doorward_access::cookies::{CookieName, CookieNames};
use doorward_access::sessions::{Identities, LastSeen, Place};
use doorward_api::{Subject, Timestamp, Token, VirtualServerId};
use http::HeaderMap;

/// A token from one of our cookies. A malformed one is none (SE-04).
pub(crate) fn token(names: CookieNames, which: CookieName, headers: &HeaderMap) -> Option<Token> {
    names.token(which, headers)
}

/// The subject of a request to an application's host.
pub(crate) async fn identify(
    identities: &Identities,
    last: &mut LastSeen,
    vs: &VirtualServerId,
    host: &str,
    token: Option<&Token>,
    now: Timestamp,
) -> Subject {
    match token {
        Some(token) => identities.identify_again(last, vs, Place::App(host), token, now).await,
        None => Subject::Anonymous,
    }
}
