//! Time and randomness.

use crate::time::Timestamp;

/// The store's time (decision A21): every process of a deployment agrees on it, and it never goes back.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// A moment is a clock that stands.
impl Clock for Timestamp {
    fn now(&self) -> Timestamp {
        *self
    }
}

/// The operating system's randomness.
pub trait Entropy: Send + Sync {
    /// Fills the slice. An operating system without randomness is one on which nothing may run: implementations abort.
    fn fill(&self, into: &mut [u8]);

    /// A random identifier: 128 bits as 26 characters of lower-case base32, for rows and requests.
    fn id(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.fill(&mut bytes);
        base32(u128::from_be_bytes(bytes))
    }
}

/// 26 digits of RFC 4648's base32, in small letters; the last one holds three bits and two zeros. Every request gets such an
/// id, so it is written at one go.
fn base32(bits: u128) -> String {
    let digit = |value: u64| match u8::try_from(value & 31).unwrap_or(0) {
        letter @ 0..26 => char::from(b'a' + letter),
        number => char::from(b'2' + number - 26),
    };
    // Twelve digits of 60 bits, twelve of the next 60, and two of the last 8.
    let part = |shift: u32| u64::try_from((bits >> shift) & u128::from(u64::MAX >> 4)).unwrap_or(0);
    let mut text = String::with_capacity(26);
    for sixty in [part(68), part(8)] {
        text.extend((0..12).map(|place| digit(sixty >> (55 - 5 * place))));
    }
    let last = part(0) & 255;
    text.push(digit(last >> 3));
    text.push(digit(last << 2));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_base32_of_its_bits_in_small_letters() {
        let pattern = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210_u128;
        for bits in [0, 1, 7, u128::MAX, pattern, pattern.rotate_left(61)] {
            let expected = data_encoding::BASE32_NOPAD.encode(&bits.to_be_bytes()).to_ascii_lowercase();
            assert_eq!(base32(bits), expected);
        }
    }
}
