//! A client's connection, wrapped: what no setting of Pingora bounds is bounded here. Reading from an HTTP/2 connection fails
//! once its preface, a frame or a header block is not there in time, or the client asks for work that brings nothing
//! (`frames.rs`). Writing, on any connection, fails once the client takes less of what is ready for it than the least rate.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use doorward_api::ports::Metrics;
use pingora::protocols::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep, sleep_until};

use crate::front::chunks::Body;
use crate::front::frames::{Abuse, Frames};
use crate::limits::Limits;

/// The wrapped connection.
pub(crate) struct Guarded {
    inner: Stream,
    metrics: Arc<dyn Metrics>,
    frames: Option<Frames>,
    body: Option<Arc<Body>>,
    due: Option<Due>,
    taking: Taking,
    /// It was ended, whatever is asked of it afterwards.
    ended: bool,
}

/// A moment that is waited for.
struct Due {
    at: Instant,
    sleep: Pin<Box<Sleep>>,
}

/// How the client takes what is ready for it.
struct Taking {
    patience: Duration,
    least: u64,
    waited: Option<Waited>,
}

/// A write has been waiting.
struct Waited {
    /// What the client had acknowledged when this span of time began, and the span's end.
    acknowledged: u64,
    end: Pin<Box<Sleep>>,
}

// === impl Guarded ===

impl Guarded {
    /// A connection on which HTTP/1 is spoken.
    pub(crate) fn http1(inner: Stream, limits: &Limits, metrics: Arc<dyn Metrics>) -> Self {
        Self { inner, metrics, frames: None, body: None, due: None, taking: Taking::new(limits), ended: false }
    }

    /// A connection on which HTTP/2 is to be spoken, beginning with the preface.
    pub(crate) fn http2(inner: Stream, limits: &Limits, metrics: Arc<dyn Metrics>) -> Self {
        let frames = Frames::new(limits, Instant::now());
        Self { frames: Some(frames), ..Self::http1(inner, limits, metrics) }
    }

    /// The same, with what is read shown to the body that is expected.
    pub(crate) fn watching(self, body: Arc<Body>) -> Self {
        Self { body: Some(body), ..self }
    }

    fn end(&mut self, Abuse(reason): Abuse) -> io::Error {
        if !std::mem::replace(&mut self.ended, true) {
            self.metrics.front_refusal(reason);
        }
        io::Error::new(io::ErrorKind::TimedOut, reason)
    }

    /// What is coming in is not there yet: pending until it must be.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.frames.as_ref().and_then(Frames::due) else {
            self.due = None;
            return Poll::Pending;
        };
        if self.due.as_ref().is_none_or(|due| due.at != at) {
            self.due = Some(Due { at, sleep: Box::pin(sleep_until(at.into())) });
        }
        self.due.as_mut().map_or(Poll::Pending, |due| due.sleep.as_mut().poll(cx))
    }

    /// The outcome of writing so many bytes, or of flushing; where it has to wait, it waits for a client that takes enough.
    fn paced<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
        written: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        match outcome {
            Poll::Ready(outcome) => {
                self.taking.waited = None;
                if let (Ok(done), Some(frames)) = (&outcome, &mut self.frames) {
                    frames.wrote(written(done));
                }
                Poll::Ready(outcome)
            }
            Poll::Pending => {
                let inner = &self.inner;
                ready!(self.taking.poll_too_slow(cx, || acknowledged(inner)));
                Poll::Ready(Err(self.end(Abuse("slow_reader"))))
            }
        }
    }
}

/// How many bytes the client has acknowledged. A write that waits says nothing of that: the system wakes it only when a third
/// of its buffer, which may be megabytes, is free. Where the system does not tell, none.
fn acknowledged(inner: &Stream) -> u64 {
    let digest = inner.get_socket_digest();
    digest.and_then(|digest| digest.tcp_info()).map_or(0, |info| info.tcpi_bytes_acked)
}

// === impl Taking ===

impl Taking {
    fn new(limits: &Limits) -> Self {
        let least = u64::from(limits.slowest).saturating_mul(limits.slow_for.as_secs());
        Self { patience: limits.slow_for, least, waited: None }
    }

    /// Ready when the client took too little in a span of time throughout which a write was waiting.
    fn poll_too_slow(&mut self, cx: &mut Context<'_>, acknowledged: impl Fn() -> u64) -> Poll<()> {
        let patience = self.patience;
        let begin = || Waited { acknowledged: acknowledged(), end: Box::pin(sleep(patience)) };
        loop {
            let waited = self.waited.get_or_insert_with(begin);
            ready!(waited.end.as_mut().poll(cx));
            let now = begin();
            if now.acknowledged.saturating_sub(waited.acknowledged) < self.least {
                return Poll::Ready(());
            }
            *waited = now;
        }
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl AsyncRead for Guarded {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let before = buf.filled().len();
        match Pin::new(&mut this.inner).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                let read = buf.filled().get(before..).unwrap_or_default();
                let seen = this.frames.as_mut().map_or(Ok(()), |frames| frames.read(read, Instant::now()));
                let whole = this.body.as_ref().map_or(Ok(()), |body| body.read(read));
                Poll::Ready(seen.map_err(|abuse| this.end(abuse)).and(whole))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                ready!(this.poll_due(cx));
                Poll::Ready(Err(this.end(Abuse("h2_frame_deadline"))))
            }
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write(cx, buf);
        this.paced(cx, written, |count| *count)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.inner).poll_flush(cx);
        this.paced(cx, flushed, |()| 0)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.inner).poll_write_vectored(cx, bufs);
        this.paced(cx, written, |count| *count)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

super::wrapped::passes_on_the_rest!(Guarded);
