//! Passkeys (WebAuthn): credentials that the user's devices keep, each good on one origin only, so that nobody can be
//! made to show them to another.
//!
//! Both ceremonies begin with a challenge that the host draws, keeps for the browser in question and takes once,
//! whatever comes of it. The page asks the browser by the options that the plugin gives, and the plugin checks what the
//! browser has answered. The host keeps the bytes of each passkey and finds them by the credential's id; the plugin
//! itself remembers nothing.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::secret::SecretBytes;

/// What the browser is asked with: random, and good once.
pub type PasskeyChallenge = [u8; 32];

/// For whom a passkey is made, and where.
#[derive(Debug, Clone, Copy)]
pub struct PasskeyRequest<'a> {
    /// The portal, on which alone it will be good.
    pub party: RelyingParty<'a>,
    /// What the portal is called; the product's name where it is empty.
    pub issuer: &'a str,
    /// The user.
    pub user: &'a UserId,
    /// The name that the user signs in with.
    pub account: &'a str,
    /// What the user is called.
    pub display_name: &'a str,
    /// The credential ids of the passkeys that the user has: whatever keeps one of them makes no other.
    pub known: &'a [String],
}

/// A portal, as browsers know it.
#[derive(Debug, Clone, Copy)]
pub struct RelyingParty<'a> {
    /// Its host, without the port: `portal.example.org`.
    pub id: &'a str,
    /// Its origin, as browsers write it: `https://portal.example.org`.
    pub origin: &'a str,
}

/// Makes and checks passkeys.
pub trait Passkeys: Send + Sync {
    /// The user as authenticators know them, in base64url: always the same, and it tells nobody who it is.
    fn user_handle(&self, user: &UserId) -> String;

    /// What the page hands `navigator.credentials.create()` for a new passkey, as its `publicKey`: the JSON that
    /// `PublicKeyCredential.parseCreationOptionsFromJSON()` reads.
    fn creation_options(&self, request: &PasskeyRequest<'_>, challenge: &PasskeyChallenge) -> serde_json::Value;

    /// Checks what the browser has answered: its credential's `toJSON()`. That no user has a passkey of the same id is
    /// the host's to see to.
    ///
    /// # Errors
    /// [`PasskeyFault`].
    fn register(
        &self,
        request: &PasskeyRequest<'_>,
        challenge: &PasskeyChallenge,
        answer: &str,
    ) -> Result<NewPasskey, PasskeyFault>;

    /// [`NewPasskey::lookup`] of a passkey, by what is kept of it.
    ///
    /// # Errors
    /// [`PasskeyFaultKind::Damaged`].
    fn lookup(&self, opened: &SecretBytes) -> Result<String, PasskeyFault>;

    /// What the page hands `navigator.credentials.get()` for a sign-in by any passkey that is good on this portal, as
    /// its `publicKey`: the JSON that `PublicKeyCredential.parseRequestOptionsFromJSON()` reads.
    fn request_options(&self, party: &RelyingParty<'_>, challenge: &PasskeyChallenge) -> serde_json::Value;

    /// By which passkey, and as whom, the browser's answer wants to sign in. Nothing is believed yet.
    ///
    /// # Errors
    /// [`PasskeyFaultKind::Malformed`].
    fn whose(&self, answer: &str) -> Result<Asserted, PasskeyFault>;

    /// Checks what the browser has answered by the bytes that are kept of the passkey. The host has found them by
    /// [`Passkeys::whose`], and has seen that [`Asserted::user_handle`] is that of the user whose passkey it is. It
    /// writes `updated` over the version that it has read.
    ///
    /// # Errors
    /// [`PasskeyFault`].
    fn verify(
        &self,
        opened: &SecretBytes,
        party: &RelyingParty<'_>,
        challenge: &PasskeyChallenge,
        answer: &str,
    ) -> Result<PasskeyVerified, PasskeyFault>;
}

/// A passkey that was made.
#[derive(Debug)]
pub struct NewPasskey {
    /// What the plugin keeps of it.
    pub opened: SecretBytes,
    /// The credential's id in base64url: what it is found by. At most 1,364 characters.
    pub lookup: String,
    /// It is copied to other devices of its user: losing this one loses nothing.
    pub backed_up: bool,
    /// What it may be called before its user has given it a name (`Windows Hello`); empty where that is not known.
    pub name: String,
}

/// By what somebody wants to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserted {
    /// [`NewPasskey::lookup`] of the passkey.
    pub credential_id: String,
    /// The user, as [`Passkeys::user_handle`] names them.
    pub user_handle: String,
}

/// A passkey that was used rightly.
#[derive(Debug)]
pub struct PasskeyVerified {
    /// The new bytes.
    pub updated: SecretBytes,
    /// It is copied to other devices of its user now.
    pub backed_up: bool,
    /// It counts how often it signs, and has counted backwards: somebody else may have a copy. What comes of it is the
    /// host's to say.
    pub cloned: bool,
}

/// Why a passkey was not made, or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PasskeyFault {
    /// What its user is told.
    pub kind: PasskeyFaultKind,
    /// The check that failed, as a sentence for the log. Never quotes what was sent.
    pub reason: String,
}

/// What the user of a passkey is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyFaultKind {
    /// It is no answer of a browser.
    Malformed,
    /// It answers another question: of an older page, of another ceremony, of another site.
    Elsewhere,
    /// The device did not see to it that it is its user.
    NotVerified,
    /// It is a passkey of a kind that is not asked for.
    Unsupported,
    /// It is not by this passkey.
    Rejected,
    /// The bytes that were kept are damaged: it is not the user's fault.
    Damaged,
}

impl PasskeyFaultKind {
    /// The name in records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            PasskeyFaultKind::Malformed => "malformed",
            PasskeyFaultKind::Elsewhere => "elsewhere",
            PasskeyFaultKind::NotVerified => "not_verified",
            PasskeyFaultKind::Unsupported => "unsupported",
            PasskeyFaultKind::Rejected => "rejected",
            PasskeyFaultKind::Damaged => "damaged",
        }
    }
}
