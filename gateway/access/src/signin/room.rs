//! Room for one more flow (SEC 5.17): how many may begin, from where, and how many there may be.
//!
//! A flow in which nothing is proved is anybody's, whatever name was given. So it takes a place of its address and one of
//! all, and none of the user's: otherwise a stranger with a name would use up what that user may have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use doorward_api::ports::{Act, Flows, MeterKey, MeterScope, Taken};
use doorward_api::{
    AuditEvent, EventContext, EventKind, Flow, FlowId, SessionId, StoreError, Timestamp, User, VirtualServerId,
};
use tokio::sync::Mutex;

use crate::regulate::address_meter;
use crate::signin::{Desk, DeskError, Stop};
use crate::visit::Visit;

/// How long a count of the open flows is relied upon; what begins here meanwhile is added to it.
const FRESH: Duration = Duration::from_secs(1);

/// All open flows of each virtual server, counted once a second at the most: so a flood does not make each of its own
/// requests dearer. Several processes together can go over the limit by what they begin within that second.
pub(crate) struct Room {
    flows: Arc<dyn Flows>,
    most: u64,
    counted: Mutex<HashMap<VirtualServerId, Counted>>,
}

struct Counted {
    at: Timestamp,
    open: u64,
}

impl Room {
    pub(crate) fn new(flows: Arc<dyn Flows>, most: u64) -> Self {
        Self { flows, most, counted: Mutex::default() }
    }

    /// Takes a place, if there is one.
    async fn take(&self, vs: &VirtualServerId, now: Timestamp) -> Result<bool, StoreError> {
        let mut all = self.counted.lock().await;
        let fresh = all.get(vs).is_some_and(|counted| now.near(counted.at, FRESH));
        if !fresh {
            let open = self.flows.open_flows(vs, now).await?;
            all.insert(vs.clone(), Counted { at: now, open });
        }
        let place = all.get_mut(vs).filter(|counted| counted.open < self.most);
        Ok(place.map(|counted| counted.open = counted.open.saturating_add(1)).is_some())
    }
}

/// Who begins a flow.
pub(crate) enum Beginner<'a> {
    /// Whoever has typed this user's name, or nobody's.
    Named(Option<&'a User>),
    /// Somebody signed in, whose session is to be raised.
    Session(&'a SessionId),
}

impl Desk {
    /// Whether one more flow may begin, and what is to be recorded with it.
    pub(crate) async fn may_begin(&self, visit: &Visit, who: Beginner<'_>) -> Result<Option<AuditEvent>, Stop> {
        let (meter, most) = self.flow_meter(visit, who);
        let vs = &visit.vs.id;
        let reached = match self.ports.meters.take_place(vs, &meter, most, self.rules.flows_window, visit.now).await? {
            Taken::Full { until } => {
                self.ports.metrics.flow_refusal(vs.as_str(), "address");
                return Err(Stop::Fault(DeskError::too_many(until, visit.now)));
            }
            Taken::Place { number, ends } => (number == most).then_some(ends),
        };
        if !self.room.take(vs, visit.now).await? {
            self.ports.metrics.flow_refusal(vs.as_str(), "full");
            return Err(Stop::Fault(DeskError::Full));
        }
        Ok(reached.map(|until| flows_used_up(visit, until)))
    }

    /// A browser that has signed in before begins flows on its own account: whoever shares its address cannot stop it.
    fn flow_meter(&self, visit: &Visit, who: Beginner<'_>) -> (MeterKey, u32) {
        let own = |key: String| (MeterKey { scope: MeterScope::Flows, key }, self.rules.flows_per_device);
        match who {
            Beginner::Session(session) => own(format!("session:{session}")),
            Beginner::Named(user) => match user.and_then(|user| self.device_of(visit, &user.id)) {
                Some(device) => own(format!("device:{}", device.as_str())),
                None => {
                    let meter = MeterKey { scope: MeterScope::Flows, ..address_meter(visit.address) };
                    (meter, self.rules.flows_per_address)
                }
            },
        }
    }

    /// A user's flows in which something is proved are few: one more ends the oldest of them.
    pub(crate) fn make_room(&self, visit: &Visit, user: &User, flow: &Flow) -> Act {
        let by = self.event(EventKind::SignInSuperseded, visit, flow).context;
        let keep: FlowId = flow.id.clone();
        Act::FlowsMakeRoom { user: user.id.clone(), keep, most: self.rules.flows_per_user, by: Box::new(by) }
    }
}

/// The last flow that could begin from somewhere for a while.
fn flows_used_up(visit: &Visit, until: Timestamp) -> AuditEvent {
    let context = EventContext {
        address: Some(visit.address),
        request_id: Some(visit.request_id.clone()),
        ..EventContext::default()
    };
    AuditEvent::new(EventKind::AuthLocked, context).with("scope", "flows").with("until", until.rfc3339())
}
