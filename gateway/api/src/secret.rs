//! Values that must not be printed, logged or left in memory, and the random tokens whose hash alone is stored.

use std::fmt;
use std::sync::OnceLock;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ports::Entropy;

/// A text that prints as `…`: a password, a passcode, a PIN, an emailed code, a cookie's value. Wiped when dropped.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself; every call is a place to look at in review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

/// Bytes that print as `…`: an opened credential, a key. Wiped when dropped.
#[derive(Clone, Default)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A 256-bit random token as its holder carries it: a cookie's value, a ticket, the code of a link. Only its
/// [`TokenHash`] is ever stored (SEC 5.4).
#[derive(Clone)]
pub struct Token {
    text: Secret,
    /// Once it was asked for.
    hash: OnceLock<TokenHash>,
}

impl Token {
    /// Draws a new token.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0_u8; 32];
        entropy.fill(&mut bytes);
        Self::of(Secret::new(BASE64URL_NOPAD.encode(&bytes)))
    }

    /// Reads a token from outside. `None` unless it is exactly 43 characters of unpadded base64url that encode back to
    /// themselves: a truncated, extended or re-cased value is nobody's (SE-03, SE-04).
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 43 {
            return None;
        }
        // The decoder takes one spelling only: it refuses bits that stand for nothing in the last character.
        let mut bytes = Zeroizing::new([0_u8; 32]);
        BASE64URL_NOPAD.decode_mut(text.as_bytes(), bytes.as_mut()).ok()?;
        Some(Self::of(Secret::new(text)))
    }

    fn of(text: Secret) -> Self {
        Self { text, hash: OnceLock::new() }
    }

    /// What the store may know of it.
    pub fn hash(&self) -> TokenHash {
        *self.hash.get_or_init(|| {
            let digest = ring::digest::digest(&ring::digest::SHA256, self.text.expose().as_bytes());
            let mut hash = [0_u8; 32];
            hash.copy_from_slice(digest.as_ref());
            TokenHash(hash)
        })
    }

    /// The value for the cookie or link.
    pub fn expose(&self) -> &str {
        self.text.expose()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// SHA-256 of a [`Token`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// From the bytes the store kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Lower-case hex, 64 characters: the form in the store's TEXT columns.
    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// Back from [`TokenHash::hex`].
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Self)
    }

    /// Compares in constant time.
    pub fn same(&self, other: &TokenHash) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The first 8 bytes as hex: what logs and audit records may say of a session or a code (SEC 5.14).
    pub fn short(&self) -> String {
        self.hex().chars().take(16).collect()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hash.hex()
    }
}

impl TryFrom<String> for TokenHash {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_hex(&text).ok_or("not a SHA-256 in lower-case hex")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, into: &mut [u8]) {
            for (at, byte) in into.iter_mut().enumerate() {
                *byte = at as u8;
            }
        }
    }

    #[test]
    fn a_secret_never_prints() {
        assert_eq!(format!("{:?} {}", Secret::new("hunter2"), Secret::new("hunter2")), "… …");
        assert_eq!(format!("{:?}", SecretBytes::new(vec![1, 2])), "…");
    }

    #[test]
    fn only_the_exact_token_is_read_back() {
        let token = Token::draw(&Counting);
        let text = token.expose().to_owned();
        assert_eq!(Token::parse(&text).map(|t| t.hash()), Some(token.hash()));
        for wrong in ["", &text[1..], &format!("{text}A"), &text.to_uppercase(), &format!("{}=", &text[1..])] {
            let same = Token::parse(wrong).is_some_and(|t| t.hash() == token.hash());
            assert!(!same, "{wrong:?} was taken for the token");
        }
        // Of the last character four bits count: the four characters that share them are one token's only spelling and three
        // that are nobody's.
        let last = |character: char| Token::parse(&format!("{}{character}", "A".repeat(42))).is_some();
        assert_eq!(['A', 'B', 'C', 'D', 'E'].map(last), [true, false, false, false, true]);
        assert_eq!(TokenHash::from_hex(&token.hash().hex()), Some(token.hash()));
    }
}
