//! The registry: every plugin in this build, by hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use doorward_api::plugin::{Host, Plugin, PluginInfo};

use crate::config::ConfigError;

/// Every plugin in this build, in the order the portal offers them.
pub(crate) const PLUGINS: &[&PluginInfo] = &[&doorward_otp::PLUGIN, &doorward_pin::PLUGIN, &doorward_audit::PLUGIN];

/// The plugins of a configuration, built of their settings.
pub(crate) type Built = Vec<(&'static str, Arc<dyn Plugin>)>;

/// Builds every plugin.
///
/// # Errors
/// A table of a plugin that is not in this build, or settings that a plugin refuses.
pub(crate) fn build(
    file: &Path,
    settings: &BTreeMap<String, (serde_json::Value, usize)>,
    host: &Host,
) -> Result<Built, ConfigError> {
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
            (plugin.build)(raw, host.clone())
                .map(|built| (plugin.id, built))
                .map_err(|cause| error(plugin.id, line, cause.to_string()))
        })
        .collect()
}
