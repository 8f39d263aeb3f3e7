//! The keys that a process holds: the one in use, those of before and after it, and what outlives a key.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::HEXLOWER;
use ring::{hkdf, hmac};

use super::Purpose;
use crate::secret::SecretBytes;

/// Which of several keys. Derived from the key; tells nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// From eight lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// The four bytes that stand in each sealed value.
    pub const fn bytes(self) -> [u8; 4] {
        self.0
    }

    /// From the four bytes of a sealed value.
    pub const fn of_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What a derived key is kept for when the key that it was derived from goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeptFor {
    /// A plugin's own: devices hold the other half of what it makes of it.
    Plugin(String),
    /// Recovery codes on paper.
    RecoveryCodes,
}

impl KeptFor {
    /// From its name in a key file.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "recovery-codes" => Some(Self::RecoveryCodes),
            _ => text.strip_prefix("plugin/").filter(|id| !id.is_empty()).map(|id| Self::Plugin(id.to_owned())),
        }
    }
}

impl fmt::Display for KeptFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plugin(id) => write!(f, "plugin/{id}"),
            Self::RecoveryCodes => f.write_str("recovery-codes"),
        }
    }
}

/// A derived key that outlives the one it was derived from.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What for.
    pub what: KeptFor,
    /// 32 bytes.
    pub key: SecretBytes,
}

/// The public half of a checkpoint key that is gone, and how far its word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastSigner {
    /// Lower-case hex.
    pub public_key: String,
    /// By virtual server: the last record that it may have signed.
    pub until: BTreeMap<String, i64>,
}

/// What a key file holds.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    /// Master keys of 32 bytes, the oldest first.
    pub keys: Vec<SecretBytes>,
    /// What outlives its key.
    pub kept: Vec<Kept>,
    /// Whose checkpoints still count.
    pub signers: Vec<PastSigner>,
    /// Whether what is sealed names its key. A key that was always alone is not named, so that the release before this one
    /// can read what is written.
    pub named: bool,
}

/// One master key and all that is derived from it.
pub(super) struct Derived {
    pub(super) id: KeyId,
    master: SecretBytes,
    keys: Vec<[u8; 32]>,
    macs: Vec<hmac::Key>,
}

struct Len32;
impl hkdf::KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

pub(super) fn expand(master: &SecretBytes, info: &[&[u8]]) -> [u8; 32] {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"doorward").extract(master.expose());
    let mut key = [0_u8; 32];
    // Filling 32 bytes from SHA-256 cannot exceed HKDF's limit of 255 blocks, so neither step fails.
    if let Ok(okm) = prk.expand(info, Len32) {
        let _ = okm.fill(&mut key);
    }
    key
}

impl Derived {
    fn of(master: SecretBytes) -> Option<Self> {
        if master.expose().len() != 32 {
            return None;
        }
        let [a, b, c, d, ..] = expand(&master, &[b"doorward/key-id/v1"]);
        let keys: Vec<[u8; 32]> = Purpose::ALL.iter().map(|purpose| expand(&master, &[purpose.label()])).collect();
        let macs = keys.iter().map(|key| hmac::Key::new(hmac::HMAC_SHA256, key)).collect();
        Some(Self { id: KeyId([a, b, c, d]), master, keys, macs })
    }

    pub(super) fn key(&self, purpose: Purpose) -> [u8; 32] {
        self.keys.get(purpose as usize).copied().unwrap_or_else(|| expand(&self.master, &[purpose.label()]))
    }

    pub(super) fn mac(&self, purpose: Purpose) -> hmac::Key {
        let made = self.macs.get(purpose as usize).cloned();
        made.unwrap_or_else(|| hmac::Key::new(hmac::HMAC_SHA256, &self.key(purpose)))
    }

    pub(super) fn for_plugin(&self, id: &str) -> [u8; 32] {
        expand(&self.master, &[b"doorward/plugin/v1/", id.as_bytes()])
    }
}

/// All keys of a process, and which of them is in use.
pub(super) struct Held {
    pub(super) keys: Vec<Derived>,
    in_use: usize,
    pub(super) set: KeySet,
}

impl Held {
    /// The oldest is in use until the database says another. `None` without any key, for one of another length than 32 bytes,
    /// and for two of one name.
    pub(super) fn of(set: KeySet) -> Option<Self> {
        let keys: Vec<Derived> = set.keys.iter().cloned().map(Derived::of).collect::<Option<_>>()?;
        let twice = keys.iter().enumerate().any(|(at, key)| keys.iter().take(at).any(|other| other.id == key.id));
        (!keys.is_empty() && !twice).then_some(Self { keys, in_use: 0, set })
    }

    pub(super) fn get(&self, id: KeyId) -> Option<&Derived> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// There always is one: none is made without.
    pub(super) fn in_use(&self) -> Option<&Derived> {
        self.keys.get(self.in_use).or_else(|| self.keys.first())
    }

    /// The one in use, and then the others.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = &Derived> {
        let first = self.in_use().map(|key| key.id);
        self.in_use().into_iter().chain(self.keys.iter().filter(move |key| Some(key.id) != first))
    }

    pub(super) fn kept(&self, what: &KeptFor) -> impl Iterator<Item = &SecretBytes> {
        self.set.kept.iter().filter(move |kept| kept.what == *what).map(|kept| &kept.key)
    }

    fn using(&self, id: KeyId) -> Option<Self> {
        let in_use = self.keys.iter().position(|key| key.id == id)?;
        let keys = self.set.keys.iter().cloned().map(Derived::of).collect::<Option<_>>()?;
        Some(Self { keys, in_use, set: self.set.clone() })
    }
}

/// What all clones of a master key, and all that was taken from it, look into at each use.
#[derive(Clone)]
pub(super) struct Shared(Arc<RwLock<Arc<Held>>>);

impl Shared {
    pub(super) fn new(held: Held) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(held))))
    }

    pub(super) fn now(&self) -> Arc<Held> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, held: Held) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
    }

    /// Whether there is such a key; it is in use from then on.
    pub(super) fn take_into_use(&self, id: KeyId) -> bool {
        let held = self.now();
        if held.in_use().is_some_and(|key| key.id == id) {
            return true;
        }
        match held.using(id) {
            Some(other) => {
                self.put(other);
                true
            }
            None => false,
        }
    }

    /// Whether the key in use is among those of `other`, which are held from then on; it stays in use.
    pub(super) fn adopt(&self, other: &Self) -> bool {
        let Some(id) = self.now().in_use().map(|key| key.id) else { return false };
        match other.now().using(id) {
            Some(held) => {
                self.put(held);
                true
            }
            None => false,
        }
    }
}
