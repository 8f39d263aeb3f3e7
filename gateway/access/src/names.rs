//! Sign-in names, folded so that all spellings of one name are one (LG-03): `alice`, `ALICE`, ` alice ` and the full-width
//! `ａｌｉｃｅ` find the same user and fill the same counter.

use doorward_api::FoldedName;
use unicode_normalization::UnicodeNormalization;

/// Longer names are nobody's.
const LONGEST: usize = 256;

/// Folding and normalising can each undo a little of the other; this many rounds settle every character of Unicode.
const ROUNDS: usize = 4;

/// Folds a name as typed. `None` when it cannot be anybody's: empty, longer than 256 characters, or with a control
/// character inside.
pub fn fold_name(typed: &str) -> Option<FoldedName> {
    // A single character becomes 18 at most under NFKC; nothing this long could fold to something short enough.
    if typed.len() > 4 * LONGEST {
        return None;
    }
    let mut folded = round(typed);
    for _ in 1..ROUNDS {
        let again = round(&folded);
        if again == folded {
            break;
        }
        folded = again;
    }
    let length = folded.chars().count();
    let fits = (1..=LONGEST).contains(&length) && !folded.chars().any(char::is_control);
    fits.then(|| FoldedName::assume(folded))
}

/// NFKC, then lower case by way of upper case, which also joins `ς` with `σ` and `ß` with `ss`; outer spaces cut.
fn round(text: &str) -> String {
    let cased: String = text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect();
    cased.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(typed: &str) -> Option<String> {
        fold_name(typed).map(|name| name.as_str().to_owned())
    }

    #[test]
    fn all_spellings_of_a_name_are_one() {
        for typed in ["alice", "ALICE", " alice ", "ａｌｉｃｅ", "Ａlice", "alice\n", "\u{a0}alice"] {
            assert_eq!(folded(typed).as_deref(), Some("alice"), "{typed:?}");
        }
        assert_eq!(folded("STRAẞE"), folded("strasse"));
        assert_eq!(folded("ΟΔΥΣΣΕΥΣ"), folded("οδυσσευς"));
        assert_eq!(folded("e\u{301}ve"), folded("ÉVE"));
    }

    #[test]
    fn different_names_stay_different() {
        assert_ne!(folded("alice"), folded("alice@example.test"));
        assert_ne!(folded("al ice"), folded("alice"));
    }

    #[test]
    fn what_cannot_be_a_name_is_nobodys() {
        for typed in ["", "   ", "al\nice", "a\0b", "\u{1b}[2Jx", &"x".repeat(257), &"x".repeat(1 << 20)] {
            assert_eq!(folded(typed), None);
        }
        assert!(folded(&"x".repeat(256)).is_some());
    }

    #[test]
    fn folding_twice_changes_nothing() {
        // The planes with letters, and the compatibility ideographs.
        for c in (0..0x2_0000).chain(0x2_f800..0x2_fa20).filter_map(char::from_u32) {
            if let Some(once) = folded(&format!("a{c}b")) {
                assert_eq!(folded(&once).as_ref(), Some(&once), "{c:?} U+{:04X}", u32::from(c));
            }
        }
    }
}
