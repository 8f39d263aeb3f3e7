//! Certificates by name, swapped without dropping a connection, and the TLS settings of a listener.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use pingora::listeners::TlsAccept;
use pingora::listeners::tls::TlsSettings;
use pingora::protocols::tls::TlsRef;
use rustls::client::verify_server_name;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Two PEM files that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PemPair {
    /// The certificate, followed by those between it and its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why certificates are not taken. Names the file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No pair was given.
    #[error("no certificate is configured")]
    Nothing,
    /// The file cannot be read, or is not PEM.
    #[error("{}: {cause}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// Certificate and key do not belong together, or the key is of a kind that is not supported.
    #[error("{} and {} cannot be used together: {cause}", certificate.display(), key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// A configured host is in none of the certificates.
    #[error("no certificate covers the host {host}")]
    Uncovered {
        /// The host.
        host: String,
    },
}

/// The certificates of a listener. [`Certificates::renew`] puts others in their place: new connections get them, those that
/// exist go on.
#[derive(Debug)]
pub struct Certificates(ArcSwap<Loaded>);

/// Certificates that were read and found good, and are not in force yet.
#[derive(Debug)]
pub struct Checked(Loaded);

#[derive(Debug)]
struct Loaded {
    by_host: HashMap<String, Arc<CertifiedKey>>,
    default: Arc<CertifiedKey>,
    ends: Arc<BTreeMap<String, i64>>,
}

impl Certificates {
    /// Reads pairs for these hosts. Each host gets the first certificate that covers it; who asks for another name gets the
    /// first of all, and then the page that says that this host is not served.
    ///
    /// # Errors
    /// A file is missing or unusable, or a host is not covered.
    pub fn load(pairs: &[PemPair], hosts: &[String]) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self(ArcSwap::from_pointee(Loaded::read(pairs, hosts)?))))
    }

    /// Reads pairs for these hosts, to be put in force later or not at all.
    ///
    /// # Errors
    /// As for [`Certificates::load`].
    pub fn check(pairs: &[PemPair], hosts: &[String]) -> Result<Checked, TlsError> {
        Loaded::read(pairs, hosts).map(Checked)
    }

    /// Puts others in force, and says whether any host gets another certificate than before.
    pub fn renew(&self, others: Checked) -> bool {
        let others = Arc::new(others.0);
        let before = self.0.swap(others.clone());
        !others.serves_the_same(&before)
    }

    /// Until when the certificate of each host is good, in seconds since the epoch, by the names of the hosts. The same map for as
    /// long as the same certificates are in force.
    pub fn ends(&self) -> Arc<BTreeMap<String, i64>> {
        self.0.load().ends.clone()
    }

    fn for_name(&self, name: Option<&str>) -> Arc<CertifiedKey> {
        let loaded = self.0.load();
        name.and_then(|name| loaded.by_host.get(name)).unwrap_or(&loaded.default).clone()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.for_name(hello.server_name()))
    }
}

impl Loaded {
    fn read(pairs: &[PemPair], hosts: &[String]) -> Result<Self, TlsError> {
        let keys: Vec<Arc<CertifiedKey>> = pairs.iter().map(read_pair).collect::<Result<_, _>>()?;
        let default = keys.first().ok_or(TlsError::Nothing)?.clone();
        let mut by_host = HashMap::new();
        for host in hosts {
            let key = keys.iter().find(|key| covers(key, host));
            let key = key.ok_or_else(|| TlsError::Uncovered { host: host.clone() })?;
            by_host.insert(host.clone(), key.clone());
        }
        let ends = by_host.iter().filter_map(|(host, key)| Some((host.clone(), not_after(key)?))).collect();
        Ok(Self { by_host, default, ends: Arc::new(ends) })
    }

    fn serves_the_same(&self, other: &Self) -> bool {
        let same = |host: &String, key: &Arc<CertifiedKey>| other.by_host.get(host).is_some_and(|k| k.cert == key.cert);
        self.default.cert == other.default.cert
            && self.by_host.len() == other.by_host.len()
            && self.by_host.iter().all(|(host, key)| same(host, key))
    }
}

fn read_pair(pair: &PemPair) -> Result<Arc<CertifiedKey>, TlsError> {
    let wrong = |file: &Path, cause: String| TlsError::File { file: file.to_owned(), cause };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&pair.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(&pair.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(&pair.certificate, "it holds no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&pair.key).map_err(|error| wrong(&pair.key, error.to_string()))?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| TlsError::Pair {
        certificate: pair.certificate.clone(),
        key: pair.key.clone(),
        cause: error.to_string(),
    })?;
    Ok(Arc::new(certified))
}

fn not_after(key: &CertifiedKey) -> Option<i64> {
    let (_, certificate) = x509_parser::parse_x509_certificate(key.cert.first()?).ok()?;
    Some(certificate.validity().not_after.timestamp())
}

fn covers(key: &CertifiedKey, host: &str) -> bool {
    let certificate = key.cert.first().and_then(|certificate| ParsedCertificate::try_from(certificate).ok());
    let name = ServerName::try_from(host).ok();
    certificate.zip(name).is_some_and(|(certificate, name)| verify_server_name(&certificate, &name).is_ok())
}

/// The settings of a TLS listener: HTTP/2 and HTTP/1.1, TLS 1.3 and 1.2, certificates by name.
///
/// # Errors
/// None in this version of Pingora; its constructor is fallible.
pub fn settings(certificates: Arc<Certificates>) -> pingora::Result<TlsSettings> {
    let mut settings = TlsSettings::with_callbacks(Box::new(RememberName))?;
    settings.set_cert_resolver(certificates);
    settings.enable_h2();
    Ok(settings)
}

/// The name that a handshake asked for, as the rooms find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Lower case, no final dot.
    pub(crate) name: Arc<str>,
}

struct RememberName;

#[async_trait]
impl TlsAccept for RememberName {
    async fn handshake_complete_callback(&self, tls: &TlsRef) -> Option<Arc<dyn Any + Send + Sync>> {
        let name = tls.server_name()?;
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        Some(Arc::new(Asked { name: name.into() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str) -> PemPair {
        let file = |end: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(format!("{name}.{end}"));
        PemPair { certificate: file("crt"), key: file("key") }
    }

    fn hosts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn each_host_gets_the_certificate_that_covers_it() {
        let both = [pair("wiki"), pair("login")];
        let certificates = Certificates::load(&both, &hosts(&["wiki.test", "a.wiki.test", "login.test"])).unwrap();
        let (wiki, login) = (certificates.for_name(Some("wiki.test")), certificates.for_name(Some("login.test")));
        assert!(!Arc::ptr_eq(&wiki, &login));
        assert!(Arc::ptr_eq(&wiki, &certificates.for_name(Some("a.wiki.test"))), "the wildcard");
        assert!(Arc::ptr_eq(&wiki, &certificates.for_name(Some("unknown.test"))), "the first is the default");
        assert!(Arc::ptr_eq(&wiki, &certificates.for_name(None)));
    }

    #[test]
    fn an_error_names_the_file_or_the_host() {
        let told =
            |pairs: &[PemPair], names: &[&str]| Certificates::load(pairs, &hosts(names)).unwrap_err().to_string();
        assert_eq!(told(&[], &[]), "no certificate is configured");
        assert!(told(&[pair("absent")], &[]).contains("absent.crt"));
        let crossed = PemPair { key: pair("login").key, ..pair("wiki") };
        assert!(told(&[crossed], &[]).contains("cannot be used together"));
        let swapped = PemPair { certificate: pair("wiki").key, key: pair("wiki").key };
        assert!(told(&[swapped], &[]).contains("wiki.key"));
        assert_eq!(told(&[pair("wiki")], &["login.test"]), "no certificate covers the host login.test");
    }

    #[test]
    fn others_are_in_force_when_they_are_put_there_and_not_when_they_are_read() {
        let certificates = Certificates::load(&[pair("wiki")], &hosts(&["wiki.test"])).unwrap();
        let before = certificates.for_name(Some("wiki.test"));
        Certificates::check(&[pair("absent")], &[]).unwrap_err();
        let other = Certificates::check(&[pair("login")], &hosts(&["login.test"])).unwrap();
        assert!(Arc::ptr_eq(&before, &certificates.for_name(Some("wiki.test"))));
        assert!(certificates.renew(other));
        assert!(!Arc::ptr_eq(&before, &certificates.for_name(Some("wiki.test"))));
        let same = Certificates::check(&[pair("login")], &hosts(&["login.test"])).unwrap();
        assert!(!certificates.renew(same), "read again, and nothing has changed");
    }
}
