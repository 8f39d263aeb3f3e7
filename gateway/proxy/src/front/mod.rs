//! The layer in front of Pingora's `HttpProxy`. It owns the HTTP/1 connection loop: it reads each head itself, under one
//! deadline, checks it, and only then hands it over. HTTP/2 goes to Pingora's own loop, its frames watched on the way. Any
//! connection ends whose client takes too little of what is ready for it.
//!
//! What that gives (and no setting does): a deadline for a whole head, an idle time-out, strict heads, connections that can
//! be cut while they are in use, and upgrades that lose no request.

mod chunks;
pub(crate) mod crowd;
mod frames;
mod goodbye;
mod guarded;
mod head;
pub(crate) mod room;
mod seats;
mod wrapped;

use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::{Buf, Bytes, BytesMut};
use http::{StatusCode, header};
use pingora::apps::{HttpPersistentSettings, HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::protocols::{ALPN, Stream};
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use pingora::time::timeout;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;

pub(crate) use chunks::is_bad_chunk;
pub(crate) use head::{check_expectation, check_length, check_method};

use crate::departure::Departure;
use crate::front::chunks::{Body, Chunks};
use crate::front::crowd::Crowd;
use crate::front::goodbye::Goodbye;
use crate::front::guarded::Guarded;
use crate::front::head::{Checked, Progress, Scan};
use crate::front::room::Room;
use crate::gateway::Gateway;
use crate::headroom::Headroom;
use crate::limits::Limits;
use crate::live::{WORK, Work};
use crate::record::Refusals;
use crate::refusal::Refusal;

/// Room for a head as most are, in bytes.
const HEAD_AT_FIRST: usize = 4096;
/// There is none for what would be begun now (F-28).
const NO_MEMORY: Refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "memory");

/// What a listener serves: see the module.
pub struct Front {
    edge: Arc<Edge>,
    room: Arc<Room>,
}

/// The part that every request passes, on HTTP/1 and on HTTP/2.
struct Edge {
    inner: Arc<HttpProxy<Gateway>>,
    limits: Arc<Limits>,
    refused: Refusals,
    departure: Arc<Departure>,
    headroom: Arc<Headroom>,
    crowd: Arc<Crowd>,
}

/// What came of waiting for a head.
enum Got {
    /// A good one; what follows it in the buffer is the body's. If that is chunked, how far it has come. Whether it asks to
    /// switch to another protocol.
    Head(BytesMut, Option<Chunks>, bool),
    /// Nothing: the client left or was silent for too long.
    Close,
    /// A bad one, when it began, and whether it asked for a head alone.
    Refuse(Refusal, Instant, bool),
}

impl Front {
    pub(crate) fn new(
        inner: HttpProxy<Gateway>,
        limits: Arc<Limits>,
        (crowd, room): (Arc<Crowd>, Arc<Room>),
        refused: Refusals,
        (departure, headroom): (Arc<Departure>, Arc<Headroom>),
    ) -> Self {
        let inner = Arc::new(inner);
        Self { edge: Arc::new(Edge { inner, limits, refused, departure, headroom, crowd }), room }
    }
}

/// What a connection waits with for its next request. Made once for all of them: making and ending a timer and a watch each
/// time would cost more than the wait.
struct Waits {
    leaving: Leaving,
    timer: Pin<Box<Sleep>>,
}

/// Whether the process leaves.
enum Leaving {
    /// Waited for; false where nobody is left to say so.
    NotYet(Pin<Box<dyn Future<Output = bool> + Send>>),
    Begun,
}

impl Leaving {
    fn watch(shutdown: &ShutdownWatch) -> Self {
        let mut shutdown = shutdown.clone();
        Self::NotYet(Box::pin(async move { shutdown.wait_for(|begun| *begun).await.is_ok() }))
    }

    /// Returns once it begins.
    async fn begins(&mut self) -> bool {
        if let Self::NotYet(begins) = self {
            let begun = begins.await;
            *self = Self::Begun;
            return begun;
        }
        true
    }
}

#[async_trait]
impl ServerApp for Front {
    async fn process_new(self: &Arc<Self>, io: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let _under_way = self.edge.departure.enter();
        let address = peer_address(&io);
        let _place = self.room.enter();
        let _present = address.map(|address| self.edge.crowd.enter(address));
        if matches!(io.selected_alpn_proto(), Some(ALPN::H2)) {
            let io = Guarded::http2(io, &self.edge.limits, self.edge.refused.book.metrics.clone());
            return ServerApp::process_new(&self.edge, Box::new(io), shutdown).await;
        }
        let body = Arc::new(Body::default());
        let metrics = self.edge.refused.book.metrics.clone();
        let io = Box::new(Guarded::http1(io, &self.edge.limits, metrics).watching(body.clone()));
        let cut = CancellationToken::new();
        tokio::select! {
            biased;
            () = WORK.scope(Work::new(cut.clone()), self.edge.h1_connection(io, &body, address, shutdown)) => {}
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
    async fn h1_connection(
        self: &Arc<Self>,
        mut io: Stream,
        body: &Body,
        address: Option<IpAddr>,
        shutdown: &ShutdownWatch,
    ) {
        let mut kept = None;
        let mut waits = Waits { leaving: Leaving::watch(shutdown), timer: Box::pin(sleep(self.limits.idle)) };
        loop {
            body.begin(None);
            let (head, chunks, switches) = match self.read_head(&mut io, &mut waits).await {
                Got::Head(head, chunks, switches) => (head, chunks, switches),
                Got::Close => return close(io).await,
                Got::Refuse(refusal, begun, to_head) => {
                    return Box::pin(self.refuse(io, address, refusal, begun, to_head)).await;
                }
            };
            body.begin(chunks);
            let answered = self.hand_on(io, (head, switches), kept.take(), shutdown);
            match answered.await.map(ReusedHttpStream::consume) {
                Some((stream, settings)) => (io, kept) = (stream, settings),
                None => return,
            }
        }
    }

    /// All that may become of a request, in a box of its own: while the connection waits for the next one, it takes no room.
    fn hand_on<'a>(
        &'a self,
        io: Stream,
        head: (BytesMut, bool),
        kept: Option<HttpPersistentSettings>,
        shutdown: &'a ShutdownWatch,
    ) -> Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'a>> {
        self.inner.process_new_http(self.session(io, head, kept), shutdown)
    }

    fn session(
        &self,
        mut io: Stream,
        (head, switches): (BytesMut, bool),
        kept: Option<HttpPersistentSettings>,
    ) -> ServerSession {
        if switches {
            io = Box::new(Goodbye::new(io, self.departure.beginning()));
        }
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

    /// Time-outs for the body and for the answer. How fast an answer must be taken is the guard's business; but a window of
    /// HTTP/2 that stays shut is nothing that it could see.
    fn bound(&self, session: &mut ServerSession) {
        session.set_read_timeout(Some(self.limits.body_idle));
        session.set_write_timeout(session.is_http2().then_some(self.limits.h2.window_shut));
        session.set_total_drain_timeout(Some(self.limits.drain_time));
    }

    async fn read_head(&self, io: &mut Stream, waits: &mut Waits) -> Got {
        let Some(mut buffer) = self.first_bytes(io, waits).await else { return Got::Close };
        let begun = Instant::now();
        let late = Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "head_deadline"));
        let read = timeout(self.limits.header_deadline, self.rest_of_head(io, &mut buffer)).await.unwrap_or(late);
        match read {
            Ok(Some(_)) if self.headroom.is_spent() => Got::Refuse(NO_MEMORY, begun, buffer.starts_with(b"HEAD ")),
            Ok(Some((head, chunks))) => {
                Got::Head(with_request_line(buffer, head.request_line), chunks, head.asks_to_switch)
            }
            Ok(None) => Got::Close,
            Err(refusal) => Got::Refuse(refusal, begun, buffer.starts_with(b"HEAD ")),
        }
    }

    /// Waits for a request to begin: as long as idle connections may, but no longer than `linger` once a shutdown began, and not for
    /// long once memory is scarce.
    async fn first_bytes(&self, io: &mut Stream, waits: &mut Waits) -> Option<BytesMut> {
        loop {
            let scarce = self.headroom.is_scarce();
            let most = if scarce { self.limits.idle_when_scarce } else { self.limits.idle };
            let (idle, still) = match waits.leaving {
                Leaving::NotYet(_) => (most, true),
                Leaving::Begun => (self.departure.linger().min(most), false),
            };
            let until = Instant::now() + idle;
            tokio::select! {
                biased;
                read = what_comes(io) => return read,
                begun = waits.leaving.begins(), if still => if !begun { return None },
                () = self.headroom.becomes_scarce(), if !scarce => {}
                () = passes(&mut waits.timer, until) => return None,
            }
        }
    }

    /// `None` when the client has left.
    async fn rest_of_head(
        &self,
        io: &mut Stream,
        buffer: &mut BytesMut,
    ) -> Result<Option<(Checked, Option<Chunks>)>, Refusal> {
        let mut scan = Scan::default();
        let mut line_skipped = false;
        loop {
            // RFC 9112 2.2: one empty line before a request is ignored; old clients send it after a POST.
            if !line_skipped && buffer.starts_with(b"\r\n") {
                buffer.advance(2);
                line_skipped = true;
            }
            if let Progress::Complete(length) = scan.advance(buffer, &self.limits)? {
                return self.checked(buffer, length).map(Some);
            }
            buffer.reserve(HEAD_AT_FIRST);
            match io.read_buf(buffer).await {
                Ok(count) if count > 0 => {}
                _ => return Ok(None),
            }
        }
    }

    /// The head, and what has come of its body.
    fn checked(&self, buffer: &[u8], length: usize) -> Result<(Checked, Option<Chunks>), Refusal> {
        let (head, rest) = buffer.split_at_checked(length).unwrap_or_default();
        let checked = head::check(head, &self.limits)?;
        let chunks = checked.chunked.then(|| Chunks::begin(rest)).transpose()?;
        Ok((checked, chunks))
    }

    /// Says no in plain words, and reads on for a moment: a connection closed with bytes unread is reset, and the answer
    /// would be lost with it.
    async fn refuse(&self, mut io: Stream, address: Option<IpAddr>, refusal: Refusal, begun: Instant, to_head: bool) {
        let mut answer = self.refused.head(refusal, address, begun);
        if let (true, Some(end)) = (to_head, answer.find("\r\n\r\n")) {
            answer.truncate(end + 4);
        }
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

    /// The same for a stream of HTTP/2.
    async fn turn_away(
        &self,
        mut session: ServerSession,
        address: Option<IpAddr>,
        refusal: Refusal,
    ) -> Option<ReusedHttpStream> {
        self.refused.note(refusal, address, Instant::now());
        let mut head = ServerSession::generate_error(refusal.status.as_u16());
        if let Some(seconds) = refusal.kind().retry_after() {
            head.insert_header(header::RETRY_AFTER, seconds.to_string()).ok()?;
        }
        // Whoever is gone already is not told.
        let _ = session.write_error_response(head, Bytes::new()).await;
        None
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
        let _under_way = self.departure.enter();
        self.bound(&mut session);
        let address = session.client_addr().and_then(|address| Some(address.as_inet()?.ip().to_canonical()));
        if self.headroom.is_spent() {
            return self.turn_away(session, address, NO_MEMORY).await;
        }
        let asking = address.map(|address| self.crowd.asks(address));
        if matches!(asking, Some(None)) {
            let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests");
            return self.turn_away(session, address, refusal).await;
        }
        let cut = CancellationToken::new();
        tokio::select! {
            biased;
            reused = WORK.scope(Work::new(cut.clone()), self.inner.process_new_http(session, shutdown)) => reused,
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
        sleep(self.departure.linger()).await;
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
    options.max_local_error_reset_streams(Some(limits.h2.provoked_resets));
    options.max_send_buffer_size(limits.h2.send_buffer);
    options
}

/// What comes next on a connection, in a buffer that there is only once it has come: most connections wait most of the time.
/// `None` when nothing comes any more.
async fn what_comes(io: &mut Stream) -> Option<BytesMut> {
    poll_fn(|cx| {
        let mut buffer = BytesMut::with_capacity(HEAD_AT_FIRST);
        let read = ready!(pin!(io.read_buf(&mut buffer)).poll(cx));
        Poll::Ready(matches!(read, Ok(count) if count > 0).then_some(buffer))
    })
    .await
}

/// Returns once it is `until`. A timer that was set for an earlier moment is set again when it fires, not before.
async fn passes(timer: &mut Pin<Box<Sleep>>, until: Instant) {
    if timer.deadline() > until.into() {
        timer.as_mut().reset(until.into());
    }
    loop {
        timer.as_mut().await;
        if Instant::now() >= until {
            return;
        }
        timer.as_mut().reset(until.into());
    }
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

/// The way of a head through this layer, without a connection: see [`crate::seams::read_head`].
pub(crate) fn read_whole_head(pieces: &[&[u8]], limits: &Limits) -> Result<Option<usize>, Refusal> {
    let mut buffer = BytesMut::new();
    let mut scan = Scan::default();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        if let Progress::Complete(length) = scan.advance(&buffer, limits)? {
            head::check(buffer.get(..length).unwrap_or_default(), limits)?;
            return Ok(Some(length));
        }
    }
    Ok(None)
}
