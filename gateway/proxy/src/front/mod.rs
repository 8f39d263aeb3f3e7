//! The layer in front of Pingora's `HttpProxy`. It owns the HTTP/1 connection loop: it reads each head itself, under one
//! deadline, checks it, and only then hands it over. HTTP/2 goes to Pingora's own loop, with a deadline for the preface.
//!
//! What that gives (and no setting does): a deadline for a whole head, an idle time-out, strict heads, connections that can
//! be cut while they are in use, and upgrades that lose no request.

pub(crate) mod crowd;
mod head;
mod preface;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use http::StatusCode;
use pingora::apps::{HttpPersistentSettings, HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::protocols::{ALPN, Stream};
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use pingora::time::timeout;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub(crate) use head::{check_expectation, check_length, check_method};

use crate::front::crowd::Crowd;
use crate::front::head::{Progress, Scan};
use crate::front::preface::Preface;
use crate::gateway::Gateway;
use crate::limits::Limits;
use crate::live::CUT;
use crate::record::Refusals;
use crate::refusal::Refusal;

/// What a listener serves: see the module.
pub struct Front {
    edge: Arc<Edge>,
    crowd: Arc<Crowd>,
}

/// The part that every request passes, on HTTP/1 and on HTTP/2.
struct Edge {
    inner: Arc<HttpProxy<Gateway>>,
    limits: Arc<Limits>,
    refused: Refusals,
}

/// What came of waiting for a head.
enum Got {
    /// A good one; what follows it in the buffer is the body's.
    Head(BytesMut),
    /// Nothing: the client left or was silent for too long.
    Close,
    /// A bad one, and when it began.
    Refuse(Refusal, Instant),
}

impl Front {
    pub(crate) fn new(inner: HttpProxy<Gateway>, limits: Arc<Limits>, crowd: Arc<Crowd>, refused: Refusals) -> Self {
        Self { edge: Arc::new(Edge { inner: Arc::new(inner), limits, refused }), crowd }
    }
}

#[async_trait]
impl ServerApp for Front {
    async fn process_new(self: &Arc<Self>, io: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let address = peer_address(&io);
        let _present = address.map(|address| self.crowd.enter(address));
        if matches!(io.selected_alpn_proto(), Some(ALPN::H2)) {
            let io = Preface::new(io, self.edge.limits.header_deadline);
            return ServerApp::process_new(&self.edge, Box::new(io), shutdown).await;
        }
        let cut = CancellationToken::new();
        tokio::select! {
            biased;
            () = CUT.scope(cut.clone(), self.edge.h1_connection(io, address, shutdown)) => {}
            // Dropping the future drops both connections: the client's and the upstream's.
            () = cut.cancelled() => {}
        }
        None
    }

    async fn cleanup(&self) {
        ServerApp::cleanup(self.edge.as_ref()).await;
    }
}

impl Edge {
    /// HTTP/1: one request after the other.
    async fn h1_connection(self: &Arc<Self>, mut io: Stream, address: Option<IpAddr>, shutdown: &ShutdownWatch) {
        let mut kept = None;
        loop {
            let head = match self.read_head(&mut io, shutdown).await {
                Got::Head(head) => head,
                Got::Close => return close(io).await,
                Got::Refuse(refusal, begun) => return self.refuse(io, address, refusal, begun).await,
            };
            let session = self.session(io, head, kept.take());
            match self.inner.process_new_http(session, shutdown).await.map(ReusedHttpStream::consume) {
                Some((stream, settings)) => (io, kept) = (stream, settings),
                None => return,
            }
        }
    }

    fn session(&self, io: Stream, head: BytesMut, kept: Option<HttpPersistentSettings>) -> ServerSession {
        let mut session = ServerSession::new_http1(io);
        match kept {
            Some(kept) => kept.apply_to_session(&mut session),
            None => {
                session.set_keepalive(Some(self.limits.idle.as_secs()));
                session.set_keepalive_reuses_remaining(Some(self.limits.keepalive_requests));
            }
        }
        self.bound(&mut session);
        session.set_pipelined_prefix(head);
        session
    }

    /// Time-outs for the body and for the answer.
    fn bound(&self, session: &mut ServerSession) {
        session.set_read_timeout(Some(self.limits.body_idle));
        session.set_write_timeout(Some(self.limits.body_idle));
        session.set_total_drain_timeout(Some(self.limits.drain_time));
    }

    async fn read_head(&self, io: &mut Stream, shutdown: &ShutdownWatch) -> Got {
        let mut buffer = BytesMut::with_capacity(4096);
        if !self.first_bytes(io, &mut buffer, shutdown).await {
            return Got::Close;
        }
        let begun = Instant::now();
        match timeout(self.limits.header_deadline, self.rest_of_head(io, buffer)).await {
            Ok(Ok(Some(head))) => Got::Head(head),
            Ok(Ok(None)) => Got::Close,
            Ok(Err(refusal)) => Got::Refuse(refusal, begun),
            Err(_) => Got::Refuse(Refusal::new(StatusCode::REQUEST_TIMEOUT, "head_deadline"), begun),
        }
    }

    /// Waits for a request to begin: as long as idle connections may, and no longer than `linger` once a shutdown began.
    async fn first_bytes(&self, io: &mut Stream, buffer: &mut BytesMut, shutdown: &ShutdownWatch) -> bool {
        let mut shutdown = shutdown.clone();
        loop {
            let leaving = *shutdown.borrow_and_update();
            let idle = if leaving { self.limits.linger.min(self.limits.idle) } else { self.limits.idle };
            tokio::select! {
                biased;
                read = timeout(idle, io.read_buf(buffer)) => return matches!(read, Ok(Ok(count)) if count > 0),
                changed = shutdown.changed(), if !leaving => if changed.is_err() { return false },
            }
        }
    }

    /// `None` when the client has left.
    async fn rest_of_head(&self, io: &mut Stream, mut buffer: BytesMut) -> Result<Option<BytesMut>, Refusal> {
        let mut scan = Scan::default();
        let mut line_skipped = false;
        loop {
            // RFC 9112 2.2: one empty line before a request is ignored; old clients send it after a POST.
            if !line_skipped && buffer.starts_with(b"\r\n") {
                buffer.advance(2);
                line_skipped = true;
            }
            if let Progress::Complete(length) = scan.advance(&buffer, &self.limits)? {
                return self.checked(buffer, length).map(Some);
            }
            buffer.reserve(4096);
            match io.read_buf(&mut buffer).await {
                Ok(count) if count > 0 => {}
                _ => return Ok(None),
            }
        }
    }

    fn checked(&self, buffer: BytesMut, length: usize) -> Result<BytesMut, Refusal> {
        let checked = head::check(buffer.get(..length).unwrap_or_default(), &self.limits)?;
        Ok(with_request_line(buffer, checked.request_line))
    }

    /// Says no in plain words, and reads on for a moment: a connection closed with bytes unread is reset, and the answer
    /// would be lost with it.
    async fn refuse(&self, mut io: Stream, address: Option<IpAddr>, refusal: Refusal, begun: Instant) {
        let answer = self.refused.head(refusal, address, begun);
        let told = async {
            io.write_all(answer.as_bytes()).await?;
            io.flush().await?;
            AsyncWriteExt::shutdown(&mut io).await
        };
        if matches!(timeout(self.limits.drain_time, told).await, Ok(Ok(()))) {
            let mut rest = (&mut io).take(u64::try_from(self.limits.drain_bytes).unwrap_or(u64::MAX));
            let _ = timeout(self.limits.drain_time, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
        }
        close(io).await;
    }
}

#[async_trait]
impl HttpServerApp for Edge {
    /// Every HTTP/2 stream comes through here, in a task of its own.
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        self.bound(&mut session);
        let cut = CancellationToken::new();
        tokio::select! {
            biased;
            reused = CUT.scope(cut.clone(), self.inner.process_new_http(session, shutdown)) => reused,
            () = cut.cancelled() => None,
        }
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.inner.server_options.as_ref()
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.inner.h2_options.clone()
    }

    /// Pingora drops every connection that waits for a request as soon as the accept loops have ended, and with it the
    /// requests on their way in. So it is told later; meanwhile answers say `Connection: close`.
    async fn http_cleanup(&self) {
        sleep(self.limits.linger).await;
        self.inner.http_cleanup().await;
    }
}

/// The options of Pingora's own loops.
pub(crate) fn server_options(limits: &Limits) -> HttpServerOptions {
    let mut options = HttpServerOptions::default();
    options.h2c = false;
    options.allow_connect_method_proxying = false;
    options.keepalive_request_limit = Some(limits.keepalive_requests);
    options.h2_idle_timeout = Some(limits.h2.idle);
    options
}

/// The options of HTTP/2 connections.
pub(crate) fn h2_options(limits: &Limits) -> H2Options {
    let mut options = pingora::protocols::http::v2::server::default_h2_options();
    options.max_concurrent_streams(limits.h2.streams);
    options.max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
    options.initial_window_size(limits.h2.stream_window);
    options.initial_connection_window_size(limits.h2.connection_window);
    options
}

fn peer_address(io: &Stream) -> Option<IpAddr> {
    let digest = io.get_socket_digest()?;
    Some(digest.peer_addr()?.as_inet()?.ip().to_canonical())
}

fn with_request_line(buffer: BytesMut, line: Option<Vec<u8>>) -> BytesMut {
    let Some(line) = line else { return buffer };
    let end = memchr::memchr(b'\r', &buffer).unwrap_or(buffer.len());
    let rest = buffer.get(end..).unwrap_or_default();
    let mut rewritten = BytesMut::with_capacity(line.len() + rest.len());
    rewritten.extend_from_slice(&line);
    rewritten.extend_from_slice(rest);
    rewritten
}

async fn close(mut io: Stream) {
    let _ = timeout(Duration::from_secs(1), AsyncWriteExt::shutdown(&mut io)).await;
}
