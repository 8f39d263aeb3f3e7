//! A WebSocket (RFC 6455), as far as a test needs one: the handshake, and short text frames both ways.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::http::{Answer, parse};
use super::reading::read_some;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A connection on which a WebSocket was asked for.
pub struct Socket {
    stream: TcpStream,
    /// What was answered to the handshake, its body left out.
    pub answer: Answer,
}

impl Socket {
    /// Asks for a WebSocket with the sample key of RFC 6455, 1.3.
    pub fn open(port: u16, authority: &str, target: &str, fields: &[(&str, &str)]) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the gateway accepts connections");
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut head = format!(
            "GET {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        for (name, value) in fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut raw = Vec::new();
        let mut byte = [0];
        while !raw.ends_with(b"\r\n\r\n") && matches!(read_some(&mut stream, &mut byte), Ok(1)) {
            raw.push(byte[0]);
        }
        let answer = parse(&raw, true).unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&raw)));
        Self { stream, answer }
    }

    /// Sends a short text.
    pub fn send(&mut self, text: &str) -> std::io::Result<()> {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).expect("a short text");
        let masked = text.bytes().zip(MASK.into_iter().cycle()).map(|(byte, mask)| byte ^ mask);
        let frame: Vec<u8> = [0x81, 0x80 | length].into_iter().chain(MASK).chain(masked).collect();
        self.stream.write_all(&frame)
    }

    /// The next short text; `None` when the connection ended.
    pub fn receive(&mut self) -> Option<String> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).ok()?;
        assert_eq!(head[0], 0x81, "a whole text frame");
        let mut text = vec![0; usize::from(head[1])];
        self.stream.read_exact(&mut text).ok()?;
        Some(String::from_utf8(text).unwrap())
    }

    /// A text there and back.
    pub fn echoes(&mut self, text: &str) -> bool {
        self.send(text).is_ok() && self.receive().as_deref() == Some(text)
    }

    /// The status with which the other end says that it closes (RFC 6455 7.4), answered as it should be; `None` when the
    /// connection ends without a word.
    pub fn farewell(&mut self) -> Option<u16> {
        let mut head = [0; 2];
        loop {
            self.stream.read_exact(&mut head).ok()?;
            let mut payload = vec![0; usize::from(head[1] & 0x7f)];
            self.stream.read_exact(&mut payload).ok()?;
            if head[0] == 0x88 {
                let masked = payload.iter().zip(MASK.into_iter().cycle()).map(|(byte, mask)| byte ^ mask);
                let length = 0x80 | u8::try_from(payload.len()).unwrap();
                let frame: Vec<u8> = [0x88, length].into_iter().chain(MASK).chain(masked).collect();
                let _ = self.stream.write_all(&frame);
                return Some(u16::from_be_bytes([payload[0], payload[1]]));
            }
            assert_eq!(head[0] & 0x80, 0x80, "a whole frame");
        }
    }

    /// When the other end closed the connection; `None` when it did not within ten seconds.
    pub fn closed_at(mut self) -> Option<Instant> {
        self.stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut part = [0; 1024];
        loop {
            match read_some(&mut self.stream, &mut part) {
                Ok(0) => return Some(Instant::now()),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Some(Instant::now()),
                Err(_) => return None,
            }
        }
    }
}

/// The other end: sends each short frame back, unmasked, until the client goes. `pending` has come already; `read_more` adds to
/// it, and says whether there was more.
pub(super) fn echo(
    stream: &mut TcpStream,
    mut pending: Vec<u8>,
    mut read_more: impl FnMut(&mut TcpStream, &mut Vec<u8>) -> bool,
) {
    loop {
        while pending.len() < 6 || pending.len() < 6 + usize::from(pending[1] & 0x7f) {
            if !read_more(stream, &mut pending) {
                return;
            }
        }
        let length = usize::from(pending[1] & 0x7f);
        let frame: Vec<u8> = pending.drain(..6 + length).collect();
        let text = frame[6..].iter().zip(frame[2..6].iter().cycle()).map(|(byte, mask)| byte ^ mask);
        let back: Vec<u8> = [frame[0], frame[1] & 0x7f].into_iter().chain(text).collect();
        if stream.write_all(&back).is_err() {
            return;
        }
    }
}
