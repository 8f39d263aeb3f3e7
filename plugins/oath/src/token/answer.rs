//! What somebody typed, as the digits they meant (OT-02).

use doorward_api::Secret;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// More than any passcode with its spaces; a longer answer is not looked at.
const LONGEST: usize = 64;

/// The ASCII digits of an answer: spaces of any kind are left out, full-width and other compatible digits are folded
/// (NFKC), and the digits of Arabic keyboards are read as what they are. `None` for anything else; a sign or a letter
/// is never skipped.
pub fn digits(answer: &Secret) -> Option<Zeroizing<String>> {
    if answer.len() > LONGEST {
        return None;
    }
    let mut digits = Zeroizing::new(String::with_capacity(LONGEST));
    for c in answer.expose().nfkc().filter(|c| !c.is_whitespace()) {
        digits.push(ascii_digit(c)?);
    }
    Some(digits)
}

fn ascii_digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => return Some(c),
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        _ => return None,
    };
    char::from_digit(u32::from(c) - zero, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        digits(&Secret::new(text)).map(|digits| digits.to_string())
    }

    #[test]
    fn every_spelling_of_a_passcode_is_the_same_digits() {
        for same in ["012345", " 012 345 ", "012345\r\n", "\u{a0}012\u{202f}345", "０１２３４５", "٠١٢٣٤٥", "۰۱۲۳۴۵"]
        {
            assert_eq!(read(same).as_deref(), Some("012345"), "{same:?}");
        }
        assert_eq!(read("0012345").as_deref(), Some("0012345"), "a zero more is another answer");
        assert_eq!(read("").as_deref(), Some(""));
    }

    #[test]
    fn what_is_no_digit_is_never_skipped() {
        for wrong in
            ["+12345", "-12345", "12345a", "12,345", "012345\0", "\u{202e}012345", "一二三四五六", &"1".repeat(65)]
        {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
