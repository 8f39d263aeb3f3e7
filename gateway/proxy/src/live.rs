//! What is under way, so that it can be cut: when a session ends, its WebSockets, downloads and event streams end with it.
//!
//! Two ways lead there. [`Live::cut`] ends everything of a portal session at once; it is called at sign-out in this process.
//! And a live WebSocket or stream is judged again more than twice a second, which finds whatever else changed: a sign-out in another
//! process, a user switched off, another policy.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use doorward_api::SessionId;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::memory::Memory;

tokio::task_local! {
    /// The work on the current request: on HTTP/1 its connection, on HTTP/2 its stream. Set around Pingora's processing, so
    /// every callback sees it.
    pub(crate) static WORK: Work;
}

/// What is one connection's or stream's own.
pub(crate) struct Work {
    /// Ends it.
    cut: CancellationToken,
    /// What it remembers of its last request, while there is none.
    memory: Cell<Option<Box<Memory>>>,
}

impl Work {
    /// New work, which `cut` ends.
    pub(crate) fn new(cut: CancellationToken) -> Self {
        Self { cut, memory: Cell::new(None) }
    }

    fn current_cut() -> Option<CancellationToken> {
        WORK.try_with(|work| work.cut.clone()).ok()
    }

    /// Takes the memory of the current connection for a request.
    pub(crate) fn recall() -> Option<Box<Memory>> {
        WORK.try_with(|work| work.memory.take()).ok().flatten()
    }

    /// Leaves it for the next request.
    pub(crate) fn remember(memory: Option<Box<Memory>>) {
        // Outside of a connection there is no next one.
        let _ = WORK.try_with(|work| work.memory.set(memory));
    }
}

/// The requests under way, by portal session.
#[derive(Debug, Default)]
pub struct Live {
    /// Few each: what one person has open.
    by_session: DashMap<SessionId, Vec<(u64, CancellationToken)>>,
    next: AtomicU64,
}

/// A request under way; taken out when dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    live: Arc<Live>,
    session: SessionId,
    number: u64,
}

impl Live {
    /// With nothing under way.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Cuts everything that is under way for a portal session, and says how much it was.
    pub fn cut(&self, portal: &SessionId) -> usize {
        let Some((_, tokens)) = self.by_session.remove(portal) else { return 0 };
        tokens.iter().for_each(|(_, token)| token.cancel());
        tokens.len()
    }

    /// How many sessions have something under way.
    pub fn sessions(&self) -> usize {
        self.by_session.len()
    }

    /// Notes the current request; `None` outside of one.
    pub(crate) fn enter(self: &Arc<Self>, portal: &SessionId) -> Option<Entered> {
        let token = Work::current_cut()?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.by_session.entry(portal.clone()).or_default().push((number, token));
        Some(Entered { live: self.clone(), session: portal.clone(), number })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // One look for both: what is under way, and whether anything still is.
        if let Entry::Occupied(mut tokens) = self.live.by_session.entry(self.session.clone()) {
            tokens.get_mut().retain(|(number, _)| *number != self.number);
            if tokens.get().is_empty() {
                tokens.remove();
            }
        }
    }
}

/// Somebody who judges the current request again and again; gone when dropped.
#[derive(Debug)]
pub(crate) struct Watch(JoinHandle<()>);

impl Watch {
    /// Asks `still` at every interval and cuts the current request at the first no. `None` outside of a request.
    pub(crate) fn begin<F, Asked>(every: Duration, still: F) -> Option<Self>
    where
        F: Fn() -> Asked + Send + 'static,
        Asked: Future<Output = bool> + Send,
    {
        let cut = Work::current_cut()?;
        Some(Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                if !still().await {
                    return cut.cancel();
                }
            }
        })))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[tokio::test]
    async fn cutting_a_session_cuts_all_of_its_requests_and_nobody_elses() {
        let live = Live::new();
        let (alice, bob) = (SessionId::from("alice"), SessionId::from("bob"));
        let tokens: Vec<_> = std::iter::repeat_with(CancellationToken::new).take(3).collect();
        let mut entered = Vec::new();
        for (token, session) in tokens.iter().zip([&alice, &alice, &bob]) {
            entered.push(WORK.sync_scope(Work::new(token.clone()), || live.enter(session)).unwrap());
        }
        assert_eq!(live.cut(&alice), 2);
        assert_eq!(tokens.iter().map(CancellationToken::is_cancelled).collect::<Vec<_>>(), [true, true, false]);
        drop(entered);
        assert_eq!(live.sessions(), 0);
        assert_eq!(live.cut(&bob), 0);
    }

    #[tokio::test]
    async fn a_watched_request_is_cut_when_the_answer_changes() {
        let token = CancellationToken::new();
        let admitted = Arc::new(AtomicBool::new(true));
        let asked = admitted.clone();
        let watch = WORK.sync_scope(Work::new(token.clone()), || {
            Watch::begin(Duration::from_millis(10), move || std::future::ready(asked.load(Ordering::Relaxed)))
        });
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(!token.is_cancelled());
        admitted.store(false, Ordering::Relaxed);
        tokio::time::timeout(Duration::from_secs(5), token.cancelled()).await.unwrap();
        drop(watch);
    }

    #[tokio::test]
    async fn nobody_watches_a_request_that_is_over() {
        let token = CancellationToken::new();
        let watch = WORK.sync_scope(Work::new(token.clone()), || {
            Watch::begin(Duration::from_millis(10), || std::future::ready(false))
        });
        drop(watch);
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(!token.is_cancelled());
    }
}
