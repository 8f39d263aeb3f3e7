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
    /// Field `return`: the sealed return address.
    pub return_to: Option<String>,
}

/// Where a browser's sign-in stands.
#[derive(Debug)]
pub enum Standing {
    /// On this page.
    Page(Box<doorward_api::Screen>),
    /// It is done: 303 to `url`, which goes on to the page first asked for.
    Done {
        /// Where.
        url: String,
    },
    /// There is none.
    Nowhere,
}

impl Standing {
    /// The page, if there is one to be shown.
    pub fn page(self) -> Option<doorward_api::Screen> {
        match self {
            Standing::Page(screen) => Some(*screen),
            Standing::Done { .. } | Standing::Nowhere => None,
        }
    }
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
    /// Signed in: set the cookies, 303 to `url`. The flow cookie stays: forms of the same sign-in that other tabs still show are
    /// known by it, and led on. It opens nothing any more, and the next sign-in has one of its own.
    SignedIn(Box<Landing>),
    /// A form of a sign-in that is done or gone: nothing was changed, 303 to `url`, which goes on to where it was going.
    GoOn {
        /// Where.
        url: String,
    },
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
    /// The session is enough, but what was sent to the page is lost: that is said, and the way on leads to `url`.
    NotReceived {
        /// Where.
        url: String,
    },
    /// Another tab was faster, and the browser has another cookie by now: 303 to the same address.
    Again {
        /// The address.
        url: String,
    },
    /// W0.
    Ask(Box<doorward_api::Screen>),
    /// No proof of any kind would help: show "access denied".
    Denied(TurnedAway),
}
