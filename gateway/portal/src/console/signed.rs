//! Who is signed in, and forms that are our own. Handlers take one of these types, so none of them can forget to check.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use doorward_access::arrival::ErrorKind;
use doorward_access::manage::{By, ManageError};
use doorward_access::operators::{OperatorError, Proof, Reproved, is_fresh};
use doorward_access::site::VirtualServer;
use doorward_api::operator::OperatorSession;
use doorward_api::{Permission, Secret, Token};
use doorward_views::console::{ConsoleFrame, Fault as Said, OperatorName, ProofFields};
use http::request::Parts;
use http::{StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::caller::Caller;
use super::{Console, Shared, approvals};
use crate::answer::see_other;
use crate::csrf::{Bond, Provenance, provenance};
use crate::fault::Fault;
use crate::fields::Fields;
use crate::post::{is_form, read_body};

/// More fields than any form of the console has: a list of groups may be long.
const MOST_FIELDS: usize = 512;

/// An operator, signed in.
pub(super) struct Signed {
    pub(super) caller: Arc<Caller>,
    pub(super) vs: Arc<VirtualServer>,
    pub(super) session: OperatorSession,
    token: Token,
    /// How many acts wait for them: to be decided, or to be done since they were approved.
    pub(super) waiting: u64,
}

/// A form of an operator who is signed in, proved to be our own.
pub(super) struct SignedPost {
    pub(super) signed: Signed,
    pub(super) fields: Fields,
}

/// A form of somebody who is not signed in, proved to be our own.
pub(super) struct OutsidePost {
    pub(super) caller: Arc<Caller>,
    pub(super) fields: Fields,
}

/// The choice of a language, which is on every page: the browser's word is enough, or either cookie.
pub(super) struct LanguagePost {
    pub(super) caller: Arc<Caller>,
    pub(super) fields: Fields,
}

/// Why there is nothing to handle.
pub(super) enum Turned {
    /// Nobody is signed in: off to the sign-in, and back then.
    Away(String),
    /// It cannot be answered.
    Failed(Fault),
}

impl From<Fault> for Turned {
    fn from(fault: Fault) -> Self {
        Turned::Failed(fault)
    }
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self {
            Turned::Away(next) => see_other(&signin_url(&next)).into_response(),
            Turned::Failed(fault) => fault.into_response(),
        }
    }
}

/// The sign-in, and where to go on then.
pub(super) fn signin_url(next: &str) -> String {
    match next {
        "/" => "/signin".to_owned(),
        next => format!("/signin?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC)),
    }
}

impl FromRequestParts<Shared> for Signed {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, console: &Shared) -> Result<Self, Turned> {
        let known = parts.extensions.get::<Arc<Known>>().cloned();
        Signed::of(console, caller(parts)?, known).await
    }
}

/// Whose session a request shows.
pub(super) struct Known {
    vs: Arc<VirtualServer>,
    pub(super) session: OperatorSession,
    token: Token,
}

impl Known {
    /// `None` when nobody is signed in.
    pub(super) async fn find(console: &Console, caller: &Caller) -> Result<Option<Self>, Fault> {
        let Some(cookie) = caller.session.clone() else { return Ok(None) };
        let Some(vs) = console.parts.site.load().virtual_server(&cookie.vs).cloned() else { return Ok(None) };
        let found = console.parts.operators.session(&vs.id, &cookie.token, caller.now).await?;
        Ok(found.map(|session| Self { vs, session, token: cookie.token }))
    }
}

impl Signed {
    /// `known` is who was found when it was asked whether they may.
    async fn of(console: &Console, caller: Arc<Caller>, known: Option<Arc<Known>>) -> Result<Self, Turned> {
        let known = match known {
            Some(known) => Some(known),
            None => Known::find(console, &caller).await?.map(Arc::new),
        };
        let Some(known) = known else { return Err(Turned::Away(caller.here.clone())) };
        let (vs, session, token) = (known.vs.clone(), known.session.clone(), known.token.clone());
        // A page is no worse for it when nobody can count.
        let waiting = console.approvals().waiting(&caller.at(&vs.id), &session).await.unwrap_or_default();
        Ok(Self { caller, vs, session, token, waiting })
    }

    /// The frame of a page in the menu's entry `here`.
    pub(super) fn frame(&self, console: &Console, here: &str) -> ConsoleFrame {
        ConsoleFrame {
            language: self.caller.language.clone(),
            brand: self.vs.name.clone(),
            csrf: console.forgery.value(Bond::Operator(&self.token)),
            path_back: self.caller.here.clone(),
            operator: Some(OperatorName::new(&self.session.operator.name, &self.session.operator.role)),
            here: here.to_owned(),
            waiting: self.waiting,
            support_url: self.vs.support_url.clone(),
            base: String::new(),
        }
    }

    /// For what is recorded.
    pub(super) fn by(&self) -> By {
        By {
            operator: self.session.operator.id.clone(),
            name: self.session.operator.name.clone(),
            permissions: self.session.operator.role.permissions,
            api_key: None,
            address: Some(self.caller.address),
            request_id: self.caller.request_id.clone(),
            now: self.caller.now,
            undone: None,
        }
    }

    pub(super) fn may(&self, what: Permission) -> bool {
        self.session.operator.role.permissions.may(what)
    }

    /// Only who may goes on: for what is found out within a page. Whole pages are listed with what they take.
    pub(super) fn must(&self, what: Permission) -> Result<(), Fault> {
        if self.may(what) { Ok(()) } else { Err(Fault::new(ErrorKind::Denied, "the operator's role forbids it")) }
    }

    /// Whether a form's value is this session's.
    pub(super) fn owns(&self, console: &Console, csrf: &str) -> bool {
        console.forgery.check(Bond::Operator(&self.token), csrf)
    }

    /// Whether a form has to ask for password and passcode.
    pub(super) fn proof_fields(&self) -> ProofFields {
        ProofFields { asked: !is_fresh(&self.session, self.caller.now), fault: None }
    }
}

impl SignedPost {
    /// Makes the session fresh by what the form says, if it is not. What is wrong is to be shown with everything that was
    /// typed.
    pub(super) async fn prove(&mut self, console: &Console) -> Result<Result<(), ProofFields>, Fault> {
        let signed = &mut self.signed;
        if is_fresh(&signed.session, signed.caller.now) {
            return Ok(Ok(()));
        }
        let text = |name: &str| Secret::new(self.fields.text(name));
        let proof = Proof { password: text("proof_password"), passcode: text("proof_passcode") };
        let wrong = |key: &str| ProofFields { asked: true, fault: Some(Said::plain(Some("proof"), key)) };
        if proof.password.is_empty() || proof.passcode.is_empty() {
            return Ok(Err(wrong("console-fault-proof-empty")));
        }
        let at = signed.caller.at(&signed.vs.id);
        Ok(match console.parts.operators.reprove(&at, &signed.session, &proof).await? {
            Reproved::Yes => {
                signed.session.proved_at = signed.caller.now;
                Ok(())
            }
            Reproved::NotAccepted => Err(wrong("console-fault-proof")),
            Reproved::Ended => {
                let fault = Fault::new(ErrorKind::Denied, "the session has ended: too many proofs were wrong");
                return Err(Fault { status: StatusCode::SEE_OTHER, ..fault.onward(signin_url(&signed.caller.here)) });
            }
        })
    }
}

impl FromRequest<Shared> for SignedPost {
    type Rejection = Turned;

    async fn from_request(request: Request, console: &Shared) -> Result<Self, Turned> {
        let known = request.extensions().get::<Arc<Known>>().cloned();
        let Sent { caller, fields, provenance } = Sent::read(request).await?;
        if provenance == Provenance::Foreign {
            return Err(forged().into());
        }
        let signed = Signed::of(console, caller, known).await?;
        let ours = signed.owns(console, fields.text("csrf"));
        if ours { Ok(Self { signed, fields }) } else { Err(forged().into()) }
    }
}

impl FromRequest<Shared> for OutsidePost {
    type Rejection = Fault;

    async fn from_request(request: Request, console: &Shared) -> Result<Self, Fault> {
        let Sent { caller, fields, provenance } = Sent::read(request).await?;
        let bond = caller.outside.as_ref().map(Bond::Outside);
        let carried = bond.is_some_and(|bond| console.forgery.check(bond, fields.text("csrf")));
        if carried && provenance != Provenance::Foreign {
            Ok(Self { caller, fields })
        } else {
            let back = caller.here.clone();
            Err(forged().onward(back))
        }
    }
}

impl FromRequest<Shared> for LanguagePost {
    type Rejection = Fault;

    async fn from_request(request: Request, console: &Shared) -> Result<Self, Fault> {
        let Sent { caller, fields, provenance } = Sent::read(request).await?;
        let carries =
            |bond: Option<Bond<'_>>| bond.is_some_and(|bond| console.forgery.check(bond, fields.text("csrf")));
        let ours = match provenance {
            Provenance::Ours => true,
            Provenance::Foreign => false,
            Provenance::Unsaid => {
                let session = caller.session.as_ref().map(|session| &session.token);
                carries(session.map(Bond::Operator)) || carries(caller.outside.as_ref().map(Bond::Outside))
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
        let caller = caller(&parts)?;
        let body = read_body(body).await?;
        // Anything but a form has no fields, so it lacks the value that proves it.
        let form = parts.headers.get(header::CONTENT_TYPE).is_some_and(|value| is_form(value.as_bytes()));
        let fields = if form { Fields::parse_up_to(&body, MOST_FIELDS)? } else { Fields::default() };
        let provenance = provenance(&parts.headers, &caller.origin);
        Ok(Self { caller, fields, provenance })
    }
}

pub(super) fn caller(parts: &Parts) -> Result<Arc<Caller>, Fault> {
    let found = parts.extensions.get::<Arc<Caller>>().cloned();
    found.ok_or_else(|| Fault::new(ErrorKind::Internal, "a request came without its caller"))
}

pub(super) fn forged() -> Fault {
    Fault::new(ErrorKind::CrossSite, "a form is not one of ours, or its page is too old")
}

impl From<OperatorError> for Fault {
    fn from(error: OperatorError) -> Self {
        let kind = match error {
            OperatorError::Busy | OperatorError::Store(_) | OperatorError::Plugin(_) => ErrorKind::Unavailable,
            OperatorError::Forbidden | OperatorError::NotFresh => ErrorKind::Denied,
            OperatorError::NotFound => ErrorKind::NotFound,
            OperatorError::Beyond => ErrorKind::Denied,
            OperatorError::LastAdministrator
            | OperatorError::OwnRole
            | OperatorError::OwnRecovery
            | OperatorError::RoleInUse
            | OperatorError::Conflict
            | OperatorError::Invalid(_) => ErrorKind::BadRequest,
            OperatorError::NoSecondFactor => ErrorKind::Internal,
            OperatorError::Held(id) => return approvals::held(&id),
            OperatorError::TooManyWait => return approvals::too_many(),
        };
        Fault::new(kind, error.to_string())
    }
}

impl From<ManageError> for Fault {
    fn from(error: ManageError) -> Self {
        let kind = match error {
            ManageError::NotFound => ErrorKind::NotFound,
            ManageError::Forbidden => ErrorKind::Denied,
            ManageError::Unavailable(_) | ManageError::Busy => ErrorKind::Unavailable,
            ManageError::Held(id) => return approvals::held(&id),
            ManageError::TooManyWait => return approvals::too_many(),
            _ => ErrorKind::BadRequest,
        };
        Fault::new(kind, error.to_string())
    }
}
