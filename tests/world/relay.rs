//! A wire between two ends on this machine that can be cut, go dead without being cut, or lead elsewhere.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::reading::read_some;

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Manner {
    /// Passes everything on.
    Whole,
    /// Takes connections and bytes and passes nothing on: the other end seems to think.
    Dead,
    /// Ends every connection, and each new one at once.
    Cut,
}

/// Where a wire leads.
#[derive(Debug, Clone)]
pub enum Target {
    /// A host and its port.
    Tcp(String, u16),
    /// A Unix socket.
    Socket(PathBuf),
}

impl From<u16> for Target {
    /// A port of loopback.
    fn from(port: u16) -> Self {
        Target::Tcp("127.0.0.1".into(), port)
    }
}

/// A listener on loopback that passes everything on.
pub struct Relay {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: Mutex<Target>,
    manner: AtomicU8,
    open: AtomicUsize,
}

/// How often a quiet direction looks whether it was cut.
const TICK: Duration = Duration::from_millis(20);

impl Relay {
    /// To there. Its threads end with the tests.
    pub fn to(target: impl Into<Target>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            target: Mutex::new(target.into()),
            manner: AtomicU8::new(Manner::Whole as u8),
            open: AtomicUsize::new(0),
        });
        let kept = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = kept.clone();
                std::thread::spawn(move || shared.join(client));
            }
        });
        Self { port, shared }
    }

    /// From now on it does this.
    pub fn set(&self, manner: Manner) {
        self.shared.manner.store(manner as u8, Ordering::SeqCst);
    }

    /// From now on new connections lead there.
    pub fn lead_to(&self, target: impl Into<Target>) {
        *self.shared.target.lock().unwrap() = target.into();
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

/// An end of a connection, which may be held twice: once for each direction.
trait End: Read + Write + Send + Sized + 'static {
    fn again(&self) -> std::io::Result<Self>;
    fn look_each(&self, tick: Duration);
    fn end(&self);
}

impl End for TcpStream {
    fn again(&self) -> std::io::Result<Self> {
        self.try_clone()
    }
    fn look_each(&self, tick: Duration) {
        let _ = self.set_read_timeout(Some(tick));
    }
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl End for UnixStream {
    fn again(&self) -> std::io::Result<Self> {
        self.try_clone()
    }
    fn look_each(&self, tick: Duration) {
        let _ = self.set_read_timeout(Some(tick));
    }
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Shared {
    fn is(&self, manner: Manner) -> bool {
        self.manner.load(Ordering::SeqCst) == manner as u8
    }

    fn join(self: Arc<Self>, client: TcpStream) {
        if self.is(Manner::Cut) {
            return;
        }
        let target = self.target.lock().unwrap().clone();
        // Where nobody listens, the client's connection ends.
        let _ = match target {
            Target::Tcp(host, port) => {
                TcpStream::connect((host.as_str(), port)).map(|server| self.between(client, server))
            }
            Target::Socket(path) => UnixStream::connect(path).map(|server| self.between(client, server)),
        };
    }

    fn between<S: End>(self: Arc<Self>, client: TcpStream, server: S) {
        self.open.fetch_add(1, Ordering::SeqCst);
        let (back, forth) = (self.clone(), (client.again(), server.again()));
        if let (Ok(to_client), Ok(from_server)) = forth {
            let answers = std::thread::spawn(move || back.pass_on(from_server, to_client));
            self.pass_on(client, server);
            let _ = answers.join();
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    /// Passes one direction on until an end is gone; then both are.
    fn pass_on(&self, mut from: impl End, mut to: impl End) {
        from.look_each(TICK);
        let mut buffer = [0_u8; 16_384];
        while !self.is(Manner::Cut) {
            match read_some(&mut from, &mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    while self.is(Manner::Dead) {
                        std::thread::sleep(TICK);
                    }
                    if self.is(Manner::Cut) || to.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
        from.end();
        to.end();
    }
}
