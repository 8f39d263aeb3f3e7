//! Where a session arrives on an application's host: `GET /.doorward/enter?ticket=…`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use doorward_access::arrival::ErrorKind;
use doorward_access::cookies::{CookieLife, CookieName};
use doorward_access::sessions::{Place, Unclear};
use doorward_access::site::HostRole;
use doorward_access::tickets::{ENTER_PATH, Redeemed, TicketError, page};
use doorward_views::{MessageKind, MessagePage};
use http::{HeaderMap, HeaderName, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::answer::{Answer, see_other, with_cookie};
use crate::caller::Caller;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::parts::{Portal, Shared};

/// The field that says that a cookie was set a moment ago.
const AGAIN: &str = "again";

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Takes the ticket and goes on to the page first asked for.
///
/// A ticket that opens nothing, most often one used before and sent again by a reload, leads to its page all the same:
/// whoever has a session there sees it, anybody else is sent to sign in by the gate as always.
pub(crate) async fn enter(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Fields::parse(query.unwrap_or_default().as_bytes())?;
    if method == Method::HEAD {
        // Whoever only looks does not use the ticket up.
        return see_other(&asked_for(&caller, &query));
    }
    if let Some(redeemed) = redeem(&portal, &caller, query.text("ticket")).await? {
        let Redeemed { session, portal: of, location } = redeemed;
        portal.parts.identities.forget_all_of(&of);
        let cookie = caller.cookies.set(CookieName::App, session.expose(), CookieLife::Browser);
        let onward =
            if goes_to_a_page(&headers) { step_in(&portal, &caller, location)? } else { see_other(&location)? };
        return Ok(with_cookie(onward, cookie));
    }
    if caller.visit.browser.is_some() || signed_in(&portal, &caller).await? {
        return see_other(&asked_for(&caller, &query));
    }
    if query.filled(AGAIN).is_some() {
        // No cookie of ours came back, so sending this browser round again would never end.
        return Err(Fault::new(ErrorKind::BadRequest, "a ticket came without the cookie of its browser"));
    }
    see_whether_cookies_are_kept(&portal, &caller, query.filled("to"))
}

/// The address was asked for before this browser was closed, and its cookie went with it: it gets a new one, and asks for the page
/// anew. The ticket is left alone: it is for the browser that has the cookie (decision 0004).
fn see_whether_cookies_are_kept(portal: &Portal, caller: &Caller, to: Option<&str>) -> Answer {
    let to = to.map(|to| format!("&to={}", utf8_percent_encode(to, NON_ALPHANUMERIC))).unwrap_or_default();
    let response = see_other(&format!("{ENTER_PATH}?{AGAIN}=yes{to}"))?;
    let (_, new) = caller.flow_cookie(portal);
    Ok(match new {
        Some(cookie) => with_cookie(response, cookie),
        None => response,
    })
}

/// Whether a browser says that it goes to a page of its own, and not into a frame or for a script.
fn goes_to_a_page(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_DEST).is_some_and(|dest| dest.as_bytes() == b"document")
}

/// A page that leads on by itself. The last form of the sign-in was sent to the portal, and Chromium holds every redirect that
/// follows to that page's `form-action`: an application that sends whoever comes in to another host (its own provider's, for one)
/// would be a form that does nothing. With a page in between what follows is no form's doing.
fn step_in(portal: &Portal, caller: &Caller, location: String) -> Answer {
    portal.message(caller, &MessagePage::new(MessageKind::Entered).with_continue(location))
}

async fn redeem(portal: &Portal, caller: &Caller, ticket: &str) -> Result<Option<Redeemed>, Fault> {
    let visit = &caller.visit;
    let (host, hop) = (caller.arrival.host.as_str(), visit.browser.as_ref());
    match portal.parts.tickets.redeem(&visit.vs.id, ticket, host, hop, visit.now).await {
        Ok(redeemed) => Ok(Some(redeemed)),
        Err(TicketError::Gone | TicketError::NotHere) => Ok(None),
        Err(TicketError::Store(error)) => Err(Fault::new(ErrorKind::Unavailable, error.to_string())),
    }
}

async fn signed_in(portal: &Portal, caller: &Caller) -> Result<bool, Unclear> {
    let (visit, place) = (&caller.visit, Place::App(&caller.arrival.host));
    let found = portal.parts.identities.session(&visit.vs.id, place, visit.session.as_ref(), visit.now).await?;
    Ok(found.is_some())
}

/// The page named beside the ticket, which may be anything and is therefore only ever one of this application.
fn asked_for(caller: &Caller, query: &Fields) -> String {
    match &caller.arrival.role {
        HostRole::App(_, app) => page(app, query.filled("to")),
        HostRole::Portal(vs) | HostRole::Authenticator(vs) => format!("{}/", vs.portal_origin),
    }
}
