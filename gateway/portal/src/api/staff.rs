//! Operators.

use doorward_access::operators::{Invited, LINK_LIFE};
use doorward_api::OperatorId;
use doorward_api::operator::{Operator, Role, RoleRef};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Done, Drawn, Found, Shown};
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
#[schema(as = NewInvitation)]
pub(super) struct NewInvitation {
    /// By this it is withdrawn.
    id: String,
    /// The link. It is told this once, and good once.
    link: String,
    /// What the operator will be: `auditor`, `help_desk` or `administrator`, or the id of a role that operators have made.
    role: String,
    /// Its end.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl Shown for NewInvitation {
    fn example() -> Self {
        Self {
            id: SOME_INVITATION.to_owned(),
            link: "https://console.example.org/setup/9Xu0dYv8W3oZ1cQeTbNsRkHjLmPgAfDiUyVxCwBqE4o".to_owned(),
            role: Role::HelpDesk.as_str().to_owned(),
            expires_at: SOME_TIME.rfc3339(),
        }
    }
}

/// Some invitation's id.
const SOME_INVITATION: &str = "3f6b0e1c9a7d52840f1be6c3d8a94e7521c0b3f4d6e8a9127c5b0d3e4f6a8b9c";

/// A link that was made and not used yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct InvitationShown {
    /// By this it is withdrawn. The link cannot be made of it.
    id: String,
    /// What the operator will be: `auditor`, `help_desk` or `administrator`, or the id of a role that operators have made.
    role: String,
    /// What that role is called.
    role_name: String,
    /// The name of who made it.
    invited_by: String,
    /// Its end.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl InvitationShown {
    fn of(invited: Invited) -> Self {
        Self {
            id: invited.id,
            role: invited.role.of.as_str().to_owned(),
            role_name: invited.role.name,
            invited_by: invited.by,
            expires_at: invited.until.rfc3339(),
        }
    }
}

impl Shown for InvitationShown {
    fn example() -> Self {
        Self {
            id: SOME_INVITATION.to_owned(),
            role: Role::HelpDesk.as_str().to_owned(),
            role_name: Role::HelpDesk.as_str().to_owned(),
            invited_by: "olga".to_owned(),
            expires_at: SOME_TIME.rfc3339(),
        }
    }
}

/// All links that still lead somewhere, the one that ends first before the others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitations)]
pub(super) struct InvitationsShown {
    /// They.
    items: Vec<InvitationShown>,
}

impl Shown for InvitationsShown {
    fn example() -> Self {
        Self { items: vec![InvitationShown::example()] }
    }
}

/// A link by which an operator sets password and second factor anew.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewRecovery)]
pub(super) struct NewRecovery {
    /// The link. It is told this once, and good once.
    link: String,
    /// The operator's name.
    name: String,
    /// Its end.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl Shown for NewRecovery {
    fn example() -> Self {
        Self {
            link: "https://console.example.org/setup/9Xu0dYv8W3oZ1cQeTbNsRkHjLmPgAfDiUyVxCwBqE4o".to_owned(),
            name: "olga".to_owned(),
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
pub(super) async fn invite(asked: Asked, given: RoleGiven) -> Result<Drawn<NewInvitation>, Problem> {
    let at = asked.at();
    let link = asked.api.parts.operators.invite(&at, &asked.session, given.role.clone()).await?;
    Ok(Drawn(NewInvitation {
        id: link.hash().hex(),
        link: format!("{}/setup/{}", asked.visitor.origin, link.expose()),
        role: given.role.into(),
        expires_at: (at.now + LINK_LIFE).rfc3339(),
    }))
}

/// `GET /operators/invitations`
pub(super) async fn invitations(asked: Asked, _: Nothing) -> Result<Found<InvitationsShown>, Problem> {
    let invited = asked.api.parts.operators.invitations(&asked.vs.id, asked.visitor.now).await?;
    Ok(Found(InvitationsShown { items: invited.into_iter().map(InvitationShown::of).collect() }))
}

/// `DELETE /operators/invitations/{invitation}`
pub(super) async fn withdraw(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    let id = asked.id::<String>("invitation");
    asked.api.parts.operators.withdraw_invitation(&asked.at(), &asked.session, &id).await?;
    Ok(Done)
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

/// `POST /operators/{operator}/recovery`
pub(super) async fn recover(asked: Asked, _: Nothing) -> Result<Drawn<NewRecovery>, Problem> {
    let (at, id, desk) = (asked.at(), asked.id("operator"), &asked.api.parts.operators);
    let name = desk.operator(&at.vs, &id).await?.name;
    let link = desk.recover(&at, &asked.session, &id).await?;
    let link = format!("{}/setup/{}", asked.visitor.origin, link.expose());
    Ok(Drawn(NewRecovery { link, name, expires_at: (at.now + LINK_LIFE).rfc3339() }))
}
