//! The pages of roles.

use axum::extract::{Path, RawQuery, State};
use doorward_access::operators::{OperatorError, RoleForm, RoleRecord};
use doorward_api::operator::{CustomRole, HeldRole, Role, RoleRef};
use doorward_api::permission::{Module, Permission, Permissions};
use doorward_api::{FieldFault, RoleId};
use doorward_views::console::{ConsolePage, Fault as Said, ProofFields, Said as Words, Told, in_page_order};
use doorward_views::console_access::{
    AccessPage, MAY, RoleChoice, RoleLine, RolePage, RolesPage, built_in_said, permission_table,
};
use doorward_views::console_records::TaskPage;
use http::StatusCode;

use super::records::{Refused, at, crumb, done, notice, query, show_task, unproved};
use super::signed::{Signed, SignedPost};
use super::{Console, Shared};
use crate::answer::Answer;
use crate::fault::Fault;
use crate::fields::Fields;

pub(super) const HERE: &str = "/operators/roles";

/// The most powerful first.
pub(super) fn built_in() -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().rev()
}

fn hint(role: Role) -> String {
    format!("console-role-hint-{}", role.as_str())
}

/// Roles that somebody may give to another.
pub(super) async fn choices(console: &Console, signed: &Signed) -> Result<Vec<RoleChoice>, Fault> {
    let mine = &signed.session.operator.role;
    let ours = built_in().filter(|role| match role {
        Role::Administrator => mine.administers(),
        other => mine.permissions.includes(other.permissions()),
    });
    let ours =
        ours.map(|role| RoleChoice { value: role.as_str().into(), said: built_in_said(role), hint: Some(hint(role)) });
    let made = console.parts.operators.roles(&signed.vs.id).await?;
    let made = made.into_iter().map(|record| record.role).filter(|role| mine.permissions.includes(role.permissions));
    let made = made.map(|role| RoleChoice { value: role.id.to_string(), said: Words::text(role.name), hint: None });
    Ok(ours.chain(made).collect())
}

/// The boxes that are ticked in a table of permissions.
pub(super) fn ticked(fields: &Fields) -> Permissions {
    let names = fields.names().filter_map(|name| name.strip_prefix(MAY));
    names.filter_map(|name| Permission::parse(&name.replacen('.', ":", 1))).collect()
}

/// What is wrong, as it is said.
pub(super) fn said(fault: &FieldFault) -> Said {
    Said::of(fault, |field| format!("console-field-{field}"), |_, value| Words::text(value))
}

/// `GET /operators/roles`
pub(super) async fn list(State(console): State<Shared>, RawQuery(raw): RawQuery, signed: Signed) -> Answer {
    let desk = &console.parts.operators;
    let (made, operators) = (desk.roles(&signed.vs.id).await?, desk.operators(&signed.vs.id).await?);
    let ours = built_in().map(|role| {
        let of = HeldRole::from(role).of;
        let operators = operators.iter().filter(|one| one.role.of == of).count();
        RoleLine { path: None, said: built_in_said(role), hint: Some(hint(role)), operators }
    });
    let made = made.into_iter().map(|RoleRecord { role, operators }| RoleLine {
        path: Some(at(HERE, role.id.as_str())),
        said: Words::text(role.name),
        hint: None,
        operators,
    });
    let page = RolesPage {
        roles: ours.chain(made).collect(),
        may_edit: signed.may(Module::Roles.edit()),
        notice: notice(&query(raw)?),
    };
    console.page(&signed, HERE, StatusCode::OK, ConsolePage::Access(AccessPage::Roles(page)))
}

/// What is shown in a role's form besides what it says.
#[derive(Default)]
struct Back {
    status: StatusCode,
    faults: Vec<Said>,
    notice: Option<Told>,
    proof: Option<ProofFields>,
}

fn show(console: &Console, signed: &Signed, page: RolePage, back: Back) -> Answer {
    let proof = back.proof.unwrap_or_else(|| signed.proof_fields());
    let labels = [("name", "console-field-role-name"), ("permissions", "console-permissions")];
    let faults = in_page_order(back.faults, labels.map(|(name, label)| (name, vec![label.to_owned()])));
    let page = RolePage { faults, notice: back.notice, proof, ..page };
    console.page(signed, HERE, back.status, ConsolePage::Access(AccessPage::Role(Box::new(page))))
}

/// The page of one that stands, as it stands.
fn standing(signed: &Signed, RoleRecord { role, operators }: RoleRecord) -> RolePage {
    let mine = &signed.session.operator.role;
    let own = mine.of == RoleRef::Custom(role.id.clone());
    let beyond = !mine.permissions.includes(role.permissions);
    let why_not = match (signed.may(Module::Roles.edit()), own, beyond) {
        (false, ..) => None,
        (true, true, _) => Some("console-role-not-own"),
        (true, false, true) => Some("console-role-beyond"),
        (true, false, false) => None,
    };
    let path = at(HERE, role.id.as_str());
    let deletes = signed.may(Module::Roles.delete()) && operators == 0 && !beyond;
    RolePage {
        table: permission_table(mine.permissions, role.permissions),
        may_edit: signed.may(Module::Roles.edit()) && why_not.is_none(),
        delete: deletes.then(|| format!("{path}/delete")),
        seen: role.version,
        operators,
        why_not,
        action: path,
        about: role.name.clone(),
        name: role.name,
        ..RolePage::default()
    }
}

/// The form of one to be made.
fn new_page(signed: &Signed, form: &RoleForm) -> RolePage {
    RolePage {
        name: form.name.clone(),
        action: format!("{HERE}/new"),
        table: permission_table(signed.session.operator.role.permissions, form.permissions),
        may_edit: true,
        ..RolePage::default()
    }
}

fn form(fields: &Fields) -> RoleForm {
    RoleForm { name: fields.text("name").to_owned(), permissions: ticked(fields) }
}

/// `GET /operators/roles/new`
pub(super) async fn ask_new(State(console): State<Shared>, signed: Signed) -> Answer {
    let page = new_page(&signed, &RoleForm { name: String::new(), permissions: Permissions::NONE });
    show(&console, &signed, page, Back::default())
}

/// What a form can be put right about.
pub(super) fn faults_of(error: OperatorError) -> Result<(StatusCode, Vec<Said>), Fault> {
    let conflict = |key: &str| (StatusCode::CONFLICT, vec![Said::plain(None, key)]);
    Ok(match error {
        OperatorError::Invalid(faults) => (StatusCode::UNPROCESSABLE_ENTITY, faults.iter().map(said).collect()),
        OperatorError::Beyond => (StatusCode::UNPROCESSABLE_ENTITY, vec![Said::plain(None, "console-fault-beyond")]),
        OperatorError::OwnRole => conflict("console-fault-own-role"),
        OperatorError::LastAdministrator => conflict("console-fault-last-administrator"),
        OperatorError::RoleInUse => conflict("console-fault-role-in-use"),
        OperatorError::Conflict => conflict("console-fault-role-changed"),
        other => return Err(other.into()),
    })
}

/// `POST /operators/roles/new`
pub(super) async fn add(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let form = form(&post.fields);
    let proof = post.prove(&console).await?.err();
    let signed = &post.signed;
    let (status, faults) = match &proof {
        Some(proof) => (StatusCode::UNPROCESSABLE_ENTITY, proof.fault.clone().into_iter().collect()),
        None => {
            let at = signed.caller.at(&signed.vs.id);
            match console.parts.operators.add_role(&at, &signed.session, &form).await {
                Ok(_) => return done(HERE, "created"),
                Err(error) => faults_of(error)?,
            }
        }
    };
    show(&console, signed, new_page(signed, &form), Back { status, faults, notice: None, proof })
}

/// `GET /operators/roles/{id}`
pub(super) async fn one(
    State(console): State<Shared>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    signed: Signed,
) -> Answer {
    let record = console.parts.operators.role(&signed.vs.id, &RoleId::new(id)).await?;
    let page = standing(&signed, record);
    show(&console, &signed, page, Back { notice: notice(&query(raw)?), ..Back::default() })
}

/// `POST /operators/roles/{id}`. Boxes of what one cannot give are not in the form: what stood there goes.
pub(super) async fn change(State(console): State<Shared>, Path(id): Path<String>, mut post: SignedPost) -> Answer {
    let id = RoleId::new(id);
    let record = console.parts.operators.role(&post.signed.vs.id, &id).await?;
    let form = form(&post.fields);
    let seen = post.fields.text("seen").parse().unwrap_or_default();
    let proof = post.prove(&console).await?.err();
    let signed = &post.signed;
    let mut page = standing(signed, record);
    let (status, faults) = match &proof {
        Some(proof) => (StatusCode::UNPROCESSABLE_ENTITY, proof.fault.clone().into_iter().collect()),
        None => {
            let at = signed.caller.at(&signed.vs.id);
            match console.parts.operators.set_role_of(&at, &signed.session, (&id, seen), &form).await {
                Ok(_) => return done(&page.action, "saved"),
                // As it stands now is shown, to be decided anew.
                Err(OperatorError::Conflict) => {
                    let (status, faults) = faults_of(OperatorError::Conflict)?;
                    return show(&console, signed, page, Back { status, faults, ..Back::default() });
                }
                Err(error) => faults_of(error)?,
            }
        }
    };
    page.table = permission_table(signed.session.operator.role.permissions, form.permissions);
    (page.name, page.seen) = (form.name, seen);
    show(&console, signed, page, Back { status, faults, notice: None, proof })
}

/// `GET /operators/roles/{id}/delete`
pub(super) async fn ask_delete(State(console): State<Shared>, Path(id): Path<String>, signed: Signed) -> Answer {
    let RoleRecord { role, .. } = console.parts.operators.role(&signed.vs.id, &RoleId::new(id)).await?;
    show_task(&console, &signed, HERE, deletion(&role), None)
}

fn deletion(role: &CustomRole) -> TaskPage {
    let path = at(HERE, role.id.as_str());
    TaskPage {
        crumbs: vec![crumb(Words::words("console-page-roles"), HERE), crumb(Words::text(role.name.as_str()), &path)],
        key: "console-task-role-delete".to_owned(),
        about: role.name.clone(),
        texts: vec![Told::new("console-task-role-delete-text")],
        action: format!("{path}/delete"),
        cancel: path,
        danger: true,
        ..TaskPage::default()
    }
}

/// `POST /operators/roles/{id}/delete`
pub(super) async fn delete(State(console): State<Shared>, Path(id): Path<String>, mut post: SignedPost) -> Answer {
    let id = RoleId::new(id);
    let RoleRecord { role, .. } = console.parts.operators.role(&post.signed.vs.id, &id).await?;
    let mut refused = unproved(&console, &mut post).await?;
    let signed = &post.signed;
    if refused.is_none() {
        let at = signed.caller.at(&signed.vs.id);
        match console.parts.operators.delete_role(&at, &signed.session, &id).await {
            Ok(()) => return done(HERE, "deleted"),
            Err(error) => {
                let (status, faults) = faults_of(error)?;
                refused = Some(Refused { status, ..Refused::faults(faults) });
            }
        }
    }
    show_task(&console, signed, HERE, deletion(&role), refused)
}
