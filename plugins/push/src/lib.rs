//! Push through an app that others have made: the privacyIDEA Authenticator, by its own protocol, which it polls. See
//! this crate's README for what it honours, for its settings and for where it is stricter than the server that the app
//! was made for.

mod agent;
mod bytes;
mod call;
mod challenge;
mod device;
mod enrol;
mod fits;
mod kept;
mod keys;
mod reply;
mod seen;
mod settings;
mod uri;

use std::sync::Arc;

use async_trait::async_trait;
use doorward_api::device::{Addressee, Device, DeviceAnswer, DeviceCall, DeviceFacts, DeviceToken, Reach, WakeUp};
use doorward_api::plugin::{
    Authenticator, Check, Host, Offer, OfferRequest, OfferView, Plugin, PluginConfigError, PluginInfo, RawConfig,
    Restored, Verified, WhyNot,
};
use doorward_api::push::Push;
use doorward_api::{Factor, PluginError, Secret, SecretBytes, Target, Template, Timestamp};

use crate::device::Visit;
use crate::kept::{Issued, Kept, Stage};
use crate::settings::Settings;

/// The entry in the registry.
pub static PLUGIN: PluginInfo = PluginInfo {
    id: "push",
    summary: "push requests in the privacyIDEA Authenticator, an app of the stores that is asked while it is open",
    build,
};

fn build(config: RawConfig, host: Host) -> Result<Arc<dyn Plugin>, PluginConfigError> {
    Ok(Arc::new(PiPush { settings: Settings::decode(config)?, host }))
}

struct PiPush {
    settings: Settings,
    host: Host,
}

impl Plugin for PiPush {
    fn authenticator(&self) -> Option<&dyn Authenticator> {
        Some(self)
    }
}

impl PiPush {
    /// The virtual server's name, else the product's.
    fn issuer<'a>(&'a self, request: &'a OfferRequest) -> &'a str {
        if request.issuer.is_empty() { &self.host.issuer } else { &request.issuer }
    }
}

#[async_trait]
impl Authenticator for PiPush {
    fn factor(&self) -> Factor {
        Factor::Push
    }

    fn fits(&self, template: &Template, target: Target) -> Result<(), WhyNot> {
        if self.settings.key.is_none() {
            return Err(fits::switched_off());
        }
        fits::fits(template, target)
    }

    fn device(&self) -> Option<&dyn Device> {
        Some(self)
    }

    async fn offer(&self, request: &OfferRequest, now: Timestamp) -> Result<Offer, PluginError> {
        self.fits(&request.template, request.target).map_err(|why| PluginError::Unavailable(why.reason))?;
        if request.origin.is_none() {
            return Err(enrol::no_origin());
        }
        let issued = Issued::draw(self.host.entropy.as_ref(), now);
        Ok(Offer { opened: Kept::of(Stage::Issued(issued)).write() })
    }

    fn show(&self, opened: &SecretBytes, request: &OfferRequest) -> Result<OfferView, PluginError> {
        enrol::show(&Kept::read(opened)?, request, self.issuer(request))
    }

    /// It has no passcodes, so none is right.
    async fn verify(
        &self,
        _opened: &SecretBytes,
        _check: &Check<'_>,
        _answer: &Secret,
        _now: Timestamp,
    ) -> Result<Verified, PluginError> {
        Ok(Verified::Rejected)
    }

    /// It answers questions only.
    fn restored(&self, _opened: &SecretBytes, _check: &Check<'_>, _now: Timestamp) -> Result<Restored, PluginError> {
        Ok(Restored::Unchanged)
    }
}

impl Device for PiPush {
    fn addressee(&self, call: &DeviceCall<'_>) -> Result<Addressee, DeviceAnswer> {
        if self.settings.key.is_none() {
            return Err(self.unknown(call));
        }
        device::addressee(call).map_err(DeviceAnswer::from)
    }

    fn unknown(&self, call: &DeviceCall<'_>) -> DeviceAnswer {
        device::unknown(call).into()
    }

    fn answer(
        &self,
        call: &DeviceCall<'_>,
        token: &DeviceToken<'_>,
        now: Timestamp,
    ) -> Result<DeviceAnswer, PluginError> {
        match &self.settings.key {
            Some(server) => device::answer(&Visit { call, token, now, server }),
            None => Ok(self.unknown(call)),
        }
    }

    fn confirm(&self, opened: &SecretBytes, theirs: bool) -> Result<Option<SecretBytes>, PluginError> {
        Ok(enrol::confirm(Kept::read(opened)?, theirs).map(|kept| kept.write()))
    }

    fn ready(&self, opened: &SecretBytes) -> Result<Option<(DeviceFacts, Target)>, PluginError> {
        Ok(enrol::ready(&Kept::read(opened)?))
    }

    /// A phone that was given another key of ours would not believe a request.
    fn reach(&self, opened: &SecretBytes) -> Result<Reach, PluginError> {
        let kept = Kept::read(opened)?;
        let ours = self.settings.key.as_ref().map(|key| key.mark());
        let reached = kept.active().is_some_and(|phone| ours.is_some_and(|ours| ours == phone.server));
        Ok(if reached { Reach::WhileOpen } else { Reach::Never })
    }

    fn device_name(&self, opened: &SecretBytes) -> Result<String, PluginError> {
        let kept = Kept::read(opened)?;
        Ok(kept.phone().map(|phone| phone.device.name.clone()).unwrap_or_default())
    }

    /// Nobody can: the app's makers alone may send to it.
    fn wake(
        &self,
        _opened: &SecretBytes,
        _push: &Push,
        _origin: &str,
        _now: Timestamp,
    ) -> Result<Option<WakeUp>, PluginError> {
        Ok(None)
    }

    fn forget_subscription(&self, _opened: &SecretBytes) -> Result<Option<SecretBytes>, PluginError> {
        Ok(None)
    }

    fn at_portal(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
