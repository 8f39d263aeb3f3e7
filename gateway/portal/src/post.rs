//! A form that was sent, read and proved to be our own. Handlers that change something take one of these types, so none
//! of them can forget to check.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use doorward_access::arrival::ErrorKind;
use doorward_access::sessions::Unclear;
use doorward_access::visit::StepForm;
use http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::answer::{STEP, see_other, signin_url};
use crate::caller::Caller;
use crate::csrf::{Bond, Provenance, provenance};
use crate::fault::Fault;
use crate::fields::Fields;
use crate::pages::start::signed_in;
use crate::parts::{Portal, Shared};

/// Larger forms are refused (DO-02).
const LARGEST_FORM: usize = 64 * 1024;

/// Why a form is not taken. Nothing was changed by it.
#[derive(Debug)]
pub(crate) enum Turned {
    /// The browser says that it comes from one of our pages, so that page is too old: back to its place, where there is a new one.
    Back(String),
    /// It may be anybody's.
    Away(Fault),
}

impl From<Unclear> for Turned {
    fn from(unclear: Unclear) -> Self {
        Turned::Away(unclear.into())
    }
}

impl From<Fault> for Turned {
    fn from(fault: Fault) -> Self {
        Turned::Away(fault)
    }
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self {
            Turned::Back(url) => see_other(&url).into_response(),
            Turned::Away(fault) => fault.into_response(),
        }
    }
}

/// A form of sign-in, self-provisioning or a mail's link: bound to the flow cookie.
pub(crate) struct FlowPost {
    /// Who sent it.
    pub(crate) caller: Arc<Caller>,
    /// Which step it belongs to.
    pub(crate) step: StepForm,
    /// Its fields.
    pub(crate) fields: Fields,
}

/// A form of somebody signed in: bound to the session's row.
pub(crate) struct SessionPost {
    /// Who sent it.
    pub(crate) caller: Arc<Caller>,
    /// Its fields.
    pub(crate) fields: Fields,
}

/// The choice of a language. It is on pages of every kind, some of which are bound to nothing yet; there the browser's
/// word that the form is our own is enough.
pub(crate) struct LanguagePost {
    /// Who sent it.
    pub(crate) caller: Arc<Caller>,
    /// Its fields.
    pub(crate) fields: Fields,
}

impl FromRequest<Shared> for FlowPost {
    type Rejection = Turned;

    async fn from_request(request: Request, portal: &Shared) -> Result<Self, Turned> {
        let path = request.uri().path().to_owned();
        let sent = Sent::read(request).await?;
        let bond = sent.caller.visit.browser.as_ref().map(Bond::Flow);
        if sent.provenance == Provenance::Foreign || !carries(portal, bond, &sent.fields) {
            let back = way_back(&path, &sent.fields);
            return Err(sent.turned(back));
        }
        let Sent { caller, fields, .. } = sent;
        let step = StepForm {
            flow: fields.text("flow").to_owned(),
            nonce: fields.text("nonce").to_owned(),
            return_to: fields.filled("return").map(str::to_owned),
        };
        Ok(Self { caller, step, fields })
    }
}

impl FromRequest<Shared> for SessionPost {
    type Rejection = Turned;

    async fn from_request(request: Request, portal: &Shared) -> Result<Self, Turned> {
        let sent = Sent::read(request).await?;
        // Somebody who is signed out already is shown so by the start page.
        if sent.provenance == Provenance::Foreign || !of_session(portal, &sent.caller, &sent.fields).await? {
            return Err(sent.turned("/".to_owned()));
        }
        let Sent { caller, fields, .. } = sent;
        Ok(Self { caller, fields })
    }
}

impl FromRequest<Shared> for LanguagePost {
    type Rejection = Fault;

    async fn from_request(request: Request, portal: &Shared) -> Result<Self, Fault> {
        let Sent { caller, fields, provenance } = Sent::read(request).await?;
        let ours = match provenance {
            Provenance::Ours => true,
            Provenance::Foreign => false,
            Provenance::Unsaid => {
                let flow = caller.visit.browser.as_ref().map(Bond::Flow);
                let reader = caller.visit.session.as_ref().map(Bond::Reader);
                carries(portal, flow, &fields)
                    || carries(portal, reader, &fields)
                    || caller.at_portal() && of_session(portal, &caller, &fields).await?
            }
        };
        if ours { Ok(Self { caller, fields }) } else { Err(forged()) }
    }
}

/// A form as it came, not proved yet.
struct Sent {
    caller: Arc<Caller>,
    fields: Fields,
    provenance: Provenance,
}

impl Sent {
    async fn read(request: Request) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        let caller = parts.extensions.get::<Arc<Caller>>().cloned();
        let caller = caller.ok_or_else(|| Fault::new(ErrorKind::Internal, "a form came without its caller"))?;
        let body = read_body(body).await?;
        // Anything but a form has no fields, so it lacks the value that proves it (CS-01: JSON sent as text/plain).
        let is_form = parts.headers.get(header::CONTENT_TYPE).is_some_and(|value| is_form(value.as_bytes()));
        let fields = if is_form { Fields::parse(&body)? } else { Fields::default() };
        let provenance = provenance(&parts.headers, caller.own_origin());
        Ok(Self { caller, fields, provenance })
    }

    /// What becomes of a form whose value is not the one of this browser. A browser that keeps no cookies is told what is wrong;
    /// it would be led round for ever.
    fn turned(&self, back: String) -> Turned {
        let valued = self.fields.filled("csrf").is_some();
        if self.provenance == Provenance::Ours && valued && self.caller.keeps_cookies() {
            tracing::debug!(request_id = self.caller.visit.request_id, "a form of a page too old leads back");
            return Turned::Back(back);
        }
        Turned::Away(forged().onward(back))
    }
}

pub(crate) fn is_form(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

pub(crate) async fn read_body(body: Body) -> Result<Bytes, Fault> {
    match Limited::new(body, LARGEST_FORM).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Fault::new(ErrorKind::TooLarge, "a form is too large")),
        Err(_) => Err(Fault::new(ErrorKind::BadRequest, "a form broke off")),
    }
}

fn carries(portal: &Portal, bond: Option<Bond<'_>>, fields: &Fields) -> bool {
    bond.is_some_and(|bond| portal.forgery.check(bond, fields.text("csrf")))
}

/// Whether a form is one of the session's own pages. The cookie may have changed since, and the session with it only its level.
async fn of_session(portal: &Portal, caller: &Caller, fields: &Fields) -> Result<bool, Unclear> {
    // What carries nothing is not worth a look at the store.
    if fields.filled("csrf").is_none() {
        return Ok(false);
    }
    let found = signed_in(portal, caller).await?;
    Ok(found.is_some_and(|(session, _)| carries(portal, Some(Bond::Session(&session.id)), fields)))
}

fn forged() -> Fault {
    Fault::new(ErrorKind::CrossSite, "a form is not one of ours, or its page is too old")
}

/// A page too old is the honest reason for such a form: its place in the sign-in, or its link, is not lost.
fn way_back(path: &str, fields: &Fields) -> String {
    match fields.filled("return") {
        Some(sealed) => signin_url(Some(sealed)),
        None if path.starts_with("/notice/") || path.starts_with("/enrol-by-mail/") => path.to_owned(),
        None => STEP.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_whose_page_is_too_old_leads_back_to_its_place() {
        let fields = |raw: &str| Fields::parse(raw.as_bytes()).unwrap();
        assert_eq!(way_back("/signin", &fields("return=ab-_9")), "/signin?return=ab-_9");
        assert_eq!(way_back("/signin", &fields("return=%22%3e%26x=1")), "/signin?return=%22%3E%26x%3D1");
        assert_eq!(way_back("/notice/abc", &fields("")), "/notice/abc");
        assert_eq!(way_back("/enrol/code", &fields("verification_code=1")), "/signin/step");
        assert_eq!(way_back("/enrol/code", &fields("verification_code=1&return=ab")), "/signin?return=ab");
    }

    #[test]
    fn only_a_form_is_read_as_one() {
        assert!(is_form(b"application/x-www-form-urlencoded"));
        assert!(is_form(b"Application/X-WWW-Form-Urlencoded ; charset=utf-8"));
        for other in [&b"text/plain"[..], b"application/json", b"multipart/form-data; boundary=x", b"", b"\xff"] {
            assert!(!is_form(other));
        }
    }
}
