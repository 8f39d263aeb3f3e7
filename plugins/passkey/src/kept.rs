//! What is kept of a passkey: one small JSON object, which the host seals.

use data_encoding::BASE64URL_NOPAD;
use doorward_api::SecretBytes;
use doorward_api::passkey::PasskeyFault;
use doorward_webauthn::{Asserted, Known, PublicKey, Registered};
use serde::{Deserialize, Serialize};

use crate::fault::damaged;

/// The version that is written.
const VERSION: u8 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    v: u8,
    /// The credential's id in base64url.
    id: String,
    key: PublicKey,
    /// How often it had signed when it was last seen.
    sign_count: u32,
    backup_eligible: bool,
    backed_up: bool,
}

impl Kept {
    /// A passkey that was made.
    pub(crate) fn of(registered: Registered) -> Self {
        Self {
            v: VERSION,
            id: BASE64URL_NOPAD.encode(&registered.id),
            key: registered.key,
            sign_count: registered.sign_count,
            backup_eligible: registered.backup_eligible,
            backed_up: registered.backed_up,
        }
    }

    pub(crate) fn read(opened: &SecretBytes) -> Result<Self, PasskeyFault> {
        let kept: Self = serde_json::from_slice(opened.expose()).map_err(damaged)?;
        if kept.v == VERSION { Ok(kept) } else { Err(damaged(format!("version {}", kept.v))) }
    }

    pub(crate) fn write(&self) -> SecretBytes {
        // Texts, numbers and names of members only: nothing in it cannot be written.
        SecretBytes::new(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The id that browsers know it by.
    pub(crate) fn into_id(self) -> String {
        self.id
    }

    /// Whether it is the passkey of this id.
    pub(crate) fn is(&self, id: &[u8]) -> bool {
        self.id == BASE64URL_NOPAD.encode(id)
    }

    pub(crate) fn known(&self) -> Known<'_> {
        Known { key: &self.key, sign_count: self.sign_count, backup_eligible: Some(self.backup_eligible) }
    }

    /// The same, after it was used. The count never goes back: a copy that is behind is seen each time.
    pub(crate) fn after(self, asserted: &Asserted) -> Self {
        Self { sign_count: self.sign_count.max(asserted.sign_count), backed_up: asserted.backed_up, ..self }
    }
}
