//! Web servers that say one thing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
use rustls::{ConfigBuilder, WantsVerifier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::sink::{CERTIFICATE, KEY};

/// Who signs the certificates of clients.
const CLIENT_CA: &str = include_str!("client-ca.pem");
/// A client's certificate, signed by them.
pub(crate) const CLIENT: &str = include_str!("client.pem");
pub(crate) const CLIENT_KEY: &str = include_str!("client.key.pem");

/// A web server on a free port of loopback that answers every request alike.
pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Web {
    /// `line` is the status line without the version, and perhaps more fields.
    pub(crate) async fn answering(line: &str, body: &str) -> Self {
        let length = body.len();
        Self::saying(format!("HTTP/1.1 {line}\r\nContent-Length: {length}\r\n\r\n{body}")).await
    }

    /// To every request this, and nothing more.
    pub(crate) async fn saying(answer: String) -> Self {
        Self::start(Some(answer)).await
    }

    /// It takes every request and says nothing.
    pub(crate) async fn silent() -> Self {
        Self::start(None).await
    }

    async fn start(answer: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let web = Self { address: listener.local_addr().unwrap(), heard: Arc::default() };
        let heard = web.heard.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (heard, answer) = (heard.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut part = [0; 4096];
                    let mut request = Vec::new();
                    while let Ok(read @ 1..) = stream.read(&mut part).await {
                        request.extend_from_slice(&part[..read]);
                        if !whole(&request) {
                            continue;
                        }
                        heard.lock().unwrap().append(&mut request);
                        if let Some(answer) = &answer {
                            let _ = stream.write_all(answer.as_bytes()).await;
                        }
                    }
                });
            }
        });
        web
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything that it was sent.
    pub(crate) fn heard(&self) -> String {
        String::from_utf8(self.heard.lock().unwrap().clone()).unwrap()
    }
}

fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}

/// One that speaks TLS as `localhost` and answers one request with 204. Gives its port.
pub(crate) fn tls_web() -> u16 {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = tls_server();
    std::thread::spawn(move || -> Option<()> {
        let (socket, _) = listener.accept().ok()?;
        let tls = rustls::ServerConnection::new(Arc::new(config)).ok()?;
        let mut stream = rustls::StreamOwned::new(tls, socket);
        let mut request = Vec::new();
        let mut part = [0; 4096];
        while !whole(&request) {
            let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
            request.extend_from_slice(part.get(..read)?);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok()
    });
    port
}

/// One that speaks TLS as `localhost`, reads one connection to its end and says nothing. Gives its port, and what it read.
pub(crate) fn tls_reader() -> (u16, std::thread::JoinHandle<Vec<u8>>) {
    reader(tls_server())
}

/// The same, of those alone who show a certificate of the clients' authority.
pub(crate) fn tls_reader_of_clients() -> (u16, std::thread::JoinHandle<Vec<u8>>) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CLIENT_CA.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    reader(tls_server_that(|builder| builder.with_client_cert_verifier(verifier)))
}

fn reader(config: rustls::ServerConfig) -> (u16, std::thread::JoinHandle<Vec<u8>>) {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let reading = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut heard = Vec::new();
        let _ = rustls::StreamOwned::new(tls, socket).read_to_end(&mut heard);
        heard
    });
    (port, reading)
}

fn tls_server() -> rustls::ServerConfig {
    tls_server_that(|builder| builder.with_no_client_auth())
}

type Asking = ConfigBuilder<rustls::ServerConfig, WantsVerifier>;
type Showing = ConfigBuilder<rustls::ServerConfig, WantsServerCert>;

fn tls_server_that(asks: impl FnOnce(Asking) -> Showing) -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    asks(builder)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap(),
        )
        .unwrap()
}
