//! Hands messages to a collector of logs over TCP or TLS (RFC 6587, RFC 5425).
//!
//! Syslog has no answers: what was written to a connection may lie in a buffer when the collector dies. So each batch has a
//! connection of its own. It is closed from here, and only when the collector has closed it as well, which it does after it
//! has read everything, does the batch count. A collector that is killed in between resets the connection, and gets the batch
//! again.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use doorward_api::Secret;
use hyper_rustls::ConfigBuilderExt;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::http::trusting;

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorSettings {
    /// The collector's name or address; with TLS its certificate must bear it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the way there is protected.
    pub protection: CollectorProtection,
}

/// How the way to a collector is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CollectorProtection {
    /// Not at all: whoever is on the way reads along, and may change what passes.
    None,
    /// TLS from the first byte.
    Tls {
        /// The authorities in PEM form that are believed, and no others; the public ones where there are none.
        authorities: Option<String>,
        /// What is shown to it, should it ask who we are.
        identity: Option<CollectorIdentity>,
    },
}

/// A certificate, and its key.
#[derive(Clone)]
pub struct CollectorIdentity {
    /// In PEM form, with those that lead to an authority, the first one ours.
    pub certificates: String,
    /// In PEM form.
    pub key: Secret,
}

impl PartialEq for CollectorIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.certificates == other.certificates && self.key.expose() == other.key.expose()
    }
}

impl Eq for CollectorIdentity {}

impl fmt::Debug for CollectorIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorIdentity").finish_non_exhaustive()
    }
}

/// Settings that cannot be. For the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectorConfigError {
    /// Neither a name nor an address.
    #[error("{0} is no name that a certificate could bear")]
    Name(String),
    /// The authorities cannot be read, or TLS cannot be set up.
    #[error("TLS to the collector cannot be set up: {0}")]
    Tls(String),
    /// What we would show of ourselves cannot be read, or does not belong together.
    #[error("certificate and key for the collector cannot be used: {0}")]
    Identity(String),
}

/// Why a batch was not taken, as far as it is known: some of it may have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectorError {
    /// There is no connection.
    #[error("the collector cannot be reached: {0}")]
    Unreachable(String),
    /// The conversation broke off.
    #[error("the collector did not take all of it: {0}")]
    BrokenOff(String),
    /// The connection stays open at the other end.
    #[error("the collector did not close the connection, so it may not have read all of it")]
    NotClosed,
}

/// How long each step may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Connecting, and again for TLS.
    connect: Duration,
    /// Handing the batch over.
    write: Duration,
    /// Until the collector closes.
    close: Duration,
}

impl Limits {
    const DEFAULT: Limits =
        Limits { connect: Duration::from_secs(5), write: Duration::from_secs(20), close: Duration::from_secs(20) };
}

/// A collector of logs.
#[derive(Clone)]
pub struct Collector {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    limits: Limits,
}

impl Collector {
    /// Checks the settings. Nothing is connected to.
    ///
    /// # Errors
    /// [`CollectorConfigError`].
    pub fn new(settings: CollectorSettings) -> Result<Self, CollectorConfigError> {
        let CollectorSettings { host, port, protection } = settings;
        let tls = match protection {
            CollectorProtection::None => None,
            CollectorProtection::Tls { authorities, identity } => {
                let name = ServerName::try_from(host.clone()).map_err(|_| CollectorConfigError::Name(host.clone()))?;
                Some((TlsConnector::from(Arc::new(client(authorities.as_deref(), identity.as_ref())?)), name))
            }
        };
        Ok(Self { host, port, tls, limits: Limits::DEFAULT })
    }

    /// The same with other time limits.
    #[cfg(test)]
    fn with_patience(mut self, patience: Duration) -> Self {
        self.limits = Limits { connect: patience, write: patience, close: patience };
        self
    }

    /// Hands over a batch. `Ok` only after the collector has read all of it.
    ///
    /// # Errors
    /// [`CollectorError`]; some of it may have been taken.
    pub async fn deliver(&self, batch: &[u8]) -> Result<(), CollectorError> {
        let unreachable = |step: StepError| CollectorError::Unreachable(step.to_string());
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let tcp = within(self.limits.connect, connecting).await.map_err(unreachable)?;
        match &self.tls {
            None => self.hand_over(tcp, batch).await,
            Some((connector, name)) => {
                let shaking = connector.connect(name.clone(), tcp);
                let stream = within(self.limits.connect, shaking).await.map_err(unreachable)?;
                self.hand_over(stream, batch).await
            }
        }
    }

    async fn hand_over<S>(&self, mut stream: S, batch: &[u8]) -> Result<(), CollectorError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let writing = async {
            stream.write_all(batch).await?;
            stream.flush().await?;
            stream.shutdown().await
        };
        let broken_off = |step: StepError| CollectorError::BrokenOff(step.to_string());
        within(self.limits.write, writing).await.map_err(broken_off)?;
        match within(self.limits.close, closed(&mut stream)).await {
            Ok(()) => Ok(()),
            Err(StepError::TimedOut) => Err(CollectorError::NotClosed),
            Err(step) => Err(broken_off(step)),
        }
    }
}

/// Waits for the other end to close. What it says until then means nothing.
async fn closed(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut heard = [0; 1024];
    loop {
        match stream.read(&mut heard).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // Widely used collectors close the connection without saying goodbye in TLS before.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// What went wrong in one step.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error("it took too long")]
    TimedOut,
    #[error(transparent)]
    Network(#[from] io::Error),
}

async fn within<T>(limit: Duration, step: impl Future<Output = io::Result<T>>) -> Result<T, StepError> {
    match tokio::time::timeout(limit, step).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StepError::TimedOut),
    }
}

fn client(
    authorities: Option<&str>,
    identity: Option<&CollectorIdentity>,
) -> Result<rustls::ClientConfig, CollectorConfigError> {
    let builder = match authorities {
        Some(pem) => trusting(pem).map_err(|cause| CollectorConfigError::Tls(cause.to_string()))?,
        None => rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|cause| CollectorConfigError::Tls(cause.to_string()))?
            .with_webpki_roots(),
    };
    let Some(identity) = identity else { return Ok(builder.with_no_client_auth()) };
    let unusable = |cause: String| CollectorConfigError::Identity(cause);
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(identity.certificates.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|cause| unusable(cause.to_string()))?;
    if chain.is_empty() {
        return Err(unusable("there is no certificate in the file".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes());
    let key = key.map_err(|cause| unusable(format!("the key: {cause}")))?;
    builder.with_client_auth_cert(chain, key).map_err(|cause| unusable(cause.to_string()))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::testing::{CA, CLIENT, CLIENT_KEY, tls_reader, tls_reader_of_clients};

    const SOON: Duration = Duration::from_secs(5);

    fn plain(port: u16) -> Collector {
        let protection = CollectorProtection::None;
        Collector::new(CollectorSettings { host: "127.0.0.1".into(), port, protection }).unwrap().with_patience(SOON)
    }

    fn over_tls(host: &str, port: u16, authorities: Option<&str>) -> Collector {
        known(host, port, authorities, None).unwrap()
    }

    fn known(
        host: &str,
        port: u16,
        authorities: Option<&str>,
        identity: Option<CollectorIdentity>,
    ) -> Result<Collector, CollectorConfigError> {
        let protection = CollectorProtection::Tls { authorities: authorities.map(str::to_owned), identity };
        let collector = Collector::new(CollectorSettings { host: host.into(), port, protection })?;
        Ok(collector.with_patience(SOON))
    }

    fn identity(certificates: &str, key: &str) -> Option<CollectorIdentity> {
        Some(CollectorIdentity { certificates: certificates.to_owned(), key: Secret::new(key) })
    }

    async fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    #[tokio::test]
    async fn a_batch_counts_when_the_collector_has_read_it_and_closed() {
        let (listener, port) = listener().await;
        let reading = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await.unwrap();
            heard
        });
        let batch = vec![b'x'; 300_000];
        assert_eq!(plain(port).deliver(&batch).await, Ok(()));
        assert_eq!(reading.await.unwrap(), batch);
    }

    /// What the system took off our hands is not what the collector has.
    #[tokio::test]
    async fn a_collector_that_dies_before_it_has_read_gets_it_again() {
        let (listener, port) = listener().await;
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
            // There is something unread in it.
            drop(stream);
        });
        let error = plain(port).deliver(b"3 abc").await.unwrap_err();
        assert!(matches!(error, CollectorError::BrokenOff(_)), "{error:?}");
    }

    #[tokio::test]
    async fn a_collector_that_is_away_or_does_not_close_is_told() {
        let (listener, port) = listener().await;
        drop(listener);
        assert!(matches!(plain(port).deliver(b"3 abc").await, Err(CollectorError::Unreachable(_))));
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = silent.local_addr().unwrap().port();
        let hasty = plain(port).with_patience(Duration::from_millis(200));
        assert_eq!(hasty.deliver(b"3 abc").await, Err(CollectorError::NotClosed));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn its_certificate_must_be_of_the_right_name_and_authority() {
        let (port, heard) = tls_reader();
        assert_eq!(over_tls("localhost", port, Some(CA)).deliver(b"3 abc").await, Ok(()));
        assert_eq!(heard.join().unwrap(), b"3 abc");
        for (host, authorities) in [("127.0.0.1", Some(CA)), ("localhost", None)] {
            let (port, heard) = tls_reader();
            let error = over_tls(host, port, authorities).deliver(b"3 abc").await.unwrap_err();
            assert!(
                matches!(&error, CollectorError::Unreachable(why) if why.contains("certificate")),
                "{host}: {error:?}"
            );
            assert_eq!(heard.join().unwrap(), b"", "nothing is said to the wrong one");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_collector_that_asks_who_we_are_is_shown_our_certificate_and_takes_nothing_of_others() {
        let (port, heard) = tls_reader_of_clients();
        let doorward = known("localhost", port, Some(CA), identity(CLIENT, CLIENT_KEY)).unwrap();
        assert_eq!(doorward.deliver(b"3 abc").await, Ok(()));
        assert_eq!(heard.join().unwrap(), b"3 abc");

        let (port, heard) = tls_reader_of_clients();
        let error = over_tls("localhost", port, Some(CA)).deliver(b"3 abc").await.unwrap_err();
        assert!(matches!(error, CollectorError::BrokenOff(_) | CollectorError::Unreachable(_)), "{error:?}");
        assert_eq!(heard.join().unwrap(), b"");
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        for (certificates, key) in [(CLIENT, CA), (CLIENT, ""), ("", CLIENT_KEY), (CA, CLIENT_KEY)] {
            let error = known("localhost", 1, Some(CA), identity(certificates, key)).err();
            assert!(matches!(error, Some(CollectorConfigError::Identity(_))), "{error:?}");
        }
        let shown = format!("{:?}", identity(CLIENT, CLIENT_KEY));
        assert!(!shown.contains("BEGIN"), "{shown}");
    }

    /// There is no way back to plain text.
    #[tokio::test]
    async fn a_collector_without_tls_gets_nothing() {
        let (listener, port) = listener().await;
        let reading = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"hello\n").await.unwrap();
            let mut heard = Vec::new();
            let _ = stream.read_to_end(&mut heard).await;
            heard
        });
        let error = over_tls("localhost", port, Some(CA)).deliver(b"a secret").await.unwrap_err();
        assert!(matches!(error, CollectorError::Unreachable(_)), "{error:?}");
        let heard = reading.await.unwrap();
        assert!(!heard.windows(8).any(|part| part == b"a secret"));
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        let tls = |host: &str, authorities: Option<&str>| known(host, 6514, authorities, None).err();
        assert_eq!(tls("siem.example.test", None), None);
        assert_eq!(tls("10.0.0.1", Some(CA)), None);
        assert!(matches!(tls("not a name", None), Some(CollectorConfigError::Name(_))));
        assert!(matches!(tls("siem.example.test", Some("")), Some(CollectorConfigError::Tls(_))));
    }
}
