//! One master key from outside the database, and everything derived from it: sealing at rest, keyed hashes.

use data_encoding::HEXLOWER;
use ring::{aead, hkdf, hmac};

use crate::ports::Entropy;
use crate::secret::SecretBytes;

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
}

impl Purpose {
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
        }
    }
}

/// The master key: 32 random bytes that live in a file or a systemd credential, never in the database (SEC 5.10).
#[derive(Clone)]
pub struct MasterKey(SecretBytes);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

struct Len32;
impl hkdf::KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

impl MasterKey {
    /// Takes exactly 32 bytes; `None` for any other length.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == 32).then(|| Self(SecretBytes::new(bytes)))
    }

    /// Derives the 32-byte key that a plugin is lent: its own, and no purpose's (HKDF-SHA-256).
    pub fn derive_for_plugin(&self, id: &str) -> [u8; 32] {
        self.expand(&[b"doorward/plugin/v1/", id.as_bytes()])
    }

    /// Derives the 32-byte key of a purpose (HKDF-SHA-256, RFC 5869).
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        self.expand(&[purpose.label()])
    }

    fn expand(&self, info: &[&[u8]]) -> [u8; 32] {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"doorward").extract(self.0.expose());
        let mut key = [0_u8; 32];
        // Filling 32 bytes from SHA-256 cannot exceed HKDF's limit of 255 blocks, so neither step fails.
        if let Ok(okm) = prk.expand(info, Len32) {
            let _ = okm.fill(&mut key);
        }
        key
    }

    /// A keyed hash for a purpose.
    pub fn mac(&self, purpose: Purpose) -> MacKey {
        MacKey(hmac::Key::new(hmac::HMAC_SHA256, &self.derive(purpose)))
    }

    /// A sealing key for a purpose.
    pub fn sealing(&self, purpose: Purpose) -> SealingKey {
        SealingKey(self.derive(purpose))
    }
}

/// HMAC-SHA-256 with one purpose's key.
#[derive(Clone, Debug)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// Lower-case hex of the MAC over the parts, each preceded by its length so that no two splits collide.
    pub fn hex(&self, parts: &[&str]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        HEXLOWER.encode(context.sign().as_ref())
    }

    /// Whether `hex` is the MAC of the parts, compared in constant time.
    pub fn check(&self, parts: &[&str], hex: &str) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.hex(parts).as_bytes(), hex.as_bytes()).into()
    }
}

/// AES-256-GCM with a random 96-bit nonce for each write, bound to what surrounds the value (SEC 5.10).
#[derive(Clone)]
pub struct SealingKey([u8; 32]);

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// A sealed value could not be opened: another key, another place, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not belong here or was changed")]
pub struct CannotOpen;

const VERSION: u8 = 1;

impl SealingKey {
    fn key(&self) -> Option<aead::LessSafeKey> {
        aead::UnboundKey::new(&aead::AES_256_GCM, &self.0).ok().map(aead::LessSafeKey::new)
    }

    fn aad(place: &[&str]) -> Vec<u8> {
        let mut aad = vec![VERSION];
        for part in place {
            aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
            aad.extend_from_slice(part.as_bytes());
        }
        aad
    }

    /// Seals `plain` for `place` (table, column, row, virtual server): version byte, nonce, ciphertext and tag.
    pub fn seal(&self, place: &[&str], plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let mut nonce = [0_u8; 12];
        entropy.fill(&mut nonce);
        let mut body = plain.to_vec();
        let Some(key) = self.key() else { return Vec::new() };
        let nonce_in_use = aead::Nonce::assume_unique_for_key(nonce);
        if key.seal_in_place_append_tag(nonce_in_use, aead::Aad::from(Self::aad(place)), &mut body).is_err() {
            return Vec::new();
        }
        let mut out = Vec::with_capacity(13 + body.len());
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&body);
        out
    }

    /// Opens what [`SealingKey::seal`] made for the same place.
    ///
    /// # Errors
    /// [`CannotOpen`] for any other key or place, and for changed bytes.
    pub fn open(&self, place: &[&str], sealed: &[u8]) -> Result<SecretBytes, CannotOpen> {
        let (version, rest) = sealed.split_first().ok_or(CannotOpen)?;
        let (nonce, body) = rest.split_at_checked(12).ok_or(CannotOpen)?;
        if *version != VERSION {
            return Err(CannotOpen);
        }
        let key = self.key().ok_or(CannotOpen)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut body = body.to_vec();
        let plain = key.open_in_place(nonce, aead::Aad::from(Self::aad(place)), &mut body).map_err(|_| CannotOpen)?;
        Ok(SecretBytes::new(plain.to_vec()))
    }
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
}
