//! The outside world that is spoken to over the network: outgoing mail and push services now, directories and identity
//! providers later.
//!
//! [`Smtp`] hands one letter to a mail server. [`OutboxSender`] takes mails out of the outbox, finds their words and
//! address at the moment they are sent, and records what became of them. [`WebPush`] wakes devices through their push
//! services, by an [`HttpClient`] that goes nowhere it should not. [`Collector`] hands messages to a collector of logs.

mod address;
mod bounded;
mod http;
mod letter;
mod outbox;
mod push;
mod smtp;
mod syslog;

pub use address::{MailAddress, NotAnAddress};
pub use http::{HttpAnswer, HttpAsk, HttpClient, HttpConfigError, HttpError, HttpTold, Reach};
pub use outbox::{Means, OutboxParts, OutboxSender};
pub use push::WebPush;
pub use smtp::{Protection, Smtp, SmtpConfigError, SmtpSettings};
pub use syslog::{
    Collector, CollectorConfigError, CollectorError, CollectorIdentity, CollectorProtection, CollectorSettings,
};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
