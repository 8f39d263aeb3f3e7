//! Operators at the console: signing in with password and passcode in one form, sessions of their own, and the links by
//! which operators are made (SEC 5.11).
//!
//! Whatever was wrong with a sign-in is told in one way and takes the same work, for names of nobody as well. A passcode is
//! spent with the sign-in that it leads to, in one change.

mod enter;
mod invite;
mod keep;
mod keys;
mod once;
mod recover;
mod roles;
mod staff;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;

use doorward_api::credential::Version;
use doorward_api::keys::{MacKey, MasterKey, Purpose, SealingKey};
use doorward_api::operator::{Operator, OperatorSession};
use doorward_api::plugin::{Authenticator, Check, OfferRequest, Plugin, Verified};
use doorward_api::ports::{Entropy, Ledger, Meters, OneTimes, Operators, PendingActs, Settings};
use doorward_api::{
    ApprovalId, AuditEvent, CommitError, CredentialId, EventContext, EventKind, Factor, FieldFault, HeldAct,
    PluginError, Secret, SecretBytes, StoreError, Target, Template, Timestamp, UserId, VirtualServerId, Windows,
};
use tokio::sync::OnceCell;

use crate::approvals::{Approval, Asks, Seal, TOO_MANY_WAIT, Turn, TurnError, TurnPorts};
use crate::passwords::Passwords;

pub use enter::{Entered, Proof};
pub use invite::{Finished, Invited, LINK_LIFE, Setup, SetupFault, SetupForm};
pub use keep::{FRESH, IDLE, LIFE, Reproved, is_fresh};
pub use keys::{KEY_PREFIX, KeyEntered, KeyForm, KeyRecord, KeyText, LONGEST_KEY_DAYS, MOST_API_KEYS};
pub use once::{Freed, KEY_LIFE, Once, Request, Reserved, Undone};
pub use recover::recovery_link;
pub use roles::{MOST_ROLES, RoleForm, RoleRecord};

/// Fewest characters of an operator's password.
pub const SHORTEST_PASSWORD: usize = 12;

/// What has become of an approval that somebody else was faster to use.
const APPROVAL: &str = "pending_act_move";

/// An operator's second factor is what any authenticator app can carry, whatever their users' tokens are made by.
const TEMPLATE: Template = Template::STANDARD_APP;

/// One step on either side. There is no outer window: one passcode a sign-in.
const WINDOWS: Windows = Windows { inner_steps: 1, outer_steps: 1, outer_events: 1 };

/// Where apps are the same everywhere, any platform will do.
const ANY_TARGET: Target = Target::Android;

/// The ports that operators need.
#[derive(Clone)]
pub struct OperatorPorts {
    /// Who they are, and their sessions.
    pub operators: Arc<dyn Operators>,
    /// The links by which they are made.
    pub one_times: Arc<dyn OneTimes>,
    /// Counters.
    pub meters: Arc<dyn Meters>,
    /// What operators set.
    pub settings: Arc<dyn Settings>,
    /// Acts that wait for a second one of them.
    pub pending: Arc<dyn PendingActs>,
    /// The one door for writing.
    pub ledger: Arc<dyn Ledger>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Where operators sign in, stay signed in, and are made.
pub struct OperatorDesk {
    ports: OperatorPorts,
    passwords: Arc<Passwords>,
    plugins: Vec<(&'static str, Arc<dyn Plugin>)>,
    sealing: SealingKey,
    /// Of keys under which requests are done once.
    once: MacKey,
    /// Checked for names of nobody.
    decoy: OnceCell<SecretBytes>,
}

/// One request of somebody at the console.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The virtual server that it is about.
    pub vs: VirtualServerId,
    /// From where it comes.
    pub address: IpAddr,
    /// Its id.
    pub request_id: String,
    /// When.
    pub now: Timestamp,
    /// What another operator has approved is done under this.
    pub approval: Option<Approval>,
    /// Of a request under a key: to be taken away by what it does.
    pub undone: Option<Undone>,
}

/// Why an operator's request was not done. Nothing of it was, then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OperatorError {
    /// Too many passwords are being checked.
    #[error("too many passwords are being checked")]
    Busy,
    /// Their role does not permit it.
    #[error("the operator's role does not permit it")]
    Forbidden,
    /// Password and passcode were proved too long ago for it.
    #[error("the operator has to prove anew who they are")]
    NotFresh,
    /// There is no such operator, role or key.
    #[error("there is no such operator, role or key")]
    NotFound,
    /// It is more than they may do themselves.
    #[error("nobody gives or takes what they may not do themselves")]
    Beyond,
    /// It is their own role.
    #[error("nobody changes their own role")]
    OwnRole,
    /// It is their own password and second factor: who is signed in has both.
    #[error("another operator has to do it")]
    OwnRecovery,
    /// An operator has the role.
    #[error("an operator has this role")]
    RoleInUse,
    /// Somebody else has changed it meanwhile.
    #[error("somebody else has changed it meanwhile")]
    Conflict,
    /// Fields break rules.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldFault>),
    /// Nobody would be left who may do everything; or one, where there must be two.
    #[error("the last administrator stays; while anything takes two operators, the last two stay")]
    LastAdministrator,
    /// Another operator has to approve it: it waits.
    #[error("another operator has to approve it")]
    Held(ApprovalId),
    /// Another operator has to approve it, and it cannot wait for that: as many wait as may.
    #[error("{TOO_MANY_WAIT}")]
    TooManyWait,
    /// No authenticator of this build can be an operator's second factor.
    #[error("no plugin of this build can be an operator's second factor")]
    NoSecondFactor,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A plugin does not.
    #[error(transparent)]
    Plugin(#[from] PluginError),
}

/// What became of a second factor.
enum Passcode {
    Right { updated: SecretBytes },
    Used,
    Wrong,
}

impl OperatorDesk {
    /// With its ports. The first of the plugins that takes a standard app's passcodes is the second factor of new operators.
    pub fn new(
        ports: OperatorPorts,
        passwords: Arc<Passwords>,
        plugins: Vec<(&'static str, Arc<dyn Plugin>)>,
        key: &MasterKey,
    ) -> Self {
        let (sealing, once) = (key.sealing(Purpose::OperatorSetup), key.mac(Purpose::Idempotency));
        Self { ports, passwords, plugins, sealing, once, decoy: OnceCell::new() }
    }

    pub(crate) fn pending(&self) -> &dyn PendingActs {
        self.ports.pending.as_ref()
    }

    pub(crate) fn ledger(&self) -> &dyn Ledger {
        self.ports.ledger.as_ref()
    }

    /// Whether an act is done now; where it waits for another operator, that is why it is not done.
    async fn turn(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        act: HeldAct,
        about: &str,
    ) -> Result<Seal, OperatorError> {
        let ports = TurnPorts {
            settings: self.ports.settings.as_ref(),
            pending: self.ports.pending.as_ref(),
            ledger: self.ports.ledger.as_ref(),
            entropy: self.ports.entropy.as_ref(),
        };
        let asks = Asks {
            vs: &caller.vs,
            operator: &by.operator.id,
            name: &by.operator.name,
            api_key: None,
            now: caller.now,
            requested: caller.event(EventKind::ApprovalRequested, Some(&by.operator.name)),
        };
        match ports.turn(asks, caller.approval.as_ref(), act, about).await {
            Ok(Turn::Now(seal)) => Ok(*seal),
            Ok(Turn::Held(id)) => Err(OperatorError::Held(id)),
            Err(TurnError::Full) => Err(OperatorError::TooManyWait),
            Err(TurnError::Store(error)) => Err(error.into()),
        }
    }

    /// The second factor of new operators.
    fn second_factor(&self) -> Result<(&'static str, &dyn Authenticator), OperatorError> {
        let kinds = self.plugins.iter().filter_map(|(id, plugin)| Some((*id, plugin.authenticator()?)));
        // Operators are no users: there is no virtual server whose origin an app of our own could be on.
        kinds
            .filter(|(_, kind)| kind.factor() == Factor::Otp && kind.device().is_none())
            .find(|(_, kind)| kind.fits(&TEMPLATE, ANY_TARGET).is_ok())
            .ok_or(OperatorError::NoSecondFactor)
    }

    /// Checks a passcode against what a plugin keeps. One whose plugin is gone opens nothing.
    async fn check(
        &self,
        plugin: &str,
        opened: &SecretBytes,
        passcode: &Secret,
        now: Timestamp,
    ) -> Result<Passcode, OperatorError> {
        let kind = self.plugins.iter().find(|(id, _)| *id == plugin).and_then(|(_, plugin)| plugin.authenticator());
        let Some(kind) = kind else { return Ok(Passcode::Wrong) };
        let check = Check { template: &TEMPLATE, windows: &WINDOWS, challenge: None };
        Ok(match kind.verify(opened, &check, passcode, now).await? {
            Verified::Accepted { updated } => Passcode::Right { updated },
            Verified::Replayed => Passcode::Used,
            Verified::Outer { .. } | Verified::Rejected => Passcode::Wrong,
        })
    }

    /// The same work for nobody.
    async fn check_decoy(&self, passcode: &Secret, now: Timestamp) -> Result<(), OperatorError> {
        let (plugin, kind) = self.second_factor()?;
        let request = offer_request("nobody", "Doorward");
        let draw = || async { kind.offer(&request, now).await.map(|offer| offer.opened) };
        let opened = self.decoy.get_or_try_init(draw).await?;
        // Whatever it says: nobody is let in by it.
        self.check(plugin, opened, passcode, now).await.map(drop)
    }
}

impl Caller {
    /// A record of what an operator did, or tried to.
    pub(crate) fn event(&self, kind: EventKind, operator: Option<&str>) -> AuditEvent {
        let context = EventContext {
            // Whoever asked is elsewhere; who approves is in the record of that.
            address: self.approval.is_none().then_some(self.address),
            request_id: Some(self.request_id.clone()),
            operator: operator.map(str::to_owned),
            ..EventContext::default()
        };
        AuditEvent::new(kind, context)
    }
}

/// What is shown in the operator's app, and for whom it is drawn.
fn offer_request(account: &str, issuer: &str) -> OfferRequest {
    OfferRequest {
        credential: CredentialId::new(""),
        origin: None,
        user: UserId::new(""),
        account: account.to_owned(),
        issuer: issuer.to_owned(),
        template: TEMPLATE,
        target: ANY_TARGET,
    }
}

/// A condition that did not hold where there is none but the operator's being there.
fn gone(error: CommitError) -> OperatorError {
    match error {
        CommitError::Lost { .. } => OperatorError::NotFound,
        CommitError::Store(error) => error.into(),
    }
}

/// The version that a passcode was checked at, and what it led to.
struct Spent {
    version: Version,
    updated: SecretBytes,
}

impl std::fmt::Debug for OperatorDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperatorDesk").finish_non_exhaustive()
    }
}

/// Whether an operator may act at all.
fn enabled(operator: &Operator) -> bool {
    !operator.disabled
}
