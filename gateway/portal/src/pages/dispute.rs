//! W9's "Not you?": the link in the notice mail. Opening it changes nothing, so that a mail scanner cannot use it up; the
//! button's POST does (decision A37).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use doorward_access::cookies::CookieName;
use doorward_access::dispute::DisputeView;
use doorward_views::{MessageKind, MessagePage};
use http::StatusCode;

use crate::answer::{Answer, html, see_other, with_cookie};
use crate::caller::Caller;
use crate::csrf::Bond;
use crate::parts::{Portal, Shared};
use crate::post::FlowPost;

/// `GET /notice/{token}`.
pub(crate) async fn look(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(token): Path<String>,
) -> Answer {
    match portal.parts.disputes.look(&caller.visit, &token).await? {
        Some(view) => ask(&portal, &caller, view, &token),
        None => gone(&portal, &caller),
    }
}

fn ask(portal: &Portal, caller: &Caller, view: DisputeView, token: &str) -> Answer {
    let kind =
        MessageKind::DisputeLook { device: view.target, added_at: view.added_at, action: format!("/notice/{token}") };
    let (flow, new_cookie) = caller.flow_cookie(portal);
    let chrome = portal.chrome(caller, Some(Bond::Flow(&flow)));
    let body = portal.parts.views.message(&MessagePage::new(kind), &chrome)?;
    let response = html(StatusCode::OK, &chrome.language, body);
    Ok(match new_cookie {
        Some(cookie) => with_cookie(response, cookie),
        None => response,
    })
}

/// `POST /notice/{token}`: it was not them.
pub(crate) async fn confirm(State(portal): State<Shared>, Path(token): Path<String>, post: FlowPost) -> Answer {
    let Some(disputed) = portal.parts.disputes.confirm(&post.caller.visit, &token).await? else {
        return gone(&portal, &post.caller);
    };
    let response = see_other("/notice/done")?;
    let Some(session) = disputed.session else { return Ok(response) };
    (portal.parts.cut_off)(&session);
    Ok(with_cookie(response, post.caller.cookies.clear(CookieName::Portal)))
}

/// `GET /notice/done`.
pub(crate) async fn done(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    portal.message(&caller, &MessagePage::new(MessageKind::DisputeDone).with_continue("/signin"))
}

fn gone(portal: &Portal, caller: &Caller) -> Answer {
    portal.message(caller, &MessagePage::new(MessageKind::DisputeGone).with_continue("/"))
}
