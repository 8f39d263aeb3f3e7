//! Signing in and out, and becoming an operator.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use doorward_access::arrival::ErrorKind;
use doorward_access::cookies::{CookieLife, CookieName};
use doorward_access::operators::{Entered, Finished, Proof, SHORTEST_PASSWORD, Setup, SetupFault, SetupForm};
use doorward_access::site::VirtualServer;
use doorward_api::{Secret, VirtualServerId};
use doorward_views::console::{ConsolePage, Fault as Said, ServerChoice, SetupPage, SignInPage, Told};
use doorward_views::console_access::role_said;
use http::{HeaderMap, StatusCode};

use super::caller::{Caller, SessionCookie};
use super::faces::{link_gone, operator_waits};
use super::signed::{LanguagePost, OutsidePost, SignedPost};
use super::{Console, Shared};
use crate::answer::{Answer, LONG, see_other, with_cookie};
use crate::caller::local_path;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::qr;

/// `GET /signin?next=…`
pub(super) async fn open(
    State(console): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Fields::parse(query.unwrap_or_default().as_bytes())?;
    let next = next(query.text("next"));
    let told = match (query.get("out").is_some(), &caller.session) {
        (true, _) => Some("console-signin-out"),
        // A cookie is there, so somebody was signed in.
        (false, Some(_)) => Some("console-signin-ended"),
        (false, None) if next != "/" => Some("console-signin-again"),
        (false, None) => None,
    };
    let page = SignInPage { next, notice: told.map(Told::new), mild: true, ..SignInPage::default() };
    signin_page(&console, &caller, StatusCode::OK, page)
}

/// A page of the console to go on with; the start page where it is none.
fn next(text: &str) -> String {
    local_path(text).filter(|path| !path.starts_with("/signin")).unwrap_or("/").to_owned()
}

fn signin_page(console: &Console, caller: &Caller, status: StatusCode, page: SignInPage) -> Answer {
    let servers = servers(console);
    let brand = match servers.as_slice() {
        [only] => only.name.clone(),
        _ => String::new(),
    };
    let servers = if servers.len() > 1 { servers } else { Vec::new() };
    console.outside(caller, &brand, status, ConsolePage::SignIn(SignInPage { servers, ..page }))
}

fn servers(console: &Console) -> Vec<ServerChoice> {
    let choice = |server: &Arc<VirtualServer>| ServerChoice { id: server.id.to_string(), name: server.name.clone() };
    let mut choices: Vec<ServerChoice> = console.parts.site.load().virtual_servers.values().map(choice).collect();
    choices.sort_by(|a, b| a.name.cmp(&b.name));
    choices
}

/// `POST /signin`
pub(super) async fn sign_in(State(console): State<Shared>, post: OutsidePost) -> Answer {
    let OutsidePost { caller, fields } = post;
    let next = next(fields.text("next"));
    let site = console.parts.site.load_full();
    let only = site.virtual_servers.values().next().filter(|_| site.virtual_servers.len() == 1);
    let chosen = site.virtual_server(&VirtualServerId::from(fields.text("server")));
    let Some(vs) = only.or(chosen) else {
        return Err(Fault::new(ErrorKind::BadRequest, "no such virtual server"));
    };
    let name = fields.text("name");
    let proof =
        Proof { password: Secret::new(fields.text("password")), passcode: Secret::new(fields.text("passcode")) };
    let notice = match console.parts.operators.sign_in(&caller.at(&vs.id), name, &proof).await? {
        Entered::Welcome { session } => return welcome(&caller, &vs.id, session, &next),
        Entered::NotAccepted => Told::new("console-signin-refused"),
        Entered::Waits { until } => Told::new("console-signin-waits").when(until),
    };
    let page = SignInPage {
        name: name.to_owned(),
        server: vs.id.to_string(),
        next,
        notice: Some(notice),
        ..SignInPage::default()
    };
    signin_page(&console, &caller, StatusCode::OK, page)
}

/// In: with a new session and without what belonged to the browser before.
fn welcome(caller: &Caller, vs: &VirtualServerId, token: doorward_api::Token, next: &str) -> Answer {
    let session = SessionCookie { vs: vs.clone(), token };
    let response = with_cookie(see_other(next)?, session.set(caller.cookies));
    Ok(with_cookie(response, caller.cookies.clear(CookieName::ConsoleForm)))
}

/// `POST /signout`
pub(super) async fn sign_out(State(console): State<Shared>, post: SignedPost) -> Answer {
    let signed = post.signed;
    console.parts.operators.sign_out(&signed.caller.at(&signed.vs.id), &signed.session).await?;
    Ok(with_cookie(see_other("/signin?out")?, signed.caller.cookies.clear(CookieName::Console)))
}

/// `GET /setup/{token}`
pub(super) async fn setup(
    State(console): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(link): Path<String>,
) -> Answer {
    match found(&console, &caller, &link).await? {
        Some((vs, setup)) => setup_page(&console, &caller, (&vs, setup), &link, SetupPage::default()),
        None => link_gone(&console, &caller),
    }
}

/// The virtual server of a link, and what its page shows: links are looked for in each.
async fn found(console: &Console, caller: &Caller, link: &str) -> Result<Option<(Arc<VirtualServer>, Setup)>, Fault> {
    let site = console.parts.site.load_full();
    for vs in site.virtual_servers.values() {
        let kept = caller.kept.as_deref();
        if let Some(setup) = console.parts.operators.setup(&caller.at(&vs.id), &vs.name, link, kept).await? {
            return Ok(Some((vs.clone(), setup)));
        }
    }
    Ok(None)
}

fn setup_page(
    console: &Console,
    caller: &Caller,
    (vs, setup): (&VirtualServer, Setup),
    link: &str,
    page: SetupPage,
) -> Answer {
    let status = if page.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = SetupPage {
        action: format!("/setup/{link}"),
        role: role_said(&setup.role),
        anew: setup.name.is_some(),
        name: setup.name.unwrap_or(page.name),
        uri: setup.uri.expose().to_owned(),
        key: setup.key.expose().to_owned(),
        qr_svg: qr::svg(setup.uri.expose()),
        least: SHORTEST_PASSWORD,
        ..page
    };
    let response = console.outside(caller, &vs.name, status, ConsolePage::Setup(Box::new(page)))?;
    Ok(with_cookie(response, caller.cookies.set(CookieName::ConsoleSetup, &setup.keep, CookieLife::Browser)))
}

/// `POST /setup/{token}`
pub(super) async fn finish(State(console): State<Shared>, Path(link): Path<String>, post: OutsidePost) -> Answer {
    let OutsidePost { caller, fields } = post;
    let Some((vs, setup)) = found(&console, &caller, &link).await? else { return link_gone(&console, &caller) };
    let secret = |name: &str| Secret::new(fields.text(name));
    let form = SetupForm {
        name: fields.text("name").to_owned(),
        password: secret("password"),
        again: secret("again"),
        passcode: secret("passcode"),
    };
    let done = console.parts.operators.finish(&caller.at(&vs.id), &link, caller.kept.as_deref(), &form).await?;
    match done {
        Finished::Done { session } => {
            let response = welcome(&caller, &vs.id, session, "/")?;
            Ok(with_cookie(response, caller.cookies.clear(CookieName::ConsoleSetup)))
        }
        Finished::Waits => {
            let response = operator_waits(&console, &caller)?;
            Ok(with_cookie(response, caller.cookies.clear(CookieName::ConsoleSetup)))
        }
        Finished::Wrong(faults) => {
            let faults = faults.into_iter().map(said).collect();
            let page = SetupPage { name: form.name, faults, ..SetupPage::default() };
            setup_page(&console, &caller, (&vs, setup), &link, page)
        }
        Finished::Gone => link_gone(&console, &caller),
    }
}

/// What is wrong, and with which field.
pub(super) fn said(fault: SetupFault) -> Said {
    let (field, label, key) = match fault {
        SetupFault::Name => ("name", "console-signin-name", "console-fault-name"),
        SetupFault::NameTaken => ("name", "console-signin-name", "console-fault-name-taken"),
        SetupFault::PasswordLength => ("password", "password-label", "console-fault-password-length"),
        SetupFault::PasswordIsName => ("password", "password-label", "console-fault-password-is-name"),
        SetupFault::Differs => ("again", "console-password-again", "console-fault-differs"),
        SetupFault::Passcode => ("passcode", "console-passcode", "console-fault-passcode"),
    };
    Said::plain(Some(field), key).called([label])
}

/// `POST /language`
pub(super) async fn language(State(console): State<Shared>, post: LanguagePost) -> Answer {
    let response = see_other(local_path(post.fields.text("back")).unwrap_or("/"))?;
    let wanted = post.fields.text("language");
    Ok(match console.parts.views.languages().iter().find(|language| **language == wanted) {
        Some(language) => with_cookie(response, post.caller.cookies.set(CookieName::Language, language, LONG)),
        None => response,
    })
}

/// `GET /assets/{file}?v=…`
pub(super) async fn asset(
    State(console): State<Shared>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    crate::pages::asset::answer(&console.parts.views, &file, query.as_deref(), &headers)
}
