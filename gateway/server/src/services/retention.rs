//! Takes away what is older in the audit trail than is to be kept. Any number of processes may do so at once.
//!
//! What goes does not come back, so no reading of a clock is enough for it: only as much time counts as processes have seen pass.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_api::keys::MasterKey;
use doorward_api::ports::AuditOutlets;
use doorward_api::{StoreError, Timestamp, VirtualServerId};
use doorward_audit::{CheckpointError, Checkpoints, Keep};
use doorward_store::Store;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::config::Retention;
use crate::metrics::PrometheusMetrics;

/// How often it is looked for what is too old.
const LOOK: Duration = Duration::from_hours(1);
/// So many records go at once: sign-ins wait no longer than for one another.
const PORTION: u32 = 500;
/// And others have their turn in between.
const PAUSE: Duration = Duration::from_millis(50);

/// So many times as fast as it passes, time is caught up with that nobody has seen pass, because no process ran. A clock that is
/// wrong for an hour makes records go an hour too early, and no more.
const CATCH_UP: u32 = 2;
/// A clock that is further ahead of the time that was seen to pass is worth a line in the log.
const AHEAD: Duration = Duration::from_hours(24);

/// Why a chain was not cut, or not all of what is to go is gone.
#[derive(Debug, thiserror::Error)]
enum Kept {
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How time passes, as a process has seen it by the monotonic clock, which nobody can set.
#[derive(Debug, Clone, Copy)]
struct Passage {
    /// Up to when time was known to have passed.
    confirmed: Timestamp,
    /// And when that was so.
    at: Instant,
}

impl Passage {
    /// Up to when it is known at a later moment, at which the clock says this: never further than that.
    fn reached(self, clock: Timestamp, at: Instant) -> Timestamp {
        let seen = at.saturating_duration_since(self.at);
        clock.min(self.confirmed + seen.saturating_mul(CATCH_UP))
    }
}

/// The job.
#[derive(Clone)]
pub(crate) struct Trimming {
    pub(crate) checkpoints: PathBuf,
    pub(crate) key: MasterKey,
    pub(crate) retention: Retention,
    pub(crate) virtual_servers: Vec<VirtualServerId>,
    pub(crate) store: Store,
    pub(crate) metrics: Arc<PrometheusMetrics>,
}

impl Trimming {
    /// Looks now, and again and again.
    pub(crate) async fn run(self) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut passage = None;
        loop {
            ticks.tick().await;
            let passed = match self.pass(passage, self.store.clock().now(), Instant::now()).await {
                Ok(passed) => passed,
                Err(error) => {
                    tracing::error!(%error, "up to when time has passed could not be written; tried again");
                    continue;
                }
            };
            passage = Some(passed);
            for vs in &self.virtual_servers {
                if let Err(error) = self.trim(vs, passed.confirmed).await {
                    tracing::error!(%error, virtual_server = %vs, "old audit records could not be cut; tried again");
                }
            }
        }
    }

    /// Up to when time has passed by now. The first time it is what others have seen.
    async fn pass(&self, before: Option<Passage>, clock: Timestamp, at: Instant) -> Result<Passage, StoreError> {
        let before = match before {
            Some(before) => before,
            None => Passage { confirmed: self.store.confirmed_time().await?, at },
        };
        let confirmed = self.store.confirm_time(before.reached(clock, at)).await?;
        let ahead = clock.since(confirmed);
        if ahead > AHEAD && self.retention.keep.is_some() {
            let days = ahead.as_secs() / AHEAD.as_secs();
            tracing::warn!(days, %clock, seen = %confirmed,
                "the clock is ahead of the time that gateways have seen pass; by that audit records grow old");
        }
        Ok(Passage { confirmed, at })
    }

    async fn trim(&self, vs: &VirtualServerId, confirmed: Timestamp) -> Result<(), Kept> {
        // Whoever was killed has left some.
        self.shed(vs).await?;
        // A clock that was set back keeps more.
        let now = confirmed.min(self.store.clock().now());
        let Some(keep) = self.keep(vs, now).await? else { return Ok(()) };
        let checkpoints = Checkpoints::new(self.checkpoints.clone(), &self.key);
        let Some(cut) = checkpoints.place_to_cut(&self.store, vs, keep).await? else { return Ok(()) };
        let first_kept = cut.upto + 1;
        if self.store.cut_trail(vs, cut, self.store.clock().now()).await? {
            tracing::info!(virtual_server = %vs, first_kept, "audit records that are too old were cut");
        }
        self.shed(vs).await
    }

    async fn shed(&self, vs: &VirtualServerId) -> Result<(), Kept> {
        loop {
            let gone = self.store.shed_trail(vs, PORTION).await?;
            if gone == 0 {
                return Ok(());
            }
            self.metrics.trimmed(vs.as_str(), u64::try_from(gone).unwrap_or_default());
            sleep(PAUSE).await;
        }
    }

    /// `None` where records stay for ever.
    async fn keep(&self, vs: &VirtualServerId, now: Timestamp) -> Result<Option<Keep>, Kept> {
        let Retention { keep, unsent } = self.retention;
        let Some(keep) = keep else { return Ok(None) };
        let sent = self.store.outlets_sent(vs, now).await?;
        let before = now - keep;
        Ok(Some(Keep { before, sent, regardless: before - unsent }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);

    /// Processes that look each hour, one after the other: what their clock says at each look, and up to when time has passed then.
    /// Both are hours after the begin.
    fn story(processes: &[&[(u64, u64)]]) {
        let (begin, mut at) = (Timestamp::from_secs(1_000_000_000), Instant::now());
        let hour = |number: u64| begin + Duration::from_hours(number);
        let mut confirmed = begin;
        for looks in processes {
            let mut seen = at;
            for (look, (clock, passed)) in looks.iter().enumerate() {
                confirmed = confirmed.max(Passage { confirmed, at: seen }.reached(hour(*clock), at));
                assert_eq!(confirmed, hour(*passed), "look {look} of {looks:?}");
                (seen, at) = (at, at + HOUR);
            }
        }
    }

    #[test]
    fn time_passes_as_the_clock_says_while_a_process_runs() {
        story(&[&[(0, 0), (1, 1), (2, 2), (3, 3)]]);
    }

    #[test]
    fn a_clock_that_leaps_ahead_moves_time_on_by_no_more_than_it_has_passed_twice() {
        let wrong = 430 * 24;
        story(&[&[(0, 0), (1, 1), (wrong + 2, 3), (wrong + 3, 5), (4, 5), (5, 5), (6, 6)]]);
    }

    /// The machine starts with a wrong clock, again and again.
    #[test]
    fn a_start_with_a_wrong_clock_moves_nothing_on() {
        let wrong = 430 * 24;
        story(&[
            &[(0, 0), (1, 1)],
            &[(wrong, 1)],
            &[(wrong + 1, 1)],
            &[(wrong + 2, 1), (wrong + 3, 3)],
            &[(5, 3), (6, 5)],
        ]);
    }

    #[test]
    fn what_nobody_has_seen_is_caught_up_with() {
        story(&[&[(0, 0)], &[(10, 0), (11, 2), (12, 4), (13, 6), (14, 8), (15, 10)], &[(15, 10), (16, 12)]]);
        story(&[&[(10, 0)], &[(3, 0), (4, 2), (5, 4), (6, 6), (7, 7)]]);
    }

    #[test]
    fn a_process_that_slept_has_seen_what_the_monotonic_clock_has() {
        let (begin, at) = (Timestamp::from_secs(1_000_000_000), Instant::now());
        let passage = Passage { confirmed: begin, at };
        assert_eq!(passage.reached(begin + 7 * DAY, at + 7 * DAY), begin + 7 * DAY);
        assert_eq!(passage.reached(begin + 7 * DAY, at + DAY), begin + 2 * DAY);
        assert_eq!(passage.reached(begin - DAY, at + DAY), begin - DAY, "and the store keeps what it knew");
    }
}
