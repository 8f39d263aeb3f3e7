//! What is derived from the key that the host lends: the same at every start.

use doorward_api::SecretBytes;
use p256::ecdsa::SigningKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use zeroize::Zeroizing;

use crate::bytes::{Fixed, hkdf, mac};
use crate::pin::Opaque;

/// The plugin's own keys.
pub(crate) struct Keys {
    /// Signs requests to push services (RFC 8292).
    pub(crate) vapid: SigningKey,
    /// The server's half of OPAQUE.
    pub(crate) opaque: Opaque,
    /// Under which activation codes are remembered once they were used.
    code: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// Derives them. `None` cannot occur but by a chance of one in 2^256.
    pub(crate) fn of(key: &SecretBytes) -> Option<Self> {
        let oprf = derive::<64>(key, b"doorward-authenticator/v1/opaque/oprf", 0);
        let ake = derive::<32>(key, b"doorward-authenticator/v1/opaque/ake", 0);
        let code = derive(key, b"doorward-authenticator/v1/code", 0);
        Some(Self { vapid: signing(key)?, opaque: Opaque::of(&oprf, &ake)?, code })
    }

    /// The public half of the VAPID key: what a browser binds a subscription to.
    pub(crate) fn vapid_point(&self) -> Fixed<65> {
        point(&self.vapid.verifying_key().to_encoded_point(false))
    }

    /// What an activation code that was used is known again by.
    pub(crate) fn code_mark(&self, code: &str) -> Fixed<32> {
        Fixed::new(mac(self.code.as_ref(), &[code.as_bytes()]))
    }
}

/// An uncompressed point as bytes.
pub(crate) fn point(encoded: &p256::EncodedPoint) -> Fixed<65> {
    let mut bytes = [0_u8; 65];
    bytes.iter_mut().zip(encoded.as_bytes()).for_each(|(to, from)| *to = *from);
    Fixed::new(bytes)
}

/// The point of a public key.
pub(crate) fn point_of(key: &p256::PublicKey) -> Fixed<65> {
    point(&key.to_encoded_point(false))
}

fn derive<const N: usize>(key: &SecretBytes, label: &[u8], turn: u8) -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0_u8; N]);
    hkdf(key.expose(), b"doorward-authenticator", &[label, &[turn]], bytes.as_mut());
    bytes
}

/// Not every 32 bytes are a key of P-256, but of eight tries one is.
fn signing(key: &SecretBytes) -> Option<SigningKey> {
    (0..8).find_map(|turn| {
        let bytes = derive::<32>(key, b"doorward-authenticator/v1/vapid", turn);
        SigningKey::from_slice(bytes.as_ref()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Browsers and records on devices rest on these: a new version of a library must not change them.
    #[test]
    fn the_keys_are_the_same_at_every_start_and_with_every_version() {
        let keys = Keys::of(&SecretBytes::new(vec![7; 32])).unwrap();
        let point = "BINxagg-sDBj_Exwla_3bjsN-g_JDilCyjUrc1Yz_qYiOOgkpbvobavJqkO_-AD7vzaIMjvK8VIi2PfXORsF4_4";
        assert_eq!(keys.vapid_point().text().as_str(), point);
        assert_eq!(keys.opaque.public_key(), "-GLAvmrkeeIs_StA3h82GGivdsCHQF_boqBU8r1LZAA");
        let other = Keys::of(&SecretBytes::new(vec![8; 32])).unwrap();
        assert_ne!(keys.vapid_point(), other.vapid_point());
        assert_ne!(keys.code_mark("0123456789AB"), other.code_mark("0123456789AB"));
        assert_ne!(keys.code_mark("0123456789AB"), keys.code_mark("0123456789AC"));
    }
}
