//! Passkeys (WebAuthn level 3): made by devices that verify their user, found by them at a sign-in without a name. See
//! this crate's README for what is asked of them and what is kept.

mod answer;
mod fault;
mod handle;
mod kept;
mod names;
mod options;

use std::sync::Arc;

use doorward_api::passkey::{
    Asserted, NewPasskey, PasskeyChallenge, PasskeyFault, PasskeyRequest, PasskeyVerified, Passkeys, RelyingParty,
};
use doorward_api::plugin::{Host, Plugin, PluginConfigError, PluginInfo, RawConfig};
use doorward_api::{SecretBytes, UserId};
use doorward_webauthn::{Algorithm, Expected};
use serde::Deserialize;

use crate::answer::{Given, Made};
use crate::kept::Kept;

/// The entry in the registry.
pub static PLUGIN: PluginInfo = PluginInfo {
    id: "passkey",
    summary: "passkeys (WebAuthn): of phones, computers, security keys and password managers",
    build,
};

/// `[plugins.passkey]`: nothing can be set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

fn build(config: RawConfig, host: Host) -> Result<Arc<dyn Plugin>, PluginConfigError> {
    let Settings {} = serde_json::from_value(config).map_err(|cause| {
        let rule = cause.to_string();
        // serde names the key between backticks, where it knows it.
        let field = rule.split('`').nth(1).unwrap_or("plugins.passkey").to_owned();
        PluginConfigError { field, rule }
    })?;
    Ok(Arc::new(Passkey { host }))
}

struct Passkey {
    host: Host,
}

impl Plugin for Passkey {
    fn passkeys(&self) -> Option<&dyn Passkeys> {
        Some(self)
    }
}

/// What a browser on this portal must say. The user is always to be verified: a passkey stands for both factors.
fn expected<'a>(party: &RelyingParty<'a>, challenge: &'a PasskeyChallenge) -> Expected<'a> {
    Expected { rp_id: party.id, origin: party.origin, challenge, user_verified: true }
}

impl Passkeys for Passkey {
    fn user_handle(&self, user: &UserId) -> String {
        handle::of(&self.host.key, user)
    }

    fn creation_options(&self, request: &PasskeyRequest<'_>, challenge: &PasskeyChallenge) -> serde_json::Value {
        options::creation(request, &self.user_handle(request.user), &self.host.issuer, challenge)
    }

    fn register(
        &self,
        request: &PasskeyRequest<'_>,
        challenge: &PasskeyChallenge,
        answer: &str,
    ) -> Result<NewPasskey, PasskeyFault> {
        let made = Made::read(answer)?;
        let expected = expected(&request.party, challenge);
        let registered =
            doorward_webauthn::register(&expected, &Algorithm::ALL, &made.registration()).map_err(fault::of)?;
        if registered.id != made.id() {
            return Err(fault::another_id());
        }
        Ok(NewPasskey {
            lookup: answer::encoded(&registered.id),
            backed_up: registered.backed_up,
            name: names::of(&registered.aaguid).to_owned(),
            opened: Kept::of(registered).write(),
        })
    }

    fn lookup(&self, opened: &SecretBytes) -> Result<String, PasskeyFault> {
        Kept::read(opened).map(Kept::into_id)
    }

    fn request_options(&self, party: &RelyingParty<'_>, challenge: &PasskeyChallenge) -> serde_json::Value {
        options::request(party, challenge)
    }

    fn whose(&self, answer: &str) -> Result<Asserted, PasskeyFault> {
        Given::read(answer)?.whose()
    }

    fn verify(
        &self,
        opened: &SecretBytes,
        party: &RelyingParty<'_>,
        challenge: &PasskeyChallenge,
        answer: &str,
    ) -> Result<PasskeyVerified, PasskeyFault> {
        let kept = Kept::read(opened)?;
        let given = Given::read(answer)?;
        if !kept.is(given.id()) {
            return Err(fault::another_id());
        }
        let expected = expected(party, challenge);
        let asserted = doorward_webauthn::verify(&expected, &kept.known(), &given.assertion()).map_err(fault::of)?;
        let updated = kept.after(&asserted).write();
        Ok(PasskeyVerified { updated, backed_up: asserted.backed_up, cloned: asserted.cloned })
    }
}

#[cfg(test)]
mod tests;
