//! Wakes devices through their push services (RFC 8030). What is sent was composed and encrypted by a plugin; that the
//! service is one to send to was checked by it too, and is checked here once more against the addresses that it resolves to.

use std::time::Duration;

use async_trait::async_trait;
use doorward_api::device::WakeUp;
use doorward_api::ports::{PushDelivery, PushSender};

use crate::http::{HttpClient, HttpConfigError, HttpError, Reach};

/// So long is a push service waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to push services. Sockets are opened on the runtime that calls it.
#[derive(Clone)]
pub struct WebPush {
    client: HttpClient,
    patience: Duration,
}

impl WebPush {
    /// Nothing is connected to.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, HttpConfigError> {
        Ok(Self { client: HttpClient::new(Reach::Public, None)?, patience: PATIENCE })
    }

    /// The same with another time limit.
    #[cfg(test)]
    fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

#[async_trait]
impl PushSender for WebPush {
    async fn send(&self, wake: &WakeUp) -> PushDelivery {
        let headers = wake.headers.iter().map(|(name, value)| (*name, value.as_str()));
        match self.client.post(wake.endpoint.expose(), headers, wake.body.clone(), self.patience).await {
            Ok(answer) => {
                let delivery = delivery(answer.status);
                if let PushDelivery::Refused { status } = delivery {
                    tracing::info!(status, "a push service refused a request");
                }
                delivery
            }
            Err(error) => {
                // The endpoint is left out: whoever has it can send to the device.
                match error {
                    HttpError::Address(_) | HttpError::Header(_) => tracing::warn!(%error, "a device cannot be woken"),
                    HttpError::TimedOut | HttpError::Unreachable(_) => {
                        tracing::info!(%error, "a push service was not reached");
                    }
                }
                PushDelivery::Unreachable
            }
        }
    }
}

/// A redirect is no delivery: it would lead to an address that nobody has checked.
const fn delivery(status: u16) -> PushDelivery {
    match status {
        200..=299 => PushDelivery::Taken,
        404 | 410 => PushDelivery::Gone,
        status => PushDelivery::Refused { status },
    }
}

#[cfg(test)]
mod tests {
    use doorward_api::Secret;

    use super::*;
    use crate::testing::Web;

    fn wake(endpoint: &str) -> WakeUp {
        let headers = vec![("ttl", "120".to_owned()), ("content-encoding", "aes128gcm".to_owned())];
        WakeUp { endpoint: Secret::new(endpoint), headers, body: b"sealed".to_vec() }
    }

    #[tokio::test]
    async fn what_the_service_says_is_told() {
        for (line, told) in [
            ("201 Created", PushDelivery::Taken),
            ("404 Not Found", PushDelivery::Gone),
            ("410 Gone", PushDelivery::Gone),
            ("302 Found\r\nLocation: http://127.0.0.1:9/", PushDelivery::Refused { status: 302 }),
            ("429 Too Many Requests", PushDelivery::Refused { status: 429 }),
            ("500 Oh", PushDelivery::Refused { status: 500 }),
        ] {
            let service = Web::answering(line, "").await;
            assert_eq!(WebPush::new().unwrap().send(&wake(&service.url("/p/secret"))).await, told, "{line}");
            let heard = service.heard();
            assert!(heard.contains("content-encoding: aes128gcm\r\n") && heard.ends_with("sealed"), "{heard}");
        }
    }

    /// F-37.
    #[tokio::test]
    async fn a_service_that_is_away_or_silent_holds_nobody_up() {
        let silent = Web::silent().await;
        let push = WebPush::new().unwrap().with_patience(Duration::from_millis(200));
        assert_eq!(push.send(&wake(&silent.url("/"))).await, PushDelivery::Unreachable);
        assert_eq!(push.send(&wake("http://127.0.0.1:1/")).await, PushDelivery::Unreachable);
    }

    /// SS-01.
    #[tokio::test]
    async fn nothing_inside_is_sent_to() {
        let inside = Web::answering("201 Created", "").await;
        let push = WebPush::new().unwrap();
        let port = inside.address.port();
        for host in ["http://localhost", "https://localhost", "https://[::ffff:10.0.0.1]", "http://169.254.169.254"] {
            assert_eq!(push.send(&wake(&format!("{host}:{port}/"))).await, PushDelivery::Unreachable, "{host}");
        }
        assert_eq!(inside.heard(), "");
    }
}
