//! A wire to PostgreSQL that can be cut, or go dead without being cut.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wire {
    /// Passes everything on.
    Whole,
    /// Takes everything and passes nothing on: the other end seems to think.
    Dead,
    /// Ends every connection, and each new one at once.
    Cut,
}

/// A listener on loopback that passes everything on to the server.
pub(crate) struct Relay {
    /// The server's database, through the relay.
    pub(crate) url: String,
    wire: Arc<AtomicU8>,
}

impl Relay {
    pub(crate) fn to(url: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Target::of(url);
        let wire = Arc::new(AtomicU8::new(Wire::Whole as u8));
        let shared = Arc::clone(&wire);
        // Ends with the test process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.load(Ordering::SeqCst) != Wire::Cut as u8 {
                    target.join(client, &shared);
                }
            }
        });
        Self { url: through(url, port), wire }
    }

    pub(crate) fn set(&self, wire: Wire) {
        self.wire.store(wire as u8, Ordering::SeqCst);
    }
}

/// The same address with another host and port.
fn through(url: &str, port: u16) -> String {
    let path = url.split('?').next().unwrap();
    let (scheme, rest) = path.split_once("://").unwrap();
    let (authority, database) = rest.split_once('/').unwrap();
    let user = authority.rsplit_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
    format!("{scheme}://{user}127.0.0.1:{port}/{database}")
}

/// Where the server listens.
enum Target {
    Socket(PathBuf),
    Port(String, u16),
}

impl Target {
    fn of(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).unwrap();
        match options.get_socket() {
            Some(folder) => Target::Socket(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
            None => Target::Port(options.get_host().to_owned(), options.get_port()),
        }
    }

    fn join(&self, client: TcpStream, wire: &Arc<AtomicU8>) {
        client.set_read_timeout(Some(TICK)).unwrap();
        match self {
            Target::Socket(path) => {
                let server = UnixStream::connect(path).unwrap();
                server.set_read_timeout(Some(TICK)).unwrap();
                let (to, from) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                pass_on(client, to, wire, |end| drop(end.shutdown(Shutdown::Both)));
                pass_on(server, from, wire, |end| drop(end.shutdown(Shutdown::Both)));
            }
            Target::Port(host, port) => {
                let server = TcpStream::connect((host.as_str(), *port)).unwrap();
                server.set_read_timeout(Some(TICK)).unwrap();
                let (to, from) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                pass_on(client, to, wire, |end| drop(end.shutdown(Shutdown::Both)));
                pass_on(server, from, wire, |end| drop(end.shutdown(Shutdown::Both)));
            }
        }
    }
}

/// How often a quiet direction looks whether it was cut.
const TICK: Duration = Duration::from_millis(20);

/// Passes one direction on, in a thread of its own.
fn pass_on<R, W>(mut from: R, mut to: W, wire: &Arc<AtomicU8>, end: impl Fn(&W) + Send + 'static)
where
    R: Read + Send + 'static,
    W: Write + Send + 'static,
{
    let wire = Arc::clone(wire);
    std::thread::spawn(move || {
        let mut buffer = [0_u8; 16_384];
        loop {
            if wire.load(Ordering::SeqCst) == Wire::Cut as u8 {
                break;
            }
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    while wire.load(Ordering::SeqCst) == Wire::Dead as u8 {
                        std::thread::sleep(TICK);
                    }
                    if to.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                }
                Err(_) => break,
            }
        }
        end(&to);
    });
}
