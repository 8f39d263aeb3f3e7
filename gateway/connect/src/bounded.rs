//! A connection on which no more is read than a mail server has any reason to say (SS-02).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

#[expect(
    deprecated,
    reason = "lettre has no other way to speak TLS from the first byte over a stream of one's own"
)]
use lettre::transport::smtp::client::AsyncNetworkStream;
use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, ToSocketAddrs};

/// Bytes that are read before we say something again, TLS included. A certificate with its chain is what is longest; answers
/// have a few hundred. More would not only fill memory: with each line of an answer lettre reads all of it anew, so that a
/// megabyte of short lines would be minutes of work.
const MOST_AT_ONCE: usize = 16 * 1024;

/// A TCP connection that ends when too much has come over it at once.
#[derive(Debug)]
pub(crate) struct Bounded {
    tcp: TcpStream,
    left: usize,
}

impl Bounded {
    /// Connects to one of the addresses.
    ///
    /// # Errors
    /// When none of them answers.
    pub(crate) async fn connect(to: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(Self { tcp: TcpStream::connect(to).await?, left: MOST_AT_ONCE })
    }
}

impl AsyncTokioStream for Bounded {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, into))?;
        let read = into.filled().len().saturating_sub(before);
        match self.left.checked_sub(read) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "it says too much"))),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.left = MOST_AT_ONCE;
        Pin::new(&mut self.tcp).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// TLS over such a connection.
#[derive(Debug)]
#[expect(deprecated, reason = "see above")]
pub(crate) struct Encrypted(AsyncNetworkStream);

#[expect(deprecated, reason = "see above")]
impl Encrypted {
    /// Shakes hands; certificate and name are checked as `tls` says.
    ///
    /// # Errors
    /// When the server's certificate is not the right one, or it speaks no TLS.
    pub(crate) async fn over(tcp: Bounded, tls: TlsParameters) -> Result<Self, lettre::transport::smtp::Error> {
        let mut stream = AsyncNetworkStream::use_existing_tokio1(Box::new(tcp));
        stream.upgrade_tls(tls).await?;
        Ok(Self(stream))
    }
}

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = ready!(futures::AsyncRead::poll_read(Pin::new(&mut self.0), cx, into.initialize_unfilled()))?;
        into.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        futures::AsyncWrite::poll_write(Pin::new(&mut self.0), cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        futures::AsyncWrite::poll_flush(Pin::new(&mut self.0), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        futures::AsyncWrite::poll_close(Pin::new(&mut self.0), cx)
    }
}
