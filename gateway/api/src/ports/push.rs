//! The way to the push services of devices (RFC 8030).

use async_trait::async_trait;

use crate::device::WakeUp;

/// What a push service said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushDelivery {
    /// It took it.
    Taken,
    /// It knows the subscription no more (404, 410): it is to be forgotten.
    Gone,
    /// It turned it away.
    Refused {
        /// With this status.
        status: u16,
    },
    /// It did not answer in time, or could not be reached.
    Unreachable,
}

/// Sends requests to push services.
#[async_trait]
pub trait PushSender: Send + Sync {
    /// Sends one; takes 5 seconds at the most, follows nowhere it is sent on to.
    async fn send(&self, wake: &WakeUp) -> PushDelivery;
}
