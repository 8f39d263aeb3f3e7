//! An application that remembers every byte it was sent: whether a request reached it, and as what, is never a guess.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::reading::read_some;
use super::socket;

/// What the answer to the sample key of RFC 6455, 1.3 is: the one key that [`super::Socket`] sends.
pub(super) const SAMPLE_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A running origin. By path: `/hold…` waits for [`Origin::release`], `/evil…` says what no upstream may say, `/drip/N` is
/// a download of N kilobytes, one each tenth of a second, `/events` an event stream that is silent after its first event and
/// `/endless` one that is not, both until their reader goes, an upgrade becomes a WebSocket that echoes except below `/no-socket`, everything else is answered with the request as it came.
pub struct Origin {
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    connections: AtomicUsize,
    bytes: Mutex<Vec<u8>>,
    heads: Mutex<Vec<String>>,
    released: AtomicBool,
}

impl Origin {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let kept = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                kept.connections.fetch_add(1, Ordering::SeqCst);
                let shared = kept.clone();
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { port, shared }
    }

    /// How many connections it has taken.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Every byte it was sent, as text.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.shared.bytes.lock().unwrap()).into_owned()
    }

    /// The heads of the requests it was sent.
    pub fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }

    /// Waits until it has been sent so many requests.
    pub fn wait_for(&self, requests: usize) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.heads().len() < requests {
            assert!(Instant::now() < end, "{} of {requests} requests came: {:?}", self.heads().len(), self.heads());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Lets those that are held go on.
    pub fn release(&self) {
        self.shared.released.store(true, Ordering::SeqCst);
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.release();
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let mut pending = Vec::new();
        while let Some(head) = self.read_through(&mut stream, &mut pending, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&head).into_owned();
            let lower = head.to_ascii_lowercase();
            let field = |name: &str| {
                lower.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()))
            };
            let body = if field("transfer-encoding:").is_some() {
                // An empty body ends with the very bytes that any other ends with, less its first two.
                let mut end: &[u8] = b"\r\n0\r\n";
                while pending.len() < 3 && self.read_more(&mut stream, &mut pending) {}
                if pending.starts_with(b"0\r\n") {
                    end = b"0\r\n";
                }
                let mut body = self.read_through(&mut stream, &mut pending, end).unwrap_or_default();
                body.extend(self.read_through(&mut stream, &mut pending, b"\r\n").unwrap_or_default());
                body
            } else {
                let length = field("content-length:").map_or(0, |length| length.parse().unwrap());
                while pending.len() < length && self.read_more(&mut stream, &mut pending) {}
                pending.drain(..length.min(pending.len())).collect()
            };
            self.heads.lock().unwrap().push(head.clone());
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            if field("upgrade:").is_some() && !path.starts_with("/no-socket") {
                let accept = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Accept: {SAMPLE_ACCEPT}\r\n\r\n"
                );
                if stream.write_all(accept.as_bytes()).is_ok() {
                    socket::echo(&mut stream, pending, |stream, pending| self.read_more(stream, pending));
                }
                return;
            }
            if path.starts_with("/events") || path.starts_with("/endless") {
                self.stream(&mut stream, path.starts_with("/endless"));
                return;
            }
            if let Some(kilobytes) = path.strip_prefix("/drip/") {
                match drip(&mut stream, kilobytes.parse().unwrap()) {
                    Ok(()) => continue,
                    Err(_) => return,
                }
            }
            while path.starts_with("/hold") && !self.released.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            let shown = [head.as_bytes(), &body].concat();
            let evil = if path.starts_with("/evil") { EVIL } else { "" };
            let answer =
                format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n{evil}\r\n", shown.len());
            let shown: &[u8] = if head.starts_with("HEAD ") { b"" } else { &shown };
            if stream.write_all(&[answer.as_bytes(), shown].concat()).is_err() {
                return;
            }
        }
    }

    fn stream(&self, stream: &mut TcpStream, endless: bool) {
        let event = b"d\r\ndata: first\n\n\r\n";
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        let mut going = stream.write_all(head).and_then(|()| stream.write_all(event)).is_ok();
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        while going {
            // The reader has gone when reading ends; it is not, while reading waits.
            going = match read_some(stream, &mut [0; 64]) {
                Ok(count) => count > 0,
                Err(error) => matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
            };
            going = going && (!endless || stream.write_all(event).is_ok());
        }
    }

    fn read_more(&self, stream: &mut TcpStream, pending: &mut Vec<u8>) -> bool {
        let mut part = [0; 16 * 1024];
        let count = read_some(stream, &mut part).unwrap_or(0);
        self.bytes.lock().unwrap().extend_from_slice(&part[..count]);
        pending.extend_from_slice(&part[..count]);
        count > 0
    }

    fn read_through(&self, stream: &mut TcpStream, pending: &mut Vec<u8>, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = pending.windows(end.len()).position(|window| window == end) {
                return Some(pending.drain(..at + end.len()).collect());
            }
            if !self.read_more(stream, pending) {
                return None;
            }
        }
    }
}

fn drip(stream: &mut TcpStream, kilobytes: usize) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", kilobytes * 1000);
    stream.write_all(head.as_bytes())?;
    for _ in 0..kilobytes {
        std::thread::sleep(Duration::from_millis(100));
        stream.write_all(&[b'd'; 1000])?;
    }
    Ok(())
}

/// What no upstream may say, and beside it what it may.
pub(super) const EVIL: &str = "Set-Cookie: theirs=1; Path=/\r\nSet-Cookie: doorward=evil; Path=/\r\n\
                    Set-Cookie: doorward_app=evil; Path=/\r\nSet-Cookie: doorward_flow=evil\r\n\
                    Set-Cookie: __Host-doorward=evil; Path=/; Secure\r\nSet-Cookie: __Host-doorward_app=evil; Path=/; Secure\r\n\
                    Set-Cookie: =doorward_app=evil\r\nSet-Cookie: also=theirs\r\n\
                    Remote-User: evil\r\nX-Remote-User: evil\r\nX_Remote_User: evil\r\nX-Own: stays\r\n";
