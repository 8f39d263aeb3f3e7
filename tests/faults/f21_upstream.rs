//! F-21: an application that refuses, is not there, breaks off, hangs up, answers too soon or closes kept connections whenever it
//! likes. Who asked is told so in time, what may have had an effect is never done twice, and a page that is only read does not
//! fail because a connection was closed.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use doorward_tests::world::{
    Connection, Installation, Origin, Scripted, Served, Socket, black_hole, eager_websockets, free_port, send_raw, site,
};

use crate::measure::{ms, secs};
use crate::runner::{Fault, Found, Scale};

pub(crate) const FAULT: Fault = Fault {
    id: "F-21",
    what: "an upstream refuses, is a black hole, resets in the middle, closes half, answers before it has read the body, says 101 \
           before the request is there, or closes kept connections at random",
    promise: "502 at once, 504 after 5 s without a connection or 60 s without an answer; every WebSocket works; no request that may \
              have had an effect arrives twice; no GET fails because a kept connection was closed",
    run: story,
};

const POLICIES: &str = r#"@id("open") permit (principal, action, resource);"#;
/// What `limits.rs` gives an upstream to connect, and to say something.
const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(60);
/// What a busy machine may add to an answer.
const SLACK: Duration = Duration::from_secs(4);
/// Clients at a time.
const CLIENTS: usize = 8;

struct Upstreams {
    scripted: Scripted,
    quick: Origin,
    _installation: Installation,
    served: Served,
}

fn story(scale: Scale) -> Found {
    let scripted = Scripted::start();
    let quick = Origin::start();
    let (hole, _queue, _listener) = black_hole();
    let websocket = "websocket = true";
    let apps = [
        ("script", scripted.port, ""),
        ("gone", free_port(), ""),
        ("hole", hole, ""),
        ("quick", quick.port, websocket),
        ("eager", eager_websockets(), websocket),
    ];
    let installation = site(POLICIES, &apps, &[]);
    let served = installation.serve();
    let upstreams = Upstreams { scripted, quick, _installation: installation, served };

    // The long waits pass beside each other.
    let (hole, silent) = std::thread::scope(|scope| {
        let hole = scope.spawn(|| upstreams.is_told(504, "hole", "/", CONNECT));
        let silent = scope.spawn(|| (scale == Scale::Full).then(|| upstreams.is_told(504, "script", "/silent", READ)));
        upstreams.breaks_off();
        upstreams.has_last_words();
        upstreams.answers_early();
        (joined(hole), joined(silent))
    });
    let refused = upstreams.is_told(502, "gone", "/", Duration::ZERO);
    let hung_up = upstreams.is_told(502, "script", "/hang-up", Duration::ZERO);
    let sockets = upstreams.sockets(scale.of(100, 500));
    let race = upstreams.races(scale.of(500, 10_000));

    let mut figures = vec![
        ("502 when refused", ms(refused)),
        ("502 when hung up on", ms(hung_up)),
        ("504 from a black hole", secs(hole)),
    ];
    figures.extend(silent.map(|silent| ("504 from a silent one", secs(silent))));
    figures.push(("WebSockets that worked", format!("{sockets} of {sockets}")));
    figures.extend(race);
    Found::Held(figures)
}

/// What a thread found, or its panic.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

impl Upstreams {
    /// Asks, and is told this not before so long and not long after.
    fn is_told(&self, status: u16, app: &str, target: &str, after: Duration) -> Duration {
        let begun = Instant::now();
        let mut connection = self.connect(app);
        connection.give_up_after(after + SLACK * 2);
        let answer = connection.get(target, "").unwrap();
        let took = begun.elapsed();
        assert_eq!(answer.status, status, "{app}{target}");
        assert!(took >= after.saturating_sub(Duration::from_millis(100)), "{app}{target}: {took:?}");
        assert!(took <= after + SLACK, "{app}{target}: {took:?}");
        took
    }

    fn connect(&self, app: &str) -> Connection {
        Connection::open(self.served.ports.http, &format!("{app}.example.test")).unwrap()
    }

    /// Half an answer is never taken for a whole one.
    fn breaks_off(&self) {
        let raw = send_raw(
            self.served.ports.http,
            b"GET /reset HTTP/1.1\r\nHost: script.example.test\r\nConnection: close\r\n\r\n",
        );
        let text = String::from_utf8_lossy(&raw).into_owned();
        assert!(text.starts_with("HTTP/1.1 200 ") && text.to_lowercase().contains("content-length: 100000"), "{text}");
        assert!(raw.len() < 100_000, "an answer that broke off was made whole");
    }

    /// An answer counts, though the connection ends with it.
    fn has_last_words(&self) {
        for _ in 0..5 {
            assert_eq!(self.connect("script").get("/last-words", "").unwrap().text(), "ok");
        }
    }

    /// A refusal that comes before the body is what the client sees, whether it sends on or waits.
    fn answers_early(&self) {
        let length = 4 * 1024 * 1024;
        let mut connection = self.connect("script");
        let head = format!("POST /early HTTP/1.1\r\nHost: script.example.test\r\nContent-Length: {length}\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        // The gateway may close before all was sent.
        let _ = connection.send(&vec![b'x'; length]);
        let answer = connection.answer().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (413, "full"));

        // One that is gone with its refusal may take it along; the client is told of that, and never waits.
        let mut connection = self.connect("script");
        connection.send(head.replace("/early", "/early-gone").as_bytes()).unwrap();
        let _ = connection.send(&vec![b'x'; length]);
        let status = connection.answer().unwrap().status;
        assert!([413, 502].contains(&status), "{status}");
        assert!(self.scripted.asked().iter().all(|(target, count)| !target.starts_with("/early") || *count == 1));
    }

    /// So many at an origin that answers at once, and so many at one that answers before it was asked.
    fn sockets(&self, each: usize) -> usize {
        let port = self.served.ports.http;
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    while let nth = next.fetch_add(1, Ordering::Relaxed)
                        && nth < each * 2
                    {
                        let host = if nth.is_multiple_of(2) { "quick.example.test" } else { "eager.example.test" };
                        let own = ("Origin", format!("https://{host}"));
                        let mut socket = Socket::open(port, host, "/socket", &[(own.0, own.1.as_str())]);
                        assert_eq!(socket.answer.status, 101, "{host}");
                        assert!(
                            socket.echoes("one") && socket.echoes("another"),
                            "the {nth}th WebSocket, of {host}, ended"
                        );
                    }
                });
            }
        });
        assert_eq!(self.quick.heads().len(), each);
        each * 2
    }

    /// As many POST as GET, each with a number of its own, at an origin that closes kept connections.
    fn races(&self, each: usize) -> Vec<(&'static str, String)> {
        let (next, lost, posts_lost) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let mut connection = None;
                    while let nth = next.fetch_add(1, Ordering::Relaxed)
                        && nth < each * 2
                    {
                        let (method, body) = if nth.is_multiple_of(2) { ("GET", "") } else { ("POST", "a=1") };
                        let head = format!(
                            "{method} /race/{method}/{nth} HTTP/1.1\r\nHost: script.example.test\r\nContent-Length: {}\r\n\r\n{body}",
                            body.len()
                        );
                        let mut open = connection.take().unwrap_or_else(|| self.connect("script"));
                        let answer = open.send(head.as_bytes()).and_then(|()| open.answer()).unwrap();
                        match (answer.status, method) {
                            (200, _) => {}
                            (502, "GET") => _ = lost.fetch_add(1, Ordering::Relaxed),
                            (502, _) => _ = posts_lost.fetch_add(1, Ordering::Relaxed),
                            (other, _) => panic!("{other}"),
                        }
                        let closes = answer.header("connection").is_some_and(|value| value == "close");
                        connection = (!closes).then_some(open);
                    }
                });
            }
        });
        let asked = self.scripted.asked();
        let posts = asked.iter().filter(|(target, _)| target.starts_with("/race/POST/"));
        let twice = posts.clone().filter(|(_, count)| **count > 1).count();
        assert_eq!(twice, 0, "POST requests that arrived twice");
        let lost = lost.into_inner();
        assert_eq!(lost, 0, "GET requests that failed, of {each}");
        let posts_lost = posts_lost.into_inner();
        assert!(posts_lost > 0, "no connection was closed in the wrong moment: nothing was tried");
        vec![
            ("POST that arrived twice", format!("{twice} of {each}")),
            ("that were told 502", posts_lost.to_string()),
            ("GET that failed", format!("{lost} of {each}")),
        ]
    }
}
