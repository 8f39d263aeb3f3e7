//! The registry: every plugin in this build, by hand.

use std::path::Path;
use std::sync::Arc;

use doorward_api::SecretBytes;
use doorward_api::keys::MasterKey;
use doorward_api::plugin::{Host, Plugin, PluginInfo};
use doorward_api::ports::Entropy;

use crate::config::{ConfigError, PluginTables};

/// Every plugin in this build, in the order the portal offers them.
pub(crate) const PLUGINS: &[&PluginInfo] = &[
    &doorward_authenticator::PLUGIN,
    &doorward_otp::PLUGIN,
    &doorward_push::PLUGIN,
    &doorward_passkey::PLUGIN,
    &doorward_pin::PLUGIN,
    &doorward_audit::PLUGIN,
];

/// The plugins of a configuration, built of their settings.
pub(crate) type Built = Vec<(&'static str, Arc<dyn Plugin>)>;

/// What plugins are lent, besides a key of their own for each.
pub(crate) struct Lent<'a> {
    /// Each plugin's own is derived from it.
    pub(crate) key: &'a MasterKey,
    /// Randomness.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The name shown in authenticator apps.
    pub(crate) issuer: String,
}

impl Lent<'_> {
    fn to(&self, plugin: &str) -> Host {
        let key = SecretBytes::new(self.key.derive_for_plugin(plugin).to_vec());
        Host { entropy: self.entropy.clone(), issuer: self.issuer.clone(), key }
    }
}

/// Builds every plugin.
///
/// # Errors
/// A table of a plugin that is not in this build, or settings that a plugin refuses.
pub(crate) fn build(file: &Path, settings: &PluginTables, lent: &Lent<'_>) -> Result<Built, ConfigError> {
    let error = |plugin: &str, line: usize, cause: String| ConfigError::Plugin {
        file: file.to_owned(),
        line,
        plugin: plugin.to_owned(),
        cause,
    };
    for (id, (_, line)) in settings {
        if !PLUGINS.iter().any(|plugin| plugin.id == id) {
            let known: Vec<_> = PLUGINS.iter().map(|plugin| plugin.id).collect();
            return Err(error(id, *line, format!("is not in this build; it has {}", known.join(", "))));
        }
    }
    PLUGINS
        .iter()
        .map(|plugin| {
            let (raw, line) = settings.get(plugin.id).cloned().unwrap_or_else(|| (serde_json::json!({}), 1));
            (plugin.build)(raw, lent.to(plugin.id))
                .map(|built| (plugin.id, built))
                .map_err(|cause| error(plugin.id, line, cause.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use doorward_store::SystemEntropy;

    use super::*;

    #[test]
    fn a_plugins_key_is_its_own_and_the_same_at_every_start() {
        let lent = |seed: u8| MasterKey::new(vec![seed; 32]).unwrap();
        let key = |master: &MasterKey, plugin: &str| {
            let lent = Lent { key: master, entropy: Arc::new(SystemEntropy), issuer: String::new() };
            lent.to(plugin).key.expose().to_vec()
        };
        let (one, other) = (lent(1), lent(2));
        assert_eq!(key(&one, "otp"), key(&one, "otp"));
        assert_eq!(key(&one, "otp").len(), 32);
        assert_ne!(key(&one, "otp"), key(&one, "pin"));
        assert_ne!(key(&one, "otp"), key(&other, "otp"));
    }
}
