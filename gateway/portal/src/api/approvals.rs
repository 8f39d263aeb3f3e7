//! Acts that wait for a second operator: those that were asked for are answered 202, and are looked at and decided here.

use doorward_access::approvals::{ActRecord, ApprovalError, Approvals};
use doorward_access::operators;
use doorward_api::operator::OperatorSession;
use doorward_api::settings::FieldChange;
use doorward_api::{ApprovalId, ApprovalState, HeldAct, PendingAct, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Shared;
use super::asked::Asked;
use super::call::{AFTER, LIMIT, Of, Param};
use super::given::Nothing;
use super::gives::{Begun, Found, Gives, Reply, Shown};
use super::people::{SOME_ID, SOME_TIME};
use super::problem::{Kind, Problem};

pub(super) const LISTED: [Param; 3] =
    [Param::new("open", Of::Switch, "`true`: only those from which something may still come."), AFTER, LIMIT];

/// Where an act stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ApprovalStateName {
    /// It waits for a second operator.
    Waiting,
    /// It is approved: whoever asked sends the same request once more, and it is done, once.
    Approved,
    /// It was done.
    Done,
    /// A second operator has refused it.
    Refused,
    /// Whoever asked has taken it back.
    Withdrawn,
    /// Nobody was in time.
    Expired,
}

impl ApprovalStateName {
    const fn of(state: ApprovalState) -> Self {
        match state {
            ApprovalState::Waiting => ApprovalStateName::Waiting,
            ApprovalState::Approved => ApprovalStateName::Approved,
            ApprovalState::Done => ApprovalStateName::Done,
            ApprovalState::Refused => ApprovalStateName::Refused,
            ApprovalState::Withdrawn => ApprovalStateName::Withdrawn,
            ApprovalState::Expired => ApprovalStateName::Expired,
        }
    }
}

/// An act that waits, or has waited, for a second operator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
pub(super) struct ApprovalShown {
    /// Its id.
    id: String,
    /// What was asked for: `setting_put`, `operator_invite`, `operator_role`, `operator_enable`, `role_add`, `role_set`,
    /// `role_delete`, `api_key_add`, `user_delete`, `token_delete`, `export`.
    act: String,
    /// What it is about, as it was called then.
    about: String,
    /// What it takes of whoever approves it.
    permission: String,
    /// The name of who asked.
    asked_by: String,
    /// The name of the API key by which they asked.
    api_key: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    asked_at: String,
    /// Until when something may come of it.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Where it stands.
    state: ApprovalStateName,
    /// Once it is approved, whoever asked does it themselves: what comes of it is for their eyes.
    collected: bool,
    /// The name of who approved or refused it.
    decided_by: Option<String>,
    /// When it came to stand there.
    #[schema(format = DateTime)]
    decided_at: Option<String>,
}

impl ApprovalShown {
    fn of(act: PendingAct, now: Timestamp) -> Self {
        Self {
            state: ApprovalStateName::of(act.state_at(now)),
            id: act.id.to_string(),
            act: act.act.name().to_owned(),
            permission: act.act.permission().to_string(),
            collected: act.act.is_collected(),
            about: act.about,
            asked_by: act.operator_name,
            api_key: act.api_key,
            asked_at: act.asked_at.rfc3339(),
            expires_at: act.expires_at.rfc3339(),
            decided_by: act.decided_by,
            decided_at: act.decided_at.map(Timestamp::rfc3339),
        }
    }
}

impl Shown for ApprovalShown {
    fn example() -> Self {
        Self {
            id: SOME_ID.to_owned(),
            act: HeldAct::NAMES.first().copied().unwrap_or_default().to_owned(),
            about: "lockout".to_owned(),
            permission: "access_policies:edit".to_owned(),
            asked_by: "olga".to_owned(),
            api_key: None,
            asked_at: SOME_TIME.rfc3339(),
            expires_at: SOME_TIME.rfc3339(),
            state: ApprovalStateName::Waiting,
            collected: false,
            decided_by: None,
            decided_at: None,
        }
    }
}

/// A part of the acts, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approvals)]
pub(super) struct ApprovalsShown {
    /// This part.
    items: Vec<ApprovalShown>,
    /// How many wait for whoever looks.
    waiting: u64,
    /// What to send as `after` for the next part; `null` when there is none.
    next: Option<String>,
}

impl Shown for ApprovalsShown {
    fn example() -> Self {
        Self { items: vec![ApprovalShown::example()], waiting: 1, next: None }
    }
}

/// A field that would be changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApprovalChange)]
struct WouldChange {
    /// Its name.
    field: String,
    /// What it says; `null` when it is not there.
    old: Value,
    /// What it would say; `null` when it would not be there.
    new: Value,
}

impl WouldChange {
    fn of(FieldChange { field, old, new }: FieldChange) -> Self {
        Self { field, old, new }
    }
}

/// An act, and what there is to know of it for whoever decides.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApprovalDetails)]
pub(super) struct ApprovalDetails {
    /// It.
    approval: ApprovalShown,
    /// What would change, as things are now.
    changes: Vec<WouldChange>,
    /// What it is about is gone, or was changed since: it cannot be done any more.
    outdated: bool,
    /// The names of those who may approve it.
    approvers: Vec<String>,
}

impl ApprovalDetails {
    fn of(record: ActRecord, now: Timestamp) -> Self {
        let ActRecord { act, changes, outdated, approvers, .. } = record;
        Self {
            approval: ApprovalShown::of(act, now),
            changes: changes.into_iter().map(WouldChange::of).collect(),
            outdated,
            approvers,
        }
    }
}

impl Shown for ApprovalDetails {
    fn example() -> Self {
        let change = WouldChange { field: "token_minutes".to_owned(), old: json!(15), new: json!(30) };
        Self {
            approval: ApprovalShown::example(),
            changes: vec![change],
            outdated: false,
            approvers: vec!["oleg".to_owned()],
        }
    }
}

impl From<ApprovalError> for Problem {
    fn from(error: ApprovalError) -> Self {
        let told = error.to_string();
        match error {
            ApprovalError::NotFound => Self::not_found(),
            ApprovalError::Own => Self::new(Kind::OwnRequest, told),
            ApprovalError::NotOwn => Self::new(Kind::NotOwnRequest, told),
            ApprovalError::Decided(_) => Self::new(Kind::Decided, told),
            ApprovalError::NotFresh => Self::reproof(),
            ApprovalError::AskerMayNot => Self::new(Kind::AskerMayNot, told),
            ApprovalError::Beyond => Self::new(Kind::BeyondOwn, told),
            ApprovalError::Manage(error) => error.into(),
            ApprovalError::Operators(error) => error.into(),
            ApprovalError::Store(_) => Self::unavailable(told),
        }
    }
}

/// Who has asked for something that may be held.
pub(super) struct Waits {
    api: Shared,
    at: operators::Caller,
    session: OperatorSession,
    api_key: Option<String>,
}

impl Waits {
    pub(super) fn of(asked: &Asked) -> Self {
        let (session, api_key) = (asked.session.clone(), asked.api_key.clone());
        Self { api: asked.api.clone(), at: asked.at(), session, api_key }
    }

    /// What is answered when an act was held, which is no problem: where it waits, and who can approve it.
    pub(super) async fn told(&self, id: &ApprovalId) -> Result<Reply, Problem> {
        let parts = &self.api.parts;
        let desk = Approvals::new(&parts.manager, &parts.operators, self.api_key.as_deref());
        let record = desk.look(&self.at, &self.session, id).await?;
        Begun { body: ApprovalDetails::of(record, self.at.now), at: format!("/approvals/{id}") }.reply()
    }
}

fn desk(asked: &Asked) -> Approvals<'_> {
    Approvals::new(&asked.api.parts.manager, &asked.api.parts.operators, asked.api_key.as_deref())
}

/// `GET /approvals`
pub(super) async fn list(asked: Asked, _: Nothing) -> Result<Found<ApprovalsShown>, Problem> {
    let (at, only_open) = (asked.at(), asked.query("open") == "true");
    let listed = desk(&asked).list(&at, &asked.session, only_open, &asked.page()).await?;
    Ok(Found(ApprovalsShown {
        items: listed.items.into_iter().map(|act| ApprovalShown::of(act, at.now)).collect(),
        waiting: desk(&asked).waiting(&at, &asked.session).await?,
        next: listed.next,
    }))
}

/// `GET /approvals/{approval}`
pub(super) async fn get(asked: Asked, _: Nothing) -> Result<Found<ApprovalDetails>, Problem> {
    let at = asked.at();
    let record = desk(&asked).look(&at, &asked.session, &asked.id("approval")).await?;
    Ok(Found(ApprovalDetails::of(record, at.now)))
}

/// `POST /approvals/{approval}/approve`
pub(super) async fn approve(asked: Asked, _: Nothing) -> Result<Found<ApprovalShown>, Problem> {
    let at = asked.at();
    let act = desk(&asked).approve(&at, &asked.session, &asked.id("approval")).await?;
    Ok(Found(ApprovalShown::of(act, at.now)))
}

/// `POST /approvals/{approval}/refuse`
pub(super) async fn refuse(asked: Asked, _: Nothing) -> Result<Found<ApprovalShown>, Problem> {
    let at = asked.at();
    let act = desk(&asked).refuse(&at, &asked.session, &asked.id("approval")).await?;
    Ok(Found(ApprovalShown::of(act, at.now)))
}

/// `POST /approvals/{approval}/withdraw`
pub(super) async fn withdraw(asked: Asked, _: Nothing) -> Result<Found<ApprovalShown>, Problem> {
    let at = asked.at();
    let act = desk(&asked).withdraw(&at, &asked.session, &asked.id("approval")).await?;
    Ok(Found(ApprovalShown::of(act, at.now)))
}
