//! The sign-in desk: from a user name to a session, one proof after the other, self-provisioning included.

use std::sync::Arc;
use std::time::Duration;

use doorward_api::keys::MasterKey;
use doorward_api::plugin::Plugin;
use doorward_api::{PluginError, Screen, Secret, SessionId, StoreError};

use crate::gate::Gate;
use crate::ports::Ports;
use crate::sessions::Identities;
use crate::site::SharedSite;
use crate::visit::{Moved, Opening, StepForm, Visit};

/// Timers and limits (R16, SP 3, decisions A9, A23).
#[derive(Debug, Clone)]
pub struct Rules {
    /// A flow before the wizard, since its last step.
    pub idle: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { idle: Duration::from_mins(15) }
    }
}

/// The desk could not do its work. Nothing was half-saved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeskError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A plugin did not.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// Too many passwords are being checked; worth trying again in a moment.
    #[error("too many passwords are being checked")]
    Busy,
}

/// Signs people in.
pub struct Desk {
    ports: Ports,
}

#[allow(unused_variables, clippy::missing_errors_doc, reason = "signatures for those who build on them; the bodies follow")]
impl Desk {
    /// With its parts. The plugins stand in the order in which they are offered.
    pub fn new(
        ports: Ports,
        key: &MasterKey,
        site: SharedSite,
        gate: Arc<Gate>,
        identities: Arc<Identities>,
        plugins: Vec<(&'static str, Arc<dyn Plugin>)>,
        rules: Rules,
    ) -> Self {
        Self { ports }
    }

    /// `GET /signin`.
    pub async fn open(&self, visit: &Visit, return_to: Option<&str>, remembered: Option<String>) -> Result<Opening, DeskError> {
        Err(DeskError::Busy)
    }

    /// W0 was sent. Begins a flow, with a new browser cookie.
    pub async fn name(&self, visit: &Visit, return_to: Option<&str>, username: &str) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// The page on which this browser's flow stands; `None` when it has none.
    pub async fn look(&self, visit: &Visit) -> Result<Option<Screen>, DeskError> {
        Err(DeskError::Busy)
    }

    /// The password was sent.
    pub async fn password(&self, visit: &Visit, form: &StepForm, password: Secret) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// A passcode was sent, on the passcode page or as the first one of a new token.
    pub async fn passcode(&self, visit: &Visit, form: &StepForm, otp: Secret) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// W1: Add Authenticator.
    pub async fn add_authenticator(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// W2: Send a new code, or Retry.
    pub async fn resend_code(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// W2: the verification code was sent.
    pub async fn verify_code(&self, visit: &Visit, form: &StepForm, code: &str) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// W3, W4: a platform was chosen.
    pub async fn choose_target(&self, visit: &Visit, form: &StepForm, target: &str) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// W5: New code.
    pub async fn new_secret(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// W5: Continue.
    pub async fn continue_to_passcode(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// Back, where it is safe.
    pub async fn back(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// Cancel and sign out.
    pub async fn cancel(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// Switch user.
    pub async fn switch_user(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        Err(DeskError::Busy)
    }

    /// Ends the portal session and every application session that hangs on it. `None` when there was none.
    pub async fn sign_out(&self, visit: &Visit) -> Result<Option<SessionId>, DeskError> {
        Err(DeskError::Busy)
    }
}
