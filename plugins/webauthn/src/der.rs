//! As much of DER as public keys need: a SubjectPublicKeyInfo (RFC 5280 4.1) is taken apart, an RSAPublicKey (RFC 8017
//! A.1.1) is taken apart and written. One spelling of each is read.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// All of a key of P-256 up to the point: id-ecPublicKey with secp256r1 (RFC 5480).
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// All of a key of Ed25519 up to its 32 bytes (RFC 8410).
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// rsaEncryption, with the parameter NULL (RFC 3279 2.3.1).
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// The point in a SubjectPublicKeyInfo of P-256. Its length is for others to look at.
pub(crate) fn p256(info: &[u8]) -> Option<&[u8]> {
    info.strip_prefix(P256)
}

/// The key in a SubjectPublicKeyInfo of Ed25519. Its length is for others to look at.
pub(crate) fn ed25519(info: &[u8]) -> Option<&[u8]> {
    info.strip_prefix(ED25519)
}

/// The RSAPublicKey in a SubjectPublicKeyInfo. What is in it is for others to look at.
pub(crate) fn rsa(info: &[u8]) -> Option<&[u8]> {
    let key = only(SEQUENCE, info)?.strip_prefix(RSA)?;
    // No bits of the last byte are left out.
    only(BIT_STRING, key)?.strip_prefix(&[0])
}

/// Modulus and exponent of an RSAPublicKey, without zeros before them.
pub(crate) fn rsa_numbers(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (modulus, rest) = value(INTEGER, only(SEQUENCE, key)?)?;
    let exponent = only(INTEGER, rest)?;
    Some((positive(modulus)?, positive(exponent)?))
}

/// An RSAPublicKey. `None` for a number with zeros before it, for none, and for those that are far too long.
pub(crate) fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    let numbers = [integer(modulus)?, integer(exponent)?].concat();
    written(SEQUENCE, &numbers)
}

/// The magnitude of an INTEGER that is above 0.
fn positive(content: &[u8]) -> Option<&[u8]> {
    match content {
        // A zero stands before what would be negative without it, and nowhere else.
        [0, rest @ ..] => rest.first().is_some_and(|first| *first >= 0x80).then_some(rest),
        [1..=0x7f, ..] => Some(content),
        _ => None,
    }
}

fn integer(magnitude: &[u8]) -> Option<Vec<u8>> {
    match magnitude.first()? {
        0 => None,
        1..=0x7f => written(INTEGER, magnitude),
        _ => written(INTEGER, &[&[0], magnitude].concat()),
    }
}

/// The content of a value that has nothing after it.
fn only(tag: u8, from: &[u8]) -> Option<&[u8]> {
    let (content, rest) = value(tag, from)?;
    rest.is_empty().then_some(content)
}

/// The content of a value of this tag, and what comes after it.
fn value(tag: u8, from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = from.split_first()?;
    let (len, rest) = length(rest)?;
    if *found == tag { rest.split_at_checked(len) } else { None }
}

/// A length below 65,536, in as few bytes as it can be, and what comes after it.
fn length(from: &[u8]) -> Option<(usize, &[u8])> {
    match from {
        [short @ ..=0x7f, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, len @ 0x80..=0xff, rest @ ..] => Some((usize::from(*len), rest)),
        [0x82, high @ 1..=0xff, low, rest @ ..] => Some((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        _ => None,
    }
}

fn written(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let [high, low] = u16::try_from(content.len()).ok()?.to_be_bytes();
    let head: &[u8] = match (high, low) {
        (0, ..0x80) => &[tag, low],
        (0, _) => &[tag, 0x81, low],
        _ => &[tag, 0x82, high, low],
    };
    Some([head, content].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_whatever_its_length() {
        for len in [1, 2, 126, 127, 128, 255, 256, 400] {
            for first in [1, 0x7f, 0x80, 0xff] {
                let mut modulus = vec![0x55; len];
                modulus[0] = first;
                let key = rsa_key(&modulus, &[1, 0, 1]).unwrap();
                assert_eq!(rsa_numbers(&key), Some((&modulus[..], &[1, 0, 1][..])), "{len} {first}");
            }
        }
        assert_eq!(rsa_key(&[0, 1], &[3]), None);
        assert_eq!(rsa_key(&[], &[3]), None);
        assert_eq!(rsa_key(&vec![1; 70_000], &[3]), None);
    }

    #[test]
    fn a_number_or_a_length_in_another_spelling_is_none() {
        let key = [0x30, 6, 2, 1, 5, 2, 1, 3];
        assert_eq!(rsa_numbers(&key), Some((&[5][..], &[3][..])));
        let wrong: [&[u8]; 10] = [
            &[0x31, 6, 2, 1, 5, 2, 1, 3],
            &[0x30, 0x81, 6, 2, 1, 5, 2, 1, 3],
            &[0x30, 0x82, 0, 6, 2, 1, 5, 2, 1, 3],
            &[0x30, 0x80, 2, 1, 5, 2, 1, 3, 0, 0],
            &[0x30, 7, 2, 2, 0, 5, 2, 1, 3],
            &[0x30, 6, 2, 1, 0x85, 2, 1, 3],
            &[0x30, 6, 2, 1, 0, 2, 1, 3],
            &[0x30, 5, 2, 0, 2, 1, 3],
            &[0x30, 6, 2, 1, 5, 2, 1, 3, 0],
            &[0x30, 7, 2, 1, 5, 2, 1, 3, 0],
        ];
        for wrong in wrong {
            assert_eq!(rsa_numbers(wrong), None, "{wrong:?}");
        }
    }
}
