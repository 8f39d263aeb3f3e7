//! The pages of operators.

use axum::extract::{Path, RawQuery, State};
use doorward_access::operators::{Invited, LINK_LIFE, OperatorError};
use doorward_api::Module;
use doorward_api::OperatorId;
use doorward_api::operator::{Operator, RoleRef};
use doorward_views::console::{
    ConsolePage, Fault as Said, InvitedLine, InvitedPage, OperatorLine, OperatorPage, OperatorsPage, ProofFields,
    Said as Words, Told,
};
use doorward_views::console_access::{RoleChoice, role_said};
use doorward_views::console_records::TaskPage;
use http::StatusCode;

use super::records::{Refused, at, crumb, done, notice, query, show_task, unproved};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared, roles};
use crate::answer::Answer;
use crate::fault::Fault;

const HERE: &str = "/operators";

/// `GET /operators?role=…`: the role that is chosen, where one was approved.
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let query = query(raw)?;
    let (proof, role, notice) = (signed.proof_fields(), query.text("role").to_owned(), notice(&query));
    list_page(&console, &signed, StatusCode::OK, OperatorsPage { proof, role, notice, ..OperatorsPage::default() })
        .await
}

async fn list_page(console: &Console, signed: &Signed, status: StatusCode, page: OperatorsPage) -> Answer {
    let operators = console.parts.operators.operators(&signed.vs.id).await?;
    let invited = console.parts.operators.invitations(&signed.vs.id, signed.caller.now).await?;
    let edits = signed.may(Module::Operators.edit());
    let page = OperatorsPage {
        invited: invited.iter().map(|one| invited_line(one, edits)).collect(),
        operators: operators.iter().map(|operator| line(operator, signed)).collect(),
        may_edit: signed.may(Module::Operators.edit()),
        roles: roles::choices(console, signed).await?,
        ..page
    };
    console.page(signed, HERE, status, ConsolePage::Operators(page))
}

fn line(operator: &Operator, signed: &Signed) -> OperatorLine {
    OperatorLine {
        id: operator.id.to_string(),
        name: operator.name.clone(),
        role: operator.role.of.as_str().to_owned(),
        role_said: role_said(&operator.role),
        disabled: operator.disabled,
        created_at: operator.created_at,
        last_seen_at: operator.last_seen_at,
        own: operator.id == signed.session.operator.id,
    }
}

fn withdraw_path(id: &str) -> String {
    format!("{}/withdraw", at("/operators/invitations", id))
}

fn invited_line(one: &Invited, edits: bool) -> InvitedLine {
    InvitedLine {
        role: role_said(&one.role),
        by: one.by.clone(),
        until: one.until,
        withdraw: edits.then(|| withdraw_path(&one.id)),
    }
}

/// One that is still good.
async fn invited(console: &Console, signed: &Signed, id: &str) -> Result<Invited, Fault> {
    let all = console.parts.operators.invitations(&signed.vs.id, signed.caller.now).await?;
    Ok(all.into_iter().find(|one| one.id == id).ok_or(OperatorError::NotFound)?)
}

fn withdrawal(one: &Invited) -> TaskPage {
    TaskPage {
        crumbs: vec![crumb(Words::words("console-page-operators"), HERE)],
        key: "console-task-invitation-withdraw".to_owned(),
        texts: vec![Told::new("console-task-invitation-withdraw-text").about(one.by.as_str()).when(one.until)],
        action: withdraw_path(&one.id),
        cancel: HERE.to_owned(),
        danger: true,
        ..TaskPage::default()
    }
}

/// `GET /operators/invitations/{id}/withdraw`
pub(super) async fn ask_withdraw(State(console): State<Shared>, Path(id): Path<String>, signed: Signed) -> Answer {
    let one = invited(&console, &signed, &id).await?;
    show_task(&console, &signed, HERE, withdrawal(&one), None)
}

/// `POST /operators/invitations/{id}/withdraw`
pub(super) async fn withdraw(State(console): State<Shared>, Path(id): Path<String>, mut post: SignedPost) -> Answer {
    let one = invited(&console, &post.signed, &id).await?;
    let refused = unproved(&console, &mut post).await?;
    let signed = &post.signed;
    if refused.is_none() {
        let caller = signed.caller.at(&signed.vs.id);
        console.parts.operators.withdraw_invitation(&caller, &signed.session, &id).await?;
        return done(HERE, "invitation-withdrawn");
    }
    show_task(&console, signed, HERE, withdrawal(&one), refused)
}

/// `POST /operators/invite`: the link is shown once.
pub(super) async fn invite(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let typed = post.fields.text("role").to_owned();
    let role = chosen(&console, &post.signed, &typed).await?;
    let proved = post.prove(&console).await?;
    let mut faults = Vec::new();
    if role.is_none() {
        faults.push(of_role("rule-one-of"));
    }
    let proof = proved.err().unwrap_or_default();
    faults.extend(proof.fault.clone());
    let (Some(role), []) = (role, faults.as_slice()) else {
        let page = OperatorsPage { role: typed, faults, proof, ..OperatorsPage::default() };
        return list_page(&console, &post.signed, StatusCode::UNPROCESSABLE_ENTITY, page).await;
    };
    let signed = &post.signed;
    let at = signed.caller.at(&signed.vs.id);
    let link = console.parts.operators.invite(&at, &signed.session, RoleRef::parse(&role.value)).await?;
    let page = InvitedPage {
        link: format!("{}/setup/{}", signed.caller.origin, link.expose()),
        role: role.said,
        until: signed.caller.now + LINK_LIFE,
        of: None,
    };
    console.page(signed, HERE, StatusCode::OK, ConsolePage::Invited(page))
}

/// `GET /operators/{id}`
pub(super) async fn one(State(console): State<Shared>, Path(id): Path<String>, signed: Signed) -> Answer {
    let operator = console.parts.operators.operator(&signed.vs.id, &OperatorId::new(id)).await?;
    let page = OperatorPage { of: line(&operator, &signed), proof: signed.proof_fields(), ..OperatorPage::default() };
    one_page(&console, &signed, StatusCode::OK, page).await
}

async fn one_page(console: &Console, signed: &Signed, status: StatusCode, page: OperatorPage) -> Answer {
    // Their own role nobody changes; but one may switch oneself off.
    let mut roles = roles::choices(console, signed).await?;
    if page.of.own {
        roles.retain(|role| role.value == page.of.role);
    }
    let page = OperatorPage { may_edit: signed.may(Module::Operators.edit()), roles, ..page };
    console.page(signed, HERE, status, ConsolePage::Operator(page))
}

/// `POST /operators/{id}`: role, and off or on.
pub(super) async fn change(State(console): State<Shared>, Path(id): Path<String>, mut post: SignedPost) -> Answer {
    let id = OperatorId::new(id);
    let operator = console.parts.operators.operator(&post.signed.vs.id, &id).await?;
    let disabled = post.fields.get("disabled").is_some();
    let role = match post.fields.text("role") {
        same if same == operator.role.of.as_str() => Some(operator.role.of.clone()),
        other => chosen(&console, &post.signed, other).await?.map(|role| RoleRef::parse(&role.value)),
    };
    let typed = OperatorLine {
        role: role.as_ref().unwrap_or(&operator.role.of).as_str().to_owned(),
        disabled,
        ..line(&operator, &post.signed)
    };
    let proof = post.prove(&console).await?.err().unwrap_or_default();
    let mut faults: Vec<Said> = proof.fault.clone().into_iter().collect();
    if role.is_none() {
        faults.push(of_role("rule-one-of"));
    }
    if let (Some(role), []) = (role, faults.as_slice()) {
        match change_both(&console, &post.signed, &id, role, disabled).await {
            Ok(()) => {
                let now = console.parts.operators.operator(&post.signed.vs.id, &id).await?;
                let notice = Some(Told::new("console-saved"));
                let page = OperatorPage { of: line(&now, &post.signed), notice, ..OperatorPage::default() };
                return one_page(&console, &post.signed, StatusCode::OK, page).await;
            }
            Err(OperatorError::LastAdministrator) => {
                faults.push(of_role("console-fault-last-administrator"));
            }
            Err(OperatorError::OwnRole) => faults.push(of_role("console-fault-own-role")),
            Err(OperatorError::Beyond) => faults.push(of_role("console-fault-beyond")),
            // As they stand now is shown, to be decided anew.
            Err(OperatorError::Conflict) => {
                let now = console.parts.operators.operator(&post.signed.vs.id, &id).await?;
                let faults = vec![Said::plain(None, "console-fault-changed")];
                let page = OperatorPage { of: line(&now, &post.signed), faults, ..OperatorPage::default() };
                return one_page(&console, &post.signed, StatusCode::CONFLICT, page).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let proof = if faults.is_empty() { ProofFields::default() } else { proof };
    let page = OperatorPage { of: typed, faults, proof, ..OperatorPage::default() };
    one_page(&console, &post.signed, StatusCode::UNPROCESSABLE_ENTITY, page).await
}

fn recovery_path(id: &OperatorId) -> String {
    format!("{}/recovery", at(HERE, id.as_str()))
}

fn recovery(operator: &Operator) -> TaskPage {
    let their = at(HERE, operator.id.as_str());
    let text = |key: &str| Told::new(key).about(operator.name.as_str());
    TaskPage {
        crumbs: vec![
            crumb(Words::words("console-page-operators"), HERE),
            crumb(Words::text(operator.name.as_str()), &their),
        ],
        key: "console-task-operator-recovery".to_owned(),
        about: operator.name.clone(),
        texts: vec![text("console-task-operator-recovery-text"), text("console-task-operator-recovery-two")],
        action: recovery_path(&operator.id),
        cancel: their,
        ..TaskPage::default()
    }
}

/// `GET /operators/{id}/recovery`
pub(super) async fn ask_recovery(State(console): State<Shared>, Path(id): Path<String>, signed: Signed) -> Answer {
    let operator = console.parts.operators.operator(&signed.vs.id, &OperatorId::new(id)).await?;
    show_task(&console, &signed, HERE, recovery(&operator), None)
}

/// `POST /operators/{id}/recovery`: the link is shown once.
pub(super) async fn recover(State(console): State<Shared>, Path(id): Path<String>, mut post: SignedPost) -> Answer {
    let id = OperatorId::new(id);
    let operator = console.parts.operators.operator(&post.signed.vs.id, &id).await?;
    if let Some(refused) = unproved(&console, &mut post).await? {
        return show_task(&console, &post.signed, HERE, recovery(&operator), Some(refused));
    }
    let signed = &post.signed;
    let refused = match console.parts.operators.recover(&signed.caller.at(&signed.vs.id), &signed.session, &id).await {
        Ok(link) => {
            let page = InvitedPage {
                link: format!("{}/setup/{}", signed.caller.origin, link.expose()),
                role: role_said(&operator.role),
                until: signed.caller.now + LINK_LIFE,
                of: Some(operator.name),
            };
            return console.page(signed, HERE, StatusCode::OK, ConsolePage::Invited(page));
        }
        Err(OperatorError::LastAdministrator) => "console-fault-last-administrator",
        Err(OperatorError::Beyond) => "console-fault-beyond",
        Err(error) => return Err(error.into()),
    };
    let (status, faults) = (StatusCode::CONFLICT, vec![Said::plain(None, refused)]);
    let refused = Refused { status, faults, proof: None };
    show_task(&console, signed, HERE, recovery(&operator), Some(refused))
}

/// What is wrong with the role.
fn of_role(key: &str) -> Said {
    Said::plain(Some("role"), key).called(["console-operator-role"])
}

/// The role that was chosen, of those that somebody may give.
async fn chosen(console: &Console, signed: &Signed, value: &str) -> Result<Option<RoleChoice>, Fault> {
    Ok(roles::choices(console, signed).await?.into_iter().find(|choice| choice.value == value))
}

async fn change_both(
    console: &Console,
    signed: &Signed,
    id: &OperatorId,
    role: RoleRef,
    disabled: bool,
) -> Result<(), OperatorError> {
    let at = signed.caller.at(&signed.vs.id);
    let role = console.parts.operators.set_role(&at, &signed.session, id, role).await;
    // What waits for another operator keeps the other from nothing.
    if !matches!(role, Ok(()) | Err(OperatorError::Held(_))) {
        return role;
    }
    console.parts.operators.set_disabled(&at, &signed.session, id, disabled).await?;
    role
}
