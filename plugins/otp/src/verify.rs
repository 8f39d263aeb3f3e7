//! Whether an answer is right, and what is learned from it.

use doorward_api::plugin::Verified;
use doorward_api::{Secret, Timestamp};
use doorward_oath::totp::{self, Window};
use doorward_oath::{Found, hotp};

use crate::answer;
use crate::fits::{Kind, Shape};
use crate::kept::Kept;

/// Steps tried on either side of where the authenticator's clock is thought to be (OT-03, decision B13).
const TOLERANCE: u32 = 1;

/// A clock further off than this is not followed: its owner had better set it.
const DRIFT_MAX: i64 = 10;

/// Checks an answer. Nothing at or before the last accepted step or counter is ever accepted.
pub(crate) fn verify(kept: Kept, shape: Shape, answer: &Secret, now: Timestamp) -> Verified {
    // An answer that is no number is compared all the same, so that it takes as long as a wrong one.
    let digits = answer::digits(answer).unwrap_or_default();
    let (found, expected) = match shape.kind {
        Kind::Time { period } => {
            let window = Window { period, drift: kept.drift, tolerance: TOLERANCE };
            let found = totp::find(kept.secret(), &digits, now.secs(), shape.params, window, kept.last);
            (found, Some(totp::step_at(now.secs(), period)))
        }
        Kind::Event { look_ahead } => (hotp::find(kept.secret(), &digits, shape.params, kept.last, look_ahead), None),
    };
    match found {
        Found::Fresh(at) => {
            let drift = expected.map_or(0, |step| at.wrapping_sub(step).cast_signed().clamp(-DRIFT_MAX, DRIFT_MAX));
            Verified::Accepted { updated: kept.used(at, drift).write() }
        }
        Found::Stale(_) => Verified::Replayed,
        Found::Nothing => Verified::Rejected,
    }
}
