//! Who is at the portal's desk, and what they may be given to carry away.

use std::net::IpAddr;
use std::sync::Arc;

use doorward_api::{EventContext, Flow, Timestamp, Token};

use crate::site::VirtualServer;

/// One request to the portal, as `access` needs to know it.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The virtual server whose portal was asked.
    pub vs: Arc<VirtualServer>,
    /// The flow cookie, if it is well-formed.
    pub browser: Option<Token>,
    /// The portal session cookie, if it is well-formed.
    pub session: Option<Token>,
    /// The device cookie's text.
    pub device: Option<String>,
    /// The client's address.
    pub address: IpAddr,
    /// The language the page is shown in (`fr`).
    pub language: String,
    /// The browser's `User-Agent`, cut at 256 characters; preselects, never decides.
    pub user_agent: String,
    /// The request's id.
    pub request_id: String,
    /// Now.
    pub now: Timestamp,
}

impl Visit {
    /// Who is at which step of a sign-in, and from where.
    pub(crate) fn at_step_of(&self, flow: &Flow) -> EventContext {
        EventContext { address: Some(self.address), request_id: Some(self.request_id.clone()), ..flow.context() }
    }
}

/// The hidden fields that came back with a form.
#[derive(Debug, Clone, Default)]
pub struct StepForm {
    /// Field `flow`.
    pub flow: String,
    /// Field `nonce`.
    pub nonce: String,
}

/// What became of a form.
#[derive(Debug)]
pub enum Moved {
    /// See the current page (303 to `/signin/step`). The cookie is set when it is new.
    ToStep {
        /// A new flow cookie, when the flow has just begun.
        browser: Option<Token>,
    },
    /// The name was not taken: W0 again, with a notice.
    Ask(Box<doorward_api::Screen>),
    /// Signed in: set the cookies, clear the flow cookie, 303 to `url`.
    SignedIn(Box<Landing>),
    /// The flow was cancelled, and the browser's session ended with it: clear the session cookie and show the ended page.
    Cancelled {
        /// Where to begin again.
        start_again: String,
    },
    /// The flow is over and another may begin: clear the flow cookie, 303 to `url` (`/signin`, with the same destination).
    StartAgain {
        /// Where.
        url: String,
    },
    /// What was begun on the user's own page leads back to it, and their session stays: clear the flow cookie, 303 to `url`.
    BackToOwn {
        /// Where, at the portal.
        url: String,
    },
    /// Proved, but no proof of any kind admits this user: clear the flow cookie and show "access denied".
    Denied(TurnedAway),
}

/// From where somebody is turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    /// The application; empty where it is not known.
    pub app_name: String,
    /// A passkey would let them in, and they have none that can be used.
    pub lacks_passkey: bool,
}

/// Where a signed-in browser goes, and with what.
#[derive(Debug)]
pub struct Landing {
    /// Absolute: the application's `/.doorward/enter?ticket=…`, or the portal's start page.
    pub url: String,
    /// The portal session's new cookie value; `None` when the session stays as it is.
    pub session: Option<Token>,
    /// The device cookie's new value.
    pub device: Option<String>,
}

/// What `GET /signin` leads to.
#[derive(Debug)]
pub enum Opening {
    /// The browser's session is enough already: 303.
    Enough(Box<Landing>),
    /// A flow of this browser to the same place is under way: 303 to `/signin/step`.
    Resume,
    /// The session must be raised: a flow was begun with the name known (303 to `/signin/step`).
    Raise {
        /// The new flow cookie.
        browser: Token,
    },
    /// W0.
    Ask(Box<doorward_api::Screen>),
    /// No proof of any kind would help: show "access denied".
    Denied(TurnedAway),
}
