//! The user's own passkeys: listed, made, named and removed.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use doorward_access::own::{OwnError, OwnPasskey, PasskeyBegun, Refusal, Stepped};
use doorward_api::CredentialId;
use doorward_views::{PasskeyAddPage, PasskeyRow, PasskeysPage, PasskeysSaid, PasskeysWrong};
use http::StatusCode;

use crate::answer::{Answer, html, see_other, to_step};
use crate::caller::Caller;
use crate::fields::Fields;
use crate::pages::own::{elsewhere, framed};
use crate::parts::{Portal, Shared};
use crate::post::SessionPost;

const ALL: &str = "/passkeys";

const ADD: &str = "/passkeys/add";

/// `GET /passkeys`.
pub(crate) async fn all(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Fields::parse(query.unwrap_or_default().as_bytes())?;
    let said = query.filled("done").and_then(PasskeysSaid::parse);
    show(&portal, &caller, StatusCode::OK, |page| PasskeysPage { said, ..page }).await
}

/// `GET /passkeys/add`: the page by which one is made; or first the passcode page, for who has not shown a token just now.
pub(crate) async fn ask_add(State(portal): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Answer {
    let asked = match portal.owner.begin_passkey(&caller.visit).await {
        Ok(PasskeyBegun::Asked(asked)) => asked,
        Ok(PasskeyBegun::ProveFirst(flow)) => return to_step(&caller, &flow),
        Err(OwnError::Refused(_) | OwnError::Overtaken) => return see_other(ALL),
        Err(error) => return elsewhere(error),
    };
    let Some(chrome) = framed(&portal, &caller, ADD).await? else { return see_other("/signin") };
    let page = PasskeyAddPage { options: asked.options, ceremony: asked.ceremony };
    let body = portal.parts.views.passkeys_add(&page, &chrome)?;
    Ok(html(StatusCode::OK, &chrome.language, body))
}

/// `POST /passkeys/add`: one was made.
pub(crate) async fn add(State(portal): State<Shared>, post: SessionPost) -> Answer {
    let (ceremony, answer) = (post.fields.text("ceremony"), post.fields.text("answer"));
    let said = match portal.owner.add_passkey(&post.caller.visit, ceremony, answer).await {
        Ok(()) => PasskeysSaid::Added,
        Err(OwnError::Refused(_) | OwnError::Overtaken) => PasskeysSaid::NotAdded,
        Err(error) => return elsewhere(error),
    };
    done(said)
}

/// `POST /passkeys/{id}/name`.
pub(crate) async fn rename(State(portal): State<Shared>, Path(id): Path<String>, post: SessionPost) -> Answer {
    let label = post.fields.text("label");
    let wrong = match portal.owner.rename_passkey(&post.caller.visit, &CredentialId::from(id.clone()), label).await {
        Ok(()) => return done(PasskeysSaid::Renamed),
        Err(OwnError::Refused(Refusal::LabelTooLong { max })) => PasskeysWrong::LabelTooLong { max },
        Err(OwnError::Refused(_)) => PasskeysWrong::LabelText,
        Err(OwnError::Overtaken) => return see_other(ALL),
        Err(error) => return elsewhere(error),
    };
    let typed = Some((id, label.to_owned()));
    let with = |page| PasskeysPage { wrong: Some(wrong), typed, ..page };
    show(&portal, &post.caller, StatusCode::UNPROCESSABLE_ENTITY, with).await
}

/// `GET /passkeys/{id}/remove`: really? Nothing is done by looking.
pub(crate) async fn ask_remove(
    State(portal): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(id): Path<String>,
) -> Answer {
    let (passkey, proved) = match portal.owner.removing_passkey(&caller.visit, &CredentialId::from(id)).await {
        Ok((passkey, proved)) => (row(&passkey), proved),
        Err(error) => return elsewhere(error),
    };
    let here = format!("{ALL}/{}/remove", passkey.id);
    let Some(chrome) = framed(&portal, &caller, &here).await? else { return see_other("/signin") };
    let body = portal.parts.views.passkeys_remove(&passkey, proved, &chrome)?;
    Ok(html(StatusCode::OK, &chrome.language, body))
}

/// `POST /passkeys/{id}/remove`: it goes, or first the passcode page.
pub(crate) async fn remove(State(portal): State<Shared>, Path(id): Path<String>, post: SessionPost) -> Answer {
    match portal.owner.remove_passkey(&post.caller.visit, &CredentialId::from(id)).await {
        Ok(Stepped::Done) => done(PasskeysSaid::Removed),
        Ok(Stepped::Begun(browser)) => to_step(&post.caller, &browser),
        Err(OwnError::Refused(_)) => done(PasskeysSaid::NotRemoved),
        Err(OwnError::Overtaken) => see_other(ALL),
        Err(error) => elsewhere(error),
    }
}

fn done(said: PasskeysSaid) -> Answer {
    see_other(&format!("{ALL}?done={}", said.as_str()))
}

async fn show(
    portal: &Portal,
    caller: &Caller,
    status: StatusCode,
    with: impl FnOnce(PasskeysPage) -> PasskeysPage,
) -> Answer {
    let theirs = match portal.owner.passkeys(&caller.visit).await {
        Ok(Some(theirs)) => theirs,
        Ok(None) => return elsewhere(OwnError::NotFound),
        Err(error) => return elsewhere(error),
    };
    let Some(chrome) = framed(portal, caller, ALL).await? else { return see_other("/signin") };
    let passkeys = theirs.passkeys.iter().map(row).collect();
    let page =
        PasskeysPage { passkeys, can_add: theirs.can_add, proved: theirs.proved, said: None, wrong: None, typed: None };
    let body = portal.parts.views.passkeys(&with(page), &chrome)?;
    Ok(html(status, &chrome.language, body))
}

fn row(passkey: &OwnPasskey) -> PasskeyRow {
    PasskeyRow {
        id: passkey.id.as_str().to_owned(),
        serial: passkey.serial.clone(),
        label: passkey.label.clone(),
        active: passkey.active,
        added_at: passkey.added_at,
        last_used_at: passkey.last_used_at,
    }
}
