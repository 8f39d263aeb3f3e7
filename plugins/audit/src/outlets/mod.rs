//! Tells others of each committed record: collectors of logs by syslog, webhooks by HTTP.
//!
//! How far each has come stands in the store, and moves on only when a record was taken: so each record is told at least once
//! and in order, over crashes and outages. Requests notice nothing of it. How messages travel is the server's to say, by a
//! [`Carrier`]; what they look like is in `syslog` and `webhook`.

pub mod syslog;
pub mod webhook;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorward_api::audit::StoredRecord;
use doorward_api::ports::{AuditLog, AuditOutlets, Clock, Entropy, OutletState};
use doorward_api::{OutletId, StoreError, Timestamp, VirtualServerId};
use serde_json::Value;
use tokio::time::sleep;

/// How long an outlet belongs to a process that says nothing more of it.
const LEASE: Duration = Duration::from_secs(15);
/// How often a process that has it says so.
const KEEP: Duration = Duration::from_secs(4);
/// How often it is looked whether another process has let go of it, or the store is back.
const TAKE: Duration = Duration::from_secs(5);
/// How often it is looked for new records.
const POLL: Duration = Duration::from_millis(500);
/// No longer is slept at a time: clocks may be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// A record that is refused as it is gets so many tries; those at which nobody was there do not count.
const REFUSED_TRIES: u32 = 5;
/// Records that are given up at a time.
const GIVEN_UP: u32 = 500;
/// While it fails, each so many-th failure is said.
const SAY_AGAIN: u32 = 10;
/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 300;

/// How often a failing outlet is tried, and whether a record is ever given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    first: Duration,
    longest: Duration,
    give_up: Option<Duration>,
}

impl Patience {
    /// A collector of logs: tried again soon, for ever.
    pub const COLLECTOR: Self = Self { first: Duration::from_secs(1), longest: Duration::from_secs(30), give_up: None };
    /// A webhook: ever more seldom, and for three days.
    pub const WEBHOOK: Self = Self {
        first: Duration::from_secs(2),
        longest: Duration::from_hours(1),
        give_up: Some(Duration::from_hours(3 * 24)),
    };

    /// Before the next try: doubled with each, half of it by chance, so that many do not come back at the same moment.
    fn pause(self, attempts: u32, entropy: &dyn Entropy) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
        let half = doubled.min(self.longest) / 2;
        let mut by_chance = [0_u8; 2];
        entropy.fill(&mut by_chance);
        half + half * u32::from(u16::from_be_bytes(by_chance)) / u32::from(u16::MAX)
    }
}

/// What became of records that were to be told, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// So many from the first on need not be told again.
    pub done: usize,
    /// So many of those were told; the others are of no interest there.
    pub told: usize,
    /// What kept the next one from being told.
    pub stop: Option<Stop>,
}

/// Why a record was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It may be later.
    Failed(String),
    /// It will not be, as it is.
    Refused(String),
    /// Nothing will be: nobody wants to hear of anything any more.
    Gone(String),
}

/// A way to somebody who is told.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// How many records it takes at a time.
    fn at_once(&self) -> u32;
    /// Tells of records, in order, until one is not taken.
    async fn carry(&self, records: &[StoredRecord]) -> Carried;
}

/// Whoever counts.
pub trait OutletWatch: Send + Sync {
    /// So many records were told.
    fn told(&self, vs: &VirtualServerId, outlet: &OutletId, count: usize);
    /// A try came to nothing.
    fn failed(&self, vs: &VirtualServerId, outlet: &OutletId);
    /// So many records will never be told.
    fn skipped(&self, vs: &VirtualServerId, outlet: &OutletId, count: i64);
}

/// How often a record was refused as it is. Whoever takes an outlet over begins to count anew.
#[derive(Debug, Clone, Copy, Default)]
struct Refusals {
    seq: i64,
    times: u32,
}

impl Refusals {
    /// Once more; says how often that was.
    fn count(&mut self, seq: i64) -> u32 {
        let before = if self.seq == seq { self.times } else { 0 };
        *self = Self { seq, times: before + 1 };
        self.times
    }
}

/// Tells one outlet of the records of one virtual server.
pub struct Courier<S> {
    /// Where records and outlets are kept.
    pub store: Arc<S>,
    /// Whose records.
    pub virtual_server: VirtualServerId,
    /// Who is told.
    pub outlet: OutletId,
    /// Tells this process from others.
    pub holder: String,
    /// The way there.
    pub carrier: Arc<dyn Carrier>,
    /// How often it is tried.
    pub patience: Patience,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Who counts.
    pub watch: Arc<dyn OutletWatch>,
}

/// What comes after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The next one, at once.
    Step,
    /// Nothing for a while.
    Sleep(Duration),
    /// The outlet is not ours any more, or wants nothing.
    LetGo,
}

impl<S: AuditLog + AuditOutlets> Courier<S> {
    /// Goes on for as long as the process lives.
    pub async fn run(&self) {
        let mut said = false;
        loop {
            match self.hold().await {
                Ok(()) => said = false,
                Err(error) if !said => {
                    tracing::warn!(%error, outlet = %self.outlet, "an outlet of the audit trail waits for the store");
                    said = true;
                }
                Err(_) => {}
            }
            sleep(TAKE).await;
        }
    }

    /// Works for as long as this process has the outlet, if it gets it.
    async fn hold(&self) -> Result<(), StoreError> {
        let Self { virtual_server: vs, outlet, holder, .. } = self;
        let Some(state) = self.store.take_outlet(vs, outlet, holder, LEASE, self.clock.now()).await? else {
            return Ok(());
        };
        tokio::select! {
            ended = self.work(state) => ended,
            () = self.keep() => Ok(()),
        }
    }

    /// Says now and then that the outlet is ours; ends when it is not.
    async fn keep(&self) {
        let Self { virtual_server: vs, outlet, holder, .. } = self;
        loop {
            sleep(KEEP).await;
            // A store that is away gives the outlet to nobody else, and whatever is written names its holder.
            if let Ok(false) = self.store.keep_outlet(vs, outlet, holder, LEASE, self.clock.now()).await {
                return;
            }
        }
    }

    async fn work(&self, mut state: OutletState) -> Result<(), StoreError> {
        let mut refusals = Refusals::default();
        loop {
            match self.step(&mut state, &mut refusals).await? {
                Next::Step => {}
                Next::Sleep(pause) => sleep(pause).await,
                Next::LetGo => return Ok(()),
            }
        }
    }

    async fn step(&self, state: &mut OutletState, refusals: &mut Refusals) -> Result<Next, StoreError> {
        let Self { virtual_server: vs, outlet, holder, .. } = self;
        let wait = state.due_at.since(self.clock.now());
        // A longer one than there is was reckoned from a clock that was ahead, and has been set right.
        if !wait.is_zero() && wait <= self.patience.longest {
            return Ok(Next::Sleep(wait.min(LONGEST_SLEEP)));
        }
        let records = self.store.records(vs, state.sent, self.carrier.at_once()).await?;
        let Some(first) = records.first() else { return Ok(Next::Sleep(POLL)) };
        self.skip_what_is_gone(state, first.seq);
        let carried = self.carrier.carry(&records).await;
        self.conclude(state, refusals, &records, carried).await?;
        let ours = self.store.note_outlet(vs, outlet, holder, state).await?;
        Ok(if ours && state.disabled_at.is_none() { Next::Step } else { Next::LetGo })
    }

    /// Old records may have been taken out of the trail before they could be told.
    fn skip_what_is_gone(&self, state: &mut OutletState, first: i64) {
        let gone = first - state.sent - 1;
        if gone > 0 {
            let (from, to) = (state.sent + 1, first - 1);
            tracing::error!(outlet = %self.outlet, virtual_server = %self.virtual_server, from, to,
                "records were trimmed before an outlet was told of them");
            state.sent = to;
            self.skipped(state, gone);
        }
    }

    async fn conclude(
        &self,
        state: &mut OutletState,
        refusals: &mut Refusals,
        records: &[StoredRecord],
        Carried { done, told, stop }: Carried,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        if let Some(last) = records.get(..done).unwrap_or(records).last() {
            state.sent = last.seq;
        }
        // To pass over what is of no interest there says nothing of whether anybody is there.
        if told > 0 {
            self.watch.told(&self.virtual_server, &self.outlet, told);
            self.well_again(state);
        }
        match stop {
            None => {}
            Some(Stop::Failed(reason)) => {
                self.fail(state, &reason, now);
                self.give_up_what_is_old(state, now).await?;
            }
            Some(Stop::Refused(reason)) => {
                self.fail(state, &reason, now);
                if let Some(refused) = records.get(done)
                    && refusals.count(refused.seq) >= REFUSED_TRIES
                {
                    self.skip_refused(state, refused.seq, &reason);
                }
            }
            Some(Stop::Gone(reason)) => {
                self.fail(state, &reason, now);
                state.disabled_at = Some(now);
                tracing::error!(outlet = %self.outlet, virtual_server = %self.virtual_server, reason,
                    "an outlet of the audit trail wants no records any more; it is tried again after a restart");
            }
        }
        Ok(())
    }

    fn well_again(&self, state: &mut OutletState) {
        if state.failing_since.is_some() {
            tracing::info!(outlet = %self.outlet, virtual_server = %self.virtual_server,
                "an outlet of the audit trail takes records again");
        }
        state.attempts = 0;
        state.failing_since = None;
        state.last_error = None;
    }

    fn fail(&self, state: &mut OutletState, reason: &str, now: Timestamp) {
        if state.attempts.is_multiple_of(SAY_AGAIN) {
            tracing::warn!(outlet = %self.outlet, virtual_server = %self.virtual_server, after = state.sent, reason,
                "an outlet of the audit trail fails; tried again");
        }
        state.attempts = state.attempts.saturating_add(1);
        // Not since a time that is still to come: the clock may have been ahead.
        state.failing_since = Some(state.failing_since.map_or(now, |since| since.min(now)));
        state.last_error = Some(reason.chars().take(LONGEST_REASON).collect());
        state.due_at = now + self.patience.pause(state.attempts, &*self.entropy);
        self.watch.failed(&self.virtual_server, &self.outlet);
    }

    fn skip_refused(&self, state: &mut OutletState, seq: i64, reason: &str) {
        tracing::error!(outlet = %self.outlet, virtual_server = %self.virtual_server, seq, reason,
            "a record was refused again and again, and is given up");
        state.sent = seq;
        state.due_at = Timestamp::default();
        self.skipped(state, 1);
        self.well_again(state);
    }

    /// After so long of nothing but failures the records from before are given up, and those since are kept.
    async fn give_up_what_is_old(&self, state: &mut OutletState, now: Timestamp) -> Result<(), StoreError> {
        let Some(limit) = self.patience.give_up.map(|patience| now - patience) else { return Ok(()) };
        if state.failing_since.is_none_or(|since| since > limit) {
            return Ok(());
        }
        let before = state.sent;
        loop {
            let records = self.store.records(&self.virtual_server, state.sent, GIVEN_UP).await?;
            let old = records.iter().take_while(|record| was_there_at(record, limit));
            let Some(last) = old.last() else { break };
            state.sent = last.seq;
        }
        let given_up = state.sent - before;
        if given_up > 0 {
            tracing::error!(outlet = %self.outlet, virtual_server = %self.virtual_server, from = before + 1,
                to = state.sent, "records were given up: the outlet has failed for too long");
            self.skipped(state, given_up);
        }
        Ok(())
    }

    fn skipped(&self, state: &mut OutletState, count: i64) {
        state.skipped = state.skipped.saturating_add(count);
        self.watch.skipped(&self.virtual_server, &self.outlet, count);
    }
}

/// Times of records have one form, in which the earlier one is the smaller text.
fn was_there_at(record: &StoredRecord, limit: Timestamp) -> bool {
    let parsed: Value = serde_json::from_str(&record.record).unwrap_or_default();
    parsed.get("timeStamp").and_then(Value::as_str).is_some_and(|at| at <= limit.rfc3339().as_str())
}

#[cfg(test)]
mod tests;
