//! TLS and HTTP/2: names, and heads that HTTP/1 would have refused.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use crate::world::{World, connect, header, read_all, status};

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn handshake(world: &World, name: &str, alpn: &[u8]) -> Tls {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(NameOnly))
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let name = ServerName::try_from(name.to_owned()).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), connect(world.tls))
}

#[test]
fn a_host_is_served_on_a_connection_that_asked_for_it() {
    let world = World::start();
    let asked = |name: &str, host: &str| {
        let mut tls = handshake(&world, name, b"http/1.1");
        write!(tls, "GET /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        status(&read_all(&mut tls))
    };
    assert_eq!(asked("wiki.test", &format!("wiki.test:{}", world.tls)), 200);
    assert_eq!(header(&world.heard.take(), "x-forwarded-proto"), ["https"]);
    assert_eq!(asked("login.test", "wiki.test"), 421);
    assert_eq!(asked("wiki.test", "open.localhost"), 421);
    assert_eq!(world.heard.take(), "");
}

// HTTP/2, spoken by hand: the preface, an empty SETTINGS, and one HEADERS frame of literals.

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0x10], text(name), text(value)].concat()
}

/// The first byte of the answer's HEADERS, or the type of the frame that ended the stream.
fn answer_to(world: &World, fields: &[(&str, &str)]) -> Result<u8, u8> {
    let mut tls = handshake(world, "wiki.test", b"h2");
    let block: Vec<u8> = fields.iter().flat_map(|(name, value)| literal(name, value)).collect();
    let hello = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[]), frame(1, 5, 1, &block)].concat();
    tls.write_all(&hello).unwrap();
    loop {
        let mut head = [0; 9];
        if tls.read_exact(&mut head).is_err() {
            return Err(0xff);
        }
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        tls.read_exact(&mut payload).unwrap();
        match head[3] {
            1 => return Ok(payload[0]),
            kind @ (3 | 7) => return Err(kind),
            _ => {}
        }
    }
}

/// The indexes of `:status` 200, 400 and 404 in HPACK's static table.
const STATUS_200: u8 = 0x80 | 8;
const STATUS_400: u8 = 0x80 | 12;
const STATUS_404: u8 = 0x80 | 13;

#[test]
fn an_http2_request_goes_the_same_way() {
    let world = World::start();
    let base = [(":method", "GET"), (":scheme", "https"), (":authority", "wiki.test")];
    let with = |more: &[(&'static str, &'static str)]| answer_to(&world, &[&base[..], more].concat());
    assert_eq!(
        with(&[(":path", "/a/../b?c"), ("cookie", "a=1"), ("cookie", "b=2"), ("remote-user", "root")]),
        Ok(STATUS_200)
    );
    let heard = world.heard.take();
    assert!(
        heard.starts_with("GET /b?c HTTP/1.1\r\n") && heard.contains("a=1; b=2") && !heard.contains("root"),
        "{heard}"
    );
    assert_eq!(with(&[(":path", "/.doorward/x"), ("expect", "100-continue")]), Ok(STATUS_404), "the router's answer");
    for more in [
        &[(":path", "/a b")][..],
        &[(":path", "/a\r\nx: y")],
        &[(":path", "/public/%5c")],
        &[(":path", "/a"), ("host", "evil.test")],
        &[(":path", "/a"), ("transfer-encoding", "chunked")],
        &[(":path", "/a"), ("connection", "close")],
        &[(":path", "/a"), ("Upper", "case")],
        &[(":path", "/a"), ("x", "a\r\nb")],
        &[(":path", "/a"), ("content-length", "5")],
    ] {
        let answer = with(more);
        assert!(matches!(answer, Err(_) | Ok(STATUS_400)), "{more:?}: {answer:?}");
        assert_eq!(world.heard.take(), "", "{more:?}");
    }
}

#[test]
fn a_connection_that_promises_http2_must_begin_it() {
    let limits = doorward_proxy::Limits { header_deadline: Duration::from_millis(500), ..Default::default() };
    let world = World::with(limits);
    let mut tls = handshake(&world, "wiki.test", b"h2");
    tls.sock.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    tls.write_all(b"PRI * HT").unwrap();
    let begun = std::time::Instant::now();
    read_all(&mut tls);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

/// Believes every certificate: whose it is is tested beside the certificates.
#[derive(Debug)]
struct NameOnly;

impl ServerCertVerifier for NameOnly {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
