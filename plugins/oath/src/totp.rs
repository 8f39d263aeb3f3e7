//! TOTP: a new passcode every so many seconds (RFC 6238), T0 = 0.

use std::num::NonZeroU32;

use crate::hotp;
use crate::passcode::{Found, Params, Passcode, find as find_among};

/// The time step that a second lies in.
pub fn step_at(secs: u64, period: NonZeroU32) -> u64 {
    secs / u64::from(period.get())
}

/// The passcode of a time step.
pub fn passcode(secret: &[u8], step: u64, params: Params) -> Passcode {
    hotp::passcode(secret, step, params)
}

/// Which steps are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Seconds of a step.
    pub period: NonZeroU32,
    /// How many steps the authenticator's clock is known to be ahead (or, negative, behind).
    pub drift: i64,
    /// How many steps are tried on either side of the drifted one.
    pub tolerance: u32,
}

impl Window {
    /// Each step once, earliest first. Steps before the epoch do not exist.
    fn steps(self, now_secs: u64) -> std::ops::RangeInclusive<u64> {
        let tolerance = u64::from(self.tolerance);
        let middle = step_at(now_secs, self.period).saturating_add_signed(self.drift);
        middle.saturating_sub(tolerance)..=middle.saturating_add(tolerance)
    }
}

/// Looks for `answer` among the passcodes of the window's steps. Nothing at or before `last`, the last accepted step,
/// is ever [`Found::Fresh`].
pub fn find(secret: &[u8], answer: &str, now_secs: u64, params: Params, window: Window, last: Option<u64>) -> Found {
    find_among(answer, window.steps(now_secs).map(|step| (step, passcode(secret, step, params))), last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passcode::{Algorithm, Digits};

    const K20: &[u8] = b"12345678901234567890";
    const K32: &[u8] = b"12345678901234567890123456789012";
    const K64: &[u8] = b"1234567890123456789012345678901234567890123456789012345678901234";
    const THIRTY: NonZeroU32 = NonZeroU32::new(30).unwrap();

    /// RFC 6238, appendix B: seconds, then SHA-1, SHA-256, SHA-512.
    const VECTORS: [(u64, &str, &str, &str); 6] = [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_111_111_111, "14050471", "67062674", "99943326"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (2_000_000_000, "69279037", "90698825", "38618901"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ];

    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        for (secs, sha1, sha256, sha512) in VECTORS {
            let step = step_at(secs, THIRTY);
            for (algorithm, key, expected) in
                [(Algorithm::Sha1, K20, sha1), (Algorithm::Sha256, K32, sha256), (Algorithm::Sha512, K64, sha512)]
            {
                let params = Params { algorithm, digits: Digits::EIGHT };
                assert_eq!(passcode(key, step, params).expose(), expected, "{secs} {algorithm:?}");
            }
        }
    }

    const NOW: u64 = 1_764_000_000;

    fn code(offset: i64) -> Passcode {
        passcode(K20, step_at(NOW, THIRTY).saturating_add_signed(offset), Params::COMMON)
    }

    fn look(offset: i64, drift: i64, last: Option<i64>) -> Found {
        let now = step_at(NOW, THIRTY);
        let window = Window { period: THIRTY, drift, tolerance: 1 };
        let last = last.map(|offset| now.saturating_add_signed(offset));
        match find(K20, code(offset).expose(), NOW, Params::COMMON, window, last) {
            Found::Fresh(step) => Found::Fresh(step - (now - 100)),
            Found::Stale(step) => Found::Stale(step - (now - 100)),
            Found::Nothing => Found::Nothing,
        }
    }

    #[test]
    fn one_step_either_way_is_accepted_and_no_further() {
        assert_eq!(look(-2, 0, None), Found::Nothing);
        assert_eq!(look(-1, 0, None), Found::Fresh(99));
        assert_eq!(look(0, 0, None), Found::Fresh(100));
        assert_eq!(look(1, 0, None), Found::Fresh(101));
        assert_eq!(look(2, 0, None), Found::Nothing);
    }

    #[test]
    fn the_window_moves_with_the_drift() {
        assert_eq!(look(4, 3, None), Found::Fresh(104));
        assert_eq!(look(0, 3, None), Found::Nothing);
        assert_eq!(look(-4, -3, None), Found::Fresh(96));
    }

    #[test]
    fn a_used_step_and_one_before_it_are_stale() {
        assert_eq!(look(0, 0, Some(0)), Found::Stale(100));
        assert_eq!(look(-1, 0, Some(0)), Found::Stale(99));
        assert_eq!(look(1, 0, Some(0)), Found::Fresh(101));
        assert_eq!(look(1, 0, Some(5)), Found::Stale(101));
    }

    #[test]
    fn the_epoch_has_no_steps_before_it() {
        let window = Window { period: THIRTY, drift: -5, tolerance: 1 };
        assert_eq!(window.steps(0), 0..=1);
        let first = passcode(K20, 0, Params::COMMON);
        assert_eq!(find(K20, first.expose(), 10, Params::COMMON, window, None), Found::Fresh(0));
    }
}
