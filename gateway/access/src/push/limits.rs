//! How often a user may be asked (PU-01). Whoever knows a password must not wear its owner out with requests until one
//! of them is approved for peace's sake.

use std::time::Duration;

use doorward_api::Timestamp;
use doorward_api::push::{Push, PushState};

/// Two requests of a user lie so far apart.
pub(crate) const GAP: Duration = Duration::from_secs(10);

/// So many that nobody approved, within [`WITHIN`], are enough.
const UNANSWERED: usize = 3;
const WITHIN: Duration = Duration::from_mins(10);

/// So long after the newest of them nobody is asked.
const PAUSE: Duration = Duration::from_mins(15);

/// After a report nobody is asked for a day: somebody else knows the password.
const AFTER_REPORT: Duration = Duration::from_hours(24);

/// How far back one must look to know.
pub(crate) const LOOK_BACK: Duration = AFTER_REPORT;

/// A user is not asked for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Off {
    /// Until then.
    pub(crate) until: Timestamp,
    /// Why.
    pub(crate) why: Why,
}

/// Why a user is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Too many that nobody approved.
    Unanswered,
    /// One was reported.
    Reported,
}

impl Why {
    /// The name in records.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Why::Unanswered => "unanswered",
            Why::Reported => "reported",
        }
    }
}

/// Until when a user is not asked. `pushes` are theirs of the last [`LOOK_BACK`], newest first.
pub(crate) fn off_until(pushes: &[Push], now: Timestamp) -> Option<Off> {
    let reported = pushes.iter().find(|push| push.state == PushState::Reported);
    let reported = reported.map(|push| Off { until: push.created_at + AFTER_REPORT, why: Why::Reported });
    let unanswered = unanswered_until(pushes, now).map(|until| Off { until, why: Why::Unanswered });
    let offs = [reported, unanswered].into_iter().flatten();
    offs.filter(|off| off.until > now).max_by_key(|off| off.until)
}

fn unanswered_until(pushes: &[Push], now: Timestamp) -> Option<Timestamp> {
    let since_a_yes = pushes.iter().take_while(|push| !push.state.approved());
    let mut fruitless = since_a_yes.filter(|push| fruitless(push, now)).map(|push| push.created_at);
    let newest = fruitless.next()?;
    let third = fruitless.nth(UNANSWERED - 2)?;
    (newest.since(third) < WITHIN).then_some(newest + PAUSE)
}

/// Whether a request has only been a nuisance. One that was withdrawn counts as well: otherwise whoever asks could
/// withdraw each just before its end, and never be stopped.
fn fruitless(push: &Push, now: Timestamp) -> bool {
    match push.state {
        PushState::Pending => push.expires_at <= now,
        PushState::Denied | PushState::Reported | PushState::Mismatched | PushState::Cancelled => true,
        PushState::Approved | PushState::Used => false,
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::flow::KeptSecret;
    use doorward_api::push::{PushContext, PushData, PushPurpose};
    use doorward_api::{PushId, Secret, UserId};

    use super::*;
    use crate::push::LIFE;
    use crate::testing::now;

    fn push(secs: u64, state: PushState) -> Push {
        let created_at = now() + Duration::from_secs(secs);
        Push {
            id: PushId::new(secs.to_string()),
            user: UserId::from("u-alice"),
            purpose: PushPurpose::SignIn { flow: "f".into() },
            state,
            created_at,
            expires_at: created_at + LIFE,
            data: PushData {
                nonce: String::new(),
                number: KeptSecret::new(&Secret::new("47")),
                context: PushContext::default(),
                answered_by: None,
                serial: None,
            },
        }
    }

    /// Oldest first, as a story is told.
    fn off(story: &[(u64, PushState)], at: u64) -> Option<(u64, Why)> {
        let pushes: Vec<Push> = story.iter().rev().map(|(secs, state)| push(*secs, *state)).collect();
        let off = off_until(&pushes, now() + Duration::from_secs(at))?;
        Some((off.until.since(now()).as_secs(), off.why))
    }

    use PushState as S;

    #[test]
    fn three_in_ten_minutes_that_nobody_approved_are_enough() {
        let story = [(0, S::Denied), (200, S::Pending), (400, S::Mismatched)];
        assert_eq!(off(&story[..2], 399), None);
        assert_eq!(off(&story, 401), Some((400 + 900, Why::Unanswered)));
        assert_eq!(off(&story, 1299), Some((1300, Why::Unanswered)), "until fifteen minutes after the newest");
        assert_eq!(off(&story, 1300), None);
        assert!(off(&[(0, S::Denied), (200, S::Denied), (599, S::Denied)], 600).is_some());
        assert_eq!(off(&[(0, S::Denied), (200, S::Denied), (600, S::Denied)], 600), None, "too far apart");
    }

    #[test]
    fn one_that_still_waits_is_no_failure_and_one_that_was_withdrawn_is() {
        let story = [(0, S::Denied), (20, S::Denied), (40, S::Pending)];
        assert_eq!(off(&story, 100), None);
        assert_eq!(off(&story, 40 + LIFE.as_secs()), Some((940, Why::Unanswered)));
        assert_eq!(off(&[(0, S::Cancelled), (10, S::Cancelled), (20, S::Cancelled)], 30), Some((920, Why::Unanswered)));
    }

    #[test]
    fn an_approved_one_forgives_those_before_it() {
        for yes in [S::Approved, S::Used] {
            let story = [(0, S::Denied), (20, S::Denied), (40, yes), (60, S::Denied), (80, S::Denied)];
            assert_eq!(off(&story, 90), None, "{yes:?}");
        }
    }

    #[test]
    fn a_report_lasts_a_day_whatever_was_approved() {
        let story = [(0, S::Reported), (100, S::Used)];
        assert_eq!(off(&story, 86_399), Some((86_400, Why::Reported)));
        assert_eq!(off(&story, 86_400), None);
    }
}
