//! A signed statement that a chain had this hash at this record.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use doorward_api::keys::{KeyId, MasterKey, PastSigner, Purpose};
use doorward_api::{Timestamp, VirtualServerId};
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
    /// The first after a restore: the record at which the backup ended. Whatever was signed of later ones before this line is of a
    /// chain that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<RestoredFrom>,
    /// The Ed25519 public key, lower-case hex. Says which key to look for; is never trusted by itself.
    pub public_key: String,
    /// The Ed25519 signature (RFC 8032) over [`Checkpoint::signed_text`], lower-case hex.
    pub signature: String,
}

/// A restore: each is signed for once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoredFrom {
    /// The record at which the backup ended.
    pub after: i64,
    /// When it was restored (RFC 3339).
    pub at: String,
}

impl Checkpoint {
    /// What is signed: `["doorward-checkpoint/v1",virtual_server,seq,hash,at]` as JSON without spaces; after a restore
    /// `[["doorward-checkpoint/v1",virtual_server,hash,at,"restored",restored.at],seq,restored.after]`.
    pub fn signed_text(&self) -> String {
        let Self { virtual_server, seq, hash, at, restored, .. } = self;
        match restored {
            None => serde_json::json!(["doorward-checkpoint/v1", virtual_server, seq, hash, at]).to_string(),
            Some(RestoredFrom { after, at: when }) => {
                let signed = ["doorward-checkpoint/v1", virtual_server, hash, at, "restored", when];
                serde_json::json!([signed, seq, after]).to_string()
            }
        }
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

/// A public key, and how far its word counts: as text `<64 hexadecimal digits>`, or `<64 hexadecimal digits>@<record>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignerKey {
    /// The key.
    pub key: PublicKey,
    /// The last record that it may have signed; of a key that is held still, any.
    pub until: Option<i64>,
}

impl fmt::Display for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key.hex())?;
        self.until.map_or(Ok(()), |until| write!(f, "@{until}"))
    }
}

impl FromStr for SignerKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RULE: &str =
            "64 hexadecimal digits in lower case, and for a former key @ and the last record that it signed";
        let (key, until) = match text.split_once('@') {
            Some((key, until)) => (key, Some(until.parse().map_err(|_| RULE)?)),
            None => (text, None),
        };
        Ok(Self { key: PublicKey::parse(key).ok_or(RULE)?, until })
    }
}

/// Signs checkpoints with a key that is derived from the master key in use, which never is in the database.
#[derive(Clone)]
pub(crate) struct Signer(MasterKey);

/// The seed did not make a key. It has 32 bytes, so that this does not happen.
#[derive(Debug, thiserror::Error)]
#[error("the checkpoint key cannot be derived")]
pub(crate) struct NoKey;

/// Whose signatures count.
#[derive(Debug, Clone)]
pub struct Signers {
    keys: Vec<PublicKey>,
    past: Vec<PastSigner>,
}

impl Signers {
    /// One key, and nobody else.
    pub fn one(key: PublicKey) -> Self {
        Self { keys: vec![key], past: Vec::new() }
    }

    /// Each of these, and those of former keys up to a record of this virtual server only.
    pub fn known(keys: &[SignerKey], vs: &VirtualServerId) -> Self {
        let mut signers = Self { keys: Vec::new(), past: Vec::new() };
        for SignerKey { key, until } in keys {
            match until {
                None => signers.keys.push(*key),
                Some(until) => {
                    let until = [(vs.as_str().to_owned(), *until)].into();
                    signers.past.push(PastSigner { public_key: key.hex(), until });
                }
            }
        }
        signers
    }

    /// Whose signatures count of one virtual server, for an auditor to keep.
    pub fn of_virtual_server(&self, vs: &VirtualServerId) -> Vec<SignerKey> {
        let now = self.keys.iter().map(|key| SignerKey { key: *key, until: None });
        let former = self.past.iter().filter_map(|past| {
            let (key, until) = (PublicKey::parse(&past.public_key)?, *past.until.get(vs.as_str())?);
            Some(SignerKey { key, until: Some(until) })
        });
        now.chain(former).collect()
    }

    /// Whether a checkpoint bears the signature of one whose word counts as far as it reaches.
    pub fn accept(&self, checkpoint: &Checkpoint) -> bool {
        self.keys.iter().any(|key| checkpoint.is_signed_by(key))
            || self.past.iter().any(|past| past_accepts(past, checkpoint))
    }

    /// Whether one of them has signed that a chain goes on after this record because of a restore.
    pub(crate) fn vouch(&self, vs: &VirtualServerId, hash: &str, from: &RestoredFrom, signature: &str) -> bool {
        let Ok(signature) = HEXLOWER.decode(signature.as_bytes()) else { return false };
        let text = restored_text(vs, hash, from);
        let signed =
            |key: &PublicKey| UnparsedPublicKey::new(&ED25519, key.0).verify(text.as_bytes(), &signature).is_ok();
        let past = self.past.iter().filter(|past| past.until.get(vs.as_str()).is_some_and(|until| from.after < *until));
        self.keys.iter().any(signed)
            || past.filter_map(|past| PublicKey::parse(&past.public_key)).any(|key| signed(&key))
    }
}

/// A cut, and the record that tells of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CutAt<'a> {
    /// The last record that is to go.
    pub(crate) upto: i64,
    /// Its hash.
    pub(crate) hash: &'a str,
    /// The number of the record that tells of it.
    pub(crate) told_by: i64,
}

impl Signers {
    /// Whether one of them has signed that a chain is cut there. A key that is gone has told of no cut since.
    pub(crate) fn vouch_for_cut(&self, vs: &VirtualServerId, cut: CutAt<'_>, signature: &str) -> bool {
        let Ok(signature) = HEXLOWER.decode(signature.as_bytes()) else { return false };
        let text = cut_text(vs, cut.upto, cut.hash);
        let signed =
            |key: &PublicKey| UnparsedPublicKey::new(&ED25519, key.0).verify(text.as_bytes(), &signature).is_ok();
        let past =
            self.past.iter().filter(|past| past.until.get(vs.as_str()).is_some_and(|until| cut.told_by <= *until));
        self.keys.iter().any(signed)
            || past.filter_map(|past| PublicKey::parse(&past.public_key)).any(|key| signed(&key))
    }
}

/// What is signed of a cut.
fn cut_text(vs: &VirtualServerId, upto: i64, hash: &str) -> String {
    serde_json::json!([["doorward-trimmed/v1", vs.as_str(), hash], upto]).to_string()
}

/// A key that is gone counts as far as it had come when it went, and no further: whoever finds it signs nothing new.
fn past_accepts(past: &PastSigner, checkpoint: &Checkpoint) -> bool {
    past.until.get(&checkpoint.virtual_server).is_some_and(|until| checkpoint.seq <= *until)
        && PublicKey::parse(&past.public_key).is_some_and(|key| checkpoint.is_signed_by(&key))
}

/// What is signed of a restore.
fn restored_text(vs: &VirtualServerId, hash: &str, from: &RestoredFrom) -> String {
    serde_json::json!(["doorward-restored/v1", vs.as_str(), from.after, hash, from.at]).to_string()
}

fn pair_of(seed: &[u8; 32]) -> Result<Ed25519KeyPair, NoKey> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoKey)
}

fn public_of(seed: &[u8; 32]) -> Result<PublicKey, NoKey> {
    let bytes = pair_of(seed)?.public_key().as_ref().try_into().map_err(|_| NoKey)?;
    Ok(PublicKey(bytes))
}

/// The public half of the checkpoint key of one of the keys of a key file.
pub fn public_key_of(key: &MasterKey, id: KeyId) -> Option<PublicKey> {
    public_of(&key.derive_from(id, Purpose::Checkpoint)?).ok()
}

impl Signer {
    pub(crate) fn new(key: &MasterKey) -> Self {
        Self(key.clone())
    }

    fn seed(&self) -> [u8; 32] {
        self.0.derive(Purpose::Checkpoint)
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, NoKey> {
        public_of(&self.seed())
    }

    /// Itself, the others of the key file, and those that are gone.
    pub(crate) fn signers(&self) -> Result<Signers, NoKey> {
        let keys = self.0.derive_all(Purpose::Checkpoint).iter().map(public_of).collect::<Result<_, _>>()?;
        Ok(Signers { keys, past: self.0.set().signers })
    }

    /// Signs that a chain goes on after a record because of a restore. Empty, which nobody accepts, where it cannot be.
    pub(crate) fn vouch(&self, vs: &VirtualServerId, hash: &str, from: &RestoredFrom) -> String {
        let signed = pair_of(&self.seed()).map(|pair| pair.sign(restored_text(vs, hash, from).as_bytes()));
        signed.map(|signature| HEXLOWER.encode(signature.as_ref())).unwrap_or_default()
    }

    /// Signs that a chain is cut after a record.
    pub(crate) fn vouch_for_cut(&self, vs: &VirtualServerId, upto: i64, hash: &str) -> Result<String, NoKey> {
        let signature = pair_of(&self.seed())?.sign(cut_text(vs, upto, hash).as_bytes());
        Ok(HEXLOWER.encode(signature.as_ref()))
    }

    pub(crate) fn sign(
        &self,
        vs: &VirtualServerId,
        (seq, hash): (i64, &str),
        restored: Option<RestoredFrom>,
        now: Timestamp,
    ) -> Result<Checkpoint, NoKey> {
        let seed = self.seed();
        let mut checkpoint = Checkpoint {
            virtual_server: vs.as_str().to_owned(),
            seq,
            hash: hash.to_owned(),
            at: now.rfc3339(),
            restored,
            public_key: public_of(&seed)?.hex(),
            signature: String::new(),
        };
        let signature = pair_of(&seed)?.sign(checkpoint.signed_text().as_bytes());
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
        let good = signer(7).sign(&VirtualServerId::new("default"), (9, "ab"), None, Timestamp::from_secs(5)).unwrap();
        assert!(good.is_signed_by(&key));
        assert!(!good.is_signed_by(&signer(8).public_key().unwrap()));
        for bad in [
            Checkpoint { seq: 8, ..good.clone() },
            Checkpoint { hash: "ac".into(), ..good.clone() },
            Checkpoint { at: Timestamp::from_secs(6).rfc3339(), ..good.clone() },
            Checkpoint { virtual_server: "other".into(), ..good.clone() },
            Checkpoint { restored: Some(RestoredFrom { after: 7, at: "t".into() }), ..good.clone() },
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
