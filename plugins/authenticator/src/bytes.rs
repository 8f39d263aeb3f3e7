//! Bytes and texts as they stand in calls and in what is kept: base64url without padding, each with its bound. They
//! print as `…` and are wiped when dropped.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Exactly `N` bytes.
#[derive(Clone)]
pub(crate) struct Fixed<const N: usize>(Zeroizing<[u8; N]>);

impl<const N: usize> Fixed<N> {
    /// Takes the bytes.
    pub(crate) fn new(bytes: [u8; N]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// As they stand in a link.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(self.bytes()))
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
        to.serialize_str(&self.text())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let decoded = decode(&text).map(Zeroizing::new).ok_or_else(|| D::Error::custom("not base64url"))?;
        let bytes = <[u8; N]>::try_from(decoded.as_slice()).map_err(|_| D::Error::custom("of another length"))?;
        Ok(Self::new(bytes))
    }
}

/// At most `MAX` bytes.
#[derive(Clone)]
pub(crate) struct Blob<const MAX: usize>(Zeroizing<Vec<u8>>);

impl<const MAX: usize> Blob<MAX> {
    /// Takes bytes of our own making.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Blob<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<const MAX: usize> Serialize for Blob<MAX> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Zeroizing::new(BASE64URL_NOPAD.encode(self.bytes())))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Blob<MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let decoded = decode(&text).map(Self::new).ok_or_else(|| D::Error::custom("not base64url"))?;
        if decoded.bytes().len() > MAX { Err(D::Error::custom("too long")) } else { Ok(decoded) }
    }
}

/// A text of at most `MAX` bytes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Text<const MAX: usize>(Zeroizing<String>);

impl<const MAX: usize> Text<MAX> {
    /// Takes a text of our own making.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<const MAX: usize> Serialize for Text<MAX> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        if text.len() > MAX { Err(D::Error::custom("too long")) } else { Ok(Self(text)) }
    }
}

/// Base64url without padding, in its one spelling.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0_u8; 32];
    // The digest has 32 bytes.
    hash.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// HMAC-SHA-256 of the parts, one after the other.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = ring::hmac::Context::with_key(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut tag = [0_u8; 32];
    tag.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
    tag
}

/// HKDF-SHA-256 (RFC 5869): fills `into`, at most 255 times 32 bytes.
pub(crate) fn hkdf(ikm: &[u8], salt: &[u8], info: &[&[u8]], into: &mut [u8]) {
    struct Len(usize);
    impl ring::hkdf::KeyType for Len {
        fn len(&self) -> usize {
            self.0
        }
    }
    let prk = ring::hkdf::Salt::new(ring::hkdf::HKDF_SHA256, salt).extract(ikm);
    // No length that is asked for here comes near the bound, so neither step fails.
    if let Ok(okm) = prk.expand(info, Len(into.len())) {
        let _ = okm.fill(into);
    }
}

/// `N` random bytes.
pub(crate) fn draw<const N: usize>(entropy: &dyn doorward_api::ports::Entropy) -> Fixed<N> {
    let mut bytes = Zeroizing::new([0_u8; N]);
    entropy.fill(bytes.as_mut());
    Fixed(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

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
        assert!(serde_json::from_str::<Text<3>>("\"four\"").is_err());
        assert_eq!(format!("{:?}", Fixed::new([1, 2])), "…");
    }

    /// RFC 5869, appendix A.1.
    #[test]
    fn hkdf_is_that_of_rfc_5869() {
        let mut okm = [0; 42];
        let salt = HEXLOWER.decode(b"000102030405060708090a0b0c").unwrap();
        let info = HEXLOWER.decode(b"f0f1f2f3f4f5f6f7f8f9").unwrap();
        hkdf(&[0x0b; 22], &salt, &[&info[..4], &info[4..]], &mut okm);
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
        assert_eq!(HEXLOWER.encode(&okm), expected);
    }
}
