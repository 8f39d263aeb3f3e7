//! HTTP/1.1 as bytes: the tests see what is on the wire, not what a library makes of it.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::reading::read_some;

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Every value of a header.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Whether it leads elsewhere.
    pub fn redirects(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nobody took the request: it has done nothing.
    NotSent,
    /// It was sent, wholly or in part, and nobody knows what became of it.
    Unknown,
}

/// Sends a request on a connection of its own and reads the answer.
pub fn exchange(port: u16, method: &str, host: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    try_exchange(port, method, host, target, headers, body).unwrap_or_else(|why| panic!("{why}"))
}

/// The same where the gateway may go away at any moment; then it says what came of it.
pub fn try_exchange(
    port: u16,
    method: &str,
    host: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Answer, String> {
    let raw = try_send_raw(port, &request(method, host, target, headers, body))
        .map_err(|error| format!("{method} {host}{target}: {error}"))?;
    parse(&raw, method == "HEAD")
        .ok_or_else(|| format!("no answer to {method} {host}{target}: {:?}", String::from_utf8_lossy(&raw)))
}

/// The same where it matters whether a request may have done something: a whole answer within this time, or none.
pub fn attempt(
    port: u16,
    method: &str,
    host: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    patience: Duration,
) -> Result<Answer, NoAnswer> {
    let end = Instant::now() + patience;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|_| NoAnswer::NotSent)?;
    // Refused in the middle of it, an answer may be there all the same.
    let _ = stream.write_all(&request(method, host, target, headers, body));
    let mut raw = Vec::new();
    let mut chunk = [0_u8; 16 * 1024];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).map_err(|_| NoAnswer::Unknown)?;
        match read_some(&mut stream, &mut chunk) {
            Ok(n) if n > 0 => raw.extend_from_slice(&chunk[..n]),
            _ => break,
        }
    }
    let answer = parse(&raw, method == "HEAD").ok_or(NoAnswer::Unknown)?;
    let whole = method == "HEAD"
        || match answer.header("content-length") {
            Some(length) => length.parse() == Ok(answer.body.len()),
            None => answer.header("transfer-encoding").is_none() || raw.ends_with(b"0\r\n\r\n"),
        };
    if whole { Ok(answer) } else { Err(NoAnswer::Unknown) }
}

fn request(method: &str, host: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    [request.as_bytes(), body].concat()
}

/// Sends bytes and reads until the connection is closed, or ten seconds have passed.
pub fn send_raw(port: u16, bytes: &[u8]) -> Vec<u8> {
    try_send_raw(port, bytes).expect("the gateway accepts connections")
}

fn try_send_raw(port: u16, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The gateway may refuse and close before all was sent: what it answered is still there to be read.
    let _ = stream.write_all(bytes);
    let mut raw = Vec::new();
    let mut chunk = [0_u8; 16 * 1024];
    loop {
        match read_some(&mut stream, &mut chunk) {
            Ok(0) | Err(_) => return Ok(raw),
            Ok(n) => raw.extend_from_slice(&chunk[..n]),
        }
    }
}

pub(super) fn parse(raw: &[u8], head_only: bool) -> Option<Answer> {
    let end = raw.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    if status == 100 {
        return parse(&raw[end + 4..], head_only);
    }
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(':').map(|(n, v)| (n.to_owned(), v.trim().to_owned()))).collect();
    let mut answer = Answer { status, headers, body: Vec::new() };
    let rest = &raw[end + 4..];
    if !head_only {
        let chunked = answer.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
        answer.body = if chunked { unchunk(rest) } else { rest.to_vec() };
    }
    Some(answer)
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(String::from_utf8_lossy(&rest[..end]).trim(), 16).unwrap_or(0);
        let start = end + 2;
        if size == 0 || rest.len() < start + size + 2 {
            break;
        }
        body.extend_from_slice(&rest[start..start + size]);
        rest = &rest[start + size + 2..];
    }
    body
}
