//! Public keys of credentials.

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::{Deserialize, Serialize};

use crate::cbor::Reader;
use crate::der;
use crate::fault::{Fault, Part};

/// Bits of a modulus that ring verifies with.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The exponent that every RSA key of an authenticator has: 65537.
const RSA_EXPONENT: &[u8] = &[1, 0, 1];

/// How a credential signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// EdDSA with Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// All of them; those that are to be preferred stand before others.
    pub const ALL: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

    /// The number that COSE gives it.
    pub const fn cose(self) -> i64 {
        match self {
            Algorithm::Es256 => -7,
            Algorithm::EdDsa => -8,
            Algorithm::Rs256 => -257,
        }
    }

    /// Back from [`Algorithm::cose`].
    pub fn of(cose: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.cose() == cose)
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Algorithm::Es256 => &ECDSA_P256_SHA256_ASN1,
            Algorithm::EdDsa => &ED25519,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// A key that signatures are verified with. Kept as two members, `algorithm` (its COSE number) and `key` (base64url).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct PublicKey {
    algorithm: Algorithm,
    /// As ring has it: an uncompressed point, the 32 bytes of Ed25519, an RSAPublicKey.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// The key of a SubjectPublicKeyInfo: what `getPublicKey()` and `getPublicKeyAlgorithm()` give.
    ///
    /// # Errors
    /// [`Fault::TooLong`], [`Fault::Algorithm`] where it is none of these, [`Fault::PublicKey`].
    pub fn read(info: &[u8], cose: i64, algorithms: &[Algorithm]) -> Result<Self, Fault> {
        let info = Part::PublicKey.bounded(info)?;
        let algorithm = one_of(cose, algorithms)?;
        let bytes = match algorithm {
            Algorithm::Es256 => der::p256(info),
            Algorithm::EdDsa => der::ed25519(info),
            Algorithm::Rs256 => der::rsa(info),
        };
        bytes.and_then(|bytes| Self::new(algorithm, bytes.to_vec())).ok_or(Fault::PublicKey)
    }

    /// The key of a COSE_Key (RFC 9052 7) as authenticators have to write it: the members that its kind must have, in
    /// the order of CTAP2, and no others.
    pub(crate) fn of_authenticator(reader: &mut Reader<'_>, algorithms: &[Algorithm]) -> Result<Self, Fault> {
        let (members, kind, cose) = kind(reader).ok_or(Fault::CredentialPublicKey)?;
        let algorithm = one_of(cose, algorithms)?;
        let bytes = match (algorithm, kind, members) {
            (Algorithm::Es256, 2, 5) => point(reader),
            (Algorithm::EdDsa, 1, 4) => edwards(reader),
            (Algorithm::Rs256, 3, 4) => modulus_and_exponent(reader),
            _ => None,
        };
        bytes.and_then(|bytes| Self::new(algorithm, bytes)).ok_or(Fault::CredentialPublicKey)
    }

    /// `None` for bytes that are no key of the algorithm. Whether a point lies on its curve ring looks at with each
    /// signature.
    fn new(algorithm: Algorithm, bytes: Vec<u8>) -> Option<Self> {
        let fits = match algorithm {
            Algorithm::Es256 => bytes.len() == 65 && bytes.first() == Some(&4),
            Algorithm::EdDsa => bytes.len() == 32,
            Algorithm::Rs256 => der::rsa_numbers(&bytes).is_some_and(is_rsa),
        };
        fits.then_some(Self { algorithm, bytes })
    }

    /// How it is verified with.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the signature is by this key, of this message.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm.verification(), &self.bytes).verify(message, signature).is_ok()
    }
}

fn one_of(cose: i64, algorithms: &[Algorithm]) -> Result<Algorithm, Fault> {
    Algorithm::of(cose).filter(|algorithm| algorithms.contains(algorithm)).ok_or(Fault::Algorithm)
}

/// Numbers without zeros before them.
fn is_rsa((modulus, exponent): (&[u8], &[u8])) -> bool {
    let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    let bits = (modulus.len() * 8).saturating_sub(unused);
    let odd = modulus.last().is_some_and(|last| last & 1 == 1);
    RSA_BITS.contains(&bits) && odd && exponent == RSA_EXPONENT
}

/// How many members a COSE_Key has, its kind and its algorithm: the head of the map and the first two.
fn kind(reader: &mut Reader<'_>) -> Option<(u64, i64, i64)> {
    Some((reader.map()?, number(reader, 1)?, number(reader, 3)?))
}

/// x and y on the curve 1, P-256, as an uncompressed point (RFC 9053 7.1.1).
fn point(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    if number(reader, -1)? != 1 {
        return None;
    }
    let (x, y) = (string(reader, -2)?, string(reader, -3)?);
    (x.len() == 32 && y.len() == 32).then(|| [&[4], x, y].concat())
}

/// The key of the curve 6, Ed25519 (RFC 9053 7.2).
fn edwards(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    if number(reader, -1)? != 6 {
        return None;
    }
    string(reader, -2).map(<[u8]>::to_vec)
}

/// n and e (RFC 8230 4).
fn modulus_and_exponent(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let (modulus, exponent) = (string(reader, -1)?, string(reader, -2)?);
    der::rsa_key(modulus, exponent)
}

/// The member of this label, a whole number, if it is the next.
fn number(reader: &mut Reader<'_>, label: i64) -> Option<i64> {
    if reader.int()? == label { reader.int() } else { None }
}

/// The member of this label, a byte string, if it is the next.
fn string<'a>(reader: &mut Reader<'a>, label: i64) -> Option<&'a [u8]> {
    if reader.int()? == label { reader.bytes() } else { None }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    algorithm: i64,
    key: String,
}

impl From<PublicKey> for Written {
    fn from(key: PublicKey) -> Self {
        Self { algorithm: key.algorithm.cose(), key: BASE64URL_NOPAD.encode(&key.bytes) }
    }
}

impl TryFrom<Written> for PublicKey {
    type Error = Fault;
    fn try_from(written: Written) -> Result<Self, Fault> {
        let algorithm = Algorithm::of(written.algorithm).ok_or(Fault::Algorithm)?;
        let bytes = BASE64URL_NOPAD.decode(written.key.as_bytes()).map_err(|_| Fault::PublicKey)?;
        Self::new(algorithm, bytes).ok_or(Fault::PublicKey)
    }
}
