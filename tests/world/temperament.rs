//! Origins that read a request in ways of their own, as real servers do. Each remembers every byte that it was sent, by
//! connection, and shows for each path whether it took it for the administration or for the public part.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::origin::{EVIL, SAMPLE_ACCEPT};
use super::reading::read_some;

/// What `/admin` and everything below it holds.
pub const ADMINISTRATION: &str = "the administration's own page";
/// What `/public` and everything below it holds.
pub const PUBLIC: &str = "the public page";

/// How an origin reads a path. All take bare line feeds for line ends, and the last of several lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temperament {
    /// As it is.
    Strict,
    /// Escapes decoded (an encoded slash too), slashes merged, dots resolved: many a framework.
    Lenient,
    /// What follows a semicolon is cut off, then escapes but those of a slash are decoded, then dots resolved: Tomcat.
    Semicolons,
    /// Escapes decoded, backslashes are slashes, dots resolved, capitals are small letters: IIS.
    Folding,
    /// Cut off at a NUL after decoding: programs in C.
    EndsAtNul,
}

impl Temperament {
    /// All of them.
    pub const ALL: [Temperament; 5] = [
        Temperament::Strict,
        Temperament::Lenient,
        Temperament::Semicolons,
        Temperament::Folding,
        Temperament::EndsAtNul,
    ];

    /// The path that it takes a target for.
    pub fn reading(self, target: &str) -> String {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        match self {
            Temperament::Strict => path.to_owned(),
            Temperament::Lenient => resolved(&decoded(path, true)),
            Temperament::Semicolons => {
                let named = path.split('/').map(|part| part.split(';').next().unwrap_or_default());
                resolved(&decoded(&named.collect::<Vec<_>>().join("/"), false))
            }
            Temperament::Folding => resolved(&decoded(path, true).replace('\\', "/")).to_lowercase(),
            Temperament::EndsAtNul => resolved(decoded(path, true).split('\0').next().unwrap_or_default()),
        }
    }

    /// What it shows for a target.
    pub fn shows(self, target: &str) -> Option<&'static str> {
        let path = self.reading(target);
        let below =
            |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        [("/admin", ADMINISTRATION), ("/public", PUBLIC)]
            .into_iter()
            .find_map(|(folder, page)| below(folder).then_some(page))
    }
}

/// A path with its escapes decoded, once; encoded slashes only if `slashes_too`.
pub fn decoded(path: &str, slashes_too: bool) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match escaped {
            Some(byte) if *first == b'%' && (slashes_too || byte != b'/') => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    // An overlong dot is a dot to who decodes it without looking.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Dots resolved and slashes merged, as servers do.
pub fn resolved(path: &str) -> String {
    let mut segments = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            segments.pop();
        } else {
            segments.push(part);
        }
    }
    format!("/{}", segments.join("/"))
}

/// A running origin. It answers with what it shows for the path, and after it the request as it came. Below `/evil` it
/// also says what no upstream may say; below `/socket` it takes every upgrade.
pub struct Moody {
    pub port: u16,
    memory: Arc<Mutex<Memory>>,
}

/// All that an origin remembers.
#[derive(Debug, Default)]
struct Memory {
    connections: Vec<Connection>,
    /// Of all connections, in the order in which they came.
    heads: Vec<String>,
}

/// A connection that an origin has taken.
#[derive(Debug, Default)]
struct Connection {
    bytes: Vec<u8>,
    closed: bool,
}

/// How much an origin has heard.
#[derive(Debug, Clone, Default)]
pub struct Mark {
    bytes: Vec<usize>,
    heads: usize,
}

/// What an origin has heard since a mark.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// Every byte, by connection.
    pub streams: Vec<Vec<u8>>,
    /// The requests' heads, as the origin tells them apart, in the order in which they came.
    pub heads: Vec<String>,
    /// Whether each connection on which something came is closed now.
    pub closed: bool,
}

impl Moody {
    pub fn start(temperament: Temperament) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let memory = Arc::new(Mutex::new(Memory::default()));
        let shared = memory.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let memory = shared.clone();
                let index = {
                    let mut memory = memory.lock().unwrap();
                    memory.connections.push(Connection::default());
                    memory.connections.len() - 1
                };
                std::thread::spawn(move || Serving { temperament, index, memory, stream, pending: Vec::new() }.serve());
            }
        });
        Self { port, memory }
    }

    /// Now.
    pub fn mark(&self) -> Mark {
        let memory = self.memory.lock().unwrap();
        let bytes = memory.connections.iter().map(|connection| connection.bytes.len()).collect();
        Mark { bytes, heads: memory.heads.len() }
    }

    /// Everything since.
    pub fn since(&self, mark: &Mark) -> Heard {
        let memory = self.memory.lock().unwrap();
        let mut heard = Heard { streams: Vec::new(), heads: memory.heads[mark.heads..].to_vec(), closed: true };
        for (index, connection) in memory.connections.iter().enumerate() {
            let fresh = &connection.bytes[mark.bytes.get(index).copied().unwrap_or_default()..];
            if !fresh.is_empty() {
                heard.streams.push(fresh.to_vec());
                heard.closed &= connection.closed;
            }
        }
        heard
    }

    /// The same once this holds of it, or after ten seconds.
    pub fn since_until(&self, mark: &Mark, enough: impl Fn(&Heard) -> bool) -> Heard {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let heard = self.since(mark);
            if enough(&heard) || Instant::now() > end {
                return heard;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// One connection being served.
struct Serving {
    temperament: Temperament,
    index: usize,
    memory: Arc<Mutex<Memory>>,
    stream: TcpStream,
    pending: Vec<u8>,
}

impl Serving {
    fn serve(mut self) {
        while self.one_request().is_some() {}
        let _ = self.stream.shutdown(Shutdown::Both);
        self.memory.lock().unwrap().connections[self.index].closed = true;
    }

    /// `None`: it was the last on this connection.
    fn one_request(&mut self) -> Option<()> {
        let end = self.read_until(end_of_head)?;
        let head: Vec<u8> = self.pending.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        self.memory.lock().unwrap().heads.push(head.clone());
        let body = self.body(&head)?;
        let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
        if field(&head, "upgrade").is_some() && target.starts_with("/socket") {
            let accept = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {SAMPLE_ACCEPT}\r\n\r\n"
            );
            self.stream.write_all(accept.as_bytes()).ok()?;
            // Whatever is said on it is remembered, and nothing is answered.
            while self.read_more() {}
            return None;
        }
        let page = self.temperament.shows(&target).unwrap_or("some other page");
        let shown = [page.as_bytes(), b"\n", head.as_bytes(), &body].concat();
        let evil = if target.starts_with("/evil") { EVIL } else { "" };
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n{evil}\r\n", shown.len());
        let shown: &[u8] = if head.starts_with("HEAD ") { b"" } else { &shown };
        self.stream.write_all(&[answer.as_bytes(), shown].concat()).ok()?;
        (field(&head, "connection").as_deref() != Some("close")).then_some(())
    }

    fn body(&mut self, head: &str) -> Option<Vec<u8>> {
        if field(head, "transfer-encoding").is_some() {
            let end = self.read_until(end_of_chunks)?;
            return Some(self.pending.drain(..end).collect());
        }
        let length = field(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        self.read_until(|bytes| (bytes.len() >= length).then_some(length))?;
        Some(self.pending.drain(..length).collect())
    }

    fn read_until(&mut self, found: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        loop {
            if let Some(end) = found(&self.pending) {
                return Some(end);
            }
            if !self.read_more() {
                return None;
            }
        }
    }

    fn read_more(&mut self) -> bool {
        let mut part = [0; 16 * 1024];
        let count = read_some(&mut self.stream, &mut part).unwrap_or(0);
        self.pending.extend_from_slice(&part[..count]);
        self.memory.lock().unwrap().connections[self.index].bytes.extend_from_slice(&part[..count]);
        count > 0
    }
}

/// The last field of a name: whoever takes the last of two lengths is one of the two that a smuggler needs.
fn field(head: &str, name: &str) -> Option<String> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let values =
        fields.filter(|(given, _)| given.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned());
    values.last()
}

/// An empty line, whatever lines end in.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        if matches!(&bytes[line_start..at], b"" | b"\r") && line_start > 0 {
            return Some(at + 1);
        }
        line_start = at + 1;
    }
    None
}

fn end_of_chunks(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = at + bytes.get(at..)?.iter().position(|byte| *byte == b'\n')?;
        let size = String::from_utf8_lossy(&bytes[at..line]).into_owned();
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16).ok()?;
        if size == 0 {
            // Trailers, as far as an empty line.
            let rest = bytes.get(line + 1..)?;
            return if rest.starts_with(b"\r\n") { Some(line + 3) } else { Some(line + 1 + end_of_head(rest)?) };
        }
        at = line + 1 + size + 2;
    }
}
