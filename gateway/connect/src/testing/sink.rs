//! Mail servers that speak just enough SMTP.

use std::io::{BufRead, BufReader as StdReader, Write};
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How a step is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Line(&'static str),
    /// Nothing, ever.
    Silence,
    /// One byte a second.
    Drip,
    /// A line without an end, as fast as it is taken.
    Endless,
    /// One more line of the same reply after the other, for ever.
    EndlessLines,
    /// The connection is closed.
    Close,
}

/// What the server does at each step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behaviour {
    pub(crate) greeting: Reply,
    pub(crate) extensions: &'static str,
    pub(crate) auth: Reply,
    pub(crate) mail: Reply,
    pub(crate) rcpt: Reply,
    pub(crate) data: Reply,
    pub(crate) content: Reply,
    pub(crate) quit: Reply,
}

impl Behaviour {
    pub(crate) const GOOD: Behaviour = Behaviour {
        greeting: Reply::Line("220 sink ESMTP"),
        extensions: "250-sink\r\n250 8BITMIME",
        auth: Reply::Line("235 welcome"),
        mail: Reply::Line("250 ok"),
        rcpt: Reply::Line("250 ok"),
        data: Reply::Line("354 go ahead"),
        content: Reply::Line("250 kept"),
        quit: Reply::Line("221 bye"),
    };

    pub(crate) const fn greeting(line: &'static str) -> Self {
        Behaviour { greeting: Reply::Line(line), ..Self::GOOD }
    }

    pub(crate) const fn rcpt(line: &'static str) -> Self {
        Behaviour { rcpt: Reply::Line(line), ..Self::GOOD }
    }
}

/// A mail server on a free port.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    /// Every command line, in order.
    commands: Arc<Mutex<Vec<String>>>,
    /// What was accepted, as it came over the wire, the closing dot left out.
    mails: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Sink {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            address: listener.local_addr().unwrap(),
            behaviour: Arc::new(Mutex::new(behaviour)),
            commands: Arc::default(),
            mails: Arc::default(),
        };
        let (behaviour, commands, mails) = (sink.behaviour.clone(), sink.commands.clone(), sink.mails.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (commands, mails) = (commands.clone(), mails.clone());
                let behaviour = *behaviour.lock().unwrap();
                tokio::spawn(async move { converse(stream, behaviour, &commands, &mails).await });
            }
        });
        sink
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }

    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().iter().map(|mail| String::from_utf8(mail.clone()).unwrap()).collect()
    }
}

/// Answers, and says whether the conversation goes on.
async fn answer(stream: &mut BufReader<TcpStream>, reply: Reply) -> bool {
    match reply {
        Reply::Line(line) => stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.is_ok(),
        Reply::Silence => std::future::pending().await,
        Reply::Drip => loop {
            if stream.get_mut().write_all(b"2").await.is_err() {
                return false;
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        },
        Reply::Endless => for_ever(stream, &[b'2'; 64 * 1024]).await,
        Reply::EndlessLines => for_ever(stream, &b"250-and what is more\r\n".repeat(2048)).await,
        Reply::Close => false,
    }
}

/// Until the other end has had enough.
async fn for_ever(stream: &mut BufReader<TcpStream>, bytes: &[u8]) -> bool {
    while stream.get_mut().write_all(bytes).await.is_ok() {}
    false
}

async fn converse(stream: TcpStream, behaviour: Behaviour, commands: &Mutex<Vec<String>>, mails: &Mutex<Vec<Vec<u8>>>) {
    let mut stream = BufReader::new(stream);
    if !answer(&mut stream, behaviour.greeting).await {
        return;
    }
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        commands.lock().unwrap().push(line.trim_end_matches("\r\n").to_owned());
        let verb = line.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        let reply = match verb.as_str() {
            "EHLO" => Reply::Line(behaviour.extensions),
            "AUTH" => behaviour.auth,
            "MAIL" => behaviour.mail,
            "RCPT" => behaviour.rcpt,
            "DATA" => behaviour.data,
            "QUIT" => behaviour.quit,
            _ => Reply::Line("502 not here"),
        };
        if !answer(&mut stream, reply).await {
            return;
        }
        if verb == "DATA" && reply == Behaviour::GOOD.data {
            let mail = read_content(&mut stream).await;
            let taken = matches!(behaviour.content, Reply::Line(line) if line.starts_with('2'));
            if taken {
                mails.lock().unwrap().push(mail);
            }
            if !answer(&mut stream, behaviour.content).await {
                return;
            }
        }
    }
}

/// Byte for byte up to the line that is a lone dot; doubled dots stay doubled.
async fn read_content(stream: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let start = content.len();
        if stream.read_until(b'\n', &mut content).await.unwrap_or(0) == 0 {
            return content;
        }
        let line_begins = start == 0 || content[..start].ends_with(b"\r\n");
        if line_begins && &content[start..] == b".\r\n" {
            content.truncate(start);
            return content;
        }
    }
}

/// The authority that signed the certificate of [`tls_sink`], whose name is `localhost`. Its key was thrown away.
pub(crate) const CA: &str = include_str!("ca.pem");
pub(super) const CERTIFICATE: &str = include_str!("localhost.pem");
/// Good for nothing but these tests.
pub(super) const KEY: &str = include_str!("localhost.key.pem");

/// A mail server with TLS from the first byte, for one connection. Gives its port, and how far it got.
pub(crate) fn tls_sink() -> (u16, std::thread::JoinHandle<Option<String>>) {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap(),
        )
        .unwrap();
    let server = std::thread::spawn(move || {
        let (socket, _) = listener.accept().ok()?;
        let tls = rustls::ServerConnection::new(Arc::new(config)).ok()?;
        let mut stream = StdReader::new(rustls::StreamOwned::new(tls, socket));
        stream.get_mut().write_all(b"220 sink\r\n").ok()?;
        let mut received = String::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let reply: &[u8] = match line.get(..4) {
                Some("EHLO") => b"250 sink\r\n",
                Some("DATA") => b"354 go ahead\r\n",
                _ => b"250 ok\r\n",
            };
            stream.get_mut().write_all(reply).ok()?;
            if line.starts_with("DATA") {
                while !received.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut received).ok()? == 0 {
                        return None;
                    }
                }
                stream.get_mut().write_all(b"250 kept\r\n").ok()?;
                return Some(received);
            }
        }
    });
    (port, server)
}
