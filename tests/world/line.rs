//! One connection to a gateway, as bytes: what is written is what is sent, and answers are told apart by their framing alone.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use socket2::{Domain, Socket, Type};

use super::http::{Answer, parse};
use super::reading::read_some;

/// The longest silence that is waited for: far beyond what a busy machine needs, below what the gateway gives a client.
const PATIENCE: Duration = Duration::from_secs(20);

const ACCEPTS: &str = "the gateway accepts connections";

/// How a connection reaches the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Plain, from 127.0.0.1: a front proxy that has ended TLS and is believed.
    Front,
    /// TLS with HTTP/1.1, from 127.0.0.2: a stranger.
    Tls,
}

/// The ways to one gateway.
pub struct Ways {
    http: u16,
    https: u16,
    tls: Arc<ClientConfig>,
}

/// How reading ended where no answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The gateway closed the connection; what it had said until then.
    Closed(Vec<u8>),
    /// Nothing came for a long while; what it had said until then.
    Silent(Vec<u8>),
}

/// A connection.
pub struct Line {
    stream: Box<dyn Duplex>,
    pending: Vec<u8>,
}

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

impl Ways {
    /// To a gateway on these ports, whose certificate is this.
    pub fn new(http: u16, https: u16, certificate: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
        let mut tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { http, https, tls: Arc::new(tls) }
    }

    /// How TLS is spoken: HTTP/1.1, this certificate believed.
    pub fn tls(&self) -> Arc<ClientConfig> {
        self.tls.clone()
    }

    /// Connects. Over TLS the handshake asks for this host.
    pub fn connect(&self, way: Way, host: &str) -> Line {
        let stream: Box<dyn Duplex> = match way {
            Way::Front => Box::new(connect(Ipv4Addr::LOCALHOST, self.http).expect(ACCEPTS)),
            Way::Tls => {
                let socket = connect(Ipv4Addr::new(127, 0, 0, 2), self.https).expect(ACCEPTS);
                let name = ServerName::try_from(host.to_owned()).expect("the name of a host");
                let connection = ClientConnection::new(self.tls.clone(), name).unwrap();
                Box::new(Tls::shake_hands(connection, socket))
            }
        };
        Line { stream, pending: Vec::new() }
    }
}

/// TLS over a socket. Unlike the library's own stream it reads what has come although writing has failed: a gateway refuses
/// before it has read everything.
struct Tls {
    connection: ClientConnection,
    socket: TcpStream,
}

impl Tls {
    fn shake_hands(mut connection: ClientConnection, mut socket: TcpStream) -> Self {
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).expect("the gateway shakes hands");
        }
        Self { connection, socket }
    }
}

impl Read for Tls {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.connection.reader().read(buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            if self.connection.read_tls(&mut self.socket)? == 0 {
                return Ok(0);
            }
            self.connection.process_new_packets().map_err(std::io::Error::other)?;
        }
    }
}

impl Write for Tls {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        let written = self.connection.writer().write(buf)?;
        self.flush()?;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}

/// From an address of loopback to a port of it.
pub fn connect(from: Ipv4Addr, port: u16) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Line {
    /// Sends bytes. The gateway may refuse and close before all were sent: what it answered is still there to be read.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    /// The next final answer, with its bytes as they came; interim ones before it are passed over.
    pub fn answer(&mut self, to_head: bool) -> Result<(Answer, Vec<u8>), End> {
        loop {
            let head_end = self.read_until(|bytes| find(bytes, b"\r\n\r\n"))?;
            let head = parse_head(&self.pending[..head_end]);
            if head.status < 200 && head.status != 101 {
                self.pending.drain(..head_end);
                continue;
            }
            let end = self.end_of_body(&head, head_end, to_head)?;
            let raw: Vec<u8> = self.pending.drain(..end).collect();
            let answer = parse(&raw, to_head).expect("a whole answer");
            return Ok((answer, raw));
        }
    }

    /// Whether the connection was closed, once all answers were read: with nothing more said.
    pub fn is_closed(&mut self) -> Result<(), String> {
        match self.read_until(|_| None) {
            Err(End::Closed(rest)) if rest.is_empty() => Ok(()),
            Err(End::Closed(rest)) => Err(format!("closed, but first it said {:?}", rest.escape_ascii().to_string())),
            Err(End::Silent(_)) => Err("not closed".to_owned()),
            Ok(_) => unreachable!("nothing is looked for"),
        }
    }

    fn end_of_body(&mut self, head: &Answer, start: usize, to_head: bool) -> Result<usize, End> {
        if to_head || matches!(head.status, 101 | 204 | 304) {
            return Ok(start);
        }
        if let Some(length) = head.header("content-length") {
            let length: usize = length.parse().expect("a length");
            return self.read_until(|bytes| (bytes.len() >= start + length).then_some(start + length));
        }
        if head.header("transfer-encoding").is_some() {
            return self.read_until(|bytes| end_of_chunks(bytes, start));
        }
        match self.read_until(|_| None) {
            Err(End::Closed(_)) => Ok(self.pending.len()),
            other => other,
        }
    }

    /// Reads on until what is looked for is there.
    fn read_until(&mut self, found: impl Fn(&[u8]) -> Option<usize>) -> Result<usize, End> {
        loop {
            if let Some(at) = found(&self.pending) {
                return Ok(at);
            }
            let mut part = [0; 16 * 1024];
            match read_some(&mut self.stream, &mut part) {
                Ok(count) if count > 0 => self.pending.extend_from_slice(&part[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(End::Silent(self.pending.clone()));
                }
                // A reset, or TLS without its farewell, is an end too.
                _ => return Err(End::Closed(self.pending.clone())),
            }
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what).map(|at| at + what.len())
}

fn parse_head(head: &[u8]) -> Answer {
    let text = head.escape_ascii().to_string();
    // An interim answer is passed over by the parser of whole answers, so its status is read here.
    let status = String::from_utf8_lossy(head).split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no answer of HTTP/1.1: {text}"));
    let headers = parse(head, true).map(|answer| answer.headers).unwrap_or_default();
    Answer { status, headers, body: Vec::new() }
}

/// Where the chunks that begin here end, with their last empty line.
fn end_of_chunks(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let line_end = at + find(bytes.get(at..)?, b"\r\n")?;
        let line = String::from_utf8_lossy(&bytes[at..line_end]).into_owned();
        let size =
            usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16).expect("a chunk's size");
        if size == 0 {
            return Some(line_end + find(bytes.get(line_end..)?, b"\r\n")?);
        }
        at = line_end + size + 2;
    }
}
