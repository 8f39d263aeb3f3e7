//! A device of ours puts a token in use where nobody knows which session its user's browser would raise. So what was put off
//! meanwhile ends with the first use of it, wherever that is; and the enrolment that it came by is confirmed.

use doorward_api::credential::Credential;
use doorward_api::ports::{Act, Change};
use doorward_api::{AuditEvent, EventContext, EventKind, Factor, SessionId};

use crate::signin::Held;
use crate::visit::Visit;

/// What goes along with a use of a token that may be its first. `keep` is the session that is raised by it or does it.
pub(crate) fn first_use(token: &Credential, keep: Option<SessionId>, used: EventContext, method: Factor) -> Change {
    let unused = token.last_used_at.is_none_or(|used| Some(used) <= token.activated_at);
    if !unused {
        return Change::default();
    }
    // The record is the enrolment's: of this use it says who and from where, and neither which it is nor to what it leads.
    let context = EventContext { flow: None, session: None, application: None, ..used };
    let record = AuditEvent::new(EventKind::EnrollmentConfirmed, context)
        .with("serial", token.serial.as_str())
        .with("method", method.as_str());
    let (user, token, record) = (token.user.clone(), token.id.clone(), Box::new(record));
    Change::of(Act::DeferredSessionsEnd { user, keep }).and(Act::EnrolmentUsed { token, record })
}

/// The same, by a sign-in.
pub(crate) fn first_use_by_sign_in(visit: &Visit, held: &Held, token: &Credential, method: Factor) -> Change {
    let flow = held.flow();
    first_use(token, flow.data.raises.clone(), visit.at_step_of(flow), method)
}
