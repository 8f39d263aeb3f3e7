//! The plugin contract. A plugin is a crate that knows this crate only; it offers capabilities, holds no user state, and
//! gets time and randomness as arguments.
//!
//! Life: its settings are decoded strictly into its own struct, `build` makes it (quick, no network), it serves from a
//! snapshot, and is dropped with it.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use crate::error::PluginError;
use crate::ids::UserId;
use crate::ports::Entropy;
use crate::proof::Factor;
use crate::secret::{Secret, SecretBytes};
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
        template: &Template,
        answer: &Secret,
        now: Timestamp,
    ) -> Result<Verified, PluginError>;
}

/// For whom and what a secret is drawn.
#[derive(Debug, Clone)]
pub struct OfferRequest {
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

/// What a person needs to get the secret into the authenticator; all three forms carry the same secret.
#[derive(Debug, Clone)]
pub struct OfferView {
    /// The text of the QR code, and the target of the tap-to-open link.
    pub uri: Secret,
    /// The key in groups of four, to be typed.
    pub key: Secret,
}

/// The answer of [`Authenticator::verify`].
#[derive(Debug)]
pub enum Verified {
    /// Right; `updated` replaces the opened bytes.
    Accepted {
        /// The new bytes (say, with the last used step).
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
