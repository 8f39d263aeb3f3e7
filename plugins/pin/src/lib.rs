//! The rules of PINs (self-provisioning.md 1-E, decision B1), and PINs drawn that keep them. See this crate's README.

mod generate;
mod rules;

use std::sync::Arc;

use doorward_api::plugin::{Host, PinFault, Plugin, PluginConfigError, PluginInfo, RawConfig, SecretRules};
use doorward_api::ports::Entropy;
use doorward_api::settings::PinRules;
use doorward_api::{PluginError, Secret};
use serde::Deserialize;

/// The entry in the registry.
pub static PLUGIN: PluginInfo =
    PluginInfo { id: "pin", summary: "rules of PINs: their length, their characters, no PIN that is one run", build };

/// `[plugins.pin]`: nothing can be set, since the rules are an argument of each question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

fn build(config: RawConfig, _host: Host) -> Result<Arc<dyn Plugin>, PluginConfigError> {
    let Settings {} = serde_json::from_value(config).map_err(|cause| {
        let rule = cause.to_string();
        // serde names the key between backticks, where it knows it.
        let field = rule.split('`').nth(1).unwrap_or("plugins.pin").to_owned();
        PluginConfigError { field, rule }
    })?;
    Ok(Arc::new(Pin))
}

struct Pin;

impl Plugin for Pin {
    fn secret_rules(&self) -> Option<&dyn SecretRules> {
        Some(self)
    }
}

impl SecretRules for Pin {
    fn check(&self, policy: &PinRules, pin: &Secret) -> Result<(), Vec<PinFault>> {
        let faults = rules::faults(policy, pin.expose());
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn generate(&self, policy: &PinRules, length: u8, entropy: &dyn Entropy) -> Result<Secret, PluginError> {
        generate::generate(policy, length, entropy)
    }
}

#[cfg(test)]
mod tests;
