//! The rooms in their order, as Pingora's callbacks: each callback calls a room, and only here and in `local` is Pingora's
//! session touched.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use axum::Router;
use axum::response::Response;
use bytes::Bytes;
use doorward_access::arrival::{Arrival, ConsoleArrival, ErrorKind};
use doorward_access::cookies::CookieName;
use doorward_access::gate::{UNCLEAR, Verdict};
use doorward_access::sessions::Unclear;
use doorward_access::site::{App, HostRole, Site, VirtualServer};
use doorward_api::ports::{Clock, Entropy};
use doorward_api::{Subject, Timestamp};
use http::{HeaderMap, StatusCode, header};
use ipnet::IpNet;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::prelude::*;
use pingora::protocols::http::ServerSession;
use pingora::proxy::FailToProxy;

use crate::arrive::{Arrived, Peer, arrive};
use crate::canonical::CanonicalRequest;
use crate::ctx::{Admitted, RequestCtx, Stage};
use crate::decide::Judge;
use crate::departure::Departure;
use crate::fleet::Fleet;
use crate::forward::{self, Addresses, Try};
use crate::front::is_bad_chunk;
use crate::handshake::Handshake;
use crate::headroom::Headroom;
use crate::hygiene::strip_request;
use crate::identify::{identify, purpose, token};
use crate::intercept::{self, check_websocket, wants_page, wants_websocket};
use crate::limits::Limits;
use crate::live::{Live, Watch, Work};
use crate::local::{self, Brought, NotRead};
use crate::pace::Pace;
use crate::record::{Book, Record};
use crate::refusal::Refusal;
use crate::reply;
use crate::route::{Destination, canonical_request, route};
use crate::trust::Trust;

/// A body of more than this, in either direction, is a stream: it is judged again while it lasts.
const LONG_BODY: u64 = 1024 * 1024;
/// A request goes to an upstream at most so often; what is not idempotent only once.
const TRIES: usize = 2;
/// What the record says of a client that left before it was answered.
const CLIENT_GONE: u16 = 499;

/// One listener's gateway.
pub(crate) struct Gateway {
    pub(crate) kind: Kind,
    pub(crate) router: Router,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) book: Arc<Book>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) live: Arc<Live>,
    pub(crate) departure: Arc<Departure>,
    pub(crate) headroom: Arc<Headroom>,
    pub(crate) addresses: Addresses,
    pub(crate) trust: Trust,
    pub(crate) fleet: Arc<Fleet>,
}

/// Which doors a listener has.
pub(crate) enum Kind {
    /// Portals and applications.
    Public(Arc<Judge>),
    /// The console, under these host names only (AD-02).
    Console {
        hosts: Vec<String>,
        /// Whose word about the client's address is taken.
        trusted: Vec<IpNet>,
    },
}

/// Where the console takes files, of tokens and of policies that are to be tried: in a page and in the API.
const FILES: [&str; 4] = ["/import", "/api/v1/tokens/import", "/access-policies/replay", "/api/v1/policies/replay"];

/// Where devices call, on the authenticator's host.
const DEVICE_CALLS: &str = "/a/v1/";
/// The call whose answer is held back until there is something to say.
const WAITING_CALL: &str = "/a/v1/push/pending";

/// Where it takes the appearance of a portal, with its picture and its texts.
const APPEARANCES: [&str; 2] = ["/settings/appearance/", "/api/v1/settings/appearance"];

/// What to tell about a failure, and whose it was.
struct Failure {
    status: u16,
    kind: ErrorKind,
}

// === impl Gateway ===

impl Gateway {
    fn site(&self) -> Option<Arc<Site>> {
        match &self.kind {
            Kind::Public(judge) => Some(judge.site.load_full()),
            Kind::Console { .. } => None,
        }
    }

    /// Rooms 2 to 5 of the public listener. What most requests do not come to is boxed: each of them pays for the room that the
    /// longest way takes.
    async fn public(
        &self,
        judge: &Arc<Judge>,
        session: &mut Session,
        ctx: &mut RequestCtx,
        arrived: &Arrived,
    ) -> Result<bool> {
        let Some(site) = ctx.site.clone() else {
            return Error::e_explain(InternalError, "a request without a site");
        };
        match route(&site, arrived) {
            Err(refusal) => {
                let arrival = arrival_of(&site, arrived, ctx);
                Box::pin(self.refuse(session, ctx, refusal, arrival)).await
            }
            Ok(Destination::Local { role, request }) => {
                ctx.record.for_ours(&role);
                ctx.record.path(&request.path);
                let is_call = matches!(role, HostRole::Authenticator(_)) && request.path.starts_with(DEVICE_CALLS);
                let arrival = Arrival {
                    request_id: ctx.record.request_id.clone(),
                    client: request.client,
                    secure: request.secure,
                    host: request.host.as_ref().to_owned(),
                    role,
                };
                if is_call {
                    return Box::pin(self.device(session, ctx, request, arrival)).await;
                }
                Box::pin(self.local(session, ctx, request, Some(arrival), self.limits.portal_body)).await
            }
            Ok(Destination::Asset { request }) => {
                ctx.record.path(&request.path);
                Box::pin(self.local(session, ctx, request, None::<Arrival>, self.limits.portal_body)).await
            }
            Ok(Destination::App { vs, app, request }) => self.app(judge, &site, session, ctx, (vs, app, request)).await,
        }
    }

    /// Rooms 3 to 5 for an application.
    async fn app(
        &self,
        judge: &Arc<Judge>,
        site: &Site,
        session: &mut Session,
        ctx: &mut RequestCtx,
        (vs, app, request): (Arc<VirtualServer>, Arc<App>, CanonicalRequest),
    ) -> Result<bool> {
        let now = ctx.record.at();
        let names = ctx.cookie_names();
        ctx.record.for_app(&vs, &app);
        ctx.record.path(&request.path);
        let purpose = purpose(&app, &request);
        let memory = ctx.memory.get_or_insert_default();
        let token = memory.cookies(names, &session.req_header().headers).token.clone();
        let (identities, last) = (&judge.identities, &mut memory.last_seen);
        let subject = identify(identities, last, &vs.id, &request.host, token.as_deref(), purpose, now).await;
        if let Ok(subject) = &subject {
            ctx.record.subject(subject);
        }
        let known = subject.as_ref().map_err(Clone::clone);
        let verdict = match judge.decide(&mut memory.last_answer, site, (&vs, &app), known, &request, now) {
            Ok(verdict) => verdict,
            Err(unclear) => {
                let arrival = arrival_at(&vs, &app, &request, ctx);
                return Box::pin(self.unclear(session, ctx, &unclear, arrival)).await;
            }
        };
        match verdict {
            Verdict::Admit(permit) => {
                ctx.record.decision("admit", permit.by());
                let upgrade = wants_websocket(session.req_header());
                let admitted = Box::new(Admitted { permit, vs, app, request, upgrade });
                self.admit(session, ctx, admitted).await
            }
            verdict => Box::pin(self.turn_away(judge, session, ctx, (vs, app, request), verdict, now)).await,
        }
    }

    /// Room 5 for an application: the answer of whoever may not pass, or not yet.
    async fn turn_away(
        &self,
        judge: &Arc<Judge>,
        session: &mut Session,
        ctx: &mut RequestCtx,
        (vs, app, request): (Arc<VirtualServer>, Arc<App>, CanonicalRequest),
        verdict: Verdict,
        now: Timestamp,
    ) -> Result<bool> {
        let names = ctx.cookie_names();
        let head = session.req_header();
        match verdict {
            Verdict::Admit(_) => Error::e_explain(InternalError, "whoever may pass is not turned away"),
            Verdict::Challenge { by, .. } => {
                ctx.record.decision("challenge", &by);
                let response = if wants_page(head) {
                    let cookies = (names, &head.headers);
                    intercept::challenge(judge, (&vs, &app), cookies, &request, self.entropy.as_ref(), now)
                } else {
                    intercept::unauthorized(&vs, &ctx.record.request_id)
                };
                self.answer(session, ctx, response).await
            }
            Verdict::Refuse { by } => {
                ctx.record.decision("refuse", &by);
                let arrival = arrival_at(&vs, &app, &request, ctx);
                let response = if intercept::reads_html(head) {
                    self.page(head, ctx, (StatusCode::FORBIDDEN, ErrorKind::Denied), Some(arrival)).await?
                } else {
                    intercept::forbidden(&ctx.record.request_id)
                };
                self.answer(session, ctx, response).await
            }
        }
    }

    /// The gate let it pass: the last checks of an upgrade, its place among what can be cut, and on it goes.
    async fn admit(&self, session: &mut Session, ctx: &mut RequestCtx, admitted: Box<Admitted>) -> Result<bool> {
        if admitted.upgrade {
            if let Err(refusal) = check_websocket(session.req_header(), &admitted.app) {
                let arrival = arrival_at(&admitted.vs, &admitted.app, &admitted.request, ctx);
                return Box::pin(self.refuse(session, ctx, refusal, Some(arrival))).await;
            }
            session.as_downstream_mut().set_read_timeout(Some(self.limits.upgraded_idle));
        }
        ctx.entered = admitted.permit.principal().and_then(|principal| self.live.enter(&principal.session));
        let upgrade = admitted.upgrade;
        ctx.stage = Stage::Admitted(admitted);
        local::invite_body(session).await?;
        if !upgrade && !session.as_downstream_mut().is_body_empty() && is_long(&session.req_header().headers) {
            self.watch(session, ctx);
        }
        Ok(false)
    }

    /// Somebody or nobody, and the answer hangs on it: come again. It is no challenge, since whoever has a session would be
    /// asked to sign in for nothing; and no refusal, since nobody has refused.
    async fn unclear(
        &self,
        session: &mut Session,
        ctx: &mut RequestCtx,
        unclear: &Unclear,
        arrival: Arrival,
    ) -> Result<bool> {
        ctx.record.decision(UNCLEAR, &[]);
        ctx.record.reason = Some(unclear.to_string());
        let head = session.req_header();
        let kind = ErrorKind::Unavailable;
        let response = if intercept::reads_html(head) {
            self.page(head, ctx, (StatusCode::SERVICE_UNAVAILABLE, kind), Some(arrival)).await?
        } else {
            intercept::unavailable(&ctx.record.request_id)
        };
        self.answer(session, ctx, intercept::in_a_while(response, kind)).await
    }

    /// Room 2 of the console: its host names and no others, and everything is local.
    async fn console(
        &self,
        hosts: &[String],
        session: &mut Session,
        ctx: &mut RequestCtx,
        arrived: Arrived,
    ) -> Result<bool> {
        ctx.record.for_console();
        let arrival = ConsoleArrival { request_id: ctx.record.request_id.clone(), client: arrived.client };
        if !hosts.iter().any(|host| **host == *arrived.host.name) {
            return self.refuse(session, ctx, Refusal::misdirected("host_not_of_console"), Some(arrival)).await;
        }
        match canonical_request(&arrived, &Default::default()) {
            Ok(request) => {
                ctx.record.path(&request.path);
                let most = self.largest_of_console(&request.path);
                self.local(session, ctx, request, Some(arrival), most).await
            }
            Err(refusal) => self.refuse(session, ctx, refusal, Some(arrival)).await,
        }
    }

    /// How large a body the console takes there, in bytes.
    fn largest_of_console(&self, path: &str) -> usize {
        if FILES.contains(&path) {
            self.limits.file_body
        } else if APPEARANCES.iter().any(|begins| path.starts_with(begins)) {
            self.limits.appearance_body
        } else {
            self.limits.portal_body
        }
    }

    /// Room 5': the router answers. The body has at most so many bytes.
    async fn local<A: Brought>(
        &self,
        session: &mut Session,
        ctx: &mut RequestCtx,
        request: CanonicalRequest,
        arrival: Option<A>,
        most: usize,
    ) -> Result<bool> {
        local::invite_body(session).await?;
        let body = local::read_body(session, most, &self.limits).await?;
        let head = session.req_header();
        let response = match body {
            Ok(body) => {
                let request = local::request(head, &request.target(), body, arrival)?;
                local::call(&self.router, request, &ctx.record.request_id).await
            }
            Err(NotRead::TooLong) => {
                self.page(head, ctx, (StatusCode::PAYLOAD_TOO_LARGE, ErrorKind::TooLarge), arrival).await?
            }
            Err(NotRead::TooSlow) => intercept::plain_problem(StatusCode::REQUEST_TIMEOUT, &ctx.record.request_id),
        };
        self.answer(session, ctx, response).await
    }

    /// Room 5' for the call of a device. One that waits for something to happen does not keep the process from leaving:
    /// it is told to ask again, elsewhere.
    async fn device(
        &self,
        session: &mut Session,
        ctx: &mut RequestCtx,
        request: CanonicalRequest,
        arrival: Arrival,
    ) -> Result<bool> {
        local::invite_body(session).await?;
        let body = local::read_body(session, self.limits.device_body, &self.limits).await?;
        let response = match body {
            Ok(body) => {
                let waits = request.path.as_ref() == WAITING_CALL;
                let request = local::request(session.req_header(), &request.target(), body, Some(arrival))?;
                let answer = local::call(&self.router, request, &ctx.record.request_id);
                if waits { self.unless_leaving(answer).await } else { answer.await }
            }
            Err(NotRead::TooLong) => intercept::device_error(StatusCode::PAYLOAD_TOO_LARGE, "malformed"),
            Err(NotRead::TooSlow) => intercept::device_error(StatusCode::REQUEST_TIMEOUT, "unavailable"),
        };
        self.answer(session, ctx, response).await
    }

    async fn unless_leaving(&self, answer: impl Future<Output = Response>) -> Response {
        tokio::select! {
            biased;
            response = answer => response,
            () = self.departure.beginning() => {
                let response = intercept::device_error(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
                intercept::in_a_while(response, ErrorKind::Unavailable)
            }
        }
    }

    async fn refuse<A: Brought>(
        &self,
        session: &mut Session,
        ctx: &mut RequestCtx,
        refusal: Refusal,
        arrival: Option<A>,
    ) -> Result<bool> {
        ctx.record.refused(refusal);
        let head = session.req_header();
        let response = if intercept::reads_html(head) {
            self.page(head, ctx, (refusal.status, refusal.kind()), arrival).await?
        } else {
            intercept::plain_problem(refusal.status, &ctx.record.request_id)
        };
        self.answer(session, ctx, response).await
    }

    async fn page<A: Brought>(
        &self,
        head: &RequestHeader,
        ctx: &RequestCtx,
        about: (StatusCode, ErrorKind),
        arrival: Option<A>,
    ) -> Result<Response> {
        local::page(&self.router, head, about, arrival, &ctx.record.request_id).await
    }

    async fn answer(&self, session: &mut Session, ctx: &mut RequestCtx, response: Response) -> Result<bool> {
        ctx.stage = Stage::Answered;
        self.close_if_last(session);
        if local::ends_soon(session.req_header(), &self.limits) {
            local::drain(session, &self.limits).await;
        }
        local::write(session, response, &ctx.record.request_id).await?;
        local::drain(session, &self.limits).await;
        Ok(true)
    }

    /// A page for a failure on the way to the upstream or back, unless an answer has begun already.
    async fn tell(&self, session: &mut Session, ctx: &mut RequestCtx, failure: &Failure) -> Result<()> {
        let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let head = session.req_header();
        let response = match ctx.admitted() {
            Some(admitted) if intercept::reads_html(head) => {
                let arrival = arrival_at(&admitted.vs, &admitted.app, &admitted.request, ctx);
                self.page(head, ctx, (status, failure.kind), Some(arrival)).await?
            }
            _ => intercept::plain_problem(status, &ctx.record.request_id),
        };
        session.as_downstream_mut().set_keepalive(None);
        local::write(session, response, &ctx.record.request_id).await.map(drop)
    }

    /// Whoever is signed in is judged again while a long upload or a long answer lasts.
    fn watch(&self, session: &Session, ctx: &mut RequestCtx) {
        let (Kind::Public(judge), Some(admitted)) = (&self.kind, ctx.admitted()) else { return };
        let Some(principal) = admitted.permit.principal().cloned() else { return };
        let token = token(ctx.cookie_names(), CookieName::App, &session.req_header().headers);
        let (judge, clock) = (judge.clone(), self.clock.clone());
        let asked = Arc::new((admitted.request.clone(), token, Subject::User(principal)));
        ctx.watch = Watch::begin(self.limits.recheck, move || {
            let (judge, clock, asked) = (judge.clone(), clock.clone(), asked.clone());
            async move {
                let (request, token, subject) = asked.as_ref();
                judge.still(request, token.as_ref(), subject, clock.now()).await
            }
        });
    }

    /// A request that began before the process was told to leave is the last on its connection all the same; and so is one after
    /// which a connection would be kept for which there is no memory.
    fn close_if_last(&self, session: &mut Session) {
        if self.departure.has_begun() || self.headroom.is_scarce() {
            session.set_keepalive(None);
        }
    }

    fn count_failure(&self, ctx: &RequestCtx, error: &Error, otherwise: &'static str, is_a_strike: bool) {
        if let Some(admitted) = ctx.admitted() {
            if is_a_strike {
                self.fleet.note(&admitted.vs, &admitted.app, ctx.upstream(), false);
            }
            let outcome = if is_timeout(error) { "timed_out" } else { otherwise };
            self.book.metrics.upstream(admitted.app.id.as_str(), outcome);
        }
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    /// Boxed: Pingora moves it from one place to the next.
    type CTX = Box<RequestCtx>;

    fn new_ctx(&self) -> Box<RequestCtx> {
        let record = Record::begin(self.book.clone(), self.entropy.id());
        Box::new(RequestCtx::new(self.site(), record, Work::recall()))
    }

    /// None: nothing is compressed here, and Pingora's own module would look at every answer for nothing.
    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    /// Room 1. Headers that are not to be believed are gone when this returns, whatever else it found.
    async fn early_request_filter(&self, session: &mut Session, ctx: &mut Box<RequestCtx>) -> Result<()> {
        let trusted = match &self.kind {
            Kind::Public(_) => ctx.site.as_ref().map_or(&[][..], |site| &site.trusted_proxies),
            Kind::Console { trusted, .. } => trusted,
        };
        let peer = Peer::of(session.as_downstream());
        let arrived = arrive(session.req_header(), &peer, trusted, &self.limits);
        // What watches a connection that may switch protocols is put around it anew for each such request, so there is one.
        if session.req_header().headers.contains_key(header::UPGRADE) {
            session.set_keepalive(None);
        }
        strip_request(session.req_header_mut());
        ctx.stage = match arrived {
            Ok(arrived) => {
                ctx.record.arrived(&arrived);
                Stage::Arrived(Box::new(arrived))
            }
            Err(refusal) => Stage::Refused(refusal),
        };
        Ok(())
    }

    /// Rooms 2 to 5. True: answered.
    async fn request_filter(&self, session: &mut Session, ctx: &mut Box<RequestCtx>) -> Result<bool> {
        match (std::mem::replace(&mut ctx.stage, Stage::Begun), &self.kind) {
            (Stage::Arrived(arrived), Kind::Public(judge)) => self.public(judge, session, ctx, &arrived).await,
            (Stage::Arrived(arrived), Kind::Console { hosts, .. }) => {
                Box::pin(self.console(hosts, session, ctx, *arrived)).await
            }
            (Stage::Refused(refusal), _) => Box::pin(self.refuse(session, ctx, refusal, None::<Arrival>)).await,
            _ => Error::e_explain(InternalError, "a request came to the gate without having arrived"),
        }
    }

    /// Room 6. Without a permit there is no peer.
    async fn upstream_peer(&self, _: &mut Session, ctx: &mut Box<RequestCtx>) -> Result<Box<HttpPeer>> {
        let Some(admitted) = ctx.admitted() else {
            return Error::e_explain(InternalError, "no permit, no peer");
        };
        let upstreams = &admitted.app.upstream;
        let nth = self.fleet.choose(&admitted.vs, &admitted.app, &ctx.tries);
        let upstream = upstreams.nth(nth);
        let addresses = match self.addresses.of(upstream).await.map_err(Error::into_up) {
            Ok(addresses) => addresses,
            Err(mut error) => {
                self.fleet.note(&admitted.vs, &admitted.app, nth, false);
                error.set_retry(upstreams.count() > 1 && ctx.tries.len() + 1 < TRIES);
                ctx.tries.push(nth);
                return Err(error);
            }
        };
        let handshake = admitted.upgrade.then(|| Handshake::new(self.limits.upstream_connect));
        let one = Try {
            upstream,
            addresses: &addresses,
            authorities: self.trust.of(&admitted.vs, &admitted.app),
            tries: ctx.tries.len(),
            handshake: handshake.as_ref(),
        };
        let peer = forward::peer(admitted, &one, &self.limits)?;
        ctx.elsewhere = upstreams.count() > 1 || addresses.len() > 1;
        ctx.handshake = handshake;
        ctx.tries.push(nth);
        Ok(Box::new(peer))
    }

    async fn upstream_request_filter(
        &self,
        _: &mut Session,
        head: &mut RequestHeader,
        ctx: &mut Box<RequestCtx>,
    ) -> Result<()> {
        let (names, upstream) = (ctx.cookie_names(), ctx.upstream());
        let RequestCtx { stage, memory, handshake, record, .. } = ctx.as_mut();
        let Stage::Admitted(admitted) = stage else {
            return Error::e_explain(InternalError, "no permit, no request");
        };
        if let Some(handshake) = handshake {
            handshake.begin();
        }
        let memory = memory.get_or_insert_default();
        forward::rewrite(head, admitted, upstream, memory, (names, &record.request_id))
    }

    /// A body must come in fast enough (DO-01). An upgraded connection has no body.
    async fn request_body_filter(
        &self,
        _: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Box<RequestCtx>,
    ) -> Result<()> {
        if end_of_stream || ctx.admitted().is_none_or(|admitted| admitted.upgrade) {
            return Ok(());
        }
        let now = Instant::now();
        let pace = ctx.pace.get_or_insert_with(|| Pace::begin(&self.limits, now));
        if pace.holds(body.as_ref().map_or(0, Bytes::len), &self.limits, now) {
            return Ok(());
        }
        Error::e_explain(ReadTimedout, "the body comes in too slowly").map_err(Error::into_down)
    }

    /// Room 7.
    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        ctx: &mut Box<RequestCtx>,
    ) -> Result<()> {
        let Some(admitted) = ctx.admitted() else {
            return Error::e_explain(InternalError, "no permit, no answer");
        };
        if !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS {
            self.book.metrics.upstream(admitted.app.id.as_str(), "answered");
            self.fleet.note(&admitted.vs, &admitted.app, ctx.upstream(), !head.status.is_server_error());
        }
        self.close_if_last(session);
        reply::clean(head, &admitted.app, ctx.cookie_names(), &ctx.record.request_id)?;
        if ctx.watch.is_none() && lasts(head) {
            self.watch(session, ctx);
        }
        Ok(())
    }

    fn fail_to_connect(
        &self,
        _: &mut Session,
        _: &HttpPeer,
        ctx: &mut Box<RequestCtx>,
        mut error: Box<Error>,
    ) -> Box<Error> {
        self.count_failure(ctx, &error, "connect_failed", true);
        // Nothing was sent, so any method may try the next upstream or the name's next address, once.
        error.set_retry(ctx.elsewhere && ctx.tries.len() < TRIES);
        error
    }

    fn error_while_proxy(
        &self,
        peer: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        ctx: &mut Box<RequestCtx>,
        client_reused: bool,
    ) -> Box<Error> {
        if error.esource() == &ErrorSource::Upstream {
            // A kept connection may be closed at any time: that says nothing of the upstream.
            self.count_failure(ctx, &error, "failed", !client_reused || is_timeout(&error));
        }
        let mut error = error.more_context(format!("peer {peer}"));
        // What may have had an effect is never sent twice.
        let same = session.req_header().method.is_idempotent() && !session.as_downstream().retry_buffer_truncated();
        if same && ctx.tries.len() < TRIES {
            let unanswered = answered(session.as_downstream()).is_none();
            let another = ctx.admitted().is_some_and(|admitted| admitted.app.upstream.count() > 1);
            match unanswered && another && error.esource() == &ErrorSource::Upstream {
                true => error.set_retry(true),
                false => error.retry.decide_reuse(client_reused),
            }
        } else {
            error.set_retry(false);
        }
        error
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut Box<RequestCtx>) -> FailToProxy {
        let failure = Failure::of(error);
        ctx.record.reason = Some(error.to_string());
        if failure.status >= 500 {
            tracing::warn!(request_id = %ctx.record.request_id, app = %ctx.record.app(), %error, "a request failed");
        }
        if failure.status != CLIENT_GONE
            && answered(session.as_downstream()).is_none()
            && let Err(error) = Box::pin(self.tell(session, ctx, &failure)).await
        {
            tracing::debug!(request_id = %ctx.record.request_id, %error, "nobody heard of the failure");
        }
        FailToProxy { error_code: failure.status, can_reuse_downstream: false }
    }

    /// Room 8.
    async fn logging(&self, session: &mut Session, _: Option<&Error>, ctx: &mut Box<RequestCtx>) {
        ctx.record.finish(Some(answered(session.as_downstream()).unwrap_or(CLIENT_GONE)));
        ctx.entered = None;
        ctx.watch = None;
        Work::remember(ctx.memory.take());
    }

    /// Pingora's own lines: no path, no query.
    fn request_summary(&self, _: &Session, ctx: &Box<RequestCtx>) -> String {
        format!("request {}", ctx.record.request_id)
    }

    /// The record tells it.
    fn suppress_error_log(&self, _: &Session, _: &Box<RequestCtx>, _: &Error) -> bool {
        true
    }
}

// === impl Failure ===

impl Failure {
    /// Whose fault decides the status.
    fn of(error: &Error) -> Self {
        let (status, kind) = match (error.esource(), error.etype()) {
            (_, HTTPStatus(status)) => (*status, ErrorKind::Internal),
            (ErrorSource::Upstream, _) if is_timeout(error) => (504, ErrorKind::UpstreamTimeout),
            (ErrorSource::Upstream, _) => (502, ErrorKind::Upstream),
            (_, ReadError) if is_bad_chunk(error.root_cause()) => (400, ErrorKind::BadRequest),
            (ErrorSource::Downstream, ReadTimedout) => (408, ErrorKind::BadRequest),
            (ErrorSource::Downstream, WriteError | ReadError | ConnectionClosed | WriteTimedout | H2Error) => {
                (CLIENT_GONE, ErrorKind::BadRequest)
            }
            (ErrorSource::Downstream, _) => (400, ErrorKind::BadRequest),
            _ => (500, ErrorKind::Internal),
        };
        Self { status, kind }
    }
}

fn is_timeout(error: &Error) -> bool {
    matches!(error.etype(), ConnectTimedout | TLSHandshakeTimedout | ReadTimedout | WriteTimedout)
}

/// The status of the final answer, if one has begun.
fn answered(session: &ServerSession) -> Option<u16> {
    let status = session.response_written()?.status;
    (!status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS).then_some(status.as_u16())
}

/// Whether an answer may go on for long: upgraded, a stream, or a long download.
fn lasts(head: &ResponseHeader) -> bool {
    match head.status {
        StatusCode::SWITCHING_PROTOCOLS => true,
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => false,
        status => !status.is_informational() && is_long(&head.headers),
    }
}

/// Whether a body is long, or may be.
fn is_long(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    length.is_none_or(|length| length > LONG_BODY)
}

fn arrival_of(site: &Site, arrived: &Arrived, ctx: &RequestCtx) -> Option<Arrival> {
    Some(Arrival {
        request_id: ctx.record.request_id.clone(),
        client: arrived.client,
        secure: arrived.secure,
        host: arrived.host.name.as_ref().to_owned(),
        role: site.hosts.get(arrived.host.name.as_ref())?.clone(),
    })
}

fn arrival_at(vs: &Arc<VirtualServer>, app: &Arc<App>, request: &CanonicalRequest, ctx: &RequestCtx) -> Arrival {
    Arrival {
        request_id: ctx.record.request_id.clone(),
        client: request.client,
        secure: request.secure,
        host: request.host.as_ref().to_owned(),
        role: HostRole::App(vs.clone(), app.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(source: ErrorSource, etype: ErrorType) -> u16 {
        let mut error = Error::explain(etype, "told");
        error.esource = source;
        Failure::of(&error).status
    }

    #[test]
    fn whose_fault_it_was_decides_the_status() {
        assert_eq!(status(ErrorSource::Upstream, ConnectRefused), 502);
        assert_eq!(status(ErrorSource::Upstream, ConnectTimedout), 504);
        assert_eq!(status(ErrorSource::Upstream, ReadTimedout), 504);
        assert_eq!(status(ErrorSource::Upstream, InvalidCert), 502);
        assert_eq!(status(ErrorSource::Downstream, ReadTimedout), 408);
        assert_eq!(status(ErrorSource::Downstream, WriteError), 499);
        assert_eq!(status(ErrorSource::Downstream, InvalidHTTPHeader), 400);
        assert_eq!(status(ErrorSource::Internal, InternalError), 500);
    }

    #[test]
    fn what_lasts_is_known_from_its_head() {
        let lasting = |status: u16, length: Option<&str>| {
            let mut head = ResponseHeader::build(status, None).unwrap();
            if let Some(length) = length {
                head.insert_header("content-length", length).unwrap();
            }
            lasts(&head)
        };
        assert!(lasting(101, None));
        assert!(lasting(200, None));
        assert!(lasting(200, Some("2000000")));
        assert!(!lasting(200, Some("2000")));
        assert!(!lasting(304, None));
        assert!(!lasting(100, None));
    }
}
