//! Outlets of the audit trail: `[audit.syslog.NAME]` and `[audit.webhook.NAME]`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use doorward_api::{EventKind, OutletId, Secret, VirtualServerId};
use doorward_audit::outlets::syslog::{Facility, is_app_name};
use doorward_audit::outlets::webhook::{Interest, Secrets};
use doorward_connect::{
    Collector, CollectorConfigError, CollectorIdentity, CollectorProtection, CollectorSettings, HttpClient, Reach,
};
use toml::Spanned;

use super::{Place, is_key, open_to_others};
use crate::config::ConfigError;
use crate::config::source::{CollectorSecurity, ConfigFile, SyslogTable, WebhookTable};

/// Somebody who is told of each audit record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutletSettings {
    /// `syslog.NAME` or `webhook.NAME`.
    pub(crate) id: OutletId,
    /// Whose records.
    pub(crate) virtual_servers: Vec<VirtualServerId>,
    /// Begins with the first record there is, and not with the next one.
    pub(crate) whole_trail: bool,
    /// How.
    pub(crate) way: OutletWay,
}

/// How somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OutletWay {
    /// By syslog.
    Syslog { collector: CollectorSettings, facility: Facility, app_name: String },
    /// By HTTP.
    Webhook(WebhookSettings),
}

impl fmt::Display for OutletWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syslog { collector: CollectorSettings { host, port, protection }, .. } => {
                let way = match protection {
                    CollectorProtection::None => "plain TCP, readable by whoever is on the way",
                    CollectorProtection::Tls { authorities: None, .. } => "TLS, public authorities",
                    CollectorProtection::Tls { authorities: Some(_), .. } => "TLS, authorities of your own",
                };
                let known = match protection {
                    CollectorProtection::Tls { identity: Some(_), .. } => ", with a certificate of its own",
                    _ => "",
                };
                write!(f, "syslog to {host} port {port} ({way}{known})")
            }
            // The URL may be a secret.
            Self::Webhook(WebhookSettings { interest, .. }) => match interest {
                Interest::All => f.write_str("webhook, every event"),
                Interest::Events(names) => write!(f, "webhook, {} events", names.len()),
            },
        }
    }
}

/// Where messages are posted, and what they are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebhookSettings {
    pub(crate) url: String,
    pub(crate) authorities: Option<String>,
    pub(crate) reach: Reach,
    pub(crate) secrets: Secrets,
    pub(crate) interest: Interest,
    pub(crate) patience: Duration,
}

/// The longest name of an outlet: it is a label of metrics.
const LONGEST_NAME: usize = 40;
/// Where syslog over TLS is listened for (RFC 5425).
const TLS_PORT: u16 = 6514;
/// For one request of a webhook, where nothing is said.
const PATIENCE: u64 = 10;

pub(super) fn outlets(place: &Place<'_>, written: &ConfigFile) -> Result<Vec<OutletSettings>, ConfigError> {
    let mut all = Vec::new();
    for (name, table) in &written.audit.syslog {
        let key = named(place, "syslog", name, table)?;
        let SyslogTable { virtual_servers, backlog, .. } = table.get_ref();
        all.push(OutletSettings {
            id: OutletId::new(format!("syslog.{name}")),
            virtual_servers: told(place, written, &key, virtual_servers)?,
            whole_trail: backlog.unwrap_or(true),
            way: syslog(place, &key, table)?,
        });
    }
    for (name, table) in &written.audit.webhook {
        let key = named(place, "webhook", name, table)?;
        let WebhookTable { virtual_servers, backlog, .. } = table.get_ref();
        all.push(OutletSettings {
            id: OutletId::new(format!("webhook.{name}")),
            virtual_servers: told(place, written, &key, virtual_servers)?,
            // Years of the past, one by one, are nobody's idea of a notice.
            whole_trail: backlog.unwrap_or(false),
            way: OutletWay::Webhook(webhook(place, &key, table.get_ref())?),
        });
    }
    Ok(all)
}

/// The key in the file.
fn named<T>(place: &Place<'_>, kind: &str, name: &str, table: &Spanned<T>) -> Result<String, ConfigError> {
    let key = format!("audit.{kind}.{name}");
    if !is_key(name) || name.len() > LONGEST_NAME {
        return Err(place.wrong(table, key, "an outlet's key is made of a-z, 0-9 and -, at most 40 of them"));
    }
    Ok(key)
}

/// Every virtual server, or those that are named.
fn told(
    place: &Place<'_>,
    written: &ConfigFile,
    key: &str,
    names: &Option<Vec<Spanned<String>>>,
) -> Result<Vec<VirtualServerId>, ConfigError> {
    let Some(names) = names else { return Ok(written.virtual_server.keys().map(VirtualServerId::new).collect()) };
    let one = |name: &Spanned<String>| {
        if written.virtual_server.contains_key(name.get_ref()) {
            return Ok(VirtualServerId::new(name.get_ref()));
        }
        Err(place.wrong(name, format!("{key}.virtual_servers"), "names no virtual server of this file"))
    };
    let told = names.iter().map(one).collect::<Result<BTreeSet<_>, _>>()?;
    Ok(told.into_iter().collect())
}

fn syslog(place: &Place<'_>, key: &str, table: &Spanned<SyslogTable>) -> Result<OutletWay, ConfigError> {
    let written = table.get_ref();
    let field = |name: &str| format!("{key}.{name}");
    let usual = (written.security == CollectorSecurity::Tls).then_some(TLS_PORT);
    let (host, port) = address(written.address.get_ref(), usual).ok_or_else(|| {
        let rule = "must be a host and a port, such as siem.example.org:6514; without TLS there is no usual port";
        place.wrong(&written.address, field("address"), rule)
    })?;
    let authorities = authorities(place, &field("ca_file"), &written.ca_file)?;
    let identity = identity(place, key, written)?;
    let protection = match written.security {
        CollectorSecurity::Tls => CollectorProtection::Tls { authorities, identity },
        CollectorSecurity::None => plain(place, key, written)?,
    };
    let collector = CollectorSettings { host, port, protection };
    Collector::new(collector.clone()).map_err(|cause| match (&cause, &written.cert_file) {
        (CollectorConfigError::Identity(_), Some(file)) => place.wrong(file, field("cert_file"), cause.to_string()),
        _ => place.wrong(table, key, cause.to_string()),
    })?;
    Ok(OutletWay::Syslog {
        collector,
        facility: facility(place, &field("facility"), written)?,
        app_name: app_name(place, &field("app_name"), written)?,
    })
}

/// Nothing that belongs to TLS may be said then.
fn plain(place: &Place<'_>, key: &str, written: &SyslogTable) -> Result<CollectorProtection, ConfigError> {
    let beside = [("ca_file", &written.ca_file), ("cert_file", &written.cert_file), ("key_file", &written.key_file)];
    match beside.iter().find_map(|(name, file)| Some((name, file.as_ref()?))) {
        None => Ok(CollectorProtection::None),
        Some((name, file)) => {
            let rule = "is for collectors that speak TLS; without it there are no certificates";
            Err(place.wrong(file, format!("{key}.{name}"), rule))
        }
    }
}

/// What is shown to a collector that asks who we are: certificate and key, or neither.
fn identity(place: &Place<'_>, key: &str, written: &SyslogTable) -> Result<Option<CollectorIdentity>, ConfigError> {
    let field = |name: &str| format!("{key}.{name}");
    match (&written.cert_file, &written.key_file) {
        (None, None) => Ok(None),
        (Some(file), None) => Err(place.wrong(file, field("cert_file"), "needs `key_file` beside it")),
        (None, Some(file)) => Err(place.wrong(file, field("key_file"), "needs `cert_file` beside it")),
        (Some(certificate), Some(secret)) => {
            let certificates = read(place, &field("cert_file"), certificate)?;
            let key = Secret::new(private(place, &field("key_file"), secret)?);
            Ok(Some(CollectorIdentity { certificates, key }))
        }
    }
}

fn facility(place: &Place<'_>, field: &str, written: &SyslogTable) -> Result<Facility, ConfigError> {
    let Some(name) = &written.facility else { return Ok(Facility::AUTHPRIV) };
    Facility::named(name.get_ref()).ok_or_else(|| {
        let names = Facility::names().collect::<Vec<_>>().join(", ");
        place.wrong(name, field, format!("must be one of {names}"))
    })
}

fn app_name(place: &Place<'_>, field: &str, written: &SyslogTable) -> Result<String, ConfigError> {
    let Some(name) = &written.app_name else { return Ok("doorward".to_owned()) };
    if is_app_name(name.get_ref()) {
        return Ok(name.get_ref().clone());
    }
    Err(place.wrong(name, field, "must be 1 to 48 printable characters of ASCII without spaces"))
}

/// `host:port`, `[::1]:port`, or the host alone where there is a usual port.
fn address(text: &str, usual: Option<u16>) -> Option<(String, u16)> {
    let uri: http::uri::Authority = text.parse().ok()?;
    if text.contains('@') {
        return None;
    }
    let host = uri.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    // What follows a colon and is no port is no address.
    let port = match uri.as_str().get(uri.host().len()..) {
        Some("") => usual?,
        _ => uri.port_u16()?,
    };
    (!host.is_empty() && port != 0).then_some((host, port))
}

fn webhook(place: &Place<'_>, key: &str, written: &WebhookTable) -> Result<WebhookSettings, ConfigError> {
    let field = |name: &str| format!("{key}.{name}");
    let reach = if written.private_network { Reach::Anywhere } else { Reach::Public };
    let authorities = authorities(place, &field("ca_file"), &written.ca_file)?;
    let client = HttpClient::new(reach, authorities.as_deref())
        .map_err(|cause| place.wrong(&written.url, field("ca_file"), cause.to_string()))?;
    let url = written.url.get_ref().clone();
    client.check(&url).map_err(|cause| {
        let rule =
            format!("cannot be posted to: {cause}; see `private_network` for addresses of a network of your own");
        place.wrong(&written.url, field("url"), rule)
    })?;
    Ok(WebhookSettings {
        url,
        authorities,
        reach,
        secrets: secrets(place, &field("secret_file"), &written.secret_file)?,
        interest: interest(place, &field("events"), written)?,
        patience: patience(place, &field("timeout"), written)?,
    })
}

fn authorities(place: &Place<'_>, field: &str, file: &Option<Spanned<PathBuf>>) -> Result<Option<String>, ConfigError> {
    file.as_ref().map(|file| read(place, field, file)).transpose()
}

fn read(place: &Place<'_>, field: &str, file: &Spanned<PathBuf>) -> Result<String, ConfigError> {
    let path = place.existing(file, field)?;
    let text = std::fs::read_to_string(&path);
    text.map_err(|cause| place.wrong(file, field, format!("{}: {cause}", path.display())))
}

/// Of a file that nobody else may read.
fn private(place: &Place<'_>, field: &str, file: &Spanned<PathBuf>) -> Result<String, ConfigError> {
    let path = place.existing(file, field)?;
    if let Some(mode) = open_to_others(&path) {
        let rule = format!("{} may be read by others (mode {mode:o}); chmod 600 it", path.display());
        return Err(place.wrong(file, field, rule));
    }
    read(place, field, file)
}

fn secrets(place: &Place<'_>, field: &str, file: &Spanned<PathBuf>) -> Result<Secrets, ConfigError> {
    let text = private(place, field, file)?;
    Secrets::read(&text)
        .map_err(|rule| place.wrong(file, field, format!("{} {rule}", place.path(file.get_ref()).display())))
}

fn interest(place: &Place<'_>, field: &str, written: &WebhookTable) -> Result<Interest, ConfigError> {
    let Some(events) = &written.events else { return Ok(Interest::All) };
    let known = |name: &Spanned<String>| {
        let text = name.get_ref();
        match serde_json::from_value::<EventKind>(text.as_str().into()) {
            Ok(_) => Ok(text.clone()),
            Err(_) => Err(place.wrong(name, field, format!("{text} is no event of the audit trail"))),
        }
    };
    events.iter().map(known).collect::<Result<_, _>>().map(Interest::Events)
}

fn patience(place: &Place<'_>, field: &str, written: &WebhookTable) -> Result<Duration, ConfigError> {
    let Some(timeout) = &written.timeout else { return Ok(Duration::from_secs(PATIENCE)) };
    match timeout.get_ref() {
        seconds @ 1..=60 => Ok(Duration::from_secs(*seconds)),
        _ => Err(place.wrong(timeout, field, "must be 1 to 60 seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{PORTAL, resolved_beside};
    use super::*;

    /// Outlets of a configuration with this in it, whose folder holds a secret that is good and one that others may read.
    fn outlets(tables: &str) -> Result<Vec<OutletSettings>, String> {
        use std::os::unix::fs::PermissionsExt;
        let prepare = |folder: &std::path::Path| {
            for (name, mode) in [("secret", 0o600), ("open", 0o644)] {
                let file = folder.join(name);
                std::fs::write(&file, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        resolved_beside(PORTAL, tables, prepare).map(|config| config.outlets)
    }

    #[test]
    fn a_collector_is_spoken_to_over_tls_unless_it_is_said_otherwise() {
        let [outlet] = &outlets("[audit.syslog.siem]\naddress = \"siem.example.org\"").unwrap()[..] else { panic!() };
        assert_eq!((outlet.id.as_str(), outlet.whole_trail), ("syslog.siem", true));
        assert_eq!(outlet.virtual_servers, [VirtualServerId::new("default")]);
        let OutletWay::Syslog { collector, facility, app_name } = &outlet.way else { panic!() };
        assert_eq!((collector.host.as_str(), collector.port), ("siem.example.org", 6514));
        assert_eq!(collector.protection, CollectorProtection::Tls { authorities: None, identity: None });
        assert_eq!((*facility, app_name.as_str()), (Facility::AUTHPRIV, "doorward"));
        let plain = "[audit.syslog.siem]\naddress = \"[::1]:514\"\nsecurity = \"none\"\nfacility = \"local4\"";
        let OutletWay::Syslog { collector, .. } = &outlets(plain).unwrap()[0].way else { panic!() };
        assert_eq!((collector.host.as_str(), collector.port), ("::1", 514));
        assert_eq!(collector.protection, CollectorProtection::None);
    }

    #[test]
    fn a_webhook_begins_now_and_goes_to_the_internet_unless_it_is_said_otherwise() {
        let table = "[audit.webhook.chat]\nurl = \"https://hooks.example.org/x?y=z\"\nsecret_file = \"secret\"";
        let [outlet] = &outlets(table).unwrap()[..] else { panic!() };
        assert_eq!((outlet.id.as_str(), outlet.whole_trail), ("webhook.chat", false));
        let OutletWay::Webhook(webhook) = &outlet.way else { panic!() };
        assert_eq!((webhook.reach, &webhook.interest), (Reach::Public, &Interest::All));
        assert_eq!(webhook.patience, Duration::from_secs(10));
        let more =
            format!("{table}\nprivate_network = true\nevents = [\"TOKEN_REVOKED\"]\ntimeout = 3\nbacklog = true");
        let outlets = outlets(&more).unwrap();
        let OutletWay::Webhook(webhook) = &outlets[0].way else { panic!() };
        assert_eq!((webhook.reach, outlets[0].whole_trail), (Reach::Anywhere, true));
        assert_eq!(webhook.interest, Interest::Events(BTreeSet::from(["TOKEN_REVOKED".to_owned()])));
    }

    #[test]
    fn what_cannot_be_is_refused_by_field_and_rule() {
        let siem = "[audit.syslog.siem]\naddress = \"siem.example.org:6514\"";
        let hook = "[audit.webhook.chat]\nsecret_file = \"secret\"\nurl = ";
        for (table, field, rule) in [
            ("[audit.syslog.SIEM]\naddress = \"a:1\"".to_owned(), "audit.syslog.SIEM", "is made of a-z"),
            ("[audit.syslog.siem]\naddress = \"\"".to_owned(), "audit.syslog.siem.address", "must be a host"),
            ("[audit.syslog.siem]\naddress = \"a:x\"".to_owned(), "audit.syslog.siem.address", "must be a host"),
            (
                "[audit.syslog.siem]\naddress = \"siem\"\nsecurity = \"none\"".to_owned(),
                "audit.syslog.siem.address",
                "no usual port",
            ),
            (format!("{siem}\nfacility = \"kern\""), "audit.syslog.siem.facility", "must be one of user,"),
            (format!("{siem}\napp_name = \"a b\""), "audit.syslog.siem.app_name", "must be 1 to 48"),
            (format!("{siem}\nca_file = \"gone.pem\""), "audit.syslog.siem.ca_file", "No such file"),
            (format!("{siem}\nca_file = \"secret\""), "audit.syslog.siem", "TLS to the collector cannot be set up"),
            (format!("{siem}\nsecurity = \"none\"\nca_file = \"secret\""), "audit.syslog.siem.ca_file", "speak TLS"),
            (format!("{siem}\ncert_file = \"open\""), "audit.syslog.siem.cert_file", "needs `key_file`"),
            (format!("{siem}\nkey_file = \"secret\""), "audit.syslog.siem.key_file", "needs `cert_file`"),
            (format!("{siem}\ncert_file = \"open\"\nkey_file = \"open\""), "audit.syslog.siem.key_file", "chmod 600"),
            (
                format!("{siem}\ncert_file = \"open\"\nkey_file = \"secret\""),
                "audit.syslog.siem.cert_file",
                "there is no certificate in the file",
            ),
            (
                format!("{siem}\nsecurity = \"none\"\ncert_file = \"open\"\nkey_file = \"secret\""),
                "audit.syslog.siem.cert_file",
                "speak TLS",
            ),
            (format!("{siem}\nvirtual_servers = [\"x\"]"), "audit.syslog.siem.virtual_servers", "names no virtual"),
            (format!("{hook}\"http://hooks.example.org/\""), "audit.webhook.chat.url", "plain HTTP"),
            (format!("{hook}\"https://10.0.0.1/\""), "audit.webhook.chat.url", "no address of it is public"),
            (format!("{hook}\"https://a@b.example/\""), "audit.webhook.chat.url", "user name"),
            (format!("{hook}\"https://b.example/\"\nevents = [\"NEVER\"]"), "audit.webhook.chat.events", "no event"),
            (format!("{hook}\"https://b.example/\"\ntimeout = 0"), "audit.webhook.chat.timeout", "1 to 60"),
            (
                "[audit.webhook.chat]\nsecret_file = \"open\"\nurl = \"https://b.example/\"".to_owned(),
                "audit.webhook.chat.secret_file",
                "chmod 600",
            ),
            (
                "[audit.webhook.chat]\nsecret_file = \"key\"\nurl = \"https://b.example/\"".to_owned(),
                "audit.webhook.chat.secret_file",
                "whsec_",
            ),
        ] {
            let error = outlets(&table).unwrap_err();
            assert!(error.contains(&format!("`{field}`: ")) && error.contains(rule), "{table}: {error}");
        }
        let unknown = outlets(&format!("{siem}\nfalback = true")).unwrap_err();
        assert!(unknown.contains("unknown field `falback`"), "{unknown}");
    }

    #[test]
    fn a_network_of_ones_own_is_reached_when_it_is_said() {
        let table =
            "[audit.webhook.chat]\nsecret_file = \"secret\"\nurl = \"https://10.0.0.1/\"\nprivate_network = true";
        assert!(outlets(table).is_ok());
        let here = "[audit.webhook.chat]\nsecret_file = \"secret\"\nurl = \"http://127.0.0.1:8000/\"";
        assert!(outlets(here).is_ok());
    }
}
