//! An application for much and for long: it keeps nothing of what it is sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A running one; its threads end with the tests. `GET /bytes/N` is answered with so many bytes, `GET /events` with an event
/// every half second and no end, everything else, when its body has come, with the body's length.
#[derive(Debug, Clone)]
pub struct Bulk {
    pub port: u16,
    taken: Arc<AtomicU64>,
}

impl Bulk {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let bulk = Self { port, taken: Arc::default() };
        let taken = bulk.taken.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = taken.clone();
                // It ends with the connection, however that ends.
                std::thread::spawn(move || while_it_lasts(stream, &taken));
            }
        });
        bulk
    }

    /// How many bytes of bodies it has been sent.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }
}

fn while_it_lasts(stream: TcpStream, taken: &AtomicU64) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    loop {
        let head = read_head(&mut reader)?;
        let (line, _) = head.split_once("\r\n")?;
        let body = if head.contains("\r\ntransfer-encoding: chunked\r\n") {
            read_chunks(&mut reader, taken)?
        } else {
            let length = head
                .split_once("\r\ncontent-length: ")
                .map_or(Some(0), |(_, rest)| rest.split("\r\n").next()?.parse().ok())?;
            discard(&mut reader, length, taken)?
        };
        let path = line.split(' ').nth(1)?;
        let out = reader.get_mut();
        if path == "/events" {
            return events(out);
        }
        match path.strip_prefix("/bytes/") {
            Some(count) => send(out, count.parse().ok()?)?,
            None => {
                let said = body.to_string();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{said}", said.len());
                out.write_all(answer.as_bytes()).ok()?;
            }
        }
    }
}

/// In lower case.
fn read_head(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head.to_ascii_lowercase())
}

fn read_chunks(reader: &mut BufReader<TcpStream>, taken: &AtomicU64) -> Option<u64> {
    let mut all = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let size = u64::from_str_radix(line.trim_end(), 16).ok()?;
        all += discard(reader, size, taken)?;
        reader.read_line(&mut line).ok()?;
        if size == 0 {
            return Some(all);
        }
    }
}

fn discard(reader: &mut BufReader<TcpStream>, length: u64, taken: &AtomicU64) -> Option<u64> {
    let mut left = length;
    while left > 0 {
        let there = reader.fill_buf().ok()?.len();
        let part = there.min(usize::try_from(left).unwrap_or(usize::MAX));
        if part == 0 {
            return None;
        }
        reader.consume(part);
        left -= part as u64;
        taken.fetch_add(part as u64, Ordering::SeqCst);
    }
    Some(length)
}

fn send(out: &mut TcpStream, count: u64) -> Option<()> {
    out.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n").as_bytes()).ok()?;
    std::io::copy(&mut std::io::repeat(b'x').take(count), out).ok().map(drop)
}

fn events(out: &mut TcpStream) -> Option<()> {
    out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n").ok()?;
    loop {
        out.write_all(b"9\r\ndata: 1\n\n\r\n").ok()?;
        std::thread::sleep(Duration::from_millis(500));
    }
}
