//! What the host keeps for this plugin, sealed: a small versioned JSON object that says how far a token is.

use doorward_api::device::{ActivationFailure, DeviceFacts};
use doorward_api::plugin::Verified;
use doorward_api::{PluginError, SecretBytes, Target};
use doorward_oath::token::Kept as Passcodes;
use serde::{Deserialize, Serialize};

use crate::bio::Bio;
use crate::bytes::{Blob, Fixed, Text};
use crate::call::Subscription;
use crate::pin::Pin;
use crate::sequence::Window;

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
    /// Its ticket and code are shown; no device has come.
    Issued(Issued),
    /// A device has come.
    Claimed(Box<Claimed>),
    /// Its activation came to nothing.
    Failed(Failed),
    /// It is in use, or was.
    Active(Box<Active>),
    /// Its PIN was tried too often: nothing secret is left.
    Locked(Locked),
}

/// What lets a device in, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issued {
    /// Of the QR code and the link.
    pub(crate) ticket: Fixed<32>,
    /// To be typed.
    pub(crate) code: Text<16>,
    /// Seconds since the epoch: until when both are good.
    pub(crate) until: u64,
    /// How often a wrong code was typed.
    pub(crate) wrong: u8,
}

/// What a ticket and a code are known again by once they were used. Nobody gets them back from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spent {
    pub(crate) ticket: Fixed<32>,
    pub(crate) code: Fixed<32>,
}

/// A device that is setting itself up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claimed {
    pub(crate) spent: Spent,
    pub(crate) device: DeviceFacts,
    pub(crate) target: Target,
    pub(crate) key: Fixed<65>,
    /// What it asked, by its hash, and what it was answered: the same key gets the same bytes.
    pub(crate) asked: Fixed<32>,
    pub(crate) answered: Blob<8192>,
    /// What both MACs are over.
    pub(crate) transcript: Fixed<32>,
    pub(crate) check: Text<4>,
    pub(crate) seed: Blob<64>,
    pub(crate) confirm: Fixed<32>,
    /// Seconds since the epoch: until when its user has to confirm it.
    pub(crate) until: u64,
    pub(crate) confirmed: bool,
    pub(crate) window: Window,
    /// How often a PIN was begun to be set.
    pub(crate) registrations: u8,
    pub(crate) bio: Option<Bio>,
}

/// An activation that came to nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failed {
    pub(crate) why: ActivationFailure,
    pub(crate) spent: Option<Spent>,
    /// The device that came first, which may still ask what has become of it.
    pub(crate) key: Option<Fixed<65>>,
}

/// A token in use.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Active {
    pub(crate) device: DeviceFacts,
    /// The virtual server's name: the title of what wakes the device.
    pub(crate) issuer: String,
    pub(crate) key: Fixed<65>,
    pub(crate) window: Window,
    /// The seed, and what was learned of the device's passcodes. As it is written: see [`Active::passcodes`].
    passcodes: Blob<1024>,
    pub(crate) spent: Spent,
    /// The call that brought it into use, by its hash, and the gateway's MAC: it may be sent again.
    pub(crate) finished: Finished,
    pub(crate) pin: Option<Pin>,
    pub(crate) bio: Option<Bio>,
    pub(crate) wanted: bool,
    pub(crate) subscription: Option<Subscription>,
}

/// An `activate/finish` that was carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finished {
    pub(crate) asked: Fixed<32>,
    pub(crate) mac: Fixed<32>,
}

/// A token whose PIN was tried too often.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Locked {
    pub(crate) device: DeviceFacts,
    pub(crate) key: Fixed<65>,
    pub(crate) window: Window,
}

/// What an active token is made of besides what it begins with.
pub(crate) struct Setup {
    pub(crate) issuer: String,
    pub(crate) passcodes: Passcodes,
    pub(crate) finished: Finished,
    pub(crate) pin: Option<Pin>,
    pub(crate) wanted: bool,
    pub(crate) subscription: Option<Subscription>,
}

impl Claimed {
    /// The same, set up.
    pub(crate) fn into_active(self, setup: Setup) -> Active {
        let Setup { issuer, passcodes, finished, pin, wanted, subscription } = setup;
        let device = DeviceFacts { biometric: self.bio.is_some(), ..self.device };
        let passcodes = Blob::new(passcodes.write().expose().to_vec());
        let Claimed { key, window, spent, bio, .. } = self;
        Active { device, issuer, key, window, passcodes, spent, finished, pin, bio, wanted, subscription }
    }
}

impl Active {
    /// Whether its PIN is on the last try that is permitted: nothing that the seed proves is taken until it is clear that it was
    /// right.
    pub(crate) fn on_its_last(&self, permitted: u8) -> bool {
        self.pin.as_ref().is_some_and(|pin| pin.on_its_last(permitted))
    }

    /// Its seed, and what was learned of its passcodes.
    pub(crate) fn passcodes(&self) -> Result<Passcodes, PluginError> {
        Passcodes::read(&SecretBytes::new(self.passcodes.bytes().to_vec()))
    }

    /// What became of an answer, with the bytes of the passcodes put in their place.
    pub(crate) fn learn(self, verified: Verified) -> Verified {
        let with = |updated: SecretBytes| {
            let passcodes = Blob::new(updated.expose().to_vec());
            Kept::of(Stage::Active(Box::new(Active { passcodes, ..self }))).write()
        };
        match verified {
            Verified::Accepted { updated } => Verified::Accepted { updated: with(updated) },
            Verified::Outer { updated } => Verified::Outer { updated: with(updated) },
            other @ (Verified::Replayed | Verified::Rejected) => other,
        }
    }
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
            .map_err(|_| PluginError::Damaged("not an authenticator's bytes".to_owned()))?;
        if kept.v != VERSION {
            return Err(PluginError::Damaged("an authenticator's bytes of an unknown version".to_owned()));
        }
        Ok(kept)
    }

    /// The bytes for the host to seal.
    pub(crate) fn write(&self) -> SecretBytes {
        // Texts and numbers: nothing here that JSON could not hold. Empty bytes would be refused by `read`.
        SecretBytes::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The key that the device signs with, where one has come.
    pub(crate) fn key(&self) -> Option<&Fixed<65>> {
        match &self.stage {
            Stage::Issued(_) => None,
            Stage::Claimed(claimed) => Some(&claimed.key),
            Stage::Failed(failed) => failed.key.as_ref(),
            Stage::Active(active) => Some(&active.key),
            Stage::Locked(locked) => Some(&locked.key),
        }
    }

    /// The numbers of its calls, where they are counted.
    pub(crate) fn window(&mut self) -> Option<&mut Window> {
        match &mut self.stage {
            Stage::Issued(_) | Stage::Failed(_) => None,
            Stage::Claimed(claimed) => Some(&mut claimed.window),
            Stage::Active(active) => Some(&mut active.window),
            Stage::Locked(locked) => Some(&mut locked.window),
        }
    }

    /// Locks it for good, if it is in use: what was secret is gone.
    pub(crate) fn lock(&mut self) {
        if let Stage::Active(active) = &self.stage {
            let Active { device, key, window, .. } = active.as_ref().clone();
            self.stage = Stage::Locked(Locked { device, key, window });
        }
    }

    /// What people call the device.
    pub(crate) fn device_name(&self) -> &str {
        match &self.stage {
            Stage::Issued(_) | Stage::Failed(_) => "",
            Stage::Claimed(claimed) => &claimed.device.name,
            Stage::Active(active) => &active.device.name,
            Stage::Locked(locked) => &locked.device.name,
        }
    }
}

impl Issued {
    /// What is left of it once it was used.
    pub(crate) fn spend(&self, keys: &crate::keys::Keys) -> Spent {
        let ticket = Fixed::new(crate::bytes::sha256(&[self.ticket.bytes()]));
        Spent { ticket, code: keys.code_mark(self.code.as_str()) }
    }
}
