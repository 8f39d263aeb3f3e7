//! The operators' REST API, `/api/v1`, on the console's listener: what can be done in the console can be done here, by
//! the same services, sessions and roles.
//!
//! [`calls`] is the list of all calls; the routes and the description (OpenAPI 3.1) are made of it. A request takes the
//! same way through every call: who asks is found ([`asked`]), whether they may, which version they have seen; then a
//! body is read ([`given`]), the service is asked, and its answer becomes a [`Reply`](gives::Reply) or a
//! [`Problem`](problem::Problem).

mod approvals;
mod asked;
mod call;
mod calls;
mod describe;
mod document;
mod given;
mod gives;
mod grants;
mod groups;
mod imports;
mod keys;
mod once;
mod people;
mod policies;
mod problem;
mod provisioning;
mod reports;
mod roles;
mod session;
mod settings;
mod staff;
#[cfg(test)]
mod tests;
mod tokens;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use doorward_access::arrival::{ConsoleArrival, ErrorKind, ErrorPage};
use http::{HeaderName, HeaderValue, StatusCode, header};
use tower::ServiceExt;
use tracing::Instrument;

use crate::console::ConsoleParts;
use approvals::Waits;
use asked::{Asked, Outside, Visitor};
use call::{Answers, Call, Handler};
use gives::Reply;
use imports::Imports;
use once::Turn;
use problem::{Kind, Problem};

/// What calls share.
pub(crate) struct Api {
    parts: ConsoleParts,
    imports: Imports,
    description: Arc<serde_json::Value>,
}

type Shared = Arc<Api>;

/// The routes below `/api`. The listener puts a [`ConsoleArrival`] into each request's extensions; for an outcome of
/// its own it adds an [`ErrorPage`].
pub(crate) fn routes(parts: &ConsoleParts) -> Router {
    let calls = calls::all();
    let description = Arc::new(document::of(&calls));
    let api = Arc::new(Api { parts: parts.clone(), imports: Imports::default(), description });
    let mut routes = Router::new();
    for call in calls {
        // Every method of the list has its filter.
        let Ok(filter) = MethodFilter::try_from(call.method.clone()) else { continue };
        let (path, call) = (format!("/v1{}", call.path), Arc::new(call));
        routes = routes.route(&path, on(filter, move |State(api), request| answer(call.clone(), api, request)));
    }
    let routes = routes.fallback(no_call).method_not_allowed_fallback(wrong_method).with_state(api.clone());
    Router::new().fallback(serve).with_state(Arc::new(House { api, routes }))
}

/// The routes, and what they share.
struct House {
    api: Shared,
    routes: Router,
}

async fn serve(State(house): State<Arc<House>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let arrival = parts.extensions.remove::<ConsoleArrival>();
    let Some(visitor) = arrival.map(|arrival| Arc::new(Visitor::new(&house.api, arrival, &parts.headers))) else {
        let cause = "a request came to the API without its arrival";
        tracing::error!(cause, "a call failed");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let response = match parts.extensions.remove::<ErrorPage>() {
        Some(page) => met(&page).into_response(),
        None => {
            parts.extensions.insert(visitor.clone());
            in_a_task(house.routes.clone(), &visitor, Request::from_parts(parts, body)).await
        }
    };
    dressed(faced(&visitor.request_id, response))
}

/// The problem that an outcome of the listener is.
fn met(page: &ErrorPage) -> Problem {
    match page.kind {
        ErrorKind::TooLarge => Problem::new(Kind::TooLarge, "it is larger than the listener takes"),
        ErrorKind::NotFound => Problem::not_found(),
        _ => Problem::new(Kind::Outcome(page.status), "the request was refused before any call was found"),
    }
}

/// As on the console: what a request has begun is finished when its client has gone away, and a panic ends the task
/// alone.
async fn in_a_task(routes: Router, visitor: &Visitor, request: Request) -> Response {
    let span = tracing::info_span!("api", request_id = visitor.request_id);
    match tokio::spawn(routes.oneshot(request).instrument(span)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(broken) => Problem::internal(format!("a call's task broke off: {broken}")).into_response(),
    }
}

async fn no_call() -> Problem {
    Problem::new(Kind::NotFound, "there is no such call; GET /api/v1/openapi.json tells of all there are")
}

async fn wrong_method() -> Problem {
    Problem::new(Kind::NoSuchMethod, "the header Allow tells which there are")
}

async fn answer(call: Arc<Call>, api: Shared, request: Request) -> Response {
    let outcome = called(&call, &api, request).await;
    let outcome = outcome.map_err(|problem| match problem.kind {
        // Who has said which version they have seen is told that it was another.
        Kind::ChangedMeanwhile if call.versioned => asked::another_version(),
        _ => problem,
    });
    let status = match &outcome {
        Ok(reply) => reply.status(),
        Err(problem) => problem.kind.status(),
    };
    debug_assert!(call.tells_of(status), "{} {} does not tell of {status}: {outcome:?}", call.method, call.path);
    match outcome {
        Ok(reply) => reply.into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn called(call: &Call, api: &Shared, request: Request) -> Result<Reply, Problem> {
    let (mut parts, body) = request.into_parts();
    let visitor = parts.extensions.get::<Arc<Visitor>>().cloned();
    let visitor = visitor.ok_or_else(|| Problem::internal("a request came without its visitor"))?;
    let too_large = || {
        let detail = format!("the body of this call has at most {} bytes", call.largest);
        Problem::new(Kind::TooLarge, detail)
    };
    match &call.handler {
        Handler::Anybody(handler) => {
            let outside = Outside::find(api, call, visitor, &parts)?;
            let body = to_bytes(body, call.largest).await.map_err(|_| too_large())?;
            handler(outside, &parts.headers, &body).await
        }
        Handler::Operator(handler) => {
            let places = places(&mut parts).await;
            let asked = Asked::find(api, call, visitor, &parts, places).await?;
            let body = to_bytes(body, call.largest).await.map_err(|_| too_large())?;
            let waits = Waits::of(&asked);
            let mut outcome = Err(asked::another_version());
            // Of several versions that were seen one can be the present one: to the others nothing is done.
            for asked in asked.by_version() {
                outcome = once_or_more(call, (handler.as_ref(), asked), &parts, &body).await;
                let another = [Kind::AnotherVersion, Kind::ChangedMeanwhile];
                if !matches!(&outcome, Err(problem) if call.versioned && another.contains(&problem.kind)) {
                    break;
                }
            }
            match outcome {
                Err(Problem { held: Some(id), .. }) => waits.told(&id).await,
                outcome => outcome,
            }
        }
    }
}

/// Asks the handler, unless what is sent was sent before.
async fn once_or_more(
    call: &Call,
    (handler, mut asked): (&Answers<Asked>, Asked),
    parts: &http::request::Parts,
    body: &Bytes,
) -> Result<Reply, Problem> {
    if !call.once {
        return handler(asked, &parts.headers, body).await;
    }
    let name = format!("{} {}", call.method, parts.uri.path());
    match once::turn(&asked, &name, &parts.headers, body).await? {
        Turn::Plain => handler(asked, &parts.headers, body).await,
        Turn::Again(reply) => Ok(reply),
        Turn::First(reserved) => {
            let (api, at) = (asked.api.clone(), asked.at());
            asked.undone = Some(reserved.undone());
            // What is held was not done: the key is free for it once it is approved.
            let outcome = handler(asked, &parts.headers, body).await;
            once::settle((&api.parts.operators, &at), reserved, outcome).await
        }
    }
}

/// The places of the path that are filled in. What is no text is no id either.
async fn places(parts: &mut http::request::Parts) -> Vec<(String, String)> {
    match RawPathParams::from_request_parts(parts, &()).await {
        Ok(params) => params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        Err(_) => vec![(String::new(), String::new())],
    }
}

/// Gives a problem its document. `Allow` stays.
fn faced(request_id: &str, mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let allow = response.headers_mut().remove(header::ALLOW);
    problem.log(request_id);
    let mut faced = problem.response(request_id);
    if let Some(allow) = allow {
        faced.headers_mut().insert(header::ALLOW, allow);
    }
    faced
}

/// The headers of every answer: it is kept by nobody, taken for nothing else, and shown in no page.
fn dressed(mut response: Response) -> Response {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
