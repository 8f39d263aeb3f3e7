//! Waking devices by their push services, behind the back of the page that asks: it is there at once, and stays usable
//! whatever a push service does (F-37).

use std::sync::Arc;

use doorward_api::credential::Credential;
use doorward_api::device::{Device, Reach, WakeUp};
use doorward_api::plugin::Plugin;
use doorward_api::ports::{Act, Change, PushDelivery};
use doorward_api::push::Push;
use doorward_api::{CommitError, CredentialId, PluginError, StoreError, VirtualServerId};

use super::Askable;
use crate::ports::Ports;
use crate::signin::Desk;
use crate::site::VirtualServer;

/// How often forgetting a subscription is tried while others write over the same token.
const TRIES: usize = 5;

/// One device to be woken.
struct Waking {
    ports: Ports,
    plugin: Arc<dyn Plugin>,
    vs: VirtualServerId,
    /// Where its device speaks to us.
    origin: String,
    token: Credential,
    push: Push,
}

/// Why a device was not woken.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk {
    pub(super) fn wake_devices(&self, vs: &VirtualServer, askable: &[Askable], push: &Push) {
        for one in askable.iter().filter(|one| one.reach == Reach::Woken) {
            let Some((plugin, origin)) = self.plugin(&one.token.plugin).zip(self.origin_of(vs, &one.token)) else {
                continue;
            };
            let waking = Waking {
                ports: self.ports.clone(),
                plugin,
                vs: vs.id.clone(),
                origin,
                token: one.token.clone(),
                push: push.clone(),
            };
            tokio::spawn(waking.run());
        }
    }

    /// Where the device of a token speaks to us.
    fn origin_of(&self, vs: &VirtualServer, token: &Credential) -> Option<String> {
        let device = self.kind_of(vs, token)?.device()?;
        if device.at_portal() {
            return Some(vs.portal_origin.clone());
        }
        vs.authenticator.as_ref().map(|site| site.origin.clone())
    }
}

impl Waking {
    async fn run(self) {
        let (serial, push) = (&self.token.serial, &self.push.id);
        match self.wake().await {
            Ok(None) => {}
            Ok(Some(delivery)) => {
                self.ports.metrics.push(self.vs.as_str(), outcome(delivery));
                if !matches!(delivery, PushDelivery::Taken | PushDelivery::Gone) {
                    tracing::warn!(%serial, %push, ?delivery, "a push service did not take a request");
                }
            }
            Err(error) => tracing::warn!(%serial, %push, %error, "a device could not be woken"),
        }
    }

    /// `None` where the device has no push service by now.
    async fn wake(&self) -> Result<Option<PushDelivery>, Fault> {
        let Some(wake) = self.message(&self.token)? else { return Ok(None) };
        let delivery = self.ports.push_sender.send(&wake).await;
        if delivery == PushDelivery::Gone {
            self.forget(&wake).await?;
        }
        Ok(Some(delivery))
    }

    fn device(&self) -> Option<&dyn Device> {
        self.plugin.authenticator().and_then(|kind| kind.device())
    }

    fn message(&self, token: &Credential) -> Result<Option<WakeUp>, PluginError> {
        let Some(device) = self.device() else { return Ok(None) };
        device.wake(&token.opened, &self.push, &self.origin, self.ports.clock.now())
    }

    /// Forgets the subscription that is gone, unless the device has given another meanwhile.
    async fn forget(&self, gone: &WakeUp) -> Result<(), Fault> {
        for _ in 0..TRIES {
            let Some(token) = self.read(&self.token.id).await? else { return Ok(()) };
            let same = |now: WakeUp| now.endpoint.expose() == gone.endpoint.expose();
            if !self.message(&token)?.is_some_and(same) {
                return Ok(());
            }
            let Some(device) = self.device() else { return Ok(()) };
            let Some(opened) = device.forget_subscription(&token.opened)? else { return Ok(()) };
            let act = Act::CredentialLearn { id: token.id, version: token.version, opened };
            match self.ports.ledger.commit(&self.vs, Change::of(act), self.ports.clock.now()).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Lost { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        // The next request finds it gone again.
        Ok(())
    }

    async fn read(&self, id: &CredentialId) -> Result<Option<Credential>, StoreError> {
        let token = self.ports.credentials.credential(&self.vs, id).await?;
        Ok(token.filter(|token| !token.damaged))
    }
}

const fn outcome(delivery: PushDelivery) -> &'static str {
    match delivery {
        PushDelivery::Taken => "woken",
        PushDelivery::Gone => "gone",
        PushDelivery::Refused { .. } => "refused",
        PushDelivery::Unreachable => "unreachable",
    }
}
