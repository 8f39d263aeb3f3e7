//! Roles.

use doorward_access::operators::{RoleForm, RoleRecord};
use doorward_api::operator::{HeldRole, Role};
use doorward_api::{Permission, Permissions};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Done, Found, Made, Shown, Versioned};
use super::people::SOME_ID;
use super::problem::Problem;

/// A role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub(super) struct RoleShown {
    /// Its id; of a role that is there from the beginning, its name.
    id: String,
    /// Its name.
    name: String,
    /// It is there from the beginning, and nobody changes it.
    built_in: bool,
    /// What it may: `users:edit`. `edit` and `export` bring `view`, `delete` brings `edit`.
    permissions: Vec<String>,
    /// How many operators have it.
    operators: usize,
    /// Counts up at each change.
    version: i64,
}

impl RoleShown {
    fn of(record: RoleRecord) -> Self {
        let RoleRecord { role, operators } = record;
        Self {
            id: role.id.to_string(),
            name: role.name,
            built_in: false,
            permissions: role.permissions.names(),
            operators,
            version: role.version,
        }
    }

    fn built_in(role: Role, operators: usize) -> Self {
        let (id, permissions) = (role.as_str().to_owned(), role.permissions().names());
        Self { name: id.clone(), id, built_in: true, permissions, operators, version: 0 }
    }
}

impl Shown for RoleShown {
    fn example() -> Self {
        Self {
            id: SOME_ID.to_owned(),
            name: "Token desk".to_owned(),
            built_in: false,
            permissions: Permissions::NONE.with(doorward_api::Module::Tokens.edit()).names(),
            operators: 2,
            version: 1,
        }
    }
}

/// All roles: those that are there from the beginning, then those that operators have made, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Roles)]
pub(super) struct RolesShown {
    /// They.
    items: Vec<RoleShown>,
    /// Every permission that there is.
    permissions: Vec<String>,
}

impl Shown for RolesShown {
    fn example() -> Self {
        Self { items: vec![RoleShown::example()], permissions: Permissions::ALL.names() }
    }
}

body! {
    /// What a role shall be.
    RoleForms {
        /// One line of at most 64 characters; no other role's.
        #[schema(min_length = 1, max_length = 64)]
        name: String,
        /// What it may. Nobody grants what they may not do themselves.
        #[schema(value_type = Vec<String>)]
        permissions: Vec<Permission>,
    }
    example { "name": "Token desk", "permissions": ["tokens:view", "tokens:edit"] }
}

impl RoleForms {
    fn form(self) -> RoleForm {
        RoleForm { name: self.name, permissions: self.permissions.into_iter().collect() }
    }
}

/// `GET /roles`
pub(super) async fn list(asked: Asked, _: Nothing) -> Result<Found<RolesShown>, Problem> {
    let desk = &asked.api.parts.operators;
    let operators = desk.operators(&asked.vs.id).await?;
    let holders = |role: Role| operators.iter().filter(|one| one.role.of == HeldRole::from(role).of).count();
    let ours = Role::ALL.into_iter().rev().map(|role| RoleShown::built_in(role, holders(role)));
    let made = desk.roles(&asked.vs.id).await?.into_iter().map(RoleShown::of);
    Ok(Found(RolesShown { items: ours.chain(made).collect(), permissions: Permissions::ALL.names() }))
}

/// `POST /roles`
pub(super) async fn add(asked: Asked, given: RoleForms) -> Result<Made<RoleShown>, Problem> {
    let made = asked.api.parts.operators.add_role(&asked.at(), &asked.session, &given.form()).await?;
    let body = RoleShown::of(made);
    Ok(Made { at: format!("/roles/{}", body.id), body })
}

/// `GET /roles/{role}`
pub(super) async fn get(asked: Asked, _: Nothing) -> Result<Versioned<RoleShown>, Problem> {
    let record = asked.api.parts.operators.role(&asked.vs.id, &asked.id("role")).await?;
    let version = record.role.version;
    Ok(Versioned(RoleShown::of(record), version))
}

/// `PUT /roles/{role}`
pub(super) async fn set(asked: Asked, given: RoleForms) -> Result<Versioned<RoleShown>, Problem> {
    let id = asked.id("role");
    let (desk, seen) = (&asked.api.parts.operators, asked.version);
    let record = desk.set_role_of(&asked.at(), &asked.session, (&id, seen), &given.form()).await?;
    let version = record.role.version;
    Ok(Versioned(RoleShown::of(record), version))
}

/// `DELETE /roles/{role}`
pub(super) async fn delete(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    asked.api.parts.operators.delete_role(&asked.at(), &asked.session, &asked.id("role")).await?;
    Ok(Done)
}
