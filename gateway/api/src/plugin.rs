//! The plugin contract. A plugin is a crate that knows this crate only; it offers capabilities, holds no user state, and
//! gets time and randomness as arguments.
//!
//! Life: its settings are decoded strictly into its own struct, `build` makes it (quick, no network), it serves from a
//! snapshot, and is dropped with it.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::device::{ActivationStage, Device};
use crate::error::PluginError;
use crate::ids::{CredentialId, UserId};
use crate::passkey::Passkeys;
use crate::ports::Entropy;
use crate::proof::Factor;
use crate::secret::{Secret, SecretBytes};
use crate::settings::{PinRules, Windows};
use crate::template::{Target, Template};
use crate::time::Timestamp;

/// A plugin's settings as they stand in the configuration: `[plugins.<id>]`. An absent table is an empty object.
pub type RawConfig = serde_json::Value;

/// One entry of the registry.
pub struct PluginInfo {
    /// Configuration key, URL segment, and what is stored with each credential.
    pub id: &'static str,
    /// One line for `doorward plugins`.
    pub summary: &'static str,
    /// Makes the plugin of its settings.
    pub build: fn(RawConfig, Host) -> Result<Arc<dyn Plugin>, PluginConfigError>,
}

/// What the host lends a plugin.
#[derive(Clone)]
pub struct Host {
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The name shown in authenticator apps: the product's or the operator's.
    pub issuer: String,
    /// 32 bytes that are this plugin's alone, the same at every start: derived from the master key and its id.
    pub key: SecretBytes,
}

/// Settings that the plugin refuses.
#[derive(Debug, Clone, thiserror::Error)]
#[error("plugin setting `{field}`: {rule}")]
pub struct PluginConfigError {
    /// The key.
    pub field: String,
    /// The rule that it breaks, as a sentence.
    pub rule: String,
}

/// A plugin is what it offers.
pub trait Plugin: Send + Sync {
    /// Enrols and checks authenticators.
    fn authenticator(&self) -> Option<&dyn Authenticator> {
        None
    }

    /// Judges and makes PINs.
    fn secret_rules(&self) -> Option<&dyn SecretRules> {
        None
    }

    /// Reads files of tokens that were made elsewhere.
    fn importer(&self) -> Option<&dyn Importer> {
        None
    }

    /// Makes and checks passkeys.
    fn passkeys(&self) -> Option<&dyn Passkeys> {
        None
    }
}

/// Judges and makes PINs (decision B1). The policy is an argument: it is that of a virtual server or of a token.
pub trait SecretRules: Send + Sync {
    /// Whether a PIN keeps the rules.
    ///
    /// # Errors
    /// Every rule that it breaks, in the order of the policy's fields.
    fn check(&self, policy: &PinRules, pin: &Secret) -> Result<(), Vec<PinFault>>;

    /// Draws a PIN of `length` characters that keeps the rules.
    ///
    /// # Errors
    /// [`PluginError::Unavailable`] when no PIN of that length can.
    fn generate(&self, policy: &PinRules, length: u8, entropy: &dyn Entropy) -> Result<Secret, PluginError>;
}

/// A rule of self-provisioning.md 1-E that a PIN breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinFault {
    /// Something else than `0-9A-Za-z`.
    Charset,
    /// Fewer characters than the least.
    TooShort,
    /// More characters than the most.
    TooLong,
    /// No capital letter, though strong alphanumeric is asked for.
    NeedsUpper,
    /// No small letter, though strong alphanumeric is asked for.
    NeedsLower,
    /// No digit, though strong alphanumeric is asked for.
    NeedsDigit,
    /// The whole PIN is one run.
    Trivial,
}

/// Reads files of tokens: a row for each, good or not.
pub trait Importer: Send + Sync {
    /// Reads a file. `key` opens what is encrypted in it.
    ///
    /// # Errors
    /// [`ImportFault`] when the file as a whole cannot be read.
    fn read(&self, file: &[u8], key: Option<&ImportKey>) -> Result<Vec<ImportRow>, ImportFault>;
}

/// What opens an encrypted file of tokens (RFC 6030 6).
#[derive(Debug, Clone)]
pub enum ImportKey {
    /// The pre-shared key itself.
    Key(SecretBytes),
    /// A password, from which the key is derived (PBKDF2, RFC 8018).
    Password(Secret),
}

/// Why a file of tokens cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportFault {
    /// It is of no known kind.
    #[error("the file is neither PSKC (RFC 6030) nor OATH CSV")]
    UnknownFormat,
    /// It is larger or has more rows than is taken at once.
    #[error("the file is too large: {0}")]
    TooLarge(String),
    /// It breaks the rules of its kind.
    #[error("the file is malformed: {0}")]
    Malformed(String),
    /// It is encrypted, and no key was given.
    #[error("the file is encrypted: give its key or its password")]
    KeyNeeded,
    /// The key given does not open it.
    #[error("the key or the password does not open this file")]
    WrongKey,
}

/// One token of a file.
#[derive(Debug)]
pub struct ImportRow {
    /// Where it stands: line of a CSV, place among the keys of a PSKC, from 1.
    pub place: u32,
    /// The serial number as far as it could be read.
    pub serial: Option<String>,
    /// The token, or why it cannot be taken, as a sentence for an operator. Never quotes a secret.
    pub token: Result<ImportedToken, String>,
}

/// A token that was made elsewhere.
#[derive(Debug)]
pub struct ImportedToken {
    /// Its serial number.
    pub serial: String,
    /// What it does.
    pub template: Template,
    /// What the plugin keeps of it.
    pub opened: SecretBytes,
}

/// Enrols and checks one kind of authenticator.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// What a success proves.
    fn factor(&self) -> Factor;

    /// Whether it can honour the template on the target, or why not.
    ///
    /// # Errors
    /// [`WhyNot`] names the parameter.
    fn fits(&self, template: &Template, target: Target) -> Result<(), WhyNot>;

    /// The half that talks to devices, where it is an authenticator of our own. Such a one is offered only where the virtual
    /// server has an origin for it.
    fn device(&self) -> Option<&dyn Device> {
        None
    }

    /// Draws a new secret.
    ///
    /// # Errors
    /// [`PluginError::Unavailable`] when something it needs does not answer.
    async fn offer(&self, request: &OfferRequest, now: Timestamp) -> Result<Offer, PluginError>;

    /// How the secret of an offer made before is shown: the same each time it is asked (the page may be reloaded).
    ///
    /// # Errors
    /// [`PluginError::Damaged`] when the bytes are not its own.
    fn show(&self, opened: &SecretBytes, request: &OfferRequest) -> Result<OfferView, PluginError>;

    /// Checks an answer. The host writes `updated` only over the version it has read, so that of two equal answers one
    /// loses; the plugin itself remembers nothing.
    ///
    /// # Errors
    /// [`PluginError::Damaged`] when the bytes are not its own.
    async fn verify(
        &self,
        opened: &SecretBytes,
        check: &Check<'_>,
        answer: &Secret,
        now: Timestamp,
    ) -> Result<Verified, PluginError>;

    /// Finds a token again that has run away from the windows: by two passcodes that it showed one right after the other
    /// (RFC 4226 7.4). Accepted means found; the caller is not signed in by it. A token that answers challenges has nothing to
    /// find, and is rejected.
    ///
    /// # Errors
    /// As [`Authenticator::verify`].
    async fn resync(
        &self,
        _opened: &SecretBytes,
        _check: &Check<'_>,
        _answers: [&Secret; 2],
        _now: Timestamp,
    ) -> Result<Verified, PluginError> {
        Ok(Verified::Rejected)
    }

    /// What is to be kept of a token whose bytes come from a backup: whatever it has shown until `now` may have been used since
    /// that was made, and must not be accepted again.
    ///
    /// # Errors
    /// [`PluginError::Damaged`] when the bytes are not its own.
    fn restored(&self, _opened: &SecretBytes, _check: &Check<'_>, _now: Timestamp) -> Result<Restored, PluginError> {
        Ok(Restored::Unknown)
    }
}

/// The answer of [`Authenticator::restored`].
#[derive(Debug, Clone)]
pub enum Restored {
    /// It answers questions that are drawn anew each time: nothing that it has shown fits another.
    Unchanged,
    /// The new bytes, by which nothing is accepted that it has shown until now.
    Updated(SecretBytes),
    /// What was used cannot be known. The token is suspended until somebody has found it again.
    Unknown,
}

/// What an answer is checked by, besides the token's own bytes.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// The token's template.
    pub template: &'a Template,
    /// How far it may have run away, as set now for its virtual server.
    pub windows: &'a Windows,
    /// The question that was asked, where the template is of challenge and response.
    pub challenge: Option<&'a str>,
}

/// For whom and what a secret is drawn.
#[derive(Debug, Clone)]
pub struct OfferRequest {
    /// The token's row.
    pub credential: CredentialId,
    /// The origin on which an app of our own is served, if there is one; the portal's for a kind that is called there
    /// ([`Device::at_portal`]).
    pub origin: Option<String>,
    /// The user.
    pub user: UserId,
    /// The name shown in the app.
    pub account: String,
    /// The issuer shown in the app; the virtual server's name where there are several.
    pub issuer: String,
    /// The frozen template.
    pub template: Template,
    /// The platform.
    pub target: Target,
}

/// A drawn secret.
#[derive(Debug)]
pub struct Offer {
    /// What the host seals and hands back.
    pub opened: SecretBytes,
}

/// What a person needs to get the secret into the authenticator.
#[derive(Debug, Clone)]
pub enum OfferView {
    /// For an app that somebody else has made: both forms carry the same secret.
    Secret {
        /// The text of the QR code, and the target of the tap-to-open link.
        uri: Secret,
        /// The key in groups of four, to be typed.
        key: Secret,
    },
    /// For an app of our own: no secret yet, but what is good once for getting one.
    Activation {
        /// The text of the QR code, and the target of the link on the same device.
        link: Secret,
        /// The code to be typed with the user's name, in groups of four (`ABCD-EFGH-JKMN`).
        code: Secret,
        /// How far it is.
        stage: ActivationStage,
    },
}

/// The answer of [`Authenticator::verify`].
#[derive(Debug)]
pub enum Verified {
    /// Right; `updated` replaces the opened bytes.
    Accepted {
        /// The new bytes (say, with the last used step).
        updated: SecretBytes,
    },
    /// Right, but outside the inner window: it signs nobody in. With `updated` kept, the very next passcode does, within
    /// [`Windows::confirm_within`] (self-provisioning.md 2.2).
    Outer {
        /// The new bytes, which remember this one.
        updated: SecretBytes,
    },
    /// Right once, but used before, or older than one used before.
    Replayed,
    /// Wrong.
    Rejected,
}

/// Why a kind of authenticator cannot honour a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhyNot {
    /// The template's parameter.
    pub parameter: &'static str,
    /// What is in the way, as a sentence for an operator.
    pub reason: String,
}
