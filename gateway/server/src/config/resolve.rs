//! From what is written to what it means. Every rule that a value can break is checked here, once.

mod outlets;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use doorward_access::site::{
    App, AppOptions, AuthenticatorSite, Authorities, Beside, HostRole, Shadow, Site, Upstream, Upstreams,
    VirtualServer, served,
};
use doorward_api::keys::MasterKey;
use doorward_api::{AppId, Secret, VirtualServerId};
use doorward_connect::{Protection, Smtp, SmtpSettings};
use doorward_policy::{Policies, without_parameters};
use doorward_proxy::canonical::{canonical_path, judged_path};
use doorward_proxy::read_authorities;
use doorward_proxy::tls::PemPair;
use ipnet::IpNet;
use toml::Spanned;

use super::retention::{Retention, retention};
use super::source::{AppTable, ConfigFile, MailSecurity, PluginsFile, UpstreamEntry, VirtualServerTable};
use super::{ConfigError, UpgradeSocket, keyfile, read_cases, read_policies};

pub(crate) use outlets::{OutletSettings, OutletWay, WebhookSettings};

/// A configuration that holds.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// The file it came from.
    pub(crate) file: PathBuf,
    /// TLS listeners.
    pub(crate) https: Vec<SocketAddr>,
    /// Plain listeners, all on loopback.
    pub(crate) http: Vec<SocketAddr>,
    /// The console's listener.
    pub(crate) console: SocketAddr,
    /// Where operators reach it, where that is not the listener itself: an origin and its host.
    pub(crate) console_origin: Option<ConsoleOrigin>,
    /// The listener of metrics and health.
    pub(crate) metrics: SocketAddr,
    /// Worker threads.
    pub(crate) threads: usize,
    /// How long open requests may take after the process was told to stop.
    pub(crate) grace: Duration,
    /// How much memory there is, in bytes, where that is said.
    pub(crate) memory: Option<u64>,
    /// Where a new process is handed the listeners of the running one.
    pub(crate) upgrade_socket: UpgradeSocket,
    /// The database.
    pub(crate) store_url: String,
    /// The master key, or several of them.
    pub(crate) key: MasterKey,
    /// Where that is from.
    pub(crate) key_file: PathBuf,
    /// Outgoing mail.
    pub(crate) mail: SmtpSettings,
    /// Folder of the audit checkpoints.
    pub(crate) checkpoints: PathBuf,
    /// How long the audit trail is kept.
    pub(crate) retention: Retention,
    /// Who is told of audit records besides the database.
    pub(crate) outlets: Vec<OutletSettings>,
    /// Certificates and keys; the first is used where no name fits.
    pub(crate) certificates: Vec<PemPair>,
    /// The operator's templates.
    pub(crate) templates: Option<PathBuf>,
    /// Plugin settings.
    pub(crate) plugins: PluginTables,
    /// Folder of policies of each virtual server.
    pub(crate) policy_folders: BTreeMap<VirtualServerId, PathBuf>,
    /// Hosts, applications, policies.
    pub(crate) site: Site,
}

impl Resolved {
    /// Every host that is served.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.site.hosts.keys().cloned().collect();
        hosts.sort();
        hosts
    }
}

/// Where in which file: turns offsets into lines.
pub(super) struct Place<'a> {
    file: &'a Path,
    folder: PathBuf,
    text: &'a str,
}

impl<'a> Place<'a> {
    fn of(file: &'a Path, text: &'a str) -> Self {
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // What is opened later is opened from the same place, wherever that is then.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Self { file, folder, text }
    }

    fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(self.text).map_err(|error| ConfigError::Syntax {
            file: self.file.to_owned(),
            line: self.line(error.span().map_or(0, |s| s.start)),
            message: error.message().to_owned(),
        })
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|b| *b == b'\n').count()
    }

    pub(super) fn wrong<T>(&self, at: &Spanned<T>, field: impl Into<String>, rule: impl Into<String>) -> ConfigError {
        ConfigError::Value {
            file: self.file.to_owned(),
            line: self.line(at.span().start),
            field: field.into(),
            rule: rule.into(),
        }
    }

    fn path(&self, written: &Path) -> PathBuf {
        if written.is_absolute() { written.to_owned() } else { self.folder.join(written) }
    }

    fn existing(&self, written: &Spanned<PathBuf>, field: &str) -> Result<PathBuf, ConfigError> {
        let path = self.path(written.get_ref());
        match std::fs::metadata(&path) {
            Ok(_) => Ok(path),
            Err(cause) => Err(self.wrong(written, field, format!("{}: {cause}", path.display()))),
        }
    }
}

/// Plugin settings by plugin id, with their lines.
pub(crate) type PluginTables = BTreeMap<String, (serde_json::Value, usize)>;

pub(super) fn resolve_plugins(file: &Path, text: &str) -> Result<PluginTables, ConfigError> {
    let place = Place::of(file, text);
    let written: PluginsFile = place.read()?;
    Ok(plugins(&place, &written.plugins))
}

fn plugins(place: &Place<'_>, written: &BTreeMap<String, Spanned<serde_json::Value>>) -> PluginTables {
    let table = |raw: &Spanned<serde_json::Value>| (raw.get_ref().clone(), place.line(raw.span().start));
    written.iter().map(|(id, raw)| (id.clone(), table(raw))).collect()
}

pub(super) fn resolve(file: &Path, text: &str) -> Result<Resolved, ConfigError> {
    let place = Place::of(file, text);
    let written: ConfigFile = place.read()?;

    let (site, policy_folders) = site(&place, &written)?;
    let store_url = store_url(&place, &written.store.url)?;
    let checkpoints = place.path(written.audit.checkpoints.as_deref().unwrap_or(Path::new("checkpoints")));
    Ok(Resolved {
        file: file.to_owned(),
        https: written.listen.https.iter().map(|a| *a.get_ref()).collect(),
        http: plain_listeners(&place, &written)?,
        console: written.listen.console,
        console_origin: console_origin(&place, &written, &site)?,
        metrics: written.listen.metrics,
        threads: written.listen.threads.unwrap_or_else(cores),
        grace: grace(&place, &written)?,
        memory: memory(&place, &written)?,
        upgrade_socket: upgrade_socket(&place, &written, &store_url, &checkpoints)?,
        store_url,
        key: master_key(&place, &written.store.key_file)?,
        key_file: place.path(written.store.key_file.get_ref()),
        mail: mail(&place, &written)?,
        checkpoints,
        retention: retention(&place, &written.audit)?,
        outlets: outlets::outlets(&place, &written)?,
        certificates: certificates(&place, &written)?,
        templates: written.templates.as_deref().map(|p| place.path(p)),
        plugins: plugins(&place, &written.plugins),
        policy_folders,
        site,
    })
}

/// The number of cores.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn plain_listeners(place: &Place<'_>, written: &ConfigFile) -> Result<Vec<SocketAddr>, ConfigError> {
    let listen = &written.listen;
    for address in &listen.http {
        if !address.get_ref().ip().is_loopback() {
            return Err(place.wrong(
                address,
                "listen.http",
                "plain HTTP is served on loopback only, for a TLS front proxy on the same machine; use listen.https",
            ));
        }
    }
    if let (Some(first), true) = (listen.https.first(), written.certificates.is_empty()) {
        return Err(place.wrong(first, "listen.https", "needs at least one [[certificates]] entry"));
    }
    if listen.https.is_empty() && listen.http.is_empty() {
        return Err(ConfigError::Value {
            file: place.file.to_owned(),
            line: 1,
            field: "listen".into(),
            rule: "needs `https` or `http`: there is nothing to listen on".into(),
        });
    }
    Ok(listen.http.iter().map(|a| *a.get_ref()).collect())
}

fn grace(place: &Place<'_>, written: &ConfigFile) -> Result<Duration, ConfigError> {
    let Some(grace) = &written.listen.grace else { return Ok(Duration::from_secs(10)) };
    match grace.get_ref() {
        seconds @ 1..=3600 => Ok(Duration::from_secs(*seconds)),
        _ => Err(place.wrong(grace, "listen.grace", "must be 1 to 3600 seconds")),
    }
}

/// With less than this, nobody could be served.
const LEAST_MEMORY: u64 = 64 << 20;

fn memory(place: &Place<'_>, written: &ConfigFile) -> Result<Option<u64>, ConfigError> {
    let Some(memory) = &written.limits.memory else { return Ok(None) };
    match memory.get_ref().bytes() {
        Some(bytes) if bytes >= LEAST_MEMORY => Ok(Some(bytes)),
        _ => Err(place.wrong(
            memory,
            "limits.memory",
            "must be an amount of at least 64MiB, such as \"512MiB\" or \"2GiB\"",
        )),
    }
}

/// The one that is written, held to the rules at once; or one beside the database, or among the checkpoints where the database
/// is elsewhere, which is held to them when it is needed.
fn upgrade_socket(
    place: &Place<'_>,
    written: &ConfigFile,
    store_url: &str,
    checkpoints: &Path,
) -> Result<UpgradeSocket, ConfigError> {
    if let Some(written) = &written.listen.upgrade_socket {
        let socket = UpgradeSocket::at(place.path(written.get_ref()));
        return match socket.check() {
            Ok(()) => Ok(socket),
            Err(rule) => Err(place.wrong(written, "listen.upgrade_socket", rule)),
        };
    }
    let beside = store_url.strip_prefix("sqlite://").and_then(|file| Path::new(file).parent());
    Ok(UpgradeSocket::at(beside.unwrap_or(checkpoints).join("upgrade.sock")))
}

fn store_url(place: &Place<'_>, url: &Spanned<String>) -> Result<String, ConfigError> {
    let text = url.get_ref();
    if let Some(path) = text.strip_prefix("sqlite://") {
        let path = place.path(Path::new(path));
        return match path.parent() {
            Some(parent) if parent.is_dir() => Ok(format!("sqlite://{}", path.display())),
            _ => Err(place.wrong(url, "store.url", format!("the folder of {} does not exist", path.display()))),
        };
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(text.clone());
    }
    Err(place.wrong(url, "store.url", "must begin with sqlite:// or postgres://"))
}

fn master_key(place: &Place<'_>, file: &Spanned<PathBuf>) -> Result<MasterKey, ConfigError> {
    let path = place.existing(file, "store.key_file")?;
    let wrong = |rule: String| place.wrong(file, "store.key_file", rule);
    open_to_others(&path).map_or(Ok(()), |mode| {
        Err(wrong(format!("{} may be read by others (mode {mode:o}); chmod 600 it", path.display())))
    })?;
    let text = std::fs::read_to_string(&path).map_err(|cause| wrong(format!("{}: {cause}", path.display())))?;
    keyfile::read(&text).map_err(|rule| wrong(format!("{} {rule}", path.display())))
}

/// The mode, when group or others have any right to the file.
fn open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

fn mail(place: &Place<'_>, written: &ConfigFile) -> Result<SmtpSettings, ConfigError> {
    let mail = &written.mail;
    let protection = match mail.security {
        MailSecurity::None => Protection::None,
        MailSecurity::Starttls => Protection::StartTls,
        MailSecurity::Tls => Protection::Tls,
    };
    let login = match (&mail.username, &mail.password_file) {
        (Some(user), Some(file)) => {
            let path = place.existing(file, "mail.password_file")?;
            let text = std::fs::read_to_string(&path)
                .map_err(|cause| place.wrong(file, "mail.password_file", format!("{}: {cause}", path.display())))?;
            Some((user.clone(), Secret::new(text.trim_end_matches(['\r', '\n']))))
        }
        (None, None) => None,
        _ => return Err(place.wrong(&mail.from, "mail.username", "`username` and `password_file` go together")),
    };
    let extra_ca = match &mail.ca_file {
        Some(file) => {
            let path = place.existing(file, "mail.ca_file")?;
            let text = std::fs::read_to_string(&path)
                .map_err(|cause| place.wrong(file, "mail.ca_file", format!("{}: {cause}", path.display())))?;
            Some(text)
        }
        None => None,
    };
    let from = mail.from.get_ref().clone();
    let settings = SmtpSettings { host: mail.host.clone(), port: mail.port, protection, from, login, extra_ca };
    Smtp::new(settings.clone()).map_err(|cause| place.wrong(&mail.from, "mail", cause.to_string()))?;
    Ok(settings)
}

fn certificates(place: &Place<'_>, written: &ConfigFile) -> Result<Vec<PemPair>, ConfigError> {
    written
        .certificates
        .iter()
        .map(|entry| {
            Ok(PemPair {
                certificate: place.existing(&entry.certificate, "certificates.certificate")?,
                key: place.existing(&entry.key, "certificates.key")?,
            })
        })
        .collect()
}

type Folders = BTreeMap<VirtualServerId, PathBuf>;

fn site(place: &Place<'_>, written: &ConfigFile) -> Result<(Site, Folders), ConfigError> {
    let mut site = empty_site(trusted_proxies(place, written)?);
    let mut folders = Folders::new();
    for (id, table) in &written.virtual_server {
        if !is_key(id) || id.len() > LONGEST_KEY {
            let rule = "a virtual server's key is made of a-z, 0-9 and -, at most 40 of them";
            return Err(place.wrong(table, format!("virtual_server.{id}"), rule));
        }
        let (server, folder) = virtual_server(place, id, table)?;
        folders.insert(server.id.clone(), folder);
        add_hosts(&mut site, &server).map_err(|shared| twice(place, written, &shared))?;
        site.virtual_servers.insert(server.id.clone(), server);
    }
    if site.virtual_servers.is_empty() {
        return Err(ConfigError::Value {
            file: place.file.to_owned(),
            line: 1,
            field: "virtual_server".into(),
            rule: "needs at least one, such as [virtual_server.default]".into(),
        });
    }
    Ok((site, folders))
}

/// The longest key of a virtual server.
const LONGEST_KEY: usize = 40;

fn is_key(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn empty_site(trusted_proxies: Vec<IpNet>) -> Site {
    Site {
        generation: 1,
        virtual_servers: BTreeMap::new(),
        hosts: HashMap::new(),
        trusted_proxies,
        secure_cookies: true,
    }
}

/// Makes a site of one virtual server, for the demo and for tests.
///
/// # Errors
/// A host that has two meanings.
pub(crate) fn resolve_site(server: Arc<VirtualServer>, secure_cookies: bool) -> Result<Site, SharedHost> {
    let mut site = Site { secure_cookies, ..empty_site(Vec::new()) };
    add_hosts(&mut site, &server)?;
    site.virtual_servers.insert(server.id.clone(), server);
    Ok(site)
}

/// A host that has two meanings: cookies, links and keys are a host's, so it may have one only.
#[derive(Debug, thiserror::Error)]
#[error("uses the host {host}, as `{}` does; each has a host of its own", key_of(first))]
pub(crate) struct SharedHost {
    host: String,
    first: HostRole,
    second: HostRole,
}

fn add_hosts(site: &mut Site, server: &Arc<VirtualServer>) -> Result<(), SharedHost> {
    let portal = (server.portal_host.clone(), HostRole::Portal(server.clone()));
    let authenticator =
        server.authenticator.iter().map(|own| (own.host.clone(), HostRole::Authenticator(server.clone())));
    let apps = server.apps.values().map(|app| (app.host.clone(), HostRole::App(server.clone(), app.clone())));
    for (host, second) in std::iter::once(portal).chain(authenticator).chain(apps) {
        if let Some(first) = site.hosts.insert(host.clone(), second.clone()) {
            return Err(SharedHost { host, first, second });
        }
    }
    Ok(())
}

/// The key in the configuration that gives a host its meaning.
fn key_of(role: &HostRole) -> String {
    match role {
        HostRole::Portal(vs) => format!("virtual_server.{}.portal", vs.id),
        HostRole::Authenticator(vs) => format!("virtual_server.{}.authenticator", vs.id),
        HostRole::App(vs, app) => format!("virtual_server.{}.apps.{}.url", vs.id, app.id),
    }
}

/// Where that is written.
fn written_at<'a>(written: &'a ConfigFile, role: &HostRole) -> Option<&'a Spanned<String>> {
    let (HostRole::Portal(vs) | HostRole::Authenticator(vs) | HostRole::App(vs, _)) = role;
    let table = written.virtual_server.get(vs.id.as_str())?.get_ref();
    match role {
        HostRole::Portal(_) => Some(&table.portal),
        HostRole::Authenticator(_) => table.authenticator.as_ref(),
        HostRole::App(_, app) => Some(&table.apps.get(app.id.as_str())?.get_ref().url),
    }
}

/// The error at the later of two keys; it names the other with its line.
fn twice(place: &Place<'_>, written: &ConfigFile, shared: &SharedHost) -> ConfigError {
    let line = |role: &HostRole| written_at(written, role).map_or(1, |at| place.line(at.span().start));
    let (one, other) = (&shared.first, &shared.second);
    let (earlier, later) = if line(one) <= line(other) { (one, other) } else { (other, one) };
    ConfigError::Value {
        file: place.file.to_owned(),
        line: line(later),
        field: key_of(later),
        rule: format!(
            "uses the host {}, as `{}` in line {} does; each has a host of its own",
            shared.host,
            key_of(earlier),
            line(earlier)
        ),
    }
}

fn trusted_proxies(place: &Place<'_>, written: &ConfigFile) -> Result<Vec<IpNet>, ConfigError> {
    written
        .trusted_proxies
        .iter()
        .map(|entry| {
            let text = entry.get_ref();
            text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                place.wrong(entry, "trusted_proxies", "must be an address or a network such as 10.0.0.0/8")
            })
        })
        .collect()
}

fn virtual_server(
    place: &Place<'_>,
    id: &str,
    table: &Spanned<VirtualServerTable>,
) -> Result<(Arc<VirtualServer>, PathBuf), ConfigError> {
    let written = table.get_ref();
    let key = |name: &str| format!("virtual_server.{id}.{name}");
    let portal = origin(&written.portal).map_err(|rule| place.wrong(&written.portal, key("portal"), rule))?;
    let authenticator = written.authenticator.as_ref().map(|url| {
        let own = origin(url).map_err(|rule| place.wrong(url, key("authenticator"), rule))?;
        Ok(AuthenticatorSite { host: own.host, origin: own.origin })
    });
    if let Some(url) = &written.support_url
        && !(url.get_ref().starts_with("https://") || url.get_ref().starts_with("mailto:"))
    {
        return Err(place.wrong(url, key("support_url"), "must be an https:// or mailto: address"));
    }
    let apps = written
        .apps
        .iter()
        .map(|(app, table)| {
            Ok((AppId::new(app), Arc::new(application(place, &key(&format!("apps.{app}")), app, table)?)))
        })
        .collect::<Result<BTreeMap<_, _>, ConfigError>>()?;
    let folder = place.existing(&written.policies, &key("policies"))?;
    let sources = read_policies(&folder).map_err(|error| ConfigError::Policies(error.to_string()))?;
    let policies = Policies::load(&sources, &served(apps.values()));
    let policies = policies.map_err(|errors| ConfigError::Policies(errors.to_string()))?;
    let shadow = written.policies_shadow.as_ref().map(|folder| shadow(&place.path(folder.get_ref()), &apps));
    let server = VirtualServer {
        id: VirtualServerId::new(id),
        name: shown_name(place, &written.name, key("name"))?,
        portal_host: portal.host,
        portal_origin: portal.origin,
        authenticator: authenticator.transpose()?,
        support_url: written.support_url.as_ref().map(|u| u.get_ref().clone()),
        apps,
        policies: Arc::new(policies),
        beside: Beside {
            loaded_at: doorward_store::system_clock().now(),
            cases: read_cases(&folder),
            shadow,
            record_days: record_days(place, id, written)?,
        },
    };
    Ok((Arc::new(server), folder))
}

/// For so many days decision records are kept where nothing is said.
pub(crate) const USUAL_RECORD_DAYS: u32 = 14;

fn record_days(place: &Place<'_>, id: &str, written: &VirtualServerTable) -> Result<u32, ConfigError> {
    let Some(days) = &written.decision_records else { return Ok(USUAL_RECORD_DAYS) };
    match days.get_ref() {
        days @ 0..=365 => Ok(*days),
        _ => Err(place.wrong(days, format!("virtual_server.{id}.decision_records"), "must be 0 to 365 days")),
    }
}

/// Policies in the shadow, or what is wrong with them. That is no error of the configuration: they decide nothing, so nothing may
/// hang on whether they hold.
fn shadow(folder: &Path, apps: &BTreeMap<AppId, Arc<App>>) -> Shadow {
    let sources = read_policies(folder).map_err(|error| error.to_string());
    let loaded = sources.and_then(|sources| {
        Policies::load(&sources, &served(apps.values())).map(Arc::new).map_err(|errors| errors.to_string())
    });
    Shadow { folder: folder.display().to_string(), loaded }
}

/// The longest name that people are shown, in characters.
const LONGEST_NAME: usize = 100;

/// A name for pages and the subjects of mails: one line of visible text (ML-01).
fn shown_name(place: &Place<'_>, written: &Spanned<String>, field: String) -> Result<String, ConfigError> {
    let name = written.get_ref();
    // Controls; separators of lines; what takes no room, or turns the direction of the text around it.
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME || name.contains(hidden) {
        let rule = "must be one line of 1 to 100 visible characters, without control or direction characters";
        return Err(place.wrong(written, field, rule));
    }
    Ok(name.clone())
}

fn application(place: &Place<'_>, key: &str, id: &str, table: &Spanned<AppTable>) -> Result<App, ConfigError> {
    let written = table.get_ref();
    if !is_key(id) {
        return Err(place.wrong(table, key, "an application's key is made of a-z, 0-9 and -"));
    }
    let public = origin(&written.url).map_err(|rule| place.wrong(&written.url, format!("{key}.url"), rule))?;
    let upstream = upstreams(place, key, written)?;
    for method in &written.extra_methods {
        let text = method.get_ref();
        let refused = matches!(text.as_str(), "CONNECT" | "TRACE");
        if refused || text.is_empty() || !text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
            return Err(place.wrong(
                method,
                format!("{key}.extra_methods"),
                "must be an upper-case method other than CONNECT and TRACE",
            ));
        }
    }
    let mut options = AppOptions {
        extra_methods: written.extra_methods.iter().map(|m| m.get_ref().clone()).collect(),
        encoded_slash: written.encoded_slash,
        semicolon: written.semicolon,
        double_slash: written.double_slash,
        case_insensitive: written.case_insensitive,
        websocket: written.websocket,
        background: Vec::new(),
    };
    options.background = background(place, key, written, &options)?;
    Ok(App {
        id: AppId::new(id),
        name: shown_name(place, &written.name, format!("{key}.name"))?,
        host: public.host,
        origin: public.origin,
        upstream,
        options,
    })
}

/// Paths that are marked must be written as requests are shown to policies: another spelling would mark nothing, and nobody
/// would notice.
fn background(
    place: &Place<'_>,
    key: &str,
    written: &AppTable,
    options: &AppOptions,
) -> Result<Vec<String>, ConfigError> {
    let shown = |path: &str| canonical_path(path, options).and_then(|path| judged_path(&path.into(), options)).ok();
    let bare = |path: &str| path.split('/').all(|segment| without_parameters(segment) == segment);
    let marked = |path: &Spanned<String>| {
        let text = path.get_ref();
        if shown(text).as_deref() == Some(text.as_str()) && !text.ends_with('/') && bare(text) {
            return Ok(text.clone());
        }
        let rule =
            "must be a path such as /api/poll or /rooms/*/news, spelt as policies are shown it, without / at its end";
        Err(place.wrong(path, format!("{key}.background"), rule))
    };
    written.background.iter().map(marked).collect()
}

struct Origin {
    host: String,
    origin: String,
}

/// `https://wiki.example.org[:port]`, nothing after it.
fn origin(text: &Spanned<String>) -> Result<Origin, String> {
    let rule = || "must be an origin such as https://wiki.example.org, with no path".to_owned();
    let uri: http::Uri = text.get_ref().parse().map_err(|_| rule())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(rule()) };
    if scheme != "https" {
        return Err("must begin with https://; Doorward's cookies are sent over TLS only".into());
    }
    if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(rule());
    }
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let port = authority.port_u16().filter(|port| *port != 443).map(|port| format!(":{port}")).unwrap_or_default();
    Ok(Origin { origin: format!("{scheme}://{host}{port}"), host })
}

/// The console behind a front that speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConsoleOrigin {
    /// `https://console.example.org`
    pub(crate) origin: String,
    /// `console.example.org`
    pub(crate) host: String,
}

/// Its cookies are its host's alone, so nobody else's pages may stand there.
fn console_origin(place: &Place<'_>, written: &ConfigFile, site: &Site) -> Result<Option<ConsoleOrigin>, ConfigError> {
    let Some(text) = &written.console.origin else { return Ok(None) };
    let Origin { origin, host } = origin(text).map_err(|rule| place.wrong(text, "console.origin", rule))?;
    if let Some(role) = site.hosts.get(&host) {
        let rule = format!("uses the host {host}, as `{}` does; the console has its own", key_of(role));
        return Err(place.wrong(text, "console.origin", rule));
    }
    Ok(Some(ConsoleOrigin { origin, host }))
}

/// The most upstreams of one application.
const MOST_UPSTREAMS: usize = 32;

fn upstreams(place: &Place<'_>, key: &str, written: &AppTable) -> Result<Upstreams, ConfigError> {
    let texts = match written.upstream.get_ref() {
        UpstreamEntry::One(text) => std::slice::from_ref(text),
        UpstreamEntry::Several(list) => list.as_slice(),
    };
    let wrong = |rule: String| place.wrong(&written.upstream, format!("{key}.upstream"), rule);
    if texts.len() > MOST_UPSTREAMS {
        return Err(wrong(format!("must be at most {MOST_UPSTREAMS} addresses")));
    }
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        let one = upstream(text, written.preserve_host).map_err(wrong)?;
        if all.contains(&one) {
            return Err(wrong(format!("names {text} twice")));
        }
        all.push(one);
    }
    if all.iter().any(|one| Some(one.tls) != all.first().map(|first| first.tls)) {
        return Err(wrong("must all begin with http://, or all with https://".to_owned()));
    }
    let authorities = authorities(place, key, written, all.iter().all(|one| one.tls))?;
    let mut all = all.into_iter();
    let first = all.next().ok_or_else(|| wrong("must name an address".to_owned()))?;
    let health_path = written.health_path.as_ref().map(|path| health_path(place, key, path)).transpose()?;
    Ok(Upstreams { first, others: all.collect(), health_path, authorities })
}

fn authorities(
    place: &Place<'_>,
    key: &str,
    written: &AppTable,
    tls: bool,
) -> Result<Option<Arc<Authorities>>, ConfigError> {
    let Some(file) = &written.ca_file else { return Ok(None) };
    let wrong = |rule: String| place.wrong(file, format!("{key}.ca_file"), rule);
    if !tls {
        return Err(wrong("is for upstreams at https://; this one has no certificate to check".to_owned()));
    }
    let read = read_authorities(&place.path(file.get_ref())).map_err(|error| wrong(error.to_string()))?;
    Ok(Some(Arc::new(read)))
}

fn health_path(place: &Place<'_>, key: &str, written: &Spanned<String>) -> Result<String, ConfigError> {
    let path = written.get_ref();
    let is_target = path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if is_target && path.parse::<http::uri::PathAndQuery>().is_ok() {
        return Ok(path.clone());
    }
    Err(place.wrong(written, format!("{key}.health_path"), "must be a path such as /healthz"))
}

fn upstream(text: &str, preserve_host: bool) -> Result<Upstream, String> {
    let rule = || "must be http://host:port or https://host[:port], with no path".to_owned();
    let uri: http::Uri = text.parse().map_err(|_| rule())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(rule()) };
    if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(rule());
    }
    let tls = match scheme {
        "http" => false,
        "https" => true,
        _ => return Err(rule()),
    };
    let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
    Ok(Upstream { host: authority.host().to_owned(), port, tls, preserve_host })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const PORTAL: &str = "portal = \"https://login.example.org\"";
    const AUTHENTICATOR: &str = "authenticator = \"https://authenticator.example.org\"";
    const SECOND: &str =
        "[virtual_server.other]\nname = \"Other\"\nportal = \"https://login.example.com\"\npolicies = \"policies\"";

    /// A configuration with these lines for its virtual server, an application, and this after it.
    fn resolved(lines: &str, after: &str) -> Result<Resolved, String> {
        resolved_beside(lines, after, |_| {})
    }

    /// The same in a folder in which something was put before.
    pub(super) fn resolved_beside(lines: &str, after: &str, prepare: impl Fn(&Path)) -> Result<Resolved, String> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("policies")).unwrap();
        prepare(folder.path());
        let key = folder.path().join("key");
        std::fs::write(&key, data_encoding::BASE64.encode(&[7; 32])).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!(
            "[listen]\nhttp = [\"127.0.0.1:8080\"]\n[store]\nurl = \"sqlite://db\"\nkey_file = \"key\"\n[mail]\n\
             host = \"localhost\"\nport = 25\nsecurity = \"none\"\nfrom = \"a@example.org\"\n[virtual_server.default]\n\
             name = \"Example\"\npolicies = \"policies\"\n{lines}\n[virtual_server.default.apps.wiki]\nname = \"Wiki\"\n\
             url = \"https://wiki.example.org\"\nupstream = \"http://127.0.0.1:3000\"\n{after}\n"
        );
        let error = |error: ConfigError| error.to_string().replace(&folder.path().display().to_string(), "");
        resolve(&folder.path().join("doorward.toml"), &text).map_err(error)
    }

    #[test]
    fn the_authenticator_has_an_origin_of_its_own_or_there_is_none() {
        let config = resolved(&format!("{PORTAL}\n{AUTHENTICATOR}"), "").unwrap();
        let server = config.site.virtual_servers.values().next().unwrap();
        let own = server.authenticator.as_ref().unwrap();
        assert_eq!(
            (own.host.as_str(), own.origin.as_str()),
            ("authenticator.example.org", "https://authenticator.example.org")
        );
        assert_eq!(config.hosts(), ["authenticator.example.org", "login.example.org", "wiki.example.org"]);
        assert!(resolved(PORTAL, "").unwrap().site.virtual_servers.values().all(|vs| vs.authenticator.is_none()));
    }

    #[test]
    fn decision_records_are_kept_for_so_many_days_and_a_broken_shadow_is_no_error() {
        let of = |lines: &str| resolved(&format!("{PORTAL}\n{lines}"), "");
        let beside = |lines: &str| {
            let config = of(lines).unwrap();
            let server = config.site.virtual_servers.values().next().unwrap();
            (server.beside.record_days, server.beside.shadow.clone())
        };
        assert!(matches!(beside(""), (USUAL_RECORD_DAYS, None)));
        assert_eq!(beside("decision_records = 0").0, 0);
        let error = of("decision_records = 366").unwrap_err();
        assert!(error.ends_with("`virtual_server.default.decision_records`: must be 0 to 365 days"), "{error}");
        let empty = beside("policies_shadow = \"policies\"").1.unwrap();
        assert!(empty.loaded.is_ok_and(|set| set.is_empty()));
        let missing = beside("policies_shadow = \"nowhere\"").1.unwrap();
        assert!(missing.loaded.unwrap_err().contains("nowhere: cannot be read"));
    }

    #[test]
    fn a_file_of_plugin_settings_is_read_as_the_configuration_is() {
        let read = |text: &str| resolve_plugins(Path::new("plugins.toml"), text).map_err(|error| error.to_string());
        let tables = read("# the demo's\n[plugins.otp]\nissuer = \"Example\"\n").unwrap();
        assert_eq!(tables["otp"], (serde_json::json!({ "issuer": "Example" }), 2));
        assert!(read("").unwrap().is_empty());
        assert!(read("\n[store]\nurl = \"x\"").unwrap_err().starts_with("plugins.toml:2: unknown field"));
    }

    #[test]
    fn it_is_an_origin_and_nothing_else() {
        for wrong in ["http://authenticator.example.org", "https://authenticator.example.org/a/", "authenticator"] {
            let error = resolved(&format!("{PORTAL}\nauthenticator = \"{wrong}\""), "").unwrap_err();
            assert!(error.starts_with("/doorward.toml:15: `virtual_server.default.authenticator`: must be"), "{error}");
        }
    }

    #[test]
    fn a_host_has_one_meaning_and_both_keys_are_named_where_it_would_have_two() {
        let of_portal = resolved(&format!("{PORTAL}\nauthenticator = \"https://LOGIN.example.org:8443\""), "");
        assert_eq!(
            of_portal.unwrap_err(),
            "/doorward.toml:15: `virtual_server.default.authenticator`: uses the host login.example.org, as \
             `virtual_server.default.portal` in line 14 does; each has a host of its own"
        );
        let of_app = resolved(&format!("{PORTAL}\nauthenticator = \"https://wiki.example.org\""), "");
        assert_eq!(
            of_app.unwrap_err(),
            "/doorward.toml:18: `virtual_server.default.apps.wiki.url`: uses the host wiki.example.org, as \
             `virtual_server.default.authenticator` in line 15 does; each has a host of its own"
        );
        let of_another = resolved(&format!("{PORTAL}\n{AUTHENTICATOR}"), &format!("{SECOND}\n{AUTHENTICATOR}"));
        assert_eq!(
            of_another.unwrap_err(),
            "/doorward.toml:24: `virtual_server.other.authenticator`: uses the host authenticator.example.org, as \
             `virtual_server.default.authenticator` in line 15 does; each has a host of its own"
        );
        let of_console = resolved(
            &format!("{PORTAL}\n{AUTHENTICATOR}"),
            "[console]\norigin = \"https://authenticator.example.org\"",
        );
        assert!(
            of_console.unwrap_err().contains("as `virtual_server.default.authenticator` does; the console has its own")
        );
    }
}
