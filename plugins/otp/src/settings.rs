//! `[plugins.otp]`.

use doorward_api::plugin::{PluginConfigError, RawConfig};
use serde::Deserialize;

/// The longest issuer that apps show without cutting it.
const ISSUER_MAX: usize = 40;

/// The settings.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The issuer shown in authenticator apps, in place of the virtual server's name.
    pub(crate) issuer: Option<String>,
}

impl Settings {
    /// Reads them strictly.
    pub(crate) fn decode(config: RawConfig) -> Result<Self, PluginConfigError> {
        let settings: Settings = serde_json::from_value(config).map_err(|e| {
            let rule = e.to_string();
            // serde names the key between backticks, where it knows it.
            let field = rule.split('`').nth(1).unwrap_or("plugins.otp").to_owned();
            PluginConfigError { field, rule }
        })?;
        if let Some(issuer) = &settings.issuer {
            check_issuer(issuer)?;
        }
        Ok(settings)
    }
}

fn check_issuer(issuer: &str) -> Result<(), PluginConfigError> {
    let refuse = |rule: &str| Err(PluginConfigError { field: "issuer".into(), rule: rule.into() });
    if issuer.trim().is_empty() {
        return refuse("must not be empty; leave it out to show the virtual server's name");
    }
    if issuer.chars().count() > ISSUER_MAX {
        return refuse("must have 40 characters at most");
    }
    if issuer.contains(':') || issuer.chars().any(char::is_control) {
        return refuse(
            "must not contain a colon or control characters: authenticator apps split the name at the colon",
        );
    }
    Ok(())
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
    fn an_unknown_setting_is_named() {
        let error = Settings::decode(json!({ "isuer": "x" })).unwrap_err();
        assert_eq!(error.field, "isuer");
        assert!(error.rule.contains("expected `issuer`"), "{error}");
    }

    #[test]
    fn an_issuer_that_apps_would_split_or_cut_is_refused() {
        for bad in ["", "  ", "Example: Ltd", "a\nb", &"x".repeat(41)] {
            assert_eq!(Settings::decode(json!({ "issuer": bad })).unwrap_err().field, "issuer", "{bad:?}");
        }
        assert_eq!(Settings::decode(json!({ "issuer": "Exämple" })).unwrap().issuer.as_deref(), Some("Exämple"));
    }
}
