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
        let request = session.req_header();
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return text(StatusCode::METHOD_NOT_ALLOWED, "text/plain", b"GET or HEAD\n".to_vec());
        }
        match request.uri.path() {
            "/metrics" => text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", self.metrics.exposition()),
            "/healthz" => text(StatusCode::OK, "text/plain", b"ok\n".to_vec()),
            "/readyz" => self.ready().await,
            _ => text(StatusCode::NOT_FOUND, "text/plain", b"/metrics, /healthz or /readyz\n".to_vec()),
        }
    }
}

impl Health {
    /// 200 when all that a request needs answers, else 503; the body names each.
    async fn ready(&self) -> Response<Vec<u8>> {
        let store = self.store.ping().await.is_ok();
        let mut listening = true;
        for address in &self.listeners {
            listening &= accepts(*address).await;
        }
        self.metrics.set_ready("store", store);
        self.metrics.set_ready("listeners", listening);
        let word = |ready: bool| if ready { "ok" } else { "missing" };
        let body = serde_json::json!({
            "ready": store && listening,
            "dependencies": { "store": word(store), "listeners": word(listening) },
        });
        let status = if store && listening { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        text(status, "application/json", format!("{body}\n").into_bytes())
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
