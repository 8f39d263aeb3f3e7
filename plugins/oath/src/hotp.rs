//! HOTP: a new passcode at each click (RFC 4226).

use std::ops::RangeInclusive;

use crate::passcode::{Found, Params, Passcode, decimal, find as find_among};

/// The passcode of a counter.
pub fn passcode(secret: &[u8], counter: u64, params: Params) -> Passcode {
    decimal(&params.algorithm.mac(secret, &counter.to_be_bytes()), params.digits.get())
}

/// Looks for `answer` among the `look_ahead` counters after `last`, the last accepted one (`None`: none yet; the first
/// counter is 0). As many counters before are tried too, but only to tell a used passcode from a wrong one: nothing at
/// or before `last` is ever [`Found::Fresh`] (RFC 4226 7.2).
pub fn find(secret: &[u8], answer: &str, params: Params, last: Option<u64>, look_ahead: u32) -> Found {
    let look = u64::from(look_ahead);
    let next = last.map_or(0, |last| last.saturating_add(1));
    let counters = next.saturating_sub(look)..next.saturating_add(look);
    find_among(answer, counters.map(|counter| (counter, passcode(secret, counter, params))), last)
}

/// Looks for `answer` among these counters, or time steps: their passcodes are the same. For whoever has windows of their
/// own. Nothing at or before `last` is ever [`Found::Fresh`].
pub fn find_in(
    secret: &[u8],
    answer: &str,
    params: Params,
    positions: RangeInclusive<u64>,
    last: Option<u64>,
) -> Found {
    find_among(answer, positions.map(|position| (position, passcode(secret, position, params))), last)
}

/// Looks for two passcodes that follow each other: the first at some position of these, the second at the one after it
/// (RFC 4226 7.4). The position of the second is told; fresh are only those of which both lie after `last`.
pub fn find_pair(
    secret: &[u8],
    [first, second]: [&str; 2],
    params: Params,
    positions: RangeInclusive<u64>,
    last: Option<u64>,
) -> Found {
    let mut before = false;
    positions.fold(Found::Nothing, |found, position| {
        let shown = passcode(secret, position, params);
        // Both are compared, whatever the other gives.
        let right = before & shown.is(second);
        before = shown.is(first);
        let fresh = last.is_none_or(|last| position > last.saturating_add(1));
        match (right, fresh, found) {
            (true, true, _) => Found::Fresh(position),
            (true, false, Found::Nothing) => Found::Stale(position),
            _ => found,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passcode::{Algorithm, Digits};

    const SECRET: &[u8] = b"12345678901234567890";
    /// RFC 4226, appendix D.
    const VECTORS: [&str; 10] =
        ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];

    #[test]
    fn the_vectors_of_rfc_4226_hold() {
        for (counter, expected) in VECTORS.iter().enumerate() {
            assert_eq!(passcode(SECRET, counter as u64, Params::COMMON).expose(), *expected, "counter {counter}");
        }
    }

    #[test]
    fn seven_and_eight_digits_are_the_same_number_cut_later() {
        // Appendix D gives the truncated value of counter 0 as 1284755224.
        for (digits, expected) in [(7, "4755224"), (8, "84755224")] {
            let params = Params { algorithm: Algorithm::Sha1, digits: Digits::new(digits).unwrap() };
            assert_eq!(passcode(SECRET, 0, params).expose(), expected);
        }
    }

    #[test]
    fn a_passcode_within_the_look_ahead_is_found() {
        assert_eq!(find(SECRET, VECTORS[0], Params::COMMON, None, 3), Found::Fresh(0));
        assert_eq!(find(SECRET, VECTORS[2], Params::COMMON, None, 3), Found::Fresh(2));
        assert_eq!(find(SECRET, VECTORS[5], Params::COMMON, Some(2), 3), Found::Fresh(5));
    }

    #[test]
    fn a_passcode_beyond_the_look_ahead_is_refused() {
        assert_eq!(find(SECRET, VECTORS[3], Params::COMMON, None, 3), Found::Nothing);
        assert_eq!(find(SECRET, VECTORS[6], Params::COMMON, Some(2), 3), Found::Nothing);
    }

    #[test]
    fn a_used_or_skipped_passcode_is_stale() {
        assert_eq!(find(SECRET, VECTORS[5], Params::COMMON, Some(5), 3), Found::Stale(5));
        assert_eq!(find(SECRET, VECTORS[4], Params::COMMON, Some(5), 3), Found::Stale(4));
        assert_eq!(find(SECRET, VECTORS[1], Params::COMMON, Some(5), 3), Found::Nothing);
    }

    #[test]
    fn the_end_of_the_counter_is_no_beginning() {
        let last = passcode(SECRET, u64::MAX - 1, Params::COMMON);
        assert_eq!(find(SECRET, last.expose(), Params::COMMON, Some(u64::MAX - 1), 3), Found::Stale(u64::MAX - 1));
        assert_eq!(find(SECRET, VECTORS[0], Params::COMMON, Some(u64::MAX), 3), Found::Nothing);
    }
    #[test]
    fn two_passcodes_that_follow_each_other_are_found_by_the_second() {
        let look = |answers, last| find_pair(SECRET, answers, Params::COMMON, 0..=9, last);
        assert_eq!(look([VECTORS[6], VECTORS[7]], Some(2)), Found::Fresh(7));
        assert_eq!(look([VECTORS[0], VECTORS[1]], None), Found::Fresh(1));
        assert_eq!(look([VECTORS[8], VECTORS[9]], None), Found::Fresh(9));
    }

    #[test]
    fn two_passcodes_that_do_not_follow_each_other_are_no_pair() {
        let look = |answers| find_pair(SECRET, answers, Params::COMMON, 0..=9, None);
        for (first, second) in [(7, 6), (6, 8), (6, 6)] {
            assert_eq!(look([VECTORS[first], VECTORS[second]]), Found::Nothing, "{first} {second}");
        }
        assert_eq!(find_pair(SECRET, [VECTORS[6], VECTORS[7]], Params::COMMON, 0..=6, None), Found::Nothing);
    }

    #[test]
    fn a_pair_of_which_one_was_used_is_stale() {
        let look = |last| find_pair(SECRET, [VECTORS[6], VECTORS[7]], Params::COMMON, 0..=9, Some(last));
        assert_eq!(look(5), Found::Fresh(7));
        assert_eq!(look(6), Found::Stale(7));
        assert_eq!(look(9), Found::Stale(7));
    }

    #[test]
    fn a_window_of_ones_own_is_looked_through_to_its_end() {
        let look = |positions, last| find_in(SECRET, VECTORS[4], Params::COMMON, positions, last);
        assert_eq!(look(0..=4, None), Found::Fresh(4));
        assert_eq!(look(0..=3, None), Found::Nothing);
        assert_eq!(look(0..=9, Some(4)), Found::Stale(4));
    }
}
