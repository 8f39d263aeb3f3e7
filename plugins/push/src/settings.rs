//! `[plugins.push]`.

use std::path::{Path, PathBuf};

use doorward_api::plugin::{PluginConfigError, RawConfig};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::keys::ServerKey;

/// The settings.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// What phones are spoken to with; without it the plugin is switched off.
    pub(crate) key: Option<ServerKey>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    key_file: Option<PathBuf>,
}

impl Settings {
    /// Reads them strictly, and the file that they name.
    pub(crate) fn decode(config: RawConfig) -> Result<Self, PluginConfigError> {
        let written: Written = serde_json::from_value(config).map_err(|e| {
            let rule = e.to_string();
            // serde names the key between backticks, where it knows it.
            let field = rule.split('`').nth(1).unwrap_or("plugins.push").to_owned();
            PluginConfigError { field, rule }
        })?;
        let key = written.key_file.map(|path| key_in(&path)).transpose()?;
        Ok(Self { key })
    }
}

fn key_in(path: &Path) -> Result<ServerKey, PluginConfigError> {
    let shown = path.display();
    // A plugin does not know where the settings stand, so nothing could be relative to it.
    if !path.is_absolute() {
        return Err(refuse(format!("must be an absolute path: {shown}")));
    }
    if let Some(mode) = open_to_others(path) {
        return Err(refuse(format!("{shown} may be read by others (mode {mode:o}); chmod 600 it")));
    }
    let pem = std::fs::read_to_string(path).map_err(|cause| refuse(format!("{shown}: {cause}")))?;
    ServerKey::read(&Zeroizing::new(pem)).map_err(|rule| refuse(format!("{shown} {rule}")))
}

/// The mode, when group or others have any right to the file.
fn open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

fn refuse(rule: String) -> PluginConfigError {
    PluginConfigError { field: "key_file".into(), rule }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use serde_json::json;

    const PKCS8: &str = include_str!("tests/gateway.pem");
    const PKCS1: &str = include_str!("tests/gateway-pkcs1.pem");
    const SHORT: &str = include_str!("tests/phone.pem");

    fn decode(text: &str, mode: u32) -> Result<Settings, PluginConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("push.pem");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        Settings::decode(json!({ "key_file": path }))
    }

    #[test]
    fn without_a_key_it_is_switched_off() {
        assert!(Settings::decode(json!({})).unwrap().key.is_none());
    }

    #[test]
    fn a_key_is_read_in_either_form() {
        let one = decode(PKCS8, 0o600).unwrap().key.unwrap();
        let other = decode(PKCS1, 0o400).unwrap().key.unwrap();
        assert_eq!(one.public(), other.public());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        for mode in [0o640, 0o604, 0o644] {
            let error = decode(PKCS8, mode).unwrap_err();
            assert!(error.field == "key_file" && error.rule.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn what_is_no_key_of_3072_bits_is_refused() {
        let truncated = PKCS8.replacen("MII", "MI", 1);
        for (text, says) in
            [("", "must hold"), (SHORT, "3072"), (&truncated, "must hold"), ("-----BEGIN X-----", "must")]
        {
            let error = decode(text, 0o600).unwrap_err();
            assert!(error.field == "key_file" && error.rule.contains(says), "{error}");
        }
    }

    #[test]
    fn a_path_is_absolute_and_there() {
        for path in ["push.pem", "/nowhere/push.pem"] {
            assert_eq!(Settings::decode(json!({ "key_file": path })).unwrap_err().field, "key_file");
        }
    }

    #[test]
    fn an_unknown_setting_is_named() {
        assert_eq!(Settings::decode(json!({ "colour": "red" })).unwrap_err().field, "colour");
    }
}
