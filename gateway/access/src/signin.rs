//! The sign-in desk: from a user name to a session, one proof after the other, self-provisioning included.
//!
//! A sign-in is a row in the store ([`doorward_api::Flow`]). Each form is one conditional change of that row: it must stand
//! at the form's step with the form's nonce, in this browser, and not have expired (SEC 5.6). Whoever comes too late, twice
//! or out of turn changes nothing and is shown where things stand.
//!
//! ```text
//!  begin ──▶ prove ──▶ ahead? ──▶ admit          a session, and on to the page first asked for
//!              ▲          │
//!              │          ├──▶ another proof
//!              └──────────┤
//!                         └──▶ enrol::driver     no token yet: the wizard, which ends in a first passcode
//! ```

mod admit;
mod ahead;
mod begin;
pub(crate) mod first_use;
mod hold;
mod later;
pub(crate) mod passkey;
pub(crate) mod pin;
mod prove;
mod push;
mod room;
mod screens;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use ahead::{Ahead, Allowed, asks};
pub(crate) use hold::{Held, Stop};
pub(crate) use prove::{
    Look, Proof, TEMPORARY_LENGTH, Tried, challenge_is_over, passcode_tries, passcode_tries_of_day, unanswered,
};
pub(crate) use room::Beginner;
use room::Room;
pub(crate) use tokens::counted;

use std::sync::Arc;
use std::time::Duration;

use doorward_api::device::Device;
use doorward_api::keys::MasterKey;
use doorward_api::plugin::{Authenticator, Importer, Plugin};
use doorward_api::{PluginError, Secret, SecretBytes, SessionId, StoreError, Timestamp};
use tokio::sync::OnceCell;

use crate::device::Devices;
use crate::devices::Lanes;
use crate::enrol::code::Codes;
use crate::gate::Gate;
use crate::ports::Ports;
use crate::push::Bells;
use crate::recovery::RecoveryKey;
use crate::regulate::{Regulation, RegulationRules};
use crate::returns::Returns;
use crate::sessions::{Identities, Unclear};
use crate::site::{SharedSite, VirtualServer};
use crate::tickets::Tickets;
use crate::visit::{Moved, Opening, Standing, StepForm, Visit};

/// Timers and limits (R16, SP 3, decisions A9, A23).
#[derive(Debug, Clone)]
pub struct Rules {
    /// A flow before the wizard ends so long after its last step.
    pub idle: Duration,
    /// The wizard ends so long after it began.
    pub wizard: Duration,
    /// How long an emailed code is good.
    pub code_life: Duration,
    /// Tries of one code.
    pub code_tries: u32,
    /// Tries of a user in a day, over all codes.
    pub code_tries_a_day: u32,
    /// A new code may be asked for so long after the last.
    pub resend_after: Duration,
    /// Codes of a user within [`Rules::code_sends_window`].
    pub code_sends: u32,
    /// See [`Rules::code_sends`].
    pub code_sends_window: Duration,
    /// How long W5 shows its QR code.
    pub issue_life: Duration,
    /// How long a click waits for the mail server.
    pub mail_wait: Duration,
    /// Wrong passcodes of a token in a day, however often a lock of it is over (NIST SP 800-63B: a hundred).
    pub passcode_tries_a_day: u32,
    /// How long "Not you?" is good.
    pub dispute_life: Duration,
    /// Flows that may begin from one address within [`Rules::flows_window`]. Generous: behind one may be a whole office.
    pub flows_per_address: u32,
    /// Flows that may begin in a browser that the user's account knows, or from one session, within
    /// [`Rules::flows_window`].
    pub flows_per_device: u32,
    /// See [`Rules::flows_per_address`].
    pub flows_window: Duration,
    /// Open flows of a user in which something is proved; one more ends the oldest.
    pub flows_per_user: u32,
    /// Open flows in all, of users and of nobody.
    pub flows_in_all: u64,
    /// The answer to a wrong password is held back for so long at the most.
    pub longest_delay: Duration,
    /// Guessing passwords.
    pub regulation: RegulationRules,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(15),
            wizard: Duration::from_mins(60),
            code_life: Duration::from_mins(10),
            code_tries: 5,
            code_tries_a_day: 15,
            resend_after: Duration::from_secs(30),
            code_sends: 5,
            code_sends_window: Duration::from_mins(60),
            issue_life: Duration::from_mins(10),
            mail_wait: Duration::from_secs(5),
            passcode_tries_a_day: 100,
            dispute_life: Duration::from_hours(7 * 24),
            flows_per_address: 5_000,
            flows_per_device: 300,
            flows_per_user: 5,
            flows_in_all: 100_000,
            flows_window: Duration::from_mins(15),
            longest_delay: Duration::from_secs(10),
            regulation: RegulationRules::default(),
        }
    }
}

/// The desk could not do its work. Nothing was half-saved, and nobody was let in.
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
    /// As many sign-ins are under way as may be; worth trying again in a moment.
    #[error("too many sign-ins are under way")]
    Full,
    /// Too much came from there, or went wrong there.
    #[error("too much came from one address")]
    TooMany {
        /// Worth trying again after it.
        wait: Duration,
    },
}

impl From<Unclear> for DeskError {
    fn from(Unclear(error): Unclear) -> Self {
        DeskError::Store(error)
    }
}

impl DeskError {
    fn too_many(until: Timestamp, now: Timestamp) -> Self {
        DeskError::TooMany { wait: until.since(now) }
    }
}

/// Signs people in.
pub struct Desk {
    pub(crate) ports: Ports,
    pub(crate) site: SharedSite,
    pub(crate) gate: Arc<Gate>,
    pub(crate) identities: Arc<Identities>,
    pub(crate) rules: Rules,
    pub(crate) codes: Codes,
    pub(crate) returns: Returns,
    pub(crate) tickets: Tickets,
    pub(crate) devices: Devices,
    pub(crate) regulation: Regulation,
    pub(crate) recovery: RecoveryKey,
    pub(crate) bells: Bells,
    pub(crate) lanes: Lanes,
    room: Room,
    plugins: Vec<(&'static str, Arc<dyn Plugin>)>,
    /// What passcodes of nobody are checked against, so that they take the same time (LG-01). Never anybody's.
    decoy: OnceCell<SecretBytes>,
}

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
        let entropy = &ports.entropy;
        Self {
            codes: Codes::new(key),
            returns: Returns::new(key, entropy.clone()),
            devices: Devices::new(key, entropy.clone()),
            tickets: Tickets::new(ports.ledger.clone(), ports.one_times.clone(), entropy.clone()),
            recovery: RecoveryKey::new(key),
            bells: Bells::default(),
            lanes: Lanes::default(),
            regulation: Regulation::new(ports.meters.clone(), rules.regulation.clone()),
            room: Room::new(ports.flows.clone(), rules.flows_in_all),
            decoy: OnceCell::new(),
            ports,
            site,
            gate,
            identities,
            plugins,
            rules,
        }
    }

    /// `GET /signin`. `return_to` is the sealed return address.
    ///
    /// # Errors
    /// [`DeskError`], as for all that follows: then nothing has happened.
    pub async fn open(
        &self,
        visit: &Visit,
        return_to: Option<&str>,
        remembered_name: Option<String>,
    ) -> Result<Opening, DeskError> {
        self.try_open(visit, return_to, remembered_name).await
    }

    /// W0 was sent. Begins a flow, with a new browser cookie.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn name(&self, visit: &Visit, return_to: Option<&str>, username: &str) -> Result<Moved, DeskError> {
        let outcome = self.try_name(visit, return_to, username).await;
        let form = StepForm { return_to: return_to.map(str::to_owned), ..StepForm::default() };
        self.settle(visit, &form, outcome).await
    }

    /// Where this browser's flow stands.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn look(&self, visit: &Visit) -> Result<Standing, DeskError> {
        self.standing_of_browser(visit).await
    }

    /// The password was sent.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn password(&self, visit: &Visit, form: &StepForm, password: Secret) -> Result<Moved, DeskError> {
        let outcome = self.try_password(visit, form, &password).await;
        self.settle(visit, form, outcome).await
    }

    /// A passcode was sent, on the passcode page or as the first one of a new token.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn passcode(&self, visit: &Visit, form: &StepForm, otp: Secret) -> Result<Moved, DeskError> {
        let outcome = self.try_passcode(visit, form, &otp).await;
        self.settle(visit, form, outcome).await
    }

    /// A new server-side PIN was sent, twice.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn new_pin(
        &self,
        visit: &Visit,
        form: &StepForm,
        pin: Secret,
        again: Secret,
    ) -> Result<Moved, DeskError> {
        let outcome = self.try_new_pin(visit, form, &pin, &again).await;
        self.settle(visit, form, outcome).await
    }

    /// A passkey was used: what the browser has answered. On the passcode page, after a password.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn passkey(&self, visit: &Visit, form: &StepForm, answer: Secret) -> Result<Moved, DeskError> {
        let outcome = self.try_passkey(visit, form, &answer).await;
        self.settle(visit, form, outcome).await
    }

    /// "Send request to my phone": on the passcode page after a password, or as the first proof of a new token.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn request_push(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_request_push(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// Takes the answer to this browser's request, which signs in when it is a yes. `pin` is typed where the token has a PIN on
    /// the server.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn finish_push(&self, visit: &Visit, form: &StepForm, pin: Option<&Secret>) -> Result<Moved, DeskError> {
        let outcome = self.try_finish_push(visit, form, pin).await;
        self.settle(visit, form, outcome).await
    }

    /// Withdraws this browser's request.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn cancel_push(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_cancel_push(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// W1: Add Authenticator.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn add_authenticator(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_add_authenticator(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// W1: Later.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn later(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_later(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// An operator's approval was asked for.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn ask_approval(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_ask_approval(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// On, if the approval is there by now.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn go_on(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_go_on(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// The help desk's code was sent.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn help_desk_code(&self, visit: &Visit, form: &StepForm, code: &Secret) -> Result<Moved, DeskError> {
        let outcome = self.try_help_desk_code(visit, form, code).await;
        self.settle(visit, form, outcome).await
    }

    /// W2: Send a new code; Retry, when the last mail was refused.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn resend_code(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_resend_code(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// W2: the verification code was sent.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn verify_code(&self, visit: &Visit, form: &StepForm, code: &str) -> Result<Moved, DeskError> {
        let outcome = self.try_verify_code(visit, form, code).await;
        self.settle(visit, form, outcome).await
    }

    /// W3, W4: a platform was chosen.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn choose_target(&self, visit: &Visit, form: &StepForm, target: &str) -> Result<Moved, DeskError> {
        let outcome = self.try_choose_target(visit, form, target).await;
        self.settle(visit, form, outcome).await
    }

    /// W5: New code.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn new_secret(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_new_secret(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// W5: another app is to be used.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn choose_kind(&self, visit: &Visit, form: &StepForm, kind: &str) -> Result<Moved, DeskError> {
        let outcome = self.try_choose_kind(visit, form, kind).await;
        self.settle(visit, form, outcome).await
    }

    /// W5: Continue.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn continue_to_passcode(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_continue(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// W5, for an app of our own: it is installed.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn app_installed(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_app_installed(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// W6: the device that was found is the user's, or is not.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn confirm_device(&self, visit: &Visit, form: &StepForm, theirs: bool) -> Result<Moved, DeskError> {
        let outcome = self.try_confirm_device(visit, form, theirs).await;
        self.settle(visit, form, outcome).await
    }

    /// Back, where it is safe.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn back(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_back(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// Cancel and sign out.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn cancel(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_cancel(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// Switch user: the same destination with another name.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn switch_user(&self, visit: &Visit, form: &StepForm) -> Result<Moved, DeskError> {
        let outcome = self.try_switch_user(visit, form).await;
        self.settle(visit, form, outcome).await
    }

    /// Ends the portal session and every application session that hangs on it. `None` when there was none.
    ///
    /// # Errors
    /// [`DeskError`]: then the session lives on, and the page must say so.
    pub async fn sign_out(&self, visit: &Visit) -> Result<Option<SessionId>, DeskError> {
        self.end_session(visit).await
    }

    /// The authenticator of a plugin by the name that stands with its credentials.
    pub(crate) fn authenticator(&self, plugin: &str) -> Option<&dyn Authenticator> {
        self.plugins.iter().find(|(id, _)| *id == plugin).and_then(|(_, plugin)| plugin.authenticator())
    }

    /// A plugin by the same name, for what outlives a request.
    pub(crate) fn plugin(&self, id: &str) -> Option<Arc<dyn Plugin>> {
        self.plugins.iter().find(|(one, _)| *one == id).map(|(_, plugin)| plugin.clone())
    }

    /// Who reads files of tokens.
    pub(crate) fn importer(&self) -> Option<(&'static str, &dyn Importer)> {
        self.plugins.iter().find_map(|(id, plugin)| plugin.importer().map(|importer| (*id, importer)))
    }

    /// Every kind of authenticator, in the order in which they are offered.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&'static str, &dyn Authenticator)> {
        self.plugins.iter().filter_map(|(id, plugin)| plugin.authenticator().map(|kind| (*id, kind)))
    }
}

/// Whether a kind can be used on a virtual server: an app of our own needs an origin.
pub(crate) fn has_its_origin(kind: &dyn Authenticator, vs: &VirtualServer) -> bool {
    kind.device().is_none_or(Device::at_portal) || vs.authenticator.is_some()
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("rules", &self.rules).finish_non_exhaustive()
    }
}
