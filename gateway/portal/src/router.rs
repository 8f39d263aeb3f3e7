//! The whole route table, and what surrounds it: every request is answered, every fault gets a face, every answer its
//! headers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use doorward_access::arrival::{Arrival, ErrorKind, ErrorPage};
use doorward_access::site::{HostRole, VirtualServer};
use doorward_views::{Chrome, MessageKind, MessagePage};
use http::{HeaderValue, StatusCode, header};
use tower::ServiceExt;
use tracing::Instrument;

use crate::answer::html;
use crate::authenticator::{self, at_authenticator, calls as device_calls};
use crate::caller::{Caller, RESERVED, language};
use crate::fault::Fault;
use crate::headers;
use crate::pages::{
    appearance, asset, by_mail, dispute, enrol, enter, language as language_choice, own, passkeys, signin, start,
};
use crate::parts::{Portal, PortalParts, Shared};

/// On the portal's host every path is ours.
fn portal_routes(portal: Shared) -> Router {
    Router::new()
        .route("/", get(start::start))
        .route("/signout", post(start::sign_out))
        .route("/signed-out", get(start::signed_out))
        .route("/signed-out/everywhere", get(own::signed_out))
        .route("/sign-out-everywhere", get(own::ask_everywhere).post(own::everywhere))
        .route("/authenticators", get(own::all))
        .route("/authenticators/add", get(own::ask_add).post(own::add))
        .route("/authenticators/reported", get(own::reported))
        .route("/authenticators/replaced", get(own::replaced))
        .route("/authenticators/{id}", get(own::one))
        .route("/authenticators/{id}/name", post(own::rename))
        .route("/authenticators/{id}/test", post(own::test))
        .route("/authenticators/{id}/resync", post(own::resync))
        .route("/authenticators/{id}/pin", post(own::pin))
        .route("/authenticators/{id}/lost", get(own::ask_lost).post(own::lost))
        .route("/authenticators/{id}/remove", get(own::ask_remove).post(own::remove))
        .route("/passkeys", get(passkeys::all))
        .route("/passkeys/add", get(passkeys::ask_add).post(passkeys::add))
        .route("/passkeys/{id}/name", post(passkeys::rename))
        .route("/passkeys/{id}/remove", get(passkeys::ask_remove).post(passkeys::remove))
        .route("/recovery-codes", get(own::ask_codes).post(own::make_codes))
        .route("/signin", get(signin::open).post(signin::name))
        .route("/signin/step", get(signin::step))
        .route("/signin/password", post(signin::password))
        .route("/signin/passcode", post(signin::passcode))
        .route("/signin/passkey", post(signin::passkey))
        .route("/signin/push", post(signin::push))
        .route("/signin/push/finish", post(signin::push_finish))
        .route("/signin/push/cancel", post(signin::push_cancel))
        .route("/signin/new-pin", post(signin::new_pin))
        .route("/signin/switch", post(signin::switch))
        .route("/signin/cancel", post(signin::cancel))
        .route("/enrol/add", post(enrol::add))
        .route("/enrol/later", post(enrol::later))
        .route("/enrol/code", post(enrol::code))
        .route("/enrol/resend", post(enrol::resend))
        .route("/enrol/ask-approval", post(enrol::ask_approval))
        .route("/enrol/go-on", post(enrol::go_on))
        .route("/enrol/help-desk-code", post(enrol::help_desk_code))
        .route("/enrol/target", post(enrol::target))
        .route("/enrol/new-code", post(enrol::new_code))
        .route("/enrol/kind", post(enrol::kind))
        .route("/enrol/installed", post(enrol::installed))
        .route("/enrol/device", post(enrol::device))
        .route("/enrol/continue", post(enrol::to_passcode))
        .route("/enrol/back", post(enrol::back))
        .route("/enrol-by-mail/done", get(by_mail::done))
        .route("/enrol-by-mail/over", get(by_mail::over))
        .route("/enrol-by-mail/{link}", get(by_mail::look).post(by_mail::begin))
        .route("/notice/done", get(dispute::done))
        .route("/notice/{token}", get(dispute::look).post(dispute::confirm))
        .route("/language", post(language_choice::choose))
        .route("/.doorward/p/{plugin}", get(device_calls::call_at_portal).post(device_calls::call_at_portal))
        .route("/assets/{file}", get(asset::asset))
        .route("/appearance/{file}", get(appearance::file))
        .merge(assets_anywhere())
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .with_state(portal)
}

/// On an application's host the paths below `/.doorward/` are.
fn app_routes(portal: Shared) -> Router {
    Router::new()
        .route("/.doorward/enter", get(enter::enter))
        .route("/.doorward/language", post(language_choice::choose))
        .route("/.doorward/appearance/{file}", get(appearance::file))
        .merge(assets_anywhere())
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .with_state(portal)
}

/// What a page is made with that belongs to no host, since the request has none or it is not ours (HO-03).
pub(crate) fn assets_anywhere() -> Router<Shared> {
    Router::new().route("/.doorward/assets/{file}", get(asset::asset))
}

/// The pages of the portal's and the applications' hosts. The proxy puts an [`Arrival`] into each request's extensions;
/// for an outcome of its own it adds an [`ErrorPage`].
pub fn router(parts: PortalParts) -> Router {
    let portal = Portal::new(parts);
    let house = House {
        portal_routes: portal_routes(portal.clone()),
        app_routes: app_routes(portal.clone()),
        authenticator_routes: authenticator::routes(portal.clone()),
        assets: assets_anywhere().fallback(without_arrival).with_state(portal.clone()),
        portal,
    };
    Router::new().fallback(serve).with_state(Arc::new(house))
}

/// The portal, and what of it is reached through which host.
struct House {
    portal: Shared,
    portal_routes: Router,
    app_routes: Router,
    authenticator_routes: Router,
    assets: Router,
}

async fn serve(State(house): State<Arc<House>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let arrival = parts.extensions.remove::<Arrival>();
    let look = match &arrival {
        Some(arrival) => house.portal.look(&virtual_server(&arrival.role).id).await,
        None => Arc::default(),
    };
    let language = language(&house.portal, &look, &parts.headers);
    let caller = arrival.map(|arrival| Arc::new(Caller::new(&house.portal, arrival, look, &parts)));
    let response = match (parts.extensions.remove::<ErrorPage>(), &caller) {
        (Some(page), _) => Outcome::Page(page).face(&house.portal, caller.as_deref(), language),
        (None, Some(caller)) => {
            parts.extensions.insert(caller.clone());
            let response = in_a_task(house.routes(caller), caller, Request::from_parts(parts, body)).await;
            faced(&house.portal, caller, response)
        }
        (None, None) => {
            let Ok(mut response) = house.assets.clone().oneshot(Request::from_parts(parts, body)).await;
            match response.extensions_mut().remove::<Fault>() {
                Some(fault) => Outcome::Fault(fault).face(&house.portal, None, language),
                None => response,
            }
        }
    };
    dressed(caller.as_deref(), response)
}

const fn virtual_server(role: &HostRole) -> &Arc<VirtualServer> {
    match role {
        HostRole::Portal(vs) | HostRole::Authenticator(vs) | HostRole::App(vs, _) => vs,
    }
}

impl House {
    fn routes(&self, caller: &Caller) -> Router {
        match caller.arrival.role {
            HostRole::Portal(_) => self.portal_routes.clone(),
            HostRole::App(..) => self.app_routes.clone(),
            HostRole::Authenticator(_) => self.authenticator_routes.clone(),
        }
    }
}

/// Each request runs in a task of its own: what it has begun is finished when the client has gone away, and a panic ends
/// the task and nothing else.
async fn in_a_task(routes: Router, caller: &Caller, request: Request) -> Response {
    let span = tracing::info_span!("page", request_id = caller.visit.request_id);
    let task = tokio::spawn(routes.oneshot(request).instrument(span));
    match task.await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(broken) => Fault::new(ErrorKind::Internal, format!("a page's task broke off: {broken}")).into_response(),
    }
}

pub(crate) async fn not_found() -> Fault {
    Fault::new(ErrorKind::NotFound, "no such page")
}

async fn without_arrival() -> Fault {
    Fault::new(ErrorKind::Internal, "a request came without its arrival")
}

pub(crate) async fn wrong_method() -> Fault {
    Fault::new(ErrorKind::Method, "no such method here")
}

/// Gives a fault its page. `Allow` stays.
fn faced(portal: &Portal, caller: &Caller, mut response: Response) -> Response {
    let Some(fault) = response.extensions_mut().remove::<Fault>() else { return response };
    let allow = response.headers_mut().remove(header::ALLOW);
    let mut page = Outcome::Fault(fault).face(portal, Some(caller), caller.visit.language.clone());
    if let Some(allow) = allow {
        page.headers_mut().insert(header::ALLOW, allow);
    }
    page
}

fn dressed(caller: Option<&Caller>, mut response: Response) -> Response {
    let at_authenticator = caller.is_some_and(at_authenticator);
    // An application's host is the application's: whether it is only ever reached over TLS is not ours to promise.
    let ours = |caller: &Caller| caller.at_portal() || at_authenticator;
    let strict_transport = caller.is_some_and(|caller| caller.arrival.secure && ours(caller));
    match at_authenticator {
        true => headers::dress_app(&mut response, strict_transport),
        false => headers::dress(&mut response, strict_transport),
    }
    response
}

/// What there is no page of its own for.
enum Outcome {
    /// The proxy met it.
    Page(ErrorPage),
    /// A handler did.
    Fault(Fault),
}

impl Outcome {
    fn face(self, portal: &Portal, caller: Option<&Caller>, language: String) -> Response {
        let wait = self.wait();
        let (kind, status, request_id, onward) = self.facts(caller);
        let chrome = match caller {
            Some(caller) => portal.chrome(caller, caller.bond()),
            None => Chrome { language, brand: "Doorward".to_owned(), base: RESERVED.to_owned(), ..Chrome::default() },
        };
        let page = MessagePage {
            kind: waits(wait, caller).unwrap_or_else(|| message(kind, caller)),
            status: status.as_u16(),
            request_id,
            continue_url: onward.or_else(|| way_on(kind, caller)),
        };
        let mut response = match portal.parts.views.message(&page, &chrome) {
            Ok(body) => html(status, &chrome.language, body),
            Err(error) => plain(status, &error),
        };
        if let Some(seconds) = wait.or_else(|| kind.retry_after()) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// In how many seconds trying again is worth it, where the fault itself knows: rounded up, and never none.
    fn wait(&self) -> Option<u64> {
        let Outcome::Fault(Fault { retry_after: Some(wait), .. }) = self else { return None };
        Some(wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1))
    }

    fn facts(self, caller: Option<&Caller>) -> (ErrorKind, StatusCode, Option<String>, Option<String>) {
        match self {
            Outcome::Page(page) => (page.kind, page.status, Some(page.request_id), None),
            Outcome::Fault(fault) => {
                let request_id = caller.map(|caller| caller.visit.request_id.clone());
                fault.log(request_id.as_deref().unwrap_or("-"));
                (fault.kind, fault.status, request_id, fault.onward)
            }
        }
    }
}

/// The page about a page that cannot be made.
fn plain(status: StatusCode, error: &doorward_views::ViewsError) -> Response {
    tracing::error!(cause = %error, "an error's page failed");
    (status, format!("{status}\n")).into_response()
}

/// Where a person may go on, so that no page is a dead end.
fn way_on(kind: ErrorKind, caller: Option<&Caller>) -> Option<String> {
    let caller = caller?;
    match kind {
        ErrorKind::Denied => Some(format!("{}/", caller.vs().portal_origin)),
        ErrorKind::NotFound | ErrorKind::Method | ErrorKind::CrossSite | ErrorKind::BadRequest => Some("/".to_owned()),
        _ => None,
    }
}

/// The page that says until when, where that is known.
fn waits(seconds: Option<u64>, caller: Option<&Caller>) -> Option<MessageKind> {
    Some(MessageKind::AddressWaits { until: caller?.visit.now + Duration::from_secs(seconds?) })
}

fn message(kind: ErrorKind, caller: Option<&Caller>) -> MessageKind {
    match kind {
        ErrorKind::Denied => MessageKind::Denied { app_name: caller.and_then(app_name) },
        ErrorKind::CrossSite => MessageKind::CrossSite,
        ErrorKind::BadRequest => MessageKind::BadRequest,
        ErrorKind::NotFound => MessageKind::NotFound,
        ErrorKind::Method => MessageKind::Method,
        ErrorKind::TooLarge => MessageKind::TooLarge,
        ErrorKind::UnknownHost => MessageKind::UnknownHost,
        ErrorKind::TooMany => MessageKind::TooMany,
        ErrorKind::Upstream => MessageKind::Upstream,
        ErrorKind::UpstreamTimeout => MessageKind::UpstreamTimeout,
        ErrorKind::Unavailable => MessageKind::Unavailable,
        ErrorKind::Internal => MessageKind::Internal,
    }
}

fn app_name(caller: &Caller) -> Option<String> {
    match &caller.arrival.role {
        HostRole::App(_, app) => Some(app.name.clone()),
        HostRole::Portal(_) | HostRole::Authenticator(_) => None,
    }
}
