//! What the host keeps for this plugin, sealed: a small versioned JSON object that says how far a token is.

use doorward_api::device::{ActivationFailure, DeviceFacts};
use doorward_api::{PluginError, SecretBytes, Target};
use serde::{Deserialize, Serialize};

use crate::bytes::Fixed;
use crate::keys::PhoneKey;
use crate::seen::Seen;

/// The version written today. Any other is refused, never guessed at.
const VERSION: u8 = 1;

/// A token's bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    v: u8,
    /// How far it is.
    pub(crate) stage: Stage,
}

/// How far a token is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Its QR code is shown; no phone has come.
    Issued(Issued),
    /// A phone has come; its user has not said that it is theirs.
    Claimed(Box<Phone>),
    /// Its activation came to nothing.
    Failed(ActivationFailure),
    /// It is in use, or was.
    Active(Box<Phone>),
}

/// What lets a phone in, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issued {
    /// Of the QR code.
    pub(crate) credential: Fixed<20>,
    /// Seconds since the epoch: until when it is good.
    pub(crate) until: u64,
    /// What this token's nonces and decoys are drawn from. It never leaves the gateway.
    pub(crate) secret: Fixed<32>,
}

/// A phone with the app.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phone {
    /// What it was let in by, as a hash: nobody gets it back from that.
    pub(crate) spent: Fixed<32>,
    pub(crate) device: DeviceFacts,
    /// The platform that it really is.
    pub(crate) target: Target,
    pub(crate) key: PhoneKey,
    /// The key of ours that it was given, as a hash: signatures by any other it does not believe.
    pub(crate) server: Fixed<32>,
    pub(crate) secret: Fixed<32>,
    pub(crate) polls: Seen,
    pub(crate) updates: Seen,
}

impl Kept {
    /// A token that is so far.
    pub(crate) fn of(stage: Stage) -> Self {
        Self { v: VERSION, stage }
    }

    /// Reads what [`Kept::write`] wrote.
    pub(crate) fn read(opened: &SecretBytes) -> Result<Self, PluginError> {
        // serde's own message could quote a secret, so it is not passed on.
        let kept: Kept = serde_json::from_slice(opened.expose())
            .map_err(|_| PluginError::Damaged("not the bytes of a push token".to_owned()))?;
        if kept.v != VERSION {
            return Err(PluginError::Damaged("the bytes of a push token of an unknown version".to_owned()));
        }
        Ok(kept)
    }

    /// The bytes for the host to seal.
    pub(crate) fn write(&self) -> SecretBytes {
        // Texts and numbers: nothing here that JSON could not hold. Empty bytes would be refused by `read`.
        SecretBytes::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The phone, once one has come.
    pub(crate) fn phone(&self) -> Option<&Phone> {
        match &self.stage {
            Stage::Claimed(phone) | Stage::Active(phone) => Some(phone),
            Stage::Issued(_) | Stage::Failed(_) => None,
        }
    }

    /// The same, to take note of what it asks.
    pub(crate) fn phone_mut(&mut self) -> Option<&mut Phone> {
        match &mut self.stage {
            Stage::Claimed(phone) | Stage::Active(phone) => Some(phone),
            Stage::Issued(_) | Stage::Failed(_) => None,
        }
    }

    /// The phone, once it is in use.
    pub(crate) fn active(&self) -> Option<&Phone> {
        if let Stage::Active(phone) = &self.stage { Some(phone) } else { None }
    }
}
