//! A push service that keeps what it is sent and answers as it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};
use std::time::Duration;

/// What it was sent.
#[derive(Debug)]
pub struct Pushed {
    /// The path after which a subscription is called.
    pub path: String,
    /// Header fields by lower-case name.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Pushed {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }
}

/// On a port of this machine.
pub struct PushService {
    port: u16,
    status: Arc<AtomicU16>,
    sent: Receiver<Pushed>,
}

impl PushService {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let status = Arc::new(AtomicU16::new(201));
        let (answers, (tells, sent)) = (status.clone(), channel());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = BufReader::new(stream);
                let Some(pushed) = read(&mut stream) else { continue };
                let status = answers.load(Ordering::SeqCst);
                let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.get_mut().write_all(answer.as_bytes());
                if tells.send(pushed).is_err() {
                    return;
                }
            }
        });
        Self { port, status, sent }
    }

    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on it answers so.
    pub fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// The next message, waited for.
    pub fn next(&self) -> Pushed {
        self.sent.recv_timeout(Duration::from_secs(20)).expect("a push service is asked to wake the device")
    }
}

fn read(stream: &mut impl BufRead) -> Option<Pushed> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    let field = |line: &String| line.split_once(':').map(|(n, v)| (n.to_lowercase(), v.trim().to_owned()));
    let headers: Vec<(String, String)> = lines.iter().skip(1).filter_map(field).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Pushed { path, headers, body })
}
