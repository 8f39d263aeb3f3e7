//! Whether somebody who is signed in may see a page or send its form: asked before any page is. What a page takes stands
//! beside it in the list of routes, and no route is made without it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use doorward_access::arrival::ErrorKind;
use http::Method;

use super::Shared;
use super::signed::{Known, caller};
use crate::fault::Fault;
use crate::needs::Takes;

/// The routes, each with what it takes.
pub(super) struct Pages {
    console: Shared,
    routes: Router<Shared>,
}

impl Pages {
    pub(super) fn of(console: &Shared) -> Self {
        Self { console: Arc::clone(console), routes: Router::new() }
    }

    /// A page and its form.
    pub(super) fn route(self, path: &str, takes: Takes, handlers: MethodRouter<Shared>) -> Self {
        let guarded = handlers.route_layer(from_fn_with_state((Arc::clone(&self.console), takes), check));
        Self { routes: self.routes.route(path, guarded), ..self }
    }

    /// All of them.
    pub(super) fn all(self) -> Router<Shared> {
        self.routes
    }
}

async fn check(State((console, takes)): State<(Shared, Takes)>, mut request: Request, next: Next) -> Response {
    let gate = if request.method() == Method::POST { takes.form } else { takes.page };
    let Some(need) = gate.need(request.uri().path()) else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    let known = match caller(&parts) {
        Ok(caller) => Known::find(&console, &caller).await,
        Err(fault) => Err(fault),
    };
    request = Request::from_parts(parts, body);
    match known {
        // Nobody: the page itself sends them to the sign-in, or finds that a form is not ours.
        Ok(None) => next.run(request).await,
        Ok(Some(known)) if need.is_met(&known.session, false) => {
            request.extensions_mut().insert(Arc::new(known));
            next.run(request).await
        }
        Ok(Some(_)) => Fault::new(ErrorKind::Denied, "the operator's role forbids it").into_response(),
        Err(fault) => fault.into_response(),
    }
}
