//! Whether an act is done now, or waits for a second operator.

use doorward_api::ports::{Act, Change, Entropy, Ledger, PendingActs, Settings};
use doorward_api::settings::Approvals as Setting;
use doorward_api::{
    ApprovalId, ApprovalState, AuditEvent, CommitError, HeldAct, NewPendingAct, OperatorId, PendingAct, StoreError,
    Timestamp, VirtualServerId,
};

use super::{Approval, MOST_OPEN, MOST_OPEN_OF_ONE, WAITS};
use crate::settings::setting;

/// What is needed to find it out.
pub(crate) struct TurnPorts<'a> {
    pub(crate) settings: &'a dyn Settings,
    pub(crate) pending: &'a dyn PendingActs,
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) entropy: &'a dyn Entropy,
}

/// Who asks for something.
pub(crate) struct Asks<'a> {
    pub(crate) vs: &'a VirtualServerId,
    pub(crate) operator: &'a OperatorId,
    pub(crate) name: &'a str,
    pub(crate) api_key: Option<&'a str>,
    pub(crate) now: Timestamp,
    /// The record that it was asked for.
    pub(crate) requested: AuditEvent,
}

/// What comes of it.
pub(crate) enum Turn {
    /// It is done, under this.
    Now(Box<Seal>),
    /// It waits.
    Held(ApprovalId),
}

/// Why nothing comes of it.
pub(crate) enum TurnError {
    /// As many wait as may, in all or of who asks.
    Full,
    /// The store does not answer.
    Store(StoreError),
}

impl From<StoreError> for TurnError {
    fn from(error: StoreError) -> Self {
        TurnError::Store(error)
    }
}

/// What belongs to a change besides, because another operator has approved it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seal {
    moved: Option<Act>,
    given: Option<AuditEvent>,
    approved_by: Option<String>,
}

impl Seal {
    /// Under an approval that is given now.
    pub(crate) fn of(approval: &Approval) -> Self {
        let moved = Act::PendingActMove {
            id: approval.id.clone(),
            from: ApprovalState::Waiting,
            to: ApprovalState::Done,
            by: Some((approval.operator.clone(), approval.name.clone())),
            expires_at: None,
        };
        Self { moved: Some(moved), given: Some(approval.given.clone()), approved_by: Some(approval.name.clone()) }
    }

    /// Under one that was given before: whoever asked does it now.
    fn collected(act: PendingAct, by: (OperatorId, String)) -> Self {
        let (from, to) = (ApprovalState::Approved, act.act.collected());
        let moved = Act::PendingActMove { id: act.id, from, to, by: Some(by), expires_at: None };
        Self { moved: Some(moved), given: None, approved_by: act.decided_by }
    }

    /// The change with it: the act ceases to wait first, so that whoever is second changes nothing.
    pub(crate) fn on(self, mut change: Change) -> Change {
        if let Some(name) = self.approved_by {
            for event in &mut change.events {
                event.details.insert("approvedBy", name.clone().into());
            }
        }
        change.acts.splice(0..0, self.moved);
        change.events.splice(0..0, self.given);
        change
    }
}

impl TurnPorts<'_> {
    /// Done now, or kept. `about` is what the act is about, as it is called.
    pub(crate) async fn turn(
        &self,
        asks: Asks<'_>,
        approval: Option<&Approval>,
        act: HeldAct,
        about: &str,
    ) -> Result<Turn, TurnError> {
        if let Some(approval) = approval {
            return Ok(Turn::Now(Box::new(Seal::of(approval))));
        }
        let wanted = setting::<Setting>(self.settings, asks.vs).await?.document;
        if !wanted.take_two(act.held()) {
            return Ok(Turn::Now(Box::default()));
        }
        let open = self.pending.open_acts_of(asks.vs, asks.operator, asks.now).await?;
        let same = open.into_iter().find(|one| one.act == act && one.api_key.as_deref() == asks.api_key);
        match same {
            Some(one) if one.state == ApprovalState::Approved => {
                Ok(Turn::Now(Box::new(Seal::collected(one, (asks.operator.clone(), asks.name.to_owned())))))
            }
            // It was asked for already.
            Some(one) => Ok(Turn::Held(one.id)),
            None => self.keep(asks, act, about).await,
        }
    }

    async fn keep(&self, asks: Asks<'_>, act: HeldAct, about: &str) -> Result<Turn, TurnError> {
        let id = ApprovalId::new(self.entropy.id());
        let event = asks
            .requested
            .with("approvalId", id.as_str())
            .with("act", act.name())
            .with("about", about)
            .with("permission", act.permission().to_string());
        let new = NewPendingAct {
            id: id.clone(),
            operator: asks.operator.clone(),
            operator_name: asks.name.to_owned(),
            api_key: asks.api_key.map(str::to_owned),
            act,
            about: about.to_owned(),
            expires_at: asks.now + WAITS,
            most: MOST_OPEN,
            most_of_one: MOST_OPEN_OF_ONE,
        };
        let change = Change::of(Act::PendingActAdd(Box::new(new))).record(event);
        match self.ledger.commit(asks.vs, change, asks.now).await {
            Ok(()) => Ok(Turn::Held(id)),
            Err(CommitError::Lost { .. }) => Err(TurnError::Full),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}
