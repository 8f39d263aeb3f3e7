//! Who asks, and what for: found before a call is answered, so that no call can forget to.

use std::net::IpAddr;
use std::sync::Arc;

use doorward_access::arrival::ConsoleArrival;
use doorward_access::manage::By;
use doorward_access::operators::{self, KeyEntered, KeyText, Undone, is_fresh};
use doorward_access::site::VirtualServer;
use doorward_api::operator::OperatorSession;
use doorward_api::ports::Page;
use doorward_api::{FieldRule, Secret, Timestamp, VirtualServerId};
use http::request::Parts;
use http::{HeaderMap, header};

use super::Shared;
use super::call::{Call, Of, Param};
use super::given::is_id;
use super::problem::{Kind, Problem, Wrong};
use crate::console::{SessionCookie, origin};
use crate::fields::Fields;

/// The longest text of a query.
const LONGEST_TEXT: usize = 512;

/// The longest name: one has up to 1 KiB, and a marker says it in base 64 with an id behind it.
const LONGEST_NAME: usize = 2048;

/// Of a list whose length is not said.
const USUAL_LIMIT: u32 = 50;

/// Whoever sends a request.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) request_id: String,
    pub(super) address: IpAddr,
    pub(super) now: Timestamp,
    /// `http://127.0.0.1:8081`, as it was asked for.
    pub(super) origin: String,
}

impl Visitor {
    pub(super) fn new(api: &super::Api, arrival: ConsoleArrival, headers: &HeaderMap) -> Self {
        Self {
            request_id: arrival.request_id,
            address: arrival.client,
            now: api.parts.clock.now(),
            origin: api.parts.origin.clone().unwrap_or_else(|| origin(headers)),
        }
    }

    /// For the operators' desk.
    pub(super) fn at(&self, vs: &VirtualServerId) -> operators::Caller {
        operators::Caller {
            vs: vs.clone(),
            address: self.address,
            request_id: self.request_id.clone(),
            now: self.now,
            approval: None,
            undone: None,
        }
    }
}

/// A call of anybody.
pub(super) struct Outside {
    pub(super) api: Shared,
    pub(super) visitor: Arc<Visitor>,
}

impl Outside {
    /// Whoever they are, they ask for what there is.
    pub(super) fn find(api: &Shared, call: &Call, visitor: Arc<Visitor>, parts: &Parts) -> Result<Self, Problem> {
        Query::read(call.params, parts.uri.query().unwrap_or_default())?;
        Ok(Self { api: api.clone(), visitor })
    }
}

/// A call of an operator.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) api: Shared,
    pub(super) visitor: Arc<Visitor>,
    pub(super) vs: Arc<VirtualServer>,
    /// Of an API key: who asks by it, and what they may.
    pub(super) session: OperatorSession,
    /// The name of the API key by which they ask.
    pub(super) api_key: Option<String>,
    /// The places of the path that are filled in.
    places: Vec<(String, String)>,
    query: Arc<Query>,
    /// As it was sent.
    raw_query: String,
    /// Of `If-Match`, one of those that were seen; calls that need none have none.
    pub(super) version: i64,
    /// Of an `Idempotency-Key`: that nothing was done yet under it.
    pub(super) undone: Option<Undone>,
    /// All versions of `If-Match`.
    seen: Vec<i64>,
}

impl Asked {
    /// As if only one of the versions had been seen: of each the same call.
    pub(super) fn by_version(self) -> Vec<Self> {
        let of = |version: &i64| Self { version: *version, ..self.clone() };
        if self.seen.len() < 2 { vec![self] } else { self.seen.iter().map(of).collect() }
    }

    /// Whoever the bearer's token or key belongs to, if they may.
    pub(super) async fn find(
        api: &Shared,
        call: &Call,
        visitor: Arc<Visitor>,
        parts: &Parts,
        places: Vec<(String, String)>,
    ) -> Result<Self, Problem> {
        let Known { vs, session, api_key } = known(api, &visitor, bearer(&parts.headers)?).await?;
        may(call, &session, api_key.is_some(), visitor.now)?;
        // What can be no id is nothing's.
        if places.iter().any(|(_, id)| !is_id(id)) {
            return Err(Problem::not_found());
        }
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        let query = Arc::new(Query::read(call.params, &raw_query)?);
        let seen = if call.versioned { seen(&parts.headers)? } else { Vec::new() };
        let version = seen.first().copied().unwrap_or_default();
        Ok(Self {
            api: api.clone(),
            visitor,
            vs,
            session,
            api_key,
            places,
            query,
            raw_query,
            version,
            undone: None,
            seen,
        })
    }

    /// The id at a place of the path.
    pub(super) fn id<T: From<String>>(&self, place: &str) -> T {
        let found = self.places.iter().find(|(name, _)| name == place);
        T::from(found.map(|(_, id)| id.clone()).unwrap_or_default())
    }

    pub(super) fn query(&self, name: &str) -> &str {
        self.query.text(name)
    }

    /// The whole query, as it was sent.
    pub(super) fn raw_query(&self) -> &str {
        &self.raw_query
    }

    /// Which part of a long list.
    pub(super) fn page(&self) -> Page {
        let limit = self.query("limit").parse().unwrap_or(USUAL_LIMIT);
        Page { after: self.query("after").to_owned(), limit }
    }

    /// For what is recorded.
    pub(super) fn by(&self) -> By {
        By {
            operator: self.session.operator.id.clone(),
            name: self.session.operator.name.clone(),
            permissions: self.session.operator.role.permissions,
            api_key: self.api_key.clone(),
            address: Some(self.visitor.address),
            request_id: self.visitor.request_id.clone(),
            now: self.visitor.now,
            undone: self.undone,
        }
    }

    /// For the operators' desk.
    pub(super) fn at(&self) -> operators::Caller {
        operators::Caller { undone: self.undone, ..self.visitor.at(&self.vs.id) }
    }
}

/// Who asks.
struct Known {
    vs: Arc<VirtualServer>,
    session: OperatorSession,
    api_key: Option<String>,
}

async fn known(api: &Shared, visitor: &Visitor, bearer: Bearer) -> Result<Known, Problem> {
    let gone = || Problem::signed_out(true);
    let site = api.parts.site.load();
    let server = |vs: &VirtualServerId| site.virtual_server(vs).cloned().ok_or_else(gone);
    match bearer {
        Bearer::Session(sent) => {
            let vs = server(&sent.vs)?;
            let session = api.parts.operators.session(&vs.id, &sent.token, visitor.now).await?.ok_or_else(gone)?;
            Ok(Known { vs, session, api_key: None })
        }
        Bearer::Key(sent) => {
            let vs = server(&sent.vs)?;
            match api.parts.operators.enter_by_key(&visitor.at(&vs.id), &sent).await? {
                KeyEntered::Welcome(session, name) => Ok(Known { vs, session: *session, api_key: Some(name) }),
                KeyEntered::NotAccepted => Err(gone()),
                KeyEntered::Waits { until } => Err(Problem::wait(until.since(visitor.now))),
            }
        }
    }
}

/// What a call takes, and for a change a fresh proof. Who may not do it at all is not asked for one.
fn may(call: &Call, session: &OperatorSession, by_key: bool, now: Timestamp) -> Result<(), Problem> {
    // A call of operators without a need cannot be made; if there were one, nobody might.
    if !call.need.is_some_and(|need| need.is_met(session, by_key)) {
        let detail = match call.permission() {
            Some(permission) => format!("it takes the permission {permission}"),
            None => "an API key has no session".to_owned(),
        };
        return Err(Problem::new(Kind::RoleRequired, detail));
    }
    if !call.weighs() || is_fresh(session, now) { Ok(()) } else { Err(Problem::reproof()) }
}

/// What is sent to say who asks.
enum Bearer {
    Session(SessionCookie),
    Key(KeyText),
}

/// The token that is sent, in the one way in which it may be: cookies are not looked at, so no page elsewhere can make
/// a browser ask here.
fn bearer(headers: &HeaderMap) -> Result<Bearer, Problem> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(sent), None) = (sent.next(), sent.next()) else { return Err(Problem::signed_out(false)) };
    let (scheme, token) = sent.to_str().ok().and_then(|sent| sent.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::signed_out(false));
    }
    let token = token.trim();
    let session = || SessionCookie::parse(token).map(Bearer::Session);
    KeyText::parse(token).map(Bearer::Key).or_else(session).ok_or_else(|| Problem::signed_out(true))
}

/// More versions of one thing than this nobody has seen.
const MOST_VERSIONS: usize = 8;

/// The versions of `If-Match`: entity-tags, as `ETag` gave them (RFC 9110 13.1.1). A weak one is none that was given.
fn seen(headers: &HeaderMap) -> Result<Vec<i64>, Problem> {
    let required = || Problem::new(Kind::VersionRequired, "send the ETag that you have seen as If-Match");
    let mut versions = Vec::new();
    let mut said = false;
    for sent in headers.get_all(header::IF_MATCH) {
        said = true;
        if sent.as_bytes() == b"*" {
            return Err(required());
        }
        for tag in sent.to_str().unwrap_or_default().split(',').map(str::trim) {
            let number = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let canonical = |number: &str| number.parse().ok().filter(|version: &i64| version.to_string() == number);
            versions.extend(number.and_then(canonical));
        }
    }
    match versions.len() {
        0 if !said => Err(required()),
        1..=MOST_VERSIONS => Ok(versions),
        _ => Err(another_version()),
    }
}

pub(super) fn another_version() -> Problem {
    Problem::new(Kind::AnotherVersion, "somebody else has changed it meanwhile: look at it anew, then decide")
}

/// The query, read by what the call says of it.
#[derive(Debug, Default)]
struct Query(Fields);

impl Query {
    fn read(params: &[Param], query: &str) -> Result<Self, Problem> {
        let fields = Fields::parse(query.as_bytes());
        let fields = fields.map_err(|error| Problem::invalid(vec![Wrong::new("", "query", &error.to_string())]))?;
        let mut wrong = Vec::new();
        for name in fields.names() {
            if !params.iter().any(|param| param.name == name) {
                wrong.push(Wrong::of(name, FieldRule::Unknown { value: format!("parameter {name}") }));
            }
        }
        for param in params {
            match fields.get(param.name).map(Secret::expose) {
                Some(text) => wrong.extend(breaks(param.of, text).map(|rule| Wrong::of(param.name, rule))),
                None if param.required => wrong.push(Wrong::of(param.name, FieldRule::Required)),
                None => {}
            }
        }
        if wrong.is_empty() { Ok(Self(fields)) } else { Err(Problem::invalid(wrong)) }
    }

    fn text(&self, name: &str) -> &str {
        self.0.text(name)
    }
}

/// The rule that a text breaks.
fn breaks(of: Of, text: &str) -> Option<FieldRule> {
    let names = |names: &[&str]| FieldRule::OneOf { values: names.iter().map(|name| (*name).to_owned()).collect() };
    match of {
        Of::Text if is_no_line(text, LONGEST_TEXT) => Some(FieldRule::Text),
        Of::Name if is_no_line(text, LONGEST_NAME) => Some(FieldRule::Text),
        Of::Id if !is_id(text) => Some(FieldRule::Unknown { value: "such id".to_owned() }),
        Of::Between(min, max) => {
            let number = text.parse::<u32>().ok().filter(|number| (min..=max).contains(number));
            let rule = FieldRule::Between { min: min.into(), max: max.into() };
            number.is_none().then_some(rule)
        }
        Of::Switch if !matches!(text, "true" | "false") => Some(names(&["true", "false"])),
        Of::Names(known) if !known.contains(&text) => Some(names(known)),
        Of::Text | Of::Name | Of::Id | Of::Switch | Of::Names(_) => None,
    }
}

fn is_no_line(text: &str, longest: usize) -> bool {
    text.len() > longest || text.contains(char::is_control)
}
