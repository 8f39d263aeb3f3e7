//! Pages to answers, and faults to pages.

use axum::response::{IntoResponse, Response};
use doorward_access::arrival::ErrorKind;
use doorward_views::console::{ConsoleFrame, ConsoleMessage, ConsolePage};
use http::{HeaderValue, StatusCode, header};

use super::Console;
use super::caller::Caller;
use super::signed::Signed;
use crate::answer::{Answer, html, see_other, with_cookie};
use crate::csrf::Bond;
use crate::fault::Fault;

impl Console {
    /// A page of somebody signed in.
    pub(super) fn page(&self, signed: &Signed, here: &str, status: StatusCode, page: ConsolePage) -> Answer {
        let frame = signed.frame(self, here);
        let body = self.parts.views.console(&page, &frame)?;
        Ok(html(status, &frame.language, body))
    }

    /// A page before anybody is signed in. Its forms hang on a cookie, which is set if the browser has none.
    pub(super) fn outside(&self, caller: &Caller, brand: &str, status: StatusCode, page: ConsolePage) -> Answer {
        let (token, cookie) = caller.outside_cookie(self);
        let frame = ConsoleFrame { brand: brand.to_owned(), ..self.bare_frame(caller, Some(Bond::Outside(&token))) };
        let response = html(status, &frame.language, self.parts.views.console(&page, &frame)?);
        Ok(match cookie {
            Some(cookie) => with_cookie(response, cookie),
            None => response,
        })
    }

    fn bare_frame(&self, caller: &Caller, bond: Option<Bond<'_>>) -> ConsoleFrame {
        ConsoleFrame {
            language: caller.language.clone(),
            csrf: bond.map(|bond| self.forgery.value(bond)).unwrap_or_default(),
            path_back: caller.here.clone(),
            ..ConsoleFrame::default()
        }
    }
}

/// Gives a fault its page. `Allow` stays.
pub(super) fn faced(console: &Console, caller: &Caller, mut response: Response) -> Response {
    let Some(fault) = response.extensions_mut().remove::<Fault>() else { return response };
    if let (StatusCode::SEE_OTHER, Some(path)) = (fault.status, &fault.onward) {
        return see_other(path).into_response();
    }
    let allow = response.headers_mut().remove(header::ALLOW);
    fault.log(&caller.request_id);
    let mut page = outcome(console, caller, fault.kind, fault.status, fault.onward);
    if let Some(allow) = allow {
        page.headers_mut().insert(header::ALLOW, allow);
    }
    page
}

/// The page of an outcome. Who is signed in is not asked for it: the store may be what failed.
pub(super) fn outcome(
    console: &Console,
    caller: &Caller,
    kind: ErrorKind,
    status: StatusCode,
    onward: Option<String>,
) -> Response {
    let bond = caller.session.as_ref().map(|session| Bond::Operator(&session.token));
    let frame = console.bare_frame(caller, bond.or(caller.outside.as_ref().map(Bond::Outside)));
    let message = ConsoleMessage {
        kind: name(kind).to_owned(),
        status: status.as_u16(),
        request_id: caller.request_id.clone(),
        onward: onward.or_else(|| (kind != ErrorKind::UnknownHost).then(|| "/".to_owned())),
    };
    let mut response = match console.parts.views.console(&ConsolePage::Message(message), &frame) {
        Ok(body) => html(status, &frame.language, body),
        Err(error) => {
            tracing::error!(cause = %error, "an error's page failed");
            (status, format!("{status}\n")).into_response()
        }
    };
    if let Some(seconds) = kind.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

const fn name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Denied => "forbidden",
        ErrorKind::CrossSite => "cross-site",
        ErrorKind::BadRequest => "bad-request",
        ErrorKind::NotFound => "not-found",
        ErrorKind::Method => "method",
        ErrorKind::TooLarge => "too-large",
        ErrorKind::TooMany => "too-many",
        ErrorKind::UnknownHost => "unknown-host",
        ErrorKind::Unavailable | ErrorKind::Upstream | ErrorKind::UpstreamTimeout => "unavailable",
        ErrorKind::Internal => "internal",
    }
}

/// A link that is no longer good.
pub(super) fn link_gone(console: &Console, caller: &Caller) -> Answer {
    said(console, caller, "link-gone", StatusCode::GONE)
}

/// An operator who has chosen how to sign in, and is to be switched on by another one.
pub(super) fn operator_waits(console: &Console, caller: &Caller) -> Answer {
    said(console, caller, "operator-waits", StatusCode::OK)
}

/// One thing, to somebody who is not signed in.
fn said(console: &Console, caller: &Caller, kind: &str, status: StatusCode) -> Answer {
    let message = ConsoleMessage {
        kind: kind.to_owned(),
        status: status.as_u16(),
        request_id: caller.request_id.clone(),
        onward: Some("/".to_owned()),
    };
    let frame = console.bare_frame(caller, caller.outside.as_ref().map(Bond::Outside));
    let body = console.parts.views.console(&ConsolePage::Message(message), &frame)?;
    Ok(html(status, &frame.language, body))
}
