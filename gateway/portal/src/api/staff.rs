//! Operators.

use doorward_access::operators::LINK_LIFE;
use doorward_api::OperatorId;
use doorward_api::operator::{Operator, Role, RoleRef};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Drawn, Found, Shown};
use super::people::{SOME_ID, SOME_TIME};
use super::problem::Problem;

/// An operator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operator)]
pub(super) struct OperatorShown {
    /// Their id.
    id: String,
    /// The name to sign in with.
    name: String,
    /// Their role: `auditor`, `help_desk` or `administrator`, or the id of one that operators have made.
    role: String,
    /// What that role is called.
    role_name: String,
    /// What they may do, as of now.
    permissions: Vec<String>,
    /// Switched off.
    disabled: bool,
    /// When they were made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When they last signed in.
    #[schema(format = DateTime)]
    last_seen_at: Option<String>,
}

impl OperatorShown {
    pub(super) fn of(operator: Operator) -> Self {
        Self {
            id: operator.id.to_string(),
            name: operator.name,
            role: operator.role.of.as_str().to_owned(),
            role_name: operator.role.name,
            permissions: operator.role.permissions.names(),
            disabled: operator.disabled,
            created_at: operator.created_at.rfc3339(),
            last_seen_at: operator.last_seen_at.map(doorward_api::Timestamp::rfc3339),
        }
    }
}

impl Shown for OperatorShown {
    fn example() -> Self {
        Self {
            id: SOME_ID.to_owned(),
            name: "olga".to_owned(),
            role: Role::HelpDesk.as_str().to_owned(),
            role_name: Role::HelpDesk.as_str().to_owned(),
            permissions: Role::HelpDesk.permissions().names(),
            disabled: false,
            created_at: SOME_TIME.rfc3339(),
            last_seen_at: Some(SOME_TIME.rfc3339()),
        }
    }
}

/// All operators, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operators)]
pub(super) struct OperatorsShown {
    /// They.
    items: Vec<OperatorShown>,
}

impl Shown for OperatorsShown {
    fn example() -> Self {
        Self { items: vec![OperatorShown::example()] }
    }
}

/// A link by which one operator is made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Invitation {
    /// The link. It is told this once, and good once.
    link: String,
    /// What the operator will be: `auditor`, `help_desk` or `administrator`, or the id of a role that operators have made.
    role: String,
    /// Its end.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl Shown for Invitation {
    fn example() -> Self {
        Self {
            link: "https://console.example.org/setup/9Xu0dYv8W3oZ1cQeTbNsRkHjLmPgAfDiUyVxCwBqE4o".to_owned(),
            role: Role::HelpDesk.as_str().to_owned(),
            expires_at: SOME_TIME.rfc3339(),
        }
    }
}

body! {
    /// What an operator shall be.
    RoleGiven {
        /// `auditor`, `help_desk` or `administrator`, or the id of a role that operators have made.
        #[schema(value_type = String)]
        role: RoleRef,
    }
    example { "role": "help_desk" }
}

/// `GET /operators`
pub(super) async fn list(asked: Asked, _: Nothing) -> Result<Found<OperatorsShown>, Problem> {
    let operators = asked.api.parts.operators.operators(&asked.vs.id).await?;
    Ok(Found(OperatorsShown { items: operators.into_iter().map(OperatorShown::of).collect() }))
}

async fn shown(asked: &Asked, id: &OperatorId) -> Result<Found<OperatorShown>, Problem> {
    let operator = asked.api.parts.operators.operator(&asked.vs.id, id).await?;
    Ok(Found(OperatorShown::of(operator)))
}

/// `GET /operators/{operator}`
pub(super) async fn get(asked: Asked, _: Nothing) -> Result<Found<OperatorShown>, Problem> {
    shown(&asked, &asked.id("operator")).await
}

/// `POST /operators/invitations`
pub(super) async fn invite(asked: Asked, given: RoleGiven) -> Result<Drawn<Invitation>, Problem> {
    let at = asked.at();
    let link = asked.api.parts.operators.invite(&at, &asked.session, given.role.clone()).await?;
    Ok(Drawn(Invitation {
        link: format!("{}/setup/{}", asked.visitor.origin, link.expose()),
        role: given.role.into(),
        expires_at: (at.now + LINK_LIFE).rfc3339(),
    }))
}

/// `PUT /operators/{operator}/role`
pub(super) async fn set_role(asked: Asked, given: RoleGiven) -> Result<Found<OperatorShown>, Problem> {
    let id = asked.id("operator");
    asked.api.parts.operators.set_role(&asked.at(), &asked.session, &id, given.role).await?;
    shown(&asked, &id).await
}

/// `POST /operators/{operator}/disable`
pub(super) async fn disable(asked: Asked, _: Nothing) -> Result<Found<OperatorShown>, Problem> {
    switch(&asked, true).await
}

/// `POST /operators/{operator}/enable`
pub(super) async fn enable(asked: Asked, _: Nothing) -> Result<Found<OperatorShown>, Problem> {
    switch(&asked, false).await
}

async fn switch(asked: &Asked, disabled: bool) -> Result<Found<OperatorShown>, Problem> {
    let id = asked.id("operator");
    asked.api.parts.operators.set_disabled(&asked.at(), &asked.session, &id, disabled).await?;
    shown(asked, &id).await
}
