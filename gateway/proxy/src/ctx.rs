//! What a request carries from room to room.

use std::sync::Arc;

use doorward_access::cookies::CookieNames;
use doorward_access::gate::Permit;
use doorward_access::site::{App, Site, VirtualServer};

use crate::arrive::Arrived;
use crate::canonical::CanonicalRequest;
use crate::handshake::Handshake;
use crate::live::{Entered, Watch};
use crate::memory::Memory;
use crate::pace::Pace;
use crate::record::Record;
use crate::refusal::Refusal;

/// One request's context.
pub(crate) struct RequestCtx {
    /// Where it stands.
    pub(crate) stage: Stage,
    /// The site in force when it arrived; it keeps that one to its end. `None` on the console's listener.
    pub(crate) site: Option<Arc<Site>>,
    /// What will be said of it.
    pub(crate) record: Record,
    /// Tries to reach an upstream so far: which of the application's each was.
    pub(crate) tries: Vec<usize>,
    /// There is somewhere else to try, or there may be.
    pub(crate) elsewhere: bool,
    /// The connection of a WebSocket handshake.
    pub(crate) handshake: Option<Arc<Handshake>>,
    /// How fast its body comes in, once it does.
    pub(crate) pace: Option<Pace>,
    /// Its place among what can be cut.
    pub(crate) entered: Option<Entered>,
    /// Who judges it again while it lasts.
    pub(crate) watch: Option<Watch>,
    /// What its connection remembers of the request before.
    pub(crate) memory: Option<Box<Memory>>,
}

/// Where a request stands. A stage and not a bag of options: the room that forwards finds [`Stage::Admitted`] or nothing.
pub(crate) enum Stage {
    /// Its head was read.
    Begun,
    /// It is refused for what it is.
    Refused(Refusal),
    /// It was understood.
    Arrived(Box<Arrived>),
    /// The gate let it pass.
    Admitted(Box<Admitted>),
    /// It was answered here.
    Answered,
}

/// A request that may go on, with the right to.
pub(crate) struct Admitted {
    pub(crate) permit: Permit,
    pub(crate) vs: Arc<VirtualServer>,
    pub(crate) app: Arc<App>,
    pub(crate) request: CanonicalRequest,
    /// It is a WebSocket handshake.
    pub(crate) upgrade: bool,
}

impl RequestCtx {
    pub(crate) fn new(site: Option<Arc<Site>>, record: Record, memory: Option<Box<Memory>>) -> Self {
        Self {
            stage: Stage::Begun,
            site,
            record,
            tries: Vec::new(),
            elsewhere: false,
            handshake: None,
            pace: None,
            entered: None,
            watch: None,
            memory,
        }
    }

    /// The names of our cookies on this site.
    pub(crate) fn cookie_names(&self) -> CookieNames {
        CookieNames::new(self.site.as_ref().is_none_or(|site| site.secure_cookies))
    }

    /// Which of the application's upstreams the last try was for.
    pub(crate) fn upstream(&self) -> usize {
        self.tries.last().copied().unwrap_or_default()
    }

    /// The admitted request, if this is one.
    pub(crate) fn admitted(&self) -> Option<&Admitted> {
        match &self.stage {
            Stage::Admitted(admitted) => Some(admitted),
            _ => None,
        }
    }
}
