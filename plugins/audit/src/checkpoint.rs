//! A signed statement that a chain had this hash at this record.

use std::fmt;

use data_encoding::HEXLOWER;
use doorward_api::keys::{MasterKey, Purpose};
use doorward_api::{SecretBytes, Timestamp, VirtualServerId};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// One line of a checkpoint file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Whose chain.
    pub virtual_server: String,
    /// The last record it covers.
    pub seq: i64,
    /// The hash of that record, and with it of all before.
    pub hash: String,
    /// When it was signed (RFC 3339).
    pub at: String,
    /// The Ed25519 public key, lower-case hex. Says which key to look for; is never trusted by itself.
    pub public_key: String,
    /// The Ed25519 signature (RFC 8032) over [`Checkpoint::signed_text`], lower-case hex.
    pub signature: String,
}

impl Checkpoint {
    /// What is signed: `["doorward-checkpoint/v1",virtual_server,seq,hash,at]` as JSON without spaces.
    pub fn signed_text(&self) -> String {
        serde_json::json!(["doorward-checkpoint/v1", self.virtual_server, self.seq, self.hash, self.at]).to_string()
    }

    /// Whether `key` signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let Ok(signature) = HEXLOWER.decode(self.signature.as_bytes()) else { return false };
        let key = UnparsedPublicKey::new(&ED25519, key.0);
        key.verify(self.signed_text().as_bytes(), &signature).is_ok()
    }
}

/// The public half of the checkpoint key: what an auditor needs, and may be given to anybody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From lower-case hex, 64 characters.
    pub fn parse(hex: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(hex.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// As lower-case hex.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

/// Signs checkpoints with a key that is derived from the master key, which never is in the database.
pub(crate) struct Signer(SecretBytes);

/// The seed did not make a key. It has 32 bytes, so that this does not happen.
#[derive(Debug, thiserror::Error)]
#[error("the checkpoint key cannot be derived")]
pub(crate) struct NoKey;

impl Signer {
    pub(crate) fn new(key: &MasterKey) -> Self {
        Self(SecretBytes::new(key.derive(Purpose::Checkpoint).to_vec()))
    }

    fn pair(&self) -> Result<Ed25519KeyPair, NoKey> {
        Ed25519KeyPair::from_seed_unchecked(self.0.expose()).map_err(|_| NoKey)
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, NoKey> {
        let bytes = self.pair()?.public_key().as_ref().try_into().map_err(|_| NoKey)?;
        Ok(PublicKey(bytes))
    }

    pub(crate) fn sign(&self, vs: &VirtualServerId, seq: i64, hash: &str, now: Timestamp) -> Result<Checkpoint, NoKey> {
        let mut checkpoint = Checkpoint {
            virtual_server: vs.as_str().to_owned(),
            seq,
            hash: hash.to_owned(),
            at: now.rfc3339(),
            public_key: self.public_key()?.hex(),
            signature: String::new(),
        };
        let signature = self.pair()?.sign(checkpoint.signed_text().as_bytes());
        checkpoint.signature = HEXLOWER.encode(signature.as_ref());
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(byte: u8) -> Signer {
        Signer::new(&MasterKey::new(vec![byte; 32]).unwrap())
    }

    #[test]
    fn only_the_right_key_and_the_very_text_hold() {
        let key = signer(7).public_key().unwrap();
        let good = signer(7).sign(&VirtualServerId::new("default"), 9, "ab", Timestamp::from_secs(5)).unwrap();
        assert!(good.is_signed_by(&key));
        assert!(!good.is_signed_by(&signer(8).public_key().unwrap()));
        for bad in [
            Checkpoint { seq: 8, ..good.clone() },
            Checkpoint { hash: "ac".into(), ..good.clone() },
            Checkpoint { at: Timestamp::from_secs(6).rfc3339(), ..good.clone() },
            Checkpoint { virtual_server: "other".into(), ..good.clone() },
            Checkpoint { signature: String::new(), ..good.clone() },
            Checkpoint { signature: "zz".into(), ..good.clone() },
        ] {
            assert!(!bad.is_signed_by(&key), "{bad:?}");
        }
    }

    #[test]
    fn a_public_key_is_read_back() {
        let key = signer(7).public_key().unwrap();
        assert_eq!(PublicKey::parse(&key.hex()), Some(key));
        for wrong in ["", "00", &key.hex().to_uppercase(), &format!("{}00", key.hex())] {
            assert_eq!(PublicKey::parse(wrong), None, "{wrong}");
        }
    }
}
