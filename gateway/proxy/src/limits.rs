//! Every limit of the data plane in one place, with the defaults that the tests hold (SEC 5.17).

use std::time::Duration;

/// The limits.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The whole head of a request: 64 KiB.
    pub header_bytes: usize,
    /// Fields in a head: 100.
    pub header_fields: usize,
    /// One field, name and value: 16 KiB.
    pub field_bytes: usize,
    /// The request target: 8 KiB.
    pub target_bytes: usize,
    /// From the first byte of a head to its last: 10 s, however it is dripped.
    pub header_deadline: Duration,
    /// Waiting for the first byte of a request: 30 s.
    pub idle: Duration,
    /// The same while memory is scarce: 3 s.
    pub idle_when_scarce: Duration,
    /// Requests on one HTTP/1 connection: 1,000.
    pub keepalive_requests: u32,
    /// Connections in all, handshakes included: as many as the process has file descriptors for, each with one to an upstream.
    /// 10,000 where nobody says how many those are. Whoever comes next is closed at once (F-27).
    pub connections: usize,
    /// Live connections from one address (IPv6: one /64), handshakes included: 200. Trusted proxies are exempt.
    pub connections_per_address: usize,
    /// Requests at a time from one address, over all its HTTP/2 connections: 500. An answer that is not taken holds about half
    /// a mebibyte. Trusted proxies are exempt; over HTTP/1 a connection has one request.
    pub requests_per_address: usize,
    /// A request body for the portal, and for most of the console: 64 KiB.
    pub portal_body: usize,
    /// A call of a device to the authenticator: 16 KiB.
    pub device_body: usize,
    /// The same for the appearance of a portal at the console: a picture and texts.
    pub appearance_body: usize,
    /// A file of tokens, or files of policies, for the console: 24 MiB, since one of 16 MiB may come in base 64.
    pub file_body: usize,
    /// Waiting for the next bytes of a request body: 30 s.
    pub body_idle: Duration,
    /// The least that a client may send of a request body, or take of an answer that is ready for it: 240 bytes a second,
    /// as long as [`Limits::slow_for`] is not used up.
    pub slowest: u32,
    /// How long a client may be slower than [`Limits::slowest`], all in all until it has caught up: 30 s.
    pub slow_for: Duration,
    /// How much of a refused request's body is read before the connection is closed: 64 KiB within [`Limits::drain_time`].
    pub drain_bytes: usize,
    /// See [`Limits::drain_bytes`]: 2 s.
    pub drain_time: Duration,
    /// HTTP/2.
    pub h2: H2Limits,
    /// Connecting to an upstream: 5 s for TCP, twice that with TLS.
    pub upstream_connect: Duration,
    /// Waiting for the next bytes of an upstream's answer: 60 s.
    pub upstream_read: Duration,
    /// Waiting for the next bytes on an upgraded connection: 1 h.
    pub upgraded_idle: Duration,
    /// How often a live WebSocket or stream is judged again: every 400 ms, so that it ends within a second of its session.
    pub recheck: Duration,
}

/// The limits of HTTP/2: the values that Envoy recommends at an edge.
#[derive(Debug, Clone)]
pub struct H2Limits {
    /// Streams at a time: 100.
    pub streams: u32,
    /// Bytes under way on one stream: 64 KiB.
    pub stream_window: u32,
    /// Bytes under way on one connection: 1 MiB.
    pub connection_window: u32,
    /// Bytes of one stream's answer that wait for the connection, once the client's window has let them through: 64 KiB.
    pub send_buffer: usize,
    /// A connection without a stream: 60 s.
    pub idle: Duration,
    /// Waiting for a client to open a stream's window for the next part, 64 KiB at the most, of an answer: 60 s.
    pub window_shut: Duration,
    /// Streams that we must reset because of what the client did on them, on one connection: 100 (CVE-2025-8671).
    pub provoked_resets: usize,
    /// Streams that the client resets (CVE-2023-44487): 200 at once, more than twice what it may have open.
    pub resets: Budget,
    /// Frames that ask for work and bring nothing: SETTINGS, PING, PRIORITY, GOAWAY, CONTINUATION, DATA that is empty, frames
    /// of unknown kinds. 1,000 at once.
    pub controls: Budget,
    /// WINDOW_UPDATE beyond two for each DATA frame that it was sent: 1,000 at once.
    pub window_updates: Budget,
}

/// So many at once, and so many more with each second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// At once.
    pub burst: u32,
    /// With each second.
    pub per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 64 * 1024,
            header_fields: 100,
            field_bytes: 16 * 1024,
            target_bytes: 8 * 1024,
            header_deadline: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            idle_when_scarce: Duration::from_secs(3),
            keepalive_requests: 1000,
            connections: 10_000,
            connections_per_address: 200,
            requests_per_address: 500,
            portal_body: 64 * 1024,
            device_body: 16 * 1024,
            appearance_body: 192 * 1024,
            file_body: 24 * 1024 * 1024,
            body_idle: Duration::from_secs(30),
            slowest: 240,
            slow_for: Duration::from_secs(30),
            drain_bytes: 64 * 1024,
            drain_time: Duration::from_secs(2),
            h2: H2Limits::default(),
            upstream_connect: Duration::from_secs(5),
            upstream_read: Duration::from_secs(60),
            upgraded_idle: Duration::from_secs(3600),
            recheck: Duration::from_millis(400),
        }
    }
}

impl Default for H2Limits {
    fn default() -> Self {
        Self {
            streams: 100,
            stream_window: 64 * 1024,
            connection_window: 1024 * 1024,
            send_buffer: 64 * 1024,
            idle: Duration::from_secs(60),
            window_shut: Duration::from_secs(60),
            provoked_resets: 100,
            resets: Budget { burst: 200, per_second: 20 },
            controls: Budget { burst: 1000, per_second: 100 },
            window_updates: Budget { burst: 1000, per_second: 100 },
        }
    }
}
