//! PINs that are drawn: each that keeps the rules as likely as any other.

use doorward_api::ports::Entropy;
use doorward_api::settings::{Complexity, PinRules};
use doorward_api::{PluginError, Secret};
use zeroize::Zeroizing;

use crate::rules;

/// Of decimal PINs.
pub(crate) const DIGITS: &[u8] = b"0123456789";

/// Of strong alphanumeric ones: without 0, O, o, 1, I, i, L and l, which are taken for one another.
pub(crate) const WITHOUT_LOOK_ALIKES: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz";

/// How many PINs are drawn until it is given up. Of all that could be asked for, strong ones of three characters keep the
/// rules most rarely: every sixth does. So many failures in a row do not happen where the randomness is any.
const DRAWS_MAX: u32 = 2000;

/// Random bytes for a character. Of those that are drawn, at most 40 in 256 would favour some characters and are left out.
const BYTES_EACH: usize = 2;

/// Draws PINs until one keeps the rules: that way none is favoured.
pub(crate) fn generate(policy: &PinRules, length: u8, entropy: &dyn Entropy) -> Result<Secret, PluginError> {
    let impossible = |why: &str| Err(PluginError::Unavailable(format!("no PIN of {length} characters {why}")));
    if length == 0 || !(policy.min_length..=policy.max_length).contains(&length) {
        return impossible("keeps the least and the greatest length");
    }
    let alphabet = match policy.complexity {
        Complexity::Decimal => DIGITS,
        Complexity::StrongAlphanumeric if length < 3 => return impossible("has a capital, a small letter and a digit"),
        Complexity::StrongAlphanumeric => WITHOUT_LOOK_ALIKES,
    };
    let mut bytes = Zeroizing::new(vec![0_u8; usize::from(length) * BYTES_EACH]);
    for _ in 0..DRAWS_MAX {
        entropy.fill(&mut bytes);
        let pin = drawn(&bytes, alphabet, length.into());
        if pin.len() == usize::from(length) && rules::faults(policy, &pin).is_empty() {
            return Ok(Secret::new(pin.as_str()));
        }
    }
    impossible("was found that keeps the rules")
}

/// As many characters of the alphabet as asked for, or fewer where too many bytes had to be left out.
fn drawn(bytes: &[u8], alphabet: &[u8], length: usize) -> Zeroizing<String> {
    let even = 256 - 256 % alphabet.len();
    let fair = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < even);
    let mut pin = Zeroizing::new(String::with_capacity(length));
    pin.extend(fair.take(length).filter_map(|byte| alphabet.get(byte % alphabet.len())).map(|byte| char::from(*byte)));
    pin
}
