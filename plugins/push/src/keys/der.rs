//! As much of DER as a public RSA key is written in (RFC 8017 A.1.1, RFC 5280 4.1.2.7), and nothing that could be read
//! in two ways.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// `rsaEncryption` with its `NULL`.
const RSA: [u8; 13] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// 65537.
const EXPONENT: [u8; 3] = [1, 0, 1];

const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The `RSAPublicKey` in a `SubjectPublicKeyInfo`.
pub(super) fn rsa_of(info: &[u8]) -> Option<&[u8]> {
    let (algorithm, rest) = element(SEQUENCE, alone(SEQUENCE, info)?)?;
    let (unused, key) = alone(BIT_STRING, rest)?.split_first()?;
    let (modulus, rest) = element(INTEGER, alone(SEQUENCE, key)?)?;
    let exponent = alone(INTEGER, rest)?;
    let ours = algorithm == RSA && *unused == 0 && exponent == EXPONENT;
    (ours && BITS.contains(&bits(modulus)?)).then_some(key)
}

/// What is in an element with nothing after it.
fn alone(tag: u8, from: &[u8]) -> Option<&[u8]> {
    let (content, rest) = element(tag, from)?;
    rest.is_empty().then_some(content)
}

/// What is in the first element, and what comes after it.
fn element(tag: u8, from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = from.split_first()?;
    let (length, rest) = length(rest)?;
    if *found == tag { rest.split_at_checked(length) } else { None }
}

/// A length, in its shortest form.
fn length(from: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest, least) = match from {
        [short @ 0..=0x7f, rest @ ..] => (usize::from(*short), rest, 0),
        [0x81, one, rest @ ..] => (usize::from(*one), rest, 0x80),
        [0x82, one, two, rest @ ..] => (usize::from(u16::from_be_bytes([*one, *two])), rest, 0x100),
        _ => return None,
    };
    (length >= least).then_some((length, rest))
}

/// The bits of an odd, positive number in its shortest form.
fn bits(number: &[u8]) -> Option<usize> {
    let digits = match number {
        [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => rest,
        [1..=0x7f, ..] => number,
        _ => return None,
    };
    let zeros = usize::try_from(digits.first()?.leading_zeros()).ok()?;
    let odd = digits.last()? % 2 == 1;
    odd.then_some(digits.len() * 8 - zeros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A key with a modulus of so many bytes that begins with `first`, and an exponent.
    fn info(first: u8, bytes: usize, exponent: &[u8]) -> Vec<u8> {
        let mut modulus = vec![0x55; bytes];
        modulus[0] = first;
        modulus[bytes - 1] = 1;
        if first >= 0x80 {
            modulus.insert(0, 0);
        }
        let key = wrap(SEQUENCE, &[wrap(INTEGER, &modulus), wrap(INTEGER, exponent)].concat());
        wrap(SEQUENCE, &[wrap(SEQUENCE, &RSA), wrap(BIT_STRING, &[vec![0], key].concat())].concat())
    }

    fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = match u16::try_from(content.len()).unwrap() {
            short @ 0..=0x7f => vec![short as u8],
            one @ 0x80..=0xff => vec![0x81, one as u8],
            two => [vec![0x82], two.to_be_bytes().to_vec()].concat(),
        };
        [vec![tag], length, content.to_vec()].concat()
    }

    #[test]
    fn keys_of_2048_to_8192_bits_with_the_usual_exponent_are_taken() {
        for (first, bytes) in [(0x80, 256), (0xff, 512), (0x01, 257), (0xff, 1024)] {
            assert!(rsa_of(&info(first, bytes, &EXPONENT)).is_some(), "{first:#x} and {bytes} bytes");
        }
        for (first, bytes) in [(0x7f, 256), (0xff, 128), (0x01, 1025)] {
            assert!(rsa_of(&info(first, bytes, &EXPONENT)).is_none(), "{first:#x} and {bytes} bytes");
        }
        for exponent in [&[3][..], &[1, 0, 0], &[0, 1, 0, 1], &[1], &[1, 0, 0, 0, 1]] {
            assert!(rsa_of(&info(0x80, 256, exponent)).is_none(), "{exponent:?}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_no_key() {
        let good = info(0x80, 256, &EXPONENT);
        for at in 0..good.len() {
            assert!(rsa_of(&good[..at]).is_none(), "the first {at} bytes");
        }
        assert!(rsa_of(&[good.clone(), vec![0]].concat()).is_none());
        // An even modulus, another algorithm, another length of the same value.
        let (mut even, mut other) = (good.clone(), good.clone());
        let last = even.len() - 6;
        even[last] = 2;
        other[16] = 2;
        assert!(rsa_of(&even).is_none() && rsa_of(&other).is_none());
        assert_eq!(length(&[0x81, 0x7f]), None);
        assert_eq!(length(&[0x82, 0, 0xff]), None);
        assert_eq!(length(&[0x80]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = rsa_of(&bytes);
        }
    }
}
