//! What the three algorithms share: the keyed hash, its truncation to digits, and a comparison that takes the same time
//! whatever it compares.

use std::fmt;

use ring::hmac;
use subtle::ConstantTimeEq;

/// The hash under the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC-SHA-1, what every authenticator app honours. SHA-1's weakness is in collisions, which an HMAC does not rest on.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name in `otpauth://` addresses and OCRA suites.
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha512 => "SHA512",
        }
    }

    /// Back from [`Algorithm::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512].into_iter().find(|a| a.as_str() == text)
    }

    /// Bytes of a hash.
    pub const fn output_len(self) -> usize {
        match self {
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        }
    }

    pub(crate) fn mac(self, secret: &[u8], message: &[u8]) -> hmac::Tag {
        let algorithm = match self {
            Algorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Algorithm::Sha256 => hmac::HMAC_SHA256,
            Algorithm::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::sign(&hmac::Key::new(algorithm, secret), message)
    }
}

/// How many digits a HOTP or TOTP passcode has: 6, 7 or 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digits(u8);

impl Digits {
    /// Six, the common length.
    pub const SIX: Digits = Digits(6);
    /// Eight.
    pub const EIGHT: Digits = Digits(8);

    /// `None` for any length but 6, 7 and 8.
    pub const fn new(digits: u8) -> Option<Self> {
        if digits >= 6 && digits <= 8 { Some(Self(digits)) } else { None }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What shapes a HOTP or TOTP passcode, besides secret and counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Params {
    /// The hash under the HMAC.
    pub algorithm: Algorithm,
    /// Its length.
    pub digits: Digits,
}

impl Params {
    /// SHA-1 and six digits: what every authenticator app can do.
    pub const COMMON: Params = Params { algorithm: Algorithm::Sha1, digits: Digits::SIX };
}

/// A passcode. Prints as `…`.
#[derive(Clone)]
pub struct Passcode(String);

impl Passcode {
    pub(crate) fn of(text: String) -> Self {
        Self(text)
    }

    /// The digits; every call is a place to look at in review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `answer` is this passcode, compared in constant time. The length is no secret.
    pub fn is(&self, answer: &str) -> bool {
        self.0.as_bytes().ct_eq(answer.as_bytes()).into()
    }
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It is the passcode of this step or counter, which comes after the last accepted one. Remember it.
    Fresh(u64),
    /// It is the passcode of this step or counter, which was accepted before or lies before one that was.
    Stale(u64),
    /// It is none of the candidates.
    Nothing,
}

/// Tries every candidate, in rising order, so that the time taken tells nothing of which one it was. Where several fresh
/// ones happen to have the same passcode, the last counts: the same digits must not be good a second time.
pub(crate) fn find(answer: &str, candidates: impl Iterator<Item = (u64, Passcode)>, last: Option<u64>) -> Found {
    candidates.fold(Found::Nothing, |found, (at, passcode)| {
        let right = passcode.is(answer);
        let fresh = last.is_none_or(|last| at > last);
        match (right, fresh, found) {
            (true, true, _) => Found::Fresh(at),
            (true, false, Found::Nothing) => Found::Stale(at),
            _ => found,
        }
    })
}

/// Dynamic truncation (RFC 4226 5.3): 31 bits of the tag, from where its last nibble points. `None` cannot occur for
/// the hashes above, which are all longer than 19 bytes.
fn truncate(tag: &[u8]) -> Option<u32> {
    let offset = usize::from(tag.last()? & 0x0f);
    let word: [u8; 4] = tag.get(offset..offset + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(word) & 0x7fff_ffff)
}

/// The last `digits` decimal digits of the truncated tag, leading zeros kept. Ten digits at most hold 31 bits.
pub(crate) fn decimal(tag: &hmac::Tag, digits: u8) -> Passcode {
    let modulus = 10_u64.saturating_pow(u32::from(digits));
    let number = truncate(tag.as_ref()).map_or(0, u64::from) % modulus;
    Passcode::of(format!("{number:0width$}", width = usize::from(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passcode_never_prints() {
        assert_eq!(format!("{:?}", Passcode::of("123456".into())), "…");
    }

    #[test]
    fn only_six_seven_and_eight_digits_exist() {
        let lengths: Vec<u8> = (0..=255).filter(|n| Digits::new(*n).is_some()).collect();
        assert_eq!(lengths, [6, 7, 8]);
    }

    #[test]
    fn an_answer_of_another_length_is_wrong() {
        let passcode = Passcode::of("012345".into());
        assert!(passcode.is("012345"));
        for wrong in ["", "12345", "0123450", "0012345", "012346"] {
            assert!(!passcode.is(wrong), "{wrong}");
        }
    }

    #[test]
    fn of_two_equal_passcodes_the_last_fresh_one_counts() {
        let both = || [(4, Passcode::of("111111".into())), (5, Passcode::of("111111".into()))].into_iter();
        assert_eq!(find("111111", both(), Some(4)), Found::Fresh(5));
        assert_eq!(find("111111", both(), None), Found::Fresh(5));
        assert_eq!(find("111111", both(), Some(5)), Found::Stale(4));
        assert_eq!(find("222222", both(), None), Found::Nothing);
    }
}
