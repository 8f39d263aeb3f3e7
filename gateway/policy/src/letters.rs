//! Paths of applications that ignore case: policies are shown them in small letters.

/// A path in small letters, beyond ASCII too. `None` for one with a letter that some servers take for an ASCII letter and
/// others do not: `K` (Kelvin), `ſ`, `ı`, `İ`.
pub fn folded_path(path: &str) -> Option<String> {
    let mut folded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let (letters, after) = escaped_letters(rest);
        if letters.is_empty() {
            let end = if first == '%' { 3.min(rest.len()) } else { first.len_utf8() };
            let (this, after) = rest.split_at_checked(end)?;
            folded.push_str(&if first == '%' { this.to_owned() } else { this.to_lowercase() });
            rest = after;
            continue;
        }
        for letter in std::str::from_utf8(&letters).ok()?.chars() {
            let small = small(letter)?;
            folded.extend(small.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")));
        }
        rest = after;
    }
    Some(folded)
}

/// The bytes beyond ASCII that a text begins with, escaped; the rest.
fn escaped_letters(text: &str) -> (Vec<u8>, &str) {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(byte) = rest.strip_prefix('%').and_then(|after| u8::from_str_radix(after.get(..2)?, 16).ok()) {
        if byte < 0x80 {
            break;
        }
        bytes.push(byte);
        rest = rest.get(3..).unwrap_or_default();
    }
    (bytes, rest)
}

/// The small letter of one beyond ASCII, the same for all that share a capital one. `None` where that is an ASCII letter.
fn small(letter: char) -> Option<char> {
    let alone = |mut mapped: Box<dyn Iterator<Item = char>>| mapped.next().filter(|_| mapped.next().is_none());
    let large = alone(Box::new(letter.to_uppercase())).unwrap_or(letter);
    let lowered = large.to_lowercase().next()?;
    let of_letter = letter.to_lowercase().next()?;
    if large.is_ascii() || lowered.is_ascii() || of_letter.is_ascii() {
        return None;
    }
    Some(alone(Box::new(large.to_lowercase())).unwrap_or(letter))
}
