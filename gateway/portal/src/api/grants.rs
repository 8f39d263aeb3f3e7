//! What operators grant to those who enrol: who asks for it, approvals, refusals, and codes of the help desk.

use doorward_api::{Grant, GrantRecord, GrantState, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Asked;
use super::given::{Nothing, body};
use super::gives::{Done, Drawn, Found, Shown};
use super::people::{SOME_ID, SOME_TIME};
use super::problem::Problem;

const SOME_BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// Where a grant stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum GrantStateName {
    /// The user has asked for an approval.
    Asked,
    /// An operator has approved: the user may enrol one token until it is over.
    Approved,
    /// An operator has refused.
    Refused,
    /// The help desk has given a code.
    CodeGiven,
}

impl GrantStateName {
    const fn of(state: GrantState) -> Self {
        match state {
            GrantState::Asked => GrantStateName::Asked,
            GrantState::Approved => GrantStateName::Approved,
            GrantState::Refused => GrantStateName::Refused,
            GrantState::CodeGiven => GrantStateName::CodeGiven,
        }
    }
}

/// What a user is granted, or asks for. The help desk's code is not told again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EnrolmentGrant)]
pub(super) struct GrantShown {
    /// Where it stands.
    state: GrantStateName,
    /// Since when.
    #[schema(format = DateTime)]
    at: String,
    /// Its end: whatever it was, it is nothing then.
    #[schema(format = DateTime)]
    expires_at: String,
    /// From where the user has asked.
    address: Option<String>,
    /// With which browser; may be empty.
    user_agent: String,
    /// The name of the operator who has decided.
    operator: Option<String>,
    /// Why; may be empty.
    reason: String,
}

impl GrantShown {
    fn of(grant: Grant) -> Self {
        // Every field is named, so that a new one is either told or left out on purpose, as the code's hash is.
        let doorward_api::GrantDetails { code_hash: _, address, user_agent, operator, reason } = grant.details;
        Self {
            state: GrantStateName::of(grant.state),
            at: grant.at.rfc3339(),
            expires_at: grant.expires_at.rfc3339(),
            address: address.map(|address| address.to_string()),
            user_agent,
            operator,
            reason,
        }
    }
}

impl Shown for GrantShown {
    fn example() -> Self {
        Self {
            state: GrantStateName::Approved,
            at: SOME_TIME.rfc3339(),
            expires_at: SOME_TIME.rfc3339(),
            address: None,
            user_agent: String::new(),
            operator: Some("olga".to_owned()),
            reason: "met at the front desk".to_owned(),
        }
    }
}

/// Somebody who waits for an approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EnrolmentRequest)]
struct RequestShown {
    /// Who.
    user: Waiting,
    /// Since when.
    #[schema(format = DateTime)]
    asked_at: String,
    /// Until when it can be approved.
    #[schema(format = DateTime)]
    expires_at: String,
    /// From where they have asked.
    address: Option<String>,
    /// With which browser; may be empty.
    user_agent: String,
}

/// Who waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitingUser)]
struct Waiting {
    /// The user's id.
    id: String,
    /// Their sign-in name.
    name: String,
    /// The name to show; may be empty.
    display_name: String,
}

impl RequestShown {
    fn of(record: GrantRecord) -> Self {
        let GrantRecord { grant, name, display_name } = record;
        Self {
            user: Waiting { id: grant.user.to_string(), name, display_name },
            asked_at: grant.at.rfc3339(),
            expires_at: grant.expires_at.rfc3339(),
            address: grant.details.address.map(|address| address.to_string()),
            user_agent: grant.details.user_agent,
        }
    }

    fn example() -> Self {
        let (name, display_name) = ("alice".to_owned(), "Alice Liddell".to_owned());
        Self {
            user: Waiting { id: SOME_ID.to_owned(), name, display_name },
            asked_at: SOME_TIME.rfc3339(),
            expires_at: SOME_TIME.rfc3339(),
            address: Some("192.0.2.7".to_owned()),
            user_agent: SOME_BROWSER.to_owned(),
        }
    }
}

/// A part of the list of those who wait, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EnrolmentRequests)]
pub(super) struct RequestsShown {
    /// This part.
    items: Vec<RequestShown>,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
}

impl Shown for RequestsShown {
    fn example() -> Self {
        Self { items: vec![RequestShown::example()], next: None }
    }
}

/// A code of the help desk.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewHelpDeskCode {
    /// It, to be read out to somebody who is known. It is told this once, and good once.
    code: String,
    /// Its end.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl Shown for NewHelpDeskCode {
    fn example() -> Self {
        Self { code: "7Q2M-K94T".to_owned(), expires_at: SOME_TIME.rfc3339() }
    }
}

body! {
    /// An approval.
    ApprovalGiven {
        /// Why, if it is to be said: one line of at most 200 characters, for the trail.
        #[schema(max_length = 200)]
        reason: Option<String>,
    }
    example { "reason": "met at the front desk" }
}

body! {
    /// A refusal.
    RefusalGiven {
        /// Why: one line of at most 200 characters. The user is shown it.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    }
    example { "reason": "please come to the front desk" }
}

body! {
    /// Why the help desk gives a code.
    HelpDeskGiven {
        /// One line of at most 200 characters, for the trail.
        #[schema(min_length = 1, max_length = 200)]
        reason: String,
    }
    example { "reason": "called back under the number on file" }
}

fn user(asked: &Asked) -> UserId {
    asked.id("user")
}

/// `GET /enrolment-requests`
pub(super) async fn requests(asked: Asked, _: Nothing) -> Result<Found<RequestsShown>, Problem> {
    let (manager, now) = (&asked.api.parts.manager, asked.visitor.now);
    let found = manager.enrolment_requests(&asked.vs.id, &asked.page(), now).await?;
    Ok(Found(RequestsShown { items: found.items.into_iter().map(RequestShown::of).collect(), next: found.next }))
}

/// `GET /users/{user}/enrolment-grant`
pub(super) async fn get(asked: Asked, _: Nothing) -> Result<Found<GrantShown>, Problem> {
    let grant = asked.api.parts.manager.grant(&asked.vs.id, &user(&asked), asked.visitor.now).await?;
    Ok(Found(GrantShown::of(grant.ok_or_else(Problem::not_found)?)))
}

/// `POST /users/{user}/enrolment-grant/approve`
pub(super) async fn approve(asked: Asked, given: ApprovalGiven) -> Result<Found<GrantShown>, Problem> {
    let (manager, reason) = (&asked.api.parts.manager, given.reason.unwrap_or_default());
    let grant = manager.approve_enrolment(&asked.vs.id, &asked.by(), &user(&asked), &reason).await?;
    Ok(Found(GrantShown::of(grant)))
}

/// `POST /users/{user}/enrolment-grant/refuse`
pub(super) async fn refuse(asked: Asked, given: RefusalGiven) -> Result<Found<GrantShown>, Problem> {
    let manager = &asked.api.parts.manager;
    let grant = manager.refuse_enrolment(&asked.vs.id, &asked.by(), &user(&asked), &given.reason).await?;
    Ok(Found(GrantShown::of(grant)))
}

/// `POST /users/{user}/enrolment-grant/help-desk-code`
pub(super) async fn give_code(asked: Asked, given: HelpDeskGiven) -> Result<Drawn<NewHelpDeskCode>, Problem> {
    let manager = &asked.api.parts.manager;
    let drawn = manager.give_help_desk_code(&asked.vs.id, &asked.by(), &user(&asked), &given.reason).await?;
    let expires_at = Timestamp::rfc3339(drawn.expires_at);
    Ok(Drawn(NewHelpDeskCode { code: drawn.code.expose().to_owned(), expires_at }))
}

/// `DELETE /users/{user}/enrolment-grant`
pub(super) async fn withdraw(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    asked.api.parts.manager.withdraw_grant(&asked.vs.id, &asked.by(), &user(&asked)).await?;
    Ok(Done)
}
