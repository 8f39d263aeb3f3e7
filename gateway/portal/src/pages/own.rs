//! The user's own page: their authenticators, recovery codes for the day when they are gone, and the way out everywhere.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use doorward_access::arrival::ErrorKind;
use doorward_access::cookies::CookieName;
use doorward_access::own::{OwnError, OwnRecovery, OwnSaid, OwnState, OwnToken, PinForm, Refusal, Stepped};
use doorward_api::flow::Notice;
use doorward_api::{CredentialId, Secret, SessionId};
use doorward_views::{
    Chrome, MessageKind, MessagePage, OwnCan, OwnCodesPage, OwnDone, OwnPage, OwnProblem, OwnRecoveryPage,
    OwnRecoveryView, OwnSaid as SaidView, OwnTask, OwnTokenPage, OwnTokenRow, OwnTokenState, OwnWrong,
};
use http::StatusCode;

use crate::answer::{Answer, html, see_other, to_step, with_cookie};
use crate::caller::Caller;
use crate::csrf::Bond;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::pages::start::signed_in;
use crate::parts::{Portal, Shared};
use crate::post::SessionPost;

const ALL: &str = "/authenticators";

const ADD: &str = "/authenticators/add";

const CODES: &str = "/recovery-codes";

/// `GET /authenticators`.
pub(crate) async fn all(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Fields::parse(query.unwrap_or_default().as_bytes())?;
    let said = query.filled("done").and_then(OwnSaid::parse).map(said_view);
    let page = match list(&portal, &caller).await {
        Ok(page) => OwnPage { said, ..page },
        Err(error) => return elsewhere(error),
    };
    let Some(chrome) = framed(&portal, &caller, ALL).await? else { return see_other("/signin") };
    let body = portal.parts.views.own(&page, &chrome)?;
    Ok(html(StatusCode::OK, &chrome.language, body))
}

async fn list(portal: &Portal, caller: &Caller) -> Result<OwnPage, OwnError> {
    let tokens = portal.owner.tokens(&caller.visit).await?;
    let recovery = portal.owner.recovery(&caller.visit).await?;
    let add = portal.owner.adding(&caller.visit).await?.is_some();
    let tokens = tokens.iter().map(row).collect();
    let passkeys = portal.owner.has_passkeys();
    Ok(OwnPage { tokens, recovery: recovery.map(recovery_view), passkeys, add, said: None })
}

const fn said_view(said: OwnSaid) -> SaidView {
    match said {
        OwnSaid::Added => SaidView::Added,
        OwnSaid::NotAdded => SaidView::NotAdded,
        OwnSaid::Removed => SaidView::Removed,
    }
}

/// `GET /authenticators/add`: what adding another means. Nothing is begun by looking.
pub(crate) async fn ask_add(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    let proved = match portal.owner.adding(&caller.visit).await {
        Ok(Some(proved)) => proved,
        Ok(None) => return see_other(&OwnSaid::NotAdded.url()),
        Err(error) => return elsewhere(error),
    };
    let Some(chrome) = framed(&portal, &caller, ADD).await? else { return see_other("/signin") };
    let body = portal.parts.views.own_add(proved, &chrome)?;
    Ok(html(StatusCode::OK, &chrome.language, body))
}

/// `POST /authenticators/add`: to the wizard, or to the passcode page first.
pub(crate) async fn add(State(portal): State<Shared>, post: SessionPost) -> Answer {
    match portal.owner.add(&post.caller.visit).await {
        Ok(browser) => to_step(&post.caller, &browser),
        Err(OwnError::Refused(_)) => see_other(&OwnSaid::NotAdded.url()),
        Err(error) => elsewhere(error),
    }
}

/// `GET /authenticators/{id}/remove`: can they do without it? Nothing is done by looking.
pub(crate) async fn ask_remove(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(id): Path<String>,
) -> Answer {
    let id = CredentialId::from(id);
    let (token, proved) = match portal.owner.removing(&caller.visit, &id).await {
        Ok(found) => found,
        Err(OwnError::Refused(_)) => return see_other(&address(&id)),
        Err(error) => return elsewhere(error),
    };
    let Some(chrome) = framed(&portal, &caller, &address(&id)).await? else { return see_other("/signin") };
    let body = portal.parts.views.own_remove(&row(&token), proved, &chrome)?;
    Ok(html(StatusCode::OK, &chrome.language, body))
}

/// `POST /authenticators/{id}/remove`.
pub(crate) async fn remove(State(portal): State<Shared>, Path(id): Path<String>, post: SessionPost) -> Answer {
    let id = CredentialId::from(id);
    match portal.owner.remove(&post.caller.visit, &id).await {
        Ok(Stepped::Done) => see_other(&OwnSaid::Removed.url()),
        Ok(Stepped::Begun(browser)) => to_step(&post.caller, &browser),
        Err(OwnError::Refused(_)) => see_other(&address(&id)),
        Err(error) => elsewhere(error),
    }
}

fn recovery_view(recovery: OwnRecovery) -> OwnRecoveryView {
    let OwnRecovery { left, asks } = recovery;
    OwnRecoveryView {
        left: left.map(|left| left.left),
        made_at: left.map(|left| left.made_at),
        can_make: asks.is_some(),
    }
}

/// `GET /authenticators/{id}`.
pub(crate) async fn one(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Fields::parse(query.unwrap_or_default().as_bytes())?;
    let done = query.filled("done").and_then(OwnDone::parse);
    show(&portal, &caller, &id.into(), StatusCode::OK, |page| OwnTokenPage { done, ..page }).await
}

/// `GET /authenticators/{id}/lost`: is it really? Nothing is done by looking.
pub(crate) async fn ask_lost(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(id): Path<String>,
) -> Answer {
    let id = CredentialId::from(id);
    let token = match portal.owner.token(&caller.visit, &id).await {
        Ok(token) if token.can_be_lost() => token,
        // Suspended meanwhile, or not in use yet: its page says so.
        Ok(_) => return see_other(&address(&id)),
        Err(error) => return elsewhere(error),
    };
    let replace = match portal.owner.may_replace(&caller.visit).await {
        Ok(replace) => replace,
        Err(error) => return elsewhere(error),
    };
    let Some(chrome) = framed(&portal, &caller, &address(&id)).await? else { return see_other("/signin") };
    let body = portal.parts.views.own_lost(&row(&token), replace, &chrome)?;
    Ok(html(StatusCode::OK, &chrome.language, body))
}

/// `GET /recovery-codes`: what they are for, and the passcode by which new ones are made. Nothing is done by looking.
pub(crate) async fn ask_codes(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    codes_form(&portal, &caller, StatusCode::OK, None).await
}

/// `POST /recovery-codes`: new ones. They stand in this answer and in none after it, so nothing leads to it by GET.
pub(crate) async fn make_codes(State(portal): State<Shared>, post: SessionPost) -> Answer {
    let typed = post.fields.secret("otp")?;
    match portal.owner.make_recovery_codes(&post.caller.visit, &typed).await {
        Ok(codes) => show_codes(&portal, &post.caller, codes).await,
        Err(OwnError::Refused(Refusal::Passcode(notice))) => {
            codes_form(&portal, &post.caller, StatusCode::UNPROCESSABLE_ENTITY, Some(notice)).await
        }
        Err(error) => elsewhere(error),
    }
}

/// `GET /sign-out-everywhere`: really? Nothing is done by looking.
pub(crate) async fn ask_everywhere(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    let Some(chrome) = framed(&portal, &caller, "/sign-out-everywhere").await? else { return see_other("/signin") };
    let body = portal.parts.views.own_sign_out(&chrome)?;
    Ok(html(StatusCode::OK, &chrome.language, body))
}

/// `POST /authenticators/{id}/name`.
pub(crate) async fn rename(State(portal): State<Shared>, Path(id): Path<String>, post: SessionPost) -> Answer {
    let id = CredentialId::from(id);
    let label = post.fields.text("label");
    let outcome = portal.owner.rename(&post.caller.visit, &id, label).await;
    told(&portal, &post, &id, OwnTask::Rename, OwnDone::Renamed, outcome).await
}

/// `POST /authenticators/{id}/test`.
pub(crate) async fn test(State(portal): State<Shared>, Path(id): Path<String>, post: SessionPost) -> Answer {
    let id = CredentialId::from(id);
    let outcome = portal.owner.test(&post.caller.visit, &id, &post.fields.secret("otp")?).await;
    told(&portal, &post, &id, OwnTask::Test, OwnDone::Tested, outcome).await
}

/// `POST /authenticators/{id}/resync`.
pub(crate) async fn resync(State(portal): State<Shared>, Path(id): Path<String>, post: SessionPost) -> Answer {
    let id = CredentialId::from(id);
    let (first, second) = (post.fields.secret("first")?, post.fields.secret("second")?);
    let outcome = portal.owner.resync(&post.caller.visit, &id, [&first, &second]).await;
    told(&portal, &post, &id, OwnTask::Resync, OwnDone::Resynced, outcome).await
}

/// `POST /authenticators/{id}/pin`.
pub(crate) async fn pin(State(portal): State<Shared>, Path(id): Path<String>, post: SessionPost) -> Answer {
    let id = CredentialId::from(id);
    let fields = &post.fields;
    let form = PinForm { typed: fields.secret("otp")?, pin: fields.secret("pin")?, again: fields.secret("pin_again")? };
    let outcome = portal.owner.change_pin(&post.caller.visit, &id, &form).await;
    told(&portal, &post, &id, OwnTask::Pin, OwnDone::PinChanged, outcome).await
}

/// `POST /authenticators/{id}/lost`.
pub(crate) async fn lost(State(portal): State<Shared>, Path(id): Path<String>, post: SessionPost) -> Answer {
    let id = CredentialId::from(id);
    let visit = &post.caller.visit;
    let replace = match portal.owner.may_replace(visit).await {
        Ok(replace) => replace,
        Err(error) => return elsewhere(error),
    };
    let onward = if replace { "/authenticators/replaced" } else { "/authenticators/reported" };
    match portal.owner.report_lost(visit, &id).await {
        Ok(session) => left(&portal, &post.caller, &session, onward),
        Err(OwnError::Refused(_)) => see_other(&address(&id)),
        Err(error) => elsewhere(error),
    }
}

/// `POST /sign-out-everywhere`.
pub(crate) async fn everywhere(State(portal): State<Shared>, post: SessionPost) -> Answer {
    match portal.owner.sign_out_everywhere(&post.caller.visit).await {
        Ok(session) => left(&portal, &post.caller, &session, "/signed-out/everywhere"),
        Err(error) => elsewhere(error),
    }
}

/// `GET /authenticators/reported`: what comes next. Shown to somebody who is signed in, it would be a lie.
pub(crate) async fn reported(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    farewell(&portal, &caller, MessageKind::LostDone).await
}

/// `GET /authenticators/replaced`: the same for somebody who may add another.
pub(crate) async fn replaced(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    farewell(&portal, &caller, MessageKind::ReplaceDone).await
}

/// `GET /signed-out/everywhere`.
pub(crate) async fn signed_out(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    farewell(&portal, &caller, MessageKind::SignedOutEverywhere).await
}

async fn farewell(portal: &Portal, caller: &Caller, kind: MessageKind) -> Answer {
    if signed_in(portal, caller).await?.is_some() {
        return see_other(ALL);
    }
    portal.message(caller, &MessagePage::new(kind).with_continue("/signin"))
}

/// This browser's session has ended with all others: its connections are cut, its cookies cleared.
fn left(portal: &Portal, caller: &Caller, session: &SessionId, onward: &str) -> Answer {
    (portal.parts.cut_off)(session);
    let response = with_cookie(see_other(onward)?, caller.cookies.clear(CookieName::Portal));
    Ok(with_cookie(response, caller.cookies.clear(CookieName::Flow)))
}

/// A form that went well leads to the page by GET; any other shows the page with what was wrong at its field.
async fn told(
    portal: &Portal,
    post: &SessionPost,
    id: &CredentialId,
    task: OwnTask,
    done: OwnDone,
    outcome: Result<(), OwnError>,
) -> Answer {
    let what = match outcome {
        Ok(()) => return see_other(&format!("{}?done={}", address(id), done.as_str())),
        Err(OwnError::Refused(refusal)) => wrong(refusal),
        Err(OwnError::Overtaken) => OwnWrong::Overtaken,
        Err(error) => return elsewhere(error),
    };
    let typed_label = (task == OwnTask::Rename).then(|| post.fields.text("label").to_owned());
    let problem = Some(OwnProblem { task, what });
    let with = |page| OwnTokenPage { problem, typed_label, ..page };
    show(portal, &post.caller, id, StatusCode::UNPROCESSABLE_ENTITY, with).await
}

fn wrong(refusal: Refusal) -> OwnWrong {
    match refusal {
        Refusal::LabelTooLong { max } => OwnWrong::LabelTooLong { max },
        Refusal::LabelText => OwnWrong::LabelText,
        Refusal::Passcode(notice) => OwnWrong::Passcode(notice),
        Refusal::SecondEmpty => OwnWrong::SecondEmpty,
        Refusal::NotFoundAgain => OwnWrong::NotFoundAgain,
        Refusal::Pin(notice) => OwnWrong::Pin(notice),
        // A passkey is no authenticator of this page.
        Refusal::NotNow | Refusal::PasskeyNotMade => OwnWrong::NotNow,
    }
}

async fn show(
    portal: &Portal,
    caller: &Caller,
    id: &CredentialId,
    status: StatusCode,
    with: impl FnOnce(OwnTokenPage) -> OwnTokenPage,
) -> Answer {
    let token = match portal.owner.token(&caller.visit, id).await {
        Ok(token) => token,
        Err(error) => return elsewhere(error),
    };
    let Some(chrome) = framed(portal, caller, &address(id)).await? else { return see_other("/signin") };
    let now = caller.visit.now;
    let page = OwnTokenPage { token: row(&token), can: can(&token), done: None, problem: None, typed_label: None, now };
    let body = portal.parts.views.own_token(&with(page), &chrome)?;
    Ok(html(status, &chrome.language, body))
}

async fn codes_form(portal: &Portal, caller: &Caller, status: StatusCode, wrong: Option<Notice>) -> Answer {
    let recovery = match portal.owner.recovery(&caller.visit).await {
        Ok(recovery) => recovery,
        Err(error) => return elsewhere(error),
    };
    // Where none can be made, the page of the authenticators says why: until when one is locked, for one.
    let Some((left, length)) = recovery.and_then(|recovery| Some((recovery.left, recovery.asks?))) else {
        return see_other(ALL);
    };
    let Some(chrome) = framed(portal, caller, CODES).await? else { return see_other("/signin") };
    let page = OwnRecoveryPage { length, replaces: left.is_some_and(|left| left.left > 0), wrong };
    let body = portal.parts.views.own_recovery(&page, &chrome)?;
    Ok(html(status, &chrome.language, body))
}

async fn show_codes(portal: &Portal, caller: &Caller, codes: Vec<Secret>) -> Answer {
    let Some(chrome) = framed(portal, caller, ALL).await? else { return see_other("/signin") };
    let body = portal.parts.views.own_codes(&OwnCodesPage { codes }, &chrome)?;
    Ok(html(StatusCode::OK, &chrome.language, body))
}

/// The frame of a page of somebody signed in, whose language form leads back to `here`; `None` for nobody.
pub(crate) async fn framed(portal: &Portal, caller: &Caller, here: &str) -> Result<Option<Chrome>, Fault> {
    let Some((session, principal)) = signed_in(portal, caller).await? else { return Ok(None) };
    let chrome = portal.chrome(caller, Some(Bond::Session(&session.id)));
    Ok(Some(Chrome { signed_in_as: Some(principal.name.clone()), path_back: here.to_owned(), ..chrome }))
}

/// What has no place on the page.
pub(crate) fn elsewhere(error: OwnError) -> Answer {
    match error {
        OwnError::SignedOut => see_other("/signin"),
        OwnError::NotFound => Err(Fault::new(ErrorKind::NotFound, error.to_string()).onward(ALL)),
        OwnError::Fault(error) => Err(error.into()),
        OwnError::Refused(_) | OwnError::Overtaken => see_other(ALL),
    }
}

fn address(id: &CredentialId) -> String {
    format!("{ALL}/{id}")
}

fn row(token: &OwnToken) -> OwnTokenRow {
    let (state, until) = match token.state {
        OwnState::Active => (OwnTokenState::Active, None),
        OwnState::Locked { until } => (OwnTokenState::Locked, Some(until)),
        OwnState::Suspended => (OwnTokenState::Suspended, None),
        OwnState::Assigned => (OwnTokenState::Assigned, None),
        OwnState::LockedPin => (OwnTokenState::LockedPin, None),
    };
    OwnTokenRow {
        id: token.id.as_str().to_owned(),
        serial: token.serial.clone(),
        label: token.label.clone(),
        target: token.target,
        state,
        until,
        added_at: token.added_at,
        last_used_at: token.last_used_at,
    }
}

fn can(token: &OwnToken) -> OwnCan {
    OwnCan {
        prove: token.can_prove(),
        lose: token.can_be_lost(),
        remove: token.removable,
        answers: token.answers,
        length: token.length,
        pin_order: token.pin_order,
        pin_rules: token.pin_rules,
    }
}
