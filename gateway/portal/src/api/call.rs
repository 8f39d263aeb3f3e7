//! One call: where it is, what it takes, what it gives, what can go wrong, and who answers it. The routes are made of
//! this, and so is the description.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Bytes;
use doorward_api::Permission;
use doorward_api::permission::Action;
use http::{HeaderMap, Method, StatusCode};

use super::approvals::ApprovalDetails;
use super::asked::{Asked, Outside};
use super::given::{Described, Takes};
use super::gives::{Begun, Gives, Reply, Told};
use super::problem::{Kind, Problem};
use crate::needs::Need;

type Answering = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;

/// What answers somebody, who sends headers and a body.
pub(super) type Answers<W> = dyn Fn(W, &HeaderMap, &Bytes) -> Answering + Send + Sync;

/// What answers a call.
pub(super) enum Handler {
    /// Anybody is answered.
    Anybody(Arc<Answers<Outside>>),
    /// Operators who are signed in are.
    Operator(Arc<Answers<Asked>>),
}

/// What a parameter of the query can be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    /// One line of text.
    Text,
    /// A name, however long, its beginning, or what stands for one in a marker.
    Name,
    /// An id.
    Id,
    /// A number between the two.
    Between(u32, u32),
    /// `true` or `false`.
    Switch,
    /// One of these.
    Names(&'static [&'static str]),
}

/// A parameter of the query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) of: Of,
    pub(super) required: bool,
    pub(super) about: &'static str,
}

impl Param {
    pub(super) const fn new(name: &'static str, of: Of, about: &'static str) -> Self {
        Self { name, of, required: false, about }
    }
}

/// Where a long list goes on.
pub(super) const AFTER: Param = Param::new("after", Of::Name, "The `next` of the page before.");
/// How much of it.
pub(super) const LIMIT: Param =
    Param::new("limit", Of::Between(1, 200), "At most so many entries; 50 when it is not said.");

/// A call.
pub(super) struct Call {
    pub(super) method: Method,
    /// Below `/api/v1`.
    pub(super) path: String,
    /// The stable name by which programs know it.
    pub(super) id: String,
    /// What it does, in a line.
    pub(super) summary: String,
    /// What else is to be known.
    pub(super) about: &'static str,
    pub(super) tag: &'static str,
    pub(super) takes: Option<Described>,
    pub(super) gives: Vec<Told>,
    pub(super) params: &'static [Param],
    /// What it takes of whoever asks; calls of anybody take nothing. Changes take a fresh proof besides.
    pub(super) need: Option<Need>,
    /// `If-Match` must be sent.
    pub(super) versioned: bool,
    /// `Idempotency-Key` may be.
    pub(super) once: bool,
    /// The largest body.
    pub(super) largest: usize,
    /// What can go wrong besides what every such call has.
    pub(super) problems: Vec<Kind>,
    pub(super) handler: Handler,
}

/// What is said of the answer to what was held.
const HELD: &str =
    "Nothing was done yet: the settings `approvals` say that it takes two operators. Look there who can approve it.";

/// The largest body of most calls.
pub(super) const LARGEST: usize = 64 * 1024;

impl Call {
    /// A call of operators, and of programs by their keys.
    pub(super) fn new<B, G, F, T>(
        need: impl Into<Need>,
        method: Method,
        path: &str,
        id: &str,
        summary: &str,
        handler: F,
    ) -> Self
    where
        B: Takes,
        G: Gives,
        F: Fn(Asked, B) -> T + Clone + Send + Sync + 'static,
        T: Future<Output = Result<G, Problem>> + Send + 'static,
    {
        let handler = Handler::Operator(Arc::new(move |asked, headers, body| {
            let (taken, handler) = (B::take(headers, body), handler.clone());
            Box::pin(async move { handler(asked, taken?).await?.reply() })
        }));
        Self { need: Some(need.into()), ..Self::with::<B, G>((method, path, id, summary), handler) }
    }

    /// A call of anybody.
    pub(super) fn open<B, G, F, T>(method: Method, path: &str, id: &str, summary: &str, handler: F) -> Self
    where
        B: Takes,
        G: Gives,
        F: Fn(Outside, B) -> T + Clone + Send + Sync + 'static,
        T: Future<Output = Result<G, Problem>> + Send + 'static,
    {
        let handler = Handler::Anybody(Arc::new(move |outside, headers, body| {
            let (taken, handler) = (B::take(headers, body), handler.clone());
            Box::pin(async move { handler(outside, taken?).await?.reply() })
        }));
        Self::with::<B, G>((method, path, id, summary), handler)
    }

    fn with<B: Takes, G: Gives>((method, path, id, summary): (Method, &str, &str, &str), handler: Handler) -> Self {
        Self {
            method,
            path: path.to_owned(),
            id: id.to_owned(),
            summary: summary.to_owned(),
            about: "",
            tag: "",
            takes: B::described(),
            gives: G::told(),
            params: &[],
            need: None,
            versioned: false,
            once: false,
            largest: LARGEST,
            problems: Vec::new(),
            handler,
        }
    }

    pub(super) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub(super) fn params(self, params: &'static [Param]) -> Self {
        Self { params, ..self }
    }

    pub(super) fn versioned(self) -> Self {
        Self { versioned: true, ..self }
    }

    pub(super) fn once(self) -> Self {
        Self { once: true, ..self }
    }

    pub(super) fn largest(self, largest: usize) -> Self {
        Self { largest, ..self }
    }

    /// It may have to wait for a second operator.
    pub(super) fn held(mut self) -> Self {
        let begun = Begun::<ApprovalDetails>::told().into_iter().map(|told| Told { about: HELD, ..told });
        self.gives.extend(begun);
        self.fails(&[Kind::TooManyWait])
    }

    pub(super) fn fails(mut self, kinds: &[Kind]) -> Self {
        self.problems.extend(kinds);
        self
    }

    /// The permission that it takes.
    pub(super) fn permission(&self) -> Option<Permission> {
        match self.need {
            Some(Need::May(permission)) => Some(permission),
            _ => None,
        }
    }

    /// Whether password and passcode must have been proved of late: for all that is more than looking, whatever its method.
    pub(super) fn weighs(&self) -> bool {
        let more = match self.need {
            Some(Need::May(permission)) => permission.action != Action::View,
            Some(Need::Deciding) => true,
            _ => false,
        };
        more && self.method != Method::GET
    }

    /// Everything that can go wrong with it.
    pub(super) fn all_problems(&self) -> Vec<Kind> {
        let signed = matches!(self.handler, Handler::Operator(_));
        let when = |is: bool, kinds: &'static [Kind]| if is { kinds } else { &[] };
        let mut kinds = [
            when(signed, &[Kind::SignInRequired, Kind::TooMany, Kind::Unavailable]),
            when(signed && self.need != Some(Need::Known), &[Kind::RoleRequired]),
            when(self.weighs(), &[Kind::ReproofRequired]),
            when(self.path.contains('{'), &[Kind::NotFound]),
            // The listener refuses a target that can be read in two ways, whichever call it is for.
            when(self.path.contains('{') || !self.params.is_empty(), &[Kind::Outcome(StatusCode::BAD_REQUEST)]),
            when(self.takes.is_some(), &[Kind::Malformed, Kind::TooLarge, Kind::MediaType]),
            when(self.versioned, &[Kind::AnotherVersion, Kind::VersionRequired]),
            when(self.once, &[Kind::Underway, Kind::AnotherRequest]),
            // A parameter that nobody knows.
            &[Kind::Invalid, Kind::Internal],
        ]
        .concat();
        kinds.extend(&self.problems);
        kinds.sort_by_key(|kind| kind.status());
        kinds.dedup();
        kinds
    }

    /// Whether the description speaks of this status.
    pub(super) fn tells_of(&self, status: StatusCode) -> bool {
        self.gives.iter().any(|told| told.status == status)
            || self.all_problems().iter().any(|kind| kind.status() == status)
    }
}
