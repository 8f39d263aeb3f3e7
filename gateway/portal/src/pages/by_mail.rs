//! The link of a provisioning mail. Opening it changes nothing, so that neither a mail scanner nor the wrong device uses it up; the
//! button's POST does.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use doorward_access::enrol::by_mail::{LINK_PATH, LinkGone, LinkView};
use doorward_api::Secret;
use doorward_views::ByMailPage;
use http::StatusCode;

use crate::answer::{Answer, html, to_step, with_cookie};
use crate::caller::Caller;
use crate::csrf::Bond;
use crate::parts::{Portal, Shared};
use crate::post::FlowPost;
use crate::qr;

/// `GET /enrol-by-mail/{link}`.
pub(crate) async fn look(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(link): Path<String>,
) -> Answer {
    let (name, until, elsewhere, url) = match portal.parts.desk.look_at_link(&caller.visit, &link).await? {
        LinkView::Good { name, until, elsewhere, url } => (name, until, elsewhere, url),
        LinkView::Gone(why) => return gone(&portal, &caller, why),
    };
    // Nobody scans the screen of a phone with a computer.
    let qr = elsewhere.filter(|phone| *phone).and_then(|_| qr::svg(&url));
    let page =
        ByMailPage::Ask { name, until, action: format!("{LINK_PATH}{link}"), elsewhere, url: Secret::new(url), qr };
    let (flow, new_cookie) = caller.flow_cookie(&portal);
    let chrome = portal.chrome(&caller, Some(Bond::Flow(&flow)));
    let body = portal.parts.views.by_mail(&page, &chrome)?;
    let response = html(StatusCode::OK, &chrome.language, body);
    Ok(match new_cookie {
        Some(cookie) => with_cookie(response, cookie),
        None => response,
    })
}

/// `POST /enrol-by-mail/{link}`: it is used up, and the wizard begins.
pub(crate) async fn begin(State(portal): State<Shared>, Path(link): Path<String>, post: FlowPost) -> Answer {
    match portal.parts.desk.begin_by_mail(&post.caller.visit, &link).await? {
        Ok(browser) => to_step(&post.caller, &browser),
        Err(why) => gone(&portal, &post.caller, why),
    }
}

/// `GET /enrol-by-mail/done`.
pub(crate) async fn done(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    show(&portal, &caller, StatusCode::OK, &ByMailPage::Done)
}

/// `GET /enrol-by-mail/over`: the wizard could not go on.
pub(crate) async fn over(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    show(&portal, &caller, StatusCode::OK, &ByMailPage::Gone("over"))
}

fn gone(portal: &Portal, caller: &Caller, why: LinkGone) -> Answer {
    show(portal, caller, StatusCode::GONE, &ByMailPage::Gone(why.as_str()))
}

fn show(portal: &Portal, caller: &Caller, status: StatusCode, page: &ByMailPage) -> Answer {
    let chrome = portal.chrome(caller, caller.bond());
    let body = portal.parts.views.by_mail(page, &chrome)?;
    Ok(html(status, &chrome.language, body))
}
