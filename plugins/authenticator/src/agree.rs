//! How both sides come to the same seed without its ever being sent.

use doorward_api::Template;
use doorward_api::ports::Entropy;
use doorward_api::template::HashAlgorithm;
use p256::elliptic_curve::sec1::FromEncodedPoint;
use p256::{EncodedPoint, PublicKey, SecretKey};
use zeroize::Zeroizing;

use crate::bytes::{Blob, Fixed, draw, hkdf, mac, sha256};
use crate::keys::point_of;

const SEED: &[u8] = b"doorward-authenticator/v1/seed\0";
const CONFIRM: &[u8] = b"doorward-authenticator/v1/confirm\0";

/// The gateway's part of an agreement.
pub(crate) struct Offered {
    secret: SecretKey,
    /// Its public key.
    pub(crate) point: Fixed<65>,
    /// Its nonce.
    pub(crate) nonce: Fixed<16>,
}

/// What is agreed.
pub(crate) struct Agreed {
    /// What passcodes are computed from.
    pub(crate) seed: Blob<64>,
    /// By which both sides show that they have it.
    pub(crate) confirm: Fixed<32>,
}

impl Offered {
    /// Draws one. `None` when the randomness gives no key, eight times.
    pub(crate) fn draw(entropy: &dyn Entropy) -> Option<Self> {
        let secret = secret_key(entropy)?;
        Some(Self { point: point_of(&secret.public_key()), secret, nonce: draw(entropy) })
    }

    /// The agreement with a device.
    pub(crate) fn with(&self, device: &PublicKey, nonce: &Fixed<16>, id: &str, template: &Template) -> Agreed {
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), device.as_affine());
        agreed(shared.raw_secret_bytes(), [nonce, &self.nonce], id, template)
    }
}

/// A random key of P-256.
pub(crate) fn secret_key(entropy: &dyn Entropy) -> Option<SecretKey> {
    (0..8).find_map(|_| SecretKey::from_slice(draw::<32>(entropy).bytes()).ok())
}

/// The point of somebody else, if it is one of the curve and not infinity.
pub(crate) fn public_key(point: &Fixed<65>) -> Option<PublicKey> {
    let encoded = EncodedPoint::from_bytes(point.bytes()).ok()?;
    Option::from(PublicKey::from_encoded_point(&encoded))
}

/// Both keys out of the shared secret. The salt is the device's nonce followed by the gateway's.
pub(crate) fn agreed(shared: &[u8], [device, gateway]: [&Fixed<16>; 2], id: &str, template: &Template) -> Agreed {
    let salt = [device.bytes().as_slice(), gateway.bytes()].concat();
    let mut seed = Zeroizing::new(vec![0_u8; seed_len(template.hash)]);
    hkdf(shared, &salt, &[SEED, id.as_bytes()], &mut seed);
    let mut confirm = Zeroizing::new([0_u8; 32]);
    hkdf(shared, &salt, &[CONFIRM, id.as_bytes()], confirm.as_mut());
    Agreed { seed: Blob::new(seed.to_vec()), confirm: Fixed::new(*confirm) }
}

/// As long as the hash's output, as RFC 6238 has it.
const fn seed_len(hash: HashAlgorithm) -> usize {
    match hash {
        HashAlgorithm::Sha1 => 20,
        HashAlgorithm::Sha256 => 32,
        HashAlgorithm::Sha512 => 64,
    }
}

/// What both sides have said so far: the call and its answer.
pub(crate) fn transcript(body: &[u8], answer: &[u8]) -> Fixed<32> {
    Fixed::new(sha256(&[body, answer]))
}

/// By which the device shows that it has agreed.
pub(crate) fn device_mac(confirm: &Fixed<32>, transcript: &Fixed<32>) -> Fixed<32> {
    Fixed::new(mac(confirm.bytes(), &[b"device\0", transcript.bytes()]))
}

/// By which the gateway shows it.
pub(crate) fn gateway_mac(confirm: &Fixed<32>, transcript: &Fixed<32>) -> Fixed<32> {
    Fixed::new(mac(confirm.bytes(), &[b"gateway\0", transcript.bytes()]))
}
