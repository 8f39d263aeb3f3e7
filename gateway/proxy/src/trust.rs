//! Whom upstreams' certificates are checked with, where an application names its own authorities (`ca_file`).

use std::path::Path;
use std::sync::Arc;

use dashmap::DashMap;
use doorward_access::site::{App, Authorities, VirtualServer};
use doorward_api::{AppId, VirtualServerId};
use pingora::protocols::tls::CaType;
use pingora::utils::tls::WrappedX509;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::parse_x509_certificate;

use crate::tls::TlsError;

/// Reads the certificates of authorities from a PEM file.
///
/// # Errors
/// [`TlsError::File`] when it cannot be read, holds none, or one that nothing could be checked with.
pub fn read_authorities(file: &Path) -> Result<Authorities, TlsError> {
    let wrong = |cause: String| TlsError::File { file: file.to_owned(), cause };
    let found: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect).map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    let mut store = RootCertStore::empty();
    for (nth, certificate) in (1..).zip(&found) {
        let unusable = |cause: String| wrong(format!("certificate {nth} in it cannot be used: {cause}"));
        parsed(certificate.as_ref().to_vec()).map_err(unusable)?;
        store.add(certificate.clone()).map_err(|error| unusable(error.to_string()))?;
    }
    Ok(Authorities::new(found.into_iter().map(|certificate| certificate.as_ref().to_vec()).collect()))
}

/// As Pingora wants it. Its own constructor panics where this is an error.
fn parsed(der: Vec<u8>) -> Result<WrappedX509, String> {
    WrappedX509::try_new(der, |der| {
        parse_x509_certificate(der).map(|(_, certificate)| certificate).map_err(|error| error.to_string())
    })
}

/// The authorities of applications, parsed once for all their requests.
#[derive(Default)]
pub(crate) struct Trust {
    known: DashMap<(VirtualServerId, AppId), (Arc<Authorities>, Arc<CaType>)>,
}

impl Trust {
    /// Those of an application; `None` where it names none. A reload brings others.
    pub(crate) fn of(&self, vs: &VirtualServer, app: &App) -> Option<Arc<CaType>> {
        let named = app.upstream.authorities.as_ref()?;
        let key = (vs.id.clone(), app.id.clone());
        let known = self.known.get(&key).filter(|known| Arc::ptr_eq(&known.0, named));
        if let Some(parsed) = known.map(|known| known.1.clone()) {
            return Some(parsed);
        }
        // They were read before they were put into the site, so that each can be. Were none left, Pingora would refuse to
        // connect: nothing is believed that was not named.
        let all: Arc<CaType> = named.certificates.iter().filter_map(|der| parsed(der.clone()).ok()).collect();
        self.known.insert(key, (named.clone(), all.clone()));
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use doorward_access::site::AppOptions;

    use super::*;
    use crate::testing::{site, wiki};

    fn file(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
    }

    #[test]
    fn a_file_without_a_usable_certificate_is_refused_by_name() {
        let told = |name: &str| read_authorities(&file(name)).unwrap_err().to_string();
        assert!(told("absent.crt").contains("absent.crt: "), "{}", told("absent.crt"));
        assert!(told("wiki.key").ends_with("wiki.key: it holds no certificate"), "{}", told("wiki.key"));
        assert!(
            told("broken.crt").contains("broken.crt: certificate 2 in it cannot be used"),
            "{}",
            told("broken.crt")
        );
    }

    #[test]
    fn each_application_has_its_own_and_a_reload_brings_others() {
        let (trust, mut app) = (Trust::default(), wiki(AppOptions::default()));
        let mut of = |authorities: Option<Authorities>| {
            app.upstream.authorities = authorities.map(Arc::new);
            let site = site("", std::slice::from_ref(&app));
            let vs = site.virtual_servers.values().next().unwrap();
            let app = vs.apps.values().next().unwrap();
            let (first, again) = (trust.of(vs, app), trust.of(vs, app));
            assert_eq!(first.as_ref().map(Arc::as_ptr), again.as_ref().map(Arc::as_ptr), "parsed once");
            first.map(|all| all.iter().map(|one| one.borrow_raw_cert().clone()).collect::<Vec<_>>())
        };
        let (ours, others) =
            (read_authorities(&file("wiki.crt")).unwrap(), read_authorities(&file("login.crt")).unwrap());
        assert_ne!(ours.fingerprint, others.fingerprint);
        assert_eq!(of(None), None);
        assert_eq!(of(Some(ours.clone())), Some(ours.certificates));
        assert_eq!(of(Some(others.clone())), Some(others.certificates));
    }
}
