//! Devices that carry an authenticator of our own, and the part of the plugin contract that talks to them.
//!
//! A device speaks to the gateway by calls to `/a/v1/…` on the authenticator's origin. The host finds the token that a call is
//! about, hands the plugin what it may know of it, writes what the plugin wants kept over the version that was read, and carries
//! out what the plugin says has happened. All of that is one change; of two calls at the same moment one is answered anew.
//! The plugin itself remembers nothing, so an attempt that it counts is counted in the store before its answer leaves.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::credential::TokenState;
use crate::error::PluginError;
use crate::ids::{CredentialId, PushId};
use crate::push::{Push, PushAnswer};
use crate::secret::{Secret, SecretBytes};
use crate::template::{Target, Template};
use crate::time::Timestamp;

/// A call of a device, as it came.
#[derive(Debug, Clone, Copy)]
pub struct DeviceCall<'a> {
    /// What is called: the path below `/a/v1/` (`pin/unlock/1`); empty where a plugin has one address for everything.
    pub name: &'a str,
    /// `POST`; a plugin with an address of its own is asked by `GET`, too.
    pub method: &'a str,
    /// What stands behind the `?`, as it came; empty for none.
    pub query: &'a str,
    /// The authenticator's origin with the path: what the device's signature covers as `@target-uri` (RFC 9421 2.2.2).
    pub target_uri: &'a str,
    /// Header fields by lower-case name, in the order in which they came. Values that are no text are left out.
    pub headers: &'a [(String, String)],
    /// The body: JSON of at most 16 KiB.
    pub body: &'a [u8],
}

/// Whose token a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// This one.
    Token(CredentialId),
    /// The one that was issued to the user of this name and is not activated: an activation code was typed.
    IssuedTo(String),
}

/// What the plugin may know of the token that a call is about.
#[derive(Debug, Clone, Copy)]
pub struct DeviceToken<'a> {
    /// The row.
    pub id: &'a CredentialId,
    /// Its serial number.
    pub serial: &'a str,
    /// Where it stands.
    pub state: TokenState,
    /// The plugin's own bytes. Empty once revoked.
    pub opened: &'a SecretBytes,
    /// The frozen template.
    pub template: &'a Template,
    /// The platform chosen in the wizard, or the one it was activated on.
    pub target: Option<Target>,
    /// The user's name, as the app shows it.
    pub account: &'a str,
    /// The virtual server's name, as the app shows it.
    pub issuer: &'a str,
    /// The authenticator's origin.
    pub origin: &'a str,
    /// The portal's origin: "Return to sign in".
    pub portal: &'a str,
    /// Where help is, if that is known.
    pub support: Option<&'a str>,
    /// The platforms that may be enrolled on now (R49).
    pub allowed: &'a [Target],
    /// Push notifications are switched on for the token's platform now (R50).
    pub push_enabled: bool,
    /// The user's requests that wait for an answer; empty unless the token is in use.
    pub pending: &'a [Push],
}

/// What a device is answered, and what has happened with it.
#[derive(Debug)]
pub struct DeviceAnswer {
    /// The status.
    pub status: u16,
    /// The body: JSON, to the byte as it is sent (an activation's messages are bound to it).
    pub body: Vec<u8>,
    /// New bytes, to be written over the version that was read; none where nothing is to be remembered.
    pub keep: Option<SecretBytes>,
    /// What has happened, in order; the host records it and carries it out in the same change.
    pub said: Vec<DeviceSaid>,
    /// Who has called.
    pub by: CalledBy,
}

impl DeviceAnswer {
    /// The same, to a call that the token's device has signed.
    #[must_use]
    pub fn signed_by_device(self) -> Self {
        Self { by: CalledBy::Device, ..self }
    }
}

/// Who has made a call, as far as its plugin could find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CalledBy {
    /// Anybody: nothing was signed, or not by the token's device.
    #[default]
    Anybody,
    /// The token's device: it has signed the call.
    Device,
}

/// Something that a call has brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceSaid {
    /// A device has shown the activation's ticket or code, and awaits the word of the browser that enrols.
    Found {
        /// Which.
        device: DeviceFacts,
    },
    /// An activation was refused. Names the reason in records: `target_not_allowed`, `second_device`, `expired`, `wrong_code`,
    /// `wrong_mac`.
    ActivationRefused {
        /// Why.
        reason: &'static str,
    },
    /// The activation is finished: the token comes into use.
    Activated {
        /// On which device.
        device: DeviceFacts,
        /// The platform that it really is.
        target: Target,
    },
    /// A wrong PIN.
    PinRejected {
        /// How many more are permitted; 0 when the next one locks.
        left: u8,
    },
    /// More wrong PINs than are permitted: the token is locked for good.
    PinLocked,
    /// Another PIN.
    PinChanged,
    /// Two devices use the same keys: one is a copy. The token is suspended.
    Cloned,
    /// Its user has removed it from the device, and has opened its seed for that: the token is revoked.
    Released,
    /// It was removed from the device by whoever has that in hand, and nothing more was shown: what becomes of the token is the
    /// host's to say.
    ReleasedUnproved,
    /// A request was answered. What was proved with it was checked; the number is the host's to compare.
    PushAnswered {
        /// Which request.
        push: PushId,
        /// How.
        answer: PushAnswer,
    },
}

/// A device, as it describes itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFacts {
    /// `ios`, `android`, `windows`, `macos`, `linux` or `other`.
    pub os: String,
    /// `phone`, `tablet` or `desktop`.
    pub form: String,
    /// What people call it (`iPhone, Safari`): one line of at most 64 characters.
    pub name: String,
    /// It runs as an installed app.
    pub installed: bool,
    /// It can be woken by a push service.
    pub push: bool,
    /// A fingerprint or a face stands in for the PIN.
    pub biometric: bool,
}

/// Where the activation of a token stands, for the page of the browser that enrols (W6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActivationStage {
    /// No device has come yet.
    Waiting,
    /// One has: its user compares the check code.
    Found {
        /// Its name.
        device: String,
        /// Four digits, the same on both screens.
        check: String,
    },
    /// It is theirs: PIN, push and the rest are being set up on it.
    SettingUp {
        /// Its name.
        device: String,
    },
    /// It came to nothing; only a new code helps.
    Failed(ActivationFailure),
    /// It is in use.
    Active {
        /// Its name.
        device: String,
    },
}

/// Why an activation came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivationFailure {
    /// The device is of a platform that is not allowed.
    TargetNotAllowed,
    /// The code was used on a second device before it was clear whose the first is.
    SecondDevice,
    /// The user said that the device is not theirs.
    NotMine,
}

/// What becomes of a request to a device's push service (RFC 8030), composed by the plugin and sent by the host.
#[derive(Debug, Clone)]
pub struct WakeUp {
    /// Where: an `https` address of a push service that is allowed.
    pub endpoint: Secret,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// The encrypted body (RFC 8291).
    pub body: Vec<u8>,
}

/// How a device can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// By a push service.
    Woken,
    /// Only while its app is open.
    WhileOpen,
    /// Its user wants no requests, or it cannot answer any.
    Never,
}

/// A file of the app, as it is served on the authenticator's origin.
#[derive(Debug, Clone)]
pub struct AppFile {
    /// `text/html; charset=utf-8`.
    pub media_type: &'static str,
    /// Its bytes.
    pub body: Cow<'static, [u8]>,
    /// It never changes under its name: it may be kept for a year.
    pub immutable: bool,
}

/// An authenticator of our own: the half that talks to devices.
pub trait Device: Send + Sync {
    /// Whose token a call is about. Nothing is believed yet.
    ///
    /// # Errors
    /// The answer to a call that is no call: malformed, or of no known name.
    fn addressee(&self, call: &DeviceCall<'_>) -> Result<Addressee, DeviceAnswer>;

    /// The answer where there is no such token: the same for all that is not to be told apart.
    fn unknown(&self, call: &DeviceCall<'_>) -> DeviceAnswer;

    /// Answers a call.
    ///
    /// # Errors
    /// [`PluginError::Damaged`] when the bytes are not its own.
    fn answer(
        &self,
        call: &DeviceCall<'_>,
        token: &DeviceToken<'_>,
        now: Timestamp,
    ) -> Result<DeviceAnswer, PluginError>;

    /// The word of the browser that enrols: the device that was found is its user's, or is not. `None` when there is nothing to
    /// say it of.
    ///
    /// # Errors
    /// [`PluginError::Damaged`].
    fn confirm(&self, opened: &SecretBytes, theirs: bool) -> Result<Option<SecretBytes>, PluginError>;

    /// How the device of a token in use can be asked.
    ///
    /// # Errors
    /// [`PluginError::Damaged`].
    fn reach(&self, opened: &SecretBytes) -> Result<Reach, PluginError>;

    /// What the device of a token is called by its user's eyes: `iPhone, Safari`. Empty before there is one.
    ///
    /// # Errors
    /// [`PluginError::Damaged`].
    fn device_name(&self, opened: &SecretBytes) -> Result<String, PluginError>;

    /// The request that wakes a token's device for a push; `None` where it cannot be woken. Nothing personal is in it.
    ///
    /// # Errors
    /// [`PluginError`].
    fn wake(
        &self,
        opened: &SecretBytes,
        push: &Push,
        origin: &str,
        now: Timestamp,
    ) -> Result<Option<WakeUp>, PluginError>;

    /// The bytes without the subscription of a push service that says it is gone (404, 410).
    ///
    /// # Errors
    /// [`PluginError::Damaged`].
    fn forget_subscription(&self, opened: &SecretBytes) -> Result<Option<SecretBytes>, PluginError>;

    /// A file of the app by its path (`/a/app.js`), and what the query asks of it.
    fn file(&self, _path: &str, _query: &str, _issuer: &str) -> Option<AppFile> {
        None
    }

    /// The `Content-Security-Policy` of the app's pages.
    fn content_security_policy(&self) -> &'static str {
        ""
    }

    /// Whether it has one address for all its calls, `/.doorward/p/<plugin>` on the portal's host, and needs no origin.
    fn at_portal(&self) -> bool {
        false
    }

    /// The device and its platform, once it is confirmed and nothing more is awaited of it: the host then puts the token in use
    /// in the very change in which it writes what [`Device::confirm`] gave. `None` where the device's own call does so
    /// ([`DeviceSaid::Activated`]).
    ///
    /// # Errors
    /// [`PluginError::Damaged`].
    fn ready(&self, _opened: &SecretBytes) -> Result<Option<(DeviceFacts, Target)>, PluginError> {
        Ok(None)
    }
}
