//! Origins that break off, close, fall silent or answer too soon, each as its path says, and that count what they were asked.

use std::collections::HashMap;
use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::{Domain, Socket as Plain, Type};

use super::origin::SAMPLE_ACCEPT;
use super::reading::read_some;
use super::socket;

/// A running origin. By the first segment of the path:
/// `/reset` breaks off in the middle of its answer with a reset; `/hang-up` ends its side without an answer and reads on;
/// `/last-words` ends its side after its answer and reads on; `/early` refuses (413) before it has read a body, and then reads
/// nothing for a while; `/early-gone` does so and goes; `/silent` takes the request and says nothing; `/race…` answers, and
/// closes the connection sooner or later without having said so, sometimes when the next request is there; `/failing` answers
/// 500 while [`Scripted::fail`] says so, and so does everything else then. Everything else is answered with `ok`.
pub struct Scripted {
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// How often each target was asked for.
    asked: Mutex<HashMap<String, usize>>,
    chance: AtomicU64,
    failing: AtomicBool,
}

/// What happens to a connection after an answer.
enum Then {
    Continue,
    Close,
}

impl Scripted {
    pub fn start() -> Self {
        Self::on(TcpListener::bind(("127.0.0.1", 0)).unwrap())
    }

    /// On a listener of the test's own.
    pub fn on(listener: TcpListener) -> Self {
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let kept = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = kept.clone();
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { port, shared }
    }

    /// How often each target was asked for.
    pub fn asked(&self) -> HashMap<String, usize> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// How many requests came.
    pub fn reached(&self) -> usize {
        self.shared.asked.lock().unwrap().values().sum()
    }

    /// From now on it answers 500 to everything, or no longer.
    pub fn fail(&self, failing: bool) {
        self.shared.failing.store(failing, Ordering::SeqCst);
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let mut pending = Vec::new();
        while let Some(head) = read_head(&mut stream, &mut pending) {
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            *self.asked.lock().unwrap().entry(target.clone()).or_default() += 1;
            let manner = target.split(['/', '?']).nth(1).unwrap_or_default();
            if matches!(manner, "early" | "early-gone") {
                let _ = stream
                    .write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfull");
                if manner == "early" {
                    std::thread::sleep(Duration::from_secs(1));
                    let _ = stream.shutdown(Shutdown::Write);
                    read_to_end(&mut stream);
                }
                return;
            }
            if !read_body(&mut stream, &mut pending, &head) {
                return;
            }
            match self.answer(&mut stream, manner) {
                Then::Continue => {}
                Then::Close => return,
            }
        }
    }

    fn answer(&self, stream: &mut TcpStream, manner: &str) -> Then {
        const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        match manner {
            "reset" => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                let _ = stream.write_all(&[b'x'; 1000]);
                // What was written is to arrive before the reset does.
                std::thread::sleep(Duration::from_millis(100));
                reset(stream);
                Then::Close
            }
            "hang-up" | "last-words" => {
                if manner == "last-words" {
                    let _ = stream.write_all(OK);
                }
                let _ = stream.shutdown(Shutdown::Write);
                read_to_end(stream);
                Then::Close
            }
            "silent" => {
                read_to_end(stream);
                Then::Close
            }
            "race" => {
                let _ = stream.write_all(OK);
                self.gamble(stream)
            }
            _ => {
                let failing = self.failing.load(Ordering::SeqCst);
                let answer: &[u8] =
                    if failing { b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno" } else { OK };
                if stream.write_all(answer).is_ok() { Then::Continue } else { Then::Close }
            }
        }
    }

    /// Half of the connections go on; of the others, some are closed after up to three milliseconds, and some when the next
    /// request is there, which then is lost.
    fn gamble(&self, stream: &TcpStream) -> Then {
        // Not random, but in no step with anything: the golden ratio's multiples (Fibonacci hashing).
        let chance = self.chance.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        match chance % 8 {
            0..4 => Then::Continue,
            4 => Then::Close,
            5 | 6 => {
                std::thread::sleep(Duration::from_micros(chance % 3001));
                Then::Close
            }
            _ => {
                stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
                let _ = stream.peek(&mut [0]);
                Then::Close
            }
        }
    }
}

/// An origin so quick that it says 101 before it has read a byte; then it echoes. It takes WebSockets only.
pub fn eager_websockets() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let accept = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {SAMPLE_ACCEPT}\r\n\r\n"
            );
            let _ = stream.write_all(accept.as_bytes());
            std::thread::spawn(move || {
                let mut pending = Vec::new();
                if read_head(&mut stream, &mut pending).is_some() {
                    socket::echo(&mut stream, pending, read_more);
                }
            });
        }
    });
    port
}

/// A port whose system answers to no one who connects: its queue is full and nobody takes from it. The connections that fill it
/// are to be kept.
pub fn black_hole() -> (u16, Vec<TcpStream>, TcpListener) {
    let socket = Plain::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) {
        queue.push(stream);
        assert!(queue.len() < 64, "the queue never fills");
    }
    (address.port(), queue, listener)
}

/// Ends a connection with a reset.
fn reset(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    let _ = socket.set_linger(Some(Duration::ZERO));
}

fn read_head(stream: &mut TcpStream, pending: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(at) = pending.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = pending.drain(..at + 4).collect();
            return Some(String::from_utf8_lossy(&head).into_owned());
        }
        if !read_more(stream, pending) {
            return None;
        }
    }
}

/// A body whose length is said.
fn read_body(stream: &mut TcpStream, pending: &mut Vec<u8>, head: &str) -> bool {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .find_map(|(_, value)| value.trim().parse::<usize>().ok());
    let length = length.unwrap_or_default();
    while pending.len() < length {
        if !read_more(stream, pending) {
            return false;
        }
    }
    pending.drain(..length);
    true
}

fn read_more(stream: &mut TcpStream, pending: &mut Vec<u8>) -> bool {
    let mut part = [0; 16 * 1024];
    let count = read_some(stream, &mut part).unwrap_or(0);
    pending.extend_from_slice(&part[..count]);
    count > 0
}

fn read_to_end(stream: &mut TcpStream) {
    let mut part = [0; 64 * 1024];
    while matches!(read_some(stream, &mut part), Ok(1..)) {}
}

/// An origin in a process of its own would die with its connections; this one does so by itself: killed, it resets all of them
/// and its port refuses.
pub struct MortalOrigin {
    pub port: u16,
    life: Arc<Life>,
    listening: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Life {
    over: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
    answered: AtomicUsize,
}

impl MortalOrigin {
    /// On this port. It answers everything with `ok`.
    pub fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let life = Arc::new(Life::default());
        let kept = life.clone();
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if kept.over.load(Ordering::SeqCst) {
                    reset(&stream);
                    return;
                }
                kept.connections.lock().unwrap().push(stream.try_clone().unwrap());
                let life = kept.clone();
                std::thread::spawn(move || life.serve(stream));
            }
        });
        Self { port, life, listening: Some(listening) }
    }

    /// How many requests it has answered.
    pub fn answered(&self) -> usize {
        self.life.answered.load(Ordering::SeqCst)
    }

    /// Ends it, whatever it is doing.
    pub fn kill(&mut self) {
        self.life.over.store(true, Ordering::SeqCst);
        for connection in self.life.connections.lock().unwrap().drain(..) {
            reset(&connection);
            let _ = connection.shutdown(Shutdown::Both);
        }
        // It waits for somebody who connects.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(listening) = self.listening.take() {
            listening.join().unwrap();
        }
    }
}

impl Drop for MortalOrigin {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Life {
    fn serve(&self, mut stream: TcpStream) {
        let mut pending = Vec::new();
        while !self.over.load(Ordering::SeqCst) && read_head(&mut stream, &mut pending).is_some() {
            if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
                return;
            }
            self.answered.fetch_add(1, Ordering::SeqCst);
        }
    }
}
