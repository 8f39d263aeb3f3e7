//! `/metrics`, `/healthz` and `/readyz` on a loopback listener of their own, which no proxied request can reach.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doorward_api::ports::Ledger;
use doorward_store::Store;
use http::{Response, StatusCode, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;

use crate::metrics::PrometheusMetrics;

/// Answers operators' tools.
pub(crate) struct Health {
    pub(crate) metrics: Arc<PrometheusMetrics>,
    pub(crate) store: Store,
    /// What must accept connections before this process is ready.
    pub(crate) listeners: Vec<SocketAddr>,
}

#[async_trait]
impl ServeHttp for Health {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        // Nothing is lost with this listener's connections when the process leaves: each is used once.
        session.set_keepalive(None);
        let request = session.req_header();
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return text(StatusCode::METHOD_NOT_ALLOWED, "text/plain", b"GET or HEAD\n".to_vec());
        }
        match request.uri.path() {
            "/metrics" => {
                // What depends on others is looked at now, and not when somebody last asked for it.
                self.look().await;
                text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", self.metrics.exposition())
            }
            "/healthz" => text(StatusCode::OK, "text/plain", b"ok\n".to_vec()),
            "/readyz" => self.ready().await,
            _ => text(StatusCode::NOT_FOUND, "text/plain", b"/metrics, /healthz or /readyz\n".to_vec()),
        }
    }
}

/// What a gateway depends on, and how it is with it.
struct Dependency {
    name: &'static str,
    ready: bool,
    /// In a word.
    state: &'static str,
    /// Without it no request is served; without the others most are, and operators want to know.
    needed: bool,
}

impl Health {
    /// 200 when all that a request needs answers, else 503; the body names each.
    async fn ready(&self) -> Response<Vec<u8>> {
        let found = self.look().await;
        let ready = found.iter().all(|dependency| dependency.ready || !dependency.needed);
        let states: serde_json::Map<String, serde_json::Value> =
            found.iter().map(|dependency| (dependency.name.to_owned(), dependency.state.into())).collect();
        let missing: Vec<&str> = found.iter().filter(|d| d.needed && !d.ready).map(|d| d.name).collect();
        let body = serde_json::json!({ "ready": ready, "missing": missing, "dependencies": states });
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        text(status, "application/json", format!("{body}\n").into_bytes())
    }

    async fn look(&self) -> [Dependency; 8] {
        let store = self.store.ping().await.is_ok();
        let mut listening = true;
        for address in &self.listeners {
            listening &= accepts(*address).await;
        }
        let clock = !self.store.drift().forbids();
        let key = self.store.missing_key().is_none();
        for (name, ready) in [("store", store), ("listeners", listening), ("clock", clock), ("key", key)] {
            self.metrics.set_ready(name, ready);
        }
        let needed = |name, ready, otherwise| Dependency::new(name, ready, otherwise, true);
        let wanted = |name, otherwise| Dependency::new(name, self.metrics.is_ready(name), otherwise, false);
        [
            needed("store", store, "missing"),
            needed("listeners", listening, "missing"),
            needed("clock", clock, "apart"),
            needed("key", key, "missing"),
            wanted("checkpoints", "failing"),
            wanted("outlets", "failing"),
            wanted("mail", "waiting"),
            wanted("certificates", "ending"),
        ]
    }
}

impl Dependency {
    const fn new(name: &'static str, ready: bool, otherwise: &'static str, needed: bool) -> Self {
        Self { name, ready, state: if ready { "ok" } else { otherwise }, needed }
    }
}

async fn accepts(address: SocketAddr) -> bool {
    let connecting = tokio::net::TcpStream::connect(address);
    matches!(tokio::time::timeout(Duration::from_secs(1), connecting).await, Ok(Ok(_)))
}

fn text(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let length = response.body().len();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LENGTH, header::HeaderValue::from(length));
    response
}
