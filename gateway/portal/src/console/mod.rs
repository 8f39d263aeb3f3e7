//! The operators' console: its own listener, hosts, cookies and sessions (SEC 5.11). Pages are rendered here; what is decided
//! is decided in `access::operators` and `access::manage`.
//!
//! A request takes the same way through every page: the [`caller`] is found, then who is signed in ([`signed`]), then a form
//! is read and proved to be our own. A page that cannot be made is a [`Fault`](crate::fault::Fault) and gets its face in one
//! place ([`faces`]).

mod account;
mod appearance;
mod approvals;
mod caller;
mod changes;
mod door;
mod entered;
mod faces;
mod grants;
mod groups;
mod guard;
mod imports;
mod keys;
mod mailbox;
mod overview;
mod panels;
mod past;
mod policies;
mod provisioning;
mod provisioning_rules;
mod records;
mod roles;
mod rules;
mod settings;
mod signed;
mod staff;
mod tokens;
mod upload;
mod users;
mod verification;
mod words;

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use doorward_access::arrival::{ConsoleArrival, ErrorKind, ErrorPage};
use doorward_access::cookies::CookieNames;
use doorward_access::manage::Manager;
use doorward_access::operators::OperatorDesk;
use doorward_access::site::SharedSite;
use doorward_api::keys::{MasterKey, Purpose};
use doorward_api::ports::{Clock, Entropy};
use doorward_api::{Module, Timestamp, VirtualServerId};
use doorward_views::Views;
use doorward_views::console_enrolment::REQUESTS;
use doorward_views::console_past::{AUDIT, FUNNEL, HISTORY, MISSING};
use doorward_views::console_policies::{CASES, DECISIONS, EXPLAIN, POLICIES, REPLAY, SHADOW};
use http::StatusCode;
use tower::ServiceExt;
use tracing::Instrument;

use crate::answer::{Answer, see_other};
use crate::csrf::Forgery;
use crate::fault::Fault;
use crate::headers;
use crate::needs::Takes;
use crate::supposed::JudgedPath;
use caller::Caller;
use guard::Pages;
use panels::PANELS;
use signed::Signed;

pub(crate) use caller::{SessionCookie, origin};
pub use mailbox::{Mailbox, ReceivedMail};

/// The hosts that certificates are served for, and when each ends.
pub type Certificates = Arc<dyn Fn() -> Vec<(String, Timestamp)> + Send + Sync>;

/// Since when mail of a virtual server waits to leave, where it has waited for too long.
pub type LateMail = Arc<dyn Fn(&VirtualServerId) -> Option<Timestamp> + Send + Sync>;

/// Everything the console's pages call.
#[derive(Clone)]
pub struct ConsoleParts {
    /// The site in force: names of virtual servers, policies.
    pub site: SharedSite,
    /// Operators and their sessions.
    pub operators: Arc<OperatorDesk>,
    /// What they do.
    pub manager: Arc<Manager>,
    /// Models to pages.
    pub views: Arc<Views>,
    /// Now.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The master key, for anti-forgery values.
    pub keys: MasterKey,
    /// `https://console.example.org`, behind a front that speaks TLS; `None`: plain HTTP, on loopback.
    pub origin: Option<String>,
    /// What the start page says of certificates.
    pub certificates: Certificates,
    /// What it says of mail.
    pub late_mail: LateMail,
    /// Paths as policies are shown them.
    pub judged: JudgedPath,
}

/// The parts in use.
pub(crate) struct Console {
    parts: ConsoleParts,
    forgery: Forgery,
    imports: imports::Jobs,
}

type Shared = Arc<Console>;

impl Console {
    /// `__Host-` and `Secure` where operators come over TLS.
    fn cookies(&self) -> CookieNames {
        CookieNames::new(self.parts.origin.as_deref().is_some_and(|origin| origin.starts_with("https://")))
    }
}

/// The route table of the console, with the demo's mailbox where one is given. The listener puts a [`ConsoleArrival`] into
/// each request's extensions; for an outcome of its own it adds an [`ErrorPage`].
pub fn router(parts: ConsoleParts, mailbox: Option<Arc<dyn Mailbox>>) -> Router {
    let forgery = Forgery::new(parts.keys.mac(Purpose::Csrf));
    let console = Arc::new(Console { parts, forgery, imports: imports::Jobs::default() });
    let api = crate::api::routes(&console.parts);
    let house = House { routes: routes(console.clone()), console };
    let pages = Router::new().nest_service("/api", api).fallback(serve).with_state(Arc::new(house));
    match mailbox {
        Some(mailbox) => mailbox::router(mailbox).fallback_service(pages),
        None => pages,
    }
}

/// The routes, and what they share.
struct House {
    console: Shared,
    routes: Router,
}

fn routes(console: Shared) -> Router {
    let mut pages = Pages::of(&console)
        .route("/", Takes::a_session(), get(overview::start))
        .route("/signin", Takes::nothing(), get(door::open).post(door::sign_in))
        .route("/signout", Takes::a_session(), get(|_: Signed| back_to("/")).post(door::sign_out))
        .route("/setup/{token}", Takes::nothing(), get(door::setup).post(door::finish))
        .route("/language", Takes::nothing(), get(|| back_to("/")).post(door::language))
        .route("/assets/{file}", Takes::nothing(), get(door::asset))
        .route(
            "/settings/self-provisioning/preview",
            Takes::look(Module::SelfProvisioning),
            get(|_: Signed| back_to("/settings/self-provisioning")).post(settings::preview),
        )
        .route("/operators", Takes::look(Module::Operators), get(staff::list))
        .route(
            "/operators/invite",
            Takes::edit(Module::Operators),
            get(|_: Signed| back_to("/operators")).post(staff::invite),
        )
        .route(
            "/operators/invitations/{id}/withdraw",
            Takes::edit(Module::Operators),
            get(staff::ask_withdraw).post(staff::withdraw),
        )
        .route("/operators/{id}", Takes::look_and_edit(Module::Operators), get(staff::one).post(staff::change))
        .route(
            "/operators/{id}/recovery",
            Takes::edit(Module::Operators),
            get(staff::ask_recovery).post(staff::recover),
        )
        .route(roles::HERE, Takes::look(Module::Roles), get(roles::list))
        .route("/operators/roles/new", Takes::edit(Module::Roles), get(roles::ask_new).post(roles::add))
        .route("/operators/roles/{id}", Takes::look_and_edit(Module::Roles), get(roles::one).post(roles::change))
        .route("/operators/roles/{id}/delete", Takes::delete(Module::Roles), get(roles::ask_delete).post(roles::delete))
        .route(keys::HERE, Takes::look(Module::ApiKeys), get(keys::list))
        .route("/operators/keys/new", Takes::edit(Module::ApiKeys), get(keys::ask_new).post(keys::add))
        .route("/operators/keys/{id}/revoke", Takes::delete(Module::ApiKeys), get(keys::ask_revoke).post(keys::revoke))
        .route(approvals::HERE, Takes::a_session(), get(approvals::list))
        .route("/approvals/{id}", Takes::a_session(), get(approvals::one).post(approvals::decide))
        .route("/account", Takes::a_session(), get(account::show).post(account::change))
        .route(rules::HERE, Takes::look(Module::SelfProvisioning), get(rules::list))
        .route(
            "/settings/enrolment-rules/new",
            Takes::edit(Module::SelfProvisioning),
            get(rules::ask_new).post(rules::add),
        )
        .route(
            "/settings/enrolment-rules/{place}/{task}",
            Takes::edit(Module::SelfProvisioning),
            get(rules::ask).post(rules::act),
        )
        .route(appearance::LOGO, Takes::edit(Module::Appearance), get(appearance::ask_logo).post(appearance::send_logo))
        .route(
            appearance::LOGO_REMOVE,
            Takes::edit(Module::Appearance),
            get(appearance::ask_no_logo).post(appearance::remove_logo),
        )
        .route(appearance::PICTURE, Takes::look(Module::Appearance), get(appearance::picture))
        .route(words::HERE, Takes::look_and_edit(Module::Appearance), get(words::open).post(words::save))
        .route(words::RESET, Takes::edit(Module::Appearance), get(words::ask_reset).post(words::reset))
        .route(REQUESTS, Takes::look(Module::Users), get(grants::list))
        .route("/users", Takes::look(Module::Users), get(users::list))
        .route("/users/new", Takes::edit(Module::Users), get(users::ask_new).post(users::add))
        .route("/users/{id}", Takes::look(Module::Users), get(users::one))
        .route("/users/{id}/{task}", Takes::task(users::takes), get(users::ask).post(users::act))
        .route("/users/{id}/verification/{push}", Takes::edit(Module::Users), get(verification::look))
        .route("/tokens", Takes::look(Module::Tokens), get(tokens::list))
        .route("/tokens/{id}", Takes::look(Module::Tokens), get(tokens::one))
        .route("/tokens/{id}/{task}", Takes::task(tokens::takes), get(tokens::ask).post(tokens::act))
        .route("/groups", Takes::look(Module::Groups), get(groups::list))
        .route("/groups/new", Takes::edit(Module::Groups), get(groups::ask_new).post(groups::add))
        .route("/groups/{id}", Takes::look(Module::Groups), get(groups::one))
        .route("/groups/{id}/{task}", Takes::task(groups::takes), get(groups::ask).post(groups::act))
        .route(POLICIES, Takes::look(Module::AccessPolicies), get(policies::list))
        .route(EXPLAIN, Takes::look(Module::AccessPolicies), get(policies::explain))
        .route(policies::NAMES, Takes::look(Module::Users), get(policies::names))
        .route(CASES, Takes::look(Module::AccessPolicies), get(policies::cases).post(policies::run_cases))
        .route(REPLAY, Takes::look(Module::AccessPolicies), get(policies::ask_replay).post(policies::run_replay))
        .route(SHADOW, Takes::look(Module::AccessPolicies), get(policies::shadow))
        .route(DECISIONS, Takes::look(Module::AccessPolicies), get(policies::decisions))
        .route(AUDIT, Takes::look(Module::Audit), get(past::audit))
        .route("/logs/audit.csv", Takes::export(Module::Audit), get(past::audit_csv))
        .route("/logs/audit.json", Takes::export(Module::Audit), get(past::audit_json))
        .route(HISTORY, Takes::look(Module::Reports), get(past::history))
        .route("/reports/enrolments.csv", Takes::export(Module::Reports), get(past::history_csv))
        .route("/reports/enrolments.json", Takes::export(Module::Reports), get(past::history_json))
        .route(FUNNEL, Takes::look(Module::Reports), get(past::funnel))
        .route(MISSING, Takes::look(Module::Reports), get(past::missing))
        .route(provisioning::HERE, Takes::look(Module::Provisioning), get(provisioning::list))
        .route(
            "/provisioning/new",
            Takes::edit(Module::Provisioning),
            get(provisioning::ask_new).post(provisioning::add),
        )
        .route(provisioning_rules::HERE, Takes::look(Module::Provisioning), get(provisioning_rules::list))
        .route(
            "/provisioning/rules/new",
            Takes::edit(Module::Provisioning),
            get(provisioning_rules::ask_new).post(provisioning_rules::add),
        )
        .route(
            "/provisioning/rules/{place}/{task}",
            Takes::edit(Module::Provisioning),
            get(provisioning_rules::ask).post(provisioning_rules::act),
        )
        .route("/provisioning/{task}", Takes::look(Module::Provisioning), get(provisioning::one))
        .route(
            "/provisioning/{task}/{what}",
            Takes::edit(Module::Provisioning),
            get(provisioning::ask).post(provisioning::act),
        )
        .route(
            "/provisioning/{task}/users/{user}/{what}",
            Takes::edit(Module::Users),
            get(provisioning::ask_of_user).post(provisioning::act_on_user),
        )
        .route(
            "/users/{id}/provision",
            Takes::edit(Module::Users),
            get(provisioning::ask_one).post(provisioning::add_one),
        )
        .route("/import", Takes::edit(Module::Provisioning), get(imports::open).post(imports::send))
        .route("/import/{id}", Takes::edit(Module::Provisioning), get(imports::look));
    for panel in &PANELS {
        let (edit, module) = (format!("{}/edit", panel.path), panel.kind.module());
        pages = pages
            .route(
                panel.path,
                Takes::look_and_edit(module),
                get(move |state, signed, query| settings::read(panel, state, signed, query))
                    .post(move |state, post| settings::save(panel, state, post)),
            )
            .route(&edit, Takes::edit(module), get(move |state, signed| settings::edit(panel, state, signed)));
    }
    let routes = pages.all();
    routes.fallback(not_found).method_not_allowed_fallback(wrong_method).with_state(console)
}

async fn serve(State(house): State<Arc<House>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let (console, outcome) = (&house.console, parts.extensions.remove::<ErrorPage>());
    let arrival = parts.extensions.remove::<ConsoleArrival>().or_else(|| outcome.as_ref().map(hardly_arrived));
    let Some(arrival) = arrival else {
        tracing::error!("a request came to the console without its arrival");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let caller = Arc::new(Caller::new(console, arrival, &parts));
    let mut response = match outcome {
        Some(page) => faces::outcome(console, &caller, page.kind, page.status, None),
        None => {
            parts.extensions.insert(caller.clone());
            let response = in_a_task(house.routes.clone(), &caller, Request::from_parts(parts, body)).await;
            faces::faced(console, &caller, response)
        }
    };
    headers::dress(&mut response, false);
    response
}

/// A request that was refused before anything was found out of it but its id.
fn hardly_arrived(page: &ErrorPage) -> ConsoleArrival {
    ConsoleArrival { request_id: page.request_id.clone(), client: Ipv4Addr::UNSPECIFIED.into() }
}

/// As on the portal: what a request has begun is finished when its client has gone away, and a panic ends the task alone.
async fn in_a_task(routes: Router, caller: &Caller, request: Request) -> Response {
    let span = tracing::info_span!("console", request_id = caller.request_id);
    match tokio::spawn(routes.oneshot(request).instrument(span)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(broken) => Fault::new(ErrorKind::Internal, format!("a page's task broke off: {broken}")).into_response(),
    }
}

/// Whoever looks at what a form is sent to, as after a reload, comes to the page on which the form stands.
async fn back_to(page: &'static str) -> Answer {
    see_other(page)
}

async fn not_found() -> Fault {
    Fault::new(ErrorKind::NotFound, "no such page")
}

async fn wrong_method() -> Fault {
    Fault::new(ErrorKind::Method, "no such method here")
}
