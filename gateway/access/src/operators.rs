//! Operators at the console: signing in with password and passcode in one form, sessions of their own, and the links by
//! which operators are made (SEC 5.11).
//!
//! Whatever was wrong with a sign-in is told in one way and takes the same work, for names of nobody as well. A passcode is
//! spent with the sign-in that it leads to, in one change.

mod enter;
mod invite;
mod keep;
mod once;
mod staff;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;

use doorward_api::credential::Version;
use doorward_api::keys::{MacKey, MasterKey, Purpose, SealingKey};
use doorward_api::operator::{Operator, Role};
use doorward_api::plugin::{Authenticator, Check, OfferRequest, Plugin, Verified};
use doorward_api::ports::{Entropy, Ledger, Meters, OneTimes, Operators};
use doorward_api::{
    AuditEvent, CommitError, CredentialId, EventContext, EventKind, Factor, PluginError, Secret, SecretBytes,
    StoreError, Target, Template, Timestamp, UserId, VirtualServerId, Windows,
};
use tokio::sync::OnceCell;

use crate::passwords::Passwords;

pub use enter::{Entered, Proof};
pub use invite::{Finished, LINK_LIFE, Setup, SetupFault, SetupForm};
pub use keep::{FRESH, IDLE, LIFE, Reproved, is_fresh};
pub use once::{KEY_LIFE, Once, Request, Reserved};

/// Fewest characters of an operator's password.
pub const SHORTEST_PASSWORD: usize = 12;

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
    /// There is no such operator.
    #[error("there is no such operator")]
    NotFound,
    /// Nobody would be left who may do everything.
    #[error("the last administrator stays")]
    LastAdministrator,
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
    fn event(&self, kind: EventKind, operator: Option<&str>) -> AuditEvent {
        let context = EventContext {
            address: Some(self.address),
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

/// Whether a role may do what only administrators may.
const fn administers(role: Role) -> bool {
    matches!(role, Role::Administrator)
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
