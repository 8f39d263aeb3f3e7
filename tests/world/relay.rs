//! A wire between two ends on loopback that can be cut, go dead without being cut, or lead elsewhere.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use super::gateway::free_port;

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

/// A listener on loopback that passes everything on.
pub struct Relay {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: AtomicU16,
    manner: AtomicU8,
    open: AtomicUsize,
}

/// How often a quiet direction looks whether it was cut.
const TICK: Duration = Duration::from_millis(20);

impl Relay {
    /// To this port. Its threads end with the tests.
    pub fn to(target: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let shared = Arc::new(Shared {
            target: AtomicU16::new(target),
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
    pub fn lead_to(&self, target: u16) {
        self.shared.target.store(target, Ordering::SeqCst);
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
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
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.target.load(Ordering::SeqCst))) else { return };
        self.open.fetch_add(1, Ordering::SeqCst);
        let (back, forth) = (self.clone(), (client.try_clone(), server.try_clone()));
        if let (Ok(to_client), Ok(from_server)) = forth {
            let answers = std::thread::spawn(move || back.pass_on(from_server, to_client));
            self.pass_on(client, server);
            let _ = answers.join();
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    /// Passes one direction on until an end is gone; then both are.
    fn pass_on(&self, mut from: TcpStream, mut to: TcpStream) {
        let _ = from.set_read_timeout(Some(TICK));
        let mut buffer = [0_u8; 16_384];
        while !self.is(Manner::Cut) {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    while self.is(Manner::Dead) {
                        std::thread::sleep(TICK);
                    }
                    if self.is(Manner::Cut) || to.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                }
                Err(_) => break,
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
