//! Room 4: may they? Asked of the gate for each request, and again and again while a WebSocket or a stream lasts.

use std::sync::Arc;

use doorward_access::gate::{Gate, Verdict};
use doorward_access::returns::Returns;
use doorward_access::sessions::Identities;
use doorward_access::site::{App, HostRole, SharedSite, Site, VirtualServer};
use doorward_api::{Decision, Subject, Timestamp, Token};

use crate::canonical::CanonicalRequest;
use crate::identify::identify;

/// What the public listener decides with.
pub(crate) struct Judge {
    pub(crate) site: SharedSite,
    pub(crate) gate: Arc<Gate>,
    pub(crate) identities: Arc<Identities>,
    pub(crate) returns: Arc<Returns>,
}

impl Judge {
    /// Asks the gate. Only its permit leads on.
    pub(crate) fn decide(
        &self,
        site: &Site,
        (vs, app): (&VirtualServer, &App),
        subject: &Subject,
        request: &CanonicalRequest,
        now: Timestamp,
    ) -> Verdict {
        self.gate.decide(site, vs, subject, &request.object(&vs.id, &app.id), now)
    }

    /// Whether the same request would be admitted now, for the same person: by the site in force now, for whoever the
    /// cookie is now.
    pub(crate) async fn still(
        &self,
        request: &CanonicalRequest,
        token: Option<&Token>,
        admitted: &Subject,
        now: Timestamp,
    ) -> bool {
        let site = self.site.load_full();
        let Some(HostRole::App(vs, app)) = site.hosts.get(&request.host) else { return false };
        let subject = identify(&self.identities, &vs.id, &request.host, token, now).await;
        let user = |subject: &Subject| subject.principal().map(|principal| principal.user.clone());
        let object = request.object(&vs.id, &app.id);
        user(&subject) == user(admitted)
            && matches!(self.gate.decision(&site, vs, &subject, &object, now), Decision::Admit { .. })
    }
}
