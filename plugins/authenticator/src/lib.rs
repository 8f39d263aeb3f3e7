//! An authenticator of our own: the half that runs in the gateway. It activates the app in `app/` (or any other client
//! of `PROTOCOL.md`), counts PINs, checks passcodes, wakes devices and checks what they answer. See this crate's README
//! for what it honours and for its settings.

mod activate;
mod agree;
mod bio;
mod bytes;
mod call;
mod device;
mod files;
mod fits;
mod kept;
mod keys;
mod pin;
mod push;
mod release;
mod reply;
mod sequence;
mod services;
mod settings;
mod signature;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod webpush;

use std::sync::Arc;

use async_trait::async_trait;
use doorward_api::device::{Addressee, AppFile, Device, DeviceAnswer, DeviceCall, DeviceToken, Reach, WakeUp};
use doorward_api::plugin::{
    Authenticator, Check, Host, Offer, OfferRequest, OfferView, Plugin, PluginConfigError, PluginInfo, RawConfig,
    Restored, Verified, WhyNot,
};
use doorward_api::ports::Entropy;
use doorward_api::push::Push;
use doorward_api::{Factor, PluginError, Secret, SecretBytes, Target, Template, Timestamp};
use doorward_oath::token::{self, Kept as Passcodes, Shape};

use crate::device::Visit;
use crate::kept::{Active, Issued, Kept, Stage};
use crate::keys::Keys;
use crate::reply::Refusal;
use crate::settings::Settings;

/// The entry in the registry.
pub static PLUGIN: PluginInfo = PluginInfo {
    id: "authenticator",
    summary: "our own authenticator app: PIN, fingerprint or face, push requests, on any device with a browser",
    build,
};

fn build(config: RawConfig, host: Host) -> Result<Arc<dyn Plugin>, PluginConfigError> {
    let settings = Settings::decode(config)?;
    let keys = Keys::of(&host.key).ok_or_else(|| PluginConfigError {
        field: "plugins.authenticator".into(),
        rule: "no keys can be derived from the master key; choose another".into(),
    })?;
    Ok(Arc::new(OurOwn { settings, keys, host }))
}

struct OurOwn {
    settings: Settings,
    keys: Keys,
    host: Host,
}

/// What a device is woken with.
pub(crate) struct Doorbell<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) keys: &'a Keys,
    pub(crate) entropy: &'a dyn Entropy,
    /// The authenticator's origin.
    pub(crate) origin: &'a str,
}

impl Plugin for OurOwn {
    fn authenticator(&self) -> Option<&dyn Authenticator> {
        Some(self)
    }
}

#[async_trait]
impl Authenticator for OurOwn {
    fn factor(&self) -> Factor {
        Factor::Otp
    }

    fn fits(&self, template: &Template, _target: Target) -> Result<(), WhyNot> {
        fits::fits(template)
    }

    fn device(&self) -> Option<&dyn Device> {
        Some(self)
    }

    async fn offer(&self, request: &OfferRequest, now: Timestamp) -> Result<Offer, PluginError> {
        fits::fits(&request.template).map_err(|why| PluginError::Unavailable(why.reason))?;
        if request.origin.is_none() {
            return Err(activate::no_origin());
        }
        let issued = Issued::draw(self.host.entropy.as_ref(), now.secs());
        Ok(Offer { opened: Kept::of(Stage::Issued(issued)).write() })
    }

    fn show(&self, opened: &SecretBytes, request: &OfferRequest) -> Result<OfferView, PluginError> {
        activate::show(&Kept::read(opened)?, request)
    }

    async fn verify(
        &self,
        opened: &SecretBytes,
        check: &Check<'_>,
        answer: &Secret,
        now: Timestamp,
    ) -> Result<Verified, PluginError> {
        let Some((active, passcodes, shape)) = in_use(opened, check)? else { return Ok(Verified::Rejected) };
        Ok(active.learn(token::verify(passcodes, shape, check, answer, now)))
    }

    async fn resync(
        &self,
        opened: &SecretBytes,
        check: &Check<'_>,
        answers: [&Secret; 2],
        now: Timestamp,
    ) -> Result<Verified, PluginError> {
        let Some((active, passcodes, shape)) = in_use(opened, check)? else { return Ok(Verified::Rejected) };
        Ok(active.learn(token::resync(passcodes, shape, check, answers, now)))
    }

    /// Its calls count upwards, and the device is ahead of what a backup knows: only its passcodes are to be seen to.
    fn restored(&self, opened: &SecretBytes, check: &Check<'_>, now: Timestamp) -> Result<Restored, PluginError> {
        let Stage::Active(active) = Kept::read(opened)?.stage else { return Ok(Restored::Unchanged) };
        let shape = token::shape(check.template).map_err(|why| PluginError::Unavailable(why.reason))?;
        let Some(aged) = token::restored(active.passcodes()?, shape, check.windows, now) else {
            return Ok(Restored::Unknown);
        };
        Ok(match active.learn(Verified::Accepted { updated: aged.write() }) {
            Verified::Accepted { updated } => Restored::Updated(updated),
            _ => Restored::Unknown,
        })
    }
}

/// A token that passcodes are taken of, or none: it is not activated, or locked, or the exchange of its last permitted
/// PIN is not finished.
fn in_use(opened: &SecretBytes, check: &Check<'_>) -> Result<Option<(Active, Passcodes, Shape)>, PluginError> {
    let Stage::Active(active) = Kept::read(opened)?.stage else { return Ok(None) };
    if active.on_its_last(check.template.max_pin_attempts) {
        return Ok(None);
    }
    let passcodes = active.passcodes()?;
    let shape = token::shape(check.template).map_err(|why| PluginError::Unavailable(why.reason))?;
    Ok(Some((*active, passcodes, shape)))
}

impl Device for OurOwn {
    fn addressee(&self, call: &DeviceCall<'_>) -> Result<Addressee, DeviceAnswer> {
        device::addressee(call).map_err(DeviceAnswer::from)
    }

    fn unknown(&self, _call: &DeviceCall<'_>) -> DeviceAnswer {
        Refusal::NotFound.into()
    }

    fn answer(
        &self,
        call: &DeviceCall<'_>,
        token: &DeviceToken<'_>,
        now: Timestamp,
    ) -> Result<DeviceAnswer, PluginError> {
        let entropy = self.host.entropy.as_ref();
        device::answer(&Visit { call, token, now, keys: &self.keys, entropy, settings: &self.settings })
    }

    fn confirm(&self, opened: &SecretBytes, theirs: bool) -> Result<Option<SecretBytes>, PluginError> {
        Ok(activate::confirm(Kept::read(opened)?, theirs).map(|kept| kept.write()))
    }

    fn reach(&self, opened: &SecretBytes) -> Result<Reach, PluginError> {
        Ok(push::reach(&Kept::read(opened)?))
    }

    fn device_name(&self, opened: &SecretBytes) -> Result<String, PluginError> {
        Ok(Kept::read(opened)?.device_name().to_owned())
    }

    fn wake(
        &self,
        opened: &SecretBytes,
        push: &Push,
        origin: &str,
        now: Timestamp,
    ) -> Result<Option<WakeUp>, PluginError> {
        let entropy = self.host.entropy.as_ref();
        let bell = Doorbell { settings: &self.settings, keys: &self.keys, entropy, origin };
        Ok(push::wake(&bell, &Kept::read(opened)?, push, now))
    }

    fn forget_subscription(&self, opened: &SecretBytes) -> Result<Option<SecretBytes>, PluginError> {
        Ok(push::forget(Kept::read(opened)?).map(|kept| kept.write()))
    }

    fn file(&self, path: &str, query: &str, issuer: &str) -> Option<AppFile> {
        files::file(path, query, issuer)
    }

    fn content_security_policy(&self) -> &'static str {
        files::CONTENT_SECURITY_POLICY
    }
}

#[cfg(test)]
mod tests;
