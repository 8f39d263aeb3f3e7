//! The portal's start page, and the way out.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use doorward_access::cookies::CookieName;
use doorward_access::sessions::{Place, Unclear};
use doorward_access::site::VirtualServer;
use doorward_api::{Principal, Session};
use doorward_views::{MessageKind, MessagePage, StartApp, StartPage};
use http::StatusCode;

use crate::answer::{Answer, html, see_other, with_cookie};
use crate::caller::Caller;
use crate::csrf::Bond;
use crate::parts::{Portal, Shared};
use crate::post::SessionPost;

/// `GET /`: who is signed in and where they may go; nobody is sent to sign in, and who is unclear is not.
pub(crate) async fn start(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    let Some((session, principal)) = signed_in(&portal, &caller).await? else { return see_other("/signin") };
    let mut chrome = portal.chrome(&caller, Some(Bond::Session(&session.id)));
    chrome.signed_in_as = Some(principal.name.clone());
    let page = StartPage { display_name: display_name(&principal), apps: apps(caller.vs()) };
    let body = portal.parts.views.start(&page, &chrome)?;
    Ok(html(StatusCode::OK, &chrome.language, body))
}

/// The live session of this browser, with its user.
pub(crate) async fn signed_in(portal: &Portal, caller: &Caller) -> Result<Option<(Session, Arc<Principal>)>, Unclear> {
    let visit = &caller.visit;
    portal.parts.identities.session(&visit.vs.id, Place::Portal, visit.session.as_ref(), visit.now).await
}

fn display_name(principal: &Principal) -> String {
    let name = if principal.display_name.is_empty() { &principal.name } else { &principal.display_name };
    name.clone()
}

/// Every application; whether it lets somebody in is asked when they go there.
fn apps(vs: &VirtualServer) -> Vec<StartApp> {
    let app = |app: &doorward_access::site::App| StartApp {
        name: app.name.clone(),
        url: format!("{}/", app.origin),
        host: app.host.clone(),
    };
    let mut apps: Vec<StartApp> = vs.apps.values().map(|each| app(each)).collect();
    apps.sort_by(|a, b| a.name.cmp(&b.name));
    apps
}

/// `POST /signout`.
pub(crate) async fn sign_out(State(portal): State<Shared>, post: SessionPost) -> Answer {
    let caller = &post.caller;
    if let Some(session) = portal.parts.desk.sign_out(&caller.visit).await? {
        (portal.parts.cut_off)(&session);
    }
    let response = see_other("/signed-out")?;
    let response = with_cookie(response, caller.cookies.clear(CookieName::Portal));
    Ok(with_cookie(response, caller.cookies.clear(CookieName::Flow)))
}

/// `GET /signed-out`: the farewell. Shown to somebody who is signed in, it would be a lie.
pub(crate) async fn signed_out(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    if signed_in(&portal, &caller).await?.is_some() {
        return see_other("/");
    }
    portal.message(&caller, &MessagePage::new(MessageKind::SignedOut).with_continue("/signin"))
}
