//! `[plugins.authenticator]`.

use doorward_api::plugin::{PluginConfigError, RawConfig};
use serde::Deserialize;

use crate::services::Origin;

/// The longest address of a contact.
const CONTACT_MAX: usize = 200;

/// How many push services may be added.
const SERVICES_MAX: usize = 16;

/// The settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Push services besides those of the browsers' makers.
    pub(crate) push_services: Vec<Origin>,
    /// Whom a push service may turn to (RFC 8292 2.1); none: the authenticator's own origin is said.
    pub(crate) contact: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    push_services: Vec<String>,
    contact: Option<String>,
}

impl Settings {
    /// Reads them strictly.
    pub(crate) fn decode(config: RawConfig) -> Result<Self, PluginConfigError> {
        let written: Written = serde_json::from_value(config).map_err(|e| {
            let rule = e.to_string();
            // serde names the key between backticks, where it knows it.
            let field = rule.split('`').nth(1).unwrap_or("plugins.authenticator").to_owned();
            PluginConfigError { field, rule }
        })?;
        if written.push_services.len() > SERVICES_MAX {
            return Err(refuse("push_services", "must have 16 entries at most"));
        }
        let push_services = written.push_services.iter().map(|text| service(text)).collect::<Result<_, _>>()?;
        let contact = written.contact.map(contact).transpose()?;
        Ok(Self { push_services, contact })
    }
}

fn service(text: &str) -> Result<Origin, PluginConfigError> {
    Origin::parse(text).filter(|origin| origin.https() || origin.loopback()).ok_or_else(|| {
        let rule = "must be origins (`https://push.example.org`); `http://` only for an address of this machine";
        refuse("push_services", rule)
    })
}

fn contact(text: String) -> Result<String, PluginConfigError> {
    let rest = text.strip_prefix("mailto:").filter(|rest| rest.contains('@'));
    let rest = rest.or_else(|| text.strip_prefix("https://"));
    let visible = text.bytes().all(|b| b.is_ascii_graphic()) && text.len() <= CONTACT_MAX;
    match rest {
        Some(rest) if !rest.is_empty() && visible => Ok(text),
        _ => Err(refuse(
            "contact",
            "must be `mailto:somebody@example.org` or an https address, of 200 characters at most",
        )),
    }
}

fn refuse(field: &str, rule: &str) -> PluginConfigError {
    PluginConfigError { field: field.into(), rule: rule.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_need_be_set() {
        assert_eq!(Settings::decode(json!({})).unwrap(), Settings::default());
    }

    #[test]
    fn further_push_services_are_origins_and_unencrypted_only_on_this_machine() {
        let good = json!({ "push_services": ["https://push.example.org", "http://127.0.0.1:8089", "http://[::1]:1"] });
        assert_eq!(Settings::decode(good).unwrap().push_services.len(), 3);
        for wrong in
            ["http://push.example.org", "https://push.example.org/x", "push.example.org", "", "http://localhost:1"]
        {
            let error = Settings::decode(json!({ "push_services": [wrong] })).unwrap_err();
            assert_eq!(error.field, "push_services", "{wrong}");
        }
    }

    #[test]
    fn a_contact_is_a_mail_address_or_an_https_one() {
        for good in ["mailto:ops@example.org", "https://example.org/contact"] {
            assert_eq!(Settings::decode(json!({ "contact": good })).unwrap().contact.as_deref(), Some(good));
        }
        for wrong in ["ops@example.org", "mailto:ops", "http://example.org", "https://", "mailto:a b@example.org"] {
            assert_eq!(Settings::decode(json!({ "contact": wrong })).unwrap_err().field, "contact", "{wrong}");
        }
    }

    #[test]
    fn an_unknown_setting_is_named() {
        assert_eq!(Settings::decode(json!({ "colour": "red" })).unwrap_err().field, "colour");
    }
}
