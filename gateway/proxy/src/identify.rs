//! Room 3: who asks. Nobody, somebody, or unclear while the store does not answer; a doubt never ends in somebody.

use doorward_access::cookies::{CookieName, CookieNames};
use doorward_access::sessions::{Identities, LastSeen, Place, Purpose, Unclear};
use doorward_access::site::App;
use doorward_api::{Subject, Timestamp, Token, VirtualServerId};
use http::HeaderMap;

use crate::canonical::CanonicalRequest;

/// A token from one of our cookies. A malformed one is none (SE-04).
pub(crate) fn token(names: CookieNames, which: CookieName, headers: &HeaderMap) -> Option<Token> {
    names.token(which, headers)
}

/// Whether a request counts as use of the session that it comes with. What it says of itself (`Sec-Fetch-Mode`) counts for
/// nothing: the operator says it, by path.
pub(crate) fn purpose(app: &App, request: &CanonicalRequest) -> Purpose {
    if app.options.is_background(&request.judged) { Purpose::Background } else { Purpose::Use }
}

/// The subject of a request to an application's host; without a cookie it is nobody, and no store is asked.
pub(crate) async fn identify(
    identities: &Identities,
    last: &mut LastSeen,
    vs: &VirtualServerId,
    host: &str,
    token: Option<&Token>,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Subject, Unclear> {
    identities.identify(last, vs, Place::App(host), token, purpose, now).await
}
