//! The outside world that is spoken to over the network: outgoing mail now, directories and identity providers later.
//!
//! [`Smtp`] hands one letter to a mail server. [`OutboxSender`] takes mails out of the outbox, finds their words and
//! address at the moment they are sent, and records what became of them.

mod address;
mod bounded;
mod letter;
mod outbox;
mod smtp;

pub use address::{MailAddress, NotAnAddress};
pub use outbox::{Means, OutboxParts, OutboxSender};
pub use smtp::{Protection, Smtp, SmtpConfigError, SmtpSettings};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
