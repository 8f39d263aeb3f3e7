//! Tells which policies in the shadow are asked beside the real ones, and which do not hold: then the real ones are asked alone.

use doorward_access::site::Site;
use doorward_api::ports::Metrics;

use crate::metrics::PrometheusMetrics;

/// Of a site that is put in force.
pub(crate) fn tell(site: &Site, metrics: &PrometheusMetrics) {
    for server in site.virtual_servers.values() {
        let Some(shadow) = &server.beside.shadow else { continue };
        let (virtual_server, folder) = (server.id.as_str(), shadow.folder.as_str());
        match &shadow.loaded {
            Ok(set) => {
                let fingerprint = set.fingerprint();
                tracing::info!(
                    virtual_server,
                    folder,
                    policies = set.len(),
                    fingerprint,
                    "policies in the shadow are asked, too"
                );
                metrics.reload("shadow", "applied");
            }
            Err(error) => {
                tracing::error!(virtual_server, folder, %error, "policies in the shadow do not hold; nothing hangs on them");
                metrics.reload("shadow", "refused");
            }
        }
    }
}
