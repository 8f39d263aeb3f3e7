//! A small tokio runtime of the store's own (design 3.10): a socket dies with the runtime that it was opened on, and the
//! services of the gateway each have theirs. Every query runs here, whoever asked.

use std::future::Future;
use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// The runtime. Dropping it never blocks, so that the last holder may let go of it anywhere.
pub(crate) struct StoreRuntime(Option<Runtime>);

impl StoreRuntime {
    pub(crate) fn new() -> std::io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name("doorward-store").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Starts `work`; it goes on when who asked for it does not wait any longer.
    pub(crate) fn spawn<F>(&self, work: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.as_ref().map(|runtime| runtime.spawn(work))
    }

    /// Runs `work` and blocks the calling thread meanwhile, for at most `limit`. Works inside another runtime, too.
    pub(crate) fn wait<F>(&self, limit: Duration, work: F) -> Option<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (answer, answered) = mpsc::sync_channel(1);
        self.spawn(async move {
            let _ = answer.send(work.await);
        })?;
        answered.recv_timeout(limit).ok()
    }
}

impl Drop for StoreRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
