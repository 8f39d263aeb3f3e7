//! `doorward.toml` as it is written: strict, so that a misspelt key is an error with its line and never a default.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::size::Size;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    pub(crate) listen: Listen,
    pub(crate) store: StoreTable,
    pub(crate) mail: MailTable,
    #[serde(default)]
    pub(crate) console: ConsoleTable,
    #[serde(default)]
    pub(crate) audit: AuditTable,
    #[serde(default)]
    pub(crate) limits: LimitsTable,
    #[serde(default)]
    pub(crate) certificates: Vec<Certificate>,
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<Spanned<String>>,
    pub(crate) virtual_server: BTreeMap<String, Spanned<VirtualServerTable>>,
    #[serde(default)]
    pub(crate) plugins: BTreeMap<String, Spanned<serde_json::Value>>,
    #[serde(default)]
    pub(crate) templates: Option<PathBuf>,
}

/// A file that has the settings of plugins and nothing else: the demo's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginsFile {
    #[serde(default)]
    pub(crate) plugins: BTreeMap<String, Spanned<serde_json::Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    /// TLS by certificate name, HTTP/1.1 and HTTP/2.
    #[serde(default)]
    pub(crate) https: Vec<Spanned<SocketAddr>>,
    /// Plain HTTP, on loopback only, for a TLS front proxy on the same machine.
    #[serde(default)]
    pub(crate) http: Vec<Spanned<SocketAddr>>,
    #[serde(default = "console_default")]
    pub(crate) console: SocketAddr,
    #[serde(default = "metrics_default")]
    pub(crate) metrics: SocketAddr,
    /// Worker threads; the number of cores when absent.
    #[serde(default)]
    pub(crate) threads: Option<usize>,
    /// Seconds for open requests to finish in, once the process was told to stop: 1 to 3600, 10 when absent.
    #[serde(default)]
    pub(crate) grace: Option<Spanned<u64>>,
    /// Where a new process is handed the listeners of the running one. In a folder in which nobody else can write.
    #[serde(default)]
    pub(crate) upgrade_socket: Option<Spanned<PathBuf>>,
}

fn console_default() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8081))
}

fn metrics_default() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9464))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreTable {
    /// `sqlite:///var/lib/doorward/doorward.db` or `postgres://user@host/db`.
    pub(crate) url: Spanned<String>,
    /// 32 random bytes in base64, readable by the service alone.
    pub(crate) key_file: Spanned<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailTable {
    pub(crate) host: String,
    pub(crate) port: u16,
    #[serde(default)]
    pub(crate) security: MailSecurity,
    pub(crate) from: Spanned<String>,
    #[serde(default)]
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) password_file: Option<Spanned<PathBuf>>,
    /// A certificate authority of one's own, believed besides the public ones.
    #[serde(default)]
    pub(crate) ca_file: Option<Spanned<PathBuf>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailSecurity {
    /// No TLS: a server on this machine only.
    None,
    /// TLS by STARTTLS, required.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsoleTable {
    /// Where operators reach the console through a front that speaks TLS: it then answers to this name and no other.
    #[serde(default)]
    pub(crate) origin: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditTable {
    /// Folder of the signed checkpoints, outside the database.
    #[serde(default)]
    pub(crate) checkpoints: Option<PathBuf>,
    /// Collectors of logs that are told of each record.
    #[serde(default)]
    pub(crate) syslog: BTreeMap<String, Spanned<SyslogTable>>,
    /// Webhooks that are told of records.
    #[serde(default)]
    pub(crate) webhook: BTreeMap<String, Spanned<WebhookTable>>,
    /// How many days a record stays; 0: for ever.
    #[serde(default)]
    pub(crate) keep_days: Option<Spanned<u32>>,
    /// How many days longer while an outlet has not sent it.
    #[serde(default)]
    pub(crate) keep_unsent_days: Option<Spanned<u32>>,
}

/// A collector of logs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyslogTable {
    /// `siem.example.org:6514`
    pub(crate) address: Spanned<String>,
    #[serde(default)]
    pub(crate) security: CollectorSecurity,
    /// Who must have signed the collector's certificate; nobody else is believed then.
    #[serde(default)]
    pub(crate) ca_file: Option<Spanned<PathBuf>>,
    /// What is shown to a collector that asks who we are, with its chain.
    #[serde(default)]
    pub(crate) cert_file: Option<Spanned<PathBuf>>,
    /// Its key, readable by the service alone.
    #[serde(default)]
    pub(crate) key_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(crate) facility: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) app_name: Option<Spanned<String>>,
    /// Whose records; everybody's when absent.
    #[serde(default)]
    pub(crate) virtual_servers: Option<Vec<Spanned<String>>>,
    /// Whether it begins with the first record there is.
    #[serde(default)]
    pub(crate) backlog: Option<bool>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CollectorSecurity {
    /// No TLS: whoever is on the way reads along.
    None,
    /// TLS from the first byte.
    #[default]
    Tls,
}

/// Somebody to whom records are posted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookTable {
    pub(crate) url: Spanned<String>,
    /// `whsec_…`, readable by the service alone.
    pub(crate) secret_file: Spanned<PathBuf>,
    #[serde(default)]
    pub(crate) ca_file: Option<Spanned<PathBuf>>,
    /// Whether it may lie in a network of one's own.
    #[serde(default)]
    pub(crate) private_network: bool,
    /// Events that it is told of; all when absent.
    #[serde(default)]
    pub(crate) events: Option<Vec<Spanned<String>>>,
    /// Seconds for one request.
    #[serde(default)]
    pub(crate) timeout: Option<Spanned<u64>>,
    #[serde(default)]
    pub(crate) virtual_servers: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(crate) backlog: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsTable {
    /// How much memory this process may take; what its control group may, when absent.
    #[serde(default)]
    pub(crate) memory: Option<Spanned<Size>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certificate {
    pub(crate) certificate: Spanned<PathBuf>,
    pub(crate) key: Spanned<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VirtualServerTable {
    pub(crate) name: Spanned<String>,
    pub(crate) portal: Spanned<String>,
    /// Where our own authenticator app is served; without it, users enrol standard authenticator apps only.
    #[serde(default)]
    pub(crate) authenticator: Option<Spanned<String>>,
    pub(crate) policies: Spanned<PathBuf>,
    /// A folder of policies that are asked beside them and decide nothing.
    #[serde(default)]
    pub(crate) policies_shadow: Option<Spanned<PathBuf>>,
    /// For how many days decision records are kept; 0: none are made.
    #[serde(default)]
    pub(crate) decision_records: Option<Spanned<u32>>,
    #[serde(default)]
    pub(crate) support_url: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) apps: BTreeMap<String, Spanned<AppTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppTable {
    pub(crate) name: Spanned<String>,
    pub(crate) url: Spanned<String>,
    pub(crate) upstream: Spanned<UpstreamEntry>,
    /// What the upstreams are asked for every five seconds.
    #[serde(default)]
    pub(crate) health_path: Option<Spanned<String>>,
    /// Who must have signed the upstreams' certificates; nobody else is believed then.
    #[serde(default)]
    pub(crate) ca_file: Option<Spanned<PathBuf>>,
    #[serde(default = "yes")]
    pub(crate) preserve_host: bool,
    #[serde(default)]
    pub(crate) extra_methods: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) encoded_slash: bool,
    #[serde(default)]
    pub(crate) semicolon: bool,
    #[serde(default)]
    pub(crate) double_slash: bool,
    #[serde(default)]
    pub(crate) case_insensitive: bool,
    #[serde(default)]
    pub(crate) websocket: bool,
    /// What its pages ask for by themselves.
    #[serde(default)]
    pub(crate) background: Vec<Spanned<String>>,
}

/// One upstream, or several that are alike.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an address such as \"http://127.0.0.1:3000\", or a list of them")]
pub(crate) enum UpstreamEntry {
    One(String),
    Several(Vec<String>),
}

const fn yes() -> bool {
    true
}
