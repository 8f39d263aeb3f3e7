//! Bytes as they stand in what is kept: base64url without padding, each with its bound. Those that are secrets print as
//! `…` and are wiped when dropped.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::ports::Entropy;
use ring::{digest, hmac};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Exactly `N` bytes.
#[derive(Clone)]
pub(crate) struct Fixed<const N: usize>(Zeroizing<[u8; N]>);

impl<const N: usize> Fixed<N> {
    /// `N` random bytes.
    pub(crate) fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0_u8; N]);
        entropy.fill(bytes.as_mut());
        Self(bytes)
    }

    /// The first `N` bytes of what is at least as long.
    pub(crate) fn first_of(bytes: &[u8]) -> Self {
        let mut first = Zeroizing::new([0_u8; N]);
        first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Self(first)
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}

/// Compared in constant time: most of them are secrets.
impl<const N: usize> PartialEq for Fixed<N> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().as_slice().ct_eq(other.bytes().as_slice()).into()
    }
}

impl<const N: usize> fmt::Debug for Fixed<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<const N: usize> Serialize for Fixed<N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Zeroizing::new(BASE64URL_NOPAD.encode(self.bytes())))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let decoded = decoded::<D>(from)?;
        let bytes = <[u8; N]>::try_from(decoded.as_slice()).map_err(|_| D::Error::custom("of another length"))?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

/// At most `MAX` bytes, and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blob<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Blob<MAX> {
    /// Takes bytes of our own making.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> Serialize for Blob<MAX> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64URL_NOPAD.encode(self.bytes()))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Blob<MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = decoded::<D>(from)?.to_vec();
        if bytes.len() > MAX { Err(D::Error::custom("too long")) } else { Ok(Self(bytes)) }
    }
}

fn decoded<'de, D: Deserializer<'de>>(from: D) -> Result<Zeroizing<Vec<u8>>, D::Error> {
    let text = Zeroizing::new(String::deserialize(from)?);
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| D::Error::custom("not base64url"))?;
    Ok(Zeroizing::new(bytes))
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Fixed<32> {
    Fixed::first_of(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// HMAC-SHA-256 of the parts, one after the other.
pub(crate) fn mac(key: &Fixed<32>, parts: &[&[u8]]) -> Fixed<32> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.bytes()));
    for part in parts {
        context.update(part);
    }
    Fixed::first_of(context.sign().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_spelling_one_length_and_a_bound() {
        let read = |text: &str| serde_json::from_str::<Fixed<3>>(&format!("\"{text}\""));
        assert_eq!(read("AAEC").unwrap().bytes(), &[0, 1, 2]);
        for wrong in ["AAE", "AAECAw", "AA+/", "AAEC=", "", "AAE "] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let bounded = |text: &str| serde_json::from_str::<Blob<3>>(&format!("\"{text}\""));
        assert_eq!(bounded("AAE").unwrap().bytes(), [0, 1]);
        assert!(bounded("AAECAw").is_err());
        assert_eq!(format!("{:?}", Fixed::<2>::first_of(&[1, 2])), "…");
    }
}
