//! Hands messages to a collector of logs over TCP or TLS (RFC 6587, RFC 5425).
//!
//! Syslog has no answers: what was written to a connection may lie in a buffer when the collector dies. So each batch has a
//! connection of its own. It is closed from here, and only when the collector has closed it as well, which it does after it
//! has read everything, does the batch count. A collector that is killed in between resets the connection, and gets the batch
//! again.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::ConfigBuilderExt;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::http::believing;

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
    },
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
            CollectorProtection::Tls { authorities } => {
                let name = ServerName::try_from(host.clone()).map_err(|_| CollectorConfigError::Name(host.clone()))?;
                Some((TlsConnector::from(Arc::new(client(authorities.as_deref())?)), name))
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

fn client(authorities: Option<&str>) -> Result<rustls::ClientConfig, CollectorConfigError> {
    if let Some(pem) = authorities {
        return believing(pem).map_err(|cause| CollectorConfigError::Tls(cause.to_string()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| CollectorConfigError::Tls(cause.to_string()))?;
    Ok(config.with_webpki_roots().with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::testing::{CA, tls_reader};

    const SOON: Duration = Duration::from_secs(5);

    fn plain(port: u16) -> Collector {
        let protection = CollectorProtection::None;
        Collector::new(CollectorSettings { host: "127.0.0.1".into(), port, protection }).unwrap().with_patience(SOON)
    }

    fn over_tls(host: &str, port: u16, authorities: Option<&str>) -> Collector {
        let protection = CollectorProtection::Tls { authorities: authorities.map(str::to_owned) };
        Collector::new(CollectorSettings { host: host.into(), port, protection }).unwrap().with_patience(SOON)
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
        let tls = |host: &str, authorities: Option<&str>| {
            let protection = CollectorProtection::Tls { authorities: authorities.map(str::to_owned) };
            Collector::new(CollectorSettings { host: host.into(), port: 6514, protection }).err()
        };
        assert_eq!(tls("siem.example.test", None), None);
        assert_eq!(tls("10.0.0.1", Some(CA)), None);
        assert!(matches!(tls("not a name", None), Some(CollectorConfigError::Name(_))));
        assert!(matches!(tls("siem.example.test", Some("")), Some(CollectorConfigError::Tls(_))));
    }
}
