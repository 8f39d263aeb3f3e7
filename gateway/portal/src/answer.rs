//! From the desk's answers to HTTP's: pages, redirects, cookies.

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use doorward_access::arrival::ErrorKind;
use doorward_access::cookies::{CookieLife, CookieName};
use doorward_access::visit::{Landing, Moved, TurnedAway};
use doorward_api::device::ActivationStage;
use doorward_api::screen::InstallLink;
use doorward_api::{Screen, ScreenPage, Token};
use doorward_views::{Chrome, MessageKind, MessagePage};
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::authenticator::at_authenticator;
use crate::caller::Caller;
use crate::csrf::Bond;
use crate::fault::Fault;
use crate::headers::FormTarget;
use crate::parts::Portal;
use crate::qr;

/// What handlers answer with.
pub(crate) type Answer = Result<Response, Fault>;

/// A year: the device cookie, the remembered name, the language.
pub(crate) const LONG: CookieLife = CookieLife::For(Duration::from_hours(365 * 24));

/// The page where a flow stands.
pub(crate) const STEP: &str = "/signin/step";

/// W0, with the sealed return address if there is one.
pub(crate) fn signin_url(return_to: Option<&str>) -> String {
    match return_to {
        Some(sealed) => format!("/signin?return={}", utf8_percent_encode(sealed, NOT_IN_RETURN)),
        None => "/signin".to_owned(),
    }
}

/// All but the characters of base64url.
const NOT_IN_RETURN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// 303: see another page, by GET (post, redirect, get).
pub(crate) fn see_other(url: &str) -> Answer {
    let location = HeaderValue::try_from(url).map_err(|_| Fault::new(ErrorKind::Internal, "a URL fits no header"))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// A page in the caller's language.
pub(crate) fn html(status: StatusCode, language: &str, body: String) -> Response {
    let mut response = (status, Html(body)).into_response();
    if let Ok(language) = HeaderValue::from_str(language) {
        response.headers_mut().insert(header::CONTENT_LANGUAGE, language);
    }
    response
}

/// Adds a `Set-Cookie`.
pub(crate) fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

impl Portal {
    /// The frame of a page whose forms hang on `bond`.
    pub(crate) fn chrome(&self, caller: &Caller, bond: Option<Bond<'_>>) -> Chrome {
        Chrome {
            look: caller.look.clone(),
            language: caller.visit.language.clone(),
            brand: caller.vs().name.clone(),
            support_url: caller.vs().support_url.clone(),
            csrf: bond.map(|bond| self.forgery.value(bond)).unwrap_or_default(),
            path_back: caller.here.clone(),
            signed_in_as: None,
            base: caller.base().to_owned(),
            bare: at_authenticator(caller),
        }
    }

    /// A page of sign-in. Its forms hang on the flow cookie, which is set if the browser has none.
    pub(crate) fn screen(&self, caller: &Caller, screen: &Screen) -> Answer {
        let (flow, new_cookie) = caller.flow_cookie(self);
        let qr = to_scan(&screen.page).and_then(qr::svg);
        let mut chrome = self.chrome(caller, Some(Bond::Flow(&flow)));
        if let ScreenPage::Name { return_to, .. } = &screen.page {
            // The one page that may answer a form directly.
            chrome.path_back = signin_url(return_to.as_deref());
        }
        let body = self.parts.views.screen(screen, &chrome, qr.as_deref())?;
        let mut response = html(StatusCode::OK, &chrome.language, body);
        if let Some(origin) = &screen.app_origin {
            response.extensions_mut().insert(FormTarget(origin.clone()));
        }
        Ok(match new_cookie {
            Some(cookie) => with_cookie(response, cookie),
            None => response,
        })
    }

    /// A page that says one thing.
    pub(crate) fn message(&self, caller: &Caller, page: &MessagePage) -> Answer {
        let chrome = self.chrome(caller, caller.bond());
        let body = self.parts.views.message(page, &chrome)?;
        let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Ok(html(status, &chrome.language, body))
    }

    /// "Access denied" at the portal.
    pub(crate) fn denied(&self, caller: &Caller, TurnedAway { app_name, lacks_passkey }: TurnedAway) -> Answer {
        let app_name = Some(app_name).filter(|name| !name.is_empty());
        let (kind, onward) = match lacks_passkey {
            true => (MessageKind::PasskeyNeeded { app_name }, "/passkeys"),
            false => (MessageKind::Denied { app_name }, "/"),
        };
        let page = MessagePage::new(kind).with_request_id(&caller.visit.request_id).with_continue(onward);
        self.message(caller, &page)
    }

    /// What became of a form.
    pub(crate) fn moved(&self, caller: &Caller, moved: Moved) -> Answer {
        let clear_flow = || caller.cookies.clear(CookieName::Flow);
        match moved {
            Moved::ToStep { browser: None } => see_other(STEP),
            Moved::ToStep { browser: Some(browser) } => to_step(caller, &browser),
            Moved::Ask(screen) => self.screen(caller, &screen),
            // The flow cookie stays: another tab that still shows a step of this sign-in is led on by it.
            Moved::SignedIn(landing) => land(caller, &landing),
            Moved::GoOn { url } => see_other(&url),
            // The flow cookie stays: the step's page then says how the flow ended, after a reload too.
            Moved::Cancelled { .. } => see_other(STEP),
            Moved::StartAgain { url } => Ok(with_cookie(see_other(&url)?, clear_flow())),
            Moved::BackToOwn { url } => Ok(with_cookie(see_other(&url)?, clear_flow())),
            Moved::Denied(turned_away) => Ok(with_cookie(self.denied(caller, turned_away)?, clear_flow())),
        }
    }
}

/// What the page's QR code says: what another device is to scan, where there is such a thing.
fn to_scan(page: &ScreenPage) -> Option<&str> {
    match page {
        ScreenPage::Install { uri, expired: false, .. } => Some(uri.expose()),
        // The way to the app. Nobody scans the screen of the very device that it shall be on.
        ScreenPage::Activate { install_first: true, expired: false, same_device: false, install, .. } => {
            match install {
                InstallLink::Page(url) | InstallLink::Store(url) => Some(url),
                InstallLink::None | InstallLink::Installer(_) => None,
            }
        }
        ScreenPage::Activate {
            install_first: false,
            expired: false,
            stage: ActivationStage::Waiting,
            link,
            target,
            ..
        } => target.mobile().then(|| link.expose()),
        _ => None,
    }
}

/// The page of a flow that has just begun.
pub(crate) fn to_step(caller: &Caller, browser: &Token) -> Answer {
    let cookie = caller.cookies.set(CookieName::Flow, browser.expose(), CookieLife::Browser);
    Ok(with_cookie(see_other(STEP)?, cookie))
}

/// Signed in: with new cookies to where it goes on.
pub(crate) fn land(caller: &Caller, landing: &Landing) -> Answer {
    let mut response = see_other(&landing.url)?;
    if let Some(session) = &landing.session {
        let cookie = caller.cookies.set(CookieName::Portal, session.expose(), CookieLife::Browser);
        response = with_cookie(response, cookie);
    }
    if let Some(device) = &landing.device {
        response = with_cookie(response, caller.cookies.set(CookieName::Device, device, LONG));
    }
    Ok(response)
}
