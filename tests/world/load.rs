//! Clients that ask without a pause and account for each request: how many were sent, how many were answered well, and what
//! became of the others.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::http::{Answer, parse};
use super::reading::read_some;

/// An HTTP/1.1 connection that is kept.
pub struct Connection {
    stream: Box<dyn Duplex>,
    socket: TcpStream,
    host: String,
    pending: Vec<u8>,
}

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

impl Connection {
    /// Connects, for requests to a host.
    pub fn open(port: u16, host: &str) -> std::io::Result<Self> {
        Self::open_over(port, host, None)
    }

    /// The same over TLS, where there is a way to.
    pub fn open_over(port: u16, host: &str, tls: Option<&Arc<ClientConfig>>) -> std::io::Result<Self> {
        let socket = TcpStream::connect(("127.0.0.1", port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        let plain = socket.try_clone()?;
        let stream: Box<dyn Duplex> = match tls {
            None => Box::new(plain),
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned()).expect("the name of a host");
                Box::new(StreamOwned::new(ClientConnection::new(tls.clone(), name).unwrap(), plain))
            }
        };
        Ok(Self { stream, socket, host: host.to_owned(), pending: Vec::new() })
    }

    /// Waits no longer than this for an answer; 30 s at first.
    pub fn give_up_after(&self, time: Duration) {
        self.socket.set_read_timeout(Some(time)).unwrap();
    }

    /// One request and its answer, whose length must be said; what went wrong otherwise.
    pub fn get(&mut self, target: &str, fields: &str) -> Result<Answer, String> {
        let head = format!("GET {target} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", self.host);
        self.send(head.as_bytes())?;
        self.answer()
    }

    /// Sends some bytes of a request.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let sent = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
        sent.map_err(|error| format!("not sent: {error}"))
    }

    /// The next answer.
    pub fn answer(&mut self) -> Result<Answer, String> {
        loop {
            if let Some(end) = self.pending.windows(4).position(|window| window == b"\r\n\r\n") {
                let answer = parse(&self.pending[..end + 4], true).ok_or("a head that is none")?;
                let length: usize = answer.header("content-length").ok_or("no length")?.parse().unwrap();
                while self.pending.len() < end + 4 + length {
                    self.read("in the middle of an answer")?;
                }
                let body = self.pending.drain(..end + 4 + length).skip(end + 4).collect();
                return Ok(Answer { body, ..answer });
            }
            self.read("instead of an answer")?;
        }
    }

    fn read(&mut self, when: &str) -> Result<(), String> {
        let mut part = [0; 16 * 1024];
        match read_some(&mut self.stream, &mut part) {
            Ok(0) => Err(format!("closed {when}")),
            Ok(count) => {
                self.pending.extend_from_slice(&part[..count]);
                Ok(())
            }
            Err(error) => Err(format!("{error} {when}")),
        }
    }

    /// Whether the other end has closed it, after at most so long.
    pub fn is_closed_within(&mut self, time: Duration) -> bool {
        self.socket.set_read_timeout(Some(time)).unwrap();
        let mut part = [0; 1024];
        loop {
            match read_some(&mut self.stream, &mut part) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }
}

/// One client.
#[derive(Debug, Clone)]
pub struct Asker {
    pub port: u16,
    pub tls: Option<Arc<ClientConfig>>,
    pub host: String,
    pub target: String,
    /// Further lines of each head.
    pub fields: String,
    /// Whether it keeps its connection, for as long as it is not told to close.
    pub keeps: bool,
    /// The status that is a good answer.
    pub status: u16,
}

/// What became of all requests.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub sent: u64,
    pub answered: u64,
    /// What went wrong, in words.
    pub lost: Vec<String>,
    /// The longest that an answer took.
    pub slowest: Duration,
}

/// Clients at work.
pub struct Load {
    enough: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Tally>>,
}

impl Load {
    /// Begins with all of them.
    pub fn start(askers: impl IntoIterator<Item = Asker>) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let threads = askers
            .into_iter()
            .map(|asker| {
                let enough = enough.clone();
                std::thread::spawn(move || asker.ask_until(&enough))
            })
            .collect();
        Self { enough, threads }
    }

    /// Ends it when each has been answered.
    pub fn stop(self) -> Tally {
        self.enough.store(true, Ordering::SeqCst);
        let mut all = Tally::default();
        for thread in self.threads {
            let one = thread.join().unwrap();
            all.sent += one.sent;
            all.answered += one.answered;
            all.lost.extend(one.lost);
            all.slowest = all.slowest.max(one.slowest);
        }
        all
    }
}

impl Asker {
    /// Plain HTTP on a connection that is kept, for pages of everybody.
    pub fn plain(port: u16, host: &str) -> Self {
        let (host, target) = (host.to_owned(), "/".to_owned());
        Self { port, tls: None, host, target, fields: String::new(), keeps: true, status: 200 }
    }

    /// With a new connection for each request.
    pub fn anew(self) -> Self {
        Self { keeps: false, ..self }
    }

    /// So many of the kind.
    pub fn times(self, count: usize) -> impl Iterator<Item = Self> {
        std::iter::repeat_n(self, count)
    }

    fn ask_until(&self, enough: &AtomicBool) -> Tally {
        let mut tally = Tally::default();
        let mut kept: Option<Connection> = None;
        while !enough.load(Ordering::SeqCst) {
            let begun = Instant::now();
            let used = kept.is_some();
            tally.sent += 1;
            match self.ask(&mut kept) {
                Ok(()) => tally.answered += 1,
                Err(why) => {
                    kept = None;
                    let which = if used { "a kept connection" } else { "a new connection" };
                    tally.lost.push(format!("{why}, on {which} to {}", self.port));
                }
            }
            tally.slowest = tally.slowest.max(begun.elapsed());
            // The machine has other things to do, too.
            std::thread::sleep(Duration::from_millis(2));
        }
        tally
    }

    fn ask(&self, kept: &mut Option<Connection>) -> Result<(), String> {
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => Connection::open_over(self.port, &self.host, self.tls.as_ref())
                .map_err(|error| format!("not connected: {error}"))?,
        };
        let close = if self.keeps { "" } else { "Connection: close\r\n" };
        let answer = connection.get(&self.target, &format!("{}{close}", self.fields))?;
        if answer.status != self.status {
            return Err(format!("answered {}", answer.status));
        }
        let closes = answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        *kept = (self.keeps && !closes).then_some(connection);
        Ok(())
    }
}
