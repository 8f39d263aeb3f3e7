//! How many calls there were in this minute, and whose. They are counted in memory, so that one that changes nothing writes nothing
//! (decision 0017); each process counts its own. It is no guard against guessing, which every secret has of its own, but a bound on
//! what one caller can have done.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use doorward_api::device::CalledBy;
use doorward_api::{CredentialId, Timestamp, VirtualServerId};

use crate::network::network_of;
use crate::visit::Visit;

/// Calls from one address that no device has signed. Generous: behind one a whole office may be setting its devices up.
pub(super) const OF_STRANGERS: u32 = 600;

/// Calls of one device. An approval takes a dozen; an app that is open while a request waits asks every other second.
pub(super) const OF_A_DEVICE: u32 = 240;

/// So many callers are told apart. Who comes after them in the same minute is not counted.
const CALLERS: usize = 100_000;

const MINUTE_SECS: u64 = 60;

/// See the module.
#[derive(Default)]
pub(super) struct Calls {
    minute: Mutex<Minute>,
}

#[derive(Default)]
struct Minute {
    number: u64,
    counts: HashMap<Caller, u32>,
}

/// Who has called. What strangers do is counted for nobody but strangers: whoever shares their address, or knows of a token, stops no
/// device by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Caller {
    Stranger(VirtualServerId, IpAddr),
    Device(CredentialId),
}

impl Caller {
    const fn most(&self) -> u32 {
        match self {
            Caller::Stranger(..) => OF_STRANGERS,
            Caller::Device(_) => OF_A_DEVICE,
        }
    }
}

impl Calls {
    /// Counts a call that names no token; `false` where there were too many.
    pub(super) fn admit_stranger(&self, visit: &Visit) -> bool {
        self.count(Caller::Stranger(visit.vs.id.clone(), network_of(visit.address)), visit.now)
    }

    /// Counts a call about a token, for whoever has made it; `false` where there were too many: then it is not to be carried out.
    pub(super) fn admit(&self, visit: &Visit, token: &CredentialId, by: CalledBy) -> bool {
        match by {
            CalledBy::Anybody => self.admit_stranger(visit),
            CalledBy::Device => self.count(Caller::Device(token.clone()), visit.now),
        }
    }

    fn count(&self, caller: Caller, now: Timestamp) -> bool {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.secs() / MINUTE_SECS;
        if minute.number != number {
            *minute = Minute { number, counts: HashMap::new() };
        }
        let full = minute.counts.len() >= CALLERS;
        if full && !minute.counts.contains_key(&caller) {
            return true;
        }
        let most = caller.most();
        let count = minute.counts.entry(caller).or_default();
        *count = count.saturating_add(1);
        *count <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;

    fn device(number: usize) -> Caller {
        Caller::Device(CredentialId::new(format!("c-{number}")))
    }

    #[test]
    fn each_device_is_counted_by_itself_and_anew_in_each_minute() {
        let calls = Calls::default();
        assert!((0..OF_A_DEVICE).all(|_| calls.count(device(1), now())));
        assert!(!calls.count(device(1), now()));
        assert!(calls.count(device(2), now()));
        assert!(calls.count(device(1), now() + std::time::Duration::from_secs(MINUTE_SECS)));
    }

    #[test]
    fn no_more_callers_are_remembered_than_there_is_room_for() {
        let calls = Calls::default();
        assert!((0..CALLERS + 10).all(|number| calls.count(device(number), now())));
        assert_eq!(calls.minute.lock().unwrap().counts.len(), CALLERS);
        assert!((1..OF_A_DEVICE).all(|_| calls.count(device(1), now())), "who is known is counted on");
        assert!(!calls.count(device(1), now()));
    }
}
