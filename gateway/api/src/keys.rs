//! The master key from outside the database, and everything derived from it: sealing at rest, keyed hashes. While it is changed
//! for another there are two, and whatever was made with either holds.

mod held;

use data_encoding::HEXLOWER;
use ring::{aead, hmac};

use self::held::{Held, Shared};
use crate::ports::Entropy;
use crate::secret::SecretBytes;

pub use held::{Kept, KeptFor, KeyId, KeySet, PastSigner};

/// What a derived key is for. A new purpose is a new entry; two purposes never share a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Columns of the store.
    Store,
    /// The sealed return address that a browser carries through the portal.
    ReturnAddress,
    /// Anti-forgery values in forms.
    Csrf,
    /// Emailed verification codes (HMAC, since six digits cannot be hashed safely without a key).
    VerificationCode,
    /// Mail addresses in audit records: found by nobody who has the records and a dictionary only.
    AddressHash,
    /// Device cookies.
    Device,
    /// The Ed25519 seed of audit checkpoints.
    Checkpoint,
    /// The second factor that an operator to be is shown, which their browser keeps until it is proved.
    OperatorSetup,
    /// Keys under which operators' requests are done once, and what was asked under them: hashed, as both may tell secrets.
    Idempotency,
    /// Recovery codes: whoever has the database alone cannot tell which ones are right.
    RecoveryCode,
    /// What a browser keeps of the tokens that were activated in it.
    KnownTokens,
    /// The list of what is in a backup.
    Backup,
}

impl Purpose {
    /// Every one, in the order of the list.
    pub(crate) const ALL: [Purpose; 12] = [
        Purpose::Store,
        Purpose::ReturnAddress,
        Purpose::Csrf,
        Purpose::VerificationCode,
        Purpose::AddressHash,
        Purpose::Device,
        Purpose::Checkpoint,
        Purpose::OperatorSetup,
        Purpose::Idempotency,
        Purpose::RecoveryCode,
        Purpose::KnownTokens,
        Purpose::Backup,
    ];

    const fn label(self) -> &'static [u8] {
        match self {
            Purpose::Store => b"doorward/store/v1",
            Purpose::ReturnAddress => b"doorward/return-address/v1",
            Purpose::Csrf => b"doorward/csrf/v1",
            Purpose::VerificationCode => b"doorward/verification-code/v1",
            Purpose::AddressHash => b"doorward/address-hash/v1",
            Purpose::Device => b"doorward/device/v1",
            Purpose::Checkpoint => b"doorward/checkpoint/v1",
            Purpose::OperatorSetup => b"doorward/operator-setup/v1",
            Purpose::Idempotency => b"doorward/idempotency/v1",
            Purpose::RecoveryCode => b"doorward/recovery-code/v1",
            Purpose::KnownTokens => b"doorward/known-tokens/v1",
            Purpose::Backup => b"doorward/backup/v1",
        }
    }
}

/// The master key: 32 random bytes that live in a file or a systemd credential, never in the database (SEC 5.10). Or several of
/// them, of which one is in use: all clones, and whatever was derived, follow when that is another.
#[derive(Clone)]
pub struct MasterKey(Shared);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Takes exactly 32 bytes; `None` for any other length.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        Self::of(KeySet { keys: vec![SecretBytes::new(bytes)], ..KeySet::default() })
    }

    /// Takes what a key file holds; `None` without a key, for one that is not of 32 bytes, and for two that bear one name.
    pub fn of(set: KeySet) -> Option<Self> {
        Held::of(set).map(Shared::new).map(Self)
    }

    /// What it holds, for writing a key file.
    pub fn set(&self) -> KeySet {
        self.0.now().set.clone()
    }

    /// The names of all keys, the oldest first.
    pub fn ids(&self) -> Vec<KeyId> {
        self.0.now().keys.iter().map(|key| key.id).collect()
    }

    /// The key that is in use.
    pub fn in_use(&self) -> KeyId {
        self.0.now().in_use().map_or(KeyId::of_bytes([0; 4]), |key| key.id)
    }

    /// Takes another of the keys into use, if it is there.
    pub fn take_into_use(&self, id: KeyId) -> bool {
        self.0.take_into_use(id)
    }

    /// Holds the keys of another from now on, if the one in use is among them; it stays in use.
    pub fn adopt(&self, other: &MasterKey) -> bool {
        self.0.adopt(&other.0)
    }

    /// The 32-byte key that a plugin is lent: its own, and no purpose's (HKDF-SHA-256). It stays what it was when the master
    /// key is changed: devices hold the other half of what is made of it.
    pub fn derive_for_plugin(&self, id: &str) -> [u8; 32] {
        let held = self.0.now();
        let kept = held.kept(&KeptFor::Plugin(id.to_owned())).find_map(|key| key.expose().try_into().ok());
        kept.or_else(|| held.in_use().map(|key| key.for_plugin(id))).unwrap_or_default()
    }

    /// Derives the 32-byte key of a purpose (HKDF-SHA-256, RFC 5869) from the key in use.
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        self.0.now().in_use().map(|key| key.key(purpose)).unwrap_or_default()
    }

    /// The same of every key, the one in use first.
    pub fn derive_all(&self, purpose: Purpose) -> Vec<[u8; 32]> {
        self.0.now().in_turn().map(|key| key.key(purpose)).collect()
    }

    /// The key of a purpose, derived from a certain key.
    pub fn derive_from(&self, id: KeyId, purpose: Purpose) -> Option<[u8; 32]> {
        self.0.now().get(id).map(|key| key.key(purpose))
    }

    /// A keyed hash for a purpose.
    pub fn mac(&self, purpose: Purpose) -> MacKey {
        MacKey { keys: self.0.clone(), purpose }
    }

    /// A sealing key for a purpose.
    pub fn sealing(&self, purpose: Purpose) -> SealingKey {
        SealingKey { keys: self.0.clone(), purpose }
    }
}

/// HMAC-SHA-256 with one purpose's key.
#[derive(Clone)]
pub struct MacKey {
    keys: Shared,
    purpose: Purpose,
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(…)")
    }
}

impl MacKey {
    /// Lower-case hex of the MAC over the parts, each preceded by its length so that no two splits collide. By the key in use.
    pub fn hex(&self, parts: &[&str]) -> String {
        self.keys.now().in_use().map(|key| mac_hex(&key.mac(self.purpose), parts)).unwrap_or_default()
    }

    /// The same by each key that something may have been made with, the one in use first.
    pub fn every_hex(&self, parts: &[&str]) -> Vec<String> {
        let held = self.keys.now();
        let mut made: Vec<String> = held.in_turn().map(|key| mac_hex(&key.mac(self.purpose), parts)).collect();
        if self.purpose == Purpose::RecoveryCode {
            let kept = held.kept(&KeptFor::RecoveryCodes).map(|key| hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
            made.extend(kept.map(|key| mac_hex(&key, parts)));
        }
        made
    }

    /// Whether `hex` is the MAC of the parts by any of the keys, compared in constant time.
    pub fn check(&self, parts: &[&str], hex: &str) -> bool {
        let same = |made: &String| bool::from(subtle::ConstantTimeEq::ct_eq(made.as_bytes(), hex.as_bytes()));
        self.every_hex(parts).iter().fold(false, |found, made| found | same(made))
    }
}

fn mac_hex(key: &hmac::Key, parts: &[&str]) -> String {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    HEXLOWER.encode(context.sign().as_ref())
}

/// AES-256-GCM with a random 96-bit nonce for each write, bound to what surrounds the value (SEC 5.10).
#[derive(Clone)]
pub struct SealingKey {
    keys: Shared,
    purpose: Purpose,
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// A sealed value could not be opened: another key, another place, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not belong here or was changed")]
pub struct CannotOpen;

/// Does not name its key.
const UNNAMED: u8 = 1;
/// Names its key in the four bytes that follow.
const NAMED: u8 = 2;

/// What a sealed value says of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SealedBy {
    /// Nothing: it is of a time in which there was only one.
    Unnamed,
    /// This one.
    Key(KeyId),
    /// It is no sealed value.
    Nothing,
}

impl SealedBy {
    /// How many bytes at the beginning of a value tell it.
    pub const PREFIX: usize = 5;

    /// By the beginning of a sealed value.
    pub fn of(sealed: &[u8]) -> Self {
        match sealed {
            [UNNAMED, ..] => Self::Unnamed,
            [NAMED, a, b, c, d, ..] => Self::Key(KeyId::of_bytes([*a, *b, *c, *d])),
            _ => Self::Nothing,
        }
    }
}

/// The key is bound with the place: a value of one key does not pass for another's.
fn aad(version: &[u8], place: &[&str]) -> Vec<u8> {
    let mut aad = version.to_vec();
    for part in place {
        aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
        aad.extend_from_slice(part.as_bytes());
    }
    aad
}

fn cipher(key: &[u8; 32]) -> Option<aead::LessSafeKey> {
    aead::UnboundKey::new(&aead::AES_256_GCM, key).ok().map(aead::LessSafeKey::new)
}

impl SealingKey {
    /// Seals `plain` for `place` (table, column, row, virtual server) with the key in use: version byte, the key's name where
    /// there have been several, nonce, ciphertext and tag.
    pub fn seal(&self, place: &[&str], plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let mut nonce = [0_u8; 12];
        entropy.fill(&mut nonce);
        let mut body = plain.to_vec();
        let held = self.keys.now();
        let Some(in_use) = held.in_use() else { return Vec::new() };
        let Some(key) = cipher(&in_use.key(self.purpose)) else { return Vec::new() };
        let mut out = vec![if held.set.named { NAMED } else { UNNAMED }];
        if held.set.named {
            out.extend_from_slice(&in_use.id.bytes());
        }
        let bound = aead::Aad::from(aad(&out, place));
        if key.seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), bound, &mut body).is_err() {
            return Vec::new();
        }
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&body);
        out
    }

    /// Opens what [`SealingKey::seal`] made for the same place, with whichever of the keys it was.
    ///
    /// # Errors
    /// [`CannotOpen`] for any other key or place, and for changed bytes.
    pub fn open(&self, place: &[&str], sealed: &[u8]) -> Result<SecretBytes, CannotOpen> {
        let held = self.keys.now();
        match SealedBy::of(sealed) {
            SealedBy::Key(id) => {
                let key = held.get(id).ok_or(CannotOpen)?;
                let (version, rest) = sealed.split_at_checked(SealedBy::PREFIX).ok_or(CannotOpen)?;
                open_with(&key.key(self.purpose), version, place, rest)
            }
            SealedBy::Unnamed => {
                let (version, rest) = sealed.split_at_checked(1).ok_or(CannotOpen)?;
                held.in_turn()
                    .find_map(|key| open_with(&key.key(self.purpose), version, place, rest).ok())
                    .ok_or(CannotOpen)
            }
            SealedBy::Nothing => Err(CannotOpen),
        }
    }

    /// Whether the value names a key that is not there.
    pub fn lacks_key_of(&self, sealed: &[u8]) -> Option<KeyId> {
        match SealedBy::of(sealed) {
            SealedBy::Key(id) if self.keys.now().get(id).is_none() => Some(id),
            _ => None,
        }
    }

    /// Whether the value is of the key in use, and says so.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        let held = self.keys.now();
        match SealedBy::of(sealed) {
            SealedBy::Key(id) => held.in_use().is_some_and(|key| key.id == id),
            SealedBy::Unnamed => !held.set.named,
            SealedBy::Nothing => false,
        }
    }
}

fn open_with(key: &[u8; 32], version: &[u8], place: &[&str], rest: &[u8]) -> Result<SecretBytes, CannotOpen> {
    let (nonce, body) = rest.split_at_checked(12).ok_or(CannotOpen)?;
    let key = cipher(key).ok_or(CannotOpen)?;
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
    let mut body = body.to_vec();
    let plain = key.open_in_place(nonce, aead::Aad::from(aad(version, place)), &mut body).map_err(|_| CannotOpen)?;
    Ok(SecretBytes::new(plain.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Entropy for Fixed {
        fn fill(&self, into: &mut [u8]) {
            into.fill(self.0);
        }
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_own_place() {
        let key = MasterKey::new(vec![7; 32]).unwrap().sealing(Purpose::Store);
        let sealed = key.seal(&["credential", "sealed", "row-1", "default"], b"seed", &Fixed(3));
        assert_eq!(key.open(&["credential", "sealed", "row-1", "default"], &sealed).unwrap().expose(), b"seed");
        for place in [
            ["credential", "sealed", "row-2", "default"],
            ["credential", "other", "row-1", "default"],
            ["credential", "sealed", "row-1", "second"],
            ["credentials", "ealed", "row-1", "default"],
        ] {
            assert_eq!(key.open(&place, &sealed).unwrap_err(), CannotOpen);
        }
        let mut flipped = sealed.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(key.open(&["credential", "sealed", "row-1", "default"], &flipped).unwrap_err(), CannotOpen);
        let other = MasterKey::new(vec![8; 32]).unwrap().sealing(Purpose::Store);
        assert_eq!(other.open(&["credential", "sealed", "row-1", "default"], &sealed).unwrap_err(), CannotOpen);
    }

    #[test]
    fn no_two_purposes_share_a_key() {
        let master = MasterKey::new(vec![7; 32]).unwrap();
        assert_ne!(master.derive(Purpose::Csrf), master.derive(Purpose::Store));
        assert_ne!(master.mac(Purpose::Csrf).hex(&["ab", "c"]), master.mac(Purpose::Csrf).hex(&["a", "bc"]));
    }

    fn set(keys: &[u8], named: bool) -> KeySet {
        let keys = keys.iter().map(|byte| SecretBytes::new(vec![*byte; 32])).collect();
        KeySet { keys, named, ..KeySet::default() }
    }

    const PLACE: [&str; 4] = ["credential", "sealed", "row-1", "default"];

    #[test]
    fn while_a_key_is_changed_what_either_has_made_holds() {
        let old = MasterKey::new(vec![7; 32]).unwrap();
        let (seal, mac) = (old.sealing(Purpose::Store), old.mac(Purpose::Device));
        let (before, cookie) = (seal.seal(&PLACE, b"seed", &Fixed(3)), mac.hex(&["a"]));
        assert_eq!(SealedBy::of(&before), SealedBy::Unnamed);

        let both = MasterKey::of(set(&[7, 8], true)).unwrap();
        assert!(old.adopt(&both));
        let between = seal.seal(&PLACE, b"seed", &Fixed(3));
        assert_eq!(SealedBy::of(&between), SealedBy::Key(old.in_use()));
        let new = old.ids()[1];
        assert!(old.take_into_use(new));
        let after = seal.seal(&PLACE, b"seed", &Fixed(3));
        assert_eq!(SealedBy::of(&after), SealedBy::Key(new));
        assert!(seal.is_current(&after) && !seal.is_current(&between) && !seal.is_current(&before));
        for sealed in [&before, &between, &after] {
            assert_eq!(seal.open(&PLACE, sealed).unwrap().expose(), b"seed");
        }
        assert!(mac.check(&["a"], &cookie));
        assert_ne!(mac.hex(&["a"]), cookie);

        let alone = MasterKey::of(set(&[8], true)).unwrap();
        let alone_seal = alone.sealing(Purpose::Store);
        assert_eq!(alone_seal.open(&PLACE, &after).unwrap().expose(), b"seed");
        assert_eq!(alone_seal.lacks_key_of(&between), Some(old.ids()[0]));
        assert_eq!(alone_seal.open(&PLACE, &between).unwrap_err(), CannotOpen);
        assert!(!alone.mac(Purpose::Device).check(&["a"], &cookie));
    }

    #[test]
    fn a_value_cannot_be_given_another_keys_name() {
        let both = MasterKey::of(set(&[7, 8], true)).unwrap();
        let mut sealed = both.sealing(Purpose::Store).seal(&PLACE, b"seed", &Fixed(3));
        sealed.splice(1..5, both.ids()[1].bytes());
        assert_eq!(both.sealing(Purpose::Store).open(&PLACE, &sealed).unwrap_err(), CannotOpen);
    }

    #[test]
    fn keys_that_do_not_hold_the_one_in_use_are_not_adopted() {
        let master = MasterKey::new(vec![7; 32]).unwrap();
        assert!(!master.adopt(&MasterKey::new(vec![8; 32]).unwrap()));
        assert!(!master.take_into_use(KeyId::parse("00000000").unwrap()));
        assert_eq!(master.ids().len(), 1);
    }

    #[test]
    fn what_outlives_a_key_is_what_it_was() {
        let old = MasterKey::new(vec![7; 32]).unwrap();
        let plugin = old.derive_for_plugin("authenticator");
        let code = old.mac(Purpose::RecoveryCode).hex(&["code"]);
        let kept = [
            (KeptFor::Plugin("authenticator".into()), plugin),
            (KeptFor::RecoveryCodes, old.derive(Purpose::RecoveryCode)),
        ];
        let kept = kept.map(|(what, key)| Kept { what, key: SecretBytes::new(key.to_vec()) }).to_vec();
        let new = MasterKey::of(KeySet { kept, ..set(&[8], true) }).unwrap();
        assert_eq!(new.derive_for_plugin("authenticator"), plugin);
        assert_ne!(new.derive_for_plugin("otp"), old.derive_for_plugin("otp"));
        assert!(new.mac(Purpose::RecoveryCode).check(&["code"], &code));
        assert!(!new.mac(Purpose::Csrf).check(&["code"], &old.mac(Purpose::Csrf).hex(&["code"])));
    }

    #[test]
    fn a_set_of_keys_has_some_of_the_right_length_and_none_twice() {
        assert!(MasterKey::of(set(&[], true)).is_none());
        assert!(MasterKey::of(set(&[7, 7], true)).is_none());
        assert!(MasterKey::new(vec![7; 31]).is_none());
        assert_eq!(Purpose::ALL.map(|purpose| purpose as usize), std::array::from_fn(|at| at));
        let [what, other] = ["recovery-codes", "plugin/otp"].map(|text| KeptFor::parse(text).unwrap().to_string());
        assert_eq!((what.as_str(), other.as_str()), ("recovery-codes", "plugin/otp"));
        assert_eq!([KeptFor::parse("plugin/"), KeptFor::parse("x")], [None, None]);
    }
}
