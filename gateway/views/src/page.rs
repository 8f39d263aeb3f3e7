//! What the portal hands over besides a [`Screen`](doorward_api::Screen): the frame of every page, the start page, and the
//! pages that say one thing.

use std::sync::Arc;

use doorward_api::{Target, Timestamp};
use minijinja::{Value, context};
use serde::Serialize;

use crate::locale::language;
use crate::look::Look;

/// The frame of a page: what its header and footer need.
#[derive(Debug, Clone, Default)]
pub struct Chrome {
    /// How the portal looks. What it says of the name and of help is shown in place of `brand` and `support_url`.
    pub look: Arc<Look>,
    /// The language of the page (`fr`); one of [`Views::languages`](crate::Views::languages), anything else is English.
    pub language: String,
    /// The virtual server's name: the brand in the header and in `<title>`.
    pub brand: String,
    /// The help link (R84); no link when `None`.
    pub support_url: Option<String>,
    /// The hidden field `csrf` of every form.
    pub csrf: String,
    /// The hidden field `back` of the language selector: where `POST /language` returns to.
    pub path_back: String,
    /// Who is signed in, shown in the header.
    pub signed_in_as: Option<String>,
    /// Where assets and the language form live: empty on the portal's host, `/.doorward` on an application's.
    pub base: String,
    /// Nothing but the style sheet can be had on this host: there is no language form, no script and no picture.
    pub bare: bool,
}

/// The frame as the templates take it: `chrome`.
#[derive(Debug, Serialize)]
struct Frame<'a> {
    language: &'a str,
    /// The product's name, or the virtual server's.
    brand: &'a str,
    /// Whom to ask for help.
    support: Option<&'a str>,
    support_url: Option<&'a str>,
    csrf: &'a str,
    path_back: &'a str,
    signed_in_as: Option<&'a str>,
    base: &'a str,
    bare: bool,
    /// The address of the accent colour's style sheet.
    accent: Option<String>,
    /// The address of the picture in place of ours.
    logo: Option<String>,
}

impl Chrome {
    /// What every page is rendered with besides its own fields.
    pub(crate) fn around(&self) -> Value {
        context! {
            chrome => Value::from_serialize(self.frame()),
            lang => language(&self.language),
            languages => self.look.choices(),
            look => Value::from_dyn_object(self.look.clone()),
        }
    }

    fn frame(&self) -> Frame<'_> {
        let look = &self.look;
        // The version is in the address: what has been fetched may be kept for ever.
        let address = |extension| format!("{}/appearance/{}.{extension}", self.base, look.version());
        Frame {
            language: &self.language,
            brand: look.product_name().unwrap_or(&self.brand),
            support: look.support(),
            support_url: look.support_url().or(self.support_url.as_deref()),
            csrf: &self.csrf,
            path_back: &self.path_back,
            signed_in_as: self.signed_in_as.as_deref(),
            base: &self.base,
            bare: self.bare,
            accent: look.palette().filter(|_| !self.bare).map(|_| address("css")),
            logo: look.logo().filter(|_| !self.bare).map(|_| address("logo")),
        }
    }
}

/// `GET /`: who is signed in, and the ways onward.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StartPage {
    /// The name to greet with.
    pub display_name: String,
    /// The applications that may be opened, in order.
    pub apps: Vec<StartApp>,
}

/// An application on the start page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StartApp {
    /// The name people see.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// The host, shown below the name.
    pub host: String,
}

/// A page that says one thing: an error, a farewell, W9's dispute.
#[derive(Debug, Clone)]
pub struct MessagePage {
    /// What it says.
    pub kind: MessageKind,
    /// The answer's status. Shown from 400 on.
    pub status: u16,
    /// The request's id, shown with every error so that the help desk can find it in the log.
    pub request_id: Option<String>,
    /// A link to go on with: the portal's start page, or the sign-in. No link when `None`.
    pub continue_url: Option<String>,
}

impl MessagePage {
    /// The page with the status that belongs to its kind.
    pub fn new(kind: MessageKind) -> Self {
        Self { status: kind.status(), kind, request_id: None, continue_url: None }
    }

    /// Shows the request's id.
    #[must_use]
    pub fn with_request_id(self, id: impl Into<String>) -> Self {
        Self { request_id: Some(id.into()), ..self }
    }

    /// Offers a link to go on with.
    #[must_use]
    pub fn with_continue(self, url: impl Into<String>) -> Self {
        Self { continue_url: Some(url.into()), ..self }
    }
}

/// What a [`MessagePage`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageKind {
    /// No policy admits this user, whatever they prove.
    Denied {
        /// The application, if it is known.
        app_name: Option<String>,
    },
    /// A passkey would admit this user, who has none that can be used.
    PasskeyNeeded {
        /// The application, if it is known.
        app_name: Option<String>,
    },
    /// The form did not come from one of our pages, or the page it came from is too old.
    CrossSite,
    /// The request cannot be understood.
    BadRequest,
    /// There is no such page.
    NotFound,
    /// Not with this method.
    Method,
    /// Something is too long.
    TooLarge,
    /// No site has this host name.
    UnknownHost,
    /// Too many requests.
    TooMany,
    /// Too much came from an address, or went wrong there, for a while.
    AddressWaits {
        /// Until then.
        until: Timestamp,
    },
    /// The application does not answer as it should.
    Upstream,
    /// The application takes too long.
    UpstreamTimeout,
    /// The gateway cannot answer just now.
    Unavailable,
    /// The gateway made a mistake.
    Internal,
    /// Signed in, but what was sent to the application before is lost.
    NotReceived,
    /// A session has come to an application's host. The page leads on by itself.
    Entered,
    /// Signed out.
    SignedOut,
    /// Signed out wherever it was.
    SignedOutEverywhere,
    /// An authenticator that was reported lost is suspended, the sessions are ended.
    LostDone,
    /// An authenticator that was reported lost is given up for another, the sessions are ended.
    ReplaceDone,
    /// W9's link: was it you? Its button posts to `action`.
    DisputeLook {
        /// The platform of the authenticator in question; a passkey has none.
        device: Option<Target>,
        /// When it was added.
        added_at: Timestamp,
        /// The form's action: `/notice/{token}`.
        action: String,
    },
    /// The authenticator is suspended, the sessions are ended.
    DisputeDone,
    /// The link was used before, or is too old.
    DisputeGone,
}

impl MessageKind {
    /// The status that belongs to it.
    pub const fn status(&self) -> u16 {
        match self {
            MessageKind::NotReceived
            | MessageKind::Entered
            | MessageKind::SignedOut
            | MessageKind::SignedOutEverywhere
            | MessageKind::LostDone
            | MessageKind::ReplaceDone
            | MessageKind::DisputeLook { .. }
            | MessageKind::DisputeDone => 200,
            MessageKind::BadRequest => 400,
            MessageKind::Denied { .. } | MessageKind::PasskeyNeeded { .. } | MessageKind::CrossSite => 403,
            MessageKind::NotFound => 404,
            MessageKind::Method => 405,
            MessageKind::DisputeGone => 410,
            MessageKind::TooLarge => 413,
            MessageKind::UnknownHost => 421,
            MessageKind::TooMany | MessageKind::AddressWaits { .. } => 429,
            MessageKind::Internal => 500,
            MessageKind::Upstream => 502,
            MessageKind::Unavailable => 503,
            MessageKind::UpstreamTimeout => 504,
        }
    }

    /// The middle of its words' keys: `message-not-found-title`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            MessageKind::Denied { .. } => "denied",
            MessageKind::PasskeyNeeded { .. } => "passkey-needed",
            MessageKind::CrossSite => "cross-site",
            MessageKind::BadRequest => "bad-request",
            MessageKind::NotFound => "not-found",
            MessageKind::Method => "method",
            MessageKind::TooLarge => "too-large",
            MessageKind::UnknownHost => "unknown-host",
            MessageKind::TooMany => "too-many",
            MessageKind::AddressWaits { .. } => "address-waits",
            MessageKind::Upstream => "upstream",
            MessageKind::UpstreamTimeout => "upstream-timeout",
            MessageKind::Unavailable => "unavailable",
            MessageKind::Internal => "internal",
            MessageKind::NotReceived => "not-received",
            MessageKind::Entered => "entered",
            MessageKind::SignedOut => "signed-out",
            MessageKind::SignedOutEverywhere => "signed-out-everywhere",
            MessageKind::LostDone => "lost-done",
            MessageKind::ReplaceDone => "replace-done",
            MessageKind::DisputeLook { .. } => "dispute-look",
            MessageKind::DisputeDone => "dispute-done",
            MessageKind::DisputeGone => "dispute-gone",
        }
    }
}

impl MessagePage {
    /// The page's fields as its template takes them.
    pub(crate) fn fields(&self) -> Value {
        let (mut app_name, mut until, mut dispute) = (None, None, context! {});
        match &self.kind {
            MessageKind::Denied { app_name: name } | MessageKind::PasskeyNeeded { app_name: name } => {
                app_name = name.as_deref();
            }
            MessageKind::AddressWaits { until: end } => until = Some(end),
            MessageKind::DisputeLook { device, added_at, action } => dispute = context! { device, added_at, action },
            _ => {}
        }
        context! {
            kind => self.kind.name(),
            status => self.status,
            request_id => self.request_id,
            continue_url => self.continue_url,
            app_name,
            until,
            ..dispute
        }
    }
}
