//! Groups.

use doorward_access::manage::ManageError;
use doorward_api::settings::ProvisioningRules;
use doorward_api::user::GroupRecord;
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Done, Found, Made, Shown};
use super::people::{GroupName, SOME_ID};
use super::problem::{Problem, Wrong};
use super::users::UsersShown;

/// A group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub(super) struct GroupShown {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// How many users are in it themselves.
    members: u64,
    /// The groups that it lies in itself: its members are members of these.
    parents: Vec<GroupName>,
}

impl GroupShown {
    fn of(group: GroupRecord) -> Self {
        Self {
            id: group.id.to_string(),
            name: group.name,
            members: group.members,
            parents: GroupName::all(group.parents),
        }
    }
}

impl Shown for GroupShown {
    fn example() -> Self {
        let parents = vec![GroupName { name: "Staff".to_owned(), ..GroupName::example() }];
        Self { id: SOME_ID.to_owned(), name: "Sales".to_owned(), members: 12, parents }
    }
}

/// A part of the list of groups, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Groups)]
pub(super) struct GroupsShown {
    /// This part.
    items: Vec<GroupShown>,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
}

impl Shown for GroupsShown {
    fn example() -> Self {
        Self { items: vec![GroupShown::example()], next: None }
    }
}

body! {
    /// A name.
    NameGiven {
        /// One line of at most 100 characters; nobody else's.
        #[schema(min_length = 1, max_length = 100)]
        name: String,
    }
    example { "name": "Sales" }
}

/// From how many a rule would take what it gave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleTakes)]
struct TakesShown {
    /// The rule, by its group.
    rule: GroupName,
    /// From how many users.
    users: u64,
}

/// What provisioning rules would take, did a group lie in another no longer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnnestingPreview)]
pub(super) struct UnnestingShown {
    /// By which rule, in their order; none of those that take nothing.
    takes: Vec<TakesShown>,
    /// How many members were looked at.
    looked_at: u64,
    /// Nobody is left to look at: the numbers are of everybody.
    complete: bool,
}

impl Shown for UnnestingShown {
    fn example() -> Self {
        Self { takes: vec![TakesShown { rule: GroupName::example(), users: 3 }], looked_at: 12, complete: true }
    }
}

/// `GET /groups`
pub(super) async fn list(asked: Asked, _: Nothing) -> Result<Found<GroupsShown>, Problem> {
    let found = asked.api.parts.manager.groups(&asked.vs.id, asked.query("q"), &asked.page()).await?;
    Ok(Found(GroupsShown { items: found.items.into_iter().map(GroupShown::of).collect(), next: found.next }))
}

/// `GET /groups/{group}`
pub(super) async fn get(asked: Asked, _: Nothing) -> Result<Found<GroupShown>, Problem> {
    let group = asked.api.parts.manager.group(&asked.vs.id, &asked.id("group")).await?;
    Ok(Found(GroupShown::of(group)))
}

/// `GET /groups/{group}/members`
pub(super) async fn members(asked: Asked, _: Nothing) -> Result<Found<UsersShown>, Problem> {
    let (manager, vs) = (&asked.api.parts.manager, &asked.vs.id);
    let group = manager.group(vs, &asked.id("group")).await?;
    Ok(Found(UsersShown::of(manager.members(vs, &group.id, &asked.page()).await?)))
}

/// `POST /groups`
pub(super) async fn add(asked: Asked, given: NameGiven) -> Result<Made<GroupShown>, Problem> {
    let group = asked.api.parts.manager.add_group(&asked.vs.id, &asked.by(), &given.name).await?;
    Ok(Made { at: format!("/groups/{}", group.id), body: GroupShown::of(group) })
}

/// `PUT /groups/{group}`
pub(super) async fn rename(asked: Asked, given: NameGiven) -> Result<Found<GroupShown>, Problem> {
    let manager = &asked.api.parts.manager;
    let group = manager.rename_group(&asked.vs.id, &asked.by(), &asked.id("group"), &given.name).await?;
    Ok(Found(GroupShown::of(group)))
}

/// `DELETE /groups/{group}`
pub(super) async fn delete(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    asked.api.parts.manager.delete_group(&asked.vs.id, &asked.by(), &asked.id("group")).await?;
    Ok(Done)
}

/// `PUT /groups/{group}/members/{user}`
pub(super) async fn let_in(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    member(&asked, true).await
}

/// `DELETE /groups/{group}/members/{user}`
pub(super) async fn let_out(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    member(&asked, false).await
}

async fn member(asked: &Asked, member: bool) -> Result<Done, Problem> {
    let (group, user) = (asked.id("group"), asked.id("user"));
    asked.api.parts.manager.set_member(&asked.vs.id, &asked.by(), &group, &user, member).await?;
    Ok(Done)
}

/// `PUT /groups/{group}/parents/{parent}`
pub(super) async fn nest(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    lie(&asked, true).await
}

/// `DELETE /groups/{group}/parents/{parent}`
pub(super) async fn unnest(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    lie(&asked, false).await
}

async fn lie(asked: &Asked, member: bool) -> Result<Done, Problem> {
    let (group, into) = (asked.id("group"), asked.id("parent"));
    let outcome = asked.api.parts.manager.nest_group(&asked.vs.id, &asked.by(), &group, &into, member).await;
    outcome.map_err(at_parent)?;
    Ok(Done)
}

/// The place in the path where the group is named that a fault is about.
fn at_parent(error: ManageError) -> Problem {
    match error {
        ManageError::Invalid(faults) => {
            Problem::invalid(faults.into_iter().map(|fault| Wrong::of("parent", fault.rule)).collect())
        }
        error => error.into(),
    }
}

/// `GET /groups/{group}/parents/{parent}/preview`
pub(super) async fn preview_unnesting(asked: Asked, _: Nothing) -> Result<Found<UnnestingShown>, Problem> {
    let (manager, vs, by) = (&asked.api.parts.manager, &asked.vs.id, asked.by());
    let group = manager.group(vs, &asked.id("group")).await?;
    let parent = manager.group(vs, &asked.id("parent")).await?;
    let rules = manager.setting::<ProvisioningRules>(vs).await?.document;
    let would = manager.preview_unnesting(vs, &by, &rules, (&group.id, &parent.id)).await?;
    let mut takes = Vec::new();
    for (rule, users) in would.by_rule {
        let name = match manager.group(vs, &rule).await {
            Ok(group) => group.name,
            // Deleted since.
            Err(ManageError::NotFound) => rule.to_string(),
            Err(error) => return Err(error.into()),
        };
        takes.push(TakesShown { rule: GroupName { id: rule.to_string(), name }, users });
    }
    Ok(Found(UnnestingShown { takes, looked_at: would.looked_at, complete: would.complete }))
}
