//! The gateway's key and the phones': RSASSA-PKCS1-v1_5 with SHA-256, in the forms in which the app reads and writes
//! them.

mod der;

use std::fmt;

use data_encoding::{BASE32, BASE64, BASE64_NOPAD};
use doorward_api::PluginError;
use ring::rand::SystemRandom;
use ring::signature::{self, KeyPair, RsaKeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::bytes::{Blob, Fixed, sha256};

/// Bytes of the gateway's modulus: 3072 bits at least, and no more than ring signs with.
const SERVER_BYTES: std::ops::RangeInclusive<usize> = 384..=512;

/// The most bytes of a phone's public key: 8192 bits, and what stands around them.
pub(crate) const PHONE_MAX: usize = 1100;

/// The most characters of a signature: that of a key of 8192 bits.
pub(crate) const SIGNATURE_MAX: usize = 1640;

/// The gateway's key: all that it says to a phone is signed with it.
pub(crate) struct ServerKey {
    pair: RsaKeyPair,
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ServerKey {
    /// Reads a PEM text: PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`).
    ///
    /// # Errors
    /// The rule that it breaks, as a sentence.
    pub(crate) fn read(pem: &str) -> Result<Self, &'static str> {
        const NO_KEY: &str = "must hold an RSA key in PEM (PKCS#8 or PKCS#1), without a password";
        let (label, der) = block(pem).ok_or(NO_KEY)?;
        let pair = match label {
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
            _ => return Err(NO_KEY),
        };
        let pair = pair.map_err(|_| NO_KEY)?;
        if !SERVER_BYTES.contains(&pair.public().modulus_len()) {
            return Err("must be of 3072 to 4096 bits");
        }
        Ok(Self { pair })
    }

    /// As the app takes it: the DER of a PKCS#1 `RSAPublicKey` in base64.
    pub(crate) fn public(&self) -> String {
        BASE64.encode(self.pair.public_key().as_ref())
    }

    /// What a token remembers of it, to know whether its phone still believes us.
    pub(crate) fn mark(&self) -> Fixed<32> {
        sha256(self.pair.public_key().as_ref())
    }

    /// A signature, in base32.
    ///
    /// # Errors
    /// [`PluginError::Unavailable`], which no text brings about.
    pub(crate) fn sign(&self, text: &str) -> Result<String, PluginError> {
        let mut made = vec![0_u8; self.pair.public().modulus_len()];
        // The padding is not random: nothing is drawn from it.
        let random = SystemRandom::new();
        self.pair
            .sign(&signature::RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut made)
            .map_err(|_| PluginError::Unavailable("the key of the push plugin does not sign".to_owned()))?;
        Ok(BASE32.encode(&made))
    }
}

/// The first block of a PEM text: its label and what is in it.
fn block(pem: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    Some((label, Zeroizing::new(BASE64.decode(body.as_bytes()).ok()?)))
}

/// A phone's public key, as the DER of a PKCS#1 `RSAPublicKey`.
pub(crate) type PhoneKey = Blob<PHONE_MAX>;

/// Reads a `SubjectPublicKeyInfo` in base64, with either alphabet; a space stands for a plus sign that was not encoded.
/// Only RSA of 2048 to 8192 bits with the exponent 65537 is taken.
pub(crate) fn phone_key(text: &str) -> Option<PhoneKey> {
    let usual = |c: char| match c {
        '-' | ' ' => '+',
        '_' => '/',
        other => other,
    };
    let text: String = text.chars().map(usual).collect();
    let info = BASE64_NOPAD.decode(text.trim_end_matches('=').as_bytes()).ok()?;
    der::rsa_of(&info).map(|key| Blob::new(key.to_vec()))
}

/// Whether a phone has signed the text.
pub(crate) fn signed_by(key: &PhoneKey, text: &str, signature: &str) -> bool {
    let Ok(made) = BASE32.decode(signature.as_bytes()) else { return false };
    UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key.bytes()).verify(text.as_bytes(), &made).is_ok()
}
