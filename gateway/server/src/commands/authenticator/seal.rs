//! What a device makes of its secrets: the keys that an activation agrees on, and the seed that lies sealed in the file.

use data_encoding::BASE64URL_NOPAD;
use doorward_api::SecretBytes;
use doorward_api::ports::Entropy;
use doorward_oath::Algorithm;
use p256::PublicKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{hkdf, hmac};

use crate::Failure;

/// HKDF-SHA-256 (RFC 5869).
fn expand(secret: &[u8], salt: &[u8], info: &[&[u8]], length: usize) -> Option<SecretBytes> {
    struct Len(usize);
    impl hkdf::KeyType for Len {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut bytes = vec![0; length];
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    prk.expand(info, Len(length)).and_then(|okm| okm.fill(&mut bytes)).ok()?;
    Some(SecretBytes::new(bytes))
}

/// What both sides of an activation know when it has succeeded.
pub(super) struct Agreed {
    z: SecretBytes,
    salt: Vec<u8>,
    id: String,
    confirm: hmac::Key,
    transcript: Vec<u8>,
}

impl Agreed {
    /// From the device's key for this, the gateway's, both nonces, and the bytes of `activate/begin` and of its answer.
    pub(super) fn new(
        own: &p256::SecretKey,
        gateway: &PublicKey,
        [nonce, gateway_nonce]: [&[u8]; 2],
        id: &str,
        [begin, answer]: [&[u8]; 2],
    ) -> Option<Self> {
        let z = p256::ecdh::diffie_hellman(own.to_nonzero_scalar(), gateway.as_affine());
        let z = SecretBytes::new(z.raw_secret_bytes().to_vec());
        let salt = [nonce, gateway_nonce].concat();
        let info: [&[u8]; 2] = [b"doorward-authenticator/v1/confirm\0", id.as_bytes()];
        let confirm = expand(z.expose(), &salt, &info, 32)?;
        let confirm = hmac::Key::new(hmac::HMAC_SHA256, confirm.expose());
        let mut transcript = ring::digest::Context::new(&ring::digest::SHA256);
        transcript.update(begin);
        transcript.update(answer);
        let transcript = transcript.finish().as_ref().to_vec();
        Some(Self { z, salt, id: id.to_owned(), confirm, transcript })
    }

    /// The seed, as long as the hash of the template's algorithm.
    pub(super) fn seed(&self, algorithm: Algorithm) -> Option<SecretBytes> {
        let info: [&[u8]; 2] = [b"doorward-authenticator/v1/seed\0", self.id.as_bytes()];
        expand(self.z.expose(), &self.salt, &info, algorithm.output_len())
    }

    /// What the device shows for it.
    pub(super) fn own_mac(&self) -> String {
        BASE64URL_NOPAD.encode(hmac::sign(&self.confirm, &[b"device\0", self.transcript.as_slice()].concat()).as_ref())
    }

    /// Whether this is what the gateway shows for it.
    pub(super) fn is_of_gateway(&self, mac: &str) -> bool {
        let message = [b"gateway\0", self.transcript.as_slice()].concat();
        let mac = BASE64URL_NOPAD.decode(mac.as_bytes());
        mac.is_ok_and(|mac| hmac::verify(&self.confirm, &message, &mac).is_ok())
    }
}

/// A public key as it goes over the wire: 65 bytes.
pub(super) fn point(key: &PublicKey) -> String {
    BASE64URL_NOPAD.encode(key.to_encoded_point(false).as_bytes())
}

/// Back from it.
pub(super) fn read_point(text: &str) -> Option<PublicKey> {
    PublicKey::from_sec1_bytes(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()
}

/// The key that the export key of OPAQUE wraps others by.
pub(super) fn wrapping_key(export_key: &[u8], id: &str) -> Option<SecretBytes> {
    expand(export_key, b"doorward", &[b"doorward-authenticator/v1/wrap\0", id.as_bytes()], 32)
}

/// Seals bytes under a key of 32, bound to what they are.
pub(super) fn seal(
    key: &SecretBytes,
    what: &str,
    plain: &SecretBytes,
    entropy: &dyn Entropy,
) -> Result<String, Failure> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce);
    let mut sealed = plain.expose().to_vec();
    let wrong = |_| Failure::Other("a secret could not be sealed".to_owned());
    aes(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(what.as_bytes()), &mut sealed)
        .map_err(wrong)?;
    Ok(BASE64URL_NOPAD.encode(&[nonce.as_slice(), &sealed].concat()))
}

/// Opens what [`seal`] has sealed; `None` under another key, for something else, or when it was changed.
pub(super) fn open(key: &SecretBytes, what: &str, sealed: &str) -> Option<SecretBytes> {
    let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut bytes = sealed.to_vec();
    let plain = aes(key).ok()?.open_in_place(nonce, Aad::from(what.as_bytes()), &mut bytes).ok()?.len();
    bytes.truncate(plain);
    Some(SecretBytes::new(bytes))
}

fn aes(key: &SecretBytes) -> Result<LessSafeKey, Failure> {
    let key = UnboundKey::new(&AES_256_GCM, key.expose());
    key.map(LessSafeKey::new).map_err(|_| Failure::Other("a key has the wrong length".to_owned()))
}

#[cfg(test)]
mod tests {
    use doorward_store::SystemEntropy;

    use super::*;

    #[test]
    fn what_is_sealed_opens_under_the_same_key_for_the_same_thing() {
        let (key, other) = (SecretBytes::new(vec![1; 32]), SecretBytes::new(vec![2; 32]));
        let sealed = seal(&key, "seed/1", &SecretBytes::new(b"secret".to_vec()), &SystemEntropy).unwrap();
        assert_eq!(open(&key, "seed/1", &sealed).unwrap().expose(), b"secret");
        assert!(open(&other, "seed/1", &sealed).is_none() && open(&key, "seed/2", &sealed).is_none());
        let changed = if sealed.starts_with('A') { "B" } else { "A" };
        assert!(open(&key, "seed/1", &format!("{changed}{}", &sealed[1..])).is_none());
        assert!(open(&key, "seed/1", "").is_none());
    }

    #[test]
    fn both_sides_of_an_activation_agree() {
        let device = p256::SecretKey::from_slice(&[3; 32]).unwrap();
        let gateway = p256::SecretKey::from_slice(&[4; 32]).unwrap();
        let agree = |own: &p256::SecretKey, other: &p256::SecretKey, answer: &[u8]| {
            Agreed::new(own, &other.public_key(), [&[1; 16], &[2; 16]], "token-1", [b"begin", answer]).unwrap()
        };
        let (one, other) = (agree(&device, &gateway, b"answer"), agree(&gateway, &device, b"answer"));
        for (algorithm, length) in [(Algorithm::Sha1, 20), (Algorithm::Sha256, 32), (Algorithm::Sha512, 64)] {
            let (one, other) = (one.seed(algorithm).unwrap(), other.seed(algorithm).unwrap());
            assert_eq!((one.expose(), one.expose().len()), (other.expose(), length));
        }
        let mac = BASE64URL_NOPAD
            .encode(hmac::sign(&other.confirm, &[b"gateway\0", other.transcript.as_slice()].concat()).as_ref());
        assert!(one.is_of_gateway(&mac) && !one.is_of_gateway(&one.own_mac()) && !one.is_of_gateway(""));
        assert!(!agree(&device, &gateway, b"another").is_of_gateway(&mac));
        assert_eq!(read_point(&point(&device.public_key())), Some(device.public_key()));
    }
}
