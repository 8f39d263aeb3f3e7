//! What the configuration means: the virtual servers, their hosts, applications and policies, as one immutable value that
//! a request takes once and keeps (design 3.11). Built whole by `server`; swapped whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use doorward_api::{AppId, Timestamp, VirtualServerId};
use doorward_policy::{Policies, Served, Source, without_parameters};
use ipnet::IpNet;
use ring::digest::{SHA256, digest};

/// The site in force. Load it once per request.
pub type SharedSite = Arc<ArcSwap<Site>>;

/// Everything hot: hosts, applications, policies, trust.
#[derive(Debug)]
pub struct Site {
    /// Counts up at each swap; part of every cached decision's key.
    pub generation: u64,
    /// By id.
    pub virtual_servers: BTreeMap<VirtualServerId, Arc<VirtualServer>>,
    /// By host: lower case, no port, no trailing dot.
    pub hosts: HashMap<String, HostRole>,
    /// Peers whose forwarding headers are believed. Empty by default.
    pub trusted_proxies: Vec<IpNet>,
    /// Cookies carry `__Host-` and `Secure` (everywhere but in the plain-HTTP demo; decision A6).
    pub secure_cookies: bool,
}

/// What a host is for.
#[derive(Debug, Clone)]
pub enum HostRole {
    /// The portal of a virtual server.
    Portal(Arc<VirtualServer>),
    /// The authenticator of a virtual server: our own app and what it calls, and nothing else.
    Authenticator(Arc<VirtualServer>),
    /// An application.
    App(Arc<VirtualServer>, Arc<App>),
}

/// One virtual server.
#[derive(Debug)]
pub struct VirtualServer {
    /// Its id.
    pub id: VirtualServerId,
    /// The name people see; also the issuer in authenticator apps.
    pub name: String,
    /// The portal's host.
    pub portal_host: String,
    /// The portal's origin: `http://login.localhost:8080`. Links are made from this, never from a request (HH-05).
    pub portal_origin: String,
    /// Where our own authenticator app is served, if it is: an origin on which there is nothing else.
    pub authenticator: Option<AuthenticatorSite>,
    /// The help link of every page (R84).
    pub support_url: Option<String>,
    /// Applications by id.
    pub apps: BTreeMap<AppId, Arc<App>>,
    /// The access policies.
    pub policies: Arc<Policies>,
    /// What was read with them.
    pub beside: Beside,
}

/// Applications, as policies are loaded for them.
pub fn served<'a>(apps: impl Iterator<Item = &'a Arc<App>>) -> Vec<Served> {
    apps.map(|app| Served { app: app.id.clone(), ignores_case: app.options.case_insensitive }).collect()
}

/// What is read together with access policies, and decides nothing.
#[derive(Debug, Default)]
pub struct Beside {
    /// When they were read.
    pub loaded_at: Timestamp,
    /// The cases that say what they must decide: the files of the folder `cases` beside theirs.
    pub cases: Vec<Source>,
    /// Policies that are asked beside the real ones, if there are any.
    pub shadow: Option<Shadow>,
    /// For how many days decision records are kept; none are made when it is 0.
    pub record_days: u32,
}

/// Policies that are asked beside the real ones: what they would say is counted, and changes nothing.
#[derive(Debug, Clone)]
pub struct Shadow {
    /// Where they lie.
    pub folder: String,
    /// They themselves, or what is wrong with them: then the real ones are asked alone.
    pub loaded: Result<Arc<Policies>, String>,
}

impl Beside {
    /// The policies in the shadow, if there are any that hold.
    pub fn shadow_policies(&self) -> Option<&Arc<Policies>> {
        self.shadow.as_ref()?.loaded.as_ref().ok()
    }
}

/// Where our own authenticator app is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorSite {
    /// The host: lower case, no port.
    pub host: String,
    /// The origin: `http://authenticator.localhost:8080`.
    pub origin: String,
}

/// An application behind the gate.
#[derive(Debug)]
pub struct App {
    /// Its key in the configuration.
    pub id: AppId,
    /// The name people see.
    pub name: String,
    /// Its host.
    pub host: String,
    /// Its origin: `http://wiki.localhost:8080`.
    pub origin: String,
    /// Where its requests go.
    pub upstream: Upstreams,
    /// What it may do beyond the strict default (decision A30).
    pub options: AppOptions,
}

/// Where an application's requests go: to one upstream, or in turn to several that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstreams {
    /// The only one, or the first of several.
    pub first: Upstream,
    /// The others.
    pub others: Vec<Upstream>,
    /// What each is asked for every five seconds; with 2xx or 3xx it is well. `None`: it is known by its answers alone.
    pub health_path: Option<String>,
    /// Who must have signed their certificates. `None`: whoever this machine believes.
    pub authorities: Option<Arc<Authorities>>,
}

/// The certificate authorities that an application's upstreams are held to, and no others: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities {
    /// Their certificates, DER. Read and found good by `proxy`, which is what checks with them.
    pub certificates: Vec<Vec<u8>>,
    /// SHA-256 over them. Connections that were checked against others are not theirs.
    pub fingerprint: [u8; 32],
}

impl Authorities {
    /// Of these certificates.
    pub fn new(certificates: Vec<Vec<u8>>) -> Self {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, &certificates.concat()).as_ref());
        Self { certificates, fingerprint }
    }
}

impl Upstreams {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Upstream> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// One of them. After the last comes the first.
    pub fn nth(&self, index: usize) -> &Upstream {
        match index.checked_rem(self.count()) {
            Some(index @ 1..) => self.others.get(index.saturating_sub(1)).unwrap_or(&self.first),
            _ => &self.first,
        }
    }

    /// How many there are; never none.
    pub fn count(&self) -> usize {
        self.others.len().saturating_add(1)
    }
}

impl From<Upstream> for Upstreams {
    fn from(first: Upstream) -> Self {
        Self { first, others: Vec::new(), health_path: None, authorities: None }
    }
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS, with the certificate checked against `host` and [`Upstreams::authorities`].
    pub tls: bool,
    /// Send the public host on (`true`), or the upstream's own.
    pub preserve_host: bool,
}

/// Opt-ins of one application; all off by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppOptions {
    /// Methods beyond GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS (`PROPFIND`, …), upper case.
    pub extra_methods: Vec<String>,
    /// `%2f` in a path is let through, as itself.
    pub encoded_slash: bool,
    /// `;` in a path is let through.
    pub semicolon: bool,
    /// `//` in a path is let through, unmerged.
    pub double_slash: bool,
    /// The application takes capital and small letters of a path for the same: policies are shown small ones.
    pub case_insensitive: bool,
    /// WebSocket upgrades are let through.
    pub websocket: bool,
    /// What its pages ask for by themselves, as [`AppOptions::is_background`] reads it. Canonical, without a final slash.
    pub background: Vec<String>,
}

/// What every application takes; more is opted into (decision A30).
pub const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

impl AppOptions {
    /// Whether requests of this method are let through at all, before any policy is asked.
    pub fn takes_method(&self, method: &str) -> bool {
        METHODS.contains(&method) || self.extra_methods.iter().any(|extra| extra == method)
    }

    /// Whether pages ask for this path (as policies are shown it) by themselves, with nobody there: it is one of
    /// [`AppOptions::background`], or lies below one. They are compared by whole segments, without what follows a `;`,
    /// encoded or not; a segment `*` is any one (SE-08).
    pub fn is_background(&self, path: &str) -> bool {
        self.background.iter().any(|marked| lies_in(path, marked))
    }
}

fn lies_in(path: &str, marked: &str) -> bool {
    let mut segments = path.split('/').map(without_parameters);
    marked.split('/').all(|wanted| segments.next().is_some_and(|segment| wanted == "*" || segment == wanted))
}

impl Site {
    /// The virtual server of an id.
    pub fn virtual_server(&self, id: &VirtualServerId) -> Option<&Arc<VirtualServer>> {
        self.virtual_servers.get(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_background_by_whole_segments() {
        let marked = ["/api/poll", "/rooms/*/news"].map(str::to_owned).into();
        let options = AppOptions { background: marked, ..AppOptions::default() };
        for path in [
            "/api/poll",
            "/api/poll/",
            "/api/poll/7",
            "/api/poll;id=1",
            "/api;x/poll",
            "/api%3Bx/poll%3B",
            "/rooms/7/news/all",
        ] {
            assert!(options.is_background(path), "{path}");
        }
        for path in ["/", "/api", "/api/pollution", "/API/poll", "/x/api/poll", "/rooms/news", "/rooms/7/8/news"] {
            assert!(!options.is_background(path), "{path}");
        }
        assert!(!AppOptions::default().is_background("/api/poll"));
    }
}
