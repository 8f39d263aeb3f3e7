//! What the portal is made of.

use std::sync::Arc;
use std::time::Duration;

use doorward_access::cookies::CookieNames;
use doorward_access::dispute::Disputes;
use doorward_access::own::Owner;
use doorward_access::sessions::Identities;
use doorward_access::signin::Desk;
use doorward_access::site::SharedSite;
use doorward_access::tickets::Tickets;
use doorward_api::keys::{MasterKey, Purpose};
use doorward_api::ports::{Clock, Entropy, Settings};
use doorward_api::settings::{Appearance, Document};
use doorward_api::{SessionId, VirtualServerId};
use doorward_views::{Look, Looks, Views};

use tokio::time::timeout;

use crate::csrf::Forgery;

/// A page does not wait longer for its colours: while the store is silent, it has to say so in time (F-14, F-15).
const LOOK_WAIT: Duration = Duration::from_millis(250);

/// Told of a portal session that has ended, so that its open connections are cut at once.
pub type CutOff = Arc<dyn Fn(&SessionId) + Send + Sync>;

/// Everything the pages call.
#[derive(Clone)]
pub struct PortalParts {
    /// The site in force.
    pub site: SharedSite,
    /// Sign-in and self-provisioning.
    pub desk: Arc<Desk>,
    /// W9's "Not you?".
    pub disputes: Arc<Disputes>,
    /// Who a session is.
    pub identities: Arc<Identities>,
    /// Sessions handed over to an application's host.
    pub tickets: Arc<Tickets>,
    /// Models to pages.
    pub views: Arc<Views>,
    /// Where appearances are read.
    pub settings: Arc<dyn Settings>,
    /// Now.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The master key, for anti-forgery values.
    pub keys: MasterKey,
    /// Told of each sign-out.
    pub cut_off: CutOff,
}

/// The parts in use.
pub(crate) struct Portal {
    pub(crate) parts: PortalParts,
    /// What somebody signed in does with their own authenticators.
    pub(crate) owner: Owner,
    pub(crate) forgery: Forgery,
    looks: Looks,
}

/// The portal as handlers share it.
pub(crate) type Shared = Arc<Portal>;

impl Portal {
    pub(crate) fn new(parts: PortalParts) -> Shared {
        let forgery = Forgery::new(parts.keys.mac(Purpose::Csrf));
        let owner = Owner::new(parts.desk.clone());
        Arc::new(Self { parts, owner, forgery, looks: Looks::default() })
    }

    /// How the portal of a virtual server looks. Where the store does not answer, or what it has is no appearance, as Doorward
    /// comes: a page that says what is wrong must not fail at its colours.
    pub(crate) async fn look(&self, vs: &VirtualServerId) -> Arc<Look> {
        match timeout(LOOK_WAIT, self.parts.settings.document(vs, Appearance::KIND)).await {
            Ok(Ok(stored)) => self.looks.of(vs, &stored).unwrap_or_else(|| {
                tracing::warn!(%vs, "the appearance cannot be read; the portal looks as Doorward comes");
                Arc::default()
            }),
            // The page itself finds out what the store says, and says so.
            Ok(Err(_)) | Err(_) => self.looks.last(vs).unwrap_or_default(),
        }
    }

    /// The cookies' names as the site in force has them.
    pub(crate) fn cookies(&self) -> CookieNames {
        CookieNames::new(self.parts.site.load().secure_cookies)
    }
}
