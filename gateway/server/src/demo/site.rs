//! The demo's virtual server: one portal, one authenticator, three applications.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use doorward_access::site::{App, AppOptions, AuthenticatorSite, Beside, Site, Upstream, VirtualServer};
use doorward_api::{AppId, VirtualServerId};
use doorward_policy::{Policies, Source};

use crate::config::{ConfigError, USUAL_RECORD_DAYS, read_cases, read_policies, resolve_site};

/// The policies of `policies/default`, built in.
const DEMO_POLICIES: &[(&str, &str)] = &[
    ("policies/default/intranet.cedar", include_str!("../../../../policies/default/intranet.cedar")),
    ("policies/default/public.cedar", include_str!("../../../../policies/default/public.cedar")),
    ("policies/default/wiki.cedar", include_str!("../../../../policies/default/wiki.cedar")),
];

/// What they must decide.
const DEMO_CASES: &[(&str, &str)] = &[
    ("policies/cases/intranet.toml", include_str!("../../../../policies/cases/intranet.toml")),
    ("policies/cases/public.toml", include_str!("../../../../policies/cases/public.toml")),
    ("policies/cases/wiki.toml", include_str!("../../../../policies/cases/wiki.toml")),
];

/// The demo's applications: key, name, and where each is served.
const APPS: [(&str, &str); 3] = [("wiki", "Wiki"), ("intranet", "Intranet"), ("public", "Public pages")];

/// What the demo may be told to do otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DemoManner<'a> {
    /// Policies of this folder instead of those built in.
    pub(crate) policies: Option<&'a Path>,
    /// Standard authenticator apps are enrolled, and none of our own is served.
    pub(crate) standard_apps: bool,
}

/// Builds the demo's site.
///
/// # Errors
/// When a folder is given and its policies do not hold.
pub(crate) fn demo_site(
    port: u16,
    upstreams: &BTreeMap<&'static str, SocketAddr>,
    manner: DemoManner<'_>,
) -> Result<Site, ConfigError> {
    let apps: BTreeMap<AppId, Arc<App>> = APPS
        .iter()
        .filter_map(|(id, name)| {
            upstreams.get(id).map(|upstream| (AppId::new(*id), Arc::new(app(id, name, port, *upstream))))
        })
        .collect();
    let server = VirtualServer {
        id: VirtualServerId::new("default"),
        name: "Doorward Demo".to_owned(),
        portal_host: "login.localhost".to_owned(),
        portal_origin: format!("http://login.localhost:{port}"),
        authenticator: (!manner.standard_apps).then(|| AuthenticatorSite {
            host: "authenticator.localhost".to_owned(),
            origin: format!("http://authenticator.localhost:{port}"),
        }),
        support_url: Some("https://example.test/help".to_owned()),
        apps,
        policies: demo_policies(manner.policies)?,
        beside: Beside {
            loaded_at: doorward_store::system_clock().now(),
            cases: demo_cases(manner.policies),
            shadow: None,
            record_days: USUAL_RECORD_DAYS,
        },
    };
    resolve_site(Arc::new(server), false).map_err(|shared| ConfigError::Policies(format!("a host: {shared}")))
}

/// The policies built in, or those of a folder.
///
/// # Errors
/// When those of the folder do not hold.
pub(crate) fn demo_policies(folder: Option<&Path>) -> Result<Arc<Policies>, ConfigError> {
    let sources = match folder {
        Some(folder) => read_policies(folder)?,
        None => built_in(DEMO_POLICIES),
    };
    let ids: Vec<AppId> = APPS.iter().map(|(id, _)| AppId::new(*id)).collect();
    Policies::load(&sources, &ids).map(Arc::new).map_err(|errors| ConfigError::Policies(errors.to_string()))
}

/// The cases built in, or those of a folder.
fn demo_cases(folder: Option<&Path>) -> Vec<Source> {
    folder.map_or_else(|| built_in(DEMO_CASES), read_cases)
}

fn built_in(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(file, text)| Source { file: (*file).to_owned(), text: (*text).to_owned() }).collect()
}

fn app(id: &str, name: &str, port: u16, upstream: SocketAddr) -> App {
    let host = format!("{id}.localhost");
    App {
        id: AppId::new(id),
        name: name.to_owned(),
        origin: format!("http://{host}:{port}"),
        host,
        upstream: Upstream { host: upstream.ip().to_string(), port: upstream.port(), tls: false, preserve_host: true }
            .into(),
        options: AppOptions { websocket: true, ..AppOptions::default() },
    }
}
