//! Codes that people read, say and type: serial numbers, temporary passcodes, codes of the help desk, recovery codes.

use doorward_api::Secret;
use doorward_api::ports::Entropy;

/// Digits and capital letters that cannot be taken for one another: five bits each.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P',
    'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// What is typed beyond this is no code, whatever it holds.
const LONGEST_INPUT: usize = 64;

/// So many random characters.
pub(crate) fn drawn(entropy: &dyn Entropy, characters: usize) -> String {
    let mut bytes = vec![0_u8; characters];
    entropy.fill(&mut bytes);
    bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len())).collect()
}

/// `7Q2M-K94T`: in groups of four, as it is read out.
pub(crate) fn in_groups(code: &str) -> String {
    let characters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// What was typed, as it was drawn: capital letters, without spaces and hyphens.
pub(crate) fn plain(typed: &Secret) -> Secret {
    let kept = typed.expose().chars().filter(|c| !c.is_whitespace() && *c != '-').take(LONGEST_INPUT);
    Secret::new(kept.collect::<String>().to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    #[test]
    fn a_code_is_typed_as_it_is_read() {
        let code = drawn(&Dice::default(), 12);
        assert!(code.chars().count() == 12 && code.chars().all(|c| ALPHABET.contains(&c)), "{code}");
        let read = in_groups(&code);
        assert_eq!((read.len(), read.matches('-').count()), (14, 2));
        for typed in [read.to_lowercase(), read.replace('-', " "), format!(" {code}\n")] {
            assert_eq!(plain(&Secret::new(typed)).expose(), code);
        }
    }
}
