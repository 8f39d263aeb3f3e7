//! The access log on its way to standard error: its lines are numbered and hashed as they are written, and once a minute the
//! chain is told of them (decision A25). Lines are written by whoever has something to say, one at a time, as everything on
//! standard error is: what is hashed has been written, also when the process is killed in the next moment.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use doorward_api::VirtualServerId;
use doorward_api::ports::{Change, Entropy, Ledger};
use doorward_audit::{Numbering, Part};
use doorward_proxy::Lines;
use doorward_store::{Store, SystemEntropy};
use tokio::runtime::Runtime;
use tokio::time::{MissedTickBehavior, interval};

/// How often the chain is told.
const EVERY: Duration = Duration::from_mins(1);
/// Parts that wait for the store, at most: those of a day.
const MOST_WAITING: usize = 24 * 60;

/// The lines of this process.
#[derive(Clone)]
pub(crate) struct AccessLog(Arc<Mutex<Numbering>>);

impl AccessLog {
    /// With nothing written yet.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Numbering::of(SystemEntropy.id()))))
    }

    /// Where the lines of requests go: where the other lines of the log go, unless `RUST_LOG` leaves them out.
    pub(crate) fn lines(&self) -> Option<Lines> {
        let log = self.clone();
        let wanted = tracing::enabled!(target: "access", tracing::Level::INFO);
        wanted.then(|| -> Lines { Arc::new(move |line| log.write(line)) })
    }

    /// A whole line.
    fn write(&self, line: &str) {
        let mut numbering = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written stops nobody's request. The line was numbered and hashed all the same, and is then missing.
        let _ = io::stderr().lock().write_all(numbering.line(line.as_bytes()));
    }

    /// What was written since the last time.
    fn close(&self) -> Option<Part> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).close()
    }
}

/// Tells the chain.
#[derive(Clone)]
pub(crate) struct Seals {
    log: AccessLog,
    store: Store,
    /// Whose chain. A line that belongs to none is there, too.
    vs: VirtualServerId,
    waiting: Arc<tokio::sync::Mutex<VecDeque<Part>>>,
}

impl Seals {
    /// Of this log, in the chain of this virtual server.
    pub(crate) fn new(log: AccessLog, store: &Store, vs: VirtualServerId) -> Self {
        Self { log, store: store.clone(), vs, waiting: Arc::default() }
    }

    /// Begins to do so every minute.
    pub(crate) fn start(&self, runtime: &Runtime) {
        let seals = self.clone();
        runtime.spawn(async move {
            let mut ticks = interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                seals.seal().await;
            }
        });
    }

    /// Records what was written since the last time, and what could not be recorded before. Nothing where there is nothing.
    pub(crate) async fn seal(&self) {
        let mut waiting = self.waiting.lock().await;
        waiting.extend(self.log.close());
        while let Some(part) = waiting.front() {
            let recorded = self.store.commit(&self.vs, Change::only(part.event()), self.store.clock().now()).await;
            if let Err(error) = recorded {
                tracing::warn!(%error, parts = waiting.len(), "the access log's hash could not be recorded; tried again");
                break;
            }
            waiting.pop_front();
        }
        while waiting.len() > MOST_WAITING {
            waiting.pop_front();
            tracing::error!("the store has not taken the access log's hashes for a day; the oldest is given up");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_number_and_what_is_recorded_ends_with_it() {
        let log = AccessLog::new();
        assert_eq!(log.close(), None);
        for _ in 0..3 {
            log.write("{\"timestamp\":\"t\"}\n");
        }
        let part = log.close().unwrap();
        assert_eq!((part.first, part.last), (1, 3));
        log.write("{\"timestamp\":\"t\"}\n");
        assert_eq!(log.close().map(|part| (part.first, part.last)), Some((4, 4)));
        assert_ne!(AccessLog::new().0.lock().unwrap().close().map(|part| part.instance), Some(part.instance));
    }
}
