//! The connection to an upstream for a WebSocket handshake, on which the answer waits until the request has been sent whole.
//!
//! A handshake has no body, but the end of that body is a step of its own in Pingora 0.9.1, and where an upstream is so
//! quick that its 101 is read before that step, the step is taken for the end of the whole upgraded connection, which is
//! torn down at once (cloudflare/pingora#946, F-21). The step ends with a flush to which nothing was written; until that
//! flush nothing is read here.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use pingora::connectors::l4::Connect;
use pingora::prelude::*;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// An answer waits no longer than this: should the flush never come, the fault is there again and not a worse one.
const LONGEST: Duration = Duration::from_secs(1);

/// One handshake's connection: makes it, and is told when the request begins.
#[derive(Debug)]
pub(crate) struct Handshake {
    timeout: Duration,
    begun: Arc<AtomicBool>,
    number: u64,
}

impl Handshake {
    /// With the time that connecting may take.
    pub(crate) fn new(timeout: Duration) -> Arc<Self> {
        Arc::new(Self { timeout, begun: Arc::default(), number: own_number() })
    }

    /// From here on what is written is the request, and no TLS handshake.
    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::Release);
    }

    /// No two are alike, so that none of these connections is kept and used again.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

/// The number of a connection that is used once.
pub(crate) fn own_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[async_trait]
impl Connect for Handshake {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let Some(address) = address.as_inet() else {
            return Error::e_explain(InternalError, "a handshake goes to an Internet address");
        };
        let stream = match tokio::time::timeout(self.timeout, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(cause)) if cause.kind() == io::ErrorKind::ConnectionRefused => {
                return Error::e_because(ConnectRefused, "a handshake's connection", cause);
            }
            Ok(Err(cause)) => return Error::e_because(ConnectError, "a handshake's connection", cause),
            Err(elapsed) => return Error::e_because(ConnectTimedout, "a handshake's connection", elapsed),
        };
        let waiting = Waiting { stream, begun: self.begun.clone(), sent: Sent::Nothing, reader: None, longest: None };
        Ok(VirtualSocketStream::new(Box::new(waiting)).into())
    }
}

/// How far the request has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Nothing,
    /// Written, and not flushed yet.
    Written,
    /// Flushed.
    Head,
    /// Flushed again, with nothing written in between.
    Whole,
}

/// A connection that is read from when it is time.
#[derive(Debug)]
struct Waiting<S> {
    stream: S,
    begun: Arc<AtomicBool>,
    sent: Sent,
    reader: Option<Waker>,
    longest: Option<Pin<Box<Sleep>>>,
}

impl<S> Waiting<S> {
    fn begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Whether it is time to read.
    fn poll_time(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.begun() || self.sent == Sent::Whole {
            return Poll::Ready(());
        }
        self.reader = Some(context.waker().clone());
        let longest = self.longest.get_or_insert_with(|| Box::pin(tokio::time::sleep(LONGEST)));
        longest.as_mut().poll(context)
    }

    fn flushed(&mut self) {
        if !self.begun() {
            return;
        }
        self.sent = match self.sent {
            Sent::Written => Sent::Head,
            Sent::Head => Sent::Whole,
            as_before => as_before,
        };
        if self.sent == Sent::Whole
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Waiting<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.poll_time(context) {
            Poll::Ready(()) => Pin::new(&mut this.stream).poll_read(context, into),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Waiting<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        if this.begun() && this.sent != Sent::Whole && matches!(written, Poll::Ready(Ok(1..))) {
            this.sent = Sent::Written;
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            this.flushed();
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl VirtualSocket for Waiting<TcpStream> {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.stream.set_nodelay(true),
            // Whether the other end is there is seen from its traffic.
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    fn pair() -> (Waiting<DuplexStream>, DuplexStream, Handshake) {
        let (near, far) = tokio::io::duplex(1024);
        let handshake = Handshake { timeout: LONGEST, begun: Arc::default(), number: 0 };
        let begun = handshake.begun.clone();
        (Waiting { stream: near, begun, sent: Sent::Nothing, reader: None, longest: None }, far, handshake)
    }

    async fn reads(near: &mut Waiting<DuplexStream>) -> bool {
        tokio::time::timeout(Duration::from_millis(50), near.read_u8()).await.is_ok()
    }

    #[tokio::test]
    async fn an_answer_waits_for_the_whole_request() {
        let (mut near, mut far, handshake) = pair();
        far.write_all(b"tls").await.unwrap();
        near.write_all(b"tls").await.unwrap();
        near.flush().await.unwrap();
        near.flush().await.unwrap();
        assert!(reads(&mut near).await, "a TLS handshake goes both ways");
        handshake.begin();
        near.write_all(b"he").await.unwrap();
        near.write_all(b"ad").await.unwrap();
        assert!(!reads(&mut near).await);
        near.flush().await.unwrap();
        assert!(!reads(&mut near).await);
        near.flush().await.unwrap();
        assert!(reads(&mut near).await);
        near.write_all(b"frame").await.unwrap();
        assert!(reads(&mut near).await, "from then on both ways");
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_woken() {
        let (mut near, mut far, handshake) = pair();
        handshake.begin();
        far.write_all(b"1").await.unwrap();
        near.write_all(b"head").await.unwrap();
        near.flush().await.unwrap();
        let (mut reading, mut writing) = tokio::io::split(near);
        let read = tokio::spawn(async move { reading.read_u8().await.unwrap() });
        tokio::task::yield_now().await;
        writing.flush().await.unwrap();
        assert_eq!(tokio::time::timeout(LONGEST / 2, read).await.unwrap().unwrap(), b'1');
    }

    #[tokio::test]
    async fn an_answer_does_not_wait_for_ever() {
        let (mut near, mut far, handshake) = pair();
        handshake.begin();
        far.write_all(b"1").await.unwrap();
        near.write_all(b"head").await.unwrap();
        assert_eq!(near.read_u8().await.unwrap(), b'1');
    }
}
