//! Acts of operators that take two of them, where the settings say so.
//!
//! An act is held where it is understood: behind console and API, after it was found that whoever asks may do it and that every
//! field is right. What is kept is the act itself, not the request; another operator who may do it, too, has it done, as of that
//! moment, and with what both may. It is done in the one transaction in which it ceases to wait: of two who approve it at once,
//! one does.

mod carry;
mod turn;

use std::time::Duration;

use doorward_api::operator::{HeldRole, Operator, OperatorSession};
use doorward_api::ports::{Act, Change, Listed, Page, Reader};
use doorward_api::settings::FieldChange;
use doorward_api::{
    ApprovalId, ApprovalState, AuditEvent, CommitError, EventKind, HeldAct, OperatorId, PendingAct, Permissions,
    StoreError, VirtualServerId,
};

use crate::manage::{ManageError, Manager};
use crate::operators::{Caller, OperatorDesk, OperatorError, is_fresh};

use carry::there;
pub(crate) use turn::{Asks, Seal, Turn, TurnError, TurnPorts};

/// How long an act waits, and how long one that was approved waits for whoever asked to do it.
pub const WAITS: Duration = Duration::from_hours(24);

/// So many acts of a virtual server may be open at once: nobody looks through more.
pub const MOST_OPEN: u32 = 100;

/// So many of them may be one operator's, with those of their API keys: nobody alone keeps all others from asking.
pub const MOST_OPEN_OF_ONE: u32 = 20;

/// What is told when as many wait as may.
pub(crate) const TOO_MANY_WAIT: &str = "as many acts wait for a second operator as may, 20 of one operator and 100 in all: \
                                        withdraw or decide some of them first";

/// That somebody else has approved an act: it is done under this.
#[derive(Debug, Clone)]
pub struct Approval {
    id: ApprovalId,
    operator: OperatorId,
    name: String,
    /// The record of it.
    given: AuditEvent,
}

/// Why nothing was approved, refused or taken back.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApprovalError {
    /// There is no such act, or it is none of whoever asks.
    #[error("there is no such act")]
    NotFound,
    /// Nobody approves or refuses what they have asked for themselves.
    #[error("nobody approves what they have asked for")]
    Own,
    /// Only whoever asked takes it back.
    #[error("only who has asked for it takes it back")]
    NotOwn,
    /// It waits no longer.
    #[error("it waits no longer: it is {}", .0.as_str())]
    Decided(ApprovalState),
    /// Password and passcode were proved too long ago for it.
    #[error("the operator has to prove anew who they are")]
    NotFresh,
    /// Whoever asked may not do it any more.
    #[error("who has asked for it may not do it any more")]
    AskerMayNot,
    /// It gives or takes more than whoever approves may do themselves.
    #[error("nobody approves that more is given or taken than they may do themselves")]
    Beyond,
    /// It cannot be done as things are now. It goes on waiting.
    #[error(transparent)]
    Manage(ManageError),
    /// The same, of operators, roles and keys.
    #[error(transparent)]
    Operators(OperatorError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ManageError> for ApprovalError {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::Unavailable(error) => ApprovalError::Store(error),
            error => ApprovalError::Manage(error),
        }
    }
}

impl From<OperatorError> for ApprovalError {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::Store(error) => ApprovalError::Store(error),
            error => ApprovalError::Operators(error),
        }
    }
}

/// An act, and what there is to know of it for whoever decides.
#[derive(Debug, Clone)]
pub struct ActRecord {
    /// It.
    pub act: PendingAct,
    /// Where it stands now.
    pub state: ApprovalState,
    /// What would change, as things are now: fields of what it is about.
    pub changes: Vec<FieldChange>,
    /// What it is about is gone, or is another than whoever asked has seen.
    pub outdated: bool,
    /// The names of those who may approve it.
    pub approvers: Vec<String>,
}

/// Where acts wait.
pub struct Approvals<'a> {
    manager: &'a Manager,
    desk: &'a OperatorDesk,
    api_key: Option<&'a str>,
}

impl std::fmt::Debug for Approvals<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Approvals").finish_non_exhaustive()
    }
}

impl<'a> Approvals<'a> {
    /// Beside those who do them, for whoever looks or decides: `api_key` is the name of the API key by which they come. What is
    /// a key's own is what was asked for by it, not whatever its operator has asked for.
    pub const fn new(manager: &'a Manager, desk: &'a OperatorDesk, api_key: Option<&'a str>) -> Self {
        Self { manager, desk, api_key }
    }

    /// Those that an operator has asked for or may decide, the newest first; all of them, or those from which something may still
    /// come.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn list(
        &self,
        at: &Caller,
        by: &OperatorSession,
        only_open: bool,
        page: &Page,
    ) -> Result<Listed<PendingAct>, ApprovalError> {
        let pending = self.desk.pending();
        Ok(pending.pending_acts(&at.vs, &self.reader(by), only_open, page, at.now).await?)
    }

    /// How many wait for an operator.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn waiting(&self, at: &Caller, by: &OperatorSession) -> Result<u64, ApprovalError> {
        Ok(self.desk.pending().acts_waiting_for(&at.vs, &self.reader(by), at.now).await?)
    }

    /// One of them, with what would change.
    ///
    /// # Errors
    /// [`ApprovalError::NotFound`], or a store that does not answer.
    pub async fn look(&self, at: &Caller, by: &OperatorSession, id: &ApprovalId) -> Result<ActRecord, ApprovalError> {
        let act = self.find(at, by, id).await?;
        let approvers = self.approvers(&at.vs, &act).await?;
        let state = act.state_at(at.now);
        let looked = if state.is_open() { self.would_change(&at.vs, &act.act).await? } else { Some(Vec::new()) };
        let outdated = looked.is_none();
        Ok(ActRecord { state, changes: looked.unwrap_or_default(), outdated, approvers, act })
    }

    /// The names of those who may approve an act.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn approvers(&self, vs: &VirtualServerId, act: &PendingAct) -> Result<Vec<String>, ApprovalError> {
        let needed = act.act.permission();
        // Where nothing is left to be done, whoever may do such a thing closes it.
        let weight = self.weight(vs, &act.act).await?.unwrap_or_default();
        let enough = |permissions: Permissions| permissions.may(needed) && permissions.includes(weight);
        let may = |one: &Operator| !one.disabled && one.id != act.operator && enough(one.role.permissions);
        let all = self.desk.operators(vs).await?;
        Ok(all.into_iter().filter(may).map(|one| one.name).collect())
    }

    /// A second operator approves: it is done, or whoever asked may do it.
    ///
    /// # Errors
    /// Any of them. Nothing was done then, and it goes on waiting.
    pub async fn approve(
        &self,
        at: &Caller,
        by: &OperatorSession,
        id: &ApprovalId,
    ) -> Result<PendingAct, ApprovalError> {
        let act = self.to_decide(at, by, id).await?;
        let given = about(at.event(EventKind::ApprovalGiven, Some(&by.operator.name)), &act);
        let done = match self.both_may(at, by, &act).await {
            Err(error) => Err(error),
            Ok(_) if act.act.is_collected() => self.go(at, by, &act, ApprovalState::Approved, given).await,
            Ok(asker) => {
                let (operator, name) = (by.operator.id.clone(), by.operator.name.clone());
                self.carry(at, &asker, &act, Approval { id: id.clone(), operator, name, given }).await
            }
        };
        self.settled(at, id, done).await
    }

    /// A second operator refuses.
    ///
    /// # Errors
    /// As [`Approvals::approve`].
    pub async fn refuse(
        &self,
        at: &Caller,
        by: &OperatorSession,
        id: &ApprovalId,
    ) -> Result<PendingAct, ApprovalError> {
        let act = self.to_decide(at, by, id).await?;
        let event = about(at.event(EventKind::ApprovalRefused, Some(&by.operator.name)), &act);
        let done = self.go(at, by, &act, ApprovalState::Refused, event).await;
        self.settled(at, id, done).await
    }

    /// Whoever asked takes it back, approved or not.
    ///
    /// # Errors
    /// As [`Approvals::approve`]; [`ApprovalError::NotOwn`].
    pub async fn withdraw(
        &self,
        at: &Caller,
        by: &OperatorSession,
        id: &ApprovalId,
    ) -> Result<PendingAct, ApprovalError> {
        let act = self.find(at, by, id).await?;
        if act.operator != by.operator.id {
            return Err(ApprovalError::NotOwn);
        }
        if !is_fresh(by, at.now) {
            return Err(ApprovalError::NotFresh);
        }
        let event = about(at.event(EventKind::ApprovalWithdrawn, Some(&by.operator.name)), &act);
        let done = self.go(at, by, &act, ApprovalState::Withdrawn, event).await;
        self.settled(at, id, done).await
    }

    async fn find(&self, at: &Caller, by: &OperatorSession, id: &ApprovalId) -> Result<PendingAct, ApprovalError> {
        let found = self.desk.pending().pending_act(&at.vs, id).await?;
        let reader = self.reader(by);
        found.filter(|act| reader.concerns(act)).ok_or(ApprovalError::NotFound)
    }

    fn reader(&self, by: &OperatorSession) -> Reader {
        let (operator, may) = (by.operator.id.clone(), by.operator.role.permissions);
        Reader { operator, api_key: self.api_key.map(str::to_owned), may }
    }

    /// What an act gives or takes: nobody asks for it, or approves it, who may less. `None` where what it is about is gone.
    async fn weight(&self, vs: &VirtualServerId, act: &HeldAct) -> Result<Option<Permissions>, ApprovalError> {
        let desk = self.desk;
        Ok(match act {
            HeldAct::OperatorInvite { role } => desk.held(vs, role).await?.map(|role| role.permissions),
            HeldAct::OperatorRole { operator, role } => {
                let (now, new) = (there(desk.operator(vs, operator).await)?, desk.held(vs, role).await?);
                now.zip(new).map(|(now, new)| now.role.permissions.or(new.permissions))
            }
            HeldAct::OperatorEnable { operator } => {
                there(desk.operator(vs, operator).await)?.map(|now| now.role.permissions)
            }
            HeldAct::RoleSet { role, permissions, .. } => {
                there(desk.role(vs, role).await)?.map(|now| now.role.permissions.or(*permissions))
            }
            HeldAct::RoleDelete { role } => there(desk.role(vs, role).await)?.map(|now| now.role.permissions),
            HeldAct::RoleAdd { permissions, .. } | HeldAct::ApiKeyAdd { permissions, .. } => Some(*permissions),
            HeldAct::SettingPut { .. }
            | HeldAct::UserDelete { .. }
            | HeldAct::TokenDelete { .. }
            | HeldAct::Export { .. } => Some(Permissions::NONE),
        })
    }

    /// Whoever asked, with what both may now, which is all that the act gives or takes. Of acts that who asked does later, by
    /// what they may themselves, this is the only time that it is asked whether the other may, too.
    async fn both_may(
        &self,
        at: &Caller,
        by: &OperatorSession,
        act: &PendingAct,
    ) -> Result<OperatorSession, ApprovalError> {
        let asker = self.asker(at, by, act).await?;
        let weight = match self.weight(&at.vs, &act.act).await? {
            Some(weight) => weight,
            // There is nothing to be given; what else there is to say of it is found out when it is done.
            None if act.act.is_collected() => return Err(OperatorError::Conflict.into()),
            None => Permissions::NONE,
        };
        if !by.operator.role.permissions.includes(weight) {
            return Err(ApprovalError::Beyond);
        }
        if asker.operator.role.permissions.includes(weight) { Ok(asker) } else { Err(ApprovalError::AskerMayNot) }
    }

    /// One that somebody may decide now.
    async fn to_decide(&self, at: &Caller, by: &OperatorSession, id: &ApprovalId) -> Result<PendingAct, ApprovalError> {
        let act = self.find(at, by, id).await?;
        if act.operator == by.operator.id {
            return Err(ApprovalError::Own);
        }
        if !is_fresh(by, at.now) {
            return Err(ApprovalError::NotFresh);
        }
        match act.state_at(at.now) {
            ApprovalState::Waiting => Ok(act),
            state => Err(ApprovalError::Decided(state)),
        }
    }

    async fn go(
        &self,
        at: &Caller,
        by: &OperatorSession,
        act: &PendingAct,
        to: ApprovalState,
        event: AuditEvent,
    ) -> Result<(), ApprovalError> {
        let moved = Act::PendingActMove {
            id: act.id.clone(),
            from: act.state,
            to,
            by: Some((by.operator.id.clone(), by.operator.name.clone())),
            expires_at: (to == ApprovalState::Approved).then(|| at.now + WAITS),
        };
        match self.desk.ledger().commit(&at.vs, Change::of(moved).record(event), at.now).await {
            Ok(()) => Ok(()),
            Err(CommitError::Lost { .. }) => Err(ApprovalError::Decided(act.state)),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// As it stands now. Where somebody else was faster, that is what is told, whatever else came of it.
    async fn settled(
        &self,
        at: &Caller,
        id: &ApprovalId,
        done: Result<(), ApprovalError>,
    ) -> Result<PendingAct, ApprovalError> {
        if let Err(ApprovalError::Store(error)) = done {
            return Err(error.into());
        }
        let now = self.desk.pending().pending_act(&at.vs, id).await?.ok_or(ApprovalError::NotFound)?;
        match (done, now.state_at(at.now)) {
            (Ok(()), _) => Ok(now),
            (Err(error), ApprovalState::Waiting) => Err(error),
            (Err(_), state) => Err(ApprovalError::Decided(state)),
        }
    }

    /// Whoever asked, with what is left of their powers: what they may now, and the one who approves as well, and the key by
    /// which they asked.
    async fn asker(
        &self,
        at: &Caller,
        by: &OperatorSession,
        act: &PendingAct,
    ) -> Result<OperatorSession, ApprovalError> {
        let asker = self.desk.operator(&at.vs, &act.operator).await?;
        let of_key = match &act.api_key {
            None => Permissions::ALL,
            Some(name) => {
                let keys = self.desk.api_keys(&at.vs, at.now).await?;
                let theirs =
                    keys.into_iter().find(|one| one.live && one.key.name == *name && one.key.created_by == asker.id);
                theirs.map(|one| one.permissions).unwrap_or_default()
            }
        };
        let permissions = asker.role.permissions.and(by.operator.role.permissions).and(of_key);
        if asker.disabled || !permissions.may(act.act.permission()) {
            return Err(ApprovalError::AskerMayNot);
        }
        let role = HeldRole { permissions, ..asker.role.clone() };
        Ok(OperatorSession { operator: Operator { role, ..asker }, proved_at: at.now, ..by.clone() })
    }
}

/// Which act a record tells of.
pub(crate) fn about(event: AuditEvent, act: &PendingAct) -> AuditEvent {
    event
        .with("approvalId", act.id.as_str())
        .with("act", act.act.name())
        .with("about", act.about.as_str())
        .with("askedBy", act.operator_name.as_str())
}
