//! Mail going out.

use std::time::Duration;

use async_trait::async_trait;

use crate::flow::Delivery;
use crate::ids::{MailId, VirtualServerId};

/// Sends what lies in the outbox.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Tries a mail that was just queued, for at most `wait`. Whatever the answer, the outbox goes on trying a pending one.
    async fn deliver(&self, vs: &VirtualServerId, mail: &MailId, wait: Duration) -> Delivery;
}
