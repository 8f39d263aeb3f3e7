//! What is wrong with a PIN. The rules are those of `rules.json`, in its order.

use doorward_api::plugin::PinFault;
use doorward_api::settings::{Complexity, PinRules};

/// The fewest characters that make a run.
const RUN_MIN: usize = 3;

/// Every rule that the PIN breaks. It is judged as it was typed, without any normalisation.
pub(crate) fn faults(policy: &PinRules, pin: &str) -> Vec<PinFault> {
    let length = pin.chars().count();
    let strong = policy.complexity == Complexity::StrongAlphanumeric;
    let without = |of: fn(&char) -> bool| !pin.chars().any(|c| of(&c));
    [
        (PinFault::Charset, !pin.chars().all(|c| c.is_ascii_alphanumeric())),
        (PinFault::TooShort, length < usize::from(policy.min_length)),
        (PinFault::TooLong, length > usize::from(policy.max_length)),
        (PinFault::NeedsUpper, strong && without(char::is_ascii_uppercase)),
        (PinFault::NeedsLower, strong && without(char::is_ascii_lowercase)),
        (PinFault::NeedsDigit, strong && without(char::is_ascii_digit)),
        (PinFault::Trivial, !policy.allow_trivial && is_one_run(pin)),
    ]
    .into_iter()
    .filter_map(|(fault, broken)| broken.then_some(fault))
    .collect()
}

/// Whether the whole PIN is one run: each character equal to the one before, or each the next, or each the one before that
/// in digits or in letters, whatever their case. Neither the digits nor the letters go round at their end.
pub(crate) fn is_one_run(pin: &str) -> bool {
    let mut steps = pin.chars().zip(pin.chars().skip(1)).map(|(one, next)| step(one, next));
    let Some(first) = steps.next() else { return false };
    pin.chars().count() >= RUN_MIN && matches!(first, Some(-1..=1)) && steps.all(|step| step == first)
}

/// How far one character is from the one before. `None` between a digit and a letter, and for anything else.
fn step(one: char, next: char) -> Option<i32> {
    let (one, next) = (one.to_ascii_lowercase(), next.to_ascii_lowercase());
    let kin =
        (one.is_ascii_digit() && next.is_ascii_digit()) || (one.is_ascii_lowercase() && next.is_ascii_lowercase());
    kin.then(|| u32::from(next).cast_signed() - u32::from(one).cast_signed())
}
