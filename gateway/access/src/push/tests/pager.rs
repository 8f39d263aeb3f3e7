//! A device that can be asked, and does nothing else.

use async_trait::async_trait;
use doorward_api::device::{
    Addressee, AppFile, CalledBy, Device, DeviceAnswer, DeviceCall, DeviceToken, Reach, WakeUp,
};
use doorward_api::plugin::{Authenticator, Check, Offer, OfferRequest, OfferView, Plugin, Verified, WhyNot};
use doorward_api::push::Push;
use doorward_api::{Factor, PluginError, Secret, SecretBytes, Target, Template, Timestamp};

/// Its name in the store.
pub(super) const PAGER: &str = "pager";

/// Its one passcode.
pub(super) const PASSCODE: &str = "424242";

/// Its bytes say how it is reached: the address of its push service, `open`, or `never`. Nobody can enrol it.
pub(super) struct Pager;

fn text(opened: &SecretBytes) -> &str {
    std::str::from_utf8(opened.expose()).unwrap()
}

impl Plugin for Pager {
    fn authenticator(&self) -> Option<&dyn Authenticator> {
        Some(self)
    }
}

#[async_trait]
impl Authenticator for Pager {
    fn factor(&self) -> Factor {
        Factor::Otp
    }
    fn fits(&self, _: &Template, _: Target) -> Result<(), WhyNot> {
        Err(WhyNot { parameter: "mode", reason: "It is handed out.".into() })
    }
    fn device(&self) -> Option<&dyn Device> {
        Some(self)
    }
    async fn offer(&self, _: &OfferRequest, _: Timestamp) -> Result<Offer, PluginError> {
        Err(PluginError::Unavailable("it is handed out".into()))
    }
    fn show(&self, _: &SecretBytes, _: &OfferRequest) -> Result<OfferView, PluginError> {
        Err(PluginError::Unavailable("it is handed out".into()))
    }
    async fn verify(
        &self,
        opened: &SecretBytes,
        _: &Check<'_>,
        answer: &Secret,
        _: Timestamp,
    ) -> Result<Verified, PluginError> {
        let right = answer.expose() == PASSCODE;
        Ok(if right { Verified::Accepted { updated: opened.clone() } } else { Verified::Rejected })
    }
    async fn resync(
        &self,
        _: &SecretBytes,
        _: &Check<'_>,
        _: [&Secret; 2],
        _: Timestamp,
    ) -> Result<Verified, PluginError> {
        Ok(Verified::Rejected)
    }
}

impl Device for Pager {
    fn addressee(&self, call: &DeviceCall<'_>) -> Result<Addressee, DeviceAnswer> {
        Err(self.unknown(call))
    }
    fn unknown(&self, _: &DeviceCall<'_>) -> DeviceAnswer {
        DeviceAnswer { status: 404, body: Vec::new(), keep: None, said: Vec::new(), by: CalledBy::Anybody }
    }
    fn answer(&self, call: &DeviceCall<'_>, _: &DeviceToken<'_>, _: Timestamp) -> Result<DeviceAnswer, PluginError> {
        Ok(self.unknown(call))
    }
    fn confirm(&self, _: &SecretBytes, _: bool) -> Result<Option<SecretBytes>, PluginError> {
        Ok(None)
    }
    fn reach(&self, opened: &SecretBytes) -> Result<Reach, PluginError> {
        Ok(match text(opened) {
            "never" => Reach::Never,
            "open" => Reach::WhileOpen,
            _ => Reach::Woken,
        })
    }
    fn device_name(&self, _: &SecretBytes) -> Result<String, PluginError> {
        Ok("Pager".into())
    }
    fn wake(
        &self,
        opened: &SecretBytes,
        push: &Push,
        origin: &str,
        _: Timestamp,
    ) -> Result<Option<WakeUp>, PluginError> {
        Ok((self.reach(opened)? == Reach::Woken).then(|| WakeUp {
            endpoint: Secret::new(text(opened)),
            headers: Vec::new(),
            body: format!("{origin}/a/?push={}", push.id).into_bytes(),
        }))
    }
    fn forget_subscription(&self, opened: &SecretBytes) -> Result<Option<SecretBytes>, PluginError> {
        Ok((self.reach(opened)? == Reach::Woken).then(|| SecretBytes::new(b"open".to_vec())))
    }
    fn file(&self, _: &str, _: &str, _: &str) -> Option<AppFile> {
        None
    }
    fn content_security_policy(&self) -> &'static str {
        "default-src 'none'"
    }
}
