//! As much of CBOR (RFC 8949) as authenticator data need: whole numbers, byte strings and the heads of maps, each in
//! its one spelling (CTAP2 canonical). Nothing here calls itself, so no depth of what is read is one of the stack.

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;

/// What is left to be read.
pub(crate) struct Reader<'a>(&'a [u8]);

/// How an item begins.
struct Head {
    major: u8,
    argument: u64,
}

impl<'a> Reader<'a> {
    /// Begins with the first byte.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub(crate) const fn at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// A whole number.
    pub(crate) fn int(&mut self) -> Option<i64> {
        let head = self.head()?;
        let number = i64::try_from(head.argument).ok()?;
        match head.major {
            UNSIGNED => Some(number),
            NEGATIVE => Some(-1 - number),
            _ => None,
        }
    }

    /// A byte string.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.expect(BYTES)?;
        self.take(len)
    }

    /// The head of a map: how many pairs follow.
    pub(crate) fn map(&mut self) -> Option<u64> {
        self.expect(MAP)
    }

    /// Passes over a map, whatever is in it.
    pub(crate) fn pass_map(&mut self) -> Option<()> {
        let mut awaited = self.map()?.checked_mul(2)?;
        // Each item takes a byte at least, so this ends however many are said to follow.
        while let Some(left) = awaited.checked_sub(1) {
            awaited = left.checked_add(self.pass_head()?)?;
        }
        Some(())
    }

    /// Passes over the beginning of an item, and all of one that has no others in it: how many follow as its parts.
    fn pass_head(&mut self) -> Option<u64> {
        let head = self.head()?;
        match head.major {
            BYTES | TEXT => self.take(head.argument).map(|_| 0),
            ARRAY => Some(head.argument),
            MAP => head.argument.checked_mul(2),
            TAG => Some(1),
            _ => Some(0),
        }
    }

    fn expect(&mut self, major: u8) -> Option<u64> {
        let head = self.head()?;
        (head.major == major).then_some(head.argument)
    }

    fn head(&mut self) -> Option<Head> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        let (major, short) = (first >> 5, first & 0b1_1111);
        let (width, least) = match short {
            ..24 => return Some(Head { major, argument: u64::from(short) }),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            // Kept for later, or of no length that is said before.
            _ => return None,
        };
        let argument = self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        // What follows a simple value may be a fraction, which has no shorter spelling.
        (major == SIMPLE || argument >= least).then_some(Head { major, argument })
    }

    fn take(&mut self, len: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    fn bytes(hex: &str) -> Vec<u8> {
        HEXLOWER.decode(hex.as_bytes()).unwrap()
    }

    /// RFC 8949, appendix A.
    #[test]
    fn whole_numbers_are_those_of_the_examples_and_have_one_spelling() {
        let int = |hex: &str| Reader::new(&bytes(hex)).int();
        let examples = [
            ("00", 0),
            ("17", 23),
            ("1818", 24),
            ("1903e8", 1000),
            ("1a000f4240", 1_000_000),
            ("1b000000e8d4a51000", 1_000_000_000_000),
            ("20", -1),
            ("3863", -100),
            ("390100", -257),
        ];
        for (hex, number) in examples {
            assert_eq!(int(hex), Some(number), "{hex}");
        }
        // Longer than need be, cut off, too large, of another kind.
        for hex in
            ["1817", "190018", "1a00000100", "18", "1903", "1bffffffffffffffff", "3bffffffffffffffff", "40", "1f"]
        {
            assert_eq!(int(hex), None, "{hex}");
        }
    }

    #[test]
    fn a_byte_string_ends_where_it_says_or_is_none() {
        let mut reader = Reader(&[0x42, 1, 2, 3]);
        assert_eq!(reader.bytes(), Some(&[1, 2][..]));
        assert!(!reader.at_end());
        for hex in ["420102030405", "4401", "5f41014102ff", "5bffffffffffffffff00", "6161"] {
            let all = bytes(hex);
            let mut reader = Reader::new(&all);
            assert!(reader.bytes().is_none() || !reader.at_end(), "{hex}");
        }
    }

    #[test]
    fn a_map_is_passed_over_to_its_end_however_deep_it_is() {
        let pass = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes);
            reader.pass_map().map(|()| reader.at_end())
        };
        // {}, {"a": 1, "b": [2, 3]}, {"hmac-secret": true}, {"a": 1.1}, {"a": 1(1363896240)}.
        for hex in [
            "a0",
            "a26161016162820203",
            "a16b686d61632d736563726574f5",
            "a16161fb3ff199999999999a",
            "a16161c11a514b67b0",
        ] {
            assert_eq!(pass(&bytes(hex)), Some(true), "{hex}");
        }
        assert_eq!(pass(&bytes("a000")), Some(false));
        for hex in ["", "80", "a1", "a161", "a16161", "bf6161 01ff", "a1616182", "bbffffffffffffffff00"] {
            assert_eq!(pass(&bytes(&hex.replace(' ', ""))), None, "{hex}");
        }
        let deep = [&[0xa1, 0x00][..], &vec![0x81; 1 << 20], &[0x00]].concat();
        assert_eq!(pass(&deep), Some(true));
        assert_eq!(pass(&deep[..deep.len() - 1]), None);
    }
}
