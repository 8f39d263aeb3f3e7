//! Room 4: may they? Asked of the gate for each request, and again and again while a WebSocket or a stream lasts.

use std::sync::Arc;
use std::time::Duration;

use doorward_access::gate::{Gate, LastAnswer, Verdict};
use doorward_access::returns::Returns;
use doorward_access::sessions::{Identities, Place, Unclear};
use doorward_access::site::{App, HostRole, SharedSite, Site, VirtualServer};
use doorward_api::{Decision, Proofs, Subject, Timestamp, Token};

use crate::canonical::CanonicalRequest;
use crate::identify::purpose;

/// How old what is known of a session may be when what lasts is judged again: with the time between two judgements, less
/// than the second that is promised of a sign-out in another process (SE-05).
const KNOWN_FOR: Duration = Duration::from_millis(300);

/// What the public listener decides with.
pub(crate) struct Judge {
    pub(crate) site: SharedSite,
    pub(crate) gate: Arc<Gate>,
    pub(crate) identities: Arc<Identities>,
    pub(crate) returns: Arc<Returns>,
}

impl Judge {
    /// Asks the gate. Only its permit leads on.
    ///
    /// # Errors
    /// [`Unclear`], handed on, when the answer hangs on who asks.
    pub(crate) fn decide(
        &self,
        last: &mut LastAnswer,
        site: &Site,
        (vs, app): (&VirtualServer, &App),
        subject: Result<&Subject, Unclear>,
        request: &CanonicalRequest,
        now: Timestamp,
    ) -> Result<Verdict, Unclear> {
        let object = request.object(&vs.id, &app.id);
        match subject {
            Ok(subject) => Ok(self.gate.decide(last, site, vs, subject, &object, now)),
            Err(unclear) => self.gate.decide_unclear(site, vs, &object, now).map(Verdict::Admit).ok_or(unclear),
        }
    }

    /// Whether a request that was admitted may last: by the site in force now, for whoever the cookie is now. Not when that is
    /// unclear: a sign-out must not be outlived because a store is silent.
    pub(crate) async fn still(
        &self,
        request: &CanonicalRequest,
        token: Option<&Token>,
        admitted: &Subject,
        now: Timestamp,
    ) -> bool {
        let site = self.site.load_full();
        let Some(HostRole::App(vs, app)) = site.hosts.get(request.host.as_ref()) else { return false };
        let place = Place::App(&request.host);
        let known = (purpose(app, request), KNOWN_FOR);
        let Ok(subject) = self.identities.identify_anew(&vs.id, place, token, known, now).await else {
            return false;
        };
        let user = |subject: &Subject| subject.principal().map(|principal| principal.user.clone());
        let object = request.object(&vs.id, &app.id);
        user(&subject) == user(admitted)
            && may_last(&self.gate.decision(&site, vs, &subject, &object, now), subject.proofs())
    }
}

/// A proof that has grown old since is asked for again at the next request; it cuts no download in the middle. One that was
/// never given, because the policies ask for more than they did, does.
fn may_last(decision: &Decision, given: Proofs) -> bool {
    match decision {
        Decision::Admit { .. } => true,
        Decision::Challenge { need, .. } => need.iter().all(|factor| given.has(*factor)),
        Decision::Refuse { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::Factor;

    use super::*;

    #[test]
    fn an_old_proof_lets_a_download_end_and_a_missing_one_does_not() {
        let given =
            Proofs::NONE.with(Factor::Password, Timestamp::from_secs(1)).with(Factor::Otp, Timestamp::from_secs(1));
        let challenge = |need: &[Factor]| Decision::Challenge { need: need.to_vec(), by: Vec::new() };
        assert!(may_last(&Decision::Admit { by: Vec::new() }, given));
        assert!(may_last(&challenge(&[Factor::Otp]), given));
        assert!(!may_last(&challenge(&[Factor::Otp, Factor::Passkey]), given));
        assert!(!may_last(&challenge(&[Factor::Otp]), Proofs::NONE));
        assert!(!may_last(&Decision::Refuse { by: Vec::new() }, given));
    }
}
