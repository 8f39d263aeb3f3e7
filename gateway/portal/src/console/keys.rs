//! The pages of API keys.

use axum::extract::{Path, RawQuery, State};
use doorward_access::operators::{KeyForm, KeyRecord, LONGEST_KEY_DAYS};
use doorward_api::operator::ApiKey;
use doorward_api::{ApiKeyId, HeldAct, Module, Permissions, Timestamp};
use doorward_views::console::{ConsolePage, Fault as Said, ProofFields, Said as Words, Told, in_page_order};
use doorward_views::console_access::{
    AccessPage, KeyLine, KeyMadePage, KeysPage, NewKeyPage, permission_table, permission_words,
};
use doorward_views::console_records::TaskPage;
use http::StatusCode;

use super::records::{Refused, at, crumb, done, notice, query, show_task, unproved};
use super::roles::{faults_of, ticked};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared, approvals};
use crate::answer::Answer;

pub(super) const HERE: &str = "/operators/keys";

/// How many days are proposed.
const USUAL_DAYS: &str = "90";

/// `GET /operators/keys`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let keys = console.parts.operators.api_keys(&signed.vs.id, signed.caller.now).await?;
    let page = KeysPage {
        keys: keys.into_iter().map(|record| line(record, &signed)).collect(),
        may_edit: signed.may(Module::ApiKeys.edit()),
        notice: notice(&query(raw)?),
    };
    console.page(&signed, HERE, StatusCode::OK, ConsolePage::Access(AccessPage::Keys(page)))
}

fn line(KeyRecord { key, operator, permissions, live }: KeyRecord, signed: &Signed) -> KeyLine {
    let revocable = signed.may(Module::ApiKeys.delete()) && !key.disabled;
    KeyLine {
        state: state(&key, live, signed.caller.now),
        revoke: revocable.then(|| format!("{}/revoke", at(HERE, key.id.as_str()))),
        name: key.name,
        operator,
        permissions: permission_words(permissions),
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
    }
}

fn state(key: &ApiKey, live: bool, now: Timestamp) -> &'static str {
    match (live, key.disabled, key.expires_at > now) {
        (true, ..) => "live",
        (false, true, _) => "revoked",
        (false, false, false) => "over",
        (false, false, true) => "dead",
    }
}

/// What can be given to a key.
fn free(signed: &Signed) -> Permissions {
    signed.session.operator.role.permissions.of_key()
}

/// `GET /operators/keys/new?approval=…`
pub(super) async fn ask_new(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let approved = match query.filled("approval") {
        Some(id) => approvals::approved(&console, &signed, id).await?,
        None => None,
    };
    // It is done by asking for the same once more.
    let (name, days, permissions) = match approved {
        Some(HeldAct::ApiKeyAdd { name, days, permissions }) => (name, days.to_string(), permissions),
        _ => (String::new(), USUAL_DAYS.to_owned(), Permissions::NONE),
    };
    let table = permission_table(free(&signed), permissions);
    let page = NewKeyPage { name, days, table, proof: signed.proof_fields(), ..NewKeyPage::default() };
    show_new(&console, &signed, StatusCode::OK, page)
}

fn show_new(console: &Console, signed: &Signed, status: StatusCode, page: NewKeyPage) -> Answer {
    let labels = [
        ("name", "console-field-key-name"),
        ("days", "console-field-key-days"),
        ("permissions", "console-permissions"),
    ];
    let faults = in_page_order(page.faults, labels.map(|(name, label)| (name, vec![label.to_owned()])));
    let page = NewKeyPage { most_days: LONGEST_KEY_DAYS, faults, ..page };
    console.page(signed, HERE, status, ConsolePage::Access(AccessPage::NewKey(Box::new(page))))
}

/// `POST /operators/keys/new`: the secret is shown once.
pub(super) async fn add(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let proof = post.prove(&console).await?.err();
    let (signed, fields) = (&post.signed, &post.fields);
    let days = fields.text("days").trim();
    // What is no number is no number of days either.
    let form = KeyForm {
        name: fields.text("name").to_owned(),
        permissions: ticked(fields),
        days: days.parse().unwrap_or_default(),
    };
    let (status, faults): (StatusCode, Vec<Said>) = match &proof {
        Some(proof) => (StatusCode::UNPROCESSABLE_ENTITY, proof.fault.clone().into_iter().collect()),
        None => {
            let at = signed.caller.at(&signed.vs.id);
            match console.parts.operators.add_api_key(&at, &signed.session, &form).await {
                Ok((record, text)) => {
                    let key = record.key;
                    let page = KeyMadePage { name: key.name, secret: text.expose(), until: key.expires_at };
                    return console.page(signed, HERE, StatusCode::OK, ConsolePage::Access(AccessPage::KeyMade(page)));
                }
                Err(error) => faults_of(error)?,
            }
        }
    };
    let page = NewKeyPage {
        days: days.to_owned(),
        table: permission_table(free(signed), form.permissions),
        name: form.name,
        faults,
        proof: proof.unwrap_or_else(ProofFields::default),
        ..NewKeyPage::default()
    };
    show_new(&console, signed, status, page)
}

/// `GET /operators/keys/{id}/revoke`
pub(super) async fn ask_revoke(State(console): State<Shared>, Path(id): Path<String>, signed: Signed) -> Answer {
    let found = console.parts.operators.api_key(&signed.vs.id, &ApiKeyId::new(id), signed.caller.now).await?;
    show_task(&console, &signed, HERE, revocation(&found.key), None)
}

fn revocation(key: &ApiKey) -> TaskPage {
    TaskPage {
        crumbs: vec![crumb(Words::words("console-page-keys"), HERE)],
        key: "console-task-key-revoke".to_owned(),
        about: key.name.clone(),
        texts: vec![Told::new("console-task-key-revoke-text")],
        action: format!("{}/revoke", at(HERE, key.id.as_str())),
        cancel: HERE.to_owned(),
        danger: true,
        ..TaskPage::default()
    }
}

/// `POST /operators/keys/{id}/revoke`
pub(super) async fn revoke(State(console): State<Shared>, Path(id): Path<String>, mut post: SignedPost) -> Answer {
    let id = ApiKeyId::new(id);
    let found = console.parts.operators.api_key(&post.signed.vs.id, &id, post.signed.caller.now).await?;
    let mut refused = unproved(&console, &mut post).await?;
    let signed = &post.signed;
    if refused.is_none() {
        let at = signed.caller.at(&signed.vs.id);
        match console.parts.operators.revoke_api_key(&at, &signed.session, &id).await {
            Ok(()) => return done(HERE, "key-revoked"),
            Err(error) => {
                let (status, faults) = faults_of(error)?;
                refused = Some(Refused { status, ..Refused::faults(faults) });
            }
        }
    }
    show_task(&console, signed, HERE, revocation(&found.key), refused)
}
