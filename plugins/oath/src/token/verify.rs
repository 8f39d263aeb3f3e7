//! Whether an answer is right, and what is learned from it (self-provisioning.md 2.2, decision B13).

use std::ops::RangeInclusive;
use std::time::Duration;

use doorward_api::plugin::{Check, Verified};
use doorward_api::settings::Windows;
use doorward_api::template::Synchronization;
use doorward_api::{Secret, Timestamp};

use super::kept::{Kept, Outer};
use super::shape::{Kind, Shape};
use super::{answer, challenge};
use crate::{Found, hotp, totp};

/// A clock that is more steps off than this is not followed: the widest outer window, and how far a token is sought.
const STEPS_OFF_MAX: u64 = 100;

/// How many steps off the clock of a token may be that is just being enrolled.
const STEPS_OFF_AT_FIRST: u64 = 20;

/// The question that a token answers when it is enrolled.
const FIRST_QUESTION: &str = "00000000";

/// How many clicks ahead a token is sought that has run away (RFC 4226 7.4).
const CLICKS_AHEAD_MAX: u64 = 1000;

/// The steps or counters that are tried.
struct Reach {
    /// A right one here is accepted.
    inner: RangeInclusive<u64>,
    /// A right one here asks for the next.
    outer: RangeInclusive<u64>,
    /// None outside of this is ever right.
    whole: RangeInclusive<u64>,
}

impl Reach {
    /// `None` where passcodes answer questions: they have no order.
    fn of(kept: &Kept, kind: Kind, windows: &Windows, now: Timestamp) -> Option<Self> {
        match kind {
            Kind::Time { period } => {
                let here = totp::step_at(now.secs(), period);
                let whole = around(here, STEPS_OFF_MAX);
                let middle = here.saturating_add_signed(kept.drift);
                let within = |steps: u32| both(&around(middle, steps.into()), &whole);
                let outer = within(windows.outer_steps.max(windows.inner_steps));
                Some(Self { inner: within(windows.inner_steps), outer, whole })
            }
            Kind::Event { look_ahead } => {
                let next = next_counter(kept.last);
                let ahead = |clicks: u64| next.saturating_add(clicks.saturating_sub(1));
                // Some before are tried too, but only to tell a used passcode from a wrong one (RFC 4226 7.2).
                let first = next.saturating_sub(look_ahead.into());
                let outer = windows.outer_events.max(look_ahead);
                Some(Self {
                    inner: first..=ahead(look_ahead.into()),
                    outer: first..=ahead(outer.into()),
                    whole: first..=ahead(CLICKS_AHEAD_MAX),
                })
            }
            Kind::Challenge => None,
        }
    }
}

/// Checks an answer. Nothing at or before the last accepted step or counter is ever accepted.
pub fn verify(kept: Kept, shape: Shape, check: &Check<'_>, answer: &Secret, now: Timestamp) -> Verified {
    // An answer that is no number is compared all the same, so that it takes as long as a wrong one.
    let digits = answer::digits(answer).unwrap_or_default();
    let Some(reach) = Reach::of(&kept, shape.kind, check.windows, now) else {
        return challenge::verify(&kept, shape.params.digits, check.challenge, &digits);
    };
    let awaited = awaited(&kept, patience(check), now).filter(|next| reach.whole.contains(next));
    let look = |positions| hotp::find_in(kept.secret(), &digits, shape.params, positions, kept.last);
    // All are looked at before anything is decided.
    let confirmed = awaited.map_or(Found::Nothing, |next| look(next..=next));
    let (inner, outer) = (look(reach.inner), look(reach.outer));
    match (inner, confirmed, outer) {
        (Found::Fresh(at), ..) | (_, Found::Fresh(at), _) => accepted(kept, shape.kind, at, now),
        (Found::Stale(_), ..) | (.., Found::Stale(_)) => Verified::Replayed,
        (.., Found::Fresh(at)) => outside(kept, at, patience(check), now),
        (.., Found::Nothing) => Verified::Rejected,
    }
}

/// Finds the authenticator again by two passcodes, one right after the other.
pub fn resync(kept: Kept, shape: Shape, check: &Check<'_>, answers: [&Secret; 2], now: Timestamp) -> Verified {
    let [first, second] = answers.map(|answer| answer::digits(answer).unwrap_or_default());
    let Some(reach) = Reach::of(&kept, shape.kind, check.windows, now) else { return Verified::Rejected };
    let found = hotp::find_pair(kept.secret(), [&first, &second], shape.params, reach.whole, kept.last);
    match found {
        // The same passcode twice proves one, even where two in a row happen to be equal.
        _ if first == second => Verified::Rejected,
        Found::Fresh(at) => accepted(kept, shape.kind, at, now),
        Found::Stale(_) => Verified::Replayed,
        Found::Nothing => Verified::Rejected,
    }
}

/// What is kept of a token that comes from a backup. A clock tells what may have been shown: whatever is within reach now is used
/// up, with all before it. How often a token was clicked since nobody knows; `None` then. One that answers questions stays as it is.
pub fn restored(kept: Kept, shape: Shape, windows: &Windows, now: Timestamp) -> Option<Kept> {
    match shape.kind {
        Kind::Time { period } => {
            let here = totp::step_at(now.secs(), period);
            let ahead = kept.drift.clamp(0, STEPS_OFF_MAX.cast_signed());
            let last = here.saturating_add_signed(ahead).saturating_add(windows.inner_steps.into());
            let last = kept.last.map_or(last, |known| known.max(last));
            let drift = kept.drift;
            Some(kept.used(last, drift))
        }
        Kind::Event { .. } => None,
        Kind::Challenge => Some(kept),
    }
}

/// Checks the passcode by which a new token shows, before it comes into use, that it has the secret: of now (some steps
/// either way), of the first click, or the answer to `00000000`. It is not used up: people may sign in by it. What is
/// learned of the token's clock is in what is returned; `None` where the passcode is wrong.
pub fn first(kept: Kept, shape: Shape, answer: &Secret, now: Timestamp) -> Option<Kept> {
    let digits = answer::digits(answer).unwrap_or_default();
    let look = |positions| hotp::find_in(kept.secret(), &digits, shape.params, positions, None);
    match shape.kind {
        Kind::Time { period } => {
            let here = totp::step_at(now.secs(), period);
            let Found::Fresh(at) = look(around(here, STEPS_OFF_AT_FIRST)) else { return None };
            Some(kept.heard(at.wrapping_sub(here).cast_signed()))
        }
        Kind::Event { .. } => matches!(look(0..=0), Found::Fresh(_)).then_some(kept),
        Kind::Challenge => challenge::right(&kept, shape.params.digits, FIRST_QUESTION, &digits).then_some(kept),
    }
}

/// Spends the passcode with all before it. One of a clock says how far that is ahead.
fn accepted(kept: Kept, kind: Kind, at: u64, now: Timestamp) -> Verified {
    let drift = match kind {
        Kind::Time { period } => at.wrapping_sub(totp::step_at(now.secs(), period)).cast_signed(),
        Kind::Event { .. } | Kind::Challenge => 0,
    };
    Verified::Accepted { updated: kept.used(at, drift).write() }
}

/// Remembers a right passcode outside the inner window. The same one typed again does not buy more time.
fn outside(kept: Kept, at: u64, patience: Duration, now: Timestamp) -> Verified {
    let again = kept.outer.filter(|outer| outer.at == at && waiting(outer, patience, now));
    let outer = again.unwrap_or(Outer { at, seen: now.secs() });
    Verified::Outer { updated: kept.seen_outside(outer).write() }
}

/// The step or counter that confirms the one in the outer window, while it is awaited.
fn awaited(kept: &Kept, patience: Duration, now: Timestamp) -> Option<u64> {
    kept.outer.filter(|outer| waiting(outer, patience, now)).and_then(|outer| outer.at.checked_add(1))
}

/// How long the next passcode is waited for: where passcodes change slowly, until it can be there.
fn patience(check: &Check<'_>) -> Duration {
    let steps = match check.template.synchronization {
        Synchronization::Time { step } => Duration::from_secs(u64::from(step) * 2),
        Synchronization::Event { .. } => Duration::ZERO,
    };
    check.windows.confirm_within().max(steps)
}

fn waiting(outer: &Outer, patience: Duration, now: Timestamp) -> bool {
    // One from the future was typed under another clock: how long ago is not known.
    now.secs().checked_sub(outer.seen).is_some_and(|secs| secs <= patience.as_secs())
}

fn next_counter(last: Option<u64>) -> u64 {
    last.map_or(0, |last| last.saturating_add(1))
}

/// Steps before the epoch do not exist.
fn around(middle: u64, steps: u64) -> RangeInclusive<u64> {
    middle.saturating_sub(steps)..=middle.saturating_add(steps)
}

fn both(one: &RangeInclusive<u64>, other: &RangeInclusive<u64>) -> RangeInclusive<u64> {
    *one.start().max(other.start())..=*one.end().min(other.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, Passcode};
    use doorward_api::Template;
    use doorward_api::template::Mode;
    use zeroize::Zeroizing;

    const SECRET: &[u8; 20] = b"12345678901234567890";
    const NOW: Timestamp = Timestamp::from_secs(1_764_000_010);

    fn begin(template: &Template, passcode: &str) -> Option<Kept> {
        let kept = Kept::new(Zeroizing::new(SECRET.to_vec()));
        first(kept, super::super::shape::shape(template).unwrap(), &Secret::new(passcode), NOW)
    }

    fn at(step: i64) -> Passcode {
        hotp::passcode(SECRET, (NOW.secs() / 30).saturating_add_signed(step), Params::COMMON)
    }

    #[test]
    fn a_first_passcode_of_a_clock_says_how_far_that_is_off_and_is_not_used_up() {
        for step in [-20, -1, 0, 3, 20] {
            let kept = begin(&Template::STANDARD_APP, at(step).expose()).unwrap();
            assert_eq!((kept.drift, kept.last), (step, None));
            let shape = super::super::shape::shape(&Template::STANDARD_APP).unwrap();
            let windows = Windows { inner_steps: 1, outer_steps: 20, outer_events: 100 };
            let check = Check { template: &Template::STANDARD_APP, windows: &windows, challenge: None };
            let again = verify(kept, shape, &check, &Secret::new(at(step).expose()), NOW);
            assert!(matches!(again, Verified::Accepted { .. }), "{step}");
        }
        for step in [-21, 21] {
            assert!(begin(&Template::STANDARD_APP, at(step).expose()).is_none(), "{step}");
        }
    }

    #[test]
    fn a_first_passcode_of_clicks_is_that_of_the_first() {
        let template = Template { synchronization: Synchronization::Event { look_ahead: 3 }, ..Template::STANDARD_APP };
        assert!(begin(&template, "755224").is_some());
        assert!(begin(&template, "287082").is_none());
    }

    /// RFC 6287, appendix C.1.
    #[test]
    fn a_first_passcode_that_answers_answers_eight_zeros() {
        let template = Template { mode: Mode::ChallengeResponse, ..Template::STANDARD_APP };
        assert!(begin(&template, "237653").is_some());
        assert!(begin(&template, "243178").is_none());
        assert!(begin(&template, "").is_none());
    }
}
