//! What stands in for a token, a temporary passcode or a recovery code, is looked at a few times a day only (LG-04), and counted by
//! who types it: what strangers do fills only the meter of strangers, what somebody does who has the password only that of such
//! people, and a browser that the account knows is stopped by nothing but its own tries (LG-06).
//!
//! Together that is thirty looks a day of each kind. A temporary passcode has forty random bits and lives for a week at the most,
//! in which each meter begins eight windows: 240 looks of 2^40, one chance in four thousand million. Ten recovery codes of sixty
//! bits, looked at for ten years: one in a million million.

use std::time::Duration;

use doorward_api::ports::{MeterKey, MeterScope, Taken};
use doorward_api::{StoreError, Timestamp, UserId};

use crate::signin::Desk;
use crate::visit::Visit;

/// Looks of one kind that each [`Typist`] has in a day.
const LOOKS: u32 = 10;

const DAY: Duration = Duration::from_hours(24);

/// Who types something that may stand in for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typist {
    /// Somebody in a browser that the account knows.
    Known,
    /// Somebody elsewhere who has proved the password.
    ByPassword,
    /// Anybody else.
    Stranger,
}

impl Typist {
    const ALL: [Typist; 3] = [Typist::Known, Typist::ByPassword, Typist::Stranger];

    fn meter(self, scope: MeterScope, user: &UserId) -> MeterKey {
        let key = match self {
            Typist::Known => format!("known:{user}"),
            Typist::ByPassword => format!("password:{user}"),
            Typist::Stranger => user.as_str().to_owned(),
        };
        MeterKey { scope, key }
    }
}

/// Every meter of a user's by which one kind is counted.
pub(crate) fn every_meter(scope: MeterScope, user: &UserId) -> [MeterKey; 3] {
    Typist::ALL.map(|typist| typist.meter(scope, user))
}

/// Places that were taken below limits, each with the end of the window in which it was.
#[derive(Default)]
pub(crate) struct Places(Vec<(MeterKey, Timestamp)>);

impl Places {
    pub(crate) fn at(&mut self, meter: MeterKey, ends: Timestamp) {
        self.0.push((meter, ends));
    }

    pub(crate) fn join(&mut self, others: Places) {
        self.0.extend(others.0);
    }

    /// What they were taken for was right.
    pub(crate) async fn give_back(&mut self, desk: &Desk, visit: &Visit) -> Result<(), StoreError> {
        for (meter, ends) in self.0.drain(..) {
            desk.ports.meters.give_back(&visit.vs.id, &meter, ends).await?;
        }
        Ok(())
    }
}

/// The looks that one text has cost, at what stands in for a token.
pub(crate) struct Looked {
    typist: Typist,
    places: Places,
    /// Set when something was not looked at any more: until when.
    pub(crate) used_up: Option<Timestamp>,
}

impl Looked {
    pub(crate) fn by(typist: Typist) -> Self {
        Self { typist, places: Places::default(), used_up: None }
    }

    /// Takes a look, if there is one left.
    pub(crate) async fn take(
        &mut self,
        desk: &Desk,
        visit: &Visit,
        scope: MeterScope,
        user: &UserId,
    ) -> Result<bool, StoreError> {
        let meter = self.typist.meter(scope, user);
        Ok(match desk.ports.meters.take_place(&visit.vs.id, &meter, LOOKS, DAY, visit.now).await? {
            Taken::Place { ends, .. } => {
                self.places.at(meter, ends);
                true
            }
            Taken::Full { until } => {
                self.used_up = Some(until);
                false
            }
        })
    }

    /// It was right.
    pub(crate) async fn give_back(&mut self, desk: &Desk, visit: &Visit) -> Result<(), StoreError> {
        self.places.give_back(desk, visit).await
    }
}
