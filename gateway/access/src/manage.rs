//! What operators do: they set what there is to set, care for users and their tokens, and leave their names in the trail. Console
//! and API are two faces of it: whatever is checked is checked here, and what one can do the other can.
//!
//! Each change is one conditional change of the store with its record. It is refused whole, with every field that is wrong, or
//! made whole.

mod counting;
mod decisions;
mod gauges;
mod grants;
mod groups;
mod import;
mod lock;
pub mod policies;
mod provisioning;
mod provisioning_rules;
mod push;
mod recovery;
mod report;
mod setting;
#[cfg(test)]
mod tests;
pub mod text;
mod tokens;
mod users;

use std::net::IpAddr;
use std::sync::Arc;

use doorward_api::ports::{Act, Change, MeterKey};
use doorward_api::{
    ApprovalId, AuditEvent, CommitError, EventContext, EventKind, FieldFault, FieldRule, HeldAct, OperatorId,
    Permission, Permissions, PluginError, StoreError, Timestamp, TokenState, UserId, VirtualServerId,
};

use crate::approvals::{Approval, Asks, Seal, TOO_MANY_WAIT, Turn, TurnError, TurnPorts};
use crate::operators::Undone;
use crate::ports::Ports;
use crate::signin::{Desk, DeskError, Stop};
use counting::Counting;

pub(crate) use tokens::LONGEST_LABEL;

pub use decisions::{LONGEST_FILES, MOST_FILES, Replayed, ShadowLoaded, ShadowSet, ShadowView};
pub use gauges::{MOST_GAUGED, MissingGauges, Reached};
pub use grants::GivenCode;
pub use import::{ImportReport, Imported, RowOutcome};
pub use lock::tries_of;
pub use provisioning::{LONGEST_NOTE, MOST_DAYS, MOST_NAMES, TaskForm, TaskProgress, USUAL_DAYS};
pub use provisioning_rules::{RuleEffect, RulePreview, RulePreviewLine, RuleQuestion, WouldTake};
pub use push::{CallerAnswer, CallerCheck};
pub use report::{EnrolmentTotals, MissingLine, MissingNow, MissingOf, Taken};
pub use setting::{KindFits, Preview, TargetFits};
pub use tokens::{GivenTemporary, LONGEST_TEMPORARY, PinGiven, RevokeReason, TestOutcome, TokenAction, TokenCounts};
pub use users::{GivenPassword, NewUserForm, UserForm};

/// Which operator does something, from where and when.
#[derive(Debug, Clone)]
pub struct By {
    /// The operator's row.
    pub operator: OperatorId,
    /// Their name, for the trail.
    pub name: String,
    /// What they may do; of an API key: what is left of it.
    pub permissions: Permissions,
    /// The name of the API key by which it comes.
    pub api_key: Option<String>,
    /// From where.
    pub address: Option<IpAddr>,
    /// In which request.
    pub request_id: String,
    /// Now.
    pub now: Timestamp,
    /// Of a request under a key: to be taken away by what it does.
    pub undone: Option<Undone>,
}

/// Why nothing was done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ManageError {
    /// There is no such thing in this virtual server.
    #[error("there is no such thing")]
    NotFound,
    /// Somebody else has changed it meanwhile.
    #[error("somebody else has changed it meanwhile")]
    Conflict,
    /// A provisioning task runs no more: there is nothing to change about it.
    #[error("its stop date has passed, or it was removed")]
    TaskOver,
    /// Fields break rules.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldFault>),
    /// A token in this state cannot do that.
    #[error("this cannot happen to a token that is {}", from.as_str())]
    NotInState {
        /// The state it is in.
        from: TokenState,
    },
    /// The user has a token already; there is one for each.
    #[error("the user has a token already")]
    HasToken,
    /// The operator's role does not allow it.
    #[error("the operator's role does not allow it")]
    Forbidden,
    /// Another operator has to approve it: it waits.
    #[error("another operator has to approve it")]
    Held(ApprovalId),
    /// Another operator has to approve it, and it cannot wait for that: as many wait as may.
    #[error("{TOO_MANY_WAIT}")]
    TooManyWait,
    /// Too much is under way; worth trying again in a moment.
    #[error("too much is under way")]
    Busy,
    /// The store or a plugin did not answer.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl ManageError {
    /// One field that breaks a rule.
    pub(crate) fn field(name: &str, rule: FieldRule) -> Self {
        ManageError::Invalid(vec![FieldFault::new(name, rule)])
    }
}

impl From<CommitError> for ManageError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Lost { .. } => ManageError::Conflict,
            CommitError::Store(error) => ManageError::Unavailable(error),
        }
    }
}

impl From<PluginError> for ManageError {
    fn from(error: PluginError) -> Self {
        ManageError::Unavailable(StoreError::Unavailable(error.to_string()))
    }
}

/// What the desk stops at, where it works for operators.
impl From<Stop> for ManageError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Fault(DeskError::Store(error)) => ManageError::Unavailable(error),
            Stop::Fault(DeskError::Plugin(error)) => error.into(),
            Stop::Fault(DeskError::Busy | DeskError::Full | DeskError::TooMany { .. }) => ManageError::Busy,
            Stop::Stale | Stop::Lost(_) | Stop::Done(_) => ManageError::Conflict,
        }
    }
}

/// Does what operators ask for.
pub struct Manager {
    desk: Arc<Desk>,
    missing_counts: Counting<VirtualServerId, MissingNow>,
    token_counts: Counting<VirtualServerId, TokenCounts>,
    enrolment_counts: Counting<report::Asked, EnrolmentTotals>,
    /// One replay at a time.
    replaying: Arc<tokio::sync::Semaphore>,
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manager").finish_non_exhaustive()
    }
}

impl Manager {
    /// Beside the desk, whose rules and plugins it goes by.
    pub fn new(desk: Arc<Desk>) -> Self {
        Self {
            desk,
            missing_counts: Counting::default(),
            token_counts: Counting::default(),
            enrolment_counts: Counting::default(),
            replaying: Arc::new(tokio::sync::Semaphore::new(1)),
        }
    }

    fn ports(&self) -> &Ports {
        &self.desk.ports
    }

    /// Whether an act is done now; where it waits for another operator, that is why it is not done.
    async fn turn(
        &self,
        vs: &VirtualServerId,
        by: &By,
        approval: Option<&Approval>,
        act: HeldAct,
        about: &str,
    ) -> Result<Seal, ManageError> {
        let ports = self.ports();
        let turn = TurnPorts {
            settings: ports.settings.as_ref(),
            pending: ports.pending.as_ref(),
            ledger: ports.ledger.as_ref(),
            entropy: ports.entropy.as_ref(),
        };
        let asks = Asks {
            vs,
            operator: &by.operator,
            name: &by.name,
            api_key: by.api_key.as_deref(),
            now: by.now,
            requested: by.event(EventKind::ApprovalRequested),
        };
        match turn.turn(asks, approval, act, about).await {
            Ok(Turn::Now(seal)) => Ok(*seal),
            Ok(Turn::Held(id)) => Err(ManageError::Held(id)),
            Err(TurnError::Full) => Err(ManageError::TooManyWait),
            Err(TurnError::Store(error)) => Err(error.into()),
        }
    }

    /// All of it and its records, or nothing.
    async fn commit(&self, vs: &VirtualServerId, by: &By, change: Change) -> Result<(), CommitError> {
        self.ports().ledger.commit(vs, Undone::by(by.undone, change), by.now).await
    }

    /// Wrong ones of before count no longer. What was drawn is told all the same, since it is told nowhere else.
    async fn starts_anew(&self, vs: &VirtualServerId, by: &By, meters: impl IntoIterator<Item = MeterKey>) {
        for meter in meters {
            if let Err(error) = self.ports().meters.forget(vs, &meter).await {
                tracing::warn!(request_id = by.request_id, %error, "wrong entries of before still count");
            }
        }
    }

    /// Who asks must have this permission.
    fn allow(by: &By, needed: Permission) -> Result<(), ManageError> {
        if by.permissions.may(needed) { Ok(()) } else { Err(ManageError::Forbidden) }
    }

    /// Ends a user's sessions and what sign-ins and requests are under way: what was proved there counts no longer.
    fn end_all_of(user: &UserId, by: &By) -> [Act; 3] {
        let by = EventContext { user: Some(user.clone()), ..by.context() };
        [
            Act::SessionsEndOf { user: user.clone() },
            Act::FlowsEndOf { user: user.clone(), by: Box::new(by) },
            Act::PushesCancelOf { user: user.clone() },
        ]
    }
}

impl By {
    fn context(&self) -> EventContext {
        EventContext {
            address: self.address,
            request_id: Some(self.request_id.clone()),
            operator: Some(self.name.clone()),
            ..EventContext::default()
        }
    }

    /// A record of something this operator does.
    pub(crate) fn event(&self, kind: EventKind) -> AuditEvent {
        self.marked(AuditEvent::new(kind, self.context()))
    }

    /// One about a user.
    pub(crate) fn event_of(&self, kind: EventKind, user: &UserId) -> AuditEvent {
        let context = EventContext { user: Some(user.clone()), ..self.context() };
        self.marked(AuditEvent::new(kind, context))
    }

    fn marked(&self, event: AuditEvent) -> AuditEvent {
        let event = event.with("actor", "operator");
        match &self.api_key {
            Some(key) => event.with("apiKey", key.as_str()),
            None => event,
        }
    }
}
